// Package provider knows provider profiles: who the server is, who we are
// there, and what to ask for. A profile holds references to secrets, never the
// secrets. Nothing here touches the network.
package provider

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"authdance/flows/wire"
)

// Schema is the version of the profile files that this program writes.
const Schema = 1

// The classes of environment. LIVE asks before it sends anything changed.
const (
	Lab  = "LAB"
	Test = "TEST"
	Live = "LIVE"
)

// Profile is one provider profile, as its TOML file has it.
type Profile struct {
	Schema    int               `toml:"schema"`
	ID        string            `toml:"id"`
	Name      string            `toml:"name"`
	Class     string            `toml:"class"` // LAB, TEST or LIVE; TEST when empty
	Preset    string            `toml:"preset,omitempty"`
	Issuer    string            `toml:"issuer,omitempty"`
	Metadata  string            `toml:"metadata,omitempty"`  // where the discovery document is, when not at a well-known place
	Endpoints map[string]string `toml:"endpoints,omitempty"` // by hand, when there is no metadata
	API       string            `toml:"api,omitempty"`       // a protected resource to call with the access token
	Client    ClientConfig      `toml:"client"`
	Request   RequestConfig     `toml:"request"`
	Options   map[string]string `toml:"options,omitempty"` // how its flows run: par, dpop, jar, response_mode, … (authdance flows FLOW)
	Values    map[string]string `toml:"values,omitempty"`  // further request values, by their names on the wire
	Quirks    map[string]string `toml:"quirks,omitempty"`

	// Grants is what differs for one flow, by its ID: servers often want a client
	// of its own for each.
	Grants map[string]GrantConfig `toml:"grants,omitempty"`
}

// GrantConfig overrules the profile for one flow. Empty fields change nothing.
type GrantConfig struct {
	Client  ClientConfig      `toml:"client,omitempty"`
	Request RequestConfig     `toml:"request,omitempty"`
	API     string            `toml:"api,omitempty"`
	Options map[string]string `toml:"options,omitempty"`
	Values  map[string]string `toml:"values,omitempty"`
	// Before is the run that brings what the flow begins with, where that is not
	// the profile's own sign-in.
	Before *GrantConfig `toml:"before,omitempty"`
}

// Before is the profile of the run that brings what the flow with this ID begins with.
func (p Profile) Before(grant string) Profile {
	if first := p.Grants[grant].Before; first != nil {
		return p.with(*first)
	}
	return p
}

// For is the profile as the flow with this ID uses it. A client of the flow's
// own replaces the profile's client as a whole: an ID never meets another's secret.
func (p Profile) For(grant string) Profile {
	return p.with(p.Grants[grant])
}

func (p Profile) with(g GrantConfig) Profile {
	if g.Client.ID != "" {
		g.Client.RedirectURI = cmp.Or(g.Client.RedirectURI, p.Client.RedirectURI)
		p.Client = g.Client
	}
	p.API = cmp.Or(g.API, p.API)
	p.Request = RequestConfig{Scope: cmp.Or(g.Request.Scope, p.Request.Scope), PKCE: cmp.Or(g.Request.PKCE, p.Request.PKCE),
		Audience: cmp.Or(g.Request.Audience, p.Request.Audience), Resource: cmp.Or(g.Request.Resource, p.Request.Resource)}
	p.Options, p.Values = merged(p.Options, g.Options), merged(p.Values, g.Values)
	return p
}

func merged(all, more map[string]string) map[string]string {
	if len(more) == 0 {
		return all
	}
	out := maps.Clone(all)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, more)
	return out
}

// ClientConfig is who we are at the provider.
type ClientConfig struct {
	ID          string `toml:"id"`
	Auth        string `toml:"auth,omitempty"`        // a token_endpoint_auth_method; "" decides by the secret
	Secret      string `toml:"secret,omitempty"`      // a reference: env:NAME, file:PATH
	Key         string `toml:"key,omitempty"`         // a reference to its private key, JWK or PEM
	Certificate string `toml:"certificate,omitempty"` // a PEM file, with the private key unless that is Key
	DecryptKey  string `toml:"decrypt_key,omitempty"` // a reference to the key that answers are encrypted for
	RedirectURI string `toml:"redirect_uri,omitempty"`
}

