package lab_test

import (
	"net/url"
	"strings"
	"testing"
)

// Each weakness is there with the fault, and not without it.
func TestWeakServerAcceptsWhatItMustRefuse(t *testing.T) {
	for _, c := range []struct {
		key    string
		attack func(*testing.T, *bench) bool
	}{
		{"weak_code_reuse", func(t *testing.T, b *bench) bool {
			form := b.tokenForm(t)
			b.send(t, b.lab.Issuer()+"/token", form)
			return b.send(t, b.lab.Issuer()+"/token", form).status == 200
		}},
		{"weak_pkce", func(t *testing.T, b *bench) bool {
			return b.send(t, b.lab.Issuer()+"/token", edit(b.tokenForm(t), "code_verifier", strings.Repeat("x", 43))).status == 200
		}},
		{"weak_plain", func(t *testing.T, b *bench) bool {
			verifier := strings.Repeat("p", 43)
			back := b.try(t, "code_challenge", verifier, "code_challenge_method", "plain")
			return b.send(t, b.lab.Issuer()+"/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-spa"}, "code": {back.Get("code")},
				"redirect_uri": {callback}, "code_verifier": {verifier}}).status == 200
		}},
		{"weak_redirect", func(t *testing.T, b *bench) bool {
			b.browser.left = ""
			b.browser.fill(t, b.lab.Issuer()+"/authorize?"+edit(b.authorizeForm(), "redirect_uri", "https://evil.test/steal").Encode(), url.Values{"action": {"allow"}})
			return strings.HasPrefix(b.browser.left, "https://evil.test/steal?code=")
		}},
		{"weak_rotation", func(t *testing.T, b *bench) bool {
			tok := b.tokens(t, "offline_access", "read")
			b.refresh(t, tok.RefreshToken)
			return b.refresh(t, tok.RefreshToken).status == 200
		}},
		{"weak_alg_none", func(t *testing.T, b *bench) bool {
			return b.send(t, b.lab.Issuer()+"/token", assertionForm(noSigner().jwt(b.assertionClaims("workshop-keys"), nil))).status == 200
		}},
	} {
		t.Run(c.key, func(t *testing.T) {
			if c.attack(t, newBench(t)) {
				t.Error("the attack works without the fault")
			}
			b := newBench(t)
			if err := b.lab.SetFault(c.key, true); err != nil {
				t.Fatal(err)
			}
			if !c.attack(t, b) {
				t.Error("the attack does not work")
			}
			if found := b.examine(t); len(found) > 0 {
				t.Errorf("an honest client sees %q", found)
			}
		})
	}
}

func TestHybridHashesCanBeWrong(t *testing.T) {
	b := newBench(t)
	for key, claim := range map[string]string{"idtoken_c_hash": "c_hash", "idtoken_s_hash": "s_hash"} {
		good := claims(t, b.legacy(t, "code id_token").Get("id_token"))
		if err := b.lab.SetFault(key, true); err != nil {
			t.Fatal(err)
		}
		back := b.legacy(t, "code id_token")
		bad := claims(t, back.Get("id_token"))
		want := halfHash(back.Get("code"))
		if claim == "s_hash" {
			want = good["s_hash"].(string)
		}
		if bad[claim] == nil || bad[claim] == want {
			t.Errorf("%s: %v", key, bad[claim])
		}
		if err := b.lab.SetFault(key, false); err != nil {
			t.Fatal(err)
		}
	}
}
