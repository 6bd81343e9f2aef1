package exec

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"authdance/flows"
	"authdance/flows/wire"
)

func newLive(t *testing.T, o Options) *Live {
	t.Helper()
	l, err := NewLive(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func get(url string) flows.Send {
	return flows.Send{ID: 7, Request: flows.Request{Method: "GET", URL: wire.Untrusted(url)}}
}

func received(t *testing.T, e flows.Event) flows.Exchange {
	t.Helper()
	r, ok := e.(flows.Received)
	if !ok || r.ID != 7 {
		t.Fatalf("got %T %+v", e, e)
	}
	return r.Exchange
}

func brokeWith(t *testing.T, e flows.Event, code string, words ...string) flows.Broke {
	t.Helper()
	b, ok := e.(flows.Broke)
	if !ok || b.ID != 7 || b.Code != code {
		t.Fatalf("got %T %+v, want Broke %s", e, e, code)
	}
	for _, w := range words {
		if !strings.Contains(b.Message.Raw(), w) {
			t.Errorf("the message does not say %q: %s", w, b.Message)
		}
	}
	return b
}

// rawServer gives every connection to serve, after the request was read.
func rawServer(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				serve(c)
			}
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return "http://" + ln.Addr().String()
}

// says answers every request with these bytes.
func says(t *testing.T, text string) string {
	return rawServer(t, func(c net.Conn) { io.WriteString(c, text) })
}

func TestExactlyTheShownRequestIsSent(t *testing.T) {
	var wireBytes string
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		var b bytes.Buffer
		for !strings.HasSuffix(b.String(), "code=a+b%26c") {
			if _, err := io.CopyN(&b, c, 1); err != nil {
				return
			}
		}
		wireBytes = b.String()
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: b=2\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nSet-Cookie: a=1\r\n\r\nok")
	}()
	defer func() { ln.Close(); <-done }()
	host := ln.Addr().String()
	x := received(t, newLive(t, Options{}).Perform(context.Background(), flows.Send{ID: 7, Request: flows.Request{
		Method: "POST", URL: wire.Untrusted("http://" + host + "/token%2Fx?keep=%41"), Query: []flows.Param{{Name: "q", Value: "1"}},
		Header: []flows.Param{{Name: "DPoP", Value: "proof"}, {Name: "x-lower", Value: "1"}, {Name: "Content-Length", Value: "9999"}},
		Form:   []flows.Param{{Name: "code", Value: "a b&c"}},
	}}))
	<-done
	want := "POST /token%2Fx?keep=%41&q=1 HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 12\r\nDPoP: proof\r\nx-lower: 1\r\n\r\ncode=a+b%26c"
	if d := cmp.Diff(want, wireBytes); d != "" {
		t.Errorf("sent bytes:\n%s", d)
	}
	var shown []string
	for _, h := range x.Request.Header {
		shown = append(shown, h.Name+": "+h.Value.Raw())
	}
	if d := cmp.Diff([]string{"DPoP: proof", "x-lower: 1", "Host: " + host, "Content-Length: 12"}, shown); d != "" {
		t.Errorf("shown headers:\n%s", d)
	}
	var got []string
	for _, h := range x.Response.Header {
		got = append(got, fmt.Sprintf("%s: %s %v", h.Name, h.Value.Raw(), h.Secret))
	}
	if d := cmp.Diff([]string{"Content-Length: 2 false", "Date: Mon, 02 Jan 2006 15:04:05 GMT false", "Set-Cookie: b=2 true", "Set-Cookie: a=1 true"}, got); d != "" {
		t.Errorf("response headers:\n%s", d)
	}
	if x.Remote != host || x.Response.Body != "ok" || x.Response.Proto != "HTTP/1.1" || x.Timing.Total <= 0 || x.TLS != nil {
		t.Errorf("exchange %+v", x)
	}
}

func TestNoRedirectIsFollowedAndNoCredentialReplayed(t *testing.T) {
	hits := 0
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	defer thief.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		honest := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL, status)
		}))
		send := get(honest.URL)
		send.Request.Method, send.Request.Form = "POST", []flows.Param{{Name: "client_secret", Value: "s"}}
		x := received(t, newLive(t, Options{}).Perform(context.Background(), send))
		if x.Response.Status != status || x.Response.Get("Location").Raw() != thief.URL {
			t.Errorf("%+v", x.Response)
		}
		honest.Close()
	}
	if hits != 0 {
		t.Errorf("the other host was asked %d times", hits)
	}
}

