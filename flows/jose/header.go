package jose

import (
	"fmt"
	"slices"
	"strings"

	"authdance/flows/wire"
)

// algChecks judges the alg header against the policy, before any key is looked
// at. The alg comes back only when its signature can be computed here.
func algChecks(header wire.Value, keys KeySet, p Policy) ([]wire.Check, alg, bool) {
	c, a, ok := algCheck(header, keys, p)
	checks := []wire.Check{c}
	switch name := header.Str("alg"); {
	case p.Alg == "":
		checks = append(checks, notApplicable("alg_unexpected", "OIDC Core §3.1.3.7", "no algorithm was agreed at registration"))
	case name != p.Alg:
		checks = append(checks, row(wire.Fail, "alg_unexpected", "OIDC Core §3.1.3.7",
			"alg is not the one that this client registered", orNothing(name), p.Alg))
	default:
		checks = append(checks, row(wire.Pass, "alg_unexpected", "OIDC Core §3.1.3.7", "alg is the registered one", name, p.Alg))
	}
	return append(checks, symmetricCheck(a, ok, keys)), a, ok
}

func algCheck(header wire.Value, keys KeySet, p Policy) (wire.Check, alg, bool) {
	v, present := header.Get("alg")
	allowed := p.Algs
	if allowed == nil {
		allowed = DefaultAlgs()
		if keys.hasSecret() {
			allowed = append(allowed, "HS256", "HS384", "HS512")
		}
		if p.Alg != "" {
			allowed = append(allowed, p.Alg)
		}
	}
	a, supported := algorithm(v.Text)
	switch {
	case !present:
		return row(wire.Fail, "alg_missing", "RFC 7515 §4.1.1", "the header has no alg, so nobody can say how it was signed", "no alg", list(allowed)), a, false
	case !isString(v):
		return row(wire.Fail, "alg_type", "RFC 7515 §4.1.1", "alg must be a string", kindOf(v), "a string"), a, false
	case isNone(v.Text):
		return row(wire.Fail, "alg_none", "RFC 8725 §3.2", "alg says that the token is not signed: anyone can have written it", v.Text, list(allowed)), a, false
	case !supported && registered(v.Text):
		return row(wire.Unknown, "alg_unsupported", "RFC 7518 §3.1", "this algorithm exists, but is not verified here", v.Text, list(allowed)), a, false
	case !supported:
		return row(wire.Fail, "alg_unsupported", "RFC 7518 §3.1", "no signature algorithm has this name (names are case-sensitive)", v.Text, list(allowed)), a, false
	case a.symmetric() && p.Algs == nil && !keys.hasSecret():
		// alg_symmetric says what is wrong; one failure should not count twice.
		return notApplicable("alg_not_allowed", "RFC 8725 §3.1", "judged as a shared secret algorithm, see alg_symmetric"), a, true
	case !oneOf(allowed, v.Text):
		return row(wire.Fail, "alg_not_allowed", "RFC 8725 §3.1", "alg is not on the allow list", v.Text, list(allowed)), a, true
	}
	return row(wire.Pass, "alg_not_allowed", "RFC 8725 §3.1", "alg "+v.Text+` is on the allow list, not "none"`, v.Text, list(allowed)), a, true
}

// symmetricCheck refuses HMAC unless the person gave a secret: with public keys
// at hand, an HMAC token was made by someone who took a public key for the
// secret (RFC 8725 §2.1).
func symmetricCheck(a alg, ok bool, keys KeySet) wire.Check {
	const ref = "RFC 8725 §2.1"
	switch {
	case !ok:
		return notApplicable("alg_symmetric", ref, "the algorithm is not usable, see above")
	case !a.symmetric():
		return passed("alg_symmetric", ref, a.name+" is a public key signature: who verifies cannot sign")
	case keys.hasSecret():
		return passed("alg_symmetric", ref, a.name+" is checked with the shared secret only, never with a public key")
	case len(keys.Keys) == 0:
		return unknown("alg_symmetric", ref, a.name+" needs the shared secret (for an ID token the client secret), and none was given")
	}
	return row(wire.Fail, "alg_symmetric", ref, "a shared secret algorithm with public keys: the classic forgery signs with the public key as the secret",
		a.name, "a public key signature, or an explicit secret")
}

func (s KeySet) hasSecret() bool {
	for _, k := range s.Keys {
		if k.secret() {
			return true
		}
	}
	return false
}

