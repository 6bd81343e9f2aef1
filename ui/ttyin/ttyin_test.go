package ttyin

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// script is a source that returns one chunk per read and lets time pass before
// each of them.
type script struct {
	chunks []string
	wait   []time.Duration // before chunk i; missing: none
	i      int
	clock  time.Time
	slept  []time.Duration
}

func (s *script) Read(p []byte) (int, error) {
	if s.i == len(s.chunks) {
		return 0, io.EOF
	}
	if s.i < len(s.wait) {
		s.clock = s.clock.Add(s.wait[s.i])
	}
	n := copy(p, s.chunks[s.i])
	if s.chunks[s.i] = s.chunks[s.i][n:]; s.chunks[s.i] == "" {
		s.i++
	}
	return n, nil
}

func (s *script) reader() *reader {
	s.clock = s.clock.Add(time.Hour)
	return &reader{src: s, now: func() time.Time { return s.clock }, sleep: func(d time.Duration) {
		s.slept = append(s.slept, d)
		s.clock = s.clock.Add(d)
	}}
}

// reads returns what each read returns, up to the end.
func reads(t testing.TB, r io.Reader) (out []string) {
	t.Helper()
	p := make([]byte, 4096) // the size of ultraviolet's reads
	for {
		n, err := r.Read(p)
		out = append(out, string(p[:n]))
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func filterOf(t testing.TB, chunks ...string) string {
	t.Helper()
	return strings.Join(reads(t, (&script{chunks: chunks}).reader()), "")
}

// What terminals send for the things a person does, and what they answer.
func benign() map[string]string {
	return map[string]string{
		"letters":            "hello, W0rld! ;;;;:::: <=>? ~",
		"other letters":      "é ß Л;1;2 А:3 漢字 ✐ ✓ 👩‍🚀 \u009b x",
		"many columns":       "СУММА;" + strings.Repeat("1;", 60),
		"control keys":       "\x00\x01\x03\t\r\x7f\x1a\x1f",
		"escape":             "\x1b",
		"arrows":             "\x1b[A\x1b[B\x1bOC\x1b[1;5D\x1b[3~\x1b[15;2~\x1b[Z",
		"alt":                "\x1ba\x1bé\x1b\x1b[A\x1b\r",
		"alt with a C":       "\x1b[",
		"function keys":      "\x1bOP\x1bO5Q\x1b[23$\x1b[23$\x1b[24^\x1b[25@",
		"kitty":              "\x1b[97:65;2:1;65u\x1b[57441;2u\x1b[?7u\x1b[1;1:3A",
		"modify other keys":  "\x1b[27;5;105~\x1b[>4;2m",
		"mouse":              "\x1b[<0;12;40M\x1b[<0;12;40m\x1b[<64;300;200M",
		"old mouse":          "\x1b[M !!\x1b[M#aZ",
		"old mouse, letters": "\x1b[M !!СУММА;" + strings.Repeat("1;", 60),
		"colour, letters":    "\x1b]11;rgb:00/00/00\aСУММА;" + strings.Repeat("1;", 60),
		"focus":              "\x1b[I\x1b[O",
		"colours":            "\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\\x1b]10;rgb:ff/ff/ff\a",
		"clipboard":          "\x1b]52;c;" + strings.Repeat("QUJD", 900) + "\a",
		"version":            "\x1bP>|kitty(0.35.2)\x1b\\\x1bP1+r5463\x1b\\\x1bP!|464f4f54\x1b\\",
		"modes":              "\x1b[?2026;2$y\x1b[?1;2c\x1b[>1;10;0c\x1b[12;40R\x1b[?62;1;2;4;6;9;15;16;17;18;21;22;28;29;52c",
		"graphics":           "\x1b_Gi=31;OK\x1b\\",
		"paste":              "\x1b[200~eyJhbGciOi.x.y\r\n\tline ✓ [201~ \x00\x1b[201~q",
		"empty paste":        "\x1b[200~\x1b[201~",
		"24 parameters":      "\x1b[" + strings.Repeat("1;", 23) + "1m",
	}
}

func TestWhatPeopleTypePasteAndClickPassesByteForByte(t *testing.T) {
	for name, in := range benign() {
		if got := filterOf(t, in); got != in {
			t.Errorf("%s: %q became %q", name, in, got)
		}
		if got := filterOf(t, strings.Split(in, "")...); got != in {
			t.Errorf("%s, a character at a time: %q became %q", name, in, got)
		}
		var bytewise []string
		for i := range len(in) {
			bytewise = append(bytewise, in[i:i+1])
		}
		if got := filterOf(t, bytewise...); got != in {
			t.Errorf("%s, a byte at a time: %q became %q", name, in, got)
		}
	}
}

func TestAReadReturnsAtOnceAndNeverWaitsForTheRestOfASequence(t *testing.T) {
	for _, chunks := range [][]string{
		{"a", "b"},
		{"\x1b"},
		{"\x1b", "[", "A"},
		{"\x1b[1;", "5A"},
		{"\x1b]11;rgb:", "00/00/00", "\a"},
		{"\x1bP>|foot", "\x1b", "\\"},
		{"\x1b[200~", "data", "\x1b[201~"},
	} {
		s := &script{chunks: append([]string(nil), chunks...)}
		for i, got := range reads(t, s.reader())[:len(chunks)] {
			if got != chunks[i] {
				t.Errorf("%q: read %d returns %q", chunks, i, got)
			}
		}
		if s.slept != nil {
			t.Errorf("%q: slept %v", chunks, s.slept)
		}
	}
}

func TestALetterIsNeverCutByARead(t *testing.T) {
	got := reads(t, (&script{chunks: []string{"a\xe2", "\x9c", "\x93b", "\xf0\x9f", "\x91\xa9"}}).reader())
	want := []string{"a", "", "✓b", "", "👩", ""}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Fatalf("%q, want %q", got, want)
	}
	// Also when the caller's slice is too small for all of it.
	r := (&script{chunks: []string{"\x1b[200~\x1b[201👩"}}).reader()
	for p := make([]byte, 6); ; {
		n, err := r.Read(p)
		if !utf8.Valid(p[:n]) {
			t.Fatalf("%q", p[:n])
		}
		if err != nil {
			break
		}
	}
}

func TestASequenceHasAtMost24Parameters(t *testing.T) {
	many := strings.Repeat("1;", 50) + "1"
	kept := strings.Repeat("1;", 23) + "1"
	for in, want := range map[string]string{
		"\x1b[" + many + "m":                    "\x1b[" + kept + "m",
		"\x1b[" + strings.Repeat(":", 50) + "m": "\x1b[" + strings.Repeat(":", 23) + "m",
		"\x1bP" + many + "q#\x1b\\":             "\x1bP" + kept + "q#\x1b\\",
		"\x1b[" + many:                          "\x1b[" + kept,
		"\x1b\x1b[" + many + "A":                "\x1b\x1b[" + kept + "A",
		"\x9b" + many + "m":                     many + "m", // without its introducer it is text
		"\x90" + many + "q":                     many + "q",
		"\x1b\xff[" + many + "m":                "\x1b[" + kept + "m",
		"\x1b]0;\x1b[" + many + "m":             "\x1b]0;\x1b[" + kept + "m",
		"\x1b[200~\x1b[" + many + "m\x1b[201~":  "\x1b[200~[" + many + "m\x1b[201~",
		"\x1b[200~\x9b" + many + "m\x1b[201~":   "\x1b[200~?" + many + "m\x1b[201~",
		"\x1b]0;✐" + many + "\a":                "\x1b]0;?" + many + "\a",
		"\x1b[Mab\xd0\x90" + many + "q":         "\x1b[Mab\x7f" + many + "q",
	} {
		if got := filterOf(t, in); got != want {
			t.Errorf("%q\n gives %q\n want  %q", in, got, want)
		}
		if got := filterOf(t, strings.SplitAfter(in, ";")...); got != want {
			t.Errorf("%q in pieces\n gives %q\n want  %q", in, got, want)
		}
	}
}

// The parser's clock and the filter's may disagree; the bound must hold anyway.
func TestThePauseOfASlowMachineDoesNotLiftTheLimit(t *testing.T) {
	half := strings.Repeat(";", 20)
	for _, chunks := range [][]string{
		{"\x1b[" + half, half + "m"},
		{"\x1b", "[" + half, half + "m"},
		{"\x1bP" + half, half, half},
		{"\x1b]0;x", "✐" + half + half, "q"},
		{"\x1b[M", "abА" + half + half, "q"},
	} {
		s := &script{chunks: chunks, wait: []time.Duration{0, time.Second, time.Second}}
		out := strings.Join(reads(t, s.reader()), "")
		if n := strings.Count(out, ";"); n > 24 {
			t.Errorf("%q: %d separators pass in %q", chunks, n, out)
		}
	}
}

func TestANumberHasAtMostNineDigits(t *testing.T) {
	// 2^64 + 200 would be read as 200: a paste that only the parser sees.
	if got, want := filterOf(t, "\x1b[18446744073709551816~"), "\x1b[184467440~"; got != want {
		t.Fatalf("%q, want %q", got, want)
	}
}

func TestAStringIsCutAt4KiBAndItsRestIsSwallowed(t *testing.T) {
	long := strings.Repeat("q", 3*MaxSequence)
	for _, c := range []struct{ intro, end string }{
		{"\x1b]52;c;", "\a"}, {"\x1b]52;c;", "\x1b\\"}, {"\x1b]52;c;", "\x9c"},
		{"\x1bP1+r", "\x1b\\"}, {"\x1b_G", "\x1b\\"}, {"\x1b^", "\x1b\\"}, {"\x1bX", "\x18"},
	} {
		got := filterOf(t, c.intro+long+c.end+"ok")
		if len(got) != MaxSequence+2 || !strings.HasPrefix(got, c.intro+"qq") || !strings.HasSuffix(got, "q\x1b\\ok") {
			t.Errorf("%q … %q: %d bytes, %q … %q", c.intro, c.end, len(got), got[:9], got[len(got)-9:])
		}
	}
	// A key that ends the swallowing is not swallowed.
	if got := filterOf(t, "\x1b]0;"+long+"\x1b[A"); !strings.HasSuffix(got, "q\x1b\\\x1b[A") {
		t.Errorf("%q", got[len(got)-12:])
	}
	if got := filterOf(t, "\x1b["+strings.Repeat("<", 3*MaxSequence)+"m"); len(got) > MaxSequence {
		t.Errorf("a CSI sequence of %d bytes", len(got))
	}
}

// One of the two parsers ends every string at CAN and SUB; the other goes on
// with a DCS. What follows must not be a string to one and keys to the other.
func TestCancelEndsEveryStringButADCS(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b]0;x\x18é":            "\x1b]0;x\x18é",
		"\x1b_x\x1aé":              "\x1b_x\x1aé",
		"\x1bP1qx\x18y\x1aé\x1b\\": "\x1bP1qx?y??\x1b\\",
	} {
		if got := filterOf(t, in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestAKeyWithAltDoesNotOpenAString(t *testing.T) {
	// Alt+] is ESC ], the start of an OSC. After the parser's patience it was a
	// key, and a person goes on typing for hours.
	typing := strings.Repeat("some text; ", 2000)
	for _, alt := range []string{"\x1b]", "\x1b[", "\x1bP", "\x1b_", "\x1bX", "\x1bO", "\x1b^"} {
		s := &script{chunks: []string{alt, typing}, wait: []time.Duration{0, expiry}}
		if got := strings.Join(reads(t, s.reader()), ""); got != alt+typing {
			t.Errorf("after %q: %d of %d bytes pass", alt, len(got), len(alt+typing))
		}
	}
}

func TestTheKeyboardComesBackAfterAnEndlessString(t *testing.T) {
	s := &script{chunks: []string{"\x1b]0;" + strings.Repeat("x", 2*MaxSequence), "xx", "ok"},
		wait: []time.Duration{0, expiry, giveUp}}
	out := reads(t, s.reader())
	if last := out[len(out)-2]; last != "ok" {
		t.Fatalf("the last reads are %q", out[len(out)-3:])
	}
	// The Escape key, too.
	s = &script{chunks: []string{"\x1b]0;" + strings.Repeat("x", 2*MaxSequence), "\x1b", "k"},
		wait: []time.Duration{0, 0, expiry}}
	if out := strings.Join(reads(t, s.reader()), ""); !strings.HasSuffix(out, "\x1b\\\x1bk") {
		t.Fatalf("%q", out[len(out)-8:])
	}
}

func TestAPasteIsDataUpToItsMark(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[31mred\x1b[0m":  "[31mred[0m",
		"\x1b]0;title":        "]0;title",
		"\x1b":                "",
		"\x1b\x1b[20":         "[20",
		"\x1b[20\x1b[201":     "[20[201",
		"a\xffb":              "a?b",
		"\ufffd":              "?",
		"\x1b[200~":           "[200~",
		"\x9d":                "?",
		"\x1b[2é01~":          "[2é01~",
		"\x1b[201\xff~":       "[201?~",
		"x\r\ny\n\x03\x04\tz": "x\r\ny\n\x03\x04\tz",
	} {
		all := "\x1b[200~" + in + "\x1b[201~k"
		want := "\x1b[200~" + want + "\x1b[201~k"
		if got := filterOf(t, all); got != want {
			t.Errorf("%q gives %q, want %q", all, got, want)
		}
		for i := range all {
			if got := filterOf(t, all[:i], all[i:]); got != want {
				t.Errorf("%q | %q gives %q, want %q", all[:i], all[i:], got, want)
			}
		}
	}
}

func TestAPasteStopsAt4MiBAndEndsAtItsMark(t *testing.T) {
	for _, piece := range []string{"x", "é", "\xff", "\x1b[20"} {
		data := strings.Repeat(piece, (MaxPaste+4096)/len(piece))
		got := filterOf(t, "\x1b[200~"+data+"\x1b[201~ok")
		content := strings.TrimSuffix(strings.TrimPrefix(got, "\x1b[200~"), "\x1b[201~ok")
		if len(got)-len(content) != 14 {
			t.Fatalf("%q: the marks or what follows are gone", piece)
		}
		if len(content) > MaxPaste || len(content) < MaxPaste*3/5 {
			t.Errorf("%q: %d bytes of %d pass", piece, len(content), len(data))
		}
	}
}

func TestASlowPasteIsStillAPaste(t *testing.T) {
	s := &script{chunks: []string{"\x1b[200~quit", "\x1b[A q\r", "\x1b[201~"}, wait: []time.Duration{0, time.Hour, time.Hour}}
	if got, want := strings.Join(reads(t, s.reader()), ""), "\x1b[200~quit[A q\r\x1b[201~"; got != want {
		t.Fatalf("%q, want %q", got, want)
	}
}

func TestReportsThatNobodyAskedForAreDefused(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[65;0;97;1;0;65535_": "\x1b[65;0;97;1;0;65535|", // 65,535 keys
		"\x1b[8;4096;256t":        "\x1b[8;4096;256|",        // a window of a million cells
		"\x1b[48;60;200;0;0t":     "\x1b[48;60;200;0;0|",
	} {
		if got := filterOf(t, in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestOutsideAPasteWhatIsNotUTF8Vanishes(t *testing.T) {
	if got := filterOf(t, "a\xffb\x80\x9b\x90c\xc3(\xed\xa0\x80\ufffd", "\xe2\x9b"); got != "abc(" {
		t.Fatalf("%q", got)
	}
}

// Without a pause the parser would keep everything and read all of it again
// with each read.
func TestAFloodThatMakesTheParserWaitIsGivenAPause(t *testing.T) {
	flood := func(start string, n int) *script {
		s := &script{chunks: []string{start}}
		for range n {
			s.chunks = append(s.chunks, strings.Repeat("x", 1024))
		}
		return s
	}
	for _, start := range []string{"\x1ba", "\x1b]x\a", "\x1b[\r", "\x1b\x1b", "\x1bO\r"} {
		s := flood(start, 64)
		reads(t, s.reader())
		if len(s.slept) != 1 || s.slept[0] <= expiry {
			t.Errorf("%q and 64 KiB: slept %v, want once, longer than %v", start, s.slept, expiry)
		}
	}
	for _, start := range []string{"x", "\x1b[A", "\x1b[200~", "\x1bOA", "\x1b[<0;1;1M"} {
		s := flood(start, 1024)
		reads(t, s.reader())
		if s.slept != nil {
			t.Errorf("%q and 1 MiB: slept %v", start, s.slept)
		}
	}
	// A flood made of nothing else is slowed to the parser's pace.
	s := &script{}
	for range 256 {
		s.chunks = append(s.chunks, strings.Repeat("\x1ba", 512))
	}
	reads(t, s.reader())
	if len(s.slept) < 256/(stallLimit/1024)-1 {
		t.Errorf("256 KiB of keys with Alt: %d pauses", len(s.slept))
	}
}

func TestARunOfEscapesIsShortened(t *testing.T) {
	if got := strings.Count(filterOf(t, strings.Repeat("\x1b", 4000)+"[A"), "\x1b"); got != maxEscapes {
		t.Errorf("%d", got)
	}
	// A held key is not: each comes in a read of its own.
	var held []string
	for range 100 {
		held = append(held, "\x1b")
	}
	if got := strings.Count(filterOf(t, held...), "\x1b"); got != 100 {
		t.Errorf("%d of 100 presses of Escape pass", got)
	}
}

func TestErrorsOfTheSourceReachTheCallerAfterTheData(t *testing.T) {
	boom := errors.New("boom")
	r := New(io.MultiReader(strings.NewReader("\x1b[200~abc\x1b[2"), &failing{boom}))
	var got bytes.Buffer
	p := make([]byte, 20)
	for {
		n, err := r.Read(p)
		got.Write(p[:n])
		if err != nil {
			if !errors.Is(err, boom) {
				t.Fatal(err)
			}
			break
		}
	}
	if got.String() != "\x1b[200~abc[2" {
		t.Fatalf("%q", got.String())
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }
