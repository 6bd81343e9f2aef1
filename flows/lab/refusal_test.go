package lab_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// edit changes a form before it is sent; an empty value removes a parameter.
func edit(form url.Values, pairs ...string) url.Values {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			form.Del(pairs[i])
		} else {
			form.Set(pairs[i], pairs[i+1])
		}
	}
	return form
}

func (b *bench) tokenForm(t testing.TB) url.Values {
	code, verifier := b.code(t, "openid", "offline_access")
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback},
		"client_id": {"workshop-spa"}, "code_verifier": {verifier}}
}

func wantRefusal(t testing.TB, a answer, status int, code, words string) {
	t.Helper()
	if a.status != status || a.str("error") != code || !strings.Contains(a.str("error_description"), words) {
		t.Errorf("answer = %d %s\nwant %d, error %s and the words %q", a.status, a.text, status, code, words)
	}
}

// Every refusal of the token endpoint says exactly what is wrong.
func TestTokenEndpointNamesTheMistake(t *testing.T) {
	web := []string{"Authorization", "Basic d29ya3Nob3Atd2ViOndvcmtzaG9wLXNlY3JldA=="}
	for _, c := range []struct {
		name   string
		change []string
		header []string
		wait   time.Duration
		status int
		code   string
		words  string
	}{
		{name: "another verifier", change: []string{"code_verifier", oauth2.GenerateVerifier()}, status: 400, code: "invalid_grant", words: "code_verifier does not match the code_challenge"},
		{name: "no verifier", change: []string{"code_verifier", ""}, status: 400, code: "invalid_grant", words: "code_verifier is missing"},
		{name: "short verifier", change: []string{"code_verifier", "short"}, status: 400, code: "invalid_grant", words: "43 to 128"},
		{name: "expired code", wait: 61 * time.Second, status: 400, code: "invalid_grant", words: "code has expired"},
		{name: "unknown code", change: []string{"code", "lab_nonsense"}, status: 400, code: "invalid_grant", words: "code is unknown"},
		{name: "no code", change: []string{"code", ""}, status: 400, code: "invalid_request", words: "code is missing"},
		{name: "another redirect_uri", change: []string{"redirect_uri", "http://127.0.0.1:1/callback"}, status: 400, code: "invalid_grant", words: "redirect_uri is not the one"},
		{name: "no redirect_uri", change: []string{"redirect_uri", ""}, status: 400, code: "invalid_request", words: "redirect_uri is missing"},
		{name: "no grant_type", change: []string{"grant_type", ""}, status: 400, code: "invalid_request", words: "grant_type is missing"},
		{name: "unknown grant_type", change: []string{"grant_type", "passwrd"}, status: 400, code: "unsupported_grant_type", words: "does not know this grant_type"},
		{name: "grant of another client", change: []string{"grant_type", "client_credentials"}, status: 400, code: "unauthorized_client", words: "not registered for this grant_type"},
		{name: "scope beyond the grant", change: []string{"scope", "openid write"}, status: 400, code: "invalid_scope", words: "not granted before"},
		{name: "no client_id", change: []string{"client_id", ""}, status: 401, code: "invalid_client", words: "client_id is missing"},
		{name: "unknown client", change: []string{"client_id", "nobody"}, status: 401, code: "invalid_client", words: "No client is registered"},
		{name: "a secret from a public client", change: []string{"client_secret", "x"}, status: 401, code: "invalid_client", words: "public and has no secret"},
		{name: "no secret from a confidential client", change: []string{"client_id", "workshop-web"}, status: 401, code: "invalid_client", words: "no client_secret"},
		{name: "wrong secret", change: []string{"client_id", "workshop-web", "client_secret", "guess"}, status: 401, code: "invalid_client", words: "client_secret is wrong"},
		{name: "code of another client", change: []string{"client_id", "workshop-web", "client_secret", "workshop-secret"}, status: 400, code: "invalid_grant", words: "issued to another client"},
		{name: "two ways to authenticate", change: []string{"client_id", "workshop-web", "client_secret", "workshop-secret"}, header: web, status: 400, code: "invalid_request", words: "authenticates twice"},
		{name: "two client ids", header: web, status: 401, code: "invalid_client", words: "not the one in the Basic header"},
		{name: "broken Basic header", header: []string{"Authorization", "Basic %%%"}, status: 401, code: "invalid_client", words: "not valid Basic"},
		{name: "a JSON body", header: []string{"Content-Type", "application/json"}, status: 400, code: "invalid_request", words: "body is JSON"},
		{name: "another content type", header: []string{"Content-Type", "text/plain"}, status: 400, code: "invalid_request", words: "Content-Type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			form := edit(b.tokenForm(t), c.change...)
			b.now.move(c.wait)
			a := b.send(t, b.lab.Issuer()+"/token", form, c.header...)
			wantRefusal(t, a, c.status, c.code, c.words)
			if challenge := a.header.Get("WWW-Authenticate"); (challenge != "") != (a.status == 401) {
				t.Errorf("status %d with WWW-Authenticate %q", a.status, challenge)
			}
			if a.header.Get("Cache-Control") != "no-store" {
				t.Error("a token endpoint answer may be cached")
			}
		})
	}
}

