package grants

import (
	"fmt"
	"net/http"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// revoke ends a token before its time, RFC 7009.
var revoke = flows.Grant{
	ID: "revoke", Title: "Revocation", Ref: "RFC 7009",
	About: "The client gives a token back, at sign-out or when it may have been stolen. A refresh token takes everything along that came from it.",
	Takes: []flows.Given{{Name: "token", From: "access_token", What: "a token to give back"}},
	Steps: []flows.Step{
		discover,
		{ID: "revoke", Title: "Give the token back", Ref: "RFC 7009 §2", From: flows.Client, To: flows.AS, Auth: true,
			Why: "The answer is 200 also for a token that nobody knows: the client wanted it to be worthless, and it is. " +
				"A server that is busy (503) has revoked nothing yet, so the client tries again.",
			Pages: []string{"revocation-refused", "unsupported-token-type", "client-authentication-failed", "endpoint-missing"},
			Needs: []string{"revocation_endpoint", "token"},
			Do:    post("revocation_endpoint", arg("token"), arg("token_type_hint"), extra), On: revoked},
		{ID: "api", Title: "Try the revoked token", Ref: "RFC 7009 §3", From: flows.Client, To: flows.API,
			Why: "Revocation is worth what the API makes of it. An API that only checks the signature of a JWT takes the token until it expires; " +
				"one that asks the server refuses it at once.",
			Skip: func(s flows.State) string {
				switch {
				case s.Vars["api"] == "":
					return "the profile names no API to call"
				case s.Vars["token_type_hint"] == "refresh_token":
					return "a refresh token is not for an API"
				}
				return ""
			},
			Pages: []string{"api-401-invalid-token", "refresh-token-revoked"},
			Needs: []string{"api", "token"},
			Do:    get("api", bearerOf("token")), On: stillTaken},
	},
}

// patience is how often a busy server is asked again.
const patience = 3

func revoked(s flows.State, e flows.Entry) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	res := rec.Exchange.Response
	switch {
	case res.Status == http.StatusOK, res.Status == http.StatusNoContent:
		c := wire.Check{ID: "revoked", Status: wire.Pass, Got: fmt.Sprint(res.Status), Want: "200", Ref: "RFC 7009 §2.2", Message: "the token is worthless now, or always was"}
		if res.Status != http.StatusOK {
			c = wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Got: fmt.Sprint(res.Status), Want: "200", Ref: "RFC 7009 §2.2", Message: "the specification asks for status 200; authdance reads this as done"}
		}
		return flows.Verdict{Checks: []wire.Check{c}}
	case res.Status == http.StatusServiceUnavailable && len(s.ResultOf("revoke").Exchanges()) < patience:
		after := time.Duration(max(seconds(res.Get("Retry-After"), 5), 1)) * time.Second
		return flows.Verdict{Again: true, After: after, Checks: []wire.Check{{ID: "not_revoked_yet", Status: wire.Warn, Got: "503", Ref: "RFC 7009 §2.2.1",
			Message: fmt.Sprintf("the server is busy, so the token must be taken to be still valid; authdance tries again in %s", after)}}}
	}
	_, v, ok := answer(e)
	if ok {
		v.Problem = unreadable(res, nil)
	}
	return v
}

func stillTaken(_ flows.State, e flows.Entry) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	c := wire.Check{ID: "revoked_refused", Status: wire.Pass, Got: fmt.Sprint(rec.Exchange.Response.Status), Want: "401", Ref: "RFC 7009 §3", Message: "the API refuses the revoked token"}
	switch res := rec.Exchange.Response; {
	case res.Status < 300:
		c.Status, c.Message = wire.Warn, "the API still takes the revoked token; it looks at the token alone and will do so until the token expires"
	case res.Status != http.StatusUnauthorized:
		c.Status, c.Message = wire.Warn, "the API refuses the call, but not with the status that a bad token has"
	}
	return flows.Verdict{Checks: []wire.Check{c}}
}
