package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"authdance/flows/lab"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// withFault sends X-Lab-Fault along with every request.
type withFault struct {
	rt  http.RoundTripper
	key string
}

func (w withFault) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(lab.FaultHeader, w.key)
	return w.rt.RoundTrip(r)
}

// examine runs the whole flow as a strict client that goes on after a finding
// where it can, and returns what was wrong.
func (b *bench) examine(t *testing.T) (found []string) {
	t.Helper()
	say := func(id string) { found = append(found, id) }

	meta := b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil)
	switch {
	case meta.status != 200:
		say("metadata_unavailable")
	case meta.json == nil:
		say("metadata_invalid")
	case meta.json["token_endpoint"] == nil:
		say("metadata_incomplete")
	case meta.str("issuer") != b.lab.Issuer():
		say("metadata_issuer_mismatch")
	}

	verifier := oauth2.GenerateVerifier()
	form := edit(b.authorizeForm(), "scope", "openid read", "nonce", "n", "code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
	back, err := b.browser.visit(b.lab.Issuer() + "/authorize?" + form.Encode())
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case !back.Has("state"):
		say("state_missing")
	case back.Get("state") != "s":
		say("state_mismatch")
	}
	switch {
	case !back.Has("iss"):
		say("response_iss_missing")
	case back.Get("iss") != b.lab.Issuer():
		say("response_iss_mismatch")
	}
	if back.Has("error") {
		say(back.Get("error"))
	}

	tok := b.redeem(t, url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-spa"}, "code": {back.Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier}}, say)
	if tok.str("access_token") == "" {
		return found
	}
	if n, ok := tok.json["expires_in"].(float64); !ok || n <= 0 || n != float64(int(n)) {
		say("expires_in_invalid")
	}
	if tok.str("token_type") == "" {
		say("token_type_missing")
	}
	switch {
	case tok.header.Get("Content-Type") != "application/json":
		say("content_type_wrong")
	case strings.Count(tok.text, `"access_token"`) > 1:
		say("duplicate_member")
	case len(tok.text) > 1<<20:
		say("body_too_large")
	}
	sub := b.checkIDToken(t, tok, say)
	if info := b.send(t, b.lab.Issuer()+"/userinfo", nil, "Authorization", "Bearer "+tok.str("access_token")); info.str("sub") != sub {
		say("userinfo_sub_mismatch")
	}
	if a := b.api(t, tok.str("access_token")); a.status != 200 {
		say(a.str("error"))
	}
	return found
}

func (b *bench) redeem(t *testing.T, form url.Values, say func(string)) answer {
	t.Helper()
	req, _ := http.NewRequest(http.MethodPost, b.lab.Issuer()+"/token", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	a := answer{status: res.StatusCode, header: res.Header, text: string(raw)}
	_ = json.Unmarshal(raw, &a.json)
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		say("connection_reset")
	case errors.Is(err, io.ErrUnexpectedEOF):
		say("body_truncated")
	case a.str("error") != "":
		say(a.str("error"))
	case a.status >= 500:
		say(fmt.Sprintf("http_%d", a.status))
	case a.str("access_token") == "":
		say("nonstandard_answer")
	}
	return a
}

// checkIDToken checks with a foreign library, one thing after the other.
func (b *bench) checkIDToken(t *testing.T, tok answer, say func(string)) (sub string) {
	t.Helper()
	raw := tok.str("id_token")
	c, h := claims(t, raw), header(t, raw)
	keys := b.send(t, b.lab.Issuer()+"/jwks", nil)
	switch {
	case keys.status != 200:
		say("jwks_unavailable")
		sub, _ = c["sub"].(string)
		return sub
	case strings.Contains(keys.text, `"FUTURE"`):
		say("jwks_broken_key")
	}
	known := strings.Contains(keys.text, `"`+strings.Trim(jsonText(h["kid"]), `"`)+`"`)
	ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: b.rt})
	v := oidc.NewVerifier(b.lab.Issuer(), oidc.NewRemoteKeySet(ctx, b.lab.Issuer()+"/jwks"), &oidc.Config{
		SkipClientIDCheck: true, SkipExpiryCheck: true, SkipIssuerCheck: true, SupportedSigningAlgs: []string{"ES256", "RS256"}})
	id, err := v.Verify(ctx, raw)
	switch {
	case h["alg"] == "none":
		say("alg_none")
	case h["alg"] != "ES256":
		say("alg_unexpected")
	case h["kid"] == nil:
		say("kid_missing")
	case err != nil && !known:
		say("kid_unknown")
	case err != nil:
		say("signature_invalid")
	case id.VerifyAccessToken(tok.str("access_token")) != nil:
		say("at_hash_mismatch")
	}
	if c["iss"] != b.lab.Issuer() {
		say("iss_mismatch")
	}
	if c["aud"] != "workshop-spa" {
		say("aud_mismatch")
	}
	if c["azp"] != nil && c["azp"] != "workshop-spa" {
		say("azp_mismatch")
	}
	switch c["nonce"] {
	case "n":
	case nil:
		say("nonce_missing")
	default:
		say("nonce_mismatch")
	}
	switch iat, _ := c["iat"].(float64); {
	case iat > float64(b.now.at.AddDate(100, 0, 0).Unix()):
		say("iat_absurd")
	case iat > float64(b.now.at.Unix()+60):
		say("not_yet_valid")
	}
	if exp, _ := c["exp"].(float64); !b.now.at.Before(time.Unix(int64(exp), 0)) {
		say("expired")
	}
	sub, _ = c["sub"].(string)
	return sub
}

