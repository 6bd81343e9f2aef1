package cli

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// addFlags are what a person can say about a new profile beside the one input.
type addFlags struct {
	id, name, class, clientID, secret, auth, key, redirect, scope, keep string
	vars                                                                []string
	offline, json                                                       bool
	transport                                                           transportFlags
}

func profileAddCommand(c *console) *cobra.Command {
	f := &addFlags{}
	cmd := &cobra.Command{Use: "add [INPUT]", Short: "Make a profile from one thing that you have",
		Long: "Make a profile from one thing that you have: an issuer, the address of its metadata, an authorization URL, a\n" +
			"curl command, OAuth settings of Postman, Insomnia, Bruno or OpenAPI, the address of an MCP server, or the name of\n" +
			"a preset (authdance profile presets). INPUT - reads it from stdin. Only what is missing is asked.",
		Example: "authdance profile add https://idp.example.com --client-id my-app\n" +
			"authdance profile add github\n" +
			"authdance profile add keycloak --var host=sso.example.com --var realm=staff\n" +
			"authdance profile add - < collection.json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("give one input, in quotes where it has spaces; %q is too much", wire.Safe(args[1]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.addProfile(cmd.Context(), f, strings.Join(args, ""))
		}}
	group(cmd, "profile", func(fs *pflag.FlagSet) {
		fs.StringVar(&f.id, "id", "", "`ID` of the profile (default: from the host)")
		fs.StringVar(&f.name, "name", "", "name to show")
		fs.StringVar(&f.class, "class", "", "LAB, TEST or LIVE")
		fs.StringArrayVar(&f.vars, "var", nil, "`NAME=VALUE` of a preset's variable, such as tenant=contoso.com (repeatable)")
	})
	group(cmd, "client", func(fs *pflag.FlagSet) {
		fs.StringVar(&f.clientID, "client-id", "", "client_id of this application")
		fs.StringVar(&f.secret, "client-secret", "", "`REF` to its secret: env:NAME, file:PATH, keyring:NAME, age:NAME or prompt")
		fs.StringVar(&f.key, "client-key", "", "`REF` to its private key")
		fs.StringVar(&f.auth, "client-auth", "", "`METHOD` of client authentication")
		fs.StringVar(&f.redirect, "redirect-uri", "", "redirect URI as registered")
		fs.StringVar(&f.scope, "scope", "", "scopes to ask for")
		fs.StringVar(&f.keep, "keep-secret", "", "store a secret that was pasted: keyring or age")
	})
	group(cmd, "network", func(fs *pflag.FlagSet) {
		fs.BoolVar(&f.offline, "offline", false, "fetch no metadata")
		f.transport.add(fs)
	})
	cmd.Flags().BoolVar(&f.json, "json", false, "one JSON document")
	return cmd
}

type missingDoc struct {
	Field   string `json:"field"`
	What    string `json:"what"`
	Example string `json:"example"`
}

type registerDoc struct {
	RedirectURI string `json:"redirect_uri"`
	At          string `json:"at"`
	What        string `json:"what"`
}

type addDoc struct {
	Schema   int          `json:"schema"`
	Saved    bool         `json:"saved"`
	From     string       `json:"from"`
	Profile  profileDoc   `json:"profile"`
	Missing  []missingDoc `json:"missing"`
	Notes    []string     `json:"notes"`
	Quirks   []string     `json:"quirks"`
	Register registerDoc  `json:"register"`
}

