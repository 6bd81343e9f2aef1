package lab

import (
	"net/http"
	"net/url"
	"strings"
)

// hostileText tries what a terminal might obey: colours, a cleared screen, a
// window title, the clipboard, a link, C1 codes, bidirectional overrides, a
// carriage return over its own label, too many parameters.
func hostileText() string {
	return "\x1b[2J\x1b[1;1H\x1b[31mPWNED\x1b[0m \x1b]0;title\x07 \x1b]52;c;cm0gLXJmIC8=\x07 \x1b]8;;http://evil.test\x1b\\link\x1b]8;;\x1b\\ " +
		"\u009b31m \u202egnorw\u202c \u200b \u2028 \rerror: none\x08\x08 \x1bPq\x1b\\ \x1b[" + strings.Repeat("1;", 40) + "m \x00 end"
}

// hostileHeader is what of it readers of HTTP let through in a header: the codes
// that are no ASCII, which UTF-8 terminals obey all the same.
func hostileHeader() string {
	return "\u009b31mPWNED\u009b0m \u009d52;c;cm0gLXJmIC8=\u009c \u0090q\u009c \u202egnorw\u202c \u200b \u2028 end"
}

// escapeFaults put control codes into every text that a server can send. A
// client that shows them as they are hands its terminal to the server.
func escapeFaults() []*fault {
	const shows = " tries to rewrite a terminal: colours, a cleared screen, the clipboard, text that runs backwards, a zero byte."
	poison := func(step, route, key, title, where string, status int, breaks norm, change func(*exchange, *reply)) *fault {
		f := badness{key, title, "", breaks, where + shows}.at(KindAnswer, step, status)
		f.route, f.alter = route, change
		return f
	}
	refusal := badness{"terminal_escapes", "Terminal codes in the error text", "invalid_grant", errorText,
		"The error_description is full of control codes that try to rewrite a terminal."}.at(KindAnswer, "token", http.StatusBadRequest)
	refusal.Error, refusal.route = "invalid_grant", routeToken
	refusal.answer = func(x *exchange) reply {
		out := says(http.StatusBadRequest, "invalid_grant", hostileText(), "")(x)
		out.json["error_uri"] = "https://evil.test/" + hostileText()
		return out
	}
	back := badness{"escapes_callback", "Terminal codes in the answer", "access_denied", errorText,
		"The error_description that comes back through the browser" + shows}.at(KindAnswer, "callback", http.StatusSeeOther)
	back.Error = "access_denied"
	back.alter = onCallback(func(_ *exchange, p url.Values) {
		p.Del("code")
		p.Set("error", "access_denied")
		p.Set("error_description", hostileText())
		p.Set("error_uri", "https://evil.test/"+hostileText())
	})
	return []*fault{
		poison("discovery", routeMetadata, "escapes_metadata", "Terminal codes in the metadata", "What the metadata says about itself, its scopes and its claims", http.StatusOK, metadataText,
			onSuccess(func(_ *exchange, out *reply) {
				spoilTexts(out.json, "service_documentation", "op_policy_uri", "op_tos_uri", hostileText())
			})),
		poison("discovery", "", "escapes_headers", "Terminal codes in headers", "A header of every answer, and the challenge of the API,", http.StatusOK, headerText,
			func(_ *exchange, out *reply) {
				if out.header == nil {
					out.header = http.Header{}
				}
				out.header.Set("X-Lab-Note", hostileHeader())
				if challenge := out.header.Get("WWW-Authenticate"); challenge != "" {
					out.header.Set("WWW-Authenticate", challenge+`, note="`+hostileHeader()+`"`)
				}
			}),
		poison("device_authorization", routeDevice, "escapes_device", "Terminal codes beside the user code", "A message that the server wants the device to show", http.StatusOK, userCodes,
			onSuccess(func(_ *exchange, out *reply) { spoilTexts(out.json, "message", "user_code") })).needing("device_code", ""),
		poison("authorize", "", "escapes_page", "Terminal codes on the pages", "The text of every page of the server", http.StatusOK, headerText,
			func(_ *exchange, out *reply) {
				if out.page != nil {
					out.page.Title, out.page.Text = out.page.Title+" "+hostileText(), out.page.Text+" "+hostileText()
				}
			}),
		back,
		refusal,
		poison("token", routeToken, "escapes_token", "Terminal codes beside the tokens", "A member of the token answer, by its name and its value,", http.StatusOK, answerJSON,
			onSuccess(func(_ *exchange, out *reply) { spoilTexts(out.json, "message", hostileText()) })),
		poison("id_token", "", "escapes_claims", "Terminal codes in claims", "The name of the user, in the ID token and in userinfo,", http.StatusOK, claimText,
			func(x *exchange, out *reply) {
				onIDToken(func(_ *exchange, t *jwt) { spoilTexts(t.claims, "name", "preferred_username", hostileText()) })(x, out)
				if x.route.name == routeUserinfo && out.json != nil && out.status == http.StatusOK {
					spoilTexts(out.json, "name", "preferred_username", hostileText())
				}
			}),
		poison("api", routeAPI, "escapes_api", "Terminal codes from the API", "The name in the answer of the API", http.StatusOK, claimText,
			onSuccess(func(_ *exchange, out *reply) { spoilTexts(out.json, "name", hostileText()) })),
	}
}

// spoilTexts adds hostile text to these members, and to the lists of names that
// metadata is made of.
func spoilTexts(members map[string]any, names ...string) {
	for _, name := range names {
		text, _ := members[name].(string)
		members[name] = text + hostileText()
	}
	for _, name := range []string{"scopes_supported", "claims_supported"} {
		if list, ok := members[name].([]any); ok {
			members[name] = append(list[:len(list):len(list)], hostileText())
		}
	}
}
