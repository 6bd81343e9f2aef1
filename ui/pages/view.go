package pages

import (
	"fmt"
	"strings"

	"authdance/catalog"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// beside is the width from which list and page stand side by side.
const beside = 70

func (p Pane) listWidth(e pane.Env) int {
	if e.W >= beside {
		return min(44, max(30, e.W*2/5))
	}
	return e.W
}

func (p Pane) textWidth(e pane.Env) int {
	if e.W >= beside {
		return min(90, e.W-p.listWidth(e)-3)
	}
	return min(90, e.W)
}

// lines is the page on view, empty while it is being rendered.
func (p Pane) lines(e pane.Env) []string {
	page, ok := p.showing(e)
	if !ok {
		return nil
	}
	lines, _ := p.find(pictureKey{page.ID, p.textWidth(e), e.Styles})
	return lines
}

// refresh makes the rows anew.
func (p Pane) refresh(e pane.Env) Pane {
	p.of = p.placeOf(e)
	p.rows = nil
	if e.Catalog == nil {
		return p
	}
	if strings.TrimSpace(p.query) == "" {
		p.rows = p.here(e)
	} else {
		p.rows = p.found(e)
	}
	p.top = 0
	if !p.moved || p.cursor >= len(p.rows) || p.query != "" {
		p.cursor = 0
	}
	for p.cursor < len(p.rows) && p.rows[p.cursor].heading {
		p.cursor++
	}
	return p
}

// found are the pages for the query: codes recognised in it first, then the search.
func (p Pane) found(e pane.Env) []row {
	var out []row
	seen := map[string]bool{}
	add := func(hits []catalog.Hit) {
		for _, h := range hits {
			if seen[h.ID] || !p.accepts(h.Kind) {
				continue
			}
			seen[h.ID] = true
			from := h.Provider
			if from == "" {
				from = "general"
			}
			second := h.Code
			if second == "" || strings.EqualFold(second, h.Title) {
				second = h.Kind
			}
			out = append(out, row{id: h.ID, title: h.Title, from: from, second: second})
		}
	}
	if len(p.query) > 24 || strings.ContainsAny(p.query, "={:") {
		add(e.Catalog.Recognise(p.query))
	}
	if p.index != nil {
		add(p.index.Search(p.query, 40))
	}
	return out
}

// here is what an empty query shows: the problem's page, the pages of the step,
// and the words of the step.
func (p Pane) here(e pane.Env) []row {
	var out []row
	add := func(heading string, pages []catalog.Page) {
		var rows []row
		for _, pg := range pages {
			if p.accepts(pg.Kind) {
				rows = append(rows, row{id: pg.ID, title: pg.Title, second: pg.Kind})
			}
		}
		if len(rows) > 0 {
			out = append(append(out, row{heading: true, title: heading}), rows...)
		}
	}
	if pr := e.Snap.State.Problem; pr != nil {
		if pg, ok := e.Catalog.Explain("", pr.Code, pr.Code, pr.Step); ok {
			add("What this run met", []catalog.Page{pg})
		}
	}
	if p.filter == 0 || p.filter == 1 {
		add(fmt.Sprintf("If step %d fails, often one of", e.Snap.Selected+1), e.Catalog.ForStep(stepID(e)))
	} else {
		add(strings.ToUpper(filters()[p.filter][:1])+filters()[p.filter][1:], e.Catalog.Pages())
	}
	if p.filter == 0 {
		var words []catalog.Page
		for _, name := range wordsAt(stepID(e)) {
			if t, ok := e.Catalog.Term(name); ok {
				if pg, ok := e.Catalog.Page(t.Page); ok {
					words = append(words, pg)
				}
			}
		}
		add("Words on this screen", words)
	}
	return out
}

// wordsAt are the glossary words that a step's screen uses.
func wordsAt(step string) []string {
	switch step {
	case "discovery":
		return []string{"issuer", "discovery", "back channel"}
	case "prepare":
		return []string{"PKCE", "state", "nonce"}
	case "authorize", "callback":
		return []string{"front channel", "redirect URI", "state", "authorization code"}
	case "token":
		return []string{"authorization code", "PKCE", "back channel", "public client"}
	case "id_token":
		return []string{"ID token", "audience", "nonce", "JWKS"}
	}
	return []string{"access token", "scope", "audience"}
}

// View draws the list and, where there is room or a page is open, the page.
func (p Pane) View(e pane.Env) string {
	if e.Catalog == nil {
		return e.Styles.Muted.Render("loading the catalog …")
	}
	if p.page != "" && e.W < beside {
		return strings.Join(p.text(e, e.W), "\n")
	}
	list := p.list(e, p.listWidth(e))
	if e.W < beside {
		return strings.Join(list, "\n")
	}
	sep := " " + e.Styles.Border.Render(e.Styles.Sym.Border.Left) + " "
	if p.inText && e.Focus {
		sep = " " + e.Styles.BorderFocused.Render(e.Styles.Sym.Focused.Left) + " "
	}
	text := p.text(e, p.textWidth(e))
	for len(text) < e.H {
		text = append(text, "")
	}
	return strings.Join(pane.Beside(list, p.listWidth(e), text, sep), "\n")
}

func (p Pane) list(e pane.Env, w int) []string {
	st := e.Styles
	field := st.Muted.Render(e.Keys.Key(keys.Search) + " search by code, words, or a pasted error")
	if p.typing || p.query != "" {
		field = st.Key.Render(e.Keys.Key(keys.Search)) + " " + st.Text.Render(tail(wire.Safe(p.query), w-4))
		if p.typing {
			field += st.Selected.Render(" ")
		}
	}
	head := []string{pane.Cut(field, w)}
	if w >= 44 {
		var b strings.Builder
		for i, f := range filters() {
			if i == p.filter {
				b.WriteString(st.Title.Render(st.Sym.TabOpen+f+st.Sym.TabClose) + " ")
			} else {
				b.WriteString(st.Muted.Render(f) + " ")
			}
		}
		head = append(head, b.String())
	} else if p.filter > 0 {
		head = append(head, st.Title.Render(st.Sym.TabOpen+filters()[p.filter]+st.Sym.TabClose))
	}
	var lines []string
	mark := -1
	for i, r := range p.rows {
		if r.heading {
			lines = append(lines, "")
			for _, l := range pane.Wrap(r.title, w) {
				lines = append(lines, st.Muted.Render(l))
			}
			continue
		}
		lead, style := "  ", st.Text
		if i == p.cursor && (p.moved || p.typing || p.query != "") {
			lead, style, mark = st.Sym.Cursor+" ", st.Selected, len(lines)
		}
		from, room := "", w-3
		if w >= 40 && r.from != "" {
			from = " " + st.Muted.Render(wire.Safe(r.from))
			room -= len(r.from)
		}
		lines = append(lines, pane.Ends(lead+style.Render(pane.Cut(r.title, room)), from, w))
		if p.query != "" && w >= 26 && r.second != "" {
			lines = append(lines, st.Muted.Render("    "+pane.Cut(wire.Safe(r.second), w-4)))
		}
	}
	switch {
	case len(p.rows) == 0 && p.query != "" && p.index == nil:
		lines = []string{"", st.Muted.Render("indexing …")}
	case len(p.rows) == 0 && p.query != "":
		lines = []string{""}
		for _, l := range pane.Wrap("No page fits. Try the bare code (invalid_grant, AADSTS50011), one word of the message, or left/right for another kind.", w) {
			lines = append(lines, st.Muted.Render(l))
		}
	}
	h := max(1, e.H-len(head))
	window, _ := pane.Window(lines, 0, mark, h)
	return append(head, window...)
}

// tail keeps the end of a query that is longer than its field.
func tail(s string, w int) string {
	r := []rune(s)
	if len(r) <= w {
		return s
	}
	return "…" + string(r[len(r)-max(1, w-1):])
}

func (p Pane) text(e pane.Env, w int) []string {
	lines := p.lines(e)
	if len(lines) == 0 {
		if _, ok := p.showing(e); ok {
			return []string{e.Styles.Muted.Render("…")}
		}
		return []string{e.Styles.Muted.Render(pane.Cut("Choose a page on the left, or search.", w))}
	}
	page, _ := p.showing(e)
	h := max(1, e.H-2)
	more := len(lines) > h
	if more {
		h = max(1, h-1)
	}
	window, top := pane.Window(lines, p.top, -1, h)
	out := append([]string{e.Styles.Title.Render(pane.Cut(page.Title, w)), ""}, window...)
	if more {
		note := fmt.Sprintf("%d–%d of %d lines", top+1, top+len(window), len(lines))
		if !p.inText {
			note += "  " + e.Keys.Key(keys.PgDown) + " scrolls"
		}
		out = append(out, e.Styles.Muted.Render(pane.Cut(note, w)))
	}
	return out
}
