package themes

import (
	"runtime"
	"strings"

	"charm.land/lipgloss/v2"
)

// Symbols is one set of signs. Every field has the same width in cells in both
// sets (but Ellipsis, EditedTag, EditedOpen, EditedClose and the two arrows), so a
// layout does not move when the set changes. No emoji, no private-use icons.
type Symbols struct {
	Name string // "unicode" or "ascii"

	// States, one cell each: draw them with the style of the same name.
	OK, Fail, Warn, Now, Later, Skipped, Unknown string
	// Running are the frames of the pending sign. The first one is the still
	// picture for reduced motion.
	Running [4]string
	// Edited marks a line; EditedTag says it where there is room; the other two
	// stand around a value that was changed by hand.
	Edited, EditedTag, EditedOpen, EditedClose string
	// Changed, OnlyA and OnlyB mark the lines of a comparison.
	Changed, OnlyA, OnlyB string
	Secret                string // a masked value, four cells

	// Lists and text.
	Cursor, Bullet, Dot, Ellipsis, Times, Dash string
	Open, Closed                               string // a branch of a tree
	TabOpen, TabClose                          string // around the active tab
	On, Off                                    string // connected or not
	Up, Down, Left, Right                      string
	News                                       string // something new in a pane without focus

	// Sequence diagrams. FrontLine and BackLine are drawn between two lanes,
	// ArrowLeft and ArrowRight end them, Lane is a lifeline, Inside is work
	// within one lane, Stopped is where a flow broke off.
	FrontArrow, BackArrow                string
	FrontLine, BackLine                  string
	ArrowLeft, ArrowRight                string
	Lane, LaneLater, Fork, Join          string
	Inside, Stopped                      string
	BarOpen, BarFull, BarEmpty, BarClose string
	Band, Rule                           string // the edit mode bar, a line between parts

	// Border frames a pane, Focused frames the one that has the keys, Light
	// frames a box inside a pane.
	Border, Focused, Light lipgloss.Border
}

// Unicode is the set for terminals that show UTF-8.
func Unicode() Symbols {
	return Symbols{
		Name: "unicode",
		OK:   "✓", Fail: "✗", Warn: "▲", Now: "▶", Later: "○", Skipped: "◌", Unknown: "?",
		Running: [4]string{"◐", "◓", "◑", "◒"},
		Edited:  "✎", EditedTag: "✎", EditedOpen: "‹", EditedClose: "›",
		Changed: "◆", OnlyA: "−", OnlyB: "+",
		Secret: "••••",

		Cursor: "▸", Bullet: "•", Dot: "·", Ellipsis: "…", Times: "×", Dash: "—",
		Open: "▾", Closed: "▸", TabOpen: "‹", TabClose: "›", On: "●", Off: "○",
		Up: "↑", Down: "↓", Left: "←", Right: "→", News: "•",

		FrontArrow: "┄▶", BackArrow: "─▶", FrontLine: "┄", BackLine: "─",
		ArrowLeft: "◀", ArrowRight: "▶", Lane: "│", LaneLater: "·", Fork: "├", Join: "┤",
		Inside: "●", Stopped: "╳",
		BarOpen: "▕", BarFull: "█", BarEmpty: "░", BarClose: "▏",
		Band: "═", Rule: "─",

		Border: lipgloss.RoundedBorder(), Focused: lipgloss.ThickBorder(), Light: lipgloss.NormalBorder(),
	}
}

// ASCII is the set for everything else. It holds bytes below 0x80 only.
func ASCII() Symbols {
	frame := lipgloss.ASCIIBorder()
	focused := lipgloss.Border{
		Top: "=", Bottom: "=", Left: "#", Right: "#",
		TopLeft: "#", TopRight: "#", BottomLeft: "#", BottomRight: "#",
		MiddleLeft: "#", MiddleRight: "#", Middle: "#", MiddleTop: "#", MiddleBottom: "#",
	}
	return Symbols{
		Name: "ascii",
		OK:   "+", Fail: "X", Warn: "!", Now: ">", Later: "o", Skipped: "-", Unknown: "?",
		Running: [4]string{"~", "~", "~", "~"},
		Edited:  "e", EditedTag: "edit", EditedOpen: "<<", EditedClose: ">>",
		Changed: "*", OnlyA: "-", OnlyB: "+",
		Secret: "****",

		Cursor: ">", Bullet: "*", Dot: ".", Ellipsis: "...", Times: "x", Dash: "-",
		Open: "v", Closed: ">", TabOpen: "<", TabClose: ">", On: "*", Off: "o",
		Up: "^", Down: "v", Left: "<", Right: ">", News: "*",

		FrontArrow: "..>", BackArrow: "-->", FrontLine: ".", BackLine: "-",
		ArrowLeft: "<", ArrowRight: ">", Lane: "|", LaneLater: ".", Fork: "|", Join: "|",
		Inside: "*", Stopped: "X",
		BarOpen: "[", BarFull: "#", BarEmpty: ".", BarClose: "]",
		Band: "=", Rule: "-",

		Border: frame, Focused: focused, Light: frame,
	}
}

// PickSymbols returns the set for a terminal. settings are asked in order, the
// user's before the theme's: the first "unicode" or "ascii" wins, "" and
// "auto" leave it to the environment.
func PickSymbols(environ []string, settings ...string) Symbols {
	for _, s := range settings {
		switch s {
		case "unicode":
			return Unicode()
		case "ascii":
			return ASCII()
		}
	}
	if UnicodeOK(environ) {
		return Unicode()
	}
	return ASCII()
}

// UnicodeOK tells whether the terminal shows UTF-8 with the widths we count on.
// environ is a list of NAME=value, as os.Environ and SSH sessions give it. It
// says no for a locale that is not UTF-8 (POSIX: the first that is set of
// LC_ALL, LC_CTYPE, LANG decides), for the Linux console, whose font lacks most
// signs, and for terminals that draw ambiguous signs two cells wide.
func UnicodeOK(environ []string) bool { return unicodeOK(environ, runtime.GOOS) }

func unicodeOK(environ []string, goos string) bool {
	env := variables(environ)
	if env["TERM"] == "linux" || env["RUNEWIDTH_EASTASIAN"] == "1" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(env[name]); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	// Windows terminals speak UTF-8 and set none of these.
	return goos == "windows"
}

// variables indexes an environment. The last of two equal names wins.
func variables(environ []string) map[string]string {
	m := make(map[string]string, len(environ))
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		m[name] = value
	}
	return m
}
