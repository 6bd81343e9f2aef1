package jose

import (
	"net/url"
	"strings"
	"time"

	"authdance/flows/wire"
)

// dpopWindow is how old a proof may be when nobody says otherwise: RFC 9449
// §11.1 asks for a short time, and clocks differ.
const dpopWindow = 5 * time.Minute

// CheckDPoP judges a DPoP proof (RFC 9449 §4.3), as the server does that
// receives it. It is verified with the key that it carries: the proof shows who
// holds that key, and cnf of the access token shows whose it must be. HTM and
// HTU are the request, Nonce the one that the server gave, AccessToken the token
// beside the proof.
func CheckDPoP(tok Token, want Expect, now time.Time) Report {
	const ref = "RFC 9449 §4.3"
	r, tok, done := begin(AsDPoP, tok, KeySet{}, want.policy())
	if done {
		return r
	}
	r.add(explicitType(tok, "dpop+jwt", "a DPoP proof", "RFC 9449 §4.2", wire.Fail)...)
	own, keyCheck := ownKey(tok.Header)
	r.add(keyCheck)
	r.verify(tok, own, want.policy())
	for i, c := range r.Checks {
		if c.ID == "untrusted_header_key" {
			r.Checks[i] = notApplicable(c.ID, ref, "a proof carries its own key: what counts is that the access token names the same one")
		}
	}
	r.add(requiredText(tok.Claims, "jti", ref, "without jti a proof that is sent twice cannot be told from a new one"))
	r.add(htmCheck(tok.Claims, want.HTM), htuCheck(tok.Claims, want.HTU))
	if want.IatWindow <= 0 {
		want.IatWindow = dpopWindow
	}
	r.add(iatCheck(tok.Claims, now, want.leeway(), true), iatWindowCheck(tok.Claims, want, now, want.leeway()), millisecondsCheck(tok.Claims))
	r.add(athCheck(tok.Claims, want.AccessToken.Reveal()), boundCheck(tok.Header, want.AccessToken.Reveal()))
	r.add(proofNonce(tok.Claims, want.Nonce))
	r.judge()
	return r
}

// ownKey reads the public key in the header of a proof.
func ownKey(header wire.Value) (KeySet, wire.Check) {
	const ref = "RFC 9449 §4.2"
	v, ok := header.Get("jwk")
	switch {
	case !ok:
		return KeySet{}, row(wire.Fail, "no_key", ref, "the header has no jwk, so nobody can say whose key signed the proof", "no jwk", "the public key")
	case !isObject(v):
		return KeySet{}, row(wire.Fail, "no_key", ref, "jwk must be an object", kindOf(v), "a JWK")
	}
	k := keyFromJWK(v, FromJWK)
	if !k.Usable() {
		why := "it is no public key"
		if len(k.Problems) > 0 {
			why = k.Problems[0].Message
		}
		return KeySet{}, row(wire.Fail, "no_key", ref, "the key in the header cannot be used: "+why, k.KTY, "a public RSA, EC or Ed25519 key")
	}
	k.KID = ""
	return KeySet{Keys: []Key{k}}, row(wire.Pass, "no_key", ref, "the proof carries the public key that it is verified with", k.describe(), "")
}

func htmCheck(claims wire.Value, want string) wire.Check {
	const id, ref = "htm_mismatch", "RFC 9449 §4.3"
	v, ok := claims.Get("htm")
	switch {
	case !ok:
		return missing("htm", ref, "without htm the proof fits every method")
	case !isString(v):
		return wrongType("htm", ref, v, "a string")
	case want == "":
		return row(wire.Unknown, id, ref, "it is not known which method the proof came with (--htm)", v.Text, "")
	case v.Text != want:
		return row(wire.Fail, id, ref, "the proof was made for another method", v.Text, want)
	}
	return row(wire.Pass, id, ref, "htm is the method of the request", v.Text, want)
}

