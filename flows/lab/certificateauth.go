package lab

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwk"
)

// The ways to authenticate by the certificate of the TLS connection, RFC 8705 §2.
const (
	authTLS        = "tls_client_auth"
	authSelfSigned = "self_signed_tls_client_auth"
)

// byCertificate tells whether the client authenticates by the TLS connection.
func (c Client) byCertificate() bool { return c.method() == authTLS || c.method() == authSelfSigned }

// The names of a certificate that a client can be registered by, as the
// metadata of RFC 8705 §2.1.2 call them.
const (
	nameSubject = "tls_client_auth_subject_dn"
	nameDNS     = "tls_client_auth_san_dns"
	nameURI     = "tls_client_auth_san_uri"
	nameIP      = "tls_client_auth_san_ip"
	nameEmail   = "tls_client_auth_san_email"
)

// CertificateName is the one name that the certificate of a client with
// tls_client_auth must have.
type CertificateName struct {
	Kind  string // parameter of RFC 8705 §2.1.2, for example tls_client_auth_san_dns
	Value string // for a subject in the form of RFC 4514
}

// good tells whether the name can be in a certificate at all.
func (n CertificateName) good() bool {
	return n.Value != "" && n.writeTo(&x509.Certificate{}) == nil
}

// writeTo puts the name into a certificate to be made.
func (n CertificateName) writeTo(template *x509.Certificate) error {
	bad := errors.New("lab: the value of " + n.Kind + " is no such name")
	switch n.Kind {
	case nameSubject:
		dn, ok := parseDN(n.Value)
		if !ok {
			return bad
		}
		var err error
		template.RawSubject, err = asn1.Marshal(dn)
		return err
	case nameDNS:
		template.DNSNames = []string{n.Value}
	case nameURI:
		u, err := url.Parse(n.Value)
		if err != nil || u.Scheme == "" {
			return bad
		}
		template.URIs = []*url.URL{u}
	case nameIP:
		ip := net.ParseIP(n.Value)
		if ip == nil {
			return bad
		}
		template.IPAddresses = []net.IP{ip}
	case nameEmail:
		if !strings.Contains(n.Value, "@") {
			return bad
		}
		template.EmailAddresses = []string{n.Value}
	default:
		return bad
	}
	return nil
}

// in tells whether a certificate has the name. Each kind is compared by its own
// rules: RFC 4514 for subjects, RFC 5280 §7 for the others.
func (n CertificateName) in(cert *x509.Certificate) bool {
	switch n.Kind {
	case nameSubject:
		want, ok := parseDN(n.Value)
		var has pkix.RDNSequence
		rest, err := asn1.Unmarshal(cert.RawSubject, &has)
		return ok && err == nil && len(rest) == 0 && sameDN(want, has)
	case nameDNS:
		return slices.ContainsFunc(cert.DNSNames, func(name string) bool { return strings.EqualFold(name, n.Value) })
	case nameURI:
		return slices.ContainsFunc(cert.URIs, func(u *url.URL) bool { return u.String() == n.Value })
	case nameIP:
		want := net.ParseIP(n.Value)
		return want != nil && slices.ContainsFunc(cert.IPAddresses, want.Equal)
	case nameEmail:
		return slices.ContainsFunc(cert.EmailAddresses, func(mail string) bool { return sameMail(mail, n.Value) })
	}
	return false
}

// sameMail compares addresses: only the host is the same in either case.
func sameMail(a, b string) bool {
	atA, atB := strings.LastIndexByte(a, '@'), strings.LastIndexByte(b, '@')
	return atA >= 0 && atB >= 0 && a[:atA] == b[:atB] && strings.EqualFold(a[atA:], b[atB:])
}

// checkCertificate authenticates a client by the certificate that it showed.
func (x *exchange) checkCertificate(c Client) problem {
	switch {
	case !x.secure:
		return certificatePlain
	case len(x.shownCertificates) == 0:
		return certificateMissing
	case c.method() == authSelfSigned:
		return x.checkSelfSigned(c)
	}
	if bad := x.checkChain(); bad != "" {
		return bad
	}
	if leaf := x.shownCertificates[0]; !c.Certificate.in(leaf) {
		x.saw(checkClientAuth, leaf.Subject.String(), c.Certificate.Kind+" "+c.Certificate.Value)
		return certificateName
	}
	return ""
}

// checkChain wants a certificate of the lab's authority that is good now and
// meant for clients.
func (x *exchange) checkChain() problem {
	a, err := x.lab.authority()
	if err != nil {
		return labFailed
	}
	opts := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: x.now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	opts.Roots.AddCert(a.cert)
	for _, more := range x.shownCertificates[1:] {
		opts.Intermediates.AddCert(more)
	}
	leaf := x.shownCertificates[0]
	_, err = leaf.Verify(opts)
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &invalid):
		return certificateUntrusted
	case invalid.Reason == x509.IncompatibleUsage:
		return certificateUsage
	case invalid.Reason == x509.Expired && x.now().Before(leaf.NotBefore):
		return certificateEarly
	case invalid.Reason == x509.Expired:
		return certificateExpired
	}
	return certificateUntrusted
}

// checkSelfSigned wants the very certificate that is registered, RFC 8705 §2.2.
func (x *exchange) checkSelfSigned(c Client) problem {
	registered := certificatesOf(x.tenant.store.registry.keys(c.ID))
	switch {
	case len(registered) == 0:
		return certificateUnregistered
	case !slices.ContainsFunc(registered, x.shownCertificates[0].Equal):
		return certificateOther
	}
	return ""
}

// certificatesOf are the certificates of a JWK set: of each key the first in x5c.
func certificatesOf(keys jwk.Set) []*x509.Certificate {
	var all []*x509.Certificate
	if keys == nil {
		return nil
	}
	for i := range keys.Len() {
		key, _ := keys.Key(i)
		if cert, err := certificateOf(key); err == nil && cert != nil {
			all = append(all, cert)
		}
	}
	return all
}
