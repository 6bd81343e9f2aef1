package grants

import (
	"crypto/subtle"
	"slices"

	"authdance/flows"
	"authdance/flows/wire"
)

// Code is the authorization code grant, RFC 6749 §4.1, with the OpenID Connect
// steps that follow it. PKCE and client authentication are modifiers.
var code = flows.Grant{
	ID: "authorization_code", Title: "Authorization code", Ref: "RFC 6749 §4.1 · OIDC Core §3.1",
	About: "A person signs in with a browser; the application gets a one-time code and swaps it for tokens. The flow for almost every login.",
	Steps: []flows.Step{discover, prepare, authorize(lit("response_type", "code")), receive, swap, validate, userinfo, callAPI},
}

// prepare draws what ties the browser's answer and the ID token to this run.
var prepare = flows.Step{
	ID: "prepare", Title: "Make state and nonce", Ref: "RFC 6749 §10.12 · OIDC Core §3.1.2.1", From: flows.Client, To: flows.Client,
	Why: "state ties the browser's answer to this run. nonce ties the ID token to it. " +
		"Nobody can guess them, so an answer that carries them was made for us.",
	Pages: []string{"state", "nonce", "pkce"},
	Do:    draw("state", "nonce"), On: keep,
}

// authorize sends the person to the server. first are the parameters that tell
// one flow from another.
func authorize(first ...field) flows.Step {
	return flows.Step{ID: "authorize", Title: "Browser: sign in", Ref: "RFC 6749 §4.1.1 · OIDC Core §3.1.2.1", From: flows.Client, To: flows.AS, Front: true,
		Why: "The person signs in at the server, not here: the application never sees the password. " +
			"Everything in this URL passes through the browser and can be read and changed there.",
		Pages: []string{"redirect-uri-mismatch", "unknown-client", "browser-did-not-come-back", "invalid-scope", "unsupported-response-type", "pkce-required"},
		Needs: []string{"authorization_endpoint", "client_id", "redirect_uri", "state"},
		Do: browse("authorization_endpoint", slices.Concat(first, []field{arg("client_id"), arg("redirect_uri"), arg("scope"), arg("state"),
			nonce, arg("response_mode"), arg("prompt"), arg("max_age"), arg("login_hint"), arg("acr_values"), arg("claims"),
			arg("authorization_details"), several("resource"), arg("audience"), extra})...),
		On: returned}
}

// receive reads the code that the browser brings.
var receive = flows.Step{
	ID: "callback", Title: "Receive the code", Ref: "RFC 6749 §4.1.2 · RFC 9207", From: flows.Browser, To: flows.Client, Front: true,
	Why: "The browser comes back with a one-time code. Before anything is read from it, state must be ours and iss must be the server we asked: " +
		"else the answer belongs to somebody else's login.",
	Pages: []string{"access-denied", "state-mismatch", "issuer-mismatch", "login-required", "consent-required", "server-error"},
	In:    arrived("authorize"),
	On:    callback("code"),
}

// swap trades the code for tokens.
var swap = flows.Step{
	ID: "token", Title: "Swap the code for tokens", Ref: "RFC 6749 §4.1.3", From: flows.Client, To: flows.AS, Auth: true,
	Why: "The code travelled through the browser, so a thief may have seen it. " +
		"This request goes straight to the server and proves that the one who swaps the code is the one who started.",
	Pages: []string{"code-expired", "code-already-used", "redirect-uri-mismatch-token", "pkce-verifier-mismatch", "client-authentication-failed"},
	Needs: []string{"token_endpoint", "client_id", "code"},
	Do:    post("token_endpoint", lit("grant_type", "authorization_code"), arg("code"), arg("redirect_uri"), several("resource")),
	On:    takeTokens,
}

// arrived is the message with which the browser came back from the named step.
func arrived(step string) func(flows.State) flows.Request {
	return func(s flows.State) flows.Request {
		for _, f := range slices.Backward(s.ResultOf(step).Facts) {
			if r, ok := f.Event.(flows.Redirected); ok {
				return r.Request
			}
		}
		return flows.Request{}
	}
}

