package lab_test

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// RFC 9068 §2: what an access token says.
func TestAccessTokenIsAnRFC9068TokenOfTheLab(t *testing.T) {
	b := newBench(t)
	tok := b.tokens(t, "openid", "profile", "read")
	h, c := header(t, tok.AccessToken), claims(t, tok.AccessToken)
	if h["typ"] != "at+jwt" || h["alg"] != "ES256" || !strings.HasPrefix(fmt.Sprint(h["kid"]), "lab-") {
		t.Errorf("header = %v", h)
	}
	now := float64(b.now.at.Unix())
	for name, want := range map[string]any{"iss": b.lab.Issuer(), "aud": b.lab.API(), "sub": "lab-user-1001", "client_id": "workshop-spa",
		"scope": "openid profile read", "x_lab": true, "iat": now, "exp": now + 300} {
		if !reflect.DeepEqual(c[name], want) {
			t.Errorf("claim %s = %v, want %v", name, c[name], want)
		}
	}
	if jti, _ := c["jti"].(string); !strings.HasPrefix(jti, "lab_") {
		t.Errorf("jti = %v", c["jti"])
	}
	id, _ := tok.Extra("id_token").(string)
	for name, want := range map[string]any{"iss": b.lab.Issuer(), "aud": "workshop-spa", "sub": "lab-user-1001", "nonce": "some-nonce",
		"name": "Alice Example", "auth_time": now, "iat": now, "exp": now + 900, "acr": "urn:lab:pwd", "x_lab": true} {
		if got := claims(t, id)[name]; !reflect.DeepEqual(got, want) {
			t.Errorf("ID token claim %s = %v, want %v", name, got, want)
		}
	}
	if _, has := claims(t, id)["email"]; has {
		t.Error("the e-mail address is there without the scope email")
	}
}

func (b *bench) service(t testing.TB, change ...string) answer {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"workshop-service"}, "client_secret": {"workshop-secret"}}
	return b.send(t, b.lab.Issuer()+"/token", edit(form, change...))
}

func TestClientCredentials(t *testing.T) {
	b := newBench(t)
	a := b.service(t)
	if a.status != 200 || a.str("scope") != "read write" || a.str("token_type") != "Bearer" || a.json["expires_in"] != 300.0 || a.json["refresh_token"] != nil || a.json["id_token"] != nil {
		t.Fatalf("answer = %d %s", a.status, a.text)
	}
	if c := claims(t, a.str("access_token")); c["sub"] != "workshop-service" || c["client_id"] != "workshop-service" {
		t.Errorf("claims = %v", c)
	}
	if a := b.service(t, "scope", "read"); a.str("scope") != "read" {
		t.Errorf("answer = %s", a.text)
	}
	wantRefusal(t, b.service(t, "scope", "openid"), 400, "invalid_scope", "may not ask for")
	wantRefusal(t, b.service(t, "scope", "nope"), 400, "invalid_scope", "does not know")
	// client_secret_basic, as curl -u does it
	a = b.send(t, b.lab.Issuer()+"/token", url.Values{"grant_type": {"client_credentials"}}, "Authorization", "Basic d29ya3Nob3Atc2VydmljZTp3b3Jrc2hvcC1zZWNyZXQ=")
	if a.status != 200 {
		t.Errorf("client_secret_basic: %d %s", a.status, a.text)
	}
}

func (b *bench) about(t testing.TB, endpoint, token string, change ...string) answer {
	t.Helper()
	form := url.Values{"token": {token}, "client_id": {"workshop-web"}, "client_secret": {"workshop-secret"}}
	return b.send(t, b.lab.Issuer()+endpoint, edit(form, change...))
}

