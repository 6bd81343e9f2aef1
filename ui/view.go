package ui

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/themes"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// cache keeps the picture of each pane until what it shows has changed: View
// runs after every message, and most messages change one pane.
type cache struct {
	panes [paneCount]struct {
		key   pictureKey
		lines []string
	}
	body struct {
		key   [paneCount]pictureKey
		lines []string
	}
}

type pictureKey struct {
	gen, version int
	r            rect
	focus, shown bool
	styles       *themes.Styles
}

// View draws the screen: header, tabs, panes, overlay, NEXT and keys.
func (m Model) View() tea.View {
	text := strings.Join(m.lines(), "\n")
	if m.styles.Sym.Name == "ascii" {
		text = plain(text)
	}
	v := tea.NewView(text)
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "authdance"
	v.BackgroundColor, v.ForegroundColor = m.styles.Page, m.styles.Ink
	return v
}

// plain is the text for a terminal that shows ASCII only. Every sign keeps its
// width of one cell, so the layout stays.
func plain(text string) string {
	signs := strings.NewReplacer("…", "~", "·", "-", "§", "S", "“", `"`, "”", `"`, "‘", "'", "’", "'", "–", "-", "—", "-", "×", "x", "•", "*",
		"↑", "^", "↓", "v", "←", "<", "→", ">", "≠", "#", "≤", "<", "≥", ">", "✓", "+")
	return strings.Map(func(r rune) rune {
		if r > 0x7e {
			return '?'
		}
		return r
	}, signs.Replace(text))
}

func (m Model) lines() []string {
	c := classOf(m.w, m.h)
	if m.w <= 0 || m.h <= 0 {
		return nil
	}
	if c == tooSmall {
		return tooSmallNotice(m.w, m.h)
	}
	out := make([]string, 0, m.h)
	top, over := m.top()
	if over && m.over[0].Scope() == keys.Welcome {
		below := m
		below.over = m.over[:1]
		r := below.overRect()
		out = append(out, make([]string, r.h)...)
		out = pane.Over(out, m.frame(m.over[0], below.overEnv(), r, ""), r.x, r.y)
		if len(m.over) > 1 {
			r = m.overRect()
			out = pane.Over(out, m.frame(top, m.overEnv(), r, ""), r.x, r.y)
		}
	} else {
		out = append(out, m.header())
		if m.headLines() > 1 {
			out = append(out, m.tabs())
		}
		out = append(out, m.body()...)
		for len(out) < m.h-2 {
			out = append(out, "")
		}
		if over {
			r := m.overRect()
			out = pane.Over(out, m.frame(top, m.overEnv(), r, ""), r.x, r.y)
		}
	}
	out = m.toast(out)
	return append(out[:min(len(out), m.h-2)], m.nextLine(), m.footer())
}

func tooSmallNotice(w, h int) []string {
	text := fmt.Sprintf("This window is %d×%d. authdance needs 40×12.", w, h)
	lines := pane.Wrap(text, w)
	return lines[:min(len(lines), h)]
}

// body joins the visible panes. Its lines are kept while no pane changed.
func (m Model) body() []string {
	places := m.places()
	var now [paneCount]pictureKey
	for i, r := range places {
		now[i] = pictureKey{m.gens[i], m.session.Version(), r, i == m.focus && len(m.over) == 0, true, m.styles}
	}
	if m.cache.body.lines != nil && m.cache.body.key == now {
		return m.cache.body.lines
	}
	y0 := m.headLines()
	rows := make([]strings.Builder, m.h-y0-2)
	for _, i := range []int{profilesPane, pagesPane, flowPane, exchangePane, tokenPane} {
		r, ok := places[i]
		if !ok {
			continue
		}
		lines := m.picture(i, now[i])
		for n, line := range lines {
			if at := r.y - y0 + n; at >= 0 && at < len(rows) {
				rows[at].WriteString(line)
			}
		}
	}
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = rows[i].String()
	}
	m.cache.body.key, m.cache.body.lines = now, out
	return out
}

func (m Model) picture(i int, key pictureKey) []string {
	c := &m.cache.panes[i]
	if c.lines == nil || c.key != key {
		c.key, c.lines = key, m.frame(m.panes[i], m.env(i), key.r, fmt.Sprintf("[%d] ", i+1))
	}
	return c.lines
}

