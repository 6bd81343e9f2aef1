package lab

import "net/http"

// scenario is a refusal that people meet and that has its cause outside of the
// request: in a policy, a registration, another server. The key is that of the
// situation; the answer is the one of the row.
type scenario struct {
	key, title  string
	status      int
	code, words string // error and error_description
	shows       string
}

func (s scenario) refusal() refusal { return refusal{s.status, s.code, s.words} }

// scenarioFaults turns the rows into faults. Those of the authorization
// endpoint come back by redirect or stand on a page; see denied.
func scenarioFaults() []*fault {
	var all []*fault
	add := func(step, route string, rows []scenario, finish func(*fault, scenario)) {
		for _, row := range rows {
			f := &fault{Fault: Fault{Key: row.key, Title: row.title, Shows: row.shows, Breaks: row.code, Step: step}, route: route}
			finish(f, row)
			all = append(all, f)
		}
	}
	add("authorize", routeAuthorize, redirectScenarios(), func(f *fault, row scenario) { f.denial = &denial{row.refusal(), false} })
	add("authorize", routeAuthorize, pageScenarios(), func(f *fault, row scenario) { f.denial = &denial{row.refusal(), true} })
	add("token", routeToken, tokenScenarios(), func(f *fault, row scenario) {
		f.answer = func(x *exchange) reply { return x.refuseWith(row.refusal()) }
	})
	add("api", routeAPI, apiScenarios(), func(f *fault, row scenario) {
		f.answer = func(x *exchange) reply {
			out := x.challengeWith(row.refusal(), false, "")
			if row.code == "insufficient_user_authentication" {
				out.header.Set("WWW-Authenticate", out.header.Get("WWW-Authenticate")+`, acr_values="`+acrCode+`"`)
			}
			return out
		}
	})
	return all
}

// denial ends an authorization request whose client and redirect_uri are good.
type denial struct {
	refusal
	onPage bool // the user sees it, and the client hears nothing
}

// denied looks for a fault that ends this authorization request.
func (x *exchange) denied() (reply, bool) {
	for _, f := range x.here() {
		switch {
		case f.denial == nil:
			continue
		}
		x.denies(checkPolicy, notChecked(f.Key)+", refused on purpose", f.Key)
		switch {
		case f.denial.onPage:
			return x.errorPage(x.speak(problem(f.Key), f.denial.refusal)), true
		default:
			return x.redirectWith(x.speak(problem(f.Key), f.denial.refusal)), true
		}
	}
	return reply{}, false
}

func redirectScenarios() []scenario {
	return []scenario{
		{"prompt_none_ui", "Something for the user to do", http.StatusBadRequest, "interaction_required", "The user has something to do first, and prompt=none forbids asking.",
			"A silent request fails because the server needs the user."},
		{"select_account", "Several accounts", http.StatusBadRequest, "account_selection_required", "Several accounts are signed in, and prompt=none forbids asking which one.",
			"A silent request fails because the server cannot choose an account."},
		{"third_party_cookies", "No cookie in the frame", http.StatusBadRequest, "login_required", "No session arrived. In a hidden frame the browser keeps the cookies of this server back.",
			"A silent renewal fails although the user is signed in."},
		{"consent_missing", "Consent missing", http.StatusBadRequest, "consent_required", "The user or an administrator has not agreed to this application yet.",
			"The request fails until somebody agrees."},
		{"consent_admin", "Administrator must agree", http.StatusBadRequest, "access_denied", "This scope needs the consent of an administrator, and none has given it.",
			"An ordinary user cannot agree to this scope."},
		{"not_assigned", "User not assigned", http.StatusBadRequest, "access_denied", "This user is not assigned to the application.",
			"The user signs in and is refused, because the application is for others only."},
		{"mfa_register", "No second factor set up", http.StatusBadRequest, "interaction_required", "The user must set up a second factor before going on.",
			"The sign-in stops until a second factor is registered."},
		{"client_disabled", "Client switched off", http.StatusBadRequest, "unauthorized_client", "This application was switched off by an administrator.",
			"A client that worked before is refused."},
		{"state_short", "State too short", http.StatusBadRequest, "invalid_state", "The state is too short. This server wants at least eight random characters.",
			"The server refuses a state that could be guessed."},
		{"fed_error", "Other identity provider failed", http.StatusBadRequest, "server_error", "The identity provider behind this server answered with an error.",
			"The sign-in fails behind the server, where the client cannot see."},
		{"fed_denied", "Other identity provider refused", http.StatusBadRequest, "access_denied", "The identity provider behind this server refused the sign-in.",
			"The sign-in is refused behind the server."},
		{"tmp_authorize", "Authorization endpoint busy", http.StatusBadRequest, "temporarily_unavailable", "The server is too busy to sign people in. Try again later.",
			"The refusal comes back by redirect, because a redirect cannot have status 503."},
	}
}

