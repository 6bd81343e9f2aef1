package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// Crash is a panic that ended the program, after the terminal was restored.
// Stack is ours alone: the panic's value may hold server text or a secret, so
// only its type is kept.
type Crash struct {
	Where string
	Kind  string
	Stack []byte
}

// Error says what happened in one line.
func (c *Crash) Error() string { return fmt.Sprintf("authdance broke in %s (%s)", c.Where, c.Kind) }

// Signal is the signal that ended the program.
type Signal struct{ Number int }

// Error names the signal.
func (s *Signal) Error() string { return fmt.Sprintf("ended by signal %d", s.Number) }

// Terminal is where the program draws.
type Terminal struct {
	In      io.Reader
	Out     io.Writer
	Environ []string
	Profile colorprofile.Profile
	W, H    int // 0: the terminal is asked
}

// Run shows the program until the person leaves. It returns a *Crash after a
// panic anywhere in the model or its commands, a *Signal after SIGTERM, SIGHUP
// or SIGQUIT, and nil otherwise. The terminal is as it was in every case.
func Run(ctx context.Context, d Deps, t Terminal) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := &guard{}
	m := guarded{New(ctx, d), g}
	opts := []tea.ProgramOption{tea.WithContext(ctx), tea.WithFPS(120), tea.WithoutSignalHandler(),
		tea.WithInput(t.In), tea.WithOutput(t.Out), tea.WithEnvironment(t.Environ), tea.WithColorProfile(t.Profile)}
	if t.W > 0 {
		opts = append(opts, tea.WithWindowSize(t.W, t.H))
	}
	p := tea.NewProgram(m, opts...)
	g.quit = p.Quit
	stop := g.signals(p)
	_, err := p.Run()
	stop()
	cancel()
	if c := g.first(); c != nil {
		return c
	}
	if n := g.signalled(); n != 0 {
		return &Signal{n}
	}
	if errors.Is(err, tea.ErrInterrupted) || errors.Is(err, tea.ErrProgramKilled) {
		return &Signal{int(syscall.SIGINT)}
	}
	return err
}

// guard keeps the first panic and the signal that ended the program.
type guard struct {
	mu     sync.Mutex
	crash  *Crash
	signal int
	quit   func()
}

func (g *guard) first() *Crash  { g.mu.Lock(); defer g.mu.Unlock(); return g.crash }
func (g *guard) signalled() int { g.mu.Lock(); defer g.mu.Unlock(); return g.signal }

// caught notes a panic and ends the program. It is deferred.
func (g *guard) caught(where string) {
	r := recover()
	if r == nil {
		return
	}
	g.mu.Lock()
	if g.crash == nil {
		g.crash = &Crash{Where: where, Kind: fmt.Sprintf("%T", r), Stack: debug.Stack()}
	}
	quit := g.quit
	g.mu.Unlock()
	if quit != nil {
		go quit()
	}
}

// signals ends the program on SIGINT, SIGTERM, SIGHUP and SIGQUIT, all of
// which must leave the terminal restored. The returned function stops listening.
func (g *guard) signals(p *tea.Program) func() {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-ch:
			g.mu.Lock()
			if n, ok := s.(syscall.Signal); ok {
				g.signal = int(n)
			}
			g.mu.Unlock()
			p.Quit()
		case <-done:
		}
	}()
	return func() { signal.Stop(ch); close(done) }
}

// guarded is the model behind the guard: a panic in it, or in one of its
// commands, ends the program in order instead of in a torn screen.
type guarded struct {
	Model
	guard *guard
}

// Init runs the model's Init.
func (m guarded) Init() tea.Cmd { return m.guard.command(m.Model.Init()) }

// Update runs the model's Update.
func (m guarded) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	next, cmd = m, tea.Quit
	defer m.guard.caught("Update")
	inner, c := m.Model.Update(msg)
	return guarded{inner.(Model), m.guard}, m.guard.command(c)
}

// View runs the model's View.
func (m guarded) View() (v tea.View) {
	defer m.guard.caught("View")
	return m.Model.View()
}

func (g *guard) command(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer g.caught("a command")
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i, c := range batch {
				batch[i] = g.command(c)
			}
		}
		return msg
	}
}