func TestCookiesAreNotKept(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			t.Error("a cookie came back")
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
	}))
	defer srv.Close()
	l := newLive(t, Options{})
	for range 2 {
		received(t, l.Perform(context.Background(), get(srv.URL)))
	}
}

func TestCancellingEndsAnExchangeAtOnce(t *testing.T) {
	url, asked := hang(t)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-asked; cancel() }()
	if b := brokeWith(t, newLive(t, Options{}).Perform(ctx, get(url)), Cancelled); !b.Sent {
		t.Error("the request had gone out")
	}
	b := brokeWith(t, newLive(t, Options{}).Perform(ctx, get(url)), Cancelled)
	if b.Sent {
		t.Error("nothing was sent after the cancel")
	}
}

func TestCancellingEndsAWait(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	brokeWith(t, newLive(t, Options{}).Perform(ctx, flows.Wait{ID: 7, For: time.Hour}), Cancelled)
	if _, ok := newLive(t, Options{}).Perform(context.Background(), flows.Wait{ID: 7}).(flows.Elapsed); !ok {
		t.Error("no time to wait is no wait")
	}
}

func TestNobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	b := brokeWith(t, newLive(t, Options{}).Perform(context.Background(), get("http://"+addr)), ConnectionRefused, addr, "nothing listens")
	if b.Sent {
		t.Error("nothing was sent")
	}
}

func TestTroubleOfTheNetworkIsToldApart(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "idp.corp.test"}
	for code, err := range map[string]error{
		DNSFailure:         &net.OpError{Op: "dial", Err: &net.DNSError{Name: "idp.corp.test", IsNotFound: true}},
		Timeout:            &net.OpError{Op: "dial", Err: timeoutError{}},
		ProxyFailure:       &net.OpError{Op: "proxyconnect", Err: errors.New("dial tcp: refused")},
		NetworkUnreachable: &net.OpError{Op: "dial", Err: unreachable()},
	} {
		if f := standard().explain(context.Background(), u, err); f.code != code || !strings.Contains(f.text, "idp.corp.test") {
			t.Errorf("%s: %+v", code, f)
		}
	}
}

type timeoutError struct{}

func (timeoutError) Error() string { return "i/o timeout" }
func (timeoutError) Timeout() bool { return true }

func TestAddressesThatMayNotBeAsked(t *testing.T) {
	for raw, word := range map[string]string{
		"http://idp.corp.test/token":       "neither encrypted",
		"http://10.0.0.1/":                 "neither encrypted",
		"http://127.0.0.1.evil.test/":      "neither encrypted",
		"http://localhost.evil.test/":      "neither encrypted",
		"ftp://127.0.0.1/":                 "https://",
		"file:///etc/passwd":               "https://",
		"https://user:pw@idp.corp.test/":   "user name",
		"https:///path":                    "no host",
		"https:idp.corp.test":              "no host",
		"https://127.0.0.1:99999/":         "not a port",
		"https://idp.corp\u202e.test/":     "plain host name",
		"https://[fe80::1%25eth0]/":        "IPv6",
		"https://exa%6dple\x1b[31m.test/":  "not an address",
		"":                                 "https://",
		"https://ok.test/" + long("x", 40): "bytes long",
	} {
		b := brokeWith(t, newLive(t, Options{}).Perform(context.Background(), get(raw)), EndpointRefused, word)
		if b.Sent || strings.Contains(b.Message.Raw(), "pw") {
			t.Errorf("%q: %+v", raw, b)
		}
	}
}

func long(s string, kib int) string { return strings.Repeat(s, kib<<10) }

func TestHTTPBeyondThisComputerNeedsConsent(t *testing.T) {
	l := newLive(t, Options{AllowHTTP: true, Transport: answers("ok")})
	received(t, l.Perform(context.Background(), get("http://idp.corp.test/")))
}

func TestLocalhostIsThisComputerWhateverANameServerSays(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	_, err := sameComputer(posing{here}, "localhost:80")
	var f *failure
	if !errors.As(err, &f) || f.code != EndpointRefused || !strings.Contains(f.text, "192.0.2.1") {
		t.Error(err)
	}
	if _, err := there.Write(nil); err == nil {
		t.Error("the connection was left open")
	}
}

