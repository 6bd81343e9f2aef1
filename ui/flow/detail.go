package flow

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// detail is the message under the cursor: what it is, what it carries, and what
// was proven up to here.
func detail(e pane.Env, k ink, ms []flows.Message, at, w, h int) []string {
	m, s := ms[at], e.Snap.State
	out := []string{k.title.Put(fmt.Sprintf("Message %d of %d", at+1, len(ms)))}
	out = append(out, headline(k, m, w))
	if m.Crosses() {
		b := k.back
		if m.Front {
			b = k.front
		}
		out = append(out, k.text.Put(m.From.Name()+" "+k.sym.Right+" "+m.To.Name())+"   "+b.Put(m.Channel()))
	}
	if m.Edited {
		out = append(out, k.edited.Put(k.sym.Edited+" edited by hand"))
	}
	proof := proven(s, m.Step)
	keep := min(2*len(proof)+2, max(5, h/2)) // lines that the proof gets, with its heading
	if len(proof) == 0 {
		keep = 0
	}
	body := carried(k, s, m, e.Snap.Reveal, w)
	if room := h - len(out) - keep - 4; len(body) > room && room > 0 {
		body = append(body[:room-1:room-1], k.muted.Put(fmt.Sprintf("… and %d more lines", len(body)-room+1)))
	}
	if len(body) > 0 {
		out = append(append(out, ""), body...)
	}
	if keep > 0 {
		out = append(out, "", k.muted.Put(headed(k, "What was proven so far", w)))
		out = append(out, proofLines(k, proof, w, h-len(out)-3)...)
	}
	var foot []string
	why := ""
	if s.Problem != nil && m.Status == flows.StepFailed {
		why = keyed(e, k, keys.WhyFail, "why did it fail")
	}
	for _, line := range []string{why, keyed(e, k, keys.Copy, "copy message"), keyed(e, k, keys.CopyAll, "copy all (Mermaid)"), keyed(e, k, keys.Diagram, "list")} {
		last := len(foot) - 1
		switch {
		case line == "":
		case last >= 0 && width(foot[last])+3+width(line) <= w:
			foot[last] += "   " + line
		default:
			foot = append(foot, line)
		}
	}
	if e.Snap.Past {
		foot = append(wrapped("You look at the past.", w, 1, k.warn), foot...)
	}
	if len(out)+1+len(foot) <= h {
		for len(out)+len(foot) < h {
			out = append(out, "")
		}
		out = append(out, foot...)
	}
	return out
}

// headline is the message in one line, with a sign.
func headline(k ink, m flows.Message, w int) string {
	switch m.Kind {
	case flows.Planned:
		sign, b := k.status(string(m.Status))
		if m.Status == flows.StepFailed || m.Status == flows.StepEdited {
			sign, b = k.sym.Later, k.later
		}
		return b.Put(cut(sign+" "+plan(m), w))
	case flows.Halt:
		return k.fail.Put(cut(k.sym.Stopped+" "+m.Label, w))
	case flows.Work:
		return k.text.Put(cut(k.sym.Inside+" "+m.Label, w))
	}
	if m.Kind == flows.Answer && m.Exchange != nil && m.Exchange.Response.Status != 0 {
		status := m.Exchange.Response.Status
		line := strconv.Itoa(status) + " " + http.StatusText(status)
		if t := took(m.Exchange.Timing.Total); t != "" {
			line += "   " + t
		}
		if status >= 400 {
			return k.fail.Put(cut(k.sym.Fail+" "+line, w))
		}
		return k.ok.Put(cut(k.sym.OK+" "+line, w))
	}
	return k.text.Put(cut(m.Label, w))
}

// value is one named thing that a message carries.
type value struct {
	name, text, from string
	masked, edited   bool
}

// values are the parameters, members or variables of a message, in its order.
func values(s flows.State, m flows.Message, reveal bool) []value {
	var out []value
	add := func(name string, v wire.Untrusted, secret bool, from string, edited bool) {
		one := value{name: wire.Safe(name), text: v.Safe(), from: from, edited: edited}
		if (secret || flows.Sensitive(name)) && v != "" && !reveal {
			one.text, one.masked = wire.Mask(v.Raw()), true
		} else if !reveal && len(one.text) >= 8 {
			one.text = wire.Safe(s.Hide(v.Raw()))
		}
		out = append(out, one)
	}
	params := func(list []flows.Param) {
		for _, p := range list {
			add(p.Name, p.Value, p.Secret, origin(s, p.Var, m.Step), p.Edited)
		}
	}
	if m.Exchange == nil {
		for _, name := range m.Born {
			add(name, s.Vars[name], false, "", false)
		}
		return out
	}
	req, res := m.Exchange.Request, m.Exchange.Response
	if m.Kind == flows.Answer && res.Status != 0 {
		body := res.Body.Raw()
		if len(body) > 64<<10 {
			return out
		}
		doc, _, err := wire.ParseJSON([]byte(body), wire.Limits{})
		for i := 0; err == nil && i < len(doc.Members) && i < 40; i++ {
			mem := doc.Members[i]
			text := mem.Value.Text
			if mem.Value.Kind == wire.Array || mem.Value.Kind == wire.Object {
				text = fmt.Sprintf("%s of %d", mem.Value.Kind, len(mem.Value.Items)+len(mem.Value.Members))
			}
			add(mem.Name, wire.Untrusted(text), false, "", false)
		}
		if title := flows.PageTitle(res); title != "" {
			out = append(out, value{name: "page", text: title.Safe()})
		}
		return out
	}
	params(req.Query)
	for _, h := range req.Header {
		if h.Secret || h.Edited {
			params([]flows.Param{h})
		}
	}
	params(req.Form)
	return out
}

