package lab_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// openResponse verifies a signed authorization response with a foreign library
// and returns what is inside, JARM §2.4.
func (b *bench) openResponse(t testing.TB, back url.Values, clientID string) url.Values {
	t.Helper()
	if len(back) != 1 || back.Get("response") == "" {
		t.Fatalf("answer = %v, want response alone", back)
	}
	ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: b.rt})
	payload, err := oidc.NewRemoteKeySet(ctx, b.lab.Issuer()+"/jwks").VerifySignature(ctx, back.Get("response"))
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims["iss"] != b.lab.Issuer() || claims["aud"] != clientID || claims["exp"] != float64(b.now.at.Unix()+600) {
		t.Errorf("claims = %v", claims)
	}
	out := url.Values{}
	for name, v := range claims {
		if s, ok := v.(string); ok && name != "aud" {
			out.Set(name, s)
		}
	}
	return out
}

// JARM §2.3: the four signed response modes.
func TestSignedResponses(t *testing.T) {
	for _, c := range []struct{ mode, responseType, begins string }{
		{"jwt", "code", callback + "?response="},
		{"query.jwt", "code", callback + "?response="},
		{"fragment.jwt", "code", callback + "#response="},
		{"form_post.jwt", "code", ""},
		{"jwt", "code id_token", callback + "#response="},
	} {
		t.Run(c.mode+" "+c.responseType, func(t *testing.T) {
			b := newBench(t)
			b.legacy(t, "code") // signs in, so that the next answer comes at once
			back := b.openResponse(t, b.legacy(t, c.responseType, "response_mode", c.mode), "workshop-legacy")
			if back.Get("code") == "" || back.Get("state") != "a-state" || (back.Get("id_token") == "") != (c.responseType == "code") {
				t.Errorf("answer = %v", back)
			}
			form := edit(b.authorizeForm(), "client_id", "workshop-legacy", "nonce", "n", "response_type", c.responseType, "response_mode", c.mode)
			a := b.browserGet(t, b.lab.Issuer()+"/authorize?"+form.Encode())
			if !strings.HasPrefix(a, c.begins) || (a == "") != (c.begins == "") {
				t.Errorf("Location = %q", a)
			}
		})
	}
	b := newBench(t)
	back := b.openResponse(t, b.legacy(t, "id_token", "response_mode", "query.jwt"), "workshop-legacy")
	if !strings.Contains(back.Get("error_description"), "must not stand in a query") {
		t.Errorf("answer = %v", back)
	}
}

// browserGet returns where the signed-in browser is sent.
func (b *bench) browserGet(t testing.TB, at string) string {
	t.Helper()
	res, err := b.browser.http.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.Header.Get("Location")
}

// requestClaims is an authorization request as the claims of a request object.
func (b *bench) requestClaims(id string) map[string]any {
	claims := map[string]any{"iss": id, "aud": b.lab.Issuer(), "exp": b.now.at.Unix() + 60}
	for name, v := range b.authorizeForm() {
		claims[name] = v[0]
	}
	claims["client_id"], claims["max_age"], claims["nonce"] = id, 600, "signed-nonce"
	claims["code_challenge"] = oauth2.S256ChallengeFromVerifier(strings.Repeat("v", 43))
	return claims
}

// RFC 9101 §5: only what is signed counts.
func TestSignedRequestByValue(t *testing.T) {
	b := newBench(t)
	keys := b.keySigner(t)
	request := keys.jwt(b.requestClaims("workshop-keys"), map[string]any{"typ": "oauth-authz-req+jwt"})
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + url.Values{"client_id": {"workshop-keys"}, "request": {request}, "scope": {"write"}, "state": {"unsigned"}, "redirect_uri": {"http://evil.test/"}}.Encode())
	if err != nil || back.Get("state") != "s" || back.Get("code") == "" {
		t.Fatalf("%v, %v", back, err)
	}
	f := assertionForm(keys.jwt(b.assertionClaims("workshop-keys"), nil))
	a := b.send(t, b.lab.Issuer()+"/token", edit(f, "grant_type", "authorization_code", "code", back.Get("code"), "redirect_uri", callback, "code_verifier", strings.Repeat("v", 43), "scope", ""))
	if a.str("scope") != "openid" || claims(t, a.str("id_token"))["nonce"] != "signed-nonce" {
		t.Errorf("tokens = %s", a.text)
	}
}

