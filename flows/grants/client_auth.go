package grants

import (
	"encoding/base64"
	"fmt"
	"net/url"

	"authdance/flows"
	"authdance/flows/wire"
)

// clientAuth lets the client say who it is in every step that is marked Auth
// (RFC 6749 §2.3). One method, never two: a server may refuse both together.
func clientAuth(method string) (func(flows.Grant) flows.Grant, error) {
	var as field
	switch method {
	case "none":
		as = arg("client_id")
	case "client_secret_post":
		as = func(s flows.State) []flows.Param {
			return append(arg("client_id")(s), flows.Param{Name: "client_secret", Value: secret(s), Var: "client_secret", Secret: true})
		}
	case "client_secret_basic":
		as = func(s flows.State) []flows.Param {
			return []flows.Param{{Name: "Authorization", Value: basic(s.Vars["client_id"], secret(s)), Var: "client_secret", Secret: true}}
		}
	default:
		return nil, fmt.Errorf("client authentication %q is not known; use none, client_secret_basic or client_secret_post", wire.Safe(method))
	}
	return func(g flows.Grant) flows.Grant {
		for _, st := range g.Steps {
			if !st.Auth {
				continue
			}
			if method != "none" {
				g = change(g, st.ID, func(st flows.Step) flows.Step {
					st.Needs = append(append([]string{}, st.Needs...), "client_secret")
					return st
				})
			}
			if method == "client_secret_basic" {
				g = addingHeader(g, st.ID, as)
			} else {
				g = adding(g, st.ID, as)
			}
		}
		return g
	}, nil
}

func secret(s flows.State) wire.Untrusted { return wire.Untrusted(s.Secrets["client_secret"].Reveal()) }

// basic is HTTP Basic with both parts form-urlencoded first (RFC 6749 §2.3.1).
func basic(id, secret wire.Untrusted) wire.Untrusted {
	both := url.QueryEscape(id.Raw()) + ":" + url.QueryEscape(secret.Raw())
	return wire.Untrusted("Basic " + base64.StdEncoding.EncodeToString([]byte(both)))
}
