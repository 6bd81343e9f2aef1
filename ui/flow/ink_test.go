package flow

import (
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// The shortcut must never disagree with the library that the frame is measured by.
func TestWidthIsAnsiWidth(t *testing.T) {
	for r := rune(0); r < 0x20000; r++ {
		if s := string(r); width(s) != ansi.StringWidth(s) {
			t.Errorf("%U: %d, ansi says %d", r, width(s), ansi.StringWidth(s))
		}
	}
}

func FuzzWidth(f *testing.F) {
	for _, s := range []string{"", "abc", "\x1b[1;31m✓\x1b[m ok", "├┄┄▶│", "1\ufe0f\u20e3", "✓\u0301", "→\ufe0f", "\x1b]8;;x\x07y", "\x1b[", "\u202e<ff>", "日本", "\x9b1m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if width(s) != ansi.StringWidth(s) {
			t.Errorf("%q: %d, ansi says %d", s, width(s), ansi.StringWidth(s))
		}
	})
}
