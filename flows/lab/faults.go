package lab

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// FaultHeader switches faults on for one request: a list of keys, separated by
// commas, such as "slow=1s, nonce_mismatch". A key that nobody knows is
// answered with 400.
const FaultHeader = "X-Lab-Fault"

// The kinds of faults.
const (
	KindAnswer    = "answer"    // an answer that is hard to read
	KindToken     = "token"     // a token or a key set that a client must refuse
	KindTransport = "transport" // the connection itself
	KindWeak      = "weak"      // the server accepts what it must refuse
	KindScenario  = "scenario"  // a refusal that people meet, as its own row of facts says
	KindSetting   = "setting"   // a fault with a value
)

// Fault is one way in which the lab can misbehave on purpose. What it announces
// is what a client meets: a test runs each one and compares.
type Fault struct {
	Key   string // stable name, for SetFault and the header; with its value when it has one: code_ttl=30
	Title string // a few words
	Kind  string // one of the kinds above
	Step  string // where it shows: a step of the authorization code flow, or of the flow that Needs names
	// Needs is what a run must have for the fault to show, besides being a code
	// flow with PKCE and the scope openid: a grant (refresh_token, device_code,
	// jwt_bearer), a response_type (hybrid), a parameter (prompt=none), an
	// endpoint (logout), or an attack. Empty when it has nothing to have.
	Needs  string
	Shows  string // what a client sees, one sentence
	Status int    // HTTP status of the answer that is struck; 0 when there is none, or not one alone
	Error  string // error code in that answer; empty when it has none
	// Finding is the code under which authdance's own client reports it: an OAuth
	// error, a check or a transport failure. Empty when a client that goes by the
	// rules has nothing to report.
	Finding string
	Breaks  string // the rule that somebody breaks, in our words
	Ref     string // where that rule stands, such as RFC 6749 §5.1
	Value   *Value // of a fault that takes one; nil for the others
	On      bool   // switched on for all requests now
}

// fault is a Fault with what it does. There are five places where it can act,
// in the order of a request, and no others; most leave all but one of them nil.
type fault struct {
	Fault
	// route limits the fault to one endpoint; empty means all.
	route string
	// when limits it to requests with this parameter, written name=value.
	when string

	// tamper changes the request before it is read, or what it meets.
	tamper func(*exchange, *http.Request)
	// before changes the parameters, or what the lab remembers, once they are read.
	before func(*exchange)
	// answer takes the place of the endpoint.
	answer func(*exchange) reply
	// refuses is the reason for a refusal in place of the endpoint. At the
	// authorization endpoint it waits until client and redirect_uri are good,
	// and then goes back to the client; with onPage only the user sees it.
	refuses problem
	onPage  bool
	// alter changes the finished answer, while it is still made of values.
	alter func(*exchange, *reply)

	setting *setting // of a fault that takes a value
}

// strikes tells whether the fault is for this request, as far as it is read.
func (f *fault) strikes(x *exchange) bool {
	if f.route != "" && f.route != x.route.name {
		return false
	}
	name, value, limited := strings.Cut(f.when, "=")
	return !limited || x.form.Get(name) == value
}

// here are the active faults that act on this request.
func (x *exchange) here() []*fault {
	var acting []*fault
	for _, f := range x.faults {
		if f.strikes(x) {
			acting = append(acting, f)
		}
	}
	return acting
}

// tamper lets the faults change what comes in.
func (x *exchange) tamper(r *http.Request) {
	for _, f := range x.here() {
		if f.tamper != nil {
			f.tamper(x, r)
		}
	}
}

// intercept lets the first fault that wants to answer in place of the endpoint.
// It is asked twice: before the parameters are read, when faults that look at
// them do not act yet, and after.
func (x *exchange) intercept() (reply, bool) {
	for _, f := range x.here() {
		switch {
		case f.answer != nil:
			x.answeredBy = f.Key
			return x.translate(problem(f.Key), f.answer(x)), true
		case f.refuses != "" && x.route.name != routeAuthorize:
			x.answeredBy = f.Key
			return x.pretend(f.refuses), true
		}
	}
	return reply{}, false
}

