package ui

import (
	"strings"

	"authdance/flows"
	"authdance/ui/keys"
	"authdance/ui/palette"
	"authdance/ui/pane"
)

// items are the rows of the command palette: the keys, the flows, the profiles
// and, for who types a name, the catalog.
func (m Model) items() []palette.Item {
	var out []palette.Item
	snap := m.session.Snapshot()
	for _, r := range m.deps.Keys.All() {
		if r.Scope != keys.App {
			continue
		}
		item := palette.Item{Title: group(r.Action) + r.Help, Do: pane.Run{Action: r.Action}, Off: m.off(r.Action)}
		if len(r.Keys) > 0 {
			item.Key = keys.Name(r.Keys[0])
		}
		out = append(out, item)
	}
	out = append(out, m.flowItems()...)
	for _, p := range snap.Profiles {
		out = append(out, palette.Item{Title: "Profile: use " + p.Name, Detail: p.Class, Do: pane.Start{Profile: p.ID}})
	}
	out = append(out, m.labItems()...)
	if m.catalog != nil {
		for _, p := range m.catalog.Pages() {
			out = append(out, palette.Item{Title: "Catalog: " + p.Title, Do: pane.OpenPage{ID: p.ID}, Asked: true})
		}
	}
	return out
}

// off says why an action cannot do anything now; "" when it can.
func (m Model) off(a keys.Action) string {
	snap := m.session.Snapshot()
	switch {
	case a == keys.Enter && snap.Head.Status == flows.Running && len(m.over) == 0:
		return "the run waits for an answer"
	case a == keys.Replay && snap.Len <= 1:
		return "no step has run yet"
	case a == keys.WhyFail && snap.State.Problem == nil:
		return "nothing has failed in this run"
	case a == keys.Rewind && snap.Cursor <= 1:
		return "this is the beginning of the run"
	case a == keys.Replay && (snap.Past || snap.Head.Status == flows.Running):
		return "only on the newest moment of a run that is not waiting"
	case (a == keys.Server || a == keys.Faults) && !m.atLab():
		return "only the built-in lab can be looked into and broken"
	case a == keys.EditReq && snap.Head.Status == flows.Running:
		return "the request is already out"
	}
	return ""
}

func group(a keys.Action) string {
	switch {
	case strings.HasPrefix(string(a), "flow."):
		return "Flow: "
	case strings.HasPrefix(string(a), "app.pane"):
		return "Go to: "
	}
	return "View: "
}
