package exec

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/lab"
	"authdance/flows/wire"
)

// inLab is the code flow against a lab, with the simulated browser.
func inLab(t *testing.T, lb *lab.Lab, o SignInOptions, options map[string]string, vars flows.Vars) flows.Log {
	t.Helper()
	o.Transport = lb.Transport()
	live, err := NewLive(Options{Transport: lb.Transport()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { live.Close() })
	o.Next = live
	p, err := NewSignIn(o)
	if err != nil {
		t.Fatal(err)
	}
	all := flows.Vars{"issuer": wire.Untrusted(lb.Issuer()), "client_id": "workshop-spa", "redirect_uri": "http://127.0.0.1:0/callback",
		"scope": "openid profile read", "api": wire.Untrusted(lb.API() + "/api/profile")}
	for k, v := range vars {
		all[k] = v
	}
	started, err := grants.Start(flows.Spec{Grant: "authorization_code", Options: options}, flows.Profile{ID: "lab", Class: "LAB"}, all, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var seen int
	log := Run(context.Background(), flows.Log{}.Append(time.Now(), started), time.Now, p, func(flows.Entry) { seen++ })
	if seen != len(log.Entries)-1 {
		t.Errorf("each was told of %d entries, the log has %d new ones", seen, len(log.Entries)-1)
	}
	return log
}

func newLab(t *testing.T) *lab.Lab {
	t.Helper()
	lb, err := lab.New(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lb.Close() })
	return lb
}

func end(t *testing.T, log flows.Log, want flows.Status) flows.State {
	t.Helper()
	s, _ := log.At(len(log.Entries))
	if s.Status != want {
		for _, c := range s.Checks() {
			if c.Status != wire.Pass {
				t.Logf("check %+v", c)
			}
		}
		t.Fatalf("the run is %s at step %d, want %s; problem %+v", s.Status, s.Step, want, s.Problem)
	}
	return s
}

func TestCodeFlowSignsInAtTheLab(t *testing.T) {
	s := end(t, inLab(t, newLab(t), SignInOptions{User: "alice", Password: "password"}, nil, nil), flows.Done)
	if s.Vars["access_token"] == "" || s.Vars["sub"] != "lab-user-1001" {
		t.Errorf("no tokens of Alice: %v", s.Vars["sub"])
	}
	pages := s.ResultOf("authorize").Exchanges()
	if len(pages) < 2 {
		t.Errorf("the sign-in and consent pages were not seen: %d exchanges", len(pages))
	}
}

func TestDenyComesBackAsAccessDenied(t *testing.T) {
	s := end(t, inLab(t, newLab(t), SignInOptions{User: "alice", Password: "password", Deny: true}, nil, nil), flows.Failed)
	if s.Problem.Code != "access_denied" {
		t.Errorf("problem %+v", s.Problem)
	}
}

func TestAWrongPasswordEndsWithTheWordsOfThePage(t *testing.T) {
	s := end(t, inLab(t, newLab(t), SignInOptions{User: "alice", Password: "wrong"}, nil, nil), flows.Failed)
	if s.Problem.Code != BrowserErrorPage || !strings.Contains(s.Problem.Description.Raw(), "is wrong") {
		t.Errorf("problem %+v", s.Problem)
	}
}

func TestAnUnknownClientEndsWithTheErrorPage(t *testing.T) {
	s := end(t, inLab(t, newLab(t), SignInOptions{User: "alice", Password: "password"}, nil, flows.Vars{"client_id": "nobody"}), flows.Failed)
	if s.Problem.Code != BrowserErrorPage || !strings.Contains(s.Problem.Description.Raw(), "Nothing was sent to the application") {
		t.Errorf("problem %+v", s.Problem)
	}
}

func TestFormPostAndFragmentAnswersArrive(t *testing.T) {
	for _, mode := range []string{"form_post", "fragment"} {
		log := inLab(t, newLab(t), SignInOptions{User: "bob", Password: "password"}, nil, flows.Vars{"response_mode": wire.Untrusted(mode)})
		s := end(t, log, flows.Done)
		facts := s.ResultOf("authorize").Facts
		r := facts[len(facts)-1].Event.(flows.Redirected)
		if (mode == "form_post") != (r.Request.Method == "POST") || r.Via != flows.Simulated {
			t.Errorf("%s: the answer came as %s via %s", mode, r.Request.Method, r.Via)
		}
	}
}

func TestAReplayFromTapeEndsWhereTheRunEnded(t *testing.T) {
	log := inLab(t, newLab(t), SignInOptions{User: "alice", Password: "password"}, nil, nil)
	before := end(t, log, flows.Done)
	tape := NewTape(log.Entries)
	again := Run(context.Background(), flows.Log{Entries: log.Entries[:1]}, tape.Now, tape, nil)
	after := end(t, again, flows.Done)
	if after.Vars["access_token"] != before.Vars["access_token"] || len(again.Entries) != len(log.Entries) {
		t.Errorf("the replay has %d entries, the run had %d", len(again.Entries), len(log.Entries))
	}
	if d := cmp.Diff(before.Checks(), after.Checks()); d != "" {
		t.Errorf("checks differ:\n%s", d)
	}
}

func TestRunGoesOnWithAnOpenEffect(t *testing.T) {
	log := inLab(t, newLab(t), SignInOptions{User: "alice", Password: "password"}, nil, nil)
	for n := 1; n < len(log.Entries); n++ {
		// Whatever was answered before n is gone from the tape too.
		tape := NewTape(log.Entries[n:])
		again := Run(context.Background(), log.Fork(n), tape.Now, tape, nil)
		if s, _ := again.At(len(again.Entries)); s.Status != flows.Done {
			t.Fatalf("forked at %d: %s %+v", n, s.Status, s.Problem)
		}
	}
}

func TestCancellingARunIsAFactOfItsLog(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	hang := performer(func(ctx context.Context, e flows.Effect) flows.Event {
		cancel()
		<-ctx.Done()
		return broke(e.EffectID(), stopped(ctx))
	})
	started, err := grants.Start(flows.Spec{Grant: "discovery"}, flows.Profile{}, flows.Vars{"issuer": "http://127.0.0.1:1"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := Run(ctx, flows.Log{}.Append(time.Now(), started), time.Now, hang, nil)
	if _, ok := log.Entries[len(log.Entries)-1].Event.(flows.Cancelled); !ok {
		t.Errorf("the last entry is %T", log.Entries[len(log.Entries)-1].Event)
	}
	end(t, log, flows.Stopped)
}

type performer func(context.Context, flows.Effect) flows.Event

func (p performer) Perform(ctx context.Context, e flows.Effect) flows.Event { return p(ctx, e) }

func TestATapeThatLeavesTheRecordedPathSaysSo(t *testing.T) {
	tape := NewTape([]flows.Entry{{Event: flows.Advanced{}}, {Event: flows.Elapsed{ID: 9}}})
	ctx := context.Background()
	for range 2 { // nothing is consumed
		if b, ok := tape.Perform(ctx, flows.Send{ID: 3}).(flows.Broke); !ok || b.Code != TapeEnd || b.ID != 3 || !strings.Contains(b.Message.Raw(), "left the recorded path") {
			t.Fatalf("got %+v", b)
		}
	}
	if e, ok := tape.Perform(ctx, flows.Wait{ID: 4}).(flows.Elapsed); !ok || e.ID != 4 {
		t.Errorf("got %+v", e)
	}
	if b, ok := tape.Perform(ctx, flows.Wait{ID: 5}).(flows.Broke); !ok || b.Code != TapeEnd || !strings.Contains(b.Message.Raw(), "ends here") {
		t.Errorf("got %+v", b)
	}
}

func BenchmarkCodeFlowInTheLab(b *testing.B) {
	lb, err := lab.New(lab.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer lb.Close()
	live, err := NewLive(Options{Transport: lb.Transport()})
	if err != nil {
		b.Fatal(err)
	}
	p, err := NewSignIn(SignInOptions{Options: Options{Transport: lb.Transport()}, Next: live, User: "alice", Password: "password"})
	if err != nil {
		b.Fatal(err)
	}
	started, err := grants.Start(flows.Spec{Grant: "authorization_code"}, flows.Profile{}, flows.Vars{"issuer": wire.Untrusted(lb.Issuer()), "client_id": "workshop-spa",
		"redirect_uri": "http://127.0.0.1:0/callback", "scope": "openid read", "api": wire.Untrusted(lb.API() + "/api/profile")}, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		log := Run(context.Background(), flows.Log{}.Append(time.Now(), started), time.Now, p, nil)
		if s, _ := log.At(len(log.Entries)); s.Status != flows.Done {
			b.Fatal(s.Problem)
		}
	}
}
