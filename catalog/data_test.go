package catalog

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func loaded(t testing.TB) *Catalog {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lines reads a testdata file without its remarks.
func lines(t testing.TB, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if l := s.Text(); l != "" && l[0] != '#' {
			list = append(list, l)
		}
	}
	return list
}

func articles(c *Catalog) []Page {
	return slices.DeleteFunc(slices.Clone(c.Pages()), func(p Page) bool {
		return p.Kind != KindArticle && p.Kind != KindConcept && p.Kind != KindProvider
	})
}

func TestTheCatalogHasWhatACodeFlowNeeds(t *testing.T) {
	c := loaded(t)
	count := map[string]int{}
	for _, p := range c.Pages() {
		count[p.Kind]++
		if p.Kind == KindCode {
			count[p.Provider]++
		}
	}
	for what, least := range map[string]int{
		KindArticle: 45, KindConcept: 16, KindProvider: 7, KindParameter: 70, KindClaim: 45,
		"entra": 100, "okta": 50, "auth0": 20, "google": 20, "keycloak": 20, "cognito": 12, "github": 9,
	} {
		if count[what] < least {
			t.Errorf("%s: %d pages, want %d or more", what, count[what], least)
		}
	}
	if len(c.Terms()) < 25 {
		t.Errorf("%d terms, want 25 or more", len(c.Terms()))
	}
}

func TestEveryRegistryValueHasAPage(t *testing.T) {
	c := loaded(t)
	values := lines(t, "testdata/registry.txt")
	if len(values) != 98 {
		t.Errorf("%d values in the list, want 98", len(values))
	}
	for _, l := range values {
		value, id, _ := strings.Cut(l, "\t")
		if _, ok := c.Page(id); !ok {
			t.Errorf("%s: no page %s", value, id)
		}
	}
}

func TestEveryCheckIDOfTheContractIsExplained(t *testing.T) {
	c := loaded(t)
	for _, id := range lines(t, "testdata/checks.txt") {
		if _, ok := c.Code(Checks, id); !ok {
			t.Errorf("%s has no row in codes/authdance.tsv", id)
		}
		if _, ok := c.ForCheck(id); !ok {
			t.Errorf("%s has no page", id)
		}
	}
	// Rare in practice, or a limit of ours: the line in the code file says it all.
	lineOnly := []string{"depth_limit", "size_limit", "nesting", "nesting_limit", "detached", "detached_payload_missing",
		"p2c_limit", "zip_limit", "zip_error", "zip_unsupported", "jwe_zip", "enc_missing"}
	for _, id := range lines(t, "testdata/checks.txt") {
		p, _ := c.ForCheck(id)
		if article := p.Kind != KindCode; article == slices.Contains(lineOnly, id) {
			t.Errorf("%s: article is %v, and the list of ids without one says otherwise", id, article)
		}
	}
}

func TestEveryOAuthErrorLeadsToAnArticle(t *testing.T) {
	c := loaded(t)
	for _, p := range articles(c) {
		for _, e := range p.Errors {
			if len(c.byCode[e]) == 0 {
				t.Errorf("%s explains %q, which no code file has", p.ID, e)
			}
		}
	}
	for _, row := range c.codes {
		if row.Provider == Registry && row.OAuthError != "" && inCodeFlow(row) {
			if p, ok := c.Explain("", "", row.OAuthError, row.Step()); !ok || p.Kind == KindCode {
				t.Errorf("%s at %s: explained by %q", row.OAuthError, row.Step(), p.ID)
			}
		}
	}
}

func TestArticlesHaveTheirSectionsInOrder(t *testing.T) {
	c := loaded(t)
	want := map[string][]string{
		KindArticle:  {"In one sentence", "How it looks", "Likely causes", "Fix", "Reproduce it in the lab", "Related", "Sources"},
		KindConcept:  {"In one sentence", "How it works", "Good to know", "Related", "Sources"},
		KindProvider: {"In one sentence", "What is special", "Related", "Sources"},
	}
	for _, p := range articles(c) {
		var got []string
		for l := range strings.Lines(p.Markdown()) {
			if h, ok := strings.CutPrefix(l, "## "); ok {
				got = append(got, strings.TrimSpace(h))
			}
		}
		if !slices.Equal(got, want[p.Kind]) {
			t.Errorf("%s: sections %q", p.ID, got)
		}
		if strings.Count(p.body, "```")%2 != 0 {
			t.Errorf("%s: a code block is not closed", p.ID)
		}
		if _, err := time.Parse(time.DateOnly, p.Reviewed); err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
	}
}

func TestLinksResolve(t *testing.T) {
	c := loaded(t)
	page := func(from, id string) {
		if _, ok := c.Page(id); !ok {
			t.Errorf("%s: no page %q", from, id)
		}
	}
	checks := lines(t, "testdata/checks.txt")
	for _, p := range c.Pages() {
		for _, r := range p.Related {
			page(p.ID, r)
			if r == p.ID {
				t.Errorf("%s is related to itself", p.ID)
			}
		}
		if p.Article != "" {
			page(p.ID, p.Article)
		}
		ids := map[string]bool{}
		for _, cause := range p.Causes {
			if cause.Page != "" {
				page(p.ID, cause.Page)
			}
			if ids[cause.ID] || cause.ID == "" || cause.Text == "" || cause.Confirm == "" {
				t.Errorf("%s: cause %+v", p.ID, cause)
			}
			ids[cause.ID] = true
		}
		for _, id := range p.Checks {
			row, ok := c.Code(Checks, id)
			if !ok {
				t.Errorf("%s: no check %q", p.ID, id)
			} else if row.Article != p.ID {
				t.Errorf("%s explains %s, and its row points to %q", p.ID, id, row.Article)
			}
			if row.Step() != "transport" && row.Step() != "callback" && !slices.Contains(checks, id) {
				t.Errorf("%s: %q is not in the command line contract", p.ID, id)
			}
		}
	}
	for _, term := range c.Terms() {
		page(term.Name, term.Page)
	}
	for step, ids := range c.ranks {
		if !slices.Contains(steps(), step) {
			t.Errorf("steps.toml: %q is no step", step)
		}
		for _, id := range ids {
			page("steps.toml "+step, id)
			if p, _ := c.Page(id); !slices.Contains(p.Steps, step) {
				t.Errorf("%s is ranked for %s, and does not name that step", id, step)
			}
		}
	}
}

