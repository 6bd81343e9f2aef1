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
		"consent refused":              {srv: uitest.Server{Deny: true}, events: run(4), cause: "consent-declined", sure: diagnose.Likely},
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

func TestAMissingValueSaysWhatAndFromWhere(t *testing.T) {
	metadata := uitest.Issuer + "/.well-known/openid-configuration"
	srv := &uitest.Server{Answer: map[string]string{metadata: `{"issuer":"` + uitest.Issuer + `","authorization_endpoint":"` + uitest.Issuer + `/authorize"}`}}
	s := uitest.Story(t, srv, "authorization_code", uitest.Next(5)...).Snapshot().Head
	best, _ := diagnose.Explain(s, nil).Best()
	if s.Problem == nil || s.Problem.Code != "missing_value" {
		t.Fatalf("problem %+v", s.Problem)
	}
	if best.ID != "endpoint-missing" || best.Confidence != diagnose.Certain || !strings.Contains(best.Sentence, "needs token_endpoint") {
		t.Errorf("got %+v", best)
	}
	if len(best.Evidence) == 0 || !strings.Contains(best.Evidence[0].Text, "token_endpoint comes from step 1 ") {
		t.Errorf("evidence %+v", best.Evidence)
	}
}

func TestACancelledRunWasStoppedByYou(t *testing.T) {
	s := uitest.Story(t, &uitest.Server{}, "authorization_code", run(2, flows.Event(flows.Cancelled{}))...).Snapshot().Head
	r := diagnose.Explain(s, nil)
	best, _ := r.Best()
	if best.Confidence != diagnose.Certain || best.Sentence != "You stopped it in step 3. Nothing was refused." || r.Heard != "authdance found" {
		t.Errorf("got %q %+v", r.Heard, best)
	}
}

func TestAnotherIssuerSaysWhatToWriteIntoTheProfile(t *testing.T) {
	metadata := uitest.Issuer + "/.well-known/openid-configuration"
	srv := &uitest.Server{Answer: map[string]string{metadata: `{"issuer":"https://other.test/"}`}}
	s := uitest.Story(t, srv, "authorization_code", uitest.Next(1)...).Snapshot().Head
	best, _ := diagnose.Explain(s, nil).Best()
	if !strings.Contains(best.Sentence, "change issuer in the profile to exactly what the document says") {
		t.Errorf("got %q", best.Sentence)
	}
	if last := best.Evidence[len(best.Evidence)-1].Text; !strings.HasSuffix(last, ": https://other.test/") {
		t.Errorf("evidence %q", last)
	}
}

// An edit that no rule knows of is still the first suspect.
func TestAnUnknownRefusalOfAnEditedRequestIsYourOwnChange(t *testing.T) {
	s := uitest.Story(t, &uitest.Server{}, "authorization_code", run(7, edit("api", "set", ":url", uitest.Issuer+"/nowhere"), 1)...).Snapshot().Head
	best, _ := diagnose.Explain(s, nil).Best()
	if best.Confidence != diagnose.Likely || !strings.HasPrefix(best.Sentence, "Most likely your own change: address (step 8).") {
		t.Errorf("got %+v", best)
	}
}

// What an error page says is hostile: it is shortened, and no byte of it is raw.
func TestAnErrorPageIsQuotedSafelyAndShort(t *testing.T) {
	page := "<head><title>x</title></head><p>hello</p><p>bad redirect_uri \x1b]0;owned\x07\u202e " + strings.Repeat("long ", 400) + "</p>"
	started := uitest.Story(t, &uitest.Server{}, "authorization_code", uitest.Next(2)...).Snapshot().Head
	s, fx := flows.Apply(started, flows.Entry{At: uitest.Clock(), Event: flows.Advanced{}})
	id := fx[0].EffectID()
	s, _ = flows.Apply(s, flows.Entry{At: uitest.Clock(), Event: flows.Observed{ID: id, Exchange: flows.Exchange{Response: flows.Response{Status: 400, Body: wire.Untrusted(page)}}}})
	s, _ = flows.Apply(s, flows.Entry{At: uitest.Clock(), Event: flows.Broke{ID: id, Code: "browser_error_page", Message: "x shows an error page (HTTP 400): x"}})
	r := diagnose.Explain(s, nil)
	best, _ := r.Best()
	if best.ID != "redirect-uri-mismatch" {
		t.Errorf("got %s", best.ID)
	}
	for _, text := range []string{r.Said, best.Sentence, best.Evidence[0].Text} {
		if strings.ContainsAny(text, "\x1b\x07\u202e") || len(text) > 320 || strings.Contains(text, "hello") {
			t.Errorf("%d bytes: %q", len(text), text)
		}
	}
}

// not_found is a word of the federation endpoint; an API that says it means its own.
func TestAWordOfAnotherEndpointExplainsNothingHere(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := uitest.Story(t, &uitest.Server{}, "authorization_code", run(7, edit("api", "set", ":url", uitest.Issuer+"/nowhere"), 1)...).Snapshot().Head
	if r := diagnose.Explain(s, cat); s.Problem.Code != "not_found" || r.Page != "" || r.Means != "" {
		t.Errorf("problem %+v explained by %q: %q", s.Problem, r.Page, r.Means)
	}
}
