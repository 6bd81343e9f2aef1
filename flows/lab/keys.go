package lab

import (
	"crypto"
	"crypto/ecdsa"
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
	"sync"
	"sync/atomic"
)

// The signature algorithms of the lab.
const (
	es256 = "ES256"
	rs256 = "RS256"
)

// signingKey is one key pair of the lab. Its kid starts with lab-, so that a
// token of the lab can be recognised from its header alone.
type signingKey struct {
	alg    string
	kid    string
	signer crypto.Signer // returns signatures in JWS form
	public crypto.PublicKey
}

// keyring holds the keys of one run. ES256 is there from the start (0.01 ms).
// RSA takes 34 to 100 ms of processor, so it is made in the background when
// somebody first looks at the metadata or the key set, and not at all in a run
// that never does.
type keyring struct {
	ec      *signingKey
	rsa     atomic.Pointer[signingKey]
	start   sync.Once
	ready   chan struct{}
	working sync.WaitGroup
	// signing caps RSA signatures at the number of processors: more at once
	// only make each of them slower.
	signing chan struct{}
}

func newKeyring(from io.Reader) (*keyring, error) {
	priv, err := newECKey(from)
	if err != nil {
		return nil, err
	}
	k := &keyring{ready: make(chan struct{}), signing: make(chan struct{}, runtime.GOMAXPROCS(0))}
	k.ec = &signingKey{alg: es256, signer: rawECDSA{priv}, public: priv.Public()}
	k.ec.kid = kid(k.ec)
	return k, nil
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

// makeRSA starts making the RSA key and does not wait.
func (k *keyring) makeRSA() {
	k.start.Do(func() {
		k.working.Go(func() {
			defer close(k.ready)
			priv, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				return
			}
			key := &signingKey{alg: rs256, signer: priv, public: priv.Public()}
			key.kid = kid(key)
			k.rsa.Store(key)
		})
	})
}

// wait returns when no work of the keyring is left.
func (k *keyring) wait() {
	k.start.Do(func() { close(k.ready) })
	k.working.Wait()
}

// key for alg. For RS256 it waits until the key is made.
func (k *keyring) key(alg string) (*signingKey, error) {
	if alg == es256 {
		return k.ec, nil
	}
	if alg != rs256 {
		return nil, fmt.Errorf("lab: no key for the algorithm %s", alg)
	}
	k.makeRSA()
	<-k.ready
	if key := k.rsa.Load(); key != nil {
		return key, nil
	}
	return nil, errors.New("lab: there is no RS256 key: the lab is closed")
}

// public keys that are ready now.
func (k *keyring) public() []*signingKey {
	keys := []*signingKey{k.ec}
	if key := k.rsa.Load(); key != nil {
		keys = append(keys, key)
	}
	return keys
}

func (k *keyring) byKID(kid string) (*signingKey, bool) {
	for _, key := range k.public() {
		if key.kid == kid {
			return key, true
		}
	}
	return nil, false
}

// sign returns the JWS signature of the signing input, RFC 7515 §5.1.
func (k *keyring) sign(key *signingKey, input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	if key.alg == rs256 {
		k.signing <- struct{}{}
		defer func() { <-k.signing }()
	}
	return key.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
}

func (k *keyring) publicJSON() []byte {
	set := struct {
		Keys []map[string]string `json:"keys"`
	}{}
	for _, key := range k.public() {
		jwk := publicMembers(key.public)
		jwk["kid"], jwk["alg"], jwk["use"] = key.kid, key.alg, "sig"
		set.Keys = append(set.Keys, jwk)
	}
	out, _ := json.Marshal(set) // strings only: cannot fail
	return out
}

// publicMembers are the members of a JWK that make up its thumbprint,
// RFC 7638 §3.2.
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
	}
	return map[string]string{}
}

func kid(key *signingKey) string {
	thumb, _ := json.Marshal(publicMembers(key.public)) // encoding/json sorts the keys, as RFC 7638 asks
	sum := sha256.Sum256(thumb)
	return "lab-" + strings.ToLower(key.alg) + "-" + base64.RawURLEncoding.EncodeToString(sum[:6])
}

// rawECDSA signs the way JWS wants it: r and s side by side, 32 bytes each
// (RFC 7518 §3.4), and deterministically (RFC 6979), so that the same claims
// give the same token.
type rawECDSA struct{ *ecdsa.PrivateKey }

func (k rawECDSA) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	der, err := k.PrivateKey.Sign(nil, digest, opts)
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
