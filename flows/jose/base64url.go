package jose

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

const base64urlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// decodeBase64url decodes base64url without padding (RFC 7515 §2). It forgives
// for the sake of showing content (the + and / alphabet, padding, stray
// trailing bits, a cut end) but names every deviation with its place. Text
// from the first foreign character on is not decoded.
func decodeBase64url(raw string) ([]byte, []Break) {
	var breaks []Break
	note := func(at int, want, got string) {
		breaks = append(breaks, Break{ID: "base64", In: "raw", Offset: at, Want: want, Got: got})
	}
	text := raw
	if i := strings.IndexByte(text, '='); i >= 0 && strings.Trim(text[i:], "=") == "" {
		note(i, "the segment to end here: base64url in a token has no padding", fmt.Sprintf("%d × =", len(text)-i))
		text = text[:i]
	}
	if i := strings.IndexAny(text, "+/"); i >= 0 {
		note(i, "- and _ (base64url)", "+ and / (plain base64)")
		text = strings.NewReplacer("+", "-", "/", "_").Replace(text)
	}
	if i := strings.IndexFunc(text, notBase64url); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		note(i, "one of A–Z a–z 0–9 - _", fmt.Sprintf("%q", r))
		text = text[:i]
	} else if len(text)%4 == 1 {
		note(len(text)-1, "one to three more characters: a single left-over character holds no byte", "the end of the segment")
	} else if want, ok := canonicalLast(text); !ok {
		note(len(text)-1, fmt.Sprintf("%q: the unused low bits must be zero", want), fmt.Sprintf("%q", text[len(text)-1]))
	}
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	b, _ := base64.RawURLEncoding.DecodeString(text) // cannot fail: what is left is base64url
	return b, breaks
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func notBase64url(r rune) bool {
	switch {
	case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

// canonicalLast says whether the last character of text has its unused bits
// zero, and which character would. Two spellings of one signature would
// otherwise be two tokens with the same meaning.
func canonicalLast(text string) (want byte, ok bool) {
	var unused int
	switch len(text) % 4 {
	case 2:
		unused = 4
	case 3:
		unused = 2
	default:
		return 0, true
	}
	v := strings.IndexByte(base64urlAlphabet, text[len(text)-1])
	canonical := v >> unused << unused
	return base64urlAlphabet[canonical], canonical == v
}
