package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits bounds a document. A field that is zero or negative has its default.
type Limits struct {
	Depth   int // nesting of arrays and objects, default 64, at most 1000
	Members int // of one object, default 20 000
	Tokens  int // values and names together, default 400 000
	Bytes   int // default 4 MiB
}

// maxDepth bounds the recursion of this package, whatever a caller asks for.
const maxDepth = 1000

func (l Limits) orDefault() Limits {
	set := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	set(&l.Depth, 64)
	set(&l.Members, 20_000)
	set(&l.Tokens, 400_000)
	set(&l.Bytes, 4<<20)
	l.Depth = min(l.Depth, maxDepth)
	return l
}

// ParseJSON reads one JSON document by the letter of RFC 8259: UTF-8, no
// comments, nothing after the end.
//
// The error is a *SyntaxError, and then the value holds what could be read
// before it: a broken document can still be shown. The checks report what
// is legal and dangerous: repeated names (json_duplicate) and a byte order mark
// (utf8). Offsets count from the first byte of b. The value refers to a copy of
// b, so b may change afterwards.
func ParseJSON(b []byte, l Limits) (Value, []Check, error) {
	l = l.orDefault()
	size := len(b)
	if size > l.Bytes {
		b = b[:l.Bytes]
	}
	p := parser{src: string(b), limits: l}
	if strings.HasPrefix(p.src, "\ufeff") {
		p.pos = len("\ufeff")
		p.checks = append(p.checks, Check{ID: "utf8", Status: Warn, Ref: "RFC 8259 §8.1",
			Message: "The document starts with a byte order mark. JSON has none, and strict readers refuse it.",
			Got:     "a byte order mark", Want: "JSON from the first byte"})
	}
	v := p.document()
	if size > l.Bytes {
		p.err = &SyntaxError{Offset: l.Bytes, ID: "size_limit",
			Want: fmt.Sprintf("at most %d bytes", l.Bytes), Got: fmt.Sprintf("%d bytes", size)}
	}
	if p.repeats > maxReports {
		p.checks = append(p.checks, Check{ID: "json_duplicate", Status: Warn, Ref: "RFC 8259 §4",
			Message: fmt.Sprintf("%d more repeated names are not listed.", p.repeats-maxReports)})
	}
	if p.err == nil {
		return v, p.checks, nil
	}
	p.err.locate(p.src)
	return v, p.checks, p.err
}

// parser reads src once, from left to right. After the first error it reads
// nothing more: every method returns false and hands up what it has.
type parser struct {
	src     string
	pos     int
	limits  Limits
	tokens  int
	path    []step
	checks  []Check
	repeats int
	err     *SyntaxError

	// Children wait here until their container ends and its size is known.
	items   []Value
	members []Member
}

// step is one level of the way to the value being read.
type step struct {
	name  string
	index int // of an item; -1 in an object
}

func (p *parser) document() Value {
	p.space()
	v, ok := p.value(0)
	if ok {
		if p.space(); p.pos < len(p.src) {
			p.fail("the end of the document", p.here())
			p.err.Hint = "One body holds one document. Everything after the first one was not read."
		}
	}
	if p.err != nil && p.err.ID == idJSON {
		recognise(p.src, p.err)
	}
	return v
}

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

// token counts one value or name.
func (p *parser) token() bool {
	if p.tokens++; p.tokens > p.limits.Tokens {
		p.limit("size_limit", fmt.Sprintf("at most %d values and names", p.limits.Tokens), "more")
		return false
	}
	return true
}

// value reads the value at p.pos. A value of which nothing was read has End 0.
func (p *parser) value(depth int) (v Value, ok bool) {
	if !p.token() {
		return v, false
	}
	if p.pos == len(p.src) {
		return v, p.fail("a value", "the end of the body")
	}
	v.Start = p.pos
	switch c := p.src[p.pos]; {
	case c == '{' || c == '[':
		if depth == p.limits.Depth {
			return Value{}, p.limit("depth_limit", fmt.Sprintf("at most %d levels", p.limits.Depth), "more")
		}
		if v.Kind = Array; c == '{' {
			v.Kind = Object
			v.Members, ok = p.object(depth + 1)
		} else {
			v.Items, ok = p.array(depth + 1)
		}
	case c == '"':
		v.Kind = String
		v.Text, ok = p.text()
	case c == '-' || c >= '0' && c <= '9':
		v.Kind = Number
		ok = p.number()
		v.Text = p.src[v.Start:p.pos]
	default:
		return p.word()
	}
	v.End = p.pos
	return v, ok
}

