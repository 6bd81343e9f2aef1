package exec

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"authdance/flows"
	"authdance/flows/wire"
)

func TestDrawnValuesAreFreshAndLongEnough(t *testing.T) {
	seen := map[wire.Untrusted]bool{}
	l := newLive(t, Options{})
	for range 1000 {
		d := l.Perform(context.Background(), flows.Draw{ID: 7, Names: []string{"state", "code_verifier"}}).(flows.Drawn)
		for _, v := range d.Values {
			if len(v) != 43 || seen[v] {
				t.Fatalf("%q is short or was drawn before", v)
			}
			seen[v] = true
		}
	}
}

func TestDrawPutsAFreePortInPlaceOfZero(t *testing.T) {
	for _, c := range []struct{ raw, prefix, suffix string }{
		{"http://127.0.0.1:0/callback?x=%41", "http://127.0.0.1:", "/callback?x=%41"},
		{"http://localhost:0", "http://localhost:", ""},
	} {
		d := newLive(t, Options{}).Perform(context.Background(), flows.Draw{ID: 7, Redirect: wire.Untrusted(c.raw)}).(flows.Drawn)
		u, err := url.Parse(d.Values["redirect_uri"].Raw())
		if err != nil || u.Port() == "0" || d.Values["redirect_uri"].Raw() != c.prefix+u.Port()+c.suffix {
			t.Errorf("%s became %s", c.raw, d.Values["redirect_uri"])
		}
	}
	brokeWith(t, newLive(t, Options{}).Perform(context.Background(), flows.Draw{ID: 7, Redirect: "http://app.test:0/"}), EndpointRefused, "port 0")
}

func TestADrySourceOfRandomnessIsNotReplaced(t *testing.T) {
	l := newLive(t, Options{Rand: strings.NewReader("short")})
	brokeWith(t, l.Perform(context.Background(), flows.Draw{ID: 7, Names: []string{"state"}}), Internal, "random")
}
