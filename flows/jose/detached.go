package jose

import (
	"authdance/flows/wire"
)

// Attach puts a payload that travelled beside a token back into it (RFC 7515
// Appendix F, RFC 7797), so that the signature can be checked. A payload that
// the token has already is kept; the check detached says when the two differ.
func Attach(tok Token, payload []byte) Token {
	if tok.Kind != JWS || len(tok.Segments) != len(jwsParts) {
		tok.Checks = append(tok.Checks[:len(tok.Checks):len(tok.Checks)], notApplicable("detached", "RFC 7515 Appendix F", "only a signed token can have its payload beside it"))
		return tok
	}
	const ref = "RFC 7515 Appendix F"
	own := tok.Segment("payload")
	if own.Raw != "" {
		c := passed("detached", ref, "the payload in the token is the given one")
		if string(own.Bytes) != string(payload) {
			c = row(wire.Fail, "detached", ref, "the token holds a payload of its own, and it is not the given one", bytesOf(len(own.Bytes)), bytesOf(len(payload)))
		}
		tok.Checks = append(tok.Checks[:len(tok.Checks):len(tok.Checks)], c)
		return tok
	}
	for i := range tok.Signatures {
		if i == 0 {
			tok.Signatures = append([]Token(nil), tok.Signatures...)
		}
		tok.Signatures[i] = Attach(tok.Signatures[i], payload)
	}
	raw := base64url(payload)
	if unencoded(tok.Header) {
		raw = string(payload)
	}
	header, signature := tok.Segment("header").Raw, tok.Segment("signature").Raw
	whole := tok
	whole.Checks = nil
	whole.assemble(jwsParts[:], header, raw, signature)
	for _, c := range tok.Checks {
		switch c.ID {
		case "structure", "header_overlap", "alg_unprotected", "crit_invalid":
			whole.Checks = append(whole.Checks, c)
		}
	}
	whole.Checks = append(whole.Checks, passed("detached", ref, "the payload was given beside the token, as it was sent"))
	if header == "" && isObject(tok.Unprotected) {
		whole.readUnsealed()
	} else {
		whole.read()
	}
	return whole
}
