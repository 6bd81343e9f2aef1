package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// clientRules look at how the client proved who it is.
func clientRules() []rule {
	direct := asked("token", "par", "revoke", "introspect", "device_authorization", "backchannel_authentication")
	refused := both(direct, code("invalid_client", "invalid_request", "unauthorized_client", "http_401", "http_400"))
	return []rule{
		{"two-client-authentications", refused, twoAuthentications},
		{"unknown-client", refused, twoNames},
		{"client-secret-missing", both(direct, code("invalid_client", "http_401")), noProof},
		{"client-auth-method-wrong", both(direct, code("invalid_client", "http_401")), methodNotOffered},
		{"client-assertion-invalid", refused, assertionClaims},
		{"client-assertion-time", refused, assertionTimes},
		{"client-assertion-invalid", refused, assertionReplayed},
		{"algorithm-not-supported", refused, assertionAlg},
		{"secret-in-browser", refused, originAndSecret},
		{"cross-origin-redemption", both(asked("token"), code("invalid_request", "invalid_client")), originSent},
		{"mtls-certificate-missing", both(asked("token"), code("invalid_client")), noCertificate},
	}
}

// ways are the client authentication methods that a request shows (RFC 6749 §2.3).
func (s scene) ways() []string {
	step := s.problem.Step
	var out []string
	if _, _, is := basic(s.first(step, "Authorization")); is {
		out = append(out, "client_secret_basic")
	}
	req, _ := s.sent(step)
	for _, p := range req.Form {
		switch p.Name {
		case "client_secret":
			out = append(out, "client_secret_post")
		case "client_assertion":
			out = append(out, "private_key_jwt")
		}
	}
	return out
}

// twoAuthentications: one method per request (RFC 6749 §2.3).
func twoAuthentications(s scene) finding {
	ways := slices.Compact(s.ways())
	if len(ways) < 2 {
		return finding{}
	}
	return s.fact(Certain, "client_secret", "The client proves itself in two ways at once; one request may use one.", "in this request: "+strings.Join(ways, " and "))
}

// twoNames: the header names one client, the form another.
func twoNames(s scene) finding {
	user, _, is := basic(s.first(s.problem.Step, "Authorization"))
	form := s.first(s.problem.Step, "client_id").Raw()
	if !is || form == "" || user == form {
		return finding{}
	}
	return s.fact(Certain, "client_id", "The Authorization header and the form name two different clients.", "in the header "+wire.Safe(user)+", in the form "+wire.Safe(form))
}

// noProof: the server announces how clients prove themselves, and "none" is not there.
func noProof(s scene) finding {
	if len(s.ways()) > 0 || !s.lacks("token_endpoint_auth_methods_supported", "none") {
		return finding{}
	}
	return s.fact(Likely, "client_secret", "The client sent no proof of itself, and the server announces no way without one.", "no secret and no signed statement in this request; token_endpoint_auth_methods_supported has no none")
}

func methodNotOffered(s scene) finding {
	for _, way := range s.ways() {
		if s.lacks("token_endpoint_auth_methods_supported", way) {
			return s.fact(Likely, "client_secret", "The client proves itself in a way that the server does not announce.", "used: "+way+"; token_endpoint_auth_methods_supported does not list it")
		}
	}
	return finding{}
}

// assertion is the client's signed statement, if this request has one.
func (s scene) assertion() (jose.Token, bool) {
	raw := s.first(s.problem.Step, "client_assertion")
	if raw == "" {
		return jose.Token{}, false
	}
	t := claimsOf(raw)
	return t, t.Kind == jose.JWS
}

// assertionClaims: iss and sub are the client, aud is the server (RFC 7523 §3).
func assertionClaims(s scene) finding {
	t, is := s.assertion()
	if !is {
		return finding{}
	}
	iss, sub := t.Claims.Str("iss"), t.Claims.Str("sub")
	id := s.Vars["client_id"].Raw()
	aud := t.Claims.Strings("aud")
	switch {
	case iss != sub:
		return s.fact(Certain, "client_assertion", "In the client's signed statement iss and sub differ; both must be the client.", "iss "+wire.Safe(iss)+", sub "+wire.Safe(sub))
	case id != "" && sub != id:
		return s.fact(Certain, "client_assertion", "The client's signed statement speaks of another client.", "sub "+wire.Safe(sub)+", and the client is "+wire.Safe(id))
	case len(aud) > 0 && !slices.Contains(aud, s.Vars["issuer"].Raw()) && !slices.Contains(aud, s.Vars["token_endpoint"].Raw()):
		return s.fact(Likely, "client_assertion", "The client's signed statement is addressed to somebody else.", "aud "+wire.Safe(strings.Join(aud, ", "))+"; the server is "+s.Vars["issuer"].Safe())
	}
	return finding{ruledOut: "iss, sub and aud of client_assertion fit this client and server", step: s.problem.Step}
}

