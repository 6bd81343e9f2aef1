package lab

import (
	"crypto/tls"
	"net/http"
	"strings"
)

// Mutual TLS, RFC 8705. The lab has a third address that speaks TLS and asks
// for a certificate without insisting on one: who shows none, or one that
// nobody vouches for, is told so in words and not by a broken handshake.

// MTLS is the origin that speaks TLS, such as https://127.0.0.1:9503: of the
// endpoints in mtls_endpoint_aliases and of the API. CA verifies it. It is
// empty in a lab without ports.
func (l *Lab) MTLS() string {
	if l.secure.addr == "" {
		return ""
	}
	return l.secure.origin()
}

// tlsConfig leaves HTTP/2 out, so that faults cut both kinds of connection alike.
func (l *Lab) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, ClientAuth: tls.RequestClientCert,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return l.certificate() },
	}
}

// eitherOf tells the authorization server from the API by path, for they share
// the TLS address.
func (l *Lab) eitherOf(server, api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isAPIPath(r.URL.Path) {
			api.ServeHTTP(w, r)
			return
		}
		server.ServeHTTP(w, r)
	})
}

// reservedNames cannot be names of tenants: the API has these paths.
func reservedNames() []string { return []string{"api", strings.TrimPrefix(mcpPath, "/")} }

func isAPIPath(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for _, name := range reservedNames() {
		if first == name {
			return true
		}
	}
	return strings.HasPrefix(path, resourceMetadata)
}

// arrive notes by which way a request came.
func (x *exchange) arrive(r *http.Request) {
	if r.TLS != nil {
		x.secure, x.shownCertificates = true, r.TLS.PeerCertificates
	}
}

// address is where the request came in, as its sender has to name it.
func (x *exchange) address() string {
	if x.secure {
		return x.lab.MTLS() + "/" + x.tenant.name + x.route.path
	}
	return x.tenant.issuer + x.route.path
}

// apiOrigin is the origin of the API by which the request came.
func (x *exchange) apiOrigin() string {
	if x.secure {
		return x.lab.MTLS()
	}
	return x.lab.API()
}

// directEndpoints are those that clients call themselves. Only they have an
// alias: a browser must not be asked for a certificate (RFC 8705 §5).
func directEndpoints() []string {
	return []string{"token_endpoint", "revocation_endpoint", "introspection_endpoint", "pushed_authorization_request_endpoint",
		"device_authorization_endpoint", "backchannel_authentication_endpoint", "registration_endpoint", "userinfo_endpoint"}
}

// announceTLS adds to the metadata what there is over TLS.
func (t *tenant) announceTLS(m map[string]any) {
	origin := t.lab.MTLS()
	if origin == "" {
		return
	}
	aliases := map[string]any{}
	for _, name := range directEndpoints() {
		if at, ok := m[name].(string); ok {
			aliases[name] = origin + strings.TrimPrefix(at, t.lab.origin())
		}
	}
	m["mtls_endpoint_aliases"] = aliases
	m["tls_client_certificate_bound_access_tokens"] = true
}

// bindToCertificate ties what is issued to the certificate of the connection,
// RFC 8705 §3: of every client that shows one.
func (x *exchange) bindToCertificate() problem {
	if len(x.shownCertificates) > 0 {
		shown := x.certificateThumbprint()
		x.confirm("x5t#S256", shown)
		x.pass(checkCertificate)
		x.saw(checkCertificate, shown, "")
		return ""
	}
	if x.client.must(mustShow) {
		return certificateNeeded
	}
	return ""
}

// checkCertificateBinding wants the certificate that a public client's refresh
// token is bound to: RFC 8705 §4 and §7.1.
func (x *exchange) checkCertificateBinding() problem {
	g, _ := x.grantBehind()
	bound, ok := g.Store[keptCertificate].(string)
	if ok && x.form.Has("refresh_token") {
		x.saw(checkCertificate, x.certificateThumbprint(), bound)
		if bound != x.certificateThumbprint() {
			return refreshOtherCertificate
		}
	}
	return ""
}

// checkConfirmation wants the certificate that an access token is bound to,
// RFC 8705 §3.
func (x *exchange) checkConfirmation(token accessToken) problem {
	bound, shown := token.confirmation("x5t#S256"), x.certificateThumbprint()
	if bound == "" {
		return ""
	}
	x.saw(checkTokenBinding, shown, bound)
	switch {
	case bound == shown:
		x.pass(checkTokenBinding)
		return ""
	case !x.secure:
		return tokenNeedsTLS
	case len(x.shownCertificates) == 0:
		return tokenNoCertificate
	}
	return tokenOtherCertificate
}

// certificateThumbprint is that of the certificate shown; empty without one.
func (x *exchange) certificateThumbprint() string {
	if len(x.shownCertificates) == 0 {
		return ""
	}
	return thumbprint(x.shownCertificates[0])
}

// confirm adds to the cnf claim of the access tokens that this request issues,
// RFC 7800 §3.1.
func (x *exchange) confirm(member, value string) {
	cnf, _ := x.extra["cnf"].(map[string]any)
	if cnf == nil {
		cnf = map[string]any{}
	}
	cnf[member] = value
	x.addClaim("cnf", cnf)
}

// confirmation is a member of the cnf claim of a token; empty when it is not bound so.
func (t accessToken) confirmation(member string) string {
	cnf, _ := t.extra["cnf"].(map[string]any)
	value, _ := cnf[member].(string)
	return value
}
