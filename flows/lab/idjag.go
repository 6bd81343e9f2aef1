package lab

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Identity assertion authorization grant (ID-JAG, draft-ietf-oauth-identity-
// assertion-authz-grant): with the ID token of one tenant, the company's
// identity provider, an application gets an assertion for another tenant, which
// takes it in place of a sign-in. Two tenants of a lab play the two parts.

const (
	typeOfIDJAG      = tokenTypePrefix + "id-jag"
	typeIDJAG        = "oauth-id-jag+jwt" // its typ
	grantProfileJAG  = "urn:ietf:params:oauth:grant-profile:id-jag"
	tokenTypeNone    = "N_A" // RFC 8693 §2.2.1: what was issued is no access token
	assertionSeconds = 300
)

func agentClients(callbacks []string) []Client {
	return []Client{{ID: "workshop-agent", Secret: "workshop-secret", Grants: []string{"authorization_code", "refresh_token", grantExchange, grantBearer}, Scopes: scopeIDs(),
		RedirectURIs: callbacks, Note: "An application of a company: its user signs in at one tenant, and it gets access at another with an identity assertion (ID-JAG)."}}
}

// identityAssertion answers a token exchange that wants an ID-JAG: the part of
// the identity provider. x.assertion is what it issues.
func (x *exchange) identityAssertion() (map[string]any, problem) {
	f := x.form
	if f.Get("subject_token_type") != typeOfID {
		return nil, jagSubjectType
	}
	targets := f["audience"]
	if len(targets) != 1 || targets[0] == x.tenant.issuer || !slices.Contains(x.lab.issuers(), targets[0]) {
		return nil, jagAudience
	}
	subject, bad := x.readIDToken(f.Get("subject_token"))
	switch {
	case bad != "":
		return nil, subjectToken
	case subject["aud"] != x.client.ID:
		return nil, jagOtherClient
	}
	x.pass(checkSubject)
	scopes, bad := x.wantedScopes([]string{"read"})
	if bad != "" {
		return nil, bad
	}
	now := x.now()
	claims := map[string]any{
		"iss": x.tenant.issuer, "sub": subject["sub"], "aud": targets[0], "client_id": x.client.ID, "jti": x.lab.random.text(),
		"iat": now.Unix(), "exp": now.Add(assertionSeconds * time.Second).Unix(), "scope": joined(scopes), "x_lab": true,
	}
	for _, name := range []string{"auth_time", "acr", "amr", "email"} {
		if value, ok := subject[name]; ok {
			claims[name] = value
		}
	}
	switch resources := f["resource"]; len(resources) {
	case 0:
	case 1:
		claims["resource"] = resources[0]
	default:
		claims["resource"] = resources
	}
	x.assertion = newJWT(typeIDJAG, x.tenant.keys.main(), claims)
	return map[string]any{"issued_token_type": typeOfIDJAG, "token_type": tokenTypeNone, "expires_in": assertionSeconds, "scope": joined(scopes)}, ""
}

// acceptIdentityAssertion takes an ID-JAG of another tenant as a grant: the part
// of the server of the other application. The client must be the one that it was
// issued to, so that a stolen one is worth nothing.
func (x *exchange) acceptIdentityAssertion(j foreignJWT) (map[string]any, problem) {
	provider, ok := x.tenant.trustedIssuer(j.text("iss"))
	if !ok {
		return nil, jagUntrusted
	}
	if _, _, bad := provider.keys.verify(j.compact); bad != "" {
		return nil, j.kind.flaw(flawSignature)
	}
	if bad := j.checkAudience(x.tenant.issuer); bad != "" {
		return nil, bad
	}
	if j.text("client_id") != x.client.ID {
		return nil, jagClient
	}
	if bad := j.checkTimes(x.now()); bad != "" {
		return nil, bad
	}
	if bad := j.once(x.tenant.store, true); bad != "" {
		return nil, bad
	}
	// The accounts are linked by user name: a subject means nothing elsewhere.
	there, known := bySubject(provider.users, j.text("sub"))
	u, ok := x.tenant.user(there.Username)
	if !known || !ok {
		return nil, j.kind.flaw(flawSubject)
	}
	x.pass(checkAssertion)
	granted := fields(j.text("scope"))
	wanted, bad := x.wantedScopes(granted)
	if bad != "" {
		return nil, bad
	}
	if slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(granted, s) }) {
		return nil, jagScope
	}
	if bad := x.client.mayAsk(wanted); bad != "" {
		return nil, bad
	}
	if resource := j.text("resource"); resource != "" && !x.form.Has("resource") {
		if !slices.Contains(x.lab.resources(), resource) {
			return nil, targetUnknown
		}
		x.claimWishes([]string{resource}, nil)
	}
	p := permission{subject: u.Subject, username: u.Username, scopes: wanted, noRefresh: true}
	if at, ok := j.claims["auth_time"].(float64); ok {
		p.signedInAt = time.Unix(int64(at), 0)
	}
	return x.mint(p)
}

// trustedIssuer finds the tenant with an issuer, if this one trusts it. Nobody
// trusts itself here: a tenant has sign-ins of its own.
func (t *tenant) trustedIssuer(issuer string) (*tenant, bool) {
	for other := range maps.Values(t.lab.tenants) {
		if _, no := t.distrusted.Load(other.name); other.issuer == issuer {
			return other, other != t && !no
		}
	}
	return nil, false
}

// announceSharing writes both parts, and Native SSO (§5), into the metadata.
func announceSharing(m map[string]any) {
	m["native_sso_supported"] = true
	m["identity_chaining_requested_token_types_supported"] = []string{typeOfIDJAG}
	m["authorization_grant_profiles_supported"] = []string{grantProfileJAG}
}

// SetTrust says whether this tenant accepts identity assertions (ID-JAG) of
// another one of its lab. At first all tenants trust one another. An unknown
// name, or the tenant's own, is an error.
func (t Tenant) SetTrust(other string, on bool) error {
	if _, ok := t.t.lab.tenants[other]; !ok || other == t.t.name {
		return fmt.Errorf("lab: %q is not another tenant of this lab", other)
	}
	if on {
		t.t.distrusted.Delete(other)
	} else {
		t.t.distrusted.Store(other, true)
	}
	return nil
}
