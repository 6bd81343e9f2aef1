package flow

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// copied is what goes to the clipboard. Secrets stay masked, also while they
// are shown on the screen: what is copied leaves the program.
func (p Pane) copied(a keys.Action, e pane.Env) tea.Msg {
	s := e.Snap.State
	switch {
	case a == keys.CopyAll && p.diagram:
		return pane.Copy{Text: flows.Mermaid(s), What: "the sequence diagram, as Mermaid text"}
	case a == keys.CopyAll:
		return nil
	case p.diagram:
		ms := flows.Diagram(s)
		at := p.cursor(ms)
		text, hidden := message(s, ms, at)
		return pane.Copy{Text: text, What: fmt.Sprintf("message %d", at+1), Hidden: hidden}
	}
	if fx, ok := s.Pending.(flows.Browse); ok && e.Snap.Selected == s.Step {
		// A browser needs it as it is; what could drive a terminal is made visible.
		return pane.Copy{Text: wire.Safe(fx.Request.Target()), What: "the address for the browser"}
	}
	if at := cmp.Or(s.Vars["verification_uri_complete"], s.Vars["verification_uri"]); at != "" && asked(e) {
		return pane.Copy{Text: at.Safe(), What: "the address to open on another device"}
	}
	return pane.Copy{Text: stepText(s, e.Snap.Selected), What: fmt.Sprintf("step %d", e.Snap.Selected+1)}
}

// message is one message of the diagram in words, with what it carries.
func message(s flows.State, ms []flows.Message, at int) (text string, hidden int) {
	m := ms[at]
	var b strings.Builder
	fmt.Fprintf(&b, "Message %d of %d, step %d, %s\n", at+1, len(ms), m.Step+1, m.Sentence())
	for _, v := range values(s, m, false) {
		fmt.Fprintf(&b, "  %s: %s", v.name, v.text)
		if v.from != "" {
			fmt.Fprintf(&b, " (from %s)", v.from)
		}
		if v.edited {
			b.WriteString(" (edited)")
		}
		b.WriteByte('\n')
		if v.masked {
			hidden++
		}
	}
	for _, c := range m.Checks {
		fmt.Fprintf(&b, "  %s: %s\n", c.Status, wire.Safe(c.Message))
	}
	return b.String(), hidden
}

// stepText is a line of the list in words: signs do not survive every paste.
func stepText(s flows.State, i int) string {
	st, r := s.Grant.Steps[i], s.Results[i]
	word := string(s.StatusOf(i))
	switch {
	case i == s.Step && s.Status == flows.Ready:
		word = "next"
	case word == string(flows.StepReady), word == string(flows.StepEdited) && i > s.Step:
		word = "not yet"
	case word == string(flows.StepEdited):
		word = "ok"
	case word == string(flows.StepStale):
		word = "old, an earlier step runs again"
	case r.Skipped != "":
		word = "skipped: " + r.Skipped
	}
	if d := took(r.Took()); d != "" && i < s.Step {
		word += ", " + d
	}
	if edited(s, i) {
		word += ", edited by hand"
	}
	if r.Problem != nil && i == s.Step {
		word += ", " + wire.Safe(r.Problem.Code)
		if d := r.Problem.Description.Safe(); d != "" {
			word += ": " + d
		}
	}
	return fmt.Sprintf("Step %d of %d: %s (%s): %s", i+1, len(s.Grant.Steps), st.Title, st.Ref, word)
}
