package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"

	"authdance/catalog"
	"authdance/flows/wire"
	"authdance/themes"
)

// console is the process as the commands see it.
type console struct {
	args    []string
	in      *os.File
	out     *sink
	err     io.Writer
	environ []string
	now     func() time.Time
	signals *signals

	inTTY, outTTY, errTTY bool

	// Global flags.
	color, config string
	noInput       bool

	quiet  bool           // no narration
	styles *themes.Styles // made by ready
	paint  io.Writer      // stdout for styled text: it loses what the output cannot show
	hint   io.Writer      // the same for stderr
}

func newConsole(args []string, in, out, err *os.File, environ []string) *console {
	c := &console{args: args, in: in, out: &sink{w: out}, err: &locked{w: err}, environ: environ, now: time.Now,
		inTTY: term.IsTerminal(in.Fd()), outTTY: term.IsTerminal(out.Fd()), errTTY: term.IsTerminal(err.Fd())}
	c.paint, c.hint = c.out, c.err
	return c
}

// ready reads the global flags, once they are known.
func (c *console) ready() error {
	if !slices.Contains([]string{"auto", "always", "never", "16", "256", "truecolor"}, c.color) {
		return usage("--color %s is not known; use auto, always, never, 16, 256 or truecolor", wire.Safe(c.color))
	}
	profile := themes.Colour(c.color, c.environ, c.outTTY)
	theme, err := themes.Load(themes.Names()[0])
	if err != nil {
		return &outcome{exitBug, err.Error()}
	}
	c.styles = theme.Styles(themes.PickSymbols(c.environ), profile < colorprofile.ANSI)
	c.paint = &colorprofile.Writer{Forward: c.out, Profile: profile}
	c.hint = &colorprofile.Writer{Forward: c.err, Profile: themes.Colour(c.color, c.environ, c.errTTY)}
	return nil
}

// env looks up a variable of the environment.
func (c *console) env(name string) (string, bool) {
	for _, line := range slices.Backward(c.environ) {
		if n, v, ok := strings.Cut(line, "="); ok && n == name {
			return v, true
		}
	}
	return "", false
}

// printf writes a line of styled text to stdout.
func (c *console) printf(format string, a ...any) { fmt.Fprintf(c.paint, format+"\n", a...) }

// say narrates on stderr, unless --quiet.
func (c *console) say(format string, a ...any) {
	if !c.quiet {
		fmt.Fprintf(c.hint, format+"\n", a...)
	}
}

// warn is said even with --quiet.
func (c *console) warn(format string, a ...any) {
	fmt.Fprintln(c.hint, c.sign("warn")+" "+fmt.Sprintf(format, a...))
}

// complain says on stderr why the program ends.
func (c *console) complain(text string) { fmt.Fprintln(c.err, "authdance: "+text) }

// sign is the styled sign of a state.
func (c *console) sign(state string) string {
	sign, style := c.styles.Status(state)
	return style.Render(sign)
}

// columns is the width of stdout, 80 where it is no terminal.
func (c *console) columns() int {
	if f, ok := c.out.w.(*os.File); ok && c.outTTY {
		if w, _, err := term.GetSize(f.Fd()); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// book opens the catalog. That it cannot be read is a bug of ours.
func (c *console) book() (*catalog.Catalog, error) {
	b, err := catalog.Load()
	if err != nil {
		return nil, &outcome{exitBug, "the catalog cannot be read: " + err.Error()}
	}
	return b, nil
}

// sink remembers the first error of stdout, so that no command has to ask
// after every line.
type sink struct {
	w     io.Writer
	mu    sync.Mutex
	first error
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first != nil {
		return 0, s.first
	}
	n, err := s.w.Write(p)
	s.first = err
	return n, err
}

func (s *sink) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// locked keeps lines whole that come from several goroutines.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
