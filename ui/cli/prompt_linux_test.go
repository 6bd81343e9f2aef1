package cli

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func TestAPromptedSecretIsNotEchoed(t *testing.T) {
	cmd := program(t, "run", "refresh_token", "--issuer", "http://127.0.0.1:1", "--client-id", "x", "--refresh-token", "prompt")
	f, err := pty.Start(cmd)
	if err != nil {
		t.Skipf("no terminal here: %v", err)
	}
	defer f.Close()
	for echo := true; echo; runtime.Gosched() {
		mode, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		echo = mode.Lflag&unix.ECHO != 0
	}
	if _, err := io.WriteString(f, "my-refresh-token\n"); err != nil {
		t.Fatal(err)
	}
	out, _ := io.ReadAll(f)
	code := exitCode(t, cmd.Wait())
	if got := string(out); code != 3 || !strings.Contains(got, "--refresh-token: ") || strings.Contains(got, "my-refresh-token") {
		t.Fatalf("exit code %d: %q", code, got)
	}
}

// A signal ends the program while it waits for a person, and the terminal
// shows again what is typed.
func TestASignalEndsAQuestion(t *testing.T) {
	live := "schema = 1\nid = \"prod\"\nname = \"Prod\"\nclass = \"LIVE\"\nissuer = \"http://127.0.0.1:1\"\n[client]\nid = \"x\"\n"
	for _, q := range []struct {
		asks string
		args []string
	}{
		{"--refresh-token: ", []string{"run", "refresh_token", "--issuer", "http://127.0.0.1:1", "--client-id", "x", "--refresh-token", "prompt"}},
		{"is LIVE", []string{"run", "authorization_code", "--profile", "prod", "--edit", "token:-code"}},
		{"Paste the token", []string{"token", "-"}},
		{"Paste the error", []string{"explain", "-"}},
	} {
		for sig, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
			cmd := program(t, q.args...)
			dir := filepath.Join(cmd.Dir, "profiles")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "prod.toml"), []byte(live), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd.Env = append(cmd.Env, "AUTHDANCE_CONFIG_DIR="+cmd.Dir)
			f, tty, err := pty.Open()
			if err != nil {
				t.Skipf("no terminal here: %v", err)
			}
			cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var shown []byte
			for buf := make([]byte, 4096); !strings.Contains(string(shown), q.asks); {
				n, err := f.Read(buf)
				if shown = append(shown, buf[:n]...); err != nil {
					t.Fatalf("%v: %v after %q", q.args, err, shown)
				}
			}
			echoes := func() bool {
				mode, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
				if err != nil {
					t.Fatal(err)
				}
				return mode.Lflag&unix.ECHO != 0
			}
			for q.asks == "--refresh-token: " && echoes() {
				runtime.Gosched()
			}
			_ = cmd.Process.Signal(sig)
			if got := ended(t, cmd); got != want || !echoes() {
				t.Errorf("%v, %v: exit code %d, want %d; echo %v", q.args, sig, got, want, echoes())
			}
			tty.Close()
			f.Close()
		}
	}
}

// ended waits for a process that must not hang.
func ended(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	killer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer killer.Stop()
	return exitCode(t, cmd.Wait())
}

func TestASignalEndsTheReadingOfAPipe(t *testing.T) {
	for _, args := range [][]string{{"token", "-"}, {"explain", "-"}, {"run", "refresh_token", "--issuer", "http://127.0.0.1:1", "--client-id", "x", "--refresh-token", "-"}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
			t.Skip(err)
		}
		cmd := program(t, args...)
		cmd.Stdin = r
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r.Close()
		if _, err := w.WriteString(strings.Repeat("x", 3*4096)); err != nil { // goes through only to a program that reads
			t.Fatal(err)
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if got := ended(t, cmd); got != 143 {
			t.Errorf("%v: exit code %d, want 143", args, got)
		}
		w.Close()
	}
}
