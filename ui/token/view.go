package token

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/ui/keys"
	"authdance/ui/pane"
)

// twoColumns is the width from which claims and checks stand side by side.
const twoColumns = 76

// narrowest is the width below which lines may be too long and are cut.
const narrowest = 40

// View draws the verdict, the claims and the checks, what the marked one
// means, and the time.
func (p Pane) View(e pane.Env) string {
	if e.W < 1 || e.H < 1 {
		return ""
	}
	p = p.prepared(e)
	field := p.fieldLines(e)
	field = field[:min(len(field), e.H-1)]
	full := e.H
	e.H -= len(field)
	lines := p.picture(e)
	lines = lines[:min(len(lines), e.H)]
	if len(field) > 0 {
		for len(lines) < e.H {
			lines = append(lines, "")
		}
		lines = append(lines, field...)
	}
	e.H = full
	if e.W < narrowest {
		for i, l := range lines {
			lines[i] = ansi.Truncate(l, e.W, "")
		}
	}
	return strings.Join(lines, "\n")
}

func (p Pane) picture(e pane.Env) []string {
	if p.face == history {
		out := []string{p.tabLine(e)}
		return append(out, p.chooser(e, e.H-1)...)
	}
	if p.sheet.empty() {
		return append([]string{p.tabLine(e)}, p.nothing(e)...)
	}
	out := p.head(e)
	room := e.H - len(out)
	if p.face == attacks {
		return append(out, p.chooser(e, room)...)
	}
	if p.face.isText() {
		return append(out, p.textLines(e, room)...)
	}
	_, marked := p.marked()
	bars := p.bars(e, room, marked)
	room -= len(bars)
	detail := p.detail(e)
	list, under := share(room, p.keep(room, marked, e), p.listNeeds(e), len(detail))
	out = append(out, p.lists(e, list)...)
	if under > 1 {
		out = append(out, p.divider(e))
		out = append(out, p.cutOff(detail, under-1, e)...)
	}
	for len(out) < e.H-len(bars) {
		out = append(out, "")
	}
	return append(out, bars...)
}

// chooser draws a list to choose from in h lines, and explains what is marked.
func (p Pane) chooser(e pane.Env, h int) []string {
	m, _ := p.marked()
	detail := p.detail(e)
	under := min(len(detail)+1, h-min(max(h/2, 3), len(p.sheet.claims)))
	if len(detail) == 0 || under < 2 {
		under = 0
	}
	out := p.window(p.sheet.claims, m, e, e.W, h-under)
	for len(out) < h-under {
		out = append(out, "")
	}
	if under > 0 {
		out = append(append(out, p.divider(e)), p.cutOff(detail, under-1, e)...)
	}
	return out
}

// bars are the lines about the time, as far as there is room for them.
func (p Pane) bars(e pane.Env, room int, marked bool) []string {
	switch {
	case room >= 24 && e.W >= twoColumns:
		return append(p.clockLine(e), p.timeLines(e, 2)...)
	case room >= 20 && e.W >= twoColumns:
		return p.timeLines(e, 2)
	case room >= 16, room >= 8 && !marked && (p.worst().kind == heading || !tight(e)):
		return p.timeLines(e, 1)
	}
	return nil
}

// keep is how many of h lines the lists keep. What the person marked, and what
// is wrong with the token, is explained as far as possible.
func (p Pane) keep(h int, marked bool, e pane.Env) int {
	switch {
	case marked || p.worst().kind != heading:
		return min(max(h/3, 3), 8)
	case tight(e):
		return p.listNeeds(e)
	}
	return max(h/2, 3)
}

// share divides h lines between the lists and the explanation under them, with
// its divider.
func share(h, keep, list, detail int) (int, int) {
	under := min(detail+1, max(h-keep, h-list))
	if detail == 0 || under < min(3, detail+1) {
		return h, 0
	}
	return h - under, under
}

// head are the tabs and the verdict: the answer, what it rests on, and who
// gave it.
func (p Pane) head(e pane.Env) []string {
	if p.face == compared { // the comparison is not about one of them
		return []string{p.tabLine(e)}
	}
	k, v := p.ink, p.sheet.verdict
	sign, style := k.status(v.status)
	text := pane.Wrap(v.text, e.W-4)
	if e.H < 10 {
		text = []string{cut(v.text, e.W-4)}
	}
	counts, note := dotted(v.counts, e), dotted(v.note, e)
	fits := func(line string) bool { return width(line) <= e.W-4 }
	if !fits(counts) {
		counts = p.signs()
	}
	out := []string{p.tabLine(e)}
	for i, l := range text {
		lead := "   "
		if i == 0 {
			lead = " " + style.Put(sign) + " "
		}
		out = append(out, lead+style.Put(l))
		if i == len(text)-1 && counts != "" && 3+width(l)+3+width(counts) < e.W {
			out[i+1] += " " + k.sym.Dash + " " + k.text.Put(counts)
			counts = ""
		}
	}
	for _, c := range [...]string{v.counts, p.signs()} {
		if both := dotted(joined(c, v.brief), e); tight(e) && counts != "" && note != "" && fits(both) {
			counts, note = both, ""
		}
	}
	if counts != "" && e.H >= 9 {
		out = append(out, "   "+k.text.Put(cut(counts, e.W-4)))
	}
	switch {
	case note == "" || e.H < 12 || e.W >= twoColumns && e.H < 20 && p.tab != pastedToken:
	case !fits(note) && (tight(e) || p.tab != pastedToken):
		out = append(out, "   "+k.muted.Put(cut(v.brief, e.W-4)))
	default:
		for _, l := range pane.Wrap(note, e.W-4) {
			out = append(out, "   "+k.muted.Put(l))
		}
	}
	return out
}

