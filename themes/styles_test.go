package themes

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// fields returns the styles of all roles by field name.
func fields(s *Styles) map[string]lipgloss.Style {
	out := map[string]lipgloss.Style{}
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		if style, is := v.Field(i).Interface().(lipgloss.Style); is {
			out[v.Type().Field(i).Name] = style
		}
	}
	return out
}

// colourParams returns the SGR parameters of s that set a colour.
func colourParams(t *testing.T, s string) (found []int) {
	t.Helper()
	for rest := s; ; {
		_, seq, ok := strings.Cut(rest, "\x1b[")
		if !ok {
			return found
		}
		params, after, ok := strings.Cut(seq, "m")
		if !ok {
			t.Fatalf("unfinished sequence in %q", s)
		}
		rest = after
		for p := range strings.SplitSeq(params, ";") {
			n, _ := strconv.Atoi(p)
			if n >= 30 {
				found = append(found, n)
			}
		}
	}
}

func TestNoColourMeansNoColourParameterAnywhere(t *testing.T) {
	for _, name := range Names() {
		bare := load(t, name).Styles(Unicode(), true)
		all := fields(bare)
		if name == "mono" {
			// The mono theme needs no switch.
			for n, s := range fields(load(t, name).Styles(Unicode(), false)) {
				all["plain "+n] = s
			}
		}
		for n, s := range all {
			if p := colourParams(t, s.Render("x")); p != nil {
				t.Errorf("%s %s: colour parameters %v", name, n, p)
			}
		}
		if bare.Page != nil || bare.Ink != nil {
			t.Errorf("%s: the page keeps its colours", name)
		}
		if p := colourParams(t, render(t, bare, 80)); p != nil {
			t.Errorf("%s: colour parameters %v in an article", name, p)
		}
	}
	// The check itself must be able to fail.
	if colourParams(t, load(t, "dark").Styles(Unicode(), false).OK.Render("x")) == nil {
		t.Fatal("a coloured style went unnoticed")
	}
}

func TestWhatStandsOutStandsOutWithoutColour(t *testing.T) {
	for _, name := range Names() {
		s := load(t, name).Styles(Unicode(), true)
		for n, style := range map[string]lipgloss.Style{
			"selected": s.Selected, "live": s.Live, "band": s.Band, "match": s.Match,
			"now": s.Now, "fail": s.Fail, "link": s.Link, "title": s.Title, "key": s.Key,
		} {
			if style.Render("x") == s.Text.Render("x") {
				t.Errorf("%s: %s looks like text", name, n)
			}
		}
		if s.Live.Render("LIVE") == s.Lab.Render("LIVE") {
			t.Errorf("%s: LIVE looks like LAB", name)
		}
	}
}

func TestEveryStateHasASignOfItsOwn(t *testing.T) {
	same := map[string]string{"ok": "pass", "failed": "fail", "ready": "stale", "skipped": "na"}
	words := []string{"ready", "running", "ok", "failed", "edited", "stale", "skipped", "pass", "warn", "fail", "na", "unknown"}
	for _, sym := range []Symbols{Unicode(), ASCII()} {
		s := load(t, "mono").Styles(sym, true)
		for _, a := range words {
			for _, b := range words {
				x, _ := s.Status(a)
				y, _ := s.Status(b)
				alike := a == b || same[a] == b || same[b] == a
				if (x == y) != alike {
					t.Errorf("%s: %s is %q, %s is %q", sym.Name, a, x, b, y)
				}
			}
		}
	}
}

func TestAWordNobodyKnowsIsNeverASuccess(t *testing.T) {
	s := load(t, "dark").Styles(Unicode(), false)
	for _, word := range []string{"", "OK", "passed", "valid"} {
		if sign, _ := s.Status(word); sign != s.Sym.Unknown {
			t.Errorf("%q shows as %q", word, sign)
		}
	}
	if got, want := s.Class("prod").Render("x"), s.Live.Render("x"); got != want {
		t.Errorf("an unknown class shows as %q, want %q", got, want)
	}
}

// The names of the default theme's colours are a promise of the documentation.
func TestTheTerminalThemeUsesThePaletteNumbersOfTheConventions(t *testing.T) {
	s := load(t, "terminal").Styles(Unicode(), false)
	if s.Page != nil || s.Ink != nil {
		t.Error("the terminal theme sets the page")
	}
	for _, c := range []struct {
		name  string
		style lipgloss.Style
		want  string
	}{
		{"text", s.Text, "x"}, {"ok", s.OK, "\x1b[32m"}, {"fail", s.Fail, "\x1b[1;31m"}, {"warn", s.Warn, "\x1b[33m"},
		{"now", s.Now, "\x1b[1;36m"}, {"later", s.Later, "\x1b[90m"}, {"skipped", s.Skipped, "\x1b[90m"},
		{"running", s.Running, "\x1b[36m"}, {"edited", s.Edited, "\x1b[1;35m"}, {"changed", s.Changed, "\x1b[33m"},
		{"only a", s.OnlyA, "\x1b[31m"}, {"only b", s.OnlyB, "\x1b[32m"}, {"front", s.Front, "\x1b[33m"},
		{"back", s.Back, "\x1b[34m"}, {"secret", s.Secret, "\x1b[90m"}, {"selected", s.Selected, "\x1b[7m"},
		{"focus", s.BorderFocused, "\x1b[36m"}, {"link", s.Link, "\x1b[4;34;4m"},
		{"lab", s.Lab, "\x1b[32m"}, {"test", s.Test, "\x1b[36m"}, {"live", s.Live, "\x1b[1;7;31m"},
	} {
		if got := c.style.Render("x"); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s renders as %q, want %q", c.name, got, c.want)
		}
	}
}

// What Bubble Tea's writer leaves of a theme on a terminal with fewer colours.
func TestColoursAreLoweredToWhatTheTerminalHas(t *testing.T) {
	s := load(t, "dark").Styles(Unicode(), false)
	for profile, want := range map[colorprofile.Profile]string{
		colorprofile.TrueColor: "\x1b[1;38;2;242;102;95m",
		colorprofile.ANSI256:   "\x1b[1;38;5;",
		colorprofile.ANSI:      "\x1b[1;9",
		colorprofile.ASCII:     "\x1b[1m",
		colorprofile.NoTTY:     "x",
	} {
		var out bytes.Buffer
		w := &colorprofile.Writer{Forward: &out, Profile: profile}
		fmt.Fprint(w, s.Fail.Render("x"))
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %q, want %q", profile, out.String(), want)
		}
	}
}

func BenchmarkStyles(b *testing.B) {
	theme := load(b, "dark")
	sym := Unicode()
	b.ReportAllocs()
	for b.Loop() {
		theme.Styles(sym, false)
	}
}

func BenchmarkStyleRender(b *testing.B) {
	s := load(b, "dark").Styles(Unicode(), false)
	b.ReportAllocs()
	for b.Loop() {
		s.OK.Render("Exchange code for tokens")
	}
}
