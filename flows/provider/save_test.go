package provider_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"authdance/flows/provider"
)

const byHand = `# Our staging server.
schema = 1
id = "mine"
issuer = "https://idp.test" # moves in May

[client] # registered by Eve
id = "c1"
secret = "env:S" # in the vault, too
colour = "blue"

[request]
scope = "openid"
`

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommentsOfAFileEditedByHandStay(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "mine.toml", byHand)
	st := provider.Store{Dir: dir}
	if _, err := st.Update("mine", func(p *provider.Profile) error {
		p.Issuer, p.Client.Secret, p.Client.Auth = "https://new.test#x", "", "none"
		p.Quirks = map[string]string{"issuer_mismatch": "allow"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	want := strings.NewReplacer(`"https://idp.test" #`, `"https://new.test#x" #`, "secret = \"env:S\" # in the vault, too\n", "", "colour = \"blue\"\n", "colour = \"blue\"\nauth = \"none\"\n").Replace(byHand) + "\n[quirks]\nissuer_mismatch = \"allow\"\n"
	// The new field stands after the last known one of its table.
	if got := string(b); got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	if err := st.Rename("mine", "yours"); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "yours.toml")); !strings.Contains(string(b), "# registered by Eve") || !strings.Contains(string(b), `id = "yours"`) {
		t.Fatalf("after rename:\n%s", b)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("the old file is still there")
	}
}

func TestTextThatCannotBeEditedInPlaceIsKeptAside(t *testing.T) {
	dir := t.TempDir()
	odd := "schema = 1\nid = \"mine\"\nissuer = '''https://idp.test'''\nclient = {\n  id = \"c1\", secret = \"env:S\" }\n"
	write(t, dir, "mine.toml", odd)
	st := provider.Store{Dir: dir}
	p, err := st.Update("mine", func(p *provider.Profile) error { p.Client.ID = "c2"; return nil })
	if err != nil || p.Client.ID != "c2" {
		t.Fatal(p, err)
	}
	if back, err := st.Get("mine"); err != nil || back.Client.ID != "c2" || back.Client.Secret != "env:S" {
		t.Fatal(back, err)
	}
}

func TestAnOlderSchemaIsMigratedWithABackup(t *testing.T) {
	dir := t.TempDir()
	old := strings.Replace(byHand, "schema = 1\n", "", 1)
	write(t, dir, "mine.toml", old)
	if _, err := (provider.Store{Dir: dir}).Update("mine", func(p *provider.Profile) error { p.Name = "N"; return nil }); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "mine.toml.schema-0.bak")); string(b) != old {
		t.Fatalf("backup:\n%s", b)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "mine.toml")); !strings.Contains(string(b), "schema = 1") || !strings.Contains(string(b), "# Our staging server.") {
		t.Fatalf("file:\n%s", b)
	}
}

func TestAnUnknownFieldIsAWarningWithTheNearestKnownOne(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "mine.toml", strings.Replace(byHand, "scope =", "scpe =", 1))
	list, bad, err := provider.Store{Dir: dir}.List()
	if err != nil || len(list) != 1 || !strings.Contains(fmt.Sprint(bad), "request.scpe is not known and has no effect; did you mean scope?") {
		t.Fatal(list, bad, err)
	}
}

func TestTwoProgramsThatSaveAtOnceLoseNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "mine.toml", byHand)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			if _, err := (provider.Store{Dir: dir}).Update("mine", func(p *provider.Profile) error {
				if p.Values == nil {
					p.Values = map[string]string{}
				}
				p.Values[fmt.Sprintf("v%d", i)] = "x"
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	p, err := provider.Store{Dir: dir}.Get("mine")
	if err != nil || len(p.Values) != 12 {
		t.Fatalf("%d of 12 changes are there, %v", len(p.Values), err)
	}
}

// saver saves for ever; the test that started it kills it.
func TestSaverProcess(t *testing.T) {
	dir := os.Getenv("AUTHDANCE_TEST_SAVE_IN")
	if dir == "" {
		t.Skip("only as the process that is killed")
	}
	for i := 0; ; i++ {
		if _, err := (provider.Store{Dir: dir}).Update("mine", func(p *provider.Profile) error {
			p.Client.ID = fmt.Sprintf("c%d", i)
			p.Request.Scope = strings.Repeat(fmt.Sprintf("s%d ", i), 500) + p.Client.ID
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			fmt.Println("saving")
		}
	}
}

func TestKilledAtAnyMomentTheOldOrTheNewProfileIsThere(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "mine.toml", byHand)
	for range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSaverProcess$", "-test.v")
		cmd.Env = append(os.Environ(), "AUTHDANCE_TEST_SAVE_IN="+dir)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 4096)
		for seen := ""; !strings.Contains(seen, "saving"); {
			n, err := out.Read(b)
			if seen += string(b[:n]); err != nil {
				t.Fatal(seen, err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		p, err := provider.Store{Dir: dir}.Get("mine")
		if err != nil || !strings.HasSuffix(p.Request.Scope, " "+p.Client.ID) {
			t.Fatalf("a mixture: client %s, %v", p.Client.ID, err)
		}
	}
	// The lock died with its owner.
	if _, err := (provider.Store{Dir: dir}).Update("mine", func(*provider.Profile) error { return nil }); err != nil {
		t.Fatal(err)
	}
}
