package flows_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/wire"
)

func began(tb testing.TB, grant string) flows.Started {
	tb.Helper()
	return beganWith(tb, grant, nil)
}

func beganWith(tb testing.TB, grant string, options map[string]string) flows.Started {
	tb.Helper()
	ev, err := grants.Start(flows.Spec{Grant: grant, Options: options}, flows.Profile{ID: "t"}, flows.Vars{"issuer": "https://as.test", "client_id": "spa",
		"redirect_uri": "http://127.0.0.1:0/cb", "scope": "openid email", "refresh_token": "rt"}, nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return ev
}

// anything makes an event out of random numbers: every kind, with ids, steps
// and bodies that sometimes fit.
func anything(r *rand.Rand) flows.Event {
	id := r.IntN(12)
	steps := []string{"", "discovery", "prepare", "authorize", "callback", "token", "id_token", "userinfo", "api", "nowhere",
		"keys", "request_object", "request_uri", "par", "par_assertion", "jarm", "token_proof", "id_token_decrypt"}
	step := steps[r.IntN(len(steps))]
	bodies := []string{"", "{}", "[]", "null", `{"error":"invalid_grant"}`, `{"access_token":"a","token_type":"Bearer","id_token":"e30.e30.x"}`, `{"access_token":"a","token_type":"DPoP","id_token":"a.b.c.d.e"}`, "<html>",
		`{"request_uri":"urn:r","expires_in":60}`, `{"error":"use_dpop_nonce"}`, `{"error":"authorization_pending"}`,
		`{"issuer":"https://as.test","authorization_endpoint":"https://as.test/a","token_endpoint":"https://as.test/t","jwks_uri":"https://as.test/k"}`, `{"keys":[{}]}`}
	x := flows.Exchange{Response: flows.Response{Status: []int{0, 200, 302, 400, 500}[r.IntN(5)], Body: wire.Untrusted(bodies[r.IntN(len(bodies))])}}
	switch r.IntN(14) {
	case 12:
		return flows.Signed{ID: id, Token: wire.Untrusted(bodies[r.IntN(len(bodies))])}
	case 13:
		return []flows.Event{flows.Decrypted{ID: id, Text: "e30.e30.x"}, flows.Arrived{ID: id, Request: flows.Request{Method: "POST"}},
			flows.Published{ID: id, URL: "http://127.0.0.1:1/r"}}[r.IntN(3)]
	case 0:
		return flows.Started{}
	case 1, 2, 3:
		return flows.Advanced{To: []string{"", step}[r.IntN(2)]}
	case 4:
		return flows.Edited{Step: step, Edits: []flows.Edit{{Op: []flows.Op{flows.Set, flows.Drop, flows.Add, "?"}[r.IntN(4)], Name: []string{"state", ":url", ":body", "x"}[r.IntN(4)], Value: "v"}}[:r.IntN(2)]}
	case 5:
		return flows.Cancelled{}
	case 6:
		return flows.Drawn{ID: id, Values: flows.Vars{"state": "s", "nonce": "n", "code_verifier": "v"}}
	case 7, 8:
		return flows.Received{ID: id, Exchange: x}
	case 9:
		return flows.Redirected{ID: id, Via: []flows.Via{flows.Listener, flows.Pasted}[r.IntN(2)], Request: flows.Request{Method: "GET",
			Query: []flows.Param{{Name: "code", Value: "c"}, {Name: "state", Value: "s"}, {Name: "iss", Value: "https://as.test"}}[:r.IntN(4)]}}
	case 10:
		return []flows.Event{flows.Observed{ID: id, Exchange: x}, flows.Elapsed{ID: id}}[r.IntN(2)]
	}
	return []flows.Event{flows.Broke{ID: id, Code: "timeout", Sent: true}, flows.Guessed{Step: step, Expect: "x"}}[r.IntN(2)]
}

// FuzzApply: no list of events panics; a fold equals the state built event by
// event; and the state always agrees with itself.
func FuzzApply(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seed, uint64(40))
	}
	f.Fuzz(func(t *testing.T, seed, n uint64) {
		r := rand.New(rand.NewPCG(seed, n))
		list := grants.List()
		grant := list[r.IntN(len(list))].ID
		options := map[string]string{}
		known := grants.Options(grant)
		for _, name := range slices.Sorted(maps.Keys(known)) {
			options[name] = known[name][r.IntN(len(known[name]))]
		}
		if _, err := grants.Build(flows.Spec{Grant: grant, Options: options}); err != nil {
			t.Skip("these options contradict each other")
		}
		log := flows.Log{}.Append(time.Unix(0, 0), beganWith(t, grant, options))
		s, _ := log.At(1)
		for i := range int(n % 200) {
			en := flows.Entry{At: time.Unix(int64(i), 0), Event: anything(r)}
			before := s
			var fx []flows.Effect
			s, fx = flows.Apply(s, en)
			log = log.Append(en.At, en.Event)
			agrees(t, before, s, fx)
		}
		folded, open := log.At(len(log.Entries))
		if (folded.Pending != nil) != (len(open) == 1) {
			t.Fatalf("open effects %v, pending %v", open, folded.Pending)
		}
		if a, b := picture(folded), picture(s); a != b {
			t.Fatalf("folding differs from stepping:\n%s\n%s", a, b)
		}
		for i := range folded.Grant.Steps {
			folded.Preview(i)
		}
		flows.Diagram(folded)
	})
}

