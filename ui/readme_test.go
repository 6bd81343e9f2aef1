package ui_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"authdance/ui/uitest"
)

// The README shows screens of the program, not drawings of them. A comment
// before each names the golden screen; -update puts today's in.
func TestTheReadmeShowsTodaysScreens(t *testing.T) {
	const path = "../README.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	block := regexp.MustCompile("(?s)<!-- screen: ([a-z]+) -->\n```text\n(.*?)```\n")
	now := block.ReplaceAllStringFunc(string(text), func(old string) string {
		shown++
		name := block.FindStringSubmatch(old)[1]
		golden, err := os.ReadFile(filepath.Join("testdata", "TestScreens", name, "80x24.golden"))
		if err != nil {
			t.Fatal(err)
		}
		return "<!-- screen: " + name + " -->\n```text\n" + strings.TrimRight(string(golden), "\n") + "\n```\n"
	})
	if shown < 3 {
		t.Errorf("the README shows %d screens of the program, 3 are wanted", shown)
	}
	if now == string(text) {
		return
	}
	if !uitest.Updating() {
		t.Fatal("the README shows screens of yesterday; go test ./ui -run 'Screens|Readme' -update renews them")
	}
	if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
}
