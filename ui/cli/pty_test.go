//go:build unix

package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// screen is the real program on a pseudo terminal.
type screen struct {
	t   *testing.T
	cmd *exec.Cmd
	tty *os.File
	mu  sync.Mutex
	out bytes.Buffer // every byte
	vt  *vt.Emulator // what a person sees
}

func show(t *testing.T, args ...string) *screen {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "authdance")
	if out, err := exec.Command("go", "build", "-o", bin, "authdance").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := &screen{t: t, cmd: exec.Command(bin, args...), vt: vt.NewEmulator(80, 24)}
	home := t.TempDir()
	p.cmd.Env = []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_STATE_HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8", "NO_MOTION=1", "PATH=" + os.Getenv("PATH")}
	tty, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Skipf("no pseudo terminal here: %v", err)
	}
	p.tty = tty
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = tty.Close() })
	go func() { // the answers of the terminal; they must be taken also when nobody wants them
		answer := make([]byte, 256)
		for {
			n, err := p.vt.Read(answer)
			_, _ = tty.Write(answer[:n])
			if err != nil {
				return
			}
		}
	}()
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := tty.Read(buf)
			p.mu.Lock()
			p.out.Write(buf[:n])
			_, _ = p.vt.Write(buf[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

func (p *screen) raw() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// seen is what a person sees. The emulator has no lock of its own.
func (p *screen) seen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.vt.String()
}

// wait returns when the text is on the screen.
func (p *screen) wait(text string) {
	p.t.Helper()
	for range 1500 {
		if strings.Contains(p.seen(), text) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Fatalf("%q did not appear; the screen:\n%s", text, p.seen())
}

func (p *screen) press(keys string) {
	if _, err := p.tty.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the program and returns its exit code.
func (p *screen) end() int {
	p.t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode()
		}
		return 0
	case <-time.After(30 * time.Second):
		p.t.Fatal("the program did not end")
		return -1
	}
}

func (p *screen) restored() {
	p.t.Helper()
	for range 100 {
		if s := p.raw(); strings.LastIndex(s, "\x1b[?1049l") > strings.LastIndex(s, "\x1b[?1049h") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Error("the alternate screen was left on")
}

// The README's first minute, on a real terminal: enter until signed in, then quit.
func TestEnterUntilSignedInOnARealTerminal(t *testing.T) {
	p := show(t)
	p.wait("run your first login")
	p.press("\r")
	p.wait("check what the browser brought back")
	for _, next := range []string{"step 5 sends POST", "check the ID token", "step 7 sends GET", "step 8 sends GET", "look inside the ID token"} {
		p.press("\r")
		p.wait(next)
	}
	p.wait("signed in as Alice Example")
	p.press("q")
	if code := p.end(); code != 0 {
		t.Errorf("exit %d", code)
	}
	p.restored()
}

// R-PROC-03: a signal restores the terminal and is the exit code.
func TestASignalRestoresTheTerminal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		p := show(t)
		p.wait("run your first login")
		if err := p.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if code := p.end(); code != 128+int(sig) {
			t.Errorf("%v: exit %d", sig, code)
		}
		p.restored()
	}
}
