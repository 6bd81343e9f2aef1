package jose

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwe/jwebb"
	jwxkey "github.com/lestrrat-go/jwx/v3/jwk"

	"authdance/flows/wire"
)

// recipient is one way into a JWE: the header that counts for it, and the
// content key encrypted to it.
type recipient struct {
	header wire.Value // protected, shared and own members
	key    []byte
}

// recipients of a JWE; one, unless it is a general JSON serialisation.
func (t Token) recipients() []recipient {
	if t.Format != General {
		return []recipient{{t.joined(), t.Segment("encrypted_key").Bytes}}
	}
	const most = 16 // each may cost a private key operation
	v, _, _ := wire.ParseJSON([]byte(t.serial), wire.Limits{})
	all, _ := v.Get("recipients")
	var out []recipient
	for _, item := range all.Items[:min(len(all.Items), most)] {
		key, _ := decodeBase64url(item.Str("encrypted_key"))
		one := Token{Header: t.Header, Unprotected: merge(v, "unprotected", item, "header")}
		out = append(out, recipient{one.joined(), key})
	}
	return out
}

// openJWE decrypts with one key after the other. The check says which key did
// it, or why none could.
func openJWE(tok Token, to recipient, a keyAlg, keys []Private) ([]byte, wire.Check) {
	const ref = "RFC 7516 §5.2"
	fitting := candidates(to.header, a, keys)
	if len(fitting) == 0 {
		return nil, noCandidate(to.header, a, keys)
	}
	for _, k := range fitting {
		plaintext, err := openWith(tok, to, a, k)
		var refused refusal
		switch {
		case err == nil:
			return plaintext, passed("decrypt_failed", ref, k.Name()+" opens the token, and its tag is right: nothing was changed")
		case errors.As(err, &refused): // the key was right, so no other one can do better
			return nil, row(wire.Fail, refused.id, "RFC 7516 §4.1.3", refused.message, refused.got, refused.want)
		}
	}
	return nil, row(wire.Fail, "decrypt_failed", ref, "no given key opens this token: it is for another key, or it was changed on the way",
		count(len(fitting), "key")+" tried", "a key that the tag confirms")
}

// refusal is a failure after the tag was found right.
type refusal struct{ id, message, got, want string }

func (r refusal) Error() string { return r.message }

// openWith decrypts with one key (RFC 7516 §5.2). Which step failed is not told:
// it would help to guess keys and padding. The library has met fewer hostile
// tokens than we have, so a panic in it is a failure to decrypt.
func openWith(tok Token, to recipient, a keyAlg, k Private) (plaintext []byte, err error) {
	defer func() {
		if recover() != nil {
			plaintext, err = nil, errors.New("the token broke the decrypter")
		}
	}()
	enc := to.header.Str("enc")
	cek, err := contentKey(to, a, enc, k.raw())
	if err != nil || len(cek)*8 != contentBits(enc) {
		return nil, errors.New("the content key cannot be had")
	}
	cipher, err := jwebb.CreateContentCipher(enc)
	if err != nil {
		return nil, err
	}
	aad := tok.Segment("header").Raw
	if tok.serial != "" {
		v, _, _ := wire.ParseJSON([]byte(tok.serial), wire.Limits{})
		if more := v.Str("aad"); more != "" {
			aad += "." + more
		}
	}
	plaintext, err = cipher.Decrypt(cek, tok.Segment("iv").Bytes, tok.Segment("ciphertext").Bytes, tok.Segment("tag").Bytes, []byte(aad))
	if err != nil {
		return nil, err
	}
	if _, compressed := to.header.Get("zip"); compressed {
		return inflate(plaintext)
	}
	return append([]byte{}, plaintext...), nil
}

