package lab

import "net/http"

// badTokens are the reasons for which a protected resource answers 401.
func badTokens() []problem {
	return []problem{tokenMissing, tokenMalformed, tokenSignature, tokenUnknown, tokenExpired, tokenRevoked, tokenIsIDToken, tokenAudience, "rs_expired", "rs_audience"}
}

// auth0Dialect is that of Auth0, which answers most refusals with status 403.
func auth0Dialect() dialect {
	const forbidden = http.StatusForbidden
	return dialect{
		Dialect:  Dialect{"auth0", "Auth0"},
		userinfo: asText("Unauthorized"),
		api: func(_ *exchange, s spoken, out *reply) {
			out.json = map[string]any{"statusCode": s.status, "error": http.StatusText(s.status), "message": s.description}
		},
		sayings: []saying{
			{about: []problem{codeUnknown, codeExpired, codeReplayed, codeBurnt, codeOtherClient}, status: forbidden, words: "Invalid authorization code"},
			{about: []problem{verifierMismatch, verifierMissing, verifierLength}, status: forbidden, words: "Failed to verify code verifier"},
			{about: []problem{redirectDiffers}, status: forbidden, words: "The redirect URI is wrong. You sent another one than at the authorization endpoint."},
			{about: []problem{refreshUnknown, refreshExpired, refreshRevoked, refreshReused, refreshOtherClient}, status: forbidden, words: "Unknown or invalid refresh token."},
			{about: []problem{passwordWrong}, status: forbidden, words: "Wrong email or password."},
			{about: []problem{clientWrongSecret, clientNoSecret, clientWantsBasic, clientWantsPost}, error: "access_denied", words: "Unauthorized"},
			{about: []problem{clientUnknown}, error: "invalid_client", words: "Unknown client"},
			{about: []problem{grantNotAllowed}, status: forbidden, words: "Grant type not allowed for the client."},
			{about: []problem{grantUnknown}, status: forbidden, words: "Unsupported grant type."},
			{about: []problem{targetUnknown}, status: forbidden, error: "access_denied", words: "Service not enabled within domain"},
			{about: []problem{redirectUnregistered}, status: forbidden, error: "unauthorized_client", words: "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs."},
			{about: []problem{loginRequired, "third_party_cookies"}, words: "Login required"},
			{about: []problem{consentRequired, "consent_missing"}, words: "Consent required"},
			{about: []problem{consentDenied}, words: "User did not authorize the request"},
			{about: []problem{"mfa_required"}, status: forbidden, error: "mfa_required", words: "Multifactor authentication required"},
			{about: []problem{devicePending}, status: forbidden, words: "User has yet to authorize device code."},
			{about: []problem{deviceSlowDown}, status: http.StatusTooManyRequests, words: "You are polling faster than the specified interval."},
			{about: []problem{deviceExpired}, status: forbidden, words: "The device code has expired."},
			{about: []problem{deviceDenied}, status: forbidden, words: "User cancelled the confirmation prompt."},
			{about: []problem{deviceCodeUnknown, deviceOtherClient, deviceUsed}, status: forbidden, words: "Invalid or expired device code."},
			{about: []problem{"throttle"}, error: "too_many_requests", words: "Global limit has been reached"},
			{about: badTokens(), words: "Invalid token"},
			{about: []problem{tokenScope, tokenScopeOpenID, "rs_scope"}, words: "Insufficient scope"},
		},
	}
}

