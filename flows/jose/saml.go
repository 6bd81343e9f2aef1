package jose

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/beevik/etree"

	"authdance/flows/wire"
)

// Assertion is what a SAML assertion says (SAML 2.0 Core §2.3, SAML 1.1 Core
// §2.3). Times are as written; zero when absent or no time.
type Assertion struct {
	Version      string // "2.0" or "1.1"
	ID           string
	Issuer       string
	Subject      string // NameID
	SubjectForm  string // its format
	Audience     []string
	Recipient    string // where it is to be delivered
	InResponseTo string // the request that it answers
	AuthnContext string // how the person signed in

	IssueInstant, NotBefore, NotOnOrAfter, AuthnInstant, SessionNotOnOrAfter time.Time

	Attributes []Attribute
	Signed     bool   // an XML signature covers the assertion, says the document
	SignedWith string // the algorithm of that signature
	Encrypted  bool   // it is encrypted, so its content is not here
}

// Attribute is one attribute of a SAML subject.
type Attribute struct {
	Name   string
	Values []string
}

const (
	maxElements = 20_000 // of an XML document
	maxXMLDepth = 64
)

func isSAML(text string) bool {
	return strings.HasPrefix(text, "<") && strings.Contains(text, "Assertion")
}

// readSAML reads a SAML assertion, alone or in a response. Document types and
// entities are refused: no assertion needs them, and they have opened files and
// eaten memory in many readers.
func readSAML(text string) Token {
	t := Token{Kind: SAML, Text: text}
	if c, ok := wellFormed(text); !ok {
		t.Kind, t.Checks = Malformed, []wire.Check{c}
		return t
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{MaxDepth: maxXMLDepth + 1}
	if err := doc.ReadFromString(text); err != nil || doc.Root() == nil {
		t.Kind, t.Checks = Malformed, []wire.Check{row(wire.Fail, "structure", "SAML Core §1.3", "this is no XML document", "", "an Assertion or a Response")}
		return t
	}
	found := assertionsIn(doc.Root())
	switch {
	case len(found) == 0:
		t.Kind = Malformed
		t.Checks = append(t.Checks, row(wire.Fail, "structure", "SAML Core §2.3", "no assertion stands in this XML", doc.Root().Tag, "Assertion"))
		return t
	case len(found) > 1:
		t.Checks = append(t.Checks, row(wire.Fail, "structure", "SAML Security §6.5", "several assertions stand in the document: a signature may cover one and the reader take the other",
			count(len(found), "assertion"), "1 assertion"))
	default:
		t.Checks = append(t.Checks, passed("structure", "SAML Core §2.3", "decodes as a SAML assertion"))
	}
	if id := repeatedID(doc.Root()); id != "" {
		t.Checks = append(t.Checks, row(wire.Fail, "structure", "SAML Core §1.3.4", "two elements have one ID: a signature may cover one and the reader take the other", quoted(id), "each ID once"))
	}
	if strings.Contains(text, "<!--") {
		t.Checks = append(t.Checks, row(wire.Warn, "structure", "CVE-2017-11427", "comments stand in the document: readers that stop at one read another text than was signed", "<!--", "no comments"))
	}
	a := readAssertion(found[0])
	if sig := signatureFor(doc.Root(), found[0]); sig != nil {
		a.Signed, a.SignedWith = true, algorithmOf(sig)
	}
	t.Assertion = &a
	t.Claims = a.value()
	return t
}

// wellFormed reads the document once as a stream, so that what is refused costs
// no tree, and so that a break has a place.
func wellFormed(text string) (wire.Check, bool) {
	d := xml.NewDecoder(strings.NewReader(text))
	elements, depth := 0, 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			what := err.Error()
			if se := (*xml.SyntaxError)(nil); errors.As(err, &se) {
				what = se.Msg
			}
			return row(wire.Fail, "structure", "XML 1.0 §2.1", fmt.Sprintf("the XML breaks at byte %d", d.InputOffset()), what, "well-formed XML"), false
		}
		switch token.(type) {
		case xml.Directive:
			return row(wire.Fail, "structure", "SAML Bindings §3.1.1", fmt.Sprintf("a document type stands at byte %d: no assertion needs one, and it can make readers open files", d.InputOffset()), "<!DOCTYPE or <!ENTITY", "none"), false
		case xml.StartElement:
			elements++
			depth++
		case xml.EndElement:
			depth--
		}
		switch {
		case depth > maxXMLDepth:
			return row(wire.Fail, "depth_limit", "", "the XML is nested too deeply", fmt.Sprintf("more than %d levels", maxXMLDepth), fmt.Sprintf("at most %d", maxXMLDepth)), false
		case elements > maxElements:
			return row(wire.Fail, "size_limit", "", "the XML has too many elements", fmt.Sprintf("more than %d", maxElements), fmt.Sprintf("at most %d", maxElements)), false
		}
	}
	if depth != 0 {
		return row(wire.Fail, "structure", "XML 1.0 §2.1", fmt.Sprintf("the XML ends at byte %d inside %s", len(text), count(depth, "open element")), "the end", "the closing tags"), false
	}
	return wire.Check{}, true
}

