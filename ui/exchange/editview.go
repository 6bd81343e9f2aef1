package exchange

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// editPicture is edit mode: what will be sent beside the original, ready-made
// faults, the guess, the difference on the wire, and who is at the other end.
func (p Pane) editPicture(e pane.Env) []string {
	s, ok := p.subject(e)
	if !ok {
		return []string{"", " This message cannot be edited any more. " + e.Keys.Key(keys.Back) + " leaves edit mode."}
	}
	if p.edit.asking == theName {
		return p.gate(s, e)
	}
	safety := s.safety(e)
	room := e.H - len(safety)
	if e.W >= besideFrom && room >= len(s.faults)+12 {
		return slices.Concat(p.editWide(s, e, room), safety)
	}
	return slices.Concat(p.editNarrow(s, e, room), safety)
}

// besideFrom is the width from which on the faults stand beside the values.
const besideFrom = 100

// editWide is edit mode in room lines with the faults beside the values.
func (p Pane) editWide(s subject, e pane.Env, room int) []string {
	const side = 44
	guess, diff := p.guessLines(s, e), s.diff(e)
	room -= len(guess)
	diff = fitting(diff, room-p.fewest(s))
	room -= len(diff)
	w := e.W - side - 2
	body := p.rows(s, e, w, room)
	for len(body) < room {
		body = append(body, "")
	}
	body = pane.Beside(body, w, s.faultList(e, side), " "+e.Styles.Border.Render(e.Styles.Sym.Lane)+" ")
	return slices.Concat(body, guess, diff)
}

// editNarrow is edit mode in room lines, one part under the other. Two rows to
// work with come first, then one line each for the faults and the guess; then
// each part grows to its full height while there is room.
func (p Pane) editNarrow(s subject, e pane.Env, room int) []string {
	const least = 3 // the head of the table and two rows
	faults, guess, diff := s.faultGrid(e, e.H), p.guessLines(s, e), s.diff(e)
	nf, ng := min(len(faults), 1), min(len(guess), 1)
	if room < least+nf+ng {
		nf = 0
	}
	if room < least+ng {
		ng = 0
	}
	rows := min(p.fewest(s), room-nf-ng)
	free := room - rows - nf - ng
	if ng == 1 && free >= len(guess)-1 {
		free -= len(guess) - 1
		ng = len(guess)
	}
	more := min(free, len(faults)-nf)
	nf, free = nf+more, free-more
	switch {
	case nf == 0:
		faults = nil
	case nf < len(faults):
		faults = s.faultGrid(e, nf)
	}
	switch {
	case ng == 0:
		guess = nil
	case ng < len(guess):
		guess = p.guessLine(s, e)
	}
	diff = fitting(diff, free)
	body := p.rows(s, e, e.W, rows+free-len(diff))
	out := slices.Concat(body, faults, guess, diff)
	for len(out) < room {
		out = append(out, "")
	}
	return out
}

// fewest is how many lines the table wants before anything else may grow.
func (p Pane) fewest(s subject) int { return min(len(s.rows)+1, 5) + 1 }

// fitting is a part with a heading, cut to n lines; a heading alone says nothing.
func fitting(part []string, n int) []string {
	if n < 2 {
		return nil
	}
	return part[:min(n, len(part))]
}

// columns are the widths of the table.
type columns struct{ name, orig, next int }

// columns makes room for the names, then for the originals, and gives the rest
// to what will be sent. A narrow screen has no column for the originals.
func (s subject) columns(w int) columns {
	c := columns{name: 9}
	for _, r := range s.rows {
		c.name = max(c.name, ansi.StringWidth(rowName(r)))
		c.orig = max(c.orig, ansi.StringWidth(s.veil.value(r.old)), 8)
	}
	c.name = min(c.name, max(w/4, 9))
	c.orig = min(c.orig, (w-c.name-7)*2/5)
	if w < 44 {
		c.orig = 0
	}
	c.next = max(w-c.name-c.orig-7, 2)
	return c
}

// rows is the table of values, in h lines of w cells. Rows that do not fit are
// named under the table where there is a line for it, else counted in its head.
func (p Pane) rows(s subject, e pane.Env, w, h int) []string {
	st := e.Styles
	c := s.columns(w)
	names := make([]string, 0, len(s.rows)+1)
	lines := make([]string, 0, len(s.rows)+1)
	for i, r := range s.rows {
		names = append(names, plainName(r.name))
		lines = append(lines, p.row(s, r, i == p.edit.row, c, e))
	}
	marked := p.edit.row >= len(s.rows)
	last := s.gutter(same, marked, e)
	if p.edit.asking == aPair {
		last += "name=value: " + p.edit.field.View(max(w-16, 2), st)
	} else {
		last += named("+ add a parameter", 17, marked, e) + "  " + st.Key.Render(e.Keys.Key(keys.AddOne))
	}
	lines, names = append(lines, last), append(names, "+ add")
	at := min(p.edit.row, len(lines)-1)

	list := max(h-1, 1)
	naming := len(lines) > list && h >= 5
	if naming {
		list--
	}
	shown, top := pane.Window(lines, 0, at, list)
	if naming && top+list >= len(lines)-1 { // the line of names would be as long as what it names
		list++
		shown, top = pane.Window(lines, top, at, list)
	}
	below := names[top+len(shown):]
	unnamed := len(below)
	if naming {
		unnamed = 0
	}
	out := append([]string{s.head(c, top, unnamed, w, e)}, shown...)
	if naming && len(below) > 0 {
		text := " " + strconv.Itoa(len(below)) + " more: "
		text += listed(below, w-4-ansi.StringWidth(text), st.Sym.Ellipsis)
		out = append(out, "   "+st.Key.Render(st.Sym.Down)+st.Muted.Render(pane.Cut(text, max(w-4, 1))))
	}
	if free := h - len(out); free > 4 && !marked {
		narrow := e
		narrow.W = w
		text := explanation(s.rows[at].name, s.look, short, narrow)
		if free > 8 {
			text = explanation(s.rows[at].name, s.look, unspoilt, narrow)
		}
		out = append(append(out, ""), text[:min(len(text), free-1)]...)
	}
	return out
}

