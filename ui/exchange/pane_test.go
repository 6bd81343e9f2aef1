package exchange

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

func TestTitleSaysHowFarTheMessageGot(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	for step, want := range map[string]string{"token": "not sent yet", "discovery": "200 · 12 ms", "callback": "received", "prepare": "done · 0 ms", "api": "not yet"} {
		left, right := d.selected(step).pane.Title(d.env())
		if right != want || !strings.HasPrefix(left, "Exchange · step ") {
			t.Errorf("%s: %q %q, want %q", step, left, right, want)
		}
	}
	d.do(keys.EditReq)
	d.selected("token").do(keys.EditReq, keys.Fault1)
	if _, right := d.pane.Title(d.env()); right != "1 edit" {
		t.Errorf("in edit mode: %q", right)
	}
}

func TestTheMarkedParameterIsCopiedWholeAndLookedUp(t *testing.T) {
	d := open(t, 48, 17, uitest.Next(4)...)
	d.do(keys.Down, keys.Down, keys.Copy)
	c, _ := d.last.(pane.Copy)
	if c.Text != "lab_8fK2mZr7Vw3TnXq1" || !strings.Contains(c.What, "secret") {
		t.Errorf("copied %+v", c)
	}
	d.do(keys.Lookup)
	if page, _ := d.last.(pane.OpenPage); page.ID != "parameter/code" {
		t.Errorf("opened %+v", d.last)
	}
	d.do(keys.CopyAll)
	c, _ = d.last.(pane.Copy)
	if !strings.HasPrefix(c.Text, "curl ") || c.Hidden != 2 || strings.Contains(c.Text, "lab_8fK2") {
		t.Errorf("curl %+v", c)
	}
}

func TestBodiesAreCopiedWithTheirSecretsHidden(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(8)...).selected("token")
	d.do(keys.Right, keys.Right, keys.Bottom, keys.Top)
	for range 8 {
		d.do(keys.Down)
	}
	d.do(keys.Copy)
	c, _ := d.last.(pane.Copy)
	if !strings.Contains(c.Text, `"token_type":"Bearer"`) || strings.Contains(c.Text, "lab_at_") || c.Hidden < 3 {
		t.Errorf("body %+v", c)
	}
	d.sess = d.sess.SetReveal(true)
	d.draw()
	d.do(keys.Copy)
	c, _ = d.last.(pane.Copy)
	if !strings.Contains(c.Text, "lab_at_5Jd0cQyWm2RzK8vB") || c.Hidden != 0 {
		t.Errorf("revealed %+v", c)
	}
}

func TestMessagesOfAStepAreWalkedThrough(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(8)...).selected("authorize")
	d.do(keys.Right)
	var got []string
	for range 4 {
		got = append(got, strings.Fields(strings.Split(d.draw(), "\n")[2])[1])
		d.do(keys.NextMsg)
	}
	if fmt.Sprint(got) != "[GET GET POST GET]" {
		t.Errorf("messages %v", got)
	}
	if picture := d.do(keys.PrevMsg, keys.PrevMsg, keys.PrevMsg, keys.PrevMsg); !strings.Contains(picture, "1 of 4") {
		t.Errorf("not back at the first:\n%s", picture)
	}
}

func TestAMarkedCheckShowsWhatWasCompared(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...).selected("callback")
	d.do(keys.Right, keys.Right)
	plain := d.draw()
	picture := d.do(keys.Bottom)
	if strings.Contains(plain, "RFC 9207") || !strings.Contains(picture, "want "+uitest.Issuer) || !strings.Contains(picture, "RFC 9207") {
		t.Errorf("the marked check:\n%s", picture)
	}
}

func TestAFailureTurnsToTheAnswerAndTheNextStepTurnsBack(t *testing.T) {
	d := open(t, 78, 17, wrong()...)
	if p := d.pane.(Pane); p.tab != responseTab {
		t.Fatalf("tab %s", p.tab)
	}
	if p := d.selected("discovery").pane.(Pane); p.tab != explainTab {
		t.Errorf("tab %s at another step", p.tab)
	}
	d.do(keys.Right, keys.Right, keys.Right)
	if p := d.selected("token").pane.(Pane); p.tab != rawTab {
		t.Errorf("the person's tab was taken away: %s", p.tab)
	}
}

