package ui_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/provider"
	"authdance/themes"
	"authdance/ui"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/uitest"
	"authdance/ui/welcome"
)

// program is the whole model on the fixture server: no ports, no clock, no
// random source. Every fact is one second after the one before.
func program(t testing.TB, srv *uitest.Server, change func(*ui.Deps)) tea.Model {
	t.Helper()
	d := deps(t, srv)
	if change != nil {
		change(&d)
	}
	return ui.New(context.Background(), d)
}

func deps(t testing.TB, srv *uitest.Server) ui.Deps {
	t.Helper()
	km, err := keys.New(keys.Default())
	if err != nil {
		t.Fatal(err)
	}
	th, err := themes.Load("mono")
	if err != nil {
		t.Fatal(err)
	}
	at := uitest.Clock()
	return ui.Deps{
		Performer: srv, Styles: th.Styles(themes.Unicode(), true), Keys: km, Flow: "authorization_code", Profile: "lab",
		Profiles: []provider.Profile{provider.ForLab(uitest.Issuer, strings.TrimSuffix(uitest.API, "/api/profile"))},
		Now:      func() time.Time { at = at.Add(time.Second); return at },
		Start: func(w pane.Wish) (flows.Started, flows.Performer, error) {
			vars := uitest.Vars()
			for k, v := range w.Values {
				vars[k] = v
			}
			e, err := grants.Start(flows.Spec{Grant: w.Grant, Options: w.Options}, uitest.Profile(), vars, w.Secrets, nil)
			return e, nil, err
		},
		Clipboard: func(string) error { return nil },
		Welcome: welcome.Facts{{Name: "lab server", Value: "127.0.0.1:9500"}, {Name: "callback", Value: "a free port on 127.0.0.1"},
			{Name: "clipboard", Value: "local"}, {Name: "browser", Value: "none found: built-in sign-in", Warn: true}},
	}
}

func keysOf(s string) []string { return strings.Fields(s) }

func enters(n int) string { return strings.Repeat("enter ", n) }

func sizes() [][2]int { return [][2]int{{60, 16}, {80, 24}, {120, 36}} }

// Every state that people meet, at every size class, as cells.
func TestScreens(t *testing.T) {
	scripts := map[string]string{
		"start": "", "mid": enters(4), "done": enters(8), "failed": enters(4) + "e 1 enter", "rewound": enters(6) + "b b",
		"forked": enters(6) + "b b v", "help": "?", "palette": ": r e f", "edit": enters(4) + "e 1", "why": enters(4) + "e 1 enter w",
		"token": enters(8) + "4", "catalog": "/ p k c e", "diagram": enters(5) + "d", "profiles": enters(1) + "1", "explain": enters(2) + "i",
	}
	for name, script := range scripts {
		for _, s := range sizes() {
			t.Run(fmt.Sprintf("%s/%dx%d", name, s[0], s[1]), func(t *testing.T) {
				m := uitest.Play(program(t, &uitest.Server{}, nil), s[0], s[1], keysOf(script)...)
				uitest.Golden(t, uitest.Screen(m, s[0], s[1]))
			})
		}
	}
	t.Run("welcome", func(t *testing.T) {
		m := uitest.Play(program(t, &uitest.Server{}, func(d *ui.Deps) { d.Greet = true }), 80, 24)
		uitest.Golden(t, uitest.Screen(m, 80, 24))
	})
}

// The first minute: nothing but enter, from the welcome screen to tokens, to a
// failure made on purpose, to its cause, to the page about it.
func TestTheFirstMinuteNeedsOnlyEnter(t *testing.T) {
	for _, s := range sizes() {
		m := uitest.Play(program(t, &uitest.Server{}, func(d *ui.Deps) { d.Greet = true }), s[0], s[1])
		var seen []string
		want := []string{"signed in as Alice Example", "ID token", "EDIT", "does not match", "In one sentence", "that was the tour"}
		for n := 0; n < 14 && len(seen) < len(want); n++ {
			m = uitest.Settle(m, func() tea.Msg { return uitest.Press("enter") })
			for len(seen) < len(want) && strings.Contains(uitest.Screen(m, s[0], s[1]), want[len(seen)]) {
				seen = append(seen, want[len(seen)])
			}
		}
		if len(seen) != len(want) {
			t.Errorf("at %dx%d only %q in 14 presses; the screen:\n%s", s[0], s[1], seen, uitest.Screen(m, s[0], s[1]))
		}
	}
}

