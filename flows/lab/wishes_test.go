package lab_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// flow runs the code flow of workshop-spa with changes to the authorization
// request and to the token request.
func (b *bench) flow(t testing.TB, request url.Values, token url.Values) answer {
	t.Helper()
	verifier := strings.Repeat("v", 43)
	form := edit(b.authorizeForm(), "code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
	for name, v := range request {
		form[name] = v
	}
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + form.Encode())
	if err != nil || back.Get("code") == "" {
		t.Fatalf("%v, %v", back, err)
	}
	f := url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-spa"}, "code": {back.Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	for name, v := range token {
		f[name] = v
	}
	return b.send(t, b.lab.Issuer()+"/token", f)
}

// RFC 8707: the audience is the resource that was asked for.
func TestTokensForOneResource(t *testing.T) {
	b := newBench(t)
	api, mcp := b.lab.API(), b.lab.API()+"/mcp"
	scope := []string{"read write"}
	both := url.Values{"scope": scope, "resource": {api, mcp}}
	for _, c := range []struct {
		name           string
		request, token url.Values
		aud            any
	}{
		{"no wish", url.Values{"scope": scope}, nil, api},
		{"one", url.Values{"scope": scope, "resource": {mcp}}, nil, mcp},
		{"two", both, nil, []any{api, mcp}},
		{"one of two", both, url.Values{"resource": {mcp}}, mcp},
	} {
		a := b.flow(t, c.request, c.token)
		aud := claims(t, a.str("access_token"))["aud"]
		if !reflect.DeepEqual(aud, c.aud) {
			t.Errorf("%s: aud = %v, want %v", c.name, aud, c.aud)
		}
		text, _ := json.Marshal(c.aud)
		if got := b.api(t, a.str("access_token")); (got.status == 200) != strings.Contains(string(text), api+`"`) {
			t.Errorf("%s: the API answers %d %s", c.name, got.status, got.text)
		}
		if a := b.send(t, b.lab.Issuer()+"/introspect", url.Values{"client_id": {"workshop-web"}, "client_secret": {"workshop-secret"}, "token": {a.str("access_token")}}); !reflect.DeepEqual(a.json["aud"], c.aud) {
			t.Errorf("%s: introspection says %v", c.name, a.json["aud"])
		}
	}
	wantRefusal(t, b.flow(t, url.Values{"resource": {api}}, url.Values{"resource": {mcp}}), 400, "invalid_target", "not part of the authorization request")
	wantRefusal(t, b.service(t, "resource", "https://other.test"), 400, "invalid_target", "audience or resource")
	if back := b.try(t, "resource", "https://other.test"); back.Get("error") != "invalid_target" {
		t.Errorf("answer = %v", back)
	}
}

// RFC 9396: rights in detail, on the consent page, in the answer, in the token
// and at introspection.
func TestRichAuthorizationRequests(t *testing.T) {
	b := newBench(t)
	const payment = `{"type":"payment","amount":{"currency":"EUR","value":"12.50"},"creditor":"Example shop"}`
	var want any
	if err := json.Unmarshal([]byte("["+payment+"]"), &want); err != nil {
		t.Fatal(err)
	}
	b.try(t, "scope", "openid read")
	a := b.flow(t, url.Values{"scope": {"openid read"}, "authorization_details": {"[" + payment + "]"}}, nil)
	if !slices.Contains(b.browser.pages, "Allow access?") {
		t.Error("nobody was asked for the payment")
	}
	if !reflect.DeepEqual(a.json["authorization_details"], want) || !reflect.DeepEqual(claims(t, a.str("access_token"))["authorization_details"], want) {
		t.Errorf("answer = %s", a.text)
	}
	if got := b.api(t, a.str("access_token")); !reflect.DeepEqual(got.json["authorization_details"], want) {
		t.Errorf("API = %s", got.text)
	}
	if a := b.service(t, "authorization_details", "["+payment+"]"); !reflect.DeepEqual(a.json["authorization_details"], want) {
		t.Errorf("client credentials = %s", a.text)
	}
	for text, words := range map[string]string{
		"{}": "must be a JSON list", "[]": "must be a JSON list", "x": "must be a JSON list",
		`[{"type":"x"}]`: "type that this server does not know", `[{}]`: "type that this server does not know", `[{"type":"payment"}]`: "lack a member",
	} {
		wantRefusal(t, b.service(t, "authorization_details", text), 400, "invalid_authorization_details", words)
		if back := b.try(t, "authorization_details", text); back.Get("error") != "invalid_authorization_details" || !strings.Contains(back.Get("error_description"), words) {
			t.Errorf("%s: %v", text, back)
		}
	}
	more := strings.Replace(payment, "12.50", "9999", 1)
	wantRefusal(t, b.flow(t, url.Values{"authorization_details": {"[" + payment + "]"}}, url.Values{"authorization_details": {"[" + more + "]"}}), 400, "invalid_authorization_details", "not granted")
}

