package cli

import (
	"cmp"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/files"
	"authdance/flows/grants"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// request collects how the flow runs and what it asks for.
func (c *console) request(t *target) func(*targetFlags) error {
	return func(f *targetFlags) error {
		t.options, t.vars = t.profile.RunOptions(), flows.Vars(t.profile.Vars())
		own := grants.Options(t.grant)
		for name, choice := range f.chosen() {
			switch {
			case slices.Contains(own[name], choice):
				t.options[name] = choice
			case own[name] != nil:
				return usage("%s %s is not known to %s; use %s", optionFlag(name), wire.Safe(choice), t.grant, strings.Join(own[name], ", "))
			default:
				if err := elsewhere(t.grant, name, choice); err != nil {
					return err
				}
			}
		}
		for name, w := range f.values {
			if err := c.value(t, name, w.text); err != nil {
				return err
			}
		}
		if err := c.value(t, "resource", strings.Join(f.resources, " ")); err != nil {
			return err
		}
		for _, p := range f.params {
			name, v, ok := strings.Cut(p, "=")
			if !ok || name == "" {
				return usage("--param %s: write NAME=VALUE", wire.Safe(p))
			}
			t.params = append(t.params, flows.Param{Name: name, Value: wire.Untrusted(v), Secret: flows.Sensitive(name)})
		}
		return nil
	}
}

// value takes one request value, and says so when the flow has no use for it.
func (c *console) value(t *target, name, text string) error {
	if text == "" {
		return nil
	}
	if err := grants.CheckValue(name, text); err != nil {
		return usage("--%s: %v", dashed(name), err)
	}
	t.vars[name] = wire.Untrusted(text)
	is := func(s grants.Setting) bool { return s.Name == name }
	g, _ := grants.Build(flows.Spec{Grant: t.grant})
	begins := slices.ContainsFunc(g.Takes, func(need flows.Given) bool { return need.Name == name })
	if slices.ContainsFunc(grants.ValueSettings(), is) && !slices.ContainsFunc(grants.Settings(t.grant), is) && !begins {
		c.warn("--%s is not used: %s sends no %s", dashed(name), t.grant, name)
	}
	return nil
}

// elsewhere explains an option that the flow does not have.
func elsewhere(grant, name, choice string) error {
	if name == "response_type" && grant != "authorization_code" || name == "response_type" && choice != "code" {
		for _, g := range grants.List() {
			if slices.Contains(g.Choices["response_type"], choice) {
				return usage("--response-type %q belongs to another flow: authdance run %s", choice, g.ID)
			}
		}
	}
	if name == "response_type" && grant == "authorization_code" && choice == "code" || name == "nonce" {
		return nil // that is how it is anyway
	}
	var have []string
	for _, s := range grants.Settings(grant) {
		if s.Choices != nil {
			have = append(have, optionFlag(s.Name))
		}
	}
	if len(have) == 0 {
		return usage("%s has nothing to say to %s, which has no options", optionFlag(name), grant)
	}
	return usage("%s has nothing to say to %s; its options are %s", optionFlag(name), grant, strings.Join(have, ", "))
}

// means resolves what the client proves itself with, and what the flow begins
// with. What is missing is said before anything is sent.
func (c *console) means(t *target) func(*targetFlags) error {
	return func(f *targetFlags) error {
		who := &t.profile.Client
		who.Secret, who.Key = cmp.Or(f.secret, who.Secret), cmp.Or(f.key, who.Key)
		who.Certificate, who.DecryptKey = cmp.Or(f.cert, who.Certificate), cmp.Or(f.decryptKey, who.DecryptKey)
		if err := c.equip(t); err != nil {
			return err
		}
		for _, in := range givenTokens {
			ref := *f.tokens[in.flag]
			if ref == "" {
				continue
			}
			s, err := c.resolve(ref, "--"+in.flag, t.onThisComputer())
			if err != nil {
				return err
			}
			for _, name := range in.names {
				t.vars[name] = wire.Untrusted(s.Reveal())
			}
		}
		if t.lab == nil {
			return nil
		}
		if who.ID != t.whole.Client.ID {
			c.say("In the lab this runs as its client %s (%s).", wire.Safe(who.ID), t.options["client_auth"])
		}
		return labValues(t.lab, t.grant, t.options, t.vars)
	}
}

// equip fetches the secret and the keys of the target's client, and settles how
// it says who it is.
func (c *console) equip(t *target) error {
	who := t.profile.Client
	var err error
	if who.Secret != "" {
		if t.secrets["client_secret"], err = c.resolve(who.Secret, "--client-secret", t.onThisComputer()); err != nil {
			return err
		}
	} else if t.lab != nil {
		for name, s := range labSecrets(t.lab, who.ID) {
			t.secrets[name] = s
		}
	}
	if t.keys, err = c.keysOf(who.Key, who.Certificate, who.DecryptKey); err != nil {
		return err
	}
	if t.lab != nil && len(t.keys) == 0 {
		if t.keys, err = labKeys(t.lab, who.ID); err != nil {
			return &outcome{exitBug, err.Error()}
		}
	}
	t.options["client_auth"] = cmp.Or(who.Auth, labAuth(t.lab, who.ID), t.usualAuth())
	return t.complete()
}

// keysOf reads the private keys that the references name.
func (c *console) keysOf(key, cert, decrypt string) (map[string]exec.Key, error) {
	out := map[string]exec.Key{}
	read := func(name, flag, ref string) error {
		if ref == "" {
			return nil
		}
		s, err := c.resolve(ref, flag, false)
		if err != nil {
			return err
		}
		if out[name], err = exec.ParseKey([]byte(s.Reveal())); err != nil {
			return usage("%s: %v", flag, err)
		}
		return nil
	}
	if err := read(exec.ClientKey, "--client-key", key); err != nil {
		return nil, err
	}
	if err := read(exec.DecryptKey, "--decrypt-key", decrypt); err != nil {
		return nil, err
	}
	if cert == "" {
		return out, nil
	}
	text, err := files.Read(cert, 64<<10)
	if err != nil {
		return nil, usage("--client-cert: %v; give the path of a PEM file", err)
	}
	own, has := out[exec.ClientKey]
	if has {
		own, err = own.Certified(text)
	} else {
		own, err = exec.ParseKey(text)
	}
	if err != nil {
		return nil, usage("--client-cert %s: %v", wire.Safe(cert), err)
	}
	out[exec.ClientCert], out[exec.ClientKey] = own, own
	return out, nil
}

// usualAuth is how a client says who it is that has these means and no wish.
func (t *target) usualAuth() string {
	_, key := t.keys[exec.ClientKey]
	_, cert := t.keys[exec.ClientCert]
	c := provider.ClientConfig{}
	switch {
	case !t.secrets["client_secret"].IsZero():
		c.Secret = "-"
	case cert:
		c.Certificate = "-"
	case key:
		c.Key = "-"
	}
	return provider.Profile{Client: c}.ClientAuth()
}

// complete says what the options ask for and nobody gave.
func (t *target) complete() error {
	own := grants.Options(t.grant)
	_, key := t.keys[exec.ClientKey]
	_, cert := t.keys[exec.ClientCert]
	auth := t.options["client_auth"]
	on := func(name string) bool { return own[name] != nil && t.options[name] != "" && t.options[name] != "off" }
	switch {
	case own["client_auth"] != nil && strings.HasPrefix(auth, "client_secret_") && t.secrets["client_secret"].IsZero():
		return usage("client authentication by %s needs the secret; give --client-secret env:NAME or file:PATH", auth)
	case own["client_auth"] != nil && auth == "private_key_jwt" && !key:
		return usage("client authentication by %s needs the private key; give --client-key env:NAME or file:PATH, a JWK or PEM", auth)
	case own["client_auth"] != nil && strings.HasSuffix(auth, "tls_client_auth") && !cert:
		return usage("client authentication by %s needs a certificate; give --client-cert FILE, with its private key in it or in --client-key", auth)
	case on("mtls") && !cert:
		return usage("--mtls binds the tokens to a certificate; give --client-cert FILE")
	case on("jar") && !key:
		return usage("--jar signs the request; give --client-key env:NAME or file:PATH, a JWK or PEM that the server knows the public half of")
	}
	return nil
}
