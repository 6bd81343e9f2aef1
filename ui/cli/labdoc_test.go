package cli

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"
)

// What the lab prints must work as it stands.
func TestTheLinesOfTheLabWorkInAShell(t *testing.T) {
	for _, need := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(need); err != nil {
			t.Skip("this machine has no ", need)
		}
	}
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	try := tryOf(l)
	dir := filepath.Join(t.TempDir(), "it's here")
	if err := writeKeys(l, nil, dir); err != nil {
		t.Fatal(err)
	}
	try.tryFiles(l, dir)
	for _, c := range []struct{ line, want string }{
		{try.Token, `"access_token":"ey`},
		{try.API, `"client_id":"workshop-service"`},
		{try.Fault, "429 Too Many Requests"},
		{try.Dialect, "AADSTS70000"},
		{try.MTLS, `"access_token":"ey`},
		{try.JWT, `"access_token":"ey`},
		{try.JWT, "jti of the assertion was used before"},
		{try.SAML, `"access_token":"ey`},
	} {
		out, err := exec.Command("sh", "-c", c.line).CombinedOutput()
		if err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s\n%v: %s\nwant %s", c.line, err, out, c.want)
		}
	}
}

func TestALineOfTheJournalSaysWhatWasAnsweredAndWhy(t *testing.T) {
	at := time.Date(2031, 5, 6, 12, 0, 1, 0, time.Local)
	for _, c := range []struct {
		v    lab.View
		want string
	}{
		{lab.View{At: at, Method: "POST", Path: "/default/token", Status: 200, Client: "workshop-spa"}, "12:00:01 POST /default/token 200 workshop-spa"},
		{lab.View{At: at, Method: "POST", Path: "/default/token", Status: 400, Error: "invalid_grant", Description: "Used."}, "12:00:01 POST /default/token 400 invalid_grant: Used."},
		{lab.View{At: at, Method: "GET", Path: "/api/profile", Status: 401, Checks: []lab.Check{{ID: "method", Status: lab.Passed}, {ID: "access_token", Status: lab.Failed, Message: "None."}}},
			"12:00:01 GET /api/profile 401 access_token: None."},
		{lab.View{At: at, Method: "GET", Path: "/\x1b[2J", Status: 404, Faults: []string{"throttle"}}, `12:00:01 GET /\x1b[2J 404 [fault throttle]`},
	} {
		if got := journalLine(c.v); got != c.want {
			t.Errorf("line = %q\nwant   %q", got, c.want)
		}
	}
}

// A terminal that is stopped must not stop the lab.
func TestAFullJournalLosesLinesAndNeverWaits(t *testing.T) {
	j := &journal{lines: make(chan string, 1)}
	for range 3 {
		j.served(lab.View{})
	}
	if len(j.lines) != 1 || j.missed() != 2 || j.missed() != 0 {
		t.Error("lines were lost without being counted, or counted twice")
	}
}
