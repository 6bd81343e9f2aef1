package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"authdance/flows/wire"
)

func TestReadersAcceptOnlyTheirOwnKind(t *testing.T) {
	v := parse(t, `{"s":"x","n":1,"list":["a","b"],"mixed":["a",1],"none":[],"null":null,"S":"other"}`)
	if v.Str("s") != "x" || v.Str("n") != "" || v.Str("absent") != "" || v.Str("null") != "" || v.Str("S") != "other" {
		t.Error("Str")
	}
	for name, want := range map[string][]string{"s": {"x"}, "list": {"a", "b"}, "mixed": nil, "none": {}, "n": nil, "null": nil, "absent": nil} {
		if got := v.Strings(name); !reflect.DeepEqual(got, want) {
			t.Errorf("Strings(%s) = %#v", name, got)
		}
	}
	if _, ok := parse(t, `[1]`).Get("0"); ok {
		t.Error("Get found a member in an array")
	}
	if _, ok := (wire.Value{}).Get(""); ok {
		t.Error("Get found a member in nothing")
	}
}

func TestKindsHaveNames(t *testing.T) {
	if got := fmt.Sprint(wire.Null, wire.Bool, wire.Number, wire.String, wire.Array, wire.Object, wire.Kind(9)); got != "null boolean number string array object kind 9" {
		t.Error(got)
	}
}

func TestIndentKeepsOrderNumbersAndRepeatedNames(t *testing.T) {
	got := parse(t, `{"b":1.0e2,"a":[],"b":{},"c":[{"x":"\u001b\u202e<é>\n\""}, -0]}`).Indent()
	want := `{
  "b": 1.0e2,
  "a": [],
  "b": {},
  "c": [
    {
      "x": "\u001b\u202e<é>\n\""
    },
    -0
  ]
}`
	if got != want {
		t.Errorf("%s", got)
	}
}

func TestIndentOfADeepDocumentStaysSmall(t *testing.T) {
	doc := strings.Repeat("[", 64) + "1" + strings.Repeat(",1", 10_000) + strings.Repeat("]", 64)
	v := parse(t, doc)
	if n := len(v.Indent()); n > 25*len(doc) {
		t.Errorf("%d bytes of %d", n, len(doc))
	}
	if back := parse(t, v.Indent()); len(back.Indent()) != len(v.Indent()) {
		t.Error("Indent of Indent differs")
	}
}

func TestRFLOW09_NamesThatDifferInCaseAreReportedAndNotUsed(t *testing.T) {
	v := parse(t, `{"Access_Token":"x","token_type":"Bearer","TOKEN_TYPE":"y","\u017fcope":"long s","other":1}`)
	if v.Str("access_token") != "" {
		t.Error("Get ignores case")
	}
	var got []string
	for _, c := range wire.CaseMiss(v, "access_token", "token_type", "scope", "expires_in") {
		if c.ID != "json_case" || c.Status != wire.Warn {
			t.Errorf("%+v", c)
		}
		got = append(got, c.Got+"/"+c.Want)
	}
	if want := "Access_Token/access_token TOKEN_TYPE/token_type ſcope/scope"; strings.Join(got, " ") != want {
		t.Errorf("%q", got)
	}
	// The point of the check: encoding/json takes each of them.
	var loose struct {
		AccessToken string `json:"access_token"`
		Scope       string `json:"scope"`
	}
	if err := json.Unmarshal([]byte(`{"Access_Token":"x","\u017fcope":"y"}`), &loose); err != nil || loose.AccessToken != "x" || loose.Scope != "y" {
		t.Errorf("encoding/json: %+v %v", loose, err)
	}
}

func TestCaseMissReportsAFewOfMany(t *testing.T) {
	doc := "{" + strings.Repeat(`"SUB":1,`, 5000) + `"sub":1}`
	if n := len(wire.CaseMiss(parse(t, doc), "sub", "iss")); n != 20 {
		t.Errorf("%d checks", n)
	}
}

func TestRTERM03_EscapeJSONKeepsTheValuesAndPrints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := document().Draw(t, "document")
		got := wire.EscapeJSON([]byte(doc))
		want, _ := decode([]byte(doc))
		back, err := decode(got)
		if err != nil || !reflect.DeepEqual(back, want) {
			t.Fatalf("%q became %q (%v)", doc, got, err)
		}
		checkEscaped(t, got)
	})
}

