package wire

import (
	"fmt"
	"strings"
	"unicode"
)

// shown reports whether a character above U+009F may be drawn: letters, marks,
// numbers, punctuation and symbols, except for those that draw nothing or pull
// the next character into their own cell.
func shown(r rune) bool {
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unruly)
}

// unruly are characters that print by category only.
var unruly = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0d4e, Hi: 0x0d4e, Stride: 1}, // prefixed letters (Grapheme_Cluster_Break=Prepend), here and below
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // Braille blank: a symbol by category, a space to the eye
	},
	R32: []unicode.Range32{
		{Lo: 0x111c2, Hi: 0x111c3, Stride: 1},
		{Lo: 0x113d1, Hi: 0x113d1, Stride: 1},
		{Lo: 0x1193f, Hi: 0x1193f, Stride: 1},
		{Lo: 0x11941, Hi: 0x11941, Stride: 1},
		{Lo: 0x11a3a, Hi: 0x11a3a, Stride: 1},
		{Lo: 0x11a84, Hi: 0x11a89, Stride: 1},
		{Lo: 0x11d46, Hi: 0x11d46, Stride: 1},
		{Lo: 0x11f02, Hi: 0x11f02, Stride: 1},
	},
}

// maxMarks is how many characters may join one base.
const maxMarks = 4

// maxConjuncts is how many letters may join a first one through viramas.
const maxConjuncts = 4

// line builds one safe line. It keeps grapheme clusters short: a terminal draws
// a cluster of 3000 characters into one cell, slowly, or into 3000 cells where
// the layout counted one.
type line struct {
	out       strings.Builder
	stop      int  // distance of tab stops
	column    int  // characters so far
	last      rune // the character before
	marks     int  // characters joined to the last base
	dropped   int  // of these, not written
	linked    bool // one of them was a virama: the next letter joins too
	conjuncts int  // letters that joined this way
}

func (w *line) ascii(s string) {
	w.settle()
	w.out.WriteString(s)
	w.column += len(s)
	w.last = rune(s[len(s)-1])
	w.linked, w.conjuncts = false, 0
}

func (w *line) base(r rune) {
	w.settle()
	w.out.WriteRune(r)
	w.column++
	w.last = r
	w.linked = false
}

func (w *line) tab() { w.ascii("    "[:w.stop-w.column%w.stop]) }

// glyph writes a shown character above ASCII.
func (w *line) glyph(r rune) {
	if unicode.Is(joining, r) || r >= 0x300 && unicode.Is(unicode.M, r) || isTone(r) && unicode.Is(unicode.So, w.last) {
		w.mark(r)
		return
	}
	w.settle()
	switch {
	case isTone(r), isLead(r) && isLead(w.last), w.linked && w.conjuncts == maxConjuncts:
		w.ascii(codePoint(r))
	case w.linked:
		w.base(r)
		w.conjuncts++
	default:
		w.base(r)
		w.conjuncts = 0
	}
}

func (w *line) mark(r rune) {
	if w.last == 0 {
		w.base('◌')
	}
	w.last = r
	w.linked = w.linked || unicode.Is(linking, r)
	if w.marks++; w.marks > maxMarks {
		w.dropped++
		return
	}
	w.out.WriteRune(r)
	w.column++
}

// settle ends the run of marks and says how many it left out.
func (w *line) settle() {
	n := w.dropped
	w.marks, w.dropped = 0, 0
	if n > 0 {
		w.ascii(fmt.Sprintf("<+%d marks>", n))
	}
}

// isTone reports a skin tone, which joins the emoji before it.
func isTone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

// isLead reports a leading Hangul jamo: any number of them forms one cluster.
func isLead(r rune) bool { return r >= 0x1100 && r <= 0x115f || r >= 0xa960 && r <= 0xa97c }

// joining are letters that are drawn into the cell before them: Thai and Lao
// am, Hangul vowels and trailing consonants, halfwidth katakana voicing.
var joining = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0e33, Hi: 0x0e33, Stride: 1},
		{Lo: 0x0eb3, Hi: 0x0eb3, Stride: 1},
		{Lo: 0x1160, Hi: 0x11ff, Stride: 1},
		{Lo: 0xd7b0, Hi: 0xd7ff, Stride: 1},
		{Lo: 0xff9e, Hi: 0xff9f, Stride: 1},
	},
}

// linking are the viramas of Indic_Conjunct_Break=Linker, and of the scripts
// between them, where no chain gets that long in real text.
var linking = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x094d, Hi: 0x0d4d, Stride: 0x80},
		{Lo: 0x1039, Hi: 0x1039, Stride: 1},
		{Lo: 0x17d2, Hi: 0x17d2, Stride: 1},
		{Lo: 0x1a60, Hi: 0x1a60, Stride: 1},
		{Lo: 0x1b44, Hi: 0x1b44, Stride: 1},
		{Lo: 0x1bab, Hi: 0x1bab, Stride: 1},
		{Lo: 0xa9c0, Hi: 0xa9c0, Stride: 1},
		{Lo: 0xaaf6, Hi: 0xaaf6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x10a3f, Hi: 0x10a3f, Stride: 1},
		{Lo: 0x11133, Hi: 0x11133, Stride: 1},
		{Lo: 0x113d0, Hi: 0x113d0, Stride: 1},
		{Lo: 0x1193e, Hi: 0x1193e, Stride: 1},
		{Lo: 0x11a47, Hi: 0x11a47, Stride: 1},
		{Lo: 0x11a99, Hi: 0x11a99, Stride: 1},
		{Lo: 0x11f42, Hi: 0x11f42, Stride: 1},
	},
}
