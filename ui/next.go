package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// move is what enter does now, and the sentence that says so. The NEXT line
// prints the text, enter calls do: they cannot disagree.
type move struct {
	text string
	do   func(Model) (Model, tea.Cmd)
}

func stay(m Model) (Model, tea.Cmd) { return m, nil }

// next finds the one thing that makes sense now.
func (m Model) next() move {
	snap := m.session.Snapshot()
	head := snap.Head
	key := m.deps.Keys.Key
	switch {
	case m.stuck != "":
		return move{"no run: " + m.stuck + ".  enter tries again  " + key(keys.Pane1) + " other profiles", func(m Model) (Model, tea.Cmd) { return m.act(keys.NewRun) }}
	case snap.Run == 0:
		return move{"starting the first run …", stay}
	case snap.Past:
		return move{fmt.Sprintf("the past. enter: forward  %s: now  %s: another way from here",
			key(keys.Back), key(keys.Fork)), func(m Model) (Model, tea.Cmd) { m.session = m.session.Forward(); return m, nil }}
	case head.Status == flows.Running:
		return move{m.waiting(), stay}
	case head.Status == flows.Failed && m.seenWhy == snap.Run:
		if head.Profile.Class == "LAB" && m.seenBreak {
			return move{"that was the tour. enter: what next?", func(m Model) (Model, tea.Cmd) { return m.act(keys.Home) }}
		}
		return move{fmt.Sprintf("enter: new run.  %s why again  %s runs step %d again", key(keys.WhyFail), key(keys.Replay), head.Step+1),
			func(m Model) (Model, tea.Cmd) { return m.act(keys.NewRun) }}
	case head.Status == flows.Failed:
		return move{fmt.Sprintf("enter: why did step %d fail?  %s runs that step again", head.Step+1, key(keys.Replay)),
			func(m Model) (Model, tea.Cmd) { return m.act(keys.WhyFail) }}
	case head.Status == flows.Stopped:
		return move{"stopped. enter runs this step again.", func(m Model) (Model, tea.Cmd) {
			s := m.session.Snapshot().Head
			return m.record(flows.Advanced{To: s.Grant.Steps[s.Step].ID})
		}}
	case head.Status == flows.Done:
		return m.afterwards()
	}
	return m.forward()
}

// forward describes the step that enter will run.
func (m Model) forward() (mv move) {
	snap := m.session.Snapshot()
	head := snap.Head
	step, ok := head.Current()
	if !ok {
		return move{"", stay}
	}
	go_ := func(m Model) (Model, tea.Cmd) {
		m.session = m.session.Select(-1)
		return m.record(flows.Advanced{})
	}
	if missing := head.Missing(head.Step); len(missing) > 0 && head.Step == 0 {
		return move{fmt.Sprintf("this flow needs %s, which another run brings.  enter: run the authorization code flow", strings.Join(missing, ", ")),
			func(m Model) (Model, tea.Cmd) {
				m.focus = flowPane
				return m, m.begin(pane.Wish{Grant: "authorization_code"}, "")
			}}
	}
	if m.breaking && step.ID == "token" {
		return move{"enter: choose how to break the next request", func(m Model) (Model, tea.Cmd) { return m.breakIt() }}
	}
	n := head.Step + 1
	text := fmt.Sprintf("enter: step %d, %s", n, lower(step.Title))
	if left := head.Grant.Index("token") - head.Step; m.breaking && left > 0 {
		defer func() { mv.text += fmt.Sprintf(" (%d more, then we break it)", left-1) }()
	}
	_, req, has := head.Preview(head.Step)
	_, browses := effectOf(step, head).(flows.Browse)
	switch {
	case browses && snap.State.Profile.Class == "LAB":
		text = fmt.Sprintf("enter: step %d, sign in (simulated here; else your browser opens)", n)
	case browses:
		text = fmt.Sprintf("enter: step %d opens your browser at %s", n, host(req.URL))
	case step.In != nil:
		text = fmt.Sprintf("enter: step %d, check what the browser brought back", n)
	case has && step.ID == "id_token":
		text = fmt.Sprintf("enter: step %d, fetch the keys and check the ID token", n)
	case has:
		text = fmt.Sprintf("enter: step %d sends %s %s", n, req.Method, shortPath(req.URL))
	}
	if len(head.Edits[step.ID]) > 0 {
		text += ", CHANGED"
	}
	if who := signedIn(head); who != "" && head.ResultOf("id_token").Ran() {
		text = "✓ signed in as " + who + ".  " + text
	}
	if step.ID == "token" && head.Spec.Grant == "authorization_code" && len(head.Edits[step.ID]) == 0 {
		text += fmt.Sprintf(".  %s changes it first", m.deps.Keys.Key(keys.EditReq))
	}
	return move{text, go_}
}

