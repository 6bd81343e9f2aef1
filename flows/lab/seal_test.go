package lab_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"

	jose "github.com/go-jose/go-jose/v4"
)

// openBench is a bench with real sockets. Keys are read and tokens are opened by
// go-jose, a library that the lab does not use.
func openBench(t testing.TB, o lab.Options) *bench {
	t.Helper()
	if o.Served == nil {
		o.Served = consistent(t)
	}
	l, err := lab.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	rt := &http.Transport{}
	t.Cleanup(func() {
		rt.CloseIdleConnections()
		l.Close()
	})
	return &bench{lab: l, rt: rt, browser: newBrowser(rt)}
}

func (b *bench) tenant(t testing.TB, name string) lab.Tenant {
	t.Helper()
	tenant, err := b.lab.Tenant(name)
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

func (b *bench) keySet(t testing.TB, issuer string) *jose.JSONWebKeySet {
	t.Helper()
	a := b.send(t, issuer+"/jwks", nil)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(a.text), &set); err != nil {
		t.Fatalf("key set: %v: %s", err, a.text)
	}
	return &set
}

// verified checks a signature with the key set of an issuer and returns header
// and claims.
func (b *bench) verified(t testing.TB, issuer, compact string) (jose.Header, map[string]any) {
	t.Helper()
	jws, err := jose.ParseSigned(compact, []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA})
	if err != nil {
		t.Fatalf("%v: %s", err, compact)
	}
	header := jws.Signatures[0].Header
	keys := b.keySet(t, issuer).Key(header.KeyID)
	if len(keys) != 1 || keys[0].Use != "sig" || keys[0].Algorithm != header.Algorithm {
		t.Fatalf("kid %s names the keys %v", header.KeyID, keys)
	}
	payload, err := jws.Verify(keys[0])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return header, claims
}

// decrypted opens a JWE and checks how it was made.
func decrypted(t testing.TB, compact, alg, enc string, key any) (jose.Header, string) {
	t.Helper()
	jwe, err := jose.ParseEncrypted(compact, []jose.KeyAlgorithm{jose.KeyAlgorithm(alg)}, []jose.ContentEncryption{jose.ContentEncryption(enc)})
	if err != nil {
		t.Fatalf("%v: %s", err, compact)
	}
	inside, err := jwe.Decrypt(key)
	if err != nil {
		t.Fatal(err)
	}
	return jwe.Header, string(inside)
}

// clientKey is the private key that the lab hands out for a client.
func (b *bench) clientKey(t testing.TB, id string) jose.JSONWebKey {
	t.Helper()
	raw, err := b.lab.ClientKey(id)
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil || len(set.Keys) != 1 || set.Keys[0].IsPublic() || !set.Keys[0].Valid() {
		t.Fatalf("private key set of %s: %v", id, err)
	}
	return set.Keys[0]
}

// web signs alice in for a client with the secret of the workshop and returns
// the token answer.
func (b *bench) web(t testing.TB, issuer, client, scope string) answer {
	t.Helper()
	form := edit(b.authorizeForm(), "client_id", client, "scope", scope, "nonce", "a-nonce", "code_challenge", "", "code_challenge_method", "")
	back, err := b.browser.visit(issuer + "/authorize?" + form.Encode())
	if err != nil || back.Get("code") == "" {
		t.Fatal(back, err)
	}
	return b.send(t, issuer+"/token", url.Values{"grant_type": {"authorization_code"}, "code": {back.Get("code")}, "redirect_uri": {callback},
		"client_id": {client}, "client_secret": {"workshop-secret"}})
}

