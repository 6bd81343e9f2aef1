package token

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// history lists the tokens of the session: those of every run, the newest
// first, then what was pasted, opened and made.
func (p Pane) history(e pane.Env) []row {
	var out []row
	for _, run := range slices.Backward(e.Snap.Runs) {
		first := true
		for _, t := range [...]tab{idToken, accessToken, refreshToken} {
			text := run.Vars[t.variable()].Raw()
			if text == "" {
				continue
			}
			if first {
				out = append(out, row{kind: heading, name: "RUN " + strconv.Itoa(run.Number), value: wire.Safe(run.Flow)})
				first = false
			}
			from := "it came with the profile"
			if step := run.Born[t.variable()]; step != "" {
				from = "born in step " + step
			}
			b := brought{text: wire.NewSecret(text), from: "the " + t.String() + " of run " + strconv.Itoa(run.Number)}
			out = append(out, b.row("run "+strconv.Itoa(run.Number)+" "+t.variable(), t.String(), from, e))
		}
	}
	for i, b := range slices.Backward(p.mine.seen) {
		if i == len(p.mine.seen)-1 {
			out = append(out, row{kind: heading, name: "PASTED, OPENED, MADE"})
		}
		name, from := "pasted", b.from
		if b.mark != "" {
			name, from = "made here", b.mark
		} else if from == "" {
			from = "pasted"
		}
		out = append(out, b.row("brought "+strconv.Itoa(i), name, from, e))
	}
	if len(out) == 0 {
		out = []row{{kind: heading, name: "NO TOKENS YET", value: "a run brings them, or you paste one"}}
	}
	return out
}

func (b brought) row(id, name, from string, e pane.Env) row {
	shown := wire.Mask(b.text.Reveal())
	return row{kind: choiceRow, id: id, name: name, value: from, gloss: shown, raw: name + ": " + from, does: "shows this token",
		about:  []string{"Token", shown, "From", from},
		choose: func(p Pane, e pane.Env) (Pane, tea.Msg) { return p.bring(b, e), nil }}
}

// trail is where a token of the run was born, and the steps that sent it.
type trail struct {
	born int // step, from 0; -1: it came with the profile
	used []int
}

func (p Pane) trail(e pane.Env) (trail, bool) {
	name := p.tab.variable()
	if name == "" || e.Snap.State.Vars[name] == "" {
		return trail{}, false
	}
	t := trail{born: -1}
	for _, m := range flows.Diagram(e.Snap.State) {
		if slices.Contains(m.Born, name) {
			t.born = m.Step
		}
		if slices.Contains(m.Used, name) && !slices.Contains(t.used, m.Step) {
			t.used = append(t.used, m.Step)
		}
	}
	return t, true
}

// String is the trail in a sentence.
func (t trail) String() string {
	out := "came with the profile"
	if t.born >= 0 {
		out = "born in step " + strconv.Itoa(t.born+1)
	}
	if len(t.used) == 0 {
		return out + ", not sent since"
	}
	var steps []string
	for _, s := range t.used {
		steps = append(steps, strconv.Itoa(s+1))
	}
	return out + ", sent in step " + strings.Join(steps, " and ")
}

// follow goes to the step where the token was born, in the Flow pane, and says
// where it went from there.
func (p Pane) follow(e pane.Env) tea.Msg {
	t, ok := p.trail(e)
	if !ok {
		return pane.Say{Text: "Only a token of this run can be followed through it.", Refused: true}
	}
	step := t.born
	if step < 0 && len(t.used) > 0 {
		step = t.used[0]
	}
	send := func(m tea.Msg) tea.Cmd { return func() tea.Msg { return m } }
	return pane.Do{Cmd: send(tea.BatchMsg{send(pane.Select{Step: step}), send(pane.Focus{Scope: keys.Flow}), send(pane.Say{Text: "The " + p.tab.String() + ": " + t.String() + "."})})}
}
