package grants

import (
	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// nativeSSO lets a second application of the same maker sign in without a
// browser, OpenID Connect Native SSO 1.0.
var nativeSSO = flows.Grant{
	ID: "native_sso", Title: "Native SSO", Ref: "OpenID Connect Native SSO 1.0",
	About: "Two applications of one maker share a device. The first one signed in with scope device_sso and left its ID token and a device secret in a store that both can read; the second one swaps them for tokens of its own.",
	Takes: []flows.Given{{Name: "id_token", From: "id_token", What: "the ID token of the first application"},
		{Name: "device_secret", From: "device_secret", What: "the device secret that came with it, for scope device_sso"}},
	Steps: []flows.Step{
		discover,
		{ID: "device_secret", Title: "Look at the shared pair", Ref: "Native SSO §3.3", From: flows.Client, To: flows.Client,
			Why:   "ds_hash in the ID token binds it to the device secret: one without the other is worth nothing, and an ID token copied to another device stays useless.",
			Pages: []string{"native-sso", "id-token"},
			Needs: []string{"id_token", "device_secret"},
			On: func(s flows.State, _ flows.Entry) flows.Verdict {
				return flows.Verdict{Checks: []wire.Check{jose.CheckDSHash(jose.Decode(s.Vars["id_token"].Raw()), wire.NewSecret(s.Vars["device_secret"].Raw()))}}
			}},
		{ID: "token", Title: "Swap the pair for tokens", Ref: "Native SSO §4.2 · RFC 8693", From: flows.Client, To: flows.AS, Auth: true,
			Why:   "The ID token says who, the device secret says which device. The server checks that the session is still alive and gives this application tokens of its own.",
			Pages: []string{"native-sso", "token-exchange-subject", "token-exchange-actor", "session-revoked"},
			Needs: []string{"token_endpoint", "client_id", "id_token", "device_secret"},
			Do: post("token_endpoint", lit("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
				issuerAsAudience, as("subject_token", "id_token"), lit("subject_token_type", tokenType8693+"id_token"),
				as("actor_token", "device_secret"), lit("actor_token_type", "urn:openid:params:token-type:device-secret"), arg("scope"), extra),
			On: keepingSecret},
		validate, callAPI,
	},
}

// issuerAsAudience is the server itself (Native SSO §4.2).
func issuerAsAudience(s flows.State) []flows.Param {
	if p := arg("audience")(s); p != nil {
		return p
	}
	return as("audience", "issuer")(s)
}

// keepingSecret reads the answer of an exchange in which the device secret may
// be left as it is.
func keepingSecret(s flows.State, e flows.Entry) flows.Verdict {
	v := exchanged(s, e)
	if v.Problem == nil && v.Set["device_secret"] == "" {
		delete(v.Set, "device_secret")
	}
	return v
}
