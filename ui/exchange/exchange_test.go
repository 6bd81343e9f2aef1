package exchange

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/themes"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

// desk is a pane with its session and server: it does with intents what the
// root model does, so that tests can press actions.
type desk struct {
	t    testing.TB
	pane pane.Pane
	sess session.Session
	srv  *uitest.Server
	w, h int
	last intent
	base pane.Env // made once: a theme's styles do not change under a pane
}

// intent is what a pane asks of the root.
type intent = any

func open(t testing.TB, w, h int, events ...flows.Event) *desk {
	t.Helper()
	srv := &uitest.Server{}
	d := &desk{t: t, pane: New(), srv: srv, sess: uitest.Story(t, srv, "authorization_code", events...), w: w, h: h}
	d.draw()
	return d
}

func (d *desk) env() pane.Env {
	if d.base.Styles == nil {
		d.base = uitest.Env(d.t, d.sess.Snapshot(), d.w, d.h)
	}
	e := d.base
	e.Snap, e.W, e.H = d.sess.Snapshot(), d.w, d.h
	return e
}

// draw is the text of the picture.
func (d *desk) draw() string {
	e := d.env()
	d.pane, _ = d.pane.Sync(e)
	return ansi.Strip(d.pane.View(e))
}

// golden compares the picture, cell by cell.
func (d *desk) golden(t *testing.T) {
	t.Helper()
	_, picture := uitest.Draw(d.pane, d.env())
	uitest.Golden(t, picture)
}

// do performs actions and returns the picture after the last one.
func (d *desk) do(actions ...keys.Action) string {
	d.t.Helper()
	for _, a := range actions {
		var msg intent
		d.pane, msg = d.pane.Act(a, d.env())
		d.take(msg)
	}
	return d.draw()
}

func (d *desk) take(msg intent) {
	d.t.Helper()
	rec, ok := msg.(pane.Record)
	if !ok {
		d.last = msg
		return
	}
	at := d.sess.Snapshot().Now
	for _, ev := range rec.Events {
		at = at.Add(time.Second)
		var fx []flows.Effect
		d.sess, fx = d.sess.Record(at, ev)
		for n := 0; len(fx) > 0 && n < 100; n++ {
			d.sess, fx = d.sess.Record(at, d.srv.Perform(context.Background(), fx[0]))
		}
	}
	d.draw()
}

// keys types into the open text field.
func (d *desk) typed(script ...string) string {
	for _, k := range script {
		d.pane, _ = d.pane.Update(uitest.Press(k), d.env())
	}
	return d.draw()
}

func (d *desk) selected(step string) *desk {
	d.sess = d.sess.Select(d.sess.Snapshot().State.Grant.Index(step))
	d.draw()
	return d
}

func (d *desk) state() flows.State { return d.sess.Snapshot().State }

func TestExplainBeforeSending(t *testing.T) {
	for name, size := range map[string][2]int{"28x17": {28, 17}, "48x17": {48, 17}, "78x17": {78, 17}, "118x29": {118, 29}, "58x12": {58, 12}} {
		t.Run(name, func(t *testing.T) { open(t, size[0], size[1], uitest.Next(4)...).golden(t) })
	}
}

func TestExplainAMarkedParameter(t *testing.T) {
	for name, size := range map[string][2]int{"48x17": {48, 17}, "78x17": {78, 17}, "118x29": {118, 29}} {
		t.Run(name, func(t *testing.T) {
			d := open(t, size[0], size[1], uitest.Next(4)...)
			d.do(keys.Down, keys.Down, keys.Down, keys.Down, keys.Down)
			d.golden(t)
		})
	}
}