// assertionsIn lists the assertions of a document, in order.
func assertionsIn(e *etree.Element) []*etree.Element {
	var out []*etree.Element
	if e.Tag == "Assertion" || e.Tag == "EncryptedAssertion" {
		out = append(out, e)
	}
	for _, child := range e.ChildElements() {
		out = append(out, assertionsIn(child)...)
	}
	return out
}

func idOf(e *etree.Element) string {
	for _, name := range [...]string{"ID", "AssertionID", "ResponseID"} {
		if v := e.SelectAttrValue(name, ""); v != "" {
			return v
		}
	}
	return ""
}

func repeatedID(root *etree.Element) string {
	seen := map[string]bool{}
	var walk func(e *etree.Element) string
	walk = func(e *etree.Element) string {
		if id := idOf(e); id != "" {
			if seen[id] {
				return id
			}
			seen[id] = true
		}
		for _, child := range e.ChildElements() {
			if id := walk(child); id != "" {
				return id
			}
		}
		return ""
	}
	return walk(root)
}

// signatureFor is the signature that the document has for the assertion: in it,
// or in the response around it.
func signatureFor(root, assertion *etree.Element) *etree.Element {
	for e := assertion; e != nil; e = e.Parent() {
		if sig := child(e, "Signature"); sig != nil {
			return sig
		}
		if e == root {
			break
		}
	}
	return nil
}

func algorithmOf(signature *etree.Element) string {
	if info := child(signature, "SignedInfo"); info != nil {
		if m := child(info, "SignatureMethod"); m != nil {
			return m.SelectAttrValue("Algorithm", "")
		}
	}
	return ""
}

// child is the first child element with this local name: prefixes differ.
func child(e *etree.Element, tag string) *etree.Element {
	if e == nil {
		return nil
	}
	for _, c := range e.ChildElements() {
		if c.Tag == tag {
			return c
		}
	}
	return nil
}

// textOf is the whole text of an element. A comment inside does not end it: the
// signature does not cover comments, and readers that stop at one have signed in
// the wrong person (CVE-2017-11427).
func textOf(e *etree.Element) string {
	if e == nil {
		return ""
	}
	var text strings.Builder
	for _, c := range e.Child {
		if data, ok := c.(*etree.CharData); ok {
			text.WriteString(data.Data)
		}
	}
	return strings.TrimSpace(text.String())
}

