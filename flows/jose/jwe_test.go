package jose

import (
	"bytes"
	"compress/flate"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwe"
	"github.com/lestrrat-go/jwx/v3/jwe/jwebb"
	jwxkey "github.com/lestrrat-go/jwx/v3/jwk"

	"authdance/flows/wire"
)

const hobbits = "You can trust us to stick with you through thick and thin–to the bitter end. And you can trust us to keep any secret of yours–closer than you keep it yourself. But you cannot trust us to let you face trouble alone, and go off without a word. We are your friends, Frodo."

const gandalf = `"iv":"YihBoVOGsR1l7jCD","ciphertext":"qtPIMMaOBRgASL10dNQhOa7Gqrk7Eal1vwht7R4TT1uq-arsVCPaIeFwQfzrSS6oEUWbBtxEasE0vC6r7sphyVziMCVJEuRJyoAHFSP3eqQPb4Ic1SDSqyXjw_L3svybhHYUGyQuTmUQEDjgjJfBOifwHIsDsRPeBz1NomqeifVPq5GTCWFo5k_MNIQURR2Wj0AHC2k7JZfu2iWjUHLF8ExFZLZ4nlmsvJu_mvifMYiikfNfsZAudISOa6O73yPZtL04k_1FI7WDfrb2w7OqKLWDXzlpcxohPVOLQwpA3mFNRKdY-bQz4Z4KX9lfz1cne31N4-8BKmojpw-OdQjKdLOGkC445Fb_K1tlDQXw2sBF","tag":"e2m0Vm7JvjK2VpCKXS-kyg"`

const multi = `"unprotected":{"cty":"text/plain"},"protected":"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0","iv":"VgEIHY20EnzUtZFl2RpB1g","ciphertext":"ajm2Q-OpPXCr7-MHXicknb1lsxLdXxK_yLds0KuhJzfWK04SjdxQeSw2L9mu3a_k1C55kCQ_3xlkcVKC5yr__Is48VOoK0k63_QRM9tBURMFqLByJ8vOYQX0oJW4VUHJLmGhF-tVQWB7Kz8mr8zeE7txF0MSaP6ga7-siYxStR7_G07Thd1jh-zGT0wxM5g-VRORtq0K6AXpLlwEqRp7pkt2zRM0ZAXqSpe1O6FJ7FHLDyEFnD-zDIZukLpCbzhzMDLLw2-8I14FQrgi-iEuzHgIJFIJn2wh9Tj0cg_kOZy9BqMRZbmYXMY9YQjorZ_P_JYG3ARAIF3OjDNqpdYe-K_5Q5crGJSDNyij_ygEiItR5jssQVH2ofDQdLChtazE","tag":"BESYyFN7T09KY7i8zKs5_g"`

