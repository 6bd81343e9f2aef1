package lab_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

func fullHash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return b64.EncodeToString(sum[:])
}

// thumbprint is that of RFC 7638, made by hand.
func thumbprint(s signer) string {
	members := map[string]any{}
	for _, m := range []string{"crv", "kty", "x", "y"} {
		members[m] = s.jwk[m]
	}
	text, _ := json.Marshal(members)
	return fullHash(string(text))
}

func (b *bench) proofClaims(method, at string) map[string]any {
	return map[string]any{"htm": method, "htu": at, "iat": b.now.at.Unix(), "jti": rand.Text()}
}

func (s signer) proof(claims map[string]any) string {
	return s.jwt(claims, map[string]any{"typ": "dpop+jwt", "jwk": s.jwk})
}

// bound runs the code flow of workshop-spa with a proof at the token endpoint.
func (b *bench) bound(t testing.TB, key signer) answer {
	t.Helper()
	form := b.tokenForm(t)
	a := b.send(t, b.lab.Issuer()+"/token", form, "DPoP", key.proof(b.proofClaims("POST", b.lab.Issuer()+"/token")))
	if a.status != 200 || a.str("token_type") != "DPoP" {
		t.Fatalf("tokens = %d %s", a.status, a.text)
	}
	return a
}

// RFC 9449 §5 to §7: the token is bound to the key of the proof.
func TestBoundTokenNeedsItsKey(t *testing.T) {
	b := newBench(t)
	key := ecSigner(t, "")
	tok := b.bound(t, key).str("access_token")
	cnf, _ := claims(t, tok)["cnf"].(map[string]any)
	if cnf["jkt"] != thumbprint(key) {
		t.Fatalf("cnf = %v", cnf)
	}
	at := b.lab.Issuer() + "/userinfo"
	good := func(key signer, change ...any) answer {
		return b.send(t, at, nil, "Authorization", "DPoP "+tok, "DPoP", key.proof(with(b.proofClaims("GET", at), append([]any{"ath", fullHash(tok)}, change...)...)))
	}
	if a := good(key); a.status != 200 || a.str("sub") != "lab-user-1001" {
		t.Fatalf("userinfo = %d %s", a.status, a.text)
	}
	for _, c := range []struct {
		name, code, words string
		a                 answer
	}{
		{"Bearer", "invalid_token", "bound to a key", b.send(t, at, nil, "Authorization", "Bearer "+tok)},
		{"no proof", "invalid_dpop_proof", "DPoP header is missing", b.send(t, at, nil, "Authorization", "DPoP "+tok)},
		{"another key", "invalid_token", "another key", good(ecSigner(t, ""))},
		{"no ath", "invalid_dpop_proof", "ath of the DPoP proof", good(key, "ath", nil)},
		{"another ath", "invalid_dpop_proof", "ath of the DPoP proof", good(key, "ath", fullHash("x"))},
		{"unbound token", "invalid_token", "not bound to a key", b.send(t, at, nil, "Authorization", "DPoP "+b.tokens(t, "openid").AccessToken)},
	} {
		challenge := c.a.header.Get("WWW-Authenticate")
		if c.a.status != 401 || c.a.str("error") != c.code || !strings.Contains(c.a.str("error_description"), c.words) ||
			!strings.HasPrefix(challenge, `DPoP algs="ES256 RS256 PS256 EdDSA", error="`+c.code) {
			t.Errorf("%s: %d %s %s", c.name, c.a.status, challenge, c.a.text)
		}
	}
	if a := b.send(t, at, nil); len(a.header.Values("WWW-Authenticate")) != 2 {
		t.Errorf("challenges without a token = %v", a.header.Values("WWW-Authenticate"))
	}
	if a := b.send(t, b.lab.Issuer()+"/introspect", url.Values{"client_id": {"workshop-web"}, "client_secret": {"workshop-secret"}, "token": {tok}}); a.json["cnf"] == nil || a.str("token_type") != "DPoP" {
		t.Errorf("introspection = %s", a.text)
	}
}

