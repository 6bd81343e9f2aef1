package lab

import (
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
)

// SigningKey is the key that signs what no client chose an algorithm for, as a
// private JWK; nil when there is none. It is for tokens that are wrong on purpose
// and that only the server itself could have signed. It is made for this lab and
// gone with it.
func (l *Lab) SigningKey() []byte {
	key := l.main().keys.main()
	if key == nil {
		return nil
	}
	private, ok := key.private.(*ecdsa.PrivateKey)
	if !ok {
		return nil
	}
	scalar, err := private.Bytes()
	if err != nil {
		return nil
	}
	members := key.publicJWK()
	members["d"] = base64.RawURLEncoding.EncodeToString(scalar)
	out, _ := json.Marshal(members) // strings only: cannot fail
	return out
}
