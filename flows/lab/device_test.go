package lab_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"

	"golang.org/x/oauth2"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

func (b *bench) askDevice(t testing.TB, change ...string) answer {
	t.Helper()
	return b.send(t, b.lab.Issuer()+"/device_authorization", edit(url.Values{"client_id": {"workshop-device"}, "scope": {"openid offline_access read"}}, change...))
}

func (b *bench) poll(t testing.TB, code string, change ...string) answer {
	t.Helper()
	return b.send(t, b.lab.Issuer()+"/token", edit(url.Values{"grant_type": {deviceGrant}, "client_id": {"workshop-device"}, "device_code": {code}}, change...))
}

// fill posts the form of each page until there is none or a redirect leaves the
// lab, and returns the last page. Without values it only looks.
func (b *browser) fill(t testing.TB, at string, values url.Values) string {
	t.Helper()
	res, err := b.http.Get(at)
	for range 6 {
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if to := res.Header.Get("Location"); to != "" {
			next, _ := res.Request.URL.Parse(to)
			if next.Host != res.Request.URL.Host {
				b.left = to
				return ""
			}
			res, err = b.http.Get(next.String())
			continue
		}
		form := formTag.FindStringSubmatch(string(raw))
		if values == nil || form == nil || strings.Contains(string(raw), `role="alert"`) {
			return string(raw)
		}
		next, _ := res.Request.URL.Parse(html.UnescapeString(form[1]))
		fill := url.Values{"username": {b.user}, "password": {b.password}, "action": values["action"], "user_code": values["user_code"]}
		for _, f := range hidden.FindAllStringSubmatch(string(raw), -1) {
			fill.Set(f[1], html.UnescapeString(f[2]))
		}
		if strings.Contains(string(raw), `name="password"`) {
			fill.Del("action")
		}
		res, err = b.http.PostForm(next.String(), fill)
	}
	t.Fatal("the pages lead nowhere")
	return ""
}

func (b *bench) answerDevice(t testing.TB, userCode, action string) string {
	t.Helper()
	return b.browser.fill(t, b.lab.Issuer()+"/device", url.Values{"user_code": {userCode}, "action": {action}})
}

func TestForeignClientCompletesTheDeviceFlow(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rt := &http.Transport{}
	defer rt.CloseIdleConnections()
	if err := l.SetLifetimes(lab.Lifetimes{PollInterval: time.Second}); err != nil {
		t.Fatal(err)
	}
	b := &bench{lab: l, rt: rt, browser: newBrowser(rt)}
	cfg := oauth2.Config{ClientID: "workshop-device", Scopes: []string{"openid", "offline_access", "read"}, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: l.Issuer() + "/device_authorization", TokenURL: l.Issuer() + "/token", AuthStyle: oauth2.AuthStyleInParams}}
	d, err := cfg.DeviceAuth(b.ctx())
	if err != nil {
		t.Fatal(err)
	}
	if page := b.browser.fill(t, d.VerificationURIComplete, url.Values{"user_code": {d.UserCode}, "action": {"allow"}}); !strings.Contains(page, "The device is connected") {
		t.Fatal(page)
	}
	tok, err := cfg.DeviceAccessToken(b.ctx(), d)
	if err != nil {
		t.Fatal(err)
	}
	if tok.RefreshToken == "" || tok.Extra("id_token") == nil {
		t.Errorf("tokens = %+v", tok)
	}
	if a := b.api(t, tok.AccessToken); a.status != 200 || a.str("username") != "alice" {
		t.Errorf("API = %d %s", a.status, a.text)
	}
	if _, err := cfg.TokenSource(b.ctx(), &oauth2.Token{RefreshToken: tok.RefreshToken}).Token(); err != nil {
		t.Errorf("refresh: %v", err)
	}
}

// RFC 8628 §3.2: the members of the answer and what they say.
func TestDeviceAuthorizationAnswer(t *testing.T) {
	b := newBench(t)
	a := b.askDevice(t)
	user := a.str("user_code")
	if a.status != 200 || a.json["expires_in"] != 600.0 || a.json["interval"] != 5.0 || len(user) != 9 || user[4] != '-' ||
		a.str("verification_uri") != b.lab.Issuer()+"/device" || a.str("verification_uri_complete") != b.lab.Issuer()+"/device?user_code="+user {
		t.Errorf("answer = %s", a.text)
	}
	if strings.Trim(user, "BCDFGHJKLMNPQRSTVWXZ-") != "" {
		t.Errorf("user code %q has letters that are hard to read", user)
	}
	if err := b.lab.SetLifetimes(lab.Lifetimes{DeviceCode: 30 * time.Second, PollInterval: 2 * time.Second}); err != nil {
		t.Fatal(err)
	}
	if a := b.askDevice(t); a.json["expires_in"] != 30.0 || a.json["interval"] != 2.0 {
		t.Errorf("adjusted answer = %s", a.text)
	}
	if err := b.lab.SetLifetimes(lab.Lifetimes{Code: time.Millisecond}); err == nil {
		t.Error("a lifetime below a second was accepted")
	}
	wantRefusal(t, b.askDevice(t, "client_id", "workshop-spa"), 400, "unauthorized_client", "not registered for this grant_type")
	wantRefusal(t, b.askDevice(t, "scope", "nope"), 400, "invalid_scope", "does not know")
	wantRefusal(t, b.askDevice(t, "client_id", ""), 401, "invalid_client", "client_id is missing")
	meta := b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil)
	if meta.str("device_authorization_endpoint") != b.lab.Issuer()+"/device_authorization" || !strings.Contains(meta.text, deviceGrant) {
		t.Errorf("metadata = %s", meta.text)
	}
}

