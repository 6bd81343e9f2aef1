package grants

import (
	"encoding/base64"
	"net/url"

	"authdance/flows"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// authMethods are the ways to say who the client is, RFC 7591 §2 and RFC 8705
// §2, after auto: what the server announces and the run has the means for.
func authMethods() []string {
	return []string{"auto", "none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"}
}

// byCertificate recognises the methods that need nothing in the request but
// client_id: the TLS connection says the rest (RFC 8705 §2).
func byCertificate(method string) bool {
	return method == "tls_client_auth" || method == "self_signed_tls_client_auth"
}

// clientAuth lets the client say who it is in every step that is marked Auth
// (RFC 6749 §2.3). One method, never two: a server may refuse both together.
// audience says whom an assertion is for.
func clientAuth(method, audience string) func(flows.Grant) flows.Grant {
	return func(g flows.Grant) flows.Grant {
		authenticates := func(st flows.Step) bool { return st.Auth }
		switch method {
		case "client_secret_basic":
			return each(g, authenticates, func(g flows.Grant, st flows.Step) flows.Grant {
				return addingHeader(needing(g, st.ID, "client_secret"), st.ID, basic)
			})
		case "client_secret_post":
			return each(g, authenticates, func(g flows.Grant, st flows.Step) flows.Grant {
				return adding(needing(g, st.ID, "client_secret"), st.ID, arg("client_id"), confidential("client_secret"))
			})
		case "client_secret_jwt", "private_key_jwt":
			return asserting(g, method, audience)
		}
		return each(g, authenticates, func(g flows.Grant, st flows.Step) flows.Grant { return adding(g, st.ID, arg("client_id")) })
	}
}

// usualAuth is the method for a client that did not choose one: none without a
// secret; with one the first that the server announces. RFC 8414 §2: a server
// that announces nothing means client_secret_basic.
func usualAuth(s flows.State, meta provider.Metadata) string {
	if s.Secrets["client_secret"].IsZero() {
		return "none"
	}
	for _, m := range []string{"client_secret_basic", "client_secret_post", "client_secret_jwt"} {
		if yes, announced := meta.Supports("token_endpoint_auth_methods_supported", m); yes || !announced {
			return m
		}
	}
	return "client_secret_basic"
}

// basic is HTTP Basic with both parts form-urlencoded first (RFC 6749 §2.3.1).
func basic(s flows.State) []flows.Param {
	both := url.QueryEscape(s.Vars["client_id"].Raw()) + ":" + url.QueryEscape(s.Secrets["client_secret"].Reveal())
	return []flows.Param{{Name: "Authorization", Value: wire.Untrusted("Basic " + base64.StdEncoding.EncodeToString([]byte(both))), Var: "client_secret", Secret: true}}
}
