package lab_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"authdance/flows/lab"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// send makes one request; form nil means GET.
func (b *bench) send(t testing.TB, at string, form url.Values, header ...string) answer {
	t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, at, body)
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.do(t, req)
}

func (b *bench) do(t testing.TB, req *http.Request) answer {
	t.Helper()
	res, err := b.rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: res.StatusCode, header: res.Header, text: string(raw)}
	_ = json.Unmarshal(raw, &a.json)
	return a
}

// A client that none of us wrote runs the whole flow over loopback sockets.
func TestForeignClientCompletesTheCodeFlowOverLoopback(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	foreignFlow(t, l, http.DefaultTransport.(*http.Transport).Clone())
}

func TestForeignClientCompletesTheCodeFlowWithoutPorts(t *testing.T) {
	l, err := lab.New(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got, want := l.Issuer(), "http://127.0.0.1:9500/default"; got != want {
		t.Errorf("Issuer = %s, want %s", got, want)
	}
	if got, want := l.API(), "http://127.0.0.1:9502"; got != want {
		t.Errorf("API = %s, want %s", got, want)
	}
	foreignFlow(t, l, l.Transport())
}

func TestForeignClientCompletesTheCodeFlowOverIPv6(t *testing.T) {
	l, err := lab.Start(lab.Options{Addr: "[::1]:0", APIAddr: "[::1]:0"})
	if err != nil {
		t.Skip("this machine has no IPv6 loopback: ", err)
	}
	defer l.Close()
	foreignFlow(t, l, http.DefaultTransport.(*http.Transport).Clone())
}

func foreignFlow(t *testing.T, l *lab.Lab, rt http.RoundTripper) {
	t.Helper()
	if tr, ok := rt.(*http.Transport); ok {
		defer tr.CloseIdleConnections()
	}
	ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: rt})
	provider, err := oidc.NewProvider(ctx, l.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []struct{ id, secret string }{{"workshop-spa", ""}, {"workshop-web", "workshop-secret"}} {
		for _, alg := range []string{"ES256", "RS256"} {
			if err := l.SetIDTokenAlg(client.id, alg); err != nil {
				t.Fatal(err)
			}
			cfg := oauth2.Config{ClientID: client.id, ClientSecret: client.secret, Endpoint: provider.Endpoint(), RedirectURL: callback,
				Scopes: []string{"openid", "profile", "email", "offline_access", "read", "write"}}
			verifier := oauth2.GenerateVerifier()
			back, err := newBrowser(rt).visit(cfg.AuthCodeURL("a-state", oidc.Nonce("a-nonce"), oauth2.S256ChallengeOption(verifier)))
			if err != nil {
				t.Fatal(err)
			}
			if back.Get("iss") != l.Issuer() || back.Get("state") != "a-state" || !strings.HasPrefix(back.Get("code"), "lab_") {
				t.Fatalf("authorization response = %v", back)
			}
			tok, err := cfg.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := tok.Extra("id_token").(string)
			id, err := provider.Verifier(&oidc.Config{ClientID: client.id}).Verify(ctx, raw)
			if err != nil {
				t.Fatal(err)
			}
			if err := id.VerifyAccessToken(tok.AccessToken); err != nil {
				t.Errorf("at_hash: %v", err)
			}
			var claims struct {
				Name, Email, Nonce string
				AuthTime           int64 `json:"auth_time"`
				Lab                bool  `json:"x_lab"`
			}
			if err := id.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			if claims.Name != "Alice Example" || claims.Email != "alice@example.test" || claims.Nonce != "a-nonce" || claims.AuthTime == 0 || !claims.Lab {
				t.Errorf("ID token claims = %+v", claims)
			}
			if got := header(t, raw)["alg"]; got != alg {
				t.Errorf("ID token alg = %v, want %s", got, alg)
			}
			info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tok))
			if err != nil {
				t.Fatal(err)
			}
			if info.Subject != id.Subject || info.Email != claims.Email {
				t.Errorf("userinfo = %+v, want the subject and e-mail of the ID token", info)
			}
			res, err := oauth2.NewClient(ctx, oauth2.StaticTokenSource(tok)).Get(l.API() + "/api/profile")
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("API answers %s", res.Status)
			}
			// oauth2 refreshes when the access token is gone.
			renewed, err := cfg.TokenSource(ctx, &oauth2.Token{RefreshToken: tok.RefreshToken}).Token()
			if err != nil {
				t.Fatal(err)
			}
			if renewed.RefreshToken == tok.RefreshToken || renewed.AccessToken == tok.AccessToken {
				t.Error("a refresh did not bring new tokens")
			}
		}
	}
}

func header(t testing.TB, compact string) map[string]any { return part(t, compact, 0) }
func claims(t testing.TB, compact string) map[string]any { return part(t, compact, 1) }
