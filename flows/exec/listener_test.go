package exec

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
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

func TestTheBrowserComesBackAndTheCodeLeavesTheAddressBar(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{}, func(l *Live) { l.callback.linger = time.Minute })
	res := x.visit("GET", x.uri()+"?code=c%2Bd&state="+state+"&iss=i", "", "Cookie", "other=program", "Sec-Fetch-Mode", "navigate")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/callback/done" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	r := x.redirected()
	if r.Request.Method != "GET" || r.Request.URL != x.effect.RedirectURI || len(r.Request.Query) != 3 || r.Request.Query[0] != (flows.Param{Name: "code", Value: "c+d", Secret: true}) {
		t.Errorf("%+v", r.Request)
	}
	if _, leaked := r.Request.Find("Cookie"); leaked {
		t.Error("the cookies of other local programs were kept")
	}
	again := x.visit("GET", x.uri()+"?code=c&state="+state, "")
	if again.StatusCode != 200 || !strings.Contains(bodyOf(again), "has this answer") {
		t.Errorf("the second delivery got %d", again.StatusCode)
	}
	page := x.visit("GET", x.uri()+"/done", "")
	if page.StatusCode != 200 || !strings.Contains(bodyOf(page), "close this tab") {
		t.Errorf("the last page is %d", page.StatusCode)
	}
	x.closedSoon()
}

func TestThePageIsHarmless(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{})
	res := x.visit("GET", x.uri()+"?state=%3Cscript%3Ealert(1)%3C/script%3E&error=%3Cb%3E", "")
	text := bodyOf(res)
	if strings.Contains(text, "<script") || strings.Contains(text, "<b>") || strings.Contains(text, "alert") {
		t.Errorf("a word of the request is in the page: %s", text)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if csp := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "script-src") {
		t.Error(csp)
	}
	x.observed()
}

func TestAForgedAnswerNeitherEndsNorChangesTheRun(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{})
	x.visit("GET", x.uri()+"?error=access_denied&state=forged", "")
	o := x.observed()
	if len(o.Checks) != 1 || o.Checks[0].ID != "state_mismatch" || o.Checks[0].Status != wire.Warn || o.Exchange.Response.Status != 400 {
		t.Errorf("%+v", o)
	}
	x.visit("GET", x.uri()+"?code=c&state="+state, "", "Host", "evil.test")
	if o := x.observed(); o.Exchange.Response.Status != http.StatusMisdirectedRequest {
		t.Errorf("%+v", o)
	}
	x.visit("GET", x.uri()+"?code=c&state="+state, "", "Sec-Fetch-Mode", "cors")
	x.observed()
	if res := x.visit("OPTIONS", x.uri(), "", "Origin", "https://evil.test", "Access-Control-Request-Private-Network", "true"); res.StatusCode != 405 || res.Header.Get("Allow") != "GET" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	x.observed()
	if res := x.visit("GET", strings.TrimSuffix(x.uri(), "/callback")+"/favicon.ico", ""); res.StatusCode != 404 {
		t.Errorf("%d", res.StatusCode)
	}
	x.visit("GET", x.uri()+"?code=c&state="+state, "")
	x.redirected()
}

func TestAnAnswerThatArrivesBetweenTwoEffectsIsNotLost(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{}, func(l *Live) { l.callback.orphan = time.Hour })
	x.visit("GET", x.uri()+"?state=forged", "")
	<-x.answers // nobody resumes yet
	x.visit("GET", x.uri()+"?code=c&state="+state, "")
	x.effect.Resume = true
	x.perform(context.Background())
	x.redirected()
}

func TestAnAnswerOutlivesItsPort(t *testing.T) {
	var ss sessions
	s := &session{until: time.NewTimer(time.Hour), answer: make(chan flows.Redirected, 1), limits: callbackLimits{orphan: time.Hour}}
	s.answer <- flows.Redirected{}
	ss.keep("key", s)
	ss.expire("key", s)
	if s.until.Stop() {
		t.Error("the session was not ended")
	}
	if ss.take("key") != s {
		t.Error("the answer went with the port")
	}
}

func TestARunThatDoesNotResumeLeavesNoPortOpen(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{})
	x.visit("GET", x.uri()+"?state=forged", "")
	<-x.answers
	x.closedSoon()
	x.effect.Resume = true // late, but the browser may still come
	x.perform(context.Background())
	u, _ := url.Parse(x.uri())
	for range 500 {
		if c, err := net.Dial("tcp", u.Host); err == nil {
			c.Close()
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	x.visit("GET", x.uri()+"?code=c&state="+state, "")
	x.redirected()
	if len(x.opened) != 0 {
		t.Error("the browser was opened twice")
	}
}

func TestAFormPostArrives(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "form_post", Options{})
	x.visit("POST", x.uri(), `{"state":"`+state+`"}`, "Content-Type", "application/json")
	x.observed()
	res := x.visit("POST", x.uri(), "code=c&state="+state, "Content-Type", "application/x-www-form-urlencoded", "Origin", "https://idp.test")
	if res.StatusCode != http.StatusSeeOther {
		t.Errorf("%d", res.StatusCode)
	}
	if r := x.redirected(); r.Request.Method != "POST" || len(r.Params()) != 2 || r.Request.Form[0].Value != "c" {
		t.Errorf("%+v", r.Request)
	}
}

