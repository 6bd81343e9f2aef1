package flow

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"authdance/themes"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// ink is what a picture is drawn with. The zero brushes draw plain text, which
// is what the row under the cursor needs: it gets one style as a whole.
type ink struct {
	sym                                    *themes.Symbols
	text, muted, title, key                pane.Brush
	ok, fail, warn, now, running           pane.Brush
	later, skipped, edited                 pane.Brush
	front, back, lane, secret, rule, chose pane.Brush
}

func inkOf(s *themes.Styles) ink {
	return ink{sym: &s.Sym,
		text: pane.BrushOf(s.Text), muted: pane.BrushOf(s.Muted), title: pane.BrushOf(s.Title), key: pane.BrushOf(s.Key),
		ok: pane.BrushOf(s.OK), fail: pane.BrushOf(s.Fail), warn: pane.BrushOf(s.Warn), now: pane.BrushOf(s.Now), running: pane.BrushOf(s.Running),
		later: pane.BrushOf(s.Later), skipped: pane.BrushOf(s.Skipped), edited: pane.BrushOf(s.Edited),
		front: pane.BrushOf(s.Front), back: pane.BrushOf(s.Back), lane: pane.BrushOf(s.Muted), secret: pane.BrushOf(s.Secret), rule: pane.BrushOf(s.Border), chose: pane.BrushOf(s.Selected)}
}

func (k ink) flat() ink { return ink{sym: k.sym} }

// status is the sign of a state, with its brush.
func (k ink) status(word string) (string, pane.Brush) {
	switch word {
	case "ok", "pass":
		return k.sym.OK, k.ok
	case "failed", "fail":
		return k.sym.Fail, k.fail
	case "warn":
		return k.sym.Warn, k.warn
	case "running":
		return k.sym.Running[0], k.running
	case "edited":
		return k.sym.Edited, k.edited
	case "ready", "stale":
		return k.sym.Later, k.later
	case "skipped", "na":
		return k.sym.Skipped, k.skipped
	}
	return k.sym.Unknown, k.warn
}

// fill makes exactly h lines of w cells.
func fill(lines []string, e pane.Env) string {
	var b strings.Builder
	for i := range e.H {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i < len(lines) {
			b.WriteString(fit(lines[i], e.W))
		} else {
			b.WriteString(spaces(e.W))
		}
	}
	if e.Styles.Sym.Name == "ascii" { // the marks of cut text and masked values, and our own labels
		return strings.NewReplacer("…", ".", "→", ">", "·", "-", "•", "*", "“", `"`, "”", `"`, "§", "#").Replace(b.String())
	}
	return b.String()
}

func spaces(n int) string { return strings.Repeat(" ", max(0, n)) }

// width is ansi.StringWidth. Nearly all that is drawn here is ASCII, the signs
// of the theme and SGR sequences; those are counted without tables of clusters,
// which are most of the cost of a picture. Anything else is left to ansi.
func width(s string) int {
	n := 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case 0x20 <= c && c < 0x7f:
			n++
			i++
			continue
		case c == '\x1b' && i+1 < len(s) && s[i+1] == '[':
			for i += 2; i < len(s) && (s[i] == ';' || s[i] == ':' || '0' <= s[i] && s[i] <= '9'); i++ {
			}
			if i == len(s) || s[i] != 'm' {
				return ansi.StringWidth(s)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case 0x2500 <= r && r <= 0x25ff && r != '◽' && r != '◾', r == '…', r == '•', r == '·', r == '✓', r == '✗', r == '→':
			n++
			i += size
		default:
			return ansi.StringWidth(s)
		}
	}
	return n
}

// fit is pane.Fit, quick for what is short enough.
func fit(line string, w int) string {
	if n := width(line); n <= w {
		return line + spaces(w-n)
	}
	return pane.Fit(line, w)
}

// beside joins two columns with a line between.
func beside(a []string, w int, b []string, k ink) []string {
	out := make([]string, max(len(a), len(b)))
	for i := range out {
		left, right := "", ""
		if i < len(a) {
			left = a[i]
		}
		if i < len(b) {
			right = b[i]
		}
		out[i] = fit(left, w) + " " + k.rule.Put(k.sym.Lane) + " " + right
	}
	return out
}

// cut is pane.Cut, quick for what is short enough.
func cut(s string, w int) string {
	if width(s) <= w {
		return s
	}
	return pane.Cut(s, w)
}

// wrapped breaks prose and puts a brush on each line; more than limit lines end
// in an ellipsis.
func wrapped(text string, w, limit int, b pane.Brush) []string {
	lines := pane.Wrap(text, w)
	if limit > 0 && len(lines) > limit {
		lines = lines[:limit]
		lines[limit-1] = cut(lines[limit-1]+" …", w)
	}
	for i, l := range lines {
		lines[i] = b.Put(l)
	}
	return lines
}

// keyed is "key what", or "" when no key is bound to the action.
func keyed(e pane.Env, k ink, a keys.Action, what string) string {
	name := e.Keys.Key(a)
	if name == "" {
		return ""
	}
	return k.key.Put(name) + " " + k.muted.Put(what)
}
