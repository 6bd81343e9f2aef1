package token

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// side is the first token of a comparison.
type side struct {
	text wire.Secret
	name string
}

// versus takes the token in view as the first of two, and with the second one
// in view compares them.
func (p Pane) versus(e pane.Env) (Pane, tea.Msg) {
	text := p.textOf(p.tab, e)
	switch {
	case p.face == compared:
		p.first = side{}
		return p.show(table), nil
	case text == "":
		return p, pane.Say{Text: "There is no token here to compare.", Refused: true}
	case p.first.name == "", p.first.text.Reveal() == text:
		p.first = side{wire.NewSecret(text), p.tab.String()}
		return p.show(table), pane.Say{Text: "A is the " + p.tab.String() + " in view. Now show the other one, or paste it, and press " + e.Keys.Key(keys.Versus) + " again."}
	}
	return p.show(compared), nil
}

// versus is the comparison as text: what matters first, what always differs last.
func (d *document) versus(a side, b jose.Token, name string, e pane.Env) {
	found := jose.Compare(jose.Decode(a.text.Reveal()), b)
	d.add(found.Summary, "", e)
	d.title("A is the " + a.name + ", B the " + name)
	always, part := []string{}, ""
	for _, x := range found.Differences {
		if x.Expected {
			always = append(always, x.Name)
			continue
		}
		if x.Part != part {
			part = x.Part
			d.title(strings.ToUpper(part))
		}
		heading := e.Styles.Sym.Changed + " " + x.Name
		if x.Why != "" {
			heading += ": " + x.Why
		}
		d.add(heading, "", e)
		d.add("A "+cmp.Or(x.A, "has none"), "    ", e)
		d.add("B "+cmp.Or(x.B, "has none"), "    ", e)
	}
	if len(always) > 0 {
		d.title("DIFFERS IN ANY TWO TOKENS")
		d.add(strings.Join(always, ", "), "", e)
	}
	d.title(fmt.Sprintf("THE SAME IN BOTH: %s", counts(found.Equal, "member")))
}
