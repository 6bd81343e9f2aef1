package uitest

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// Server answers effects as the lab would, without a port, a clock or a random
// source: the same run makes the same screen, cell for cell. It is a fixture
// for pictures; the real lab is what the end-to-end tests talk to.
type Server struct {
	Deny   bool              // the person refuses consent
	Broken map[string]string // URL → transport code: no answer from there
	Answer map[string]string // URL → body sent with 200 in place of the real answer

	challenge, nonce string
	page             int
	used             bool
}

// Issuer and the other names are those of the lab.
const (
	Issuer = "http://127.0.0.1:9500/default"
	API    = "http://127.0.0.1:9502/api/profile"
)

// Clock is the time of every picture.
func Clock() time.Time { return time.Date(2026, 11, 24, 10, 42, 7, 0, time.UTC) }

func signingKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte("authdance fixture key, 32 bytes!"))
}

// Vars is what the lab profile puts into a run.
func Vars() flows.Vars {
	return flows.Vars{"issuer": Issuer, "client_id": "workshop-spa", "redirect_uri": "http://127.0.0.1:0/callback",
		"scope": "openid profile email offline_access read", "api": API}
}

// Profile is the lab profile as a run sees it.
func Profile() flows.Profile {
	return flows.Profile{ID: "lab", Name: "lab", Class: "LAB", Quirks: map[string]string{"code_lifetime": "60"}}
}

// Perform implements flows.Performer.
func (s *Server) Perform(_ context.Context, fx flows.Effect) flows.Event {
	switch fx := fx.(type) {
	case flows.Draw:
		vals := flows.Vars{}
		for _, n := range fx.Names {
			sum := sha256.Sum256([]byte("fixture " + n))
			vals[n] = wire.Untrusted(base64.RawURLEncoding.EncodeToString(sum[:]))
		}
		if fx.Redirect != "" {
			vals["redirect_uri"] = wire.Untrusted(strings.Replace(fx.Redirect.Raw(), ":0/", ":9501/", 1))
		}
		return flows.Drawn{ID: fx.ID, Values: vals}
	case flows.Wait:
		return flows.Elapsed{ID: fx.ID}
	case flows.Browse:
		return s.browse(fx)
	case flows.Send:
		if code := s.Broken[fx.Request.URL.Raw()]; code != "" {
			return flows.Broke{ID: fx.ID, Code: code, Message: "no answer from " + fx.Request.URL}
		}
		status, body := s.serve(fx.Request)
		return flows.Received{ID: fx.ID, Exchange: exchange(fx.Request, status, "application/json", body)}
	}
	return flows.Broke{ID: fx.EffectID(), Code: "internal", Message: "the fixture cannot do this"}
}

func exchange(r flows.Request, status int, kind, body string, header ...flows.Param) flows.Exchange {
	h := append([]flows.Param{{Name: "Content-Type", Value: wire.Untrusted(kind)}, {Name: "Date", Value: wire.Untrusted(Clock().Format(time.RFC1123))}}, header...)
	return flows.Exchange{Request: r, Response: flows.Response{Status: status, Proto: "HTTP/1.1", Header: h, Body: wire.Untrusted(body)},
		Timing: flows.Timing{Total: 12 * time.Millisecond}, Remote: "127.0.0.1:9500"}
}

func (s *Server) browse(b flows.Browse) flows.Event {
	find := func(name string) string { p, _ := b.Request.Find(name); return p.Value.Raw() }
	pages := []flows.Exchange{
		exchange(b.Request, 302, "text/html", "", flows.Param{Name: "Location", Value: Issuer + "/login"}),
		exchange(flows.Request{Method: "GET", URL: Issuer + "/login"}, 200, "text/html; charset=utf-8", "<title>Sign in · authdance lab</title><h1>Sign in</h1>"),
		exchange(flows.Request{Method: "POST", URL: Issuer + "/login", Form: []flows.Param{{Name: "username", Value: "alice"}, {Name: "password", Value: "password", Secret: true}}},
			200, "text/html; charset=utf-8", "<title>Consent · authdance lab</title><h1>workshop-spa wants to</h1>"),
	}
	if !b.Resume {
		s.challenge, s.nonce, s.page, s.used = find("code_challenge"), find("nonce"), 0, false
	}
	if s.page < len(pages) {
		s.page++
		return flows.Observed{ID: b.ID, Exchange: pages[s.page-1]}
	}
	q := []flows.Param{{Name: "code", Value: "lab_8fK2mZr7Vw3TnXq1", Secret: true}, {Name: "state", Value: wire.Untrusted(find("state"))}, {Name: "iss", Value: Issuer}}
	if s.Deny {
		q = []flows.Param{{Name: "error", Value: "access_denied"}, {Name: "error_description", Value: "the user refused consent"}, q[1], q[2]}
	}
	return flows.Redirected{ID: b.ID, Via: flows.Simulated, Request: flows.Request{Method: "GET", URL: b.RedirectURI, Query: q}}
}

