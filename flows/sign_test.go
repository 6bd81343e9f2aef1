package flows_test

import (
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

func draft() flows.Draft {
	return flows.Draft{Name: "client_assertion",
		Header: []flows.Param{{Name: "alg", Value: "ES256"}, {Name: "typ", Value: "JWT"}},
		Claims: []flows.Param{{Name: "iss", Value: "12"}, {Name: "aud", Value: "https://as.test"}, {Name: "exp", Value: "60", JSON: true}, {Name: "jti", Fresh: true}}}
}

func TestADraftIsWrittenInItsOwnOrder(t *testing.T) {
	d := draft()
	if got := string(flows.Object(d.Header)); got != `{"alg":"ES256","typ":"JWT"}` {
		t.Error(got)
	}
	if got := string(flows.Object(d.Claims)); got != `{"iss":"12","aud":"https://as.test","exp":60,"jti":""}` {
		t.Error(got)
	}
	odd := []flows.Param{{Name: "a\"<&>", Value: "x\n"}, {Name: "n", Value: "{broken", JSON: true}}
	if got := string(flows.Object(odd)); got != `{"a\"<&>":"x\n","n":"{broken"}` {
		t.Error(got)
	}
}

func TestEditsOfADraftKeepTheKindOfAValue(t *testing.T) {
	for _, c := range []struct{ edit, want string }{
		{`set iss 13`, `{"iss":"13","aud":"https://as.test","exp":60,"jti":""}`}, // a text stays a text
		{`set exp 0`, `{"iss":"12","aud":"https://as.test","exp":0,"jti":""}`},
		{`set exp soon`, `{"iss":"12","aud":"https://as.test","exp":"soon","jti":""}`},
		{`set aud ["a","b"]`, `{"iss":"12","aud":["a","b"],"exp":60,"jti":""}`},
		{`add nbf 5`, `{"iss":"12","aud":"https://as.test","exp":60,"jti":"","nbf":5}`},
		{`add nbf "5"`, `{"iss":"12","aud":"https://as.test","exp":60,"jti":"","nbf":"5"}`},
		{`set jti one`, `{"iss":"12","aud":"https://as.test","exp":60,"jti":"one"}`},
		{`drop exp`, `{"iss":"12","aud":"https://as.test","jti":""}`},
		{`add iss other`, `{"iss":"12","aud":"https://as.test","exp":60,"jti":"","iss":"other"}`},
	} {
		op, rest, _ := strings.Cut(c.edit, " ")
		name, val, _ := strings.Cut(rest, " ")
		before := draft()
		got := before.Edit([]flows.Edit{{Op: flows.Op(op), Name: name, Value: wire.Untrusted(val)}})
		if s := string(flows.Object(got.Claims)); s != c.want {
			t.Errorf("%s: %s, want %s", c.edit, s, c.want)
		}
		if len(before.Claims) != 4 || before.Claims[0].Value != "12" {
			t.Errorf("%s changed the draft that it was given", c.edit)
		}
	}
}

func TestHeaderDotNameEditsTheHeaderOfADraft(t *testing.T) {
	got := draft().Edit([]flows.Edit{{Op: flows.Set, Name: "header.alg", Value: "none"}, {Op: flows.Drop, Name: "header.typ"}, {Op: flows.Set, Name: "header.kid", Value: "k1"}})
	if s := string(flows.Object(got.Header)); s != `{"alg":"none","kid":"k1"}` || len(got.Claims) != 4 {
		t.Error(s, got.Claims)
	}
}

// renewing is a grant in which every request needs a fresh proof.
func renewing(on func(flows.State, flows.Entry) flows.Verdict) flows.Grant {
	return flows.Grant{ID: "g", Steps: []flows.Step{
		{ID: "proof", From: flows.Client, To: flows.Client,
			Do: func(flows.State) flows.Effect { return flows.Sign{Draft: draft(), Key: "k"} },
			On: func(_ flows.State, e flows.Entry) flows.Verdict {
				return flows.Verdict{Set: flows.Vars{"proof": e.Event.(flows.Signed).Token}}
			}},
		{ID: "between", From: flows.Client, To: flows.Client, On: func(flows.State, flows.Entry) flows.Verdict { return flows.Verdict{} }},
		{ID: "ask", From: flows.Client, To: flows.AS, Renew: "proof",
			Do: func(s flows.State) flows.Effect {
				return flows.Send{Request: flows.Request{Method: "POST", URL: "https://as.test/token", Form: []flows.Param{{Name: "proof", Value: s.Vars["proof"]}}}}
			}, On: on},
	}}
}

func fold(t *testing.T, g flows.Grant, events ...flows.Event) (flows.State, []flows.Effect) {
	t.Helper()
	log := flows.Log{}.Append(time.Unix(0, 0), flows.Started{Grant: g})
	for i, e := range events {
		log = log.Append(time.Unix(int64(i+1), 0), e)
	}
	return log.At(len(log.Entries))
}

func sends(t *testing.T, fx []flows.Effect, proof string) {
	t.Helper()
	if len(fx) != 1 || flows.MessageOf(fx[0]).Payload() != "proof="+proof {
		t.Fatalf("effects %+v, want one request with proof %s", fx, proof)
	}
}

func TestAskingAgainMakesAFreshProofFirst(t *testing.T) {
	for name, after := range map[string]time.Duration{"at once": 0, "after a wait": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			g := renewing(func(s flows.State, e flows.Entry) flows.Verdict {
				return flows.Verdict{Again: e.Event.(flows.Received).Exchange.Response.Status == 400, After: after}
			})
			request := flows.Request{Method: "POST", URL: "https://as.test/token"}
			again := flows.Received{Exchange: flows.Exchange{Request: request, Response: flows.Response{Status: 400}}}
			story := []flows.Event{flows.Advanced{}, flows.Signed{ID: 1, Token: "one"}, flows.Advanced{}, flows.Advanced{}}
			s, fx := fold(t, g, story...)
			sends(t, fx, "one")
			id := s.LastID
			again.ID = id
			story = append(story, again)
			if after > 0 {
				id++
				story = append(story, flows.Elapsed{ID: id})
			}
			s, fx = fold(t, g, story...)
			if _, ok := fx[0].(flows.Sign); !ok || s.Return != "ask" || s.Grant.Steps[s.Step].ID != "proof" {
				t.Fatalf("after the refusal: %+v at %d", fx, s.Step)
			}
			story = append(story, flows.Signed{ID: id + 1, Token: "two"})
			s, fx = fold(t, g, story...)
			sends(t, fx, "two")
			s, _ = fold(t, g, append(story, flows.Received{ID: id + 2, Exchange: flows.Exchange{Request: request, Response: flows.Response{Status: 200}}})...)
			if s.Status != flows.Done || len(s.ResultOf("proof").Facts) != 2 || len(s.ResultOf("ask").Exchanges()) != 2 || s.ResultOf("ask").Earlier != nil {
				t.Fatalf("%s: proof %+v, ask %+v", s.Status, s.ResultOf("proof"), s.ResultOf("ask"))
			}
			var order []string
			for _, m := range flows.Diagram(s) {
				if m.Kind != flows.Answer {
					order = append(order, m.Label)
				}
			}
			got := strings.Join(order, ", ")
			if i := strings.Index(got, "POST"); strings.Count(got[:max(i, 0)], "signs") != 1 || strings.LastIndex(got, "signs") > strings.LastIndex(got, "POST") {
				t.Errorf("the diagram tells it as %s", got)
			}
		})
	}
}

