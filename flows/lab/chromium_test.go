//go:build !race

// The race detector is for the lab; building the browser's driver with it takes longer than all its tests.

package lab_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"authdance/flows/lab"

	"github.com/chromedp/chromedp"
)

// chromium is a real browser without a screen. Tests that need one skip where
// there is none.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here: ", err)
	}
	if testing.Short() {
		t.Skip("a real browser takes seconds")
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// tab is a person's window with cookies of its own. Script is off in it unless
// the test switches it on: the pages of the lab must work without.
type tab struct {
	*testing.T
	ctx context.Context
	mu  sync.Mutex
	// said is what the browser wrote to its console.
	said []string
}

func newTab(t *testing.T, browser context.Context) *tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, stop = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	p := &tab{T: t, ctx: ctx}
	console := chromedp.Console(ctx)
	go func() {
		for m, err := range console {
			if err != nil {
				return
			}
			p.mu.Lock()
			p.said = append(p.said, m.String())
			p.mu.Unlock()
		}
	}()
	p.script(false)
	return p
}

// script switches the scripts of pages on or off.
func (p *tab) script(on bool) {
	p.protocol("Emulation.setScriptExecutionDisabled", map[string]any{"value": !on})
}

func (p *tab) protocol(method string, params any) {
	p.Helper()
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, method, params, nil)
	}))
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.Fatalf("%v; the console: %s", err, p.console())
	}
}

// evaluate runs a script of the test, which works also where those of pages are off.
func (p *tab) evaluate(script string) {
	p.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[any](script)); err != nil {
		p.Fatal(err)
	}
}

func (p *tab) console() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.said, "\n")
}

// quiet fails when the browser complained, for instance of a policy. That a
// page has an error status is no complaint.
func (p *tab) quiet() {
	p.Helper()
	for _, said := range strings.Split(p.console(), "\n") {
		if said != "" && !strings.Contains(said, "responded with a status of 400") {
			p.Errorf("the browser complains: %s", said)
		}
	}
}

// open goes to an address. A page that is still being left may cut the way to
// the next one short; then the way is taken again.
func (p *tab) open(at string) {
	p.Helper()
	for {
		err := chromedp.Do(p.ctx, chromedp.Navigate(at))
		if err == nil {
			return
		}
		if p.ctx.Err() != nil || !strings.Contains(err.Error(), "net::ERR_ABORTED") {
			p.Fatalf("%v; the console: %s", err, p.console())
		}
	}
}

func (p *tab) enter(id, value string) {
	p.Helper()
	p.evaluate(`document.getElementById("` + id + `").value = ""`)
	p.do(chromedp.SendKeys("#"+id, value))
}

// press presses the button with these words by its click, as mouse and key do.
func (p *tab) press(words string) {
	p.Helper()
	p.do(chromedp.Click(`//button[normalize-space()="` + words + `"]`))
}

