package grants

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// field yields the parameters that one place of a request has in this run.
type field func(flows.State) []flows.Param

// lit is a parameter with a fixed value.
func lit(name, value string) field {
	return func(flows.State) []flows.Param { return []flows.Param{{Name: name, Value: wire.Untrusted(value)}} }
}

// arg is the variable of the same name; nothing when it is empty.
func arg(name string) field {
	return func(s flows.State) []flows.Param {
		if s.Vars[name] == "" {
			return nil
		}
		return []flows.Param{{Name: name, Value: s.Vars[name], Var: name, Secret: flows.Sensitive(name)}}
	}
}

// as is a parameter filled from a variable with another name; nothing when that is empty.
func as(name, variable string) field {
	return func(s flows.State) []flows.Param {
		if s.Vars[variable] == "" {
			return nil
		}
		return []flows.Param{{Name: name, Value: s.Vars[variable], Var: variable, Secret: flows.Sensitive(name)}}
	}
}

// orElse is the variable of the same name, or a value where it is empty.
func orElse(name, value string) field {
	return func(s flows.State) []flows.Param {
		if p := arg(name)(s); p != nil {
			return p
		}
		return lit(name, value)(s)
	}
}

// several is a parameter that goes out once for every word of the variable.
func several(name string) field {
	return func(s flows.State) []flows.Param {
		var out []flows.Param
		for _, w := range words(s.Vars[name]) {
			out = append(out, flows.Param{Name: name, Value: wire.Untrusted(w), Var: name})
		}
		return out
	}
}

// choice is an option of the run that goes out as a parameter.
func choice(name string) field {
	return func(s flows.State) []flows.Param {
		return []flows.Param{{Name: name, Value: wire.Untrusted(s.Spec.Options[name])}}
	}
}

// confidential is a parameter whose value the person trusts us with: a secret
// of the run, or a variable where there is none.
func confidential(name string) field {
	return func(s flows.State) []flows.Param {
		val := s.Vars[name]
		if secret := s.Secrets[name]; !secret.IsZero() {
			val = wire.Untrusted(secret.Reveal())
		}
		return []flows.Param{{Name: name, Value: val, Var: name, Secret: true}}
	}
}

// extra are the parameters that the person added to the run. A name that the
// request already has is replaced by them (see Params).
func extra(s flows.State) []flows.Param { return s.Params }

func params(s flows.State, fs []field) []flows.Param {
	out := []flows.Param{}
	for _, f := range fs {
		before := len(out) // one field may name a parameter twice, and means it
		for _, p := range f(s) {
			if i := slices.IndexFunc(out[:before], func(q flows.Param) bool { return q.Name == p.Name }); i >= 0 {
				out[i] = p
				continue
			}
			out = append(out, p)
		}
	}
	return out
}

func accept(kind string) flows.Param { return flows.Param{Name: "Accept", Value: wire.Untrusted(kind)} }

// post is a form sent to an endpoint of the metadata.
func post(endpoint string, fs ...field) func(flows.State) flows.Effect {
	return func(s flows.State) flows.Effect {
		return flows.Send{Request: flows.Request{
			Method: http.MethodPost, URL: s.Vars[endpoint],
			Header: []flows.Param{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}, accept("application/json")},
			Form:   params(s, fs),
		}}
	}
}

// get fetches the place that the variable names.
func get(place string, header ...field) func(flows.State) flows.Effect {
	return func(s flows.State) flows.Effect {
		return flows.Send{Request: flows.Request{Method: http.MethodGet, URL: s.Vars[place],
			Header: append([]flows.Param{accept("application/json")}, params(s, header)...)}}
	}
}

// bearer presents the access token as RFC 6750 §2.1 says, or one that is bound
// to a key as RFC 9449 §7.1 does.
func bearer(s flows.State) []flows.Param { return bearerOf("access_token")(s) }

// bearerOf presents the token in a variable; nothing when it is empty.
func bearerOf(variable string) field {
	return func(s flows.State) []flows.Param {
		if s.Vars[variable] == "" {
			return nil
		}
		scheme := wire.Untrusted("Bearer ")
		if variable == "access_token" && boundByProof(s) {
			scheme = "DPoP "
		}
		return []flows.Param{{Name: "Authorization", Value: scheme + s.Vars[variable], Var: variable, Secret: true}}
	}
}

// browse sends the browser to an endpoint and waits for it at redirect_uri.
func browse(endpoint string, fs ...field) func(flows.State) flows.Effect {
	return func(s flows.State) flows.Effect {
		return flows.Browse{
			Request:     flows.Request{Method: http.MethodGet, URL: s.Vars[endpoint], Query: params(s, fs)},
			RedirectURI: s.Vars["redirect_uri"], State: s.Vars["state"], ResponseMode: s.Vars["response_mode"].Raw(),
		}
	}
}

// draw asks for random values, and for a free port when the redirect URI leaves it open.
func draw(names ...string) func(flows.State) flows.Effect {
	return func(s flows.State) flows.Effect {
		d := flows.Draw{Names: names}
		if u, err := url.Parse(s.Vars["redirect_uri"].Raw()); err == nil && u.Port() == "0" {
			d.Redirect = s.Vars["redirect_uri"]
		}
		return d
	}
}

// keep takes the drawn values as they are.
func keep(_ flows.State, e flows.Entry) flows.Verdict {
	if d, ok := e.Event.(flows.Drawn); ok {
		return flows.Verdict{Set: d.Values}
	}
	return unexpected(e)
}

