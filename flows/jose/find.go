package jose

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode"

	"authdance/flows/wire"
)

// tokenNames are the member and parameter names under which tokens travel, in
// the order in which a person means them.
var tokenNames = [...]string{"id_token", "access_token", "token", "logout_token", "id_token_hint",
	"client_assertion", "assertion", "subject_token", "SAMLResponse", "request", "response", "refresh_token"}

// found is the token in a text, with the story of how it was got out.
type found struct {
	text    string
	serial  *wire.Value // a JSON serialisation instead of text
	from    string
	cleaned []string
}

func (f *found) note(s string) {
	if !oneOf(f.cleaned, s) {
		f.cleaned = append(f.cleaned, s)
	}
}

// find looks for one token in a text. Each step takes one wrapping off and
// says so.
func find(input string) found {
	var f found
	text := f.dropInvisible(input)
	if t := strings.TrimSpace(text); t != text {
		f.note("white space around the text")
		text = t
	}
	if f.fromJSON(text, 0) {
		return f
	}
	if isSAML(text) {
		f.text, f.from = text, "XML"
		return f
	}
	if strings.Contains(text, `\`) {
		if t := unescape(text); t != text {
			f.note("backslash escapes")
			text = t
		}
	}
	if value, name, ok := parameter(text); ok {
		f.note("everything around the parameter " + name)
		f.from = name + " in a URL or form"
		text = value
	} else {
		text = f.dropHeader(text)
	}
	text = f.dropQuotes(text)
	text = f.dropScheme(text)
	text = f.dropQuotes(text)
	for range 2 { // some links are encoded twice
		if t, err := url.PathUnescape(text); err == nil && t != text && opaque(t) {
			f.note("percent encoding")
			text = t
		}
	}
	if t, ok := unwrapXML(text); ok {
		f.note("base64 around the XML")
		f.text = t
		return f
	}
	f.text = f.one(text)
	return f
}

// unwrapXML decodes the base64 in which SAML travels in forms (SAML Bindings
// §3.5.4) and in assertion parameters (RFC 7522 §2.1).
func unwrapXML(text string) (string, bool) {
	text = strings.Join(strings.Fields(text), "")
	if !strings.HasPrefix(text, "PD") && !strings.HasPrefix(text, "PHNhb") {
		return "", false
	}
	text = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "=")
	b, err := base64.RawURLEncoding.DecodeString(text)
	xml := strings.TrimSpace(strings.TrimPrefix(string(b), "\ufeff"))
	return xml, err == nil && isSAML(xml)
}

func (f *found) dropInvisible(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || r == 0 {
			return -1
		}
		return r
	}, text)
	if len(clean) != len(text) && strings.ToValidUTF8(text, "\uFFFD") != clean {
		f.note("invisible characters")
	}
	return clean
}

// fromJSON reads a JSON document: a JSON string, a serialisation or any object
// with a token in it.
func (f *found) fromJSON(text string, depth int) bool {
	if depth > 2 || !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, `"`) && !strings.HasPrefix(text, "[") {
		return false
	}
	v, _, err := wire.ParseJSON([]byte(text), wire.Limits{})
	if isString(v) {
		if err != nil {
			return false
		}
		f.note("JSON quotes")
		inner := strings.TrimSpace(v.Text)
		if f.fromJSON(inner, depth+1) {
			return true
		}
		f.text = f.one(f.dropScheme(inner))
		return f.text != ""
	}
	if isSerialization(v) {
		f.serial, f.text, f.from = &v, text, "a JSON serialisation"
		return true
	}
	// A document that breaks off still shows the tokens before the break.
	for _, name := range tokenNames {
		if value, ok := search(v, name, 0); ok {
			f.note("everything around the member " + name)
			f.from = name + " in a JSON document"
			f.text = f.one(f.dropScheme(value))
			return f.text != ""
		}
	}
	if value, ok := searchAny(v); ok {
		f.note("everything around the token in a JSON document")
		f.from = "a JSON document"
		f.text = f.one(f.dropScheme(value))
		return f.text != ""
	}
	return err == nil // a whole document without a token: nothing more to look for
}

func isSerialization(v wire.Value) bool {
	has := func(name string) bool { _, ok := v.Get(name); return ok }
	return isObject(v) && (has("signature") && (has("payload") || has("protected")) || isArrayOf(v, "signatures") ||
		has("ciphertext") && (has("protected") || has("unprotected") || has("recipients") || has("header")))
}

func isArrayOf(v wire.Value, name string) bool {
	m, ok := v.Get(name)
	_, payload := v.Get("payload")
	return ok && (isArray(m) || payload)
}

// search finds a non-empty string member, outer objects first.
func search(v wire.Value, name string, depth int) (string, bool) {
	const deepest = 4 // vendors nest token responses, but not further
	if s := v.Str(name); strings.TrimSpace(s) != "" {
		return strings.TrimSpace(s), true
	}
	if depth == deepest {
		return "", false
	}
	for _, m := range v.Members {
		if s, ok := search(m.Value, name, depth+1); ok {
			return s, true
		}
	}
	for _, item := range v.Items {
		if s, ok := search(item, name, depth+1); ok {
			return s, true
		}
	}
	return "", false
}

// searchAny finds a string that holds a JWT, under whatever name.
func searchAny(v wire.Value) (string, bool) {
	if isString(v) && startOf(v.Text) == 0 && strings.Count(v.Text, ".") >= 2 {
		return v.Text, true
	}
	for _, m := range v.Members {
		if s, ok := searchAny(m.Value); ok {
			return s, true
		}
	}
	for _, item := range v.Items {
		if s, ok := searchAny(item); ok {
			return s, true
		}
	}
	return "", false
}

// parameter finds name=value in a URL, a form body or a cookie.
func parameter(text string) (value, name string, ok bool) {
	for _, name := range tokenNames {
		for from := 0; ; {
			i := strings.Index(text[from:], name+"=")
			if i < 0 {
				break
			}
			at := from + i
			from = at + len(name) + 1
			if at > 0 && !strings.ContainsRune("?&#; \t\r\n'\"", rune(text[at-1])) {
				continue
			}
			raw := text[from:]
			if end := strings.IndexAny(raw, "&#; \t\r\n'\"<>"); end >= 0 {
				raw = raw[:end]
			}
			if v, err := url.PathUnescape(raw); err == nil && v != "" {
				return v, name, true
			}
			if raw != "" {
				return raw, name, true
			}
		}
	}
	return "", "", false
}

// dropHeader takes the name off a header line. The name is a plain word: a URL
// and the time of a log line also have a colon.
func (f *found) dropHeader(text string) string {
	name, value, ok := strings.Cut(text, ":")
	rest := strings.TrimLeft(value, " \t")
	switch {
	case !ok || name == "" || len(name) > 40 || strings.ContainsFunc(name, notBase64url) || strings.ContainsAny(name[:1], "0123456789-_"):
		return text
	case rest == value && startOf(rest) != 0: // an opaque token may hold a colon
		return text
	}
	f.note("the header name " + name)
	f.from = "the header " + name
	return rest
}

func (f *found) dropScheme(text string) string {
	word, rest, ok := strings.Cut(text, " ")
	if !ok {
		return text
	}
	switch strings.ToLower(word) {
	case "bearer", "dpop", "jwt", "token":
		f.note("the scheme " + word)
		return strings.TrimSpace(rest)
	}
	return text
}

// marks are what stands around a token in prose, code and logs.
const marks = "\\\"'`“”‘’„«»‹›<>()[]{},; \t\r\n"

func (f *found) dropQuotes(text string) string {
	t := strings.Trim(text, marks)
	markup := strings.HasPrefix(text, "<") && (strings.Contains(text, "</") || strings.HasSuffix(text, "/>"))
	if t != text && t != "" && !markup {
		f.note("quotes or punctuation around the token")
		return t
	}
	return text
}

var escapes = strings.NewReplacer(`\n`, "\n", `\r`, "\n", `\t`, "\n", `\"`, `"`, `\'`, `'`, `\/`, "/", `\u002e`, ".", `\u002E`, ".", "\\\n", "", `\.`, ".", `\\`, ``)

func unescape(text string) string { return escapes.Replace(text) }
