package jose

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"authdance/flows/wire"
)

// TestABadKeySpoilsNoGoodOne puts each broken key before and after a good one
// (R-JOSE-05): the token still verifies, and the bad key is reported.
func TestABadKeySpoilsNoGoodOne(t *testing.T) {
	good := jwk(ecKey(), "ec", "")
	offCurve := strings.Replace(good, `"x":"`, `"x":"AAAA`, 1)
	for name, c := range map[string]struct{ key, check string }{
		"a number":             {`7`, "jwks_bad_key"},
		"null":                 {`null`, "jwks_bad_key"},
		"empty":                {`{}`, "jwks_bad_key"},
		"kty is a number":      {`{"kty":1}`, "jwks_bad_key"},
		"unknown kty":          {`{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}`, "jwks_bad_key"},
		"RSA without n":        {`{"kty":"RSA","e":"AQAB"}`, "jwks_bad_key"},
		"RSA with n a number":  {`{"kty":"RSA","n":5,"e":"AQAB"}`, "jwks_bad_key"},
		"RSA even":             {`{"kty":"RSA","n":"` + b64(append(make([]byte, 0), append([]byte{0x80}, make([]byte, 255)...)...)) + `","e":"AQAB"}`, "jwks_bad_key"},
		"RSA leading zero":     {`{"kty":"RSA","n":"` + b64(append([]byte{0}, rsaKey().N.Bytes()...)) + `","e":"AQAB"}`, "jwks_bad_key"},
		"RSA e 1":              {`{"kty":"RSA","n":"` + b64(rsaKey().N.Bytes()) + `","e":"AQ"}`, "jwks_bad_key"},
		"RSA e 0":              {`{"kty":"RSA","n":"` + b64(rsaKey().N.Bytes()) + `","e":"AA"}`, "jwks_bad_key"},
		"RSA e huge":           {`{"kty":"RSA","n":"` + b64(rsaKey().N.Bytes()) + `","e":"` + strings.Repeat("_", 400) + `"}`, "jwks_bad_key"},
		"RSA n huge":           {`{"kty":"RSA","n":"` + strings.Repeat("_", 100000) + `","e":"AQAB"}`, "jwks_bad_key"},
		"RSA n empty":          {`{"kty":"RSA","n":"","e":"="}`, "jwks_bad_key"},
		"RSA weak":             {jwk(weakKey(), "", ""), "weak_key"},
		"EC without y":         {`{"kty":"EC","crv":"P-256","x":"AA"}`, "jwks_bad_key"},
		"EC off the curve":     {`{"kty":"EC","crv":"P-256","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"}`, "jwks_bad_key"},
		"EC too long":          {offCurve, "jwks_bad_key"},
		"EC unknown curve":     {`{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}`, "jwks_bad_key"},
		"OKP short":            {`{"kty":"OKP","crv":"Ed25519","x":"AA"}`, "jwks_bad_key"},
		"OKP X25519":           {`{"kty":"OKP","crv":"X25519","x":"AA"}`, "jwks_bad_key"},
		"kid is a number":      {strings.Replace(jwk(rsaKey(), "", ""), "{", `{"kid":5,`, 1), "jwks_bad_key"},
		"key_ops is a string":  {strings.Replace(jwk(rsaKey(), "", ""), "{", `{"key_ops":"verify",`, 1), "jwks_bad_key"},
		"padding in x":         {strings.Replace(jwk(edKey(), "", ""), `"}`, `="}`, 1), "jwks_bad_key"},
		"a symmetric key":      {jwk(hmacText, "", ""), "jwks_private_key"},
		"a private key":        {jwk(edKey(), "", `,"d":"AA"`), "jwks_private_key"},
		"the same kid":         {jwk(edKey(), "ec", ""), "jwks_duplicate_kid"},
		"twice the same names": {`{"kty":"EC","kty":"RSA"}`, "json_duplicate"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{set(c.key, good), set(good, c.key)} {
				keys := ParseKeys([]byte(text))
				if len(keys.Keys) != 2 {
					t.Fatalf("%d keys", len(keys.Keys))
				}
				if find1(keys.Findings(), c.check).ID == "" {
					t.Errorf("%s is not reported: %s", c.check, lines(keys.Findings()))
				}
				if _, used := Verify(idToken(t, forge{}), keys, Policy{}); used == nil || used.KID != "ec" || used.KTY != "EC" {
					t.Errorf("the good key does not work beside it: %s", lines(keys.Findings()))
				}
			}
		})
	}
}

