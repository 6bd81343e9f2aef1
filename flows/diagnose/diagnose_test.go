package diagnose_test

import (
	"strings"
	"testing"

	"authdance/catalog"
	"authdance/flows"
	"authdance/flows/diagnose"
	"authdance/flows/wire"
	"authdance/ui/uitest"
)

func edit(step, op, name, value string) flows.Event {
	return flows.Edited{Step: step, Edits: []flows.Edit{{Op: flows.Op(op), Name: name, Value: wire.Untrusted(value)}}}
}

func run(events ...any) []flows.Event {
	var out []flows.Event
	for _, e := range events {
		switch e := e.(type) {
		case int:
			out = append(out, uitest.Next(e)...)
		case flows.Event:
			out = append(out, e)
		}
	}
	return out
}

// Each row is one cause, brought about on purpose; the diagnosis must name it first.
func TestCauses(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	wrong := "WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-1"
	metadata := uitest.Issuer + "/.well-known/openid-configuration"
	for name, c := range map[string]struct {
		srv    uitest.Server
		events []flows.Event
		cause  string
		sure   diagnose.Confidence
		says   string
	}{
		"a wrong verifier":             {events: run(4, edit("token", "set", "code_verifier", wrong), 1), cause: "pkce-verifier-mismatch", sure: diagnose.Certain, says: "changed by hand in step 5"},
		"no verifier":                  {events: run(4, edit("token", "drop", "code_verifier", ""), 1), cause: "pkce-verifier-mismatch", sure: diagnose.Certain},
		"a changed challenge":          {events: run(2, edit("authorize", "set", "code_challenge", "abc"), 3), cause: "pkce-verifier-mismatch", sure: diagnose.Certain, says: "changed by hand in step 3"},
		"a code sent twice":            {events: run(5, flows.Advanced{To: "token"}), cause: "code-already-used", sure: diagnose.Certain, says: "2 times"},
		"consent refused":              {srv: uitest.Server{Deny: true}, events: run(4), cause: "access-denied", sure: diagnose.Certain},
		"a changed state":              {events: run(3, edit("callback", "set", "state", "other"), 1), cause: "state-mismatch", sure: diagnose.Certain},
		"no state":                     {events: run(3, edit("callback", "drop", "state", ""), 1), cause: "state-missing", sure: diagnose.Certain},
		"a foreign iss":                {events: run(3, edit("callback", "set", "iss", "https://evil.test"), 1), cause: "issuer-mismatch", sure: diagnose.Certain},
		"a foreign nonce":              {events: run(2, edit("authorize", "set", "nonce", "other"), 4), cause: "nonce-mismatch", sure: diagnose.Certain},
		"nobody listens":               {srv: uitest.Server{Broken: map[string]string{metadata: "connection_refused"}}, events: run(1), cause: "connection-refused", sure: diagnose.Certain},
		"metadata for another issuer":  {srv: uitest.Server{Answer: map[string]string{metadata: `{"issuer":"https://other.test"}`}}, events: run(1), cause: "discovery-issuer-differs", sure: diagnose.Certain},
		"userinfo about somebody else": {srv: uitest.Server{Answer: map[string]string{uitest.Issuer + "/userinfo": `{"sub":"mallory"}`}}, events: run(7), cause: "userinfo-sub-differs", sure: diagnose.Certain},
	} {
		t.Run(name, func(t *testing.T) {
			s := uitest.Story(t, &c.srv, "authorization_code", c.events...).Snapshot().Head
			r := diagnose.Explain(s, cat)
			best, ok := r.Best()
			if !ok || best.ID != c.cause || best.Confidence != c.sure {
				t.Fatalf("got %s %s; problem %+v\n%+v", best.ID, best.Confidence, s.Problem, r)
			}
			if best.Title == best.ID {
				t.Errorf("no page %s in the catalog", best.ID)
			}
			if len(best.Evidence) == 0 {
				t.Error("a cause without evidence")
			}
			var all []string
			for _, e := range best.Evidence {
				all = append(all, e.Text)
			}
			if text := strings.Join(all, "\n"); !strings.Contains(text, c.says) || strings.Contains(text, wrong) {
				t.Errorf("evidence does not say %q, or shows a secret:\n%s", c.says, text)
			}
		})
	}
}

func TestWhatWasRuledOutIsListed(t *testing.T) {
	s := uitest.Story(t, &uitest.Server{}, "authorization_code", run(4, edit("token", "set", "code_verifier", "x"), 1)...).Snapshot().Head
	r := diagnose.Explain(s, nil)
	if len(r.RuledOut) < 3 {
		t.Fatalf("ruled out only %v", r.RuledOut)
	}
}

func TestNothingFailedHasNoCause(t *testing.T) {
	s := uitest.Story(t, &uitest.Server{}, "authorization_code", uitest.Next(8)...).Snapshot().Head
	if r := diagnose.Explain(s, nil); r.Said != "" || len(r.Causes) != 0 {
		t.Fatalf("got %+v", r)
	}
}
