package jose

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"authdance/flows/wire"
)

// wrapped is what people paste around a token, and what Decode says it took off.
func TestATokenIsFoundInWhatPeoplePaste(t *testing.T) {
	tok := forge{}.String()
	at := strings.Replace(tok, "eyJ", "eyI", 1) // another token, as access_token
	for name, c := range map[string]struct {
		text string
		note string // one of Normalised
		from string
	}{
		"spaces":           {"  \n" + tok + "\r\n", "white space around the text", ""},
		"double quotes":    {`"` + tok + `"`, "JSON quotes", ""},
		"single quotes":    {`'` + tok + `',`, "quotes or punctuation around the token", ""},
		"smart quotes":     {"“" + tok + "”", "quotes or punctuation around the token", ""},
		"angle brackets":   {"<" + tok + ">", "quotes or punctuation around the token", ""},
		"a sentence":       {"the token is " + tok + ".", "a full stop after the token", ""},
		"a log line":       {"2026-11-25 DEBUG token=" + tok + " user=alice", "everything around the parameter token", "token in a URL or form"},
		"Bearer":           {"Bearer " + tok, "the scheme Bearer", ""},
		"bearer":           {"bearer  " + tok, "the scheme bearer", ""},
		"a header line":    {"Authorization: Bearer " + tok, "the header name Authorization", "the header Authorization"},
		"no space":         {"Authorization:" + tok, "the header name Authorization", "the header Authorization"},
		"a time":           {"10:42:15 " + tok, "text around the token", ""},
		"a DPoP header":    {"DPoP: " + tok, "the header name DPoP", "the header DPoP"},
		"curl":             {`curl -H 'Authorization: Bearer ` + tok + `' https://api.example/`, "text around the token", ""},
		"a query":          {"https://client.example/cb?code=1&id_token=" + tok + "&state=2", "everything around the parameter id_token", "id_token in a URL or form"},
		"a fragment":       {"http://127.0.0.1:1/cb#access_token=" + at + "&id_token=" + tok, "everything around the parameter id_token", "id_token in a URL or form"},
		"percent encoding": {"https://client.example/cb#id_token=" + url.QueryEscape(strings.ReplaceAll(tok, ".", "%2E")), "percent encoding", "id_token in a URL or form"},
		"a cookie":         {"Cookie: a=b; id_token=" + tok + "; c=d", "everything around the parameter id_token", "id_token in a URL or form"},
		"a token response": {`{"access_token":"` + at + `","token_type":"Bearer","id_token":"` + tok + `"}`, "everything around the member id_token", "id_token in a JSON document"},
		"nested response":  {`{"data":{"access_token":"` + tok + `"}}`, "everything around the member access_token", "access_token in a JSON document"},
		"cut response":     {`{"id_token":"` + tok + `","expires_in":`, "everything around the member id_token", "id_token in a JSON document"},
		"JSON in a string": {`"{\"id_token\":\"` + tok + `\"}"`, "JSON quotes", "id_token in a JSON document"},
		"hard wrap":        {wrap(tok, 64, "\n"), "line breaks or spaces inside the token", ""},
		"wrap at the dots": {strings.ReplaceAll(tok, ".", ".\n"), "line breaks or spaces inside the token", ""},
		"wrap before dots": {strings.ReplaceAll(tok, ".", "\n  ."), "line breaks or spaces inside the token", ""},
		"indented wrap":    {wrap(tok, 40, "\r\n    "), "line breaks or spaces inside the token", ""},
		"escaped newlines": {wrap(tok, 64, `\n`), "backslash escapes", ""},
		"zero width":       {tok[:20] + "\u200b" + tok[20:] + "\ufeff", "invisible characters", ""},
		"trailing word":    {tok + "\nexpires soon", "text after the token", ""},
		"two tokens":       {tok + "\n" + at, "a second token: only the first is shown", ""},
		"two, one line":    {tok + " " + at, "a second token: only the first is shown", ""},
		"with an opaque":   {tok + "\n8xLOxBtZp8", "text after the token", ""},
		"an unknown name":  {`{"jwt":["x","` + tok + `"]}`, "everything around the token in a JSON document", "a JSON document"},
		"a form body":      {"grant_type=x&assertion=" + tok, "everything around the parameter assertion", "assertion in a URL or form"},
		"a shell variable": {"TOKEN=" + tok, "text around the token", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Decode(c.text)
			if got.Text != tok {
				t.Fatalf("found %q\nin    %q", got.Text, c.text)
			}
			if got.Kind != JWS || contains(got.Checks, wire.Fail) {
				t.Errorf("kind %s: %s", got.Kind, lines(got.Checks))
			}
			if !slices.Contains(got.Normalised, c.note) {
				t.Errorf("normalised %q lacks %q", got.Normalised, c.note)
			}
			if got.RecognisedAs != c.from {
				t.Errorf("recognised as %q, want %q", got.RecognisedAs, c.from)
			}
		})
	}
}