// returned ends a Browse when the browser comes back with our state. An answer
// from the listener with another state is not ours: it is noted, and the step
// goes on waiting (RFC 6749 §10.12; a forged request must not end the flow).
func returned(s flows.State, e flows.Entry) flows.Verdict {
	r, ok := e.Event.(flows.Redirected)
	if !ok {
		return unexpected(e)
	}
	got, known := flows.StateIn(r.Params())
	if want := s.Vars["state"]; r.Via == flows.Listener && known && got != want {
		return flows.Verdict{Stay: true, Checks: []wire.Check{{ID: "state_mismatch", Status: wire.Warn,
			Message: "a callback with another state arrived; it was not for this run and changed nothing",
			Got:     got.Safe(), Want: want.Safe(), Ref: "RFC 6749 §10.12"}}}
	}
	return flows.Verdict{}
}

// take reads a JSON answer: server errors become problems, the named members
// variables; "?name" is optional.
func take(names ...string) func(flows.State, flows.Entry) flows.Verdict {
	return func(s flows.State, e flows.Entry) flows.Verdict {
		doc, v, ok := answer(e)
		if !ok {
			return v
		}
		v.Set = flows.Vars{}
		for _, n := range names {
			name, optional := strings.CutPrefix(n, "?")
			val, has := doc.Get(name)
			switch empty := has && (val.Kind == wire.Null || val.Kind == wire.String && val.Text == ""); {
			case !has || empty: // some servers write null for what they do not give
				v.Set[name] = "" // an older value must not look like this answer's
				if !optional {
					says := "the answer has no " + name
					if empty {
						says = name + " is empty in the answer"
					}
					v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Fail, Message: says, Want: name})
				}
				continue
			case !optional && val.Kind != wire.String:
				v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Got: wire.Safe(val.Text), Want: "a string",
					Message: name + " should be a string, it is a " + val.Kind.String() + "; authdance takes its text"})
			}
			v.Set[name] = wire.Untrusted(val.Text)
			if val.Kind == wire.Object || val.Kind == wire.Array {
				v.Set[name] = wire.Untrusted(val.Indent())
			}
		}
		return v
	}
}

// polling turns authorization_pending and slow_down into another wait
// (RFC 8628 §3.5): five seconds unless the server said otherwise, and five
// more after every slow_down.
func polling(on func(flows.State, flows.Entry) flows.Verdict) func(flows.State, flows.Entry) flows.Verdict {
	return func(s flows.State, e flows.Entry) flows.Verdict {
		v := on(s, e)
		if v.Problem == nil {
			return v
		}
		every := max(seconds(s.Vars["interval"], 5), 1)
		switch v.Problem.Code {
		case "slow_down":
			every += 5
		case "authorization_pending":
		default:
			return v
		}
		return flows.Verdict{Set: flows.Vars{"interval": wire.Untrusted(fmt.Sprint(every))}, Again: true, After: time.Duration(every) * time.Second}
	}
}

// backingOff doubles the pause when the server could not be reached in time
// (RFC 8628 §3.5). Any other failure ends the step.
func backingOff(s flows.State, e flows.Entry) flows.Verdict {
	if b, ok := e.Event.(flows.Broke); !ok || !strings.Contains(b.Code, "timeout") {
		return flows.Verdict{}
	}
	every := 2 * max(seconds(s.Vars["interval"], 5), 1)
	return flows.Verdict{Set: flows.Vars{"interval": wire.Untrusted(fmt.Sprint(every))}, Again: true, After: time.Duration(every) * time.Second,
		Checks: []wire.Check{{ID: "polling_slower", Status: wire.Warn, Ref: "RFC 8628 §3.5", Message: fmt.Sprintf("the server did not answer in time; authdance asks again, now every %d seconds", every)}}}
}

// unless skips a step for a further reason, beside its own.
func unless(st flows.Step, reason func(flows.State) string) flows.Step {
	own := st.Skip
	st.Skip = func(s flows.State) string {
		if why := reason(s); why != "" || own == nil {
			return why
		}
		return own(s)
	}
	return st
}

// warning adds a check of its own to what a step finds.
func warning(st flows.Step, c wire.Check) flows.Step {
	on := st.On
	st.On = func(s flows.State, e flows.Entry) flows.Verdict {
		v := on(s, e)
		if !v.Again {
			v.Checks = append(v.Checks, c)
		}
		return v
	}
	return st
}

// seconds reads a number of seconds, and dflt where there is none or it is absurd.
func seconds(v wire.Untrusted, dflt int) int {
	var n int
	if _, err := fmt.Sscanf(v.Raw(), "%d", &n); err != nil || n < 0 || n > 86400 {
		return dflt
	}
	return n
}

// value returns the first value with this name.
func value(ps []flows.Param, name string) (wire.Untrusted, bool) {
	for _, p := range ps {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

func words(v wire.Untrusted) []string { return strings.Fields(v.Raw()) }

// unexpected is the verdict on a fact that no correct performer sends here.
func unexpected(e flows.Entry) flows.Verdict {
	return flows.Verdict{Problem: &flows.Problem{Kind: flows.Refused, Code: "nonstandard_answer",
		Description: wire.Untrusted(fmt.Sprintf("the step got a fact it cannot read (%s)", flows.KindOf(e.Event)))}}
}
