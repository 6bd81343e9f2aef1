package lab_test

import (
	"net/url"
	"reflect"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

const (
	bearerGrant   = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessType    = "urn:ietf:params:oauth:token-type:access_token"
	idType        = "urn:ietf:params:oauth:token-type:id_token"
)

func TestForeignClientCompletesThePasswordGrant(t *testing.T) {
	b := newBench(t)
	cfg := b.config("workshop-legacy", "openid", "read", "offline_access")
	tok, err := cfg.PasswordCredentialsToken(b.ctx(), "bob", "password")
	if err != nil {
		t.Fatal(err)
	}
	if a := b.api(t, tok.AccessToken); a.str("username") != "bob" {
		t.Errorf("API = %s", a.text)
	}
	id, _ := tok.Extra("id_token").(string)
	if c := claims(t, id); c["sub"] != "lab-user-1002" || c["aud"] != "workshop-legacy" || c["auth_time"] != float64(b.now.at.Unix()) {
		t.Errorf("ID token = %v", c)
	}
	if _, err := cfg.TokenSource(b.ctx(), &oauth2.Token{RefreshToken: tok.RefreshToken}).Token(); err != nil {
		t.Error(err)
	}
}

func TestPasswordGrantRefusals(t *testing.T) {
	b := newBench(t)
	send := func(change ...string) answer {
		return b.send(t, b.lab.Issuer()+"/token", edit(url.Values{"grant_type": {"password"}, "client_id": {"workshop-legacy"}, "username": {"alice"}, "password": {"password"}}, change...))
	}
	if a := send(); a.status != 200 || a.str("scope") != "read" {
		t.Errorf("answer = %s", a.text)
	}
	wantRefusal(t, send("username", ""), 400, "invalid_request", "username is missing")
	wantRefusal(t, send("password", ""), 400, "invalid_request", "password is missing")
	wantRefusal(t, send("password", "guess"), 400, "invalid_grant", "password is wrong")
	wantRefusal(t, send("username", "carol"), 400, "invalid_grant", "password is wrong")
	wantRefusal(t, send("scope", "mail.reed"), 400, "invalid_scope", "does not know")
	wantRefusal(t, send("client_id", "workshop-spa"), 400, "unauthorized_client", "not registered for this grant_type")
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token?password=password", url.Values{"grant_type": {"password"}}), 400, "invalid_request", "in the URL")
}

func (b *bench) bearer(t testing.TB, jwt string, change ...string) answer {
	t.Helper()
	return b.send(t, b.lab.Issuer()+"/token", edit(url.Values{"grant_type": {bearerGrant}, "assertion": {jwt}}, change...))
}

// RFC 7523 §2.1 and §3.
func TestJWTBearerGrant(t *testing.T) {
	b := newBench(t)
	keys := b.keySigner(t)
	for _, c := range []struct{ sub, want string }{{"alice", "lab-user-1001"}, {"lab-user-1002", "lab-user-1002"}, {"workshop-keys", "workshop-keys"}} {
		a := b.bearer(t, keys.jwt(with(b.assertionClaims("workshop-keys"), "sub", c.sub), nil), "scope", "read offline_access")
		if a.status != 200 || a.json["refresh_token"] != nil {
			t.Fatalf("%s: %d %s", c.sub, a.status, a.text)
		}
		if got := claims(t, a.str("access_token")); got["sub"] != c.want || got["client_id"] != "workshop-keys" {
			t.Errorf("%s: %v", c.sub, got)
		}
	}
	// A client that authenticates may bring somebody else's assertion.
	a := b.bearer(t, keys.jwt(with(b.assertionClaims("workshop-keys"), "sub", "alice"), nil), "client_id", "workshop-gateway", "client_secret", "workshop-secret")
	if a.status != 200 || claims(t, a.str("access_token"))["client_id"] != "workshop-gateway" {
		t.Errorf("answer = %s", a.text)
	}
	for _, c := range []struct{ name, jwt, words string }{
		{"unknown user", keys.jwt(with(b.assertionClaims("workshop-keys"), "sub", "carol"), nil), "sub of the assertion"},
		{"unknown issuer", keys.jwt(with(b.assertionClaims("workshop-keys"), "iss", "https://other.test"), nil), "iss of the assertion"},
		{"issuer without keys", keys.jwt(with(b.assertionClaims("workshop-keys"), "iss", "workshop-gateway"), nil), "no public key is registered"},
		{"another key", ecSigner(t, "workshop-keys-key").jwt(b.assertionClaims("workshop-keys"), nil), "signature of the assertion is wrong"},
		{"another audience", keys.jwt(with(b.assertionClaims("workshop-keys"), "aud", "https://other.test"), nil), "aud of the assertion"},
		{"expired", keys.jwt(with(b.assertionClaims("workshop-keys"), "exp", b.now.at.Unix()), nil), "The assertion has expired"},
		{"no JWT", "x", "The assertion is not a JWT"},
	} {
		wantRefusal(t, b.bearer(t, c.jwt), 400, "invalid_grant", c.words)
	}
	wantRefusal(t, b.bearer(t, "", "client_id", "workshop-gateway", "client_secret", "workshop-secret"), 400, "invalid_request", "assertion is missing")
	id, _ := b.tokens(t, "openid").Extra("id_token").(string)
	wantRefusal(t, b.bearer(t, id, "client_id", "workshop-gateway", "client_secret", "workshop-secret"), 400, "invalid_grant", "issued by this very server")
}

func TestOnBehalfOfNamesTheServiceInTheMiddle(t *testing.T) {
	b := newBench(t)
	tok := b.tokens(t, "openid", "read")
	ask := func(assertion string) answer {
		return b.bearer(t, assertion, "requested_token_use", "on_behalf_of", "client_id", "workshop-gateway", "client_secret", "workshop-secret", "scope", "write")
	}
	a := ask(tok.AccessToken)
	if a.status != 200 {
		t.Fatal(a.text)
	}
	c := claims(t, a.str("access_token"))
	if c["sub"] != "lab-user-1001" || c["scope"] != "write" || !reflect.DeepEqual(c["act"], map[string]any{"sub": "workshop-gateway"}) {
		t.Errorf("claims = %v", c)
	}
	id, _ := tok.Extra("id_token").(string)
	wantRefusal(t, ask(id), 400, "invalid_grant", "assertion is an ID token")
	wantRefusal(t, ask("x.y.z"), 400, "invalid_grant", "must be a good access token")
	wantRefusal(t, ask(b.service(t).str("access_token")), 400, "invalid_grant", "about a client")
	wantRefusal(t, b.bearer(t, tok.AccessToken, "requested_token_use", "x", "client_id", "workshop-gateway", "client_secret", "workshop-secret"), 400, "invalid_request", "requested_token_use")
}

func (b *bench) exchange(t testing.TB, subject string, change ...string) answer {
	t.Helper()
	form := url.Values{"grant_type": {exchangeGrant}, "client_id": {"workshop-gateway"}, "client_secret": {"workshop-secret"}, "subject_token": {subject}, "subject_token_type": {accessType}}
	return b.send(t, b.lab.Issuer()+"/token", edit(form, change...))
}

// RFC 8693 §4.1: the act claim says who acts, and who acted before inside it.
func TestTokenExchange(t *testing.T) {
	b := newBench(t)
	tok := b.tokens(t, "openid", "read", "write")
	a := b.exchange(t, tok.AccessToken)
	if a.status != 200 || a.str("issued_token_type") != accessType || a.str("token_type") != "Bearer" || a.json["id_token"] != nil || a.json["refresh_token"] != nil || a.str("scope") != "openid read write" {
		t.Fatalf("impersonation = %s", a.text)
	}
	if c := claims(t, a.str("access_token")); c["sub"] != "lab-user-1001" || c["client_id"] != "workshop-gateway" || c["act"] != nil {
		t.Errorf("impersonation = %v", c)
	}
	service := b.service(t).str("access_token")
	first := b.exchange(t, tok.AccessToken, "actor_token", service, "actor_token_type", accessType, "scope", "read", "audience", b.lab.API())
	inner := map[string]any{"sub": "workshop-service"}
	if c := claims(t, first.str("access_token")); c["scope"] != "read" || !reflect.DeepEqual(c["act"], inner) {
		t.Fatalf("delegation = %v", c)
	}
	bob, err := b.config("workshop-legacy", "openid").PasswordCredentialsToken(b.ctx(), "bob", "password")
	if err != nil {
		t.Fatal(err)
	}
	id, _ := bob.Extra("id_token").(string)
	second := b.exchange(t, first.str("access_token"), "actor_token", id, "actor_token_type", idType)
	if c := claims(t, second.str("access_token")); !reflect.DeepEqual(c["act"], map[string]any{"sub": "lab-user-1002", "act": inner}) {
		t.Errorf("chain = %v", c)
	}
	if a := b.api(t, second.str("access_token")); a.json["act"] == nil || a.str("sub") != "lab-user-1001" {
		t.Errorf("API = %s", a.text)
	}
	if a := b.send(t, b.lab.Issuer()+"/introspect", url.Values{"client_id": {"workshop-gateway"}, "client_secret": {"workshop-secret"}, "token": {second.str("access_token")}}); a.json["act"] == nil {
		t.Errorf("introspection = %s", a.text)
	}
	if a := b.exchange(t, id, "subject_token_type", idType); a.status != 200 || claims(t, a.str("access_token"))["sub"] != "lab-user-1002" {
		t.Errorf("from an ID token = %s", a.text)
	}
}

func TestTokenExchangeRefusals(t *testing.T) {
	b := newBench(t)
	tok := b.tokens(t, "openid", "read")
	id, _ := tok.Extra("id_token").(string)
	for _, c := range []struct {
		code, words string
		change      []string
	}{
		{"invalid_request", "subject_token is missing", []string{"subject_token", ""}},
		{"invalid_request", "subject_token_type is missing", []string{"subject_token_type", ""}},
		{"invalid_request", "subject_token_type must be", []string{"subject_token_type", "urn:x"}},
		{"invalid_request", "subject_token is not a good token", []string{"subject_token", id}},
		{"invalid_request", "subject_token is not a good token", []string{"subject_token_type", idType}},
		{"invalid_request", "actor_token_type is missing", []string{"actor_token", id}},
		{"invalid_request", "actor_token is missing", []string{"actor_token_type", idType}},
		{"invalid_request", "actor_token_type must be", []string{"actor_token", id, "actor_token_type", "urn:x"}},
		{"invalid_request", "actor_token is not a good token", []string{"actor_token", "x", "actor_token_type", idType}},
		{"invalid_request", "exchanges for an access token or an ID-JAG", []string{"requested_token_type", "urn:ietf:params:oauth:token-type:saml2"}},
		{"invalid_target", "audience or resource", []string{"audience", "https://other.test"}},
		{"invalid_target", "audience or resource", []string{"resource", "https://other.test"}},
		{"invalid_scope", "does not have", []string{"scope", "write"}},
		{"unauthorized_client", "not registered for this grant_type", []string{"client_id", "workshop-web"}},
	} {
		wantRefusal(t, b.exchange(t, tok.AccessToken, c.change...), 400, c.code, c.words)
	}
	b.now.move(15 * time.Minute)
	wantRefusal(t, b.exchange(t, tok.AccessToken), 400, "invalid_request", "subject_token is not a good token")
	wantRefusal(t, b.exchange(t, id, "subject_token_type", idType), 400, "invalid_request", "subject_token is not a good token")
}
