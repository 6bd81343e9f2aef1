package flows

import (
	"maps"
	"slices"
	"strings"
	"time"

	"authdance/flows/wire"
)

// Apply is the whole machine: a fact turns one state into the next and may ask
// for effects. A fact that fits nothing (an answer to no open effect, a step
// that does not exist) changes nothing.
func Apply(s State, e Entry) (State, []Effect) {
	if ev, ok := e.Event.(Started); ok {
		if s.Status != "" {
			return s, nil
		}
		return start(ev, e), nil
	}
	if s.Status == "" {
		return s, nil
	}
	switch ev := e.Event.(type) {
	case Advanced:
		return s.advance(ev, e)
	case Edited:
		return s.edit(ev, e), nil
	case Guessed:
		if s.Grant.Index(ev.Step) < 0 {
			return s, nil
		}
		s.Now, s.Guesses = e.At, put(s.Guesses, ev.Step, ev.Expect)
		return s, nil
	case Cancelled:
		return s.cancel(e), nil
	}
	if s.Pending == nil || answers(e.Event) != s.Pending.EffectID() {
		return s, nil // an answer to a question nobody asks any more
	}
	return s.answer(e)
}

func start(ev Started, e Entry) State {
	s := State{
		Spec: ev.Spec, Grant: ev.Grant, Profile: ev.Profile, Vars: ev.Vars, Secrets: ev.Secrets, Params: ev.Params,
		Status: Ready, Began: e.At, Now: e.At, Results: make([]Result, len(ev.Grant.Steps)),
	}
	return s.settle(0).skip()
}

// settle chooses the steps anew. The first n of them stand: they ran.
func (s State) settle(n int) State {
	if s.Grant.Settle == nil {
		return s
	}
	g := s.Grant.Settle(s)
	same := func(a, b Step) bool { return a.ID == b.ID }
	if len(g.Steps) < n || !slices.EqualFunc(g.Steps[:n], s.Grant.Steps[:n], same) {
		return s
	}
	results := make([]Result, len(g.Steps))
	for i, st := range g.Steps {
		results[i] = s.ResultOf(st.ID)
	}
	s.Grant, s.Results = g, results
	return s
}

func (s State) advance(ev Advanced, e Entry) (State, []Effect) {
	if ev.To == "" {
		if s.Status != Ready {
			return s, nil
		}
	} else {
		i := s.Grant.Index(ev.To)
		if s.Status == Running || i < 0 || i > s.Step {
			return s, nil
		}
		s.Step = i
	}
	step, ok := s.Current()
	if !ok {
		return s, nil
	}
	s.Now, s.Status, s.Problem, s.Pending = e.At, Ready, nil, nil
	edits := s.Edits[step.ID]
	again := Result{Began: e.At, Edits: edits}
	used := false
	if before := s.Results[s.Step]; before.Ran() {
		again.Earlier = &before
		i := s.Grant.Index(step.Renew)
		used = i >= 0 && !s.Results[i].Ended.After(before.Ended)
	}
	s = s.setResult(again)
	if missing := s.Missing(s.Step); len(missing) > 0 {
		return s.fail(&Problem{Kind: Input, Code: "missing_value",
			Description: wire.Untrusted("this step needs " + strings.Join(missing, ", ") + ", and the run does not have it")}, e), nil
	}
	if len(edits) > 0 {
		s.Edited++
		s.Edits = maps.Clone(s.Edits)
		delete(s.Edits, step.ID)
	}
	if used {
		return s.askAgain(e)
	}
	return s.run(e)
}

// run starts the current step.
func (s State) run(e Entry) (State, []Effect) {
	step := s.Grant.Steps[s.Step]
	if step.Do != nil {
		return s.ask(e)
	}
	if step.In != nil {
		r := s.Results[s.Step]
		r.Message = step.In(s).Edit(r.Edits)
		s = s.setResult(r)
	}
	return s.conclude(step.On(s, e), e)
}

