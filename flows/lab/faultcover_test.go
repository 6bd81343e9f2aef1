package lab_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"authdance/flows/lab"
)

// situations reads the list of what people run into: key and the answer that
// the facts of the project tell of.
func situations(t *testing.T) [][2]string {
	t.Helper()
	raw, err := os.ReadFile("testdata/scenarios.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var list [][2]string
	for line := range strings.Lines(string(raw)) {
		if key, response, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			list = append(list, [2]string{key, response})
		}
	}
	if len(list) != 162 {
		t.Fatalf("%d situations, there are 162", len(list))
	}
	return list
}

// Each situation is a fault or a page, never both, and what the fault announces
// is what the facts say: one of their statuses, one of their error values.
func TestEachSituationIsAFaultOrAPage(t *testing.T) {
	l, err := lab.New(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	faults := map[string]lab.Fault{}
	for _, f := range l.Faults() {
		faults[f.Key] = f
	}
	pages := map[string]bool{}
	for _, s := range lab.Documented() {
		if pages[s.Key] || s.Title == "" || s.Why == "" || s.Page == "" {
			t.Errorf("page %+v is incomplete or there twice", s)
		}
		pages[s.Key] = true
		if _, err := os.Stat("../../catalog/articles/" + s.Page + ".md"); err != nil {
			t.Errorf("%s: %v", s.Key, err)
		}
	}
	if len(pages) > 25 {
		t.Errorf("%d pages without a fault", len(pages))
	}
	known := map[string]bool{}
	for _, s := range situations(t) {
		key, response := s[0], s[1]
		known[key] = true
		name, _, _ := strings.Cut(key, "=")
		f, is := faults[name]
		switch {
		case is == pages[key]:
			t.Errorf("%s: fault %v, page %v", key, is, pages[key])
		case is:
			if err := l.CheckFault(key); err != nil {
				t.Error(err)
			}
			agrees(t, key, f, response)
		}
	}
	for key := range pages {
		if !known[key] {
			t.Errorf("the page %s is about nothing on the list", key)
		}
	}
}

var (
	statusWord = regexp.MustCompile(`\b[2345]\d\d\b`)
	errorWord  = regexp.MustCompile(`\b(?:(?:invalid|unsupported|unauthorized|access|login|interaction|consent|authorization|expired|slow|insufficient|temporarily|account|inactive)_[a-z_]+)\b`)
	vendorWord = map[string]bool{"authorization_declined": true}
)

func agrees(t *testing.T, key string, f lab.Fault, response string) {
	t.Helper()
	response = regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(response, "")
	status := strings.ReplaceAll(strconv.Itoa(f.Status), "303", "302") // see other is what a redirect after a form is
	if said := statusWord.FindAllString(response, -1); len(said) > 0 && !slices.Contains(said, status) && !(status == "302" && slices.Contains(said, "400")) {
		t.Errorf("%s: status %s, the facts say %q", key, status, response)
	}
	said := slices.DeleteFunc(errorWord.FindAllString(response, -1), func(w string) bool { return vendorWord[w] })
	if len(said) > 0 && f.Error != "" && !slices.Contains(said, f.Error) {
		t.Errorf("%s: error %q, the facts say %q", key, f.Error, response)
	}
}

// The list in testdata is the one that the project collects facts in.
func TestSituationsAreThoseOfTheFacts(t *testing.T) {
	raw, err := os.ReadFile("/work/shared/facts/lab-scenarios.tsv")
	if err != nil {
		t.Skip("the facts of the project are not on this machine: ", err)
	}
	var fresh []string
	for line := range strings.Lines(string(raw)) {
		if fields := strings.Split(line, "\t"); len(fields) > 1 && fields[0] != "n" {
			fresh = append(fresh, fields[1])
		}
	}
	var kept []string
	for _, s := range situations(t) {
		kept = append(kept, s[0])
	}
	if !slices.Equal(fresh, kept) {
		t.Errorf("testdata/scenarios.tsv is out of date: %d keys there, %d in the facts", len(kept), len(fresh))
	}
}

func TestValuesOfFaultsAreCheckedAndExplained(t *testing.T) {
	l, err := lab.New(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for key, words := range map[string]string{
		"code_ttl=30": "", "code_ttl=5m": "", "code_ttl": "", "clock=+10m": "", "clock=-10m": "", "clock=90": "", "interval=7": "", "slow=3s": "", " slow=0 ": "",
		"code_ttl=0": "code_ttl=30", "code_ttl=soon": "code_ttl=30", "code_ttl=-5": "from 1s to 24h", "slow=1h": "from 0s to 10m", "clock=999999999999999999": "clock=+10m", "expires_in=1.5": "in seconds or with a unit",
		"nonce_mismatch=1": "takes no value", "nonce_missmatch": "the nearest is nonce_mismatch", "codettl=3": "the nearest is code_ttl", "": "the nearest is",
	} {
		switch err := l.CheckFault(key); {
		case words == "" && err != nil:
			t.Errorf("%s: %v", key, err)
		case words != "" && (err == nil || !strings.Contains(err.Error(), words)):
			t.Errorf("%s: %v, want the words %q", key, err, words)
		}
	}
	set := func(key string, on bool) lab.Fault {
		if err := l.SetFault(key, on); err != nil {
			t.Fatal(err)
		}
		all := l.Faults()
		return all[slices.IndexFunc(all, func(f lab.Fault) bool { return f.Key == "code_ttl" })]
	}
	if f := set("code_ttl=45", true); !f.On || f.Value.Now != "45" || f.Value.Default != "30" {
		t.Errorf("%+v %+v", f, f.Value)
	}
	if f := set("code_ttl=2m", true); f.Value.Now != "2m" {
		t.Errorf("a second value does not replace the first: %+v", f.Value)
	}
	if f := set("code_ttl", false); f.On || f.Value.Now != "" {
		t.Errorf("off: %+v %+v", f, f.Value)
	}
}
