package lab_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"authdance/flows/lab"
)

// session signs alice in at two clients in one browser and returns their ID tokens.
func (b *bench) session(t testing.TB, clients ...string) (list []string) {
	t.Helper()
	for _, id := range clients {
		list = append(list, b.web(t, b.lab.Issuer(), id, "openid").str("id_token"))
	}
	return list
}

// Back-Channel Logout §2: sid ties the ID tokens of a browser together.
func TestIDTokensOfOneSessionShareTheirSID(t *testing.T) {
	b := newBench(t)
	ids := b.session(t, "workshop-web", "workshop-web")
	_, one := b.verified(t, b.lab.Issuer(), ids[0])
	_, two := b.verified(t, b.lab.Issuer(), ids[1])
	b.browser = newBrowser(b.rt)
	_, other := b.verified(t, b.lab.Issuer(), b.session(t, "workshop-web")[0])
	if one["sid"] != two["sid"] || one["sid"] == other["sid"] || !strings.HasPrefix(fmt.Sprint(one["sid"]), "lab_") {
		t.Errorf("sid = %v, %v, elsewhere %v", one["sid"], two["sid"], other["sid"])
	}
}

// Back-Channel Logout §2.4, §2.5.
func TestBackchannelLogoutTokenReachesTheApplication(t *testing.T) {
	b := openBench(t, lab.Options{})
	endpoint, told := application(t, http.StatusOK)
	tenant := b.tenant(t, "default")
	for _, id := range []string{"workshop-web", "workshop-gateway", "workshop-encrypted"} { // alice never used the gateway
		if err := tenant.SetClientLogout(id, lab.LogoutURIs{Backchannel: endpoint}); err != nil {
			t.Fatal(err)
		}
	}
	if err := tenant.SetIDTokenAlg("workshop-web", "PS256"); err != nil {
		t.Fatal(err)
	}
	ids := b.session(t, "workshop-web", "workshop-encrypted")
	_, id := b.verified(t, b.lab.Issuer(), ids[0])
	// Without the cookie of the browser: the hint names the session.
	if a := b.send(t, b.lab.Issuer()+"/logout?"+url.Values{"id_token_hint": {ids[0]}}.Encode(), nil); a.status != 200 || !strings.Contains(a.text, "You are signed out") {
		t.Fatal(a.text)
	}
	for range 2 {
		n := heard(t, told)
		compact, client := n.form.Get("logout_token"), "workshop-web"
		if strings.Count(compact, ".") == 4 {
			client = "workshop-encrypted"
			_, compact = decrypted(t, compact, "ECDH-ES", "A256GCM", b.clientKey(t, client))
		}
		header, c := b.verified(t, b.lab.Issuer(), compact)
		events, _ := c["events"].(map[string]any)
		event, _ := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
		exp, _ := c["exp"].(float64)
		iat, _ := c["iat"].(float64)
		if n.media != "application/x-www-form-urlencoded" || header.ExtraHeaders["typ"] != "logout+jwt" || c["aud"] != client || c["iss"] != b.lab.Issuer() || c["sub"] != "lab-user-1001" ||
			c["sid"] != id["sid"] || event == nil || len(event) != 0 || c["jti"] == nil || c["nonce"] != nil || exp-iat != 120 {
			t.Errorf("header %v, claims %v", header, c)
		}
		if want := map[string]string{"workshop-web": "PS256", "workshop-encrypted": "ES256"}[client]; header.Algorithm != want {
			t.Errorf("%s: signed with %s", client, header.Algorithm)
		}
	}
	if d := b.delivered(t, "default", 2); d.Kind != "backchannel_logout" || d.Status != 200 || d.URI != endpoint {
		t.Errorf("delivery = %+v", d)
	}
	if len(told) != 0 || len(tenant.Deliveries()) != 2 {
		t.Error("a client that took no part is told")
	}
	// The session is over for the browser too.
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + edit(b.authorizeForm(), "prompt", "none").Encode())
	if err != nil || back.Get("error") != "login_required" {
		t.Errorf("answer = %v, %v", back, err)
	}
}

func TestALogoutTokenThatNobodyTakesIsNoted(t *testing.T) {
	b := newBench(t)
	silent := httptest.NewServer(http.NotFoundHandler())
	uri := silent.URL
	silent.Close()
	if err := b.tenant(t, "default").SetClientLogout("workshop-web", lab.LogoutURIs{Backchannel: uri}); err != nil {
		t.Fatal(err)
	}
	ids := b.session(t, "workshop-web")
	b.send(t, b.lab.Issuer()+"/logout?"+url.Values{"id_token_hint": {ids[0]}}.Encode(), nil)
	if d := b.delivered(t, "default", 1); d.Status != 0 || !strings.Contains(d.Problem, "send to an application") {
		t.Errorf("delivery = %+v", d)
	}
}