// signs are the counts where there is no room for words.
func (p Pane) signs() string {
	n := map[string]int{}
	for _, r := range p.sheet.checks {
		n[r.status]++
	}
	var out []string
	for _, s := range [...]string{"fail", "unknown", "pass", "warn", "na"} {
		if n[s] > 0 {
			sign, _ := p.ink.status(s)
			out = append(out, sign+" "+strconv.Itoa(n[s]))
		}
	}
	return strings.Join(out, "  ")
}

// dotted puts the theme's dot between the parts of a line.
func dotted(line string, e pane.Env) string {
	return strings.ReplaceAll(line, "·", e.Styles.Sym.Dot)
}

// tabLine are the tokens that can be looked at. A circle marks those that are
// not there.
func (p Pane) tabLine(e pane.Env) string {
	k := p.ink
	names := [...]string{"ID token", "Access token", "Refresh token", "Pasted"}
	if e.W < 62 {
		names = [...]string{"ID token", "Access", "Refresh", "Pasted"}
	}
	if e.W < 44 {
		names[idToken] = "ID"
	}
	l := line{}
	if e.W < 36 {
		l.gap(1).put(pane.Brush{}, k.sym.TabOpen).put(k.title, p.tab.String()).put(pane.Brush{}, k.sym.TabClose)
		return l.put(k.muted, " "+strconv.Itoa(int(p.tab)+1)+" of "+strconv.Itoa(int(tabs))).fill(e.W)
	}
	for t := range tabs {
		switch {
		case t == p.tab:
			l.gap(1).put(pane.Brush{}, k.sym.TabOpen).put(k.title, names[t]).put(pane.Brush{}, k.sym.TabClose)
		case p.filled(t, e):
			l.gap(2).put(k.text, names[t]).gap(1)
		default:
			l.gap(1).put(k.later, k.sym.Later+names[t]).gap(1)
		}
	}
	if p.sheet.empty() {
		return l.fill(e.W)
	}
	hint := line{}
	if other := map[face]string{table: "JSON", asJSON: "raw"}[p.face]; e.W >= twoColumns && p.sheet.tok.Format != "" {
		hint.put(k.key, e.Keys.Key(keys.AsJSON)).gap(1).put(k.hint, cmp.Or(other, "table")).gap(2)
	}
	hint.put(k.key, e.Keys.Key(keys.Dates)).gap(1).put(k.hint, p.dates.String()).gap(1)
	if l.n+1+hint.n <= e.W {
		l.gap(e.W - l.n - hint.n).b.WriteString(hint.b.String())
		return l.b.String()
	}
	return l.fill(e.W)
}

// split: claims and checks stand side by side.
func (p Pane) split(e pane.Env) bool { return e.W >= twoColumns && len(p.sheet.checks) > 0 }

// listNeeds is how many lines the lists would fill.
func (p Pane) listNeeds(e pane.Env) int {
	if p.split(e) {
		return max(len(p.sheet.claims), len(p.sheet.checks))
	}
	return len(p.sheet.claims) + len(p.sheet.checks)
}

// lists draws claims and checks in h lines: side by side, or one after the other.
func (p Pane) lists(e pane.Env, h int) []string {
	m, ok := p.marked()
	if !ok {
		m = p.worst()
	}
	if !p.split(e) {
		return p.window(p.sheet.all, m, e, e.W, h)
	}
	left := leftWidth(e.W)
	sep := " " + p.ink.border.Put(p.ink.sym.Border.Left) + " "
	claims, checks := p.window(p.sheet.claims, m, e, left, h), p.window(p.sheet.checks, m, e, e.W-left-3, h)
	out := make([]string, max(h, 0))
	for i := range out {
		a, b := strings.Repeat(" ", left), ""
		if i < len(claims) {
			a = claims[i]
		}
		if i < len(checks) {
			b = checks[i]
		}
		out[i] = a + sep + b
	}
	return out
}

// leftWidth is the width of the claims beside the checks. With room for what
// the claims mean, they get more of it.
func leftWidth(w int) int {
	if w >= 100 {
		return (w - 3) * 57 / 100
	}
	return (w - 3) / 2
}

