package jose

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"authdance/flows/wire"
)

const entity = "https://sp.example/saml"

// samlAssertion is an assertion as an identity provider writes it; change is an
// old and a new text.
func samlAssertion(old, fresh string) string {
	at := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	s := `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a1" Version="2.0" IssueInstant="` + at(-8*time.Second) + `"><saml:Issuer>` + issuer + `</saml:Issuer>` +
		`<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData Recipient="https://sp.example/acs" InResponseTo="_r1" NotOnOrAfter="` + at(5*time.Minute) + `"/></saml:SubjectConfirmation></saml:Subject>` +
		`<saml:Conditions NotBefore="` + at(-time.Minute) + `" NotOnOrAfter="` + at(10*time.Minute) + `"><saml:AudienceRestriction><saml:Audience>` + entity + `</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
		`<saml:AuthnStatement AuthnInstant="` + at(-12*time.Second) + `"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
		`<saml:AttributeStatement><saml:Attribute Name="mail"><saml:AttributeValue>alice@example.test</saml:AttributeValue></saml:Attribute><saml:Attribute Name="role"><saml:AttributeValue>a</saml:AttributeValue><saml:AttributeValue>b</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>`
	if old != "" && !strings.Contains(s, old) {
		panic("nothing to change: " + old)
	}
	return strings.Replace(s, old, fresh, 1)
}

func samlResponse(old, fresh string) string {
	return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_p1" Version="2.0">` + samlAssertion(old, fresh) + `</samlp:Response>`
}

var samlCert = sync.OnceValue(func() []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	return must(x509.CreateCertificate(rand.Reader, template, template, &rsaKey().PublicKey, rsaKey()))
})

func certKeys() KeySet {
	return ParseKeys(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: samlCert()}))
}

// signXML signs the element with this tag, where it stands.
func signXML(text, tag string) string {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		panic(err)
	}
	ctx := must(dsig.NewSigningContext(rsaKey(), [][]byte{samlCert()}))
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if doc.Root().Tag == tag {
		doc.SetRoot(must(ctx.SignEnveloped(doc.Root())))
	} else {
		for _, child := range doc.Root().ChildElements() {
			if child.Tag == tag {
				signed := must(ctx.SignEnveloped(child))
				doc.Root().RemoveChild(child)
				doc.Root().AddChild(signed)
			}
		}
	}
	return must(doc.WriteToString())
}

func samlWant() Expect { return Expect{Issuer: issuer, Audience: entity} }

func TestSAMLIsShownAndJudged(t *testing.T) {
	for name, text := range map[string]string{
		"assertion signed":             signXML(samlAssertion("", ""), "Assertion"),
		"assertion signed in response": signXML(samlResponse("", ""), "Assertion"),
		"response signed":              signXML(samlResponse("", ""), "Response"),
	} {
		tok := Decode(text)
		a := tok.Assertion
		if tok.Kind != SAML || a.Issuer != issuer || a.Subject != "alice" || a.Audience[0] != entity || a.InResponseTo != "_r1" || len(a.Attributes) != 2 ||
			!a.NotOnOrAfter.Equal(now.Add(5*time.Minute)) || tok.Claims.Str("mail") != "alice@example.test" || len(tok.Claims.Strings("role")) != 2 {
			t.Fatalf("%s: %s %+v", name, tok.Kind, a)
		}
		if r := CheckAny(tok, samlWant(), certKeys(), now); r.As != AsSAML || r.Verdict != Valid {
			t.Errorf("%s: %s%s", name, r.Verdict, lines(r.Checks))
		}
		if r := CheckSAML(tok, samlWant(), KeySet{}, now); r.Verdict != Unverified {
			t.Errorf("%s without a certificate: %s", name, r.Verdict)
		}
		if r := CheckSAML(tok, Expect{}, certKeys(), now); r.Verdict != Unverified {
			t.Errorf("%s with nothing known: %s", name, r.Verdict)
		}
		if r := CheckIDToken(tok, expect(), goodKeys(), now); r.Verdict != Invalid || find1(r.Checks, "typ_confusion").Status != wire.Fail {
			t.Errorf("%s as an ID token: %s", name, r.Verdict)
		}
	}
}