func TestRepeatingAStepByHandRenewsOnlyWhatWasUsed(t *testing.T) {
	g := renewing(func(flows.State, flows.Entry) flows.Verdict { return flows.Verdict{} })
	story := []flows.Event{flows.Advanced{}, flows.Signed{ID: 1, Token: "one"}, flows.Advanced{}, flows.Advanced{}, flows.Received{ID: 2}}
	_, fx := fold(t, g, append(story, flows.Advanced{To: "ask"})...)
	if _, ok := fx[0].(flows.Sign); !ok {
		t.Fatalf("a used proof goes out again: %+v", fx)
	}
	story = append(story, flows.Advanced{To: "proof"}, flows.Signed{ID: 3, Token: "two"}, flows.Advanced{}, flows.Advanced{})
	_, fx = fold(t, g, story...)
	sends(t, fx, "two")
}

func TestAProofThatBreaksOnTheWayBackEndsTheReturn(t *testing.T) {
	g := renewing(func(flows.State, flows.Entry) flows.Verdict { return flows.Verdict{Again: true} })
	story := []flows.Event{flows.Advanced{}, flows.Signed{ID: 1, Token: "one"}, flows.Advanced{}, flows.Advanced{}, flows.Received{ID: 2}, flows.Broke{ID: 3, Code: "key_missing"}}
	s, _ := fold(t, g, story...)
	if s.Status != flows.Failed || s.Problem.Step != "proof" || s.Problem.Kind != flows.Input || s.Return != "" {
		t.Fatalf("%s %+v return %q", s.Status, s.Problem, s.Return)
	}
	if s, fx := fold(t, g, append(story, flows.Advanced{To: "proof"}, flows.Signed{ID: 4, Token: "two"})...); s.Status != flows.Ready || len(fx) != 0 {
		t.Fatalf("%s %v", s.Status, fx)
	}
}
