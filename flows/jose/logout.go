package jose

import (
	"time"

	"authdance/flows/wire"
)

const backchannelLogout = "http://schemas.openid.net/event/backchannel-logout"

// CheckLogoutToken judges a logout token (OIDC Back-Channel Logout §2.6), as the
// client does that is told of a logout.
func CheckLogoutToken(tok Token, want Expect, keys KeySet, now time.Time) Report {
	const ref = "OIDC Back-Channel Logout §2.4"
	r, tok, done := begin(AsLogoutToken, tok, keys, want.policy())
	if done {
		return r
	}
	r.add(explicitType(tok, "logout+jwt", "a logout token", ref, wire.Warn)...)
	r.verify(tok, keys, want.policy())
	r.add(issCheck(tok.Claims, want.Issuer, ref),
		requiredAud(tok.Claims, want.ClientID, "this client_id", ref, "without aud the logout could be meant for any client"))
	r.add(timeChecks(tok.Claims, want, now, true)...)
	r.add(requiredText(tok.Claims, "jti", ref, "without jti a logout that is sent twice cannot be told from a new one"))
	r.add(logoutEvent(tok.Claims), loggedOut(tok.Claims))
	if v, ok := tok.Claims.Get("nonce"); ok {
		r.add(row(wire.Fail, "nonce_forbidden", ref, "a logout token must have no nonce, so that nobody can pass it off as an ID token", show(v), "no nonce"))
	} else {
		r.add(passed("nonce_forbidden", ref, "there is no nonce, so it cannot pass for an ID token"))
	}
	r.add(profileChecks(tok.Claims)...)
	r.judge()
	return r
}

func logoutEvent(claims wire.Value) wire.Check {
	const ref = "OIDC Back-Channel Logout §2.4"
	v, ok := claims.Get("events")
	event, has := v.Get(backchannelLogout)
	switch {
	case !ok:
		return missing("events", ref, "without events this is no logout token")
	case !isObject(v):
		return wrongType("events", ref, v, "an object")
	case !has:
		return row(wire.Fail, "claim_missing:events", ref, "events names another event, not a logout", describeMembers(v), backchannelLogout)
	case !isObject(event):
		return wrongType("events", ref, event, "an empty object for the event")
	}
	return passed("claim_missing:events", ref, "events says that this is a back-channel logout")
}

// loggedOut: sub, sid or both say who is logged out.
func loggedOut(claims wire.Value) wire.Check {
	const ref = "OIDC Back-Channel Logout §2.4"
	if claims.Str("sub") == "" && claims.Str("sid") == "" {
		return row(wire.Fail, "claim_missing:sub", ref, "neither sub nor sid says who is logged out", "no sub, no sid", "sub or sid")
	}
	return passed("claim_missing:sub", ref, "sub or sid says who is logged out")
}

// explicitType judges typ of a kind of token that has a type of its own. absent
// is the status of a token that only says JWT, or nothing.
func explicitType(tok Token, typ, kind, ref string, absent wire.Status) []wire.Check {
	if c, ok := typTypeCheck(tok.Header); !ok {
		return []wire.Check{c}
	}
	got := tok.Header.Str("typ")
	same := passed("typ_confusion", "RFC 8725 §3.12", "nothing marks it as another kind of token")
	switch t := typOf(tok.Header); {
	case t == typ:
		return []wire.Check{same, row(wire.Pass, "typ_mismatch", ref, "typ says that it is "+kind, got, typ)}
	case t == "" || t == "jwt":
		return []wire.Check{same, row(absent, "typ_mismatch", ref, "typ does not say that it is "+kind, orNothing(got), typ)}
	}
	return []wire.Check{row(wire.Fail, "typ_confusion", "RFC 8725 §3.12", "typ says that this is something else than "+kind, got, typ)}
}

// requiredText is the rule of a claim that must be there and be text.
func requiredText(claims wire.Value, name, ref, why string) wire.Check {
	v, ok := claims.Get(name)
	switch {
	case !ok || isString(v) && v.Text == "":
		return missing(name, ref, why)
	case !isString(v):
		return wrongType(name, ref, v, "a string")
	}
	return passed("claim_missing:"+name, ref, name+" is there")
}
