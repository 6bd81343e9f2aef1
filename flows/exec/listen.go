package exec

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/url"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// door is an address of this computer at which servers call us: a CIBA
// notification, a logout token. Whoever asks there as expected gets the same
// answer and is handed to the run, which decides who was meant.
type door struct {
	method, host, path string
	reply              flows.Response
	session            *session
	server             *http.Server
}

// listen opens a door of our own and waits until somebody knocks. The door
// stays open for the Listen with Resume that may follow.
func (l *Live) listen(ctx context.Context, e flows.Listen) flows.Event {
	key := "listen " + e.Method + " " + e.URL.Raw()
	s := l.sessions.take(key)
	if s != nil && !e.Resume {
		s.end()
		s = nil
	}
	if s == nil {
		var f *failure
		if s, f = l.openDoor(e); f != nil {
			return broke(e.ID, f)
		}
		if e.Meanwhile.Method != "" && !e.Resume {
			if open, f := l.allowed(flows.Browse{Request: e.Meanwhile}); f == nil {
				l.sendOut(ctx, s, open)
			}
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

// publish opens a door at which everybody gets the same document, until its
// time is over or the next one takes its place.
func (l *Live) publish(e flows.Publish) flows.Event {
	uri, f := withFreePort(e.URL.Raw())
	if f != nil {
		return broke(e.ID, f)
	}
	const key = "publish"
	if before := l.sessions.take(key); before != nil {
		before.end()
	}
	s, f := l.openDoor(flows.Listen{URL: wire.Untrusted(uri), Method: http.MethodGet, For: e.For,
		Reply: flows.Response{Status: http.StatusOK, Header: []flows.Param{{Name: "Content-Type", Value: wire.Untrusted(e.Type)}}, Body: e.Body}})
	if f != nil {
		return broke(e.ID, f)
	}
	l.sessions.keepFor(e.For, key, s)
	return flows.Published{ID: e.ID, URL: wire.Untrusted(uri)}
}

// openDoor listens where the effect says. Only an http address of this computer
// will do: what comes from outside needs a tunnel that ends here.
func (l *Live) openDoor(e flows.Listen) (*session, *failure) {
	u, err := url.Parse(e.URL.Raw())
	if err != nil || u.Scheme != "http" || !loopback(u.Hostname()) || u.Port() == "" {
		return nil, refusal("authdance cannot be called at %s: it only listens on this computer. Write http://127.0.0.1:PORT/path, and let a tunnel lead there when the server is elsewhere", clipped(e.URL.Raw()))
	}
	ls, err := listenOn(u.Hostname(), u.Port())
	if err != nil {
		return nil, portTrouble("the address", u, err)
	}
	patience := e.For
	if patience <= 0 {
		patience = l.patience
	}
	lim := l.callback
	s := &session{limits: lim, until: time.NewTimer(patience), late: "nobody called " + clipped(e.URL.Raw()) + " in time. See whether exactly this address is registered at the server, and whether the server can reach this computer",
		arrival: make(chan flows.Arrived, lim.kept), foreign: make(chan flows.Observed, lim.kept), broken: make(chan *failure, 1)}
	if e.Reply.Status < 200 || e.Reply.Status > 599 {
		e.Reply.Status = http.StatusNoContent
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	d := &door{method: e.Method, host: u.Host, path: path, reply: e.Reply, session: s}
	d.server = &http.Server{Handler: d, ReadTimeout: lim.read, WriteTimeout: lim.read, MaxHeaderBytes: lim.header - 4<<10, ErrorLog: log.New(io.Discard, "", 0)}
	d.server.SetKeepAlivesEnabled(false)
	g := &gate{most: lim.conns}
	for _, one := range ls {
		l.crew.start(func() { _ = d.server.Serve(&gated{Listener: one, gate: g}) }, s.fell)
	}
	s.port = closer{l.crew, d.server}
	return s, nil
}

// closer shuts a door once the answers on their way are out.
type closer struct {
	crew   *crew
	server *http.Server
}

func (c closer) retire() {
	c.crew.start(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		if c.server.Shutdown(ctx) != nil {
			c.server.Close()
		}
	}, nil)
}

// ServeHTTP answers before the run has judged: a server that calls waits for
// nobody.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Host != d.host:
		http.Error(w, "authdance does not answer under this name.", http.StatusMisdirectedRequest)
		return
	case r.URL.EscapedPath() != d.path:
		http.NotFound(w, r)
		return
	case r.Method != d.method:
		w.Header().Set("Allow", d.method)
		http.Error(w, "authdance waits for "+d.method+" here.", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, d.session.limits.body))
	if err != nil {
		http.Error(w, "The body is too large or broke off.", http.StatusRequestEntityTooLarge)
		return
	}
	in := flows.Request{Method: r.Method, URL: wire.Untrusted("http://" + d.host + d.path), Query: split(r.URL.RawQuery)}
	for _, name := range []string{"User-Agent", "Authorization", "Content-Type"} {
		if v := r.Header.Get(name); v != "" {
			in.Header = append(in.Header, flows.Param{Name: name, Value: wire.Untrusted(v), Secret: flows.Sensitive(name)})
		}
	}
	if isForm(r.Header.Get("Content-Type")) {
		in.Form = split(string(body))
	} else {
		in.Body = wire.Untrusted(body)
	}
	select {
	case d.session.arrival <- flows.Arrived{Request: in}:
	default: // a flood: the answer is given, and nobody hears of it
	}
	for _, h := range d.reply.Header {
		w.Header().Set(h.Name, h.Value.Raw())
	}
	w.WriteHeader(d.reply.Status)
	_, _ = io.WriteString(w, d.reply.Body.Raw()) // the caller may be gone
}
