package palette_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"authdance/ui/keys"
	"authdance/ui/palette"
	"authdance/ui/pane"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

func typed(p pane.Pane, e pane.Env, text string) pane.Pane {
	for _, r := range text {
		p, _ = p.Update(tea.KeyPressMsg{Code: r, Text: string(r)}, e)
	}
	return p
}

func items() []palette.Item {
	return []palette.Item{{Title: "Catalog: Refresh token", Do: pane.OpenPage{ID: "refresh-token"}},
		{Title: "Flow: start Refresh", Do: pane.Start{Grant: "refresh_token"}},
		{Title: "Flow: why did it fail", Off: "nothing has failed in this run", Do: pane.Run{Action: keys.WhyFail}}}
}

func TestWhatTheProgramDoesComesBeforeWhatItExplains(t *testing.T) {
	e := uitest.Env(t, session.Snapshot{}, 60, 12)
	p := typed(palette.New("Commands", items()), e, "refresh")
	if _, up := p.Act(keys.Enter, e); up != (pane.Close{Then: pane.Start{Grant: "refresh_token"}}) {
		t.Fatalf("enter does %v", up)
	}
}

func TestWhatCannotBeDoneNowSaysWhy(t *testing.T) {
	e := uitest.Env(t, session.Snapshot{}, 60, 12)
	p := typed(palette.New("Commands", items()), e, "why")
	_, up := p.Act(keys.Enter, e)
	if say, ok := up.(pane.Say); !ok || !strings.Contains(say.Text, "nothing has failed") {
		t.Fatalf("enter does %v", up)
	}
	if !strings.Contains(p.View(e), "not now") {
		t.Fatal("the row does not say that it is off")
	}
}

func TestANameThatNothingHasIsSaid(t *testing.T) {
	e := uitest.Env(t, session.Snapshot{}, 60, 12)
	p := typed(palette.New("Commands", items()), e, "zzzz")
	if _, up := p.Act(keys.Enter, e); up != nil || !strings.Contains(p.View(e), "Nothing has this name") {
		t.Fatalf("enter does %v", up)
	}
}
