package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authdance/flows/provider"
)

const good = "schema = 1\nid = \"mine\"\nissuer = \"https://idp.test\"\n[client]\nid = \"c1\"\nsecret = \"env:S\"\n"

func TestABadFileNeverHidesTheOthers(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"mine.toml": good, "broken.toml": "id = ", "other.toml": good, "typo.toml": strings.ReplaceAll(good, "issuer", "isuer"), "notes.txt": "hello"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, bad, err := provider.Store{Dir: dir}.List()
	if err != nil || len(list) != 1 || list[0].ID != "mine" || len(bad) != 3 {
		t.Fatalf("got %v, trouble %v, %v", list, bad, err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "broken.toml")); string(b) != "id = " {
		t.Fatal("the broken file was changed")
	}
}

func TestAnErrorNamesTheFieldAndTheFix(t *testing.T) {
	for text, want := range map[string][]string{
		strings.Replace(good, `"env:S"`, `"hunter2"`, 1):                   {"client.secret", "env:NAME"},
		strings.Replace(good, `"https://idp.test"`, `"idp.test"`, 1):       {"issuer", "https://"},
		strings.Replace(good, "schema = 1", "schema = 9", 1):               {"schema", "newer"},
		strings.Replace(good, `"mine"`, `"../x"`, 1):                       {"id", "small letters"},
		"class = \"PROD\"\n" + good:                                        {"class", "LAB, TEST, LIVE"},
		strings.Replace(good, "[client]", "[client]\nauth = \"magic\"", 1): {"client.auth", "client_secret_basic"},
		strings.Replace(good, "id = \"c1\"", "", 1):                        {"client.id", "missing"},
	} {
		_, err := provider.ParseProfile([]byte(text))
		if err == nil {
			t.Errorf("accepted:\n%s", text)
			continue
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not say %q", err, w)
			}
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the secret is in the message: %v", err)
		}
	}
}

func TestSaveAndGetKeepEverything(t *testing.T) {
	st := provider.Store{Dir: filepath.Join(t.TempDir(), "profiles")}
	p, err := provider.ParseProfile([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	p.Quirks = map[string]string{"issuer_mismatch": "allow"}
	if err := st.Save(p); err != nil {
		t.Fatal(err)
	}
	back, err := st.Get("mine")
	if err != nil || back.Quirks["issuer_mismatch"] != "allow" || back.Client != p.Client {
		t.Fatalf("got %+v, %v", back, err)
	}
	if info, _ := os.Stat(filepath.Join(st.Dir, "mine.toml")); info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v", info.Mode())
	}
	if _, err := st.Get("none"); err == nil || !strings.Contains(err.Error(), "profile list") {
		t.Fatalf("got %v", err)
	}
}

func TestASecretReferenceIsResolvedOrExplained(t *testing.T) {
	from := provider.Sources{Env: func(n string) (string, bool) {
		return map[string]string{"S": "s3cret\n", "EMPTY": ""}[n], n == "S" || n == "EMPTY"
	},
		File: func(string) ([]byte, error) { return []byte("from file\r\n"), nil }, Stdin: strings.NewReader("from stdin\n")}
	for ref, want := range map[string]string{"env:S": "s3cret", "file:/x": "from file", "-": "from stdin"} {
		s, err := provider.Resolve(ref, "client secret", from)
		if err != nil || s.Reveal() != want {
			t.Errorf("%s: %v, %v", ref, s, err)
		}
	}
	for ref, want := range map[string]string{"env:NONE": "NONE is not set", "env:EMPTY": "empty", "prompt": "nobody to ask", "hunter2": "reference", "keyring:x": "not supported", "age:../x": "the name after age"} {
		if _, err := provider.Resolve(ref, "client secret", from); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

// OIDC Discovery §4 appends; RFC 8414 §3.1 inserts.
func TestWellKnownPlaces(t *testing.T) {
	got := provider.WellKnown("https://as.test/tenant/1/")
	want := []string{"https://as.test/tenant/1/.well-known/openid-configuration", "https://as.test/.well-known/oauth-authorization-server/tenant/1",
		"https://as.test/.well-known/openid-configuration/tenant/1", "https://as.test/tenant/1/.well-known/oauth-authorization-server"}
	for i, c := range got {
		if c.URL != want[i] {
			t.Errorf("place %d: %s, want %s", i, c.URL, want[i])
		}
	}
	if n := len(provider.WellKnown("https://as.test")); n != 2 {
		t.Errorf("%d places for an issuer without a path", n)
	}
}
