package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"authdance/flows/wire"
)

// parse reads a document that must be good.
func parse(t *testing.T, doc string) wire.Value {
	t.Helper()
	v, _, err := wire.ParseJSON([]byte(doc), wire.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return v
}

// refuse reads a document that must be broken.
func refuse(t *testing.T, doc string, l wire.Limits) (wire.Value, *wire.SyntaxError) {
	t.Helper()
	v, _, err := wire.ParseJSON([]byte(doc), l)
	var e *wire.SyntaxError
	if !errors.As(err, &e) {
		t.Fatalf("%.80q was accepted (%v)", doc, err)
	}
	if safe := wire.Safe(err.Error()); safe != err.Error() {
		t.Errorf("%.80q: the message is not printable: %q", doc, err)
	}
	return v, e
}

func TestParseKeepsOrderSpellingAndPlace(t *testing.T) {
	doc := ` {"z":1.50e+3, "a":[true,null,"\u00e9\ud83d\ude00\/\n"], "z":{} } `
	v := parse(t, doc)
	var names []string
	for _, m := range v.Members {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "z a z" {
		t.Errorf("order: %s", got)
	}
	if got := v.Members[0].Value.Text; got != "1.50e+3" {
		t.Errorf("number: %s", got)
	}
	list, _ := v.Get("a")
	if got := list.Items[2].Text; got != "é😀/\n" {
		t.Errorf("string: %q", got)
	}
	if list.Items[0].Text != "true" || list.Items[1].Text != "null" {
		t.Errorf("words: %+v", list.Items)
	}
	for _, c := range []struct {
		v    wire.Value
		want string
	}{
		{v, strings.TrimSpace(doc)}, {v.Members[0].Value, "1.50e+3"}, {list, `[true,null,"\u00e9\ud83d\ude00\/\n"]`},
		{list.Items[2], `"\u00e9\ud83d\ude00\/\n"`}, {v.Members[2].Value, "{}"},
	} {
		if got := string(c.v.Raw([]byte(doc))); got != c.want {
			t.Errorf("raw: %s, want %s", got, c.want)
		}
	}
	if v.Raw([]byte("short")) != nil {
		t.Error("Raw of another document is not nil")
	}
}

func TestTheFirstOfARepeatedNameCounts(t *testing.T) {
	v, checks, err := wire.ParseJSON([]byte(`{"keys":[{"kid":"a"},{"kid":"b","kid":"c","\u006bid":"d"}],"sub":"1","sub":"2"}`), wire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if v.Str("sub") != "1" {
		t.Errorf("sub = %s", v.Str("sub"))
	}
	var got []string
	for _, c := range checks {
		if c.ID != "json_duplicate" || c.Status != wire.Warn {
			t.Errorf("check: %+v", c)
		}
		got = append(got, c.Message)
	}
	if len(got) != 2 || !strings.Contains(got[0], "keys[1].kid ") || !strings.Contains(got[0], "1:33") || !strings.Contains(got[1], " sub ") {
		t.Errorf("checks: %q", got)
	}
}

func TestRepeatedNamesAreFoundInLargeObjectsToo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "members")
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("m%d", rapid.IntRange(0, 2*n).Draw(t, "name"))
		}
		seen, want := map[string]int{}, 0
		var doc strings.Builder
		for i, name := range names {
			if seen[name]++; seen[name] == 2 {
				want++
			}
			fmt.Fprintf(&doc, `%s%q:%d`, map[bool]string{true: "{", false: ","}[i == 0], name, i)
		}
		_, checks, err := wire.ParseJSON([]byte(doc.String()+"}"), wire.Limits{})
		if err != nil || len(checks) != min(want, 21) && want <= 20 {
			t.Fatalf("%d checks, want %d: %v", len(checks), want, err)
		}
	})
}

