package ttyin

// guard is the last look at every byte on its way out. The filter before it
// judges with the clock in hand whether a sequence is still open, and the
// parser behind it has a clock of its own, so on a busy machine they may
// disagree. The guard knows no time: whatever could be read as the head of a
// CSI or DCS sequence, by anyone, from any place in the output, has at most
// MaxParams parameters. That is the bound whose breach is a panic.
type guard struct {
	last byte // the byte passed on last

	armed      bool // in a run of parameter bytes after a possible introducer
	length     int  // of the run
	private    bool // the run began with one of < = > ?
	separators int
	digits     int
	cut        bool // the run has all it may have

	// doubt is why the parser may stand in the middle of a character: a string
	// or a mouse report may end there. Then the last byte of a letter may look
	// like an 8-bit introducer, 0x9b of Л or 0x90 of А.
	doubt  doubt
	report int // bytes of the mouse report still to come, all ASCII so far
}

type doubt int

const (
	none     doubt = iota
	inOSC          // ends at BEL, CAN, SUB, ESC or a byte 0x9c
	inText         // SOS, PM, APC: the same without BEL
	inDCS          // ends at ESC or a byte 0x9c
	inReport       // took the three bytes after ESC [ M, whatever they were
)

// atEase tells that printable ASCII may pass without being looked at.
func (g *guard) atEase() bool { return !g.armed && g.last != esc && g.report == 0 }

// allows takes note of a byte and tells whether it may pass.
func (g *guard) allows(c byte) bool {
	if g.armed && !g.parameter(c) {
		return false
	}
	switch {
	case c == esc,
		g.doubt == inOSC && (c == bel || c == can || c == sub),
		g.doubt == inText && (c == can || c == sub):
		g.doubt, g.report = none, 0
	case g.last == esc:
		switch c {
		case '[':
			g.arm()
		case 'P':
			g.arm()
			g.doubt = inDCS
		case ']':
			g.doubt = inOSC
		case 'X', '^', '_':
			g.doubt = inText
		}
	case g.doubt != none && (c == 0x90 || c == 0x9b):
		g.arm()
	case g.report > 0 && c < 0x80:
		if g.report--; g.report == 0 {
			g.doubt = none
		}
	case c >= 0x80:
		g.report = 0 // the parser may have cut this letter; the doubt stays
	}
	g.last = c
	return true
}

func (g *guard) arm() {
	g.armed, g.length, g.private, g.separators, g.digits, g.cut = true, 0, false, 0, 0, false
}

// parameter takes note of a byte after an introducer and tells whether it may
// pass.
func (g *guard) parameter(c byte) bool {
	switch {
	case c == ';' || c == ':':
		if g.separators++; g.separators >= MaxParams {
			g.cut = true
		}
		g.digits = 0
	case c >= '0' && c <= '9':
		if g.digits++; g.digits > maxDigits {
			return false
		}
	case c >= '<' && c <= '?':
		g.private = g.private || g.length == 0
	default:
		if c == 'M' && !g.private {
			g.doubt, g.report = inReport, 1+3 // this byte is counted, too
		}
		g.armed = false
		return true
	}
	g.length++
	return !g.cut
}
