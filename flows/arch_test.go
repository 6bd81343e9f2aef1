package flows_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport says which of our packages each one may import; "*" is all of
// them. A package that is missing here fails: a new package is a decision.
func mayImport() map[string][]string {
	pane := []string{"ui/pane", "ui/keys", "ui/session", "themes", "catalog", "flows", "flows/wire", "flows/jose", "flows/provider", "flows/record", "flows/diagnose"}
	table := map[string][]string{
		"":               {"ui/cli"},
		"catalog":        {},
		"themes":         {},
		"flows/wire":     {},
		"flows/files":    {},
		"flows":          {"flows/wire"},
		"flows/jose":     {"flows/wire"},
		"flows/provider": {"flows/wire", "flows/jose", "flows/files"},
		"flows/grants":   {"flows", "flows/wire", "flows/jose", "flows/provider"},
		"flows/exec":     {"flows", "flows/wire", "flows/jose", "flows/provider"},
		"flows/record":   {"flows", "flows/wire", "flows/jose", "flows/files"},
		"flows/diagnose": {"flows", "flows/wire", "flows/jose", "flows/provider", "catalog"},
		"flows/lab":      {},
		"ui/keys":        {},
		"ui/ttyin":       {},
		"ui/session":     {"flows", "flows/wire", "flows/provider"},
		"ui/pane":        {"themes", "ui/keys", "ui/session", "catalog", "flows", "flows/wire"},
		"ui/uitest":      {"ui/pane", "ui/session", "ui/keys", "themes", "catalog", "flows", "flows/wire", "flows/grants"},
		"ui/cli":         {"*"},
		"ui": {"ui/pane", "ui/keys", "ui/session", "ui/profiles", "ui/flow", "ui/exchange", "ui/token", "ui/pages", "ui/why", "ui/dialog", "ui/palette", "ui/welcome",
			"flows", "flows/wire", "flows/grants", "flows/provider", "flows/record", "flows/diagnose", "themes", "catalog"},
	}
	for _, p := range []string{"profiles", "flow", "exchange", "token", "pages", "why", "dialog", "palette", "welcome"} {
		table["ui/"+p] = pane
	}
	return table
}

func TestImportsFollowTheTable(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "authdance/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	table := mayImport()
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		pkg := strings.TrimPrefix(strings.TrimPrefix(f[0], "authdance"), "/")
		may, known := table[pkg]
		if !known {
			t.Errorf("%s is not in the import table", pkg)
			continue
		}
		for _, imp := range f[1:] {
			dep, ours := strings.CutPrefix(imp, "authdance/")
			if ours && !slices.Contains(may, dep) && !slices.Contains(may, "*") {
				t.Errorf("%s may not import %s", pkg, dep)
			}
		}
	}
}

// The core is pure: no clock, no randomness, no network, no file. net/url and
// the names of net/http are only words.
func TestTheCoreTouchesNothing(t *testing.T) {
	for _, pkg := range []string{"flows", "flows/grants", "flows/jose", "flows/wire", "flows/diagnose", "catalog"} {
		out, err := exec.Command("go", "list", "-f", `{{join .Imports " "}}`, "authdance/"+pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range strings.Fields(string(out)) {
			if slices.Contains([]string{"os", "net", "crypto/rand", "math/rand", "math/rand/v2", "os/exec", "io/ioutil"}, imp) {
				t.Errorf("%s imports %s", pkg, imp)
			}
		}
	}
}
