package pane

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// Brush is a style that was rendered once: pictures have hundreds of short
// pieces, and a Style.Render for each of them costs more than all the rest.
// The zero Brush leaves text plain, which is what the row under the cursor
// needs: it gets one style as a whole.
type Brush struct{ Open, End string }

// BrushOf renders a style once.
func BrushOf(s lipgloss.Style) Brush {
	open, end, _ := strings.Cut(s.Render("x"), "x")
	return Brush{open, end}
}

// Put paints the text.
func (b Brush) Put(s string) string {
	if s == "" || b.Open == "" {
		return s
	}
	return b.Open + s + b.End
}
