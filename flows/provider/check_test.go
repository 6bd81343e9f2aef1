package provider_test

import (
	"strings"
	"testing"
	"time"

	"authdance/flows/provider"
	"authdance/flows/wire"
)

func meta(t *testing.T, doc string) provider.Metadata {
	t.Helper()
	m, _, err := provider.ParseMetadata([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheDoctorFindsLiesOfMetadata(t *testing.T) {
	p := provider.Profile{ID: "x", Issuer: "https://as.test", Client: provider.ClientConfig{ID: "c", Auth: "none"}, Request: provider.RequestConfig{Scope: "openid"}}
	sound := `"issuer":"https://as.test","authorization_endpoint":"https://as.test/a","token_endpoint":"https://as.test/t","jwks_uri":"https://as.test/k","code_challenge_methods_supported":["S256"]`
	for name, c := range map[string]struct{ doc, want string }{
		"issuer with a slash":    {strings.Replace(sound, `"https://as.test"`, `"https://as.test/"`, 1), "fail metadata_issuer_mismatch"},
		"http endpoint":          {strings.Replace(sound, `"https://as.test/t"`, `"http://as.test/t"`, 1), "fail insecure_transport"},
		"grant without endpoint": {sound + `,"grant_types_supported":["urn:ietf:params:oauth:grant-type:device_code"]`, "fail metadata_contradiction"},
		"alg without key":        {strings.Replace(sound, `"jwks_uri":"https://as.test/k",`, `"id_token_signing_alg_values_supported":["RS256"],`, 1), "fail metadata_contradiction"},
		"auth method":            {sound + `,"token_endpoint_auth_methods_supported":["client_secret_basic"]`, "warn metadata_contradiction"},
		"no PKCE":                {strings.Replace(sound, `"S256"`, `"plain"`, 1), "warn metadata_contradiction"},
		"sound":                  {sound, ""},
	} {
		var bad []string
		for _, k := range provider.Examine(p, []provider.Document{{URL: "https://as.test/x", Meta: meta(t, "{"+c.doc+"}")}}) {
			if k.Status == wire.Fail || k.Status == wire.Warn {
				bad = append(bad, string(k.Status)+" "+k.ID)
			}
		}
		if strings.Join(bad, ",") != c.want {
			t.Errorf("%s: %v, want %s", name, bad, c.want)
		}
	}
}

func TestDocumentsThatDisagreeAreNamed(t *testing.T) {
	a, b := meta(t, `{"issuer":"https://as.test","scopes_supported":["a","b"],"token_endpoint":"https://as.test/t"}`), meta(t, `{"issuer":"https://as.test","scopes_supported":["b","a"],"token_endpoint":"https://as.test/other","x":1}`)
	got := provider.Differences(a, b)
	if len(got) != 2 || got[0].Name != "token_endpoint" || got[1].Name != "x" {
		t.Fatalf("%+v", got)
	}
}

func TestTheHealthOfAKeySet(t *testing.T) {
	for name, c := range map[string]struct{ set, want string }{
		"empty":   {`{"keys":[]}`, "jwks_empty"},
		"private": {`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`, "jwks_private_key"},
		"twice":   {`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`, "jwks_duplicate_kid"},
	} {
		found := false
		for _, k := range provider.ExamineKeys([]byte(c.set), time.Now()) {
			found = found || k.ID == c.want
		}
		if !found {
			t.Errorf("%s: no %s in %v", name, c.want, provider.ExamineKeys([]byte(c.set), time.Now()))
		}
	}
}
