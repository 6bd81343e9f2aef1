package lab

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// RequestHeader is the header in which every answer of the lab carries the
// number of its request, for View.
const RequestHeader = "X-Lab-Request"

// viewLimit is how many requests the lab can still tell about.
const viewLimit = 512

// Status of a Check.
type Status string

const (
	Passed     Status = "pass"
	Failed     Status = "fail"
	NotReached Status = "not_reached" // an earlier check failed, or a fault looked away
)

// Check is one thing that the server looked at before it answered.
type Check struct {
	ID      string // stable name
	Status  Status
	Message string // the rule when it held or was not reached, the reason when it did not hold
	Got     string // what the request had, secrets masked; empty when there is nothing to show
	Want    string // what would have been right
	Ref     string // where the rule stands, such as RFC 6749 §4.1.3
	Fault   string // key of the fault that made the server look away, or lie
}

// View is how the server saw one request.
type View struct {
	ID     string
	At     time.Time // the tenant's time
	Tenant string    // empty when the address names none
	Method string
	Path   string
	Status int    // of the answer
	Client string // client_id, once it is known to be registered
	// Dialect in which the answer is worded.
	Dialect string
	// Problem is the exact reason for a refusal, in the lab's own words; empty
	// when there was none. Error and Description are what the answer says.
	Problem, Error, Description string
	Faults                      []string // keys of those that were on and act here
	Checks                      []Check  // in the order in which they were made
}

// View tells how the lab saw the request whose answer carried this RequestHeader.
// The lab remembers the last 512 requests; of others it knows nothing (false).
func (l *Lab) View(requestID string) (View, bool) {
	n, err := strconv.ParseUint(requestID, 10, 64)
	if err != nil {
		return View{}, false
	}
	s, ok := l.sights.get(n)
	if !ok {
		return View{}, false
	}
	return s.view(), true
}

// ViewOfAnswer is View for a client that does not see the exchanges of its
// browser: it tells how the lab saw the request that it answered by sending the
// browser back with this state. It is false when there is none.
func (l *Lab) ViewOfAnswer(state string) (View, bool) {
	s, ok := l.sights.answered(state)
	if !ok {
		return View{}, false
	}
	return s.view(), true
}

// sight is what the lab keeps of a request: short, because there are many.
type sight struct {
	View  // without Checks
	found []verdict
	plan  []string // what would have been checked, had nothing failed
	blind string   // key of the fault that answered in place of the endpoint
	state string   // of an authorization response
}

// verdict is a check as it was made.
type verdict struct {
	check     string
	status    Status
	why       problem
	got, want string
	fault     string
	message   string // instead of the rule's
}

// sights is a ring of the last requests.
type sights struct {
	mu   sync.Mutex
	last uint64
	ring [viewLimit]struct {
		number uint64
		sight  *sight // never written to once it is here
	}
}

// next numbers a request. The first is 1.
func (s *sights) next() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	return s.last
}

func (s *sights) put(number uint64, seen *sight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot := &s.ring[number%viewLimit]; slot.number <= number {
		slot.number, slot.sight = number, seen
	}
}

func (s *sights) get(number uint64) (*sight, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.ring[number%viewLimit]
	return slot.sight, slot.number == number && slot.sight != nil
}

