package lab

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// FaultHeader switches faults on for one request: a list of keys, separated by
// commas. An unknown key is answered with 400.
const FaultHeader = "X-Lab-Fault"

// Fault is one way in which the lab can misbehave on purpose.
type Fault struct {
	Key    string // stable name, for SetFault and the header
	Title  string // a few words
	Shows  string // what a client sees, one sentence
	Breaks string // what goes wrong, in the field's names: a check id, an OAuth error or a transport failure
	Step   string // step of the authorization code flow at which it shows
	On     bool   // switched on for all requests now
}

// fault is a Fault with what it does. There are four places where a fault can
// act, and no others; each is left nil by faults that do not need it.
type fault struct {
	Fault
	// route limits the fault to one endpoint; empty means all.
	route string
	// answer replaces the endpoint: the request is not even read.
	answer func(*exchange) reply
	// denial ends an authorization request that is otherwise good.
	denial *denial
	// before changes what the lab remembers, once the request is read.
	before func(*exchange)
	// alter changes the finished answer, while it is still made of values.
	alter func(*exchange, *reply)
}

// faultBoard is the switchboard of one lab.
type faultBoard struct {
	all []*fault
	mu  sync.RWMutex
	on  map[[2]string]bool // tenant (empty: all) and key
}

func newFaultBoard() *faultBoard {
	return &faultBoard{all: knownFaults(), on: map[[2]string]bool{}}
}

// Faults lists all faults in a fixed order, with their present state.
func (l *Lab) Faults() []Fault {
	l.faults.mu.RLock()
	defer l.faults.mu.RUnlock()
	list := make([]Fault, 0, len(l.faults.all))
	for _, f := range l.faults.all {
		shown := f.Fault
		shown.On = l.faults.on[[2]string{"", f.Key}]
		list = append(list, shown)
	}
	return list
}

// SetFault switches a fault on or off for all requests that follow. An unknown
// key is an error.
func (l *Lab) SetFault(key string, on bool) error { return l.faults.set("", key, on) }

// set switches a fault for one tenant, or for all with an empty name.
func (b *faultBoard) set(tenant, key string, on bool) error {
	if b.find(key) == nil {
		return fmt.Errorf("lab: no fault is called %q; Faults lists them", key)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if on {
		b.on[[2]string{tenant, key}] = true
	} else {
		delete(b.on, [2]string{tenant, key})
	}
	return nil
}

func (b *faultBoard) find(key string) *fault {
	i := slices.IndexFunc(b.all, func(f *fault) bool { return f.Key == key })
	if i < 0 {
		return nil
	}
	return b.all[i]
}

// active returns the faults for a request, in the order of the list, or the
// key in its header that nobody knows.
func (b *faultBoard) active(r *http.Request, tenant string) (faults []*fault, unknown string) {
	var once []string
	for key := range strings.SplitSeq(strings.Join(r.Header.Values(FaultHeader), ","), ",") {
		if key = strings.TrimSpace(key); key == "" {
			continue
		}
		if b.find(key) == nil {
			return nil, key
		}
		once = append(once, key)
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if len(b.on) == 0 && len(once) == 0 {
		return nil, ""
	}
	for _, f := range b.all {
		if b.on[[2]string{"", f.Key}] || b.on[[2]string{tenant, f.Key}] || slices.Contains(once, f.Key) {
			faults = append(faults, f)
		}
	}
	return faults, ""
}

func unknownFault(key string) reply {
	return textReply(http.StatusBadRequest, fmt.Sprintf("authdance lab: the header %s names a fault that does not exist: %s\n", FaultHeader, plain(key)))
}

// here are the active faults that act on this route.
func (x *exchange) here() []*fault {
	var acting []*fault
	for _, f := range x.faults {
		if f.route == "" || f.route == x.route.name {
			acting = append(acting, f)
		}
	}
	return acting
}

// intercept lets the first fault that wants to answer in place of the endpoint.
func (x *exchange) intercept() (reply, bool) {
	for _, f := range x.here() {
		if f.answer != nil {
			x.answeredBy = f.Key
			return x.translate(problem(f.Key), f.answer(x)), true
		}
	}
	return reply{}, false
}

func (x *exchange) prepareFaults() {
	for _, f := range x.here() {
		if f.before != nil {
			f.before(x)
		}
	}
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
