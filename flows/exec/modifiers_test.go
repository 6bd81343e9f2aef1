package exec

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/lab"
	"authdance/flows/wire"
)

// workshop is a lab with real ports, so that certificates can be shown.
type workshop struct {
	t   *testing.T
	lab *lab.Lab
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &workshop{t: t, lab: l}
}

// holds gives the run every key that the lab made for the client.
func (w *workshop) holds(client string) map[string]Key {
	w.t.Helper()
	keys := map[string]Key{}
	if jwks, err := w.lab.ClientKey(client); err == nil {
		k := parsed(w.t, jwks)
		for _, name := range []string{ClientKey, DecryptKey} {
			if _, own := keys[name]; !own {
				keys[name] = k
			}
		}
	}
	if cert, key, ok := w.lab.ClientCertificate(client); ok {
		keys[ClientCert] = parsed(w.t, slices.Concat(cert, key))
		if _, own := keys[ClientKey]; !own {
			keys[ClientKey] = keys[ClientCert]
		}
	}
	return keys
}

func (w *workshop) performer(client string) flows.Performer {
	w.t.Helper()
	o := Options{CA: w.lab.CA(), Keys: w.holds(client)}
	live, err := NewLive(o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { live.Close() })
	p, err := NewSignIn(SignInOptions{Options: o, Next: live, User: "alice", Password: "password"})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// run plays a grant with this client and these options; vars overrule.
func (w *workshop) run(p flows.Performer, grant, client string, options map[string]string, vars flows.Vars, edits ...flows.Edited) flows.State {
	w.t.Helper()
	all := flows.Vars{"issuer": wire.Untrusted(w.lab.Issuer()), "client_id": wire.Untrusted(client), "redirect_uri": "http://127.0.0.1:0/callback",
		"scope": "openid profile read offline_access", "api": wire.Untrusted(w.lab.API() + "/api/profile")}
	if grant == "client_credentials" {
		all["scope"] = "read"
		delete(all, "redirect_uri")
	}
	maps.Copy(all, vars)
	secrets := flows.Secrets{}
	for _, c := range w.lab.Clients() {
		if c.ID == client && c.Secret != "" {
			secrets["client_secret"] = wire.NewSecret(c.Secret)
		}
	}
	started, err := grants.Start(flows.Spec{Grant: grant, Options: options}, flows.Profile{ID: "lab", Class: "LAB"}, all, secrets, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	log := flows.Log{}.Append(time.Now(), started)
	for _, e := range edits {
		log = log.Append(time.Now(), e)
	}
	log = Run(context.Background(), log, time.Now, p, nil)
	s, _ := log.At(len(log.Entries))
	return s
}

func done(t *testing.T, s flows.State, passed ...string) {
	t.Helper()
	if s.Status != flows.Done {
		id := "end"
		if st, ok := s.Current(); ok {
			id = st.ID
		}
		t.Errorf("%s at %s: %+v", s.Status, id, s.Problem)
	}
	got := map[string]wire.Status{}
	for _, c := range s.Checks() {
		if c.Status == wire.Fail || c.Status == wire.Unknown || c.Status == wire.Warn && c.ID != "insecure_transport" && c.ID != "metadata_invalid" {
			t.Errorf("%s %s: %s (got %q, want %q)", c.Status, c.ID, c.Message, c.Got, c.Want)
		}
		got[c.ID] = c.Status
	}
	for _, id := range passed {
		if got[id] != wire.Pass {
			t.Errorf("check %s is %q, not passed", id, got[id])
		}
	}
}

func steps(s flows.State) string {
	var ids []string
	for i, st := range s.Grant.Steps {
		if s.Results[i].Skipped == "" {
			ids = append(ids, st.ID)
		}
	}
	return strings.Join(ids, " ")
}

// Every way to authenticate lets its client in, at the code flow, at refresh
// and at client credentials.
func TestEveryClientAuthenticationIsLetIn(t *testing.T) {
	w := newWorkshop(t)
	for _, c := range []struct {
		client, auth string
		options      map[string]string
	}{
		{client: "workshop-spa", auth: "none"}, {client: "workshop-web", auth: "client_secret_basic"}, {client: "workshop-web", auth: "client_secret_post"}, {client: "workshop-web", auth: "auto"},
		{client: "workshop-mac", auth: "client_secret_jwt"},
		{client: "workshop-keys", auth: "private_key_jwt", options: map[string]string{"client_assertion_aud": "issuer"}},
		{client: "workshop-keys", auth: "private_key_jwt", options: map[string]string{"client_assertion_aud": "token_endpoint"}},
		{client: "workshop-keys", auth: "private_key_jwt", options: map[string]string{"client_assertion_aud": "endpoint", "par": "on"}},
		{client: "workshop-cert", auth: "private_key_jwt"},
		{client: "workshop-mtls", auth: "tls_client_auth", options: map[string]string{"mtls": "on"}},
		{client: "workshop-selfsigned", auth: "self_signed_tls_client_auth", options: map[string]string{"mtls": "on"}},
	} {
		t.Run(fmt.Sprint(c.client, " ", c.auth, " ", c.options), func(t *testing.T) {
			w := &workshop{t: t, lab: w.lab}
			p := w.performer(c.client)
			options := map[string]string{"client_auth": c.auth}
			maps.Copy(options, c.options)
			vars := flows.Vars{}
			if c.options["mtls"] == "on" {
				vars["api"] = wire.Untrusted(w.lab.MTLS() + "/api/profile")
			}
			s := w.run(p, "authorization_code", c.client, options, vars)
			done(t, s, "signature_invalid", "nonce_mismatch")
			if c.options["mtls"] == "on" {
				done(t, s, "cnf_mismatch")
			}
			maps.Copy(vars, flows.Vars{"refresh_token": s.Vars["refresh_token"], "sub": s.Vars["sub"], "nonce": s.Vars["nonce"]})
			done(t, w.run(p, "refresh_token", c.client, options, vars), "refresh_not_rotated")
			if slices.Contains([]string{"workshop-mac", "workshop-keys", "workshop-cert", "workshop-mtls", "workshop-selfsigned"}, c.client) {
				done(t, w.run(p, "client_credentials", c.client, options, vars))
			}
		})
	}
}

// What modifiers do composes: each alone, and many together.
func TestModifiersCompose(t *testing.T) {
	w := newWorkshop(t)
	for _, c := range []struct {
		name, client string
		options      map[string]string
		steps        string
		passed       []string
	}{
		{"PAR", "workshop-spa", map[string]string{"par": "on"}, "discovery prepare par authorize callback token", nil},
		{"PAR by a client with a secret", "workshop-web", map[string]string{"par": "on", "client_auth": "client_secret_basic"}, "", nil},
		{"JAR", "workshop-keys", map[string]string{"jar": "signed", "client_auth": "private_key_jwt"}, "discovery keys prepare request_object authorize callback token_assertion token", nil},
		{"JAR, encrypted", "workshop-keys", map[string]string{"jar": "encrypted", "client_auth": "private_key_jwt"}, "discovery keys prepare server_keys request_object authorize", nil},
		{"JAR, encrypted, pushed", "workshop-keys", map[string]string{"jar": "encrypted", "par": "on", "client_auth": "private_key_jwt"}, "", nil},
		{"JAR by reference", "workshop-keys", map[string]string{"jar": "signed", "jar_by": "reference", "client_auth": "private_key_jwt"}, "discovery keys prepare request_object request_uri authorize", nil},
		{"JARM", "workshop-spa", map[string]string{"response_mode": "jwt"}, "discovery prepare authorize jarm callback token", nil},
		{"JARM, query", "workshop-spa", map[string]string{"response_mode": "query.jwt"}, "", nil},
		{"JARM, fragment", "workshop-spa", map[string]string{"response_mode": "fragment.jwt"}, "", nil},
		{"JARM, form", "workshop-spa", map[string]string{"response_mode": "form_post.jwt"}, "", nil},
		{"DPoP", "workshop-spa", map[string]string{"dpop": "on"}, "discovery keys prepare authorize callback token_proof token id_token userinfo_proof userinfo api_proof api", []string{"cnf_mismatch", "token_type"}},
		{"everything that open banking asks for", "workshop-strict", map[string]string{"client_auth": "private_key_jwt", "par": "on", "jar": "signed", "response_mode": "jwt", "dpop": "on"},
			"discovery keys prepare request_object par_assertion par_proof par authorize jarm callback token_assertion token_proof token id_token userinfo_proof userinfo api_proof api", []string{"cnf_mismatch", "dpop_nonce"}},
		{"an encrypted ID token and userinfo", "workshop-encrypted", map[string]string{"client_auth": "client_secret_basic"}, "discovery prepare authorize callback token id_token_decrypt id_token userinfo userinfo_decrypt api", []string{"userinfo_sub_mismatch"}},
		{"everything encrypted", "workshop-encrypted", map[string]string{"client_auth": "client_secret_basic", "response_mode": "jwt", "par": "on", "dpop": "on"}, "discovery keys prepare par_proof par authorize jarm_decrypt jarm callback token_proof token id_token_decrypt id_token userinfo_proof userinfo userinfo_decrypt", nil},
		{"DPoP with a certificate as client", "workshop-mtls", map[string]string{"client_auth": "tls_client_auth", "dpop": "on", "mtls": "on"}, "", []string{"cnf_mismatch"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &workshop{t: t, lab: w.lab}
			vars := flows.Vars{}
			if c.options["mtls"] == "on" {
				vars["api"] = wire.Untrusted(w.lab.MTLS() + "/api/profile")
			}
			s := w.run(w.performer(c.client), "authorization_code", c.client, c.options, vars)
			done(t, s, append(c.passed, "signature_invalid", "at_hash_mismatch")...)
			if !strings.HasPrefix(steps(s), c.steps) {
				t.Errorf("steps %s, want %s", steps(s), c.steps)
			}
		})
	}
}

func TestTheNonceOfTheServerIsPutIntoAFreshProof(t *testing.T) {
	w := newWorkshop(t)
	s := w.run(w.performer("workshop-strict"), "authorization_code", "workshop-strict",
		map[string]string{"client_auth": "private_key_jwt", "par": "on", "jar": "signed", "dpop": "on"}, nil)
	done(t, s)
	for _, step := range []string{"par", "userinfo", "api"} {
		asked, proofs := s.ResultOf(step).Exchanges(), s.ResultOf(step+"_proof").Facts
		if len(asked) != 2 || len(proofs) != 2 {
			t.Errorf("%s: %d requests, %d proofs", step, len(asked), len(proofs))
		}
	}
	if n := len(s.ResultOf("par_assertion").Facts); n != 2 {
		t.Errorf("%d client assertions for two requests", n)
	}
	if n := len(s.ResultOf("token").Exchanges()); n != 1 {
		t.Errorf("the nonce is known by then, and %d requests for tokens went out", n)
	}
}

// Tampering with what is signed is refused by the server for the right reason.
func TestAnEditedDraftIsSignedAsItStands(t *testing.T) {
	w := newWorkshop(t)
	for _, c := range []struct {
		client, step, op, name, value string
		code, words                   string
	}{
		{"workshop-keys", "token_assertion", "set", "aud", "https://other.test", "invalid_client", "aud"},
		{"workshop-keys", "token_assertion", "set", "exp", "1", "invalid_client", "expired"},
		{"workshop-keys", "token_assertion", "drop", "jti", "", "invalid_client", "jti"},
		{"workshop-keys", "token_assertion", "set", "header.alg", "none", "invalid_client", "signature"},
		{"workshop-spa", "token_proof", "set", "htu", "https://other.test/token", "invalid_dpop_proof", "htu"},
		{"workshop-spa", "token_proof", "set", "htm", "GET", "invalid_dpop_proof", "htm"},
		{"workshop-spa", "api_proof", "drop", "ath", "", "invalid_dpop_proof", "ath"},
		{"workshop-spa", "token_proof", "set", "header.typ", "JWT", "invalid_dpop_proof", "typ"},
	} {
		t.Run(c.step+" "+c.op+" "+c.name, func(t *testing.T) {
			w := &workshop{t: t, lab: w.lab}
			options := map[string]string{"client_auth": "private_key_jwt"}
			if c.client == "workshop-spa" {
				options = map[string]string{"dpop": "on", "client_auth": "none"}
			}
			s := w.run(w.performer(c.client), "authorization_code", c.client, options, nil,
				flows.Edited{Step: c.step, Edits: []flows.Edit{{Op: flows.Op(c.op), Name: c.name, Value: wire.Untrusted(c.value)}}})
			if s.Status != flows.Failed || s.Problem.Code != c.code || !strings.Contains(s.Problem.Description.Raw(), c.words) || s.Edited != 1 {
				t.Errorf("%s, %d edited: %+v", s.Status, s.Edited, s.Problem)
			}
		})
	}
}

func TestOptionsThatContradictEachOtherAreExplained(t *testing.T) {
	for _, c := range []struct {
		options map[string]string
		words   string
	}{
		{map[string]string{"jar_by": "reference"}, "set jar to signed"},
		{map[string]string{"jar_by": "reference", "jar": "signed", "par": "on"}, "RFC 9126 §3"},
		{map[string]string{"client_auth": "basic"}, "use auto, none, client_secret_basic"},
		{map[string]string{"response_mode": "jarm"}, "query.jwt"},
	} {
		if _, err := grants.Build(flows.Spec{Grant: "authorization_code", Options: c.options}); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%v: %v", c.options, err)
		}
	}
}

func TestAMissingKeyIsNamedBeforeAnythingIsSent(t *testing.T) {
	w := newWorkshop(t)
	for options, key := range map[string]string{"private_key_jwt": "client_key", "tls_client_auth": "client_cert"} {
		s := w.run(w.performer("workshop-spa"), "authorization_code", "workshop-spa", map[string]string{"client_auth": options}, nil)
		if s.Status != flows.Failed || s.Problem.Kind != flows.Input || s.Problem.Step != "keys" || !strings.Contains(s.Problem.Description.Raw(), key) {
			t.Errorf("%s: %+v", options, s.Problem)
		}
	}
}
