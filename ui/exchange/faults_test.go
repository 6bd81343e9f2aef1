package exchange

import (
	"context"
	"maps"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/grants"
	"authdance/flows/lab"
	"authdance/flows/provider"
	"authdance/flows/wire"
	"authdance/ui/session"
)

// labRun plays a run against the embedded lab, as the program does.
type labRun struct {
	t    *testing.T
	with flows.Performer
	sess session.Session
}

// labs are the embedded lab and a browser for it.
type labs struct {
	t    *testing.T
	lab  *lab.Lab
	with flows.Performer
}

func openLab(t *testing.T) labs {
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
	return labs{t, l, signIn}
}

func (l labs) start(spec flows.Spec, vars flows.Vars, secret string) *labRun {
	l.t.Helper()
	all := flows.Vars{"issuer": wire.Untrusted(l.lab.Issuer()), "redirect_uri": "http://127.0.0.1:0/callback",
		"scope": "openid profile email offline_access read", "api": wire.Untrusted(l.lab.API() + "/api/profile")}
	maps.Copy(all, vars)
	secrets := flows.Secrets{}
	if secret != "" {
		secrets["client_secret"] = wire.NewSecret(secret)
	}
	started, err := grants.Start(spec, flows.Profile{ID: "lab", Name: "lab", Class: "LAB"}, all, secrets, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	return &labRun{t: l.t, with: l.with, sess: session.Session{}.Start(time.Now(), started)}
}

func (r *labRun) record(ev flows.Event) {
	r.t.Helper()
	var fx []flows.Effect
	r.sess, fx = r.sess.Record(time.Now(), ev)
	for n := 0; len(fx) > 0 && n < 100; n++ {
		r.sess, fx = r.sess.Record(time.Now(), r.with.Perform(context.Background(), fx[0]))
	}
}

func (r *labRun) state() flows.State { return r.sess.Snapshot().State }

// to goes on until the named step is the next one.
func (r *labRun) to(step string) {
	r.t.Helper()
	for n := 0; n < 20; n++ {
		s := r.state()
		if cur, ok := s.Current(); ok && cur.ID == step && s.Status == flows.Ready {
			return
		}
		if s.Status != flows.Ready {
			r.t.Fatalf("the run stopped before %s: %+v", step, s.Problem)
		}
		r.record(flows.Advanced{})
	}
}

func TestEveryReadyMadeFaultDoesInTheLabWhatItSays(t *testing.T) {
	l := openLab(t)
	for _, c := range []struct {
		auth, client, secret string
		steps                []string
	}{
		{"none", "workshop-spa", "", []string{"discovery", "authorize", "callback", "token", "id_token", "userinfo", "api"}},
		{"client_secret_basic", "workshop-web", "workshop-secret", []string{"token"}},
		{"client_secret_post", "workshop-web", "workshop-secret", []string{"token"}},
	} {
		spec := flows.Spec{Grant: "authorization_code", Options: map[string]string{"client_auth": c.auth}}
		for _, step := range c.steps {
			first := l.start(spec, flows.Vars{"client_id": wire.Untrusted(c.client)}, c.secret)
			first.to(step)
			orig, _, ok := first.state().Preview(first.state().Step)
			if !ok {
				t.Fatalf("%s: no preview", step)
			}
			list := faults(step, orig, first.state().Vars)
			if len(list) == 0 {
				t.Errorf("%s: no faults", step)
			}
			for n, f := range list {
				t.Run(c.auth+" "+step+" "+f.name, func(t *testing.T) {
					r := l.start(spec, flows.Vars{"client_id": wire.Untrusted(c.client)}, c.secret)
					r.to(step)
					i := r.state().Step
					orig, _, _ := r.state().Preview(i)
					edits := faults(step, orig, r.state().Vars)[n].edits
					r.record(flows.Edited{Step: step, Edits: edits})
					r.record(flows.Advanced{To: step})
					res := r.state().Results[i]
					if got := outcome(res); got != f.result {
						t.Errorf("the lab: %q, the table: %q (%+v)", got, f.result, res.Problem)
					}
					if len(changed(res.Edits)) == 0 {
						t.Error("nothing was changed")
					}
				})
			}
		}
	}
}

func TestRefreshFaultsDoInTheLabWhatTheySay(t *testing.T) {
	l := openLab(t)
	code := l.start(flows.Spec{Grant: "authorization_code"}, flows.Vars{"client_id": "workshop-spa"}, "")
	code.to("id_token")
	list := func() (*labRun, []fault, int) {
		r := l.start(flows.Spec{Grant: "refresh_token"}, code.state().Vars, "")
		r.to("token")
		orig, _, _ := r.state().Preview(r.state().Step)
		return r, faults("token", orig, r.state().Vars), r.state().Step
	}
	_, all, _ := list()
	for n, f := range all {
		r, fs, i := list()
		r.record(flows.Edited{Step: "token", Edits: fs[n].edits})
		r.record(flows.Advanced{To: "token"})
		if got := outcome(r.state().Results[i]); got != f.result {
			t.Errorf("%s: the lab %q, the table %q (%+v)", f.name, got, f.result, r.state().Results[i].Problem)
		}
	}
	if len(all) < 5 {
		t.Errorf("only %d faults", len(all))
	}
}

func TestTheTableOfFaultsIsSound(t *testing.T) {
	for _, step := range []string{"discovery", "authorize", "callback", "token", "id_token", "userinfo", "api"} {
		for _, f := range readyMadeFaults(step) {
			found := false
			for _, word := range f.choices {
				found = found || word == f.result
			}
			if !found {
				t.Errorf("%s, %s: the right answer %q is not among the choices %v", step, f.name, f.result, f.choices)
			}
			if len(f.name) > 24 || f.idea == "" {
				t.Errorf("%s, %s: the name is too long or there is no idea", step, f.name)
			}
		}
	}
	if len(wrongVerifier) != 43 {
		t.Errorf("the wrong verifier has %d characters", len(wrongVerifier))
	}
}

// The faults of the other flows, each with the client that the lab has for it.
func TestFaultsOfEveryFlowDoInTheLabWhatTheySay(t *testing.T) {
	l := openLab(t)
	code := l.start(flows.Spec{Grant: "authorization_code"}, flows.Vars{"client_id": "workshop-spa"}, "")
	code.to("id_token")
	tokens := code.state().Vars
	for _, c := range []struct{ grant, step string }{
		{"device_code", "device_authorization"}, {"device_code", "token"}, {"client_credentials", "token"}, {"password", "token"}, {"token_exchange", "token"}, {"on_behalf_of", "token"},
		{"introspect", "introspect"}, {"revoke", "revoke"}, {"ciba", "backchannel_authentication"}, {"ciba", "token"},
	} {
		begin := func() (*labRun, []fault) {
			p := provider.ForLab(l.lab.Issuer(), l.lab.API()).For(c.grant)
			spec := flows.Spec{Grant: c.grant, Options: map[string]string{"client_auth": p.ClientAuth()}}
			g, err := grants.Build(spec)
			if err != nil {
				t.Fatal(err)
			}
			vars := flows.Vars(p.Vars())
			maps.Copy(vars, grants.Carry(g, tokens))
			secret := ""
			for _, known := range l.lab.Clients() {
				if known.ID == p.Client.ID {
					secret = known.Secret
				}
			}
			r := l.start(spec, vars, secret)
			r.to(c.step)
			orig, _, _ := r.state().Preview(r.state().Step)
			return r, faults(c.step, orig, r.state().Vars)
		}
		_, all := begin()
		if len(all) == 0 {
			t.Errorf("%s %s: no faults", c.grant, c.step)
		}
		for n, f := range all {
			r, fs := begin()
			i := r.state().Step
			r.record(flows.Edited{Step: c.step, Edits: fs[n].edits})
			r.record(flows.Advanced{To: c.step})
			if got := outcome(r.state().Results[i]); got != f.result {
				t.Errorf("%s %s, %s: the lab %q, the table %q", c.grant, c.step, f.name, got, f.result)
			}
		}
	}
}
