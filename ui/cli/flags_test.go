package cli

import (
	"io"
	"strings"
	"testing"

	"authdance/flows/grants"
)

// Whatever a flow can be told, a flag can tell it.
func TestEveryOptionValueAndInputOfEveryFlowHasAFlag(t *testing.T) {
	cmd := runCommand(&console{})
	for _, g := range grants.List() {
		for _, s := range grants.Settings(g.ID) {
			flag := "--" + dashed(s.Name)
			if s.Choices != nil {
				flag = optionFlag(s.Name)
			}
			if cmd.Flags().Lookup(strings.TrimPrefix(flag, "--")) == nil {
				t.Errorf("%s: %s has no flag %s", g.ID, s.Name, flag)
			}
		}
		for _, need := range g.Takes {
			flag, _, _ := strings.Cut(strings.TrimPrefix(flagFor(need.Name), "--"), " ")
			if cmd.Flags().Lookup(flag) == nil {
				t.Errorf("%s: %s has no flag --%s", g.ID, need.Name, flag)
			}
		}
	}
}

func TestTheDiagramOfEveryFlowFits80Columns(t *testing.T) {
	for _, g := range grants.List() {
		var out strings.Builder
		c := &console{color: "never", environ: []string{"LANG=C.UTF-8"}, out: &sink{w: &out}, err: io.Discard}
		if err := c.ready(); err != nil {
			t.Fatal(err)
		}
		c.lanes(describe(g.ID, ""))
		for line := range strings.Lines(out.String()) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
				t.Errorf("%s: %d columns: %s", g.ID, n, line)
			}
		}
		if strings.Count(out.String(), "\n") < len(describe(g.ID, "").Steps) {
			t.Errorf("%s: not every step has a line", g.ID)
		}
	}
}
