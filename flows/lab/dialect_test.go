package lab_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"

	"golang.org/x/oauth2"
)

var update = flag.Bool("update", false, "write the golden files again")

// mishap is one way to be refused. make prepares it and sends the request with
// the header that chooses the dialect.
type mishap struct {
	name string
	make func(b *bench, t testing.TB, dialect string) answer
}

// mishaps are refusals at every kind of endpoint.
func mishaps() []mishap {
	in := func(d string) []string { return []string{lab.DialectHeader, d} }
	token := func(name string, change ...string) mishap {
		return mishap{"token: " + name, func(b *bench, t testing.TB, d string) answer {
			return b.send(t, b.lab.Issuer()+"/token", edit(b.tokenForm(t), change...), in(d)...)
		}}
	}
	front := func(name string, change ...string) mishap {
		return mishap{"authorize: " + name, func(b *bench, t testing.TB, d string) answer {
			return b.send(t, b.lab.Issuer()+"/authorize?"+edit(b.authorizeForm(), change...).Encode(), nil, in(d)...)
		}}
	}
	fault := func(key string) mishap {
		return mishap{"fault: " + key, func(b *bench, t testing.TB, d string) answer {
			return b.send(t, b.lab.Issuer()+"/token", b.tokenForm(t), append(in(d), lab.FaultHeader, key)...)
		}}
	}
	after := func(name string, wait time.Duration, twice bool) mishap {
		return mishap{"token: " + name, func(b *bench, t testing.TB, d string) answer {
			form := b.tokenForm(t)
			if twice {
				b.send(t, b.lab.Issuer()+"/token", form)
			}
			b.now.move(wait)
			return b.send(t, b.lab.Issuer()+"/token", form, in(d)...)
		}}
	}
	device := func(name string, polls int, wait time.Duration) mishap {
		return mishap{"device: " + name, func(b *bench, t testing.TB, d string) answer {
			form := url.Values{"grant_type": {deviceGrant}, "client_id": {"workshop-device"}, "device_code": {b.askDevice(t).str("device_code")}}
			for range polls - 1 {
				b.send(t, b.lab.Issuer()+"/token", form)
			}
			b.now.move(wait)
			return b.send(t, b.lab.Issuer()+"/token", form, in(d)...)
		}}
	}
	at := func(name, path string, form url.Values, header ...string) mishap {
		return mishap{name, func(b *bench, t testing.TB, d string) answer {
			base := b.lab.Issuer()
			if strings.HasPrefix(path, "/api") {
				base = b.lab.API()
			}
			return b.send(t, base+path, form, append(in(d), header...)...)
		}}
	}
	return []mishap{
		after("code used twice", 0, true),
		after("code expired", time.Hour, false),
		token("code unknown", "code", "lab_nonsense"),
		token("code missing", "code", ""),
		token("another verifier", "code_verifier", oauth2.GenerateVerifier()),
		token("verifier missing", "code_verifier", ""),
		token("another redirect_uri", "redirect_uri", "http://127.0.0.1:1/callback"),
		token("client unknown", "client_id", "nobody"),
		token("secret wrong", "client_id", "workshop-web", "client_secret", "guess"),
		token("secret missing", "client_id", "workshop-web"),
		token("secret of a public client", "client_secret", "x"),
		token("code of another client", "client_id", "workshop-web", "client_secret", "workshop-secret"),
		token("grant_type missing", "grant_type", ""),
		token("grant_type unknown", "grant_type", "passwrd"),
		token("grant not allowed", "grant_type", "client_credentials"),
		token("scope not granted", "scope", "openid write"),
		at("token: password wrong", "/token", url.Values{"grant_type": {"password"}, "client_id": {"workshop-legacy"}, "username": {"alice"}, "password": {"x"}}),
		at("token: refresh token unknown", "/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"workshop-spa"}, "refresh_token": {"lab_nonsense"}}),
		{"token: refresh token replaced", func(b *bench, t testing.TB, d string) answer {
			tok := b.tokens(t, "openid", "offline_access")
			b.refresh(t, tok.RefreshToken)
			return b.send(t, b.lab.Issuer()+"/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"workshop-spa"}, "refresh_token": {tok.RefreshToken}}, in(d)...)
		}},
		device("pending", 1, 0),
		device("too fast", 2, 0),
		device("expired", 1, time.Hour),
		front("client unknown, on a page", "client_id", "nobody"),
		front("redirect_uri not registered, on a page", "redirect_uri", "https://elsewhere.test/callback"),
		front("PKCE missing", "code_challenge", "", "code_challenge_method", ""),
		front("nobody signed in, prompt=none", "prompt", "none"),
		front("scope unknown", "scope", "openid nonsense"),
		at("par: PKCE missing", "/par", url.Values{"client_id": {"workshop-spa"}, "redirect_uri": {callback}, "response_type": {"code"}}),
		at("introspect: secret wrong", "/introspect", url.Values{"client_id": {"workshop-web"}, "client_secret": {"x"}, "token": {"x"}}),
		at("revoke: token missing", "/revoke", url.Values{"client_id": {"workshop-web"}, "client_secret": {"workshop-secret"}}),
		at("userinfo: token malformed", "/userinfo", nil, "Authorization", "Bearer x"),
		at("api: no token", "/api/profile", nil),
		{"api: token expired", func(b *bench, t testing.TB, d string) answer {
			tok := b.tokens(t, "openid", "read")
			b.now.move(time.Hour)
			return b.send(t, b.lab.API()+"/api/profile", nil, append(in(d), "Authorization", "Bearer "+tok.AccessToken)...)
		}},
		{"api: scope missing", func(b *bench, t testing.TB, d string) answer {
			return b.send(t, b.lab.API()+"/api/notes", nil, append(in(d), "Authorization", "Bearer "+b.tokens(t, "openid", "read").AccessToken)...)
		}},
		at("register: metadata bad", "/register", url.Values{"x": {"y"}}),
		fault("secret_expired"),
		fault("mfa_required"),
		fault("throttle"),
	}
}

var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|oae[A-Za-z0-9_-]{22}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?`)

// told is a refusal on one line: status, form, and what it says.
func told(a answer) string {
	text, form := strings.TrimSpace(a.text), "text"
	switch {
	case a.header.Get("Location") != "":
		u, _ := url.Parse(a.header.Get("Location"))
		q := u.Query()
		q.Del("state")
		q.Del("iss")
		form, text = "redirect", ""
		for _, name := range []string{"error", "error_description", "error_uri"} {
			if v := q.Get(name); v != "" {
				text += name + "=" + v + " "
			}
			q.Del(name)
		}
		text = strings.TrimSpace(text + q.Encode())
	case a.json != nil:
		form = "json"
		raw, _ := json.Marshal(a.json)
		text = strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(string(raw))
	case strings.Contains(a.header.Get("Content-Type"), "x-www-form-urlencoded"):
		form = "form"
	case strings.Contains(a.text, `role="alert"`):
		_, rest, _ := strings.Cut(a.text, `<p role="alert">`)
		words, _, _ := strings.Cut(rest, "</p>")
		_, rest, _ = strings.Cut(rest, "<code>")
		code, _, _ := strings.Cut(rest, "</code>")
		form, text = "page", code+": "+html.UnescapeString(words)
	}
	return fmt.Sprintf("%d %-8s %s", a.status, form, changing.ReplaceAllString(text, "*"))
}

// Each product says the same refusal in its own way; a person has read the file.
func TestEveryDialectWordsEveryRefusalItsOwnWay(t *testing.T) {
	b := newBench(t)
	var out strings.Builder
	same := map[string]int{}
	list := mishaps()
	for _, m := range list {
		fmt.Fprintf(&out, "# %s\n", m.name)
		usual := ""
		for _, d := range lab.Dialects() {
			a := m.make(b, t, d.Name)
			if v := b.seen(t, a); v.Dialect != d.Name || v.Problem == "" && len(v.Faults) == 0 {
				t.Errorf("%s in %s: view = %+v", m.name, d.Name, v)
			}
			line := told(a)
			if d.Name == "rfc" {
				usual = line
			} else if line == usual {
				same[d.Name]++
			}
			fmt.Fprintf(&out, "%-13s %s\n", d.Name, line)
		}
		out.WriteByte('\n')
	}
	for name, n := range same {
		if n > len(list)*2/3 {
			t.Errorf("%s says %d of %d refusals as the RFCs do", name, n, len(list))
		}
	}
	golden := filepath.Join("testdata", "dialects.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	was, now := strings.Split(string(want), "\n"), strings.Split(out.String(), "\n")
	for i := range max(len(was), len(now)) {
		if i >= len(was) || i >= len(now) || was[i] != now[i] {
			t.Fatalf("line %d of %s differs (-update writes it):\ngot  %s\nwant %s", i+1, golden, at(now, i), at(was, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

func TestADialectIsChosenForALabATenantOrARequest(t *testing.T) {
	b := newBenchWith(t, "other")
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"workshop-spa"}, "refresh_token": {"x"}}
	other := strings.TrimSuffix(b.lab.Issuer(), "default") + "other"
	says := func(issuer string, header ...string) string {
		return b.send(t, issuer+"/token", form, header...).str("error_description")
	}
	if err := b.lab.SetDialect("entra"); err != nil {
		t.Fatal(err)
	}
	tenant, err := b.lab.Tenant("other")
	if err != nil {
		t.Fatal(err)
	}
	if err := tenant.SetDialect("okta"); err != nil || tenant.Dialect() != "okta" {
		t.Fatal(tenant.Dialect(), err)
	}
	for _, c := range []struct{ got, want string }{
		{says(b.lab.Issuer()), "AADSTS70000"},
		{says(other), "The refresh token is invalid or expired."},
		{says(other, lab.DialectHeader, "auth0"), "Unknown or invalid refresh token."},
		{says(other, lab.DialectHeader, "rfc"), "This refresh token is unknown."},
	} {
		if !strings.HasPrefix(c.got, c.want) {
			t.Errorf("said %q, want %q", c.got, c.want)
		}
	}
	if a := b.send(t, other+"/token", form, lab.DialectHeader, "klingon"); a.status != 400 || !strings.Contains(a.text, "klingon") {
		t.Errorf("an unknown dialect: %d %s", a.status, a.text)
	}
	if b.lab.SetDialect("klingon") == nil || tenant.SetDialect("klingon") == nil {
		t.Error("an unknown dialect was accepted")
	}
	if a := b.send(t, other+"/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"workshop-service"}, "client_secret": {"workshop-secret"}}); a.status != 200 {
		t.Errorf("a dialect changed a success: %d %s", a.status, a.text)
	}
}

// A refusal of GitHub's is a success by its status, and a form unless JSON is wanted.
func TestGitHubAnswersJSONOnlyWhenAsked(t *testing.T) {
	b := newBench(t)
	form := edit(b.tokenForm(t), "code", "x")
	a := b.send(t, b.lab.Issuer()+"/token", form, lab.DialectHeader, "github", "Accept", "application/json")
	if a.status != 200 || a.str("error") != "bad_verification_code" {
		t.Errorf("%d %s", a.status, a.text)
	}
	a = b.send(t, b.lab.Issuer()+"/token", form, lab.DialectHeader, "github")
	if got, err := url.ParseQuery(a.text); err != nil || a.status != 200 || got.Get("error") != "bad_verification_code" || a.json != nil {
		t.Errorf("%d %s", a.status, a.text)
	}
}

// Entra's rules for single-page applications: where a code may be redeemed from
// depends on the kind of its redirect URI.
func TestEntraTiesTheRedemptionToTheKindOfTheRedirectURI(t *testing.T) {
	const page = "http://127.0.0.1/spa/callback"
	for _, c := range []struct {
		name, client, redirect, origin string
		challenge                      bool
		number                         float64
	}{
		{"a native code from a program", "workshop-spa", callback, "", true, 0},
		{"a native code from a page", "workshop-spa", callback, "http://app.test", true, 9002326},
		{"a web code from a page", "workshop-web", callback, "http://app.test", true, 9002326},
		{"a page's code from a page", "workshop-spa", page, "http://app.test", true, 0},
		{"a page's code from a program", "workshop-spa", page, "", true, 9002327},
		{"a page's code without PKCE", "workshop-web", page, "http://app.test", false, 9002325},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			verifier := oauth2.GenerateVerifier()
			request := edit(b.authorizeForm(), "client_id", c.client, "redirect_uri", c.redirect, "code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
			form := url.Values{"grant_type": {"authorization_code"}, "client_id": {c.client}, "redirect_uri": {c.redirect}, "code_verifier": {verifier}}
			if !c.challenge {
				edit(request, "code_challenge", "", "code_challenge_method", "")
				form.Del("code_verifier")
			}
			if c.client == "workshop-web" {
				form.Set("client_secret", "workshop-secret")
			}
			back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + request.Encode())
			if err != nil {
				t.Fatal(err)
			}
			form.Set("code", back.Get("code"))
			header := []string{lab.DialectHeader, "entra"}
			if c.origin != "" {
				header = append(header, "Origin", c.origin)
			}
			a := b.send(t, b.lab.Issuer()+"/token", form, header...)
			numbers, _ := a.json["error_codes"].([]any)
			switch {
			case c.number == 0 && a.status != http.StatusOK:
				t.Errorf("refused: %d %s", a.status, a.text)
			case c.number != 0 && (a.status != 400 || a.str("error") != "invalid_request" || len(numbers) != 1 || numbers[0] != c.number):
				t.Errorf("%d %s, want %.0f", a.status, a.text, c.number)
			}
			if k := checkOf(t, b.seen(t, a), "origin"); (k.Status == lab.Failed) != (c.number != 0) {
				t.Errorf("check = %+v", k)
			}
			form = edit(form, "code", back.Get("code"))
			if c.number != 0 {
				if a := b.send(t, b.lab.Issuer()+"/token", form, header[2:]...); a.status != 200 {
					t.Errorf("outside of Entra: %d %s", a.status, a.text)
				}
			}
		})
	}
}
