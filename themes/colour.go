package themes

import (
	"slices"
	"strings"

	"github.com/charmbracelet/colorprofile"
)

// Colour decides how many colours to use. flag is the value of --color: ""
// or "auto" to decide by the rest, "never", "always", or a depth: "16", "256",
// "truecolor". environ is a list of NAME=value; tty tells whether the output is
// a terminal. The first that speaks wins:
//
//	--color
//	NO_COLOR               any value but ""         (no-color.org)
//	FORCE_COLOR            0 or false: none; 1, 2, 3: at least 16, 256, all;
//	                       any other value: what the terminal can
//	CLICOLOR_FORCE         any value but "" and 0
//	CLICOLOR=0
//	TERM=dumb
//	is it a terminal
//
// The answer ASCII means "no colour, but bold and reverse" (build the styles
// with noColor for anything below ANSI); NoTTY means no
// escape sequence at all. No program is run and no file is read to find out,
// which is why Bubble Tea's own detection is not used.
func Colour(flag string, environ []string, tty bool) colorprofile.Profile {
	env := variables(environ)
	off := colorprofile.NoTTY
	if tty && env["TERM"] != "dumb" {
		off = colorprofile.ASCII
	}
	best := depth(environ)
	switch flag {
	case "never":
		return off
	case "always":
		return max(best, colorprofile.ANSI)
	case "16":
		return colorprofile.ANSI
	case "256":
		return colorprofile.ANSI256
	case "truecolor":
		return colorprofile.TrueColor
	}
	switch force := env["FORCE_COLOR"]; {
	case env["NO_COLOR"] != "":
		return off
	case force == "0" || force == "false":
		return off
	case force == "2":
		return max(best, colorprofile.ANSI256)
	case force == "3":
		return colorprofile.TrueColor
	case force != "", env["CLICOLOR_FORCE"] != "" && env["CLICOLOR_FORCE"] != "0":
		return max(best, colorprofile.ANSI)
	case env["CLICOLOR"] == "0":
		return off
	case env["TERM"] == "dumb", !tty:
		return off
	}
	return best
}

// depth is what the terminal can show, as its variables tell. The variables
// that Colour ranks itself are kept from the library, which ranks and reads
// them differently (it takes NO_COLOR=yes for no).
func depth(environ []string) colorprofile.Profile {
	return colorprofile.Env(slices.DeleteFunc(slices.Clone(environ), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		switch name {
		case "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TTY_FORCE":
			return true
		}
		return false
	}))
}