// RFC 7662.
func TestIntrospectionTellsTheStateOfATokenAtTheLabsTime(t *testing.T) {
	b := newBench(t)
	tok := b.tokens(t, "openid", "offline_access", "read")
	a := b.about(t, "/introspect", tok.AccessToken)
	now := float64(b.now.at.Unix())
	for name, want := range map[string]any{"active": true, "sub": "lab-user-1001", "username": "alice", "client_id": "workshop-spa", "scope": "openid offline_access read",
		"iat": now, "exp": now + 300, "aud": b.lab.API(), "iss": b.lab.Issuer(), "token_type": "Bearer"} {
		if !reflect.DeepEqual(a.json[name], want) {
			t.Errorf("%s = %v, want %v", name, a.json[name], want)
		}
	}
	if a := b.about(t, "/introspect", tok.RefreshToken); a.json["active"] != true || a.json["exp"] != now+8*3600 {
		t.Errorf("refresh token: %s", a.text)
	}
	inactive := map[string]any{"active": false}
	jti, _ := claims(t, tok.AccessToken)["jti"].(string)
	id, _ := tok.Extra("id_token").(string)
	for name, token := range map[string]string{"garbage": "x", "a bare jti": jti, "an ID token": id, "a spoilt signature": tok.AccessToken[:len(tok.AccessToken)-8] + "AAAAAAAA"} {
		if a := b.about(t, "/introspect", token); a.status != 200 || !reflect.DeepEqual(a.json, inactive) {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	renewed := b.refresh(t, tok.RefreshToken)
	if a := b.about(t, "/introspect", tok.RefreshToken); !reflect.DeepEqual(a.json, inactive) {
		t.Errorf("a rotated refresh token: %s", a.text)
	}
	if a := b.api(t, renewed.str("access_token")); a.status != 200 {
		t.Error("asking about a rotated refresh token revoked its family")
	}
	b.now.move(5 * time.Minute)
	if a := b.about(t, "/introspect", tok.AccessToken); !reflect.DeepEqual(a.json, inactive) {
		t.Errorf("an expired token: %s", a.text)
	}
	wantRefusal(t, b.about(t, "/introspect", ""), 400, "invalid_request", "token is missing")
	wantRefusal(t, b.about(t, "/introspect", "x", "client_id", "workshop-spa", "client_secret", ""), 401, "invalid_client", "this one is public")
	wantRefusal(t, b.about(t, "/introspect", "x", "client_secret", "guess"), 401, "invalid_client", "wrong")
}

// RFC 7009.
func TestRevocation(t *testing.T) {
	b := newBench(t)
	own := []string{"client_id", "workshop-spa", "client_secret", ""}
	tok := b.tokens(t, "openid", "offline_access", "read")
	wantRefusal(t, b.about(t, "/revoke", tok.AccessToken), 400, "invalid_grant", "another client")
	wantRefusal(t, b.about(t, "/revoke", "", own...), 400, "invalid_request", "token is missing")
	if a := b.about(t, "/revoke", "unknown", own...); a.status != 200 {
		t.Errorf("an unknown token: %d %s", a.status, a.text)
	}
	if a := b.about(t, "/revoke", tok.AccessToken, own...); a.status != 200 {
		t.Fatalf("revoke = %d %s", a.status, a.text)
	}
	if a := b.api(t, tok.AccessToken); a.status != 401 || !strings.Contains(a.header.Get("WWW-Authenticate"), "revoked") {
		t.Errorf("the API takes a revoked token: %d", a.status)
	}
	renewed := b.refresh(t, tok.RefreshToken)
	if renewed.status != 200 {
		t.Fatalf("revoking an access token took the refresh token along: %s", renewed.text)
	}
	if a := b.about(t, "/revoke", renewed.str("refresh_token"), own...); a.status != 200 {
		t.Fatalf("revoke = %d %s", a.status, a.text)
	}
	if a := b.api(t, renewed.str("access_token")); a.status != 401 {
		t.Error("the API takes an access token whose refresh token was revoked")
	}
}

// RFC 6750 §3.1.
func TestAPIChallenges(t *testing.T) {
	b := newBench(t)
	tok := b.tokens(t, "openid", "read")
	id, _ := tok.Extra("id_token").(string)
	for _, c := range []struct {
		name, path, auth string
		status           int
		challenge        string
	}{
		{"no token", "/api/profile", "", 401, `Bearer realm="authdance lab"`},
		{"another scheme", "/api/profile", "Basic eDp5", 401, `Bearer realm="authdance lab"`},
		{"garbage", "/api/profile", "Bearer x", 401, `error="invalid_token"`},
		{"spoilt", "/api/profile", "Bearer " + tok.AccessToken[:len(tok.AccessToken)-8] + "AAAAAAAA", 401, `signature of the access token is wrong`},
		{"an ID token", "/api/profile", "Bearer " + id, 401, `This is an ID token`},
		{"lower case scheme", "/api/profile", "bearer " + tok.AccessToken, 200, ""},
		{"not the scope", "/api/notes", "Bearer " + tok.AccessToken, 403, `error="insufficient_scope", error_description="The access token does not have the scope write.", scope="write"`},
		{"unknown path", "/api/nothing", "Bearer " + tok.AccessToken, 404, ""},
	} {
		a := b.send(t, b.lab.API()+c.path, nil, "Authorization", c.auth)
		if got := a.header.Get("WWW-Authenticate"); a.status != c.status || !strings.Contains(got, c.challenge) {
			t.Errorf("%s: %d %q\nwant %d %q", c.name, a.status, got, c.status, c.challenge)
		}
	}
	if a := b.send(t, b.lab.API()+"/api/profile", nil); strings.Contains(a.header.Get("WWW-Authenticate"), "error") {
		t.Error("a request without a token is told about errors")
	}
	if a := b.send(t, b.lab.API()+"/api/profile?access_token="+tok.AccessToken, nil); a.status != 400 {
		t.Errorf("token in the URL: %d", a.status)
	}
	if a := b.api(t, tok.AccessToken); a.str("name") != "Alice Example" || a.str("sub") != "lab-user-1001" {
		t.Errorf("profile = %s", a.text)
	}
	b.now.move(5 * time.Minute)
	if a := b.api(t, tok.AccessToken); a.status != 401 || !strings.Contains(a.header.Get("WWW-Authenticate"), "expired") {
		t.Errorf("expired: %d %q", a.status, a.header.Get("WWW-Authenticate"))
	}
	for path, words := range map[string]string{"": "missing", "Bearer x": "JWT"} {
		if a := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", path); a.status != 401 || !strings.Contains(a.text, words) || a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("userinfo with %q: %d %s", path, a.status, a.text)
		}
	}
	if a := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", "Bearer "+b.service(t).str("access_token")); a.status != 403 || !strings.Contains(a.header.Get("WWW-Authenticate"), `scope="openid"`) {
		t.Errorf("userinfo without openid: %d %q", a.status, a.header.Get("WWW-Authenticate"))
	}
}

