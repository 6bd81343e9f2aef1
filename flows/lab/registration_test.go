package lab_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"
)

// json sends a JSON body.
func (b *bench) json(t testing.TB, method, at string, body any, header ...string) answer {
	t.Helper()
	text, _ := json.Marshal(body)
	if s, ok := body.(string); ok {
		text = []byte(s)
	}
	req, err := http.NewRequest(method, at, strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.do(t, req)
}

// RFC 7591 and RFC 7592: a client registers, works, changes and goes.
func TestRegisteredClientLivesItsLife(t *testing.T) {
	b := newBench(t)
	a := b.json(t, "POST", b.lab.Issuer()+"/register", map[string]any{"redirect_uris": []string{"http://127.0.0.1:1/other"}, "client_name": "Test", "scope": "openid read",
		"post_logout_redirect_uris": []string{"https://app.example.test/bye"}})
	id, secret := a.str("client_id"), a.str("client_secret")
	if a.status != 201 || id == "" || secret == "" || a.str("token_endpoint_auth_method") != "client_secret_basic" || a.json["client_secret_expires_at"] != 0.0 {
		t.Fatalf("registration = %d %s", a.status, a.text)
	}
	cfg := oauth2.Config{ClientID: id, ClientSecret: secret, RedirectURL: "http://127.0.0.1:2/other", Scopes: []string{"openid", "read"}, Endpoint: oauth2.Endpoint{
		AuthURL: b.lab.Issuer() + "/authorize", TokenURL: b.lab.Issuer() + "/token", AuthStyle: oauth2.AuthStyleInHeader}}
	back := b.toCallback(t, cfg.AuthCodeURL("s"))
	if _, err := cfg.Exchange(b.ctx(), back.Get("code")); err != nil {
		t.Errorf("code flow: %v", err)
	}
	at, bearer := a.str("registration_client_uri"), "Bearer "+a.str("registration_access_token")
	if got := b.send(t, at, nil, "Authorization", bearer); got.status != 200 || got.str("client_id") != id || got.str("client_name") != "Test" {
		t.Errorf("read = %d %s", got.status, got.text)
	}
	put := b.json(t, "PUT", at, map[string]any{"redirect_uris": []string{"https://app.example.test/cb"}, "token_endpoint_auth_method": "client_secret_post"}, "Authorization", bearer)
	if put.status != 200 || put.str("client_id") != id || put.str("token_endpoint_auth_method") != "client_secret_post" {
		t.Errorf("update = %d %s", put.status, put.text)
	}
	if got := b.send(t, b.lab.Issuer()+"/authorize?"+url.Values{"client_id": {id}, "redirect_uri": {"http://127.0.0.1:2/other"}}.Encode(), nil); got.status != 400 || !strings.Contains(got.text, "not registered") {
		t.Errorf("the old redirect URI = %d", got.status)
	}
	for _, wrong := range []string{"", "Bearer guess"} {
		if got := b.json(t, "DELETE", at, "", "Authorization", wrong); got.status != 401 {
			t.Errorf("delete with %q = %d", wrong, got.status)
		}
	}
	if got := b.json(t, "DELETE", at, "", "Authorization", bearer); got.status != 204 {
		t.Errorf("delete = %d %s", got.status, got.text)
	}
	if got := b.send(t, at, nil, "Authorization", bearer); got.status != 401 {
		t.Errorf("read after delete = %d", got.status)
	}
	if got := b.send(t, b.lab.Issuer()+"/register/workshop-web", nil, "Authorization", "Bearer x"); got.status != 401 {
		t.Errorf("a fixed client can be managed: %d", got.status)
	}
}

// toCallback walks the pages until the redirect leaves the lab.
func (b *bench) toCallback(t testing.TB, at string) url.Values {
	t.Helper()
	b.browser.fill(t, at, url.Values{"action": {"allow"}})
	back, err := url.Parse(b.browser.left)
	if err != nil || b.browser.left == "" {
		t.Fatalf("left for %q", b.browser.left)
	}
	return back.Query()
}

func TestRegistrationRefusals(t *testing.T) {
	b := newBench(t)
	good := map[string]any{"redirect_uris": []string{"http://localhost/cb"}}
	for _, c := range []struct {
		code, words string
		body        any
	}{
		{"invalid_client_metadata", "not one JSON object", "no JSON"},
		{"invalid_client_metadata", "not one JSON object", "{} {}"},
		{"invalid_redirect_uri", "redirect_uris are missing", map[string]any{}},
		{"invalid_redirect_uri", "not acceptable", with(good, "redirect_uris", []string{"http://example.test/cb"})},
		{"invalid_redirect_uri", "not acceptable", with(good, "redirect_uris", []string{"https://example.test/cb#x"})},
		{"invalid_redirect_uri", "not acceptable", with(good, "redirect_uris", []string{"javascript:alert(1)"})},
		{"invalid_redirect_uri", "not acceptable", with(good, "post_logout_redirect_uris", []string{"http://example.test/"})},
		{"invalid_client_metadata", "grant_types have a value", with(good, "grant_types", []string{"x"})},
		{"invalid_client_metadata", "token_endpoint_auth_method", with(good, "token_endpoint_auth_method", "x")},
		{"invalid_client_metadata", "scope of the registration", with(good, "scope", "x")},
		{"invalid_client_metadata", "ES256, RS256, PS256 or EdDSA", with(good, "id_token_signed_response_alg", "none")},
		{"invalid_client_metadata", "fetches nothing", with(good, "jwks_uri", "https://example.test/jwks")},
		{"invalid_client_metadata", "jwks are missing", with(good, "token_endpoint_auth_method", "private_key_jwt")},
		{"invalid_client_metadata", "jwks are missing", with(good, "jwks", map[string]any{"keys": []any{map[string]any{"kty": "x"}}})},
		{"invalid_client_metadata", "do not fit", with(good, "response_types", []string{"token"})},
	} {
		wantRefusal(t, b.json(t, "POST", b.lab.Issuer()+"/register", c.body), 400, c.code, c.words)
	}
}

func TestRegisteredClientBringsItsKey(t *testing.T) {
	b := newBench(t)
	key := ecSigner(t, "mine")
	a := b.json(t, "POST", b.lab.Issuer()+"/register", map[string]any{"grant_types": []string{"client_credentials"}, "token_endpoint_auth_method": "private_key_jwt",
		"jwks": map[string]any{"keys": []any{key.jwk}}, "dpop_bound_access_tokens": true})
	if a.status != 201 || a.json["client_secret"] != nil {
		t.Fatalf("registration = %s", a.text)
	}
	id := a.str("client_id")
	form := func() url.Values { return assertionForm(key.jwt(b.assertionClaims(id), nil)) }
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", form()), 400, "invalid_dpop_proof", "DPoP header is missing")
	if a := b.send(t, b.lab.Issuer()+"/token", form(), "DPoP", key.proof(b.proofClaims("POST", b.lab.Issuer()+"/token"))); a.status != 200 {
		t.Errorf("tokens = %s", a.text)
	}
}

// Pages of other origins may call what carries no cookie, and nothing else.
func TestCrossOriginRequests(t *testing.T) {
	b := newBench(t)
	ask := func(at, method string) answer {
		req, _ := http.NewRequest(http.MethodOptions, at, nil)
		req.Header = http.Header{"Origin": {"https://app.example.test"}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {"dpop"}}
		return b.do(t, req)
	}
	for at, method := range map[string]string{"/token": "POST", "/userinfo": "GET", "/par": "POST", "/.well-known/openid-configuration": "GET", "/register": "POST"} {
		a := ask(b.lab.Issuer()+at, method)
		if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(strings.Join(a.header.Values("Access-Control-Allow-Methods"), " "), method) || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "DPoP") {
			t.Errorf("%s: %d %v", at, a.status, a.header)
		}
	}
	if a := ask(b.lab.API()+"/api/profile", "GET"); a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("API: %d %v", a.status, a.header)
	}
	for _, at := range []string{"/authorize", "/logout", "/introspect", "/device"} {
		if a := ask(b.lab.Issuer()+at, "POST"); a.status == 204 || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s may be read by other pages", at)
		}
	}
	if a := b.send(t, b.lab.Issuer()+"/token", b.tokenForm(t), "Origin", "https://app.example.test"); a.status != 200 || !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "DPoP-Nonce") {
		t.Errorf("token = %d %v", a.status, a.header)
	}
}