func TestTheWholeSetIsJudged(t *testing.T) {
	good := jwk(ecKey(), "ec", "")
	for name, c := range map[string]struct {
		text, check string
		keys        int
	}{
		"no keys":            {`{"keys":[]}`, "jwks_empty", 0},
		"nothing":            {"  ", "jwks_empty", 0},
		"keys no array":      {`{"keys":{}}`, "jwks_invalid", 0},
		"no member keys":     {`{"error":"not_found"}`, "jwks_invalid", 0},
		"wrong case":         {`{"Keys":[` + good + `]}`, "jwks_invalid", 0},
		"a bare array":       {`[` + good + `]`, "jwks_invalid", 0},
		"HTML":               {"<html>", "jwks_invalid", 0},
		"cut off":            {`{"keys":[` + good + `,{"kty":`, "jwks_invalid", 2},
		"broken PEM":         {"-----BEGIN PUBLIC KEY-----\nAAA", "jwks_invalid", 0},
		"too many":           {set(strings.Split(strings.Repeat(good+"|", 300)+good, "|")...), "jwks_invalid", maxKeys},
		"PEM without a key":  {"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "jwks_bad_key", 1},
		"DER that is no key": {"0\x03\x02\x01\x05", "jwks_bad_key", 1},
	} {
		t.Run(name, func(t *testing.T) {
			keys := ParseKeys([]byte(c.text))
			if len(keys.Keys) != c.keys || find1(keys.Findings(), c.check).ID == "" {
				t.Fatalf("%d keys: %s", len(keys.Keys), lines(keys.Findings()))
			}
		})
	}
}

func TestKeysComeInEveryUsualForm(t *testing.T) {
	rsaPub, ecPub := &rsaKey().PublicKey, &ecKey().PublicKey
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab"}, NotBefore: now, NotAfter: now.Add(time.Hour)}
	cert := must(x509.CreateCertificate(rand.Reader, template, template, rsaPub, rsaKey()))
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	rs, es := forge{alg: "RS256", key: rsaKey(), header: `{"alg":"RS256","kid":"any"}`}, forge{header: `{"alg":"ES256","kid":"any"}`}
	for name, c := range map[string]struct {
		text  string
		token forge
		from  string
	}{
		"a JWK":                {jwk(ecKey(), "any", ""), es, FromJWK},
		"a JWK without kid":    {jwk(ecKey(), "", ""), es, FromJWK},
		"PEM, public key":      {pemOf(rsaPub), rs, FromPEM},
		"PEM, text before":     {"Bag Attributes\n  friendlyName: x\n" + pemOf(rsaPub), rs, FromPEM},
		"PEM, PKCS #1":         {block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(rsaPub)), rs, FromPEM},
		"PEM, certificate":     {block("CERTIFICATE", cert), rs, FromPEM},
		"PEM, private PKCS #8": {block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(ecKey()))), es, FromPEM},
		"PEM, private PKCS #1": {block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), rs, FromPEM},
		"PEM, private EC":      {block("EC PARAMETERS", []byte{6, 0}) + block("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ecKey()))), es, FromPEM},
		"DER":                  {string(must(x509.MarshalPKIXPublicKey(ecPub))), es, FromDER},
		"DER certificate":      {string(cert), rs, FromDER},
		"certificates by kid":  {string(must(json.Marshal(map[string]string{"any": block("CERTIFICATE", cert)}))), rs, FromJWKS},
	} {
		t.Run(name, func(t *testing.T) {
			keys := ParseKeys([]byte(c.text))
			checks, used := Verify(idToken(t, c.token), keys, Policy{})
			if used == nil || used.From != c.from || contains(checks, wire.Fail) || contains(checks, wire.Unknown) {
				t.Fatalf("%s%s", lines(keys.Findings()), lines(checks))
			}
			if private := find1(keys.Findings(), "jwks_private_key").Status; (private == wire.Warn) != strings.Contains(name, "private") {
				t.Errorf("jwks_private_key %q", private)
			}
		})
	}
}

func TestEveryAlgorithmVerifiesAndNoOtherKeyDoes(t *testing.T) {
	for _, c := range []struct {
		alg        string
		key, other any
	}{
		{"RS256", rsaKey(), nil}, {"RS384", rsaKey(), nil}, {"RS512", rsaKey(), nil}, {"PS256", rsaKey(), nil}, {"PS384", rsaKey(), nil}, {"PS512", rsaKey(), nil},
		{"ES256", ecKey(), ec384Key()}, {"ES384", ec384Key(), ecKey()}, {"ES512", ec521Key(), ecKey()}, {"EdDSA", edKey(), ecKey()}, {"Ed25519", edKey(), ecKey()},
		{"HS256", hmacText, hmacText + "!"}, {"HS384", hmacText, hmacText + "!"}, {"HS512", hmacText, hmacText + "!"},
	} {
		keysOf := func(key any) KeySet {
			if s, ok := key.(string); ok {
				return ParseSecret(wire.NewSecret(s))
			}
			return jwks(jwk(key, "", ""))
		}
		tok := idToken(t, forge{alg: c.alg, key: c.key, header: fmt.Sprintf(`{"alg":%q}`, c.alg)})
		if checks, used := Verify(tok, keysOf(c.key), Policy{}); used == nil || contains(checks, wire.Fail) {
			t.Errorf("%s: %s", c.alg, lines(checks))
		}
		if c.other == nil {
			c.other = ecKey()
		}
		if checks, used := Verify(tok, keysOf(c.other), Policy{}); used != nil || !contains(checks, wire.Fail) {
			t.Errorf("%s verifies with another key: %s", c.alg, lines(checks))
		}
	}
}

