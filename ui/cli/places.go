package cli

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"authdance/flows/exec"
	"authdance/flows/files"
	"authdance/flows/provider"
)

// place is a directory of ours.
type place struct{ name, path, what string }

// configDir is where settings and profiles are: --config, then
// AUTHDANCE_CONFIG_DIR, then the platform's place.
func (c *console) configDir() string {
	if c.config != "" {
		return c.config
	}
	if dir, ok := c.env("AUTHDANCE_CONFIG_DIR"); ok && dir != "" {
		return dir
	}
	return filepath.Join(xdg.ConfigHome, "authdance")
}

func (c *console) stateDir() string { return filepath.Join(xdg.StateHome, "authdance") }

func (c *console) profiles() provider.Store {
	return provider.Store{Dir: filepath.Join(c.configDir(), "profiles")}
}

func (c *console) places() []place {
	return []place{
		{"config", c.configDir(), "settings"},
		{"profiles", c.profiles().Dir, "provider profiles, one TOML file each"},
		{"state", c.stateDir(), "crash reports"},
	}
}

func pathsCommand(c *console) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "paths", Short: "Show where authdance keeps its files", Args: nothing,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return c.document(struct {
					Schema   int    `json:"schema"`
					Config   string `json:"config"`
					Profiles string `json:"profiles"`
					State    string `json:"state"`
				}{schema, c.configDir(), c.profiles().Dir, c.stateDir()})
			}
			for _, p := range c.places() {
				c.printf("%s %s  %s", padded(p.name, 9), p.path, c.styles.Muted.Render(p.what))
			}
			return nil
		}}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON document")
	return cmd
}

// crash reports a bug of ours: one line on stderr, the stack in a private
// file. The value of a panic may hold server text or a secret, so only its
// type is kept.
func (c *console) crash(where string, value any) {
	c.crashFile(where, fmt.Sprintf("%T", value), debug.Stack())
}

func (c *console) crashed(k exec.Crash) { c.crashFile("a step", fmt.Sprintf("%T", k.Value), k.Stack) }

func (c *console) crashFile(where, kind string, stack []byte) {
	b := readBuild()
	path := filepath.Join(c.stateDir(), "crash-"+c.now().UTC().Format("20060102T150405.000Z")+".txt")
	text := fmt.Sprintf("authdance %s %s %s\n%s in %s\n\n%s", b.Version, b.Commit, b.Go, kind, where, stack)
	told := "authdance made a mistake in " + where + " (" + kind + ")."
	if err := files.Write(path, []byte(text)); err != nil {
		// Without a file the stack is worth more on the screen than lost.
		c.complain(told + " Please report it with this:\n" + strings.TrimSpace(text))
		return
	}
	c.complain(told + " Please report it with the file " + path + "; it holds no values of yours")
}
