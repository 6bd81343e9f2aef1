package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"math/big"

	"authdance/flows/wire"
	"github.com/lestrrat-go/jwx/v3/jws/jwsbb"
)

const (
	minRSABits = 2048  // RFC 7518 §3.3
	maxRSABits = 16384 // larger ones only cost time
)

// keyFromJWK reads one JWK (RFC 7517 §4). It never fails: an unusable key keeps
// what could be read and says what is wrong with it.
func keyFromJWK(v wire.Value, from string) Key {
	k := Key{From: from}
	if !isObject(v) {
		k.bad("RFC 7517 §4", "a key must be a JSON object", kindOf(v), "an object")
		return k
	}
	k.KID = k.text(v, "kid", "RFC 7517 §4.5")
	k.KTY = k.text(v, "kty", "RFC 7517 §4.1")
	k.Alg = k.text(v, "alg", "RFC 7517 §4.4")
	k.Use = k.text(v, "use", "RFC 7517 §4.2")
	k.Crv = k.text(v, "crv", "RFC 7518 §6.2.1.1")
	if ops, ok := v.Get("key_ops"); ok {
		if k.KeyOps, ok = stringOrList(ops); !ok || !isArray(ops) {
			k.bad("RFC 7517 §4.3", "key_ops must be an array of strings", kindOf(ops), "an array of strings")
		}
	}
	switch k.KTY {
	case "RSA":
		k.readRSA(v)
	case "EC":
		k.readEC(v)
	case "OKP":
		k.readOKP(v)
	case "oct":
		if b, breaks := decodeBase64url(v.Str("k")); len(b) > 0 && len(breaks) == 0 {
			k.secretBytes = func() []byte { return b }
		}
		k.private("k", "a symmetric key stands in public: whoever reads it can sign tokens")
		k.problem(row(wire.Fail, "alg_symmetric", "RFC 8725 §2.1", "a shared secret is never taken from a key file or set; give it as the secret", "kty oct", "RSA, EC or OKP"))
		return k
	case "":
		k.bad("RFC 7517 §4.1", "a key without kty cannot be read", "no kty", "RSA, EC or OKP")
	default:
		k.problem(row(wire.Warn, "jwks_bad_key", "RFC 7517 §5", "a key type that is not known here; it is passed over", k.KTY, "RSA, EC or OKP"))
	}
	for _, name := range [...]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
		if _, ok := v.Get(name); ok {
			k.private(name, "the private half of this key stands here: whoever reads it can sign tokens. Only the public half was kept")
			break
		}
	}
	return k
}

func (k *Key) problem(c wire.Check) { k.Problems = append(k.Problems, c) }

func (k *Key) bad(ref, message, got, want string) {
	k.problem(row(wire.Fail, "jwks_bad_key", ref, message, got, want))
}

// private reports private material: a disaster in a published set, a remark for
// a file that the person chose.
func (k *Key) private(member, message string) {
	status := wire.Warn
	if k.From == FromJWKS {
		status = wire.Fail
	}
	k.problem(row(status, "jwks_private_key", "RFC 7517 §9.2", message, "member "+member, "public members only"))
}

func (k *Key) text(v wire.Value, name, ref string) string {
	m, ok := v.Get(name)
	if ok && !isString(m) {
		k.bad(ref, name+" must be a string", kindOf(m), "a string")
	}
	return v.Str(name)
}

// bytes reads a base64url member. What decodes only leniently is used and
// reported: some verifiers refuse it.
func (k *Key) bytes(v wire.Value, name, ref string) []byte {
	m, ok := v.Get(name)
	if !ok || !isString(m) || m.Text == "" {
		got := "nothing"
		if ok {
			got = kindOf(m)
		}
		k.bad(ref, "member "+name+" is missing or no text", got, "base64url text")
		return nil
	}
	b, breaks := decodeBase64url(m.Text)
	for _, br := range breaks {
		k.problem(row(wire.Warn, "jwks_bad_key", "RFC 7515 §2",
			fmt.Sprintf("member %s is not strict base64url at character %d", name, br.Offset+1), br.Got, br.Want))
	}
	if len(b) == 0 {
		k.bad(ref, "member "+name+" decodes to nothing", "0 bytes", "a number or key")
		return nil
	}
	return b
}

func (k *Key) readRSA(v wire.Value) {
	n := k.bytes(v, "n", "RFC 7518 §6.3.1.1")
	e := k.bytes(v, "e", "RFC 7518 §6.3.1.2")
	if n == nil || e == nil {
		return
	}
	if n[0] == 0 || e[0] == 0 {
		k.problem(row(wire.Warn, "jwks_bad_key", "RFC 7518 §2", "a number has leading zero bytes; some verifiers refuse it", "leading zero", "the shortest form"))
	}
	exponent := new(big.Int).SetBytes(e)
	if len(n) > maxRSABits/8+1 || !exponent.IsInt64() || exponent.Int64() > 1<<31-1 {
		k.bad("RFC 7518 §6.3.1", "the key is larger than a verifier can use", fmt.Sprintf("n %d bits, e %d bits", len(n)*8, len(e)*8),
			fmt.Sprintf("n up to %d bits, e below 2^31", maxRSABits))
		return
	}
	k.useRSA(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())})
}

