package diagnose

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// answerRules look at the answer itself, and at the access token of a call.
func answerRules() []rule {
	any := func(s scene) bool { return s.problem.Kind == flows.OAuth || s.problem.Kind == flows.Refused }
	call := asked("api", "userinfo", "api_again")
	return []rule{
		{"rate-limited", any, tooMany},
		{"", any, serverFailed},
		{"proxy", any, proxyAnswered},
		{"redirect-answered", any, redirected},
		{"captive-portal-html", any, portal},
		{"status-403-invalid-grant", both(asked("token"), code("invalid_grant")), forbidden},
		{"error-in-http-200", asked("token"), errorAs200},
		{"clock-skew", any, clocks},
		{"access-token-expired", call, tokenOver},
		{"audience-mismatch", call, otherAudience},
		{"insufficient-scope", both(call, code("insufficient_scope", "http_403", "invalid_token")), scopeOfCall},
		{"step-up-required", both(call, code("insufficient_user_authentication")), levelWanted},
		{"unauthorized-api-without-challenge", call, noChallenge},
		{"dpop-proof-invalid", call, schemeWrong},
	}
}

func (s scene) answered(c Confidence, sentence, text string) finding {
	return finding{confidence: c, sentence: sentence, evidence: []Evidence{{Mark: Fits, Text: text, Step: s.problem.Step}}}
}

func tooMany(s scene) finding {
	x, ok := s.refused()
	if !ok || x.Response.Status != 429 {
		return finding{}
	}
	text := "the answer is 429"
	if wait := x.Response.Get("Retry-After"); wait != "" {
		text += ", Retry-After: " + wait.Safe()
	}
	return s.answered(Certain, "The server takes no more requests from this client for a while.", text)
}

func serverFailed(s scene) finding {
	x, ok := s.refused()
	if !ok || x.Response.Status < 500 {
		return finding{}
	}
	f := s.answered(Likely, "The server failed; the request need not be wrong.", fmt.Sprintf("the answer is %d", x.Response.Status))
	f.wide = true
	switch {
	case x.Response.Status == 503 && (s.problem.Code == "temporarily_unavailable" || x.Response.Get("Retry-After") != ""):
		f.page = "service-unavailable"
	case bareStatus(s.problem.Code):
		f.page = "server-error"
	default:
		return finding{}
	}
	return f
}

func proxyAnswered(s scene) finding {
	x, ok := s.refused()
	if !ok || x.Response.Status != 407 {
		return finding{}
	}
	return s.answered(Certain, "A proxy between here and the server wants a login of its own.", "the answer is 407")
}

func redirected(s scene) finding {
	x, ok := s.refused()
	if _, direct := s.ResultOf(s.problem.Step).Effect.(flows.Send); !direct || !ok || x.Response.Status < 300 || x.Response.Status > 399 || s.problem.Step == "discovery" {
		return finding{}
	}
	return s.answered(Certain, "The server answered with a redirect, and no client follows one with its secrets.", fmt.Sprintf("the answer is %d to %s", x.Response.Status, x.Response.Get("Location").Safe()))
}

// portal: a page, and not from the server that was asked.
func portal(s scene) finding {
	x, ok := s.refused()
	body := strings.ToLower(x.Response.Body.Raw())
	if _, direct := s.ResultOf(s.problem.Step).Effect.(flows.Send); !direct || !ok || !strings.HasPrefix(strings.TrimSpace(body), "<") {
		return finding{}
	}
	for _, word := range []string{"captive", "wi-fi", "hotspot", "guest network", "accept the terms", "network login"} {
		if strings.Contains(body, word) {
			return s.answered(Likely, "A page of the network answered in place of the server: somebody has to sign in to the network first.", "the answer is an HTML page with the word "+word)
		}
	}
	return finding{}
}

func forbidden(s scene) finding {
	if s.problem.HTTPStatus != 403 {
		return finding{}
	}
	return s.answered(Possible, "The server refuses the grant with 403; the specification asks for 400. Read it as invalid_grant.", "the answer is 403 with invalid_grant")
}

func errorAs200(s scene) finding {
	for _, c := range s.ResultOf("token").Checks {
		if c.ID == "http_200_error" && c.Status != wire.Pass {
			return s.answered(Possible, "The status says success and the body says error; a client that looks at the status alone is misled.", c.Message)
		}
	}
	return finding{}
}

// clocks compares the Date header with the moment of the answer; it only says
// something where time matters.
func clocks(s scene) finding {
	theirs, ours, ok := s.serverTime()
	timely := slices.Contains([]string{"expired", "not_yet_valid", "iat_in_future", "iat_out_of_window", "invalid_dpop_proof"}, s.problem.Code) || s.says("expired", "clock", "not yet", "future", "iat", "nbf")
	if !ok || !timely {
		return finding{}
	}
	off := theirs.Sub(ours).Round(time.Second)
	if off.Abs() <= 5*time.Second {
		return finding{ruledOut: "the server's clock and this computer's agree within 5 s (Date header)", step: s.problem.Step}
	}
	sure := Likely
	if off.Abs() <= time.Minute {
		sure = Possible
	}
	return s.answered(sure, "The server's clock and this computer's differ.", "the Date header is "+off.Abs().String()+map[bool]string{true: " ahead of", false: " behind"}[off > 0]+" this computer's clock")
}

