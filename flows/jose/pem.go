package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"authdance/flows/wire"
	"github.com/lestrrat-go/jwx/v3/jws/jwsbb"
)

func (s *KeySet) readPEM(text []byte) {
	before := len(s.Keys)
	for len(s.Keys)-before < maxKeys {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type == "EC PARAMETERS" {
			continue // openssl writes it before the key; it holds only the curve's name
		}
		k := keyFromDER(block.Bytes, FromPEM)
		if !k.Usable() && len(k.Problems) == 1 {
			k.Problems[0] = row(wire.Fail, "jwks_bad_key", "RFC 7468", "a PEM block that holds no key that can verify",
				quoted(block.Type), "PUBLIC KEY, CERTIFICATE or PRIVATE KEY")
		}
		s.Keys = append(s.Keys, k)
	}
	if len(s.Keys) == before {
		s.Checks = append(s.Checks, row(wire.Fail, "jwks_invalid", "RFC 7468", "the PEM text is damaged: no block could be read", "a broken PEM block", "BEGIN and END lines around base64"))
	}
}

// keyFromDER reads what a DER file or PEM block may hold. Of a private key only
// the public half is kept.
func keyFromDER(der []byte, from string) Key {
	k := Key{From: from}
	if pub, err := x509.ParsePKIXPublicKey(der); err == nil {
		k.usePublic(pub)
		return k
	}
	if pub, err := x509.ParsePKCS1PublicKey(der); err == nil {
		k.usePublic(pub)
		return k
	}
	if cert, err := x509.ParseCertificate(der); err == nil {
		k.certificate = cert
		k.usePublic(cert.PublicKey)
		return k
	}
	var private any
	var err error
	if private, err = x509.ParsePKCS8PrivateKey(der); err != nil {
		if private, err = x509.ParsePKCS1PrivateKey(der); err != nil {
			private, err = x509.ParseECPrivateKey(der)
		}
	}
	signer, ok := private.(crypto.Signer)
	if err != nil || !ok {
		k.bad("RFC 5280 §4.1", "these bytes hold no key that can verify", count(len(der), "byte"), "a public key, certificate or private key")
		return k
	}
	k.usePublic(signer.Public())
	k.private("private key", "this is a private key. Only its public half was kept; a verifier never needs the rest")
	return k
}

func (k *Key) usePublic(public any) {
	switch pub := public.(type) {
	case *rsa.PublicKey:
		k.useRSA(pub)
	case *ecdsa.PublicKey:
		k.useEC(pub)
	case ed25519.PublicKey:
		k.useEd25519(pub)
	default:
		k.bad("RFC 7518 §3.1", "no JWS algorithm here uses this kind of key", fmt.Sprintf("%T", public), "RSA, EC or Ed25519")
	}
}

// ParseSecret makes a set of one HMAC key from a shared secret: the bytes of
// the text (OIDC Core §10.1), or the k of a JWK of type oct. Public keys are
// refused: they are what an attacker signs with to confuse HS256 with RS256.
func ParseSecret(secret wire.Secret) KeySet {
	b := []byte(secret.Reveal())
	k := Key{From: FromSecret, KTY: "oct"}
	if v, _, err := wire.ParseJSON(bytes.TrimSpace(b), wire.Limits{}); err == nil && v.Str("kty") != "" {
		k.KID, k.Alg, k.Use = v.Str("kid"), v.Str("alg"), v.Str("use")
		if v.Str("kty") != "oct" {
			k.problem(row(wire.Fail, "alg_symmetric", "RFC 8725 §2.1", "this is a public key, not a secret: everyone knows it", "kty "+v.Str("kty"), "kty oct"))
			return KeySet{Keys: []Key{k}}
		}
		b = k.bytes(v, "k", "RFC 7518 §6.4.1")
	} else if pub := ParseKeys(b); pub.usable() > 0 {
		k.problem(row(wire.Fail, "alg_symmetric", "RFC 8725 §2.1", "this is a public key or its file, not a secret", "a key file", "the shared secret"))
		return KeySet{Keys: []Key{k}}
	}
	if len(b) == 0 {
		k.bad("RFC 7518 §3.2", "the secret is empty", "0 bytes", "32 bytes or more")
		return KeySet{Keys: []Key{k}}
	}
	k.useSecret(b)
	return KeySet{Keys: []Key{k}}
}

func (k *Key) useSecret(b []byte) {
	k.KTY, k.Bits = "oct", len(b)*8
	k.verify = func(alg string, signed, signature []byte) error {
		return jwsbb.Verify(b, alg, signed, signature)
	}
}

func (s KeySet) usable() int {
	n := 0
	for _, k := range s.Keys {
		if k.Usable() {
			n++
		}
	}
	return n
}
