package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/ui/pane"
)

type (
	flowsDoc struct {
		Schema int       `json:"schema"`
		Flows  []flowDoc `json:"flows"`
	}
	flowDoc struct {
		ID       string              `json:"id"`
		Title    string              `json:"title"`
		Group    string              `json:"group"`
		Ref      string              `json:"ref"`
		About    string              `json:"about"`
		Parties  []string            `json:"parties"`
		Inputs   []inputDoc          `json:"inputs"`
		Options  map[string][]string `json:"options"` // modifiers, the default first
		Settings []settingDoc        `json:"settings"`
		Steps    []flowStepDoc       `json:"steps"`
		Mermaid  string              `json:"mermaid"` // its sequence diagram
	}
	inputDoc struct {
		Name     string `json:"name"`
		What     string `json:"what"`
		Flag     string `json:"flag"`
		Optional bool   `json:"optional"`
	}
	settingDoc struct {
		Name    string   `json:"name"`
		What    string   `json:"what"`
		Ref     string   `json:"ref"`
		Flag    string   `json:"flag"`
		Default string   `json:"default"`
		Choices []string `json:"choices"` // empty: any text
	}
	flowStepDoc struct {
		ID      string      `json:"id"`
		Title   string      `json:"title"`
		Ref     string      `json:"ref"`
		Why     string      `json:"why"`
		From    flows.Party `json:"from"`
		To      flows.Party `json:"to"`
		Browser bool        `json:"browser"` // the message travels through the browser
		Needs   []string    `json:"needs"`
		Pages   []string    `json:"pages"`
	}
)

func flowsCommand(c *console) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "flows [FLOW]", Short: "List the flows, or the steps and options of one",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exactly(1, "the ID of one flow")(cmd, args)
			}
			return nil
		},
		ValidArgsFunction: completeFlows,
		RunE: func(_ *cobra.Command, args []string) error {
			var docs []flowDoc
			for _, group := range grants.Groups() {
				for _, g := range group.Grants {
					if len(args) == 0 || g.ID == args[0] {
						docs = append(docs, describe(g.ID, group.Title))
					}
				}
			}
			switch {
			case len(docs) == 0:
				_, err := grants.Resolve(flows.Spec{Grant: args[0]})
				return usage("%v", err)
			case asJSON:
				return c.document(flowsDoc{schema, docs})
			case len(args) == 0:
				c.flowList(docs)
				return nil
			}
			c.flow(docs[0])
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON document")
	return cmd
}

// describe is a flow as it runs with its default modifiers.
func describe(id, group string) flowDoc {
	g, err := grants.Build(flows.Spec{Grant: id})
	if err != nil {
		return flowDoc{ID: id}
	}
	d := flowDoc{ID: g.ID, Title: g.Title, Group: group, Ref: g.Ref, About: g.About, Options: grants.Options(id),
		Parties: []string{}, Inputs: []inputDoc{}, Settings: []settingDoc{}}
	plan := flows.State{Grant: g, Vars: flows.Vars{}, Results: make([]flows.Result, len(g.Steps))}
	d.Mermaid = flows.Mermaid(plan)
	for _, p := range flows.Parties(flows.Diagram(plan)) {
		d.Parties = append(d.Parties, p.Name())
	}
	for _, need := range g.Takes {
		d.Inputs = append(d.Inputs, inputDoc{need.Name, need.What, flagFor(need.Name), need.Optional})
	}
	for _, s := range grants.Settings(id) {
		doc := settingDoc{Name: s.Name, What: s.What, Ref: s.Ref, Flag: "--" + dashed(s.Name), Choices: []string{}}
		if s.Choices != nil {
			doc.Flag, doc.Default, doc.Choices = optionFlag(s.Name), s.Choices[0], s.Choices
		}
		d.Settings = append(d.Settings, doc)
	}
	for _, st := range g.Steps {
		s := flowStepDoc{st.ID, st.Title, st.Ref, st.Why, st.From, st.To, st.Front, st.Needs, st.Pages}
		if s.Needs == nil {
			s.Needs = []string{}
		}
		if s.Pages == nil {
			s.Pages = []string{}
		}
		d.Steps = append(d.Steps, s)
	}
	return d
}

