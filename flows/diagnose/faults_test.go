package diagnose_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"authdance/catalog"
	"authdance/flows"
	"authdance/flows/diagnose"
	"authdance/flows/exec"
	"authdance/flows/grants"
	"authdance/flows/lab"
	"authdance/flows/wire"
	"authdance/ui/exchange"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

// ready plays ready-made faults against the real lab, through the editor that
// people use: e, a digit, enter.
type ready struct {
	t    *testing.T
	lab  *lab.Lab
	with flows.Performer
	sess session.Session
}

func openLab(t *testing.T) *ready {
	t.Helper()
	l, err := lab.New(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	o := exec.Options{Transport: l.Transport()}
	live, err := exec.NewLive(o)
	if err != nil {
		t.Fatal(err)
	}
	signIn, err := exec.NewSignIn(exec.SignInOptions{Options: o, Next: live, User: "alice", Password: "password"})
	if err != nil {
		t.Fatal(err)
	}
	return &ready{t: t, lab: l, with: signIn}
}

// to begins a run of the code flow and goes on until the step is the next one.
func (r *ready) to(step, auth string) {
	r.t.Helper()
	vars := flows.Vars{"issuer": wire.Untrusted(r.lab.Issuer()), "redirect_uri": "http://127.0.0.1:0/callback", "client_id": "workshop-spa",
		"scope": "openid profile email offline_access read", "api": wire.Untrusted(r.lab.API() + "/api/profile")}
	secrets := flows.Secrets{}
	if auth != "none" {
		vars["client_id"], secrets["client_secret"] = "workshop-web", wire.NewSecret("workshop-secret")
	}
	r.begin(flows.Spec{Grant: "authorization_code", Options: map[string]string{"client_auth": auth}}, vars, secrets, step)
}

func (r *ready) begin(spec flows.Spec, vars flows.Vars, secrets flows.Secrets, step string) {
	r.t.Helper()
	started, err := grants.Start(spec, flows.Profile{ID: "lab", Name: "lab", Class: "LAB"}, vars, secrets, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.sess = session.Session{}.Start(time.Now(), started)
	for n := 0; n < 20; n++ {
		s := r.sess.Snapshot().State
		if cur, ok := s.Current(); ok && cur.ID == step && s.Status == flows.Ready {
			return
		}
		if s.Status != flows.Ready {
			r.t.Fatalf("the run stopped before %s: %+v", step, s.Problem)
		}
		r.record(flows.Advanced{})
	}
}

func (r *ready) record(ev flows.Event) {
	var fx []flows.Effect
	r.sess, fx = r.sess.Record(time.Now(), ev)
	for n := 0; len(fx) > 0 && n < 100; n++ {
		r.sess, fx = r.sess.Record(time.Now(), r.with.Perform(context.Background(), fx[0]))
	}
}

// fault presses e, the digit and enter; false when the step has no such fault.
func (r *ready) fault(digit int) bool {
	r.t.Helper()
	digits := []keys.Action{keys.Fault1, keys.Fault2, keys.Fault3, keys.Fault4, keys.Fault5, keys.Fault6, keys.Fault7, keys.Fault8, keys.Fault9}
	var p pane.Pane = exchange.New()
	for _, a := range []keys.Action{keys.EditReq, digits[digit-1], keys.Enter} {
		snap := r.sess.Snapshot()
		e := uitest.Env(r.t, snap, 80, 30)
		e.Snap.Selected = snap.State.Step
		p, _ = p.Sync(e)
		var up any
		p, up = p.Act(a, e)
		switch up := up.(type) {
		case pane.Say:
			return false
		case pane.Record:
			for _, ev := range up.Events {
				r.record(ev)
			}
		}
	}
	return true
}

// Every ready-made fault is really sent to the lab. The first cause must be
// this one, this sure, and nothing that is said may contradict what was sent.
func TestEveryReadyMadeFaultIsExplained(t *testing.T) {
	want := map[string]string{
		"none discovery 1": "likely discovery-not-found: Most likely your own change: address (step 1).",
		"none discovery 2": "certain discovery: POST was sent",
		"none discovery 3": "",

		"none authorize 1": "certain redirect-uri-mismatch: does not accept the redirect_uri",
		"none authorize 2": "certain state-missing: No state was sent",
		"none authorize 3": "certain pkce-plain-refused: plain",
		"none authorize 4": "certain pkce-required: no code_challenge was sent",
		"none authorize 5": "certain unknown-client: does not know the client_id",
		"none authorize 6": "likely scope-typo: Most likely your own change: scope (step 3).",
		"none authorize 7": "likely response-type-not-enabled: Most likely your own change: response_type (step 3).",
		"none authorize 8": "certain prompt-none-failed: prompt=none",
		"none authorize 9": "certain nonce-missing: No nonce was sent",

		"none callback 1": "certain state-mismatch: another state",
		"none callback 2": "certain state-missing: carries no state",
		"none callback 3": "certain issuer-mismatch: another issuer",
		"none callback 4": "certain issuer-missing: this one has none",
		"none callback 5": "certain invalid-grant: not the one that the server gave",
		"none callback 6": "certain authorization-code: without a code and without an error",
		"none callback 7": "certain access-denied: your own change: error=access_denied",
		"none callback 8": "certain duplicate-parameters: state came twice",

		"none token 1": "certain pkce-verifier-mismatch: does not match the challenge",
		"none token 2": "certain pkce-verifier-mismatch: No verifier was sent, and a challenge went out in step 3.",
		"none token 3": "certain redirect-uri-mismatch-token: not the one that the browser was sent with",
		"none token 4": "certain unknown-client: not the one that the browser was sent with",
		"none token 5": "certain invalid-grant: not the one that the server gave",
		"none token 6": "certain invalid-request: No code was sent",
		"none token 7": "certain duplicate-parameters: code was sent twice",
		"none token 8": "certain wrong-content-type: application/json",
		"none token 9": "certain oauth/unsupported_grant_type: authorization_codes",

		"client_secret_basic token 1": "certain pkce-verifier-mismatch: does not match the challenge",
		"client_secret_basic token 2": "certain pkce-verifier-mismatch: No verifier was sent",
		"client_secret_basic token 3": "likely unknown-client: Most likely your own change: Authorization (step 5).",
		"client_secret_basic token 4": "certain redirect-uri-mismatch-token: not the one",
		"client_secret_basic token 5": "certain invalid-grant: not the one that the server gave",
		"client_secret_basic token 6": "certain invalid-request: No code was sent",
		"client_secret_basic token 7": "certain duplicate-parameters: code was sent twice",
		"client_secret_basic token 8": "certain wrong-content-type: application/json",
		"client_secret_basic token 9": "certain oauth/unsupported_grant_type: authorization_codes",

		"client_secret_post token 1": "certain pkce-verifier-mismatch: does not match the challenge",
		"client_secret_post token 2": "certain pkce-verifier-mismatch: No verifier was sent",
		"client_secret_post token 3": "likely client-secret-wrong: Most likely your own change: client_secret (step 5).",
		"client_secret_post token 4": "certain redirect-uri-mismatch-token: not the one",
		"client_secret_post token 5": "certain unknown-client: not the one",
		"client_secret_post token 6": "certain invalid-grant: not the one that the server gave",
		"client_secret_post token 7": "certain invalid-request: No code was sent",
		"client_secret_post token 8": "certain duplicate-parameters: code was sent twice",
		"client_secret_post token 9": "certain wrong-content-type: application/json",

		"none id_token 1": "certain jwks-unreachable: There is no key set",
		"none refresh 1":  "certain unknown-client: another client than",
		"none refresh 2":  "certain refresh-token-expired: not the one that this run has",
		"none refresh 3":  "certain invalid-request: nothing to refresh",
		"none refresh 4":  "likely refresh-other-resource: Most likely your own change: scope",
		"none refresh 5":  "certain wrong-content-type: application/json",
		"none refresh 6":  "certain oauth/unsupported_grant_type: refresh_tokens",
	}
	for _, step := range []string{"userinfo", "api"} {
		want["none "+step+" 1"] = "certain api-401-invalid-token: not the access token that this run got"
		want["none "+step+" 2"] = "certain api-401-invalid-token: No access token was sent"
		want["none "+step+" 3"] = "certain api-401-invalid-token: ID token was sent in place"
		want["none "+step+" 4"] = "certain api-401-invalid-token: no scheme"
		want["none "+step+" 5"] = "certain parameter/Authorization: stands in the address"
	}
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := openLab(t)
	met := map[string]bool{}
	for _, c := range []struct{ auth, step string }{{"none", "discovery"}, {"none", "authorize"}, {"none", "callback"}, {"none", "token"}, {"none", "id_token"},
		{"none", "userinfo"}, {"none", "api"}, {"client_secret_basic", "token"}, {"client_secret_post", "token"}, {"none", "refresh"}} {
		for n := 1; n <= 9; n++ {
			if c.step == "refresh" {
				r.to("id_token", c.auth)
				r.begin(flows.Spec{Grant: "refresh_token"}, r.sess.Snapshot().State.Vars, nil, "token")
			} else {
				r.to(c.step, c.auth)
			}
			if !r.fault(n) {
				break
			}
			for r.sess.Snapshot().State.Status == flows.Ready {
				r.record(flows.Advanced{})
			}
			name := fmt.Sprintf("%s %s %d", c.auth, c.step, n)
			met[name] = true
			t.Run(name, func(t *testing.T) { explained(t, r.sess.Snapshot().State, cat, want[name]) })
		}
	}
	for name := range want {
		if !met[name] {
			t.Errorf("%s: there is no such fault any more", name)
		}
	}
}

func explained(t *testing.T, s flows.State, cat *catalog.Catalog, want string) {
	t.Helper()
	rep := diagnose.Explain(s, cat)
	best, failed := rep.Best()
	if want == "" || !failed {
		if want != "" || failed {
			t.Fatalf("want %q, got %+v", want, rep)
		}
		return
	}
	head, sentence, _ := strings.Cut(want, ": ")
	if got := string(best.Confidence) + " " + best.ID; got != head || !strings.Contains(best.Sentence, sentence) {
		t.Errorf("got %s: %s\nwant %s", got, best.Sentence, want)
	}
	if _, ok := cat.Page(best.ID); !ok {
		t.Errorf("no page %s", best.ID)
	}
	if _, ok := cat.Page(rep.Page); !ok {
		t.Errorf("no page %s about the problem itself", rep.Page)
	}
	edited := false
	texts := []string{rep.Said, rep.Means, best.Sentence}
	for _, e := range best.Evidence {
		edited = edited || e.Mark == diagnose.Edited
		texts = append(texts, e.Text)
	}
	if !edited {
		t.Errorf("the edit is not among the evidence: %+v", best.Evidence)
	}
	for _, text := range texts {
		for _, bad := range []string{"Got ", ", want ", ":method", ":url", "(nothing)", "47DEQpj8HBSa", "practice server"} {
			if strings.Contains(text, bad) {
				t.Errorf("%q says %q", text, bad)
			}
		}
		if len([]rune(text)) > 300 {
			t.Errorf("%d characters: %s", len([]rune(text)), text)
		}
	}
	if ours := s.Problem.Kind == flows.Refused; ours != (rep.Heard == "authdance found") {
		t.Errorf("a %s problem is introduced by %q", s.Problem.Kind, rep.Heard)
	}
	for _, e := range rep.RuledOut {
		if why := contradicts(s, e.Text); why != "" {
			t.Errorf("ruled out %q, but %s", e.Text, why)
		}
	}
}

// contradicts compares a ruled-out line with the requests that really went out.
func contradicts(s flows.State, line string) string {
	out := s.ResultOf("token").Exchanges()
	if len(out) == 0 {
		return "no token request went out"
	}
	sent := out[len(out)-1].Request
	values := func(name string) (all []string) {
		for _, p := range sent.Form {
			if p.Name == name {
				all = append(all, p.Value.Raw())
			}
		}
		return all
	}
	browser := func(name string) string {
		b, _ := s.ResultOf("authorize").Effect.(flows.Browse)
		p, _ := b.Request.Find(name)
		return p.Value.Raw()
	}
	switch {
	case strings.HasPrefix(line, "the code was "):
		if v := values("code"); len(v) != 1 || !strings.HasPrefix(v[0], "lab_") || len(out) != 1 {
			return fmt.Sprintf("%d codes were sent: %q", len(v), v)
		}
	case line == "both requests went where the metadata says":
		b, _ := s.ResultOf("authorize").Effect.(flows.Browse)
		if sent.URL != s.Vars["token_endpoint"] || b.Request.URL != s.Vars["authorization_endpoint"] {
			return fmt.Sprintf("they went to %s and %s", b.Request.URL, sent.URL)
		}
	case strings.HasPrefix(line, "the server's clock and this computer's agree"):
	case strings.HasPrefix(line, "the verifier fits"):
		if v := values("code_verifier"); len(v) != 1 || v[0] != s.Vars["code_verifier"].Raw() {
			return fmt.Sprintf("the verifiers sent are %q", v)
		}
	case strings.HasPrefix(line, "same "):
		name := strings.Fields(line)[1]
		if v := values(name); len(v) != 1 || v[0] != browser(name) {
			return fmt.Sprintf("%s was sent as %q", name, v)
		}
	default:
		return "this test does not know how to check it"
	}
	return ""
}