// page waits for the page with this heading, examines it as somebody who cannot
// see it well would, and returns its text.
func (p *tab) page(heading string) string {
	p.Helper()
	for {
		// A page that is just being left answers with an error.
		got, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.readyState == "complete" && document.querySelector("h1")?.textContent || ""`))
		if err == nil && got == heading {
			break
		}
		select {
		case <-p.ctx.Done():
			p.Fatalf("the page is %q, want %q; the console: %s", got, heading, p.console())
		case <-time.After(10 * time.Millisecond):
		}
	}
	for _, scheme := range []string{"light", "dark"} {
		p.protocol("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}})
		complaints, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](examination))
		if err != nil {
			p.Fatal(err)
		}
		for _, c := range complaints {
			p.Errorf("%s, %s: %s", heading, scheme, c)
		}
	}
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		p.Fatal(err)
	}
	return text
}

// examination lists what is wrong with a page: WCAG 2.2, 1.1.1, 1.3.1, 1.4.3,
// 1.4.10, 2.4.2, 3.1.1 and 4.1.2, as far as a program can tell.
const examination = `(() => {
	const bad = [], all = s => [...document.querySelectorAll(s)];
	const want = (ok, words) => { if (!ok) bad.push(words) };
	want(document.documentElement.lang, "no language");
	want(document.title, "no title");
	want(all("h1").length == 1, "not one first heading");
	want(all("main").length == 1, "no main region");
	want(all("meta[name=viewport]").length == 1, "does not fit small screens");
	want(document.documentElement.scrollWidth <= innerWidth, "wider than its window");
	all("input:not([type=hidden])").forEach(e => want(e.labels.length, "no label for " + e.name));
	all("input[aria-describedby]").forEach(e => want(document.getElementById(e.getAttribute("aria-describedby")), "described by nothing: " + e.name));
	all("button").forEach(e => want(e.textContent.trim(), "a button without words"));
	all("iframe").forEach(e => want(e.title, "a frame without a title"));
	all("img,script[src],link").forEach(e => want(false, "loads something: " + e.outerHTML));
	all("[id]").forEach(e => want(all("#" + CSS.escape(e.id)).length == 1, "an id twice: " + e.id));
	let level = 0;
	all("h1,h2,h3").forEach(e => { const n = +e.tagName[1]; want(n <= level + 1, "a heading is left out before " + e.textContent); level = n });
	const canvas = document.createElement("div");
	canvas.style.background = "Canvas";
	document.body.append(canvas);
	const ground = getComputedStyle(canvas).backgroundColor;
	canvas.remove();
	const light = colour => {
		const [r, g, b] = colour.match(/[\d.]+/g).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
		return .2126 * r + .7152 * g + .0722 * b;
	};
	const under = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$/.test(c)) return c } return ground };
	all("body *").filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) && e.checkVisibility()).forEach(e => {
		const [a, b] = [light(getComputedStyle(e).color), light(under(e))].sort((x, y) => y - x);
		want((a + .05) / (b + .05) >= 4.5, "contrast " + ((a + .05) / (b + .05)).toFixed(1) + " of " + e.textContent.trim());
	});
	return bad;
})()`

// listener is the application's own server on loopback: it notes what a browser
// brings. At /callback it also sends on what stands in the fragment, which only
// a script can see.
type listener struct {
	*httptest.Server
	came chan arrival
}

type arrival struct {
	method, path string
	form         url.Values
}

func newListener(t *testing.T) *listener {
	t.Helper()
	app := &listener{came: make(chan arrival, 64)}
	app.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			return
		}
		_ = r.ParseForm()
		app.came <- arrival{r.Method, r.URL.Path, r.Form}
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>app</title><link rel="icon" href="data:,"><h1>app</h1>`)
		if r.URL.Path == "/callback" {
			fmt.Fprint(w, `<script>if (location.hash) fetch("/fragment", {method: "POST", body: new URLSearchParams(location.hash.slice(1))})</script>`)
		}
	}))
	t.Cleanup(app.Close)
	return app
}

// arrived waits for the next request to a path and fails on any other.
func (p *tab) arrived(app *listener, method, path string) url.Values {
	p.Helper()
	select {
	case a := <-app.came:
		if a.method != method || a.path != path {
			p.Fatalf("the browser came with %s %s, want %s %s", a.method, a.path, method, path)
		}
		return a.form
	case <-p.ctx.Done():
		p.Fatalf("the browser does not come; the console: %s", p.console())
		return nil
	}
}

// authorizeAt is an authorization request of workshop-web that goes back to app.
func (b *bench) authorizeAt(app *listener, change ...string) string {
	form := edit(b.authorizeForm(), "client_id", "workshop-web", "redirect_uri", app.URL+"/callback", "nonce", "n", "code_challenge", "", "code_challenge_method", "")
	return b.lab.Issuer() + "/authorize?" + edit(form, change...).Encode()
}

func (p *tab) signIn(user string) {
	p.Helper()
	p.page("Sign in")
	p.fillIn(user)
}

func (p *tab) fillIn(user string) {
	p.Helper()
	p.enter("username", user)
	p.enter("password", "password")
	p.press("Sign in")
}

// redeemed exchanges the code at the token endpoint and returns the verified
// claims of the ID token.
func (b *bench) redeemed(t testing.TB, app *listener, back url.Values, change ...string) map[string]any {
	t.Helper()
	a := b.send(t, b.lab.Issuer()+"/token", edit(url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-web"}, "client_secret": {"workshop-secret"},
		"code": {back.Get("code")}, "redirect_uri": {app.URL + "/callback"}}, change...))
	if a.status != http.StatusOK {
		t.Fatalf("%v: %s", back, a.text)
	}
	_, claims := b.verified(t, b.lab.Issuer(), a.str("id_token"))
	return claims
}

