package diagnose

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"authdance/flows/wire"
)

// askRules look at what the browser was sent out with, beside what the metadata
// allows and the specifications ask for.
func askRules() []rule {
	front := asked("authorize", "par")
	spoken := func(codes ...string) func(scene) bool { return both(front, code(codes...)) }
	return []rule{
		{"missing-parameter", front, askMissing},
		{"redirect-uri-mismatch", front, redirectShape},
		{"", front, redirectHost},
		{"unsupported-response-type", spoken("unsupported_response_type"), typeNotOffered},
		{"response-mode-refused", front, modeNotOffered},
		{"scope-empty", both(asked("authorize", "par", "token"), code("invalid_scope")), scopeEmpty},
		{"scope-several-resources", both(asked("authorize", "par", "token"), code("invalid_scope")), scopeSeveral},
		{"scope-typo", both(asked("authorize", "par", "token", "device_authorization"), code("invalid_scope")), scopeUnknown},
		{"id-token-without-openid", front, openidMissing},
		{"nonce-missing", front, nonceMissing},
		{"", front, challengeShape},
		{"pkce-method-unsupported", spoken("invalid_request", "browser_error_page"), challengeMethod},
		{"prompt-none-failed", spoken("invalid_request"), promptMixed},
		{"state-too-short", front, stateShort},
		{"acr-mismatch", front, acrNotOffered},
		{"invalid-request", spoken("invalid_request"), maxAge},
		{"par-required", front, pushWanted},
		{"jar-required", front, signedWanted},
		{"par-request-uri-expired", front, pushedTooLongAgo},
		{"query-too-long", front, longAddress},
	}
}

// asking is the value of a parameter of the refused request.
func (s scene) asking(name string) string { return s.first(s.blamed(), name).Raw() }

// pushedOrSigned tells whether the parameters stand somewhere else.
func (s scene) pushedOrSigned() bool {
	return s.asking("request_uri") != "" || s.asking("request") != ""
}

func askMissing(s scene) finding {
	for _, name := range []string{"client_id", "response_type"} {
		if s.asking(name) == "" && !(name == "response_type" && s.pushedOrSigned()) {
			return s.fact(Certain, name, "The browser was sent out without "+name+", which every authorization request needs.", name+" in this request: nothing")
		}
	}
	return finding{}
}

// redirectShape: an absolute address without a fragment (RFC 6749 §3.1.2).
func redirectShape(s scene) finding {
	uri := s.asking("redirect_uri")
	u, err := url.Parse(uri)
	text := "redirect_uri of this request: " + wire.Safe(uri)
	switch {
	case uri == "":
		return finding{}
	case err != nil || u.Scheme == "":
		return s.fact(Certain, "redirect_uri", "The redirect_uri is no absolute address: it needs a scheme and, on the web, a host.", text)
	case strings.Contains(uri, "#"):
		return s.fact(Certain, "redirect_uri", "The redirect_uri has a fragment, and it must not have one.", text)
	case strings.Contains(uri, "*"):
		return s.fact(Likely, "redirect_uri", "The redirect_uri has a star. It is compared letter by letter; a star stands for nothing.", text)
	case strings.TrimSpace(uri) != uri:
		return s.fact(Likely, "redirect_uri", "The redirect_uri has white space at one of its ends.", text)
	}
	return finding{}
}

// redirectHost: what many servers refuse, though the shape is good.
func redirectHost(s scene) finding {
	uri := s.asking("redirect_uri")
	u, err := url.Parse(uri)
	if uri == "" || err != nil {
		return finding{}
	}
	text := "redirect_uri of this request: " + wire.Safe(uri)
	f := finding{}
	switch {
	case u.Hostname() == "localhost":
		f = s.backed(s.fact(Possible, "redirect_uri", "The redirect_uri names localhost; some servers take only the number, 127.0.0.1.", text), "localhost")
		f.page = "localhost-refused"
	case u.Scheme == "http" && !loopback(u):
		f = s.backed(s.fact(Possible, "redirect_uri", "The redirect_uri is http, and not of this computer; most servers want https.", text), "https", "scheme")
		f.page = "invalid-redirect-scheme"
	case u.Scheme != "https" && u.Scheme != "http":
		f = s.backed(s.fact(Possible, "redirect_uri", "The redirect_uri has a scheme of its own; the client must be registered as a native application for that.", text), "scheme")
		f.page = "custom-scheme-redirect"
	}
	if f.confidence == Possible && s.problem.Code != "browser_error_page" && s.problem.Code != "invalid_request" {
		return finding{}
	}
	return f
}

