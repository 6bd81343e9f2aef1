package lab_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func halfHash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return b64.EncodeToString(sum[:16])
}

// legacy runs an authorization request of the client that may have everything.
func (b *bench) legacy(t testing.TB, responseType string, change ...string) url.Values {
	t.Helper()
	form := url.Values{"client_id": {"workshop-legacy"}, "redirect_uri": {callback}, "response_type": {responseType}, "scope": {"openid read"}, "state": {"a-state"}, "nonce": {"a-nonce"}}
	if strings.Contains(responseType, "code") {
		form.Set("code_challenge", oauth2.S256ChallengeFromVerifier(strings.Repeat("v", 43)))
		form.Set("code_challenge_method", "S256")
	}
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + edit(form, change...).Encode())
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// OAuth 2.0 Multiple Response Types §5 and OIDC Core §3.2, §3.3: what each
// response type brings back, and how the ID token is tied to it.
func TestForeignClientAcceptsEveryResponseType(t *testing.T) {
	for _, responseType := range []string{"code", "code id_token", "code token", "code id_token token", "token id_token code", "id_token", "token", "id_token token"} {
		for _, mode := range []string{"", "fragment", "form_post"} {
			t.Run(responseType+" "+mode, func(t *testing.T) {
				b := newBench(t)
				wants := strings.Fields(responseType)
				back := b.legacy(t, responseType, "response_mode", mode)
				if back.Get("state") != "a-state" || back.Get("iss") != b.lab.Issuer() || back.Has("error") || back.Has("refresh_token") {
					t.Fatalf("answer = %v", back)
				}
				for param, value := range map[string]string{"code": "code", "id_token": "id_token", "access_token": "token", "token_type": "token", "expires_in": "token"} {
					if back.Has(param) != slices.Contains(wants, value) {
						t.Errorf("%s: %q", param, back.Get(param))
					}
				}
				if raw := back.Get("access_token"); raw != "" {
					if back.Get("token_type") != "Bearer" || back.Get("expires_in") != "300" {
						t.Errorf("answer = %v", back)
					}
					if a := b.api(t, raw); a.status != 200 {
						t.Errorf("API = %d %s", a.status, a.text)
					}
				}
				if raw := back.Get("id_token"); raw != "" {
					b.checkFrontToken(t, back)
				}
				if code := back.Get("code"); code != "" {
					a := b.send(t, b.lab.Issuer()+"/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-legacy"}, "code": {code},
						"redirect_uri": {callback}, "code_verifier": {strings.Repeat("v", 43)}})
					if a.status != 200 || claims(t, a.str("id_token"))["nonce"] != "a-nonce" {
						t.Errorf("token request = %d %s", a.status, a.text)
					}
				}
			})
		}
	}
}

func (b *bench) checkFrontToken(t testing.TB, back url.Values) {
	t.Helper()
	ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: b.rt})
	v := oidc.NewVerifier(b.lab.Issuer(), oidc.NewRemoteKeySet(ctx, b.lab.Issuer()+"/jwks"), &oidc.Config{ClientID: "workshop-legacy", Now: b.now.now, SupportedSigningAlgs: []string{"ES256"}})
	id, err := v.Verify(ctx, back.Get("id_token"))
	if err != nil {
		t.Fatal(err)
	}
	if access := back.Get("access_token"); access != "" {
		if err := id.VerifyAccessToken(access); err != nil {
			t.Errorf("at_hash: %v", err)
		}
	}
	c := claims(t, back.Get("id_token"))
	if id.Nonce != "a-nonce" || c["s_hash"] != halfHash("a-state") || (c["c_hash"] != nil) != back.Has("code") || back.Has("code") && c["c_hash"] != halfHash(back.Get("code")) {
		t.Errorf("claims = %v", c)
	}
}

func TestResponseTypeRefusals(t *testing.T) {
	for _, c := range []struct {
		name, responseType string
		change             []string
		code, words        string
	}{
		{"hybrid without nonce", "code id_token", []string{"nonce", ""}, "invalid_request", "nonce is missing"},
		{"implicit without nonce", "id_token token", []string{"nonce", ""}, "invalid_request", "nonce is missing"},
		{"no openid", "id_token", []string{"scope", "read"}, "invalid_request", "scope openid is missing"},
		{"query", "token", []string{"response_mode", "query"}, "invalid_request", "must not stand in a query"},
		{"PKCE without a code", "token", []string{"code_challenge", oauth2.S256ChallengeFromVerifier("v"), "code_challenge_method", "S256"}, "invalid_request", "no code to protect"},
		{"hybrid without PKCE", "code token", []string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request", "must use PKCE"},
		{"unknown", "code magic", nil, "unsupported_response_type", "does not know this response_type"},
		{"twice the same", "code code", nil, "unsupported_response_type", "does not know this response_type"},
		{"not this client", "id_token", []string{"client_id", "workshop-spa"}, "unsupported_response_type", "may not get tokens"},
	} {
		t.Run(c.name, func(t *testing.T) {
			back := newBench(t).legacy(t, c.responseType, c.change...)
			if back.Get("error") != c.code || !strings.Contains(back.Get("error_description"), c.words) || back.Has("access_token") {
				t.Errorf("answer = %v", back)
			}
		})
	}
}

// Multiple Response Types §5: what would have come in the fragment, and the
// errors too, do not end up in a query.
func TestErrorsOfTokenResponsesComeInTheFragment(t *testing.T) {
	b := newBench(t)
	a := b.send(t, b.lab.Issuer()+"/authorize?"+url.Values{"client_id": {"workshop-legacy"}, "redirect_uri": {callback}, "response_type": {"id_token"}, "response_mode": {"query"}, "scope": {"openid"}}.Encode(), nil)
	if to := a.header.Get("Location"); !strings.HasPrefix(to, callback+"#") {
		t.Errorf("Location = %s", to)
	}
	b.browser.deny = true
	if back := b.legacy(t, "id_token"); back.Get("error") != "access_denied" {
		t.Errorf("answer = %v", back)
	}
}

func TestTokensThroughTheBrowserCanBePushedToo(t *testing.T) {
	b := newBench(t)
	a := b.send(t, b.lab.Issuer()+"/par", url.Values{"client_id": {"workshop-legacy"}, "redirect_uri": {callback}, "response_type": {"token id_token"}, "scope": {"openid"}, "nonce": {"a-nonce"}, "state": {"a-state"}})
	if a.status != http.StatusCreated {
		t.Fatal(a.text)
	}
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + url.Values{"client_id": {"workshop-legacy"}, "request_uri": {a.str("request_uri")}}.Encode())
	if err != nil || back.Get("id_token") == "" {
		t.Fatalf("%v, %v", back, err)
	}
	b.checkFrontToken(t, back)
}