// window draws the rows around the marked one, or around the first that is
// related to it.
func (p Pane) window(rows []row, m row, e pane.Env, w, h int) []string {
	if h < 1 {
		return nil
	}
	at := -1
	for i, r := range rows {
		exact := r.id != "" && r.id == m.id
		if exact || at < 0 && r.id != "" && related(m, r) {
			at = i
		}
		if exact || at >= 0 && m.id != p.marks[p.tab] {
			break // of what is wrong, the claim comes first
		}
	}
	top := max(0, min(at-h/2, len(rows)-h))
	if at < h-2 {
		top = 0
	}
	c := columnsOf(rows, w)
	out := make([]string, 0, h)
	for i := top; i < len(rows) && len(out) < h; i++ {
		out = append(out, p.draw(rows[i], m, c, e))
	}
	if below := len(rows) - top - len(out); below > 0 && h > 3 {
		out[len(out)-1] = p.more(below+1, w)
	}
	return out
}

func (p Pane) more(n, w int) string {
	l := line{}
	return l.gap(3).put(p.ink.muted, cut(p.ink.sym.Down+" "+strconv.Itoa(n)+" more", w-3)).fill(w)
}

// columns are the widths of name, value and meaning.
type columns struct{ w, name, value, gloss int }

func columnsOf(rows []row, w int) columns {
	c := columns{w: w}
	widest, meant := 0, false
	for _, r := range rows {
		if r.kind != heading && r.kind != checkRow {
			c.name = max(c.name, min(width(r.name)+2*r.depth, 16))
			widest = max(widest, min(width(r.value), 80))
			meant = meant || r.gloss != ""
		}
	}
	c.name = min(max(c.name, 5), w/3)
	room := max(w-3-c.name-1, 1)
	c.value = room
	const value, gloss = 26, 20 // a time with its distance; "Who issued the token"
	if meant && room >= value+2+gloss {
		c.value = min(max(widest, value), max(value, room-2-44))
		c.gloss = room - 2 - c.value
	}
	return c
}

// draw is one row, c.w cells wide.
func (p Pane) draw(r row, m row, c columns, e pane.Env) string {
	k := p.ink
	l := line{}
	if r.kind == heading {
		l.gap(1).put(k.muted, cut(r.name, c.w-1))
		if rest := c.w - l.n - 1; r.value != "" && rest > 4 {
			l.gap(1).put(k.muted, cut(k.sym.Dot+" "+r.value, rest))
		}
		return l.fill(c.w)
	}
	here := r.id == p.marks[p.tab]
	switch {
	case here && e.Focus:
		l.put(k.now, k.sym.Cursor)
	case here:
		l.put(pane.Brush{}, k.sym.Cursor)
	case m.id != "" && related(m, r):
		l.put(k.title, k.sym.Bullet)
	default:
		l.gap(1)
	}
	if r.status != "" {
		sign, style := k.status(r.status)
		l.put(style, sign)
	}
	l.gap(3 - l.n)
	style := k.text
	if here {
		style = k.selected
	}
	if r.kind == checkRow {
		if r.status == "na" && !here {
			style = k.na
		}
		return l.put(style, cut(r.value, c.w-3)).fill(c.w)
	}
	name := line{}
	l.put(style, name.put(pane.Brush{}, cut(strings.Repeat("  ", r.depth)+r.name, c.name)).fill(c.name)).gap(1)
	value := r.value
	if r.short != "" && width(value) > c.value {
		value = r.short
	}
	if c.gloss == 0 && r.kind == partRow {
		value += " " + r.gloss
	}
	style = k.text
	if r.kind == tokenRow && !e.Snap.Reveal {
		style = k.secret
	}
	l.put(style, middle(value, c.value))
	if c.gloss > 0 && r.gloss != "" {
		l.gap(3+c.name+1+c.value+2-l.n).put(k.muted, words(r.gloss, c.gloss))
	}
	return l.fill(c.w)
}

// divider parts the lists from the explanation, and names what is explained.
func (p Pane) divider(e pane.Env) string {
	k, name := p.ink, p.tab.String()
	if m, ok := p.marked(); ok {
		name = m.name
	}
	l := line{}
	l.put(k.border, k.sym.Rule).gap(1).put(k.title, cut(name, max(e.W-6, 1))).gap(1)
	return l.put(k.border, strings.Repeat(k.sym.Rule, max(0, e.W-l.n))).b.String()
}

// cutOff keeps h lines, and says where the others are.
func (p Pane) cutOff(lines []string, h int, e pane.Env) []string {
	if len(lines) <= h || h < 2 {
		return lines[:min(len(lines), max(h, 0))]
	}
	k := p.ink
	where, what := keys.Zoom, " gives it room"
	if _, ok := p.page(e); ok {
		where, what = keys.Enter, " opens the page"
	}
	return append(lines[:h-1:h-1], " "+k.muted.Put(k.sym.Down)+" "+k.key.Put(e.Keys.Key(where))+k.muted.Put(what))
}