// story makes a token answer out of one body.
func answeredWith(t testing.TB, body string, w, h int) *desk {
	t.Helper()
	srv := &uitest.Server{Answer: map[string]string{uitest.Issuer + "/token": body}}
	d := &desk{t: t, pane: New(), srv: srv, w: w, h: h, sess: uitest.Story(t, srv, "authorization_code", uitest.Next(5)...)}
	d.draw()
	return d.selected("token")
}

func TestLongBodiesScrollAndSayWhatIsLeftOut(t *testing.T) {
	d := answeredWith(t, `{"access_token":"`+strings.Repeat("x", 40)+`","a":[`+strings.TrimSuffix(strings.Repeat(`"word",`, 40_000), ",")+`]}`, 78, 17)
	picture := d.do(keys.Bottom) // the run stopped here, so the answer is in view
	if !strings.Contains(picture, "answered by 127.0.0.1:9500") {
		t.Errorf("the end:\n%s", picture)
	}
	found := false
	for range 3 {
		found = found || strings.Contains(d.draw(), "not shown here")
		d.do(keys.PgUp)
	}
	if !found {
		t.Error("the pane does not say that the body goes on")
	}
}

// nasty is text that tries to drive a terminal.
const nasty = "\x1b[31mred\x1b]52;c;eA==\x07 \u009b2J \u202e\u2066evil\u2069 cr\rover\tx\x00 nul \x7f"

func hostileEvents(t testing.TB) *desk {
	marks := "a" + strings.Repeat("\u0301", 3000)
	bad := wire.Untrusted(nasty + marks)
	d := open(t, 78, 40, uitest.Next(4)...)
	body := `{"error":"` + strings.NewReplacer("\x1b", `\u001b`, "\r", `\r`, "\t", `\t`, "\x00", `\u0000`, "\x07", `\u0007`).Replace(string(bad)) + `","error_description":"x"}`
	x := flows.Exchange{
		Request:  flows.Request{Method: "PO\x1bST", URL: "http://a.test/" + bad, Header: []flows.Param{{Name: "X-" + nasty, Value: bad}}, Form: []flows.Param{{Name: nasty, Value: bad}}},
		Response: flows.Response{Status: 400, Proto: "HTTP/1.1", Header: []flows.Param{{Name: "X-" + nasty, Value: bad}, {Name: "Content-Type", Value: bad}}, Body: wire.Untrusted(body)},
		Remote:   nasty, TLS: &flows.TLS{Version: nasty, Cipher: nasty, Subject: bad, Issuer: bad},
	}
	at := d.sess.Snapshot().Now
	var fx []flows.Effect
	d.sess, fx = d.sess.Record(at, flows.Edited{Step: "token", Edits: []flows.Edit{{Op: flows.Add, Name: nasty, Value: bad}, {Op: flows.Set, Name: "scope" + nasty, Value: bad}}})
	d.sess, fx = d.sess.Record(at, flows.Advanced{})
	d.sess, _ = d.sess.Record(at, flows.Received{ID: fx[0].EffectID(), Exchange: x})
	return d
}

func noControls(t *testing.T, where, view string) {
	t.Helper()
	for _, r := range ansi.Strip(view) {
		if r != '\n' && (unicode.IsControl(r) || r == '\u202e' || r == '\u2066' || r == '\u2028') {
			t.Fatalf("%s: %U reaches the picture", where, r)
		}
	}
	for _, seq := range []string{"\x1b]", "\x1b[31m", "\u009b"} {
		if strings.Contains(view, seq) {
			t.Fatalf("%s: %q reaches the terminal", where, seq)
		}
	}
}

