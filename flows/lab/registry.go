package lab

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// User is a person who can sign in at the lab.
type User struct {
	Username string
	Password string
	Subject  string // the sub claim, the same in every run
	Name     string
	Email    string
}

// Client is an application registered at the lab.
type Client struct {
	ID           string
	Secret       string   // empty for a public client
	Grants       []string // grant_type values
	Scopes       []string // scopes it may ask for
	RedirectURIs []string // the port of these loopback URIs is free, RFC 8252 §7.3
	Note         string   // what it is for, one sentence
	AfterLogout  []string // post_logout_redirect_uris
	// Auth is its token_endpoint_auth_method. Empty means basic or post for a
	// client with a secret, and none for one without.
	Auth string
	// Requires names what it may not leave out: "pushed_request" (RFC 9126),
	// "signed_request" (RFC 9101), "dpop" and "dpop_nonce" (RFC 9449),
	// "certificate" for tokens bound to one (RFC 8705), "certificate_thumbprint"
	// in the header of client assertions (RFC 7515 §4.1.8).
	Requires []string
	// RequestURIs are where its request objects may stand (RFC 9101 §5.2). One
	// that ends in a slash stands for all below it; the port is free.
	RequestURIs []string
	// Certificate is how the certificate of a client with tls_client_auth is
	// named; zero for others.
	Certificate CertificateName
	// PrivateJWK is the key of a client that signs or decrypts and has not
	// brought keys of its own, for its application to use. See ClientKey.
	PrivateJWK string
	// Backchannel is how it uses CIBA.
	Backchannel Backchannel
	// Logout is where it hears that a session is over.
	Logout LogoutURIs
	// Seals says which answers it wants signed or encrypted, by kind.
	Seals map[string]Seal
}

func (c Client) may(grant string) bool { return slices.Contains(c.Grants, grant) }

const (
	mustPush  = "pushed_request"
	mustSign  = "signed_request"
	mustProve = "dpop"
	mustNonce = "dpop_nonce"
	mustShow  = "certificate"
	mustName  = "certificate_thumbprint"
)

func (c Client) must(what string) bool { return slices.Contains(c.Requires, what) }

// mayAuthorize tells whether the client may send people to the authorization endpoint.
func (c Client) mayAuthorize() bool { return c.may("authorization_code") || c.may(grantImplicit) }

// mayAsk checks scopes against those of the server and of the client.
func (c Client) mayAsk(wanted []string) problem {
	for _, s := range wanted {
		if !knownScope(s) {
			return scopeUnknown
		}
		if !slices.Contains(c.Scopes, s) {
			return scopeNotAllowed
		}
	}
	return ""
}

// scope is a scope of the lab, in the words of the consent page.
type scope struct{ id, words string }

var scopes = [...]scope{
	{"openid", "Know who you are"},
	{"profile", "See your name"},
	{"email", "See your e-mail address"},
	{"offline_access", "Keep access while you are away (a refresh token)"},
	{"read", "Read your profile at the lab API"},
	{"write", "Read and write your notes at the lab API"},
	{scopeDeviceSSO, "Sign you in at other applications of the same maker on this device"},
}

// scopeIDs are the scopes of most clients: all but the one for applications that
// share a sign-in.
func scopeIDs() []string {
	ids := make([]string, 0, len(scopes))
	for _, s := range scopes {
		if s.id != scopeDeviceSSO {
			ids = append(ids, s.id)
		}
	}
	return ids
}

func knownScope(id string) bool {
	return slices.ContainsFunc(scopes[:], func(s scope) bool { return s.id == id })
}

// registeredUsers are the same people in each tenant, under other subjects and
// addresses: who they are in one says nothing in another.
func registeredUsers(tenant string) []User {
	prefix, domain := "lab-user-", "example.test"
	if tenant != defaultTenant {
		prefix, domain = "lab-"+tenant+"-user-", tenant+".example.test"
	}
	return []User{
		{"alice", "password", prefix + "1001", "Alice Example", "alice@" + domain},
		{"bob", "password", prefix + "1002", "Bob Example", "bob@" + domain},
	}
}

func loopbackCallbacks() []string {
	return []string{"http://127.0.0.1/callback", "http://localhost/callback", "http://[::1]/callback"}
}

