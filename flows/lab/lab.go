// Package lab is an authorization server and a protected API that live inside
// the program, so that every flow can be run, and broken, without a network.
//
// The rule of this package: it is the other side. It imports nothing else of
// ours, because a server that shared the client's code would share the
// client's mistakes. The protocol comes from github.com/luikyv/go-oidc; this
// package decides what goes in and what comes out, and none of that library's
// types can be seen from outside.
//
// A request passes, in this order, the door (host, size, form; door.go), the
// library, the finishing of the answer (our words, signed tokens; reply.go),
// and the wire. Faults hook in between and nowhere else.
//
// The lab is for learning. It listens on loopback only, makes its keys at
// start and forgets everything at the end.
package lab

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Fixed addresses of a lab without ports (see New), so that recordings and
// screens made with it look the same everywhere.
const (
	fixedServer = "127.0.0.1:9500"
	fixedAPI    = "127.0.0.1:9502"
)

const defaultTenant = "default"

// Options of a lab. The zero value is what people want.
type Options struct {
	// Addr is where the authorization server listens, as host:port. The host
	// must be a loopback address. Empty means 127.0.0.1 and any free port.
	// New ignores it.
	Addr string
	// APIAddr is the same for the protected API.
	APIAddr string
	// TLSAddr is the same for the address that speaks TLS (see Lab.MTLS).
	TLSAddr string
	// Now is the only clock of the lab; nil means time.Now. It may jump in
	// both directions, and everything that can expire follows it.
	Now func() time.Time
	// Rand feeds codes, tokens, identifiers and the ES256 key; nil means
	// crypto/rand. With a fixed Now and a fixed Rand the lab answers the same
	// requests with the same bytes. The other keys and certificates stay random.
	Rand io.Reader
	// Served, when it is set, is told of every request just before its answer
	// goes out, by the goroutine that answers. It must be quick and safe for
	// concurrent use.
	Served func(View)
	// Tenants are the names of further tenants, besides the one called
	// default. See Tenant.
	Tenants []string
}

// Lab is a running authorization server with its API. All methods are safe
// for concurrent use.
type Lab struct {
	now     func() time.Time
	random  *random
	faults  *faultBoard
	server  site
	api     site
	secure  site // zero without ports
	tenants map[string]*tenant
	sights  sights
	served  func(View)

	authority   func() (authority, error)
	certificate func() (*tls.Certificate, error)

	gate      gate
	outbound  *outbound
	listening *listening
}

// site is one origin of the lab.
type site struct {
	scheme, addr string
	handler      http.Handler
}

func (s site) origin() string { return s.scheme + "://" + s.addr }

// New makes a lab that opens no port. Its issuer is
// http://127.0.0.1:9500/default and its API http://127.0.0.1:9502; requests
// reach both through Transport.
func New(o Options) (*Lab, error) {
	return build(o, fixedServer, fixedAPI, "")
}

// Start makes a lab that listens on three loopback ports until Close. It returns
// when all answer. An address that is not loopback, or a port in use, is an
// error that says what to change.
func Start(o Options) (*Lab, error) {
	server, err := listen("--addr", o.Addr)
	if err != nil {
		return nil, err
	}
	api, err := listen("--api-addr", o.APIAddr)
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	secure, err := listen("--tls-addr", o.TLSAddr)
	if err != nil {
		return nil, errors.Join(err, server.Close(), api.Close())
	}
	l, err := build(o, server.Addr().String(), api.Addr().String(), secure.Addr().String())
	if err != nil {
		return nil, errors.Join(err, server.Close(), api.Close(), secure.Close())
	}
	l.listening = serve(l, server, api, secure)
	return l, nil
}

