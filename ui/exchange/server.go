package exchange

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows/wire"
	"authdance/ui/pane"
)

// serverTab shows the other side: what the lab checked of the message, in
// order. Everything in it went through the lab, so it is foreign text too.
func (w *writer) serverTab() {
	k, st := w.k, w.e.Styles
	m, ok := k.message()
	if !ok {
		w.nothing()
		return
	}
	if why := w.unseen(m); why != "" {
		w.refuse(st.Later.Render(st.Sym.Later), why)
		return
	}
	v, ok := w.e.Lab.ServerView(m.x)
	if m.kind == arrived {
		v, ok = w.e.Lab.AnswerView(m.req)
	}
	if !ok {
		w.refuse(st.Later.Render(st.Sym.Later), "The lab has nothing to tell about this exchange: it checked nothing, or it is one of too long ago.")
		return
	}
	if m.kind == arrived {
		w.say(st.Front.Render(st.Sym.Inside), "What the server checked before it sent the browser back with this message:")
	}
	w.verdict(v)
	w.gap()
	width := 0
	for _, c := range v.Checks {
		width = max(width, ansi.StringWidth(wire.Safe(c.ID)))
	}
	for _, c := range v.Checks {
		w.serverCheck(c, min(width, max(w.w/3, 1)))
	}
}

// unseen says why there can be no view of a message; "" when there can.
func (w *writer) unseen(m message) string {
	switch {
	case w.k.s.Profile.Class != "LAB" || w.e.Lab == nil:
		return "Only the built-in lab shows what it checked. This run goes to another server, which keeps that to itself."
	case w.k.later:
		return w.k.meanwhile(w.e)
	case m.kind == planned && w.k.step.In != nil:
		return "No server checks this message: it is read inside authdance."
	case m.kind == planned:
		return "Not sent yet. What the server checks stands here once it has answered."
	case m.kind == broken:
		return "No answer came, so nothing is known of what the server checked."
	case m.kind == sent:
		return "The browser spoke with the lab by itself, and what it was answered is not seen here."
	}
	return ""
}

// verdict is the whole view in one sentence.
func (w *writer) verdict(v pane.ServerView) {
	st := w.e.Styles
	text := wire.Safe(v.Request) + ": " + count(v.Count(pane.ServerPassed), "check") + " passed"
	sign := st.OK.Render(st.Sym.OK)
	if bad, refused := v.Failed(); refused {
		sign = st.Fail.Render(st.Sym.Fail)
		text += ", " + wire.Safe(bad.ID) + " failed"
	}
	if n := v.Count(pane.ServerNotReached); n > 0 {
		text += ", " + count(n, "check") + " not reached"
	}
	w.say(sign, text+".")
}

func (w *writer) serverCheck(c pane.ServerCheck, width int) {
	st := w.e.Styles
	sign, style := st.OK.Render(st.Sym.OK), st.Text
	switch {
	case c.Fault != "":
		sign = st.Warn.Render(st.Sym.Warn)
	case c.Status == pane.ServerFailed:
		sign = st.Fail.Render(st.Sym.Fail)
	case c.Status == pane.ServerNotReached:
		sign, style = st.Later.Render(st.Sym.Later), st.Muted
	}
	id, message := wire.Safe(c.ID), wire.Safe(c.Message)
	it := item{raw: c.ID + ": " + c.Message, what: "the check " + id}
	lead := sign + " " + pane.Fit(id, width) + "  "
	indent := strings.Repeat(" ", width+4)
	for i, l := range pane.Wrap(message, max(w.w-width-4, 12)) {
		if i > 0 {
			lead = indent
		}
		w.add(lead+style.Render(l), it)
	}
	if c.Status != pane.ServerFailed {
		return
	}
	for _, side := range []struct{ name, value string }{{"got ", c.Got}, {"want", c.Want}} {
		if side.value == "" {
			continue
		}
		value, hidden := w.k.veil.text(wire.Untrusted(side.value))
		it := item{raw: value.Raw(), what: "the value of this check", hidden: hidden}
		lead := indent + st.Muted.Render(side.name) + " "
		for i, l := range strings.Split(ansi.Hardwrap(value.Safe(), max(w.w-width-9, 8), true), "\n") {
			if i > 0 {
				lead = indent + "     "
			}
			w.add(lead+l, it)
		}
	}
	if c.Ref != "" {
		w.add(indent+st.Muted.Render(wire.Safe(c.Ref)), it)
	}
}
