//go:build !windows

package ttyin

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

// watcher is a program that tells what it gets.
type watcher struct{ got chan<- string }

func (w watcher) Init() tea.Cmd { return nil }

func (w watcher) View() tea.View { return tea.NewView("watching") }

func (w watcher) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		w.got <- fmt.Sprintf("size %dx%d", msg.Width, msg.Height)
	case tea.KeyPressMsg:
		if msg.String() == "q" {
			return w, tea.Quit
		}
		w.got <- "key " + msg.String()
	case tea.PasteMsg:
		w.got <- "paste " + msg.Content
	case tea.BackgroundColorMsg:
		w.got <- "background " + msg.String()
	}
	return w, nil
}

type stage struct {
	t         *testing.T
	ptmx, tty *os.File
	got       chan string
	program   *tea.Program
	ended     chan error
}

// play starts a real program on a pty.
func play(t *testing.T) *stage {
	t.Helper()
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pty here: %v", err)
	}
	t.Cleanup(func() { ptmx.Close(); tty.Close() })
	if err := pty.Setsize(ptmx, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, ptmx: ptmx, tty: tty, got: make(chan string, 4096), ended: make(chan error, 1)}
	go io.Copy(io.Discard, ptmx) //nolint:errcheck // ends with the pty
	s.program = tea.NewProgram(watcher{s.got}, tea.WithInput(New(tty)), tea.WithOutput(tty),
		tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	return s
}

func (s *stage) run() {
	go func() {
		_, err := s.program.Run()
		s.ended <- err
	}()
	s.want("size 80x24")
}

func (s *stage) send(keys string) {
	s.t.Helper()
	if _, err := s.ptmx.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) want(want ...string) {
	s.t.Helper()
	for _, w := range want {
		select {
		case got := <-s.got:
			if got != w {
				s.t.Fatalf("got %.80q, want %.80q", got, w)
			}
		case err := <-s.ended:
			s.t.Fatalf("ended (%v), want %.80q", err, w)
		case <-time.After(30 * time.Second):
			s.t.Fatalf("nothing came, want %.80q", w)
		}
	}
}

// line reads from the terminal as another program would.
func (s *stage) line() string {
	s.t.Helper()
	read := make(chan string, 1)
	go func() {
		buf := make([]byte, 64)
		n, _ := s.tty.Read(buf)
		read <- string(buf[:n])
	}()
	select {
	case line := <-read:
		return line
	case <-time.After(30 * time.Second):
		s.t.Fatal("the line does not come")
		return ""
	}
}

func (s *stage) end() {
	s.t.Helper()
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Fatal(err)
		}
	case <-time.After(30 * time.Second):
		s.t.Fatal("the program does not end")
	}
}

func TestARealProgramGetsKeysPastesAndSizesThroughTheFilter(t *testing.T) {
	s := play(t)
	before, err := term.GetState(s.tty.Fd())
	if err != nil {
		t.Fatal(err)
	}
	s.run()

	// Raw mode: keys come one at a time, unechoed, Ctrl+C and Ctrl+Z as keys.
	during, err := term.GetState(s.tty.Fd())
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(before, during) {
		t.Fatal("the terminal is not in raw mode")
	}
	s.send("k")
	s.want("key k")
	s.send("é✓\x1b[A\x1bOB\t\r\x03")
	s.want("key é", "key ✓", "key up", "key down", "key tab", "key enter", "key ctrl+c")
	s.send("\x1b")
	s.want("key esc")
	s.send("\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\")
	s.want("background #1e1e2e")

	s.send("\x1b[200~eyJ.x.y\nq\x1b[201~")
	s.want("paste eyJ.x.y\nq")
	long := strings.Repeat("0123456789abcde\n", 64<<10/16)
	s.send("\x1b[200~" + long + "\x1b[201~")
	s.want("paste " + long)

	if err := pty.Setsize(s.ptmx, &pty.Winsize{Rows: 40, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
		t.Fatal(err)
	}
	s.want("size 120x40")

	// What would have ended it.
	s.send("\x1b[" + strings.Repeat(";", 60) + "1m\x9bMabc")
	s.send("\x1b[200~\x1b[" + strings.Repeat("2;", 60) + "m\x1b[201~")
	s.want("key M", "key a", "key b", "key c", "paste ["+strings.Repeat("2;", 60)+"m")

	// Of a DCS sequence this parser takes 16 parameters, the rest is typing.
	s.send("\x1bP" + strings.Repeat("1;", 60) + "{\x1b\\" + "z")
	for got := ""; got != "key z"; {
		select {
		case got = <-s.got:
		case err := <-s.ended:
			t.Fatalf("ended: %v", err)
		case <-time.After(30 * time.Second):
			t.Fatal("the keyboard is dead")
		}
	}

	s.send("q")
	s.end()
	after, err := term.GetState(s.tty.Fd())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, after) {
		t.Fatal("the terminal is not as it was")
	}
}

func TestQuittingCancelsTheReadAndLeavesTheNextLineAlone(t *testing.T) {
	s := play(t)
	s.run()
	s.program.Quit() // nobody presses a key
	s.end()
	// A read that was left behind would take this line from whoever reads next.
	s.send("for the shell\n")
	if got := s.line(); got != "for the shell\n" {
		t.Fatalf("read %q", got)
	}
}

func TestTheTerminalIsHandedOutAndTakenBack(t *testing.T) {
	s := play(t)
	s.run()
	s.send("a")
	s.want("key a")
	if err := s.program.ReleaseTerminal(); err != nil {
		t.Fatal(err)
	}
	s.send("for the editor\n")
	if got := s.line(); got != "for the editor\n" {
		t.Fatalf("the other program reads %q", got)
	}
	if err := s.program.RestoreTerminal(); err != nil {
		t.Fatal(err)
	}
	s.want("size 80x24")
	s.send("b")
	s.want("key b")
	s.send("q")
	s.end()
}

func TestOnlyATerminalIsWrappedAsOne(t *testing.T) {
	s := play(t)
	wrapped, is := New(s.tty).(Terminal)
	if !is || wrapped.Fd() != s.tty.Fd() || wrapped.Name() != s.tty.Name() {
		t.Errorf("%T is not the terminal", wrapped)
	}
	if _, is := New(strings.NewReader("")).(interface{ Fd() uintptr }); is {
		t.Error("a plain reader has a file descriptor")
	}
}
