package ttyin

import (
	"bytes"
	"time"
	"unicode/utf8"
)

// state is where the output stands: inside which kind of sequence. Bytes that
// are dropped do not change it, so the parser behind the filter stands at the
// same place.
type state int

const (
	ground   state = iota
	escape         // after ESC
	csi            // ESC [
	ss3            // ESC O
	dcs            // ESC P, before its final byte
	text           // the string of an OSC, DCS, SOS, PM or APC sequence
	swallow        // the rest of a string that was cut
	swallowE       // the same, after an ESC that was not passed on
	x10            // the three bytes of an X10 mouse report
	paste          // between the two marks of a bracketed paste
)

const (
	esc = 0x1b
	bel = 0x07
	can = 0x18
	sub = 0x1a
	st  = 0x9c // string terminator, 8-bit

	pasteBegin = 200 // CSI 200 ~ begins a bracketed paste

	// A parser answers a run of ESC with one call per ESC, nested.
	maxEscapes = 8
	// A number has at most this many digits: more would overflow in the parser,
	// and then it might read a 200 where we read something else.
	maxDigits = 9
	// harmless is a final byte to which the parser gives no meaning.
	harmless = '|'
)

// filter is the machine. It sees bytes and produces bytes; reader gives it the
// time.
type filter struct {
	out   []byte
	held  []byte // the first bytes of a letter whose rest has not come
	state state
	// size counts the bytes of the open sequence, or of the open paste.
	size int

	// The open CSI sequence.
	private, intermediate bool
	first, params         int // the value of the first parameter; separators so far

	bells   bool // the open string is an OSC, which BEL ends too
	device  bool // the open string is a DCS, which CAN does not end
	left    int  // bytes of the mouse report still to come
	matched int  // bytes of endMark seen and not passed on
	escapes int  // ESC after ESC within one read

	// waits: this read passed on something after which the parser waits for
	// silence before it goes on.
	waits bool

	guard guard
}

// begin prepares for the bytes of one read, which came after a silence.
func (f *filter) begin(silence time.Duration) {
	f.out, f.escapes, f.waits = f.out[:0], 0, false
	if silence < expiry {
		return
	}
	switch f.state {
	case swallow:
		if silence >= giveUp {
			f.state = ground
		}
	case swallowE:
		f.emit(esc) // it was the key
		f.state = ground
	case paste:
		// A paste ends with its mark, however slow the network is: what comes
		// after a wrong guess would be taken for keys.
	default:
		f.state = ground
	}
}

// end passes on what was kept back, when the source has ended.
func (f *filter) end() {
	f.held = f.held[:0] // an incomplete letter is not one
	if f.state == paste {
		f.flushMark()
	}
	if f.state == swallowE {
		f.emit(esc)
	}
}

func (f *filter) write(in []byte) {
	if len(f.held) > 0 {
		in = append(f.held, in...)
		f.held = nil
	}
	for len(in) > 0 {
		if n := f.plain(in); n > 0 {
			in = in[n:]
			continue
		}
		if in[0] < utf8.RuneSelf {
			f.ascii(in[0])
			in = in[1:]
			continue
		}
		if f.state == x10 {
			f.mouse(in[0])
			in = in[1:]
			continue
		}
		r, n := utf8.DecodeRune(in)
		switch {
		case r != utf8.RuneError:
			f.letter(in[:n])
		case n == 1 && !utf8.FullRune(in):
			f.held = bytes.Clone(in)
			return
		default:
			// Not UTF-8, or the replacement character: the parser drops both,
			// but only after it has waited, and it cuts the latter in pieces.
			f.broken(in[0])
		}
		in = in[n:]
	}
}

// plain passes on a run of printable ASCII at once and returns its length. It
// is what makes typing and pasting cheap.
func (f *filter) plain(in []byte) int {
	if !f.guard.atEase() || f.state != ground && (f.state != paste || f.matched > 0) {
		return 0
	}
	n := 0
	for n < len(in) && in[n] >= ' ' && in[n] <= '~' {
		n++
	}
	keep := n
	if f.state == paste {
		keep = min(n, MaxPaste-f.size)
		f.size += keep
	}
	if keep > 0 {
		f.out = append(f.out, in[:keep]...)
		f.guard.last = in[keep-1]
	}
	return n
}

// ascii handles one byte below 0x80.
func (f *filter) ascii(c byte) {
	switch f.state {
	case ground:
		f.emit(c)
		if c == esc {
			f.state, f.escapes = escape, 0
		}
	case escape:
		f.introduce(c)
	case csi, dcs:
		f.parameter(c)
	case ss3:
		f.function(c)
	case text, swallow:
		f.string(c)
	case swallowE:
		if c == '\\' {
			f.state = ground
			return
		}
		f.emit(esc)
		f.state = escape
		f.introduce(c)
	case x10:
		f.mouse(c)
	case paste:
		f.pasted(c)
	}
}

