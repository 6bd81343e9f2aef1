package cli

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"authdance/flows"
	"authdance/flows/files"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// saved tells about a profile that was changed.
func (c *console) saved(p provider.Profile, asJSON bool, sentence string) error {
	if asJSON {
		return c.document(struct {
			Schema  int        `json:"schema"`
			Profile profileDoc `json:"profile"`
		}{schema, profileDocOf(p)})
	}
	c.say("%s", sentence)
	return nil
}

func (c *console) oneProfile(cmd *cobra.Command, asJSON *bool) *cobra.Command {
	cmd.ValidArgsFunction = c.completeProfiles
	cmd.Flags().BoolVar(asJSON, "json", false, "one JSON document")
	return cmd
}

func profileEditCommand(c *console) *cobra.Command {
	var set, unset []string
	var asJSON bool
	cmd := &cobra.Command{Use: "edit ID", Short: "Change fields of a profile; comments of its file stay", Args: exactly(1, "the ID of a profile"),
		Example: "authdance profile edit okta-dev --set request.scope=\"openid email\" --unset client.secret",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(set)+len(unset) == 0 {
				return usage("say what to change: --set FIELD=VALUE or --unset FIELD; authdance profile show %s has the fields", wire.Safe(args[0]))
			}
			p, err := c.profiles().Update(args[0], func(p *provider.Profile) error {
				changes := append([]string{}, set...)
				for _, u := range unset {
					changes = append(changes, u+"=")
				}
				for _, s := range changes {
					field, value, ok := strings.Cut(s, "=")
					if !ok || field == "" {
						return usage("--set %s: write FIELD=VALUE", wire.Safe(s))
					}
					if field == "id" {
						return usage("the id is the name of the file; authdance profile rename changes both")
					}
					next, err := p.With(field, value)
					if err != nil {
						return err
					}
					*p = next
				}
				return nil
			})
			if err != nil {
				return usage("%v", err)
			}
			return c.saved(p, asJSON, "Saved.")
		}}
	cmd.Flags().StringArrayVar(&set, "set", nil, "`FIELD=VALUE`, such as client.auth=none (repeatable)")
	cmd.Flags().StringArrayVar(&unset, "unset", nil, "take `FIELD` away (repeatable)")
	return c.oneProfile(cmd, &asJSON)
}

func profileRemoveCommand(c *console) *cobra.Command {
	var yes, asJSON bool
	cmd := &cobra.Command{Use: "remove ID", Aliases: []string{"rm"}, Short: "Remove a profile", Args: exactly(1, "the ID of a profile"),
		RunE: func(_ *cobra.Command, args []string) error {
			id := args[0]
			if !yes {
				answer, err := c.ask("Remove the profile "+wire.Safe(id)+"? Type its ID (scripts give --yes)", false)
				if err != nil {
					return err
				}
				if strings.TrimSpace(answer) != id {
					return &outcome{exitPerson, "nothing was removed: that is not the ID of the profile"}
				}
			}
			if err := c.profiles().Remove(id); err != nil {
				return usage("%v", err)
			}
			if asJSON {
				return c.document(struct {
					Schema  int    `json:"schema"`
					Removed string `json:"removed"`
				}{schema, id})
			}
			c.say("Removed. Secrets and keys that it named are where they were.")
			return nil
		}}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c.oneProfile(cmd, &asJSON)
}

func profileCopyCommand(c *console, use, short, done string, do func(provider.Store, string, string) error) *cobra.Command {
	var asJSON bool
	return c.oneProfile(&cobra.Command{Use: use + " ID NEW", Short: short, Args: exactly(2, "the ID of a profile and the new ID"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := do(c.profiles(), args[0], args[1]); err != nil {
				return usage("%v", err)
			}
			p, err := c.profiles().Get(args[1])
			if err != nil {
				return usage("%v", err)
			}
			return c.saved(p, asJSON, done)
		}}, &asJSON)
}

func profileExportCommand(c *console) *cobra.Command {
	var asJSON bool
	return c.oneProfile(&cobra.Command{Use: "export ID", Short: "Print a profile to share: without secrets, keys and references to them", Args: exactly(1, "the ID of a profile"),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := c.profiles().Get(args[0])
			if err != nil {
				return usage("%v", err)
			}
			p = p.Shared(flows.Sensitive)
			if asJSON {
				return c.saved(p, true, "")
			}
			for _, line := range wire.Untrusted(strings.TrimSuffix(string(p.TOML()), "\n")).Lines() {
				c.printf("%s", line)
			}
			return nil
		}}, &asJSON)
}