// contentKey decrypts, derives or takes the key of the content (RFC 7518 §4).
func contentKey(to recipient, a keyAlg, enc string, key any) ([]byte, error) {
	b64 := func(name string) []byte {
		b, _ := decodeBase64url(to.header.Str(name))
		return b
	}
	secret, _ := key.([]byte)
	switch {
	case a.name == "dir":
		return secret, nil
	case a.name == "RSA1_5":
		return jwebb.KeyDecryptRSA15(nil, to.key, key, contentBits(enc)/16)
	case jwebb.IsRSAOAEP(a.name):
		return jwebb.KeyDecryptRSAOAEP(nil, to.key, a.name, key)
	case jwebb.IsAESGCMKW(a.name):
		return jwebb.KeyDecryptAESGCMKW(to.key, nil, a.name, secret, b64("iv"), b64("tag"))
	case len(to.key) < 24 && a.name != "ECDH-ES" || len(to.key)%8 != 0:
		return nil, errors.New("no AES key wrap makes a key of this length (RFC 3394 §2.2.1)")
	case jwebb.IsAESKW(a.name):
		return jwebb.KeyDecryptAESKW(nil, to.key, a.name, secret)
	case a.password():
		rounds, _ := to.header.Int("p2c")
		salt := append([]byte(a.name+"\x00"), b64("p2s")...)
		return jwebb.KeyDecryptPBES2(nil, to.key, a.name, secret, salt, int(rounds))
	}
	public, err := ephemeralKey(to.header)
	if err != nil {
		return nil, err
	}
	alg, size, wrapped, err := jwebb.KeyEncryptionECDHESKeySize(a.name, enc)
	if err != nil {
		return nil, err
	}
	if wrapped {
		return jwebb.KeyDecryptECDHESKeyWrap(nil, to.key, a.name, b64("apu"), b64("apv"), key, public, size)
	}
	return jwebb.KeyDecryptECDHES(nil, nil, alg, b64("apu"), b64("apv"), key, public, size)
}

// ephemeralKey reads epk. The library checks that the point is on its curve: an
// attacker who may choose any point learns the private key bit by bit.
func ephemeralKey(header wire.Value) (public any, err error) {
	epk, _ := header.Get("epk")
	if _, private := epk.Get("d"); private {
		return nil, errors.New("epk holds a private key")
	}
	key, err := jwxkey.ParseKey([]byte(epk.Indent()))
	if err != nil {
		return nil, err
	}
	err = jwxkey.Export(key, &public)
	return public, err
}

// inflate unpacks the content, no further than the limit.
func inflate(packed []byte) ([]byte, error) {
	limit := max(maxPlaintext, 10*len(packed))
	b, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), int64(limit)+1))
	switch {
	case len(b) > limit:
		return nil, refusal{"zip_limit", "the content grows too much when it is unpacked; it may be a bomb", fmt.Sprintf("more than %d bytes", limit), fmt.Sprintf("at most %d bytes", limit)}
	case err != nil:
		return nil, refusal{"zip_error", "the content was decrypted, but its compression is broken", "no DEFLATE data", "raw DEFLATE (RFC 1951)"}
	}
	return b, nil
}

// derived makes the symmetric keys of OIDC Core §10.2 out of client secrets.
func derived(a keyAlg, enc string, keys []Private) []Private {
	bits := a.bits
	if a.name == "dir" {
		bits = contentBits(enc)
	}
	var out []Private
	for _, k := range keys {
		if k.From != FromSecret || !k.Usable() || bits == 0 || a.password() {
			continue
		}
		short, long := sha256.Sum256(k.raw().([]byte)), sha512.Sum512(k.raw().([]byte))
		sum := short[:]
		if bits > 256 {
			sum = long[:]
		}
		d := Private{From: FromSecret, KID: "the hash of the secret"}
		d.use(sum[:bits/8])
		out = append(out, d)
	}
	return out
}

// partsCheck compares the parts of a JWE with what its algorithms prescribe. All
// of it can be seen without a key. A part of another length would shift the
// border between ciphertext and tag.
func partsCheck(tok Token, to recipient, a keyAlg) wire.Check {
	const ref = "RFC 7518 §5"
	enc := to.header.Str("enc")
	iv, tag := 12, 16
	if strings.Contains(enc, "CBC") {
		iv, tag = 16, contentBits(enc)/16
	}
	direct := a.name == "dir" || a.name == "ECDH-ES"
	switch gotIV, gotTag := len(tok.Segment("iv").Bytes), len(tok.Segment("tag").Bytes); {
	case gotIV != iv:
		return row(wire.Fail, "structure", ref, "the iv has the wrong length for "+enc, bytesOf(gotIV), bytesOf(iv))
	case gotTag != tag:
		return row(wire.Fail, "structure", ref, "the tag has the wrong length for "+enc, bytesOf(gotTag), bytesOf(tag))
	case direct && len(to.key) > 0:
		return row(wire.Fail, "structure", "RFC 7516 §5.2", a.name+" sends no key, but the token holds one", bytesOf(len(to.key)), "an empty part")
	case !direct && len(to.key) == 0:
		return row(wire.Fail, "structure", "RFC 7516 §5.2", "the encrypted key is missing", "an empty part", "the key, encrypted with "+a.name)
	}
	return passed("structure", ref, "iv, tag and key have the lengths that "+enc+" and "+a.name+" ask for")
}
