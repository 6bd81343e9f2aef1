package lab_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"

	"golang.org/x/oauth2"
)

// newTLSBench is a lab with ports and a client that reaches it over plain
// HTTP. Its clock is the machine's, moved by the test.
func newTLSBench(t testing.TB, tenants ...string) *bench {
	t.Helper()
	c := &clock{time.Now().UTC().Truncate(time.Second)}
	l, err := lab.Start(lab.Options{Now: c.now, Tenants: tenants, Served: consistent(t)})
	if err != nil {
		t.Fatal(err)
	}
	plain := &http.Transport{}
	t.Cleanup(func() {
		plain.CloseIdleConnections()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{lab: l, rt: plain, browser: newBrowser(plain), now: c}
}

// showing is the same bench for a client that shows a certificate, or none.
func (b *bench) showing(t testing.TB, chain ...tls.Certificate) *bench {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(b.lab.CA()) {
		t.Fatal("CA is not PEM")
	}
	rt := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if len(chain) == 0 {
			return &tls.Certificate{}, nil
		}
		return &chain[0], nil
	}}}
	t.Cleanup(rt.CloseIdleConnections)
	other := *b
	other.rt = rt
	return &other
}

func (b *bench) certificate(t testing.TB, clientID string) tls.Certificate {
	t.Helper()
	cert, key, ok := b.lab.ClientCertificate(clientID)
	if !ok {
		t.Fatalf("no certificate for %s", clientID)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// homemade is a certificate that the lab has never seen, signed by parent or by itself.
func homemade(t testing.TB, template x509.Certificate, parent *tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(7)
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	by, signer := &template, any(key)
	if parent != nil {
		by, signer = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, by, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func x5t256(der []byte) string {
	sum := sha256.Sum256(der)
	return b64.EncodeToString(sum[:])
}

func (b *bench) alias(t testing.TB, name string) string {
	t.Helper()
	aliases, _ := b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil).json["mtls_endpoint_aliases"].(map[string]any)
	at, _ := aliases[name].(string)
	if !strings.HasPrefix(at, b.lab.MTLS()+"/default/") {
		t.Fatalf("alias of %s = %q", name, at)
	}
	return at
}

func credentialsForm(id string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}, "client_id": {id}}
}

// RFC 8705 §2 and §3: the client is known by its certificate, and its token
// works with that certificate only.
func TestCertificateAuthenticatesAndBindsTheToken(t *testing.T) {
	b := newTLSBench(t)
	token, introspection := b.alias(t, "token_endpoint"), b.alias(t, "introspection_endpoint")
	for _, id := range []string{"workshop-mtls", "workshop-selfsigned"} {
		pair := b.certificate(t, id)
		own := b.showing(t, pair)
		a := own.send(t, token, credentialsForm(id))
		if a.status != 200 || a.str("token_type") != "Bearer" {
			t.Fatalf("%s: %d %s", id, a.status, a.text)
		}
		want := x5t256(pair.Certificate[0])
		if cnf, _ := claims(t, a.str("access_token"))["cnf"].(map[string]any); cnf["x5t#S256"] != want {
			t.Errorf("%s: cnf = %v, want %s", id, cnf, want)
		}
		info := own.send(t, introspection, url.Values{"client_id": {id}, "token": {a.str("access_token")}})
		if cnf, _ := info.json["cnf"].(map[string]any); info.json["active"] != true || cnf["x5t#S256"] != want {
			t.Errorf("%s: introspection = %s", id, info.text)
		}
		bearer, profile := "Bearer "+a.str("access_token"), b.lab.MTLS()+"/api/profile"
		if got := own.send(t, profile, nil, "Authorization", bearer); got.status != 200 || got.str("client_id") != id {
			t.Errorf("%s: API = %d %s", id, got.status, got.text)
		}
		for _, c := range []struct {
			name, words string
			a           answer
		}{
			{"plain HTTP", "came without TLS", b.send(t, b.lab.API()+"/api/profile", nil, "Authorization", bearer)},
			{"no certificate", "none came", b.showing(t).send(t, profile, nil, "Authorization", bearer)},
			{"another certificate", "another certificate", b.showing(t, homemade(t, x509.Certificate{}, nil)).send(t, profile, nil, "Authorization", bearer)},
		} {
			challenge := c.a.header.Get("WWW-Authenticate")
			if c.a.status != 401 || c.a.str("error") != "invalid_token" || !strings.Contains(c.a.str("error_description"), c.words) ||
				!strings.HasPrefix(challenge, `Bearer realm="authdance lab", error="invalid_token"`) {
				t.Errorf("%s, %s: %d %s %s", id, c.name, c.a.status, challenge, c.a.text)
			}
		}
	}
}

// RFC 8705 §2.1: each way in which a certificate can be the wrong one has its words.
func TestCertificateRefusalsNameTheMistake(t *testing.T) {
	b := newTLSBench(t)
	at := b.alias(t, "token_endpoint")
	good := b.certificate(t, "workshop-mtls")
	ask := func(pair tls.Certificate, id string) answer {
		return b.showing(t, pair).send(t, at, credentialsForm(id))
	}
	copied := homemade(t, x509.Certificate{RawSubject: good.Leaf.RawSubject, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, nil)
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", credentialsForm("workshop-mtls")), 401, "invalid_client", "came without TLS")
	wantRefusal(t, b.showing(t).send(t, at, credentialsForm("workshop-mtls")), 401, "invalid_client", "none came")
	wantRefusal(t, ask(copied, "workshop-mtls"), 401, "invalid_client", "not from the authority of this lab")
	wantRefusal(t, ask(homemade(t, x509.Certificate{}, &good), "workshop-mtls"), 401, "invalid_client", "not from the authority of this lab")
	wantRefusal(t, ask(good, "workshop-selfsigned"), 401, "invalid_client", "not the one that is registered")
	wantRefusal(t, ask(b.certificate(t, "workshop-selfsigned"), "workshop-mtls"), 401, "invalid_client", "not from the authority")
	wantRefusal(t, b.showing(t, good).send(t, at, edit(credentialsForm("workshop-mtls"), "client_secret", "x")), 401, "invalid_client", "another way")
	wantRefusal(t, b.showing(t, good).send(t, at, edit(credentialsForm("workshop-mtls"), "client_id", "")), 401, "invalid_client", "client_id is missing")

	other := b.json(t, "POST", b.lab.Issuer()+"/register", map[string]any{"grant_types": []string{"client_credentials"}, "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "app.example.test"})
	pair := b.certificate(t, other.str("client_id"))
	wantRefusal(t, ask(pair, "workshop-mtls"), 401, "invalid_client", "does not have the name")

	b.now.move(25 * time.Hour)
	wantRefusal(t, ask(good, "workshop-mtls"), 401, "invalid_client", "has expired")
	if a := ask(b.certificate(t, "workshop-mtls"), "workshop-mtls"); a.status != 200 {
		t.Errorf("a new certificate after the old one expired: %s", a.text)
	}
	late := b.certificate(t, "workshop-mtls")
	b.now.move(-72 * time.Hour)
	wantRefusal(t, ask(late, "workshop-mtls"), 401, "invalid_client", "begins in the future")
}

// RFC 8705 §2.1.2: a client registers one name of its certificate, of five kinds.
func TestClientsRegisterTheNameOfTheirCertificate(t *testing.T) {
	b := newTLSBench(t)
	at := b.alias(t, "token_endpoint")
	register := func(members map[string]any) answer {
		members["grant_types"] = []string{"client_credentials"}
		return b.json(t, "POST", b.lab.Issuer()+"/register", members)
	}
	for kind, value := range map[string]string{
		"tls_client_auth_subject_dn": `CN=my app\, really,OU=a+L=b,DC=example`,
		"tls_client_auth_san_dns":    "app.example.test", "tls_client_auth_san_uri": "spiffe://example.test/app",
		"tls_client_auth_san_ip": "2001:db8::1", "tls_client_auth_san_email": "app@example.test",
	} {
		a := register(map[string]any{"token_endpoint_auth_method": "tls_client_auth", kind: value, "tls_client_certificate_bound_access_tokens": true})
		if a.status != 201 || a.str(kind) != value || a.json["client_secret"] != nil {
			t.Errorf("%s: %d %s", kind, a.status, a.text)
			continue
		}
		pair := b.certificate(t, a.str("client_id"))
		if got := b.showing(t, pair).send(t, at, credentialsForm(a.str("client_id"))); got.status != 200 || claims(t, got.str("access_token"))["cnf"] == nil {
			t.Errorf("%s: %d %s", kind, got.status, got.text)
		}
	}
	own := homemade(t, x509.Certificate{Subject: pkix.Name{CommonName: "own"}}, nil)
	key := ecSignerFrom(t, own.PrivateKey.(*ecdsa.PrivateKey), "")
	key.jwk["x5c"] = []string{base64.StdEncoding.EncodeToString(own.Certificate[0])}
	a := register(map[string]any{"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": map[string]any{"keys": []any{key.jwk}}})
	if got := b.showing(t, own).send(t, at, credentialsForm(a.str("client_id"))); got.status != 200 {
		t.Errorf("self-signed: %s %s", a.text, got.text)
	}
	stranger := ecSigner(t, "")
	stranger.jwk["x5c"] = key.jwk["x5c"]
	for _, c := range []struct {
		name    string
		members map[string]any
		words   string
	}{
		{"no name", map[string]any{"token_endpoint_auth_method": "tls_client_auth"}, "exactly one name"},
		{"two names", map[string]any{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.test", "tls_client_auth_san_uri": "urn:b"}, "exactly one name"},
		{"no DN", map[string]any{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "workshop"}, "exactly one name"},
		{"no address", map[string]any{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_ip": "localhost"}, "exactly one name"},
		{"no jwks", map[string]any{"token_endpoint_auth_method": "self_signed_tls_client_auth"}, "must register its certificate"},
		{"no x5c", map[string]any{"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": map[string]any{"keys": []any{ecSigner(t, "").jwk}}}, "must register its certificate"},
		{"a certificate of another key", map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": map[string]any{"keys": []any{stranger.jwk}}}, "does not fit its certificate"},
	} {
		wantRefusal(t, register(c.members), 400, "invalid_client_metadata", c.words)
	}
}

// RFC 8705 §3 and §4: a public client gets bound tokens too, and its refresh
// token needs the same certificate.
func TestPublicClientIsBoundByItsCertificate(t *testing.T) {
	b := newTLSBench(t)
	at := b.alias(t, "token_endpoint")
	own := b.showing(t, homemade(t, x509.Certificate{}, nil))
	tok := own.send(t, at, b.tokenForm(t))
	if tok.status != 200 || claims(t, tok.str("access_token"))["cnf"] == nil {
		t.Fatalf("tokens = %d %s", tok.status, tok.text)
	}
	if a := own.send(t, b.alias(t, "userinfo_endpoint"), nil, "Authorization", "Bearer "+tok.str("access_token")); a.status != 200 {
		t.Errorf("userinfo with the certificate = %s", a.text)
	}
	if a := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", "Bearer "+tok.str("access_token")); a.status != 401 {
		t.Errorf("userinfo without it = %s", a.text)
	}
	renew := func(by *bench, at string) answer {
		return by.send(t, at, url.Values{"grant_type": {"refresh_token"}, "client_id": {"workshop-spa"}, "refresh_token": {tok.str("refresh_token")}})
	}
	wantRefusal(t, renew(b, b.lab.Issuer()+"/token"), 400, "invalid_grant", "bound to a certificate")
	wantRefusal(t, renew(b.showing(t, homemade(t, x509.Certificate{}, nil)), at), 400, "invalid_grant", "bound to a certificate")
	if a := renew(own, at); a.status != 200 || claims(t, a.str("access_token"))["cnf"] == nil {
		t.Errorf("refresh with the certificate = %s", a.text)
	}
}

// A client that is registered for bound tokens gets no others.
func TestClientMustShowItsCertificateWhenItIsRegisteredSo(t *testing.T) {
	b := newTLSBench(t)
	a := b.json(t, "POST", b.lab.Issuer()+"/register", map[string]any{"grant_types": []string{"client_credentials"}, "token_endpoint_auth_method": "client_secret_post", "tls_client_certificate_bound_access_tokens": true})
	form := edit(credentialsForm(a.str("client_id")), "client_secret", a.str("client_secret"))
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", form), 400, "invalid_request", "no certificate came")
	if got := b.showing(t, homemade(t, x509.Certificate{}, nil)).send(t, b.alias(t, "token_endpoint"), form); got.status != 200 {
		t.Errorf("with any certificate: %s", got.text)
	}
}

// The code flow of a client with a certificate: pages on one address, tokens on the other.
func TestCodeFlowOfAClientWithACertificate(t *testing.T) {
	b := newTLSBench(t)
	own := b.showing(t, b.certificate(t, "workshop-mtls"))
	verifier := oauth2.GenerateVerifier()
	pushed := own.send(t, b.alias(t, "pushed_authorization_request_endpoint"), edit(b.authorizeForm(), "client_id", "workshop-mtls", "scope", "openid offline_access", "code_challenge", oauth2.S256ChallengeFromVerifier(verifier)))
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + url.Values{"client_id": {"workshop-mtls"}, "request_uri": {pushed.str("request_uri")}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	tok := own.send(t, b.alias(t, "token_endpoint"), url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-mtls"}, "code": {back.Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier}})
	if tok.status != 200 || tok.str("id_token") == "" || tok.str("refresh_token") == "" {
		t.Fatalf("tokens = %s", tok.text)
	}
	// §7.1: the refresh token of a confidential client is bound by its authentication.
	b.now.move(6 * time.Hour)
	again := b.showing(t, b.certificate(t, "workshop-mtls")).send(t, b.alias(t, "token_endpoint"), url.Values{"grant_type": {"refresh_token"}, "client_id": {"workshop-mtls"}, "refresh_token": {tok.str("refresh_token")}})
	if again.status != 200 {
		t.Errorf("refresh = %s", again.text)
	}
}

// A proof and a certificate together: the token needs both.
func TestTokenBoundTwiceNeedsBoth(t *testing.T) {
	b := newTLSBench(t)
	at, key := b.alias(t, "token_endpoint"), ecSigner(t, "")
	own := b.showing(t, b.certificate(t, "workshop-mtls"))
	tok := own.send(t, at, credentialsForm("workshop-mtls"), "DPoP", key.proof(b.proofClaims("POST", at))).str("access_token")
	profile := b.lab.MTLS() + "/api/profile"
	proof := func() string { return key.proof(with(b.proofClaims("GET", profile), "ath", fullHash(tok))) }
	if a := own.send(t, profile, nil, "Authorization", "DPoP "+tok, "DPoP", proof()); a.status != 200 {
		t.Errorf("with both: %s", a.text)
	}
	if a := own.send(t, profile, nil, "Authorization", "Bearer "+tok); a.status != 401 {
		t.Errorf("with the certificate alone: %s", a.text)
	}
	if a := b.showing(t).send(t, profile, nil, "Authorization", "DPoP "+tok, "DPoP", proof()); a.status != 401 || !strings.Contains(a.text, "bound to a certificate") {
		t.Errorf("with the proof alone: %s", a.text)
	}
}

// RFC 8705 §5: every alias is the endpoint of its name, at the other address.
func TestEveryAliasAnswers(t *testing.T) {
	b := newTLSBench(t)
	metadata := b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil).json
	aliases, _ := metadata["mtls_endpoint_aliases"].(map[string]any)
	for name, at := range aliases {
		path := strings.TrimPrefix(metadata[name].(string), b.lab.Issuer())
		if at != b.lab.MTLS()+"/default"+path {
			t.Errorf("%s: %v", name, at)
		}
		if a := b.showing(t).send(t, at.(string), url.Values{}); a.status == 404 || a.status >= 500 {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	if len(aliases) != 8 {
		t.Errorf("%d aliases: %v", len(aliases), aliases)
	}
	if metadata["tls_client_certificate_bound_access_tokens"] != true || !slices.Contains(metadata["token_endpoint_auth_methods_supported"].([]any), any("tls_client_auth")) ||
		!slices.Contains(metadata["token_endpoint_auth_methods_supported"].([]any), any("self_signed_tls_client_auth")) {
		t.Errorf("metadata = %v", metadata)
	}
}

func TestTLSAddressServesProgramsOnly(t *testing.T) {
	b := newTLSBench(t)
	own := b.showing(t)
	for _, path := range []string{"/default", "/default/authorize?client_id=workshop-spa", "/default/device", "/default/logout"} {
		if a := own.send(t, b.lab.MTLS()+path, nil); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := own.send(t, b.lab.MTLS()+"/default/.well-known/openid-configuration", nil); a.str("issuer") != b.lab.Issuer() {
		t.Errorf("metadata = %s", a.text)
	}
	a := own.send(t, b.lab.MTLS()+"/.well-known/oauth-protected-resource", nil)
	if a.str("resource") != b.lab.MTLS() || a.json["tls_client_certificate_bound_access_tokens"] != true {
		t.Errorf("resource metadata = %s", a.text)
	}
	if a := b.send(t, b.lab.API()+"/.well-known/oauth-protected-resource", nil); a.str("resource") != b.lab.API() {
		t.Errorf("resource metadata = %s", a.text)
	}
	wantRefusal(t, own.send(t, b.lab.MTLS()+"/default/token", credentialsForm("nobody")), 401, "invalid_client", "No client is registered")
	for _, name := range []string{"api", "mcp"} {
		if l, err := lab.New(lab.Options{Tenants: []string{name}}); err == nil {
			l.Close()
			t.Errorf("a tenant may be called %s", name)
		}
	}
}

func TestLabWithoutPortsAnnouncesNoTLS(t *testing.T) {
	b := newBench(t)
	a := b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil)
	if b.lab.MTLS() != "" || a.json["mtls_endpoint_aliases"] != nil || strings.Contains(a.text, "tls_client_auth") || a.json["tls_client_certificate_bound_access_tokens"] != nil {
		t.Errorf("metadata = %s", a.text)
	}
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", credentialsForm("workshop-mtls")), 401, "invalid_client", "came without TLS")
	if block, _ := pem.Decode(b.lab.CA()); block == nil || block.Type != "CERTIFICATE" {
		t.Error("CA is not a certificate")
	}
	for _, id := range []string{"nobody", "workshop-spa"} {
		if _, _, ok := b.lab.ClientCertificate(id); ok {
			t.Errorf("%s has a certificate", id)
		}
	}
}

// The certificate of one tenant is nothing in another.
func TestTenantsHaveTheirOwnCertificatesAndKeys(t *testing.T) {
	b := newTLSBench(t, "other")
	other, err := b.lab.Tenant("other")
	if err != nil {
		t.Fatal(err)
	}
	for id, words := range map[string]string{"workshop-mtls": "does not have the name", "workshop-selfsigned": "not the one that is registered"} {
		own := b.showing(t, b.certificate(t, id))
		wantRefusal(t, own.send(t, b.lab.MTLS()+"/other/token", credentialsForm(id)), 401, "invalid_client", words)
	}
	cert, key, _ := other.ClientCertificate("workshop-mtls")
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	if a := b.showing(t, pair).send(t, b.lab.MTLS()+"/other/token", credentialsForm("workshop-mtls")); a.status != 200 || claims(t, a.str("access_token"))["iss"] != other.Issuer() {
		t.Errorf("in its own tenant: %s", a.text)
	}
	s := ecSigner(t, "mine")
	if err := other.SetClientKeys("workshop-keys", s.jwks()); err != nil {
		t.Fatal(err)
	}
	form := assertionForm(s.jwt(with(b.assertionClaims("workshop-keys"), "aud", other.Issuer()), nil))
	if a := b.send(t, other.Issuer()+"/token", form); a.status != 200 {
		t.Errorf("a key of the tenant: %s", a.text)
	}
	form = assertionForm(s.jwt(b.assertionClaims("workshop-keys"), nil))
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", form), 401, "invalid_client", "not registered for its sender")
	if err := other.SetIDTokenAlg("workshop-legacy", "RS256"); err != nil {
		t.Fatal(err)
	}
	password := func(issuer string) any { return header(t, b.passwordAt(t, issuer).str("id_token"))["alg"] }
	if here, there := password(b.lab.Issuer()), password(other.Issuer()); here != "ES256" || there != "RS256" {
		t.Errorf("algorithms = %v, %v", here, there)
	}
	if other.SetIDTokenAlg("workshop-spa", "HS256") == nil || other.SetIDTokenAlg("nobody", "ES256") == nil || other.SetClientKeys("nobody", s.jwks()) == nil {
		t.Error("nonsense was accepted")
	}
}

// As Entra does: the header names the certificate of the key, not the key.
func TestAssertionNamesTheCertificateOfItsKey(t *testing.T) {
	b := newBench(t)
	s := privateSigner(t, b.client(t, "workshop-cert").PrivateJWK)
	pair := b.certificate(t, "workshop-cert")
	ask := func(header map[string]any) answer {
		return b.send(t, b.lab.Issuer()+"/token", assertionForm(s.jwt(b.assertionClaims("workshop-cert"), header)))
	}
	old := sha1.Sum(pair.Certificate[0])
	for member, thumb := range map[string]string{"x5t#S256": x5t256(pair.Certificate[0]), "x5t": b64.EncodeToString(old[:])} {
		if a := ask(map[string]any{member: thumb}); a.status != 200 {
			t.Errorf("%s: %s", member, a.text)
		}
	}
	wantRefusal(t, ask(nil), 401, "invalid_client", "does not name the certificate")
	wantRefusal(t, ask(map[string]any{"x5t#S256": "AAAA"}), 401, "invalid_client", "not registered for its sender")
}
