package catalog

import (
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestExplainLooksForTheProvidersCodeFirst(t *testing.T) {
	c := loaded(t)
	for _, x := range []struct{ provider, code, oauthError, step, want string }{
		{"entra", "AADSTS54005", "invalid_grant", "token", "entra/AADSTS54005"},
		{"entra", "54005", "invalid_grant", "token", "entra/AADSTS54005"},
		{"entra-v1", "aadsts54005", "", "", "entra/AADSTS54005"},
		{"", "AADSTS54005", "invalid_grant", "token", "entra/AADSTS54005"},
		{"okta-custom", "mismatched_redirect_uri", "invalid_grant", "token", "okta/mismatched_redirect_uri"},
		{"github", "", "bad_verification_code", "token", "github/bad_verification_code"},
		// The provider's own use of an OAuth error, at this step.
		{"auth0", "", "access_denied", "token", "auth0/access_denied"},
		{"google", "", "invalid_grant", "token", "google/invalid_grant"},
		// Then the OAuth error at this step.
		{"", "", "invalid_grant", "token", "invalid-grant"},
		{"entra", "AADSTS99999999", "invalid_grant", "token", "invalid-grant"},
		{"nobody", "", "invalid_client", "token", "client-authentication-failed"},
		{"", "", "access_denied", "callback", "access-denied"},
		{"", "", "login_required", "callback", "login-required"},
		{"", "invalid_scope", "", "callback", "invalid-scope"},
		{"", "", "invalid_request", "api", "invalid-request"},
		{"", "", "invalid_request", "token", "invalid-request"},
		{"", "", "slow_down", "token", "device-slow-down"},
		{"", "", "need_info", "token", "oauth/need_info"}, // no article is about UMA
		// Then our own checks and transport failures.
		{"", "state_mismatch", "", "callback", "state-mismatch"},
		{"keycloak", "tls_unknown_authority", "", "discovery", "tls-unknown-authority"},
		{"", "claim_missing:sub", "", "id_token", "id-token"},
		{"", "zip_limit", "", "id_token", "authdance/zip_limit"},
	} {
		p, ok := c.Explain(x.provider, x.code, x.oauthError, x.step)
		if !ok || p.ID != x.want {
			t.Errorf("Explain(%q, %q, %q, %q) = %q, want %q", x.provider, x.code, x.oauthError, x.step, p.ID, x.want)
		}
	}
	if p, ok := c.Explain("", "", "", "token"); ok {
		t.Errorf("nothing to explain gives %q", p.ID)
	}
	if p, ok := c.Explain("", "no_such_code", "no_such_error", "token"); ok {
		t.Errorf("unknown codes give %q", p.ID)
	}
}

func TestNamedFindsOnlyWhatIsMeantAlone(t *testing.T) {
	c := loaded(t)
	for spelling, want := range map[string]string{
		"AADSTS54005": "entra/AADSTS54005", "aadsts54005": "entra/AADSTS54005", "54005": "entra/AADSTS54005",
		"entra/AADSTS54005": "entra/AADSTS54005", "pkce": "pkce", "MSIS9605": "adfs/MSIS9605", "Bad credentials": "github/Bad_credentials",
		"hash_empty_error":      "msal/hash_empty_error",
		"50020":                 "", // Entra and Discord
		"redirect_uri_mismatch": "", "access_denied": "", "nonce": "nonce", "state": "state", "": "", "no such code": "",
		"at_hash": "", // a claim
	} {
		p, ok := c.Named(spelling)
		if ok != (want != "") || p.ID != want {
			t.Errorf("Named(%q) = %q, want %q", spelling, p.ID, want)
		}
	}
}

func TestForStepPutsTheMostLikelyFirst(t *testing.T) {
	c := loaded(t)
	for _, step := range steps() {
		pages := c.ForStep(step)
		if len(pages) < 2 {
			t.Errorf("%s: %d pages", step, len(pages))
		}
		var ids []string
		for _, p := range pages {
			if slices.Contains(ids, p.ID) {
				t.Errorf("%s: %s stands twice", step, p.ID)
			}
			ids = append(ids, p.ID)
		}
		if ranked := c.ranks[step]; !slices.Equal(ids[:len(ranked)], ranked) {
			t.Errorf("%s: %q", step, ids)
		}
	}
	if pages := c.ForStep("no_such_step"); len(pages) != 0 {
		t.Errorf("an unknown step has %d pages", len(pages))
	}
}

func TestPlacesTellTheSameValueApart(t *testing.T) {
	c := loaded(t)
	var where []string
	for _, row := range c.Places("", "invalid_client") {
		where = append(where, row.Step())
	}
	for _, step := range []string{"token", "par", "revoke", "introspect"} {
		if !slices.Contains(where, step) {
			t.Errorf("invalid_client at %q, not at %s", where, step)
		}
	}
	if _, ok := c.Code("", "AADSTS54005"); ok {
		t.Error("the registry has a Microsoft code")
	}
	if row, ok := c.Code("entra", "54005"); !ok || row.OAuthError != "invalid_grant" || !row.Verified {
		t.Errorf("54005 = %+v", row)
	}
}

func TestCodesOfAnOAuthErrorBeginWithTheRegistry(t *testing.T) {
	rows := loaded(t).Codes("invalid_grant")
	if len(rows) < 30 || rows[0].Provider != Registry || rows[len(rows)-1].Provider == Registry {
		t.Errorf("%d rows, first %+v", len(rows), rows[0])
	}
	if rows := loaded(t).Codes(""); len(rows) != 0 {
		t.Errorf("no error has %d codes", len(rows))
	}
}

func TestRecogniseReadsWhatPeoplePaste(t *testing.T) {
	c := loaded(t)
	for _, x := range []struct{ text, want string }{
		{`{"error":"invalid_grant","error_description":"AADSTS501481: The Code_Verifier does not match"}`, "entra/AADSTS501481"},
		{`{"error":"invalid_request","error_codes":[9002327],"timestamp":"2026"}`, "entra/AADSTS9002327"},
		{`{"error": "invalid_client"}`, "oauth/invalid_client"},
		{`{\"error\":\"invalid_scope\"}`, "oauth/invalid_scope"},
		{`http://127.0.0.1:9501/callback?error=access_denied&state=x`, "oauth/access_denied"},
		{`https://app.test/cb?error=redirect_uri_mismatch&error_uri=https://docs.github.com/apps`, "github/redirect_uri_mismatch"},
		{`accounts.google.com said Error 400: redirect_uri_mismatch`, "google/redirect_uri_mismatch"},
		{`{"error":{"message":"Error validating access token","type":"OAuthException","code":190}}`, "facebook/190"},
		{`{"error":{"type":"OAuthException","code":190,"error_subcode":460}}`, "facebook/190/460"},
		{`{"developerMessage":"The client_id is wrong","errorCode":"AUTH-001"}`, "autodesk/AUTH-001"},
		{`{"serviceErrorCode":65602,"message":"The token has expired"}`, "linkedin/65602"},
		{`AADB2C90118: The user has forgotten their password.`, "b2c/AADB2C90118"},
		{`MSIS9605: The client is not allowed to access the requested resource.`, "adfs/MSIS9605"},
		{`{"errorCode":"E0000011","errorSummary":"Invalid token provided"}`, "okta/E0000011"},
		{`WWW-Authenticate: Bearer error="insufficient_scope", scope="read"`, "oauth/insufficient_scope"},
		{`oauth2: cannot fetch token: 400 Bad Request Response: {"error":"invalid_grant"}`, "oauth/invalid_grant"},
		{`Get "https://idp": tls: failed to verify certificate: x509: certificate signed by unknown authority`, "tls-unknown-authority"},
		{`dial tcp 127.0.0.1:9400: connect: connection refused`, "connection-refused"},
		{`TokenExpiredError: jwt expired`, "token-expired"},
		{`{"message":"Bad credentials","status":"401"}`, "github/Bad_credentials"},
		{`check failed: at_hash_mismatch`, "authdance/at_hash_mismatch"},
		{`2026-01-01 WARN type=CODE_TO_TOKEN_ERROR, error=invalid_code`, "keycloak/invalid_code"},
	} {
		hits := c.Recognise(x.text)
		if len(hits) == 0 || hits[0].ID != x.want {
			t.Errorf("%s\n gives %+v\n want %s", x.text, hits, x.want)
		}
	}
	for _, text := range []string{"", "hello world", "unauthorized", `{"code":4}`, "error: 17", strings.Repeat("x", 1<<20), "\x00\xff{{{"} {
		if hits := c.Recognise(text); len(hits) != 0 {
			t.Errorf("%.20q gives %+v", text, hits)
		}
	}
}

func TestEveryAlsoMessageIsRecognised(t *testing.T) {
	c := loaded(t)
	for _, p := range c.Pages() {
		for _, phrase := range p.Also {
			if !strings.Contains(phrase, " ") {
				continue
			}
			if !slices.ContainsFunc(c.Recognise("log: "+phrase+"."), func(h Hit) bool { return h.ID == p.ID }) {
				t.Errorf("%s does not recognise its own %q", p.ID, phrase)
			}
		}
	}
}

func FuzzRecognise(f *testing.F) {
	f.Add(`{"error":"invalid_grant","error_codes":[54005,`)
	f.Add("error=error=error:\"\\")
	c := loaded(f)
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[string]bool{}
		for _, h := range c.Recognise(text) {
			if _, ok := c.Page(h.ID); !ok || seen[h.ID] {
				t.Fatalf("hit %+v", h)
			}
			seen[h.ID] = true
		}
	})
}

func TestLoadIsSafeForManyAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c, err := Load()
			if err != nil {
				t.Error(err)
				return
			}
			NewIndex(c).Search("invalid_grant", 3)
			c.Recognise("AADSTS50011")
		})
	}
	all.Wait()
}

func TestBrokenDataNamesFileAndLine(t *testing.T) {
	row := "p\tc\tn\ttoken\t400\te\tm\tuser\tno\tf\t\tmaybe\ts"
	for _, x := range []struct{ text, want string }{
		{"wrong header\n", "first line"},
		{columns + "\n\nonly\tthree\tcolumns\n", "x.tsv:3: 3 columns"},
		{columns + "\n" + row + "\n", `x.tsv:2: verified is "maybe"`},
	} {
		if _, err := parseCodes("x.tsv", x.text); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("error %v, want %q", err, x.want)
		}
	}
	for _, x := range []struct{ text, want string }{
		{"no front matter", "front matter"},
		{"+++\nid = \"x\"\ncolour = 1\n+++\nbody", "unknown key colour"},
		{"+++\nid = \"y\"\n+++\nbody", "name the file after it"},
	} {
		if _, err := parseArticle("articles/x.md", x.text); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("error %v, want %q", err, x.want)
		}
	}
}

func TestLabCommandIsQuotedForTheShell(t *testing.T) {
	l := Lab{Flow: "authorization_code", Fault: "code_expired", Edit: []string{"token:code=it's"}, Args: []string{"--scope", "openid read"}}
	want := `authdance run authorization_code --fault code_expired --edit 'token:code=it'\''s' --scope 'openid read'`
	if got := l.Command(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := (Lab{None: "no"}).Command(); got != "" {
		t.Errorf("got %q for nothing to run", got)
	}
}
