package lab_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"

	"golang.org/x/oauth2"
)

const idJAG = "urn:ietf:params:oauth:token-type:id-jag"

// assertionFor exchanges an ID token at the default tenant for an ID-JAG.
func (b *bench) assertionFor(t testing.TB, idToken string, change ...string) answer {
	t.Helper()
	form := url.Values{"grant_type": {exchangeGrant}, "client_id": {"workshop-agent"}, "client_secret": {"workshop-secret"}, "requested_token_type": {idJAG},
		"audience": {b.tenant2(t)}, "subject_token": {idToken}, "subject_token_type": {"urn:ietf:params:oauth:token-type:id_token"}, "scope": {"read"}}
	return b.send(t, b.lab.Issuer()+"/token", edit(form, change...))
}

func (b *bench) tenant2(t testing.TB) string { return b.tenant(t, "chat").Issuer() }

func (b *bench) present(t testing.TB, assertion string, change ...string) answer {
	t.Helper()
	form := url.Values{"grant_type": {bearerGrant}, "client_id": {"workshop-agent"}, "client_secret": {"workshop-secret"}, "assertion": {assertion}}
	return b.send(t, b.tenant2(t)+"/token", edit(form, change...))
}

// draft-ietf-oauth-identity-assertion-authz-grant §3: from the company's identity
// provider to the server of another application.
func TestIdentityAssertionOpensAnotherTenant(t *testing.T) {
	b := openBench(t, lab.Options{Tenants: []string{"chat"}})
	id := b.web(t, b.lab.Issuer(), "workshop-agent", "openid email").str("id_token")
	a := b.assertionFor(t, id, "resource", b.lab.API()+"/mcp", "scope", "write")
	if a.status != 200 || a.str("issued_token_type") != idJAG || a.str("token_type") != "N_A" || a.json["expires_in"] != 300.0 || a.str("scope") != "write" || a.json["refresh_token"] != nil {
		t.Fatalf("answer = %d %s", a.status, a.text)
	}
	header, claims := b.verified(t, b.lab.Issuer(), a.str("access_token"))
	if header.ExtraHeaders["typ"] != "oauth-id-jag+jwt" || claims["iss"] != b.lab.Issuer() || claims["aud"] != b.tenant2(t) || claims["client_id"] != "workshop-agent" || claims["sub"] != "lab-user-1001" ||
		claims["scope"] != "write" || claims["resource"] != b.lab.API()+"/mcp" || claims["jti"] == nil || claims["email"] != "alice@example.test" || claims["auth_time"] == nil {
		t.Errorf("header %v, claims %v", header, claims)
	}
	// It is no access token.
	if got := b.send(t, b.lab.API()+"/api/profile", nil, "Authorization", "Bearer "+a.str("access_token")); got.status != 401 {
		t.Errorf("the API answers %d to it", got.status)
	}
	tok := b.present(t, a.str("access_token"))
	if tok.status != 200 || tok.str("scope") != "write" || tok.json["refresh_token"] != nil {
		t.Fatalf("answer = %d %s", tok.status, tok.text)
	}
	if _, claims := b.verified(t, b.tenant2(t), tok.str("access_token")); claims["iss"] != b.tenant2(t) || claims["sub"] != "lab-chat-user-1001" || claims["aud"] != b.lab.API()+"/mcp" {
		t.Errorf("access token = %v", claims)
	}
	wantRefusal(t, b.present(t, a.str("access_token")), 400, "invalid_grant", "jti of the assertion was used before")
	m := b.send(t, b.lab.Issuer()+"/.well-known/oauth-authorization-server", nil)
	if !strings.Contains(m.text, "urn:ietf:params:oauth:grant-profile:id-jag") || !strings.Contains(m.text, `"identity_chaining_requested_token_types_supported":["`+idJAG) {
		t.Errorf("metadata = %s", m.text)
	}
}

