package flows

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"

	"authdance/flows/wire"
)

// Param is one named value of a request: a query or form parameter, or a
// header; in a draft, a member of the JOSE header or a claim.
type Param struct {
	Name   string         `json:"name"`
	Value  wire.Untrusted `json:"value"`
	Var    string         `json:"var,omitempty"`    // the variable it was filled from; "" for a fixed value
	Secret bool           `json:"secret,omitempty"` // masked on screen
	Edited bool           `json:"edited,omitempty"`
	JSON   bool           `json:"json,omitempty"`  // in a draft: Value is JSON text, not a string
	Fresh  bool           `json:"fresh,omitempty"` // in a draft: a random value that is drawn when it is signed
}

// Request is an HTTP request as data, so that it can be shown, edited,
// redacted, stored and replayed. Exactly this is sent: no header is added.
type Request struct {
	Method string         `json:"method"`
	URL    wire.Untrusted `json:"url"`             // its own query is kept byte for byte
	Query  []Param        `json:"query,omitempty"` // appended to the URL
	Header []Param        `json:"header,omitempty"`
	Form   []Param        `json:"form,omitempty"` // the body, form-encoded in this order
	Body   wire.Untrusted `json:"body,omitempty"` // sent when there is no form
}

// Response is an HTTP response as data. Body holds the decompressed bytes.
type Response struct {
	Status    int            `json:"status"`
	Proto     string         `json:"proto,omitempty"`
	Header    []Param        `json:"header,omitempty"`
	Body      wire.Untrusted `json:"body,omitempty"`
	Truncated bool           `json:"truncated,omitempty"` // the body went on past the limit
}

// Timing is where the time of an exchange went; zero where a phase did not happen.
type Timing struct {
	DNS       time.Duration `json:"dns,omitempty"`
	Connect   time.Duration `json:"connect,omitempty"`
	TLS       time.Duration `json:"tls,omitempty"`
	FirstByte time.Duration `json:"first_byte,omitempty"`
	Total     time.Duration `json:"total"`
}

// TLS are the facts of an encrypted connection.
type TLS struct {
	Version  string         `json:"version"`
	Cipher   string         `json:"cipher"`
	Subject  wire.Untrusted `json:"subject,omitempty"`
	Issuer   wire.Untrusted `json:"issuer,omitempty"`
	NotAfter time.Time      `json:"not_after"`
	Skipped  bool           `json:"skipped,omitempty"` // the certificate was not checked
}

// Exchange is one request with its response.
type Exchange struct {
	Request  Request  `json:"request"`
	Response Response `json:"response"`
	Timing   Timing   `json:"timing"`
	Remote   string   `json:"remote,omitempty"` // address that answered
	TLS      *TLS     `json:"tls,omitempty"`
}

// Get returns the first value of the named header, ignoring case, or "".
func (r Response) Get(name string) wire.Untrusted {
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// Target is the URL with the query appended.
func (r Request) Target() string {
	if len(r.Query) == 0 {
		return r.URL.Raw()
	}
	base, frag, hasFrag := strings.Cut(r.URL.Raw(), "#")
	sep := "?"
	if strings.Contains(base, "?") {
		sep = "&"
	}
	if hasFrag {
		frag = "#" + frag
	}
	return base + sep + Encode(r.Query) + frag
}

// Payload is the body as it is sent.
func (r Request) Payload() string {
	if r.Form != nil {
		return Encode(r.Form)
	}
	return r.Body.Raw()
}

// Encode is application/x-www-form-urlencoded, in the order given.
func Encode(params []Param) string {
	var b strings.Builder
	for i, p := range params {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.Name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.Value.Raw()))
	}
	return b.String()
}

// Find returns the first parameter with this name: form, then query, then
// header (ignoring case).
func (r Request) Find(name string) (Param, bool) {
	for _, list := range [][]Param{r.Form, r.Query} {
		for _, p := range list {
			if p.Name == name {
				return p, true
			}
		}
	}
	for _, p := range r.Header {
		if strings.EqualFold(p.Name, name) {
			return p, true
		}
	}
	return Param{}, false
}

// ParseCallback reads the address that a browser came back with, as a person
// pastes it: the whole URL, or only its query. It is false when the text has
// none of the parameters of an authorization response. Fragment answers count.
func ParseCallback(text string, redirectURI wire.Untrusted) (Request, bool) {
	text = strings.TrimSpace(text)
	base, query, found := strings.Cut(text, "?")
	if !found {
		base, query, found = strings.Cut(text, "#")
	}
	if !found {
		base, query = redirectURI.Raw(), text
	}
	query, _, _ = strings.Cut(query, "#")
	params := ParseQuery(query)
	ours := slices.ContainsFunc(params, func(p Param) bool {
		return slices.Contains([]string{"code", "error", "state", "id_token", "access_token", "response"}, p.Name)
	})
	return Request{Method: "GET", URL: wire.Untrusted(base), Query: params}, ours
}

// StateIn is the state of an authorization response. known is false where it
// cannot be seen yet: inside a response that is encrypted. In one that is only
// signed (JARM) it is read before the signature is checked, which is enough to
// tell whose answer it is, and for nothing else.
func StateIn(answer []Param) (state wire.Untrusted, known bool) {
	var response string
	for _, p := range answer {
		switch p.Name {
		case "state":
			return p.Value, true
		case "response":
			response = p.Value.Raw()
		}
	}
	parts := strings.Split(response, ".")
	if len(parts) == 5 {
		return "", false
	}
	if len(parts) == 3 {
		if payload, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			claims, _, _ := wire.ParseJSON(payload, wire.Limits{})
			return wire.Untrusted(claims.Str("state")), true
		}
	}
	return "", true
}

// ParseQuery splits a query or form into its parameters, in order, duplicates
// kept. What cannot be unescaped is kept as it is.
func ParseQuery(query string) []Param {
	var out []Param
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, val, _ := strings.Cut(pair, "=")
		if u, err := url.QueryUnescape(name); err == nil {
			name = u
		}
		if u, err := url.QueryUnescape(val); err == nil {
			val = u
		}
		out = append(out, Param{Name: name, Value: wire.Untrusted(val), Secret: Sensitive(name)})
	}
	return out
}
