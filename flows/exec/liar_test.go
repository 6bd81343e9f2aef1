package exec

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/wire"
)

// lie is an answer of the token endpoint that no honest server gives.
type lie struct {
	name, kind string
	status     int
	body       string
	header     map[string]string
	// What must come of it: done, or failed with this problem. says is a part of
	// the words in which it is told; marks are the findings that name the lie.
	code, says string
	marks      []string
}

func lies() []lie {
	ok := `"access_token":"at","token_type":"Bearer","expires_in":60`
	return []lie{
		{name: "expires_in is a word", status: 200, body: `{"access_token":"at","token_type":"Bearer","expires_in":"soon"}`, marks: []string{"expires_in_type"}},
		{name: "expires_in is an object", status: 200, body: `{"access_token":"at","token_type":"Bearer","expires_in":{}}`, marks: []string{"expires_in_type"}},
		{name: "expires_in is negative", status: 200, body: `{"access_token":"at","token_type":"Bearer","expires_in":-1}`, marks: []string{"expires_in_type"}},
		{name: "expires_in is endless", status: 200, body: `{"access_token":"at","token_type":"Bearer","expires_in":1e400}`, marks: []string{"expires_in_type"}},
		{name: "an error with 200", status: 200, body: `{"error":"invalid_grant","error_description":"no"}`, code: "invalid_grant", says: "no", marks: []string{"http_200_error"}},
		{name: "an error and a token", status: 200, body: `{"error":"invalid_grant",` + ok + `}`, code: "invalid_grant"},
		{name: "a form", kind: "application/x-www-form-urlencoded", status: 200, body: "access_token=at&token_type=bearer&expires_in=60", marks: []string{"nonstandard_answer"}},
		{name: "a form that calls itself HTML", kind: "text/html", status: 200, body: "access_token=at&token_type=bearer", marks: []string{"nonstandard_answer"}},
		{name: "JSON that calls itself text", kind: "text/plain", status: 200, body: `{` + ok + `}`, marks: []string{"nonstandard_answer"}},
		{name: "tokens one floor down", status: 200, body: `{"data":{` + ok + `}}`, marks: []string{"nonstandard_answer"}},
		{name: "a member twice", status: 200, body: `{"access_token":"first","access_token":"second","token_type":"Bearer"}`, marks: []string{"json_duplicate"}},
		{name: "a list", status: 200, body: `[{` + ok + `}]`, code: "nonstandard_answer", says: "not an object"},
		{name: "null", status: 200, body: `null`, code: "nonstandard_answer"},
		{name: "nothing", status: 200, code: "nonstandard_answer"},
		{name: "no content", status: 204, code: "nonstandard_answer"},
		{name: "half of it", status: 200, body: `{"access_token":"at","tok`, code: "nonstandard_answer"},
		{name: "a page", kind: "text/html", status: 200, body: "<html><title>Sign in</title><h1>Welcome", code: "nonstandard_answer"},
		{name: "a page with 500", kind: "text/html", status: 500, body: "<html>oops", code: "http_500"},
		{name: "the access token is a number", status: 200, body: `{"access_token":7,"token_type":"Bearer"}`, marks: []string{"nonstandard_answer"}},
		{name: "the access token is null", status: 200, body: `{"access_token":null,"token_type":"Bearer"}`, code: "nonstandard_answer", says: "is empty"},
		{name: "the access token is empty", status: 200, body: `{"access_token":"","token_type":"Bearer"}`, code: "nonstandard_answer", says: "is empty"},
		{name: "null for what is not given", status: 200, body: `{` + ok + `,"refresh_token":null,"id_token":null,"scope":null}`},
		{name: "another kind of token", status: 200, body: `{"access_token":"at","token_type":"mac"}`, code: "token_type"},
		{name: "elsewhere", status: 302, header: map[string]string{"Location": "https://evil.test/token"}, code: "nonstandard_answer", says: "follows none"},
		{name: "elsewhere, with the body", status: 307, header: map[string]string{"Location": "https://evil.test/token"}, code: "nonstandard_answer", says: "follows none"},
		{name: "an error of control characters", status: 400, body: `{"error":"invalid_grant","error_description":"\u001b]52;c;aGk=\u0007\u202egnp"}`, code: "invalid_grant"},
		{name: "an error that is an object", status: 400, body: `{"error":{"code":"E1","message":"nested"}}`, code: "E1", says: "nested"},
		{name: "an error that is a number", status: 400, body: `{"error":5}`, code: "http_400"},
		{name: "deep", status: 200, body: strings.Repeat(`{"a":`, 10_000) + `1` + strings.Repeat(`}`, 10_000), code: "nonstandard_answer"},
		{name: "huge", status: 200, body: `{"x":"` + strings.Repeat("x", 12<<20) + `"}`, code: "nonstandard_answer", says: "limit"},
	}
}

