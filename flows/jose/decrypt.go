package jose

import (
	"fmt"
	"strings"

	"authdance/flows/wire"
)

// The limits of decryption. Each is checked before the work that it bounds.
const (
	maxP2C       = 1_000_000  // PBES2 rounds, refused above
	weakP2C      = 1_000      // RFC 7518 §4.8.1.2 asks for at least this many
	maxPlaintext = 250 * 1024 // inflated bytes, or ten times the ciphertext
	maxNesting   = 4          // tokens inside tokens
)

// Decrypt opens a JWE with the first key that fits, and what is nested in it.
// It returns the token with Plaintext, Inner and Claims set and with the checks
// of decryption added; when no key opens it, only with the checks. A token that
// is no JWE comes back as it is.
func Decrypt(tok Token, keys []Private) Token { return decrypt(tok, keys, 1) }

func decrypt(tok Token, keys []Private, level int) Token {
	if tok.Inner != nil && tok.Kind != JWE {
		inner := decrypt(*tok.Inner, keys, level+1)
		tok.Inner = &inner
		return tok
	}
	if tok.Kind != JWE || tok.Plaintext != nil {
		return tok
	}
	plaintext, checks := tok.openFor(keys)
	tok.Checks = append(tok.Checks[:len(tok.Checks):len(tok.Checks)], checks...)
	if plaintext == nil {
		return tok
	}
	tok.Plaintext = plaintext
	tok.readPlaintext(keys, level)
	return tok
}

// keyAlg is one way of transporting the content key (RFC 7518 §4.1).
type keyAlg struct {
	name string
	kty  []string // the key types that it works with
	bits int      // size of a symmetric key; 0: any
}

func keyAlgorithm(name string) (keyAlg, bool) {
	switch name {
	case "RSA1_5", "RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512":
		return keyAlg{name, []string{"RSA"}, 0}, true
	case "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW":
		return keyAlg{name, []string{"EC", "OKP"}, 0}, true
	case "A128KW", "A128GCMKW":
		return keyAlg{name, []string{"oct"}, 128}, true
	case "A192KW", "A192GCMKW":
		return keyAlg{name, []string{"oct"}, 192}, true
	case "A256KW", "A256GCMKW":
		return keyAlg{name, []string{"oct"}, 256}, true
	case "dir", "PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW":
		return keyAlg{name, []string{"oct"}, 0}, true
	}
	return keyAlg{}, false
}

func (a keyAlg) password() bool { return strings.HasPrefix(a.name, "PBES2") }

// contentBits is the size of the content key; 0: no such algorithm.
func contentBits(enc string) int {
	return map[string]int{"A128GCM": 128, "A192GCM": 192, "A256GCM": 256,
		"A128CBC-HS256": 256, "A192CBC-HS384": 384, "A256CBC-HS512": 512}[enc]
}

// openFor tries every recipient, first those for whom there is a key. The checks
// are those of the recipient that was opened, else of the likeliest.
func (t Token) openFor(keys []Private) ([]byte, []wire.Check) {
	all := t.recipients()
	likely := 0
	for i := len(all) - 1; i >= 0; i-- {
		if a, ok := keyAlgorithm(all[i].header.Str("alg")); ok && len(candidates(all[i].header, a, keys)) > 0 {
			likely = i
		}
	}
	var first []wire.Check
	rounds := int64(0) // of PBES2, of all recipients together
	for i := range all {
		to := all[(likely+i)%len(all)]
		if n, _ := to.header.Int("p2c"); i > 0 && n > 0 {
			if rounds += min(n, maxP2C); rounds > maxP2C {
				continue
			}
		}
		plaintext, checks := t.openAs(to, keys)
		if plaintext != nil {
			return plaintext, checks
		}
		if i == 0 {
			first = checks
		}
	}
	return nil, first
}

