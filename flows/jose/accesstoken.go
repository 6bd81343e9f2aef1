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
	r := Report{As: AsAccessToken, Checks: append([]wire.Check(nil), tok.Checks...)}
	if r.unreadable(tok) {
		if tok.Kind == Opaque {
			r.add(opaqueChecks()...)
		}
		return r
	}
	r.add(accessTokenType(tok)...)
	checks, key := Verify(tok, keys, want.policy())
	r.Key = key
	r.add(checks...)
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
	v, ok := claims.Get("aud")
	aud, isList := stringOrList(v)
	switch {
	case !ok || isList && len(aud) == 0:
		return missing("aud", ref, "without aud every API would accept this token")
	case !isList:
		return wrongType("aud", ref, v, "a string or an array of strings")
	}
	return audCheck(aud, want.Audience, "this API", ref)
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

// CheckAny judges a token as what it looks like: an access token or an ID token
// where it says so or has claims that only one of them has, else any JWT
// (RFC 7519 §7.2, RFC 8725), for which Audience or ClientID is the reader.
// Report.As tells which.
func CheckAny(tok Token, want Expect, keys KeySet, now time.Time) Report {
	switch {
	case typOf(tok.Header) == "at+jwt", tok.Kind == Opaque:
		return CheckAccessToken(tok, want, keys, now)
	case looksLikeIDToken(tok):
		return CheckIDToken(tok, want, keys, now)
	}
	r := Report{As: AsJWT, Checks: append([]wire.Check(nil), tok.Checks...)}
	if r.unreadable(tok) {
		return r
	}
	if c, ok := typTypeCheck(tok.Header); !ok {
		r.add(c)
	}
	r.add(notApplicable("typ_confusion", "RFC 8725 §3.12", "no kind of token was named, so none was compared"))
	checks, key := Verify(tok, keys, want.policy())
	r.Key = key
	r.add(checks...)
	reader := want
	if reader.Audience == "" {
		reader.Audience = want.ClientID
	}
	r.add(optional(tok.Claims, "iss", want.Issuer, issCheck(tok.Claims, want.Issuer, "RFC 8725 §3.8")),
		optional(tok.Claims, "aud", reader.Audience, accessAudCheck(tok.Claims, reader)))
	r.add(timeChecks(tok.Claims, want, now, false)...)
	r.add(profileChecks(tok.Claims)...)
	r.judge()
	return r
}

// optional forgives a plain JWT for lacking a claim that nobody expects in it.
func optional(claims wire.Value, name, want string, c wire.Check) wire.Check {
	if _, ok := claims.Get(name); !ok && want == "" {
		return notApplicable(name+"_mismatch", "RFC 7519 §4.1", "there is no "+name+", and none was expected")
	}
	return c
}

func looksLikeIDToken(tok Token) bool {
	if kind, _ := otherKind(tok, AsIDToken); kind != "" {
		return false
	}
	for _, name := range [...]string{"nonce", "at_hash", "c_hash", "auth_time"} {
		if _, ok := tok.Claims.Get(name); ok {
			return true
		}
	}
	use := tok.Claims.Str("token_use") + tok.Claims.Str("typ")
	return use == "id" || use == "ID"
}
