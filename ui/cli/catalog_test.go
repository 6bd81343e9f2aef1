//go:build !race

// Each command is a process of its own, where the race detector of the test sees nothing.

package cli

import (
	"slices"
	"strings"
	"testing"

	"authdance/catalog"
)

// What the catalog tells people to type must run, and must show a failure: that
// is what it is there for.
func TestTheCommandsOfTheCatalogRun(t *testing.T) {
	book, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	faults, err := program(t, "lab", "--list-faults").Output()
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, p := range book.Pages() {
		l := p.Lab
		// A page may come before its fault; the catalog's own tests know all keys.
		if key, _, _ := strings.Cut(l.Fault, "="); key != "" && !slices.Contains(strings.Fields(string(faults)), key) {
			t.Logf("%s: the lab has no fault %s yet", p.ID, l.Fault)
			continue
		}
		if l.Flow == "" || slices.ContainsFunc(l.Args, func(a string) bool { return strings.HasPrefix(a, "https://") }) {
			continue // the rest would leave this computer
		}
		args := []string{"run", l.Flow, "--json"}
		if l.Fault != "" {
			args = append(args, "--fault", l.Fault)
		}
		for _, e := range l.Edit {
			args = append(args, "--edit", e)
		}
		out, err := program(t, append(args, l.Args...)...).CombinedOutput()
		ran++
		code := exitCode(t, err)
		failed := strings.Contains(string(out), `"status": "failed"`)
		if code == exitUsage || code >= exitBug || (code != exitOK) != failed {
			t.Errorf("page %s: %s\nexit code %d\n%s", p.ID, l.Command(), code, out)
		}
		t.Log(p.ID, code, l.Command())
	}
	if ran < 10 {
		t.Errorf("only %d commands were tried", ran)
	}
}
