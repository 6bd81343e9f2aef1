package grants

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// takeTokens reads a token response (RFC 6749 §5.1, OIDC Core §3.1.3.3). What
// deviates from the specification is read where it is harmless, and named.
func takeTokens(s flows.State, e flows.Entry) flows.Verdict {
	e, inside := unwrapped(e)
	v := take("access_token", "?token_type", "?expires_in", "?refresh_token", "?id_token", "?scope", "?device_secret")(s, e)
	if v.Problem != nil {
		return v
	}
	doc, _, ok := answer(e)
	if !ok {
		return v
	}
	if inside != "" {
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Got: "inside " + inside, Want: "at the top", Ref: "RFC 6749 §5.1",
			Message: "the tokens stand inside " + inside + " and not at the top of the answer; authdance reads them from there"})
	}
	v.Set["granted_scope"] = v.Set["scope"]
	delete(v.Set, "scope") // that is what was asked for, and stays so
	want := "Bearer"
	if s.Spec.Options["dpop"] == "on" {
		want = "DPoP"
	}
	v.Checks = append(v.Checks, tokenType(v.Set["token_type"], want, "RFC 6749 §5.1"))
	if exp, has := doc.Get("expires_in"); has && exp.Kind != wire.Number {
		v.Checks = append(v.Checks, wire.Check{ID: "expires_in_type", Status: wire.Warn, Got: wire.Safe(exp.Text), Want: "a JSON number", Ref: "RFC 6749 §5.1",
			Message: "expires_in should be a number, it is a " + exp.Kind.String()})
	}
	if exp, has := doc.Get("expires_in"); has && exp.Kind == wire.Number {
		if n, ok := exp.Float(); !ok || n <= 0 || n > 10*365*24*3600 {
			v.Checks = append(v.Checks, wire.Check{ID: "expires_in_type", Status: wire.Warn, Got: wire.Safe(exp.Text), Want: "seconds, more than 0", Ref: "RFC 6749 §5.1",
				Message: "expires_in is no believable number of seconds"})
		}
	}
	v.Checks = append(v.Checks, scopeCheck(s, v.Set["granted_scope"]))
	if s.Grant.Index("prepare") >= 0 && slices.Contains(words(s.Vars["scope"]), "openid") && v.Set["id_token"] == "" {
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Fail, Want: "id_token", Ref: "OIDC Core §3.1.3.3",
			Message: "scope openid was asked for, and the answer has no id_token"})
	}
	return v
}

// unwrapped looks one object deeper where a server put its tokens there. inside
// names that object, "" when they stand where they belong.
func unwrapped(e flows.Entry) (_ flows.Entry, inside string) {
	rec, ok := e.Event.(flows.Received)
	doc, _, good := answer(e)
	if !ok || !good || doc.Str("access_token") != "" {
		return e, ""
	}
	for _, m := range doc.Members {
		if m.Value.Kind == wire.Object && m.Value.Str("access_token") != "" {
			rec.Exchange.Response.Body = wire.Untrusted(m.Value.Indent())
			return flows.Entry{At: e.At, Event: rec}, wire.Safe(m.Name)
		}
	}
	return e, ""
}

func scopeCheck(s flows.State, granted wire.Untrusted) wire.Check {
	asked := s.Vars["scope"]
	c := wire.Check{ID: "scope_narrowed", Status: wire.Pass, Got: granted.Safe(), Want: asked.Safe(), Ref: "RFC 6749 §3.3", Message: "every scope that was asked for was granted"}
	if granted == "" {
		c.Status, c.Message = wire.NA, "the answer has no scope member, which means: as asked"
		return c
	}
	var lost []string
	for _, w := range words(asked) {
		if !slices.Contains(words(granted), w) {
			lost = append(lost, wire.Safe(w))
		}
	}
	if len(lost) > 0 {
		c.Status, c.Message = wire.Warn, "not granted: "+strings.Join(lost, ", ")
	}
	return c
}

// validate checks the ID token as OIDC Core §3.1.3.7 asks: the step with no
// message of its own that decides whether the login counts.
var validate = validating("id_token", "id_token", false)

