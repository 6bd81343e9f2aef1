package jose

import (
	"strings"
	"testing"

	"authdance/flows/wire"
)

const api = "http://127.0.0.1:9500/api"

func access() claims {
	return claims{"iss": issuer, "aud": api, "sub": "alice", "client_id": client, "iat": now.Unix(), "exp": now.Unix() + 300, "jti": "a1", "scope": "read"}
}

func at(change claims) forge {
	return forge{header: `{"alg":"ES256","kid":"ec","typ":"at+jwt"}`, claims: access().with(change)}
}

func TestAnAccessTokenIsJudgedByRFC9068(t *testing.T) {
	for name, c := range map[string]struct {
		token   forge
		check   string
		status  wire.Status
		verdict Verdict
	}{
		"good":                   {at(nil), "typ_mismatch", wire.Pass, Valid},
		"application/at+jwt":     {forge{header: `{"alg":"ES256","kid":"ec","typ":"application/at+jwt"}`, claims: access()}, "typ_mismatch", wire.Pass, Valid},
		"provider's own format":  {forge{claims: access()}, "typ_mismatch", wire.Warn, Valid},
		"own format, no jti":     {forge{claims: access().with(claims{"jti": nil})}, "claim_missing:jti", wire.Warn, Valid},
		"no jti":                 {at(claims{"jti": nil}), "claim_missing:jti", wire.Fail, Invalid},
		"no client_id":           {at(claims{"client_id": nil}), "claim_missing:client_id", wire.Fail, Invalid},
		"no sub":                 {at(claims{"sub": nil}), "claim_missing:sub", wire.Fail, Invalid},
		"no iat":                 {at(claims{"iat": nil}), "claim_missing:iat", wire.Fail, Invalid},
		"no aud":                 {at(claims{"aud": nil}), "claim_missing:aud", wire.Fail, Invalid},
		"no exp":                 {at(claims{"exp": nil}), "claim_missing:exp", wire.Fail, Invalid},
		"other API":              {at(claims{"aud": "http://other"}), "aud_mismatch", wire.Fail, Invalid},
		"other issuer":           {at(claims{"iss": "http://other"}), "iss_mismatch", wire.Fail, Invalid},
		"other client":           {at(claims{"client_id": "mallory"}), "azp_mismatch", wire.Fail, Invalid},
		"scope as an array":      {at(claims{"scope": []string{"read"}}), "claim_type:scope", wire.Fail, Invalid},
		"expired":                {at(claims{"exp": now.Unix() - 100, "iat": now.Unix() - 200}), "expired", wire.Fail, Invalid},
		"an ID token":            {forge{}, "typ_confusion", wire.Fail, Invalid},
		"a logout token":         {forge{header: `{"alg":"ES256","kid":"ec","typ":"logout+jwt"}`, claims: access()}, "typ_confusion", wire.Fail, Invalid},
		"Keycloak refresh token": {forge{claims: access().with(claims{"typ": "Refresh"})}, "typ_confusion", wire.Fail, Invalid},
		"Cognito ID token":       {forge{claims: access().with(claims{"token_use": "id"})}, "typ_confusion", wire.Fail, Invalid},
		"unsigned":               {forge{header: `{"alg":"none","typ":"at+jwt"}`, claims: access(), sig: func(string) []byte { return nil }}, "alg_none", wire.Fail, Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			want := Expect{Issuer: issuer, Audience: api, ClientID: client}
			r := CheckAccessToken(idToken(t, c.token), want, goodKeys(), now)
			if got := find1(r.Checks, c.check); got.Status != c.status || r.Verdict != c.verdict {
				t.Fatalf("%s: %s %s%s", r.Verdict, c.check, got.Status, lines(r.Checks))
			}
		})
	}
}

func TestAnOpaqueTokenHasNothingToJudge(t *testing.T) {
	for _, judge := range []func(Token) Report{
		func(tok Token) Report { return CheckAccessToken(tok, Expect{}, goodKeys(), now) },
		func(tok Token) Report { return CheckAny(tok, Expect{}, goodKeys(), now) },
	} {
		r := judge(Decode("2YotnFZFEjr1zCsicMWpAA"))
		if r.Verdict != Unverified || r.Count(wire.NA) != len(r.Checks) || len(r.Checks) < 2 {
			t.Fatalf("%s%s", r.Verdict, lines(r.Checks))
		}
	}
}

