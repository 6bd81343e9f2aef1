package lab

import (
	"slices"
	"strings"
	"sync"
)

// The checks of the server, by the names under which View shows them.
const (
	checkMethod   = "method"
	checkForm     = "form"
	checkOnce     = "parameters_once"
	checkNotInURL = "secrets_not_in_url"
	checkOrigin   = "same_origin"
	checkLab      = "lab"

	checkClientNamed   = "client_named"
	checkClientKnown   = "client_known"
	checkClientAuth    = "client_authenticated"
	checkDocument      = "client_document"
	checkConfidential  = "client_confidential"
	checkGrantNamed    = "grant_type"
	checkGrantServed   = "grant_served"
	checkGrantAllowed  = "grant_allowed"
	checkProof         = "dpop_proof"
	checkKeyBinding    = "key_binding"
	checkCertificate   = "certificate_binding"
	checkTarget        = "resource"
	checkDetails       = "authorization_details"
	checkScope         = "scope"
	checkCodeThere     = "code"
	checkCodeKnown     = "code_known"
	checkCodeUnused    = "code_unused"
	checkCodeClient    = "code_client"
	checkCodeLive      = "code_live"
	checkRedirectThere = "redirect_uri_sent"
	checkRedirectSame  = "redirect_uri"
	checkPKCE          = "pkce"
	checkOriginKind    = "origin"

	checkRefreshThere  = "refresh_token"
	checkRefreshKnown  = "refresh_known"
	checkRefreshNewest = "refresh_newest"
	checkRefreshClient = "refresh_client"
	checkRefreshGood   = "refresh_not_revoked"
	checkRefreshLive   = "refresh_live"

	checkDeviceThere  = "device_code"
	checkDeviceKnown  = "device_known"
	checkDeviceClient = "device_client"
	checkDeviceUnused = "device_unused"
	checkDeviceYes    = "device_allowed"
	checkDeviceLive   = "device_live"
	checkDeviceDone   = "device_approved"
	checkUserCode     = "user_code"

	checkPassword  = "password"
	checkAssertion = "assertion"
	checkExchange  = "token_types"
	checkSubject   = "subject_token"
	checkActor     = "actor_token"

	checkRedirectKnown = "redirect_uri_registered"
	checkPushed        = "request_uri"
	checkRequestURI    = "request_uri_registered"
	checkMustPush      = "request_pushed"
	checkRequest       = "request_object"
	checkRequestSize   = "request_size"
	checkResponseType  = "response_type"
	checkResponseMode  = "response_mode"
	checkNonce         = "nonce"
	checkChallenge     = "code_challenge"
	checkWish          = "prompt"
	checkHint          = "id_token_hint"
	checkSession       = "sign_in"
	checkUser          = "user"
	checkConsent       = "consent"
	checkPolicy        = "policy"

	checkTokenParam   = "token_sent"
	checkTokenOwner   = "token_client"
	checkToken        = "access_token"
	checkTokenForm    = "token_form"
	checkTokenSigned  = "token_signature"
	checkTokenKind    = "token_type"
	checkTokenTarget  = "token_audience"
	checkTokenKnown   = "token_known"
	checkTokenLive    = "token_live"
	checkTokenGood    = "token_not_revoked"
	checkTokenBinding = "token_binding"
	checkTokenScope   = "token_scope"
	checkStepUp       = "step_up"
	checkBody         = "body"

	checkMetadata     = "client_metadata"
	checkRegistry     = "registry"
	checkRegistration = "registration_token"
	checkLogout       = "logout"

	checkAnswer = "answer"
)

// rule is one check: what must hold, where that stands, and how it can fail.
type rule struct {
	id, says, ref string
	failures      []problem
}

