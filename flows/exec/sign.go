package exec

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwe"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws/jwsbb"

	"authdance/flows"
	"authdance/flows/wire"
)

// sign makes the token of a draft: the members stand in it byte for byte in the
// order in which they were shown.
func (l *Live) sign(e flows.Sign) flows.Event {
	header, f := l.drawn(e.Draft.Header)
	if f != nil {
		return broke(e.ID, f)
	}
	claims, f := l.drawn(e.Draft.Claims)
	if f != nil {
		return broke(e.ID, f)
	}
	input := encode(flows.Object(header)) + "." + encode(flows.Object(claims))
	signature, f := l.signature(e, e.Draft.Get("alg").Raw(), input)
	if f != nil {
		return broke(e.ID, f)
	}
	token := input + "." + encode(signature)
	if e.To != nil {
		if token, f = encrypt(token, *e.To); f != nil {
			return broke(e.ID, f)
		}
	}
	return flows.Signed{ID: e.ID, Token: wire.Untrusted(token)}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// drawn fills in the values that are made when the draft is signed.
func (l *Live) drawn(members []flows.Param) ([]flows.Param, *failure) {
	members = slices.Clone(members)
	for i, p := range members {
		if !p.Fresh {
			continue
		}
		v, f := l.random()
		if f != nil {
			return nil, f
		}
		members[i].Value = wire.Untrusted(v)
	}
	return members, nil
}

// signature signs with the algorithm that the draft names. alg none is signed
// by nobody: a person who edits the header wants to see what the server says.
func (l *Live) signature(e flows.Sign, alg, input string) ([]byte, *failure) {
	switch {
	case alg == "none":
		return nil, nil
	case strings.HasPrefix(alg, "HS"):
		if e.Secret.IsZero() {
			return nil, unfit("%s signs with a shared secret, and this token is signed with the key %s", alg, e.Key)
		}
		return signed(e.Secret.Reveal(), alg, input)
	case e.Key == "":
		return nil, unfit("%s needs a private key, and this token is signed with the client secret; use HS256, HS384 or HS512", alg)
	}
	k, f := l.keys.find(e.Key)
	if f != nil {
		return nil, f
	}
	if fits := algorithmsOf(k); !slices.Contains(fits, alg) {
		return nil, unfit("%s does not go with the key %s (%s), which signs with "+strings.Join(fits, ", "), alg, e.Key, k.kind())
	}
	return signed(k.private, alg, input)
}

func signed(key any, alg, input string) ([]byte, *failure) {
	if secret, ok := key.(string); ok {
		key = []byte(secret)
	}
	signature, err := jwsbb.Sign(key, alg, []byte(input), nil)
	if err != nil {
		return nil, unfit("the token could not be signed with %s: %s", alg, err.Error())
	}
	return signature, nil
}

// algorithmsOf are those that a key can sign with: an EC key only with the one
// of its curve (RFC 7518 §3.4).
func algorithmsOf(k Key) []string {
	switch k.private.(type) {
	case *rsa.PrivateKey:
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PrivateKey:
		return []string{Key{private: k.private}.signs()}
	case ed25519.PrivateKey:
		return []string{"EdDSA", "Ed25519"}
	}
	return []string{"nothing: it is for encryption"}
}

func unfit(format string, names ...any) *failure {
	for i, n := range names {
		if s, ok := n.(string); ok {
			names[i] = clipped(s)
		}
	}
	f := refusal(format, names...)
	f.code = KeyUnfit
	return f
}

// encrypt makes a nested JWT (RFC 7519 §5.2): cty says that a JWT is inside.
func encrypt(token string, to flows.Recipient) (string, *failure) {
	key, err := jwk.ParseKey([]byte(to.JWK.Raw()))
	if err != nil {
		return "", unfit("the server's key for encryption cannot be read: %s", err.Error())
	}
	alg, okAlg := jwa.LookupKeyEncryptionAlgorithm(to.Alg)
	enc, okEnc := jwa.LookupContentEncryptionAlgorithm(to.Enc)
	if !okAlg || !okEnc {
		return "", unfit("%s with %s is no encryption that is known here (RFC 7518 §4.1, §5.1)", to.Alg, to.Enc)
	}
	header := jwe.NewHeaders()
	_ = header.Set(jwe.ContentTypeKey, "JWT")
	if kid, ok := key.KeyID(); ok {
		_ = header.Set(jwe.KeyIDKey, kid)
	}
	out, err := jwe.Encrypt([]byte(token), jwe.WithKey(alg, key), jwe.WithContentEncryption(enc), jwe.WithProtectedHeaders(header))
	if err != nil {
		return "", unfit("the token could not be encrypted with %s: %s", to.Alg, err.Error())
	}
	return string(out), nil
}

// decrypt opens a JWE with a key of the client. Only algorithms with a key pair
// are tried: a password or a shared key is nothing that a server has of us here.
func (l *Live) decrypt(e flows.Decrypt) flows.Event {
	k, f := l.keys.find(e.Key)
	if f != nil {
		return broke(e.ID, f)
	}
	text := []byte(strings.TrimSpace(e.Token.Raw()))
	message, err := jwe.Parse(text)
	if err != nil {
		return broke(e.ID, &failure{code: DecryptFailed, text: "this is no encrypted token in compact form (five parts joined by dots, RFC 7516 §7.1), so it cannot be opened"})
	}
	alg, _ := message.ProtectedHeaders().Algorithm()
	if known := []jwa.KeyEncryptionAlgorithm{jwa.RSA_OAEP(), jwa.RSA_OAEP_256(), jwa.RSA_OAEP_384(), jwa.RSA_OAEP_512(), jwa.ECDH_ES(), jwa.ECDH_ES_A128KW(), jwa.ECDH_ES_A192KW(), jwa.ECDH_ES_A256KW()}; !slices.Contains(known, alg) {
		return broke(e.ID, &failure{code: DecryptFailed, text: "the token is encrypted with " + clipped(alg.String()) + ", which is not opened here; register RSA-OAEP-256 or ECDH-ES at the server"})
	}
	plain, err := jwe.Decrypt(text, jwe.WithKey(alg, k.private))
	if err != nil {
		kid, _ := message.ProtectedHeaders().KeyID()
		return broke(e.ID, &failure{code: DecryptFailed, text: "the key " + clipped(e.Key) + " (" + k.kind() + ") does not open this token (alg " + clipped(alg.String()) + ", kid " + clipped(kid) +
			"). It was encrypted for another key: compare kid with the keys that are registered at the server"})
	}
	return flows.Decrypted{ID: e.ID, Text: wire.Untrusted(plain)}
}
