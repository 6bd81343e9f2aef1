package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// build is what the binary knows about itself.
type build struct {
	Schema   int    `json:"schema"`
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Date     string `json:"date"`
	Modified bool   `json:"modified"` // built from files that differ from the commit
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Pages    int    `json:"catalog_pages"`
	Reviewed string `json:"catalog_reviewed"` // the day of the youngest review
}

func readBuild() build {
	b := build{Schema: schema, Version: "unknown", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = info.Main.Version
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "development"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (b build) String() string {
	s := "authdance " + b.Version
	if b.Commit != "" {
		s += " (" + b.Commit[:min(len(b.Commit), 12)] + ")"
	}
	return fmt.Sprintf("%s %s %s/%s", s, b.Go, b.OS, b.Arch)
}

func (c *console) version(asJSON bool) error {
	b := readBuild()
	if !asJSON {
		c.printf("%s", b)
		return nil
	}
	book, err := c.book()
	if err != nil {
		return err
	}
	for _, p := range book.Pages() {
		b.Pages++
		b.Reviewed = max(b.Reviewed, p.Reviewed)
	}
	return c.document(b)
}

func versionCommand(c *console) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "version", Short: "Print the version", Args: nothing,
		RunE: func(*cobra.Command, []string) error { return c.version(asJSON) }}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON document, with the state of the catalog")
	return cmd
}

func manCommand(c *console) *cobra.Command {
	return &cobra.Command{Use: "man", Short: "Print the manual page (roff)", Args: nothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plain(cmd.Root())
			page, err := mango.NewManPage(1, cmd.Root())
			if err != nil {
				return &outcome{exitBug, err.Error()}
			}
			page = page.WithSection("Exit status", exitText())
			_, err = fmt.Fprint(c.out, page.Build(roff.NewDocument()))
			return err
		}}
}

// plain takes the quotes out of the help of flags: they mark the name of the
// value for --help, and would stand in the manual as they are.
func plain(cmd *cobra.Command) {
	unquote := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	cmd.Flags().VisitAll(unquote)
	cmd.PersistentFlags().VisitAll(unquote)
	for _, sub := range cmd.Commands() {
		plain(sub)
	}
}

// exitText is the table of exit codes as people read it.
func exitText() string {
	return "0 everything went well. 1 the server answered with an OAuth error, or nothing was found. 2 usage, configuration or unreadable input. " +
		"3 network or TLS. 4 somebody would have to be asked. 5 a check failed. 6 nobody came back in time, or the person refused here. " +
		"70 a mistake in authdance. 74 the output could not be written. 128+n ended by signal n, so 130 after Ctrl-C."
}