// nonce is sent only where an ID token will come back to carry it.
func nonce(s flows.State) []flows.Param {
	if !slices.Contains(words(s.Vars["scope"]), "openid") || s.Spec.Options["nonce"] == "off" {
		return nil
	}
	return arg("nonce")(s)
}

// callback reads the authorization response in the order that keeps it safe:
// state, then iss, then error, then the wanted values.
func callback(want ...string) func(flows.State, flows.Entry) flows.Verdict {
	return func(s flows.State, e flows.Entry) flows.Verdict {
		in := s.Incoming()
		answer := append(slices.Clip(in.Query), in.Form...)
		v := flows.Verdict{Checks: []wire.Check{duplicates(answer), stateCheck(s, answer), issCheck(s, answer)}}
		if slices.ContainsFunc(v.Checks, func(c wire.Check) bool { return c.Status == wire.Fail }) {
			return v
		}
		if code, ok := value(answer, "error"); ok {
			desc, _ := value(answer, "error_description")
			uri, _ := value(answer, "error_uri")
			v.Problem = &flows.Problem{Kind: flows.OAuth, Code: code.Safe(), Description: desc, URI: uri}
			return v
		}
		v.Set = flows.Vars{}
		for _, name := range want {
			got, _ := value(answer, name)
			if got == "" {
				v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Fail, Want: name, Ref: "RFC 6749 §4.1.2",
					Message: "the browser came back with neither " + name + " nor error"})
			}
			v.Set[name] = got
		}
		return v
	}
}

func duplicates(answer []flows.Param) wire.Check {
	seen := map[string]bool{}
	for _, p := range answer {
		if seen[p.Name] {
			return wire.Check{ID: "duplicate_parameter", Status: wire.Fail, Got: wire.Safe(p.Name), Ref: "RFC 6749 §3.1",
				Message: wire.Safe(p.Name) + " came more than once; nobody can say which one is meant"}
		}
		seen[p.Name] = true
	}
	return wire.Check{ID: "duplicate_parameter", Status: wire.Pass, Message: "every parameter came once", Ref: "RFC 6749 §3.1"}
}

func stateCheck(s flows.State, answer []flows.Param) wire.Check {
	want := s.Vars["state"]
	got, has := value(answer, "state")
	c := wire.Check{ID: "state_mismatch", Status: wire.Pass, Got: got.Safe(), Want: want.Safe(), Ref: "RFC 6749 §10.12", Message: "state is the one that this run sent"}
	switch {
	case !has:
		c.ID, c.Status, c.Message = "state_missing", wire.Fail, "the answer has no state, so nothing ties it to this run"
	case subtle.ConstantTimeCompare([]byte(got.Raw()), []byte(want.Raw())) != 1:
		c.Status, c.Message = wire.Fail, "state is not the one that this run sent: the answer belongs to another login"
	}
	return c
}

func issCheck(s flows.State, answer []flows.Param) wire.Check {
	want := s.Vars["issuer"]
	got, has := value(answer, "iss")
	token, _ := value(answer, "id_token")
	c := wire.Check{ID: "response_iss_mismatch", Status: wire.Pass, Got: got.Safe(), Want: want.Safe(), Ref: "RFC 9207 §2.4", Message: "iss names the server that this run asked"}
	switch {
	case want == "":
		c.Status, c.Message = wire.NA, "the profile has no issuer to compare iss with"
	case !has && token != "":
		c.ID, c.Status, c.Message = "response_iss_missing", wire.NA, "the ID token in the answer names the server, and is checked before anything else is used"
	case !has && s.Vars["response_iss_advertised"] == "true":
		c.ID, c.Status, c.Message = "response_iss_missing", wire.Fail, "the server announces iss in its answers, and this answer has none"
	case !has:
		c.ID, c.Status, c.Message = "response_iss_missing", wire.NA, "the server does not announce iss in its answers"
	case got != want:
		c.Status, c.Message = wire.Fail, "iss names another server than the one that this run asked: a mix-up"
	}
	return c
}
