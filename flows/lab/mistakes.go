package lab

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// damage finds out how a code that nobody knows was changed on the way.
func damage(code string) problem {
	const whole = len("lab_") + 32
	switch {
	case strings.ContainsAny(code, `\"'`):
		return codeEscaped
	case strings.Contains(code, "%"):
		return codeEncoded
	case strings.Contains(code, " "):
		return codeBlank
	case strings.HasPrefix(code, "lab_") && len(code) < whole && len(code) > whole/2:
		return codeShort
	}
	return codeUnknown
}

// mistakeFaults are what clients get wrong, done by the server to a request that
// was right: a run without a mistake shows what the mistake would look like.
func mistakeFaults() []*fault {
	return slices.Concat(wireMistakes(), codeMistakes(), clientMistakes(), requestMistakes(), refreshMistakes(), deviceMistakes(), resourceMistakes())
}

// leads makes a fault out of a mistake and the refusal that it leads to.
func leads(step, route string, to problem, b badness) *fault {
	f := refuses(step, route, to, to.refusal(), b)
	f.refuses = ""
	return f
}

// wireMistakes are wrong before the parameters are read.
func wireMistakes() []*fault {
	wrong := func(to problem, change func(r *http.Request, body string) (newBody string), b badness) *fault {
		f := leads("token", routeToken, to, b)
		f.tamper = func(_ *exchange, r *http.Request) {
			sent, err := io.ReadAll(r.Body)
			if err != nil {
				return // too large; reading it again says so
			}
			setBody(r, change(r, string(sent)))
		}
		return f
	}
	get := wrong("", func(r *http.Request, body string) string {
		r.Method, r.URL.RawQuery = http.MethodGet, body
		return ""
	}, badness{"token_get", "GET at the token endpoint", "", postOnly, "The token request arrives as a GET, as after the back button or with a wrong verb."})
	get.Status, get.Error, get.Finding = http.StatusMethodNotAllowed, "invalid_request", "invalid_request"
	return []*fault{
		get,
		wrong(formInURL, func(r *http.Request, body string) string {
			r.URL.RawQuery = body
			return ""
		}, badness{"query_params", "Parameters in the URL", "", formBody, "The parameters of the token request arrive in the URL, and its body is empty."}),
		wrong(formTwice, func(_ *http.Request, body string) string { return body + "&scope=read&scope=read" }, badness{"dup_param", "Parameter twice", "", paramsOnce,
			"A parameter arrives twice: a library adds it, and the program that uses the library too."}),
		wrong(formMalformed, func(_ *http.Request, body string) string { return body + "&state=%zz" }, badness{"malformed", "Malformed form", "", requestGood,
			"A percent sign in the body is followed by something that is no number."}),
		wrong(formEmpty, func(*http.Request, string) string { return "" }, badness{"empty", "Empty request", "", requestGood,
			"The request arrives without any parameter."}),
	}
}

func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader([]byte(body))), int64(len(body))
}

// set is a mistake in one parameter; an empty value leaves it out.
func set(name string, wrong func(string) string) func(*exchange) {
	return func(x *exchange) {
		if value := wrong(x.form.Get(name)); value != "" {
			x.form.Set(name, value)
		} else {
			x.form.Del(name)
		}
	}
}

func to(value string) func(string) string { return func(string) string { return value } }

