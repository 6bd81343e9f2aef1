package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"authdance/flows/lab"
)

var update = flag.Bool("update", false, "rewrite golden files in scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"authdance": func() { os.Exit(Main()) }, "visitor": visitor})
}

// rfc7515 is the token of RFC 7515 §A.1. It expired at 1300819380.
const rfc7515 = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
	"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// TestScripts runs the program itself, one process a line, as a shell would.
func TestScripts(t *testing.T) {
	addresses := servers(t)
	files, err := filepath.Glob(scripts)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	testscript.Run(t, testscript.Params{
		Files:         files,
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("AUTHDANCE_CONFIG_DIR", filepath.Join(env.WorkDir, "config"))
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "xdg"))
			env.Setenv("LANG", "C.UTF-8")
			env.Setenv("TERM", "xterm-256color")
			env.Setenv("TOKEN", rfc7515)
			for name, address := range addresses {
				env.Setenv(name, address)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "json": compareJSON, "keys": jsonKeys, "waitfor": waitFor, "absent": absent, "idtoken": idToken},
	})
}

// exits CODE COMMAND ARGS… runs a command that must end with this code. It
// reads the file "in" when there is one.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// json FILE PATH VALUE compares one value of a JSON document; numbers in the
// path index arrays, VALUE is compared as JSON text or as plain string.
func compareJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE PATH VALUE")
	}
	var doc any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc))
	v, err := walk(doc, args[1])
	ts.Check(err)
	text, ok := v.(string)
	if !ok {
		b, _ := json.Marshal(v)
		text = string(b)
	}
	if (text == args[2]) == neg {
		ts.Fatalf("%s is %s, want %s", args[1], text, args[2])
	}
}

func walk(v any, path string) (any, error) {
	for part := range strings.SplitSeq(path, ".") {
		switch c := v.(type) {
		case map[string]any:
			next, ok := c[part]
			if !ok {
				return nil, fmt.Errorf("no member %q", part)
			}
			v = next
		case []any:
			i, err := strconv.Atoi(part)
			if part == "len" {
				return len(c), nil
			}
			if err != nil {
				// NAME=VALUE picks the first object with that member.
				name, want, _ := strings.Cut(part, "=")
				i = slices.IndexFunc(c, func(o any) bool { m, ok := o.(map[string]any); return ok && m[name] == want })
			}
			if i < 0 || i >= len(c) {
				return nil, fmt.Errorf("no element %q", part)
			}
			v = c[i]
		default:
			return nil, fmt.Errorf("%q leads into a %T", part, v)
		}
	}
	return v, nil
}

// keys FILE prints every path of a JSON document with its type, array indexes
// as [], each once: the shape that scripts rely on.
func jsonKeys(ts *testscript.TestScript, _ bool, args []string) {
	var doc any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc))
	seen := map[string]bool{}
	shape(doc, "", seen)
	var lines []string
	for path := range seen {
		lines = append(lines, path)
	}
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

func shape(v any, path string, seen map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			shape(inner, path+"."+name, seen)
		}
	case []any:
		if len(v) == 0 {
			seen[path+"[]"] = true
		}
		for _, inner := range v {
			shape(inner, path+"[]", seen)
		}
	case nil:
		seen[path+" null"] = true
	default:
		seen[fmt.Sprintf("%s %T", path, v)] = true
	}
}

// waitfor ADDRESS waits until something listens there.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	for range 500 {
		if c, err := net.Dial("tcp", args[0]); err == nil {
			c.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("nothing listens at %s", args[0])
}

// absent FILE TEXT… fails when one of the texts is in the file.
func absent(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	for _, unwanted := range args[1:] {
		if strings.Contains(text, unwanted) {
			ts.Fatalf("%s contains %q", args[0], unwanted)
		}
	}
}

// servers starts the other side of the scripts: good, odd and hostile ones, all
// on loopback. The names are variables of the scripts.
func servers(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{"CLOSED": "http://" + free(t), "FREE": free(t), "FREE2": free(t), "OP": foreignOP(t)}
	page := func(body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
		t.Cleanup(s.Close)
		return s.URL
	}
	out["HTML"] = page("<html><body>Please sign in to the network\x1b[31m</body></html>")
	out["EMPTY"] = page("")
	out["ARRAY"] = page("[1,2]")
	out["OTHER"] = page(`{"issuer":"https://evil.test","authorization_endpoint":"https://evil.test/a","token_endpoint":"https://evil.test/t","jwks_uri":"https://evil.test/k"}`)
	out["HUGE"] = page(`{"issuer":"` + strings.Repeat("x", 5<<20) + `"}`)
	out["RESETS"] = resetting(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { busy.Close() })
	out["BUSY"] = busy.Addr().String()
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	out["LAB"], out["LABAPI"] = l.Issuer(), l.API()
	return out
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// foreignOP is an OpenID provider that nobody of us wrote: the example of
// github.com/zitadel/oidc.
func foreignOP(t *testing.T) string {
	t.Helper()
	storage.RegisterClients(storage.NativeClient("native", "http://127.0.0.1/callback"), storage.WebClient("web", "web-secret", "http://127.0.0.1:9999/callback"))
	var handler http.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	handler = exampleop.SetupServer(s.URL, storage.NewStorage(storage.NewUserStore(s.URL)), slog.New(slog.NewTextHandler(io.Discard, nil)), false)
	return s.URL
}

// resetting is a server whose token endpoint cuts every connection.
func resetting(t *testing.T) string {
	t.Helper()
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/token":
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			}
		case "/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":%q}`, s.URL, s.URL+"/token")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// idtoken FILE TO takes the ID token out of a run's document.
func idToken(ts *testscript.TestScript, _ bool, args []string) {
	var doc any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc))
	v, err := walk(doc, "tokens.id_token")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(v.(string)), 0o600))
}
