package lab

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

const pushedPrefix = "urn:ietf:params:oauth:request_uri:"

// requestLimit bounds what one authorization request leaves in memory, in bytes.
const requestLimit = 8 << 10

// authorize is the authorization endpoint, RFC 6749 §3.1. As long as client
// and redirect_uri are not known to belong together, errors are shown here and
// nobody is redirected.
func (x *exchange) authorize(r *http.Request) reply {
	id := x.form.Get("client_id")
	if x.fails(clientMissing, id == "") {
		return x.refuse(clientMissing)
	}
	c, bad := x.knownClient(r.Context(), id)
	if bad != "" {
		return x.refuse(bad)
	}
	x.client = c
	if x.fails(grantNotAllowed, !c.mayAuthorize()) {
		return x.refuse(grantNotAllowed)
	}
	if uri := x.form.Get("request_uri"); strings.HasPrefix(uri, pushedPrefix) {
		// RFC 9126 §4: what was pushed counts, and nothing beside it.
		clear(x.form)
		x.form.Set("client_id", id)
		x.form.Set("request_uri", uri)
		if out, ok := x.deniedPushed(uri); ok {
			return out
		}
		x.passForm(r)
		return x.finishAuthorization(r)
	}
	if c.must(mustPush) {
		return x.refuse(requestNotPushed)
	}
	if bad = x.fetchRequest(r.Context()); bad == "" {
		bad = x.openRequest()
	}
	if bad != "" {
		if x.checkRedirect() == "" {
			return x.redirectRefusal(bad)
		}
		return x.refuse(bad)
	}
	if bad := x.checkRedirect(); bad != "" {
		return x.refuse(bad)
	}
	if out, ok := x.denied(); ok {
		return out
	}
	if bad := x.checkAuthorization(r); bad != "" {
		return x.redirectRefusal(bad)
	}
	return x.finishAuthorization(r)
}

// finishAuthorization lets the library decide and finishes what it answers: a
// page to show, an answer to the client, or a refusal without a client.
func (x *exchange) finishAuthorization(r *http.Request) reply {
	answer := x.ask(r)
	if x.why != "" {
		x.fails(x.why, true)
	}
	if out, ok := readAuthorizationResponse(answer); ok {
		x.protect(out)
		if out.params.Has("error") {
			x.describe(x.speak(x.why, x.why.refusal()), out.params)
		}
		answer := reply{status: http.StatusSeeOther, header: x.cookies, redirect: out}
		if out.params.Has("access_token") || out.params.Has("id_token") {
			var err error
			if answer.issued, err = x.frontTokens(out.params); err != nil {
				return x.refuse(labFailed)
			}
		}
		return answer
	}
	if x.shown != nil {
		return x.showPage()
	}
	if x.why != "" {
		return x.refuse(x.why)
	}
	return x.refuse(labFailed)
}

// showPage answers with the page that the conversation with the user came to.
func (x *exchange) showPage() reply {
	status := x.shown.status
	if status == 0 {
		status = http.StatusOK
	}
	return reply{status: status, header: x.cookies, page: x.shown}
}

func (x *exchange) checkRedirect() problem {
	requested := x.form.Get("redirect_uri")
	x.saw(checkRedirectKnown, requested, joined(x.client.RedirectURIs))
	switch {
	case requested == "":
		return redirectMissing
	case x.has(weakRedirect):
		x.lookedAway(checkRedirectKnown, weakRedirect)
	case x.fails(redirectUnregistered, !x.client.matchesRedirect(requested)):
		return redirectUnregistered
	}
	return ""
}