// codeMistakes are wrong when a code is redeemed.
func codeMistakes() []*fault {
	const redeeming = "grant_type=authorization_code"
	wrong := func(leadsTo problem, change func(*exchange), b badness) *fault {
		f := leads("token", routeToken, leadsTo, b).needing("", redeeming)
		f.before = change
		return f
	}
	grant := func(change func(*exchange, *goidc.Grant)) func(*exchange) {
		return func(x *exchange) { x.amend(func(g *goidc.Grant) { change(x, g) }) }
	}
	insert := func(text string) func(string) string {
		return func(code string) string { return code[:len(code)/2] + text + code[len(code)/2:] }
	}
	return []*fault{
		wrong(codeReplayed, grant(func(x *exchange, g *goidc.Grant) { g.AuthCodeConsumedAt = int(x.tenant.now().Unix()) }), badness{"code_replay", "Code used twice", "", codesOnce,
			"The code was used a moment ago, as after a reload or by a second worker."}),
		wrong(codeExpired, grant(func(x *exchange, g *goidc.Grant) { g.AuthCodeExpiresAt = int(x.tenant.now().Unix()) - 1 }), badness{"code_expired", "Code expires at once", "", codesAreShort,
			"Every code has expired when it is redeemed."}),
		wrong(codeEscaped, set("code", insert(`\/`)), badness{"code_escaped", "Code with backslashes", "", codesOpaque, "The code arrives with the backslashes of a JSON or shell text in it."}),
		wrong(codeEncoded, set("code", insert("%2F")), badness{"code_double_encoded", "Code encoded twice", "", codesOpaque, "The code arrives with percent signs in it: it was encoded twice, or never decoded."}),
		wrong(codeShort, set("code", func(code string) string { return code[:len(code)*3/4] }), badness{"code_truncated", "Code cut off", "", codesOpaque,
			"The end of the code is missing, as after a database column that is too short."}),
		wrong(codeBlank, set("code", insert(" ")), badness{"code_plus", "Plus became a blank", "", codesOpaque, "The code arrives with a blank in it, where a plus sign was not encoded."}),
		wrong(codeOtherClient, grant(func(_ *exchange, g *goidc.Grant) { g.ClientID = "workshop-other" }), badness{"code_other_client", "Code of another client", "", codesBound,
			"The code was issued to another client: two registrations are mixed up."}),
		wrong(redirectDiffers, set("redirect_uri", func(uri string) string { return uri + "/" }), badness{"redirect_differs", "Another redirect_uri", "", codesBound,
			"The redirect_uri of the token request has one character more than that of the authorization request."}),
		wrong(redirectDiffers, set("redirect_uri", to("https://staging.example.test/callback")), badness{"dev_move", "Moved to another machine", "", codesBound,
			"The code was fetched by the program on a server and is redeemed by the one on this machine, which has another redirect_uri."}),
		wrong(verifierMissing, set("code_verifier", to("")), badness{"manual_copy", "Copied by hand", "", pkceVerifier,
			"The authorization request was made in one tool and the code copied into another, which does not know the code_verifier."}),
		wrong(verifierMismatch, set("code_verifier", to(strings.Repeat("another-verifier-", 3))), badness{"pkce_mismatch", "Another code_verifier", "", pkceVerifier,
			"The code_verifier is not the one of the code_challenge: it was made anew, or belongs to another tab."}),
		wrong(verifierUnasked, grant(func(_ *exchange, g *goidc.Grant) { g.AuthParams.CodeChallenge = "" }), badness{"pkce_half", "Half of PKCE", "", pkceVerifier,
			"There is a code_verifier, but the authorization request had no code_challenge."}),
		wrong(codeMissing, set("code", to("")), badness{"no_code_step", "No code", "", endpoints, "The token request has no code: the first step was left out."}),
	}
}

// clientMistakes are wrong in how the client presents itself, or in what it
// asks the token endpoint for.
func clientMistakes() []*fault {
	wrong := func(p problem, b badness) *fault { return refuses("token", routeToken, p, p.refusal(), b) }
	changes := func(leadsTo problem, change func(*exchange), b badness) *fault {
		f := leads("token", routeToken, leadsTo, b)
		f.before = change
		return f
	}
	ahead := wrong(clientAssertion.flaw(flawFuture), badness{"skew_client", "Clock of the client is ahead", "", assertionTimes,
		"What the client signs begins in the future, because its clock is ahead."})
	bearer := wrong(behalfIDToken, badness{"rs_idtoken", "ID token where an access token belongs", "", assertionUser,
		"An ID token is sent on behalf of its user, and the server wants the access token."}).needing("jwt_bearer", "grant_type="+grantBearer)
	return []*fault{
		changes(endpointSwapped, func(x *exchange) {
			x.form.Del("grant_type")
			x.form.Set("response_type", "code")
		}, badness{"endpoint_swap", "Endpoints mixed up", "", endpoints, "An authorization request arrives at the token endpoint."}),
		changes(grantMissing, set("grant_type", to("")), badness{"missing_param", "Parameter missing", "", requestGood, "The token request arrives without its grant_type."}),
		changes(grantUnknown, set("grant_type", to("passwrd")), badness{"bad_grant", "Grant not offered", "", grantTypes, "The grant_type is misspelled, or of a grant that the server does not have."}),
		wrong(clientUnknown, badness{"client_unknown", "Client not known", "", clientGood, "The token endpoint answers 401 invalid_client, as for a client of another tenant."}),
		wrong(clientWrongSecret, badness{"secret_wrong", "Wrong secret", "", secretAuth, "The secret of the client is refused: the wrong one was copied, or it was not encoded for the header."}),
		wrong(clientNoSecret, badness{"secret_missing", "No secret", "", secretAuth, "The client is registered with a secret, and the request has none."}),
		wrong(clientPublicSecret, badness{"public_secret", "Secret of a public client", "", publicClients, "The client is registered as public, and the request has a secret."}),
		wrong(clientTwoMethods, badness{"double_auth", "Authenticated twice", "", oneMethod, "The secret stands in the header and in the body."}),
		wrong(clientWrongMethod, badness{"auth_method", "Another way to authenticate", "", ownMethod, "The client proves who it is in another way than the one it is registered for."}),
		wrong(clientAssertion.flaw(flawSignature), badness{"assertion_bad", "Bad client assertion", "", assertionGood, "The assertion of the client is signed with a key that is not the registered one."}),
		wrong(clientAssertion.flaw(flawExpired), badness{"assertion_time", "Client assertion too old", "", assertionTimes, "The assertion of the client is over: it was kept too long, or a clock is wrong."}),
		wrong(grantNotAllowed, badness{"grant_not_allowed", "Grant not allowed for the client", "", grantsAllowed, "The client asks in a way that it is not registered for."}),
		wrong(targetUnknown, badness{"invalid_target", "Resource refused", "", targetKnown, "The resource that the token shall be for is not one of this server."}),
		ahead, bearer,
	}
}

