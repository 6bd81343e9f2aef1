package catalog

import (
	"slices"
	"strings"
	"testing"
)

func TestEverySignalCanBeReadAndIsAboutAPage(t *testing.T) {
	c := loaded(t)
	signals, err := c.readSignals()
	if err != nil {
		t.Fatal(err)
	}
	if len(signals) < 200 {
		t.Errorf("only %d signals", len(signals))
	}
	known := map[string]bool{"verify": true, "verification": true, "front_id_token": true}
	for _, step := range steps() {
		known[step] = true
	}
	for _, s := range signals {
		page := c.pages[s.page].ID
		for _, step := range s.steps {
			if !known[step] {
				t.Errorf("%s: there is no step %q", page, step)
			}
		}
		for _, w := range slices.Concat(append(s.all, s.not)...) {
			if w != strings.ToLower(w) || strings.TrimSpace(w) == "" || strings.HasPrefix(w, "!") {
				t.Errorf("%s: %q cannot be found in a text", page, w)
			}
		}
	}
}

func TestWordsFitAsTheBeginningOfAWord(t *testing.T) {
	for text, want := range map[string]bool{"the code expired": true, "expire": true, "unexpired": false, "not_expired": false, "": false} {
		if hasWord(text, "expire") != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	if !hasWord("x%2fy", "%2f") {
		t.Error("what is no word may stand anywhere")
	}
}

func TestHeardAnyBytesWithoutAPanic(t *testing.T) {
	c := loaded(t)
	for _, text := range []string{"", "\x00\xff", strings.Repeat("code expired ", 9000), strings.Repeat("\n", 70000), "{\"\\n"} {
		c.Heard(text, "")
		c.Heard(text, "token")
	}
}

func BenchmarkHeard(b *testing.B) {
	c, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	text := `{"error":"invalid_grant","error_description":"The authorization code is invalid or has expired."}`
	for b.Loop() {
		c.Heard(text, "")
	}
}
