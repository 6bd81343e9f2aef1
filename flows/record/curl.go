// Package record turns runs into text that leaves authdance: the entries of a
// run, and a request as a curl command. Its rule: no secret leaves by itself. A
// credential becomes a placeholder or a $NAME that the reader fills in, and no
// value, however hostile, can end the quotes it stands in.
package record

import (
	"encoding/base64"
	"net/url"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// Curl writes the request as a command for a POSIX shell: the same method,
// address, headers and body, but for what curl itself adds (Host, User-Agent).
// hidden is how many different secrets became placeholders such as
// "$CLIENT_SECRET". Placeholders in the body and in headers stand for the value
// itself; those in an address stand for the value as it is spelled in a URL.
// The text is printable, line feeds apart.
func Curl(r flows.Request) (text string, hidden int) {
	s := &secrets{}
	c := command{words: []string{"curl --request " + quote(plain(printable(r.Method)))}}
	c.address(r, s)
	c.headers(r, s)
	feed := c.body(r, s)
	return feed + c.String(), len(s.names)
}

// command is a shell command in the making: one option a line.
type command struct{ words []string }

func (c command) String() string { return strings.Join(c.words, " \\\n  ") }

func (c *command) add(option string, value phrase) {
	c.words = append(c.words, strings.TrimSpace(option+" "+quote(value)))
}

// address writes the URL with its query. curl expands brackets and shortens
// dot segments by itself; the two options stop it where that would matter.
func (c *command) address(r flows.Request, s *secrets) {
	raw, frag, hasFrag := strings.Cut(r.URL.Raw(), "#")
	base, query, hasQuery := strings.Cut(raw, "?")
	target := plain(escaped(base))
	join := "?"
	if hasQuery {
		target = append(append(target, plain("?")...), s.pairs(query, escaped)...)
		join = "&"
	}
	for _, p := range r.Query {
		target = append(target, plain(join+url.QueryEscape(p.Name)+"=")...)
		target = append(target, s.value(p, url.QueryEscape(p.Value.Raw()))...)
		join = "&"
	}
	if hasFrag {
		target = append(target, plain("#"+escaped(frag))...)
	}
	if strings.ContainsAny(r.URL.Raw(), "[]{}") {
		c.words = append(c.words, "--globoff")
	}
	if path := base + "/"; strings.Contains(path, "/./") || strings.Contains(path, "/../") {
		c.words = append(c.words, "--path-as-is")
	}
	c.add("--url", target)
}

// headers writes the header lines, and takes back those that curl would add.
func (c *command) headers(r flows.Request, s *secrets) {
	for _, h := range r.Header {
		if !token(h.Name) {
			continue // no HTTP header can have this name; curl would read "@x" as a file
		}
		if id, secret, ok := basic(h); ok {
			c.add("--user", append(plain(id+":"), s.value(flows.Param{Name: "client_secret", Value: secret, Secret: true}, "")...))
			continue
		}
		c.add("--header", s.header(h))
	}
	if _, has := header(r, "Accept"); !has {
		c.add("--header", plain("Accept:"))
	}
	if _, has := header(r, "Content-Type"); !has && r.Payload() != "" {
		c.add("--header", plain("Content-Type:"))
	}
}

func (s *secrets) header(h flows.Param) phrase {
	if h.Value == "" {
		return plain(h.Name + ";") // curl's way to send a header without a value
	}
	if !h.Secret && !flows.Sensitive(h.Name) {
		return plain(h.Name + ": " + printable(h.Value.Raw()))
	}
	start := h.Name + ": "
	if scheme, value, ok := strings.Cut(h.Value.Raw(), " "); ok && token(scheme) {
		start += scheme + " "
		h.Value = wire.Untrusted(value)
		if h.Var == "" && strings.EqualFold(scheme, "bearer") {
			h.Var = "access_token"
		}
	}
	return append(plain(start), s.value(h, "")...)
}

// body writes the data options. A body that a terminal could not show comes
// from printf through a pipe: then feed is the start of that pipe.
func (c *command) body(r flows.Request, s *secrets) (feed string) {
	for _, p := range r.Form {
		name := url.QueryEscape(p.Name)
		switch {
		case p.Name != "" && (p.Secret || flows.Sensitive(p.Name)):
			c.add("--data-urlencode", append(plain(name+"="), s.value(p, "")...))
		case p.Name != "" && shown(p.Value.Raw()):
			c.add("--data-urlencode", plain(name+"="+p.Value.Raw()))
		default:
			c.add("--data-raw", plain(name+"="+url.QueryEscape(p.Value.Raw())))
		}
	}
	if r.Form != nil || r.Body == "" {
		return ""
	}
	text := s.document(r.Body.Raw())
	if text.shown() {
		c.add("--data-raw", text)
		return ""
	}
	c.words = append(c.words, "--data-binary @-")
	return printf(text) + " | "
}

func header(r flows.Request, name string) (flows.Param, bool) {
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, name) {
			return h, true
		}
	}
	return flows.Param{}, false
}

// basic reads HTTP Basic credentials (RFC 7617 §2) that curl can write itself.
func basic(h flows.Param) (id string, secret wire.Untrusted, ok bool) {
	scheme, rest, found := strings.Cut(h.Value.Raw(), " ")
	if !strings.EqualFold(h.Name, "Authorization") || !found || !strings.EqualFold(scheme, "basic") {
		return "", "", false
	}
	both, err := base64.StdEncoding.DecodeString(rest)
	if err != nil {
		return "", "", false
	}
	id, after, ok := strings.Cut(string(both), ":")
	return id, wire.Untrusted(after), ok && ascii(id)
}

// token reports a name as HTTP spells them, RFC 9110 §5.6.2.
func token(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !letterOrDigit(rune(c)) && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}