// RFC 9470: the API asks for more, the client asks again, the user shows more.
func TestStepUp(t *testing.T) {
	b := newBench(t)
	vault := func(token string) answer {
		return b.send(t, b.lab.API()+"/api/vault", nil, "Authorization", "Bearer "+token)
	}
	plain := b.flow(t, url.Values{"scope": {"openid read"}}, nil)
	if c := claims(t, plain.str("access_token")); c["acr"] != "urn:lab:pwd" || c["auth_time"] == nil {
		t.Errorf("access token = %v", c)
	}
	a := vault(plain.str("access_token"))
	if ch := a.header.Get("WWW-Authenticate"); a.status != 401 || !strings.Contains(ch, `error="insufficient_user_authentication"`) || !strings.Contains(ch, `acr_values="urn:lab:mfa"`) {
		t.Fatalf("vault = %d %s", a.status, ch)
	}
	wish := url.Values{"scope": {"openid read"}, "acr_values": {"urn:lab:mfa"}}
	if back := b.try(t, "acr_values", "urn:lab:mfa", "prompt", "none"); back.Get("error") != "interaction_required" {
		t.Errorf("prompt=none = %v", back)
	}
	b.browser.pages = nil
	up := b.flow(t, wish, nil)
	if !slices.Contains(b.browser.pages, "Enter your code") {
		t.Errorf("pages = %q", b.browser.pages)
	}
	id := claims(t, up.str("id_token"))
	if id["acr"] != "urn:lab:mfa" || !reflect.DeepEqual(id["amr"], []any{"pwd", "otp", "mfa"}) {
		t.Errorf("ID token = %v", id)
	}
	if a := vault(up.str("access_token")); a.status != 200 {
		t.Errorf("vault = %d %s", a.status, a.text)
	}
	// A token issued later, from a sign-in that is too old.
	b.now.move(6 * time.Minute)
	old := b.flow(t, wish, nil)
	a = vault(old.str("access_token"))
	if ch := a.header.Get("WWW-Authenticate"); a.status != 401 || !strings.Contains(ch, `max_age="300"`) {
		t.Errorf("vault = %d %s", a.status, ch)
	}
	wish.Set("max_age", "300")
	if a := vault(b.flow(t, wish, nil).str("access_token")); a.status != 200 {
		t.Errorf("vault after a new sign-in = %d %s", a.status, a.text)
	}
}

// RFC 9728: from a 401 to the authorization server, as an MCP client goes.
func TestClientFindsItsWayFromA401(t *testing.T) {
	b := newBench(t)
	mcp := b.lab.API() + "/mcp"
	rpc := func(method, token string) answer {
		req, _ := http.NewRequest(http.MethodPost, mcp, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"`+method+`"}`))
		req.Header.Set("Content-Type", "application/json")
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		return b.do(t, req)
	}
	a := rpc("initialize", "")
	_, rest, found := strings.Cut(a.header.Get("WWW-Authenticate"), `resource_metadata="`)
	at, _, _ := strings.Cut(rest, `"`)
	if a.status != 401 || !found {
		t.Fatalf("answer = %d %v", a.status, a.header)
	}
	meta := b.send(t, at, nil)
	servers, _ := meta.json["authorization_servers"].([]any)
	if meta.str("resource") != mcp || len(servers) != 1 || servers[0] != b.lab.Issuer() {
		t.Fatalf("metadata = %s", meta.text)
	}
	tok := b.flow(t, url.Values{"scope": {"write"}, "resource": {mcp}}, nil).str("access_token")
	for method, words := range map[string]string{"initialize": "serverInfo", "tools/list": "read_notes", "tools/call": "content", "x": "-32601"} {
		if a := rpc(method, tok); a.status != 200 || !strings.Contains(a.text, words) {
			t.Errorf("%s: %d %s", method, a.status, a.text)
		}
	}
	if a := rpc("initialize", b.flow(t, url.Values{"scope": {"write"}}, nil).str("access_token")); a.status != 401 {
		t.Errorf("a token for the API = %d %s", a.status, a.text)
	}
	if a := b.send(t, b.lab.API()+"/.well-known/oauth-protected-resource", nil); a.str("resource") != b.lab.API() {
		t.Errorf("metadata of the API = %s", a.text)
	}
}