// RequestConfig is what a run asks for when nobody says otherwise.
type RequestConfig struct {
	Scope    string `toml:"scope,omitempty"`
	PKCE     string `toml:"pkce,omitempty"` // S256, plain, off; S256 when empty
	Audience string `toml:"audience,omitempty"`
	Resource string `toml:"resource,omitempty"`
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Validate names the first field that is wrong and how to mend it.
func (p Profile) Validate() error {
	wrong := func(field, format string, a ...any) error {
		return fmt.Errorf("profile %q, field %s: %s", wire.Safe(p.ID), field, fmt.Sprintf(format, a...))
	}
	switch {
	case p.Schema > Schema:
		return wrong("schema", "version %d is newer than this authdance knows; use a newer authdance", p.Schema)
	case !idPattern.MatchString(p.ID):
		return wrong("id", "use small letters, digits, dot, dash or underscore, at most 64, like \"okta-dev\"")
	case !slices.Contains([]string{"", Lab, Test, Live}, p.Class):
		return wrong("class", "%q is none of LAB, TEST, LIVE", p.Class)
	case p.Issuer == "" && p.Metadata == "" && len(p.Endpoints) == 0:
		return wrong("issuer", "is missing; give issuer, metadata, or an [endpoints] table")
	case p.Client.ID == "":
		return wrong("client.id", "is missing; it is the client_id that the provider gave this application")
	case p.Client.Auth != "" && p.Client.Auth != "auto" && !slices.Contains(authMethods(), p.Client.Auth):
		return wrong("client.auth", "%q is not known; use %s", wire.Safe(p.Client.Auth), strings.Join(authMethods(), ", "))
	case !slices.Contains([]string{"", "S256", "plain", "off"}, p.Request.PKCE):
		return wrong("request.pkce", "%q is not known; use S256, plain or off", p.Request.PKCE)
	}
	for field, ref := range map[string]string{"client.secret": p.Client.Secret, "client.key": p.Client.Key, "client.decrypt_key": p.Client.DecryptKey} {
		if ref != "" {
			if err := CheckReference(ref); err != nil {
				return wrong(field, "%v", err)
			}
		}
	}
	urls := map[string]string{"issuer": p.Issuer, "metadata": p.Metadata, "api": p.API, "client.redirect_uri": p.Client.RedirectURI}
	for name, u := range p.Endpoints {
		urls["endpoints."+name] = u
	}
	for field, raw := range urls {
		if raw == "" {
			continue
		}
		if u, err := url.Parse(raw); err != nil || !utf8.ValidString(raw) || u.Scheme == "" || u.Host == "" && field != "client.redirect_uri" {
			return wrong(field, "%q is not a full URL; write it with https:// and the host", wire.Safe(raw))
		}
	}
	return nil
}

// authMethods are the ways in which a client says who it is (RFC 7591 §2, RFC 8705 §2).
func authMethods() []string {
	return []string{"none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"}
}

// ClientAuth is the client authentication method that the profile means: what
// it says, else what it has the means for. With a secret alone it is auto: the
// server's metadata decides.
func (p Profile) ClientAuth() string {
	switch {
	case p.Client.Auth != "":
		return p.Client.Auth
	case p.Client.Secret != "":
		return "auto"
	case p.Client.Key != "":
		return "private_key_jwt"
	case p.Client.Certificate != "":
		return "tls_client_auth"
	}
	return "none"
}

// RunOptions are the options that the profile means for its runs.
func (p Profile) RunOptions() map[string]string {
	return merged(map[string]string{"pkce": p.Request.PKCE, "client_auth": p.ClientAuth()}, p.Options)
}

// CheckReference accepts env:NAME, file:PATH, keyring:NAME, age:NAME, prompt
// and "-" (standard input). A literal secret is refused: files are shared,
// logged and committed.
func CheckReference(ref string) error {
	kind, rest, _ := strings.Cut(ref, ":")
	switch {
	case ref == "-" || ref == "prompt":
		return nil
	case (kind == "env" || kind == "file") && rest != "":
		return nil
	case kind == "keyring" || kind == "age":
		if idPattern.MatchString(rest) {
			return nil
		}
		return fmt.Errorf("the name after %s: must be small letters, digits, dot, dash or underscore, like %s:okta-dev", kind, kind)
	}
	return fmt.Errorf("write a reference, not the secret itself: env:NAME, file:PATH, keyring:NAME, age:NAME, prompt, or - for standard input")
}
