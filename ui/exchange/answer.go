package exchange

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/diagnose"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// mostBody is how much of a body is laid out. Copying takes all of it.
const mostBody = 256 << 10

// responseTab shows the answer: status, what the learner expected, the checks
// of the step, the body, the headers, and where the time went.
func (w *writer) responseTab() {
	k, st := w.k, w.e.Styles
	m, ok := k.message()
	if !ok {
		w.nothing()
		w.checks()
		return
	}
	switch m.kind {
	case planned:
		w.plannedAnswer()
		return
	case sent:
		w.unanswered()
	case broken:
		w.say(st.Fail.Render(st.Sym.Fail), "No answer: "+wire.Safe(m.broke.Code)+".")
		text, _ := k.veil.text(m.broke.Message)
		w.say("", clipped(text.Safe()))
		if m.broke.Sent {
			w.say(st.Warn.Render(st.Sym.Warn), "The request had gone out. Whether the server acted on it is unknown.")
		}
	case arrived:
		w.say(st.Front.Render(st.Sym.Inside), "This message came in through the browser. It is checked here and needs no answer.")
	case answered:
		w.status(m)
	}
	last := k.at == len(k.msgs)-1
	if last {
		w.guess()
		w.problem()
		w.checks()
	}
	if m.kind != answered {
		return
	}
	res := m.x.Response
	if res.Body == "" {
		w.heading("No body")
	} else {
		w.heading(bodyTitle(res, w.e))
		w.body(res.Body)
		if res.Truncated {
			w.say(st.Warn.Render(st.Sym.Warn), "The body went on past the limit and was cut here.")
		}
	}
	w.heading("Headers")
	w.headers(res.Header)
	w.connection(m.x)
}

func (w *writer) plannedAnswer() {
	st := w.e.Styles
	switch {
	case w.k.later:
		w.refuse(st.Later.Render(st.Sym.Later), w.k.meanwhile(w.e))
		return
	case w.k.step.In != nil:
		w.refuse(st.Later.Render(st.Sym.Later), "The callback is here, but nothing was read from it yet. The checks come first: state, then iss.")
		return
	}
	w.refuse(st.Later.Render(st.Sym.Later), "No answer yet: the request was not sent. "+w.e.Keys.Key(keys.Enter)+" in the flow sends it when its turn has come.")
}

func (w *writer) unanswered() {
	st := w.e.Styles
	_, browser := w.k.result.Effect.(flows.Browse)
	switch {
	case w.k.status == flows.StepRunning && browser:
		w.refuse(st.Running.Render(st.Sym.Running[0]), "The browser is out. Its pages stay between it and the server; authdance waits for it to come back.")
	case w.k.status == flows.StepRunning:
		w.refuse(st.Running.Render(st.Sym.Running[0]), "Sent. The answer is not here yet.")
	case browser:
		w.refuse(st.Front.Render(st.Sym.Inside), "The browser took this address to the server. Its pages stayed between the two.")
	default:
		w.refuse(st.Later.Render(st.Sym.Later), "Sent. No answer was recorded.")
	}
}

func (w *writer) status(m message) {
	st, dot := w.e.Styles, " "+w.e.Styles.Sym.Dot+" "
	code := m.x.Response.Status
	sign, style := st.Sym.OK, st.OK
	switch {
	case code >= 400:
		sign, style = st.Sym.Fail, st.Fail
	case code >= 300:
		sign, style = st.Sym.Right, st.Front
	}
	text := strconv.Itoa(code) + " " + http.StatusText(code)
	w.add(style.Render(sign+" "+strings.TrimSpace(text))+dot+took(m.x.Timing.Total), item{raw: strings.TrimSpace(text), what: "the status"})
}

// guess puts what the learner expected beside what came.
func (w *writer) guess() {
	k, st := w.k, w.e.Styles
	if len(k.result.Edits) == 0 {
		return
	}
	if exp, got, right, done := guessed(k.s, k.step, k.result); done {
		w.say("", verdict(exp, got, right, w.e))
	} else if names := changed(k.result.Edits); len(names) > 0 {
		w.say(st.Edited.Render(st.Sym.Edited), "Sent with changes: "+strings.Join(names, ", ")+".")
	}
	if is := usual(k.step, k.result); is != "" && outcome(k.result) != "" && is != diagnose.Outcome(k.step, outcome(k.result)) {
		w.say(" ", "Most servers answer: "+is+".")
	}
}

// verdict is the guess beside the result.
func verdict(expected, got string, right bool, e pane.Env) string {
	st := e.Styles
	if right {
		return st.OK.Render(st.Sym.OK+" You guessed right:") + " " + got + "."
	}
	return st.Changed.Render(st.Sym.Changed+" You expected "+expected+".") + " It was " + got + "."
}

// problem is why the flow stopped at this step, in the server's words.
func (w *writer) problem() {
	p, st := w.k.result.Problem, w.e.Styles
	if p == nil {
		return
	}
	if m, ok := w.k.message(); ok && m.kind == broken {
		w.hint()
		return
	}
	text, _ := w.k.veil.text(p.Description)
	line := st.Fail.Render(code(p))
	if text != "" {
		line += ": " + clipped(text.Safe())
	}
	w.say(st.Fail.Render(st.Sym.Fail), line)
	w.hint()
}