func (c *console) addProfile(ctx context.Context, f *addFlags, input string) error {
	var err error
	switch {
	case input == "-":
		if input, err = c.pasted("an address, a curl command or OAuth settings", 2<<20); err != nil {
			return usage("%v", err)
		}
	case input == "":
		if input, err = c.ask("Issuer, address, preset or curl command", false); err != nil {
			return err
		}
	}
	vars := map[string]string{}
	for _, v := range f.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return usage("--var %s: write NAME=VALUE, such as tenant=contoso.com", wire.Safe(v))
		}
		vars[name] = value
	}
	d, err := provider.NewDraft(input, vars)
	if err != nil {
		return usage("%s", wire.Safe(err.Error()))
	}
	if !f.offline {
		if d, err = c.look(ctx, &f.transport, d); err != nil {
			return err
		}
	}
	p := &d.Profile
	for to, v := range map[*string]string{&p.ID: f.id, &p.Name: f.name, &p.Class: strings.ToUpper(f.class), &p.Client.ID: f.clientID, &p.Client.Secret: f.secret,
		&p.Client.Auth: f.auth, &p.Client.Key: f.key, &p.Client.RedirectURI: f.redirect, &p.Request.Scope: f.scope} {
		if v != "" {
			*to = v
		}
	}
	if s := d.Secrets["client.secret"]; !s.IsZero() && p.Client.Secret == "" && f.keep != "" {
		if p.Client.Secret, err = c.keep(f.keep, p.ID, s); err != nil {
			return err
		}
	}
	if f.keep == "" && p.Client.Secret == "" && !d.Secrets["client.secret"].IsZero() {
		d.Notes = append(d.Notes, "the pasted secret was not kept: add --keep-secret keyring or age, or --client-secret env:NAME")
	}
	if d, err = c.asked(d); err != nil {
		return err
	}
	if left := d.Missing(); len(left) > 0 {
		return c.incomplete(f, d, left)
	}
	if err := c.profiles().Add(d.Profile); errors.Is(err, fs.ErrExist) {
		return usage("%v; --id gives it another", err)
	} else if err != nil {
		return usage("%v", err)
	}
	return c.added(f, d)
}

// asked asks for what is missing, where somebody can answer.
func (c *console) asked(d provider.Draft) (provider.Draft, error) {
	if c.noInput || !c.inTTY || !c.errTTY {
		return d, nil
	}
	for range 12 {
		left := d.Missing()
		if len(left) == 0 {
			break
		}
		m := left[0]
		answer, err := c.ask(m.Field+": "+m.What+" (such as "+m.Example+")", false)
		if err != nil {
			return d, err
		}
		if answer = strings.TrimSpace(answer); answer == "" {
			continue
		}
		if name, isVar := strings.CutPrefix(m.Field, "variable."); isVar {
			fill := func(s string) string { return strings.ReplaceAll(s, "{"+name+"}", answer) }
			d.Profile.Issuer, d.Profile.Metadata = fill(d.Profile.Issuer), fill(d.Profile.Metadata)
			for k, v := range d.Profile.Endpoints {
				d.Profile.Endpoints[k] = fill(v)
			}
			continue
		}
		switch name, isEndpoint := strings.CutPrefix(m.Field, "endpoints."); {
		case isEndpoint:
			d.Profile.Endpoints[name] = answer
		case m.Field == "issuer":
			d.Profile.Issuer = answer
		case m.Field == "client.id":
			d.Profile.Client.ID = answer
		case m.Field == "client.secret":
			if err := provider.CheckReference(answer); err != nil {
				c.warn("%v", err)
				continue
			}
			d.Profile.Client.Secret = answer
		}
	}
	return d, nil
}

// look fetches what the draft hints at: metadata, or the description of a
// resource and then the metadata of its server. That there is none is no error
// when the draft can do without.
func (c *console) look(ctx context.Context, f *transportFlags, d provider.Draft) (provider.Draft, error) {
	l, err := live(c.options(f))
	if err != nil {
		return d, err
	}
	defer l.Close()
	var trouble []string
	for tried := 0; len(d.Look) > 0 && tried < 12; tried++ {
		place := d.Look[0]
		d.Look = d.Look[1:]
		if strings.ContainsAny(place.URL, "{}") {
			continue
		}
		body, _, why := get(ctx, l, place.URL)
		if why != "" {
			trouble = append(trouble, place.URL+": "+why)
			continue
		}
		m, _, err := provider.ParseMetadata(body)
		if err != nil {
			trouble = append(trouble, place.URL+": "+err.Error())
			continue
		}
		switch {
		case len(m.Document().Strings("authorization_servers")) > 0 && m.Issuer() == "":
			d = d.WithResource(m)
		case m.Issuer() != "" && len(m.URLs()) > 0:
			return d.WithMetadata(place.URL, m), nil
		}
	}
	d.Look = nil
	if len(trouble) > 0 {
		d.Notes = append(d.Notes, "no metadata was found ("+wire.Safe(trouble[0])+"); the profile is made without it")
	}
	return d, nil
}