// requestMistakes are wrong in the authorization request.
func requestMistakes() []*fault {
	changes := func(leadsTo problem, change func(*exchange), b badness) *fault {
		f := leads("authorize", routeAuthorize, leadsTo, b)
		f.before = change
		return f
	}
	wrong := func(p problem, b badness) *fault { return refuses("authorize", routeAuthorize, p, p.refusal(), b) }
	unregistered := changes(redirectUnregistered, set("redirect_uri", func(uri string) string { return uri + "/" }), badness{"redirect_unregistered", "Redirect URI not registered", "", redirectSame,
		"The redirect_uri has one character more than the registered one. The server shows an error page and redirects nobody."})
	unregistered.Status, unregistered.Finding = http.StatusBadRequest, "browser_error_page"
	page := func(step, route string, p problem, b badness) *fault {
		f := refuses(step, route, p, p.refusal(), b)
		f.toTheUser()
		return f
	}
	return []*fault{
		unregistered,
		wrong(challengeMissing, badness{"pkce_missing", "No code_challenge", "", pkceMust, "The authorization request has no code_challenge, and the server insists on PKCE."}),
		changes(challengeShape, set("code_challenge", func(challenge string) string { return challenge[:len(challenge)/2] }), badness{"pkce_size", "code_challenge too short", "", pkceChallenge,
			"The code_challenge is cut off, so it is no SHA-256 hash."}),
		changes(challengeLetter, set("code_challenge", func(string) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb, 0xff}, 16)) }), badness{"pkce_alphabet", "code_challenge in the wrong alphabet", "", pkceChallenge,
			"The code_challenge is plain base64, with plus, slash and equals signs."}),
		changes(challengeMethod, set("code_challenge_method", to("S512")), badness{"pkce_method", "Unknown code_challenge_method", "", pkceMethod, "The code_challenge_method is one that the server does not know."}),
		wrong(challengeUnexpected, badness{"pkce_unexpected", "PKCE without a code", "", pkceWithCode, "There is a code_challenge in a flow that has no code."}),
		wrong(responseTypeFront, badness{"rt_token", "Tokens through the browser switched off", "", frontTokens, "The response_type asks for a token, and the client may not have one that way."}),
		wrong(idTokensOff, badness{"rt_idtoken", "ID tokens switched off", "", frontTokens, "The response_type asks for an ID token, and the client may not have one that way."}),
		wrong(idTokenScope, badness{"rt_openid", "ID token without openid", "", idWithOpenID, "The response_type asks for an ID token, but the scope openid is missing."}),
		wrong(nonceMissing, badness{"hybrid_no_nonce", "No nonce in the hybrid flow", "", nonceForID, "An ID token is to come through the browser, and the request has no nonce."}),
		wrong(responseModeQuery, badness{"mode_query", "Tokens in the query", "", noneInQuery, "The response_mode would put tokens into the query, where they are logged."}),
		wrong(loginRequired, badness{"prompt_none", "Nobody signed in", "", silence, "A silent request finds no session and comes back with an error."}),
		wrong(consentDenied, badness{"consent_declined", "User says no", "", consentAsked, "The user declines on the consent page."}),
		changes(scopeUnknown, set("scope", func(scope string) string { return strings.TrimSpace(scope + " mail.reed") }), badness{"scope_typo", "Unknown scope", "", scopeGood,
			"One of the scopes is misspelled, so the whole request is refused."}),
		page("authorize", routeSignIn, signInLate, badness{"flow_expired", "Sign-in page open too long", "", nobodyKnown, "The user comes back to a sign-in page after a long time, and the server has forgotten what it was for."}),
		page("authorize", routeSignIn, signInGone, badness{"back_button", "Back button on the sign-in page", "", nobodyKnown, "The user goes back and sends an old form again."}),
		page("logout", routeLogout, logoutTarget, badness{"logout_redirect", "Target after logout not registered", "", logoutTargets, "The post_logout_redirect_uri is refused, and the user stays at the server."}).needing("logout", ""),
		page("logout", routeLogout, logoutNoSession, badness{"logout_nonparticipant", "Logout of an application that did not take part", "", logoutSessions, "An application asks for a logout although nobody signed in to it in this session."}).needing("logout", ""),
		page("logout", routeLogout, logoutNoName, badness{"logout_unknown", "Logout of an unknown user", "", logoutSessions, "A logout in SAML names a user whom the session does not know."}).needing("logout", ""),
	}
}