// bearerToken is the access token of the refused call, as far as it can be read.
func (s scene) bearerToken() (jose.Token, bool) {
	_, token, _ := strings.Cut(s.first(s.problem.Step, "Authorization").Raw(), " ")
	t := claimsOf(wire.Untrusted(token))
	if has := s.Vars["access_token"].Raw(); has != "" && token != has {
		return t, false // see bearer
	}
	return t, token != "" && t.Kind == jose.JWS
}

func tokenOver(s scene) finding {
	t, ok := s.bearerToken()
	exp := timeOf(t, "exp")
	now, whose := s.Now, "this computer's"
	if theirs, _, known := s.serverTime(); known {
		now, whose = theirs, "the server's"
	}
	switch {
	case !ok || exp.IsZero():
		return finding{}
	case now.After(exp):
		return s.fact(Certain, "Authorization", "The access token had expired.", fmt.Sprintf("it ended %s before, by %s clock", now.Sub(exp).Round(time.Second), whose))
	}
	return finding{ruledOut: fmt.Sprintf("the access token is valid for another %s by %s clock", exp.Sub(now).Round(time.Second), whose), step: s.problem.Step}
}

// otherAudience: the token names another API than the one that was asked.
func otherAudience(s scene) finding {
	t, ok := s.bearerToken()
	req, _ := s.sent(s.problem.Step)
	at, err := url.Parse(req.URL.Raw())
	aud := t.Claims.Strings("aud")
	if !ok || err != nil || len(aud) == 0 || s.problem.Step == "userinfo" {
		return finding{}
	}
	for _, a := range aud {
		if u, err := url.Parse(a); err != nil || u.Host == "" || u.Host == at.Host {
			return finding{ruledOut: "aud of the access token may well mean this API: " + wire.Safe(strings.Join(aud, ", ")), step: s.problem.Step}
		}
	}
	return s.backed(s.fact(Possible, "Authorization", "The access token is for another API.", "aud "+wire.Safe(strings.Join(aud, ", "))+"; asked was "+wire.Safe(at.Host)), "audience", "aud")
}

// challenged is a parameter of the WWW-Authenticate header (RFC 6750 §3).
func (s scene) challenged(name string) string {
	x, _ := s.refused()
	_, rest, found := strings.Cut(x.Response.Get("WWW-Authenticate").Raw(), name+`="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func scopeOfCall(s scene) finding {
	t, ok := s.bearerToken()
	want := strings.Fields(s.challenged("scope"))
	had := strings.Fields(t.Claims.Str("scope"))
	if len(had) == 0 {
		had = t.Claims.Strings("scp")
	}
	var missing []string
	for _, name := range want {
		if !slices.Contains(had, name) {
			missing = append(missing, wire.Safe(name))
		}
	}
	if !ok || len(missing) == 0 || len(had) == 0 {
		return finding{}
	}
	return s.fact(Certain, "Authorization", "The access token lacks a scope that the API names in its refusal: "+strings.Join(missing, ", ")+".", "scope of the token: "+wire.Safe(strings.Join(had, " ")))
}

func levelWanted(s scene) finding {
	want := s.challenged("acr_values")
	if want == "" {
		return finding{}
	}
	t, _ := s.bearerToken()
	return s.answered(Likely, "The API wants a stronger sign-in than the one behind this token.", "wanted: "+wire.Safe(want)+"; the token says "+show("acr", wire.Untrusted(t.Claims.Str("acr"))))
}

// noChallenge: a 401 names how to do better (RFC 9110 §15.5.2).
func noChallenge(s scene) finding {
	x, ok := s.refused()
	if !ok || x.Response.Status != 401 || x.Response.Get("WWW-Authenticate") != "" {
		return finding{}
	}
	return s.answered(Possible, "The API refuses and does not say how it wants to be asked: the WWW-Authenticate header is missing.", "the answer is 401 without WWW-Authenticate")
}

// schemeWrong: a bound token goes with the scheme DPoP (RFC 9449 §7.1).
func schemeWrong(s scene) finding {
	scheme, _, _ := strings.Cut(s.first(s.problem.Step, "Authorization").Raw(), " ")
	t, ok := s.bearerToken()
	cnf, bound := t.Claims.Get("cnf")
	if !ok || !bound || cnf.Str("jkt") == "" || !strings.EqualFold(scheme, "Bearer") {
		return finding{}
	}
	return s.fact(Certain, "Authorization", "The token is bound to a key and was sent as a bearer token; its scheme is DPoP.", "scheme of this request: "+wire.Safe(scheme)+"; the token has cnf.jkt")
}
