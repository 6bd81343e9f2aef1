package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// queries are things that people really type, and the page that must be among
// the first three.
var queries = []struct{ query, want string }{
	{"invalid_grant pkce", "pkce-verifier-mismatch"},
	{"code verifer", "pkce-verifier-mismatch"},
	{"code_verifier mismatch", "pkce-verifier-mismatch"},
	{"AADSTS50011", "entra/AADSTS50011"},
	{"50011", "entra/AADSTS50011"},
	{"aadsts54005", "entra/AADSTS54005"},
	{"E0000011", "okta/E0000011"},
	{"redirect mismatch", "redirect-uri-mismatch"},
	{"redirect_uri_mismatch", "redirect-uri-mismatch"},
	{"google redirect_uri_mismatch", "google/redirect_uri_mismatch"},
	{"AADB2C90118", "b2c/AADB2C90118"},
	{"50020", "entra/AADSTS50020"},
	{"discord 50025", "discord/50025"},
	{"unsupported_grant_type_token_exchange", "okta/unsupported_grant_type_token_exchange"},
	{"slack code_already_used", "slack/code_already_used"},
	{"msal monitor_window_timeout", "msal/monitor_window_timeout"},
	{"callback url mismatch", "redirect-uri-mismatch"},
	{"reply url", "redirect-uri-mismatch"},
	{"x509 unknown authority", "tls-unknown-authority"},
	{"self signed certificate", "tls-unknown-authority"},
	{"PKIX path building failed", "tls-unknown-authority"},
	{"jwt expired", "token-expired"},
	{"token expried", "token-expired"},
	{"ECONNREFUSED", "connection-refused"},
	{"no such host", "dns-failure"},
	{"context deadline exceeded", "timeout"},
	{"socket hang up", "connection-reset"},
	{"code already used", "code-already-used"},
	{"authorization code expired", "code-expired"},
	{"invalid_grant", "oauth/invalid_grant"},
	{"invalid_clien", "oauth/invalid_client"},
	{"wrong client secret", "client-authentication-failed"},
	{"client secret expired", "client-authentication-failed"},
	{"state mismatch", "state-mismatch"},
	{"CSRF", "state-mismatch"},
	{"nonce", "nonce"},
	{"nonce mismatch", "nonce-mismatch"},
	{"missing iss", "issuer-missing"},
	{"mixup attack", "mix-up"},
	{"wrong audience", "audience-mismatch"},
	{"jwt audience invalid", "audience-mismatch"},
	{"unable to find a signing key", "unknown-kid"},
	{"kid not found", "unknown-kid"},
	{"alg none", "alg-none"},
	{"algorithm confusion", "alg-confusion"},
	{"HS256 with public key", "alg-confusion"},
	{"invalid signature", "signature-invalid"},
	{"clock skew", "clock-skew"},
	{"issuer did not match", "discovery-issuer-differs"},
	{"invalid character '<'", "discovery-not-json"},
	{"openid-configuration 404", "discovery-not-found"},
	{"token endpoint html", "token-endpoint-not-json"},
	{"415 unsupported media type", "wrong-content-type"},
	{"address already in use", "port-in-use"},
	{"browser does not return", "browser-did-not-come-back"},
	{"third-party cookies", "third-party-cookies"},
	{"prompt none", "login-required"},
	{"admin consent", "consent-required"},
	{"refresh token reuse", "refresh-token-rotated"},
	{"refresh token expired", "refresh-token-expired"},
	{"401 unauthorized", "api-401-invalid-token"},
	{"403 forbidden scope", "insufficient-scope"},
	{"unknown scope", "invalid-scope"},
	{"proof key for code exchange", "pkce"},
	{"code_challenge", "parameter/code_challenge"},
	{"content-type", "parameter/Content-Type"},
	{"aud", "claim/aud"},
	{"at_hash", "claim/at_hash"},
	{"keycloak", "provider/keycloak"},
	{"Bad credentials", "github/Bad_credentials"},
	{"mfa required", "mfa-required"},
	{"too many requests", "temporarily-unavailable"},
	{"407 proxy", "proxy"},
	{"userinfo sub", "userinfo-sub-differs"},
	{"discovrey", "discovery"},
	{"pkec", "pkce"},
	{"authorisation code", "authorization-code"},
}

func TestSearchFindsWhatPeopleMean(t *testing.T) {
	ix := NewIndex(loaded(t))
	for _, q := range queries {
		t.Run(q.query, func(t *testing.T) {
			var got []string
			for _, h := range ix.Search(q.query, 3) {
				got = append(got, h.ID)
			}
			if !slices.Contains(got, q.want) {
				t.Errorf("want %s among %q; it is number %d", q.want, got, place(ix, q.query, q.want))
			}
		})
	}
}

func place(ix *Index, query, id string) int {
	return 1 + slices.IndexFunc(ix.Search(query, 0), func(h Hit) bool { return h.ID == id })
}