// askAgain runs the current step once more. What must be fresh in each of its
// requests is made anew first, without waiting for the person: the log shows it.
func (s State) askAgain(e Entry) (State, []Effect) {
	i := s.renewal(s.Step)
	if i == s.Step {
		return s.run(e)
	}
	s.Return, s.Step = s.Grant.Steps[s.Step].ID, i
	return s.returning(e)
}

// renewal is the first of the steps that run anew before step n asks again, n
// where there is none. What is renewed may have to renew something itself: a
// second push needs a second assertion.
func (s State) renewal(n int) int {
	i := s.Grant.Index(s.Grant.Steps[n].Renew)
	if i < 0 || i >= n || !s.Results[i].Ran() {
		return n
	}
	return s.renewal(i)
}

// returning runs the next step on the way back to the one that asks again.
func (s State) returning(e Entry) (State, []Effect) {
	if i := s.Grant.Index(s.Return); s.Step >= i {
		s.Return = ""
		if s.Step > i {
			return s, nil
		}
	}
	return s.run(e)
}

// ask hands out the current step's effect, with the edits of this attempt.
func (s State) ask(e Entry) (State, []Effect) {
	step := s.Grant.Steps[s.Step]
	r := s.Results[s.Step]
	r.Effect = edited(step.Do(s), r.Edits)
	return s.setResult(r).wish(r.Effect)
}

func (s State) wish(fx Effect) (State, []Effect) {
	s.LastID++
	s.Status, s.Pending = Running, fx.withID(s.LastID)
	return s, []Effect{s.Pending}
}

func (s State) answer(e Entry) (State, []Effect) {
	s.Now = e.At
	r := s.Results[s.Step]
	r.Facts = append(slices.Clip(r.Facts), e)
	switch ev := e.Event.(type) {
	case Broke:
		s.Pending = nil
		if lost := s.Grant.Steps[s.Step].Lost; lost != nil {
			if v := lost(s.setResult(r), e); v.Again {
				return s.setResult(r).conclude(v, e)
			}
		}
		desc := ev.Message
		if ev.Sent {
			desc += " (the request had gone out: whether the server acted on it is unknown)"
		}
		return s.setResult(r).fail(&Problem{Kind: kindOf(ev.Code), Code: ev.Code, Description: desc}, e), nil
	case Observed:
		r.Checks = append(slices.Clip(r.Checks), ev.Checks...)
		return s.setResult(r).stay()
	case Elapsed:
		s.Pending = nil
		s = s.setResult(r)
		if p := s.late(e.At); p != nil {
			return s.fail(p, e), nil
		}
		return s.askAgain(e)
	}
	s = s.setResult(r)
	v := s.Grant.Steps[s.Step].On(s, e)
	if v.Stay {
		r.Checks = append(slices.Clip(r.Checks), v.Checks...)
		return s.setResult(r).stay()
	}
	s.Pending = nil
	return s.conclude(v, e)
}

// kindOf says what sort of trouble it is that an effect had no answer.
func kindOf(code string) Kind {
	switch code {
	case "browser_timeout", "listen_timeout":
		return Person
	case "browser_error_page": // the server did answer: it showed its refusal to the person
		return OAuth
	case "key_missing", "key_unfit":
		return Input
	case "decrypt_failed":
		return Refused
	}
	return Transport
}

// stay keeps a Browse or a Listen open and asks the performer to go on waiting.
func (s State) stay() (State, []Effect) {
	switch fx := s.Pending.(type) {
	case Browse:
		fx.Resume = true
		s.Pending = fx
	case Listen:
		fx.Resume = true
		s.Pending = fx
	}
	return s, []Effect{s.Pending}
}

