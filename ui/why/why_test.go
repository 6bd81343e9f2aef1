package why_test

import (
	"fmt"
	"strings"
	"testing"

	"authdance/flows"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/uitest"
	"authdance/ui/why"
)

func wrongVerifier() []flows.Event {
	return append(uitest.Next(4), flows.Edited{Step: "token", Edits: []flows.Edit{{Op: flows.Set, Name: "code_verifier", Value: "WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-1"}}},
		flows.Guessed{Step: "token", Expect: "invalid_grant"}, flows.Advanced{})
}

func TestPictures(t *testing.T) {
	metadata := uitest.Issuer + "/.well-known/openid-configuration"
	for name, c := range map[string]struct {
		srv    uitest.Server
		events []flows.Event
	}{
		"wrong_verifier": {events: wrongVerifier()},
		"access_denied":  {srv: uitest.Server{Deny: true}, events: uitest.Next(4)},
		"no_answer":      {srv: uitest.Server{Broken: map[string]string{metadata: "connection_refused"}}, events: uitest.Next(1)},
		"nothing_failed": {events: uitest.Next(8)},
	} {
		for _, size := range [][2]int{{58, 11}, {78, 19}, {118, 30}} {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size[0], size[1]), func(t *testing.T) {
				e := uitest.Env(t, uitest.Story(t, &c.srv, "authorization_code", c.events...).Snapshot(), size[0], size[1])
				_, got := uitest.Draw(why.New(), e)
				uitest.Golden(t, got)
			})
		}
	}
}

func TestTheFirstActionOfAProtocolErrorIsThePage(t *testing.T) {
	e := uitest.Env(t, uitest.Story(t, &uitest.Server{}, "authorization_code", wrongVerifier()...).Snapshot(), 78, 19)
	p, _ := uitest.Draw(why.New(), e)
	if _, up := p.Act(keys.Enter, e); up != (pane.Close{Then: pane.OpenPage{ID: "pkce-verifier-mismatch"}}) {
		t.Fatalf("got %v", up)
	}
}

func TestNoAnswerOffersTheSameStepAgain(t *testing.T) {
	srv := &uitest.Server{Broken: map[string]string{uitest.Issuer + "/.well-known/openid-configuration": "timeout"}}
	e := uitest.Env(t, uitest.Story(t, srv, "authorization_code", uitest.Next(1)...).Snapshot(), 78, 19)
	p, _ := uitest.Draw(why.New(), e)
	if got := p.Primary(e); !strings.Contains(got, "try this step again") {
		t.Fatalf("enter %s", got)
	}
}

func TestTheReportHoldsNoSecret(t *testing.T) {
	e := uitest.Env(t, uitest.Story(t, &uitest.Server{}, "authorization_code", wrongVerifier()...).Snapshot(), 78, 19)
	p, picture := uitest.Draw(why.New(), e)
	_, up := p.Act(keys.Copy, e)
	text := up.(pane.Copy).Text + picture
	for name, v := range e.Snap.State.Vars {
		if flows.Sensitive(name) && v != "" && strings.Contains(text, v.Raw()) {
			t.Errorf("%s is in the report", name)
		}
	}
	if strings.Contains(text, "WRONG-WRONG") {
		t.Error("the edited verifier is in the report")
	}
}

// The footer is made of the rows of the scope: with nothing failed it must not
// promise what this screen has not got.
func TestWithNothingFailedTheFooterOnlyLeadsBack(t *testing.T) {
	e := uitest.Env(t, uitest.Story(t, &uitest.Server{}, "authorization_code", uitest.Next(8)...).Snapshot(), 78, 19)
	p, _ := uitest.Draw(why.New(), e)
	for _, r := range e.Keys.Rows(p.Scope()) {
		if r.Hint > 0 && r.Short != "back" {
			t.Errorf("the footer says %q", r.Short)
		}
	}
	if _, up := p.Act(keys.Enter, e); up != (pane.Close{}) {
		t.Errorf("enter does %v", up)
	}
	if _, up := p.Act(keys.Copy, e); up != nil {
		t.Errorf("an empty report is copied: %v", up)
	}
	e = uitest.Env(t, uitest.Story(t, &uitest.Server{}, "authorization_code", wrongVerifier()...).Snapshot(), 78, 19)
	if p, _ = uitest.Draw(p, e); p.Scope() != keys.Why {
		t.Errorf("a failed run has the keys of %q", p.Scope())
	}
}

func TestTheGuessIsShownInTheWordsOfItsOption(t *testing.T) {
	for word, want := range map[string]string{"ok": "You guessed: 200, tokens ─▶ not this time", "invalid_grant": "You guessed: 400 invalid_grant ─▶ correct"} {
		events := append(wrongVerifier()[:5:5], flows.Guessed{Step: "token", Expect: word}, flows.Advanced{})
		e := uitest.Env(t, uitest.Story(t, &uitest.Server{}, "authorization_code", events...).Snapshot(), 78, 19)
		if _, got := uitest.Draw(why.New(), e); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestOnlyTheServersWordsAreWhatItSaid(t *testing.T) {
	for want, events := range map[string][]flows.Event{
		"It said: 400 invalid_grant": wrongVerifier(),
		"authdance found: state_missing": append(uitest.Next(3),
			flows.Edited{Step: "callback", Edits: []flows.Edit{{Op: flows.Drop, Name: "state"}}}, flows.Advanced{}),
		"The changed answer said: access_denied": append(uitest.Next(3),
			flows.Edited{Step: "callback", Edits: []flows.Edit{{Op: flows.Drop, Name: "code"}, {Op: flows.Add, Name: "error", Value: "access_denied"}}}, flows.Advanced{}),
	} {
		e := uitest.Env(t, uitest.Story(t, &uitest.Server{}, "authorization_code", events...).Snapshot(), 78, 19)
		if _, got := uitest.Draw(why.New(), e); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
