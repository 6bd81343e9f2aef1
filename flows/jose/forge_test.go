package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"authdance/flows/wire"
	"github.com/lestrrat-go/jwx/v3/jws/jwsbb"
)

// now is the client's clock in every test.
var now = time.Date(2026, 11, 25, 10, 42, 15, 0, time.UTC)

const (
	issuer   = "http://127.0.0.1:9500/default"
	client   = "workshop-spa"
	nonce    = "n-0S6_WzA2Mj"
	atValue  = "lab_access_token_4f1c"
	cValue   = "lab_code_93aa"
	state    = "af0ifjsldkj"
	hmacText = "a shared secret that is longer than sixty-four bytes, for HS512 too, yes"
)

var b64 = base64.RawURLEncoding.EncodeToString

// The keys are made once: RSA is slow.
var (
	ecKey    = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	ec384Key = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)) })
	ec521Key = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)) })
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	weakKey  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 1024)) })
	edKey    = sync.OnceValue(func() ed25519.PrivateKey { _, k, err := ed25519.GenerateKey(rand.Reader); return must(k, err) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// jwk writes the public half of a key as JWK; more is put before the end.
func jwk(key any, kid, more string) string {
	if s, ok := key.(crypto.Signer); ok {
		key = s.Public()
	}
	members := ""
	switch k := key.(type) {
	case *rsa.PublicKey:
		members = fmt.Sprintf(`"kty":"RSA","n":"%s","e":"%s"`, b64(k.N.Bytes()), b64(big.NewInt(int64(k.E)).Bytes()))
	case *ecdsa.PublicKey:
		point := must(k.Bytes())[1:]
		members = fmt.Sprintf(`"kty":"EC","crv":"%s","x":"%s","y":"%s"`, k.Params().Name, b64(point[:len(point)/2]), b64(point[len(point)/2:]))
	case ed25519.PublicKey:
		members = fmt.Sprintf(`"kty":"OKP","crv":"Ed25519","x":"%s"`, b64(k))
	case string:
		members = fmt.Sprintf(`"kty":"oct","k":"%s"`, b64([]byte(k)))
	}
	if kid != "" {
		members += fmt.Sprintf(`,"kid":%q`, kid)
	}
	return "{" + members + more + "}"
}

func jwks(keys ...string) KeySet { return ParseKeys([]byte(set(keys...))) }

func set(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

func pemOf(public any) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(public))}))
}

// claims are what an ID token says; a nil value removes a claim.
type claims map[string]any

func good() claims {
	return claims{"iss": issuer, "aud": client, "sub": "248289761001", "iat": now.Unix() - 8, "exp": now.Unix() + 892,
		"auth_time": now.Unix() - 12, "nonce": nonce, "at_hash": halfHash("SHA-256", atValue), "acr": "urn:lab:pwd"}
}

// with returns the claims with some of them replaced.
func (c claims) with(change claims) claims {
	out := claims{}
	for k, v := range c {
		out[k] = v
	}
	for k, v := range change {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

// forge describes a token to make. The zero value with claims makes a good one.
type forge struct {
	header  string // JSON; "" means {"alg":…,"kid":"ec","typ":"JWT"}
	alg     string // "" means ES256
	claims  claims
	payload string // raw, instead of claims
	key     any    // nil means ecKey
	sig     func(signed string) []byte
}

func (f forge) String() string {
	if f.alg == "" {
		f.alg = "ES256"
	}
	if f.key == nil {
		f.key = ecKey()
	}
	if f.header == "" {
		f.header = fmt.Sprintf(`{"alg":%q,"kid":"ec","typ":"JWT"}`, f.alg)
	}
	if f.payload == "" {
		if f.claims == nil {
			f.claims = good()
		}
		f.payload = string(must(json.Marshal(f.claims)))
	}
	signed := b64([]byte(f.header)) + "." + b64([]byte(f.payload))
	if f.sig != nil {
		return signed + "." + b64(f.sig(signed))
	}
	key := f.key
	if s, ok := key.(string); ok {
		key = []byte(s)
	}
	return signed + "." + b64(must(jwsbb.Sign(key, f.alg, []byte(signed), rand.Reader)))
}

func goodKeys() KeySet {
	return jwks(jwk(ecKey(), "ec", `,"use":"sig","alg":"ES256"`), jwk(rsaKey(), "rsa", `,"use":"sig"`), jwk(edKey(), "ed", ""))
}

// expect is what the client of the good token knows.
func expect() Expect {
	return Expect{Issuer: issuer, ClientID: client, Nonce: nonce, AccessToken: wire.NewSecret(atValue), State: state}
}

func idToken(tb testing.TB, f forge) Token {
	tb.Helper()
	tok := Decode(f.String())
	if tok.Kind != JWS {
		tb.Fatalf("the forged token is %s: %s", tok.Kind, lines(tok.Checks))
	}
	return tok
}

func newEC() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// derSignature signs as OpenSSL and crypto.Signer do.
func derSignature(signed string) []byte {
	sum := digest("SHA-256", signed)
	return must(ecKey().Sign(rand.Reader, sum, crypto.SHA256))
}
