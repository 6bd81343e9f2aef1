// Package why is the full-screen answer to "why did this fail?": the cause and
// how sure it is, the evidence with its places, what was ruled out, and what to
// do next.
package why

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/diagnose"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// Pane is the Why screen.
type Pane struct {
	pane.Plain
	report  diagnose.Report
	version int
	cursor  int
	top     int
}

// New makes the screen; the report is made when it first sees the run.
func New() Pane { return Pane{version: -1} }

// Scope of the screen's keys: with nothing failed there is nothing to choose.
func (p Pane) Scope() keys.Scope {
	if p.version >= 0 && p.report.Step == "" {
		return keys.WhyNone
	}
	return keys.Why
}

// Title asks the question.
func (p Pane) Title(e pane.Env) (string, string) {
	pr := e.Snap.State.Problem
	if pr == nil {
		return "Why did this fail?", ""
	}
	best, _ := p.report.Best()
	return fmt.Sprintf("Why did step %d fail?", e.Snap.State.Grant.Index(pr.Step)+1), "confidence: " + string(best.Confidence)
}

type action struct {
	title string
	do    tea.Msg
}

// actions are what can be done next, the most useful first.
func (p Pane) actions(e pane.Env) []action {
	s := e.Snap.State
	if s.Problem == nil {
		return []action{{"back to the flow", pane.Close{}}}
	}
	best, _ := p.report.Best()
	var out []action
	if _, ok := page(e, best.ID); ok {
		out = append(out, action{"read the page: " + best.Title, pane.Close{Then: pane.OpenPage{ID: best.ID}}})
	}
	again := action{"run it again from the start, without the edits", pane.Close{Then: pane.Start{}}}
	if s.Edited == 0 {
		again.title = "run it again from the start"
	}
	if s.Problem.Kind == flows.Transport || s.Problem.Kind == flows.Person {
		again = action{"try this step again", pane.Close{Then: pane.Record{Events: []flows.Event{flows.Advanced{To: s.Problem.Step}}}}}
		out = append([]action{again}, out...)
	} else {
		out = append(out, again)
	}
	if p.report.Page != "" && p.report.Page != best.ID {
		out = append(out, action{"read about " + wire.Safe(s.Problem.Code) + " in general", pane.Close{Then: pane.OpenPage{ID: p.report.Page}}})
	}
	for _, ev := range best.Evidence {
		if i := s.Grant.Index(ev.Step); i >= 0 && ev.Step != s.Problem.Step {
			out = append(out, action{fmt.Sprintf("look at step %d, where the evidence is", i+1), pane.Close{Then: pane.Select{Step: i}}})
			break
		}
	}
	return append(out, action{"copy a report, secrets removed", pane.Copy{Text: p.Markdown(e), What: "the report as Markdown; secrets are masked"}})
}

func page(e pane.Env, id string) (string, bool) {
	if e.Catalog == nil {
		return "", false
	}
	pg, ok := e.Catalog.Page(id)
	return pg.Title, ok
}

// Primary says what the marked action does.
func (p Pane) Primary(e pane.Env) string {
	list := p.actions(e)
	return list[min(p.cursor, len(list)-1)].title
}

// Act moves among the actions, does the marked one, or copies the report.
func (p Pane) Act(a keys.Action, e pane.Env) (pane.Pane, tea.Msg) {
	list := p.actions(e)
	switch a {
	case keys.Up:
		p.cursor = max(0, p.cursor-1)
	case keys.Down:
		p.cursor = min(len(list)-1, p.cursor+1)
	case keys.PgUp:
		p.top = max(0, p.top-max(1, e.H/3))
	case keys.PgDown:
		p.top = min(max(0, len(p.lines(e))-max(1, e.H-len(p.foot(e))-1)), p.top+max(1, e.H/3))
	case keys.Enter:
		return p, list[min(p.cursor, len(list)-1)].do
	case keys.Copy, keys.CopyAll:
		if e.Snap.State.Problem == nil {
			return p, nil
		}
		return p, pane.Copy{Text: p.Markdown(e), What: "the report as Markdown; secrets are masked"}
	case keys.Lookup:
		if best, ok := p.report.Best(); ok {
			return p, pane.Close{Then: pane.OpenPage{ID: best.ID}}
		}
	}
	return p, nil
}

