package grants_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/grants"
	"authdance/flows/wire"
)

// bareOP is the least that is an OpenID provider. Each test bends it the way
// that real servers are bent. Nobody signs in: it sends the browser straight back.
type bareOP struct {
	url   string
	key   *rsa.PrivateKey
	nonce string

	claims   map[string]any // replace those of the ID token; nil values drop one
	alg      jose.SignatureAlgorithm
	secret   string
	userinfo func(*bareOP) (contentType, body string)
	token    map[string]any // further members of the token answer
	metadata map[string]any // further members of the metadata
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func (op *bareOP) start(t *testing.T) {
	t.Helper()
	op.key = rsaKey()
	srv := httptest.NewServer(op)
	t.Cleanup(srv.Close)
	op.url = srv.URL
}

func (op *bareOP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		writeJSON(w, with(map[string]any{"issuer": op.url, "authorization_endpoint": op.url + "/auth", "token_endpoint": op.url + "/token",
			"jwks_uri": op.url + "/jwks", "userinfo_endpoint": op.url + "/me"}, op.metadata))
	case "/auth":
		q := r.URL.Query()
		op.nonce = q.Get("nonce")
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {"abc"}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
	case "/token":
		claims := map[string]any{"iss": op.url, "aud": "app", "sub": "u1", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "nonce": op.nonce}
		writeJSON(w, with(map[string]any{"access_token": "at", "token_type": "Bearer", "id_token": op.sign(with(claims, op.claims))}, op.token))
	case "/jwks":
		writeJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: op.key.Public(), KeyID: "k", Use: "sig"}}})
	case "/me":
		contentType, body := "application/json", `{"sub":"u1"}`
		if op.userinfo != nil {
			contentType, body = op.userinfo(op)
		}
		w.Header().Set("Content-Type", contentType)
		fmt.Fprint(w, body)
	}
}

func with(claims, more map[string]any) map[string]any {
	for name, v := range more {
		if claims[name] = v; v == nil {
			delete(claims, name)
		}
	}
	return claims
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}

func (op *bareOP) sign(claims map[string]any) string {
	var key any = jose.JSONWebKey{Key: op.key, KeyID: "k"}
	alg := jose.RS256
	if op.alg != "" {
		alg, key = op.alg, []byte(op.secret)
	}
	return signed(alg, key, claims)
}

func signed(alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	if err != nil {
		return err.Error()
	}
	payload, _ := json.Marshal(claims) // a map of plain values
	token, err := s.Sign(payload)
	if err != nil {
		return err.Error()
	}
	text, _ := token.CompactSerialize()
	return text
}

type client struct {
	secret, scope string
	quirks        map[string]string
}