// critCheck applies RFC 7515 §4.1.11: what crit names must be understood.
func critCheck(header wire.Value, understood []string) wire.Check {
	const ref = "RFC 7515 §4.1.11"
	v, ok := header.Get("crit")
	if !ok {
		return notApplicable("crit_unknown", ref, "the header names no extension that must be understood")
	}
	names, isList := stringOrList(v)
	if !isList || !isArray(v) || len(names) == 0 {
		return row(wire.Fail, "crit_invalid", ref, "crit must be a list of header names, with at least one", show(v), `for example ["b64"]`)
	}
	seen := map[string]bool{}
	for _, name := range names {
		_, present := header.Get(name)
		if !present || seen[name] || standardHeader(name) {
			return row(wire.Fail, "crit_invalid", ref, "crit may name only extensions that stand in this header, each once", show(v), "extensions present in the header")
		}
		seen[name] = true
	}
	if !slices.ContainsFunc(names, func(name string) bool { return !oneOf(understood, name) }) {
		return row(wire.Pass, "crit_unknown", ref, "the extensions that must be understood are understood", list(names), list(understood))
	}
	return row(wire.Fail, "crit_unknown", ref, "the token demands an extension that is not understood here, so it must be refused", list(names), "no crit")
}

func standardHeader(name string) bool {
	return oneOf([]string{"alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "enc", "zip", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"}, name)
}

// b64Check judges the unencoded payload option. A message may use it, when it
// says so in crit; a JWT may not.
func b64Check(header wire.Value, message bool) wire.Check {
	const ref = "RFC 7797 §7"
	switch v, ok := header.Get("b64"); {
	case !ok:
		return notApplicable("b64_false", ref, "the header has no b64: the payload is base64url, as in every JWT")
	case v.Kind == wire.Bool && v.Text == "true":
		return passed("b64_false", ref, "b64 is true: the payload is base64url, as in every JWT")
	case v.Kind != wire.Bool:
		return row(wire.Fail, "b64_false", "RFC 7797 §3", "b64 must be true or false", show(v), "true or false")
	case message:
		crit, _ := header.Get("crit")
		if names, _ := stringOrList(crit); !oneOf(names, "b64") {
			return row(wire.Fail, "b64_false", "RFC 7797 §6", "b64 is false, and crit does not name it: a reader that does not know b64 would read another payload", "b64 not in crit", `"crit":["b64"]`)
		}
		return passed("b64_false", "RFC 7797 §3", "b64 is false and crit says so: the payload is signed as it stands")
	default:
		return row(wire.Fail, "b64_false", ref, "a JWT must not use the unencoded payload option", show(v), "no b64, or true")
	}
}

// keyHeaderCheck reports headers through which a token brings its own key. They
// never select a key and never cause a request.
func keyHeaderCheck(header wire.Value) wire.Check {
	const id, ref = "untrusted_header_key", "RFC 8725 §3.10"
	var present []string
	for _, name := range [...]string{"jku", "x5u", "x5c", "jwk"} {
		if _, ok := header.Get(name); ok {
			present = append(present, name)
		}
	}
	if len(present) == 0 {
		return passed(id, ref, "the header brings no key of its own (jku, x5u, x5c, jwk)")
	}
	if jwk, _ := header.Get("jwk"); jwk.Str("d") != "" || jwk.Str("k") != "" {
		return row(wire.Fail, "private_key_in_header", "RFC 7515 §4.1.3", "the header carries a private or symmetric key: it is now public", "jwk with a private member", "public members only")
	}
	return row(wire.Warn, id, ref, "the header names or carries a key; it was ignored, only your own keys count", list(present), "none of jku, x5u, x5c, jwk")
}

// typOf returns the media type in typ without its "application/" prefix, in
// lower case: media types ignore case (RFC 7515 §4.1.9).
func typOf(header wire.Value) string {
	typ := strings.ToLower(header.Str("typ"))
	if rest, ok := strings.CutPrefix(typ, "application/"); ok && !strings.Contains(rest, "/") {
		return rest
	}
	return typ
}

// typTypeCheck fails on a typ that is no string.
func typTypeCheck(header wire.Value) (wire.Check, bool) {
	if v, ok := header.Get("typ"); ok && !isString(v) {
		return row(wire.Fail, "typ_mismatch", "RFC 7515 §4.1.9", "typ must be a string", kindOf(v), "a string"), false
	}
	return wire.Check{}, true
}

func oneOf(items []string, s string) bool {
	for _, item := range items {
		if item == s {
			return true
		}
	}
	return false
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func bytesOf(n int) string { return fmt.Sprintf("%d bytes", n) }
