package lab

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

const entraLookup = "https://login.microsoftonline.com/error?code="

// entraDialect is that of Microsoft Entra ID: every reason has an AADSTS number
// that people search for, and every refusal has identifiers that its support
// asks for. The sentences are ours.
func entraDialect() dialect {
	return dialect{
		Dialect: Dialect{"entra", "Microsoft Entra ID"}, usual: "9002313", originRules: true,
		oauth: asEntra, userinfo: asGraph, api: asGraph, registration: asGraph,
		redirect: func(x *exchange, s spoken, params url.Values) {
			params.Set("error_description", x.entraText(s, x.guid(), x.guid()))
			params.Set("error_uri", entraLookup+s.own)
		},
		page: func(x *exchange, s spoken) string { return x.entraText(s, x.guid(), x.guid()) },
		sayings: []saying{
			{about: []problem{codeReplayed, codeBurnt, "code_prefetch"}, code: "54005"},
			{about: []problem{codeExpired, refreshExpired, refreshRevoked}, code: "70008"},
			{about: []problem{codeUnknown, codeOtherClient, refreshUnknown, refreshOtherClient, refreshReused}, code: "70000"},
			{about: []problem{codeRedirectKind}, code: "9002326", words: "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type."},
			{about: []problem{codeNoOrigin}, code: "9002327", words: "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests."},
			{about: []problem{codeOriginPKCE}, code: "9002325", words: "Proof Key for Code Exchange is required for cross-origin authorization code redemption."},
			{about: []problem{"code_other_tenant"}, code: "700005"},

			{about: []problem{clientUnknown}, status: http.StatusBadRequest, error: "unauthorized_client", code: "700016"},
			{about: []problem{"client_disabled"}, code: "7000112"},
			{about: []problem{clientWrongSecret}, code: "7000215"},
			{about: []problem{"secret_expired"}, code: "7000222"},
			{about: []problem{clientNoSecret, clientNoAssertion, clientWrongMethod, clientPublic}, code: "7000218"},
			{about: []problem{clientPublicSecret}, code: "700025"},
			{about: []problem{clientAssertion.flaw(flawIssuer), clientAssertion.flaw(flawSubject)}, code: "700021"},
			{about: []problem{clientAssertion.flaw(flawExpired), clientAssertion.flaw(flawFuture), clientAssertion.flaw(flawTooLong), clientAssertion.flaw(flawNoExp)}, code: "700024"},
			{about: []problem{clientAssertion.flaw(flawNoKeys)}, code: "700026"},
			{about: []problem{clientAssertion.flaw(flawSignature), clientAssertion.flaw(flawKey), clientAssertion.flaw(flawAlg), clientAssertion.flaw(flawUnsigned)}, code: "700027"},
			{about: []problem{clientAssertion.flaw(flawMalformed), grantAssertion.flaw(flawMalformed), behalfIDToken}, code: "50027"},
			{about: []problem{grantAssertion.flaw(flawExpired), grantAssertion.flaw(flawFuture)}, code: "500133"},
			{about: []problem{grantAssertion.flaw(flawAudience)}, code: "500131"},
			{about: []problem{grantAssertion.flaw(flawSignature), grantAssertion.flaw(flawIssuer), grantAssertion.flaw(flawKey), behalfToken, assertionOurs}, code: "50013"},
			{about: []problem{"crl"}, code: "50017"},

			{about: []problem{verifierMismatch, verifierLength}, code: "501481"},
			{about: []problem{challengeMissing, challengeShape, challengeAlone}, code: "50147"},
			{about: []problem{challengeMethod, challengeMethodless}, code: "50149"},
			{about: []problem{redirectDiffers}, code: "500112"},
			{about: []problem{redirectUnregistered}, code: "50011"},
			{about: []problem{"redirect_none"}, code: "500113"},
			{about: []problem{grantMissing, codeMissing, redirectOmitted, verifierMissing, refreshMissing, clientMissing, redirectMissing, responseTypeMissing, deviceCodeMissing}, code: "900144"},
			{about: []problem{grantUnknown}, code: "70003"},
			{about: []problem{grantNotAllowed}, code: "70001"},
			{about: []problem{formTwice}, code: "9000411"},
			{about: []problem{requestTooLong}, code: "90015"},
			{about: []problem{responseTypeUnknown, responseTypeFront}, code: "70005"},
			{about: []problem{responseModeQuery, responseModeUnknown}, code: "70007"},

			{about: []problem{scopeUnknown, scopeNotAllowed, scopeNotGranted}, code: "70011"},
			{about: []problem{"scope_multi"}, code: "700022"},
			{about: []problem{"scope_none"}, code: "700023"},
			{about: []problem{targetUnknown, "resource_unknown"}, error: "invalid_resource", code: "500011"},
			{about: []problem{"resource_unlisted"}, code: "650057"},
			{about: []problem{"resource_removed"}, code: "650054"},

			{about: []problem{loginRequired, "prompt_none", "third_party_cookies"}, code: "50058"},
			{about: []problem{consentRequired, "consent_missing"}, code: "65001"},
			{about: []problem{consentDenied}, code: "65004"},
			{about: []problem{"consent_admin"}, code: "90094"},
			{about: []problem{"not_assigned"}, code: "50105"},
			{about: []problem{"select_account"}, error: "interaction_required", code: "16001"},
			{about: []problem{codeRequired, "mfa_required"}, error: "interaction_required", code: "50076"},
			{about: []problem{"mfa_register"}, error: "interaction_required", code: "50079"},
			{about: []problem{"mfa_expired"}, error: "interaction_required", code: "50078"},
			{about: []problem{"session_revoked"}, code: "50173"},
			{about: []problem{"refresh_idle"}, code: "700082"},
			{about: []problem{"refresh_spa_24h"}, code: "700084"},
			{about: []problem{"refresh_policy"}, code: "70043"},
			{about: []problem{"ca_block"}, code: "53003"},
			{about: []problem{"device_noncompliant"}, code: "53000"},
			{about: []problem{"app_unapproved"}, code: "53002"},

			{about: []problem{passwordWrong}, code: "50126"},
			{about: []problem{"user_unknown"}, code: "50034"},
			{about: []problem{"user_locked"}, code: "50053"},
			{about: []problem{"user_password_expired"}, code: "50055"},
			{about: []problem{"user_guest"}, code: "50020"},
			{about: []problem{"tenant_unknown"}, code: "90002"},
			{about: []problem{"tenant_missing"}, code: "50059"},
			{about: []problem{"tenant_common"}, code: "50194"},
			{about: []problem{"tenant_restricted"}, code: "500021"},
			{about: []problem{"cloud_mismatch"}, code: "90038"},
			{about: []problem{"realm_unknown"}, code: "50107"},
			{about: []problem{"claims_bad"}, code: "50124"},
			{about: []problem{"fed_denied"}, code: "90123"},
			{about: []problem{"tmp_busy", "tmp_retry"}, code: "90033"},
			{about: []problem{"throttle"}, code: "90055"},

			{about: []problem{devicePending, deviceSlowDown}, code: "70016"},
			{about: []problem{deviceExpired}, error: "expired_token", code: "70020"},
			{about: []problem{deviceCodeUnknown, deviceOtherClient}, error: "bad_verification_code", code: "70018"},
			{about: []problem{deviceDenied}, error: "authorization_declined", code: "65004"},
			{about: []problem{deviceUsed}, code: "54005"},
			{about: []problem{"device_datacenter"}, code: "50134"},
			{about: []problem{logoutNobody, logoutHint}, code: "50061"},

			// Microsoft Graph names the reason instead of numbering it.
			{about: []problem{tokenMissing, tokenMalformed, tokenSignature, tokenUnknown, tokenExpired, tokenRevoked, tokenIsIDToken, tokenAudience, "rs_expired", "rs_audience"}, code: "InvalidAuthenticationToken"},
			{about: []problem{tokenScopeOpenID, tokenScope, "rs_scope"}, code: "Authorization_RequestDenied"},
		},
	}
}

