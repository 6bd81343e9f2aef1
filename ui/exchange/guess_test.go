package exchange

import (
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/diagnose"
	"authdance/ui/keys"
	"authdance/ui/uitest"
)

func TestTheResultIsSaidInTheWordsOfTheOptions(t *testing.T) {
	ended := time.Unix(1, 0)
	status := func(code int) []flows.Entry {
		return []flows.Entry{{Event: flows.Received{Exchange: flows.Exchange{Response: flows.Response{Status: code}}}}}
	}
	refused := func(kind flows.Kind, status int, code string) flows.Result {
		return flows.Result{Ended: ended, Problem: &flows.Problem{Kind: kind, HTTPStatus: status, Code: code}}
	}
	in := func(flows.State) flows.Request { return flows.Request{} }
	for _, c := range []struct {
		step flows.Step
		r    flows.Result
		want string
	}{
		{flows.Step{ID: "token"}, flows.Result{Ended: ended, Facts: status(200)}, "200, tokens"},
		{flows.Step{ID: "token"}, flows.Result{Ended: ended, Facts: status(201)}, "201, tokens"},
		{flows.Step{ID: "api"}, flows.Result{Ended: ended, Facts: status(200)}, "200"},
		{flows.Step{ID: "api"}, flows.Result{Ended: ended, Facts: status(204)}, "204"},
		{flows.Step{ID: "callback", In: in}, flows.Result{Ended: ended}, "accepted"},
		{flows.Step{ID: "authorize"}, flows.Result{Ended: ended, Facts: status(302)}, "back with a code"},
		{flows.Step{ID: "authorize"}, refused(flows.OAuth, 0, "browser_error_page"), "an error page"},
		{flows.Step{ID: "api"}, refused(flows.OAuth, 401, "http_401"), "401 without a code"},
		{flows.Step{ID: "api"}, refused(flows.OAuth, 503, "http_503"), "503 without a code"},
		{flows.Step{ID: "api"}, refused(flows.OAuth, 401, "invalid_token"), "401 invalid_token"},
		{flows.Step{ID: "token"}, refused(flows.OAuth, 400, "invalid_grant"), "400 invalid_grant"},
		{flows.Step{ID: "token"}, refused(flows.OAuth, 403, "invalid_grant"), "403 invalid_grant"},
		{flows.Step{ID: "token"}, refused(flows.OAuth, 400, "invalid_scope"), "400 invalid_scope"},
		{flows.Step{ID: "token"}, refused(flows.OAuth, 500, "server_error"), "500 server_error"},
		{flows.Step{ID: "callback", In: in}, refused(flows.Refused, 0, "state_mismatch"), "state_mismatch"},
		{flows.Step{ID: "callback", In: in}, refused(flows.OAuth, 0, "access_denied"), "access_denied"},
		{flows.Step{ID: "discovery"}, refused(flows.Refused, 404, "metadata_invalid"), "no metadata"},
		{flows.Step{ID: "token"}, refused(flows.Transport, 0, "connection_refused"), "no answer, connection refused"},
	} {
		if got := came(c.step, c.r); got != c.want {
			t.Errorf("%s: %q, want %q", c.step.ID, got, c.want)
		}
	}
}

func TestEveryRightGuessRepeatsItsOption(t *testing.T) {
	for _, step := range []flows.Step{{ID: "discovery"}, {ID: "authorize"}, {ID: "callback", In: func(flows.State) flows.Request { return flows.Request{} }}, {ID: "token"}, {ID: "id_token"}, {ID: "userinfo"}, {ID: "api"}} {
		for _, f := range readyMadeFaults(step.ID) {
			for _, word := range f.choices {
				option := diagnose.Outcome(step, word)
				if option == word && (word == "ok" || strings.HasPrefix(word, "http_")) {
					t.Errorf("%s, %s: the option is the code %q", step.ID, f.name, word)
				}
				r := flows.Result{Ended: time.Unix(1, 0)}
				if word != "ok" {
					r.Problem = &flows.Problem{Kind: flows.Refused, Code: word}
				}
				if got := came(step, r); got != option {
					t.Errorf("%s, %s: the option %q comes back as %q", step.ID, f.name, option, got)
				}
			}
		}
	}
}

func TestABareStatusIsNoCode(t *testing.T) {
	d := carriedOn(t, "api")
	for n := 0; n < 3 && d.state().Status == flows.Ready; n++ {
		var fx []flows.Effect
		at := d.sess.Snapshot().Now
		d.sess, fx = d.sess.Record(at, flows.Advanced{})
		if len(fx) == 0 {
			continue
		}
		send := fx[0].(flows.Send)
		ev := d.srv.Perform(t.Context(), send)
		if send.Request.URL == uitest.API {
			ev = flows.Received{ID: send.ID, Exchange: flows.Exchange{Request: send.Request, Response: flows.Response{Status: 401}}}
		}
		d.sess, _ = d.sess.Record(at, ev)
	}
	picture := d.draw()
	if !strings.Contains(picture, "HTTP 401: Unauthorized") || strings.Contains(picture, "http_401") {
		t.Errorf("the problem:\n%s", picture)
	}
	if p := d.state().Problem; p == nil || p.Code != "http_401" {
		t.Errorf("the run did not end as this test needs it: %+v", p)
	}
}

func TestWhatIsNeededIsCutLast(t *testing.T) {
	for _, w := range []int{118, 140, 198} {
		d := open(t, w, 29, uitest.Next(2)...)
		picture := d.do(keys.Explain)
		for _, text := range []string{"recommended in the code flow ", "with code_challenge "} {
			if !strings.Contains(picture, text) {
				t.Errorf("%d wide: %q is cut\n%s", w, text, picture)
			}
		}
		if cut := strings.Contains(picture, "A code being redeemed by another client: the server compares it at the token step."); w == 198 && !cut {
			t.Errorf("free columns are left while the protection is cut:\n%s", picture)
		}
	}
}
