package token

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

// desk is a pane with its surroundings.
type desk struct {
	t    testing.TB
	sess session.Session
	env  pane.Env
	pane pane.Pane
	pic  string
	last tea.Msg
}

func open(t testing.TB, srv *uitest.Server, w, h int, events ...flows.Event) *desk {
	t.Helper()
	return at(t, uitest.Story(t, srv, "authorization_code", events...), w, h)
}

func at(t testing.TB, s session.Session, w, h int) *desk {
	t.Helper()
	d := &desk{t: t, sess: s, env: uitest.Env(t, s.Snapshot(), w, h), pane: New()}
	return d.draw()
}

func (d *desk) draw() *desk {
	d.env.Snap = d.sess.Snapshot()
	d.pane, d.pic = uitest.Draw(d.pane, d.env)
	return d
}

func (d *desk) do(actions ...keys.Action) *desk {
	for _, a := range actions {
		d.pane, d.last = d.pane.Act(a, d.env)
	}
	return d.draw()
}

func (d *desk) paste(text string) *desk {
	d.pane, _ = d.pane.Update(tea.PasteMsg{Content: text}, d.env)
	return d.draw()
}

// to marks the row with this name.
func (d *desk) to(name string) *desk {
	d.t.Helper()
	d.do(keys.Top)
	for range 120 {
		if m, ok := d.pane.(Pane).marked(); ok && m.name == name {
			return d
		}
		d.do(keys.Down)
	}
	d.t.Fatalf("no row %q in\n%s", name, d.pic)
	return d
}

func (d *desk) shows(want ...string) *desk {
	d.t.Helper()
	for _, w := range want {
		if !strings.Contains(d.pic, w) {
			d.t.Errorf("%q is not in\n%s", w, d.pic)
		}
	}
	return d
}

func (d *desk) lacks(not ...string) *desk {
	d.t.Helper()
	for _, w := range not {
		if strings.Contains(d.pic, w) {
			d.t.Errorf("%q is in\n%s", w, d.pic)
		}
	}
	return d
}

// jwt signs with the fixture server's key.
func jwt(header, payload string) string {
	key := ed25519.NewKeyFromSeed([]byte("authdance fixture key, 32 bytes!"))
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

const fixtureHeader = `{"alg":"EdDSA","typ":"at+jwt","kid":"lab-fixture"}`

// foreign is a token of a server that nobody here knows.
func foreign() string {
	return jwt(`{"alg":"RS256","typ":"JWT","kid":"2026-a"}`, `{"iss":"https://login.example.test","aud":["photos","print"],"sub":"u-77","iat":1795516900,"exp":1795517800,`+
		`"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},"realm_access":{"roles":["viewer","editor"],"more":{"level":3}}}`)
}

func wrongNonce() []flows.Event {
	out := uitest.Next(2)
	out = append(out, flows.Edited{Step: "authorize", Edits: []flows.Edit{{Op: flows.Set, Name: "nonce", Value: "n-of-another-sign-in"}}})
	return append(out, uitest.Next(4)...)
}

func TestPictures(t *testing.T) {
	sizes := [][2]int{{28, 17}, {38, 27}, {52, 12}, {58, 12}, {78, 17}, {118, 29}}
	all := uitest.Next(8)
	for name, make := range map[string]func(w, h int) *desk{
		"no_tokens":   func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, uitest.Next(2)...) },
		"id_token":    func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...) },
		"not_checked": func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, uitest.Next(5)...) },
		"access":      func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).do(keys.Right) },
		"refresh":     func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).do(keys.Right, keys.Right) },
		"wrong_nonce": func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, wrongNonce()...) },
		"claim":       func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).to("aud") },
		"check":       func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).to("nonce_mismatch") },
		"json":        func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).do(keys.AsJSON) },
		"broken": func(w, h int) *desk {
			text := jwt(fixtureHeader, `{"iss":"https://login.example.test","aud":"photos","sub":"u-77"}`)
			return open(t, &uitest.Server{}, w, h, uitest.Next(2)...).paste("Authorization: Bearer " + text[:len(text)-112])
		},
		"foreign": func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, uitest.Next(2)...).paste(foreign()) },
		"raw":     func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).do(keys.AsJSON, keys.AsJSON) },
		"compare": func(w, h int) *desk {
			return open(t, &uitest.Server{}, w, h, all...).do(keys.Versus).paste(foreign()).do(keys.Versus)
		},
		"attacks": func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).do(keys.Attacks, keys.Down) },
		"forged":  func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).forge("alg_none") },
		"history": func(w, h int) *desk {
			return open(t, &uitest.Server{}, w, h, all...).paste(foreign()).do(keys.History, keys.Down, keys.Down)
		},
		"key_asked": func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).paste(foreign()).do(keys.GiveKey) },
		"as_dpop":   func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).paste(foreign()).as("dpop") },
		"encrypted": func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).paste(encrypted) },
		"opened": func(w, h int) *desk {
			return open(t, &uitest.Server{}, w, h, all...).paste(encrypted).paste(contentKey)
		},
		"saml":   func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).paste(assertion) },
		"sd_jwt": func(w, h int) *desk { return open(t, &uitest.Server{}, w, h, all...).paste(selective()) },
		"opaque": func(w, h int) *desk {
			return open(t, &uitest.Server{}, w, h, all...).paste("ghp_16C7e42F292c6912E7710c838347Ae178B4a")
		},
		"jwt_access": func(w, h int) *desk {
			return at(t, withJWTAccess(t), w, h).do(keys.Right)
		},
	} {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size[0], size[1]), func(t *testing.T) {
				d := make(size[0], size[1])
				d.t = t
				uitest.Golden(t, d.pic)
			})
		}
	}
}