func agrees(t *testing.T, before, s flows.State, fx []flows.Effect) {
	t.Helper()
	switch {
	case (s.Pending != nil) != (s.Status == flows.Running):
		t.Fatalf("status %s with pending %v", s.Status, s.Pending)
	case s.Step < 0 || s.Step > len(s.Grant.Steps) || len(s.Results) != len(s.Grant.Steps):
		t.Fatalf("step %d of %d", s.Step, len(s.Grant.Steps))
	case (s.Status == flows.Done) != (s.Step == len(s.Grant.Steps)):
		t.Fatalf("status %s at step %d", s.Status, s.Step)
	case (s.Problem != nil) != (s.Status == flows.Failed || s.Status == flows.Stopped):
		t.Fatalf("status %s with problem %v", s.Status, s.Problem)
	case s.Return != "" && (s.Status != flows.Running || s.Step >= s.Grant.Index(s.Return)):
		t.Fatalf("on the way back to %s, but %s at step %d", s.Return, s.Status, s.Step)
	case len(fx) > 1 || len(fx) == 1 && fx[0].EffectID() != s.Pending.EffectID():
		t.Fatalf("effects %v, pending %v", fx, s.Pending)
	case s.Edited < before.Edited:
		t.Fatal("an edited run lost its mark")
	}
	for i := range s.Results {
		_ = s.StatusOf(i)
	}
}

func picture(s flows.State) string {
	g := make([]string, 0, len(s.Grant.Steps))
	for i, st := range s.Grant.Steps {
		g = append(g, fmt.Sprint(st.ID, s.StatusOf(i), s.Results[i].Checks, s.Results[i].Problem, len(s.Results[i].Facts)))
	}
	return fmt.Sprint(s.Status, s.Step, s.LastID, s.Problem, s.Vars, s.Born, s.Edits, s.Edited, s.Now, g)
}

// Apply must not change what it was given: an older state stays what it was.
func TestApplyLeavesOlderStatesAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	s, _ := flows.Log{}.Append(time.Unix(0, 0), began(t, "authorization_code")).At(1)
	for i := range 3000 {
		before, was := s, picture(s)
		s, _ = flows.Apply(s, flows.Entry{At: time.Unix(int64(i), 0), Event: anything(r)})
		if got := picture(before); got != was {
			t.Fatalf("event %d changed the state before it:\n%s\n%s", i, was, got)
		}
	}
}

func TestEntriesSurviveTheFile(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	list := []flows.Event{began(t, "authorization_code")}
	for range 300 {
		if e := anything(r); flows.KindOf(e) != "started" {
			list = append(list, e)
		}
	}
	var log, back flows.Log
	for i, e := range list {
		en := flows.Entry{At: time.Unix(int64(i), 5).UTC(), Event: e}
		b, err := en.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		got, err := flows.DecodeEntry(b, grants.Build)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		log.Entries, back.Entries = append(log.Entries, en), append(back.Entries, got)
	}
	a, _ := log.At(len(log.Entries))
	b, _ := back.At(len(back.Entries))
	if picture(a) != picture(b) {
		t.Fatalf("the run differs after the file:\n%s\n%s", picture(a), picture(b))
	}
}

func TestASecretNeverReachesTheFile(t *testing.T) {
	ev := began(t, "refresh_token")
	ev.Secrets = flows.Secrets{"client_secret": wire.NewSecret("hunter2-hunter2")}
	b, err := flows.Entry{Event: ev}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if got := string(b); strings.Contains(got, "hunter2") {
		t.Fatalf("the secret is in %s", got)
	}
}

func longLog(tb testing.TB, n int) flows.Log {
	log := flows.Log{}.Append(time.Unix(0, 0), began(tb, "authorization_code"))
	r := rand.New(rand.NewPCG(1, 1))
	for i := 1; i < n; i++ {
		log = log.Append(time.Unix(int64(i), 0), anything(r))
	}
	return log
}

func BenchmarkApply(b *testing.B) {
	log := longLog(b, 200)
	s, _ := log.At(150)
	en := flows.Entry{At: time.Unix(151, 0), Event: flows.Advanced{To: "discovery"}}
	b.ReportAllocs()
	for b.Loop() {
		flows.Apply(s, en)
	}
}

func BenchmarkFold1000Entries(b *testing.B) {
	log := longLog(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		log.At(1000)
	}
}
