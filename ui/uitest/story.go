package uitest

import (
	"context"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/ui/session"
)

// Story is a run for pictures of one pane: it starts the grant with the lab's
// values, then plays the events. Advanced events are answered by the server
// until nothing is open; every fact is one second after the one before.
func Story(t testing.TB, srv *Server, grant string, events ...flows.Event) session.Session {
	t.Helper()
	at := Clock()
	started, err := grants.Start(flows.Spec{Grant: grant}, Profile(), Vars(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := session.Session{}.Start(at, started)
	for _, e := range events {
		at = at.Add(time.Second)
		var fx []flows.Effect
		s, fx = s.Record(at, e)
		for n := 0; len(fx) > 0 && n < 100; n++ {
			answer := srv.Perform(context.Background(), fx[0])
			s, fx = s.Record(at, answer)
		}
	}
	return s
}

// Next is n times "the person asked for the next step".
func Next(n int) []flows.Event {
	out := make([]flows.Event, n)
	for i := range out {
		out[i] = flows.Advanced{}
	}
	return out
}
