package exchange

import (
	"slices"

	"authdance/flows"
	"authdance/ui/pane"
)

// kind is how far a message got.
type kind int

const (
	planned  kind = iota // not sent yet
	sent                 // it went out; nobody answered yet, or the answer is not seen here
	answered             // with a response
	broken               // no answer came
	arrived              // it came to us, or was handed on inside: the callback
)

// message is one message of the step in view.
type message struct {
	kind
	orig, req flows.Request // orig differs from req only in a planned message with edits
	x         flows.Exchange
	broke     flows.Broke
}

// look is the step in view and its messages, read from the snapshot.
type look struct {
	s      flows.State
	i      int
	step   flows.Step
	result flows.Result
	status flows.StepStatus
	msgs   []message
	at     int  // the message in view
	later  bool // the moment in view is past, and the step ran after it
	veil   veil
}

// see reads step i of the run in view. want is the message that the person
// chose, -1 for the one that matters most. False when there is no such step.
func see(e pane.Env, i, want int) (look, bool) {
	s := e.Snap.State
	if e.Snap.Run == 0 || i < 0 || i >= len(s.Grant.Steps) || i >= len(s.Results) {
		return look{}, false
	}
	k := look{s: s, i: i, step: s.Grant.Steps[i], result: s.Results[i], status: s.StatusOf(i), veil: newVeil(s, e.Snap.Reveal)}
	k.msgs = k.messages()
	if head := e.Snap.Head.Results; e.Snap.Past && i < len(head) {
		k.later = head[i].Ran() && !head[i].Began.Equal(k.result.Began)
	}
	k.at = want
	if want < 0 || want >= len(k.msgs) {
		k.at = k.first()
	}
	return k, true
}

// message is the one in view; false when the step has none.
func (k look) message() (message, bool) {
	if len(k.msgs) == 0 {
		return message{}, false
	}
	return k.msgs[k.at], true
}

// first is the message that a person wants to see without asking: the one that
// goes out next, else what the browser was sent out with, else the last one.
func (k look) first() int {
	last := len(k.msgs) - 1
	if last >= 0 && k.msgs[last].kind == planned {
		return last
	}
	if _, ok := k.result.Effect.(flows.Browse); ok && last >= 0 {
		return 0
	}
	return max(last, 0)
}

// next reports that the step waits for its turn, or for another one.
func (k look) next() bool {
	return k.status == flows.StepReady || k.status == flows.StepEdited && k.i >= k.s.Step
}

// silent reports a step that has no message of its own: work inside authdance.
func (k look) silent() bool {
	if k.step.In != nil {
		return false
	}
	if k.step.Do == nil {
		return true
	}
	if k.result.Effect != nil {
		_, draws := k.result.Effect.(flows.Draw)
		return draws
	}
	if len(k.s.Missing(k.i)) > 0 {
		return false
	}
	_, draws := k.step.Do(k.s).(flows.Draw)
	return draws
}

func (k look) messages() []message {
	out := k.facts()
	if k.next() {
		if orig, next, ok := k.s.Preview(k.i); ok {
			out = append(out, message{kind: planned, orig: orig, req: next})
		}
	}
	return out
}

func (k look) facts() []message {
	r := k.result
	if !r.Ran() {
		return nil
	}
	if k.step.In != nil && r.Message.Method != "" {
		return []message{{kind: arrived, req: r.Message}}
	}
	var out []message
	for _, f := range r.Facts {
		switch ev := f.Event.(type) {
		case flows.Received:
			out = append(out, exchanged(ev.Exchange))
		case flows.Observed:
			out = append(out, exchanged(ev.Exchange))
		case flows.Redirected:
			out = append(out, message{kind: arrived, req: ev.Request})
		case flows.Broke:
			out = append(out, message{kind: broken, req: flows.MessageOf(r.Effect), broke: ev})
		}
	}
	open := k.status == flows.StepRunning
	if b, ok := r.Effect.(flows.Browse); ok && !slices.ContainsFunc(out, func(m message) bool { return m.kind == answered || m.kind == broken }) {
		// A real browser keeps its conversation with the server to itself.
		out = append([]message{{kind: sent, req: b.Request}}, out...)
	}
	if fx, ok := k.s.Pending.(flows.Send); ok && open {
		out = append(out, message{kind: sent, req: fx.Request})
	}
	if len(out) == 0 && flows.MessageOf(r.Effect).Method != "" {
		out = append(out, message{kind: sent, req: flows.MessageOf(r.Effect)})
	}
	return out
}

func exchanged(x flows.Exchange) message {
	if x.Response.Status == 0 {
		return message{kind: arrived, req: x.Request, x: x}
	}
	return message{kind: answered, req: x.Request, x: x}
}

// origin says in a word or two where a value comes from: "step 2", "profile",
// "earlier run", "always", "you", or "server" for what came from there.
func (k look) origin(m message, p flows.Param) string {
	if p.Edited {
		return "you"
	}
	if m.kind == arrived || k.step.In != nil {
		if k.s.Vars[p.Name] == p.Value {
			if i := k.s.Grant.Index(k.s.Born[p.Name]); i >= 0 && i < k.i {
				return stepName(i)
			}
		}
		return "server"
	}
	if p.Var == "" {
		for _, own := range k.s.Params {
			if own.Name == p.Name {
				return "you"
			}
		}
		return "always"
	}
	if i := k.s.Grant.Index(k.s.Born[p.Var]); i >= 0 {
		return stepName(i)
	}
	if k.carried(p.Var) {
		return "earlier run"
	}
	return "profile"
}

// carried reports a value that came with the start of the run and that only a
// sign-in makes: no profile has it, so an earlier run does.
func (k look) carried(name string) bool {
	_, born := k.s.Born[name]
	return !born && k.s.Spec.Grant != "authorization_code" && slices.Contains([]string{"access_token", "refresh_token", "sub", "nonce"}, name)
}

// changed lists the names of the values that were changed by hand, once each.
func changed(edits []flows.Edit) []string {
	var out []string
	for _, ed := range edits {
		if name := plainName(ed.Name); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
