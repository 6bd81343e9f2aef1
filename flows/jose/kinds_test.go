package jose

import (
	"strings"
	"testing"

	"authdance/flows/wire"
)

// flawed is one token that a kind refuses, and the check that says why; "" for
// a good one.
type flawed struct {
	token  forge
	check  string
	status wire.Status
}

func runFlaws(t *testing.T, as string, want Expect, keys KeySet, cases map[string]flawed) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, ok := Check(as, Decode(c.token.String()), want, keys, now)
			if !ok || r.As != as {
				t.Fatalf("judged as %s", r.As)
			}
			switch found := false; {
			case c.check == "" && r.Verdict != Valid:
				t.Fatalf("%s%s", r.Verdict, lines(r.Checks))
			case c.check != "":
				for _, got := range r.Checks {
					found = found || got.ID == c.check && got.Status == c.status
				}
				if !found || c.status == wire.Fail && r.Verdict == Valid {
					t.Fatalf("no %s %s: %s%s", c.check, c.status, r.Verdict, lines(r.Checks))
				}
			}
		})
	}
}

func TestLogoutTokens(t *testing.T) {
	good := claims{"iss": issuer, "aud": client, "iat": now.Unix(), "exp": now.Unix() + 120, "jti": "j1", "sub": "248289761001", "sid": "s1",
		"events": map[string]any{backchannelLogout: map[string]any{}}}
	header := `{"alg":"ES256","kid":"ec","typ":"logout+jwt"}`
	with := func(change claims) forge { return forge{header: header, claims: good.with(change)} }
	runFlaws(t, AsLogoutToken, expect(), goodKeys(), map[string]flawed{
		"good":                {with(nil), "", ""},
		"without a type":      {forge{claims: good}, "typ_mismatch", wire.Warn},
		"only sid":            {with(claims{"sub": nil}), "", ""},
		"neither sub nor sid": {with(claims{"sub": nil, "sid": nil}), "claim_missing:sub", wire.Fail},
		"a nonce":             {with(claims{"nonce": "x"}), "nonce_forbidden", wire.Fail},
		"no events":           {with(claims{"events": nil}), "claim_missing:events", wire.Fail},
		"another event":       {with(claims{"events": map[string]any{"x": map[string]any{}}}), "claim_missing:events", wire.Fail},
		"events a list":       {with(claims{"events": []string{backchannelLogout}}), "claim_type:events", wire.Fail},
		"event a string":      {with(claims{"events": map[string]any{backchannelLogout: "x"}}), "claim_type:events", wire.Fail},
		"no jti":              {with(claims{"jti": nil}), "claim_missing:jti", wire.Fail},
		"no exp":              {with(claims{"exp": nil}), "claim_missing:exp", wire.Fail},
		"expired":             {with(claims{"exp": now.Unix() - 600}), "expired", wire.Fail},
		"another issuer":      {with(claims{"iss": "https://evil.example"}), "iss_mismatch", wire.Fail},
		"another client":      {with(claims{"aud": "x"}), "aud_mismatch", wire.Fail},
		"an access token":     {forge{header: `{"alg":"ES256","kid":"ec","typ":"at+jwt"}`, claims: good}, "typ_confusion", wire.Fail},
		"unsigned":            {forge{header: `{"alg":"none"}`, claims: good, sig: func(string) []byte { return nil }}, "alg_none", wire.Fail},
	})
}

