package flow

import (
	"fmt"
	"strconv"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// empty says why nothing is here and what brings it.
func empty(e pane.Env, k ink) []string {
	w := e.W - 2
	out := append([]string{k.title.Put("No run yet.")}, "")
	out = append(out, wrapped("A flow is one login, cut into steps. Here they will stand one under the other, each with its state.", w, 0, k.text)...)
	if key := e.Keys.Key(keys.Enter); key != "" {
		out = append(out, "")
		out = append(out, wrapped(key+" begins a run.", w, 0, k.text)...)
	}
	for i := range out {
		out[i] = " " + out[i]
	}
	return out
}

// list is the steps, and under them what the room allows, the most useful
// first: what is going on, the time a code has left, the small diagram and its legend.
func list(e pane.Env, k ink, mini bool) []string {
	s := e.Snap.State
	rows := make([]string, len(s.Grant.Steps))
	for i := range rows {
		rows[i] = stepLine(e, k, i)
	}
	room := e.H - len(rows)
	if room >= 5 {
		room -= 2 // the title, and a line between
	}
	note, left := notice(e, k, room), countdown(e, k)
	reserve := 0
	if len(note) > 0 && e.H >= 7 {
		reserve++
	}
	if left != "" && e.H >= 7 {
		reserve++
	}
	steps, _ := pane.Window(rows, max(0, e.Snap.Selected-e.H/2), e.Snap.Selected, max(1, e.H-reserve))
	var out []string
	if e.H >= len(rows)+4+reserve {
		out = append(out, " "+k.title.Put(cut(s.Grant.Title, e.W-2)))
		if e.H >= len(rows)+16 {
			out = append(out, "")
		}
	}
	out = append(out, steps...)
	out = append(out, reasons(e, k, e.H-len(out)-reserve-3)...)
	bottom := 0
	if left != "" {
		bottom = 1
	}
	// add puts a block under the rest, with an empty line before it where there is room.
	add := func(block []string, need int) bool {
		free := e.H - len(out) - bottom
		if len(block) == 0 || free < need {
			return false
		}
		if free > len(block) || free > need+2 {
			out = append(out, "")
			free--
		}
		out = append(out, block[:min(len(block), free)]...)
		return true
	}
	add(note, 1)
	if free := e.H - len(out) - bottom; mini && free >= 5 && add(small(e, k, free-1-bottom), 5) && e.H-len(out)-bottom >= 3+bottom {
		add(legend(k, e.W), 3)
	}
	if left != "" && len(out) < e.H {
		if e.H-len(out) >= 2 {
			out = append(out, "")
		}
		out = append(out, left)
	}
	return out
}

// stepLine is one step: cursor, sign, number, title; at the right the mark of
// an edit and what there is to say about its state.
func stepLine(e pane.Env, k ink, i int) string {
	s := e.Snap.State
	chosen, whole := i == e.Snap.Selected && e.Focus, k.chose
	if chosen {
		k = k.flat()
	}
	mark := " "
	if i == e.Snap.Selected && i != current(s) {
		mark = k.sym.Cursor
	}
	sign, signBrush := k.stepSign(s, i)
	title := k.text
	say, sayBrush, must := k.stepSays(e, i)
	switch st := s.StatusOf(i); {
	case i == s.Step && (st == flows.StepReady || st == flows.StepEdited || st == flows.StepRunning):
		title = k.now
	case st == flows.StepReady, st == flows.StepStale, st == flows.StepSkipped:
		title = k.later
	}
	num := strconv.Itoa(i + 1)
	if len(s.Grant.Steps) > 9 && i < 9 {
		num = " " + num
	}
	head := mark + signBrush.Put(sign) + " " + num + " "
	name := s.Grant.Steps[i].Title
	tag := ""
	if edited(s, i) {
		tag = " " + k.edited.Put(k.sym.EditedTag)
	}
	room := e.W - width(head) - width(tag) - 1
	if say != "" && (must && room-width(say) >= 8 || e.W >= 34 && width(name)+1+width(say) <= room) {
		room -= width(say) + 1
		tag += " " + sayBrush.Put(say)
	}
	line := fit(head+title.Put(cut(name, room)), e.W-1-width(tag)) + tag + " "
	if chosen {
		return whole.Put(line)
	}
	return line
}

// stepSign is the state of a step, with ▶ where the run stands.
func (k ink) stepSign(s flows.State, i int) (string, pane.Brush) {
	st := s.StatusOf(i)
	switch {
	case i == s.Step && (st == flows.StepReady || st == flows.StepEdited):
		return k.sym.Now, k.now
	case st == flows.StepEdited && i < s.Step:
		return k.sym.OK, k.ok // it went through; that it was edited stands at the right
	case st == flows.StepEdited:
		return k.sym.Later, k.later
	}
	return k.status(string(st))
}

// stepSays is the last column: NEXT, a duration, or the state in a word. What
// must be said may shorten the title of the step; the rest gives way to it.
func (k ink) stepSays(e pane.Env, i int) (say string, b pane.Brush, must bool) {
	s := e.Snap.State
	r := s.Results[i]
	switch st := s.StatusOf(i); st {
	case flows.StepRunning:
		return clock(e.Snap.Now.Sub(r.Began)), k.running, true
	case flows.StepFailed:
		if s.Status == flows.Stopped {
			return "cancelled", k.fail, true
		}
		if e.W >= 46 && s.Problem != nil {
			return cut(wire.Safe(s.Problem.Code), 20), k.fail, true
		}
		return "failed", k.fail, true
	case flows.StepStale:
		return "old", k.later, true
	case flows.StepSkipped:
		if r.Skipped == "" {
			return "not run", k.later, false
		}
		return "skipped", k.skipped, true
	default:
		switch {
		case i == s.Step && e.Snap.Past:
			return "HERE", k.now, true
		case i == s.Step:
			return "NEXT", k.now, true
		case i > s.Step:
			return "", k.later, false
		}
		return took(r.Took()), k.muted, false
	}
}

// edited reports whether a step's request was, or will be, changed by hand.
func edited(s flows.State, i int) bool {
	if len(s.Edits[s.Grant.Steps[i].ID]) > 0 {
		return true
	}
	st := s.StatusOf(i)
	return len(s.Results[i].Edits) > 0 && st != flows.StepStale && !(st == flows.StepReady && i >= s.Step)
}

// reasons says why steps were left out, when at most room lines are enough.
func reasons(e pane.Env, k ink, room int) []string {
	s := e.Snap.State
	var out []string
	for i, r := range s.Results {
		if r.Skipped == "" || s.StatusOf(i) != flows.StepSkipped {
			continue
		}
		for n, line := range pane.Wrap(fmt.Sprintf("%d %s", i+1, r.Skipped), e.W-4) {
			lead := "   "
			if n == 0 {
				lead = " " + k.sym.Skipped + " "
			}
			out = append(out, k.skipped.Put(lead+line))
		}
	}
	if len(out) == 0 || len(out)+1 > room {
		return nil
	}
	return append([]string{""}, out...)
}

// took is a duration as people say it; what took no time at all says nothing.
func took(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return clock(d)
}

// clock is m:ss.
func clock(d time.Duration) string {
	sec := max(0, int(d/time.Second))
	if sec >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", sec/3600, sec/60%60, sec%60)
	}
	return fmt.Sprintf("%d:%02d", sec/60, sec%60)
}