// frame draws a pane with its border; the number in the title is the key that
// jumps there.
func (m Model) frame(p pane.Pane, e pane.Env, r rect, number string) []string {
	left, right := p.Title(e)
	b, edge, title := m.styles.Sym.Border, m.styles.Border, m.styles.Title
	if e.Focus {
		b, edge, title = m.styles.Sym.Focused, m.styles.BorderFocused, m.styles.TitleFocused
	}
	return pane.Frame(strings.Split(p.View(e), "\n"), r.w, r.h, number+left, right, "", b, edge, title)
}

// header says where we are and how dangerous it is. The class, the secrets and
// the edits stay at every width; the words before them give way.
func (m Model) header() string {
	st, snap := m.styles, m.session.Snapshot()
	prof := snap.State.Profile
	if snap.Run == 0 {
		for _, p := range snap.Profiles {
			if p.ID == snap.Profile {
				prof = flows.Profile{Name: p.Name, Class: p.Class}
			}
		}
	}
	secrets := "secrets hidden"
	if snap.Reveal {
		secrets = st.Warn.Render(st.Sym.Warn + " secrets shown")
	}
	edits := fmt.Sprintf("%s %d", st.Sym.EditedTag, snap.State.Edited)
	if snap.State.Edited > 0 {
		edits = st.Edited.Render(edits)
	}
	if m.editing() {
		edits = st.Band.Render(" " + st.Sym.EditedTag + " EDIT MODE ")
	}
	right := secrets + "   " + edits + " "
	if m.spoilt != "" {
		right = st.Warn.Render(st.Sym.Warn+" "+pane.Cut(m.spoilt, 24)) + "   " + right
	}
	title := snap.State.Grant.Title
	if m.w < 100 {
		title = strings.NewReplacer("Authorization code", "Code", " + ", "+").Replace(title)
	}
	sep := st.Muted.Render(" " + st.Sym.Border.Left + " ")
	name, run, class := st.Sym.On+" "+pane.Cut(wire.Safe(prof.Name), 16), fmt.Sprintf("run #%d", snap.Run), st.Class(prof.Class).Render(prof.Class)
	for _, parts := range [][]string{{st.Title.Render("authdance"), name, title, run, class}, {st.Title.Render("authdance"), name, run, class}, {name, run, class}, {class}} {
		left := " " + strings.Join(parts, sep)
		if ansi.StringWidth(left)+ansi.StringWidth(right) < m.w {
			return pane.Fit(pane.Ends(left, right, m.w), m.w)
		}
	}
	return pane.Fit(" "+class+" "+edits, m.w)
}

// tabs is the strip of panes where not all of them are visible.
func (m Model) tabs() string {
	st := m.styles
	if m.editing() {
		what := "nothing is changed yet"
		head := m.session.Snapshot().Head
		if step, ok := head.Current(); ok && len(head.Edits[step.ID]) > 0 {
			what = "the next request will be sent CHANGED"
			if step.In != nil {
				what = "the answer will be read CHANGED"
			}
		}
		band := st.Sym.Band + st.Sym.Band
		text := " " + band + " EDIT MODE " + band + " " + what + " "
		return st.Band.Render(pane.Cut(text+strings.Repeat(st.Sym.Band, max(0, m.w-ansi.StringWidth(text))), m.w))
	}
	names := []string{"Profiles", "Flow", "Exchange", "Token", "Catalog"}
	if m.w < 70 {
		names = []string{"Prof", "Flow", "Exch", "Token", "Cat"}
	}
	visible := m.places()
	var b strings.Builder
	for i, n := range names {
		label := fmt.Sprintf("%d %s", i+1, n)
		if _, ok := visible[i]; ok {
			label = st.TitleFocused.Render(st.Sym.TabOpen + label + st.Sym.TabClose)
			if i != m.focus {
				label = st.Title.Render(st.Sym.TabOpen) + st.Title.Render(fmt.Sprintf("%d %s", i+1, n)) + st.Title.Render(st.Sym.TabClose)
			}
		} else {
			label = " " + st.Muted.Render(label) + " "
		}
		b.WriteString(" " + label)
	}
	zoom := "tab next  z zoom"
	if m.zoom {
		zoom = "z unzoom"
	}
	return pane.Fit(pane.Ends(b.String(), st.Muted.Render(zoom+" "), m.w), m.w)
}

func (m Model) nextLine() string {
	st := m.styles
	text := wire.Safe(m.line())
	return pane.Fit(" "+st.Now.Render("NEXT "+st.Sym.Cursor)+" "+st.Text.Render(text), m.w)
}

