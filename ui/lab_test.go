package ui_test

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"authdance/ui"
	"authdance/ui/uitest"
)

func withLab(l *uitest.Lab) func(*ui.Deps) { return func(d *ui.Deps) { d.Lab = l } }

// What the lab checked, and what can be broken in it, at every size.
func TestScreensOfTheLab(t *testing.T) {
	for name, script := range map[string]string{
		"server":    enters(4) + "e 1 enter S",
		"server_ok": enters(5) + "up S",
		"faults":    enters(4) + "f",
		"fault_on":  enters(4) + "f enter",
	} {
		for _, s := range sizes() {
			t.Run(fmt.Sprintf("%s/%dx%d", name, s[0], s[1]), func(t *testing.T) {
				m := uitest.Play(program(t, &uitest.Server{}, withLab(&uitest.Lab{})), s[0], s[1], keysOf(script)...)
				uitest.Golden(t, uitest.Screen(m, s[0], s[1]))
			})
		}
	}
}

func screen(m tea.Model) string { return uitest.Screen(m, 120, 36) }

func TestAFaultIsSwitchedAtTheStepItStrikesAndShownInTheHeader(t *testing.T) {
	l := &uitest.Lab{}
	m := uitest.Play(program(t, &uitest.Server{}, withLab(l)), 120, 36, keysOf(enters(4)+"f")...)
	text := screen(m)
	if at, other := strings.Index(text, "token_500"), strings.Index(text, "discovery_404"); at < 0 || other < 0 || at > other {
		t.Errorf("the faults of the step in view do not come first:\n%s", text)
	}
	m = uitest.Settle(m, func() tea.Msg { return uitest.Press("enter") })
	if !l.Faults()[1].On || !strings.Contains(strings.SplitN(screen(m), "\n", 2)[0], "fault token_500") {
		t.Errorf("on = %v\n%s", l.Faults()[1].On, screen(m))
	}
	for _, k := range []string{"f", "enter"} {
		m = uitest.Settle(m, func() tea.Msg { return uitest.Press(k) })
	}
	if l.Faults()[1].On || strings.Contains(strings.SplitN(screen(m), "\n", 2)[0], "token_500") {
		t.Errorf("the fault is not off again:\n%s", screen(m))
	}
}

func TestTheDialectIsChosenFromTheSameMenu(t *testing.T) {
	l := &uitest.Lab{}
	m := uitest.Play(program(t, &uitest.Server{}, withLab(l)), 120, 36, keysOf(enters(4)+"f e n t r a enter")...)
	if !l.Dialects()[1].On || !strings.Contains(strings.SplitN(screen(m), "\n", 2)[0], "entra") {
		t.Errorf("%v\n%s", l.Dialects(), screen(m))
	}
}

// Without the lab both keys say why they do nothing.
func TestOnlyTheLabCanBeLookedInto(t *testing.T) {
	m := uitest.Play(program(t, &uitest.Server{}, nil), 120, 36, keysOf(enters(5)+"f")...)
	if !strings.Contains(screen(m), "only the built-in lab") {
		t.Errorf("f says nothing:\n%s", screen(m))
	}
	m = uitest.Play(program(t, &uitest.Server{}, nil), 120, 36, keysOf(enters(5)+"S")...)
	if !strings.Contains(strings.Join(strings.Fields(screen(m)), " "), "Only the built-in lab shows what it checked.") {
		t.Errorf("S says nothing:\n%s", screen(m))
	}
}
