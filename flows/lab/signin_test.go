package lab_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// try runs one authorization request in the bench's browser.
func (b *bench) try(t testing.TB, change ...string) url.Values {
	t.Helper()
	b.browser.pages = nil
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + edit(b.authorizeForm(), change...).Encode())
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestSecondRunSkipsPasswordAndConsentUnlessPromptAsks(t *testing.T) {
	for _, c := range []struct {
		name  string
		wait  time.Duration
		ask   []string
		pages []string
		err   string
	}{
		{"plain", 0, nil, nil, ""},
		{"prompt=none", 0, []string{"prompt", "none"}, nil, ""},
		{"prompt=none for a new scope", 0, []string{"prompt", "none", "scope", "openid write"}, nil, "consent_required"},
		{"new scope", 0, []string{"scope", "openid write"}, []string{"Allow access?"}, ""},
		{"prompt=consent", 0, []string{"prompt", "consent"}, []string{"Allow access?"}, ""},
		{"prompt=login", 0, []string{"prompt", "login"}, []string{"Sign in", "Allow access?"}, ""},
		{"prompt=select_account", 0, []string{"prompt", "select_account"}, []string{"Sign in", "Allow access?"}, ""},
		{"max_age kept", time.Minute, []string{"max_age", "60"}, nil, ""},
		{"max_age over", time.Minute, []string{"max_age", "59"}, []string{"Sign in", "Allow access?"}, ""},
		{"max_age=0", 0, []string{"max_age", "0"}, []string{"Sign in", "Allow access?"}, ""},
		{"max_age over, prompt=none", time.Minute, []string{"max_age", "59", "prompt", "none"}, nil, "login_required"},
		{"session over", 8 * time.Hour, nil, []string{"Sign in", "Allow access?"}, ""},
		{"acr_values and display are wishes", 0, []string{"acr_values", "x", "display", "touch", "claims", "{}"}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.try(t)
			if want := []string{"Sign in", "Allow access?"}; !slices.Equal(b.browser.pages, want) {
				t.Fatalf("first run shows %q, want %q", b.browser.pages, want)
			}
			b.now.move(c.wait)
			back := b.try(t, c.ask...)
			if !slices.Equal(b.browser.pages, c.pages) || back.Get("error") != c.err || (back.Get("code") == "") != (c.err != "") {
				t.Errorf("pages %q, answer %v; want pages %q, error %q", b.browser.pages, back, c.pages, c.err)
			}
		})
	}
}

func TestWrongPasswordShowsTheFormAgainWithAMessage(t *testing.T) {
	b := newBench(t)
	b.browser.password = "guess"
	if _, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + b.authorizeForm().Encode()); err == nil {
		t.Fatal("a wrong password came through")
	}
	if len(b.browser.pages) < 2 || b.browser.pages[1] != "Sign in" {
		t.Fatalf("pages = %q", b.browser.pages)
	}
	first := b.firstPage(t)
	a := b.send(t, b.action(t, first), url.Values{"username": {`al"ice<`}, "password": {"x"}})
	for _, want := range []string{"User name or password is wrong", `value="al&#34;ice&lt;"`, `name="username"`, `name="password"`, "authdance lab"} {
		if !strings.Contains(a.text, want) {
			t.Errorf("the page lacks %q:\n%s", want, a.text)
		}
	}
}

func (b *bench) firstPage(t testing.TB) answer {
	t.Helper()
	return b.send(t, b.lab.Issuer()+"/authorize?"+b.authorizeForm().Encode(), nil)
}

