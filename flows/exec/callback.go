package exec

import (
	"crypto/subtle"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// expectation is the one request that the listener waits for.
type expectation struct {
	host    string // as the Host header must say it
	path    string // escaped, exact
	done    string // where the browser ends up, so that the code leaves its address bar
	state   string
	mode    string // query, fragment or form_post
	signed  bool   // the answer is one signed parameter (JARM)
	address string // redirect_uri without a query
}

// incoming is a request at the callback port, reduced to what the rules look at.
type incoming struct {
	Method, Host, Path, RawPath, RawQuery, ContentType, FetchMode, Body string
	Header                                                              []flows.Param
}

// verdict is what happens with a request: the page that it gets, and what the
// run is told. Without a note the run is told nothing.
type verdict struct {
	page   page
	note   string
	checks []wire.Check
}

// judge decides about one request. It is pure. Only a navigation to the exact
// host and path whose first state is ours is welcome; state is looked at before
// any other parameter, so a forged error or code changes nothing
// (RFC 6749 §10.12, RFC 9700 §4.7).
func (x expectation) judge(in incoming) verdict {
	switch {
	case in.Host != x.host:
		return verdict{page: pageWrongHost, note: "a request for the host " + clipped(in.Host) + " arrived at the callback port; it was turned away (DNS rebinding looks like that)"}
	case in.RawPath == x.done && in.Method == http.MethodGet:
		return verdict{page: pageDone}
	case in.RawPath != x.path:
		v := verdict{page: pageNotFound}
		if looksLikeAnswer(split(in.RawQuery)) {
			v.note = "what looks like an answer arrived at " + clipped(in.RawPath) + ", but redirect_uri says " + wire.Safe(x.path) + "; it was not read"
		}
		return v
	case in.Method == http.MethodPost && x.mode == "query", in.Method != http.MethodGet && in.Method != http.MethodPost:
		return verdict{page: pageWrongMethod, note: "a " + clipped(in.Method) + " request arrived at the callback, where response_mode " + wire.Safe(x.mode) + " comes with " + x.allow()}
	case in.FetchMode != "" && in.FetchMode != "navigate":
		return verdict{page: pageForeign, note: "a script on some web page called the callback (Sec-Fetch-Mode: " + clipped(in.FetchMode) + "); an answer is a navigation, so it was not read"}
	case in.Method == http.MethodPost && !isForm(in.ContentType):
		return verdict{page: pageForeign, note: "a POST that is no form arrived at the callback; it was not read"}
	}
	return x.judgeState(in)
}

func (x expectation) judgeState(in incoming) verdict {
	params := in.params()
	if len(params) == 0 {
		switch {
		case x.mode == "fragment" && in.Method == http.MethodGet:
			return verdict{page: pageFragment}
		case x.mode == "fragment":
			return verdict{page: pageEmpty, note: "the browser came back with neither a query nor a fragment. The server sent no answer; look at its log"}
		}
		return verdict{page: pageEmpty, note: "the browser came back without parameters. If its address has a part behind #, the server answered with response_mode fragment: copy the whole address and paste it here"}
	}
	got, has := first(params, "state")
	if x.signed {
		state, known := flows.StateIn(params)
		if got, has = state.Raw(), state != ""; !known {
			return verdict{page: pageWelcomeBack} // encrypted: only the run can open it
		}
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(x.state)) == 1 && x.state != "" {
		return verdict{page: pageWelcomeBack}
	}
	c := wire.Check{ID: "state_mismatch", Status: wire.Warn, Got: clipped(got), Want: wire.Safe(x.state), Ref: "RFC 6749 §10.12",
		Message: "a callback with another state arrived; it was not for this run and changed nothing"}
	note := "a callback that is not for this run"
	if !has {
		c.Message = "a callback without state arrived; nothing ties it to this run, so it changed nothing"
		note = "a callback without state"
	}
	if code, ok := first(params, "error"); ok {
		note += ", with the error " + clipped(code)
	}
	return verdict{page: pageForeign, note: note, checks: []wire.Check{c}}
}

func (x expectation) allow() string {
	if x.mode == "query" {
		return "GET"
	}
	return "GET, POST"
}

func isForm(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "application/x-www-form-urlencoded"
}

func looksLikeAnswer(params []flows.Param) bool {
	for _, name := range []string{"code", "state", "error", "response"} {
		if _, ok := first(params, name); ok {
			return true
		}
	}
	return false
}

func first(params []flows.Param, name string) (string, bool) {
	for _, p := range params {
		if p.Name == name {
			return p.Value.Raw(), true
		}
	}
	return "", false
}

// params are those of the query and, of a POST, those of the form.
func (in incoming) params() []flows.Param {
	out := split(in.RawQuery)
	if in.Method == http.MethodPost {
		out = append(out, split(in.Body)...)
	}
	return out
}

// request is the answer as the browser made it.
func (in incoming) request(address string) flows.Request {
	r := flows.Request{Method: in.Method, URL: wire.Untrusted(address), Query: split(in.RawQuery), Header: in.Header}
	if in.Method == http.MethodPost {
		r.Form = split(in.Body)
	}
	return r
}

// clipped is the request of a stranger, short enough to keep a hundred of them.
func (in incoming) clipped(address string) flows.Request {
	const params, length = 32, 512
	r := in.request(address)
	if u, err := url.Parse(address); err == nil && in.RawPath != "" {
		r.URL = wire.Untrusted(u.Scheme + "://" + u.Host + in.RawPath)
	}
	r.URL = cut(r.URL, length)
	r.Query, r.Form = r.Query[:min(len(r.Query), params)], r.Form[:min(len(r.Form), params)]
	for _, list := range [][]flows.Param{r.Query, r.Form, r.Header} {
		for i := range list {
			list[i].Name, list[i].Value = cut(wire.Untrusted(list[i].Name), length).Raw(), cut(list[i].Value, length)
		}
	}
	return r
}

func cut(s wire.Untrusted, most int) wire.Untrusted {
	if len(s) > most {
		return wire.Untrusted(strings.ToValidUTF8(s.Raw()[:most], "")) + "…"
	}
	return s
}

// split takes a query or form apart and keeps the order. A part that cannot be
// unescaped stays as it was sent.
func split(raw string) []flows.Param {
	var out []flows.Param
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, value = unescaped(name), unescaped(value)
		out = append(out, flows.Param{Name: name, Value: wire.Untrusted(value), Secret: flows.Sensitive(name)})
	}
	return out
}

func unescaped(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}