// validating makes the step that checks the ID token in a variable. front: it
// came through the browser, so it must vouch for what came with it (OIDC Core
// §3.2.2.11, §3.3.2.12).
func validating(step, variable string, front bool) flows.Step {
	st := flows.Step{
		ID: step, Title: "Validate the ID token", Ref: "OIDC Core §3.1.3.7", From: flows.Client, To: flows.AS,
		Why: "The ID token says who signed in. It only counts when the signature is the issuer's, when it is meant for this client, " +
			"when it answers this very login (nonce), and when it is fresh.",
		Pages: []string{"signature-invalid", "unknown-kid", "audience-mismatch", "issuer-mismatch", "nonce-mismatch", "token-expired", "clock-skew"},
		Skip: func(s flows.State) string {
			if s.Vars[variable] == "" {
				return "no ID token came: scope openid was not asked for"
			}
			return ""
		},
		Needs: []string{variable, "issuer", "jwks_uri"},
		Do:    get("jwks_uri"),
		On: func(s flows.State, e flows.Entry) flows.Verdict {
			want := Expect(s, e.At)
			if front {
				want.FrontChannel = true
				want.AccessToken = wire.NewSecret(cmp.Or(s.Vars["front_access_token"], s.Vars["access_token"]).Raw())
			}
			return checkIDToken(s, e, step, s.Vars[variable], want)
		},
	}
	if front {
		st.Ref = "OIDC Core §3.2.2.11 · §3.3.2.12"
		st.Why += " This one came through the browser: its at_hash and c_hash prove that nobody swapped the token or the code beside it."
		st.Skip = func(s flows.State) string {
			if s.Vars[variable] == "" {
				return "response_type " + s.Spec.Options["response_type"] + " brings no ID token through the browser"
			}
			return ""
		}
		st.Pages = append([]string{"at-hash-mismatch", "c-hash-mismatch"}, st.Pages...)
	}
	return st
}

func checkIDToken(s flows.State, e flows.Entry, step string, text wire.Untrusted, want jose.Expect) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	res := rec.Exchange.Response
	if res.Status != 200 {
		return flows.Verdict{Problem: &flows.Problem{Kind: flows.Refused, Code: "jwks_invalid", HTTPStatus: res.Status,
			Description: wire.Untrusted("the key set at jwks_uri could not be fetched, so no signature can be checked")}}
	}
	tok := jose.Decode(text.Raw())
	report := jose.CheckIDToken(tok, want, signers(s, tok, res.Body), e.At)
	for i, c := range report.Checks {
		if c.ID == "aud_untrusted" && c.Status == wire.Fail {
			report.Checks[i].Message += "; if you know them, list them in the profile: [quirks] trusted_audiences"
		}
	}
	unknownKid := slices.ContainsFunc(report.Checks, func(c wire.Check) bool { return c.ID == "kid_unknown" && c.Status == wire.Fail })
	if unknownKid && len(s.ResultOf(step).Exchanges()) < 2 {
		// The server may have rotated its keys a moment ago: look once more.
		return flows.Verdict{Again: true, Checks: []wire.Check{{ID: "kid_unknown", Status: wire.Warn, Ref: "OIDC Core §10.1.1",
			Message: "the key set has no key with the token's kid; authdance fetches it once more, in case the keys were just changed"}}}
	}
	claims := tok.Claims
	v := flows.Verdict{Checks: report.Checks, Set: flows.Vars{"jwks": res.Body, "sub": wire.Untrusted(claims.Str("sub")),
		"signed_in_as": wire.Untrusted(cmp.Or(claims.Str("name"), claims.Str("preferred_username"), claims.Str("email"), claims.Str("sub")))}}
	if before := s.Vars["sub"]; before != "" && s.Born["sub"] == "" && len(s.Grant.Takes) > 0 {
		v.Checks = append(v.Checks, same("refresh_sub_mismatch", "sub", v.Set["sub"], before, "OIDC Core §12.2 · §3.1.2.1"))
	}
	if report.Verdict == jose.Unverified && v.Problem == nil {
		for _, c := range report.Checks {
			if c.Status == wire.Unknown {
				v.Problem = &flows.Problem{Kind: flows.Refused, Code: c.ID, Description: wire.Untrusted("the ID token could not be verified: " + c.Message)}
				break
			}
		}
	}
	return v
}

