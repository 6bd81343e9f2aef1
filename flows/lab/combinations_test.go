package lab_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"authdance/flows/lab"

	jose "github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

// party is an application as its own programmer sees it: it knows the metadata
// of the server and what it can prove, and nothing else of the lab.
type party struct {
	*bench // its transport shows the certificate of the application, if it has one
	who    applicant
	at     map[string]any
	wish   wish
	key    signer // of DPoP
	nonce  string
}

// applicant is how an application is registered and authenticates.
type applicant struct {
	name, id, auth string
	signs          bool // it has a key to sign requests with
	must           []string
	secret         string
}

// wish is what an application makes of a flow: the modifiers of its requests.
type wish struct {
	name    string
	request url.Values // more of the authorization request
	must    []string   // of pkce, no pkce, par, jar, jar uri, jar encrypted, dpop
	check   func(t *testing.T, access, id map[string]any)
}

func (p *party) does(what string) bool {
	return slices.Contains(p.wish.must, what) || slices.Contains(p.who.must, what)
}

func applicants() []applicant {
	const secret = "workshop-secret"
	return []applicant{
		{name: "none", id: "workshop-spa", auth: "none"},
		{name: "none, described at its address", id: "document", auth: "none"},
		{name: "basic", id: "workshop-web", auth: "client_secret_basic", secret: secret},
		{name: "post", id: "workshop-web", auth: "client_secret_post", secret: secret},
		{name: "registered by itself", id: "registered", auth: "client_secret_basic"},
		{name: "encrypted answers", id: "workshop-encrypted", auth: "client_secret_post", secret: secret},
		{name: "client_secret_jwt", id: "workshop-mac", auth: "client_secret_jwt", secret: macSecret},
		{name: "private_key_jwt", id: "workshop-keys", auth: "private_key_jwt", signs: true},
		{name: "private_key_jwt, by certificate", id: "workshop-cert", auth: "private_key_jwt", signs: true},
		{name: "as in open banking", id: "workshop-strict", auth: "private_key_jwt", signs: true, must: []string{"par", "jar", "dpop"}},
		{name: "tls_client_auth", id: "workshop-mtls", auth: "tls_client_auth"},
		{name: "self_signed_tls_client_auth", id: "workshop-selfsigned", auth: "self_signed_tls_client_auth"},
	}
}

const detail = `{"type":"payment","amount":{"currency":"EUR","value":"12.50"},"creditor":"Example shop"}`

func wishes(api string) []wish {
	mode := func(name string) wish {
		return wish{name: name, request: url.Values{"response_mode": {name}}}
	}
	prompt := func(value string) wish {
		return wish{name: "prompt=" + value, request: url.Values{"prompt": {value}}}
	}
	return []wish{
		{name: "plain words"},
		prompt("none"), prompt("login"), prompt("consent"), prompt("select_account"),
		mode("query"), mode("fragment"), mode("form_post"), mode("jwt"), mode("query.jwt"), mode("fragment.jwt"), mode("form_post.jwt"),
		{name: "no PKCE", must: []string{"no pkce"}},
		{name: "PAR", must: []string{"par"}},
		{name: "JAR", must: []string{"jar"}},
		{name: "JAR by reference", must: []string{"jar uri"}},
		{name: "JAR encrypted", must: []string{"jar encrypted"}},
		{name: "JAR pushed, answered signed", must: []string{"jar", "par"}, request: url.Values{"response_mode": {"jwt"}}},
		{name: "DPoP", must: []string{"dpop"}},
		{name: "DPoP, PAR and JARM", must: []string{"dpop", "par"}, request: url.Values{"response_mode": {"form_post.jwt"}}},
		{name: "RAR", request: url.Values{"authorization_details": {"[" + detail + "]"}}, check: func(t *testing.T, access, _ map[string]any) {
			if got, _ := json.Marshal(access["authorization_details"]); !strings.Contains(string(got), "12.50") {
				t.Errorf("authorization_details = %s", got)
			}
		}},
		{name: "resource", request: url.Values{"resource": {api}}, check: func(t *testing.T, access, _ map[string]any) {
			if access["aud"] != api {
				t.Errorf("aud = %v", access["aud"])
			}
		}},
		{name: "step-up", request: url.Values{"acr_values": {"urn:lab:mfa"}, "max_age": {"300"}}, check: func(t *testing.T, access, id map[string]any) {
			if access["acr"] != "urn:lab:mfa" || id["acr"] != "urn:lab:mfa" || id["auth_time"] == nil {
				t.Errorf("acr = %v, %v", access["acr"], id["acr"])
			}
		}},
	}
}

