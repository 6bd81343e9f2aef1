package wire

import (
	"html"
	"strings"
)

// recognise looks at the start of a body that is not JSON and says what it is
// instead. It leaves e alone when the body starts like JSON or like nothing
// known, and never quotes what could be a credential.
func recognise(src string, e *SyntaxError) {
	if encoding(src) != "" {
		e.ID = idUTF8
	}
	if got, hint := identify(src); got != "" {
		e.Want, e.Got, e.Hint = aDocument, got, hint
	}
}

// identify returns what a body is and what to do about it, or nothing.
func identify(src string) (got, hint string) {
	if name := encoding(src); name != "" {
		return name + " text", "JSON is sent as UTF-8 (RFC 8259 §8.1): the server encodes its answer wrongly, or the file was saved that way."
	}
	body := strings.Trim(strings.TrimPrefix(src, byteOrderMark), " \t\r\n")
	if body == "" {
		got = "an empty body"
		if src != "" {
			got = "white space only"
		}
		return got, "The status and the headers are all there is to go by."
	}
	if name := compressed(src); name != "" {
		return name, "The body is compressed and no Content-Encoding header said so, or it was compressed twice."
	}
	switch start := body[:min(len(body), head)]; {
	case start[0] == '<':
		return markup(start)
	case strings.HasPrefix(start, "-----BEGIN "):
		return "a PEM block", "Name it where a key or certificate file is wanted, or convert it to a JWK."
	case isCompactToken(body):
		return "a token in compact form", "The answer is signed or encrypted as a whole: read it with the token inspector."
	case formNames(start) != "":
		return "form-encoded text (" + formNames(start) + ")",
			"RFC 6749 §5.1 wants JSON. Some servers send a form unless the request says Accept: application/json."
	case isSentence(start):
		return "plain text (" + quote(excerpt(start)) + ")", "Look at the status and the address: a proxy or a wrong endpoint often answers in plain text."
	}
	return "", ""
}

// encoding names a Unicode encoding that is not UTF-8, by its byte order mark
// or by the zero bytes around its first character.
func encoding(src string) string {
	for _, mark := range [...]struct{ bytes, name string }{
		{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"},
		{"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
	} {
		if strings.HasPrefix(src, mark.bytes) {
			return mark.name
		}
	}
	switch {
	case len(src) < 4:
		return ""
	case src[:3] == "\x00\x00\x00" || src[0] != 0 && src[1:4] == "\x00\x00\x00":
		return "UTF-32"
	case src[0] == 0 && src[1] != 0 && src[2] == 0, src[0] != 0 && src[1] == 0 && src[2] != 0 && src[3] == 0:
		return "UTF-16"
	}
	return ""
}

func compressed(src string) string {
	for _, magic := range [...]struct{ bytes, name string }{
		{"\x1f\x8b", "gzip data"}, {"\x28\xb5\x2f\xfd", "zstd data"},
		{"\x78\x01", "zlib data"}, {"\x78\x9c", "zlib data"}, {"\x78\xda", "zlib data"},
	} {
		if strings.HasPrefix(src, magic.bytes) {
			return magic.name
		}
	}
	return ""
}

// head is how much of a body is searched for a sign of what it is.
const head = 4096

func markup(start string) (got, hint string) {
	lower := asciiLower(start)
	for _, tag := range [...]string{"<!doctype html", "<html", "<head", "<body", "<title"} {
		if !strings.Contains(lower, tag) {
			continue
		}
		got = "an HTML page"
		if title := between(start, lower, "<title", "</title"); title != "" {
			got = "an HTML page titled " + quote(title)
		}
		return got, "Look at the status and the address: a sign-in page, a proxy or a wrong endpoint answers with HTML."
	}
	if strings.Contains(lower, ":response") || strings.Contains(lower, ":assertion") || strings.Contains(lower, "<response") {
		return "XML, perhaps a SAML message", "JSON was asked for: check that the address is an OAuth endpoint."
	}
	return "XML", "JSON was asked for: check the address and the Accept header."
}

// asciiLower is strings.ToLower that keeps every byte offset.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// between returns the text of an element in s; lower is s in lower case.
func between(s, lower, open, end string) string {
	i := strings.Index(lower, open)
	if i < 0 {
		return ""
	}
	j := strings.IndexByte(lower[i:], '>')
	if j < 0 {
		return ""
	}
	i += j + 1
	if j = strings.Index(lower[i:], end); j < 0 {
		return ""
	}
	return excerpt(strings.Join(strings.Fields(html.UnescapeString(s[i:i+j])), " "))
}

// isCompactToken reports a JWS or JWE in compact form (RFC 7515 §7.1, RFC 7516 §7.1).
func isCompactToken(body string) bool {
	dots := strings.Count(body, ".")
	return strings.HasPrefix(body, "eyJ") && (dots == 2 || dots == 4) && !strings.ContainsFunc(body, notInToken)
}

func notInToken(r rune) bool { return !letterOrDigit(r) && r != '-' && r != '_' && r != '.' }

func letterOrDigit(r rune) bool {
	return r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z'
}

// formNames returns the first names of application/x-www-form-urlencoded text,
// never the values. A name of other characters than these could be an opaque
// token in Base64, which ends with an equals sign too.
func formNames(start string) string {
	if strings.ContainsAny(start, " \t\r\n\"{}<>") {
		return ""
	}
	var names []string
	for pair := range strings.SplitSeq(start, "&") {
		name, _, ok := strings.Cut(pair, "=")
		if !ok || name == "" || len(name) > 40 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			break
		}
		if names = append(names, name); len(names) == 4 {
			break
		}
	}
	return strings.Join(names, ", ")
}

// isSentence reports text of several short words. One word alone, or a long
// one, could be an opaque token.
func isSentence(start string) bool {
	if !letterOrDigit(rune(start[0])) || strings.ContainsAny(start, "\x00={}") || !strings.ContainsAny(start, "aeiouAEIOU") {
		return false
	}
	words := strings.Fields(start)
	for _, w := range words {
		if len(w) > 24 {
			return false
		}
	}
	return len(words) > 1
}

// quote puts safe text in double quotes.
func quote(safe string) string { return `"` + safe + `"` }
