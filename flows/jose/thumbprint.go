package jose

import (
	"crypto"
	"errors"

	keys "github.com/lestrrat-go/jwx/v3/jwk"

	"authdance/flows/wire"
)

// Thumbprint is the SHA-256 hash of a public key in JWK form, base64url (RFC
// 7638): jkt in tokens and requests. The error says that the text is no key.
func Thumbprint(text wire.Untrusted) (string, error) {
	key, err := keys.ParseKey([]byte(text.Raw()))
	if err != nil {
		return "", errors.New("it is no JWK (RFC 7517 §4)")
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", errors.New("it lacks a member that its kind of key must have (RFC 7638 §3.2)")
	}
	return base64url(sum), nil
}