func TestIdentityAssertionRefusals(t *testing.T) {
	b := newBenchWith(t, "chat")
	id := b.web(t, b.lab.Issuer(), "workshop-agent", "openid").str("id_token")
	for _, c := range []struct {
		code, words string
		change      []string
	}{
		{"invalid_target", "another tenant of this lab", []string{"audience", b.lab.Issuer()}},
		{"invalid_target", "another tenant of this lab", []string{"audience", "https://elsewhere.test"}},
		{"invalid_target", "another tenant of this lab", []string{"audience", ""}},
		{"invalid_request", "must be an ID token", []string{"subject_token_type", "urn:ietf:params:oauth:token-type:access_token"}},
		{"invalid_request", "not a good token", []string{"subject_token", "x"}},
		{"invalid_grant", "issued to another client", []string{"subject_token", b.web(t, b.lab.Issuer(), "workshop-web", "openid").str("id_token")}},
		{"invalid_scope", "does not know", []string{"scope", "nope"}},
		{"invalid_target", "not one that this server", []string{"resource", "https://elsewhere.test"}},
	} {
		wantRefusal(t, b.assertionFor(t, id, c.change...), 400, c.code, c.words)
	}
	good := func() string { return b.assertionFor(t, id).str("access_token") }
	stolen := good()
	wantRefusal(t, b.present(t, stolen, "client_id", "workshop-gateway"), 400, "invalid_grant", "not the client that sends it")
	wantRefusal(t, b.present(t, stolen, "client_id", "", "client_secret", ""), 401, "invalid_client", "client_id is missing")
	wantRefusal(t, b.present(t, stolen, "scope", "read write"), 400, "invalid_scope", "the ID-JAG does not have")
	spoilt := good()
	wantRefusal(t, b.present(t, spoilt[:len(spoilt)-4]+"AAAA"), 400, "invalid_grant", "signature of the assertion is wrong")
	// At the tenant that issued it, it is worth nothing.
	own := url.Values{"grant_type": {bearerGrant}, "client_id": {"workshop-agent"}, "client_secret": {"workshop-secret"}, "assertion": {good()}}
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", own), 400, "invalid_grant", "not one that this server trusts")
	old := good()
	b.now.move(301 * time.Second)
	wantRefusal(t, b.present(t, old), 400, "invalid_grant", "assertion has expired")

	chat := b.tenant(t, "chat")
	if err := chat.SetTrust("default", false); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, b.present(t, good()), 400, "invalid_grant", "not one that this server trusts")
	if err := chat.SetTrust("default", true); err != nil {
		t.Fatal(err)
	}
	if a := b.present(t, good()); a.status != 200 {
		t.Errorf("answer = %d %s", a.status, a.text)
	}
	if chat.SetTrust("chat", true) == nil || chat.SetTrust("nobody", true) == nil {
		t.Error("a tenant trusts itself or nobody")
	}
}

const deviceSecretType = "urn:openid:params:token-type:device-secret"

// firstApp signs alice in at the first application of the device.
func (b *bench) firstApp(t testing.TB, scope string, change ...string) answer {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	form := edit(b.authorizeForm(), "client_id", "workshop-app-one", "scope", scope, "code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + form.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return b.send(t, b.lab.Issuer()+"/token", edit(url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-app-one"}, "code": {back.Get("code")},
		"redirect_uri": {callback}, "code_verifier": {verifier}}, change...))
}

func (b *bench) secondApp(t testing.TB, first answer, change ...string) answer {
	t.Helper()
	form := url.Values{"grant_type": {exchangeGrant}, "client_id": {"workshop-app-two"}, "audience": {b.lab.Issuer()}, "scope": {"openid offline_access read"},
		"subject_token": {first.str("id_token")}, "subject_token_type": {"urn:ietf:params:oauth:token-type:id_token"},
		"actor_token": {first.str("device_secret")}, "actor_token_type": {deviceSecretType}}
	return b.send(t, b.lab.Issuer()+"/token", edit(form, change...))
}

