package keys_test

import (
	"os"
	"strings"
	"testing"

	"authdance/ui/keys"
)

func table(t *testing.T) keys.Map {
	t.Helper()
	m, err := keys.New(keys.Default())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTwoActionsOnOneKeyAreRefused(t *testing.T) {
	_, err := keys.New([]keys.Row{{Action: "a", Scope: "s", Keys: []string{"x"}}, {Action: "b", Scope: "s", Keys: []string{"x"}}})
	if err == nil || !strings.Contains(err.Error(), "both a and b") {
		t.Fatalf("got %v", err)
	}
}

func TestTheInnerScopeWins(t *testing.T) {
	m := table(t)
	if a, _ := m.Resolve("G", keys.Flow, keys.App, keys.List); a != keys.Now {
		t.Fatalf("G in the Flow pane is %s", a)
	}
	if a, _ := m.Resolve("G", keys.Catalog, keys.App, keys.List); a != keys.Bottom {
		t.Fatalf("G elsewhere is %s", a)
	}
	for _, r := range m.Rows(keys.Flow, keys.App, keys.List) {
		if r.Action != keys.Bottom {
			continue
		}
		for _, k := range r.Keys {
			if k == "G" {
				t.Fatal("the help shows G twice with two meanings")
			}
		}
	}
}

// N1: letters and arrows both move, everywhere; digits are never the only way.
func TestEveryMoveHasAnArrowAndALetter(t *testing.T) {
	m := table(t)
	for _, r := range m.Rows(keys.List) {
		if len(r.Keys) < 2 {
			t.Errorf("%s has only %v", r.Action, r.Keys)
		}
	}
	if a, ok := m.Resolve("tab", keys.App); !ok || a != keys.NextTab {
		t.Error("tab does not turn the panes")
	}
}

// Rules for keys: these are other keys in many terminals.
func TestNoKeyIsAnotherKeyInSomeTerminals(t *testing.T) {
	for _, r := range table(t).All() {
		for _, k := range r.Keys {
			if strings.Contains(" ctrl+m ctrl+i ctrl+[ ctrl+h ctrl+j \\ [ ] { } @ ~ | ", " "+k+" ") {
				t.Errorf("%s is bound to %q", r.Action, k)
			}
		}
	}
}

func TestEveryRowHasHelp(t *testing.T) {
	for _, r := range table(t).All() {
		if r.Help == "" {
			t.Errorf("%s has no help", r.Action)
		}
	}
}

func TestTheReadmeTableIsTheTable(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSpace(table(t).Table())
	if !strings.Contains(string(b), want) {
		t.Errorf("the key table of the README is not the one of the program; it should be:\n%s", want)
	}
}
