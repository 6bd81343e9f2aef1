package lab

import (
	"net/http"
	"slices"
	"strings"
)

// artefact is a kind of foreign JWT. A problem with one is "kind.flaw".
type artefact string

const (
	clientAssertion artefact = "client_assertion"
	grantAssertion  artefact = "assertion"
	signedRequest   artefact = "request_object"
	dpopProof       artefact = "dpop_proof"
	loginHintToken  artefact = "login_hint_token"
)

func artefacts() []artefact {
	return []artefact{clientAssertion, grantAssertion, signedRequest, dpopProof, loginHintToken}
}

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

// The problems of DPoP proofs alone, RFC 9449.
const (
	proofTwice      problem = "proof_twice"
	proofType       problem = "proof_type"
	proofKey        problem = "proof_key"
	proofMethod     problem = "proof_method"
	proofURI        problem = "proof_uri"
	proofToken      problem = "proof_token"
	proofNonce      problem = "proof_nonce"
	proofNonceOld   problem = "proof_nonce_old"
	proofMissing    problem = "proof_missing"
	proofJKT        problem = "proof_jkt"
	tokenUnbound    problem = "token_unbound"
	tokenBound      problem = "token_bound"
	tokenOtherKey   problem = "token_other_key"
	codeOtherKey    problem = "code_other_key"
	refreshOtherKey problem = "refresh_other_key"
)

// aboutProof tells whether a refusal belongs into a DPoP challenge.
func (p problem) aboutProof() bool {
	return strings.HasPrefix(string(p), string(dpopProof)+".") || strings.HasPrefix(string(p), "proof_") ||
		p == tokenUnbound || p == tokenBound || p == tokenOtherKey
}

func (p problem) dpopRefusal() (refusal, bool) {
	const bad, unauthorized, code = http.StatusBadRequest, http.StatusUnauthorized, "invalid_dpop_proof"
	switch p {
	case proofTwice:
		return refusal{bad, code, "The request has more than one DPoP header."}, true
	case proofType:
		return refusal{bad, code, "The typ of the DPoP proof must be dpop+jwt."}, true
	case proofKey:
		return refusal{bad, code, "The header of the DPoP proof must carry a public key in jwk, and nothing private."}, true
	case proofMethod:
		return refusal{bad, code, "The htm of the DPoP proof is not the method of this request."}, true
	case proofURI:
		return refusal{bad, code, "The htu of the DPoP proof is not the address of this request, without query and fragment."}, true
	case proofToken:
		return refusal{bad, code, "The ath of the DPoP proof is not the hash of the access token beside it."}, true
	case proofNonce:
		return refusal{bad, "use_dpop_nonce", "The DPoP proof needs a nonce. Take the one in the header DPoP-Nonce and send the request again."}, true
	case proofNonceOld:
		return refusal{bad, "use_dpop_nonce", "The nonce of the DPoP proof is too old or not from here. Take the new one in the header DPoP-Nonce."}, true
	case proofMissing:
		return refusal{bad, code, "The DPoP header is missing, but a proof of the key is needed here."}, true
	case proofJKT:
		return refusal{bad, code, "The dpop_jkt is not the thumbprint of the key that signed the DPoP proof."}, true
	case tokenUnbound:
		return refusal{unauthorized, "invalid_token", "The access token is not bound to a key. Send it as a Bearer token."}, true
	case tokenBound:
		return refusal{unauthorized, "invalid_token", "The access token is bound to a key. Send it with the scheme DPoP and with a proof."}, true
	case tokenOtherKey:
		return refusal{unauthorized, "invalid_token", "The DPoP proof is signed with another key than the one the access token is bound to."}, true
	case codeOtherKey:
		return refusal{bad, "invalid_grant", "This code is bound to a key by dpop_jkt. The DPoP proof is missing or signed with another key."}, true
	case refreshOtherKey:
		return refusal{bad, "invalid_grant", "This refresh token is bound to a key. The DPoP proof is missing or signed with another key."}, true
	}
	return refusal{}, false
}

// proofRefusal gives the sentence for a flaw of a foreign JWT.
func (p problem) proofRefusal() (refusal, bool) {
	kind, f, ok := strings.Cut(string(p), ".")
	if !ok {
		return refusal{}, false
	}
	if slices.Contains(samlArtefacts(), artefact(kind)) {
		return samlRefusal(artefact(kind), flaw(f))
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
	case dpopProof:
		out.status, out.code, name = http.StatusBadRequest, "invalid_dpop_proof", "DPoP proof"
	case loginHintToken:
		out.status, out.code, name = http.StatusBadRequest, "invalid_request", "login_hint_token"
		if flaw(f) == flawExpired {
			out.code = "expired_login_hint_token" // CIBA §13
		}
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