// OpenID Connect RP-Initiated Logout 1.0.
func TestLogout(t *testing.T) {
	const bye = "http://127.0.0.1:43210/signed-out"
	signedIn := func(b *bench) bool { return b.try(t, "prompt", "none").Get("error") != "login_required" }
	logout := func(b *bench, q url.Values) (string, string) {
		b.browser.left = ""
		page := b.browser.fill(t, b.lab.Issuer()+"/logout?"+q.Encode(), url.Values{"action": {"logout"}})
		return b.browser.left, page
	}
	hint := func(b *bench) string {
		id, _ := b.tokens(t, "openid").Extra("id_token").(string)
		return id
	}
	b := newBench(t)
	if left, _ := logout(b, url.Values{"id_token_hint": {hint(b)}, "post_logout_redirect_uri": {bye}, "state": {"x y"}}); left != bye+"?state=x+y" || signedIn(b) {
		t.Errorf("with a hint: left for %q, signed in %v", left, signedIn(b))
	}
	b = newBench(t)
	old := hint(b)
	if a := b.browserPage(t, b.lab.Issuer()+"/logout?client_id=workshop-spa"); !strings.Contains(a, "Sign out?") || !signedIn(b) {
		t.Errorf("without a hint nobody is asked: %s", a)
	}
	if left, _ := logout(b, url.Values{"client_id": {"workshop-spa"}, "post_logout_redirect_uri": {bye}}); left != bye || signedIn(b) {
		t.Errorf("after asking: left for %q", left)
	}
	for _, c := range []struct {
		words string
		q     url.Values
	}{
		{"not registered for this client", url.Values{"id_token_hint": {old}, "post_logout_redirect_uri": {"https://evil.test/"}}},
		{"nothing says which client", url.Values{"post_logout_redirect_uri": {bye}}},
		{"not an ID token of this server", url.Values{"id_token_hint": {"x"}}},
		{"not the one that the id_token_hint", url.Values{"id_token_hint": {old}, "client_id": {"workshop-web"}}},
		{"No client is registered", url.Values{"client_id": {"nobody"}}},
	} {
		if a := b.browserPage(t, b.lab.Issuer()+"/logout?"+c.q.Encode()); !strings.Contains(a, c.words) {
			t.Errorf("want %q: %s", c.words, a)
		}
	}
}

func (b *bench) browserPage(t testing.TB, at string) string {
	t.Helper()
	return b.browser.fill(t, at, nil)
}
