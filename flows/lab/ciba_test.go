package lab_test

import (
	"crypto/sha512"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"
)

const cibaGrant = "urn:openid:params:grant-type:ciba"

// notified is what an application was told at its own endpoint.
type notified struct {
	authorization, media string
	json                 map[string]any
	form                 url.Values
}

// application is a client's own server, on loopback.
func application(t testing.TB, status int) (string, <-chan notified) {
	t.Helper()
	told := make(chan notified, 8)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		n := notified{authorization: r.Header.Get("Authorization"), media: r.Header.Get("Content-Type")}
		_ = json.Unmarshal(raw, &n.json)
		n.form, _ = url.ParseQuery(string(raw))
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		told <- n
	}))
	t.Cleanup(server.Close)
	return server.URL + "/ciba", told
}

func heard(t testing.TB, told <-chan notified) notified {
	t.Helper()
	select {
	case n := <-told:
		return n
	case <-time.After(20 * time.Second):
		t.Fatal("the application was told nothing")
		return notified{}
	}
}

// delivered waits until the lab has noted what became of its last message.
func (b *bench) delivered(t testing.TB, tenant string, n int) lab.Delivery {
	t.Helper()
	for range 2000 {
		if all := b.tenant(t, tenant).Deliveries(); len(all) >= n {
			return all[n-1]
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("nothing was delivered")
	return lab.Delivery{}
}

func (b *bench) askCIBA(t testing.TB, change ...string) answer {
	t.Helper()
	form := url.Values{"client_id": {"workshop-ciba-poll"}, "client_secret": {"workshop-secret"}, "scope": {"openid read"}, "login_hint": {"alice"}, "binding_message": {"W4SCT"}}
	return b.send(t, b.lab.Issuer()+"/bc-authorize", edit(form, change...))
}

func (b *bench) pollCIBA(t testing.TB, id string, change ...string) answer {
	t.Helper()
	return b.send(t, b.lab.Issuer()+"/token", edit(url.Values{"grant_type": {cibaGrant}, "client_id": {"workshop-ciba-poll"}, "client_secret": {"workshop-secret"}, "auth_req_id": {id}}, change...))
}

// CIBA §7.3, §10.1, §11: the client asks until the user has answered.
func TestCIBAPoll(t *testing.T) {
	b := newBench(t)
	a := b.askCIBA(t)
	if a.status != 200 || a.json["expires_in"] != 600.0 || a.json["interval"] != 5.0 || !strings.HasPrefix(a.str("auth_req_id"), "lab_") {
		t.Fatalf("answer = %d %s", a.status, a.text)
	}
	id := a.str("auth_req_id")
	wantRefusal(t, b.pollCIBA(t, id), 400, "authorization_pending", "not answered yet")
	wantRefusal(t, b.pollCIBA(t, id), 400, "slow_down", "5 seconds longer")
	b.now.move(9 * time.Second)
	wantRefusal(t, b.pollCIBA(t, id), 400, "slow_down", "5 seconds longer") // 10 s are asked for now
	b.now.move(16 * time.Second)
	wantRefusal(t, b.pollCIBA(t, id), 400, "authorization_pending", "not answered yet")
	wantRefusal(t, b.pollCIBA(t, id, "client_id", "workshop-ciba-ping"), 400, "invalid_grant", "issued to another client")

	page := b.browser.fill(t, b.lab.Issuer()+"/ciba", url.Values{"action": {"allow"}})
	if !strings.Contains(page, "may go on") {
		t.Fatal(page)
	}
	a = b.pollCIBA(t, id)
	if a.status != 200 || a.str("scope") != "openid read" {
		t.Fatalf("answer = %d %s", a.status, a.text)
	}
	if _, claims := b.verified(t, b.lab.Issuer(), a.str("id_token")); claims["sub"] != "lab-user-1001" || claims["aud"] != "workshop-ciba-poll" || claims["at_hash"] == nil || claims["auth_time"] == nil {
		t.Errorf("ID token = %v", claims)
	}
	wantRefusal(t, b.pollCIBA(t, id), 400, "invalid_grant", "redeemed before")
}

// The page shows what waits, with the message that the user compares.
func TestCIBAPageShowsTheBindingMessageAndTakesANo(t *testing.T) {
	b := newBench(t)
	id := b.askCIBA(t).str("auth_req_id")
	b.browser.fill(t, b.lab.Issuer()+"/ciba", url.Values{}) // signs in, and answers nothing that counts
	id = b.askCIBA(t, "binding_message", "<b>W4SCT").str("auth_req_id")
	a := b.phone(t)
	if !strings.Contains(a, "&lt;b&gt;W4SCT") || !strings.Contains(a, "workshop-ciba-poll") || strings.Contains(a, id) {
		t.Error(a)
	}
	if page := b.browser.fill(t, b.lab.Issuer()+"/ciba", url.Values{"action": {"deny"}}); !strings.Contains(page, "gets nothing") {
		t.Error(page)
	}
	wantRefusal(t, b.pollCIBA(t, id), 400, "access_denied", "said no")
	if page := b.phone(t); !strings.Contains(page, "Nothing waits") {
		t.Error(page)
	}
	// Bob sees nothing of it, and a ticket of alice's means nothing to him.
	b.askCIBA(t)
	bob := newBrowser(b.rt)
	bob.user = "bob"
	if page := bob.fill(t, b.lab.Issuer()+"/ciba", url.Values{"action": {"allow"}}); !strings.Contains(page, "Nothing waits") {
		t.Error(page)
	}
	if got := b.send(t, b.lab.Issuer()+"/ciba", url.Values{"action": {"allow"}, "ticket": {"x"}}, "Origin", "http://evil.test"); got.status != 403 {
		t.Errorf("a form of another page: %d", got.status)
	}
}

func (b *bench) phone(t testing.TB) string {
	t.Helper()
	return b.browser.fill(t, b.lab.Issuer()+"/ciba", nil)
}

// CIBA §10.2: the lab tells the client that it may ask.
func TestCIBAPing(t *testing.T) {
	b := openBench(t, lab.Options{})
	endpoint, told := application(t, http.StatusNoContent)
	if err := b.tenant(t, "default").SetCIBA("workshop-ciba-ping", lab.Backchannel{Mode: "ping", Endpoint: endpoint, UserCode: true}); err != nil {
		t.Fatal(err)
	}
	ping := []string{"client_id", "workshop-ciba-ping", "client_notification_token", "a-notification-token-of-the-client", "user_code", lab.CIBAUserCode}
	for _, approve := range []bool{true, false} {
		id := b.askCIBA(t, ping...).str("auth_req_id")
		if err := b.tenant(t, "default").DecideCIBA(id, approve); err != nil {
			t.Fatal(err)
		}
		n := heard(t, told)
		if n.authorization != "Bearer a-notification-token-of-the-client" || n.media != "application/json" || len(n.json) != 1 || n.json["auth_req_id"] != id {
			t.Errorf("told %+v", n)
		}
		a := b.pollCIBA(t, id, "client_id", "workshop-ciba-ping")
		if (a.status == 200) != approve || !approve && a.str("error") != "access_denied" {
			t.Errorf("answer = %d %s", a.status, a.text)
		}
	}
	if d := b.delivered(t, "default", 2); d.Kind != "ciba_ping" || d.Status != 204 || d.Problem != "" || d.URI != endpoint || d.ClientID != "workshop-ciba-ping" {
		t.Errorf("delivery = %+v", d)
	}
	for _, change := range [][]string{{"client_notification_token", ""}, {"client_notification_token", "two words"}, {"client_notification_token", strings.Repeat("a", 1025)}} {
		if a := b.askCIBA(t, append(slices.Clone(ping), change...)...); a.str("error") != "invalid_request" || !strings.Contains(a.text, "client_notification_token") {
			t.Errorf("%v: %s", change, a.text)
		}
	}
	wantRefusal(t, b.askCIBA(t, append(slices.Clone(ping), "user_code", "")...), 400, "missing_user_code", "to ask the user")
	wantRefusal(t, b.askCIBA(t, append(slices.Clone(ping), "user_code", "0")...), 400, "invalid_user_code", "not the one")
}

// CIBA §10.3: the tokens come to the client, tied to the request.
func TestCIBAPush(t *testing.T) {
	b := openBench(t, lab.Options{})
	b.now = &clock{time.Now()}
	endpoint, told := application(t, http.StatusOK)
	const id = "workshop-ciba-push"
	if err := b.tenant(t, "default").SetCIBA(id, lab.Backchannel{Mode: "push", Endpoint: endpoint}); err != nil {
		t.Fatal(err)
	}
	if err := b.lab.SetIDTokenAlg(id, "EdDSA"); err != nil {
		t.Fatal(err)
	}
	keys := privateSigner(t, b.client(t, id).PrivateJWK)
	ask := func() answer {
		f := assertionForm(keys.jwt(b.assertionClaims(id), nil))
		f.Del("grant_type")
		now := b.now.at.Unix()
		f.Set("request", keys.jwt(map[string]any{"iss": id, "aud": b.lab.Issuer(), "iat": now, "nbf": now, "exp": now + 60, "jti": b.assertionClaims(id)["jti"],
			"scope": "openid offline_access read", "login_hint": "bob@example.test", "client_notification_token": "secret-of-the-client", "requested_expiry": 30}, nil))
		f.Set("login_hint", "alice") // beside a signed request nothing counts
		return b.send(t, b.lab.Issuer()+"/bc-authorize", f)
	}
	a := ask()
	if a.status != 200 || a.json["interval"] != nil || a.json["expires_in"] != 30.0 {
		t.Fatalf("answer = %d %s", a.status, a.text)
	}
	req := a.str("auth_req_id")
	f := assertionForm(keys.jwt(b.assertionClaims(id), nil))
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", edit(f, "grant_type", cibaGrant, "auth_req_id", req)), 400, "unauthorized_client", "push mode")
	if err := b.tenant(t, "default").DecideCIBA(req, true); err != nil {
		t.Fatal(err)
	}
	n := heard(t, told)
	text := func(name string) string { s, _ := n.json[name].(string); return s }
	header, claims := b.verified(t, b.lab.Issuer(), text("id_token"))
	if n.authorization != "Bearer secret-of-the-client" || text("auth_req_id") != req || text("token_type") != "Bearer" || n.json["expires_in"] != 300.0 ||
		header.Algorithm != "EdDSA" || claims["urn:openid:params:jwt:claim:auth_req_id"] != req || claims["sub"] != "lab-user-1002" ||
		claims["urn:openid:params:jwt:claim:rt_hash"] != half512(text("refresh_token")) || claims["at_hash"] != half512(text("access_token")) {
		t.Errorf("told %+v\nclaims %v", n, claims)
	}
	if got := b.send(t, b.lab.API()+"/api/profile", nil, "Authorization", "Bearer "+text("access_token")); got.status != 200 {
		t.Errorf("the API answers %d %s", got.status, got.text)
	}

	req = ask().str("auth_req_id")
	if err := b.tenant(t, "default").DecideCIBA(req, false); err != nil {
		t.Fatal(err)
	}
	if n := heard(t, told); n.json["error"] != "access_denied" || n.json["auth_req_id"] != req || n.json["access_token"] != nil {
		t.Errorf("told %v", n.json)
	}
	if b.tenant(t, "default").DecideCIBA(req, true) == nil || b.tenant(t, "default").DecideCIBA("x", true) == nil {
		t.Error("a second answer or an unknown request is accepted")
	}
}

func half512(value string) string {
	sum := sha512.Sum512([]byte(value))
	return b64.EncodeToString(sum[:32])
}

func TestCIBAEndsWithItsTime(t *testing.T) {
	b := newBench(t)
	id := b.askCIBA(t, "requested_expiry", "60").str("auth_req_id")
	b.now.move(61 * time.Second)
	wantRefusal(t, b.pollCIBA(t, id), 400, "expired_token", "has expired")
	if err := b.tenant(t, "default").DecideCIBA(id, true); err == nil {
		t.Error("an expired request is approved")
	}
	wantRefusal(t, b.pollCIBA(t, id), 400, "expired_token", "has expired")
	if a := b.askCIBA(t, "requested_expiry", "99999999999"); a.status == 200 && a.json["expires_in"] != 3600.0 {
		t.Errorf("answer = %s", a.text)
	}
}

// CIBA §7.1, §13.
func TestCIBARequestRefusals(t *testing.T) {
	b := newBench(t)
	hint := b.web(t, b.lab.Issuer(), "workshop-web", "openid").str("id_token")
	for _, c := range []struct {
		code, words string
		change      []string
	}{
		{"invalid_scope", "must have openid", []string{"scope", "read"}},
		{"invalid_scope", "must have openid", []string{"scope", ""}},
		{"invalid_scope", "does not know", []string{"scope", "openid nope"}},
		{"invalid_request", "in one way", []string{"login_hint", ""}},
		{"invalid_request", "in one way", []string{"id_token_hint", hint}},
		{"unknown_user_id", "Nobody is known", []string{"login_hint", "carol"}},
		{"invalid_request", "id_token_hint of the authentication request", []string{"login_hint", "", "id_token_hint", hint}},
		{"invalid_request", "no public key is registered", []string{"login_hint", "", "login_hint_token", noSigner().jwt(map[string]any{"sub": "alice"}, map[string]any{"alg": "ES256"})}},
		{"invalid_user_code", "not the one", []string{"user_code", "1"}},
		{"invalid_binding_message", "64 characters", []string{"binding_message", strings.Repeat("x", 65)}},
		{"invalid_binding_message", "plain text", []string{"binding_message", "a\x1b[31mb"}},
		{"invalid_request", "requested_expiry", []string{"requested_expiry", "0"}},
		{"invalid_request", "requested_expiry", []string{"requested_expiry", "1e3"}},
		{"unauthorized_client", "not registered for this grant_type", []string{"client_id", "workshop-web"}},
	} {
		wantRefusal(t, b.askCIBA(t, c.change...), 400, c.code, c.words)
	}
	wantRefusal(t, b.askCIBA(t, "client_secret", "wrong"), 401, "invalid_client", "client_secret is wrong")
	wantRefusal(t, b.askCIBA(t, "client_id", "workshop-device", "client_secret", ""), 401, "invalid_client", "is public")
	wantRefusal(t, b.pollCIBA(t, ""), 400, "invalid_request", "auth_req_id is missing")
	wantRefusal(t, b.pollCIBA(t, "x"), 400, "invalid_grant", "auth_req_id is unknown")
}

func TestCIBALoginHintToken(t *testing.T) {
	b := newBench(t)
	const id = "workshop-ciba-push"
	keys := privateSigner(t, b.client(t, id).PrivateJWK)
	now := b.now.at.Unix()
	ask := func(pairs ...any) answer {
		f := assertionForm(keys.jwt(b.assertionClaims(id), nil))
		claims := with(map[string]any{"iss": id, "aud": b.lab.Issuer(), "exp": now + 60, "sub_id": map[string]any{"format": "email", "email": "bob@example.test"}}, pairs...)
		return b.send(t, b.lab.Issuer()+"/bc-authorize", edit(f, "grant_type", "", "scope", "openid", "client_notification_token", "t", "login_hint_token", keys.jwt(claims, nil)))
	}
	if a := ask(); a.status != 200 {
		t.Errorf("answer = %d %s", a.status, a.text)
	}
	if a := ask("sub_id", nil, "sub", "alice"); a.status != 200 {
		t.Errorf("answer = %d %s", a.status, a.text)
	}
	wantRefusal(t, ask("sub_id", nil), 400, "unknown_user_id", "Nobody is known")
	wantRefusal(t, ask("exp", now-1), 400, "expired_login_hint_token", "login_hint_token has expired")
	wantRefusal(t, ask("iss", "x"), 400, "invalid_request", "iss of the login_hint_token")
	wantRefusal(t, ask("aud", "x"), 400, "invalid_request", "aud of the login_hint_token")
}

// R-LAB-04: the lab reaches loopback only, and follows no redirect.
func TestTheLabTellsOnlyLoopbackAndFollowsNoRedirect(t *testing.T) {
	b := newBench(t)
	tenant := b.tenant(t, "default")
	for _, uri := range []string{"", "https://example.test/cb", "http://10.0.0.1/cb", "http://u@127.0.0.1/cb", "ftp://127.0.0.1/", "http://127.0.0.1/#x", "http://127.0.0.1.example.test/"} {
		if tenant.SetCIBA("workshop-ciba-ping", lab.Backchannel{Mode: "ping", Endpoint: uri}) == nil {
			t.Errorf("%q is accepted", uri)
		}
		a := b.json(t, "POST", b.lab.Issuer()+"/register", map[string]any{"grant_types": []string{cibaGrant}, "backchannel_token_delivery_mode": "push", "backchannel_client_notification_endpoint": uri})
		wantRefusal(t, a, 400, "invalid_client_metadata", "on a loopback address")
	}
	a := b.json(t, "POST", b.lab.Issuer()+"/register", map[string]any{"grant_types": []string{cibaGrant}})
	wantRefusal(t, a, 400, "invalid_client_metadata", "backchannel_token_delivery_mode")
	endpoint, told := application(t, http.StatusFound)
	c := b.json(t, "POST", b.lab.Issuer()+"/register", map[string]any{"grant_types": []string{cibaGrant}, "token_endpoint_auth_method": "client_secret_post",
		"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": endpoint})
	if c.status != 201 || c.str("backchannel_token_delivery_mode") != "ping" {
		t.Fatal(c.text)
	}
	id := b.askCIBA(t, "client_id", c.str("client_id"), "client_secret", c.str("client_secret"), "client_notification_token", "t").str("auth_req_id")
	if err := tenant.DecideCIBA(id, true); err != nil {
		t.Fatal(err)
	}
	heard(t, told)
	if d := b.delivered(t, "default", 1); d.Status != 302 || !strings.Contains(d.Problem, "302") || len(told) != 0 {
		t.Errorf("delivery = %+v, %d more requests", d, len(told))
	}
}
