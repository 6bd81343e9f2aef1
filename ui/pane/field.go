package pane

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"authdance/flows/wire"
	"authdance/themes"
)

// Field is a line editor. It keeps the text exactly as it was typed or pasted,
// also what cannot be shown, because exactly this will be sent.
type Field struct {
	text []rune
	at   int // cursor, in characters
}

// longest bounds what a person can paste into a request.
const longest = 64 << 10

// NewField begins with a text, the cursor at its end.
func NewField(text string) Field {
	if len(text) > longest {
		text = text[:longest]
	}
	r := []rune(text)
	return Field{r, len(r)}
}

// String is the text as it stands.
func (f Field) String() string { return string(f.text) }

// Key edits; keys that mean nothing here change nothing.
func (f Field) Key(k tea.KeyPressMsg) Field {
	switch k.String() {
	case "left", "ctrl+b":
		f.at = max(f.at-1, 0)
	case "right", "ctrl+f":
		f.at = min(f.at+1, len(f.text))
	case "home", "ctrl+a":
		f.at = 0
	case "end", "ctrl+e":
		f.at = len(f.text)
	case "backspace", "ctrl+h":
		if f.at > 0 {
			return f.without(f.at-1, f.at)
		}
	case "delete", "ctrl+d":
		return f.without(f.at, min(f.at+1, len(f.text)))
	case "ctrl+w":
		head := strings.TrimRight(string(f.text[:f.at]), " ")
		return f.without(utf8.RuneCountInString(head[:strings.LastIndex(head, " ")+1]), f.at)
	case "ctrl+k":
		return f.without(f.at, len(f.text))
	default:
		return f.insert(k.Text)
	}
	return f
}

// Paste takes text from the clipboard without the line ends around it, which
// nearly always come from copying.
func (f Field) Paste(text string) Field { return f.insert(strings.Trim(text, "\r\n")) }

func (f Field) insert(text string) Field {
	if text == "" || len(text) > longest || len(f.text)+len(text) > longest {
		return f
	}
	more := []rune(text)
	out := make([]rune, 0, len(f.text)+len(more))
	out = append(append(append(out, f.text[:f.at]...), more...), f.text[f.at:]...)
	return Field{out, f.at + len(more)}
}

func (f Field) without(from, to int) Field {
	out := make([]rune, 0, len(f.text))
	out = append(append(out, f.text[:from]...), f.text[to:]...)
	return Field{out, from}
}

// View draws the text in w cells with the cursor in sight.
func (f Field) View(w int, st *themes.Styles) string {
	if w < 2 {
		return ""
	}
	// Far more than fits on either side of the cursor is not worth making safe.
	from, to := max(0, f.at-4*w), min(len(f.text), f.at+4*w)
	before, after := wire.Safe(string(f.text[from:f.at])), wire.Safe(string(f.text[f.at:to]))
	if after == "" {
		after = " "
	}
	under := ansi.Truncate(after, 1, "")
	if under == "" { // two cells wide
		under = ansi.Truncate(after, 2, "")
	}
	room := w - ansi.StringWidth(under)
	if n := ansi.StringWidth(before); n > room {
		before = ansi.TruncateLeft(before, n-room, "")
	}
	rest := ansi.Truncate(ansi.TruncateLeft(after, ansi.StringWidth(under), ""), max(0, room-ansi.StringWidth(before)), "")
	return before + st.Text.Reverse(true).Render(under) + rest
}
