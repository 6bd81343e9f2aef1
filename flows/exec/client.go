package exec

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// client makes one exchange at a time: no redirect is followed, no cookie kept,
// nothing sent twice, no header added that the answer's Exchange does not show.
type client struct {
	transport http.RoundTripper
	ours      bool // the transport is ours, so its trace tells what went out
	policy    func(*url.URL) error
	allowHTTP bool
	insecure  bool
	limits    limits
	now       func() time.Time
}

func newClient(o Options) (*client, error) {
	c := &client{transport: o.Transport, policy: o.Policy, allowHTTP: o.AllowHTTP, insecure: o.Insecure, limits: standard(), now: o.Now}
	if c.now == nil {
		c.now = time.Now
	}
	if o.Timeout > 0 {
		c.limits.total = o.Timeout
	}
	if c.transport == nil {
		t, err := newTransport(c.limits, o)
		if err != nil {
			return nil, err
		}
		c.transport, c.ours = t, true
	}
	return c, nil
}

// exchange sends r and reads the answer, at most limit bytes of body (0: the
// standard limit). A longer body is cut and marked. cert is presented where the
// server asks for one.
func (c *client) exchange(parent context.Context, r flows.Request, limit int64, cert *tls.Certificate) (flows.Exchange, *failure) {
	u, f := c.target(r.Target())
	if f != nil {
		return flows.Exchange{}, f
	}
	total, cancel := context.WithTimeoutCause(parent, c.limits.total, errTotal)
	defer cancel()
	ctx, give := context.WithCancelCause(total)
	defer give(nil)

	stopwatch := newStopwatch(c.now)
	req, f := outgoing(stopwatch.watch(ctx), u, r)
	if f != nil {
		return flows.Exchange{}, f
	}
	fail := func(err error) (flows.Exchange, *failure) {
		f := c.limits.explain(ctx, u, err)
		// A foreign transport has no trace: once it has the request, assume the worst.
		f.sent = stopwatch.sent() || !c.ours && f.code != Cancelled
		return flows.Exchange{}, f
	}
	transport, f := c.presenting(cert)
	if f != nil {
		return flows.Exchange{}, f
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return fail(err)
	}
	defer res.Body.Close()
	if n := fields(res.Header); n > c.limits.headerFields {
		return flows.Exchange{}, &failure{code: HeaderLimit, sent: true,
			text: wire.Safe(u.Host) + " sent " + strconv.Itoa(n) + " header fields; it was given up. No honest server does that"}
	}
	if limit <= 0 {
		limit = c.limits.body
	}
	body, cut, err := c.limits.read(res, limit, func() { give(errIdle) })
	if err != nil {
		return fail(err)
	}
	timing, remote := stopwatch.stop()
	return flows.Exchange{
		Request:  shown(r, req),
		Response: flows.Response{Status: res.StatusCode, Proto: res.Proto, Header: answered(res), Body: wire.Untrusted(body), Truncated: cut},
		Timing:   timing,
		Remote:   remote,
		TLS:      c.facts(res.TLS),
	}, nil
}

// presenting is the transport with a client certificate. It is used for one
// exchange, as every connection is.
func (c *client) presenting(cert *tls.Certificate) (http.RoundTripper, *failure) {
	if cert == nil {
		return c.transport, nil
	}
	t, ok := c.transport.(*http.Transport)
	if !ok {
		return nil, unfit("a client certificate is presented in TLS, and what is asked here is reached inside this program, without TLS")
	}
	t = t.Clone()
	t.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return cert, nil // whatever authorities the server names: a person who tests wants to see what it says
	}
	return t, nil
}

// target decides whether an address may be asked at all.
func (c *client) target(raw string) (*url.URL, *failure) {
	if len(raw) > maxURL {
		return nil, refusal("the address is %d bytes long; %d are allowed", len(raw), maxURL)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, refusal("%s is not an address; write it as https://host/path", clipped(raw))
	}
	if err := checkAuthority(u); err != nil {
		return nil, refusal("%v: nothing was sent. Correct the address in the profile, or see what the metadata says", err)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) && !c.allowHTTP {
		return nil, refusal("http://%s is neither encrypted nor on this computer: anybody between could read and change what is sent, so nothing was sent. "+
			"Use https; authdance sends plain http only on this computer", wire.Safe(u.Host))
	}
	if c.policy != nil {
		if err := c.policy(u); err != nil {
			return nil, refusal("%s may not be asked here: %s", wire.Safe(u.Host), wire.Safe(err.Error()))
		}
	}
	return u, nil
}

