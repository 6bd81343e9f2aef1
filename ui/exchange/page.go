package exchange

import (
	"net/url"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/themes"
	"authdance/ui/pane"
)

// page is a laid out tab: lines that depend on the message and the width, but
// not on the cursor. It is kept, because a body may be long.
type page struct {
	key  pageKey
	rows []row
}

type row struct {
	text string
	item
	check int // number of the check it shows, from 1; 0: none
}

// pageKey is everything that the lines of a tab depend on.
type pageKey struct {
	tab           tab
	run, step, at int
	kind          kind
	began, ended  time.Time
	facts         int
	status        flows.StepStatus
	w             int
	reveal        bool
	styles        *themes.Styles
	version       int // of the snapshot, for what is not sent yet
}

func (p Pane) pageKey(k look, e pane.Env) pageKey {
	key := pageKey{tab: p.tab, run: e.Snap.Run, step: k.i, at: k.at, began: k.result.Began, ended: k.result.Ended,
		facts: len(k.result.Facts), status: k.status, w: e.W, reveal: e.Snap.Reveal, styles: e.Styles}
	if m, ok := k.message(); ok {
		key.kind = m.kind
	}
	if key.kind == planned {
		key.version = e.Snap.Version
	}
	return key
}

// laidOut makes the lines of the tab in view, unless they are there already,
// and moves the window so that the cursor is in it.
func (p Pane) laidOut(e pane.Env) Pane {
	k, ok := see(e, e.Snap.Selected, p.chosen)
	if !ok || p.tab == explainTab || p.edit.on() {
		return p
	}
	if key := p.pageKey(k, e); key != p.page.key {
		p.page = page{key, k.rows(p.tab, e)}
	}
	c := &p.cursors[p.tab]
	c.row = max(0, min(c.row, len(p.page.rows)-1))
	detail, under := p.detail(k, e)
	c.top = scrolled(*c, under, len(detail), len(p.page.rows), p.height(k, e))
	return p
}

// scrolled is the first line in view: the marked one is in sight, and its
// detail where there is room for both.
func scrolled(c cursor, under, detail, n, h int) int {
	top := c.top
	if under+detail >= top+h {
		top = under + detail - h + 1
	}
	top = min(top, c.row)
	return max(0, min(top, n+detail-h))
}

// lines is how many lines the cursor can walk through.
func (p Pane) lines(k look, e pane.Env) int {
	if p.tab == explainTab {
		return len(p.pairs(k))
	}
	return len(p.page.rows)
}

func (k look) rows(t tab, e pane.Env) []row {
	w := &writer{k: k, e: e, w: max(e.W-3, 1)}
	switch t {
	case requestTab:
		w.requestTab()
	case responseTab:
		w.responseTab()
	case rawTab:
		w.rawTab()
	case serverTab:
		w.serverTab()
	}
	return w.rows
}

// writer collects the lines of a tab.
type writer struct {
	k    look
	e    pane.Env
	w    int
	rows []row
}

func (w *writer) add(text string, it item) { w.rows = append(w.rows, row{text: text, item: it}) }

// say adds our own sentence, wrapped.
func (w *writer) say(sign, text string) {
	indent := ""
	if sign != "" {
		sign += " "
		indent = strings.Repeat(" ", ansi.StringWidth(sign))
	}
	for i, l := range pane.Wrap(text, w.w-len(indent)) {
		if i == 0 {
			w.add(sign+l, item{raw: ansi.Strip(text), what: "the line"})
			continue
		}
		w.add(indent+l, item{raw: ansi.Strip(text), what: "the line"})
	}
}

// about makes what y copies on our own sentences the message they are about.
func (w *writer) about(it item, write func()) {
	start := len(w.rows)
	write()
	for i := start; i < len(w.rows); i++ {
		w.rows[i].item = it
	}
}

// refuse adds a sentence that says why there is nothing here: it is shown and
// repeated, but never copied.
func (w *writer) refuse(sign, text string) {
	w.about(item{why: ansi.Strip(text)}, func() { w.say(sign, text) })
}

func (w *writer) gap() {
	if len(w.rows) > 0 {
		w.add("", item{what: "the line"})
	}
}

func (w *writer) heading(text string) {
	w.gap()
	w.add(w.e.Styles.Title.Render(pane.Cut(text, w.w)), item{raw: text, what: "the line"})
}

// long adds safe text and breaks it at the width: nothing of it is cut off.
func (w *writer) long(text string, it item) {
	if ansi.StringWidth(text) <= w.w {
		w.add(text, it)
		return
	}
	for _, l := range strings.Split(ansi.Hardwrap(text, max(w.w, 1), true), "\n") {
		w.add(l, it)
	}
}

