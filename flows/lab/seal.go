package lab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwe"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

// The key management algorithms of the lab, RFC 7518 §4.1. The first is also
// the name under which its key is kept; it serves both of the first two.
const (
	ecdhES   = "ECDH-ES"
	ecdhWrap = "ECDH-ES+A256KW"
	rsaOAEP  = "RSA-OAEP-256"
)

// Content encryption, RFC 7518 §5.1. The first is what a client gets that
// chooses none (OpenID Connect Registration §2).
const (
	cbcHS256 = "A128CBC-HS256"
	gcm256   = "A256GCM"
)

func keyAlgs() []string { return []string{ecdhES, ecdhWrap, rsaOAEP} }
func encAlgs() []string { return []string{cbcHS256, gcm256} }

// The kinds of answer that a client can have wrapped. Each is the beginning of
// the names of its metadata: id_token_signed_response_alg and so on.
const (
	SealIDToken       = "id_token"
	SealUserinfo      = "userinfo"      // OpenID Connect Core §5.3.2
	SealAuthorization = "authorization" // JARM §3
	SealIntrospection = "introspection" // RFC 9701 §6
)

func sealKinds() []string {
	return []string{SealIDToken, SealUserinfo, SealAuthorization, SealIntrospection}
}

// Seal is how a client wants one kind of answer: signed, encrypted, or first
// signed and then encrypted.
type Seal struct {
	// Alg signs (…_signed_response_alg): ES256, RS256, PS256 or EdDSA. Empty
	// means ES256, but for userinfo that it is not signed.
	Alg string
	// KeyAlg encrypts (…_encrypted_response_alg): ECDH-ES, ECDH-ES+A256KW or
	// RSA-OAEP-256, with a key that the client has registered. Empty: no encryption.
	KeyAlg string
	// Enc encrypts the content (…_encrypted_response_enc): A128CBC-HS256, which
	// empty means too, or A256GCM.
	Enc string
}

func (s Seal) check() problem {
	switch {
	case s.Alg != "" && !slices.Contains(signingAlgs(), s.Alg):
		return metadataAlg
	case s.KeyAlg != "" && !slices.Contains(keyAlgs(), s.KeyAlg), s.Enc != "" && !slices.Contains(encAlgs(), s.Enc):
		return metadataEncryption
	case s.Enc != "" && s.KeyAlg == "":
		return metadataEncAlone
	}
	return ""
}

// recipient is for whom something is encrypted, and how.
type recipient struct {
	alg jwa.KeyEncryptionAlgorithm
	enc jwa.ContentEncryptionAlgorithm
	key jwk.Key
}

// recipientFor finds the key of a client that a seal encrypts to. It is nil for
// a seal that does not encrypt.
func recipientFor(s Seal, keys jwk.Set) (*recipient, error) {
	if s.KeyAlg == "" {
		return nil, nil
	}
	alg, _ := jwa.LookupKeyEncryptionAlgorithm(s.KeyAlg)
	enc, _ := jwa.LookupContentEncryptionAlgorithm(cmp.Or(s.Enc, cbcHS256))
	if keys != nil {
		for i := range keys.Len() {
			key, _ := keys.Key(i)
			if encryptsWith(key, s.KeyAlg) {
				return &recipient{alg, enc, key}, nil
			}
		}
	}
	return nil, fmt.Errorf("lab: the client wants %s, but none of its keys can be used for it", s.KeyAlg)
}

// encryptsWith tells whether a public key is meant for a key management
// algorithm: RFC 7517 §4.1, §4.2 and §4.4.
func encryptsWith(key jwk.Key, alg string) bool {
	use, _ := key.KeyUsage()
	if use == forSigning {
		return false
	}
	if own, ok := key.Algorithm(); ok && own.String() != alg {
		return false
	}
	kty := key.KeyType()
	if alg == rsaOAEP {
		return kty == jwa.RSA()
	}
	return kty == jwa.EC()
}