// posing is a connection that says it leads somewhere else.
type posing struct{ net.Conn }

func (posing) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }

func TestThePolicyDecidesWhichHostsAreAsked(t *testing.T) {
	l := newLive(t, Options{Transport: answers("ok"), Policy: func(u *url.URL) error {
		if u.Host != "127.0.0.1:9500" {
			return errors.New("a class reaches its own lab only")
		}
		return nil
	}})
	received(t, l.Perform(context.Background(), get("http://127.0.0.1:9500/")))
	brokeWith(t, l.Perform(context.Background(), get("https://idp.corp.test/")), EndpointRefused, "idp.corp.test", "its own lab")
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answers(body string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func TestARequestThatIsNoHTTPIsNotSent(t *testing.T) {
	for _, r := range []flows.Request{
		{Method: "GET", Header: []flows.Param{{Name: "X", Value: "a\r\nY: b"}}},
		{Method: "GET", Header: []flows.Param{{Name: "X y", Value: "a"}}},
		{Method: "GET", Header: []flows.Param{{Name: "Host", Value: "a\nb"}}},
		{Method: "GET / HTTP/1.1\r\nX: y"},
		{},
	} {
		r.URL = "http://127.0.0.1:1/"
		if b := brokeWith(t, newLive(t, Options{}).Perform(context.Background(), flows.Send{ID: 7, Request: r}), RequestInvalid); b.Sent {
			t.Error("it was sent")
		}
	}
}

func TestAPanicBecomesAFactAndItsStackIsKept(t *testing.T) {
	var crash Crash
	l := newLive(t, Options{Transport: roundTrip(func(*http.Request) (*http.Response, error) { panic("secret words") }), Crashed: func(c Crash) { crash = c }})
	b := brokeWith(t, l.Perform(context.Background(), get("http://127.0.0.1:1/")), Internal, "report")
	if strings.Contains(b.Message.Raw(), "secret words") || crash.Value != "secret words" || !strings.Contains(string(crash.Stack), "send_test.go") {
		t.Errorf("%+v, %s", b, crash.Stack)
	}
}

func TestAFixedClockMakesTimesThatNeverChange(t *testing.T) {
	l := newLive(t, Options{Transport: answers("ok"), Now: func() time.Time { return time.Unix(1, 0) }})
	if x := received(t, l.Perform(context.Background(), get("http://127.0.0.1:1/"))); x.Timing != (flows.Timing{}) {
		t.Errorf("%+v", x.Timing)
	}
}

func TestPasswordsOfProxiesNeverReachAnErrorText(t *testing.T) {
	got := withoutUserinfo(`dial "http://me:hunter2@proxy:3128/": //a@b //c`)
	if got != `dial "http://proxy:3128/": //b //c` {
		t.Error(got)
	}
	l := newLive(t, Options{Proxy: "http://me:hunter2@127.0.0.1:1"})
	b := brokeWith(t, l.Perform(context.Background(), get("https://idp.corp.test/")), ProxyFailure, "--proxy none")
	if strings.Contains(b.Message.Raw(), "hunter2") || strings.Contains(b.Message.Raw(), "me:") {
		t.Error(b.Message)
	}
}

func TestTheProxyIsAskedForOthersAndNeverForThisComputer(t *testing.T) {
	asked := 0
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	local := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer local.Close()
	l := newLive(t, Options{Proxy: proxy.URL})
	received(t, l.Perform(context.Background(), get(local.URL)))
	received(t, l.Perform(context.Background(), get(strings.Replace(local.URL, "127.0.0.1", "localhost", 1))))
	if asked != 0 {
		t.Error("the proxy was asked for this computer")
	}
	brokeWith(t, l.Perform(context.Background(), get("https://idp.corp.test/")), ProxyFailure, "user name and password")
	t.Setenv("HTTPS_PROXY", proxy.URL)
	brokeWith(t, newLive(t, Options{}).Perform(context.Background(), get("https://idp.corp.test/")), ProxyFailure)
	if asked != 2 {
		t.Errorf("the proxy was asked %d times", asked)
	}
}

func BenchmarkSend(b *testing.B) {
	l, err := NewLive(Options{Transport: answers(`{"access_token":"x"}`)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l.Perform(context.Background(), get("http://127.0.0.1:1/token"))
	}
}
