package grants

import (
	"encoding/base64"
	"encoding/xml"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// saml2Bearer swaps a SAML 2.0 assertion for a token, RFC 7522.
var saml2Bearer = flows.Grant{
	ID: "saml2_bearer", Title: "SAML 2.0 bearer", Ref: "RFC 7522",
	About: "A company that has SAML sign-in reaches an OAuth API: the assertion of its identity provider is swapped for an access token.",
	Takes: []flows.Given{{Name: "assertion", What: "a signed SAML 2.0 assertion, as XML or in base64"}},
	Steps: []flows.Step{
		discover,
		{ID: "assertion", Title: "Look at the assertion", Ref: "RFC 7522 §2.1, §3", From: flows.Client, To: flows.Client,
			Why: "The assertion travels in base64url without padding, not in the base64 of a SAML form. What it says is shown here for information: " +
				"only the server that takes it can judge its signature.",
			Pages: []string{"saml-assertion-invalid", "saml-audience", "saml-expired", "saml-bearer"},
			Needs: []string{"assertion"},
			On:    wrapSAML},
		{ID: "token", Title: "Swap the assertion for a token", Ref: "RFC 7522 §2.1", From: flows.Client, To: flows.AS, Auth: true,
			Why:   "The server checks the signature of the identity provider, that the assertion is for it (Audience, Recipient), and that it is fresh and was not seen before.",
			Pages: []string{"saml-assertion-invalid", "saml-signature", "saml-audience", "saml-expired", "unauthorized-client"},
			Needs: []string{"token_endpoint", "saml_assertion"},
			Do:    post("token_endpoint", lit("grant_type", "urn:ietf:params:oauth:grant-type:saml2-bearer"), as("assertion", "saml_assertion"), arg("scope"), several("resource"), extra),
			On:    withoutRefresh("RFC 7521 §4.1")},
		callAPI,
	},
}

// samlAssertion is what a person wants to see of an assertion.
type samlAssertion struct {
	XMLName    xml.Name
	Issuer     string `xml:"Issuer"`
	NameID     string `xml:"Subject>NameID"`
	Conditions struct {
		NotOnOrAfter string   `xml:"NotOnOrAfter,attr"`
		Audience     []string `xml:"AudienceRestriction>Audience"`
	} `xml:"Conditions"`
	Confirmation []struct {
		Method string `xml:"Method,attr"`
		Data   struct {
			NotOnOrAfter string `xml:"NotOnOrAfter,attr"`
			Recipient    string `xml:"Recipient,attr"`
		} `xml:"SubjectConfirmationData"`
	} `xml:"Subject>SubjectConfirmation"`
	Signature *struct{} `xml:"Signature"`
}

// mostSAML is the largest assertion that is looked into, in bytes.
const mostSAML = 256 << 10

// wrapSAML encodes the assertion and shows what it says.
func wrapSAML(s flows.State, e flows.Entry) flows.Verdict {
	text := strings.TrimSpace(s.Vars["assertion"].Raw())
	if !strings.HasPrefix(text, "<") {
		plain := strings.NewReplacer("\n", "", "\r", "", " ", "", "+", "-", "/", "_", "=", "").Replace(text)
		b, err := base64.RawURLEncoding.DecodeString(plain)
		if err != nil {
			return flows.Verdict{Problem: &flows.Problem{Kind: flows.Input, Code: "assertion_unreadable",
				Description: "the assertion is neither XML nor base64; give the <Assertion> element itself, or its base64 form"}}
		}
		text = string(b)
	}
	v := flows.Verdict{Set: flows.Vars{"saml_assertion": wire.Untrusted(base64.RawURLEncoding.EncodeToString([]byte(text)))}}
	var a samlAssertion
	if len(text) > mostSAML {
		return v
	}
	if err := xml.Unmarshal([]byte(text), &a); err != nil || a.XMLName.Local != "Assertion" {
		v.Checks = append(v.Checks, wire.Check{ID: "saml_assertion", Status: wire.Warn, Got: wire.Safe(a.XMLName.Local), Want: "Assertion", Ref: "RFC 7522 §3",
			Message: "this is not one <Assertion> element; a whole <Response> is not what the grant takes"})
		return v
	}
	v.Checks = append(v.Checks, samlChecks(s, a, e.At)...)
	return v
}

// samlChecks compares an assertion with RFC 7522 §3. They only warn: the server
// decides, and its clock counts.
func samlChecks(s flows.State, a samlAssertion, now time.Time) []wire.Check {
	const ref = "RFC 7522 §3"
	says := func(ok bool, id, good, bad, got, want string) wire.Check {
		c := wire.Check{ID: id, Status: wire.Pass, Message: good, Got: wire.Safe(got), Want: wire.Safe(want), Ref: ref}
		if !ok {
			c.Status, c.Message = wire.Warn, bad
		}
		return c
	}
	audience := strings.Join(a.Conditions.Audience, " ")
	issuer, endpoint := s.Vars["issuer"].Raw(), s.Vars["token_endpoint"].Raw()
	ours := strings.Contains(" "+audience+" ", " "+issuer+" ") || strings.Contains(" "+audience+" ", " "+endpoint+" ")
	out := []wire.Check{
		says(a.Issuer != "", "saml_issuer", "the assertion names who made it", "the assertion does not name who made it", a.Issuer, "an Issuer"),
		says(a.NameID != "", "saml_subject", "the assertion names whom it is about", "the assertion does not name whom it is about", a.NameID, "a Subject with a NameID"),
		says(ours, "saml_audience", "the assertion is meant for this server", "the Audience is neither the issuer nor the token endpoint of this server", audience, issuer),
		says(a.Signature != nil, "saml_signature", "the assertion has a signature; the server checks it", "the assertion has no signature of its own", "", "a Signature"),
	}
	bearer, until := false, a.Conditions.NotOnOrAfter
	for _, c := range a.Confirmation {
		if c.Method == "urn:oasis:names:tc:SAML:2.0:cm:bearer" {
			bearer = true
			if until == "" {
				until = c.Data.NotOnOrAfter
			}
			out = append(out, says(c.Data.Recipient == endpoint, "saml_recipient", "the Recipient is this token endpoint", "the Recipient is not this token endpoint", c.Data.Recipient, endpoint))
		}
	}
	out = append(out, says(bearer, "saml_confirmation", "the assertion may be presented by its bearer", "no SubjectConfirmation has the method bearer", "", "urn:oasis:names:tc:SAML:2.0:cm:bearer"))
	end, err := time.Parse(time.RFC3339, until)
	return append(out, says(err == nil && now.Before(end), "saml_expired", "the assertion is still good", "the assertion is over, or does not say until when it is good", until, now.UTC().Format(time.RFC3339)))
}
