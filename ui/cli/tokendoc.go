package cli

import (
	"encoding/json"
	"time"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// tokenDoc is the document of token --json.
type tokenDoc struct {
	Schema       int               `json:"schema"`
	Kind         string            `json:"kind"`
	Format       string            `json:"format"`
	Verdict      jose.Verdict      `json:"verdict"`
	As           string            `json:"as"` // what it was checked as
	Header       json.RawMessage   `json:"header"`
	Claims       json.RawMessage   `json:"claims"`
	Raw          map[string]string `json:"raw"` // the segments; the one that makes it usable is masked
	Checks       []wire.Check      `json:"checks"`
	Normalised   []string          `json:"normalised"`
	RecognisedAs string            `json:"recognised_as"`

	// Only in tokens that have them.
	Unprotected json.RawMessage `json:"unprotected,omitempty"`
	Plaintext   *string         `json:"plaintext,omitempty"` // what was decrypted, when it is no JSON
	Inner       *innerDoc       `json:"inner,omitempty"`
	KeyBinding  *innerDoc       `json:"key_binding,omitempty"`
	Disclosures []disclosureDoc `json:"disclosures,omitempty"`
	Assertion   *assertionDoc   `json:"assertion,omitempty"`
	LooksLike   string          `json:"looks_like,omitempty"` // of an opaque token, by its form
	Hint        string          `json:"hint,omitempty"`
	Others      []string        `json:"others,omitempty"` // where further tokens stand in the text
}

// innerDoc is a token that another one carries.
type innerDoc struct {
	Kind   string            `json:"kind"`
	Format string            `json:"format"`
	Header json.RawMessage   `json:"header"`
	Claims json.RawMessage   `json:"claims"`
	Raw    map[string]string `json:"raw"`
	Inner  *innerDoc         `json:"inner,omitempty"`
}

type disclosureDoc struct {
	Name   string          `json:"name"` // empty for an element of an array
	Value  json.RawMessage `json:"value"`
	Digest string          `json:"digest"`
	Place  string          `json:"place"` // where the digest stands; empty: nowhere
}

type assertionDoc struct {
	Version      string              `json:"version"`
	Issuer       string              `json:"issuer"`
	Subject      string              `json:"subject"`
	Audience     []string            `json:"audience"`
	Recipient    string              `json:"recipient"`
	InResponseTo string              `json:"in_response_to"`
	NotBefore    string              `json:"not_before"`
	NotOnOrAfter string              `json:"not_on_or_after"`
	AuthnInstant string              `json:"authn_instant"`
	AuthnContext string              `json:"authn_context"`
	Attributes   map[string][]string `json:"attributes"`
	Signed       bool                `json:"signed"`
	Encrypted    bool                `json:"encrypted"`
}

// lastSegment is what makes a token usable: the signature, or the tag.
func lastSegment(name string) bool { return name == "signature" || name == "tag" }

func (c *console) tokenDocument(tok jose.Token, r jose.Report, f *tokenFlags) error {
	reveal := f.reveal
	d := tokenDoc{Schema: schema, Kind: tok.Kind, Format: tok.Format, Verdict: r.Verdict, As: r.As, Header: rawJSON(tok.Header, reveal), Claims: rawJSON(tok.Claims, reveal),
		Raw: segments(tok, reveal), Checks: append([]wire.Check{}, r.Checks...), Normalised: append([]string{}, tok.Normalised...), RecognisedAs: tok.RecognisedAs,
		Inner: inner(tok.Inner, reveal, 0), KeyBinding: inner(tok.KeyBinding, reveal, 0), LooksLike: tok.Shape.What, Hint: tok.Shape.Hint, Others: f.others}
	if tok.Unprotected.Kind == wire.Object {
		d.Unprotected = rawJSON(tok.Unprotected, reveal)
	}
	if tok.Plaintext != nil && tok.Claims.Kind != wire.Object {
		text := string(tok.Plaintext)
		d.Plaintext = &text
	}
	for _, x := range tok.Disclosures {
		d.Disclosures = append(d.Disclosures, disclosureDoc{x.Name, anyJSON(veil(x.Value, reveal)), x.Digest, x.Place})
	}
	if a := tok.Assertion; a != nil {
		d.Assertion = &assertionDoc{a.Version, a.Issuer, a.Subject, append([]string{}, a.Audience...), a.Recipient, a.InResponseTo, moments(a.NotBefore), moments(a.NotOnOrAfter),
			moments(a.AuthnInstant), a.AuthnContext, map[string][]string{}, a.Signed, a.Encrypted}
		for _, at := range a.Attributes {
			d.Assertion.Attributes[at.Name] = append(d.Assertion.Attributes[at.Name], at.Values...)
		}
	}
	return c.document(d)
}

// moments writes a time, "" when there is none.
func moments(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func inner(tok *jose.Token, reveal bool, depth int) *innerDoc {
	if tok == nil || depth > 8 {
		return nil
	}
	return &innerDoc{tok.Kind, tok.Format, rawJSON(tok.Header, reveal), rawJSON(tok.Claims, reveal), segments(*tok, reveal), inner(tok.Inner, reveal, depth+1)}
}

// segments are the parts as they stand in the token, the last one masked.
func segments(tok jose.Token, reveal bool) map[string]string {
	out := map[string]string{}
	for _, s := range tok.Segments {
		out[s.Name] = s.Raw
		if lastSegment(s.Name) && !reveal && s.Raw != "" {
			out[s.Name] = wire.Mask(s.Raw)
		}
	}
	return out
}

// rawJSON is a JSON object as it came, names repeated and all; null when there
// is none, or when it is too broken to stand in a document.
func rawJSON(v wire.Value, reveal bool) json.RawMessage {
	if v.Kind != wire.Object {
		return json.RawMessage("null")
	}
	return anyJSON(veil(v, reveal))
}

func anyJSON(v wire.Value) json.RawMessage {
	if text := []byte(v.Indent()); json.Valid(text) {
		return text
	}
	return json.RawMessage("null")
}

// veil masks the credentials in a value unless they are to be shown.
func veil(v wire.Value, reveal bool) wire.Value {
	if reveal {
		return v
	}
	return v.Veil(flows.Sensitive)
}