// The last two lines are NEXT and keys, in every state and size.
func TestTheLastTwoLinesAreNextAndKeys(t *testing.T) {
	for _, s := range append(sizes(), [2]int{40, 12}, [2]int{200, 60}) {
		for _, script := range []string{"", enters(4), enters(4) + "e 1", enters(4) + "e 1 enter", enters(8) + "4", "?", ":", "/ x"} {
			m := uitest.Play(program(t, &uitest.Server{}, nil), s[0], s[1], keysOf(script)...)
			lines := strings.Split(strings.TrimSuffix(uitest.Screen(m, s[0], s[1]), "\n"), "\n")
			if len(lines) != s[1] {
				t.Errorf("%v %q: %d lines", s, script, len(lines))
				continue
			}
			if !strings.HasPrefix(lines[len(lines)-2], " NEXT") || !strings.Contains(lines[len(lines)-1], "help") {
				t.Errorf("%v %q:\n%s\n%s", s, script, lines[len(lines)-2], lines[len(lines)-1])
			}
		}
	}
}

// T7, A3: with ASCII signs and no colour everything is there, in ASCII.
func TestAsciiScreensAreAscii(t *testing.T) {
	th, err := themes.Load("mono")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{"", enters(4) + "e 1", enters(4) + "e 1 enter w", enters(8) + "4", enters(5) + "d", "?", "/ x"} {
		m := uitest.Play(program(t, &uitest.Server{}, func(d *ui.Deps) { d.Styles = th.Styles(themes.ASCII(), true) }), 120, 36, keysOf(script)...)
		for _, r := range m.View().Content {
			if r > 0x7e {
				t.Errorf("%q: %q on an ASCII screen", script, r)
				break
			}
		}
	}
}

// R-PROC-07: every size from 0×0 to 500×500 draws; below 40×12 one polite line.
func TestEverySizeDraws(t *testing.T) {
	m := uitest.Play(program(t, &uitest.Server{}, nil), 80, 24, keysOf(enters(5))...)
	for _, s := range [][2]int{{0, 0}, {1, 1}, {5, 3}, {39, 11}, {40, 12}, {41, 13}, {59, 15}, {60, 16}, {79, 23}, {99, 24}, {100, 29}, {100, 30}, {139, 40}, {140, 40}, {500, 500}, {500, 10}, {10, 500}, {80, 24}} {
		m = uitest.Settle(m, func() tea.Msg { return tea.WindowSizeMsg{Width: s[0], Height: s[1]} })
		screen := uitest.Screen(m, max(1, s[0]), max(1, s[1]))
		if s[0] >= 20 && s[1] >= 3 && s[0] < 40 && !strings.Contains(strings.Join(strings.Fields(screen), " "), "needs 40×12") {
			t.Errorf("%v: %s", s, screen)
		}
	}
	if !strings.Contains(uitest.Screen(m, 80, 24), "NEXT") {
		t.Error("the screen did not come back")
	}
}

// Two models with different sizes and themes live in one process.
func TestTwoModelsDoNotKnowEachOther(t *testing.T) {
	a, b := program(t, &uitest.Server{}, nil), program(t, &uitest.Server{Deny: true}, nil)
	a, b = uitest.Play(a, 80, 24), uitest.Play(b, 120, 36)
	before := uitest.Screen(a, 80, 24)
	for range 4 {
		b = uitest.Settle(b, func() tea.Msg { return uitest.Press("enter") })
	}
	if uitest.Screen(a, 80, 24) != before {
		t.Error("one model changed the other")
	}
	if !strings.Contains(uitest.Screen(b, 120, 36), "access_denied") {
		t.Error("the other model did not go on")
	}
}

