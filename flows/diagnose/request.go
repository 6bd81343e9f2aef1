package diagnose

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// requestRules look at the form of a request that a client sends itself, before
// anything that it says.
func requestRules() []rule {
	direct := asked("token", "par", "revoke", "introspect", "device_authorization", "backchannel_authentication")
	token := asked("token")
	return []rule{
		{"wrong-http-method", direct, wrongMethod},
		{"empty-request", direct, emptyRequest},
		{"endpoints-swapped", token, swapped},
		{"json-body", direct, jsonBody},
		{"parameters-in-query", direct, inQuery},
		{"missing-parameter", token, grantTypeMissing},
		{"missing-parameter", token, partMissing},
		{"missing-parameter", direct, emptyValue},
		{"malformed-request", direct, brokenForm},
		{"", direct, blanks},
		{"not-found-endpoint", direct, elsewhereSent},
		{"wrong-authorization-server", token, mixedServers},
	}
}

// wrongMethod: these endpoints take POST (RFC 6749 §3.2).
func wrongMethod(s scene) finding {
	req, ok := s.sent(s.problem.Step)
	switch {
	case ok && req.Method != "POST":
		return s.fact(Certain, ":method", "The request was sent with "+wire.Safe(req.Method)+", and this endpoint takes POST.", "method of this request: "+wire.Safe(req.Method))
	case s.problem.HTTPStatus == 405:
		return s.fact(Likely, ":method", "The address does not take this method; it may be the address of another endpoint.", "the answer is 405, method not allowed")
	}
	return finding{}
}

func emptyRequest(s scene) finding {
	req, ok := s.sent(s.problem.Step)
	if !ok || req.Method != "POST" || req.Payload() != "" || len(req.Query) > 0 {
		return finding{}
	}
	return s.fact(Certain, ":body", "The request has no parameters at all.", "body of this request: nothing")
}

// swapped: an authorization request at the token endpoint, or its address.
func swapped(s scene) finding {
	req, _ := s.sent("token")
	asks := s.first("token", "response_type") != "" && s.first("token", "grant_type") == ""
	at, other := s.Vars["token_endpoint"], s.Vars["authorization_endpoint"]
	if !asks && (other == "" || at == other || req.URL != other) {
		return finding{}
	}
	return s.fact(Certain, ":url", "An authorization request and a token request were mixed up: each belongs to an endpoint of its own.", "sent to "+req.URL.Safe())
}

func jsonBody(s scene) finding {
	req, _ := s.sent(s.problem.Step)
	if body := strings.TrimSpace(req.Body.Raw()); req.Form != nil || !strings.HasPrefix(body, "{") {
		return finding{}
	}
	return s.fact(Certain, ":body", "The body is JSON, and this endpoint reads forms only: it found no parameters.", "the body of this request begins with {")
}

// inQuery: parameters of a POST belong in its body (RFC 6749 §2.3.1, §3.2).
func inQuery(s scene) finding {
	req, _ := s.sent(s.problem.Step)
	for _, p := range req.Query {
		if slices.Contains([]string{"client_secret", "code", "grant_type", "refresh_token", "password", "client_assertion"}, p.Name) {
			f := s.fact(Certain, p.Name, wire.Safe(p.Name)+" stands in the address of the request. It belongs in the body: addresses are logged.", wire.Safe(p.Name)+" is a parameter of the address")
			if s.problem.Code != "invalid_request" && s.problem.Code != "unsupported_grant_type" {
				f.confidence = Likely
			}
			return f
		}
	}
	return finding{}
}

func grantTypeMissing(s scene) finding {
	req, _ := s.sent("token")
	if len(req.Form) == 0 || len(s.values("token", "grant_type")) > 0 || s.first("token", "response_type") != "" {
		return finding{}
	}
	return s.fact(Certain, "grant_type", "The request does not say which grant it wants: grant_type is missing.", "grant_type in this request: nothing")
}