func build(o Options, serverAddr, apiAddr, secureAddr string) (*Lab, error) {
	l := &Lab{now: o.Now, random: &random{from: o.Rand}, tenants: map[string]*tenant{}, served: o.Served}
	if l.now == nil {
		l.now = time.Now
	}
	if l.random.from == nil {
		l.random.from = rand.Reader
	}
	l.faults, l.outbound = newFaultBoard(), newOutbound()
	l.gate.closing = make(chan struct{})
	l.authority = sync.OnceValues(newAuthority)
	l.certificate = sync.OnceValues(func() (*tls.Certificate, error) {
		a, err := l.authority()
		if err != nil {
			return nil, err
		}
		return a.serverCertificate()
	})
	l.server, l.api, l.secure = site{scheme: "http", addr: serverAddr}, site{scheme: "http", addr: apiAddr}, site{scheme: "https", addr: secureAddr}
	for _, name := range append([]string{defaultTenant}, o.Tenants...) {
		if err := goodTenantName(name); err != nil {
			return nil, err
		}
		if _, twice := l.tenants[name]; twice {
			return nil, fmt.Errorf("lab: two tenants are called %s", name)
		}
		t, err := newTenant(l, name, o.Rand)
		if err != nil {
			return nil, fmt.Errorf("lab: set up the tenant %s: %w", name, err)
		}
		l.tenants[name] = t
	}
	api := &protectedAPI{lab: l, resources: apiResources()}
	l.server.handler = l.guard(l.server, http.HandlerFunc(l.serveServer))
	l.api.handler = l.guard(l.api, api)
	l.secure.handler = l.guard(l.secure, l.eitherOf(http.HandlerFunc(l.serveServer), api))
	return l, nil
}

// Issuer is the issuer identifier of the default tenant, as it stands in the
// metadata and in every token.
func (l *Lab) Issuer() string { return l.main().issuer }

func (l *Lab) main() *tenant { return l.tenants[defaultTenant] }

// API is the origin of the protected API and the audience of access tokens.
// /api/profile needs the scope read, /api/notes the scope write, /api/vault the
// scope read and a second factor. /mcp is a resource of its own.
func (l *Lab) API() string { return l.api.origin() }

// JWKS is the public key set as the jwks_uri of the lab would answer now.
func (l *Lab) JWKS() []byte { return l.main().keys.publicJSON() }

// Close stops listening, ends what is in flight and returns when every
// goroutine of the lab is gone. A closed lab answers nothing; closing twice
// is harmless.
func (l *Lab) Close() error {
	l.gate.shut()
	l.outbound.cancel()
	var err error
	if l.listening != nil {
		err = l.listening.close()
	}
	l.gate.inside.Wait()
	for _, t := range l.tenants {
		t.keys.wait()
	}
	return err
}

// origin of the authorization server, without a path.
func (l *Lab) origin() string { return l.server.origin() }

// gate counts requests in flight and refuses new ones once shut, because
// http.Server.Close waits for no handler.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
	// closing is closed when the gate shuts: nobody waits on purpose any longer.
	closing chan struct{}
}

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.inside.Add(1)
	return true
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		close(g.closing)
	}
	g.closed = true
}

// random makes unguessable values. The lock is for readers that, unlike
// crypto/rand, are not safe for concurrent use.
type random struct {
	mu   sync.Mutex
	from io.Reader
}

// text is a fresh value of 192 bits that can be recognised as the lab's.
func (r *random) text() string {
	var b [24]byte
	r.mu.Lock()
	_, err := io.ReadFull(r.from, b[:])
	r.mu.Unlock()
	if err != nil {
		// A test's reader ran dry. Falling back keeps the lab unguessable.
		rand.Read(b[:])
	}
	return "lab_" + base64.RawURLEncoding.EncodeToString(b[:])
}

// letters makes a code that people can type: consonants only, so that it
// spells no word and has no digit that looks like a letter (RFC 8628 §6.1).
func (r *random) letters(n int) string {
	const alphabet = "BCDFGHJKLMNPQRSTVWXZ"
	code := make([]byte, 0, n)
	for len(code) < n {
		for _, b := range []byte(r.text()[len("lab_"):]) {
			// base64url spreads evenly over 64 letters, so three times 20 of them can be used.
			if i := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01234567", b); i >= 0 && len(code) < n {
				code = append(code, alphabet[i%len(alphabet)])
			}
		}
	}
	return string(code)
}

// isOwn tells whether a URL points into this lab.
func (l *Lab) isOwn(u *url.URL) (site, bool) {
	if u.Scheme != "http" {
		return site{}, false
	}
	for _, s := range []site{l.server, l.api} {
		if u.Host == s.addr {
			return s, true
		}
	}
	return site{}, false
}
