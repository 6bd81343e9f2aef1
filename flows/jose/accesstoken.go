package jose

import (
	"time"

	"authdance/flows/wire"
)

// CheckAccessToken judges a token as a JWT access token (RFC 9068 §4), as the
// API does that receives it. An opaque token has nothing to judge: its checks
// are not applicable. A JWT in a provider's own format (no typ at+jwt) gets
// warnings where RFC 9068 would refuse it.
func CheckAccessToken(tok Token, want Expect, keys KeySet, now time.Time) Report {
	r, tok, done := begin(AsAccessToken, tok, keys, want.policy())
	if done {
		if tok.Kind == Opaque {
			r.add(opaqueChecks()...)
		}
		return r
	}
	r.add(accessTokenType(tok)...)
	r.verify(tok, keys, want.policy())
	r.add(issCheck(tok.Claims, want.Issuer, "RFC 9068 §4"), accessAudCheck(tok.Claims, want))
	r.add(timeChecks(tok.Claims, want, now, false)...)
	r.add(profile9068(tok, want)...)
	r.judge()
	return r
}

func opaqueChecks() []wire.Check {
	const why = "opaque: the token is a reference, and only its server knows what it stands for"
	var checks []wire.Check
	for _, id := range [...]string{"signature_invalid", "iss_mismatch", "aud_mismatch", "expired"} {
		checks = append(checks, notApplicable(id, "RFC 7662 §2", why))
	}
	return checks
}

func accessTokenType(tok Token) []wire.Check {
	const id, ref = "typ_confusion", "RFC 9068 §4"
	if c, ok := typTypeCheck(tok.Header); !ok {
		return []wire.Check{c}
	}
	if kind, sign := otherKind(tok, AsAccessToken); kind != "" {
		return []wire.Check{row(wire.Fail, id, ref, "this is "+kind+", not an access token", sign, "an access token")}
	}
	same := passed(id, ref, "nothing marks it as another kind of token")
	if typOf(tok.Header) != "at+jwt" {
		return []wire.Check{same, row(wire.Warn, "typ_mismatch", "RFC 9068 §2.1", "typ does not say access token: this is the provider's own format, not RFC 9068",
			orNothing(tok.Header.Str("typ")), "at+jwt")}
	}
	return []wire.Check{same, row(wire.Pass, "typ_mismatch", "RFC 9068 §2.1", "typ says access token", tok.Header.Str("typ"), "at+jwt")}
}

func accessAudCheck(claims wire.Value, want Expect) wire.Check {
	const ref = "RFC 9068 §4"
	return requiredAud(claims, want.Audience, "this API", ref, "without aud every API would accept this token")
}

// profile9068 are the claims that RFC 9068 §2.2 requires. Only a token that
// says it follows the RFC fails for lacking one.
func profile9068(tok Token, want Expect) []wire.Check {
	const ref = "RFC 9068 §2.2"
	status := wire.Warn
	if typOf(tok.Header) == "at+jwt" {
		status = wire.Fail
	}
	var checks []wire.Check
	for _, name := range [...]string{"sub", "client_id", "iat", "jti"} {
		switch v, ok := tok.Claims.Get(name); {
		case !ok:
			c := missing(name, ref, "RFC 9068 requires "+name)
			c.Status = status
			checks = append(checks, c)
		case (name == "sub" || name == "client_id") && !isString(v):
			checks = append(checks, wrongType(name, ref, v, "a string"))
		}
	}
	if id := tok.Claims.Str("client_id"); id != "" && want.ClientID != "" && id != want.ClientID {
		checks = append(checks, row(wire.Fail, "azp_mismatch", ref, "the token was given to another client", id, want.ClientID))
	}
	if v, ok := tok.Claims.Get("scope"); ok && !isString(v) {
		c := wrongType("scope", "RFC 9068 §2.2.3", v, "one string, scopes separated by spaces")
		c.Status = status
		checks = append(checks, c)
	}
	return append(checks, profileChecks(tok.Claims)...)
}
