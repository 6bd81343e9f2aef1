// Package jose decodes, verifies and explains the tokens of OAuth and OpenID
// Connect. Its rule: keys and the time are parameters. It opens no socket and
// reads no clock, so the same token, keys and time always give the same answer;
// only signing (Draft.Sign, Forge) draws, because signatures need salt. It never
// fails on a broken token: it shows what is there, says where it breaks, and
// never calls a thing valid that it could not check.
package jose

import "authdance/flows/wire"

// MaxToken is the largest text, in bytes, that Decode reads.
const MaxToken = 2 << 20

// What a decoded text is (Token.Kind).
const (
	JWS       = "jws"
	JWE       = "jwe"
	Nested    = "nested" // a token inside another one, see Token.Inner
	SDJWT     = "sd-jwt" // a JWS with disclosures (RFC 9901)
	SAML      = "saml"
	Opaque    = "opaque"
	Malformed = "malformed"
)

// How a token is serialised (Token.Format).
const (
	Compact   = "compact"
	Flattened = "flattened"
	General   = "json"
)

// Token is what Decode found in a text. All of it is foreign: nothing in it is
// verified, and its strings pass wire.Safe before they reach a screen.
type Token struct {
	Kind   string // JWS, JWE, Nested, SDJWT, SAML, Opaque or Malformed
	Format string // Compact, Flattened, General; empty for SAML, opaque and malformed text
	Text   string // the token alone, after cleaning; a JSON serialisation in compact form

	Header      wire.Value // the protected header; as much as could be read of a broken one
	Unprotected wire.Value // header members outside the signature; only in JSON serialisations
	Claims      wire.Value // the payload when it is JSON; as much as could be read

	// Inner is the token that this one carries: the payload of a JWS, or what
	// Decrypt found in a JWE. nil: none.
	Inner *Token
	// Plaintext is what Decrypt found in a JWE; nil: not decrypted.
	Plaintext []byte
	// Signatures are the signatures of a general JSON serialisation, each as a
	// token of its own with the same payload; nil for every other token.
	Signatures []Token

	Disclosures []Disclosure // of an SD-JWT, in their order
	KeyBinding  *Token       // the key binding JWT at the end of an SD-JWT; nil: none
	Assertion   *Assertion   // of a SAML token
	Shape       Shape        // of an opaque token

	Segments []Segment
	Checks   []wire.Check // structure only: structure, base64, utf8, json, json_duplicate …

	Normalised   []string // what was stripped or replaced to get from the input to Text
	RecognisedAs string   // where the token was found: "id_token in a JSON token response"

	serial string // a JSON serialisation as it was given; empty for a compact token
}

// Segment is one dot separated part of a token.
type Segment struct {
	Name   string // header, payload, signature; for a JWE header, encrypted_key, iv, ciphertext, tag
	Raw    string // as it stands in Token.Text
	Offset int    // where Raw begins in Token.Text, in bytes
	Bytes  []byte // decoded, up to the first place that cannot be decoded
	Breaks []Break
}

// Break is a place where a segment leaves its format.
type Break struct {
	ID     string // the check id: base64, utf8, json, json_duplicate …
	In     string // "raw": Offset counts in Segment.Raw; "decoded": in Segment.Bytes
	Offset int    // in bytes
	Want   string // what was expected there
	Got    string // what stands there; display text
}

// Segment returns the part with that name; an empty one when there is none.
func (t Token) Segment(name string) Segment {
	for _, s := range t.Segments {
		if s.Name == name {
			return s
		}
	}
	return Segment{Name: name}
}

// signed returns the bytes that the signature covers (RFC 7515 §5.2 step 8):
// the two segments as they were sent, not as they would be encoded again.
func (t Token) signed() []byte {
	return []byte(t.Segment("header").Raw + "." + t.Segment("payload").Raw)
}

// joined is the JOSE header: the union of the protected and the unprotected
// members (RFC 7515 §4).
func (t Token) joined() wire.Value {
	if len(t.Unprotected.Members) == 0 {
		return t.Header
	}
	h := wire.Value{Kind: wire.Object}
	h.Members = append(append(h.Members, t.Header.Members...), t.Unprotected.Members...)
	return h
}

// core is the innermost token: the one whose claims count.
func (t Token) core() Token {
	for t.Inner != nil {
		t = *t.Inner
	}
	return t
}
