package jose

import (
	"time"

	"authdance/flows/wire"
)

// CheckClientAssertion judges a JWT with which a client signs in at the token
// endpoint (RFC 7523 §3, OIDC Core §9), as the server does. ClientID is the
// client; Audience is the server, named by its issuer or token endpoint, and
// Issuer counts as a name of it too. keys are the client's.
func CheckClientAssertion(tok Token, want Expect, keys KeySet, now time.Time) Report {
	const ref = "RFC 7523 §3"
	r, tok, done := begin(AsClientAssertion, tok, keys, want.policy())
	if done {
		return r
	}
	r.add(explicitType(tok, "client-authentication+jwt", "a client assertion", ref, wire.NA)...)
	r.verify(tok, keys, want.policy())
	r.add(issCheck(tok.Claims, want.ClientID, ref), assertionSub(tok.Claims, want.ClientID))
	r.add(readersOf(tok.Claims, []string{want.Audience, want.Issuer}, "this server", ref)...)
	r.add(timeChecks(tok.Claims, want, now, false)...)
	c := requiredText(tok.Claims, "jti", "OIDC Core §9", "without jti an assertion that is sent twice cannot be told from a new one")
	if c.ID == "claim_missing:jti" && c.Status == wire.Fail {
		c.Status = wire.Warn // RFC 7523 leaves it to the server
	}
	r.add(c)
	r.judge()
	return r
}

func assertionSub(claims wire.Value, client string) wire.Check {
	const ref = "RFC 7523 §3"
	v, ok := claims.Get("sub")
	switch {
	case !ok || isString(v) && v.Text == "":
		return missing("sub", ref, "without sub the assertion names no client")
	case !isString(v):
		return wrongType("sub", ref, v, "a string")
	case v.Text != claims.Str("iss"):
		return row(wire.Fail, "azp_mismatch", ref, "a client that signs for itself names itself in iss and sub", v.Text, claims.Str("iss"))
	case client != "" && v.Text != client:
		return row(wire.Fail, "azp_mismatch", ref, "sub is another client", v.Text, client)
	}
	return row(wire.Pass, "azp_mismatch", ref, "iss and sub name the same client", v.Text, claims.Str("iss"))
}

// readersOf judges aud of a token that a client made for a server which has
// several names.
func readersOf(claims wire.Value, names []string, who, ref string) []wire.Check {
	known := ""
	aud := claims.Strings("aud")
	for _, name := range names {
		if name != "" && (known == "" || oneOf(aud, name)) {
			known = name
		}
	}
	checks := []wire.Check{requiredAud(claims, known, who, ref, "without aud any server could use it at another one")}
	if len(aud) > 0 {
		checks = append(checks, multipleCheck(aud))
	}
	return checks
}

// CheckRequestObject judges the parameters of an authorization request that came
// as one signed token (RFC 9101 §6), as the server does. keys are the client's.
func CheckRequestObject(tok Token, want Expect, keys KeySet, now time.Time) Report {
	const ref = "RFC 9101 §4"
	r, tok, done := begin(AsRequestObject, tok, keys, want.policy())
	if done {
		return r
	}
	r.add(explicitType(tok, "oauth-authz-req+jwt", "a request object", "RFC 9101 §10.8", wire.Warn)...)
	r.verify(tok, keys, want.policy())
	r.add(requestClient(tok.Claims, want.ClientID))
	if _, ok := tok.Claims.Get("iss"); ok {
		r.add(issCheck(tok.Claims, want.ClientID, ref))
	} else {
		r.add(row(wire.Warn, "claim_missing:iss", ref, "iss should name the client that signed the request", "no iss", "client_id"))
	}
	if _, ok := tok.Claims.Get("aud"); ok {
		r.add(readersOf(tok.Claims, []string{want.Issuer, want.Audience}, "this server", ref)...)
	} else {
		r.add(row(wire.Warn, "claim_missing:aud", ref, "aud should name the server, else the request can be shown to another one", "no aud", "the issuer"))
	}
	r.add(requestTimes(tok.Claims, want, now)...)
	for _, name := range [...]string{"request", "request_uri"} {
		if v, ok := tok.Claims.Get(name); ok {
			r.add(row(wire.Fail, "nesting", ref, "a request object must not carry another one", name+" "+show(v), "no "+name))
		}
	}
	if tok.Claims.Str("sub") != "" && tok.Claims.Str("sub") == tok.Claims.Str("client_id") {
		r.add(row(wire.Warn, "typ_confusion", "RFC 9101 §10.8", "sub names the client, so the request can be passed off as a client assertion", tok.Claims.Str("sub"), "no sub"))
	}
	r.judge()
	return r
}

// requestTimes: a request object need not end, but it should.
func requestTimes(claims wire.Value, want Expect, now time.Time) []wire.Check {
	checks := timeChecks(claims, want, now, false)
	for i, c := range checks {
		if c.ID == "claim_missing:exp" {
			checks[i].Status = wire.Warn
		}
	}
	return checks
}

func requestClient(claims wire.Value, want string) wire.Check {
	const id, ref = "azp_mismatch", "RFC 9101 §5"
	v, ok := claims.Get("client_id")
	switch {
	case !ok:
		return missing("client_id", ref, "a request object must say whose request it is")
	case !isString(v):
		return wrongType("client_id", ref, v, "a string")
	case want == "":
		return row(wire.Unknown, id, ref, "no client_id is known to compare with", v.Text, "")
	case v.Text != want:
		return row(wire.Fail, id, ref, "the request was signed for another client", v.Text, want)
	}
	return row(wire.Pass, id, ref, "client_id is the one beside the request", v.Text, want)
}