// openAs judges the header before any key is touched, and then decrypts.
func (t Token) openAs(to recipient, keys []Private) ([]byte, []wire.Check) {
	a, algCheck := keyAlgCheck(to.header)
	checks := []wire.Check{algCheck, encCheck(to.header), critCheck(to.header, nil), zipCheck(to.header), keyHeaderCheck(to.header)}
	if a.password() {
		checks = append(checks, p2cCheck(to.header))
	}
	if a.name != "" && contentBits(to.header.Str("enc")) > 0 {
		checks = append(checks, partsCheck(t, to, a))
	}
	for _, c := range append(checks, t.Checks...) {
		if c.Status == wire.Fail {
			return nil, append(checks, unknown("decrypt_failed", "RFC 7516 §5.2", "not tried: "+c.Message))
		}
	}
	plaintext, check := openJWE(t, to, a, keys)
	return plaintext, append(checks, check)
}

func keyAlgCheck(header wire.Value) (keyAlg, wire.Check) {
	v, present := header.Get("alg")
	a, known := keyAlgorithm(v.Text)
	switch {
	case !present:
		return a, row(wire.Fail, "alg_missing", "RFC 7516 §4.1.1", "the header has no alg, so nobody can say how the key travels", "no alg", "alg, for example RSA-OAEP-256")
	case !isString(v):
		return a, row(wire.Fail, "alg_type", "RFC 7516 §4.1.1", "alg must be a string", kindOf(v), "a string")
	case isNone(v.Text):
		return a, row(wire.Fail, "alg_none", "RFC 8725 §3.2", "an encrypted token cannot have the algorithm none", v.Text, "a key management algorithm")
	case !known:
		return a, row(wire.Fail, "alg_unsupported", "RFC 7518 §4.1", "no key management algorithm that is known here has this name (names are case-sensitive)", v.Text, "for example RSA-OAEP-256, ECDH-ES or dir")
	case a.name == "RSA1_5":
		return a, row(wire.Warn, "alg_not_allowed", "RFC 8725 §3.2", "RSA1_5 lets an attacker decrypt with a server that answers differently to good and bad padding; do not use it", v.Text, "RSA-OAEP-256")
	}
	return a, row(wire.Pass, "alg_not_allowed", "RFC 7518 §4.1", "alg "+v.Text+" is a known way to transport the content key", v.Text, "")
}

func encCheck(header wire.Value) wire.Check {
	v, present := header.Get("enc")
	switch {
	case !present:
		return row(wire.Fail, "enc_missing", "RFC 7516 §4.1.2", "the header has no enc, so nobody can say how the content is encrypted", "no enc", "enc, for example A256GCM")
	case !isString(v):
		return row(wire.Fail, "alg_type", "RFC 7516 §4.1.2", "enc must be a string", kindOf(v), "a string")
	case contentBits(v.Text) == 0:
		return row(wire.Fail, "alg_unsupported", "RFC 7518 §5.1", "no content encryption has this name", v.Text, "A128GCM, A192GCM, A256GCM, A128CBC-HS256, A192CBC-HS384 or A256CBC-HS512")
	}
	return row(wire.Pass, "enc_missing", "RFC 7518 §5.1", "enc "+v.Text+" encrypts and protects the content", v.Text, "")
}

func zipCheck(header wire.Value) wire.Check {
	const ref = "RFC 8725 §3.6"
	v, present := header.Get("zip")
	switch {
	case !present:
		return notApplicable("jwe_zip", ref, "the content is not compressed")
	case v.Text != "DEF" || !isString(v):
		return row(wire.Fail, "zip_unsupported", "RFC 7516 §4.1.3", "only DEF is a known compression", show(v), "DEF, or no zip")
	}
	return row(wire.Warn, "jwe_zip", ref, "the content is compressed before it is encrypted: its length can tell what is in it", "zip DEF", "no zip")
}

