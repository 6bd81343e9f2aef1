// Package palette is the command palette: one list of everything that can be
// done now, filtered as the person types. What cannot be done says why.
package palette

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// Item is one row. Do is the intent it stands for; Off is why it cannot be
// done now, "" when it can.
type Item struct {
	Title, Detail, Key, Off string
	Group                   string // heading above the first one of a group, while nothing is typed
	Asked                   bool   // shown only to who types a part of its name
	Do                      tea.Msg
}

// Pane is the palette. It is always typing.
type Pane struct {
	pane.Plain
	name   string
	items  []Item
	query  string
	shown  []int // indexes into items, best first
	cursor int
}

// New makes a palette of this name of the items, in their order.
func New(name string, items []Item) Pane { return Pane{name: name, items: items}.filter("") }

func (p Pane) filter(query string) Pane {
	p.query, p.cursor, p.shown = query, 0, nil
	if strings.TrimSpace(query) == "" {
		for i := range p.items {
			if !p.items[i].Asked {
				p.shown = append(p.shown, i)
			}
		}
	} else {
		for _, m := range fuzzy.FindFrom(query, titles(p.items)) {
			p.shown = append(p.shown, m.Index)
		}
		// Whole words first, and what the program does before what it can explain.
		q := strings.ToLower(query)
		rank := func(i int) int {
			t, n := strings.ToLower(p.items[i].Title), 0
			if !strings.Contains(t, q) {
				n += 2
			}
			if p.items[i].Asked {
				n += 4
			}
			return n
		}
		slices.SortStableFunc(p.shown, func(a, b int) int { return rank(a) - rank(b) })
	}
	return p
}

type titles []Item

// String is the text that the query is compared with.
func (t titles) String(i int) string { return t[i].Title }

// Len is the number of items.
func (t titles) Len() int { return len(t) }

// Scope of the palette's keys.
func (Pane) Scope() keys.Scope { return keys.Palette }

// Typing: every key is text, but for the rows of text fields.
func (Pane) Typing(pane.Env) bool { return true }

// Title names the box and counts the rows.
func (p Pane) Title(pane.Env) (string, string) {
	return p.name, fmt.Sprintf("%d of %d", len(p.shown), len(p.items))
}

// Primary says what enter does.
func (p Pane) Primary(pane.Env) string {
	if len(p.shown) == 0 {
		return "nothing has this name; delete a letter"
	}
	it := p.items[p.shown[p.cursor]]
	if it.Off != "" {
		return "not now: " + it.Off
	}
	return it.Title
}

// Act moves the cursor or does the marked row.
func (p Pane) Act(a keys.Action, _ pane.Env) (pane.Pane, tea.Msg) {
	last := len(p.shown) - 1
	switch a {
	case keys.Up:
		p.cursor = max(0, p.cursor-1)
	case keys.Down:
		p.cursor = min(max(0, last), p.cursor+1)
	case keys.Clear:
		p = p.filter("")
	case keys.NextTab:
		if last >= 0 {
			p = p.filter(p.items[p.shown[p.cursor]].Title)
		}
	case keys.Enter:
		if last < 0 {
			return p, nil
		}
		it := p.items[p.shown[p.cursor]]
		if it.Off != "" {
			return p, pane.Say{Text: "Not now: " + it.Off + ".", Bad: true}
		}
		return p, pane.Close{Then: it.Do}
	}
	return p, nil
}

// Update takes typed and pasted text.
func (p Pane) Update(msg tea.Msg, _ pane.Env) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch {
		case msg.String() == "backspace":
			if r := []rune(p.query); len(r) > 0 {
				return p.filter(string(r[:len(r)-1])), nil
			}
		case msg.Text != "":
			return p.filter(cut(p.query + msg.Text)), nil
		}
	case tea.PasteMsg:
		return p.filter(cut(p.query + wire.Safe(msg.Content))), nil
	}
	return p, nil
}

// cut keeps a query to a length that people type.
func cut(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:120])
	}
	return s
}

// Sync has nothing to do: the rows were made when the palette opened.
func (p Pane) Sync(pane.Env) (pane.Pane, tea.Cmd) { return p, nil }

// View draws the query and the rows around the cursor.
func (p Pane) View(e pane.Env) string {
	st := e.Styles
	var lines []string
	mark, last := -1, -1
	group := ""
	for i, n := range p.shown {
		it := p.items[n]
		if it.Group != group && p.query == "" && it.Group != "" {
			lines = append(lines, " "+st.Title.Render(it.Group))
		}
		group = it.Group
		key := st.Key.Render(it.Key)
		lead, style := "  ", st.Text
		if it.Off != "" {
			key, style = st.Later.Render("not now"), st.Later
		}
		if i == p.cursor {
			lead, mark = st.Sym.Cursor+" ", len(lines)
			style = st.Selected
		}
		lines = append(lines, pane.Ends(lead+style.Render(pane.Cut(it.Title, max(8, e.W-14))), key, e.W))
		if more := it.Off; i == p.cursor && (more != "" || it.Detail != "") {
			if more == "" {
				more = it.Detail
			}
			for _, l := range pane.Wrap(wire.Safe(more), max(8, e.W-5)) {
				lines = append(lines, "    "+st.Muted.Render(l))
			}
			last = len(lines) - 1
		}
	}
	if len(lines) == 0 {
		lines = []string{st.Muted.Render("  Nothing has this name. Try one word: refresh, copy, token, profile.")}
	}
	window, _ := pane.Window(lines, 0, mark, max(1, e.H-1))
	if last > mark && last >= len(window) { // keep the detail under the cursor in view
		window, _ = pane.Window(lines, 0, last, max(1, e.H-1))
	}
	head := st.Key.Render(" :") + " " + st.Text.Render(wire.Safe(p.query)) + st.Selected.Render(" ")
	return strings.Join(append([]string{head}, window...), "\n")
}
