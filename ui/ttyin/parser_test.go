package ttyin

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// parse feeds chunks to the parser that Bubble Tea uses, which reads them as
// they come, and returns its events. patience is how long it waits for the rest
// of a sequence.
func parse(t testing.TB, r io.Reader, patience time.Duration) (events []uv.Event) {
	t.Helper()
	p := uv.NewTerminalReader(r, "xterm-256color")
	p.EscTimeout = patience
	ch := make(chan uv.Event)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range ch {
			if len(events) < 1<<17 { // the count is what matters, not the memory
				events = append(events, e)
			}
		}
	}()
	if err := p.StreamEvents(context.Background(), ch); err != nil {
		t.Error(err)
	}
	close(ch)
	<-done
	return events
}

// decode runs the lower of the two parsers over b. It panics when b breaks it.
func decode(b string) {
	p := ansi.GetParser()
	defer ansi.PutParser(p)
	var state byte
	for len(b) > 0 {
		_, _, n, next := ansi.DecodeSequence(b, state, p)
		state, b = next, b[n:]
	}
}

// broken tells what is wrong with an output, or "".
func broken(out string) string {
	if !utf8.ValidString(out) {
		return "not UTF-8"
	}
	for i := range len(out) {
		rest := out[i:]
		if !strings.HasPrefix(rest, "\x1b[") && !strings.HasPrefix(rest, "\x1bP") {
			continue
		}
		params := 1
		for j := 2; j < len(rest) && rest[j] >= '0' && rest[j] <= '?'; j++ {
			if rest[j] == ';' || rest[j] == ':' {
				params++
			}
			if j > MaxSequence {
				return "a sequence without end"
			}
		}
		if params > MaxParams {
			return "too many parameters"
		}
	}
	return ""
}

// pieces cuts s into reads, of lengths that seed decides.
func pieces(s string, seed uint64) (chunks []string) {
	for len(s) > 0 {
		seed = seed*6364136223846793005 + 1442695040888963407
		n := min(len(s), 1+int(seed>>33)%(1+int(seed>>61)*len(s)/4))
		chunks, s = append(chunks, s[:n]), s[n:]
	}
	return chunks
}

func FuzzWhateverComesInTheParserSurvives(f *testing.F) {
	semicolons := strings.Repeat(";", 40)
	for _, in := range []string{
		"\x1b[" + semicolons + "1m", "\x9b" + semicolons + "m", "\x1bP" + semicolons + "1", "\x90" + semicolons,
		"\x1b[200~\x1b[" + semicolons + "1", "\x1b[200~\x9b" + semicolons + "\x1b[201~",
		"\x1b]0;✐" + semicolons, "\x1b[Mab\xd0\x90" + semicolons, "\x9bMabc", "\x1b[Ma",
		"\x1b[65;0;97;1;0;65535_", "\x1b[0;0;55357;1;0;1_", "\x1bP0;0;97;1_",
		strings.Repeat("\x1b", 50) + "[I", "\x1b[200~\x1b]x\x1b[201~q", "\x1b[00000000000200~", "\x1b[2<00~",
		"\x1b\xff[" + semicolons + "1", "\x1b]11;\a\x1b]x\x18", "\x1bP\x18q\x1b\\", "\x1bO12345678901234P",
		"é\xe2\x9b", "\x1b[1$", "\x1b_G;\x1b\\",
	} {
		f.Add(in, uint64(1), byte(0))
		f.Add(in, uint64(99), byte(255))
	}
	for _, in := range benign() {
		f.Add(in, uint64(7), byte(3))
	}
	f.Fuzz(func(t *testing.T, in string, seed uint64, silence byte) {
		if len(in) > 1<<16 {
			t.Skip()
		}
		chunks := pieces(in, seed)
		s := &script{chunks: append([]string(nil), chunks...)}
		for i := range chunks {
			// Some of the reads come after a silence, long or short.
			s.wait = append(s.wait, time.Duration(silence>>(i%8)&1)*[]time.Duration{expiry, giveUp}[i%2])
		}
		passed := reads(t, s.reader())
		out := strings.Join(passed, "")
		if why := broken(out); why != "" {
			t.Fatalf("%s: %q", why, out)
		}
		if len(out) > len(in)*2+room {
			t.Fatalf("%d bytes became %d", len(in), len(out))
		}
		// The lower parser begins wherever the upper one stopped: after any
		// character, in the middle of whatever it likes.
		for i := range out {
			if i < 512 {
				decode(out[i:])
			}
		}
		// Both, with a patience that ends at once, somewhere, and never.
		events := 0
		for _, patience := range []time.Duration{0, 20 * time.Microsecond, time.Hour} {
			s := &script{}
			for _, chunk := range passed {
				if chunk != "" {
					s.chunks = append(s.chunks, chunk)
				}
			}
			events = max(events, len(parse(t, s, patience)))
		}
		// (After a silence the filter takes the rest of a key record for typing.
		// The parser does, too; but not the one that waits for ever.)
		if silence == 0 && events > 2*len(out)+2 {
			t.Fatalf("%d bytes became %d events", len(out), events)
		}
	})
}

func FuzzWhatPeopleDoPassesUnchanged(f *testing.F) {
	var all []string
	for _, in := range benign() {
		all = append(all, in)
	}
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, uint64(3))
	f.Fuzz(func(t *testing.T, choice []byte, seed uint64) {
		var in strings.Builder
		for _, c := range choice[:min(len(choice), 40)] {
			one := all[int(c)%len(all)]
			if one == "\x1b[" || one == "\x1b" {
				one = "\x1b[A" // these two need a silence after them
			}
			in.WriteString(one)
		}
		if got := filterOf(t, pieces(in.String(), seed)...); got != in.String() {
			t.Fatalf("%q\nbecame %q", in.String(), got)
		}
	})
}

// What the filter is for: these inputs break the parsers of go.mod's versions.
// When a newer one survives them, this test says so.
func TestTheParsersStillNeedTheFilter(t *testing.T) {
	panics := func(do func()) (yes bool) {
		defer func() { yes = recover() != nil }()
		do()
		return false
	}
	if !panics(func() { decode("\x1b[" + strings.Repeat(";", 32) + "1m") }) {
		t.Error("33 parameters no longer panic in x/ansi")
	}
	if !panics(func() { new(uv.EventDecoder).Decode(append(make([]byte, 0, 5), "\x9bMabc"...)) }) {
		t.Error("an 8-bit mouse report no longer panics in ultraviolet")
	}
	const record = "\x1b[65;0;97;1;0;65535_"
	if n := len(parse(t, strings.NewReader(record), expiry)); n != 65535 {
		t.Errorf("a key record makes %d keys", n)
	}
	if n := len(parse(t, New(strings.NewReader(record)), expiry)); n != 1 {
		t.Errorf("a filtered key record makes %d events", n)
	}
}

func TestTheParserSeesTheSameEventsWithAndWithoutTheFilter(t *testing.T) {
	for name, in := range benign() {
		if name == "other letters" || name == "many columns" {
			continue // the same bytes anyway, in other clusters
		}
		plain := parse(t, strings.NewReader(in), expiry)
		filtered := parse(t, New(strings.NewReader(in)), expiry)
		if len(plain) == 0 || len(plain) != len(filtered) {
			t.Errorf("%s: %d events, filtered %d", name, len(plain), len(filtered))
		}
	}
}
