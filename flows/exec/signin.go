package exec

import (
	"context"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// maxHops is more than any honest sign-in takes.
const maxHops = 20

// maxOut bounds how many sign-ins may be under way in one SignIn; the oldest
// are forgotten.
const maxOut = 16

// SignInOptions say who signs in, and how.
type SignInOptions struct {
	Options                 // Transport, Policy, Timeout, TLS and Crashed count; Browser does not
	Next    flows.Performer // answers every effect that is no Browse

	User, Password string
	Code           string        // what the person types when a page asks for a second factor
	Deny           bool          // refuse consent
	Tick           time.Duration // pause before each exchange, so that an eye can follow
}

// SignIn is the simulated browser: it opens the authorization request itself,
// fills in the pages, and comes back to redirect_uri. It does one exchange for
// each Perform: all but the last are answered as Observed, so that people see
// the pages, and the Browse with Resume goes on from there. It has no scripts;
// it types the password only on the host that the run was sent to.
type SignIn struct {
	client *client
	o      SignInOptions
	crew   *crew

	mu  sync.Mutex
	out []*visit // oldest first
	// jar are the cookies of the visit that ended last: the session that a
	// Browse with SignedIn goes on with.
	jar http.CookieJar
}

type atOnce struct{}

// AtOnce marks a run that nobody watches: a SignIn makes no pause in it.
func AtOnce(ctx context.Context) context.Context { return context.WithValue(ctx, atOnce{}, true) }

func (s *SignIn) pause(ctx context.Context) *failure {
	if ctx.Value(atOnce{}) != nil {
		return nil
	}
	return sleep(ctx, s.o.Tick)
}

// NewSignIn checks the options as NewLive does.
func NewSignIn(o SignInOptions) (*SignIn, error) {
	c, err := newClient(o.Options)
	if err != nil {
		return nil, err
	}
	return &SignIn{client: c, o: o, crew: &crew{crashed: o.Crashed}}, nil
}

// Perform answers a Browse, and hands everything else on.
func (s *SignIn) Perform(ctx context.Context, e flows.Effect) flows.Event {
	if on, ok := e.(flows.Listen); ok && on.Meanwhile.Method != "" && !on.Resume && s.o.Next != nil {
		return s.meanwhile(ctx, on)
	}
	b, ok := e.(flows.Browse)
	if !ok {
		if s.o.Next == nil {
			return broke(e.EffectID(), internal("the simulated browser has nobody to ask for a %T", e))
		}
		return s.o.Next.Perform(ctx, e)
	}
	return s.crew.guard(b.ID, func() flows.Event {
		v := s.take(b)
		ev, over := s.step(ctx, v, b)
		if !over {
			s.keep(v)
		} else {
			s.ended(v)
		}
		return ev
	})
}

// meanwhile does in the simulated browser what makes the other side call us,
// while Next listens. The run hears what arrives; a visit that leads nowhere
// shows by nothing arriving.
func (s *SignIn) meanwhile(ctx context.Context, on flows.Listen) flows.Event {
	where := on.Meanwhile
	on.Meanwhile = flows.Request{}
	visit, cancel := context.WithCancel(ctx)
	defer cancel()
	s.crew.start(func() {
		if !reachable(visit, on.URL.Raw()) {
			return
		}
		b := flows.Browse{Request: where, SignedIn: true}
		v := s.take(b)
		for over := false; !over; {
			_, over = s.step(visit, v, b)
		}
		s.ended(v)
	}, nil)
	return s.o.Next.Perform(ctx, on)
}

// loadFrames fetches what a page shows inside itself, without cookies: other
// sites get none in a frame. Nobody looks at the answers.
func (s *SignIn) loadFrames(ctx context.Context, v *visit, at *url.URL) {
	for _, src := range v.frames {
		if to, err := at.Parse(src); err == nil {
			_, _ = s.client.exchange(ctx, flows.Request{Method: http.MethodGet, URL: wire.Untrusted(to.String())}, maxPage, nil)
		}
	}
	v.frames = nil
}

// reachable waits until somebody listens at the address.
func reachable(ctx context.Context, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	for range 100 {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
		if err == nil {
			c.Close()
			return true
		}
		if sleep(ctx, 20*time.Millisecond) != nil {
			return false
		}
	}
	return false
}

// visit is one sign-in under way: a browser window of its own, with its own cookies.
type visit struct {
	key    string
	jar    http.CookieJar
	next   flows.Request
	final  flows.Redirected // the answer, when the next request would be to redirect_uri
	done   bool
	stuck  *failure // why there is no next request
	hops   int
	tried  bool     // the password was sent once
	frames []string // what the last page loads inside itself
	home   string
}

func (s *SignIn) take(b flows.Browse) *visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sessionKey(b)
	if i := slices.IndexFunc(s.out, func(v *visit) bool { return v.key == key }); i >= 0 {
		v := s.out[i]
		s.out = slices.Delete(s.out, i, i+1)
		if b.Resume {
			return v
		}
	}
	jar := s.jar
	if jar == nil || !b.SignedIn {
		jar, _ = cookiejar.New(nil) // its error is always nil
	}
	v := &visit{key: key, jar: jar, next: b.Request}
	if u, err := url.Parse(b.Request.URL.Raw()); err == nil {
		v.home = u.Hostname()
	}
	return v
}

