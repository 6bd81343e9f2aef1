package lab_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/oauth2"
)

// publisher is an application's own server: it answers every path with what
// was published last.
type publisher struct {
	*httptest.Server
	status  int
	media   string
	body    string
	asked   atomic.Int64
	headers http.Header
}

func newPublisher(t testing.TB, media string) *publisher {
	t.Helper()
	p := &publisher{status: 200, media: media, headers: http.Header{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		w.Header().Set("Content-Type", p.media)
		for name, v := range p.headers {
			w.Header()[name] = v
		}
		w.WriteHeader(p.status)
		fmt.Fprint(w, p.body)
	}))
	t.Cleanup(p.Close)
	return p
}

// RFC 9101 §5.2: the request object stands at an address of the client.
func TestSignedRequestByReference(t *testing.T) {
	b := newBench(t)
	keys := b.keySigner(t)
	p := newPublisher(t, "application/oauth-authz-req+jwt")
	publish := func(change ...any) {
		p.body = keys.jwt(with(b.requestClaims("workshop-keys"), change...), map[string]any{"typ": "oauth-authz-req+jwt"})
	}
	ask := func(uri string, change ...string) url.Values {
		t.Helper()
		back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + edit(url.Values{"client_id": {"workshop-keys"}, "request_uri": {uri}, "redirect_uri": {callback}, "state": {"unsigned"}}, change...).Encode())
		if err != nil {
			t.Fatal(err)
		}
		return back
	}
	at := p.URL + "/requests/1.jwt"
	publish()
	if back := ask(at); back.Get("code") == "" || back.Get("state") != "s" {
		t.Errorf("answer = %v", back)
	}
	sum := sha256.Sum256([]byte(p.body))
	if back := ask(at + "#" + b64.EncodeToString(sum[:])); back.Get("code") == "" {
		t.Errorf("with the hash of the content: %v", back)
	}
	refused := func(name, code, words string, back url.Values) {
		t.Helper()
		if back.Get("error") != code || !strings.Contains(back.Get("error_description"), words) {
			t.Errorf("%s: %v", name, back)
		}
	}
	publish("state", "another")
	refused("changed content", "invalid_request_uri", "SHA-256", ask(at+"#"+b64.EncodeToString(sum[:])))
	publish("client_id", "workshop-spa")
	refused("another client", "invalid_request_object", "client_id in the request object", ask(at))
	publish("request_uri", at)
	refused("nested", "invalid_request_object", "inside", ask(at))
	publish()
	refused("both ways", "invalid_request", "both request and request_uri", ask(at, "request", p.body))
	p.media = "application/json"
	refused("content type", "invalid_request_uri", "content type at the request_uri", ask(at))
	p.media = "application/oauth-authz-req+jwt"
	p.body = strings.Repeat("x", 33<<10)
	refused("length", "invalid_request_uri", "longer than 32 KiB", ask(at))
	p.status = 302
	p.headers.Set("Location", p.URL+"/requests/2.jwt")
	before := p.asked.Load()
	refused("redirect", "invalid_request_uri", "does not answer with 200", ask(at))
	if p.asked.Load() != before+1 {
		t.Error("a redirect was followed")
	}
	// What is not registered is not even asked.
	before = p.asked.Load()
	for name, uri := range map[string]string{
		"another path": p.URL + "/elsewhere/1.jwt", "dots": p.URL + "/requests/../x", "encoded dots": p.URL + "/requests/%2e%2e/x", "another machine": "http://192.0.2.1/requests/1", "a name": "http://localhost.example.test/requests/1",
		"user": strings.Replace(p.URL, "http://", "http://127.0.0.1@", 1) + "/requests/1", "file": "file:///requests/1", "no URL": "requests",
	} {
		refused(name, "invalid_request_uri", "not below one of the request_uris", ask(uri))
	}
	refused("a client without any", "request_uri_not_supported", "no request_uris", ask(at, "client_id", "workshop-spa"))
	if p.asked.Load() != before {
		t.Error("an address that is not registered was asked")
	}
	p.Close()
	refused("nobody there", "invalid_request_uri", "Nothing answers", ask(at))
	refused("the lab's own pages", "invalid_request_uri", "Nothing answers", ask(b.lab.Issuer()[:len("http://127.0.0.1:9500")]+"/requests/1"))
}