// rules are all checks of the lab. Every problem is the failure of one.
func rules() []rule {
	return slices.Concat([]rule{
		{checkMethod, "The endpoint takes this method.", "RFC 9110 §15.5.6", nil},
		{checkForm, "The parameters can be read as a form.", "RFC 6749 appendix B", []problem{formMalformed, formJSON, formType, formEmpty}},
		{checkOnce, "No parameter stands there twice.", "RFC 6749 §3.1, §3.2", []problem{formTwice}},
		{checkNotInURL, "Nothing secret stands in the URL.", "RFC 6749 §2.3.1", []problem{formInURL}},
		{checkOrigin, "The form was sent by the lab's own page.", "RFC 6749 §10.12", []problem{signInForeign}},
		{checkLab, "The lab works.", "", []problem{labFailed}},

		{checkClientNamed, "The request says which client sends it.", "RFC 6749 §3.2.1", []problem{clientMissing}},
		{checkClientKnown, "A client is registered under this client_id.", "RFC 6749 §2.2", []problem{clientUnknown}},
		{checkDocument, "The client_id is the address of a document that describes the client.", "draft-ietf-oauth-client-id-metadata-document §4", []problem{documentURL, documentElsewhere, documentMalformed, documentID, documentSecret}},
		{checkClientAuth, "The client authenticated in the way it is registered for.", "RFC 6749 §2.3", []problem{clientHeader, clientTwoMethods, clientTwoIDs,
			clientPublicSecret, clientNoSecret, clientWrongSecret, clientAssertionAndSecret, clientWrongMethod, clientNoAssertion, clientWantsBasic, clientWantsPost, assertionTypeWrong,
			certificatePlain, certificateMissing, certificateUntrusted, certificateUsage, certificateEarly, certificateExpired, certificateName, certificateUnregistered, certificateOther, thumbprintMissing}},
		{checkConfidential, "The client can keep a secret.", "RFC 7662 §2.1", []problem{clientPublic}},
		{checkGrantNamed, "The request says which grant it is.", "RFC 6749 §4", []problem{grantMissing, endpointSwapped}},
		{checkGrantServed, "The server offers this grant.", "RFC 6749 §5.2", []problem{grantUnknown}},
		{checkGrantAllowed, "The client is registered for this grant.", "RFC 6749 §5.2", []problem{grantNotAllowed}},
		{checkProof, "The DPoP proof is good.", "RFC 9449 §4.3", []problem{proofTwice, proofType, proofKey, proofMethod, proofURI, proofToken, proofNonce, proofNonceOld, proofMissing, proofJKT}},
		{checkKeyBinding, "The proof is signed with the key that the code or refresh token is bound to.", "RFC 9449 §5, §10", []problem{codeOtherKey, refreshOtherKey}},
		{checkCertificate, "The request comes with the certificate that the tokens are bound to.", "RFC 8705 §3, §4", []problem{certificateNeeded, refreshOtherCertificate}},
		{checkTarget, "The resource is one that tokens can be issued for here.", "RFC 8707 §2", []problem{targetUnknown, targetNotGranted}},
		{checkDetails, "The authorization_details are of a known type and were granted.", "RFC 9396 §5, §6", []problem{detailsMalformed, detailsType, detailsMember, detailsNotGranted}},
		{checkScope, "The scope is known, allowed for the client and not wider than granted.", "RFC 6749 §3.3", []problem{scopeUnknown, scopeNotAllowed, scopeNotGranted, scopeBeyondSubject}},

		{checkCodeThere, "The request has a code.", "RFC 6749 §4.1.3", []problem{codeMissing}},
		{checkRedirectThere, "The redirect_uri is sent again.", "RFC 6749 §4.1.3", []problem{redirectOmitted}},
		{checkCodeKnown, "This server issued the code.", "RFC 6749 §4.1.3", []problem{codeUnknown, codeEscaped, codeEncoded, codeBlank, codeShort}},
		{checkCodeUnused, "The code was not used before.", "RFC 6749 §4.1.2", []problem{codeReplayed, codeBurnt}},
		{checkCodeClient, "The code was issued to this client.", "RFC 6749 §4.1.3", []problem{codeOtherClient}},
		{checkCodeLive, "The code has not expired.", "RFC 6749 §4.1.2", []problem{codeExpired}},
		{checkRedirectSame, "The redirect_uri is the one of the authorization request.", "RFC 6749 §4.1.3", []problem{redirectDiffers}},
		{checkPKCE, "The code_verifier fits the code_challenge.", "RFC 7636 §4.6", []problem{verifierMissing, verifierLength, verifierMismatch, verifierUnasked}},

		{checkOriginKind, "The code is redeemed from where the kind of its redirect_uri says: a page, or a program.", "Entra: redirect URI types", []problem{codeRedirectKind, codeNoOrigin, codeOriginPKCE}},

		{checkRefreshThere, "The request has a refresh_token.", "RFC 6749 §6", []problem{refreshMissing}},
		{checkRefreshKnown, "This server issued the refresh token.", "RFC 6749 §6", []problem{refreshUnknown}},
		{checkRefreshNewest, "The refresh token is the newest of its family.", "RFC 9700 §4.14.2", []problem{refreshReused}},
		{checkRefreshClient, "The refresh token was issued to this client.", "RFC 6749 §6", []problem{refreshOtherClient}},
		{checkRefreshGood, "The refresh token was not revoked.", "RFC 7009 §2.1", []problem{refreshRevoked}},
		{checkRefreshLive, "The refresh token has not expired.", "RFC 6749 §6", []problem{refreshExpired}},

		{checkDeviceThere, "The request has a device_code.", "RFC 8628 §3.4", []problem{deviceCodeMissing}},
		{checkDeviceKnown, "This server issued the device_code.", "RFC 8628 §3.4", []problem{deviceCodeUnknown}},
		{checkDeviceClient, "The device_code was issued to this client.", "RFC 8628 §3.4", []problem{deviceOtherClient}},
		{checkDeviceUnused, "The device_code was not redeemed before.", "RFC 8628 §3.5", []problem{deviceUsed}},
		{checkDeviceYes, "The user did not say no.", "RFC 8628 §3.5", []problem{deviceDenied}},
		{checkDeviceLive, "The device_code has not expired.", "RFC 8628 §3.5", []problem{deviceExpired}},
		{checkDeviceDone, "The user is done, or the device asks slowly enough.", "RFC 8628 §3.5", []problem{devicePending, deviceSlowDown}},
		{checkUserCode, "A device waits for this user code.", "RFC 8628 §3.3", []problem{userCodeWrong, userCodeUsed, userCodeExpired}},

		{checkPassword, "The user name and the password are right.", "RFC 6749 §4.3.2", []problem{usernameMissing, passwordMissing, passwordWrong}},
		{checkAssertion, "The assertion is good and about somebody known here.", "RFC 7523 §3, RFC 7522 §3", []problem{assertionMissing, assertionOurs, tokenUseUnknown, behalfToken, behalfIDToken, behalfNobody, jagUntrusted, jagClient, jagScope}},
		{checkExchange, "The request says which tokens it brings and wants.", "RFC 8693 §2.1", []problem{requestedType, subjectMissing, subjectTypeMissing, actorMissing, actorTypeMissing, tokenTypeUnknown}},
		{checkSubject, "The subject_token is a good token of this server.", "RFC 8693 §2.1", []problem{subjectType, subjectToken, jagSubjectType, jagOtherClient, jagAudience}},
		{checkActor, "The actor_token is a good token of this server.", "RFC 8693 §2.1", []problem{actorType, actorToken}},

		{checkRedirectKnown, "The redirect_uri is registered for the client.", "RFC 9700 §2.1", []problem{redirectMissing, redirectUnregistered}},
		{checkPushed, "The request_uri is a pushed request of this client, fresh and unused.", "RFC 9126 §4", []problem{requestURIUnknown, requestURIExpired, requestURIUsed, requestURIForeign, requestURINested, requestURIRemote}},
		{checkRequestURI, "The request_uri is one that the client registered, and a request object stands there.", "RFC 9101 §5.2", []problem{requestURIUnregistered, requestURIHash}},
		{checkMustPush, "The client pushed its request, where it must.", "RFC 9126 §6", []problem{requestNotPushed}},
		{checkRequest, "The request object is signed by the client and complete.", "RFC 9101 §6", []problem{requestUnsigned, requestTwice, requestType, requestClient, requestNested, requestEncryption, requestUndecryptable}},
		{checkRequestSize, "The request is short enough to keep.", "", []problem{requestTooLong}},
		{checkResponseType, "The response_type is known and allowed for the client.", "RFC 6749 §3.1.1", []problem{responseTypeMissing, responseTypeUnknown, responseTypeFront, idTokensOff, idTokenScope}},
		{checkResponseMode, "The response_mode is known and safe for the answer.", "OAuth 2.0 Multiple Response Types §2.1", []problem{responseModeUnknown, responseModeQuery}},
		{checkNonce, "An ID token through the browser has a nonce.", "OIDC Core §3.2.2.1", []problem{nonceMissing}},
		{checkChallenge, "The code_challenge is there where it must be, and S256.", "RFC 7636 §4.3", []problem{challengeUnexpected, challengeMissing, challengeMethodless, challengeMethod, challengeShape, challengeLetter, challengeAlone}},
		{checkWish, "The wishes prompt and max_age can be understood.", "OIDC Core §3.1.2.1", []problem{promptUnknown, promptNoneMixed, maxAgeBad}},
		{checkHint, "The id_token_hint is an ID token for this client.", "OIDC Core §3.1.2.1", []problem{hintBad, hintOther}},
		{checkPolicy, "No policy stands against the request.", "RFC 6749 §4.1.2.1", nil},
		{checkSession, "The sign-in that this form belongs to goes on.", "", []problem{signInGone, signInLate}},
		{checkUser, "The user is signed in, as strongly as the client wants.", "OIDC Core §3.1.2.3", []problem{loginRequired, codeRequired}},
		{checkConsent, "The user agrees.", "OIDC Core §3.1.2.4", []problem{consentRequired, consentDenied}},

		{checkTokenParam, "The request has a token.", "RFC 7662 §2.1, RFC 7009 §2.1", []problem{tokenParamMissing}},
		{checkTokenOwner, "The token was issued to the client that asks.", "RFC 7009 §2.1", []problem{tokenOtherClient}},
		{checkToken, "The request has an access token, in one place and not in the URL.", "RFC 6750 §2", []problem{tokenMissing, tokenInQuery, tokenTwice}},
		{checkTokenForm, "The access token is a JWT of this server.", "RFC 9068 §4", []problem{tokenMalformed}},
		{checkTokenSigned, "The signature of the access token is right.", "RFC 9068 §4", []problem{tokenSignature}},
		{checkTokenKind, "The token is an access token.", "RFC 9068 §4", []problem{tokenIsIDToken}},
		{checkTokenTarget, "The access token is meant for this audience.", "RFC 9068 §4", []problem{tokenAudience}},
		{checkTokenKnown, "This server remembers issuing the access token.", "RFC 9068 §4", []problem{tokenUnknown}},
		{checkTokenLive, "The access token has not expired.", "RFC 9068 §4", []problem{tokenExpired}},
		{checkTokenGood, "The access token was not revoked.", "RFC 7009 §2", []problem{tokenRevoked}},
		{checkTokenBinding, "The access token comes with the key or certificate that it is bound to.", "RFC 9449 §7, RFC 8705 §3", []problem{tokenUnbound, tokenBound, tokenOtherKey, tokenNeedsTLS, tokenNoCertificate, tokenOtherCertificate}},
		{checkTokenScope, "The access token has the scope that is needed here.", "RFC 6750 §3.1", []problem{tokenScopeOpenID, tokenScope}},
		{checkStepUp, "The user signed in strongly and lately enough for this resource.", "RFC 9470 §3", []problem{stepUpACR, stepUpAge}},

		{checkBody, "The body can be understood.", "", nil},

		{checkMetadata, "The metadata of the client can be registered.", "RFC 7591 §2", []problem{metadataMalformed, metadataGrant, metadataAuth, metadataScope, metadataAlg, metadataJWKSURI,
			metadataKeys, metadataNoRedirect, metadataRedirect, metadataResponse, metadataEncryption, metadataEncAlone, metadataNoEncKey,
			metadataCertificateName, metadataCertificateKeys, metadataThumbprint, metadataRequestURI, metadataDelivery, metadataNotify, metadataFrontchannel, metadataBackchannel}},
		{checkRegistry, "There is room for one more client.", "", []problem{registryFull}},
		{checkRegistration, "The registration access token is the one of this client.", "RFC 7592 §2", []problem{registrationToken}},
		{checkLogout, "The logout says truly who asks and where to go then.", "OIDC RP-Initiated Logout 1.0 §2", []problem{logoutHint, logoutOther, logoutNobody, logoutTarget, logoutNoSession, logoutNoName}},

		{checkAnswer, "The answer went out as it was decided.", "", nil},
	}, cibaRules(), shareRules())
}

