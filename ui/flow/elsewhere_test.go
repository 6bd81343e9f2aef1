package flow_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/wire"
	"authdance/themes"
	"authdance/ui/flow"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

// device is a run of the device flow after two polls, of which the second one
// was too fast; ciba is the same wait without a code.
func deviceWait(t testing.TB, grant, host string) session.Session {
	t.Helper()
	vars := flows.Vars{"device_authorization_endpoint": "https://as.test/device", "backchannel_authentication_endpoint": "https://as.test/ask", "token_endpoint": "https://as.test/token",
		"client_id": "tv", "scope": "read", "login_hint": "alice", "binding_message": "4711"}
	started, err := grants.Start(flows.Spec{Grant: grant, Options: map[string]string{"client_auth": "none"}}, uitest.Profile(), vars, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := uitest.Clock()
	s := session.Session{}.Start(at, started)
	answers := []string{`{"device_code":"dc1","user_code":"WDJB-MJHT","verification_uri":"` + host + `/device","verification_uri_complete":"` + host + `/device?user_code=WDJB-MJHT","auth_req_id":"r1","expires_in":300,"interval":5}`,
		`{"error":"authorization_pending"}`, `{"error":"slow_down"}`}
	for range 12 {
		head := s.Snapshot().Head
		var e flows.Event
		switch fx := head.Pending.(type) {
		case nil:
			e = flows.Advanced{}
		case flows.Send:
			if len(answers) == 0 {
				return s
			}
			status := 400
			if !strings.Contains(answers[0], "error") {
				status = 200
			}
			e = flows.Received{ID: fx.ID, Exchange: flows.Exchange{Request: fx.Request, Response: flows.Response{Status: status, Header: []flows.Param{{Name: "Content-Type", Value: "application/json"}}, Body: wire.Untrusted(answers[0])}}}
			answers = answers[1:]
		case flows.Browse:
			e = flows.Redirected{ID: fx.ID, Via: flows.Away}
		case flows.Wait:
			if len(answers) == 0 {
				return s.Tick(at.Add(4 * time.Second))
			}
			at = at.Add(fx.For)
			e = flows.Elapsed{ID: fx.ID}
		default:
			t.Fatalf("a %T", fx)
		}
		s, _ = s.Record(at, e)
	}
	t.Fatalf("the run never waited: %+v", s.Snapshot().Head.Problem)
	return s
}

func TestWaitingForAnotherDevice(t *testing.T) {
	for _, grant := range []string{"device_code", "ciba"} {
		for _, size := range [][2]int{{78, 18}, {118, 30}, {58, 10}, {28, 8}} {
			t.Run(fmt.Sprintf("%s_%dx%d", grant, size[0], size[1]), func(t *testing.T) {
				e := uitest.Env(t, deviceWait(t, grant, "https://as.test").Snapshot(), size[0], size[1])
				_, pic := uitest.Draw(flow.New(), e)
				uitest.Golden(t, pic)
			})
		}
	}
}

// A phone can use the picture of a real server's address; one of this computer,
// or light on dark, it cannot.
func TestTheAddressIsAPictureWhereAPhoneCanUseIt(t *testing.T) {
	th, err := themes.Load(themes.Names()[0])
	if err != nil {
		t.Fatal(err)
	}
	colour := th.Styles(themes.Unicode(), false)
	for _, c := range []struct {
		host   string
		styles *themes.Styles
		w, h   int
		want   bool
	}{
		{"https://as.test", colour, 118, 30, true}, {"http://127.0.0.1:9500", colour, 118, 30, false}, {"https://as.test", colour, 78, 18, false},
		{"https://as.test", th.Styles(themes.Unicode(), true), 118, 30, false}, {"https://as.test", th.Styles(themes.ASCII(), false), 118, 30, false},
	} {
		e := uitest.Env(t, deviceWait(t, "device_code", c.host).Snapshot(), c.w, c.h)
		e.Styles = c.styles
		_, pic := uitest.Draw(flow.New(), e)
		if got := strings.Count(pic, "▀") > 50; got != c.want {
			t.Errorf("%s in %d×%d: %v\n%s", c.host, c.w, c.h, got, pic)
		}
		if c.want {
			uitest.Golden(t, pic)
		}
	}
}
