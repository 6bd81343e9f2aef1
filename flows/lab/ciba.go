package lab

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// Client-initiated backchannel authentication (OpenID Connect CIBA Core 1.0):
// the application asks, and the user answers on another device. The library's
// own version sends tokens that it issued itself; ours are made in issue.go, so
// the flow is here.

const grantCIBA = "urn:openid:params:grant-type:ciba"

// The ways in which a client learns of the answer, CIBA §5.
const (
	modePoll = "poll"
	modePing = "ping"
	modePush = "push"
)

// CIBAUserCode is everybody's user_code: a secret that only the user knows, for
// clients that have to ask for it (CIBA §7.1).
const CIBAUserCode = "1357"

const (
	bindingLimit   = 64   // runes of a binding_message
	notifyLimit    = 1024 // characters of a client_notification_token, CIBA §7.1
	expiryLimit    = time.Hour
	waitingLimit   = 100 // requests that wait for a user
	ticketAlphabet = "^[A-Za-z0-9._~+/-]+=*$"
)

// cibaEndpoint is where the fixed clients of ping and push are told. SetCIBA
// moves it.
const cibaEndpoint = "http://127.0.0.1:9503/ciba"

func cibaClients() []Client {
	return []Client{
		{ID: "workshop-ciba-poll", Secret: "workshop-secret", Grants: []string{grantCIBA, "refresh_token"}, Scopes: scopeIDs(), Backchannel: Backchannel{Mode: modePoll},
			Note: "An application whose user answers on another device: it asks again and again whether the answer is there."},
		{ID: "workshop-ciba-ping", Secret: "workshop-secret", Grants: []string{grantCIBA, "refresh_token"}, Scopes: scopeIDs(), Backchannel: Backchannel{modePing, cibaEndpoint, true},
			Note: "The same, but the lab tells it when to ask. It needs the user_code " + CIBAUserCode + "."},
		{ID: "workshop-ciba-push", Auth: authPrivateKey, Grants: []string{grantCIBA, "refresh_token"}, Scopes: scopeIDs(), Backchannel: Backchannel{Mode: modePush, Endpoint: cibaEndpoint},
			Note: "The same, but the lab sends it the tokens. It signs instead of having a secret."},
	}
}

// Backchannel is how a client uses CIBA. The zero value is one that does not.
type Backchannel struct {
	// Mode is its backchannel_token_delivery_mode: poll, ping or push.
	Mode string
	// Endpoint is its backchannel_client_notification_endpoint, on loopback,
	// for ping and push.
	Endpoint string
	// UserCode is its backchannel_user_code_parameter.
	UserCode bool
}

func (b Backchannel) check(c Client) problem {
	switch {
	case !c.may(grantCIBA):
		return ""
	case !slices.Contains([]string{modePoll, modePing, modePush}, b.Mode):
		return metadataDelivery
	case b.Mode != modePoll && !goodLoopback(b.Endpoint):
		return metadataNotify
	}
	return ""
}

// cibaRequest is one request that waits for its user.
type cibaRequest struct {
	question
	subject     string
	binding     string
	ticket      string // names the request on the page; it is no secret
	bearer      string // client_notification_token
	backchannel Backchannel
}

// cibaRequests keeps them under their auth_req_id. The lock covers a whole poll
// and a whole decision.
type cibaRequests struct {
	mu      sync.Mutex
	byID    *table[cibaRequest]
	waiting []string // those that a user can still answer, the oldest first
}

func newCIBARequests() *cibaRequests {
	return &cibaRequests{byID: newTable[cibaRequest](keepGrants, sessionLimit)}
}