// OIDC Core §3.1.3.6: the hash is the one of the algorithm.
func TestIDTokensAreSignedWithTheAlgorithmOfTheClient(t *testing.T) {
	b := openBench(t, lab.Options{})
	for _, alg := range []string{"ES256", "RS256", "PS256", "EdDSA"} {
		if err := b.tenant(t, "default").SetIDTokenAlg("workshop-web", alg); err != nil {
			t.Fatal(err)
		}
		a := b.web(t, b.lab.Issuer(), "workshop-web", "openid read")
		header, claims := b.verified(t, b.lab.Issuer(), a.str("id_token"))
		sum := sha256.Sum256([]byte(a.str("access_token")))
		half := sum[:16]
		if alg == "EdDSA" {
			long := sha512.Sum512([]byte(a.str("access_token")))
			half = long[:32]
		}
		if header.Algorithm != alg || claims["at_hash"] != b64.EncodeToString(half) || !strings.HasPrefix(header.KeyID, "lab-"+strings.ToLower(alg)) {
			t.Errorf("%s: header %v, claims %v", alg, header, claims)
		}
		if access, _ := b.verified(t, b.lab.Issuer(), a.str("access_token")); access.Algorithm != "ES256" {
			t.Errorf("%s: the access token is signed with %s", alg, access.Algorithm)
		}
	}
	for _, alg := range []string{"none", "", "HS256"} {
		if b.lab.SetIDTokenAlg("workshop-web", alg) == nil {
			t.Errorf("%q is accepted", alg)
		}
	}
	if b.lab.SetIDTokenAlg("nobody", "ES256") == nil {
		t.Error("an unknown client is accepted")
	}
}

// RFC 7517 §4.2, §4.4: a key for each algorithm, and keys to encrypt to.
func TestKeySetHasAKeyForEachAlgorithm(t *testing.T) {
	b := openBench(t, lab.Options{})
	for _, alg := range []string{"RS256", "PS256"} { // made in the background otherwise
		if err := b.lab.SetIDTokenAlg("workshop-web", alg); err != nil {
			t.Fatal(err)
		}
		b.web(t, b.lab.Issuer(), "workshop-web", "openid")
	}
	got := map[string]bool{}
	for _, key := range b.keySet(t, b.lab.Issuer()).Keys {
		if !key.Valid() || !key.IsPublic() {
			t.Errorf("key %s is not a good public key", key.KeyID)
		}
		if thumb, err := key.Thumbprint(crypto.SHA256); err != nil || !strings.HasSuffix(key.KeyID, b64.EncodeToString(thumb[:6])) {
			t.Errorf("kid %s is not from the thumbprint", key.KeyID)
		}
		got[key.Use+" "+key.Algorithm] = true
	}
	for _, want := range []string{"sig ES256", "sig RS256", "sig PS256", "sig EdDSA", "enc "} {
		if !got[want] {
			t.Errorf("no key for %q, only %v", want, got)
		}
	}
}

// A client that meets an unknown kid fetches the keys again, and old tokens stay good.
func TestRotatedKeysStayPublishedForAWhile(t *testing.T) {
	b := newBench(t)
	tenant := b.tenant(t, "default")
	before := b.web(t, b.lab.Issuer(), "workshop-web", "openid read")
	old, _ := b.verified(t, b.lab.Issuer(), before.str("id_token"))
	if err := tenant.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	after := b.web(t, b.lab.Issuer(), "workshop-web", "openid read")
	fresh, _ := b.verified(t, b.lab.Issuer(), after.str("id_token"))
	if fresh.KeyID == old.KeyID {
		t.Error("the key is still the old one")
	}
	b.verified(t, b.lab.Issuer(), before.str("id_token"))
	api := func(a answer) int {
		return b.send(t, b.lab.API()+"/api/profile", nil, "Authorization", "Bearer "+a.str("access_token")).status
	}
	if api(before) != 200 || api(after) != 200 {
		t.Errorf("the API answers %d to the old and %d to the new token", api(before), api(after))
	}
	b.now.move(time.Hour + time.Second)
	if set := b.keySet(t, b.lab.Issuer()); len(set.Key(old.KeyID)) != 0 || len(set.Key(fresh.KeyID)) != 1 {
		t.Error("after an hour the old key is still there, or the new one is gone")
	}
}

