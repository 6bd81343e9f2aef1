package lab

import "net/http"

// The two uses of a SAML 2.0 assertion, RFC 7522 §2.1 and §2.2.
const (
	samlGrant  artefact = "saml_assertion"
	samlClient artefact = "saml_client_assertion"
)

func samlArtefacts() []artefact { return []artefact{samlGrant, samlClient} }

// What can be wrong with a SAML assertion, besides the flaws that it shares
// with a JWT.
const (
	flawEncoding     flaw = "encoding"
	flawShape        flaw = "shape"
	flawHeader       flaw = "header"
	flawWrapped      flaw = "wrapped"
	flawEncrypted    flaw = "encrypted"
	flawConfirmation flaw = "confirmation"
	flawRecipient    flaw = "recipient"
	flawCondition    flaw = "condition"
)

func samlFlaws() []flaw {
	return []flaw{flawEncoding, flawMalformed, flawShape, flawHeader, flawIssuer, flawUnsigned, flawAlg, flawWrapped, flawNoKeys, flawKey, flawSignature, flawEncrypted,
		flawSubject, flawConfirmation, flawRecipient, flawAudience, flawCondition, flawNoExp, flawExpired, flawTooLong, flawFuture, flawReplayed}
}

// samlRefusal gives the sentence for a flaw of a SAML assertion, in the order
// in which RFC 7522 §3 has its rules.
func samlRefusal(kind artefact, f flaw) (refusal, bool) {
	out, name := refusal{status: http.StatusBadRequest, code: "invalid_grant"}, "SAML assertion"
	if kind == samlClient {
		out, name = refusal{status: http.StatusUnauthorized, code: "invalid_client"}, "SAML client assertion"
	}
	say := map[flaw]string{
		flawEncoding:     "The " + name + " is not base64url without line breaks. Encode the XML with the alphabet that has - and _.",
		flawMalformed:    "The " + name + " is not well-formed XML in UTF-8, is longer than 32 KiB or nested too deep, or has a DTD, an entity or a comment.",
		flawShape:        "The " + name + " must be exactly one Assertion element of SAML 2.0. Send it alone, without the Response around it.",
		flawHeader:       "The " + name + " lacks an ID, an IssueInstant in UTC or the Version 2.0.",
		flawIssuer:       "The Issuer of the " + name + " is nobody whom this server trusts.",
		flawUnsigned:     "The " + name + " is not signed itself. A signature of the Response around it does not count.",
		flawAlg:          "The " + name + " is signed or canonicalized with an algorithm that is not accepted here. Use rsa-sha256 with exclusive canonicalization.",
		flawWrapped:      "The signature of the " + name + " must be one, stand directly in the Assertion and refer to its ID and nothing else.",
		flawNoKeys:       "The " + name + " cannot be checked: no certificate is registered for its Issuer.",
		flawKey:          "The " + name + " is signed with a certificate that is not registered for its Issuer.",
		flawSignature:    "The signature of the " + name + " is wrong: it was changed, or another key signed it.",
		flawEncrypted:    "The " + name + " has encrypted parts, which this server does not open.",
		flawSubject:      "The NameID of the " + name + " is missing or not somebody who is meant here.",
		flawConfirmation: "The " + name + " has no SubjectConfirmation with the method bearer that is good now.",
		flawRecipient:    "The Recipient of the " + name + " is not the token endpoint of this server.",
		flawAudience:     "The Audience of the " + name + " is missing or not this server. Use its issuer identifier or its token endpoint.",
		flawCondition:    "The " + name + " has a condition that this server does not understand, so it must not be used.",
		flawNoExp:        "The " + name + " has no NotOnOrAfter, so it would be good for ever.",
		flawExpired:      "The " + name + " has expired (NotOnOrAfter). Compare the clocks, and get a new one.",
		flawTooLong:      "The " + name + " lives longer than an hour. A few minutes are enough.",
		flawFuture:       "The " + name + " begins in the future (NotBefore or IssueInstant). The clock of its maker is ahead.",
		flawReplayed:     "The ID of the " + name + " was used before. Get a new one for each request.",
	}
	var ok bool
	out.description, ok = say[f]
	return out, ok
}
