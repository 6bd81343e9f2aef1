package grants

import (
	"authdance/flows"
	"authdance/flows/wire"
)

// password is the resource owner password credentials grant, RFC 6749 §4.3.
var password = flows.Grant{
	ID: "password", Title: "Password (retired)", Ref: "RFC 6749 §4.3",
	About: "The application asks for the person's password itself and sends it on. RFC 9700 forbids it; it is here for old servers and for tests.",
	Takes: []flows.Given{{Name: "username", What: "the person's user name"}, {Name: "password", What: "the person's password"}},
	Steps: []flows.Step{
		discover,
		warning(flows.Step{ID: "token", Title: "Swap the password for tokens", Ref: "RFC 6749 §4.3.2", From: flows.Client, To: flows.AS, Auth: true,
			Why: "The application sees the password, so it could keep it, and a second factor or a passkey has no place here. " +
				"OAuth was made so that this is not necessary.",
			Pages: []string{"user-password-wrong", "mfa-required", "unauthorized-client", "client-authentication-failed", "invalid-grant"},
			Needs: []string{"token_endpoint", "client_id", "username", "password"},
			Do:    post("token_endpoint", lit("grant_type", "password"), arg("username"), confidential("password"), arg("scope"), extra),
			On:    takeTokens},
			wire.Check{ID: "grant_retired", Status: wire.Warn, Got: "password", Want: "authorization_code with PKCE", Ref: "RFC 9700 §2.4",
				Message: "the password grant must not be used: it trains people to type their password anywhere, and it cannot ask for a second factor"}),
		validate, userinfo, callAPI,
	},
}
