package profiles_test

import (
	"fmt"
	"strings"
	"testing"

	"authdance/flows/provider"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/profiles"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

func list() []provider.Profile {
	return []provider.Profile{provider.ForLab(uitest.Issuer, "http://127.0.0.1:9502"),
		{ID: "okta", Name: "okta \x1b[31mprod", Class: provider.Live, Issuer: "https://example.okta.test/oauth2/default",
			Client: provider.ClientConfig{ID: "0oa1", Secret: "env:OKTA_SECRET", RedirectURI: "http://127.0.0.1:8765/callback"}}}
}

func snap(t *testing.T, n int, use string) session.Snapshot {
	return uitest.Story(t, &uitest.Server{}, "authorization_code", uitest.Next(n)...).SetProfiles(list(), use).Snapshot()
}

func TestPictures(t *testing.T) {
	for _, size := range [][2]int{{24, 8}, {58, 12}, {78, 18}, {118, 29}} {
		t.Run(fmt.Sprintf("after_discovery/%dx%d", size[0], size[1]), func(t *testing.T) {
			_, got := uitest.Draw(profiles.New(), uitest.Env(t, snap(t, 1, "lab"), size[0], size[1]))
			uitest.Golden(t, got)
		})
	}
}

func TestEnterUsesAnotherProfileOnly(t *testing.T) {
	e := uitest.Env(t, snap(t, 0, "lab"), 78, 18)
	var p pane.Pane = profiles.New()
	if got := p.Primary(e); got != "" {
		t.Fatalf("enter would %q on the profile in use", got)
	}
	p, _ = p.Act(keys.Down, e)
	if p.Primary(e) == "" {
		t.Fatal("enter does nothing on another profile")
	}
	if _, up := p.Act(keys.Enter, e); up != (pane.Start{Profile: "okta"}) {
		t.Fatalf("got %v", up)
	}
}

func TestHostileNamesDrawNoControlByte(t *testing.T) {
	_, got := uitest.Draw(profiles.New(), uitest.Env(t, snap(t, 1, "okta"), 78, 18))
	if strings.ContainsRune(got, 0x1b) || !strings.Contains(got, `\x1b`) {
		t.Fatalf("the escape is not shown as text:\n%s", got)
	}
}
