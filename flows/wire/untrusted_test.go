package wire_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"pgregory.net/rapid"

	"authdance/flows/wire"
)

// foreignText draws strings in which everything that a sanitiser can get wrong
// stands close together.
func foreignText() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.String(),
		rapid.StringN(0, 8, -1),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 6), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{
			"\r", "\n", "\r\n", "\t", "\x1b[31m", "\x1b]8;;https://evil.test\x07", "\x7f", "\u009b", "\u0085", "\x9b", "\xff\xfe",
			"\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2028", "\U000e0041", "\ufe0f", "\u034f", "\u3164", "\u2800", "\u3000", "\u00a0",
			"\u0301", "\u0301\u0301\u0301\u0301\u0301", "\u094d", "क", "क्", "ᄀ", "ᅡ", "ᆨ", "🏽", "👍", "🇩", "\u0d4e", "ﾞ", "ำ", "◌", "<+2 marks>", `\x1b`, "<U+202E>",
		}),
		rapid.Map(rapid.Rune(), func(r rune) string { return string(r) }),
	)
	return rapid.Map(rapid.SliceOf(piece), func(s []string) string { return strings.Join(s, "") })
}

// longestCluster is in characters.
func longestCluster(s string) int {
	longest := 0
	for it := graphemes.FromString(s); it.Next(); {
		longest = max(longest, utf8.RuneCountInString(it.Value()))
	}
	return longest
}

// clusterLimit is one letter, four more that joined it, four marks on each.
const clusterLimit = 5 * (1 + 4)

func checkSafe(t interface{ Fatalf(string, ...any) }, in, out string) {
	if !utf8.ValidString(out) {
		t.Fatalf("%q: result is no UTF-8: %q", in, out)
	}
	for _, r := range out {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || !unicode.IsPrint(r) {
			t.Fatalf("%q: %U in the result %q", in, r, out)
		}
	}
	if again := wire.Safe(out); again != out {
		t.Fatalf("%q: not idempotent: %q, then %q", in, out, again)
	}
	if n := longestCluster(out); n > clusterLimit {
		t.Fatalf("%q: %d characters in one cell: %q", in, n, out)
	}
}

func TestRTERM02_SafeTextIsPrintableAndStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := foreignText().Draw(t, "text")
		checkSafe(t, in, wire.Safe(in))
	})
}

func FuzzSafe(f *testing.F) {
	for _, s := range []string{"", "plain", "a\x1b[31mb", "\u202ea\u0301\u0301", "\xff\r\n\t", "क्क्क्क्क्क्", "👍🏽🏽"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		checkSafe(t, in, wire.Safe(in))
		for _, line := range wire.Untrusted(in).Lines() {
			checkSafe(t, in, line)
		}
	})
}

