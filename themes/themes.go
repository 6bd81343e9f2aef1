// Package themes turns a palette of named roles into styles. Its rule: a theme
// is data, a role says what a thing means and never where it stands, and no
// other package names a colour or draws a sign of its own.
//
// A theme file gives some roles; a key that a role leaves out comes from the
// role's parent (see tree). Colour is never the only difference between two
// states: [Symbols] holds a sign for each of them.
package themes

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.toml
var files embed.FS

// Names lists the built-in themes in the order a picker shows them. The first
// one is the default.
func Names() []string {
	return []string{
		"terminal", "dark", "light",
		"high-contrast-dark", "high-contrast-light", "mono", "projector",
	}
}

// Theme is one parsed palette. The zero value has no colours at all.
type Theme struct {
	Name  string // lower case, as the user writes it in the settings
	About string // one line for the picker
	// Dark tells on which kind of background the theme is meant to be read.
	// For a theme without a background of its own it is only a guess.
	Dark bool
	// Symbols is the set the theme asks for: "unicode", "ascii", or "" for
	// whatever the terminal can show.
	Symbols string

	background ink
	roles      [roleCount]face
}

// ink is a colour as theme files write it: "#rrggbb", a number from "0" to
// "255", or "" for the terminal's own.
type ink string

// face is everything a role says about its look.
type face struct {
	fg, bg                          ink
	bold, underline, reverse, faint bool
}

// Load returns a built-in theme.
func Load(name string) (Theme, error) {
	for _, known := range Names() {
		if name == known {
			data, err := files.ReadFile(name + ".toml")
			if err != nil {
				return Theme{}, fmt.Errorf("theme %s: %w", name, err)
			}
			return Parse(name+".toml", data)
		}
	}
	return Theme{}, fmt.Errorf("no theme is called %q. Use one of: %s", name, strings.Join(Names(), ", "))
}

// Choice is the "theme" line of the settings: one name, or one name for each
// kind of terminal background.
//
//	theme = "projector"
//	theme = { light = "light", dark = "high-contrast-dark" }
type Choice struct{ Name, Light, Dark string }

// Auto returns the theme's name for a terminal whose background is dark or
// light. Ask the terminal, start with the default, and call Auto when the
// answer comes; a choice of one name ignores the answer.
func (c Choice) Auto(isDark bool) string {
	switch {
	case c.Name != "":
		return c.Name
	case isDark && c.Dark != "":
		return c.Dark
	case !isDark && c.Light != "":
		return c.Light
	case c.Light != "" || c.Dark != "":
		// Half a pair: the other half is the built-in theme for that background.
		if isDark {
			return "dark"
		}
		return "light"
	}
	return Names()[0]
}

// UnmarshalTOML reads both spellings of the setting.
func (c *Choice) UnmarshalTOML(value any) error {
	const fix = `write theme = "dark" or theme = { light = "light", dark = "dark" }`
	switch v := value.(type) {
	case string:
		*c = Choice{Name: v}
		return nil
	case map[string]any:
		pair := Choice{}
		for key, name := range v {
			s, ok := name.(string)
			switch {
			case ok && key == "light":
				pair.Light = s
			case ok && key == "dark":
				pair.Dark = s
			default:
				return fmt.Errorf("theme: %q is not understood; %s", key, fix)
			}
		}
		*c = pair
		return nil
	}
	return fmt.Errorf("theme: a %T is not a theme name; %s", value, fix)
}
