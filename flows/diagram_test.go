package flows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/wire"
)

const issuer = "http://as.test/t"

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func wrongVerifier() flows.Edited {
	return flows.Edited{Step: "token", Edits: []flows.Edit{{Op: flows.Set, Name: "code_verifier", Value: "WRONG"}}}
}

// server answers as an authorization server with a built-in browser would.
type server struct {
	deny, down bool
	page       int
}

func (s *server) answer(fx flows.Effect) flows.Event {
	body := map[string]string{
		issuer + "/.well-known/openid-configuration": `{"issuer":"` + issuer + `","authorization_endpoint":"` + issuer + `/authorize","token_endpoint":"` + issuer + `/token"}`,
		issuer + "/token":       `{"access_token":"at-secret-value","token_type":"Bearer","refresh_token":"rt-secret-value"}`,
		"http://api.test/notes": `{"hello":"Alice"}`,
	}
	html := []flows.Param{{Name: "Content-Type", Value: "text/html"}}
	switch fx := fx.(type) {
	case flows.Draw:
		return flows.Drawn{ID: fx.ID, Values: flows.Vars{"state": "state-value", "nonce": "n", "code_verifier": wire.Untrusted(strings.Repeat("v", 43))}}
	case flows.Browse:
		if s.page++; s.page == 1 {
			return flows.Observed{ID: fx.ID, Exchange: flows.Exchange{Request: fx.Request, Response: flows.Response{Status: 200, Header: html, Body: "<title>Sign in</title>"}}}
		}
		q := []flows.Param{{Name: "code", Value: "code-secret-value"}, {Name: "state", Value: fx.State}}
		if s.deny {
			q[0] = flows.Param{Name: "error", Value: "access_denied"}
		}
		return flows.Redirected{ID: fx.ID, Via: flows.Simulated, Request: flows.Request{Method: "GET", URL: fx.RedirectURI, Query: q}}
	case flows.Send:
		url := fx.Request.URL.Raw()
		if s.down && strings.HasSuffix(url, "/token") {
			return flows.Broke{ID: fx.ID, Code: "connection_refused"}
		}
		res := flows.Response{Status: 200, Body: wire.Untrusted(body[url])}
		if p, _ := fx.Request.Find("code_verifier"); p.Edited {
			res = flows.Response{Status: 400, Body: `{"error":"invalid_grant"}`}
		} else if res.Body == "" {
			res.Status = 404
		}
		return flows.Received{ID: fx.ID, Exchange: flows.Exchange{Request: fx.Request, Response: res}}
	}
	return flows.Cancelled{}
}

func next(n int) []flows.Event { return slices.Repeat([]flows.Event{flows.Advanced{}}, n) }

