package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"authdance/flows/wire"
)

// groupKey is the annotation that says under which heading --help lists a flag.
const groupKey = "authdance_group"

// group adds flags under a heading of --help.
func group(cmd *cobra.Command, heading string, add func(*pflag.FlagSet)) {
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	fs.SortFlags = false
	add(fs)
	fs.VisitAll(func(f *pflag.Flag) { f.Annotations = map[string][]string{groupKey: {heading}} })
	cmd.Flags().SortFlags = false
	cmd.Flags().AddFlagSet(fs)
}

// help prints a command: what it is for, how it is written, examples, the
// commands below it, and its flags by topic. It asks the terminal nothing.
func (c *console) help(cmd *cobra.Command, _ []string) {
	if c.styles == nil {
		if err := c.ready(); err != nil {
			c.color = "auto"
			_ = c.ready()
		}
	}
	head := func(s string) { c.printf("\n%s", c.styles.Title.Render(strings.ToUpper(s))) }
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	c.printf("%s", text)
	head("usage")
	use := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		use = cmd.CommandPath() + " [command] [flags]"
	}
	c.printf("  %s", use)
	if cmd.Example != "" {
		head("examples")
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			c.printf("  %s", c.styles.Code.Render(line))
		}
	}
	if cmd.HasAvailableSubCommands() {
		head("commands")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				c.printf("  %s %s", c.styles.Key.Render(padded(sub.Name(), 12)), sub.Short)
			}
		}
	}
	width := min(max(c.columns(), 60), 110)
	var order []string
	groups := map[string]*pflag.FlagSet{}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		heading := "flags"
		if g := f.Annotations[groupKey]; len(g) == 1 {
			heading = g[0]
		}
		if cmd.PersistentFlags().Lookup(f.Name) != nil || f.Name == "help" {
			heading = "everywhere"
		}
		if groups[heading] == nil {
			groups[heading] = pflag.NewFlagSet("", pflag.ContinueOnError)
			groups[heading].SortFlags = false
			order = append(order, heading)
		}
		groups[heading].AddFlag(f)
	})
	if inherited := cmd.InheritedFlags(); inherited.HasAvailableFlags() {
		inherited.VisitAll(func(f *pflag.Flag) { groups["everywhere"].AddFlag(f) })
	}
	for _, heading := range order {
		head(heading)
		c.printf("%s", strings.TrimRight(groups[heading].FlagUsagesWrapped(width), "\n"))
	}
}

// nearestFlag is the flag that a misspelt name most likely meant, or "".
func nearestFlag(cmd *cobra.Command, name string) string {
	var all []string
	look := func(f *pflag.Flag) { all = append(all, f.Name) }
	cmd.Flags().VisitAll(look)
	cmd.InheritedFlags().VisitAll(look)
	return wire.Nearest(name, all)
}

func padded(s string, n int) string {
	if len(s) >= n {
		return s
	}
	return s + strings.Repeat(" ", n-len(s))
}
