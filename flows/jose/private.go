package jose

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	jwxkey "github.com/lestrrat-go/jwx/v3/jwk"

	"authdance/flows/wire"
)

// Private is a key that can decrypt or sign: the private half of a pair, a
// shared secret or a password. No way of printing it shows the key.
type Private struct {
	KID, KTY, Alg, Use, Crv string
	Bits                    int
	From                    string // FromJWKS, FromJWK, FromPEM, FromDER or FromSecret

	Problems []wire.Check

	// raw is a closure for the same reason as Key.verify. It returns an
	// *rsa.PrivateKey, *ecdsa.PrivateKey, *ecdh.PrivateKey, ed25519.PrivateKey
	// or []byte; nil: the key cannot be used, and Problems says why.
	raw func() any
}

// Usable says that the key can decrypt or sign something.
func (p Private) Usable() bool { return p.raw != nil }

// Name writes the key for a sentence: its kid, else what it is.
func (p Private) Name() string {
	switch {
	case p.KID != "":
		return "key " + quoted(p.KID)
	case p.KTY == "oct":
		return "the given secret"
	}
	return "the given key"
}

// ParsePrivate reads keys that decrypt or sign: a JWK Set, a JWK, PEM (PKCS #1,
// PKCS #8, SEC 1) or DER. Any other text is a secret or a password, its bytes
// as they are. It reads key by key, and a public key is reported: it can
// neither decrypt nor sign.
func ParsePrivate(secret wire.Secret) []Private {
	b := []byte(secret.Reveal())
	trimmed := bytes.TrimSpace(b)
	switch v, _, err := wire.ParseJSON(trimmed, wire.Limits{}); {
	case len(trimmed) == 0:
		return nil
	case err == nil && isObject(v):
		return privateFromJSON(v, trimmed)
	case bytes.Contains(trimmed, []byte("-----BEGIN ")):
		return privateFromPEM(trimmed)
	}
	if p := privateFromDER(b, FromDER); p.Usable() {
		return []Private{p}
	}
	p := Private{From: FromSecret}
	p.use(b)
	return []Private{p}
}

func privateFromJSON(v wire.Value, text []byte) []Private {
	keys, isSet := v.Get("keys")
	if !isSet {
		return []Private{privateFromJWK(v.Raw(text), v, FromJWK)}
	}
	var all []Private
	for i, item := range keys.Items {
		if i == maxKeys {
			break
		}
		all = append(all, privateFromJWK(item.Raw(text), item, FromJWKS))
	}
	return all
}

func privateFromJWK(text []byte, v wire.Value, from string) Private {
	p := Private{From: from, KID: v.Str("kid"), KTY: v.Str("kty"), Alg: v.Str("alg"), Use: v.Str("use"), Crv: v.Str("crv")}
	key, err := jwxkey.ParseKey(text)
	var raw any
	if err == nil {
		err = jwxkey.Export(key, &raw)
	}
	if err != nil {
		p.bad("RFC 7517 §4", "this JWK cannot be read: "+err.Error(), quoted(p.KTY), "RSA, EC, OKP or oct with all its members")
		return p
	}
	p.use(raw)
	return p
}

func privateFromPEM(text []byte) []Private {
	var all []Private
	for len(all) < maxKeys {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type == "EC PARAMETERS" || block.Type == "CERTIFICATE" {
			continue // beside a private key they add nothing
		}
		p := privateFromDER(block.Bytes, FromPEM)
		if !p.Usable() {
			p.bad("RFC 7468 §10", "this PEM block holds no private key that can be read", quoted(block.Type), "PRIVATE KEY without a passphrase")
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		var p Private
		p.bad("RFC 7468 §10", "no private key stands in this PEM text", "no such block", "PRIVATE KEY")
		all = append(all, p)
	}
	return all
}

// privateFromDER reads PKCS #8, PKCS #1 and SEC 1.
func privateFromDER(der []byte, from string) Private {
	p := Private{From: from}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		p.use(key)
	} else if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		p.use(key)
	} else if key, err := x509.ParseECPrivateKey(der); err == nil {
		p.use(key)
	}
	return p
}

func (p *Private) bad(ref, message, got, want string) {
	p.Problems = append(p.Problems, row(wire.Fail, "jwks_bad_key", ref, message, got, want))
}

// use takes a key apart for its description.
func (p *Private) use(raw any) {
	switch k := raw.(type) {
	case *rsa.PrivateKey:
		p.KTY, p.Bits = "RSA", k.N.BitLen()
	case *ecdsa.PrivateKey:
		p.KTY, p.Crv, p.Bits = "EC", k.Curve.Params().Name, k.Curve.Params().BitSize
	case *ecdh.PrivateKey:
		p.KTY, p.Crv, p.Bits = "OKP", "X25519", 256
		if k.Curve() != ecdh.X25519() {
			p.bad("RFC 8037 §2", "this kind of key decrypts nothing here", fmt.Sprint(k.Curve()), "X25519")
			return
		}
	case ed25519.PrivateKey:
		p.KTY, p.Crv, p.Bits = "OKP", "Ed25519", 256
	case []byte:
		p.KTY, p.Bits = "oct", len(k)*8
	default:
		p.bad("RFC 7517 §9.2", "this is a public key: it can neither decrypt nor sign", p.KTY, "a private key")
		return
	}
	p.raw = func() any { return raw }
}

// Public is the set of keys that verifies what these keys sign.
func Public(keys []Private) KeySet {
	var sets []KeySet
	for _, p := range keys {
		if !p.Usable() {
			continue
		}
		k := Key{KID: p.KID, Alg: p.Alg, Use: p.Use, From: p.From}
		switch raw := p.raw().(type) {
		case *rsa.PrivateKey:
			k.useRSA(&raw.PublicKey)
		case *ecdsa.PrivateKey:
			k.useEC(&raw.PublicKey)
		case ed25519.PrivateKey:
			k.useEd25519(raw.Public().(ed25519.PublicKey))
		case []byte:
			k.useSecret(raw)
		default:
			continue
		}
		sets = append(sets, KeySet{Keys: []Key{k}})
	}
	return Join(sets...)
}
