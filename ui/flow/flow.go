// Package flow is the Flow pane: the steps of the run with their states, and
// the sequence diagram of its messages. Its rule: every sign is computed from
// the state in view, nothing here remembers what happened; the pane itself only
// knows whether the diagram is open and where its cursor is.
package flow

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/themes"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/session"
)

// Pane is the Flow pane.
type Pane struct {
	pane.Plain
	diagram bool
	free    bool // the person moved the diagram's cursor away from the newest message
	at      int  // message under it then
	seen    moment
	ink     ink // of the theme in use, mixed in Sync
	of      *themes.Styles
}

// moment is where a run stands. When it changes, the cursor goes to the news.
type moment struct {
	run, step int
	status    flows.Status
}

func momentOf(s session.Snapshot) moment { return moment{s.Run, s.State.Step, s.State.Status} }

// New is the pane with the list open.
func New() Pane { return Pane{} }

// Wide: the sequence diagram wants the whole body, and so does a wait for
// somebody on another device.
func (p Pane) Wide(e pane.Env) bool { return p.diagram || asked(e) }

// Busy: esc closes the sequence diagram.
func (p Pane) Busy(pane.Env) bool { return p.diagram }

// Scope is keys.Flow.
func (p Pane) Scope() keys.Scope { return keys.Flow }

// Title counts the steps that are behind us, or the messages.
func (p Pane) Title(e pane.Env) (left, right string) {
	s := e.Snap.State
	left = "Flow"
	if e.Snap.Run == 0 {
		return left, ""
	}
	if p.diagram {
		left += " " + e.Styles.Sym.Dot + " sequence"
	}
	if e.Snap.Past {
		left += " " + e.Styles.Sym.Dot + " the past"
	}
	if p.diagram {
		ms := flows.Diagram(s)
		return left, fmt.Sprintf("message %d of %d", p.cursor(ms)+1, len(ms))
	}
	return left, fmt.Sprintf("%d/%d", s.Step, len(s.Grant.Steps))
}

// current is the step that runs next or now; the last one when the run is over.
func current(s flows.State) int { return max(0, min(s.Step, len(s.Grant.Steps)-1)) }

// cursor is the message under the cursor: the newest one, unless it was moved.
func (p Pane) cursor(ms []flows.Message) int {
	if p.free {
		return max(0, min(p.at, len(ms)-1))
	}
	for i := len(ms) - 1; i > 0; i-- {
		if ms[i].Kind != flows.Planned {
			return i
		}
	}
	return 0
}

// firstOf is the first message of a step.
func firstOf(ms []flows.Message, step int) int {
	for i, m := range ms {
		if m.Step == step {
			return i
		}
	}
	return 0
}

// Act moves the cursor, toggles the diagram, opens and copies.
func (p Pane) Act(a keys.Action, e pane.Env) (pane.Pane, tea.Msg) {
	if e.Snap.Run == 0 {
		return p, nil
	}
	switch a {
	case keys.Diagram:
		p.diagram = !p.diagram
		p.free = p.diagram && e.Snap.Selected != current(e.Snap.State)
		if p.free {
			p.at = firstOf(flows.Diagram(e.Snap.State), e.Snap.Selected)
		}
		return p, nil
	case keys.Back:
		p.diagram = false
		return p, nil
	case keys.Enter:
		if p.Primary(e) != "" {
			return p, pane.Focus{Scope: keys.Exchange}
		}
		return p, nil
	case keys.Copy, keys.CopyAll:
		return p, p.copied(a, e)
	}
	if p.diagram {
		return p.walk(a, e)
	}
	n := len(e.Snap.State.Grant.Steps)
	if to, ok := moved(a, e.Snap.Selected, n, max(1, e.H/2)); ok && to != e.Snap.Selected {
		return p, pane.Select{Step: to}
	}
	return p, nil
}

// walk moves over the messages. The step in view follows, so that the other
// panes show what the cursor is on.
func (p Pane) walk(a keys.Action, e pane.Env) (pane.Pane, tea.Msg) {
	ms := flows.Diagram(e.Snap.State)
	to, ok := moved(a, p.cursor(ms), len(ms), max(1, e.H/2))
	if !ok {
		return p, nil
	}
	p.free, p.at = false, to
	p.free = p.cursor(ms) != to
	if step := ms[to].Step; step != e.Snap.Selected {
		return p, pane.Select{Step: step}
	}
	return p, nil
}

// moved is where an action takes a cursor among n lines.
func moved(a keys.Action, at, n, page int) (int, bool) {
	switch a {
	case keys.Up:
		at--
	case keys.Down:
		at++
	case keys.PgUp:
		at -= page
	case keys.PgDown:
		at += page
	case keys.Top:
		at = 0
	case keys.Bottom:
		at = n - 1
	default:
		return at, false
	}
	return max(0, min(at, n-1)), n > 0
}

// Primary: enter opens the step under the cursor; on the current step, and on
// the newest message, it stays the flow's next step.
func (p Pane) Primary(e pane.Env) string {
	s := e.Snap.State
	if e.Snap.Run == 0 {
		return ""
	}
	if p.diagram {
		if ms := flows.Diagram(s); p.free && ms[p.cursor(ms)].Exchange != nil {
			return fmt.Sprintf("opens message %d", p.cursor(ms)+1)
		}
		return ""
	}
	i := e.Snap.Selected
	if i == current(s) || i >= len(s.Results) || s.Results[i].Skipped != "" && i < s.Step {
		return ""
	}
	return fmt.Sprintf("shows step %d", i+1)
}

// Update has nothing to wait for.
func (p Pane) Update(tea.Msg, pane.Env) (pane.Pane, tea.Cmd) { return p, nil }

// Sync lets the diagram's cursor follow the run, and the step that another pane
// put in view.
func (p Pane) Sync(e pane.Env) (pane.Pane, tea.Cmd) {
	if p.of != e.Styles {
		p.ink, p.of = inkOf(e.Styles), e.Styles
	}
	if now := momentOf(e.Snap); now != p.seen {
		p.seen, p.free = now, false
	}
	if !p.diagram || e.Snap.Run == 0 {
		return p, nil
	}
	ms := flows.Diagram(e.Snap.State)
	on := ms[p.cursor(ms)].Step
	if follows := !p.free && e.Snap.Selected == current(e.Snap.State); on != e.Snap.Selected && !follows {
		p.free, p.at = true, firstOf(ms, e.Snap.Selected)
	}
	return p, nil
}

// View draws the list or the diagram.
func (p Pane) View(e pane.Env) string {
	if e.W < 1 || e.H < 1 {
		return ""
	}
	k := p.ink
	if p.of != e.Styles {
		k = inkOf(e.Styles)
	}
	switch {
	case e.W < 12:
		return fill(nil, e)
	case e.Snap.Run == 0:
		return fill(empty(e, k), e)
	case p.diagram:
		return fill(p.sequence(e, k), e)
	case asked(e):
		return fill(elsewhere(e, k), e)
	case e.W >= wide:
		return fill(both(e, k), e)
	}
	return fill(list(e, k, true), e)
}
