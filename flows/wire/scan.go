package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) peek(c byte) bool { return p.pos < len(p.src) && p.src[p.pos] == c }

func (p *parser) next(c byte) bool {
	if !p.peek(c) {
		return false
	}
	p.pos++
	return true
}

// word reads true, false or null.
func (p *parser) word() (Kind, bool) {
	for _, w := range [...]struct {
		text string
		kind Kind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if strings.HasPrefix(p.src[p.pos:], w.text) {
			p.pos += len(w.text)
			return w.kind, true
		}
	}
	got, hint := foreignWord(p.src[p.pos:])
	p.fail("a value", got)
	p.err.Hint = hint
	return Null, false
}

// number reads RFC 8259 §6: no plus sign, no leading zero, digits on both sides
// of the point.
func (p *parser) number() bool {
	start := p.pos
	p.next('-')
	switch {
	case p.next('0'):
		if p.digits() {
			p.failAs(idJSON, "a number", "a number with a leading zero", "JSON has no leading zeros.")
			p.err.Offset = start
			return false
		}
	case !p.digits():
		return p.fail("a digit", p.here())
	}
	if p.next('.') && !p.digits() {
		return p.fail("a digit after the point", p.here())
	}
	if p.next('e') || p.next('E') {
		if !p.next('+') {
			p.next('-')
		}
		if !p.digits() {
			return p.fail("a digit in the exponent", p.here())
		}
	}
	return true
}

func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > start
}

// text reads a string and returns it decoded, on failure the part before it.
// A string without escapes is a piece of src, not a copy.
func (p *parser) text() (string, bool) {
	p.pos++
	start := p.pos
	var decoded []byte
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		switch {
		case c == '"':
			piece := p.src[start:p.pos]
			p.pos++
			if decoded == nil {
				return piece, true
			}
			return string(append(decoded, piece...)), true
		case c == '\\':
			decoded = append(decoded, p.src[start:p.pos]...)
			r, ok := p.escape()
			if !ok {
				return string(decoded), false
			}
			decoded = utf8.AppendRune(decoded, r)
			start = p.pos
		case c < 0x20:
			p.failAs(idJSON, "a closing quote", "the raw control character "+codePoint(rune(c)),
				`Inside a string it must be escaped, a line feed as \n. Or a closing quote is missing.`)
			return string(decoded) + p.src[start:p.pos], false
		case c < utf8.RuneSelf:
			p.pos++
		default:
			r, size := utf8.DecodeRuneInString(p.src[p.pos:])
			if r == utf8.RuneError && size == 1 {
				p.fail("UTF-8 text", p.here())
				return string(decoded) + p.src[start:p.pos], false
			}
			p.pos += size
		}
	}
	p.fail("a closing quote", "the end of the body")
	return string(decoded) + p.src[start:], false
}

// escape reads one escape, a surrogate pair as one.
func (p *parser) escape() (rune, bool) {
	at := p.pos
	if p.pos++; p.pos == len(p.src) {
		return 0, p.fail("an escape", "the end of the body")
	}
	c := p.src[p.pos]
	p.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		return p.unicodeEscape(at)
	}
	p.pos = at
	return 0, p.fail(`one of the escapes \" \\ \/ \b \f \n \r \t \uXXXX`, "a backslash before "+nameAt(p.src, at+1))
}

func (p *parser) unicodeEscape(at int) (rune, bool) {
	r, ok := p.hex4()
	if !ok {
		return 0, false
	}
	if r < 0xd800 || r > 0xdfff {
		return r, true
	}
	if r < 0xdc00 && strings.HasPrefix(p.src[p.pos:], `\u`) {
		p.pos += 2
		low, ok := p.hex4()
		if !ok {
			return 0, false
		}
		if low >= 0xdc00 && low <= 0xdfff {
			return 0x10000 + (r-0xd800)<<10 + (low - 0xdc00), true
		}
	}
	p.pos = at
	return 0, p.failAs(idUTF8, "a pair of surrogates", fmt.Sprintf(`the lone surrogate \u%04x`, r),
		"It is half of a character beyond U+FFFF. Readers disagree on what it means alone.")
}

func (p *parser) hex4() (r rune, ok bool) {
	for range 4 {
		if p.pos == len(p.src) {
			return 0, p.fail("four hexadecimal digits", "the end of the body")
		}
		switch c := p.src[p.pos]; {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, p.fail("four hexadecimal digits", p.here())
		}
		p.pos++
	}
	return r, true
}
