package jose

import (
	"bytes"
	"fmt"

	"authdance/flows/wire"
)

// Policy says which signatures a client accepts.
type Policy struct {
	// Algs is the allow list. nil: DefaultAlgs, and HMAC when the key set holds
	// an explicit secret. "none" is refused even when it stands here.
	Algs []string
	// Alg is the one algorithm that the client registered
	// (id_token_signed_response_alg); "": not known.
	Alg string
	// Message: the payload is any text and not a JWT, so that the unencoded
	// payload option (RFC 7797) is allowed.
	Message bool
}

// Verify judges algorithm, header, key and signature of a JWS, in this order,
// and returns the key whose signature verified, nil when none did. Every rule
// gives one check. A check that could not be made is Unknown, never Pass.
//
// Keys come from the key set alone: jku, x5u, x5c and jwk in the token are
// reported and ignored. kid is compared as plain text. Of several signatures
// (RFC 7515 §7.2.1) the first that verifies is judged, else the first.
func Verify(tok Token, keys KeySet, policy Policy) ([]wire.Check, *Key) {
	if tok.Plaintext != nil {
		return []wire.Check{unknown("not_signed", "RFC 8725 §3.2", "the content is encrypted and not signed: whoever has the key to encrypt, often a public one, can have written it")}, nil
	}
	if tok.Kind == JWE || tok.Kind == Opaque || tok.Kind == SAML {
		return []wire.Check{unknown("signature_invalid", "RFC 7515 §5.2", "this is no signed token, so there is no signature to check")}, nil
	}
	for i, one := range tok.Signatures {
		if checks, used := verifyOne(one, keys, policy); used != nil {
			return append(checks, row(wire.Warn, "ambiguous_key", "RFC 7515 §7.2", "the token has several signatures, and one that verifies is judged",
				fmt.Sprintf("signature %d", i+1), count(len(tok.Signatures), "signature"))), used
		}
	}
	return verifyOne(tok, keys, policy)
}

func verifyOne(tok Token, keys KeySet, policy Policy) ([]wire.Check, *Key) {
	header := tok.joined()
	checks, a, ok := algChecks(header, keys, policy)
	var understood []string
	if policy.Message {
		understood = []string{"b64"}
	}
	checks = append(checks, critCheck(header, understood), b64Check(header, policy.Message), keyHeaderCheck(header))
	choice, candidates := chooseKeys(header, a, ok, keys)
	checks = append(checks, choice)
	used, verified := tryKeys(tok, a, ok, candidates)
	checks = append(checks, keyChecks(a, ok, used)...)
	checks = append(checks, signatureChecks(tok, a, ok, used, verified, len(candidates))...)
	if !verified {
		return checks, nil
	}
	return checks, used
}

// chooseKeys explains which keys may have signed the token (OIDC Core §10.1)
// and returns them, the most likely first.
func chooseKeys(header wire.Value, a alg, ok bool, keys KeySet) (wire.Check, []*Key) {
	const ref = "OIDC Core §10.1"
	kid, hasKID := header.Get("kid")
	switch {
	case hasKID && !isString(kid):
		return row(wire.Fail, "kid_type", "RFC 7515 §4.1.4", "kid must be a string", kindOf(kid), "a string"), nil
	case !ok:
		return notApplicable("kid_unknown", ref, "no key is chosen for an algorithm that is not usable"), nil
	case len(keys.Keys) == 0:
		return unknown("no_key", ref, "there is no key to check the signature with"), nil
	}
	if hasKID && !a.symmetric() {
		var named, unnamed []*Key
		for i := range keys.Keys {
			switch k := &keys.Keys[i]; {
			case k.secret():
			case k.KID == kid.Text:
				named = append(named, k)
			case k.KID == "" && k.Usable():
				unnamed = append(unnamed, k)
			}
		}
		return namedKeys(kid.Text, a, named, unnamed, keys)
	}
	var fitting []*Key
	for i := range keys.Keys {
		if k := &keys.Keys[i]; k.Usable() && fits(a, k) {
			fitting = append(fitting, k)
		}
	}
	switch {
	case len(fitting) == 0 && a.symmetric():
		return unknown("no_key", ref, "no shared secret to check "+a.name+" with"), nil
	case len(fitting) == 0:
		return row(wire.Fail, "alg_key_mismatch", "RFC 7515 §10.7", "no key of the set fits "+a.name, describeKeys(keys), a.needs()), nil
	case a.symmetric():
		return passed("kid_missing", ref, "the secret is given, so no kid is needed"), fitting
	case len(fitting) == 1:
		return passed("kid_missing", ref, "the header has no kid, and one key fits "+a.name), fitting
	}
	return row(wire.Warn, "ambiguous_key", ref, "the header has no kid and several keys fit: they were tried in turn",
		count(len(fitting), "key"), "a kid, when the set has several keys"), fitting
}

