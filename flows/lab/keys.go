package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"runtime"
	"strings"
)

// The signature algorithms of the lab, RFC 7518 §3.1 and RFC 8037 §3.1.
const (
	es256 = "ES256"
	rs256 = "RS256"
	ps256 = "PS256"
	eddsa = "EdDSA"
)

// signingAlgs are those that the lab signs with, the default first.
func signingAlgs() []string { return []string{es256, rs256, ps256, eddsa} }

// What a key is for, RFC 7517 §4.2.
const (
	forSigning    = "sig"
	forEncryption = "enc" // others encrypt to it, the lab decrypts
)

// keyPair is one key pair of the lab. Its kid starts with lab-, so that a
// token of the lab can be recognised from its header alone.
type keyPair struct {
	alg     string
	kid     string
	use     string
	private crypto.Signer
	public  crypto.PublicKey
}

func newKeyPair(alg, use string, private crypto.Signer) *keyPair {
	k := &keyPair{alg: alg, use: use, private: private, public: private.Public()}
	k.kid = kid(k)
	return k
}

// makeKey makes a key for an algorithm. RSA takes 34 to 100 ms of processor.
func makeKey(alg, use string) (*keyPair, error) {
	switch alg {
	case es256, ecdhES:
		priv, err := newECKey(nil)
		if err != nil {
			return nil, err
		}
		return newKeyPair(alg, use, priv), nil
	case eddsa:
		_, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("lab: make an Ed25519 key: %w", err)
		}
		return newKeyPair(alg, use, priv), nil
	case rs256, ps256, rsaOAEP:
		priv, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, fmt.Errorf("lab: make an RSA key: %w", err)
		}
		return newKeyPair(alg, use, priv), nil
	}
	return nil, fmt.Errorf("lab: no key can be made for the algorithm %s", alg)
}

// newECKey makes a P-256 key. A given source is used as it is, which lets a
// test repeat a run byte for byte; crypto/ecdsa would ignore it.
func newECKey(from io.Reader) (*ecdsa.PrivateKey, error) {
	if from == nil {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	var scalar [32]byte
	for range 64 {
		if _, err := io.ReadFull(from, scalar[:]); err != nil {
			return nil, fmt.Errorf("read the given source of randomness: %w", err)
		}
		if priv, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:]); err == nil {
			return priv, nil
		}
	}
	return nil, errors.New("the given source of randomness yields no valid key")
}

// signWith returns the JWS signature of the signing input, RFC 7515 §5.1.
func signWith(key *keyPair, input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	switch priv := key.private.(type) {
	case *ecdsa.PrivateKey:
		return signES256(priv, digest[:])
	case *rsa.PrivateKey:
		if key.alg == ps256 { // RFC 7518 §3.5: the salt is as long as the hash
			return priv.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
		}
		return priv.Sign(rand.Reader, digest[:], crypto.SHA256)
	case ed25519.PrivateKey: // signs the input itself, RFC 8032
		return priv.Sign(rand.Reader, input, crypto.Hash(0))
	}
	return nil, fmt.Errorf("lab: a key for %s cannot sign", key.alg)
}

// signES256 signs the way JWS wants it: r and s side by side, 32 bytes each
// (RFC 7518 §3.4), and deterministically (RFC 6979), so that the same claims
// give the same token.
func signES256(priv *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	der, err := priv.Sign(nil, digest, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		return nil, fmt.Errorf("read an ECDSA signature: %w", err)
	}
	raw := make([]byte, 64)
	sig.R.FillBytes(raw[:32])
	sig.S.FillBytes(raw[32:])
	return raw, nil
}

// publicJWK is the public key as it stands in a key set, RFC 7517 §4.
func (k *keyPair) publicJWK() map[string]string {
	jwk := publicMembers(k.public)
	jwk["kid"], jwk["use"] = k.kid, k.use
	if k.alg != ecdhES { // the same key serves ECDH-ES with and without key wrapping
		jwk["alg"] = k.alg
	}
	return jwk
}

// publicMembers are the members of a JWK that make up its thumbprint,
// RFC 7638 §3.2 and RFC 8037 §2.
func publicMembers(public crypto.PublicKey) map[string]string {
	b64 := base64.RawURLEncoding.EncodeToString
	switch pub := public.(type) {
	case *ecdsa.PublicKey:
		point, err := pub.Bytes() // 0x04, x, y
		if err != nil || len(point) != 65 {
			return map[string]string{}
		}
		return map[string]string{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	case *rsa.PublicKey:
		return map[string]string{"kty": "RSA", "n": b64(pub.N.Bytes()), "e": b64(big.NewInt(int64(pub.E)).Bytes())}
	case ed25519.PublicKey:
		return map[string]string{"kty": "OKP", "crv": "Ed25519", "x": b64(pub)}
	}
	return map[string]string{}
}

func kid(key *keyPair) string {
	thumb, _ := json.Marshal(publicMembers(key.public)) // encoding/json sorts the keys, as RFC 7638 asks
	sum := sha256.Sum256(thumb)
	return "lab-" + strings.ToLower(key.alg) + "-" + base64.RawURLEncoding.EncodeToString(sum[:6])
}

// processors is how many RSA signatures run at once: more only make each of
// them slower.
func processors() int { return runtime.GOMAXPROCS(0) }
