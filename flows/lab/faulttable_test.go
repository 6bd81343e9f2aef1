package lab_test

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"authdance/flows/lab"
)

// struck is what came of a fault at the place where it strikes.
type struck struct {
	status int
	code   string
	words  string // of the refusal, or what a strict client finds
}

// quick is the key under which a test switches a fault on: without waiting.
func quick(f lab.Fault) string {
	if f.Key == "slow" || f.Key == "jwks_slow" || f.Key == "token_drip" {
		return f.Key + "=0s"
	}
	return f.Key
}

// Every fault does in a run with foreign clients what it announces: status,
// error and text, whether a header asks for it or a switch, and no longer when
// it is off again. The table testdata/faults.tsv is read by people.
func TestEachFaultDoesWhatItAnnounces(t *testing.T) {
	b := newBench(t)
	var table bytes.Buffer
	table.WriteString("# key\tkind\tstep\tneeds\tstatus\terror\ttext of the answer, or what a strict client finds\n")
	plain := b.rt
	for _, f := range b.lab.Faults() {
		run := func(begin func()) struck {
			b.rt = plain
			b.browser = newBrowser(plain)
			return b.strike(t, f, func() { begin(); b.browser.http.Transport = b.rt })
		}
		t.Run(f.Key, func(t *testing.T) {
			got := run(func() { b.rt = withFault{plain, quick(f)} })
			fmt.Fprintf(&table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", f.Key, f.Kind, f.Step, f.Needs, got.status, got.code, got.words)
			if f.Kind == lab.KindWeak {
				return // an attack shows it: see weak_test.go
			}
			if got.code != f.Error || f.Status != 0 && got.status != f.Status {
				t.Errorf("got %d %q (%s), announced are %d %q", got.status, got.code, got.words, f.Status, f.Error)
			}
			if f.Error != "" && got.words == "" {
				t.Error("the refusal has no words")
			}
			set := func(on bool) {
				if err := b.lab.SetFault(quick(f), on); err != nil {
					t.Fatal(err)
				}
			}
			if by := run(func() { set(true) }); by != got {
				t.Errorf("by SetFault %+v, by the header %+v", by, got)
			}
			set(false)
			if off := run(func() {}); off == got && f.Value == nil {
				t.Errorf("when it is off again: %+v", off)
			}
		})
	}
	const file = "testdata/faults.tsv"
	if *update {
		if err := os.WriteFile(file, table.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, table.Bytes()) {
		old := strings.Split(string(want), "\n")
		for line := range strings.SplitSeq(table.String(), "\n") {
			if !slices.Contains(old, line) {
				t.Errorf("not in %s (-update writes it): %s", file, line)
			}
		}
	}
}

// strike runs the flow that a fault strikes. What comes before is done first;
// begin switches the fault on.
func (b *bench) strike(t *testing.T, f lab.Fault, begin func()) struck {
	t.Helper()
	issuer := b.lab.Issuer()
	switch {
	case f.Key == "refresh_absent":
		begin()
		a := b.send(t, issuer+"/token", b.tokenForm(t))
		return seen(a, "refresh_token="+jsonText(a.str("refresh_token") != ""))
	case f.Needs == "device_code" && f.Step == "token":
		device := b.askDevice(t)
		b.answerDevice(t, device.str("user_code"), "allow")
		begin()
		return seen(b.poll(t, device.str("device_code")), "")
	case f.Step == "device_authorization":
		begin()
		a := b.askDevice(t)
		return seen(a, fmt.Sprintf("interval %v, escapes %v", a.json["interval"], hostile(a)))
	case f.Step == "verification":
		user := b.askDevice(t).str("user_code")
		begin()
		a := b.send(t, issuer+"/device", url.Values{"user_code": {user}})
		return struck{a.status, "", alert(a)}
	case f.Needs == "refresh_token":
		token := b.tokens(t, "openid", "offline_access").RefreshToken
		begin()
		return seen(b.refresh(t, token), "")
	case f.Needs == "jwt_bearer":
		token := b.tokens(t, "openid").AccessToken
		begin()
		return seen(b.bearer(t, token, "requested_token_use", "on_behalf_of", "client_id", "workshop-gateway", "client_secret", "workshop-secret"), "")
	case f.Needs == "hybrid":
		begin()
		return b.strikeHybrid(t)
	case f.Step == "logout":
		begin()
		a := b.send(t, issuer+"/logout?"+url.Values{"client_id": {"workshop-spa"}, "post_logout_redirect_uri": {"http://127.0.0.1/signed-out"}}.Encode(), nil)
		return struck{a.status, pageCode(a), alert(a)}
	case f.Step == "authorize" || f.Step == "callback":
		begin()
		return b.strikeBrowser(t, f)
	case f.Step == "api" || f.Step == "userinfo":
		return b.strikeResource(t, f, begin)
	case f.Step == "token" && f.Error != "":
		form := b.tokenForm(t)
		if f.Key == "code_ttl" {
			b.now.move(31e9)
		}
		begin()
		return seen(b.send(t, issuer+"/token", form), "")
	default:
		return b.strikeWhole(t, f, begin)
	}
}

// strikeWhole is for faults that a strict client finds somewhere on the way.
func (b *bench) strikeWhole(t *testing.T, f lab.Fault, begin func()) struck {
	t.Helper()
	begin()
	found := b.examine(t)
	var a answer
	switch f.Step {
	case "discovery":
		a = b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil)
	case "id_token":
		a = b.send(t, b.lab.Issuer()+"/jwks", nil)
	default:
		if f.Kind != lab.KindTransport {
			a = b.send(t, b.lab.Issuer()+"/token", b.tokenForm(t))
		}
	}
	if f.Kind == lab.KindTransport {
		return struck{0, "", strings.Join(found, " ")}
	}
	words := "finds " + cmpOr(strings.Join(found, " "), "nothing")
	for name, there := range map[string]bool{"escapes": hostile(a) || f.Key == "escapes_claims" && b.hostileClaims(t), "opaque token": a.str("access_token") != "" && strings.Count(a.str("access_token"), ".") != 2,
		fmt.Sprintf("expires_in %v", a.json["expires_in"]): f.Key == "expires_in"} {
		if there {
			words += ", " + name
		}
	}
	return struck{a.status, a.str("error"), words}
}

// hostileClaims tells whether the ID token and userinfo both carry the escapes.
func (b *bench) hostileClaims(t *testing.T) bool {
	tok := b.tokens(t, "openid", "profile")
	id, _ := tok.Extra("id_token").(string)
	info := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", "Bearer "+tok.AccessToken)
	name, _ := claims(t, id)["name"].(string)
	return strings.Contains(name, "\x1b]52;") && hostile(info)
}

func (b *bench) strikeHybrid(t *testing.T) struck {
	back := b.legacy(t, "code id_token")
	c := claims(t, back.Get("id_token"))
	for name, of := range map[string]string{"c_hash": back.Get("code"), "s_hash": "a-state"} {
		if c[name] != halfHash(of) {
			return struck{http.StatusSeeOther, back.Get("error"), "finds another " + name}
		}
	}
	return struck{http.StatusSeeOther, back.Get("error"), "finds nothing"}
}

// strikeBrowser walks through the pages until the client or the user has an
// answer.
func (b *bench) strikeBrowser(t *testing.T, f lab.Fault) struck {
	t.Helper()
	form := b.authorizeForm()
	if f.Needs == "prompt=none" {
		form.Set("prompt", "none")
	}
	res, err := b.browser.http.Get(b.lab.Issuer() + "/authorize?" + form.Encode())
	for range 4 {
		if err != nil {
			t.Fatal(err)
		}
		a := readAnswer(t, res)
		to, _ := res.Location()
		switch {
		case to != nil && to.Path == "/callback":
			back := to.Query()
			words := back.Get("error_description")
			if words == "" {
				words = sameParams(back, b.lab.Issuer())
			}
			return struck{res.StatusCode, back.Get("error"), printable(words)}
		case res.StatusCode >= 400:
			return struck{res.StatusCode, pageCode(a), alert(a)}
		}
		page := formTag.FindStringSubmatch(a.text)
		if page == nil {
			t.Fatalf("no form: %s", a.text)
		}
		action, _ := res.Request.URL.Parse(html.UnescapeString(page[1]))
		if action.Path == "/callback" {
			return struck{res.StatusCode, "", "a form that posts itself"}
		}
		if f.Key == "escapes_page" && hostile(a) {
			return struck{res.StatusCode, "", "escapes"}
		}
		res, err = b.browser.http.PostForm(action.String(), url.Values{"username": {"alice"}, "password": {"password"}, "action": {map[bool]string{true: "allow"}[!strings.Contains(a.text, `name="password"`)]}})
	}
	t.Fatal("the pages lead nowhere")
	return struck{}
}

// sameParams tells which parameters of a good answer are there and as expected.
func sameParams(back url.Values, issuer string) string {
	var good []string
	for name, want := range map[string]string{"state": "s", "iss": issuer} {
		switch {
		case !back.Has(name):
			good = append(good, "no "+name)
		case back.Get(name) != want:
			good = append(good, "another "+name)
		}
	}
	if !back.Has("code") {
		good = append(good, "no code")
	}
	slices.Sort(good)
	return cmpOr(strings.Join(good, ", "), "a good answer")
}

func (b *bench) strikeResource(t *testing.T, f lab.Fault, begin func()) struck {
	t.Helper()
	token := b.tokens(t, "openid", "read", "profile").AccessToken
	begin()
	at := b.lab.API() + "/api/profile"
	if f.Step == "userinfo" {
		at = b.lab.Issuer() + "/userinfo"
	}
	a := b.send(t, at, nil, "Authorization", "Bearer "+token)
	words := "sub " + a.str("sub")
	switch challenge := a.header.Get("WWW-Authenticate"); {
	case hostile(a):
		words = "escapes"
	case a.json["errorCode"] != nil:
		words = a.str("errorCode") + " " + a.str("errorSummary")
	case challenge != "":
		words = challenge
	}
	return struck{a.status, a.str("error"), words}
}

// seen is an answer in JSON; without words of its own, it has those of its test.
func seen(a answer, otherwise string) struck {
	words := a.str("error_description")
	if words == "" {
		words = otherwise
	}
	return struck{a.status, a.str("error"), messageID.ReplaceAllString(printable(words), "Message ......")}
}

// messageID is the part of error_contract that is new each time.
var messageID = regexp.MustCompile(`^.*Message [A-Z]{6}`)

func printable(words string) string {
	if hostileWords(words) {
		return "escapes"
	}
	return words
}

// hostileWords looks for one of each: CSI, OSC 52, C1, bidi, carriage return, NUL.
func hostileWords(words string) bool {
	for _, bad := range []string{"\x1b[2J", "\x1b]52;", "\u009b", "\u202e", "\r", "\x00"} {
		if !strings.Contains(words, bad) {
			return false
		}
	}
	return true
}

// hostile looks for escapes in the members of an answer, in its headers, where
// readers of HTTP take no ASCII ones, and in a page, where HTML takes no NUL.
func hostile(a answer) bool {
	for name, v := range a.json {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[len(list)-1]
		}
		if text, ok := v.(string); ok && (hostileWords(text) || hostileWords(name)) {
			return true
		}
	}
	return strings.Contains(a.header.Get("X-Lab-Note"), "\u009d52;") || strings.Contains(a.text, "<h1>") && strings.Contains(a.text, "\x1b]52;")
}

var alertTag = regexp.MustCompile(`(?s)role="alert"[^>]*>(.*?)</p>`)
var codeTag = regexp.MustCompile(`<code>([a-z_]+)</code></p>`)

func alert(a answer) string {
	if m := alertTag.FindStringSubmatch(a.text); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// pageCode is the error on a page for the user.
func pageCode(a answer) string {
	if m := codeTag.FindStringSubmatch(a.text); m != nil {
		return m[1]
	}
	return ""
}

func readAnswer(t *testing.T, res *http.Response) answer {
	t.Helper()
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: res.StatusCode, header: res.Header, text: string(raw)}
}
