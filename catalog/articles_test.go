package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryScenarioOfTheLabIsExplainedByOnePage(t *testing.T) {
	pages := map[string][]string{}
	for _, p := range articles(loaded(t)) {
		for _, key := range p.Lab.Scenarios {
			pages[key] = append(pages[key], p.ID)
		}
	}
	faults := lines(t, "testdata/faults.txt")
	for _, key := range lines(t, "testdata/scenarios.txt") {
		if len(pages[key]) != 1 {
			t.Errorf("%s is explained by %q, want one page", key, pages[key])
		}
	}
	for key, ids := range pages {
		if !slices.Contains(faults, key) {
			t.Errorf("%q: the lab has no key %s", ids, key)
		}
	}
}

// A page is worth reading only if it was written for its subject. Templates
// betray themselves by sentences that stand on two pages.
func TestNoTwoArticlesShareASentence(t *testing.T) {
	const longest = 8 // words; shorter ones are set phrases
	first := map[string]string{}
	for _, p := range articles(loaded(t)) {
		here := map[string]bool{}
		for _, s := range sentences(p) {
			words := strings.Fields(s)
			if len(words) <= longest || here[s] {
				continue
			}
			here[s] = true
			if other, taken := first[s]; taken {
				t.Errorf("%s and %s both say: %s", other, p.ID, s)
			}
			first[s] = p.ID
		}
	}
}

func TestSentencesLeaveOutCodeAndCommands(t *testing.T) {
	p := Page{body: "One two. Three!\n\n```sh\nnot this one. Nor this.\n```\n\n- **Four:** five; six?"}
	p.Causes = []Cause{{Text: "Seven.", Confirm: "Eight."}}
	p.Lab = Lab{Flow: "discovery", Expect: "Nine."}
	if got, want := sentences(p), []string{"one two", "three", "four: five", "six", "seven", "eight", "nine"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

var (
	codeBlock   = regexp.MustCompile("(?s)```.*?```")
	sentenceEnd = regexp.MustCompile(`[.!?;]+(\s+|$)|\n\s*(\n|- |\d+\. |\|)`)
)

// sentences are what a reader reads: the text, the causes and the lab's words,
// without code, the command line and the lists of links.
func sentences(p Page) []string {
	parts := []string{codeBlock.ReplaceAllString(p.body, "\n\n")}
	for _, c := range p.Causes {
		parts = append(parts, c.Text, c.Confirm)
	}
	parts = append(parts, p.Lab.Keys, p.Lab.Expect, p.Lab.None)
	var list []string
	for _, s := range sentenceEnd.Split(strings.Join(parts, "\n\n"), -1) {
		s = strings.ToLower(strings.Join(strings.Fields(strings.Trim(s, " \n#*-|")), " "))
		if s = strings.ReplaceAll(s, "**", ""); s != "" {
			list = append(list, s)
		}
	}
	return list
}
