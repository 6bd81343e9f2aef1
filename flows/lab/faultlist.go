package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// knownFaults is the list of faults, in the order of the flow. A fault that
// reproduces a situation people get into has the key of that situation.
func knownFaults() []*fault {
	var all []*fault
	for _, step := range [][]*fault{discoveryFaults(), flowFaults(), scenarioFaults(), weakFaults()} {
		all = append(all, step...)
	}
	order := []string{"discovery", "authorize", "callback", "token", "id_token", "userinfo", "api", "weak"}
	slices.SortStableFunc(all, func(a, b *fault) int { return slices.Index(order, a.Step) - slices.Index(order, b.Step) })
	return all
}

// flowFaults are the ones that a client meets on the way through the code flow.
func flowFaults() []*fault {
	return slices.Concat(tokenAnswerFaults(), idTokenFaults(), []*fault{
		{Fault: Fault{Key: "discovery_issuer", Title: "Metadata of another issuer", Step: "discovery", Breaks: "metadata_issuer_mismatch",
			Shows: "The discovery document names another issuer than the one that was asked."},
			route: routeMetadata, alter: onSuccess(func(x *exchange, out *reply) { out.json["issuer"] = x.otherIssuer() })},
		{Fault: Fault{Key: "discovery_html", Title: "Discovery is a web page", Step: "discovery", Breaks: "metadata_invalid",
			Shows: "A web page comes back with status 200 where the discovery document should be, as behind a wrong path or a captive portal."},
			route: routeMetadata, answer: webPage},

		{Fault: Fault{Key: "state_mismatch", Title: "Another state", Step: "callback", Breaks: "state_mismatch",
			Shows: "The callback carries a state that the client did not send."},
			alter: onCallback(func(x *exchange, p url.Values) { p.Set("state", x.lab.random.text()) })},
		{Fault: Fault{Key: "state_missing", Title: "No state", Step: "callback", Breaks: "state_missing",
			Shows: "The callback brings no state back."},
			alter: onCallback(func(_ *exchange, p url.Values) { p.Del("state") })},
		{Fault: Fault{Key: "iss_mismatch", Title: "iss of another server", Step: "callback", Breaks: "response_iss_mismatch",
			Shows: "The callback says that another server issued the code, as in a mix-up attack."},
			alter: onCallback(func(x *exchange, p url.Values) { p.Set("iss", x.otherIssuer()) })},
		{Fault: Fault{Key: "iss_missing", Title: "No iss", Step: "callback", Breaks: "response_iss_missing",
			Shows: "The callback has no iss, although the metadata promises one."},
			alter: onCallback(func(_ *exchange, p url.Values) { p.Del("iss") })},
		{Fault: Fault{Key: "error_and_code", Title: "An error and a code", Step: "callback", Breaks: "server_error",
			Shows: "The callback carries an error and a code at the same time."},
			alter: onCallback(func(_ *exchange, p url.Values) {
				p.Set("error", "server_error")
				p.Set("error_description", "The server failed, but here is a code all the same.")
			})},

		{Fault: Fault{Key: "code_expired", Title: "Code expires at once", Step: "token", Breaks: "invalid_grant",
			Shows: "Every code has expired when it is redeemed."},
			route: routeToken, before: (*exchange).expireCode},
		{Fault: Fault{Key: "client_unknown", Title: "Client not known", Step: "token", Breaks: "invalid_client",
			Shows: "The token endpoint answers 401 invalid_client, as for a client of another tenant."},
			route: routeToken, answer: func(x *exchange) reply { return x.refuse(clientUnknown) }},
		{Fault: Fault{Key: "token_html", Title: "Web page at the token endpoint", Step: "token", Breaks: "nonstandard_answer",
			Shows: "The token endpoint answers 200 with a web page instead of JSON, as a proxy or a firewall does."},
			route: routeToken, answer: webPage},
		{Fault: Fault{Key: "token_500", Title: "Token endpoint fails", Step: "token", Breaks: "server_error",
			Shows: "The token endpoint answers 500 with a line of text."},
			route: routeToken, answer: func(*exchange) reply {
				return textReply(http.StatusInternalServerError, "Internal Server Error\n")
			}},
		{Fault: Fault{Key: "tmp_busy", Title: "Server busy", Step: "token", Breaks: "temporarily_unavailable",
			Shows: "The token endpoint answers 503 and says in Retry-After when to come back."},
			route: routeToken, answer: func(*exchange) reply {
				out := jsonReply(http.StatusServiceUnavailable, map[string]any{"error": "temporarily_unavailable", "error_description": "The server is busy. Try again in 30 seconds."})
				out.header.Set("Retry-After", "30")
				return out
			}},
		{Fault: Fault{Key: "token_reset", Title: "Connection cut in the answer", Step: "token", Breaks: "connection_reset",
			Shows: "The connection breaks off in the middle of the token answer. The code is spent all the same."},
			route: routeToken, alter: onSuccess(func(_ *exchange, out *reply) { out.cut = 40 })},
		{Fault: Fault{Key: "terminal_escapes", Title: "Terminal codes in the error text", Step: "token", Breaks: "invalid_grant",
			Shows: "The error_description is full of control codes that try to rewrite a terminal."},
			route: routeToken, answer: func(*exchange) reply {
				return jsonReply(http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": hostileText()})
			}},

		{Fault: Fault{Key: "rs_alg_none", Title: "Unsigned ID token", Step: "id_token", Breaks: "alg_none",
			Shows: "The ID token says alg none and has no signature."},
			alter: onIDToken(func(_ *exchange, t *jwt) {
				t.header["alg"] = "none"
				delete(t.header, "kid")
			})},
		{Fault: Fault{Key: "idtoken_unknown_key", Title: "ID token signed by an unknown key", Step: "id_token", Breaks: "kid_unknown",
			Shows: "The ID token is signed with a key that is not in the key set."},
			alter: onIDToken(func(_ *exchange, t *jwt) { signWithStranger(t) })},
		{Fault: Fault{Key: "idtoken_aud", Title: "ID token for another client", Step: "id_token", Breaks: "aud_mismatch",
			Shows: "The aud of the ID token is another client."},
			alter: onIDToken(func(_ *exchange, t *jwt) { t.claims["aud"] = "workshop-other" })},
		{Fault: Fault{Key: "idtoken_iss", Title: "ID token of another issuer", Step: "id_token", Breaks: "iss_mismatch",
			Shows: "The iss of the ID token is another server."},
			alter: onIDToken(func(x *exchange, t *jwt) { t.claims["iss"] = x.otherIssuer() })},
		{Fault: Fault{Key: "nonce_mismatch", Title: "Another nonce", Step: "id_token", Breaks: "nonce_mismatch",
			Shows: "The nonce of the ID token is not the one of this run, as in a replay."},
			alter: onIDToken(func(x *exchange, t *jwt) { t.claims["nonce"] = x.lab.random.text() })},
		{Fault: Fault{Key: "idtoken_at_hash", Title: "Wrong at_hash", Step: "id_token", Breaks: "at_hash_mismatch",
			Shows: "The at_hash of the ID token belongs to another access token."},
			alter: onIDToken(func(_ *exchange, t *jwt) { t.claims["at_hash"] = halfHash("another access token") })},
		{Fault: Fault{Key: "idtoken_c_hash", Title: "Wrong c_hash", Step: "id_token", Breaks: "c_hash_mismatch",
			Shows: "The c_hash of the ID token belongs to another code. It shows in the hybrid flow only."},
			alter: onHybrid(func(t *jwt) { t.claims["c_hash"] = halfHash("another code") })},
		{Fault: Fault{Key: "idtoken_s_hash", Title: "Wrong s_hash", Step: "id_token", Breaks: "s_hash_mismatch",
			Shows: "The s_hash of the ID token belongs to another state. It shows in the hybrid flow only."},
			alter: onHybrid(func(t *jwt) { t.claims["s_hash"] = halfHash("another state") })},
		{Fault: Fault{Key: "idtoken_expired", Title: "Expired ID token", Step: "id_token", Breaks: "expired",
			Shows: "The ID token expired five minutes before it arrived."},
			alter: onIDToken(func(x *exchange, t *jwt) {
				over := x.now().Add(-5 * time.Minute)
				t.claims["exp"], t.claims["iat"] = over.Unix(), over.Add(-15*time.Minute).Unix()
			})},

		{Fault: Fault{Key: "userinfo_sub", Title: "Userinfo about somebody else", Step: "userinfo", Breaks: "userinfo_sub_mismatch",
			Shows: "The sub of the userinfo answer is not the one of the ID token."},
			route: routeUserinfo, alter: onSuccess(func(_ *exchange, out *reply) { out.json["sub"] = "lab-user-9999" })},
		{Fault: Fault{Key: "rs_expired", Title: "API says the token is expired", Step: "api", Breaks: "invalid_token",
			Shows: "The API answers 401 invalid_token to every access token."},
			route: routeAPI, answer: func(x *exchange) reply { return x.challenge(tokenExpired, "") }},
	})
}

// onSuccess acts on a JSON answer that is no refusal.
func onSuccess(change func(*exchange, *reply)) func(*exchange, *reply) {
	return func(x *exchange, out *reply) {
		if out.json != nil && out.status == http.StatusOK {
			change(x, out)
		}
	}
}

// onCallback acts on an authorization response that is no refusal.
func onCallback(change func(*exchange, url.Values)) func(*exchange, *reply) {
	return func(x *exchange, out *reply) {
		if out.redirect != nil && !out.redirect.params.Has("error") {
			change(x, out.redirect.params)
		}
	}
}

// onIDToken acts on an ID token before it is signed.
func onIDToken(change func(*exchange, *jwt)) func(*exchange, *reply) {
	return func(x *exchange, out *reply) {
		if out.issued != nil && out.issued.id != nil {
			change(x, out.issued.id)
		}
	}
}

// onHybrid acts on an ID token that travels beside a code.
func onHybrid(change func(*jwt)) func(*exchange, *reply) {
	return func(_ *exchange, out *reply) {
		if out.issued != nil && out.issued.id != nil && out.issued.code != "" {
			change(out.issued.id)
		}
	}
}

// otherIssuer is an issuer that nobody asked.
func (x *exchange) otherIssuer() string { return x.lab.origin() + "/another-issuer" }

// expireCode ends the life of the code that is about to be redeemed.
func (x *exchange) expireCode() {
	s := x.tenant.store
	id, ok := s.codes.get(x.form.Get("code"))
	if !ok {
		return
	}
	g, ok := s.grants.get(id)
	if !ok {
		return
	}
	g.AuthCodeExpiresAt = int(x.now().Unix()) - 1
	s.grants.put(x.now(), id, g)
}

// webPage is what a proxy or a login wall puts in the way.
func webPage(*exchange) reply {
	out := textReply(http.StatusOK, "<!doctype html>\n<title>Welcome</title>\n<h1>Please sign in to the network</h1>\n<p>authdance lab: this page is a fault that is switched on.</p>\n")
	out.header.Set("Content-Type", "text/html; charset=utf-8")
	return out
}

// signWithStranger signs with a key that was made for this one token.
func signWithStranger(t *jwt) {
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return
	}
	key := newKeyPair(es256, forSigning, priv)
	t.key = key
	t.header["alg"], t.header["kid"] = key.alg, key.kid
}

// hostileText tries what a terminal might obey: colours, a cleared screen, a
// window title, the clipboard, a link, C1 codes, bidirectional overrides, a
// carriage return over its own label, too many parameters.
func hostileText() string {
	return "\x1b[2J\x1b[1;1H\x1b[31mPWNED\x1b[0m \x1b]0;title\x07 \x1b]52;c;cm0gLXJmIC8=\x07 \x1b]8;;http://evil.test\x1b\\link\x1b]8;;\x1b\\ " +
		"\u009b31m \u202egnorw\u202c \u200b \u2028 \rerror: none\x08\x08 \x1bPq\x1b\\ \x1b[" + strings.Repeat("1;", 40) + "m \x00 end"
}
