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
	"strings"
	"sync"
	"testing"
	"time"

	"authdance/flows/lab"

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
	addr, secure := strings.TrimPrefix(l.API(), "http://"), strings.TrimPrefix(l.MTLS(), "https://")
	for range 2 {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, at := range []string{addr, secure} {
		free, err := net.Listen("tcp", at)
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

func TestThirtyTwoParallelFlowsLoseNone(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rt := &http.Transport{}
	defer rt.CloseIdleConnections()
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			b := &bench{lab: l, rt: rt, browser: newBrowser(rt)}
			cfg := b.config("workshop-spa", "openid", "offline_access", "read")
			verifier := oauth2.GenerateVerifier()
			back, err := b.browser.visit(cfg.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)))
			if err != nil {
				t.Error(err)
				return
			}
			tok, err := cfg.Exchange(b.ctx(), back.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := cfg.TokenSource(b.ctx(), &oauth2.Token{RefreshToken: tok.RefreshToken}).Token(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
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

func FuzzGarbageNeverBreaksTheLab(f *testing.F) {
	f.Add("POST", "/default/token", "grant_type=authorization_code&code=x", "application/x-www-form-urlencoded", "Basic eDp5")
	f.Add("GET", "/default/authorize?client_id=workshop-spa&redirect_uri=http://[::1]:x/callback", "", "", "")
	f.Add("POST", "/default/authorize/lab_x", "username=%ff&password", "application/x-www-form-urlencoded", "")
	f.Add("GET", "/default/userinfo?;", "", "", "Bearer a.b.c")
	f.Add("POST", "/default/bc-authorize", "client_id=workshop-ciba-poll&client_secret=workshop-secret&scope=openid&login_hint=alice&requested_expiry=9&binding_message=%00", "application/x-www-form-urlencoded", "")
	f.Add("POST", "/default/ciba", "username=alice&password=password&ticket=x&action=allow", "application/x-www-form-urlencoded", "")
	f.Add("POST", "/default/token", "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id=workshop-agent&client_secret=workshop-secret&assertion=eyJ0eXAiOiJvYXV0aC1pZC1qYWcrand0In0.e30.", "application/x-www-form-urlencoded", "")
	f.Add("GET", "/default/authorize?client_id=workshop-keys&redirect_uri=http://127.0.0.1/callback&request=eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6e319....", "", "", "")
	f.Add("GET", "/default/logout?id_token_hint=a.b.c.d.e&post_logout_redirect_uri=x", "", "", "")
	f.Add("POST", "/default/register", `{"redirect_uris":["http://127.0.0.1/"],"jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"","y":""}]},"userinfo_encrypted_response_alg":"ECDH-ES"}`, "application/json", "")
	f.Add("PUT", "//.well-known/openid-configuration/%2f", "\x00", "multipart/form-data", "DPoP")
	l, err := lab.New(lab.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	f.Fuzz(func(t *testing.T, method, target, body, media, auth string) {
		req, err := http.NewRequest(method, "http://127.0.0.1:9500"+target, strings.NewReader(body))
		if err != nil || req.URL.Host != "127.0.0.1:9500" {
			return
		}
		req.Header.Set("Content-Type", media)
		req.Header.Set("Authorization", auth)
		res, err := l.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		if res.StatusCode >= 500 || bytes.Contains(text, []byte("internal error")) {
			t.Errorf("%s %s: %d %s", method, target, res.StatusCode, text)
		}
	})
}
