package grants

import (
	"authdance/flows"
	"authdance/flows/wire"
)

// silent asks for a new code without showing anything, OIDC Core §3.1.2.1:
// the session at the server answers for the person.
var silent = flows.Grant{
	ID: "silent_renewal", Title: "Silent renewal", Ref: "OIDC Core §3.1.2.1",
	About: "The browser is sent out with prompt=none: if the person is still signed in, new tokens come at once; if not, the server says so instead of showing a page.",
	Takes: []flows.Given{{Name: "id_token", From: "id_token", What: "the ID token of the login before"}},
	Steps: []flows.Step{
		discover, prepare,
		signedIn(authorize(lit("response_type", "code"), lit("prompt", "none"), as("id_token_hint", "id_token"))),
		quietly(receive), swap, validate, userinfo, callAPI,
	},
}

// signedIn uses the browser that has the session.
func signedIn(st flows.Step) flows.Step {
	st.Title = "Browser: is the person still signed in?"
	st.Why = "prompt=none forbids every page: the server answers with a code, or says what it would have had to ask. " +
		"id_token_hint says whose session is meant, so that nobody else's is used."
	st.Pages = []string{"prompt-none-failed", "third-party-cookies", "login-required", "silent-renewal-failed"}
	do := st.Do
	st.Do = func(s flows.State) flows.Effect {
		b := do(s).(flows.Browse)
		b.SignedIn = true
		return b
	}
	return st
}

// quietly says what the refusals of prompt=none ask of the client (OIDC Core
// §3.1.2.6): the code alone does not tell what to do.
func quietly(st flows.Step) flows.Step {
	st.Pages = []string{"login-required", "interaction-required", "consent-required", "account-selection-required", "state-mismatch"}
	on := st.On
	st.On = func(s flows.State, e flows.Entry) flows.Verdict {
		v := on(s, e)
		if v.Problem == nil {
			return v
		}
		says := map[string]string{
			"login_required":             "nobody is signed in in this browser, or the sign-in is too old: send the person through a login with pages",
			"interaction_required":       "the server has something to ask the person, such as a second factor: repeat the request without prompt=none",
			"consent_required":           "the person has not agreed to these scopes: repeat the request without prompt=none so that they can",
			"account_selection_required": "the person is signed in with several accounts: repeat the request with prompt=select_account, or with a login_hint",
		}[v.Problem.Code]
		if says != "" {
			v.Checks = append(v.Checks, wire.Check{ID: "prompt_none", Status: wire.Warn, Got: wire.Safe(v.Problem.Code), Want: "a code", Ref: "OIDC Core §3.1.2.6", Message: says})
		}
		return v
	}
	return st
}
