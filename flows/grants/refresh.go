package grants

import (
	"authdance/flows"
	"authdance/flows/wire"
)

// refresh gets new tokens without the person, RFC 6749 §6 and OIDC Core §12.
var refresh = flows.Grant{
	ID: "refresh_token", Title: "Refresh", Ref: "RFC 6749 §6 · OIDC Core §12",
	About: "Swap a refresh token for fresh tokens, without a browser. Good servers hand out a new refresh token each time and refuse the old one.",
	Takes: []flows.Given{{Name: "refresh_token", From: "refresh_token", What: "a refresh token"}},
	Steps: []flows.Step{
		discover,
		{ID: "token", Title: "Refresh the tokens", Ref: "RFC 6749 §6 · RFC 9700 §4.14", From: flows.Client, To: flows.AS, Auth: true,
			Why: "Access tokens live for minutes. The refresh token gets new ones over the back channel. " +
				"When the server rotates it, an old refresh token that shows up again means that somebody has a copy.",
			Pages: []string{"refresh-token-expired", "refresh-token-rotated", "client-authentication-failed", "invalid-scope"},
			Needs: []string{"token_endpoint", "client_id", "refresh_token"},
			Do:    post("token_endpoint", lit("grant_type", "refresh_token"), arg("refresh_token"), arg("scope"), several("resource"), extra),
			On:    refreshed},
		validate, userinfo, callAPI,
	},
}

func refreshed(s flows.State, e flows.Entry) flows.Verdict {
	v := takeTokens(s, e)
	if v.Problem != nil {
		return v
	}
	c := wire.Check{ID: "refresh_not_rotated", Status: wire.Pass, Ref: "RFC 9700 §4.14.2", Message: "the refresh token was rotated: the old one is used up"}
	switch v.Set["refresh_token"] {
	case "":
		delete(v.Set, "refresh_token") // none returned means: keep the one you have (RFC 6749 §6)
		c.Status, c.Message = wire.NA, "the answer has no refresh token: the old one stays in use"
	case s.Vars["refresh_token"]:
		c.Status, c.Message = wire.Warn, "the server gave the same refresh token again; a copy of it could be used without anybody noticing"
	}
	v.Checks = append(v.Checks, c)
	return v
}