func TestAHostileDocumentGetsAFewReportsOfRepeatedNames(t *testing.T) {
	deep := strings.Repeat(`{"`+strings.Repeat("n", 1000)+`":`, 60)
	doc := deep + "{" + strings.Repeat(`"a":1,"a":1,"b":1,`, 100) + `"c":[` + strings.Repeat(`{"d":1,"d":2},`, 5000) + "0]}" + strings.Repeat("}", 60)
	_, checks, err := wire.ParseJSON([]byte(doc), wire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(checks) != 21 || checks[20].Message != "4982 more repeated names are not listed." {
		t.Errorf("%d checks, last %+v", len(checks), checks[len(checks)-1])
	}
}

func TestRNET04_AByteOrderMarkIsStrippedWithAWarning(t *testing.T) {
	doc := []byte("\ufeff{\"a\":1}")
	v, checks, err := wire.ParseJSON(doc, wire.Limits{})
	if err != nil || len(checks) != 1 || checks[0].ID != "utf8" || checks[0].Status != wire.Warn {
		t.Fatalf("%v %+v", err, checks)
	}
	if got := string(v.Raw(doc)); got != `{"a":1}` {
		t.Errorf("offsets do not count from the first byte: %q", got)
	}
}

func TestRNET04_WhatIsNotJSONIsNamed(t *testing.T) {
	for _, c := range []struct{ name, body, id, at, want string }{
		{"HTML", "<!DOCTYPE html>\n<html><head><title>Sign in &amp; go\n on</title>", "json", "1:1", `this is an HTML page titled "Sign in & go on", not JSON. Look at`},
		{"HTML in capitals after space", "\n\n  <HTML>", "json", "3:3", "this is an HTML page, not JSON. Look at"},
		{"hostile title", "<html><title>\x1b]0;x\x07\u202e</title>", "json", "1:1", `\x1b]0;x\x07<U+202E>`},
		{"XML", `<?xml version="1.0"?><error/>`, "json", "1:1", "XML"},
		{"SAML", `<samlp:Response xmlns:samlp="x">`, "json", "1:1", "XML, perhaps a SAML message"},
		{"empty", "", "json", "1:1", "an empty body"},
		{"spaces", " \r\n ", "json", "2:2", "white space only"},
		{"only a byte order mark", "\ufeff", "json", "1:2", "white space only"},
		{"form", "access_token=hunter2&token_type=bearer&scope=", "json", "1:1", "form-encoded text (access_token, token_type, scope)"},
		{"UTF-16 with a mark", "\xff\xfe{\x00}\x00", "utf8", "1:1", "UTF-16 text"},
		{"UTF-16 without", "{\x00\"\x00a\x00", "utf8", "1:2", "UTF-16 text"},
		{"UTF-16 big endian", "\x00{\x00\"", "utf8", "1:1", "UTF-16 text"},
		{"UTF-32", "{\x00\x00\x00\"\x00\x00\x00", "utf8", "1:2", "UTF-32 text"},
		{"gzip", "\x1f\x8b\x08\x00\x00", "json", "1:1", "gzip data"},
		{"token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJodW50ZXIyIn0.", "json", "1:1", "a token in compact form"},
		{"PEM", "-----BEGIN PUBLIC KEY-----\nhunter2", "json", "1:2", "a PEM block"},
		{"sentence", "404 page not found\n", "json", "1:5", `plain text ("404 page not found")`},
		{"sentence with a leading word of JSON", "null pointer exception", "json", "1:6", `plain text ("null pointer exception")`},
		{"one word", "ghp_hunter2hunter2", "json", "1:1", `got "g"`},
		{"one padded word", "aHVudGVyMg==", "json", "1:1", `got "a"`},
		{"short words of digits", "1 2", "json", "1:3", "One body holds one document"},
		{"Python", `{"a": None}`, "json", "1:7", `got "None". That is Python. JSON writes null`},
		{"NaN", "[1,\n NaN]", "json", "2:2", `got "NaN". JSON has no such number`},
		{"JavaScript", "{'a':1}", "json", "1:2", "wanted a name in double quotes, got a single quote"},
		{"comment", "{\"a\":1 // x\n}", "json", "1:8", "wanted a comma or }, got \"/\""},
		{"trailing comma", `{"a":1,}`, "json", "1:8", "a trailing comma"},
		{"trailing comma in an array", `[1, ]`, "json", "1:5", "a trailing comma"},
		{"second document", `{} {"access_token":"hunter2"}`, "json", "1:4", "One body holds one document"},
		{"cut off", `{"access_token":"hunter2`, "json", "1:25", "wanted a closing quote, got the end of the body"},
		{"cut off after the colon", `{"a":`, "json", "1:6", "wanted a value, got the end of the body"},
		{"leading zero", `{"ä":01}`, "json", "1:6", "a number with a leading zero"},
		{"plus", `+1`, "json", "1:1", `wanted a value, got "+"`},
		{"bare fraction", `[1.]`, "json", "1:4", "wanted a digit after the point"},
		{"exponent", `1e`, "json", "1:3", "wanted a digit in the exponent, got the end"},
		{"bare minus", `-`, "json", "1:2", "wanted a digit, got the end"},
		{"raw line feed", "[\"a\nb\"]", "json", "1:4", "the raw control character <U+000A>"},
		{"escape", `"\x41"`, "json", "1:2", `a backslash before "x"`},
		{"short escape", `"\u12"`, "json", "1:6", "wanted four hexadecimal digits, got a double quote"},
		{"a control character is no digit", "\"\\u004\x11\"", "json", "1:7", "wanted four hexadecimal digits"},
		{"lone surrogate", `["\ud800"]`, "utf8", "1:3", `the lone surrogate \ud800`},
		{"two high surrogates", `["\ud800\ud800"]`, "utf8", "1:3", `the lone surrogate \ud800`},
		{"low surrogate", `["a\uDC00"]`, "utf8", "1:4", `the lone surrogate \udc00`},
		{"no UTF-8", "[\"caf\xe9\"]", "utf8", "1:6", `wanted UTF-8 text, got the byte "<e9>"`},
		{"surrogate as UTF-8", "\"\xed\xa0\x80\"", "utf8", "1:2", "<ed>"},
		{"no UTF-8 between tokens", "[1 \xff]", "utf8", "1:4", "<ff>"},
		{"hostile character", "[\x1b]", "json", "1:2", `got "\x1b"`},
	} {
		_, e := refuse(t, c.body, wire.Limits{})
		msg := e.Error()
		if e.ID != c.id || !strings.HasPrefix(msg, "at "+c.at+": ") || !strings.Contains(msg, c.want) {
			t.Errorf("%s: %s: %s, want %s at %s: %s", c.name, e.ID, msg, c.id, c.at, c.want)
		}
		if strings.Contains(msg, "hunter2") {
			t.Errorf("%s: the message quotes a credential: %s", c.name, msg)
		}
	}
}

func TestALargePageIsCalledAPageNotTooLarge(t *testing.T) {
	_, e := refuse(t, "<html>"+strings.Repeat("x", 100), wire.Limits{Bytes: 50})
	if e.ID != "json" || !strings.Contains(e.Error(), "an HTML page") {
		t.Errorf("%s: %v", e.ID, e)
	}
}

func TestABrokenDocumentShowsWhatWasReadBeforeTheBreak(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{`{"iss":"https://as.test","n":[1,{"b":"hal`, `{"iss":"https://as.test","n":[1,{"b":"hal"}]}`},
		{`{"a":1,"b":`, `{"a":1}`},
		{`{"a":1,"b`, `{"a":1}`},
		{`{"a":1 "b":2}`, `{"a":1}`},
		{`[1,tru]`, `[1]`},
		{`[1,-]`, `[1,-]`},
		{`{"a":"x\ud800y"}`, `{"a":"x"}`},
		{"[\"x\xff\"]", `["x"]`},
		{"[\"x\ny\"]", `["x"]`},
		{`{"a":{}} x`, `{"a":{}}`},
		{`{"a":012}`, `{"a":012}`},
		{``, `null`},
	} {
		v, _ := refuse(t, c.doc, wire.Limits{})
		if got := compact(v.Indent()); got != c.want {
			t.Errorf("%q left %s, want %s", c.doc, got, c.want)
		}
	}
}

