package lab

import "strings"

// norm is a sentence of a specification in our own words, behind its place:
// "RFC 6749 §5.1: …".
type norm string

func (n norm) ref() string {
	ref, _, _ := strings.Cut(string(n), ": ")
	return ref
}

func (n norm) words() string {
	_, words, _ := strings.Cut(string(n), ": ")
	return words
}

// The rules that faults break, or that their refusals are about.
const (
	codesAreShort    norm = "RFC 6749 §4.1.2: A code must expire soon after it is issued. Ten minutes are the most, and servers choose less."
	codesOnce        norm = "RFC 6749 §4.1.2: A client must use a code once only; the server refuses it the second time and should revoke what came of it."
	codesBound       norm = "RFC 6749 §4.1.3: A server must make sure that the code was issued to the client that sends it, with the same redirect_uri."
	codesOpaque      norm = "RFC 6749 §4.1.2: A code is a text without meaning for the client, of any length. It goes back exactly as it came."
	answerJSON       norm = "RFC 6749 §5.1: A token answer is one JSON object under application/json, with access_token and token_type at its top."
	tokenType        norm = "RFC 6749 §5.1: A token answer must say in token_type how the token is used."
	expiresInSeconds norm = "RFC 6749 §5.1: The expires_in is the lifetime of the access token as a number of seconds."
	errorStatus      norm = "RFC 6749 §5.2: An error comes with status 400, or 401 for a client that did not authenticate."
	errorWords       norm = "RFC 6749 §5.2: The error_description is for people to read. A program decides by the value of error."
	errorText        norm = "RFC 6749 §5.2: An error_description has printable ASCII characters only, without quotes and backslashes."
	headerText       norm = "RFC 9110 §5.5: The value of a header has visible characters, blanks and tabs; a recipient must not trust others."
	jsonStart        norm = "RFC 8259 §8.1: JSON on the wire is UTF-8 and must not begin with a byte order mark."
	jsonNames        norm = "RFC 8259 §4: The names in an object should be unique; what a reader makes of doubled ones is its own affair."
	serverFailed     norm = "RFC 9110 §15.6: A status of 500 and above says that the server failed and not the request."
	serverBusy       norm = "RFC 9110 §15.6.4: With 503 a server says that it cannot serve for a while, and in Retry-After for how long."
	tooMany          norm = "RFC 6585 §4: With 429 a server says that too many requests came, and may say in Retry-After when to come back."
	wholeBody        norm = "RFC 9112 §8: An answer whose body ends before its announced length is incomplete and must be treated as one."
	clientsWait      norm = "RFC 9110 §9.2.2: A client may repeat a request whose answer does not come only if it is idempotent. A token request is not."
	redirects        norm = "RFC 9110 §15.4: A client should notice redirects that go round in a circle and end them."
	pollAtInterval   norm = "RFC 8628 §3.5: A device must wait interval seconds between two polls, 5 when the server names none."
	slowDownAdds     norm = "RFC 8628 §3.5: After slow_down a device adds 5 seconds to its interval, for this and all polls that follow."
	pollingEnds      norm = "RFC 8628 §3.5: A device stops polling when the answer is anything but authorization_pending or slow_down."
	userCodes        norm = "RFC 8628 §3.3: The user types the code that the device shows, and the server finds the device by it."

	metadataThere    norm = "OpenID Connect Discovery §4: The metadata stands below the issuer, at /.well-known/openid-configuration, with status 200."
	metadataJSON     norm = "OpenID Connect Discovery §4.2: The metadata is a JSON object under application/json."
	metadataIssuer   norm = "OpenID Connect Discovery §4.3: The issuer in the metadata must be exactly the one that was asked for."
	metadataRequired norm = "RFC 8414 §2: A server that has a token endpoint must name it in token_endpoint."
	metadataText     norm = "RFC 8414 §2: Values of the metadata are addresses, names and lists of names. A reader must not trust them with more."

	stateReturned norm = "RFC 6749 §4.1.2: The answer must bring back the state of the request, exactly as it was."
	issReturned   norm = "RFC 9207 §2.4: A client must compare the iss of the answer with the issuer it asked, and refuse another or none that was promised."
	errorOrCode   norm = "RFC 6749 §4.1.2.1: An authorization response is an error or a code, never both."
	fragmentKept  norm = "RFC 6749 §4.2.2: Tokens come back in the fragment of the redirect URI, which no server sees and the page must keep."
	formPosted    norm = "OAuth 2.0 Form Post Response Mode §2: With response_mode=form_post the answer is a form that posts itself to the redirect URI."

	idSigned    norm = "OpenID Connect Core §3.1.3.7: The signature of an ID token must be good under a key of its issuer, by the algorithm agreed on."
	idNoneAlg   norm = "RFC 8725 §3.2: A client accepts only algorithms that it chose, and none is not to be among them."
	idConfused  norm = "RFC 8725 §3.1: A key is for one algorithm. A public key must never be taken for a shared secret."
	idAudience  norm = "OpenID Connect Core §3.1.3.7: The aud of an ID token must name the client, and a client refuses other audiences that it does not trust."
	idParty     norm = "OpenID Connect Core §3.1.3.7: An azp in an ID token should be the client's own client_id."
	idIssuer    norm = "OpenID Connect Core §3.1.3.7: The iss of an ID token must be exactly the issuer."
	idNonce     norm = "OpenID Connect Core §3.1.3.7: The ID token must bring back the nonce of the request, unchanged."
	idExpired   norm = "OpenID Connect Core §3.1.3.7: The present must be before the exp of an ID token."
	clocksAgree norm = "RFC 7519 §4.1.5: A token must not be accepted before its nbf. A few minutes of leeway are usual, because clocks differ."
	timesNumber norm = "RFC 7519 §2: The times of a JWT are seconds since 1970, not milliseconds."
	idATHash    norm = "OpenID Connect Core §3.1.3.8: An at_hash must be the hash of the access token beside it."
	idCHash     norm = "OpenID Connect Core §3.3.2.10: A c_hash must be the hash of the code beside it."
	idSHash     norm = "FAPI 1.0 part 2 §5.1.1: An s_hash must be the hash of the state of the request."
	keyNamed    norm = "OpenID Connect Core §10.1: When the key set has several keys, the header of a token must name its key in kid."
	keyRotated  norm = "OpenID Connect Core §10.1.1: An issuer keeps an old key in its set for a while. A client that meets an unknown kid reads the set again."
	keySetThere norm = "RFC 8414 §2: The jwks_uri names the key set of the server, a JSON object as in RFC 7517."
	keyUnknown  norm = "RFC 7517 §5: A reader should ignore keys of a set whose kty it does not know, and use the others."
	claimText   norm = "OpenID Connect Core §5.1: Claims about a person are what the person or a stranger typed. A client must not trust them."
	userinfoSub norm = "OpenID Connect Core §5.3.2: The sub of the userinfo answer must be the one of the ID token, or nothing of it may be used."

	tokenOpaque    norm = "RFC 6749 §1.4: An access token is usually opaque to the client. Only the API may read it."
	tokenPresented norm = "RFC 6750 §2.1: The access token goes into the Authorization header, with the scheme Bearer."
	tokenInvalid   norm = "RFC 6750 §3.1: With invalid_token an API says that the token is expired, revoked, malformed or otherwise not good."
	tokenTooWeak   norm = "RFC 6750 §3.1: With insufficient_scope an API says that the token is good and may do too little."
	stepUpAsked    norm = "RFC 9470 §3: With insufficient_user_authentication an API says how the user must sign in."

	postOnly       norm = "RFC 6749 §3.2: A client must use POST for token requests."
	formBody       norm = "RFC 6749 §4.1.3: The parameters of a token request are form-encoded, in the body."
	paramsOnce     norm = "RFC 6749 §3.2: A parameter must not stand in a request twice."
	grantTypes     norm = "RFC 6749 §5.2: With unsupported_grant_type a server says that it does not offer the grant."
	endpoints      norm = "RFC 6749 §3: The authorization endpoint is for the browser, the token endpoint for the client. Each takes its own requests."
	redirectSame   norm = "RFC 9700 §2.1: A server must compare redirect URIs character by character; only the port of a loopback address is free."
	redirectHosts  norm = "RFC 8252 §8.3: Applications should use the loopback address and not the name localhost."
	secretAuth     norm = "RFC 6749 §2.3.1: A client with a secret authenticates with it, in the header or in the body."
	oneMethod      norm = "RFC 6749 §2.3: A client must not use more than one way to authenticate in one request."
	publicClients  norm = "RFC 6749 §2.1: A public client cannot keep a secret and must not be given one."
	ownMethod      norm = "RFC 7591 §2: A client authenticates by the token_endpoint_auth_method that it is registered with."
	assertionGood  norm = "RFC 7523 §3: A client assertion is signed with the client's key and names it in iss and sub, and the server in aud."
	assertionTimes norm = "RFC 7523 §3: An assertion must have an exp and is refused when it is over; servers may refuse one that lives too long."
	proofFresh     norm = "RFC 9449 §4.3: A DPoP proof is accepted only if its iat is near the present."

	pkceVerifier  norm = "RFC 7636 §4.6: The server hashes the code_verifier and compares it with the code_challenge of the request."
	pkceChallenge norm = "RFC 7636 §4.2: The code_challenge is the SHA-256 hash of the code_verifier in base64url: 43 characters, without padding."
	pkceMethod    norm = "RFC 7636 §4.4.1: A server refuses a code_challenge_method that it does not support."
	pkceMust      norm = "RFC 9700 §2.1.1: Public clients must use PKCE."
	pkceWithCode  norm = "RFC 7636 §1: PKCE protects a code. Where no code is issued it has nothing to do."

	frontTokens  norm = "RFC 9700 §2.1.2: Clients should not have tokens issued through the browser, and servers may refuse to."
	idWithOpenID norm = "OpenID Connect Core §3.1.2.1: Without the scope openid a request is not one of OpenID Connect."
	nonceForID   norm = "OpenID Connect Core §3.3.2.11: With an ID token through the browser the nonce is a must."
	noneInQuery  norm = "OAuth 2.0 Multiple Response Type Encoding Practices §5: Tokens must not be returned in the query."
	silence      norm = "OpenID Connect Core §3.1.2.6: With prompt=none a server shows nothing to the user. Where it would have to, it answers with an error."
	userMustAct  norm = "OpenID Connect Core §3.1.2.6: With interaction_required and its relatives a server says that the user must do something before it can go on."
	stateGuess   norm = "RFC 6749 §10.10: Values that protect a request must be hard to guess."
	consentAsked norm = "RFC 6749 §4.1.2.1: With access_denied a server says that the user, or the server itself, said no."

	refreshOnce    norm = "RFC 9700 §4.14.2: A rotated refresh token that comes back means a theft, and the server revokes the whole family."
	refreshEnds    norm = "RFC 6749 §5.2: With invalid_grant a server says that a refresh token is not good, expired or revoked."
	refreshAsked   norm = "OpenID Connect Core §11: A refresh token comes only when it was asked for, with offline_access."
	refreshNarrows norm = "RFC 6749 §6: A refresh may ask for the scope that was granted, or for less."
	targetKnown    norm = "RFC 8707 §2: With invalid_target a server says that it does not know the resource, or gives no tokens for it."
	assertionUser  norm = "RFC 7523 §2.1: The assertion must be one that is meant for this server. An ID token is meant for its client."
	logoutTargets  norm = "OpenID Connect RP-Initiated Logout 1.0 §3: A post_logout_redirect_uri must be registered, exactly as it is sent."
	logoutSessions norm = "OpenID Connect RP-Initiated Logout 1.0 §2: A logout request names the session by an id_token_hint. A server may ask the user when it does not fit."

	grantsAllowed norm = "RFC 6749 §5.2: With unauthorized_client a server says that the client may not use this grant."
	requestGood   norm = "RFC 6749 §5.2: With invalid_request a server says that a request lacks something, or has something twice or malformed."
	clientGood    norm = "RFC 6749 §5.2: With invalid_client a server says that the client is unknown or did not authenticate."
	grantGood     norm = "RFC 6749 §5.2: With invalid_grant a server says that a code, a refresh token or another grant is not good, expired or not this client's."
	scopeGood     norm = "RFC 6749 §5.2: With invalid_scope a server says that a scope is unknown, malformed or more than was granted."
	serverError   norm = "RFC 6749 §4.1.2.1: With server_error a server says by redirect what status 500 would say."
	comesBack     norm = "RFC 6749 §4.1.2.1: With temporarily_unavailable a server says by redirect what status 503 would say."
	nobodyKnown   norm = "RFC 6749 §4.1.2.1: When client or redirect URI are not known to be good, the server tells the user and must not redirect."
	ownErrors     norm = "RFC 6749 §8.5: A server may have error values of its own; a client must be ready for some that it does not know."
	noPlain       norm = "RFC 9700 §2.1.1: S256 is the method to use; plain shows the verifier to whoever sees the request."
)