// The worked examples of RFC 7516 Appendix A, RFC 7519 Appendix A and RFC 7520 §5,
// as published: a key, a token, and what is in it.
var sealed = []struct{ name, key, token, plaintext string }{
	{"RFC 7520 5.3 PBES2-HS512+A256KW", "entrap_o–peter_long–credit_tun",
		"eyJhbGciOiJQQkVTMi1IUzUxMitBMjU2S1ciLCJwMnMiOiI4UTFTemluYXNSM3hjaFl6NlpaY0hBIiwicDJjIjo4MTkyLCJjdHkiOiJqd2stc2V0K2pzb24iLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.d3qNhUWfqheyPp4H8sjOWsDYajoej4c5Je6rlUtFPWdgtURtmeDV1g.VBiCzVHNoLiR3F4V82uoTQ.23i-Tb1AV4n0WKVSSgcQrdg6GRqsUKxjruHXYsTHAJLZ2nsnGIX86vMXqIi6IRsfywCRFzLxEcZBRnTvG3nhzPk0GDD7FMyXhUHpDjEYCNA_XOmzg8yZR9oyjo6lTF6si4q9FZ2EhzgFQCLO_6h5EVg3vR75_hkBsnuoqoM3dwejXBtIodN84PeqMb6asmas_dpSsz7H10fC5ni9xIz424givB1YLldF6exVmL93R3fOoOJbmk2GBQZL_SEGllv2cQsBgeprARsaQ7Bq99tT80coH8ItBjgV08AtzXFFsx9qKvC982KLKdPQMTlVJKkqtV4Ru5LEVpBZXBnZrtViSOgyg6AiuwaS-rCrcD_ePOGSuxvgtrokAKYPqmXUeRdjFJwafkYEkiuDCV9vWGAi1DH2xTafhJwcmywIyzi4BqRpmdn_N-zl5tuJYyuvKhjKv6ihbsV_k1hJGPGAxJ6wUpmwC4PTQ2izEm0TuSE8oMKdTw8V3kobXZ77ulMwDs4p.0HlwodAhOCILG5SQ2LQ9dg",
		`{"keys":[{"kty":"oct","kid":"77c7e2b8-6e13-45cf-8672-617b5b45243a","use":"enc","alg":"A128GCM","k":"XctOhJAkA-pD9Lh7ZgW_2A"},{"kty":"oct","kid":"81b20965-8332-43d9-a468-82160ad91ac8","use":"enc","alg":"A128KW","k":"GZy6sIZ6wl9NJOKB-jnmVQ"},{"kty":"oct","kid":"18ec08e1-bfa9-4d95-b205-2b4dd1d4321d","use":"enc","alg":"A256GCMKW","k":"qC57l_uxcm7Nm3K-ct4GFjx8tM1U8CZ0NLBvdQstiS8"}]}`},
	{"RFC 7520 5.4 ECDH-ES+A128KW", `{"kty":"EC","kid":"peregrin.took@tuckborough.example","use":"enc","crv":"P-384","x":"YU4rRUzdmVqmRtWOs2OpDE_T5fsNIodcG8G5FWPrTPMyxpzsSOGaQLpe2FpxBmu2","y":"A8-yxCHxkfBz3hKZfI1jUYMjUhsEveZ9THuwFjH2sCNdtksRJU7D5-SkgaFL1ETP","d":"iTx2pk7wW-GqJkHcEkFQb2EFyYcO7RugmaW3mRrQVAOUiPommT0IdnYK2xDlZh-j"}`,
		"eyJhbGciOiJFQ0RILUVTK0ExMjhLVyIsImtpZCI6InBlcmVncmluLnRvb2tAdHVja2Jvcm91Z2guZXhhbXBsZSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMzg0IiwieCI6InVCbzRrSFB3Nmtiang1bDB4b3dyZF9vWXpCbWF6LUdLRlp1NHhBRkZrYllpV2d1dEVLNml1RURzUTZ3TmROZzMiLCJ5Ijoic3AzcDVTR2haVkMyZmFYdW1JLWU5SlUyTW84S3BvWXJGRHI1eVBOVnRXNFBnRXdaT3lRVEEtSmRhWTh0YjdFMCJ9LCJlbmMiOiJBMTI4R0NNIn0.0DJjBXri_kBcC46IkU5_Jk9BqaQeHdv2.mH-G2zVqgztUtnW_.tkZuOO9h95OgHJmkkrfLBisku8rGf6nzVxhRM3sVOhXgz5NJ76oID7lpnAi_cPWJRCjSpAaUZ5dOR3Spy7QuEkmKx8-3RCMhSYMzsXaEwDdXta9Mn5B7cCBoJKB0IgEnj_qfo1hIi-uEkUpOZ8aLTZGHfpl05jMwbKkTe2yK3mjF6SBAsgicQDVCkcY9BLluzx1RmC3ORXaM0JaHPB93YcdSDGgpgBWMVrNU1ErkjcMqMoT_wtCex3w03XdLkjXIuEr2hWgeP-nkUZTPU9EoGSPj6fAS-bSz87RCPrxZdj_iVyC6QWcqAu07WNhjzJEPc4jVntRJ6K53NgPQ5p99l3Z408OUqj4ioYezbS6vTPlQ.WuGzxmcreYjpHGJoa17EBg", hobbits},
	{"RFC 7520 5.9 zip", `{"kty":"oct","kid":"81b20965-8332-43d9-a468-82160ad91ac8","use":"enc","alg":"A128KW","k":"GZy6sIZ6wl9NJOKB-jnmVQ"}`,
		"eyJhbGciOiJBMTI4S1ciLCJraWQiOiI4MWIyMDk2NS04MzMyLTQzZDktYTQ2OC04MjE2MGFkOTFhYzgiLCJlbmMiOiJBMTI4R0NNIiwiemlwIjoiREVGIn0.5vUT2WOtQxKWcekM_IzVQwkGgzlFDwPi.p9pUq6XHY0jfEZIl.HbDtOsdai1oYziSx25KEeTxmwnh8L8jKMFNc1k3zmMI6VB8hry57tDZ61jXyezSPt0fdLVfe6Jf5y5-JaCap_JQBcb5opbmT60uWGml8blyiMQmOn9J--XhhlYg0m-BHaqfDO5iTOWxPxFMUedx7WCy8mxgDHj0aBMG6152PsM-w5E_o2B3jDbrYBKhpYA7qi3AyijnCJ7BP9rr3U8kxExCpG3mK420TjOw.VILuUwuIxaLVmh5X-T7kmA", hobbits},
	{"RFC 7520 5.12 nothing protected", `{"kty":"oct","kid":"81b20965-8332-43d9-a468-82160ad91ac8","use":"enc","alg":"A128KW","k":"GZy6sIZ6wl9NJOKB-jnmVQ"}`,
		`{"unprotected":{"alg":"A128KW","kid":"81b20965-8332-43d9-a468-82160ad91ac8","enc":"A128GCM"},"encrypted_key":"244YHfO_W7RMpQW81UjQrZcq5LSyqiPv",` + gandalf + `}`, hobbits},
	{"RFC 7520 5.12 general", `{"kty":"oct","kid":"81b20965-8332-43d9-a468-82160ad91ac8","use":"enc","alg":"A128KW","k":"GZy6sIZ6wl9NJOKB-jnmVQ"}`,
		`{"recipients":[{"encrypted_key":"244YHfO_W7RMpQW81UjQrZcq5LSyqiPv"}],"unprotected":{"alg":"A128KW","kid":"81b20965-8332-43d9-a468-82160ad91ac8","enc":"A128GCM"},` + gandalf + `}`, hobbits},
	{"RFC 7520 5.13 the third recipient", `{"kty":"oct","kid":"18ec08e1-bfa9-4d95-b205-2b4dd1d4321d","use":"enc","alg":"A256GCMKW","k":"qC57l_uxcm7Nm3K-ct4GFjx8tM1U8CZ0NLBvdQstiS8"}`,
		`{"recipients":[{"encrypted_key":"dYOD28kab0Vvf4ODgxVAJXgHcSZICSOp8M51zjwj4w6Y5G4XJQsNNIBiqyvUUAOcpL7S7-cFe7Pio7gV_Q06WmCSa-vhW6me4bWrBf7cHwEQJdXihidAYWVajJIaKMXMvFRMV6iDlRr076DFthg2_AV0_tSiV6xSEIFqt1xnYPpmP91tc5WJDOGb-wqjw0-b-S1laS11QVbuP78dQ7Fa0zAVzzjHX-xvyM2wxj_otxr9clN1LnZMbeYSrRicJK5xodvWgkpIdkMHo4LvdhRRvzoKzlic89jFWPlnBq_V4n5trGuExtp_-dbHcGlihqc_wGgho9fLMK8JOArYLcMDNQ","header":{"alg":"RSA1_5","kid":"frodo.baggins@hobbiton.example"}},{"encrypted_key":"ExInT0io9BqBMYF6-maw5tZlgoZXThD1zWKsHixJuw_elY4gSSId_w","header":{"alg":"ECDH-ES+A256KW","kid":"peregrin.took@tuckborough.example","epk":{"kty":"EC","crv":"P-384","x":"Uzdvk3pi5wKCRc1izp5_r0OjeqT-I68i8g2b8mva8diRhsE2xAn2DtMRb25Ma2CX","y":"VDrRyFJh-Kwd1EjAgmj5Eo-CTHAZ53MC7PjjpLioy3ylEjI1pOMbw91fzZ84pbfm"}}},{"encrypted_key":"a7CclAejo_7JSuPB8zeagxXRam8dwCfmkt9-WyTpS1E","header":{"alg":"A256GCMKW","kid":"18ec08e1-bfa9-4d95-b205-2b4dd1d4321d","tag":"59Nqh1LlYtVIhfD3pgRGvw","iv":"AvpeoPZ9Ncn9mkBn"}}],` + multi + `}`, hobbits},
}

