package lab

import "slices"

const grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

// Token types of RFC 8693 §3, after tokenTypePrefix.
const (
	tokenTypePrefix = "urn:ietf:params:oauth:token-type:"
	typeOfAccess    = tokenTypePrefix + "access_token"
	typeOfID        = tokenTypePrefix + "id_token"
	typeOfJWT       = tokenTypePrefix + "jwt"
)

// party is what a subject or actor token says about somebody.
type party struct {
	subject string
	scopes  []string // nil when the token has none
	act     any
}

// exchangeToken is token exchange, RFC 8693. Without an actor_token the client
// impersonates the subject; with one, the act claim says who acts for whom.
func (x *exchange) exchangeToken() (map[string]any, problem) {
	f := x.form
	switch wanted := f.Get("requested_token_type"); {
	case wanted != "" && wanted != typeOfAccess && wanted != typeOfJWT && wanted != typeOfIDJAG:
		return nil, requestedType
	case f.Get("subject_token") == "":
		return nil, subjectMissing
	case f.Get("subject_token_type") == "":
		return nil, subjectTypeMissing
	case f.Has("actor_token") && f.Get("actor_token_type") == "":
		return nil, actorTypeMissing
	case !f.Has("actor_token") && f.Has("actor_token_type"):
		return nil, actorMissing
	}
	x.pass(checkExchange)
	switch {
	case f.Get("actor_token_type") == typeOfDeviceSecret:
		return x.nativeSSO()
	case f.Get("requested_token_type") == typeOfIDJAG:
		return x.identityAssertion()
	}
	for _, target := range f["audience"] { // resource was checked before
		if !slices.Contains(x.lab.resources(), target) {
			return nil, targetUnknown
		}
	}
	if targets := slices.Concat(f["audience"], f["resource"]); len(targets) > 0 {
		x.claimWishes(targets, nil)
	}
	subject, bad := x.readParty(f.Get("subject_token"), f.Get("subject_token_type"))
	if bad != "" {
		return nil, pick(bad, subjectType, subjectToken)
	}
	x.pass(checkSubject)
	if f.Has("actor_token") {
		by, bad := x.readParty(f.Get("actor_token"), f.Get("actor_token_type"))
		if bad != "" {
			return nil, pick(bad, actorType, actorToken)
		}
		x.pass(checkActor)
		x.addClaim("act", actor(by.subject, subject.act))
	} else if subject.act != nil {
		x.addClaim("act", subject.act)
	}
	scopes, bad := x.exchangedScopes(subject)
	if bad != "" {
		return nil, bad
	}
	u, _ := bySubject(x.tenant.users, subject.subject)
	answer, bad := x.mint(permission{subject: subject.subject, username: u.Username, scopes: scopes, noRefresh: true})
	if bad != "" {
		return nil, bad
	}
	delete(answer, "id_token") // §2.2.1: one token is asked for, one is given
	answer["issued_token_type"] = typeOfAccess
	return answer, ""
}

// actor is an act claim, RFC 8693 §4.1. Who acted before stands inside.
func actor(subject string, before any) map[string]any {
	act := map[string]any{"sub": subject}
	if before != nil {
		act["act"] = before
	}
	return act
}

// exchangedScopes never gives more than the subject token has.
func (x *exchange) exchangedScopes(subject party) ([]string, problem) {
	usual := subject.scopes
	if usual == nil {
		usual = []string{"read"}
	}
	usual = slices.DeleteFunc(slices.Clone(usual), func(s string) bool { return !slices.Contains(x.client.Scopes, s) || s == "offline_access" })
	scopes, bad := x.wantedScopes(usual)
	if bad != "" {
		return nil, bad
	}
	for _, s := range scopes {
		if subject.scopes != nil && !slices.Contains(subject.scopes, s) {
			return nil, scopeBeyondSubject
		}
	}
	return scopes, ""
}

// readParty checks a token of this server. The problem says whether its type
// (tokenTypeUnknown) or the token itself is bad.
func (x *exchange) readParty(compact, kind string) (party, problem) {
	switch kind {
	case typeOfAccess, typeOfJWT:
		token, bad := x.tenant.checkAccess(compact, x.lab.resources()...)
		return party{subject: token.Subject, scopes: fields(token.Scopes), act: token.extra["act"]}, bad
	case typeOfID:
		claims, bad := x.readIDToken(compact)
		if bad != "" {
			return party{}, bad
		}
		sub, _ := claims["sub"].(string)
		return party{subject: sub}, ""
	}
	return party{}, tokenTypeUnknown
}

// readIDToken checks an ID token of this server. The claims of one that has
// expired are returned beside the problem.
func (x *exchange) readIDToken(compact string) (map[string]any, problem) {
	compact, bad := x.tenant.opened(compact)
	if bad != "" {
		return nil, bad
	}
	header, claims, bad := x.tenant.keys.verify(compact)
	if bad != "" {
		return nil, bad
	}
	exp, _ := claims["exp"].(float64)
	sub, _ := claims["sub"].(string)
	switch {
	case header["typ"] != typeIDToken || claims["iss"] != x.tenant.issuer || sub == "":
		return nil, tokenMalformed
	case float64(x.now().Unix()) >= exp:
		return claims, tokenExpired
	}
	return claims, ""
}

func pick(bad, ofType, ofToken problem) problem {
	if bad == tokenTypeUnknown {
		return ofType
	}
	return ofToken
}