func (k *Key) useRSA(pub *rsa.PublicKey) {
	k.KTY, k.Bits = "RSA", pub.N.BitLen()
	switch {
	case pub.N.Bit(0) == 0 || pub.E < 3 || pub.E%2 == 0:
		k.bad("RFC 8017 §3.1", "these numbers are no RSA key", fmt.Sprintf("e %d", pub.E), "an odd modulus and an odd exponent of 3 or more")
		return
	case k.Bits > maxRSABits:
		k.bad("RFC 7518 §6.3.1", "the key is larger than a verifier can use", fmt.Sprintf("%d bits", k.Bits), fmt.Sprintf("at most %d bits", maxRSABits))
		return
	case k.Bits < minRSABits:
		k.problem(weakRSA(wire.Fail, k.Bits))
	}
	k.verifyWith(pub)
}

func weakRSA(status wire.Status, bits int) wire.Check {
	return row(status, "weak_key", "RFC 7518 §3.3", "this RSA key is too short to trust", fmt.Sprintf("%d bits", bits), "2048 bits or more")
}

func (k *Key) verifyWith(public any) {
	k.public = func() any { return public }
	k.verify = func(alg string, signed, signature []byte) error {
		return jwsbb.Verify(public, alg, signed, signature)
	}
}

func curve(name string) elliptic.Curve {
	switch name {
	case "P-256":
		return elliptic.P256()
	case "P-384":
		return elliptic.P384()
	case "P-521":
		return elliptic.P521()
	}
	return nil
}

func (k *Key) readEC(v wire.Value) {
	size := map[string]int{"P-256": 32, "P-384": 48, "P-521": 66, "secp256k1": 32}[k.Crv]
	if size == 0 {
		k.problem(row(wire.Warn, "jwks_bad_key", "RFC 7518 §6.2.1.1", "a curve that is not verified here; the key is passed over", k.Crv, "P-256, P-384, P-521 or secp256k1"))
		return
	}
	point := []byte{4} // uncompressed
	for _, name := range [...]string{"x", "y"} {
		b := k.bytes(v, name, "RFC 7518 §6.2.1.2")
		switch {
		case b == nil:
			return
		case len(b) > size:
			k.bad("RFC 7518 §6.2.1.2", "coordinate "+name+" is too long for its curve", count(len(b), "byte"), count(size, "byte"))
			return
		case len(b) < size:
			k.problem(row(wire.Warn, "jwks_bad_key", "RFC 7518 §6.2.1.2", "coordinate "+name+" lost its leading zeros; strict verifiers refuse the key",
				count(len(b), "byte"), count(size, "byte")))
		}
		point = append(append(point, make([]byte, size-len(b))...), b...)
	}
	if k.Crv == "secp256k1" {
		k.useSecp256k1(point)
		return
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(curve(k.Crv), point)
	if err != nil {
		k.bad("RFC 7518 §6.2.2", "the point is not on its curve: this is no key", "a point off the curve", "a point on "+k.Crv)
		return
	}
	k.useEC(pub)
}

func (k *Key) useEC(pub *ecdsa.PublicKey) {
	k.KTY, k.Crv, k.Bits = "EC", pub.Curve.Params().Name, pub.Curve.Params().BitSize
	if curve(k.Crv) == nil {
		k.problem(row(wire.Warn, "jwks_bad_key", "RFC 7518 §3.4", "no JWS algorithm uses this curve", k.Crv, "P-256, P-384 or P-521"))
		return
	}
	k.verifyWith(pub)
}

func (k *Key) readOKP(v wire.Value) {
	if k.Crv != "Ed25519" {
		k.problem(row(wire.Warn, "jwks_bad_key", "RFC 8037 §2", "a curve that is not verified here; the key is passed over", k.Crv, "Ed25519"))
		return
	}
	x := k.bytes(v, "x", "RFC 8037 §2")
	if x == nil {
		return
	}
	if len(x) != ed25519.PublicKeySize {
		k.bad("RFC 8037 §2", "x has the wrong length for Ed25519", count(len(x), "byte"), "32 bytes")
		return
	}
	k.useEd25519(ed25519.PublicKey(x))
}

func (k *Key) useEd25519(pub ed25519.PublicKey) {
	k.KTY, k.Crv, k.Bits = "OKP", "Ed25519", 256
	k.verifyWith(pub)
}
