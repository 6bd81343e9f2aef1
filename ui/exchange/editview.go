package exchange

import (
	"net"
	"net/url"
	"slices"
	"strconv"

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
	least := min(len(s.rows)+1, 5) + 1 // the head, and enough rows to work with

	wide := e.W >= 100 && room >= len(s.faults)+12
	w := e.W
	guess := p.guessLines(s, e)
	if room-len(guess) < least {
		guess = nil
	}
	room -= len(guess)
	var list []string
	if wide {
		w = e.W - 46
		list = s.faultList(e, 44)
	} else {
		list = s.faultGrid(e)
		list = list[:max(0, min(len(list), room-least))]
		if len(list) < 2 {
			list = nil
		}
		room -= len(list)
	}
	diff := s.diff(e)
	if n := min(len(diff), room-least); n >= 2 {
		diff = diff[:n]
		room -= n
	} else {
		diff = nil
	}
	body := p.rows(s, e, w, room)
	if wide {
		body = pane.Beside(body, w, list, " "+e.Styles.Border.Render(e.Styles.Sym.Lane)+" ")
		list = nil
	}
	for len(body) < room && wide {
		body = append(body, "")
	}
	out := slices.Concat(body, list, guess, diff)
	for len(out) < e.H-len(safety) {
		out = append(out, "")
	}
	return append(out, safety...)
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

// rows is the table of values, in h lines of w cells.
func (p Pane) rows(s subject, e pane.Env, w, h int) []string {
	st := e.Styles
	c := s.columns(w)
	head := "   " + pane.Fit("PARAMETER", c.name) + "  "
	if c.orig > 0 {
		head += pane.Fit("ORIGINAL", c.orig) + "  "
	}
	head += pick(s.step.In != nil, "WILL BE READ", "WILL BE SENT")
	lines := make([]string, 0, len(s.rows)+1)
	for i, r := range s.rows {
		lines = append(lines, p.row(s, r, i == p.edit.row, c, e))
	}
	marked := p.edit.row >= len(s.rows)
	last := s.gutter(same, marked, e)
	if p.edit.asking == aPair {
		last += "name=value: " + p.edit.field.view(max(w-16, 2), st)
	} else {
		last += named("+ add a parameter", 17, marked, e) + "  " + st.Key.Render(e.Keys.Key(keys.AddOne))
	}
	lines = append(lines, last)
	lines, _ = pane.Window(lines, 0, p.edit.row, max(h-1, 1))
	out := append([]string{st.Muted.Render(pane.Cut(head, w))}, lines...)
	if free := h - len(out); free > 4 && !marked {
		narrow := e
		narrow.W = w
		text := explanation(s.rows[p.edit.row].name, s.look, short, narrow)
		if free > 8 {
			text = explanation(s.rows[p.edit.row].name, s.look, unspoilt, narrow)
		}
		out = append(append(out, ""), text[:min(len(text), free-1)]...)
	}
	return out
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
		return text + p.edit.field.view(c.next, st)
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

// faultGrid lists the ready-made faults in columns, under a rule.
func (s subject) faultGrid(e pane.Env) []string {
	if len(s.faults) == 0 {
		return nil
	}
	width := 0
	for _, f := range s.faults {
		width = max(width, ansi.StringWidth(f.name)+5)
	}
	per := max(1, (e.W-1)/width)
	title := "Break it on purpose"
	for _, f := range s.faults {
		if matches(f, s.edits) {
			title += " " + e.Styles.Sym.Dot + " " + f.name + ": shows " + f.idea
		}
	}
	out := []string{rule(pane.Cut(title, max(e.W-6, 1)), e)}
	for i := 0; i < len(s.faults); i += per {
		line := " "
		for n := i; n < min(i+per, len(s.faults)); n++ {
			line += pane.Fit(s.faultName(n, e), width)
		}
		out = append(out, line)
	}
	return out
}

// faultList has one fault a line, with the idea that it shows.
func (s subject) faultList(e pane.Env, w int) []string {
	if len(s.faults) == 0 {
		return nil
	}
	out := []string{" " + e.Styles.Title.Render("Break it on purpose")}
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
			word = label(s.step, word)
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

// safety says who gets the changed request. It is read off the request itself:
// an edited address must not be called the lab.
func (s subject) safety(e pane.Env) []string {
	st := e.Styles
	ok, warn := st.OK.Render(st.Sym.OK), st.Warn.Render(st.Sym.Warn)
	host, local := hostOf(s.next.URL)
	name := wire.Safe(s.s.Profile.Name)
	var out []string
	switch {
	case s.step.In != nil:
		out = notice(ok, "Nothing is sent: authdance reads the changed message.", e)
	case s.s.Profile.Class == "LAB" && local:
		out = notice(ok, "Target is the embedded lab. Nothing leaves this computer.", e)
	case s.s.Profile.Class == "LAB":
		out = notice(warn, "The address was changed: this goes to "+host+", not to the lab.", e)
	case s.s.Profile.Class == "TEST":
		out = notice(warn, "TEST: this is really sent to "+name+", at "+host+".", e)
	default:
		out = notice(st.Live.Render(st.Sym.Warn), "LIVE: this is really sent to "+name+", at "+host+".", e)
	}
	if s.usedUp() {
		out = append(notice(warn, "This code was sent before, so it is used up. "+e.Keys.Key(keys.RunAll)+" starts a new run.", e), out...)
	}
	return out
}

// usedUp reports a code that went to the server already.
func (s subject) usedUp() bool {
	code, ok := s.orig.Find("code")
	if !ok || s.step.In != nil {
		return false
	}
	for _, m := range s.msgs {
		if before, had := m.req.Find("code"); m.kind == answered && had && before.Value == code.Value {
			return true
		}
	}
	return false
}

// hostOf is the host of an address, and whether it is this computer.
func hostOf(u wire.Untrusted) (host string, local bool) {
	parsed, err := url.Parse(u.Raw())
	if err != nil || parsed.Host == "" {
		return "an address without a host", false
	}
	ip := net.ParseIP(parsed.Hostname())
	return wire.Safe(parsed.Host), parsed.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// gate asks for the name of a LIVE profile before anything can be edited.
func (p Pane) gate(s subject, e pane.Env) []string {
	st := e.Styles
	host, _ := hostOf(s.next.URL)
	name := wire.Safe(s.s.Profile.Name)
	out := []string{""}
	out = append(out, notice(st.Live.Render(st.Sym.Warn), name+" is marked LIVE. Edit mode is off here until you say that you mean it.", e)...)
	out = append(out, "", "   "+pane.Cut(wire.Safe(s.next.Method)+" "+host, max(e.W-4, 1)), "")
	out = append(out, prefixed(pane.Wrap("A changed request can lock an account, use up a token or end somebody's session.", e.W-4), "   ")...)
	out = append(out, "", "   To go on, type the profile name "+st.Title.Render(name)+":", "   "+st.Now.Render(st.Sym.Cursor)+" "+p.edit.field.view(max(e.W-8, 2), st), "")
	return append(out, "   "+st.Key.Render(e.Keys.Key(keys.Back))+" leaves, nothing is sent.")
}
