package jose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"authdance/flows/wire"
)

// Disclosure is one claim that the holder of an SD-JWT chose to show.
type Disclosure struct {
	Raw    string // base64url, as it stands in the token
	Digest string // its hash, as it stands in the signed part
	Salt   string
	Name   string // the claim; empty for an element of an array
	Value  wire.Value
	Place  string // where its digest stands: "address._sd"; empty: nowhere
}

// Most disclosures are few and small; a hostile token has many, each pointing
// into others.
const maxDisclosures = 500

// readSDJWT takes an SD-JWT apart (RFC 9901 §4): a signed token, disclosures
// and perhaps a key binding JWT, each after a ~. Claims are those that a
// verifier reads: with the disclosed values in their places.
func readSDJWT(text string) Token {
	parts := strings.Split(text, "~")
	t := splitAt(parts[0], maxNesting)
	t.Text = text
	if t.Kind != JWS {
		return t
	}
	t.Kind = SDJWT
	last := parts[len(parts)-1]
	if last != "" && strings.Count(last, ".") == 2 {
		kb := splitAt(last, maxNesting)
		t.KeyBinding = &kb
	} else if last != "" {
		t.Checks = append(t.Checks, row(wire.Fail, "structure", "RFC 9901 §4", "an SD-JWT ends with ~ or with a key binding JWT", quoted(last), "~ at the end"))
	}
	raw := parts[1:]
	if len(raw) > 0 {
		raw = raw[:len(raw)-1]
	}
	if last != "" && t.KeyBinding == nil {
		raw = parts[1:]
	}
	if len(raw) > maxDisclosures {
		t.Checks = append(t.Checks, row(wire.Fail, "size_limit", "", "the token has more disclosures than are read here", count(len(raw), "disclosure"), fmt.Sprintf("at most %d", maxDisclosures)))
		raw = raw[:maxDisclosures]
	}
	for _, r := range raw {
		t.readDisclosure(r)
	}
	t.disclose()
	return t
}

func (t *Token) readDisclosure(raw string) {
	const ref = "RFC 9901 §4.2"
	d := Disclosure{Raw: raw, Digest: base64url(digest(sdHash(t.Claims), raw))}
	b, breaks := decodeBase64url(raw)
	v, _, err := wire.ParseJSON(b, wire.Limits{})
	n := len(t.Disclosures) + 1
	bad := func(what, got, want string) {
		t.Checks = append(t.Checks, row(wire.Fail, "structure", ref, fmt.Sprintf("disclosure %d %s", n, what), got, want))
	}
	switch {
	case len(breaks) > 0:
		bad(fmt.Sprintf("is not strict base64url at character %d", breaks[0].Offset+1), breaks[0].Got, breaks[0].Want)
	case err != nil:
		bad("is no JSON: "+err.Error(), "", "an array")
	case !isArray(v) || len(v.Items) < 2 || len(v.Items) > 3 || !isString(v.Items[0]):
		bad("is no array of salt, name and value", show(v), "[salt, name, value] or [salt, value]")
	case len(v.Items) == 3 && (!isString(v.Items[1]) || v.Items[1].Text == "_sd" || v.Items[1].Text == "..."):
		bad("has a name that is not allowed", show(v.Items[1]), "a string other than _sd and ...")
	default:
		d.Salt, d.Value = v.Items[0].Text, v.Items[len(v.Items)-1]
		if len(v.Items) == 3 {
			d.Name = v.Items[1].Text
		}
	}
	t.Disclosures = append(t.Disclosures, d)
}

// sdHash is the hash of the digests; SHA-256 unless _sd_alg says otherwise.
func sdHash(claims wire.Value) string {
	switch claims.Str("_sd_alg") {
	case "sha-384":
		return "SHA-384"
	case "sha-512":
		return "SHA-512"
	}
	return "SHA-256"
}

// disclose puts the disclosed values into the claims (RFC 9901 §7.1).
func (t *Token) disclose() {
	const ref = "RFC 9901 §7.1"
	if alg := t.Claims.Str("_sd_alg"); alg != "" && !oneOf([]string{"sha-256", "sha-384", "sha-512"}, alg) {
		t.Checks = append(t.Checks, row(wire.Unknown, "structure", ref, "the hash of the disclosures is not known here, so they were not matched", alg, "sha-256, sha-384 or sha-512"))
		return
	}
	w := weaver{byDigest: map[string]int{}, all: t.Disclosures}
	for i, d := range t.Disclosures {
		if _, twice := w.byDigest[d.Digest]; twice {
			w.problem("the same disclosure stands in the token twice", d.Name, "each once")
		}
		w.byDigest[d.Digest] = i
	}
	t.Claims = w.value(t.Claims, "", 0)
	for i, d := range t.Disclosures {
		if d.Place == "" && d.Salt != "" {
			w.problem(fmt.Sprintf("disclosure %d is in no place of the signed part: it was added by somebody", i+1), d.Name, "a digest in _sd or ...")
		}
	}
	t.Checks = append(t.Checks, w.checks...)
	if len(w.checks) == 0 {
		t.Checks = append(t.Checks, passed("structure", ref, count(len(t.Disclosures), "disclosure")+", each with its hash in the signed part"))
	}
}

