package flow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/wire"
	"authdance/themes"
	"authdance/ui/flow"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

// play is uitest.Story with answers that take time, so that pictures show it:
// what a step took grows with its place, and a person takes three seconds.
func play(t testing.TB, srv flows.Performer, events ...flows.Event) session.Session {
	t.Helper()
	started, err := grants.Start(flows.Spec{Grant: "authorization_code"}, uitest.Profile(), uitest.Vars(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := uitest.Clock()
	s := session.Session{}.Start(at, started)
	for _, e := range events {
		at = at.Add(time.Second)
		var fx []flows.Effect
		s, fx = s.Record(at, e)
		for len(fx) > 0 {
			at = at.Add(12 * time.Millisecond)
			if _, ok := fx[0].(flows.Browse); ok {
				at = at.Add(3 * time.Second)
			}
			s, fx = s.Record(at, srv.Perform(context.Background(), fx[0]))
		}
	}
	return s
}

func wrongVerifier() flows.Event {
	return flows.Edited{Step: "token", Edits: []flows.Edit{{Op: flows.Set, Name: "code_verifier", Value: "WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-1"}}}
}

// story are the runs of the pictures.
func story(t testing.TB, name string) session.Session {
	t.Helper()
	next := uitest.Next
	switch name {
	case "start":
		return play(t, &uitest.Server{})
	case "mid":
		return play(t, &uitest.Server{}, next(4)...)
	case "done":
		return play(t, &uitest.Server{}, next(8)...)
	case "failed":
		return play(t, &uitest.Server{}, append(append(next(4), wrongVerifier()), next(1)...)...)
	case "rewound":
		return play(t, &uitest.Server{}, next(8)...).Rewind().Rewind().Rewind()
	case "stale":
		return play(t, &uitest.Server{}, append(next(8), wrongVerifier())...)
	case "waiting":
		s := play(t, &uitest.Server{}, next(2)...)
		s, _ = s.Record(uitest.Clock().Add(10*time.Second), flows.Advanced{})
		return s.Tick(uitest.Clock().Add(34 * time.Second))
	case "signin":
		srv := &uitest.Server{}
		s := play(t, srv, next(2)...)
		s, fx := s.Record(uitest.Clock().Add(10*time.Second), flows.Advanced{})
		for range 2 {
			s, fx = s.Record(uitest.Clock().Add(12*time.Second), srv.Perform(context.Background(), fx[0]))
		}
		return s.Tick(uitest.Clock().Add(14 * time.Second))
	case "nothing":
		return session.Session{}
	}
	t.Fatalf("no story %q", name)
	return session.Session{}
}

var stories = []string{"nothing", "start", "mid", "done", "failed", "rewound", "stale", "waiting", "signin"}

// open is the pane with its diagram open.
func open(t testing.TB, e pane.Env) pane.Pane {
	t.Helper()
	p, _ := flow.New().Sync(e)
	p, _ = p.Act(keys.Diagram, e)
	return p
}

func TestList(t *testing.T) {
	for _, name := range stories {
		for _, size := range [][2]int{{28, 17}, {38, 27}, {58, 11}, {26, 8}, {118, 29}} {
			t.Run(fmt.Sprintf("%s_%dx%d", name, size[0], size[1]), func(t *testing.T) {
				_, pic := uitest.Draw(flow.New(), uitest.Env(t, story(t, name).Snapshot(), size[0], size[1]))
				uitest.Golden(t, pic)
			})
		}
	}
}

func TestDiagram(t *testing.T) {
	for _, name := range []string{"start", "mid", "done", "failed", "rewound", "stale", "signin"} {
		for _, size := range [][2]int{{78, 17}, {118, 29}, {58, 11}, {26, 8}} {
			t.Run(fmt.Sprintf("%s_%dx%d", name, size[0], size[1]), func(t *testing.T) {
				e := uitest.Env(t, story(t, name).Snapshot(), size[0], size[1])
				_, pic := uitest.Draw(open(t, e), e)
				uitest.Golden(t, pic)
			})
		}
	}
}

func TestDiagramCursorOnTheTokenRequestShowsWhatItCarries(t *testing.T) {
	s := story(t, "failed")
	e := uitest.Env(t, s.Snapshot(), 118, 29)
	p := open(t, e)
	for range 2 {
		p, _ = p.Act(keys.Up, e)
	}
	_, pic := uitest.Draw(p, e)
	uitest.Golden(t, pic)
}

func TestASCII(t *testing.T) {
	th, err := themes.Load("mono")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range stories {
		for _, size := range [][2]int{{38, 27}, {118, 29}, {78, 17}} {
			for _, diagram := range []bool{false, true} {
				e := uitest.Env(t, story(t, name).Snapshot(), size[0], size[1])
				e.Styles = th.Styles(themes.ASCII(), true)
				p := pane.Pane(flow.New())
				if diagram {
					p = open(t, e)
				}
				_, pic := uitest.Draw(p, e)
				for _, r := range pic {
					if r >= utf8.RuneSelf {
						t.Fatalf("%s %v: %q in\n%s", name, size, r, pic)
					}
				}
				if name == "failed" && size[0] < 100 && diagram == (size[0] == 78) {
					t.Run(fmt.Sprintf("failed_%dx%d", size[0], size[1]), func(t *testing.T) { uitest.Golden(t, pic) })
				}
			}
		}
	}
}

func TestEverySizeIsFilledExactly(t *testing.T) {
	for _, name := range stories {
		snap := story(t, name).Snapshot()
		e := uitest.Env(t, snap, 0, 0)
		for _, w := range []int{1, 11, 12, 20, 27, 35, 45, 48, 61, 63, 78, 99, 100, 118, 200} {
			for _, h := range []int{1, 2, 4, 5, 7, 8, 11, 13, 17, 22, 27, 60} {
				e.W, e.H = w, h
				for _, p := range []pane.Pane{flow.New(), open(t, e)} {
					lines := strings.Split(p.View(e), "\n")
					if len(lines) != h {
						t.Fatalf("%s %dx%d: %d lines", name, w, h, len(lines))
					}
					for _, l := range lines {
						if ansi.StringWidth(l) != w {
							t.Fatalf("%s %dx%d: %d cells in %q", name, w, h, ansi.StringWidth(l), l)
						}
					}
				}
			}
		}
	}
}

func TestTitleCountsStepsThenMessages(t *testing.T) {
	e := uitest.Env(t, story(t, "mid").Snapshot(), 78, 17)
	if left, right := flow.New().Title(e); left != "Flow" || right != "4/8" {
		t.Errorf("list: %q %q", left, right)
	}
	if left, right := open(t, e).Title(e); left != "Flow · sequence" || right != "message 15 of 19" {
		t.Errorf("diagram: %q %q", left, right)
	}
	e = uitest.Env(t, story(t, "rewound").Snapshot(), 78, 17)
	if left, right := flow.New().Title(e); left != "Flow · the past" || right != "5/8" {
		t.Errorf("past: %q %q", left, right)
	}
}

func TestMovingInTheListSelectsAStep(t *testing.T) {
	e := uitest.Env(t, story(t, "mid").Snapshot(), 28, 17)
	for _, c := range []struct {
		act  keys.Action
		want any
	}{
		{keys.Up, pane.Select{Step: 3}}, {keys.Down, pane.Select{Step: 5}}, {keys.Top, pane.Select{Step: 0}},
		{keys.Bottom, pane.Select{Step: 7}}, {keys.Left, nil}, {keys.Now, nil}, {keys.Fork, nil}, {keys.CopyAll, nil},
	} {
		if _, got := flow.New().Act(c.act, e); got != c.want {
			t.Errorf("%s: %v, want %v", c.act, got, c.want)
		}
	}
}

func TestEnterIsTheNextStepUnlessTheCursorIsElsewhere(t *testing.T) {
	s := story(t, "mid")
	e := uitest.Env(t, s.Snapshot(), 28, 17)
	if got := flow.New().Primary(e); got != "" {
		t.Errorf("on the current step enter is %q", got)
	}
	if _, got := flow.New().Act(keys.Enter, e); got != nil {
		t.Errorf("on the current step enter gave %v", got)
	}
	e.Snap = s.Select(2).Snapshot()
	if got := flow.New().Primary(e); got != "shows step 3" {
		t.Errorf("on step 3 enter is %q", got)
	}
	if _, got := flow.New().Act(keys.Enter, e); got != (pane.Focus{Scope: keys.Exchange}) {
		t.Errorf("on step 3 enter gave %v", got)
	}
}

func TestEnterInTheDiagramOpensAnEarlierMessageOnly(t *testing.T) {
	s := story(t, "mid")
	e := uitest.Env(t, s.Snapshot(), 78, 17)
	p := open(t, e)
	if got := p.Primary(e); got != "" {
		t.Errorf("on the newest message enter is %q", got)
	}
	p, up := p.Act(keys.Up, e)
	if up != (pane.Select{Step: 3}) {
		t.Fatalf("moving gave %v", up)
	}
	e.Snap = s.Select(3).Snapshot()
	p, _ = p.Sync(e)
	if got := p.Primary(e); got != "opens message 14" {
		t.Errorf("one message back enter is %q", got)
	}
	p, _ = p.Act(keys.Down, e)
	if got := p.Primary(e); got != "" {
		t.Errorf("back on the newest message enter is %q", got)
	}
}

func TestDiagramCursorFollowsTheRunAndTheOtherPanes(t *testing.T) {
	at := func(p pane.Pane, e pane.Env) string { _, right := p.Title(e); return right }
	srv := &uitest.Server{}
	s := play(t, srv, uitest.Next(1)...)
	e := uitest.Env(t, s.Snapshot(), 78, 17)
	p := open(t, e)
	p, _ = p.Act(keys.Top, e)
	if got := at(p, e); got != "message 1 of 10" {
		t.Errorf("top: %s", got)
	}
	s, fx := s.Record(uitest.Clock(), flows.Advanced{})
	s, _ = s.Record(uitest.Clock(), srv.Perform(context.Background(), fx[0]))
	e.Snap = s.Snapshot()
	p, _ = p.Sync(e)
	if got := at(p, e); got != "message 4 of 10" {
		t.Errorf("after the next step: %s", got)
	}
	e.Snap = s.Select(0).Snapshot()
	p, _ = p.Sync(e)
	if got := at(p, e); got != "message 1 of 10" {
		t.Errorf("after another pane chose step 1: %s", got)
	}
	p, _ = p.Act(keys.Back, e)
	if _, right := p.Title(e); right != "2/8" {
		t.Errorf("back did not return to the list: %s", right)
	}
}

func TestCopy(t *testing.T) {
	e := uitest.Env(t, story(t, "failed").Snapshot(), 78, 17)
	_, got := flow.New().Act(keys.Copy, e)
	want := pane.Copy{What: "step 5", Text: "Step 5 of 8: Swap the code for tokens (RFC 6749 §4.1.3): failed, edited by hand, invalid_grant: code_verifier does not match code_challenge"}
	if got != want {
		t.Errorf("list: %#v", got)
	}
	p := open(t, e)
	for range 2 {
		p, _ = p.Act(keys.Up, e)
	}
	_, got = p.Act(keys.Copy, e)
	msg, ok := got.(pane.Copy)
	if !ok || msg.Hidden != 2 || !strings.Contains(msg.Text, "Client to AS, back channel: POST /default/token (edited by hand)") || strings.Contains(msg.Text, "WRONG-WRONG") {
		t.Errorf("message: %#v", got)
	}
	_, got = p.Act(keys.CopyAll, e)
	if all, ok := got.(pane.Copy); !ok || !strings.HasPrefix(all.Text, "sequenceDiagram\n") {
		t.Errorf("diagram: %#v", got)
	}
	e = uitest.Env(t, story(t, "waiting").Snapshot(), 78, 17)
	_, got = flow.New().Act(keys.Copy, e)
	if url, ok := got.(pane.Copy); !ok || !strings.HasPrefix(url.Text, uitest.Issuer+"/authorize?response_type=code&client_id=workshop-spa&") {
		t.Errorf("address: %#v", got)
	}
}

func TestSecretsStayMaskedUntilRevealed(t *testing.T) {
	s := story(t, "done")
	const token = "lab_at_5Jd0cQyWm2RzK8vB"
	seen := func(s session.Session) bool {
		e := uitest.Env(t, s.Snapshot(), 200, 60)
		p := open(t, e)
		for range 30 {
			if strings.Contains(p.View(e), token) {
				return true
			}
			p, _ = p.Act(keys.Up, e)
		}
		return false
	}
	if seen(s) {
		t.Error("an access token shows although secrets are hidden")
	}
	if !seen(s.SetReveal(true)) {
		t.Error("an access token does not show although secrets are shown")
	}
}

func TestTheCountdownRunsFromTheCallbackToTheTokenRequest(t *testing.T) {
	s := story(t, "mid")
	came := s.Snapshot().State.ResultOf("callback").Ended
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{16 * time.Second, "Code expires in 0:44  ▕███████░░░▏"}, {59 * time.Second, "Code expires in 0:01  ▕█░░░░░░░░░▏"}, {76 * time.Second, "✗ The code expired 0:16 ago."}} {
		_, pic := uitest.Draw(flow.New(), uitest.Env(t, s.Tick(came.Add(c.after)).Snapshot(), 38, 27))
		if !strings.Contains(pic, c.want) {
			t.Errorf("after %s there is no %q in\n%s", c.after, c.want, pic)
		}
	}
	for _, name := range []string{"start", "done", "failed", "rewound", "stale"} {
		if _, pic := uitest.Draw(flow.New(), uitest.Env(t, story(t, name).Snapshot(), 38, 27)); strings.Contains(pic, "Code expire") {
			t.Errorf("%s: a countdown without a code that waits\n%s", name, pic)
		}
	}
}

// A server that owns every string it can send.
func TestHostileTextStaysText(t *testing.T) {
	evil := "\x1b]52;c;QUFB\x07\x1b[2J\u009b31m\u202egnp.exe\r\nline" + "e" + strings.Repeat("\u0301", 3000)
	body := fmt.Sprintf(`{"error":%q,"error_description":%q,"error_uri":%q,%q:"x"}`, "bad\u202e", "\\x", "u", "n\u009bame")
	srv := &uitest.Server{Answer: map[string]string{}}
	s := play(t, srv, uitest.Next(2)...)
	s, _ = s.Record(uitest.Clock(), flows.Advanced{})
	id := s.Snapshot().State.Pending.EffectID()
	page := flows.Observed{ID: id, Note: evil, Exchange: flows.Exchange{Request: flows.Request{Method: "GET\x1b[1m", URL: wire.Untrusted("http://as.test/" + evil)},
		Response: flows.Response{Status: 200, Header: []flows.Param{{Name: "Content-Type", Value: "text/html"}, {Name: "Location", Value: ""}}, Body: wire.Untrusted("<title>" + evil + "</title>")}}}
	pages, _ := s.Record(uitest.Clock(), page)
	note := page
	note.Exchange.Response.Status = 0
	noted, _ := s.Record(uitest.Clock(), note)
	srv.Answer[uitest.Issuer+"/token"] = body
	refused := play(t, srv, uitest.Next(5)...)
	params := []flows.Param{{Name: "error", Value: wire.Untrusted(evil)}, {Name: "error_description", Value: wire.Untrusted(evil)}, {Name: "x" + evil, Value: wire.Untrusted(evil)},
		{Name: "state", Value: s.Snapshot().State.Vars["state"]}, {Name: "iss", Value: uitest.Issuer}}
	denied, _ := s.Record(uitest.Clock(), flows.Redirected{ID: id, Via: flows.Pasted, Request: flows.Request{Method: "GET", URL: "http://127.0.0.1:9501/callback", Query: params}})
	denied, _ = denied.Record(uitest.Clock(), flows.Advanced{})
	for name, s := range map[string]session.Session{"pages": pages, "note": noted, "refused": refused, "denied": denied} {
		for _, size := range [][2]int{{28, 17}, {38, 27}, {78, 17}, {118, 29}} {
			e := uitest.Env(t, s.Snapshot(), size[0], size[1])
			ps := []pane.Pane{flow.New(), open(t, e)}
			for range 30 {
				next, _ := ps[len(ps)-1].Act(keys.Up, e)
				ps = append(ps, next)
			}
			for _, p := range ps {
				_, intent := p.Act(keys.Copy, e)
				copied := intent.(pane.Copy).Text
				for _, text := range []string{ansi.Strip(p.View(e)), copied} {
					for _, r := range text {
						if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x202e {
							t.Fatalf("%s %v: %U in %q", name, size, r, text)
						}
					}
				}
				for line := range strings.SplitSeq(p.View(e), "\n") {
					if ansi.StringWidth(line) != size[0] || strings.Count(line, "\u0301") > 40 {
						t.Fatalf("%s %v: a line is %d cells, with %d marks", name, size, ansi.StringWidth(line), strings.Count(line, "\u0301"))
					}
				}
			}
		}
	}
}

func TestTextIsAPictureWhereItFitsAndSentencesElsewhere(t *testing.T) {
	s := story(t, "failed").Snapshot().State
	uitest.Golden(t, strings.Join(flow.Text(s, themes.Unicode(), 80), "\n")+"\n"+strings.Join(flow.Text(s, themes.Unicode(), 50), "\n")+"\n")
	if got := flow.Text(flows.State{}, themes.Unicode(), 80); got != nil {
		t.Errorf("no run gave %q", got)
	}
}

func BenchmarkView(b *testing.B) {
	for _, c := range []struct {
		name    string
		story   string
		w, h    int
		diagram bool
	}{{"list", "mid", 28, 17, false}, {"list", "mid", 38, 27, false}, {"diagram", "done", 78, 17, true}, {"diagram", "done", 118, 29, true}, {"both", "done", 118, 29, false}} {
		b.Run(fmt.Sprintf("%s_%dx%d", c.name, c.w, c.h), func(b *testing.B) {
			e := uitest.Env(b, story(b, c.story).Snapshot(), c.w, c.h)
			if th, err := themes.Load("dark"); err == nil {
				e.Styles = th.Styles(themes.Unicode(), false)
			}
			p, _ := flow.New().Sync(e)
			if c.diagram {
				p = open(b, e)
			}
			b.ReportAllocs()
			for b.Loop() {
				p.View(e)
			}
		})
	}
}
