package jose

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"authdance/flows/wire"
)

const rfc7797Key = `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`

func TestRFC7797Examples(t *testing.T) {
	secret := ParseSecret(wire.NewSecret(rfc7797Key))
	const header, signature = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19", "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY"
	for name, tok := range map[string]Token{
		"§4.1, base64url":             Decode("eyJhbGciOiJIUzI1NiJ9.JC4wMg.5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ"),
		"§4.2, JSON":                  Decode(`{"protected":"` + header + `","payload":"$.02","signature":"` + signature + `"}`),
		"§4.2, detached":              Attach(Decode(header+".."+signature), []byte("$.02")),
		"§4.2, detached JSON":         Attach(Decode(`{"protected":"`+header+`","signature":"`+signature+`"}`), []byte("$.02")),
		"§4.2, general":               Decode(`{"payload":"$.02","signatures":[{"protected":"` + header + `","signature":"` + signature + `"}]}`),
		"§4.2, compact with the dots": Decode(header + ".$.02." + signature),
	} {
		if string(tok.Segment("payload").Bytes) != "$.02" {
			t.Errorf("%s: payload %q", name, tok.Segment("payload").Bytes)
		}
		if r := CheckAny(tok, Expect{}, secret, now); r.As != AsMessage || r.Verdict != Valid {
			t.Errorf("%s: as %s %s%s", name, r.As, r.Verdict, lines(r.Checks))
		}
		if r := CheckJWT(tok, Expect{}, secret, now); r.Verdict == Valid {
			t.Errorf("%s: valid as a JWT", name)
		}
	}
	tok := Decode(header + ".." + signature)
	if r := CheckAny(tok, Expect{}, secret, now); r.Verdict != Unverified || find1(r.Checks, "detached_payload_missing").Status != wire.Unknown {
		t.Errorf("without its payload: %s%s", r.Verdict, lines(r.Checks))
	}
	if r := CheckAny(Attach(tok, []byte("$.03")), Expect{}, secret, now); r.Verdict != Invalid {
		t.Errorf("with another payload: %s", r.Verdict)
	}
	noCrit := forge{header: `{"alg":"HS256","b64":false}`, payload: "x", alg: "HS256", key: hmacText}
	if r := CheckMessage(Decode(noCrit.String()), ParseSecret(wire.NewSecret(hmacText)), Policy{}); find1(r.Checks, "b64_false").Status != wire.Fail {
		t.Errorf("b64 outside crit: %s", lines(r.Checks))
	}
}

func TestAPayloadBesideATokenThatHasOneIsCompared(t *testing.T) {
	tok := Decode(forge{payload: "hello", header: `{"alg":"ES256","kid":"ec"}`}.String())
	if c := find1(Attach(tok, []byte("hello")).Checks, "detached"); c.Status != wire.Pass {
		t.Errorf("the same: %+v", c)
	}
	if c := find1(Attach(tok, []byte("bye")).Checks, "detached"); c.Status != wire.Fail {
		t.Errorf("another: %+v", c)
	}
	if c := find1(Attach(Decode("opaque-token"), nil).Checks, "detached"); c.Status != wire.NA {
		t.Errorf("opaque: %+v", c)
	}
}

// serialised makes a general JSON serialisation of compact tokens with one payload.
func serialised(unprotected string, tokens ...string) string {
	var sigs []string
	payload := ""
	for _, tok := range tokens {
		p := strings.Split(tok, ".")
		payload = p[1]
		sigs = append(sigs, fmt.Sprintf(`{"protected":%q,"signature":%q%s}`, p[0], p[2], unprotected))
	}
	return fmt.Sprintf(`{"payload":%q,"signatures":[%s]}`, payload, strings.Join(sigs, ","))
}