func TestTokenEndpointTakesOnlyPOSTFormsWithEachParameterOnce(t *testing.T) {
	b := newBench(t)
	at := b.lab.Issuer() + "/token"
	a := b.send(t, at, nil)
	wantRefusal(t, a, 405, "invalid_request", "It takes POST")
	if a.header.Get("Allow") != "POST" {
		t.Errorf("Allow = %q", a.header.Get("Allow"))
	}
	form := b.tokenForm(t)
	form.Add("code", "again")
	wantRefusal(t, b.send(t, at, form), 400, "invalid_request", "twice")
	wantRefusal(t, b.send(t, at+"?"+b.tokenForm(t).Encode(), url.Values{}), 400, "invalid_request", "in the URL")
	wantRefusal(t, b.send(t, at, url.Values{"grant_type": {strings.Repeat("x", 70<<10)}}), 400, "invalid_request", "64 KiB")
}

// RFC 6749 §4.1.2: if a code is used twice, the tokens issued from it are revoked.
func TestCodeUsedTwiceRevokesItsTokens(t *testing.T) {
	b := newBench(t)
	form := b.tokenForm(t)
	first := b.send(t, b.lab.Issuer()+"/token", form)
	if first.status != 200 {
		t.Fatal(first.text)
	}
	bearer := "Bearer " + first.str("access_token")
	if a := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", bearer); a.status != 200 {
		t.Fatalf("userinfo before the replay = %d %s", a.status, a.text)
	}
	for range 2 {
		wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", form), 400, "invalid_grant", "used before")
	}
	if a := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", bearer); a.status != 401 || !strings.Contains(a.header.Get("WWW-Authenticate"), "was revoked") {
		t.Errorf("userinfo after the replay = %d %q", a.status, a.header.Get("WWW-Authenticate"))
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {"workshop-spa"}, "refresh_token": {first.str("refresh_token")}}
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", refresh), 400, "invalid_grant", "was revoked")
}

func TestCodeRefusedOnceIsSpent(t *testing.T) {
	b := newBench(t)
	form := b.tokenForm(t)
	good := form.Get("code_verifier")
	form.Set("code_verifier", oauth2.GenerateVerifier())
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", form), 400, "invalid_grant", "does not match")
	form.Set("code_verifier", good)
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", form), 400, "invalid_grant", "refused before")
}

func (b *bench) refresh(t testing.TB, token string, change ...string) answer {
	t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"workshop-spa"}, "refresh_token": {token}}
	return b.send(t, b.lab.Issuer()+"/token", edit(form, change...))
}

func TestRefreshTokenReuseRevokesTheWholeFamily(t *testing.T) {
	b := newBench(t)
	first := b.tokens(t, "openid", "offline_access", "read")
	second := b.refresh(t, first.RefreshToken)
	id := claims(t, second.str("id_token"))
	if _, has := id["nonce"]; has || id["sub"] != "lab-user-1001" || id["auth_time"] == nil {
		t.Errorf("ID token of a refresh: %v", id)
	}
	third := b.refresh(t, second.str("refresh_token"))
	if third.status != 200 {
		t.Fatal(third.text)
	}
	if a := b.api(t, first.AccessToken); a.status != 200 {
		t.Fatalf("the API refuses the first access token before the reuse: %s", a.text)
	}
	wantRefusal(t, b.refresh(t, first.RefreshToken), 400, "invalid_grant", "used before and replaced")
	for name, token := range map[string]string{"first": first.AccessToken, "second": second.str("access_token"), "third": third.str("access_token")} {
		if a := b.api(t, token); a.status != 401 {
			t.Errorf("the API takes the %s access token after the reuse", name)
		}
	}
	wantRefusal(t, b.refresh(t, third.str("refresh_token")), 400, "invalid_grant", "revoked")
}