func TestNoneIsRefusedInEverySpelling(t *testing.T) {
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "nonE", " none", "none ", "NoNe\t"} {
		header := string(must(json.Marshal(map[string]string{"alg": alg})))
		for _, sig := range []string{"", "AAAA"} {
			tok := Decode(b64([]byte(header)) + "." + b64(must(json.Marshal(good()))) + "." + sig)
			for _, policy := range []Policy{{}, {Algs: []string{alg, "none"}}, {Alg: alg}, {Algs: []string{alg}, Alg: alg}} {
				for _, keys := range []KeySet{{}, goodKeys(), ParseSecret(wire.NewSecret(hmacText))} {
					checks, used := Verify(tok, keys, policy)
					if used != nil || find1(checks, "alg_none").Status != wire.Fail {
						t.Fatalf("%q: %s", alg, lines(checks))
					}
				}
			}
		}
	}
}

// TestAPublicKeyIsNeverASecret signs with every form of the public RSA key that
// an attacker can get, and gives the client that key in every way.
func TestAPublicKeyIsNeverASecret(t *testing.T) {
	pub := &rsaKey().PublicKey
	text, der := pemOf(pub), string(must(x509.MarshalPKIXPublicKey(pub)))
	one := jwk(rsaKey(), "rsa", "")
	oct := `{"kty":"oct","kid":"rsa","k":"` + b64([]byte(text)) + `"}`
	for _, secret := range []string{text, strings.TrimSpace(text), der, string(pub.N.Bytes()), one, set(one)} {
		for _, alg := range []string{"HS256", "HS384", "HS512"} {
			tok := idToken(t, forge{alg: alg, key: secret, header: fmt.Sprintf(`{"alg":%q,"kid":"rsa"}`, alg)})
			for name, keys := range map[string]KeySet{"JWKS": jwks(one), "JWK": ParseKeys([]byte(one)), "PEM": ParseKeys([]byte(text)), "DER": ParseKeys([]byte(der)),
				"oct in JWKS": jwks(oct), "oct JWK": ParseKeys([]byte(oct)), "as secret": ParseSecret(wire.NewSecret(text)), "JWK as secret": ParseSecret(wire.NewSecret(one)),
				"DER as secret": ParseSecret(wire.NewSecret(der)), "JWKS as secret": ParseSecret(wire.NewSecret(set(one)))} {
				for _, policy := range []Policy{{}, {Algs: []string{alg}}, {Alg: alg}} {
					if checks, used := Verify(tok, keys, policy); used != nil {
						t.Fatalf("%s with %s: %s", alg, name, lines(checks))
					}
				}
			}
		}
	}
}

func TestHeadersNeverSelectAKey(t *testing.T) {
	evil := must(newEC())
	for _, h := range []string{
		`{"alg":"ES256","jwk":` + jwk(evil, "", "") + `}`,
		`{"alg":"ES256","kid":"ec","jwk":` + jwk(evil, "ec", "") + `}`,
		`{"alg":"ES256","jku":"http://127.0.0.1/evil"}`, `{"alg":"ES256","x5u":"http://127.0.0.1/evil"}`, `{"alg":"ES256","x5c":["AAAA"]}`,
	} {
		for _, keys := range []KeySet{{}, goodKeys(), jwks(`{}`)} {
			checks, used := Verify(idToken(t, forge{header: h, key: evil}), keys, Policy{})
			if used != nil || find1(checks, "untrusted_header_key").Status != wire.Warn {
				t.Fatalf("%s: %s", h, lines(checks))
			}
		}
	}
}

