package themes

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

func load(t testing.TB, name string) Theme {
	t.Helper()
	theme, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return theme
}

func TestEveryFileIsListedAndLoadsUnderItsOwnName(t *testing.T) {
	found, err := fs.Glob(files, "*.toml")
	if err != nil {
		t.Fatal(err)
	}
	want := Names()
	slices.Sort(want)
	for i := range found {
		found[i] = strings.TrimSuffix(found[i], ".toml")
	}
	if !slices.Equal(found, want) {
		t.Fatalf("files %v, names %v", found, want)
	}
	for _, name := range Names() {
		theme := load(t, name)
		if theme.Name != name || theme.About == "" {
			t.Errorf("%s: name %q, about %q", name, theme.Name, theme.About)
		}
	}
}

func TestAnUnknownNameListsTheKnownOnes(t *testing.T) {
	_, err := Load("solarised")
	if err == nil || !strings.Contains(err.Error(), "high-contrast-dark") {
		t.Fatalf("error %v does not help", err)
	}
}

func TestARoleThatIsLeftOutLooksLikeItsParent(t *testing.T) {
	theme, err := Parse("t.toml", []byte(`
name = "t"
[roles]
text = { fg = "#101010" }
warn = { fg = 3, bold = true }
front = { bold = false }
live = { fg = "default", reverse = true }
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[role]face{
		text:    {fg: "#101010"},
		skipped: {fg: "#101010"},         // through later, muted and text
		changed: {fg: "3", bold: true},   // all of warn
		front:   {fg: "3"},               // warn, less what it takes back
		live:    {fg: "", reverse: true}, // the terminal's own colour again
		onlyA:   {fg: "#101010"},         // fail is not given either
	}
	for r, f := range want {
		if theme.roles[r] != f {
			t.Errorf("%s is %+v, want %+v", tree()[r].name, theme.roles[r], f)
		}
	}
}

func TestEveryRoleIsDeclaredOnceAfterItsParent(t *testing.T) {
	seen := map[string]bool{}
	for r, n := range tree() {
		if n.name == "" || seen[n.name] {
			t.Errorf("role %d has no name of its own: %q", r, n.name)
		}
		seen[n.name] = true
		if int(n.parent) > r || (int(n.parent) == r && r != int(text)) {
			t.Errorf("%s stands before its parent", n.name)
		}
	}
}

func TestEveryRoleReachesTheStyles(t *testing.T) {
	// Each role gets a colour of its own, so a style that shows another
	// role's colour, or none, is found.
	var src strings.Builder
	src.WriteString("name = \"t\"\n[roles]\n")
	want := map[string]bool{}
	for r, n := range tree() {
		c := ink("#0000" + string("0123456789abcdef"[r/16]) + string("0123456789abcdef"[r%16]))
		src.WriteString(n.name + " = { fg = \"" + string(c) + "\" }\n")
		want[strings.TrimPrefix(string(c), "#")] = true
	}
	theme, err := Parse("t.toml", []byte(src.String()))
	if err != nil {
		t.Fatal(err)
	}
	for name, style := range fields(theme.Styles(Unicode(), false)) {
		r, g, b, _ := style.GetForeground().RGBA()
		c := hexByte(r) + hexByte(g) + hexByte(b)
		if !want[c] {
			t.Errorf("Styles.%s shows %s, which is no role's colour or one that another field shows", name, c)
		}
		delete(want, c)
	}
	if len(want) > 0 {
		t.Errorf("roles without a field in Styles: %v", want)
	}
}

func hexByte(v uint32) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[v>>12&15], digits[v>>8&15]})
}

func TestAnErrorNamesTheFileTheRoleAndTheFix(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"[roles]\nok = { fg = \"#12\" }", `mine.toml: role "ok": "fg": "#12" is not a colour; write "#rrggbb", a number from 0 to 255, or "default"`},
		{"[roles]\nok = { fg = 256 }", `role "ok": "fg": "256" is not a colour`},
		{"[roles]\nok = { fg = \"red\" }", `role "ok": "fg": "red" is not a colour`},
		{"[roles]\nok = { colour = \"#fff\" }", `role "ok": "colour": unknown key; a role has fg, bg,`},
		{"[roles]\nok = { bold = \"yes\" }", `role "ok": "bold": "yes" is neither true nor false`},
		{"[roles]\nok = \"#fff\"", `role "ok": write a table`},
		{"[roles]\nokay = { fg = 2 }", `role "okay": there is no such role; the roles are text, muted,`},
		{"roles = 3", `"roles": write a table`},
		{"symbols = \"emoji\"", `"symbols": "emoji" is not known; write "unicode" or "ascii"`},
		{"backgruond = \"#fff\"", `"backgruond": unknown key; a theme has name, about,`},
		{"about = \"a\\u001b[31m\"", `"about": write one line of plain text`},
		{"about = \"a\\u202eb\"", `"about": write one line of plain text`},
		{"dark = 1", `"dark": "1" is neither true nor false`},
		{"dark = ", `mine.toml: line 2: not valid TOML: `},
	} {
		_, err := Parse("mine.toml", []byte("name = \"mine\"\n"+c.src))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %s", c.src, err, c.want)
		}
	}
	for _, src := range []string{"", "name = \"\"", "name = \"../x\"", "name = \"-x\"", "name = 3"} {
		if _, err := Parse("mine.toml", []byte(src)); err == nil || !strings.Contains(err.Error(), `"name"`) {
			t.Errorf("%q: error %v does not speak of the name", src, err)
		}
	}
}

func TestTheSettingIsOneThemeOrAPair(t *testing.T) {
	for _, c := range []struct {
		src         string
		dark, light string
	}{
		{`theme = "mono"`, "mono", "mono"},
		{`theme = { light = "light", dark = "projector" }`, "projector", "light"},
		{`theme = { light = "projector" }`, "dark", "projector"},
		{`theme = { dark = "mono" }`, "mono", "light"},
		{``, "terminal", "terminal"},
	} {
		var got struct{ Theme Choice }
		if _, err := toml.Decode(c.src, &got); err != nil {
			t.Fatal(err)
		}
		if d, l := got.Theme.Auto(true), got.Theme.Auto(false); d != c.dark || l != c.light {
			t.Errorf("%s: dark %s, light %s", c.src, d, l)
		}
	}
	for _, src := range []string{`theme = 3`, `theme = { night = "dark" }`, `theme = { dark = 1 }`} {
		var got struct{ Theme Choice }
		if _, err := toml.Decode(src, &got); err == nil || !strings.Contains(err.Error(), `write theme = "dark"`) {
			t.Errorf("%s: error %v does not help", src, err)
		}
	}
}

func TestTwoLoadsShareNothing(t *testing.T) {
	a, b := load(t, "dark"), load(t, "dark")
	if diff := cmp.Diff(a, b, cmp.AllowUnexported(Theme{}, face{})); diff != "" {
		t.Fatal(diff)
	}
	a.roles[ok] = face{}
	if b.roles[ok] == (face{}) {
		t.Fatal("the themes share their roles")
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		data, err := files.ReadFile(name + ".toml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("name = \"a\"\nroles.ok.fg = \"\x1b\""))
	f.Add([]byte("name = \"a\"\n[roles]\nok = [[[[[]]]]]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		theme, err := Parse("f.toml", data)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("the error would draw control characters: %q", err)
			}
			return
		}
		if strings.ContainsFunc(theme.Name+theme.About, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("name %q, about %q", theme.Name, theme.About)
		}
		theme.Styles(ASCII(), false).Selected.Render("x")
	})
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b, "dark")
	}
}

func article(t testing.TB) string {
	t.Helper()
	src, err := os.ReadFile("testdata/article.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}