// The pages in a real browser: without script, under the policies of the pages,
// with answers that reach the application's own listener.
func TestPeopleInARealBrowser(t *testing.T) {
	browser := chromium(t)
	for _, c := range []struct {
		name string
		run  func(*tab, *bench, *listener)
	}{
		{"a wrong password can be corrected, and the code goes to the listener", func(p *tab, b *bench, app *listener) {
			p.open(b.authorizeAt(app))
			p.page("Sign in")
			p.enter("username", "alice")
			p.enter("password", "guess")
			p.press("Sign in")
			if text := p.page("Sign in"); !strings.Contains(text, "User name or password is wrong") {
				// The click may have been answered after the first look.
				p.do(chromedp.WaitVisible(`[role="alert"]`))
				p.page("Sign in")
			}
			p.enter("password", "password")
			p.press("Sign in")
			p.page("Allow access?")
			p.press("Allow")
			back := p.arrived(app, "GET", "/callback")
			if back.Get("state") != "s" || back.Get("iss") != b.lab.Issuer() || b.redeemed(p, app, back)["sub"] != "lab-user-1001" {
				p.Errorf("answer = %v", back)
			}
		}},
		{"a no on the consent page is told", func(p *tab, b *bench, app *listener) {
			p.open(b.authorizeAt(app))
			p.signIn("bob")
			p.page("Allow access?")
			p.press("Deny")
			if back := p.arrived(app, "GET", "/callback"); back.Get("error") != "access_denied" || back.Get("state") != "s" || back.Has("code") {
				p.Errorf("answer = %v", back)
			}
		}},
		{"the sign-in can be cancelled with empty fields", func(p *tab, b *bench, app *listener) {
			p.open(b.authorizeAt(app))
			p.page("Sign in")
			p.press("Cancel")
			if back := p.arrived(app, "GET", "/callback"); back.Get("error") != "access_denied" {
				p.Errorf("answer = %v", back)
			}
		}},
		{"another account can be chosen, and is then the one that is signed in", func(p *tab, b *bench, app *listener) {
			for _, c := range []struct{ user, sub string }{{"alice", "lab-user-1001"}, {"bob", "lab-user-1002"}} {
				p.open(b.authorizeAt(app, "prompt", "select_account"))
				p.signIn(c.user)
				p.page("Allow access?")
				p.press("Allow")
				if got := b.redeemed(p, app, p.arrived(app, "GET", "/callback"))["sub"]; got != c.sub {
					p.Errorf("sub = %v, want %s", got, c.sub)
				}
			}
			p.open(b.authorizeAt(app, "prompt", "none"))
			if got := b.redeemed(p, app, p.arrived(app, "GET", "/callback"))["sub"]; got != "lab-user-1002" {
				p.Errorf("without a question the user is %v", got)
			}
		}},
		{"a second factor is asked for", func(p *tab, b *bench, app *listener) {
			acr := b.send(p, b.lab.Issuer()+"/.well-known/openid-configuration", nil).json["acr_values_supported"].([]any)
			strongest := fmt.Sprint(acr[len(acr)-1])
			p.open(b.authorizeAt(app, "acr_values", strongest))
			p.signIn("alice")
			p.page("Enter your code")
			p.enter("code", "246810")
			p.press("Continue")
			p.page("Allow access?")
			p.press("Allow")
			if got := b.redeemed(p, app, p.arrived(app, "GET", "/callback"))["acr"]; got != strongest {
				p.Errorf("acr = %v, want %s", got, strongest)
			}
		}},
		{"an answer in the fragment reaches the page and not the listener", func(p *tab, b *bench, app *listener) {
			p.script(true)
			p.open(b.authorizeAt(app, "client_id", "workshop-legacy", "response_type", "code id_token", "response_mode", "fragment", "code_challenge", strings.Repeat("c", 43), "code_challenge_method", "S256"))
			p.signIn("alice")
			p.page("Allow access?")
			p.press("Allow")
			if seen := p.arrived(app, "GET", "/callback"); len(seen) != 0 {
				p.Errorf("the listener sees %v", seen)
			}
			back := p.arrived(app, "POST", "/fragment")
			if _, id := b.verified(p, b.lab.Issuer(), back.Get("id_token")); id["nonce"] != "n" || id["c_hash"] != halfHash(back.Get("code")) {
				p.Errorf("answer = %v", back)
			}
		}},
		{"an answer as a form goes by itself where scripts run", func(p *tab, b *bench, app *listener) {
			p.script(true)
			p.open(b.authorizeAt(app, "response_mode", "form_post"))
			p.signIn("alice")
			p.page("Allow access?")
			p.press("Allow")
			b.redeemed(p, app, p.arrived(app, "POST", "/callback"))
		}},
		{"an answer as a form goes by a click where they do not", func(p *tab, b *bench, app *listener) {
			p.open(b.authorizeAt(app, "response_mode", "form_post"))
			p.signIn("alice")
			p.page("Allow access?")
			p.press("Allow")
			p.page("Back to the application")
			p.press("Continue")
			b.redeemed(p, app, p.arrived(app, "POST", "/callback"))
		}},
		{"a device is connected by its code, after a wrong one", func(p *tab, b *bench, _ *listener) {
			a := b.askDevice(p)
			p.open(a.str("verification_uri"))
			p.page("Connect a device")
			p.enter("user_code", "BCDF-BCDF")
			p.press("Continue")
			p.do(chromedp.WaitVisible(`[role="alert"]`))
			p.page("Connect a device")
			p.enter("user_code", strings.ToLower(a.str("user_code")))
			p.press("Continue")
			p.signIn("alice")
			if text := p.page("Allow access?"); !strings.Contains(text, a.str("user_code")) {
				p.Errorf("the code is not shown again: %s", text)
			}
			p.press("Allow")
			p.do(chromedp.WaitVisible(`[role="status"]`))
			tok := b.poll(p, a.str("device_code"))
			if _, id := b.verified(p, b.lab.Issuer(), tok.str("id_token")); id["sub"] != "lab-user-1001" {
				p.Errorf("tokens = %s", tok.text)
			}
		}},
		{"a request on another device is allowed there", func(p *tab, b *bench, _ *listener) {
			a := b.askCIBA(p)
			p.open(b.lab.Issuer() + "/ciba")
			p.page("Your other device")
			p.fillIn("alice")
			p.do(chromedp.WaitVisible(`button[value="allow"]`))
			if text := p.page("Your other device"); !strings.Contains(text, "W4SCT") {
				p.Errorf("the message is not shown: %s", text)
			}
			p.press("Allow")
			p.do(chromedp.WaitVisible(`[role="status"]`))
			tok := b.pollCIBA(p, a.str("auth_req_id"))
			if _, id := b.verified(p, b.lab.Issuer(), tok.str("id_token")); id["sub"] != "lab-user-1001" {
				p.Errorf("tokens = %s", tok.text)
			}
		}},
		{"a request that must not go back ends on a page", func(p *tab, b *bench, app *listener) {
			p.open(b.authorizeAt(app, "redirect_uri", "https://evil.example.test/callback"))
			if text := p.page("This request cannot go on"); !strings.Contains(text, "Nothing was sent to the application") {
				p.Errorf("page = %s", text)
			}
			p.open(b.lab.Issuer())
			p.page("The lab is running")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, app := newTab(t, browser), newListener(t)
			c.run(p, openBench(t, lab.Options{}), app)
			p.quiet()
		})
	}
}

