package jose

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"authdance/flows/wire"
)

func TestAGoodIDTokenIsValid(t *testing.T) {
	for _, f := range []forge{
		{},
		{alg: "RS256", key: rsaKey(), header: `{"alg":"RS256","kid":"rsa"}`},
		{alg: "PS256", key: rsaKey(), header: `{"alg":"PS256","kid":"rsa"}`},
		{alg: "EdDSA", key: edKey(), header: `{"alg":"EdDSA","kid":"ed"}`, claims: good().with(claims{"at_hash": halfHash("SHA-512", atValue)})},
		{claims: good().with(claims{"aud": []string{client}, "azp": client, "nbf": now.Unix() - 8})},
		{claims: good().with(claims{"exp": float64(now.Unix()) + 0.5, "acr": nil, "at_hash": nil, "auth_time": nil})},
	} {
		r := CheckIDToken(idToken(t, f), expect(), goodKeys(), now)
		if r.Verdict != Valid || r.Key == nil {
			t.Errorf("%s is %s: %s", f.header, r.Verdict, lines(r.Checks))
		}
	}
}

// flaw is one thing wrong with an otherwise good token, and exactly the checks
// that must notice: every other check passes or does not apply.
type flaw struct {
	token   forge
	text    string // instead of token
	keys    *KeySet
	expect  func(*Expect)
	at      time.Time
	noticed string // "id status, id status"
	verdict Verdict
}

func with(keys KeySet) *KeySet { return &keys }