func TestSignedRequestRefusals(t *testing.T) {
	b := newBench(t)
	keys := b.keySigner(t)
	good := b.requestClaims("workshop-keys")
	for _, c := range []struct {
		name, request, words string
	}{
		{"no JWT", "x", "request object is not a JWT"},
		{"alg none", noSigner().jwt(good, nil), "request object has no signature"},
		{"alg none with the right kid", noSigner().jwt(good, map[string]any{"kid": keys.jwk["kid"]}), "request object has no signature"},
		{"another key", ecSigner(t, fmt.Sprint(keys.jwk["kid"])).jwt(good, nil), "signature of the request object is wrong"},
		{"another type", keys.jwt(good, map[string]any{"typ": "at+jwt"}), "typ of the request object"},
		{"another client", keys.jwt(with(good, "client_id", "workshop-spa"), nil), "client_id in the request object"},
		{"another issuer", keys.jwt(with(good, "iss", "workshop-spa"), nil), "iss of the request object"},
		{"another audience", keys.jwt(with(good, "aud", "https://other.test"), nil), "aud of the request object"},
		{"nested", keys.jwt(with(good, "request", "x"), nil), "request or request_uri inside"},
		{"expired", keys.jwt(with(good, "exp", b.now.at.Unix()-1), nil), "request object has expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := url.Values{"client_id": {"workshop-keys"}, "request": {c.request}}
			if a := b.send(t, b.lab.Issuer()+"/authorize?"+form.Encode(), nil); a.status != 400 || !strings.Contains(a.text, c.words) || !strings.Contains(a.text, "invalid_request_object") {
				t.Errorf("page = %d %s", a.status, a.text)
			}
			form.Set("redirect_uri", callback)
			back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + form.Encode())
			if err != nil || back.Get("error") != "invalid_request_object" || !strings.Contains(back.Get("error_description"), c.words) {
				t.Errorf("answer = %v, %v", back, err)
			}
		})
	}
}

// A client as in open banking signs its request and pushes it.
func TestStrictClientSignsAndPushes(t *testing.T) {
	b := newBench(t)
	keys := privateSigner(t, b.client(t, "workshop-strict").PrivateJWK)
	push := func(form url.Values) answer {
		f := assertionForm(keys.jwt(b.assertionClaims("workshop-strict"), nil))
		f.Del("grant_type")
		f.Del("scope")
		for name, v := range form {
			f[name] = v
		}
		return b.send(t, b.lab.Issuer()+"/par", f)
	}
	a := push(url.Values{"request": {keys.jwt(with(b.requestClaims("workshop-strict"), "response_mode", "jwt"), nil)}})
	if a.status != http.StatusCreated {
		t.Fatal(a.text)
	}
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + url.Values{"client_id": {"workshop-strict"}, "request_uri": {a.str("request_uri")}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if back = b.openResponse(t, back, "workshop-strict"); back.Get("code") == "" || back.Get("state") != "s" {
		t.Errorf("answer = %v", back)
	}
	wantRefusal(t, push(edit(b.authorizeForm(), "client_id", "workshop-strict")), 400, "invalid_request", "must sign its requests")
	if a := b.send(t, b.lab.Issuer()+"/authorize?"+edit(b.authorizeForm(), "client_id", "workshop-strict").Encode(), nil); a.status != 400 || !strings.Contains(a.text, "must push its requests") {
		t.Errorf("page = %s", a.text)
	}
	if !slices.Contains(b.client(t, "workshop-strict").Requires, "signed_request") {
		t.Error("the list of clients does not say what is required")
	}
}
