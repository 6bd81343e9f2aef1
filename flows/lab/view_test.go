package lab_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"authdance/flows/lab"

	"golang.org/x/oauth2"
)

// consistent holds for every request of every test: a refusal has one failed
// check, and an answer that grants something has passed all of them.
func consistent(t testing.TB) func(lab.View) {
	return func(v lab.View) {
		var failed, missed []string
		fault := len(v.Faults) > 0
		for _, c := range v.Checks {
			if c.Message == "" || c.ID == "" {
				t.Errorf("%s %s: a check without words: %+v", v.Method, v.Path, c)
			}
			switch c.Status {
			case lab.Failed:
				failed = append(failed, c.ID)
			case lab.NotReached:
				missed = append(missed, c.ID)
			}
		}
		switch {
		case fault, len(v.Checks) == 0:
		case v.Status >= 400 && len(failed) != 1, v.Error != "" && len(failed) != 1:
			t.Errorf("%s %s %d %s: failed checks %q, want one", v.Method, v.Path, v.Status, v.Error, failed)
		case v.Status < 400 && v.Error == "" && len(missed) > 0:
			t.Errorf("%s %s %d: granted without %q", v.Method, v.Path, v.Status, missed)
		}
	}
}

// seen is the view of the request behind an answer.
func (b *bench) seen(t testing.TB, a answer) lab.View {
	t.Helper()
	v, ok := b.lab.View(a.header.Get(lab.RequestHeader))
	if !ok {
		t.Fatalf("no view of the request %q", a.header.Get(lab.RequestHeader))
	}
	return v
}

func ids(v lab.View, status lab.Status) (list []string) {
	for _, c := range v.Checks {
		if c.Status == status {
			list = append(list, c.ID)
		}
	}
	return list
}

func checkOf(t testing.TB, v lab.View, id string) lab.Check {
	t.Helper()
	i := slices.IndexFunc(v.Checks, func(c lab.Check) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no check %s in %+v", id, v.Checks)
	}
	return v.Checks[i]
}

func TestAGoodTokenRequestPassesEveryCheckInOrder(t *testing.T) {
	b := newBench(t)
	v := b.seen(t, b.send(t, b.lab.Issuer()+"/token", b.tokenForm(t)))
	want := []string{"method", "form", "parameters_once", "secrets_not_in_url", "grant_type", "client_named", "client_known", "client_authenticated",
		"grant_served", "grant_allowed", "code", "redirect_uri_sent", "code_known", "code_unused", "code_client", "code_live", "redirect_uri", "pkce", "scope"}
	if got := ids(v, lab.Passed); !slices.Equal(got, want) || len(v.Checks) != len(want) {
		t.Errorf("passed %q\nwant   %q\nall    %+v", got, want, v.Checks)
	}
	if v.Client != "workshop-spa" || v.Tenant != "default" || v.Method != "POST" || v.Path != "/default/token" || v.Status != 200 || v.Problem != "" {
		t.Errorf("view = %+v", v)
	}
}