func flaws() map[string]flaw {
	head := func(h string) forge { return forge{header: h} }
	claim := func(name string, v any) forge { return forge{claims: good().with(claims{name: v})} }
	noKey := ", signature_invalid unknown, alg_key_mismatch unknown, key_use unknown, weak_key unknown, jwks_private_key unknown"
	noAlg := noKey + ", at_hash_mismatch unknown" // without the algorithm its hash is not known
	hs := forge{alg: "HS256", header: `{"alg":"HS256"}`, key: hmacText}
	publicPEM := pemOf(&rsaKey().PublicKey)
	front := func(e *Expect) { e.FrontChannel, e.Code = true, wire.NewSecret(cValue) }
	maxAge := func(d time.Duration) func(*Expect) { return func(e *Expect) { e.MaxAge = &d } }
	parts := strings.Split(forge{}.String(), ".")

	return map[string]flaw{
		// What kind of token
		"typ_confusion":        {token: head(`{"alg":"ES256","kid":"ec","typ":"at+jwt"}`), noticed: "typ_confusion fail"},
		"typ_confusion/logout": {token: claim("events", map[string]any{"http://schemas.openid.net/event/backchannel-logout": struct{}{}}), noticed: "typ_confusion fail"},
		"typ_confusion/upper":  {token: head(`{"alg":"ES256","kid":"ec","typ":"application/AT+JWT"}`), noticed: "typ_confusion fail"},
		"typ_confusion/use":    {token: claim("token_use", "access"), noticed: "typ_confusion fail"},
		"typ_mismatch":         {token: head(`{"alg":"ES256","kid":"ec","typ":"pigeon"}`), noticed: "typ_mismatch warn", verdict: Valid},
		"typ_mismatch/type":    {token: head(`{"alg":"ES256","kid":"ec","typ":7}`), noticed: "typ_mismatch fail"},
		// Algorithm
		"alg_missing":     {token: head(`{"kid":"ec"}`), noticed: "alg_missing fail" + noAlg},
		"alg_type":        {token: head(`{"alg":["ES256"],"kid":"ec"}`), noticed: "alg_type fail" + noAlg},
		"alg_unsupported": {token: head(`{"alg":"es256","kid":"ec"}`), noticed: "alg_unsupported fail" + noAlg},
		"alg_unsupported/registered": {token: head(`{"alg":"Ed448","kid":"ec"}`), noticed: "alg_unsupported unknown" + noAlg,
			verdict: Unverified},
		"alg_not_allowed": {token: forge{}, expect: func(e *Expect) { e.Algs = []string{"RS256"} }, noticed: "alg_not_allowed fail"},
		"alg_unexpected":  {token: forge{}, expect: func(e *Expect) { e.Alg = "RS256" }, noticed: "alg_unexpected fail"},
		"alg_symmetric": {token: forge{alg: "HS256", header: `{"alg":"HS256","kid":"rsa"}`, key: publicPEM},
			keys: with(ParseKeys([]byte(publicPEM))), noticed: "alg_symmetric fail, no_key unknown" + noKey},
		"alg_symmetric/no secret": {token: hs, keys: with(KeySet{}), noticed: "alg_symmetric unknown, no_key unknown" + noKey, verdict: Unverified},
		// Header
		"crit_unknown": {token: head(`{"alg":"ES256","kid":"ec","crit":["exp"],"exp":1}`), noticed: "crit_unknown fail"},
		"crit_invalid": {token: head(`{"alg":"ES256","kid":"ec","crit":[]}`), noticed: "crit_invalid fail"},
		"b64_false":    {token: head(`{"alg":"ES256","kid":"ec","b64":false}`), noticed: "b64_false fail"},
		"untrusted_header_key": {token: head(`{"alg":"ES256","kid":"ec","jku":"https://evil.example/jwks"}`), noticed: "untrusted_header_key warn",
			verdict: Valid},
		"private_key_in_header": {token: head(`{"alg":"ES256","kid":"ec","jwk":{"kty":"EC","d":"AQ"}}`), noticed: "private_key_in_header fail"},
		// Keys
		"no_key":      {token: forge{}, keys: with(KeySet{}), noticed: "no_key unknown" + noKey, verdict: Unverified},
		"kid_unknown": {token: head(`{"alg":"ES256","kid":"lab-2025"}`), noticed: "kid_unknown fail" + noKey},
		"kid_type":    {token: head(`{"alg":"ES256","kid":7}`), noticed: "kid_type fail" + noKey},
		"ambiguous_key": {token: head(`{"alg":"ES256"}`), keys: with(jwks(jwk(must(newEC()), "a", ""), jwk(ecKey(), "b", ""))), noticed: "ambiguous_key warn",
			verdict: Valid},
		"ambiguous_key/duplicate kid": {token: forge{}, keys: with(jwks(jwk(must(newEC()), "ec", ""), jwk(ecKey(), "ec", ""))), noticed: "ambiguous_key warn",
			verdict: Valid},
		"alg_key_mismatch":     {token: head(`{"alg":"ES256","kid":"rsa"}`), noticed: "alg_key_mismatch fail, signature_invalid unknown"},
		"alg_key_mismatch/alg": {token: forge{}, keys: with(jwks(jwk(ecKey(), "ec", `,"alg":"ES384"`))), noticed: "alg_key_mismatch fail, signature_invalid unknown"},
		"key_use":              {token: forge{}, keys: with(jwks(jwk(ecKey(), "ec", `,"use":"enc"`))), noticed: "key_use fail, signature_invalid unknown"},
		"key_use/ops":          {token: forge{}, keys: with(jwks(jwk(ecKey(), "ec", `,"key_ops":["encrypt"]`))), noticed: "key_use fail, signature_invalid unknown"},
		"weak_key": {token: forge{alg: "RS256", key: weakKey(), header: `{"alg":"RS256","kid":"w"}`}, keys: with(jwks(jwk(weakKey(), "w", ""))),
			noticed: "weak_key fail"},
		"weak_key/secret": {token: forge{alg: "HS256", key: "workshop-secret", header: `{"alg":"HS256"}`}, keys: with(ParseSecret(wire.NewSecret("workshop-secret"))),
			noticed: "weak_key fail"},
		"jwks_private_key": {token: forge{}, keys: with(jwks(jwk(ecKey(), "ec", `,"d":"AQAB"`))), noticed: "jwks_private_key fail"},
		// Signature
		"not_signed": {text: parts[0] + "." + parts[1] + ".", noticed: "not_signed fail"},
		"alg_none": {text: b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
			noticed: "alg_none fail, not_signed fail, at_hash_mismatch unknown, alg_key_mismatch unknown, key_use unknown, weak_key unknown, jwks_private_key unknown"},
		"signature_length/DER":            {token: forge{sig: derSignature}, noticed: "signature_length fail"},
		"signature_length":                {token: forge{sig: func(string) []byte { return make([]byte, 63) }}, noticed: "signature_length fail"},
		"signature_invalid":               {token: forge{sig: func(string) []byte { return slices.Repeat([]byte{7}, 64) }}, noticed: "signature_invalid fail"},
		"signature_invalid/psychic":       {token: forge{sig: func(string) []byte { return make([]byte, 64) }}, noticed: "signature_invalid fail"},
		"signature_invalid/other claims":  {text: parts[0] + "." + b64(must(json.Marshal(good().with(claims{"sub": "1"})))) + "." + parts[2], noticed: "signature_invalid fail"},
		"signature_invalid/other key":     {token: forge{key: must(newEC())}, noticed: "signature_invalid fail"},
		"signature_invalid/wrong padding": {token: forge{alg: "RS256", key: rsaKey(), header: `{"alg":"PS256","kid":"rsa"}`}, noticed: "signature_invalid fail"},
		// Who
		"claim_missing:iss":       {token: claim("iss", nil), noticed: "claim_missing:iss fail"},
		"claim_type:iss":          {token: claim("iss", 5), noticed: "claim_type:iss fail"},
		"iss_mismatch":            {token: claim("iss", issuer+"/"), noticed: "iss_mismatch fail"},
		"claim_missing:aud":       {token: claim("aud", nil), noticed: "claim_missing:aud fail"},
		"claim_missing:aud/empty": {token: claim("aud", []string{}), noticed: "claim_missing:aud fail"},
		"claim_type:aud":          {token: claim("aud", []any{client, 5}), noticed: "claim_type:aud fail"},
		"aud_mismatch":            {token: claim("aud", "other"), noticed: "aud_mismatch fail, aud_untrusted fail"},
		"aud_untrusted":           {token: claim("aud", []string{client, "other"}), noticed: "aud_untrusted fail, aud_multiple warn"},
		"aud_multiple": {token: claim("aud", []string{client, "other"}), expect: func(e *Expect) { e.TrustedAudiences = []string{"other"} },
			noticed: "aud_multiple warn", verdict: Valid},
		"azp_mismatch":      {token: claim("azp", "other"), noticed: "azp_mismatch fail"},
		"claim_type:azp":    {token: claim("azp", true), noticed: "claim_type:azp fail"},
		"claim_missing:sub": {token: claim("sub", ""), noticed: "claim_missing:sub fail"},
		"claim_type:sub":    {token: claim("sub", 248289761001), noticed: "claim_type:sub fail"},
		"sub_too_long":      {token: claim("sub", strings.Repeat("x", 256)), noticed: "sub_too_long fail"},
		// When
		"claim_missing:exp":                 {token: claim("exp", nil), noticed: "claim_missing:exp fail"},
		"claim_type:exp":                    {token: claim("exp", "1798109827"), noticed: "claim_type:exp fail"},
		"claim_type:exp/null":               {token: forge{payload: `{"iss":"` + issuer + `","aud":"` + client + `","sub":"1","iat":1,"exp":null,"nonce":"` + nonce + `"}`}, noticed: "claim_type:exp fail"},
		"expired":                           {token: claim("exp", now.Unix()-61), expect: func(e *Expect) {}, noticed: "expired fail, exp_before_iat fail"},
		"exp_within_leeway":                 {token: claim("exp", now.Unix()-3), noticed: "exp_within_leeway warn", verdict: Valid},
		"exp_before_iat":                    {token: forge{claims: good().with(claims{"exp": now.Unix() + 10, "iat": now.Unix() + 20})}, noticed: "exp_before_iat fail"},
		"exp_absurd":                        {token: claim("exp", now.Unix()+11*365*86400), noticed: "exp_absurd warn", verdict: Valid},
		"exp_absurd/1e300":                  {token: claim("exp", 1e300), noticed: "exp_absurd fail"},
		"exp_absurd/negative":               {token: claim("exp", -1), noticed: "expired fail, exp_before_iat fail, exp_absurd fail"},
		"timestamp_looks_like_milliseconds": {token: claim("exp", (now.Unix()+892)*1000), noticed: "timestamp_looks_like_milliseconds fail, exp_absurd fail"},
		"not_yet_valid":                     {token: claim("nbf", now.Unix()+61), noticed: "not_yet_valid fail"},
		"claim_type:nbf":                    {token: claim("nbf", "soon"), noticed: "claim_type:nbf fail"},
		"claim_missing:iat":                 {token: claim("iat", nil), noticed: "claim_missing:iat fail"},
		"claim_type:iat":                    {token: claim("iat", []int{1}), noticed: "claim_type:iat fail"},
		"iat_in_future":                     {token: claim("iat", now.Unix()+61), noticed: "iat_in_future fail"},
		"iat_out_of_window":                 {token: claim("iat", now.Unix()-700), expect: func(e *Expect) { e.IatWindow = 10 * time.Minute }, noticed: "iat_out_of_window fail"},
		"iat_out_of_window/negative":        {token: claim("iat", -5), noticed: "iat_out_of_window fail"},
		"clock_skew": {token: claim("iat", now.Unix()+600), expect: func(e *Expect) { e.ServerDate = now.Add(600 * time.Second) },
			noticed: "iat_in_future fail, clock_skew warn"},
		// Which sign-in
		"nonce_missing":               {token: claim("nonce", nil), noticed: "nonce_missing fail"},
		"nonce_mismatch":              {token: claim("nonce", "N-0S6_WzA2Mj"), noticed: "nonce_mismatch fail"},
		"nonce_mismatch/not known":    {token: forge{}, expect: func(e *Expect) { e.Nonce = "" }, noticed: "nonce_mismatch unknown", verdict: Unverified},
		"nonce_mismatch/refreshed":    {token: claim("nonce", "other"), expect: func(e *Expect) { e.Refreshed = true }, noticed: "nonce_mismatch fail"},
		"nonce_forbidden":             {token: forge{}, expect: func(e *Expect) { e.Nonce, e.NoNonce = "", true }, noticed: "nonce_forbidden fail"},
		"claim_type:nonce":            {token: claim("nonce", 1), noticed: "claim_type:nonce fail"},
		"at_hash_mismatch":            {token: claim("at_hash", halfHash("SHA-256", "other")), noticed: "at_hash_mismatch fail"},
		"at_hash_mismatch/not known":  {token: forge{}, expect: func(e *Expect) { e.AccessToken = wire.Secret{} }, noticed: "at_hash_mismatch unknown", verdict: Unverified},
		"at_hash_missing":             {token: forge{claims: good().with(claims{"at_hash": nil, "c_hash": halfHash("SHA-256", cValue)})}, expect: front, noticed: "at_hash_missing fail"},
		"claim_type:at_hash":          {token: claim("at_hash", 3), noticed: "claim_type:at_hash fail"},
		"c_hash_mismatch":             {token: claim("c_hash", "x"), expect: front, noticed: "c_hash_mismatch fail"},
		"c_hash_missing":              {token: forge{}, expect: front, noticed: "c_hash_missing fail"},
		"s_hash_mismatch":             {token: claim("s_hash", halfHash("SHA-256", "other")), noticed: "s_hash_mismatch fail"},
		"auth_time_too_old":           {token: claim("auth_time", now.Unix()-500), expect: maxAge(5 * time.Minute), noticed: "auth_time_too_old fail"},
		"auth_time_too_old/max_age=0": {token: claim("auth_time", now.Unix()-61), expect: maxAge(0), noticed: "auth_time_too_old fail"},
		"auth_time_too_old/future":    {token: claim("auth_time", now.Unix()+61), expect: maxAge(time.Minute), noticed: "auth_time_too_old fail"},
		"claim_missing:auth_time":     {token: claim("auth_time", nil), expect: maxAge(time.Minute), noticed: "claim_missing:auth_time fail"},
		"claim_type:auth_time":        {token: claim("auth_time", "now"), noticed: "claim_type:auth_time fail"},
		"acr_mismatch":                {token: forge{}, expect: func(e *Expect) { e.ACR, e.ACREssential = []string{"urn:lab:mfa"}, true }, noticed: "acr_mismatch fail"},
		"acr_mismatch/voluntary":      {token: forge{}, expect: func(e *Expect) { e.ACR = []string{"urn:lab:mfa"} }, noticed: "acr_mismatch warn", verdict: Valid},
		"claim_type:acr":              {token: claim("acr", 2), noticed: "claim_type:acr fail"},
		"claim_type:email_verified":   {token: claim("email_verified", "true"), noticed: "claim_type:email_verified warn", verdict: Valid},
		"iss_mismatch/not known":      {token: forge{}, expect: func(e *Expect) { e.Issuer = "" }, noticed: "iss_mismatch unknown", verdict: Unverified},
		"aud_mismatch/not known":      {token: forge{}, expect: func(e *Expect) { e.ClientID = "" }, noticed: "aud_mismatch unknown, aud_untrusted unknown", verdict: Unverified},
		// Structure
		"json_duplicate": {token: forge{payload: strings.Replace(string(must(json.Marshal(good()))), `{`, `{"sub":"1",`, 1)}, noticed: "json_duplicate fail"},
		"base64":         {text: forge{}.String() + "==", noticed: "base64 fail, signature_invalid unknown"},
		"utf8":           {token: forge{payload: "\ufeff" + string(must(json.Marshal(good())))}, noticed: "utf8 warn", verdict: Valid},
	}
}

