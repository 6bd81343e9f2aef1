// Package keys holds the one table of keys. Bindings, the footer, the help
// overlay, the command palette and the README are all read from its rows, so
// they cannot disagree. Panes see actions, never keys.
package keys

import (
	"fmt"
	"slices"
	"strings"
)

// Action names a capability, not a key.
type Action string

// Scope is where a row is live: one pane, a kind of list, or everywhere.
type Scope string

// Row is one line of the table.
type Row struct {
	Action Action
	Scope  Scope
	Keys   []string // the first one is shown; none: palette only
	Help   string   // "edit before sending"
	Hint   int      // place in the footer, 1 first; 0: not in the footer
	Short  string   // footer word when Help is too long for it
}

// Map resolves keys to actions.
type Map struct{ rows []Row }

// New checks the rows: two actions on one key in one scope is an error that
// names both.
func New(rows []Row) (Map, error) {
	seen := map[string]Action{}
	for _, r := range rows {
		for _, k := range r.Keys {
			at := string(r.Scope) + " " + k
			if was, ok := seen[at]; ok && was != r.Action {
				return Map{}, fmt.Errorf("keys: %q in scope %s is both %s and %s", k, r.Scope, was, r.Action)
			}
			seen[at] = r.Action
		}
	}
	return Map{rows}, nil
}

// Resolve returns the action of a key press; earlier scopes win.
func (m Map) Resolve(key string, scopes ...Scope) (Action, bool) {
	for _, sc := range scopes {
		for _, r := range m.rows {
			if r.Scope == sc && slices.Contains(r.Keys, key) {
				return r.Action, true
			}
		}
	}
	return "", false
}

// Rows returns the rows of the scopes, in table order. An action whose keys are
// all taken by an earlier scope is left out: its key would do something else.
func (m Map) Rows(scopes ...Scope) []Row {
	taken := map[string]bool{}
	var out []Row
	for _, sc := range scopes {
		var here []string
		for _, r := range m.rows {
			if r.Scope != sc {
				continue
			}
			free := r
			free.Keys = slices.DeleteFunc(slices.Clone(r.Keys), func(k string) bool { return taken[k] })
			if len(free.Keys) > 0 || len(r.Keys) == 0 {
				out = append(out, free)
			}
			here = append(here, r.Keys...)
		}
		for _, k := range here {
			taken[k] = true
		}
	}
	return out
}

// All returns every row, for the palette and the README.
func (m Map) All() []Row { return m.rows }

// Key returns the first key of an action as people read it, "" when it has none.
func (m Map) Key(a Action) string {
	for _, r := range m.rows {
		if r.Action == a && len(r.Keys) > 0 {
			return Name(r.Keys[0])
		}
	}
	return ""
}

// Name is a key as the screen spells it.
func Name(key string) string {
	switch key {
	case "up":
		return "↑"
	case "down":
		return "↓"
	case "left":
		return "←"
	case "right":
		return "→"
	case "space", " ":
		return "space"
	case "f1":
		return "F1"
	}
	return key
}

// Table is the README's key table, in Markdown.
func (m Map) Table() string {
	var b strings.Builder
	b.WriteString("| where | keys | does |\n|---|---|---|\n")
	for _, r := range m.rows {
		if len(r.Keys) == 0 {
			continue
		}
		names := make([]string, len(r.Keys))
		for i, k := range r.Keys {
			names[i] = "`" + Name(k) + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.Scope, strings.Join(names, " "), r.Help)
	}
	return b.String()
}