func (s *Server) serve(r flows.Request) (int, string) {
	if body, ok := s.Answer[r.URL.Raw()]; ok {
		return 200, body
	}
	find := func(name string) string { p, _ := r.Find(name); return p.Value.Raw() }
	switch r.URL.Raw() {
	case Issuer + "/.well-known/openid-configuration":
		return 200, doc("issuer", Issuer, "authorization_endpoint", Issuer+"/authorize", "token_endpoint", Issuer+"/token", "userinfo_endpoint", Issuer+"/userinfo",
			"jwks_uri", Issuer+"/jwks", "response_types_supported", []string{"code"}, "code_challenge_methods_supported", []string{"S256"},
			"token_endpoint_auth_methods_supported", []string{"none", "client_secret_basic", "client_secret_post"}, "authorization_response_iss_parameter_supported", true)
	case Issuer + "/token":
		sum := sha256.Sum256([]byte(find("code_verifier")))
		switch {
		case find("grant_type") == "authorization_code" && s.used:
			return 400, doc("error", "invalid_grant", "error_description", "the authorization code was already used")
		case find("grant_type") == "authorization_code" && s.challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) != s.challenge:
			return 400, doc("error", "invalid_grant", "error_description", "code_verifier does not match code_challenge")
		}
		s.used = true
		return 200, doc("access_token", "lab_at_5Jd0cQyWm2RzK8vB", "token_type", "Bearer", "expires_in", 300, "refresh_token", "lab_rt_t6HnS4pLx9EoUa1C",
			"id_token", s.idToken("lab_at_5Jd0cQyWm2RzK8vB"), "scope", "openid profile email offline_access read")
	case Issuer + "/jwks":
		pub := signingKey().Public().(ed25519.PublicKey)
		return 200, doc("keys", []any{json.RawMessage(doc("kty", "OKP", "crv", "Ed25519", "alg", "EdDSA", "use", "sig", "kid", "lab-fixture", "x", base64.RawURLEncoding.EncodeToString(pub)))})
	case Issuer + "/userinfo":
		return 200, doc("sub", "248289761001", "name", "Alice Example", "email", "alice@example.test")
	case API:
		return 200, doc("hello", "Alice Example", "scope", "read")
	}
	return 404, doc("error", "not_found")
}

func (s *Server) idToken(accessToken string) string {
	hash := sha512.Sum512([]byte(accessToken)) // EdDSA with Ed25519 hashes with SHA-512
	now := Clock().Unix()
	head := doc("alg", "EdDSA", "typ", "JWT", "kid", "lab-fixture")
	claims := doc("iss", Issuer, "aud", "workshop-spa", "sub", "248289761001", "exp", now+900, "iat", now, "auth_time", now-4, "nonce", s.nonce,
		"at_hash", base64.RawURLEncoding.EncodeToString(hash[:32]), "name", "Alice Example", "email", "alice@example.test")
	text := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(signingKey(), []byte(text)))
}

// doc is a JSON object with its members in the order given.
func doc(pairs ...any) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		val, err := json.Marshal(pairs[i+1])
		if err != nil {
			panic(fmt.Sprintf("fixture: %v", err))
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", pairs[i], val)
	}
	return "{" + b.String() + "}"
}

// Callback is the address that a browser would come back with, for tests that paste one.
func Callback(params ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	return "http://127.0.0.1:9501/callback?" + q.Encode()
}
