package exec

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// browse sends the browser out and waits until it comes back. A request that is
// not the awaited answer is handed back as Observed; the session stays open for
// the Browse with Resume that follows.
func (l *Live) browse(ctx context.Context, e flows.Browse) flows.Event {
	if e.RedirectURI == "" {
		return l.sendAway(ctx, e)
	}
	key := sessionKey(e)
	s := l.sessions.take(key)
	if s != nil && !e.Resume {
		s.end()
		s = nil
	}
	if s == nil {
		open, f := l.allowed(e)
		if f == nil {
			s, f = l.openSession(e)
		}
		if f != nil {
			return broke(e.ID, f)
		}
		if !e.Resume {
			l.sendOut(ctx, s, open)
		}
	}
	ev, over := s.await(ctx, e.ID)
	if over {
		s.end()
	} else {
		l.sessions.keep(key, s)
	}
	return ev
}

// sendAway opens an address from which nobody comes back. Whether the browser
// could be opened is news, not the end: the person may go there on another device.
func (l *Live) sendAway(ctx context.Context, e flows.Browse) flows.Event {
	open, f := l.allowed(e)
	if f != nil {
		return broke(e.ID, f)
	}
	if !e.Resume {
		if err := l.browser.Open(ctx, open); err != nil {
			return flows.Observed{ID: e.ID, Note: "the browser could not be opened: " + wire.Safe(err.Error()) + ". Open the address by hand, here or on another device", Exchange: flows.Exchange{Request: e.Request}}
		}
	}
	return flows.Redirected{ID: e.ID, Via: flows.Away}
}

// allowed decides whether this request may go through a browser, and returns
// the address to open.
func (l *Live) allowed(e flows.Browse) (string, *failure) {
	if e.Request.Method != "GET" {
		return "", refusal("a browser that is opened from outside can only GET, not %s. Undo that change", clipped(e.Request.Method))
	}
	if strings.Contains(e.Request.URL.Raw(), "#") {
		return "", refusal("the authorization endpoint %s has a fragment, which RFC 6749 §3.1 forbids. Correct it in the profile or the server's metadata", clipped(e.Request.URL.Raw()))
	}
	u, err := ValidateURL(e.Request.Target())
	if err == nil && l.policy != nil {
		err = l.policy(u)
	}
	if err != nil {
		return "", refusal("the browser was not opened: %s", wire.Safe(err.Error()))
	}
	return u.String(), nil
}

// sendOut opens the browser beside the wait: the answer may come before the
// opener returns, and an opener that hangs stops nothing.
func (l *Live) sendOut(ctx context.Context, s *session, address string) {
	l.crew.start(func() {
		if err := l.browser.Open(ctx, address); err != nil && ctx.Err() == nil {
			s.note("the browser could not be opened: " + wire.Safe(err.Error()) + ". Open the address by hand")
		}
	}, s.fell)
}

// session is one browser that is out. It outlives the single Perform, so that
// nothing that arrives between two of them is lost.
type session struct {
	request flows.Request
	port    interface{ retire() } // nil when the answer can only be pasted
	until   *time.Timer
	late    string // why it ends when the time is over
	answer  chan flows.Redirected
	arrival chan flows.Arrived // of a Listen: nil otherwise
	foreign chan flows.Observed
	broken  chan *failure
	orphan  *time.Timer // runs while nobody waits
	once    sync.Once
	limits  callbackLimits

	mu      sync.Mutex
	counted int // foreign requests, kept or not
}

func (l *Live) openSession(e flows.Browse) (*session, *failure) {
	lim := l.callback
	s := &session{request: e.Request, limits: lim, late: "nobody came back from the browser in time. Run the step again; a redirect_uri that the server does not know shows its error only in the browser", until: time.NewTimer(l.patience),
		answer: make(chan flows.Redirected, 1), foreign: make(chan flows.Observed, lim.kept), broken: make(chan *failure, 1)}
	u, err := url.Parse(e.RedirectURI.Raw())
	if err != nil || u.Scheme != "http" || !loopback(u.Hostname()) {
		return s, nil // only the person can bring the answer: by pasting it
	}
	ls, err := listenOn(u.Hostname(), portOf(u))
	if err != nil {
		s.until.Stop()
		return nil, portTrouble("redirect_uri", u, err)
	}
	s.port = serveCallback(l.crew, ls, expected(e, u), s)
	return s, nil
}

