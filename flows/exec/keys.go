package exec

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"authdance/flows"
	"authdance/flows/wire"
)

// The names of the keys that runs ask for.
const (
	ClientKey  = "client_key"  // signs client assertions and request objects
	ClientCert = "client_cert" // is presented in TLS; its certificate also names ClientKey (x5t) when both are one
	DPoPKey    = "dpop_key"    // signs DPoP proofs; made here when nobody gave one
	DecryptKey = "decrypt_key" // opens what is encrypted for the client
)

// Key is a private key with what is public about it. It prints as its name
// only: no format shows the private half.
type Key struct {
	private crypto.PrivateKey // *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey or *ecdh.PrivateKey (X25519)
	kid     string
	alg     string
	use     string
	chain   []*x509.Certificate // the leaf first; nil when there is none
}

// Format writes what kind of key it is, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "private key (%s)", k.kind()) }

// MarshalJSON refuses: a private key is never written.
func (k Key) MarshalJSON() ([]byte, error) {
	return nil, errors.New("exec: a private key is never written")
}

func (k Key) kind() string {
	switch p := k.private.(type) {
	case *rsa.PrivateKey:
		return fmt.Sprintf("RSA, %d bits", p.N.BitLen())
	case *ecdsa.PrivateKey:
		return "EC " + p.Curve.Params().Name
	case ed25519.PrivateKey:
		return "Ed25519"
	case *ecdh.PrivateKey:
		return "X25519"
	}
	return "none"
}

// ParseKey reads a private key: a JWK (RFC 7517), a JWK Set of which it takes
// the first private key, or PEM (PKCS #8, PKCS #1 or SEC 1). Certificates of
// the key may stand in the same PEM text, the leaf first, or in x5c. The error
// says what is wrong and what would be right, and never shows the key.
func ParseKey(text []byte) (Key, error) {
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return Key{}, errors.New("there is no key in it: give a private key as JWK or PEM")
	case text[0] == '{':
		return fromJWK(text)
	case bytes.Contains(text, []byte("-----BEGIN")):
		return fromPEM(text)
	}
	return Key{}, errors.New("it is neither a JWK nor PEM: give a private key as JWK ({\"kty\":…) or as PEM (-----BEGIN PRIVATE KEY-----)")
}

func fromJWK(text []byte) (Key, error) {
	set, err := jwk.Parse(text)
	if err != nil {
		return Key{}, errors.New("the JWK cannot be read: a member is missing or no base64url (RFC 7517 §4)")
	}
	for i := range set.Len() {
		one, _ := set.Key(i)
		if private, err := jwk.IsPrivateKey(one); err != nil || !private {
			continue
		}
		var private any
		if err := jwk.Export(one, &private); err != nil {
			return Key{}, errors.New("the JWK is of a kind that cannot sign or decrypt here: use RSA, EC (P-256, P-384, P-521) or OKP (Ed25519, X25519)")
		}
		k := Key{private: private}
		k.kid, _ = one.KeyID()
		if a, ok := one.Algorithm(); ok {
			k.alg = a.String()
		}
		k.use, _ = one.KeyUsage()
		if chain, ok := one.X509CertChain(); ok {
			for j := range chain.Len() {
				der, _ := chain.Get(j)
				if k.chain, err = withCertificate(k.chain, der); err != nil {
					return Key{}, err
				}
			}
		}
		return k.checked()
	}
	return Key{}, errors.New("the JWK has no private half (member d): the public key alone cannot sign")
}

// withCertificate adds one member of x5c, which is base64 of DER.
func withCertificate(chain []*x509.Certificate, text []byte) ([]*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, errors.New("x5c of the JWK is not base64 (RFC 7517 §4.7)")
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("x5c of the JWK holds no certificate (RFC 7517 §4.7)")
	}
	return append(chain, cert), nil
}

func fromPEM(text []byte) (Key, error) {
	k := Key{}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		switch {
		case block.Type == "CERTIFICATE":
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return Key{}, errors.New("a CERTIFICATE block cannot be read (RFC 7468 §5)")
			}
			k.chain = append(k.chain, cert)
		case block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["DEK-Info"] != "":
			return Key{}, errors.New("the key is protected with a password. Write it without one (openssl pkey -in FILE), and keep the result in the keyring or in an age file")
		case strings.HasSuffix(block.Type, "PRIVATE KEY") && k.private == nil:
			private, err := fromDER(block.Bytes)
			if err != nil {
				return Key{}, err
			}
			k.private = private
		}
	}
	if k.private == nil {
		return Key{}, errors.New("the PEM text has no private key: a block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY is needed")
	}
	return k.checked()
}

// Certified is the key with the certificates of a PEM text, the leaf first. The
// leaf must be for this key.
func (k Key) Certified(text []byte) (Key, error) {
	k.chain = nil
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return Key{}, errors.New("a CERTIFICATE block cannot be read (RFC 7468 §5)")
		}
		k.chain = append(k.chain, cert)
	}
	if len(k.chain) == 0 {
		return Key{}, errors.New("the PEM text has no certificate: a block CERTIFICATE is needed")
	}
	return k.checked()
}

