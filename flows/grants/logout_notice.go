package grants

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// logoutEvent is the member of events that makes a JWT a logout token
// (Back-Channel Logout §2.4).
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// logoutReceiver is the other side of a logout: the application that is told.
// The same run signs out in the browser meanwhile, so that there is news.
func logoutReceiver() []flows.Step {
	return []flows.Step{
		unless(flows.Step{ID: "logout_notice", Title: "Wait to be told", Ref: "OIDC Back-Channel Logout §2.5 · Front-Channel Logout §2", From: flows.AS, To: flows.Client,
			Why: "One logout ends the sessions of all applications, so the server tells each of them: it calls a back-channel address itself, or lets the browser load a front-channel address in a frame. " +
				"Browsers keep third-party cookies out of frames, so the back channel is the one to rely on.",
			Pages: []string{"logout-token-invalid", "frontchannel-logout-blocked", "logout"},
			Needs: []string{"end_session_endpoint", "id_token"},
			Do:    waitForNotice, On: noticed}, noticeOff),
		unless(flows.Step{ID: "logout_token", Title: "Check the logout token", Ref: "OIDC Back-Channel Logout §2.6", From: flows.Client, To: flows.AS,
			Why: "Anybody can call the address, so the token decides: signed by the server, for this client, with the logout event, without a nonce (so that an ID token cannot pass for one), and about a session that is ours.",
			Skip: func(s flows.State) string {
				if s.Vars["logout_token"] == "" {
					return "no logout token came: the front channel brings iss and sid"
				}
				return ""
			},
			Pages: []string{"logout-token-invalid", "signature-invalid", "audience-mismatch"},
			Needs: []string{"logout_token", "jwks_uri"},
			Do:    get("jwks_uri"), On: checkLogoutToken}, noticeOff),
	}
}

func noticeOff(s flows.State) string {
	if s.Spec.Options["notice"] == "off" {
		return "this run asks for a logout and does not wait to be told of one"
	}
	return ""
}

func noticeOn(s flows.State) string {
	if s.Spec.Options["notice"] != "off" {
		return "the browser signs out while this run waits to be told"
	}
	return ""
}

// waitForNotice listens where the client is registered to be told, and sends
// the browser to sign out.
func waitForNotice(s flows.State) flows.Effect {
	ok := flows.Response{Status: http.StatusOK, Header: []flows.Param{{Name: "Cache-Control", Value: "no-store"}}}
	fx := flows.Listen{URL: orElse("backchannel_logout_uri", "http://127.0.0.1:9504/backchannel_logout")(s)[0].Value, Method: http.MethodPost, Reply: ok}
	if s.Spec.Options["notice"] == "front_channel" {
		fx.URL, fx.Method = orElse("frontchannel_logout_uri", "http://127.0.0.1:9504/frontchannel_logout")(s)[0].Value, http.MethodGet
	}
	fx.Meanwhile = flows.Request{Method: http.MethodGet, URL: s.Vars["end_session_endpoint"], Query: params(s, []field{as("id_token_hint", "id_token"), arg("client_id")})}
	return fx
}

func noticed(s flows.State, e flows.Entry) flows.Verdict {
	call, ok := e.Event.(flows.Arrived)
	if !ok {
		return unexpected(e)
	}
	if s.Spec.Options["notice"] == "back_channel" {
		token, has := value(call.Request.Form, "logout_token")
		if !has {
			return flows.Verdict{Stay: true, Checks: []wire.Check{{ID: "notice_foreign", Status: wire.Warn, Want: "logout_token", Ref: "OIDC Back-Channel Logout §2.5", Message: "a call without logout_token arrived; it changed nothing"}}}
		}
		return flows.Verdict{Set: flows.Vars{"logout_token": token}}
	}
	iss, _ := value(call.Request.Query, "iss")
	sid, _ := value(call.Request.Query, "sid")
	ours := jose.Decode(s.Vars["id_token"].Raw()).Claims
	if iss != s.Vars["issuer"] || sid != "" && ours.Str("sid") != "" && sid.Raw() != ours.Str("sid") {
		return flows.Verdict{Stay: true, Checks: []wire.Check{{ID: "notice_foreign", Status: wire.Warn, Got: iss.Safe() + " " + sid.Safe(), Want: s.Vars["issuer"].Safe() + " " + wire.Safe(ours.Str("sid")),
			Ref: "OIDC Front-Channel Logout §3", Message: "a call about another session arrived; it changed nothing"}}}
	}
	return flows.Verdict{Set: flows.Vars{"logout_token": ""}, Checks: []wire.Check{{ID: "notice_foreign", Status: wire.Pass, Got: sid.Safe(), Ref: "OIDC Front-Channel Logout §3", Message: "iss and sid are those of this login: its session ends here"}}}
}

// checkLogoutToken holds a logout token against the list of Back-Channel Logout §2.6.
func checkLogoutToken(s flows.State, e flows.Entry) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	tok := jose.Decode(s.Vars["logout_token"].Raw())
	checks, key := jose.Verify(tok, signers(s, tok, rec.Exchange.Response.Body), jose.Policy{})
	v := flows.Verdict{Checks: checks}
	if refusal := unverified(checks); key == nil && refusal != nil {
		v.Problem = refusal
		return v
	}
	claims, ours := tok.Claims, jose.Decode(s.Vars["id_token"].Raw()).Claims
	const ref = "OIDC Back-Channel Logout §2.6"
	says := func(good bool, id, pass, fail string) {
		c := wire.Check{ID: id, Status: wire.Pass, Ref: ref, Message: pass}
		if !good {
			c.Status, c.Message = wire.Fail, fail
		}
		v.Checks = append(v.Checks, c)
	}
	has := func(name string) bool { _, ok := claims.Get(name); return ok }
	v.Checks = append(v.Checks, must("iss_mismatch", "iss", wire.Untrusted(claims.Str("iss")), s.Vars["issuer"], ref))
	says(slices.Contains(append(claims.Strings("aud"), claims.Str("aud")), s.Vars["client_id"].Raw()), "aud_mismatch", "aud names this client", "aud does not name this client: the token was sent to the wrong one")
	events, _ := claims.Get("events")
	_, event := events.Get(logoutEvent)
	says(event, "logout_event", "events says that this is a logout", "events does not have the logout event, so this is another kind of token")
	says(!has("nonce"), "nonce_forbidden", "there is no nonce, which only ID tokens have", "a logout token must not have a nonce: this may be an ID token")
	says(has("jti"), "claim_missing:jti", "jti lets a replay be seen", "there is no jti, so the same token could be sent again and again")
	says(has("sub") || has("sid"), "claim_missing:sub", "sub or sid says whose session ends", "neither sub nor sid says whose session ends")
	for _, name := range [...]string{"sub", "sid"} {
		if has(name) && ours.Str(name) != "" {
			v.Checks = append(v.Checks, must("logout_"+name+"_mismatch", name, wire.Untrusted(claims.Str(name)), wire.Untrusted(ours.Str(name)), ref))
		}
	}
	exp, hasExp := claims.Int("exp")
	says(!hasExp || e.At.Before(time.Unix(exp, 0)), "expired", "the token is still good", "the token is over")
	if typ := strings.ToLower(tok.Header.Str("typ")); strings.TrimPrefix(typ, "application/") != "logout+jwt" {
		v.Checks = append(v.Checks, wire.Check{ID: "typ_mismatch", Status: wire.Warn, Got: wire.Safe(typ), Want: "logout+jwt", Ref: "OIDC Back-Channel Logout §2.4", Message: "typ does not say that this is a logout token"})
	}
	return v
}
