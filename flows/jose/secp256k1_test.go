package jose

import (
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	koblitz "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// secp256k1Example signs "hello" with a key made here.
func secp256k1Example(tb testing.TB) (Token, KeySet) {
	tb.Helper()
	key := must(secp256k1.GeneratePrivateKey())
	pub := key.PubKey().SerializeUncompressed()
	f := forge{header: `{"alg":"ES256K"}`, payload: "hello", sig: func(signed string) []byte {
		hash := sha256.Sum256([]byte(signed))
		sig := koblitz.Sign(key, hash[:])
		r, s := sig.R(), sig.S()
		rb, sb := r.Bytes(), s.Bytes()
		return append(rb[:], sb[:]...)
	}}
	return Decode(f.String()), ParseKeys([]byte(`{"kty":"EC","crv":"secp256k1","x":"` + b64(pub[1:33]) + `","y":"` + b64(pub[33:]) + `"}`))
}

// order is the order of the curve, as r and as s.
func order(n int) []byte {
	b := secp256k1.Params().N.FillBytes(make([]byte, n/2))
	return append(b, new(big.Int).SetBytes(b).FillBytes(make([]byte, n/2))...)
}
