package cli

import (
	"cmp"
	"encoding/json"
	"strings"

	"authdance/flows/lab"
)

type (
	labDoc struct {
		Schema    int          `json:"schema"`
		Issuer    string       `json:"issuer"`
		Discovery string       `json:"discovery"`
		API       string       `json:"api"`
		MTLS      string       `json:"mtls"` // the same endpoints over TLS, for clients with a certificate
		CA        string       `json:"ca"`   // PEM; what verifies mtls
		Keys      string       `json:"keys"` // directory of --write-keys
		Clients   []clientDoc  `json:"clients"`
		Redirects string       `json:"redirects"` // the rule, as a sentence
		Users     []userDoc    `json:"users"`
		Try       tryDoc       `json:"try"`
		Dialect   string       `json:"dialect"`
		Dialects  []dialectDoc `json:"dialects"`
		Faults    []faultDoc   `json:"faults"`
		Tenants   []tenantDoc  `json:"tenants"` // the others, besides the one above
	}
	// tryDoc are lines for a shell.
	tryDoc struct {
		Token   string `json:"token"`
		API     string `json:"api"`
		Fault   string `json:"fault"`
		Dialect string `json:"dialect"`
		Run     string `json:"run"`
		// Only with files of --write-keys.
		MTLS string `json:"mtls"`
		JWT  string `json:"jwt_bearer"`
		SAML string `json:"saml2_bearer"`
	}
	dialectDoc struct {
		Name    string `json:"name"`
		Product string `json:"product"`
	}
	tenantDoc struct {
		Name      string      `json:"name"`
		Issuer    string      `json:"issuer"`
		Discovery string      `json:"discovery"`
		Clients   []clientDoc `json:"clients"`
		Users     []userDoc   `json:"users"`
		Dialect   string      `json:"dialect"`
	}
	// The lab's secrets, keys and passwords are printed: they open nothing but
	// the lab.
	clientDoc struct {
		ID         string          `json:"id"`
		Auth       string          `json:"auth"` // token_endpoint_auth_method
		Secret     string          `json:"secret"`
		PrivateJWK json.RawMessage `json:"private_jwk"`
		// PEM, of clients that show one or name it
		Certificate    string   `json:"certificate"`
		CertificateKey string   `json:"certificate_key"`
		Requires       []string `json:"requires"`
		Grants         []string `json:"grants"`
		Scopes         []string `json:"scopes"`
		RedirectURIs   []string `json:"redirect_uris"`
		Note           string   `json:"note"`
	}
	userDoc struct {
		Username string `json:"username"`
		Password string `json:"password"`
		Subject  string `json:"sub"`
		Name     string `json:"name"`
		Email    string `json:"email"`
	}
	faultDoc struct {
		Key     string     `json:"key"`
		Title   string     `json:"title"`
		Kind    string     `json:"kind"`
		Step    string     `json:"step"`
		Needs   string     `json:"needs"` // what a run must have; empty: nothing special
		Shows   string     `json:"shows"`
		Status  int        `json:"http_status"`
		Error   string     `json:"error"`
		Finding string     `json:"finding"` // problem.code or a check of a run
		Breaks  string     `json:"breaks"`
		Ref     string     `json:"ref"`
		Value   *lab.Value `json:"value"`
		On      bool       `json:"on"`
	}
)

// situationDoc is a situation that has a page and no fault.
type situationDoc struct {
	Key   string `json:"key"`
	Title string `json:"title"`
	Why   string `json:"why"`
	Page  string `json:"page"`
}

func situationsOf() []situationDoc {
	var out []situationDoc
	for _, s := range lab.Documented() {
		out = append(out, situationDoc(s))
	}
	return out
}

// redirectRule is what the clients of the lab may register and send.
const redirectRule = "The host and the path must be those of a registered URI; the port of a loopback address is free (RFC 8252 §7.3)."

func labOf(l *lab.Lab, tenants []string) labDoc {
	d := labDoc{Schema: schema, Issuer: l.Issuer(), Discovery: discoveryOf(l.Issuer()), API: l.API(), MTLS: l.MTLS(), CA: string(l.CA()), Clients: clientsOf(l.Clients()), Redirects: redirectRule,
		Users: usersOf(l.Users()), Try: tryOf(l), Faults: faultsOf(l), Dialects: dialectsOf(), Tenants: []tenantDoc{}}
	if t, err := l.Tenant("default"); err == nil {
		d.Dialect, d.Clients = t.Dialect(), certificatesOf(t, d.Clients)
	}
	for _, name := range tenants {
		t, err := l.Tenant(name)
		if err != nil {
			continue // it was made from the same list
		}
		d.Tenants = append(d.Tenants, tenantDoc{name, t.Issuer(), discoveryOf(t.Issuer()), certificatesOf(t, clientsOf(t.Clients())), usersOf(t.Users()), t.Dialect()})
	}
	return d
}

func discoveryOf(issuer string) string { return issuer + "/.well-known/openid-configuration" }

// tryOf are lines that work in a shell as they are, without further programs
// than curl and sed.
func tryOf(l *lab.Lab) tryDoc {
	token := "curl -s -u workshop-service:workshop-secret -d grant_type=client_credentials -d scope=read " + l.Issuer() + "/token"
	return tryDoc{
		Token:   token,
		API:     "curl -s -H \"Authorization: Bearer $(" + token + ` | sed 's/.*"access_token":"\([^"]*\)".*/\1/')" ` + l.API() + "/api/profile",
		Fault:   "curl -s -i -H '" + lab.FaultHeader + ": throttle' " + strings.TrimPrefix(token, "curl -s "),
		Dialect: "curl -s -H '" + lab.DialectHeader + ": entra' -d grant_type=authorization_code -d client_id=workshop-spa -d code=wrong -d redirect_uri=http://127.0.0.1/callback " + l.Issuer() + "/token",
		Run:     "authdance run authorization_code --issuer " + l.Issuer() + " --client-id workshop-spa --scope 'openid profile'",
	}
}

func dialectsOf() (list []dialectDoc) {
	for _, d := range lab.Dialects() {
		list = append(list, dialectDoc(d))
	}
	return list
}

func clientsOf(clients []lab.Client) (list []clientDoc) {
	for _, k := range clients {
		list = append(list, clientDoc{ID: k.ID, Auth: authOf(k), Secret: k.Secret, PrivateJWK: json.RawMessage(cmp.Or(k.PrivateJWK, "null")), Requires: append([]string{}, k.Requires...),
			Grants: k.Grants, Scopes: append([]string{}, k.Scopes...), RedirectURIs: append([]string{}, k.RedirectURIs...), Note: k.Note})
	}
	return list
}

func usersOf(users []lab.User) (list []userDoc) {
	for _, u := range users {
		list = append(list, userDoc(u))
	}
	return list
}

func faultsOf(l *lab.Lab) []faultDoc {
	var out []faultDoc
	for _, f := range l.Faults() {
		out = append(out, faultDoc(f))
	}
	return out
}

// authOf is how a client authenticates, also where its registration leaves it
// to what the client has.
func authOf(k lab.Client) string {
	switch {
	case k.Auth != "":
		return k.Auth
	case k.Secret != "":
		return "client_secret_basic"
	}
	return "none"
}
