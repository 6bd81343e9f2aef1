package lab_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"math/big"
	"testing"

	"crypto"
)

// signer signs JWTs with the standard library alone, so that no JOSE library
// stands on both sides.
type signer struct {
	alg  string
	sign func(input []byte) []byte
	jwk  map[string]any // public
}

var b64 = base64.RawURLEncoding

func ecSigner(t testing.TB, kid string) signer {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return ecSignerFrom(t, priv, kid)
}

func ecSignerFrom(t testing.TB, priv *ecdsa.PrivateKey, kid string) signer {
	t.Helper()
	point, err := priv.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	public := map[string]any{"kty": "EC", "crv": "P-256", "x": b64.EncodeToString(point[1:33]), "y": b64.EncodeToString(point[33:])}
	if kid != "" {
		public["kid"] = kid
	}
	return signer{"ES256", func(input []byte) []byte {
		sum := sha256.Sum256(input)
		r, s, err := ecdsa.Sign(rand.Reader, priv, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		raw := make([]byte, 64)
		r.FillBytes(raw[:32])
		s.FillBytes(raw[32:])
		return raw
	}, public}
}

// privateSigner reads the private JWK that the lab hands out.
func privateSigner(t testing.TB, jwk string) signer {
	t.Helper()
	var members struct{ D, KID string }
	if err := json.Unmarshal([]byte(jwk), &members); err != nil {
		t.Fatal(err)
	}
	d, err := b64.DecodeString(members.D)
	if err != nil {
		t.Fatal(err)
	}
	priv, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		t.Fatal(err)
	}
	return ecSignerFrom(t, priv, members.KID)
}

func rsaSigner(t testing.TB, kid string) signer {
	t.Helper()
	priv, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public := map[string]any{"kty": "RSA", "kid": kid, "n": b64.EncodeToString(priv.N.Bytes()), "e": b64.EncodeToString(big.NewInt(int64(priv.E)).Bytes())}
	return signer{"RS256", func(input []byte) []byte {
		sum := sha256.Sum256(input)
		sig, err := rsa.SignPKCS1v15(rand.Reader, priv, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}, public}
}

func macSigner(alg, secret string) signer {
	make := map[string]func() hash.Hash{"HS256": sha256.New, "HS512": sha512.New}[alg]
	return signer{alg: alg, sign: func(input []byte) []byte {
		m := hmac.New(make, []byte(secret))
		m.Write(input)
		return m.Sum(nil)
	}}
}

func noSigner() signer { return signer{"none", func([]byte) []byte { return nil }, nil} }

// jwt signs claims; header adds to or replaces alg and kid, nil removes.
func (s signer) jwt(claims map[string]any, header map[string]any) string {
	h := map[string]any{"alg": s.alg}
	if kid, ok := s.jwk["kid"]; ok {
		h["kid"] = kid
	}
	for name, v := range header {
		h[name] = v
		if v == nil {
			delete(h, name)
		}
	}
	first, _ := json.Marshal(h)
	second, _ := json.Marshal(claims)
	input := b64.EncodeToString(first) + "." + b64.EncodeToString(second)
	return input + "." + b64.EncodeToString(s.sign([]byte(input)))
}

func (s signer) jwks() []byte {
	set, _ := json.Marshal(map[string]any{"keys": []any{s.jwk}})
	return set
}

// with returns a copy of claims with some changed; nil removes.
func with(claims map[string]any, pairs ...any) map[string]any {
	out := map[string]any{}
	for k, v := range claims {
		out[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
		if pairs[i+1] == nil {
			delete(out, pairs[i].(string))
		}
	}
	return out
}
