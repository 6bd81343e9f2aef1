package catalog

import (
	"hash/maphash"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The least lengths, in characters: what happened and why, or what to do and
// with what, do not fit into fewer.
const (
	shortestMeaning = 40
	shortestFirst   = 16
)

func TestTheCodesOfAllProvidersAreThere(t *testing.T) {
	c := loaded(t)
	least := map[string]int{
		"oauth": 136, "entra": 404, "okta": 727, "b2c": 128, "keycloak": 75, "salesforce": 72, "auth0": 45, "slack": 36,
		"hydra": 35, "google": 32, "identityserver": 30, "facebook": 27, "msal": 26, "adfs": 23, "discord": 22, "spotify": 21,
		"cognito": 21, "github": 18, "dropbox": 18, "box": 18, "zoom": 18, "gitlab": 17, "x": 15, "autodesk": 15,
		"pingfederate": 14, "aws-sso": 14, "zoho": 14, "linkedin": 12, "apple": 10, "paypal": 10, "pingone": 9, "fitbit": 9,
		"doorkeeper": 9, "atlassian": 8, "authorize-net": 4, "cybersource": 3, "sensu": 2, "google-migration": 1,
		"google-authenticator": 1, "dcs-world": 1,
	}
	count := map[string]int{}
	for _, row := range c.codes {
		count[row.Provider]++
	}
	for provider, want := range least {
		if count[provider] < want {
			t.Errorf("%s: %d rows, want %d or more", provider, count[provider], want)
		}
	}
	if len(c.codes) < 1900 {
		t.Errorf("%d rows, want 1900 or more", len(c.codes))
	}
}

func TestCodeRowsAreComplete(t *testing.T) {
	c := loaded(t)
	careful := regexp.MustCompile(`(?i)often|usual|mostly|normally|typically|probably|\b(may|many|some)\b`)
	status := regexp.MustCompile(`^(\d{3}(/\d{3})*)?$`)
	seen := map[string]bool{}
	for _, row := range c.codes {
		at := row.PageID() + " at " + row.Where
		if seen[at] {
			t.Errorf("%s stands twice", at)
		}
		seen[at] = true
		for what, text := range map[string]string{"name": row.Name, "meaning": row.Meaning, "first": row.First, "source": row.Source, "where": row.Where} {
			if text == "" {
				t.Errorf("%s: no %s", at, what)
			}
			if strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
				t.Errorf("%s: blanks in %s", at, what)
			}
		}
		for what, text := range map[string]string{"meaning": row.Meaning, "first": row.First} {
			if !strings.HasSuffix(strings.TrimRight(text, `"`), ".") && !strings.HasSuffix(text, "?") {
				t.Errorf("%s: the %s is no sentence: %s", at, what, text)
			}
		}
		if !slices.Contains(Whos(), row.Who) || !slices.Contains(Retries(), row.Retry) {
			t.Errorf("%s: who %q, retry %q", at, row.Who, row.Retry)
		}
		if row.Article != "" {
			if p, ok := c.Page(row.Article); !ok || p.Kind == KindCode {
				t.Errorf("%s: no article %s", at, row.Article)
			}
		} else if inCodeFlow(row) {
			t.Errorf("%s: a code flow meets it, so it needs an article", at)
		}
		if !status.MatchString(row.HTTPStatus) {
			t.Errorf("%s: status %q", at, row.HTTPStatus)
		}
		if repeatsName(row) {
			t.Errorf("%s: the meaning only repeats the name: %s", at, row.Meaning)
		}
		if utf8.RuneCountInString(row.Meaning) < shortestMeaning || utf8.RuneCountInString(row.First) < shortestFirst {
			t.Errorf("%s: says too little: %s %s", at, row.Meaning, row.First)
		}
		if SourceURL(row.Source) == "" && row.Source != "authdance" {
			t.Errorf("%s: source %q is neither a specification nor an https address", at, row.Source)
		}
		if !row.Verified && strings.HasPrefix(row.Source, "RFC ") {
			t.Errorf("%s: unverified with an RFC as source", at)
		}
		if !row.Verified && row.Provider != Registry && !careful.MatchString(row.Meaning) {
			t.Errorf("%s: not verified, so say it with care: %s", at, row.Meaning)
		}
	}
}

