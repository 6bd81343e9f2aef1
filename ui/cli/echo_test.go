package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// echo is an authorization server and API that repeats every credential that
// it gets. With refuse, the token endpoint does so in its error.
type echo struct {
	mu      sync.Mutex
	secrets []string
	refuse  bool
}

func (e *echo) saw(list ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secrets = append(e.secrets, list...)
}

// taken empties the list and returns what was in it.
func (e *echo) taken() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.secrets
	e.secrets = nil
	return list
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/authorize":
		back, _ := url.Parse(r.FormValue("redirect_uri"))
		back.RawQuery = url.Values{"code": {"the-code-0123456789"}, "state": {r.FormValue("state")}}.Encode()
		http.Redirect(w, r, back.String(), http.StatusFound)
	case "/token":
		basic := strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
		e.saw(r.FormValue("code"), r.FormValue("code_verifier"), basic)
		if e.refuse {
			w.WriteHeader(http.StatusBadRequest)
			answer(w, map[string]string{"error": "invalid_grant", "error_description": "code " + r.FormValue("code") + " verifier " + r.FormValue("code_verifier") + " header " + basic})
			return
		}
		e.saw("AT-0123456789abcdef")
		answer(w, map[string]string{"access_token": "AT-0123456789abcdef", "token_type": "Bearer", "scope": "code " + r.FormValue("code")})
	default:
		answer(w, map[string]string{"hello": "you sent " + r.Header.Get("Authorization")})
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func TestWhatAServerRepeatsIsNotShown(t *testing.T) {
	for _, refuse := range []bool{true, false} {
		e := &echo{refuse: refuse}
		srv := httptest.NewServer(e)
		defer srv.Close()
		for _, mode := range [][]string{{}, {"--jsonl"}, {"--json"}, {"--record", "run.jsonl"}} {
			e.taken()
			e.saw("a-client-secret")
			cmd := program(t, append([]string{"run", "authorization_code", "--endpoint", "authorization_endpoint=" + srv.URL + "/authorize", "--endpoint", "token_endpoint=" + srv.URL + "/token",
				"--endpoint", "api=" + srv.URL + "/api", "--client-id", "web", "--client-secret", "env:CS", "--user", "alice", "--password", "env:PW", "--scope", "read"}, mode...)...)
			cmd.Env = append(cmd.Env, "CS=a-client-secret", "PW=a-password")
			out, _ := cmd.CombinedOutput()
			shown := string(out)
			if b, err := os.ReadFile(filepath.Join(cmd.Dir, "run.jsonl")); err == nil {
				shown += string(b)
			}
			secrets := e.taken()
			if len(secrets) < 4 || !strings.Contains(shown, "redacted_") {
				t.Fatalf("refuse %v %v: the run did not get far: %s", refuse, mode, shown)
			}
			for _, s := range secrets {
				if s != "" && strings.Contains(shown, s) {
					t.Errorf("refuse %v %v: %s is in\n%s", refuse, mode, s, shown)
				}
			}
		}
	}
}

// Why no browser came up is said on stderr, also when stdout is a document.
func TestABrowserThatDoesNotOpenIsTold(t *testing.T) {
	cmd := program(t, "run", "authorization_code", "--endpoint", "authorization_endpoint=http://127.0.0.1:1/a", "--endpoint", "token_endpoint=http://127.0.0.1:1/t",
		"--client-id", "web", "--browser", "./no-such-browser", "--timeout", "1s", "--json")
	var said strings.Builder
	cmd.Stderr = &said
	if _, err := cmd.Output(); exitCode(t, err) != exitPerson {
		t.Errorf("%v", err)
	}
	if !strings.Contains(said.String(), "no-such-browser") {
		t.Errorf("it said %q", said.String())
	}
}