func wrap(s string, width int, sep string) string {
	var parts []string
	for len(s) > width {
		parts, s = append(parts, s[:width]), s[width:]
	}
	return strings.Join(append(parts, s), sep)
}

func TestACleanTokenIsNotNormalised(t *testing.T) {
	for _, ex := range examples {
		if got := Decode(ex.token); len(got.Normalised) != 0 || got.Text != ex.token {
			t.Errorf("%s: %q", ex.name, got.Normalised)
		}
	}
}

func TestTwoTokensAreNeverJoined(t *testing.T) {
	a, b := forge{}.String(), forge{claims: good().with(claims{"sub": "other"})}.String()
	for _, sep := range []string{"\n", " ", "\r\n\r\n", "\t", " , "} {
		for _, second := range []string{b, strings.Split(b, ".")[0], strings.Split(b, ".")[2], "8xLOxBtZp8", "done"} {
			if got := Decode(a + sep + second); got.Text != a {
				t.Fatalf("separated by %q: %q\nfrom %q and %q", sep, got.Text, a, second)
			}
		}
	}
}

func TestAHeaderAloneIsNotJoinedToTheTokenAfterIt(t *testing.T) {
	tok := forge{}.String()
	if got := Decode(strings.Split(tok, ".")[0] + "\n" + tok); strings.Contains(got.Text, "."+tok) || len(got.Text) > len(tok) {
		t.Fatalf("%q", got.Text)
	}
}

// TestWordsAfterACutTokenAreNotJoinedToIt: what is missing from a token is not
// made up from the text around it.
func TestWordsAfterACutTokenAreNotJoinedToIt(t *testing.T) {
	tok := forge{}.String()
	for _, cut := range []string{tok[:len(tok)-20], tok[:len(tok)-86], tok[:60], examples[1].token[:200]} {
		for _, rest := range []string{"is expired", "www.example.com/a.b.c/d", "a.b.c.d.e", "done.", "(truncated)", "https://client.example/a-long-path"} {
			if got := Decode("token " + cut + " " + rest); got.Text != cut {
				t.Errorf("%q\nfrom %q and %q", got.Text, cut, rest)
			}
		}
	}
}

// TestTwoMegabytesOfScrapsCostOneReading would not end within the test timeout
// if joining or searching were quadratic.
func TestTwoMegabytesOfScrapsCostOneReading(t *testing.T) {
	for _, piece := range []string{"A ", "ey ", "!ey", "=ey", "ey…", "ey.", "~", ". ", "\\n", "token=;", `"`, "%41", "(", "{", `{"a":`, "[", "eyJ9 ", ".)", "…", "*"} {
		for _, start := range []string{"", "eyJhbGciOiJFUzI1NiJ9"} {
			Decode(start + strings.Repeat(piece, (MaxToken-len(start))/len(piece)))
		}
	}
}