func TestDroppedKeysMakeTokensWorthless(t *testing.T) {
	b := newBench(t)
	a := b.web(t, b.lab.Issuer(), "workshop-web", "openid read")
	if err := b.tenant(t, "default").RotateKeys(); err != nil {
		t.Fatal(err)
	}
	b.tenant(t, "default").DropOldKeys()
	if got := b.send(t, b.lab.API()+"/api/profile", nil, "Authorization", "Bearer "+a.str("access_token")); got.status != 401 {
		t.Errorf("answer = %d %s", got.status, got.text)
	}
}

// OIDC Core §10.2, §5.3.2; JARM §2.2; RFC 9701 §5: first signed, then encrypted.
func TestEncryptedClientOpensAllItsAnswers(t *testing.T) {
	b := openBench(t, lab.Options{})
	const id = "workshop-encrypted"
	key := b.clientKey(t, id)
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + edit(b.authorizeForm(), "client_id", id, "scope", "openid email read", "nonce", "a-nonce",
		"code_challenge", "", "code_challenge_method", "", "response_mode", "jwt").Encode())
	if err != nil {
		t.Fatal(err)
	}
	outer, inside := decrypted(t, back.Get("response"), "ECDH-ES", "A128CBC-HS256", key)
	_, response := b.verified(t, b.lab.Issuer(), inside)
	if outer.ExtraHeaders["cty"] != "JWT" || outer.KeyID != key.KeyID || response["state"] != "s" || response["aud"] != id {
		t.Errorf("header %v, response %v", outer, response)
	}
	a := b.send(t, b.lab.Issuer()+"/token", url.Values{"grant_type": {"authorization_code"}, "code": {fmt.Sprint(response["code"])}, "redirect_uri": {callback},
		"client_id": {id}, "client_secret": {"workshop-secret"}})
	_, inside = decrypted(t, a.str("id_token"), "ECDH-ES", "A256GCM", key)
	if _, claims := b.verified(t, b.lab.Issuer(), inside); claims["nonce"] != "a-nonce" || claims["at_hash"] == nil {
		t.Errorf("ID token = %v", claims)
	}

	info := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", "Bearer "+a.str("access_token"))
	if got := info.header.Get("Content-Type"); got != "application/jwt" {
		t.Fatalf("userinfo: %s %s", got, info.text)
	}
	_, inside = decrypted(t, info.text, "ECDH-ES+A256KW", "A128CBC-HS256", key)
	if _, claims := b.verified(t, b.lab.Issuer(), inside); claims["email"] != "alice@example.test" || claims["iss"] != b.lab.Issuer() || claims["aud"] != id {
		t.Errorf("userinfo = %v", claims)
	}

	form := url.Values{"token": {a.str("access_token")}, "client_id": {id}, "client_secret": {"workshop-secret"}}
	about := b.send(t, b.lab.Issuer()+"/introspect", form, "Accept", "application/token-introspection+jwt")
	if got := about.header.Get("Content-Type"); got != "application/token-introspection+jwt" {
		t.Fatalf("introspection: %s %s", got, about.text)
	}
	_, inside = decrypted(t, about.text, "ECDH-ES+A256KW", "A256GCM", key)
	header, claims := b.verified(t, b.lab.Issuer(), inside)
	told, _ := claims["token_introspection"].(map[string]any)
	if header.ExtraHeaders["typ"] != "token-introspection+jwt" || told["active"] != true || told["scope"] != "openid email read" ||
		claims["sub"] != nil || claims["exp"] != nil || claims["aud"] != id || claims["iat"] == nil {
		t.Errorf("introspection = %v %v", header, claims)
	}
	if plain := b.send(t, b.lab.Issuer()+"/introspect", form); plain.json["active"] != true {
		t.Errorf("without Accept the answer is %s", plain.text)
	}
}