// outgoing makes the HTTP request. Its body cannot be rewound, so that no part
// of net/http can send it again.
func outgoing(ctx context.Context, u *url.URL, r flows.Request) (*http.Request, *failure) {
	payload := r.Payload()
	// The empty User-Agent keeps net/http from adding its own.
	h := http.Header{"User-Agent": {""}}
	req := (&http.Request{Method: r.Method, URL: u, Host: u.Host, Header: h, Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	for _, p := range r.Header {
		switch name, value := p.Name, p.Value.Raw(); {
		case strings.EqualFold(name, "Host"):
			req.Host = value
		case strings.EqualFold(name, "User-Agent"):
			h["User-Agent"] = []string{value}
		default:
			h[name] = append(h[name], value) // as written: the case is shown, so it is sent
		}
	}
	if strings.ContainsFunc(r.Method, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c) }) || r.Method == "" {
		return nil, &failure{code: RequestInvalid, text: "the method " + clipped(r.Method) + " cannot be written as HTTP; use a word such as GET or POST"}
	}
	for _, p := range r.Header {
		if !headerName(p.Name) || strings.ContainsFunc(p.Value.Raw(), func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			return nil, &failure{code: RequestInvalid, text: "the header " + clipped(p.Name) + " has a character that HTTP does not allow, such as a line break; take it out"}
		}
	}
	if payload != "" {
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(payload)), int64(len(payload))
	}
	return req, nil
}

func headerName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c) })
}

// shown is the request as it went out: what HTTP itself needs is added, and
// what net/http overrules is corrected.
func shown(r flows.Request, req *http.Request) flows.Request {
	r.Header = slices.DeleteFunc(slices.Clone(r.Header), func(p flows.Param) bool {
		return slices.ContainsFunc([]string{"Host", "Content-Length", "Transfer-Encoding", "Trailer"}, func(n string) bool { return strings.EqualFold(n, p.Name) })
	})
	r.Header = append(r.Header, flows.Param{Name: "Host", Value: wire.Untrusted(req.Host)})
	if req.ContentLength > 0 || slices.Contains([]string{"POST", "PUT", "PATCH"}, r.Method) {
		r.Header = append(r.Header, flows.Param{Name: "Content-Length", Value: wire.Untrusted(strconv.FormatInt(req.ContentLength, 10))})
	}
	return r
}

func fields(h http.Header) int {
	n := 0
	for _, values := range h {
		n += len(values)
	}
	return n
}

// answered lists the header fields of an answer by name: net/http has lost their
// order, and taken Transfer-Encoding out.
func answered(res *http.Response) []flows.Param {
	var out []flows.Param
	for name, values := range res.Header {
		for _, v := range values {
			out = append(out, flows.Param{Name: name, Value: wire.Untrusted(v), Secret: flows.Sensitive(name)})
		}
	}
	if len(res.TransferEncoding) > 0 {
		out = append(out, flows.Param{Name: "Transfer-Encoding", Value: wire.Untrusted(strings.Join(res.TransferEncoding, ", "))})
	}
	slices.SortStableFunc(out, func(a, b flows.Param) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (c *client) facts(s *tls.ConnectionState) *flows.TLS {
	if s == nil {
		return nil
	}
	facts := &flows.TLS{Version: tls.VersionName(s.Version), Cipher: tls.CipherSuiteName(s.CipherSuite), Skipped: c.insecure}
	if len(s.PeerCertificates) > 0 {
		leaf := s.PeerCertificates[0]
		facts.Subject, facts.Issuer, facts.NotAfter = wire.Untrusted(leaf.Subject.String()), wire.Untrusted(leaf.Issuer.String()), leaf.NotAfter
	}
	return facts
}
