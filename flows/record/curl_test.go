package record

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"authdance/flows"
	"authdance/flows/wire"
)

func tokenRequest() flows.Request {
	return flows.Request{
		Method: "POST", URL: "http://127.0.0.1:9500/default/token",
		Header: []flows.Param{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}, {Name: "Accept", Value: "application/json"}},
		Form: []flows.Param{{Name: "grant_type", Value: "authorization_code"}, {Name: "code", Value: "lab_8fK2mZr7Vw3TnXq1", Var: "code", Secret: true},
			{Name: "redirect_uri", Value: "http://127.0.0.1:9501/callback"}, {Name: "scope", Value: "openid profile"}},
	}
}

func TestATokenRequestReadsLikeAPersonWroteIt(t *testing.T) {
	got, hidden := Curl(tokenRequest())
	want := `curl --request POST \
  --url http://127.0.0.1:9500/default/token \
  --header 'Content-Type: application/x-www-form-urlencoded' \
  --header 'Accept: application/json' \
  --data-urlencode grant_type=authorization_code \
  --data-urlencode "code=$CODE" \
  --data-urlencode redirect_uri=http://127.0.0.1:9501/callback \
  --data-urlencode 'scope=openid profile'`
	if got != want || hidden != 1 {
		t.Errorf("hidden %d\n%s\nwant\n%s", hidden, got, want)
	}
}

func TestSecretsBecomeNames(t *testing.T) {
	for _, c := range []struct {
		name   string
		r      flows.Request
		want   string
		hidden int
	}{
		{"bearer", flows.Request{Method: "GET", URL: "http://a.test/", Header: []flows.Param{{Name: "Authorization", Value: "Bearer lab_at_1", Var: "access_token", Secret: true}}},
			`--header "Authorization: Bearer $ACCESS_TOKEN"`, 1},
		{"bearer typed by hand", flows.Request{Method: "GET", URL: "http://a.test/", Header: []flows.Param{{Name: "Authorization", Value: "Bearer wrong"}}},
			`--header "Authorization: Bearer $ACCESS_TOKEN"`, 1},
		{"basic", flows.Request{Method: "POST", URL: "http://a.test/", Header: []flows.Param{{Name: "Authorization", Value: "Basic d29ya3Nob3Atd2ViOndvcmtzaG9wLXNlY3JldA==", Var: "client_secret"}}},
			`--user "workshop-web:$CLIENT_SECRET"`, 1},
		{"in the query", flows.Request{Method: "GET", URL: "http://a.test/cb", Query: []flows.Param{{Name: "code", Value: "c1"}, {Name: "state", Value: "s"}}},
			`--url "http://a.test/cb?code=$CODE&state=s"`, 1},
		{"in the address itself", flows.Request{Method: "GET", URL: "http://a.test/cb?access_token=t1&x=1#f"}, `--url "http://a.test/cb?access_token=$ACCESS_TOKEN&x=1#f"`, 1},
		{"the same value twice", flows.Request{Method: "POST", URL: "http://a.test/", Form: []flows.Param{{Name: "code", Value: "c1"}, {Name: "code", Value: "c1"}}}, `"code=$CODE"`, 1},
		{"two values of one name", flows.Request{Method: "POST", URL: "http://a.test/", Form: []flows.Param{{Name: "code", Value: "c1"}, {Name: "code", Value: "c2"}}}, `"code=$CODE_2"`, 2},
		{"in a JSON body", flows.Request{Method: "POST", URL: "http://a.test/", Body: `{"a":{"code":"c1"},"b":1}`}, `--data-raw '{"a":{"code":"'"$CODE"'"},"b":1}'`, 1},
		{"in a form that is a text", flows.Request{Method: "POST", URL: "http://a.test/", Body: `a=1&code=c1`}, `--data-raw "a=1&code=$CODE"`, 1},
		{"under a name of the shell", flows.Request{Method: "POST", URL: "http://a.test/", Form: []flows.Param{{Name: "path", Value: "c1", Secret: true}}}, `"path=$SECRET"`, 1},
	} {
		got, hidden := Curl(c.r)
		if !strings.Contains(got, c.want) || hidden != c.hidden {
			t.Errorf("%s: hidden %d in\n%s\nwant %d and %s", c.name, hidden, got, c.hidden, c.want)
		}
	}
}

func TestWhatCurlWouldAddOrChangeIsStopped(t *testing.T) {
	got, _ := Curl(flows.Request{Method: "POST", URL: "http://[::1]:9500/a/../b", Body: "x", Header: []flows.Param{{Name: "X-Empty"}, {Name: "@/etc/passwd", Value: "x"}}})
	for _, want := range []string{"--globoff", "--path-as-is", "--header Accept:", "--header Content-Type:", "--header 'X-Empty;'"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "passwd") {
		t.Errorf("curl would read a file:\n%s", got)
	}
}

// hostile draws values that try to leave their quotes.
func hostile() *rapid.Generator[string] {
	bits := rapid.SampledFrom([]string{"'", `"`, "\\", "`", "$", "$(touch PWNED)", "';touch PWNED;'", `";touch PWNED;"`, "`touch PWNED`", "\n", "\r\n", "\x00", "\x1b]52;c;eA==\a",
		"\u202e", "!", "!!", "*", "~", "#", "&", " ", "%41", "%", "%s", "\\n", "=", "@", "@/etc/passwd", "<", "|", "-", "--help", "ü", "\xff", "a", "Z", "_x", "{a,b}", "[1-9]"})
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(bits, 0, 8).Draw(t, "bits"), "") })
}

