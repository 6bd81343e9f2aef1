package lab_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"authdance/flows/lab"
)

const (
	samlGrant      = "urn:ietf:params:oauth:grant-type:saml2-bearer"
	samlClientType = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
)

func (b *bench) saml(t testing.TB, assertion string, change ...string) answer {
	t.Helper()
	return b.send(t, b.lab.Issuer()+"/token", edit(url.Values{"grant_type": {samlGrant}, "assertion": {assertion},
		"client_id": {"workshop-gateway"}, "client_secret": {"workshop-secret"}}, change...))
}

func (b *bench) mintSAML(t testing.TB, o lab.AssertionOptions) string {
	t.Helper()
	text, err := b.lab.SAMLAssertion(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// RFC 7522 §2.1, with assertions that the lab makes for people to send.
func TestSAMLBearerGrant(t *testing.T) {
	b := newBench(t)
	for subject, want := range map[string]string{"": "lab-user-1001", "bob": "lab-user-1002", "lab-user-1002": "lab-user-1002", "Bob@example.test": "lab-user-1002"} {
		a := b.saml(t, b.mintSAML(t, lab.AssertionOptions{Subject: subject}), "scope", "openid read offline_access")
		if a.status != 200 || a.json["refresh_token"] != nil {
			t.Fatalf("%q: %d %s", subject, a.status, a.text)
		}
		c := claims(t, a.str("access_token"))
		if c["sub"] != want || c["client_id"] != "workshop-gateway" || claims(t, a.str("id_token"))["auth_time"] != float64(b.now.at.Unix()) {
			t.Errorf("%q: %v", subject, c)
		}
	}
	used := b.mintSAML(t, lab.AssertionOptions{})
	if a := b.saml(t, used); a.status != 200 || a.str("scope") != "read" {
		t.Fatal(a.text)
	}
	wantRefusal(t, b.saml(t, used), 400, "invalid_grant", "ID of the SAML assertion was used before")
	for _, c := range []struct {
		o     lab.AssertionOptions
		words string
	}{
		{lab.AssertionOptions{Lifetime: -time.Minute}, "SAML assertion has expired"},
		{lab.AssertionOptions{Lifetime: 2 * time.Hour}, "longer than an hour"},
		{lab.AssertionOptions{Audience: "https://other.test"}, "Audience of the SAML assertion"},
		{lab.AssertionOptions{Recipient: "https://other.test/token"}, "Recipient of the SAML assertion"},
		{lab.AssertionOptions{Subject: "carol"}, "NameID of the SAML assertion"},
		{lab.AssertionOptions{Issuer: "https://other.test"}, "Issuer of the SAML assertion"},
		{lab.AssertionOptions{Issuer: "workshop-web"}, "no certificate is registered for its Issuer"},
	} {
		wantRefusal(t, b.saml(t, b.mintSAML(t, c.o)), 400, "invalid_grant", c.words)
	}
	early := b.mintSAML(t, lab.AssertionOptions{})
	b.now.move(-2 * time.Minute)
	wantRefusal(t, b.saml(t, early), 400, "invalid_grant", "begins in the future")
	wantRefusal(t, b.saml(t, ""), 400, "invalid_request", "assertion is missing")
	wantRefusal(t, b.saml(t, early, "client_id", "workshop-web"), 400, "unauthorized_client", "not registered for this grant_type")
	wantRefusal(t, b.saml(t, early, "client_id", "", "client_secret", ""), 401, "invalid_client", "client_id is missing")
}

// RFC 7522 §2.2.
func TestClientAuthenticatesWithASAMLAssertion(t *testing.T) {
	b := newBench(t)
	ask := func(assertion string, change ...string) answer {
		return b.send(t, b.lab.Issuer()+"/token", edit(url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}, "client_assertion": {assertion}, "client_assertion_type": {samlClientType}}, change...))
	}
	own := lab.AssertionOptions{Subject: "workshop-saml"}
	used := b.mintSAML(t, own)
	if a := ask(used); a.status != 200 || claims(t, a.str("access_token"))["client_id"] != "workshop-saml" {
		t.Fatalf("answer = %d %s", a.status, a.text)
	}
	wantRefusal(t, ask(used), 401, "invalid_client", "ID of the SAML client assertion was used before")
	wantRefusal(t, ask(b.mintSAML(t, lab.AssertionOptions{}), "client_id", "workshop-saml"), 401, "invalid_client", "NameID of the SAML client assertion")
	wantRefusal(t, ask(b.mintSAML(t, lab.AssertionOptions{})), 401, "invalid_client", "No client is registered")
	wantRefusal(t, ask(b.mintSAML(t, lab.AssertionOptions{Subject: "workshop-web"})), 401, "invalid_client", "another way")
	wantRefusal(t, ask("%"), 401, "invalid_client", "not base64url")
	wantRefusal(t, ask(b.mintSAML(t, own), "client_assertion_type", "urn:saml"), 401, "invalid_client", "client_assertion_type must be")
	wantRefusal(t, ask("", "client_id", "workshop-saml", "client_assertion", "", "client_assertion_type", ""), 401, "invalid_client", "authenticates with a client_assertion")
	// Both at once: the client by one assertion, the user by another.
	if a := ask(b.mintSAML(t, own), "grant_type", samlGrant, "assertion", b.mintSAML(t, lab.AssertionOptions{Subject: "bob"})); a.status != 200 || claims(t, a.str("access_token"))["sub"] != "lab-user-1002" {
		t.Errorf("two assertions: %s", a.text)
	}
}