func TestJSONSerialisationsAreJudgedSignatureBySignature(t *testing.T) {
	es := forge{payload: "hello", header: `{"alg":"ES256"}`}.String()
	rs := forge{payload: "hello", header: `{"alg":"RS256"}`, alg: "RS256", key: rsaKey()}.String()
	p := strings.Split(es, ".")
	for name, c := range map[string]struct {
		text    string
		keys    KeySet
		verdict Verdict
		check   string
		status  wire.Status
	}{
		"two, the first key":        {serialised("", rs, es), jwks(jwk(rsaKey(), "", "")), Valid, "ambiguous_key", wire.Warn},
		"two, the second key":       {serialised("", rs, es), jwks(jwk(ecKey(), "", "")), Valid, "ambiguous_key", wire.Warn},
		"two, no key":               {serialised("", rs, es), jwks(jwk(edKey(), "", "")), Invalid, "alg_key_mismatch", wire.Fail},
		"kid outside":               {serialised(`,"header":{"kid":"ec"}`, es), goodKeys(), Valid, "kid_unknown", wire.Pass},
		"kid inside and outside":    {serialised(`,"header":{"alg":"RS256"}`, es), jwks(jwk(ecKey(), "", "")), Invalid, "header_overlap", wire.Fail},
		"crit outside":              {serialised(`,"header":{"crit":["b64"]}`, es), jwks(jwk(ecKey(), "", "")), Invalid, "crit_invalid", wire.Fail},
		"header a string":           {serialised(`,"header":"x"`, es), jwks(jwk(ecKey(), "", "")), Invalid, "structure", wire.Fail},
		"flattened":                 {fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, p[0], p[1], p[2]), jwks(jwk(ecKey(), "", "")), Valid, "structure", wire.Pass},
		"both forms":                {fmt.Sprintf(`{"payload":%q,"signature":"AA","signatures":[{"protected":%q,"signature":%q}]}`, p[1], p[0], p[2]), jwks(jwk(ecKey(), "", "")), Invalid, "structure", wire.Fail},
		"no signatures":             {fmt.Sprintf(`{"payload":%q,"signatures":[]}`, p[1]), goodKeys(), NotReadable, "structure", wire.Fail},
		"signatures no array":       {fmt.Sprintf(`{"payload":%q,"signatures":{}}`, p[1]), goodKeys(), NotReadable, "structure", wire.Fail},
		"payload a number":          {fmt.Sprintf(`{"payload":5,"signature":%q,"protected":%q}`, p[2], p[0]), goodKeys(), Invalid, "structure", wire.Fail},
		"a payload name that twice": {fmt.Sprintf(`{"payload":%q,"payload":"AA","signature":%q,"protected":%q}`, p[1], p[2], p[0]), jwks(jwk(ecKey(), "", "")), Invalid, "json_duplicate", wire.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			r := CheckAny(Decode(c.text), Expect{}, c.keys, now)
			if r.Verdict != c.verdict {
				t.Errorf("%s, want %s%s", r.Verdict, c.verdict, lines(r.Checks))
			}
			for _, got := range r.Checks {
				if got.ID == c.check && got.Status == c.status {
					return
				}
			}
			t.Errorf("no %s %s%s", c.check, c.status, lines(r.Checks))
		})
	}
	// All that the signature says stands outside of it (RFC 7520 §4.7).
	bare := "." + b64([]byte("hello"))
	sig := strings.Split(forge{header: "{}", sig: func(string) []byte { return hmacOf("HS256", []byte(hmacText), bare) }}.String(), ".")[2]
	r := CheckAny(Decode(fmt.Sprintf(`{"payload":%q,"header":{"alg":"HS256"},"signature":%q}`, bare[1:], sig)), Expect{}, ParseSecret(wire.NewSecret(hmacText)), now)
	if r.Verdict != Valid || find1(r.Checks, "alg_unprotected").Status != wire.Warn {
		t.Errorf("nothing protected: %s%s", r.Verdict, lines(r.Checks))
	}
}