// withJWTAccess is a run whose access token is a JWT (RFC 9068).
func withJWTAccess(t testing.TB) session.Session {
	access := jwt(fixtureHeader, fmt.Sprintf(`{"iss":%q,"aud":"https://api.example.test","sub":"248289761001","client_id":"workshop-spa","iat":1795516927,"exp":1795517227,"jti":"77","scope":"openid read"}`, uitest.Issuer))
	id := jwt(`{"alg":"EdDSA","kid":"lab-fixture"}`, fmt.Sprintf(`{"iss":%q,"aud":"workshop-spa","sub":"248289761001","iat":1795516927,"exp":1795517827,"nonce":"HKi7dUv5WrHhcjFlBYMTvJ19O8SGxThH4683phemTEA"}`, uitest.Issuer))
	srv := &uitest.Server{Answer: map[string]string{uitest.Issuer + "/token": fmt.Sprintf(`{"access_token":%q,"id_token":%q,"token_type":"Bearer","expires_in":300}`, access, id)}}
	return uitest.Story(t, srv, "authorization_code", uitest.Next(8)...)
}

// encrypted is a JWE (dir, A128GCM) that contentKey opens.
const (
	encrypted  = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..ZnSMOemAN7ehfaiG.85Gl3jqafIstUk4WNlzsa-s--l0NQVoGkJrBxllKMsM51aG1FBuQGVhp6zLfX7Uq.df9QC6TiDTFkR-pkmII5gw"
	contentKey = `{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw"}`
	assertion  = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0" ID="a1" IssueInstant="2026-11-24T10:40:00Z"><saml:Issuer>https://idp.example.test</saml:Issuer>` +
		`<saml:Subject><saml:NameID>bob</saml:NameID></saml:Subject><saml:Conditions NotBefore="2026-11-24T10:40:00Z" NotOnOrAfter="2026-11-24T10:50:00Z">` +
		`<saml:AudienceRestriction><saml:Audience>https://app.example.test</saml:Audience></saml:AudienceRestriction></saml:Conditions></saml:Assertion>`
)

// selective is an SD-JWT that shows the name and keeps the address to itself.
func selective() string {
	disclosure := base64.RawURLEncoding.EncodeToString([]byte(`["2GLC42sKQveCfGfryNRN9w", "given_name", "Alice"]`))
	sum := sha256.Sum256([]byte(disclosure))
	hidden := sha256.Sum256([]byte("the address"))
	digests := base64.RawURLEncoding.EncodeToString(sum[:]) + `","` + base64.RawURLEncoding.EncodeToString(hidden[:])
	return jwt(`{"alg":"EdDSA","typ":"dc+sd-jwt"}`, `{"iss":"https://issuer.example.test","iat":1795516900,"_sd":["`+digests+`"],"_sd_alg":"sha-256"}`) + "~" + disclosure + "~"
}

// forge makes the attack with this name of the token in view.
func (d *desk) forge(id string) *desk { return d.do(keys.Attacks).to(id).do(keys.Enter) }

// as has the token judged as this kind.
func (d *desk) as(kind string) *desk {
	d.t.Helper()
	for range 20 {
		if d.do(keys.AsKind).pane.(Pane).mine.as == kind {
			return d
		}
	}
	d.t.Fatalf("%s is not offered", kind)
	return d
}

// settle does the command that the last action asked for.
func (d *desk) settle() *desk {
	if do, ok := d.last.(pane.Do); ok {
		d.pane, _ = d.pane.Update(do.Cmd(), d.env)
	}
	return d.draw()
}

// type types into the open text field.
func (d *desk) typed(text string) *desk {
	for _, r := range text {
		d.pane, _ = d.pane.Update(tea.KeyPressMsg{Code: r, Text: string(r)}, d.env)
	}
	return d.draw()
}