func TestNotesBelongToTheirSubject(t *testing.T) {
	b := newBench(t)
	alice := "Bearer " + b.tokens(t, "write").AccessToken
	service := "Bearer " + b.service(t, "scope", "write").str("access_token")
	add := func(body string) answer {
		req, _ := http.NewRequest(http.MethodPost, b.lab.API()+"/api/notes", strings.NewReader(body))
		req.Header.Set("Authorization", alice)
		return b.do(t, req)
	}
	if a := add(`{"text":"hello"}`); a.status != http.StatusCreated || a.str("text") != "hello" {
		t.Fatalf("add = %d %s", a.status, a.text)
	}
	for _, bad := range []string{``, `{"text":""}`, `[]`, `{"text":"a"} x`, `{"text":"` + strings.Repeat("x", 1001) + `"}`} {
		if a := add(bad); a.status != 400 {
			t.Errorf("%.20q: %d", bad, a.status)
		}
	}
	if a := b.send(t, b.lab.API()+"/api/notes", nil, "Authorization", alice); !strings.Contains(a.text, `"text":"hello"`) {
		t.Errorf("alice's notes = %s", a.text)
	}
	if a := b.send(t, b.lab.API()+"/api/notes", nil, "Authorization", service); strings.TrimSpace(a.text) != `{"notes":[]}` {
		t.Errorf("the service's notes = %s", a.text)
	}
}

// RFC 8414 §3.1 and OpenID Connect Discovery §4: both documents in both places.
func TestMetadataStandsAtBothPaths(t *testing.T) {
	b := newBench(t)
	var first map[string]any
	for _, path := range []string{"/default/.well-known/openid-configuration", "/default/.well-known/oauth-authorization-server",
		"/.well-known/oauth-authorization-server/default", "/.well-known/openid-configuration/default"} {
		a := b.send(t, "http://127.0.0.1:9500"+path, nil)
		if a.status != 200 || a.str("issuer") != b.lab.Issuer() {
			t.Fatalf("%s: %d %s", path, a.status, a.text)
		}
		if first == nil {
			first = a.json
		}
		if !reflect.DeepEqual(a.json, first) {
			t.Errorf("%s is another document", path)
		}
	}
	for name, want := range map[string]any{
		"authorization_response_iss_parameter_supported": true, "x_lab": true,
		"code_challenge_methods_supported":           []any{"S256"},
		"response_types_supported":                   []any{"code", "code id_token", "code token", "code id_token token", "id_token", "token", "id_token token"},
		"response_modes_supported":                   []any{"query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"},
		"request_parameter_supported":                true,
		"authorization_signing_alg_values_supported": []any{"ES256", "RS256", "PS256", "EdDSA"},
		"scopes_supported":                           []any{"openid", "profile", "email", "offline_access", "read", "write", "device_sso"},
		"grant_types_supported":                      []any{"authorization_code", "refresh_token", "client_credentials", deviceGrant, "password", bearerGrant, samlGrant, exchangeGrant, cibaGrant, "implicit"},
		"id_token_signing_alg_values_supported":      []any{"ES256", "RS256", "PS256", "EdDSA"},
		"token_endpoint_auth_methods_supported":      []any{"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", samlClientType, "none"},
		"pushed_authorization_request_endpoint":      b.lab.Issuer() + "/par",
		"introspection_endpoint":                     b.lab.Issuer() + "/introspect",
		"revocation_endpoint":                        b.lab.Issuer() + "/revoke",
		"request_uri_parameter_supported":            true,
		"require_request_uri_registration":           true,
		"client_id_metadata_document_supported":      true,
	} {
		if !reflect.DeepEqual(first[name], want) {
			t.Errorf("%s = %v, want %v", name, first[name], want)
		}
	}
}

func TestUnknownPathsAreAnsweredWithHelp(t *testing.T) {
	b := newBench(t)
	for _, at := range []string{"/nothing", "/default/nothing", "/other/token", "/.well-known/openid-configuration"} {
		if a := b.send(t, "http://127.0.0.1:9500"+at, nil); a.status != 404 || !strings.Contains(a.text, b.lab.Issuer()) {
			t.Errorf("%s: %d %s", at, a.status, a.text)
		}
	}
}