// pretend answers as if the server had found a problem. It has checked nothing.
func (x *exchange) pretend(p problem) reply {
	if x.route.name == routeUserinfo || x.route.name == routeAPI {
		return x.translate(p, x.challengeWith(p.refusal(), p.aboutProof(), ""))
	}
	return x.refuseAbout(p, p.refusal())
}

func (x *exchange) prepareFaults() {
	for _, f := range x.here() {
		if f.before != nil {
			f.before(x)
		}
	}
}

// denied looks for a fault that ends this authorization request, whose client
// and redirect_uri are good.
func (x *exchange) denied() (reply, bool) {
	for _, f := range x.here() {
		if f.refuses == "" {
			continue
		}
		x.denies(checkPolicy, notChecked(f.Key)+", refused on purpose", f.Key)
		why := x.speak(f.refuses, f.refuses.refusal())
		if f.onPage {
			return x.errorPage(why), true
		}
		return x.redirectWith(why), true
	}
	return reply{}, false
}

// deniedPushed is denied for a request that was pushed: where its answer goes
// was pushed too.
func (x *exchange) deniedPushed(requestURI string) (reply, bool) {
	s := x.tenant.store
	id, _ := s.pushed.get(strings.TrimPrefix(requestURI, pushedPrefix))
	as, ok := s.sessions.get(id)
	if !ok || len(x.faults) == 0 || as.ClientID != x.client.ID {
		return reply{}, false
	}
	asked := x.form
	x.form = url.Values{"redirect_uri": {as.RedirectURI}, "state": {as.State}, "response_mode": {string(as.ResponseMode)}, "response_type": {string(as.ResponseType)}, "prompt": {string(as.Prompt)}}
	x.signed = as.Store[keptSigned] == true
	out, denied := x.denied()
	if !denied {
		x.form, x.signed = asked, false
	}
	return out, denied
}

// alter lets all faults change the answer and marks it: R-LAB-05 wants every
// page and the metadata to say which faults are on.
func (x *exchange) alter(out *reply) {
	for _, f := range x.here() {
		if f.alter != nil {
			before := out.fingerprint()
			f.alter(x, out)
			x.falsified(f.Fault, before != out.fingerprint())
		}
	}
	for _, f := range x.faults {
		out.faults = append(out.faults, f.Fault)
	}
	if x.route.name == routeMetadata && out.json != nil && out.status == http.StatusOK && len(x.faults) > 0 {
		var keys []string
		for _, f := range x.faults {
			keys = append(keys, f.Key)
		}
		out.json["x_lab_fault"] = keys
	}
}

// has tells whether a fault is on for this request.
func (x *exchange) has(key string) bool {
	return slices.ContainsFunc(x.faults, func(f *fault) bool { return f.Key == key })
}

func unknownFault(why error) reply {
	return textReply(http.StatusBadRequest, fmt.Sprintf("authdance lab: the header %s cannot be followed: %s\n", FaultHeader, strings.TrimPrefix(why.Error(), "lab: ")))
}

// onSuccess acts on a JSON answer that is no refusal.
func onSuccess(change func(*exchange, *reply)) func(*exchange, *reply) {
	return func(x *exchange, out *reply) {
		if out.json != nil && out.status == http.StatusOK {
			change(x, out)
		}
	}
}

// onCallback acts on an authorization response that is no refusal.
func onCallback(change func(*exchange, url.Values)) func(*exchange, *reply) {
	return func(x *exchange, out *reply) {
		if out.redirect != nil && x.route.name != routeLogout && !out.redirect.params.Has("error") {
			change(x, out.redirect.params)
		}
	}
}

// onIDToken acts on an ID token before it is signed.
func onIDToken(change func(*exchange, *jwt)) func(*exchange, *reply) {
	return func(x *exchange, out *reply) {
		if out.issued != nil && out.issued.id != nil {
			change(x, out.issued.id)
		}
	}
}

// otherIssuer is an issuer that nobody asked.
func (x *exchange) otherIssuer() string { return x.lab.origin() + "/another-issuer" }
