package grants

import (
	"crypto/subtle"
	"net/http"
	"slices"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// ciba asks a person on another device, OpenID Connect CIBA Core 1.0.
var ciba = flows.Grant{
	ID: "ciba", Title: "Backchannel authentication (CIBA)", Ref: "OpenID CIBA Core 1.0",
	About:   "The application knows who the person is, a call centre or a till, and asks the server to ask them: a message comes up on the person's phone, and the application waits for the answer.",
	Takes:   []flows.Given{{Name: "login_hint", What: "who is to be asked"}},
	Choices: map[string][]string{"delivery": {"poll", "ping", "push"}},
	Steps: []flows.Step{
		discover,
		unless(flows.Step{ID: "notification_token", Title: "Make a token for the notification", Ref: "CIBA Core §7.1", From: flows.Client, To: flows.Client,
			Why:   "In ping and push the server calls the client. The client hands out a secret of its own first, so that it can tell the server's call from anybody else's.",
			Pages: []string{"ciba-notification", "ciba"},
			Do:    draw("client_notification_token"), On: keep}, notNeededFor("poll")),
		{ID: "backchannel_authentication", Title: "Ask the server to ask", Ref: "CIBA Core §7.1, §7.3", From: flows.Client, To: flows.AS, Auth: true,
			Why: "No browser is involved, so the client authenticates and says whom it means. " +
				"binding_message appears on both devices: the person compares, so that nobody agrees to somebody else's request.",
			Pages: []string{"ciba-login-hint", "ciba-binding-message", "ciba-user-code", "client-authentication-failed", "invalid-scope"},
			Needs: []string{"backchannel_authentication_endpoint", "client_id"},
			Do: post("backchannel_authentication_endpoint", arg("scope"), arg("login_hint"), arg("login_hint_token"),
				arg("binding_message"), arg("user_code"), arg("requested_expiry"), arg("acr_values"), arg("client_notification_token"), extra),
			On: acknowledged},
		unless(flows.Step{ID: "other_device", Title: "Person: answer on the other device", Ref: "CIBA Core §5", From: flows.Client, To: flows.Browser, Front: true,
			Why:   "The person signs in on a device of their own and agrees there. Here is the page that stands for that device; with a real server it is the person's phone, and nothing of it is seen here.",
			Pages: []string{"ciba", "access-denied"},
			Needs: []string{"other_device"},
			Skip: func(s flows.State) string {
				if s.Vars["other_device"] == "" {
					return "the person answers on a device that is not known here"
				}
				return ""
			},
			Do: func(s flows.State) flows.Effect { return flows.Browse{Request: otherDevice(s)} }, On: onTheWay}, notNeededFor("ping", "push")),
		unless(flows.Step{ID: "notification", Title: "Wait for the server's call", Ref: "CIBA Core §10.2, §10.3", From: flows.AS, To: flows.Client,
			Why: "The server calls when the person has decided: in ping to say that the tokens can be fetched, in push with the tokens themselves. " +
				"Only a call with our token and our auth_req_id counts.",
			Pages: []string{"ciba-notification", "ciba"},
			Needs: []string{"auth_req_id", "client_notification_token"}, Settles: true,
			Do: func(s flows.State) flows.Effect {
				fx := flows.Listen{URL: orElse("client_notification_endpoint", "http://127.0.0.1:9503/ciba")(s)[0].Value, Method: "POST", Reply: flows.Response{Status: 204}}
				if s.Vars["other_device"] != "" {
					fx.Meanwhile = otherDevice(s)
				}
				return fx
			},
			On: notified}, notNeededFor("poll")),
		unless(flows.Step{ID: "token", Title: "Poll for the answer", Ref: "CIBA Core §10.1, §11", From: flows.Client, To: flows.AS, Auth: true,
			Why: "The client asks until the person has decided, never faster than interval, and not after expires_in. " +
				"Only this client can ask with this auth_req_id.",
			Pages: []string{"ciba-pending", "device-slow-down", "access-denied", "ciba-notification"},
			Needs: []string{"token_endpoint", "client_id", "auth_req_id"},
			Until: lifetimeOf("backchannel_authentication"),
			Do:    post("token_endpoint", lit("grant_type", "urn:openid:params:grant-type:ciba"), arg("auth_req_id")),
			On:    polling(takeTokens), Lost: backingOff}, notNeededFor("push")),
		pushed(validate), userinfo, callAPI,
	},
}

func notNeededFor(delivery ...string) func(flows.State) string {
	return func(s flows.State) string {
		if got := s.Spec.Options["delivery"]; slices.Contains(delivery, got) {
			return "not a part of " + got
		}
		return ""
	}
}

func otherDevice(s flows.State) flows.Request {
	return flows.Request{Method: http.MethodGet, URL: s.Vars["other_device"]}
}

// acknowledged reads the answer of CIBA Core §7.3.
func acknowledged(s flows.State, e flows.Entry) flows.Verdict {
	v := take("auth_req_id", "?expires_in", "?interval")(s, e)
	if v.Problem == nil && v.Set["expires_in"] == "" {
		v.Checks = append(v.Checks, wire.Check{ID: "expires_in_type", Status: wire.Warn, Want: "seconds", Ref: "CIBA Core §7.3",
			Message: "the answer does not say how long auth_req_id lives; authdance waits until the server ends it"})
	}
	return v
}

// notified reads a call of the server. One with another token, or about another
// request, is somebody else's and changes nothing (CIBA Core §10.2).
func notified(s flows.State, e flows.Entry) flows.Verdict {
	call, ok := e.Event.(flows.Arrived)
	if !ok {
		return unexpected(e)
	}
	bearer, _ := call.Request.Find("Authorization")
	doc, checks, err := wire.ParseJSON([]byte(call.Request.Body.Raw()), wire.Limits{})
	want := "Bearer " + s.Vars["client_notification_token"].Raw()
	foreign := ""
	switch {
	case subtle.ConstantTimeCompare([]byte(bearer.Value.Raw()), []byte(want)) != 1:
		foreign = "a call without our notification token arrived; it was not believed"
	case err != nil || doc.Str("auth_req_id") != s.Vars["auth_req_id"].Raw():
		foreign = "a call about another auth_req_id arrived; it was not for this run"
	}
	if foreign != "" {
		return flows.Verdict{Stay: true, Checks: []wire.Check{{ID: "notification_foreign", Status: wire.Warn, Ref: "CIBA Core §10.2", Message: foreign}}}
	}
	v := flows.Verdict{Checks: checks}
	if s.Spec.Options["delivery"] == "push" {
		answer := flows.Response{Status: http.StatusOK, Header: []flows.Param{{Name: "Content-Type", Value: "application/json"}}, Body: call.Request.Body}
		if doc.Str("error") != "" {
			answer.Status = http.StatusBadRequest // the words are those of an error answer; the call had no status
		}
		v = takeTokens(s, flows.Entry{At: e.At, Event: flows.Received{Exchange: flows.Exchange{Response: answer}}})
	}
	v.Checks = append([]wire.Check{{ID: "notification_foreign", Status: wire.Pass, Ref: "CIBA Core §10.2", Message: "the call carries our token and is about our request"}}, v.Checks...)
	return v
}

// pushed adds what an ID token must say that was pushed: which request it
// answers, and which refresh token came with it (CIBA Core §10.3.1).
func pushed(st flows.Step) flows.Step {
	on := st.On
	st.On = func(s flows.State, e flows.Entry) flows.Verdict {
		v := on(s, e)
		if v.Again || v.Problem != nil || s.Spec.Options["delivery"] != "push" {
			return v
		}
		const ref, prefix = "CIBA Core §10.3.1", "urn:openid:params:jwt:claim:"
		tok := jose.Decode(s.Vars["id_token"].Raw())
		v.Checks = append(v.Checks, must("auth_req_id_mismatch", "auth_req_id", wire.Untrusted(tok.Claims.Str(prefix+"auth_req_id")), s.Vars["auth_req_id"], ref))
		if refresh := s.Vars["refresh_token"]; refresh != "" {
			v.Checks = append(v.Checks, jose.CheckHash(tok, prefix+"rt_hash", wire.NewSecret(refresh.Raw()), "the refresh token", ref))
		}
		return v
	}
	return st
}