// RFC 9701 §5: nothing is told of a token that is not good.
func TestIntrospectionOfABadTokenCanBeSignedToo(t *testing.T) {
	b := openBench(t, lab.Options{})
	a := b.send(t, b.lab.Issuer()+"/introspect", url.Values{"token": {"x"}, "client_id": {"workshop-web"}, "client_secret": {"workshop-secret"}}, "Accept", "application/json, application/token-introspection+jwt")
	_, claims := b.verified(t, b.lab.Issuer(), a.text)
	if !reflect.DeepEqual(claims["token_introspection"], map[string]any{"active": false}) {
		t.Errorf("claims = %v", claims)
	}
	// A refusal stays JSON.
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/introspect", url.Values{"token": {"x"}}, "Accept", "application/token-introspection+jwt"), 401, "invalid_client", "client_id is missing")
}

// OpenID Connect Registration §2: every member on its own, with keys of the client.
func TestRegisteredClientChoosesHowItsAnswersAreSealed(t *testing.T) {
	b := openBench(t, lab.Options{})
	private := rsaKey(t)
	public := jose.JSONWebKey{Key: private.Public(), KeyID: "enc-1", Use: "enc"}
	body := map[string]any{"redirect_uris": []string{callback}, "jwks": jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}},
		"token_endpoint_auth_method": "client_secret_post", "userinfo_signed_response_alg": "PS256", "authorization_signed_response_alg": "EdDSA",
		"id_token_encrypted_response_alg": "RSA-OAEP-256", "introspection_signed_response_alg": "EdDSA", "introspection_encrypted_response_alg": "RSA-OAEP-256", "introspection_encrypted_response_enc": "A256GCM"}
	c := b.json(t, "POST", b.lab.Issuer()+"/register", body)
	if c.status != 201 || c.str("id_token_encrypted_response_enc") != "A128CBC-HS256" || c.str("id_token_signed_response_alg") != "ES256" || c.str("userinfo_signed_response_alg") != "PS256" {
		t.Fatalf("registration = %d %s", c.status, c.text)
	}
	id, secret := c.str("client_id"), c.str("client_secret")
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + edit(b.authorizeForm(), "client_id", id, "response_mode", "query.jwt", "code_challenge", "", "code_challenge_method", "").Encode())
	if err != nil {
		t.Fatal(err)
	}
	header, response := b.verified(t, b.lab.Issuer(), back.Get("response"))
	if header.Algorithm != "EdDSA" {
		t.Errorf("JARM is signed with %s", header.Algorithm)
	}
	a := b.send(t, b.lab.Issuer()+"/token", url.Values{"grant_type": {"authorization_code"}, "code": {fmt.Sprint(response["code"])}, "redirect_uri": {callback}, "client_id": {id}, "client_secret": {secret}})
	if _, inside := decrypted(t, a.str("id_token"), "RSA-OAEP-256", "A128CBC-HS256", private); claims(t, inside)["aud"] != id {
		t.Errorf("ID token = %s", inside)
	}
	if header, _ := b.verified(t, b.lab.Issuer(), b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", "Bearer "+a.str("access_token")).text); header.Algorithm != "PS256" {
		t.Errorf("userinfo is signed with %s", header.Algorithm)
	}
	about := b.send(t, b.lab.Issuer()+"/introspect", url.Values{"token": {a.str("access_token")}, "client_id": {id}, "client_secret": {secret}}, "Accept", "application/token-introspection+jwt")
	_, inside := decrypted(t, about.text, "RSA-OAEP-256", "A256GCM", private)
	b.verified(t, b.lab.Issuer(), inside)

	// Userinfo that is encrypted and not signed, OIDC Core §5.3.2.
	if err := b.tenant(t, "default").SetSeal(id, lab.SealUserinfo, lab.Seal{KeyAlg: "RSA-OAEP-256"}); err != nil {
		t.Fatal(err)
	}
	outer, inside := decrypted(t, b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", "Bearer "+a.str("access_token")).text, "RSA-OAEP-256", "A128CBC-HS256", private)
	if outer.ExtraHeaders["cty"] != nil || !strings.Contains(inside, `"sub":"lab-user-1001"`) {
		t.Errorf("userinfo = %v %s", outer, inside)
	}

	for _, bad := range []struct {
		words  string
		change []any
	}{
		{"none of the keys", []any{"userinfo_encrypted_response_alg", "ECDH-ES"}},
		{"none of the keys", []any{"jwks", nil}},
		{"encrypted_response_alg must be", []any{"userinfo_encrypted_response_alg", "RSA1_5"}},
		{"encrypted_response_alg must be", []any{"id_token_encrypted_response_enc", "A192GCM"}},
		{"no encrypted_response_alg beside", []any{"userinfo_encrypted_response_enc", "A256GCM"}},
		{"signed_response_alg must be", []any{"introspection_signed_response_alg", 7}},
	} {
		wantRefusal(t, b.json(t, "POST", b.lab.Issuer()+"/register", with(body, bad.change...)), 400, "invalid_client_metadata", bad.words)
	}
}

