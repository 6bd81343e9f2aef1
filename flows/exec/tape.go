package exec

import (
	"context"
	"fmt"
	"sync"
	"time"

	"authdance/flows"
)

// Tape answers effects from a recording: no network, no clock, no keys. Answers
// come in the order in which they were recorded.
type Tape struct {
	mu      sync.Mutex
	entries []flows.Entry
	now     time.Time
}

// NewTape plays the answers among the entries of a log; what the person did is
// left out.
func NewTape(entries []flows.Entry) *Tape {
	t := &Tape{}
	for _, en := range entries {
		if t.now.IsZero() {
			t.now = en.At
		}
		if withID(en.Event, 0) != nil {
			t.entries = append(t.entries, en)
		}
	}
	return t
}

// Now is when the answer that was played last was recorded; the start of the
// recording before that. A replay that takes its time from here finds a token
// as fresh as it was.
func (t *Tape) Now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// Perform plays the next answer. When the run asks for something else than the
// recording has next, it stops with tape_end and nothing is consumed.
func (t *Tape) Perform(ctx context.Context, e flows.Effect) flows.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return broke(e.EffectID(), stopped(ctx))
	}
	if len(t.entries) == 0 {
		return broke(e.EffectID(), &failure{code: TapeEnd, text: "the recording ends here; what would have come next was never recorded"})
	}
	next := t.entries[0]
	if !fits(e, next.Event) {
		return broke(e.EffectID(), &failure{code: TapeEnd,
			text: fmt.Sprintf("the recording goes on with %q here, which does not answer what this run asks: the run has left the recorded path", flows.KindOf(next.Event))})
	}
	t.entries, t.now = t.entries[1:], next.At
	return withID(next.Event, e.EffectID())
}

func fits(e flows.Effect, answer flows.Event) bool {
	switch answer.(type) {
	case flows.Broke:
		return true
	case flows.Drawn:
		_, ok := e.(flows.Draw)
		return ok
	case flows.Received:
		_, ok := e.(flows.Send)
		return ok
	case flows.Redirected, flows.Observed:
		_, ok := e.(flows.Browse)
		return ok
	case flows.Elapsed:
		_, ok := e.(flows.Wait)
		return ok
	case flows.Signed:
		_, ok := e.(flows.Sign)
		return ok
	case flows.Decrypted:
		_, ok := e.(flows.Decrypt)
		return ok
	case flows.Arrived:
		_, ok := e.(flows.Listen)
		return ok
	case flows.Published:
		_, ok := e.(flows.Publish)
		return ok
	}
	return false
}

// withID readdresses an answer; nil when the event is no answer.
func withID(e flows.Event, id int) flows.Event {
	switch e := e.(type) {
	case flows.Drawn:
		e.ID = id
		return e
	case flows.Received:
		e.ID = id
		return e
	case flows.Redirected:
		e.ID = id
		return e
	case flows.Observed:
		e.ID = id
		return e
	case flows.Elapsed:
		e.ID = id
		return e
	case flows.Signed:
		e.ID = id
		return e
	case flows.Decrypted:
		e.ID = id
		return e
	case flows.Arrived:
		e.ID = id
		return e
	case flows.Published:
		e.ID = id
		return e
	case flows.Broke:
		e.ID = id
		return e
	}
	return nil
}