// backchannelAuthentication is the endpoint of CIBA §7.
func (x *exchange) backchannelAuthentication(r *http.Request) reply {
	if x.fails(formInURL, inQuery(r)) {
		return x.refuse(formInURL)
	}
	if bad := x.authenticateClient(r); bad != "" {
		return x.refuse(bad)
	}
	if x.fails(clientPublic, x.client.public()) {
		return x.refuse(clientPublic)
	}
	if x.fails(grantNotAllowed, !x.client.may(grantCIBA)) {
		return x.refuse(grantNotAllowed)
	}
	if bad := x.openCIBARequest(); bad != "" {
		return x.refuse(bad)
	}
	req, bad := x.readCIBARequest()
	if bad != "" {
		return x.refuse(bad)
	}
	u, bad := x.cibaUser()
	if bad != "" {
		return x.refuse(bad)
	}
	x.pass(checkCIBAUser)
	if bad := x.checkUserSecret(); bad != "" {
		return x.refuse(bad)
	}
	x.pass(checkCIBARequest)
	id := x.lab.random.text()
	req.subject, req.ticket = u.Subject, fullHash("ticket " + id)[:16]
	all, now := x.tenant.ciba, x.now()
	all.mu.Lock()
	defer all.mu.Unlock()
	all.byID.put(now, id, req)
	all.waiting = append(all.waiting, id)
	all.waiting = all.waiting[max(0, len(all.waiting)-waitingLimit):]
	answer := map[string]any{"auth_req_id": id, "expires_in": int(req.expires.Sub(now).Round(time.Second).Seconds())}
	if req.backchannel.Mode != modePush {
		answer["interval"] = int(req.interval.Seconds())
	}
	return jsonReply(http.StatusOK, answer)
}

// openCIBARequest replaces the parameters by those of a signed authentication
// request, CIBA §7.1.1. Unlike in JAR every claim about time and use is a must.
func (x *exchange) openCIBARequest() problem {
	if !x.form.Has("request") {
		return ""
	}
	compact, bad := x.tenant.opened(x.form.Get("request"))
	if bad != "" {
		return bad
	}
	j, bad := readForeign(signedRequest, compact)
	if bad != "" {
		return bad
	}
	if bad := x.verifyByClient(j, x.client); bad != "" {
		return bad
	}
	if j.text("iss") != x.client.ID {
		return j.kind.flaw(flawIssuer)
	}
	if bad := j.checkAudience(x.tenant.issuer); bad != "" {
		return bad
	}
	if j.claims["iat"] == nil || j.claims["nbf"] == nil {
		return cibaRequestTimes
	}
	if bad := j.checkTimes(x.now()); bad != "" {
		return bad
	}
	if bad := j.once(x.tenant.store, true); bad != "" {
		return bad
	}
	x.pass(checkRequest)
	clear(x.form)
	for name, value := range j.claims {
		if !slices.Contains([]string{"iss", "aud", "exp", "nbf", "iat", "jti"}, name) {
			setParameter(x.form, name, value)
		}
	}
	return ""
}

// readCIBARequest checks all parameters but those about the user.
func (x *exchange) readCIBARequest() (cibaRequest, problem) {
	f, life := x.form, x.tenant.life.Load()
	req := cibaRequest{question: question{clientID: x.client.ID, status: goidc.StatusPending, interval: life.PollInterval},
		backchannel: x.client.Backchannel, binding: f.Get("binding_message"), bearer: f.Get("client_notification_token")}
	wanted, bad := x.wantedScopes(nil)
	if bad != "" {
		return req, bad
	}
	req.scopes = joined(wanted)
	if x.fails(cibaScope, !slices.Contains(wanted, "openid")) {
		return req, cibaScope
	}
	if req.backchannel.Mode != modePoll {
		wellFormed, _ := regexp.MatchString(ticketAlphabet, req.bearer)
		switch {
		case req.bearer == "":
			return req, notificationMissing
		case len(req.bearer) > notifyLimit || !wellFormed:
			return req, notificationToken
		}
	}
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if utf8.RuneCountInString(req.binding) > bindingLimit || slices.ContainsFunc([]rune(req.binding), unprintable) {
		return req, bindingMessage
	}
	lasts := life.DeviceCode
	if f.Has("requested_expiry") {
		n, err := strconv.Atoi(f.Get("requested_expiry"))
		if err != nil || n <= 0 {
			return req, requestedExpiry
		}
		lasts = min(time.Duration(min(n, int(expiryLimit.Seconds())))*time.Second, expiryLimit)
	}
	req.expires = x.now().Add(lasts)
	return req, ""
}

