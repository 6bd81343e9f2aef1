package lab

import "net/http"

// The problems of sign-ins that are shared: between tenants (ID-JAG) and between
// applications on one device (Native SSO).
const (
	jagSubjectType problem = "jag_subject_type"
	jagAudience    problem = "jag_audience"
	jagOtherClient problem = "jag_other_client"
	jagUntrusted   problem = "jag_untrusted"
	jagClient      problem = "jag_client"
	jagScope       problem = "jag_scope"

	ssoSubjectType problem = "sso_subject_type"
	ssoAudience    problem = "sso_audience"
	ssoClient      problem = "sso_client"
	ssoSecret      problem = "sso_secret"
	ssoHash        problem = "sso_hash"
	ssoSession     problem = "sso_session"
)

func (p problem) shareRefusal() (refusal, bool) {
	const bad = http.StatusBadRequest
	switch p {
	case jagSubjectType:
		return refusal{bad, "invalid_request", "For an ID-JAG the subject_token must be an ID token: its subject_token_type is urn:ietf:params:oauth:token-type:id_token."}, true
	case jagAudience:
		return refusal{bad, "invalid_target", "For an ID-JAG the audience must be the issuer of the server that will take it: another tenant of this lab."}, true
	case jagOtherClient:
		return refusal{bad, "invalid_grant", "The ID token was issued to another client, so this one may not assert its user elsewhere."}, true
	case jagUntrusted:
		return refusal{bad, "invalid_grant", "The issuer of the ID-JAG is not one that this server trusts."}, true
	case jagClient:
		return refusal{bad, "invalid_grant", "The client_id in the ID-JAG is not the client that sends it."}, true
	case jagScope:
		return refusal{bad, "invalid_scope", "The scope has a value that the ID-JAG does not have. A request can ask for less, never for more."}, true

	case ssoSubjectType:
		return refusal{bad, "invalid_request", "Beside a device secret the subject_token must be the ID token of the first application."}, true
	case ssoAudience:
		return refusal{bad, "invalid_target", "Beside a device secret the audience must be the issuer of this server, and there must be just one."}, true
	case ssoClient:
		return refusal{bad, "unauthorized_client", "This client does not belong to the applications that share sign-ins: it may not ask for device_sso."}, true
	case ssoSecret:
		return refusal{bad, "invalid_grant", "This device secret is unknown. It was not issued here, or its session is long over."}, true
	case ssoHash:
		return refusal{bad, "invalid_grant", "The ID token and the device secret do not belong together: compare ds_hash and sid."}, true
	case ssoSession:
		return refusal{bad, "invalid_grant", "The session of the device secret is over: the user has signed out, or too much time has passed. Sign in again."}, true
	}
	return refusal{}, false
}

const checkDeviceSecret = "device_secret"

func shareRules() []rule {
	return []rule{
		{checkDeviceSecret, "The device secret fits the ID token, the client may share, and the session goes on.", "OIDC Native SSO 1.0 §4.3", []problem{ssoSubjectType, ssoAudience, ssoClient, ssoSecret, ssoHash, ssoSession}},
	}
}
