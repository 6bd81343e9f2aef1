package lab

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// registeredLimit bounds the clients of a tenant.
const registeredLimit = 500

// clientMetadata is a registration, RFC 7591 §2, as far as the lab heeds it.
// Members it does not know are ignored, as §2 asks.
type clientMetadata struct {
	RedirectURIs  []string        `json:"redirect_uris,omitempty"`
	GrantTypes    []string        `json:"grant_types,omitempty"`
	ResponseTypes []string        `json:"response_types,omitempty"`
	AuthMethod    string          `json:"token_endpoint_auth_method,omitempty"`
	Name          string          `json:"client_name,omitempty"`
	Scope         string          `json:"scope,omitempty"`
	JWKS          json.RawMessage `json:"jwks,omitempty"`
	JWKSURI       string          `json:"jwks_uri,omitempty"`
	MustPush      bool            `json:"require_pushed_authorization_requests,omitempty"`
	MustSign      bool            `json:"require_signed_request_object,omitempty"`
	MustProve     bool            `json:"dpop_bound_access_tokens,omitempty"`
	MustShow      bool            `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	SubjectDN     string          `json:"tls_client_auth_subject_dn,omitempty"`
	SubjectDNS    string          `json:"tls_client_auth_san_dns,omitempty"`
	SubjectURI    string          `json:"tls_client_auth_san_uri,omitempty"`
	SubjectIP     string          `json:"tls_client_auth_san_ip,omitempty"`
	SubjectEmail  string          `json:"tls_client_auth_san_email,omitempty"`
	RequestURIs   []string        `json:"request_uris,omitempty"`
	AfterLogout   []string        `json:"post_logout_redirect_uris,omitempty"`
	Frontchannel  string          `json:"frontchannel_logout_uri,omitempty"`
	FrontSession  bool            `json:"frontchannel_logout_session_required,omitempty"`
	Backchannel   string          `json:"backchannel_logout_uri,omitempty"`
	BackSession   bool            `json:"backchannel_logout_session_required,omitempty"`
	CIBAMode      string          `json:"backchannel_token_delivery_mode,omitempty"`
	CIBAEndpoint  string          `json:"backchannel_client_notification_endpoint,omitempty"`
	CIBACode      bool            `json:"backchannel_user_code_parameter,omitempty"`
	seals         map[string]Seal
}

// register takes a new client, RFC 7591 §3. Anybody may register: this is a lab.
func (x *exchange) register(r *http.Request) reply {
	m, bad := x.readMetadata(r)
	if bad != "" {
		return x.refuse(bad)
	}
	reg := x.tenant.store.registry
	if reg.size() >= registeredLimit {
		return x.refuse(registryFull)
	}
	c := registered{Client: Client{ID: x.lab.random.text()}, token: x.lab.random.text(), issued: x.now().Unix()}
	if c.Auth = m.AuthMethod; c.sendsSecret() || c.Auth == authSecretJWT {
		c.Secret = x.lab.random.text()
	}
	return x.saveClient(c, m, http.StatusCreated)
}

// manage reads, replaces or removes a registered client, RFC 7592 §2.
func (x *exchange) manage(r *http.Request) reply {
	reg := x.tenant.store.registry
	scheme, token, bad := presented(r, nil)
	c, ok := reg.entry(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
	if bad != "" || scheme != "bearer" || !ok || c.token == "" || !sameText(c.token, token) {
		return x.challenge(registrationToken, "") // §2: an unknown client too
	}
	x.pass(checkRegistration)
	switch r.Method {
	case http.MethodDelete:
		reg.remove(c.ID)
		return reply{status: http.StatusNoContent}
	case http.MethodPut:
		m, bad := x.readMetadata(r)
		if bad != "" {
			return x.refuse(bad)
		}
		return x.saveClient(c, m, http.StatusOK)
	}
	return x.describeClient(c, http.StatusOK)
}

// readMetadata reads a registration and checks it.
func (x *exchange) readMetadata(r *http.Request) (clientMetadata, problem) {
	raw, err := io.ReadAll(r.Body) // bounded at the door
	if err != nil {
		return clientMetadata{}, metadataMalformed
	}
	m, bad := parseMetadata(raw)
	if bad != "" {
		return m, bad
	}
	return m, m.complete(x.lab.authMethods())
}

func parseMetadata(raw []byte) (m clientMetadata, bad problem) {
	members := map[string]any{}
	if json.Unmarshal(raw, &members) != nil || json.Unmarshal(raw, &m) != nil {
		return m, metadataMalformed
	}
	m.seals, bad = readSeals(members)
	return m, bad
}

// complete puts in what is left out, RFC 7591 §2, and checks the whole.
func (m *clientMetadata) complete(authMethods []string) problem {
	if len(m.GrantTypes) == 0 {
		m.GrantTypes = []string{"authorization_code"}
	}
	if m.AuthMethod == "" {
		m.AuthMethod = authBasic
	}
	if m.Scope == "" {
		m.Scope = joined(scopeIDs())
	}
	unknown := func(list, known []string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(known, s) })
	}
	front := slices.Contains(m.GrantTypes, "authorization_code") || slices.Contains(m.GrantTypes, grantImplicit)
	switch {
	case unknown(m.GrantTypes, offeredGrants()):
		return metadataGrant
	case unknown([]string{m.AuthMethod}, authMethods):
		return metadataAuth
	case slices.ContainsFunc(fields(m.Scope), func(s string) bool { return !knownScope(s) }):
		return metadataScope
	case m.JWKSURI != "":
		return metadataJWKSURI
	case m.AuthMethod == authPrivateKey && m.JWKS == nil:
		return metadataKeys
	case front && len(m.RedirectURIs) == 0:
		return metadataNoRedirect
	case slices.ContainsFunc(slices.Concat(m.RedirectURIs, m.AfterLogout), func(uri string) bool { return !goodRedirect(uri) }):
		return metadataRedirect
	case slices.ContainsFunc(m.RequestURIs, func(uri string) bool { return !goodLoopback(uri) }):
		return metadataRequestURI
	}
	for _, t := range m.ResponseTypes {
		needs := "authorization_code"
		if frontChannel(t) {
			needs = grantImplicit
		}
		if !slices.Contains(m.GrantTypes, needs) {
			return metadataResponse
		}
	}
	return m.checkProofs()
}

// checkProofs checks what the client wants to authenticate with.
func (m *clientMetadata) checkProofs() problem {
	if m.JWKS != nil {
		keys, err := publicKeys(m.JWKS)
		switch {
		case errors.Is(err, errCertificateKey):
			return metadataThumbprint
		case err != nil:
			return metadataKeys
		case m.AuthMethod == authSelfSigned && len(certificatesOf(keys)) == 0:
			return metadataCertificateKeys
		}
	}
	names := m.certificateNames()
	switch {
	case m.AuthMethod == authSelfSigned && m.JWKS == nil:
		return metadataCertificateKeys
	case m.AuthMethod == authTLS && (len(names) != 1 || !names[0].good()):
		return metadataCertificateName
	}
	return ""
}

// certificateNames are those of RFC 8705 §2.1.2 that are registered.
func (m *clientMetadata) certificateNames() []CertificateName {
	all := []CertificateName{{nameSubject, m.SubjectDN}, {nameDNS, m.SubjectDNS}, {nameURI, m.SubjectURI}, {nameIP, m.SubjectIP}, {nameEmail, m.SubjectEmail}}
	return slices.DeleteFunc(all, func(n CertificateName) bool { return n.Value == "" })
}

// goodRedirect tells whether a redirect URI may be registered: https, http on
// loopback (RFC 8252 §7.3), or a scheme of the application's own with a dot in
// it (§7.1). The lab wants no query, and RFC 6749 §3.1.2 no fragment.
func goodRedirect(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || strings.ContainsAny(uri, "?#") || len(uri) > 1000 {
		return false
	}
	switch u.Scheme {
	case "https":
		return u.Host != ""
	case "http":
		return loopbackHost(u)
	}
	return strings.Contains(u.Scheme, ".")
}

func (x *exchange) saveClient(c registered, m clientMetadata, status int) reply {
	if bad := c.take(m); bad != "" {
		return x.refuse(bad)
	}
	x.pass(checkMetadata)
	x.tenant.store.registry.put(c)
	return x.describeClient(c, status)
}

// take makes the client what its metadata say.
func (c *registered) take(m clientMetadata) problem {
	c.Auth, c.Grants, c.Scopes, c.RedirectURIs, c.AfterLogout = m.AuthMethod, m.GrantTypes, fields(m.Scope), m.RedirectURIs, m.AfterLogout
	c.RequestURIs = m.RequestURIs
	c.Note, c.Requires = "Registered by "+plain(m.Name)+".", nil
	for name, on := range map[string]bool{mustPush: m.MustPush, mustSign: m.MustSign, mustProve: m.MustProve, mustShow: m.MustShow} {
		if on {
			c.Requires = append(c.Requires, name)
		}
	}
	slices.Sort(c.Requires)
	c.metadata, c.Seals, c.Certificate, c.public = m, m.seals, CertificateName{}, nil
	if names := m.certificateNames(); c.Auth == authTLS && len(names) > 0 {
		c.Certificate = names[0]
	}
	c.Backchannel = Backchannel{m.CIBAMode, m.CIBAEndpoint, m.CIBACode}
	if bad := c.Backchannel.check(c.Client); bad != "" {
		return bad
	}
	c.Logout = LogoutURIs{m.Frontchannel, m.Backchannel}
	if bad := c.Logout.check(c.Client); bad != "" {
		return bad
	}
	if m.JWKS != nil {
		var err error
		if c.public, err = publicKeys(m.JWKS); err != nil {
			return metadataKeys
		}
	}
	if c.fits() != nil {
		return metadataNoEncKey
	}
	return ""
}

// describeClient is the answer of RFC 7591 §3.2.1.
func (x *exchange) describeClient(c registered, status int) reply {
	text, _ := json.Marshal(c.metadata) // it came from JSON
	members := map[string]any{}
	_ = json.Unmarshal(text, &members)
	describeSeals(c.Seals, members)
	members["client_id"], members["client_id_issued_at"] = c.ID, c.issued
	members["registration_access_token"], members["registration_client_uri"] = c.token, x.tenant.issuer+"/register/"+c.ID
	if c.Secret != "" {
		members["client_secret"], members["client_secret_expires_at"] = c.Secret, 0
	}
	return jsonReply(status, members)
}