func TestClientAssertions(t *testing.T) {
	want := Expect{ClientID: client, Audience: issuer + "/token", Issuer: issuer}
	good := claims{"iss": client, "sub": client, "aud": issuer, "iat": now.Unix(), "exp": now.Unix() + 60, "jti": "j1"}
	with := func(change claims) forge { return forge{claims: good.with(change)} }
	runFlaws(t, AsClientAssertion, want, goodKeys(), map[string]flawed{
		"good, for the issuer":   {with(nil), "", ""},
		"good, for the endpoint": {with(claims{"aud": issuer + "/token"}), "", ""},
		"two audiences":          {with(claims{"aud": []string{issuer, "https://other.example"}}), "aud_multiple", wire.Warn},
		"another server":         {with(claims{"aud": "https://other.example"}), "aud_mismatch", wire.Fail},
		"no aud":                 {with(claims{"aud": nil}), "claim_missing:aud", wire.Fail},
		"iss is not sub":         {with(claims{"iss": "x"}), "azp_mismatch", wire.Fail},
		"another client":         {with(claims{"iss": "x", "sub": "x"}), "iss_mismatch", wire.Fail},
		"no sub":                 {with(claims{"sub": nil}), "claim_missing:sub", wire.Fail},
		"no exp":                 {with(claims{"exp": nil}), "claim_missing:exp", wire.Fail},
		"no jti":                 {with(claims{"jti": nil}), "claim_missing:jti", wire.Warn},
		"expired":                {with(claims{"exp": now.Unix() - 600}), "expired", wire.Fail},
		"the id of a DPoP proof": {forge{header: `{"alg":"ES256","kid":"ec","typ":"dpop+jwt"}`, claims: good}, "typ_confusion", wire.Fail},
	})
}

func TestRequestObjects(t *testing.T) {
	want := Expect{ClientID: client, Issuer: issuer}
	good := claims{"iss": client, "aud": issuer, "client_id": client, "response_type": "code", "redirect_uri": "https://c.example/cb", "exp": now.Unix() + 60, "iat": now.Unix()}
	header := `{"alg":"ES256","kid":"ec","typ":"oauth-authz-req+jwt"}`
	with := func(change claims) forge { return forge{header: header, claims: good.with(change)} }
	runFlaws(t, AsRequestObject, want, goodKeys(), map[string]flawed{
		"good":              {with(nil), "", ""},
		"without a type":    {forge{claims: good}, "typ_mismatch", wire.Warn},
		"no client_id":      {with(claims{"client_id": nil}), "claim_missing:client_id", wire.Fail},
		"another client":    {with(claims{"client_id": "x"}), "azp_mismatch", wire.Fail},
		"another server":    {with(claims{"aud": "https://other.example"}), "aud_mismatch", wire.Fail},
		"no aud":            {with(claims{"aud": nil}), "claim_missing:aud", wire.Warn},
		"no exp":            {with(claims{"exp": nil}), "claim_missing:exp", wire.Warn},
		"expired":           {with(claims{"exp": now.Unix() - 600}), "expired", wire.Fail},
		"a request inside":  {with(claims{"request": "eyJ"}), "nesting", wire.Fail},
		"a request_uri":     {with(claims{"request_uri": "urn:x"}), "nesting", wire.Fail},
		"sub is the client": {with(claims{"sub": client}), "typ_confusion", wire.Warn},
		"an ID token":       {forge{header: `{"alg":"ES256","kid":"ec","typ":"logout+jwt"}`, claims: good}, "typ_confusion", wire.Fail},
	})
	if r := CheckAny(Decode(with(nil).String()), want, goodKeys(), now); r.As != AsRequestObject || r.Verdict != Valid {
		t.Errorf("recognised as %s, %s", r.As, r.Verdict)
	}
}

func TestEveryKindHasItsName(t *testing.T) {
	tok := Decode(forge{}.String())
	for _, as := range Kinds() {
		if r, ok := Check(as, tok, expect(), goodKeys(), now); !ok || r.As != as {
			t.Errorf("%s is judged as %s", as, r.As)
		}
	}
	if _, ok := Check("nonsense", tok, expect(), goodKeys(), now); ok {
		t.Error("a kind that nobody knows")
	}
}

