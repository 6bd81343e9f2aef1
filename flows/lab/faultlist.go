package lab

import "slices"

// knownFaults is the list of faults, in the order of the flow. A fault that
// reproduces a situation people get into has the key of that situation.
func knownFaults() []*fault {
	all := slices.Concat(settingFaults(), discoveryFaults(), callbackFaults(), tokenAnswerFaults(), transportFaults(), idTokenFaults(), keySetFaults(),
		resourceFaults(), escapeFaults(), scenarioFaults(), mistakeFaults(), weakFaults())
	order := faultSteps()
	slices.SortStableFunc(all, func(a, b *fault) int { return slices.Index(order, a.Step) - slices.Index(order, b.Step) })
	return all
}

// faultSteps are the steps at which faults show, in the order of the flow. The
// last one is for the weak server, of which an honest client sees nothing.
func faultSteps() []string {
	return []string{"discovery", "device_authorization", "verification", "authorize", "callback", "token", "id_token", "userinfo", "api", "logout", "weak"}
}

// badness says what a row of a list of faults has in common with all others:
// its name, what it looks like and which rule it breaks.
type badness struct {
	key, title string
	finding    string
	breaks     norm
	shows      string
}

// at makes a fault out of a row.
func (b badness) at(kind, step string, status int) *fault {
	return &fault{Fault: Fault{Key: b.key, Title: b.title, Kind: kind, Step: step, Shows: b.shows, Status: status, Finding: b.finding,
		Breaks: b.breaks.words(), Ref: b.breaks.ref()}}
}

// needing limits a fault to runs that have something special.
func (f *fault) needing(what, when string) *fault {
	f.Needs, f.when = what, when
	return f
}
