package themes

import (
	"reflect"
	"slices"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// eachSign calls do with the path and the text of every sign of a set.
func eachSign(s Symbols, do func(path, sign string)) {
	var walk func(string, reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			do(path, v.String())
		case reflect.Struct:
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Array:
			for i := range v.Len() {
				walk(path, v.Index(i))
			}
		default:
			panic("a set holds nothing but signs: " + path)
		}
	}
	walk("", reflect.ValueOf(s))
}

func TestASCIIHoldsOnlyASCII(t *testing.T) {
	eachSign(ASCII(), func(path, sign string) {
		if sign == "" {
			t.Errorf("%s is empty", path)
		}
		for _, r := range sign {
			if r < ' ' || r > '~' {
				t.Errorf("%s is %q", path, sign)
			}
		}
	})
}

func TestBothSetsAreOfEqualWidth(t *testing.T) {
	free := []string{".Name", ".Ellipsis", ".EditedTag", ".EditedOpen", ".EditedClose", ".FrontArrow", ".BackArrow"}
	width := map[string]int{}
	eachSign(Unicode(), func(path, sign string) { width[path] = lipgloss.Width(sign) })
	eachSign(ASCII(), func(path, sign string) {
		if w := lipgloss.Width(sign); w != width[path] && !slices.Contains(free, path) {
			t.Errorf("%s is %d cells wide, in Unicode %d", path, w, width[path])
		}
	})
}

func TestSignsAreTextNotEmoji(t *testing.T) {
	eachSign(Unicode(), func(path, sign string) {
		for _, r := range sign {
			if r >= 0xe000 && r <= 0xf8ff || r >= 0x1f000 || r == 0xfe0f {
				t.Errorf("%s is %q", path, sign)
			}
			if lipgloss.Width(string(r)) != 1 {
				t.Errorf("%s: %q is not one cell wide", path, r)
			}
		}
	})
}

func TestUnicodeOnlyWhereTheLocaleIsUTF8(t *testing.T) {
	for _, c := range []struct {
		goos string
		env  []string
		want bool
	}{
		{"linux", []string{"LANG=en_US.UTF-8"}, true},
		{"linux", []string{"LANG=C.utf8"}, true},
		{"linux", []string{"LANG=de_DE.ISO-8859-1"}, false},
		{"linux", []string{"LANG=C"}, false},
		{"linux", nil, false},
		{"windows", nil, true},
		{"windows", []string{"LANG=C"}, false},
		{"linux", []string{"LC_ALL=C", "LC_CTYPE=en_US.UTF-8", "LANG=en_US.UTF-8"}, false},
		{"linux", []string{"LC_ALL=", "LC_CTYPE=en_US.UTF-8", "LANG=C"}, true},
		{"linux", []string{"LANG=en_US.UTF-8", "TERM=linux"}, false},
		{"linux", []string{"LANG=ja_JP.UTF-8", "RUNEWIDTH_EASTASIAN=1"}, false},
		{"linux", []string{"LANG=C", "LANG=en_US.UTF-8"}, true},
	} {
		if got := unicodeOK(c.env, c.goos); got != c.want {
			t.Errorf("%s %v: %v", c.goos, c.env, got)
		}
	}
}

func TestSettingsBeatTheEnvironmentInTheirOrder(t *testing.T) {
	utf8, latin1 := []string{"LANG=en_US.UTF-8"}, []string{"LANG=de_DE.ISO-8859-1"}
	for _, c := range []struct {
		env      []string
		settings []string
		want     string
	}{
		{utf8, nil, "unicode"},
		{latin1, []string{"unicode"}, "unicode"},
		{latin1, []string{"auto", ""}, "ascii"},
		{utf8, []string{"auto", "ascii"}, "ascii"},
		{utf8, []string{"unicode", "ascii"}, "unicode"},
		{utf8, []string{"", ""}, "unicode"},
	} {
		if got := PickSymbols(c.env, c.settings...).Name; got != c.want {
			t.Errorf("%v %v: %s", c.env, c.settings, got)
		}
	}
}

func TestColourFollowsTheOrderOfTheConventions(t *testing.T) {
	const (
		noTTY = colorprofile.NoTTY
		none  = colorprofile.ASCII
		c16   = colorprofile.ANSI
		c256  = colorprofile.ANSI256
		all   = colorprofile.TrueColor
	)
	const tty, pipe = true, false
	for _, c := range []struct {
		flag string
		env  []string
		tty  bool
		want colorprofile.Profile
	}{
		{"", []string{"TERM=xterm"}, tty, c16},
		{"", []string{"TERM=xterm-256color"}, tty, c256},
		{"", []string{"TERM=xterm-256color", "COLORTERM=truecolor"}, tty, all},
		{"auto", []string{"TERM=xterm-256color"}, tty, c256},
		{"", []string{"TERM=xterm-256color"}, pipe, noTTY},
		{"", []string{"TERM=dumb"}, tty, noTTY},
		{"", []string{"TERM=xterm", "CLICOLOR=0"}, tty, none},
		{"", []string{"TERM=xterm", "CLICOLOR=1"}, tty, c16},
		// NO_COLOR: any value but the empty one; decoration stays on a terminal.
		{"", []string{"TERM=xterm-256color", "NO_COLOR=1"}, tty, none},
		{"", []string{"TERM=xterm-256color", "NO_COLOR=yes"}, tty, none},
		{"", []string{"TERM=xterm-256color", "NO_COLOR=0"}, tty, none},
		{"", []string{"TERM=xterm-256color", "NO_COLOR="}, tty, c256},
		{"", []string{"TERM=xterm", "NO_COLOR=1"}, pipe, noTTY},
		{"", []string{"TERM=xterm", "NO_COLOR=1", "FORCE_COLOR=1", "CLICOLOR_FORCE=1"}, tty, none},
		// Forcing beats CLICOLOR=0, a dumb terminal and a pipe.
		{"", []string{"TERM=xterm-256color", "FORCE_COLOR=1"}, pipe, c256},
		{"", []string{"TERM=xterm", "FORCE_COLOR=2"}, pipe, c256},
		{"", []string{"TERM=xterm", "FORCE_COLOR=3"}, pipe, all},
		{"", []string{"TERM=xterm", "FORCE_COLOR=yes", "CLICOLOR=0"}, tty, c16},
		{"", []string{"TERM=xterm", "FORCE_COLOR=0"}, tty, none},
		{"", []string{"TERM=dumb", "CLICOLOR_FORCE=1"}, tty, c16},
		{"", []string{"TERM=xterm", "CLICOLOR_FORCE=0"}, pipe, noTTY},
		// The flag beats everything.
		{"always", []string{"TERM=xterm", "NO_COLOR=1"}, pipe, c16},
		{"always", nil, pipe, c16},
		{"never", []string{"TERM=xterm", "FORCE_COLOR=3"}, tty, none},
		{"never", []string{"TERM=xterm", "FORCE_COLOR=3"}, pipe, noTTY},
		{"never", []string{"TERM=dumb"}, tty, noTTY},
		{"16", []string{"COLORTERM=truecolor", "TERM=xterm"}, tty, c16},
		{"256", []string{"NO_COLOR=1"}, pipe, c256},
		{"truecolor", []string{"TERM=dumb"}, pipe, all},
	} {
		if got := Colour(c.flag, c.env, c.tty); got != c.want {
			t.Errorf("--color=%q %v terminal=%v: %v, want %v", c.flag, c.env, c.tty, got, c.want)
		}
	}
}