func (s *SignIn) ended(v *visit) {
	if v.done {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.jar = v.jar
	}
}

func (s *SignIn) keep(v *visit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out = append(s.out, v); len(s.out) > maxOut {
		s.out = slices.Delete(s.out, 0, 1)
	}
}

// step makes one exchange and decides what comes after it.
func (s *SignIn) step(ctx context.Context, v *visit, b flows.Browse) (ev flows.Event, over bool) {
	if v.stuck != nil {
		return broke(b.ID, v.stuck), true
	}
	if v.done { // the page that ends a visit without a way back was shown
		v.final.ID = b.ID
		return v.final, true
	}
	if v.hops++; v.hops > maxHops {
		return broke(b.ID, &failure{code: RedirectLoop, sent: true, text: "the sign-in went through 20 pages and redirects without an end; the server seems to send the browser in a circle"}), true
	}
	if f := s.pause(ctx); f != nil {
		return broke(b.ID, f), true
	}
	u, f := s.client.target(v.next.Target())
	if f != nil {
		return broke(b.ID, f), true
	}
	x, f := s.client.exchange(ctx, v.asBrowser(u), maxPage, nil)
	if f != nil {
		return broke(b.ID, f), true
	}
	v.remember(u, x.Response)
	s.decide(v, b, u, x)
	s.loadFrames(ctx, v, u)
	if v.done && b.RedirectURI != "" {
		v.final.ID = b.ID
		return v.final, true
	}
	return flows.Observed{ID: b.ID, Exchange: x, Note: noteOn(x)}, false
}

func noteOn(x flows.Exchange) string {
	if loc := x.Response.Get("Location"); loc != "" {
		return "the server sends the browser on"
	}
	if title := readPage(x.Response.Body.Raw()).title; title != "" {
		return "page: " + clipped(title)
	}
	return ""
}

// asBrowser adds the headers that a browser would send, the visible least.
func (v *visit) asBrowser(u *url.URL) flows.Request {
	r := v.next
	r.Header = append(slices.Clip(r.Header), flows.Param{Name: "Accept", Value: "text/html"}, flows.Param{Name: "User-Agent", Value: "authdance (simulated browser)"})
	if r.Form != nil {
		r.Header = append(r.Header, flows.Param{Name: "Content-Type", Value: "application/x-www-form-urlencoded"},
			flows.Param{Name: "Origin", Value: wire.Untrusted(u.Scheme + "://" + u.Host)})
	}
	var cookies []string
	for _, c := range v.jar.Cookies(trusted(u)) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	if cookies != nil {
		r.Header = append(r.Header, flows.Param{Name: "Cookie", Value: wire.Untrusted(strings.Join(cookies, "; ")), Secret: true})
	}
	return r
}

func (v *visit) remember(u *url.URL, res flows.Response) {
	h := http.Header{}
	for _, p := range res.Header {
		if p.Name == "Set-Cookie" {
			h.Add(p.Name, p.Value.Raw())
		}
	}
	v.jar.SetCookies(trusted(u), (&http.Response{Header: h}).Cookies())
}

// trusted lets Secure cookies live on this computer without TLS, as browsers do
// (W3C Secure Contexts §3.1).
func trusted(u *url.URL) *url.URL {
	if u.Scheme != "http" || !loopback(u.Hostname()) {
		return u
	}
	safe := *u
	safe.Scheme = "https"
	return &safe
}

// decide reads an answer and prepares the next request, the final answer, or
// the reason why there is neither.
func (s *SignIn) decide(v *visit, b flows.Browse, at *url.URL, x flows.Exchange) {
	res := x.Response
	if loc := res.Get("Location").Raw(); loc != "" && res.Status >= 300 && res.Status < 400 {
		s.follow(v, b, at, x.Request, res.Status, loc)
		return
	}
	page := readPage(res.Body.Raw())
	v.frames = page.frames
	if page.base != "" {
		if u, err := at.Parse(page.base); err == nil {
			at = u
		}
	}
	if f, button := choose(page.forms, s.o.Deny); f != nil {
		s.fill(v, b, at, *f, button, page)
		return
	}
	if page.refresh != "" && res.Status < 400 {
		s.follow(v, b, at, x.Request, http.StatusSeeOther, page.refresh)
		return
	}
	if b.RedirectURI == "" && res.Status < 300 {
		v.done, v.final = true, flows.Redirected{Via: flows.Simulated}
		return
	}
	v.stuck = stuckAt(at, res.Status, page)
	if f, _ := choose(page.forms, false); f != nil && s.o.Deny {
		v.stuck.text = "the page of " + wire.Safe(at.Host) + " has a button that allows, and none that refuses; refuse in a real browser. " + v.stuck.text
	}
}

