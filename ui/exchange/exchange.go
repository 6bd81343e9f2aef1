// Package exchange is the pane that shows the message of one step: what every
// parameter means, what goes out, what comes back, and the exact text of both.
// In edit mode it changes a request before it is sent.
//
// Its rules: what goes out is shown before it goes out; nothing from the wire
// is drawn but through Safe and the veil; edits live in the run's log, never here.
package exchange

import (
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/record"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// tab is one way to look at a message.
type tab int

const (
	explainTab tab = iota
	requestTab
	responseTab
	rawTab
	serverTab
	tabs
)

func (t tab) String() string {
	return [...]string{"Explain", "Request", "Response", "Raw", "Server"}[t]
}

// Pane is the Exchange pane. It is a value with view state only.
type Pane struct {
	pane.Plain
	tab     tab
	forced  bool // the tab was turned by a failure, not by the person
	wide    bool // the explanation has the room, with every column
	place   place
	chosen  int // message of the step, -1: the one that matters most
	cursors [tabs]cursor
	page    page
	edit    edit
	allowed int // run whose LIVE profile the person named
	warned  int // run for which the TEST warning was said
}

// cursor is the marked line, -1 for none, and the first one in view.
type cursor struct{ row, top int }

// place is the step in view; another place has another cursor.
type place struct {
	run, step int
	began     time.Time
	failed    bool
}

// New is an Exchange pane without a run.
func New() Pane { return Pane{chosen: -1}.fresh() }

// fresh puts every cursor where a new step begins: on no parameter, so that
// the step's own explanation has the room.
func (p Pane) fresh() Pane {
	p.cursors = [tabs]cursor{explainTab: {row: -1}}
	return p
}

// Scope is the edit mode's while it is on.
func (p Pane) Scope() keys.Scope {
	if p.edit.on() {
		return keys.Edit
	}
	return keys.Exchange
}

// Editing reports edit mode: the root gives it the whole screen.
func (p Pane) Editing() bool { return p.edit.on() }

// Wide: edit mode and the table of all parameters want the whole body.
func (p Pane) Wide(pane.Env) bool { return p.edit.on() || p.wide }

// Busy: esc closes the table of all parameters.
func (p Pane) Busy(pane.Env) bool { return p.wide }

// Typing reports an open text field.
func (p Pane) Typing(pane.Env) bool { return p.edit.asking != nothing }

// Primary is what enter does in edit mode; else enter is the flow's next step.
func (p Pane) Primary(e pane.Env) string {
	if !p.edit.on() {
		return ""
	}
	return p.primary(e)
}

// Title names the step, and says how far its message got.
func (p Pane) Title(e pane.Env) (left, right string) {
	left = "Exchange"
	i := e.Snap.Selected
	if p.edit.on() {
		i = e.Snap.State.Grant.Index(p.edit.step)
	}
	k, ok := see(e, i, p.chosen)
	if !ok {
		return left, ""
	}
	left += " " + e.Styles.Sym.Dot + " " + stepName(i) + " " + k.step.Title
	if p.edit.on() {
		return left, count(len(changed(k.s.Edits[k.step.ID])), "edit")
	}
	return left, k.standing(e)
}

// standing is how far the step's message got, in two or three words.
func (k look) standing(e pane.Env) string {
	dot := " " + e.Styles.Sym.Dot + " "
	word := ""
	m, has := k.message()
	switch {
	case k.result.Skipped != "":
		word = "skipped"
	case k.later && (!has || m.kind == planned):
		word = k.did() + " later"
	case k.silent() && !k.result.Ran():
		word = "not run yet"
	case k.silent() && k.status == flows.StepRunning:
		word = "running"
	case k.silent():
		word = "done" + dot + took(k.result.Took())
	case !has:
		word = "not yet"
	case m.kind == planned && k.step.In != nil:
		word = "not read yet"
	case m.kind == planned:
		word = "not sent yet"
	case m.kind == answered:
		word = strconv.Itoa(m.x.Response.Status) + dot + took(m.x.Timing.Total)
	case m.kind == broken:
		word = "no answer"
	case m.kind == arrived:
		word = "received"
	case k.status == flows.StepRunning:
		word = "waiting"
	default:
		word = "sent"
	}
	if k.status == flows.StepStale {
		word = "old" + dot + word
	}
	if len(k.s.Edits[k.step.ID]) > 0 || len(k.result.Edits) > 0 && has && m.kind != planned {
		word = e.Styles.Sym.EditedTag + " " + word
	}
	return word
}

// Sync follows the step in view and lays out what the tab shows.
func (p Pane) Sync(e pane.Env) (pane.Pane, tea.Cmd) {
	s := e.Snap.State
	if p.edit.on() && (e.Snap.Run != p.edit.run || s.Status == flows.Running || s.Grant.Index(p.edit.step) < 0) {
		p.edit = edit{}
	}
	now := place{run: e.Snap.Run, step: e.Snap.Selected}
	if now.run > 0 && now.step < len(s.Results) {
		now.began = s.Results[now.step].Began
		now.failed = s.Results[now.step].Problem != nil
	}
	if now != p.place {
		p = p.moved(now)
	}
	return p.laidOut(e), nil
}

// moved starts over at another step or another attempt. A failure turns to the
// answer, because that is where the reason is; the next step turns back.
func (p Pane) moved(to place) Pane {
	same := to.run == p.place.run && to.step == p.place.step && to.began.Equal(p.place.began)
	p.place, p.chosen = to, -1
	if !same {
		p = p.fresh()
	}
	switch {
	case to.failed && p.tab == explainTab:
		p.tab, p.forced = responseTab, true
	case !to.failed && p.forced:
		p.tab, p.forced = explainTab, false
	}
	return p
}

// Act handles an action; in edit mode the table has other rows.
func (p Pane) Act(a keys.Action, e pane.Env) (pane.Pane, tea.Msg) {
	if p.edit.on() {
		return p.actEdit(a, e)
	}
	k, ok := see(e, e.Snap.Selected, p.chosen)
	if !ok {
		if a == keys.EditReq || a == keys.Copy || a == keys.CopyAll {
			return p, pane.Say{Text: "There is no run yet, so there is no message. " + e.Keys.Key(keys.RunAll) + " starts one."}
		}
		return p, nil
	}
	switch a {
	case keys.Left:
		p.tab, p.forced = max(p.tab-1, 0), false
	case keys.Right:
		p.tab, p.forced = min(p.tab+1, tabs-1), false
	case keys.NextMsg:
		p = p.choose(min(k.at+1, len(k.msgs)-1))
	case keys.PrevMsg:
		p = p.choose(max(k.at-1, 0))
	case keys.Explain:
		p.tab, p.forced, p.wide = explainTab, false, p.tab != explainTab || !p.wide
	case keys.Server:
		p.tab, p.forced = serverTab, false
	case keys.Back:
		p.wide = false
	case keys.EditReq:
		return p.enter(k, e)
	case keys.Copy:
		return p, p.copyMarked(k, e)
	case keys.CopyAll:
		return p, copyCurl(k)
	case keys.Lookup:
		return p, p.lookup(k, e)
	default:
		p = p.laidOut(e).walk(a, p.lines(k, e), e)
	}
	return p.laidOut(e), nil
}

func (p Pane) choose(i int) Pane {
	if i != p.chosen {
		p = p.fresh()
	}
	p.chosen = i
	return p
}

// walk moves the marked line of the tab in view among n lines.
func (p Pane) walk(a keys.Action, n int, e pane.Env) Pane {
	c := &p.cursors[p.tab]
	first := 0
	if p.tab == explainTab {
		first = -1
	}
	h := max(e.H-3, 1)
	switch a {
	case keys.Up:
		c.row--
	case keys.Down:
		c.row++
	case keys.PgUp:
		c.row -= h
	case keys.PgDown:
		c.row += h
	case keys.Top:
		c.row = first
	case keys.Bottom:
		c.row = n - 1
	default:
		return p
	}
	c.row = max(first, min(c.row, n-1))
	return p
}

// Update gets keys and pastes while a text field is open.
func (p Pane) Update(msg tea.Msg, e pane.Env) (pane.Pane, tea.Cmd) {
	if p.edit.asking == nothing {
		return p, nil
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		p.edit.field = p.edit.field.Key(msg)
	case tea.PasteMsg:
		p.edit.field = p.edit.field.Paste(msg.Content)
	}
	return p, nil
}

// lookup opens the catalog page of the marked parameter, else of the step.
func (p Pane) lookup(k look, e pane.Env) tea.Msg {
	if e.Catalog == nil {
		return nil
	}
	if item, ok := p.marked(k); ok && item.name != "" {
		if entry, known := e.Catalog.Parameter(item.name); known {
			return pane.OpenPage{ID: "parameter/" + entry.Name}
		}
	}
	for _, id := range k.step.Pages {
		if _, known := e.Catalog.Page(id); known {
			return pane.OpenPage{ID: id}
		}
	}
	return pane.Say{Text: "The catalog has no page about this line."}
}

// copyMarked takes the marked line, the whole value and not what is shown of it.
func (p Pane) copyMarked(k look, e pane.Env) tea.Msg {
	item, ok := p.marked(k)
	if !ok {
		m, has := k.message()
		if !has {
			return pane.Say{Text: "This step has no message to copy."}
		}
		text, hidden := k.veil.text(wire.Untrusted(m.req.Target()))
		return pane.Copy{Text: text.Raw(), What: "the address", Hidden: hidden}
	}
	switch {
	case item.why != "":
		return pane.Say{Text: "Nothing was copied. " + item.why}
	case item.raw == "":
		return pane.Say{Text: "Nothing was copied: this line has no value."}
	}
	what := item.what
	if wire.Safe(item.raw) != item.raw && !strings.Contains(item.raw, "\n") {
		what += " (it holds characters that the screen shows as escapes)"
	}
	return pane.Copy{Text: item.raw, What: what, Hidden: item.hidden}
}

func copyCurl(k look) tea.Msg {
	m, ok := k.message()
	if !ok {
		return pane.Say{Text: "This step has no message, so there is nothing to send with curl."}
	}
	text, hidden := record.Curl(forCurl(m.req))
	return pane.Copy{Text: text, What: "the request as curl", Hidden: hidden}
}

// forCurl leaves out the headers of a request that went out which curl makes by
// itself. The length would even be wrong: placeholders stand in for secrets.
func forCurl(r flows.Request) flows.Request {
	_, host := pathOf(r.URL.Raw())
	r.Header = slices.DeleteFunc(slices.Clone(r.Header), func(h flows.Param) bool {
		return strings.EqualFold(h.Name, "Content-Length") || strings.EqualFold(h.Name, "Host") && h.Value.Raw() == host
	})
	return r
}

// stepName is how the screen numbers step i.
func stepName(i int) string { return "step " + strconv.Itoa(i+1) }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// took is a duration as people say it.
func took(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Millisecond || d <= 0:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return "under 1 ms"
}
