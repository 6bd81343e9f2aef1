package jose

import (
	"strings"
	"time"

	"authdance/flows/wire"
)

// Assertion is what a SAML assertion says (SAML 1.1, SAML 2.0).
type Assertion struct {
	Version                                                                  string // "2.0" or "1.1"
	ID                                                                       string
	Issuer                                                                   string
	Subject                                                                  string // NameID
	SubjectForm                                                              string // its format
	Audience                                                                 []string
	Recipient                                                                string // SubjectConfirmationData
	InResponseTo                                                             string
	IssueInstant, NotBefore, NotOnOrAfter, AuthnInstant, SessionNotOnOrAfter time.Time // zero: absent or no time
	AuthnContext                                                             string
	Attributes                                                               []Attribute
	Signed                                                                   bool // an XML signature stands in the assertion or around it
	Encrypted                                                                bool // the assertion is an EncryptedAssertion, so its content is not here
}

// Attribute is one attribute of a SAML subject.
type Attribute struct {
	Name   string
	Values []string
}

func isSAML(text string) bool {
	return strings.HasPrefix(text, "<") && strings.Contains(text, "Assertion")
}

func readSAML(text string) Token {
	return Token{Kind: Malformed, Text: text, Checks: []wire.Check{row(wire.Fail, "structure", "", "SAML", "", "")}}
}

// CheckSAML judges a SAML assertion.
func CheckSAML(tok Token, want Expect, keys KeySet, now time.Time) Report {
	r, _, _ := begin(AsSAML, tok, keys, want.policy())
	r.judge()
	return r
}
