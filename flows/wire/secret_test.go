package wire_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"authdance/flows/wire"
)

const hush = "lab_s3cret-value-of-the-client"

func TestRRED09_ASecretIsMaskedInEveryFormat(t *testing.T) {
	s := wire.NewSecret(hush)
	type Exported struct{ S wire.Secret }
	type hidden struct {
		s wire.Secret
		p *wire.Secret
		m map[string]wire.Secret
		i any
	}
	h := hidden{s: s, p: &s, m: map[string]wire.Secret{"client_secret": s}, i: s}
	var out bytes.Buffer
	for _, verb := range strings.Split("v +v #v s q x X d c U t T p e b o O g", " ") {
		for _, value := range []any{s, &s, Exported{s}, &Exported{s}, h, &h, []wire.Secret{s}, []any{s}, errors.Join(fmt.Errorf("%v", s))} {
			fmt.Fprintf(&out, "%"+verb+"\n", value)
		}
		if got := fmt.Sprintf("%"+verb, s); got != "[secret 30]" && verb != "T" && verb != "p" {
			t.Errorf("%%%s = %q", verb, got)
		}
	}
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).Info("x", "secret", s, "in", Exported{s}, "hidden", h, "list", []any{s})
	}
	asJSON, err := json.Marshal(map[string]any{"a": s, "b": Exported{s}, "c": []wire.Secret{s}, "d": map[string]wire.Secret{"k": s}})
	if err != nil || strings.Count(string(asJSON), `"[secret 30]"`) != 4 {
		t.Errorf("JSON: %s %v", asJSON, err)
	}
	out.Write(asJSON)
	if err := toml.NewEncoder(&out).Encode(Exported{s}); err != nil {
		t.Error("TOML:", err)
	}
	if err := xml.NewEncoder(&out).Encode(Exported{s}); err != nil {
		t.Error("XML:", err)
	}
	_ = gob.NewEncoder(&out).Encode(Exported{s}) // an error is as good as a mask
	if err := template.Must(template.New("").Parse("{{.}} {{printf `%s` .S}}")).Execute(&out, Exported{s}); err != nil {
		t.Error("template:", err)
	}
	fmt.Fprint(&out, cmp.Diff(Exported{s}, Exported{wire.NewSecret("other")}))
	for _, piece := range []string{hush, "s3cret", fmt.Sprintf("%x", "s3cret"), fmt.Sprintf("%X", "s3cret")} {
		if strings.Contains(out.String(), piece) {
			t.Errorf("%q is in the output", piece)
		}
	}
	if s.Reveal() != hush {
		t.Error("Reveal lost the value")
	}
}

func TestASecretReadsItsPlaceholderBackWithoutValue(t *testing.T) {
	for _, c := range []struct {
		in     string
		length int
		value  string
	}{
		{`"[secret 43]"`, 43, ""},
		{`"[secret 0]"`, 0, ""},
		{`"plain"`, 5, "plain"},
		{`"žluť"`, 4, "žluť"},
		{`""`, 0, ""},
		{`null`, 0, ""},
		{`"[secret -1]"`, 11, "[secret -1]"},
		{`"[secret 4x]"`, 11, "[secret 4x]"},
		{`"[secret 4"`, 9, "[secret 4"},
		{`"[secret +4]"`, 11, "[secret +4]"},
		{`"[secret 99999999999999999999]"`, 29, "[secret 99999999999999999999]"},
	} {
		var s wire.Secret
		if err := json.Unmarshal([]byte(c.in), &s); err != nil {
			t.Errorf("%s: %v", c.in, err)
		}
		if s.Len() != c.length || s.Reveal() != c.value || s.IsZero() != (c.length == 0) {
			t.Errorf("%s: %d %q zero=%v", c.in, s.Len(), s.Reveal(), s.IsZero())
		}
	}
	var s wire.Secret
	if err := json.Unmarshal([]byte(`{"k":"hunter2"}`), &s); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an object as a secret: %v", err)
	}
}

func TestAMaskedSecretSurvivesManyWritings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := wire.NewSecret(rapid.String().Draw(t, "secret"))
		first, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back wire.Secret
		if err := json.Unmarshal(first, &back); err != nil {
			t.Fatal(err)
		}
		second, _ := json.Marshal(back)
		if back.Len() != s.Len() || back.Reveal() != "" || string(first) != string(second) {
			t.Fatalf("%s became %s", first, second)
		}
	})
}

func TestSecretsCompareByValue(t *testing.T) {
	masked := func(s string) (m wire.Secret) {
		if err := json.Unmarshal([]byte(s), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range []struct {
		a, b wire.Secret
		want bool
	}{
		{wire.NewSecret("abc"), wire.NewSecret("abc"), true},
		{wire.NewSecret("abc"), wire.NewSecret("abd"), false},
		{wire.NewSecret("abc"), wire.NewSecret("abcd"), false},
		{wire.NewSecret("ä"), wire.NewSecret("a"), false},
		{wire.Secret{}, wire.NewSecret(""), true},
		{wire.Secret{}, wire.NewSecret("a"), false},
		{masked(`"[secret 3]"`), wire.NewSecret("abc"), false},
		{masked(`"[secret 3]"`), masked(`"[secret 3]"`), true},
		{masked(`"[secret 3]"`), masked(`"[secret 4]"`), false},
	} {
		if got := c.a.Equal(c.b); got != c.want || c.b.Equal(c.a) != c.want {
			t.Errorf("%v and %v: %v", c.a, c.b, got)
		}
	}
	if reflect.TypeFor[wire.Secret]().Comparable() {
		t.Error("== compiles for secrets, and would compare addresses")
	}
}

func TestRRED04_MaskShowsAtMostFourCharactersAndTheLength(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "••••(0)"},
		{"secret", "••••(6)"},
		{"12345678", "••••(8)"},
		{"123456789", "1234…(9)"},
		{"lab_abcdefghijklmnopqrstuvw", "lab_…(27)"},
		{"žluťoučký kůň", "žluť…(13)"},
		{"\x1b[2Jabcdefgh", `\x1b[2J…(12)`},
		{"\xff\xfe\xfd\xfc123456", "<ff><fe><fd><fc>…(10)"},
		{"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "eyJh…(36)"},
	} {
		if got := wire.Mask(c.in); got != c.want {
			t.Errorf("Mask(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestRRED04_MaskHidesWhatFollowsTheFirstFour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.StringN(4, 4, -1).Draw(t, "start")
		n := rapid.IntRange(5, 30).Draw(t, "n")
		a := rapid.StringN(n, n, -1).Draw(t, "a")
		b := rapid.StringN(n, n, -1).Draw(t, "b")
		if wire.Mask(start+a) != wire.Mask(start+b) {
			t.Fatalf("%q and %q differ: %s %s", start+a, start+b, wire.Mask(start+a), wire.Mask(start+b))
		}
		if got := wire.Mask(start + a); wire.Safe(got) != got {
			t.Fatalf("not printable: %q", got)
		}
	})
}
