package flow

import (
	"strconv"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// notice is what is going on right now, in a few lines: the past is in view,
// somebody is waited for, the run stopped, or it is done. Nil in between. What is
// not needed is left out beyond room lines.
func notice(e pane.Env, k ink, room int) []string {
	s := e.Snap.State
	switch {
	case e.Snap.Past:
		return past(e, k, room)
	case s.Status == flows.Running:
		return waiting(e, k, room)
	case s.Problem != nil:
		return problem(e, k, room)
	case s.Status == flows.Done:
		return done(e, k, room)
	}
	return nil
}

// past says that nothing here is now, in as many words as room lines hold.
func past(e pane.Env, k ink, room int) []string {
	now, fork := e.Keys.Key(keys.Now), e.Keys.Key(keys.Fork)
	texts := []string{"You look at the past. " + now + " returns to now, " + fork + " tries another way from here.", "Past. " + now + " now, " + fork + " another way"}
	if now == "" || fork == "" {
		texts = []string{"You look at the past.", "The past."}
	}
	for _, text := range texts {
		if lines := wrapped(text, e.W-2, 0, k.warn); len(lines) <= max(1, room) {
			return indent(lines)
		}
	}
	return indent(wrapped(texts[len(texts)-1], e.W-2, 1, k.warn))
}

func problem(e pane.Env, k ink, room int) []string {
	p := e.Snap.State.Problem
	out := []string{k.fail.Put(cut(k.sym.Fail+" "+wire.Safe(p.Code), e.W-2))}
	if p.Description != "" {
		out = append(out, wrapped(p.Description.Safe(), e.W-2, max(1, min(3, room-2)), k.text)...)
	}
	if why := keyed(e, k, keys.WhyFail, "says why, and what to do"); why != "" && p.Kind != flows.Person {
		out = append(out, why)
	}
	return indent(out)
}

func done(e pane.Env, k ink, room int) []string {
	text := "Done: every step ran."
	if doc, _, err := wire.ParseJSON([]byte(e.Snap.State.Vars["userinfo"].Raw()), wire.Limits{}); err == nil {
		for _, name := range []string{"name", "preferred_username", "email", "sub"} {
			if who := doc.Str(name); who != "" {
				text = "Done: signed in as " + wire.Safe(who) + "."
				break
			}
		}
	}
	return indent(wrapped(k.sym.OK+" "+text, e.W-2, max(1, min(3, room)), k.ok))
}

func indent(lines []string) []string {
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return lines
}

// countdown is the time that an authorization code has left, "" when there is
// none that waits to be swapped. A profile says how long its codes live.
func countdown(e pane.Env, k ink) string {
	s := e.Snap.State
	life, err := strconv.Atoi(s.Profile.Quirks["code_lifetime"])
	from, to := s.Grant.Index("callback"), s.Grant.Index("token")
	if err != nil || life <= 0 || e.Snap.Past || from < 0 || to < 0 || s.Step <= from || s.Step > to {
		return ""
	}
	came := s.Results[from].Ended
	if came.IsZero() || s.Results[to].Began.After(came) || s.Status != flows.Ready {
		return ""
	}
	whole := time.Duration(life) * time.Second
	left := whole - e.Snap.Now.Sub(came)
	if left <= 0 {
		return " " + k.fail.Put(cut(k.sym.Fail+" The code expired "+clock(-left)+" ago.", e.W-2))
	}
	text := "Code expires in " + clock(left)
	if e.W < 36 {
		text = "Code expires " + clock(left)
	}
	cells := min(10, e.W-width(text)-5)
	if cells < 3 {
		return " " + k.warn.Put(cut(text, e.W-2))
	}
	full := max(1, min(cells, int((int64(left)*int64(cells)+int64(whole)/2)/int64(whole))))
	bar := k.sym.BarOpen + strings.Repeat(k.sym.BarFull, full) + strings.Repeat(k.sym.BarEmpty, cells-full) + k.sym.BarClose
	b := k.text
	if left < whole/4 {
		b = k.warn
	}
	return " " + b.Put(text) + "  " + b.Put(bar)
}

// small is the diagram with one row for each step, at most h lines, around the
// step where the run stands.
func small(e pane.Env, k ink, h int) []string {
	if e.W < 26 || h < 4 {
		return nil
	}
	s := e.Snap.State
	ms := flows.Diagram(s)
	g := lay(flows.Parties(ms), e.W-6)
	head := make([]string, len(g.parties))
	for i, p := range g.parties {
		head[i] = p.Name()
		if p == flows.Browser {
			head[i] = "You"
		}
	}
	rows := make([]string, 0, len(s.Grant.Steps))
	for i := range s.Grant.Steps {
		m := widest(ms, i, g)
		sign, b := k.stepSign(s, i)
		row := g.line(m, k, true)
		rows = append(rows, " "+fit(row, e.W-6)+b.Put(pad(strconv.Itoa(i+1), 2)+sign))
	}
	cur := current(s)
	rows, _ = pane.Window(rows, max(0, cur-(h-1)+2), cur, h-1)
	return append([]string{" " + g.heads(head, k.muted)}, rows...)
}

func pad(s string, w int) string { return spaces(w-len(s)) + s }

// widest is the message that stands for a step: the one that goes farthest.
func widest(ms []flows.Message, step int, g grid) flows.Message {
	best, far := ms[firstOf(ms, step)], -1
	for _, m := range ms {
		d := max(g.lane(m.From), g.lane(m.To)) - min(g.lane(m.From), g.lane(m.To))
		if m.Step == step && m.Kind != flows.Halt && d > far {
			best, far = m, d
		}
	}
	return best
}

// legend explains the two kinds of arrows.
func legend(k ink, w int) []string {
	front, back := "front channel: through the browser", "back channel: straight to the server"
	if w < 44 {
		front, back = "through the browser", "straight to the server"
	}
	return []string{
		" " + k.front.Put(k.sym.FrontArrow) + " " + k.muted.Put(cut(front, w-5)),
		" " + k.back.Put(k.sym.BackArrow) + " " + k.muted.Put(cut(back, w-5)),
	}
}
