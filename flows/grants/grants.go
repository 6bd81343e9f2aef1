// Package grants holds the grants and the protocol operations, one file each,
// in the words of their RFCs. A grant is data: steps made of a few combinators.
// What composes with every grant (PKCE, client authentication) is a modifier.
package grants

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// Group is a part of the menu of flows.
type Group struct {
	Title  string
	Grants []flows.Grant
}

// Groups are all grants by what they are for. Adding one is a file and a word here.
func Groups() []Group {
	return []Group{
		{"Sign in", []flows.Grant{code, silent, stepUp, hybrid}},
		{"On another device", []flows.Grant{device, ciba}},
		{"Machine to machine", []flows.Grant{clientCredentials, jwtBearer, saml2Bearer}},
		{"A token for another one", []flows.Grant{refresh, tokenExchange, onBehalfOf, nativeSSO, idJAG}},
		{"After the token", []flows.Grant{operation("UserInfo", userinfo, discover), operation("API call", callAPI), introspect, revoke, logout}},
		{"The server and its clients", []flows.Grant{operation("Discovery", discover), resourceMetadata, register, manage}},
		{"Retired, to see why", []flows.Grant{implicit, password}},
	}
}

// List is every grant in menu order.
func List() []flows.Grant {
	var out []flows.Grant
	for _, g := range Groups() {
		out = append(out, g.Grants...)
	}
	return out
}

// operation makes a flow of one step, after those that lead up to it. The step
// is what the person asked for, so it is not skipped.
func operation(title string, st flows.Step, before ...flows.Step) flows.Grant {
	g := flows.Grant{ID: st.ID, Title: title, Ref: st.Ref, About: st.Why}
	if st.ID != "discovery" {
		st.Skip = nil
	}
	for _, known := range []flows.Given{accessToken, {Name: "api", What: "the address of the API"}} {
		if slices.Contains(st.Needs, known.Name) {
			g.Takes = append(g.Takes, known)
		}
	}
	g.Steps = append(before, st)
	return g
}

// accessToken is what many operations begin with.
var accessToken = flows.Given{Name: "access_token", From: "access_token", What: "an access token"}

// find returns the grant with this ID.
func find(id string) (flows.Grant, bool) {
	list := List()
	i := slices.IndexFunc(list, func(g flows.Grant) bool { return g.ID == id })
	if i < 0 {
		return flows.Grant{}, false
	}
	return list[i], true
}

// Options are the modifiers that a grant can run with, each with its choices,
// the default first. They follow from its steps.
func Options(grant string) map[string][]string {
	g, _ := find(grant)
	out := map[string][]string{}
	if slices.ContainsFunc(g.Steps, func(st flows.Step) bool { return st.Auth }) {
		out["client_auth"] = authMethods()
		out["client_assertion_aud"] = []string{"issuer", "token_endpoint", "endpoint"}
	}
	if slices.ContainsFunc(g.Steps, func(st flows.Step) bool { return asksForTokens(st) || usesToken(st) }) {
		out["dpop"], out["mtls"] = []string{"off", "on"}, []string{"off", "on"}
	}
	if g.Index("prepare") >= 0 && g.Index("token") >= 0 {
		out["pkce"], out["nonce"] = []string{"S256", "plain", "off"}, []string{"on", "off"}
	}
	if g.Index("authorize") >= 0 {
		out["par"] = []string{"auto", "on", "off"}
		out["jar"], out["jar_by"] = []string{"off", "signed", "encrypted"}, []string{"value", "reference"}
		out["response_mode"] = responseModes()
	}
	maps.Copy(out, g.Choices)
	return out
}

// asksForTokens recognises a request to the token endpoint.
func asksForTokens(st flows.Step) bool {
	return st.From != st.To && slices.ContainsFunc(st.Needs, func(need string) bool { return strings.HasSuffix(need, "token_endpoint") })
}

// usesToken recognises a request that presents the access token.
func usesToken(st flows.Step) bool {
	return st.From != st.To && slices.Contains(st.Needs, "access_token")
}

// Lacks lists what a run of the grant begins with and does not have yet, the
// optional things left out.
func Lacks(g flows.Grant, vars flows.Vars, secrets flows.Secrets) []flows.Given {
	var out []flows.Given
	for _, need := range g.Takes {
		if !need.Optional && vars[need.Name] == "" && secrets[need.Name].IsZero() {
			out = append(out, need)
		}
	}
	return out
}

// Carry is what an earlier run has for a run of the grant to begin with: the
// values that it takes, whom they are about, and the nonce of their login.
func Carry(g flows.Grant, earlier flows.Vars) flows.Vars {
	out := flows.Vars{}
	for _, need := range g.Takes {
		if v := earlier[need.From]; v != "" {
			out[need.Name] = v
			for _, about := range []string{"sub", "nonce"} {
				if earlier[about] != "" {
					out[about] = earlier[about]
				}
			}
		}
	}
	return out
}

