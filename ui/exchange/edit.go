package exchange

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// edit is the view state of edit mode. The edits themselves are in the log.
type edit struct {
	step   string // ID of the step whose message is edited; "" outside of edit mode
	run    int
	row    int
	guess  int // 0: none; else the choice, from 1
	undo   [][]flows.Edit
	asking asking
	field  pane.Field
}

func (d edit) on() bool { return d.step != "" }

// asking is what the open text field is for.
type asking int

const (
	nothing asking = iota
	aValue         // of the marked row
	aPair          // name=value of a parameter to add
	theName        // of a LIVE profile, before anything can be edited
)

// subject is the step in edit mode and its message before and after.
type subject struct {
	look
	orig, next flows.Request
	rows       []pair
	edits      []flows.Edit
	faults     []fault
}

func (p Pane) subject(e pane.Env) (subject, bool) {
	k, ok := see(e, e.Snap.State.Grant.Index(p.edit.step), -1)
	if !ok {
		return subject{}, false
	}
	s := subject{look: k, edits: k.s.Edits[p.edit.step]}
	if s.orig, s.next, ok = k.s.Preview(k.i); !ok {
		return s, false
	}
	s.rows = compare(s.orig, s.next)
	s.faults = faults(k.step.ID, s.orig, k.s.Vars)
	return s, true
}

// enter opens edit mode on the step in view, or says why it cannot.
func (p Pane) enter(k look, e pane.Env) (pane.Pane, tea.Msg) {
	if why := k.fixed(e); why != "" {
		return p, pane.Say{Text: why}
	}
	p.edit = edit{step: k.step.ID, run: e.Snap.Run}
	switch e.Snap.State.Profile.Class {
	case "LAB":
	case "TEST":
		if p.warned != e.Snap.Run {
			p.warned = e.Snap.Run
			return p, pane.Say{Text: "This profile is a TEST system: what you change here is really sent to " + wire.Safe(e.Snap.State.Profile.Name) + "."}
		}
	default:
		if p.allowed != e.Snap.Run {
			p.edit.asking = theName
		}
	}
	return p, nil
}

// fixed is why the step's message cannot be edited, "" when it can.
func (k look) fixed(e pane.Env) string {
	switch {
	case e.Snap.Past:
		return "This is the past, and it stays as it was. " + e.Keys.Key(keys.Now) + " in the Flow pane returns to now, " + e.Keys.Key(keys.Fork) + " tries another way from here."
	case k.s.Status == flows.Running:
		return "A step is running. Edit the next request when its answer is here, or cancel with " + e.Keys.Key(keys.Cancel) + "."
	case k.result.Skipped != "":
		return "This step was skipped, so it has no message: " + wire.Safe(k.result.Skipped) + "."
	case k.silent():
		return "This step sends nothing, so there is nothing to edit. Its values go out later: edit them there."
	case len(k.s.Missing(k.i)) > 0:
		return "This step cannot be edited yet. " + k.waitsFor()
	}
	if _, _, ok := k.s.Preview(k.i); !ok {
		return "This message is not here yet, so there is nothing to edit."
	}
	return ""
}

// Break opens edit mode on the token step with a ready-made fault chosen, 1
// being the first. Where that cannot be, the message says why.
func (p Pane) Break(e pane.Env, number int) (Pane, tea.Msg) {
	k, ok := see(e, e.Snap.State.Grant.Index("token"), -1)
	if !ok {
		return p, pane.Say{Text: "This run has no token request to break."}
	}
	next, msg := p.enter(k, e)
	p = next.(Pane)
	if !p.edit.on() || p.edit.asking != nothing {
		return p, msg
	}
	s, ok := p.subject(e)
	if !ok || number < 1 || number > len(s.faults) {
		return p, msg
	}
	return p.mark(s, s.faults[number-1].edits).change(s, s.faults[number-1].edits)
}

// mark moves the cursor to the first row that the edits change.
func (p Pane) mark(s subject, edits []flows.Edit) Pane {
	for i, r := range compare(s.orig, s.orig.Edit(edits)) {
		if r.mark != same {
			p.edit.row = i
			break
		}
	}
	return p
}

// change records new edits and keeps the old ones for undo.
func (p Pane) change(s subject, edits []flows.Edit) (Pane, tea.Msg) {
	if slices.Equal(s.edits, edits) {
		return p, nil
	}
	p.edit.undo = append(slices.Clip(p.edit.undo), s.edits)
	p.edit.guess = 0
	return p, s.record(edits)
}

func (s subject) record(edits []flows.Edit) tea.Msg {
	return pane.Record{Events: []flows.Event{flows.Edited{Step: s.step.ID, Edits: edits}}}
}