// The library decides about codes; a request with two mistakes shows its order.
func TestTheFirstMistakeInTheOrderOfTheServerFailsAndTheRestIsNotReached(t *testing.T) {
	for _, c := range []struct {
		name, fails string
		change      []string
		wait        time.Duration
		twice       bool
	}{
		{name: "another client before the time", fails: "code_client", change: []string{"client_id", "workshop-web", "client_secret", "workshop-secret"}, wait: time.Hour},
		{name: "the time before the redirect_uri", fails: "code_live", change: []string{"redirect_uri", "http://127.0.0.1:1/callback"}, wait: time.Hour},
		{name: "the redirect_uri before PKCE", fails: "redirect_uri", change: []string{"redirect_uri", "http://127.0.0.1:1/callback", "code_verifier", oauth2.GenerateVerifier()}},
		{name: "PKCE before the scope", fails: "pkce", change: []string{"code_verifier", oauth2.GenerateVerifier(), "scope", "openid write"}},
		{name: "the scope last", fails: "scope", change: []string{"scope", "openid write"}},
		{name: "a used code before everything else", fails: "code_unused", change: []string{"redirect_uri", "http://127.0.0.1:1/callback"}, wait: time.Hour, twice: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			form := b.tokenForm(t)
			if c.twice {
				b.send(t, b.lab.Issuer()+"/token", form)
			}
			b.now.move(c.wait)
			v := b.seen(t, b.send(t, b.lab.Issuer()+"/token", edit(form, c.change...)))
			if got := ids(v, lab.Failed); !slices.Equal(got, []string{c.fails}) {
				t.Fatalf("failed %q, want %s", got, c.fails)
			}
			at := slices.IndexFunc(v.Checks, func(k lab.Check) bool { return k.ID == c.fails })
			for i, k := range v.Checks {
				if want := map[bool]lab.Status{true: lab.Passed, false: lab.NotReached}[i < at]; i != at && k.Status != want {
					t.Errorf("%s = %s, want %s", k.ID, k.Status, want)
				}
			}
			if k := checkOf(t, v, c.fails); k.Ref == "" || k.Message != v.Description {
				t.Errorf("check = %+v, description %q", k, v.Description)
			}
		})
	}
}

func TestAFailedCheckShowsWhatItCompared(t *testing.T) {
	b := newBench(t)
	form := edit(b.tokenForm(t), "redirect_uri", "http://127.0.0.1:1/callback")
	k := checkOf(t, b.seen(t, b.send(t, b.lab.Issuer()+"/token", form)), "redirect_uri")
	if k.Got != "http://127.0.0.1:1/callback" || k.Want != callback || k.Ref != "RFC 6749 §4.1.3" {
		t.Errorf("check = %+v", k)
	}
}

func TestAViewHoldsNoSecret(t *testing.T) {
	b := newBench(t)
	form := edit(b.tokenForm(t), "client_id", "workshop-web", "client_secret", "workshop-secret")
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {"workshop-web"}, "client_secret": {"guessed-secret"}, "refresh_token": {"lab_a_refresh_token_that_leaked"}}
	password := url.Values{"grant_type": {"password"}, "client_id": {"workshop-legacy"}, "username": {"alice"}, "password": {"hunter2hunter2"}}
	for _, form := range []url.Values{form, refresh, password} {
		v := fmt.Sprintf("%+v", b.seen(t, b.send(t, b.lab.Issuer()+"/token", form)))
		for _, name := range []string{"code", "code_verifier", "client_secret", "refresh_token", "password"} {
			if secret := form.Get(name); secret != "" && strings.Contains(v, secret) {
				t.Errorf("the view shows %s: %s", name, v)
			}
		}
	}
}

func TestAFaultThatLooksAwayIsShownAsSuch(t *testing.T) {
	b := newBench(t)
	form := edit(b.tokenForm(t), "code_verifier", oauth2.GenerateVerifier())
	v := b.seen(t, b.send(t, b.lab.Issuer()+"/token", form, lab.FaultHeader, "weak_pkce"))
	if k := checkOf(t, v, "pkce"); v.Status != 200 || k.Status != lab.NotReached || k.Fault != "weak_pkce" || k.Message != "fault weak_pkce: not checked" {
		t.Errorf("%d, check = %+v", v.Status, k)
	}
	v = b.seen(t, b.send(t, b.lab.Issuer()+"/token", b.tokenForm(t), lab.FaultHeader, "token_500"))
	if len(v.Checks) == 0 || len(ids(v, lab.NotReached)) != len(v.Checks) || v.Checks[0].Fault != "token_500" {
		t.Errorf("an endpoint that was replaced checked something: %+v", v.Checks)
	}
	v = b.seen(t, b.send(t, b.lab.Issuer()+"/token", b.tokenForm(t), lab.FaultHeader, "idtoken_aud, idtoken_c_hash"))
	if k := checkOf(t, v, "answer"); k.Fault != "idtoken_aud" || !strings.Contains(k.Message, "another client") {
		t.Errorf("check = %+v", k)
	}
	a := b.send(t, b.lab.Issuer()+"/authorize?"+b.authorizeForm().Encode(), nil, lab.FaultHeader, "consent_missing")
	if k := checkOf(t, b.seen(t, a), "policy"); k.Status != lab.Failed || k.Fault != "consent_missing" {
		t.Errorf("check = %+v", k)
	}
}

