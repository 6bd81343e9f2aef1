// Package dialog holds the help overlay: the keys of this screen, read from the
// same rows that bind them, with the words and signs that the screen uses.
package dialog

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// Help lists keys; typing filters by what a key does or by the key itself.
type Help struct {
	pane.Plain
	scopes []keys.Scope
	query  string
	cursor int // among the rows shown; -1 before the person moved
	top    int
}

// NewHelp makes the help for the scopes, the innermost first.
func NewHelp(scopes []keys.Scope) Help { return Help{scopes: scopes, cursor: -1} }

// Scope of the help's keys.
func (Help) Scope() keys.Scope { return keys.Help }

// Typing: letters filter.
func (Help) Typing(pane.Env) bool { return true }

// Title names the pane that the help is about.
func (h Help) Title(pane.Env) (string, string) {
	return "Help " + string(h.scopes[0]), "type to filter"
}

// Primary says what enter does.
func (h Help) Primary(e pane.Env) string {
	rows := h.rows(e)
	if h.cursor < 0 || h.cursor >= len(rows) {
		return "close this. Type to find a key by name or by what it does"
	}
	return rows[h.cursor].Help
}

// rows are the rows that fit the filter.
func (h Help) rows(e pane.Env) []keys.Row {
	var out []keys.Row
	q := strings.ToLower(h.query)
	for _, r := range e.Keys.Rows(h.scopes...) {
		if len(r.Keys) == 0 {
			continue
		}
		if q == "" || strings.Contains(strings.ToLower(r.Help), q) || strings.Contains(strings.ToLower(names(r)), q) {
			out = append(out, r)
		}
	}
	return out
}

func names(r keys.Row) string {
	out := make([]string, len(r.Keys))
	for i, k := range r.Keys {
		out[i] = keys.Name(k)
	}
	return strings.Join(out, " ")
}

// Act moves, runs the marked row, or closes.
func (h Help) Act(a keys.Action, e pane.Env) (pane.Pane, tea.Msg) {
	rows := h.rows(e)
	switch a {
	case keys.Up:
		h.cursor = max(0, h.cursor-1)
	case keys.Down:
		h.cursor = min(len(rows)-1, h.cursor+1)
	case keys.PgDown:
		h.top, h.cursor = h.top+max(1, e.H-4), -1
	case keys.PgUp:
		h.top, h.cursor = max(0, h.top-max(1, e.H-4)), -1
	case keys.Clear:
		h.query, h.cursor = "", -1
	case keys.ShowKey:
		return h, pane.Close{}
	case keys.Enter:
		if h.cursor < 0 || h.cursor >= len(rows) {
			return h, pane.Close{}
		}
		return h, pane.Close{Then: pane.Run{Action: rows[h.cursor].Action}}
	}
	return h, nil
}

// Update takes the filter's text; "?" closes while there is none.
func (h Help) Update(msg tea.Msg, _ pane.Env) (pane.Pane, tea.Cmd) {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return h, nil
	}
	switch {
	case key.Text == "?" && h.query == "":
		return h, func() tea.Msg { return pane.Close{} }
	case key.String() == "backspace":
		if r := []rune(h.query); len(r) > 0 {
			h.query = string(r[:len(r)-1])
		}
	case key.Text != "" && len(h.query) < 40:
		h.query += key.Text
	}
	h.cursor = -1
	if h.query != "" {
		h.cursor = 0
	}
	return h, nil
}

// Sync has nothing to do.
func (h Help) Sync(pane.Env) (pane.Pane, tea.Cmd) { return h, nil }

