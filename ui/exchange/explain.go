package exchange

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// item is what a marked line stands for: y copies raw.
type item struct {
	name      string // of a parameter, for the catalog
	raw, what string
	hidden    int
	why       string // there is nothing to copy, and this is the reason
}

// pairs are the values that the Explain tab lists. Headers that are the same
// in every request are for those who ask for all.
func (p Pane) pairs(k look) []pair {
	m, ok := k.message()
	if !ok {
		return k.born()
	}
	orig := m.req
	if m.kind == planned {
		orig = m.orig
	}
	var out, rest []pair
	for _, row := range compare(orig, m.req) {
		switch {
		case row.section == line && row.mark == same:
		case row.section == header && row.mark == same && !flows.Sensitive(row.name):
			rest = append(rest, row)
		default:
			out = append(out, row)
		}
	}
	if p.wide || len(out) == 0 {
		out = append(out, rest...)
	}
	return out
}

// marked is the line under the cursor; false when none is marked.
func (p Pane) marked(k look) (item, bool) {
	row := p.cursors[p.tab].row
	if p.tab != explainTab {
		if row < 0 || row >= len(p.page.rows) {
			return item{}, false
		}
		return p.page.rows[row].item, true
	}
	rows := p.pairs(k)
	if row < 0 || row >= len(rows) {
		return item{}, false
	}
	v := rows[row].now()
	it := item{name: rows[row].name, raw: v.Value.Raw(), what: "the value of " + plainName(rows[row].name)}
	if v.Secret || flows.Sensitive(v.Name) {
		it.what += ", which is a secret"
	}
	return it, true
}

// explain is the Explain tab in h lines: the message, its values, and under
// them as much explanation as there is room for.
func (p Pane) explain(k look, e pane.Env, h int) []string {
	out := p.headline(k, e)
	rows := p.pairs(k)
	if h >= 13 && len(rows) > 0 {
		out = append(out, "")
	}
	row := min(p.cursors[explainTab].row, len(rows)-1)
	room := h - len(out) - 1 // the last line is the foot
	want := short
	if p.wide {
		want = full
	}
	texts := p.below(k, rows, row, want, e)
	if want == full && row >= 0 && len(texts) > 0 && len(texts[0])+min(len(rows), 5)+2 > room {
		texts = p.below(k, rows, row, short, e)
	}
	first := 0
	if len(texts) > 0 {
		first = len(texts[0]) + 1
	}
	if len(rows) > 0 {
		t := table{k: k, e: e, wide: p.wide}
		t.measure(rows)
		if head := t.head(); head != "" && room > 7 {
			out = append(out, head)
			room--
		}
		list := min(len(rows), max(room-first, min(len(rows), 5), room/2))
		lines := make([]string, len(rows))
		for i, r := range rows {
			lines[i] = t.line(r, i == row)
		}
		lines, _ = pane.Window(lines, 0, row, min(list, room))
		out = append(out, lines...)
		room -= len(lines)
	}
	for i, text := range texts {
		switch {
		case i == 0 && room > 1:
			if len(text) > room-1 { // cut, and said so
				text = append(slices.Clone(text[:room-2]), ansi.Truncate(text[room-2], max(e.W-1-ansi.StringWidth(e.Styles.Sym.Ellipsis), 0), "")+" "+e.Styles.Sym.Ellipsis)
			}
		case room <= len(text):
			continue
		}
		gap := ""
		if i == 0 && p.wide && row >= 0 {
			gap = rule(plainName(rows[row].name), e)
		}
		if room > 1 {
			out = append(out, gap)
			room--
		}
		out = append(out, text[:min(len(text), room)]...)
		room -= len(text)
	}
	for len(out) < h-1 {
		out = append(out, "")
	}
	return append(out[:h-1], k.foot(p, e))
}

// headline says what kind of message it is and where it goes.
func (p Pane) headline(k look, e pane.Env) []string {
	st := e.Styles
	var out []string
	if exp, got, right, done := k.before(); done {
		out = append(out, " "+verdict(exp, got, right, e))
	}
	m, ok := k.message()
	switch {
	case k.result.Skipped != "":
		return notice(st.Skipped.Render(st.Sym.Skipped), "Skipped: "+wire.Safe(k.result.Skipped)+".", e)
	case !ok && k.later:
		return append(out, notice(st.Later.Render(st.Sym.Later), k.meanwhile(e), e)...)
	case !ok && k.silent():
		where := "Inside authdance. Nothing is sent."
		if !k.result.Ran() {
			where = "Inside authdance. Nothing will be sent."
		}
		return append(out, " "+st.Back.Render(st.Sym.Inside)+" "+where)
	case !ok:
		return append(out, notice(st.Later.Render(st.Sym.Later), k.waitsFor(), e)...)
	}
	right := k.channel(m, e)
	if w := ansi.StringWidth(right); w+20 > e.W || e.W < 60 {
		right = ""
	}
	target, _ := k.veil.text(m.req.URL)
	start := " " + st.Title.Render(wire.Safe(m.req.Method)) + " "
	room := e.W - ansi.StringWidth(start) - ansi.StringWidth(right) - 2
	if right == "" {
		room++
	}
	text := start + pane.Middle(target.Safe(), room)
	if k.status == flows.StepStale {
		out = append(out, " "+st.Later.Render(st.Sym.Later+" old: an earlier step was changed after this"))
	}
	return append(out, pane.Ends(text, right+" ", e.W))
}