func TestWhatATextIs(t *testing.T) {
	parts := strings.Split(forge{}.String(), ".")
	for name, c := range map[string]struct {
		text, kind, check string
		status            wire.Status
	}{
		"nothing":               {"", Malformed, "structure", wire.Fail},
		"white space":           {" \n\t ", Malformed, "structure", wire.Fail},
		"prose":                 {"hello world, no token here", Malformed, "structure", wire.Fail},
		"an opaque token":       {"2YotnFZFEjr1zCsicMWpAA", Opaque, "structure", wire.NA},
		"opaque with dots":      {"ya29.a0AfH6SMBx.xyz", Opaque, "structure", wire.NA},
		"opaque, three parts":   {"1000.8cb99dxxxxxxxxxxxxx9be93.9b8xxxxxxxxxxxxxxxf", Opaque, "structure", wire.NA},
		"opaque with a colon":   {"v1:abc:def", Opaque, "structure", wire.NA},
		"Bearer and opaque":     {"Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA", Opaque, "structure", wire.NA},
		"XML":                   {`<saml:Response/>`, Malformed, "structure", wire.Fail},
		"an address":            {`https://client.example/cb?code=abc`, Malformed, "structure", wire.Fail},
		"claims as JSON":        {`{"iss":"x","exp":1}`, Malformed, "structure", wire.Fail},
		"header only":           {parts[0], Malformed, "structure", wire.Fail},
		"no signature part":     {parts[0] + "." + parts[1], Malformed, "structure", wire.Fail},
		"four parts":            {strings.Join(append(parts, "AAAA"), "."), Malformed, "structure", wire.Fail},
		"unsigned":              {parts[0] + "." + parts[1] + ".", JWS, "structure", wire.Pass},
		"a JWE":                 {b64([]byte(`{"alg":"RSA-OAEP","enc":"A256GCM"}`)) + ".AAAA.AAAA.AAAA.AAAA", JWE, "structure", wire.Pass},
		"a JWE without enc":     {b64([]byte(`{"alg":"RSA-OAEP"}`)) + ".AAAA.AAAA.AAAA.AAAA", JWE, "enc_missing", wire.Fail},
		"elided":                {parts[0] + "…" + parts[2][:8], Malformed, "structure", wire.Fail},
		"elided with dots":      {parts[0][:10] + "..." + parts[2][:8], Malformed, "structure", wire.Fail},
		"elided after a word":   {"token: " + parts[0][:16] + "…", Malformed, "structure", wire.Fail},
		"header cut":            {parts[0][:9] + "." + parts[1] + "." + parts[2], Malformed, "json", wire.Fail},
		"header is an array":    {b64([]byte(`[1]`)) + "." + parts[1] + "." + parts[2], Malformed, "json", wire.Fail},
		"payload cut":           {parts[0] + "." + parts[1][:40] + "." + parts[2], Malformed, "json", wire.Fail},
		"payload is text":       {parts[0] + "." + b64([]byte("hello")) + "." + parts[2], JWS, "json", wire.NA},
		"payload missing":       {parts[0] + ".." + parts[2], JWS, "detached", wire.Unknown},
		"foreign character":     {parts[0] + "." + parts[1] + "." + parts[2][:10] + "!" + parts[2][11:], JWS, "base64", wire.Fail},
		"plain base64":          {parts[0] + "." + parts[1] + "." + "+/" + parts[2][2:], JWS, "base64", wire.Fail},
		"padding":               {parts[0] + "." + parts[1] + "=." + parts[2], JWS, "base64", wire.Fail},
		"no UTF-8":              {b64([]byte("{\"alg\":\"\xff\"}")) + "." + parts[1] + "." + parts[2], Malformed, "utf8", wire.Fail},
		"too deep":              {parts[0] + "." + b64([]byte(`{"a":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+"}")) + "." + parts[2], Malformed, "depth_limit", wire.Fail},
		"too large":             {strings.Repeat("A", MaxToken+1), Malformed, "size_limit", wire.Fail},
		"a broken first letter": {"X" + parts[0][1:] + "." + parts[1] + "." + parts[2], Malformed, "json", wire.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			tok := Decode(c.text)
			if got := find1(tok.Checks, c.check); tok.Kind != c.kind || got.Status != c.status {
				t.Fatalf("%s, %s %s; want %s, %s%s", tok.Kind, c.check, got.Status, c.kind, c.status, lines(tok.Checks))
			}
			r := CheckIDToken(tok, expect(), goodKeys(), now)
			if r.Verdict == Valid {
				t.Fatal("valid")
			}
			if tok.Kind == Malformed && r.Verdict != NotReadable {
				t.Fatalf("verdict %s", r.Verdict)
			}
		})
	}
}

func TestABrokenTokenStillShowsItsContentAndThePlaceOfTheBreak(t *testing.T) {
	parts := strings.Split(forge{payload: `{"sub":"alice","scope":"read`}.String(), ".")
	tok := Decode(strings.Join(parts, "."))
	if tok.Header.Str("alg") != "ES256" || tok.Claims.Str("sub") != "alice" {
		t.Fatalf("header %s claims %s", tok.Header.Indent(), tok.Claims.Indent())
	}
	p := tok.Segment("payload")
	if len(p.Breaks) != 1 || p.Breaks[0].Offset != 28 || p.Breaks[0].In != "decoded" || p.Breaks[0].Want == "" {
		t.Fatalf("breaks %+v", p.Breaks)
	}
	if p.Offset != len(parts[0])+1 || tok.Text[p.Offset:p.Offset+len(p.Raw)] != p.Raw {
		t.Fatalf("payload at %d", p.Offset)
	}
	two := Decode(parts[0] + "." + b64([]byte(`{"sub":"bob"}`)))
	if two.Claims.Str("sub") != "bob" {
		t.Fatalf("claims of a token without signature: %s", two.Claims.Indent())
	}
}

func TestBase64urlIsStrictAndForgiving(t *testing.T) {
	for _, c := range []struct {
		raw, decoded string
		offset       int // of the first break; -1: none
	}{
		{"", "", -1}, {"YQ", "a", -1}, {"YWI", "ab", -1}, {"YWJj", "abc", -1}, {"_-8", "\xff\xef", -1},
		{"YQ==", "a", 2}, {"YR", "a", 1}, {"YWJ", "ab", 2}, {"/+8", "\xff\xef", 0}, {"YWJjY", "abc", 4}, {"YW Jj", "a", 2}, {"Y", "", 0}, {"é", "", 0}, {"=", "", 0}, {"Y=Q", "", 1},
	} {
		b, breaks := decodeBase64url(c.raw)
		at := -1
		if len(breaks) > 0 {
			at = breaks[0].Offset
		}
		if string(b) != c.decoded || at != c.offset {
			t.Errorf("%q: %q, break at %d; want %q, %d", c.raw, b, at, c.decoded, c.offset)
		}
	}
}

func TestForeignTextNeverReachesACheckUnsanitised(t *testing.T) {
	evil := "\x1b]0;owned\x07\u202e\u0085<" + strings.Repeat("\u0301", 50)
	for _, f := range []forge{
		{claims: good().with(claims{"iss": evil, "aud": evil, "nonce": evil, "azp": evil, "acr": evil, evil: evil, "name": []string{evil}})},
		{header: `{"alg":"ES256","kid":"\u001b]0;owned\u0007\u202e","typ":"\u001b[2J","crit":["\u001b[2J"]}`},
		{header: `{"alg":"\u001b[2J"}`},
	} {
		tok := Decode(f.String())
		keys := jwks(jwk(ecKey(), "a", ""), `{"kty":"\u001b[2J","kid":"\u001b[2J"}`, `{"kty":"EC","crv":"\u001b[2J","kid":"\u202e"}`)
		r := CheckIDToken(tok, expect(), keys, now)
		for _, c := range append(r.Checks, keys.Findings()...) {
			for _, s := range []string{c.ID, c.Message, c.Got, c.Want, c.Ref} {
				if s != wire.Safe(s) {
					t.Errorf("%s: %q", c.ID, s)
				}
			}
		}
	}
}

func TestAKidIsOnlyText(t *testing.T) {
	for _, kid := range []string{"../../../../dev/null", "' UNION SELECT 'key' --", "http://evil.example/key", "\\x00", "{{7*7}}", "$(id)", "ec "} {
		h := `{"alg":"ES256","kid":` + quoteJSON(kid) + `}`
		r := CheckIDToken(idToken(t, forge{header: h}), expect(), goodKeys(), now)
		if c := find1(r.Checks, "kid_unknown"); c.Status != wire.Fail || r.Key != nil {
			t.Errorf("%q: %s", kid, c.Status)
		}
	}
}

func quoteJSON(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
