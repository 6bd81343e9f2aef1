package lab

import "testing"

// A problem without a rule would show as a check of its own, without a sentence
// for the case that it holds.
func TestEveryProblemIsTheFailureOfOneRule(t *testing.T) {
	known := rulesByID()
	if len(known) != len(rules()) {
		t.Error("two rules have one id")
	}
	all := problems(t)
	for _, a := range artefacts() {
		for _, f := range flaws() {
			all = append(all, a.flaw(f))
		}
	}
	for _, a := range fetchedArtefacts() {
		for _, f := range fetchFlaws() {
			all = append(all, a.flaw(f))
		}
	}
	for _, a := range samlArtefacts() {
		for _, f := range samlFlaws() {
			all = append(all, a.flaw(f))
		}
	}
	for _, p := range all {
		if _, ok := known[checkOf(p)]; !ok {
			t.Errorf("%s is the failure of no rule: add it to rules", p)
		}
	}
	owner := map[problem]string{}
	for _, r := range rules() {
		if r.says == "" {
			t.Errorf("%s has no sentence", r.id)
		}
		for _, p := range r.failures {
			if owner[p] != "" {
				t.Errorf("%s belongs to %s and %s", p, owner[p], r.id)
			}
			owner[p] = r.id
		}
	}
}
