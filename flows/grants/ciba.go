package grants

import (
	"authdance/flows"
	"authdance/flows/wire"
)

// ciba asks a person on another device, OpenID Connect CIBA Core 1.0.
var ciba = flows.Grant{
	ID: "ciba", Title: "Backchannel authentication (CIBA)", Ref: "OpenID CIBA Core 1.0",
	About: "The application knows who the person is, a call centre or a till, and asks the server to ask them: a message comes up on the person's phone, and the application waits for the answer.",
	Takes: []flows.Given{{Name: "login_hint", What: "who is to be asked"}},
	Steps: []flows.Step{
		discover,
		{ID: "backchannel_authentication", Title: "Ask the server to ask", Ref: "CIBA Core §7.1, §7.3", From: flows.Client, To: flows.AS, Auth: true,
			Why: "No browser is involved, so the client authenticates and says whom it means. " +
				"binding_message appears on both devices: the person compares, so that nobody agrees to somebody else's request.",
			Pages: []string{"ciba-login-hint", "ciba-binding-message", "ciba-user-code", "client-authentication-failed", "invalid-scope"},
			Needs: []string{"backchannel_authentication_endpoint", "client_id"},
			Do: post("backchannel_authentication_endpoint", arg("scope"), arg("login_hint"), as("id_token_hint", "login_id_token"), arg("login_hint_token"),
				arg("binding_message"), arg("user_code"), arg("requested_expiry"), arg("acr_values"), arg("client_notification_token"), extra),
			On: acknowledged},
		{ID: "token", Title: "Poll for the answer", Ref: "CIBA Core §10.1, §11", From: flows.Client, To: flows.AS, Auth: true,
			Why: "The client asks until the person has decided, never faster than interval, and not after expires_in. " +
				"Only this client can ask with this auth_req_id.",
			Pages: []string{"ciba-pending", "device-slow-down", "access-denied", "ciba-notification"},
			Needs: []string{"token_endpoint", "client_id", "auth_req_id"},
			Until: lifetimeOf("backchannel_authentication"),
			Do:    post("token_endpoint", lit("grant_type", "urn:openid:params:grant-type:ciba"), arg("auth_req_id")),
			On:    polling(takeTokens), Lost: backingOff},
		validate, userinfo, callAPI,
	},
}

// acknowledged reads the answer of CIBA Core §7.3.
func acknowledged(s flows.State, e flows.Entry) flows.Verdict {
	v := take("auth_req_id", "?expires_in", "?interval")(s, e)
	if v.Problem == nil && v.Set["expires_in"] == "" {
		v.Checks = append(v.Checks, wire.Check{ID: "expires_in_type", Status: wire.Warn, Want: "seconds", Ref: "CIBA Core §7.3",
			Message: "the answer does not say how long auth_req_id lives; authdance polls until the server ends it"})
	}
	return v
}
