// Package exec performs effects. Its rule: this is the only package that
// touches the network, the browser, the clock and the random source, so
// everything that can hang, flood or lie is bounded here. Every failure comes
// back as a fact (flows.Broke) with a code and a sentence that says what
// happened, where, and what to do.
package exec

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"

	"authdance/flows"
)

// Options say how Live reaches the world. The zero value is ready to use: our
// own transport with the limits, no browser, every host allowed.
type Options struct {
	Transport      http.RoundTripper    // nil: our own; the lab's when nothing may leave the process
	Browser        Browser              // nil: None
	Policy         func(*url.URL) error // refuses an address; its error text is shown
	Timeout        time.Duration        // of one exchange from dialling to the last byte; 0: 30 s
	BrowserTimeout time.Duration        // of the wait for the browser; 0: 10 min
	CAFile         string               // PEM file of authorities to trust beside the system's
	CA             []byte               // the same, as PEM text
	Keys           map[string]Key       // private keys by the names of this package (ClientKey, …)
	Insecure       bool                 // do not check certificates; every exchange then says so
	AllowHTTP      bool                 // the profile's consent to http beyond this computer
	Proxy          string               // URL of a proxy, or "none"; "" follows the environment
	Now            func() time.Time     // nil: time.Now
	Rand           io.Reader            // nil: crypto/rand
	Crashed        func(Crash)          // told about a panic that was turned into a fact
}

// Live performs effects for real. It is safe for concurrent use; Close it when
// the last run is over.
type Live struct {
	client   *client
	browser  Browser
	policy   func(*url.URL) error
	patience time.Duration
	callback callbackLimits
	rand     io.Reader
	crew     *crew
	sessions sessions
	keys     keyring
}

// NewLive checks the options. The error names the option that cannot be used
// and how to mend it.
func NewLive(o Options) (*Live, error) {
	crew := &crew{crashed: o.Crashed}
	c, err := newClient(o)
	if err != nil {
		return nil, err
	}
	l := &Live{client: c, browser: o.Browser, policy: o.Policy, patience: o.BrowserTimeout, callback: callbackStandard(), rand: o.Rand, crew: crew,
		keys: keyring{held: map[string]Key{}}}
	maps.Copy(l.keys.held, o.Keys)
	if l.browser == nil {
		l.browser = None{}
	}
	if l.patience <= 0 {
		l.patience = 10 * time.Minute
	}
	if l.rand == nil {
		l.rand = rand.Reader
	}
	return l, nil
}

// Perform answers an effect. It returns within 100 ms after ctx is cancelled.
func (l *Live) Perform(ctx context.Context, e flows.Effect) flows.Event {
	return l.crew.guard(e.EffectID(), func() flows.Event {
		switch e := e.(type) {
		case flows.Draw:
			return l.draw(e)
		case flows.Send:
			return l.send(ctx, e)
		case flows.Browse:
			return l.browse(ctx, e)
		case flows.Wait:
			return wait(ctx, e)
		case flows.Sign:
			return l.sign(e)
		case flows.Decrypt:
			return l.decrypt(e)
		case flows.Publish:
			return l.publish(e)
		case flows.Listen:
			return l.listen(ctx, e)
		}
		return broke(e.EffectID(), internal("no performer for an effect of type %T", e))
	})
}

// Close is for when no Perform runs any more. It closes what is still open and
// returns when all goroutines are gone: at most one second later, so that a
// browser that was answered still gets its last page.
func (l *Live) Close() error {
	l.sessions.close()
	l.crew.wait()
	return nil
}

func (l *Live) send(ctx context.Context, e flows.Send) flows.Event {
	cert, f := l.certificate(e.Cert)
	if f != nil {
		return broke(e.ID, f)
	}
	x, f := l.client.exchange(ctx, e.Request, e.Limit, cert)
	if f != nil {
		return broke(e.ID, f)
	}
	return flows.Received{ID: e.ID, Exchange: x}
}

// certificate is the one that TLS presents; nil when the effect names none.
func (l *Live) certificate(name string) (*tls.Certificate, *failure) {
	if name == "" {
		return nil, nil
	}
	k, f := l.keys.find(name)
	if f != nil {
		return nil, f
	}
	c, ok := k.certificate()
	if !ok {
		return nil, unfit("the key %s has no certificate, and TLS presents certificates: give both in one PEM file, the certificate of the key first", name)
	}
	return &c, nil
}

func wait(ctx context.Context, e flows.Wait) flows.Event {
	if f := sleep(ctx, e.For); f != nil {
		return broke(e.ID, f)
	}
	return flows.Elapsed{ID: e.ID}
}

func sleep(ctx context.Context, d time.Duration) *failure {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return stopped(ctx)
	case <-t.C:
		return nil
	}
}

// stopped tells a person who gave up from a deadline that was set above us.
func stopped(ctx context.Context) *failure {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &failure{code: Timeout, text: "the time that was given to the whole run is over"}
	}
	return &failure{code: Cancelled, text: "stopped before an answer came"}
}

func internal(format string, a ...any) *failure {
	return &failure{code: Internal, text: fmt.Sprintf(format, a...)}
}