// cibaUser finds the user by the one hint that there must be, CIBA §7.1.
func (x *exchange) cibaUser() (User, problem) {
	var hints []string
	for _, name := range []string{"login_hint", "id_token_hint", "login_hint_token"} {
		if x.form.Get(name) != "" {
			hints = append(hints, name)
		}
	}
	if len(hints) != 1 {
		return User{}, cibaHints
	}
	name := x.form.Get(hints[0])
	switch hints[0] {
	case "id_token_hint":
		if name = x.tenant.hintSubject(name, x.client.ID); name == "" {
			return User{}, cibaIDTokenHint
		}
	case "login_hint_token":
		var bad problem
		if name, bad = x.hintToken(name); bad != "" {
			return User{}, bad
		}
	}
	u, ok := x.tenant.user(name)
	if !ok {
		return u, cibaUserUnknown
	}
	return u, ""
}

// hintToken reads a login_hint_token. CIBA leaves its form open; here it is a
// JWT that the client signed, with the user in sub, or in sub_id as RFC 9493
// writes people (§3.2.2 email, §3.2.6 opaque).
func (x *exchange) hintToken(compact string) (string, problem) {
	j, bad := readForeign(loginHintToken, compact)
	if bad != "" {
		return "", bad
	}
	if bad := x.verifyByClient(j, x.client); bad != "" {
		return "", bad
	}
	if j.text("iss") != x.client.ID {
		return "", j.kind.flaw(flawIssuer)
	}
	if bad := j.checkAudience(x.tenant.issuer); bad != "" {
		return "", bad
	}
	if bad := j.checkTimes(x.now()); bad != "" {
		return "", bad
	}
	if id, ok := j.claims["sub_id"].(map[string]any); ok {
		for _, member := range []string{"email", "id"} {
			if name, ok := id[member].(string); ok {
				return name, ""
			}
		}
	}
	return j.text("sub"), ""
}

// checkUserSecret checks the user_code, CIBA §7.1.
func (x *exchange) checkUserSecret() problem {
	code := x.form.Get("user_code")
	switch {
	case code == "" && x.client.Backchannel.UserCode:
		return cibaCodeMissing
	case code != "" && !sameText(code, CIBAUserCode):
		return cibaCodeWrong
	}
	return ""
}

// pollCIBA is the token request of CIBA §10.1.
func (x *exchange) pollCIBA() (map[string]any, problem) {
	id := x.form.Get("auth_req_id")
	if x.fails(authReqMissing, id == "") {
		return nil, authReqMissing
	}
	if x.fails(authReqPush, x.client.Backchannel.Mode == modePush) {
		return nil, authReqPush
	}
	all := x.tenant.ciba
	all.mu.Lock()
	defer all.mu.Unlock()
	req, ok := all.byID.get(id)
	bad := x.poll(&req.question, ok, pollWords{client: checkCIBAClient, live: checkCIBALive, done: checkCIBADone,
		unknown: authReqUnknown, other: authReqOther, used: authReqUsed, denied: authReqDenied, expired: authReqExpired,
		pending: authReqPending, polledTooFast: authReqSlowDown})
	if ok {
		all.byID.put(x.now(), id, req)
	}
	if bad != "" {
		return nil, bad
	}
	return x.mint(req.allowed)
}

// announceCIBA writes CIBA into the metadata, CIBA §4.
func (t *tenant) announceCIBA(m map[string]any) {
	m["backchannel_authentication_endpoint"] = t.issuer + "/bc-authorize"
	m["backchannel_token_delivery_modes_supported"] = []string{modePoll, modePing, modePush}
	m["backchannel_authentication_request_signing_alg_values_supported"] = foreignAlgs()
	m["backchannel_user_code_parameter_supported"] = true
}

// notification is the request that tells a client about the answer.
func notification(bearer string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + bearer}}
}
