// Package pages is the Catalog pane: what may have gone wrong here, a search
// over every page, and the page itself. A page is rendered once, off the update
// path, and kept.
package pages

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/glamour/v2"

	"authdance/catalog"
	"authdance/flows/wire"
	"authdance/themes"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// kept is how many rendered pages stay in memory.
const kept = 16

// Pane is the Catalog pane.
type Pane struct {
	pane.Plain
	query  string
	typing bool
	filter int
	rows   []row
	cursor int  // in rows
	moved  bool // the person has chosen a row
	page   string
	inText bool // the page has the keys, not the list
	top    int  // first line of the page in view

	index   *catalog.Index
	indexed *catalog.Catalog // that the index is of, or is being made of
	kept    []picture
	asked   pictureKey // the picture being rendered
	of      place      // what the rows were made of
}

type row struct {
	id, title, from, second string
	heading                 bool
}

// place is what the rows of an empty query depend on.
type place struct {
	step, problem, query string
	filter               int
	catalog              *catalog.Catalog
	indexed              bool
}

type pictureKey struct {
	id     string
	w      int
	styles *themes.Styles
}

type picture struct {
	key   pictureKey
	lines []string
}

type (
	indexed struct {
		index *catalog.Index
		of    *catalog.Catalog
	}
	rendered struct{ picture }
)

// filters are the kinds that left and right turn through.
func filters() []string { return []string{"all", "errors", "concepts", "parameters", "providers"} }

func (p Pane) accepts(kind string) bool {
	switch filters()[p.filter] {
	case "errors":
		return kind == catalog.KindArticle || kind == catalog.KindCode
	case "concepts":
		return kind == catalog.KindConcept
	case "parameters":
		return kind == catalog.KindParameter || kind == catalog.KindClaim
	case "providers":
		return kind == catalog.KindProvider
	}
	return true
}

// New makes the pane.
func New() Pane { return Pane{} }

// Scope of the pane's keys.
func (Pane) Scope() keys.Scope { return keys.Catalog }

// Typing: the search field has the keys.
func (p Pane) Typing(pane.Env) bool { return p.typing }

// Busy: esc closes the page, or forgets the query.
func (p Pane) Busy(pane.Env) bool { return p.page != "" || p.query != "" || p.inText }

// Title names the pane, with the step it is about or the number of hits.
func (p Pane) Title(e pane.Env) (string, string) {
	total := 0
	if e.Catalog != nil {
		total = len(e.Catalog.Pages())
	}
	if p.query != "" {
		return "Catalog", fmt.Sprintf("%d of %d", p.hits(), total)
	}
	return fmt.Sprintf("Catalog %s step %d", e.Styles.Sym.Dot, e.Snap.Selected+1), fmt.Sprintf("%d pages", total)
}

func (p Pane) hits() int {
	n := 0
	for _, r := range p.rows {
		if !r.heading {
			n++
		}
	}
	return n
}

// Primary says what enter does, once the person has chosen something.
func (p Pane) Primary(e pane.Env) string {
	switch {
	case p.inText:
		return "" // reading: enter is the flow's, esc goes back to the list
	case p.typing || p.moved || p.page != "" || p.query != "":
		if r, ok := p.marked(); ok {
			return "open “" + pane.Cut(r.title, 50) + "”"
		}
		return "nothing to open; try another word"
	}
	return ""
}

func (p Pane) marked() (row, bool) {
	if p.cursor < 0 || p.cursor >= len(p.rows) || p.rows[p.cursor].heading {
		return row{}, false
	}
	return p.rows[p.cursor], true
}

// Open shows a page, as the root's OpenPage asks.
func (p Pane) Open(id string, e pane.Env) Pane {
	p.page, p.top, p.inText, p.typing = id, 0, true, false
	if i := slices.IndexFunc(p.rows, func(r row) bool { return r.id == id }); i >= 0 {
		p.cursor, p.moved = i, true
	}
	return p
}

// Act moves in the list or the text, searches, filters and copies.
func (p Pane) Act(a keys.Action, e pane.Env) (pane.Pane, tea.Msg) {
	switch a {
	case keys.Search:
		p.typing, p.inText = true, false
	case keys.Clear:
		p.query, p.page, p.inText = "", "", false
		p = p.refresh(e)
	case keys.Back:
		switch {
		case p.typing:
			p.typing = false
		case p.inText || p.page != "":
			p.inText, p.page, p.top = false, "", 0
		case p.query != "":
			p.query, p.moved = "", false
			p = p.refresh(e)
		}
	case keys.Enter, keys.NextTab:
		if r, ok := p.marked(); ok && !p.inText {
			p.page, p.top, p.inText, p.typing, p.moved = r.id, 0, true, false, true
		} else if p.inText {
			p.inText, p.page = false, ""
		}
	case keys.Up, keys.Down, keys.Top, keys.Bottom, keys.PgUp, keys.PgDown:
		p = p.move(a, e)
	case keys.Left, keys.Right:
		if p.inText {
			p.inText, p.page = false, ""
			break
		}
		by := 1
		if a == keys.Left {
			by = len(filters()) - 1
		}
		p.filter, p.cursor = (p.filter+by)%len(filters()), 0
		p = p.refresh(e)
	case keys.Copy, keys.CopyAll:
		if page, ok := p.showing(e); ok {
			return p, pane.Copy{Text: page.Markdown(), What: "the page “" + page.Title + "” as Markdown"}
		}
	case keys.Source:
		page, _ := p.showing(e)
		for _, s := range page.Sources {
			if u := catalog.SourceURL(s); u != "" {
				return p, pane.Copy{Text: u, What: "the address of the source: " + u}
			}
		}
		return p, pane.Say{Text: "This page names no source with an address."}
	case keys.Repro:
		if page, ok := p.showing(e); ok && page.Lab.Command() != "" {
			return p, pane.Copy{Text: page.Lab.Command(), What: "the command that reproduces it: " + page.Lab.Command()}
		}
		return p, pane.Say{Text: "This page has nothing to reproduce in the lab."}
	default:
		return p, nil
	}
	p, cmd := p.render(e)
	if cmd == nil {
		return p, nil
	}
	return p, pane.Do{Cmd: cmd}
}

