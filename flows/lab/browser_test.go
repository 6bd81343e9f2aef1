package lab_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"

	"golang.org/x/oauth2"
)

const callback = "http://127.0.0.1:43210/callback"

// browser is a user agent without a screen: it keeps cookies, follows
// redirects inside the lab and fills in forms.
type browser struct {
	http *http.Client
	// user signs in with password; deny answers no on the consent page.
	user, password string
	deny           bool
	// left is where a redirect out of the lab went (fill).
	left string
	// pages seen, oldest first; titles tell which.
	pages []string
}

var errCallback = errors.New("reached the callback")

func newBrowser(rt http.RoundTripper) *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{user: "alice", password: "password", http: &http.Client{Transport: rt, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

var (
	formTag  = regexp.MustCompile(`<form method="post" action="([^"]*)">`)
	titleTag = regexp.MustCompile(`<h1>([^<]*)</h1>`)
	hidden   = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// visit opens a URL and does what the pages ask until the answer for the
// client is there: its parameters, however they travel.
func (b *browser) visit(at string) (url.Values, error) {
	res, err := b.http.Get(at)
	for range 6 {
		if err != nil {
			return nil, err
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		page := string(body)
		if to := res.Header.Get("Location"); to != "" {
			next, err := res.Request.URL.Parse(to)
			if err != nil {
				return nil, err
			}
			if strings.HasSuffix(next.Path, "/callback") {
				if next.Fragment != "" {
					return url.ParseQuery(next.EscapedFragment())
				}
				return next.Query(), nil
			}
			res, err = b.http.Get(next.String())
			if err != nil {
				return nil, err
			}
			continue
		}
		title := titleTag.FindStringSubmatch(page)
		if title == nil {
			return nil, fmt.Errorf("%s answers %d without a page: %s", res.Request.URL, res.StatusCode, page)
		}
		b.pages = append(b.pages, html.UnescapeString(title[1]))
		form := formTag.FindStringSubmatch(page)
		if form == nil {
			return nil, fmt.Errorf("page %d: %s", res.StatusCode, page)
		}
		action, err := res.Request.URL.Parse(html.UnescapeString(form[1]))
		if err != nil {
			return nil, err
		}
		fill := url.Values{}
		switch {
		case action.Path == "/callback":
			for _, f := range hidden.FindAllStringSubmatch(page, -1) {
				fill.Set(f[1], html.UnescapeString(f[2]))
			}
			return fill, nil
		case strings.Contains(page, `name="password"`):
			fill.Set("username", b.user)
			fill.Set("password", b.password)
		case strings.Contains(page, `name="code"`):
			fill.Set("code", "246810")
		case b.deny:
			fill.Set("action", "deny")
		default:
			fill.Set("action", "allow")
		}
		res, err = b.http.PostForm(action.String(), fill)
		if err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the pages lead nowhere")
}

// bench is a lab with a client and a browser.
type bench struct {
	lab     *lab.Lab
	rt      http.RoundTripper
	browser *browser
	now     *clock
}

// clock stands still until a test moves it.
type clock struct{ at time.Time }

func (c *clock) now() time.Time       { return c.at }
func (c *clock) move(d time.Duration) { c.at = c.at.Add(d) }

// newBench makes a lab without ports whose clock the test moves.
func newBench(t testing.TB) *bench {
	t.Helper()
	return newBenchWith(t)
}

func newBenchWith(t testing.TB, tenants ...string) *bench {
	t.Helper()
	c := &clock{time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)}
	l, err := lab.New(lab.Options{Now: c.now, Tenants: tenants, Served: consistent(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{lab: l, rt: l.Transport(), browser: newBrowser(l.Transport()), now: c}
}

func (b *bench) ctx() context.Context {
	return context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: b.rt})
}

func (b *bench) config(clientID string, scopes ...string) *oauth2.Config {
	c := &oauth2.Config{ClientID: clientID, RedirectURL: callback, Scopes: scopes, Endpoint: oauth2.Endpoint{
		AuthURL: b.lab.Issuer() + "/authorize", TokenURL: b.lab.Issuer() + "/token", AuthStyle: oauth2.AuthStyleInParams}}
	if clientID == "workshop-web" || clientID == "workshop-service" {
		c.ClientSecret = "workshop-secret"
	}
	return c
}

// code runs the front channel for workshop-spa and returns what the token
// request needs.
func (b *bench) code(t testing.TB, scopes ...string) (code, verifier string) {
	t.Helper()
	verifier = oauth2.GenerateVerifier()
	c := b.config("workshop-spa", scopes...)
	answer, err := b.browser.visit(c.AuthCodeURL("some-state", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("nonce", "some-nonce")))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Get("state") != "some-state" || answer.Get("code") == "" {
		t.Fatalf("answer = %v, want a code and the state", answer)
	}
	return answer.Get("code"), verifier
}

// tokens runs the whole code flow for workshop-spa.
func (b *bench) tokens(t testing.TB, scopes ...string) *oauth2.Token {
	t.Helper()
	code, verifier := b.code(t, scopes...)
	tok, err := b.config("workshop-spa").Exchange(b.ctx(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// answer is what came back, with its JSON read when there is some.
type answer struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

func (a answer) str(name string) string {
	s, _ := a.json[name].(string)
	return s
}
