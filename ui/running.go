package ui

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/ui/exchange"
	"authdance/ui/pane"
	"authdance/ui/token"
)

// begin starts a run; what the wish leaves open is what it is now, or what was
// kept for this flow. With auto the run goes on by itself up to (not including)
// that step; "*" is to the end.
func (m Model) begin(w pane.Wish, auto string) tea.Cmd {
	w = m.filled(w)
	start := m.deps.Start
	return func() tea.Msg {
		e, p, err := start(w)
		return started{e, p, w, auto, err}
	}
}

// filled completes a wish.
func (m Model) filled(w pane.Wish) pane.Wish {
	snap := m.session.Snapshot()
	w.Profile = cmp.Or(w.Profile, snap.Profile)
	if w.Grant == "" {
		w.Grant = m.deps.Flow
		if snap.Run > 0 {
			w.Grant = snap.Head.Spec.Grant
		}
	}
	kept := m.kept[keptAs(w)]
	values := maps.Clone(kept.Values)
	if values == nil {
		values = flows.Vars{}
	}
	maps.Copy(values, w.Values)
	w.Values = values
	if w.Options == nil {
		w.Options = kept.Options
	}
	return w
}

// keptAs is where the choices for a flow of a profile are kept.
func keptAs(w pane.Wish) string { return w.Profile + "\n" + w.Grant }

func (m Model) begun(msg started) (Model, tea.Cmd) {
	if msg.err != nil {
		m.stuck = msg.err.Error()
		return m.tell(pane.Say{Text: m.stuck, Bad: true})
	}
	if lacks := grants.Lacks(msg.event.Grant, msg.event.Vars, msg.event.Secrets); len(lacks) > 0 && m.session.Snapshot().Run > 0 {
		return m.open(m.inputsForm(msg))
	}
	m = m.newBranch()
	m.stuck, m.performer = "", msg.performer
	m.session = m.session.Start(m.deps.Now(), msg.event)
	m.auto = msg.auto
	return m, m.goOn()
}

// newBranch ends the effects of the run so far.
func (m Model) newBranch() Model {
	if m.cancel != nil {
		m.cancel()
	}
	m.cancel = nil
	m.auto = ""
	return m
}

// record appends a fact and performs what it asks for.
func (m Model) record(e flows.Event) (Model, tea.Cmd) {
	var fx []flows.Effect
	m.session, fx = m.session.Record(m.deps.Now(), e)
	m, cmd := m.perform(fx)
	head := m.session.Snapshot().Head
	if step, ok := head.Current(); !ok || step.ID == m.auto || head.Problem != nil {
		m.auto = "" // it has arrived, or it will not
	}
	return m, tea.Batch(cmd, m.goOn())
}

func (m Model) perform(fx []flows.Effect) (Model, tea.Cmd) {
	if len(fx) == 0 {
		return m, nil
	}
	if m.cancel == nil {
		m.branchCtx, m.cancel = context.WithCancel(m.ctx)
	}
	ctx := m.branchCtx
	branch, p := m.session.Branch(), m.performer
	if p == nil {
		p = m.deps.Performer
	}
	cmds := make([]tea.Cmd, len(fx))
	for i, f := range fx {
		cmds[i] = func() tea.Msg { return answered{branch, p.Perform(ctx, f)} }
	}
	return m, tea.Batch(cmds...)
}

// goOn asks for the next step when the run goes by itself.
func (m Model) goOn() tea.Cmd {
	head := m.session.Snapshot().Head
	step, ok := head.Current()
	if m.auto == "" || head.Status != flows.Ready || !ok || step.ID == m.auto {
		return nil
	}
	branch := m.session.Branch()
	if m.deps.Tick == 0 {
		return func() tea.Msg { return ticked{branch: branch} }
	}
	return tea.Tick(m.deps.Tick, func(time.Time) tea.Msg { return ticked{branch: branch} })
}

func (m Model) tick(msg ticked) (Model, tea.Cmd) {
	switch {
	case msg.clock:
		m.ticking = false
		m.session = m.session.Tick(m.deps.Now())
	case msg.wipe > 0:
		if msg.wipe == m.said && !m.say.Bad {
			m.say = pane.Say{}
		}
	case msg.branch == m.session.Branch() && m.auto != "":
		head := m.session.Snapshot().Head
		if step, ok := head.Current(); ok && head.Status == flows.Ready && step.ID != m.auto {
			return m.record(flows.Advanced{})
		}
	}
	return m, nil
}

// keepTime lets a second pass while something on the screen counts: a wait, or
// a code that will expire. Nothing ticks while nothing changes.
func (m Model) keepTime() (Model, tea.Cmd) {
	if m.deps.Tick == 0 || m.ticking || !m.counting() {
		return m, nil
	}
	m.ticking = true
	return m, tea.Tick(time.Second, func(time.Time) tea.Msg { return ticked{clock: true} })
}

func (m Model) counting() bool {
	s := m.session.Snapshot().Head
	if s.Status == flows.Running {
		return true
	}
	step, ok := s.Current()
	return ok && step.ID == "token" && s.Status == flows.Ready && s.Profile.Quirks["code_lifetime"] != "" && s.Vars["code"] != ""
}

