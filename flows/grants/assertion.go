package grants

import (
	"slices"

	"authdance/flows"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// asserting lets the client authenticate with a JWT that it signs, RFC 7523
// §2.2 and §3: with its secret (client_secret_jwt) or its private key
// (private_key_jwt). Every request gets an assertion of its own, because a
// server takes each only once.
func asserting(g flows.Grant, method, audience string) flows.Grant {
	key := ""
	if method == "private_key_jwt" {
		key = "client_key"
		g = holding(g, keyNamed(key))
	}
	return each(g, func(st flows.Step) bool { return st.Auth }, func(g flows.Grant, st flows.Step) flows.Grant {
		g = adding(g, st.ID, lit("client_assertion_type", assertionType), as("client_assertion", "client_assertion"), arg("client_id"))
		return before(g, st.ID, assertion(st, key, audience))
	})
}

// assertion is the step that signs who the client is, for the step that says it.
func assertion(to flows.Step, key, audience string) flows.Step {
	st := flows.Step{
		ID: to.ID + "_assertion", Title: "Sign who the client is", Ref: "RFC 7523 §3 · OIDC Core §9", From: flows.Client, To: flows.Client,
		Why: "The client proves that it has the key without showing it. The assertion names the client (iss, sub), the one reader it is for (aud), " +
			"and ends soon (exp); jti makes it good for one time only.",
		Pages: []string{"client-assertion", "client-assertion-invalid", "client-assertion-time", "client-authentication-failed"},
		Needs: slices.DeleteFunc(slices.Clone(to.Needs), func(n string) bool { return n == "client_secret" }),
		Do: sign("client_assertion", key,
			[]field{algorithm("token_endpoint_auth_signing_alg", key), lit("typ", "JWT"), named(key)},
			[]field{as("iss", "client_id"), as("sub", "client_id"), readBy(audience, to), fresh("jti"), moment("iat", 0), moment("exp", 60)}),
		On: signedAs("client_assertion"),
	}
	if key == "" {
		st.Needs = append(st.Needs, "client_secret")
	} else {
		st.Needs = append(st.Needs, key)
	}
	return st
}

// readBy is aud. RFC 7523 §3 leaves open what a server calls itself; its issuer
// is what newer profiles ask for, the token endpoint what older ones wrote; some
// want the address that the request goes to.
func readBy(audience string, to flows.Step) field {
	return func(s flows.State) []flows.Param {
		name := audience
		if i := s.Grant.Index(to.ID); audience == "endpoint" && i >= 0 {
			return lit("aud", flows.MessageOf(s.Grant.Steps[i].Do(s)).URL.Raw())(s)
		}
		if s.Vars[name] == "" {
			name = "token_endpoint"
		}
		return as("aud", name)(s)
	}
}
