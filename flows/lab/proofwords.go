package lab

import (
	"net/http"
	"strings"
)

// artefact is a kind of foreign JWT. A problem with one is "kind.flaw".
type artefact string

const (
	clientAssertion artefact = "client_assertion"
	grantAssertion  artefact = "assertion"
	signedRequest   artefact = "request_object"
)

func artefacts() []artefact { return []artefact{clientAssertion, grantAssertion, signedRequest} }

// flaw is what can be wrong with any of them.
type flaw string

const (
	flawMalformed flaw = "malformed"
	flawUnsigned  flaw = "unsigned"
	flawAlg       flaw = "alg"
	flawNoKeys    flaw = "no_keys"
	flawKey       flaw = "key"
	flawSignature flaw = "signature"
	flawIssuer    flaw = "iss"
	flawSubject   flaw = "sub"
	flawAudience  flaw = "aud"
	flawNoExp     flaw = "no_exp"
	flawExpired   flaw = "expired"
	flawTooLong   flaw = "too_long"
	flawFuture    flaw = "future"
	flawNoJTI     flaw = "no_jti"
	flawReplayed  flaw = "replayed"
)

func flaws() []flaw {
	return []flaw{flawMalformed, flawUnsigned, flawAlg, flawNoKeys, flawKey, flawSignature, flawIssuer, flawSubject, flawAudience,
		flawNoExp, flawExpired, flawTooLong, flawFuture, flawNoJTI, flawReplayed}
}

func (a artefact) flaw(f flaw) problem { return problem(string(a) + "." + string(f)) }

// proofRefusal gives the sentence for a flaw of a foreign JWT.
func (p problem) proofRefusal() (refusal, bool) {
	kind, f, ok := strings.Cut(string(p), ".")
	if !ok {
		return refusal{}, false
	}
	var out refusal
	name := "client assertion"
	switch artefact(kind) {
	case clientAssertion:
		out.status, out.code = http.StatusUnauthorized, "invalid_client"
	case grantAssertion:
		out.status, out.code, name = http.StatusBadRequest, "invalid_grant", "assertion"
	case signedRequest:
		out.status, out.code, name = http.StatusBadRequest, "invalid_request_object", "request object"
	default:
		return refusal{}, false
	}
	switch flaw(f) {
	case flawMalformed:
		out.description = "The " + name + " is not a JWT: three parts in base64url with JSON in the first two."
	case flawUnsigned:
		out.description = "The " + name + " has no signature: its alg is none."
	case flawAlg:
		out.description = "The " + name + " is signed with an algorithm that is not accepted here."
	case flawNoKeys:
		out.description = "The " + name + " cannot be checked: no public key is registered for its sender."
	case flawKey:
		out.description = "The " + name + " is signed with a key that is not registered for its sender. Compare kid or x5t."
	case flawSignature:
		out.description = "The signature of the " + name + " is wrong."
	case flawIssuer:
		out.description = "The iss of the " + name + " is not its sender, the client_id."
	case flawSubject:
		out.description = "The sub of the " + name + " is not the one that is wanted here."
	case flawAudience:
		out.description = "The aud of the " + name + " is not this server. Use its issuer identifier."
	case flawNoExp:
		out.description = "The " + name + " has no exp, so it would be good for ever."
	case flawExpired:
		out.description = "The " + name + " has expired. Compare the clocks, and make a new one for each request."
	case flawTooLong:
		out.description = "The " + name + " lives longer than an hour. A few minutes are enough."
	case flawFuture:
		out.description = "The " + name + " begins in the future (nbf or iat). The clock of its maker is ahead."
	case flawNoJTI:
		out.description = "The " + name + " has no jti, so a replay could not be noticed."
	case flawReplayed:
		out.description = "The jti of the " + name + " was used before. Make a new one for each request."
	default:
		return refusal{}, false
	}
	return out, true
}
