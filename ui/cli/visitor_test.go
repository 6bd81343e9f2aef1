package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/lab"
	"authdance/flows/wire"
)

// visit signs in as alice at an authorization URL and returns the request with
// which a browser would come back.
func visit(address string) (flows.Request, error) {
	u, err := url.Parse(address)
	if err != nil {
		return flows.Request{}, err
	}
	s, err := exec.NewSignIn(exec.SignInOptions{User: "alice", Password: "password"})
	if err != nil {
		return flows.Request{}, err
	}
	b := flows.Browse{ID: 1, Request: flows.Request{Method: "GET", URL: wire.Untrusted(address)},
		RedirectURI: wire.Untrusted(u.Query().Get("redirect_uri")), State: wire.Untrusted(u.Query().Get("state"))}
	for {
		switch e := s.Perform(context.Background(), b).(type) {
		case flows.Observed:
			b.Resume = true
		case flows.Redirected:
			return e.Request, nil
		default:
			return flows.Request{}, fmt.Errorf("the sign-in ended with %v", e)
		}
	}
}

// visitor is a browser: it takes the address as its one argument and comes back
// to the listener.
func visitor() {
	back, err := visit(os.Args[len(os.Args)-1])
	if err == nil {
		req, bad := http.NewRequest(back.Method, back.Target(), strings.NewReader(back.Payload()))
		if bad != nil {
			panic(bad)
		}
		if back.Form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		var res *http.Response
		if res, err = http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// The person copies the address from stderr and pastes back where the browser
// ended up; what is pasted before that, and is no answer, changes nothing.
func TestThePastedAddressCompletesTheLogin(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, mode := range [][]string{{"--browser", "none"}, {"--browser", "print", "--paste"}} {
		cmd := program(t, append([]string{"run", "authorization_code", "--issuer", l.Issuer(), "--client-id", "workshop-spa", "--json"}, mode...)...)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		said, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		var doc bytes.Buffer
		cmd.Stdout = &doc
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if !strings.HasPrefix(lines.Text(), "http://") {
				continue
			}
			back, err := visit(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(in, "what am I to paste?\n"+back.Target()+"\n"); err != nil {
				t.Fatal(err)
			}
			break
		}
		_, _ = io.Copy(io.Discard, said)
		if code := exitCode(t, cmd.Wait()); code != 0 || !strings.Contains(doc.String(), `"status": "done"`) {
			t.Errorf("%v: exit code %d\n%s", mode, code, doc.String())
		}
	}
}
