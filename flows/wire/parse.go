package wire

import (
	"fmt"
	"strings"
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
	if strings.HasPrefix(p.src, byteOrderMark) {
		p.pos = len(byteOrderMark)
		p.checks = append(p.checks, Check{ID: "utf8", Status: Warn, Ref: "RFC 8259 §8.1",
			Message: "The document starts with a byte order mark. JSON has none, and strict readers refuse it.",
			Got:     "a byte order mark", Want: "JSON from the first byte"})
	}
	p.sizes = sizes(p.src, l.Tokens+1) // room for the one that is refused
	v := p.document()
	// An error that the cut itself made is at the cut, or one character or
	// surrogate pair before it. Any other one tells more than the limit does.
	if size > l.Bytes && (p.err == nil || p.err.Offset > l.Bytes-len(`\ud83d\ude00`)) {
		p.err = &SyntaxError{Offset: l.Bytes, ID: idSize, Hint: tooBig,
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
	sizes   []int32 // see sizes, for the containers that follow
}

// step is one level of the way to the value being read.
type step struct {
	name  string
	index int // of an item; -1 in an object
}

func (p *parser) document() Value {
	p.space()
	var v Value
	if p.value(&v, 0) {
		if p.space(); p.pos < len(p.src) {
			p.failAs(idJSON, "the end of the document", p.here(), "One body holds one document. Nothing after the first one was read.")
		}
	}
	if p.err != nil && (p.err.ID == idJSON || p.err.ID == idUTF8) {
		recognise(p.src, p.err)
	}
	return v
}

// token counts one value or name.
func (p *parser) token() bool {
	if p.tokens++; p.tokens > p.limits.Tokens {
		return p.failAs(idSize, fmt.Sprintf("at most %d values and names", p.limits.Tokens), "more", tooBig)
	}
	return true
}

// value reads the value at p.pos into v. When nothing of it could be read, End
// stays 0.
func (p *parser) value(v *Value, depth int) (ok bool) {
	if !p.token() {
		return false
	}
	if p.pos == len(p.src) {
		return p.fail("a value", "the end of the body")
	}
	start := p.pos
	switch c := p.src[p.pos]; {
	case c == '{' || c == '[':
		if depth == p.limits.Depth {
			return p.failAs(idDepth, fmt.Sprintf("at most %d levels of nesting", p.limits.Depth), "more", tooBig)
		}
		p.path = append(p.path, step{index: -1})
		if c == '{' {
			v.Kind = Object
			ok = p.object(v, depth+1)
		} else {
			v.Kind = Array
			ok = p.array(v, depth+1)
		}
		p.path = p.path[:len(p.path)-1]
	case c == '"':
		v.Kind = String
		v.Text, ok = p.text()
	case c == '-' || c >= '0' && c <= '9':
		v.Kind = Number
		ok = p.number()
		v.Text = p.src[start:p.pos]
	default:
		if v.Kind, ok = p.word(); !ok {
			return false
		}
		v.Text = p.src[start:p.pos]
	}
	v.Start, v.End = start, p.pos
	return ok
}

// size returns how many children the container that starts here will have at most.
func (p *parser) size() (n int32) {
	if len(p.sizes) > 0 {
		n, p.sizes = p.sizes[0], p.sizes[1:]
	}
	return n
}

func (p *parser) array(v *Value, depth int) bool {
	p.pos++
	size := p.size()
	if p.space(); p.next(']') {
		return true
	}
	v.Items = make([]Value, 0, size)
	for {
		i := len(v.Items)
		p.path[len(p.path)-1].index = i
		v.Items = append(v.Items, Value{})
		if !p.value(&v.Items[i], depth) {
			if v.Items[i].End == 0 {
				v.Items = v.Items[:i]
			}
			return false
		}
		if p.space(); p.next(']') {
			return true
		}
		if !p.next(',') {
			return p.fail("a comma or ]", p.here())
		}
		if p.space(); p.peek(']') {
			return p.trailingComma()
		}
	}
}

func (p *parser) object(v *Value, depth int) bool {
	p.pos++
	size := p.size()
	if p.space(); p.next('}') {
		return true
	}
	v.Members = make([]Member, 0, min(int(size), p.limits.Members))
	var seen names
	for {
		if !p.peek('"') {
			return p.fail("a name in double quotes", p.here())
		}
		i := len(v.Members)
		if i == p.limits.Members {
			return p.failAs(idSize, fmt.Sprintf("at most %d members in one object", p.limits.Members), "more", tooBig)
		}
		at := p.pos
		if !p.token() {
			return false
		}
		name, ok := p.text()
		if !ok {
			return false
		}
		p.path[len(p.path)-1].name = name
		if seen.repeated(v.Members, name) {
			p.repeat(name, at)
		}
		if p.space(); !p.next(':') {
			return p.fail("a colon after the name", p.here())
		}
		p.space()
		v.Members = append(v.Members, Member{Name: name})
		if !p.value(&v.Members[i].Value, depth) {
			if v.Members[i].Value.End == 0 {
				v.Members = v.Members[:i]
			}
			return false
		}
		if p.space(); p.next('}') {
			return true
		}
		if !p.next(',') {
			return p.fail("a comma or }", p.here())
		}
		if p.space(); p.peek('}') {
			return p.trailingComma()
		}
	}
}

// sizes returns, for each array and object in the order of their opening, how
// many children it has at most. Knowing that, the parser makes every list once:
// growing the lists of a hostile document took six times its memory. Of either
// containers or commas it counts no more than limit, which bounds what the
// lists can take; behind the first error, where the parser has stopped, it may
// be wrong.
func sizes(src string, limit int) []int32 {
	var counts []int32
	var open []int32 // positions in counts
	commas := 0
	for i := 0; i < len(src) && len(counts) < limit && commas < limit; i++ {
		switch src[i] {
		case '[', '{':
			open = append(open, int32(len(counts)))
			counts = append(counts, 1)
		case ']', '}':
			open = open[:max(len(open)-1, 0)]
		case ',':
			if len(open) > 0 {
				counts[open[len(open)-1]]++
				commas++
			}
		case '"':
			for i++; i < len(src) && src[i] != '"'; i++ {
				if src[i] == '\\' {
					i++
				}
			}
		}
	}
	return counts
}
