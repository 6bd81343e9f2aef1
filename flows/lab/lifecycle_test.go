package lab_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"authdance/flows/lab"

	"github.com/coreos/go-oidc/v3/oidc"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCloseFreesPortsAndGoroutines(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rt := &http.Transport{}
	defer rt.CloseIdleConnections()
	for _, at := range []string{l.Issuer() + "/jwks", l.API() + "/api/profile"} { // the first starts the RSA key
		res, err := rt.RoundTrip(get(t, at))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	if _, err := rt.RoundTrip(get(t, l.MTLS()+"/default/jwks")); err == nil { // makes the certificate of the server
		t.Error("a client trusts the throw-away authority unasked")
	}
	// A request that has not been sent to its end when the lab closes.
	half, err := net.Dial("tcp", get(t, l.Issuer()).URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	if _, err := io.WriteString(half, "POST /default/token HTTP/1.1\r\nHost: "+get(t, l.Issuer()).URL.Host+"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant_type="); err != nil {
		t.Fatal(err)
	}
	_ = half.SetReadDeadline(time.Now().Add(20 * time.Second))
	for range 2 {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := io.ReadAll(half); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the lab is closed and the connection is not")
	}
	for _, at := range []string{l.Issuer(), l.API(), l.MTLS()} {
		free, err := net.Listen("tcp", get(t, at).URL.Host)
		if err != nil {
			t.Fatalf("the port is still taken: %v", err)
		}
		free.Close()
	}
	res, err := l.Transport().RoundTrip(get(t, l.Issuer()+"/jwks"))
	if err != nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a closed lab answers %v, %v", res, err)
	}
}

func get(t testing.TB, at string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestOnlyLoopbackAddressesAreAccepted(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "[::]:0", "example.test:0"} {
		for _, o := range []lab.Options{{Addr: addr}, {APIAddr: addr}, {TLSAddr: addr}} {
			l, err := lab.Start(o)
			if err == nil {
				l.Close()
				t.Errorf("%s was accepted", addr)
			} else if !strings.Contains(err.Error(), "-addr") {
				t.Errorf("%s: %v does not name the flag", addr, err)
			}
		}
	}
	if _, err := lab.Start(lab.Options{Addr: "127.0.0.1"}); err == nil || !strings.Contains(err.Error(), "host:port") {
		t.Errorf("no port: %v", err)
	}
}

func TestPortInUseNamesThePortAndTheWayOut(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for flag, o := range map[string]lab.Options{"--addr": {Addr: taken.Addr().String()}, "--api-addr": {APIAddr: taken.Addr().String()}, "--tls-addr": {TLSAddr: taken.Addr().String()}} {
		l, err := lab.Start(o)
		if err == nil {
			l.Close()
			t.Fatal("the port was taken twice")
		}
		for _, want := range []string{"port " + port, flag, "127.0.0.1:PORT"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %q", err, want)
			}
		}
	}
}

func TestTransportReachesNothingButTheLab(t *testing.T) {
	b := newBench(t)
	for _, at := range []string{"http://example.test/", "http://127.0.0.1:9501/", "https://127.0.0.1:9500/default", "http://localhost:9500/default"} {
		if _, err := b.rt.RoundTrip(get(t, at)); err == nil || !strings.Contains(err.Error(), "is not the lab") {
			t.Errorf("%s: %v", at, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.rt.RoundTrip(get(t, b.lab.Issuer()).WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled request: %v", err)
	}
}

func TestTwoLabsInOneProcessDoNotSeeEachOther(t *testing.T) {
	a, b := newBench(t), newBench(t)
	tok := a.tokens(t, "openid", "offline_access", "read")
	if got := b.api(t, tok.AccessToken); got.status != 401 {
		t.Errorf("the other lab takes the access token: %d", got.status)
	}
	wantRefusal(t, b.refresh(t, tok.RefreshToken), 400, "invalid_grant", "unknown")
	if got := b.about(t, "/introspect", tok.AccessToken); got.json["active"] != false {
		t.Errorf("the other lab knows the token: %s", got.text)
	}
	if bytes.Equal(a.lab.JWKS(), b.lab.JWKS()) {
		t.Error("two labs have the same key")
	}
	if a.now.move(time.Hour); !b.now.at.Equal(a.now.at.Add(-time.Hour)) {
		t.Error("two labs share a clock")
	}
}

// The machine's clock is years away from the lab's in this test.
func TestLabsClockMayBeFarFromTheMachines(t *testing.T) {
	for _, at := range []time.Time{time.Unix(1_000_000_000, 0), time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)} {
		b := newBench(t)
		b.now.at = at
		tok := b.tokens(t, "openid", "offline_access", "read")
		if got := claims(t, tok.AccessToken)["iat"]; got != float64(at.Unix()) {
			t.Errorf("iat = %v, want %d", got, at.Unix())
		}
		if a := b.api(t, tok.AccessToken); a.status != 200 {
			t.Errorf("API: %d %s", a.status, a.text)
		}
		if a := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", "Bearer "+tok.AccessToken); a.status != 200 || a.header.Get("Date") != at.UTC().Format(http.TimeFormat) {
			t.Errorf("userinfo: %d %s, Date %s", a.status, a.text, a.header.Get("Date"))
		}
		b.now.move(7 * time.Hour)
		if a := b.refresh(t, tok.RefreshToken); a.status != 200 {
			t.Errorf("refresh after 7 h: %s", a.text)
		}
	}
}

// With a fixed clock and fixed randomness, a run can be repeated byte for byte.
func TestFixedClockAndRandomnessRepeatTheSameBytes(t *testing.T) {
	run := func() []string {
		l, err := lab.New(lab.Options{Now: func() time.Time { return time.Unix(1_900_000_000, 0) }, Rand: rand.NewChaCha8([32]byte{7})})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		b := &bench{lab: l, rt: l.Transport(), browser: newBrowser(l.Transport())}
		form := b.authorizeForm()
		verifier := strings.Repeat("v", 43)
		form.Set("code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
		back, err := b.browser.visit(l.Issuer() + "/authorize?" + form.Encode())
		if err != nil {
			t.Fatal(err)
		}
		a := b.send(t, l.Issuer()+"/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-spa"}, "code": {back.Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier}})
		return []string{back.Encode(), a.text, string(l.JWKS())}
	}
	first, second := run(), run()
	for i := range first {
		if first[i] != second[i] {
			t.Errorf("the second run differs:\n%s\n%s", first[i], second[i])
		}
	}
}

