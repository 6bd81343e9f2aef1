package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"

	jwxkey "github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws/jwsbb"

	"authdance/flows/wire"
)

// Draft is a token that is being made: two JSON texts, written as they are, so
// that a draft can also be wrong on purpose.
type Draft struct {
	Header string
	Claims string
}

// DraftOf takes the header and the claims of a token to start from.
func DraftOf(tok Token) Draft {
	core := tok.core()
	d := Draft{Header: core.joined().Indent(), Claims: core.Claims.Indent()}
	if !isObject(core.joined()) {
		d.Header = "{}"
	}
	if !isObject(core.Claims) {
		d.Claims = "{}"
	}
	return d
}

// SigningAlg is the algorithm with which a key signs when nobody names one; ""
// for a key that cannot sign.
func (p Private) SigningAlg() string {
	if !p.Usable() {
		return ""
	}
	switch raw := p.raw().(type) {
	case *rsa.PrivateKey:
		return "RS256"
	case *ecdsa.PrivateKey:
		return map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[raw.Curve.Params().Name]
	case ed25519.PrivateKey:
		return "EdDSA"
	case []byte:
		return "HS256"
	}
	return ""
}

// Sign signs a draft with a key. The algorithm is the one in the header; a header
// whose alg does not fit the key gets the key's own, and its kid when it has one.
// The library draws the salt of the signature: the result verifies the same each
// time, and its bytes differ. The error says what does not fit.
func (d Draft) Sign(key Private) (string, error) {
	header, err := d.header()
	if err != nil {
		return "", err
	}
	name := key.SigningAlg()
	if name == "" {
		return "", errors.New("this key cannot sign")
	}
	if a, ok := algorithm(header.Str("alg")); ok && key.signs(a) {
		name = a.name
	}
	header = setMember(header, "alg", jsonText(name))
	if key.KID != "" {
		header = setMember(header, "kid", jsonText(key.KID))
	} else {
		header = dropMember(header, "kid")
	}
	return signWith(header.Indent(), d.Claims, name, key)
}

func (d Draft) header() (wire.Value, error) {
	v, _, err := wire.ParseJSON([]byte(d.Header), wire.Limits{})
	if err != nil {
		return v, fmt.Errorf("the header is no JSON: %w", err)
	}
	if !isObject(v) {
		return v, errors.New("the header must be a JSON object")
	}
	return v, nil
}

// signs says whether an algorithm works with the key.
func (p Private) signs(a alg) bool {
	return p.Usable() && a.kty == p.KTY && (a.crv == "" || a.crv == p.Crv)
}

// signWith writes and signs a token with exactly this header.
func signWith(header, claims, alg string, key Private) (string, error) {
	signed := base64url([]byte(compactJSON(header))) + "." + base64url([]byte(compactJSON(claims)))
	raw := key.raw()
	if secret, ok := raw.([]byte); ok {
		// The library refuses short secrets; a forgery may need an empty one.
		return signed + "." + base64url(hmacOf(alg, secret, signed)), nil
	}
	signature, err := jwsbb.Sign(raw, alg, []byte(signed), nil)
	if err != nil {
		return "", fmt.Errorf("this key cannot sign %s: %w", alg, err)
	}
	return signed + "." + base64url(signature), nil
}

func hmacOf(alg string, secret []byte, signed string) []byte {
	h := map[string]func() hash.Hash{"HS384": sha512.New384, "HS512": sha512.New}[alg]
	if h == nil {
		h = sha256.New
	}
	mac := hmac.New(h, secret)
	mac.Write([]byte(signed))
	return mac.Sum(nil)
}

// unsigned writes a token with the given signature bytes, "" for none.
func unsigned(header, claims string, signature []byte) string {
	return base64url([]byte(compactJSON(header))) + "." + base64url([]byte(compactJSON(claims))) + "." + base64url(signature)
}

// compactJSON writes a document on one line; what is no JSON stays as it is.
func compactJSON(s string) string {
	v, _, err := wire.ParseJSON([]byte(s), wire.Limits{})
	if err != nil {
		return s
	}
	return string(compact(nil, v))
}

func compact(out []byte, v wire.Value) []byte {
	switch v.Kind {
	case wire.Object:
		out = append(out, '{')
		for i, m := range v.Members {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, wire.Value{Kind: wire.String, Text: m.Name}.Indent()...)
			out = compact(append(out, ':'), m.Value)
		}
		return append(out, '}')
	case wire.Array:
		out = append(out, '[')
		for i, item := range v.Items {
			if i > 0 {
				out = append(out, ',')
			}
			out = compact(out, item)
		}
		return append(out, ']')
	}
	return append(out, v.Indent()...)
}

func jsonText(s string) wire.Value { return wire.Value{Kind: wire.String, Text: s} }

func jsonNumber(n int64) wire.Value { return wire.Value{Kind: wire.Number, Text: fmt.Sprint(n)} }

// setMember sets a member of an object, in its place or at the end.
func setMember(o wire.Value, name string, v wire.Value) wire.Value {
	o.Members = slices.Clone(o.Members)
	for i, m := range o.Members {
		if m.Name == name {
			o.Members[i].Value = v
			return o
		}
	}
	o.Kind = wire.Object
	o.Members = append(o.Members, wire.Member{Name: name, Value: v})
	return o
}

func dropMember(o wire.Value, name string) wire.Value {
	o.Members = slices.DeleteFunc(slices.Clone(o.Members), func(m wire.Member) bool { return m.Name == name })
	return o
}

// publicJWK writes the public half of a key as JWK.
func publicJWK(public any) (string, error) {
	k, err := jwxkey.Import(public)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(k)
	return string(b), err
}

// publicOf is the public half of a key that signs; nil for a secret.
func (p Private) publicOf() any {
	if s, ok := p.raw().(crypto.Signer); ok {
		return s.Public()
	}
	return nil
}