// partMissing: each grant hands in something (RFC 6749 §4–6, RFC 7523, 8628, 8693).
func partMissing(s scene) finding {
	req, _ := s.sent("token")
	needs := map[string][]string{
		"urn:ietf:params:oauth:grant-type:device_code":    {"device_code"},
		"urn:openid:params:grant-type:ciba":               {"auth_req_id"},
		"urn:ietf:params:oauth:grant-type:jwt-bearer":     {"assertion"},
		"urn:ietf:params:oauth:grant-type:saml2-bearer":   {"assertion"},
		"urn:ietf:params:oauth:grant-type:token-exchange": {"subject_token", "subject_token_type"},
		"password": {"username", "password"},
	}[s.first("token", "grant_type").Raw()]
	for _, name := range needs {
		if _, has := req.Find(name); !has {
			return s.fact(Certain, name, name+" is missing, and this grant cannot do without it.", name+" in this request: nothing")
		}
	}
	return finding{}
}

// emptyValue: a parameter without a value counts as left out (RFC 6749 §3.1).
func emptyValue(s scene) finding {
	req, _ := s.sent(s.problem.Step)
	for _, p := range req.Form {
		if p.Value == "" && p.Name != "scope" {
			return s.fact(Likely, p.Name, wire.Safe(p.Name)+" is there and has no value: for a server that is as if it were missing.", wire.Safe(p.Name)+" in this request: empty")
		}
	}
	return finding{}
}

// brokenForm: percent signs that encode nothing.
func brokenForm(s scene) finding {
	req, _ := s.sent(s.problem.Step)
	if req.Form != nil || req.Body == "" {
		return finding{}
	}
	if _, err := url.ParseQuery(req.Body.Raw()); err == nil {
		return finding{}
	}
	return s.fact(Certain, ":body", "The body cannot be read as a form: its encoding is broken.", "authdance cannot read the body either")
}

// blanks: a value with white space at an end was most likely pasted with it.
func blanks(s scene) finding {
	pages := map[string]string{"client_id": "unknown-client", "client_secret": "client-secret-wrong", "redirect_uri": "redirect-uri-mismatch-token", "code": "invalid-grant", "refresh_token": "refresh-wrong-token", "code_verifier": "pkce-verifier-mismatch"}
	req, _ := s.sent(s.problem.Step)
	for _, p := range req.Form {
		v := p.Value.Raw()
		if page := pages[p.Name]; page != "" && v != "" && strings.TrimSpace(v) != v {
			f := s.fact(Likely, p.Name, p.Name+" has white space at one of its ends: it is another value for the server.", fmt.Sprintf("%s is %d bytes long, and %d without white space", p.Name, len(v), len(strings.TrimSpace(v))))
			f.page = page
			return f
		}
	}
	return finding{}
}

// elsewhereSent: nothing is at the address that was asked.
func elsewhereSent(s scene) finding {
	if s.problem.HTTPStatus != 404 && s.problem.HTTPStatus != 410 {
		return finding{}
	}
	req, _ := s.sent(s.problem.Step)
	return s.fact(Likely, ":url", "There is no endpoint at the address that was asked.", fmt.Sprintf("%s answered %d", req.URL.Safe(), s.problem.HTTPStatus))
}

// mixedServers: the code came from one server and was taken to another. Two
// servers of one host differ in their path (Okta's org server and its default one).
func mixedServers(s scene) finding {
	out, has := s.sent("authorize")
	in, _ := s.sent("token")
	if !has || s.Vars["authorization_endpoint"] == "" || s.Vars["token_endpoint"] == "" {
		return finding{}
	}
	moved := func(sent flows.Request, announced wire.Untrusted) bool {
		a, errA := url.Parse(sent.URL.Raw())
		b, errB := url.Parse(announced.Raw())
		return errA == nil && errB == nil && (a.Host != b.Host || a.Path != b.Path)
	}
	switch {
	case moved(in, s.Vars["token_endpoint"]):
		return s.fact(Likely, ":url", "The token request went to another address than the metadata names: that server did not make the code.", "sent to "+in.URL.Safe()+"; the metadata names "+s.Vars["token_endpoint"].Safe())
	case moved(out, s.Vars["authorization_endpoint"]):
		f := s.fact(Likely, ":url", "The browser was sent to another address than the metadata names: the code is of another server.", "the browser went to "+out.URL.Safe()+"; the metadata names "+s.Vars["authorization_endpoint"].Safe())
		f.evidence[0].Step = "authorize"
		return f
	}
	if s.problem.Code != "invalid_grant" {
		return finding{}
	}
	return finding{ruledOut: "both requests went where the metadata says", step: "token"}
}