func (op *bareOP) signIn(t *testing.T, c client) flows.State {
	t.Helper()
	op.start(t)
	live, err := exec.NewLive(exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	p, err := exec.NewSignIn(exec.SignInOptions{Next: live})
	if err != nil {
		t.Fatal(err)
	}
	if c.scope == "" {
		c.scope = "openid"
	}
	secrets, auth := flows.Secrets{}, "none"
	if c.secret != "" {
		secrets["client_secret"], auth = wire.NewSecret(c.secret), "client_secret_basic"
	}
	started, err := grants.Start(flows.Spec{Grant: "authorization_code", Options: map[string]string{"client_auth": auth}}, flows.Profile{Quirks: c.quirks},
		flows.Vars{"issuer": wire.Untrusted(op.url), "client_id": "app", "redirect_uri": "http://127.0.0.1:0/callback", "scope": wire.Untrusted(c.scope)}, secrets, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := exec.Run(context.Background(), flows.Log{}.Append(time.Now(), started), time.Now, p, nil)
	s, _ := log.At(len(log.Entries))
	return s
}

func mustEnd(t *testing.T, s flows.State, problem string) {
	t.Helper()
	got := ""
	if s.Problem != nil {
		got = s.Problem.Code
	}
	if got != problem || (problem == "") != (s.Status == flows.Done) {
		t.Errorf("%s with problem %q, want %q: %+v", s.Status, got, problem, s.Problem)
	}
}

func mustHave(t *testing.T, s flows.State, id string, status wire.Status) {
	t.Helper()
	for _, c := range s.Checks() {
		if c.ID == id && c.Status == status {
			return
		}
	}
	t.Errorf("no check %s with status %s", id, status)
}

func TestAnHMACIsVerifiedWithTheClientsOwnSecret(t *testing.T) {
	secret := strings.Repeat("s", 32)
	op := &bareOP{alg: jose.HS256, secret: secret}
	s := op.signIn(t, client{secret: secret})
	mustEnd(t, s, "")
	mustHave(t, s, "signature_invalid", wire.Pass)

	mustEnd(t, op.signIn(t, client{}), "alg_symmetric")
	mustEnd(t, op.signIn(t, client{secret: strings.Repeat("x", 32)}), "signature_invalid")
}

func TestTheClientsSecretVerifiesNothingButAnHMAC(t *testing.T) {
	s := (&bareOP{}).signIn(t, client{secret: strings.Repeat("s", 32)})
	mustEnd(t, s, "")
	mustHave(t, s, "alg_symmetric", wire.Pass)
}

func TestSignedUserinfoIsVerifiedBeforeItIsBelieved(t *testing.T) {
	jwt := func(claims map[string]any) func(*bareOP) (string, string) {
		return func(op *bareOP) (string, string) { return "application/jwt; charset=utf-8", op.sign(claims) }
	}
	s := (&bareOP{userinfo: jwt(map[string]any{"sub": "u1", "aud": "app", "name": "Al"})}).signIn(t, client{})
	mustEnd(t, s, "")
	mustHave(t, s, "userinfo_sub_mismatch", wire.Pass)
	if !strings.Contains(s.Vars["userinfo"].Raw(), `"Al"`) {
		t.Errorf("userinfo is %s", s.Vars["userinfo"].Safe())
	}
	mustEnd(t, (&bareOP{userinfo: jwt(map[string]any{"sub": "u2"})}).signIn(t, client{}), "userinfo_sub_mismatch")
	mustEnd(t, (&bareOP{userinfo: jwt(map[string]any{"sub": "u1", "aud": "another"})}).signIn(t, client{}), "aud_mismatch")
	mustEnd(t, (&bareOP{userinfo: jwt(map[string]any{"sub": "u1", "iss": "https://evil.example"})}).signIn(t, client{}), "iss_mismatch")

	forged := (&bareOP{userinfo: func(op *bareOP) (string, string) {
		token := op.sign(map[string]any{"sub": "u1"})
		return "application/jwt", token[:len(token)-8] + "AAAAAAAA"
	}}).signIn(t, client{})
	mustEnd(t, forged, "signature_invalid")
	if forged.Vars["userinfo"] != "" {
		t.Error("forged claims were taken over")
	}
}

func TestAFurtherAudienceCountsOnlyWhenTheProfileTrustsIt(t *testing.T) {
	aud := map[string]any{"aud": []string{"api", "app"}, "azp": "app"}
	s := (&bareOP{claims: aud}).signIn(t, client{})
	mustEnd(t, s, "aud_untrusted")
	if !strings.Contains(s.Problem.Description.Raw(), "trusted_audiences") {
		t.Errorf("nobody learns what to do: %s", s.Problem.Description.Safe())
	}
	s = (&bareOP{claims: aud}).signIn(t, client{quirks: map[string]string{"trusted_audiences": "other api"}})
	mustEnd(t, s, "")
	mustHave(t, s, "aud_multiple", wire.Warn)
}

func TestAnIDTokenThatNobodyAskedForNeedsNoNonce(t *testing.T) {
	s := (&bareOP{claims: map[string]any{"nonce": nil}}).signIn(t, client{scope: "email"})
	mustEnd(t, s, "")
	mustHave(t, s, "nonce_forbidden", wire.Pass)
}

func TestAMissingCapabilityIsListedOnOneLine(t *testing.T) {
	s := (&bareOP{metadata: map[string]any{"code_challenge_methods_supported": []string{"plain", "other"}}}).signIn(t, client{})
	mustEnd(t, s, "")
	for _, c := range s.Checks() {
		if c.ID == "metadata_invalid" && c.Got != "plain other" {
			t.Errorf("got %q", c.Got)
		}
	}
	mustHave(t, s, "metadata_invalid", wire.Warn)
}

func TestHarmlessDeviationsAreNamedAndDoNotStopTheRun(t *testing.T) {
	s := (&bareOP{token: map[string]any{"token_type": nil, "expires_in": "3600", "scope": nil, "ext_expires_in": 0, "not_before": "x"},
		metadata: map[string]any{"token_endpoint_auth_methods_supported": []string{"private_key_jwt"}, "x_more": map[string]any{"a": []int{1}}},
		claims:   map[string]any{"amr": "pwd", "email_verified": "true", "https://app.example/roles": []string{"a"}}}).signIn(t, client{})
	mustEnd(t, s, "")
	for id, status := range map[string]wire.Status{"token_type": wire.Warn, "expires_in_type": wire.Warn, "scope_narrowed": wire.NA, "at_hash_missing": wire.NA, "claim_type:email_verified": wire.Warn, "claim_type:amr": wire.Warn} {
		mustHave(t, s, id, status)
	}
}
