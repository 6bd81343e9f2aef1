package lab

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

// Times of foreign JWTs. Clocks are never quite the same, so what is only a
// little in the future is accepted.
const (
	foreignLeeway   = 30 * time.Second
	foreignLifetime = time.Hour
)

// foreignAlgs are the algorithms that the lab accepts from clients with keys;
// macAlgs from clients with a secret.
func foreignAlgs() []string { return []string{"ES256", "RS256", "PS256", "EdDSA"} }

func macAlgs() []string { return []string{"HS256", "HS384", "HS512"} }

// foreignJWT is a JWT that somebody else made. It is read first, because its
// claims say whose keys have to verify it, and trusted only after verify.
type foreignJWT struct {
	kind           artefact
	compact        string
	header, claims map[string]any
}

func readForeign(kind artefact, compact string) (foreignJWT, problem) {
	j := foreignJWT{kind: kind, compact: compact}
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return j, kind.flaw(flawMalformed)
	}
	for i, into := range []*map[string]any{&j.header, &j.claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil || *into == nil {
			return j, kind.flaw(flawMalformed)
		}
	}
	return j, ""
}

func (j foreignJWT) text(claim string) string {
	s, _ := j.claims[claim].(string)
	return s
}

// verify checks the signature against one key: a jwk.Key, or a secret.
func (j foreignJWT) verify(key any, algs []string) problem {
	name, _ := j.header["alg"].(string)
	if j.unsigned() {
		return j.kind.flaw(flawUnsigned)
	}
	alg, known := jwa.LookupSignatureAlgorithm(name)
	if !known || !slices.Contains(algs, name) {
		return j.kind.flaw(flawAlg)
	}
	if _, err := jws.Verify([]byte(j.compact), jws.WithKey(alg, key)); err != nil {
		return j.kind.flaw(flawSignature)
	}
	return ""
}

// pick finds the key that the header names: by kid, or by the thumbprint of a
// certificate, or, when it names none, the only key there is.
func (j foreignJWT) pick(keys jwk.Set) (jwk.Key, problem) {
	if keys == nil || keys.Len() == 0 {
		return nil, j.kind.flaw(flawNoKeys)
	}
	named := false
	for _, member := range []string{"kid", "x5t#S256", "x5t"} {
		want, ok := j.header[member].(string)
		if !ok {
			continue
		}
		named = true
		for i := range keys.Len() {
			key, _ := keys.Key(i)
			var got string
			if !signsWith(key) {
				continue
			}
			if key.Get(member, &got) == nil && got == want {
				return key, ""
			}
		}
	}
	if named {
		return nil, j.kind.flaw(flawKey)
	}
	var only jwk.Key
	for i := range keys.Len() {
		key, _ := keys.Key(i)
		switch {
		case !signsWith(key):
		case only != nil:
			return nil, j.kind.flaw(flawKey)
		default:
			only = key
		}
	}
	if only == nil {
		return nil, j.kind.flaw(flawKey)
	}
	return only, ""
}

// signsWith tells whether a key is not only for encryption, RFC 7517 §4.2.
func signsWith(key jwk.Key) bool {
	use, _ := key.KeyUsage()
	return use != forEncryption
}

// namesCertificate tells whether the header names the key by its certificate.
func (j foreignJWT) namesCertificate() bool {
	return j.header["x5t#S256"] != nil || j.header["x5t"] != nil
}

// checkTimes checks exp, nbf and iat. exp is a must, RFC 7523 §3.
func (j foreignJWT) checkTimes(now time.Time) problem {
	exp, has := j.claims["exp"].(float64)
	if !has {
		return j.kind.flaw(flawNoExp)
	}
	at := float64(now.Unix())
	switch {
	case at >= exp:
		return j.kind.flaw(flawExpired)
	case exp-at > foreignLifetime.Seconds()+foreignLeeway.Seconds():
		return j.kind.flaw(flawTooLong)
	}
	for _, name := range []string{"nbf", "iat"} {
		if begin, has := j.claims[name].(float64); has && begin-at > foreignLeeway.Seconds() {
			return j.kind.flaw(flawFuture)
		}
	}
	return ""
}

// checkAudience wants one of the given names in aud, which is a text or a list.
func (j foreignJWT) checkAudience(names ...string) problem {
	if namesOne(j.claims["aud"], names) {
		return ""
	}
	return j.kind.flaw(flawAudience)
}

// namesOne tells whether an aud claim names one of the audiences.
func namesOne(aud any, audiences []string) bool {
	list, ok := aud.([]any)
	if !ok {
		list = []any{aud}
	}
	return slices.ContainsFunc(list, func(one any) bool {
		s, ok := one.(string)
		return ok && slices.Contains(audiences, s)
	})
}

// once refuses a jti that this issuer has used before.
func (j foreignJWT) once(s *store, required bool) problem {
	jti := j.text("jti")
	if jti == "" {
		if required {
			return j.kind.flaw(flawNoJTI)
		}
		return ""
	}
	if !s.firstUse(string(j.kind) + " " + j.text("iss") + " " + jti) {
		return j.kind.flaw(flawReplayed)
	}
	return ""
}