// private makes the keys for decryption out of a text.
func private(text string) []Private { return ParsePrivate(wire.NewSecret(text)) }

func TestPublishedJWEExamplesDecrypt(t *testing.T) {
	for _, ex := range sealed {
		t.Run(ex.name, func(t *testing.T) {
			tok := Decode(ex.token)
			if tok.Kind != JWE {
				t.Fatalf("kind %s: %s", tok.Kind, lines(tok.Checks))
			}
			open := Decrypt(tok, private(ex.key))
			if string(open.Plaintext) != ex.plaintext {
				t.Fatalf("plaintext %q%s", open.Plaintext, lines(open.Checks))
			}
			if r := CheckAny(open, Expect{}, KeySet{}, now); r.As != AsMessage || r.Verdict != Valid {
				t.Fatalf("as %s %s%s", r.As, r.Verdict, lines(r.Checks))
			}
			if tok.Plaintext != nil || len(tok.Checks) >= len(open.Checks) {
				t.Fatal("Decrypt changed the token that it was given")
			}
		})
	}
}

// seal encrypts with go-jose, which shares no code with what is tested.
func seal(tb testing.TB, alg, enc string, key any, plaintext string, zip bool) string {
	tb.Helper()
	options := &gojose.EncrypterOptions{}
	if zip {
		options.Compression = gojose.DEFLATE
	}
	e, err := gojose.NewEncrypter(gojose.ContentEncryption(enc), gojose.Recipient{Algorithm: gojose.KeyAlgorithm(alg), Key: key, PBES2Count: 1200}, options.WithContentType("JWT"))
	if err != nil {
		tb.Fatal(err)
	}
	return must(must(e.Encrypt([]byte(plaintext))).CompactSerialize())
}

