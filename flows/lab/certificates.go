package lab

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// certificateLifetime is that of a client's certificate, by the clock of its
// tenant: a clock that is moved by two days shows what an expired one does.
const certificateLifetime = 24 * time.Hour

// authority is the certificate authority of one run. It is made when somebody
// first needs it, and nobody can trust it by accident: its key ends with the lab.
type authority struct{ identity }

// identity is a certificate with its private key.
type identity struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority() (authority, error) {
	made, err := authority{}.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "authdance lab throw-away CA", Organization: []string{"authdance lab"}},
		// Longer than any clock of a tenant can be moved.
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, MaxPathLenZero: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return authority{made}, err
}

// issue makes a key and a certificate for it. An authority without a key makes
// one that is signed by itself.
func (a authority) issue(template *x509.Certificate) (identity, error) {
	key, err := newECKey(nil)
	if err != nil {
		return identity{}, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return identity{}, err
	}
	by := a.identity
	if by.key == nil {
		by = identity{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		return identity{}, fmt.Errorf("lab: make a certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	return identity{cert, key}, err
}

// serverCertificate is for the lab's TLS address, under every name of loopback.
// Clients check it by the clock of their machine.
func (a authority) serverCertificate() (*tls.Certificate, error) {
	made, err := a.issue(&x509.Certificate{
		Subject:  pkix.Name{CommonName: "authdance lab"},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{made.cert.Raw}, PrivateKey: made.key, Leaf: made.cert}, nil
}

// clientTemplate is a certificate to prove a client with.
func clientTemplate(from, until time.Time) *x509.Certificate {
	return &x509.Certificate{NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
}

// selfSigned makes the certificate of a client that has its own registered as
// it is. No authority vouches for it, so its dates mean nothing (RFC 8705 §2.2).
func selfSigned(clientID string) (identity, error) {
	template := clientTemplate(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	template.Subject.CommonName = clientID
	return authority{}.issue(template)
}

// CA is the certificate, in PEM, that a client has to trust to reach MTLS. It
// is another one in each run.
func (l *Lab) CA() []byte {
	a, err := l.authority()
	if err != nil {
		return nil
	}
	return certificatePEM(a.cert)
}

// ClientCertificate is a certificate with its private key, both in PEM, for an
// application of the default tenant. See Tenant.ClientCertificate.
func (l *Lab) ClientCertificate(clientID string) (certPEM, keyPEM []byte, ok bool) {
	return Tenant{l.main()}.ClientCertificate(clientID)
}

// ClientCertificate is a certificate with its private key (PKCS #8), both in
// PEM, for an application to prove itself with: of each client that is
// registered for tls_client_auth, and of the workshop clients with a
// self-signed certificate. One of the lab's authority lives for 24 hours by
// the tenant's clock and is made anew after that. ok is false for other clients.
func (t Tenant) ClientCertificate(clientID string) (certPEM, keyPEM []byte, ok bool) {
	made, ok := t.t.identityOf(clientID)
	if !ok {
		return nil, nil, false
	}
	der, err := x509.MarshalPKCS8PrivateKey(made.key)
	if err != nil {
		return nil, nil, false
	}
	return certificatePEM(made.cert), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), true
}

func certificatePEM(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

// identityOf is the certificate that the lab holds, or makes, for a client.
func (t *tenant) identityOf(clientID string) (identity, bool) {
	c, ok := t.store.registry.entry(clientID)
	switch {
	case !ok:
		return identity{}, false
	case c.own.cert != nil:
		return c.own, true
	case c.method() != authTLS:
		return identity{}, false
	}
	now := t.now()
	made := t.certified.change(now, clientID+" "+c.Certificate.Value, func(had identity, known bool) identity {
		if known && !now.Before(had.cert.NotBefore) && now.Before(had.cert.NotAfter) {
			return had
		}
		fresh, err := t.certify(c.Client, now)
		if err != nil {
			return identity{}
		}
		return fresh
	})
	return made, made.cert != nil
}

// certify issues a certificate with the name that a client is registered by.
func (t *tenant) certify(c Client, now time.Time) (identity, error) {
	a, err := t.lab.authority()
	if err != nil {
		return identity{}, err
	}
	template := clientTemplate(now.Add(-time.Minute), now.Add(certificateLifetime))
	template.Subject = pkix.Name{CommonName: c.ID, OrganizationalUnit: []string{t.name}, Organization: []string{"authdance lab"}}
	if err := c.Certificate.writeTo(template); err != nil {
		return identity{}, err
	}
	return a.issue(template)
}

// thumbprint is x5t#S256: the SHA-256 hash of a certificate, RFC 8705 §3.1.
func thumbprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// oldThumbprint is x5t, the SHA-1 hash (RFC 7515 §4.1.7). It names a key and
// protects nothing.
func oldThumbprint(cert *x509.Certificate) string {
	sum := sha1.Sum(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