func readAssertion(e *etree.Element) Assertion {
	a := Assertion{Version: "2.0", ID: idOf(e), Encrypted: e.Tag == "EncryptedAssertion"}
	if e.SelectAttrValue("MajorVersion", "") == "1" {
		a.Version = "1.1"
		a.Issuer = e.SelectAttrValue("Issuer", "")
	} else {
		a.Issuer = textOf(child(e, "Issuer"))
	}
	a.IssueInstant = instant(e, "IssueInstant")
	if c := child(e, "Conditions"); c != nil {
		a.NotBefore, a.NotOnOrAfter = instant(c, "NotBefore"), instant(c, "NotOnOrAfter")
		for _, r := range c.ChildElements() {
			if r.Tag == "AudienceRestriction" || r.Tag == "AudienceRestrictionCondition" {
				for _, audience := range r.ChildElements() {
					a.Audience = append(a.Audience, textOf(audience))
				}
			}
		}
	}
	a.readSubject(child(e, "Subject"))
	for _, s := range e.ChildElements() {
		switch s.Tag {
		case "AuthnStatement":
			a.AuthnInstant, a.SessionNotOnOrAfter = instant(s, "AuthnInstant"), instant(s, "SessionNotOnOrAfter")
			a.AuthnContext = textOf(child(child(s, "AuthnContext"), "AuthnContextClassRef"))
		case "AuthenticationStatement":
			a.AuthnInstant, a.AuthnContext = instant(s, "AuthenticationInstant"), s.SelectAttrValue("AuthenticationMethod", "")
			a.readSubject(child(s, "Subject"))
		case "AttributeStatement":
			a.readAttributes(s)
			if a.Subject == "" {
				a.readSubject(child(s, "Subject"))
			}
		}
	}
	return a
}

func (a *Assertion) readSubject(e *etree.Element) {
	id := child(e, "NameID")
	if id == nil {
		id = child(e, "NameIdentifier")
	}
	if id != nil {
		a.Subject, a.SubjectForm = textOf(id), id.SelectAttrValue("Format", "")
	}
	if data := child(child(e, "SubjectConfirmation"), "SubjectConfirmationData"); data != nil {
		a.Recipient, a.InResponseTo = data.SelectAttrValue("Recipient", ""), data.SelectAttrValue("InResponseTo", "")
		if end := instant(data, "NotOnOrAfter"); !end.IsZero() && (a.NotOnOrAfter.IsZero() || end.Before(a.NotOnOrAfter)) {
			a.NotOnOrAfter = end
		}
	}
}

func (a *Assertion) readAttributes(statement *etree.Element) {
	for _, e := range statement.ChildElements() {
		if e.Tag != "Attribute" {
			continue
		}
		name := e.SelectAttrValue("Name", "")
		if name == "" {
			name = e.SelectAttrValue("AttributeName", "")
		}
		attribute := Attribute{Name: name}
		for _, v := range e.ChildElements() {
			attribute.Values = append(attribute.Values, textOf(v))
		}
		a.Attributes = append(a.Attributes, attribute)
	}
}

func instant(e *etree.Element, name string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, e.SelectAttrValue(name, ""))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// value writes the assertion as an object, so that it can be shown like claims.
func (a Assertion) value() wire.Value {
	o := wire.Value{Kind: wire.Object}
	text := func(name, s string) {
		if s != "" {
			o.Members = append(o.Members, wire.Member{Name: name, Value: wire.Value{Kind: wire.String, Text: s}})
		}
	}
	moment := func(name string, t time.Time) {
		if !t.IsZero() {
			text(name, t.Format(time.RFC3339))
		}
	}
	many := func(name string, items []string) {
		if len(items) == 1 {
			text(name, items[0])
		} else if len(items) > 1 {
			v := wire.Value{Kind: wire.Array}
			for _, s := range items {
				v.Items = append(v.Items, wire.Value{Kind: wire.String, Text: s})
			}
			o.Members = append(o.Members, wire.Member{Name: name, Value: v})
		}
	}
	text("Version", a.Version)
	text("ID", a.ID)
	text("Issuer", a.Issuer)
	text("NameID", a.Subject)
	text("Format", a.SubjectForm)
	many("Audience", a.Audience)
	text("Recipient", a.Recipient)
	text("InResponseTo", a.InResponseTo)
	moment("IssueInstant", a.IssueInstant)
	moment("NotBefore", a.NotBefore)
	moment("NotOnOrAfter", a.NotOnOrAfter)
	moment("AuthnInstant", a.AuthnInstant)
	moment("SessionNotOnOrAfter", a.SessionNotOnOrAfter)
	text("AuthnContextClassRef", a.AuthnContext)
	for _, attribute := range a.Attributes {
		many(attribute.Name, attribute.Values)
	}
	return o
}