// Each flow runs to its end and gets the tokens of its own user, client and lab;
// the other lab, busy at the same time, takes none of them.
func TestSixtyFourParallelFlowsInTwoLabsLoseNone(t *testing.T) {
	labs := [2]*lab.Lab{}
	for i := range labs {
		l, err := lab.Start(lab.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		labs[i] = l
	}
	rt := &http.Transport{}
	defer rt.CloseIdleConnections()
	subjects := map[string]string{"alice": "lab-user-1001", "bob": "lab-user-1002"}
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for i := range 64 {
		all.Go(func() {
			b, other := &bench{lab: labs[i%2], rt: rt, browser: newBrowser(rt)}, &bench{lab: labs[1-i%2], rt: rt}
			client := []string{"workshop-spa", "workshop-web"}[i/2%2]
			b.browser.user = []string{"alice", "bob"}[i/4%2]
			cfg, verifier := b.config(client, "openid", "offline_access", "read"), oauth2.GenerateVerifier()
			back, err := b.browser.visit(cfg.AuthCodeURL("s", oidc.Nonce(verifier), oauth2.S256ChallengeOption(verifier)))
			if err != nil {
				t.Error(err)
				return
			}
			tok, err := cfg.Exchange(b.ctx(), back.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Error(err)
				return
			}
			verify := oidc.NewVerifier(b.lab.Issuer(), oidc.NewRemoteKeySet(b.ctx(), b.lab.Issuer()+"/jwks"), &oidc.Config{ClientID: client, SupportedSigningAlgs: []string{"ES256"}})
			raw, _ := tok.Extra("id_token").(string)
			id, err := verify.Verify(b.ctx(), raw)
			if err != nil {
				t.Error(err)
				return
			}
			if id.Subject != subjects[b.browser.user] || id.Nonce != verifier {
				t.Errorf("flow %d got the ID token of another: %+v", i, id)
			}
			renewed, err := cfg.TokenSource(b.ctx(), &oauth2.Token{RefreshToken: tok.RefreshToken}).Token()
			if err != nil {
				t.Error(err)
				return
			}
			if a := b.api(t, renewed.AccessToken); a.status != http.StatusOK || a.str("username") != b.browser.user {
				t.Errorf("flow %d: the API answers %d %s", i, a.status, a.text)
			}
			if a := other.api(t, renewed.AccessToken); a.status != http.StatusUnauthorized {
				t.Errorf("flow %d: the API of the other lab answers %d", i, a.status)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, value := range []string{tok.AccessToken, renewed.AccessToken, tok.RefreshToken, renewed.RefreshToken, raw} {
				if seen[value] {
					t.Errorf("flow %d got a token twice", i)
				}
				seen[value] = true
			}
		})
	}
	all.Wait()
	if len(seen) != 64*5 {
		t.Errorf("%d tokens, want %d", len(seen), 64*5)
	}
}

// newSlowBench makes a lab that lets other requests run whenever it looks at
// the clock, which it does between reading and writing a record.
func newSlowBench(t *testing.T) *bench {
	t.Helper()
	at := time.Now()
	l, err := lab.New(lab.Options{Now: func() time.Time { time.Sleep(50 * time.Microsecond); return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &bench{lab: l, rt: l.Transport(), browser: newBrowser(l.Transport()), now: &clock{at}}
}

// Of many who redeem one code at the same time, one gets tokens, and these do
// not survive the others' attempts.
func TestOneCodeRedeemedInParallelWorksOnce(t *testing.T) {
	b := newSlowBench(t)
	form := b.tokenForm(t)
	var all sync.WaitGroup
	got := make(chan answer, 16)
	for range cap(got) {
		all.Go(func() { got <- b.send(t, b.lab.Issuer()+"/token", form) })
	}
	all.Wait()
	close(got)
	var good []answer
	for a := range got {
		if a.status == 200 {
			good = append(good, a)
		}
	}
	if len(good) != 1 {
		t.Fatalf("%d requests got tokens for one code", len(good))
	}
	if a := b.about(t, "/introspect", good[0].str("access_token")); a.json["active"] != false {
		t.Error("the token outlived the replay of its code")
	}
}

func TestOneRefreshTokenUsedInParallelWorksOnce(t *testing.T) {
	b := newSlowBench(t)
	tok := b.tokens(t, "offline_access", "read")
	var all sync.WaitGroup
	got := make(chan answer, 16)
	for range cap(got) {
		all.Go(func() { got <- b.refresh(t, tok.RefreshToken) })
	}
	all.Wait()
	close(got)
	good := 0
	for a := range got {
		if a.status == 200 {
			good++
			if b.api(t, a.str("access_token")).status != 401 {
				t.Error("an access token outlived the reuse of its refresh token")
			}
		}
	}
	if good != 1 {
		t.Errorf("%d refreshes worked with one token", good)
	}
}