// answered finds the newest authorization response with a state.
func (s *sights) answered(state string) (*sight, bool) {
	if state == "" {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for back := range min(s.last, viewLimit) {
		if found := s.ring[(s.last-back)%viewLimit].sight; found != nil && found.state == state {
			return found, true
		}
	}
	return nil, false
}

// fails records the check that p is the failure of, and tells whether it
// failed. It stands inside the condition that decides, so that what is recorded
// is what was decided.
func (x *exchange) fails(p problem, failed bool) bool {
	if failed {
		x.judge(checkOf(p), Failed, p)
	} else {
		x.judge(checkOf(p), Passed, "")
	}
	return failed
}

// pass records checks behind the place where the request would have been refused.
func (x *exchange) pass(checks ...string) {
	for _, id := range checks {
		x.judge(id, Passed, "")
	}
}

// judge writes a verdict down. A check of several parts holds when all of them do.
func (x *exchange) judge(check string, status Status, why problem) {
	i := x.verdict(check)
	if v := x.found[i]; v.status == NotReached {
		// Now its turn has come, whatever was noted about it before.
		x.found = append(slices.Delete(x.found, i, i+1), v)
		i = len(x.found) - 1
	}
	if v := &x.found[i]; v.status != Failed && v.fault == "" {
		v.status, v.why = status, why
	}
}

// saw adds what a check compared. Secrets are masked by the caller.
func (x *exchange) saw(check, got, want string) {
	v := &x.found[x.verdict(check)]
	v.got, v.want = shortened(got), shortened(want)
}

// lookedAway records that a fault kept a check from being made.
func (x *exchange) lookedAway(check, fault string) {
	v := &x.found[x.verdict(check)]
	v.status, v.fault, v.message = NotReached, fault, notChecked(fault)
}

// verdict finds the verdict of a check, or begins one that is not reached yet.
func (x *exchange) verdict(check string) int {
	if i := slices.IndexFunc(x.found, func(v verdict) bool { return v.check == check }); i >= 0 {
		return i
	}
	if x.found == nil {
		x.found = make([]verdict, 0, 24)
	}
	x.found = append(x.found, verdict{check: check, status: NotReached})
	return len(x.found) - 1
}

// denies records a check that failed, in words of its own.
func (x *exchange) denies(check, message, fault string) {
	x.judge(check, Failed, "")
	v := &x.found[x.verdict(check)]
	v.message, v.fault = message, fault
}

// falsified records that a fault changed an answer that was decided otherwise.
func (x *exchange) falsified(f Fault, changed bool) {
	if changed {
		v := &x.found[x.verdict(checkAnswer)]
		v.fault, v.message = f.Key, "fault "+f.Key+": "+f.Shows
	}
}

// settle records the checks that the library made, in its order.
func (x *exchange) settle(order []string) {
	if !x.refused {
		x.pass(order...)
	} else if x.why != "" {
		x.upTo(x.why, order)
	}
}

// upTo passes the checks of a fixed order before the one that failed with bad;
// all of them when nothing did.
func (x *exchange) upTo(bad problem, order []string) {
	end := len(order)
	if bad != "" {
		end = max(slices.Index(order, checkOf(bad)), 0) // unknown to the order: nothing is sure
	}
	x.pass(order[:end]...)
}

// compareGrant writes down what the library is about to compare.
func (x *exchange) compareGrant() {
	f := x.form
	g, ok := x.grantBehind()
	switch f.Get("grant_type") {
	case "authorization_code":
		x.saw(checkCodeKnown, masked(f.Get("code")), "")
		if !ok {
			return
		}
		x.saw(checkCodeClient, x.client.ID, g.ClientID)
		x.saw(checkCodeLive, x.clock(x.now()), "before "+x.clock(time.Unix(int64(g.AuthCodeExpiresAt), 0)))
		x.saw(checkRedirectSame, f.Get("redirect_uri"), g.AuthParams.RedirectURI)
		if v := f.Get("code_verifier"); v != "" {
			x.saw(checkPKCE, "S256 of the code_verifier: "+fullHash(v), g.AuthParams.CodeChallenge)
		}
	case "refresh_token":
		x.saw(checkRefreshKnown, masked(f.Get("refresh_token")), "")
		if !ok {
			return
		}
		x.saw(checkRefreshClient, x.client.ID, g.ClientID)
		x.saw(checkRefreshNewest, masked(f.Get("refresh_token")), masked(g.RefreshToken))
		x.saw(checkRefreshLive, x.clock(x.now()), "before "+x.clock(time.Unix(int64(g.RefreshTokenExpiresAt), 0)))
	}
	if f.Get("scope") != "" {
		x.saw(checkScope, f.Get("scope"), g.Scopes)
	}
}

// clock is a time as people compare it.
func (x *exchange) clock(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }

// conclude keeps how a request was seen, just before its answer goes out.
func (x *exchange) conclude(w http.ResponseWriter, r *http.Request, out reply) {
	number, err := strconv.ParseUint(w.Header().Get(RequestHeader), 10, 64)
	if err != nil {
		return // it did not come through the door
	}
	s := &sight{found: x.found, blind: x.answeredBy}
	if x.begun || x.answeredBy != "" {
		s.plan = x.plan()
	}
	s.View = View{ID: strconv.FormatUint(number, 10), Method: plain(r.Method), Path: shortened(x.path), Status: out.status, Client: x.client.ID}
	s.Error, s.Description = out.said()
	if out.redirect != nil {
		s.state = out.redirect.params.Get("state")
	}
	s.At = x.lab.now()
	if x.tenant != nil {
		s.At, s.Tenant = x.now(), x.tenant.name
	}
	if x.dialect != nil {
		s.Dialect = x.dialect.Name
	}
	for _, v := range x.found {
		if v.why != "" {
			s.Problem = string(v.why)
		}
	}
	for _, f := range x.here() {
		s.Faults = append(s.Faults, f.Key)
	}
	x.lab.sights.put(number, s)
	if x.lab.served != nil {
		x.lab.served(s.view())
	}
}

// said is the error that an answer reports, however it travels.
func (out reply) said() (code, description string) {
	switch {
	case out.redirect != nil:
		return out.redirect.params.Get("error"), out.redirect.params.Get("error_description")
	case out.page != nil && out.page.Kind == "error":
		return out.page.Code, out.page.Text
	}
	code, _ = out.json["error"].(string)
	description, _ = out.json["error_description"].(string)
	return code, description
}

// view spells a sight out: what was checked in the order of time, then what
// would have come.
func (s *sight) view() View {
	out := s.View
	known, done := rulesByID(), map[string]bool{}
	add := func(v verdict) {
		done[v.check] = true
		c := Check{ID: v.check, Status: v.status, Message: known[v.check].says, Got: v.got, Want: v.want, Ref: known[v.check].ref, Fault: v.fault}
		switch {
		case v.message != "":
			c.Message = v.message
		case v.why != "":
			c.Message = v.why.refusal().description
		}
		out.Checks = append(out.Checks, c)
	}
	for _, v := range s.found {
		if v.status != NotReached || v.fault != "" {
			add(v)
		}
	}
	for _, id := range s.plan {
		switch {
		case done[id]:
		case s.blind != "":
			add(verdict{check: id, status: NotReached, fault: s.blind, message: notChecked(s.blind)})
		default:
			add(verdict{check: id, status: NotReached})
		}
	}
	return out
}

func notChecked(fault string) string { return "fault " + fault + ": not checked" }

// shownBytes bounds a value that a check shows.
const shownBytes = 120

func shortened(value string) string {
	if len(value) <= shownBytes {
		return value
	}
	return strings.ToValidUTF8(value[:shownBytes], "") + "…"
}

// masked shows enough of a secret to tell two apart, and not enough to use it.
func masked(value string) string {
	const shown = 8
	if value == "" {
		return ""
	}
	return strings.ToValidUTF8(value[:min(shown, len(value)/4)], "") + "… (" + strconv.Itoa(len(value)) + " characters)"
}

// fingerprint tells one answer from another, to see whether a fault changed it.
func (out reply) fingerprint() string {
	parts := []any{out.status, out.header, out.json, string(out.body), out.rewrite != nil, out.cut}
	if out.redirect != nil {
		parts = append(parts, out.redirect.redirectURI, out.redirect.mode, out.redirect.params)
	}
	if out.issued != nil {
		for _, t := range []*jwt{out.issued.access, out.issued.id} {
			if t != nil {
				parts = append(parts, t.header, t.claims, t.spoil != nil)
			}
		}
	}
	return fmt.Sprint(parts...)
}
