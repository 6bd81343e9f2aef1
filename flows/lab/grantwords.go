package lab

import "net/http"

// The problems of the grants besides authorization code and refresh token.
const (
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
)

func (p problem) grantRefusal() (refusal, bool) {
	const bad = http.StatusBadRequest
	switch p {
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
	}
	return refusal{}, false
}
