package token

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/ui/pane"
)

// maxLines bounds the JSON of a hostile token.
const maxLines = 5000

// document is the token as JSON, in lines that fit the pane.
type document struct {
	key    documentKey
	lines  []string
	titles map[int]bool // lines that are headings
	text   string       // unbroken, for the clipboard
}

type documentKey struct {
	text   string
	w      int
	reveal bool
}

// of returns the document of a token, d itself when it is already that.
func (d document) of(tok jose.Token, e pane.Env) document {
	key := documentKey{tok.Text, e.W, e.Snap.Reveal}
	if d.titles != nil && d.key == key {
		return d
	}
	d = document{key: key, titles: map[int]bool{}}
	for _, part := range [...]struct {
		title string
		value wire.Value
	}{{"HEADER", tok.Header}, {"PAYLOAD", tok.Claims}} {
		if part.value.Kind != wire.Object && part.value.Kind != wire.Array {
			continue
		}
		text := veiled(part.value, e.Snap.Reveal).Indent()
		d.text += text + "\n"
		d.titles[len(d.lines)] = true
		d.lines = append(d.lines, part.title)
		for _, l := range wire.Untrusted(text).Lines() {
			if len(d.lines) > maxLines {
				d.titles[len(d.lines)] = true
				d.lines = append(d.lines, "the rest is left out here")
				break
			}
			d.lines = append(d.lines, broken(l, e.W-3)...)
		}
	}
	return d
}

// broken cuts a line at the width, so that nothing of it is lost.
func broken(line string, w int) []string {
	if width(line) <= w || w < 1 {
		return []string{line}
	}
	return strings.Split(ansi.Hardwrap(line, w, true), "\n")
}

func (p Pane) jsonHeight(e pane.Env) int { return max(e.H-len(p.head(e)), 1) }

func (p Pane) jsonLines(e pane.Env, h int) []string {
	if h < 1 {
		return nil
	}
	if len(p.json.lines) == 0 {
		return []string{"", " " + p.ink.muted.Put("This token holds no JSON that can be read here.")}
	}
	top := max(0, min(p.scroll, len(p.json.lines)-h))
	out := make([]string, 0, h)
	for i := top; i < len(p.json.lines) && len(out) < h; i++ {
		line := p.json.lines[i]
		if p.json.titles[i] {
			line = p.ink.muted.Put(line)
		}
		out = append(out, " "+line)
	}
	if below := len(p.json.lines) - top - len(out); below > 0 {
		out[len(out)-1] = p.more(below+1, e.W)
	}
	return out
}
