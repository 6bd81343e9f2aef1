package jose

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"

	"authdance/flows/wire"
)

const maxKeys = 200

// Where a key came from (Key.From).
const (
	FromJWKS   = "jwks"
	FromJWK    = "jwk"
	FromPEM    = "pem"
	FromDER    = "der"
	FromSecret = "secret"
)

// Key is one key that can verify, or the report of why it cannot. It holds no
// private half: that is dropped while reading. Its strings are foreign text.
type Key struct {
	KID    string
	KTY    string
	Alg    string
	Use    string
	KeyOps []string
	Crv    string
	Bits   int // RSA modulus, curve or secret size
	From   string
	Index  int // place in its set, from 0

	Problems []wire.Check

	certificate *x509.Certificate // the one that it came in; nil: none

	secretBytes func() []byte // of a symmetric JWK, not yet believed; nil: none

	public func() any // of a key pair, as the standard library has it; nil: none

	// verify is a closure so that no way of printing a Key prints a secret.
	// nil: the key cannot be used, and Problems says why.
	verify func(alg string, signed, signature []byte) error
}

// secret says that whoever verifies with the key can also sign with it.
func (k Key) secret() bool { return k.KTY == "oct" && k.Usable() }

// Usable says that the key can verify something.
func (k Key) Usable() bool { return k.verify != nil }

// Name writes the key for a sentence: its kid, else its place.
func (k Key) Name() string {
	switch {
	case k.KID != "":
		return "key " + quoted(k.KID)
	case k.From == FromSecret:
		return "the shared secret"
	case k.From == FromJWKS:
		return fmt.Sprintf("key %d of the set", k.Index+1)
	}
	return "the given key"
}

// KeySet is what ParseKeys read. Checks are about the whole set; each key
// carries its own Problems.
type KeySet struct {
	Keys   []Key
	Checks []wire.Check
}

// Findings returns the checks of the set and of every key in it, in order.
func (s KeySet) Findings() []wire.Check {
	all := append([]wire.Check(nil), s.Checks...)
	for _, k := range s.Keys {
		all = append(all, k.Problems...)
	}
	return all
}

// Join makes one set of several, for a person who gives a JWKS and a secret.
func Join(sets ...KeySet) KeySet {
	var joined KeySet
	for _, s := range sets {
		joined.Keys = append(joined.Keys, s.Keys...)
		joined.Checks = append(joined.Checks, s.Checks...)
	}
	return joined
}

// ParseKeys reads public keys: a JWK Set (RFC 7517 §5), one JWK, an object of
// certificates by kid, PEM (public key, certificate, or the public half of a
// private key) or DER. It reads key by key: a broken, unknown or repeated key
// is reported and spoils no other. A symmetric key is never usable from here:
// whoever can read a published secret can sign with it. Give secrets to
// ParseSecret.
func ParseKeys(b []byte) KeySet {
	text := bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff")))
	var s KeySet
	switch {
	case len(text) == 0:
		s.Checks = append(s.Checks, row(wire.Fail, "jwks_empty", "RFC 7517 §5", "there is nothing here", "nothing", "keys"))
	case text[0] == '{' || text[0] == '[':
		s.readJSON(text)
	case bytes.Contains(text, []byte("-----BEGIN")):
		s.readPEM(text)
	case text[0] == 0x30:
		s.Keys = append(s.Keys, keyFromDER(b, FromDER))
	default:
		s.Checks = append(s.Checks, row(wire.Fail, "jwks_invalid", "RFC 7517 §5", "this is no key in any form that is read here",
			count(len(text), "byte")+" of something else", "JWK Set, JWK, PEM or DER"))
	}
	for i := range s.Keys {
		s.Keys[i].Index = i
	}
	s.findDuplicates()
	return s
}

