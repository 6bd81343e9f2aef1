package ui

import (
	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/dialog"
	"authdance/ui/exchange"
	"authdance/ui/keys"
	"authdance/ui/palette"
	"authdance/ui/pane"
	"authdance/ui/welcome"
	"authdance/ui/why"
)

// key turns a key press into an action, innermost scope first. In a text field
// everything but the text rows is text.
func (m Model) key(msg tea.KeyPressMsg) (Model, tea.Cmd) {
	if m.say.Bad || m.deps.Tick == 0 {
		m.say = pane.Say{}
	}
	if top, ok := m.top(); ok {
		return m.keyOver(msg, top)
	}
	p, env := m.panes[m.focus], m.env(m.focus)
	if p.Typing(env) {
		if msg.String() == "ctrl+z" {
			return m, tea.Suspend
		}
		if a, ok := m.deps.Keys.Resolve(msg.String(), keys.Text); ok {
			return m.act(a)
		}
		return m.deliver(addressed{m.focus, msg})
	}
	if a, ok := m.deps.Keys.Resolve(msg.String(), m.scopes()...); ok {
		return m.act(a)
	}
	return m, nil
}

// scopes are the scopes of the keys now, the innermost first.
func (m Model) scopes() []keys.Scope {
	return []keys.Scope{m.panes[m.focus].Scope(), keys.App, keys.List}
}

func (m Model) keyOver(msg tea.KeyPressMsg, top pane.Pane) (Model, tea.Cmd) {
	env := m.overEnv()
	scopes := []keys.Scope{top.Scope(), keys.List, keys.App}
	if top.Typing(env) {
		scopes = []keys.Scope{top.Scope(), keys.Text}
	}
	a, ok := m.deps.Keys.Resolve(msg.String(), scopes...)
	switch {
	case ok && a == keys.Cancel:
		return m.stop()
	case msg.String() == "ctrl+z":
		return m, tea.Suspend
	case ok && (a == keys.Back || a == keys.Quit || a == keys.ShowKey && top.Scope() == keys.Help && !top.Typing(env)):
		m.over = m.over[:len(m.over)-1]
		if a == keys.Quit && top.Scope() == keys.Welcome {
			return m, tea.Quit
		}
		return m, nil
	case ok && a == keys.ShowKey && top.Scope() != keys.Help:
		return m.open(dialog.NewHelp([]keys.Scope{top.Scope()}))
	case ok:
		p, up := top.Act(a, env)
		m = m.putOver(p)
		return m.intentFrom(-1, up)
	case top.Typing(env):
		return m.deliver(addressed{-1, msg})
	}
	return m, nil
}

// act does an action of the root, or hands it to the pane with the focus.
func (m Model) act(a keys.Action) (Model, tea.Cmd) {
	m.leaving = m.leaving && a == keys.Cancel
	if m.editing() { // edit mode has the keys: e, u, enter and the digits mean other things there
		switch a {
		case keys.Cancel, keys.ShowKey, keys.Menu, keys.Faults, keys.Reveal, keys.Suspend:
		case keys.Quit:
			return m.tell(pane.Say{Text: "Edit mode has the keys: esc leaves it first.", Refused: true})
		default:
			return m.toPane(m.focus, a)
		}
	}
	typing := m.panes[m.focus].Typing(m.env(m.focus))
	switch a {
	case keys.Enter:
		return m.enter()
	case keys.Back:
		return m.back()
	case keys.Quit:
		return m.quit()
	case keys.Cancel:
		return m.stop()
	case keys.Suspend:
		return m, tea.Suspend
	case keys.NextTab, keys.PrevTab:
		if typing {
			return m.toPane(m.focus, a)
		}
		return m.turn(map[keys.Action]int{keys.NextTab: 1, keys.PrevTab: paneCount - 1}[a]), nil
	case keys.Pane1, keys.Pane2, keys.Pane3, keys.Pane4, keys.Pane5:
		m = m.look(map[keys.Action]int{keys.Pane1: 0, keys.Pane2: 1, keys.Pane3: 2, keys.Pane4: 3, keys.Pane5: 4}[a])
		if a == keys.Pane5 && m.deps.Notes != nil {
			return m, m.read // a note may have been written meanwhile
		}
		return m, nil
	case keys.Zoom:
		m.zoom = !m.zoom
		return m, nil
	case keys.Menu:
		return m.open(palette.New("Commands", m.items()))
	case keys.ShowKey:
		return m.open(dialog.NewHelp(m.scopes()))
	case keys.Reload:
		if m.focus == pagesPane {
			return m, m.read
		}
		return m.relist()
	case keys.Home:
		return m.open(welcome.New(m.deps.Welcome).After())
	case keys.WhyFail:
		m.seenWhy = m.session.Snapshot().Run
		return m.open(why.New())
	case keys.Reveal:
		m.session = m.session.SetReveal(!m.session.Snapshot().Reveal)
		return m, nil
	case keys.Rewind:
		m.session = m.session.Rewind()
		return m, nil
	case keys.Now:
		m.session = m.session.ToNow()
		return m, nil
	case keys.Fork:
		if snap := m.session.Snapshot(); !snap.Past {
			return m.tell(pane.Say{Text: "Look back first: " + m.deps.Keys.Key(keys.Rewind) + " goes one step back, then " + m.deps.Keys.Key(keys.Fork) + " tries another way from there.", Refused: true})
		}
		return m.fork()
	case keys.Replay:
		if m.focus != pagesPane {
			return m.replay()
		}
	case keys.RunAll:
		return m, m.begin(pane.Wish{}, "*")
	case keys.First:
		return m.first()
	case keys.NewRun:
		m.focus = flowPane
		return m, m.begin(pane.Wish{}, "")
	case keys.Flows:
		return m.open(palette.New("Flows", m.flowItems()))
	case keys.Options:
		return m.open(m.optionsForm())
	case keys.Break:
		return m.breakIt()
	case keys.NoBrows:
		if m.session.Snapshot().State.Profile.Class == "LAB" {
			return m.tell(pane.Say{Text: "At the lab the sign-in goes by itself: no browser is needed."})
		}
		text := "Sign in on any device with the address from the Exchange pane (" + m.deps.Keys.Key(keys.Copy) + " copies it). The last page will not load there; that is normal: paste its address here."
		if b, ok := m.session.Snapshot().Head.Pending.(flows.Browse); ok {
			if cmd := pane.Forward(m.deps.Remote, b.RedirectURI.Raw()); cmd != "" {
				text += " Or run where the browser is: " + wire.Safe(cmd)
			}
		}
		return m.tell(pane.Say{Text: text})
	case keys.EditReq:
		if m.session.Snapshot().Past {
			return m.tell(pane.Say{Text: "This is the past. " + m.deps.Keys.Key(keys.Fork) + " tries another way from here, " + m.deps.Keys.Key(keys.Back) + " returns to now; then edit.", Refused: true})
		}
		m.focus = exchangePane
		return m.toPane(exchangePane, a)
	case keys.Faults:
		if off := m.off(a); off != "" {
			return m.tell(pane.Say{Text: "No faults here: " + off + ".", Refused: true})
		}
		return m.open(palette.New("Faults and words", m.labItems()))
	case keys.Explain, keys.Server:
		m.focus = exchangePane
		return m.toPane(exchangePane, a)
	case keys.Diagram:
		m.focus = flowPane
		return m.toPane(flowPane, a)
	case keys.Search:
		m.focus = pagesPane
		return m.toPane(pagesPane, a)
	case keys.Lookup:
		return m.lookup()
	case keys.CopyAll:
		if m.focus == profilesPane || m.focus == flowPane && !m.panes[flowPane].Wide(m.env(flowPane)) {
			return m.toPane(exchangePane, a)
		}
	}
	return m.toPane(m.focus, a)
}

