package exec

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// listenOn binds the loopback addresses that a redirect host means: one, or for
// localhost both families, since nobody knows which one the browser takes.
func listenOn(host, port string) ([]net.Listener, error) {
	addresses := []string{host}
	if strings.EqualFold(host, "localhost") {
		addresses = []string{"127.0.0.1", "::1"}
	}
	var out []net.Listener
	for i, a := range addresses {
		var conf net.ListenConfig
		l, err := conf.Listen(context.Background(), "tcp", net.JoinHostPort(a, port))
		if err != nil && i > 0 && isNoFamily(err) {
			continue // this computer has no IPv6
		}
		if err != nil {
			for _, one := range out {
				one.Close()
			}
			return nil, err
		}
		out = append(out, l)
		_, port, _ = net.SplitHostPort(l.Addr().String())
	}
	return out, nil
}

func ownerHint(port string) string {
	switch runtime.GOOS {
	case "linux":
		return "ss -ltnp sport = :" + wire.Safe(port)
	case "windows":
		return "netstat -ano | findstr :" + wire.Safe(port)
	}
	return "lsof -i :" + wire.Safe(port)
}

// listener answers on the callback port: waiting, then matched, then closed.
// Only the awaited answer moves it on; everything else is noted.
type listener struct {
	want    expectation
	session *session
	server  *http.Server
	crew    *crew
	limits  callbackLimits

	mu      sync.Mutex
	matched bool
	shown   chan struct{} // closed when the browser has its last page
}

func serveCallback(c *crew, ls []net.Listener, want expectation, s *session) *listener {
	l := &listener{want: want, session: s, crew: c, limits: s.limits, shown: make(chan struct{})}
	l.server = &http.Server{
		Handler:        l,
		ReadTimeout:    s.limits.read,
		WriteTimeout:   s.limits.read,
		MaxHeaderBytes: s.limits.header - 4<<10, // net/http adds 4 KiB of its own
		ErrorLog:       log.New(io.Discard, "", 0),
	}
	l.server.SetKeepAlivesEnabled(false)
	g := &gate{most: s.limits.conns}
	for _, one := range ls {
		c.start(func() { _ = l.server.Serve(&gated{Listener: one, gate: g}) }, s.fell)
	}
	return l
}

// retire closes the port: at once, or after the last page was fetched.
func (l *listener) retire() {
	l.mu.Lock()
	matched := l.matched
	l.mu.Unlock()
	if !matched {
		l.server.Close()
		return
	}
	l.crew.start(l.linger, nil)
}

// ServeHTTP answers one request. A panic ends the wait with a fact; net/http
// alone would hide it.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := l.crew.caught(func() { l.serve(w, r) }); f != nil {
		l.session.fell(f)
	}
}

func (l *listener) serve(w http.ResponseWriter, r *http.Request) {
	in, oversize := l.receive(w, r)
	v := l.want.judge(in)
	if oversize {
		v = verdict{page: pageTooLarge, note: "a request that was too large arrived at the callback"}
	}
	if v.page == pageWelcomeBack {
		l.mu.Lock()
		again := l.matched
		l.matched = true
		l.mu.Unlock()
		if again {
			v = verdict{page: pageAlreadyDone}
		} else {
			l.session.answer <- flows.Redirected{Request: in.request(l.want.address), Via: flows.Listener}
		}
	}
	status := l.answer(w, v)
	if v.note != "" {
		l.session.arrived(flows.Observed{Note: v.note, Checks: v.checks, Exchange: flows.Exchange{
			Request:  in.clipped(l.want.address),
			Response: flows.Response{Status: status, Proto: r.Proto},
			Remote:   r.RemoteAddr,
		}})
	}
	if v.page == pageDone {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.matched {
			select {
			case <-l.shown:
			default:
				close(l.shown)
			}
		}
	}
}

// receive reads what the rules look at. The body is read only where it counts.
func (l *listener) receive(w http.ResponseWriter, r *http.Request) (in incoming, oversize bool) {
	in = incoming{
		Method: r.Method, Host: r.Host, Path: r.URL.Path, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery,
		ContentType: r.Header.Get("Content-Type"), FetchMode: r.Header.Get("Sec-Fetch-Mode"),
	}
	for _, name := range []string{"User-Agent", "Origin", "Referer", "Content-Type", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"} {
		// Not the cookies: those of other programs on this computer come along.
		if v := r.Header.Get(name); v != "" {
			in.Header = append(in.Header, flows.Param{Name: name, Value: wire.Untrusted(v)})
		}
	}
	if r.Method != http.MethodPost || r.Host != l.want.host {
		return in, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, l.limits.body))
	in.Body = string(body)
	var tooLarge *http.MaxBytesError
	return in, errors.As(err, &tooLarge)
}

// gate holds at most so many connections; when one more comes the oldest goes.
// A browser sends its request at once, so the one that gives way is a stalled one.
type gate struct {
	most int
	mu   sync.Mutex
	open []*gatedConn
}

type gated struct {
	net.Listener
	gate *gate
}

func (l *gated) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	one := &gatedConn{Conn: c, gate: l.gate}
	l.gate.mu.Lock()
	l.gate.open = append(l.gate.open, one)
	var oldest *gatedConn
	if len(l.gate.open) > l.gate.most {
		oldest = l.gate.open[0]
		l.gate.open = slices.Delete(l.gate.open, 0, 1)
	}
	l.gate.mu.Unlock()
	if oldest != nil {
		oldest.Conn.Close()
	}
	return one, nil
}

type gatedConn struct {
	net.Conn
	gate *gate
}

func (c *gatedConn) Close() error {
	c.gate.mu.Lock()
	c.gate.open = slices.DeleteFunc(c.gate.open, func(o *gatedConn) bool { return o == c })
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// expected is what the answer to e must look like when it comes to u.
func expected(e flows.Browse, u *url.URL) expectation {
	host := u.Host
	if u.Port() == "80" {
		host = strings.TrimSuffix(host, ":80") // browsers leave the usual port out
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	x := expectation{host: host, path: path, done: strings.TrimSuffix(path, "/") + "/done", state: e.State.Raw(), mode: e.ResponseMode,
		address: u.Scheme + "://" + u.Host + path}
	x.signed = strings.HasSuffix(x.mode, "jwt")
	x.mode = strings.TrimSuffix(strings.TrimSuffix(x.mode, "jwt"), ".")
	if x.mode == "" {
		x.mode = "query"
		if p, ok := e.Request.Find("response_type"); ok && p.Value != "code" && p.Value != "none" {
			x.mode = "fragment" // OAuth 2.0 Multiple Response Type Encoding Practices §5
		}
	}
	return x
}

// linger waits for the last page, then closes the port for good.
func (l *listener) linger() {
	t := time.NewTimer(l.limits.linger)
	defer t.Stop()
	select {
	case <-l.shown:
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		if l.server.Shutdown(ctx) == nil {
			return
		}
	case <-t.C:
	}
	l.server.Close()
}
