package exec

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"authdance/flows"
	"authdance/flows/wire"
)

const redirectURI = "http://127.0.0.1:9501/callback"

// signInAt goes through a sign-in that begins at the address, as a run does, and
// returns every fact.
func signInAt(t *testing.T, address, mode string, o SignInOptions) []flows.Event {
	t.Helper()
	if o.User == "" {
		o.User, o.Password = "alice", "password"
	}
	s, err := NewSignIn(o)
	if err != nil {
		t.Fatal(err)
	}
	b := flows.Browse{ID: 7, Request: flows.Request{Method: "GET", URL: wire.Untrusted(address), Query: []flows.Param{{Name: "state", Value: "s"}}},
		RedirectURI: redirectURI, State: "s", ResponseMode: mode}
	var out []flows.Event
	for range 50 {
		out = append(out, s.Perform(context.Background(), b))
		if o, ok := out[len(out)-1].(flows.Observed); !ok {
			return out
		} else if o.ID != 7 {
			t.Fatalf("%+v", o)
		}
		b.Resume = true
	}
	t.Fatal("the sign-in has no end")
	return nil
}

// pages serves HTML or, when a page begins with a slash or a scheme, a redirect.
func pages(t *testing.T, byPath map[string]string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := byPath[r.Method+" "+r.URL.Path]
		switch {
		case !ok:
			http.Error(w, "no such page", http.StatusNotFound)
		case strings.HasPrefix(page, "/"), strings.HasPrefix(page, "http"):
			http.Redirect(w, r, page, http.StatusFound)
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, page)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func last(t *testing.T, events []flows.Event) flows.Redirected {
	t.Helper()
	r, ok := events[len(events)-1].(flows.Redirected)
	if !ok || r.ID != 7 || r.Via != flows.Simulated {
		t.Fatalf("got %+v", events[len(events)-1])
	}
	return r
}

func TestTheSimulatedBrowserWalksThroughAUsualSignIn(t *testing.T) {
	var posted []string
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "flow", Value: "f1", Secure: true, HttpOnly: true})
		http.Redirect(w, r, "login?ticket=1", http.StatusFound)
	})
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<!doctype html><title>Sign &amp; in</title><form action="/search"><input name=q></form>
<form method=post action="/login?ticket=2"><input type=hidden name=csrf value="a&amp;b"><input type=email name=loginfmt id=login>
<input type=password name=passwd><input type=checkbox name=keep checked><input type=checkbox name=no><button>Sign in</button><button name=action value=help>Help</button></form>`)
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		posted = append(posted, r.FormValue("csrf"), r.FormValue("loginfmt"), r.FormValue("passwd"), r.FormValue("keep"), r.FormValue("no"), r.FormValue("action"), r.Header.Get("Cookie"), r.Header.Get("Origin"))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "s1"})
		http.Redirect(w, r, "/consent", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /consent", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<title>Consent</title><form method=POST><button type=submit name=action value=deny>No</button><button type=submit name=action value=allow>Yes</button></form>`)
	})
	mux.HandleFunc("POST /consent", func(w http.ResponseWriter, r *http.Request) {
		posted = append(posted, r.FormValue("action"), r.Header.Get("Cookie"))
		http.Redirect(w, r, redirectURI+"?code=c%2Bd&state=s", http.StatusFound)
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	events := signInAt(t, srv.URL+"/authorize", "", SignInOptions{})
	want := []string{"a&b", "alice", "password", "on", "", "", "flow=f1", srv.URL, "allow", "flow=f1; session=s1"}
	if d := cmp.Diff(want, posted); d != "" {
		t.Errorf("the server got:\n%s", d)
	}
	var seen []string
	for _, ev := range events[:len(events)-1] {
		x := ev.(flows.Observed).Exchange
		seen = append(seen, fmt.Sprintf("%s %s %d", x.Request.Method, strings.TrimPrefix(x.Request.Target(), srv.URL), x.Response.Status))
	}
	if d := cmp.Diff([]string{"GET /authorize?state=s 302", "GET /login?ticket=1 200", "POST /login?ticket=2 303", "GET /consent 200"}, seen); d != "" {
		t.Errorf("people saw:\n%s", d)
	}
	r := last(t, events)
	if d := cmp.Diff([]flows.Param{{Name: "code", Value: "c+d", Secret: true}, {Name: "state", Value: "s"}}, r.Request.Query); d != "" || r.Request.URL != redirectURI {
		t.Errorf("%s %s", r.Request.URL, d)
	}
	login := events[2].(flows.Observed)
	for _, name := range []string{"passwd", "Cookie"} {
		if p, ok := login.Exchange.Request.Find(name); !ok || !p.Secret {
			t.Errorf("%s is shown openly", name)
		}
	}
	if events[1].(flows.Observed).Note != "page: Sign & in" {
		t.Errorf("note %q", events[1].(flows.Observed).Note)
	}
}

func TestWaysBackThatTheSimulatedBrowserKnows(t *testing.T) {
	for name, c := range map[string]struct {
		mode string
		page string
		want flows.Request
	}{
		"fragment":                       {"fragment", redirectURI + "#access_token=t%2Bt&state=s", flows.Request{Method: "GET", Query: []flows.Param{{Name: "access_token", Value: "t+t", Secret: true}, {Name: "state", Value: "s"}}}},
		"silent fragment":                {"", redirectURI + "#error=x&state=s", flows.Request{Method: "GET", Query: []flows.Param{{Name: "error", Value: "x"}, {Name: "state", Value: "s"}}}},
		"query with a leftover fragment": {"", redirectURI + "?code=c&state=s#_=_", flows.Request{Method: "GET", Query: []flows.Param{{Name: "code", Value: "c", Secret: true}, {Name: "state", Value: "s"}}}},
		"form_post": {"form_post", `<body onload="document.forms[0].submit()"><form method="post" action="` + redirectURI + `"><input type="hidden" name="code" value="c"><input type=hidden name=state value=s></form>`,
			flows.Request{Method: "POST", Form: []flows.Param{{Name: "code", Value: "c", Secret: true}, {Name: "state", Value: "s"}}}},
		"meta refresh": {"", `<meta http-equiv="Refresh" content="0; url=` + html.EscapeString(redirectURI+"?code=c&state=s") + `">`,
			flows.Request{Method: "GET", Query: []flows.Param{{Name: "code", Value: "c", Secret: true}, {Name: "state", Value: "s"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := last(t, signInAt(t, pages(t, map[string]string{"GET /a": c.page})+"/a", c.mode, SignInOptions{}))
			c.want.URL = redirectURI
			if d := cmp.Diff(c.want, r.Request); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestUserNameAndPasswordOnTwoPages(t *testing.T) {
	url := pages(t, map[string]string{
		"GET /a":     `<form method=post action=/user><input name=identifier><input type=submit value=Next></form>`,
		"POST /user": `<form method=post action=/pw><input type=hidden name=identifier value=alice><input name=password type=password><input type=submit value="Sign in"></form>`,
		"POST /pw":   redirectURI + "?code=c&state=s",
	})
	last(t, signInAt(t, url+"/a", "", SignInOptions{}))
}

func TestRefusingConsentPressesTheOtherButton(t *testing.T) {
	for deny, want := range map[bool]string{false: "yes", true: "no"} {
		var got url.Values
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "POST" {
				r.ParseForm()
				got = r.PostForm
				http.Redirect(w, r, redirectURI+"?state=s&error=access_denied", 302)
				return
			}
			fmt.Fprint(w, `<form method=post><input type=hidden name=t value=1><button name=agree value=no>Cancel</button><button name=agree value=yes>Accept</button></form>`)
		}))
		last(t, signInAt(t, srv.URL+"/a", "", SignInOptions{Deny: deny}))
		if got.Get("agree") != want || got.Get("t") != "1" {
			t.Errorf("deny %v sent %v", deny, got)
		}
		srv.Close()
	}
}

func stuckWith(t *testing.T, events []flows.Event, code string, words ...string) {
	t.Helper()
	brokeWith(t, events[len(events)-1], code, words...)
}

func TestAPageWithoutAWayOnIsShownAndThenExplained(t *testing.T) {
	url := pages(t, map[string]string{"GET /a": "<title>Error\u202e</title><script>evil()</script><style>p{}</style><p>redirect_uri \x1b[31m is not <b>registered</b></p>"})
	events := signInAt(t, url+"/a", "", SignInOptions{})
	if len(events) != 2 || !strings.Contains(events[0].(flows.Observed).Exchange.Response.Body.Raw(), "registered") {
		t.Errorf("%d facts", len(events))
	}
	stuckWith(t, events, BrowserErrorPage, "Error", "redirect_uri \\x1b[31m is not registered")
	if b := events[1].(flows.Broke); strings.Contains(b.Message.Raw(), "evil") || strings.Contains(b.Message.Raw(), "\x1b") || strings.Contains(b.Message.Raw(), "\u202e") {
		t.Errorf("%q", b.Message.Raw())
	}
	stuckWith(t, signInAt(t, url+"/missing", "", SignInOptions{}), BrowserErrorPage, "404", "no such page")
}

func TestAPageIsQuotedWithoutItsTitleTwice(t *testing.T) {
	events := signInAt(t, pages(t, map[string]string{"GET /a": "<title>Oops</title><h1>Oops</h1><p>unknown client</p>"})+"/a", "", SignInOptions{})
	if got := events[1].(flows.Broke).Message.Raw(); !strings.HasSuffix(got, ": Oops: unknown client") {
		t.Errorf("%q", got)
	}
}

func TestWithoutAButtonThatRefusesThePersonIsTold(t *testing.T) {
	events := signInAt(t, pages(t, map[string]string{"GET /a": "<form method=post><button>Continue</button></form><a href=/abort>Cancel</a>"})+"/a", "", SignInOptions{Deny: true})
	stuckWith(t, events, BrowserErrorPage, "none that refuses", "Cancel")
}

func TestThePasswordIsTypedOnceAndOnlyAtHome(t *testing.T) {
	thief := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("password") != "" {
			thief++
		}
		fmt.Fprint(w, `<form method=post action=/take><input name=username><input type=password name=password></form>`)
	}))
	defer elsewhere.Close()
	other := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)
	form := `<form method=post action="%s"><input name=username><input type=password name=password><button>ok</button></form>`
	for _, url := range []string{
		pages(t, map[string]string{"GET /a": other}),
		pages(t, map[string]string{"GET /a": fmt.Sprintf(form, other+"/take")}),
		pages(t, map[string]string{"GET /a": `<base href="` + other + `">` + fmt.Sprintf(form, "/take")}),
	} {
		stuckWith(t, signInAt(t, url+"/a", "", SignInOptions{}), BrowserErrorPage, "localhost", "nowhere else")
	}
	if thief != 0 {
		t.Error("another host got the password")
	}
	again := pages(t, map[string]string{"GET /a": fmt.Sprintf(form, "/b"), "POST /b": "<p>Wrong!</p>" + fmt.Sprintf(form, "/b")})
	stuckWith(t, signInAt(t, again+"/a", "", SignInOptions{}), BrowserErrorPage, "refused", "Wrong!")
}