// The rules by check and by problem, made once. Nobody writes to them.
var (
	rulesByID = sync.OnceValue(func() map[string]rule {
		all := map[string]rule{}
		for _, r := range rules() {
			all[r.id] = r
		}
		return all
	})
	checksByProblem = sync.OnceValue(func() map[problem]string {
		all := map[problem]string{}
		for _, r := range rules() {
			for _, p := range r.failures {
				all[p] = r.id
			}
		}
		return all
	})
)

// checkOf is the check that p is the failure of. A problem that no rule names
// is a check of its own.
func checkOf(p problem) string {
	if id, ok := checksByProblem()[p]; ok {
		return id
	}
	kind, _, _ := strings.Cut(string(p), ".")
	switch artefact(kind) {
	case clientAssertion, samlClient:
		return checkClientAuth
	case grantAssertion, samlGrant:
		return checkAssertion
	case signedRequest:
		return checkRequest
	case requestAt:
		return checkRequestURI
	case documentAt:
		return checkDocument
	case dpopProof:
		return checkProof
	case loginHintToken:
		return checkCIBAUser
	}
	return string(p)
}

// plan lists what is checked of every request of this kind, in order. Checks
// that only some requests need show when they are made.
func (x *exchange) plan() []string {
	var list []string
	then := func(checks ...string) { list = append(list, checks...) }
	then(checkMethod)
	if x.route.name != routeAPI && x.route.takesForm() {
		then(checkForm, checkOnce)
	}
	client := []string{checkNotInURL, checkClientNamed, checkClientKnown, checkClientAuth}
	switch x.route.name {
	case routeToken:
		then(checkNotInURL, checkGrantNamed)
		then(client[1:]...)
		then(checkGrantServed, checkGrantAllowed)
		then(grantPlan(x.form.Get("grant_type"))...)
	case routePAR:
		then(client...)
		then(checkGrantAllowed, checkRedirectKnown)
		then(authorizationPlan()...)
	case routeAuthorize:
		then(checkClientNamed, checkClientKnown, checkGrantAllowed)
		if strings.HasPrefix(x.form.Get("request_uri"), pushedPrefix) {
			then(checkPushed)
			break
		}
		then(checkRedirectKnown)
		then(authorizationPlan()...)
	case routeSignIn:
		then(checkSession)
	case routeDevice:
		then(client...)
		then(checkGrantAllowed, checkScope)
	case routeCIBA:
		then(client...)
		then(checkConfidential, checkGrantAllowed, checkScope, checkCIBARequest, checkCIBAUser)
	case routeIntrospect:
		then(client...)
		then(checkConfidential, checkTokenParam)
	case routeRevoke:
		then(client...)
		then(checkTokenParam)
	case routeUserinfo, routeAPI:
		then(checkToken)
		then(accessOrder()...)
		then(checkTokenScope)
	case routeRegister:
		then(checkMetadata)
	case routeManage:
		then(checkRegistration)
	}
	return list
}