// tell shows a message for four seconds; a bad one stays until a key is pressed.
func (m Model) tell(say pane.Say) (Model, tea.Cmd) {
	m.say = say
	m.said++
	if m.deps.Tick == 0 || say.Bad {
		return m, nil
	}
	n := m.said
	return m, tea.Tick(max(4*time.Second, time.Duration(len(say.Text))*60*time.Millisecond), func(time.Time) tea.Msg { return ticked{wipe: n} })
}

// paste gives pasted text to whoever waits for it: a text field, a browser
// that is out, or the Token pane; anything that is no token is looked up.
func (m Model) paste(msg tea.PasteMsg) (Model, tea.Cmd) {
	if top, ok := m.top(); ok {
		if !top.Typing(m.overEnv()) {
			m.over = nil
			return m.paste(msg)
		}
		p, cmd := top.Update(msg, m.overEnv())
		return m.putOver(p), m.address(-1, cmd)
	}
	if m.panes[m.focus].Typing(m.env(m.focus)) {
		return m.deliver(addressed{m.focus, msg})
	}
	text := strings.TrimSpace(msg.Content)
	if b, ok := m.session.Snapshot().Head.Pending.(flows.Browse); ok {
		if r, ok := flows.ParseCallback(text, b.RedirectURI); ok {
			return m.record(flows.Redirected{ID: b.ID, Request: r, Via: flows.Pasted})
		}
	}
	m.session = m.session.Tick(m.deps.Now())
	if token.Takes(text) || isOneWord(text) {
		m.focus, m.zoom = tokenPane, false
		return m.deliver(addressed{tokenPane, msg})
	}
	m.focus, m.zoom = pagesPane, false
	return m.deliver(addressed{pagesPane, msg})
}

func (m Model) fork() (Model, tea.Cmd) {
	m = m.newBranch()
	var fx []flows.Effect
	m.session, fx = m.session.Fork()
	m, cmd := m.perform(fx)
	m, say := m.tell(pane.Say{Text: fmt.Sprintf("Run %d begins at this moment. The old run stays as it was.", m.session.Snapshot().Run)})
	return m, tea.Batch(cmd, say)
}

// replayed is the step that replay runs: the one in view when it has run, else
// the last that did; -1 when none has.
func (m Model) replayed() int {
	snap := m.session.Snapshot()
	i := min(snap.Selected, snap.Head.Step)
	if i >= len(snap.Head.Results) || i >= 0 && !snap.Head.Results[i].Ran() {
		i = snap.Head.Step - 1
	}
	return i
}

// replay asks for the selected step once more, or for the step that failed.
func (m Model) replay() (Model, tea.Cmd) {
	snap := m.session.Snapshot()
	if snap.Past || snap.Run == 0 || snap.Head.Status == flows.Running {
		return m.tell(pane.Say{Text: "Replay works on the newest moment of a run that is not waiting: G returns there."})
	}
	i := m.replayed()
	if i < 0 {
		return m.tell(pane.Say{Text: "No step has run yet: enter runs the first one.", Refused: true})
	}
	again := pane.Record{Events: []flows.Event{flows.Advanced{To: snap.Head.Grant.Steps[i].ID}}}
	if what := spent(snap.Head, i); what != "" {
		return m.open(againForm(snap.Head.Grant.Steps[i], what, again))
	}
	return m.intent(again)
}

// first runs a code flow by itself up to where the browser has come back. The
// run that stands ready is used, when nothing happened in it yet.
func (m Model) first() (Model, tea.Cmd) {
	m.focus = flowPane
	if snap := m.session.Snapshot(); snap.Len == 1 && snap.Head.Spec.Grant == "authorization_code" {
		m.auto = "callback"
		return m, m.goOn()
	}
	return m, m.begin(pane.Wish{Grant: "authorization_code"}, "callback")
}

// breakIt brings a run to the token request and opens edit mode with the wrong
// verifier chosen: the fault that teaches most.
func (m Model) breakIt() (Model, tea.Cmd) {
	head := m.session.Snapshot().Head
	if step, ok := head.Current(); ok && step.ID == "token" && head.Status == flows.Ready && head.Spec.Grant == "authorization_code" {
		m.seenBreak, m.breaking = true, false
		m.focus = exchangePane
		p, up := m.panes[exchangePane].(exchange.Pane).Break(m.env(exchangePane), 1)
		m = m.put(exchangePane, p)
		return m.intent(up)
	}
	m.breaking = true
	m.focus = flowPane
	return m, m.begin(pane.Wish{Grant: "authorization_code"}, "token")
}

// relist reads the profile files again.
func (m Model) relist() (Model, tea.Cmd) {
	list := m.deps.List
	if list == nil {
		return m, nil
	}
	return m, func() tea.Msg { p, bad := list(); return listed{p, bad} }
}

func (m Model) relisted(msg listed) (Model, tea.Cmd) {
	m.session = m.session.SetProfiles(msg.profiles, m.session.Snapshot().Profile)
	if len(msg.trouble) > 0 {
		return m.tell(pane.Say{Text: strings.Join(msg.trouble, "\n"), Bad: true})
	}
	return m.tell(pane.Say{Text: fmt.Sprintf("%d profiles read.", len(msg.profiles))})
}

// isOneWord: a long run of characters without a blank that is no address is
// more likely a token than a message.
func isOneWord(text string) bool {
	return len(text) >= 20 && !strings.ContainsAny(text, " \t\n\"{}") && !strings.Contains(text, "://") && !strings.Contains(text, "error=")
}