func TestNestedTokensAreVerifiedLayerByLayer(t *testing.T) {
	inner := forge{}.String()
	outer := forge{payload: inner, header: `{"alg":"RS256","kid":"rsa","cty":"JWT"}`, alg: "RS256", key: rsaKey()}
	tok := Decode(outer.String())
	if tok.Kind != Nested || tok.Inner == nil || find1(tok.Checks, "cty_missing").Status != wire.Pass {
		t.Fatalf("kind %s%s", tok.Kind, lines(tok.Checks))
	}
	if r := CheckIDToken(tok, expect(), goodKeys(), now); r.Verdict != Valid {
		t.Fatalf("%s%s", r.Verdict, lines(r.Checks))
	}
	outer.sig = func(string) []byte { return make([]byte, 256) }
	if r := CheckIDToken(Decode(outer.String()), expect(), goodKeys(), now); r.Verdict != Invalid {
		t.Fatalf("a forged envelope is %s", r.Verdict)
	}
	plain := forge{payload: inner, header: `{"alg":"ES256","kid":"ec"}`}.String()
	if c := find1(Decode(plain).Checks, "cty_missing"); c.Status != wire.Warn {
		t.Errorf("without cty: %+v", c)
	}
	deep := inner
	for range 6 {
		deep = forge{payload: deep, header: `{"alg":"ES256","kid":"ec","cty":"JWT"}`}.String()
	}
	r := CheckAny(Decode(deep), expect(), goodKeys(), now)
	if find1(r.Checks, "nesting_limit").Status != wire.Fail || r.Verdict == Valid {
		t.Errorf("six envelopes: %s%s", r.Verdict, lines(r.Checks))
	}
}

func TestES256KVerifies(t *testing.T) {
	tok, keys := secp256k1Example(t)
	if r := CheckMessage(tok, keys, Policy{}); r.Verdict != Valid {
		t.Fatalf("%s%s", r.Verdict, lines(r.Checks))
	}
	for name, sig := range map[string][]byte{"zero": make([]byte, 64), "r and s of the order": order(64), "short": make([]byte, 63)} {
		bad := string(tok.signed()) + "." + b64(sig)
		if r := CheckMessage(Decode(bad), keys, Policy{}); r.Verdict != Invalid {
			t.Errorf("%s: %s", name, r.Verdict)
		}
	}
	if k := ParseKeys([]byte(`{"kty":"EC","crv":"secp256k1","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"}`)).Keys[0]; k.Usable() {
		t.Error("a point off the curve is a key")
	}
}

