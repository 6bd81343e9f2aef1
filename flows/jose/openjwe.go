package jose

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwe"

	"authdance/flows/wire"
)

// openJWE decrypts with one key after the other. The check says which key did
// it, or why none could: decrypt_failed, zip_error, zip_limit, no_key and
// others.
func openJWE(tok Token, a keyAlg, keys []Private) ([]byte, wire.Check) {
	header := tok.joined()
	fitting := candidates(header, a, keys)
	var options []jwe.DecryptOption
	// Another recipient of a JSON serialisation may be the one that we are.
	for _, alg := range append([]keyAlg{a}, tok.otherRecipients()...) {
		name, ok := jwa.LookupKeyEncryptionAlgorithm(alg.name)
		if !ok {
			continue
		}
		more := fitting
		if alg.name != a.name {
			more = candidates(wire.Value{}, alg, keys)
			fitting = append(fitting, more...)
		}
		for _, k := range more {
			options = append(options, jwe.WithKey(name, k.raw()))
		}
		if len(more) == 0 && alg.name == "dir" || alg.bits > 0 {
			options = append(options, derived(alg, header.Str("enc"), name, keys)...)
		}
	}
	if len(options) == 0 {
		return nil, noCandidate(header, a, keys)
	}
	const ref = "RFC 7516 §5.2"
	limit := max(maxPlaintext, 10*len(tok.Segment("ciphertext").Bytes))
	plaintext, err := runJWE(tok, append(options, jwe.WithMaxDecompressBufferSize(int64(limit)),
		jwe.WithMaxPBES2Count(maxP2C), jwe.WithMinPBES2Count(1)))
	switch why := fmt.Sprint(err); {
	case err == nil && len(fitting) > 0:
		return plaintext, passed("decrypt_failed", ref, fitting[0].Name()+" opens the token, and its tag is right: nothing was changed")
	case err == nil:
		return plaintext, passed("decrypt_failed", "OIDC Core §10.2", "the hash of the given secret opens the token, and its tag is right")
	case strings.Contains(why, "exceeds WithMaxDecompressBufferSize"):
		return nil, row(wire.Fail, "zip_limit", "RFC 8725 §3.6", "the content grows too much when it is unpacked; it may be a bomb", fmt.Sprintf("more than %d bytes", limit), fmt.Sprintf("at most %d bytes", limit))
	case strings.Contains(why, "uncompress"):
		return nil, row(wire.Fail, "zip_error", "RFC 7516 §4.1.3", "the content was decrypted, but its compression is broken", "no DEFLATE data", "raw DEFLATE (RFC 1951)")
	}
	return nil, row(wire.Fail, "decrypt_failed", ref, "no given key opens this token: it is for another key, or it was changed on the way"+decryptHint(tok, a),
		count(len(options), "key")+" tried", "a key that the tag confirms")
}

// runJWE calls the library, which has met fewer hostile tokens than we have: a
// panic in it is a failure to decrypt.
func runJWE(tok Token, options []jwe.DecryptOption) (plaintext []byte, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the token broke the decrypter")
		}
	}()
	text := tok.Text
	if tok.serial != "" {
		text = tok.serial
	}
	plaintext, err = jwe.Decrypt([]byte(text), options...)
	if err == nil && plaintext == nil {
		plaintext = []byte{}
	}
	return plaintext, err
}

// otherRecipients are the further algorithms of a general serialisation.
func (t Token) otherRecipients() []keyAlg {
	if t.Format != General {
		return nil
	}
	v, _, _ := wire.ParseJSON([]byte(t.serial), wire.Limits{})
	recipients, _ := v.Get("recipients")
	var out []keyAlg
	for i, r := range recipients.Items {
		h, _ := r.Get("header")
		if a, ok := keyAlgorithm(h.Str("alg")); ok && i > 0 && i < 16 && !a.password() {
			out = append(out, a)
		}
	}
	return out
}

// derived makes the symmetric key of OIDC Core §10.2 out of a client secret.
func derived(a keyAlg, enc string, name jwa.KeyEncryptionAlgorithm, keys []Private) []jwe.DecryptOption {
	bits := a.bits
	if a.name == "dir" {
		bits = contentBits(enc)
	}
	var out []jwe.DecryptOption
	for _, k := range keys {
		if k.From != FromSecret || !k.Usable() {
			continue
		}
		secret := k.raw().([]byte)
		hash := sha256.Sum256(secret)
		sum := hash[:]
		if bits > 256 {
			long := sha512.Sum512(secret)
			sum = long[:]
		}
		out = append(out, jwe.WithKey(name, sum[:bits/8]))
	}
	return out
}

// decryptHint names what is visibly wrong, as far as saying so helps nobody to
// guess a key: all of it can be seen without one.
func decryptHint(tok Token, a keyAlg) string {
	enc := tok.joined().Str("enc")
	iv, tag := 12, 16
	if strings.Contains(enc, "CBC") {
		iv, tag = 16, contentBits(enc)/16
	}
	key := tok.Segment("encrypted_key").Bytes
	switch {
	case len(tok.Segment("iv").Bytes) != iv:
		return fmt.Sprintf("; its iv has %d bytes, %s has %d", len(tok.Segment("iv").Bytes), enc, iv)
	case len(tok.Segment("tag").Bytes) != tag:
		return fmt.Sprintf("; its tag has %d bytes, %s has %d", len(tok.Segment("tag").Bytes), enc, tag)
	case (a.name == "dir" || a.name == "ECDH-ES") && len(key) > 0:
		return "; " + a.name + " sends no key, but the token holds one"
	case a.name != "dir" && a.name != "ECDH-ES" && len(key) == 0:
		return "; the encrypted key is missing"
	}
	return ""
}