// namedKeys handles a token with a kid: the keys of that name, or the keys that
// have no name and so do not contradict it.
func namedKeys(kid string, a alg, named, unnamed []*Key, keys KeySet) (wire.Check, []*Key) {
	const ref = "RFC 7515 §4.1.4"
	var usable []*Key
	for _, k := range named {
		if k.Usable() {
			usable = append(usable, k)
		}
	}
	switch {
	case len(usable) == 1 && len(named) == 1:
		return row(wire.Pass, "kid_unknown", ref, "kid "+quoted(kid)+" names one key of the set", kid, kid), usable
	case len(usable) > 0:
		return row(wire.Warn, "ambiguous_key", "RFC 7517 §4.5", "several keys have the kid "+quoted(kid)+": they were tried in turn",
			count(len(named), "key"), "1 key"), usable
	case len(named) > 0:
		why := "it cannot be read"
		if p := named[0].Problems; len(p) > 0 {
			why = p[0].Message
		}
		return unknown("no_key", ref, "kid "+quoted(kid)+" names a key that cannot be used: "+why), nil
	case len(unnamed) == 1:
		return row(wire.Pass, "kid_unknown", ref, "the given key has no kid, so nothing contradicts the token's", kid, "any"), unnamed
	case len(unnamed) > 1:
		return row(wire.Warn, "ambiguous_key", ref, "no key has the kid "+quoted(kid)+"; those without a kid were tried in turn",
			count(len(unnamed), "key"), "1 key"), unnamed
	case keys.usable() == 0:
		return unknown("no_key", ref, "no key of the set can be used"), nil
	}
	return row(wire.Fail, "kid_unknown", ref, "no key of the set has this kid; after a key change, fetch the set once more", kid, list(kids(keys))), nil
}

// tryKeys verifies with one key after the other. used is the key that verified,
// else the likeliest candidate, so that the rules about keys have something to
// judge.
func tryKeys(tok Token, a alg, ok bool, candidates []*Key) (used *Key, verified bool) {
	if !ok || len(candidates) == 0 {
		return nil, false
	}
	likely := candidates[0]
	for _, k := range candidates {
		if fits(a, k) {
			likely = k
			break
		}
	}
	signature := tok.Segment("signature")
	if len(signature.Bytes) == 0 || len(signature.Breaks) > 0 {
		return likely, false
	}
	signed := tok.signed()
	for _, k := range candidates {
		if fits(a, k) && len(signature.Bytes) == k.signatureSize(a) && k.verify(a.name, signed, signature.Bytes) == nil {
			return k, true
		}
	}
	return likely, false
}

func (k Key) signatureSize(a alg) int {
	if a.sig > 0 {
		return a.sig
	}
	return (k.Bits + 7) / 8
}

// fits says that the key is meant for this algorithm and for verifying.
func fits(a alg, k *Key) bool {
	return typeCheck(a, k).Status == wire.Pass && useCheck(k).Status == wire.Pass
}

// typeCheck compares key type, curve and alg (RFC 7518 §3.1, RFC 7517 §4.4).
func typeCheck(a alg, k *Key) wire.Check {
	const id = "alg_key_mismatch"
	switch {
	case k.KTY != a.kty || a.crv != "" && k.Crv != a.crv || a.symmetric() && !k.secret():
		return row(wire.Fail, id, "RFC 7518 §3.1", a.name+" does not work with this key", k.describe(), a.needs())
	case k.Alg != "" && k.Alg != a.name && !(a.kty == "OKP" && oneOf([]string{"EdDSA", "Ed25519"}, k.Alg)):
		return row(wire.Fail, id, "RFC 7517 §4.4", "the key is meant for another algorithm", k.Alg, a.name)
	}
	return row(wire.Pass, id, "RFC 7518 §3.1", k.Name()+" works with "+a.name, k.describe(), a.needs())
}

// useCheck reads use and key_ops (RFC 7517 §4.2, §4.3).
func useCheck(k *Key) wire.Check {
	const id = "key_use"
	switch {
	case k.Use != "" && k.Use != "sig":
		return row(wire.Fail, id, "RFC 7517 §4.2", "the key is not meant for signatures", "use "+k.Use, "use sig")
	case k.KeyOps != nil && !oneOf(k.KeyOps, "verify") && !oneOf(k.KeyOps, "sign"):
		return row(wire.Fail, id, "RFC 7517 §4.3", "the key is not meant for verifying", "key_ops "+orNothing(list(k.KeyOps)), "key_ops verify")
	}
	return passed(id, "RFC 7517 §4.2", "nothing in the key forbids verifying with it (use, key_ops)")
}

// keyChecks are the rules about the key that was used.
func keyChecks(a alg, ok bool, k *Key) []wire.Check {
	if !ok || k == nil {
		const why = "no key to judge"
		return []wire.Check{unknown("alg_key_mismatch", "RFC 7518 §3.1", why), unknown("key_use", "RFC 7517 §4.2", why),
			unknown("weak_key", "RFC 8725 §3.5", why), unknown("jwks_private_key", "RFC 7517 §9.2", why)}
	}
	checks := []wire.Check{typeCheck(a, k), useCheck(k), strengthCheck(a, k)}
	for _, p := range k.Problems {
		if p.ID == "jwks_private_key" {
			return append(checks, p)
		}
	}
	return append(checks, passed("jwks_private_key", "RFC 7517 §9.2", "the private half of this key does not stand beside it"))
}

