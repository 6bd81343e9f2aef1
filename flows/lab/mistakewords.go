package lab

import "net/http"

// Problems that are seen in a request that a client got wrong on the way.
const (
	formEmpty       problem = "form_empty"
	endpointSwapped problem = "endpoint_swapped"
	codeEscaped     problem = "code_escaped"
	codeEncoded     problem = "code_encoded"
	codeBlank       problem = "code_blank"
	codeShort       problem = "code_short"
	challengeLetter problem = "challenge_letter"
	idTokensOff     problem = "id_tokens_off"
	signInLate      problem = "sign_in_late"
	logoutNoSession problem = "logout_no_session"
	logoutNoName    problem = "logout_no_name"
)

func (p problem) mistakeRefusal() (refusal, bool) {
	const bad = http.StatusBadRequest
	switch p {
	case formEmpty:
		return refusal{bad, "invalid_request", "The request has no parameters at all. Were they lost in a redirect or at a proxy?"}, true
	case endpointSwapped:
		return refusal{bad, "invalid_request", "This looks like an authorization request. It belongs to the authorization endpoint; take both addresses from the metadata."}, true
	case codeEscaped:
		return refusal{bad, "invalid_grant", "The code is malformed: it has backslashes or quotes, which no code of this server has. Take it out of its JSON or shell text."}, true
	case codeEncoded:
		return refusal{bad, "invalid_grant", "The code is malformed: it still has percent signs. Decode it once after the callback, and let the client encode it once."}, true
	case codeBlank:
		return refusal{bad, "invalid_grant", "The code is malformed: it has a blank. A plus sign that is not encoded as %2B becomes one."}, true
	case codeShort:
		return refusal{bad, "invalid_grant", "The code is malformed: its beginning is good, but its end is missing."}, true
	case challengeLetter:
		return refusal{bad, "invalid_request", "The code_challenge has plus, slash or equals signs. It must be base64url without padding, not plain base64."}, true
	case idTokensOff:
		return refusal{bad, "unsupported_response_type", "This client may not have an ID token through the browser. Enable it in the registration, or use the response_type code."}, true
	case signInLate:
		return refusal{bad, "invalid_request", "This sign-in page was open for too long. Start again from the application."}, true
	case logoutNoSession:
		return refusal{bad, "invalid_request", "This application did not take part in the session that is to end."}, true
	case logoutNoName:
		return refusal{bad, "invalid_request", "The logout names a user who is not signed in here. Use the NameID of the session."}, true
	}
	return refusal{}, false
}
