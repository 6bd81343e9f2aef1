package jose

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"authdance/flows/wire"
)

func missing(name, ref, why string) wire.Check {
	return row(wire.Fail, "claim_missing:"+name, ref, why, "no "+name, name)
}

func wrongType(name, ref string, v wire.Value, want string) wire.Check {
	return row(wire.Fail, "claim_type:"+name, ref, name+" has the wrong JSON type", show(v)+" ("+kindOf(v)+")", want)
}

// issCheck compares the issuer by simple string comparison.
func issCheck(claims wire.Value, want, ref string) wire.Check {
	v, ok := claims.Get("iss")
	switch {
	case !ok || isString(v) && v.Text == "":
		return missing("iss", ref, "without iss nobody knows whose token this is")
	case !isString(v):
		return wrongType("iss", ref, v, "a string")
	case want == "":
		return row(wire.Unknown, "iss_mismatch", ref, "no issuer is known to compare with", v.Text, "")
	case v.Text == want:
		return row(wire.Pass, "iss_mismatch", ref, "iss equals the expected issuer", v.Text, want)
	}
	return row(wire.Fail, "iss_mismatch", ref, "iss is not the expected issuer"+nearMiss(v.Text, want), v.Text, want)
}

// nearMiss says how two URLs that look the same differ.
func nearMiss(got, want string) string {
	switch {
	case strings.TrimRight(got, "/") == strings.TrimRight(want, "/"):
		return ": only a slash at the end differs, but they must be equal"
	case strings.EqualFold(got, want):
		return ": only upper and lower case differ, but they must be equal"
	case strings.TrimPrefix(got, "http://") == strings.TrimPrefix(want, "https://"), strings.TrimPrefix(got, "https://") == strings.TrimPrefix(want, "http://"):
		return ": only http and https differ, but they must be equal"
	case strings.Contains(want, "{tenant"):
		return ": the expected one is a template, put the tenant's id into it"
	}
	return ""
}

// idAudChecks are the rules about aud and azp of an ID token.
func idAudChecks(claims wire.Value, want Expect) []wire.Check {
	const ref = "OIDC Core §3.1.3.7"
	v, ok := claims.Get("aud")
	aud, isList := stringOrList(v)
	switch {
	case !ok || isList && len(aud) == 0:
		return []wire.Check{missing("aud", ref, "without aud the token could be for any client")}
	case !isList:
		return []wire.Check{wrongType("aud", ref, v, "a string or an array of strings")}
	}
	return []wire.Check{audCheck(aud, want.ClientID, "this client_id", ref), trustedCheck(aud, want), multipleCheck(aud), azpCheck(claims, aud, want)}
}

// requiredAud is the rule of every token that must name its reader.
func requiredAud(claims wire.Value, want, who, ref, why string) wire.Check {
	v, ok := claims.Get("aud")
	aud, isList := stringOrList(v)
	switch {
	case !ok || isList && len(aud) == 0:
		return missing("aud", ref, why)
	case !isList:
		return wrongType("aud", ref, v, "a string or an array of strings")
	}
	return audCheck(aud, want, who, ref)
}

func audCheck(aud []string, want, who, ref string) wire.Check {
	const id = "aud_mismatch"
	switch {
	case want == "":
		return row(wire.Unknown, id, ref, "it is not known who should read this token, so aud was not compared", list(aud), "")
	case oneOf(aud, want):
		return row(wire.Pass, id, ref, "aud contains "+who, list(aud), want)
	}
	return row(wire.Fail, id, ref, "the token is for someone else: aud does not contain "+who, list(aud), want)
}

func trustedCheck(aud []string, want Expect) wire.Check {
	const id, ref = "aud_untrusted", "OIDC Core §3.1.3.7"
	if want.ClientID == "" {
		return unknown(id, ref, "it is not known which readers the client trusts")
	}
	var strangers []string
	for _, a := range aud {
		if a != want.ClientID && !oneOf(want.TrustedAudiences, a) {
			strangers = append(strangers, a)
		}
	}
	if len(strangers) > 0 {
		return row(wire.Fail, id, ref, "aud names readers that this client does not trust", list(strangers), list(append([]string{want.ClientID}, want.TrustedAudiences...)))
	}
	return passed(id, ref, "aud names nobody whom this client does not trust")
}