// actEdit handles an action of edit mode.
func (p Pane) actEdit(a keys.Action, e pane.Env) (pane.Pane, tea.Msg) {
	s, ok := p.subject(e)
	if !ok {
		p.edit = edit{}
		return p.laidOut(e), nil
	}
	if p.edit.asking != nothing {
		return p.actField(a, s, e)
	}
	if n := slices.Index([]keys.Action{keys.Fault1, keys.Fault2, keys.Fault3, keys.Fault4, keys.Fault5, keys.Fault6, keys.Fault7, keys.Fault8, keys.Fault9}, a); n >= 0 {
		if n >= len(s.faults) {
			return p, pane.Say{Text: "This step has no ready-made fault " + digit(n) + "."}
		}
		return p.mark(s, s.faults[n].edits).change(s, s.faults[n].edits)
	}
	last := len(s.rows) // the row that adds
	p.edit.row = min(p.edit.row, last)
	switch a {
	case keys.Enter:
		return p.send(s, e)
	case keys.Back:
		return p.restore(s, e)
	case keys.Up:
		p.edit.row = max(p.edit.row-1, 0)
	case keys.Down:
		p.edit.row = min(p.edit.row+1, last)
	case keys.PgUp, keys.Top:
		p.edit.row = 0
	case keys.PgDown, keys.Bottom:
		p.edit.row = last
	case keys.Left:
		p.edit.guess = max(p.edit.guess-1, 0)
	case keys.Right:
		p.edit.guess = min(p.edit.guess+1, len(s.choices()))
	case keys.Value:
		return p.open(s)
	case keys.AddOne:
		p.edit.row, p.edit.asking, p.edit.field = last, aPair, pane.NewField("")
	case keys.Keep:
		return p.cycle(s)
	case keys.Undo:
		if n := len(p.edit.undo); n > 0 {
			back := p.edit.undo[n-1]
			p.edit.undo = slices.Clip(p.edit.undo[:n-1])
			return p, s.record(back)
		}
		return p, pane.Say{Text: "There is nothing to undo."}
	case keys.UndoAll:
		return p.change(s, nil)
	case keys.Copy:
		return p, p.copyRow(s)
	case keys.CopyAll:
		return p, copyCurl(look{msgs: []message{{req: s.next}}})
	case keys.Lookup:
		if p.edit.row < last && e.Catalog != nil {
			if entry, known := e.Catalog.Parameter(s.rows[p.edit.row].name); known {
				return p, pane.OpenPage{ID: "parameter/" + entry.Name}
			}
		}
	}
	return p, nil
}

// send records the guess and asks for the step. A step whose turn has not come
// keeps its edits until then.
func (p Pane) send(s subject, e pane.Env) (pane.Pane, tea.Msg) {
	var events []flows.Event
	expect := ""
	if choices := s.choices(); p.edit.guess > 0 && p.edit.guess <= len(choices) {
		expect = choices[p.edit.guess-1]
	}
	if expect != s.s.Guesses[s.step.ID] { // an old guess says nothing about this attempt
		events = append(events, flows.Guessed{Step: s.step.ID, Expect: expect})
	}
	p.edit = edit{}
	if s.i <= s.s.Step {
		return p.laidOut(e), pane.Record{Events: append(events, flows.Advanced{To: s.step.ID})}
	}
	switch {
	case len(events) > 0:
		return p.laidOut(e), pane.Record{Events: events}
	case len(s.edits) == 0:
		return p.laidOut(e), nil
	}
	return p.laidOut(e), pane.Say{Text: "Kept. It goes out changed when the turn of " + stepName(s.i) + " has come."}
}

// restore leaves edit mode with the original.
func (p Pane) restore(s subject, e pane.Env) (pane.Pane, tea.Msg) {
	p.edit = edit{}
	if len(s.edits) == 0 {
		return p.laidOut(e), nil
	}
	return p.laidOut(e), s.record(nil)
}

// open starts to edit the marked row. A masked value is not put into the field:
// what is typed there is shown.
func (p Pane) open(s subject) (pane.Pane, tea.Msg) {
	if p.edit.row >= len(s.rows) {
		p.edit.asking, p.edit.field = aPair, pane.NewField("")
		return p, nil
	}
	r := s.rows[p.edit.row]
	if why := r.locked(); why != "" {
		return p, pane.Say{Text: why}
	}
	text := r.now().Value.Raw()
	if s.veil.secret(r.now()) && !s.readyMade(r.name, r.now().Value) {
		text = ""
	}
	p.edit.asking, p.edit.field = aValue, pane.NewField(text)
	return p, nil
}

// locked is why the row cannot be edited: edits work by name.
func (r pair) locked() string {
	switch {
	case r.again:
		return "Two values have this name. Edit the first one; dropping it drops both."
	case r.section != line && strings.HasPrefix(r.name, ":"):
		return "A name that starts with a colon cannot be edited: edits use such names for the method and the address."
	}
	return ""
}

