package lab

import "net/http"

// The problems of CIBA, CIBA §11 and §13.
const (
	cibaScope           problem = "ciba_scope"
	cibaHints           problem = "ciba_hints"
	cibaIDTokenHint     problem = "ciba_id_token_hint"
	cibaUserUnknown     problem = "ciba_user_unknown"
	cibaRequestTimes    problem = "ciba_request_times"
	cibaCodeMissing     problem = "ciba_code_missing"
	cibaCodeWrong       problem = "ciba_code_wrong"
	notificationMissing problem = "notification_missing"
	notificationToken   problem = "notification_token"
	bindingMessage      problem = "binding_message"
	requestedExpiry     problem = "requested_expiry"

	authReqMissing  problem = "auth_req_missing"
	authReqPush     problem = "auth_req_push"
	authReqUnknown  problem = "auth_req_unknown"
	authReqOther    problem = "auth_req_other"
	authReqUsed     problem = "auth_req_used"
	authReqDenied   problem = "auth_req_denied"
	authReqExpired  problem = "auth_req_expired"
	authReqPending  problem = "auth_req_pending"
	authReqSlowDown problem = "auth_req_slow_down"

	metadataDelivery problem = "metadata_delivery"
	metadataNotify   problem = "metadata_notify"
)

func (p problem) cibaRefusal() (refusal, bool) {
	const bad = http.StatusBadRequest
	switch p {
	case cibaScope:
		return refusal{bad, "invalid_scope", "The scope must have openid: a backchannel authentication request is one of OpenID Connect."}, true
	case cibaHints:
		return refusal{bad, "invalid_request", "The request must say whom it means, in one way: login_hint, id_token_hint or login_hint_token."}, true
	case cibaIDTokenHint:
		return refusal{bad, "invalid_request", "The id_token_hint of the authentication request is not an ID token that this server issued to this client."}, true
	case cibaUserUnknown:
		return refusal{bad, "unknown_user_id", "Nobody is known here by this hint. Use a user name, an e-mail address or a sub."}, true
	case cibaRequestTimes:
		return refusal{bad, "invalid_request", "A signed authentication request must have iat, nbf, exp and jti."}, true
	case cibaCodeMissing:
		return refusal{bad, "missing_user_code", "This client is registered to ask the user for a user_code, but the request has none."}, true
	case cibaCodeWrong:
		return refusal{bad, "invalid_user_code", "The user_code is not the one of this user."}, true
	case notificationMissing:
		return refusal{bad, "invalid_request", "The client_notification_token is missing. A client in ping or push mode needs one, to know that the notification is real."}, true
	case notificationToken:
		return refusal{bad, "invalid_request", "The client_notification_token must be a Bearer token of up to 1024 characters."}, true
	case bindingMessage:
		return refusal{bad, "invalid_binding_message", "The binding_message must be plain text of up to 64 characters, so that it fits on a small screen."}, true
	case requestedExpiry:
		return refusal{bad, "invalid_request", "The requested_expiry must be a whole number of seconds, more than 0."}, true

	case authReqMissing:
		return refusal{bad, "invalid_request", "The parameter auth_req_id is missing."}, true
	case authReqPush:
		return refusal{bad, "unauthorized_client", "This client is registered for push mode: its tokens are sent to it, and it must not ask."}, true
	case authReqUnknown:
		return refusal{bad, "invalid_grant", "This auth_req_id is unknown. It was not issued here, or the lab was restarted."}, true
	case authReqOther:
		return refusal{bad, "invalid_grant", "This auth_req_id was issued to another client."}, true
	case authReqUsed:
		return refusal{bad, "invalid_grant", "This auth_req_id was redeemed before. It works once."}, true
	case authReqDenied:
		return refusal{bad, "access_denied", "The user said no on the other device."}, true
	case authReqExpired:
		return refusal{bad, "expired_token", "This auth_req_id has expired before the user was done. Send a new authentication request."}, true
	case authReqPending:
		return refusal{bad, "authorization_pending", "The user has not answered yet on the other device. Ask again after the interval."}, true
	case authReqSlowDown:
		return refusal{bad, "slow_down", "The client asks too often. The interval is now 5 seconds longer, for this and all later requests."}, true

	case metadataDelivery:
		return refusal{bad, "invalid_client_metadata", "A client of CIBA must choose its backchannel_token_delivery_mode: poll, ping or push."}, true
	case metadataNotify:
		return refusal{bad, "invalid_client_metadata", "For ping and push the backchannel_client_notification_endpoint must be http or https on a loopback address: the lab sends nowhere else."}, true
	}
	return refusal{}, false
}

// The checks of CIBA.
const (
	checkCIBARequest = "ciba_request"
	checkCIBAUser    = "ciba_user"
	checkCIBAThere   = "auth_req_id"
	checkCIBAMode    = "ciba_mode"
	checkCIBAKnown   = "auth_req_known"
	checkCIBAClient  = "auth_req_client"
	checkCIBAUnused  = "auth_req_unused"
	checkCIBAYes     = "auth_req_allowed"
	checkCIBALive    = "auth_req_live"
	checkCIBADone    = "auth_req_approved"
)

func cibaRules() []rule {
	return []rule{
		{checkCIBARequest, "The authentication request is complete and can be understood.", "CIBA Core §7.1", []problem{cibaScope, cibaRequestTimes, cibaCodeMissing, cibaCodeWrong,
			notificationMissing, notificationToken, bindingMessage, requestedExpiry}},
		{checkCIBAUser, "One hint says whom the request means, and the user is known.", "CIBA Core §7.1", []problem{cibaHints, cibaIDTokenHint, cibaUserUnknown}},
		{checkCIBAThere, "The request has an auth_req_id.", "CIBA Core §10.1", []problem{authReqMissing}},
		{checkCIBAMode, "The client is one that asks for its tokens.", "CIBA Core §10.1", []problem{authReqPush}},
		{checkCIBAKnown, "This server issued the auth_req_id.", "CIBA Core §11", []problem{authReqUnknown}},
		{checkCIBAClient, "The auth_req_id was issued to this client.", "CIBA Core §11", []problem{authReqOther}},
		{checkCIBAUnused, "The auth_req_id was not redeemed before.", "CIBA Core §11", []problem{authReqUsed}},
		{checkCIBAYes, "The user did not say no.", "CIBA Core §11", []problem{authReqDenied}},
		{checkCIBALive, "The auth_req_id has not expired.", "CIBA Core §11", []problem{authReqExpired}},
		{checkCIBADone, "The user has answered, or the client asks slowly enough.", "CIBA Core §11", []problem{authReqPending, authReqSlowDown}},
	}
}

func cibaPlan() []string {
	return []string{checkCIBAThere, checkCIBAMode, checkCIBAKnown, checkCIBAClient, checkCIBAUnused, checkCIBAYes, checkCIBALive, checkCIBADone}
}