func multipleCheck(aud []string) wire.Check {
	const id, ref = "aud_multiple", "OIDC Core §2"
	if len(aud) > 1 {
		return row(wire.Warn, id, ref, "several readers are named: each of them can show this token to the others", list(aud), "one audience")
	}
	return passed(id, ref, "there is a single audience")
}

func azpCheck(claims wire.Value, aud []string, want Expect) wire.Check {
	const id, ref = "azp_mismatch", "OIDC Core §3.1.3.7"
	v, ok := claims.Get("azp")
	switch {
	case !ok && len(aud) == 1:
		return notApplicable(id, ref, "azp is not needed with one audience")
	case !ok:
		return notApplicable(id, ref, "there is no azp; it is not required, although it helps with several audiences")
	case !isString(v):
		return wrongType("azp", ref, v, "a string")
	case want.ClientID == "":
		return row(wire.Unknown, id, ref, "no client_id is known to compare with", v.Text, "")
	case v.Text == want.ClientID:
		return row(wire.Pass, id, ref, "azp is this client_id", v.Text, want.ClientID)
	case oneOf(want.TrustedAudiences, v.Text):
		return row(wire.Pass, id, ref, "azp is a client that this one trusts", v.Text, list(want.TrustedAudiences))
	}
	return row(wire.Fail, id, ref, "the token was made for another client (azp)", v.Text, want.ClientID)
}

func subCheck(claims wire.Value) wire.Check {
	const ref = "OIDC Core §2"
	v, ok := claims.Get("sub")
	switch {
	case !ok || isString(v) && v.Text == "":
		return missing("sub", ref, "without sub nobody is signed in")
	case !isString(v):
		return wrongType("sub", ref, v, "a string")
	case len(v.Text) > 255:
		return row(wire.Fail, "sub_too_long", ref, "sub is longer than the 255 characters that a database may reserve", bytesOf(len(v.Text)), "at most 255")
	}
	return passed("sub_too_long", ref, "sub is there, a string of "+count(len(v.Text), "byte"))
}

// nonceCheck binds the token to this client's request (OIDC Core §3.1.3.7).
func nonceCheck(claims wire.Value, want Expect) wire.Check {
	const ref = "OIDC Core §3.1.3.7"
	v, ok := claims.Get("nonce")
	switch {
	case ok && !isString(v):
		return wrongType("nonce", ref, v, "a string")
	case want.Refreshed && !ok:
		return notApplicable("nonce_missing", "OIDC Core §12.2", "an ID token that came with a refresh needs no nonce")
	case want.Refreshed && want.Nonce == "":
		return notApplicable("nonce_mismatch", "OIDC Core §12.2", "the nonce of the first sign-in is not known here; a refresh is tied to it by the refresh token")
	case want.Nonce != "" && !ok:
		return row(wire.Fail, "nonce_missing", ref, "a nonce was sent, and the token has none: it may belong to another sign-in", "no nonce", want.Nonce)
	case want.Nonce != "" && v.Text != want.Nonce:
		return row(wire.Fail, "nonce_mismatch", ref, "nonce is not the one that was sent: the token belongs to another sign-in", v.Text, want.Nonce)
	case want.Nonce != "":
		return row(wire.Pass, "nonce_mismatch", ref, "nonce equals the one that was sent", v.Text, want.Nonce)
	case want.NoNonce && ok:
		return row(wire.Fail, "nonce_forbidden", ref, "no nonce was sent, so this token answers another request", v.Text, "no nonce")
	case want.NoNonce:
		return passed("nonce_forbidden", ref, "no nonce was sent, and none came back")
	case ok:
		return row(wire.Unknown, "nonce_mismatch", ref, "no nonce known: without the run, nothing can be compared", v.Text, "")
	}
	return notApplicable("nonce_missing", ref, "the token has no nonce, and none is known")
}

