package grants

import "authdance/flows"

// onBehalfOf is Microsoft Entra's way to go on with a person's token: the JWT
// bearer grant with requested_token_use.
var onBehalfOf = flows.Grant{
	ID: "on_behalf_of", Title: "On behalf of (Entra)", Ref: "RFC 7523 §2.1 · Microsoft Entra",
	About: "An API that was called with a person's access token gets one for the next API, for the same person. Entra uses the JWT bearer grant for it; other servers use token exchange.",
	Takes: []flows.Given{{Name: "assertion", From: "access_token", What: "the access token that the API was called with"}},
	Steps: []flows.Step{
		discover,
		{ID: "token", Title: "Swap the person's token", Ref: "RFC 7523 §2.1 · Microsoft Entra", From: flows.Client, To: flows.AS, Auth: true,
			Why: "The assertion is the access token that came in: it must be meant for this API (aud), and for a person. " +
				"The new token is for the next API and still says whom it is about.",
			Pages: []string{"obo-assertion", "invalid-grant", "consent-required", "interaction-required", "client-authentication-failed"},
			Needs: []string{"token_endpoint", "client_id", "assertion"},
			Do: post("token_endpoint", lit("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), arg("assertion"),
				lit("requested_token_use", "on_behalf_of"), arg("scope"), several("resource"), extra),
			On: takeTokens},
		callAPI,
	},
}