func pageScenarios() []scenario {
	return []scenario{
		{"redirect_none", "No redirect URI registered", http.StatusBadRequest, "invalid_request", "No redirect URI is registered for this application.",
			"The server shows an error page and redirects nobody."},
		{"localhost_refused", "localhost not accepted", http.StatusBadRequest, "invalid_request", "The name localhost is not accepted in a redirect URI. Use 127.0.0.1.",
			"The server shows an error page, although localhost is registered."},
		{"tenant_unknown", "Tenant unknown", http.StatusBadRequest, "invalid_request", "The tenant in the address does not exist.",
			"The server shows an error page: the address names no tenant."},
		{"tenant_missing", "Tenant not named", http.StatusBadRequest, "invalid_request", "Nothing in the request says which tenant is meant.",
			"The server shows an error page, because it cannot choose a tenant."},
		{"tenant_restricted", "Tenant not allowed", http.StatusBadRequest, "access_denied", "A proxy of your network allows other tenants only.",
			"The server shows an error page that a network policy caused."},
		{"cloud_mismatch", "Wrong cloud", http.StatusBadRequest, "invalid_request", "This tenant lives in another national cloud. Use its host.",
			"The server shows an error page: the host is the wrong one."},
		{"user_guest", "Guest not invited", http.StatusBadRequest, "access_denied", "This account is not a member or a guest of the tenant.",
			"An account of another organisation is refused."},
		{"device_noncompliant", "Device not compliant", http.StatusBadRequest, "access_denied", "The policy wants a device that is managed and compliant.",
			"The user is refused because of the device."},
		{"app_unapproved", "Application not approved", http.StatusBadRequest, "access_denied", "The policy wants an approved application.",
			"The user is refused because of the application."},
		{"user_locked", "Account locked", http.StatusBadRequest, "access_denied", "This account is locked or disabled.",
			"The user cannot sign in at all."},
		{"realm_unknown", "Realm unknown", http.StatusBadRequest, "invalid_request", "No identity provider is set up for the domain of this user.",
			"The server cannot find out where the user signs in."},
	}
}