func (m Model) toPane(i int, a keys.Action) (Model, tea.Cmd) {
	p, up := m.panes[i].Act(a, m.env(i))
	m = m.put(i, p)
	return m.intentFrom(i, up)
}

func (m Model) open(p pane.Pane) (Model, tea.Cmd) {
	for _, o := range m.over {
		if o.Scope() == p.Scope() {
			return m, nil
		}
	}
	m.over = append(append([]pane.Pane{}, m.over...), p)
	return m, nil
}

// turn moves the focus around the panes.
func (m Model) turn(by int) Model { return m.look((m.focus + by) % paneCount) }

func (m Model) look(i int) Model {
	m.focus = i
	if i == tokenPane {
		m.session = m.session.Tick(m.deps.Now()) // what it says about time must be about now
	}
	if i == tokenPane && m.session.Snapshot().Head.Vars["id_token"] != "" {
		m.seenToken = true
	}
	return m
}

func (m Model) enter() (Model, tea.Cmd) {
	p := m.panes[m.focus]
	if p.Typing(m.env(m.focus)) || p.Primary(m.env(m.focus)) != "" {
		return m.toPane(m.focus, keys.Enter)
	}
	return m.next().do(m)
}

func (m Model) back() (Model, tea.Cmd) {
	if p, env := m.panes[m.focus], m.env(m.focus); p.Typing(env) || p.Busy(env) {
		return m.toPane(m.focus, keys.Back)
	}
	switch {
	case m.zoom:
		m.zoom = false
	case m.session.Snapshot().Past:
		m.session = m.session.ToNow()
	case m.focus != flowPane:
		m = m.look(flowPane)
	}
	return m, nil
}

func (m Model) quit() (Model, tea.Cmd) {
	snap := m.session.Snapshot()
	if m.zoom || m.panes[m.focus].Busy(m.env(m.focus)) {
		return m.back()
	}
	if snap.Head.Status == flows.Running && !m.leaving {
		m.leaving = true
		return m.tell(pane.Say{Text: "The run still waits for an answer. Press ctrl+c to stop waiting, or ctrl+c twice to quit.", Bad: true})
	}
	return m, tea.Quit
}

// stop cancels what is waiting; a second time in a row quits.
func (m Model) stop() (Model, tea.Cmd) {
	if m.leaving {
		return m, tea.Quit
	}
	m.leaving = true
	if m.session.Snapshot().Head.Status == flows.Running {
		m = m.newBranch()
		m, cmd := m.record(flows.Cancelled{})
		m, say := m.tell(pane.Say{Text: "Stopped waiting. ctrl+c again quits."})
		return m, tea.Batch(cmd, say)
	}
	return m.tell(pane.Say{Text: "Press ctrl+c again to quit."})
}

// lookup opens the page that fits: of the problem, else of the step in view.
func (m Model) lookup() (Model, tea.Cmd) {
	if m.focus == tokenPane || m.focus == exchangePane {
		p, up := m.panes[m.focus].Act(keys.Lookup, m.env(m.focus))
		if up != nil {
			return m.put(m.focus, p).intentFrom(m.focus, up)
		}
	}
	snap := m.session.Snapshot()
	if m.catalog != nil && snap.State.Problem != nil {
		p := snap.State.Problem
		if page, ok := m.catalog.Explain("", p.Code, p.Code, p.Step); ok {
			return m.intent(pane.OpenPage{ID: page.ID})
		}
	}
	return m.look(pagesPane), nil
}

// editing: edit mode has the keys.
func (m Model) editing() bool {
	p, ok := m.panes[exchangePane].(exchange.Pane)
	return ok && m.focus == exchangePane && p.Editing()
}
