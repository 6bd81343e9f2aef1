// Package token is the pane that takes tokens apart: what they say, claim by
// claim, and whether a careful reader would accept them, rule by rule.
//
// Its rules: the verdict comes first and is never better than what was proved;
// the ID token of a run shows the checks that the run made, not new ones; the
// text of a token is masked until the person asks to see it.
package token

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// tab is one of the tokens that can be looked at.
type tab int

const (
	idToken tab = iota
	accessToken
	refreshToken
	pastedToken
	tabs
)

// String is the token's name in a sentence.
func (t tab) String() string {
	return [...]string{"ID token", "access token", "refresh token", "pasted token"}[t]
}

// variable is where a run keeps the token; "" for the pasted one.
func (t tab) variable() string {
	return [...]string{"id_token", "access_token", "refresh_token", ""}[t]
}

// Pane is the Token pane: which token is in view, and what is marked in it.
type Pane struct {
	pane.Plain
	tab    tab
	chosen bool         // by the person; else the first tab that has a token
	run    int          // the run that the tab and the marks belong to
	marks  [tabs]string // the marked row of each tab, "" for none
	dates  dates
	face   face
	scroll int        // first line of a text in view
	mine   mine       // what the person brought
	asking asking     // what the open text field is for
	field  pane.Field // its text
	first  side       // of a comparison
	sheet  sheet      // the token in view, laid out
	text   document   // the face in view, when it is a text
	ink    ink
}

// New is a Token pane that nothing was pasted into.
func New() Pane { return Pane{} }

// Scope of the pane's keys.
func (Pane) Scope() keys.Scope { return keys.Token }

// Title names the token in view and the verdict on it.
func (p Pane) Title(e pane.Env) (left, right string) {
	p = p.prepared(e)
	left = "Token " + e.Styles.Sym.Dot + " " + p.tab.String()
	if p.sheet.empty() {
		return left, ""
	}
	sign, _ := p.ink.status(p.sheet.verdict.status)
	return left, sign + " " + p.sheet.verdict.short
}

// Primary opens the page about the marked row. It is "" until the person has
// marked one, so that enter goes on with the flow.
func (p Pane) Primary(e pane.Env) string {
	if m, ok := p.marked(); ok && m.choose != nil {
		return m.does
	}
	if page, ok := p.page(e); ok {
		return "opens “" + page.Title + "”"
	}
	return ""
}

// Busy: esc leaves the text field or the face, or unmarks.
func (p Pane) Busy(pane.Env) bool {
	return p.asking != nothing || p.face != table || p.marks[p.tab] != ""
}

// Typing: a text field is open.
func (p Pane) Typing(pane.Env) bool { return p.asking != nothing }

// Sync takes the tokens of the moment in view apart. Another run starts with
// nothing marked: enter is its next step again.
func (p Pane) Sync(e pane.Env) (pane.Pane, tea.Cmd) { return p.prepared(e), nil }

// Update takes what was pasted, typed or read. What is in it is found out here,
// not in View.
func (p Pane) Update(msg tea.Msg, e pane.Env) (pane.Pane, tea.Cmd) {
	var say tea.Msg
	switch msg := msg.(type) {
	case tea.PasteMsg:
		p, say = p.pasted(msg.Content, e)
	case tea.KeyPressMsg:
		if p.asking != nothing {
			p.field = p.field.Key(msg)
		}
	case read:
		p, say = p.took(msg, e)
	}
	p = p.prepared(e)
	if say == nil {
		return p, nil
	}
	return p, func() tea.Msg { return say }
}

// Act moves about, copies, and does what the person asks of the token.
func (p Pane) Act(a keys.Action, e pane.Env) (pane.Pane, tea.Msg) {
	p = p.prepared(e)
	var up tea.Msg
	switch {
	case p.asking != nothing:
		p, up = p.actField(a, e)
	case a == keys.Copy:
		return p, p.copyMarked(e)
	case a == keys.CopyAll:
		return p, p.copyWhole()
	default:
		p, up = p.do(a, e)
	}
	return p.prepared(e), up
}

func (p Pane) do(a keys.Action, e pane.Env) (Pane, tea.Msg) {
	switch a {
	case keys.Left:
		return p.turn(max(p.tab-1, 0)), nil
	case keys.Right:
		return p.turn(min(p.tab+1, tabs-1)), nil
	case keys.Dates:
		p.dates = p.dates.next()
	case keys.AsJSON:
		return p.show(map[face]face{table: asJSON, asJSON: asRaw}[p.face]), nil
	case keys.Back:
		if p.face != table {
			p.first = side{}
			return p.show(table), nil
		}
		p.marks[p.tab] = ""
	case keys.Enter, keys.Lookup:
		if m, ok := p.marked(); ok && a == keys.Enter && m.choose != nil {
			return m.choose(p, e)
		}
		if page, ok := p.page(e); ok {
			return p, pane.OpenPage{ID: page.ID}
		}
	case keys.Checks:
		p.face, p.marks[p.tab] = table, p.across()
	case keys.AsKind:
		return p.nextKind(e)
	case keys.GiveKey:
		return p.ask(aKey, e)
	case keys.OpenOne:
		return p.ask(aFile, e)
	case keys.Versus:
		return p.versus(e)
	case keys.Attacks:
		return p.attack(e)
	case keys.TryIt:
		return p, p.try(e)
	case keys.Follow:
		return p, p.follow(e)
	case keys.History:
		return p.show(map[bool]face{true: table, false: history}[p.face == history]), nil
	default:
		return p.walk(a, e), nil
	}
	return p, nil
}