func TestEachFlawIsNoticedAndNothingElseIsBlamed(t *testing.T) {
	for name, f := range flaws() {
		t.Run(name, func(t *testing.T) {
			text := f.text
			if text == "" {
				text = f.token.String()
			}
			keys, want := goodKeys(), expect()
			if f.keys != nil {
				keys = *f.keys
			} else if f.token.alg == "HS256" {
				keys = ParseSecret(wire.NewSecret(hmacText))
			}
			if f.expect != nil {
				f.expect(&want)
			}
			if f.verdict == "" {
				f.verdict = Invalid
			}
			r := CheckIDToken(Decode(text), want, keys, now)
			if r.Verdict != f.verdict {
				t.Errorf("verdict %s, want %s", r.Verdict, f.verdict)
			}
			var noticed []string
			for _, c := range r.Checks {
				if c.Status != wire.Pass && c.Status != wire.NA {
					noticed = append(noticed, c.ID+" "+string(c.Status))
				}
				if Gains(c.ID) == "" {
					t.Errorf("no sentence says what is gained by skipping %s", c.ID)
				}
				if c.Message == "" || c.Ref == "" && c.ID != "size_limit" {
					t.Errorf("%s has no message or no source", c.ID)
				}
			}
			wanted := strings.Split(f.noticed, ", ")
			slices.Sort(wanted)
			slices.Sort(noticed)
			if !slices.Equal(noticed, wanted) {
				t.Errorf("noticed %q\nwant    %q%s", noticed, wanted, lines(r.Checks))
			}
		})
	}
}

