package jose

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"authdance/flows/wire"
)

// tokenNames are the member and parameter names under which tokens travel, in
// the order in which a person means them.
var tokenNames = [...]string{"id_token", "access_token", "token", "logout_token", "id_token_hint",
	"client_assertion", "assertion", "subject_token", "request", "response", "refresh_token"}

// found is the token in a text, with the story of how it was got out.
type found struct {
	text    string
	serial  *wire.Value // a JSON serialisation instead of text
	from    string
	cleaned []string
}

func (f *found) note(s string) { f.cleaned = append(f.cleaned, s) }

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
	if t, err := url.PathUnescape(text); err == nil && t != text && !strings.ContainsFunc(t, unicode.IsSpace) {
		f.note("percent encoding")
		text = t
	}
	f.text = f.one(text)
	return f
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
		f.serial, f.from = &v, "a JSON serialisation"
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
	_, payload := v.Get("payload")
	_, signature := v.Get("signature")
	_, signatures := v.Get("signatures")
	return isObject(v) && payload && (signature || signatures)
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

var headerLine = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]{1,40}):[ \t]*`)

func (f *found) dropHeader(text string) string {
	if m := headerLine.FindStringSubmatch(text); m != nil && !strings.HasPrefix(text[len(m[0]):], "//") {
		f.note("the header name " + m[1])
		f.from = "the header " + m[1]
		return text[len(m[0]):]
	}
	return text
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

func (f *found) dropQuotes(text string) string {
	const marks = "\"'`“”‘’„«»‹›<>()[]{},; \t\r\n"
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

// one returns the first token of a text. Pieces that a line break or a space
// cut apart are joined again, but never the pieces of two tokens: joining ends
// when the token has all its parts and its signature its full length.
func (f *found) one(text string) string {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return ""
	}
	start := 0
	for start < len(fields) && startOf(fields[start]) < 0 {
		start++
	}
	if start == len(fields) {
		if len(fields) > 1 || !opaque(fields[0]) {
			return "" // words, not a token
		}
		return fields[0]
	}
	first := fields[start]
	if at := startOf(first); at > 0 {
		first = tokenRun(first[at:])
	}
	if start > 0 || len(first) < len(fields[start]) {
		f.note("text around the token")
	}
	token, next := first, start+1
	for next < len(fields) && !complete(token) && continues(token, fields[next]) {
		token += fields[next]
		next++
	}
	if next > start+1 {
		f.note("line breaks or spaces inside the token")
	}
	if next < len(fields) {
		f.note("text after the token")
		for _, w := range fields[next:] {
			if startOf(w) >= 0 {
				f.note("a second token: only the first is shown")
				break
			}
		}
	}
	return f.trimEnd(token)
}

// opaque says that a word can be an access token (RFC 6749 Appendix A.12)
// rather than a piece of markup or an address.
func opaque(word string) bool {
	return !strings.Contains(word, "://") && strings.IndexFunc(word, func(r rune) bool { return r < 0x21 || r > 0x7e || strings.ContainsRune(`<>{}"`, r) }) < 0
}

// trimEnd removes what belongs to the text around a token: punctuation, and
// the disclosures of an SD-JWT, which this inspector does not read yet.
func (f *found) trimEnd(token string) string {
	if t := strings.TrimRight(token, "\"'`”’»›>)]},;"); t != token {
		f.note("quotes or punctuation around the token")
		token = t
	}
	if jwt, _, ok := strings.Cut(token, "~"); ok && strings.Count(jwt, ".") == 2 {
		f.note("disclosures after the first ~ (SD-JWT)")
		f.from = "the signed part of an SD-JWT"
		return jwt
	}
	if strings.Count(token, ".") == 3 && strings.HasSuffix(token, ".") && !strings.HasSuffix(token, "..") {
		f.note("a full stop after the token")
		token = strings.TrimSuffix(token, ".")
	}
	return token
}

// startOf finds where in a word a token begins, or -1. Elided tokens count.
func startOf(word string) int {
	for _, prefix := range [...]string{"ey", "ew"} {
		for from := 0; ; {
			i := strings.Index(word[from:], prefix)
			if i < 0 {
				break
			}
			at := from + i
			from = at + len(prefix)
			if at > 0 && (word[at-1] == '.' || !notBase64url(rune(word[at-1]))) {
				continue // the middle of a segment, or the next one
			}
			run := tokenRun(word[at:])
			if len(run) >= 20 || strings.Count(run, ".") >= 1 || strings.Contains(word[at:], "…") {
				return at
			}
		}
	}
	return -1
}

func tokenRun(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return r != '…' && r != '~' && (r > 127 || !isTokenByte(byte(r))) }); i >= 0 {
		return s[:i]
	}
	return s
}

func isTokenByte(b byte) bool {
	return !notBase64url(rune(b)) || strings.IndexByte("+/.=%", b) >= 0
}

// complete says that nothing may be joined to the token any more.
func complete(token string) bool {
	dots := strings.Count(token, ".")
	header, _, _ := strings.Cut(token, ".")
	b, _ := decodeBase64url(header)
	v, _, _ := wire.ParseJSON(b, wire.Limits{})
	last := token[strings.LastIndexByte(token, '.')+1:]
	if _, encrypted := v.Get("enc"); encrypted {
		return dots > 4 || dots == 4 && len(last) >= 22 // a 16 byte tag
	}
	if dots != 2 {
		return dots > 2
	}
	alg, ok := algorithm(v.Str("alg"))
	if !ok {
		return true
	}
	if alg.sig > 0 {
		return len(last) >= (alg.sig*8+5)/6
	}
	return len(last) == 342 || len(last) == 512 || len(last) >= 683 // RSA 2048, 3072, 4096
}

// continues says that a word can be the next piece of the token.
func continues(token, word string) bool {
	if tokenRun(word) != word || strings.ContainsAny(word, "…%") {
		return false
	}
	header, _, _ := strings.Cut(token, ".")
	b, _ := decodeBase64url(header)
	want := 2
	if v, _, _ := wire.ParseJSON(b, wire.Limits{}); v.Str("enc") != "" {
		want = 4
	}
	return strings.Count(token, ".")+strings.Count(word, ".") <= want
}
