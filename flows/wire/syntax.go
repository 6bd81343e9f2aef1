package wire

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError says why a document was not read.
type SyntaxError struct {
	Offset       int    // in bytes, from the first byte of the document
	Line, Column int    // of Offset, from 1; the column counts characters
	ID           string // a check id: json, utf8, depth_limit, size_limit
	Want, Got    string // display text
	Hint         string // what it means or what to do, a sentence; may be empty
}

const idJSON, idUTF8 = "json", "utf8"

// Error says where, what was wanted, what came, and what to do.
func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("at %d:%d: wanted %s, got %s", e.Line, e.Column, e.Want, e.Got)
	if e.Hint != "" {
		s += ". " + e.Hint
	}
	return s
}

// locate fills Line and Column.
func (e *SyntaxError) locate(src string) {
	before := src[:min(e.Offset, len(src))]
	e.Line = strings.Count(before, "\n") + 1
	e.Column = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// fail notes the error at p.pos and returns false. A byte that is no UTF-8 is
// the error, whatever else was wanted there.
func (p *parser) fail(want, got string) bool {
	id := idJSON
	if r, size := utf8.DecodeRuneInString(p.src[p.pos:]); r == utf8.RuneError && size == 1 {
		id, want = idUTF8, "UTF-8 text"
	}
	return p.failID(id, want, got)
}

func (p *parser) limit(id, want, got string) bool { return p.failID(id, want, got) }

func (p *parser) failID(id, want, got string) bool {
	if p.err == nil {
		p.err = &SyntaxError{Offset: p.pos, ID: id, Want: want, Got: got}
	}
	return false
}

func (p *parser) trailingComma() bool {
	p.fail("a value after the comma", "a trailing comma")
	p.err.Hint = "JSON allows no comma before a closing bracket."
	return false
}

// here names what stands at p.pos.
func (p *parser) here() string { return quoteAt(p.src, p.pos) }

// quoteAt names the character at an offset.
func quoteAt(src string, at int) string {
	if at >= len(src) {
		return "the end of the body"
	}
	_, size := utf8.DecodeRuneInString(src[at:])
	return strconv.Quote(Safe(src[at : at+size]))
}

// maxExcerpt is how many characters of foreign text a message quotes.
const maxExcerpt = 60

// excerpt returns the start of s in its safe form.
func excerpt(s string) string {
	if len(s) > 4*maxExcerpt {
		s = s[:4*maxExcerpt]
	}
	r := []rune(Safe(s))
	if len(r) > maxExcerpt {
		return string(r[:maxExcerpt]) + "…"
	}
	return string(r)
}