func (b *bench) action(t testing.TB, page answer) string {
	t.Helper()
	m := formTag.FindStringSubmatch(page.text)
	if m == nil {
		t.Fatalf("no form in %s", page.text)
	}
	u, err := url.Parse(b.lab.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	u, err = u.Parse(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return u.String()
}

func TestDenyTellsTheClientAccessDenied(t *testing.T) {
	b := newBench(t)
	b.browser.deny = true
	back := b.try(t)
	if back.Get("error") != "access_denied" || back.Get("state") != "s" || !strings.Contains(back.Get("error_description"), "said no") {
		t.Errorf("answer = %v", back)
	}
}

// The sign-in form must not carry the agreement along.
func TestSignInDoesNotSkipTheConsentPage(t *testing.T) {
	b := newBench(t)
	a := b.send(t, b.action(t, b.firstPage(t)), url.Values{"username": {"alice"}, "password": {"password"}, "action": {"allow"}})
	if a.status != 200 || !strings.Contains(a.text, "Allow access?") {
		t.Errorf("answer = %d %s", a.status, a.text)
	}
	for _, words := range []string{"Know who you are", `name="action" value="allow"`, `name="action" value="deny"`, "Alice Example"} {
		if !strings.Contains(a.text, words) {
			t.Errorf("the consent page lacks %q", words)
		}
	}
}

func TestFinishedSignInCannotBeRepeated(t *testing.T) {
	b := newBench(t)
	at := b.action(t, b.firstPage(t))
	b.send(t, at, url.Values{"username": {"alice"}, "password": {"password"}})
	if a := b.send(t, at, url.Values{"action": {"allow"}}); a.status != 303 {
		t.Fatalf("consent = %d %s", a.status, a.text)
	}
	for range 2 {
		if a := b.send(t, at, url.Values{"action": {"allow"}}); a.status != 400 || !strings.Contains(a.text, "sign-in is over") {
			t.Errorf("repeated consent = %d %s", a.status, a.text)
		}
	}
	at = b.action(t, b.firstPage(t))
	b.now.move(31 * time.Minute)
	if a := b.send(t, at, url.Values{"username": {"alice"}, "password": {"password"}}); a.status != 400 || !strings.Contains(a.text, "sign-in is over") {
		t.Errorf("late sign-in = %d %s", a.status, a.text)
	}
}

// R-LAB-01 and DNS rebinding.
func TestOtherPagesAndHostsCannotUseTheForms(t *testing.T) {
	b := newBench(t)
	at := b.action(t, b.firstPage(t))
	form := url.Values{"username": {"alice"}, "password": {"password"}}
	for name, header := range map[string][]string{
		"foreign origin": {"Origin", "http://evil.test"},
		"null origin":    {"Origin", "null"},
		"cross site":     {"Sec-Fetch-Site", "cross-site"},
	} {
		if a := b.send(t, at, form, header...); a.status != 403 || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	for _, host := range []string{"evil.test", "127.0.0.1", "127.0.0.1:1", "localhost:9500"} {
		req, _ := http.NewRequest(http.MethodPost, at, strings.NewReader(form.Encode()))
		req.Host = host
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if a := b.do(t, req); a.status != http.StatusMisdirectedRequest {
			t.Errorf("host %s: %d", host, a.status)
		}
	}
	if a := b.send(t, at, form, "Origin", "http://127.0.0.1:9500"); a.status != 200 {
		t.Errorf("own origin: %d", a.status)
	}
}

func TestPagesCannotBeFramedAndLoadNothing(t *testing.T) {
	b := newBench(t)
	post := b.try(t, "response_mode", "form_post")
	if post.Get("code") == "" {
		t.Fatalf("form_post answer = %v", post)
	}
	for _, page := range []answer{b.firstPage(t), b.send(t, b.lab.Issuer(), nil), b.send(t, b.lab.Issuer()+"/authorize", nil)} {
		csp := page.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("CSP %q lacks %s", csp, want)
			}
		}
		if page.header.Get("X-Frame-Options") != "DENY" || page.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(page.header.Get("Content-Type"), "charset=utf-8") {
			t.Errorf("headers = %v", page.header)
		}
		if strings.Contains(page.text, "<script") || strings.Contains(page.text, "src=") || strings.Contains(page.text, "<link") {
			t.Errorf("the page needs script or loads something:\n%s", page.text)
		}
		if !strings.Contains(page.text, "authdance lab") {
			t.Error("the page does not say what it is")
		}
	}
	if csp := b.firstPage(t).header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' http://127.0.0.1:43210;") {
		t.Errorf("a browser would stop the redirect to the client: %s", csp)
	}
}

func TestIDTokenHintOfAnotherUserAsksForSignIn(t *testing.T) {
	b := newBench(t)
	hint, _ := b.tokens(t, "openid").Extra("id_token").(string)
	if back := b.try(t, "id_token_hint", hint, "prompt", "none"); back.Get("code") == "" {
		t.Fatalf("hint for the signed-in user: %v", back)
	}
	b.browser.user = "bob"
	b.try(t, "prompt", "login")
	if back := b.try(t, "id_token_hint", hint, "prompt", "none"); back.Get("error") != "login_required" {
		t.Errorf("hint for another user: %v", back)
	}
	if back := b.try(t, "id_token_hint", hint); back.Get("error") != "login_required" || !strings.Contains(back.Get("error_description"), "Another user") {
		t.Errorf("another user signs in: %v", back)
	}
}

func TestLoginHintFillsTheForm(t *testing.T) {
	b := newBench(t)
	a := b.send(t, b.lab.Issuer()+"/authorize?"+edit(b.authorizeForm(), "login_hint", "bob").Encode(), nil)
	if !strings.Contains(a.text, `value="bob"`) {
		t.Error(a.text)
	}
}

func TestAuthorizationRequestMayBePosted(t *testing.T) {
	b := newBench(t)
	form := b.authorizeForm()
	form.Set("code_challenge", oauth2.S256ChallengeFromVerifier("another"))
	if a := b.send(t, b.lab.Issuer()+"/authorize", form); a.status != 200 || !strings.Contains(a.text, "Sign in") {
		t.Errorf("answer = %d %s", a.status, a.text)
	}
}

// Cookies do not tell ports apart, so the name has the port in it.
func TestSessionCookieIsHiddenFromScriptsAndOtherLabs(t *testing.T) {
	b := newBench(t)
	a := b.send(t, b.action(t, b.firstPage(t)), url.Values{"username": {"alice"}, "password": {"password"}})
	cookie := a.header.Get("Set-Cookie")
	for _, want := range []string{"lab_session_9500=lab_", "Path=/default", "HttpOnly", "SameSite=Lax", "Max-Age=28800"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("Set-Cookie %q lacks %s", cookie, want)
		}
	}
}

// A browser drops what the policy's hashes do not cover.
func TestContentSecurityPolicyCoversTheInlineStyleAndScript(t *testing.T) {
	b := newBench(t)
	form := edit(b.authorizeForm(), "response_mode", "form_post", "prompt", "none").Encode()
	page := b.send(t, b.lab.Issuer()+"/authorize?"+form, nil)
	for _, tag := range []string{"style", "script"} {
		_, rest, _ := strings.Cut(page.text, "<"+tag+">")
		inline, _, found := strings.Cut(rest, "</"+tag+">")
		sum := sha256.Sum256([]byte(inline))
		want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if csp := page.header.Get("Content-Security-Policy"); !found || !strings.Contains(csp, want) {
			t.Errorf("CSP %q lacks %s", csp, want)
		}
	}
}
