package lab

import "net/http"

// The problems of the grants besides authorization code and refresh token.
const (
	codeRedirectKind problem = "code_redirect_kind"
	codeNoOrigin     problem = "code_no_origin"
	codeOriginPKCE   problem = "code_origin_pkce"

	deviceCodeMissing problem = "device_code_missing"
	deviceCodeUnknown problem = "device_code_unknown"
	deviceOtherClient problem = "device_other_client"
	deviceUsed        problem = "device_used"
	deviceDenied      problem = "device_denied"
	deviceExpired     problem = "device_expired"
	devicePending     problem = "device_pending"
	deviceSlowDown    problem = "device_slow_down"
	userCodeWrong     problem = "user_code_wrong"
	userCodeUsed      problem = "user_code_used"
	userCodeExpired   problem = "user_code_expired"

	usernameMissing problem = "username_missing"
	passwordMissing problem = "password_missing"
	passwordWrong   problem = "password_wrong"

	assertionMissing problem = "assertion_missing"
	assertionOurs    problem = "assertion_ours"
	tokenUseUnknown  problem = "token_use_unknown"
	behalfToken      problem = "behalf_token"
	behalfIDToken    problem = "behalf_id_token"
	behalfNobody     problem = "behalf_nobody"

	requestedType      problem = "requested_type"
	subjectMissing     problem = "subject_missing"
	subjectTypeMissing problem = "subject_type_missing"
	subjectType        problem = "subject_type"
	subjectToken       problem = "subject_token"
	actorMissing       problem = "actor_missing"
	actorTypeMissing   problem = "actor_type_missing"
	actorType          problem = "actor_type"
	actorToken         problem = "actor_token"
	tokenTypeUnknown   problem = "token_type_unknown"
	targetUnknown      problem = "target_unknown"
	scopeBeyondSubject problem = "scope_beyond_subject"

	targetNotGranted  problem = "target_not_granted"
	detailsMalformed  problem = "details_malformed"
	detailsType       problem = "details_type"
	detailsMember     problem = "details_member"
	detailsNotGranted problem = "details_not_granted"
	codeRequired      problem = "code_required"
	stepUpACR         problem = "step_up_acr"
	stepUpAge         problem = "step_up_age"

	metadataMalformed  problem = "metadata_malformed"
	metadataGrant      problem = "metadata_grant"
	metadataAuth       problem = "metadata_auth"
	metadataScope      problem = "metadata_scope"
	metadataAlg        problem = "metadata_alg"
	metadataJWKSURI    problem = "metadata_jwks_uri"
	metadataKeys       problem = "metadata_keys"
	metadataNoRedirect problem = "metadata_no_redirect"
	metadataRedirect   problem = "metadata_redirect"
	metadataResponse   problem = "metadata_response"
	registryFull       problem = "registry_full"
	registrationToken  problem = "registration_token"

	logoutHint   problem = "logout_hint"
	logoutOther  problem = "logout_other"
	logoutNobody problem = "logout_nobody"
	logoutTarget problem = "logout_target"
)