func TestSDJWTShowsWhatWasDisclosed(t *testing.T) {
	name, city := disclosure(`["salt1","name","Alice"]`), disclosure(`["salt2","Berlin"]`)
	nested := disclosure(`["salt4","inner",{"_sd":["` + hashOf(disclosure(`["salt5","deep",1]`)) + `"]}]`)
	deep := disclosure(`["salt5","deep",1]`)
	payload := fmt.Sprintf(`{"iss":%q,"_sd_alg":"sha-256","_sd":[%q,%q,%q],"cities":["Paris",{"...":%q},{"...":"decoy"}],"cnf":{"jwk":%s}}`,
		issuer, hashOf(name), hashOf(disclosure(`["salt3","hidden","x"]`)), hashOf(nested), hashOf(city), jwk(edKey(), "", ""))
	signed := forge{payload: payload, header: `{"alg":"ES256","kid":"ec","typ":"dc+sd-jwt"}`}.String()
	text := signed + "~" + name + "~" + city + "~" + nested + "~" + deep + "~"
	for _, pasted := range []string{text, "Bearer " + text, `{"credential":"` + text + `"}`, wrap(text, 64, "\n")} {
		tok := Decode(pasted)
		if tok.Kind != SDJWT || len(tok.Disclosures) != 4 || tok.Claims.Str("name") != "Alice" || contains(tok.Checks, wire.Fail) {
			t.Fatalf("kind %s, %d disclosures, %s%s", tok.Kind, len(tok.Disclosures), tok.Claims.Indent(), lines(tok.Checks))
		}
		inner, _ := tok.Claims.Get("inner")
		cities, _ := tok.Claims.Get("cities")
		if n, _ := inner.Int("deep"); n != 1 || len(cities.Items) != 2 || cities.Items[1].Text != "Berlin" {
			t.Fatalf("claims %s", tok.Claims.Indent())
		}
		if _, used := Verify(tok, goodKeys(), Policy{}); used == nil {
			t.Fatal("the issuer's signature does not verify")
		}
	}
	kb := func(aud, nonce, hash string) string {
		c := fmt.Sprintf(`{"iat":%d,"aud":%q,"nonce":%q,"sd_hash":%q}`, now.Unix(), aud, nonce, hash)
		return text + forge{payload: c, header: `{"alg":"EdDSA","typ":"kb+jwt"}`, alg: "EdDSA", key: edKey()}.String()
	}
	want := Expect{Audience: "https://verifier.example", Nonce: "n1"}
	for name, c := range map[string]struct {
		text  string
		check string
	}{
		"good":              {kb(want.Audience, "n1", hashOf(text)), ""},
		"another verifier":  {kb("https://x.example", "n1", hashOf(text)), "aud_mismatch"},
		"another nonce":     {kb(want.Audience, "n2", hashOf(text)), "nonce_mismatch"},
		"other disclosures": {kb(want.Audience, "n1", hashOf(signed+"~")), "sd_hash_mismatch"},
	} {
		r, ok := CheckKeyBinding(Decode(c.text), want, now)
		if !ok || (r.Verdict == Valid) != (c.check == "") || c.check != "" && find1(r.Checks, c.check).Status != wire.Fail {
			t.Errorf("%s: %v %s%s", name, ok, r.Verdict, lines(r.Checks))
		}
	}
	for name, bad := range map[string]string{
		"added by somebody":   text + disclosure(`["s","admin",true]`) + "~",
		"twice":               text + name + "~",
		"no JSON":             text + b64([]byte("hello")) + "~",
		"no base64":           text + "a+b~",
		"two members":         text + disclosure(`["only"]`) + "~",
		"a name like _sd":     text + disclosure(`["s","_sd",1]`) + "~",
		"an end that is torn": text + "x.y",
	} {
		if tok := Decode(bad); !contains(tok.Checks, wire.Fail) || tok.Claims.Str("iss") != issuer {
			t.Errorf("%s: %s", name, lines(tok.Checks))
		}
	}
	clash := disclosure(`["s","iss","https://evil.example"]`)
	tok := Decode(forge{payload: fmt.Sprintf(`{"iss":%q,"_sd":[%q]}`, issuer, hashOf(clash)), header: `{"alg":"ES256"}`}.String() + "~" + clash + "~")
	if tok.Claims.Str("iss") != issuer || !contains(tok.Checks, wire.Fail) {
		t.Errorf("a disclosure replaced a signed claim: %s", tok.Claims.Indent())
	}
}

func disclosure(json string) string { return b64([]byte(json)) }

func hashOf(s string) string { return b64(digest("SHA-256", s)) }

