package themes

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"charm.land/glamour/v2"
	"charm.land/lipgloss/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

func renderer(t testing.TB, s *Styles, width int) *glamour.TermRenderer {
	t.Helper()
	r, err := glamour.NewTermRenderer(glamour.WithStyles(s.Markdown), glamour.WithWordWrap(width))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func render(t testing.TB, s *Styles, width int) string {
	t.Helper()
	out, err := renderer(t, s, width).Render(article(t))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func everyLook(t *testing.T) (looks []*Styles) {
	for _, name := range Names() {
		for _, sym := range []Symbols{Unicode(), ASCII()} {
			for _, noColor := range []bool{false, true} {
				looks = append(looks, load(t, name).Styles(sym, noColor))
			}
		}
	}
	return looks
}

func TestAnArticleLosesNoWord(t *testing.T) {
	words := regexp.MustCompile(`[A-Za-z0-9_']+|\\.`).FindAllString(article(t), -1)
	for _, s := range everyLook(t) {
		for _, width := range []int{48, 100} {
			// Narrow screens break long addresses; the words are still there.
			text := strings.Join(strings.Fields(ansi.Strip(render(t, s, width))), "")
			for _, w := range words {
				if w == "\\\n" {
					w = "\\"
				}
				if w == "sh" || w == "x" { // the language of a listing, the tick of a task
					continue
				}
				if !strings.Contains(text, w) {
					t.Errorf("%s %s, %d columns: %q is lost", s.Name, s.Sym.Name, width, w)
				}
			}
		}
	}
}

func TestListingsKeepEveryBackslash(t *testing.T) {
	got := ansi.Strip(render(t, load(t, "light").Styles(Unicode(), false), 100))
	for _, line := range []string{
		`printf '%s' "$VERIFIER" | sed 's/\.$//' | tr -d '\\n'`,
		`curl -d grant_type=authorization_code \`,
		`  -d code_verifier=$VERIFIER \_ https://as.example.test/token`,
		`indented listing with a \- backslash`,
	} {
		if !strings.Contains(got, line) {
			t.Errorf("%s\nis not in\n%s", line, got)
		}
	}
}

func TestAnArticleStaysWithinItsWidth(t *testing.T) {
	for _, s := range everyLook(t) {
		for _, width := range []int{64, 90} {
			for line := range strings.Lines(ansi.Strip(render(t, s, width))) {
				if w := lipgloss.Width(strings.TrimRight(line, " \n")); w > width {
					t.Errorf("%s: %d columns in %d: %q", s.Name, w, width, line)
				}
			}
		}
	}
}

func TestAnArticleInASCIIIsASCII(t *testing.T) {
	// The § of the source is the article's own.
	for _, r := range strings.ReplaceAll(ansi.Strip(render(t, load(t, "mono").Styles(ASCII(), true), 80)), "§", "") {
		if r > 0x7f {
			t.Fatalf("%q came from the style", r)
		}
	}
}

// Draws every article as cells and looks at each one, so that a black on black
// listing is found whatever way it came about.
func TestEveryCellOfAnArticleIsReadable(t *testing.T) {
	for _, s := range everyLook(t) {
		out := render(t, s, 80)
		screen := uv.NewScreenBuffer(80, strings.Count(out, "\n")+1)
		uv.NewStyledString(out).Draw(screen, screen.Bounds())
		drawn := 0
		for y := range screen.Height() {
			for x := range screen.Width() {
				c := screen.CellAt(x, y)
				if c == nil || strings.TrimSpace(c.Content) == "" {
					continue
				}
				drawn++
				fg, bg := c.Style.Fg, c.Style.Bg
				if s.Page == nil {
					// Without a page of our own only the terminal knows its
					// background: setting one of the two would be a guess.
					if bg != nil {
						t.Fatalf("%s: %q has a background", s.Name, c.Content)
					}
					continue
				}
				if fg == nil {
					fg = s.Ink
				}
				if bg == nil {
					bg = s.Page
				}
				if got := contrast(fg, bg); got < 3 || (got < 4.5 && strings.ContainsFunc(c.Content, unicode.IsLetter)) {
					t.Fatalf("%s: %q has contrast %.1f", s.Name, c.Content, got)
				}
			}
		}
		if drawn < 500 {
			t.Fatalf("%s: only %d cells were drawn", s.Name, drawn)
		}
	}
}

// One process shows two themes at once (a class over SSH); an article must get
// the colours of the theme it was asked for.
func TestTwoThemesInOneProcessKeepTheirOwnColours(t *testing.T) {
	dark, light := load(t, "dark").Styles(Unicode(), false), load(t, "light").Styles(Unicode(), false)
	first := render(t, dark, 80)
	other := render(t, light, 80)
	if first == other {
		t.Fatal("both themes draw the same article")
	}
	if again := render(t, dark, 80); again != first {
		t.Fatal("a second theme changed the first one's article")
	}
}

func BenchmarkArticle(b *testing.B) {
	r := renderer(b, load(b, "dark").Styles(Unicode(), false), 80)
	src := article(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Render(src); err != nil {
			b.Fatal(err)
		}
	}
}
