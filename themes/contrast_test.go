package themes

import (
	"image/color"
	"math"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// contrast is the WCAG 2 ratio of two colours.
func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// lightness is L* of CIELAB, 0 to 100: equal steps look equal.
func lightness(c color.Color) float64 {
	y := luminance(c)
	if y <= 216.0/24389 {
		return y * 24389 / 27
	}
	return 116*math.Cbrt(y) - 16
}

// pair is what a reader sees: the two colours after reversing and with the page
// behind them.
func (t Theme) pair(r role) (fg, bg color.Color) {
	f := t.roles[r]
	fg, bg = lipgloss.Color(string(f.fg)), lipgloss.Color(string(t.background))
	if f.bg != "" {
		bg = lipgloss.Color(string(f.bg))
	}
	if f.reverse {
		fg, bg = bg, fg
	}
	return fg, bg
}

func rgbThemes(t *testing.T) []Theme {
	var out []Theme
	for _, name := range Names() {
		if theme := load(t, name); theme.background != "" {
			out = append(out, theme)
		}
	}
	if len(out) < 5 {
		t.Fatalf("only %d themes have a page colour", len(out))
	}
	return out
}

func TestTextHasContrast4_5AndBordersHave3(t *testing.T) {
	for _, theme := range rgbThemes(t) {
		for r, n := range tree() {
			want := 4.5
			if role(r) == border || role(r) == borderFocused {
				want = 3
			}
			if strings.HasPrefix(theme.Name, "high-contrast") && want == 4.5 {
				want = 7
			}
			fg, bg := theme.pair(role(r))
			if got := contrast(fg, bg); got < want {
				t.Errorf("%s %s: contrast %.2f, want %.1f", theme.Name, n.name, got, want)
			}
		}
	}
}

func TestPassWarningAndFailureDifferInLightness(t *testing.T) {
	for _, theme := range rgbThemes(t) {
		l := func(r role) float64 { fg, _ := theme.pair(r); return lightness(fg) }
		for _, p := range [][2]role{{ok, warn}, {ok, fail}, {warn, fail}} {
			if d := math.Abs(l(p[0]) - l(p[1])); d < 7 {
				t.Errorf("%s: %s and %s are only %.1f L* apart", theme.Name, tree()[p[0]].name, tree()[p[1]].name, d)
			}
		}
	}
}

func TestPageColourAgreesWithDark(t *testing.T) {
	for _, theme := range rgbThemes(t) {
		if l := lightness(lipgloss.Color(string(theme.background))); theme.Dark != (l < 50) {
			t.Errorf("%s: dark = %v, page lightness %.0f", theme.Name, theme.Dark, l)
		}
	}
}

func TestNoTextDisappearsWithFewerColours(t *testing.T) {
	for _, profile := range []colorprofile.Profile{colorprofile.ANSI256, colorprofile.ANSI} {
		for _, theme := range rgbThemes(t) {
			for r, n := range tree() {
				fg, bg := theme.pair(role(r))
				if profile.Convert(fg) == profile.Convert(bg) {
					t.Errorf("%s %s: %v and %v are one colour in %s", theme.Name, n.name, fg, bg, profile)
				}
			}
		}
	}
}