var encs = []string{"A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"}

func secretOf(n int) []byte { return bytes.Repeat([]byte{7, 99, 200, 31}, n/4) }

func TestEveryKeyAlgorithmOpensWithEveryContentAlgorithm(t *testing.T) {
	ec, x := ecKey(), must(ecdh.X25519().GenerateKey(rand.Reader))
	rsaJSON, ecJSON := privateJWK(rsaKey()), privateJWK(ec)
	type row struct {
		alg    string
		public any
		key    string
	}
	rows := []row{{"RSA1_5", &rsaKey().PublicKey, rsaJSON}, {"RSA-OAEP", &rsaKey().PublicKey, rsaJSON}, {"RSA-OAEP-256", &rsaKey().PublicKey, rsaJSON},
		{"ECDH-ES", &ec.PublicKey, ecJSON}, {"ECDH-ES+A128KW", &ec.PublicKey, ecJSON}, {"ECDH-ES+A192KW", &ec.PublicKey, ecJSON}, {"ECDH-ES+A256KW", &ec.PublicKey, ecJSON}}
	for _, n := range []int{128, 192, 256} {
		rows = append(rows, row{fmt.Sprintf("A%dKW", n), secretOf(n / 8), string(secretOf(n / 8))}, row{fmt.Sprintf("A%dGCMKW", n), secretOf(n / 8), string(secretOf(n / 8))})
	}
	for _, alg := range []string{"PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"} {
		rows = append(rows, row{alg, []byte("correct horse"), "correct horse"})
	}
	check := func(alg, enc, token, key string) {
		t.Helper()
		tok := Decrypt(Decode(token), private(key))
		if string(tok.Plaintext) != "foo" || contains(tok.Checks, wire.Fail) {
			t.Errorf("%s %s: %q%s", alg, enc, tok.Plaintext, lines(tok.Checks))
		}
		if warned := find1(tok.Checks, "alg_not_allowed").Status == wire.Warn; warned != (alg == "RSA1_5") {
			t.Errorf("%s: warned %v", alg, warned)
		}
	}
	for _, r := range rows {
		for _, enc := range encs {
			check(r.alg, enc, seal(t, r.alg, enc, r.public, "foo", enc == "A128GCM"), r.key)
		}
	}
	for _, enc := range encs {
		check("dir", enc, seal(t, "dir", enc, secretOf(contentBits(enc)/8), "foo", false), string(secretOf(contentBits(enc)/8)))
		for _, alg := range []jwa.KeyEncryptionAlgorithm{jwa.RSA_OAEP_384(), jwa.RSA_OAEP_512()} {
			ce, _ := jwa.LookupContentEncryptionAlgorithm(enc)
			check(alg.String(), enc, string(must(jwe.Encrypt([]byte("foo"), jwe.WithKey(alg, &rsaKey().PublicKey), jwe.WithContentEncryption(ce)))), rsaJSON)
		}
		for _, alg := range []jwa.KeyEncryptionAlgorithm{jwa.ECDH_ES(), jwa.ECDH_ES_A256KW()} {
			ce, _ := jwa.LookupContentEncryptionAlgorithm(enc)
			check(alg.String(), enc, string(must(jwe.Encrypt([]byte("foo"), jwe.WithKey(alg, x.PublicKey()), jwe.WithContentEncryption(ce)))), privateJWK(x))
		}
	}
}