func TestRequestURIsAreRegistered(t *testing.T) {
	b := newBench(t)
	p := newPublisher(t, "application/oauth-authz-req+jwt")
	s := ecSigner(t, "k")
	register := func(uri string) answer {
		return b.json(t, "POST", b.lab.Issuer()+"/register", map[string]any{"redirect_uris": []string{callback}, "token_endpoint_auth_method": "private_key_jwt",
			"jwks": map[string]any{"keys": []any{s.jwk}}, "request_uris": []string{uri}})
	}
	wantRefusal(t, register("https://app.example.test/r"), 400, "invalid_client_metadata", "loopback host")
	a := register(p.URL + "/mine")
	p.body = s.jwt(b.requestClaims(a.str("client_id")), nil)
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + url.Values{"client_id": {a.str("client_id")}, "request_uri": {p.URL + "/mine"}}.Encode())
	if err != nil || back.Get("code") == "" {
		t.Errorf("%v, %v", back, err)
	}
}

// codeFlow runs the code flow of a public client to the end.
func (b *bench) codeFlow(t testing.TB, clientID string) answer {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	form := edit(b.authorizeForm(), "client_id", clientID, "scope", "openid read offline_access", "code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + form.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return b.send(t, b.lab.Issuer()+"/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {clientID}, "code": {back.Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier}})
}

// draft-ietf-oauth-client-id-metadata-document: nobody registered this client.
func TestClientDescribesItselfAtItsAddress(t *testing.T) {
	b := newBench(t)
	own := b.lab.ClientDocument()
	a := b.codeFlow(t, own)
	if a.status != 200 || claims(t, a.str("access_token"))["client_id"] != own || claims(t, a.str("id_token"))["aud"] != own {
		t.Fatalf("tokens = %d %s", a.status, a.text)
	}
	if got := b.api(t, a.str("access_token")); got.status != 200 {
		t.Errorf("API = %s", got.text)
	}
	if got := b.send(t, b.lab.Issuer()+"/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {own}, "refresh_token": {a.str("refresh_token")}}); got.status != 200 {
		t.Errorf("refresh = %s", got.text)
	}
	if len(b.lab.Clients()) != len(newBench(t).lab.Clients()) {
		t.Error("a client that describes itself is listed as registered")
	}

	p := newPublisher(t, "application/json")
	id, s := p.URL+"/app.json", ecSigner(t, "k")
	publish := func(change ...any) {
		text, _ := json.Marshal(with(map[string]any{"client_id": id, "client_name": "An app", "redirect_uris": []string{callback}}, change...))
		p.body = string(text)
	}
	publish("grant_types", []string{"authorization_code", "refresh_token"})
	if a := b.codeFlow(t, id); a.status != 200 {
		t.Fatalf("tokens = %s", a.text)
	}
	// What changes in the document counts at the next authorization request.
	publish("redirect_uris", []string{"https://app.example.test/cb"})
	page := func(id string) answer {
		return b.send(t, b.lab.Issuer()+"/authorize?"+edit(b.authorizeForm(), "client_id", id).Encode(), nil)
	}
	if a := page(id); a.status != 400 || !strings.Contains(a.text, "redirect_uri is not registered") {
		t.Errorf("another redirect_uri: %d %s", a.status, a.text)
	}
	// A client with a key can be confidential all the same.
	publish("token_endpoint_auth_method", "private_key_jwt", "grant_types", []string{"client_credentials"}, "jwks", map[string]any{"keys": []any{s.jwk}})
	p.media = "application/oauth-client+json"
	if a := b.send(t, b.lab.Issuer()+"/token", edit(assertionForm(s.jwt(with(b.assertionClaims(p.URL+"/key.json")), nil)), "client_id", p.URL+"/key.json")); a.status != 401 || !strings.Contains(a.text, "letter by letter") {
		t.Errorf("the document of another address: %s", a.text)
	}
	id = p.URL + "/key.json"
	publish("token_endpoint_auth_method", "private_key_jwt", "grant_types", []string{"client_credentials"}, "jwks", map[string]any{"keys": []any{s.jwk}})
	if a := b.send(t, b.lab.Issuer()+"/token", assertionForm(s.jwt(b.assertionClaims(id), nil))); a.status != 200 {
		t.Errorf("client with a key: %s", a.text)
	}
}

