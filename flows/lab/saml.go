package lab

import (
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	samlNS     = "urn:oasis:names:tc:SAML:2.0:assertion"
	samlBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	// What a SAML assertion may cost to read.
	samlBytes = 32 << 10
	samlDepth = 24
)

// samlAssertion is a SAML 2.0 assertion that somebody else made. Until verify
// nothing in it counts but the Issuer, which says whose key has to verify it;
// after it root is what was signed, read again from the signed bytes.
type samlAssertion struct {
	kind artefact
	root *etree.Element
}

// readSAML decodes an assertion, RFC 7522 §2.1, into one tree without anything
// that two readers could understand differently.
func readSAML(kind artefact, text string) (samlAssertion, problem) {
	a := samlAssertion{kind: kind}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(raw) == 0 || strings.ContainsAny(text, "\r\n") {
		return a, kind.flaw(flawEncoding)
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{MaxDepth: samlDepth, ValidateInput: true, PreserveDuplicateAttrs: true}
	if len(raw) > samlBytes || doc.ReadFromBytes(raw) != nil || doc.Root() == nil || !plainXML(doc) {
		return a, kind.flaw(flawMalformed)
	}
	a.root = doc.Root()
	if !isSAML(a.root, "Assertion") || countElements(a.root, samlNS, "Assertion") != 1 {
		return a, kind.flaw(flawShape)
	}
	_, good := a.instant(a.root, "IssueInstant")
	if !good || a.id() == "" || a.root.SelectAttrValue("Version", "") != "2.0" {
		return a, kind.flaw(flawHeader)
	}
	return a, ""
}

// plainXML tells whether a document is elements and text, after the XML
// declaration: comments can split a name in two for one of two readers, and of
// two attributes with one name each may take another.
func plainXML(doc *etree.Document) bool {
	for i, token := range doc.Child {
		switch t := token.(type) {
		case *etree.Element:
			if !plainElement(t) {
				return false
			}
		case *etree.ProcInst:
			if i != 0 || t.Target != "xml" {
				return false
			}
		case *etree.CharData:
		default:
			return false
		}
	}
	return true
}

func plainElement(el *etree.Element) bool {
	for i, attr := range el.Attr {
		if slices.ContainsFunc(el.Attr[:i], func(other etree.Attr) bool { return other.FullKey() == attr.FullKey() }) {
			return false
		}
	}
	for _, token := range el.Child {
		switch t := token.(type) {
		case *etree.Element:
			if !plainElement(t) {
				return false
			}
		case *etree.CharData:
		default:
			return false
		}
	}
	return true
}

func isSAML(el *etree.Element, tag string) bool { return el.Tag == tag && el.NamespaceURI() == samlNS }

// countElements counts elements of a name in a tree.
func countElements(el *etree.Element, space, tag string) int {
	n := 0
	if el.Tag == tag && el.NamespaceURI() == space {
		n = 1
	}
	for _, child := range el.ChildElements() {
		n += countElements(child, space, tag)
	}
	return n
}

// samlChildren are the children of a name, in SAML's namespace.
func samlChildren(el *etree.Element, tag string) []*etree.Element {
	if el == nil {
		return nil
	}
	return slices.DeleteFunc(el.ChildElements(), func(child *etree.Element) bool { return !isSAML(child, tag) })
}

// samlChild is the one child of a name; nil when there is none or more.
func samlChild(el *etree.Element, tag string) *etree.Element {
	if found := samlChildren(el, tag); len(found) == 1 {
		return found[0]
	}
	return nil
}

func samlText(el *etree.Element) string {
	if el == nil {
		return ""
	}
	return strings.TrimSpace(el.Text())
}

func (a samlAssertion) id() string     { return a.root.SelectAttrValue("ID", "") }
func (a samlAssertion) issuer() string { return samlText(samlChild(a.root, "Issuer")) }

// subject is the name of whom the assertion is about.
func (a samlAssertion) subject() string {
	return samlText(samlChild(samlChild(a.root, "Subject"), "NameID"))
}

// instant reads a time attribute. SAML has UTC everywhere (Core §1.3.3).
func (a samlAssertion) instant(el *etree.Element, name string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, el.SelectAttrValue(name, ""))
	return at, err == nil
}