// flowList prints one line for each flow, under the heading of its group.
func (c *console) flowList(docs []flowDoc) {
	id, title := 0, 0
	for _, d := range docs {
		id, title = max(id, len(d.ID)), max(title, len(d.Title))
	}
	group := ""
	for _, d := range docs {
		if d.Group != group {
			if group != "" {
				c.printf("")
			}
			group = d.Group
			c.printf("%s", c.styles.Title.Render(strings.ToUpper(group)))
		}
		c.printf("  %s  %s  %s", c.styles.Key.Render(padded(d.ID, id)), padded(d.Title, title), c.styles.Muted.Render(d.Ref))
	}
	c.say("authdance flows FLOW shows the steps and options of one; authdance run FLOW runs it.")
}

func (c *console) flow(d flowDoc) {
	st := c.styles
	c.printf("%s  %s", st.Title.Render(d.ID+": "+d.Title), st.Muted.Render(d.Ref))
	c.wrapped(c.printf, "", d.About)
	c.lanes(d)
	for i, s := range d.Steps {
		arrow := s.From.Name() + " → " + s.To.Name()
		if s.From == s.To {
			arrow = "inside " + s.From.Name()
		} else if s.Browser {
			arrow += ", through the browser"
		}
		c.printf("\n%2d  %s  %s", i+1, st.Key.Render(padded(s.ID, 10)), s.Title)
		c.printf("    %s", st.Muted.Render(c.inASCII(arrow+"  ·  "+s.Ref)))
		c.wrapped(c.printf, "    ", s.Why)
	}
	if len(d.Inputs) > 0 {
		c.printf("\n%s", st.Title.Render("BEGINS WITH"))
		for _, in := range d.Inputs {
			what := in.What
			if in.Optional {
				what += " (not needed)"
			}
			c.wrapped(c.printf, "  "+padded(in.Flag, 28)+"  ", what)
		}
	}
	if len(d.Settings) == 0 {
		return
	}
	c.printf("\n%s  %s", st.Title.Render("OPTIONS"), st.Muted.Render("the default first"))
	for _, s := range d.Settings {
		flag, what := s.Flag, s.What+" ("+s.Ref+")"
		if len(s.Choices) > 0 {
			what += ": " + strings.Join(s.Choices, ", ")
		}
		c.wrapped(c.printf, "  "+st.Key.Render(padded(flag, 28))+"  ", what)
	}
}

// inASCII writes arrows and dots for a terminal that has none.
func (c *console) inASCII(s string) string {
	if c.styles.Sym.Name != "ascii" {
		return s
	}
	return strings.NewReplacer("→", "->", "·", "-", "│", "|", "├", "|", "┤", "|", "─", "-", "┄", ".", "▶", ">", "◀", "<", "●", "*", "§", "S").Replace(s)
}

// lanes draws who talks to whom, a line for each step, within 80 columns.
func (c *console) lanes(d flowDoc) {
	order := []flows.Party{flows.Browser, flows.Client, flows.AS, flows.API}
	var cols []flows.Party
	for _, p := range order {
		if slices.ContainsFunc(d.Steps, func(s flowStepDoc) bool { return s.From == p || s.To == p }) {
			cols = append(cols, p)
		}
	}
	const lane, left = 15, 4
	at := func(p flows.Party) int { return left + 2 + slices.Index(cols, p)*lane }
	head := []rune(strings.Repeat(" ", left+len(cols)*lane+4))
	for _, p := range cols {
		copy(head[at(p)-1:], []rune(pane.Cut(p.Name(), lane-1)))
	}
	c.printf("\n%s", c.styles.Muted.Render(strings.TrimRight(string(head), " ")))
	for i, s := range d.Steps {
		row := []rune(strings.Repeat(" ", left+len(cols)*lane))
		copy(row, []rune(padded(strconv.Itoa(i+1), 2)))
		for _, p := range cols {
			row[at(p)] = '│'
		}
		from, to := at(s.From), at(s.To)
		if from == to {
			row[from] = '●'
		} else {
			line := '─'
			if s.Browser {
				line = '┄'
			}
			for x := min(from, to) + 1; x < max(from, to); x++ {
				row[x] = line
			}
			if to > from {
				row[to-1] = '▶'
			} else {
				row[to+1] = '◀'
			}
		}
		c.printf("%s", c.inASCII(strings.TrimRight(string(row), " ")+" "+pane.Cut(s.ID, 80-len(row)-1)))
	}
}

func completeFlows(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, g := range grants.List() {
		out = append(out, g.ID+"\t"+g.Title)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
