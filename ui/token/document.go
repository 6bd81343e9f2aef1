package token

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/ui/pane"
)

// face is a way of looking at a token.
type face int

const (
	table face = iota
	asJSON
	asRaw
	compared // with another token
	attacks  // what can be made of it
	history  // the tokens of the session
)

// isText: lines that scroll, without a mark.
func (f face) isText() bool { return f == asJSON || f == asRaw || f == compared }

// lists: rows of its own, in the place of claims and checks.
func (f face) lists() bool { return f == attacks || f == history }

// what names a text in "Copied …".
func (f face) what() string {
	return map[face]string{asJSON: "the header and the payload as JSON", compared: "the comparison"}[f]
}

func (p Pane) show(f face) Pane {
	if f != p.face {
		p.scroll = 0
		if f.lists() || p.face.lists() {
			p.marks[p.tab] = ""
		}
	}
	p.face = f
	return p
}

// maxLines bounds the text of a hostile token.
const maxLines = 5000

// document is a face that is a text, in lines that fit the pane.
type document struct {
	key    documentKey
	lines  []string
	titles map[int]bool // lines that are headings
	text   string       // unbroken, for the clipboard
}

type documentKey struct {
	face        face
	text, first string
	stamp, w    int
	reveal      bool
}

// of returns the document of the face in view, d itself when it is already that.
func (d document) of(p Pane, e pane.Env) document {
	key := documentKey{p.face, p.sheet.tok.Text, p.first.text.Reveal(), p.mine.stamp, e.W, e.Snap.Reveal}
	if d.titles != nil && d.key == key {
		return d
	}
	d = document{key: key, titles: map[int]bool{}}
	switch p.face {
	case asRaw:
		d.raw(p.sheet.tok, e)
	case compared:
		d.versus(p.first, p.sheet.tok, p.tab.String(), e)
	default:
		d.layers(p.sheet.tok, "", e, 0)
	}
	return d
}

func (d *document) title(text string) {
	d.titles[len(d.lines)] = true
	d.lines = append(d.lines, text)
	d.text += text + "\n"
}

// add puts a text that may be long and foreign into the document.
func (d *document) add(text, lead string, e pane.Env) {
	d.text += text + "\n"
	for _, l := range wire.Untrusted(text).Lines() {
		if len(d.lines) > maxLines {
			d.titles[len(d.lines)] = true
			d.lines = append(d.lines, "the rest is left out here")
			return
		}
		for _, piece := range broken(l, e.W-3-len(lead)) {
			d.lines = append(d.lines, lead+piece)
		}
	}
}

// layers are header and payload as JSON, then those of the token inside.
func (d *document) layers(tok jose.Token, where string, e pane.Env, depth int) {
	parts := [...]struct {
		title string
		value wire.Value
	}{{"HEADER", tok.Header}, {"HEADER, NOT PROTECTED", tok.Unprotected}, {"PAYLOAD", tok.Claims}}
	for i, part := range parts {
		if part.value.Kind != wire.Object && part.value.Kind != wire.Array || i == 2 && tok.Inner != nil {
			continue
		}
		d.titles[len(d.lines)] = true
		d.lines = append(d.lines, where+part.title)
		d.add(veiled(part.value, e.Snap.Reveal).Indent(), "", e)
	}
	if tok.Inner != nil && depth < maxDepth {
		d.layers(*tok.Inner, where+"INNER ", e, depth+1)
	}
}

// raw are the parts as they stand in the token.
func (d *document) raw(tok jose.Token, e pane.Env) {
	if len(tok.Segments) == 0 {
		text := tok.Text
		if !e.Snap.Reveal {
			text = wire.Mask(text)
		}
		d.title("THE TOKEN")
		d.add(text, "", e)
		return
	}
	for _, s := range tok.Segments {
		d.title(fmt.Sprintf("%s, from character %d, %s", strings.ToUpper(wire.Safe(s.Name)), s.Offset+1, counts(len(s.Raw), "character")))
		text := s.Raw
		if !e.Snap.Reveal && s.Name != inHeader && s.Name != inPayload && text != "" {
			text = wire.Mask(text)
		}
		d.add(text, "", e)
	}
}

// broken cuts a line at the width, so that nothing of it is lost.
func broken(line string, w int) []string {
	if width(line) <= w || w < 1 {
		return []string{line}
	}
	return strings.Split(ansi.Hardwrap(line, w, true), "\n")
}

func (p Pane) textHeight(e pane.Env) int { return max(e.H-len(p.head(e)), 1) }

func (p Pane) textLines(e pane.Env, h int) []string {
	if h < 1 {
		return nil
	}
	if len(p.text.lines) == 0 {
		return []string{"", " " + p.ink.muted.Put("This token holds no JSON that can be read here.")}
	}
	top := max(0, min(p.scroll, len(p.text.lines)-h))
	out := make([]string, 0, h)
	for i := top; i < len(p.text.lines) && len(out) < h; i++ {
		line := p.text.lines[i]
		if p.text.titles[i] {
			line = p.ink.muted.Put(cut(line, e.W-1))
		}
		out = append(out, " "+line)
	}
	if below := len(p.text.lines) - top - len(out); below > 0 {
		out[len(out)-1] = p.more(below+1, e.W)
	}
	return out
}
