package cli

import (
	"io"
	"runtime"
	"strings"
	"testing"

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