// handSigner signs XML with the standard library alone: its documents are
// written in canonical form, so that nothing needs to be canonicalized.
type handSigner struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

const (
	dsigNS    = "http://www.w3.org/2000/09/xmldsig#"
	exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	rsaSHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
)

// newHandSigner registers its certificate for a client, which so may issue assertions.
func newHandSigner(t testing.TB, b *bench, clientID string) handSigner {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(2e9, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s := handSigner{key, cert}
	if clientID != "" {
		jwks := fmt.Sprintf(`{"keys":[{"kty":"RSA","n":%q,"e":"AQAB","x5c":[%q]}]}`, b64.EncodeToString(key.N.Bytes()), base64.StdEncoding.EncodeToString(der))
		if err := b.lab.SetClientKeys(clientID, []byte(jwks)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// samlBody is a good assertion of workshop-keys about alice, without a
// signature; @ marks where that goes.
func (b *bench) samlBody(change ...string) string {
	at := func(d time.Duration) string { return b.now.at.Add(d).Format("2006-01-02T15:04:05Z") }
	body := `<s:Assertion xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion" ID="_` + rand.Text() + `" IssueInstant="` + at(0) + `" Version="2.0">` +
		`<s:Issuer>workshop-keys</s:Issuer>@<s:Subject><s:NameID>alice</s:NameID>` +
		`<s:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><s:SubjectConfirmationData NotOnOrAfter="` + at(time.Minute) + `" Recipient="` + b.lab.Issuer() + `/token"></s:SubjectConfirmationData></s:SubjectConfirmation></s:Subject>` +
		`<s:Conditions NotOnOrAfter="` + at(5*time.Minute) + `"><s:AudienceRestriction><s:Audience>` + b.lab.Issuer() + `</s:Audience></s:AudienceRestriction></s:Conditions></s:Assertion>`
	for i := 0; i+1 < len(change); i += 2 {
		body = strings.Replace(body, change[i], change[i+1], 1)
	}
	return body
}

// sign puts an enveloped signature at the mark; change edits what is signed of it.
func (s handSigner) sign(t testing.TB, body string, change ...string) string {
	t.Helper()
	_, id, _ := strings.Cut(body, ` ID="`)
	id, _, _ = strings.Cut(id, `"`)
	digest := sha256.Sum256([]byte(strings.Replace(body, "@", "", 1)))
	el := func(name, algorithm string) string {
		return `<ds:` + name + ` Algorithm="` + algorithm + `"></ds:` + name + `>`
	}
	info := `<ds:SignedInfo xmlns:ds="` + dsigNS + `">` + el("CanonicalizationMethod", exclusive) + el("SignatureMethod", rsaSHA256) +
		`<ds:Reference URI="#` + id + `"><ds:Transforms>` + el("Transform", dsigNS+"enveloped-signature") + el("Transform", exclusive) + `</ds:Transforms>` +
		el("DigestMethod", "http://www.w3.org/2001/04/xmlenc#sha256") + `<ds:DigestValue>` + base64.StdEncoding.EncodeToString(digest[:]) + `</ds:DigestValue></ds:Reference></ds:SignedInfo>`
	for i := 0; i+1 < len(change); i += 2 {
		info = strings.Replace(info, change[i], change[i+1], 1)
	}
	sum := sha256.Sum256([]byte(info))
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(body, "@", `<ds:Signature xmlns:ds="`+dsigNS+`">`+strings.Replace(info, ` xmlns:ds="`+dsigNS+`"`, "", 1)+
		`<ds:SignatureValue>`+base64.StdEncoding.EncodeToString(sig)+`</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>`+
		base64.StdEncoding.EncodeToString(s.cert.Raw)+`</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`, 1)
}

func encodeXML(xml string) string { return b64.EncodeToString([]byte(xml)) }

// RFC 7522 §3, rule by rule, with assertions that no library of the lab signed.
func TestSAMLAssertionRefusalsNameTheMistake(t *testing.T) {
	b := newBench(t)
	s := newHandSigner(t, b, "workshop-keys")
	stranger := newHandSigner(t, b, "")
	at := func(d time.Duration) string { return b.now.at.Add(d).Format("2006-01-02T15:04:05Z") }
	confirmation := b.samlBody()
	confirmation = confirmation[strings.Index(confirmation, "<s:SubjectConfirmation ") : strings.Index(confirmation, "</s:SubjectConfirmation>")+len("</s:SubjectConfirmation>")]
	data := confirmation[strings.Index(confirmation, "<s:SubjectConfirmationData"):strings.Index(confirmation, "</s:SubjectConfirmation>")]
	restriction := "<s:AudienceRestriction><s:Audience>" + b.lab.Issuer() + "</s:Audience></s:AudienceRestriction>"
	end := ` NotOnOrAfter="` + at(5*time.Minute) + `"`

	for name, xml := range map[string]string{
		"as it should be":                 s.sign(t, b.samlBody()),
		"XML declaration":                 `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + s.sign(t, b.samlBody()),
		"token endpoint as the audience":  s.sign(t, b.samlBody("<s:Audience>"+b.lab.Issuer(), "<s:Audience>"+b.lab.Issuer()+"/token")),
		"no data but an end":              s.sign(t, b.samlBody(data, "")),
		"an end in the data only":         s.sign(t, b.samlBody(end, "")),
		"a second, foreign confirmation":  s.sign(t, b.samlBody(confirmation, `<s:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"></s:SubjectConfirmation>`+confirmation)),
		"OneTimeUse":                      s.sign(t, b.samlBody(restriction, restriction+"<s:OneTimeUse></s:OneTimeUse>")),
		"a clock that is a little behind": s.sign(t, b.samlBody(`IssueInstant="`+at(0), `IssueInstant="`+at(20*time.Second))),
	} {
		if a := b.saml(t, encodeXML(xml)); a.status != 200 {
			t.Errorf("%s: %s", name, a.text)
		}
	}
	good := s.sign(t, b.samlBody())
	signature := good[strings.Index(good, "<ds:Signature "):strings.Index(good, "<s:Subject>")]
	for _, c := range []struct{ name, sent, words string }{
		{"plain XML", good, "not base64url"},
		{"base64", base64.StdEncoding.EncodeToString([]byte(good + "\xfb\xff")), "not base64url"},
		{"not XML", encodeXML("hello"), "not well-formed XML"},
		{"cut", encodeXML(good[:len(good)-5]), "not well-formed XML"},
		{"two documents", encodeXML(good + good), "not well-formed XML"},
		{"a DTD", encodeXML(`<!DOCTYPE a [<!ENTITY x "y">]>` + good), "not well-formed XML"},
		{"an entity", encodeXML(strings.Replace(good, "alice", "&x;", 1)), "not well-formed XML"},
		{"a comment in the name", encodeXML(strings.Replace(good, "alice", "al<!-- -->ice", 1)), "not well-formed XML"},
		{"a processing instruction", encodeXML("<?php ?>" + good), "not well-formed XML"},
		{"too deep", encodeXML(strings.Repeat("<a>", 30) + strings.Repeat("</a>", 30)), "not well-formed XML"},
		{"too long", encodeXML("<a>" + strings.Repeat("b", 33<<10) + "</a>"), "not well-formed XML"},
		{"in a Response", encodeXML("<Response>" + good + "</Response>"), "exactly one Assertion"},
		{"another namespace", encodeXML(strings.ReplaceAll(good, "SAML:2.0:assertion", "SAML:1.0:assertion")), "exactly one Assertion"},
		{"version 1.1", encodeXML(s.sign(t, b.samlBody(`"2.0"`, `"1.1"`))), "Version 2.0"},
		{"no ID", encodeXML(s.sign(t, b.samlBody(` ID="`, ` XD="`))), "lacks an ID"},
		{"no IssueInstant", encodeXML(s.sign(t, b.samlBody(` IssueInstant="`, ` IssueInstanx="`))), "lacks an ID"},
		{"no Issuer", encodeXML(s.sign(t, b.samlBody("workshop-keys", ""))), "Issuer of the SAML assertion"},
		{"unsigned", encodeXML(b.samlBody("@", "")), "not signed itself"},
		{"rsa-sha1", encodeXML(s.sign(t, b.samlBody(), rsaSHA256, dsigNS+"rsa-sha1")), "algorithm that is not accepted"},
		{"digest sha1", encodeXML(s.sign(t, b.samlBody(), "http://www.w3.org/2001/04/xmlenc#sha256", dsigNS+"sha1")), "algorithm that is not accepted"},
		{"XSLT", encodeXML(s.sign(t, b.samlBody(), dsigNS+"enveloped-signature", "http://www.w3.org/TR/1999/REC-xslt-19991116")), "algorithm that is not accepted"},
		{"the whole document as reference", encodeXML(s.sign(t, b.samlBody(), `URI="#_`, `URI="" x="`)), "refer to its ID"},
		{"another reference", encodeXML(s.sign(t, b.samlBody(), `URI="#_`, `URI="#x`)), "refer to its ID"},
		{"two signatures", encodeXML(strings.Replace(good, "<s:Subject>", signature+"<s:Subject>", 1)), "must be one"},
		{"a signature in another place", encodeXML(strings.Replace(strings.Replace(good, signature, "", 1), "<s:NameID>", signature+"<s:NameID>", 1)), "stand directly in the Assertion"},
		{"a stranger's certificate", encodeXML(stranger.sign(t, b.samlBody())), "not registered for its Issuer"},
		{"a stranger's signature", encodeXML(handSigner{stranger.key, s.cert}.sign(t, b.samlBody())), "signature of the SAML assertion is wrong"},
		{"changed", encodeXML(strings.Replace(good, "alice", "bob", 1)), "signature of the SAML assertion is wrong"},
		{"an encrypted name", encodeXML(s.sign(t, b.samlBody("<s:NameID>alice</s:NameID>", "<s:EncryptedID></s:EncryptedID>"))), "encrypted parts"},
		{"no name", encodeXML(s.sign(t, b.samlBody("<s:NameID>alice</s:NameID>", ""))), "NameID of the SAML assertion"},
		{"two names", encodeXML(s.sign(t, b.samlBody("<s:NameID>alice</s:NameID>", "<s:NameID>alice</s:NameID><s:NameID>bob</s:NameID>"))), "NameID of the SAML assertion"},
		{"no confirmation", encodeXML(s.sign(t, b.samlBody(confirmation, ""))), "no SubjectConfirmation"},
		{"holder of key", encodeXML(s.sign(t, b.samlBody("cm:bearer", "cm:holder-of-key"))), "no SubjectConfirmation"},
		{"no recipient", encodeXML(s.sign(t, b.samlBody(` Recipient="`, ` Recipienx="`))), "Recipient of the SAML assertion"},
		{"no audience", encodeXML(s.sign(t, b.samlBody(restriction, ""))), "Audience of the SAML assertion"},
		{"a second audience restriction", encodeXML(s.sign(t, b.samlBody(restriction, restriction+"<s:AudienceRestriction><s:Audience>x</s:Audience></s:AudienceRestriction>"))), "Audience of the SAML assertion"},
		{"an unknown condition", encodeXML(s.sign(t, b.samlBody(restriction, restriction+"<s:Condition></s:Condition>"))), "does not understand"},
		{"no end", encodeXML(s.sign(t, b.samlBody(end, "", ` NotOnOrAfter="`, ` A="`))), "no NotOnOrAfter"},
		{"an end that is no time", encodeXML(s.sign(t, b.samlBody(end, ` NotOnOrAfter="soon"`))), "in UTC"},
		{"the confirmation has ended", encodeXML(s.sign(t, b.samlBody(at(time.Minute), at(0)))), "has expired"},
		{"the confirmation begins later", encodeXML(s.sign(t, b.samlBody("Data NotOnOrAfter", `Data NotBefore="`+at(time.Hour)+`" NotOnOrAfter`))), "begins in the future"},
		{"issued tomorrow", encodeXML(s.sign(t, b.samlBody(`IssueInstant="`+at(0), `IssueInstant="`+at(24*time.Hour)))), "begins in the future"},
	} {
		t.Run(c.name, func(t *testing.T) { wantRefusal(t, b.saml(t, c.sent), 400, "invalid_grant", c.words) })
	}
}

// The attacks that move a good signature around: none of them makes bob of alice.
func TestSignatureWrappingIsRefused(t *testing.T) {
	b := newBench(t)
	s := newHandSigner(t, b, "workshop-keys")
	good := s.sign(t, b.samlBody())
	signature := good[strings.Index(good, "<ds:Signature "):strings.Index(good, "<s:Subject>")]
	bare := strings.Replace(good, signature, "", 1)
	forged := b.samlBody("alice", "bob")
	sameID := strings.Replace(bare, "alice", "bob", 1)
	for name, xml := range map[string]string{
		"the original in an advice of the forgery":      strings.Replace(forged, "@", "<s:Advice>"+good+"</s:Advice>", 1),
		"the original in the signature of the forgery":  strings.Replace(forged, "@", strings.Replace(signature, "</ds:Signature>", "<ds:Object>"+bare+"</ds:Object></ds:Signature>", 1), 1),
		"the forgery with the ID of the original":       strings.Replace(sameID, "<s:Subject>", strings.Replace(signature, "</ds:Signature>", "<ds:Object>"+bare+"</ds:Object></ds:Signature>", 1)+"<s:Subject>", 1),
		"the forgery around the original":               strings.Replace(forged, "@", good, 1),
		"the forgery in the original":                   strings.Replace(good, "</s:Assertion>", sameID+"</s:Assertion>", 1),
		"the signature alone on the forgery":            strings.Replace(forged, "@", signature, 1),
		"a second subject before":                       strings.Replace(good, "<s:Subject>", "<s:Subject><s:NameID>bob</s:NameID></s:Subject><s:Subject>", 1),
		"a name in the signature":                       strings.Replace(good, "</ds:Signature>", `<ds:Object><s:Subject><s:NameID>bob</s:NameID></s:Subject></ds:Object></ds:Signature>`, 1) + " ",
		"a second SignedInfo":                           strings.Replace(good, "<ds:SignedInfo>", "<ds:SignedInfo></ds:SignedInfo><ds:SignedInfo>", 1),
		"a second reference":                            strings.Replace(good, "</ds:SignedInfo>", `<ds:Reference URI="#x"></ds:Reference></ds:SignedInfo>`, 1),
		"a second ID":                                   strings.Replace(good, ` ID="`, ` ID="_x" ID="`, 1),
		"the forgery with the original as its KeyInfo":  strings.Replace(forged, "@", strings.Replace(signature, "<ds:KeyInfo>", "<ds:KeyInfo>"+bare, 1), 1),
		"the signature in another prefix's namespace":   strings.Replace(strings.Replace(forged, "@", signature, 1), "xmlns:ds=", "xmlns:dx=", 1),
		"an Assertion of another namespace as the root": `<Assertion xmlns="urn:x">` + good + `</Assertion>`,
	} {
		if a := b.saml(t, encodeXML(xml)); a.status == 200 && claims(t, a.str("access_token"))["sub"] != "lab-user-1001" {
			t.Errorf("%s: %s", name, a.text)
		} else if a.status != 200 && a.str("error") != "invalid_grant" {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		} else if a.status == 200 {
			t.Logf("%s: accepted for alice, as it was signed", name)
		}
	}
}

// JWTs for people to send: RFC 7523 §2.1 and §2.2.
func TestLabMakesJWTAssertions(t *testing.T) {
	b := newBench(t)
	mint := func(o lab.AssertionOptions) string {
		text, err := b.lab.JWTAssertion(o)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if a := b.bearer(t, mint(lab.AssertionOptions{})); a.status != 200 || claims(t, a.str("access_token"))["sub"] != "lab-user-1001" {
		t.Errorf("grant: %s", a.text)
	}
	for _, id := range []string{"workshop-keys", "workshop-cert"} {
		if a := b.send(t, b.lab.Issuer()+"/token", assertionForm(mint(lab.AssertionOptions{Issuer: id, Subject: id}))); a.status != 200 {
			t.Errorf("%s: %s", id, a.text)
		}
	}
	wantRefusal(t, b.bearer(t, mint(lab.AssertionOptions{Lifetime: -time.Second})), 400, "invalid_grant", "has expired")
	wantRefusal(t, b.bearer(t, mint(lab.AssertionOptions{Audience: "https://other.test"})), 400, "invalid_grant", "aud of the assertion")
	for _, issuer := range []string{"nobody", "workshop-web"} {
		if _, err := b.lab.JWTAssertion(lab.AssertionOptions{Issuer: issuer}); err == nil || !strings.Contains(err.Error(), issuer) {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}
