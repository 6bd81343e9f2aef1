package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/lestrrat-go/jwx/v3/jwk"
)

// registry holds the clients of a tenant with their public keys.
type registry struct {
	mu      sync.RWMutex
	clients map[string]registered
	order   []string
	// documents are clients that describe themselves, by their addresses.
	documents *table[registered]
}

type registered struct {
	Client
	public jwk.Set
	own    identity // certificate that the lab made for it; zero without one
	// keyless is a fixed client whose keys nobody has wanted yet: making them
	// for all would be most of what a lab does when it starts.
	keyless bool
	// Only of clients that registered themselves.
	token    string // registration access token
	issued   int64
	metadata clientMetadata
}

func newRegistry(clients []Client) *registry {
	reg := &registry{clients: map[string]registered{}, documents: newTable[registered](keepGrants, documentsLimit)}
	for _, c := range clients {
		reg.put(registered{Client: c, keyless: c.ownKeyUse() != ""})
	}
	return reg
}

// ownKeyUse is what the application of a fixed client needs a key for.
func (c Client) ownKeyUse() string {
	for _, s := range c.Seals {
		if s.KeyAlg != "" {
			return forEncryption
		}
	}
	if c.Auth == authPrivateKey || c.Auth == authSelfSigned {
		return forSigning
	}
	return ""
}

// makeKeys makes what a fixed client proves itself or decrypts with: the private
// JWK for its application and the key set that the lab keeps; where its
// certificate matters, that too.
func (c *registered) makeKeys() error {
	use := c.ownKeyUse()
	var key *ecdsa.PrivateKey
	var err error
	members := map[string]any{"use": use}
	if use == forSigning {
		members["alg"] = es256
	}
	if c.method() == authSelfSigned || c.must(mustName) {
		if c.own, err = selfSigned(c.ID); err != nil {
			return err
		}
		key = c.own.key
		members["x5c"] = []string{base64.StdEncoding.EncodeToString(c.own.cert.Raw)}
		members["x5t#S256"], members["x5t"] = thumbprint(c.own.cert), oldThumbprint(c.own.cert)
	} else {
		if key, err = newECKey(nil); err != nil {
			return err
		}
		members["kid"] = c.ID + "-key"
	}
	for name, value := range publicMembers(key.Public()) {
		members[name] = value
	}
	set, err := json.Marshal(map[string]any{"keys": []any{members}})
	if err != nil {
		return err
	}
	if c.public, err = publicKeys(set); err != nil || c.method() == authSelfSigned {
		return err
	}
	scalar, err := key.Bytes()
	if err != nil {
		return err
	}
	members["d"] = base64.RawURLEncoding.EncodeToString(scalar)
	private, err := json.Marshal(members)
	c.PrivateJWK = string(private)
	return err
}

func (r *registry) put(c registered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.clients[c.ID]; !known {
		r.order = append(r.order, c.ID)
	}
	r.clients[c.ID] = c
}

func (r *registry) remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.clients, id)
	r.order = slices.DeleteFunc(r.order, func(one string) bool { return one == id })
}

func (r *registry) entry(id string) (registered, bool) {
	r.mu.RLock()
	c, ok := r.clients[id]
	r.mu.RUnlock()
	switch {
	case !ok:
		return r.documents.get(id)
	case c.keyless:
		return r.withKeys(c)
	}
	return c, true
}

// withKeys makes the keys of a fixed client, once.
func (r *registry) withKeys(c registered) (registered, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.clients[c.ID]
	if c.keyless && c.makeKeys() == nil {
		c.keyless = false
		r.clients[c.ID] = c
	}
	return c, ok
}

