package jose

import (
	"strings"
	"testing"
	"time"

	"authdance/flows/wire"
)

func FuzzDecode(f *testing.F) {
	for _, ex := range examples {
		f.Add(ex.token)
		f.Add("Authorization: Bearer " + ex.token + "\n" + ex.token)
		f.Add(`{"id_token":"` + ex.token + `"}`)
		f.Add(wrap(ex.token, 40, "\n"))
	}
	f.Add("eyJ…abc")
	f.Add(`{"payload":"","signatures":[{}]}`)
	f.Add("https://x/#id_token=%")
	f.Fuzz(func(t *testing.T, text string) {
		tok := Decode(text)
		switch tok.Kind {
		case JWS, JWE, Opaque, Malformed:
		default:
			t.Fatalf("kind %q", tok.Kind)
		}
		if len(tok.Checks) == 0 {
			t.Fatal("no word about the structure")
		}
		if tok.Kind == Malformed && !contains(tok.Checks, wire.Fail) {
			t.Fatalf("malformed without a reason: %s", lines(tok.Checks))
		}
		for _, s := range tok.Segments {
			if tok.Text[s.Offset:s.Offset+len(s.Raw)] != s.Raw {
				t.Fatalf("segment %s is not at its offset", s.Name)
			}
			for _, b := range s.Breaks {
				if limit := map[string]int{"raw": len(s.Raw), "decoded": len(s.Bytes)}[b.In]; b.Offset < 0 || b.Offset > limit {
					t.Fatalf("break outside its segment: %+v", b)
				}
			}
		}
		for _, n := range tok.Normalised {
			if n != wire.Safe(n) {
				t.Fatalf("normalised %q", n)
			}
		}
		// What was found must be found again, unchanged: cleaning is finished.
		// (Percent encoding and backslashes can be nested without end.)
		if tok.Format == Compact && !strings.ContainsAny(tok.Text, `%\`) {
			if again := Decode(tok.Text); again.Text != tok.Text || again.Kind != tok.Kind {
				t.Fatalf("%q decodes to %q, %s to %s", tok.Text, again.Text, tok.Kind, again.Kind)
			}
		}
		Times(tok)
	})
}

func FuzzParseKeys(f *testing.F) {
	for _, ex := range examples {
		f.Add([]byte(ex.key))
		f.Add([]byte(set(ex.key, "{}", ex.key)))
	}
	f.Add([]byte(pemOf(&rsaKey().PublicKey)))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AA","e":"AA"},{"kty":"EC","crv":"P-256","x":"=","y":"A"}]}`))
	f.Add([]byte("0\x82\x01"))
	tok := Decode(examples[2].token)
	f.Fuzz(func(t *testing.T, b []byte) {
		keys := ParseKeys(b)
		if len(keys.Keys) == 0 && !contains(keys.Checks, wire.Fail) {
			t.Fatal("no keys and no reason")
		}
		for _, k := range keys.Keys {
			if !k.Usable() && len(k.Problems) == 0 {
				t.Fatalf("an unusable key without a reason: %+v", k)
			}
			if k.KTY == "oct" && k.Usable() {
				t.Fatal("a symmetric key from a public place is usable")
			}
		}
		for _, c := range keys.Findings() {
			if c.Message != wire.Safe(c.Message) || c.Got != wire.Safe(c.Got) {
				t.Fatalf("unsafe text in %+v", c)
			}
		}
		_, _ = Verify(tok, keys, Policy{})
		ParseSecret(wire.NewSecret(string(b)))
	})
}

// FuzzCheckIDToken signs any header and claims with the right key, so that only
// the rules stand between a hostile token and the verdict valid.
func FuzzCheckIDToken(f *testing.F) {
	for _, fl := range flaws() {
		if fl.token.payload != "" || fl.token.header != "" {
			f.Add(fl.token.header, fl.token.payload, int64(0), true)
		}
	}
	f.Add(`{"alg":"ES256","kid":"ec"}`, `{"iss":"`+issuer+`","aud":"`+client+`","sub":"1","iat":1795603327,"exp":1795604227,"nonce":"`+nonce+`"}`, int64(60), true)
	f.Add(`{"alg":"none"}`, `{}`, int64(-1), false)
	keys := goodKeys()
	f.Fuzz(func(t *testing.T, header, payload string, shift int64, signIt bool) {
		fo := forge{header: header, payload: payload}
		if !signIt {
			fo.sig = func(s string) []byte { return []byte(strings.Repeat(s, 2)[:min(len(s), 64)]) }
		}
		at := now.Add(time.Duration(shift))
		tok := Decode(fo.String())
		r := CheckIDToken(tok, expect(), keys, at)
		if r.Verdict == Valid {
			proveValid(t, r, tok, at, signIt)
		}
		for _, c := range r.Checks {
			if Gains(c.ID) == "" {
				t.Fatalf("no gain for %s", c.ID)
			}
		}
		CheckAccessToken(tok, expect(), keys, at)
		CheckAny(tok, expect(), keys, at)
	})
}

// proveValid repeats the rules of OIDC Core in the plainest way.
func proveValid(t *testing.T, r Report, tok Token, at time.Time, signed bool) {
	t.Helper()
	fail := func(what string) { t.Fatalf("valid although %s: %s%s", what, tok.Claims.Indent(), lines(r.Checks)) }
	if r.Count(wire.Fail)+r.Count(wire.Unknown) > 0 || r.Key == nil {
		fail("a check did not pass")
	}
	if !signed {
		fail("it was not signed")
	}
	c := tok.Claims
	if c.Str("iss") != issuer || !oneOf(c.Strings("aud"), client) || c.Str("sub") == "" || c.Str("nonce") != nonce {
		fail("a claim is wrong")
	}
	exp, _ := c.Get("exp")
	if v, ok := exp.Float(); !ok || v+60 < float64(at.Unix()) {
		fail("it has expired")
	}
	if _, ok := tok.Header.Get("crit"); ok || isNone(tok.Header.Str("alg")) || strings.HasPrefix(tok.Header.Str("alg"), "HS") {
		fail("the header must be refused")
	}
}
