package token

import (
	"strconv"
	"time"

	"authdance/flows"
	"authdance/ui/pane"
)

// serverClock is what the newest answer of the authorization server said about the server's
// clock (its Date header) when it came.
type serverClock struct {
	ahead time.Duration // of this computer; negative: behind
	step  int           // that brought the answer, from 0
}

// serverClockOf reads it; false when no answer told the time.
func serverClockOf(e pane.Env) (serverClock, bool) {
	var out serverClock
	known := false
	for i, r := range e.Snap.State.Results {
		if e.Snap.State.Grant.Steps[i].To != flows.AS { // an API may have a clock of its own
			continue
		}
		for _, fact := range r.Facts {
			got, ok := fact.Event.(flows.Received)
			date, err := time.Parse(time.RFC1123, got.Exchange.Response.Get("Date").Raw())
			if ok && err == nil {
				// The header counts whole seconds.
				out, known = serverClock{date.Sub(fact.At.Truncate(time.Second)), i}, true
			}
		}
	}
	return out, known
}

// String compares the clocks in a few words.
func (c serverClock) String() string {
	from := " (Date header of step " + strconv.Itoa(c.step+1) + ")"
	switch {
	case c.ahead.Abs() < 2*time.Second:
		return "the server's clock agrees" + from
	case c.ahead > 0:
		return "the server's clock is " + span(c.ahead) + " ahead" + from
	}
	return "the server's clock is " + span(c.ahead) + " behind" + from
}

// clockLine stands over the bars where there is room: both clocks in one line.
func (p Pane) clockLine(e pane.Env) []string {
	c, ok := serverClockOf(e)
	if !ok || p.tab == pastedToken || len(p.sheet.lives) == 0 || e.Snap.Now.IsZero() {
		return nil
	}
	word := "pass"
	if c.ahead.Abs() >= 60*time.Second { // what most checks forgive
		word = "warn"
	}
	sign, style := p.ink.status(word)
	l := line{}
	l.gap(1).put(style, sign).gap(1)
	return []string{l.put(p.ink.muted, cut("this computer "+clockOf(e.Snap.Now, e.Snap.Now)+", "+c.String(), e.W-4)).b.String()}
}