func TestRefreshRefusals(t *testing.T) {
	b := newBench(t)
	tok := b.tokens(t, "offline_access", "read")
	wantRefusal(t, b.refresh(t, ""), 400, "invalid_request", "refresh_token is missing")
	wantRefusal(t, b.refresh(t, tok.AccessToken), 400, "invalid_grant", "unknown")
	wantRefusal(t, b.refresh(t, tok.RefreshToken, "scope", "write"), 400, "invalid_scope", "not granted before")
	wantRefusal(t, b.refresh(t, tok.RefreshToken, "client_id", "workshop-web", "client_secret", "workshop-secret"), 400, "invalid_grant", "another client")
	b.now.move(8*time.Hour + time.Second)
	wantRefusal(t, b.refresh(t, tok.RefreshToken), 400, "invalid_grant", "expired")
}

func TestNoRefreshTokenWithoutOfflineAccess(t *testing.T) {
	if tok := newBench(t).tokens(t, "openid", "read"); tok.RefreshToken != "" {
		t.Errorf("refresh_token = %q", tok.RefreshToken)
	}
}

func (b *bench) api(t testing.TB, token string) answer {
	t.Helper()
	return b.send(t, b.lab.API()+"/api/profile", nil, "Authorization", "Bearer "+token)
}

// While client or redirect_uri are doubtful, nobody is redirected.
func TestAuthorizationErrorsThatMustNotRedirect(t *testing.T) {
	for _, c := range []struct {
		name, words string
		change      []string
	}{
		{"no client", "client_id is missing", []string{"client_id", ""}},
		{"unknown client", "No client is registered", []string{"client_id", "nobody"}},
		{"client without this grant", "not registered for this grant_type", []string{"client_id", "workshop-service"}},
		{"no redirect_uri", "redirect_uri is missing", []string{"redirect_uri", ""}},
		{"another host", "not registered", []string{"redirect_uri", "http://evil.test/callback"}},
		{"another path", "not registered", []string{"redirect_uri", "http://127.0.0.1:1/callback/"}},
		{"another scheme", "not registered", []string{"redirect_uri", "https://127.0.0.1:1/callback"}},
		{"a query", "not registered", []string{"redirect_uri", "http://127.0.0.1:1/callback?a=b"}},
		{"user information", "not registered", []string{"redirect_uri", "http://127.0.0.1:1@evil.test/callback"}},
		{"another loopback address", "not registered", []string{"redirect_uri", "http://127.0.0.2:1/callback"}},
		{"upper case", "not registered", []string{"redirect_uri", "http://LOCALHOST:1/callback"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			a := b.send(t, b.lab.Issuer()+"/authorize?"+edit(b.authorizeForm(), c.change...).Encode(), nil)
			if a.status != 400 || a.header.Get("Location") != "" || !strings.Contains(a.text, c.words) || !strings.Contains(a.text, "authdance lab") {
				t.Errorf("answer = %d, Location %q\n%s", a.status, a.header.Get("Location"), a.text)
			}
		})
	}
}

func (b *bench) authorizeForm() url.Values {
	return url.Values{"client_id": {"workshop-spa"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier("verifier")}, "code_challenge_method": {"S256"}}
}

// RFC 8252 §7.3: the port of a loopback redirect URI is free.
func TestAnyPortOfTheLoopbackCallbackIsAccepted(t *testing.T) {
	for _, uri := range []string{"http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://localhost:65535/callback", "http://[::1]:8080/callback", "http://[::1]/callback"} {
		b := newBench(t)
		back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + edit(b.authorizeForm(), "redirect_uri", uri).Encode())
		if err != nil || back.Get("code") == "" {
			t.Errorf("%s: %v, %v", uri, back, err)
		}
	}
}