// hashChecks bind the access token, the code and the state to the ID token.
func hashChecks(tok Token, want Expect) []wire.Check {
	required := func(s wire.Secret) bool { return want.FrontChannel && s.Reveal() != "" }
	return []wire.Check{
		hashCheck(tok, "at_hash", want.AccessToken.Reveal(), "the access token", "OIDC Core §3.1.3.6", required(want.AccessToken)),
		hashCheck(tok, "c_hash", want.Code.Reveal(), "the code", "OIDC Core §3.3.2.11", required(want.Code)),
		hashCheck(tok, "s_hash", want.State, "the state", "FAPI 1.0 Advanced §5.1", false),
	}
}

func hashCheck(tok Token, claim, value, what, ref string, required bool) wire.Check {
	id := claim + "_mismatch"
	v, ok := tok.Claims.Get(claim)
	a, known := algorithm(tok.Header.Str("alg"))
	switch {
	case !ok && required:
		return row(wire.Fail, claim+"_missing", "OIDC Core §3.3.2.11", what+" came through the browser and nothing binds it to this token: it can have been swapped", "no "+claim, claim)
	case !ok && claim == "s_hash":
		return notApplicable(id, ref, "there is no s_hash; only FAPI asks for it")
	case !ok:
		return notApplicable(claim+"_missing", ref, "there is no "+claim+"; it is required only when "+what+" came through the browser")
	case !isString(v):
		return wrongType(claim, ref, v, "a string")
	case value == "":
		return row(wire.Unknown, id, ref, what+" is not known, so "+claim+" was not compared", v.Text, "")
	case !known:
		return row(wire.Unknown, id, ref, "the algorithm, and so the hash, is not known", v.Text, "")
	}
	want := halfHash(a.hash, value)
	if subtle.ConstantTimeCompare([]byte(v.Text), []byte(want)) == 1 {
		return row(wire.Pass, id, ref, claim+" matches "+what, v.Text, want)
	}
	return row(wire.Fail, id, ref, claim+" does not belong to "+what+hashNearMiss(v.Text, value, a.hash), v.Text, want)
}

// halfHash is the left half of the hash of the ASCII value, in base64url.
func halfHash(hash, value string) string {
	sum := digest(hash, value)
	return base64url(sum[:len(sum)/2])
}

func digest(hash, value string) []byte {
	switch hash {
	case "SHA-384":
		sum := sha512.Sum384([]byte(value))
		return sum[:]
	case "SHA-512":
		sum := sha512.Sum512([]byte(value))
		return sum[:]
	}
	sum := sha256.Sum256([]byte(value))
	return sum[:]
}

// hashNearMiss names the usual mistakes of servers.
func hashNearMiss(got, value, hash string) string {
	for _, other := range [...]string{"SHA-256", "SHA-384", "SHA-512"} {
		switch {
		case other != hash && got == halfHash(other, value):
			return fmt.Sprintf(": the server used %s, the algorithm asks for %s", other, hash)
		case got == base64url(digest(other, value)):
			return ": it is the whole hash, not its left half"
		case strings.TrimRight(got, "=") == halfHash(other, value):
			return ": it has padding"
		}
	}
	return ""
}

func authTimeCheck(claims wire.Value, want Expect, now time.Time) wire.Check {
	const id, ref = "auth_time_too_old", "OIDC Core §3.1.2.1"
	d, absent := claimDate(claims, "auth_time")
	v, _ := claims.Get("auth_time")
	leeway := want.leeway()
	switch {
	case !absent && !d.number:
		return notADate("auth_time", v)
	case want.MaxAge == nil:
		return notApplicable(id, ref, "no max_age was asked for")
	case absent:
		return missing("auth_time", ref, "max_age was asked for, so auth_time is required")
	case d.problem != "":
		return row(wire.Fail, id, ref, "auth_time is no time that a calendar has: "+d.problem, v.Text, "seconds since 1970")
	case d.at.After(now.Add(leeway)):
		return row(wire.Fail, id, ref, "auth_time lies in the future, so the age of the sign-in is not known", clock(d.at), "not after "+clock(now))
	case now.Sub(d.at) > *want.MaxAge+leeway:
		return row(wire.Fail, id, ref, "the person signed in too long ago", span(now.Sub(d.at))+" ago", "at most "+span(*want.MaxAge)+" ago")
	}
	return row(wire.Pass, id, ref, "the person signed in recently enough", span(now.Sub(d.at))+" ago", "at most "+span(*want.MaxAge)+" ago")
}

