package provider

import (
	"crypto/x509"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"authdance/flows/jose"
	"authdance/flows/wire"
)

// Document is a metadata document that was fetched.
type Document struct {
	URL, Rule string
	Meta      Metadata
	CORS      bool // a browser page of another origin may read it
}

// Examine is the doctor of a provider: what its documents say, whether they
// agree with each other and with the profile. It fetches nothing.
func Examine(p Profile, docs []Document) []wire.Check {
	var out []wire.Check
	add := func(ok bool, bad wire.Status, id, ref, yes, no, got, want string) {
		c := wire.Check{ID: id, Status: wire.Pass, Ref: ref, Message: yes, Got: wire.Safe(got), Want: wire.Safe(want)}
		if !ok {
			c.Status, c.Message = bad, no
		}
		out = append(out, c)
	}
	if len(docs) == 0 {
		return []wire.Check{{ID: "metadata_invalid", Status: wire.NA, Message: "the provider publishes no metadata; the profile has its endpoints"}}
	}
	first := docs[0].Meta
	want := p.Issuer
	if want == "" {
		want = first.Issuer().Raw()
	}
	got := first.Issuer().Raw()
	allowed := wire.Fail
	if p.Quirks["issuer_mismatch"] == "allow" {
		allowed = wire.Warn
	}
	add(got == want && got != "", allowed, "metadata_issuer_mismatch", "OIDC Discovery §4.3 · RFC 8414 §3.3", "the issuer is exactly the one of the profile",
		"the issuer is not exactly the one of the profile; write the profile's issuer as the document does, if that is the server you mean", got, want)
	if u, err := url.Parse(got); err == nil && (u.RawQuery != "" || u.Fragment != "") {
		add(false, wire.Fail, "metadata_invalid", "OIDC Discovery §3", "", "the issuer has a query or a fragment, which an issuer must not have", got, "")
	}
	urls := first.URLs()
	for _, name := range slices.Sorted(maps.Keys(urls)) {
		raw := urls[name].Raw()
		u, err := url.Parse(raw)
		switch {
		case err != nil || u.Host == "":
			add(false, wire.Fail, "endpoint_refused", "RFC 8414 §2", "", name+" is no full address", raw, "https://…")
		case u.Scheme != "https" && !onThisComputer(u.Host):
			add(false, wire.Fail, "insecure_transport", "RFC 6749 §3.1", "", name+" is not https: codes and tokens would be readable on the way", raw, "https://…")
		case u.Fragment != "":
			add(false, wire.Fail, "endpoint_refused", "RFC 6749 §3.1", "", name+" has a fragment", raw, "")
		}
	}
	for _, d := range docs[1:] {
		for _, c := range Differences(first, d.Meta) {
			add(false, wire.Warn, "metadata_invalid", d.Rule, "", "the documents disagree about "+c.Name+": "+d.URL+" says something else", c.B, c.A)
		}
	}
	out = append(out, contradictions(p, first)...)
	cors := slices.ContainsFunc(docs, func(d Document) bool { return d.CORS })
	add(cors, wire.NA, "cors", "Fetch, CORS protocol", "pages of other origins may read the metadata", "pages of other origins may not read the metadata: fine, unless a single-page application needs it", "", "")
	return out
}

