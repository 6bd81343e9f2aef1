package lab

import (
	"hash/maphash"
	"maps"
	"net/http"
	"slices"
)

// metadata answers discovery: OIDC Discovery §4 and RFC 8414 §3 with one
// document.
func (x *exchange) metadata(*http.Request) reply {
	x.tenant.keys.makeAll()
	return reply{status: http.StatusOK, json: maps.Clone(x.tenant.metadata)}
}

// jwks answers with the public keys that are ready.
func (x *exchange) jwks(*http.Request) reply {
	x.tenant.keys.makeAll()
	out := reply{status: http.StatusOK, body: x.tenant.keys.publicJSON(), header: http.Header{}}
	out.header.Set("Content-Type", "application/jwk-set+json")
	return out
}

// token is the token endpoint, RFC 6749 §3.2. What is checked here is checked
// before the library's own checks, because it deserves its own sentence.
func (x *exchange) token(r *http.Request) reply {
	if x.fails(formInURL, inQuery(r)) {
		return x.refuse(formInURL)
	}
	switch missing := x.form.Get("grant_type") == ""; {
	case x.fails(formEmpty, len(x.form) == 0):
		return x.refuse(formEmpty)
	case x.fails(endpointSwapped, missing && x.form.Has("response_type")):
		return x.refuse(endpointSwapped)
	case x.fails(grantMissing, missing):
		return x.refuse(grantMissing)
	}
	grant := x.form.Get("grant_type")
	identify := x.authenticateClient
	if grant == grantBearer && x.form.Has("assertion") && !x.namesClient(r) {
		identify = func(*http.Request) problem { return x.bearerSigner() }
	}
	if bad := identify(r); bad != "" {
		return x.refuse(bad)
	}
	x.saw(checkGrantServed, grant, "")
	if x.fails(grantUnknown, !slices.Contains(servedGrants(), grant)) {
		return x.refuse(grantUnknown)
	}
	x.saw(checkGrantAllowed, grant, joined(x.client.Grants))
	if x.fails(grantNotAllowed, !x.client.may(grant)) {
		return x.refuse(grantNotAllowed)
	}
	if bad := x.bindToProof(r); bad != "" {
		return x.refuse(bad)
	}
	if bad := x.bindToCertificate(); bad != "" {
		return x.refuse(bad)
	}
	if bad := x.checkBinding(); bad != "" {
		return x.refuse(bad)
	}
	if bad := x.applyWishes(); bad != "" {
		return x.refuse(bad)
	}
	switch grant {
	case "authorization_code":
		if bad := x.checkCodeRequest(); bad != "" {
			return x.refuse(bad)
		}
		if bad := x.checkPlatform(r); bad != "" {
			return x.refuse(bad)
		}
		defer x.tenant.redeemOne(x.form.Get("code"))()
	case "refresh_token":
		if x.fails(refreshMissing, x.form.Get("refresh_token") == "") {
			return x.refuse(refreshMissing)
		}
		defer x.tenant.redeemOne(x.form.Get("refresh_token"))()
	case "client_credentials":
		if x.form.Get("scope") == "" {
			x.form.Set("scope", joined(x.client.Scopes))
		}
	}
	if own, ok := ownGrants()[grant]; ok {
		members, bad := own(x)
		if bad != "" {
			return x.refuse(bad)
		}
		return x.tokenAnswer(members)
	}
	x.compareGrant()
	answer := x.ask(r)
	x.settle(map[string][]string{"authorization_code": codeOrder(), "refresh_token": refreshOrder(), "client_credentials": {checkScope}}[grant])
	members, ok := answer.members()
	if x.refused || !ok || answer.status != http.StatusOK {
		return x.refuseAs(members)
	}
	return x.tokenAnswer(members)
}

// tokenAnswer is the successful answer of the token endpoint, RFC 6749 §5.1.
func (x *exchange) tokenAnswer(members map[string]any) reply {
	tokens := &issued{keys: x.tenant.keys, access: x.assertion}
	if x.assertion == nil {
		var err error
		if tokens, err = x.issue(members); err != nil {
			return x.refuse(labFailed)
		}
	}
	x.shareDevice(members, tokens.id)
	if details, ok := x.extra["authorization_details"]; ok {
		members["authorization_details"] = details // RFC 9396 §7
	}
	out := jsonReply(http.StatusOK, members)
	out.issued = tokens
	if x.client.must(mustNonce) {
		x.offerNonce(&out, routeToken)
	}
	return out
}

