package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"
)

// Whatever comes in, the lab answers: without a panic, without an internal
// error, to the end, and in a form that is named and true.
func FuzzGarbageNeverBreaksTheLab(f *testing.F) {
	const form = "Content-Type: application/x-www-form-urlencoded\n"
	l, err := lab.New(lab.Options{Tenants: []string{"other"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	w := &bench{lab: l, rt: l.Transport(), browser: newBrowser(l.Transport())}
	token := w.service(f).str("access_token")
	// Every route with every method that some route takes.
	paths := []string{"/default", "/default/", "/other", "/default/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/default", "/default/jwks", "/default/authorize",
		"/default/authorize/x", "/default/token", "/default/par", "/default/userinfo", "/default/introspect", "/default/revoke", "/default/device_authorization", "/default/device",
		"/default/device/x", "/default/register", "/default/register/x", "/default/logout", "/default/bc-authorize", "/default/ciba", "/nothing"}
	for _, path := range paths {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} {
			f.Add(false, method, path, form, "client_id=workshop-spa&scope=openid&state=s")
		}
	}
	for _, path := range []string{"/api/profile", "/api/notes", "/api/vault", "/mcp", "/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp", "/client.json", "/"} {
		f.Add(true, "GET", path, "Authorization: Bearer "+token+"\n", "")
		f.Add(true, "POST", path, "Authorization: DPoP "+token+"\nDPoP: a.b.c\nContent-Type: application/json\n", `{"text":1}`)
	}
	for _, body := range []string{
		"grant_type=authorization_code&code=x", "grant_type=authorization_code&client_id=workshop-spa&code=%00&code_verifier=%ff&redirect_uri=http://[::1]:x",
		"grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id=workshop-agent&client_secret=workshop-secret&assertion=eyJ0eXAiOiJvYXV0aC1pZC1qYWcrand0In0.e30.",
		"grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer&client_id=workshop-gateway&client_secret=workshop-secret&assertion=PEFzc2VydGlvbi8-",
		"grant_type=urn:ietf:params:oauth:grant-type:token-exchange&client_id=workshop-gateway&client_secret=workshop-secret&subject_token=a.b.c&subject_token_type=urn:ietf:params:oauth:token-type:access_token",
		"grant_type=urn:openid:params:grant-type:ciba&client_id=workshop-ciba-poll&client_secret=workshop-secret&auth_req_id=x",
		"grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=workshop-device&device_code=x", "grant_type=refresh_token&client_id=workshop-spa&refresh_token=x",
		"client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=e30.e30.x&grant_type=client_credentials",
		"grant_type=client_credentials&client_id=workshop-mtls", "grant_type=client_credentials&client_id=https://127.0.0.1/x", "grant_type=password&client_id=workshop-legacy&username=alice&password=%ff",
	} {
		f.Add(false, "POST", "/default/token", form, body)
	}
	f.Add(false, "POST", "/default/token", form+"Authorization: Basic eDp5\n", "grant_type=client_credentials")
	f.Add(false, "GET", "/default/authorize?client_id=workshop-spa&redirect_uri=http://[::1]:x/callback", "", "")
	f.Add(false, "GET", "/default/authorize?client_id=workshop-keys&redirect_uri=http://127.0.0.1/callback&request=eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6e319....", "", "")
	f.Add(false, "GET", "/default/authorize?client_id=workshop-spa&redirect_uri=http://127.0.0.1/callback&response_type=code&authorization_details=[{}]&resource=x&max_age=-1&claims={}", "", "")
	f.Add(false, "POST", "/default/authorize/lab_x", form+"Origin: null\n", "username=%ff&password")
	f.Add(false, "POST", "/default/bc-authorize", form, "client_id=workshop-ciba-poll&client_secret=workshop-secret&scope=openid&login_hint=alice&requested_expiry=9&binding_message=%00")
	f.Add(false, "POST", "/default/ciba", form+"Origin: http://127.0.0.1:9500\nCookie: lab_session_9500=x\n", "username=alice&password=password&ticket=x&action=allow")
	f.Add(false, "GET", "/default/logout?id_token_hint=a.b.c.d.e&post_logout_redirect_uri=x", "", "")
	f.Add(false, "POST", "/default/register", "Content-Type: application/json\n", `{"redirect_uris":["http://127.0.0.1/"],"jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"","y":""}]},"userinfo_encrypted_response_alg":"ECDH-ES"}`)
	f.Add(false, "PUT", "//.well-known/openid-configuration/%2f", "Content-Type: multipart/form-data\n", "\x00")
	f.Add(false, "GET", "/default/jwks", "Host: evil.test\nAccept-Encoding: x\nRange: bytes=1-\nIf-None-Match: *\n", "")
	f.Fuzz(func(t *testing.T, api bool, method, target, headers, body string) {
		origin := "http://127.0.0.1:9500"
		if api {
			origin = l.API()
		}
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		defer stop()
		req, err := http.NewRequestWithContext(ctx, method, origin+target, strings.NewReader(body))
		if own, _ := url.Parse(origin); err != nil || req.URL.Host != own.Host {
			return // not a request that can be sent
		}
		for line := range strings.Lines(headers) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			if http.CanonicalHeaderKey(name) == lab.FaultHeader {
				return // a fault may do everything that is forbidden here
			}
			req.Header.Add(name, value)
			if name == "Host" {
				req.Host = value
			}
		}
		res, err := w.rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatalf("the answer does not end: %v", err)
		}
		media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
		location := res.Header.Get("Location")
		switch {
		case res.StatusCode < 200 || res.StatusCode >= 500 || bytes.Contains(text, []byte("internal error")):
			t.Errorf("%s %s: %d %s", method, target, res.StatusCode, text)
		case len(text) > 0 && err != nil:
			t.Errorf("%s %s: Content-Type %q: %s", method, target, res.Header.Get("Content-Type"), text)
		case strings.HasSuffix(media, "json") && len(text) > 0 && !json.Valid(text):
			t.Errorf("%s %s: no JSON: %s", method, target, text)
		case media == "text/html" && res.Header.Get("Content-Security-Policy") == "":
			t.Errorf("%s %s: a page without a policy", method, target)
		case res.StatusCode/100 == 3 && !strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "http://127.0.0.1") && !strings.HasPrefix(location, "http://localhost") && !strings.HasPrefix(location, "http://[::1]"):
			t.Errorf("%s %s: an open redirect to %s", method, target, location)
		}
	})
}
