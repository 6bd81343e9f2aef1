package exchange

import (
	"strconv"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows/diagnose"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// faultGrid lists the ready-made faults in columns under a rule, in at most h
// lines. What does not fit is counted; the digits of all of them work.
func (s subject) faultGrid(e pane.Env, h int) []string {
	if len(s.faults) == 0 {
		return nil
	}
	width := 0
	for _, f := range s.faults {
		width = max(width, ansi.StringWidth(f.name)+5)
	}
	per := max(1, (e.W-1)/width)
	all := len(s.faults)
	fit := all
	if full := 1 + (all+per-1)/per; full > h {
		fit = max((h-1)*per-1, 0)
	}
	out := []string{rule(pane.Cut(s.faultTitle(e, fit == 0), max(e.W-6, 1)), e)}
	if fit == 0 {
		return out
	}
	for i := 0; i < all; i += per {
		line := " "
		for n := i; n < min(i+per, all); n++ {
			if n == fit {
				line += " " + e.Styles.Sym.Ellipsis + " " + strconv.Itoa(all-fit) + " more: " + digits(fit, all)
				return append(out, line)
			}
			line += pane.Fit(s.faultName(n, e), width)
		}
		out = append(out, line)
	}
	return out
}

// faultTitle names the chosen fault and the idea that it teaches, as far as
// there is room. Alone in its line it also has the keys.
func (s subject) faultTitle(e pane.Env, alone bool) string {
	dot := " " + e.Styles.Sym.Dot + " "
	title := "Break it on purpose"
	if alone {
		title = digits(0, len(s.faults)) + ": break it on purpose"
	}
	for i, f := range s.faults {
		if !matches(f, s.edits) {
			continue
		}
		idea := dot + "teaches: " + f.idea
		for _, text := range []string{title + dot + f.name + idea, digit(i) + " " + f.name + idea} {
			if ansi.StringWidth(text) <= e.W-6 {
				return text
			}
		}
		return digit(i) + " " + f.name
	}
	return title
}

// digits are the keys of the faults from i to before n.
func digits(i, n int) string {
	if n-i == 1 {
		return digit(i)
	}
	return digit(i) + " to " + digit(n-1)
}

// faultList has one fault a line, with the idea that it shows.
func (s subject) faultList(e pane.Env, w int) []string {
	if len(s.faults) == 0 {
		return nil
	}
	out := []string{pane.Fit(" "+e.Styles.Title.Render("Break it on purpose"), 28) + e.Styles.Muted.Render("teaches:")}
	for i, f := range s.faults {
		out = append(out, pane.Fit(s.faultName(i, e), 28)+e.Styles.Muted.Render(pane.Fit(f.idea, max(w-28, 1))))
	}
	out = append(out, "")
	key := func(a keys.Action) string { return e.Styles.Key.Render(e.Keys.Key(a)) }
	return append(out, " "+key(keys.Value)+" edits the marked value",
		" "+key(keys.Keep)+" drops it, or sends it twice",
		" "+key(keys.Undo)+" undoes the last change, "+key(keys.UndoAll)+" all of them")
}

func (s subject) faultName(i int, e pane.Env) string {
	f := s.faults[i]
	sign := " "
	text := e.Styles.Key.Render(digit(i)) + " " + f.name
	if matches(f, s.edits) {
		sign = e.Styles.Now.Render(e.Styles.Sym.Cursor)
		text = e.Styles.Key.Render(digit(i)) + " " + e.Styles.Edited.Render(f.name)
	}
	return sign + text
}

func digit(i int) string { return strconv.Itoa(i + 1) }

// guessLines is the question, with the choices as radio buttons.
func (p Pane) guessLines(s subject, e pane.Env) []string {
	choices := s.choices()
	if len(choices) == 0 {
		return nil
	}
	sym := e.Styles.Sym
	labels := append([]string{"show me"}, choices...)
	title := "What do you expect?"
	if l, r := e.Keys.Key(keys.Left), e.Keys.Key(keys.Right); l != "" && r != "" {
		title += "  " + l + " " + r
	}
	out := []string{rule(title, e)}
	line := ""
	for i, word := range labels {
		if i > 0 {
			word = diagnose.Outcome(s.step, word)
		}
		dot := " "
		if i == p.edit.guess {
			dot = sym.On
		}
		text := "(" + dot + ") " + word
		if i == p.edit.guess {
			text = e.Styles.Now.Render(text)
		}
		if line != "" && ansi.StringWidth(line)+3+ansi.StringWidth(text) > e.W {
			out = append(out, line)
			line = ""
		}
		if line == "" {
			line = " " + text
			continue
		}
		line += "  " + text
	}
	return append(out, line)
}

// guessLine is the question where there is one line for it: only the choice is
// shown, and the arrows turn it.
func (p Pane) guessLine(s subject, e pane.Env) []string {
	text := "show me"
	if choices := s.choices(); p.edit.guess > 0 && p.edit.guess <= len(choices) {
		text = diagnose.Outcome(s.step, choices[p.edit.guess-1])
	}
	line := " You expect: " + e.Styles.Now.Render("("+e.Styles.Sym.On+") "+text)
	return []string{pane.Ends(pane.Cut(line, e.W), e.Keys.Key(keys.Left)+" "+e.Keys.Key(keys.Right), e.W)}
}
