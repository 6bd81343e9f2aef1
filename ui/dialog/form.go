package dialog

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// Row is one line of a form: a choice where Choices is set, else a text.
type Row struct {
	Name    string
	What    string // one line about it
	Default string // what it is when nobody says; of a choice, the value
	Why     string // why the default is so
	Choices []string
	Value   string
	Secret  bool // masked
	Needed  bool // may not stay empty
}

// Form asks for several things at once. Its cursor is always on a row: a text
// row takes the keys, a choice is turned with the arrows.
type Form struct {
	pane.Plain
	title, intro, verb string
	rows               []Row
	at                 int
	field              pane.Field
	bad                string // why the last try was refused
	check              func(name, value string) error
	take               func(values map[string]string) (tea.Msg, error)
}

// NewForm makes a form. verb says what enter does. check refuses one value; take
// makes the intent of all of them, by the names of the rows, or refuses them. A
// form without rows is a question.
func NewForm(title, intro, verb string, rows []Row, check func(name, value string) error, take func(map[string]string) (tea.Msg, error)) Form {
	f := Form{title: title, intro: intro, verb: verb, rows: rows, check: check, take: take}
	for i, r := range rows { // the first thing that is missing, else the top
		if r.Needed && r.Value == "" {
			return f.to(i)
		}
	}
	return f.to(0)
}

// Scope of the form's keys: on a text row most keys are text.
func (f Form) Scope() keys.Scope {
	if f.Typing(pane.Env{}) {
		return keys.FormText
	}
	return keys.Form
}

// Typing: the marked row is a text.
func (f Form) Typing(pane.Env) bool { return len(f.rows) > 0 && f.rows[f.at].Choices == nil }

// Title names the form and counts what differs from the default.
func (f Form) Title(pane.Env) (string, string) {
	n := 0
	for _, r := range f.rows {
		if r.Value != r.Default {
			n++
		}
	}
	if n == 0 {
		return f.title, ""
	}
	return f.title, fmt.Sprintf("%d chosen", n)
}

// Lines is how many lines the form needs in w cells, with room for what is said
// about a row.
func (f Form) Lines(w int) int {
	n := 0
	if f.intro != "" {
		n = len(pane.Wrap(f.intro, w-2)) + 1
	}
	if len(f.rows) > 0 {
		n += len(f.rows) + 6
	}
	return n
}

// Primary says what enter does.
func (f Form) Primary(pane.Env) string { return f.verb }

// to marks a row; the field has its text.
func (f Form) to(i int) Form {
	if len(f.rows) == 0 {
		return f
	}
	f.at = max(0, min(i, len(f.rows)-1))
	f.field = pane.NewField(f.rows[f.at].Value)
	return f
}

func (f Form) set(value string) Form {
	f.rows, f.bad = slices.Clone(f.rows), ""
	f.rows[f.at].Value = value
	return f
}

// Act moves, turns a choice, or takes the form.
func (f Form) Act(a keys.Action, e pane.Env) (pane.Pane, tea.Msg) {
	if len(f.rows) == 0 && a != keys.Enter {
		return f, nil
	}
	switch a {
	case keys.Up:
		return f.to(f.at - 1), nil
	case keys.Down:
		return f.to(f.at + 1), nil
	case keys.NextTab:
		return f.to((f.at + 1) % len(f.rows)), nil
	case keys.PrevTab:
		return f.to((f.at + len(f.rows) - 1) % len(f.rows)), nil
	case keys.Top:
		return f.to(0), nil
	case keys.Bottom:
		return f.to(len(f.rows) - 1), nil
	case keys.PgUp, keys.PgDown:
		by := max(1, e.H-8)
		if a == keys.PgUp {
			by = -by
		}
		return f.to(f.at + by), nil
	case keys.Left, keys.Right, keys.Turn:
		return f.turn(map[bool]int{true: -1, false: 1}[a == keys.Left]), nil
	case keys.Clear, keys.Undo:
		if f.rows[f.at].Choices != nil {
			return f.set(f.rows[f.at].Default), nil
		}
		f = f.set("")
		f.field = pane.NewField("")
		return f, nil
	case keys.Enter:
		return f.done()
	}
	return f, nil
}

// turn goes to another choice of the marked row.
func (f Form) turn(by int) Form {
	r := f.rows[f.at]
	if n := len(r.Choices); n > 0 {
		i := max(0, slices.Index(r.Choices, r.Value))
		return f.set(r.Choices[(i+by+n)%n])
	}
	return f
}

// done takes the form, or goes to the row that cannot be taken.
func (f Form) done() (pane.Pane, tea.Msg) {
	values := map[string]string{}
	for i, r := range f.rows {
		v := r.Value
		if r.Choices == nil && !r.Secret {
			v = strings.TrimSpace(v)
		}
		var err error
		switch {
		case r.Needed && v == "":
			err = fmt.Errorf("%s is needed: %s", r.Name, r.What)
		case r.Choices == nil:
			err = f.check(r.Name, v)
		}
		if err != nil {
			f = f.to(i)
			f.bad = err.Error()
			return f, nil
		}
		values[r.Name] = v
	}
	up, err := f.take(values)
	if err != nil {
		f.bad = err.Error()
		return f, nil
	}
	return f, pane.Close{Then: up}
}

