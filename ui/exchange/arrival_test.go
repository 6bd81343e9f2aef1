package exchange

import (
	"strings"
	"testing"

	"authdance/flows"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/uitest"
)

func TestTheNextStepSaysWhatTheStepBeforeBrought(t *testing.T) {
	for done, want := range map[int]string{
		1: "✓ step 1: 200, got authorization_endpoint, jwks_uri, token_endpoint, userinfo_endpoint (↑ in the Flow pane shows it)",
		3: "✓ step 3: the browser came back (↑ in the Flow pane shows it)",
		4: "✓ step 4: accepted, got code (↑ in the Flow pane shows it)",
		5: "✓ step 5: 200, got access_token, id_token, refresh_token (↑ in the Flow pane shows it)",
		7: "✓ step 7: 200 (↑ in the Flow pane shows it)",
	} {
		d := open(t, 118, 29, uitest.Next(done)...)
		for range int(tabs) {
			if got := strings.TrimSpace(strings.Split(d.draw(), "\n")[1]); got != want {
				t.Errorf("after step %d: %q, want %q", done, got, want)
			}
			d.do(keys.Right)
		}
	}
	narrow := open(t, 38, 17, uitest.Next(5)...)
	if picture := narrow.draw(); !strings.Contains(picture, "✓ step 5: 200, got 3 values") {
		t.Errorf("a narrow pane:\n%s", picture)
	}
}

func TestTheLineAboutTheStepBeforeHasItsPlaceOnly(t *testing.T) {
	none := func(why string, d *desk) {
		t.Helper()
		if picture := d.draw(); strings.Contains(picture, "✓ step") {
			t.Errorf("%s:\n%s", why, picture)
		}
	}
	none("the first step", open(t, 78, 17))
	none("little room", open(t, 78, 13, uitest.Next(5)...))
	none("a step that is not the next one", open(t, 78, 17, uitest.Next(5)...).selected("api"))
	none("a step that ran", open(t, 78, 17, uitest.Next(5)...).selected("token"))
	none("a step that failed", open(t, 78, 17, wrong()...))
	none("a run that is done", open(t, 78, 17, uitest.Next(8)...))

	d := open(t, 78, 17, wrong()...)
	d.take(pane.Record{Events: []flows.Event{flows.Edited{Step: "token", Edits: []flows.Edit{set("code", "x")}}}})
	if s := d.state(); s.Status != flows.Ready {
		t.Fatalf("status %s", s.Status)
	}
	none("a step that is tried once more", d)
	d = open(t, 78, 17)
	d.do(keys.EditReq, keys.Fault3, keys.Right, keys.Enter)
	none("the answer to a guess says it already", d)

	d = open(t, 78, 17, uitest.Next(8)...)
	d.srv = &uitest.Server{}
	d.take(pane.Record{Events: []flows.Event{flows.Advanced{To: "userinfo"}}})
	if picture := d.draw(); !strings.Contains(picture, "✓ step 7: 200") {
		t.Errorf("a step that was run again:\n%s", picture)
	}
}
