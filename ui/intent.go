package ui

import (
	"fmt"
	"maps"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/ui/pages"
	"authdance/ui/pane"
)

// intentFrom does what a pane asked for; a Do brings its message back to it.
func (m Model) intentFrom(i int, msg tea.Msg) (Model, tea.Cmd) {
	if do, ok := msg.(pane.Do); ok {
		return m, m.address(i, do.Cmd)
	}
	return m.intent(msg)
}

// intent does what a pane asked the root for.
func (m Model) intent(msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case pane.Record:
		var cmds []tea.Cmd
		for _, e := range msg.Events {
			var cmd tea.Cmd
			m, cmd = m.record(e)
			cmds = append(cmds, cmd)
		}
		return m, tea.Batch(cmds...)
	case pane.Select:
		m.session = m.session.Select(msg.Step)
	case pane.Focus:
		for i, p := range m.panes {
			if p.Scope() == msg.Scope {
				return m.look(i), nil
			}
		}
	case pane.OpenPage:
		m.panes[pagesPane], m.focus = m.panes[pagesPane].(pages.Pane).Open(msg.ID, m.env(pagesPane)), pagesPane
		m.gens[pagesPane]++
	case pane.Copy:
		return m, m.copy(msg)
	case pane.Say:
		return m.tell(msg)
	case pane.Start:
		m.focus = flowPane
		return m, m.begin(pane.Wish{Profile: msg.Profile, Grant: msg.Grant, Values: m.carried(msg.Grant)}, "")
	case pane.Begin:
		m.focus = flowPane
		if msg.Keep {
			m.kept = maps.Clone(m.kept)
			if m.kept == nil {
				m.kept = map[string]pane.Wish{}
			}
			m.kept[keptAs(m.filled(msg.Wish))] = msg.Wish
		}
		w := msg.Wish
		w.Values = maps.Clone(w.Values)
		for name, v := range m.carried(w.Grant) {
			if w.Values[name] == "" {
				w.Values[name] = v
			}
		}
		return m, m.begin(w, "")
	case pane.Run:
		return m.act(msg.Action)
	case pane.SetFault:
		return m.setFault(msg)
	case pane.SetDialect:
		return m.setDialect(msg)
	case pane.Close:
		if len(m.over) > 0 {
			m.over = m.over[:len(m.over)-1]
		}
		return m.intent(msg.Then)
	}
	return m, nil
}

// carriedFrom reports whether the grant lives on values of an earlier run.
func (m Model) carriedFrom(grant string) bool { return len(m.carried(grant)) > 0 }

// carried are the values of this run that another grant goes on with.
func (m Model) carried(grant string) flows.Vars {
	g, err := grants.Build(flows.Spec{Grant: grant})
	if err != nil {
		return nil
	}
	return grants.Carry(g, m.session.Snapshot().Head.Vars)
}

// copy puts text on the clipboard: the local one, else through the terminal
// (OSC 52). What happened is said.
func (m Model) copy(c pane.Copy) tea.Cmd {
	what := "Copied " + c.What + "."
	if c.Hidden > 0 {
		what += fmt.Sprintf(" %d secret%s replaced by $NAMES.", c.Hidden, map[bool]string{true: " was", false: "s were"}[c.Hidden == 1])
	}
	write := m.deps.Clipboard
	return func() tea.Msg {
		if write != nil {
			if err := write(c.Text); err == nil {
				return pane.Say{Text: what}
			}
		}
		return tea.BatchMsg{tea.SetClipboard(c.Text), func() tea.Msg {
			return pane.Say{Text: what + " Sent through the terminal (OSC 52): if nothing arrives, the terminal does not allow it."}
		}}
	}
}
