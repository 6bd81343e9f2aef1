package lab

import "net/http"

// problem names one reason for a refusal, more exactly than an error code can.
type problem string

// The reasons of the lab. Each has its own sentence in refusal.
const (
	formMalformed problem = "form_malformed"
	formJSON      problem = "form_json"
	formType      problem = "form_type"
	formTwice     problem = "form_twice"
	formInURL     problem = "form_in_url"
	labFailed     problem = "lab_failed"

	clientHeader       problem = "client_header"
	clientTwoMethods   problem = "client_two_methods"
	clientTwoIDs       problem = "client_two_ids"
	clientMissing      problem = "client_missing"
	clientUnknown      problem = "client_unknown"
	clientPublicSecret problem = "client_public_secret"
	clientNoSecret     problem = "client_no_secret"
	clientWrongSecret  problem = "client_wrong_secret"
	clientPublic       problem = "client_public"

	clientAssertionAndSecret problem = "client_assertion_and_secret"
	clientWrongMethod        problem = "client_wrong_method"
	clientNoAssertion        problem = "client_no_assertion"
	clientWantsBasic         problem = "client_wants_basic"
	clientWantsPost          problem = "client_wants_post"
	assertionTypeWrong       problem = "assertion_type_wrong"

	grantMissing    problem = "grant_missing"
	grantUnknown    problem = "grant_unknown"
	grantNotAllowed problem = "grant_not_allowed"

	codeMissing      problem = "code_missing"
	codeUnknown      problem = "code_unknown"
	codeReplayed     problem = "code_replayed"
	codeBurnt        problem = "code_burnt"
	codeExpired      problem = "code_expired"
	codeOtherClient  problem = "code_other_client"
	redirectDiffers  problem = "redirect_differs"
	redirectOmitted  problem = "redirect_omitted"
	verifierMissing  problem = "verifier_missing"
	verifierLength   problem = "verifier_length"
	verifierMismatch problem = "verifier_mismatch"
	verifierUnasked  problem = "verifier_unasked"

	refreshMissing     problem = "refresh_missing"
	refreshUnknown     problem = "refresh_unknown"
	refreshReused      problem = "refresh_reused"
	refreshRevoked     problem = "refresh_revoked"
	refreshExpired     problem = "refresh_expired"
	refreshOtherClient problem = "refresh_other_client"

	scopeUnknown    problem = "scope_unknown"
	scopeNotAllowed problem = "scope_not_allowed"
	scopeNotGranted problem = "scope_not_granted"

	redirectMissing      problem = "redirect_missing"
	redirectUnregistered problem = "redirect_unregistered"
	responseTypeMissing  problem = "response_type_missing"
	responseTypeUnknown  problem = "response_type_unknown"
	responseTypeFront    problem = "response_type_front"
	responseModeUnknown  problem = "response_mode_unknown"
	responseModeQuery    problem = "response_mode_query"
	idTokenScope         problem = "id_token_scope"
	nonceMissing         problem = "nonce_missing"
	challengeUnexpected  problem = "challenge_unexpected"
	challengeMissing     problem = "challenge_missing"
	challengeMethodless  problem = "challenge_methodless"
	challengeMethod      problem = "challenge_method"
	challengeShape       problem = "challenge_shape"
	challengeAlone       problem = "challenge_alone"
	promptUnknown        problem = "prompt_unknown"
	promptNoneMixed      problem = "prompt_none_mixed"
	maxAgeBad            problem = "max_age_bad"
	loginRequired        problem = "login_required"
	consentRequired      problem = "consent_required"
	consentDenied        problem = "consent_denied"
	requestURIUnknown    problem = "request_uri_unknown"
	requestURIExpired    problem = "request_uri_expired"
	requestURIUsed       problem = "request_uri_used"
	requestURIForeign    problem = "request_uri_foreign"
	requestURINested     problem = "request_uri_nested"
	requestURIRemote     problem = "request_uri_remote"
	requestUnsigned      problem = "request_unsigned"
	requestNotPushed     problem = "request_not_pushed"
	requestType          problem = "request_type"
	requestClient        problem = "request_client"
	requestNested        problem = "request_nested"
	requestTooLong       problem = "request_too_long"
	hintBad              problem = "hint_bad"
	hintOther            problem = "hint_other"
	signInGone           problem = "sign_in_gone"
	signInForeign        problem = "sign_in_foreign"

	tokenParamMissing problem = "token_param_missing"
	tokenOtherClient  problem = "token_other_client"
	tokenMissing      problem = "token_missing"
	tokenMalformed    problem = "token_malformed"
	tokenSignature    problem = "token_signature"
	tokenUnknown      problem = "token_unknown"
	tokenExpired      problem = "token_expired"
	tokenRevoked      problem = "token_revoked"
	tokenIsIDToken    problem = "token_is_id_token"
	tokenAudience     problem = "token_audience"
	tokenInQuery      problem = "token_in_query"
	tokenTwice        problem = "token_twice"
	tokenScopeOpenID  problem = "token_scope_openid"
	tokenScope        problem = "token_scope"
)

