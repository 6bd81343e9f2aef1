// Package cli is the command line and the composition root: it builds what a
// command needs (lab, performer, styles) and turns what happened into text,
// JSON and an exit code. Its rule: names, JSON and exit codes are an interface
// that scripts rely on; data goes to stdout and narration to stderr; nothing
// asks a question unless a terminal is there to answer it.
package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"authdance/flows/wire"
)

// The exit codes of the command line contract.
const (
	exitOK          = 0
	exitRefused     = 1 // the server answered with an OAuth error, or nothing was found
	exitUsage       = 2 // usage, configuration or unreadable input
	exitNetwork     = 3
	exitInteraction = 4
	exitCheck       = 5
	exitPerson      = 6 // timeout, or the person refused here
	exitBug         = 70
	exitOutput      = 74
	exitSignal      = 128 // plus the number of the signal
)

// outcome ends a command with a code. Without text nothing more is said,
// because the command has said it.
type outcome struct {
	code int
	text string
}

func (o *outcome) Error() string { return o.text }

func usage(format string, a ...any) error {
	return &outcome{exitUsage, fmt.Sprintf(format, a...)}
}

func ends(code int) error {
	if code == exitOK {
		return nil
	}
	return &outcome{code: code}
}

// Main runs the program on the process's own streams and returns its exit code.
func Main() int {
	return newConsole(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()).main()
}

func (c *console) main() (code int) {
	defer func() {
		if v := recover(); v != nil {
			c.crash("the command line", v)
			code = exitBug
		}
	}()
	ctx, signals := watchSignals()
	defer signals.stop()
	c.signals = signals
	cobra.MousetrapHelpText = "" // a double click on Windows opens the program, too
	root := newRoot(c)
	err := root.ExecuteContext(ctx)
	return c.code(err)
}

// code decides the exit code and says what has not been said yet.
func (c *console) code(err error) int {
	if n := c.signals.number(); n != 0 {
		return exitSignal + n
	}
	if bad := c.out.failed(); bad != nil {
		if !isBrokenPipe(bad) {
			c.complain("the output could not be written: " + wire.Safe(bad.Error()))
		}
		return exitOutput
	}
	if err == nil {
		return exitOK
	}
	var o *outcome
	if !errors.As(err, &o) {
		o = &outcome{exitUsage, err.Error()}
	}
	if o.text != "" {
		c.complain(o.text)
	}
	return o.code
}

// newRoot is the tree of commands.
func newRoot(c *console) *cobra.Command {
	var profile, flow, theme string
	var version bool
	root := &cobra.Command{
		Use:   "authdance",
		Short: "See every step of OAuth 2 and OpenID Connect",
		Long: "See every step of OAuth 2 and OpenID Connect: run a flow against the built-in lab or your own provider,\n" +
			"look at every message, break it, and learn why it failed. Without a command it opens the terminal program.",
		Example: "authdance\n" +
			"authdance run authorization_code\n" +
			"authdance explain AADSTS50011",
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case version:
				return c.version(false)
			case !c.inTTY || !c.outTTY:
				return cmd.Help()
			case c.dumb():
				c.say("This terminal (TERM=dumb) cannot show the program. Every flow also runs line by line: authdance run FLOW")
				return cmd.Help()
			}
			return c.tui(cmd.Context(), profile, flow, theme)
		},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetArgs(c.args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetHelpFunc(c.help)
	root.SetFlagErrorFunc(c.flagError)
	root.Flags().BoolP("help", "h", false, "help on this command")
	f := root.Flags()
	f.SortFlags = false
	f.StringVar(&profile, "profile", "", "begin with this `ID` of a profile")
	f.StringVar(&flow, "flow", "", "begin with this `ID` of a flow")
	f.StringVar(&theme, "theme", "", "colours of the program, by `NAME`")
	f.BoolVar(&version, "version", false, "print the version")
	g := root.PersistentFlags()
	g.SortFlags = false
	g.StringVar(&c.color, "color", "auto", "`WHEN`: auto, always, never, 16, 256 or truecolor")
	g.StringVar(&c.config, "config", "", "`DIR` of settings and profiles")
	g.BoolVar(&c.noInput, "no-input", false, "never ask anything")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return c.ready() }
	root.AddCommand(runCommand(c), flowsCommand(c), tokenCommand(c), explainCommand(c), diagnoseCommand(c), labCommand(c), profileCommand(c),
		pathsCommand(c), versionCommand(c), manCommand(c))
	root.InitDefaultCompletionCmd(c.args...)
	for _, sub := range root.Commands() {
		if sub.Name() == "completion" { // cobra lets it end well on a shell that it does not know
			sub.Args, sub.RunE = noCommand, needsCommand
		}
	}
	return root
}

// dumb: a terminal that can only print line after line.
func (c *console) dumb() bool {
	kind, ok := c.env("TERM")
	return !ok || kind == "dumb" || kind == ""
}

// noCommand refuses words that are no command, with the nearest ones.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	text := fmt.Sprintf("there is no command %q in %s", wire.Safe(args[0]), cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	} else {
		text += "; " + cmd.CommandPath() + " --help lists them"
	}
	return usage("%s", text)
}

// parent is a command that only holds others.
func parent(use, short string, sub ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: noCommand, RunE: needsCommand}
	cmd.AddCommand(sub...)
	return cmd
}

func needsCommand(cmd *cobra.Command, _ []string) error {
	_ = cmd.Help()
	return usage("%s needs one of its commands", cmd.CommandPath())
}

// exactly is cobra.ExactArgs with a sentence.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		if len(args) > n {
			return usage("%s takes %s and nothing more; %q is too much", cmd.CommandPath(), what, wire.Safe(args[n]))
		}
		return usage("%s needs %s", cmd.CommandPath(), what)
	}
}

func nothing(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no arguments; %q is too much", cmd.CommandPath(), wire.Safe(args[0]))
	}
	return nil
}

// flagError explains a flag that was not understood.
func (c *console) flagError(cmd *cobra.Command, err error) error {
	text := wire.Safe(err.Error())
	if name, unknown := strings.CutPrefix(text, "unknown flag: --"); unknown {
		text = "there is no flag --" + name + " in " + cmd.CommandPath()
		if near := nearestFlag(cmd, name); near != "" {
			return usage("%s; did you mean --%s?", text, near)
		}
	}
	return usage("%s; %s --help lists the flags", text, cmd.CommandPath())
}