// hint names the key that looks for the cause.
func (w *writer) hint() {
	if key := w.e.Keys.Key(keys.WhyFail); key != "" {
		w.say(" ", w.e.Styles.Key.Render(key)+" tells why, and what to do.")
	}
}

// mostShown is the longest sentence of a server that is drawn in full.
const mostShown = 2048

func clipped(safe string) string {
	if len(safe) > mostShown {
		return pane.Cut(safe, mostShown)
	}
	return safe
}

func (w *writer) checks() {
	list := w.k.result.Checks
	if len(list) == 0 {
		return
	}
	w.heading("Checked here")
	for i, c := range list {
		sign, style := w.e.Styles.Status(string(c.Status))
		masked, _ := w.k.veil.text(wire.Untrusted(c.Message))
		text := clipped(masked.Safe())
		for n, l := range pane.Wrap(text, w.w-2) {
			lead := style.Render(sign) + " "
			if n > 0 {
				lead = "  "
			}
			w.rows = append(w.rows, row{text: lead + l, check: i + 1, item: item{raw: text, what: "the check"}})
		}
	}
}

// detail are the two values that the marked check compared, and the line that
// they stand under.
func (p Pane) detail(k look, e pane.Env) (lines []string, under int) {
	c := p.cursors[p.tab].row
	if p.tab != responseTab || c < 0 || c >= len(p.page.rows) || p.page.rows[c].check == 0 {
		return nil, c
	}
	n := p.page.rows[c].check
	for c+1 < len(p.page.rows) && p.page.rows[c+1].check == n {
		c++
	}
	if n > len(k.result.Checks) {
		return nil, c
	}
	check := k.result.Checks[n-1]
	add := func(name, val string) {
		if val == "" {
			return
		}
		text, _ := k.veil.text(wire.Untrusted(val))
		lines = append(lines, "     "+e.Styles.Muted.Render(pane.Fit(name, 5))+pane.Middle(clipped(text.Safe()), max(e.W-12, 1)))
	}
	add("got", check.Got)
	add("want", check.Want)
	add("rule", check.Ref)
	return lines, c
}

func bodyTitle(res flows.Response, e pane.Env) string {
	title := "Body"
	if kind := res.Get("Content-Type"); kind != "" {
		title += " " + e.Styles.Sym.Dot + " " + clipped(kind.Safe())
	}
	return title + " " + e.Styles.Sym.Dot + " " + count(len(res.Body), "byte")
}

// body shows JSON in order and indented, and everything else line by line.
func (w *writer) body(body wire.Untrusted) {
	text, hidden := w.k.readable(body)
	what := "the body"
	it := item{what: what, raw: body.Raw()}
	if hidden > 0 {
		masked, n := w.k.unreadable(body)
		it.raw, it.hidden = masked.Raw(), n
	}
	more := len(text) - mostBody
	if more > 0 {
		text = text[:mostBody]
	}
	for _, l := range text.Lines() {
		w.wrapped(l, it)
	}
	if more > 0 {
		w.say(w.e.Styles.Warn.Render(w.e.Styles.Sym.Warn), count(more, "more byte")+" not shown here. "+w.e.Keys.Key(keys.Copy)+" copies the whole body.")
	}
}

// readable is a body for reading, and how many credentials it hides.
func (k look) readable(body wire.Untrusted) (wire.Untrusted, int) {
	if doc, _, err := wire.ParseJSON([]byte(body.Raw()), wire.Limits{}); err == nil {
		masked, n := k.veil.document(doc)
		return wire.Untrusted(masked.Indent()), n
	}
	return k.veil.text(body)
}

// unreadable is a body as it came, byte for byte but for its credentials.
func (k look) unreadable(body wire.Untrusted) (wire.Untrusted, int) {
	if k.veil.reveal {
		return body, 0
	}
	if doc, _, err := wire.ParseJSON([]byte(body.Raw()), wire.Limits{}); err == nil {
		return k.veil.source(body, doc)
	}
	return k.veil.text(body)
}

// connection is where the time went, and what protected the way.
func (w *writer) connection(x flows.Exchange) {
	w.heading("Connection")
	dot := " " + w.e.Styles.Sym.Dot + " "
	parts := []string{}
	for _, ph := range []struct {
		name string
		d    time.Duration
	}{{"DNS", x.Timing.DNS}, {"connect", x.Timing.Connect}, {"TLS", x.Timing.TLS}, {"first byte", x.Timing.FirstByte}, {"all", x.Timing.Total}} {
		if ph.d > 0 {
			parts = append(parts, ph.name+" "+took(ph.d))
		}
	}
	if len(parts) > 0 {
		w.say("", strings.Join(parts, dot))
	}
	if x.Remote != "" {
		w.say("", "answered by "+wire.Safe(x.Remote))
	}
	st := w.e.Styles
	switch t := x.TLS; {
	case t == nil && strings.HasPrefix(x.Request.URL.Raw(), "http:"):
		w.say("", "not encrypted (http): fine on this computer, nowhere else")
	case t == nil:
	case t.Skipped:
		w.say(st.Warn.Render(st.Sym.Warn), wire.Safe(t.Version)+", but the certificate was not checked")
	default:
		w.say("", wire.Safe(t.Version)+dot+wire.Safe(t.Cipher))
		w.say("", "certificate of "+t.Subject.Safe()+", issued by "+t.Issuer.Safe()+", good until "+t.NotAfter.Format("2006-01-02"))
	}
}
