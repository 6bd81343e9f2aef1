package cli

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/files"
	"authdance/flows/grants"
	"authdance/flows/lab"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// target is where a run goes and what it takes along.
type target struct {
	profile provider.Profile
	whole   provider.Profile // before the flow and the flags overruled it
	lab     *lab.Lab         // nil when the run leaves the process
	grant   string
	secrets flows.Secrets
	keys    map[string]exec.Key
	vars    flows.Vars
	params  []flows.Param
	options map[string]string

	user, password string // who signs in without a browser; "": a browser does
}

// target resolves the flags. It starts the lab when the run goes there; the
// caller closes it.
func (c *console) target(f *targetFlags, grant string) (*target, error) {
	t := &target{grant: grant, secrets: flows.Secrets{}}
	p, err := c.profileOf(f)
	if err != nil {
		return nil, err
	}
	if p.ID == labProfile {
		if t.lab, err = lab.Start(lab.Options{Tenants: labTenants(grant)}); err != nil {
			return nil, &outcome{exitNetwork, "the lab could not start: " + err.Error()}
		}
		p = provider.ForLab(t.lab.Issuer(), t.lab.API())
	}
	t.whole, t.profile = p, p.For(grant)
	if f.clientID == "" {
		t.profile = t.profile.InLab(grant, f.chosen())
	}
	for _, step := range []func(*targetFlags) error{t.overrule, c.request(t), c.means(t), c.personOf(t)} {
		if err := step(f); err != nil {
			t.close()
			return nil, err
		}
	}
	return t, nil
}

func (t *target) close() {
	if t.lab != nil {
		_ = t.lab.Close()
	}
}

const labProfile = "lab"

// profileOf picks the profile: a saved one, one made of flags, or the lab's.
func (c *console) profileOf(f *targetFlags) (provider.Profile, error) {
	byHand := f.issuer != "" || f.metadata != "" || len(f.endpoints) > 0
	switch {
	case f.profile == labProfile && byHand:
		return provider.Profile{}, usage("--profile lab has addresses of its own; leave out --issuer, --metadata and --endpoint, or leave out --profile")
	case f.profile != "" && f.profile != labProfile:
		p, err := c.profiles().Get(f.profile)
		if err != nil {
			return p, usage("%v", err)
		}
		return p, nil
	case byHand:
		return provider.Profile{Schema: 1, ID: adHoc, Name: adHoc, Class: provider.Test, Request: provider.RequestConfig{Scope: "openid"}}, nil
	}
	return provider.Profile{ID: labProfile}, nil
}

// overrule lets the flags change the profile, and checks the result.
func (t *target) overrule(f *targetFlags) error {
	p := &t.profile
	p.Issuer, p.Metadata = cmp.Or(f.issuer, p.Issuer), cmp.Or(f.metadata, p.Metadata)
	if f.issuer != "" && f.metadata == "" {
		p.Metadata = ""
	}
	if len(f.endpoints) > 0 {
		byHand := map[string]string{}
		for name, u := range p.Endpoints {
			byHand[name] = u
		}
		for _, e := range f.endpoints {
			name, u, ok := strings.Cut(e, "=")
			if !ok || name == "" {
				return usage("--endpoint %s: write NAME=URL, such as token_endpoint=https://as.example/token", wire.Safe(e))
			}
			if name == "api" {
				p.API = u
				continue
			}
			byHand[name] = u
		}
		p.Endpoints = byHand
	}
	if f.clientID != "" || f.secret != "" || f.key != "" || f.cert != "" {
		p.Client.Auth = "" // the method belonged to the profile's own client
	}
	if f.clientID != "" {
		p.Client.Secret, p.Client.Key, p.Client.Certificate, p.Client.DecryptKey = "", "", "", ""
	}
	p.Client.ID, p.Client.Auth = cmp.Or(f.clientID, p.Client.ID), cmp.Or(f.options["client_auth"].text, p.Client.Auth)
	p.Client.RedirectURI = cmp.Or(f.redirectURI, p.Client.RedirectURI)
	p.Request.PKCE = cmp.Or(f.options["pkce"].text, p.Request.PKCE)
	check := *p
	check.Client.Secret = ""
	if check.Client.ID == "" {
		if t.namesClient() {
			return usage("--client-id is missing; it is the client_id that the server gave this application")
		}
		check.Client.ID = "none" // this flow names no client
	}
	if check.Issuer == "" && check.Metadata == "" && len(check.Endpoints) == 0 {
		check.Issuer = check.API // an API call needs no server
	}
	if err := check.Validate(); err != nil {
		text := err.Error()
		if p.ID == adHoc {
			_, text, _ = strings.Cut(text, ", field ")
			field, rest, _ := strings.Cut(text, ": ")
			text = flagOf(field) + ": " + rest
		}
		return usage("%s", text)
	}
	return nil
}

// namesClient says whether the flow cannot do without a client_id.
func (t *target) namesClient() bool {
	g, _ := grants.Build(flows.Spec{Grant: t.grant})
	return slices.ContainsFunc(g.Steps, func(st flows.Step) bool { return st.Auth || slices.Contains(st.Needs, "client_id") })
}

// flagOf is the flag that fills a field of a profile.
func flagOf(field string) string {
	flag, ok := map[string]string{"client.auth": "--client-auth", "client.redirect_uri": "--redirect-uri", "request.pkce": "--pkce",
		"issuer": "--issuer", "metadata": "--metadata", "api": "--endpoint api"}[field]
	if !ok {
		name, _ := strings.CutPrefix(field, "endpoints.")
		return "--endpoint " + name
	}
	return flag
}

