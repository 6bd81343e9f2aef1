package lab

import (
	"net/http"
	"net/url"
	"slices"
)

// logout is RP-initiated logout, OpenID Connect RP-Initiated Logout 1.0. With a
// good id_token_hint the browser is signed out at once; without one the user is
// asked, because any web page could have sent the request.
func (x *exchange) logout(r *http.Request) reply {
	c, bad := x.logoutClient()
	if bad != "" {
		return x.refuse(bad)
	}
	target := x.form.Get("post_logout_redirect_uri")
	switch {
	case target != "" && c.ID == "":
		return x.refuse(logoutNobody)
	case target != "" && !c.matchesAfterLogout(target):
		return x.refuse(logoutTarget)
	}
	id, l, signedIn := x.cookieLogin(r)
	sure := x.hint != "" && (!signedIn || l.subject == x.hint) ||
		r.Method == http.MethodPost && x.form.Get("action") == "logout" && x.fromThisOrigin(r)
	if !sure {
		return reply{status: http.StatusOK, page: x.logoutPage(c)}
	}
	if !signedIn {
		id, l, signedIn = x.hintedLogin()
	}
	var frames []string
	if signedIn {
		frames = x.tenant.endSession(id, l)
	}
	cookie := http.Cookie{Name: x.cookieName(), Path: "/" + x.tenant.name, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1}
	header := http.Header{"Set-Cookie": {cookie.String()}}
	if target == "" {
		return reply{status: http.StatusOK, header: header, page: signedOutPage(frames, "", header)}
	}
	out := &authorizationResponse{redirectURI: target, mode: "query", params: url.Values{}}
	if state := x.form.Get("state"); state != "" {
		out.params.Set("state", state)
	}
	if len(frames) > 0 {
		return reply{status: http.StatusOK, header: header, page: signedOutPage(frames, out.location(), header)}
	}
	return reply{status: http.StatusSeeOther, header: header, redirect: out}
}

// hintedLogin is the session that the id_token_hint names, for a request that
// comes without the cookie of the browser.
func (x *exchange) hintedLogin() (string, login, bool) {
	id, _ := x.tenant.sids.get(x.hintSID)
	l, ok := x.tenant.logins.get(id)
	return id, l, ok && x.now().Sub(l.at) < loginLifetime && l.subject == x.hint
}

// logoutClient finds out which client asks: by client_id, by the hint, or not
// at all. The hint may have expired.
func (x *exchange) logoutClient() (Client, problem) {
	id := x.form.Get("client_id")
	if hint := x.form.Get("id_token_hint"); hint != "" {
		hint, bad := x.tenant.opened(hint)
		if bad != "" {
			return Client{}, logoutHint
		}
		_, claims, bad := x.tenant.keys.verify(hint)
		aud, _ := claims["aud"].(string)
		switch {
		case bad != "" || claims["iss"] != x.tenant.issuer || aud == "":
			return Client{}, logoutHint
		case id != "" && id != aud:
			return Client{}, logoutOther
		}
		id = aud
		x.hint, _ = claims["sub"].(string)
		x.hintSID, _ = claims["sid"].(string)
	}
	if id == "" {
		return Client{}, ""
	}
	c, ok := x.tenant.store.registry.client(id)
	if !ok {
		return c, clientUnknown
	}
	return c, ""
}

func (c Client) matchesAfterLogout(uri string) bool {
	return slices.Contains(c.AfterLogout, uri) || slices.Contains(c.AfterLogout, withoutPort(uri))
}

func (x *exchange) logoutPage(c Client) *page {
	p := &page{Kind: "logout", Title: "Sign out?", ClientID: c.ID, Action: "/" + x.tenant.name + "/logout", targets: []string{formTarget(x.form.Get("post_logout_redirect_uri"))}}
	for _, name := range []string{"client_id", "post_logout_redirect_uri", "state"} {
		if x.form.Has(name) {
			p.Fields = append(p.Fields, field{name, x.form.Get(name)})
		}
	}
	return p
}
