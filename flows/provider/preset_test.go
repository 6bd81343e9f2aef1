package provider_test

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"authdance/flows/provider"
)

func examples(p provider.Preset) map[string]string {
	out := map[string]string{}
	for name, v := range p.Variables {
		out[name] = v.Example
	}
	return out
}

func TestEveryPresetMakesAValidProfileAndHasItsPage(t *testing.T) {
	list := provider.Presets()
	if len(list) != 40 {
		t.Errorf("%d presets, want 40", len(list))
	}
	for _, p := range list {
		draft, lacks := p.Profile(examples(p))
		draft.Client.ID = "c1"
		if err := draft.Validate(); err != nil || len(lacks) > 0 {
			t.Errorf("%s: %v, lacks %v", p.ID, err, lacks)
		}
		if p.Register == "" || p.RegisterAt == "" || p.Redirects == "" || len(p.Notes) == 0 {
			t.Errorf("%s has no words on registration, redirects or what is special", p.ID)
		}
		if _, err := os.Stat("../../catalog/articles/" + p.Article() + ".md"); err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
		for name, raw := range p.Endpoints {
			for v := range p.Variables {
				raw = strings.ReplaceAll(raw, "{"+v+"}", p.Variables[v].Example)
			}
			if u, err := url.Parse(raw); err != nil || u.Host == "" || strings.ContainsAny(raw, "{} ") || u.Scheme != "https" && p.ID != "lab" {
				t.Errorf("%s, %s: %q", p.ID, name, raw)
			}
		}
		for _, v := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(p.Issuer+p.Metadata, -1) {
			if p.Variables[v[1]].What == "" {
				t.Errorf("%s: nobody says what %s is", p.ID, v[0])
			}
		}
	}
}

func TestAPresetWithoutOpenIDConnectIsEnough(t *testing.T) {
	p, err := provider.ParseProfile([]byte("id = \"gh\"\npreset = \"github\"\n[client]\nid = \"c1\"\n"))
	if err != nil || p.Endpoints["token_endpoint"] != "https://github.com/login/oauth/access_token" || p.Quirks["http_200_error"] != "yes" {
		t.Fatalf("%+v, %v", p, err)
	}
	if !strings.Contains(strings.Join(p.Announcements(), "\n"), "errors with HTTP 200") {
		t.Errorf("not announced: %v", p.Announcements())
	}
}

func TestSlackGetsCommasBetweenScopes(t *testing.T) {
	p, err := provider.ParseProfile([]byte("id = \"s\"\npreset = \"slack\"\n[client]\nid = \"c1\"\n[request]\nscope = \"openid email\"\n"))
	if err != nil || p.Vars()["scope"] != "openid,email" {
		t.Fatalf("%v, %v", p.Vars()["scope"], err)
	}
}

func TestAMisspeltPresetIsAnsweredWithTheNearest(t *testing.T) {
	for text, want := range map[string]string{"githob": "github", "keyclok": "keycloak", "microsoft": "entra or entra-v1", "zzz": "presets lists them"} {
		if _, err := provider.FindPreset(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, want := range map[string]string{"GitHub": "github", "okta": "okta-custom", "AWS Cognito": "cognito"} {
		if p, err := provider.FindPreset(text); err != nil || p.ID != want {
			t.Errorf("%s: %v, %v", text, p.ID, err)
		}
	}
}

func TestTheProductIsRecognised(t *testing.T) {
	for address, want := range map[string]string{
		"https://login.microsoftonline.com/contoso.com/v2.0":        "entra",
		"https://dev-1.okta.com":                                    "okta-org",
		"https://dev-1.okta.com/oauth2/default":                     "okta-custom",
		"https://sso.example.com/realms/staff":                      "keycloak",
		"https://acme.eu.auth0.com/":                                "auth0",
		"https://accounts.google.com":                               "google",
		"https://github.com/login/oauth/authorize":                  "github",
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc": "cognito",
		"https://idp.example.com":                                   "",
		"https://idp.example.com/adfs":                              "adfs",
	} {
		if p, _, _ := provider.Recognise(address, provider.Metadata{}); p.ID != want {
			t.Errorf("%s: %q, want %q", address, p.ID, want)
		}
	}
	// Behind a name of one's own only the endpoints tell.
	for want, doc := range map[string]string{
		"okta-custom":    `{"issuer":"https://id.acme.test/oauth2/abc","authorization_endpoint":"https://id.acme.test/oauth2/abc/v1/authorize","token_endpoint":"https://id.acme.test/oauth2/abc/v1/token","jwks_uri":"https://id.acme.test/oauth2/abc/v1/keys"}`,
		"identityserver": `{"issuer":"https://id.acme.test","authorization_endpoint":"https://id.acme.test/connect/authorize","token_endpoint":"https://id.acme.test/connect/token","userinfo_endpoint":"https://id.acme.test/connect/userinfo"}`,
		"":               `{"issuer":"https://id.acme.test","authorization_endpoint":"https://id.acme.test/a","token_endpoint":"https://id.acme.test/t"}`,
	} {
		m, _, err := provider.ParseMetadata([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if p, _, _ := provider.Recognise("https://id.acme.test", m); p.ID != want {
			t.Errorf("%q, want %q", p.ID, want)
		}
	}
	_, v, _ := provider.Recognise("https://sso.example.com:8443/realms/staff", provider.Metadata{})
	if v["host"] != "sso.example.com:8443" || v["realm"] != "staff" {
		t.Errorf("variables %v", v)
	}
}

func BenchmarkRecognise(b *testing.B) {
	for b.Loop() {
		provider.Recognise("https://idp.acme.test/tenant", provider.Metadata{})
	}
}