// publicKeys reads a JWK set in which nothing is secret.
func publicKeys(jwks []byte) (jwk.Set, error) {
	keys, err := jwk.Parse(jwks)
	if err != nil {
		return nil, fmt.Errorf("lab: this is not a JWK set: %w", err)
	}
	for i := range keys.Len() {
		key, _ := keys.Key(i)
		if private, err := jwk.IsPrivateKey(key); err != nil || private {
			return nil, errors.New("lab: this JWK set has a key that is not public; leave the member d out")
		}
		if err := nameByCertificate(key); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// errCertificateKey is a key that does not belong to its certificate.
var errCertificateKey = errors.New("lab: this JWK set has a key that does not fit its certificate in x5c, or its thumbprint")

// nameByCertificate makes a key with a certificate known by the thumbprints of
// that, and checks what RFC 7517 §4.7 to §4.9 ask: same key, right thumbprints.
func nameByCertificate(key jwk.Key) error {
	cert, err := certificateOf(key)
	if err != nil || cert == nil {
		return err
	}
	var raw any
	if err := jwk.Export(key, &raw); err != nil {
		return errCertificateKey
	}
	public, ok := raw.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(cert.PublicKey) {
		return errCertificateKey
	}
	for member, value := range map[string]string{"x5t#S256": thumbprint(cert), "x5t": oldThumbprint(cert)} {
		var had string
		if key.Get(member, &had) == nil && had != value {
			return errCertificateKey
		}
		if err := key.Set(member, value); err != nil {
			return errCertificateKey
		}
	}
	return nil
}

// certificateOf is the first certificate in the x5c of a key; nil without one.
func certificateOf(key jwk.Key) (*x509.Certificate, error) {
	chain, ok := key.X509CertChain()
	if !ok || chain.Len() == 0 {
		return nil, nil
	}
	text, _ := chain.Get(0)
	der, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, errCertificateKey
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errCertificateKey
	}
	return cert, nil
}

func (r *registry) client(id string) (Client, bool) {
	c, ok := r.entry(id)
	return c.Client, ok
}

// keys are the public keys of a client; nil when it has none.
func (r *registry) keys(id string) jwk.Set {
	c, _ := r.entry(id)
	return c.public
}

func (r *registry) size() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.order)
}

func (r *registry) list() []Client {
	r.mu.RLock()
	ids := slices.Clone(r.order)
	r.mu.RUnlock()
	all := make([]Client, 0, len(ids))
	for _, id := range ids {
		if c, ok := r.client(id); ok {
			all = append(all, c)
		}
	}
	return all
}

// SetClientKeys registers the public keys of an application, a JWK set: those
// with which it signs client assertions and request objects, and those to which
// the lab encrypts. A key with a certificate (x5c) can be named by its
// thumbprint. They replace what was registered before. An unknown client, a bad
// set, or a set without the key that the client's seals need is an error.
func (t Tenant) SetClientKeys(clientID string, jwks []byte) error {
	reg := t.t.store.registry
	c, ok := reg.entry(clientID)
	if !ok {
		return fmt.Errorf("lab: no client is called %q", clientID)
	}
	keys, err := publicKeys(jwks)
	if err != nil {
		return err
	}
	c.PrivateJWK, c.public, c.own = "", keys, identity{}
	if err := c.fits(); err != nil {
		return err
	}
	reg.put(c)
	return nil
}

// SetClientKeys is Tenant.SetClientKeys for the default tenant.
func (l *Lab) SetClientKeys(clientID string, jwks []byte) error {
	return Tenant{l.main()}.SetClientKeys(clientID, jwks)
}

// ClientKey is the private key of a fixed client whose application has brought
// none of its own, as a JWK set: for signing (private_key_jwt) or for
// decrypting, as its use says. A client without such a key is an error.
func (t Tenant) ClientKey(clientID string) ([]byte, error) {
	c, ok := t.t.store.registry.client(clientID)
	switch {
	case !ok:
		return nil, fmt.Errorf("lab: no client is called %q", clientID)
	case c.PrivateJWK == "":
		return nil, fmt.Errorf("lab: the client %s has no key that the lab made", clientID)
	}
	return []byte(`{"keys":[` + c.PrivateJWK + `]}`), nil
}

// ClientKey is Tenant.ClientKey for the default tenant.
func (l *Lab) ClientKey(clientID string) ([]byte, error) { return Tenant{l.main()}.ClientKey(clientID) }
