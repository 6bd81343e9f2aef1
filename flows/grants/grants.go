// Package grants holds the grants and the protocol operations, one file each,
// in the words of their RFCs. A grant is data: steps made of a few combinators.
// What composes with every grant (PKCE, client authentication) is a modifier.
package grants

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// List is every grant in menu order. Adding one is a file and a line here.
func List() []flows.Grant {
	return []flows.Grant{code, refresh, device, clientCredentials, hybrid, silent, stepUp,
		tokenExchange, onBehalfOf, jwtBearer, saml2Bearer, ciba, nativeSSO, idJAG, implicit, password,
		operation("Discovery", discover), operation("UserInfo", userinfo, discover), operation("API call", callAPI), resourceMetadata, introspect, revoke, logout, register, manage}
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
		out["client_auth"] = []string{"none", "client_secret_basic", "client_secret_post"}
	}
	if g.Index("prepare") >= 0 && g.Index("token") >= 0 {
		out["pkce"], out["nonce"] = []string{"S256", "plain", "off"}, []string{"on", "off"}
	}
	maps.Copy(out, g.Choices)
	return out
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

// Build makes the steps of a grant with its modifiers.
func Build(spec flows.Spec) (flows.Grant, error) {
	spec, err := Resolve(spec)
	if err != nil {
		return flows.Grant{}, err
	}
	g, _ := find(spec.Grant)
	switch m := spec.Options["pkce"]; m {
	case "S256", "plain":
		g = pkce(m)(g)
	case "off":
		g = unprotected(g)
	}
	if m := spec.Options["client_auth"]; m != "" {
		auth, err := clientAuth(m)
		if err != nil {
			return flows.Grant{}, err
		}
		g = auth(g)
	}
	return g, nil
}

// Start makes the fact that a run begins with. vars hold what is known of the
// provider and the client (see Vars); params are further request parameters.
func Start(spec flows.Spec, p flows.Profile, vars flows.Vars, secrets flows.Secrets, params []flows.Param) (flows.Started, error) {
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
	return flows.Started{Spec: spec, Grant: g, Profile: p, Vars: maps.Clone(vars), Secrets: secrets, Params: params}, nil
}

// owned are the parameters that tie a run together. Only an edit, which marks
// the run, may change them.
func owned() []string {
	return []string{"response_type", "client_id", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method", "code_verifier",
		"grant_type", "code", "client_secret", "refresh_token"}
}

// change replaces one step of a grant; the grant given stays as it is.
func change(g flows.Grant, step string, with func(flows.Step) flows.Step) flows.Grant {
	g.Steps = slices.Clone(g.Steps)
	for i, st := range g.Steps {
		if st.ID == step {
			g.Steps[i] = with(st)
		}
	}
	return g
}

// rewriting passes the step's request through a function before it goes out.
func rewriting(g flows.Grant, step string, with func(flows.State, flows.Request) flows.Request) flows.Grant {
	return change(g, step, func(st flows.Step) flows.Step {
		do := st.Do
		st.Do = func(s flows.State) flows.Effect {
			switch fx := do(s).(type) {
			case flows.Send:
				fx.Request = with(s, fx.Request)
				return fx
			case flows.Browse:
				fx.Request = with(s, fx.Request)
				return fx
			default:
				return fx
			}
		}
		return st
	})
}

// adding appends parameters to the step's form, or to its query where it has none.
func adding(g flows.Grant, step string, fs ...field) flows.Grant {
	return rewriting(g, step, func(s flows.State, r flows.Request) flows.Request {
		more := params(s, fs)
		if r.Form != nil {
			r.Form = append(r.Form, more...)
		} else {
			r.Query = append(r.Query, more...)
		}
		return r
	})
}

// addingHeader appends header fields to the step's request.
func addingHeader(g flows.Grant, step string, fs ...field) flows.Grant {
	return rewriting(g, step, func(s flows.State, r flows.Request) flows.Request {
		r.Header = append(r.Header, params(s, fs)...)
		return r
	})
}
