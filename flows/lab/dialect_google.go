package lab

import (
	"net/http"
	"net/url"
	"strings"
)

// googleDialect is that of Google's authorization server and APIs.
func googleDialect() dialect {
	return dialect{
		Dialect: Dialect{"google", "Google"}, usual: "INVALID_ARGUMENT",
		api: asGoogleAPI,
		page: func(_ *exchange, s spoken) string {
			return "Error 400: " + s.refusal.code + ". " + s.description
		},
		sayings: []saying{
			{about: []problem{codeReplayed, codeBurnt, codeExpired, codeOtherClient}, words: "Bad Request"},
			{about: []problem{codeUnknown}, words: "Malformed auth code."},
			{about: []problem{verifierMissing}, words: "Missing code verifier."},
			{about: []problem{verifierMismatch, verifierLength}, words: "Invalid code verifier."},
			{about: []problem{redirectDiffers, redirectOmitted}, error: "redirect_uri_mismatch", words: "Bad Request"},
			{about: []problem{redirectUnregistered}, error: "redirect_uri_mismatch"},
			{about: []problem{refreshUnknown}, words: "Bad Request"},
			{about: []problem{refreshExpired, refreshRevoked, refreshReused, "session_revoked", "refresh_idle"}, words: "Token has been expired or revoked."},
			{about: []problem{clientUnknown}, words: "The OAuth client was not found."},
			{about: []problem{clientWrongSecret, clientWantsBasic, clientWantsPost}, words: "Unauthorized"},
			{about: []problem{clientNoSecret}, status: http.StatusBadRequest, error: "invalid_request", words: "client_secret is missing."},
			{about: []problem{clientMissing}, status: http.StatusBadRequest, error: "invalid_request", words: "Could not determine client ID from request."},
			{about: []problem{grantNotAllowed}, status: http.StatusUnauthorized},
			{about: []problem{grantUnknown}, words: "Invalid grant_type: it is not supported."},
			{about: []problem{grantAssertion.flaw(flawSignature), grantAssertion.flaw(flawKey)}, words: "Invalid JWT Signature."},
			{about: []problem{grantAssertion.flaw(flawExpired), grantAssertion.flaw(flawFuture), grantAssertion.flaw(flawTooLong)},
				words: "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."},
			{about: []problem{devicePending}, status: http.StatusPreconditionRequired, words: "Precondition Required"},
			{about: []problem{deviceSlowDown}, status: http.StatusForbidden, words: "Forbidden"},
			{about: []problem{deviceDenied}, status: http.StatusForbidden, words: "Forbidden"},
			{about: []problem{loginRequired, consentRequired}, error: "interaction_required"},
			{about: []problem{"throttle"}, error: "rate_limit_exceeded"},
			{about: []problem{tokenMissing, tokenMalformed, tokenSignature, tokenUnknown, tokenExpired, tokenRevoked, tokenIsIDToken, tokenAudience, "rs_expired", "rs_audience"},
				code: "UNAUTHENTICATED", words: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."},
			{about: []problem{tokenScope, tokenScopeOpenID, "rs_scope"}, code: "PERMISSION_DENIED", words: "Request had insufficient authentication scopes."},
		},
	}
}

// asGoogleAPI is the answer of its APIs.
func asGoogleAPI(_ *exchange, s spoken, out *reply) {
	out.json = map[string]any{"error": map[string]any{"code": s.status, "message": s.description, "status": s.own}}
}

const githubDocs = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/#"

// githubDialect is that of GitHub. A refusal of its token endpoint is a success
// by its status, and a form unless JSON is asked for.
func githubDialect() dialect {
	return dialect{
		Dialect: Dialect{"github", "GitHub"},
		oauth:   asGitHub, api: asGitHubAPI, userinfo: asGitHubAPI,
		redirect: func(_ *exchange, s spoken, params url.Values) {
			if s.own != "" {
				params.Set("error_uri", githubDocs+s.own)
			}
		},
		sayings: []saying{
			{about: []problem{clientUnknown, clientWrongSecret, clientNoSecret, clientMissing}, error: "incorrect_client_credentials", code: "incorrect-client-credentials", words: "The client_id and/or client_secret passed are incorrect."},
			{about: []problem{codeUnknown, codeExpired, codeReplayed, codeBurnt, codeOtherClient, codeMissing}, error: "bad_verification_code", code: "bad-verification-code", words: "The code passed is incorrect or expired."},
			{about: []problem{redirectDiffers, redirectUnregistered}, error: "redirect_uri_mismatch", code: "redirect-uri-mismatch", words: "The redirect_uri MUST match the registered callback URL for this application."},
			{about: []problem{refreshUnknown, refreshExpired, refreshRevoked, refreshReused, refreshOtherClient}, error: "bad_refresh_token", words: "The refresh token passed is incorrect or expired."},
			{about: []problem{deviceCodeUnknown, deviceOtherClient, deviceUsed}, error: "incorrect_device_code", words: "The device_code provided is not valid."},
			{about: []problem{devicePending}, words: "The authorization request is still pending."},
			{about: []problem{deviceExpired}, words: "The device_code has expired."},
			{about: []problem{deviceDenied}, words: "The authorization request was denied."},
			{about: []problem{consentDenied}, words: "The user has denied your application access."},
			{about: []problem{"client_disabled"}, error: "application_suspended", words: "Your application has been suspended."},
			{about: []problem{tokenScope, tokenScopeOpenID, "rs_scope"}, words: "Resource not accessible by integration"},
			{about: []problem{tokenMissing}, words: "Requires authentication"},
			{about: []problem{tokenMalformed, tokenSignature, tokenUnknown, tokenExpired, tokenRevoked, tokenIsIDToken, tokenAudience, "rs_expired", "rs_audience"}, words: "Bad credentials"},
		},
	}
}

func asGitHub(x *exchange, s spoken, out *reply) {
	asRFC(x, s, out)
	if s.own != "" {
		out.json["error_uri"] = githubDocs + s.own
	}
	if out.status < http.StatusTooManyRequests {
		out.status = http.StatusOK
	}
	out.header.Del("WWW-Authenticate")
	if strings.Contains(x.accept, "application/json") {
		return
	}
	out.header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	out.rewrite = formEncoded
}

func asGitHubAPI(_ *exchange, s spoken, out *reply) {
	out.json = map[string]any{"message": s.description, "documentation_url": "https://docs.github.com/rest"}
}
