package jose

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"authdance/flows/wire"
)

var (
	jwsParts = [...]string{"header", "payload", "signature"}
	jweParts = [...]string{"header", "encrypted_key", "iv", "ciphertext", "tag"}
)

// Decode finds a token in what a person pasted and takes it apart. It never
// fails: a text that is no token has Kind Malformed, a broken token shows all
// that can be read, and Checks and Segment.Breaks say where it breaks. What had
// to be removed to find the token is listed in Normalised. Of several tokens
// it shows the first, or in a token response the id_token.
func Decode(text string) Token {
	if len(text) > MaxToken {
		return Token{Kind: Malformed, Checks: []wire.Check{row(wire.Fail, "size_limit", "",
			"the text is larger than a token may be here, so it was not read",
			fmt.Sprintf("%d bytes", len(text)), fmt.Sprintf("at most %d bytes", MaxToken))}}
	}
	f := find(text)
	var t Token
	switch {
	case f.serial != nil:
		t = fromSerialization(*f.serial, f.text)
	case f.text == "":
		t = Token{Kind: Malformed, Checks: []wire.Check{row(wire.Fail, "structure", "RFC 7515 §7.1",
			"no token in this text", describe(text), "three base64url parts joined by dots")}}
	default:
		t = split(f.text)
	}
	t.Normalised, t.RecognisedAs = f.cleaned, f.from
	return t
}

func describe(text string) string {
	if strings.TrimSpace(text) == "" {
		return "nothing"
	}
	return count(utf8.RuneCountInString(text), "character")
}

// split takes a text without wrapping apart: a compact serialisation, an
// SD-JWT, a SAML assertion or an opaque token.
func split(text string) Token { return splitAt(text, 1) }

// splitAt is split inside level-1 other tokens.
func splitAt(text string, level int) Token {
	t := Token{Text: text}
	switch {
	case isSAML(text):
		return readSAML(text)
	case !looksLikeJOSE(text):
		return readOpaque(text)
	case strings.Contains(text, "~"):
		return readSDJWT(text)
	}
	if at, mark := elision(text); mark != "" {
		// The pieces around the gap are shown, but never as one token.
		t.Kind = Malformed
		t.Segments = cut(text, nil)
		t.readHeader()
		t.Checks = append([]wire.Check{row(wire.Fail, "structure", "RFC 7515 §7.1",
			"the middle of this token was left out when it was printed; copy the whole token",
			fmt.Sprintf("%s at character %d", quoted(mark), at+1), "the complete token")}, t.Checks...)
		return t
	}
	plain := unencoded(headerOf(text))
	switch n := strings.Count(text, ".") + 1; {
	case n == 3, n > 3 && plain:
		t.Format, t.Kind = Compact, JWS
		first, last := strings.IndexByte(text, '.'), strings.LastIndexByte(text, '.')
		t.assemble(jwsParts[:], text[:first], text[first+1:last], text[last+1:])
		t.Checks = append(t.Checks, passed("structure", "RFC 7515 §7.1", "decodes as JWS, three parts"))
		t.read()
		t.readInnerAt(level)
	case n == 5:
		t.Format, t.Kind = Compact, JWE
		t.Segments = cut(text, jweParts[:])
		t.Checks = append(t.Checks, passed("structure", "RFC 7516 §7.1", "decodes as JWE, five parts: the content is encrypted"))
		t.readEncrypted()
	default:
		t.Kind = Malformed
		t.Segments = cut(text, jwsParts[:])
		t.Checks = append(t.Checks, row(wire.Fail, "structure", "RFC 7515 §7.1",
			"a signed token has three parts, an encrypted one five; a part was lost or added",
			count(n, "part"), "3 or 5 parts"))
		t.read()
		t.Kind = Malformed
	}
	return t
}

// looksLikeJOSE keeps reference tokens with dots in them (there are many) from
// being called broken JWTs: one of the first two parts must begin like the
// base64url of a JSON object.
func looksLikeJOSE(text string) bool {
	first, rest, _ := strings.Cut(text, ".")
	if n := strings.Count(rest, "."); first == "" && (n == 1 || n == 3) {
		return true // only the header is missing
	}
	second, _, _ := strings.Cut(rest, ".")
	return beginsObject(first) || (beginsObject(second) && strings.Count(rest, ".") >= 1)
}

// beginsObject: "{" followed by a quote, space, tab or line end, in base64url.
func beginsObject(segment string) bool {
	return strings.HasPrefix(segment, "ey") || strings.HasPrefix(segment, "ew") || strings.HasPrefix(segment, "e3")
}

// elision finds the mark of a token that was shortened for display.
func elision(text string) (at int, mark string) {
	for _, m := range []string{"…", "...", "***", "[REDACTED]", "<snip>", "[snip]"} {
		if i := strings.Index(text, m); i >= 0 {
			return i, m
		}
	}
	return 0, ""
}

// cut makes the segments, decoded; names beyond the given ones are numbers.
func cut(text string, names []string) []Segment {
	var segments []Segment
	offset := 0
	for i, raw := range strings.SplitN(text, ".", 16) {
		s := Segment{Name: fmt.Sprintf("part %d", i+1), Raw: raw, Offset: offset}
		if i == 0 {
			s.Name = "header"
		}
		if i < len(names) {
			s.Name = names[i]
		}
		s.Bytes, s.Breaks = decodeBase64url(raw)
		segments = append(segments, s)
		offset += len(raw) + 1
	}
	return segments
}

