package lab

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
)

// bearerToken takes the access token out of a request, RFC 6750 §2. The form
// body (§2.2) is accepted for a form; the query (§2.3) is not, as RFC 9700
// §4.3.2 asks.
func bearerToken(r *http.Request, form url.Values) (string, problem) {
	if r.URL.Query().Has("access_token") {
		return "", tokenInQuery
	}
	inBody := ""
	if r.Method == http.MethodPost {
		inBody = form.Get("access_token")
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		if inBody == "" {
			return "", tokenMissing
		}
		return inBody, ""
	}
	if inBody != "" {
		return "", tokenTwice
	}
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", tokenMissing
	}
	return token, ""
}

// checkAccess checks an access token as RFC 9068 §4 asks: type, signature,
// issuer, audience, time, and here also whether it was revoked.
func (t *tenant) checkAccess(compact string) (accessToken, problem) {
	header, claims, bad := t.lab.keys.verify(compact)
	if bad != "" {
		return accessToken{}, bad
	}
	if header["typ"] != typeAccessToken {
		return accessToken{}, tokenIsIDToken
	}
	if claims["iss"] != t.issuer || claims["aud"] != t.lab.API() {
		return accessToken{}, tokenAudience
	}
	jti, _ := claims["jti"].(string)
	token, bad := t.store.live(jti)
	return token, bad
}

// bearerRefusal answers a request without a good access token, RFC 6750 §3.
// scope names what is needed, when that is what is missing.
func bearerRefusal(why refusal, scope string) reply {
	challenge := `Bearer realm="authdance lab"`
	body := map[string]any{"error_description": why.description}
	// §3.1: a request without any token is told nothing about errors.
	if why.code != "" {
		challenge += `, error="` + why.code + `", error_description="` + why.description + `"`
		body["error"] = why.code
	}
	if scope != "" {
		challenge += `, scope="` + scope + `"`
	}
	out := jsonReply(why.status, body)
	out.header.Set("WWW-Authenticate", challenge)
	return out
}

func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