func registeredClients(tenant string) []Client {
	callbacks := loopbackCallbacks()
	pages := append(slices.Clone(callbacks), "http://127.0.0.1"+spaPath, "http://localhost"+spaPath)
	signedOut := []string{"http://127.0.0.1/signed-out", "http://localhost/signed-out"}
	list := []Client{
		{ID: "workshop-spa", Grants: []string{"authorization_code", "refresh_token"}, Scopes: scopeIDs(),
			RedirectURIs: pages, Note: "A public client: it has no secret and must use PKCE with S256."},
		{ID: "workshop-web", Secret: "workshop-secret", Grants: []string{"authorization_code", "refresh_token"}, Scopes: scopeIDs(),
			RedirectURIs: pages, Note: "A confidential client: it keeps a secret on its server."},
		{ID: "workshop-service", Secret: "workshop-secret", Grants: []string{"client_credentials"}, Scopes: []string{"read", "write"},
			Note: "A service that acts for itself, without a person."},
		{ID: "workshop-device", Grants: []string{grantDevice, "refresh_token"}, Scopes: scopeIDs(),
			Note: "A device without a browser: its user types a code on another screen."},
		{ID: "workshop-keys", Auth: authPrivateKey, Grants: []string{"authorization_code", "refresh_token", "client_credentials", grantBearer}, Scopes: scopeIDs(),
			RequestURIs:  []string{"http://127.0.0.1/requests/", "http://localhost/requests/", "http://[::1]/requests/"},
			RedirectURIs: callbacks, Note: "A client without a secret on the wire: it signs with a private key."},
		{ID: "workshop-strict", Auth: authPrivateKey, Requires: []string{mustPush, mustSign, mustProve, mustNonce}, Grants: []string{"authorization_code", "refresh_token"}, Scopes: scopeIDs(),
			RedirectURIs: callbacks, Note: "A client as in open banking: it signs its requests, pushes them and proves its key with DPoP."},
		{ID: "workshop-mac", Auth: authSecretJWT, Secret: "workshop-secret-that-is-long-enough-to-sign", Grants: []string{"authorization_code", "refresh_token", "client_credentials"}, Scopes: scopeIDs(),
			RedirectURIs: callbacks, Note: "A client that never sends its secret: it signs with it."},
		{ID: "workshop-legacy", Grants: []string{"authorization_code", grantImplicit, grantPassword, "refresh_token"}, Scopes: scopeIDs(),
			RedirectURIs: callbacks, Note: "An old public client: tokens through the browser (implicit, hybrid) and passwords in its own form."},
		{ID: "workshop-gateway", Secret: "workshop-secret", Grants: []string{grantExchange, grantBearer, grantSAML}, Scopes: scopeIDs(),
			Note: "A service in the middle: it swaps a token that it received for one to go on with."},
		{ID: "workshop-encrypted", Secret: "workshop-secret", Grants: []string{"authorization_code", "refresh_token"}, Scopes: scopeIDs(),
			Seals: map[string]Seal{SealIDToken: {es256, ecdhES, gcm256}, SealUserinfo: {es256, ecdhWrap, cbcHS256},
				SealAuthorization: {es256, ecdhES, cbcHS256}, SealIntrospection: {es256, ecdhWrap, gcm256}},
			RedirectURIs: callbacks, Note: "A client that gets its answers encrypted: only its private key opens them."},
		{ID: "workshop-mtls", Auth: authTLS, Certificate: CertificateName{nameSubject, "CN=workshop-mtls,OU=" + tenant + ",O=authdance lab"}, Requires: []string{mustShow},
			Grants: []string{"authorization_code", "refresh_token", "client_credentials"}, Scopes: scopeIDs(), RedirectURIs: callbacks,
			Note: "A client that shows a certificate of the lab's authority; its tokens work with that certificate only."},
		{ID: "workshop-selfsigned", Auth: authSelfSigned, Requires: []string{mustShow}, Grants: []string{"authorization_code", "refresh_token", "client_credentials"}, Scopes: scopeIDs(),
			RedirectURIs: callbacks, Note: "The same with a certificate of its own making, which is registered as it is."},
		{ID: "workshop-saml", Auth: authSAML, Grants: []string{"client_credentials", grantSAML}, Scopes: scopeIDs(),
			Note: "A client of a company that speaks SAML: assertions of its identity provider stand for people and for itself."},
		{ID: "workshop-cert", Auth: authPrivateKey, Requires: []string{mustName}, Grants: []string{"authorization_code", "refresh_token", "client_credentials"}, Scopes: scopeIDs(),
			RedirectURIs: callbacks, Note: "A client that signs with a key and names it by the thumbprint of its certificate, as for Entra."},
	}
	list = slices.Concat(list, cibaClients(), agentClients(callbacks), nativeClients(callbacks))
	for i := range list {
		if list[i].mayAuthorize() {
			list[i].AfterLogout = signedOut
		}
	}
	return list
}

// Users lists who can sign in, always in the same order.
func (l *Lab) Users() []User { return registeredUsers(defaultTenant) }

// Clients lists the registered applications, always in the same order.
func (l *Lab) Clients() []Client { return l.main().store.registry.list() }

// signIn checks a password. The user is returned only when it is right.
func signIn(users []User, username, password string) (User, bool) {
	for _, u := range users {
		if u.Username == username && sameText(u.Password, password) {
			return u, true
		}
	}
	return User{}, false
}

func bySubject(users []User, sub string) (User, bool) {
	i := slices.IndexFunc(users, func(u User) bool { return u.Subject == sub })
	if i < 0 {
		return User{}, false
	}
	return users[i], true
}

// matchesRedirect compares a requested redirect_uri with the registered ones.
// Only the port of a loopback URI is free (RFC 8252 §7.3); any other
// difference, even an empty query, makes it another URI (RFC 9700 §2.1).
func (c Client) matchesRedirect(requested string) bool {
	return slices.Contains(c.RedirectURIs, requested) ||
		slices.ContainsFunc(c.RedirectURIs, func(uri string) bool { return withoutPort(uri) == withoutPort(requested) })
}

func loopbackHost(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// withoutPort cuts the port out of a loopback URI, by position, so that a URI which parses in
// some clever way is still compared byte for byte.
func withoutPort(uri string) string {
	const scheme = "http://"
	u, err := url.Parse(uri)
	if err != nil || u.Port() == "" || !loopbackHost(u) || !strings.HasPrefix(uri, scheme) {
		return uri
	}
	rest, ok := strings.CutPrefix(uri[len(scheme):], u.Host)
	if !ok {
		return uri
	}
	return scheme + strings.TrimSuffix(u.Host, ":"+u.Port()) + rest
}