// N8: ctrl+c stops what is waiting, twice quits; at no step does it hang.
func TestCtrlCAtEveryStep(t *testing.T) {
	for n := range 9 {
		m := uitest.Play(program(t, &uitest.Server{}, nil), 80, 24, keysOf(enters(n))...)
		m, _ = m.Update(uitest.Press("ctrl+c"))
		_, cmd := m.Update(uitest.Press("ctrl+c"))
		if !quits(cmd) {
			t.Errorf("after %d steps ctrl+c twice does not quit", n)
		}
	}
}

func quits(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	switch msg := cmd().(type) {
	case tea.QuitMsg:
		return true
	case tea.BatchMsg:
		for _, c := range msg {
			if quits(c) {
				return true
			}
		}
	}
	return false
}

// A pasted callback whose state is not ours fails the step; one with ours goes on.
func TestAPastedCallbackIsReadWhileTheBrowserIsOut(t *testing.T) {
	m := uitest.Play(program(t, &uitest.Server{}, func(d *ui.Deps) { d.Performer = silent{d.Performer} }), 80, 24, keysOf(enters(3))...)
	m = uitest.Settle(m, func() tea.Msg { return uitest.Press("paste:" + uitest.Callback("code", "c1", "state", "not-ours")) })
	m = uitest.Settle(m, func() tea.Msg { return uitest.Press("enter") })
	if got := uitest.Screen(m, 80, 24); !strings.Contains(got, "state_mismatch") && !strings.Contains(got, "why did step 4 fail") {
		t.Errorf("the foreign state was not refused:\n%s", got)
	}
}

// silent never comes back from the browser.
type silent struct{ flows.Performer }

func (s silent) Perform(ctx context.Context, fx flows.Effect) flows.Event {
	if _, ok := fx.(flows.Browse); ok {
		return flows.Elapsed{ID: -1} // an answer to nothing
	}
	return s.Performer.Perform(ctx, fx)
}

// Hostile text from a server reaches no screen as a control character.
func TestHostileServerTextIsDrawnHarmless(t *testing.T) {
	evil := "\x1b]0;owned\x07\x1b[2J\u009b31m\u202egrant\r\n" + strings.Repeat("a\u0300\u0301\u0302\u0303\u0304", 600) + strings.Repeat("\x1b[1;2;3;4;5;6;7;8;9m", 50)
	srv := &uitest.Server{Answer: map[string]string{uitest.Issuer + "/token": fmt.Sprintf(`{"error":%q,"error_description":%q}`, "inv\u001balid", evil)}}
	for _, s := range sizes() {
		for _, script := range []string{enters(5), enters(5) + "w", enters(5) + "3 right right right", enters(5) + "d", enters(5) + "5", enters(5) + ":"} {
			m := uitest.Play(program(t, srv, nil), s[0], s[1], keysOf(script)...)
			for _, r := range uitest.Screen(m, s[0], s[1]) {
				if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x202e {
					t.Errorf("%v %q: %U on the screen", s, script, r)
					break
				}
			}
		}
	}
}

func benchmarkFrame(b *testing.B, w, h int) {
	m := uitest.Play(program(b, &uitest.Server{}, nil), w, h, keysOf(enters(5))...)
	b.ReportAllocs()
	for b.Loop() {
		m, _ = m.Update(uitest.Press("down"))
		_ = m.View()
	}
}

func BenchmarkKeyAndFrame120x36(b *testing.B) { benchmarkFrame(b, 120, 36) }
func BenchmarkKeyAndFrame200x60(b *testing.B) { benchmarkFrame(b, 200, 60) }
func BenchmarkKeyAndFrame80x24(b *testing.B)  { benchmarkFrame(b, 80, 24) }

func BenchmarkCachedFrame120x36(b *testing.B) {
	m := uitest.Play(program(b, &uitest.Server{}, nil), 120, 36, keysOf(enters(5))...)
	b.ReportAllocs()
	for b.Loop() {
		_ = m.View()
	}
}