// ownGrants are the grants that the lab answers itself, because the library
// lacks them or would not say exactly what is wrong.
func ownGrants() map[string]func(*exchange) (map[string]any, problem) {
	return map[string]func(*exchange) (map[string]any, problem){
		grantDevice:   (*exchange).pollDevice,
		grantPassword: (*exchange).passwordGrant,
		grantBearer:   (*exchange).bearerGrant,
		grantSAML:     (*exchange).samlBearerGrant,
		grantExchange: (*exchange).exchangeToken,
		grantCIBA:     (*exchange).pollCIBA,
	}
}

// servedGrants are the grants of the token endpoint. offeredGrants has implicit
// too, which never comes here.
func servedGrants() []string {
	return []string{"authorization_code", "refresh_token", "client_credentials", grantDevice, grantPassword, grantBearer, grantSAML, grantExchange, grantCIBA}
}

func offeredGrants() []string { return append(servedGrants(), grantImplicit) }

// checkCodeRequest looks for parameters that are missing. The code itself is
// the library's business, and a code survives a request that forgot something.
func (x *exchange) checkCodeRequest() problem {
	switch {
	case x.fails(codeMissing, x.form.Get("code") == ""):
		return codeMissing
	case x.fails(redirectOmitted, !x.form.Has("redirect_uri")):
		return redirectOmitted
	}
	id, ok := x.tenant.store.codes.get(x.form.Get("code"))
	if !ok || x.form.Has("code_verifier") {
		return ""
	}
	if g, ok := x.tenant.store.grants.get(id); ok && g.AuthParams.CodeChallenge != "" && g.ClientID == x.client.ID {
		return verifierMissing
	}
	return ""
}

// redeemOne holds back other requests with the same value until the returned
// function is called. Of two requests with one code, the second must find it used.
func (t *tenant) redeemOne(value string) (done func()) {
	m := &t.redeeming[maphash.String(t.seed, value)%uint64(len(t.redeeming))]
	m.Lock()
	return m.Unlock
}

// refuseAs answers for a library that refused. members is what it would have
// said; its error code is used when we know no better reason.
func (x *exchange) refuseAs(members map[string]any) reply {
	if x.why != "" {
		return x.refuse(x.why)
	}
	code, _ := members["error"].(string)
	if code == "" || code == "internal_error" {
		return x.refuse(labFailed)
	}
	return jsonReply(http.StatusBadRequest, map[string]any{"error": code, "error_description": "The request was refused."})
}

// push is the pushed authorization request endpoint, RFC 9126.
func (x *exchange) push(r *http.Request) reply {
	if x.fails(formInURL, inQuery(r)) {
		return x.refuse(formInURL)
	}
	if bad := x.authenticateClient(r); bad != "" {
		return x.refuse(bad)
	}
	if x.fails(grantNotAllowed, !x.client.mayAuthorize()) {
		return x.refuse(grantNotAllowed)
	}
	if x.form.Has("request_uri") {
		return x.refuse(requestURINested)
	}
	// The proof comes first: who is told to come again with a nonce brings the
	// same request object, and that is good once.
	got, bad := x.checkProof(r, x.address(), "", routeToken)
	if bad != "" {
		return x.refuse(bad)
	}
	if bad := x.openRequest(); bad != "" {
		return x.refuse(bad)
	}
	if bad := x.pushedKey(got); bad != "" {
		return x.refuse(bad)
	}
	x.form.Set("client_id", x.client.ID)
	x.form.Set("client_secret", atTheDoor)
	if bad := x.checkRedirect(); bad != "" {
		return x.refuse(bad)
	}
	if bad := x.checkAuthorization(r); bad != "" {
		return x.refuse(bad)
	}
	answer := x.ask(r)
	x.settle([]string{checkScope})
	members, ok := answer.members()
	if x.refused || !ok || answer.status != http.StatusCreated {
		return x.refuseAs(members)
	}
	return jsonReply(http.StatusCreated, members)
}

