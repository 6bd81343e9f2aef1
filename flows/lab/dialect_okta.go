package lab

import "net/http"

// oktaDialect is that of Okta: the form of the RFCs at the OAuth endpoints,
// with fixed phrases, and E-codes at its own API.
func oktaDialect() dialect {
	return dialect{
		Dialect: Dialect{"okta", "Okta"}, usual: "E0000001",
		api: asOkta, registration: asOkta,
		sayings: []saying{
			{about: []problem{codeUnknown, codeExpired, codeReplayed, codeBurnt, codeOtherClient}, words: "The authorization code is invalid or has expired."},
			{about: []problem{verifierMismatch, verifierLength, verifierMissing, verifierUnasked}, words: "PKCE verification failed."},
			{about: []problem{redirectDiffers, redirectOmitted}, error: "invalid_grant", words: "The 'redirect_uri' does not match the redirection URI used in the authorization request."},
			{about: []problem{refreshUnknown, refreshExpired, refreshReused, refreshRevoked, refreshOtherClient}, words: "The refresh token is invalid or expired."},
			{about: []problem{passwordWrong}, words: "The credentials provided were invalid."},
			{about: []problem{clientUnknown}, words: "Invalid value for 'client_id' parameter."},
			{about: []problem{clientMissing}, words: "A client_id must be provided in the request."},
			{about: []problem{clientWrongSecret}, words: "The client secret supplied for a confidential client is invalid."},
			{about: []problem{clientNoSecret, clientNoAssertion, clientHeader, clientTwoIDs, clientWrongMethod, clientWantsBasic, clientWantsPost, clientPublicSecret, clientPublic},
				words: "Client authentication failed. Either the client or the client credentials are invalid."},
			{about: []problem{clientAssertion.flaw(flawExpired)}, words: "The client_assertion token is expired."},
			{about: []problem{clientAssertion.flaw(flawSignature), clientAssertion.flaw(flawKey), clientAssertion.flaw(flawUnsigned)}, words: "The client_assertion signature is invalid."},
			{about: []problem{clientAssertion.flaw(flawAudience)}, words: "The audience claim for client_assertion must be the endpoint invoked for the request."},
			{about: []problem{grantNotAllowed}, words: "The client is not authorized to use the provided grant type."},
			{about: []problem{grantUnknown}, words: "The authorization grant type is not supported by the authorization server."},
			{about: []problem{scopeUnknown, scopeNotAllowed, scopeNotGranted}, words: "One or more scopes are not configured for the authorization server resource."},
			{about: []problem{redirectUnregistered}, words: "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings."},
			{about: []problem{challengeMissing}, words: "PKCE code challenge is required when the token endpoint authentication method is 'NONE'."},
			{about: []problem{loginRequired}, words: "The client specified not to prompt, but the user is not logged in."},
			{about: []problem{consentDenied}, words: "The resource owner denied the request."},
			{about: []problem{"not_assigned"}, words: "User is not assigned to the client application."},
			{about: []problem{"ca_block", "mfa_required"}, error: "access_denied", words: "Policy evaluation failed for this request, please check the policy configurations."},
			{about: []problem{devicePending}, words: "The device authorization is pending. Please try again later."},
			{about: []problem{deviceSlowDown}, words: "The client polls too often."},
			{about: []problem{deviceExpired, deviceCodeUnknown, deviceUsed, deviceOtherClient}, words: "The device code is invalid or has expired."},
			{about: []problem{"throttle"}, code: "E0000047", words: "API call exceeded rate limit due to too many requests."},
			{about: []problem{tokenMissing, tokenMalformed, tokenSignature, tokenUnknown, tokenExpired, tokenRevoked, tokenIsIDToken, tokenAudience, "rs_expired", "rs_audience", registrationToken},
				code: "E0000011", words: "Invalid token provided"},
			{about: []problem{tokenScopeOpenID, tokenScope, "rs_scope"}, status: http.StatusForbidden, code: "E0000006", words: "You do not have permission to perform the requested action"},
		},
	}
}

// asOkta is the answer of its API. What exactly was wrong stands in errorCauses.
func asOkta(x *exchange, s spoken, out *reply) {
	summary, causes := s.description, []any{}
	if s.own == "E0000001" {
		summary, causes = "Api validation failed", []any{map[string]any{"errorSummary": s.description}}
	}
	out.json = map[string]any{"errorCode": s.own, "errorSummary": summary, "errorLink": s.own, "errorId": "oae" + x.lab.random.text()[len("lab_"):][:22], "errorCauses": causes}
}
