package exchange

import (
	"strconv"
	"strings"

	"authdance/flows"
	"authdance/flows/diagnose"
	"authdance/flows/wire"
)

// The outcome of a step is one word: "ok", the code of the problem, or the
// error that the browser brought back. Guesses are recorded as such words.

// outcome reads it off a result; "" while there is none.
func outcome(r flows.Result) string {
	if r.Problem != nil {
		return r.Problem.Code
	}
	if r.Ended.IsZero() {
		return ""
	}
	for _, f := range r.Facts {
		if back, ok := f.Event.(flows.Redirected); ok {
			for _, p := range back.Params() {
				if p.Name == "error" {
					return p.Value.Raw()
				}
			}
		}
	}
	return "ok"
}

// came is the outcome of a result in the same words, with the status that
// really came.
func came(step flows.Step, r flows.Result) string {
	word := outcome(r)
	text := diagnose.Outcome(step, word)
	status := 0
	switch p := r.Problem; {
	case p != nil && p.Kind == flows.Transport:
		return "no answer, " + strings.ReplaceAll(wire.Safe(p.Code), "_", " ")
	case p != nil && p.Kind == flows.OAuth:
		status = p.HTTPStatus
	case p == nil && step.In == nil && step.ID != "authorize":
		for _, x := range r.Exchanges() {
			status = x.Response.Status
		}
	}
	if status == 0 {
		return text
	}
	is := strconv.Itoa(status)
	said, rest, _ := strings.Cut(text, " ")
	said, comma := strings.CutSuffix(said, ",")
	switch _, err := strconv.Atoi(said); {
	case err == nil && comma:
		return is + ", " + rest
	case err == nil:
		return strings.TrimSpace(is + " " + rest)
	case wire.Safe(word) == text: // the bare code of a server
		return is + " " + text
	}
	return text
}

// code is the code of a problem as the screen says it: a bare status has none.
func code(p *flows.Problem) string {
	if status, bare := diagnose.BareStatus(p.Code); bare {
		return "HTTP " + status
	}
	return wire.Safe(p.Code)
}

// guessed compares what the learner expected of an edited step with what came.
// done is false while there is no guess or no answer.
func guessed(s flows.State, step flows.Step, r flows.Result) (expected, got string, right, done bool) {
	word := s.Guesses[step.ID]
	is := outcome(r)
	if word == "" || is == "" || len(r.Edits) == 0 {
		return "", "", false, false
	}
	return diagnose.Outcome(step, word), came(step, r), word == is, true
}

// usual is what a careful server makes of these edits, "" when they are no
// ready-made fault.
func usual(step flows.Step, r flows.Result) string {
	for _, f := range readyMadeFaults(step.ID) {
		if matches(f, r.Edits) {
			return diagnose.Outcome(step, f.result)
		}
	}
	return ""
}

// matches reports that the edits are this fault, whatever filled its holes.
func matches(f fault, edits []flows.Edit) bool {
	if len(f.edits) != len(edits) {
		return false
	}
	for i, ed := range f.edits {
		_, _, filled := placeholder(ed.Value)
		if ed.Op != edits[i].Op || ed.Name != edits[i].Name || !filled && ed.Value != edits[i].Value {
			return false
		}
	}
	return true
}

// choices are the outcomes that a learner can expect of the edits, as words.
// A request that nobody changed is not guessed about.
func (s subject) choices() []string {
	if len(s.edits) == 0 {
		return nil
	}
	all := readyMadeFaults(s.step.ID)
	for _, f := range all {
		if matches(f, s.edits) {
			return f.choices
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[0].choices
}