// letter handles one whole character outside ASCII.
func (f *filter) letter(c []byte) {
	switch f.state {
	case text:
		f.string('?')
	case swallow:
	case swallowE:
		f.emit(esc)
		f.state = ground
		f.letter(c)
	case paste:
		f.flushMark()
		if f.size+len(c) <= MaxPaste {
			f.size += len(c)
			f.emitAll(c)
		}
	default:
		f.waits = f.waits || f.state != ground
		f.state = ground
		f.emitAll(c)
	}
}

// broken handles a byte that belongs to no character.
func (f *filter) broken(c byte) {
	switch f.state {
	case text:
		if c == st {
			f.emitAll([]byte("\x1b\\"))
			f.state = ground
			return
		}
		f.string('?')
	case swallow:
		if c == st {
			f.state = ground
		}
	case paste:
		f.flushMark()
		f.pasted('?') // a gap that shows: a token with a hole is not a token
	}
}

// introduce handles the byte after ESC.
func (f *filter) introduce(c byte) {
	if c == esc {
		if f.escapes++; f.escapes < maxEscapes {
			f.emit(c)
		}
		f.waits = true
		return
	}
	f.emit(c)
	f.size = 2
	f.private, f.intermediate, f.first, f.params = false, false, 0, 0
	switch c {
	case '[':
		f.state = csi
	case 'O':
		f.state = ss3
	case 'P':
		f.state = dcs
	case ']', 'X', '^', '_':
		f.state, f.bells, f.device = text, c == ']', false
		f.waits = true
	default:
		f.state = ground
		f.waits = true // a key with Alt: the parser waits whether there is more
	}
}

// parameter handles a byte of a CSI sequence, or of the head of a DCS sequence.
func (f *filter) parameter(c byte) {
	switch {
	case c >= 0x30 && c <= 0x3f && f.intermediate:
		f.abort(c)
	case c >= 0x20 && c <= 0x3f:
		if f.size > MaxSequence-4 || !f.emit(c) { // leave room for the end
			return
		}
		f.size++
		switch {
		case c <= 0x2f:
			f.intermediate = true
		case c == ';' || c == ':':
			f.params++
		case c >= '<':
			f.private = f.private || f.size == 3
		case f.params == 0: // at most maxDigits times
			f.first = f.first*10 + int(c-'0')
		}
	case c >= 0x40 && c <= 0x7e && f.state == dcs:
		f.emit(c)
		f.size++
		f.state, f.bells, f.device = text, false, true
		f.waits = true
	case c >= 0x40 && c <= 0x7e:
		f.finish(c)
	default:
		f.abort(c)
	}
}

// finish handles the final byte of a CSI sequence.
func (f *filter) finish(c byte) {
	f.state = ground
	switch {
	case c == '_':
		// A Windows key record carries a repeat count: 20 bytes are 65,535 keys.
		c = harmless
	case c == 't':
		// A report of the window's size. We ask for none; the size comes from
		// the system or the SSH channel, where it is clamped.
		c = harmless
	case f.private || f.intermediate:
	case c == '~' && f.first == pasteBegin:
		f.state, f.size, f.matched = paste, 0, 0
	case c == 'M':
		f.state, f.left = x10, 3
	}
	f.emit(c)
}

// function handles a byte of an SS3 sequence: digits, then one letter.
func (f *filter) function(c byte) {
	switch {
	case c >= '0' && c <= '9':
		if f.size++; f.size <= 2+maxDigits {
			f.emit(c)
		}
	case c >= 0x21 && c <= 0x7e:
		f.emit(c)
		f.state = ground
	default:
		f.abort(c)
	}
}

// abort leaves a sequence that c cannot continue.
func (f *filter) abort(c byte) {
	f.waits = true
	f.state = ground
	f.ascii(c)
}

// string handles a byte of a string, or of one that is being swallowed.
func (f *filter) string(c byte) {
	passing := f.state == text
	switch {
	case c == esc:
		f.state = swallowE
		if passing {
			f.emit(c)
			f.state, f.escapes = escape, 0
		}
		return
	case c == bel && f.bells, (c == can || c == sub) && !f.device:
		f.state = ground
	case c == can || c == sub:
		c = '?' // one parser goes on here and the other one does not
	}
	if !passing {
		return
	}
	f.emit(c)
	if f.size++; f.size >= MaxSequence-2 && f.state == text {
		f.emitAll([]byte("\x1b\\"))
		f.state = swallow
	}
}

// mouse handles one byte of an X10 mouse report: button, column and row, each
// from 32 on. Bytes from 0x80 on are no UTF-8; a report beyond column 95 is
// moved there. Terminals of this century send SGR reports instead.
func (f *filter) mouse(c byte) {
	if c < ' ' {
		f.state = ground
		f.ascii(c)
		return
	}
	if c >= utf8.RuneSelf {
		c = 0x7f
		if f.left == 3 {
			c = '#' // no button
		}
	}
	f.emit(c)
	if f.left--; f.left == 0 {
		f.state = ground
	}
}

func (f *filter) emitAll(bytes []byte) {
	for _, c := range bytes {
		f.emit(c)
	}
}

// emit passes one byte on, unless the guard objects.
func (f *filter) emit(c byte) bool {
	if !f.guard.allows(c) {
		return false
	}
	f.out = append(f.out, c)
	return true
}