// RFC 8628 §3.5: slow_down adds five seconds for this and all later polls.
func TestPollingTooFastSlowsDown(t *testing.T) {
	b := newBench(t)
	code := b.askDevice(t).str("device_code")
	for _, step := range []struct {
		wait time.Duration
		want string
	}{
		{0, "authorization_pending"},
		{5 * time.Second, "authorization_pending"},
		{4 * time.Second, "slow_down"}, // interval 10
		{5 * time.Second, "slow_down"}, // interval 15
		{14 * time.Second, "slow_down"},
		{20 * time.Second, "authorization_pending"},
	} {
		b.now.move(step.wait)
		if a := b.poll(t, code); a.status != 400 || a.str("error") != step.want {
			t.Fatalf("after %v: %s, want %s", step.wait, a.text, step.want)
		}
	}
}

func TestDeviceIsToldNo(t *testing.T) {
	b := newBench(t)
	a := b.askDevice(t)
	if page := b.answerDevice(t, a.str("user_code"), "deny"); !strings.Contains(page, "gets nothing") {
		t.Fatal(page)
	}
	wantRefusal(t, b.poll(t, a.str("device_code")), 400, "access_denied", "said no")
	if page := b.answerDevice(t, a.str("user_code"), "allow"); !strings.Contains(page, "answered for this code before") {
		t.Error(page)
	}
}

func TestDevicePollRefusals(t *testing.T) {
	b := newBench(t)
	a := b.askDevice(t, "scope", "read")
	code := a.str("device_code")
	wantRefusal(t, b.poll(t, ""), 400, "invalid_request", "device_code is missing")
	wantRefusal(t, b.poll(t, "lab_x"), 400, "invalid_grant", "device_code is unknown")
	wantRefusal(t, b.poll(t, code, "client_id", "workshop-spa"), 400, "unauthorized_client", "not registered")
	b.now.move(10 * time.Minute)
	wantRefusal(t, b.poll(t, code), 400, "expired_token", "expired")
	if page := b.answerDevice(t, a.str("user_code"), "allow"); !strings.Contains(page, "code has expired") {
		t.Error(page)
	}
	if page := b.answerDevice(t, "AAAA-BBBB", "allow"); !strings.Contains(page, "No device shows this code") {
		t.Error(page)
	}

	a = b.askDevice(t, "scope", "read")
	// Case and punctuation of what people type do not matter.
	if page := b.answerDevice(t, strings.ToLower(strings.ReplaceAll(a.str("user_code"), "-", " ")), "allow"); !strings.Contains(page, "connected") {
		t.Fatal(page)
	}
	tok := b.poll(t, a.str("device_code"))
	if tok.status != 200 || tok.str("scope") != "read" || tok.json["refresh_token"] != nil || tok.json["id_token"] != nil {
		t.Errorf("tokens = %s", tok.text)
	}
	wantRefusal(t, b.poll(t, a.str("device_code")), 400, "invalid_grant", "redeemed before")
}

// RFC 8628 §5.4: a signed-in user must still be asked, because the device may
// be somebody else's.
func TestDeviceNeverSkipsConsent(t *testing.T) {
	b := newBench(t)
	for range 2 {
		a := b.askDevice(t, "scope", "read")
		res, err := b.browser.http.PostForm(b.lab.Issuer()+"/device", url.Values{"user_code": {a.str("user_code")}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if a := b.poll(t, a.str("device_code")); a.str("error") != "authorization_pending" {
			t.Fatalf("poll = %s", a.text)
		}
		b.answerDevice(t, a.str("user_code"), "allow")
	}
}

func TestDeviceFormsOfAnotherSiteAreRefused(t *testing.T) {
	b := newBench(t)
	a := b.askDevice(t)
	got := b.send(t, b.lab.Issuer()+"/device", url.Values{"user_code": {a.str("user_code")}}, "Origin", "http://evil.test")
	if got.status != 403 || !strings.Contains(got.text, "another web page") {
		t.Errorf("answer = %d %s", got.status, got.text)
	}
	if got := b.send(t, b.lab.Issuer()+"/device/lab_nothing", nil); got.status != 400 || !strings.Contains(got.text, "over or unknown") {
		t.Errorf("answer = %d %s", got.status, got.text)
	}
}