func authorizationPlan() []string {
	return []string{checkRequestSize, checkResponseType, checkResponseMode, checkChallenge, checkWish, checkScope}
}

// grantPlan is what is checked of a token request for one grant.
func grantPlan(grant string) []string {
	switch grant {
	case "authorization_code":
		return append([]string{checkCodeThere, checkRedirectThere}, codeOrder()...)
	case "refresh_token":
		return append([]string{checkRefreshThere}, refreshOrder()...)
	case "client_credentials":
		return []string{checkScope}
	case grantDevice:
		return []string{checkDeviceThere, checkDeviceKnown, checkDeviceClient, checkDeviceUnused, checkDeviceYes, checkDeviceLive, checkDeviceDone}
	case grantCIBA:
		return cibaPlan()
	case grantPassword:
		return []string{checkScope, checkPassword}
	case grantBearer, grantSAML:
		return []string{checkScope, checkAssertion}
	case grantExchange:
		return []string{checkExchange, checkSubject, checkScope}
	}
	return nil
}

// codeOrder and refreshOrder are the checks that the library makes, in its
// order. A test sends requests with two mistakes to prove it.
func codeOrder() []string {
	return []string{checkCodeKnown, checkCodeUnused, checkCodeClient, checkCodeLive, checkRedirectSame, checkPKCE, checkScope}
}

func refreshOrder() []string {
	return []string{checkRefreshKnown, checkRefreshNewest, checkRefreshClient, checkRefreshGood, checkRefreshLive, checkScope}
}

// accessOrder is the order of checkAccess.
func accessOrder() []string {
	return []string{checkTokenForm, checkTokenSigned, checkTokenKind, checkTokenTarget, checkTokenKnown, checkTokenLive, checkTokenGood}
}