func TestRTERM02_EveryKindOfCharacterHasItsNotation(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "access_denied: no", "access_denied: no"},
		{"escape", "\x1b[31mred", `\x1b[31mred`},
		{"NUL and BEL", "\x00\x07", `\x00\x07`},
		{"DEL", "a\x7f", `a\x7f`},
		{"C1 as UTF-8", "\u009b31m", `\x9b31m`},
		{"NEL", "a\u0085b", `a\x85b`},
		{"C1 as a byte", "\x9b31m", "<9b>31m"},
		{"no UTF-8", "a\xff\xc3", "a<ff><c3>"},
		{"UTF-8 of a surrogate", "\xed\xa0\x80", "<ed><a0><80>"},
		{"a real replacement character", "\ufffd", "\ufffd"},
		{"carriage return", "valid\rINVALID", "valid⏎INVALID"},
		{"CRLF is one line end", "a\r\nb\n\rc", "a⏎b⏎⏎c"},
		{"tab", "a\tb", "a b"},
		{"bidi override", "\u202egnp.exe", "<U+202E>gnp.exe"},
		{"bidi isolate", "\u2066x\u2069", "<U+2066>x<U+2069>"},
		{"zero width", "pay\u200bpal\u200d\ufeff", "pay<U+200B>pal<U+200D><U+FEFF>"},
		{"soft hyphen", "a\u00adb", "a<U+00AD>b"},
		{"line separators", "\u2028\u2029", "<U+2028><U+2029>"},
		{"tags", "\U000e0061\U000e007f", "<U+E0061><U+E007F>"},
		{"variation selectors", "❤\ufe0f\U000e0100", "❤<U+FE0F><U+E0100>"},
		{"fillers that draw nothing", "\u115f\u1160\u3164\uffa0\u034f\u17b4\u2800", "<U+115F><U+1160><U+3164><U+FFA0><U+034F><U+17B4><U+2800>"},
		{"spaces that are no space", "openid\u00a0email\u3000x", "openid<U+00A0>email<U+3000>x"},
		{"private use and unassigned", "\ue0b0\U0010ffff\u0378", "<U+E0B0><U+10FFFF><U+0378>"},
		{"letters of the world", "Žluťoučký 山田 한국어 नमस्ते น้ำ שלום", "Žluťoučký 山田 한국어 नमस्ते น้ำ שלום"},
		{"decomposed letters", "Z\u030cluty\u0301 \u1112\u1161\u11ab\u1100\u116e\u11a8", "Z\u030cluty\u0301 \u1112\u1161\u11ab\u1100\u116e\u11a8"},
		{"a long conjunct", "र्त्स्न्य", "र्त्स्न्य"},
		{"emoji with a skin tone", "👍🏽", "👍🏽"},
		{"four marks", "a\u0301\u0301\u0301\u0301b", "a\u0301\u0301\u0301\u0301b"},
		{"six marks", "a" + strings.Repeat("\u0301", 6) + "b", "a\u0301\u0301\u0301\u0301<+2 marks>b"},
		{"a mark without a base", "\u0301a", "◌\u0301a"},
		{"a skin tone without an emoji", "a🏽", "a<U+1F3FD>"},
		{"a chain of leading jamo", "ᄀᄀᄀ", "ᄀ<U+1100>ᄀ"},
	} {
		if got := wire.Safe(c.in); got != c.want {
			t.Errorf("%s: Safe(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestRTERM08_ThreeThousandMarksTakeFourCharactersAndANote(t *testing.T) {
	for _, base := range []string{"a", "", "山", "👍"} {
		for _, mark := range []string{"\u0301", "\u20e3", "\u0e47", "ᅡ", "ﾞ"} {
			got := wire.Safe(base + strings.Repeat(mark, 3000))
			if len(got) > 40 || !strings.HasSuffix(got, "<+2996 marks>") {
				t.Errorf("%q and 3000 times %q: %q", base, mark, got)
			}
		}
	}
}

func TestRTERM08_NoCharacterFormsLongClustersWithItself(t *testing.T) {
	for r := rune(0xa0); r <= unicode.MaxRune; r++ {
		if unicode.Is(unicode.Han, r) || strings.HasPrefix(wire.Safe(string(r)), "<") {
			continue
		}
		for _, s := range []string{strings.Repeat(string(r), 40), strings.Repeat("क"+string(r), 40), strings.Repeat(string(r)+"a", 3)} {
			if got := wire.Safe(s); longestCluster(got) > clusterLimit {
				t.Fatalf("%U: %q is one cell with %d characters", r, got, longestCluster(got))
			}
		}
	}
}

func TestLinesBreakAtLineFeedsAndExpandTabs(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"one", []string{"one"}},
		{"one\n", []string{"one"}},
		{"\n", []string{""}},
		{"a\r\nb\n\nc", []string{"a", "b", "", "c"}},
		{"a\rb", []string{"a⏎b"}},
		{"\tx\n  \ty\nabcd\tz", []string{"    x", "    y", "abcd    z"}},
		{"ä\tx", []string{"ä   x"}},
		{"\x1b\tx", []string{`\x1b    x`}},
		{"a\u2028b\u0085c", []string{`a<U+2028>b\x85c`}},
		{"a\n\u0301b", []string{"a", "◌\u0301b"}},
	} {
		if got := wire.Untrusted(c.in).Lines(); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
			t.Errorf("Lines(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestRTERM01_EveryVerbPrintsTheSafeForm(t *testing.T) {
	u := wire.Untrusted("a\x1bb\u202e")
	type inside struct{ U wire.Untrusted }
	for _, c := range []struct{ format, want string }{
		{"%v", `a\x1bb<U+202E>`}, {"%s", `a\x1bb<U+202E>`}, {"%+v", `a\x1bb<U+202E>`},
		{"%q", `"a\\x1bb<U+202E>"`}, {"%#v", `"a\\x1bb<U+202E>"`},
		{"%20v", `      a\x1bb<U+202E>`}, {"%-16s|", `a\x1bb<U+202E>  |`}, {"%.3s", `a\x`},
		{"%x", "611b62e280ae"},
		{"%d", `%!d(string=a\x1bb<U+202E>)`},
	} {
		if got := fmt.Sprintf(c.format, u); got != c.want {
			t.Errorf("%s = %s, want %s", c.format, got, c.want)
		}
	}
	for _, got := range []string{fmt.Sprint(u), u.String(), fmt.Sprintf("%v %+v %#v", inside{u}, []wire.Untrusted{u}, map[wire.Untrusted]int{u: 1}), fmt.Errorf("no: %w (%v)", fmt.Errorf("x"), u).Error()} {
		if strings.ContainsAny(got, "\x1b\u202e") {
			t.Errorf("raw character in %q", got)
		}
	}
	if u.Raw() != "a\x1bb\u202e" {
		t.Errorf("Raw changed the text: %q", u.Raw())
	}
}

func TestRTERM03_LogsCarryTheSafeForm(t *testing.T) {
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("answer", "body", wire.Untrusted("a\u009bb\u202e"))
	}
	if strings.ContainsAny(out.String(), "\u009b\u202e") || strings.Count(out.String(), "<U+202E>") != 2 {
		t.Errorf("log: %q", out.String())
	}
}

func TestSafeReturnsPlainTextWithoutAllocating(t *testing.T) {
	s := strings.Repeat("error_description ", 100)
	if n := testing.AllocsPerRun(100, func() { _ = wire.Safe(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSafeASCII(b *testing.B) {
	s := strings.Repeat("The resource owner denied the request. ", 100)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		_ = wire.Safe(s)
	}
}

func BenchmarkSafeHostile(b *testing.B) {
	for _, c := range []struct{ name, s string }{
		{"japanese", strings.Repeat("要求は拒否されました。", 300)},
		{"escapes", strings.Repeat("\x1b[31m\u202e\xff", 700)},
		{"marks", "a" + strings.Repeat("\u0301", 3000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.s)))
			b.ReportAllocs()
			for b.Loop() {
				_ = wire.Safe(c.s)
			}
		})
	}
}