// RFC 9449 §4.3: every check of a proof.
func TestProofRefusalsNameTheMistake(t *testing.T) {
	b := newBench(t)
	key, at := ecSigner(t, ""), b.lab.Issuer()+"/token"
	fresh := func(pairs ...any) string { return key.proof(with(b.proofClaims("POST", at), pairs...)) }
	used := fresh()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"workshop-service"}, "client_secret": {"workshop-secret"}}
	for _, good := range []string{used, fresh("htu", strings.ToUpper("http://")+strings.TrimPrefix(at, "http://")), fresh("iat", b.now.at.Unix()+20)} {
		if a := b.send(t, at, form, "DPoP", good); a.status != 200 || a.str("token_type") != "DPoP" {
			t.Fatal(a.text)
		}
	}
	private := ecSigner(t, "")
	private.jwk["d"] = private.jwk["x"]
	mac := macSigner("HS256", "0123456789abcdef0123456789abcdef")
	mac.jwk = map[string]any{"kty": "oct", "k": b64.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))}
	for _, c := range []struct{ name, proof, words string }{
		{"replay", used, "jti of the DPoP proof was used before"},
		{"no jti", fresh("jti", nil), "has no jti"},
		{"old", fresh("iat", b.now.at.Unix()-301), "DPoP proof has expired"},
		{"no iat", fresh("iat", nil), "DPoP proof has expired"},
		{"clock ahead", fresh("iat", b.now.at.Unix()+31), "begins in the future"},
		{"another method", fresh("htm", "GET"), "htm of the DPoP proof"},
		{"another address", fresh("htu", b.lab.Issuer()+"/par"), "htu of the DPoP proof"},
		{"address with a query", fresh("htu", at+"?a=b"), "htu of the DPoP proof"},
		{"no JWT", "x", "DPoP proof is not a JWT"},
		{"another type", key.jwt(b.proofClaims("POST", at), map[string]any{"jwk": key.jwk, "typ": "JWT"}), "typ of the DPoP proof"},
		{"no key", key.jwt(b.proofClaims("POST", at), map[string]any{"typ": "dpop+jwt"}), "public key in jwk"},
		{"private key", private.proof(b.proofClaims("POST", at)), "public key in jwk"},
		{"secret", mac.proof(b.proofClaims("POST", at)), "public key in jwk"},
		{"alg none", noSigner().jwt(b.proofClaims("POST", at), map[string]any{"typ": "dpop+jwt", "jwk": key.jwk}), "DPoP proof has no signature"},
		{"another key's signature", ecSigner(t, "").jwt(b.proofClaims("POST", at), map[string]any{"typ": "dpop+jwt", "jwk": key.jwk}), "signature of the DPoP proof is wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantRefusal(t, b.send(t, at, form, "DPoP", c.proof), 400, "invalid_dpop_proof", c.words)
		})
	}
	req, _ := http.NewRequest(http.MethodPost, at, strings.NewReader(form.Encode()))
	req.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Dpop": {fresh(), fresh()}}
	wantRefusal(t, b.do(t, req), 400, "invalid_dpop_proof", "more than one DPoP header")
}

// RFC 9449 §5: the refresh token of a public client is bound too.
func TestRefreshTokenOfAPublicClientIsBound(t *testing.T) {
	b := newBench(t)
	key := ecSigner(t, "")
	first := b.bound(t, key)
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"workshop-spa"}, "refresh_token": {first.str("refresh_token")}}
	at := b.lab.Issuer() + "/token"
	wantRefusal(t, b.send(t, at, form), 400, "invalid_grant", "refresh token is bound")
	wantRefusal(t, b.send(t, at, form, "DPoP", ecSigner(t, "").proof(b.proofClaims("POST", at))), 400, "invalid_grant", "refresh token is bound")
	if a := b.send(t, at, form, "DPoP", key.proof(b.proofClaims("POST", at))); a.status != 200 || a.str("token_type") != "DPoP" {
		t.Errorf("refresh = %s", a.text)
	}
}