// read fills Header and Claims of a JWS from its segments, and their checks.
func (t *Token) read() {
	headerOK := t.readHeader()
	payloadOK := true
	if p := t.part("payload"); p != nil {
		payloadOK = t.readPayload(p)
	}
	if !headerOK || !payloadOK {
		t.Kind = Malformed
	}
	t.summarise()
}

// readHeader parses the first segment; false when it is no JSON object.
func (t *Token) readHeader() bool {
	h := t.part("header")
	if h == nil {
		return false
	}
	v, ok := t.parse(h)
	t.Header = v
	if ok && !isObject(v) {
		h.Breaks = append(h.Breaks, Break{ID: "json", In: "decoded", Want: "a JSON object", Got: kindOf(v)})
		return false
	}
	return ok
}

// readPayload parses the payload; false when it is JSON that breaks off. A
// payload that is no JSON at all is a JWS, only not a JWT.
func (t *Token) readPayload(p *Segment) bool {
	if p.Raw == "" {
		t.Checks = append(t.Checks, unknown("detached", "RFC 7515 Appendix F",
			"the payload is not in the token: it is detached, and travels beside it"))
		return true
	}
	if len(p.Breaks) == 0 && !bytes.HasPrefix(bytes.TrimLeft(p.Bytes, " \t\r\n\ufeff"), []byte("{")) {
		if v, _, err := wire.ParseJSON(p.Bytes, wire.Limits{}); err == nil {
			t.Claims = v
		}
		t.Checks = append(t.Checks, notApplicable("json", "RFC 7519 §7.2",
			"the payload is not a JSON object: a signed message, but not a JWT"))
		return true
	}
	v, ok := t.parse(p)
	t.Claims = v
	return ok
}

func (t *Token) readEncrypted() {
	if !t.readHeader() {
		t.Kind = Malformed
	} else if _, ok := t.joined().Get("enc"); !ok {
		t.Checks = append(t.Checks, row(wire.Fail, "enc_missing", "RFC 7516 §4.1.2",
			"the header has no enc, so nobody can say how the content is encrypted", "no enc", "enc, for example A256GCM"))
	}
	t.summarise()
}

func (t *Token) part(name string) *Segment {
	for i := range t.Segments {
		if t.Segments[i].Name == name {
			return &t.Segments[i]
		}
	}
	return nil
}

// parse reads a segment as JSON, keeping what could be read before a break. A
// name that stands twice is more than the warning of the JSON reader here:
// two verifiers would read two different tokens (RFC 7515 §4, RFC 7519 §4).
func (t *Token) parse(s *Segment) (v wire.Value, ok bool) {
	v, findings, err := wire.ParseJSON(s.Bytes, wire.Limits{})
	for _, c := range findings {
		status := c.Status
		if c.ID == "json_duplicate" {
			status = wire.Fail
		}
		t.Checks = append(t.Checks, row(status, c.ID, refOf(c.ID), s.Name+": "+c.Message, c.Got, c.Want))
	}
	if err == nil {
		return v, true
	}
	b := Break{ID: "json", In: "decoded", Want: "JSON", Got: err.Error()}
	if se := (*wire.SyntaxError)(nil); errors.As(err, &se) {
		b = Break{ID: se.ID, In: "decoded", Offset: se.Offset, Want: se.Want, Got: se.Got}
	}
	s.Breaks = append(s.Breaks, b)
	return v, false
}

// summarise turns the breaks into checks, one per break, and adds the passing
// ones for what did not break.
func (t *Token) summarise() {
	failed := map[string]bool{}
	for _, c := range t.Checks {
		if c.Status != wire.Pass {
			failed[c.ID] = true
		}
	}
	for _, s := range t.Segments {
		for _, b := range s.Breaks {
			failed[b.ID] = true
			t.Checks = append(t.Checks, row(wire.Fail, b.ID, refOf(b.ID), brokenAt(s, b), b.Got, b.Want))
		}
	}
	if !failed["base64"] {
		t.Checks = append(t.Checks, passed("base64", refOf("base64"), "every part is strict base64url"))
	}
	if !failed["json"] && !failed["utf8"] && !failed["depth_limit"] && !failed["size_limit"] {
		t.Checks = append(t.Checks, passed("json", refOf("json"), "what should be JSON is JSON"))
	}
	if !failed["json_duplicate"] {
		t.Checks = append(t.Checks, passed("json_duplicate", refOf("json_duplicate"), "no member name stands twice in one object"))
	}
}

func brokenAt(s Segment, b Break) string {
	if b.In == "raw" {
		return fmt.Sprintf("the %s is not strict base64url at character %d of the token", s.Name, s.Offset+b.Offset+1)
	}
	what := "is not the JSON it should be"
	switch b.ID {
	case "utf8":
		what = "is not valid UTF-8"
	case "depth_limit":
		what = "is nested too deeply"
	case "size_limit":
		what = "is too large"
	}
	return fmt.Sprintf("the decoded %s %s at byte %d", s.Name, what, b.Offset+1)
}

func refOf(id string) string {
	switch id {
	case "base64":
		return "RFC 7515 §2"
	case "json_duplicate":
		return "RFC 7515 §4, RFC 7519 §4"
	}
	return "RFC 7519 §7.2"
}
