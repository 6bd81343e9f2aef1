package jose

import (
	"strings"
	"time"

	"authdance/flows/wire"
)

// Check judges a token as one of the kinds As…, by the name that the command
// line uses; "any" and "" let the token say what it is. ok is false for an
// unknown name.
func Check(as string, tok Token, want Expect, keys KeySet, now time.Time) (r Report, ok bool) {
	switch as {
	case "", "any":
		return CheckAny(tok, want, keys, now), true
	case AsIDToken:
		return CheckIDToken(tok, want, keys, now), true
	case AsAccessToken:
		return CheckAccessToken(tok, want, keys, now), true
	case AsLogoutToken:
		return CheckLogoutToken(tok, want, keys, now), true
	case AsDPoP:
		return CheckDPoP(tok, want, now), true
	case AsClientAssertion:
		return CheckClientAssertion(tok, want, keys, now), true
	case AsRequestObject:
		return CheckRequestObject(tok, want, keys, now), true
	case AsResponse:
		return CheckResponse(tok, want, keys, now), true
	case AsUserInfo:
		return CheckUserInfo(tok, want, keys), true
	case AsJWT:
		return CheckJWT(tok, want, keys, now), true
	case AsMessage:
		return CheckMessage(tok, keys, want.policy()), true
	case AsSAML:
		return CheckSAML(tok, want, keys, now), true
	}
	return Report{}, false
}

// Kinds lists what a token can be checked as, in the order of the command line.
func Kinds() []string {
	return []string{AsIDToken, AsAccessToken, AsLogoutToken, AsDPoP, AsClientAssertion, AsRequestObject, AsResponse, AsUserInfo, AsJWT, AsMessage, AsSAML}
}

// CheckAny judges a token as what it says that it is, by its type or by claims
// that only one kind has; else as any JWT; and what is no JWT at all as a
// message. Report.As tells which.
func CheckAny(tok Token, want Expect, keys KeySet, now time.Time) Report {
	r, _ := Check(guess(tok), tok, want, keys, now)
	return r
}

// guess says what a token looks like.
func guess(tok Token) string {
	core := tok.core()
	switch typOf(core.Header) {
	case "at+jwt":
		return AsAccessToken
	case "dpop+jwt":
		return AsDPoP
	case "logout+jwt":
		return AsLogoutToken
	case "oauth-authz-req+jwt":
		return AsRequestObject
	case "client-authentication+jwt":
		return AsClientAssertion
	}
	has := func(name string) bool { _, ok := core.Claims.Get(name); return ok }
	events, _ := core.Claims.Get("events")
	_, logout := events.Get(backchannelLogout)
	switch {
	case core.Kind == Opaque:
		return AsAccessToken
	case core.Kind == SAML:
		return AsSAML
	case isMessage(tok, core):
		return AsMessage
	case logout:
		return AsLogoutToken
	case (has("response_type") || has("redirect_uri")) && has("client_id"):
		return AsRequestObject
	case looksLikeIDToken(core):
		return AsIDToken
	}
	return AsJWT
}

// isMessage: neither its type nor its content says that it is a JWT.
func isMessage(tok, core Token) bool {
	if core.Kind == Malformed || core.Kind == JWE && core.Plaintext == nil || typOf(core.Header) == "jwt" {
		return false
	}
	cty := strings.ToLower(strings.TrimPrefix(core.joined().Str("cty"), "application/"))
	return tok.serial != "" || !isObject(core.Claims) || cty != "" && cty != "jwt"
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

// CheckJWT judges a token as a JWT of no particular kind (RFC 7519 §7.2,
// RFC 8725), for which Audience or ClientID is the reader.
func CheckJWT(tok Token, want Expect, keys KeySet, now time.Time) Report {
	r, tok, done := begin(AsJWT, tok, keys, want.policy())
	if done {
		return r
	}
	if c, ok := typTypeCheck(tok.Header); !ok {
		r.add(c)
	}
	r.add(notApplicable("typ_confusion", "RFC 8725 §3.12", "no kind of token was named, so none was compared"))
	r.verify(tok, keys, want.policy())
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

// CheckMessage judges a JWS or JWE whose content is no JWT: whether it is what
// its maker signed or encrypted, and nothing about its meaning.
func CheckMessage(tok Token, keys KeySet, p Policy) Report {
	p.Message = true
	r, tok, done := begin(AsMessage, tok, keys, p)
	if done {
		return r
	}
	if tok.Plaintext != nil {
		// Who has the key to a tag that is right has made the message.
		r.Verdict = Valid
		if r.Count(wire.Fail) > 0 {
			r.Verdict = Invalid
		}
		return r
	}
	r.verify(tok, keys, p)
	r.judge()
	return r
}