// footer shows the keys that do something here, the most useful first. What
// does not fit is dropped from the end, but never help.
func (m Model) footer() string {
	scopes := m.scopes()
	if top, ok := m.top(); ok {
		scopes = []keys.Scope{top.Scope()}
		if top.Typing(m.overEnv()) {
			scopes = append(scopes, keys.Text)
		}
	} else if m.panes[m.focus].Typing(m.env(m.focus)) {
		scopes = []keys.Scope{keys.Text}
	} else if m.editing() {
		scopes = []keys.Scope{keys.Edit}
	}
	var hints []keys.Row
	for _, r := range m.deps.Keys.Rows(scopes...) {
		if r.Hint > 0 && len(r.Keys) > 0 && m.off(r.Action) == "" {
			hints = append(hints, r)
		}
	}
	slices.SortStableFunc(hints, func(a, b keys.Row) int { return a.Hint - b.Hint })
	help := m.deps.Keys.Key(keys.ShowKey) + " help"
	room := m.w - ansi.StringWidth(help) - 3
	var b strings.Builder
	used := 1
	b.WriteByte(' ')
	for _, r := range hints {
		if r.Action == keys.ShowKey {
			continue
		}
		word := r.Short
		if word == "" {
			word = r.Help
		}
		if r.Action == keys.Replay {
			word = m.replayWord()
		}
		key := keys.Name(r.Keys[0])
		n := ansi.StringWidth(key) + 1 + ansi.StringWidth(word) + 2
		if used+n > room {
			continue
		}
		used += n
		b.WriteString(m.styles.Key.Render(key) + " " + m.styles.Hint.Render(word) + "  ")
	}
	b.WriteString(m.styles.Key.Render(m.deps.Keys.Key(keys.ShowKey)) + " " + m.styles.Hint.Render("help"))
	return pane.Fit(b.String(), m.w)
}

// replayWord says which step replay runs: the one in view, or the last that ran.
func (m Model) replayWord() string {
	if i := m.replayed(); i >= 0 {
		return fmt.Sprintf("step %d again", i+1)
	}
	return "replay"
}

// toast lays the message over the lower right of the body.
func (m Model) toast(lines []string) []string {
	if m.say.Text == "" {
		return lines
	}
	st := m.styles
	sign, style := st.Sym.OK, st.OK
	switch {
	case m.say.Bad:
		sign, style = st.Sym.Fail, st.Fail
	case m.say.Refused:
		sign, style = st.Sym.Dot, st.Muted
	}
	w := min(max(20, ansi.StringWidth(m.say.Text)+6), max(20, m.w*2/3))
	text := pane.Wrap(wire.Safe(m.say.Text), w-6)
	box := make([]string, len(text))
	for i, l := range text {
		lead := "   "
		if i == 0 {
			lead = " " + style.Render(sign) + " "
		}
		box[i] = lead + st.Text.Render(l)
	}
	frame := pane.Frame(box, w, len(box)+2, "", "", "", st.Sym.Border, style, lipgloss.NewStyle())
	return pane.Over(lines, frame, m.w-w-1, max(1, len(lines)-len(frame)))
}

func host(u wire.Untrusted) string {
	p, err := url.Parse(u.Raw())
	if err != nil || p.Host == "" {
		return u.Safe()
	}
	return wire.Safe(p.Host)
}

// shortPath is the end of a URL's path, enough to know the endpoint.
func shortPath(u wire.Untrusted) string {
	p, err := url.Parse(u.Raw())
	if err != nil || p.Host == "" {
		return pane.Middle(u.Safe(), 30)
	}
	if i := strings.LastIndexByte(p.Path, '/'); i > 0 {
		return pane.Middle("…"+wire.Safe(p.Path[i:]), 36)
	}
	return pane.Middle(wire.Safe(p.Path), 36)
}

// click focuses the pane under the mouse; wheel scrolls it.
func (m Model) click(at tea.Mouse) (Model, tea.Cmd) {
	if len(m.over) > 0 {
		return m, nil
	}
	for i, r := range m.places() {
		if r.has(at.X, at.Y) {
			return m.look(i), nil
		}
	}
	return m, nil
}

func (m Model) wheel(at tea.Mouse) (Model, tea.Cmd) {
	a := keys.Down
	if at.Button == tea.MouseWheelUp {
		a = keys.Up
	}
	if top, ok := m.top(); ok {
		p, up := top.Act(a, m.overEnv())
		m = m.putOver(p)
		return m.intentFrom(-1, up)
	}
	for i, r := range m.places() {
		if r.has(at.X, at.Y) {
			return m.toPane(i, a)
		}
	}
	return m, nil
}