// inCodeFlow tells the rows that a run of code flow with PKCE, or a refresh,
// can meet: those without a remark about another grant.
func inCodeFlow(row Code) bool {
	if row.Provider == Checks || strings.Contains(row.Code, "dpop") || row.Provider == Registry && !row.Verified {
		return false
	}
	return slices.Contains([]string{"authorize (redirect)", "authorize (page)", "callback", "token", "token (refresh)", "userinfo", "api", "par", "discovery"}, row.Where) &&
		row.Code != "bad_verification_code"
}

// repeatsName compares the words: a meaning must say more than name and code.
func repeatsName(row Code) bool {
	known := map[string]bool{}
	eachWord(row.Name+" "+row.Code, func(w string) { known[w] = true })
	fresh := 0
	eachWord(row.Meaning, func(w string) {
		if !known[w] && !isStopWord(w) {
			fresh++
		}
	})
	return fresh < 4
}

// Rows stand in the order of their codes, within the headings (#) of a file.
func TestCodeFilesAreSorted(t *testing.T) {
	err := each("codes", func(name, text string) error {
		last := ""
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "provider\t") {
				last = ""
				continue
			}
			code := strings.ToLower(strings.Split(line, "\t")[1])
			if code < last {
				t.Errorf("%s: %s stands after %s", name, code, last)
			}
			last = code
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNoTwoCodesShareOneMeaning(t *testing.T) {
	seen := map[string]string{}
	for _, row := range loaded(t).codes {
		words := strings.Join(plainWords(row.Meaning), " ")
		if first, twice := seen[words]; twice && first != row.PageID() {
			t.Errorf("%s and %s have the same meaning: %s", first, row.PageID(), row.Meaning)
		}
		seen[words] = row.PageID()
	}
}

// A sentence that fits two products says too little about either.
func TestProvidersAreDescribedInDifferentWords(t *testing.T) {
	const run = 8
	seed := maphash.MakeSeed()
	seen := map[uint64]Code{}
	for _, row := range loaded(t).codes {
		words := plainWords(row.Meaning)
		for i := 0; i+run <= len(words); i++ {
			h := maphash.String(seed, strings.Join(words[i:i+run], " "))
			if other, known := seen[h]; known && other.Provider != row.Provider {
				t.Errorf("%s and %s share the words %q", other.PageID(), row.PageID(), words[i:i+run])
				break
			}
			seen[h] = row
		}
	}
}

func plainWords(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
}

// The scenarios of the lab name Entra's numbers; each must be explained here.
func TestEntraNumbersOfTheLabScenariosAreExplained(t *testing.T) {
	c := loaded(t)
	for _, number := range strings.Fields(`54005 700005 900561 90056 900144 9000411 9002313 90004 90121 90015 50011 70004 500112 500113 900971
		9002327 9002326 700016 7000215 7000222 7000218 700025 700027 50012 700024 50017 220501 7000112 501481 9002325 50147 501491
		50149 70005 700051 700054 70007 50058 16001 50132 50133 50173 50089 700082 700084 70043 700022 700023 28002 28003 70011
		650053 500011 650057 650054 65001 65004 90094 90008 50105 90002 900023 50059 90019 9001023 50194 90027 500021 90038 100007
		1000104 50020 90072 16000 50034 50126 50144 50057 50053 50076 50079 50072 50078 50158 53003 530032 53000 50005 50097 53002
		130004 130005 130006 130007 130008 70018 70019 70020 90120 50134 76026 80013 240002 50013 20001 20012 40008 40009 40010
		40015 90123 75003 75008 75005 75001 90020 90082 90085 50107 50124 50068 50070 90024 50087 50033 50196 90055 50166`) {
		if _, ok := c.Code("entra", number); !ok {
			t.Errorf("no row for %s", number)
		}
	}
}