func TestOpaqueTokensAreRecognisedByShape(t *testing.T) {
	for text, what := range map[string]string{
		"gho_16C7e42F292c6912E7710c838347Ae178B4a":      "GitHub",
		"ghs_16C7e42F292c6912E7710c838347Ae178B4a":      "GitHub",
		"github_pat_11ABCDEFG0aaaaaaaaaaaa":             "GitHub",
		"ya29.a0AfH6SMBx1234567890":                     "Google",
		"1//0gabcdefghijklmnop":                         "Google refresh",
		"glpat-abcdefghij1234567890":                    "GitLab",
		"xoxb-123456789012-abcdefghij":                  "Slack",
		"lab_9bT2xkq0Jm3x1yZ8":                          "the lab",
		"v1.MSo0SJhkDSl4bzkTfyV_x5Fxjv1LNcOsZb2fJQW6Ns": "Auth0",
		"0.AXEA" + strings.Repeat("Ab1-", 60) + ".AgAB": "Entra",
		"00" + strings.Repeat("aB3_", 10):               "Okta",
		"BQ" + strings.Repeat("aB3_", 40):               "Spotify",
		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk":   "32 random bytes",
		"123e4567-e89b-12d3-a456-426614174000":          "UUID",
		"d41d8cd98f00b204e9800998ecf8427e":              "hexadecimal",
		strings.Repeat("a-._~Z09", 8):                   "code_verifier",
	} {
		tok := Decode(text)
		if tok.Kind != Opaque || !strings.Contains(tok.Shape.What, what) || tok.Shape.Hint == "" {
			t.Errorf("%s: %s %q %q", text, tok.Kind, tok.Shape.What, tok.Shape.Hint)
		}
	}
	// The pair of RFC 7636 Appendix B.
	if tok := Decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"); !strings.Contains(tok.Shape.Hint, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM") {
		t.Errorf("the challenge of the RFC is missing: %s", tok.Shape.Hint)
	}
}

func TestAllTokensOfATextAreFound(t *testing.T) {
	id, at := forge{}.String(), forge{claims: good().with(claims{"sub": "2"})}.String()
	for name, c := range map[string]struct {
		text  string
		names []string
	}{
		"response":  {`{"access_token":"` + at + `","id_token":"` + id + `","refresh_token":"lab_refresh_token_1"}`, []string{"id_token", "access_token", "refresh_token"}},
		"fragment":  {"https://c.example/cb#access_token=" + at + "&id_token=" + id + "&state=x", []string{"id_token", "access_token"}},
		"cookies":   {"Cookie: session=" + at + "; other=1; idt=" + id, []string{"", "idt"}},
		"one":       {id, []string{""}},
		"two lines": {id + "\n" + at, []string{"", ""}},
		"none":      {"hello there", []string{""}},
	} {
		found := All(c.text)
		var names []string
		for _, f := range found {
			names = append(names, f.Name)
		}
		if len(names) != len(c.names) {
			t.Errorf("%s: %q, want %q", name, names, c.names)
			continue
		}
		if name == "response" && fmt.Sprint(names) != fmt.Sprint(c.names) {
			t.Errorf("%s: %q, want %q", name, names, c.names)
		}
	}
	if n := len(All(`{"a":["` + strings.Repeat(id+`","`, 100) + `"]}`)); n != 1 {
		t.Errorf("the same token counts %d times", n)
	}
}

// The proofs of RFC 9449 §4.1 and §7.1.
const (
	proofTop   = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19."
	proofToken = proofTop + "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA"
	proofAPI   = proofTop + "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
	boundToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
)

