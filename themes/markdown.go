package themes

import (
	"charm.land/glamour/v2/ansi"
)

// Markdown derives the look of an article from the roles: titles for headings,
// links, code, muted for quotes. Give it to glamour.WithStyles.
//
// It names no chroma style on purpose. glamour registers a style made here once
// per process under one name, so a second theme would get the colours of the
// first; the ready ones know nothing of our palette and are black on black
// somewhere; and highlighting is the slow part. Code gets the role "code".
func (t Theme) Markdown(symbols Symbols, noColor bool) ansi.StyleConfig {
	if noColor {
		t = t.bleached()
	}
	of := func(r role) ansi.StylePrimitive { return t.roles[r].primitive() }
	block := func(r role) ansi.StyleBlock { return ansi.StyleBlock{StylePrimitive: of(r)} }

	h1, h2, h3 := block(titleFocused), block(title), block(title)
	h1.Bold, h1.Underline = ptr(true), ptr(true)
	h2.Bold = ptr(true)
	h3.Underline = ptr(true)

	quote := block(muted)
	quote.Indent, quote.IndentToken = ptr(uint(1)), ptr(symbols.Lane+" ")

	inline := block(code)
	if t.roles[code] == t.roles[text] || noColor {
		inline.Prefix, inline.Suffix = "`", "`"
	}

	listing := ansi.StyleCodeBlock{StyleBlock: block(code)}
	listing.Margin = ptr(uint(2))
	// Without a chroma style glamour treats a listing like prose and takes the
	// backslashes out of it; doubled ones survive.
	listing.Format = `{{ Replace .text "\\" "\\\\" -1 }}`

	link := of(link)
	linkText := link
	linkText.Underline = ptr(true)

	table := ansi.StyleTable{
		ColumnSeparator: ptr(symbols.Light.Left),
		RowSeparator:    ptr(symbols.Light.Top),
		CenterSeparator: ptr(symbols.Light.Middle),
	}

	return ansi.StyleConfig{
		Document:   block(text),
		BlockQuote: quote,
		List:       ansi.StyleList{LevelIndent: 2},

		Heading: ansi.StyleBlock{StylePrimitive: ansi.StylePrimitive{BlockSuffix: "\n"}},
		H1:      h1, H2: h2, H3: h3, H4: h3, H5: h3, H6: h3,

		Strikethrough:  ansi.StylePrimitive{CrossedOut: ptr(true)},
		Emph:           ansi.StylePrimitive{Italic: ptr(true)},
		Strong:         ansi.StylePrimitive{Bold: ptr(true)},
		HorizontalRule: with(of(border), "\n"+rule(symbols)+"\n"),

		Item:        ansi.StylePrimitive{BlockPrefix: symbols.Bullet + " "},
		Enumeration: ansi.StylePrimitive{BlockPrefix: ". "},
		Task:        ansi.StyleTask{Ticked: "[x] ", Unticked: "[ ] "},

		Link: link, LinkText: linkText,
		Image:     link,
		ImageText: ansi.StylePrimitive{Format: "Picture: {{.text}} " + symbols.Right},

		Code: inline, CodeBlock: listing, Table: table,

		DefinitionTerm:        ansi.StylePrimitive{Bold: ptr(true)},
		DefinitionDescription: ansi.StylePrimitive{BlockPrefix: "\n  "},
	}
}

func (f face) primitive() ansi.StylePrimitive {
	p := ansi.StylePrimitive{}
	if f.fg != "" {
		p.Color = ptr(string(f.fg))
	}
	if f.bg != "" {
		p.BackgroundColor = ptr(string(f.bg))
	}
	if f.bold {
		p.Bold = ptr(true)
	}
	if f.underline {
		p.Underline = ptr(true)
	}
	if f.reverse {
		p.Inverse = ptr(true)
	}
	if f.faint {
		p.Faint = ptr(true)
	}
	return p
}

func with(p ansi.StylePrimitive, format string) ansi.StylePrimitive {
	p.Format = format
	return p
}

func rule(s Symbols) string {
	line := ""
	for range 8 {
		line += s.Rule
	}
	return line
}

func ptr[T any](v T) *T { return &v }