// Update takes typed and pasted text.
func (f Form) Update(msg tea.Msg, e pane.Env) (pane.Pane, tea.Cmd) {
	if !f.Typing(e) {
		return f, nil
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		f.field = f.field.Key(msg)
	case tea.PasteMsg:
		f.field = f.field.Paste(msg.Content)
	default:
		return f, nil
	}
	return f.set(f.field.String()), nil
}

// Sync has nothing to do: the rows were made when the form opened.
func (f Form) Sync(pane.Env) (pane.Pane, tea.Cmd) { return f, nil }

// View draws the rows around the cursor, and below what the marked one is.
func (f Form) View(e pane.Env) string {
	st := e.Styles
	name := 0
	for _, r := range f.rows {
		name = max(name, len(r.Name))
	}
	name = min(name, max(12, e.W/3))
	var lines []string
	for i, r := range f.rows {
		lead, style := "  ", st.Muted
		if i == f.at {
			lead, style = st.Sym.Cursor+" ", st.Selected
		} else if r.Value != r.Default {
			style = st.Text
		}
		lines = append(lines, lead+style.Render(pane.Fit(r.Name, name))+"  "+f.value(e, i, e.W-name-4))
	}
	var below []string
	if f.bad != "" {
		for _, l := range pane.Wrap(st.Sym.Fail+" "+wire.Safe(f.bad), e.W-1) {
			below = append(below, " "+st.Fail.Render(l))
		}
	}
	for _, l := range f.about(e) {
		below = append(below, " "+l)
	}
	var head []string
	if f.intro != "" && (e.H > len(f.rows)+8 || len(f.rows) == 0) {
		for _, l := range pane.Wrap(f.intro, e.W-2) {
			head = append(head, " "+st.Muted.Render(l))
		}
		head = append(head, "")
	}
	if len(f.rows) == 0 {
		return strings.Join(slices.Concat(head, below), "\n")
	}
	if most := max(3, e.H/3); len(below) > most && f.bad == "" { // the rows matter more
		below = append(below[:most-1], " "+st.Muted.Render("…"))
	}
	below = below[:min(len(below), max(1, e.H-len(head)-3))]
	room := max(1, e.H-len(head)-len(below)-1)
	window, _ := pane.Window(lines, 0, f.at, room)
	for len(window) < room && len(window) < len(lines) {
		window = append(window, "")
	}
	rule := st.Muted.Render(strings.Repeat(st.Sym.Light.Top, max(0, e.W)))
	return strings.Join(slices.Concat(head, window, []string{rule}, below), "\n")
}

// value draws what a row is now, in w cells.
func (f Form) value(e pane.Env, i, w int) string {
	st, r := e.Styles, f.rows[i]
	marked := i == f.at
	if r.Choices != nil {
		var all []string
		width := 0
		for _, c := range r.Choices {
			width += ansi.StringWidth(c) + 2
			if c == r.Value {
				all = append(all, st.Sym.TabOpen+st.Key.Render(c)+st.Sym.TabClose)
			} else {
				all = append(all, " "+st.Muted.Render(c)+" ")
			}
		}
		if marked && width <= w {
			return strings.Join(all, "")
		}
		if marked {
			n := slices.Index(r.Choices, r.Value) + 1
			return st.Sym.TabOpen + st.Key.Render(r.Value) + st.Sym.TabClose + st.Muted.Render(fmt.Sprintf("  %d of %d", n, len(r.Choices)))
		}
		if r.Value == r.Default {
			return " " + st.Muted.Render(pane.Cut(r.Value, w-1))
		}
		return " " + st.Text.Render(pane.Cut(r.Value, w-1))
	}
	switch {
	case marked && r.Secret:
		return " " + st.Secret.Render(strings.Repeat("•", min(len([]rune(r.Value)), w-3))) + st.Selected.Render(" ")
	case marked:
		return " " + f.field.View(w-1, st)
	case r.Value == "" && r.Needed:
		return " " + st.Warn.Render("needed")
	case r.Value == "":
		return " " + st.Muted.Render("–")
	case r.Secret:
		return " " + st.Secret.Render(pane.Cut(wire.Mask(r.Value), w-1))
	}
	return " " + st.Text.Render(pane.Middle(wire.Safe(r.Value), w-1))
}

// about explains the marked row: what it is, the default and why.
func (f Form) about(e pane.Env) []string {
	if len(f.rows) == 0 {
		return nil
	}
	st, r := e.Styles, f.rows[f.at]
	var out []string
	add := func(text string, put func(...string) string) {
		for _, l := range pane.Wrap(text, e.W-2) {
			out = append(out, put(l))
		}
	}
	add(r.What+".", st.Text.Render)
	switch {
	case r.Choices != nil && r.Why != "":
		add("Default "+r.Default+"; "+r.Why+".", st.Muted.Render)
	case r.Choices != nil:
		add("Default "+r.Default+".", st.Muted.Render)
	case r.Why != "":
		add(r.Why+".", st.Muted.Render)
	}
	return out
}