// OpenID Connect Native SSO 1.0 §3 and §4.
func TestNativeSSOSharesASignIn(t *testing.T) {
	b := newBench(t)
	first := b.firstApp(t, "openid device_sso")
	_, one := b.verified(t, b.lab.Issuer(), first.str("id_token"))
	if first.status != 200 || first.str("device_secret") == "" || one["ds_hash"] == nil || one["sid"] == nil {
		t.Fatalf("answer = %d %s", first.status, first.text)
	}
	b.now.move(time.Hour) // the ID token has expired; the session goes on
	second := b.secondApp(t, first)
	_, two := b.verified(t, b.lab.Issuer(), second.str("id_token"))
	if second.status != 200 || second.str("issued_token_type") != "urn:ietf:params:oauth:token-type:access_token" || second.str("refresh_token") == "" || second.str("device_secret") != first.str("device_secret") ||
		two["aud"] != "workshop-app-two" || two["sub"] != one["sub"] || two["sid"] != one["sid"] || two["ds_hash"] != one["ds_hash"] || two["auth_time"] != one["auth_time"] {
		t.Errorf("answer = %d %s\nclaims %v", second.status, second.text, two)
	}
	// A device that brings its secret keeps it; a wrong one is replaced.
	if again := b.firstApp(t, "openid device_sso", "device_secret", first.str("device_secret")); again.str("device_secret") != first.str("device_secret") {
		t.Errorf("the secret is replaced: %s", again.text)
	}
	if again := b.firstApp(t, "openid device_sso", "device_secret", "x"); again.str("device_secret") == "x" || again.str("device_secret") == "" {
		t.Errorf("answer = %s", again.text)
	}
	if plain := b.firstApp(t, "openid"); plain.json["device_secret"] != nil {
		t.Errorf("without the scope there is a secret: %s", plain.text)
	}
}

func TestNativeSSORefusals(t *testing.T) {
	b := newBench(t)
	first := b.firstApp(t, "openid device_sso")
	other := newBrowser(b.rt)
	b.browser, other = other, b.browser
	foreign := b.firstApp(t, "openid device_sso") // another device
	b.browser = other
	for _, c := range []struct {
		code, words string
		change      []string
	}{
		{"invalid_grant", "device secret is unknown", []string{"actor_token", "x"}},
		{"invalid_grant", "do not belong together", []string{"actor_token", foreign.str("device_secret")}},
		{"invalid_grant", "do not belong together", []string{"subject_token", b.web(t, b.lab.Issuer(), "workshop-web", "openid").str("id_token")}},
		{"invalid_request", "not a good token", []string{"subject_token", "x"}},
		{"invalid_request", "ID token of the first application", []string{"subject_token_type", "urn:ietf:params:oauth:token-type:access_token"}},
		{"invalid_target", "issuer of this server", []string{"audience", b.lab.API()}},
		{"invalid_target", "issuer of this server", []string{"audience", ""}},
		{"unauthorized_client", "may not ask for device_sso", []string{"client_id", "workshop-gateway", "client_secret", "workshop-secret"}},
		{"invalid_scope", "does not know", []string{"scope", "nope"}},
	} {
		wantRefusal(t, b.secondApp(t, first, c.change...), 400, c.code, c.words)
	}
	if a := b.secondApp(t, first); a.status != 200 {
		t.Fatal(a.text)
	}
	// Signing out ends it for all applications, and each of them is told.
	endpoint, told := application(t, http.StatusOK)
	if err := b.tenant(t, "default").SetClientLogout("workshop-app-two", lab.LogoutURIs{Backchannel: endpoint}); err != nil {
		t.Fatal(err)
	}
	b.send(t, b.lab.Issuer()+"/logout?"+url.Values{"id_token_hint": {first.str("id_token")}}.Encode(), nil)
	if n := heard(t, told); claims(t, n.form.Get("logout_token"))["aud"] != "workshop-app-two" {
		t.Errorf("told %v", n.form)
	}
	wantRefusal(t, b.secondApp(t, first), 400, "invalid_grant", "session of the device secret is over")
}