// checkAuthorization checks an authorization request whose client and
// redirect_uri are good. Scopes are left to the library.
func (x *exchange) checkAuthorization(r *http.Request) problem {
	f := x.form
	switch {
	case x.fails(requestTooLong, length(f) > requestLimit):
		return requestTooLong
	case f.Has("request_uri"):
		return requestURIRemote
	}
	if bad := x.checkResponse(); bad != "" {
		return bad
	}
	if x.has(weakPlain) {
		x.plainChallenge()
	}
	challenge, method := f.Get("code_challenge"), f.Get("code_challenge_method")
	code := goidc.ResponseType(f.Get("response_type")).Contains(goidc.ResponseTypeCode)
	switch {
	case !code && (challenge != "" || method != ""):
		return challengeUnexpected
	case challenge == "" && method != "":
		return challengeAlone
	case challenge == "" && code && x.client.public():
		return challengeMissing
	case challenge != "" && method == "":
		return challengeMethodless
	case challenge != "" && method != "S256":
		return challengeMethod
	case strings.ContainsAny(challenge, "+/="):
		return challengeLetter
	case challenge != "" && !isSHA256(challenge):
		return challengeShape
	}
	x.pass(checkChallenge)
	if bad := x.checkWishes(); bad != "" {
		return bad
	}
	if bad := checkPrompt(f.Get("prompt")); bad != "" {
		return bad
	}
	if age := f.Get("max_age"); age != "" {
		if n, err := strconv.Atoi(age); err != nil || n < 0 {
			return maxAgeBad
		}
	}
	x.pass(checkWish)
	if hint := f.Get("id_token_hint"); hint != "" {
		if x.hint = x.tenant.hintSubject(hint, x.client.ID); x.hint == "" {
			return hintBad
		}
		x.pass(checkHint)
	}
	// Wishes that a server may ignore (OIDC Core §3.1.2.1), but that the
	// library would refuse.
	x.stepUp = wantsCode(f.Get("acr_values"))
	for _, wish := range []string{"id_token_hint", "acr_values", "display", "claims"} {
		f.Del(wish)
	}
	if mode := f.Get("response_mode"); isJARM(mode) {
		x.signed = true
		f.Set("response_mode", x.plainMode(mode))
	}
	x.passForm(r)
	return ""
}

// passForm makes the library see the form as it is now. For POST it does anyway.
func (x *exchange) passForm(r *http.Request) {
	if r.Method != http.MethodPost {
		r.URL.RawQuery = x.form.Encode()
	}
}

func length(form url.Values) int {
	n := 0
	for name, values := range form {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return n
}

// isSHA256 tells whether text could be a SHA-256 hash in base64url, RFC 7636 §4.2.
func isSHA256(text string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && len(raw) == sha256.Size && !strings.ContainsAny(text, "\r\n")
}

func checkPrompt(prompt string) problem {
	values := fields(prompt)
	for _, v := range values {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, v) {
			return promptUnknown
		}
	}
	if len(values) > 1 && slices.Contains(values, "none") {
		return promptNoneMixed
	}
	return ""
}

// hintSubject reads an id_token_hint. It may be expired (OIDC Core §3.1.2.1).
func (t *tenant) hintSubject(hint, clientID string) string {
	hint, bad := t.opened(hint)
	if bad != "" {
		return ""
	}
	_, claims, bad := t.keys.verify(hint)
	if bad != "" || claims["iss"] != t.issuer || claims["aud"] != clientID {
		return ""
	}
	sub, _ := claims["sub"].(string)
	return sub
}

// redirectRefusal tells the client, through the browser, that its request was
// refused: RFC 6749 §4.1.2.1.
func (x *exchange) redirectRefusal(p problem) reply {
	x.fails(p, true)
	if mode := x.form.Get("response_mode"); p == responseModeQuery {
		x.signed = isJARM(mode)
		x.form.Del("response_mode")
	}
	return x.redirectWith(x.speak(p, p.refusal()))
}

func (x *exchange) redirectWith(why spoken) reply {
	out := &authorizationResponse{redirectURI: x.form.Get("redirect_uri"), mode: x.form.Get("response_mode"), params: url.Values{"iss": {x.tenant.issuer}}}
	x.describe(why, out.params)
	x.signed = x.signed || isJARM(out.mode)
	switch {
	case !slices.Contains(responseModes(), out.mode):
		out.mode = x.defaultMode()
	case isJARM(out.mode):
		out.mode = x.plainMode(out.mode)
	}
	x.protect(out)
	if state := x.form.Get("state"); state != "" {
		out.params.Set("state", state)
	}
	return reply{status: http.StatusSeeOther, redirect: out}
}