// entraText is the sentence with what Entra puts around it.
func (x *exchange) entraText(s spoken, trace, correlation string) string {
	return fmt.Sprintf("AADSTS%s: %s Trace ID: %s Correlation ID: %s Timestamp: %s", s.own, s.description, trace, correlation, x.entraTime())
}

func (x *exchange) entraTime() string { return x.now().UTC().Format("2006-01-02 15:04:05Z") }

// asEntra is the answer of its token endpoint.
func asEntra(x *exchange, s spoken, out *reply) {
	trace, correlation := x.guid(), x.guid()
	out.json["error"], out.json["error_description"] = s.refusal.code, x.entraText(s, trace, correlation)
	if number, err := strconv.Atoi(s.own); err == nil {
		out.json["error_codes"] = []int{number}
	}
	out.json["timestamp"], out.json["trace_id"], out.json["correlation_id"] = x.entraTime(), trace, correlation
	out.json["error_uri"] = entraLookup + s.own
}

// asGraph is the answer of an API beside Entra, Microsoft Graph.
func asGraph(x *exchange, s spoken, out *reply) {
	if _, err := strconv.Atoi(s.own); err == nil {
		s.own = "Request_BadRequest"
	}
	out.json = map[string]any{"error": map[string]any{"code": s.own, "message": s.description,
		"innerError": map[string]any{"date": x.now().UTC().Format("2006-01-02T15:04:05"), "request-id": x.guid(), "client-request-id": x.guid()}}}
}

// guid is a random identifier in the form that Entra's have.
func (x *exchange) guid() string {
	sum := sha256.Sum256([]byte(x.lab.random.text()))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