func (p problem) grantRefusal() (refusal, bool) {
	const bad = http.StatusBadRequest
	switch p {
	case codeRedirectKind:
		return refusal{bad, "invalid_request", "The request has an Origin, but the redirect_uri of this code is not one of a single-page application."}, true
	case codeNoOrigin:
		return refusal{bad, "invalid_request", "The redirect_uri of this code is one of a single-page application, but the request has no Origin: it was not sent by a page."}, true
	case codeOriginPKCE:
		return refusal{bad, "invalid_request", "The request has an Origin, so the authorization request must have used PKCE."}, true

	case deviceCodeMissing:
		return refusal{bad, "invalid_request", "The parameter device_code is missing."}, true
	case deviceCodeUnknown:
		return refusal{bad, "invalid_grant", "This device_code is unknown: it was never issued here, or it was changed on the way."}, true
	case deviceOtherClient:
		return refusal{bad, "invalid_grant", "This device_code was issued to another client."}, true
	case deviceUsed:
		return refusal{bad, "invalid_grant", "This device_code was redeemed before. A device_code works once."}, true
	case deviceDenied:
		return refusal{bad, "access_denied", "The user said no to this device. Stop polling."}, true
	case deviceExpired:
		return refusal{bad, "expired_token", "This device_code has expired before the user was done. Ask for a new one."}, true
	case devicePending:
		return refusal{bad, "authorization_pending", "The user is not done yet. Ask again after the interval."}, true
	case deviceSlowDown:
		return refusal{bad, "slow_down", "The device asks too often. The interval is now 5 seconds longer, for this and all later polls."}, true
	case userCodeWrong:
		return refusal{bad, "invalid_request", "No device shows this code. Compare it with the one on the device."}, true
	case userCodeUsed:
		return refusal{bad, "invalid_request", "Somebody has answered for this code before. Start again on the device."}, true
	case userCodeExpired:
		return refusal{bad, "invalid_request", "This code has expired. Start again on the device to get a new one."}, true

	case usernameMissing:
		return refusal{bad, "invalid_request", "The parameter username is missing."}, true
	case passwordMissing:
		return refusal{bad, "invalid_request", "The parameter password is missing."}, true
	case passwordWrong:
		return refusal{bad, "invalid_grant", "The user name or the password is wrong."}, true

	case assertionMissing:
		return refusal{bad, "invalid_request", "The parameter assertion is missing."}, true
	case assertionOurs:
		return refusal{bad, "invalid_grant", "This token was issued by this very server. The assertion must be signed by a client that has keys registered."}, true
	case tokenUseUnknown:
		return refusal{bad, "invalid_request", "The requested_token_use must be on_behalf_of, or not be there."}, true
	case behalfToken:
		return refusal{bad, "invalid_grant", "The assertion of an on-behalf-of request must be a good access token of this server. This one is changed, expired, revoked or for somebody else."}, true
	case behalfIDToken:
		return refusal{bad, "invalid_grant", "The assertion is an ID token. On behalf of a user, send the access token that the user sent."}, true
	case behalfNobody:
		return refusal{bad, "invalid_grant", "The assertion is about a client, not about a user. A client can act for itself with client_credentials."}, true

	case requestedType:
		return refusal{bad, "invalid_request", "This server exchanges for an access token or an ID-JAG: leave requested_token_type out or name one of these types."}, true
	case subjectMissing:
		return refusal{bad, "invalid_request", "The parameter subject_token is missing."}, true
	case subjectTypeMissing:
		return refusal{bad, "invalid_request", "The parameter subject_token_type is missing."}, true
	case subjectType:
		return refusal{bad, "invalid_request", "The subject_token_type must be that of an access token, a JWT or an ID token."}, true
	case subjectToken:
		return refusal{bad, "invalid_request", "The subject_token is not a good token of this server: changed, expired, revoked or of another type."}, true
	case actorMissing:
		return refusal{bad, "invalid_request", "There is an actor_token_type, but the actor_token is missing."}, true
	case actorTypeMissing:
		return refusal{bad, "invalid_request", "There is an actor_token, but the actor_token_type is missing."}, true
	case actorType:
		return refusal{bad, "invalid_request", "The actor_token_type must be that of an access token, a JWT or an ID token."}, true
	case actorToken:
		return refusal{bad, "invalid_request", "The actor_token is not a good token of this server: changed, expired, revoked or of another type."}, true
	case tokenTypeUnknown:
		return refusal{bad, "invalid_request", "This token type is not known here."}, true
	case targetUnknown:
		return refusal{bad, "invalid_target", "The audience or resource is not one that this server issues tokens for. The lab has one: its API."}, true
	case scopeBeyondSubject:
		return refusal{bad, "invalid_scope", "The scope has a value that the subject_token does not have. An exchange can ask for less, never for more."}, true

	case targetNotGranted:
		return refusal{bad, "invalid_target", "The resource was not part of the authorization request. A token request can ask for fewer resources, never for others."}, true
	case detailsMalformed:
		return refusal{bad, "invalid_authorization_details", "The authorization_details must be a JSON list of objects, not empty."}, true
	case detailsType:
		return refusal{bad, "invalid_authorization_details", "The authorization_details have a type that this server does not know. See authorization_details_types_supported."}, true
	case detailsMember:
		return refusal{bad, "invalid_authorization_details", "The authorization_details lack a member that their type must have: amount for payment, actions for notes."}, true
	case detailsNotGranted:
		return refusal{bad, "invalid_authorization_details", "The authorization_details ask for something that was not granted. A token request can repeat what was granted, never more."}, true
	case codeRequired:
		return refusal{bad, "interaction_required", "The client wants a second factor (acr_values), and prompt=none forbids asking."}, true
	case stepUpACR:
		return refusal{http.StatusUnauthorized, "insufficient_user_authentication", "The user signed in with a password only. This resource wants a second factor; start again with the acr_values named here."}, true
	case stepUpAge:
		return refusal{http.StatusUnauthorized, "insufficient_user_authentication", "The sign-in of the user is too old for this resource. Start again with the max_age named here."}, true

	case metadataMalformed:
		return refusal{bad, "invalid_client_metadata", "The body is not one JSON object with the metadata of a client."}, true
	case metadataGrant:
		return refusal{bad, "invalid_client_metadata", "The grant_types have a value that this server does not offer."}, true
	case metadataAuth:
		return refusal{bad, "invalid_client_metadata", "The token_endpoint_auth_method is not one of this server."}, true
	case metadataScope:
		return refusal{bad, "invalid_client_metadata", "The scope of the registration has a value that this server does not know."}, true
	case metadataAlg:
		return refusal{bad, "invalid_client_metadata", "A signed_response_alg must be ES256, RS256, PS256 or EdDSA."}, true
	case metadataJWKSURI:
		return refusal{bad, "invalid_client_metadata", "The lab fetches nothing from elsewhere. Send the keys in jwks instead of jwks_uri."}, true
	case metadataKeys:
		return refusal{bad, "invalid_client_metadata", "The jwks are missing or have a key that cannot be read or is not public."}, true
	case metadataNoRedirect:
		return refusal{bad, "invalid_redirect_uri", "The redirect_uris are missing, but the grant_types need one."}, true
	case metadataRedirect:
		return refusal{bad, "invalid_redirect_uri", "A redirect URI is not acceptable. Use https, http on a loopback address, or a scheme with a dot; no query and no fragment."}, true
	case metadataResponse:
		return refusal{bad, "invalid_client_metadata", "The response_types do not fit the grant_types: code needs authorization_code, tokens need implicit."}, true
	case registryFull:
		return refusal{http.StatusForbidden, "access_denied", "This lab has 500 clients and takes no more. Restart it to forget them."}, true
	case registrationToken:
		return refusal{http.StatusUnauthorized, "invalid_token", "The registration access token is missing, wrong or of another client."}, true

	case logoutHint:
		return refusal{bad, "invalid_request", "The id_token_hint of the logout is not an ID token of this server."}, true
	case logoutOther:
		return refusal{bad, "invalid_request", "The client_id of the logout is not the one that the id_token_hint was issued to."}, true
	case logoutNobody:
		return refusal{bad, "invalid_request", "There is a post_logout_redirect_uri, but nothing says which client asks: send id_token_hint or client_id."}, true
	case logoutTarget:
		return refusal{bad, "invalid_request", "The post_logout_redirect_uri is not registered for this client."}, true
	}
	return refusal{}, false
}
