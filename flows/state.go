package flows

import (
	"time"

	"authdance/flows/wire"
)

// Status says who must move next.
type Status string

// The states of a run.
const (
	Ready   Status = "ready"   // the person may advance
	Running Status = "running" // an effect is outstanding
	Done    Status = "done"
	Failed  Status = "failed"
	Stopped Status = "cancelled"
)

// State is everything a pane, the command line or a test may look at. It is a
// value: Apply returns a new one and never changes what it was given.
type State struct {
	Spec    Spec
	Grant   Grant
	Profile Profile
	Vars    Vars
	Secrets Secrets
	Params  []Param
	Born    map[string]string // variable → ID of the step that set it; absent: it came with the profile

	Step    int // index of the step that runs next or now; len(Grant.Steps) when done
	Status  Status
	Return  string // the step that asks again once what it renews is made anew; only while Running
	Pending Effect // outstanding, nil when none
	LastID  int
	Problem *Problem

	Results []Result          // what is known of each step, by index
	Edits   map[string][]Edit // step ID → edits of its next request
	Edited  int               // edited requests that went out, for ever
	Guesses map[string]string // step ID → what the learner expects

	Began, Now time.Time
}

// Result is what happened the last time a step ran.
type Result struct {
	Began, Ended time.Time
	Effect       Effect  // the last wish, edits applied; nil for work inside the client
	Message      Request // what a step with In read, edits applied
	Edits        []Edit
	Facts        []Entry // the answers, in order
	Checks       []wire.Check
	Set          Vars // the values born here
	Skipped      string
	Problem      *Problem
	Earlier      *Result // what happened the time before, nil the first time
}

// Ran reports whether the step was ever started.
func (r Result) Ran() bool { return !r.Began.IsZero() }

// Took is how long the step lasted, 0 while it runs.
func (r Result) Took() time.Duration {
	if r.Ended.IsZero() {
		return 0
	}
	return r.Ended.Sub(r.Began)
}

// Exchanges are the HTTP exchanges of the step, in order.
func (r Result) Exchanges() []Exchange {
	var out []Exchange
	for _, f := range r.Facts {
		switch e := f.Event.(type) {
		case Received:
			out = append(out, e.Exchange)
		case Observed:
			out = append(out, e.Exchange)
		}
	}
	return out
}

// StepStatus is what a step's line shows.
type StepStatus string

// The states of a step. A step that has not run yet is StepReady.
const (
	StepReady   StepStatus = "ready"
	StepRunning StepStatus = "running"
	StepOK      StepStatus = "ok"
	StepFailed  StepStatus = "failed"
	StepEdited  StepStatus = "edited"
	StepStale   StepStatus = "stale"
	StepSkipped StepStatus = "skipped"
)

// StatusOf computes the status of step i. There are no stored flags: a result
// behind the current step is stale because an earlier step runs again.
func (s State) StatusOf(i int) StepStatus {
	r := s.Results[i]
	over := s.Status == Failed || s.Status == Stopped
	switch {
	case i == s.Step && s.Status == Running:
		return StepRunning
	case i == s.Step && over:
		return StepFailed
	case i > s.Step && r.Ran():
		return StepStale
	case i > s.Step && over, i < s.Step && r.Skipped != "":
		return StepSkipped
	case i >= s.Step && len(s.Edits[s.Grant.Steps[i].ID]) > 0, i < s.Step && len(r.Edits) > 0:
		return StepEdited
	case i >= s.Step:
		return StepReady
	}
	return StepOK
}

// Current returns the step that runs next or now.
func (s State) Current() (Step, bool) {
	if s.Step >= len(s.Grant.Steps) {
		return Step{}, false
	}
	return s.Grant.Steps[s.Step], true
}

// ResultOf returns the result of the named step, zero when there is none.
func (s State) ResultOf(step string) Result {
	if i := s.Grant.Index(step); i >= 0 && i < len(s.Results) {
		return s.Results[i]
	}
	return Result{}
}

// Preview returns the message of step i as it would go out (or be signed, or be read) now:
// without edits, and with them. False when the step has no message, or when a
// value that it needs is not known yet.
func (s State) Preview(i int) (original, next Request, ok bool) {
	if i < 0 || i >= len(s.Grant.Steps) || len(s.Missing(i)) > 0 {
		return original, next, false
	}
	step := s.Grant.Steps[i]
	switch {
	case step.In != nil:
		original = step.In(s)
	case step.Do != nil:
		e := step.Do(s)
		original, next = MessageOf(e), MessageOf(edited(e, s.Edits[step.ID]))
		return original, next, original.Method != ""
	}
	if original.Method == "" {
		return original, next, false
	}
	return original, original.Edit(s.Edits[step.ID]), true
}

// Missing lists the variables that step i needs and the run does not have.
func (s State) Missing(i int) []string {
	var out []string
	for _, n := range s.Grant.Steps[i].Needs {
		if s.Vars[n] == "" && s.Secrets[n].IsZero() {
			out = append(out, n)
		}
	}
	return out
}

// Deadline is when the current step stops asking again; zero when it never does.
func (s State) Deadline() time.Time {
	if step, ok := s.Current(); ok && step.Until != nil {
		return step.Until(s)
	}
	return time.Time{}
}

// Incoming is the message that the current step reads: its In with the edits of
// this attempt.
func (s State) Incoming() Request { return s.Results[s.Step].Message }

// Checks returns the checks of every step that still counts, in step order.
func (s State) Checks() []wire.Check {
	var out []wire.Check
	for i, r := range s.Results {
		if i <= s.Step {
			out = append(out, r.Checks...)
		}
	}
	return out
}
