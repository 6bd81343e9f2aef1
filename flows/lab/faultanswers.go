package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// discoveryFaults spoil the metadata.
func discoveryFaults() []*fault {
	answers := func(status int, answer func(*exchange) reply, b badness) *fault {
		f := b.at(KindAnswer, "discovery", status)
		f.route, f.answer = routeMetadata, answer
		return f
	}
	changes := func(change func(*exchange, *reply), b badness) *fault {
		f := b.at(KindAnswer, "discovery", http.StatusOK)
		f.route, f.alter = routeMetadata, onSuccess(change)
		return f
	}
	return []*fault{
		answers(http.StatusNotFound, notFoundPage, badness{"discovery_404", "No metadata", "metadata_invalid", metadataThere,
			"The discovery document is not there: 404, as under a wrong path."}),
		answers(http.StatusFound, func(x *exchange) reply {
			return redirectTo(http.StatusFound, x.tenant.issuer+"/.well-known/openid-configuration")
		},
			badness{"discovery_loop", "Discovery redirects to itself", "metadata_invalid", redirects,
				"The discovery document answers with a redirect to its own address, for ever."}),
		changes(func(_ *exchange, out *reply) {
			delete(out.json, "token_endpoint")
			delete(out.json, "jwks_uri")
		}, badness{"discovery_endpoints", "Endpoints missing", "missing_value", metadataRequired,
			"The discovery document has neither a token_endpoint nor a jwks_uri."}),
		changes(func(x *exchange, out *reply) { out.json["issuer"] = x.otherIssuer() }, badness{"discovery_issuer", "Metadata of another issuer", "metadata_issuer_mismatch", metadataIssuer,
			"The discovery document names another issuer than the one that was asked."}),
		answers(http.StatusOK, webPage, badness{"discovery_html", "Discovery is a web page", "metadata_invalid", metadataJSON,
			"A web page comes back with status 200 where the discovery document should be, as behind a wrong path or a captive portal."}),
	}
}

// callbackFaults spoil the answer that travels through the browser.
func callbackFaults() []*fault {
	changes := func(change func(*exchange, url.Values), b badness) *fault {
		f := b.at(KindAnswer, "callback", http.StatusSeeOther)
		f.alter = onCallback(change)
		return f
	}
	both := changes(func(_ *exchange, p url.Values) {
		p.Set("error", "server_error")
		p.Set("error_description", "The server failed, but here is a code all the same.")
	}, badness{"error_and_code", "An error and a code", "server_error", errorOrCode, "The callback carries an error and a code at the same time."})
	both.Error = "server_error"
	posted := badness{"form_post", "Answer as a form", "", formPosted,
		"The answer comes as a form that posts itself to the redirect URI. Cookies with SameSite=Lax do not come along, so a web application may not find its session."}.at(KindScenario, "callback", http.StatusOK)
	posted.alter = func(x *exchange, out *reply) {
		if out.redirect != nil && x.route.name != routeLogout {
			out.redirect.mode = "form_post"
		}
	}
	return []*fault{
		changes(func(x *exchange, p url.Values) { p.Set("state", x.lab.random.text()) }, badness{"state_mismatch", "Another state", "state_mismatch", stateReturned,
			"The callback carries a state that the client did not send."}),
		changes(func(_ *exchange, p url.Values) { p.Del("state") }, badness{"state_missing", "No state", "state_missing", stateReturned,
			"The callback brings no state back."}),
		changes(func(x *exchange, p url.Values) { p.Set("iss", x.otherIssuer()) }, badness{"iss_mismatch", "iss of another server", "response_iss_mismatch", issReturned,
			"The callback says that another server issued the code, as in a mix-up attack."}),
		changes(func(_ *exchange, p url.Values) { p.Del("iss") }, badness{"iss_missing", "No iss", "response_iss_missing", issReturned,
			"The callback has no iss, although the metadata promises one."}),
		both,
		changes(func(_ *exchange, p url.Values) { clear(p) }, badness{"fragment_lost", "Answer lost on the way", "state_missing", fragmentKept,
			"The browser reaches the redirect URI, but everything behind the address is gone, as when a router or a redirect drops the fragment."}),
		posted,
	}
}

