package grants

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"authdance/flows"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// discover fetches the server's metadata: OpenID Connect Discovery §4, RFC 8414 §3.
var discover = flows.Step{
	ID: "discovery", Title: "Discover metadata", Ref: "OIDC Discovery §4 · RFC 8414 §3", From: flows.Client, To: flows.AS,
	Why: "The issuer is one URL. This document says where its other doors are, which keys sign its tokens and what it can do. " +
		"Its issuer must be exactly the one we asked for, else another server could answer in its place.",
	Pages: []string{"discovery-not-found", "discovery-not-json", "discovery-issuer-differs", "endpoint-missing", "tls-unknown-authority", "connection-refused", "dns-failure"},
	Skip: func(s flows.State) string {
		if s.Vars["issuer"] == "" && s.Vars["metadata_url"] == "" {
			return "the profile names its endpoints by hand"
		}
		return ""
	},
	Settles: true,
	Do: func(s flows.State) flows.Effect {
		return flows.Send{Request: flows.Request{Method: "GET", URL: wire.Untrusted(candidates(s)[attempt(s)].URL), Header: []flows.Param{accept("application/json")}}}
	},
	On: readMetadata,
}

// candidates are the places to look, in order.
func candidates(s flows.State) []provider.Candidate {
	if u := s.Vars["metadata_url"]; u != "" {
		return []provider.Candidate{{URL: u.Raw(), Rule: "named by the profile"}}
	}
	return provider.WellKnown(s.Vars["issuer"].Raw())
}

// attempt counts the answers of this step, so that each one asks the next place.
func attempt(s flows.State) int {
	return min(len(s.ResultOf("discovery").Exchanges()), len(candidates(s))-1)
}

func readMetadata(s flows.State, e flows.Entry) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	tried := len(s.ResultOf("discovery").Exchanges())
	places := candidates(s)
	res := rec.Exchange.Response
	meta, checks, err := provider.ParseMetadata([]byte(res.Body.Raw()))
	if res.Status != 200 || err != nil || res.Truncated {
		why := fmt.Sprintf("HTTP %d", res.Status)
		switch {
		case res.Status == 200 && res.Truncated:
			why = "the document is longer than the limit"
		case res.Status == 200:
			why = err.Error()
		case 300 <= res.Status && res.Status < 400:
			why += ", a redirect to " + res.Get("Location").Safe() + " (not followed)"
		}
		miss := wire.Check{ID: "metadata_invalid", Status: wire.Warn, Ref: places[min(tried, len(places))-1].Rule,
			Message: "no metadata at " + rec.Exchange.Request.URL.Safe() + ": " + why}
		if tried < len(places) {
			return flows.Verdict{Checks: []wire.Check{miss}, Again: true}
		}
		first := s.ResultOf("discovery").Checks
		if len(first) > 0 {
			why = strings.TrimPrefix(first[0].Message, "no metadata at ")
		} else {
			why = strings.TrimPrefix(miss.Message, "no metadata at ")
		}
		return flows.Verdict{Checks: []wire.Check{miss}, Problem: &flows.Problem{Kind: flows.Refused, Code: "metadata_invalid", HTTPStatus: s.ResultOf("discovery").Exchanges()[0].Response.Status,
			Description: wire.Untrusted(fmt.Sprintf("no usable metadata at %s (%d places tried)", why, tried))}}
	}
	if c, odd := contentType(res); odd {
		c.Ref = "OIDC Discovery §4.2"
		checks = append(checks, c)
	}
	v := flows.Verdict{Set: flows.Vars{"metadata": res.Body}, Checks: checks}
	issuer := s.Vars["issuer"]
	if issuer == "" {
		issuer = meta.Issuer()
	}
	v.Checks = append(v.Checks, issuerCheck(meta.Issuer(), issuer, s.Profile.Quirks), schemeCheck(issuer))
	for name, u := range meta.URLs() {
		if byHand := s.Vars[name] != "" && s.Born[name] == ""; !byHand {
			v.Set[name] = u
		}
	}
	for name, u := range meta.Aliases() {
		v.Set["mtls_"+name] = u
	}
	if s.Vars["issuer"] == "" {
		v.Set["issuer"] = meta.Issuer()
	}
	v.Set["response_iss_advertised"] = wire.Untrusted(strconv.FormatBool(meta.Flag("authorization_response_iss_parameter_supported")))
	v.Checks = append(v.Checks, capabilities(s, meta)...)
	return v
}

// issuerCheck compares as strings, character by character (OIDC Discovery §4.3,
// RFC 8414 §3.3): anything softer lets one server speak for another.
func issuerCheck(got, want wire.Untrusted, quirks map[string]string) wire.Check {
	c := wire.Check{ID: "metadata_issuer_mismatch", Status: wire.Pass, Got: got.Safe(), Want: want.Safe(), Ref: "OIDC Discovery §4.3 · RFC 8414 §3.3",
		Message: "the document is about exactly the issuer that was asked for"}
	if got == want {
		return c
	}
	c.Status, c.Message = wire.Fail, "the document is about another issuer than the one that was asked for"
	if strings.TrimSuffix(got.Raw(), "/") == strings.TrimSuffix(want.Raw(), "/") {
		c.Message += "; they differ only in the slash at the end: copy the issuer exactly as the document has it"
	}
	if quirks["issuer_mismatch"] == "allow" {
		c.Status, c.Message = wire.Warn, c.Message+" (allowed by this profile)"
	}
	return c
}

func schemeCheck(issuer wire.Untrusted) wire.Check {
	c := wire.Check{ID: "insecure_transport", Status: wire.Pass, Got: issuer.Safe(), Want: "https", Ref: "OIDC Core §16.17 · RFC 6749 §1.6", Message: "the issuer uses https"}
	if u, err := url.Parse(issuer.Raw()); err != nil || u.Scheme != "https" {
		c.Status, c.Message = wire.Warn, "the issuer uses http: fine for a server on this computer, nowhere else"
	}
	return c
}

// capabilities warns when the server announces that it lacks what this run asks for.
func capabilities(s flows.State, meta provider.Metadata) []wire.Check {
	var out []wire.Check
	want := func(list, val, what string) {
		if yes, announced := meta.Supports(list, val); announced && !yes {
			out = append(out, wire.Check{ID: "metadata_invalid", Status: wire.Warn, Message: "the server does not announce " + what,
				Got: wire.Safe(strings.Join(meta.Document().Strings(list), " ")), Want: val, Ref: list})
		}
	}
	if s.Spec.Grant == "authorization_code" {
		want("response_types_supported", "code", "the authorization code flow")
		if m := s.Spec.Options["pkce"]; m != "" && m != "off" {
			want("code_challenge_methods_supported", m, "PKCE with "+m)
		}
	}
	if auth := s.Spec.Options["client_auth"]; auth != "" && auth != "auto" {
		want("token_endpoint_auth_methods_supported", auth, "client authentication by "+auth)
	}
	slices.SortFunc(out, func(a, b wire.Check) int { return strings.Compare(a.Ref, b.Ref) })
	return out
}
