package exchange

import (
	"slices"
	"strings"
	"testing"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

// recorded is a run whose token request is kept as it really went out: with the
// headers that HTTP itself adds, at the end, as exec records them.
func recorded(t testing.TB) *desk {
	t.Helper()
	d := open(t, 78, 30, uitest.Next(4)...)
	at := d.sess.Snapshot().Now
	var fx []flows.Effect
	d.sess, fx = d.sess.Record(at, flows.Advanced{})
	rec := d.srv.Perform(t.Context(), fx[0]).(flows.Received)
	out := &rec.Exchange.Request
	out.Header = append(slices.Clone(out.Header), flows.Param{Name: "Host", Value: "127.0.0.1:9500"}, flows.Param{Name: "Content-Length", Value: "241"})
	d.sess, _ = d.sess.Record(at, rec)
	return d.selected("token")
}

func TestAHeaderThatHTTPAddsIsShownOnce(t *testing.T) {
	d := recorded(t)
	picture := d.do(keys.Right, keys.Right, keys.Right)
	for _, name := range []string{"Host:", "Content-Length:"} {
		if n := strings.Count(picture, name); n != 1 {
			t.Errorf("%s stands there %d times:\n%s", name, n, picture)
		}
	}
	if lines := strings.Split(picture, "\n"); !strings.Contains(lines[2], "Host: 127.0.0.1:9500") {
		t.Errorf("Host is not the first header, as it goes over the wire:\n%s", picture)
	}
	d.do(keys.CopyAll)
	if c, _ := d.last.(pane.Copy); strings.Contains(c.Text, "Host") || strings.Contains(c.Text, "Content-Length") {
		t.Errorf("curl adds these by itself, and the length would be wrong:\n%s", c.Text)
	}
}

func TestAHostThatWasEditedStaysInTheCurlCommand(t *testing.T) {
	d := open(t, 78, 30, uitest.Next(4)...)
	d.take(pane.Record{Events: []flows.Event{flows.Edited{Step: "token", Edits: []flows.Edit{{Op: flows.Set, Name: "Host", Value: "evil.test"}}}}})
	d.do(keys.CopyAll)
	if c, _ := d.last.(pane.Copy); !strings.Contains(c.Text, "Host=evil.test") && !strings.Contains(c.Text, "Host: evil.test") {
		t.Errorf("the edit is gone:\n%s", c.Text)
	}
	r := flows.Request{URL: "http://a.test/x", Header: []flows.Param{{Name: "host", Value: "evil.test"}, {Name: "Accept", Value: "*/*"}}}
	if got := forCurl(r); len(got.Header) != 2 {
		t.Errorf("headers %v", got.Header)
	}
}

func TestAStepSeenInThePastIsNotCalledUnsent(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(8)...)
	for d.sess.Snapshot().State.Step > 4 {
		d.sess = d.sess.Rewind()
	}
	d.selected("token")
	if _, right := d.pane.Title(d.env()); right != "sent later" {
		t.Errorf("title %q", right)
	}
	for _, tab := range []tab{requestTab, responseTab, rawTab} {
		picture := d.do(keys.Right)
		if d.pane.(Pane).tab != tab || !strings.Contains(picture, "Not yet at this moment; sent later. G in the Flow pane returns to now.") {
			t.Errorf("%s:\n%s", tab, picture)
		}
		if strings.Contains(picture, "Not sent yet") || strings.Contains(picture, "No answer yet") {
			t.Errorf("%s says that it was never sent:\n%s", tab, picture)
		}
	}
	d.sess = d.sess.Select(7)
	if picture := d.draw(); !strings.Contains(picture, "Not yet at this moment") {
		t.Errorf("a step whose values are not there at this moment:\n%s", picture)
	}
	d.sess = d.sess.ToNow()
	if picture := d.draw(); strings.Contains(picture, "at this moment") {
		t.Errorf("now is no past:\n%s", picture)
	}
}

func TestAStepThatNeverRanIsUnsentInThePastToo(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	d.sess = d.sess.Rewind()
	d.selected("discovery")
	if _, right := d.pane.Title(d.env()); !strings.HasPrefix(right, "200") {
		t.Errorf("title %q", right)
	}
	d.selected("token")
	d.do(keys.Right, keys.Right, keys.Right)
	if picture := d.draw(); strings.Contains(picture, "later") {
		t.Errorf("it was not sent later:\n%s", picture)
	}
}

// carriedOn is a run that goes on with the tokens of another one.
func carriedOn(t testing.TB, grant string) *desk {
	t.Helper()
	vars := uitest.Vars()
	for _, name := range []string{"access_token", "refresh_token", "sub", "nonce"} {
		vars[name] = wire.Untrusted("kept-" + name)
	}
	started, err := grants.Start(flows.Spec{Grant: grant}, uitest.Profile(), vars, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, 78, 17)
	d.sess, d.pane = session.Session{}.Start(uitest.Clock(), started), New()
	d.draw()
	return d
}

func TestAValueOfAnEarlierRunIsNotCalledTheProfiles(t *testing.T) {
	for grant, want := range map[string]string{"refresh_token": "refresh_token", "api": "Authorization"} {
		d := carriedOn(t, grant)
		for n := 0; n < 3 && !strings.Contains(d.draw(), want); n++ {
			d.take(pane.Record{Events: []flows.Event{flows.Advanced{}}})
		}
		found := false
		for line := range strings.SplitSeq(d.draw(), "\n") {
			words := strings.Fields(line)
			if len(words) > 0 && words[0] == want {
				found = true
				if !strings.Contains(line, "earlier run") {
					t.Errorf("%s: %s", grant, line)
				}
			}
			if len(words) > 0 && words[0] == "scope" && !strings.Contains(line, "profile") {
				t.Errorf("%s: %s", grant, line)
			}
		}
		if !found {
			t.Errorf("%s: no %s\n%s", grant, want, d.draw())
		}
	}
	d := carriedOn(t, "refresh_token")
	s := d.state()
	if (look{s: s}).carried("client_id") {
		t.Error("client_id is the profile's")
	}
	s.Born = map[string]string{"access_token": "token"}
	if (look{s: s}).carried("access_token") {
		t.Error("a token of this run is not an earlier run's")
	}
}

func TestAReasonIsSaidAndNotCopied(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	d.do(keys.Right, keys.Right, keys.Copy)
	if say, _ := d.last.(pane.Say); !strings.HasPrefix(say.Text, "Nothing was copied. No answer yet") || say.Bad {
		t.Errorf("on an empty Response: %+v", d.last)
	}
	d.do(keys.Right, keys.Copy)
	if c, _ := d.last.(pane.Copy); c.What != "the request" || !strings.HasPrefix(c.Text, "POST ") {
		t.Errorf("the first line of Raw stands for the request: %+v", d.last)
	}
	d.selected("prepare").do(keys.Left, keys.Copy)
	if say, _ := d.last.(pane.Say); !strings.HasPrefix(say.Text, "Nothing was copied. This step is work inside") {
		t.Errorf("a step without a message: %+v", d.last)
	}
	d.selected("discovery").do(keys.Left, keys.Down, keys.Copy)
	if say, _ := d.last.(pane.Say); say.Text != "Nothing was copied: this line has no value." {
		t.Errorf("an empty line: %+v", d.last)
	}
}