func (s State) conclude(v Verdict, e Entry) (State, []Effect) {
	r := s.Results[s.Step]
	r.Checks = append(slices.Clip(r.Checks), v.Checks...)
	r.Set = r.Set.with(v.Set)
	s = s.setResult(r)
	s.Vars = s.Vars.with(v.Set)
	for name := range v.Set {
		s.Born = put(s.Born, name, s.Grant.Steps[s.Step].ID)
	}
	problem := v.Problem
	if problem == nil {
		problem = refusal(v.Checks)
	}
	switch {
	case problem != nil:
		return s.fail(problem, e), nil
	case v.Again && s.late(e.At.Add(v.After)) != nil:
		return s.fail(s.late(e.At.Add(v.After)), e), nil
	case v.Again && v.After > 0:
		return s.wish(Wait{For: v.After})
	case v.Again:
		return s.askAgain(e)
	}
	r.Ended = e.At
	s = s.setResult(r)
	if s.Grant.Steps[s.Step].Settles {
		s = s.settle(s.Step + 1)
	}
	s.Step, s.Status = s.Step+1, Ready
	if s = s.skip(); s.Return != "" {
		return s.returning(e)
	}
	return s, nil
}

// late is why the current step does not ask once more at that time: what it
// waits for is over by then. Nil while it may.
func (s State) late(at time.Time) *Problem {
	until := s.Deadline()
	if until.IsZero() || at.Before(until) {
		return nil
	}
	return &Problem{Kind: Person, Code: "expired_token", Description: wire.Untrusted("nobody agreed in time: what this step waits for ended at " +
		until.UTC().Format(time.TimeOnly) + " UTC, before the next question would be allowed. Start again to get a new one")}
}

// refusal turns the first failed check into the reason to stop: a refused
// answer ends the flow, whatever the step made of it.
func refusal(checks []wire.Check) *Problem {
	for _, c := range checks {
		if c.Status == wire.Fail {
			return &Problem{Kind: Refused, Code: c.ID, Description: wire.Untrusted(c.Message)}
		}
	}
	return nil
}

// skip passes over the steps that do not apply to this run.
func (s State) skip() State {
	for s.Step < len(s.Grant.Steps) {
		step := s.Grant.Steps[s.Step]
		if step.Skip == nil {
			return s
		}
		reason := step.Skip(s)
		if reason == "" {
			return s
		}
		s = s.setResult(Result{Skipped: reason})
		s.Step++
	}
	s.Status = Done
	return s
}

func (s State) fail(p *Problem, e Entry) State {
	why := *p
	why.Step = s.Grant.Steps[s.Step].ID
	r := s.Results[s.Step]
	r.Ended, r.Problem = e.At, &why
	s = s.setResult(r)
	s.Status, s.Problem, s.Pending, s.Return = Failed, &why, nil, ""
	return s
}

func (s State) cancel(e Entry) State {
	if s.Status != Running && s.Status != Ready {
		return s
	}
	s.Now = e.At
	s = s.fail(&Problem{Kind: Person, Code: "cancelled", Description: "stopped here"}, e)
	s.Status = Stopped
	return s
}

// edit makes the edited step the next one: what came after it no longer counts.
func (s State) edit(ev Edited, e Entry) State {
	i := s.Grant.Index(ev.Step)
	if s.Status == Running || i < 0 {
		return s
	}
	s.Now = e.At
	if len(ev.Edits) == 0 {
		s.Edits = maps.Clone(s.Edits)
		delete(s.Edits, ev.Step)
		return s
	}
	s.Edits = put(s.Edits, ev.Step, slices.Clone(ev.Edits))
	if i <= s.Step {
		s.Step, s.Status, s.Problem = i, Ready, nil
	}
	return s
}

func (s State) setResult(r Result) State {
	s.Results = slices.Clone(s.Results)
	s.Results[s.Step] = r
	return s
}

func put[V any](m map[string]V, k string, v V) map[string]V {
	out := make(map[string]V, len(m)+1)
	maps.Copy(out, m)
	out[k] = v
	return out
}
