package cli

import (
	"fmt"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// edits reads --edit, and groups it by step, in the order given.
func edits(list []string, s flows.State) ([]flows.Edited, error) {
	var out []flows.Edited
	for _, text := range list {
		step, change, ok := strings.Cut(text, ":")
		i := s.Grant.Index(step)
		switch {
		case !ok:
			return nil, usage("--edit %s: write STEP:NAME=VALUE, STEP:-NAME or STEP:+NAME=VALUE", wire.Safe(text))
		case i < 0:
			return nil, usage("--edit %s: the flow %s has no step %q; its steps are %s", wire.Safe(text), s.Grant.ID, wire.Safe(step), strings.Join(stepIDs(s.Grant, nil), ", "))
		case !hasMessage(s, s.Grant.Steps[i]):
			return nil, usage("--edit %s: the step %s has no message that could be changed; these have one: %s", wire.Safe(text), step, strings.Join(stepIDs(s.Grant, &s), ", "))
		}
		e, err := edit(change)
		if err != nil {
			return nil, usage("--edit %s: %v", wire.Safe(text), err)
		}
		if madeByHTTP(e.Name) {
			return nil, usage("--edit %s: HTTP itself makes %s, from the address and the body; change :url or :body instead", wire.Safe(text), e.Name)
		}
		if n := len(out); n > 0 && out[n-1].Step == step {
			out[n-1].Edits = append(out[n-1].Edits, e)
			continue
		}
		out = append(out, flows.Edited{Step: step, Edits: append(editsOf(out, step), e)})
	}
	return out, nil
}

// editsOf are the edits that the step has so far: an Edited replaces them all.
func editsOf(list []flows.Edited, step string) []flows.Edit {
	var found []flows.Edit
	for _, e := range list {
		if e.Step == step {
			found = append([]flows.Edit{}, e.Edits...)
		}
	}
	return found
}

func edit(change string) (flows.Edit, error) {
	if name, drop := strings.CutPrefix(change, "-"); drop {
		if name == "" || strings.Contains(name, "=") {
			return flows.Edit{}, fmt.Errorf("after - comes the name alone")
		}
		return flows.Edit{Op: flows.Drop, Name: name}, nil
	}
	op := flows.Set
	change, add := strings.CutPrefix(change, "+")
	if add {
		op = flows.Add
	}
	name, v, ok := strings.Cut(change, "=")
	if !ok || name == "" {
		return flows.Edit{}, fmt.Errorf("write NAME=VALUE, with the name as it stands in the message")
	}
	return flows.Edit{Op: op, Name: name, Value: wire.Untrusted(v)}, nil
}

// madeByHTTP are the fields that HTTP/1.1 frames a message with (RFC 9112 §3.2, §6).
func madeByHTTP(name string) bool {
	return slices.ContainsFunc([]string{"Host", "Content-Length", "Transfer-Encoding"}, func(h string) bool { return strings.EqualFold(h, name) })
}

// slips says which changes met nothing in the message that they were made for:
// most often the name has a typing error.
type slips struct {
	c *console
	s flows.State
}

func (l *slips) entry(en flows.Entry) {
	before := l.s
	l.s, _ = flows.Apply(before, en)
	for i, st := range before.Grant.Steps {
		if list := before.Edits[st.ID]; len(list) > 0 && len(l.s.Edits[st.ID]) == 0 && l.s.Results[i].Ran() {
			if original, _, ok := before.Preview(i); ok {
				l.step(st.ID, original, list)
			}
		}
	}
}

func (l *slips) step(id string, q flows.Request, list []flows.Edit) {
	for i, e := range list {
		var names []string
		for _, p := range slices.Concat(q.Query, q.Form, q.Header) {
			names = append(names, p.Name)
		}
		q = q.Edit(list[i : i+1])
		if e.Op == flows.Add || strings.HasPrefix(e.Name, ":") || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, e.Name) }) {
			continue
		}
		text := id + " has no " + wire.Safe(e.Name)
		if near := wire.Nearest(e.Name, names); near != "" {
			text += "; did you mean " + wire.Safe(near) + "?"
		} else {
			text += "."
		}
		if e.Op == flows.Drop {
			text += " Nothing was dropped"
		} else {
			text += " It is added as a new parameter"
		}
		l.c.warn("%s", text)
	}
}
