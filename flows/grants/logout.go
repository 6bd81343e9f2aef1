package grants

import (
	"slices"

	"authdance/flows"
	"authdance/flows/wire"
)

// logout ends the session at the server, OpenID Connect RP-Initiated Logout 1.0.
var logout = flows.Grant{
	ID: "logout", Title: "Logout", Ref: "OIDC RP-Initiated Logout 1.0",
	About:   "Forgetting the tokens signs nobody out at the server: the next login would go through without a question. The browser is sent to the server to end the session there.",
	Takes:   []flows.Given{{Name: "id_token", From: "id_token", What: "the ID token of the login that is to end"}},
	Choices: map[string][]string{"notice": {"off", "back_channel", "front_channel"}},
	Steps: append([]flows.Step{
		discover,
		unless(flows.Step{ID: "prepare", Title: "Make state", Ref: "OIDC RP-Initiated Logout §2", From: flows.Client, To: flows.Client,
			Why:   "state comes back with the browser, so that the answer can be told from somebody else's.",
			Pages: []string{"state", "logout"},
			Do: func(s flows.State) flows.Effect {
				to := s.Vars["post_logout_redirect_uri"]
				if to == "" {
					to = "http://127.0.0.1:0/signed-out"
				}
				return flows.Draw{Names: []string{"state"}, Redirect: to}
			},
			On: func(s flows.State, e flows.Entry) flows.Verdict {
				v := keep(s, e)
				if uri, ok := v.Set["redirect_uri"]; ok {
					v.Set = flows.Vars{"state": v.Set["state"], "post_logout_redirect_uri": uri}
				}
				return v
			}}, noticeOn),
		unless(flows.Step{ID: "logout", Title: "Browser: sign out", Ref: "OIDC RP-Initiated Logout §2", From: flows.Client, To: flows.AS, Front: true,
			Why: "The session is a cookie of the server, so only the browser can end it. id_token_hint says whose session is meant: without it any page could sign people out, and the server asks first. " +
				"The way back must be registered, as a redirect URI is.",
			Pages: []string{"logout-redirect-refused", "logout-unknown-session", "logout-not-participant", "browser-did-not-come-back"},
			Needs: []string{"end_session_endpoint", "post_logout_redirect_uri", "state"},
			Do: func(s flows.State) flows.Effect {
				b := browse("end_session_endpoint", as("id_token_hint", "id_token"), arg("client_id"), arg("post_logout_redirect_uri"), arg("state"), arg("logout_hint"), arg("ui_locales"), extra)(s).(flows.Browse)
				b.RedirectURI, b.ResponseMode, b.SignedIn = s.Vars["post_logout_redirect_uri"], "", true
				return b
			},
			On: returned}, noticeOn),
		unless(flows.Step{ID: "signed_out", Title: "The browser is back", Ref: "OIDC RP-Initiated Logout §3", From: flows.Browser, To: flows.Client, Front: true,
			Why:   "That the browser came back with our state says that the server got the request. It does not prove that every other session ended too.",
			Pages: []string{"state-mismatch", "logout"},
			In:    arrived("logout"),
			On: func(s flows.State, _ flows.Entry) flows.Verdict {
				in := s.Incoming()
				answer := append(slices.Clip(in.Query), in.Form...)
				v := flows.Verdict{Checks: []wire.Check{duplicates(answer), stateCheck(s, answer)}}
				for _, name := range []string{"code", "id_token", "access_token"} {
					if _, has := value(answer, name); has {
						v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Got: name, Ref: "OIDC RP-Initiated Logout §3",
							Message: "the way back from a logout carries " + name + "; authdance does not take it"})
					}
				}
				if code, has := value(answer, "error"); has {
					desc, _ := value(answer, "error_description")
					v.Problem = &flows.Problem{Kind: flows.OAuth, Code: code.Safe(), Description: desc}
				}
				return v
			}}, noticeOn),
	}, logoutReceiver()...),
}