func privateJWK(key any) string { return string(must(json.Marshal(must(jwxkey.Import(key))))) }

func TestATokenInATokenIsOpenedAndJudged(t *testing.T) {
	inner := forge{}.String()
	tok := Decode(seal(t, "RSA-OAEP-256", "A256GCM", &rsaKey().PublicKey, inner, false))
	if r := CheckIDToken(tok, expect(), goodKeys(), now); r.Verdict != Unverified {
		t.Fatalf("before decryption: %s", r.Verdict)
	}
	open := Decrypt(tok, private(privateJWK(rsaKey())))
	if open.Kind != Nested || open.Inner == nil || open.Inner.Claims.Str("iss") != issuer {
		t.Fatalf("kind %s%s", open.Kind, lines(open.Checks))
	}
	if r := CheckIDToken(open, expect(), goodKeys(), now); r.Verdict != Valid || r.Key.KID != "ec" {
		t.Fatalf("%s%s", r.Verdict, lines(r.Checks))
	}
	if r := CheckIDToken(open, expect(), jwks(jwk(edKey(), "ec", "")), now); r.Verdict == Valid {
		t.Fatal("valid with another key")
	}
	twice := Decode(seal(t, "dir", "A256GCM", secretOf(32), tok.Text, false))
	open = Decrypt(twice, append(private(string(secretOf(32))), private(privateJWK(rsaKey()))...))
	if open.Inner == nil || open.Inner.Inner == nil {
		t.Fatalf("two envelopes: %s", lines(open.Checks))
	}
}

func TestAnEncryptedTokenWithoutSignatureIsNeverValid(t *testing.T) {
	payload := string(must(json.Marshal(good())))
	open := Decrypt(Decode(seal(t, "RSA-OAEP-256", "A256GCM", &rsaKey().PublicKey, payload, false)), private(privateJWK(rsaKey())))
	if open.Claims.Str("iss") != issuer {
		t.Fatalf("claims %s", open.Claims.Indent())
	}
	if r := CheckIDToken(open, expect(), goodKeys(), now); r.Verdict != Unverified {
		t.Fatalf("%s%s", r.Verdict, lines(r.Checks))
	}
}

// rewrite changes the header of a token; GCM then refuses the tag unless the
// check comes first, which is what these tests are about.
func rewrite(token, header string) string {
	_, rest, _ := strings.Cut(token, ".")
	return b64([]byte(header)) + "." + rest
}