// refreshMistakes are wrong when tokens are renewed.
func refreshMistakes() []*fault {
	wrong := func(leadsTo problem, change func(*exchange), b badness) *fault {
		f := leads("token", routeToken, leadsTo, b).needing("refresh_token", "grant_type=refresh_token")
		f.before = change
		return f
	}
	return []*fault{
		wrong(refreshUnknown, set("refresh_token", to("lab_access_token_or_code_instead")), badness{"refresh_wrong_artefact", "Wrong thing as refresh_token", "", refreshEnds,
			"An access token or a code is sent in the place of the refresh token."}),
		wrong(refreshReused, func(x *exchange) {
			newer := x.lab.random.text()
			x.amend(func(g *goidc.Grant) { g.RefreshToken = newer })
		}, badness{"refresh_reuse", "Refresh token used twice", "", refreshOnce, "The refresh token was used before, by another tab or a thief, and all tokens of the sign-in are revoked."}),
		wrong(refreshRevoked, func(x *exchange) {
			x.amend(func(g *goidc.Grant) { g.RevokedAt = int(x.tenant.now().Unix()) })
		}, badness{"refresh_revoked", "Refresh token revoked", "", refreshEnds, "The refresh token was revoked, by the user, an administrator or a new password."}),
	}
}

// deviceMistakes are what a device meets.
func deviceMistakes() []*fault {
	poll := func(p problem, breaks norm, b badness) *fault {
		b.breaks = breaks
		return refuses("token", routeToken, p, p.refusal(), b).needing("device_code", "grant_type="+grantDevice)
	}
	typed := leads("verification", routeDeviceCode, userCodeWrong, badness{"device_wrong_code", "Wrong user code", "", userCodes, "The code that the user types is not the one on the device."})
	typed.Needs, typed.Error, typed.Finding = "device_code", "", "browser_error_page"
	typed.before = set("user_code", func(code string) string {
		if code == "" {
			return ""
		}
		return "WRNG-" + code[:min(4, len(code))]
	})
	off := refuses("device_authorization", routeDevice, grantNotAllowed, grantNotAllowed.refusal(), badness{"device_disabled", "Device flow switched off", "", grantsAllowed,
		"The client may not use the device flow."}).needing("device_code", "")
	return []*fault{
		off, typed,
		poll(devicePending, pollAtInterval, badness{key: "device_pending", title: "User not done yet", shows: "The poll is answered with authorization_pending, however often it comes."}),
		poll(deviceSlowDown, slowDownAdds, badness{key: "device_slow_down", title: "Polling too fast", shows: "Each poll is answered with slow_down, and the interval grows."}),
		poll(deviceExpired, pollingEnds, badness{key: "device_expired", title: "Device code expired", shows: "The user was too slow, and the device must start again."}),
		poll(deviceDenied, pollingEnds, badness{key: "device_declined", title: "User declines the device", shows: "The user said no, and the device must stop polling."}),
		poll(deviceUsed, codesOnce, badness{key: "device_used", title: "Device code used before", shows: "The request was answered before, and the device code is spent."}),
	}
}

// resourceMistakes are what a client meets at the API.
func resourceMistakes() []*fault {
	expired := refuses("api", routeAPI, tokenExpired, tokenExpired.refusal(), badness{"rs_expired", "API says the token is expired", "", tokenInvalid, "The API answers 401 invalid_token to every access token."})
	bare := leads("api", routeAPI, tokenMissing, badness{"rs_no_header", "No Authorization header", "", tokenPresented,
		"The access token does not arrive, as behind a proxy that drops the header. The API says what it wants, and names no error."})
	bare.Finding = "http_401"
	bare.tamper = func(_ *exchange, r *http.Request) { r.Header.Del("Authorization") }
	stepUp := refuses("api", routeAPI, stepUpACR, stepUpACR.refusal(), badness{"step_up", "Stronger sign-in wanted", "", stepUpAsked, "The API sends the client back for a stronger sign-in."})
	stepUp.alter = func(_ *exchange, out *reply) {
		out.header.Set("WWW-Authenticate", out.header.Get("WWW-Authenticate")+`, acr_values="`+acrCode+`"`)
	}
	return []*fault{bare, expired, stepUp}
}
