package lab

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// Value is what a fault with a value takes: a time, as a number of seconds
// (30) or in the manner of Go (30s, 10m, +1h30m, -5m).
type Value struct {
	Unit    string `json:"unit"`    // of a bare number: "seconds"
	Default string `json:"default"` // what a key without a value means
	Least   string `json:"least"`
	Most    string `json:"most"`
	Now     string `json:"now"` // as it is set now; empty when the fault is off or has its default
}

// setting makes a fault out of a value. Below, all are times.
type setting struct {
	usual       string // the default, written as a person would
	least, most time.Duration
	// act is what the fault does with this value: its hooks and nothing else.
	act func(time.Duration) fault
}

func (s *setting) shown(now string) *Value {
	return &Value{Unit: "seconds", Default: s.usual, Least: s.least.String(), Most: s.most.String(), Now: now}
}

// read understands a value, or says what it may be. Empty is the default.
func (s *setting) read(key, text string) (time.Duration, error) {
	if text == "" {
		text = s.usual
	}
	d, err := time.ParseDuration(text)
	if seconds, bare := strconv.Atoi(text); bare == nil {
		d, err = time.Duration(seconds)*time.Second, nil
		if seconds > int(s.most/time.Second) || seconds < int(s.least/time.Second) {
			d = s.most + 1 // also where the product does not fit
		}
	}
	if err != nil || d < s.least || d > s.most {
		return 0, fmt.Errorf("lab: %s cannot be %q; give it a time from %s to %s, in seconds or with a unit, such as %s=%s", key, plain(text), s.least, s.most, key, s.usual)
	}
	return d, nil
}

// with is the fault with a value: the same one when it takes none.
func (f *fault) with(value string) *fault {
	if f.setting == nil {
		return f
	}
	d, err := f.setting.read(f.Key, value)
	if err != nil {
		return f // it was read before it was kept
	}
	set := f.setting.act(d)
	set.Fault, set.route, set.when = f.Fault, f.route, f.when
	set.Value = f.setting.shown(value)
	if value != "" {
		set.Key += "=" + value
	}
	return &set
}

// settingFaults are the faults with a value.
func settingFaults() []*fault {
	set := func(key, title, step, needs, shows string, status int, code, finding string, breaks norm, route string, s setting) *fault {
		return &fault{Fault: Fault{Key: key, Title: title, Kind: KindSetting, Step: step, Needs: needs, Shows: shows, Status: status, Error: code, Finding: finding,
			Breaks: breaks.words(), Ref: breaks.ref(), Value: s.shown("")}, route: route, setting: &s}
	}
	tune := func(change func(*Lifetimes, time.Duration)) func(time.Duration) fault {
		return func(d time.Duration) fault {
			return fault{tamper: func(x *exchange, _ *http.Request) {
				life := *x.life()
				change(&life, d)
				x.lifetimes = &life
			}}
		}
	}
	return []*fault{
		set("code_ttl", "Codes live for a set time", "token", "", "A code works for this long after it was issued, and is refused as expired from then on: 30 and 60 seconds are usual, 300 too.",
			http.StatusBadRequest, "invalid_grant", "invalid_grant", codesAreShort, routeToken, setting{"30", time.Second, keepGrants, func(d time.Duration) fault {
				return fault{before: func(x *exchange) { x.ageCode(d) }}
			}}),
		set("expires_in", "Access tokens live for a set time", "token", "", "The access tokens that are issued live for this long, and the answer says so in expires_in.",
			http.StatusOK, "", "", expiresInSeconds, "", setting{"10", time.Second, keepGrants, tune(func(l *Lifetimes, d time.Duration) { l.AccessToken = d })}),
		set("interval", "Devices must wait longer between polls", "device_authorization", "device_code", "The device answer names this interval, and a device that asks sooner is told to slow down.",
			http.StatusOK, "", "", pollAtInterval, "", setting{"30", time.Second, time.Hour, tune(func(l *Lifetimes, d time.Duration) { l.PollInterval = d })}),
		set("clock", "Clock of the server is off", "id_token", "", "The server's clock is this far ahead, or behind with a minus: its tokens are not valid yet, or over early, and it judges the times of what clients sign by the same clock.",
			http.StatusOK, "", "iat_in_future", clocksAgree, "", setting{"+10m", -clockLimit, clockLimit, func(d time.Duration) fault {
				return fault{tamper: func(x *exchange, _ *http.Request) { x.skew = d }}
			}}),
		set("slow", "Every answer is late", "token", "", "Every answer comes only after this long.",
			0, "", "", clientsWait, "", setting{"3s", 0, 10 * time.Minute, func(d time.Duration) fault {
				return fault{alter: func(x *exchange, out *reply) { out.delay(x, d, 0) }}
			}}),
		set("jwks_slow", "Key set is late", "id_token", "", "The key set comes only after this long.",
			http.StatusOK, "", "", clientsWait, routeJWKS, setting{"10s", 0, 10 * time.Minute, func(d time.Duration) fault {
				return fault{alter: func(x *exchange, out *reply) { out.delay(x, d, 0) }}
			}}),
		set("token_drip", "Token answer comes drop by drop", "token", "", "The token answer comes in pieces of sixteen bytes, with this much time between two of them.",
			http.StatusOK, "", "", clientsWait, routeToken, setting{"1s", 0, time.Minute, func(d time.Duration) fault {
				return fault{alter: func(x *exchange, out *reply) { out.delay(x, 0, d) }}
			}}),
	}
}

// life are the lifetimes for what this request issues.
func (x *exchange) life() *Lifetimes {
	if x.lifetimes != nil {
		return x.lifetimes
	}
	return x.tenant.life.Load()
}

// ageCode lets the code that is about to be redeemed live for a given time.
func (x *exchange) ageCode(life time.Duration) {
	x.amend(func(g *goidc.Grant) { g.AuthCodeExpiresAt = g.CreatedAt + int(life.Seconds()) })
}

// pace makes an answer slow.
type pace struct {
	before  time.Duration // before its first byte
	between time.Duration // between two pieces of its body
	closing <-chan struct{}
}

// dripBytes is the size of a piece of a slow body.
const dripBytes = 16

// delay adds to the time that an answer takes.
func (out *reply) delay(x *exchange, before, between time.Duration) {
	if out.pace == nil {
		out.pace = &pace{closing: x.lab.gate.closing}
	}
	out.pace.before += before
	out.pace.between = max(out.pace.between, between)
}

// wait returns false when nobody waits any more: the client has gone, or the
// lab is closing.
func (p *pace) wait(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-p.closing:
	}
	return false
}

// drip writes a body piece by piece.
func (p *pace) drip(w http.ResponseWriter, r *http.Request, body []byte) {
	for at := 0; at < len(body); at += dripBytes {
		if at > 0 && !p.wait(r, p.between) {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(body[at:min(at+dripBytes, len(body))])
		_ = http.NewResponseController(w).Flush()
	}
}
