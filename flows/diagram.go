package flows

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"authdance/flows/wire"
)

// MessageKind says what a line of the sequence diagram draws.
type MessageKind string

// The lines of a diagram.
const (
	Call    MessageKind = "request"
	Answer  MessageKind = "response"
	Work    MessageKind = "work"    // inside one party: ● on its lane
	Halt    MessageKind = "stopped" // ╳ where the flow ended
	Planned MessageKind = "planned" // not sent yet, skipped, or from before an edit
)

// Message is one line of the sequence diagram. Label is display text: one safe
// line that holds names, paths, codes and page titles, never a secret's value.
type Message struct {
	Step     int
	From, To Party // equal for work, for a halt and for a plan without a message
	Front    bool  // travels through the browser
	Kind     MessageKind
	Label    string
	Status   StepStatus
	At       time.Time // when it was known here; zero for plans
	Edited   bool      // a person changed this message by hand
	// Exchange is the exchange that the message belongs to; nil for work, plans
	// and where nothing is known of it. Its Response is zero while none has come.
	Exchange *Exchange
	Born     []string     // variables first known from this message, sorted
	Used     []string     // variables sent in it, in order
	Checks   []wire.Check // what this work looked at
}

// Crosses reports whether the line goes from one lane to another.
func (m Message) Crosses() bool { return m.From != m.To && m.Kind != Planned }

// Diagram lays the run out as messages in order: what happened, then what is planned.
func Diagram(s State) []Message {
	var out []Message
	for i, step := range s.Grant.Steps {
		r := s.Results[i]
		m := Message{Step: i, From: step.From, To: step.To, Front: step.Front, Status: s.StatusOf(i)}
		switch {
		case !r.Ran() || m.Status == StepStale || m.Status == StepReady || m.Status == StepEdited && i >= s.Step:
			m.Kind, m.Label, m.Edited = Planned, step.Title, len(s.Edits[step.ID]) > 0
			out = append(out, m)
		default:
			out = append(out, happened(s, m, step, r)...)
			out = interleaved(out, s.Grant.Index(step.Renew))
		}
		if m.Status == StepFailed && s.Problem != nil {
			halt := m.within(Client, Halt, "stopped: "+wire.Safe(s.Problem.Code), r.Ended)
			if s.Problem.Kind == Transport {
				halt.Label = "no answer: " + wire.Safe(s.Problem.Code)
			}
			out = append(out, halt)
		}
	}
	return out
}

// interleaved puts the messages from the renewed step on in the order in which
// they happened: proof, request, proof again, request again.
func interleaved(all []Message, renewed int) []Message {
	if i := slices.IndexFunc(all, func(m Message) bool { return m.Step == renewed }); renewed >= 0 && i >= 0 {
		slices.SortStableFunc(all[i:], func(a, b Message) int { return a.At.Compare(b.At) })
	}
	return all
}

// happened are the messages of a step that ran, or runs.
func happened(s State, m Message, step Step, r Result) []Message {
	var out []Message
	switch fx := r.Effect.(type) {
	case Browse:
		out = m.browsed(s, fx, r)
	case Send:
		out = m.sent(fx, r)
	case Draw:
		out = []Message{m.within(step.From, Work, "makes "+strings.Join(safe(drawn(fx)), ", "), r.Began)}
	case Sign:
		out = m.signed(fx, r)
	case Publish:
		out = []Message{m.within(step.From, Work, "publishes it at "+pathOf(fx.URL), r.Began)}
	case Listen:
		out = m.heard(r)
	default:
		if step.In == nil {
			out = []Message{m.within(step.From, Work, step.Title, r.Began)}
			break
		}
		call := m.call(Exchange{Request: r.Message}, r.Began)
		call.Label += " " + names(append(slices.Clip(r.Message.Query), r.Message.Form...))
		call.Edited = len(r.Edits) > 0
		out = []Message{call}
	}
	last := &out[len(out)-1]
	for name, v := range r.Set {
		if v != "" {
			last.Born = append(last.Born, name)
		}
	}
	slices.Sort(last.Born)
	if _, ok := r.Effect.(Send); ok && last.Kind == Answer {
		last.Label = answered(last.Exchange.Response, r.Set)
	}
	if label := tally(r.Checks); label != "" {
		check := m.within(Client, Work, label, r.Ended)
		check.Checks = r.Checks
		out = append(out, check)
	}
	return out
}

func drawn(fx Draw) []string {
	all := slices.Clone(fx.Names)
	for _, k := range fx.Keys {
		all = append(all, k.Name)
	}
	return all
}

// signed is work inside the client, once for every signature.
func (m Message) signed(fx Sign, r Result) []Message {
	one := m.within(m.From, Work, "signs "+wire.Safe(fx.Draft.Name), r.Began)
	one.Edited, one.Used = len(r.Edits) > 0, used(fx.Draft.Message())
	out := []Message{one}
	for i, f := range r.Facts {
		if _, ok := f.Event.(Signed); ok && i > 0 {
			one.At = f.At
			out = append(out, one)
		}
	}
	return out
}

// heard are the requests that came to our own door.
func (m Message) heard(r Result) []Message {
	out := []Message{}
	for _, f := range r.Facts {
		if e, ok := f.Event.(Arrived); ok {
			call := m.call(Exchange{Request: e.Request}, f.At)
			call.Label += " " + names(e.Request.Form)
			out = append(out, call)
		}
	}
	if len(out) == 0 {
		out = append(out, m.within(m.To, Work, "waits to be called", r.Began))
	}
	return out
}