// await returns the next fact, and whether it ends the session.
func (s *session) await(ctx context.Context, id int) (ev flows.Event, over bool) {
	select {
	case r := <-s.answer: // before anything else that may be there too
		r.ID = id
		return r, true
	default:
	}
	select {
	case r := <-s.answer:
		r.ID = id
		return r, true
	case a := <-s.arrival:
		a.ID = id
		return a, false // whether it was the awaited one is not for us to say
	case o := <-s.foreign:
		o.ID = id
		return o, false
	case f := <-s.broken:
		return broke(id, f), true
	case <-ctx.Done():
		return broke(id, stopped(ctx)), true
	case <-s.until.C:
		return broke(id, s.tooLate()), true
	}
}

func (s *session) tooLate() *failure {
	text := s.late
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counted > 0 {
		text += fmt.Sprintf("; %d requests that were not for this run came meanwhile", s.counted)
	}
	if s.arrival != nil {
		return &failure{code: ListenTimeout, text: text}
	}
	return &failure{code: BrowserTimeout, text: text}
}

// arrived takes a request that was not the awaited answer. More than the limit
// are only counted, so that a flood cannot eat memory.
func (s *session) arrived(o flows.Observed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counted++; s.counted == s.limits.kept {
		o.Note += "; from here on, further ones are only counted"
	}
	if s.counted <= s.limits.kept {
		select {
		case s.foreign <- o:
		default:
		}
	}
}

// note tells the run something about its own browser.
func (s *session) note(text string) {
	select {
	case s.foreign <- flows.Observed{Note: text, Exchange: flows.Exchange{Request: s.request}}:
	default:
	}
}

func (s *session) fell(f *failure) {
	select {
	case s.broken <- f:
	default:
	}
}

// end closes the port, soon enough to be gone and late enough for a browser
// that was answered to fetch its last page.
func (s *session) end() {
	s.once.Do(func() {
		s.until.Stop()
		if s.port != nil {
			s.port.retire()
		}
	})
}

// sessions are the browsers that are out while nobody waits for them: between
// an Observed and the Browse that resumes.
type sessions struct {
	mu   sync.Mutex
	idle map[string]*session
}

func sessionKey(e flows.Browse) string {
	return e.RedirectURI.Raw() + " " + e.State.Raw() + " " + e.Code.Raw()
}

func (ss *sessions) take(key string) *session {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s := ss.idle[key]
	delete(ss.idle, key)
	if s != nil {
		s.orphan.Stop()
	}
	return s
}

// keep holds a session for a moment: a run that was given up between two
// effects tells nobody, and its port must not stay open.
func (ss *sessions) keep(key string, s *session) { ss.keepFor(s.limits.orphan, key, s) }

func (ss *sessions) keepFor(d time.Duration, key string, s *session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.idle == nil {
		ss.idle = map[string]*session{}
	}
	ss.idle[key] = s
	s.orphan = time.AfterFunc(d, func() { ss.expire(key, s) })
}

// expire closes the port of a session that nobody came back to. An answer that
// is already here waits on, without a port.
func (ss *sessions) expire(key string, s *session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.idle[key] != s {
		return
	}
	s.end()
	if len(s.answer) == 0 {
		delete(ss.idle, key)
	}
}

func (ss *sessions) close() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for key, s := range ss.idle {
		s.orphan.Stop()
		s.end()
		delete(ss.idle, key)
	}
}

// portTrouble explains why the port of what, a URL, cannot be listened on.
func portTrouble(what string, u *url.URL, err error) *failure {
	port := portOf(u)
	switch {
	case isPortInUse(err):
		return &failure{code: PortInUse, text: fmt.Sprintf("port %s of %s %s is in use by another program (find it with: %s). "+
			"Stop that program, or use another port that is registered at the provider; port 0 takes any free one where the provider allows it (RFC 8252 §7.3)",
			port, what, wire.Safe(u.Redacted()), ownerHint(port))}
	case isPortForbidden(err):
		return &failure{code: PortInUse, text: fmt.Sprintf("this computer does not let authdance listen on port %s of %s %s. Use a port above 1023", port, what, wire.Safe(u.Redacted()))}
	}
	return &failure{code: PortInUse, text: fmt.Sprintf("port %s of %s %s cannot be listened on: %s. Use another port, or paste the last address of the browser",
		port, what, wire.Safe(u.Redacted()), wire.Safe(errorText(err)))}
}

func errorText(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	if err == nil {
		return "no port is free"
	}
	return err.Error()
}

// portOf is the port that a browser means when the address names none.
func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return "80"
}
