package flow

import (
	"strings"

	"authdance/flows"
	"authdance/ui/pane"
)

// grid is the lanes of a diagram: one column for each party.
type grid struct {
	parties []flows.Party
	x       []int // column of each lane
	w       int
}

// lay spreads the lanes over w cells. Most words stand between the client and
// the server; what goes to the API crosses the server's lane, so that gap may be small.
func lay(parties []flows.Party, w int) grid {
	g := grid{parties: parties, w: w, x: make([]int, len(parties))}
	weights := make([]int, len(parties))
	total := 0
	for i := 1; i < len(parties); i++ {
		switch {
		case w <= 44, len(parties) < 4:
			weights[i] = 10
		case parties[i] == flows.AS:
			weights[i] = 12
		case parties[i] == flows.API:
			weights[i] = 8
		default:
			weights[i] = 10
		}
		total += weights[i]
	}
	first, last := 1, max(1, w-2)
	if w > 44 {
		first = 4
	}
	if w > 62 {
		first, last = 5, w-7
	}
	sum := 0
	for i := range parties {
		sum += weights[i]
		g.x[i] = first
		if total > 0 {
			g.x[i] = first + (last-first)*sum/total
		}
	}
	return g
}

func (g grid) lane(p flows.Party) int {
	for i, q := range g.parties {
		if p == q {
			return g.x[i]
		}
	}
	return 0
}

// heads writes a label over each lane. Labels that would touch share the room.
func (g grid) heads(labels []string, b pane.Brush) string {
	var out strings.Builder
	begin := func(i int) int { return max(0, min(g.x[i]-(width(labels[i])-1)/2, g.w-width(labels[i]))) }
	pos := 0
	for i, label := range labels {
		first, at, end := 0, begin(i), g.w
		if i > 0 {
			first = pos + 1
		}
		if i+1 < len(labels) {
			end = max((g.x[i]+g.x[i+1])/2, begin(i+1)-1)
		}
		at = max(first, min(at, end-width(label)))
		label = cut(label, end-at)
		out.WriteString(spaces(at-pos) + b.Put(label))
		pos = at + width(label)
	}
	return out.String()
}

// row is one line: seg covers the cells from a on, the lanes show everywhere else.
func (g grid) row(lane string, a int, seg string) string {
	b := a + width(seg)
	var out strings.Builder
	pos := 0
	upTo := func(x int) { out.WriteString(spaces(x - pos)) }
	put := func() {
		upTo(a)
		out.WriteString(seg)
		pos = b
	}
	done := seg == ""
	for _, x := range g.x {
		if !done && x >= a {
			put()
			done = true
		}
		if x < pos {
			continue
		}
		upTo(x)
		out.WriteString(lane)
		pos = x + 1
	}
	if !done {
		put()
	}
	return out.String()
}

// line draws a message. short leaves only the first word on an arrow.
func (g grid) line(m flows.Message, k ink, short bool) string {
	lane := k.lane.Put(k.sym.Lane)
	x := g.lane(m.From)
	room := g.w - x
	switch {
	case m.Kind == flows.Planned:
		lane = k.later.Put(k.sym.LaneLater)
		if short || room < 12 {
			return g.row(lane, 0, "")
		}
		x = g.lane(flows.Client)
		return g.row(lane, x, lane+k.later.Put(" "+cut(plan(m), g.w-x-2)))
	case m.Crosses():
		a, seg := g.arrow(m, k, short)
		return g.row(lane, a, seg)
	case m.Kind == flows.Halt:
		if short || room < 12 {
			return g.row(lane, x, k.fail.Put(k.sym.Stopped))
		}
		return g.row(lane, x, k.fail.Put(k.sym.Stopped+" "+cut(m.Label, room-2)))
	}
	dot := k.ok
	if m.Status == flows.StepFailed && strings.Contains(m.Label, "failed") {
		dot = k.fail
	}
	if short || room < 12 {
		return g.row(lane, x, dot.Put(k.sym.Inside))
	}
	return g.row(lane, x, dot.Put(k.sym.Inside)+" "+k.text.Put(cut(m.Label, room-2)))
}

func plan(m flows.Message) string {
	if m.Status == flows.StepStale {
		return "(" + m.Label + ", old)"
	}
	return "(" + m.Label + ")"
}

// arrow is the segment of a message that crosses lanes, and where it starts.
func (g grid) arrow(m flows.Message, k ink, short bool) (int, string) {
	line, b := k.sym.BackLine, k.back
	if m.Front {
		line, b = k.sym.FrontLine, k.front
	}
	from, to := g.lane(m.From), g.lane(m.To)
	inner := max(from, to) - min(from, to) - 2
	if inner < 0 {
		return min(from, to), ""
	}
	label := m.Label
	if short {
		label, _, _ = strings.Cut(label, " ")
	}
	if width(label) > inner-3 { // at least one cell of the line shows, or two around a cut label
		label = shorten(label, inner-4)
	}
	ink := k.text
	if m.Kind == flows.Answer && m.Exchange != nil && m.Exchange.Response.Status >= 400 {
		ink = k.fail
	}
	shaft := b.Put(strings.Repeat(line, inner))
	if label != "" {
		left := (inner - width(label) - 2) / 2
		shaft = b.Put(strings.Repeat(line, left)) + ink.Put(" "+label+" ") + b.Put(strings.Repeat(line, inner-width(label)-2-left))
	}
	if from < to {
		return from, k.lane.Put(k.sym.Fork) + shaft + b.Put(k.sym.ArrowRight)
	}
	return to + 1, b.Put(k.sym.ArrowLeft) + shaft + k.lane.Put(k.sym.Join)
}

// shorten makes a label fit w cells. The end of a path says more than its
// beginning; in less than three cells nothing is said.
func shorten(label string, w int) string {
	if width(label) <= w {
		return label
	}
	if w < 3 {
		return ""
	}
	verb, rest, _ := strings.Cut(label, " ")
	path, _, _ := strings.Cut(rest, " ")
	if last := strings.LastIndexByte(path, '/'); last >= 0 {
		label = verb + " " + path
		if width(label) > w && last > 0 {
			label = verb + " …" + path[last:]
		}
	}
	if w < 8 && width(verb) <= w {
		return verb
	}
	return cut(label, w)
}
