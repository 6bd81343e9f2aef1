package exec

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"authdance/flows/wire"
)

// Browser shows an address to the person. Open returns when that was handed
// over, not when the browser is closed. Every implementation passes the address
// through ValidateURL first: it was made from a server's metadata.
type Browser interface {
	Open(ctx context.Context, url string) error
}

// detach is how long an opener may take to fail. After that it counts as
// running and is left alone.
const detach = 5 * time.Second

// System opens the person's own browser: $BROWSER when it names one program,
// else what this operating system has for it, found without PATH. The address is
// one element of a program's arguments; there is no shell.
type System struct{}

// Open starts the opener. The error says why there is none, or how it failed.
func (System) Open(ctx context.Context, address string) error {
	if own := os.Getenv("BROWSER"); isOneProgram(own) {
		return Command{Path: own}.Open(ctx, address)
	}
	u, err := ValidateURL(address)
	if err != nil {
		return err
	}
	return openBySystem(ctx, u.String())
}

// isOneProgram refuses what $BROWSER may also hold elsewhere: a list, or a
// command line with arguments and a place for the address.
func isOneProgram(s string) bool {
	return s != "" && !strings.ContainsAny(s, " \t\r\n%\"'`$;&|<>") && !strings.Contains(s, string(os.PathListSeparator))
}

// Command opens addresses with one program, which gets the address as its only
// argument.
type Command struct{ Path string }

// Open starts the program: a path, or a name that is looked up in PATH.
func (c Command) Open(ctx context.Context, address string) error {
	u, err := ValidateURL(address)
	if err != nil {
		return err
	}
	program, err := exec.LookPath(c.Path)
	if err == nil {
		program, err = filepath.Abs(program)
	}
	if err != nil {
		return fmt.Errorf("the browser program %s was not found or cannot be run; give its full path, without arguments", wire.Safe(c.Path))
	}
	return launch(ctx, program, u.String())
}

// Print writes the address alone on a line, for a person or a program to take.
type Print struct{ W io.Writer }

// Open writes the line.
func (p Print) Open(_ context.Context, address string) error {
	u, err := ValidateURL(address)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.W, u.String())
	return err
}

// None opens nothing: the person copies the address from the screen.
type None struct{}

// Open does nothing.
func (None) Open(context.Context, string) error { return nil }

// launch runs an opener apart from our terminal. What it prints is kept for the
// error text, at most 4 KiB, and never reaches the screen.
func launch(ctx context.Context, program, address string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("the browser could not be started: %w", err)
	}
	cmd := exec.Command(program, address)
	cmd.Stdout, cmd.Stderr = w, w
	apart(cmd)
	err = cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return fmt.Errorf("%s could not be started: %s", wire.Safe(program), wire.Safe(err.Error()))
	}
	said := &noise{}
	background := &crew{}
	read := make(chan struct{})
	background.start(func() {
		defer close(read)
		defer r.Close()
		_, _ = io.Copy(said, r) // until the last process that holds the pipe is gone
	}, nil)
	ended := make(chan error, 1)
	background.start(func() { ended <- cmd.Wait() }, nil)
	timer := time.NewTimer(detach)
	defer timer.Stop()
	select {
	case err := <-ended:
		if err != nil {
			select { // its last words may still be in the pipe
			case <-read:
			case <-time.After(200 * time.Millisecond):
			}
			return fmt.Errorf("%s failed (%s)%s", wire.Safe(program), wire.Safe(err.Error()), said.quoted())
		}
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err() // the browser, if it is one by now, stays
	}
	return nil
}

// noise keeps the first bytes that an opener prints and drops the rest, so that
// the opener never blocks on us.
type noise struct {
	mu   sync.Mutex
	text []byte
}

func (n *noise) Write(p []byte) (int, error) {
	const most = 4 << 10
	n.mu.Lock()
	defer n.mu.Unlock()
	n.text = append(n.text, p[:min(len(p), most-len(n.text))]...)
	return len(p), nil
}

func (n *noise) quoted() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if text := strings.TrimSpace(string(n.text)); text != "" {
		return ": " + clipped(text)
	}
	return ""
}
