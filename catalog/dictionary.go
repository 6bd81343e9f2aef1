package catalog

import (
	"fmt"
	"strings"
)

// Parameter is a dictionary entry for something with a name on the wire: a
// request parameter, an HTTP header, a JSON member or a metadata field. It
// answers five questions, always in the same order: what is it, where does it
// come from, is it needed, what does it protect against, what if it is wrong.
type Parameter struct {
	Name      string   `toml:"name"`
	Where     []string `toml:"where"` // `authorize`, `token answer`, `metadata`, …
	What      string   `toml:"what"`
	ComesFrom string   `toml:"comes_from"`
	Needed    string   `toml:"needed"`   // `required`, `recommended`, `OAuth 2.1`, …
	Protects  string   `toml:"protects"` // empty: it protects against nothing
	Missing   string   `toml:"missing"`
	Wrong     string   `toml:"wrong"`
	Rule      string   `toml:"rule"` // syntax and limits
	Refs      []string `toml:"refs"`
	Page      string   `toml:"page"` // the page that says more; may be empty
}

// Claim is a dictionary entry for a token claim or a JOSE header member.
type Claim struct {
	Name      string   `toml:"name"`
	In        []string `toml:"in"` // `id_token`, `access_token`, `userinfo`, `header`, …
	Meaning   string   `toml:"meaning"`
	Type      string   `toml:"type"`
	ComesFrom string   `toml:"comes_from"`
	GoesWrong string   `toml:"goes_wrong"`
	Refs      []string `toml:"refs"`
	Page      string   `toml:"page"`
}

// Term is one line of the glossary ("words on this screen").
type Term struct {
	Name  string `toml:"name"`
	Means string `toml:"means"`
	Page  string `toml:"page"`
}

// entry is what parameter and claim pages have in common: labelled sentences.
type entry struct{ lines [][2]string }

func (e entry) write(b *strings.Builder) {
	for _, l := range e.lines {
		if l[1] != "" {
			fmt.Fprintf(b, "## %s\n\n%s\n\n", l[0], l[1])
		}
	}
}

func (p Parameter) page() Page {
	protects := p.Protects
	if protects == "" {
		protects = "Nothing by itself."
	}
	pg := Page{
		ID: "parameter/" + p.Name, Kind: KindParameter, Title: p.Name,
		dict: entry{[][2]string{
			{"What it is", p.What}, {"Comes from", p.ComesFrom}, {"Needed", p.Needed},
			{"Protects against", protects}, {"If it is missing", p.Missing}, {"If it is wrong", p.Wrong},
			{"Rule", p.Rule}, {"Seen in", strings.Join(p.Where, ", ")},
		}},
	}
	pg.Steps, pg.Sources, pg.Article = stepsOf(p.Where), p.Refs, p.Page
	return pg
}

func (c Claim) page() Page {
	pg := Page{
		ID: "claim/" + c.Name, Kind: KindClaim, Title: c.Name,
		dict: entry{[][2]string{
			{"What it means", c.Meaning}, {"Type", c.Type}, {"Comes from", c.ComesFrom},
			{"What goes wrong", c.GoesWrong}, {"Seen in", strings.Join(c.In, ", ")},
		}},
	}
	pg.Sources, pg.Article = c.Refs, c.Page
	return pg
}

// stepsOf takes the step ids out of places such as `token answer`.
func stepsOf(where []string) []string {
	var steps []string
	for _, w := range where {
		step, _, _ := strings.Cut(w, " ")
		if len(steps) == 0 || steps[len(steps)-1] != step {
			steps = append(steps, step)
		}
	}
	return steps
}
