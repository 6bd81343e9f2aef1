package ui_test

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/ui"
	"authdance/ui/pane"
	"authdance/ui/uitest"
)

func TestScreensOfChoosing(t *testing.T) {
	for name, script := range map[string]string{
		"flows":   "F down down down down",
		"options": enters(1) + "O down down right",
		"inputs":  "F p a s s w o r d enter a l i c e down s e c",
		"again":   enters(5) + "up r",
	} {
		for _, s := range sizes() {
			t.Run(fmt.Sprintf("%s/%dx%d", name, s[0], s[1]), func(t *testing.T) {
				m := uitest.Play(program(t, &uitest.Server{}, nil), s[0], s[1], keysOf(script)...)
				uitest.Golden(t, uitest.Screen(m, s[0], s[1]))
			})
		}
	}
}

// wishes keeps what the program asked to start.
func wishes(list *[]pane.Wish) func(*ui.Deps) {
	return func(d *ui.Deps) {
		start := d.Start
		d.Start = func(w pane.Wish) (flows.Started, flows.Performer, error) {
			*list = append(*list, w)
			return start(w)
		}
	}
}

func press(m tea.Model, script string) tea.Model {
	for _, k := range keysOf(script) {
		m = uitest.Settle(m, func() tea.Msg { return uitest.Press(k) })
	}
	return m
}

func TestChosenOptionsAreForTheNextRunsOfThatFlow(t *testing.T) {
	var asked []pane.Wish
	m := uitest.Play(program(t, &uitest.Server{}, wishes(&asked)), 120, 36, keysOf(enters(1)+"O down down right enter")...)
	last := func() pane.Wish { return asked[len(asked)-1] }
	if got := last().Options["pkce"]; got != "plain" || len(last().Options) != 1 {
		t.Fatalf("asked for %v", last().Options)
	}
	m = press(m, "F d i s c o v e r y enter")
	if last().Grant != "discovery" || len(last().Options) != 0 {
		t.Errorf("another flow got %v", last())
	}
	press(m, "F A u t h o r i z a t i o n enter")
	if last().Grant != "authorization_code" || last().Options["pkce"] != "plain" {
		t.Errorf("the flow lost what was chosen for it: %v", last())
	}
}

func TestWhatCannotBeMeantStaysInTheForm(t *testing.T) {
	var asked []pane.Wish
	m := uitest.Play(program(t, &uitest.Server{}, wishes(&asked)), 120, 36, keysOf(enters(1)+"O")...)
	for range 20 {
		m = press(m, "down")
		if strings.Contains(screen(m), "in seconds") {
			break
		}
	}
	m = press(m, "s o o n enter")
	if len(asked) != 1 || !strings.Contains(screen(m), "is a number of seconds") {
		t.Errorf("%d runs\n%s", len(asked), screen(m))
	}
	m = press(m, "ctrl+u 6 0 enter")
	if got := asked[len(asked)-1].Values["max_age"]; got != "60" {
		t.Errorf("asked for %q\n%s", got, screen(m))
	}
}

func TestAPasswordThatIsAskedForIsASecret(t *testing.T) {
	var asked []pane.Wish
	m := uitest.Play(program(t, &uitest.Server{}, wishes(&asked)), 120, 36, keysOf("F p a s s w o r d enter a l i c e down s e s a m e")...)
	if strings.Contains(screen(m), "sesame") {
		t.Error("the password is on the screen")
	}
	press(m, "enter")
	w := asked[len(asked)-1]
	if w.Values["username"] != "alice" || w.Values["password"] != "" || w.Secrets["password"].Reveal() != "sesame" {
		t.Errorf("asked for %v and %v", w.Values, w.Secrets)
	}
}

func TestACodeIsSentAgainOnlyAfterAQuestion(t *testing.T) {
	srv := &uitest.Server{}
	m := uitest.Play(program(t, srv, nil), 120, 36, keysOf(enters(5)+"up r")...)
	if !strings.Contains(screen(m), "counts once") {
		t.Fatalf("nothing was asked:\n%s", screen(m))
	}
	if m = press(m, "esc"); strings.Contains(screen(m), "counts once") || !strings.Contains(screen(m), "✓ 5") {
		t.Errorf("esc did something:\n%s", screen(m))
	}
}

// Every flow is in the menu, and starts from there.
func TestEveryFlowStartsFromTheMenu(t *testing.T) {
	var asked []pane.Wish
	m := uitest.Play(program(t, &uitest.Server{}, wishes(&asked)), 120, 36)
	for i, g := range grants.List() {
		m = press(m, "F "+strings.Repeat("down ", i)+"enter")
		if got := asked[len(asked)-1].Grant; got != g.ID {
			t.Fatalf("row %d started %s, want %s\n%s", i+1, got, g.ID, screen(m))
		}
		m = press(m, "esc")
	}
}