// keycloakDialect is that of Keycloak.
func keycloakDialect() dialect {
	return dialect{
		Dialect: Dialect{"keycloak", "Keycloak"},
		sayings: []saying{
			{about: []problem{codeUnknown, codeExpired, codeReplayed, codeBurnt}, words: "Code not valid"},
			{about: []problem{codeOtherClient}, words: "Auth error"},
			{about: []problem{redirectDiffers, redirectOmitted}, error: "invalid_grant", words: "Incorrect redirect_uri"},
			{about: []problem{verifierMissing}, words: "PKCE code verifier not specified"},
			{about: []problem{verifierLength}, words: "PKCE verification failed: Invalid code verifier"},
			{about: []problem{verifierMismatch}, words: "PKCE verification failed: Code mismatch"},
			{about: []problem{refreshUnknown, refreshOtherClient}, words: "Invalid refresh token"},
			{about: []problem{refreshExpired, "refresh_idle"}, words: "Token is not active"},
			{about: []problem{refreshReused}, words: "Maximum allowed refresh token reuse exceeded"},
			{about: []problem{refreshRevoked, "session_revoked"}, words: "Session not active"},
			{about: []problem{passwordWrong}, status: http.StatusUnauthorized, words: "Invalid user credentials"},
			{about: []problem{clientUnknown, clientWrongSecret, clientNoSecret, clientNoAssertion, clientMissing, clientWantsBasic, clientWantsPost, clientWrongMethod},
				error: "unauthorized_client", words: "Invalid client or Invalid client credentials"},
			{about: []problem{clientPublicSecret}, error: "unauthorized_client", words: "Invalid client or Invalid client credentials"},
			{about: []problem{grantNotAllowed}, words: "Client not allowed for this flow"},
			{about: []problem{grantUnknown}, words: "Unsupported grant_type"},
			{about: []problem{grantMissing}, words: "Missing form parameter: grant_type"},
			{about: []problem{codeMissing}, words: "Missing parameter: code"},
			{about: []problem{refreshMissing}, words: "No refresh token"},
			{about: []problem{redirectUnregistered, redirectMissing}, words: "Invalid parameter: redirect_uri"},
			{about: []problem{challengeMissing}, words: "Missing parameter: code_challenge_method"},
			{about: []problem{challengeMethod}, words: "Invalid parameter: code challenge method is not configured one"},
			{about: []problem{scopeUnknown, scopeNotAllowed}, words: "Invalid scopes"},
			{about: []problem{loginRequired}, words: "The user is not signed in."},
			{about: []problem{consentDenied}, words: "The user refused."},
			{about: []problem{devicePending}, words: "The authorization request is still pending"},
			{about: []problem{deviceSlowDown}, words: "Slow down"},
			{about: []problem{deviceExpired}, words: "Device code is expired"},
			{about: []problem{deviceDenied}, words: "The end user denied the authorization request"},
			{about: []problem{deviceCodeUnknown, deviceUsed}, words: "Device code not valid"},
			{about: []problem{deviceOtherClient}, words: "unauthorized client"},
			{about: badTokens()[1:], words: "Token verification failed"},
			{about: []problem{tokenScopeOpenID}, words: "Missing openid scope"},
		},
	}
}

// pingfederateDialect is that of PingFederate.
func pingfederateDialect() dialect {
	return dialect{
		Dialect: Dialect{"pingfederate", "PingFederate"},
		sayings: []saying{
			{about: []problem{codeUnknown, codeExpired, codeReplayed, codeBurnt, codeOtherClient}, words: "Authorization code is invalid or expired."},
			{about: []problem{verifierMismatch, verifierLength, verifierMissing}, words: "The code verifier does not match the code challenge."},
			{about: []problem{redirectDiffers, redirectOmitted}, error: "invalid_grant", words: "The redirect_uri does not match the one of the authorization request."},
			{about: []problem{redirectUnregistered}, error: "invalid_redirect_uri", words: "Invalid redirect_uri"},
			{about: []problem{refreshUnknown, refreshExpired, refreshRevoked, refreshReused, refreshOtherClient}, words: "unknown, invalid, or expired refresh token"},
			{about: []problem{clientUnknown, clientWrongSecret, clientNoSecret, clientMissing, clientWantsBasic, clientWantsPost}, words: "Invalid client or client credentials."},
			{about: []problem{grantNotAllowed}, words: "The client may not use this grant type."},
			{about: []problem{grantUnknown}, words: "Unsupported grant type."},
			{about: []problem{scopeUnknown, scopeNotAllowed, scopeNotGranted}, words: "The requested scope(s) must be blank or a subset of the provided scopes."},
			{about: []problem{passwordWrong}, words: "We didn't recognize the username or password you entered."},
			{about: []problem{deviceExpired}, words: "The device code has expired."},
			{about: []problem{devicePending}, words: "The user has not answered yet."},
			{about: badTokens()[1:], words: "The access token is invalid, expired or revoked."},
		},
	}
}