func TestHostileJWEAreRefusedForTheirOwnReason(t *testing.T) {
	kw := seal(t, "A128KW", "A128GCM", secretOf(16), "foo", false)
	pb := seal(t, "PBES2-HS256+A128KW", "A128GCM", []byte("pw"), "foo", false)
	es := seal(t, "ECDH-ES", "A128GCM", &ecKey().PublicKey, "foo", false)
	parts := strings.Split(kw, ".")
	join := func(change func(p []string)) string {
		p := append([]string(nil), parts...)
		change(p)
		return strings.Join(p, ".")
	}
	var bomb bytes.Buffer
	w := must(flate.NewWriter(&bomb, 9))
	must(w.Write(make([]byte, 20<<20)))
	w.Close()
	withZip := func(content []byte) string { return staticJWE(t, `{"alg":"dir","enc":"A128GCM","zip":"DEF"}`, content) }
	key16, ecJSON := string(secretOf(16)), privateJWK(ecKey())
	offCurve := `{"alg":"ECDH-ES","enc":"A128GCM","epk":{"kty":"EC","crv":"P-256","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(bytes.Repeat([]byte{1}, 32)) + `"}}`
	for name, c := range map[string]struct{ token, key, check string }{
		"tag changed":              {join(func(p []string) { p[4] = b64(make([]byte, 16)) }), key16, "decrypt_failed"},
		"tag cut":                  {join(func(p []string) { p[4] = p[4][:20] }), key16, "structure"},
		"tag grown":                {join(func(p []string) { p[4] = b64(make([]byte, 17)) }), key16, "structure"},
		"tag empty":                {join(func(p []string) { p[4] = "" }), key16, "structure"},
		"iv cut":                   {join(func(p []string) { p[2] = p[2][:12] }), key16, "structure"},
		"iv empty":                 {join(func(p []string) { p[2] = "" }), key16, "structure"},
		"ciphertext changed":       {join(func(p []string) { p[3] = b64([]byte("bar")) }), key16, "decrypt_failed"},
		"border moved":             {join(func(p []string) { p[3], p[4] = p[3][:2], b64([]byte{1})+p[4] }), key16, "structure"},
		"key empty":                {join(func(p []string) { p[1] = "" }), key16, "structure"},
		"key changed":              {join(func(p []string) { p[1] = b64(make([]byte, 24)) }), key16, "decrypt_failed"},
		"key cut":                  {join(func(p []string) { p[1] = p[1][:20] }), key16, "decrypt_failed"},
		"dir with a key":           {rewrite(kw, `{"alg":"dir","enc":"A128GCM"}`), key16, "structure"},
		"another secret":           {kw, strings.Repeat("x", 16), "decrypt_failed"},
		"a secret of another size": {kw, privateJWK(ecKey()), "alg_key_mismatch"},
		"no alg":                   {rewrite(kw, `{"enc":"A128GCM"}`), key16, "alg_missing"},
		"alg a number":             {rewrite(kw, `{"alg":1,"enc":"A128GCM"}`), key16, "alg_type"},
		"alg none":                 {rewrite(kw, `{"alg":"none","enc":"A128GCM"}`), key16, "alg_none"},
		"alg unknown":              {rewrite(kw, `{"alg":"a128kw","enc":"A128GCM"}`), key16, "alg_unsupported"},
		"enc unknown":              {rewrite(kw, `{"alg":"A128KW","enc":"A128CBC"}`), key16, "alg_unsupported"},
		"no enc":                   {rewrite(kw, `{"alg":"A128KW"}`), key16, "enc_missing"},
		"crit":                     {rewrite(kw, `{"alg":"A128KW","enc":"A128GCM","crit":["x"],"x":1}`), key16, "crit_unknown"},
		"zip unknown":              {rewrite(kw, `{"alg":"A128KW","enc":"A128GCM","zip":"GZIP"}`), key16, "zip_unsupported"},
		"zip bomb":                 {withZip(bomb.Bytes()), key16, "zip_limit"},
		"zip broken":               {withZip([]byte("this is no DEFLATE data")), key16, "zip_error"},
		"p2c huge":                 {rewrite(pb, `{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"AAAAAAAAAAAAAAAA","p2c":4294967295}`), "pw", "p2c_limit"},
		"p2c beyond 64 bits":       {rewrite(pb, `{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"AAAAAAAAAAAAAAAA","p2c":1e300}`), "pw", "p2c_limit"},
		"p2c zero":                 {rewrite(pb, `{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"AAAAAAAAAAAAAAAA","p2c":0}`), "pw", "p2c_limit"},
		"p2c negative":             {rewrite(pb, `{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"AAAAAAAAAAAAAAAA","p2c":-1}`), "pw", "p2c_limit"},
		"p2c text":                 {rewrite(pb, `{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"AAAAAAAAAAAAAAAA","p2c":"1000"}`), "pw", "p2c_limit"},
		"p2c missing":              {rewrite(pb, `{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"AAAAAAAAAAAAAAAA"}`), "pw", "p2c_limit"},
		"salt short":               {rewrite(pb, `{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"AAAA","p2c":1000}`), "pw", "p2c_limit"},
		"wrong password":           {pb, "pw2", "decrypt_failed"},
		"epk off the curve":        {rewrite(es, offCurve), ecJSON, "decrypt_failed"},
		"epk on another curve":     {rewrite(es, `{"alg":"ECDH-ES","enc":"A128GCM","epk":`+jwk(ec384Key(), "", "")+`}`), ecJSON, "decrypt_failed"},
		"no epk":                   {rewrite(es, `{"alg":"ECDH-ES","enc":"A128GCM"}`), ecJSON, "decrypt_failed"},
		"epk a number":             {rewrite(es, `{"alg":"ECDH-ES","enc":"A128GCM","epk":3}`), ecJSON, "decrypt_failed"},
		"another kid":              {rewrite(kw, `{"alg":"A128KW","enc":"A128GCM","kid":"a"}`), `{"kty":"oct","kid":"b","k":"` + b64(secretOf(16)) + `"}`, "kid_unknown"},
		"a signing key":            {kw, `{"kty":"oct","use":"sig","k":"` + b64(secretOf(16)) + `"}`, "alg_key_mismatch"},
		"a key for another alg":    {kw, `{"kty":"oct","alg":"A128GCMKW","k":"` + b64(secretOf(16)) + `"}`, "alg_key_mismatch"},
		"a public key":             {es, jwk(ecKey(), "", ""), "alg_key_mismatch"},
		"padding in the tag":       {kw + "==", key16, "base64"},
		"header names twice":       {rewrite(kw, `{"alg":"A128KW","enc":"A128GCM","enc":"A128GCM"}`), key16, "json_duplicate"},
		"content key too long":     {wrongCEK(t), key16, "decrypt_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			tok := Decrypt(Decode(c.token), private(c.key))
			if tok.Plaintext != nil {
				t.Fatalf("opened: %q%s", tok.Plaintext, lines(tok.Checks))
			}
			failed := false
			for _, f := range tok.Checks {
				failed = failed || f.ID == c.check && f.Status == wire.Fail
			}
			if !failed {
				t.Fatalf("%s does not fail: %s", c.check, lines(tok.Checks))
			}
			if r := CheckAny(tok, Expect{}, KeySet{}, now); r.Verdict == Valid {
				t.Fatalf("valid: %s", lines(r.Checks))
			}
		})
	}
	if tok := Decrypt(Decode(kw), nil); find1(tok.Checks, "no_key").Status != wire.Unknown {
		t.Fatalf("without a key: %s", lines(tok.Checks))
	}
}

