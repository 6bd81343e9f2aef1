package lab

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"github.com/beevik/etree"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	dsig "github.com/russellhaering/goxmldsig"
)

// Assertions for people to send. A real one comes from an identity provider or
// from the application's own code; the lab plays both.

// AssertionOptions are what an assertion says. The zero value makes a good one
// about alice; every field can also be set to something wrong.
type AssertionOptions struct {
	// Issuer is who signs. Of a JWT a client of the lab that signs with a key,
	// workshop-keys when it is empty; of a SAML assertion the tenant's identity
	// provider when it is empty, and any other name is only claimed.
	Issuer string
	// Subject is whom it is about: a user name, a subject, or a client_id.
	Subject string
	// Audience is whom it is for; empty means the issuer of the tenant.
	Audience string
	// Recipient is where a SAML assertion may be sent; empty means the token endpoint.
	Recipient string
	// Lifetime is counted from now; zero means 5 minutes. A negative one makes
	// an assertion that has expired.
	Lifetime time.Duration
}

// filled puts the defaults in.
func (o AssertionOptions) filled(t *tenant, issuer string) AssertionOptions {
	for _, f := range []struct {
		set   *string
		usual string
	}{{&o.Issuer, issuer}, {&o.Subject, t.users[0].Username}, {&o.Audience, t.issuer}, {&o.Recipient, t.issuer + "/token"}} {
		if *f.set == "" {
			*f.set = f.usual
		}
	}
	if o.Lifetime == 0 {
		o.Lifetime = 5 * time.Minute
	}
	return o
}

// SAMLAssertion is Tenant.SAMLAssertion for the default tenant.
func (l *Lab) SAMLAssertion(o AssertionOptions) (string, error) {
	return Tenant{l.main()}.SAMLAssertion(o)
}

// JWTAssertion is Tenant.JWTAssertion for the default tenant.
func (l *Lab) JWTAssertion(o AssertionOptions) (string, error) {
	return Tenant{l.main()}.JWTAssertion(o)
}

// JWTAssertion makes an assertion for the JWT bearer grant (RFC 7523 §2.1), or,
// with the client_id as the Subject, for client authentication (§2.2). An
// Issuer whose key the lab does not have is an error.
func (t Tenant) JWTAssertion(o AssertionOptions) (string, error) {
	o = o.filled(t.t, "workshop-keys")
	c, _ := t.t.store.registry.client(o.Issuer)
	if c.PrivateJWK == "" {
		return "", fmt.Errorf("lab: the lab has no key of %q to sign with; take a client that signs with a key of the lab", o.Issuer)
	}
	key, err := jwk.ParseKey([]byte(c.PrivateJWK))
	if err != nil {
		return "", fmt.Errorf("lab: read the key of %s: %w", o.Issuer, err)
	}
	now := t.t.now()
	claims, err := json.Marshal(map[string]any{"iss": o.Issuer, "sub": o.Subject, "aud": o.Audience, "jti": t.t.lab.random.text(),
		"iat": now.Unix(), "exp": now.Add(o.Lifetime).Unix()})
	if err != nil {
		return "", fmt.Errorf("lab: write an assertion: %w", err)
	}
	header := jws.NewHeaders()
	var thumb string
	if key.Get("x5t#S256", &thumb) == nil {
		if err := header.Set("x5t#S256", thumb); err != nil {
			return "", fmt.Errorf("lab: write an assertion: %w", err)
		}
	}
	compact, err := jws.Sign(claims, jws.WithKey(jwa.ES256(), key, jws.WithProtectedHeaders(header)))
	if err != nil {
		return "", fmt.Errorf("lab: sign an assertion: %w", err)
	}
	return string(compact), nil
}

// samlIdentity is the key of an identity provider. XML signatures with RSA are
// what every implementation reads.
type samlIdentity struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

func newSAMLIdentity(name string) (samlIdentity, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return samlIdentity{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"authdance lab"}},
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return samlIdentity{}, fmt.Errorf("lab: make the certificate of the identity provider: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	return samlIdentity{key, cert}, err
}

// trusted are the certificates that its assertions may be signed with.
func (own samlIdentity) trusted() []*x509.Certificate { return []*x509.Certificate{own.cert} }

// identityProvider is the entityID of the tenant's SAML identity provider.
func (t *tenant) identityProvider() string { return t.issuer + "/saml" }

// SAMLAssertion makes an assertion as the identity provider of the tenant would
// give it, for the SAML 2.0 bearer grant (RFC 7522 §2.1) or, with a client_id
// as the Subject, for client authentication (§2.2): signed XML in base64url,
// ready to be a parameter. The first one waits up to 100 ms for its key.
func (t Tenant) SAMLAssertion(o AssertionOptions) (string, error) {
	own, err := t.t.idp()
	if err != nil {
		return "", err
	}
	xml, err := own.assertion(o.filled(t.t, t.t.identityProvider()), "_"+t.t.lab.random.text(), t.t.now())
	return base64.RawURLEncoding.EncodeToString(xml), err
}

// assertion writes and signs one, RFC 7522 §4 has its like.
func (own samlIdentity) assertion(o AssertionOptions, id string, now time.Time) ([]byte, error) {
	at := func(when time.Time) string { return when.UTC().Format("2006-01-02T15:04:05Z") }
	end := at(now.Add(o.Lifetime))
	doc := etree.NewDocument()
	root := doc.CreateElement("Assertion")
	attributes(root, "xmlns", samlNS, "ID", id, "IssueInstant", at(now), "Version", "2.0")
	root.CreateElement("Issuer").SetText(o.Issuer)
	subject := root.CreateElement("Subject")
	name := subject.CreateElement("NameID")
	name.CreateAttr("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
	name.SetText(o.Subject)
	confirmation := subject.CreateElement("SubjectConfirmation")
	confirmation.CreateAttr("Method", samlBearer)
	attributes(confirmation.CreateElement("SubjectConfirmationData"), "NotOnOrAfter", end, "Recipient", o.Recipient)
	conditions := root.CreateElement("Conditions")
	attributes(conditions, "NotBefore", at(now.Add(-time.Minute)), "NotOnOrAfter", end)
	conditions.CreateElement("AudienceRestriction").CreateElement("Audience").SetText(o.Audience)
	statement := root.CreateElement("AuthnStatement")
	statement.CreateAttr("AuthnInstant", at(now))
	statement.CreateElement("AuthnContext").CreateElement("AuthnContextClassRef").SetText("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")

	ctx, err := dsig.NewSigningContext(own.key, [][]byte{own.cert.Raw})
	if err != nil {
		return nil, fmt.Errorf("lab: sign an assertion: %w", err)
	}
	ctx.Hash = crypto.SHA256
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signature, err := ctx.ConstructSignature(root, true)
	if err != nil {
		return nil, fmt.Errorf("lab: sign an assertion: %w", err)
	}
	root.InsertChildAt(1, signature) // the schema wants it behind the Issuer
	return doc.WriteToBytes()
}

func attributes(el *etree.Element, pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		el.CreateAttr(pairs[i], pairs[i+1])
	}
}