func typeNotOffered(s scene) finding {
	sent := s.asking("response_type")
	if sent == "" || !s.lacks("response_types_supported", sent) {
		return finding{}
	}
	return s.fact(Certain, "response_type", "The server does not offer this response_type: its metadata does not list it.", "response_type of this request: "+wire.Safe(sent)+"; response_types_supported has no such entry")
}

// modeNotOffered: tokens must not come in a query (OAuth Multiple Response Types §3).
func modeNotOffered(s scene) finding {
	mode, kind := s.asking("response_mode"), s.asking("response_type")
	switch {
	case mode == "query" && strings.Contains(kind, "token"):
		return s.fact(Certain, "response_mode", "Tokens were asked for in the query of an address, where they are logged; that is forbidden.", "response_mode=query with response_type="+wire.Safe(kind))
	case mode != "" && s.lacks("response_modes_supported", mode):
		return s.fact(Likely, "response_mode", "The server does not offer this response_mode: its metadata does not list it.", "response_mode of this request: "+wire.Safe(mode))
	}
	return finding{}
}

func scopeEmpty(s scene) finding {
	if v := s.values(s.blamed(), "scope"); len(v) != 1 || strings.TrimSpace(v[0].Raw()) != "" {
		return finding{}
	}
	return s.fact(Certain, "scope", "scope is there and empty.", "scope of this request: empty")
}

// scopeSeveral: some servers give tokens for one API at a time.
func scopeSeveral(s scene) finding {
	hosts := map[string]bool{}
	for name := range strings.FieldsSeq(s.asking("scope")) {
		if u, err := url.Parse(name); err == nil && u.Host != "" {
			hosts[u.Host] = true
		}
	}
	if len(hosts) < 2 {
		return finding{}
	}
	return s.fact(Likely, "scope", "The scope names several APIs, and this server gives tokens for one at a time.", fmt.Sprintf("scope of this request: names of %d hosts", len(hosts)))
}

// scopeUnknown: a name that the metadata does not list. The list need not be
// complete, so it proves nothing.
func scopeUnknown(s scene) finding {
	var unknown []string
	for name := range strings.FieldsSeq(s.asking("scope")) {
		if s.lacks("scopes_supported", name) {
			unknown = append(unknown, wire.Safe(name))
		}
	}
	if len(unknown) == 0 {
		return finding{}
	}
	return s.fact(Likely, "scope", "The server's metadata does not know "+strings.Join(unknown, ", ")+".", "scope of this request: "+wire.Safe(s.asking("scope"))+"; scopes_supported has no "+strings.Join(unknown, ", "))
}

func openidMissing(s scene) finding {
	if !strings.Contains(s.asking("response_type"), "id_token") || slices.Contains(strings.Fields(s.asking("scope")), "openid") || s.pushedOrSigned() {
		return finding{}
	}
	return s.fact(Certain, "scope", "An ID token was asked for, and the scope openid was not.", "scope of this request: "+show("scope", s.first(s.blamed(), "scope")))
}

// nonceMissing: an ID token through the browser needs a nonce (OIDC Core §3.2.2.1).
func nonceMissing(s scene) finding {
	if !strings.Contains(s.asking("response_type"), "id_token") || s.asking("nonce") != "" || s.pushedOrSigned() {
		return finding{}
	}
	return s.fact(Certain, "nonce", "An ID token through the browser was asked for without a nonce.", "nonce in this request: nothing")
}

// challengeShape: a SHA-256 hash in base64url has 43 letters (RFC 7636 §4.2).
func challengeShape(s scene) finding {
	c := s.asking("code_challenge")
	if c == "" || s.asking("code_challenge_method") != "S256" {
		return finding{}
	}
	f := s.fact(Certain, "code_challenge", "", fmt.Sprintf("code_challenge of this request: %s, %d characters", wire.Safe(c), len(c)))
	switch {
	case !regexp.MustCompile(`^[A-Za-z0-9_-]*$`).MatchString(c):
		f.page, f.sentence = "pkce-challenge-alphabet", "The code_challenge has characters that base64url does not have."
	case len(c) != 43:
		f.page, f.sentence = "pkce-challenge-size", "The code_challenge is no SHA-256 hash: in base64url it has 43 characters."
	default:
		return finding{}
	}
	if s.problem.Code != "invalid_request" {
		f.confidence = Possible
	}
	return f
}