// afterwards leads a newcomer on: look at the token, break it once, go on alone.
func (m Model) afterwards() move {
	head := m.session.Snapshot().Head
	who := ""
	if name := signedIn(head); name != "" {
		who = "✓ signed in as " + name + ".  "
	}
	code := head.Spec.Grant == "authorization_code"
	switch {
	case code && head.Vars["id_token"] != "" && !m.seenToken:
		return move{who + "enter: look inside the ID token", func(m Model) (Model, tea.Cmd) { return m.look(tokenPane), nil }}
	case code && head.Profile.Class == "LAB" && !m.seenBreak:
		return move{"enter: now break it on purpose, with a wrong PKCE verifier", func(m Model) (Model, tea.Cmd) { return m.act(keys.Break) }}
	}
	if !code && m.carriedFrom(head.Spec.Grant) {
		return move{fmt.Sprintf("done. enter: run it again.  %s other flows and profiles", m.deps.Keys.Key(keys.Menu)),
			func(m Model) (Model, tea.Cmd) { return m, m.begin(pane.Wish{Values: m.carried(head.Spec.Grant)}, "") }}
	}
	return move{fmt.Sprintf("%sdone. enter: new run.  %s other flows and profiles", who, m.deps.Keys.Key(keys.Menu)),
		func(m Model) (Model, tea.Cmd) { return m.act(keys.NewRun) }}
}

func (m Model) waiting() string {
	snap := m.session.Snapshot()
	r := snap.Head.Results[snap.Head.Step]
	took := ""
	if d := snap.Now.Sub(r.Began); d >= 1e9 && m.deps.Tick > 0 {
		took = fmt.Sprintf(" %d:%02d", int(d.Minutes()), int(d.Seconds())%60)
	}
	what := "an answer"
	switch fx := snap.Head.Pending.(type) {
	case flows.Send:
		what = host(fx.Request.URL)
	case flows.Browse:
		what = "the browser: sign in there, or paste the last address here"
		if len(r.Exchanges()) > 0 {
			what = "the sign-in (simulated browser)"
		}
	case flows.Wait:
		what = "the next poll"
	}
	return fmt.Sprintf("waiting%s for %s.  %s stops waiting", took, what, m.deps.Keys.Key(keys.Cancel))
}

// line is the NEXT line for the whole screen: an overlay or a text field first.
func (m Model) line() string {
	if top, ok := m.top(); ok {
		if p := top.Primary(m.overEnv()); p != "" {
			return "enter: " + p
		}
		return "esc closes this"
	}
	env := m.env(m.focus)
	if p := m.panes[m.focus].Primary(env); p != "" {
		return "enter: " + p
	}
	return m.next().text
}

func effectOf(step flows.Step, s flows.State) flows.Effect {
	if step.Do == nil || len(s.Missing(s.Step)) > 0 {
		return nil
	}
	return step.Do(s)
}

// signedIn is the name in the run's ID token or userinfo answer, "" before one was accepted.
func signedIn(s flows.State) string {
	i := s.Grant.Index("id_token")
	if i < 0 || s.Step <= i || s.Results[i].Problem != nil || !s.Results[i].Ran() {
		return ""
	}
	return s.Vars["signed_in_as"].Safe()
}

func lower(s string) string {
	if s == "" || len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	return string(s[0]|0x20) + s[1:]
}