func TestAFragmentIsPostedByThePage(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "fragment", Options{})
	res := x.visit("GET", x.uri(), "")
	text, csp := bodyOf(res), res.Header.Get("Content-Security-Policy")
	nonce := regexp.MustCompile(`<script nonce="([^"]+)">`).FindStringSubmatch(text)
	if nonce == nil || !strings.Contains(csp, "script-src 'nonce-"+nonce[1]+"'") || !strings.Contains(csp, "form-action 'self'") {
		t.Fatalf("%s\n%s", csp, text)
	}
	if !strings.Contains(text, `<form method="post"></form>`) || strings.Count(text, "<script") != 1 {
		t.Error(text)
	}
	again := x.visit("GET", x.uri(), "")
	if strings.Contains(bodyOf(again), nonce[1]) {
		t.Error("the nonce is used twice")
	}
	x.visit("POST", x.uri(), "", "Content-Type", "application/x-www-form-urlencoded")
	if o := x.observed(); !strings.Contains(o.Note, "neither a query nor a fragment") {
		t.Error(o.Note)
	}
	x.visit("POST", x.uri(), "access_token=t&state="+state, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Mode", "navigate")
	if r := x.redirected(); r.Request.Form[0].Name != "access_token" {
		t.Errorf("%+v", r.Request)
	}
}

func TestAFragmentIsExpectedWhereTheResponseTypeSaysSo(t *testing.T) {
	u, _ := url.Parse("http://127.0.0.1:9501/callback")
	for kind, mode := range map[wire.Untrusted]string{"code": "query", "none": "query", "token": "fragment", "id_token": "fragment", "code id_token": "fragment"} {
		if x := expected(flows.Browse{Request: flows.Request{Query: []flows.Param{{Name: "response_type", Value: kind}}}}, u); x.mode != mode {
			t.Errorf("%s: %s", kind, x.mode)
		}
	}
}

func TestAnEmptyCallbackIsExplainedInBothPlaces(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{})
	if res := x.visit("GET", x.uri(), ""); !strings.Contains(bodyOf(res), "without a readable answer") {
		t.Errorf("%d", res.StatusCode)
	}
	if o := x.observed(); !strings.Contains(o.Note, "behind #") {
		t.Error(o.Note)
	}
}

func TestABusyPortIsNamedAndNothingIsOpened(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	opened := make(person, 1)
	l := newLive(t, Options{Browser: opened})
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	b := brokeWith(t, l.Perform(context.Background(), flows.Browse{ID: 7, Request: flows.Request{Method: "GET", URL: "https://idp.test/a"},
		RedirectURI: wire.Untrusted("http://127.0.0.1:" + port + "/callback"), State: state}), PortInUse, port, "port 0", "Stop that program")
	if len(opened) != 0 || b.Sent {
		t.Error("the browser was opened")
	}
}

func TestLocalhostIsBoundInBothFamilies(t *testing.T) {
	x := goOut(t, "http://localhost:0/callback", "", Options{})
	u, _ := url.Parse(x.uri())
	for _, ip := range []string{"127.0.0.1", "::1"} {
		c, err := net.Dial("tcp", net.JoinHostPort(ip, u.Port()))
		if err != nil {
			if ip == "::1" && isNoFamily(err) {
				continue
			}
			t.Errorf("%s: %v", ip, err)
			continue
		}
		c.Close()
	}
	x.visit("GET", "http://127.0.0.1:"+u.Port()+"/callback?code=c&state="+state, "", "Host", u.Host)
	x.redirected()
}

func TestCancellingAWaitClosesThePort(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{})
	x.cancel()
	if b, ok := x.next().(flows.Broke); !ok || b.Code != Cancelled {
		t.Errorf("%+v", b)
	}
	x.closedSoon()
}

func TestNobodyComesBack(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{BrowserTimeout: 50 * time.Millisecond})
	if b, ok := x.next().(flows.Broke); !ok || b.Code != BrowserTimeout {
		t.Errorf("%+v", b)
	}
	x.closedSoon()
	if f := (&session{counted: 3}).tooLate(); !strings.Contains(f.text, "3 requests that were not for this run") {
		t.Error(f.text)
	}
}

func TestAnAnswerToAnotherHostCanOnlyBePasted(t *testing.T) {
	for _, uri := range []string{"https://app.example/cb", "http://app.example/cb", "https://localhost:1/cb", "com.example.app:/cb", "urn:ietf:wg:oauth:2.0:oob"} {
		x := goOut(t, uri, "", Options{})
		x.cancel()
		if b, ok := x.next().(flows.Broke); !ok || b.Code != Cancelled {
			t.Errorf("%s: %+v", uri, b)
		}
	}
}

func TestABrowserThatCannotBeOpenedIsAFactAndTheWaitGoesOn(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{Browser: Command{Path: "/nowhere/browser"}})
	if o := x.observed(); !strings.Contains(o.Note, "/nowhere/browser") || !strings.Contains(o.Note, "by hand") {
		t.Error(o.Note)
	}
	x.visit("GET", x.uri()+"?code=c&state="+state, "")
	x.redirected()
}

