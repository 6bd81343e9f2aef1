package lab

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// keyring holds the keys of a tenant: the present generation, and earlier ones
// that are still published because tokens signed with them may be around.
type keyring struct {
	mu      sync.RWMutex
	present *generation
	before  []*generation
	now     func() time.Time // of the tenant

	closed  atomic.Bool
	working sync.WaitGroup
	signing chan struct{}
}

// generation is a set of keys, one per algorithm. ES256 is there from the start
// (0.01 ms). The others are made when they are first wanted, or in the
// background when somebody looks at the metadata or the key set, and not at all
// in a run that never does.
type generation struct {
	slots []*slot
	look  sync.Once
	until time.Time // when it leaves the key set; zero for the present one
}

type slot struct {
	alg, use string
	once     sync.Once
	made     atomic.Pointer[keyPair]
}

func newKeyring(from io.Reader) (*keyring, error) {
	priv, err := newECKey(from)
	if err != nil {
		return nil, err
	}
	return &keyring{present: newGeneration(newKeyPair(es256, forSigning, priv)), now: time.Now, signing: make(chan struct{}, processors())}, nil
}

func newGeneration(first *keyPair) *generation {
	main := &slot{alg: first.alg, use: first.use}
	main.once.Do(func() { main.made.Store(first) })
	g := &generation{slots: []*slot{main}}
	for _, alg := range signingAlgs()[1:] {
		g.slots = append(g.slots, &slot{alg: alg, use: forSigning})
	}
	for _, alg := range []string{ecdhES, rsaOAEP} {
		g.slots = append(g.slots, &slot{alg: alg, use: forEncryption})
	}
	return g
}

// get returns the key and makes it if nobody has. It is nil when the machine
// has no randomness.
func (s *slot) get() *keyPair {
	s.once.Do(func() {
		if key, err := makeKey(s.alg, s.use); err == nil {
			s.made.Store(key)
		}
	})
	return s.made.Load()
}

func (g *generation) ready() []*keyPair {
	var keys []*keyPair
	for _, s := range g.slots {
		if key := s.made.Load(); key != nil {
			keys = append(keys, key)
		}
	}
	return keys
}

func (k *keyring) current() *generation {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.present
}

// makeAll makes the keys that are not there yet and waits only for those that
// take no time.
func (k *keyring) makeAll() {
	g := k.current()
	g.look.Do(func() {
		var slow []*slot
		for _, s := range g.slots {
			if s.alg == eddsa || s.alg == ecdhES {
				s.get()
			} else {
				slow = append(slow, s)
			}
		}
		k.working.Go(func() {
			for _, s := range slow {
				if k.closed.Load() {
					return
				}
				s.get()
			}
		})
	})
}

// wait returns when no work of the keyring is left.
func (k *keyring) wait() {
	k.closed.Store(true)
	k.working.Wait()
}

// main is the key that signs what no client chose an algorithm for.
func (k *keyring) main() *keyPair { return k.current().slots[0].made.Load() }

// key for alg. For RSA it may wait until the key is made.
func (k *keyring) key(alg string) (*keyPair, error) {
	for _, s := range k.current().slots {
		if s.alg != alg {
			continue
		}
		if key := s.get(); key != nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("lab: no key for the algorithm %s", alg)
}

// published are the keys that are ready and not too old, the present ones first.
func (k *keyring) published() []*keyPair {
	k.mu.RLock()
	defer k.mu.RUnlock()
	keys := k.present.ready()
	for _, g := range k.before {
		if k.now().Before(g.until) {
			keys = append(keys, g.ready()...)
		}
	}
	return keys
}

// byKID finds a published key by name and use.
func (k *keyring) byKID(kid, use string) (*keyPair, bool) {
	for _, key := range k.published() {
		if key.kid == kid && key.use == use {
			return key, true
		}
	}
	return nil, false
}

// generationLimit bounds what rotating without end leaves in memory.
const generationLimit = 8

// rotate begins a new generation. The present one stays published until the
// given time; with a time that is over it goes at once.
func (k *keyring) rotate(until time.Time) error {
	key, err := makeKey(es256, forSigning)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.present.until = until
	k.before = append([]*generation{k.present}, k.before...)
	k.before = k.before[:min(len(k.before), generationLimit)]
	k.present = newGeneration(key)
	return nil
}

// sign returns the JWS signature of the signing input.
func (k *keyring) sign(key *keyPair, input []byte) ([]byte, error) {
	if key.alg == rs256 || key.alg == ps256 {
		k.signing <- struct{}{}
		defer func() { <-k.signing }()
	}
	return signWith(key, input)
}

func (k *keyring) publicJSON() []byte {
	set := struct {
		Keys []map[string]string `json:"keys"`
	}{}
	for _, key := range k.published() {
		set.Keys = append(set.Keys, key.publicJWK())
	}
	out, _ := json.Marshal(set) // strings only: cannot fail
	return out
}

// RotateKeys replaces all keys of the tenant. What is signed from now on is
// signed with a new key; the old ones stay in the key set as long as the
// longest-lived token signed with them, an hour at least, so that clients which
// fetch the key set again for an unknown kid see no failure.
func (t Tenant) RotateKeys() error {
	life := t.t.life.Load()
	return t.t.keys.rotate(t.t.now().Add(max(time.Hour, life.IDToken, life.AccessToken)))
}

// DropOldKeys takes the keys of earlier generations out of the key set at once,
// as a server does after a leak: tokens signed with them are worthless.
func (t Tenant) DropOldKeys() {
	k := t.t.keys
	k.mu.Lock()
	defer k.mu.Unlock()
	k.before = nil
}