func profileImportCommand(c *console) *cobra.Command {
	var yes, asJSON bool
	var id string
	cmd := &cobra.Command{Use: "import FILE", Short: "Take over a profile that somebody shared", Args: exactly(1, "the path of a profile's TOML file, or - for stdin"),
		Long: "Take over a profile that somebody shared. References to secrets and keys in it are dropped: they would send\nsecrets of this computer to addresses that somebody else chose.",
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := []byte(nil), error(nil)
			if args[0] == "-" {
				var s string
				s, err = c.pasted("the profile", 1<<20)
				text = []byte(s)
			} else {
				text, err = files.Read(args[0], 1<<20)
			}
			if err != nil {
				return usage("%v", err)
			}
			p, warnings, err := provider.ReadProfile(text)
			if err != nil {
				return usage("%s: %v", wire.Safe(args[0]), err)
			}
			for _, w := range warnings {
				c.warn("%s", w)
			}
			if id != "" {
				p.ID = id
			}
			named := p.Client
			p = p.Shared(flows.Sensitive)
			if named != p.Client {
				c.warn("references to secrets or keys were dropped; authdance profile secret %s or profile key %s gives it its own", p.ID, p.ID)
			}
			if !yes {
				for name, u := range p.Vars() {
					if strings.Contains(u.Raw(), "://") {
						c.say("%s %s", padded(name, 24), u.Safe())
					}
				}
				answer, err := c.ask("These addresses will be contacted. Take the profile over? yes/no (scripts give --yes)", false)
				if err != nil {
					return err
				}
				if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y") {
					return &outcome{exitPerson, "nothing was saved"}
				}
			}
			if err := c.profiles().Add(p); err != nil {
				return usage("%v", err)
			}
			return c.saved(p, asJSON, "Saved as "+p.ID+".")
		}}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().StringVar(&id, "id", "", "`ID` to save it under")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON document")
	return cmd
}

type differenceDoc struct {
	Name string `json:"name"`
	A    string `json:"a"`
	B    string `json:"b"`
}

func differenceDocs(list []provider.Difference) []differenceDoc {
	out := []differenceDoc{}
	for _, d := range list {
		out = append(out, differenceDoc(d))
	}
	return out
}

func profileDiffCommand(c *console) *cobra.Command {
	var asJSON bool
	return c.oneProfile(&cobra.Command{Use: "diff ID OTHER", Short: "Compare two profiles, field by field", Args: exactly(2, "the IDs of two profiles"),
		RunE: func(_ *cobra.Command, args []string) error {
			a, err := c.profiles().Get(args[0])
			if err != nil {
				return usage("%v", err)
			}
			b, err := c.profiles().Get(args[1])
			if err != nil {
				return usage("%v", err)
			}
			list := provider.Compare(a, b)
			if asJSON {
				return c.document(struct {
					Schema      int             `json:"schema"`
					Differences []differenceDoc `json:"differences"`
				}{schema, differenceDocs(list)})
			}
			for _, d := range list {
				c.printf("%s %s → %s", c.styles.Key.Render(padded(d.Name, 24)), oneLine(dash(d.A)), oneLine(dash(d.B)))
			}
			return nil
		}}, &asJSON)
}

func dash(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

type presetDoc struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Variables []string `json:"variables"`
	Article   string   `json:"article"`
}

func profilePresetsCommand(c *console) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "presets", Short: "List the products that are known", Args: nothing,
		RunE: func(*cobra.Command, []string) error {
			list := []presetDoc{}
			for _, p := range provider.Presets() {
				d := presetDoc{p.ID, p.Name, []string{}, p.Article()}
				d.Variables = append(d.Variables, slices.Sorted(maps.Keys(p.Variables))...)
				list = append(list, d)
			}
			if asJSON {
				return c.document(struct {
					Schema  int         `json:"schema"`
					Presets []presetDoc `json:"presets"`
				}{schema, list})
			}
			for _, d := range list {
				c.printf("%s %s", c.styles.Key.Render(padded(d.ID, 20)), d.Name)
			}
			return nil
		}}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON document")
	return cmd
}