// Front-Channel Logout §2: frames with iss and sid, and a policy that allows
// exactly those.
func TestFrontchannelLogoutFramesTheApplications(t *testing.T) {
	const own, other = "http://127.0.0.1:43210/bye?app=1", "http://localhost:43211/bye"
	const bye = "http://127.0.0.1:43210/signed-out"
	b := newBench(t)
	for id, uri := range map[string]string{"workshop-web": own, "workshop-encrypted": other} {
		if err := b.tenant(t, "default").SetClientLogout(id, lab.LogoutURIs{Frontchannel: uri}); err != nil {
			t.Fatal(err)
		}
	}
	ids := b.session(t, "workshop-web", "workshop-encrypted")
	_, id := b.verified(t, b.lab.Issuer(), ids[0])
	a := b.send(t, b.lab.Issuer()+"/logout?"+url.Values{"id_token_hint": {ids[0]}, "post_logout_redirect_uri": {bye}, "state": {"x"}}.Encode(), nil)
	query := url.Values{"iss": {b.lab.Issuer()}, "sid": {fmt.Sprint(id["sid"])}}.Encode()
	for _, want := range []string{`src="` + strings.ReplaceAll(own+"&"+query, "&", "&amp;"), `src="` + strings.ReplaceAll(other+"?"+query, "&", "&amp;"), `href="` + bye + "?state=x"} {
		if !strings.Contains(a.text, want) {
			t.Errorf("no %s in %s", want, a.text)
		}
	}
	if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-src http://127.0.0.1:43210 http://localhost:43211") || !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("Content-Security-Policy: %s", csp)
	}
	if got := a.header.Get("Refresh"); got != "3;url="+bye+"?state=x" {
		t.Errorf("Refresh: %s", got)
	}
	// Other pages of the lab frame nothing.
	if csp := b.send(t, b.lab.Issuer(), nil).header.Get("Content-Security-Policy"); strings.Contains(csp, "frame-src") {
		t.Errorf("Content-Security-Policy: %s", csp)
	}
}

func TestLogoutAddressesAreChecked(t *testing.T) {
	b := newBench(t)
	good := map[string]any{"redirect_uris": []string{"https://app.example.test/callback", callback}, "frontchannel_logout_uri": "https://app.example.test/bye", "backchannel_logout_uri": "http://127.0.0.1:1/bye",
		"backchannel_logout_session_required": true, "frontchannel_logout_session_required": true}
	if a := b.json(t, "POST", b.lab.Issuer()+"/register", good); a.status != 201 || a.str("frontchannel_logout_uri") != "https://app.example.test/bye" || a.json["backchannel_logout_session_required"] != true {
		t.Errorf("registration = %d %s", a.status, a.text)
	}
	for _, c := range []struct{ name, uri, words string }{
		{"frontchannel_logout_uri", "https://other.example.test/bye", "of a redirect URI of the client"},
		{"frontchannel_logout_uri", "http://app.example.test/bye", "of a redirect URI of the client"},
		{"frontchannel_logout_uri", "https://app.example.test/bye#x", "of a redirect URI of the client"},
		{"frontchannel_logout_uri", "javascript:alert(1)", "of a redirect URI of the client"},
		{"backchannel_logout_uri", "https://app.example.test/bye", "on a loopback address"},
	} {
		wantRefusal(t, b.json(t, "POST", b.lab.Issuer()+"/register", with(good, c.name, c.uri)), 400, "invalid_client_metadata", c.words)
	}
	for id, uris := range map[string]lab.LogoutURIs{"nobody": {}, "workshop-web": {Frontchannel: "https://example.test/"}, "workshop-spa": {Backchannel: "https://example.test/"}} {
		if b.tenant(t, "default").SetClientLogout(id, uris) == nil {
			t.Errorf("%s: accepted", id)
		}
	}
	m := b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil).json
	for _, name := range []string{"frontchannel_logout_supported", "frontchannel_logout_session_supported", "backchannel_logout_supported", "backchannel_logout_session_supported"} {
		if m[name] != true {
			t.Errorf("%s = %v", name, m[name])
		}
	}
}