func TestSecretsArePrintedNowhere(t *testing.T) {
	keys := ParseSecret(wire.NewSecret(hmacText))
	private := jwks(jwk(ecKey(), "ec", `,"d":"`+hmacText[:24]+`"`))
	want := Expect{AccessToken: wire.NewSecret(hmacText), Code: wire.NewSecret(hmacText)}
	r := CheckIDToken(idToken(t, forge{}), want, private, now)
	for _, v := range []any{keys, private, want, r, *r.Key, keys.Findings()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, hmacText[:24]) || strings.Contains(s, fmt.Sprintf("%x", hmacText[:24])) {
				t.Errorf("%s prints the secret: %s", verb, s)
			}
		}
	}
}

func TestShortCoordinatesAreReadAndReported(t *testing.T) {
	for { // about one key in 128 has a coordinate with a leading zero byte
		key := must(newEC())
		point := must(key.PublicKey.Bytes())[1:]
		if point[0] != 0 {
			continue
		}
		short := fmt.Sprintf(`{"kty":"EC","crv":"P-256","kid":"ec","x":"%s","y":"%s"}`, b64(point[1:32]), b64(point[32:]))
		keys := jwks(short)
		if _, used := Verify(idToken(t, forge{key: key}), keys, Policy{}); used == nil || find1(keys.Findings(), "jwks_bad_key").Status != wire.Warn {
			t.Fatalf("%s", lines(keys.Findings()))
		}
		return
	}
}

func TestJoinedSetsKeepSecretsAndPublicKeysApart(t *testing.T) {
	keys := Join(goodKeys(), ParseSecret(wire.NewSecret(hmacText)))
	for _, f := range []forge{{}, {alg: "HS256", header: `{"alg":"HS256"}`, key: hmacText}} {
		if checks, used := Verify(idToken(t, f), keys, Policy{}); used == nil {
			t.Errorf("%s", lines(checks))
		}
	}
}

// P-224 keys exist in PEM files, but no JWS algorithm uses them.
func TestACurveWithoutAlgorithmIsNotUsable(t *testing.T) {
	key := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	if keys := ParseKeys([]byte(pemOf(&key.PublicKey))); keys.Keys[0].Usable() || find1(keys.Findings(), "jwks_bad_key").ID == "" {
		t.Fatalf("%s", lines(keys.Findings()))
	}
}

func TestTheChoiceOfAKeyIsExplained(t *testing.T) {
	bare, other := jwk(ecKey(), "", ""), jwk(must(newEC()), "", "")
	for name, c := range map[string]struct {
		keys   KeySet
		header string
		check  string
		status wire.Status
		says   string
	}{
		"named":              {goodKeys(), `{"alg":"ES256","kid":"ec"}`, "kid_unknown", wire.Pass, "names one key"},
		"only one fits":      {goodKeys(), `{"alg":"ES256"}`, "kid_missing", wire.Pass, "one key fits"},
		"none fits":          {jwks(jwk(rsaKey(), "rsa", "")), `{"alg":"ES256"}`, "alg_key_mismatch", wire.Fail, "no key of the set fits"},
		"unknown":            {goodKeys(), `{"alg":"ES256","kid":"new"}`, "kid_unknown", wire.Fail, "fetch the set once more"},
		"one without kid":    {ParseKeys([]byte(bare)), `{"alg":"ES256","kid":"new"}`, "kid_unknown", wire.Pass, "nothing contradicts"},
		"more without kid":   {jwks(other, bare), `{"alg":"ES256","kid":"new"}`, "ambiguous_key", wire.Warn, "tried in turn"},
		"several fit":        {jwks(other, bare), `{"alg":"ES256"}`, "ambiguous_key", wire.Warn, "several keys fit"},
		"named but broken":   {jwks(`{"kty":"EC","crv":"P-256","kid":"ec"}`), `{"alg":"ES256","kid":"ec"}`, "no_key", wire.Unknown, "member x is missing"},
		"nothing usable":     {jwks(`{"kty":"RSA","kid":"x"}`), `{"alg":"ES256","kid":"ec"}`, "no_key", wire.Unknown, "no key of the set can be used"},
		"no keys":            {KeySet{}, `{"alg":"ES256","kid":"ec"}`, "no_key", wire.Unknown, "no key to check"},
		"secret for ES256":   {ParseSecret(wire.NewSecret(hmacText)), `{"alg":"ES256","kid":"ec"}`, "kid_unknown", wire.Fail, "no key of the set has this kid"},
		"an odd kid is text": {goodKeys(), `{"alg":"ES256","kid":"EC"}`, "kid_unknown", wire.Fail, "no key of the set has this kid"},
	} {
		t.Run(name, func(t *testing.T) {
			checks, _ := Verify(idToken(t, forge{header: c.header}), c.keys, Policy{})
			if got := find1(checks, c.check); got.Status != c.status || !strings.Contains(got.Message, c.says) {
				t.Fatalf("%s%s", got.Message, lines(checks))
			}
		})
	}
}