func (p Pane) move(a keys.Action, e pane.Env) Pane {
	by := map[keys.Action]int{keys.Up: -1, keys.Down: 1, keys.PgUp: -max(1, e.H-3), keys.PgDown: max(1, e.H-3), keys.Top: -1 << 20, keys.Bottom: 1 << 20}[a]
	if p.inText || (a == keys.PgUp || a == keys.PgDown) && e.W >= beside {
		p.top = max(0, min(p.top+by, len(p.lines(e))-max(1, e.H-2)))
		return p
	}
	dir := 1
	if by < 0 {
		dir = -1
	}
	at := max(0, min(p.cursor+by, len(p.rows)-1))
	for at >= 0 && at < len(p.rows) && p.rows[at].heading {
		at += dir
	}
	if at >= 0 && at < len(p.rows) {
		p.cursor, p.moved, p.top = at, true, 0
	}
	return p
}

// showing is the page on view: the open one, else the marked one.
func (p Pane) showing(e pane.Env) (catalog.Page, bool) {
	if e.Catalog == nil {
		return catalog.Page{}, false
	}
	id := p.page
	if id == "" {
		r, _ := p.marked()
		id = r.id
	}
	return e.Catalog.Page(id)
}

// Update takes typed and pasted text, the index, and rendered pages.
func (p Pane) Update(msg tea.Msg, e pane.Env) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch {
		case msg.String() == "backspace":
			if r := []rune(p.query); len(r) > 0 {
				p.query = string(r[:len(r)-1])
			}
		case msg.Text != "" && len(p.query) < 300:
			p.query += msg.Text
		default:
			return p, nil
		}
		p.page, p.inText = "", false
		p = p.refresh(e)
	case tea.PasteMsg:
		p.query = strings.Join(strings.Fields(wire.Safe(cut(msg.Content, 4096))), " ")
		p.typing, p.page, p.inText = true, "", false
		p = p.refresh(e)
	case indexed:
		if msg.of == p.indexed {
			p.index = msg.index
			p = p.refresh(e)
		}
	case rendered:
		p.kept = append(slices.Clone(p.kept[max(0, len(p.kept)-kept+1):]), msg.picture)
	}
	return p.render(e)
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// Sync follows the step in view and asks for the index once the catalog is there.
func (p Pane) Sync(e pane.Env) (pane.Pane, tea.Cmd) {
	if e.Catalog == nil {
		return p, nil
	}
	var index tea.Cmd
	if c := e.Catalog; p.indexed != c { // also when notes were read anew
		p.indexed, p.kept, p.asked = c, nil, pictureKey{}
		index = func() tea.Msg { return indexed{catalog.NewIndex(c), c} }
	}
	if p.of != p.placeOf(e) {
		p = p.refresh(e)
	}
	next, draw := p.render(e)
	return next, tea.Batch(index, draw)
}

func (p Pane) placeOf(e pane.Env) place {
	at := place{step: stepID(e), query: p.query, filter: p.filter, catalog: e.Catalog, indexed: p.index != nil}
	if pr := e.Snap.State.Problem; pr != nil {
		at.problem = pr.Step + "/" + pr.Code
	}
	return at
}

func stepID(e pane.Env) string {
	if steps := e.Snap.State.Grant.Steps; e.Snap.Selected < len(steps) {
		return steps[e.Snap.Selected].ID
	}
	return ""
}

// render asks for the picture of the page on view, unless it is there.
func (p Pane) render(e pane.Env) (Pane, tea.Cmd) {
	page, ok := p.showing(e)
	w := p.textWidth(e)
	if !ok || w < 12 || p.page == "" && e.W < beside {
		return p, nil
	}
	key := pictureKey{page.ID, w, e.Styles}
	if _, have := p.find(key); have || p.asked == key {
		return p, nil
	}
	p.asked = key
	style := e.Styles.Markdown
	return p, func() tea.Msg {
		md := page.Markdown()
		r, err := glamour.NewTermRenderer(glamour.WithStyles(style), glamour.WithWordWrap(w))
		if err != nil {
			return rendered{picture{key, strings.Split(md, "\n")}}
		}
		out, err := r.Render(md)
		if err != nil {
			out = md
		}
		return rendered{picture{key, strings.Split(strings.Trim(out, "\n"), "\n")}}
	}
}

func (p Pane) find(key pictureKey) ([]string, bool) {
	for _, k := range p.kept {
		if k.key == key {
			return k.lines, true
		}
	}
	return nil, false
}