// Update has nothing to take.
func (p Pane) Update(tea.Msg, pane.Env) (pane.Pane, tea.Cmd) { return p, nil }

// Sync makes the report of the run in view.
func (p Pane) Sync(e pane.Env) (pane.Pane, tea.Cmd) {
	if p.version != e.Snap.Version {
		p.version, p.report = e.Snap.Version, diagnose.Explain(e.Snap.State, e.Catalog)
	}
	return p, nil
}

// View draws the report, which scrolls, and below it what to do next, which is
// always in view.
func (p Pane) View(e pane.Env) string {
	lines := p.lines(e)
	foot := p.foot(e)
	room := max(1, e.H-len(foot))
	if more := len(lines) - room; more > 0 {
		window, top := pane.Window(lines, p.top, -1, max(1, room-1))
		below := len(lines) - top - len(window)
		note := fmt.Sprintf(" %d more lines: %s scrolls", below, e.Keys.Key(keys.PgDown))
		if below == 0 {
			note = " that was all: " + e.Keys.Key(keys.PgUp) + " goes back up"
		}
		lines = append(append([]string{}, window...), e.Styles.Muted.Render(note))
	}
	for len(lines) < room {
		lines = append(lines, "")
	}
	return strings.Join(append(lines, foot...), "\n")
}

// foot is the list of actions and the learner's guess.
func (p Pane) foot(e pane.Env) []string {
	st, s := e.Styles, e.Snap.State
	if s.Problem == nil {
		return nil
	}
	var list []string
	for i, a := range p.actions(e) {
		lead, style := "   ", st.Text
		if i == p.cursor {
			lead, style = " "+st.Now.Render(st.Sym.Cursor)+" ", st.Selected
		}
		list = append(list, lead+style.Render(pane.Cut(fmt.Sprintf("%d %s", i+1, a.title), e.W-4)))
	}
	if e.H < 14 {
		list, _ = pane.Window(list, 0, p.cursor, 2)
	}
	out := append([]string{" " + st.Title.Render("WHAT TO DO NEXT")}, list...)
	if line := guess(s, st.Sym.BackArrow); line != "" {
		out = append(out, " "+st.Muted.Render(pane.Cut(line, e.W-2)))
	}
	return out
}

// guess compares what the learner expected with what came. An error that the
// browser brought back was guessed at the request.
func guess(s flows.State, arrow string) string {
	at := s.Problem.Step
	if s.Guesses[at] == "" && at == "callback" && s.Problem.Kind == flows.OAuth {
		at = "authorize"
	}
	i := s.Grant.Index(at)
	word := s.Guesses[at]
	if i < 0 || word == "" {
		return ""
	}
	verdict := "not this time"
	if word == s.Problem.Code {
		verdict = "correct"
	}
	return fmt.Sprintf("You guessed: %s %s %s", diagnose.Outcome(s.Grant.Steps[i], word), arrow, verdict)
}

func (p Pane) lines(e pane.Env) []string {
	st, s := e.Styles, e.Snap.State
	if s.Problem == nil {
		return p.nothing(e)
	}
	best, _ := p.report.Best()
	var out []string
	say := func(lead, text string, style interface{ Render(...string) string }) {
		for i, l := range pane.Wrap(text, e.W-4) {
			if i > 0 {
				lead = "   "
			}
			out = append(out, lead+style.Render(l))
		}
	}
	heading := func(text string) { out = append(out, " "+st.Title.Render(text)) }
	room := e.H >= 22
	gap := func() {
		if room {
			out = append(out, "")
		}
	}
	say(" "+st.Fail.Render(st.Sym.Fail)+" ", best.Sentence+"  Confidence: "+string(best.Confidence)+".", st.Title)
	say("   ", p.report.Heard+": "+p.report.Said, st.Text)
	if p.report.Means != "" && best.Confidence != diagnose.Certain && e.H >= 14 {
		say("   ", "It means: "+p.report.Means, st.Muted)
	}
	gap()
	var evidence, ruled []string
	w := e.W
	two := e.W >= 100
	if two {
		w = e.W/2 - 1
	}
	for i, c := range p.report.Causes {
		if i > 0 {
			evidence = append(evidence, " "+st.Text.Render(pane.Cut(fmt.Sprintf("or %s: %s", c.Confidence, c.Sentence), w-2)))
		}
		for _, ev := range c.Evidence {
			evidence = append(evidence, p.evidence(e, ev, w)...)
		}
	}
	for _, ev := range p.report.RuledOut {
		ruled = append(ruled, p.evidence(e, ev, w)...)
	}
	if len(ruled) > 0 {
		ruled = append(ruled, "  "+st.Warn.Render(st.Sym.Unknown)+" "+st.Muted.Render("the server's own settings cannot be seen from here"))
	}
	if two && len(ruled) > 0 {
		left := append([]string{" " + st.Title.Render("EVIDENCE")}, evidence...)
		right := append([]string{" " + st.Title.Render("RULED OUT")}, ruled...)
		out = append(out, pane.Beside(left, w, right, " ")...)
	} else {
		heading("EVIDENCE")
		out = append(out, evidence...)
		if len(ruled) > 0 {
			gap()
			heading("RULED OUT")
			out = append(out, ruled...)
		}
	}
	return out
}

