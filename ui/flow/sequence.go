package flow

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/themes"
	"authdance/ui/pane"
)

// wide is where the message under the cursor gets a column of its own.
const wide = 100

// sequence is the full diagram.
func (p Pane) sequence(e pane.Env, k ink) []string {
	ms := flows.Diagram(e.Snap.State)
	at := p.cursor(ms)
	if e.W < wide {
		below := oneLine(e, k, ms, at)
		if e.H < 5 {
			below = nil
		}
		pic := diagram(e, k, ms, at, e.W, e.H-len(below))
		for len(pic) < e.H-len(below) {
			pic = append(pic, "")
		}
		return append(pic, below...)
	}
	dw := max(36, min(46, e.W/3))
	left := e.W - dw - 3
	return beside(diagram(e, k, ms, at, left, e.H), left, detail(e, k, ms, at, dw, e.H), k)
}

// both is the list with the diagram beside it, where the small one would stand
// under the list of a narrow pane.
func both(e pane.Env, k ink) []string {
	left := e
	left.W = 42
	w := e.W - left.W - 3
	ms := flows.Diagram(e.Snap.State)
	return beside(list(left, k, false), left.W, diagram(e, k, ms, -1, w, e.H), k)
}

// diagram is the lanes with their messages, w×h cells at most.
func diagram(e pane.Env, k ink, ms []flows.Message, at, w, h int) []string {
	s := e.Snap.State
	gw := gutterWidth(w)
	g := lay(flows.Parties(ms), w-gw-1)
	lead := spaces(gw)
	out := []string{lead + g.heads(laneNames(g, w), k.title)}
	if h >= 22 && w >= 70 {
		out = append(out, lead+g.heads(laneNotes(s, g), k.muted), lead+g.row(k.lane.Put(k.sym.Lane), 0, ""))
	}
	var foot []string
	switch {
	case h >= 26 && w >= 70 && len(ms)+len(out)+6 <= h:
		foot = append([]string{"", signs(k, w)}, boundary(k, w)...)
	case h >= 12:
		foot = []string{signs(k, w)}
	}
	room := max(1, h-len(out)-len(foot))
	on := at
	if at < 0 { // no cursor: what belongs to the step in view
		on = firstOf(ms, e.Snap.Selected)
	}
	for i := top(on, len(ms), room); i < len(ms) && room > 0; i++ {
		out = append(out, row(e, k, g, ms, i, at, w))
		room--
	}
	return append(out, foot...)
}

// top is the first of n lines to show in room, so that line at stands at two
// thirds and no room is wasted.
func top(at, n, room int) int { return max(0, min(at-room*2/3, n-room)) }

// row is one message with its gutter: cursor, and on the first message of a
// step its number, its sign and the mark of an edit.
func row(e pane.Env, k ink, g grid, ms []flows.Message, i, at, w int) string {
	gw, mark := gutterWidth(w), " "
	if i == at {
		mark = k.sym.Cursor
	}
	if i != at || !e.Focus {
		return gutter(k, e.Snap.State, ms, i, gw, mark) + g.line(ms[i], k, false)
	}
	flat := k.flat()
	return k.chose.Put(fit(gutter(flat, e.Snap.State, ms, i, gw, mark)+g.line(ms[i], flat, false), w))
}

func gutterWidth(w int) int {
	if w < 48 {
		return 5
	}
	return 8
}

// laneNames are the heads of the lanes, short where they must be.
func laneNames(g grid, w int) []string {
	out := make([]string, len(g.parties))
	for i, p := range g.parties {
		out[i] = p.Name()
		switch {
		case p == flows.Browser && w >= 70:
			out[i] = "You + browser"
		case p == flows.Browser && w < 48:
			out[i] = "You"
		case p == flows.Client && w < 36:
			out[i] = "App"
		case p == flows.AS && w >= 62:
			out[i] = "Auth. server"
		}
	}
	return out
}