func TestExplainEveryParameter(t *testing.T) {
	for name, size := range map[string][2]int{"48x17": {48, 17}, "78x17": {78, 17}, "118x29": {118, 29}} {
		t.Run(name, func(t *testing.T) {
			d := open(t, size[0], size[1], uitest.Next(2)...)
			d.do(keys.Explain, keys.Bottom, keys.Up, keys.Up, keys.Up)
			d.golden(t)
		})
	}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		w, h int
		step string
		tabs int
	}{
		"response 200":             {78, 17, "token", 2},
		"response 200 narrow":      {48, 17, "token", 2},
		"response of discovery":    {78, 29, "discovery", 2},
		"response of key fetch":    {78, 17, "id_token", 2},
		"request":                  {78, 17, "token", 1},
		"raw":                      {78, 22, "token", 3},
		"sign-in pages":            {78, 17, "authorize", 0},
		"callback":                 {78, 17, "callback", 0},
		"callback checks":          {78, 17, "callback", 2},
		"prepare":                  {78, 17, "prepare", 0},
		"prepare narrow":           {48, 17, "prepare", 0},
		"response of prepare":      {48, 17, "prepare", 2},
		"explain after the answer": {48, 17, "userinfo", 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, c.w, c.h, uitest.Next(8)...).selected(c.step)
			for range c.tabs {
				d.do(keys.Right)
			}
			d.golden(t)
		})
	}
}

func TestBeforeThereIsAnything(t *testing.T) {
	t.Run("no run", func(t *testing.T) {
		_, got := uitest.Draw(New(), uitest.Env(t, session.Session{}.Snapshot(), 48, 17))
		uitest.Golden(t, got)
	})
	t.Run("values missing", func(t *testing.T) {
		open(t, 48, 17, uitest.Next(1)...).selected("token").golden(t)
	})
	t.Run("prepare before it ran", func(t *testing.T) {
		open(t, 78, 17, uitest.Next(1)...).golden(t)
	})
	t.Run("no answer yet", func(t *testing.T) {
		d := open(t, 48, 12, uitest.Next(4)...)
		d.do(keys.Right, keys.Right)
		d.golden(t)
	})
}

func TestWaitingAndNoAnswer(t *testing.T) {
	t.Run("browser is out", func(t *testing.T) {
		d := open(t, 78, 12, uitest.Next(2)...)
		d.sess, _ = d.sess.Record(uitest.Clock(), flows.Advanced{})
		d.do(keys.Right, keys.Right)
		d.golden(t)
	})
	t.Run("browser came back", func(t *testing.T) {
		d := open(t, 78, 17, uitest.Next(2)...)
		var fx []flows.Effect
		d.sess, fx = d.sess.Record(uitest.Clock(), flows.Advanced{})
		d.sess, _ = d.sess.Record(uitest.Clock(), flows.Redirected{ID: fx[0].EffectID(), Via: flows.Listener, Request: flows.Request{Method: "GET", URL: "http://127.0.0.1:9501/callback",
			Query: []flows.Param{{Name: "code", Value: "another-code-here", Secret: true}, {Name: "state", Value: d.state().Vars["state"]}}}})
		d.selected("authorize").do(keys.NextMsg)
		d.golden(t)
	})
	t.Run("no answer", func(t *testing.T) {
		srv := &uitest.Server{Broken: map[string]string{uitest.Issuer + "/token": "connection_refused"}}
		d := &desk{t: t, pane: New(), srv: srv, w: 48, h: 12, sess: uitest.Story(t, srv, "authorization_code", uitest.Next(5)...)}
		d.golden(t)
	})
	t.Run("skipped", func(t *testing.T) {
		d := open(t, 48, 12)
		started, _ := startedAs(t, uitest.Profile())
		started.Vars = flows.Vars{"client_id": "x", "redirect_uri": "http://127.0.0.1:0/cb", "authorization_endpoint": "http://a.test/authorize"}
		d.sess = session.Session{}.Start(uitest.Clock(), started)
		d.selected("discovery").golden(t)
	})
}

func wrong() []flows.Event {
	return append(uitest.Next(4), flows.Edited{Step: "token", Edits: []flows.Edit{{Op: flows.Set, Name: "code_verifier", Value: wrongVerifier}}},
		flows.Guessed{Step: "token", Expect: "invalid_grant"}, flows.Advanced{To: "token"})
}

func TestARefusedRequestTurnsToTheAnswer(t *testing.T) {
	for name, size := range map[string][2]int{"48x17": {48, 17}, "78x17": {78, 17}} {
		t.Run(name, func(t *testing.T) { open(t, size[0], size[1], wrong()...).golden(t) })
	}
}