// login plays events, each one answered until nothing is open.
func login(tb testing.TB, srv *server, events ...flows.Event) flows.State {
	tb.Helper()
	ev, err := grants.Start(flows.Spec{Grant: "authorization_code"}, flows.Profile{ID: "t"}, flows.Vars{"issuer": issuer, "client_id": "spa",
		"redirect_uri": "http://127.0.0.1:9501/callback", "scope": "read", "api": "http://api.test/notes"}, nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	s := byHand(flows.State{}, ev)
	for _, e := range events {
		s = byHand(s, e)
		for s.Pending != nil {
			s = byHand(s, srv.answer(s.Pending))
		}
	}
	return s
}

// byHand applies events without any performer.
func byHand(s flows.State, events ...flows.Event) flows.State {
	for _, e := range events {
		s, _ = flows.Apply(s, flows.Entry{At: noon, Event: e})
	}
	return s
}

func lanes(s flows.State) []string {
	var out []string
	for _, m := range flows.Diagram(s) {
		line := fmt.Sprintf("%d %s %s→%s %s", m.Step+1, m.Kind, m.From, m.To, m.Label)
		if m.Front && m.Crosses() {
			line = strings.Replace(line, "→", "┄", 1)
		}
		if m.Edited {
			line += " ✎"
		}
		out = append(out, line)
	}
	return out
}

func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\n\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDiagramOfALoginShowsEveryMessageInOrder(t *testing.T) {
	sameLines(t, lanes(login(t, &server{}, next(8)...)), []string{
		"1 request client→as GET /t/.well-known/openid-configuration",
		"1 response as→client 200 metadata",
		"1 work client→client checks: 1 warning, 1 passed",
		"2 work client→client makes state, nonce, code_verifier",
		"3 request client┄browser open browser",
		"3 request browser┄as GET /t/authorize",
		"3 response as┄browser 200 Sign in",
		"3 work browser→browser the person goes on",
		"3 response as┄browser redirect: code, state",
		"4 request browser┄client GET /callback code, state",
		"4 work client→client checks: 2 passed",
		"5 request client→as POST /t/token",
		"5 response as→client 200 access_token, refresh_token",
		"5 work client→client checks: 1 passed",
		"6 planned client→as Validate the ID token",
		"7 planned client→as Ask who signed in",
		"8 request client→api GET /notes",
		"8 response api→client 200 api_answer",
	})
}

func TestDiagramStopsWhereTheServerRefused(t *testing.T) {
	got := lanes(login(t, &server{}, append(append(next(4), wrongVerifier()), next(1)...)...))
	sameLines(t, got[len(got)-6:], []string{
		"5 request client→as POST /t/token ✎",
		"5 response as→client 400 invalid_grant",
		"5 stopped client→client stopped: invalid_grant",
		"6 planned client→as Validate the ID token",
		"7 planned client→as Ask who signed in",
		"8 planned client→api Call the API",
	})
}

func TestDiagramShowsARequestWithoutAnAnswer(t *testing.T) {
	got := lanes(login(t, &server{down: true}, next(5)...))
	sameLines(t, got[len(got)-5:], []string{
		"5 request client→as POST /t/token",
		"5 stopped client→client no answer: connection_refused",
		"6 planned client→as Validate the ID token",
		"7 planned client→as Ask who signed in",
		"8 planned client→api Call the API",
	})
}

func TestDiagramOfARealBrowserSaysWhatIsNotSeen(t *testing.T) {
	s := byHand(login(t, &server{}, next(2)...), flows.Advanced{})
	sameLines(t, lanes(s)[4:6], []string{
		"3 request client┄browser open browser",
		"3 request browser┄as GET /t/authorize",
	})
	id := s.Pending.EffectID()
	s = byHand(s,
		flows.Observed{ID: id, Note: "the browser could not be opened"},
		flows.Observed{ID: id, Exchange: flows.Exchange{Request: flows.Request{Method: "GET", URL: "http://127.0.0.1:9501/callback"}, Response: flows.Response{Status: 400}}},
		flows.Redirected{ID: id, Via: flows.Listener, Request: flows.Request{Method: "GET", URL: "http://127.0.0.1:9501/callback", Query: []flows.Param{{Name: "state", Value: "forged"}}}},
		flows.Redirected{ID: id, Via: flows.Listener, Request: flows.Request{Method: "GET", URL: "http://127.0.0.1:9501/callback",
			Query: []flows.Param{{Name: "error", Value: "access_denied"}, {Name: "state", Value: s.Vars["state"]}}}})
	sameLines(t, lanes(s)[4:], []string{
		"3 request client┄browser open browser",
		"3 request browser┄as GET /t/authorize",
		"3 work browser→browser the browser could not be opened",
		"3 request browser┄client GET /callback (not for this run)",
		"3 response client┄browser 400 Bad Request",
		"3 request browser┄client GET /callback (not for this run)",
		"3 work browser→browser the person signs in (not seen here)",
		"3 response as┄browser redirect: error access_denied",
		"3 work client→client checks: 1 warning",
		"4 planned browser→client Receive the code",
		"5 planned client→as Swap the code for tokens",
		"6 planned client→as Validate the ID token",
		"7 planned client→as Ask who signed in",
		"8 planned client→api Call the API",
	})
}

func TestDiagramDoesNotDrawTheLastRedirectTwice(t *testing.T) {
	s := byHand(login(t, &server{}, next(2)...), flows.Advanced{})
	id, home := s.Pending.EffectID(), wire.Untrusted("http://127.0.0.1:9501/callback")
	s = byHand(s,
		flows.Observed{ID: id, Exchange: flows.Exchange{Request: flows.Request{Method: "POST", URL: issuer + "/consent"},
			Response: flows.Response{Status: 303, Header: []flows.Param{{Name: "Location", Value: home + "?code=abc"}}}}},
		flows.Redirected{ID: id, Via: flows.Simulated, Request: flows.Request{Method: "GET", URL: home, Query: []flows.Param{{Name: "code", Value: "abc"}, {Name: "state", Value: s.Vars["state"]}}}})
	sameLines(t, lanes(s)[4:9], []string{
		"3 request client┄browser open browser",
		"3 request browser┄as GET /t/authorize",
		"3 request browser┄as POST /t/consent",
		"3 response as┄browser redirect: code, state",
		"4 planned browser→client Receive the code",
	})
}

func TestWhatAnEditMadeOldIsPlannedAgain(t *testing.T) {
	s := login(t, &server{}, append(next(8), wrongVerifier())...)
	ms := flows.Diagram(s)
	sameLines(t, lanes(s)[len(ms)-4:], []string{
		"5 planned client→as Swap the code for tokens ✎",
		"6 planned client→as Validate the ID token",
		"7 planned client→as Ask who signed in",
		"8 planned client→api Call the API",
	})
	for _, m := range ms[len(ms)-4:] {
		if m.Exchange != nil || len(m.Born) > 0 {
			t.Errorf("a planned message claims facts: %+v", m)
		}
	}
}

func TestValuesAreBornAndUsedWhereTheyTravel(t *testing.T) {
	ms := flows.Diagram(login(t, &server{}, next(8)...))
	where := func(label string) flows.Message {
		for _, m := range ms {
			if strings.HasPrefix(m.Label, label) {
				return m
			}
		}
		t.Fatalf("no message %q", label)
		return flows.Message{}
	}
	for _, c := range []struct {
		label      string
		born, used string
	}{
		{"makes", "code_verifier", ""},
		{"GET /t/authorize", "", "code_challenge"},
		{"GET /callback", "code", ""},
		{"POST /t/token", "", "code_verifier"},
		{"200 access_token", "access_token", ""},
		{"GET /notes", "", "access_token"},
	} {
		m := where(c.label)
		if c.born != "" && !slices.Contains(m.Born, c.born) {
			t.Errorf("%s: %s is not born here (%v)", c.label, c.born, m.Born)
		}
		if c.used != "" && !slices.Contains(m.Used, c.used) {
			t.Errorf("%s: %s is not used here (%v)", c.label, c.used, m.Used)
		}
	}
}

func TestTextFormsOfTheDiagramHoldNoSecretAndNoControlByte(t *testing.T) {
	evil := "<title>\x1b]52;c;AAAA\x07end; note #over <b>\r\n\u202e%%</title>"
	s := byHand(login(t, &server{}, next(2)...), flows.Advanced{})
	s = byHand(s, flows.Observed{ID: s.Pending.EffectID(), Exchange: flows.Exchange{Request: flows.Request{Method: "GET", URL: issuer + "/login\u202e;\x1b"},
		Response: flows.Response{Status: 200, Header: []flows.Param{{Name: "Content-Type", Value: "text/html"}}, Body: wire.Untrusted(evil)}}})
	done := login(t, &server{}, next(8)...)
	for _, s := range []flows.State{s, done} {
		text := flows.Mermaid(s) + strings.Join(flows.Transcript(s), "\n")
		for _, r := range text {
			if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x202e {
				t.Fatalf("control character %U in %q", r, text)
			}
		}
		for name, v := range s.Vars {
			if flows.Sensitive(name) && v != "" && strings.Contains(text, v.Raw()) {
				t.Errorf("%s is in the text", name)
			}
		}
	}
	for line := range strings.Lines(flows.Mermaid(s)) {
		if _, label, ok := strings.Cut(line, ": "); ok && strings.ContainsAny(strings.NewReplacer("#35;", "", "#59;", "", "#lt;", "", "#gt;", "", "#37;", "").Replace(label), "#;<>") {
			t.Errorf("Mermaid would read %q as syntax", line)
		}
	}
}

func TestALabelNeverShowsTheQueryOfAnAddress(t *testing.T) {
	for _, loc := range []wire.Untrusted{"http://x.test?code=topsecret", "http://x.test/%zz?code=topsecret", "http://x.test/a#access_token=topsecret"} {
		s := byHand(login(t, &server{}, next(2)...), flows.Advanced{})
		s = byHand(s, flows.Observed{ID: s.Pending.EffectID(), Exchange: flows.Exchange{Request: flows.Request{Method: "GET", URL: loc},
			Response: flows.Response{Status: 302, Header: []flows.Param{{Name: "Location", Value: loc}}}}})
		if text := flows.Mermaid(s); strings.Contains(text, "topsecret") {
			t.Errorf("%q shows in\n%s", loc, text)
		}
	}
}

func TestTranscriptCountsItsMessages(t *testing.T) {
	got := flows.Transcript(login(t, &server{}, append(append(next(4), wrongVerifier()), next(1)...)...))
	sameLines(t, got[len(got)-7:], []string{
		"Message 11 of 17, step 4, Client: checks: 2 passed",
		"Message 12 of 17, step 5, Client to AS, back channel: POST /t/token (edited by hand)",
		"Message 13 of 17, step 5, AS to Client, back channel: 400 invalid_grant",
		"Message 14 of 17, step 5, Client: stopped: invalid_grant",
		"Message 15 of 17, step 6, skipped: Validate the ID token",
		"Message 16 of 17, step 7, skipped: Ask who signed in",
		"Message 17 of 17, step 8, skipped: Call the API",
	})
}

func TestMermaidOfARefusedLogin(t *testing.T) {
	sameLines(t, strings.Split(flows.Mermaid(login(t, &server{deny: true}, next(4)...)), "\n"), []string{
		"sequenceDiagram",
		"    participant browser as You + browser",
		"    participant client as Client",
		"    participant server as AS",
		"    participant api as API",
		"    client->>server: 1 · GET /t/.well-known/openid-configuration",
		"    server->>client: 1 · 200 metadata",
		"    Note over client: 1 · checks: 1 warning, 1 passed",
		"    Note over client: 2 · makes state, nonce, code_verifier",
		"    client-->>browser: 3 · open browser",
		"    browser-->>server: 3 · GET /t/authorize",
		"    server-->>browser: 3 · 200 Sign in",
		"    Note over browser: 3 · the person goes on",
		"    server-->>browser: 3 · redirect: error access_denied",
		"    browser-->>client: 4 · GET /callback error, state",
		"    Note over client: 4 · checks: 2 passed",
		"    Note over client: 4 · stopped: access_denied",
		"    Note over client: (skipped) 5 · Swap the code for tokens",
		"    Note over client: (skipped) 6 · Validate the ID token",
		"    Note over client: (skipped) 7 · Ask who signed in",
		"    Note over client: (skipped) 8 · Call the API",
		"",
	})
}

func BenchmarkDiagram(b *testing.B) {
	s := login(b, &server{}, next(8)...)
	for b.Loop() {
		flows.Diagram(s)
	}
}