// get fetches one document. why says in words what stood in the way.
func get(ctx context.Context, l *exec.Live, address string) (body []byte, ex flows.Exchange, why string) {
	switch e := l.Perform(ctx, flows.Send{ID: 1, Request: flows.Request{Method: "GET", URL: wire.Untrusted(address),
		Header: []flows.Param{{Name: "Accept", Value: "application/json"}}}}).(type) {
	case flows.Received:
		ex = e.Exchange
		if s := ex.Response.Status; s != 200 {
			return nil, ex, "answered " + statusText(s)
		}
		return []byte(ex.Response.Body.Raw()), ex, ""
	case flows.Broke:
		return nil, ex, e.Message.Safe()
	}
	return nil, ex, "no answer that could be read"
}

func (c *console) addDoc(d provider.Draft, saved bool) addDoc {
	doc := addDoc{Schema: schema, Saved: saved, From: d.From, Profile: profileDocOf(d.Profile), Missing: []missingDoc{}, Notes: append([]string{}, d.Notes...),
		Quirks: append([]string{}, d.Profile.Announcements()...), Register: registerDoc{RedirectURI: d.Profile.Client.RedirectURI}}
	for _, m := range d.Missing() {
		doc.Missing = append(doc.Missing, missingDoc(m))
	}
	if preset, err := provider.FindPreset(d.Profile.Preset); err == nil {
		doc.Register.At, doc.Register.What = preset.RegisterAt, preset.Register
	}
	return doc
}

func (c *console) incomplete(f *addFlags, d provider.Draft, left []provider.Missing) error {
	if f.json {
		if err := c.document(c.addDoc(d, false)); err != nil {
			return err
		}
	}
	var parts []string
	for _, m := range left {
		flag := "--endpoint"
		switch name, isVar := strings.CutPrefix(m.Field, "variable."); {
		case isVar:
			flag = "--var " + name + "=" + m.Example
		case m.Field == "client.id":
			flag = "--client-id"
		case m.Field == "client.secret":
			flag = "--client-secret " + m.Example
		case m.Field == "issuer" || strings.HasPrefix(m.Field, "endpoints."):
			flag = "the issuer instead, if there is one"
		}
		parts = append(parts, m.Field+" ("+m.What+"; give "+flag+")")
	}
	return &outcome{exitInteraction, "nothing was saved; missing: " + strings.Join(parts, ", ")}
}

func (c *console) added(f *addFlags, d provider.Draft) error {
	doc := c.addDoc(d, true)
	if f.json {
		return c.document(doc)
	}
	p := d.Profile
	c.printf("%s read as %s", c.sign("pass"), oneLine(d.From))
	if preset, err := provider.FindPreset(p.Preset); err == nil {
		c.printf("  this is %s (authdance explain %s)", preset.Name, preset.Article())
	}
	for _, q := range doc.Quirks {
		c.printf("  %s", q)
	}
	for _, n := range d.Notes {
		c.warn("%s", oneLine(n))
	}
	c.printf("  redirect URI to register: %s", oneLine(p.Client.RedirectURI))
	if doc.Register.At != "" {
		c.printf("  where: %s", doc.Register.At)
		c.printf("  how: %s", doc.Register.What)
	}
	c.printf("Saved as %s. Next: authdance profile check %s, then authdance run authorization_code --profile %s", p.ID, p.ID, p.ID)
	return nil
}
