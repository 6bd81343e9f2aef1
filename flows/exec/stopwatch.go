package exec

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"

	"authdance/flows"
)

// stopwatch measures the phases of one exchange. Its hooks run on goroutines
// of net/http, some after the exchange is over.
type stopwatch struct {
	now func() time.Time

	mu                                sync.Mutex
	began, dns, connect, tls, written time.Time
	timing                            flows.Timing
	remote                            string
	wrote                             bool
}

func newStopwatch(now func() time.Time) *stopwatch { return &stopwatch{now: now, began: now()} }

func (w *stopwatch) watch(ctx context.Context) context.Context {
	start := func(at *time.Time) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if at.IsZero() { // two addresses are dialled side by side: the first counts
			*at = w.now()
		}
	}
	took := func(from *time.Time, d *time.Duration) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !from.IsZero() {
			*d = w.now().Sub(*from)
		}
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:     func(httptrace.DNSStartInfo) { start(&w.dns) },
		DNSDone:      func(httptrace.DNSDoneInfo) { took(&w.dns, &w.timing.DNS) },
		ConnectStart: func(string, string) { start(&w.connect) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				took(&w.connect, &w.timing.Connect)
			}
		},
		TLSHandshakeStart: func() { start(&w.tls) },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { took(&w.tls, &w.timing.TLS) },
		GotConn: func(i httptrace.GotConnInfo) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.remote = i.Conn.RemoteAddr().String()
		},
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			start(&w.written)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.wrote = w.wrote || i.Err == nil
		},
		GotFirstResponseByte: func() { took(&w.written, &w.timing.FirstByte) },
	})
}

// sent says whether the whole request was written.
func (w *stopwatch) sent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wrote
}

func (w *stopwatch) stop() (flows.Timing, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timing.Total = w.now().Sub(w.began)
	return w.timing, w.remote
}
