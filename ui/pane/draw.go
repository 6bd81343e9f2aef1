package pane

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Fit cuts or pads a styled line to exactly w cells; a cut line ends in "…".
func Fit(line string, w int) string {
	if w <= 0 {
		return ""
	}
	n := ansi.StringWidth(line)
	if n > w {
		line = ansi.Truncate(line, w, "…")
		n = ansi.StringWidth(line)
	}
	return line + strings.Repeat(" ", max(0, w-n))
}

// Cut shortens a line to w cells with "…", and pads nothing.
func Cut(line string, w int) string {
	if ansi.StringWidth(line) <= w {
		return line
	}
	return ansi.Truncate(line, max(w, 0), "…")
}

// Middle shortens plain text in the middle, so that both ends stay readable.
func Middle(text string, w int) string {
	if ansi.StringWidth(text) <= w {
		return text
	}
	if w < 5 {
		return Cut(text, w)
	}
	head := (w - 1) * 2 / 3
	return ansi.Truncate(text, head, "") + "…" + ansi.TruncateLeft(text, ansi.StringWidth(text)-(w-1-head), "")
}

// Wrap breaks plain or styled text into lines of at most w cells, at words
// where it can; prose is kept to 90 cells, the longest line people read well.
func Wrap(text string, w int) []string {
	if w <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(text, min(w, 90), ""), "\n")
}

// Ends puts left and right at the two ends of a line of w cells; right gives way.
func Ends(left, right string, w int) string {
	gap := w - ansi.StringWidth(left) - ansi.StringWidth(right)
	if gap < 1 {
		return Fit(left, w)
	}
	return left + strings.Repeat(" ", gap) + right
}

// Window returns the lines from top on, at most h of them, with top moved so
// that line cursor (when ≥ 0) is visible. It returns the top it used.
func Window(lines []string, top, cursor, h int) ([]string, int) {
	if h <= 0 {
		return nil, 0
	}
	if cursor >= 0 {
		if cursor < top {
			top = cursor
		}
		if cursor >= top+h {
			top = cursor - h + 1
		}
	}
	top = max(0, min(top, len(lines)-h))
	return lines[top:min(len(lines), top+h)], top
}

// Frame draws a border around lines. It is w×h cells with the border; left and
// right go into the top edge, foot into the bottom edge at the right.
func Frame(lines []string, w, h int, left, right, foot string, b lipgloss.Border, edge, title lipgloss.Style) []string {
	if w < 2 || h < 2 {
		return nil
	}
	in := w - 2
	out := make([]string, 0, h)
	out = append(out, edge.Render(b.TopLeft)+titled(left, right, in, b.Top, edge, title)+edge.Render(b.TopRight))
	l, r := edge.Render(b.Left), edge.Render(b.Right)
	for i := range h - 2 {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out = append(out, l+Fit(line, in)+r)
	}
	return append(out, edge.Render(b.BottomLeft)+titled("", foot, in, b.Bottom, edge, title)+edge.Render(b.BottomRight))
}

func titled(left, right string, w int, rule string, edge, title lipgloss.Style) string {
	left = Cut(left, w-2)
	if left != "" {
		left = edge.Render(rule) + title.Render(left) + " "
	}
	lw := ansi.StringWidth(left)
	rw := 0
	if right != "" && lw+ansi.StringWidth(right)+3 <= w {
		right = " " + right + " "
		rw = ansi.StringWidth(right) + 1
	} else {
		right = ""
	}
	gap := max(0, w-lw-rw)
	line := edge.Render(strings.Repeat(rule, gap))
	if right == "" {
		return left + line
	}
	return left + line + right + edge.Render(rule)
}

// Beside joins two columns of lines; each line of a is fitted to aw cells.
func Beside(a []string, aw int, b []string, sep string) []string {
	out := make([]string, max(len(a), len(b)))
	for i := range out {
		var left, right string
		if i < len(a) {
			left = a[i]
		}
		if i < len(b) {
			right = b[i]
		}
		out[i] = Fit(left, aw) + sep + right
	}
	return out
}

// Over lays top over base with its upper left corner at x, y.
func Over(base, top []string, x, y int) []string {
	out := append([]string{}, base...)
	for i, line := range top {
		if y+i < 0 || y+i >= len(out) {
			continue
		}
		under := out[y+i]
		w := ansi.StringWidth(line)
		out[y+i] = ansi.Truncate(under, x, "") + "\x1b[m" + line + "\x1b[m" + ansi.TruncateLeft(under, x+w, "")
	}
	return out
}