// sent are the requests of a back channel step. The last one may have no answer.
func (m Message) sent(fx Send, r Result) []Message {
	var out []Message
	open := true
	for _, f := range r.Facts {
		switch e := f.Event.(type) {
		case Received:
			out = append(out, m.call(e.Exchange, f.At), m.reply(e.Exchange, f.At))
			open = false
		case Elapsed:
			out = append(out, m.within(m.From, Work, "waits, then asks again", f.At))
			open = true
		case Broke:
			open = true
		}
	}
	if open || m.Status == StepRunning {
		out = append(out, m.call(Exchange{Request: fx.Request}, r.Began))
	}
	for i := range out {
		out[i].Edited = out[i].Kind == Call && len(r.Edits) > 0
	}
	return out
}

// browsed is the way through the browser: it is sent out, what it does at the
// server is seen only when the built-in browser does it, and it comes back.
func (m Message) browsed(s State, fx Browse, r Result) []Message {
	open := m
	open.From, open.To, open.Kind, open.Label, open.At = Client, Browser, Call, "open browser", r.Began
	out := []Message{open}
	away := m
	away.From, away.To = Browser, AS
	if first, ok := firstPage(r); !ok || !sameDoor(first.URL, fx.Request.URL) {
		out = append(out, away.call(Exchange{Request: fx.Request}, r.Began))
	}
	for _, f := range r.Facts {
		switch e := f.Event.(type) {
		case Observed:
			way := away
			if sameDoor(e.Exchange.Request.URL, fx.RedirectURI) {
				way.To = Client
			}
			if way.To == AS && e.Exchange.Response.Status == 0 { // news of the browser, not an exchange
				out = append(out, m.within(Browser, Work, wire.Safe(e.Note), f.At))
				continue
			}
			call := way.call(e.Exchange, f.At)
			if way.To == Client {
				call.Label, call.Checks = call.Label+" (not for this run)", e.Checks
			}
			out = append(out, call)
			if e.Exchange.Response.Status != 0 {
				out = append(out, way.reply(e.Exchange, f.At))
			}
		case Redirected:
			if fx.RedirectURI == "" {
				if e.Via == Away {
					out = append(out, m.within(Browser, Work, "the person decides there (not seen here)", f.At))
				}
				continue
			}
			if got, known := StateIn(e.Params()); e.Via == Listener && known && got != s.Vars["state"] {
				way := away
				way.To = Client
				stray := way.call(Exchange{Request: e.Request}, f.At)
				stray.Label += " (not for this run)"
				out = append(out, stray)
				continue
			}
			out = m.comeBack(out, e, f.At)
		}
	}
	for i := range out {
		if out[i].Kind == Call && out[i].To == AS { // the first one carries the request that was made here
			out[i].Used, out[i].Edited = used(fx.Request), len(r.Edits) > 0
			break
		}
	}
	return out
}

// firstPage is the first request that the built-in browser was seen to make.
func firstPage(r Result) (Request, bool) {
	for _, f := range r.Facts {
		if o, ok := f.Event.(Observed); ok && o.Exchange.Response.Status != 0 {
			return o.Exchange.Request, true
		}
	}
	return Request{}, false
}

// comeBack adds the redirect that the browser brings to the client. What the
// person did before it is work in the browser, where it was not seen.
func (m Message) comeBack(out []Message, e Redirected, at time.Time) []Message {
	label := "redirect: " + names(e.Params())
	if len(e.Request.Form) > 0 {
		label = "form: " + names(e.Params())
	}
	for _, p := range e.Params() {
		if p.Name == "error" { // the code of an error is a word of the protocol, no secret
			label = "redirect: error " + p.Value.Safe()
		}
	}
	prev := &out[len(out)-1]
	if prev.Kind == Answer && prev.To == Browser && sameDoor(prev.Exchange.Response.Get("Location"), e.Request.URL) {
		prev.Label = label
		return out
	}
	work := "the person goes on"
	if prev.Kind == Call {
		work = "the person signs in (not seen here)"
	}
	home := m
	home.From, home.To, home.Kind, home.Label, home.At = AS, Browser, Answer, label, at
	home.Exchange = &Exchange{Request: e.Request}
	return append(out, m.within(Browser, Work, work, at), home)
}

func (m Message) within(p Party, kind MessageKind, label string, at time.Time) Message {
	m.From, m.To, m.Kind, m.Label, m.At = p, p, kind, label, at
	return m
}

func (m Message) call(x Exchange, at time.Time) Message {
	m.Kind, m.Exchange, m.Used, m.At = Call, &x, used(x.Request), at
	m.Label = wire.Safe(x.Request.Method) + " " + pathOf(x.Request.URL)
	return m
}

func (m Message) reply(x Exchange, at time.Time) Message {
	m.Kind, m.Exchange, m.From, m.To, m.At = Answer, &x, m.To, m.From, at
	m.Label = answered(x.Response, nil)
	return m
}

// sameDoor reports whether two addresses lead to the same page of the same
// server, whatever their queries say.
func sameDoor(a, b wire.Untrusted) bool {
	x, err := url.Parse(a.Raw())
	if err != nil || x.Host == "" {
		return false
	}
	y, err := url.Parse(b.Raw())
	return err == nil && x.Scheme == y.Scheme && x.Host == y.Host && x.Path == y.Path
}
