// Package ttyin stands between a terminal, or a class member's SSH channel, and
// Bubble Tea. Its rule: what a person types, pastes or clicks passes byte for
// byte and at once; what would break the parsers behind it does not pass.
//
// The parsers (ultraviolet and x/ansi, in the versions of go.mod) index past
// their 32 parameters, turn one line of input into millions of key events, and
// wait for the end of a sequence that never ends. They run outside Bubble Tea's
// recover, so a single line from a participant would end the program.
//
// The output is always valid UTF-8. That alone removes the 8-bit introducers
// (0x90 to 0x9f), which no terminal in UTF-8 mode sends.
package ttyin

import (
	"io"
	"time"
	"unicode/utf8"
)

// The limits of R-PROC-05 and R-PROC-06.
const (
	MaxParams   = 24      // parameters of one CSI or DCS sequence
	MaxSequence = 4 << 10 // bytes of one sequence
	MaxPaste    = 4 << 20 // bytes of one bracketed paste
)

const (
	// expiry is how long ultraviolet waits for the rest of a sequence. After
	// that much silence Escape was a key and not the start of something.
	expiry = 50 * time.Millisecond
	// giveUp ends the swallowing of an endless string: nobody types one, so
	// the silence may be longer than expiry when the network stalls.
	giveUp = time.Second

	bufferSize = 4 << 10
	// room is how much longer than its input the output of one read can be:
	// the bytes kept back before (a piece of a letter, of a paste's end, one
	// Escape) and the end that a string which is too long is given.
	room = 16

	// stallLimit bounds what the parser keeps while it waits. Bytes that come
	// without a pause make it wait on, and it reads all of them again each time.
	stallLimit = 16 << 10
	pause      = expiry + 10*time.Millisecond
)

// Terminal is what Bubble Tea and its cancel reader ask of an input that can be
// put into raw mode and whose reads can be cancelled. *os.File is one.
type Terminal interface {
	io.ReadWriteCloser
	Fd() uintptr
	Name() string
}

// New filters an input, for tea.WithInput. If r is a [Terminal], so is the
// result, and Bubble Tea treats it like the terminal itself. Otherwise the
// result is a plain reader, as for an SSH channel.
//
// Two things change for the caller. Bubble Tea opens the controlling terminal
// only when it is given no input, so pass tea.OpenTTY's file when standard
// input is a pipe. And a program started with tea.ExecProcess would get the
// filter as its standard input, through a pipe: set Stdin of its exec.Cmd.
//
// On Windows, Bubble Tea reads the console of standard input by its handle, so
// there the local terminal is not filtered; an SSH channel is.
func New(r io.Reader) io.Reader {
	f := &reader{src: r, now: time.Now, sleep: time.Sleep}
	if t, is := r.(Terminal); is {
		return file{Terminal: t, filtered: f}
	}
	return f
}

// file is a terminal whose reads are filtered.
type file struct {
	Terminal
	filtered *reader
}

func (f file) Read(p []byte) (int, error) { return f.filtered.Read(p) }

type reader struct {
	src   io.Reader
	now   func() time.Time
	sleep func(time.Duration)

	buf     [bufferSize]byte
	filter  filter
	pending []byte // filtered, but longer than the caller's slice
	err     error  // to be returned after pending

	last time.Time // when bytes came last
	// waiting: the parser may be waiting for silence; flow bytes have been
	// passed on since it began to.
	waiting bool
	flow    int
}

// Read reads once from the source and returns what is left of it. It never
// waits to complete a sequence. When nothing is left it returns 0, nil: the
// wait for more is the caller's, who can cancel it. For the same reason a read
// into a slice of more than a few bytes leaves nothing behind: the caller waits
// for the file and would not know.
func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.pending) == 0 {
		n, err := r.src.Read(r.buf[:max(1, min(len(r.buf), len(p)-room))])
		r.err = err
		r.pending = r.pass(r.buf[:n])
	}
	n := copy(p, r.pending)
	if n < len(r.pending) && n >= utf8.UTFMax {
		for !utf8.RuneStart(r.pending[n]) {
			n--
		}
	}
	if r.pending = r.pending[n:]; len(r.pending) > 0 {
		return n, nil
	}
	err := r.err
	r.err = nil
	return n, err
}

// pass filters one read and keeps the parser's wait for the end of a sequence
// bounded. The result is valid until the next call.
func (r *reader) pass(in []byte) []byte {
	var silence time.Duration
	if len(in) > 0 {
		now := r.now()
		silence, r.last = now.Sub(r.last), now
	}
	if silence >= expiry {
		r.waiting, r.flow = false, 0
	}
	r.filter.begin(silence)
	r.filter.write(in)
	if r.err != nil {
		r.filter.end()
	}
	out := r.filter.out
	if r.waiting && r.flow+len(out) > stallLimit {
		r.sleep(pause)
		r.waiting, r.flow, r.last = false, 0, r.now()
	}
	if r.waiting = r.waiting || r.filter.waits; r.waiting {
		r.flow += len(out)
	}
	return out
}
