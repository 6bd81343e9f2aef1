package wire

import (
	"bytes"
	"unicode/utf8"
)

// EscapeJSON takes a valid JSON document and returns the same document with
// every character that Safe would not draw written as \uXXXX (a surrogate pair
// above U+FFFF), so that a terminal can show it and a program still reads the
// same values. A CR between tokens becomes LF. When nothing has to change it
// returns b itself. A document that is not valid stays invalid, and is printable.
func EscapeJSON(b []byte) []byte {
	i := firstHidden(b)
	if i == len(b) {
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/4+8)
	for {
		out = append(out, b[:i]...)
		if b = b[i:]; len(b) == 0 {
			return out
		}
		r, size := utf8.DecodeRune(b)
		switch {
		case r != '\r':
			out = appendEscape(out, r)
		case !bytes.HasPrefix(b, []byte("\r\n")):
			out = append(out, '\n')
		}
		b = b[size:]
		i = firstHidden(b)
	}
}

// firstHidden returns the offset of the first character that must be escaped.
func firstHidden(b []byte) int {
	for i := 0; i < len(b); {
		if c := b[i]; c < utf8.RuneSelf {
			if c < 0x20 && c != '\n' && c != '\t' || c == 0x7f {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 || r < 0xa0 || !shown(r) {
			return i
		}
		i += size
	}
	return len(b)
}

// appendEscape appends r as one or two \uXXXX.
func appendEscape(b []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		b = appendEscape(b, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// appendQuoted appends s as a JSON string that EscapeJSON would leave alone.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r >= 0x20 && r < 0x7f:
			b = append(b, byte(r))
		case r < 0xa0 || !shown(r):
			b = appendEscape(b, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
