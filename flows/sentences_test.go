package flows_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var scriptRow = regexp.MustCompile("^\\|(.*)\\| `([a-z0-9_]+)` \\|$")

// The tables of testdata/README.md say which sentence each script shows: none is
// without its script, and no script without its sentence.
func TestEverySentenceHasItsScript(t *testing.T) {
	text, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts, sentences, perSpec, spec := map[string]bool{}, map[string]bool{}, map[string]int{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			spec = title
		}
		row := scriptRow.FindStringSubmatch(line)
		if row == nil {
			continue
		}
		says := spec + row[1]
		if sentences[says] {
			t.Errorf("%q stands there twice", says)
		}
		sentences[says], scripts[row[2]] = true, true
		perSpec[spec]++
	}
	files, err := filepath.Glob("testdata/*.flow")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".flow")
		there[name] = true
		if !scripts[name] {
			t.Errorf("the script %s stands in no row of testdata/README.md", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(scripts)) {
		if !there[name] {
			t.Errorf("testdata/README.md names the script %s, which is not there", name)
		}
	}
	// What a client must do is shown for each of these, as far as messages can.
	for _, spec := range []string{"RFC 6749", "RFC 6750", "RFC 7636", "RFC 8628", "RFC 8693", "RFC 9126", "RFC 9101", "RFC 9207", "RFC 9449", "RFC 9470", "OIDC Core"} {
		if perSpec[spec] < 5 {
			t.Errorf("%s has %d rows", spec, perSpec[spec])
		}
	}
}