// contradictions are the places where a document does not fit itself or the profile.
func contradictions(p Profile, m Metadata) []wire.Check {
	var out []wire.Check
	doc, urls := m.Document(), m.URLs()
	warn := func(status wire.Status, ref, text, got, want string) {
		out = append(out, wire.Check{ID: "metadata_contradiction", Status: status, Ref: ref, Message: text, Got: wire.Safe(got), Want: wire.Safe(want)})
	}
	for _, row := range []struct{ list, value, endpoint string }{
		{"grant_types_supported", "authorization_code", "authorization_endpoint"},
		{"grant_types_supported", "authorization_code", "token_endpoint"},
		{"grant_types_supported", "implicit", "authorization_endpoint"},
		{"grant_types_supported", "client_credentials", "token_endpoint"},
		{"grant_types_supported", "urn:ietf:params:oauth:grant-type:device_code", "device_authorization_endpoint"},
		{"grant_types_supported", "urn:openid:params:grant-type:ciba", "backchannel_authentication_endpoint"},
	} {
		if yes, _ := m.Supports(row.list, row.value); yes && urls[row.endpoint] == "" {
			warn(wire.Fail, "RFC 8414 §2", "it announces "+row.value+" but has no "+row.endpoint, row.value, row.endpoint)
		}
	}
	signs := slices.DeleteFunc(doc.Strings("id_token_signing_alg_values_supported"), func(a string) bool { return a == "none" || strings.HasPrefix(a, "HS") })
	if len(signs) > 0 && urls["jwks_uri"] == "" {
		warn(wire.Fail, "OIDC Discovery §3", "it signs with "+strings.Join(signs, " ")+" but publishes no keys (jwks_uri)", "", "jwks_uri")
	}
	if yes, _ := m.Supports("id_token_signing_alg_values_supported", "none"); yes {
		warn(wire.Warn, "OIDC Core §2", "it offers ID tokens without a signature (none)", "none", "")
	}
	for _, method := range []string{"private_key_jwt", "client_secret_jwt"} {
		if yes, _ := m.Supports("token_endpoint_auth_methods_supported", method); yes && len(doc.Strings("token_endpoint_auth_signing_alg_values_supported")) == 0 {
			warn(wire.Warn, "RFC 8414 §2", "it takes "+method+" but does not say with which algorithms", "", "token_endpoint_auth_signing_alg_values_supported")
		}
	}
	if m.Flag("require_pushed_authorization_requests") && urls["pushed_authorization_request_endpoint"] == "" {
		warn(wire.Fail, "RFC 9126 §5", "it requires pushed requests but has no place for them", "", "pushed_authorization_request_endpoint")
	}
	if auth := p.ClientAuth(); auth != "auto" {
		if yes, announced := m.Supports("token_endpoint_auth_methods_supported", auth); announced && !yes {
			warn(wire.Warn, "token_endpoint_auth_methods_supported", "the profile's client uses "+auth+", which the server does not announce", strings.Join(doc.Strings("token_endpoint_auth_methods_supported"), " "), auth)
		}
	}
	if pkce := p.Request.PKCE; pkce == "" || pkce == "S256" {
		if yes, announced := m.Supports("code_challenge_methods_supported", "S256"); announced && !yes {
			warn(wire.Warn, "RFC 8414 §2", "it does not announce PKCE with S256", strings.Join(doc.Strings("code_challenge_methods_supported"), " "), "S256")
		} else if !announced {
			warn(wire.Unknown, "RFC 8414 §2", "it does not say whether it knows PKCE (code_challenge_methods_supported is missing)", "", "S256")
		}
	}
	if scopes := doc.Strings("scopes_supported"); len(scopes) > 0 {
		for _, s := range strings.Fields(p.Request.Scope) {
			if !slices.Contains(scopes, s) {
				warn(wire.Unknown, "scopes_supported", "the profile asks for the scope "+wire.Safe(s)+", which is not in the server's list (lists may be incomplete)", "", s)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, wire.Check{ID: "metadata_contradiction", Status: wire.Pass, Message: "the metadata fits itself and the profile"})
	}
	return out
}

// ExamineKeys is the health of a published key set at a moment.
func ExamineKeys(body []byte, now time.Time) []wire.Check {
	set := jose.ParseKeys(body)
	out := set.Findings()
	usable := 0
	for _, k := range set.Keys {
		if k.Usable() {
			usable++
		}
	}
	if usable == 0 {
		out = append(out, wire.Check{ID: "jwks_empty", Status: wire.Fail, Ref: "RFC 7517 §5", Message: "no key of the set can verify anything"})
	}
	if doc, _, err := wire.ParseJSON(body, wire.Limits{}); err == nil {
		keys, _ := doc.Get("keys")
		for _, k := range keys.Items {
			for _, text := range k.Strings("x5c")[:min(1, len(k.Strings("x5c")))] {
				der, err := base64.StdEncoding.DecodeString(text)
				if err != nil {
					continue
				}
				cert, err := x509.ParseCertificate(der)
				if err != nil {
					continue
				}
				if now.After(cert.NotAfter) {
					out = append(out, wire.Check{ID: "x5c_expired", Status: wire.Warn, Ref: "RFC 7517 §4.7", Got: cert.NotAfter.UTC().Format(time.RFC3339),
						Message: "the certificate of key " + wire.Safe(k.Str("kid")) + " is expired: some libraries then refuse the key"})
				}
			}
		}
	}
	if len(out) == 0 {
		out = append(out, wire.Check{ID: "jwks", Status: wire.Pass, Ref: "RFC 7517 §5", Message: "every published key is usable, named once, and strong enough"})
	}
	return out
}

// Difference is one member that two documents have differently. A or B is ""
// where that document does not have it.
type Difference struct{ Name, A, B string }

// Differences compares two metadata documents, member by member, sorted by
// name. The order of lists does not count.
func Differences(a, b Metadata) []Difference {
	left, right := members(a), members(b)
	var out []Difference
	for _, name := range slices.Sorted(maps.Keys(left)) {
		if left[name] != right[name] {
			out = append(out, Difference{name, left[name], right[name]})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(right)) {
		if _, has := left[name]; !has {
			out = append(out, Difference{name, "", right[name]})
		}
	}
	return out
}

func members(m Metadata) map[string]string {
	out := map[string]string{}
	for _, mb := range m.Document().Members {
		text := mb.Value.Text
		if mb.Value.Kind == wire.Array {
			list := m.Document().Strings(mb.Name)
			slices.Sort(list)
			text = strings.Join(list, " ")
		} else if mb.Value.Kind == wire.Object {
			text = mb.Value.Indent()
		}
		out[mb.Name] = text
	}
	return out
}