func TestExactCodeComesFirst(t *testing.T) {
	c := loaded(t)
	ix := NewIndex(c)
	for _, p := range c.Pages() {
		if hits := ix.Search(p.ID, 1); len(hits) == 0 || hits[0].ID != p.ID {
			t.Errorf("search for the id %q gives %v", p.ID, hits)
		}
		if p.Kind == KindCode && p.Provider == "entra" {
			if hits := ix.Search(p.Codes[0].Code, 1); len(hits) == 0 || hits[0].ID != p.ID {
				t.Errorf("search for %q gives %v", p.Codes[0].Code, hits)
			}
		}
	}
}

func TestResultsComeWhileTyping(t *testing.T) {
	ix := NewIndex(loaded(t))
	for n := 4; n <= len("redirect_uri mismatch"); n++ {
		typed := "redirect_uri mismatch"[:n]
		if hits := ix.Search(typed, 10); len(hits) == 0 || !slices.ContainsFunc(hits, func(h Hit) bool { return strings.Contains(h.ID, "redirect") }) {
			t.Errorf("%q finds %v", typed, hits)
		}
	}
}

func TestHitsSayWhereTheyMatched(t *testing.T) {
	ix := NewIndex(loaded(t))
	hits := ix.Search("verifier", 0)
	at := slices.IndexFunc(hits, func(h Hit) bool { return h.ID == "pkce-verifier-mismatch" })
	if at < 0 || !slices.Equal(hits[at].MatchedIn, []string{"code", "title", "also", "text"}) {
		t.Errorf("hits %+v", hits[:min(3, len(hits))])
	}
	if hits := ix.Search("AADSTS70008", 1); hits[0].Code != "AADSTS70008" || hits[0].Provider != "entra" || hits[0].Kind != KindCode {
		t.Errorf("hit %+v", hits[0])
	}
}

func TestNonsenseFindsNothing(t *testing.T) {
	ix := NewIndex(loaded(t))
	for _, q := range []string{"", "   ", "qqqqzzzz", "…", "the of"} {
		if hits := ix.Search(q, 0); len(hits) != 0 {
			t.Errorf("%q finds %d pages, first %s", q, len(hits), hits[0].ID)
		}
	}
}

func TestSearchIsTheSameEveryTime(t *testing.T) {
	ix := NewIndex(loaded(t))
	first := fmt.Sprint(ix.Search("invalid token", 50))
	for range 20 {
		if again := fmt.Sprint(ix.Search("invalid token", 50)); again != first {
			t.Fatal("the order changes from search to search")
		}
	}
}

func TestDistanceCountsSlips(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"verifier", "verifier", 0}, {"verifer", "verifier", 1}, {"verifeir", "verifier", 1}, {"virifeir", "verifier", 2},
		{"pkec", "pkce", 1}, {"state", "stat", 1}, {"abc", "xyz", 3}, {"", "ab", 2},
	} {
		if got := distance(c.a, c.b, 2); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// The quick letter test may only rule out words that are too far away.
func TestLetterTestNeverRulesOutACloseWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z0-9_-]{1,20}`)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if d := distance(a, b, 2); d <= 2 && differ(letters(a), letters(b)) > 2*d {
			t.Fatalf("%q and %q: distance %d, letters differ by %d", a, b, d, differ(letters(a), letters(b)))
		}
	})
}

func FuzzSearch(f *testing.F) {
	for _, q := range queries {
		f.Add(q.query)
	}
	f.Add(strings.Repeat("a-b_", 5000))
	f.Add("\x1b[2J \u202e ünïcödé 日本 \xff\xfe")
	ix := NewIndex(loaded(f))
	f.Fuzz(func(t *testing.T, query string) {
		hits := ix.Search(query, 20)
		if len(hits) > 20 {
			t.Fatal("more than asked for")
		}
		for i, h := range hits {
			if _, ok := ix.c.Page(h.ID); !ok || i > 0 && h.Score > hits[i-1].Score {
				t.Fatalf("hit %d: %+v", i, h)
			}
			if !utf8.ValidString(h.Code + h.Title) {
				t.Fatal("foreign bytes came back")
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadAgain(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewIndex(b *testing.B) {
	c := loaded(b)
	b.ReportAllocs()
	for b.Loop() {
		NewIndex(c)
	}
}

// BenchmarkKeystroke is one search per letter of each query above.
func BenchmarkKeystroke(b *testing.B) {
	ix := NewIndex(loaded(b))
	var typed []string
	for _, q := range queries {
		for n := range len(q.query) {
			typed = append(typed, q.query[:n+1])
		}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		ix.Search(typed[i%len(typed)], 30)
		i++
	}
}

func BenchmarkKeystrokeTypo(b *testing.B) {
	ix := NewIndex(loaded(b))
	b.ReportAllocs()
	for b.Loop() {
		ix.Search("authoriztion cdoe verifer mismacth", 30)
	}
}

func BenchmarkMarkdown(b *testing.B) {
	p, _ := loaded(b).Page("client-authentication-failed")
	for b.Loop() {
		_ = p.Markdown()
	}
}

func BenchmarkRecognise(b *testing.B) {
	c := loaded(b)
	for b.Loop() {
		c.Recognise(`{"error":"invalid_grant","error_description":"AADSTS501481: The Code_Verifier does not match the code_challenge. Trace ID: 1","error_codes":[501481]}`)
	}
}