// compact drops the spaces of Indent; no string in these tests holds one.
func compact(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }

func TestLimitsStopADocument(t *testing.T) {
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"m%d":1`, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	array := func(n int) string { return "[1" + strings.Repeat(",1", n-1) + "]" }
	for _, c := range []struct {
		name      string
		ok, wrong string
		limits    wire.Limits
		id        string
	}{
		{"default depth 64", nest(64), nest(65), wire.Limits{}, "depth_limit"},
		{"depth 2", `{"a":[]}`, `{"a":[{}]}`, wire.Limits{Depth: 2}, "depth_limit"},
		{"depth is never above 1000", nest(1000), nest(1001), wire.Limits{Depth: 1 << 30}, "depth_limit"},
		{"default members 20000", members(20000), members(20001), wire.Limits{}, "size_limit"},
		{"members 2", members(2), members(3), wire.Limits{Members: 2}, "size_limit"},
		{"default tokens 400000", array(399999), array(400000), wire.Limits{}, "size_limit"},
		{"names are tokens", `{"a":1}`, `{"a":1,"b":1}`, wire.Limits{Tokens: 3}, "size_limit"},
		{"default size 4 MiB", `"` + strings.Repeat("a", 4<<20-2) + `"`, `"` + strings.Repeat("a", 4<<20-1) + `"`, wire.Limits{}, "size_limit"},
		{"size 4", `[10]`, `[100]`, wire.Limits{Bytes: 4}, "size_limit"},
		{"a cut within a surrogate pair", `["a"]`, `["\ud83d\ude00"]`, wire.Limits{Bytes: 10}, "size_limit"},
		{"a cut within a character", `["a"]`, `["山"]`, wire.Limits{Bytes: 5}, "size_limit"},
		{"negative is default", nest(64), nest(65), wire.Limits{Depth: -1, Members: -1, Tokens: -1, Bytes: -1}, "depth_limit"},
	} {
		if _, _, err := wire.ParseJSON([]byte(c.ok), c.limits); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		v, e := refuse(t, c.wrong, c.limits)
		if e.ID != c.id {
			t.Errorf("%s: %s: %v", c.name, e.ID, e)
		}
		if v.End == 0 {
			t.Errorf("%s: nothing is left to show", c.name)
		}
	}
}

func TestRNET01_NoBodyOfFourMebibytesTakesMoreThan64(t *testing.T) {
	fill := func(start, more string) []byte {
		return []byte((start + strings.Repeat(more, 4<<20/len(more)+1))[:4<<20])
	}
	for name, doc := range map[string][]byte{
		"numbers": fill("[1", ",1"), "empty objects": fill("[{}", ",{}"), "small arrays": fill("[[1]", ",[1]"),
		"small objects": fill(`[{"":1}`, `,{"":1}`), "members": fill(`{"":1`, `,"":1`), "deep": fill("[", strings.Repeat("[", 63)+strings.Repeat("]", 63)+","),
		"commas": fill("[", ","), "brackets": fill("", "["), "escapes": fill(`"`, `\u0041`), "backslashes": fill("\"", `\\`), "spaces": fill("", " "), "no UTF-8": fill("\"", "\xff"),
		"digits": fill("", "9"), "html": fill("<html><title>", "<"), "form": fill("", "a=b&"), "words": fill("", "word "), "nul": fill("", "\x00"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, _ = wire.ParseJSON(doc, wire.Limits{})
		runtime.ReadMemStats(&after)
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib >= 64 {
			t.Errorf("%s: %d MiB", name, mib)
		}
	}
}

func TestRFLOW08_NumbersNeverOverflow(t *testing.T) {
	v := parse(t, `{"neg":-5,"zero":0,"minus_zero":-0,"max":9223372036854775807,"over":9223372036854775808,"big":1000000000000000000,
		"e300":1e300,"e400":1e400,"exp":1e3,"frac":3600.0,"str":"3600","long":`+strings.Repeat("9", 5000)+`}`)
	for _, c := range []struct {
		name    string
		n       int64
		isInt   bool
		f       float64
		isFloat bool
	}{
		{"neg", -5, true, -5, true}, {"zero", 0, true, 0, true}, {"minus_zero", 0, true, 0, true},
		{"max", 1<<63 - 1, true, 1 << 63, true}, {"over", 0, false, 1 << 63, true}, {"big", 1e18, true, 1e18, true},
		{"e300", 0, false, 1e300, true}, {"e400", 0, false, 0, false}, {"exp", 0, false, 1000, true}, {"frac", 0, false, 3600, true},
		{"str", 0, false, 0, false}, {"long", 0, false, 0, false}, {"absent", 0, false, 0, false},
	} {
		n, ok := v.Int(c.name)
		if ok != c.isInt || ok && n != c.n {
			t.Errorf("Int(%s) = %d, %v", c.name, n, ok)
		}
		m, _ := v.Get(c.name)
		f, ok := m.Float()
		if ok != c.isFloat || ok && f != c.f {
			t.Errorf("Float of %s = %g, %v", c.name, f, ok)
		}
	}
}

// document draws JSON text as servers write it: any order, spaces, escapes.
func document() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return drawValue(t, 4) })
}