func TestASecretInAKeyFileVerifiesAndInAKeySetDoesNot(t *testing.T) {
	tok := Decode(forge{header: `{"alg":"HS256"}`, alg: "HS256", key: hmacText, payload: "foo"}.String())
	text := []byte(jwk(hmacText, "", `,"alg":"HS256"`))
	if r := CheckAny(tok, Expect{}, ParseKeyFile(text), now); r.Verdict != Valid {
		t.Errorf("a file: %s%s", r.Verdict, lines(r.Checks))
	}
	if r := CheckAny(tok, Expect{}, ParseKeys(text), now); r.Verdict != Invalid {
		t.Errorf("a set: %s%s", r.Verdict, lines(r.Checks))
	}
	rs := ParseKeyFile([]byte(jwk(rsaKey(), "", "")))
	confused := Decode(forge{header: `{"alg":"HS256"}`, alg: "HS256", key: pemOf(&rsaKey().PublicKey), payload: "foo"}.String())
	if r := CheckAny(confused, Expect{}, rs, now); r.Verdict == Valid {
		t.Error("a public key counts as a secret")
	}
}

func TestForgeriesAreRefusedForTheirOwnReason(t *testing.T) {
	own := private(privateJWK(must(newEC())))[0]
	signer := private(strings.Replace(privateJWK(ecKey()), "{", `{"kid":"ec",`, 1))[0]
	access := claims{"iss": issuer, "aud": "https://api.example", "sub": "alice", "client_id": client, "scope": "read", "jti": "1", "iat": now.Unix(), "exp": now.Unix() + 300}
	tok := Decode(forge{header: `{"alg":"ES256","kid":"ec","typ":"at+jwt"}`, claims: access}.String())
	want := Expect{Issuer: issuer, Audience: "https://api.example", ClientID: client}
	if r := CheckAccessToken(tok, want, goodKeys(), now); r.Verdict != Valid {
		t.Fatalf("the token itself: %s%s", r.Verdict, lines(r.Checks))
	}
	seen := map[string]bool{}
	for _, f := range Forgeries() {
		t.Run(f.ID, func(t *testing.T) {
			if seen[f.ID] || f.Title == "" || !strings.HasSuffix(f.Proves, ".") || f.Ref == "" || Gains(f.Check) == "" {
				t.Errorf("the row is not complete: %+v", f)
			}
			seen[f.ID] = true
			source := tok
			if f.ID == "base64_bits" { // the length of an ES256 signature leaves four bits
				source = tok
			}
			made, err := Forge(f.ID, source, Materials{Public: goodKeys(), Own: own, Signer: signer}, now)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(made.Mark, "FORGED") || made.Text == tok.Text {
				t.Errorf("mark %q", made.Mark)
			}
			r := CheckAccessToken(Decode(made.Text), want, goodKeys(), now)
			if r.Verdict == Valid || r.Verdict == Unverified {
				t.Fatalf("%s%s", r.Verdict, lines(r.Checks))
			}
			for _, c := range r.Checks {
				if c.ID == f.Check && c.Status == wire.Fail {
					return
				}
			}
			t.Fatalf("%s does not catch it%s", f.Check, lines(r.Checks))
		})
		if f.Needs != NeedsNothing {
			if _, err := Forge(f.ID, tok, Materials{}, now); err == nil {
				t.Errorf("%s is made from nothing", f.ID)
			}
		}
	}
	if _, err := Forge("alg_none", Decode("opaque"), Materials{}, now); err == nil {
		t.Error("an opaque token is forged")
	}
	if _, err := Forge("nonsense", tok, Materials{}, now); err == nil {
		t.Error("a forgery that nobody knows")
	}
}

