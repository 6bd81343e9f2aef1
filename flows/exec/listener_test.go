package exec

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

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