// encrypt makes the compact serialization, RFC 7516 §7.1. Inside stands a JWT
// when contentType says so (RFC 7519 §5.2).
func (r *recipient) encrypt(payload, contentType string) (string, error) {
	header := jwe.NewHeaders()
	if contentType != "" {
		if err := header.Set(jwe.ContentTypeKey, contentType); err != nil {
			return "", fmt.Errorf("lab: write a JWE header: %w", err)
		}
	}
	if kid, ok := r.key.KeyID(); ok {
		if err := header.Set(jwe.KeyIDKey, kid); err != nil {
			return "", fmt.Errorf("lab: write a JWE header: %w", err)
		}
	}
	out, err := jwe.Encrypt([]byte(payload), jwe.WithKey(r.alg, r.key), jwe.WithContentEncryption(r.enc), jwe.WithProtectedHeaders(header))
	if err != nil {
		return "", fmt.Errorf("lab: encrypt to the key of a client: %w", err)
	}
	return string(out), nil
}

// sealed prepares a JWT for a client, signed and encrypted as the client wants
// that kind of answer. A kind that need not be signed is signed here all the same.
func (t *tenant) sealed(clientID, kind, typ string, claims map[string]any) (*jwt, error) {
	c, _ := t.store.registry.entry(clientID)
	seal := c.Seals[kind]
	key, err := t.keys.key(cmp.Or(seal.Alg, es256))
	if err != nil {
		return nil, err
	}
	out := newJWT(typ, key, claims)
	out.to, err = recipientFor(seal, c.public)
	return out, err
}

// wrapped is the body of an answer that is no longer JSON.
type wrapped struct{ media, text string }

// wrapUserinfo gives userinfo the form that the client registered for, OIDC
// Core §5.3.2: nil means JSON.
func (x *exchange) wrapUserinfo() func(map[string]any) (wrapped, error) {
	c, _ := x.tenant.store.registry.entry(x.client.ID)
	seal := c.Seals[SealUserinfo]
	if seal == (Seal{}) {
		return nil
	}
	return func(members map[string]any) (wrapped, error) {
		const media = "application/jwt"
		if seal.Alg == "" { // encrypted only
			to, err := recipientFor(seal, c.public)
			if err != nil {
				return wrapped{}, err
			}
			plaintext, err := json.Marshal(members)
			if err != nil {
				return wrapped{}, fmt.Errorf("lab: write userinfo: %w", err)
			}
			text, err := to.encrypt(string(plaintext), "")
			return wrapped{media, text}, err
		}
		claims := maps.Clone(members)
		claims["iss"], claims["aud"] = x.tenant.issuer, c.ID
		out, err := x.tenant.sealed(c.ID, SealUserinfo, typeIDToken, claims)
		if err != nil {
			return wrapped{}, err
		}
		text, err := out.sign(x.tenant.keys)
		return wrapped{media, text}, err
	}
}

const typeIntrospection = "token-introspection+jwt" // RFC 9701 §5

// wrapIntrospection gives the answer about a token as a JWT to a client that
// accepts one, RFC 9701 §4 and §5: nil means JSON. What is known of the token
// stands in one claim, so that nobody takes the answer for the token.
func (x *exchange) wrapIntrospection(accept []string) func(map[string]any) (wrapped, error) {
	const media = "application/" + typeIntrospection
	if !slices.ContainsFunc(accept, func(line string) bool { return strings.Contains(line, media) }) {
		return nil
	}
	return func(members map[string]any) (wrapped, error) {
		out, err := x.tenant.sealed(x.client.ID, SealIntrospection, typeIntrospection, map[string]any{
			"iss": x.tenant.issuer, "aud": x.client.ID, "iat": x.now().Unix(), "token_introspection": members,
		})
		if err != nil {
			return wrapped{}, err
		}
		text, err := out.sign(x.tenant.keys)
		return wrapped{media, text}, err
	}
}

// opened decrypts a JWT that somebody encrypted to this tenant; any other text
// is returned as it is. Why a decryption failed is never told: the answer must
// not help somebody who tries (RFC 7516 §11.5).
func (t *tenant) opened(compact string) (string, problem) {
	parts := strings.Split(compact, ".")
	if len(parts) != 5 {
		return compact, ""
	}
	header, ok := readPart(parts[0])
	alg, _ := header["alg"].(string)
	enc, _ := header["enc"].(string)
	if _, zipped := header["zip"]; !ok || zipped || !slices.Contains(keyAlgs(), alg) || !slices.Contains(encAlgs(), enc) {
		return "", requestEncryption
	}
	kid, named := header["kid"].(string)
	how, _ := jwa.LookupKeyEncryptionAlgorithm(alg)
	for _, key := range t.keys.published() {
		fits := key.alg == rsaOAEP && alg == rsaOAEP || key.alg == ecdhES && alg != rsaOAEP
		if key.use != forEncryption || !fits || named && kid != key.kid {
			continue
		}
		if inside, err := jwe.Decrypt([]byte(compact), jwe.WithKey(how, key.private)); err == nil {
			return string(inside), ""
		}
	}
	return "", requestUndecryptable
}

