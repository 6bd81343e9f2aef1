package lab_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"
)

// What a request says for itself comes before its tenant's faults, and those
// before the lab's; faults of several places act at once.
func TestFaultsOfRequestTenantAndLabAddUp(t *testing.T) {
	b := newBenchWith(t, "second")
	second, err := b.lab.Tenant("second")
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	on := func(issuer string, header ...string) string {
		return jsonText(b.send(t, issuer+"/.well-known/openid-configuration", nil, header...).json["x_lab_fault"])
	}
	must(b.lab.SetFault("code_ttl=40", true))
	must(b.lab.SetFault("nonce_mismatch", true))
	must(second.SetFault("code_ttl=50", true))
	must(second.SetFault("rs_expired", true))
	if got := on(b.lab.Issuer()); got != `["code_ttl=40","nonce_mismatch"]` {
		t.Errorf("default: %s", got)
	}
	if got := on(second.Issuer()); got != `["code_ttl=50","nonce_mismatch","rs_expired"]` {
		t.Errorf("second: %s", got)
	}
	if got := on(second.Issuer(), lab.FaultHeader, "code_ttl=70, idtoken_aud,,"); got != `["code_ttl=70","idtoken_aud","nonce_mismatch","rs_expired"]` {
		t.Errorf("second, by the header: %s", got)
	}
	must(second.SetFault("code_ttl", false))
	if got := on(second.Issuer()); got != `["code_ttl=40","nonce_mismatch","rs_expired"]` {
		t.Errorf("second, when its own is off: %s", got)
	}
}

// The value counts: a code is good until its last second, and not after.
func TestCodeLivesAsLongAsTheFaultSays(t *testing.T) {
	for key, life := range map[string]time.Duration{"code_ttl=30": 30 * time.Second, "code_ttl=300": 5 * time.Minute} {
		b := newBench(t)
		if err := b.lab.SetFault(key, true); err != nil {
			t.Fatal(err)
		}
		for wait, want := range map[time.Duration]int{life - 2*time.Second: 200, life + 2*time.Second: 400} {
			form := b.tokenForm(t)
			b.now.move(wait)
			if a := b.send(t, b.lab.Issuer()+"/token", form); a.status != want || want == 400 && !strings.Contains(a.text, "expired") {
				t.Errorf("%s after %v: %d %s", key, wait, a.status, a.text)
			}
		}
	}
}

func TestClockOfTheServerShowsInItsTokens(t *testing.T) {
	b := newBench(t)
	for key, ahead := range map[string]time.Duration{"clock=+10m": 10 * time.Minute, "clock=-7200": -2 * time.Hour} {
		if err := b.lab.SetFault(key, true); err != nil {
			t.Fatal(err)
		}
		tok := b.tokens(t, "openid", "read")
		id, _ := tok.Extra("id_token").(string)
		want := float64(b.now.at.Add(ahead).Unix())
		if got := claims(t, id)["iat"]; got != want {
			t.Errorf("%s: the ID token says %v, want %v", key, got, want)
		}
		if got := claims(t, tok.AccessToken)["iat"]; got != want {
			t.Errorf("%s: the access token says %v, want %v", key, got, want)
		}
		a := b.api(t, tok.AccessToken)
		if date, err := http.ParseTime(a.header.Get("Date")); a.status != 200 || err != nil || !date.Equal(b.now.at.Add(ahead)) {
			t.Errorf("%s: the API answers %d at %v", key, a.status, date)
		}
	}
}

// Whoever waits on purpose stops when nobody waits for the answer any more.
func TestSlowAnswersEndWithTheirClientAndWithTheLab(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SetFault("slow=10m", true); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Transport().RoundTrip(get(t, l.Issuer()+"/jwks").WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that has gone: %v", err)
	}
	ended := make(chan error, 2)
	network := &http.Transport{}
	defer network.CloseIdleConnections()
	for _, rt := range []http.RoundTripper{network, l.Transport()} {
		go func() {
			res, err := rt.RoundTrip(get(t, l.Issuer()+"/jwks"))
			if err == nil {
				res.Body.Close()
			}
			ended <- err
		}()
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-ended; err == nil {
			t.Log("answered with a refusal: the request came when the lab was closed already")
		}
	}
}

func TestAnswersThatDripAreWhole(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rt := &http.Transport{}
	defer rt.CloseIdleConnections()
	b := &bench{lab: l, rt: withFault{rt, "token_drip=1ms"}}
	if a := b.service(t); a.status != 200 || len(claims(t, a.str("access_token"))) == 0 || a.header.Get("Content-Length") == "" {
		t.Errorf("answer = %d %s", a.status, a.text)
	}
}

// RFC 9126: a request that was pushed is refused where it said.
func TestPushedRequestsMeetTheFaultsOfTheAuthorizationEndpoint(t *testing.T) {
	b := newBench(t)
	a := b.send(t, b.lab.Issuer()+"/par", b.authorizeForm())
	at := b.lab.Issuer() + "/authorize?" + url.Values{"client_id": {"workshop-spa"}, "request_uri": {a.str("request_uri")}}.Encode()
	refused := b.send(t, at, nil, lab.FaultHeader, "not_assigned")
	to, err := url.Parse(refused.header.Get("Location"))
	if err != nil || to.Query().Get("error") != "access_denied" || to.Query().Get("state") != "s" || !strings.HasPrefix(to.String(), callback) {
		t.Errorf("answer = %d, to %v", refused.status, to)
	}
	if back, err := b.browser.visit(at); err != nil || back.Get("code") == "" {
		t.Errorf("without the fault: %v, %v", back, err)
	}
}

// An opaque access token is good wherever a readable one would be.
func TestOpaqueAccessTokensWork(t *testing.T) {
	b := newBench(t)
	if err := b.lab.SetFault("rs_opaque", true); err != nil {
		t.Fatal(err)
	}
	tok := b.tokens(t, "openid", "read")
	if strings.Contains(tok.AccessToken, ".") {
		t.Fatalf("the access token can be read: %s", tok.AccessToken)
	}
	if a := b.api(t, tok.AccessToken); a.str("name") != "Alice Example" {
		t.Errorf("API = %d %s", a.status, a.text)
	}
	if a := b.about(t, "/introspect", tok.AccessToken); a.json["active"] != true {
		t.Errorf("introspection = %s", a.text)
	}
	if err := b.lab.SetFault("rs_opaque", false); err != nil {
		t.Fatal(err)
	}
	if a := b.api(t, tok.AccessToken); a.status != 401 {
		t.Errorf("the API takes an identifier for a token: %d", a.status)
	}
}

// Every weakness has its attack in weak_test.go.
func TestEachWeaknessIsAttacked(t *testing.T) {
	source, err := os.ReadFile("weak_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range newBench(t).lab.Faults() {
		if f.Kind == lab.KindWeak && !strings.Contains(string(source), `{"`+f.Key+`", func(`) {
			t.Errorf("nobody attacks %s", f.Key)
		}
	}
}