func (p Pane) turn(to tab) Pane {
	if to != p.tab {
		p.scroll = 0
		if p.face.lists() {
			p.face = table
		}
	}
	p.tab, p.chosen = to, true
	return p
}

// walk moves the mark, or scrolls the JSON.
func (p Pane) walk(a keys.Action, e pane.Env) Pane {
	page := max(e.H-4, 1)
	if p.face.isText() {
		last := max(len(p.text.lines)-p.textHeight(e), 0)
		p.scroll = max(0, min(stride(a, p.scroll, page, last), last))
		return p
	}
	rows := p.rows()
	if len(rows) == 0 {
		return p
	}
	at := p.markedAt(rows)
	if at == 0 && a == keys.Up {
		p.marks[p.tab] = "" // above the first row: enter is the flow's again
		return p
	}
	to := stride(a, at, page/2, len(rows)-1)
	if to == at || at < 0 && to < 0 {
		return p
	}
	p.marks[p.tab] = rows[max(0, min(to, len(rows)-1))].id
	return p
}

// stride is where a moving action leads from at; at itself for other actions.
func stride(a keys.Action, at, page, last int) int {
	switch a {
	case keys.Up:
		return at - 1
	case keys.Down:
		return at + 1
	case keys.PgUp:
		return at - page
	case keys.PgDown:
		return at + page
	case keys.Top:
		return 0
	case keys.Bottom:
		return last
	}
	return at
}

// rows are the rows that can be marked, claims first.
func (p Pane) rows() []row {
	out := make([]row, 0, len(p.sheet.all))
	for _, r := range p.sheet.all {
		if r.id != "" {
			out = append(out, r)
		}
	}
	return out
}

func (p Pane) markedAt(rows []row) int {
	return slices.IndexFunc(rows, func(r row) bool { return r.id == p.marks[p.tab] })
}

// marked is the marked row; a mark on a row that is gone marks nothing.
func (p Pane) marked() (row, bool) {
	if p.marks[p.tab] == "" || p.face.isText() {
		return row{}, false
	}
	if i := p.markedAt(p.sheet.all); i >= 0 {
		return p.sheet.all[i], true
	}
	return row{}, false
}

// across is the row on the other side: from a claim to the first check about
// it, from a check to its claim, and to the first row where there is none.
func (p Pane) across() string {
	m, ok := p.marked()
	other := p.sheet.checks
	if ok && m.kind == checkRow {
		other = p.sheet.claims
	}
	first := ""
	for _, r := range other {
		switch {
		case r.id == "":
		case ok && related(m, r):
			return r.id
		case first == "":
			first = r.id
		}
	}
	return first
}

// copyMarked takes the whole value of the marked row, not what is shown of it.
func (p Pane) copyMarked(e pane.Env) tea.Msg {
	if p.sheet.empty() {
		return pane.Say{Text: "There is no token here to copy from."}
	}
	if p.face == asRaw {
		return p.copyWhole()
	}
	if p.face.isText() {
		return pane.Copy{Text: p.text.text, What: p.face.what()}
	}
	r, ok := p.marked()
	if !ok {
		return pane.Say{Text: "Nothing is marked yet: " + e.Keys.Key(keys.Down) + " marks a claim. " + e.Keys.Key(keys.CopyAll) + " copies the whole token."}
	}
	if r.kind == tokenRow {
		return p.copyWhole()
	}
	what, text := r.what(), r.whole()
	if wire.Safe(text) != text && !strings.Contains(text, "\n") {
		what += " (it holds characters that the screen shows as escapes)"
	}
	return pane.Copy{Text: text, What: what}
}

// copyWhole takes the token itself, and says what that means.
func (p Pane) copyWhole() tea.Msg {
	if p.sheet.empty() {
		return pane.Say{Text: "There is no token here to copy."}
	}
	text, what := p.sheet.tok.Text, "the whole "+p.tab.String()
	if text == "" {
		return pane.Copy{Text: p.sheet.text, What: "what was pasted"}
	}
	switch {
	case p.sheet.tok.Kind == jose.Malformed:
	case p.tab == pastedToken && p.mine.mark != "":
		what += ". It was made here, and no server wrote it"
	case p.tab == idToken:
		what += ". It is real, and says who somebody is: show it to nobody"
	default:
		what += ". It is real: whoever has it can use it, so treat it like a password"
	}
	return pane.Copy{Text: text, What: what}
}