func TestRFC9449Examples(t *testing.T) {
	at := time.Unix(1562265296, 0)
	atAPI := time.Unix(1562262618, 0)
	good := Expect{HTM: "POST", HTU: "https://server.example.com/token"}
	api := Expect{HTM: "GET", HTU: "https://resource.example.org/protectedresource", AccessToken: wire.NewSecret(boundToken)}
	for name, c := range map[string]struct {
		text  string
		want  Expect
		at    time.Time
		check string
	}{
		"§4.1":             {proofToken, good, at, ""},
		"§7.1":             {proofAPI, api, atAPI, ""},
		"with a query":     {proofToken, Expect{HTM: "POST", HTU: "HTTPS://Server.Example.com:443/token?a=b#c"}, at, ""},
		"another method":   {proofToken, Expect{HTM: "GET", HTU: good.HTU}, at, "htm_mismatch"},
		"method in lower":  {proofToken, Expect{HTM: "post", HTU: good.HTU}, at, "htm_mismatch"},
		"another path":     {proofToken, Expect{HTM: "POST", HTU: "https://server.example.com/Token"}, at, "htu_mismatch"},
		"another port":     {proofToken, Expect{HTM: "POST", HTU: "https://server.example.com:444/token"}, at, "htu_mismatch"},
		"too old":          {proofToken, good, at.Add(time.Hour), "iat_out_of_window"},
		"from the future":  {proofToken, good, at.Add(-time.Hour), "iat_in_future"},
		"another token":    {proofAPI, Expect{HTM: "GET", HTU: api.HTU, AccessToken: wire.NewSecret("x")}, atAPI, "ath_mismatch"},
		"without a token":  {proofToken, Expect{HTM: "POST", HTU: good.HTU, AccessToken: wire.NewSecret("x")}, at, "ath_mismatch"},
		"nonce missing":    {proofToken, Expect{HTM: "POST", HTU: good.HTU, Nonce: "x"}, at, "nonce_missing"},
		"changed":          {strings.Replace(proofToken, ".pAqu", ".qAqu", 1), good, at, "signature_invalid"},
		"an ID token":      {forge{}.String(), good, at, "no_key"},
		"typ JWT":          {forge{header: `{"alg":"ES256","typ":"JWT","jwk":` + jwk(ecKey(), "", "") + `}`}.String(), good, at, "typ_mismatch"},
		"a private key":    {forge{header: `{"alg":"ES256","typ":"dpop+jwt","jwk":` + privateJWK(ecKey()) + `}`}.String(), good, at, "private_key_in_header"},
		"a symmetric key":  {forge{header: `{"alg":"HS256","typ":"dpop+jwt","jwk":{"kty":"oct","k":"AAAA"}}`, alg: "HS256", key: "\x00\x00\x00"}.String(), good, at, "no_key"},
		"unsigned":         {forge{header: `{"alg":"none","typ":"dpop+jwt","jwk":` + jwk(ecKey(), "", "") + `}`, sig: func(string) []byte { return nil }}.String(), good, at, "alg_none"},
		"bound to another": {forge{header: `{"alg":"ES256","typ":"dpop+jwt","jwk":` + jwk(ecKey(), "", "") + `}`, payload: `{}`}.String(), Expect{AccessToken: wire.NewSecret(forge{claims: good9449()}.String())}, at, "cnf_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			r := CheckDPoP(Decode(c.text), c.want, c.at)
			if c.check == "" && r.Verdict != Valid || c.check != "" && (r.Verdict == Valid || find1(r.Checks, c.check).Status != wire.Fail) {
				t.Fatalf("%s%s", r.Verdict, lines(r.Checks))
			}
			if any := CheckAny(Decode(c.text), c.want, KeySet{}, c.at); c.check == "" && any.As != AsDPoP {
				t.Fatalf("recognised as %s", any.As)
			}
		})
	}
	if r := CheckDPoP(Decode(proofToken), Expect{}, at); r.Verdict != Unverified || find1(r.Checks, "htm_mismatch").Status != wire.Unknown {
		t.Errorf("nothing known: %s%s", r.Verdict, lines(r.Checks))
	}
}

func good9449() claims { return good().with(claims{"cnf": map[string]string{"jkt": "another"}}) }

func TestXMLIsUnwrappedFromBase64(t *testing.T) {
	xml := `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="a1" Version="2.0"><saml:Issuer>https://idp.example</saml:Issuer></saml:Assertion>`
	for _, text := range []string{xml, base64.StdEncoding.EncodeToString([]byte(xml)), b64([]byte(xml)),
		"SAMLResponse=" + strings.NewReplacer("+", "%2B", "=", "%3D", "/", "%2F").Replace(base64.StdEncoding.EncodeToString([]byte(xml))) + "&RelayState=x",
		"\ufeff" + xml, "<?xml version=\"1.0\"?>\n" + xml} {
		if tok := Decode(text); tok.Kind != SAML || tok.Assertion.Issuer != "https://idp.example" {
			t.Errorf("%.40q: %s%s", text, tok.Kind, lines(tok.Checks))
		}
	}
}
