package lab

import (
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
}

type registered struct {
	Client
	public jwk.Set
	// Only of clients that registered themselves.
	token    string // registration access token
	issued   int64
	metadata clientMetadata
}

func newRegistry(clients []Client) (*registry, error) {
	reg := &registry{clients: map[string]registered{}}
	for _, c := range clients {
		entry := registered{Client: c}
		if use := c.ownKeyUse(); use != "" {
			var err error
			if entry.PrivateJWK, entry.public, err = clientKey(c.ID, use); err != nil {
				return nil, err
			}
		}
		reg.put(entry)
	}
	return reg, nil
}

// ownKeyUse is what the application of a fixed client needs a key for.
func (c Client) ownKeyUse() string {
	for _, s := range c.Seals {
		if s.KeyAlg != "" {
			return forEncryption
		}
	}
	if c.Auth == authPrivateKey {
		return forSigning
	}
	return ""
}

// clientKey makes the key pair of a client whose application has none of its
// own: the private JWK for the application and the key set that the lab keeps.
func clientKey(id, use string) (private string, public jwk.Set, err error) {
	priv, err := newECKey(nil)
	if err != nil {
		return "", nil, fmt.Errorf("lab: make the key of %s: %w", id, err)
	}
	members := publicMembers(priv.Public())
	members["use"], members["kid"] = use, id+"-key"
	if use == forSigning {
		members["alg"] = es256
	}
	set, err := json.Marshal(map[string]any{"keys": []any{members}})
	if err != nil {
		return "", nil, err
	}
	if public, err = publicKeys(set); err != nil {
		return "", nil, err
	}
	scalar, err := priv.Bytes()
	if err != nil {
		return "", nil, fmt.Errorf("lab: write the key of %s: %w", id, err)
	}
	members["d"] = base64.RawURLEncoding.EncodeToString(scalar)
	text, err := json.Marshal(members)
	return string(text), public, err
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
	defer r.mu.RUnlock()
	c, ok := r.clients[id]
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
	}
	return keys, nil
}

func (r *registry) client(id string) (Client, bool) {
	c, ok := r.entry(id)
	return c.Client, ok
}

// keys are the public keys of a client; nil when it has none.
func (r *registry) keys(id string) jwk.Set {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.clients[id].public
}

func (r *registry) list() []Client {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := make([]Client, 0, len(r.order))
	for _, id := range r.order {
		all = append(all, r.clients[id].Client)
	}
	return all
}

// SetClientKeys registers the public keys of an application, a JWK set: those
// with which it signs client assertions and request objects, and those to which
// the lab encrypts. They replace what was registered before. An unknown client,
// a bad set, or a set without the key that the client's seals need is an error.
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
	c.PrivateJWK, c.public = "", keys
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