func TestEditMode(t *testing.T) {
	for name, size := range map[string][2]int{"78x17": {78, 17}, "118x30": {118, 30}, "48x17": {48, 17}, "28x12": {28, 12}, "38x6": {38, 6}, "58x10": {58, 10}} {
		t.Run("fault 1 "+name, func(t *testing.T) {
			d := open(t, size[0], size[1], uitest.Next(4)...)
			d.do(keys.EditReq, keys.Fault1, keys.Right)
			d.golden(t)
		})
	}
	for name, size := range map[string][2]int{"78x17": {78, 17}, "118x30": {118, 30}} {
		t.Run("dropped and added "+name, func(t *testing.T) {
			d := open(t, size[0], size[1], uitest.Next(4)...)
			d.do(keys.EditReq, keys.Down, keys.Down, keys.Keep, keys.AddOne)
			d.typed("a", "u", "d", "paste:ience=https://api.test/")
			d.do(keys.Enter)
			d.golden(t)
		})
	}
	for name, size := range editSizes {
		t.Run("nothing changed yet "+name, func(t *testing.T) {
			d := open(t, size[0], size[1], uitest.Next(4)...)
			d.do(keys.EditReq)
			d.golden(t)
		})
	}
	t.Run("nothing changed yet", func(t *testing.T) {
		d := open(t, 78, 17, uitest.Next(4)...)
		d.do(keys.EditReq)
		d.golden(t)
	})
	t.Run("typing a value", func(t *testing.T) {
		d := open(t, 78, 17, uitest.Next(4)...)
		d.do(keys.EditReq, keys.Value)
		d.typed("backspace", "x", "left")
		d.golden(t)
	})
	t.Run("callback", func(t *testing.T) {
		d := open(t, 78, 17, uitest.Next(3)...)
		d.do(keys.EditReq, keys.Fault3)
		d.golden(t)
	})
	t.Run("LIVE", func(t *testing.T) {
		d := live(t)
		d.do(keys.EditReq)
		d.golden(t)
	})
}

// live is a run of a LIVE profile.
func live(t testing.TB) *desk {
	t.Helper()
	d := open(t, 78, 17)
	started, _ := startedAs(t, flows.Profile{ID: "okta-prod", Name: "Okta prod", Class: "LIVE"})
	d.sess = session.Session{}.Start(uitest.Clock(), started)
	d.pane = New()
	d.draw()
	return d
}

func startedAs(t testing.TB, p flows.Profile) (flows.Started, error) {
	t.Helper()
	s := open(t, 10, 10).state()
	return flows.Started{Spec: s.Spec, Grant: s.Grant, Profile: p, Vars: uitest.Vars()}, nil
}

func TestASCIIScreens(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	e := d.env()
	th, err := themes.Load("mono")
	if err != nil {
		t.Fatal(err)
	}
	e.Styles = th.Styles(themes.ASCII(), true)
	_, got := uitest.Draw(d.pane, e)
	uitest.Golden(t, got)
}

func TestNothingSecretIsShownUnlessAsked(t *testing.T) {
	d := open(t, 118, 100, uitest.Next(8)...)
	s := d.state()
	secrets := map[string]wire.Untrusted{}
	for name, val := range s.Vars {
		if flows.Sensitive(name) && val != "" {
			secrets[name] = val
		}
	}
	if len(secrets) < 5 {
		t.Fatalf("the story has few secrets: %v", len(secrets))
	}
	seen := map[string]bool{}
	look := func(revealed bool) {
		for i := range s.Grant.Steps {
			d.sess = d.sess.Select(i).SetReveal(revealed)
			d.pane = New()
			for range int(tabs) {
				for range 5 {
					text := strings.Join(strings.Fields(d.draw()), "")
					for name, val := range secrets {
						if strings.Contains(text, val.Raw()) {
							if !revealed {
								t.Errorf("step %d shows %s", i+1, name)
							}
							seen[name] = true
						}
					}
					d.do(keys.PrevMsg)
				}
				d.do(keys.Right)
			}
		}
	}
	look(false)
	look(true)
	for name := range secrets {
		if !seen[name] && name != "id_token" {
			t.Errorf("%s is not shown when secrets are revealed, so this test proves nothing about it", name)
		}
	}
}
