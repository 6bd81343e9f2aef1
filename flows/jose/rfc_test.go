package jose

import (
	"strings"
	"testing"

	"authdance/flows/wire"
)

const (
	joe    = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	frodo  = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4"
	bilboN = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"
)

// The worked examples of RFC 7515 Appendix A, RFC 7520 §4 and RFC 8037 A.4.
var examples = []struct{ name, key, token string }{
	{"RFC 7515 A.1 HS256", `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`,
		"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + joe + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
	{"RFC 7515 A.2 RS256", `{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}`,
		"eyJhbGciOiJSUzI1NiJ9." + joe + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
	{"RFC 7515 A.3 ES256", `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`,
		"eyJhbGciOiJFUzI1NiJ9." + joe + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
	{"RFC 7515 A.4 ES512", `{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}`,
		"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"},
	{"RFC 7520 4.1 RS256", `{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"` + bilboN + `","e":"AQAB"}`,
		"eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9." + frodo + ".MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg"},
	{"RFC 7520 4.2 PS384", `{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"` + bilboN + `","e":"AQAB"}`,
		"eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9." + frodo + ".cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw"},
	{"RFC 7520 4.4 HS256", `{"kty":"oct","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037","use":"sig","alg":"HS256","k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"}`,
		"eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9." + frodo + ".s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"},
	{"RFC 8037 A.4 EdDSA", `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
}

func exampleKeys(key string) KeySet {
	if strings.Contains(key, `"oct"`) {
		return ParseSecret(wire.NewSecret(key))
	}
	return ParseKeys([]byte(key))
}

func TestTheExamplesOfTheRFCsVerify(t *testing.T) {
	for _, ex := range examples {
		t.Run(ex.name, func(t *testing.T) {
			tok := Decode(ex.token)
			if tok.Kind != JWS || tok.Text != ex.token || len(tok.Normalised) > 0 {
				t.Fatalf("Decode: kind %q, normalised %q", tok.Kind, tok.Normalised)
			}
			checks, used := Verify(tok, exampleKeys(ex.key), Policy{})
			if used == nil || contains(checks, wire.Fail) || contains(checks, wire.Unknown) {
				t.Fatalf("does not verify: %s", lines(checks))
			}
		})
	}
}

// TestEveryCharacterOfAnExampleCounts flips each character of every example in
// turn: no other spelling of a token may verify.
func TestEveryCharacterOfAnExampleCounts(t *testing.T) {
	for _, ex := range examples {
		keys := exampleKeys(ex.key)
		step := 1
		if strings.Contains(ex.name, "S384") || strings.Contains(ex.name, "RS256") {
			step = 7 // RSA is slow; a sample is enough
		}
		for i := 0; i < len(ex.token); i += step {
			if ex.token[i] == '.' {
				continue
			}
			other := byte('A')
			if ex.token[i] == 'A' {
				other = 'B'
			}
			changed := ex.token[:i] + string(other) + ex.token[i+1:]
			tok := Decode(changed)
			checks, used := Verify(tok, keys, Policy{})
			if used != nil && !contains(checks, wire.Fail) && !contains(tok.Checks, wire.Fail) {
				t.Fatalf("%s: verifies with character %d changed", ex.name, i)
			}
		}
	}
}

func TestRFC7515A5UnsecuredIsRefused(t *testing.T) {
	tok := Decode("eyJhbGciOiJub25lIn0." + joe + ".")
	if tok.Kind != JWS {
		t.Fatalf("kind %q", tok.Kind)
	}
	checks, used := Verify(tok, exampleKeys(examples[1].key), Policy{Algs: []string{"none", "RS256"}})
	if used != nil || find1(checks, "alg_none").Status != wire.Fail || find1(checks, "not_signed").Status != wire.Fail {
		t.Fatalf("accepted, although unsigned and none on the allow list: %s", lines(checks))
	}
}

func TestRFC7515A6JSONSerialisationIsShownAndNotAcceptedAsJWT(t *testing.T) {
	sig := examples[1].token[strings.LastIndexByte(examples[1].token, '.')+1:]
	tok := Decode(`{"payload":"` + joe + `","signatures":[{"protected":"eyJhbGciOiJSUzI1NiJ9","header":{"kid":"2010-12-29"},"signature":"` + sig + `"}]}`)
	if tok.Kind != JWS || tok.Format != General || tok.Claims.Str("iss") != "joe" {
		t.Fatalf("kind %q, format %q, claims %s", tok.Kind, tok.Format, tok.Claims.Indent())
	}
	if find1(CheckJWT(tok, Expect{}, exampleKeys(examples[1].key), now).Checks, "not_compact").Status != wire.Fail {
		t.Fatal("not reported as not_compact")
	}
	if _, used := Verify(tok, exampleKeys(examples[1].key), Policy{}); used == nil {
		t.Fatal("its signature does not verify")
	}
}

func find1(checks []wire.Check, id string) wire.Check {
	for _, c := range checks {
		if c.ID == id {
			return c
		}
	}
	return wire.Check{}
}

// lines prints checks for a failing test.
func lines(checks []wire.Check) string {
	var b strings.Builder
	for _, c := range checks {
		b.WriteString("\n\t" + string(c.Status) + "\t" + c.ID + "\t" + c.Message + "\tgot " + c.Got + "\twant " + c.Want)
	}
	return b.String()
}
