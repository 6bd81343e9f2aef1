package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// idTokenFaults spoil the ID token.
func idTokenFaults() []*fault {
	id := func(change func(*exchange, *jwt), b badness) *fault {
		f := b.at(KindToken, "id_token", http.StatusOK)
		f.alter = onIDToken(change)
		return f
	}
	claim := func(name string, value any, b badness) *fault {
		return id(func(_ *exchange, t *jwt) { t.claims[name] = value }, b)
	}
	// Hashes of what stands beside the ID token in the browser.
	front := func(name, of string, b badness) *fault {
		f := b.at(KindToken, "id_token", http.StatusSeeOther)
		f.Needs = "hybrid"
		f.alter = func(_ *exchange, out *reply) {
			if out.issued != nil && out.issued.id != nil && out.issued.code != "" {
				out.issued.id.claims[name] = halfHash(of)
			}
		}
		return f
	}
	return []*fault{
		id(func(_ *exchange, t *jwt) {
			t.header["alg"] = "none"
			delete(t.header, "kid")
		}, badness{"rs_alg_none", "Unsigned ID token", "alg_none", idNoneAlg, "The ID token says alg none and has no signature."}),
		id(confuse, badness{"idtoken_hs256", "HS256 with the public key", "alg_symmetric", idConfused, "The ID token is signed with HS256, and the public key set is the secret: the algorithm confusion attack."}),
		id(func(_ *exchange, t *jwt) { signWithStranger(t) }, badness{"idtoken_unknown_key", "ID token signed by an unknown key", "kid_unknown", idSigned,
			"The ID token is signed with a key that is not in the key set."}),
		id(func(_ *exchange, t *jwt) { delete(t.header, "kid") }, badness{"idtoken_kid_missing", "No kid", "", keyNamed, "The header of the ID token names no key. A client can try those that fit the algorithm."}),
		claim("aud", "workshop-other", badness{"idtoken_aud", "ID token for another client", "aud_mismatch", idAudience, "The aud of the ID token is another client."}),
		claim("azp", "workshop-other", badness{"idtoken_azp", "azp of another client", "azp_mismatch", idParty, "The azp of the ID token is another client."}),
		id(func(x *exchange, t *jwt) { t.claims["iss"] = x.otherIssuer() }, badness{"idtoken_iss", "ID token of another issuer", "iss_mismatch", idIssuer, "The iss of the ID token is another server."}),
		id(func(x *exchange, t *jwt) { t.claims["nonce"] = x.lab.random.text() }, badness{"nonce_mismatch", "Another nonce", "nonce_mismatch", idNonce,
			"The nonce of the ID token is not the one of this run, as in a replay."}),
		id(func(_ *exchange, t *jwt) { delete(t.claims, "nonce") }, badness{"nonce_missing", "No nonce", "nonce_missing", idNonce, "The ID token has no nonce, although the request had one."}),
		claim("at_hash", halfHash("another access token"), badness{"idtoken_at_hash", "Wrong at_hash", "at_hash_mismatch", idATHash, "The at_hash of the ID token belongs to another access token."}),
		front("c_hash", "another code", badness{"idtoken_c_hash", "Wrong c_hash", "c_hash_mismatch", idCHash, "The c_hash of the ID token belongs to another code. It shows in the hybrid flow only."}),
		front("s_hash", "another state", badness{"idtoken_s_hash", "Wrong s_hash", "s_hash_mismatch", idSHash, "The s_hash of the ID token belongs to another state. It shows in the hybrid flow only."}),
		id(func(x *exchange, t *jwt) {
			over := x.now().Add(-5 * time.Minute)
			t.claims["exp"], t.claims["iat"] = over.Unix(), over.Add(-15*time.Minute).Unix()
		}, badness{"idtoken_expired", "Expired ID token", "expired", idExpired, "The ID token expired five minutes before it arrived."}),
		id(func(x *exchange, t *jwt) {
			ahead := x.now().Add(10 * time.Minute)
			t.claims["iat"], t.claims["nbf"], t.claims["exp"] = ahead.Unix(), ahead.Unix(), ahead.Add(15*time.Minute).Unix()
		}, badness{"skew_idtoken", "ID token not yet valid", "not_yet_valid", clocksAgree, "The ID token begins ten minutes from now: the clocks differ."}),
		id(func(x *exchange, t *jwt) {
			t.claims["iat"], t.claims["exp"] = x.now().UnixMilli(), x.now().Add(time.Hour).UnixMilli()
		}, badness{"idtoken_times", "Absurd times", "exp_absurd", timesNumber, "The iat and exp of the ID token are in milliseconds, tens of thousands of years away."}),
	}
}

