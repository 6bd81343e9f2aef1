package exec

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authdance/flows"
	"authdance/flows/wire"
)

func pemOf(t testing.TB, key crypto.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func parsed(t testing.TB, text []byte) Key {
	t.Helper()
	k, err := ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func withKeys(t testing.TB, keys map[string]Key) *Live {
	t.Helper()
	l, err := NewLive(Options{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func assertion(alg string) flows.Sign {
	return flows.Sign{ID: 7, Key: ClientKey, Draft: flows.Draft{Name: "client_assertion",
		Header: []flows.Param{{Name: "typ", Value: "JWT"}, {Name: "alg", Value: wire.Untrusted(alg)}, {Name: "kid", Value: "k1"}},
		Claims: []flows.Param{{Name: "sub", Value: "app"}, {Name: "exp", Value: "60", JSON: true}, {Name: "jti", Fresh: true}}}}
}

func mustSign(t testing.TB, l *Live, e flows.Sign) string {
	t.Helper()
	s, ok := l.Perform(context.Background(), e).(flows.Signed)
	if !ok || s.ID != e.ID {
		t.Fatalf("not signed: %+v", l.Perform(context.Background(), e))
	}
	return s.Token.Raw()
}

func mustBreak(t *testing.T, l *Live, e flows.Effect, code, words string) {
	t.Helper()
	b, ok := l.Perform(context.Background(), e).(flows.Broke)
	if !ok || b.Code != code || !strings.Contains(b.Message.Raw(), words) || b.ID != e.EffectID() {
		t.Errorf("got %+v, want %s %q", b, code, words)
	}
}

func someKeys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	ec := func(c elliptic.Curve) crypto.Signer { k, _ := ecdsa.GenerateKey(c, rand.Reader); return k }
	r, _ := rsa.GenerateKey(rand.Reader, 2048)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	return map[string]crypto.Signer{"ES256": ec(elliptic.P256()), "ES384": ec(elliptic.P384()), "ES512": ec(elliptic.P521()),
		"RS256": r, "RS384": r, "RS512": r, "PS256": r, "PS384": r, "PS512": r, "EdDSA": ed}
}

// Another library verifies what was signed here, and finds in it exactly what
// the draft showed, in the same order.
func TestATokenHoldsExactlyTheDraft(t *testing.T) {
	for alg, key := range someKeys(t) {
		t.Run(alg, func(t *testing.T) {
			jwk, _ := jose.JSONWebKey{Key: key, KeyID: "k1", Algorithm: alg}.MarshalJSON()
			for form, text := range map[string][]byte{"PEM": pemOf(t, key), "JWK": jwk, "JWK Set": []byte(`{"keys":[` + string(jwk) + `]}`)} {
				token := mustSign(t, withKeys(t, map[string]Key{ClientKey: parsed(t, text)}), assertion(alg))
				s, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
				if err != nil {
					t.Fatal(form, err)
				}
				payload, err := s.Verify(key.Public())
				if err != nil || !strings.HasPrefix(string(payload), `{"sub":"app","exp":60,"jti":"`) || len(payload) != len(`{"sub":"app","exp":60,"jti":""}`)+43 {
					t.Errorf("%s: %v %s", form, err, payload)
				}
				if header, _, _ := strings.Cut(token, "."); header != encode([]byte(`{"typ":"JWT","alg":"`+alg+`","kid":"k1"}`)) {
					t.Errorf("header %s", header)
				}
			}
		})
	}
}

func TestFreshValuesDifferEachTime(t *testing.T) {
	l := withKeys(t, map[string]Key{ClientKey: parsed(t, pemOf(t, someKeys(t)["ES256"]))})
	_, a, _ := strings.Cut(mustSign(t, l, assertion("ES256")), ".")
	_, b, _ := strings.Cut(mustSign(t, l, assertion("ES256")), ".")
	if a, b := strings.Split(a, ".")[0], strings.Split(b, ".")[0]; a == b {
		t.Error("the same jti twice")
	}
}

func TestASecretSignsAndNobodySigns(t *testing.T) {
	l := withKeys(t, nil)
	e := assertion("HS256")
	e.Key, e.Secret = "", wire.NewSecret("a secret of at least 32 characters, yes")
	s, err := jose.ParseSigned(mustSign(t, l, e), []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify([]byte(e.Secret.Reveal())); err != nil {
		t.Error(err)
	}
	if token := mustSign(t, l, assertion("none")); !strings.HasSuffix(token, ".") {
		t.Error("alg none has a signature:", token)
	}
}

func TestAKeyThatCannotSaysWhatItCan(t *testing.T) {
	keys := someKeys(t)
	l := withKeys(t, map[string]Key{ClientKey: parsed(t, pemOf(t, keys["ES384"])), ClientCert: parsed(t, pemOf(t, keys["EdDSA"]))})
	mustBreak(t, l, assertion("ES256"), KeyUnfit, "ES256 does not go with the key client_key (EC P-384), which signs with ES384")
	mustBreak(t, l, assertion("HS256"), KeyUnfit, "HS256 signs with a shared secret")
	mustBreak(t, l, assertion("%s\x1b[2J"), KeyUnfit, "does not go with")
	e := assertion("RS256")
	e.Key = DecryptKey
	mustBreak(t, l, e, KeyMissing, "--decrypt-key")
	e.Key, e.Secret = "", wire.NewSecret("x")
	mustBreak(t, l, e, KeyUnfit, "RS256 needs a private key")
	mustBreak(t, l, flows.Send{ID: 3, Cert: ClientCert, Request: flows.Request{Method: "GET", URL: "http://127.0.0.1:1/"}}, KeyUnfit, "has no certificate")
	mustBreak(t, l, flows.Draw{ID: 4, Keys: []flows.KeyWish{{Name: "other"}}}, KeyMissing, "client_cert, client_key, decrypt_key, dpop_key")
	mustBreak(t, l, flows.Draw{ID: 4, Keys: []flows.KeyWish{{Name: DPoPKey, Alg: "XY1"}}}, KeyUnfit, "XY1")
}

func TestADPoPKeyIsMadeOnceForTheAlgorithm(t *testing.T) {
	for alg, kty := range map[string]string{"": "EC", "ES384": "EC", "EdDSA": "OKP", "PS256": "RSA"} {
		l := withKeys(t, nil)
		wish := flows.Draw{ID: 1, Keys: []flows.KeyWish{{Name: DPoPKey, Alg: alg}}}
		first := l.Perform(context.Background(), wish).(flows.Drawn).Values[DPoPKey]
		again := l.Perform(context.Background(), wish).(flows.Drawn).Values[DPoPKey]
		var jwk map[string]string
		if err := json.Unmarshal([]byte(first.Raw()), &jwk); err != nil || jwk["kty"] != kty || jwk["d"] != "" || alg != "" && jwk["alg"] != alg || first != again {
			t.Errorf("%q: %v %s, then %s", alg, err, first, again)
		}
	}
}

func TestAPrivateKeyIsNeverPrinted(t *testing.T) {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k := parsed(t, pemOf(t, key))
	scalar, _ := key.Bytes()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		if got := fmt.Sprintf(verb, k); got != "private key (EC P-256)" {
			t.Errorf("%s prints %s", verb, got)
		}
		if got := fmt.Sprintf(verb, Options{Keys: map[string]Key{"a": k}}); strings.Contains(got, new(big.Int).SetBytes(scalar).String()) {
			t.Errorf("%s of the options prints the key", verb)
		}
	}
	if _, err := json.Marshal(k); err == nil {
		t.Error("it is written as JSON")
	}
}

func TestParseKeyErrorsTeachAndShowNoKey(t *testing.T) {
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	public, _ := jose.JSONWebKey{Key: ec.Public()}.MarshalJSON()
	_, foreign := certified(t, "other")
	for text, words := range map[string]string{
		"":                                "there is no key in it",
		"hello":                           "neither a JWK nor PEM",
		"{}":                              "",
		string(public):                    "no private half",
		`{"kty":"oct","k":"c2Vj"}`:        "",
		`{"kty":"EC","d":"SECRETSECRET"}`: "cannot be read",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----":                       "no private key",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----":                     "cannot be read",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----": "protected with a password",
		string(pemOf(t, small)):                      "1024 bits",
		string(pemOf(t, ec)) + string(foreign.certs): "for another key",
	} {
		if _, err := ParseKey([]byte(text)); err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%.40q: %v, want %q", text, err, words)
		}
	}
}

type pair struct {
	key   crypto.Signer
	certs []byte
}

// certified is a key with a certificate that it signed itself.
func certified(t testing.TB, name string) (Key, pair) {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	p := pair{key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
	return parsed(t, append(pemOf(t, key), p.certs...)), p
}

func TestTheNamedCertificateIsPresentedAndNoOther(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, c := range r.TLS.PeerCertificates {
			fmt.Fprint(w, c.Subject.CommonName)
		}
	}))
	srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	srv.StartTLS()
	defer srv.Close()
	key, _ := certified(t, "workshop")
	l, err := NewLive(Options{Keys: map[string]Key{ClientCert: key}, CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for cert, want := range map[string]string{"": "", ClientCert: "workshop"} {
		e := flows.Send{ID: 1, Cert: cert, Request: flows.Request{Method: "GET", URL: wire.Untrusted(srv.URL)}}
		if got, ok := l.Perform(context.Background(), e).(flows.Received); !ok || got.Exchange.Response.Body.Raw() != want {
			t.Errorf("with %q the server sees %+v", cert, l.Perform(context.Background(), e))
		}
	}
	var jwk map[string]string
	public, err := key.published()
	if err != nil || json.Unmarshal([]byte(public.Raw()), &jwk) != nil || len(jwk["x5t"]) != 27 || len(jwk["x5t#S256"]) != 43 {
		t.Errorf("the names of the certificate: %s", public)
	}
}

func TestWhatIsEncryptedForUsIsOpenedAndNothingElse(t *testing.T) {
	keys := someKeys(t)
	for _, c := range []struct {
		name string
		key  crypto.Signer
		alg  jose.KeyAlgorithm
		enc  jose.ContentEncryption
	}{
		{"RSA", keys["RS256"], jose.RSA_OAEP_256, jose.A256GCM}, {"EC", keys["ES256"], jose.ECDH_ES, jose.A128CBC_HS256},
		{"EC with key wrap", keys["ES384"], jose.ECDH_ES_A256KW, jose.A256GCM},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := withKeys(t, map[string]Key{DecryptKey: parsed(t, pemOf(t, c.key)), "other": parsed(t, pemOf(t, keys["ES256"]))})
			enc, err := jose.NewEncrypter(c.enc, jose.Recipient{Algorithm: c.alg, Key: c.key.Public(), KeyID: "k"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			box, _ := enc.Encrypt([]byte("inside"))
			token, _ := box.CompactSerialize()
			got, ok := l.Perform(context.Background(), flows.Decrypt{ID: 2, Key: DecryptKey, Token: wire.Untrusted(token)}).(flows.Decrypted)
			if !ok || got.Text != "inside" || got.ID != 2 {
				t.Errorf("opened %+v", l.Perform(context.Background(), flows.Decrypt{ID: 2, Key: DecryptKey, Token: wire.Untrusted(token)}))
			}
			mustBreak(t, withKeys(t, map[string]Key{DecryptKey: parsed(t, pemOf(t, someKeys(t)[map[string]string{"RSA": "RS256", "EC": "ES256", "EC with key wrap": "ES384"}[c.name]]))}),
				flows.Decrypt{ID: 2, Key: DecryptKey, Token: wire.Untrusted(token)}, DecryptFailed, "does not open this token")
		})
	}
	l := withKeys(t, map[string]Key{DecryptKey: parsed(t, pemOf(t, keys["ES256"]))})
	mustBreak(t, l, flows.Decrypt{ID: 2, Key: DecryptKey, Token: "a.b.c"}, DecryptFailed, "no encrypted token")
	direct, _ := jose.NewEncrypter(jose.A128GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: make([]byte, 16)}, nil)
	box, _ := direct.Encrypt([]byte("inside"))
	token, _ := box.CompactSerialize()
	mustBreak(t, l, flows.Decrypt{ID: 2, Key: DecryptKey, Token: wire.Untrusted(token)}, DecryptFailed, "not opened here")
}

func TestANestedTokenIsSignedThenEncrypted(t *testing.T) {
	keys := someKeys(t)
	for alg, name := range map[string]string{"RSA-OAEP-256": "RS256", "ECDH-ES": "ES256", "ECDH-ES+A256KW": "ES256"} {
		public, _ := jose.JSONWebKey{Key: keys[name].Public(), KeyID: "server"}.MarshalJSON()
		l := withKeys(t, map[string]Key{ClientKey: parsed(t, pemOf(t, keys["ES256"]))})
		e := assertion("ES256")
		e.To = &flows.Recipient{JWK: wire.Untrusted(public), Alg: alg, Enc: "A256GCM"}
		box, err := jose.ParseEncrypted(mustSign(t, l, e), []jose.KeyAlgorithm{jose.KeyAlgorithm(alg)}, []jose.ContentEncryption{jose.A256GCM})
		if err != nil {
			t.Fatal(err)
		}
		inside, err := box.Decrypt(keys[name])
		if err != nil || box.Header.KeyID != "server" || box.Header.ExtraHeaders["cty"] != "JWT" {
			t.Fatalf("%s: %v %+v", alg, err, box.Header)
		}
		s, err := jose.ParseSigned(string(inside), []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(keys["ES256"].Public()); err != nil {
			t.Error(err)
		}
		e.To.Alg = "XY"
		mustBreak(t, l, e, KeyUnfit, "no encryption that is known")
		e.To.Alg, e.To.JWK = alg, "{}"
		mustBreak(t, l, e, KeyUnfit, "cannot be read")
	}
}

func BenchmarkSignES256(b *testing.B) {
	l := withKeys(b, map[string]Key{ClientKey: parsed(b, pemOf(b, someKeys(b)["ES256"]))})
	e := assertion("ES256")
	for b.Loop() {
		l.Perform(context.Background(), e)
	}
}