// Front-Channel Logout §2: the frames are loaded under the policy of the page;
// only then the browser goes on.
func TestARealBrowserLoadsTheLogoutFrames(t *testing.T) {
	p, app, b := newTab(t, chromium(t)), newListener(t), openBench(t, lab.Options{})
	if err := b.tenant(t, "default").SetClientLogout("workshop-web", lab.LogoutURIs{Frontchannel: app.URL + "/bye"}); err != nil {
		t.Fatal(err)
	}
	p.open(b.authorizeAt(app))
	p.signIn("alice")
	p.page("Allow access?")
	p.press("Allow")
	sid := b.redeemed(t, app, p.arrived(app, "GET", "/callback"))["sid"]
	p.open(b.lab.Issuer() + "/logout?" + url.Values{"client_id": {"workshop-web"}, "post_logout_redirect_uri": {app.URL + "/signed-out"}, "state": {"x"}}.Encode())
	p.page("Sign out?")
	p.press("Sign out")
	if bye := p.arrived(app, "GET", "/bye"); bye.Get("iss") != b.lab.Issuer() || bye.Get("sid") != sid {
		t.Errorf("the frame asked with %v", bye)
	}
	p.page("You are signed out")
	if back := p.arrived(app, "GET", "/signed-out"); back.Get("state") != "x" {
		t.Errorf("the browser went on with %v", back)
	}
	p.quiet()
}

// RFC 9700 §4.16: no page of another site can put the lab's pages in a frame.
func TestARealBrowserFramesNoPageOfTheLab(t *testing.T) {
	p, b := newTab(t, chromium(t)), openBench(t, lab.Options{})
	app := newListener(t)
	for _, at := range []string{b.authorizeAt(app), b.lab.Issuer() + "/device", b.lab.Issuer() + "/ciba", b.lab.Issuer() + "/logout"} {
		address, _ := json.Marshal(at)
		p.open(app.URL + "/thief")
		p.arrived(app, "GET", "/thief")
		p.evaluate(`document.body.append(Object.assign(document.createElement("iframe"), {src: ` + string(address) + `})), true`)
		for !strings.Contains(p.console(), "frame-ancestors") {
			select {
			case <-p.ctx.Done():
				t.Fatalf("%s: the browser shows the page in a frame", at)
			case <-time.After(10 * time.Millisecond):
			}
		}
		p.mu.Lock()
		p.said = nil
		p.mu.Unlock()
	}
}