// laneNotes say who the parties are in this run.
func laneNotes(s flows.State, g grid) []string {
	out := make([]string, len(g.parties))
	for i, p := range g.parties {
		switch p {
		case flows.Browser:
			out[i] = "can be watched"
		case flows.Client:
			out[i] = s.Vars["client_id"].Safe()
		case flows.AS:
			out[i] = hostOf(s.Vars["token_endpoint"], s.Vars["issuer"])
		case flows.API:
			out[i] = hostOf(s.Vars["api"])
		}
	}
	return out
}

func hostOf(urls ...wire.Untrusted) string {
	for _, raw := range urls {
		if u, err := url.Parse(raw.Raw()); err == nil && u.Host != "" {
			return wire.Safe(u.Host)
		}
	}
	return ""
}

// signs is the legend of the diagram, as much of it as fits.
func signs(k ink, w int) string {
	out := ""
	for _, one := range []struct {
		sign string
		b    pane.Brush
		what string
	}{
		{k.sym.FrontArrow, k.front, "front channel"},
		{k.sym.BackArrow, k.back, "back channel"},
		{k.sym.Inside, k.ok, "work inside"},
		{k.sym.Stopped, k.fail, "stopped"},
		{k.sym.Skipped, k.skipped, "skipped"},
		{k.sym.Later, k.later, "later"},
		{k.sym.Edited, k.edited, "edited"},
	} {
		piece := " " + one.b.Put(one.sign) + " " + k.muted.Put(one.what) + " "
		if width(out)+width(piece) > w {
			break
		}
		out += piece
	}
	return out
}

// boundary says why there are two kinds of arrows.
func boundary(k ink, w int) []string {
	out := wrapped(k.sym.FrontArrow+"  Who controls the browser can read and change what passes.", w-2, 0, k.muted)
	out = append(out, wrapped(k.sym.BackArrow+"  Direct and, in real life, encrypted: secrets travel only here.", w-2, 0, k.muted)...)
	return indent(out)
}

// oneLine is the message under the cursor where there is no room for a column.
func oneLine(e pane.Env, k ink, ms []flows.Message, at int) []string {
	text := fmt.Sprintf("%s message %d: %s", k.sym.Cursor, at+1, ms[at].Sentence())
	if p := e.Snap.State.Problem; p != nil && ms[at].Status == flows.StepFailed && ms[at].Kind != flows.Call && p.Description != "" {
		text += " " + k.sym.Dash + " " + p.Description.Safe()
	}
	if e.Snap.Past && e.H >= 8 {
		return append(indent(wrapped(text, e.W-2, 1, k.text)), past(e, k, 1)[0])
	}
	limit := 1
	if e.H >= 14 {
		limit = 2
	}
	return indent(wrapped(text, e.W-2, limit, k.text))
}

// Text is the diagram as plain lines of at most w cells, for exports. Where the
// lanes would have no room for words it is a numbered list of sentences.
func Text(s flows.State, sym themes.Symbols, w int) []string {
	if len(s.Grant.Steps) == 0 {
		return nil
	}
	if w < 60 {
		var out []string
		for _, line := range flows.Transcript(s) {
			out = append(out, pane.Wrap(line, w)...)
		}
		return out
	}
	ms := flows.Diagram(s)
	k := ink{sym: &sym}
	gw := gutterWidth(w)
	g := lay(flows.Parties(ms), w-gw-1)
	out := []string{spaces(gw) + g.heads(laneNames(g, w), k.title)}
	for i := range ms {
		out = append(out, gutter(k, s, ms, i, gw, " ")+g.line(ms[i], k, false))
	}
	return append(out, "", strings.TrimRight(signs(k, w), " "))
}

// gutter is the number, the sign and the edit mark of a step, on its first message.
func gutter(k ink, s flows.State, ms []flows.Message, i, gw int, mark string) string {
	m := ms[i]
	edit := " "
	if m.Edited {
		edit = k.edited.Put(k.sym.Edited)
	}
	gap := ""
	if gw >= 8 {
		gap = " "
	}
	head := "   " + gap
	if i == 0 || ms[i-1].Step != m.Step {
		sign, b := k.stepSign(s, m.Step)
		head = pad(strconv.Itoa(m.Step+1), 2) + gap + b.Put(sign)
	}
	head += edit
	return fit(mark+head, gw)
}
