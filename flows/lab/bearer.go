package lab

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
)

// presented takes the access token out of a request, RFC 6750 §2 and RFC 9449
// §7.1. The form body (RFC 6750 §2.2) is accepted for a form; the query (§2.3)
// is not, as RFC 9700 §4.3.2 asks.
func presented(r *http.Request, form url.Values) (scheme, token string, bad problem) {
	if r.URL.Query().Has("access_token") {
		return "", "", tokenInQuery
	}
	inBody := ""
	if r.Method == http.MethodPost {
		inBody = form.Get("access_token")
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		if inBody == "" {
			return "", "", tokenMissing
		}
		return "bearer", inBody, ""
	}
	if inBody != "" {
		return "", "", tokenTwice
	}
	scheme, token, _ = strings.Cut(header, " ")
	scheme, token = strings.ToLower(scheme), strings.TrimSpace(token)
	if scheme != "bearer" && scheme != "dpop" || token == "" {
		return "", "", tokenMissing
	}
	return scheme, token, ""
}

// authorized finds the access token of a request to a protected resource and
// checks it, with the proof of its key if it is bound to one. target is the
// address of the request; the token must be meant for one of the audiences.
func (x *exchange) authorized(r *http.Request, target string, audiences ...string) (accessToken, problem) {
	scheme, compact, bad := presented(r, x.form)
	if bad != "" {
		return accessToken{}, bad
	}
	x.pass(checkToken)
	token, bad := x.tenant.checkAccess(compact, audiences...)
	x.upTo(bad, accessOrder())
	if bad != "" {
		return accessToken{}, bad
	}
	x.client, _ = x.tenant.store.registry.client(token.ClientID)
	if bad := x.checkConfirmation(token); bad != "" {
		return token, bad
	}
	jkt := token.boundTo()
	switch {
	case jkt == "" && scheme == "dpop":
		return token, tokenUnbound
	case jkt == "":
		return token, ""
	case scheme == "bearer":
		return token, tokenBound
	}
	x.saw(checkTokenBinding, "", jkt)
	got, bad := x.checkProof(r, target, compact, x.route.name)
	switch {
	case bad != "":
		return token, bad
	case !got.sent:
		return token, proofMissing
	case got.jkt != jkt:
		return token, tokenOtherKey
	}
	x.pass(checkProof, checkTokenBinding)
	x.proof = got
	return token, ""
}

// boundTo is the thumbprint of the key that the token needs, RFC 9449 §6.1.
func (t accessToken) boundTo() string { return t.confirmation("jkt") }

// checkAccess checks an access token as RFC 9068 §4 asks: type, signature,
// issuer, audience, time, and here also whether it was revoked.
func (t *tenant) checkAccess(compact string, audiences ...string) (accessToken, problem) {
	header, claims, bad := t.keys.verify(compact)
	if bad != "" {
		return accessToken{}, bad
	}
	if header["typ"] != typeAccessToken {
		return accessToken{}, tokenIsIDToken
	}
	if claims["iss"] != t.issuer || !namesOne(claims["aud"], audiences) {
		return accessToken{}, tokenAudience
	}
	jti, _ := claims["jti"].(string)
	token, bad := t.store.live(jti)
	return token, bad
}

// challenge answers a request without a good access token, RFC 6750 §3 and
// RFC 9449 §7.1. scope names what is needed, when that is what is missing.
func (x *exchange) challenge(p problem, scope string) reply {
	x.fails(p, true)
	return x.translate(p, x.challengeWith(p.refusal(), p.aboutProof(), scope))
}

func (x *exchange) challengeWith(why refusal, dpop bool, scope string) reply {
	const realm, algs = `Bearer realm="authdance lab"`, `DPoP algs="`
	body := map[string]any{"error_description": why.description}
	parts := realm
	if dpop {
		parts = algs + joined(foreignAlgs()) + `"`
		if why.code != "use_dpop_nonce" && why.code != "invalid_token" {
			why.code = "invalid_dpop_proof"
		}
		why.status = http.StatusUnauthorized
	}
	// RFC 6750 §3.1: a request without any token is told nothing about errors.
	if why.code != "" {
		parts += `, error="` + why.code + `", error_description="` + why.description + `"`
		body["error"] = why.code
	}
	if scope != "" {
		parts += `, scope="` + scope + `"`
	}
	if x.described != "" {
		parts += `, resource_metadata="` + x.described + `"` // RFC 9728 §5.1
	}
	out := jsonReply(why.status, body)
	out.header.Set("WWW-Authenticate", parts)
	if why.code == "" {
		out.header.Add("WWW-Authenticate", algs+joined(foreignAlgs())+`"`)
	}
	if why.code == "use_dpop_nonce" {
		x.offerNonce(&out, x.route.name)
	}
	return out
}

func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
