package cli

import (
	"bytes"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"authdance/flows/provider"
	"authdance/flows/wire"
)

// profileDoc is a profile as its file has it: references, never secrets.
type profileDoc struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Class     string            `json:"class"`
	Preset    string            `json:"preset"`
	Issuer    string            `json:"issuer"`
	Metadata  string            `json:"metadata"`
	Endpoints map[string]string `json:"endpoints"`
	API       string            `json:"api"`
	Client    clientConfigDoc   `json:"client"`
	Request   requestConfigDoc  `json:"request"`
	Options   map[string]string `json:"options"`
	Values    map[string]string `json:"values"`
	Quirks    map[string]string `json:"quirks"`
}

type profilesDoc struct {
	Schema   int          `json:"schema"`
	Profiles []profileDoc `json:"profiles"`
	Trouble  []troubleDoc `json:"trouble"` // files that cannot be used
}

type troubleDoc struct {
	File string `json:"file"`
	What string `json:"what"`
}

type clientConfigDoc struct {
	ID          string `json:"id"`
	Auth        string `json:"auth"`
	Secret      string `json:"secret"` // a reference
	Key         string `json:"key"`    // a reference
	Certificate string `json:"certificate"`
	DecryptKey  string `json:"decrypt_key"` // a reference
	RedirectURI string `json:"redirect_uri"`
}

type requestConfigDoc struct {
	Scope    string `json:"scope"`
	PKCE     string `json:"pkce"`
	Audience string `json:"audience"`
	Resource string `json:"resource"`
}

func profileDocOf(p provider.Profile) profileDoc {
	d := profileDoc{ID: p.ID, Name: p.Name, Class: p.Class, Preset: p.Preset, Issuer: p.Issuer, Metadata: p.Metadata, Endpoints: p.Endpoints, API: p.API,
		Client: clientConfigDoc(p.Client), Request: requestConfigDoc(p.Request), Options: p.Options, Values: p.Values, Quirks: p.Quirks}
	for _, m := range []*map[string]string{&d.Endpoints, &d.Options, &d.Values, &d.Quirks} {
		if *m == nil {
			*m = map[string]string{}
		}
	}
	return d
}

func profileCommand(c *console) *cobra.Command {
	var listJSON, showJSON bool
	list := &cobra.Command{Use: "list", Short: "List the saved profiles", Args: nothing,
		RunE: func(*cobra.Command, []string) error { return c.listProfiles(listJSON) }}
	list.Flags().BoolVar(&listJSON, "json", false, "one JSON document")
	show := &cobra.Command{Use: "show ID", Short: "Print one profile", Args: exactly(1, "the ID of a profile (authdance profile list shows them)"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, part string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return c.completeProfiles(cmd, args, part)
		},
		RunE: func(_ *cobra.Command, args []string) error { return c.showProfile(args[0], showJSON) }}
	show.Flags().BoolVar(&showJSON, "json", false, "one JSON document")
	return parent("profile", "Keep provider profiles", list, show, profileAddCommand(c), profileEditCommand(c), profileRemoveCommand(c),
		profileCopyCommand(c, "duplicate", "Copy a profile to another ID", "Copied.", provider.Store.Duplicate),
		profileCopyCommand(c, "rename", "Give a profile another ID", "Renamed.", provider.Store.Rename),
		profileCheckCommand(c), profileImportCommand(c), profileExportCommand(c), profileDiffCommand(c), profilePresetsCommand(c), profileSecretCommand(c), profileKeyCommand(c))
}

func (c *console) listProfiles(asJSON bool) error {
	list, bad, err := c.profiles().List()
	if err != nil {
		return usage("%v", err)
	}
	if asJSON {
		doc := profilesDoc{schema, []profileDoc{}, []troubleDoc{}}
		for _, p := range list {
			doc.Profiles = append(doc.Profiles, profileDocOf(p))
		}
		for _, t := range bad {
			doc.Trouble = append(doc.Trouble, troubleDoc{t.File, t.What})
		}
		return c.document(doc)
	}
	c.printf("%s %s built in; nothing to set up", c.styles.Key.Render(padded(labProfile, 20)), padded("LAB", 5))
	for _, p := range list {
		at := p.Issuer
		if at == "" {
			at = p.Metadata
		}
		if at == "" {
			at = "endpoints by hand"
		}
		c.printf("%s %s %s  client %s", c.styles.Key.Render(padded(p.ID, 20)), c.styles.Class(p.Class).Render(padded(p.Class, 5)), oneLine(at), oneLine(p.Client.ID))
	}
	for _, t := range bad {
		c.warn("%s: %s", oneLine(t.File), oneLine(t.What))
	}
	return nil
}

func (c *console) showProfile(id string, asJSON bool) error {
	p := provider.ForLab("http://127.0.0.1:0/default", "http://127.0.0.1:0")
	if id != labProfile {
		var err error
		if p, err = c.profiles().Get(id); err != nil {
			return usage("%v", err)
		}
	}
	if asJSON {
		return c.document(struct {
			Schema  int        `json:"schema"`
			Profile profileDoc `json:"profile"`
		}{schema, profileDocOf(p)})
	}
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(p); err != nil {
		return &outcome{exitBug, err.Error()}
	}
	for _, line := range wire.Untrusted(b.String()).Lines() {
		c.printf("%s", line)
	}
	return nil
}

func oneLine(s string) string { return wire.Safe(s) }
