package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/adrg/xdg"
	"github.com/creack/pty"

	"authdance/flows/wire"
)

// program is the program as a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("authdance", args...)
	cmd.Dir = dir
	for _, line := range os.Environ() {
		switch name, _, _ := strings.Cut(line, "="); name {
		case "HOME", "AUTHDANCE_CONFIG_DIR", "XDG_STATE_HOME", "DISPLAY", "SSH_CONNECTION":
		default:
			cmd.Env = append(cmd.Env, line)
		}
	}
	cmd.Env = append(cmd.Env, "HOME="+dir, "XDG_STATE_HOME="+dir, "LANG=C.UTF-8", "TERM=xterm-256color")
	return cmd
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

func TestASignalEndsWithItsNumber(t *testing.T) {
	for sig, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129, syscall.SIGQUIT: 131} {
		cmd := program(t, "lab", "--json")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 64<<10)); err != nil { // it is up once it has said so
			t.Fatal(err)
		}
		_ = cmd.Process.Signal(sig)
		_, _ = io.Copy(io.Discard, out)
		if got := exitCode(t, cmd.Wait()); got != want || said.Len() > 0 {
			t.Errorf("%v: exit code %d, want %d; it said %q", sig, got, want, said.String())
		}
	}
}

// An interrupted run still says what it knows, in a whole document.
func TestAnInterruptedRunIsCancelled(t *testing.T) {
	lab := program(t, "lab", "--json")
	out, err := lab.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lab.Process.Kill(); _ = lab.Wait() }()
	head := make([]byte, 64<<10)
	n, err := out.Read(head)
	if err != nil {
		t.Fatal(err)
	}
	issuer := regexp.MustCompile(`"issuer": "([^"]+)"`).FindSubmatch(head[:n])

	cmd := program(t, "run", "authorization_code", "--issuer", string(issuer[1]), "--client-id", "workshop-spa", "--browser", "print", "--json")
	var doc bytes.Buffer
	cmd.Stdout = &doc
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := said.Read(make([]byte, 4096)); err != nil { // the address: from now on it waits
		t.Fatal(err)
	}
	_ = cmd.Process.Signal(os.Interrupt)
	_, _ = io.Copy(io.Discard, said)
	if got := exitCode(t, cmd.Wait()); got != 130 {
		t.Errorf("exit code %d, want 130", got)
	}
	if !strings.Contains(doc.String(), `"status": "cancelled"`) || !strings.HasSuffix(doc.String(), "}\n") {
		t.Errorf("the document is %q", doc.String())
	}
}

func TestABrokenPipeIsQuiet(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	cmd := program(t, "explain", "--list")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &said
	err = cmd.Run()
	w.Close()
	if got := exitCode(t, err); got != 74 || said.Len() > 0 {
		t.Fatalf("exit code %d, want 74; it said %q", got, said.String())
	}
}

func TestAFullDiskIsToldAndNoSuccess(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	cmd := program(t, "run", "authorization_code", "--json")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &said
	if got := exitCode(t, cmd.Run()); got != 74 || !strings.Contains(said.String(), "could not be written") {
		t.Fatalf("exit code %d, want 74; it said %q", got, said.String())
	}
}

func TestAnEmptyEnvironmentIsEnough(t *testing.T) {
	cmd := program(t, "run", "authorization_code")
	cmd.Env = []string{}
	out, err := cmd.CombinedOutput()
	if exitCode(t, err) != 0 || !bytes.Contains(out, []byte("DONE")) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// On a terminal, help and errors come at once: nothing is asked of a terminal
// that may never answer.
func TestTheTerminalIsAskedNothing(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"run", "--nope"}, {"explain", "pkce-verifier-mismatch"}} {
		out, _ := onTerminal(t, program(t, args...))
		if strings.Contains(out, "\x1b]1") || strings.Contains(out, "\x1b[c") || strings.Contains(out, "\x1b[6n") {
			t.Errorf("%v asks the terminal: %q", args, out)
		}
		if len(out) < 50 {
			t.Errorf("%v: %q", args, out)
		}
	}
}

// onTerminal runs a command on a terminal that answers no question.
func onTerminal(t *testing.T, cmd *exec.Cmd) (string, int) {
	t.Helper()
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 100})
	if err != nil {
		t.Skipf("no terminal here: %v", err)
	}
	defer f.Close()
	out, _ := io.ReadAll(f) // ends with an error when the other side closes
	return string(out), exitCode(t, cmd.Wait())
}

func TestACrashIsReportedWithoutItsValue(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	var said bytes.Buffer
	c := newConsole(nil, os.Stdin, os.Stdout, os.Stderr, nil)
	c.err, c.now = &said, func() time.Time { return time.Unix(0, 0) }
	c.crash("a test", errors.New("token abc.def.ghi"))
	list, err := filepath.Glob(filepath.Join(dir, "authdance", "crash-*.txt"))
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %v; said %q", list, err, said.String())
	}
	b, err := os.ReadFile(list[0])
	if err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(list[0])
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if !strings.Contains(said.String(), list[0]) || strings.Contains(string(b)+said.String(), "abc.def") || !strings.Contains(string(b), "process_test.go") {
		t.Errorf("said %q, wrote %s", said.String(), b)
	}
}

func TestACrashEndsWith70(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	c := newConsole([]string{"paths"}, os.Stdin, os.Stdout, os.Stderr, nil)
	c.err = io.Discard
	c.out = nil // the first write falls over
	if got := c.main(); got != exitBug {
		t.Fatalf("exit code %d", got)
	}
}

func TestReadLineTakesNoMoreThanTheLine(t *testing.T) {
	r := strings.NewReader("one\r\ntwo\nthree")
	for _, want := range []string{"one", "two", "three"} {
		if got, err := readLine(r); err != nil || got != want {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
	}
	if _, err := readLine(r); err == nil {
		t.Fatal("no end")
	}
	if _, err := readLine(strings.NewReader(strings.Repeat("x", 70<<10))); err == nil {
		t.Fatal("no limit")
	}
}

func TestNearestFlag(t *testing.T) {
	c := newConsole(nil, os.Stdin, os.Stdout, os.Stderr, nil)
	run, _, err := newRoot(c).Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"isuer": "issuer", "clientid": "client-id", "jsn": "json", "colour": "color", "dpp": "dpop", "zzzzzz": ""} {
		if got := nearestFlag(run, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestDocumentsCannotMoveTheTerminal(t *testing.T) {
	var out bytes.Buffer
	c := newConsole(nil, os.Stdin, os.Stdout, os.Stderr, nil)
	c.out = &sink{w: &out}
	if err := c.document(map[string]string{"x": "a\x1b[2J\u202e\u009b<&>"}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != wire.Safe(strings.TrimSuffix(got, "\n"))+"\n" && strings.ContainsAny(got, "\x1b\u202e\u009b") || !strings.Contains(got, "<&>") {
		t.Fatalf("%q", got)
	}
}
