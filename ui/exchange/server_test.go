package exchange

import (
	"strings"
	"testing"

	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/uitest"
)

// atLab is a desk at a run of n steps with a lab behind it.
func atLab(t testing.TB, n int, l *uitest.Lab) *desk {
	d := open(t, 100, 30, uitest.Next(n)...)
	d.env()
	d.base.Lab = l
	return d
}

func words(picture string) string { return strings.Join(strings.Fields(picture), " ") }

func TestTheServersViewStandsBesideTheExchange(t *testing.T) {
	d := atLab(t, 5, &uitest.Lab{})
	d.sess = d.sess.Select(4)
	text := words(d.do(keys.Server))
	for _, want := range []string{"POST /default/token: 4 checks passed.", "✓ pkce The code_verifier fits the code_challenge."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	d.do(keys.Down, keys.Down, keys.Copy)
	if c, ok := d.last.(pane.Copy); !ok || c.Text != "client_known: A client is registered under this client_id." {
		t.Errorf("copied %+v", d.last)
	}
}

func TestAFaultIsNamedWhereTheServerLookedAway(t *testing.T) {
	l := &uitest.Lab{}
	if err := l.SetFault("weak_pkce", true); err != nil {
		t.Fatal(err)
	}
	d := atLab(t, 5, l)
	d.sess = d.sess.Select(4)
	if text := words(d.do(keys.Server)); !strings.Contains(text, "pkce fault weak_pkce: not checked") || !strings.Contains(text, "1 check not reached") {
		t.Error(text)
	}
}

// Where there is nothing to see, the tab says why.
func TestTheServersViewSaysWhyItIsEmpty(t *testing.T) {
	for _, c := range []struct {
		step int
		want string
	}{
		{4, "Not sent yet. What the server checks stands here once it has answered."},
		{3, "What the server checked before it sent the browser back with this message: ✓ POST /default/authorize: 1 check passed."},
		{1, "This step is work inside authdance: it has no message."},
		{0, "The lab has nothing to tell about this exchange"},
	} {
		d := atLab(t, 4, &uitest.Lab{})
		d.sess = d.sess.Select(c.step)
		if text := words(d.do(keys.Server)); !strings.Contains(text, c.want) {
			t.Errorf("step %d: no %q in\n%s", c.step+1, c.want, text)
		}
	}
	d := open(t, 100, 30, uitest.Next(5)...)
	if text := words(d.do(keys.Server)); !strings.Contains(text, "Only the built-in lab shows what it checked.") {
		t.Error(text)
	}
}