func TestHostileValuesStayInTheirQuotes(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell here")
	}
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		value := hostile()
		secret := "s3cr3t-" + rapid.StringMatching(`[a-z0-9]{8}`).Draw(rt, "secret")
		r := flows.Request{Method: rapid.OneOf(rapid.Just("POST"), value).Draw(rt, "method"), URL: "http://a.test/" + wire.Untrusted(value.Draw(rt, "url"))}
		for range rapid.IntRange(0, 3).Draw(rt, "query") {
			r.Query = append(r.Query, flows.Param{Name: value.Draw(rt, "name"), Value: wire.Untrusted(value.Draw(rt, "value"))})
		}
		if rapid.Bool().Draw(rt, "form") {
			r.Form = []flows.Param{{Name: "code", Value: wire.Untrusted(secret)}}
			for range rapid.IntRange(0, 3).Draw(rt, "params") {
				r.Form = append(r.Form, flows.Param{Name: value.Draw(rt, "name"), Value: wire.Untrusted(value.Draw(rt, "value"))})
			}
		} else {
			r.Body = wire.Untrusted(value.Draw(rt, "body"))
		}
		r.Header = []flows.Param{{Name: "X-Odd", Value: wire.Untrusted(value.Draw(rt, "header"))}}

		text, _ := Curl(r)
		if strings.Contains(text, secret) {
			rt.Fatalf("the secret is in\n%s", text)
		}
		for line := range strings.SplitSeq(text, "\n") {
			if wire.Safe(line) != line {
				rt.Fatalf("a terminal could take this for more than text: %q", line)
			}
		}
		args, stdin := runShell(t, sh, dir, text, "CODE="+secret)
		sent := decode(rt, args)
		if r.Form != nil {
			want, _ := url.ParseQuery(r.Payload())
			got, err := url.ParseQuery(sent.data)
			if err != nil || !equalForms(got, want) {
				rt.Fatalf("the form became %q, want %q\n%s", sent.data, r.Payload(), text)
			}
		} else if body := sent.data + stdin; body != r.Body.Raw() {
			rt.Fatalf("the body became %q, want %q\n%s", body, r.Body.Raw(), text)
		}
		if want := escaped(r.Target()); sent.url != want {
			rt.Fatalf("the address became %q, want %q\n%s", sent.url, want, text)
		}
		if ascii(r.Method) && sent.method != r.Method {
			rt.Fatalf("the method became %q, want %q", sent.method, r.Method)
		}
		if _, err := os.Stat(filepath.Join(dir, "PWNED")); err == nil {
			rt.Fatalf("a value ran as a command:\n%s", text)
		}
	})
}

func equalForms(a, b url.Values) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if !slices.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}

// runShell gives the command to a shell whose curl only tells its arguments.
func runShell(t *testing.T, sh, dir, text string, env ...string) (args []string, stdin string) {
	t.Helper()
	const spy = `curl() { for a; do printf '%s\0' "$a"; done; printf 'END\0'; case "$*" in *"--data-binary @-"*) cat;; esac; }` + "\n"
	cmd := exec.Command(sh, "-c", spy+text)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil || complaint.Len() > 0 {
		t.Fatalf("sh: %v %s\n%s", err, complaint.String(), text)
	}
	told, rest, _ := strings.Cut(out.String(), "END\x00")
	return strings.Split(strings.TrimSuffix(told, "\x00"), "\x00"), rest
}

type sent struct{ method, url, data string }

// decode reads arguments as curl's manual says.
func decode(t *rapid.T, args []string) sent {
	var s sent
	var data []string
	for i := 0; i < len(args); i++ {
		take := func() string {
			if i++; i == len(args) {
				t.Fatalf("no value after %q", args[i-1])
			}
			return args[i]
		}
		switch args[i] {
		case "--request":
			s.method = take()
		case "--url":
			s.url = take()
		case "--header", "--user":
			take()
		case "--globoff", "--path-as-is":
		case "--data-binary":
			if take() != "@-" {
				t.Fatalf("unexpected file in %q", args)
			}
		case "--data-raw":
			data = append(data, take())
		case "--data-urlencode":
			name, val, ok := strings.Cut(take(), "=")
			if !ok || name == "" {
				t.Fatalf("curl would read another value in %q", args)
			}
			data = append(data, name+"="+url.QueryEscape(val))
		default:
			t.Fatalf("an argument of its own: %q in %q", args[i], args)
		}
	}
	s.data = strings.Join(data, "&")
	return s
}

func TestCurlItselfSendsTheSameRequest(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl here")
	}
	var got *http.Request
	var body string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r, string(b)
	}))
	defer srv.Close()
	r := tokenRequest()
	r.URL = wire.Untrusted(srv.URL) + "/token?keep=%7e"
	text, _ := Curl(r)
	cmd := exec.Command("sh", "-c", text)
	cmd.Env = append(os.Environ(), "CODE=lab_8fK2mZr7Vw3TnXq1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	sent, _ := url.ParseQuery(body)
	want, _ := url.ParseQuery(r.Payload())
	if got.Method != "POST" || got.URL.RawQuery != "keep=%7e" || got.Header.Get("Accept") != "application/json" || !equalForms(sent, want) {
		t.Errorf("%s %s %v\n%s", got.Method, got.URL, got.Header, body)
	}
}

func BenchmarkCurl(b *testing.B) {
	r := tokenRequest()
	for b.Loop() {
		Curl(r)
	}
}