func tokenScenarios() []scenario {
	return []scenario{
		{"secret_expired", "Secret expired", http.StatusUnauthorized, "invalid_client", "The client_secret has expired. Make a new one.",
			"The token endpoint refuses a secret that worked before."},
		{"crl", "Certificate cannot be checked", http.StatusBadRequest, "invalid_client", "The revocation list of the client certificate cannot be fetched.",
			"The token endpoint refuses a good certificate."},
		{"secret_origin", "Secret from a browser", http.StatusBadRequest, "invalid_request", "A request from a browser must not carry a client_secret.",
			"The token endpoint refuses a secret beside an Origin header."},
		{"code_prefetch", "Code used by somebody else", http.StatusBadRequest, "invalid_grant", "This code was redeemed a moment ago, by another request.",
			"A code fails at its first use: something on the way used it."},
		{"code_other_tenant", "Code of another tenant", http.StatusBadRequest, "invalid_grant", "This code was issued by another tenant.",
			"The authorization request and the token request went to two tenants."},
		{"as_mismatch", "Code of another server", http.StatusBadRequest, "invalid_grant", "This code was issued by another authorization server of this organisation.",
			"Two servers of one organisation do not share codes."},
		{"cluster_split", "Code unknown on this node", http.StatusBadRequest, "invalid_grant", "This node of the cluster does not know the code.",
			"The nodes of a cluster do not share their state."},
		{"status_403", "Refusal with status 403", http.StatusForbidden, "invalid_grant", "The code is refused, with status 403 instead of 400.",
			"Only the error value says what happened; the status is the product's habit."},
		{"session_revoked", "Session revoked", http.StatusBadRequest, "invalid_grant", "The session was revoked: the password changed or an administrator ended it.",
			"Tokens end before their time."},
		{"refresh_idle", "Refresh token not used for long", http.StatusBadRequest, "invalid_grant", "The refresh token was not used for too long.",
			"An inactivity limit ends the refresh token."},
		{"refresh_spa_24h", "Refresh token of a browser app is over", http.StatusBadRequest, "invalid_grant", "The refresh token of a browser application ends after 24 hours, whatever happens.",
			"A fixed lifetime ends the refresh token."},
		{"refresh_policy", "Sign-in frequency", http.StatusBadRequest, "invalid_grant", "A policy wants the user to sign in again by now.",
			"A policy ends the refresh token."},
		{"scope_multi", "Scopes of several resources", http.StatusBadRequest, "invalid_scope", "The scope names several resources. Ask for one per request.",
			"One access token is for one resource."},
		{"scope_none", "Scope names no resource", http.StatusBadRequest, "invalid_scope", "The scope names no resource.",
			"The server cannot say whom the token is for."},
		{"resource_unknown", "Resource unknown in the tenant", http.StatusBadRequest, "invalid_resource", "The resource is not known in this tenant.",
			"The API exists, but not for this tenant."},
		{"resource_unlisted", "Resource not in the registration", http.StatusBadRequest, "invalid_resource", "The application did not list this resource among its permissions.",
			"The API must be added to the registration."},
		{"resource_removed", "Resource removed", http.StatusBadRequest, "invalid_resource", "The resource was removed from this tenant.",
			"An API that worked before is gone."},
		{"mfa_required", "Second factor required", http.StatusBadRequest, "interaction_required", "A policy wants a second factor. Send the user to the authorization endpoint.",
			"A silent request cannot go on without the user."},
		{"mfa_expired", "Second factor too old", http.StatusBadRequest, "interaction_required", "The second factor was shown too long ago for this policy.",
			"The user must show the second factor again."},
		{"ca_block", "Blocked by policy", http.StatusBadRequest, "invalid_grant", "A policy blocks this access. An administrator can see why.",
			"Nothing that the client changes will help."},
		{"user_password_expired", "Password expired", http.StatusBadRequest, "invalid_grant", "The password of the user has expired.",
			"The user must change the password first."},
		{"claims_bad", "Claims cannot be made", http.StatusBadRequest, "invalid_grant", "A rule that makes the claims of the token failed.",
			"The server stumbles over its own configuration."},
		{"tenant_common", "Shared address not allowed", http.StatusBadRequest, "invalid_request", "This grant needs the address of one tenant, not the one that all share.",
			"The token request goes to an address for many tenants."},
		{"tmp_retry", "Passing failure", http.StatusInternalServerError, "server_error", "Something failed for a moment. Send the request again.",
			"The next try may work."},
		{"device_datacenter", "Other data centre", http.StatusBadRequest, "invalid_grant", "The device was approved in another data centre.",
			"State is kept in one place and asked for in another."},
		{"sf_user", "User not valid in the organisation", http.StatusBadRequest, "inactive_user", "This user is not active in the organisation.",
			"A product answers with an error value of its own."},
	}
}

func apiScenarios() []scenario {
	return []scenario{
		{"rs_audience", "Token for another audience", http.StatusUnauthorized, "invalid_token", "The access token is for another audience than this API.",
			"The API refuses a good token that is meant for somebody else."},
		{"rs_scope", "Scope missing", http.StatusForbidden, "insufficient_scope", "The access token lacks the scope that this API wants today.",
			"The API answers 403: the token is good, but not for this."},
		{"step_up", "Stronger sign-in wanted", http.StatusUnauthorized, "insufficient_user_authentication", "The API wants the user to sign in with more than a password.",
			"The API sends the client back for a stronger sign-in."},
	}
}
