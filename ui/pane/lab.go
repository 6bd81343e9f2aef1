package pane

import "authdance/flows"

// Lab is what the screen sees of the built-in lab. Its methods only look into
// memory: they may be called while a message is handled.
type Lab interface {
	// ServerView is how the lab saw an exchange of a run. It is false for an
	// exchange with somebody else and for one that the lab has forgotten.
	ServerView(flows.Exchange) (ServerView, bool)
	// AnswerView is the same for the request that the lab answered by sending the
	// browser back with this message: the browser's exchanges are its own.
	AnswerView(flows.Request) (ServerView, bool)
	// Faults are all faults with their present state, in the order of the flow.
	Faults() []Fault
	SetFault(key string, on bool) error
	// Dialects are those that the lab can speak; one of them is On.
	Dialects() []Dialect
	SetDialect(name string) error
	// SigningKey is the lab's own private key as a JWK, for tokens that are wrong
	// on purpose; "" when there is none.
	SigningKey() string
}

// ServerView is what the lab checked of one request, in order.
type ServerView struct {
	Request string // method and path, as it came in
	Checks  []ServerCheck
}

// The results of a ServerCheck.
const (
	ServerPassed     = "pass"
	ServerFailed     = "fail"
	ServerNotReached = "not_reached"
)

// ServerCheck is one thing that the lab looked at.
type ServerCheck struct {
	ID, Status, Message, Got, Want, Ref string
	Fault                               string // key of the fault that made it look away or lie
}

// Fault is one way in which the lab can misbehave on purpose. Step is the step
// that it strikes.
type Fault struct {
	Key, Title, Shows, Step string
	On                      bool
}

// Dialect is a product in whose words the lab can refuse.
type Dialect struct {
	Name, Product string
	On            bool
}

// Intents about the lab.
type (
	// SetFault switches a fault; it acts from the next request on.
	SetFault struct {
		Key string
		On  bool
	}
	// SetDialect chooses the words of the lab's refusals.
	SetDialect struct{ Name string }
)

// Failed is the check that the lab refused for; false when it refused nothing.
func (v ServerView) Failed() (ServerCheck, bool) {
	for _, c := range v.Checks {
		if c.Status == ServerFailed {
			return c, true
		}
	}
	return ServerCheck{}, false
}

// Count is how many checks have this status.
func (v ServerView) Count(status string) int {
	n := 0
	for _, c := range v.Checks {
		if c.Status == status {
			n++
		}
	}
	return n
}