// tokenAnswerFaults make the answer of the token endpoint hard to read.
func tokenAnswerFaults() []*fault {
	changes := func(change func(*exchange, *reply), b badness) *fault {
		f := b.at(KindAnswer, "token", http.StatusOK)
		f.route, f.alter = routeToken, onSuccess(change)
		return f
	}
	answers := func(status int, code string, answer func(*exchange) reply, b badness) *fault {
		f := b.at(KindAnswer, "token", status)
		f.route, f.answer, f.Error = routeToken, answer, code
		return f
	}
	member := func(name string, value any) func(*exchange, *reply) {
		return func(_ *exchange, out *reply) { out.json[name] = value }
	}
	text := func(change func([]byte) []byte) func(*exchange, *reply) {
		return func(_ *exchange, out *reply) { out.rewrite = change }
	}
	return []*fault{
		changes(member("expires_in", "300"), badness{"expires_string", "expires_in as text", "expires_in_type", expiresInSeconds, "The expires_in is a text instead of a number."}),
		changes(member("expires_in", 299.5), badness{"expires_float", "expires_in with a fraction", "", expiresInSeconds, "The expires_in has a fraction: 299.5."}),
		changes(member("expires_in", -300), badness{"expires_negative", "expires_in below zero", "expires_in_type", expiresInSeconds, "The expires_in is negative, so the token is over before it is there."}),
		changes(func(_ *exchange, out *reply) { delete(out.json, "token_type") }, badness{"token_type_missing", "No token_type", "token_type", tokenType, "The answer does not say how the token is to be used."}),
		changes(func(_ *exchange, out *reply) { out.header.Set("Content-Type", "text/html") }, badness{"token_content_type", "JSON under another name", "nonstandard_answer", answerJSON,
			"The answer is JSON, but its Content-Type says text/html."}),
		changes(text(func(b []byte) []byte { return append([]byte("\ufeff"), b...) }), badness{"token_bom", "Byte order mark", "utf8", jsonStart, "The JSON begins with a byte order mark, which RFC 8259 forbids."}),
		changes(text(func(b []byte) []byte {
			return bytes.Replace(b, []byte("{"), []byte(`{"access_token":"lab_first_of_two",`), 1)
		}), badness{"token_duplicates", "Members twice", "json_duplicate", jsonNames, "The JSON has access_token twice, first with another value."}),
		changes(text(func(b []byte) []byte { return []byte(`{"data":` + strings.TrimSpace(string(b)) + "}\n") }), badness{"token_nested", "Tokens one level down", "nonstandard_answer", answerJSON,
			"The tokens stand inside a member called data."}),
		changes(func(_ *exchange, out *reply) {
			out.header.Set("Content-Type", "application/x-www-form-urlencoded")
			out.rewrite = formEncoded
		}, badness{"form_token", "Tokens as a form", "nonstandard_answer", answerJSON, "The answer is form-encoded instead of JSON, as GitHub does unless asked."}),
		changes(text(func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), 2<<20)...) }), badness{"token_huge", "Endless answer", "", answerJSON,
			"The answer is followed by two megabytes of blanks."}),
		changes(func(_ *exchange, out *reply) { delete(out.json, "refresh_token") }, badness{"refresh_absent", "No refresh token", "", refreshAsked,
			"The answer has no refresh_token, although offline_access was asked for."}).needing("refresh_token", ""),
		answers(http.StatusOK, "invalid_grant", says(http.StatusOK, "invalid_grant", "The status says success, but this is an error.", ""), badness{"error_200", "An error with status 200", "invalid_grant", errorStatus,
			"The token endpoint reports an error with status 200, as some products do."}),
		answers(http.StatusOK, "", webPage, badness{"token_html", "Web page at the token endpoint", "nonstandard_answer", answerJSON,
			"The token endpoint answers 200 with a web page instead of JSON, as a proxy or a firewall does."}),
		answers(http.StatusInternalServerError, "", func(*exchange) reply {
			return textReply(http.StatusInternalServerError, "Internal Server Error\n")
		}, badness{"token_500", "Token endpoint fails", "http_500", serverFailed, "The token endpoint answers 500 with a line of text."}),
		answers(http.StatusServiceUnavailable, "temporarily_unavailable", says(http.StatusServiceUnavailable, "temporarily_unavailable", "The server is busy. Try again in 30 seconds.", "30"),
			badness{"tmp_busy", "Server busy", "temporarily_unavailable", serverBusy, "The token endpoint answers 503 and says in Retry-After when to come back."}),
		answers(http.StatusTooManyRequests, "temporarily_unavailable", says(http.StatusTooManyRequests, "temporarily_unavailable", "Too many requests. Keep tokens until they expire, and wait.", "60"),
			badness{"throttle", "Too many requests", "temporarily_unavailable", tooMany, "The token endpoint answers 429, with the time to wait in Retry-After."}),
		answers(http.StatusBadRequest, "invalid_grant", changingWords, badness{"error_contract", "Error text that changes", "invalid_grant", errorWords,
			"The same error has another error_description each time, so a program that reads the text breaks."}),
	}
}

