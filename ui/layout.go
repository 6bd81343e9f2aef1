package ui

import (
	"authdance/ui/dialog"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// class is a size class of the terminal: the largest whose width and height
// both fit (conventions L1).
type class int

const (
	tooSmall class = iota // below 40×12: one line that says so
	tiny                  // one pane, three hints
	small                 // one pane and the tab strip
	medium                // flow rail and one detail
	large                 // three columns
	huge                  // three wide columns
)

func classOf(w, h int) class {
	switch {
	case w >= 140 && h >= 40:
		return huge
	case w >= 100 && h >= 30:
		return large
	case w >= 80 && h >= 24:
		return medium
	case w >= 60 && h >= 16:
		return small
	case w >= 40 && h >= 12:
		return tiny
	}
	return tooSmall
}

// rect is a place on the screen, frame included.
type rect struct{ x, y, w, h int }

func (r rect) has(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// top is the number of lines above the body: the header, and the tab strip
// where not every pane is visible.
func (m Model) headLines() int {
	if classOf(m.w, m.h) >= large && !m.whole() {
		return 1
	}
	return 2
}

// whole: the pane with the focus has the body for itself.
func (m Model) whole() bool {
	c := classOf(m.w, m.h)
	if c <= small || m.zoom {
		return true
	}
	return m.panes[m.focus].Wide(pane.Env{Snap: m.session.Snapshot(), Styles: m.styles, Keys: m.deps.Keys, Catalog: m.catalog})
}

// places says where each visible pane is. Hidden panes are absent. Drawing and
// mouse both read it, so they cannot disagree.
func (m Model) places() map[int]rect {
	y := m.headLines()
	body := rect{0, y, m.w, m.h - y - 2}
	if m.whole() {
		return map[int]rect{m.focus: body}
	}
	switch classOf(m.w, m.h) {
	case medium:
		if m.focus != flowPane && m.focus != exchangePane {
			return map[int]rect{m.focus: body}
		}
		rail := min(30+max(0, m.w-80)/3, 40)
		return map[int]rect{flowPane: {0, y, rail, body.h}, exchangePane: {rail, y, m.w - rail, body.h}}
	case large, huge:
		a, b := 26, 40
		if m.w >= 140 {
			a, b = 30, min(60, m.w*2/6)
		}
		list := min(4+3*min(len(m.deps.Profiles), 4), body.h/3)
		detail := body.h * 55 / 100
		return map[int]rect{
			profilesPane: {0, y, a, list},
			pagesPane:    {0, y + list, a, body.h - list},
			flowPane:     {a, y, b, body.h},
			exchangePane: {a + b, y, m.w - a - b, detail},
			tokenPane:    {a + b, y + detail, m.w - a - b, body.h - detail},
		}
	}
	return map[int]rect{m.focus: body}
}

// env is what a pane may look at now.
func (m Model) env(i int) pane.Env {
	r, ok := m.places()[i]
	if !ok { // hidden: as big as it would be with the focus
		r = rect{w: m.w, h: m.h - 4}
	}
	return pane.Env{Snap: m.session.Snapshot(), Styles: m.styles, Keys: m.deps.Keys, Catalog: m.catalog, Lab: m.deps.Lab, Open: m.deps.Open, Remote: m.deps.Remote,
		Focus: i == m.focus && len(m.over) == 0, W: max(0, r.w-2), H: max(0, r.h-2)}
}

// overRect is where the overlay on top stands: boxes in the middle, screens
// over the whole body.
func (m Model) overRect() rect {
	top, ok := m.top()
	if !ok {
		return rect{}
	}
	body := rect{0, 1, m.w, m.h - 3}
	w, h := m.w, m.h-2
	switch top.Scope() {
	case "commands":
		w, h = min(m.w-4, 68), min(body.h-2, 16)
	case "help":
		w, h = min(m.w-4, 112), min(body.h-1, 26)
	case keys.Form, keys.FormText:
		w = min(m.w-2, 100)
		h = min(body.h, top.(dialog.Form).Lines(w-2)+2)
	case "welcome":
		return rect{0, 0, m.w, m.h - 2}
	default:
		return body
	}
	return rect{(m.w - w) / 2, 1 + (body.h-h)/2, w, h}
}

func (m Model) overEnv() pane.Env {
	r := m.overRect()
	return pane.Env{Snap: m.session.Snapshot(), Styles: m.styles, Keys: m.deps.Keys, Catalog: m.catalog, Lab: m.deps.Lab, Open: m.deps.Open, Remote: m.deps.Remote, Focus: true, W: max(0, r.w-2), H: max(0, r.h-2)}
}
