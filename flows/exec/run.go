package exec

import (
	"context"
	"time"

	"authdance/flows"
)

// Run drives a run that has no person in front of it: it asks for the next step
// whenever it may, performs what is asked for, and stops when the run is done,
// failed or, because ctx was cancelled, given up. It goes on from wherever the
// log is, open effects included. each, when not nil, gets every new entry as it
// happens.
func Run(ctx context.Context, log flows.Log, now func() time.Time, p flows.Performer, each func(flows.Entry)) flows.Log {
	s, open := log.At(len(log.Entries))
	tell := func(e flows.Event) {
		log = log.Append(now(), e)
		entry := log.Entries[len(log.Entries)-1]
		s, open = flows.Apply(s, entry)
		if each != nil {
			each(entry)
		}
	}
	for s.Status == flows.Ready || s.Status == flows.Running && len(open) > 0 {
		switch {
		case ctx.Err() != nil:
			tell(flows.Cancelled{})
		case s.Status == flows.Ready:
			tell(flows.Advanced{})
		default:
			answer := p.Perform(ctx, open[0])
			if _, noAnswer := answer.(flows.Broke); noAnswer && ctx.Err() != nil {
				answer = flows.Cancelled{}
			}
			tell(answer)
		}
	}
	return log
}
