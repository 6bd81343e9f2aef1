package token

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// asking is what the open text field is for.
type asking int

const (
	nothing asking = iota
	aKey
	aFile
	aChange
)

// String is the question.
func (a asking) String() string {
	return [...]string{"", "Key set, key, secret or file", "File with a token", "NAME=VALUE, -NAME, header:NAME=VALUE"}[a]
}

// read is the answer of the command that opened a file.
type read struct {
	for_       asking
	path, text string
	err        error
}

func (p Pane) ask(what asking, e pane.Env) (Pane, tea.Msg) {
	if what == aFile && e.Open == nil {
		return p, pane.Say{Text: "Files cannot be opened here. Paste the token.", Refused: true}
	}
	p.asking, p.field = what, pane.NewField("")
	return p, nil
}

// actField handles the few actions of an open text field.
func (p Pane) actField(a keys.Action, e pane.Env) (Pane, tea.Msg) {
	switch a {
	case keys.Back:
		p.asking = nothing
	case keys.Clear:
		p.field = pane.NewField("")
	case keys.Enter, keys.NextTab:
		return p.answer(e)
	}
	return p, nil
}

func (p Pane) answer(e pane.Env) (Pane, tea.Msg) {
	text, what := strings.TrimSpace(p.field.String()), p.asking
	p.asking, p.field = nothing, pane.NewField("")
	switch {
	case text == "":
		return p, nil
	case what == aChange:
		return p.change(text, e)
	case what == aKey && (e.Open == nil || isKey(text)):
		return p.key(text, "the field", e)
	}
	open := e.Open
	return p, pane.Do{Cmd: func() tea.Msg {
		found, err := open(text)
		return read{what, text, found, err}
	}}
}

// took goes on with what a file held. A key that is the name of no file is the
// secret itself.
func (p Pane) took(r read, e pane.Env) (Pane, tea.Msg) {
	switch {
	case r.err != nil && r.for_ == aKey && !strings.ContainsAny(r.path, `/\`):
		return p.key(r.path, "the field", e)
	case r.err != nil:
		return p, pane.Say{Text: wire.Safe(r.err.Error()), Bad: true}
	case r.for_ == aKey:
		return p.key(r.text, wire.Safe(r.path), e)
	}
	return p.bring(brought{text: wire.NewSecret(r.text), from: "the file " + wire.Safe(r.path)}, e), nil
}

// fieldLines draw the question and the text field under the picture.
func (p Pane) fieldLines(e pane.Env) []string {
	if p.asking == nothing {
		return nil
	}
	k := p.ink
	l := line{}
	l.put(k.border, k.sym.Rule).gap(1).put(k.title, cut(p.asking.String(), e.W-3))
	return []string{l.b.String(), " " + k.key.Put(k.sym.Cursor) + " " + p.field.View(max(e.W-4, 2), e.Styles)}
}
