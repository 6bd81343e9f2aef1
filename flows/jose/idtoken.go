package jose

import (
	"strings"
	"time"

	"authdance/flows/wire"
)

// CheckIDToken judges a token as an ID token (OIDC Core §3.1.3.7), as a careful
// client would: every rule gives one check, in this order: structure, what
// kind of token it is, algorithm, header, key, signature, iss, aud, azp, sub,
// times, nonce, hashes, auth_time, acr, claim types. now is the client's clock.
// A passing check carries the id of the failure that it rules out.
func CheckIDToken(tok Token, want Expect, keys KeySet, now time.Time) Report {
	r, tok, done := begin(AsIDToken, tok, keys, want.policy())
	if done {
		return r
	}
	r.add(idTokenType(tok)...)
	r.verify(tok, keys, want.policy())
	r.add(issCheck(tok.Claims, want.Issuer, "OIDC Core §3.1.3.7"))
	r.add(idAudChecks(tok.Claims, want)...)
	r.add(subCheck(tok.Claims))
	r.add(timeChecks(tok.Claims, want, now, true)...)
	r.add(nonceCheck(tok.Claims, want))
	r.add(hashChecks(tok, want)...)
	r.add(authTimeCheck(tok.Claims, want, now), acrCheck(tok.Claims, want))
	r.add(profileChecks(tok.Claims)...)
	r.judge()
	return r
}

func (r *Report) add(checks ...wire.Check) { r.Checks = append(r.Checks, checks...) }

// idTokenType refuses what is plainly another kind of token (RFC 8725 §3.12).
// An ID token has typ JWT or none, so only the signs of others count.
func idTokenType(tok Token) []wire.Check {
	const id, ref = "typ_confusion", "RFC 8725 §3.12"
	if c, ok := typTypeCheck(tok.Header); !ok {
		return []wire.Check{c}
	}
	if kind, sign := otherKind(tok, AsIDToken); kind != "" {
		return []wire.Check{row(wire.Fail, id, ref, "this is "+kind+", not an ID token", sign, "an ID token")}
	}
	typ := typOf(tok.Header)
	same := passed(id, ref, "nothing marks it as another kind of token")
	if typ != "" && typ != "jwt" && typ != "id_token+jwt" && typ != "jws" {
		return []wire.Check{same, row(wire.Warn, "typ_mismatch", "RFC 7515 §4.1.9", "typ is not what ID tokens carry", tok.Header.Str("typ"), "JWT, or no typ")}
	}
	return []wire.Check{same}
}

// otherKind recognises a token that is not what it was handed in as: by its
// explicit type, or by a claim that only one kind has. sign is what gave it
// away.
func otherKind(tok Token, as string) (kind, sign string) {
	kind = map[string]string{
		"at+jwt": "an access token", "logout+jwt": "a logout token", "dpop+jwt": "a DPoP proof",
		"oauth-authz-req+jwt": "a request object", "secevent+jwt": "a security event", "token-introspection+jwt": "an introspection answer",
		"client-authentication+jwt": "a client assertion", "kb+jwt": "a key binding proof", "dc+sd-jwt": "a credential",
	}[typOf(tok.Header)]
	if kind != "" && !(as == AsAccessToken && kind == "an access token") {
		return kind, "typ " + tok.Header.Str("typ")
	}
	if _, ok := tok.Claims.Get("events"); ok {
		return "a logout token or security event", "an events claim"
	}
	// Cognito and Keycloak say it in a claim.
	use := strings.ToLower(tok.Claims.Str("token_use") + tok.Claims.Str("typ"))
	switch {
	case as == AsIDToken && (use == "access" || use == "bearer"):
		return "an access token", "token_use or typ " + use
	case as == AsAccessToken && use == "id":
		return "an ID token", "token_use or typ " + use
	case use == "refresh" || use == "offline":
		return "a refresh token", "typ " + use
	}
	if as == AsAccessToken {
		for _, claim := range [...]string{"nonce", "at_hash", "c_hash"} {
			if _, ok := tok.Claims.Get(claim); ok {
				return "an ID token", "a claim " + claim
			}
		}
	}
	return "", ""
}