// TestChecksStandInOneOrder compares the order of ids of a good token with that
// of every flawed one: a failure may replace a row, never move it.
func TestChecksStandInOneOrder(t *testing.T) {
	groups := [...]string{"structure", "typ_confusion", "alg_not_allowed", "alg_unexpected", "alg_symmetric", "crit_unknown", "b64_false", "untrusted_header_key",
		"kid_unknown", "alg_key_mismatch", "key_use", "weak_key", "jwks_private_key", "signature_length", "signature_invalid", "iss_mismatch", "aud_mismatch",
		"aud_untrusted", "aud_multiple", "azp_mismatch", "sub_too_long", "expired", "exp_before_iat", "exp_absurd", "not_yet_valid", "iat_in_future",
		"iat_out_of_window", "timestamp_looks_like_milliseconds", "nonce_mismatch", "at_hash_mismatch", "c_hash_missing", "s_hash_mismatch", "auth_time_too_old", "acr_mismatch"}
	r := CheckIDToken(idToken(t, forge{}), expect(), goodKeys(), now)
	var got []string
	for _, c := range r.Checks {
		if !oneOf([]string{"base64", "json", "json_duplicate"}, c.ID) {
			got = append(got, c.ID)
		}
	}
	if !slices.Equal(got, groups[:]) {
		t.Fatalf("order\n%q\nwant\n%q", got, groups)
	}
}

