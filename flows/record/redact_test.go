package record_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/record"
	"authdance/flows/wire"
)

const (
	clientSecret = "s3cr3t/with+signs"
	accessToken  = "opaque-access-token-0123456789"
	codeValue    = "the-one-time-code-42"
)

func idToken() string {
	enc := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return enc(`{"alg":"ES256"}`) + "." + enc(`{"sub":"alice"}`) + "." + enc("a signature that opens doors")
}

func entry(e flows.Event) flows.Entry { return flows.Entry{At: time.Unix(1, 0), Event: e} }

func text(t *testing.T, en flows.Entry) string {
	t.Helper()
	b, err := en.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// run is a login in which every kind of credential passes through every place.
func run() []flows.Entry {
	basic := base64.StdEncoding.EncodeToString([]byte("web:" + "s3cr3t%2Fwith%2Bsigns"))
	return []flows.Entry{
		entry(flows.Started{Spec: flows.Spec{Grant: "authorization_code"}, Vars: flows.Vars{"client_id": "web", "refresh_token": "old-refresh-token"},
			Secrets: flows.Secrets{"client_secret": wire.NewSecret(clientSecret)}}),
		entry(flows.Edited{Step: "token", Edits: []flows.Edit{{Op: flows.Set, Name: "code", Value: codeValue}, {Op: flows.Set, Name: ":body", Value: "a=b&client_secret=s3cr3t%2Fwith%2Bsigns"}}}),
		entry(flows.Drawn{ID: 1, Values: flows.Vars{"code_verifier": "verifier-verifier-verifier", "state": "state-1"}}),
		entry(flows.Observed{ID: 2, Exchange: flows.Exchange{
			Request:  flows.Request{Method: "POST", URL: "http://as.test/login", Form: []flows.Param{{Name: "password", Value: "open-sesame"}}, Header: []flows.Param{{Name: "Cookie", Value: "sid=cookie-value-1; lang=en"}}},
			Response: flows.Response{Status: 302, Header: []flows.Param{{Name: "Set-Cookie", Value: "sid=cookie-value-2; HttpOnly"}, {Name: "Location", Value: "http://127.0.0.1/cb?code=" + codeValue + "&state=state-1"}}}}}),
		entry(flows.Redirected{ID: 2, Request: flows.Request{Method: "GET", URL: "http://127.0.0.1/cb", Query: []flows.Param{{Name: "code", Value: codeValue}, {Name: "state", Value: "state-1"}}}}),
		entry(flows.Received{ID: 3, Exchange: flows.Exchange{
			Request: flows.Request{Method: "POST", URL: "http://as.test/token", Header: []flows.Param{{Name: "Authorization", Value: wire.Untrusted("Basic " + basic)}},
				Form: []flows.Param{{Name: "code", Value: codeValue}, {Name: "code_verifier", Value: "verifier-verifier-verifier"}}},
			Response: flows.Response{Status: 200, Body: wire.Untrusted(`{"access_token":"` + accessToken + `","id_token":"` + idToken() + `","nested":{"refresh_token":"new-refresh-token"},"note":"you sent ` + codeValue + `"}`)}}}),
		entry(flows.Received{ID: 4, Exchange: flows.Exchange{
			Request:  flows.Request{Method: "GET", URL: "http://as.test/userinfo", Header: []flows.Param{{Name: "authorization", Value: "Bearer " + accessToken}}},
			Response: flows.Response{Status: 400, Body: wire.Untrusted("token " + accessToken + " is bad, so is " + base64.StdEncoding.EncodeToString([]byte(clientSecret)))}}}),
		entry(flows.Broke{ID: 5, Code: "timeout", Message: "while sending " + accessToken}),
	}
}

func TestNoSecretIsLeftInARecording(t *testing.T) {
	r := record.NewRedactor(flows.Secrets{"client_secret": wire.NewSecret(clientSecret)})
	var all strings.Builder
	for _, en := range run() {
		all.WriteString(text(t, r.Entry(en)) + "\n")
	}
	signature := idToken()[strings.LastIndexByte(idToken(), '.')+1:]
	for _, secret := range []string{clientSecret, "s3cr3t%2Fwith%2Bsigns", base64.StdEncoding.EncodeToString([]byte(clientSecret)), accessToken, codeValue, "verifier-verifier",
		"old-refresh-token", "new-refresh-token", "open-sesame", "cookie-value", signature, base64.StdEncoding.EncodeToString([]byte("web:s3cr3t%2Fwith%2Bsigns"))} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%s is in\n%s", secret, all.String())
		}
	}
	for _, kept := range []string{"state-1", idToken()[:len(idToken())-len(signature)], "lang=", "HttpOnly", "Bearer ", "http://as.test/token"} {
		if !strings.Contains(all.String(), kept) {
			t.Errorf("%s is gone, which is no secret", kept)
		}
	}
}

