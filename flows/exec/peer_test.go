package exec

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/lab"
	"authdance/flows/wire"
)

// robot is a browser that signs in by itself and then really goes back to
// redirect_uri, where the listener waits for it.
type robot struct {
	o        SignInOptions
	redirect func(address string) string
	done     chan error
}

func (r robot) Open(_ context.Context, address string) error {
	go func() { r.done <- r.visit(address) }()
	return nil
}

func (r robot) visit(address string) error {
	s, err := NewSignIn(r.o)
	if err != nil {
		return err
	}
	b := flows.Browse{Request: flows.Request{Method: "GET", URL: wire.Untrusted(address)}, RedirectURI: wire.Untrusted(r.redirect(address))}
	for {
		switch ev := s.Perform(context.Background(), b).(type) {
		case flows.Observed:
			b.Resume = true
		case flows.Redirected:
			tr := &http.Transport{DisableKeepAlives: true}
			jump := &http.Client{Transport: tr} // follows the 303 to the clean address
			res, err := jump.Get(ev.Request.Target())
			if err == nil {
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			return err
		case flows.Broke:
			return &failure{code: ev.Code, text: ev.Message.Raw()}
		}
	}
}

func redirectOf(t *testing.T) func(string) string {
	return func(address string) string {
		u, err := ValidateURL(address)
		if err != nil {
			t.Error(err)
			return ""
		}
		return u.Query().Get("redirect_uri")
	}
}

// overLoopback runs the code flow with real sockets on every side.
func overLoopback(t *testing.T, o SignInOptions, vars flows.Vars) flows.State {
	t.Helper()
	r := robot{o: o, redirect: redirectOf(t), done: make(chan error, 1)}
	live := newLive(t, Options{Browser: r})
	started, err := grants.Start(flows.Spec{Grant: "authorization_code"}, flows.Profile{}, vars, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := Run(context.Background(), flows.Log{}.Append(time.Now(), started), time.Now, live, nil)
	s := end(t, log, flows.Done)
	if err := <-r.done; err != nil {
		t.Errorf("the browser: %v", err)
	}
	facts := s.ResultOf("authorize").Facts
	if back, ok := facts[len(facts)-1].Event.(flows.Redirected); !ok || back.Via != flows.Listener {
		t.Errorf("came back as %+v", facts[len(facts)-1].Event)
	}
	return s
}

func TestCodeFlowOverLoopbackWithTheLab(t *testing.T) {
	lb, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lb.Close() })
	for _, host := range []string{"127.0.0.1", "localhost"} {
		s := overLoopback(t, SignInOptions{User: "alice", Password: "password"}, flows.Vars{"issuer": wire.Untrusted(lb.Issuer()), "client_id": "workshop-spa",
			"redirect_uri": wire.Untrusted("http://" + host + ":0/callback"), "scope": "openid read", "api": wire.Untrusted(lb.API() + "/api/profile")})
		if s.Vars["sub"] != "lab-user-1001" || s.Vars["api_answer"] == "" {
			t.Errorf("%v", s.Vars)
		}
	}
}