// signers are the keys that may have signed a token of this run's issuer: the
// published ones, and for an HMAC the client's own secret (OIDC Core §10.1). A
// published key never verifies an HMAC, and the secret nothing else.
func signers(s flows.State, tok jose.Token, jwks wire.Untrusted) jose.KeySet {
	keys := jose.ParseKeys([]byte(jwks.Raw()))
	if secret := s.Secrets["client_secret"]; !secret.IsZero() && strings.HasPrefix(tok.Header.Str("alg"), "HS") {
		return jose.Join(keys, jose.ParseSecret(secret))
	}
	return keys
}

// Expect is what an ID token must say to count in this run, at the moment now.
func Expect(s flows.State, now time.Time) jose.Expect {
	want := jose.Expect{
		Issuer: s.Vars["issuer"].Raw(), ClientID: s.Vars["client_id"].Raw(), Nonce: s.Vars["nonce"].Raw(),
		AccessToken: wire.NewSecret(s.Vars["access_token"].Raw()), Code: wire.NewSecret(s.Vars["code"].Raw()), ACR: words(s.Vars["acr_values"]), State: s.Vars["state"].Raw(),
	}
	// A run that sends nobody to the server has the nonce of an earlier login, if any.
	want.Refreshed = s.Spec.Grant == "refresh_token" || s.Grant.Index("authorize") < 0 && s.Vars["nonce"] != ""
	want.TrustedAudiences = words(wire.Untrusted(s.Profile.Quirks["trusted_audiences"]))
	if sent := len(nonce(s)) > 0; !sent && !want.Refreshed {
		want.Nonce, want.NoNonce = "", true
	}
	if n := seconds(s.Vars["max_age"], -1); n >= 0 {
		age := time.Duration(n) * time.Second
		want.MaxAge = &age
	}
	want.ServerDate = serverNow(s.ResultOf("token"), now)
	return want
}

// serverNow is what the server's clock shows at the moment now, reckoned from
// the Date header of its token answer; zero when it sent none.
func serverNow(r flows.Result, now time.Time) time.Time {
	for _, f := range r.Facts {
		if rec, ok := f.Event.(flows.Received); ok {
			if date, err := http.ParseTime(rec.Exchange.Response.Get("Date").Raw()); err == nil {
				return now.Add(date.Sub(f.At))
			}
		}
	}
	return time.Time{}
}

func same(id, what string, got, want wire.Untrusted, ref string) wire.Check {
	c := wire.Check{ID: id, Status: wire.Pass, Got: got.Safe(), Want: want.Safe(), Ref: ref, Message: what + " is the same as before"}
	if got != want {
		c.Status, c.Message = wire.Fail, what+" differs: the answer is about somebody else"
	}
	return c
}

// sameClaims compares the ID token from the browser with the one from the token
// endpoint: iss and sub must be equal, and what both say about the login should
// be (OIDC Core §3.3.3.6).
func sameClaims(front, back wire.Untrusted) []wire.Check {
	const ref = "OIDC Core §3.3.3.6"
	a, b := jose.Decode(front.Raw()).Claims, jose.Decode(back.Raw()).Claims
	var out []wire.Check
	for _, name := range [...]string{"iss", "sub"} {
		out = append(out, same("front_back_mismatch", name, wire.Untrusted(b.Str(name)), wire.Untrusted(a.Str(name)), ref))
	}
	for _, m := range a.Members {
		other, has := b.Get(m.Name)
		if slices.Contains([]string{"iss", "sub", "iat", "exp", "nbf", "jti", "at_hash", "c_hash", "s_hash"}, m.Name) || !has || m.Value.Indent() == other.Indent() {
			continue
		}
		out = append(out, wire.Check{ID: "front_back_mismatch", Status: wire.Warn, Got: wire.Safe(other.Text), Want: wire.Safe(m.Value.Text), Ref: ref,
			Message: wire.Safe(m.Name) + " differs between the ID token from the browser and the one from the token endpoint"})
	}
	return out
}