// A server that repeats its request gives nothing away, neither in the exchange
// itself nor in another spelling of the Basic credentials.
func TestAnAnswerThatRepeatsItsRequestIsHidden(t *testing.T) {
	pair := []byte("web:s3cr3t?with>signs")
	std := base64.StdEncoding.EncodeToString(pair)
	spelled := []string{std, strings.TrimRight(std, "="), base64.RawURLEncoding.EncodeToString(pair), strings.ReplaceAll(std, "/", `\/`), "s3cr3t?with>signs", "a-verifier-of-this-request", "cookie-of-this-answer"}
	x := flows.Exchange{
		Request: flows.Request{Header: []flows.Param{{Name: "Authorization", Value: wire.Untrusted("Basic " + std)}}, Form: []flows.Param{{Name: "code_verifier", Value: "a-verifier-of-this-request"}}},
		Response: flows.Response{Status: 400, Body: wire.Untrusted("you sent " + strings.Join(spelled, " and ")),
			Header: []flows.Param{{Name: "Set-Cookie", Value: "sid=cookie-of-this-answer"}, {Name: "X-Echo", Value: wire.Untrusted("Basic " + std)}}}}
	for name, got := range map[string]string{
		"received": text(t, record.NewRedactor(nil).Entry(entry(flows.Received{ID: 1, Exchange: x}))),
		"observed": text(t, record.NewRedactor(nil).Entry(entry(flows.Observed{ID: 1, Exchange: x})))} {
		for _, secret := range spelled {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %s is in %s", name, secret, got)
			}
		}
	}
}

func TestEqualSecretsGetEqualPlaceholders(t *testing.T) {
	r := record.NewRedactor(nil)
	var all strings.Builder
	for _, en := range run() {
		all.WriteString(text(t, r.Entry(en)))
	}
	if n := strings.Count(all.String(), "redacted_code_1"); n < 4 {
		t.Errorf("the code shows %d times under one name", n)
	}
	if strings.Contains(all.String(), "redacted_code_2") || !strings.Contains(all.String(), "Bearer redacted_access_token_1") {
		t.Error(all.String())
	}
}

func TestTheRunItselfKeepsItsSecrets(t *testing.T) {
	list := run()
	before := text(t, list[5])
	record.NewRedactor(nil).Entry(list[5])
	if text(t, list[5]) != before {
		t.Fatal("redacting changed the entry that was given")
	}
}

func TestARedactedEntryIsStillAnEntry(t *testing.T) {
	r := record.NewRedactor(nil)
	for _, en := range run() {
		b := []byte(text(t, r.Entry(en)))
		if !json.Valid(b) {
			t.Fatalf("not JSON: %s", b)
		}
		back, err := flows.DecodeEntry(b, grants.Build)
		if err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		if again := text(t, r.Entry(back)); again != string(b) {
			t.Errorf("a second redaction changes\n%s\nto\n%s", b, again)
		}
	}
}

func TestShortAndOrdinaryWordsAreHiddenByFieldOnly(t *testing.T) {
	r := record.NewRedactor(nil)
	got := text(t, r.Entry(entry(flows.Observed{Exchange: flows.Exchange{
		Request:  flows.Request{Form: []flows.Param{{Name: "password", Value: "password"}, {Name: "code", Value: "abc"}}},
		Response: flows.Response{Body: "type your password, abc"}}})))
	if !strings.Contains(got, "type your password, abc") || strings.Contains(got, `"value":"password"`) || strings.Contains(got, `"value":"abc"`) {
		t.Fatal(got)
	}
}

func TestAnErrorCodeIsNoSecretAndAPrivateKeyIs(t *testing.T) {
	r := record.NewRedactor(nil)
	got := r.Response(flows.Response{Body: `{"error":{"code":"UNAUTHENTICATED","message":"no"},"keys":[{"kty":"EC","x":"public","d":"private-part"}]}`}).Body.Raw()
	if !strings.Contains(got, "UNAUTHENTICATED") || strings.Contains(got, "private-part") || !strings.Contains(got, "public") {
		t.Fatal(got)
	}
}

func TestANilRedactorHidesNothing(t *testing.T) {
	var r *record.Redactor
	if got := r.Value("code", codeValue); got != codeValue {
		t.Fatal(got)
	}
	if en := run()[5]; text(t, r.Entry(en)) != text(t, en) {
		t.Fatal("changed")
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(`{"access_token":"x","n":[{"code":"`+codeValue+`"}]}`, "a=b&code=c%zz")
	f.Add("{\"code\":\"\xff\x00", "#?&=&&code")
	f.Add("code="+codeValue, "http://h/?code="+codeValue+"#id_token=x")
	f.Fuzz(func(t *testing.T, body, address string) {
		r := record.NewRedactor(flows.Secrets{"client_secret": wire.NewSecret(clientSecret)})
		x := r.Exchange(flows.Exchange{Request: flows.Request{URL: wire.Untrusted(address), Body: wire.Untrusted(body)}, Response: flows.Response{Body: wire.Untrusted(body + clientSecret)}})
		if strings.Contains(x.Response.Body.Raw(), clientSecret) {
			t.Fatalf("%q", x.Response.Body.Raw())
		}
		if json.Valid([]byte(body)) && !json.Valid([]byte(r.Response(flows.Response{Body: wire.Untrusted(body)}).Body.Raw())) {
			t.Fatalf("JSON %q became %q", body, x.Response.Body.Raw())
		}
	})
}

func BenchmarkRedactEntry(b *testing.B) {
	list := run()
	r := record.NewRedactor(flows.Secrets{"client_secret": wire.NewSecret(clientSecret)})
	for b.Loop() {
		r.Entry(list[5])
	}
}