func htuCheck(claims wire.Value, want string) wire.Check {
	const id, ref = "htu_mismatch", "RFC 9449 §4.3"
	v, ok := claims.Get("htu")
	switch {
	case !ok:
		return missing("htu", ref, "without htu the proof fits every URL")
	case !isString(v):
		return wrongType("htu", ref, v, "a string")
	case want == "":
		return row(wire.Unknown, id, ref, "it is not known which URL the proof came with (--htu)", v.Text, "")
	case sameTarget(v.Text, want):
		return row(wire.Pass, id, ref, "htu is the URL of the request", v.Text, want)
	}
	return row(wire.Fail, id, ref, "the proof was made for another URL"+nearMiss(v.Text, want), v.Text, want)
}

// sameTarget compares two URLs without query and fragment, after normalising
// them as RFC 3986 §6.2.2 and §6.2.3 allow.
func sameTarget(a, b string) bool {
	x, okX := target(a)
	y, okY := target(b)
	return okX && okY && x == y
}

func target(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return "", false
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[scheme])
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path, true
}

// athCheck compares ath with the access token (RFC 9449 §4.2).
func athCheck(claims wire.Value, token string) wire.Check {
	const id, ref = "ath_mismatch", "RFC 9449 §4.3"
	v, ok := claims.Get("ath")
	want := base64url(digest("SHA-256", token))
	switch {
	case !ok && token == "":
		return notApplicable(id, ref, "there is no ath, and no access token is known: right at the token endpoint, not at an API")
	case !ok:
		return row(wire.Fail, id, ref, "the proof does not name the access token beside it (ath)", "no ath", want)
	case !isString(v):
		return wrongType("ath", ref, v, "a string")
	case token == "":
		return row(wire.Unknown, id, ref, "it is not known which access token the proof came with (--access-token)", v.Text, "")
	case v.Text != want:
		return row(wire.Fail, id, ref, "the proof belongs to another access token"+hashNearMiss(v.Text, token, "SHA-256"), v.Text, want)
	}
	return row(wire.Pass, id, ref, "ath is the hash of the access token", v.Text, want)
}

// boundCheck compares the key of the proof with the one in the access token
// (RFC 9449 §6.1), when that token can be read.
func boundCheck(header wire.Value, token string) wire.Check {
	const id, ref = "cnf_mismatch", "RFC 9449 §6.1"
	if token == "" {
		return notApplicable(id, ref, "no access token is known, so its cnf was not compared")
	}
	cnf, _ := Decode(token).Claims.Get("cnf")
	jwk, _ := header.Get("jwk")
	got, err := Thumbprint(wire.Untrusted(jwk.Indent()))
	switch want := cnf.Str("jkt"); {
	case want == "":
		return notApplicable(id, ref, "the access token does not say in cnf whose key it needs; its server knows")
	case err != nil || got != want:
		return row(wire.Fail, id, ref, "the access token is bound to another key", got, want)
	default:
		return row(wire.Pass, id, ref, "the access token is bound to the key of this proof", got, want)
	}
}

func proofNonce(claims wire.Value, want string) wire.Check {
	const ref = "RFC 9449 §8"
	v, ok := claims.Get("nonce")
	switch {
	case ok && !isString(v):
		return wrongType("nonce", ref, v, "a string")
	case want == "" && !ok:
		return notApplicable("nonce_missing", ref, "the proof has no nonce, and none is known to have been asked for")
	case want == "":
		return row(wire.Unknown, "nonce_mismatch", ref, "it is not known which nonce the server gave", v.Text, "")
	case !ok:
		return row(wire.Fail, "nonce_missing", ref, "the server gave a nonce, and the proof does not have it", "no nonce", want)
	case v.Text != want:
		return row(wire.Fail, "nonce_mismatch", ref, "nonce is not the one that the server gave", v.Text, want)
	}
	return row(wire.Pass, "nonce_mismatch", ref, "nonce is the one that the server gave", v.Text, want)
}
