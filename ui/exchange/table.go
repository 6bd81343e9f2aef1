package exchange

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/ui/keys"
	"authdance/ui/pane"
)

// table draws the values of a message: name, value, where it comes from, and
// with room whether it is needed and what it protects against.
type table struct {
	k    look
	e    pane.Env
	wide bool

	name, value, from, needed, protects int // widths, 0: no such column
}

// The least that the columns of the wide table get; they share what is left.
const (
	leastValue    = 20
	leastNeeded   = 13
	leastProtects = 24
	// roomy is the width from which on there is a column for the protection.
	roomy = 100
)

func (t *table) measure(rows []pair) {
	longest, needed, protects := 8, leastNeeded, leastProtects
	for _, r := range rows {
		longest = max(longest, ansi.StringWidth(t.k.shown(r))+4)
		t.name = max(t.name, ansi.StringWidth(plainName(r.name)))
		t.from = max(t.from, ansi.StringWidth(t.origin(r)))
		if t.wide {
			n, p := t.meaning(r)
			needed, protects = max(needed, ansi.StringWidth(n)), max(protects, ansi.StringWidth(p))
		}
	}
	t.name = min(t.name, max(t.e.W/3, 8))
	free := t.e.W - 3 - t.name - 2 - t.from - 2
	if !t.wide || t.e.W < 60 {
		if free < 8 {
			free += t.from + 2
			t.from = 0
		}
		t.value = max(min(free, longest), 1) // a value far from its origin is hard to follow
		return
	}
	t.value, t.needed = min(longest, leastValue), leastNeeded
	free -= t.value + t.needed + 2
	if t.e.W >= roomy {
		t.protects = leastProtects
		free -= t.protects + 2
	}
	// What is needed is the shortest and the most wanted, so it is cut last.
	t.needed += share(&free, needed-t.needed)
	t.value += share(&free, longest-t.value)
	if t.protects > 0 {
		t.protects += share(&free, protects-t.protects)
	}
	t.value = max(t.value+min(free, 0), 1)
}

// share takes up to want cells of what is free.
func share(free *int, want int) int {
	n := max(min(*free, want), 0)
	*free -= n
	return n
}

// meaning is what the catalog says of a value: whether it is needed, and what
// it protects against.
func (t *table) meaning(r pair) (needed, protects string) {
	if t.e.Catalog == nil {
		return "", ""
	}
	entry, ok := t.e.Catalog.Parameter(r.name)
	if !ok {
		return "", ""
	}
	needed, _, _ = strings.Cut(bare(entry.Needed), ";")
	return needed, bare(entry.Protects)
}

func (t *table) origin(r pair) string {
	if r.mark == dropped {
		return "you"
	}
	if m, ok := t.k.message(); ok {
		return t.k.origin(m, r.new)
	}
	return t.k.made(r.name)
}

// head names the columns of the wide table.
func (t *table) head() string {
	if !t.wide || t.needed == 0 {
		return ""
	}
	st := t.e.Styles.Muted
	line := "   " + pane.Fit("PARAMETER", t.name) + "  " + pane.Fit("VALUE", t.value) + "  " + pane.Fit("FROM", t.from)
	line += "  " + pane.Fit("NEEDED", t.needed)
	if t.protects > 0 {
		line += "  " + pane.Fit("PROTECTS AGAINST", t.protects)
	}
	return st.Render(line)
}

func (t *table) line(r pair, marked bool) string {
	st, sym := t.e.Styles, t.e.Styles.Sym
	sign := " "
	switch {
	case r.mark == dropped:
		sign = st.Fail.Render(sym.Fail)
	case r.mark != same || r.new.Edited:
		sign = st.Edited.Render(sym.Edited)
	}
	cursor := " "
	name := pane.Fit(plainName(r.name), t.name)
	if marked {
		cursor = sym.Cursor
		if t.e.Focus {
			name = st.Selected.Render(name)
		}
	}
	b := strings.Builder{}
	b.WriteString(cursor + sign + " " + name + "  " + pane.Fit(t.text(r), t.value))
	if t.from > 0 {
		b.WriteString("  " + st.Muted.Render(pane.Fit(t.origin(r), t.from)))
	}
	if t.needed > 0 {
		needed, protects := t.meaning(r)
		b.WriteString("  " + pane.Fit(needed, t.needed))
		if t.protects > 0 {
			if protects == "" {
				protects = sym.Dash
			}
			b.WriteString("  " + pane.Fit(protects, t.protects))
		}
	}
	return b.String()
}