// p2cCheck bounds the rounds of PBES2 before one of them is made.
func p2cCheck(header wire.Value) wire.Check {
	const id, ref = "p2c_limit", "RFC 7518 §4.8.1.2"
	v, _ := header.Get("p2c")
	n, ok := header.Int("p2c")
	salt, breaks := decodeBase64url(header.Str("p2s"))
	want := fmt.Sprintf("%d to %d", weakP2C, maxP2C)
	switch {
	case !ok || n < 1:
		return row(wire.Fail, id, ref, "p2c must be a positive whole number", show(v), want)
	case n > maxP2C:
		return row(wire.Fail, id, ref, "p2c asks for so many rounds that one token would keep the computer busy", v.Text, want)
	case len(breaks) > 0 || len(salt) < 8:
		return row(wire.Fail, id, "RFC 7518 §4.8.1.1", "p2s must be a salt of 8 bytes or more", bytesOf(len(salt)), "8 bytes or more")
	case n < weakP2C:
		return row(wire.Warn, id, ref, "with so few rounds the password can be guessed fast", v.Text, want)
	}
	return row(wire.Pass, id, ref, "p2c is a sensible number of rounds", v.Text, want)
}

// fits says that a key can serve this algorithm.
func (p Private) fits(a keyAlg, enc string) bool {
	bits := a.bits
	if a.name == "dir" {
		bits = contentBits(enc)
	}
	return p.Usable() && oneOf(a.kty, p.KTY) && p.Crv != "Ed25519" && (bits == 0 || bits == p.Bits) &&
		(p.Use == "" || p.Use == "enc") && (p.Alg == "" || p.Alg == a.name || p.Alg == enc && a.name == "dir")
}

// candidates are the keys that may open the token: by kid when it names one of
// them (RFC 7516 §4.1.6), else all that fit.
func candidates(header wire.Value, a keyAlg, keys []Private) []Private {
	kid, enc := header.Str("kid"), header.Str("enc")
	var named, others []Private
	for _, k := range keys {
		switch {
		case !k.fits(a, enc):
		case kid != "" && k.KID == kid:
			named = append(named, k)
		case kid == "" || k.KID == "":
			others = append(others, k)
		}
	}
	if len(named) > 0 {
		return named
	}
	return append(others, derived(a, enc, keys)...)
}

// noCandidate explains why no key was tried.
func noCandidate(header wire.Value, a keyAlg, keys []Private) wire.Check {
	if len(keys) == 0 {
		return unknown("no_key", "RFC 7516 §5.2", "the token is encrypted, and there is no key to open it with")
	}
	want := strings.Join(a.kty, " or ") + " key"
	if bits := a.bits; bits > 0 {
		want = fmt.Sprintf("a secret of %d bits", bits)
	} else if a.name == "dir" {
		want = fmt.Sprintf("a secret of %d bits", contentBits(header.Str("enc")))
	}
	var got []string
	for _, k := range keys {
		switch {
		case len(k.Problems) > 0:
			got = append(got, k.Problems[0].Message)
		case k.fits(a, header.Str("enc")):
			return row(wire.Fail, "kid_unknown", "RFC 7516 §4.1.6", "the token was encrypted to another key", header.Str("kid"), k.KID)
		default:
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s, %d bits", k.KTY, k.Crv, k.Bits)))
		}
	}
	return row(wire.Fail, "alg_key_mismatch", "RFC 7518 §4.1", "no given key works with "+a.name, list(got), want)
}

// readPlaintext looks at what was inside.
func (t *Token) readPlaintext(keys []Private, level int) {
	t.readInnerText(string(t.Plaintext), level)
	if t.Inner != nil {
		inner := decrypt(*t.Inner, keys, level+1)
		t.Inner, t.Kind = &inner, Nested
		return
	}
	v, findings, err := wire.ParseJSON(t.Plaintext, wire.Limits{})
	if err == nil {
		t.Claims = v
	}
	for _, c := range findings {
		if c.ID == "json_duplicate" {
			t.Checks = append(t.Checks, row(wire.Fail, c.ID, refOf(c.ID), "decrypted: "+c.Message, c.Got, c.Want))
		}
	}
}