// announceSeals writes what a client can choose into the metadata: OIDC
// Discovery §3, JARM §4, RFC 9701 §7.
func announceSeals(m map[string]any) {
	for _, kind := range sealKinds() {
		m[kind+"_signing_alg_values_supported"] = signingAlgs()
		m[kind+"_encryption_alg_values_supported"] = keyAlgs()
		m[kind+"_encryption_enc_values_supported"] = encAlgs()
	}
	m["request_object_encryption_alg_values_supported"] = keyAlgs()
	m["request_object_encryption_enc_values_supported"] = encAlgs()
}

// readSeals takes the wishes for sealed answers out of a registration and puts
// the defaults in.
func readSeals(members map[string]any) (map[string]Seal, problem) {
	seals := map[string]Seal{}
	for _, kind := range sealKinds() {
		var s Seal
		for name, into := range s.names(kind) {
			value, has := members[name]
			text, isText := value.(string)
			if has && (!isText || text == "") {
				return nil, metadataAlg
			}
			*into = text
		}
		if kind == SealIDToken {
			s.Alg = cmp.Or(s.Alg, es256)
		}
		if bad := s.check(); bad != "" {
			return nil, bad
		}
		if s.KeyAlg != "" {
			s.Enc = cmp.Or(s.Enc, cbcHS256)
		}
		if s != (Seal{}) {
			seals[kind] = s
		}
	}
	return seals, ""
}

// names are the members of the client metadata that a seal is written in.
func (s *Seal) names(kind string) map[string]*string {
	return map[string]*string{
		kind + "_signed_response_alg": &s.Alg, kind + "_encrypted_response_alg": &s.KeyAlg, kind + "_encrypted_response_enc": &s.Enc,
	}
}

// describeSeals writes them back, RFC 7591 §3.2.1.
func describeSeals(seals map[string]Seal, members map[string]any) {
	for kind, s := range seals {
		for name, value := range s.names(kind) {
			if *value != "" {
				members[name] = *value
			}
		}
	}
}

// fits tells whether the client has a key for everything it wants encrypted.
func (c registered) fits() error {
	for _, s := range c.Seals {
		if _, err := recipientFor(s, c.public); err != nil {
			return err
		}
	}
	return nil
}

// SetSeal chooses how a client gets one kind of answer (SealIDToken and the
// other constants): its metadata, set from outside. An unknown client, kind or
// algorithm, or encryption without a fitting key of the client, is an error.
func (t Tenant) SetSeal(clientID, kind string, s Seal) error {
	reg := t.t.store.registry
	c, ok := reg.entry(clientID)
	switch {
	case !ok:
		return fmt.Errorf("lab: no client is called %q", clientID)
	case !slices.Contains(sealKinds(), kind):
		return fmt.Errorf("lab: answers of the kind %q cannot be sealed; the kinds are %s", kind, strings.Join(sealKinds(), ", "))
	}
	if bad := s.check(); bad != "" {
		return fmt.Errorf("lab: %s cannot be sealed so: %s", kind, bad.refusal().description)
	}
	c.Seals = maps.Clone(c.Seals)
	if c.Seals == nil {
		c.Seals = map[string]Seal{}
	}
	c.Seals[kind] = s
	if err := c.fits(); err != nil {
		return err
	}
	reg.put(c)
	return nil
}

// SetIDTokenAlg chooses the algorithm that signs the ID tokens of a client (its
// id_token_signed_response_alg): ES256, RS256, PS256 or EdDSA. The first token
// of an RSA algorithm may wait up to 100 ms for its key. An unknown client or
// algorithm is an error.
func (t Tenant) SetIDTokenAlg(clientID, alg string) error {
	c, _ := t.t.store.registry.client(clientID)
	seal := c.Seals[SealIDToken]
	seal.Alg = cmp.Or(alg, "none")
	return t.SetSeal(clientID, SealIDToken, seal)
}

// SetIDTokenAlg is Tenant.SetIDTokenAlg for the default tenant.
func (l *Lab) SetIDTokenAlg(clientID, alg string) error {
	return Tenant{l.main()}.SetIDTokenAlg(clientID, alg)
}