// Resolve fills in the defaults of a Spec and refuses what the grant does not know.
func Resolve(spec flows.Spec) (flows.Spec, error) {
	if _, known := find(spec.Grant); !known {
		var ids []string
		for _, g := range List() {
			ids = append(ids, g.ID)
		}
		return spec, fmt.Errorf("flow %q is not known; the flows are %s", wire.Safe(spec.Grant), strings.Join(ids, ", "))
	}
	known := Options(spec.Grant)
	out := flows.Spec{Grant: spec.Grant, Options: map[string]string{}}
	for name, choices := range known {
		out.Options[name] = choices[0]
	}
	for name, val := range spec.Options {
		choices, ok := known[name]
		if !ok && !slices.ContainsFunc(OptionSettings(), func(row Setting) bool { return row.Name == name }) {
			return spec, fmt.Errorf("no flow has an option %q; authdance flows FLOW lists those of a flow", wire.Safe(name))
		}
		if val == "" || !ok {
			continue // an option of other grants says nothing here
		}
		if !slices.Contains(choices, val) {
			return spec, fmt.Errorf("%s %q is not known; use %s", name, wire.Safe(val), strings.Join(choices, ", "))
		}
		out.Options[name] = val
	}
	return out, nil
}

// Build makes the steps of a grant with its modifiers. What an option leaves to
// the server (auto) is settled when the run knows it.
func Build(spec flows.Spec) (flows.Grant, error) {
	spec, err := Resolve(spec)
	if err != nil {
		return flows.Grant{}, err
	}
	if err := compatible(spec.Options); err != nil {
		return flows.Grant{}, err
	}
	bare, _ := find(spec.Grant)
	g := modified(bare, spec.Options)
	g.Settle = func(s flows.State) flows.Grant {
		settled := modified(bare, decided(spec.Options, s))
		settled.Settle = s.Grant.Settle
		return settled
	}
	return g, nil
}

// compatible refuses options that contradict each other.
func compatible(o map[string]string) error {
	switch {
	case o["jar_by"] == "reference" && o["jar"] == "off":
		return errors.New("jar_by reference says how a request object travels, and there is none: set jar to signed or encrypted")
	case o["jar_by"] == "reference" && o["par"] == "on":
		return errors.New("a pushed request carries its request object by value (RFC 9126 §3 forbids request_uri there): leave jar_by at value, or set par to off")
	}
	return nil
}

// modified is the grant with the modifiers that the options ask for, in the
// order in which they wrap each other: what goes into the authorization request
// first, then how it travels, then who sends it.
func modified(g flows.Grant, o map[string]string) flows.Grant {
	g = each(g, asksForTokens, func(g flows.Grant, st flows.Step) flows.Grant {
		return change(g, st.ID, func(st flows.Step) flows.Step { st.Settles = true; return st })
	})
	switch m := o["pkce"]; m {
	case "S256", "plain":
		g = pkce(m)(g)
	case "off":
		g = unprotected(g)
	}
	if o["dpop"] == "on" {
		g = codeBoundToKey(g)
	}
	if o["jar"] == "signed" || o["jar"] == "encrypted" {
		g = requestObject(o["jar"] == "encrypted", o["jar_by"] == "reference")(g)
	}
	if o["par"] == "on" {
		g = par(g)
	}
	if strings.HasSuffix(o["response_mode"], "jwt") {
		g = signedResponse(g)
	}
	if m := o["client_auth"]; m != "" {
		g = clientAuth(m, o["client_assertion_aud"])(g)
	}
	if byCertificate(o["client_auth"]) || o["mtls"] == "on" {
		g = mutualTLS(o["client_auth"], o["mtls"] == "on")(g)
	}
	if o["dpop"] == "on" {
		g = proven(g)
	}
	return opened(g, o)
}

// decided are the options of this run, once what they leave open is known.
func decided(options map[string]string, s flows.State) map[string]string {
	o := maps.Clone(options)
	meta, _, _ := provider.ParseMetadata([]byte(s.Vars["metadata"].Raw()))
	if o["client_auth"] == "auto" {
		o["client_auth"] = usualAuth(s, meta)
	}
	if o["par"] == "auto" && o["jar_by"] != "reference" && meta.Flag("require_pushed_authorization_requests") {
		o["par"] = "on"
	}
	arrivedEncrypted(o, s)
	return o
}

// Start makes the fact that a run begins with. vars hold what is known of the
// provider and the client (see Vars); params are further request parameters.
func Start(spec flows.Spec, p flows.Profile, vars flows.Vars, secrets flows.Secrets, params []flows.Param) (flows.Started, error) {
	vars = maps.Clone(vars)
	spec = withResponseMode(spec, vars)
	spec, err := Resolve(spec)
	if err != nil {
		return flows.Started{}, err
	}
	g, err := Build(spec)
	if err != nil {
		return flows.Started{}, err
	}
	for _, p := range params {
		if slices.Contains(owned(), p.Name) {
			return flows.Started{}, fmt.Errorf("parameter %s belongs to the flow and is not a further one; to send another value, edit the step: the run is then marked as edited", wire.Safe(p.Name))
		}
	}
	return flows.Started{Spec: spec, Grant: g, Profile: p, Vars: vars, Secrets: secrets, Params: params}, nil
}

// owned are the parameters that tie a run together. Only an edit, which marks
// the run, may change them.
func owned() []string {
	return []string{"request", "request_uri", "client_assertion", "client_assertion_type", "dpop_jkt", "response_type", "client_id", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method", "code_verifier",
		"grant_type", "code", "client_secret", "refresh_token"}
}