func challengeMethod(s scene) finding {
	m := s.asking("code_challenge_method")
	if m == "" || !s.lacks("code_challenge_methods_supported", m) {
		return finding{}
	}
	f := s.fact(Likely, "code_challenge_method", "The server does not offer this code_challenge_method: its metadata does not list it.", "code_challenge_method of this request: "+wire.Safe(m))
	if m == "plain" {
		f.page = "pkce-plain-refused"
	}
	return f
}

// promptMixed: none stands alone (OIDC Core §3.1.2.1).
func promptMixed(s scene) finding {
	if words := strings.Fields(s.asking("prompt")); len(words) < 2 || !slices.Contains(words, "none") {
		return finding{}
	}
	return s.fact(Certain, "prompt", "prompt has none beside another value, and none must stand alone.", "prompt of this request: "+wire.Safe(s.asking("prompt")))
}

func stateShort(s scene) finding {
	state := s.asking("state")
	if state == "" || len(state) >= 8 {
		return finding{}
	}
	return s.backed(s.fact(Possible, "state", "The state is short, and some servers want at least eight characters.", fmt.Sprintf("state of this request: %d characters", len(state))), "state")
}

func acrNotOffered(s scene) finding {
	for name := range strings.FieldsSeq(s.asking("acr_values")) {
		if s.lacks("acr_values_supported", name) {
			return s.backed(s.fact(Possible, "acr_values", "The server does not announce the acr that was asked for.", "acr_values of this request: "+wire.Safe(s.asking("acr_values"))), "acr", "authentication context")
		}
	}
	return finding{}
}

func maxAge(s scene) finding {
	v := s.asking("max_age")
	if v == "" || regexp.MustCompile(`^[0-9]{1,12}$`).MatchString(v) {
		return finding{}
	}
	return s.fact(Likely, "max_age", "max_age is a number of seconds, and this is none.", "max_age of this request: "+wire.Safe(v))
}

func (s scene) wants(member string) bool { return s.metadata().Flag(member) }

// pushWanted: the metadata can demand pushed requests (RFC 9126 §5).
func pushWanted(s scene) finding {
	if s.blamed() == "par" || s.asking("request_uri") != "" || !s.wants("require_pushed_authorization_requests") {
		return finding{}
	}
	return s.fact(Likely, "request_uri", "The server takes pushed requests only, and this one was not pushed.", "the metadata says require_pushed_authorization_requests, and request_uri is not there")
}

// signedWanted: the metadata can demand signed requests (RFC 9101 §10.5).
func signedWanted(s scene) finding {
	if s.pushedOrSigned() || !s.wants("require_signed_request_object") {
		return finding{}
	}
	return s.fact(Likely, "request", "The server takes signed requests only, and this one was not signed.", "the metadata says require_signed_request_object, and request is not there")
}

// pushedTooLongAgo: a pushed request lives for a moment, and works once (RFC 9126 §2.2).
func pushedTooLongAgo(s scene) finding {
	all := s.ResultOf("par").Exchanges()
	if len(all) == 0 || s.blamed() == "par" {
		return finding{}
	}
	doc, _, _ := wire.ParseJSON([]byte(all[len(all)-1].Response.Body.Raw()), wire.Limits{})
	life, known := doc.Int("expires_in")
	age := s.ResultOf("authorize").Began.Sub(s.ResultOf("par").Ended)
	if !known || life <= 0 || life > 1<<30 {
		return finding{}
	}
	text := fmt.Sprintf("the request was used %s after it was pushed, of %d s", age.Round(time.Second), life)
	if age <= time.Duration(life)*time.Second {
		return finding{ruledOut: text, step: "authorize"}
	}
	return s.fact(Certain, "request_uri", "The pushed request had expired before the browser brought it.", text)
}

// longAddress: servers and proxies cut or refuse long addresses (RFC 9110 §4.1 asks for 8,000).
func longAddress(s scene) finding {
	req, ok := s.sent(s.blamed())
	n := len(req.Target())
	if !ok || n < 2000 && s.problem.HTTPStatus != 414 {
		return finding{}
	}
	f := s.fact(Possible, ":url", "The address is long, and a server or a proxy may refuse it.", fmt.Sprintf("the address has %d characters", n))
	if s.problem.HTTPStatus == 414 || s.problem.HTTPStatus == 431 {
		f.confidence, f.sentence = Certain, "The address is longer than the server takes."
	}
	return f
}