// fits tells which wishes make sense for whom.
func (w wish) fits(a applicant) bool {
	signed := slices.ContainsFunc(w.must, func(m string) bool { return strings.HasPrefix(m, "jar") })
	switch {
	case signed && !a.signs, slices.Contains(w.must, "jar uri") && a.id != "workshop-keys":
		return false
	case slices.Contains(w.must, "no pkce"):
		return a.auth != "none"
	case slices.Contains(a.must, "jar"):
		return !slices.Contains(w.must, "jar uri") && !slices.Contains(w.must, "jar encrypted")
	}
	return true
}

func newParty(t *testing.T, b *bench, who applicant) *party {
	t.Helper()
	p := &party{bench: b, who: who, key: ecSigner(t, ""), at: b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil).json}
	switch who.id {
	case "document":
		p.who.id = b.lab.ClientDocument()
	case "registered":
		a := b.json(t, "POST", p.at["registration_endpoint"].(string), map[string]any{"redirect_uris": []string{callback}, "scope": "openid read offline_access", "grant_types": []string{"authorization_code", "refresh_token"}})
		p.who.id, p.who.secret = a.str("client_id"), a.str("client_secret")
	}
	if strings.HasSuffix(who.auth, "tls_client_auth") {
		p.bench = b.showing(t, b.certificate(t, who.id))
		for name, alias := range p.at["mtls_endpoint_aliases"].(map[string]any) {
			p.at[name] = alias
		}
	}
	return p
}

func (p *party) signer(t *testing.T) signer {
	t.Helper()
	return privateSigner(t, p.client(t, p.who.id).PrivateJWK)
}

// jwtHeader names the key in the way in which the application must.
func (p *party) jwtHeader(t *testing.T) map[string]any {
	t.Helper()
	if p.who.id != "workshop-cert" {
		return nil
	}
	return map[string]any{"kid": nil, "x5t#S256": x5t256(p.certificate(t, p.who.id).Certificate[0])}
}

// post sends a form to an endpoint of the metadata, authenticated, and with a
// proof of the key where the application wants that; it does as it is told when
// the server wants a nonce.
func (p *party) post(t *testing.T, endpoint string, form url.Values) answer {
	t.Helper()
	for {
		f, header := url.Values{}, []string(nil)
		for name, v := range form {
			f[name] = v
		}
		switch p.who.auth {
		case "client_secret_basic":
			req := http.Request{Header: http.Header{}}
			req.SetBasicAuth(url.QueryEscape(p.who.id), url.QueryEscape(p.who.secret))
			header = append(header, "Authorization", req.Header.Get("Authorization"))
		case "client_secret_jwt", "private_key_jwt":
			s, h := macSigner("HS256", p.who.secret), map[string]any(nil)
			if p.who.auth == "private_key_jwt" {
				s, h = p.signer(t), p.jwtHeader(t)
			}
			f.Set("client_assertion", s.jwt(p.assertionClaims(p.who.id), h))
			f.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		case "client_secret_post":
			f.Set("client_id", p.who.id)
			f.Set("client_secret", p.who.secret)
		case "saml":
			f.Set("client_assertion", p.mintSAML(t, lab.AssertionOptions{Subject: p.who.id}))
			f.Set("client_assertion_type", samlClientType)
		default:
			f.Set("client_id", p.who.id)
		}
		at := p.at[endpoint].(string)
		if p.does("dpop") {
			header = append(header, "DPoP", p.proof("POST", at, ""))
		}
		a := p.send(t, at, f, header...)
		if fresh := a.header.Get("DPoP-Nonce"); a.str("error") == "use_dpop_nonce" && fresh != "" && fresh != p.nonce {
			p.nonce = fresh
			continue
		}
		return a
	}
}

// proof is one of RFC 9449 §4.2.
func (p *party) proof(method, at, access string) string {
	claims := map[string]any{"htm": method, "htu": at, "iat": p.now.at.Unix(), "jti": rand.Text()}
	if p.nonce != "" {
		claims["nonce"] = p.nonce
	}
	if access != "" {
		claims["ath"] = fullHash(access)
	}
	return p.key.jwt(claims, map[string]any{"typ": "dpop+jwt", "jwk": p.key.jwk})
}

// get asks a protected resource with the access token as it has to be shown.
func (p *party) get(t *testing.T, at, access string) answer {
	t.Helper()
	for {
		header := []string{"Authorization", "Bearer " + access}
		if p.does("dpop") {
			header = []string{"Authorization", "DPoP " + access, "DPoP", p.proof("GET", at, access)}
		}
		a := p.send(t, at, nil, header...)
		if fresh := a.header.Get("DPoP-Nonce"); a.status == http.StatusUnauthorized && fresh != "" && fresh != p.nonce {
			p.nonce = fresh
			continue
		}
		return a
	}
}