func drawValue(t *rapid.T, depth int) string {
	space := rapid.SampledFrom([]string{"", "", "", " ", "\n", "\r\n", "\t "}).Draw(t, "space")
	kinds := 5
	if depth == 0 {
		kinds = 3
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]string{"true", "false", "null"}).Draw(t, "word") + space
	case 1:
		return space + rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "number")
	case 2:
		return drawString(t) + space
	case 3:
		return "[" + space + strings.Join(drawMany(t, func() string { return drawValue(t, depth-1) }), ","+space) + "]"
	}
	return space + "{" + strings.Join(drawMany(t, func() string { return drawString(t) + space + ":" + drawValue(t, depth-1) }), ",") + "}"
}

func drawMany(t *rapid.T, one func() string) []string {
	parts := make([]string, rapid.IntRange(0, 4).Draw(t, "count"))
	for i := range parts {
		parts[i] = one()
	}
	return parts
}

func drawString(t *rapid.T) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(rapid.Bool().Draw(t, "escape"))
	if err := enc.Encode(foreignText().Draw(t, "string")); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n") // ends up as \ufffd where it was no UTF-8
}

// hides reports a character that Safe never draws. (A skin tone it draws only
// behind an emoji.)
func hides(r rune) bool {
	shown := wire.Safe("👍" + string(r))
	return r != '\n' && r != '\t' && (strings.Contains(shown, `\x`) || strings.Contains(shown, "<U+") || strings.Contains(shown, "⏎") && r != '⏎')
}

