package jose

import (
	"crypto/sha256"
	"errors"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	koblitz "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"

	"authdance/flows/wire"
)

// useSecp256k1 reads a key on the curve of ES256K (RFC 8812 §3.1), which the
// standard library does not have. point is uncompressed: 4, x, y.
func (k *Key) useSecp256k1(point []byte) {
	k.Bits = 256
	pub, err := secp256k1.ParsePubKey(point)
	if err != nil {
		k.problem(row(wire.Fail, "jwks_bad_key", "RFC 8812 §3.1", "the point is not on its curve: this is no key", "a point off the curve", "a point on secp256k1"))
		return
	}
	k.verify = func(alg string, signed, signature []byte) error {
		if alg != "ES256K" || len(signature) != 64 {
			return errors.New("not an ES256K signature")
		}
		var r, s secp256k1.ModNScalar
		if r.SetByteSlice(signature[:32]) || s.SetByteSlice(signature[32:]) || r.IsZero() || s.IsZero() {
			return errors.New("r or s is out of range")
		}
		hash := sha256.Sum256(signed)
		if !koblitz.NewSignature(&r, &s).Verify(hash[:], pub) {
			return errors.New("the signature does not verify")
		}
		return nil
	}
}