func TestAnEncryptedTokenIsShownAndNotVerified(t *testing.T) {
	tok := Decode(b64([]byte(`{"alg":"RSA-OAEP","enc":"A256GCM","kid":"k"}`)) + ".AAAA.AAAA.AAAA.AAAA")
	r := CheckIDToken(tok, expect(), goodKeys(), now)
	if r.Verdict != Unverified || tok.Header.Str("enc") != "A256GCM" || find1(r.Checks, "signature_invalid").Status != wire.Unknown {
		t.Fatalf("%s%s", r.Verdict, lines(r.Checks))
	}
}

func TestAnyTokenIsJudgedAsWhatItIs(t *testing.T) {
	plain := access().with(claims{"client_id": nil, "scope": nil, "jti": nil})
	want := Expect{Issuer: issuer, Audience: api, ClientID: client, Nonce: nonce, AccessToken: wire.NewSecret(atValue)}
	for name, c := range map[string]struct {
		token   forge
		as      string
		verdict Verdict
	}{
		"an ID token":      {forge{}, AsIDToken, Valid},
		"an access token":  {at(nil), AsAccessToken, Valid},
		"a plain JWT":      {forge{claims: plain}, AsJWT, Valid},
		"without iss":      {forge{claims: plain.with(claims{"iss": nil})}, AsJWT, Invalid},
		"without exp":      {forge{claims: plain.with(claims{"exp": nil})}, AsJWT, Invalid},
		"Cognito ID token": {forge{claims: good().with(claims{"token_use": "id", "nonce": nil, "at_hash": nil, "auth_time": nil})}, AsIDToken, Invalid},
		"a logout token":   {forge{header: `{"alg":"ES256","kid":"ec","typ":"logout+jwt"}`, claims: plain}, AsLogoutToken, Invalid},
		"for another API":  {forge{claims: plain.with(claims{"aud": "x"})}, AsJWT, Invalid},
		"with another key": {forge{claims: plain, key: must(newEC())}, AsJWT, Invalid},
		"typ is no string": {forge{header: `{"alg":"ES256","kid":"ec","typ":[]}`, claims: plain}, AsJWT, Invalid},
		"claims no object": {forge{payload: `[1]`}, AsJWT, NotReadable},
		"claims no JSON":   {forge{payload: `hello`}, AsJWT, NotReadable},
		"a message":        {forge{header: `{"alg":"ES256","kid":"ec"}`, payload: `hello`}, AsMessage, Valid},
	} {
		t.Run(name, func(t *testing.T) {
			r := CheckAny(Decode(c.token.String()), want, goodKeys(), now)
			if r.As != c.as || r.Verdict != c.verdict {
				t.Fatalf("as %s %s%s", r.As, r.Verdict, lines(r.Checks))
			}
		})
	}
	r := CheckAny(Decode(forge{claims: plain.with(claims{"iss": nil, "aud": nil})}.String()), Expect{}, goodKeys(), now)
	if r.Verdict != Unverified || r.Key == nil {
		t.Fatalf("a JWT about which nothing is known is %s%s", r.Verdict, lines(r.Checks))
	}
}

// TestNothingKnownIsNeverValid: without keys, or without what the client
// knows, no token is valid, whatever it says.
func TestNothingKnownIsNeverValid(t *testing.T) {
	for _, f := range []forge{{}, at(nil)} {
		for _, judge := range []func(Token, Expect, KeySet) Report{
			func(tok Token, w Expect, k KeySet) Report { return CheckIDToken(tok, w, k, now) },
			func(tok Token, w Expect, k KeySet) Report { return CheckAccessToken(tok, w, k, now) },
			func(tok Token, w Expect, k KeySet) Report { return CheckAny(tok, w, k, now) },
		} {
			if r := judge(Decode(f.String()), Expect{}, goodKeys()); r.Verdict == Valid {
				t.Errorf("valid without expectations: %s", lines(r.Checks))
			}
			if r := judge(Decode(f.String()), expect(), KeySet{}); r.Verdict == Valid {
				t.Errorf("valid without keys: %s", lines(r.Checks))
			}
		}
	}
}

func TestGainsAreSentences(t *testing.T) {
	if Gains("no such check") != "" {
		t.Error("a gain for an unknown id")
	}
	for _, id := range strings.Fields(`alg_none kid_missing kid_type private_key_in_header crit_invalid s_hash_mismatch c_hash_mismatch depth_limit size_limit
		detached not_compact enc_missing jwks_duplicate_kid jwks_invalid jwks_bad_key jwks_empty claim_missing:exp claim_missing:x claim_type:sub`) {
		if s := Gains(id); !strings.HasSuffix(s, ".") || strings.Contains(s, "—") {
			t.Errorf("%s: %q", id, s)
		}
	}
}
