package exchange

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// View draws the tab in view, or edit mode.
func (p Pane) View(e pane.Env) string {
	if e.W < 1 || e.H < 1 {
		return ""
	}
	lines := p.picture(e)
	lines = lines[:min(len(lines), e.H)]
	for i, l := range lines {
		if ansi.StringWidth(l) > e.W {
			lines[i] = ansi.Truncate(l, e.W, "")
		}
	}
	return strings.Join(lines, "\n")
}

func (p Pane) picture(e pane.Env) []string {
	if p.edit.on() {
		return p.editPicture(e)
	}
	k, ok := see(e, e.Snap.Selected, p.chosen)
	if !ok {
		return p.noRun(e)
	}
	out := p.top(k, e)
	if p.tab == explainTab {
		return append(out, p.explain(k, e, max(e.H-len(out), 2))...)
	}
	if key := p.pageKey(k, e); key != p.page.key {
		p.page = page{key, k.rows(p.tab, e)}
	}
	return append(out, p.window(k, e, max(e.H-len(out), 1))...)
}

// top are the lines over every tab: the tabs, what the step before brought, and
// the messages of the step where there are several.
func (p Pane) top(k look, e pane.Env) []string {
	st, sym := e.Styles, e.Styles.Sym
	var line string
	for t := range tabs {
		if t == p.tab {
			line += " " + sym.TabOpen + st.Title.Render(t.String()) + sym.TabClose
			continue
		}
		line += "  " + st.Muted.Render(t.String()) + strings.Repeat(" ", ansi.StringWidth(sym.TabClose)-1) + " "
	}
	if ansi.StringWidth(line) > e.W+1 {
		line = " " + sym.TabOpen + st.Title.Render(p.tab.String()) + sym.TabClose + st.Muted.Render(" "+strconv.Itoa(int(p.tab)+1)+" of "+strconv.Itoa(int(tabs)))
	}
	out := []string{line}
	if line := k.arrival(e); line != "" {
		out = append(out, line)
	}
	if len(k.msgs) > 1 {
		out = append(out, p.strip(k, e))
	}
	return out
}

// strip says which of several messages of the step is in view.
func (p Pane) strip(k look, e pane.Env) string {
	st, sym := e.Styles, e.Styles.Sym
	m := k.msgs[k.at]
	path, _ := pathOf(m.req.URL.Raw())
	path, _, _ = strings.Cut(path, "?")
	name := wire.Safe(m.req.Method) + " " + wire.Safe(path)
	switch m.kind {
	case answered:
		name += " " + sym.Dot + " " + strconv.Itoa(m.x.Response.Status)
	case planned:
		name = "what goes next"
		if k.step.In != nil {
			name = "what is read next"
		}
	case arrived:
		name = "the browser came back"
	case broken:
		name += " " + sym.Dot + " no answer"
	}
	hint := ""
	if key := e.Keys.Key(keys.NextMsg); key != "" && e.W >= 44 {
		hint = st.Key.Render(key) + " " + st.Key.Render(e.Keys.Key(keys.PrevMsg)) + " " + st.Hint.Render("others") + " "
	}
	left := " " + st.Title.Render(strconv.Itoa(k.at+1)+" of "+strconv.Itoa(len(k.msgs))) + " " + sym.Dot + " "
	room := e.W - ansi.StringWidth(left) - ansi.StringWidth(hint) - 1
	return pane.Ends(left+pane.Middle(name, max(room, 1)), hint, e.W)
}

// height is the room of the lines under the top.
func (p Pane) height(k look, e pane.Env) int { return max(e.H-len(p.top(k, e)), 1) }

// window draws the laid out lines around the cursor.
func (p Pane) window(k look, e pane.Env, h int) []string {
	c := p.cursors[p.tab]
	c.row = max(0, min(c.row, len(p.page.rows)-1))
	p.cursors[p.tab] = c
	detail, under := p.detail(k, e)
	out := make([]string, 0, h)
	for i := scrolled(c, under, len(detail), len(p.page.rows), h); i < len(p.page.rows) && len(out) < h; i++ {
		gutter := "  "
		if i == c.row && e.Focus {
			gutter = e.Styles.Now.Render(e.Styles.Sym.Cursor) + " "
		}
		out = append(out, gutter+p.page.rows[i].text)
		if i == under {
			out = append(out, detail...)
		}
	}
	return out
}

// noRun says why there is nothing to see, what will fill the pane, and one key.
func (p Pane) noRun(e pane.Env) []string {
	out := []string{""}
	for _, l := range pane.Wrap("No run yet, so there is no message to look at.", e.W-4) {
		out = append(out, "  "+e.Styles.Title.Render(l))
	}
	out = append(out, "")
	text := "Every message of a run is shown here: what each parameter means before it is sent, the answer when it comes, and the exact text of both."
	out = append(out, prefixed(pane.Wrap(text, e.W-4), "  ")...)
	if key := e.Keys.Key(keys.RunAll); key != "" {
		out = append(out, "", "  "+e.Styles.Key.Render(key)+" starts a run.")
	}
	return out
}
