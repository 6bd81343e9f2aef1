package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	outboundTimeout = 5 * time.Second
	deliveryLimit   = 50 // per tenant
)

// Delivery is something that the lab sent to an application of its own accord.
type Delivery struct {
	At       time.Time // the tenant's time
	Kind     string    // ciba_ping, ciba_push or backchannel_logout
	ClientID string
	URI      string
	Status   int    // of the application's answer; 0 when there was none
	Problem  string // why it failed; empty when it arrived
}

// outbound is the lab's own HTTP client. It reaches loopback addresses only,
// whatever a name resolves to, takes no proxy and follows no redirect, so that
// nobody can make the lab knock at other doors.
type outbound struct {
	http   http.Client
	ctx    context.Context
	cancel context.CancelFunc
}

func newOutbound() *outbound {
	o := &outbound{}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	dialer := net.Dialer{Timeout: outboundTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			return errors.New("the lab sends to loopback addresses only")
		}
		return nil
	}}
	o.http = http.Client{
		Timeout:       outboundTimeout,
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, MaxResponseHeaderBytes: 32 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return o
}

// post sends a body and returns the status of the answer, whose body nobody reads.
func (o *outbound) post(uri string, header http.Header, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(o.ctx, http.MethodPost, uri, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("lab: %q is no address to send to: %w", uri, err)
	}
	req.Header = header
	res, err := o.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("lab: send to an application: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, bodyLimit)
	return res.StatusCode, nil
}

// deliver sends something to an application in the background, because its
// answer must not hold up ours, and notes what became of it. Close waits for it.
func (t *tenant) deliver(d Delivery, header http.Header, body []byte) {
	if !t.lab.gate.enter() {
		return
	}
	go func() {
		defer t.lab.gate.inside.Done()
		_, err := t.lab.sourceOf(d.URI)
		if err == nil {
			d.Status, err = t.lab.outbound.post(d.URI, header, body)
		}
		switch {
		case err != nil:
			d.Problem = err.Error()
		case d.Status < 200 || d.Status > 299:
			d.Problem = fmt.Sprintf("the application answered %d %s", d.Status, http.StatusText(d.Status))
		}
		d.At = t.now()
		t.deliveries.add(d)
	}()
}

// deliveries are the last things sent, the oldest first.
type deliveries struct {
	mu   sync.Mutex
	list []Delivery
}

func (d *deliveries) add(one Delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, one)
	d.list = slices.Clone(d.list[max(0, len(d.list)-deliveryLimit):])
}

// Deliveries are the last 50 things that the tenant sent to applications and
// that were answered or given up, the oldest first.
func (t Tenant) Deliveries() []Delivery {
	d := &t.t.deliveries
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.list)
}

// goodLoopback tells whether the lab would send to an address: http or https,
// on loopback, without user and fragment.
func goodLoopback(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && loopbackHost(u) && u.User == nil && u.Fragment == "" && len(uri) <= 1000
}
