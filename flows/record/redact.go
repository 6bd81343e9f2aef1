package record

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// Redactor writes placeholders where secrets stand: by field (a parameter,
// header or JSON member whose name says that it holds a credential) and by
// value (a credential that was seen once is hidden wherever it shows up again,
// also URL-encoded, JSON-escaped or in base64). Equal secrets get equal
// placeholders, "redacted_code_1", so a reader can still follow a value
// through a run. Of a signed token only the signature is hidden: without it
// the token opens nothing, and its claims are what a reader wants to see.
//
// A nil Redactor hides nothing. A Redactor is not safe for concurrent use.
type Redactor struct {
	names    map[string]string // secret → placeholder
	count    map[string]int    // placeholders of a kind so far
	spelled  map[string]string // every spelling of a secret → placeholder
	replacer *strings.Replacer
}

// NewRedactor knows the given secrets from the start, under their names.
func NewRedactor(secrets flows.Secrets) *Redactor {
	r := &Redactor{names: map[string]string{}, count: map[string]int{}, spelled: map[string]string{}, replacer: strings.NewReplacer()}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		r.Value(name, secrets[name].Reveal())
	}
	return r
}

var (
	placeholder = regexp.MustCompile(`^redacted_[a-z0-9_]+_[0-9]+$`)
	signed      = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+`)
	notInName   = regexp.MustCompile(`[^a-z0-9]+`)
)

// minValue is the length, in bytes, from which a secret is also hidden by
// value: shorter ones would take innocent words with them.
const minValue = 8

// Value hides a secret of the given name and remembers it.
func (r *Redactor) Value(name, secret string) string {
	if r == nil || secret == "" || placeholder.MatchString(secret) {
		return secret
	}
	if p, known := r.names[secret]; known {
		return p
	}
	head, sig := "", secret
	if signed.FindString(secret) == secret {
		i := strings.LastIndexByte(secret, '.')
		head, sig = secret[:i+1], secret[i+1:]
		if placeholder.MatchString(sig) {
			return secret
		}
	}
	kind := strings.Trim(notInName.ReplaceAllString(strings.ToLower(name), "_"), "_")
	r.count[kind]++
	p := fmt.Sprintf("%sredacted_%s_%d", head, kind, r.count[kind])
	r.names[secret] = p
	if len(secret) >= minValue && !flows.Sensitive(secret) {
		for _, s := range spellings(secret) {
			r.spelled[s] = p
		}
		r.compile()
	}
	return p
}

// spellings are the ways in which a value can appear inside other text.
func spellings(v string) []string {
	quoted, _ := json.Marshal(v) // a string always marshals
	return []string{v, url.QueryEscape(v), url.PathEscape(v), string(quoted[1 : len(quoted)-1]), strings.ReplaceAll(v, "/", `\/`),
		base64.StdEncoding.EncodeToString([]byte(v)), base64.RawStdEncoding.EncodeToString([]byte(v)),
		base64.URLEncoding.EncodeToString([]byte(v)), base64.RawURLEncoding.EncodeToString([]byte(v))}
}

// alias hides every spelling of a value that says the same as a secret which
// has its placeholder already.
func (r *Redactor) alias(p, v string) {
	for _, s := range spellings(v) {
		if _, known := r.spelled[s]; !known && len(s) >= minValue {
			r.spelled[s] = p
		}
	}
	r.compile()
}

// compile puts longer spellings first, so that a secret that begins like
// another is replaced whole.
func (r *Redactor) compile() {
	list := slices.SortedFunc(maps.Keys(r.spelled), func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	pairs := make([]string, 0, 2*len(list))
	for _, s := range list {
		pairs = append(pairs, s, r.spelled[s])
	}
	r.replacer = strings.NewReplacer(pairs...)
}

// Text hides, in any text, the secrets that are known by now and everything
// that looks like a signed token.
func (r *Redactor) Text(s string) string {
	if r == nil || s == "" {
		return s
	}
	return signed.ReplaceAllStringFunc(r.replacer.Replace(s), func(t string) string { return r.Value("token", t) })
}

// Entry hides the secrets of one fact of a run. The entry given stays as it is.
func (r *Redactor) Entry(en flows.Entry) flows.Entry {
	if r == nil {
		return en
	}
	switch e := en.Event.(type) {
	case flows.Started:
		e.Vars = r.vars(e.Vars)
		e.Params = r.params(e.Params)
		en.Event = e
	case flows.Edited:
		e.Edits = slices.Clone(e.Edits)
		for i, ed := range e.Edits {
			e.Edits[i].Value = r.edit(ed)
		}
		en.Event = e
	case flows.Guessed:
		e.Expect = r.Text(e.Expect)
		en.Event = e
	case flows.Drawn:
		e.Values = r.vars(e.Values)
		en.Event = e
	case flows.Received:
		e.Exchange = r.Exchange(e.Exchange)
		en.Event = e
	case flows.Observed:
		e.Exchange, e.Note, e.Checks = r.Exchange(e.Exchange), r.Text(e.Note), r.Checks(e.Checks)
		en.Event = e
	case flows.Redirected:
		e.Request = r.Request(e.Request)
		en.Event = e
	case flows.Signed:
		e.Token = wire.Untrusted(r.Value("token", e.Token.Raw()))
		en.Event = e
	case flows.Decrypted:
		e.Text = wire.Untrusted(r.document(e.Text.Raw()))
		en.Event = e
	case flows.Arrived:
		e.Request = r.Request(e.Request)
		en.Event = e
	case flows.Broke:
		e.Message = wire.Untrusted(r.Text(e.Message.Raw()))
		en.Event = e
	}
	return en
}

func (r *Redactor) edit(e flows.Edit) wire.Untrusted {
	switch v := e.Value.Raw(); {
	case e.Name == ":body":
		return wire.Untrusted(r.document(v))
	case e.Name == ":url":
		return wire.Untrusted(r.address(v))
	case sensitive(e.Name):
		return wire.Untrusted(r.credential(e.Name, v))
	default:
		return wire.Untrusted(r.Text(v))
	}
}

// Checks hides the secrets in the compared values.
func (r *Redactor) Checks(list []wire.Check) []wire.Check {
	if r == nil {
		return list
	}
	list = slices.Clone(list)
	for i, c := range list {
		list[i].Message, list[i].Got, list[i].Want = r.Text(c.Message), r.Text(c.Got), r.Text(c.Want)
	}
	return list
}

// Exchange hides the secrets of both messages. Both are learned before either
// is written: an answer may repeat what the request sent, and a header what
// stands in the body.
func (r *Redactor) Exchange(x flows.Exchange) flows.Exchange {
	if r == nil {
		return x
	}
	r.Request(x.Request)
	r.Response(x.Response)
	x.Request, x.Response = r.Request(x.Request), r.Response(x.Response)
	return x
}

// Request hides the secrets of a request.
func (r *Redactor) Request(q flows.Request) flows.Request {
	if r == nil {
		return q
	}
	q.Query, q.Form, q.Header = r.params(q.Query), r.params(q.Form), r.params(q.Header)
	q.URL = wire.Untrusted(r.address(q.URL.Raw()))
	q.Body = wire.Untrusted(r.document(q.Body.Raw()))
	return q
}

// Response hides the secrets of a response.
func (r *Redactor) Response(s flows.Response) flows.Response {
	if r == nil {
		return s
	}
	s.Body = wire.Untrusted(r.document(s.Body.Raw()))
	s.Header = r.params(s.Header)
	return s
}

func (r *Redactor) vars(v flows.Vars) flows.Vars {
	out := make(flows.Vars, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if flows.Sensitive(name) {
			out[name] = wire.Untrusted(r.Value(name, v[name].Raw()))
		}
	}
	for name, val := range v {
		if !flows.Sensitive(name) {
			out[name] = wire.Untrusted(r.document(val.Raw()))
		}
	}
	return out
}

func (r *Redactor) params(list []flows.Param) []flows.Param {
	list = slices.Clone(list)
	for i, p := range list {
		switch v := p.Value.Raw(); {
		case p.Secret || sensitive(p.Name):
			list[i].Value = wire.Untrusted(r.credential(p.Name, v))
		case strings.EqualFold(p.Name, "Location"), strings.EqualFold(p.Name, "Referer"):
			list[i].Value = wire.Untrusted(r.address(v))
		default:
			list[i].Value = wire.Untrusted(r.Text(v))
		}
	}
	return list
}

func sensitive(name string) bool {
	return flows.Sensitive(name) || flows.Sensitive(http.CanonicalHeaderKey(name))
}

// credential hides the value of a field whose name calls for it. Of an
// Authorization header the scheme stays; the token or the secret in it is
// remembered under its own name.
func (r *Redactor) credential(name, v string) string {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization":
		scheme, rest, ok := strings.Cut(v, " ")
		if !ok || !token(scheme) {
			return r.Value("authorization", v)
		}
		if strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "dpop") {
			return scheme + " " + r.Value("access_token", rest)
		}
		p := r.Value("authorization", rest)
		if id, secret, ok := basic(flows.Param{Name: "Authorization", Value: wire.Untrusted(v)}); ok {
			r.Value("client_secret", secret.Raw())
			r.alias(p, id+":"+secret.Raw())
		}
		return scheme + " " + p
	case "Set-Cookie":
		name, rest, _ := strings.Cut(v, "=")
		value, attributes, more := strings.Cut(rest, ";")
		if more {
			attributes = ";" + attributes
		}
		return name + "=" + r.Value("cookie", value) + attributes
	case "Cookie":
		pairs := strings.Split(v, "; ")
		for i, pair := range pairs {
			name, value, _ := strings.Cut(pair, "=")
			pairs[i] = name + "=" + r.Value("cookie", value)
		}
		return strings.Join(pairs, "; ")
	}
	return r.Value(name, v)
}