// steps are the step ids of authorization_code, the refresh flow, and the
// operations that stand alone.
func steps() []string {
	return []string{"discovery", "prepare", "par", "authorize", "callback", "token", "id_token", "userinfo", "api", "refresh_token",
		"device_authorization", "backchannel_authentication", "introspect", "revoke", "register", "resource_metadata", "logout"}
}

func TestLabInstructionsNameRealStepsAndFaults(t *testing.T) {
	c := loaded(t)
	faults := lines(t, "testdata/faults.txt")
	flows := strings.Fields(`authorization_code implicit hybrid device_code client_credentials password refresh_token jwt_bearer
		saml2_bearer token_exchange on_behalf_of ciba native_sso id_jag silent_renewal step_up discovery resource_metadata
		userinfo api introspect revoke logout register client_configuration`) // the flow ids of the command line contract
	for _, p := range articles(c) {
		for _, s := range p.Steps {
			if !slices.Contains(steps(), s) {
				t.Errorf("%s: no step %q", p.ID, s)
			}
		}
		if p.Kind != KindArticle {
			continue
		}
		l := p.Lab
		if (l.Flow == "") == (l.None == "") {
			t.Errorf("%s: needs either a flow or a reason", p.ID)
		}
		if l.Flow == "" {
			continue
		}
		if !slices.Contains(flows, l.Flow) || l.Keys == "" && l.Fault == "" || l.Expect == "" {
			t.Errorf("%s: lab %+v", p.ID, l)
		}
		if l.Fault == "" && len(l.Edit) == 0 && len(l.Args) == 0 {
			t.Errorf("%s: the run would simply succeed", p.ID)
		}
		if l.Fault != "" && !slices.Contains(faults, l.Fault) {
			t.Errorf("%s: the lab has no fault %q", p.ID, l.Fault)
		}
		for _, e := range l.Edit {
			step, name, ok := strings.Cut(e, ":")
			name, _, _ = strings.Cut(strings.TrimLeft(name, "+-"), "=")
			if _, known := c.Parameter(name); !ok || !slices.Contains(steps(), step) || !known {
				t.Errorf("%s: edit %q", p.ID, e)
			}
		}
	}
}

func TestDictionaryAnswersItsQuestions(t *testing.T) {
	c := loaded(t)
	for _, p := range c.parameters {
		for what, text := range map[string]string{"what": p.What, "comes_from": p.ComesFrom, "needed": p.Needed, "missing": p.Missing, "wrong": p.Wrong} {
			if text == "" {
				t.Errorf("%s: no %s", p.Name, what)
			}
		}
		if len(p.Where) == 0 || len(p.Refs) == 0 {
			t.Errorf("%s: where %q, refs %q", p.Name, p.Where, p.Refs)
		}
	}
	for _, cl := range c.claims {
		if cl.Meaning == "" || cl.Type == "" || cl.ComesFrom == "" || cl.GoesWrong == "" || len(cl.In) == 0 || len(cl.Refs) == 0 {
			t.Errorf("%s: %+v", cl.Name, cl)
		}
	}
	for _, name := range strings.Fields(`response_type client_id redirect_uri scope state nonce code_challenge code_challenge_method
		response_mode prompt max_age acr_values login_hint resource grant_type code code_verifier client_secret refresh_token
		Authorization Accept Content-Type access_token token_type expires_in id_token error error_description error_uri iss
		issuer authorization_endpoint token_endpoint jwks_uri userinfo_endpoint WWW-Authenticate content-type`) {
		if _, ok := c.Parameter(name); !ok {
			t.Errorf("no entry for %s", name)
		}
	}
}

func TestSourcesAreSpecificAndLeadSomewhere(t *testing.T) {
	c := loaded(t)
	for _, p := range c.Pages() {
		if len(p.Sources) == 0 {
			t.Errorf("%s has no sources", p.ID)
		}
		for _, s := range p.Sources {
			if strings.HasPrefix(s, "RFC ") && SourceURL(s) == "" {
				t.Errorf("%s: cannot make an address of %q", p.ID, s)
			}
			if p.Kind == KindArticle && SourceURL(s) == "" {
				t.Errorf("%s: source %q leads nowhere", p.ID, s)
			}
		}
	}
	for source, want := range map[string]string{
		"RFC 7636 §4.6":      "https://www.rfc-editor.org/rfc/rfc7636#section-4.6",
		"RFC 6750":           "https://www.rfc-editor.org/rfc/rfc6750",
		"OIDC Core §3.1.2.6": "https://openid.net/specs/openid-connect-core-1_0.html",
		"hearsay":            "",
	} {
		if got := SourceURL(source); got != want {
			t.Errorf("SourceURL(%q) = %q, want %q", source, got, want)
		}
	}
}

func TestTextsCarryNoControlCharacters(t *testing.T) {
	for _, p := range loaded(t).Pages() {
		for i, r := range p.Title + p.Markdown() {
			if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e {
				t.Errorf("%s: %U at %d", p.ID, r, i)
			}
		}
	}
}