// cycle goes from keep to drop to twice, and around.
func (p Pane) cycle(s subject) (pane.Pane, tea.Msg) {
	if p.edit.row >= len(s.rows) {
		return p.open(s)
	}
	r := s.rows[p.edit.row]
	if why := r.locked(); why != "" {
		return p, pane.Say{Text: why}
	}
	if r.section == line {
		return p, pane.Say{Text: "A request always has this part. Edit its value, or undo."}
	}
	mine := func(ed flows.Edit) bool { return ed.Name == r.name }
	rest := slices.DeleteFunc(slices.Clone(s.edits), mine)
	had, _ := original(s.orig, r.name)
	_, inOriginal := s.orig.Find(r.name)
	twice := slices.ContainsFunc(s.edits, func(ed flows.Edit) bool { return mine(ed) && ed.Op == flows.Add })
	switch {
	case !inOriginal || twice:
		return p.change(s, rest)
	case r.mark == dropped:
		return p.change(s, append(rest, flows.Edit{Op: flows.Add, Name: r.name, Value: had}))
	}
	return p.change(s, append(rest, flows.Edit{Op: flows.Drop, Name: r.name}))
}

// set replaces the edits of one name by a new value.
func (s subject) set(r pair, val wire.Untrusted) []flows.Edit {
	out := slices.Clone(s.edits)
	if r.mark == added && r.section != line { // the added value itself
		i := slices.IndexFunc(out, func(ed flows.Edit) bool { return ed.Name == r.name && ed.Op == flows.Add && ed.Value == r.new.Value })
		if i >= 0 {
			out[i].Value = val
			return out
		}
	}
	out = slices.DeleteFunc(out, func(ed flows.Edit) bool { return ed.Name == r.name && ed.Op != flows.Add })
	if val == r.old.Value && r.mark != added {
		return out
	}
	return append([]flows.Edit{{Op: flows.Set, Name: r.name, Value: val}}, out...)
}

// actField handles the few actions of an open text field.
func (p Pane) actField(a keys.Action, s subject, e pane.Env) (pane.Pane, tea.Msg) {
	switch a {
	case keys.Clear:
		p.edit.field = pane.Field{}
	case keys.Back:
		if p.edit.asking == theName {
			p.edit = edit{}
			return p.laidOut(e), nil
		}
		p.edit.asking = nothing
	case keys.Enter:
		return p.take(s)
	}
	return p, nil
}

// take ends the text field with what stands in it.
func (p Pane) take(s subject) (pane.Pane, tea.Msg) {
	text := p.edit.field.String()
	was := p.edit.asking
	if was == theName {
		if name := s.s.Profile.Name; text != name && text != s.s.Profile.ID {
			return p, pane.Say{Text: "That is not the name of the profile. Nothing was changed.", Bad: true}
		}
		p.allowed = p.edit.run
		p.edit.asking = nothing
		return p, nil
	}
	if was == aPair {
		name, val, _ := strings.Cut(text, "=")
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			return p, pane.Say{Text: "Write the new parameter as name=value."}
		case strings.HasPrefix(name, ":"):
			return p, pane.Say{Text: "A name cannot start with a colon here."}
		}
		p.edit.asking = nothing
		edits := append(slices.Clone(s.edits), flows.Edit{Op: flows.Add, Name: name, Value: wire.Untrusted(val)})
		for i, r := range compare(s.orig, s.orig.Edit(edits)) {
			if r.mark == added && r.name == name {
				p.edit.row = i
			}
		}
		return p.change(s, edits)
	}
	p.edit.asking = nothing
	if p.edit.row >= len(s.rows) {
		return p, nil
	}
	r := s.rows[p.edit.row]
	if text == "" && s.veil.secret(r.now()) && !s.readyMade(r.name, r.now().Value) {
		return p, nil // the field was empty because the value is hidden
	}
	return p.change(s, s.set(r, wire.Untrusted(text)))
}

func (p Pane) copyRow(s subject) tea.Msg {
	if p.edit.row >= len(s.rows) {
		return pane.Say{Text: "Nothing was copied: this line has no value."}
	}
	r := s.rows[p.edit.row]
	if r.now().Value == "" {
		return pane.Say{Text: "Nothing was copied: this line has no value."}
	}
	return pane.Copy{Text: r.now().Value.Raw(), What: "the value of " + plainName(r.name)}
}

// primary is what enter does in edit mode.
func (p Pane) primary(e pane.Env) string {
	if p.edit.asking != nothing {
		return "takes what you typed"
	}
	s, ok := p.subject(e)
	if !ok {
		return "leaves edit mode"
	}
	later, changed, again := s.i > s.s.Step, len(s.edits) > 0, s.result.Ran()
	switch {
	case later && changed:
		return "keeps the change for later"
	case later:
		return "leaves edit mode, nothing is changed"
	case s.step.In != nil && changed:
		return "reads the changed message"
	case s.step.In != nil && again:
		return "reads the message again, unchanged"
	case s.step.In != nil:
		return "reads the message, unchanged"
	case changed:
		return "sends the changed request"
	case again:
		return "sends the request again, unchanged"
	}
	return "sends the request, unchanged"
}