func TestA307DoesNotCarryThePasswordAway(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Error("another host was asked") }))
	defer thief.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			http.Redirect(w, r, strings.Replace(thief.URL, "127.0.0.1", "localhost", 1), http.StatusTemporaryRedirect)
			return
		}
		fmt.Fprint(w, `<form method=post><input name=username><input type=password name=password></form>`)
	}))
	defer srv.Close()
	stuckWith(t, signInAt(t, srv.URL+"/a", "", SignInOptions{}), BrowserErrorPage, "nowhere else")
}

func TestACircleEndsAfterTwentyHops(t *testing.T) {
	events := signInAt(t, pages(t, map[string]string{"GET /a": "/b", "GET /b": "/a"})+"/a", "", SignInOptions{})
	stuckWith(t, events, RedirectLoop, "circle")
	if len(events) != 21 {
		t.Errorf("%d facts", len(events))
	}
}

func TestARedirectToAForbiddenAddressIsRefused(t *testing.T) {
	for _, to := range []string{"http://idp.test/x", "https://me:pw@idp.test/", "//evil.test/x"} {
		stuckWith(t, signInAt(t, pages(t, map[string]string{"GET /a": to})+"/a", "", SignInOptions{}), EndpointRefused)
	}
}

func TestAFormWithScriptsOnlyIsNotAWayOn(t *testing.T) {
	url := pages(t, map[string]string{"GET /a": `<title>Needs scripts</title><div><button type=button onclick="go()">Go</button></div>`})
	stuckWith(t, signInAt(t, url+"/a", "", SignInOptions{}), BrowserErrorPage, "Needs scripts")
}