func TestExpIsExpiredOnOrAfterItsSecond(t *testing.T) {
	exp := now
	for _, c := range []struct {
		leeway time.Duration
		at     time.Time
		want   string
	}{
		{-1, exp.Add(-time.Second), "expired pass"},
		{-1, exp.Add(-time.Nanosecond), "expired pass"},
		{-1, exp, "expired fail"},
		{-1, exp.Add(time.Nanosecond), "expired fail"},
		{0, exp, "exp_within_leeway warn"},
		{0, exp.Add(60*time.Second - time.Nanosecond), "exp_within_leeway warn"},
		{0, exp.Add(60 * time.Second), "expired fail"},
		{10 * time.Second, exp.Add(9 * time.Second), "exp_within_leeway warn"},
		{10 * time.Second, exp.Add(10 * time.Second), "expired fail"},
		{time.Hour, exp.Add(299 * time.Second), "exp_within_leeway warn"}, // capped at 300 s
		{time.Hour, exp.Add(300 * time.Second), "expired fail"},
	} {
		tok := idToken(t, forge{claims: good().with(claims{"exp": exp.Unix(), "iat": exp.Unix() - 60})})
		want := expect()
		want.Leeway = c.leeway
		r := CheckIDToken(tok, want, goodKeys(), c.at)
		got := ""
		for _, row := range r.Checks {
			if row.ID == "expired" || row.ID == "exp_within_leeway" {
				got = row.ID + " " + string(row.Status)
			}
		}
		if got != c.want {
			t.Errorf("leeway %v, %v after exp: %s, want %s", c.leeway, c.at.Sub(exp), got, c.want)
		}
	}
}