func TestClientDocumentRefusalsNameTheMistake(t *testing.T) {
	b := newBench(t)
	p := newPublisher(t, "application/json")
	id := p.URL + "/app.json"
	good := map[string]any{"client_id": id, "redirect_uris": []string{callback}}
	ask := func(id string) string {
		a := b.send(t, b.lab.Issuer()+"/authorize?"+edit(b.authorizeForm(), "client_id", id).Encode(), nil)
		if a.status != 400 {
			t.Errorf("%s: %d", id, a.status)
		}
		return a.text
	}
	want := func(name, text, words string) {
		t.Helper()
		if !strings.Contains(text, words) {
			t.Errorf("%s: the page does not say %q: %s", name, words, text)
		}
	}
	for _, c := range []struct {
		name   string
		change []any
		words  string
	}{
		{"another client_id", []any{"client_id", id + "/"}, "letter by letter"},
		{"no client_id", []any{"client_id", nil}, "letter by letter"},
		{"a secret", []any{"client_secret", "x"}, "cannot hold a secret"},
		{"an end of a secret", []any{"client_secret_expires_at", 0}, "cannot hold a secret"},
		{"client_secret_basic", []any{"token_endpoint_auth_method", "client_secret_basic"}, "cannot hold a secret"},
		{"client_secret_jwt", []any{"token_endpoint_auth_method", "client_secret_jwt"}, "cannot hold a secret"},
		{"an unknown method", []any{"token_endpoint_auth_method", "magic"}, "not one of this server"},
		{"no redirect_uris", []any{"redirect_uris", nil}, "redirect_uris are missing"},
		{"another redirect_uri", []any{"redirect_uris", []string{"https://app.example.test/"}}, "redirect_uri is not registered"},
		{"too long", []any{"client_name", strings.Repeat("x", 6000)}, "longer than 5 KiB"},
	} {
		text, _ := json.Marshal(with(good, c.change...))
		p.body = string(text)
		want(c.name, ask(id), c.words)
	}
	for _, body := range []string{"", "[]", "null", "{", `{"redirect_uris":1}`} {
		p.body = body
		if text := ask(id); !strings.Contains(text, "one JSON object") {
			t.Errorf("%q: %s", body, text)
		}
	}
	p.media = "text/html"
	want("content type", ask(id), "content type of the client metadata document")
	p.status = 404
	want("404", ask(id), "does not answer with 200")
	p.status = 301
	p.headers.Set("Location", p.URL+"/moved.json")
	want("redirect", ask(id), "redirect is not followed")
	before := p.asked.Load()
	for name, id := range map[string]string{"no path": p.URL, "fragment": p.URL + "/a#b", "user": strings.Replace(p.URL, "http://", "http://u:p@", 1) + "/a", "dots": p.URL + "/a/../b", "http elsewhere": "http://app.example.test/a", "no host": "https:///a"} {
		want(name, ask(id), "must be https")
	}
	want("https elsewhere", ask("https://app.example.test/client.json"), "on another machine")
	want("metadata service", ask("https://169.254.169.254/latest"), "on another machine")
	want("a page of the lab", ask(b.lab.Issuer()+"/authorize"), "nothing answers there")
	if p.asked.Load() != before {
		t.Error("an address that is not good was asked")
	}
	p.Close()
	want("nobody there", ask(id), "nothing answers there")
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", credentialsForm(p.URL+"/never.json")), 401, "invalid_client", "nothing answers there")
}