func TestEachVisitHasCookiesOfItsOwn(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			t.Error("a cookie of another visit came")
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.Redirect(w, r, redirectURI+"?code=c&state=s", 302)
	}))
	defer srv.Close()
	s, err := NewSignIn(SignInOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b := flows.Browse{ID: 7, Request: flows.Request{Method: "GET", URL: wire.Untrusted(srv.URL)}, RedirectURI: redirectURI, State: "s"}
		last(t, []flows.Event{s.Perform(context.Background(), b)})
	}
}

func TestForgottenVisitsAreBounded(t *testing.T) {
	s, err := NewSignIn(SignInOptions{Options: Options{Transport: answers("<form><input name=user></form>")}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		s.Perform(context.Background(), flows.Browse{ID: 7, Request: flows.Request{Method: "GET", URL: "http://127.0.0.1:1/"}, State: wire.Untrusted(fmt.Sprint(i))})
	}
	if len(s.out) != maxOut {
		t.Errorf("%d visits are kept", len(s.out))
	}
}

func TestTheTickCanBeCancelled(t *testing.T) {
	s, err := NewSignIn(SignInOptions{Tick: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	brokeWith(t, s.Perform(ctx, flows.Browse{ID: 7, Request: flows.Request{Method: "GET", URL: "http://127.0.0.1:1/"}}), Cancelled)
}

func TestOtherEffectsAreHandedOn(t *testing.T) {
	s, err := NewSignIn(SignInOptions{Next: performer(func(_ context.Context, e flows.Effect) flows.Event { return flows.Elapsed{ID: e.EffectID()} })})
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := s.Perform(context.Background(), flows.Wait{ID: 7}).(flows.Elapsed); !ok || e.ID != 7 {
		t.Errorf("%+v", e)
	}
	alone, err := NewSignIn(SignInOptions{})
	if err != nil {
		t.Fatal(err)
	}
	brokeWith(t, alone.Perform(context.Background(), flows.Wait{ID: 7}), Internal)
}

func FuzzReadPage(f *testing.F) {
	f.Add(`<form action=/x method=POST><select name=a><option value=1><option selected value=2></select><textarea name=t>x</textarea><input type=radio name=r value=1 checked></form>`)
	f.Add(`<title><form><button></title></form><base href=x><meta http-equiv=refresh content="0;url=/y">`)
	f.Fuzz(func(t *testing.T, page string) {
		p := readPage(page)
		for _, fm := range p.forms {
			fm.fields(map[int]string{fm.user(): "u", fm.password(): "p"}, fm.decision(false))
			if b := fm.decision(true); b >= 0 && fm.inputs[b].kind != "submit" {
				t.Fatal("a button that is none")
			}
		}
		choose(p.forms, true)
	})
}

func TestControlsSendWhatABrowserWouldSend(t *testing.T) {
	p := readPage(`<form action="x?drop=1" method=get><select name=a><option value=1>one<option selected value=2>two</select><textarea name=t>x &amp; y</textarea>
<input type=radio name=r value=1><input type=radio name=r value=2 checked><input disabled name=d value=1><input type=file name=f><input type=reset name=z><input type=hidden name=h value=v><input value=nameless></form>`)
	if len(p.forms) != 1 {
		t.Fatalf("%+v", p)
	}
	var got []string
	for _, x := range p.forms[0].fields(nil, -1) {
		got = append(got, x.Name+"="+x.Value.Raw())
	}
	if !slices.Equal(got, []string{"a=2", "t=x & y", "r=2", "h=v"}) {
		t.Error(got)
	}
	at, _ := url.Parse("https://idp.test/dir/page")
	r, err := p.forms[0].submit(at, []flows.Param{{Name: "n", Value: "1"}})
	if err != nil || r.Target() != "https://idp.test/dir/x?n=1" {
		t.Errorf("%s %v", r.Target(), err)
	}
}