// listed is a list of names in w cells. Where they do not all fit, those in the
// middle give way: the last two are the address and the line that adds.
func listed(names []string, w int, ellipsis string) string {
	text := strings.Join(names, ", ")
	for n := len(names) - 3; n >= 0 && ansi.StringWidth(text) > w; n-- {
		text = strings.Join(slices.Concat(names[:n], []string{ellipsis}, names[len(names)-2:]), ", ")
	}
	return text
}

// head names the columns, and says how many rows are out of sight.
func (s subject) head(c columns, above, below, w int, e pane.Env) string {
	text := "   " + pane.Fit("PARAMETER", c.name) + "  "
	if c.orig > 0 {
		text += pane.Fit("ORIGINAL", c.orig) + "  "
	}
	text += pick(s.step.In != nil, "WILL BE READ", "WILL BE SENT")
	hidden := ""
	if above > 0 {
		hidden += " " + e.Styles.Sym.Up + " " + strconv.Itoa(above)
	}
	if below > 0 {
		hidden += " " + e.Styles.Sym.Down + " " + strconv.Itoa(below)
	}
	if hidden == "" {
		return e.Styles.Muted.Render(pane.Cut(text, w))
	}
	hidden += " more"
	room := max(w-ansi.StringWidth(hidden)-1, 1)
	return e.Styles.Muted.Render(pane.Fit(text, room)) + e.Styles.Key.Render(hidden)
}

func (p Pane) row(s subject, r pair, marked bool, c columns, e pane.Env) string {
	st := e.Styles
	text := s.gutter(r.mark, marked, e) + named(rowName(r), c.name, marked, e) + "  "
	if c.orig > 0 {
		was := ""
		if r.mark != added {
			was = pane.Middle(s.veil.value(r.old), c.orig)
		}
		if was == "" {
			was = st.Muted.Render(st.Sym.Dash)
		}
		text += pane.Fit(was, c.orig) + "  "
	}
	switch {
	case marked && p.edit.asking == aValue:
		return text + p.edit.field.View(c.next, st)
	case r.mark == same && c.orig == 0:
		return text + pane.Middle(s.veil.value(r.old), c.next)
	}
	return text + s.willBe(r, e, c.next)
}

func (s subject) gutter(m mark, marked bool, e pane.Env) string {
	st, sym := e.Styles, e.Styles.Sym
	cursor, sign := " ", " "
	if marked {
		cursor = st.Now.Render(sym.Cursor)
	}
	switch m {
	case dropped:
		sign = st.Fail.Render(sym.Fail)
	case altered, added:
		sign = st.Edited.Render(sym.Edited)
	}
	return cursor + sign + " "
}

func named(name string, w int, marked bool, e pane.Env) string {
	name = pane.Fit(name, w)
	if marked && e.Focus {
		return e.Styles.Selected.Render(name)
	}
	return name
}

// rowName has a colon for a header, so that it is not taken for a parameter.
func rowName(r pair) string {
	if r.section == header {
		return wire.Safe(r.name) + ":"
	}
	return plainName(r.name)
}

// willBe is the right column: "=" for what is unchanged.
func (s subject) willBe(r pair, e pane.Env, w int) string {
	st, sym := e.Styles, e.Styles.Sym
	switch r.mark {
	case same:
		return "="
	case dropped:
		return st.Edited.Render(sym.EditedOpen + "not sent" + sym.EditedClose)
	}
	val := s.shown(r)
	if val == "" {
		val = "empty"
	}
	return st.Edited.Render(sym.EditedOpen + pane.Cut(val, max(w-ansi.StringWidth(sym.EditedOpen+sym.EditedClose), 1)) + sym.EditedClose)
}

// diff is what changes on the wire, and only that.
func (s subject) diff(e pane.Env) []string {
	st, sym := e.Styles, e.Styles.Sym
	var out []string
	add := func(style func(...string) string, sign, text string) {
		out = append(out, style(" "+sign+" "+pane.Cut(text, max(e.W-4, 1))))
	}
	for _, r := range s.rows {
		if r.mark == same {
			continue
		}
		if r.mark != added {
			add(st.OnlyA.Render, sym.OnlyA, s.onWire(r, r.old, s.veil.value(r.old) != r.old.Value.Safe()))
		}
		if r.mark != dropped {
			add(st.OnlyB.Render, sym.OnlyB, s.onWire(r, r.new, s.veil.secret(r.new) && !s.readyMade(r.new.Name, r.new.Value)))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return append([]string{rule("On the wire", e)}, out...)
}

// onWire is one value as the request spells it.
func (s subject) onWire(r pair, v flows.Param, masked bool) string {
	val := v.Value.Raw()
	switch {
	case r.section == header:
		return wire.Safe(v.Name) + ": " + wire.Safe(pick(masked, wire.Mask(val), val))
	case r.section == line:
		return wire.Safe(pick(masked, wire.Mask(val), val))
	}
	return url.QueryEscape(v.Name) + "=" + pick(masked, wire.Mask(val), url.QueryEscape(val))
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