func jsonText(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

// R-LAB-03.
func TestWithoutAFaultNothingIsWrong(t *testing.T) {
	b := newBench(t)
	if found := b.examine(t); len(found) > 0 {
		t.Errorf("found %q", found)
	}
}

func TestFaultsDescribeThemselves(t *testing.T) {
	steps := []string{"discovery", "device_authorization", "verification", "authorize", "callback", "token", "id_token", "userinfo", "api", "logout", "weak"}
	kinds := []string{lab.KindAnswer, lab.KindToken, lab.KindTransport, lab.KindWeak, lab.KindScenario, lab.KindSetting}
	place := regexp.MustCompile(`^(RFC \d{4}|OpenID Connect [A-Z][^§]*|OAuth 2.0 [A-Z][^§]*|FAPI 1.0 part 2) §[\d.]+$`)
	seen := map[string]bool{}
	last := 0
	for _, f := range newBench(t).lab.Faults() {
		if f.Key == "" || f.Title == "" || f.On || seen[f.Key] || !slices.Contains(kinds, f.Kind) || (f.Kind == lab.KindSetting) != (f.Value != nil) {
			t.Errorf("fault %+v is incomplete, on, or there twice", f)
		}
		for _, sentence := range []string{f.Shows, f.Breaks} {
			if !strings.HasSuffix(sentence, ".") || strings.Contains(sentence, "  ") {
				t.Errorf("%s says %q", f.Key, sentence)
			}
		}
		if !place.MatchString(f.Ref) {
			t.Errorf("%s breaks a rule of %q", f.Key, f.Ref)
		}
		seen[f.Key] = true
		at := slices.Index(steps, f.Step)
		if at < last {
			t.Errorf("%s at step %s is out of the order of the flow", f.Key, f.Step)
		}
		last = at
	}
}

// R-LAB-05.
func TestActiveFaultsAreVisibleOnPagesAndInTheMetadata(t *testing.T) {
	b := newBench(t)
	if meta := b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil); meta.json["x_lab_fault"] != nil {
		t.Errorf("x_lab_fault = %v without a fault", meta.json["x_lab_fault"])
	}
	if err := b.lab.SetFault("tmp_busy", true); err != nil {
		t.Fatal(err)
	}
	on := 0
	for _, f := range b.lab.Faults() {
		if f.On {
			on++
		}
	}
	if on != 1 {
		t.Errorf("%d faults are on, want 1", on)
	}
	meta := b.send(t, b.lab.Issuer()+"/.well-known/openid-configuration", nil, lab.FaultHeader, "rs_expired, userinfo_sub")
	if got := jsonText(meta.json["x_lab_fault"]); got != `["tmp_busy","userinfo_sub","rs_expired"]` {
		t.Errorf("x_lab_fault = %s", got)
	}
	for _, page := range []answer{b.firstPage(t), b.send(t, b.lab.Issuer(), nil), b.send(t, b.lab.Issuer()+"/authorize", nil)} {
		if !strings.Contains(page.text, "<code>tmp_busy</code>") {
			t.Errorf("a page hides the fault:\n%s", page.text)
		}
	}
	form := edit(b.authorizeForm(), "response_mode", "form_post", "prompt", "none").Encode()
	if page := b.send(t, b.lab.Issuer()+"/authorize?"+form, nil); !strings.Contains(page.text, "<code>tmp_busy</code>") {
		t.Errorf("the form_post page hides the fault:\n%s", page.text)
	}
}

func TestUnknownFaultsAreNamed(t *testing.T) {
	b := newBench(t)
	if err := b.lab.SetFault("nonsense", true); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("SetFault = %v", err)
	}
	for _, at := range []string{b.lab.Issuer() + "/jwks", b.lab.API() + "/api/profile"} {
		if a := b.send(t, at, nil, lab.FaultHeader, "nonce_mismatch, nonsense"); a.status != 400 || !strings.Contains(a.text, "nonsense") {
			t.Errorf("%s: %d %s", at, a.status, a.text)
		}
	}
}

// A cut must look like that very cut over real sockets too.
func TestCutConnectionsOverLoopback(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rt := &http.Transport{}
	defer rt.CloseIdleConnections()
	for key, want := range map[string]string{"token_reset": "connection_reset", "token_truncated": "body_truncated"} {
		b := &bench{lab: l, rt: withFault{rt, key}}
		var found []string
		b.redeem(t, url.Values{"grant_type": {"client_credentials"}, "client_id": {"workshop-service"}, "client_secret": {"workshop-secret"}}, func(id string) { found = append(found, id) })
		if !slices.Equal(found, []string{want}) {
			t.Errorf("%s: found %q", key, found)
		}
	}
}

func TestAllFaultsAtOnceDoNotBreakTheLab(t *testing.T) {
	b := newBench(t)
	for _, f := range b.lab.Faults() {
		if err := b.lab.SetFault(quick(f), true); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []string{"/.well-known/openid-configuration", "/jwks", "/authorize?" + b.authorizeForm().Encode(), "/userinfo", ""} {
		if a := b.send(t, b.lab.Issuer()+at, nil); a.status >= 500 {
			t.Errorf("%s: %d %s", at, a.status, a.text)
		}
	}
}