// describe puts a refusal into an authorization response. What the library
// refused for a reason that we do not know keeps its error value.
func (x *exchange) describe(why spoken, params url.Values) {
	if x.why != "" || !params.Has("error") {
		params.Set("error", why.code)
	}
	params.Set("error_description", why.description)
	if x.dialect.redirect != nil {
		x.dialect.redirect(x, why, params)
	}
}

// signIn receives the forms of the sign-in and consent pages.
func (x *exchange) signIn(r *http.Request) reply {
	if r.Method == http.MethodPost && x.fails(signInForeign, !x.fromThisOrigin(r)) {
		return x.refuse(signInForeign)
	}
	return x.finishAuthorization(r)
}

// authorizationResponse is the answer that travels to the client through the
// browser, RFC 6749 §4.1.2, before it becomes a URL or a form.
type authorizationResponse struct {
	redirectURI string
	mode        string // query, fragment or form_post
	params      url.Values
	// seal replaces the params by a signed one, at the last moment (JARM).
	seal func(url.Values) (url.Values, error)
}

// protect signs an answer if the client asked for it.
func (x *exchange) protect(out *authorizationResponse) {
	if x.signed {
		out.seal = x.sealResponse
	}
}

// readAuthorizationResponse takes the library's answer apart. Our registered
// URIs have no query of their own, so all of it belongs to the answer.
func readAuthorizationResponse(answer *captured) (*authorizationResponse, bool) {
	location := answer.header.Get("Location")
	if location == "" {
		return readFormPost(answer.body.String())
	}
	if uri, fragment, ok := strings.Cut(location, "#"); ok {
		params, err := url.ParseQuery(fragment)
		return &authorizationResponse{redirectURI: uri, mode: "fragment", params: params}, err == nil
	}
	uri, query, _ := strings.Cut(location, "?")
	params, err := url.ParseQuery(query)
	return &authorizationResponse{redirectURI: uri, mode: "query", params: params}, err == nil
}

// location is the redirect URI with the answer in its query.
func (a *authorizationResponse) location() string {
	if len(a.params) == 0 {
		return a.redirectURI
	}
	return a.redirectURI + "?" + a.params.Encode()
}

func (a *authorizationResponse) reply(out reply) reply {
	if out.header == nil {
		out.header = http.Header{}
	}
	out.header.Set("Cache-Control", "no-store")
	switch a.mode {
	case "form_post":
		out.status, out.page = http.StatusOK, formPostPage(a)
		return out
	case "fragment":
		out.header.Set("Location", a.redirectURI+"#"+a.params.Encode())
	default:
		out.header.Set("Location", a.location())
	}
	out.status, out.redirect = http.StatusSeeOther, nil
	out.header.Set("Referrer-Policy", "no-referrer")
	return out
}

// interact is asked by the library, at the start and after each form, whether
// the user is signed in and agrees.
func (x *exchange) interact(r *http.Request, as *goidc.AuthnSession) (goidc.Status, error) {
	x.keep(as)
	x.client, _ = x.tenant.store.registry.client(as.ClientID)
	if x.route.name == routeSignIn {
		x.pass(checkSession)
	} else {
		x.pass(checkScope)
	}
	if x.form.Has("request_uri") {
		x.pass(checkPushed)
	}
	status, p := x.decide(r, as)
	if p == "" {
		x.claimWishes(as.Resources, as.AuthDetails)
		return status, nil
	}
	x.why = p
	why := p.refusal()
	return goidc.StatusFailure, goidc.NewError(goidc.ErrorCode(why.code), why.description)
}

// keep carries over to the requests that follow, the sign-in form or the use of
// a pushed request, what the library has no place for: the subject of an
// id_token_hint, the wish for a second factor, and whether the answer is to be
// signed.
func (x *exchange) keep(as *goidc.AuthnSession) {
	if as.Store == nil {
		as.Store = map[string]any{}
	}
	if x.hint != "" {
		as.Store[keptHint] = x.hint
	}
	if x.signed {
		as.Store[keptSigned] = true
	}
	if x.stepUp {
		as.Store[keptStep] = true
	}
	x.signed = as.Store[keptSigned] == true
}