func fromDER(der []byte) (crypto.PrivateKey, error) {
	if p, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return p, nil
	}
	if p, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return p, nil
	}
	if p, err := x509.ParseECPrivateKey(der); err == nil {
		return p, nil
	}
	return nil, errors.New("the private key block cannot be read: PKCS #8, PKCS #1 and SEC 1 are known")
}

// checked makes sure that the parts belong together.
func (k Key) checked() (Key, error) {
	if p, ok := k.private.(*rsa.PrivateKey); ok && p.N.BitLen() < 2048 {
		return Key{}, fmt.Errorf("the RSA key has %d bits; 2048 is the least (RFC 7518 §3.3)", p.N.BitLen())
	}
	public, ok := k.public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return Key{}, errors.New("the key is of a kind that cannot sign or decrypt here: use RSA, EC or OKP")
	}
	if len(k.chain) > 0 && !public.Equal(k.chain[0].PublicKey) {
		return Key{}, errors.New("the first certificate is for another key: put the leaf of this key first")
	}
	return k, nil
}

func (k Key) public() crypto.PublicKey {
	switch p := k.private.(type) {
	case *ecdh.PrivateKey:
		return p.PublicKey()
	case crypto.Signer:
		return p.Public()
	}
	return nil
}

// signs is the JWS algorithm that the key signs with: its own, else the usual
// one of its kind.
func (k Key) signs() string {
	if k.alg != "" {
		return k.alg
	}
	switch p := k.private.(type) {
	case *rsa.PrivateKey:
		return "RS256"
	case *ecdsa.PrivateKey:
		return map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[p.Curve.Params().Name]
	case ed25519.PrivateKey:
		return "EdDSA"
	}
	return ""
}

// published is the public half as a JWK with the names that tokens use for it:
// kid, alg, and of a certificate x5t and x5t#S256.
func (k Key) published() (wire.Untrusted, error) {
	text, err := publicJWK(k.public())
	if err != nil {
		return "", err
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		return "", err
	}
	for name, v := range map[string]string{"kid": k.kid, "use": k.use, "alg": k.signs()} {
		if v != "" {
			members[name] = v
		}
	}
	if len(k.chain) > 0 {
		one, two := sha1.Sum(k.chain[0].Raw), sha256.Sum256(k.chain[0].Raw)
		members["x5t"], members["x5t#S256"] = base64.RawURLEncoding.EncodeToString(one[:]), base64.RawURLEncoding.EncodeToString(two[:])
	}
	text, err = json.Marshal(members)
	return wire.Untrusted(text), err
}

func publicJWK(public crypto.PublicKey) ([]byte, error) {
	one, err := jwk.Import(public)
	if err != nil {
		return nil, err
	}
	return json.Marshal(one)
}

// certificate is what TLS presents.
func (k Key) certificate() (tls.Certificate, bool) {
	if len(k.chain) == 0 {
		return tls.Certificate{}, false
	}
	c := tls.Certificate{PrivateKey: k.private, Leaf: k.chain[0]}
	for _, one := range k.chain {
		c.Certificate = append(c.Certificate, one.Raw)
	}
	return c, true
}

// keyring holds the keys of a Live, and makes the one that may be made.
type keyring struct {
	mu   sync.Mutex
	held map[string]Key
}

func (r *keyring) find(name string) (Key, *failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k, ok := r.held[name]; ok {
		return k, nil
	}
	return Key{}, missingKey(name)
}

// wanted is find, but a DPoP key that nobody gave is made, once, for the
// algorithm that is asked for.
func (r *keyring) wanted(w flows.KeyWish) (Key, *failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k, ok := r.held[w.Name]; ok {
		return k, nil
	}
	if w.Name != DPoPKey {
		return Key{}, missingKey(w.Name)
	}
	private, err := newKey(w.Alg)
	if err != nil {
		return Key{}, internal("the DPoP key could not be made: %v", err)
	}
	if private == nil {
		return Key{}, &failure{code: KeyUnfit, text: "no key for the algorithm " + clipped(w.Alg) + " can be made here; ES256, ES384, ES512, EdDSA, RS256 and PS256 are known"}
	}
	k := Key{private: private, alg: w.Alg}
	r.held[w.Name] = k
	return k, nil
}

// newKey makes a key for a JWS algorithm, nil for one that is not known. It
// takes its randomness from the system, whatever the run's random source is.
func newKey(alg string) (crypto.PrivateKey, error) {
	switch alg {
	case "", "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA", "Ed25519":
		_, k, err := ed25519.GenerateKey(rand.Reader)
		return k, err
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, nil
}

func missingKey(name string) *failure {
	how := map[string]string{
		ClientKey:  "give the client's private key, as JWK or PEM (--client-key)",
		ClientCert: "give the client's certificate with its private key, as PEM (--client-cert)",
		DecryptKey: "give the private key that the server encrypts for, as JWK or PEM (--decrypt-key)",
	}[name]
	if how == "" {
		known := []string{ClientKey, ClientCert, DPoPKey, DecryptKey}
		slices.Sort(known)
		how = "the keys of a run are called " + strings.Join(known, ", ")
	}
	return &failure{code: KeyMissing, text: "this run has no private key named " + clipped(name) + ": " + how}
}

// random is a fresh value of 256 bits, base64url.
func (l *Live) random() (string, *failure) {
	var b [32]byte
	if _, err := io.ReadFull(l.rand, b[:]); err != nil {
		return "", internal("the random source failed: %v", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
