package lab_test

import (
	"crypto/rand"
	"net/url"
	"testing"

	"authdance/flows/lab"
)

const macSecret = "workshop-secret-that-is-long-enough-to-sign"

func (b *bench) client(t testing.TB, id string) lab.Client {
	t.Helper()
	for _, c := range b.lab.Clients() {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no client %s", id)
	return lab.Client{}
}

func (b *bench) keySigner(t testing.TB) signer {
	return privateSigner(t, b.client(t, "workshop-keys").PrivateJWK)
}

// assertionClaims are those of RFC 7523 §3 for a client of the bench.
func (b *bench) assertionClaims(id string) map[string]any {
	now := b.now.at.Unix()
	return map[string]any{"iss": id, "sub": id, "aud": b.lab.Issuer(), "iat": now, "exp": now + 60, "jti": rand.Text()}
}

func assertionForm(jwt string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}, "client_assertion": {jwt},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
}

func TestClientsAuthenticateWithSignedAssertions(t *testing.T) {
	b := newBench(t)
	keys, mac := b.keySigner(t), macSigner("HS256", macSecret)
	for _, c := range []struct {
		name string
		jwt  string
	}{
		{"private_key_jwt", keys.jwt(b.assertionClaims("workshop-keys"), nil)},
		{"without kid, with the only key", keys.jwt(b.assertionClaims("workshop-keys"), map[string]any{"kid": nil})},
		{"audience token endpoint", keys.jwt(with(b.assertionClaims("workshop-keys"), "aud", []string{"x", b.lab.Issuer() + "/token"}), nil)},
		{"a clock ten seconds ahead", keys.jwt(with(b.assertionClaims("workshop-keys"), "iat", b.now.at.Unix()+10, "nbf", b.now.at.Unix()+10), nil)},
		{"client_secret_jwt", mac.jwt(b.assertionClaims("workshop-mac"), nil)},
		{"client_secret_jwt HS512", macSigner("HS512", macSecret).jwt(b.assertionClaims("workshop-mac"), nil)},
	} {
		a := b.send(t, b.lab.Issuer()+"/token", assertionForm(c.jwt))
		if a.status != 200 || a.str("scope") != "read" {
			t.Errorf("%s: %d %s", c.name, a.status, a.text)
		}
	}
}

// RFC 7515 §4.1.7 and §4.1.8: a key named by the thumbprint of its certificate.
func TestClientKeyIsFoundByCertificateThumbprint(t *testing.T) {
	b := newBench(t)
	for _, member := range []string{"x5t", "x5t#S256"} {
		s := rsaSigner(t, "")
		delete(s.jwk, "kid")
		thumb := b64.EncodeToString([]byte(member + " of a certificate"))
		s.jwk[member] = thumb
		if err := b.lab.SetClientKeys("workshop-keys", s.jwks()); err != nil {
			t.Fatal(err)
		}
		if a := b.send(t, b.lab.Issuer()+"/token", assertionForm(s.jwt(b.assertionClaims("workshop-keys"), map[string]any{member: thumb}))); a.status != 200 {
			t.Errorf("%s: %d %s", member, a.status, a.text)
		}
		a := b.send(t, b.lab.Issuer()+"/token", assertionForm(s.jwt(b.assertionClaims("workshop-keys"), map[string]any{member: "another"})))
		wantRefusal(t, a, 401, "invalid_client", "not registered for its sender")
	}
}

func TestClientKeysMustBePublicAndOfAKnownClient(t *testing.T) {
	b := newBench(t)
	for id, set := range map[string]string{"nobody": `{"keys":[]}`, "workshop-keys": `{"keys":[` + b.client(t, "workshop-keys").PrivateJWK + `]}`, "workshop-spa": "no JSON"} {
		if err := b.lab.SetClientKeys(id, []byte(set)); err == nil {
			t.Errorf("%s: accepted", id)
		}
	}
}

func TestAssertionRefusalsNameTheMistake(t *testing.T) {
	b := newBench(t)
	keys, now := b.keySigner(t), b.now.at.Unix()
	good := b.assertionClaims("workshop-keys")
	replayed := keys.jwt(good, nil)
	if a := b.send(t, b.lab.Issuer()+"/token", assertionForm(replayed)); a.status != 200 {
		t.Fatal(a.text)
	}
	fresh := func(pairs ...any) string { return keys.jwt(with(b.assertionClaims("workshop-keys"), pairs...), nil) }
	for _, c := range []struct{ name, jwt, words string }{
		{"replay", replayed, "jti of the client assertion was used before"},
		{"no jti", fresh("jti", nil), "has no jti"},
		{"expired", fresh("exp", now), "has expired"},
		{"no exp", fresh("exp", nil), "has no exp"},
		{"two hours", fresh("exp", now+7200), "longer than an hour"},
		{"clock ahead", fresh("iat", now+120), "begins in the future"},
		{"not yet", fresh("nbf", now+120), "begins in the future"},
		{"another audience", fresh("aud", "https://other.test"), "aud of the client assertion"},
		{"another issuer", fresh("iss", "workshop-web"), "iss of the client assertion"},
		{"another subject", fresh("sub", "nobody"), "No client is registered"},
		{"not a JWT", "abc", "is not a JWT"},
		{"no JSON", "abc.abc.abc", "is not a JWT"},
		{"alg none", noSigner().jwt(good, nil), "has no signature"},
		{"HS256 with the public key", macSigner("HS256", string(keys.jwks())).jwt(good, nil), "algorithm that is not accepted"},
		{"unknown kid", ecSigner(t, "other").jwt(good, nil), "not registered for its sender"},
		{"stolen kid", ecSigner(t, keys.jwk["kid"].(string)).jwt(good, nil), "signature of the client assertion is wrong"},
		{"changed", replayed + "AA", "signature of the client assertion is wrong"},
		{"of a client with a secret", macSigner("HS256", "workshop-secret").jwt(b.assertionClaims("workshop-web"), nil), "another way than the one it is registered for"},
		{"RS256 from a MAC client", keys.jwt(b.assertionClaims("workshop-mac"), nil), "algorithm that is not accepted"},
		{"wrong MAC", macSigner("HS256", "workshop-secret-that-is-long-enough-to-guess").jwt(b.assertionClaims("workshop-mac"), nil), "signature of the client assertion is wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", assertionForm(c.jwt)), 401, "invalid_client", c.words)
		})
	}
	other := func(pairs ...string) answer {
		return b.send(t, b.lab.Issuer()+"/token", edit(assertionForm(fresh()), pairs...))
	}
	wantRefusal(t, other("client_assertion_type", "x"), 401, "invalid_client", "client_assertion_type must be")
	wantRefusal(t, other("client_secret", "x"), 400, "invalid_request", "with an assertion and with a secret")
	wantRefusal(t, other("client_id", "workshop-web"), 401, "invalid_client", "another way")
	wantRefusal(t, other("client_assertion", "", "client_assertion_type", "", "client_id", "workshop-keys"), 401, "invalid_client", "authenticates with a client_assertion")
	wantRefusal(t, other("client_assertion", "", "client_assertion_type", "", "client_id", "workshop-mac", "client_secret", macSecret), 401, "invalid_client", "another way")
	wantRefusal(t, other("client_assertion", "", "client_assertion_type", "", "client_id", "workshop-keys", "client_secret", "authenticated at the door"), 401, "invalid_client", "another way")
}
