package cli

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/lab"
)

type (
	flowsDoc struct {
		Schema int       `json:"schema"`
		Flows  []flowDoc `json:"flows"`
	}
	flowDoc struct {
		ID      string              `json:"id"`
		Title   string              `json:"title"`
		Ref     string              `json:"ref"`
		About   string              `json:"about"`
		Options map[string][]string `json:"options"` // modifiers, the default first
		Steps   []flowStepDoc       `json:"steps"`
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
		Use: "flows [FLOW]", Short: "List the flows, or the steps of one",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exactly(1, "the ID of one flow")(cmd, args)
			}
			return nil
		},
		ValidArgsFunction: completeFlows,
		RunE: func(_ *cobra.Command, args []string) error {
			var docs []flowDoc
			for _, g := range grants.List() {
				if len(args) == 0 || g.ID == args[0] {
					docs = append(docs, describe(g.ID))
				}
			}
			switch {
			case len(docs) == 0:
				_, err := grants.Resolve(flows.Spec{Grant: args[0]})
				return usage("%v", err)
			case asJSON:
				return c.document(flowsDoc{schema, docs})
			case len(args) == 0:
				for _, d := range docs {
					c.printf("%s %s  %s", c.styles.Key.Render(padded(d.ID, 20)), padded(d.Title, 26), c.styles.Muted.Render(d.Ref))
				}
				c.say("authdance flows FLOW shows the steps of one; authdance run FLOW runs it.")
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
func describe(id string) flowDoc {
	g, err := grants.Build(flows.Spec{Grant: id})
	if err != nil {
		return flowDoc{ID: id}
	}
	d := flowDoc{ID: g.ID, Title: g.Title, Ref: g.Ref, About: g.About, Options: grants.Options(id)}
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

func (c *console) flow(d flowDoc) {
	st := c.styles
	c.printf("%s  %s", st.Title.Render(d.ID+": "+d.Title), st.Muted.Render(d.Ref))
	c.wrapped(c.printf, "", d.About)
	for i, s := range d.Steps {
		arrow := s.From.Name() + " → " + s.To.Name()
		if s.From == s.To {
			arrow = "inside " + s.From.Name()
		} else if s.Browser {
			arrow += ", through the browser"
		}
		if st.Sym.Name == "ascii" {
			arrow = strings.ReplaceAll(arrow, "→", "->")
		}
		c.printf("\n%2d  %s  %s", i+1, st.Key.Render(padded(s.ID, 10)), s.Title)
		c.printf("    %s", st.Muted.Render(arrow+"  ·  "+s.Ref))
		c.wrapped(c.printf, "    ", s.Why)
	}
	if len(d.Options) > 0 {
		c.printf("\n%s", st.Title.Render("OPTIONS"))
		flag := map[string]string{"pkce": "--pkce", "client_auth": "--client-auth", "nonce": "--nonce-off"}
		for _, name := range slices.Sorted(maps.Keys(d.Options)) {
			c.printf("    %s %s", padded(cmp.Or(flag[name], "--"+strings.ReplaceAll(name, "_", "-")), 14), strings.Join(d.Options[name], ", "))
		}
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

func (c *console) completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	list, _, _ := c.profiles().List()
	out := []string{labProfile + "\tthe built-in lab"}
	for _, p := range list {
		out = append(out, p.ID+"\t"+oneLine(p.Name))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func completeFaults(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	l, err := lab.New(lab.Options{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer l.Close()
	var out []string
	for _, f := range l.Faults() {
		out = append(out, f.Key+"\t"+f.Title)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func completeDialects(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, d := range lab.Dialects() {
		out = append(out, d.Name+"\t"+d.Product)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
