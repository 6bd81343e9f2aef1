// Package welcome is the first screen: what this is, one run that cannot fail,
// and the facts of this machine.
package welcome

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/ui/keys"
	"authdance/ui/pane"
)

// Fact is one line about this machine.
type Fact struct {
	Name, Value string
	Warn        bool
}

// Facts are made by the composition root, in the order they are shown.
type Facts []Fact

// Pane is the welcome screen.
type Pane struct {
	pane.Plain
	facts  Facts
	cursor int
}

// New makes the screen.
func New(f Facts) Pane { return Pane{facts: f} }

// After is the screen for somebody who has done the first login: the next thing
// is marked.
func (p Pane) After() Pane { p.cursor = 1; return p }

type choice struct {
	title, note string
	then        tea.Msg
}

func choices() []choice {
	return []choice{
		{"Run my first login", "30 seconds, nothing to type", pane.Run{Action: keys.First}},
		{"Connect my own provider", "needs its address and a client id", pane.Focus{Scope: keys.Profiles}},
		{"Look inside a token", "or just paste it, any time", pane.Focus{Scope: keys.Token}},
		{"Explain an error message", "or just paste it, any time", pane.Focus{Scope: keys.Catalog}},
		{"Look around", "the workspace, nothing started", nil},
	}
}

// Scope of the welcome screen's keys.
func (Pane) Scope() keys.Scope { return keys.Welcome }

// Title of the frame.
func (Pane) Title(pane.Env) (string, string) { return "Welcome", "" }

// Primary says what enter does.
func (p Pane) Primary(pane.Env) string {
	if p.cursor == 0 {
		return "run your first login. It cannot fail"
	}
	return choices()[p.cursor].title
}

// Act moves the cursor, or leaves for what is marked.
func (p Pane) Act(a keys.Action, _ pane.Env) (pane.Pane, tea.Msg) {
	switch a {
	case keys.Up:
		p.cursor = max(0, p.cursor-1)
	case keys.Down:
		p.cursor = min(len(choices())-1, p.cursor+1)
	case keys.Enter:
		return p, pane.Close{Then: choices()[p.cursor].then}
	}
	return p, nil
}

// Update has nothing to take.
func (p Pane) Update(tea.Msg, pane.Env) (pane.Pane, tea.Cmd) { return p, nil }

// Sync has nothing to do.
func (p Pane) Sync(pane.Env) (pane.Pane, tea.Cmd) { return p, nil }

// View draws the screen; with few lines the facts go first, then the blanks.
func (p Pane) View(e pane.Env) string {
	st := e.Styles
	var intro, menu, facts []string
	for _, l := range pane.Wrap("authdance: see every step of OAuth 2 and OpenID Connect", e.W-4) {
		intro = append(intro, "  "+st.Title.Render(l))
	}
	for _, l := range pane.Wrap("A lab identity server is running inside this program. Nothing leaves your computer. No account. No setup. No telemetry.", min(e.W-4, 72)) {
		intro = append(intro, "  "+st.Text.Render(l))
	}
	for i, c := range choices() {
		lead, style := "  ", st.Text
		if i == p.cursor {
			lead, style = st.Now.Render(st.Sym.Cursor)+" ", st.Selected
		}
		line := "  " + lead + style.Render(c.title)
		if e.W >= 66 {
			line = "  " + lead + style.Render(pane.Fit(c.title, 27)) + " " + st.Muted.Render(c.note)
		}
		menu = append(menu, line)
	}
	for _, f := range p.facts {
		sign, style := st.Sym.OK, st.OK
		if f.Warn {
			sign, style = st.Sym.Warn, st.Warn
		}
		facts = append(facts, "  "+style.Render(sign)+" "+st.Text.Render(pane.Fit(f.Name, 11))+" "+st.Muted.Render(f.Value))
	}
	if e.W >= 76 && len(facts) > 2 {
		half := (len(facts) + 1) / 2
		facts = pane.Beside(facts[:half], (e.W-2)/2, facts[half:], "")
	}
	lines := append(append([]string{}, intro...), menu...)
	roomy := append(append(append([]string{""}, intro...), ""), menu...)
	switch {
	case len(roomy)+len(facts)+1 <= e.H:
		lines = append(append(roomy, ""), facts...)
	case len(roomy) <= e.H:
		lines = roomy
	}
	return strings.Join(lines[:min(len(lines), e.H)], "\n")
}