// wrapped adds safe text and breaks it at words, each line under the first.
func (w *writer) wrapped(text string, it item) {
	if ansi.StringWidth(text) <= w.w {
		w.add(text, it)
		return
	}
	indent := min(len(text)-len(strings.TrimLeft(text, " "))+2, w.w/2)
	for i, l := range strings.Split(ansi.Wrap(text, max(w.w-indent, 1), ""), "\n") {
		if i > 0 {
			l = strings.Repeat(" ", indent) + strings.TrimLeft(l, " ")
		}
		w.add(l, it)
	}
}

// headers adds header lines.
func (w *writer) headers(list []flows.Param) {
	for _, h := range list {
		w.long(w.k.veil.header(h), item{name: h.Name, raw: h.Value.Raw(), what: "the header " + wire.Safe(h.Name)})
	}
}

// requestTab shows a request for reading: decoded, one value a line.
func (w *writer) requestTab() {
	m, ok := w.k.message()
	if !ok {
		w.nothing()
		return
	}
	st := w.e.Styles
	address := item{name: ":url", raw: m.req.Target(), what: "the address"}
	if m.kind == planned {
		text := "Not sent yet. This is what will go out."
		switch {
		case w.k.later:
			text = w.k.meanwhile(w.e)
		case w.k.step.In != nil:
			text = "Not read yet. This is what the browser brought."
		}
		w.about(address, func() { w.say(st.Later.Render(st.Sym.Later), text) })
	}
	if names := changed(w.k.result.Edits); len(names) > 0 && m.kind != planned {
		w.say(st.Edited.Render(st.Sym.Edited), "Changed by hand: "+strings.Join(names, ", ")+".")
	}
	target, _ := w.k.veil.text(m.req.URL)
	w.long(wire.Safe(m.req.Method)+" "+target.Safe(), address)
	w.values("In the address", m.req.Query)
	if len(m.req.Header) > 0 {
		w.heading("Headers")
		w.headers(m.req.Header)
	}
	w.values("Body, sent as a form", m.req.Form)
	if m.req.Form == nil && m.req.Body != "" {
		w.heading("Body")
		w.body(m.req.Body)
	}
}

func (w *writer) values(title string, list []flows.Param) {
	if len(list) == 0 {
		return
	}
	w.heading(title)
	width := 0
	for _, p := range list {
		width = max(width, ansi.StringWidth(wire.Safe(p.Name)))
	}
	width = min(width, max(w.w/3, 1))
	for _, p := range list {
		it := item{name: p.Name, raw: p.Value.Raw(), what: "the value of " + wire.Safe(p.Name)}
		text := pane.Fit(wire.Safe(p.Name), width) + "  "
		val := w.k.veil.value(p)
		if p.Edited && w.k.readyMade(p.Name, p.Value) {
			val = p.Value.Safe()
		}
		if p.Edited {
			sym := w.e.Styles.Sym
			val = sym.EditedOpen + val + sym.EditedClose
		}
		room := max(w.w-width-2, 1)
		for i, l := range strings.Split(ansi.Hardwrap(val, room, true), "\n") {
			if i > 0 {
				text = strings.Repeat(" ", width+2)
			}
			w.add(text+l, it)
		}
	}
}

// nothing says why there is no message.
func (w *writer) nothing() {
	k, st := w.k, w.e.Styles
	switch {
	case k.result.Skipped != "":
		w.refuse(st.Skipped.Render(st.Sym.Skipped), "Skipped: "+wire.Safe(k.result.Skipped)+".")
	case k.silent() && k.later:
		w.refuse(st.Back.Render(st.Sym.Inside), "This step is work inside authdance: it has no message. "+k.meanwhile(w.e))
	case k.silent():
		w.refuse(st.Back.Render(st.Sym.Inside), "This step is work inside authdance: it has no message. Explain shows what it makes.")
	case k.later:
		w.refuse(st.Later.Render(st.Sym.Later), k.meanwhile(w.e))
	default:
		w.refuse(st.Later.Render(st.Sym.Later), k.waitsFor())
	}
}

// pathOf is what the request line of HTTP/1.1 has of a URL.
func pathOf(target string) (path, host string) {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return target, ""
	}
	_, rest, _ := strings.Cut(target, "://")
	rest, _, _ = strings.Cut(rest, "#")
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		path = rest[i:]
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path, u.Host
}