// personOf decides who signs in without a browser, if anybody.
func (c *console) personOf(t *target) func(*targetFlags) error {
	return func(f *targetFlags) error {
		if t.grant == "password" && f.password != "" { // what the flow itself sends
			s, err := c.resolve(f.password, "--password", t.onThisComputer())
			if err != nil {
				return err
			}
			t.secrets["password"] = s
			return nil
		}
		if t.lab == nil {
			switch {
			case len(f.faults) > 0:
				return usage("--fault works in the built-in lab only; this run goes to %s", wire.Safe(t.host()))
			case f.dialect != "":
				return usage("--dialect works in the built-in lab only; this run goes to %s", wire.Safe(t.host()))
			case f.deny && f.user == "":
				return usage("--deny needs --user: in a browser the person refuses")
			case f.user == "" && f.password != "":
				return usage("--password needs --user")
			case f.user != "" && f.password == "":
				return usage("--user %s needs --password env:NAME or file:PATH at a server that is not the built-in lab", wire.Safe(f.user))
			case f.user == "":
				return nil
			}
		}
		t.user = f.user
		if t.lab != nil {
			users := t.lab.Users()
			t.user = cmp.Or(t.user, users[0].Username)
			i := slices.IndexFunc(users, func(u lab.User) bool { return u.Username == t.user })
			if i < 0 && f.password == "" {
				return usage("nobody at the lab is called %q; --user %s", wire.Safe(t.user), names(users))
			}
			if i >= 0 {
				t.password = users[i].Password
			}
			if err := checkSpoil(t.lab, f.faults, f.dialect); err != nil {
				return err
			}
		}
		if f.password != "" {
			s, err := c.resolve(f.password, "--password", t.onThisComputer())
			if err != nil {
				return err
			}
			t.password = s.Reveal()
		}
		return nil
	}
}

func names(users []lab.User) string {
	var list []string
	for _, u := range users {
		list = append(list, u.Username)
	}
	return strings.Join(list, " or ")
}

// host is the server that the run goes to, for sentences.
func (t *target) host() string {
	for _, raw := range []string{t.profile.Issuer, t.profile.Metadata, t.profile.Endpoints["token_endpoint"], t.profile.API} {
		if u, err := url.Parse(raw); err == nil && u.Host != "" {
			return u.Host
		}
	}
	return "another server"
}

// onThisComputer says whether every address of the target is loopback: only
// then may a secret be written out on the command line.
func (t *target) onThisComputer() bool {
	if t.lab != nil {
		return true
	}
	all := []string{t.profile.Issuer, t.profile.Metadata, t.profile.API}
	for _, e := range t.profile.Endpoints {
		all = append(all, e)
	}
	for _, raw := range all {
		if u, err := url.Parse(raw); raw != "" && (err != nil || !isLoopback(u.Hostname())) {
			return false
		}
	}
	return true
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// resolve fetches what a reference names. A literal is taken on this computer
// only, with a warning: command lines can be read by others and are kept in
// histories.
func (c *console) resolve(ref, flag string, literal bool) (wire.Secret, error) {
	if ref == "prompt" && (c.noInput || !c.inTTY) {
		return wire.Secret{}, &outcome{exitInteraction, flag + " prompt: there is no terminal to ask on (or --no-input forbids it); use env:NAME or file:PATH"}
	}
	kind, _, _ := strings.Cut(ref, ":")
	if provider.CheckReference(ref) != nil && literal && kind != "keyring" && kind != "age" {
		c.warn("%s was written out; others can read it in the list of processes and in the shell's history. Fine for the lab, nowhere else: use env:NAME", flag)
		return wire.NewSecret(ref), nil
	}
	if ref == "-" && c.inTTY {
		c.say("%s: type or paste it, press enter, then Ctrl-D. It shows on the screen; prompt would hide it.", flag)
	}
	s, err := provider.Resolve(ref, flag, provider.Sources{
		Env: c.env,
		File: func(path string) ([]byte, error) {
			if why, open := files.Exposed(path); open {
				c.warn("%s: %s", flag, why)
			}
			return files.Read(path, 64<<10)
		},
		Prompt:  func(what string) (string, error) { return c.ask(what, true) },
		Keyring: keyringSecret, Age: c.ageSecret,
		Stdin: c.stdin(),
	})
	if err != nil {
		return s, usage("%v", err)
	}
	return s, nil
}

// start makes the first fact of the run, and refuses what cannot work before
// anything is sent.
func (t *target) start() (flows.Started, error) {
	ev, err := t.begin()
	if err != nil {
		return ev, usage("%v", err)
	}
	if lacks := grants.Lacks(ev.Grant, t.vars, t.secrets); len(lacks) > 0 {
		return ev, usage("%s needs %s, which is not known; give %s", t.grant, lacks[0].What, flagFor(lacks[0].Name))
	}
	return ev, nil
}

// begin makes the first fact of the run, complete or not.
func (t *target) begin() (flows.Started, error) {
	p := t.profile
	return grants.Start(flows.Spec{Grant: t.grant, Options: t.options},
		flows.Profile{ID: p.ID, Name: p.Name, Class: p.Class, Quirks: p.Quirks}, t.vars, t.secrets, t.params)
}