// RFC 9101 §6.1: encrypted to the server, signed inside.
func TestEncryptedRequestObject(t *testing.T) {
	b := openBench(t, lab.Options{})
	b.now = &clock{time.Now()}
	keys := b.keySigner(t)
	signed := keys.jwt(b.requestClaims("workshop-keys"), map[string]any{"typ": "oauth-authz-req+jwt"})
	var ec, oaep jose.JSONWebKey
	for oaep.Key == nil || ec.Key == nil {
		for _, key := range b.keySet(t, b.lab.Issuer()).Keys {
			switch {
			case key.Use == "enc" && key.Algorithm == "RSA-OAEP-256":
				oaep = key
			case key.Use == "enc":
				ec = key
			}
		}
	}
	ask := func(request string) (url.Values, error) {
		return b.browser.visit(b.lab.Issuer() + "/authorize?" + url.Values{"client_id": {"workshop-keys"}, "redirect_uri": {callback}, "request": {request}}.Encode())
	}
	for _, c := range []struct {
		alg jose.KeyAlgorithm
		enc jose.ContentEncryption
		key jose.JSONWebKey
	}{{jose.ECDH_ES, jose.A256GCM, ec}, {jose.ECDH_ES_A256KW, jose.A128CBC_HS256, ec}, {jose.RSA_OAEP_256, jose.A256GCM, oaep}} {
		back, err := ask(encrypted(t, c.alg, c.enc, c.key, signed, false))
		if err != nil || back.Get("state") != "s" || back.Get("code") == "" {
			t.Errorf("%s %s: %v, %v", c.alg, c.enc, back, err)
		}
	}
	good := encrypted(t, jose.ECDH_ES, jose.A256GCM, ec, signed, false)
	stranger := rsaKey(t)
	for name, c := range map[string]struct{ request, words string }{
		"another key":        {encrypted(t, jose.RSA_OAEP_256, jose.A256GCM, jose.JSONWebKey{Key: stranger.Public(), KeyID: oaep.KeyID}, signed, false), "cannot be decrypted"},
		"an unknown kid":     {encrypted(t, jose.ECDH_ES, jose.A256GCM, jose.JSONWebKey{Key: ec.Key, KeyID: "x"}, signed, false), "cannot be decrypted"},
		"changed":            {good[:len(good)-4] + "AAAA", "cannot be decrypted"},
		"compressed":         {encrypted(t, jose.ECDH_ES, jose.A256GCM, ec, signed, true), "is not accepted here, or is compressed"},
		"another alg":        {encrypted(t, jose.RSA_OAEP, jose.A256GCM, oaep, signed, false), "is not accepted here, or is compressed"},
		"unsigned inside":    {encrypted(t, jose.ECDH_ES, jose.A256GCM, ec, noSigner().jwt(b.requestClaims("workshop-keys"), nil), false), "request object has no signature"},
		"no JWT inside":      {encrypted(t, jose.ECDH_ES, jose.A256GCM, ec, "{}", false), "request object is not a JWT"},
		"encrypted twice":    {encrypted(t, jose.ECDH_ES, jose.A256GCM, ec, good, false), "request object is not a JWT"},
		"five empty parts":   {"....", "is not accepted here, or is compressed"},
		"header is no JSON ": {"!.a.b.c.d", "is not accepted here, or is compressed"},
	} {
		back, err := ask(c.request)
		if err != nil || back.Get("error") != "invalid_request_object" || !strings.Contains(back.Get("error_description"), c.words) {
			t.Errorf("%s: %v, %v", name, back, err)
		}
	}
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func encrypted(t testing.TB, alg jose.KeyAlgorithm, enc jose.ContentEncryption, key jose.JSONWebKey, text string, compress bool) string {
	t.Helper()
	options := (&jose.EncrypterOptions{}).WithContentType("JWT")
	if compress {
		options.Compression = jose.DEFLATE
	}
	maker, err := jose.NewEncrypter(enc, jose.Recipient{Algorithm: alg, Key: key.Key, KeyID: key.KeyID}, options)
	if err != nil {
		t.Fatal(err)
	}
	jwe, err := maker.Encrypt([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := jwe.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

// A fault spoils what is inside: the client meets it after it has decrypted.
func TestFaultsActInsideSealedAnswers(t *testing.T) {
	b := newBench(t)
	key := b.clientKey(t, "workshop-encrypted")
	if err := b.tenant(t, "default").SetFault("idtoken_aud", true); err != nil {
		t.Fatal(err)
	}
	a := b.web(t, b.lab.Issuer(), "workshop-encrypted", "openid")
	_, inside := decrypted(t, a.str("id_token"), "ECDH-ES", "A256GCM", key)
	if _, claims := b.verified(t, b.lab.Issuer(), inside); claims["aud"] != "workshop-other" {
		t.Errorf("aud = %v", claims["aud"])
	}
	info := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", "Bearer "+a.str("access_token"), lab.FaultHeader, "userinfo_sub")
	_, inside = decrypted(t, info.text, "ECDH-ES+A256KW", "A128CBC-HS256", key)
	if _, claims := b.verified(t, b.lab.Issuer(), inside); claims["sub"] != "lab-user-9999" {
		t.Errorf("sub = %v", claims["sub"])
	}
}

// An address of the lab's own is not told anything: it could go in circles.
func TestTheLabDoesNotTellItself(t *testing.T) {
	b := openBench(t, lab.Options{})
	if err := b.tenant(t, "default").SetClientLogout("workshop-web", lab.LogoutURIs{Backchannel: b.lab.Issuer() + "/logout"}); err != nil {
		t.Fatal(err)
	}
	ids := b.session(t, "workshop-web")
	b.send(t, b.lab.Issuer()+"/logout?"+url.Values{"id_token_hint": {ids[0]}}.Encode(), nil)
	if d := b.delivered(t, "default", 1); d.Status != 0 || !strings.Contains(d.Problem, "the lab's own") {
		t.Errorf("delivery = %+v", d)
	}
}

func TestMetadataAnnouncesSealing(t *testing.T) {
	b := newBench(t)
	m := b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil).json
	for _, kind := range []string{"id_token", "userinfo", "authorization", "introspection"} {
		for name, want := range map[string]string{"signing_alg": "EdDSA", "encryption_alg": "RSA-OAEP-256", "encryption_enc": "A256GCM"} {
			list, _ := m[kind+"_"+name+"_values_supported"].([]any)
			if !slices.Contains(list, any(want)) {
				t.Errorf("%s_%s_values_supported = %v", kind, name, list)
			}
		}
	}
}
