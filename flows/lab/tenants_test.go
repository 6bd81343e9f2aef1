package lab_test

import (
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"
)

func twoTenants(t testing.TB) (*bench, lab.Tenant) {
	t.Helper()
	b := newBenchWith(t, "other")
	other, err := b.lab.Tenant("other")
	if err != nil {
		t.Fatal(err)
	}
	return b, other
}

func (b *bench) passwordAt(t testing.TB, issuer string) answer {
	t.Helper()
	return b.send(t, issuer+"/token", url.Values{"grant_type": {"password"}, "client_id": {"workshop-legacy"}, "username": {"alice"}, "password": {"password"}, "scope": {"openid read"}})
}

func TestTenantsShareNothing(t *testing.T) {
	b, other := twoTenants(t)
	here, there := b.passwordAt(t, b.lab.Issuer()), b.passwordAt(t, other.Issuer())
	h, c := header(t, there.str("access_token")), claims(t, there.str("access_token"))
	if c["iss"] != other.Issuer() || c["sub"] == claims(t, here.str("access_token"))["sub"] || h["kid"] == header(t, here.str("access_token"))["kid"] {
		t.Errorf("token of the other tenant = %v %v", h, c)
	}
	if strings.Contains(string(b.lab.JWKS()), h["kid"].(string)) || !strings.Contains(string(other.JWKS()), h["kid"].(string)) {
		t.Error("the tenants share a key")
	}
	if a := b.api(t, there.str("access_token")); a.status != 200 || a.str("sub") != "lab-other-user-1001" {
		t.Errorf("API = %d %s", a.status, a.text)
	}
	if a := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", "Bearer "+there.str("access_token")); a.status != 401 {
		t.Errorf("userinfo takes a token of another tenant: %s", a.text)
	}
	// A code of one tenant is nothing in the other.
	form := b.tokenForm(t)
	wantRefusal(t, b.send(t, other.Issuer()+"/token", form), 400, "invalid_grant", "code is unknown")
	if a := b.json(t, "POST", other.Issuer()+"/register", map[string]any{"redirect_uris": []string{"http://localhost/cb"}}); a.status != 201 {
		t.Error(a.text)
	} else if got := b.send(t, b.lab.Issuer()+"/authorize?client_id="+a.str("client_id"), nil); !strings.Contains(got.text, "No client is registered") {
		t.Error("a client of one tenant is known in the other")
	}
	if a := b.send(t, other.Issuer()+"/.well-known/openid-configuration", nil); a.str("issuer") != other.Issuer() || a.str("token_endpoint") != other.Issuer()+"/token" {
		t.Errorf("metadata = %s", a.text)
	}
}

func TestTenantsHaveTheirOwnClockFaultsAndLifetimes(t *testing.T) {
	b, other := twoTenants(t)
	if err := other.SetClock(-48 * time.Hour); err != nil {
		t.Fatal(err)
	}
	there := b.passwordAt(t, other.Issuer())
	past := b.now.at.Add(-48 * time.Hour)
	if got := claims(t, there.str("access_token"))["iat"]; got != float64(past.Unix()) {
		t.Errorf("iat = %v, want %v", got, past.Unix())
	}
	if got, _ := time.Parse(time.RFC1123, there.header.Get("Date")); !got.Equal(past) {
		t.Errorf("Date = %v, want %v", got, past)
	}
	if a := b.api(t, there.str("access_token")); a.status != 200 {
		t.Errorf("API in the tenant's own time = %s", a.text)
	}
	if err := other.SetClock(-47 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if a := b.api(t, there.str("access_token")); a.status != 401 || !strings.Contains(a.text, "expired") {
		t.Errorf("API an hour later = %d %s", a.status, a.text)
	}
	if a := b.passwordAt(t, b.lab.Issuer()); claims(t, a.str("access_token"))["iat"] != float64(b.now.at.Unix()) {
		t.Error("the clock of the default tenant moved too")
	}
	if other.SetClock(100*365*24*time.Hour) == nil || other.SetFault("nothing", true) == nil {
		t.Error("nonsense was accepted")
	}
	if err := other.SetFault("tmp_busy", true); err != nil {
		t.Fatal(err)
	}
	if a := b.passwordAt(t, other.Issuer()); a.status != 503 {
		t.Errorf("with the fault = %d", a.status)
	}
	if a := b.passwordAt(t, b.lab.Issuer()); a.status != 200 {
		t.Errorf("the fault shows in the default tenant: %d", a.status)
	}
	if err := other.SetFault("tmp_busy", false); err != nil {
		t.Fatal(err)
	}
	if err := other.SetLifetimes(lab.Lifetimes{AccessToken: time.Hour, IDToken: 2 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	a := b.passwordAt(t, other.Issuer())
	id := claims(t, a.str("id_token"))
	if a.json["expires_in"] != 3600.0 || id["exp"].(float64)-id["iat"].(float64) != 7200 {
		t.Errorf("lifetimes = %s", a.text)
	}
}

func TestTenantNamesArePlain(t *testing.T) {
	for _, names := range [][]string{{"default"}, {"a", "a"}, {""}, {"A"}, {"a/b"}, {".well-known"}, {"-a"}} {
		if l, err := lab.New(lab.Options{Tenants: names}); err == nil {
			l.Close()
			t.Errorf("%q was accepted", names)
		}
	}
	b := newBench(t)
	if _, err := b.lab.Tenant("nobody"); err == nil {
		t.Error("an unknown tenant was found")
	}
}

// Codes and refresh tokens live as long as the tenant says.
func TestAdjustedLifetimesCount(t *testing.T) {
	b := newBench(t)
	if err := b.lab.SetLifetimes(lab.Lifetimes{Code: 10 * time.Minute, RefreshToken: 20 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	form := b.tokenForm(t)
	b.now.move(9 * time.Minute)
	tok := b.send(t, b.lab.Issuer()+"/token", form)
	if tok.status != 200 {
		t.Fatalf("a code of 10 minutes after 9: %s", tok.text)
	}
	b.now.move(12 * time.Minute)
	wantRefusal(t, b.refresh(t, tok.str("refresh_token")), 400, "invalid_grant", "expired")
}

func BenchmarkTenantMemory(b *testing.B) {
	names := make([]string, 100)
	for i := range names {
		names[i] = "t" + strings.Repeat("x", i%20) + string(rune('a'+i/20))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l, err := lab.New(lab.Options{Tenants: names})
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	for b.Loop() {
		l.Issuer()
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(names)+1), "B/tenant")
	l.Close()
}