// refusal is a problem as the protocol says it: RFC 6749 §5.2 and §4.1.2.1.
type refusal struct {
	status            int
	code, description string
}

// refusal gives the sentence for a problem. Descriptions keep to the
// characters that RFC 6749 §5.2 allows: ASCII without quotes and backslashes.
func (p problem) refusal() refusal {
	const bad, unauthorized, forbidden = http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden
	switch p {
	case formMalformed:
		return refusal{bad, "invalid_request", "The parameters are not valid form encoding, or the body is larger than 64 KiB."}
	case formJSON:
		return refusal{bad, "invalid_request", "The body is JSON. Send it as application/x-www-form-urlencoded."}
	case formType:
		return refusal{bad, "invalid_request", "The Content-Type is not application/x-www-form-urlencoded."}
	case formTwice:
		return refusal{bad, "invalid_request", "A parameter stands in the request twice. Each may stand there once."}
	case formInURL:
		return refusal{bad, "invalid_request", "Parameters of this request stand in the URL, where they end up in logs. Send them in the body."}

	case labFailed:
		return refusal{http.StatusInternalServerError, "server_error", "The lab failed. This is a bug of the lab, please report it."}

	case clientHeader:
		return refusal{unauthorized, "invalid_client", "The Authorization header is not valid Basic authentication."}
	case clientTwoMethods:
		return refusal{bad, "invalid_request", "The client authenticates twice, with a Basic header and with client_secret in the body. Choose one."}
	case clientTwoIDs:
		return refusal{unauthorized, "invalid_client", "The client_id in the body is not the one in the Basic header."}
	case clientMissing:
		return refusal{unauthorized, "invalid_client", "The request does not say which client sends it: client_id is missing."}
	case clientUnknown:
		return refusal{unauthorized, "invalid_client", "No client is registered under this client_id."}
	case clientPublicSecret:
		return refusal{unauthorized, "invalid_client", "This client is public and has no secret. Leave client_secret out and use PKCE."}
	case clientNoSecret:
		return refusal{unauthorized, "invalid_client", "This client has a secret and must authenticate, but the request has no client_secret."}
	case clientWrongSecret:
		return refusal{unauthorized, "invalid_client", "The client_secret is wrong."}
	case clientPublic:
		return refusal{unauthorized, "invalid_client", "This endpoint wants a client with a secret; this one is public."}

	case clientAssertionAndSecret:
		return refusal{bad, "invalid_request", "The client authenticates twice, with an assertion and with a secret. Choose the one it is registered for."}
	case clientWrongMethod:
		return refusal{unauthorized, "invalid_client", "This client authenticates in another way than the one it is registered for. See token_endpoint_auth_method."}
	case clientNoAssertion:
		return refusal{unauthorized, "invalid_client", "This client authenticates with a client_assertion, but the request has none."}
	case clientWantsBasic:
		return refusal{unauthorized, "invalid_client", "This client is registered for client_secret_basic, but its secret came in the body."}
	case clientWantsPost:
		return refusal{unauthorized, "invalid_client", "This client is registered for client_secret_post, but its secret came in the header."}
	case assertionTypeWrong:
		return refusal{unauthorized, "invalid_client", "The client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer, or the same with saml2-bearer."}

	case grantMissing:
		return refusal{bad, "invalid_request", "The parameter grant_type is missing."}
	case grantUnknown:
		return refusal{bad, "unsupported_grant_type", "This server does not know this grant_type. See grant_types_supported in its metadata."}
	case grantNotAllowed:
		return refusal{bad, "unauthorized_client", "This client is not registered for this grant_type."}

	case codeMissing:
		return refusal{bad, "invalid_request", "The parameter code is missing."}
	case codeUnknown:
		return refusal{bad, "invalid_grant", "This code is unknown: it was never issued here, or it was changed on the way."}
	case codeReplayed:
		return refusal{bad, "invalid_grant", "This code was used before. A code works once; the tokens issued from it are now revoked."}
	case codeBurnt:
		return refusal{bad, "invalid_grant", "This code was refused before and can no longer be used. Start a new authorization request."}
	case codeExpired:
		return refusal{bad, "invalid_grant", "This code has expired. Redeem a code as soon as it arrives."}
	case codeOtherClient:
		return refusal{bad, "invalid_grant", "This code was issued to another client."}
	case redirectDiffers:
		return refusal{bad, "invalid_grant", "The redirect_uri is not the one of the authorization request. Send the very same text."}
	case redirectOmitted:
		return refusal{bad, "invalid_request", "The parameter redirect_uri is missing. It was part of the authorization request, so it is needed here too."}
	case verifierMissing:
		return refusal{bad, "invalid_grant", "The parameter code_verifier is missing, but the authorization request had a code_challenge."}
	case verifierLength:
		return refusal{bad, "invalid_grant", "The code_verifier must have 43 to 128 characters."}
	case verifierMismatch:
		return refusal{bad, "invalid_grant", "The code_verifier does not match the code_challenge of the authorization request."}
	case verifierUnasked:
		return refusal{bad, "invalid_grant", "There is a code_verifier, but the authorization request had no code_challenge."}

	case refreshMissing:
		return refusal{bad, "invalid_request", "The parameter refresh_token is missing."}
	case refreshUnknown:
		return refusal{bad, "invalid_grant", "This refresh token is unknown. Is it an access token or a code?"}
	case refreshReused:
		return refusal{bad, "invalid_grant", "This refresh token was used before and replaced by a new one. Somebody may have stolen it, so all tokens of this sign-in are now revoked."}
	case refreshRevoked:
		return refusal{bad, "invalid_grant", "This refresh token was revoked."}
	case refreshExpired:
		return refusal{bad, "invalid_grant", "This refresh token has expired."}
	case refreshOtherClient:
		return refusal{bad, "invalid_grant", "This refresh token was issued to another client."}

	case scopeUnknown:
		return refusal{bad, "invalid_scope", "The scope has a value that this server does not know. See scopes_supported in its metadata."}
	case scopeNotAllowed:
		return refusal{bad, "invalid_scope", "The scope has a value that this client may not ask for."}
	case scopeNotGranted:
		return refusal{bad, "invalid_scope", "The scope has a value that was not granted before. A refresh can ask for less, never for more."}

	case redirectMissing:
		return refusal{bad, "invalid_request", "The parameter redirect_uri is missing."}
	case redirectUnregistered:
		return refusal{bad, "invalid_request", "The redirect_uri is not registered for this client. Only the port of a loopback address may differ."}
	case responseTypeMissing:
		return refusal{bad, "invalid_request", "The parameter response_type is missing."}
	case responseTypeUnknown:
		return refusal{bad, "unsupported_response_type", "This server does not know this response_type. See response_types_supported in its metadata."}
	case responseTypeFront:
		return refusal{bad, "unsupported_response_type", "This client may not get tokens through the browser. Use the response_type code with PKCE."}
	case responseModeQuery:
		return refusal{bad, "invalid_request", "Tokens must not stand in a query, where they are logged. Use the response_mode fragment or form_post."}
	case idTokenScope:
		return refusal{bad, "invalid_request", "The response_type has id_token, but the scope openid is missing."}
	case nonceMissing:
		return refusal{bad, "invalid_request", "The parameter nonce is missing. An ID token through the browser needs one, against replay."}
	case challengeUnexpected:
		return refusal{bad, "invalid_request", "There is a code_challenge, but this response_type brings no code to protect."}
	case responseModeUnknown:
		return refusal{bad, "invalid_request", "This server does not know this response_mode. See response_modes_supported in its metadata."}
	case challengeMissing:
		return refusal{bad, "invalid_request", "The parameter code_challenge is missing. A public client must use PKCE."}
	case challengeMethodless:
		return refusal{bad, "invalid_request", "The parameter code_challenge_method is missing, which means plain. This server takes S256 only."}
	case challengeMethod:
		return refusal{bad, "invalid_request", "This server takes the code_challenge_method S256 only."}
	case challengeShape:
		return refusal{bad, "invalid_request", "The code_challenge must be a SHA-256 hash in base64url without padding: 43 characters."}
	case challengeAlone:
		return refusal{bad, "invalid_request", "There is a code_challenge_method, but the code_challenge is missing."}
	case promptUnknown:
		return refusal{bad, "invalid_request", "The prompt has a value that this server does not know."}
	case promptNoneMixed:
		return refusal{bad, "invalid_request", "The prompt none must stand alone."}
	case maxAgeBad:
		return refusal{bad, "invalid_request", "The max_age is not a number of seconds."}
	case loginRequired:
		return refusal{bad, "login_required", "Nobody is signed in, or not recently enough, and prompt=none forbids asking."}
	case consentRequired:
		return refusal{bad, "consent_required", "The user has not agreed to this scope yet, and prompt=none forbids asking."}
	case consentDenied:
		return refusal{forbidden, "access_denied", "The user said no."}
	case requestURIUnknown:
		return refusal{bad, "invalid_request_uri", "This request_uri is unknown. Push the request again."}
	case requestURIExpired:
		return refusal{bad, "invalid_request_uri", "This request_uri has expired. It lives for 60 seconds; push the request again."}
	case requestURIUsed:
		return refusal{bad, "invalid_request_uri", "This request_uri was used before. Push the request again."}
	case requestURIForeign:
		return refusal{bad, "invalid_request_uri", "This request_uri was pushed by another client."}
	case requestURINested:
		return refusal{bad, "invalid_request", "A pushed request cannot have a request_uri itself."}
	case requestURIRemote:
		return refusal{bad, "request_uri_not_supported", "This client has registered no request_uris, so this server takes only a request_uri that its own pushed request endpoint issued."}
	case requestUnsigned:
		return refusal{bad, "invalid_request", "This client must sign its requests: send them as a JWT in the parameter request."}
	case requestNotPushed:
		return refusal{bad, "invalid_request", "This client must push its requests: send them to the pushed authorization request endpoint first."}
	case requestType:
		return refusal{bad, "invalid_request_object", "The typ of the request object must be oauth-authz-req+jwt, so that no other JWT is taken for one."}
	case requestClient:
		return refusal{bad, "invalid_request_object", "The client_id in the request object is not the one of the request."}
	case requestNested:
		return refusal{bad, "invalid_request_object", "A request object cannot have a request or request_uri inside."}
	case requestTooLong:
		return refusal{bad, "invalid_request", "The parameters are longer than 8 KiB. Keep state short: it is a ticket, not a store."}
	case hintBad:
		return refusal{bad, "invalid_request", "The id_token_hint is not an ID token that this server issued to this client."}
	case hintOther:
		return refusal{bad, "login_required", "Another user signed in than the one in the id_token_hint."}
	case signInGone:
		return refusal{bad, "invalid_request", "This sign-in is over or unknown. Start again from the application."}
	case signInForeign:
		return refusal{forbidden, "invalid_request", "This form was sent by another web page, so the lab did nothing."}

	case tokenParamMissing:
		return refusal{bad, "invalid_request", "The parameter token is missing."}
	case tokenOtherClient:
		return refusal{bad, "invalid_grant", "This token was issued to another client."}
	case tokenMissing:
		return refusal{unauthorized, "", "The Authorization header with a Bearer token is missing."}
	case tokenMalformed:
		return refusal{unauthorized, "invalid_token", "The access token is not a JWT that this server could have issued."}
	case tokenSignature:
		return refusal{unauthorized, "invalid_token", "The signature of the access token is wrong."}
	case tokenUnknown:
		return refusal{unauthorized, "invalid_token", "The access token is unknown here."}
	case tokenExpired:
		return refusal{unauthorized, "invalid_token", "The access token has expired."}
	case tokenRevoked:
		return refusal{unauthorized, "invalid_token", "The access token was revoked."}
	case tokenIsIDToken:
		return refusal{unauthorized, "invalid_token", "This is an ID token. It is meant for the client; an API wants the access token."}
	case tokenAudience:
		return refusal{unauthorized, "invalid_token", "The access token is meant for another audience."}
	case tokenInQuery:
		return refusal{bad, "invalid_request", "An access token in the URL ends up in logs. Send it in the Authorization header."}
	case tokenTwice:
		return refusal{bad, "invalid_request", "The request has an access token in two places. Send it in the Authorization header only."}
	case tokenScopeOpenID:
		return refusal{forbidden, "insufficient_scope", "The access token does not have the scope openid."}
	case tokenScope:
		return refusal{forbidden, "insufficient_scope", "The access token does not have the scope that this resource wants."}
	}
	for _, more := range []func() (refusal, bool){p.grantRefusal, p.proofRefusal, p.dpopRefusal, p.sealRefusal, p.certificateRefusal, p.fetchRefusal, p.cibaRefusal, p.shareRefusal} {
		if r, ok := more(); ok {
			return r
		}
	}
	return p.situation()
}