func (p *parser) word() (Value, bool) {
	for _, w := range [...]struct {
		text string
		kind Kind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if strings.HasPrefix(p.src[p.pos:], w.text) {
			v := Value{Kind: w.kind, Text: w.text, Start: p.pos, End: p.pos + len(w.text)}
			p.pos = v.End
			return v, true
		}
	}
	return Value{}, p.fail("a value", p.here())
}

func (p *parser) array(depth int) (items []Value, ok bool) {
	base := len(p.items)
	p.path = append(p.path, step{})
	defer func() {
		items = append(items, p.items[base:]...)
		p.items = p.items[:base]
		p.path = p.path[:len(p.path)-1]
	}()
	p.pos++
	if p.space(); p.next(']') {
		return nil, true
	}
	for i := 0; ; i++ {
		p.path[len(p.path)-1].index = i
		v, ok := p.value(depth)
		if v.End > 0 {
			p.items = append(p.items, v)
		}
		if !ok {
			return nil, false
		}
		if p.space(); p.next(']') {
			return nil, true
		}
		if !p.next(',') {
			return nil, p.fail("a comma or ]", p.here())
		}
		if p.space(); p.peek(']') {
			return nil, p.trailingComma()
		}
	}
}

func (p *parser) object(depth int) (members []Member, ok bool) {
	base := len(p.members)
	p.path = append(p.path, step{index: -1})
	defer func() {
		members = append(members, p.members[base:]...)
		p.members = p.members[:base]
		p.path = p.path[:len(p.path)-1]
	}()
	p.pos++
	if p.space(); p.next('}') {
		return nil, true
	}
	var seen names
	for {
		if !p.peek('"') {
			return nil, p.fail("a name in double quotes", p.here())
		}
		if !p.token() {
			return nil, false
		}
		at := p.pos
		name, ok := p.text()
		if !ok {
			return nil, false
		}
		if len(p.members)-base == p.limits.Members {
			p.pos = at
			return nil, p.limit("size_limit", fmt.Sprintf("at most %d members in one object", p.limits.Members), "more")
		}
		p.path[len(p.path)-1].name = name
		if seen.repeated(p.members[base:], name) {
			p.repeat(name, at)
		}
		if p.space(); !p.next(':') {
			return nil, p.fail("a colon after the name", p.here())
		}
		p.space()
		v, ok := p.value(depth)
		if v.End > 0 {
			p.members = append(p.members, Member{Name: name, Value: v})
		}
		if !ok {
			return nil, false
		}
		if p.space(); p.next('}') {
			return nil, true
		}
		if !p.next(',') {
			return nil, p.fail("a comma or }", p.here())
		}
		if p.space(); p.peek('}') {
			return nil, p.trailingComma()
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

// number reads RFC 8259 §6: no plus sign, no leading zero, digits on both sides
// of the point.
func (p *parser) number() bool {
	p.next('-')
	switch {
	case p.next('0'):
		if p.digits() {
			return p.fail("no digit after a leading 0", "a number with a leading zero")
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
			p.fail("a closing quote or an escape", "a raw control character "+p.here())
			p.err.Hint = "Inside a string it must be written as an escape, a line feed as \\n."
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
	return 0, p.fail(`one of the escapes \" \\ \/ \b \f \n \r \t \uXXXX`, "a backslash before "+quoteAt(p.src, at+1))
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
	p.failID(idUTF8, "a pair of surrogates", fmt.Sprintf(`a lone surrogate \u%04x`, r))
	p.err.Hint = "Half of a character beyond U+FFFF was written without the other half. Readers disagree on what it means."
	return 0, false
}

func (p *parser) hex4() (r rune, ok bool) {
	for range 4 {
		if p.pos == len(p.src) {
			return 0, p.fail("four hexadecimal digits", "the end of the body")
		}
		digit := strings.IndexByte("0123456789abcdef", p.src[p.pos]|0x20)
		if digit < 0 {
			return 0, p.fail("four hexadecimal digits", p.here())
		}
		r = r<<4 | rune(digit)
		p.pos++
	}
	return r, true
}
