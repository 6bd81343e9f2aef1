package jose

import (
	"crypto/x509"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"

	"authdance/flows/wire"
)

// CheckSAML judges a SAML assertion as the service provider does that receives
// it: signature, issuer, audience and times. Audience or ClientID is the
// service's entity id; keys must hold the certificate of the identity provider.
// What is judged is the part that the signature covers, and nothing else.
func CheckSAML(tok Token, want Expect, keys KeySet, now time.Time) Report {
	const ref = "SAML Core §2.5.1"
	r, tok, done := begin(AsSAML, tok, keys, want.policy())
	if done {
		return r
	}
	if tok.Kind != SAML {
		r.add(row(wire.Fail, "typ_confusion", ref, "this is no SAML assertion", tok.Kind, SAML))
		r.judge()
		return r
	}
	a := *tok.Assertion
	if a.Encrypted {
		r.add(unknown("decrypt_failed", "SAML Core §2.3.4", "the assertion is encrypted to the service provider; it is not opened here"))
		r.judge()
		return r
	}
	covered, check, key := verifyXML(tok.Text, a, keys, now)
	r.Key = key
	r.add(algorithmCheck(a), check)
	if covered != nil {
		a = *covered
	}
	reader := want.Audience
	if reader == "" {
		reader = want.ClientID
	}
	claims := a.claims()
	checks := []wire.Check{issCheck(claims, want.Issuer, ref), requiredAud(claims, reader, "this service", ref, "without an audience the assertion is good at every service"), subCheck(claims)}
	checks = append(checks, expCheck(claims, now, want.leeway()), nbfCheck(claims, now, want.leeway()), iatCheck(claims, now, want.leeway(), true))
	for _, c := range checks {
		c.Message = samlWords.Replace(c.Message)
		c.Ref = ref
		r.add(c)
	}
	r.judge()
	return r
}

// samlWords are SAML's names for what the rules shared with JWT call otherwise.
var samlWords = strings.NewReplacer("iss ", "Issuer ", "aud ", "Audience ", "sub ", "NameID ", "exp ", "NotOnOrAfter ", "nbf ", "NotBefore ", "iat ", "IssueInstant ", "nbf", "NotBefore", "token", "assertion")

// claims writes what a JWT has too in JWT's words.
func (a Assertion) claims() wire.Value {
	o := wire.Value{Kind: wire.Object}
	add := func(name string, v wire.Value) { o.Members = append(o.Members, wire.Member{Name: name, Value: v}) }
	text := func(s string) wire.Value { return wire.Value{Kind: wire.String, Text: s} }
	moment := func(name string, t time.Time) {
		if !t.IsZero() {
			add(name, wire.Value{Kind: wire.Number, Text: strconv.FormatInt(t.Unix(), 10)})
		}
	}
	add("iss", text(a.Issuer))
	add("sub", text(a.Subject))
	audience := wire.Value{Kind: wire.Array}
	for _, s := range a.Audience {
		audience.Items = append(audience.Items, text(s))
	}
	add("aud", audience)
	moment("exp", a.NotOnOrAfter)
	moment("nbf", a.NotBefore)
	moment("iat", a.IssueInstant)
	return o
}

func algorithmCheck(a Assertion) wire.Check {
	const id, ref = "alg_not_allowed", "RFC 6931 §2.3"
	_, name, _ := strings.Cut(a.SignedWith, "#")
	switch {
	case !a.Signed:
		return notApplicable(id, ref, "there is no signature")
	case strings.HasSuffix(name, "sha1"):
		return row(wire.Warn, id, ref, "the signature uses SHA-1, for which two texts with one hash can be made", name, "rsa-sha256 or better")
	case strings.HasPrefix(name, "hmac"):
		return row(wire.Fail, id, ref, "an assertion is signed with a private key, never with a shared secret", name, "rsa-sha256 or ecdsa-sha256")
	}
	return row(wire.Pass, id, ref, "the signature algorithm is a good one", name, "")
}

// verifyXML checks the XML signature with the certificates among the keys and
// returns the assertion as the signature covers it.
func verifyXML(text string, a Assertion, keys KeySet, now time.Time) (*Assertion, wire.Check, *Key) {
	const id, ref = "signature_invalid", "XML Signature §3.2"
	if !a.Signed {
		return nil, row(wire.Fail, "not_signed", ref, "no signature covers the assertion: anyone can have written it", "no Signature", "a signature"), nil
	}
	var certs []*x509.Certificate
	var owners []*Key
	for i := range keys.Keys {
		if c := keys.Keys[i].certificate; c != nil {
			certs, owners = append(certs, c), append(owners, &keys.Keys[i])
		}
	}
	if len(certs) == 0 {
		return nil, unknown(id, ref, "no certificate of the identity provider was given to check the signature with (--key)"), nil
	}
	var why error
	for i, c := range certs {
		covered, err := verifyWith(text, c, now)
		if err == nil {
			return covered, passed(id, ref, "the certificate of "+quoted(c.Subject.CommonName)+" signed exactly this assertion"), owners[i]
		}
		why = err
	}
	return nil, row(wire.Fail, id, ref, "the signature does not belong to this assertion and certificate: "+why.Error(), count(len(certs), "certificate"), "a signature by one of them"), nil
}

// verifyWith validates the signature of the assertion, or of the response
// around it, and reads the assertion again from the signed bytes.
func verifyWith(text string, cert *x509.Certificate, now time.Time) (a *Assertion, err error) {
	defer func() { // the library has met fewer hostile documents than we have
		if recover() != nil {
			a, err = nil, errors.New("the document broke the verifier")
		}
	}()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		return nil, err
	}
	assertion := assertionsIn(doc.Root())[0]
	signed := doc.Root()
	if child(assertion, "Signature") != nil && assertion != signed {
		if signed, err = detach(doc.Root(), assertion); err != nil {
			return nil, err
		}
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(now)
	for _, name := range [...]string{"ID", "AssertionID", "ResponseID"} {
		if signed.SelectAttrValue(name, "") != "" {
			ctx.IdAttribute = name
		}
	}
	if idOf(signed) == "" {
		return nil, errors.New("the signed element has no ID")
	}
	covered, err := ctx.Validate(signed)
	if err != nil {
		return nil, err
	}
	inside := assertionsIn(covered)
	if len(inside) != 1 {
		return nil, errors.New("the signed part does not hold exactly one assertion")
	}
	out := readAssertion(inside[0])
	out.Signed = true
	return &out, nil
}

// detach copies an element out of its document with the namespaces that it
// inherits, which the signature covers.
func detach(root, e *etree.Element) (*etree.Element, error) {
	ctx, err := etreeutils.NSBuildParentContext(e)
	if err != nil {
		return nil, err
	}
	return etreeutils.NSDetatch(ctx, e)
}
