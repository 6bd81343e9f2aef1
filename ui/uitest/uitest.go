// Package uitest drives a model without a terminal and compares screens as
// cells, not bytes. Commands are drained synchronously: no sleep, no goroutine.
package uitest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"authdance/catalog"
	"authdance/themes"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/session"
)

var update = flag.Bool("update", false, "rewrite golden files")

// Play gives the model a size and presses the keys, running every command to
// its end after each one. "paste:TEXT" pastes, "resize:WxH" is not a key.
func Play(m tea.Model, w, h int, script ...string) tea.Model {
	m = Settle(m, m.Init())
	m = Settle(m, func() tea.Msg { return tea.WindowSizeMsg{Width: w, Height: h} })
	for _, k := range script {
		m = Settle(m, func() tea.Msg { return Press(k) })
	}
	return m
}

// Press makes the message of one key ("enter", "ctrl+c", "x") or paste ("paste:text").
func Press(k string) tea.Msg {
	if text, ok := strings.CutPrefix(k, "paste:"); ok {
		return tea.PasteMsg{Content: text}
	}
	var mod tea.KeyMod
	for {
		if rest, ok := strings.CutPrefix(k, "ctrl+"); ok && rest != "" {
			mod, k = mod|tea.ModCtrl, rest
		} else if rest, ok := strings.CutPrefix(k, "shift+"); ok && rest != "" {
			mod, k = mod|tea.ModShift, rest
		} else {
			break
		}
	}
	named := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
		"backspace": tea.KeyBackspace, "space": tea.KeySpace, "f1": tea.KeyF1, "f5": tea.KeyF5}
	if code, ok := named[k]; ok {
		msg := tea.KeyPressMsg{Code: code, Mod: mod}
		if k == "space" {
			msg.Text = " "
		}
		return msg
	}
	r, _ := utf8.DecodeRuneInString(k)
	msg := tea.KeyPressMsg{Code: r, Mod: mod}
	if mod == 0 {
		msg.Text = k
	}
	return msg
}

// Settle runs a command and every command that follows from it.
func Settle(m tea.Model, cmd tea.Cmd) tea.Model {
	queue := []tea.Cmd{cmd}
	for n := 0; len(queue) > 0 && n < 10_000; n++ {
		cmd, queue = queue[0], queue[1:]
		if cmd == nil {
			continue
		}
		switch msg := cmd().(type) {
		case nil, tea.QuitMsg:
		case tea.BatchMsg:
			queue = append(queue, msg...)
		default:
			var next tea.Cmd
			m, next = m.Update(msg)
			queue = append(queue, next)
		}
	}
	return m
}

// Screen is what the person sees, a line per row, trailing blanks cut.
func Screen(m tea.Model, w, h int) string { return cells(m.View().Content, w, h) }

func cells(content string, w, h int) string {
	c := lipgloss.NewCanvas(w, h)
	c.Compose(lipgloss.NewLayer(content))
	lines := strings.Split(ansi.Strip(c.Render()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.Join(lines, "\n") + "\n"
}

// Env is a pane's surroundings in a test: default keys, the mono theme, the
// embedded catalog.
func Env(t testing.TB, snap session.Snapshot, w, h int) pane.Env {
	t.Helper()
	km, err := keys.New(keys.Default())
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	th, err := themes.Load("mono")
	if err != nil {
		t.Fatal(err)
	}
	return pane.Env{Snap: snap, Styles: th.Styles(themes.Unicode(), true), Keys: km, Catalog: cat, Focus: true, W: w, H: h}
}

// Draw syncs a pane, runs its commands, and returns it with its picture.
func Draw(p pane.Pane, e pane.Env) (pane.Pane, string) {
	p, cmd := p.Sync(e)
	queue := []tea.Cmd{cmd}
	for n := 0; len(queue) > 0 && n < 1000; n++ {
		cmd, queue = queue[0], queue[1:]
		if cmd == nil {
			continue
		}
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			queue = append(queue, msg...)
		default:
			p, cmd = p.Update(msg, e)
			queue = append(queue, cmd)
		}
	}
	return p, cells(p.View(e), e.W, e.H)
}

// Updating reports whether the tests run with -update: golden files are written.
func Updating() bool { return *update }

// Golden compares with testdata/<test name>.golden; -update rewrites it.
func Golden(t *testing.T, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(t.Name())+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update to make it)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update to accept)\n--- want\n%s--- got\n%s", path, want, got)
	}
}
