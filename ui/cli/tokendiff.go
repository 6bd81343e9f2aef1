package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows/jose"
	"authdance/flows/wire"
)

// diffDoc is the document of token --diff --json.
type diffDoc struct {
	Schema      int        `json:"schema"`
	Summary     string     `json:"summary"` // the first difference that matters
	A           comparedAs `json:"a"`
	B           comparedAs `json:"b"`
	Equal       int        `json:"equal"` // members that are the same in both
	Differences []diffRow  `json:"differences"`
}

type comparedAs struct {
	Kind         string `json:"kind"`
	Format       string `json:"format"`
	RecognisedAs string `json:"recognised_as"`
}

type diffRow struct {
	Part     string `json:"part"`
	Name     string `json:"name"`
	A        string `json:"a"` // empty: absent
	B        string `json:"b"`
	Expected bool   `json:"expected"` // differs in any two tokens
	Why      string `json:"why"`
}

// compare shows how the token and that of --diff differ, what matters first.
func (c *console) compare(f *tokenFlags, a jose.Token) error {
	second := *f
	second.payload = ""
	b, err := c.given(&second, []string{f.diff})
	if err != nil {
		return err
	}
	found := jose.Compare(a, b)
	if f.json {
		d := diffDoc{Schema: schema, Summary: found.Summary, A: comparedAs{a.Kind, a.Format, a.RecognisedAs}, B: comparedAs{b.Kind, b.Format, b.RecognisedAs}, Equal: found.Equal, Differences: []diffRow{}}
		for _, x := range found.Differences {
			d.Differences = append(d.Differences, diffRow{x.Part, x.Name, x.A, x.B, x.Expected, x.Why})
		}
		err = c.document(d)
	} else {
		c.printDiff(found, a, b)
	}
	if err == nil && (a.Kind == jose.Malformed || b.Kind == jose.Malformed) {
		return ends(exitUsage)
	}
	return err
}

func (c *console) printDiff(found jose.Comparison, a, b jose.Token) {
	st := c.styles
	c.printf("%s", st.Title.Render(found.Summary))
	c.wrapped(c.muted, "  ", "A is "+described(a)+"; B is "+described(b)+".")
	width, always := 0, []string{}
	for _, d := range found.Differences {
		if width = max(width, min(ansi.StringWidth(d.Name), 24)); d.Expected {
			always = append(always, d.Name)
		}
	}
	part := ""
	for _, d := range found.Differences {
		if d.Expected {
			continue
		}
		if d.Part != part {
			part = d.Part
			c.printf("\n%s", st.Title.Render(strings.ToUpper(part)))
		}
		sign := st.Changed.Render(st.Sym.Changed)
		c.wrapped(c.printf, "  "+sign+" "+st.Key.Render(padded(d.Name, width))+" ", "A "+cmp.Or(d.A, "has none")+"   B "+cmp.Or(d.B, "has none"))
		if d.Why != "" {
			c.wrapped(c.muted, strings.Repeat(" ", width+5), d.Why)
		}
	}
	c.printf("")
	if len(always) > 0 {
		c.wrapped(c.muted, "  ", "Differs in any two tokens: "+wire.Safe(strings.Join(always, ", ")))
	}
	if found.Equal > 0 {
		c.wrapped(c.muted, "  ", fmt.Sprintf("The same in both: %d of the members", found.Equal))
	}
}