func TestNumbersOfAnySizeAreTimesOrFindingsNeverPanics(t *testing.T) {
	for _, n := range []string{"0", "-0", "-1", "1e300", "-1e300", "1e400", "-1e400", "1e-400", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"99999999999999999999999999", "1.5", "1798109827.999999999", "1.798109827e9", "253402300799", "253402300800", "1798109827000", "0.0000001",
		`"1798109827"`, "null", "true", "[]", "{}", `""`} {
		for _, name := range []string{"exp", "iat", "nbf", "auth_time"} {
			tok := idToken(t, forge{payload: fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":"1","nonce":%q,%q:%s}`, issuer, client, nonce, name, n)})
			want := expect()
			want.MaxAge = new(time.Duration)
			r := CheckIDToken(tok, want, goodKeys(), now)
			if r.Verdict == Valid {
				t.Errorf("%s %s is valid", name, n)
			}
			for _, tm := range Times(tok) {
				if tm.At.IsZero() == (tm.Note == "" || tm.Note == "read as milliseconds") {
					t.Errorf("%s %s: time %v with note %q", name, n, tm.At, tm.Note)
				}
				if y := tm.At.Year(); y > 9999 {
					t.Errorf("%s %s: year %d", name, n, y)
				}
			}
		}
	}
}

func TestTimesAreListedInTheOrderOfALife(t *testing.T) {
	tok := idToken(t, forge{claims: good().with(claims{"nbf": "soon", "exp": 1798109827.5})})
	var got []string
	for _, tm := range Times(tok) {
		got = append(got, fmt.Sprintf("%s %s %s %s", tm.Claim, tm.At.Format(time.RFC3339Nano), tm.Raw, tm.Note))
	}
	want := []string{"auth_time 2026-11-25T10:42:03Z 1795603323 ", "iat 2026-11-25T10:42:07Z 1795603327 ", "nbf 0001-01-01T00:00:00Z soon a string, not a number", "exp 2026-12-24T10:57:07.5Z 1798109827.5 "}
	if !slices.Equal(got, want) {
		t.Fatalf("got\n%q\nwant\n%q", got, want)
	}
}

func TestHashesFollowTheAlgorithm(t *testing.T) {
	// OIDC Core §A.3 and A.6 give these pairs for RS256.
	if got := halfHash("SHA-256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"); got != "77QmUPtjPfzWtF2AnpK9RQ" {
		t.Errorf("at_hash %s", got)
	}
	if got := halfHash("SHA-256", "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"); got != "LDktKdoQak3Pk0cnXxCltA" {
		t.Errorf("c_hash %s", got)
	}
	for claim, hint := range map[string]string{
		halfHash("SHA-512", atValue):        "the server used SHA-512",
		b64(digest("SHA-256", atValue)):     "whole hash",
		halfHash("SHA-256", atValue) + "==": "padding",
	} {
		r := CheckIDToken(idToken(t, forge{claims: good().with(claims{"at_hash": claim})}), expect(), goodKeys(), now)
		if c := find1(r.Checks, "at_hash_mismatch"); c.Status != wire.Fail || !strings.Contains(c.Message, hint) {
			t.Errorf("%s: %s", c.Status, c.Message)
		}
	}
}

func TestClocksThatAgreeAreNotBlamed(t *testing.T) {
	want := expect()
	want.ServerDate = now.Add(time.Second)
	r := CheckIDToken(idToken(t, forge{claims: good().with(claims{"exp": now.Unix() - 100, "iat": now.Unix() - 200})}), want, goodKeys(), now)
	if c := find1(r.Checks, "clock_skew"); c.Status != wire.Pass {
		t.Errorf("%s", lines(r.Checks))
	}
	r = CheckIDToken(idToken(t, forge{}), want, goodKeys(), now)
	if c := find1(r.Checks, "clock_skew"); c.ID != "" {
		t.Error("clock_skew although no time check failed")
	}
}

func TestANearMissOfTheIssuerIsNamed(t *testing.T) {
	for got, says := range map[string]string{
		issuer + "/":                    "only a slash",
		strings.ToUpper(issuer):         "upper and lower case",
		"https" + issuer[len("http"):]:  "only http and https",
		"http://login.example/t-1/v2.0": "not the expected issuer",
		issuer + "\u0000":               "not the expected issuer",
	} {
		c := issCheck(idToken(t, forge{claims: good().with(claims{"iss": got})}).Claims, issuer, "x")
		if c.Status != wire.Fail || !strings.Contains(c.Message, says) {
			t.Errorf("%q: %s", got, c.Message)
		}
	}
	c := issCheck(idToken(t, forge{}).Claims, "https://login.example/{tenantid}/v2.0", "x")
	if c.Status != wire.Fail || !strings.Contains(c.Message, "template") {
		t.Errorf("template: %s", c.Message)
	}
}

func TestKnownClaimsOfAWrongTypeAreWarnings(t *testing.T) {
	wrong := claims{"name": 1, "email": []string{}, "email_verified": "true", "updated_at": "2026", "amr": "pwd", "address": "street", "phone_number_verified": 1, "sid": nil}
	r := CheckIDToken(idToken(t, forge{claims: good().with(wrong)}), expect(), goodKeys(), now)
	for name, v := range wrong {
		if c := find1(r.Checks, "claim_type:"+name); v != nil && c.Status != wire.Warn {
			t.Errorf("%s: %q", name, c.Status)
		}
	}
	if r.Verdict != Valid {
		t.Errorf("%s%s", r.Verdict, lines(r.Checks))
	}
}

func TestSpansAreReadable(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", time.Millisecond: "less than 1 s", 59 * time.Second: "59 s", 60 * time.Second: "1 min", -892 * time.Second: "14 min 52 s",
		3 * time.Hour: "3 h 0 min", 72 * time.Hour: "3 days", 20 * 365 * 24 * time.Hour: "20 years", 1<<63 - 1: "centuries", -1 << 63: "centuries",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestARefreshedIDTokenNeedsNoNonce(t *testing.T) {
	want := expect()
	want.Refreshed = true
	for _, f := range []forge{{}, {claims: good().with(claims{"nonce": nil})}} {
		if r := CheckIDToken(idToken(t, f), want, goodKeys(), now); r.Verdict != Valid {
			t.Errorf("%s%s", r.Verdict, lines(r.Checks))
		}
	}
}
