package ui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"authdance/flows/wire"
	"authdance/ui/palette"
	"authdance/ui/pane"
)

// atLab reports a run at the built-in lab.
func (m Model) atLab() bool {
	return m.deps.Lab != nil && m.session.Snapshot().State.Profile.Class == "LAB"
}

// labItems are the faults and dialects of the lab: first the faults that strike
// the step in view and those that are on, then the dialects, then the rest.
func (m Model) labItems() []palette.Item {
	if !m.atLab() {
		return nil
	}
	snap := m.session.Snapshot()
	step := ""
	if i := snap.Selected; i >= 0 && i < len(snap.State.Grant.Steps) {
		step = snap.State.Grant.Steps[i].ID
	}
	var here, words, elsewhere []palette.Item
	for _, f := range m.deps.Lab.Faults() {
		item := palette.Item{Title: "Fault: " + wire.Safe(f.Title) + " (" + wire.Safe(f.Key) + ")" + m.mark(f.On), Detail: wire.Safe(f.Step), Do: pane.SetFault{Key: f.Key, On: !f.On}}
		if f.On || f.Step == step {
			here = append(here, item)
		} else {
			elsewhere = append(elsewhere, item)
		}
	}
	for _, d := range m.deps.Lab.Dialects() {
		words = append(words, palette.Item{Title: "Words of " + wire.Safe(d.Product) + " in refusals" + m.mark(d.On), Detail: "dialect", Do: pane.SetDialect{Name: d.Name}})
	}
	return append(append(here, words...), elsewhere...)
}

// mark stands behind what is on.
func (m Model) mark(on bool) string {
	if on {
		return " " + m.styles.Sym.On + " on"
	}
	return ""
}

// setFault switches a fault: it acts from the next request on.
func (m Model) setFault(want pane.SetFault) (Model, tea.Cmd) {
	if m.deps.Lab == nil {
		return m, nil
	}
	if err := m.deps.Lab.SetFault(want.Key, want.On); err != nil {
		return m.tell(pane.Say{Text: err.Error(), Bad: true})
	}
	m.spoilt = m.labState()
	text := "The fault " + wire.Safe(want.Key) + " is on, from the next request on."
	if !want.On {
		text = "The fault " + wire.Safe(want.Key) + " is off."
	}
	return m.tell(pane.Say{Text: text})
}

// setDialect chooses the words of the lab's refusals.
func (m Model) setDialect(want pane.SetDialect) (Model, tea.Cmd) {
	if m.deps.Lab == nil {
		return m, nil
	}
	if err := m.deps.Lab.SetDialect(want.Name); err != nil {
		return m.tell(pane.Say{Text: err.Error(), Bad: true})
	}
	m.spoilt = m.labState()
	return m.tell(pane.Say{Text: "The lab refuses in the dialect " + wire.Safe(want.Name) + " from the next request on."})
}

// labState names what is on, for the header; "" for an ordinary lab.
func (m Model) labState() string {
	if m.deps.Lab == nil {
		return ""
	}
	text, on := "", 0
	for _, f := range m.deps.Lab.Faults() {
		if f.On {
			on++
			text = "fault " + wire.Safe(f.Key)
		}
	}
	if on > 1 {
		text = strconv.Itoa(on) + " faults"
	}
	for i, d := range m.deps.Lab.Dialects() {
		if d.On && i > 0 {
			if text != "" {
				text += ", "
			}
			text += wire.Safe(d.Name)
		}
	}
	return text
}
