package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says why a document was not read. Its message is printable, and
// quotes no more of the body than what cannot be a credential.
type SyntaxError struct {
	Offset       int    // in bytes, from the first byte of the document
	Line, Column int    // of Offset, from 1; the column counts characters
	ID           string // a check id: json, utf8, depth_limit, size_limit
	Want, Got    string // display text
	Hint         string // what it means or what to do, a sentence; may be empty
}

// The check ids of a SyntaxError.
const (
	idJSON  = "json"
	idUTF8  = "utf8"
	idDepth = "depth_limit"
	idSize  = "size_limit"
)

// aDocument is what was wanted when the body turned out to be something else altogether.
const aDocument = "a JSON document"

// tooBig is what a limit means.
const tooBig = "Honest answers are far smaller, so the rest was not read."

const byteOrderMark = "\ufeff"

// Error says where, what was wanted, what came, and what to do.
func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("at %d:%d: wanted %s, got %s", e.Line, e.Column, e.Want, e.Got)
	if e.Want == aDocument {
		s = fmt.Sprintf("at %d:%d: this is %s, not JSON", e.Line, e.Column, e.Got)
	}
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
	if r, size := utf8.DecodeRuneInString(p.src[p.pos:]); r == utf8.RuneError && size == 1 {
		return p.failAs(idUTF8, "UTF-8 text", "the byte "+p.here(), "The text may be in another encoding, such as Windows-1252.")
	}
	return p.failAs(idJSON, want, got, "")
}

// failAs is fail with a check id and a hint.
func (p *parser) failAs(id, want, got, hint string) bool {
	if p.err == nil {
		p.err = &SyntaxError{Offset: p.pos, ID: id, Want: want, Got: got, Hint: hint}
	}
	return false
}

func (p *parser) trailingComma() bool {
	return p.failAs(idJSON, "a value after the comma", "a trailing comma", "JSON allows no comma before a closing bracket.")
}

// here names what stands at p.pos.
func (p *parser) here() string { return nameAt(p.src, p.pos) }

// nameAt names the character at an offset: one only, because a longer piece of
// the body could be a credential.
func nameAt(src string, at int) string {
	if at >= len(src) {
		return "the end of the body"
	}
	switch c := src[at]; c {
	case '"':
		return "a double quote"
	case '\'':
		return "a single quote"
	case ' ':
		return "a space"
	}
	_, size := utf8.DecodeRuneInString(src[at:])
	return quote(Safe(src[at : at+size]))
}

// foreignWord explains a value that is a word of another language.
func foreignWord(src string) (got, hint string) {
	for _, w := range [...]struct{ word, hint string }{
		{"NaN", "JSON has no such number."},
		{"Infinity", "JSON has no such number."},
		{"undefined", "That is JavaScript. JSON has null, or leaves the member out."},
		{"None", "That is Python. JSON writes null."},
		{"True", "That is Python. JSON writes true."},
		{"False", "That is Python. JSON writes false."},
		{"NULL", "JSON writes null."},
		{"//", "JSON has no comments."},
		{"/*", "JSON has no comments."},
		{"'", "JSON puts strings in double quotes."},
	} {
		if strings.HasPrefix(src, w.word) {
			return quote(w.word), w.hint
		}
	}
	return nameAt(src, 0), ""
}

// maxExcerpt is how many characters of foreign text a message quotes.
const maxExcerpt = 60

// excerpt returns the start of s in its safe form.
func excerpt(s string) string {
	cut := len(s) > 4*maxExcerpt
	if cut {
		s = s[:4*maxExcerpt]
		for len(s) > 0 { // not within a character
			if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size != 1 {
				break
			}
			s = s[:len(s)-1]
		}
	}
	r := []rune(Safe(s))
	if cut || len(r) > maxExcerpt {
		return string(r[:min(len(r), maxExcerpt)]) + "…"
	}
	return string(r)
}
