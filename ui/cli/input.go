package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/term"
)

// interruptible is a stream whose reads end when a signal came. A read that
// waits for a person or for a pipe cannot be called back, so it is left behind.
type interruptible struct {
	r    io.Reader
	stop <-chan struct{}
}

type gotten struct {
	b   []byte
	err error
}

// Read reads like the stream, or ends with context.Canceled.
func (i interruptible) Read(p []byte) (int, error) {
	back := make(chan gotten, 1)
	own := make([]byte, len(p)) // a read that is left behind must not write into the caller's
	go func() {
		n, err := i.r.Read(own)
		back <- gotten{own[:n], err}
	}()
	select {
	case g := <-back:
		return copy(p, g.b), g.err
	case <-i.stop:
		return 0, context.Canceled
	}
}

// stdin is the process's input for everything that reads it outside the
// terminal program.
func (c *console) stdin() io.Reader { return interruptible{c.in, c.signals.came()} }

// pasted reads all of stdin, up to limit bytes, and tells a person at a
// terminal that it waits.
func (c *console) pasted(what string, limit int64) (string, error) {
	if c.inTTY {
		c.say("Paste %s, press enter, then Ctrl-D.", what)
	}
	b, err := io.ReadAll(io.LimitReader(c.stdin(), limit))
	return string(b), err
}

// ask puts a question on stderr and reads the answer from the terminal without
// showing it when hidden.
func (c *console) ask(question string, hidden bool) (string, error) {
	if c.noInput || !c.inTTY || !c.errTTY {
		return "", &outcome{exitInteraction, question + " must be answered, and there is no terminal to ask on (or --no-input forbids it)"}
	}
	fmt.Fprint(c.err, question+": ")
	if !hidden {
		return readLine(c.stdin())
	}
	defer fmt.Fprintln(c.err)
	return c.hidden()
}

// hidden reads a line that the terminal does not show. A signal ends it, with
// the terminal as it was.
func (c *console) hidden() (string, error) {
	before, err := term.GetState(c.in.Fd())
	if err != nil {
		return "", err
	}
	back := make(chan gotten, 1)
	go func() {
		b, err := term.ReadPassword(c.in.Fd())
		back <- gotten{b, err}
	}()
	select {
	case g := <-back:
		return string(g.b), g.err
	case <-c.signals.came():
		_ = term.Restore(c.in.Fd(), before)
		return "", context.Canceled
	}
}

// readLine reads up to the end of a line, byte by byte, so that nothing beyond
// it is taken from the stream. Lines are at most 64 KiB.
func readLine(r io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) < 64<<10 {
		n, err := r.Read(one)
		if n > 0 && one[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			if len(line) > 0 && errors.Is(err, io.EOF) {
				return string(line), nil
			}
			return string(line), err
		}
	}
	return string(line), errors.New("the line is longer than 64 KiB")
}
