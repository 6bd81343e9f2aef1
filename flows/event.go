package flows

import (
	"slices"
	"time"

	"authdance/flows/wire"
)

// Event is a fact: something the person did or the world answered.
type Event interface{ event() }

// Entry is one recorded fact with the time it happened: the only clock that
// Apply knows.
type Entry struct {
	At    time.Time
	Event Event
}

type (
	// Started begins a run. Grant is built from Spec; a recording stores only the Spec.
	Started struct {
		Spec    Spec    `json:"spec"`
		Profile Profile `json:"profile"`
		Vars    Vars    `json:"vars"`
		Secrets Secrets `json:"secrets,omitempty"`
		Params  []Param `json:"params,omitempty"` // further request parameters of the person's own
		Grant   Grant   `json:"-"`
	}
	// Advanced: the person asked for the next step, or for step To (an earlier
	// one, again; or the one that failed).
	Advanced struct {
		To string `json:"to,omitempty"`
	}
	// Edited replaces the edits that the named step's next request goes out with;
	// an empty list restores the original.
	Edited struct {
		Step  string `json:"step"`
		Edits []Edit `json:"edits,omitempty"`
	}
	// Guessed is what the learner expects the next answer to be.
	Guessed struct {
		Step   string `json:"step"`
		Expect string `json:"expect"`
	}
	// Cancelled: the person gave up waiting, or the run.
	Cancelled struct{}

	// Drawn answers Draw.
	Drawn struct {
		ID     int  `json:"id"`
		Values Vars `json:"values"`
	}
	// Received answers Send.
	Received struct {
		ID       int      `json:"id"`
		Exchange Exchange `json:"exchange"`
	}
	// Redirected answers Browse: the browser came back with these parameters.
	Redirected struct {
		ID      int     `json:"id"`
		Request Request `json:"request"` // as the browser made it, with the query split into parameters
		Via     Via     `json:"via"`
	}
	// Observed is an exchange inside a Browse that does not end it: a sign-in
	// page, or a callback that is not ours. The Browse stays open.
	Observed struct {
		ID       int          `json:"id"`
		Exchange Exchange     `json:"exchange"`
		Note     string       `json:"note,omitempty"`
		Checks   []wire.Check `json:"checks,omitempty"`
	}
	// Signed answers Sign: the token in compact form.
	Signed struct {
		ID    int            `json:"id"`
		Token wire.Untrusted `json:"token"`
	}
	// Decrypted answers Decrypt: what was inside.
	Decrypted struct {
		ID   int            `json:"id"`
		Text wire.Untrusted `json:"text"`
	}
	// Arrived answers Listen: somebody asked at our door, and was given Reply.
	Arrived struct {
		ID      int     `json:"id"`
		Request Request `json:"request"`
	}
	// Published answers Publish: the document stands at URL.
	Published struct {
		ID  int            `json:"id"`
		URL wire.Untrusted `json:"url"`
	}
	// Elapsed answers Wait.
	Elapsed struct {
		ID int `json:"id"`
	}
	// Broke answers any effect: there was no answer. Code is a transport code
	// (connection_refused, dns_failure, timeout, …), or says why a key could not
	// be used (see kindOf).
	Broke struct {
		ID      int            `json:"id"`
		Code    string         `json:"code"`
		Message wire.Untrusted `json:"message"`
		Sent    bool           `json:"sent,omitempty"` // the request went out: its outcome is unknown
	}
)

// Params are the parameters of the answer, from query or form.
func (r Redirected) Params() []Param { return append(slices.Clip(r.Request.Query), r.Request.Form...) }

// Via is how the browser's answer reached us.
type Via string

// The ways back. Listener answers may be forged by any page or local program,
// so one with a foreign state is only noted. The others were handed over on
// purpose, so a foreign state in them is a finding of the run.
const (
	Listener  Via = "listener"
	Pasted    Via = "paste"
	Simulated Via = "simulated" // the built-in browser that signs in at the lab
	Away      Via = "away"      // the person was sent there, and nobody comes back
)

func (Started) event()    {}
func (Advanced) event()   {}
func (Edited) event()     {}
func (Guessed) event()    {}
func (Cancelled) event()  {}
func (Drawn) event()      {}
func (Received) event()   {}
func (Redirected) event() {}
func (Observed) event()   {}
func (Signed) event()     {}
func (Decrypted) event()  {}
func (Arrived) event()    {}
func (Published) event()  {}
func (Elapsed) event()    {}
func (Broke) event()      {}

// answers returns the ID of the effect that the event answers, 0 for an intent.
func answers(e Event) int {
	switch e := e.(type) {
	case Drawn:
		return e.ID
	case Received:
		return e.ID
	case Redirected:
		return e.ID
	case Observed:
		return e.ID
	case Signed:
		return e.ID
	case Decrypted:
		return e.ID
	case Arrived:
		return e.ID
	case Published:
		return e.ID
	case Elapsed:
		return e.ID
	case Broke:
		return e.ID
	}
	return 0
}
