package provider

import (
	"net/url"
	"slices"
	"strings"

	"authdance/flows/wire"
)

// Metadata is an authorization server's discovery document, as it was sent.
type Metadata struct{ doc wire.Value }

// ParseMetadata reads a discovery document (OpenID Connect Discovery §3,
// RFC 8414 §2). The checks name what is odd about it; the error says why it is
// no such document at all.
func ParseMetadata(body []byte) (Metadata, []wire.Check, error) {
	doc, checks, err := wire.ParseJSON(body, wire.Limits{})
	if err != nil {
		return Metadata{doc}, checks, err
	}
	if doc.Kind != wire.Object {
		return Metadata{doc}, checks, &wire.SyntaxError{ID: "metadata_invalid", Want: "a JSON object", Got: "JSON " + doc.Kind.String()}
	}
	checks = append(checks, wire.CaseMiss(doc, "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")...)
	return Metadata{doc}, checks, nil
}

// Issuer is the issuer member, "" when absent.
func (m Metadata) Issuer() wire.Untrusted { return wire.Untrusted(m.doc.Str("issuer")) }

// URLs returns every member that names a place of the server (…_endpoint, jwks_uri).
func (m Metadata) URLs() map[string]wire.Untrusted {
	out := map[string]wire.Untrusted{}
	for _, mb := range m.doc.Members {
		if mb.Value.Kind == wire.String && (strings.HasSuffix(mb.Name, "_endpoint") || mb.Name == "jwks_uri" || mb.Name == "end_session_endpoint") {
			if _, dup := out[mb.Name]; !dup {
				out[mb.Name] = wire.Untrusted(mb.Value.Text)
			}
		}
	}
	return out
}

// Aliases are the places for clients that present a certificate, by the names
// of those that they stand for (mtls_endpoint_aliases, RFC 8705 §5).
func (m Metadata) Aliases() map[string]wire.Untrusted {
	aliases, _ := m.doc.Get("mtls_endpoint_aliases")
	return Metadata{aliases}.URLs()
}

// Supports says whether the list member holds value. announced is false when
// the document does not have the list: then nothing is known.
func (m Metadata) Supports(list, value string) (yes, announced bool) {
	if _, ok := m.doc.Get(list); !ok {
		return false, false
	}
	return slices.Contains(m.doc.Strings(list), value), true
}

// Flag is a boolean member, false when absent.
func (m Metadata) Flag(name string) bool {
	v, ok := m.doc.Get(name)
	return ok && v.Kind == wire.Bool && v.Text == "true"
}

// Document is the whole document in the order it was sent.
func (m Metadata) Document() wire.Value { return m.doc }

// Candidate is one place where metadata may be, with the rule that produced it.
type Candidate struct {
	URL, Rule string
	Resource  string // the resource that the place describes, where that is not the one asked for
}

// WellKnown lists the places to look for an issuer's metadata, in the order to
// try: OpenID Connect appends its path to the issuer; RFC 8414 §3.1 inserts
// its own between host and path, and servers exist for both mixtures.
func WellKnown(issuer string) []Candidate {
	const oidc, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return []Candidate{{URL: strings.TrimSuffix(issuer, "/") + oidc, Rule: "OpenID Connect Discovery §4: appended"}}
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	root := u.Scheme + "://" + u.Host
	out := []Candidate{
		{URL: root + path + oidc, Rule: "OpenID Connect Discovery §4: appended to the issuer"},
		{URL: root + oauth + path, Rule: "RFC 8414 §3.1: inserted between host and path"},
	}
	if path != "" {
		out = append(out,
			Candidate{URL: root + oidc + path, Rule: "RFC 8414 §5: the OpenID Connect name, inserted"},
			Candidate{URL: root + path + oauth, Rule: "not in a specification, but seen: appended"})
	}
	return out
}

// ResourceWellKnown lists the places to look for the description of a protected
// resource, in the order to try: RFC 9728 §3.1 inserts its own part between
// host and path; the description of the whole host comes after it, as MCP
// clients do it.
func ResourceWellKnown(resource string) []Candidate {
	const known = "/.well-known/oauth-protected-resource"
	u, err := url.Parse(resource)
	if err != nil || u.Host == "" {
		return []Candidate{{URL: strings.TrimSuffix(resource, "/") + known, Rule: "RFC 9728 §3: appended"}}
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	root := u.Scheme + "://" + u.Host
	inserted := root + known + path
	if u.RawQuery != "" {
		inserted += "?" + u.RawQuery
	}
	out := []Candidate{{URL: inserted, Rule: "RFC 9728 §3.1: inserted between host and path"}}
	if path != "" {
		out = append(out, Candidate{URL: root + known, Rule: "MCP: the description of the whole host", Resource: root})
	}
	return out
}
