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
		var public []byte
		if c.Auth == authPrivateKey {
			var err error
			if c.PrivateJWK, public, err = clientKey(c.ID); err != nil {
				return nil, err
			}
		}
		if err := reg.add(c, public); err != nil {
			return nil, err
		}
	}
	return reg, nil
}

// clientKey makes the key pair of a client whose application has none of its
// own: the private JWK for the application and the key set that the lab keeps.
func clientKey(id string) (private string, public []byte, err error) {
	priv, err := newECKey(nil)
	if err != nil {
		return "", nil, fmt.Errorf("lab: make the key of %s: %w", id, err)
	}
	members := publicMembers(priv.Public())
	members["alg"], members["use"], members["kid"] = es256, "sig", id+"-key"
	if public, err = json.Marshal(map[string]any{"keys": []any{members}}); err != nil {
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

func (r *registry) add(c Client, jwks []byte) error {
	var keys jwk.Set
	if jwks != nil {
		var err error
		if keys, err = publicKeys(jwks); err != nil {
			return err
		}
	}
	r.put(registered{Client: c, public: keys})
	return nil
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

// SetClientKeys registers the public keys, a JWK set, with which an
// application signs: client assertions, request objects. They replace what was
// registered before. An unknown client or a bad set is an error.
func (l *Lab) SetClientKeys(clientID string, jwks []byte) error {
	reg := l.main().store.registry
	c, ok := reg.client(clientID)
	if !ok {
		return fmt.Errorf("lab: no client is called %q", clientID)
	}
	c.PrivateJWK = ""
	return reg.add(c, jwks)
}