// verify checks the signature against the certificates of the Issuer and goes
// on with nothing but what was signed: a second assertion wrapped around or
// beside it is never looked at.
func (a *samlAssertion) verify(trusted []*x509.Certificate) problem {
	if len(trusted) == 0 {
		return a.kind.flaw(flawNoKeys)
	}
	if bad := a.checkSignatureShape(); bad != "" {
		return bad
	}
	known := certificateIn(a.root)
	bad := a.kind.flaw(flawKey)
	for _, cert := range trusted {
		if known != nil && !known.Equal(cert) {
			continue
		}
		bad = a.kind.flaw(flawSignature)
		ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
		// A registered certificate only carries a key, so its dates do not count.
		ctx.Clock = dsig.NewFakeClockAt(cert.NotBefore)
		signed, err := ctx.Validate(a.root)
		if err != nil || !isSAML(signed, "Assertion") || signed.SelectAttrValue("ID", "") != a.id() || countElements(signed, samlNS, "Assertion") != 1 {
			continue
		}
		a.root = signed
		return ""
	}
	return bad
}

// checkSignatureShape wants one signature, in its place, over the whole
// assertion (SAML Core §5.4.2), by algorithms that are still good.
func (a *samlAssertion) checkSignatureShape() problem {
	switch countElements(a.root, dsig.Namespace, dsig.SignatureTag) {
	case 0:
		return a.kind.flaw(flawUnsigned)
	case 1:
	default:
		return a.kind.flaw(flawWrapped)
	}
	info := signatureChild(signatureChild(a.root, dsig.SignatureTag), dsig.SignedInfoTag)
	reference := signatureChild(info, dsig.ReferenceTag)
	if reference == nil || reference.SelectAttrValue(dsig.URIAttr, "") != "#"+a.id() {
		return a.kind.flaw(flawWrapped)
	}
	algorithms := []*etree.Element{signatureChild(info, dsig.SignatureMethodTag), signatureChild(info, dsig.CanonicalizationMethodTag), signatureChild(reference, dsig.DigestMethodTag)}
	if transforms := signatureChild(reference, dsig.TransformsTag); transforms != nil {
		algorithms = append(algorithms, transforms.ChildElements()...)
	}
	for _, el := range algorithms {
		if el == nil || !slices.Contains(samlAlgorithms(), el.SelectAttrValue(dsig.AlgorithmAttr, "")) {
			return a.kind.flaw(flawAlg)
		}
	}
	return ""
}

// samlAlgorithms are those that an assertion may be signed with: nothing with
// SHA-1, and only the two transforms of SAML Core §5.4.4.
func samlAlgorithms() []string {
	return []string{dsig.RSASHA256SignatureMethod, dsig.RSASHA384SignatureMethod, dsig.RSASHA512SignatureMethod,
		dsig.EnvelopedSignatureAltorithmId.String(), dsig.CanonicalXML10ExclusiveAlgorithmId.String(),
		"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512"}
}

// signatureChild is the one child of a name in the namespace of XML signatures.
func signatureChild(el *etree.Element, tag string) *etree.Element {
	if el == nil {
		return nil
	}
	found := slices.DeleteFunc(el.ChildElements(), func(child *etree.Element) bool {
		return child.Tag != tag || child.NamespaceURI() != dsig.Namespace
	})
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// certificateIn is the certificate that a signature names; nil without one.
func certificateIn(root *etree.Element) *x509.Certificate {
	el := signatureChild(signatureChild(signatureChild(signatureChild(root, dsig.SignatureTag), dsig.KeyInfoTag), dsig.X509DataTag), dsig.X509CertificateTag)
	if el == nil {
		return nil
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(el.Text()), ""))
	if err != nil {
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return cert
}