// spotifyDialect is that of Spotify.
func spotifyDialect() dialect {
	return dialect{
		Dialect: Dialect{"spotify", "Spotify"},
		api: func(_ *exchange, s spoken, out *reply) {
			out.json = map[string]any{"error": map[string]any{"status": s.status, "message": s.description}}
		},
		page: func(_ *exchange, s spoken) string {
			if s.own != "" {
				return s.own + ": " + s.description
			}
			return s.description
		},
		sayings: []saying{
			{about: []problem{codeUnknown, codeReplayed, codeBurnt, codeOtherClient}, words: "Invalid authorization code"},
			{about: []problem{codeExpired}, words: "Authorization code expired"},
			{about: []problem{redirectDiffers}, words: "Invalid redirect URI"},
			{about: []problem{verifierMismatch, verifierLength}, words: "code_verifier was incorrect"},
			{about: []problem{verifierMissing}, words: "code_verifier must be supplied"},
			{about: []problem{refreshUnknown, refreshOtherClient}, words: "Invalid refresh token"},
			{about: []problem{refreshExpired, refreshRevoked, refreshReused}, words: "Refresh token revoked"},
			{about: []problem{clientUnknown, clientMissing, clientNoSecret}, status: http.StatusBadRequest, code: "INVALID_CLIENT", words: "Invalid client"},
			{about: []problem{clientWrongSecret}, status: http.StatusBadRequest, words: "Invalid client secret"},
			{about: []problem{codeMissing}, words: "code must be supplied"},
			{about: []problem{refreshMissing}, words: "refresh_token must be supplied"},
			{about: []problem{redirectOmitted}, words: "redirect_uri must be supplied"},
			{about: []problem{grantMissing, grantUnknown, formJSON, formType}, error: "unsupported_grant_type", words: "grant_type parameter is missing or not supported"},
			{about: []problem{redirectUnregistered, redirectMissing}, code: "INVALID_CLIENT", words: "Invalid redirect URI"},
			{about: []problem{"localhost_refused"}, code: "INVALID_CLIENT", words: "Insecure redirect URI"},
			{about: []problem{responseTypeUnknown, responseTypeMissing}, words: "response_type must be code or token"},
			{about: []problem{scopeUnknown, scopeNotAllowed}, words: "Illegal scope"},
			{about: []problem{tokenExpired, "rs_expired"}, words: "The access token expired"},
			{about: []problem{tokenMissing}, words: "No token provided"},
			{about: badTokens(), words: "Invalid access token"},
			{about: []problem{tokenScope, tokenScopeOpenID, "rs_scope"}, words: "Insufficient client scope"},
		},
	}
}

// cognitoDialect is that of Amazon Cognito, whose token endpoint gives the bare
// error value.
func cognitoDialect() dialect {
	const bad = http.StatusBadRequest
	return dialect{
		Dialect: Dialect{"cognito", "Amazon Cognito"},
		oauth:   asCodeOnly,
		api: func(_ *exchange, s spoken, out *reply) {
			out.json = map[string]any{"message": s.description}
		},
		sayings: []saying{
			{about: []problem{clientUnknown, clientWrongSecret, clientNoSecret, clientMissing, clientHeader, clientPublicSecret, clientWantsBasic, clientWantsPost}, status: bad},
			{about: []problem{grantNotAllowed}, error: "unauthorized_client"},
			{about: []problem{redirectDiffers, redirectOmitted, verifierMismatch, verifierMissing, verifierLength}, error: "invalid_grant"},
			{about: []problem{redirectUnregistered}, error: "redirect_mismatch", words: "An error was encountered with the requested page."},
			{about: []problem{tokenExpired, "rs_expired"}, words: "The incoming token has expired"},
			{about: badTokens(), words: "Unauthorized"},
			{about: []problem{tokenScope, tokenScopeOpenID, "rs_scope"}, words: "Access Token does not have required scopes"},
		},
	}
}
