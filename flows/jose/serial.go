package jose

import (
	"strings"

	"authdance/flows/wire"
)

// fromSerialization reads a JSON serialisation (RFC 7515 §7.2, RFC 7516 §7.2).
// Its parts are put into compact form, so that they are shown and judged like
// those of every other token. text is the document that v was read from.
func fromSerialization(v wire.Value, text string) Token {
	t := readSerialization(v, text)
	_, findings, _ := wire.ParseJSON([]byte(text), wire.Limits{})
	for _, c := range findings {
		if c.ID == "json_duplicate" {
			t.Checks = append(t.Checks, row(wire.Fail, c.ID, refOf(c.ID), "the serialisation: "+c.Message, c.Got, c.Want))
		}
	}
	return t
}

func readSerialization(v wire.Value, text string) Token {
	if _, encrypted := v.Get("ciphertext"); encrypted {
		return fromEncryptedJSON(v, text)
	}
	sigs, general := v.Get("signatures")
	if !general {
		t := signatureOf(v, v, Flattened)
		t.serial = text
		return t
	}
	if !isArray(sigs) || len(sigs.Items) == 0 {
		t := signatureOf(v, wire.Value{}, General)
		t.Kind = Malformed
		t.Checks = append(t.Checks, row(wire.Fail, "structure", "RFC 7515 §7.2.1", "signatures must be an array with at least one signature", show(sigs), "an array of objects"))
		return t
	}
	const most = 16 // signatures that are looked at; each may cost a public key operation
	var all []Token
	for i, sig := range sigs.Items {
		if i == most {
			break
		}
		all = append(all, signatureOf(v, sig, General))
	}
	t := all[0]
	t.serial = text
	if len(sigs.Items) > most {
		t.Checks = append(t.Checks, row(wire.Warn, "size_limit", "RFC 7515 §7.2.1", "only the first signatures were read", count(len(sigs.Items), "signature"), "at most 16"))
	}
	if len(all) > 1 {
		t.Signatures = all
	}
	if _, both := v.Get("signature"); both {
		t.Checks = append(t.Checks, row(wire.Fail, "structure", "RFC 7515 §7.2.2", "signature and signatures stand side by side: readers would judge different ones", "both", "one of them"))
	}
	return t
}

// signatureOf makes the token of one signature; sig holds protected, header and
// signature.
func signatureOf(v, sig wire.Value, format string) Token {
	t := Token{Kind: JWS, Format: format}
	t.Unprotected, _ = sig.Get("header")
	protected := sig.Str("protected")
	t.assemble(jwsParts[:], protected, v.Str("payload"), sig.Str("signature"))
	t.Checks = append(t.Checks, passed("structure", "RFC 7515 §7.2", "decodes as JWS, JSON serialisation"))
	for _, m := range []struct {
		in   wire.Value
		name string
	}{{v, "payload"}, {sig, "protected"}, {sig, "signature"}} {
		if x, ok := m.in.Get(m.name); ok && !isString(x) {
			t.Checks = append(t.Checks, row(wire.Fail, "structure", "RFC 7515 §7.2.1", m.name+" must be a string", kindOf(x), "base64url text"))
		}
	}
	t.checkUnprotected(protected)
	if protected == "" && isObject(t.Unprotected) {
		t.readUnsealed()
	} else {
		t.read()
	}
	t.readInner()
	return t
}

// readUnsealed reads a signature without a protected header: all that it says
// stands outside the signature (RFC 7515 §5.1 step 4).
func (t *Token) readUnsealed() {
	t.Header = wire.Value{Kind: wire.Object}
	if p := t.part("payload"); !t.readPayload(p) {
		t.Kind = Malformed
	}
	t.summarise()
}

// assemble sets Text and Segments from parts that travelled separately.
func (t *Token) assemble(names []string, raw ...string) {
	t.Segments = nil
	t.Text = strings.Join(raw, ".")
	offset := 0
	plain := false
	for i, r := range raw {
		s := Segment{Name: names[i], Raw: r, Offset: offset}
		if plain && names[i] == "payload" {
			s.Bytes = []byte(r)
		} else {
			s.Bytes, s.Breaks = decodeBase64url(r)
		}
		if i == 0 {
			plain = unencoded(headerOf(t.Text))
		}
		t.Segments = append(t.Segments, s)
		offset += len(r) + 1
	}
}

// unencoded says that the payload stands as it is, not in base64url (RFC 7797).
func unencoded(header wire.Value) bool {
	v, ok := header.Get("b64")
	return ok && v.Kind == wire.Bool && v.Text == "false"
}

// checkUnprotected looks at the header members outside the signature.
func (t *Token) checkUnprotected(protected string) {
	if t.Unprotected.Kind == wire.Null && len(t.Unprotected.Text) == 0 {
		return
	}
	if !isObject(t.Unprotected) {
		t.Checks = append(t.Checks, row(wire.Fail, "structure", "RFC 7515 §7.2.1", "header must be an object", kindOf(t.Unprotected), "an object"))
		return
	}
	h := headerOf(protected)
	for _, m := range t.Unprotected.Members {
		if _, twice := h.Get(m.Name); twice {
			t.Checks = append(t.Checks, row(wire.Fail, "header_overlap", "RFC 7515 §7.2.1",
				"the same name stands inside and outside the protected header: readers may believe different ones", m.Name, "each name once"))
		}
		switch m.Name {
		case "alg", "enc":
			t.Checks = append(t.Checks, row(wire.Warn, "alg_unprotected", "RFC 7515 §10.7",
				m.Name+" stands outside the protected header, so anyone can change it on the way", m.Name+" in header", m.Name+" in protected"))
		case "crit", "b64", "zip":
			t.Checks = append(t.Checks, row(wire.Fail, "crit_invalid", "RFC 7515 §4.1.11", m.Name+" must stand in the protected header", m.Name+" in header", m.Name+" in protected"))
		}
	}
}

// fromEncryptedJSON reads the JSON serialisation of a JWE.
func fromEncryptedJSON(v wire.Value, text string) Token {
	t := Token{Kind: JWE, Format: Flattened, serial: text}
	recipient := v
	if all, general := v.Get("recipients"); general {
		t.Format, recipient = General, wire.Value{}
		if isArray(all) && len(all.Items) > 0 {
			recipient = all.Items[0]
		}
	}
	if t.Format == General && !isObject(recipient) {
		t.Checks = append(t.Checks, row(wire.Fail, "structure", "RFC 7516 §7.2.1", "recipients must be an array with at least one recipient", "no recipient", "an array of objects"))
	}
	t.Unprotected = merge(v, "unprotected", recipient, "header")
	protected := v.Str("protected")
	t.assemble(jweParts[:], protected, recipient.Str("encrypted_key"), v.Str("iv"), v.Str("ciphertext"), v.Str("tag"))
	t.Checks = append(t.Checks, passed("structure", "RFC 7516 §7.2", "decodes as JWE, JSON serialisation: the content is encrypted"))
	t.checkUnprotected(protected)
	if protected == "" && isObject(t.Unprotected) {
		t.Header = wire.Value{Kind: wire.Object}
		t.summarise()
	} else {
		t.readEncrypted()
	}
	return t
}

// merge joins two header objects; a null value when neither is there.
func merge(a wire.Value, aName string, b wire.Value, bName string) wire.Value {
	first, one := a.Get(aName)
	second, two := b.Get(bName)
	switch {
	case !two:
		return first
	case !one:
		return second
	}
	out := wire.Value{Kind: wire.Object}
	out.Members = append(append(out.Members, first.Members...), second.Members...)
	return out
}
