package lab

import (
	"maps"
	"slices"
	"time"
)

// OpenID Connect Native SSO for Mobile Apps 1.0: applications of one maker on one
// device share a sign-in. The first gets a device secret beside its ID token;
// the second exchanges both for tokens of its own, without a browser.

const (
	scopeDeviceSSO     = "device_sso"
	typeOfDeviceSecret = "urn:openid:params:token-type:device-secret"
)

func nativeClients(callbacks []string) []Client {
	app := Client{Grants: []string{"authorization_code", "refresh_token", grantExchange}, Scopes: append(scopeIDs(), scopeDeviceSSO), RedirectURIs: callbacks}
	one, two := app, app
	one.ID, one.Note = "workshop-app-one", "The first of two applications of one maker on one device: it signs the user in and gets a device secret."
	two.ID, two.Note = "workshop-app-two", "The second: with the ID token and the device secret of the first it needs no sign-in."
	return []Client{one, two}
}

// nativeSSO is the token exchange of the second application, Native SSO §4.3.
func (x *exchange) nativeSSO() (map[string]any, problem) {
	f := x.form
	switch {
	case f.Get("subject_token_type") != typeOfID:
		return nil, ssoSubjectType
	case len(f["audience"]) != 1 || f.Get("audience") != x.tenant.issuer:
		return nil, ssoAudience
	case !slices.Contains(x.client.Scopes, scopeDeviceSSO):
		return nil, ssoClient
	}
	claims, bad := x.readIDToken(f.Get("subject_token"))
	// The ID token may be old (§4.3): what counts is whether the session goes on.
	if bad != "" && bad != tokenExpired {
		return nil, subjectToken
	}
	x.pass(checkSubject)
	secret := f.Get("actor_token")
	session, known := x.tenant.deviceSecrets.get(secret)
	l, _ := x.tenant.logins.get(session)
	switch {
	case !known:
		return nil, ssoSecret
	case claims["ds_hash"] != fullHash(secret) || claims["sid"] != sidOf(session):
		return nil, ssoHash
	case claims["sub"] != l.subject || x.now().Sub(l.at) >= loginLifetime:
		return nil, ssoSession
	}
	x.pass(checkDeviceSecret)
	wanted, bad := x.wantedScopes([]string{"openid"})
	if bad != "" {
		return nil, bad
	}
	u, _ := bySubject(x.tenant.users, l.subject)
	answer, bad := x.mint(permission{subject: u.Subject, username: u.Username, scopes: wanted, signedInAt: l.at, login: session})
	if bad != "" {
		return nil, bad
	}
	x.joinSession(session, x.client.ID, wanted)
	x.deviceSecret = secret
	answer["issued_token_type"] = typeOfAccess
	return answer, ""
}

// joinSession notes that a client took part in a browser session, so that it
// hears of its end.
func (x *exchange) joinSession(id, clientID string, scopes []string) {
	x.tenant.logins.change(x.now(), id, func(l login, _ bool) login {
		all := maps.Clone(l.agreed)
		if all == nil {
			all = map[string][]string{}
		}
		both := slices.Concat(all[clientID], scopes)
		slices.Sort(both)
		all[clientID] = slices.Compact(both)
		l.agreed = all
		return l
	})
}

// shareDevice puts the device secret into a token answer whose scope has
// device_sso, Native SSO §3.2 and §3.3, and ties the ID token to it. A device that
// brings the secret of the same session keeps it.
func (x *exchange) shareDevice(members map[string]any, id *jwt) {
	session, _ := x.granted.Store[keptLogin].(string)
	if x.deviceSecret == "" && x.form.Get("grant_type") == "authorization_code" && session != "" && slices.Contains(fields(x.granted.Scopes), scopeDeviceSSO) {
		x.deviceSecret = x.form.Get("device_secret")
		if of, ok := x.tenant.deviceSecrets.get(x.deviceSecret); !ok || of != session {
			x.deviceSecret = x.lab.random.text()
			x.tenant.deviceSecrets.put(x.now(), x.deviceSecret, session)
		}
	}
	if x.deviceSecret != "" && id != nil {
		members["device_secret"] = x.deviceSecret
		id.claims["ds_hash"] = fullHash(x.deviceSecret)
	}
}

// keepSecrets is how long a device secret is remembered: as long as the session
// that it belongs to.
const keepSecrets = loginLifetime + time.Hour
