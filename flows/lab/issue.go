package lab

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/luikyv/go-oidc/pkg/goidc"
)

const (
	typeAccessToken = "at+jwt" // RFC 9068 §2.1
	typeIDToken     = "JWT"
)

// jwt is a token that is not signed yet. It is signed by hand and not by a
// library, because a fault must be able to make every mistake that a library
// prevents; what comes back to us is verified by a library.
type jwt struct {
	header map[string]any
	claims map[string]any
	key    *keyPair
	// spoil, set by a fault, changes the signed text.
	spoil func(compact string) string
	// to, when it is set, is for whom the signed token is encrypted.
	to *recipient
}

func newJWT(typ string, key *keyPair, claims map[string]any) *jwt {
	return &jwt{header: map[string]any{"alg": key.alg, "kid": key.kid, "typ": typ}, claims: claims, key: key}
}

// sign makes the compact serialization, RFC 7515 §7.1. With alg none the
// signature is empty. For a recipient the signed token is encrypted: a nested
// JWT, RFC 7519 §5.2.
func (t *jwt) sign(keys *keyring) (string, error) {
	header, err := json.Marshal(t.header)
	if err != nil {
		return "", fmt.Errorf("lab: write a token header: %w", err)
	}
	claims, err := json.Marshal(t.claims)
	if err != nil {
		return "", fmt.Errorf("lab: write token claims: %w", err)
	}
	b64 := base64.RawURLEncoding
	input := b64.EncodeToString(header) + "." + b64.EncodeToString(claims)
	var signature []byte
	if t.header["alg"] != "none" {
		if signature, err = keys.sign(t.key, []byte(input)); err != nil {
			return "", fmt.Errorf("lab: sign a token: %w", err)
		}
	}
	compact := input + "." + b64.EncodeToString(signature)
	if t.spoil != nil {
		compact = t.spoil(compact)
	}
	if t.to != nil {
		return t.to.encrypt(compact, typeIDToken)
	}
	return compact, nil
}

// verify reads a JWT that came from outside and checks that this lab signed
// it. The key is chosen by kid and fixes the algorithm.
func (k *keyring) verify(compact string) (header, claims map[string]any, bad problem) {
	first, _, _ := strings.Cut(compact, ".")
	header, ok := readPart(first)
	if !ok {
		return nil, nil, tokenMalformed
	}
	kid, _ := header["kid"].(string)
	key, ok := k.byKID(kid, forSigning)
	if !ok {
		return nil, nil, tokenMalformed
	}
	alg, _ := jwa.LookupSignatureAlgorithm(key.alg)
	payload, err := jws.Verify([]byte(compact), jws.WithKey(alg, key.public))
	if err != nil {
		return nil, nil, tokenSignature
	}
	if json.Unmarshal(payload, &claims) != nil || claims == nil {
		return nil, nil, tokenMalformed
	}
	return header, claims, ""
}

// readPart reads a part of a compact token that is JSON in base64url.
func readPart(part string) (members map[string]any, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	ok = err == nil && json.Unmarshal(raw, &members) == nil && members != nil
	return members, ok
}

// issued are the tokens of one answer, of the token endpoint or through the
// browser.
type issued struct {
	keys   *keyring
	access *jwt // nil when only an ID token is wanted
	id     *jwt // nil without the scope openid
	// code and state stand beside the tokens in the answer; empty when not.
	code, state string
}

// finish signs the tokens and hands them to put. The ID token comes second
// because its hashes are over what stands beside it: OIDC Core §3.1.3.6,
// §3.3.2.11; s_hash is FAPI's (Financial-grade API 1.0, part 2, §5.1).
func (i *issued) finish(put func(name, value string)) error {
	hashed := [][2]string{{"c_hash", i.code}, {"s_hash", i.state}}
	if i.access != nil {
		access, err := i.access.sign(i.keys)
		if err != nil {
			return err
		}
		put("access_token", access)
		hashed = append(hashed, [2]string{"at_hash", access})
	}
	if i.id == nil {
		return nil
	}
	for _, h := range hashed {
		if _, set := i.id.claims[h[0]]; !set && h[1] != "" {
			i.id.claims[h[0]] = halfHashFor(i.id.key.alg, h[1])
		}
	}
	id, err := i.id.sign(i.keys)
	if err != nil {
		return err
	}
	put("id_token", id)
	return nil
}

// halfHash is the left half of the SHA-256 hash.
func halfHash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// halfHashFor is the left half of the hash that belongs to the algorithm of an
// ID token: SHA-512 for Ed25519, which uses it inside (RFC 8032 §5.1).
func halfHashFor(alg, value string) string {
	if alg != eddsa {
		return halfHash(value)
	}
	sum := sha512.Sum512([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:32])
}

// issue takes the tokens out of a successful answer: the access token is a
// handle there, and an ID token is only a sign that one is wanted. Their claims
// are made here, in the tenant's time.
func (x *exchange) issue(answer map[string]any) (*issued, error) {
	handle, _ := answer["access_token"].(string)
	token, ok := x.tenant.store.tokens.get(handle)
	if !ok {
		return nil, fmt.Errorf("lab: the library issued a token that it did not store")
	}
	if token.boundTo() != "" {
		answer["token_type"] = "DPoP" // RFC 9449 §5
	}
	answer["expires_in"] = int(token.expiresAt.Sub(token.issuedAt).Seconds())
	out := &issued{keys: x.tenant.keys, access: newJWT(typeAccessToken, x.tenant.keys.main(), x.accessClaims(token))}
	if _, wanted := answer["id_token"]; !wanted {
		return out, nil
	}
	var err error
	out.id, err = x.idToken(x.granted, token.issuedAt.Add(x.skew))
	return out, err
}

// accessClaims are the claims of RFC 9068 §2.2.
func (x *exchange) accessClaims(token accessToken) map[string]any {
	claims := map[string]any{
		"iss": x.tenant.issuer, "aud": x.lab.API(), "sub": token.Subject, "client_id": token.ClientID,
		"scope": token.Scopes, "jti": token.ID, "x_lab": true,
		"iat": token.issuedAt.Add(x.skew).Unix(), "exp": token.expiresAt.Add(x.skew).Unix(),
	}
	// RFC 9068 §2.2.1, which RFC 9470 builds on: how and when the user signed in.
	if at, ok := x.granted.Store[keptAuthTime].(int64); ok && x.granted.ID == token.GrantID {
		claims["auth_time"], claims["acr"] = at, acrOf(x.granted.Store)
	}
	maps.Copy(claims, token.extra)
	return claims
}

// idToken is the ID token for a grant, OIDC Core §2, not signed yet.
func (x *exchange) idToken(g goidc.Grant, at time.Time) (*jwt, error) {
	claims := x.tenant.idTokenClaims(&g)
	maps.Copy(claims, map[string]any{
		"iss": x.tenant.issuer, "sub": g.Subject, "aud": g.ClientID, "x_lab": true,
		"iat": at.Unix(), "exp": at.Add(x.life().IDToken).Unix(),
	})
	// OIDC Core §12.2: the nonce belongs to the sign-in, which is over at a refresh.
	if nonce := g.AuthParams.Nonce; nonce != "" && x.form.Get("grant_type") != "refresh_token" {
		claims["nonce"] = nonce
	}
	return x.tenant.sealed(g.ClientID, SealIDToken, typeIDToken, claims)
}