func acrCheck(claims wire.Value, want Expect) wire.Check {
	const id, ref = "acr_mismatch", "OIDC Core §3.1.3.7"
	v, ok := claims.Get("acr")
	switch {
	case ok && !isString(v):
		return wrongType("acr", ref, v, "a string")
	case len(want.ACR) == 0:
		return notApplicable(id, ref, "no acr was asked for")
	case oneOf(want.ACR, v.Text):
		return row(wire.Pass, id, ref, "acr is one of those that were asked for", v.Text, list(want.ACR))
	case want.ACREssential:
		return row(wire.Fail, id, "OIDC Core §5.5.1.1", "the sign-in was not as strong as was demanded", orNothing(v.Text), list(want.ACR))
	}
	return row(wire.Warn, id, ref, "the sign-in was not of a kind that was asked for; acr_values is only a wish", orNothing(v.Text), list(want.ACR))
}

// profileChecks report known claims of a wrong type (OIDC Core §5.1). They are
// warnings: they break programs, not security.
func profileChecks(claims wire.Value) []wire.Check {
	var checks []wire.Check
	for _, m := range claims.Members {
		want := ""
		switch m.Name {
		case "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
			"email", "gender", "birthdate", "zoneinfo", "locale", "phone_number", "jti", "sid":
			if !isString(m.Value) {
				want = "a string"
			}
		case "email_verified", "phone_number_verified":
			if m.Value.Kind != wire.Bool {
				want = "true or false, without quotes"
			}
		case "updated_at":
			if !isNumber(m.Value) {
				want = "a number of seconds"
			}
		case "amr":
			if _, ok := stringOrList(m.Value); !ok || !isArray(m.Value) {
				want = "an array of strings"
			}
		case "address":
			if !isObject(m.Value) {
				want = "an object"
			}
		}
		if want != "" {
			c := wrongType(m.Name, "OIDC Core §5.1", m.Value, want)
			c.Status = wire.Warn
			checks = append(checks, c)
		}
	}
	return checks
}

// CheckHash compares a claim that binds another value to the token, made as
// at_hash is (OIDC Core §3.1.3.6); its absence is a failure.
func CheckHash(tok Token, claim string, value wire.Secret, what, ref string) wire.Check {
	c := hashCheck(tok, claim, value.Reveal(), what, ref, true)
	c.ID = claim[strings.LastIndexByte(claim, ':')+1:] + "_mismatch"
	return c
}

// CheckDSHash looks at the binding of an ID token to a device secret (OpenID
// Connect Native SSO 1.0 §3.3). How ds_hash is made is the server's own affair,
// so only its absence is a finding; where it is made as at_hash is, it is compared.
func CheckDSHash(tok Token, secret wire.Secret) wire.Check {
	const id, ref = "ds_hash_missing", "Native SSO §3.3"
	v, ok := tok.Claims.Get("ds_hash")
	if !ok {
		return row(wire.Warn, id, ref, "nothing in the ID token binds it to the device secret", "no ds_hash", "ds_hash")
	}
	a, known := algorithm(tok.Header.Str("alg"))
	if known && subtle.ConstantTimeCompare([]byte(v.Text), []byte(halfHash(a.hash, secret.Reveal()))) == 1 {
		return row(wire.Pass, id, ref, "ds_hash is made of the device secret as at_hash is of an access token", v.Text, v.Text)
	}
	return row(wire.Pass, id, ref, "ds_hash is there; how it is made only the server knows", v.Text, "ds_hash")
}