// same compares a value with what encoding/json made of the document, for
// documents without repeated names.
func same(v wire.Value, want any) bool {
	switch want := want.(type) {
	case nil:
		return v.Kind == wire.Null && v.Text == "null"
	case bool:
		return v.Kind == wire.Bool && v.Text == fmt.Sprint(want)
	case json.Number:
		return v.Kind == wire.Number && v.Text == want.String()
	case string:
		return v.Kind == wire.String && v.Text == want
	case []any:
		if v.Kind != wire.Array || len(v.Items) != len(want) {
			return false
		}
		for i := range want {
			if !same(v.Items[i], want[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		if v.Kind != wire.Object {
			return false
		}
		for name, w := range want {
			if m, ok := v.Get(name); !ok || !same(m, w) {
				return false
			}
		}
		for _, m := range v.Members {
			if _, ok := want[m.Name]; !ok {
				return false
			}
		}
		return true
	}
	return false
}

func decode(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

func TestParseAgreesWithEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := document().Draw(t, "document")
		v, checks, err := wire.ParseJSON([]byte(doc), wire.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		want, err := decode([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if len(checks) == 0 && !same(v, want) {
			t.Fatalf("%+v is not %v", v, want)
		}
		again, _, err := wire.ParseJSON([]byte(v.Indent()), wire.Limits{})
		if err != nil || again.Indent() != v.Indent() || len(checks) == 0 && !same(again, want) {
			t.Fatalf("Indent changed the value: %s (%v)", v.Indent(), err)
		}
		for line := range strings.SplitSeq(v.Indent(), "\n") {
			for _, r := range line {
				if hides(r) || r == '\t' {
					t.Fatalf("%U in Indent: %q", r, line)
				}
			}
		}
	})
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{
		"", "{}", `{"a":[1,2.5e-3,true,null,"x\u00e9\ud83d\ude00"],"a":{}}`, `["\ud800"]`, "\ufeff[]", "[1,]", "<html>", "a=b&c=d", "\xff\xfe{\x00", "\x1f\x8b", "01", "-", "1e", `"\u00`, "{\"a\":\"\xff", "[[[[", "eyJ.eyJ.",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, checks, err := wire.ParseJSON(b, wire.Limits{})
		if v.Start < 0 || v.End < v.Start || v.End > len(b) {
			t.Fatalf("offsets %d, %d", v.Start, v.End)
		}
		plain := bytes.TrimPrefix(b, []byte("\ufeff"))
		if err == nil {
			want, werr := decode(plain)
			if !json.Valid(plain) || !utf8.Valid(plain) || werr != nil {
				t.Fatalf("accepted %q", b)
			}
			if len(checks) == 0 && !same(v, want) {
				t.Fatalf("%q: %+v is not %v", b, v, want)
			}
			if got := v.Indent(); !json.Valid([]byte(got)) {
				t.Fatalf("Indent of %q is not JSON: %s", b, got)
			}
			return
		}
		e := err.(*wire.SyntaxError)
		if e.ID == "json" && json.Valid(plain) {
			t.Fatalf("refused %q: %v", b, err)
		}
		if msg := err.Error(); wire.Safe(msg) != msg || e.Offset < 0 || e.Offset > len(b) || e.Line < 1 || e.Column < 1 {
			t.Fatalf("%q: %q %+v", b, msg, e)
		}
		_ = v.Indent()
	})
}
