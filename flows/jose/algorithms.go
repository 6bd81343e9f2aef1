package jose

import "strings"

// alg is one signature algorithm of RFC 7518 §3.1, RFC 8037 or RFC 9864.
type alg struct {
	name string
	kty  string // the key type that it needs
	crv  string // the curve that it needs; empty: none
	hash string // of the signature, and by OIDC Core §3.1.3.6 of at_hash, c_hash and s_hash
	sig  int    // length of the signature in bytes; 0: as long as the RSA modulus
}

// algorithm returns a supported algorithm by its exact name: names are case
// sensitive (RFC 7515 §4.1.1).
func algorithm(name string) (alg, bool) {
	switch name {
	case "RS256", "PS256":
		return alg{name: name, kty: "RSA", hash: "SHA-256"}, true
	case "RS384", "PS384":
		return alg{name: name, kty: "RSA", hash: "SHA-384"}, true
	case "RS512", "PS512":
		return alg{name: name, kty: "RSA", hash: "SHA-512"}, true
	case "ES256":
		return alg{name, "EC", "P-256", "SHA-256", 64}, true
	case "ES384":
		return alg{name, "EC", "P-384", "SHA-384", 96}, true
	case "ES512":
		return alg{name, "EC", "P-521", "SHA-512", 132}, true
	case "ES256K":
		return alg{name, "EC", "secp256k1", "SHA-256", 64}, true
	case "EdDSA", "Ed25519":
		return alg{name, "OKP", "Ed25519", "SHA-512", 64}, true
	case "HS256":
		return alg{name, "oct", "", "SHA-256", 32}, true
	case "HS384":
		return alg{name, "oct", "", "SHA-384", 48}, true
	case "HS512":
		return alg{name, "oct", "", "SHA-512", 64}, true
	}
	return alg{}, false
}

// DefaultAlgs returns the algorithms that are allowed when a policy names none:
// every public key signature that this package verifies.
func DefaultAlgs() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519"}
}

// registered says that a name stands in the IANA registry of signature
// algorithms although this package does not verify it.
func registered(name string) bool {
	switch name {
	case "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87":
		return true
	}
	return false
}

// isNone catches every spelling that a careless verifier might take for none.
func isNone(name string) bool {
	return strings.EqualFold(strings.TrimSpace(name), "none")
}

func (a alg) symmetric() bool { return a.kty == "oct" }

// needs describes the fitting key in a sentence.
func (a alg) needs() string {
	switch {
	case a.symmetric():
		return "a shared secret"
	case a.crv != "":
		return a.kty + " key on " + a.crv
	}
	return a.kty + " key"
}
