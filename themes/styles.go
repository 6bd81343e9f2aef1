package themes

import (
	"image/color"

	"charm.land/glamour/v2/ansi"
	"charm.land/lipgloss/v2"
)

// Styles is what panes draw with: one ready style per role, the signs that go
// with them and the look of an article. It is built once per theme, passed by
// pointer and never changed; a style is a value, so deriving from one is safe.
type Styles struct {
	Name string
	Dark bool
	Sym  Symbols

	// Page and Ink are the colours of the whole screen, for the Bubble Tea
	// view's BackgroundColor and ForegroundColor; nil leaves the terminal's own.
	Page, Ink color.Color

	Text, Muted, Hint, Secret    lipgloss.Style
	Title, TitleFocused          lipgloss.Style
	Border, BorderFocused        lipgloss.Style
	Key, Code, Link              lipgloss.Style
	Match, Selected              lipgloss.Style
	OK, Fail, Warn               lipgloss.Style
	Now, Running, Later, Skipped lipgloss.Style
	Edited, Band                 lipgloss.Style
	Changed, OnlyA, OnlyB        lipgloss.Style
	Front, Back                  lipgloss.Style
	Lab, Test, Live              lipgloss.Style

	// Markdown is the glamour style of an article, for glamour.WithStyles.
	Markdown ansi.StyleConfig
}

// Styles builds the styles of a theme. With noColor they keep bold, underline
// and reverse and lose every colour; a role that stood out by its background
// alone is reversed instead, so that it still stands out.
func (t Theme) Styles(symbols Symbols, noColor bool) *Styles {
	if noColor {
		t = t.bleached()
	}
	of := func(r role) lipgloss.Style { return t.roles[r].style() }
	return &Styles{
		Name: t.Name, Dark: t.Dark, Sym: symbols,
		Page: t.background.colour(), Ink: t.pageInk(),

		Text: of(text), Muted: of(muted), Hint: of(hint), Secret: of(secret),
		Title: of(title), TitleFocused: of(titleFocused),
		Border: of(border), BorderFocused: of(borderFocused),
		Key: of(key), Code: of(code), Link: of(link),
		Match: of(match), Selected: of(selected),
		OK: of(ok), Fail: of(fail), Warn: of(warn),
		Now: of(now), Running: of(running), Later: of(later), Skipped: of(skipped),
		Edited: of(edited), Band: of(band),
		Changed: of(changed), OnlyA: of(onlyA), OnlyB: of(onlyB),
		Front: of(front), Back: of(back),
		Lab: of(lab), Test: of(test), Live: of(live),

		Markdown: t.Markdown(symbols, false),
	}
}

// Status returns the sign and the style of a step's or a check's state. It
// knows the words that logs and --json use: ready running ok failed edited
// stale skipped (steps), pass warn fail na unknown (checks). Any other word is
// shown as unknown rather than as a success.
func (s *Styles) Status(word string) (sign string, style lipgloss.Style) {
	switch word {
	case "ok", "pass":
		return s.Sym.OK, s.OK
	case "failed", "fail":
		return s.Sym.Fail, s.Fail
	case "warn":
		return s.Sym.Warn, s.Warn
	case "running":
		return s.Sym.Running[0], s.Running
	case "edited":
		return s.Sym.Edited, s.Edited
	case "ready", "stale":
		return s.Sym.Later, s.Later
	case "skipped", "na":
		return s.Sym.Skipped, s.Skipped
	}
	return s.Sym.Unknown, s.Warn
}

// Class returns the style of an environment class: LAB, TEST or LIVE. An
// unknown class looks like LIVE, the one that asks for the most care.
func (s *Styles) Class(class string) lipgloss.Style {
	switch class {
	case "LAB":
		return s.Lab
	case "TEST":
		return s.Test
	}
	return s.Live
}

// bleached returns the theme without any colour.
func (t Theme) bleached() Theme {
	t.background = ""
	for r, f := range t.roles {
		t.roles[r] = face{bold: f.bold, underline: f.underline, faint: f.faint, reverse: f.reverse || f.bg != ""}
	}
	return t
}

// pageInk is the text colour when the page has a colour too: one without the
// other may be unreadable on somebody's terminal.
func (t Theme) pageInk() color.Color {
	if t.background == "" {
		return nil
	}
	return t.roles[text].fg.colour()
}

func (c ink) colour() color.Color {
	if c == "" {
		return nil
	}
	return lipgloss.Color(string(c))
}

func (f face) style() lipgloss.Style {
	s := lipgloss.NewStyle()
	if f.fg != "" {
		s = s.Foreground(f.fg.colour())
	}
	if f.bg != "" {
		s = s.Background(f.bg.colour())
	}
	if f.bold {
		s = s.Bold(true)
	}
	if f.underline {
		s = s.Underline(true)
	}
	if f.reverse {
		s = s.Reverse(true)
	}
	if f.faint {
		s = s.Faint(true)
	}
	return s
}
