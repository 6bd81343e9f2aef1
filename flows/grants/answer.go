package grants

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// answer reads the JSON object of a response. ok is false when the flow cannot
// go on with it: then the verdict says why. Deviations are read, and named.
func answer(e flows.Entry) (wire.Value, flows.Verdict, bool) {
	rec, isReceived := e.Event.(flows.Received)
	if !isReceived {
		return wire.Value{}, unexpected(e), false
	}
	res := rec.Exchange.Response
	if 300 <= res.Status && res.Status < 400 {
		return wire.Value{}, flows.Verdict{Problem: &flows.Problem{Kind: flows.Refused, Code: "nonstandard_answer", HTTPStatus: res.Status,
			Description: "the endpoint answered with a redirect to " + res.Get("Location") + "; authdance follows none, because the request carries credentials"}}, false
	}
	doc, checks, err := wire.ParseJSON([]byte(res.Body.Raw()), wire.Limits{})
	v := flows.Verdict{Checks: checks}
	if err != nil || doc.Kind != wire.Object {
		form, isForm := formObject(res)
		if !isForm {
			return doc, flows.Verdict{Checks: checks, Problem: unreadable(res, err)}, false
		}
		doc = form
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Message: "the answer is form-encoded; the specification asks for JSON",
			Got: res.Get("Content-Type").Safe(), Want: "application/json", Ref: "RFC 6749 §5.1"})
	}
	if c, odd := contentType(res); odd && err == nil {
		v.Checks = append(v.Checks, c)
	}
	if p := problem(doc, res); p != nil {
		if res.Status == http.StatusOK {
			v.Checks = append(v.Checks, wire.Check{ID: "http_200_error", Status: wire.Warn, Message: "the answer is an error, but its HTTP status says success",
				Got: "200", Want: "400", Ref: "RFC 6749 §5.2"})
		}
		v.Problem = p
		return doc, v, false
	}
	return doc, v, true
}

// contentType names an answer that is JSON and says that it is something else.
func contentType(res flows.Response) (wire.Check, bool) {
	got := res.Get("Content-Type")
	kind, _, _ := mime.ParseMediaType(got.Raw())
	if kind == "" || kind == "application/json" || strings.HasSuffix(kind, "+json") {
		return wire.Check{}, false
	}
	return wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Message: "the answer is JSON, but its Content-Type says something else",
		Got: got.Safe(), Want: "application/json", Ref: "RFC 6749 §5.1"}, true
}

// problem finds the error in an answer: OAuth's own members first, then the
// challenge of an API, then vendors' forms, then the bare status.
func problem(doc wire.Value, res flows.Response) *flows.Problem {
	p := &flows.Problem{Kind: flows.OAuth, HTTPStatus: res.Status, Code: doc.Str("error"),
		Description: wire.Untrusted(doc.Str("error_description")), URI: wire.Untrusted(doc.Str("error_uri"))}
	if nested, ok := doc.Get("error"); ok && nested.Kind == wire.Object {
		p.Code, p.Description = nested.Str("code"), wire.Untrusted(nested.Str("message"))
		if p.Code == "" {
			p.Code = nested.Str("status")
		}
	}
	if p.Code == "" {
		p.Code, p.Description = doc.Str("errorCode"), wire.Untrusted(doc.Str("errorSummary"))
	}
	if p.Code == "" {
		p.Code, p.Description = challenge(res)
	}
	if p.Code == "" && res.Status >= 400 {
		p.Code = fmt.Sprintf("http_%d", res.Status)
		p.Description = wire.Untrusted(http.StatusText(res.Status))
	}
	if p.Code == "" {
		return nil
	}
	return p
}

// challenge reads error and error_description of a WWW-Authenticate header
// (RFC 6750 §3).
func challenge(res flows.Response) (string, wire.Untrusted) {
	h := res.Get("WWW-Authenticate").Raw()
	return attribute(h, "error"), wire.Untrusted(attribute(h, "error_description"))
}

// challengeParam is a parameter of the first challenge that has it. There may
// be several WWW-Authenticate fields.
func challengeParam(res flows.Response, name string) string {
	for _, h := range res.Header {
		if strings.EqualFold(h.Name, "WWW-Authenticate") {
			if val := attribute(h.Value.Raw(), name); val != "" {
				return val
			}
		}
	}
	return ""
}

// attribute returns a quoted or bare auth-param of a challenge.
func attribute(header, name string) string {
	for rest := header; ; {
		i := strings.Index(strings.ToLower(rest), name+"=")
		if i < 0 {
			return ""
		}
		before := byte(' ')
		if i > 0 {
			before = rest[i-1]
		}
		rest = rest[i+len(name)+1:]
		if before != ' ' && before != ',' {
			continue
		}
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			val, _, _ := strings.Cut(quoted, `"`)
			return val
		}
		val, _, _ := strings.Cut(rest, ",")
		return strings.TrimSpace(val)
	}
}

// formObject reads an answer of the kind a=b&c=d, which some servers send.
func formObject(res flows.Response) (wire.Value, bool) {
	body := res.Body.Raw()
	if !strings.Contains(strings.ToLower(res.Get("Content-Type").Raw()), "form-urlencoded") &&
		!strings.HasPrefix(body, "access_token=") && !strings.HasPrefix(body, "error=") {
		return wire.Value{}, false
	}
	q, err := url.ParseQuery(body)
	if err != nil || len(q) == 0 {
		return wire.Value{}, false
	}
	doc := wire.Value{Kind: wire.Object}
	for name := range q {
		doc.Members = append(doc.Members, wire.Member{Name: name, Value: wire.Value{Kind: wire.String, Text: q.Get(name)}})
	}
	return doc, true
}

// unreadable explains an answer that is no JSON object.
func unreadable(res flows.Response, err error) *flows.Problem {
	if p := problem(wire.Value{}, res); p != nil {
		if err != nil && res.Body != "" {
			p.Description += wire.Untrusted(" (" + err.Error() + ")")
		}
		return p
	}
	p := &flows.Problem{Kind: flows.Refused, Code: "nonstandard_answer", HTTPStatus: res.Status, Description: "the answer is JSON, but not an object"}
	if err != nil {
		p.Description = wire.Untrusted(err.Error())
	}
	if res.Truncated {
		p.Description += " (the body was longer than the limit and was cut)"
	}
	return p
}