func TestAuthorizationErrorsThatGoToTheClient(t *testing.T) {
	for _, c := range []struct {
		name, code, words string
		change            []string
	}{
		{"no response_type", "invalid_request", "response_type is missing", []string{"response_type", ""}},
		{"token", "unsupported_response_type", "through the browser", []string{"response_type", "token"}},
		{"response_mode", "invalid_request", "response_mode", []string{"response_mode", "pigeon"}},
		{"no PKCE", "invalid_request", "must use PKCE", []string{"code_challenge", "", "code_challenge_method", ""}},
		{"no method", "invalid_request", "means plain", []string{"code_challenge_method", ""}},
		{"plain", "invalid_request", "S256 only", []string{"code_challenge_method", "plain"}},
		{"method alone", "invalid_request", "code_challenge is missing", []string{"code_challenge", ""}},
		{"hex challenge", "invalid_request", "43 characters", []string{"code_challenge", strings.Repeat("ab", 32)}},
		{"padded challenge", "invalid_request", "not plain base64", []string{"code_challenge", oauth2.S256ChallengeFromVerifier("v") + "="}},
		{"unknown scope", "invalid_scope", "does not know", []string{"scope", "openid mail.reed"}},
		{"unknown prompt", "invalid_request", "prompt", []string{"prompt", "dance"}},
		{"prompt none and more", "invalid_request", "stand alone", []string{"prompt", "none login"}},
		{"prompt none without a session", "login_required", "Nobody is signed in", []string{"prompt", "none"}},
		{"max_age", "invalid_request", "number of seconds", []string{"max_age", "soon"}},
		{"a request object of a client without keys", "invalid_request_object", "no public key is registered", []string{"request", "e30.e30."}},
		{"a foreign request_uri", "request_uri_not_supported", "own pushed", []string{"request_uri", "https://evil.test/x"}},
		{"endless state", "invalid_request", "longer than 8 KiB", []string{"nonce", strings.Repeat("x", 9<<10)}},
		{"a foreign id_token_hint", "invalid_request", "id_token_hint", []string{"id_token_hint", "e30.e30.e30"}},
	} {
		for _, mode := range []string{"", "query", "fragment", "form_post", "query.jwt", "form_post.jwt"} {
			if c.name == "response_mode" && strings.HasSuffix(mode, "jwt") {
				continue // it is replaced by an unknown one
			}
			t.Run(c.name+" "+mode, func(t *testing.T) {
				b := newBench(t)
				form := b.authorizeForm()
				if mode != "" {
					form.Set("response_mode", mode)
				}
				back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + edit(form, c.change...).Encode())
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasSuffix(mode, "jwt") {
					back = b.openResponse(t, back, "workshop-spa")
				}
				if back.Get("error") != c.code || !strings.Contains(back.Get("error_description"), c.words) || back.Get("state") != "s" || back.Get("iss") != b.lab.Issuer() || back.Has("code") {
					t.Errorf("answer = %v, want %s %q", back, c.code, c.words)
				}
			})
		}
	}
}

func TestPushedRequests(t *testing.T) {
	b := newBench(t)
	at := b.lab.Issuer() + "/par"
	push := func() string {
		a := b.send(t, at, b.authorizeForm())
		if a.status != http.StatusCreated || a.json["expires_in"] != 60.0 {
			t.Fatalf("push = %d %s", a.status, a.text)
		}
		return a.str("request_uri")
	}
	authorize := func(uri, client string) string {
		return b.lab.Issuer() + "/authorize?" + url.Values{"client_id": {client}, "request_uri": {uri}}.Encode()
	}
	uri := push()
	// RFC 9126 §4: parameters beside the pushed ones do not count.
	back, err := b.browser.visit(authorize(uri, "workshop-spa") + "&state=other&prompt=none&scope=nope&redirect_uri=http://evil.test/")
	if err != nil || back.Get("code") == "" || back.Get("state") != "s" {
		t.Fatalf("%v, %v", back, err)
	}
	for _, c := range []struct {
		name, uri, client, words string
		wait                     time.Duration
	}{
		{"used", uri, "workshop-spa", "used before", 0},
		{"unknown", "urn:ietf:params:oauth:request_uri:lab_x", "workshop-spa", "unknown", 0},
		{"foreign", push(), "workshop-web", "pushed by another client", 0},
		{"late", push(), "workshop-spa", "expired", 61 * time.Second},
	} {
		b.now.move(c.wait)
		if a := b.send(t, authorize(c.uri, c.client), nil); a.status != 400 || !strings.Contains(a.text, c.words) {
			t.Errorf("%s: %d %s", c.name, a.status, a.text)
		}
	}
	wantRefusal(t, b.send(t, at, edit(b.authorizeForm(), "redirect_uri", "http://evil.test/")), 400, "invalid_request", "not registered")
	wantRefusal(t, b.send(t, at, edit(b.authorizeForm(), "request_uri", "urn:x")), 400, "invalid_request", "itself")
	wantRefusal(t, b.send(t, at, edit(b.authorizeForm(), "code_challenge", "")), 400, "invalid_request", "code_challenge is missing")
	wantRefusal(t, b.send(t, at, edit(b.authorizeForm(), "scope", "nope")), 400, "invalid_scope", "does not know")
	wantRefusal(t, b.send(t, at, edit(b.authorizeForm(), "client_id", "workshop-web")), 401, "invalid_client", "no client_secret")
}