// says is an error in the form of RFC 6749 §5.2 with any status.
func says(status int, code, description, retryAfter string) func(*exchange) reply {
	return func(*exchange) reply {
		out := jsonReply(status, map[string]any{"error": code, "error_description": description})
		if retryAfter != "" {
			out.header.Set("Retry-After", retryAfter)
		}
		return out
	}
}

// changingWords says the same in words that were never used before.
func changingWords(x *exchange) reply {
	words := [...]string{"The code was not accepted.", "That code is no good.", "Code refused.", "This grant has no value here."}
	id := x.lab.random.letters(6)
	return says(http.StatusBadRequest, "invalid_grant", words[int(id[0])%len(words)]+" Message "+id+".", "")(x)
}

// transportFaults break the connection under the token answer.
func transportFaults() []*fault {
	cut := func(reset bool, b badness) *fault {
		f := b.at(KindTransport, "token", 0)
		f.route = routeToken
		f.alter = onSuccess(func(_ *exchange, out *reply) { out.cut, out.reset = 40, reset })
		return f
	}
	return []*fault{
		cut(true, badness{"token_reset", "Connection cut in the answer", "connection_reset", wholeBody,
			"The connection is reset in the middle of the token answer. The code is spent all the same."}),
		cut(false, badness{"token_truncated", "Answer ends too early", "body_truncated", wholeBody,
			"The connection is closed in the middle of the token answer, before its announced length. The code is spent all the same."}),
	}
}

// resourceFaults spoil the answers to an access token.
func resourceFaults() []*fault {
	sub := badness{"userinfo_sub", "Userinfo about somebody else", "userinfo_sub_mismatch", userinfoSub,
		"The sub of the userinfo answer is not the one of the ID token."}.at(KindAnswer, "userinfo", http.StatusOK)
	sub.route, sub.alter = routeUserinfo, onSuccess(func(_ *exchange, out *reply) { out.json["sub"] = "lab-user-9999" })

	api := badness{"okta_e1", "Error of a management API", "", ownErrors,
		"The API refuses in a form of its own: errorCode, errorSummary and errorCauses, and no OAuth error."}.at(KindScenario, "api", http.StatusBadRequest)
	api.route, api.answer = routeAPI, func(x *exchange) reply {
		return jsonReply(http.StatusBadRequest, map[string]any{"errorCode": "E0000001", "errorSummary": "The request does not fulfil a condition of this API. See errorCauses.",
			"errorLink": "E0000001", "errorId": x.lab.random.text(), "errorCauses": []any{map[string]any{"errorSummary": "login: a user with this login exists."}}})
	}
	return []*fault{sub, opaqueTokens(), api}
}

func notFoundPage(*exchange) reply { return textReply(http.StatusNotFound, "Not Found\n") }

func redirectTo(status int, target string) reply {
	out := textReply(status, http.StatusText(status)+"\n")
	out.header.Set("Location", target)
	return out
}

// webPage is what a proxy or a login wall puts in the way.
func webPage(*exchange) reply {
	out := textReply(http.StatusOK, "<!doctype html>\n<title>Welcome</title>\n<h1>Please sign in to the network</h1>\n<p>authdance lab: this page is a fault that is switched on.</p>\n")
	out.header.Set("Content-Type", "text/html; charset=utf-8")
	return out
}

// formEncoded turns a JSON object into a form.
func formEncoded(body []byte) []byte {
	var members map[string]any
	_ = json.Unmarshal(body, &members) // we wrote it
	form := url.Values{}
	for name, v := range members {
		form.Set(name, fmt.Sprint(v))
	}
	return []byte(form.Encode())
}
