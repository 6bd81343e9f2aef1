package catalog

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// What people paste must lead to its page at once: 95 of 100 first.
func TestWhatPeoplePasteLeadsToItsPage(t *testing.T) {
	raw, err := os.ReadFile("testdata/pastes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	c := loaded(t)
	ix := NewIndex(c)
	asked, good := 0, 0
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		want, text, ok := strings.Cut(line, "\t")
		if !ok {
			t.Fatalf("no text: %s", line)
		}
		for id := range strings.SplitSeq(want, "|") {
			if _, known := c.Page(id); !known {
				t.Logf("there is no page %s", id)
			}
		}
		asked++
		hits := ix.Find(strings.ReplaceAll(text, `\n`, "\n"), 3)
		if len(hits) > 0 && slices.Contains(strings.Split(want, "|"), hits[0].ID) {
			good++
			continue
		}
		var got []string
		for _, h := range hits {
			got = append(got, h.ID)
		}
		t.Logf("want %s, got %s\n   %s", want, strings.Join(got, " "), text)
	}
	t.Logf("%d of %d pasted texts have their page first", good, asked)
	if asked < 150 || good*100 < asked*95 {
		t.Errorf("%d of %d pasted texts have their page first", good, asked)
	}
}
