package flows

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"

	"authdance/flows/wire"
)

// Effect is a wish to the world, as data. Its answer names its ID.
type Effect interface {
	EffectID() int
	withID(int) Effect
}

type (
	// Draw asks for random values, each at least 256 bits, base64url. When
	// Redirect is set, the answer also has a redirect_uri: that URI with a free
	// loopback port in place of port 0. Of each key the answer has the public
	// half, a JWK, under the key's name.
	Draw struct {
		ID       int
		Names    []string
		Redirect wire.Untrusted
		Keys     []KeyWish
	}
	// Send asks for one HTTP exchange. No redirect is followed. Cert names the
	// client certificate to present (RFC 8705 §2), "" for none.
	Send struct {
		ID      int
		Request Request
		Limit   int64 // bytes of body after decompression; 0: the performer's default
		Cert    string
	}
	// Browse asks to send the browser to Request and to wait until it comes back
	// to RedirectURI with this State. Without a RedirectURI nobody comes back: it
	// is answered as soon as the person is on the way, or, by the simulated
	// browser, when there is no further page. Resume means that the browser is
	// already out: go on waiting, open nothing.
	Browse struct {
		ID           int
		Request      Request
		RedirectURI  wire.Untrusted
		State        wire.Untrusted
		ResponseMode string // query, fragment or form_post
		Resume       bool
		SignedIn     bool           // in the browser that signed in before, with its cookies
		Code         wire.Untrusted // what the person types there, when nothing else tells them
	}
	// Wait asks to let time pass.
	Wait struct {
		ID  int
		For time.Duration
	}
	// Publish asks to put a document on this computer for a while, where a server
	// can fetch it: a request object (RFC 9101 §5.2). URL is an http address of this
	// computer; port 0 takes a free one.
	Publish struct {
		ID   int
		URL  wire.Untrusted
		Type string // its media type
		Body wire.Untrusted
		For  time.Duration
	}
	// Listen asks to wait for a request that somebody else makes to URL, an http
	// address of this computer: a CIBA notification, a logout token. Whoever asks
	// there gets Reply; the step decides whether it was the awaited one (Stay).
	// Resume means that the port is already open.
	Listen struct {
		ID     int
		URL    wire.Untrusted
		Method string // GET or POST; anything else is turned away
		Reply  Response
		For    time.Duration // 0: as long as the performer waits for a browser
		Resume bool
		// Meanwhile is where a person does what makes the other side call us; ""
		// when they know by themselves. They are sent there once the port is open.
		Meanwhile Request
	}
)

// EffectID returns the number that the answer must carry.
func (e Draw) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Send) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Browse) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Wait) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Listen) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Publish) EffectID() int { return e.ID }

func (e Draw) withID(id int) Effect    { e.ID = id; return e }
func (e Send) withID(id int) Effect    { e.ID = id; return e }
func (e Browse) withID(id int) Effect  { e.ID = id; return e }
func (e Wait) withID(id int) Effect    { e.ID = id; return e }
func (e Listen) withID(id int) Effect  { e.ID = id; return e }
func (e Publish) withID(id int) Effect { e.ID = id; return e }

// MessageOf is what an effect sends out, or signs, as a request that can be
// shown and edited; its Method is "" when there is no such message.
func MessageOf(e Effect) Request {
	switch e := e.(type) {
	case Send:
		return e.Request
	case Browse:
		return e.Request
	case Sign:
		return e.Draft.Message()
	}
	return Request{}
}

// edited is the effect with its message changed by hand.
func edited(e Effect, edits []Edit) Effect {
	switch fx := e.(type) {
	case Send:
		fx.Request = fx.Request.Edit(edits)
		return fx
	case Browse:
		fx.Request = fx.Request.Edit(edits)
		return fx
	case Sign:
		fx.Draft = fx.Draft.Edit(edits)
		return fx
	}
	return e
}

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

// Op is what an edit does.
type Op string

// The edits: Set replaces the first value (or adds the parameter), Drop removes
// every value, Add sends one more.
const (
	Set  Op = "set"
	Drop Op = "drop"
	Add  Op = "add"
)

// Edit changes one parameter of a request before it is sent. The names
// ":method", ":url" and ":body" stand for those parts of the request.
type Edit struct {
	Op    Op             `json:"op"`
	Name  string         `json:"name"`
	Value wire.Untrusted `json:"value,omitempty"`
}

// Edit returns the request with the edits applied in order. A name that the
// request does not have is added to its form, or to its query where it has no
// form; "header.NAME" always means a header.
func (r Request) Edit(edits []Edit) Request {
	if len(edits) == 0 {
		return r
	}
	r.Query, r.Form, r.Header = slices.Clone(r.Query), slices.Clone(r.Form), slices.Clone(r.Header)
	for _, e := range edits {
		switch e.Name {
		case ":method":
			r.Method = e.Value.Raw()
			continue
		case ":url":
			r.URL = e.Value
			continue
		case ":body":
			r.Form, r.Body = nil, e.Value
			continue
		}
		list := r.listOf(e.Name)
		if name, ok := strings.CutPrefix(e.Name, inHeader); ok && list == &r.Header {
			e.Name = name
		}
		*list = e.apply(*list)
	}
	return r
}

// inHeader begins the name of an edit that means the header.
const inHeader = "header."

func (r *Request) listOf(name string) *[]Param {
	has := func(ps []Param, eq func(string) bool) bool {
		return slices.ContainsFunc(ps, func(p Param) bool { return eq(p.Name) })
	}
	exact := func(s string) bool { return s == name }
	switch {
	case has(r.Form, exact):
		return &r.Form
	case has(r.Query, exact):
		return &r.Query
	case has(r.Header, func(s string) bool { return strings.EqualFold(s, name) }), strings.HasPrefix(name, inHeader):
		return &r.Header
	case r.Form != nil:
		return &r.Form
	}
	return &r.Query
}

func (e Edit) apply(list []Param) []Param {
	is := func(p Param) bool { return strings.EqualFold(p.Name, e.Name) }
	fresh := Param{Name: e.Name, Value: e.Value, Secret: Sensitive(e.Name), Edited: true}
	switch e.Op {
	case Drop:
		return slices.DeleteFunc(list, is)
	case Set:
		if i := slices.IndexFunc(list, is); i >= 0 {
			fresh.Name = list[i].Name
			list[i] = fresh
			return list
		}
	}
	return append(list, fresh)
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