func TestEachFlawOfAnAssertionIsNoticed(t *testing.T) {
	sign := func(old, fresh string) string { return signXML(samlAssertion(old, fresh), "Assertion") }
	signed := sign("", "")
	evil := strings.Replace(strings.Replace(samlAssertion("", ""), "alice<", "admin<", 1), `ID="_a1"`, `ID="_evil"`, 1)
	for name, c := range map[string]struct {
		text, check string
		verdict     Verdict
	}{
		"unsigned":          {samlAssertion("", ""), "not_signed", Invalid},
		"changed":           {strings.Replace(signed, ">alice<", ">admin<", 1), "signature_invalid", Invalid},
		"wrapped around":    {strings.Replace(signXML(samlResponse("", ""), "Assertion"), "<saml:Assertion", evil+"<saml:Assertion", 1), "structure", Invalid},
		"the same ID twice": {`<r>` + signed + `<x ID="_a1"/></r>`, "structure", Invalid},
		"another issuer":    {sign(issuer, "https://evil.example"), "iss_mismatch", Invalid},
		"another audience":  {sign(entity, "https://other.example"), "aud_mismatch", Invalid},
		"no audience":       {sign(`<saml:AudienceRestriction><saml:Audience>`+entity+`</saml:Audience></saml:AudienceRestriction>`, ""), "claim_missing:aud", Invalid},
		"expired":           {sign(`NotOnOrAfter="`+now.Add(5*time.Minute).Format(time.RFC3339), `NotOnOrAfter="`+now.Add(-5*time.Minute).Format(time.RFC3339)), "expired", Invalid},
		"not yet":           {sign(`NotBefore="`+now.Add(-time.Minute).Format(time.RFC3339), `NotBefore="`+now.Add(5*time.Minute).Format(time.RFC3339)), "not_yet_valid", Invalid},
		"no subject":        {sign(">alice<", "><"), "claim_missing:sub", Invalid},
		"encrypted":         {`<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>`, "decrypt_failed", Unverified},
		"a document type":   {`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + samlAssertion("alice<", "&e;<"), "structure", NotReadable},
		"billion laughs":    {`<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>` + samlAssertion("", ""), "structure", NotReadable},
		"an unknown entity": {samlAssertion("alice<", "&evil;<"), "structure", NotReadable},
		"cut off":           {samlAssertion("", "")[:300], "structure", NotReadable},
		"too deep":          {strings.Repeat("<Assertion>", 100) + strings.Repeat("</Assertion>", 100), "depth_limit", NotReadable},
		"too many":          {"<Assertion>" + strings.Repeat("<a/>", 30000) + "</Assertion>", "size_limit", NotReadable},
		"another root":      {"<Response><Assertions/></Response>", "structure", NotReadable},
	} {
		t.Run(name, func(t *testing.T) {
			r := CheckAny(Decode(c.text), samlWant(), certKeys(), now)
			if r.Verdict != c.verdict {
				t.Errorf("%s, want %s%s", r.Verdict, c.verdict, lines(r.Checks))
			}
			for _, got := range r.Checks {
				if got.ID == c.check && (got.Status == wire.Fail || c.verdict == Unverified) {
					return
				}
			}
			t.Errorf("%s is not noticed%s", c.check, lines(r.Checks))
		})
	}
}

func TestACommentDoesNotEndAName(t *testing.T) {
	tok := Decode(strings.Replace(signXML(samlAssertion("", ""), "Assertion"), ">alice<", ">al<!-- -->ice<", 1))
	if r := CheckAny(tok, samlWant(), certKeys(), now); tok.Assertion.Subject != "alice" || !strings.Contains(lines(r.Checks), "comments stand") {
		t.Fatalf("%q%s", tok.Assertion.Subject, lines(r.Checks))
	}
}

func TestSAML11IsReadToo(t *testing.T) {
	text := fmt.Sprintf(`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" MajorVersion="1" MinorVersion="1" AssertionID="_1" Issuer=%q IssueInstant=%q>`+
		`<saml:Conditions NotBefore=%q NotOnOrAfter=%q><saml:AudienceRestrictionCondition><saml:Audience>%s</saml:Audience></saml:AudienceRestrictionCondition></saml:Conditions>`+
		`<saml:AuthenticationStatement AuthenticationMethod="urn:oasis:names:tc:SAML:1.0:am:password" AuthenticationInstant=%q><saml:Subject><saml:NameIdentifier>alice</saml:NameIdentifier></saml:Subject></saml:AuthenticationStatement>`+
		`<saml:AttributeStatement><saml:Subject><saml:NameIdentifier>alice</saml:NameIdentifier></saml:Subject><saml:Attribute AttributeName="mail" AttributeNamespace="x"><saml:AttributeValue>alice@example.test</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>`,
		issuer, now.Format(time.RFC3339), now.Add(-time.Minute).Format(time.RFC3339), now.Add(time.Minute).Format(time.RFC3339), entity, now.Format(time.RFC3339))
	tok := Decode(text)
	if a := tok.Assertion; tok.Kind != SAML || a.Version != "1.1" || a.Issuer != issuer || a.Subject != "alice" || a.Audience[0] != entity || a.Attributes[0].Name != "mail" || a.AuthnContext == "" {
		t.Fatalf("%s %+v", tok.Kind, tok.Assertion)
	}
	if r := CheckAny(tok, samlWant(), certKeys(), now); r.Verdict != Invalid || find1(r.Checks, "not_signed").Status != wire.Fail {
		t.Fatalf("%s%s", r.Verdict, lines(r.Checks))
	}
}
