package lab

import (
	"net/http"
	"net/url"
	"strings"
)

// The kinds of redirect URI that Entra tells apart. The kind decides where a
// code may be redeemed from: a page in a browser sends an Origin, a program
// does not.
const (
	KindNative = "native"
	KindWeb    = "web"
	KindSPA    = "spa" // single-page application
)

// spaPath is where the redirect URIs of the kind spa stand.
const spaPath = "/spa/callback"

// RedirectKind is the kind under which a redirect URI of the client counts in
// the dialects that tell kinds apart: spa for the path /spa/callback, else web
// for a client with a secret and native for one without.
func (c Client) RedirectKind(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err == nil && strings.HasPrefix(u.Path, spaPath):
		return KindSPA
	case c.public():
		return KindNative
	}
	return KindWeb
}

// checkPlatform applies the Origin rules of Entra to a token request: only a
// code for a single-page application is redeemed across origins, then with
// PKCE, and never otherwise. Other dialects have no such rules.
func (x *exchange) checkPlatform(r *http.Request) problem {
	g, ok := x.grantBehind()
	if !x.dialect.originRules || !ok || g.AuthParams.RedirectURI == "" {
		return ""
	}
	origin := r.Header.Get("Origin")
	kind := x.client.RedirectKind(g.AuthParams.RedirectURI)
	x.saw(checkOriginKind, "Origin "+origin, kind)
	switch {
	case origin != "" && kind != KindSPA:
		return codeRedirectKind
	case origin == "" && kind == KindSPA:
		return codeNoOrigin
	case kind == KindSPA && g.AuthParams.CodeChallenge == "":
		return codeOriginPKCE
	}
	x.pass(checkOriginKind)
	return ""
}
