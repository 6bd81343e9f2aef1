package lab

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// The weak server: what a client must not rely on, and an attacker looks for.
const (
	weakCode     = "weak_code_reuse"
	weakPKCE     = "weak_pkce"
	weakPlain    = "weak_plain"
	weakRedirect = "weak_redirect"
	weakRotation = "weak_rotation"
	weakNone     = "weak_alg_none"
)

// weakFaults make the server accept what it must refuse. A correct client sees
// nothing of them.
func weakFaults() []*fault {
	weak := func(key, title string, breaks norm, shows, route string, before func(*exchange)) *fault {
		f := badness{key, title, "", breaks, shows}.at(KindWeak, "weak", http.StatusOK)
		f.Needs, f.route, f.before = "attack", route, before
		return f
	}
	return []*fault{
		weak(weakCode, "Codes work again and again", codesOnce, "A code can be redeemed more than once.", routeToken, (*exchange).freshenCode),
		weak(weakPKCE, "PKCE is ignored", pkceVerifier, "The code_verifier is not compared with the code_challenge.", routeToken, (*exchange).forgetChallenge),
		weak(weakPlain, "PKCE plain", noPlain, "The code_challenge_method plain is accepted: who sees the request knows the verifier.", "", nil),
		weak(weakRedirect, "Any redirect_uri", redirectSame, "The redirect_uri is not compared with the registered ones, so codes can be sent anywhere.", "", nil),
		weak(weakRotation, "Refresh tokens work again and again", refreshOnce, "A refresh token that was replaced still works.", routeToken, (*exchange).keepRefresh),
		weak(weakNone, "Unsigned assertions", idNoneAlg, "Client assertions and request objects with alg none are accepted.", "", nil),
	}
}

// amend changes the grant behind a token request.
func (x *exchange) amend(change func(*goidc.Grant)) {
	if g, ok := x.grantBehind(); ok {
		change(&g)
		x.tenant.store.grants.put(x.tenant.now(), g.ID, g)
	}
}

func (x *exchange) freshenCode() {
	if x.form.Get("grant_type") == "authorization_code" {
		x.lookedAway(checkCodeUnused, weakCode)
		x.amend(func(g *goidc.Grant) { g.AuthCodeConsumedAt, g.RevokedAt = 0, 0 })
	}
}

func (x *exchange) forgetChallenge() {
	if x.form.Get("grant_type") == "authorization_code" {
		x.lookedAway(checkPKCE, weakPKCE)
		x.form.Del("code_verifier")
		x.amend(func(g *goidc.Grant) { g.AuthParams.CodeChallenge = "" })
	}
}

func (x *exchange) keepRefresh() {
	if token := x.form.Get("refresh_token"); x.form.Get("grant_type") == "refresh_token" {
		x.lookedAway(checkRefreshNewest, weakRotation)
		x.amend(func(g *goidc.Grant) { g.RefreshToken = token })
	}
}

// plainChallenge turns a plain challenge into the S256 one that the library
// wants; a verifier that equals the plain one then fits.
func (x *exchange) plainChallenge() {
	if method := x.form.Get("code_challenge_method"); x.form.Has("code_challenge") && (method == "" || method == "plain") {
		x.lookedAway(checkChallenge, weakPlain)
		sum := sha256.Sum256([]byte(x.form.Get("code_challenge")))
		x.form.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		x.form.Set("code_challenge_method", "S256")
	}
}

func (j foreignJWT) unsigned() bool {
	alg, _ := j.header["alg"].(string)
	return strings.EqualFold(alg, "none")
}
