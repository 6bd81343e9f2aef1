package lab

const grantBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// bearerGrant is the JWT bearer grant, RFC 7523 §2.1: a client with registered
// keys signs that it speaks for a user, or for itself. Entra's on-behalf-of
// uses the same grant_type with an access token as the assertion.
func (x *exchange) bearerGrant() (map[string]any, problem) {
	compact := x.form.Get("assertion")
	if compact == "" {
		return nil, assertionMissing
	}
	if j, _ := readForeign(grantAssertion, compact); j.header["typ"] == typeIDJAG {
		return x.acceptIdentityAssertion(j)
	}
	wanted, bad := x.wantedScopes([]string{"read"})
	if bad != "" {
		return nil, bad
	}
	switch use := x.form.Get("requested_token_use"); use {
	case "":
	case "on_behalf_of":
		return x.onBehalfOf(compact, wanted)
	default:
		return nil, tokenUseUnknown
	}
	j, bad := readForeign(grantAssertion, compact)
	if bad != "" {
		return nil, bad
	}
	if j.text("iss") == x.tenant.issuer {
		return nil, assertionOurs
	}
	signer, ok := x.tenant.store.registry.client(j.text("iss"))
	if !ok {
		return nil, j.kind.flaw(flawIssuer)
	}
	if bad := x.verifyByClient(j, signer); bad != "" {
		return nil, bad
	}
	if bad := j.checkAudience(x.tenant.issuer, x.tenant.issuer+"/token"); bad != "" {
		return nil, bad
	}
	if bad := j.checkTimes(x.now()); bad != "" {
		return nil, bad
	}
	p := permission{subject: j.text("sub"), scopes: wanted, noRefresh: true}
	if p.subject != signer.ID {
		u, ok := x.tenant.user(p.subject)
		if !ok {
			return nil, j.kind.flaw(flawSubject)
		}
		p.subject, p.username = u.Subject, u.Username
	}
	if bad := j.once(x.tenant.store, false); bad != "" {
		return nil, bad
	}
	x.pass(checkAssertion)
	return x.mint(p)
}

// user finds a user by subject, user name or e-mail address.
func (t *tenant) user(name string) (User, bool) {
	for _, u := range t.users {
		if name != "" && (u.Subject == name || u.Username == name || u.Email == name) {
			return u, true
		}
	}
	return User{}, false
}

// onBehalfOf gives a service in the middle a token for the user whose access
// token it received. The service shows as the actor.
func (x *exchange) onBehalfOf(compact string, wanted []string) (map[string]any, problem) {
	token, bad := x.tenant.checkAccess(compact, x.lab.resources()...)
	switch bad {
	case "":
	case tokenIsIDToken:
		return nil, behalfIDToken
	default:
		return nil, behalfToken
	}
	if token.Subject == token.ClientID {
		return nil, behalfNobody
	}
	x.pass(checkAssertion)
	u, _ := bySubject(x.tenant.users, token.Subject)
	x.addClaim("act", actor(x.client.ID, token.extra["act"]))
	return x.mint(permission{subject: u.Subject, username: u.Username, scopes: wanted, noRefresh: true})
}

// bearerSigner lets an assertion stand for client authentication, which RFC
// 7523 §3.1 makes optional: its iss is the client.
func (x *exchange) bearerSigner() problem {
	j, bad := readForeign(grantAssertion, x.form.Get("assertion"))
	if bad != "" {
		return bad
	}
	if j.header["typ"] == typeIDJAG {
		return clientMissing // it is from an identity provider, not from the client
	}
	c, ok := x.tenant.store.registry.client(j.text("iss"))
	if !ok {
		return j.kind.flaw(flawIssuer)
	}
	x.pass(checkClientNamed, checkClientKnown, checkClientAuth)
	x.client = c
	return ""
}