// follow goes where a redirect leads: to redirect_uri, which ends the visit, or on.
func (s *SignIn) follow(v *visit, b flows.Browse, at *url.URL, from flows.Request, status int, location string) {
	to, err := at.Parse(location)
	if err != nil {
		v.stuck = &failure{code: BrowserErrorPage, sent: true, text: "the server sent the browser to " + clipped(location) + ", which is not an address"}
		return
	}
	if params, base, ok := answerAt(to, b); ok {
		v.done, v.final = true, flows.Redirected{Via: flows.Simulated, Request: flows.Request{Method: "GET", URL: wire.Untrusted(base), Query: params}}
		return
	}
	fragmentless := *to
	fragmentless.Fragment, fragmentless.RawFragment = "", ""
	next := flows.Request{Method: "GET", URL: wire.Untrusted(fragmentless.String())}
	if status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect {
		next.Method, next.Form, next.Body = from.Method, from.Form, from.Body
		if next.Form != nil && to.Hostname() != v.home {
			v.stuck = elsewhere(to, v.home)
			return
		}
	}
	v.next = next
}

// answerAt says whether an address is redirect_uri with an answer, and takes
// the answer apart.
func answerAt(to *url.URL, b flows.Browse) (params []flows.Param, base string, ok bool) {
	want, err := url.Parse(b.RedirectURI.Raw())
	if err != nil || to.Scheme != want.Scheme || to.Host != want.Host || to.EscapedPath() != want.EscapedPath() || to.Opaque != want.Opaque {
		return nil, "", false
	}
	params = split(to.RawQuery)
	if strings.HasPrefix(b.ResponseMode, "fragment") || !looksLikeAnswer(params) {
		params = append(params, split(to.EscapedFragment())...)
	}
	bare := *to
	bare.RawQuery, bare.ForceQuery, bare.Fragment, bare.RawFragment = "", false, "", ""
	return params, bare.String(), true
}

// choose picks the form that leads on: credentials, then a decision. button is
// the one to press, -1 for none.
func choose(forms []form, deny bool) (f *form, button int) {
	for i := range forms {
		if forms[i].password() >= 0 {
			return &forms[i], forms[i].decision(false)
		}
	}
	for i := range forms {
		if forms[i].user() >= 0 || forms[i].code() >= 0 {
			return &forms[i], forms[i].decision(false)
		}
	}
	for i := range forms {
		if b := forms[i].decision(deny); b >= 0 {
			return &forms[i], b
		}
	}
	for i := range forms {
		if forms[i].find(func(in input) bool { return in.kind == "submit" }) < 0 && len(forms[i].inputs) > 0 {
			return &forms[i], -1 // a script would send it at once
		}
	}
	return nil, -1
}

func (s *SignIn) fill(v *visit, b flows.Browse, at *url.URL, f form, button int, page sheet) {
	filled := map[int]string{}
	if i := f.user(); i >= 0 {
		filled[i] = s.o.User
	}
	if i := f.code(); i >= 0 {
		filled[i] = s.o.Code
		if f.inputs[i].about("user_code") {
			filled[i] = b.Code.Raw()
		}
	}
	secret := f.password()
	if secret >= 0 {
		if v.tried {
			v.stuck = stuckAt(at, 0, page)
			v.stuck.text = "the sign-in was refused: the server shows the password page again. Check the user name and the password. " + v.stuck.text
			return
		}
		filled[secret], v.tried = s.o.Password, true
	}
	next, err := f.submit(at, f.fields(filled, button))
	to, parseErr := url.Parse(next.URL.Raw())
	if err != nil || parseErr != nil {
		v.stuck = &failure{code: BrowserErrorPage, sent: true, text: "the form on the page leads to " + clipped(f.action) + ", which is not an address"}
		return
	}
	if _, base, ok := answerAt(to, b); ok { // form_post: a script would have sent it
		v.done, v.final = true, flows.Redirected{Via: flows.Simulated, Request: flows.Request{Method: next.Method, URL: wire.Untrusted(base), Query: append(split(to.RawQuery), next.Query...), Form: next.Form}}
		return
	}
	if secret >= 0 && (at.Hostname() != v.home || to.Hostname() != v.home) {
		v.stuck = elsewhere(to, v.home)
		return
	}
	v.next = next
}

func elsewhere(to *url.URL, home string) *failure {
	return &failure{code: BrowserErrorPage, sent: true, text: "the sign-in form leads to " + wire.Safe(to.Host) + ", and the run was sent to " + wire.Safe(home) +
		". The simulated browser types a password nowhere else; use a real browser for this server"}
}

// stuckAt is the failure for a page without a way on, with the page's own words.
func stuckAt(at *url.URL, status int, page sheet) *failure {
	said := page.title
	if rest := strings.TrimSpace(strings.TrimPrefix(page.text, page.title)); rest != "" { // a heading repeats the title
		said = strings.TrimPrefix(said+": "+rest, ": ")
	}
	text := wire.Safe(at.Host) + " shows a page without a way on"
	if status >= 400 {
		text = wire.Safe(at.Host) + " shows an error page (HTTP " + strconv.Itoa(status) + ")"
	}
	if said != "" {
		text += ": " + wire.Safe(cut(wire.Untrusted(said), 300).Raw())
	}
	return &failure{code: BrowserErrorPage, text: text}
}