func TestAnAddressThatMayNotBeOpenedIsRefusedBeforeAnythingHappens(t *testing.T) {
	opened := make(person, 1)
	l := newLive(t, Options{Browser: opened, Policy: func(u *url.URL) error {
		if u.Host == "other.test" {
			return fmt.Errorf("not in this class")
		}
		return nil
	}})
	for _, c := range []struct{ method, url, word string }{
		{"GET", "https://idp.test/authorize#x", "fragment"},
		{"GET", "http://idp.test/authorize", "not encrypted"},
		{"GET", "javascript:alert(1)", "https://"},
		{"GET", "https://idp.test/\x1b]0;x", "control character"},
		{"GET", "https://other.test/", "not in this class"},
		{"POST", "https://idp.test/authorize", "only GET"},
	} {
		brokeWith(t, l.Perform(context.Background(), flows.Browse{ID: 7, Request: flows.Request{Method: c.method, URL: wire.Untrusted(c.url)},
			RedirectURI: "http://127.0.0.1:1/callback", State: state}), EndpointRefused, c.word)
	}
	if len(opened) != 0 {
		t.Error("something was opened")
	}
}

func TestAFloodOfForeignRequestsIsCountedAndNotKept(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{})
	events := x.collect()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 60 {
				x.visit("GET", fmt.Sprintf("%s?state=forged%d-%d&x=%s", x.uri(), i, j, strings.Repeat("y", 10000)), "")
			}
		})
	}
	all.Wait()
	x.visit("GET", x.uri()+"?code=c&state="+state, "")
	got := <-events
	if _, ok := got[len(got)-1].(flows.Redirected); !ok || len(got) != 101 {
		t.Fatalf("%d facts came, the last is %T", len(got), got[len(got)-1])
	}
	for _, ev := range got[:100] {
		if o := ev.(flows.Observed); len(o.Exchange.Request.Query[1].Value) > 600 {
			t.Fatal("a stranger's request is kept whole")
		}
	}
	if o := got[99].(flows.Observed); !strings.Contains(o.Note, "only counted") {
		t.Error(o.Note)
	}
}

func TestHalfOpenConnectionsAndEndlessRequestsDoNotStopTheRealAnswer(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "form_post", Options{})
	events := x.collect()
	u, _ := url.Parse(x.uri())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var conns []net.Conn
	dial := func(say string) net.Conn {
		c, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, say)
		conns = append(conns, c)
		return c
	}
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range 200 {
		dial([]string{"", "GET /callback?x=", "POST /callback HTTP/1.1\r\nHost: " + u.Host + "\r\nContent-Length: 20000000\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nstate="}[i%3])
	}
	var floods sync.WaitGroup
	for range 3 {
		endless := dial("GET /callback HTTP/1.1\r\nHost: " + u.Host + "\r\n")
		huge := dial("POST /callback HTTP/1.1\r\nHost: " + u.Host + "\r\nContent-Length: 20000000\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n")
		for _, c := range []net.Conn{endless, huge} {
			floods.Go(func() {
				for range 2000 { // 20 MB, unless it is cut off before
					if _, err := fmt.Fprintf(c, "X: %s\r\n", strings.Repeat("y", 10000)); err != nil {
						return
					}
				}
			})
		}
	}
	floods.Wait()
	res := x.visit("POST", x.uri(), "code=c&state="+state, "Content-Type", "application/x-www-form-urlencoded")
	if res.StatusCode != http.StatusSeeOther {
		t.Errorf("the real answer got %d", res.StatusCode)
	}
	got := <-events
	if _, ok := got[len(got)-1].(flows.Redirected); !ok {
		t.Errorf("%+v", got[len(got)-1])
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 20<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

func TestARequestWithoutHostIsTurnedAway(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{})
	u, _ := url.Parse(x.uri())
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /callback?code=c&state=%s HTTP/1.0\r\n\r\n", state)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("%v %v", res, err)
	}
	x.observed()
}

func TestAPanicInTheListenerEndsTheWaitWithAFact(t *testing.T) {
	crashed := make(chan Crash, 1)
	c := &crew{crashed: func(c Crash) { crashed <- c }}
	s := &session{broken: make(chan *failure, 1)}
	l := &listener{crew: c, session: s} // no answer channel and no request: serve must panic
	l.ServeHTTP(nil, nil)
	if f := <-s.broken; f.code != Internal {
		t.Errorf("%+v", f)
	}
	if got := <-crashed; len(got.Stack) == 0 {
		t.Error("no stack was kept")
	}
}

func TestThePortIsOnLoopbackOnly(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{})
	u, _ := url.Parse(x.uri())
	host, err := os.Hostname()
	if err != nil {
		t.Skip("this computer has no name")
	}
	ips, _ := net.LookupIP(host)
	for _, ip := range ips {
		if ip.IsLoopback() {
			continue
		}
		if c, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), u.Port()), time.Second); err == nil {
			c.Close()
			t.Errorf("it answers on %s", ip)
		}
	}
}