// api is the origin of the API by which its tokens work.
func (p *party) resource() string {
	if strings.HasSuffix(p.who.auth, "tls_client_auth") {
		return p.lab.MTLS()
	}
	return p.lab.API()
}

// opened is what a signed value holds, of the encrypted client once decrypted.
func (p *party) opened(t *testing.T, compact, alg, enc string) map[string]any {
	t.Helper()
	if p.who.id == "workshop-encrypted" && strings.Count(compact, ".") == 4 {
		_, compact = decrypted(t, compact, alg, enc, p.clientKey(t, p.who.id))
	}
	_, claims := p.verified(t, p.lab.Issuer(), compact)
	return claims
}

// authorize goes through the browser and returns the parameters of the answer.
func (p *party) authorize(t *testing.T, form url.Values) url.Values {
	t.Helper()
	front := url.Values{"client_id": {p.who.id}}
	switch {
	case slices.ContainsFunc([]string{"jar", "jar uri", "jar encrypted"}, p.does):
		claims := map[string]any{"iss": p.who.id, "client_id": p.who.id, "aud": p.lab.Issuer(), "exp": p.now.at.Unix() + 60, "nbf": p.now.at.Unix(), "jti": rand.Text()}
		for name, v := range form {
			claims[name] = v[0]
		}
		if text := form.Get("authorization_details"); text != "" {
			claims["authorization_details"] = json.RawMessage(text)
		}
		if age := form.Get("max_age"); age != "" {
			claims["max_age"] = json.Number(age)
		}
		header := map[string]any{"typ": "oauth-authz-req+jwt"}
		for name, v := range p.jwtHeader(t) {
			header[name] = v
		}
		request := p.signer(t).jwt(claims, header)
		if p.does("jar encrypted") {
			keys := p.keySet(t, p.lab.Issuer()).Keys
			i := slices.IndexFunc(keys, func(k jose.JSONWebKey) bool { return k.Use == "enc" })
			alg := jose.ECDH_ES
			if keys[i].Algorithm == string(jose.RSA_OAEP_256) {
				alg = jose.RSA_OAEP_256
			}
			request = encrypted(t, alg, jose.A256GCM, keys[i], request, false)
		}
		if p.does("jar uri") {
			published := newPublisher(t, "application/oauth-authz-req+jwt")
			published.body = request
			front.Set("request_uri", published.URL+"/requests/1")
		} else {
			front.Set("request", request)
		}
	default:
		front = form
		front.Set("client_id", p.who.id)
	}
	if p.does("par") {
		a := p.post(t, "pushed_authorization_request_endpoint", front)
		if a.status != http.StatusCreated || a.json["expires_in"] == nil {
			t.Fatalf("pushed request = %d %s", a.status, a.text)
		}
		front = url.Values{"client_id": {p.who.id}, "request_uri": {a.str("request_uri")}}
	}
	back, err := p.browser.visit(p.at["authorization_endpoint"].(string) + "?" + front.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(form.Get("response_mode"), "jwt") {
		return back
	}
	claims := p.opened(t, back.Get("response"), "ECDH-ES", "A128CBC-HS256")
	if len(back) != 1 || claims["aud"] != p.who.id || claims["exp"] == nil {
		t.Errorf("signed answer = %v: %v", back, claims)
	}
	out := url.Values{}
	for name, v := range claims {
		out.Set(name, fmt.Sprint(v))
	}
	return out
}

// A foreign client goes through the code flow in every way in which it can
// authenticate, with every modifier: request, answer, tokens, API, userinfo,
// refresh, introspection and revocation.
func TestForeignClientsCombineAuthenticationAndModifiers(t *testing.T) {
	b := newTLSBench(t)
	for _, who := range applicants() {
		p := newParty(t, b, who)
		t.Run(who.name, func(t *testing.T) {
			for _, w := range wishes(b.lab.API()) {
				if !w.fits(who) {
					continue
				}
				t.Run(w.name, func(t *testing.T) {
					p.wish = w
					p.codeFlow(t)
				})
			}
		})
	}
}

func (p *party) codeFlow(t *testing.T) {
	verifier, state, nonce := oauth2.GenerateVerifier(), rand.Text(), rand.Text()
	form := url.Values{"response_type": {"code"}, "redirect_uri": {callback}, "scope": {"openid read offline_access"}, "state": {state}, "nonce": {nonce}}
	if !p.does("no pkce") {
		form.Set("code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
		form.Set("code_challenge_method", "S256")
	}
	for name, v := range p.wish.request {
		form[name] = slices.Clone(v)
	}
	back := p.authorize(t, form)
	if back.Get("state") != state || back.Get("iss") != p.lab.Issuer() || back.Get("code") == "" {
		t.Fatalf("answer = %v", back)
	}
	redeem := url.Values{"grant_type": {"authorization_code"}, "code": {back.Get("code")}, "redirect_uri": {callback}}
	if !p.does("no pkce") {
		redeem.Set("code_verifier", verifier)
	}
	a := p.post(t, "token_endpoint", redeem)
	id := p.opened(t, a.str("id_token"), "ECDH-ES", "A256GCM")
	exp, _ := id["exp"].(float64)
	if a.status != http.StatusOK || id["iss"] != p.lab.Issuer() || id["aud"] != p.who.id || id["nonce"] != nonce || id["sub"] != "lab-user-1001" || id["at_hash"] != halfHash(a.str("access_token")) || int64(exp) <= p.now.at.Unix() {
		t.Errorf("token answer = %d %s\nID token %v", a.status, a.text, id)
	}
	access := p.accessToken(t, a, "lab-user-1001")
	if p.wish.check != nil {
		p.wish.check(t, access, id)
	}
	info := p.get(t, p.at["userinfo_endpoint"].(string), a.str("access_token"))
	if info.header.Get("Content-Type") == "application/jwt" {
		info.json = p.opened(t, info.text, "ECDH-ES+A256KW", "A128CBC-HS256")
	}
	if info.str("sub") != id["sub"] {
		t.Errorf("userinfo = %d %s", info.status, info.text)
	}
	again := p.post(t, "token_endpoint", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {a.str("refresh_token")}})
	if again.status != http.StatusOK || again.str("refresh_token") == a.str("refresh_token") {
		t.Fatalf("refresh = %d %s", again.status, again.text)
	}
	p.accessToken(t, again, "lab-user-1001")
	p.revoked(t, again.str("access_token"))
}

// accessToken checks an access token of a token answer by its signature, its
// claims and what it is bound to, and shows it to the API.
func (p *party) accessToken(t *testing.T, a answer, sub string) map[string]any {
	t.Helper()
	if a.status != http.StatusOK {
		t.Fatalf("token answer = %d %s", a.status, a.text)
	}
	header, c := p.verified(t, p.lab.Issuer(), a.str("access_token"))
	want := map[string]any(nil)
	kind := "Bearer"
	switch cert := p.shown(t); {
	case p.does("dpop") && cert != "":
		kind, want = "DPoP", map[string]any{"jkt": thumbprint(p.key), "x5t#S256": cert}
	case p.does("dpop"):
		kind, want = "DPoP", map[string]any{"jkt": thumbprint(p.key)}
	case cert != "":
		want = map[string]any{"x5t#S256": cert}
	}
	bound, _ := c["cnf"].(map[string]any)
	if header.ExtraHeaders["typ"] != "at+jwt" || c["iss"] != p.lab.Issuer() || c["sub"] != sub || c["client_id"] != p.who.id || a.str("token_type") != kind || !reflect.DeepEqual(bound, want) {
		t.Errorf("%s token, header %v, claims %v", a.str("token_type"), header.ExtraHeaders, c)
	}
	if got := p.get(t, p.resource()+"/api/profile", a.str("access_token")); got.status != http.StatusOK || got.str("sub") != sub {
		t.Errorf("API = %d %s", got.status, got.text)
	}
	return c
}

// shown is the thumbprint of the certificate that the application shows.
func (p *party) shown(t *testing.T) string {
	t.Helper()
	if !strings.HasSuffix(p.who.auth, "tls_client_auth") {
		return ""
	}
	return x5t256(p.certificate(t, p.who.id).Certificate[0])
}

// revoked asks about a token, revokes it and asks again. A public client cannot
// ask about tokens.
func (p *party) revoked(t *testing.T, token string) {
	t.Helper()
	active := func() bool {
		a := p.post(t, "introspection_endpoint", url.Values{"token": {token}})
		if strings.Contains(a.header.Get("Content-Type"), "jwt") {
			inside, _ := p.opened(t, a.text, "ECDH-ES+A256KW", "A256GCM")["token_introspection"].(map[string]any)
			return inside["active"] == true
		}
		return a.json["active"] == true
	}
	if p.who.auth != "none" && !active() {
		t.Error("introspection does not know the token")
	}
	if a := p.post(t, "revocation_endpoint", url.Values{"token": {token}}); a.status != http.StatusOK {
		t.Errorf("revocation = %d %s", a.status, a.text)
	}
	if p.who.auth != "none" && active() {
		t.Error("introspection takes the revoked token for active")
	}
	if a := p.get(t, p.resource()+"/api/profile", token); a.status != http.StatusUnauthorized {
		t.Errorf("the API takes the revoked token: %d", a.status)
	}
}
