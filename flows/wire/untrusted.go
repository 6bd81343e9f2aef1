// Package wire reads foreign bytes: text and JSON that a server, a token, a
// file or a participant sent. Its rule: nothing that came from outside reaches
// a terminal, a log or an error message except through Safe, EscapeJSON or a
// type of this package that calls them, and no input, however broken, makes
// this package panic or spend more than time and memory linear in its size.
package wire

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// Untrusted is text that came from outside. Every way of printing it gives the
// safe form; Raw is for sending, hashing and export. Its JSON form is the raw
// text: pass the finished document through EscapeJSON before a person sees it.
type Untrusted string

// Raw returns the text as it came.
func (u Untrusted) Raw() string { return string(u) }

// String returns the safe form, so that fmt and string builders of other
// packages cannot print the raw one.
func (u Untrusted) String() string { return Safe(string(u)) }

// Safe returns the text as one printable line, see the function Safe.
func (u Untrusted) Safe() string { return Safe(string(u)) }

// LogValue makes slog handlers, the JSON one too, write the safe form.
func (u Untrusted) LogValue() slog.Value { return slog.StringValue(Safe(string(u))) }

// Format prints the safe form for every verb and honours width, precision and
// flags. Only %x and %X read the raw bytes: hexadecimal digits are harmless,
// and the digits of the safe form would answer no question.
func (u Untrusted) Format(f fmt.State, verb rune) {
	text := Safe(string(u))
	if verb == 'x' || verb == 'X' {
		text = string(u)
	}
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), text)
}

// tabStop is the distance of tab stops in Lines, in characters.
const tabStop = 4

// Lines returns the text as printable lines, for bodies. LF and CRLF end a
// line (a last line end opens no empty line, and empty text has no lines), a
// tab fills up to the next multiple of four characters, everything else is as
// in Safe.
func (u Untrusted) Lines() []string {
	if u == "" {
		return nil
	}
	text := strings.TrimSuffix(string(u), "\n")
	lines := make([]string, 0, strings.Count(text, "\n")+1)
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, clean(strings.TrimSuffix(line, "\r"), tabStop))
	}
	return lines
}

// Safe returns s as one line that no terminal can take for anything but text.
// It is an allow-list: printable characters stay, and the rest becomes visible.
//
//	CR, LF, CRLF                                ⏎
//	TAB                                         a space
//	other C0, DEL, C1                           \x1b
//	bidi, zero-width, tags, soft hyphen,
//	U+2028/9, spaces other than U+0020,
//	variation selectors, private, unassigned    <U+202E>
//	bytes that are no UTF-8                     <ff>
//	more than four combining marks on a base    the first four, <+2996 marks>
//
// A combining mark without a base gets a dotted circle, so that it cannot land
// on what stands to its left. The result has no byte below 0x20 and no U+007F
// to U+009F. Safe(Safe(s)) equals Safe(s), and plain ASCII comes back as is.
func Safe(s string) string { return clean(s, 1) }

// clean is Safe with a distance of tab stops.
func clean(s string, stop int) string {
	if plain(s) == len(s) {
		return s
	}
	w := line{stop: stop}
	w.out.Grow(len(s) + len(s)/4 + 8)
	for s != "" {
		if n := plain(s); n > 0 {
			w.ascii(s[:n])
			s = s[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			w.ascii(string([]byte{'<', hexDigits[s[0]>>4], hexDigits[s[0]&15], '>'}))
		case r == '\t':
			w.tab()
		case r == '\r' && strings.HasPrefix(s, "\r\n"):
			w.base('⏎')
			size = 2
		case r == '\r' || r == '\n':
			w.base('⏎')
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			w.ascii(string([]byte{'\\', 'x', hexDigits[r>>4], hexDigits[r&15]}))
		case !shown(r):
			w.ascii(codePoint(r))
		default:
			w.glyph(r)
		}
		s = s[size:]
	}
	w.settle()
	return w.out.String()
}

const hexDigits = "0123456789abcdef"

// plain returns the length of the part at the start that is printable ASCII.
func plain(s string) int {
	for i := range len(s) {
		if s[i]-0x20 > 0x7e-0x20 {
			return i
		}
	}
	return len(s)
}

// codePoint returns <U+202E>.
func codePoint(r rune) string {
	const upper = "0123456789ABCDEF"
	b := make([]byte, 0, 10)
	b = append(b, "<U+"...)
	started := false
	for shift := 20; shift >= 0; shift -= 4 {
		digit := r >> shift & 15
		if started = started || digit != 0 || shift < 16; started {
			b = append(b, upper[digit])
		}
	}
	return string(append(b, '>'))
}