func (t *table) text(r pair) string {
	st, sym := t.e.Styles, t.e.Styles.Sym
	if r.mark == dropped {
		return st.Edited.Render(sym.EditedOpen + "not sent" + sym.EditedClose)
	}
	v := t.k.shown(r)
	if v == "" {
		return st.Muted.Render(t.k.empty())
	}
	if r.mark != same || r.new.Edited {
		return st.Edited.Render(sym.EditedOpen + pane.Middle(v, t.value-ansi.StringWidth(sym.EditedOpen+sym.EditedClose)) + sym.EditedClose)
	}
	if t.k.veil.secret(r.new) {
		return st.Secret.Render(pane.Cut(v, t.value))
	}
	return pane.Middle(v, t.value)
}

// shown is the value as the screen may show it. A ready-made wrong value is
// nobody's secret.
func (k look) shown(r pair) string {
	if r.mark != same && k.readyMade(r.new.Name, r.new.Value) {
		return r.new.Value.Safe()
	}
	return k.veil.value(r.new)
}

// bare takes the marks of inline code out of a catalog sentence.
func bare(text string) string { return strings.ReplaceAll(text, "`", "") }

// depth is how much of an explanation is wanted.
type depth int

const (
	short    depth = iota // what it is, and what it protects against
	unspoilt              // not what happens without it: that is the question
	full
)

// explanation answers the five questions about a name, always in the same
// order: what it is, where it comes from, whether it is needed, what it
// protects against, and what happens without it or with a wrong one.
func explanation(name string, k look, d depth, e pane.Env) []string {
	switch name {
	case ":method":
		return qa("What", "What the request does: GET reads, POST hands something in. OAuth endpoints insist on one of them.", e.W, e)
	case ":url":
		return qa("What", "Where the request goes. Every endpoint has its own address, and the metadata names them.", e.W, e)
	case ":body":
		return qa("What", "The text after the headers, as it is.", e.W, e)
	}
	if e.Catalog == nil {
		return []string{" The catalog is still being read."}
	}
	entry, ok := e.Catalog.Parameter(name)
	if !ok {
		return prefixed(pane.Wrap("The catalog has no entry for this name: it is the server's own, or a part of the HTTP message.", e.W-2), " ")
	}
	protects := entry.Protects
	if protects == "" {
		protects = "Nothing by itself."
	}
	ask := func(question, answer string, w int) []string { return qa(question, answer, w, e) }
	if d == short {
		return append(ask("What", entry.What, e.W), ask("Protects", protects, e.W)...)
	}
	// The two halves stand side by side where there is room.
	w, two := e.W, e.W >= 100
	if two {
		w /= 2
	}
	left := slices.Concat(ask("What", entry.What, w), ask("From", entry.ComesFrom, w), ask("Needed", entry.Needed, w))
	right := ask("Protects", protects, w)
	if d == full {
		right = slices.Concat(right, ask("Missing", entry.Missing, w), ask("Wrong", entry.Wrong, w),
			ask("Read", strings.Join(entry.Refs, " "+e.Styles.Sym.Dot+" "), w), ask("Try it", k.tries(name, e), w))
	}
	if !two {
		return append(left, right...)
	}
	return pane.Beside(append(left, ask("Rule", entry.Rule, w)...), w, right, "")
}

// tries names the ready-made faults that touch this value.
func (k look) tries(name string, e pane.Env) string {
	m, ok := k.message()
	if !ok || len(k.s.Missing(k.i)) > 0 {
		return ""
	}
	req := m.req
	if m.kind == planned {
		req = m.orig
	}
	var out []string
	for i, f := range faults(k.step.ID, req, k.s.Vars) {
		for _, ed := range f.edits {
			if ed.Name == name {
				out = append(out, digit(i)+" "+f.name)
				break
			}
		}
	}
	if len(out) == 0 {
		return ""
	}
	return e.Keys.Key(keys.EditReq) + ", then " + strings.Join(out, ", ")
}

// qa is one question with its answer, hanging from its label.
func qa(question, answer string, w int, e pane.Env) []string {
	const label = 10
	if answer == "" {
		return nil
	}
	lines := pane.Wrap(bare(answer), w-label-2)
	for i := range lines {
		if i == 0 {
			lines[i] = " " + e.Styles.Muted.Render(pane.Fit(question, label)) + lines[i]
			continue
		}
		lines[i] = strings.Repeat(" ", label+1) + lines[i]
	}
	return lines
}

func prefixed(lines []string, by string) []string {
	for i := range lines {
		lines[i] = by + lines[i]
	}
	return lines
}