// ParseKeyFile reads the keys of a file that a person chose. It is ParseKeys with
// one difference: a JWK of type oct counts as the shared secret that it is,
// because here nobody published it.
func ParseKeyFile(b []byte) KeySet {
	s := ParseKeys(b)
	for i, k := range s.Keys {
		if k.KTY == "oct" && !k.Usable() && k.secretBytes != nil {
			k.Problems = nil
			k.From = FromSecret
			k.useSecret(k.secretBytes())
			s.Keys[i] = k
		}
	}
	return s
}

func (s *KeySet) readJSON(text []byte) {
	v, findings, err := wire.ParseJSON(text, wire.Limits{})
	for _, c := range findings {
		s.Checks = append(s.Checks, row(c.Status, c.ID, c.Ref, c.Message, c.Got, c.Want))
	}
	keys, isSet := v.Get("keys")
	switch {
	case err != nil:
		// The keys before the break are still read: they may be the right ones.
		s.Checks = append(s.Checks, row(wire.Fail, "jwks_invalid", "RFC 7517 §5", "the JSON breaks off: "+err.Error(), "", "a JWK Set"))
	case isSet && !isArray(keys):
		s.Checks = append(s.Checks, row(wire.Fail, "jwks_invalid", "RFC 7517 §5.1", "keys must be an array", kindOf(keys), "an array"))
	}
	switch {
	case isArray(keys):
		s.readSet(keys.Items)
	case v.Str("kty") != "":
		s.Keys = append(s.Keys, keyFromJWK(v, FromJWK))
	case err == nil && !isSet && !s.readCertificates(v):
		s.Checks = append(s.Checks, row(wire.Fail, "jwks_invalid", "RFC 7517 §5.1", "this JSON holds no keys", describeMembers(v), `a member "keys"`))
	}
}

func (s *KeySet) readSet(items []wire.Value) {
	if len(items) == 0 {
		s.Checks = append(s.Checks, row(wire.Fail, "jwks_empty", "RFC 7517 §5.1", "the set has no keys, so nothing can be verified with it", "0 keys", "1 or more"))
	}
	if len(items) > maxKeys {
		s.Checks = append(s.Checks, row(wire.Warn, "jwks_invalid", "", "the set is unreasonably large; the rest was not read",
			count(len(items), "key"), fmt.Sprintf("at most %d", maxKeys)))
		items = items[:maxKeys]
	}
	for _, item := range items {
		s.Keys = append(s.Keys, keyFromJWK(item, FromJWKS))
	}
}

// readCertificates reads {"kid": "-----BEGIN CERTIFICATE-----…"}, the form in
// which Google publishes its older keys.
func (s *KeySet) readCertificates(v wire.Value) bool {
	before := len(s.Keys)
	for _, m := range v.Members {
		if len(s.Keys)-before == maxKeys {
			break
		}
		if strings.Contains(m.Value.Text, "-----BEGIN") {
			var one KeySet
			one.readPEM([]byte(m.Value.Text))
			for _, k := range one.Keys {
				k.KID, k.From = m.Name, FromJWKS
				s.Keys = append(s.Keys, k)
			}
		}
	}
	return len(s.Keys) > before
}

func describeMembers(v wire.Value) string {
	if !isObject(v) {
		return kindOf(v)
	}
	var names []string
	for i, m := range v.Members {
		if i == 8 {
			names = append(names, "…")
			break
		}
		names = append(names, quoted(m.Name))
	}
	return "an object with " + list(names)
}

// findDuplicates reports keys that share a kid (RFC 7517 §4.5).
func (s *KeySet) findDuplicates() {
	seen := map[string]int{}
	for _, k := range s.Keys {
		if k.KID == "" {
			continue
		}
		if seen[k.KID]++; seen[k.KID] == 2 {
			s.Checks = append(s.Checks, row(wire.Warn, "jwks_duplicate_kid", "RFC 7517 §4.5",
				"two keys have the same kid: a verifier that takes the first one may refuse good tokens", quoted(k.KID)+" twice", "each kid once"))
		}
	}
}
