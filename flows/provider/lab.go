package provider

import (
	"slices"
	"strings"
)

// ForLab is the profile of the embedded lab.
func ForLab(issuer, api string) Profile {
	return Profile{Schema: 1, ID: "lab", Name: "lab", Class: Lab, Issuer: issuer, API: api + "/api/profile",
		Client:  ClientConfig{ID: "workshop-spa", Auth: "none", RedirectURI: defaultRedirect},
		Request: RequestConfig{Scope: "openid profile email offline_access read", PKCE: "S256"},
		Quirks:  map[string]string{"code_lifetime": "60"},
		Grants:  labGrants(issuer, api)}
}

// labGrants are the clients of the lab that suit each flow, where that is not
// workshop-spa. Their secrets are known to whoever has the lab.
func labGrants(issuer, api string) map[string]GrantConfig {
	legacy := GrantConfig{Client: ClientConfig{ID: "workshop-legacy", Auth: "none"}}
	gateway := GrantConfig{Client: ClientConfig{ID: "workshop-gateway", Auth: "client_secret_basic"}, Request: RequestConfig{Scope: "read"}}
	person := legacy
	person.Values = map[string]string{"username": "alice", "password": "password"}
	agent := ClientConfig{ID: "workshop-agent", Auth: "client_secret_basic"}
	return map[string]GrantConfig{
		"device_code":        {Client: ClientConfig{ID: "workshop-device", Auth: "none"}},
		"client_credentials": {Client: ClientConfig{ID: "workshop-service", Auth: "client_secret_basic"}, Request: RequestConfig{Scope: "read write"}},
		"hybrid":             legacy,
		"implicit":           legacy,
		"password":           person,
		"token_exchange":     gateway,
		"on_behalf_of":       gateway,
		"introspect":         {Client: ClientConfig{ID: "workshop-web", Auth: "client_secret_basic"}},
		"ciba": {Client: ClientConfig{ID: "workshop-ciba-poll", Auth: "client_secret_basic"},
			Values: map[string]string{"login_hint": "alice", "binding_message": "authdance-42", "other_device": issuer + "/ciba"}},
		"jwt_bearer":   {Client: ClientConfig{ID: "workshop-keys", Auth: "private_key_jwt"}, Request: RequestConfig{Scope: "read"}, Values: map[string]string{"subject": "alice"}},
		"saml2_bearer": gateway,
		"native_sso": {Client: ClientConfig{ID: "workshop-app-two", Auth: "none"}, Request: RequestConfig{Scope: "openid profile read"},
			Before: &GrantConfig{Client: ClientConfig{ID: "workshop-app-one", Auth: "none"}, Request: RequestConfig{Scope: "openid profile read device_sso offline_access"}}},
		"id_jag": {Client: agent, Values: map[string]string{"resource_issuer": strings.TrimSuffix(issuer, "default") + "partner", "resource_scope": "read"},
			Before: &GrantConfig{Client: agent}},
		"step_up":           {API: api + "/api/vault"},
		"resource_metadata": {Values: map[string]string{"resource": api + "/mcp"}},
	}
}

// InLab is the profile of the lab for a run of the flow with these options: with
// the client that can do what they ask for, where the flow's usual one cannot.
// A profile of another class stays as it is.
func (p Profile) InLab(grant string, options map[string]string) Profile {
	if p.Class != Lab {
		return p
	}
	secret := func(id string) ClientConfig { return ClientConfig{ID: id, Auth: "client_secret_basic"} }
	if grant == "ciba" {
		switch options["delivery"] {
		case "ping":
			return p.with(GrantConfig{Client: secret("workshop-ciba-ping"), Values: map[string]string{"user_code": "1357"}})
		case "push":
			return p.with(GrantConfig{Client: ClientConfig{ID: "workshop-ciba-push", Auth: "private_key_jwt"}})
		}
		return p
	}
	usual := p.Client
	if !slices.Contains([]string{"workshop-spa", "workshop-web", "workshop-service"}, usual.ID) {
		return p // only one client of the lab may use this flow
	}
	auth := options["client_auth"]
	if auth == "" || auth == "auto" || auth == usual.Auth {
		switch {
		case options["mtls"] == "on":
			auth = "tls_client_auth"
		case options["jar"] != "" && options["jar"] != "off":
			auth = "private_key_jwt"
		default:
			return p
		}
	}
	client := map[string]ClientConfig{
		"none":                        {ID: "workshop-spa"},
		"client_secret_basic":         secret("workshop-web"),
		"client_secret_post":          secret("workshop-web"),
		"client_secret_jwt":           {ID: "workshop-mac"},
		"private_key_jwt":             {ID: "workshop-keys"},
		"tls_client_auth":             {ID: "workshop-mtls"},
		"self_signed_tls_client_auth": {ID: "workshop-selfsigned"},
	}[auth]
	if client.ID == "" || usual.ID == "workshop-service" && client.ID == "workshop-web" {
		client = usual
	}
	client.Auth = auth
	more := GrantConfig{Client: client}
	if strings.HasSuffix(auth, "tls_client_auth") { // the lab binds the tokens of these clients
		more.Options = map[string]string{"mtls": "on"}
	}
	return p.with(more)
}