// staticJWE encrypts any bytes under any header with the 16 byte secret, as dir.
func staticJWE(tb testing.TB, header string, content []byte) string {
	tb.Helper()
	c := must(jwebb.CreateContentCipher("A128GCM"))
	e := c.(interface {
		Encrypt(cek, plaintext, aad []byte) (iv, ciphertext, tag []byte, err error)
	})
	h := b64([]byte(header))
	iv, ciphertext, tag, err := e.Encrypt(secretOf(16), content, []byte(h))
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Join([]string{h, "", b64(iv), b64(ciphertext), b64(tag)}, ".")
}

// wrongCEK wraps a content key of 256 bits for an algorithm of 128.
func wrongCEK(tb testing.TB) string {
	tb.Helper()
	wrapped := must(jwebb.KeyEncryptAESKW(secretOf(32), "A128KW", secretOf(16))).Bytes()
	p := strings.Split(seal(tb, "A128KW", "A128GCM", secretOf(16), "foo", false), ".")
	p[1] = b64(wrapped)
	return strings.Join(p, ".")
}

func TestAClientSecretOpensByItsHash(t *testing.T) {
	secret := "workshop-secret"
	for _, enc := range []string{"A128CBC-HS256", "A256GCM", "A256CBC-HS512"} {
		key := derived(keyAlg{name: "dir"}, enc, private(secret))[0].raw().([]byte)
		tok := Decrypt(Decode(seal(t, "dir", enc, key, "foo", false)), private(secret))
		if string(tok.Plaintext) != "foo" {
			t.Errorf("%s: %s", enc, lines(tok.Checks))
		}
	}
}

func TestNoPrintingShowsAPrivateKey(t *testing.T) {
	for _, key := range []string{privateJWK(ecKey()), "a password of mine", `{"kty":"oct","k":"` + b64([]byte("a password of mine")) + `"}`} {
		for _, p := range private(key) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				if out := fmt.Sprintf(verb, p) + fmt.Sprintf(verb, &p); strings.Contains(out, "password") || strings.Contains(out, ecKey().D.String()) {
					t.Errorf("%s prints the key: %s", verb, out)
				}
			}
		}
	}
}