// before is the guess about the step before this one: when a changed request
// was accepted, the run went on, and the answer to the guess stands there.
func (k look) before() (expected, got string, right, done bool) {
	if k.i == 0 || !k.next() {
		return "", "", false, false
	}
	return guessed(k.s, k.s.Grant.Steps[k.i-1], k.s.Results[k.i-1])
}

// meanwhile says of a moment in the past that what is planned here has happened
// since: nothing is "not yet" for somebody who saw it go out.
func (k look) meanwhile(e pane.Env) string {
	return "Not yet at this moment; " + k.did() + " later. " + e.Keys.Key(keys.Now) + " in the Flow pane returns to now."
}

// did is what the step does with its message, as something that has happened.
func (k look) did() string {
	switch {
	case k.step.In != nil:
		return "read"
	case k.silent():
		return "done"
	}
	return "sent"
}

// waitsFor says why the step's message is not known yet.
func (k look) waitsFor() string {
	missing := k.s.Missing(k.i)
	if len(missing) == 0 {
		return "This message comes from outside. It is not here yet."
	}
	for i, name := range missing {
		missing[i] = wire.Safe(name)
	}
	return "Not known yet: this step needs " + strings.Join(missing, ", ") + ". An earlier step brings it."
}

// channel is how the message travels: the distinction that explains most of
// OAuth's security.
func (k look) channel(m message, e pane.Env) string {
	st := e.Styles
	if k.step.Front || m.kind == arrived {
		return st.Front.Render(st.Sym.FrontArrow + " through the browser")
	}
	return st.Back.Render(st.Sym.BackArrow + " direct")
}

// below are the texts under the list, the most wanted first: about the marked
// parameter, and about the step.
func (p Pane) below(k look, rows []pair, row int, want depth, e pane.Env) [][]string {
	why := prose("Why", k.step.Why, e)
	chain := k.chain(e)
	var out [][]string
	add := func(text []string) {
		if len(text) > 0 {
			out = append(out, text)
		}
	}
	if row < 0 {
		add(why)
		if k.silent() {
			add(chain)
		}
		if down := e.Keys.Key(keys.Down); len(rows) > 0 && down != "" && e.H > 20 {
			add([]string{" " + e.Styles.Key.Render(down) + " " + e.Styles.Hint.Render("marks a parameter and explains it")})
		}
		return out
	}
	name := rows[row].name
	add(explanation(name, k, want, e))
	if name == "code_challenge" || name == "code_verifier" || name == "code_challenge_method" {
		add(chain)
	}
	if !p.wide {
		add(why)
	}
	return out
}

// foot is the specification, and the key for the whole table.
func (k look) foot(p Pane, e pane.Env) string {
	what := "all parameters"
	if p.wide {
		what = "short form"
	}
	hint := ""
	if key := e.Keys.Key(keys.Explain); key != "" && len(p.pairs(k)) > 0 && e.W >= 36 {
		hint = e.Styles.Key.Render(key) + " " + e.Styles.Hint.Render(what) + " "
	}
	room := e.W - ansi.StringWidth(hint) - 2
	return pane.Ends(" "+e.Styles.Link.Render(pane.Cut(k.step.Ref, room)), hint, e.W)
}

// notice is a sign and a sentence, wrapped under itself.
func notice(sign, text string, e pane.Env) []string {
	var out []string
	for i, l := range pane.Wrap(text, e.W-4) {
		if i == 0 {
			out = append(out, " "+sign+" "+l)
			continue
		}
		out = append(out, "   "+l)
	}
	return out
}

// prose is a labelled paragraph.
func prose(label, text string, e pane.Env) []string {
	if text == "" {
		return nil
	}
	var out []string
	for i, l := range pane.Wrap(label+": "+text, e.W-2) {
		if rest, ok := strings.CutPrefix(l, label+":"); ok && i == 0 {
			l = e.Styles.Title.Render(label+":") + rest
		}
		out = append(out, " "+l)
	}
	return out
}

func rule(title string, e pane.Env) string {
	r := e.Styles.Sym.Rule
	n := max(0, e.W-ansi.StringWidth(title)-4)
	return e.Styles.Border.Render(" "+r) + " " + e.Styles.Title.Render(title) + " " + e.Styles.Border.Render(strings.Repeat(r, n))
}