// keySetFaults spoil the keys that check the ID token.
func keySetFaults() []*fault {
	keys := func(status int, answer func(*exchange) reply, b badness) *fault {
		f := b.at(KindToken, "id_token", status)
		f.route, f.answer = routeJWKS, answer
		return f
	}
	return []*fault{
		keys(http.StatusNotFound, notFoundPage, badness{"jwks_404", "No key set", "jwks_invalid", keySetThere, "The jwks_uri answers 404."}),
		keys(http.StatusOK, func(*exchange) reply { return jwksReply(`{"keys":[]}`) }, badness{"jwks_empty", "Empty key set", "no_key", keySetThere, "The key set has no keys."}),
		keys(http.StatusOK, func(*exchange) reply {
			ring, err := newKeyring(nil)
			if err != nil {
				return textReply(http.StatusInternalServerError, "no key\n")
			}
			return jwksReply(string(ring.publicJSON()))
		}, badness{"jwks_rotated", "Keys replaced", "kid_unknown", keyRotated, "The key set has a new key only: the one that signed is gone."}),
		keys(http.StatusOK, func(x *exchange) reply {
			return jwksReply(strings.Replace(string(x.tenant.keys.publicJSON()), "[", `[{"kty":"FUTURE","kid":"lab-future"},`, 1))
		}, badness{"jwks_broken_key", "One broken key", "", keyUnknown, "The key set begins with a key of an unknown type; the good one comes after it."}),
	}
}

func jwksReply(text string) reply {
	out := textReply(http.StatusOK, text)
	out.header.Set("Content-Type", "application/jwk-set+json")
	return out
}

// signWithStranger signs with a key that was made for this one token.
func signWithStranger(t *jwt) {
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return
	}
	key := newKeyPair(es256, forSigning, priv)
	t.key = key
	t.header["alg"], t.header["kid"] = key.alg, key.kid
}

// confuse signs with the public key set as if it were a shared secret.
func confuse(x *exchange, t *jwt) {
	t.header["alg"] = "HS256"
	secret := x.tenant.keys.publicJSON()
	t.spoil = func(compact string) string {
		input := compact[:strings.LastIndex(compact, ".")]
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
	}
}

// opaqueTokens makes access tokens that say nothing to whoever reads them, as
// many servers do. The API reads them all the same.
func opaqueTokens() *fault {
	f := badness{"rs_opaque", "Access tokens that cannot be read", "", tokenOpaque,
		"The access token is no JWT but a text without meaning. Only a client that tried to read it has a problem."}.at(KindScenario, "token", http.StatusOK)
	f.tamper = func(x *exchange, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if readable, ok := x.readable(token); ok {
			r.Header.Set("Authorization", scheme+" "+readable)
		}
	}
	f.before = func(x *exchange) {
		for _, name := range []string{"token", "subject_token", "actor_token", "assertion"} {
			if readable, ok := x.readable(x.form.Get(name)); ok {
				x.form.Set(name, readable)
			}
		}
	}
	f.alter = func(_ *exchange, out *reply) {
		if out.issued != nil && out.issued.access != nil {
			handle, _ := out.issued.access.claims["jti"].(string)
			out.issued.access.spoil = func(string) string { return handle }
		}
	}
	return f
}

// readable is the JWT that an opaque access token stands for.
func (x *exchange) readable(handle string) (string, bool) {
	token, ok := x.tenant.store.tokens.get(handle)
	if !ok {
		return "", false
	}
	compact, err := newJWT(typeAccessToken, x.tenant.keys.main(), x.accessClaims(token)).sign(x.tenant.keys)
	return compact, err == nil
}
