package grants

import (
	"slices"

	"authdance/flows"
)

// change replaces one step of a grant; the grant given stays as it is.
func change(g flows.Grant, step string, with func(flows.Step) flows.Step) flows.Grant {
	g.Steps = slices.Clone(g.Steps)
	for i, st := range g.Steps {
		if st.ID == step {
			g.Steps[i] = with(st)
		}
	}
	return g
}

// rewriting passes the step's request through a function before it goes out.
func rewriting(g flows.Grant, step string, with func(flows.State, flows.Request) flows.Request) flows.Grant {
	return change(g, step, func(st flows.Step) flows.Step {
		do := st.Do
		st.Do = func(s flows.State) flows.Effect {
			switch fx := do(s).(type) {
			case flows.Send:
				fx.Request = with(s, fx.Request)
				return fx
			case flows.Browse:
				fx.Request = with(s, fx.Request)
				return fx
			default:
				return fx
			}
		}
		return st
	})
}

// adding appends parameters to the step's form, or to its query where it has none.
func adding(g flows.Grant, step string, fs ...field) flows.Grant {
	return rewriting(g, step, func(s flows.State, r flows.Request) flows.Request {
		if r.Form != nil {
			r.Form = withParams(r.Form, params(s, fs))
		} else {
			r.Query = withParams(r.Query, params(s, fs))
		}
		return r
	})
}

// addingHeader appends header fields to the step's request.
func addingHeader(g flows.Grant, step string, fs ...field) flows.Grant {
	return rewriting(g, step, func(s flows.State, r flows.Request) flows.Request {
		r.Header = withParams(r.Header, params(s, fs))
		return r
	})
}

// withParams is a list with more parameters; one that it has already is replaced.
func withParams(list, more []flows.Param) []flows.Param {
	out := slices.DeleteFunc(slices.Clone(list), func(p flows.Param) bool {
		return slices.ContainsFunc(more, func(q flows.Param) bool { return q.Name == p.Name })
	})
	return append(out, more...)
}

// before puts a step directly before another one. Whenever that asks again, the
// new one runs anew; where that is skipped, so is the new one.
func before(g flows.Grant, step string, st flows.Step) flows.Grant {
	i := g.Index(step)
	if i < 0 {
		return g
	}
	if skip := g.Steps[i].Skip; skip != nil {
		st = unless(st, skip)
	}
	g.Steps = slices.Insert(slices.Clone(g.Steps), i, st)
	return change(g, step, func(target flows.Step) flows.Step {
		if target.Renew == "" {
			target.Renew = st.ID
		}
		return target
	})
}

// after adds to what a step makes of its answer, where it is content with it.
func after(g flows.Grant, step string, then func(flows.State, flows.Entry, flows.Verdict) flows.Verdict) flows.Grant {
	return change(g, step, func(st flows.Step) flows.Step {
		on := st.On
		st.On = func(s flows.State, e flows.Entry) flows.Verdict {
			v := on(s, e)
			if v.Problem != nil || v.Again || v.Stay {
				return v
			}
			return then(s, e, v)
		}
		return st
	})
}

// needing adds variables without which a step cannot run.
func needing(g flows.Grant, step string, names ...string) flows.Grant {
	return change(g, step, func(st flows.Step) flows.Step {
		st.Needs = slices.Concat(st.Needs, names)
		return st
	})
}

// each calls with for every step that is chosen.
func each(g flows.Grant, chosen func(flows.Step) bool, with func(flows.Grant, flows.Step) flows.Grant) flows.Grant {
	for _, st := range g.Steps {
		if chosen(st) {
			g = with(g, st)
		}
	}
	return g
}