func TestADraftIsSignedAgain(t *testing.T) {
	tok := Decode(forge{}.String())
	d := DraftOf(tok)
	d.Claims = strings.Replace(d.Claims, "248289761001", "another", 1)
	for name, key := range map[string]any{"ES256": ecKey(), "RS256": rsaKey(), "EdDSA": edKey(), "HS256": []byte(hmacText), "ES384": ec384Key()} {
		p := private(privateJWK(key))[0]
		text, err := d.Sign(p)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		made := Decode(text)
		if made.Header.Str("alg") != name || made.Claims.Str("sub") != "another" || made.Claims.Str("iss") != issuer {
			t.Errorf("%s: %s %s", name, made.Header.Indent(), made.Claims.Indent())
		}
		if _, used := Verify(made, Public([]Private{p}), Policy{}); used == nil {
			t.Errorf("%s does not verify", name)
		}
	}
	d.Header = `{"alg":"PS512","typ":"at+jwt"}`
	if text, err := d.Sign(private(privateJWK(rsaKey()))[0]); err != nil || Decode(text).Header.Str("alg") != "PS512" || Decode(text).Header.Str("typ") != "at+jwt" {
		t.Errorf("the algorithm of the header is not used: %v", err)
	}
	d.Claims = `{"exp": 1e400, "a":{"b":[true,null,"é"]}, "exp":2}`
	if made := Decode(must(d.Sign(private(privateJWK(ecKey()))[0]))); string(made.Segment("payload").Bytes) != `{"exp":1e400,"a":{"b":[true,null,"é"]},"exp":2}` {
		t.Errorf("the claims were changed: %s", made.Segment("payload").Bytes)
	}
	for name, bad := range map[string]Draft{"no header": {"", "{}"}, "header a list": {"[]", "{}"}} {
		if _, err := bad.Sign(private(privateJWK(ecKey()))[0]); err == nil {
			t.Errorf("%s was signed", name)
		}
	}
	if _, err := d.Sign(Private{}); err == nil {
		t.Error("signed without a key")
	}
}

func TestComparingTokensTellsWhatMatters(t *testing.T) {
	base := Decode(forge{}.String())
	of := func(change claims) Token { return Decode(forge{claims: good().with(change)}.String()) }
	for name, c := range map[string]struct {
		other Token
		want  string // how the summary begins
	}{
		"the same":            {base, "the two are the same token"},
		"signed again":        {Decode(forge{}.String()), "only what differs in any two tokens: signature"},
		"refreshed":           {of(claims{"exp": now.Unix() + 1000, "iat": now.Unix(), "jti": "x"}), "only what differs in any two tokens: "},
		"another reader":      {of(claims{"aud": "x", "exp": 1}), "aud differs: workshop-spa, then x (it is for another reader)"},
		"the same reader":     {of(claims{"aud": []string{client}}), "only what differs in any two tokens"},
		"iss before aud":      {of(claims{"aud": "x", "iss": "y"}), "iss differs"},
		"a claim less":        {of(claims{"acr": nil}), "acr differs: urn:lab:pwd, then absent"},
		"an unknown claim":    {of(claims{"zz": 1}), "zz differs: absent, then 1"},
		"the number as float": {Decode(forge{payload: strings.Replace(string(base.Segment("payload").Bytes), `"acr"`, `"n":1.0,"acr"`, 1)}.String()), "n differs"},
		"another algorithm":   {Decode(forge{header: `{"alg":"RS256","kid":"ec","typ":"JWT"}`, alg: "RS256", key: rsaKey()}.String()), "alg differs"},
		"opaque":              {Decode("opaque-token-1"), "kind differs: jws, then opaque"},
	} {
		if got := Compare(base, c.other).Summary; !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	a := of(claims{"cnf": map[string]any{"jkt": "1", "x5t#S256": "s"}, "scope": "read write"})
	b := of(claims{"cnf": map[string]any{"jkt": "2", "x5t#S256": "s"}, "scope": "write read"})
	c := Compare(a, b)
	if len(c.Differences) != 2 || c.Differences[0].Name != "cnf.jkt" || c.Differences[0].A != "1" || !c.Differences[1].Expected {
		t.Errorf("%+v", c)
	}
	if c.Equal < 8 {
		t.Errorf("%d members are equal", c.Equal)
	}
	if s := Compare(Decode("ya29.aaaaaaaaaaaaaaaaaaaaaaaa"), Decode("ya29.bbbbbbbbbbbbbbbbbbbbbbbb")).Summary; strings.Contains(s, "aaaaaaaaaaaaaaaaaa") {
		t.Errorf("shows an opaque token: %s", s)
	}
}
