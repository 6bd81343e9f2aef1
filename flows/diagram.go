package flows

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

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
	Planned MessageKind = "planned" // not sent yet, or skipped
)

// Message is one line of the sequence diagram. Label is display text.
type Message struct {
	Step     int
	From, To Party
	Front    bool
	Kind     MessageKind
	Label    string
	Status   StepStatus
	Exchange *Exchange // the exchange it belongs to; nil for work and plans
	Edited   bool
	Born     []string // variables first known from this message, sorted
	Used     []string // variables sent in it, in order
}

// Diagram lays the run out as messages in order: what happened, then what is planned.
func Diagram(s State) []Message {
	var out []Message
	for i, step := range s.Grant.Steps {
		status := s.StatusOf(i)
		m := Message{Step: i, From: step.From, To: step.To, Front: step.Front, Status: status, Edited: len(s.Results[i].Edits) > 0}
		r := s.Results[i]
		if !r.Ran() || status == StepStale {
			m.Kind, m.Label = Planned, step.Title
			out = append(out, m)
			continue
		}
		out = append(out, m.happened(step, r)...)
		if status == StepFailed && s.Problem != nil {
			halt := m
			halt.Kind, halt.Label, halt.To = Halt, "stopped: "+wire.Safe(s.Problem.Code), step.From
			out = append(out, halt)
		}
	}
	return out
}

func (m Message) happened(step Step, r Result) []Message {
	var out []Message
	for _, f := range r.Facts {
		switch e := f.Event.(type) {
		case Received:
			out = append(out, m.call(e.Exchange), m.reply(e.Exchange))
		case Observed:
			out = append(out, m.call(e.Exchange), m.reply(e.Exchange))
		case Redirected:
			back := m
			back.From, back.To, back.Kind, back.Front = AS, Browser, Answer, true
			back.Label, back.Exchange = "redirect with "+names(e.Params()), &Exchange{Request: e.Request}
			out = append(out, back)
		}
	}
	switch {
	case len(out) == 0 && step.In != nil:
		m.Kind, m.Label = Call, r.Message.Method+" "+pathOf(r.Message.URL)+" "+names(r.Message.Query)
		m.Exchange, m.Used = &Exchange{Request: r.Message}, used(r.Message)
		out = append(out, m)
	case len(out) == 0:
		m.Kind, m.Label = Work, step.Title
		if b, ok := r.Effect.(Browse); ok {
			m.Kind, m.Label, m.Used = Call, b.Request.Method+" "+pathOf(b.Request.URL), used(b.Request)
			m.Exchange = &Exchange{Request: b.Request}
		} else if snd, ok := r.Effect.(Send); ok {
			m.Kind, m.Label, m.Used = Call, snd.Request.Method+" "+pathOf(snd.Request.URL), used(snd.Request)
			m.Exchange = &Exchange{Request: snd.Request}
		}
		out = append(out, m)
	}
	last := &out[len(out)-1]
	for name, v := range r.Set {
		if v != "" {
			last.Born = append(last.Born, name)
		}
	}
	slices.Sort(last.Born)
	return out
}

func (m Message) call(x Exchange) Message {
	m.Kind, m.Exchange, m.Used = Call, &x, used(x.Request)
	m.Label = x.Request.Method + " " + pathOf(x.Request.URL)
	return m
}

func (m Message) reply(x Exchange) Message {
	m.Kind, m.Exchange, m.From, m.To = Answer, &x, m.To, m.From
	m.Label = strconv.Itoa(x.Response.Status)
	if loc := x.Response.Get("Location"); loc != "" {
		m.Label += " → " + pathOf(loc)
	} else if text := http.StatusText(x.Response.Status); text != "" {
		m.Label += " " + text
	}
	return m
}

func pathOf(u wire.Untrusted) string {
	parsed, err := url.Parse(u.Raw())
	if err != nil || parsed.Path == "" {
		return u.Safe()
	}
	return wire.Safe(parsed.Path)
}

func names(ps []Param) string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = wire.Safe(p.Name)
	}
	return strings.Join(out, ", ")
}

func used(r Request) []string {
	var out []string
	for _, list := range [][]Param{r.Query, r.Header, r.Form} {
		for _, p := range list {
			if p.Var != "" {
				out = append(out, p.Var)
			}
		}
	}
	return out
}
