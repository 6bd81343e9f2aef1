package lab

import (
	"slices"
	"testing"
)

// The sentences of the situations keep to the rules of all refusals, and their
// keys do not take the name of a problem that the lab itself can find.
func TestEverySituationHasItsOwnSentenceInAllowedCharacters(t *testing.T) {
	known := problems(t)
	said := map[string]string{}
	for _, p := range known {
		said[p.refusal().description] = string(p)
	}
	rows := slices.Concat(redirectScenarios(), pageScenarios(), tokenScenarios(), apiScenarios())
	if len(rows) < 70 {
		t.Fatalf("%d situations only", len(rows))
	}
	for _, row := range rows {
		if slices.Contains(known, problem(row.key)) {
			t.Errorf("%s is a problem of the lab already", row.key)
		}
		if other := said[row.why.description]; other != "" {
			t.Errorf("%s says the same as %s: %s", row.key, other, row.why.description)
		}
		said[row.why.description] = row.key
		for _, c := range row.why.description {
			if c < ' ' || c > '~' || c == '"' || c == '\\' {
				t.Errorf("%s: %q is not allowed in error_description", row.key, c)
			}
		}
		if got := problem(row.key).refusal(); got != row.why || got.code == "" || got.status < 400 {
			t.Errorf("%s: %+v", row.key, got)
		}
	}
}
