package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"authdance/flows/provider"
)

func missing(d provider.Draft) string {
	var out []string
	for _, m := range d.Missing() {
		if m.What == "" || m.Example == "" {
			out = append(out, "unexplained:")
		}
		out = append(out, m.Field)
	}
	return strings.Join(out, " ")
}

func TestOnePastedThingMakesADraft(t *testing.T) {
	for _, c := range []struct{ name, in, from, want, missing string }{
		{"issuer", "https://idp.acme.test/tenant", "issuer", "issuer=https://idp.acme.test/tenant id=acme class=TEST", "client.id"},
		{"host", "idp.acme.test", "issuer", "issuer=https://idp.acme.test", "client.id"},
		{"this computer", "localhost:9400", "issuer", "issuer=http://localhost:9400 class=LAB", "client.id"},
		{"production", "https://login.prod.acme.test", "issuer", "class=LIVE", "client.id"},
		{"discovery", "https://idp.acme.test/t/.well-known/openid-configuration", "address of metadata", "issuer=https://idp.acme.test/t metadata=", "client.id"},
		{"rfc8414", "https://idp.acme.test/.well-known/oauth-authorization-server/t", "address of metadata", "issuer=https://idp.acme.test/t metadata=", "client.id"},
		{"resource", "https://mcp.acme.test/.well-known/oauth-protected-resource/mcp", "description of a protected resource", "api=https://mcp.acme.test/mcp", "issuer client.id"},
		{"authorize", "https://idp.acme.test/auth?response_type=code&client_id=c1&scope=openid+email&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcb&code_challenge_method=S256&state=x", "authorization URL",
			"authorization_endpoint=https://idp.acme.test/auth client=c1 scope=openid_email redirect=http://localhost:8080/cb pkce=S256", "endpoints.token_endpoint"},
		{"authorize of a known product", "https://github.com/login/oauth/authorize?client_id=c1", "authorization URL", "preset=github token_endpoint=https://github.com/login/oauth/access_token client=c1", ""},
		{"preset", "github", "preset", "preset=github id=github token_endpoint=https://github.com/login/oauth/access_token", "client.id client.secret"},
		{"preset with a hole", "keycloak", "preset", "preset=keycloak", "variable.host variable.realm client.id"},
		{"curl", "curl -X POST https://idp.acme.test/token \\\n  -u 'c1:s%3Acret' -H 'Accept: application/json' -d grant_type=client_credentials --data-urlencode 'scope=read write'", "curl command",
			"token_endpoint=https://idp.acme.test/token client=c1 auth=client_secret_basic scope=read_write secret=s:cret", "client.secret"},
		{"curl body", `curl --data "grant_type=authorization_code&client_id=c1&client_secret=hunter2&code=abc" https://idp.acme.test/token`, "curl command", "auth=client_secret_post client=c1 secret=hunter2", "client.secret"},
		{"postman", `{"auth":{"type":"oauth2","oauth2":[{"key":"accessTokenUrl","value":"https://idp.acme.test/token","type":"string"},{"key":"authUrl","value":"https://idp.acme.test/auth"},{"key":"clientId","value":"c1"},{"key":"clientSecret","value":"{{secret}}"},{"key":"scope","value":"openid"},{"key":"client_authentication","value":"body"},{"key":"challengeAlgorithm","value":"S256"}]}}`,
			"Postman", "token_endpoint=https://idp.acme.test/token authorization_endpoint=https://idp.acme.test/auth client=c1 scope=openid auth=client_secret_post", "client.secret"},
		{"insomnia", `{"_type":"request","authentication":{"type":"oauth2","grantType":"authorization_code","authorizationUrl":"https://idp.acme.test/auth","accessTokenUrl":"https://idp.acme.test/token","clientId":"c1","redirectUrl":"http://127.0.0.1:8080/cb","usePkce":true,"scope":"read"}}`,
			"Insomnia", "token_endpoint=https://idp.acme.test/token redirect=http://127.0.0.1:8080/cb client=c1 scope=read", ""},
		{"bruno", "auth:oauth2 {\n  grant_type: authorization_code\n  callback_url: http://localhost:3000/cb\n  authorization_url: https://idp.acme.test/auth\n  access_token_url: https://idp.acme.test/token\n  client_id: c1\n  client_secret: {{S}}\n  scope: read write\n  pkce: true\n}\n",
			"Bruno", "token_endpoint=https://idp.acme.test/token client=c1 scope=read_write redirect=http://localhost:3000/cb", ""},
		{"openapi json", `{"openapi":"3.1.0","components":{"securitySchemes":{"o":{"type":"oauth2","flows":{"authorizationCode":{"authorizationUrl":"https://idp.acme.test/auth","tokenUrl":"https://idp.acme.test/token","scopes":{"read":"Read","write":"Write"}}}}}}}`,
			"OpenAPI", "authorization_endpoint=https://idp.acme.test/auth scope=read_write", "client.id"},
		{"openapi yaml", "openapi: 3.0.0\ncomponents:\n  securitySchemes:\n    o:\n      type: oauth2\n      flows:\n        authorizationCode:\n          authorizationUrl: https://idp.acme.test/auth\n          tokenUrl: 'https://idp.acme.test/token'\n          scopes:\n            read: Read things\n            'pets:write': Write\n",
			"OpenAPI", "token_endpoint=https://idp.acme.test/token scope=read_pets:write", "client.id"},
		{"openapi discovery", `{"openapi":"3.1.0","components":{"securitySchemes":{"o":{"type":"openIdConnect","openIdConnectUrl":"https://idp.acme.test/.well-known/openid-configuration"}}}}`, "OpenAPI", "issuer=https://idp.acme.test", "client.id"},
	} {
		d, err := provider.NewDraft(c.in, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		p := d.Profile
		got := fmt.Sprintf("id=%s class=%s preset=%s issuer=%s metadata=%s api=%s client=%s auth=%s scope=%s redirect=%s pkce=%s secret=%s", p.ID, p.Class, p.Preset, p.Issuer, p.Metadata, p.API,
			p.Client.ID, p.Client.Auth, strings.ReplaceAll(p.Request.Scope, " ", "_"), p.Client.RedirectURI, p.Request.PKCE, d.Secrets["client.secret"].Reveal())
		for name, u := range p.Endpoints {
			got += " " + name + "=" + u
		}
		for _, w := range strings.Fields(c.want) {
			if !slices.Contains(strings.Fields(got), w) {
				t.Errorf("%s: no %q in %s", c.name, w, got)
			}
		}
		if d.From != c.from || missing(d) != c.missing {
			t.Errorf("%s: from %q, missing %q; want %q, %q", c.name, d.From, missing(d), c.from, c.missing)
		}
	}
}

func TestWhatCannotBeReadIsAnsweredWithWhatCan(t *testing.T) {
	for _, in := range []string{"", "hello", "githbu", "curl localhost", "{\"a\":1}", "ftp://x.test", strings.Repeat("x", 2<<20), "{broken"} {
		if _, err := provider.NewDraft(in, nil); err == nil || len(err.Error()) < 20 || strings.ContainsRune(err.Error(), '\n') {
			t.Errorf("%.20q: %v", in, err)
		}
	}
}

func TestMetadataDecidesTheIssuerAndTheProduct(t *testing.T) {
	d, err := provider.NewDraft("https://id.acme.test/realms/x/", nil)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := provider.ParseMetadata([]byte(`{"issuer":"https://id.acme.test/realms/x","authorization_endpoint":"https://id.acme.test/realms/x/protocol/openid-connect/auth",
		"token_endpoint":"https://id.acme.test/realms/x/protocol/openid-connect/token","userinfo_endpoint":"https://id.acme.test/realms/x/protocol/openid-connect/userinfo"}`))
	if err != nil {
		t.Fatal(err)
	}
	d = d.WithMetadata(d.Look[0].URL, m)
	if d.Profile.Issuer != "https://id.acme.test/realms/x" || d.Profile.Preset != "keycloak" || d.Profile.Metadata != "" || missing(d) != "client.id" || len(d.Look) != 0 {
		t.Fatalf("%+v, missing %s", d.Profile, missing(d))
	}
}

func TestAnMCPServerLeadsToItsAuthorizationServer(t *testing.T) {
	d, err := provider.NewDraft("https://mcp.acme.test/mcp", nil)
	if err != nil || !slices.ContainsFunc(d.Look, func(c provider.Candidate) bool {
		return c.URL == "https://mcp.acme.test/.well-known/oauth-protected-resource/mcp"
	}) {
		t.Fatalf("%+v, %v", d.Look, err)
	}
	m, _, _ := provider.ParseMetadata([]byte(`{"resource":"https://mcp.acme.test/mcp","authorization_servers":["https://as.acme.test"],"scopes_supported":["mcp"]}`))
	d = d.WithResource(m)
	if d.Profile.Issuer != "https://as.acme.test" || d.Profile.API != "https://mcp.acme.test/mcp" || d.Profile.Request.Scope != "mcp" || len(d.Look) == 0 {
		t.Fatalf("%+v", d)
	}
}

func FuzzNewDraft(f *testing.F) {
	for _, s := range []string{"github", "https://a.test/.well-known/x", "curl -u a:b -d 'x", "{\"authUrl\":\"https://a.test\"}", "scopes:\n  - a\ntokenUrl: https://b.test", "curl -H", "https://u:p@a.test?client_id=%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := provider.NewDraft(s, nil)
		if err != nil {
			return
		}
		p := d.Profile
		if strings.HasPrefix(p.Client.Secret, "env:") || p.Client.Secret != "" {
			t.Fatalf("a secret got into the profile: %q", p.Client.Secret)
		}
		d.Missing()
		if p.Client.ID = "c"; p.Validate() == nil {
			if _, err := provider.ParseProfile(p.TOML()); err != nil {
				t.Fatalf("a valid draft does not read back: %v\n%s", err, p.TOML())
			}
		}
	})
}
