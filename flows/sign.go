package flows

import (
	"encoding/json"
	"slices"
	"strings"

	"authdance/flows/wire"
)

// KeyWish names a key pair whose public half a run has to know. Alg is the JWS
// algorithm it is meant for, "" for any: it decides what kind of key is made
// where the performer holds none and may make one (dpop_key).
type KeyWish struct {
	Name string
	Alg  string
}

type (
	// Sign asks for a signature over exactly this draft: nothing is added but the
	// values that the draft marks as Fresh. Key names a private key that only the
	// performer holds; an HMAC is made with Secret. To encrypts the signed token
	// for somebody (a nested JWT, RFC 7519 §5.2).
	Sign struct {
		ID     int
		Draft  Draft
		Key    string
		Secret wire.Secret
		To     *Recipient
	}
	// Decrypt asks to open a JWE with the named private key.
	Decrypt struct {
		ID    int
		Token wire.Untrusted
		Key   string
	}
)

// Recipient is whom a token is encrypted for: a public JWK and the algorithms
// of RFC 7518 §4.1 and §5.1.
type Recipient struct {
	JWK wire.Untrusted
	Alg string
	Enc string
}

// EffectID returns the number that the answer must carry.
func (e Sign) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Decrypt) EffectID() int { return e.ID }

func (e Sign) withID(id int) Effect    { e.ID = id; return e }
func (e Decrypt) withID(id int) Effect { e.ID = id; return e }

// Draft is a JWT before it is signed, as data, so that it can be shown and
// edited. Name is what the token is called on the wire (client_assertion).
type Draft struct {
	Name   string
	Header []Param
	Claims []Param
}

// Signing is the Method of a draft that is shown as a message.
const Signing = "SIGN"

// Message is the draft in the shape of a request: the JOSE header as its
// header, the claims as its form.
func (d Draft) Message() Request {
	return Request{Method: Signing, URL: wire.Untrusted(d.Name), Header: d.Header, Form: append([]Param{}, d.Claims...)}
}

// Edit returns the draft with the edits applied in order. "header.alg" is a
// member of the header, "aud" a claim. A value that reads as a JSON object,
// array or quoted string is JSON; a number, true, false or null is one too,
// except in place of a text.
func (d Draft) Edit(edits []Edit) Draft {
	m := d.Message().Edit(edits)
	d.Header, d.Claims = retyped(m.Header, d.Header), retyped(m.Form, d.Claims)
	return d
}

func retyped(list, before []Param) []Param {
	for i, p := range list {
		if !p.Edited || !json.Valid([]byte(p.Value.Raw())) {
			continue
		}
		text := slices.ContainsFunc(before, func(q Param) bool { return q.Name == p.Name && !q.JSON })
		composed := strings.ContainsAny(strings.TrimSpace(p.Value.Raw())[:1], `{["`)
		list[i].JSON = composed || !text
	}
	return list
}

// Get returns the named member of the header, or "".
func (d Draft) Get(name string) wire.Untrusted {
	for _, p := range d.Header {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// Object is a JSON object with these members in their order; one that is
// doubled is doubled there too.
func Object(members []Param) []byte {
	out := []byte{'{'}
	for i, p := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, quoted(p.Name)...), ':')
		if p.JSON && json.Valid([]byte(p.Value.Raw())) {
			out = append(out, p.Value.Raw()...)
			continue
		}
		out = append(out, quoted(p.Value.Raw())...)
	}
	return append(out, '}')
}

func quoted(s string) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