func TestTheAPIShowsHowItReadTheToken(t *testing.T) {
	b := newBench(t)
	token := b.tokens(t, "openid", "read").AccessToken
	if v := b.seen(t, b.api(t, token)); v.Status != 200 || len(ids(v, lab.Passed)) != len(v.Checks) || checkOf(t, v, "token_scope").Want != "read" {
		t.Errorf("view = %+v", v)
	}
	b.now.move(time.Hour)
	v := b.seen(t, b.api(t, token))
	if got := ids(v, lab.Failed); !slices.Equal(got, []string{"token_live"}) || checkOf(t, v, "token_audience").Status != lab.Passed || checkOf(t, v, "token_scope").Status != lab.NotReached {
		t.Errorf("view = %+v", v)
	}
}

func TestEveryAnswerCarriesItsOwnNumberAndOldViewsAreForgotten(t *testing.T) {
	b := newBench(t)
	first := b.send(t, b.lab.Issuer()+"/nowhere", nil)
	if v := b.seen(t, first); v.Status != 404 || v.Path != "/default/nowhere" {
		t.Errorf("view = %+v", v)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				req, _ := http.NewRequest(http.MethodGet, b.lab.Issuer()+"/jwks", nil)
				res, err := b.rt.RoundTrip(req)
				if err != nil {
					t.Error(err)
					return
				}
				b.lab.View(res.Header.Get(lab.RequestHeader))
			}
		})
	}
	wait.Wait()
	if _, ok := b.lab.View(first.header.Get(lab.RequestHeader)); ok {
		t.Error("800 requests later the lab still knows the first one")
	}
	last := b.send(t, b.lab.Issuer()+"/jwks", nil)
	b.seen(t, last)
	for _, id := range []string{"", "0", "-1", "x", "18446744073709551615", "999999999999999999999999"} {
		if v, ok := b.lab.View(id); ok {
			t.Errorf("View(%q) = %+v", id, v)
		}
	}
}

func TestEveryRefusedRegistrationAndLogoutIsShownToo(t *testing.T) {
	b := newBench(t)
	a := b.send(t, b.lab.Issuer()+"/logout?post_logout_redirect_uri=http://127.0.0.1/", nil)
	if got := ids(b.seen(t, a), lab.Failed); !slices.Equal(got, []string{"logout"}) {
		t.Errorf("failed %q", got)
	}
	if a = b.send(t, b.lab.Issuer()+"/token", nil); !slices.Equal(ids(b.seen(t, a), lab.Failed), []string{"method"}) {
		t.Errorf("view = %+v", b.seen(t, a))
	}
}

// A client does not see what its browser was answered; it finds the view by the
// state that came back.
func TestTheViewOfAnAuthorizationResponseIsFoundByItsState(t *testing.T) {
	b := newBench(t)
	b.send(t, b.lab.Issuer()+"/authorize?"+edit(b.authorizeForm(), "state", "one", "scope", "openid nonsense").Encode(), nil)
	b.send(t, b.lab.Issuer()+"/authorize?"+edit(b.authorizeForm(), "state", "two", "prompt", "none").Encode(), nil)
	for state, want := range map[string]string{"one": "scope", "two": "user"} {
		if v, ok := b.lab.ViewOfAnswer(state); !ok || !slices.Equal(ids(v, lab.Failed), []string{want}) {
			t.Errorf("%s: %v %+v", state, ok, v)
		}
	}
	for _, state := range []string{"", "three"} {
		if v, ok := b.lab.ViewOfAnswer(state); ok {
			t.Errorf("ViewOfAnswer(%q) = %+v", state, v)
		}
	}
}
