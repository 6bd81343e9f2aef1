package lab

import (
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// slowDownStep is what every slow_down adds to the interval, RFC 8628 §3.5.
const slowDownStep = 5 * time.Second

// question is what an application asked and a person answers on another device,
// while the application polls: RFC 8628 §3.4, CIBA §10.1.
type question struct {
	clientID string
	scopes   string
	expires  time.Time
	interval time.Duration
	polled   time.Time // zero before the first poll
	status   goidc.Status
	spent    bool
	allowed  permission
}

// pollWords are what a poll is told, and the checks that it is told after.
type pollWords struct {
	client, live, done                                            string
	unknown, other, used, denied, expired, pending, polledTooFast problem
}

// poll answers one poll of q; known is false when there is no such question. It
// changes the interval or spends the question, so the caller's lock covers it
// and the caller keeps q again. The grant is there when the problem is empty.
func (x *exchange) poll(q *question, known bool, w pollWords) problem {
	now := x.now()
	x.saw(w.client, x.client.ID, q.clientID)
	x.saw(w.live, x.clock(now), "before "+x.clock(q.expires))
	switch {
	case x.fails(w.unknown, !known):
		return w.unknown
	case x.fails(w.other, q.clientID != x.client.ID):
		return w.other
	case x.fails(w.used, q.spent):
		return w.used
	case x.fails(w.denied, q.status == goidc.StatusFailure):
		return w.denied
	case x.fails(w.expired, !now.Before(q.expires)):
		return w.expired
	case q.status == goidc.StatusSuccess:
		x.pass(w.done)
		q.spent = true
		return ""
	}
	waiting := w.pending
	if !q.polled.IsZero() && now.Sub(q.polled) < q.interval {
		q.interval += slowDownStep
		waiting = w.polledTooFast
	}
	q.polled = now
	return waiting
}
