// Package flows is the pure core: a grant is a list of steps, a run is a log of
// facts, and Apply folds the facts into a State. Nothing here reads a clock, a
// socket, a file or a random source: whatever a run needs from the world it
// asks for with an Effect, and the answer comes back as an Event.
package flows

import (
	"context"
	"maps"
	"time"

	"authdance/flows/wire"
)

// Party is one lane of the sequence diagram.
type Party string

// The parties of the flows. Client is authdance itself.
const (
	Browser Party = "browser"
	Client  Party = "client"
	AS      Party = "as"
	API     Party = "api"
)

// Vars are the protocol values known so far, under their wire names (state,
// code, access_token, token_endpoint, …). They are copied on write, so a State
// may be kept and compared freely.
type Vars map[string]wire.Untrusted

func (v Vars) with(more Vars) Vars {
	if len(more) == 0 {
		return v
	}
	out := make(Vars, len(v)+len(more))
	maps.Copy(out, v)
	maps.Copy(out, more)
	return out
}

// Secrets are values that the profile's owner trusts us with. They print masked
// in every format; only a request that must carry one reveals it.
type Secrets map[string]wire.Secret

// Spec names a grant and the modifiers it runs with. It is what a recording
// stores of the grant: the steps themselves are code.
type Spec struct {
	Grant   string            `json:"grant"`
	Options map[string]string `json:"options,omitempty"` // pkce: S256, client_auth: none, …
}

// Profile is what a run has to know of the provider profile it uses. Quirks are
// plain data; the combinators read them and leave a named finding.
type Profile struct {
	ID     string            `json:"id"`
	Name   string            `json:"name"`
	Class  string            `json:"class"` // LAB, TEST or LIVE
	Quirks map[string]string `json:"quirks,omitempty"`
}

// Grant is one OAuth grant, or one protocol operation, as an ordered list of steps.
type Grant struct {
	ID, Title, Ref string
	About          string              // one or two sentences: what it is for
	Takes          []Given             // what it begins with, beside provider and client
	Choices        map[string][]string // options of its own, each with its values, the default first
	Steps          []Step
	Settle         func(State) Grant // chooses the steps by what is known now: at the start, and after a step that Settles; nil: they stay
}

// Given is a value that a run begins with and that none of its steps makes:
// the person has it, or an earlier run.
type Given struct {
	Name     string // the variable
	From     string // the variable of an earlier run that serves as it; "" where none does
	What     string // what it is, in a few words
	Optional bool
}

// Index returns the position of the named step, or -1.
func (g Grant) Index(step string) int {
	for i, st := range g.Steps {
		if st.ID == step {
			return i
		}
	}
	return -1
}

// Step is one stage of a grant: a message and its answer, or work inside the
// client that people must see.
type Step struct {
	ID, Title, Ref string
	Why            string   // one to three sentences: why the protocol has this step
	From, To       Party    // direction of the step's own message; equal for work inside one party
	Front          bool     // travels through the browser, where it can be seen and changed
	Pages          []string // catalog pages, the most useful first
	Needs          []string // variables without which the step cannot run
	Auth           bool     // the client authenticates in this step's request
	Settles        bool     // its answer says which steps this run has
	Renew          string   // the earlier step from which on all is run anew before this one asks again: no proof or assertion counts twice

	Skip  func(State) string    // a reason when the step does not apply to this run, else ""
	Until func(State) time.Time // when asking again stops being of use; zero: never

	Do   func(State) Effect         // what to ask of the world; nil: On runs on Advanced
	In   func(State) Request        // the message a step without Do reads; it can be edited before it is read
	On   func(State, Entry) Verdict // what the answer means
	Lost func(State, Entry) Verdict // what no answer (Broke) means; nil, or a verdict without Again: the step ends
}

// Verdict is a step's reading of an answer. A check that failed stops the flow,
// also when Problem is nil.
type Verdict struct {
	Set     Vars
	Checks  []wire.Check
	Problem *Problem
	Again   bool          // ask once more in the same step (polling, a second URL), after what it renews …
	After   time.Duration // … after this long
	Stay    bool          // the answer was not ours: the effect stays open
}

// Kind says what sort of trouble a Problem is; exit codes follow it.
type Kind string

// The kinds of trouble.
const (
	OAuth     Kind = "oauth"     // the server answered with an error
	Transport Kind = "transport" // no answer: DNS, TCP, TLS, a limit
	Refused   Kind = "check"     // an answer came and was refused here
	Person    Kind = "person"    // cancelled, or nobody came back in time
	Input     Kind = "input"     // a value is missing that only the person has
)

// Problem is why a run stopped. Code is what the catalog explains: an OAuth
// error code, a check id, or a transport code. Description is the server's own text.
type Problem struct {
	Kind        Kind           `json:"kind"`
	Code        string         `json:"code"`
	Description wire.Untrusted `json:"description,omitempty"`
	Step        string         `json:"step"`
	HTTPStatus  int            `json:"http_status,omitempty"`
	URI         wire.Untrusted `json:"error_uri,omitempty"`
}

// Performer answers effects. It never returns an error: failures are facts (Broke).
type Performer interface {
	Perform(context.Context, Effect) Event
}

// Sensitive reports whether a parameter, header or member with this name
// carries a value that is masked on screen and redacted in files.
func Sensitive(name string) bool {
	switch name {
	case "code", "code_verifier", "client_secret", "client_assertion", "assertion", "access_token", "id_token", "refresh_token",
		"device_code", "device_secret", "password", "subject_token", "actor_token", "token", "id_token_hint", "logout_token",
		"Authorization", "Cookie", "Set-Cookie", "DPoP", "SAMLResponse", "request", "response", "dpop_proof", "auth_req_id", "registration_access_token", "initial_access_token", "client_notification_token", "login_hint_token", "saml_assertion", "front_access_token", "front_id_token":
		return true
	}
	return false
}