// origin says where a variable came from, seen from a later step.
func origin(s flows.State, name string, step int) string {
	if name == "" {
		return ""
	}
	i := s.Grant.Index(s.Born[name])
	switch {
	case i < 0:
		return "profile"
	case i == step:
		return ""
	}
	return fmt.Sprintf("step %d", i+1)
}

// carried are the values of a message as lines, or why there are none.
func carried(k ink, s flows.State, m flows.Message, reveal bool, w int) []string {
	if m.Kind == flows.Planned {
		r := s.Results[m.Step]
		if r.Skipped != "" && m.Status == flows.StepSkipped {
			return wrapped("Skipped: "+r.Skipped+".", w, 4, k.text)
		}
		return wrapped(s.Grant.Steps[m.Step].Why, w, 8, k.text)
	}
	if m.Kind == flows.Halt && s.Problem != nil {
		out := wrapped(s.Problem.Description.Safe(), w, 5, k.text)
		return out
	}
	if m.Kind == flows.Work && len(m.Checks) > 0 {
		return nil // the checks stand below, under what was proven
	}
	list := values(s, m, reveal)
	names := 0
	for _, v := range list {
		names = max(names, width(v.name))
	}
	names = min(names, w/2)
	var out []string
	for _, v := range list {
		from := ""
		if v.from != "" {
			from = " " + v.from
		}
		b := k.text
		text := v.text
		switch {
		case v.edited:
			b, text = k.edited, k.sym.EditedOpen+text+k.sym.EditedClose
		case v.masked:
			b = k.secret
		}
		text = pane.Middle(text, max(4, w-names-2-width(from)))
		line := k.muted.Put(fit(v.name, names)) + "  " + b.Put(text)
		if from != "" {
			line = pane.Ends(line, k.muted.Put(from), w)
		}
		out = append(out, cut(line, w))
	}
	return out
}

// proven are the checks that stood at the end of a step, the newest first; what
// did not apply proves nothing.
func proven(s flows.State, step int) []wire.Check {
	var bad, good []wire.Check
	for i := min(step, len(s.Results)-1); i >= 0; i-- {
		if st := s.StatusOf(i); st == flows.StepStale || st == flows.StepReady {
			continue
		}
		for _, c := range s.Results[i].Checks {
			switch c.Status {
			case wire.Fail, wire.Warn, wire.Unknown:
				bad = append(bad, c)
			case wire.Pass:
				good = append(good, c)
			}
		}
	}
	return append(bad, good...)
}

// headed is a rule with a heading, w cells.
func headed(k ink, text string, w int) string {
	head := k.sym.Rule + " " + text + " "
	return cut(head, w) + strings.Repeat(k.sym.Rule, max(0, w-width(head)))
}

// proofLines are the checks in h lines: in full where that fits, else one line
// for each, and what is left over is counted.
func proofLines(k ink, checks []wire.Check, w, h int) []string {
	var full []string
	for i := 0; len(checks) <= h && i < len(checks) && len(full) <= h; i++ {
		sign, b := k.status(string(checks[i].Status))
		for n, line := range pane.Wrap(wire.Safe(checks[i].Message), w-2) {
			lead := "  "
			if n == 0 {
				lead = b.Put(sign) + " "
			}
			full = append(full, lead+k.text.Put(line))
		}
	}
	if len(checks) <= h && len(full) <= h {
		return full
	}
	var out []string
	for i, c := range checks[:max(0, min(len(checks), h))] {
		if i == h-1 && len(checks) > h {
			return append(out, k.muted.Put(fmt.Sprintf("  … and %d more", len(checks)-i)))
		}
		sign, b := k.status(string(c.Status))
		out = append(out, b.Put(sign)+" "+k.text.Put(cut(wire.Safe(c.Message), w-2)))
	}
	return out
}