func strengthCheck(a alg, k *Key) wire.Check {
	switch {
	case k.KTY == "RSA" && k.Bits < minRSABits:
		return weakRSA(wire.Fail, k.Bits)
	case a.symmetric() && k.Bits < a.sig*8:
		return row(wire.Fail, "weak_key", "RFC 7518 §3.2", "the secret is shorter than the hash: it can be guessed offline", fmt.Sprintf("%d bits", k.Bits), fmt.Sprintf("%d bits or more", a.sig*8))
	}
	return row(wire.Pass, "weak_key", "RFC 8725 §3.5", "the key is long enough", fmt.Sprintf("%d bits", k.Bits), "")
}

func signatureChecks(tok Token, a alg, ok bool, used *Key, verified bool, tried int) []wire.Check {
	const ref = "RFC 7515 §5.2"
	s := tok.Segment("signature")
	if len(tok.Segments) == 3 && s.Raw == "" {
		return []wire.Check{
			row(wire.Fail, "not_signed", ref, "the signature is empty: anyone can have written this token", "0 bytes", "a signature"),
			notApplicable("signature_invalid", ref, "there is no signature to check")}
	}
	switch {
	case !ok:
		const why = "the algorithm is not usable, see above"
		return []wire.Check{notApplicable("signature_length", ref, why), unknown("signature_invalid", ref, why)}
	case len(s.Breaks) > 0:
		const why = "the signature is not base64url, see above"
		return []wire.Check{notApplicable("signature_length", ref, why), unknown("signature_invalid", ref, why)}
	case tok.Segment("payload").Raw == "" && !verified:
		const why = "the payload is not in the token, so what was signed is not known"
		return []wire.Check{unknown("detached_payload_missing", "RFC 7515 Appendix F", why), notApplicable("signature_length", ref, why), unknown("signature_invalid", ref, why)}
	}
	length, lengthOK := lengthCheck(a, s.Bytes, used)
	switch {
	case !lengthOK:
		return []wire.Check{length, notApplicable("signature_invalid", ref, "not tried: the length is already wrong")}
	case used == nil:
		return []wire.Check{length, unknown("signature_invalid", ref, "no key to check the signature with")}
	case verified:
		message := "signature: " + used.Name()
		if tried > 1 {
			message += fmt.Sprintf(" of %d candidates", tried)
		}
		return []wire.Check{length, passed("signature_invalid", ref, message+" signed exactly this header and payload")}
	case !fits(a, used):
		return []wire.Check{length, unknown("signature_invalid", ref, "not tried: the key is not for this algorithm")}
	}
	message := "the signature does not belong to this header, payload and key: the token was changed, or signed with another key"
	if len(bytes.Trim(s.Bytes, "\x00")) == 0 {
		message = "the signature is all zeros: an attack on verifiers that forgot to check for it (CVE-2022-21449)"
	}
	return []wire.Check{length, row(wire.Fail, "signature_invalid", ref, message, used.Name(), "a signature by this key")}
}

// lengthCheck compares the length of the signature with what the algorithm and
// the key prescribe.
func lengthCheck(a alg, signature []byte, k *Key) (wire.Check, bool) {
	const id = "signature_length"
	want := a.sig
	if want == 0 {
		if k == nil || k.KTY != "RSA" {
			return unknown(id, "RFC 8017 §8", "the length depends on the key, and there is none"), true
		}
		want = k.signatureSize(a)
	}
	if len(signature) == want {
		return row(wire.Pass, id, "RFC 7518 §3", "the signature is as long as "+a.name+" makes it", bytesOf(want), bytesOf(want)), true
	}
	message := "the signature has the wrong length for " + a.name
	if a.kty == "EC" && len(signature) > 8 && signature[0] == 0x30 {
		message = "the signature is DER, as OpenSSL writes it; a JWS wants the two numbers r and s side by side (RFC 7518 §3.4)"
	}
	return row(wire.Fail, id, "RFC 7518 §3", message, bytesOf(len(signature)), bytesOf(want)), false
}

func (k Key) describe() string {
	s := k.KTY
	if k.Crv != "" {
		return s + " " + k.Crv
	}
	return fmt.Sprintf("%s, %d bits", s, k.Bits)
}

func describeKeys(keys KeySet) string {
	var out []string
	for _, k := range keys.Keys {
		if d := k.describe(); !oneOf(out, d) && len(out) < 8 {
			out = append(out, d)
		}
	}
	return list(out)
}

func kids(keys KeySet) []string {
	var out []string
	for _, k := range keys.Keys {
		if k.KID != "" && len(out) < 20 {
			out = append(out, k.KID)
		}
	}
	if len(out) == 0 {
		return []string{"no kid in the set"}
	}
	return out
}