// introspect is token introspection, RFC 7662. Only clients with a secret may
// ask: to anybody else it would be a way to test stolen tokens.
func (x *exchange) introspect(r *http.Request) reply {
	members, bad := x.queryToken(r, true)
	if bad != "" {
		return x.refuse(bad)
	}
	if members == nil {
		return x.refuseAs(nil)
	}
	if active, _ := members["active"].(bool); !active {
		return x.introspected(r, map[string]any{"active": false})
	}
	delete(members, "nbf")
	members["x_lab"] = true
	if t, ok := x.tenant.store.tokens.get(x.form.Get("token")); ok {
		members["aud"] = x.lab.API()
		maps.Copy(members, t.extra)
		if t.boundTo() != "" {
			members["token_type"] = "DPoP"
		}
		members["iat"], members["exp"] = t.issuedAt.Unix(), t.expiresAt.Unix()
		members["jti"] = t.ID
	} else {
		x.refreshTimes(members)
	}
	return x.introspected(r, members)
}

func (x *exchange) introspected(r *http.Request, members map[string]any) reply {
	out := jsonReply(http.StatusOK, members)
	out.wrap = x.wrapIntrospection(r.Header.Values("Accept"))
	return out
}

// refreshTimes gives the times of a refresh token in the lab's time.
func (x *exchange) refreshTimes(members map[string]any) {
	id, _ := x.tenant.store.refresh.get(x.form.Get("token"))
	g, ok := x.tenant.store.grants.get(id)
	if !ok {
		return
	}
	delete(members, "token_type") // RFC 7662: the type of an access token
	members["iat"], members["exp"] = g.CreatedAt, g.RefreshTokenExpiresAt
}

// revoke is token revocation, RFC 7009. A refresh token takes its whole family
// along, an access token only itself. An unknown token is a success (§2.2).
func (x *exchange) revoke(r *http.Request) reply {
	if _, bad := x.queryToken(r, false); bad != "" {
		return x.refuse(bad)
	}
	if x.refused {
		return x.refuseAs(nil)
	}
	out := reply{status: http.StatusOK, header: http.Header{}}
	out.header.Set("Cache-Control", "no-store")
	return out
}

// queryToken runs the two endpoints that take a token to ask about it. A JWT
// of ours is replaced by the handle under which the library knows it.
func (x *exchange) queryToken(r *http.Request, secretOnly bool) (map[string]any, problem) {
	if x.fails(formInURL, inQuery(r)) {
		return nil, formInURL
	}
	if bad := x.authenticateClient(r); bad != "" {
		return nil, bad
	}
	if secretOnly && x.fails(clientPublic, x.client.public()) {
		return nil, clientPublic
	}
	token := x.form.Get("token")
	if x.fails(tokenParamMissing, token == "") {
		return nil, tokenParamMissing
	}
	x.form.Set("token", x.tenant.handle(token))
	members, _ := x.ask(r).members()
	if x.refused && x.why != "" {
		return nil, x.why
	}
	return members, ""
}

// handle is the library's name for a token from outside: the jti of an access
// token, the text itself for a refresh token. A bare jti is no token, so it
// becomes a text that nobody knows.
func (t *tenant) handle(token string) string {
	header, claims, bad := t.keys.verify(token)
	if bad == "" && header["typ"] == typeAccessToken && claims["iss"] == t.issuer {
		jti, _ := claims["jti"].(string)
		return jti
	}
	if _, bare := t.store.tokens.get(token); bare {
		return ""
	}
	return token
}

// userinfo answers with claims about the user, OIDC Core §5.3.
func (x *exchange) userinfo(r *http.Request) reply {
	token, bad := x.authorized(r, x.address(), x.lab.resources()...)
	if bad != "" {
		return x.refuse(bad)
	}
	x.saw(checkTokenScope, token.Scopes, "openid")
	if x.fails(tokenScopeOpenID, !slices.Contains(fields(token.Scopes), "openid")) {
		return x.challenge(tokenScopeOpenID, "openid")
	}
	r.Header.Set("Authorization", "Bearer "+token.ID)
	answer := x.ask(r)
	members, ok := answer.members()
	if x.refused || !ok || answer.status != http.StatusOK {
		return x.refuseAs(members)
	}
	out := jsonReply(http.StatusOK, members)
	out.wrap = x.wrapUserinfo()
	return out
}
