package token

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/themes"
	"authdance/ui/pane"
)

// ink is what a picture is drawn with, made once per theme.
type ink struct {
	of                               *themes.Styles
	sym                              *themes.Symbols
	text, muted, hint, title, key    pane.Brush
	border, selected, secret, code   pane.Brush
	pass, warn, fail, na, later, now pane.Brush
	running                          pane.Brush
}

// dipped returns the ink of these styles, k itself when it is that.
func (k ink) dipped(st *themes.Styles) ink {
	if k.of == st || st == nil {
		return k
	}
	return ink{of: st, sym: &st.Sym,
		text: pane.BrushOf(st.Text), muted: pane.BrushOf(st.Muted), hint: pane.BrushOf(st.Hint), title: pane.BrushOf(st.Title), key: pane.BrushOf(st.Key),
		border: pane.BrushOf(st.Border), selected: pane.BrushOf(st.Selected), secret: pane.BrushOf(st.Secret), code: pane.BrushOf(st.Code),
		pass: pane.BrushOf(st.OK), warn: pane.BrushOf(st.Warn), fail: pane.BrushOf(st.Fail), na: pane.BrushOf(st.Skipped), later: pane.BrushOf(st.Later), now: pane.BrushOf(st.Now),
		running: pane.BrushOf(st.Running)}
}

// status is the sign of a state, with its brush; Styles.Status knows the words.
func (k ink) status(word string) (string, pane.Brush) {
	switch word {
	case "pass":
		return k.sym.OK, k.pass
	case "fail":
		return k.sym.Fail, k.fail
	case "warn":
		return k.sym.Warn, k.warn
	case "na":
		return k.sym.Skipped, k.na
	case "ready":
		return k.sym.Later, k.later
	case "running":
		return k.sym.Running[0], k.running
	}
	return k.sym.Unknown, k.warn
}

// line is a line that knows how many cells it fills.
type line struct {
	b strings.Builder
	n int
}

func (l *line) put(b pane.Brush, text string) *line {
	l.b.WriteString(b.Open)
	l.b.WriteString(text)
	l.b.WriteString(b.End)
	l.n += width(text)
	return l
}

func (l *line) gap(n int) *line {
	for range n {
		l.b.WriteByte(' ')
	}
	l.n += max(n, 0)
	return l
}

// fill makes the line w cells wide.
func (l *line) fill(w int) string { return l.gap(w - l.n).b.String() }

// width is the number of cells of a text. Most of it is plain ASCII.
func width(s string) int {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}

// cut shortens plain text to w cells.
func cut(s string, w int) string {
	if width(s) <= w {
		return s
	}
	return pane.Cut(s, w)
}

// middle shortens plain text in the middle.
func middle(s string, w int) string {
	if width(s) <= w {
		return s
	}
	return pane.Middle(s, w)
}

// words cuts plain text to w cells, at a word where it can.
func words(text string, w int) string {
	if width(text) <= w {
		return text
	}
	short := ansi.Truncate(text, max(w-1, 0), "")
	if i := strings.LastIndexByte(short, ' '); i > len(short)/2 {
		short = short[:i]
	}
	return cut(short+"…", w)
}