// View draws the keys by scope, then words and signs, in as many columns as fit.
func (h Help) View(e pane.Env) string {
	st := e.Styles
	head := st.Muted.Render(" find ") + st.Text.Render(wire.Safe(h.query)) + st.Selected.Render(" ")
	if h.query == "" {
		head += st.Muted.Render(" by key or by what it does")
	}
	columns := 1
	if e.W >= 58 {
		columns = 2
	}
	if e.W >= 88 {
		columns = 3
	}
	w := (e.W - 2) / columns
	rows := h.rows(e)
	block := func(n int, sc keys.Scope) []string {
		var out []string
		for i, r := range rows {
			if r.Scope != sc {
				continue
			}
			line := "  " + st.Key.Render(pane.Fit(names(r), 10)) + " " + st.Text.Render(pane.Cut(r.Help, w-14))
			if i == h.cursor {
				line = st.Now.Render(st.Sym.Cursor) + " " + st.Selected.Render(pane.Fit(names(r), 10)+" "+pane.Cut(r.Help, w-14))
			}
			out = append(out, line)
		}
		if len(out) == 0 {
			return nil
		}
		title := strings.ToUpper(string(sc))
		if n == 0 {
			title = "THIS PANE (" + string(sc) + ")"
		}
		return append(append([]string{st.Title.Render(" " + title)}, out...), "")
	}
	cols := make([][]string, columns)
	for n, sc := range h.scopes {
		c := 0
		if sc == keys.App {
			c = min(1, columns-1)
		}
		cols[c] = append(cols[c], block(n, sc)...)
	}
	if h.query == "" {
		cols[0] = append(append(cols[0], h.signs(e)...), "")
		cols[columns-1] = append(cols[columns-1], h.words(e, w)...)
	}
	if len(rows) == 0 {
		cols[0] = []string{st.Muted.Render("  No key has this name. esc closes.")}
	}
	lines := sideBySide(cols, w)
	mark := -1
	for i, l := range lines {
		if h.cursor >= 0 && strings.Contains(ansi.Strip(l), st.Sym.Cursor+" ") {
			mark = i
		}
	}
	room := max(1, e.H-2)
	if more := len(lines) - room; more > 0 {
		room = max(1, room-1)
		window, top := pane.Window(lines, h.top, mark, room)
		note := fmt.Sprintf(" lines %d–%d of %d  %s %s", top+1, top+len(window), len(lines), e.Keys.Key(keys.PgDown), e.Keys.Key(keys.PgUp))
		lines = append(append([]string{}, window...), st.Muted.Render(note))
	}
	return strings.Join(append([]string{head, ""}, lines...), "\n")
}

func (h Help) signs(e pane.Env) []string {
	st := e.Styles
	row := func(pairs ...string) string {
		var b strings.Builder
		b.WriteString("  ")
		for i := 0; i+1 < len(pairs); i += 2 {
			b.WriteString(pane.Fit(pairs[i]+" "+pairs[i+1], 12))
		}
		return b.String()
	}
	return []string{st.Title.Render(" SIGNS"),
		row(st.OK.Render(st.Sym.OK), "ok", st.Fail.Render(st.Sym.Fail), "failed"), row(st.Warn.Render(st.Sym.Warn), "warning", st.Edited.Render(st.Sym.Edited), "edited"),
		row(st.Now.Render(st.Sym.Now), "now", st.Later.Render(st.Sym.Later), "later, old"), row(st.Skipped.Render(st.Sym.Skipped), "skipped", st.Warn.Render(st.Sym.Unknown), "unknown"),
		row(st.Front.Render(st.Sym.FrontArrow), "browser", st.Back.Render(st.Sym.BackArrow), "direct")}
}

func (h Help) words(e pane.Env, w int) []string {
	if e.Catalog == nil {
		return nil
	}
	out := []string{e.Styles.Title.Render(" WORDS")}
	for _, name := range []string{"authorization code", "PKCE", "front channel", "back channel", "state", "nonce"} {
		if t, ok := e.Catalog.Term(name); ok {
			out = append(out, "  "+e.Styles.Key.Render(t.Name))
			for _, l := range pane.Wrap(t.Means, w-5) {
				out = append(out, "    "+e.Styles.Muted.Render(l))
			}
		}
	}
	return out
}

func sideBySide(cols [][]string, w int) []string {
	n := 0
	for _, col := range cols {
		n = max(n, len(col))
	}
	out := make([]string, n)
	for i := range out {
		for _, col := range cols {
			line := ""
			if i < len(col) {
				line = col[i]
			}
			out[i] += pane.Fit(line, w)
		}
	}
	return out
}