func (p Pane) evidence(e pane.Env, ev diagnose.Evidence, w int) []string {
	st := e.Styles
	sign := map[diagnose.Mark]string{diagnose.Fits: st.Fail.Render(st.Sym.Fail), diagnose.Against: st.OK.Render(st.Sym.OK),
		diagnose.Edited: st.Edited.Render(st.Sym.Edited), diagnose.Neutral: st.Muted.Render(st.Sym.Dot)}[ev.Mark]
	place := ""
	if i := e.Snap.State.Grant.Index(ev.Step); i >= 0 {
		place = fmt.Sprintf("step %d", i+1)
	}
	lines := pane.Wrap(ev.Text, w-14)
	out := make([]string, len(lines))
	for i, l := range lines {
		if i == 0 {
			out[i] = pane.Ends("  "+sign+" "+st.Text.Render(l), st.Muted.Render(place+" "), w)
		} else {
			out[i] = "    " + st.Text.Render(l)
		}
	}
	return out
}

// nothing is the screen of a run without a problem: its warnings.
func (p Pane) nothing(e pane.Env) []string {
	st := e.Styles
	out := []string{" " + st.OK.Render(st.Sym.OK) + " " + st.Text.Render("Nothing has failed in this run.")}
	for _, c := range e.Snap.State.Checks() {
		if c.Status == wire.Warn {
			for i, l := range pane.Wrap(c.Message, e.W-6) {
				lead := "   "
				if i == 0 {
					lead = " " + st.Warn.Render(st.Sym.Warn) + " "
				}
				out = append(out, lead+st.Text.Render(l))
			}
		}
	}
	return append(out, "", " "+st.Muted.Render("To see a failure: "+e.Keys.Key(keys.EditReq)+" changes the next request before it is sent."))
}

// Markdown is the report for a colleague.
func (p Pane) Markdown(e pane.Env) string {
	s := e.Snap.State
	if s.Problem == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: step %d (%s) failed\n\n", s.Grant.Title, s.Grant.Index(s.Problem.Step)+1, p.report.Title)
	fmt.Fprintf(&b, "- profile: %s (%s)\n- at: %s\n- %s: %s\n", wire.Safe(s.Profile.Name), s.Profile.Class, s.Now.UTC().Format("2006-01-02 15:04:05 UTC"), p.report.Heard, p.report.Said)
	if s.Edited > 0 {
		fmt.Fprintf(&b, "- this run was edited by hand: %d request(s)\n", s.Edited)
	}
	for _, c := range p.report.Causes {
		fmt.Fprintf(&b, "\n## %s (%s)\n\n%s\n\n", c.Title, c.Confidence, c.Sentence)
		for _, ev := range c.Evidence {
			fmt.Fprintf(&b, "- %s\n", ev.Text)
		}
	}
	if len(p.report.RuledOut) > 0 {
		b.WriteString("\n## Ruled out\n\n")
		for _, ev := range p.report.RuledOut {
			fmt.Fprintf(&b, "- %s\n", ev.Text)
		}
	}
	return b.String()
}
