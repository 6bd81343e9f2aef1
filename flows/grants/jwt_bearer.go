package grants

import "authdance/flows"

// assertionLife is how long an assertion that is signed here counts, in
// seconds: long enough for one request.
const assertionLife = 300

// jwtBearer swaps a signed statement for a token, RFC 7523 §2.1.
var jwtBearer = holding(flows.Grant{
	ID: "jwt_bearer", Title: "JWT bearer", Ref: "RFC 7523 §2.1",
	About: "Somebody whom the server trusts signs a JWT that says for whom a token is wanted. Services use it to act for a person without that person being there.",
	Takes: []flows.Given{{Name: "assertion", What: "a signed assertion; without one, the client's key signs it here", Optional: true}},
	Steps: []flows.Step{
		discover,
		unless(flows.Step{ID: "assertion", Title: "Sign the assertion", Ref: "RFC 7523 §3", From: flows.Client, To: flows.Client,
			Why: "iss is who vouches, sub is for whom, aud is the server that may take it, exp ends it soon, jti lets the server see it only once. " +
				"All of it can be read and changed here before it is signed.",
			Pages: []string{"jwt-bearer-assertion", "client-assertion-time", "client-assertion"},
			Needs: []string{"client_id", "client_key"},
			Do: sign("assertion", "client_key",
				[]field{algorithm("assertion_signing_alg", "client_key"), lit("typ", "JWT"), named("client_key")},
				[]field{as("iss", "client_id"), subject, reader, moment("iat", 0), moment("exp", assertionLife), fresh("jti")}),
			On: signedAs("assertion")}, givenAssertion),
		{ID: "token", Title: "Swap the assertion for a token", Ref: "RFC 7523 §2.1", From: flows.Client, To: flows.AS, Auth: true,
			Why:   "The signature stands in for the person's sign-in: whoever holds that key can get tokens for everybody the server lets it speak for.",
			Pages: []string{"jwt-bearer-assertion", "client-assertion-time", "clock-client-ahead", "unauthorized-client"},
			Needs: []string{"token_endpoint", "assertion"},
			Do:    post("token_endpoint", lit("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), arg("assertion"), arg("scope"), several("resource"), extra),
			On:    withoutRefresh("RFC 7521 §4.1")},
		callAPI,
	},
}, func(s flows.State) flows.KeyWish {
	if givenAssertion(s) != "" {
		return flows.KeyWish{}
	}
	return flows.KeyWish{Name: "client_key"}
})

func givenAssertion(s flows.State) string {
	if s.Vars["assertion"] != "" && s.Born["assertion"] == "" {
		return "the assertion was given"
	}
	return ""
}

// subject is whom the assertion is about: the client itself when nobody else is
// named (RFC 7523 §3).
func subject(s flows.State) []flows.Param {
	if p := as("sub", "subject")(s); p != nil {
		return p
	}
	return as("sub", "client_id")(s)
}

// reader is whom the assertion is for: the issuer where that is known. One for a
// token endpoint could be taken to another server that claims the same endpoint.
func reader(s flows.State) []flows.Param {
	if p := as("aud", "issuer")(s); p != nil {
		return p
	}
	return as("aud", "token_endpoint")(s)
}