// RFC 9449 §10: dpop_jkt binds the code, and so does a proof at the PAR endpoint.
func TestCodeIsBoundToTheKey(t *testing.T) {
	b := newBench(t)
	key, at := ecSigner(t, ""), b.lab.Issuer()+"/token"
	verifier := strings.Repeat("v", 43)
	request := func() url.Values {
		return edit(b.authorizeForm(), "code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
	}
	pushed := b.send(t, b.lab.Issuer()+"/par", request(), "DPoP", key.proof(b.proofClaims("POST", b.lab.Issuer()+"/par")))
	if pushed.status != http.StatusCreated {
		t.Fatal(pushed.text)
	}
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/par", edit(request(), "dpop_jkt", "other"), "DPoP", key.proof(b.proofClaims("POST", b.lab.Issuer()+"/par"))), 400, "invalid_dpop_proof", "dpop_jkt")
	for name, query := range map[string]url.Values{
		"dpop_jkt": edit(request(), "dpop_jkt", thumbprint(key)),
		"pushed":   {"client_id": {"workshop-spa"}, "request_uri": {pushed.str("request_uri")}},
	} {
		back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + query.Encode())
		if err != nil {
			t.Fatal(name, err)
		}
		form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-spa"}, "code": {back.Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier}}
		wantRefusal(t, b.send(t, at, form), 400, "invalid_grant", "code is bound to a key")
		wantRefusal(t, b.send(t, at, form, "DPoP", ecSigner(t, "").proof(b.proofClaims("POST", at))), 400, "invalid_grant", "code is bound to a key")
		if a := b.send(t, at, form, "DPoP", key.proof(b.proofClaims("POST", at))); a.status != 200 {
			t.Errorf("%s: %s", name, a.text)
		}
	}
}

// RFC 9449 §8 and §9: server and API want their own nonces.
func TestNoncesAtServerAndAPI(t *testing.T) {
	b := newBench(t)
	keys, key := privateSigner(t, b.client(t, "workshop-strict").PrivateJWK), ecSigner(t, "")
	post := func(path, dpop string, form url.Values) answer {
		f := edit(assertionForm(keys.jwt(b.assertionClaims("workshop-strict"), nil)), "grant_type", "", "scope", "")
		for name, v := range form {
			f[name] = v
		}
		if dpop == "" {
			return b.send(t, b.lab.Issuer()+path, f)
		}
		return b.send(t, b.lab.Issuer()+path, f, "DPoP", dpop)
	}
	pushed := post("/par", "", url.Values{"request": {keys.jwt(with(b.requestClaims("workshop-strict"), "scope", "read", "nonce", nil), nil)}})
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + url.Values{"client_id": {"workshop-strict"}, "request_uri": {pushed.str("request_uri")}}.Encode())
	if err != nil {
		t.Fatal(err, pushed.text)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {back.Get("code")}, "redirect_uri": {callback}, "code_verifier": {strings.Repeat("v", 43)}}
	proof := func(nonce string) string {
		return key.proof(with(b.proofClaims("POST", b.lab.Issuer()+"/token"), "nonce", nonce))
	}
	wantRefusal(t, post("/token", "", form), 400, "invalid_dpop_proof", "DPoP header is missing")
	asked := post("/token", key.proof(b.proofClaims("POST", b.lab.Issuer()+"/token")), form)
	wantRefusal(t, asked, 400, "use_dpop_nonce", "needs a nonce")
	nonce := asked.header.Get("DPoP-Nonce")
	b.now.move(4 * time.Minute)
	late := post("/token", proof(nonce), form)
	wantRefusal(t, late, 400, "use_dpop_nonce", "too old")
	wantRefusal(t, post("/token", proof("guess"), form), 400, "use_dpop_nonce", "not from here")
	b.now.move(-4 * time.Minute)
	tok := post("/token", proof(nonce), form)
	if tok.status != 200 || tok.str("token_type") != "DPoP" || tok.header.Get("DPoP-Nonce") == "" {
		t.Fatalf("tokens = %d %s", tok.status, tok.text)
	}
	access, at := tok.str("access_token"), b.lab.API()+"/api/profile"
	call := func(nonce any) answer {
		return b.send(t, at, nil, "Authorization", "DPoP "+access, "DPoP", key.proof(with(b.proofClaims("GET", at), "ath", fullHash(access), "nonce", nonce)))
	}
	for _, bad := range []any{nil, nonce} { // the server's nonce is not the API's
		a := call(bad)
		if a.status != 401 || !strings.Contains(a.header.Get("WWW-Authenticate"), `error="use_dpop_nonce"`) {
			t.Fatalf("API = %d %v", a.status, a.header)
		}
		if a = call(a.header.Get("DPoP-Nonce")); a.status != 200 {
			t.Errorf("API = %d %s", a.status, a.text)
		}
	}
}
