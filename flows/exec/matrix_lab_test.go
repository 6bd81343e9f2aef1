package exec

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/jose"
	"authdance/flows/lab"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// plainTenant is a server of the lab that still takes PKCE plain.
const plainTenant = "plain"

// matrixLab is a lab with ports and a client for every way to authenticate,
// which may use every grant.
type matrixLab struct {
	lab     *lab.Lab
	keys    map[string]Key
	ca      []byte
	clients map[string]matrixClient // by tenant, auth and sealed
	phone   sync.Mutex              // the person has one, and a client one place to be told
}

type matrixClient struct{ id, secret string }

func newMatrixLab(t *testing.T) *matrixLab {
	t.Helper()
	l, err := lab.Start(lab.Options{Tenants: []string{plainTenant, "partner"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	plain, err := l.Tenant(plainTenant)
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.SetFault("weak_plain", true); err != nil {
		t.Fatal(err)
	}
	w := &matrixLab{lab: l, ca: l.CA(), clients: map[string]matrixClient{}}
	signing, public := matrixKey(t, "sig")
	opening, other := matrixKey(t, "enc")
	w.keys = map[string]Key{ClientKey: signing, ClientCert: signing, DecryptKey: opening}
	for _, auth := range grants.Options("authorization_code")["client_auth"][1:] {
		for _, tenant := range []string{"default", plainTenant} {
			for _, answers := range []string{"", "encrypted"} {
				w.clients[tenant+" "+auth+" "+answers] = w.register(t, tenant, auth, answers != "", public, other)
			}
		}
	}
	return w
}

// matrixKey is a key with its own certificate, and its public half.
func matrixKey(t *testing.T, use string) (Key, json.RawMessage) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "matrix"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	one, err := jwk.Import(private)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{"use": use, "kid": "matrix-" + use}
	if use == "sig" {
		members["alg"], members["x5c"] = "ES256", []string{base64.StdEncoding.EncodeToString(der)}
	}
	text := func(k jwk.Key) []byte {
		b, _ := json.Marshal(k)
		all := map[string]any{}
		_ = json.Unmarshal(b, &all)
		maps.Copy(all, members)
		b, _ = json.Marshal(all)
		return b
	}
	half, err := one.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseKey(text(one))
	if err != nil {
		t.Fatal(err)
	}
	return key, text(half)
}

func (w *matrixLab) register(t *testing.T, tenant, auth string, encrypted bool, keys ...json.RawMessage) matrixClient {
	t.Helper()
	at, err := w.lab.Tenant(tenant)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{
		"client_name": "matrix", "token_endpoint_auth_method": auth, "jwks": map[string]any{"keys": keys},
		"redirect_uris": []string{"http://127.0.0.1/callback"}, "post_logout_redirect_uris": []string{"http://127.0.0.1/signed-out"},
		"request_uris": []string{"http://127.0.0.1/requests/"}, "scope": "openid profile email offline_access read write device_sso",
		"grant_types": []string{"authorization_code", "refresh_token", "client_credentials", "implicit", "password", "urn:ietf:params:oauth:grant-type:device_code",
			"urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer", "urn:ietf:params:oauth:grant-type:token-exchange"},
	}
	if auth != "none" {
		m["grant_types"] = append(m["grant_types"].([]string), "urn:openid:params:grant-type:ciba")
		m["backchannel_token_delivery_mode"] = "poll"
	}
	if auth == "tls_client_auth" {
		m["tls_client_auth_san_dns"] = "matrix.example.test"
	}
	if encrypted {
		for _, kind := range []string{lab.SealIDToken, lab.SealUserinfo, lab.SealAuthorization, lab.SealIntrospection} {
			m[kind+"_signed_response_alg"], m[kind+"_encrypted_response_alg"], m[kind+"_encrypted_response_enc"] = "ES256", "ECDH-ES", "A256GCM"
		}
	}
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(at.Issuer()+"/register", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("registration of %s: %s %s", auth, res.Status, answer)
	}
	var c struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(answer, &c); err != nil {
		t.Fatal(err)
	}
	return matrixClient{c.ID, c.Secret}
}

// prove runs a combination and looks for what it should have done.
func (w *matrixLab) prove(t *testing.T, c combination) {
	p, vars, secrets := w.prepare(t, c)
	if c.grant == "ciba" || c.grant == "logout" {
		w.phone.Lock()
		defer w.phone.Unlock()
		w.listens(t, c, vars)
	}
	g, err := grants.Build(flows.Spec{Grant: c.grant, Options: c.options()})
	if err != nil {
		t.Fatal(err)
	}
	if len(grants.Lacks(g, vars, secrets)) > 0 {
		before := w.signIn(t, c, p, vars, secrets)
		for name, v := range grants.Carry(g, before.Vars) {
			if vars[name] == "" {
				vars[name] = v
			}
		}
	}
	s := w.play(t, p, c.grant, c.options(), vars, secrets)
	if s.Status != flows.Done {
		id := "end"
		if st, ok := s.Current(); ok {
			id = st.ID
		}
		t.Fatalf("%s at %s: %+v", s.Status, id, s.Problem)
	}
	for _, check := range s.Checks() {
		if check.Status == wire.Fail || check.Status == wire.Unknown {
			t.Errorf("%s %s: %s (got %q, want %q)", check.Status, check.ID, check.Message, check.Got, check.Want)
		}
	}
	for _, missing := range evidence(c, s) {
		t.Error(missing)
	}
}

// prepare makes the performer and the values that a run begins with.
func (w *matrixLab) prepare(t *testing.T, c combination) (flows.Performer, flows.Vars, flows.Secrets) {
	t.Helper()
	tenant := "default"
	if c.value("pkce") == "plain" {
		tenant = plainTenant
	}
	at, err := w.lab.Tenant(tenant)
	if err != nil {
		t.Fatal(err)
	}
	auth := c.auth
	if auth == "" {
		auth = "none"
	}
	client := w.clients[tenant+" "+auth+" "+c.value(sealed)]
	if c.grant == "id_jag" {
		client = matrixClient{"workshop-agent", "workshop-secret"}
	}
	o := Options{CA: w.ca, Keys: maps.Clone(w.keys)}
	if cert, key, ok := at.ClientCertificate(client.id); ok {
		k, err := ParseKey(slices.Concat(cert, key))
		if err != nil {
			t.Fatal(err)
		}
		o.Keys[ClientCert] = k
	}
	live, err := NewLive(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { live.Close() })
	p, err := NewSignIn(SignInOptions{Options: o, Next: live, User: "alice", Password: "password", Code: lab.SecondFactor})
	if err != nil {
		t.Fatal(err)
	}
	api := w.lab.API()
	if c.value("mtls") == "on" {
		api = w.lab.MTLS()
	}
	whole := provider.ForLab(at.Issuer(), api)
	vars := flows.Vars(whole.For(c.grant).Vars())
	vars["client_id"] = wire.Untrusted(client.id)
	vars["request_object_uri"] = "http://127.0.0.1:0/requests/matrix.jwt"
	if c.grant == "native_sso" {
		vars["scope"] = "openid profile read device_sso offline_access"
	}
	for _, name := range further {
		if c.value(name) == "on" {
			vars[name] = wanted(name)
			if name == "resource" {
				vars[name] = wire.Untrusted(api)
			}
		}
	}
	if c.grant == "saml2_bearer" {
		xml, err := at.SAMLAssertion(lab.AssertionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		vars["assertion"] = wire.Untrusted(xml)
	}
	secrets := flows.Secrets{}
	if client.secret != "" {
		secrets["client_secret"] = wire.NewSecret(client.secret)
	}
	return p, vars, secrets
}

// listens tells the lab where this run waits to be called.
func (w *matrixLab) listens(t *testing.T, c combination, vars flows.Vars) {
	t.Helper()
	tenant := "default"
	if c.value("pkce") == "plain" {
		tenant = plainTenant
	}
	at, err := w.lab.Tenant(tenant)
	if err != nil {
		t.Fatal(err)
	}
	client, uri := vars["client_id"].Raw(), freeAddress(t)+"/told"
	switch mode := c.variant["delivery"]; mode {
	case "poll":
		err = at.SetCIBA(client, lab.Backchannel{Mode: mode})
	case "ping", "push":
		vars["client_notification_endpoint"] = wire.Untrusted(uri)
		err = at.SetCIBA(client, lab.Backchannel{Mode: mode, Endpoint: uri})
	case "":
		if c.variant["notice"] == "off" {
			err = at.SetClientLogout(client, lab.LogoutURIs{})
			break
		}
		vars["backchannel_logout_uri"], vars["frontchannel_logout_uri"] = wire.Untrusted(uri), wire.Untrusted(uri)
		err = at.SetClientLogout(client, lab.LogoutURIs{Backchannel: uri, Frontchannel: uri})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// signIn is the login before a flow that begins with a token. What it gets must
// be usable by the same client in the same way, so it is bound like the flow.
func (w *matrixLab) signIn(t *testing.T, c combination, p flows.Performer, vars flows.Vars, secrets flows.Secrets) flows.State {
	t.Helper()
	first := maps.Clone(vars)
	for _, name := range append(slices.Clone(further), "id_token", "assertion", "response_mode", "api") {
		delete(first, name)
	}
	if first["scope"] == "read" {
		first["scope"] = "openid profile email offline_access read"
	}
	options := map[string]string{}
	if c.auth != "" {
		options["client_auth"] = c.auth
	}
	if byTLS(c.auth) {
		options["mtls"] = "on"
	}
	exchanged := slices.Contains([]string{"token_exchange", "on_behalf_of", "id_jag", "native_sso", "revoke", "introspect"}, c.grant)
	for _, name := range []string{"dpop", "mtls"} {
		if v := c.value(name); v != "" && !exchanged {
			options[name] = v
		}
	}
	s := w.play(t, p, "authorization_code", options, first, secrets)
	if s.Status != flows.Done {
		t.Fatalf("the sign-in before is %s: %+v", s.Status, s.Problem)
	}
	return s
}

func (w *matrixLab) play(t *testing.T, p flows.Performer, grant string, options map[string]string, vars flows.Vars, secrets flows.Secrets) flows.State {
	t.Helper()
	started, err := grants.Start(flows.Spec{Grant: grant, Options: options}, flows.Profile{ID: "lab", Class: "LAB"}, maps.Clone(vars), secrets, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	log := Run(ctx, flows.Log{}.Append(time.Now(), started), time.Now, p, nil)
	s, _ := log.At(len(log.Entries))
	return s
}

// evidence is what a finished run lacks of what was asked for: a row that is
// green because nothing was added proves nothing.
func evidence(c combination, s flows.State) []string {
	var missing []string
	must := func(ok bool, what string) {
		if !ok {
			missing = append(missing, what)
		}
	}
	for _, a := range c.with {
		must(tookEffect(c, a, s), a.name+"="+a.value+" shows nowhere")
	}
	if c.auth != "" {
		for i, st := range s.Grant.Steps {
			if st.Auth && s.StatusOf(i) == flows.StepOK {
				must(authenticated(c.auth, s, s.Results[i]), "step "+st.ID+" does not authenticate with "+c.auth)
			}
		}
	}
	return missing
}

func authenticated(auth string, s flows.State, r flows.Result) bool {
	fx, _ := r.Effect.(flows.Send)
	_, basic := fx.Request.Find("Authorization")
	_, post := fx.Request.Find("client_secret")
	_, assertion := fx.Request.Find("client_assertion")
	id, named := fx.Request.Find("client_id")
	switch auth {
	case "client_secret_basic":
		return basic && !post && !assertion
	case "client_secret_post":
		return post && !basic && !assertion
	case "client_secret_jwt", "private_key_jwt":
		return assertion && !post && !basic
	case "none":
		return named && !post && !basic && !assertion
	}
	return fx.Cert != "" && named && id.Value == s.Vars["client_id"] && !post && !basic && !assertion
}

func tookEffect(c combination, a addition, s flows.State) bool {
	ran := func(step string) bool { i := s.Grant.Index(step); return i >= 0 && s.StatusOf(i) == flows.StepOK }
	sent := func(step string) flows.Request {
		switch fx := s.ResultOf(step).Effect.(type) {
		case flows.Send:
			return fx.Request
		case flows.Browse:
			return fx.Request
		}
		return flows.Request{}
	}
	found := func(r flows.Request, name string) string { p, _ := r.Find(name); return p.Value.Raw() }
	check := func(id string, want wire.Status) bool {
		return slices.ContainsFunc(s.Checks(), func(c wire.Check) bool { return c.ID == id && c.Status == want })
	}
	claims := func(token wire.Untrusted) string { return jose.Decode(token.Raw()).Claims.Indent() }
	switch a.name {
	case "pkce":
		if a.value == "off" {
			return found(sent("token"), "code_verifier") == "" && s.Vars["code_challenge"] == ""
		}
		return s.Vars["code_challenge"] == s.Vars["code_verifier"] && found(sent("token"), "code_verifier") != ""
	case "nonce":
		return found(sent("authorize"), "nonce") == "" && !check("nonce_mismatch", wire.Pass)
	case "par":
		out := sent("authorize")
		return (a.value == "on") == ran("par") && (a.value == "off" || len(out.Query) == 2 && found(out, "request_uri") != "")
	case "jar":
		carrier := sent("authorize")
		if ran("par") {
			carrier = sent("par")
		}
		object := found(carrier, "request")
		if c.value("jar_by") == "reference" {
			object = s.Vars["request"].Raw()
		}
		return strings.Count(object, ".") == map[string]int{"signed": 2, "encrypted": 4}[a.value]
	case "jar_by":
		return ran("request_uri") && strings.HasPrefix(found(sent("authorize"), "request_uri"), "http://127.0.0.1:")
	case "response_mode":
		facts := s.ResultOf("authorize").Facts
		back, _ := facts[len(facts)-1].Event.(flows.Redirected)
		signed := found(back.Request, "response") != ""
		return signed == strings.HasSuffix(a.value, "jwt") && (back.Request.Method == http.MethodPost) == strings.HasPrefix(a.value, "form_post")
	case "dpop":
		bound := strings.HasPrefix(found(sent("api"), "Authorization"), "DPoP ") || strings.HasPrefix(found(sent("userinfo"), "Authorization"), "DPoP ")
		return bound || check("cnf_mismatch", wire.Pass) || found(sent("token"), "DPoP") != ""
	case "mtls":
		for i := range s.Grant.Steps {
			if fx, ok := s.Results[i].Effect.(flows.Send); ok && fx.Cert == ClientCert {
				return true
			}
		}
		return false
	case "client_assertion_aud":
		for i, st := range s.Grant.Steps {
			if fx, ok := s.Results[i].Effect.(flows.Sign); ok && strings.HasSuffix(st.ID, "_assertion") {
				want := s.Vars["token_endpoint"]
				if a.value == "endpoint" {
					want = sent(strings.TrimSuffix(st.ID, "_assertion")).URL
				}
				aud, _ := fx.Draft.Message().Find("aud")
				return aud.Value == want
			}
		}
		return false
	case "resource":
		return s.Vars["access_token"] == "" || strings.Contains(claims(s.Vars["access_token"]), s.Vars["resource"].Raw())
	case "authorization_details":
		return s.Vars["access_token"] == "" || strings.Contains(claims(s.Vars["access_token"]), "12.50")
	case "claims":
		return s.Vars["id_token"] == "" || strings.Contains(claims(s.Vars["id_token"]), "alice@")
	case "max_age":
		return s.Vars["id_token"] == "" || check("auth_time_too_old", wire.Pass) || strings.Contains(claims(s.Vars["id_token"]), "auth_time")
	case "acr_values":
		return s.Vars["id_token"] == "" || strings.Contains(claims(s.Vars["id_token"]), wanted("acr_values").Raw())
	case sealed:
		opened := false
		for i, st := range s.Grant.Steps {
			opened = opened || strings.HasSuffix(st.ID, "_decrypt") && s.StatusOf(i) == flows.StepOK
		}
		return opened
	}
	return false
}

// wanted is the value of a further parameter that needs no address of the lab.
func wanted(name string) wire.Untrusted {
	return map[string]wire.Untrusted{"authorization_details": `[{"type":"payment","amount":"12.50"}]`, "claims": `{"id_token":{"email":null}}`,
		"max_age": "3600", "acr_values": "urn:lab:pwd"}[name]
}
