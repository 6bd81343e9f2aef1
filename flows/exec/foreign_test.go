package exec_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/grants"
	"authdance/flows/wire"
)

// foreignRun is what one run of our client begins with.
type foreignRun struct {
	grant, auth, secret string
	vars                flows.Vars
	edits               []flows.Edited
}

func (f foreignOP) codeFlow(auth string) foreignRun {
	r := foreignRun{grant: "authorization_code", auth: auth, vars: flows.Vars{"issuer": wire.Untrusted(f.issuer), "scope": scope,
		"client_id": "native", "redirect_uri": "http://127.0.0.1:0/callback"}}
	if auth != "none" {
		r.vars["client_id"], r.vars["redirect_uri"], r.secret = "web", wire.Untrusted(f.webRedirect), foreignSecret
	}
	return r
}

func (r foreignRun) begin(t *testing.T) flows.Log {
	t.Helper()
	secrets := flows.Secrets{}
	if r.secret != "" {
		secrets["client_secret"] = wire.NewSecret(r.secret)
	}
	started, err := grants.Start(flows.Spec{Grant: r.grant, Options: map[string]string{"client_auth": r.auth}}, flows.Profile{ID: "foreign", Class: "TEST"}, r.vars, secrets, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := flows.Log{}.Append(time.Now(), started)
	for _, e := range r.edits {
		log = log.Append(time.Now(), e)
	}
	return log
}

func goOn(log flows.Log, p flows.Performer) (flows.State, flows.Log) {
	log = exec.Run(context.Background(), log, time.Now, p, nil)
	s, _ := log.At(len(log.Entries))
	return s, log
}

// live answers everything for real; browser may be nil.
func live(t *testing.T, browser exec.Browser) *exec.Live {
	t.Helper()
	l, err := exec.NewLive(exec.Options{Browser: browser})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func simulated(t *testing.T) flows.Performer {
	t.Helper()
	p, err := exec.NewSignIn(exec.SignInOptions{Next: live(t, nil), User: foreignUser, Password: foreignPassword})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// mustBeDone fails the test unless the run is over and nothing in it failed or
// stayed unchecked.
func mustBeDone(t *testing.T, s flows.State) {
	t.Helper()
	if s.Status != flows.Done {
		t.Fatalf("the run is %s at step %d: %+v", s.Status, s.Step, s.Problem)
	}
	for _, c := range s.Checks() {
		if c.Status == wire.Fail || c.Status == wire.Unknown || c.Status == wire.Warn && c.ID != "insecure_transport" {
			t.Errorf("%s %s: %s (got %q, want %q)", c.Status, c.ID, c.Message, c.Got, c.Want)
		}
	}
	passed(t, s, "signature_invalid", "iss_mismatch", "aud_mismatch", "at_hash_mismatch", "userinfo_sub_mismatch")
	if s.Vars["sub"] != "id2" || !strings.Contains(s.Vars["userinfo"].Raw(), "test-user2@zitadel.ch") || s.Vars["refresh_token"] == "" {
		t.Errorf("sub %s, userinfo %s, refresh token %q", s.Vars["sub"].Safe(), s.Vars["userinfo"].Safe(), s.Vars["refresh_token"].Safe())
	}
}

func passed(t *testing.T, s flows.State, ids ...string) {
	t.Helper()
	got := map[string]wire.Status{}
	for _, c := range s.Checks() {
		got[c.ID] = c.Status
	}
	for _, id := range ids {
		if got[id] != wire.Pass {
			t.Errorf("check %s is %q, not passed", id, got[id])
		}
	}
}

// refreshes swaps the refresh token of a finished run, and then tries the old
// one once more.
func (f foreignOP) refreshes(t *testing.T, r foreignRun, before flows.State) {
	t.Helper()
	r.grant, r.edits = "refresh_token", nil
	r.vars = flows.Vars{"issuer": r.vars["issuer"], "client_id": r.vars["client_id"], "scope": scope, "sub": before.Vars["sub"],
		"nonce": before.Vars["nonce"], "refresh_token": before.Vars["refresh_token"]}
	s, _ := goOn(r.begin(t), live(t, nil))
	mustBeDone(t, s)
	passed(t, s, "refresh_sub_mismatch", "refresh_not_rotated")
	if s.Vars["access_token"] == before.Vars["access_token"] {
		t.Error("the access token is the old one")
	}
	s, _ = goOn(r.begin(t), live(t, nil))
	mustFail(t, s, "token", flows.OAuth, "invalid_grant", "", 400)
}

func mustFail(t *testing.T, s flows.State, step string, kind flows.Kind, code, words string, status int) {
	t.Helper()
	p := s.Problem
	if s.Status != flows.Failed || p == nil || p.Step != step || p.Kind != kind || p.Code != code || p.HTTPStatus != status || !strings.Contains(p.Description.Raw(), words) {
		t.Errorf("status %s, problem %+v; want %s %s %d %q at step %s", s.Status, p, kind, code, status, words, step)
	}
}

func TestForeignOPTakesEveryClientThroughEveryBrowser(t *testing.T) {
	for _, o := range []opOptions{{}, {server: true, slash: true}} {
		f := startForeignOP(t, o)
		for _, auth := range []string{"none", "client_secret_basic", "client_secret_post"} {
			r := f.codeFlow(auth)
			t.Run(fmt.Sprintf("%s, simulated browser, newer server %t", auth, o.server), func(t *testing.T) {
				s, _ := goOn(r.begin(t), simulated(t))
				mustBeDone(t, s)
				passed(t, s, "nonce_mismatch", "state_mismatch")
				f.refreshes(t, r, s)
			})
			t.Run(fmt.Sprintf("%s, real browser, newer server %t", auth, o.server), func(t *testing.T) {
				p := newPerson(t)
				s, _ := goOn(r.begin(t), live(t, p))
				mustBeDone(t, s)
				if err := <-p.came; err != nil {
					t.Error(err)
				}
				f.refreshes(t, r, s)
			})
		}
	}
}

func TestForeignOPSignaturesOfEveryKindVerify(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec := func(c elliptic.Curve) crypto.Signer { k, _ := ecdsa.GenerateKey(c, rand.Reader); return k }
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	for alg, key := range map[jose.SignatureAlgorithm]crypto.Signer{jose.ES256: ec(elliptic.P256()), jose.ES384: ec(elliptic.P384()), jose.ES512: ec(elliptic.P521()), jose.PS256: rsaKey, jose.RS512: rsaKey, jose.EdDSA: ed} {
		t.Run(string(alg), func(t *testing.T) {
			s, _ := goOn(startForeignOP(t, opOptions{key: key, alg: alg}).codeFlow("none").begin(t), simulated(t))
			mustBeDone(t, s)
		})
	}
}

func TestForeignOPRefusalsAreNamedAsTheyAre(t *testing.T) {
	f := startForeignOP(t, opOptions{})
	set := func(step, name, value string) flows.Edited {
		return flows.Edited{Step: step, Edits: []flows.Edit{{Op: flows.Set, Name: name, Value: wire.Untrusted(value)}}}
	}
	for _, c := range []struct {
		name, auth, secret string
		edit               flows.Edited
		code, words        string
		status             int
	}{
		{"a wrong verifier", "none", "", set("token", "code_verifier", strings.Repeat("x", 43)), "invalid_grant", "invalid code_verifier", 400},
		{"another redirect_uri with the code", "none", "", set("token", "redirect_uri", "http://127.0.0.1:1/callback"), "invalid_grant", "redirect_uri does not correspond", 400},
		{"no verifier", "none", "", flows.Edited{Step: "token", Edits: []flows.Edit{{Op: flows.Drop, Name: "code_verifier"}}}, "invalid_request", "code_verifier required", 400},
		{"a wrong code", "none", "", set("token", "code", "wrong"), "invalid_grant", "invalid code", 400},
		{"a wrong secret, Basic", "client_secret_basic", "wrong", flows.Edited{}, "invalid_client", "invalid client_id", 401},
		{"a wrong secret in the form", "client_secret_post", "wrong", flows.Edited{}, "invalid_client", "invalid client_id", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := f.codeFlow(c.auth)
			if c.secret != "" {
				r.secret = c.secret
			}
			if c.edit.Step != "" {
				r.edits = []flows.Edited{c.edit}
			}
			s, _ := goOn(r.begin(t), simulated(t))
			mustFail(t, s, "token", flows.OAuth, c.code, c.words, c.status)
		})
	}
}

func TestForeignOPRefusesACodeThatWasUsed(t *testing.T) {
	f := startForeignOP(t, opOptions{})
	p := simulated(t)
	s, log := goOn(f.codeFlow("none").begin(t), p)
	mustBeDone(t, s)
	s, _ = goOn(log.Append(time.Now(), flows.Advanced{To: "token"}), p)
	mustFail(t, s, "token", flows.OAuth, "invalid_grant", "", 400)
}

func TestForeignOPErrorPageIsReadBeforeAnybodyWaits(t *testing.T) {
	f := startForeignOP(t, opOptions{})
	r := f.codeFlow("none")
	r.vars["redirect_uri"] = "http://127.0.0.1:0/elsewhere"
	s, _ := goOn(r.begin(t), simulated(t))
	mustFail(t, s, "authorize", flows.OAuth, exec.BrowserErrorPage, "redirect_uri", 0)
}

func TestForeignOPErrorPageKeepsARealBrowser(t *testing.T) {
	f := startForeignOP(t, opOptions{})
	r := f.codeFlow("none")
	r.vars["redirect_uri"] = "http://127.0.0.1:0/elsewhere"
	p := newPerson(t)
	l, err := exec.NewLive(exec.Options{Browser: p, BrowserTimeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, _ := goOn(r.begin(t), l)
	if err := <-p.came; err == nil || !strings.Contains(err.Error(), "redirect_uri") {
		t.Errorf("the browser shows %v", err)
	}
	mustFail(t, s, "authorize", flows.Person, exec.BrowserTimeout, "redirect_uri", 0)
}

func TestForeignOPErrorComesBackToTheListener(t *testing.T) {
	f := startForeignOP(t, opOptions{})
	r := f.codeFlow("none")
	r.vars["prompt"] = "none"
	p := newPerson(t)
	s, _ := goOn(r.begin(t), live(t, p))
	<-p.came
	mustFail(t, s, "callback", flows.OAuth, "login_required", "", 0)
}