func checkEscaped(t interface{ Fatalf(string, ...any) }, got []byte) {
	if !utf8.Valid(got) {
		t.Fatalf("no UTF-8: %q", got)
	}
	for _, r := range string(got) {
		if hides(r) {
			t.Fatalf("%U in %q", r, got)
		}
	}
	if again := wire.EscapeJSON(got); !bytes.Equal(again, got) {
		t.Fatalf("not idempotent: %q then %q", got, again)
	}
}

func FuzzEscapeJSON(f *testing.F) {
	f.Add([]byte("{\"a\":\"\u202e\x7f\U000e0041\"}\r\n\r"))
	f.Add([]byte("\xff\x1b\u009b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := wire.EscapeJSON(b)
		checkEscaped(t, got)
		if !json.Valid(b) {
			return
		}
		want, _ := decode(b)
		back, err := decode(got)
		if err != nil || !reflect.DeepEqual(back, want) {
			t.Fatalf("%q became %q (%v)", b, got, err)
		}
	})
}

func TestEscapeJSONByExample(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"a":"é山👍"}`, `{"a":"é山👍"}`},
		{"{\"a\":\"\u202e\u200b\ufeff\u0085\x7f\"}", `{"a":"\u202e\u200b\ufeff\u0085\u007f"}`},
		{"\"\U000e0041\"", `"\udb40\udc41"`},
		{"{\r\n\"a\":\r1}\r", "{\n\"a\":\n1}\n"},
		{"\"\xff\"", `"\ufffd"`},
		{"not JSON \x1b[31m", `not JSON \u001b[31m`},
	} {
		if got := string(wire.EscapeJSON([]byte(c.in))); got != c.want {
			t.Errorf("EscapeJSON(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	plain := []byte(`{"a":1}`)
	if got := wire.EscapeJSON(plain); &got[0] != &plain[0] {
		t.Error("a plain document was copied")
	}
}

// metadata is a discovery document of the usual size, 3 KiB.
func metadata() []byte {
	doc := map[string]any{"issuer": "https://login.example.test/tenants/3f2a/v2.0"}
	for _, name := range []string{"authorization", "token", "userinfo", "introspection", "revocation", "end_session", "device_authorization", "pushed_authorization_request", "registration"} {
		doc[name+"_endpoint"] = "https://login.example.test/tenants/3f2a/oauth2/v2.0/" + name
	}
	for _, name := range []string{"scopes", "response_types", "response_modes", "grant_types", "subject_types", "id_token_signing_alg_values", "claims", "code_challenge_methods", "token_endpoint_auth_methods", "acr_values"} {
		doc[name+"_supported"] = []string{"openid", "profile", "email", "offline_access", "address", "phone", "urn:example:one", "urn:example:two", "private_key_jwt"}
	}
	doc["claims_parameter_supported"], doc["request_parameter_supported"] = true, false
	doc["x_note"] = strings.Repeat("A \"quoted\" word and a line\n", 8)
	b, _ := json.MarshalIndent(doc, "", " ")
	return b
}

func BenchmarkParseJSON(b *testing.B) {
	doc := metadata()
	b.Run(fmt.Sprintf("metadata_%d", len(doc)), func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := wire.ParseJSON(doc, wire.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding_json_for_comparison", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decode(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, c := range []struct{ name, doc string }{
		{"hostile_400000_numbers", "[1" + strings.Repeat(",1", 399_990) + "]"},
		{"hostile_empty_objects", "[{}" + strings.Repeat(",{}", 399_990) + "]"},
		{"hostile_repeated_names", "{\"a\":1" + strings.Repeat(`,"a":1`, 19_999) + "}"},
		{"hostile_long_string", `"` + strings.Repeat(`\u0041`, 4<<20/6-1) + `"`},
		{"hostile_nesting", "[" + strings.Repeat(strings.Repeat("[", 63)+strings.Repeat("]", 63)+",", 6000) + "1]"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := wire.ParseJSON([]byte(c.doc), wire.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkIndent(b *testing.B) {
	v, _, _ := wire.ParseJSON(metadata(), wire.Limits{})
	b.ReportAllocs()
	for b.Loop() {
		_ = v.Indent()
	}
}
