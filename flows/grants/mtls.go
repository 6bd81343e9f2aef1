package grants

import (
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// isEndpoint recognises the name of a place of the server.
func isEndpoint(name string) bool { return strings.HasSuffix(name, "_endpoint") }

// mutualTLS presents the client's certificate in TLS, RFC 8705: to say who the
// client is (§2), to bind tokens to the certificate (§3), or both. Where the
// server has places of their own for that, they are used (§5).
func mutualTLS(method string, bound bool) func(flows.Grant) flows.Grant {
	return func(g flows.Grant) flows.Grant {
		g.Title += " + mTLS"
		g = holding(g, keyNamed("client_cert"))
		shows := func(st flows.Step) bool {
			return st.Do != nil && !st.Front && (st.Auth || asksForTokens(st) || bound && usesToken(st))
		}
		g = each(g, shows, func(g flows.Grant, st flows.Step) flows.Grant {
			return presenting(needing(g, st.ID, "client_cert"), st)
		})
		if !bound {
			return g
		}
		return each(g, asksForTokens, func(g flows.Grant, st flows.Step) flows.Grant {
			return after(g, st.ID, func(s flows.State, _ flows.Entry, v flows.Verdict) flows.Verdict {
				v.Checks = append(v.Checks, confirmation(v.Set["access_token"], "x5t#S256", member(s.Vars["client_cert"], "x5t#S256"), "RFC 8705 §3.1"))
				return v
			})
		})
	}
}

// presenting sends the step's request with the certificate, to the alias of its
// endpoint where there is one.
func presenting(g flows.Grant, st flows.Step) flows.Grant {
	return change(g, st.ID, func(st flows.Step) flows.Step {
		do := st.Do
		st.Do = func(s flows.State) flows.Effect {
			fx, ok := do(s).(flows.Send)
			if !ok {
				return do(s)
			}
			fx.Cert = "client_cert"
			for _, name := range slices.DeleteFunc(slices.Clone(st.Needs), func(n string) bool { return !isEndpoint(n) }) {
				if alias := s.Vars["mtls_"+name]; alias != "" && fx.Request.URL == s.Vars[name] {
					fx.Request.URL = alias
				}
			}
			return fx
		}
		return st
	})
}

// confirmation compares the key that an access token names as its holder's with
// ours (RFC 7800 §3.1). Only a JWT shows it, and only the API has to look: the
// client does so here to show whether anything was bound.
func confirmation(token wire.Untrusted, how, want, ref string) wire.Check {
	c := wire.Check{ID: "cnf_mismatch", Status: wire.Pass, Want: wire.Safe(want), Ref: ref, Message: "the access token names our key as the one that must be shown with it (cnf." + how + ")"}
	tok := jose.Decode(token.Raw())
	if tok.Kind != jose.JWS {
		c.Status, c.Message = wire.NA, "the access token is opaque: only its server knows which key it is bound to"
		return c
	}
	cnf, _ := tok.Claims.Get("cnf")
	got := cnf.Str(how)
	c.Got = wire.Safe(got)
	switch {
	case got == "":
		c.Status, c.Message = wire.Warn, "the access token does not name the key it is bound to (cnf."+how+"): a copy of it may work for everybody"
	case got != want:
		c.Status, c.Message = wire.Fail, "the access token is bound to another key than ours, so no API will take it from us"
	}
	return c
}