// weaver puts disclosures where their digests stand.
type weaver struct {
	byDigest map[string]int
	all      []Disclosure // shared with the token: Place is set here
	checks   []wire.Check
}

func (w *weaver) problem(message, got, want string) {
	if len(w.checks) < 20 {
		w.checks = append(w.checks, row(wire.Fail, "structure", "RFC 9901 §7.1", message, got, want))
	}
}

// take finds the disclosure of a digest and marks where it was found.
func (w *weaver) take(digest, place string) (Disclosure, bool) {
	i, ok := w.byDigest[digest]
	if !ok {
		return Disclosure{}, false
	}
	if w.all[i].Place != "" {
		w.problem("one digest stands in two places", place, w.all[i].Place)
		return Disclosure{}, false
	}
	w.all[i].Place = place
	return w.all[i], true
}

func (w *weaver) value(v wire.Value, path string, depth int) wire.Value {
	if depth > 64 {
		return v
	}
	switch v.Kind {
	case wire.Object:
		return w.object(v, path, depth)
	case wire.Array:
		return w.array(v, path, depth)
	}
	return v
}

func (w *weaver) object(v wire.Value, path string, depth int) wire.Value {
	out := v
	out.Members = nil
	for _, m := range v.Members {
		if m.Name != "_sd" && !(m.Name == "_sd_alg" && depth == 0) {
			out.Members = append(out.Members, wire.Member{Name: m.Name, Value: w.value(m.Value, dot(path, m.Name), depth+1)})
		}
	}
	sd, ok := v.Get("_sd")
	if !ok {
		return out
	}
	if !isArray(sd) {
		w.problem("_sd must be an array of digests", show(sd), "an array of strings")
	}
	for _, item := range sd.Items {
		d, found := w.take(item.Text, dot(path, "_sd"))
		switch {
		case !found:
		case d.Name == "":
			w.problem("a disclosure for an array stands where a claim should", path, "[salt, name, value]")
		case slices.ContainsFunc(out.Members, func(m wire.Member) bool { return m.Name == d.Name }):
			w.problem("a disclosed claim has the name of one that stands there already", d.Name, "each name once")
		default:
			out.Members = append(out.Members, wire.Member{Name: d.Name, Value: w.value(d.Value, dot(path, d.Name), depth+1)})
		}
	}
	return out
}

func (w *weaver) array(v wire.Value, path string, depth int) wire.Value {
	out := v
	out.Items = nil
	for i, item := range v.Items {
		place := fmt.Sprintf("%s[%d]", path, i)
		hidden, ok := item.Get("...")
		if !ok || len(item.Members) != 1 {
			out.Items = append(out.Items, w.value(item, place, depth+1))
			continue
		}
		d, found := w.take(hidden.Text, place)
		switch {
		case !found: // not disclosed, or a decoy
		case d.Name != "":
			w.problem("a disclosure for a claim stands in an array", d.Name, "[salt, value]")
		default:
			out.Items = append(out.Items, w.value(d.Value, place, depth+1))
		}
	}
	return out
}

func dot(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// CheckKeyBinding judges the key binding JWT of an SD-JWT (RFC 9901 §7.3): the
// holder, whose key the signed part names, made it for this verifier (Audience
// or ClientID), with this Nonce, and for these disclosures. ok is false when the
// token has none.
func CheckKeyBinding(tok Token, want Expect, now time.Time) (r Report, ok bool) {
	const ref = "RFC 9901 §7.3"
	if tok.KeyBinding == nil {
		return Report{}, false
	}
	cnf, _ := tok.Claims.Get("cnf")
	jwk, _ := cnf.Get("jwk")
	var keys KeySet
	if isObject(jwk) {
		k := keyFromJWK(jwk, FromJWK)
		k.KID = ""
		keys.Keys = []Key{k}
	}
	r, kb, done := begin(AsKeyBinding, *tok.KeyBinding, keys, want.policy())
	if done {
		return r, true
	}
	r.add(explicitType(kb, "kb+jwt", "a key binding JWT", ref, wire.Fail)...)
	r.verify(kb, keys, want.policy())
	reader := want.Audience
	if reader == "" {
		reader = want.ClientID
	}
	r.add(requiredAud(kb.Claims, reader, "this verifier", ref, "without aud the proof could be shown to any verifier"))
	r.add(iatCheck(kb.Claims, now, want.leeway(), true), nonceCheck(kb.Claims, want))
	signed := tok.Text[:strings.LastIndexByte(tok.Text, '~')+1]
	sum := base64url(digest(sdHash(rawClaims(tok)), signed))
	if got := kb.Claims.Str("sd_hash"); got == sum {
		r.add(row(wire.Pass, "sd_hash_mismatch", ref, "the holder agreed to exactly these disclosures", got, sum))
	} else {
		r.add(row(wire.Fail, "sd_hash_mismatch", ref, "the holder's proof is for other disclosures", orNothing(got), sum))
	}
	r.judge()
	return r, true
}

// rawClaims are the claims as they were signed, before disclosing.
func rawClaims(tok Token) wire.Value {
	v, _, _ := wire.ParseJSON(tok.Segment("payload").Bytes, wire.Limits{})
	return v
}
