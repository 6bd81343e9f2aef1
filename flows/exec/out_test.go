package exec

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// person is a browser in a test: it tells that it was opened, and with what.
type person chan string

func (p person) Open(_ context.Context, url string) error {
	p <- url
	return nil
}

// out is a Browse under way.
type out struct {
	t       *testing.T
	live    *Live
	effect  flows.Browse
	opened  person
	answers chan flows.Event
	cancel  context.CancelFunc
}

const state = "a-state-of-more-than-128-bits"

// goOut starts a Browse to a free port and returns when the browser is open.
func goOut(t *testing.T, redirect, mode string, o Options, tune ...func(*Live)) *out {
	t.Helper()
	uri, f := withFreePort(redirect)
	if f != nil {
		t.Fatal(f)
	}
	opened := make(person, 1)
	if o.Browser == nil {
		o.Browser = opened
	}
	ctx, cancel := context.WithCancel(context.Background())
	live := newLive(t, o)
	for _, f := range tune {
		f(live)
	}
	x := &out{t: t, live: live, opened: opened, answers: make(chan flows.Event, 1), cancel: cancel, effect: flows.Browse{ID: 7,
		Request:     flows.Request{Method: "GET", URL: "https://idp.test/authorize?own=%41", Query: []flows.Param{{Name: "state", Value: state}}},
		RedirectURI: wire.Untrusted(uri), State: state, ResponseMode: mode}}
	x.perform(ctx)
	t.Cleanup(cancel)
	if o.Browser == Browser(opened) {
		if got := <-opened; got != "https://idp.test/authorize?own=%41&state="+state {
			t.Errorf("opened %s", got)
		}
	}
	return x
}

func (x *out) perform(ctx context.Context) {
	go func() { x.answers <- x.live.Perform(ctx, x.effect) }()
}

// next takes the answer; an Observed is followed by the Browse that resumes.
func (x *out) next() flows.Event {
	x.t.Helper()
	select {
	case ev := <-x.answers:
		if _, ok := ev.(flows.Observed); ok {
			x.effect.Resume = true
			ctx, cancel := context.WithCancel(context.Background())
			x.cancel = cancel
			x.t.Cleanup(cancel)
			x.perform(ctx)
		}
		return ev
	case <-time.After(20 * time.Second):
		x.t.Fatal("no answer came")
		return nil
	}
}

// collect goes on waiting, as a run does, and returns every answer up to the
// one that ends the Browse.
func (x *out) collect() <-chan []flows.Event {
	all := make(chan []flows.Event, 1)
	go func() {
		var got []flows.Event
		ev := <-x.answers
		for {
			got = append(got, ev)
			if _, ok := ev.(flows.Observed); !ok {
				break
			}
			e := x.effect
			e.Resume = true
			ev = x.live.Perform(context.Background(), e)
		}
		all <- got
	}()
	return all
}

func (x *out) redirected() flows.Redirected {
	x.t.Helper()
	ev := x.next()
	r, ok := ev.(flows.Redirected)
	if !ok || r.Via != flows.Listener || r.ID != 7 {
		x.t.Fatalf("got %T %+v", ev, ev)
	}
	return r
}

func (x *out) observed() flows.Observed {
	x.t.Helper()
	ev := x.next()
	o, ok := ev.(flows.Observed)
	if !ok || o.ID != 7 || o.Note == "" || o.Note != wire.Safe(o.Note) {
		x.t.Fatalf("got %T %+v", ev, ev)
	}
	return o
}

// visit makes a request as a browser does, and follows nothing.
func (x *out) visit(method, address, body string, header ...string) *http.Response {
	x.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	tr := &http.Transport{DisableKeepAlives: true}
	res, err := tr.RoundTrip(req)
	if err != nil {
		x.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	res.Body.Close()
	res.Body = io.NopCloser(strings.NewReader(string(text)))
	for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Private-Network"} {
		if res.Header.Get(name) != "" {
			x.t.Errorf("the answer grants %s", name)
		}
	}
	return res
}

func (x *out) uri() string { return x.effect.RedirectURI.Raw() }

func bodyOf(res *http.Response) string {
	b, _ := io.ReadAll(res.Body)
	return string(b)
}

// closedSoon waits until nobody listens on the callback port any more.
func (x *out) closedSoon() {
	x.t.Helper()
	u, err := url.Parse(x.uri())
	if err != nil {
		x.t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", u.Host)
		if err != nil {
			return
		}
		c.Close()
	}
	x.t.Error("the callback port is still open")
}
