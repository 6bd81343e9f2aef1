package grants

import (
	"authdance/flows"
	"authdance/flows/wire"
)

// clientCredentials is a client that acts for itself, RFC 6749 §4.4.
var clientCredentials = flows.Grant{
	ID: "client_credentials", Title: "Client credentials", Ref: "RFC 6749 §4.4",
	About: "A service gets a token for itself: no person, no browser, no ID token. The client must be able to keep a secret or a key.",
	Steps: []flows.Step{
		discover,
		{ID: "token", Title: "Get a token for the client", Ref: "RFC 6749 §4.4.2", From: flows.Client, To: flows.AS, Auth: true,
			Why:   "The client's own authentication is all there is, so whoever has its secret is the client. What it may do was decided when it was registered.",
			Pages: []string{"client-authentication-failed", "unauthorized-client", "invalid-scope", "scope-empty"},
			Needs: []string{"token_endpoint", "client_id"},
			Do:    post("token_endpoint", lit("grant_type", "client_credentials"), arg("scope"), several("resource"), arg("audience"), extra),
			On:    withoutRefresh("RFC 6749 §4.4.3")},
		callAPI,
	},
}

// withoutRefresh reads the tokens of a grant that can be repeated at any time:
// a refresh token beside them is of no use and one more thing to lose.
func withoutRefresh(ref string) func(flows.State, flows.Entry) flows.Verdict {
	return func(s flows.State, e flows.Entry) flows.Verdict {
		v := takeTokens(s, e)
		if v.Problem == nil && v.Set["refresh_token"] != "" {
			v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Got: "a refresh_token", Want: "none", Ref: ref,
				Message: "the answer has a refresh token, which this grant does not need: the client can ask again at any time"})
		}
		return v
	}
}