func TestHostileTextReachesThePictureAsTextOnly(t *testing.T) {
	d := hostileEvents(t)
	for _, revealed := range []bool{false, true} {
		d.sess = d.sess.SetReveal(revealed).Select(4)
		for range int(tabs) {
			for range 30 {
				d.draw()
				noControls(t, fmt.Sprint(d.pane.(Pane).tab), d.pane.View(d.env()))
				left, right := d.pane.Title(d.env())
				noControls(t, "title", left+right)
				d.do(keys.Down)
			}
			d.do(keys.Right)
		}
		d.pane = New()
	}
	d.do(keys.EditReq, keys.AddOne)
	d.typed("paste:"+nasty+"="+nasty, "left", "left")
	noControls(t, "field", d.pane.View(d.env()))
	d.do(keys.Enter)
	for range 15 {
		noControls(t, "edit mode", d.pane.View(d.env()))
		d.do(keys.Up)
	}
}

func TestEverySizeFitsAndNothingPanics(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := []keys.Action{keys.Up, keys.Down, keys.Left, keys.Right, keys.PgUp, keys.PgDown, keys.Top, keys.Bottom, keys.Explain, keys.NextMsg, keys.PrevMsg, keys.EditReq,
		keys.Value, keys.Keep, keys.AddOne, keys.Undo, keys.UndoAll, keys.Fault1, keys.Fault4, keys.Fault9, keys.Back, keys.Enter, keys.Clear, keys.Copy, keys.CopyAll, keys.Lookup, "no.such"}
	desks := []*desk{open(t, 20, 4, uitest.Next(4)...), open(t, 20, 4, uitest.Next(8)...), open(t, 20, 4, wrong()...), hostileEvents(t), live(t), open(t, 20, 4)}
	for n := range 1000 {
		d := desks[n%len(desks)]
		d.w, d.h = 1+r.IntN(200), 1+r.IntN(60)
		if n%3 == 0 { // the small ones are where the sums go wrong
			d.w, d.h = 1+r.IntN(50), 1+r.IntN(8)
		}
		if n%7 == 0 && d.sess.Snapshot().Run > 0 {
			d.sess = d.sess.Select(r.IntN(8))
		}
		if d.pane.Typing(d.env()) {
			d.typed("a", "paste:b=c", "left")
		}
		d.do(all[r.IntN(len(all))])
		lines := strings.Split(d.pane.View(d.env()), "\n")
		if len(lines) > d.h {
			t.Fatalf("%d lines in %d×%d", len(lines), d.w, d.h)
		}
		for _, l := range lines {
			if w := ansi.StringWidth(l); w > d.w {
				t.Fatalf("a line of %d cells in %d×%d: %q", w, d.w, d.h, l)
			}
		}
	}
}

func TestTheViewIsPure(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(8)...).selected("token")
	d.do(keys.Right, keys.Right, keys.Down)
	e := d.env()
	first := d.pane.View(e)
	if d.pane.View(e) != first {
		t.Error("two views of the same differ")
	}
	var empty session.Session
	if got := New().View(uitest.Env(t, empty.Snapshot(), 0, 0)); got != "" {
		t.Errorf("a view without cells: %q", got)
	}
}

func BenchmarkView(b *testing.B) {
	for _, c := range []struct {
		name string
		d    *desk
		acts []keys.Action
	}{
		{"explain 48x17", open(b, 48, 17, uitest.Next(4)...), nil},
		{"explain all 118x29", open(b, 118, 29, uitest.Next(4)...), []keys.Action{keys.Explain, keys.Down}},
		{"response 78x17", open(b, 78, 17, uitest.Next(8)...).selected("discovery"), []keys.Action{keys.Right, keys.Right}},
		{"edit 78x17", open(b, 78, 17, uitest.Next(4)...), []keys.Action{keys.EditReq, keys.Fault1}},
		{"edit 118x30", open(b, 118, 30, uitest.Next(4)...), []keys.Action{keys.EditReq, keys.Fault1}},
		{"long body", answeredWith(b, `{"access_token":"`+strings.Repeat(`x`, 2<<20)+`"}`, 78, 17), []keys.Action{keys.Right, keys.Right, keys.Right}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.d.do(c.acts...)
			e := c.d.env()
			b.ReportAllocs()
			for b.Loop() {
				c.d.pane.View(e)
			}
		})
	}
}