// Whatever a token endpoint answers, the run ends, says what was wrong with it,
// and shows nothing that could act on a terminal.
func TestALyingServerIsShownExplainedAndMarked(t *testing.T) {
	for _, l := range lies() {
		t.Run(l.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if l.kind == "" {
					l.kind = "application/json"
				}
				w.Header().Set("Content-Type", l.kind)
				for name, value := range l.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(l.status)
				_, _ = io.WriteString(w, l.body)
			}))
			defer srv.Close()
			s := asks(t, srv.URL)
			words := fmt.Sprint(s.Problem)
			for _, c := range s.Checks() {
				words += fmt.Sprint("\n", c)
			}
			switch {
			case l.code == "" && s.Status != flows.Done:
				t.Errorf("%s: %+v", s.Status, s.Problem)
			case l.code != "" && (s.Status != flows.Failed || s.Problem.Code != l.code || !strings.Contains(s.Problem.Description.Raw(), l.says)):
				t.Errorf("%s: %+v, want %s %q", s.Status, s.Problem, l.code, l.says)
			}
			marked := map[string]bool{}
			for _, c := range s.Checks() {
				if c.Status != wire.Pass && c.Status != wire.NA {
					marked[c.ID] = true
				}
			}
			for _, id := range l.marks {
				if !marked[id] {
					t.Errorf("nothing is marked %s in\n%s", id, words)
				}
			}
			if p := s.Problem; p != nil && strings.ContainsAny(p.Description.Safe()+p.Code, "\x1b\x07\u202e") {
				t.Errorf("%q would act on a terminal", p.Description.Safe())
			}
			if len(s.ResultOf("token").Exchanges()) != 1 {
				t.Errorf("%d exchanges are shown", len(s.ResultOf("token").Exchanges()))
			}
		})
	}
}

func asks(t *testing.T, server string) flows.State {
	t.Helper()
	live, err := NewLive(Options{Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	log := Run(context.Background(), serviceRun(t, server), time.Now, live, nil)
	s, _ := log.At(len(log.Entries))
	return s
}

// serviceRun is a run that asks this server for a token of the client itself.
func serviceRun(t *testing.T, server string) flows.Log {
	t.Helper()
	started, err := grants.Start(flows.Spec{Grant: "client_credentials", Options: map[string]string{"client_auth": "client_secret_basic"}}, flows.Profile{ID: "liar", Class: "TEST"},
		flows.Vars{"token_endpoint": wire.Untrusted(server + "/token"), "client_id": "a:b c+d%/&=é"}, flows.Secrets{"client_secret": wire.NewSecret("s:e c+r%/&=ét")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return flows.Log{}.Append(time.Now(), started)
}

// A body that drips for ever is cut off by the time that an exchange may take,
// and nobody asks again.
func TestABodyThatNeverEndsIsGivenUp(t *testing.T) {
	var asked atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Millisecond):
			}
		}
	}))
	defer srv.Close()
	s := asks(t, srv.URL)
	if s.Status != flows.Failed || s.Problem.Kind != flows.Transport || !strings.Contains(s.Problem.Description.Raw(), "had gone out") || asked.Load() != 1 {
		t.Errorf("%s, asked %d times: %+v", s.Status, asked.Load(), s.Problem)
	}
}

// When the answer is lost after the request went out, nobody knows whether the
// code was used up. It is not sent again; the person may.
func TestACodeIsSentOnceAlsoWhenItsAnswerIsLost(t *testing.T) {
	var asked atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"at","token_type":"Bearer","expires_in":60}`)
	}))
	defer srv.Close()
	live, err := NewLive(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	back := performer(func(ctx context.Context, e flows.Effect) flows.Event {
		if b, ok := e.(flows.Browse); ok {
			return flows.Redirected{ID: b.ID, Via: flows.Simulated, Request: flows.Request{Method: "GET", URL: b.RedirectURI,
				Query: []flows.Param{{Name: "code", Value: "c"}, {Name: "state", Value: b.State}}}}
		}
		return live.Perform(ctx, e)
	})
	started, err := grants.Start(flows.Spec{Grant: "authorization_code"}, flows.Profile{ID: "lost", Class: "TEST"}, flows.Vars{"authorization_endpoint": "http://127.0.0.1:1/authorize",
		"token_endpoint": wire.Untrusted(srv.URL), "client_id": "spa", "redirect_uri": "http://127.0.0.1:0/callback", "scope": "read"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := Run(context.Background(), flows.Log{}.Append(time.Now(), started), time.Now, back, nil)
	s, _ := log.At(len(log.Entries))
	if s.Status != flows.Failed || s.Problem.Kind != flows.Transport || asked.Load() != 1 {
		t.Fatalf("%s, asked %d times: %+v", s.Status, asked.Load(), s.Problem)
	}
	log = Run(context.Background(), log.Append(time.Now(), flows.Advanced{To: "token"}), time.Now, back, nil)
	if s, _ = log.At(len(log.Entries)); s.Status != flows.Done || asked.Load() != 2 {
		t.Errorf("asked on purpose: %s, %d requests: %+v", s.Status, asked.Load(), s.Problem)
	}
}
