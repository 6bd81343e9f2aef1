package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryScenarioOfTheLabIsExplainedByOnePage(t *testing.T) {
	pages := map[string][]string{}
	for _, p := range articles(loaded(t)) {
		for _, key := range p.Lab.Scenarios {
			pages[key] = append(pages[key], p.ID)
		}
	}
	faults := lines(t, "testdata/faults.txt")
	for _, key := range lines(t, "testdata/scenarios.txt") {
		if len(pages[key]) != 1 {
			t.Errorf("%s is explained by %q, want one page", key, pages[key])
		}
	}
	for key, ids := range pages {
		if !slices.Contains(faults, key) {
			t.Errorf("%q: the lab has no key %s", ids, key)
		}
	}
}

// A page is worth reading only if it was written for its subject. Templates
// betray themselves by sentences that stand on two pages.
func TestNoTwoArticlesShareASentence(t *testing.T) {
	const longest = 8 // words; shorter ones are set phrases
	first := map[string]string{}
	for _, p := range articles(loaded(t)) {
		here := map[string]bool{}
		for _, s := range sentences(p) {
			words := strings.Fields(s)
			if len(words) <= longest || here[s] {
				continue
			}
			here[s] = true
			if other, taken := first[s]; taken {
				t.Errorf("%s and %s both say: %s", other, p.ID, s)
			}
			first[s] = p.ID
		}
	}
}

func TestSentencesLeaveOutCodeAndCommands(t *testing.T) {
	p := Page{body: "One two. Three!\n\n```sh\nnot this one. Nor this.\n```\n\n- **Four:** five; six?"}
	p.Causes = []Cause{{Text: "Seven.", Confirm: "Eight."}}
	p.Lab = Lab{Flow: "discovery", Expect: "Nine."}
	if got, want := sentences(p), []string{"one two", "three", "four: five", "six", "seven", "eight", "nine"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

var (
	codeBlock   = regexp.MustCompile("(?s)```.*?```")
	sentenceEnd = regexp.MustCompile(`[.!?;]+(\s+|$)|\n\s*(\n|- |\d+\. |\|)`)
)

// sentences are what a reader reads: the text, the causes and the lab's words,
// without code, the command line and the lists of links.
func sentences(p Page) []string {
	parts := []string{codeBlock.ReplaceAllString(p.body, "\n\n")}
	for _, c := range p.Causes {
		parts = append(parts, c.Text, c.Confirm)
	}
	parts = append(parts, p.Lab.Keys, p.Lab.Expect, p.Lab.None)
	var list []string
	for _, s := range sentenceEnd.Split(strings.Join(parts, "\n\n"), -1) {
		s = strings.ToLower(strings.Join(strings.Fields(strings.Trim(s, " \n#*-|")), " "))
		if s = strings.ReplaceAll(s, "**", ""); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// pasted are texts as they stand in consoles and logs, and the article that
// explains each.
var pasted = []struct{ text, want string }{
	{`AADSTS9002326: Cross-origin token redemption is permitted only for the Single-Page Application client-type.`, "cross-origin-redemption"},
	{`{"error":"invalid_request","error_codes":[9002327]}`, "spa-origin"},
	{`http://127.0.0.1:8400/callback?error=access_denied&state=x`, "access-denied"},
	{`https://app.example.test/cb#error=login_required&state=1`, "login-required"},
	{`Access to fetch at 'https://id' from origin 'http://localhost:3000' has been blocked by CORS policy`, "cors-blocked"},
	{`Exception: Correlation failed.`, "form-post-cookies"},
	{`popup_window_error: Error opening popup window.`, "popup-blocked"},
	{`{"error":"slow_down","interval":10}`, "device-slow-down"},
	{`{"error":"use_dpop_nonce","error_description":"..."}`, "dpop-nonce-required"},
	{`AADSTS500131: Assertion audience does not match the Client app presenting the assertion.`, "obo-assertion"},
	{`{"error":"interaction_required","error_codes":[50076]}`, "mfa-required"},
	{`error=invalid_state: The state is missing or does not have enough characters`, "state-too-short"},
	{`json: cannot unmarshal string into Go struct field expires_in of type int`, "expires-in-odd"},
	{`oidc: malformed jwt: got 1 part`, "id-token-malformed"},
	{`failed to verify signature: fetching keys oidc: get keys failed`, "jwks-unreachable"},
	{`{"error":"invalid_grant","error_description":"AADSTS700084: ..."}`, "refresh-token-spa"},
	{`ERR_TOO_MANY_REDIRECTS`, "redirect-loop"},
	{`Error 403: disallowed_useragent`, "embedded-webview"},
	{`Scope has changed from "openid email" to "openid".`, "scope-narrowed"},
	{`ERR_TLS_CERT_ALTNAME_INVALID`, "tls-hostname-mismatch"},
	{`Incompatible auth server: does not support dynamic client registration`, "mcp-authorization-server"},
	{`INVALID_CLIENT: Insecure redirect URI`, "localhost-refused"},
	{`cybersource 202 DCARDEXPIRED`, "not-oauth-payment"},
	{`google authenticator code not working time not synced`, "not-oauth-totp"},
	{`{"error":"device_flow_disabled"}`, "device-flow-disabled"},
	{`post_logout_redirect_uri not registered`, "logout-redirect-refused"},
}

func TestPastedTextsLeadToTheirArticle(t *testing.T) {
	c := loaded(t)
	ix := NewIndex(c)
	for _, x := range pasted {
		hits := c.Recognise(x.text)
		if len(hits) == 0 {
			hits = ix.Search(x.text, 1)
		}
		if len(hits) == 0 {
			t.Errorf("%s: nothing", x.text)
			continue
		}
		p, _ := c.Page(hits[0].ID)
		if p.ID != x.want && p.Article != x.want {
			t.Errorf("%s\n leads to %s (article %q), want %s", x.text, p.ID, p.Article, x.want)
		}
	}
}

func TestProviderPagesTellRedirectsAndLifetimes(t *testing.T) {
	for _, p := range articles(loaded(t)) {
		if p.Kind != KindProvider {
			continue
		}
		for _, what := range []string{"**Redirects:**", "**Lifetimes:**"} {
			if !strings.Contains(p.body, what) {
				t.Errorf("%s says nothing under %s", p.ID, what)
			}
		}
	}
}