// assertionTimes compares the statement with the server's clock where it showed
// one, else with ours.
func assertionTimes(s scene) finding {
	t, is := s.assertion()
	if !is {
		return finding{}
	}
	now, whose := s.Now, "this computer's"
	if theirs, _, ok := s.serverTime(); ok {
		now, whose = theirs, "the server's"
	}
	exp, from := timeOf(t, "exp"), timeOf(t, "nbf")
	if from.IsZero() {
		from = timeOf(t, "iat")
	}
	switch {
	case exp.IsZero():
		return s.fact(Certain, "client_assertion", "The client's signed statement has no exp, and must have one.", "exp: nothing")
	case now.After(exp):
		return s.fact(Certain, "client_assertion", "The client's signed statement had expired.", fmt.Sprintf("it ended %s before, by %s clock", now.Sub(exp).Round(time.Second), whose))
	case from.After(now.Add(time.Second)):
		f := s.fact(Certain, "client_assertion", "The client's signed statement begins in the future: the client's clock is ahead.", fmt.Sprintf("it begins %s later, by %s clock", from.Sub(now).Round(time.Second), whose))
		f.page = "clock-client-ahead"
		return f
	case exp.Sub(now) > time.Hour:
		return s.backed(s.fact(Possible, "client_assertion", "The client's signed statement lives long, and some servers take short ones only.", "it lives "+exp.Sub(now).Round(time.Minute).String()), "exp", "lifetime", "too long", "long")
	}
	return finding{ruledOut: "client_assertion was valid at that time by " + whose + " clock", step: s.problem.Step}
}

// assertionReplayed: a statement counts once (RFC 7523 §3, jti).
func assertionReplayed(s scene) finding {
	sent := s.first(s.problem.Step, "client_assertion")
	if sent == "" {
		return finding{}
	}
	n := 0
	for i := range s.Grant.Steps {
		for r := &s.Results[i]; r != nil; r = r.Earlier {
			for _, x := range r.Exchanges() {
				if p, has := x.Request.Find("client_assertion"); has && p.Value == sent {
					n++
				}
			}
		}
	}
	if n < 2 {
		return finding{}
	}
	return s.fact(Likely, "client_assertion", "The same signed statement was sent before; a server takes each one once.", fmt.Sprintf("this run sent it %d times", n))
}

func assertionAlg(s scene) finding {
	t, is := s.assertion()
	alg := t.Header.Str("alg")
	if !is || alg == "" || !s.lacks("token_endpoint_auth_signing_alg_values_supported", alg) {
		return finding{}
	}
	return s.fact(Likely, "client_assertion", "The client signs with an algorithm that the server does not announce.", "alg "+wire.Safe(alg)+"; token_endpoint_auth_signing_alg_values_supported does not list it")
}

// originAndSecret: what runs in a browser keeps no secret.
func originAndSecret(s scene) finding {
	if s.first(s.problem.Step, "Origin") == "" || len(s.ways()) == 0 {
		return finding{}
	}
	return s.backed(s.fact(Possible, "Origin", "The request comes from a browser, as its Origin header says, and carries a secret.", "Origin and "+strings.Join(s.ways(), ", ")+" in one request"), "origin", "browser", "secret")
}

// originSent: some servers tell web servers and browsers apart by Origin (Entra ID).
func originSent(s scene) finding {
	origin := s.first("token", "Origin")
	if origin == "" || len(s.ways()) > 0 {
		return finding{}
	}
	return s.backed(s.fact(Possible, "Origin", "The request has an Origin header; a redirect_uri that is not registered for the browser is then refused by some servers.", "Origin of this request: "+origin.Safe()), "origin", "single-page", "browser")
}

// noCertificate: the server knows the client by a certificate (RFC 8705 §2).
func noCertificate(s scene) finding {
	sent, is := s.ResultOf("token").Effect.(flows.Send)
	yes, known := s.metadata().Supports("token_endpoint_auth_methods_supported", "tls_client_auth")
	if !is || sent.Cert != "" || len(s.ways()) > 0 || !known || !yes {
		return finding{}
	}
	return s.backed(s.fact(Possible, "client_id", "No client certificate was shown, and the server offers to know clients by one.", "this request went out without a certificate"), "certificate", "mtls", "tls")
}
