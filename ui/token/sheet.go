package token

import (
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"authdance/catalog"
	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/ui/pane"
)

// sheet is one token, laid out: all that is shown of it and depends neither on
// the size nor on the cursor. Its strings are safe, but for text and row.raw.
type sheet struct {
	key     sheetKey
	text    string // the token as it came
	tok     jose.Token
	verdict verdict
	all     []row // claims, then checks
	claims  []row
	checks  []row
	lives   []life
}

// sheetKey is everything that a sheet depends on.
type sheetKey struct {
	tab            tab
	version, stamp int
	face           face // table for all faces that are no list of their own
	dates          dates
	catalog        *catalog.Catalog
	tight          bool
}

// tight: one column of few lines.
func tight(e pane.Env) bool { return e.W < twoColumns && e.H < 20 }

func (s sheet) empty() bool { return s.text == "" }

// kind is what a row shows.
type kind int

const (
	heading  kind = iota
	claimRow      // a member of header or payload
	factRow       // a value that came beside the token
	partRow       // a segment that holds no JSON
	breakRow      // where the token breaks
	tokenRow      // the token itself
	checkRow
	choiceRow // something to choose: an attack, a token of the session
)

// row is one line of the lists. A row without id cannot be marked.
type row struct {
	kind   kind
	id     string // stays when the data is laid out again
	status string // a word for Styles.Status, "" for no sign
	name   string
	value  string
	short  string // of a time: the half that matters more
	when   time.Time
	gloss  string // what it means, in a few words
	depth  int
	of     string     // section and top member that a claim belongs to, or that a check is about
	top    string     // name of the top member, raw
	raw    string     // what is copied
	val    wire.Value // of a claim: what is copied
	part   jose.Segment
	where  jose.Break
	check  wire.Check
	does   string // what enter does with a choice
	choose func(Pane, pane.Env) (Pane, tea.Msg)
	about  []string // explains a choice: question, answer, question, answer
}

// whole is what is copied of a row.
func (r row) whole() string {
	if r.kind == claimRow && r.raw == "" {
		return rawOf(r.val)
	}
	return r.raw
}

// what names the row in "Copied …".
func (r row) what() string {
	switch r.kind {
	case checkRow:
		return "the check " + r.check.ID
	case choiceRow:
		return "the line about " + r.name
	case breakRow:
		return "where the token breaks"
	case partRow:
		return "the " + r.name + " as it stands in the token"
	}
	return "the value of " + r.name
}

// prepared lays the token in view out, unless that was done already.
func (p Pane) prepared(e pane.Env) Pane {
	if e.Snap.Run != p.run {
		p.run, p.chosen, p.marks = e.Snap.Run, false, [tabs]string{}
	}
	if !p.chosen {
		p.tab = p.firstFilled(e)
	}
	p.ink = p.ink.dipped(e.Styles)
	list := p.face
	if !list.lists() {
		list = table
	}
	key := sheetKey{p.tab, e.Snap.Version, p.mine.stamp, list, p.dates, e.Catalog, tight(e)}
	if key != p.sheet.key {
		p.sheet = p.lay(e, key)
	}
	if p.face.isText() {
		p.text = p.text.of(p, e)
	}
	return p
}

func (p Pane) firstFilled(e pane.Env) tab {
	for t := range tabs {
		if p.filled(t, e) {
			return t
		}
	}
	return idToken
}

func (p Pane) filled(t tab, e pane.Env) bool { return p.textOf(t, e) != "" }

// textOf is the token of a tab, as it came.
func (p Pane) textOf(t tab, e pane.Env) string {
	if t == pastedToken {
		return p.mine.text.Reveal()
	}
	return e.Snap.State.Vars[t.variable()].Raw()
}

func (p Pane) lay(e pane.Env, key sheetKey) sheet {
	sh := sheet{key: key, text: p.textOf(p.tab, e)}
	if key.face == history {
		sh.all = p.history(e)
		sh.claims = sh.all
		return sh
	}
	if sh.empty() {
		return sh
	}
	if sh.text == p.sheet.text && key.stamp == p.sheet.key.stamp && p.sheet.tok.Kind != "" {
		sh.tok = p.sheet.tok
	} else {
		sh.tok = jose.Decode(sh.text)
	}
	if p.tab == pastedToken {
		sh.tok = p.mine.opened(sh.tok)
	}
	j := judge(e, p.tab, sh.tok, p.mine)
	sh.verdict = j.verdict
	if key.face == attacks {
		sh.all = p.attacks(sh.tok, e)
		sh.claims = sh.all
		return sh
	}
	l := newLayer(e, p.dates, sh.tok, j.checks)
	claims := l.claims(p.tab)
	sh.all = append(claims, l.judged(j)...)
	sh.claims, sh.checks = sh.all[:len(claims)], sh.all[len(claims):]
	sh.lives = livesOf(e, p.tab, sh.tok)
	return sh
}

// judged are the checks as rows: what went wrong first, what does not apply last.
func (l layer) judged(j judgement) []row {
	if len(j.checks) == 0 {
		return nil
	}
	out := []row{{kind: heading, name: "CHECKS", value: j.verdict.brief}}
	seen, said := map[string]int{}, map[string]int{}
	for _, c := range j.checks {
		said[c.Message]++
	}
	add := func(want wire.Status) {
		for _, c := range j.checks {
			if c.Status != want {
				continue
			}
			seen[c.ID]++
			section, names := concerns(c.ID)
			r := row{kind: checkRow, id: "check " + wire.Safe(c.ID) + " " + strconv.Itoa(seen[c.ID]), status: string(c.Status),
				name: wire.Safe(c.ID), value: wire.Safe(c.Message), of: section, check: c, raw: c.Message}
			if said[c.Message] > 1 { // alone, the sentence would not tell what it is about
				r.value = r.name + ": " + r.value
			}
			for _, name := range names {
				if r.top == "" || l.has(section, name) {
					r.top = name
				}
			}
			if c.Got != "" {
				r.raw += "\ngot:  " + c.Got
			}
			if c.Want != "" {
				r.raw += "\nwant: " + c.Want
			}
			out = append(out, r)
		}
	}
	for _, s := range [...]wire.Status{wire.Fail, wire.Unknown, wire.Warn, wire.Pass} {
		add(s)
	}
	n := len(out)
	add(wire.NA)
	if rest := out[n:]; len(rest) > 0 && n > 1 {
		out = append(out[:n:n], append([]row{{kind: heading, name: "DOES NOT APPLY HERE"}}, rest...)...)
	}
	return out
}
