package token

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/themes"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/uitest"
)

func TestTheIDTokenKeepsTheVerdictOfItsRun(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 29, uitest.Next(8)...)
	d.sess = d.sess.Tick(uitest.Clock().Add(2 * time.Hour))
	d.draw().shows("✓ YES: a careful client accepts this token", "as judged in this run, step 6, at 10:42:13", "✗ ID token", "expired 1 h 45 min ago")
}

func TestAnythingUnknownOrFailedIsNeverAYes(t *testing.T) {
	tok := jose.Decode(foreign())
	proof := []wire.Check{{ID: "signature_invalid", Status: wire.Pass}, {ID: "alg_not_allowed", Status: wire.Pass}}
	if v := weigh(tok, "client", proof, ""); v.status != "pass" {
		t.Fatalf("proved: %+v", v)
	}
	for name, v := range map[string]verdict{
		"unknown":   weigh(tok, "client", append(proof[:2:2], wire.Check{ID: "iss_mismatch", Status: wire.Unknown}), ""),
		"fail":      weigh(tok, "client", append(proof[:2:2], wire.Check{ID: "iss_mismatch", Status: wire.Fail}), ""),
		"problem":   weigh(tok, "client", proof, "the key set could not be fetched"),
		"no checks": weigh(tok, "client", nil, ""),
		"unsigned":  weigh(tok, "client", proof[1:], ""),
		"opaque":    weigh(jose.Decode("abcdefgh"), "API", proof, ""),
		"broken":    weigh(jose.Decode(foreign()[:60]), "client", proof, ""),
	} {
		if v.status == "pass" || strings.Contains(v.text, "YES") {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestAKeySetThatDidNotComeProvesNothing(t *testing.T) {
	open(t, &uitest.Server{Broken: map[string]string{uitest.Issuer + "/jwks": "connection_refused"}}, 78, 17, uitest.Next(6)...).
		shows("? NOT PROVED: no answer from http://127.0.0.1:9500/default/jwks").lacks("YES")
}

func TestChecksOfAnEarlierAttemptDoNotCountForANewToken(t *testing.T) {
	events := append(uitest.Next(8), flows.Advanced{To: "prepare"}, flows.Advanced{}, flows.Advanced{}, flows.Advanced{})
	open(t, &uitest.Server{}, 78, 17, events...).shows("○ NOT CHECKED YET: step 6 does it").lacks("YES", "judged in")
}

func TestEnterIsTheFlowsUntilSomethingIsMarked(t *testing.T) {
	d := open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...)
	if p := d.pane.Primary(d.env); p != "" || d.pane.Busy(d.env) {
		t.Fatalf("at first: %q", p)
	}
	d.to("aud")
	if p := d.pane.Primary(d.env); p != "opens “aud”" || !d.pane.Busy(d.env) {
		t.Errorf("on aud: %q", p)
	}
	d.do(keys.Enter)
	if page, _ := d.last.(pane.OpenPage); page.ID != "claim/aud" {
		t.Errorf("enter: %+v", d.last)
	}
	d.to("nonce_mismatch").do(keys.Enter)
	if page, _ := d.last.(pane.OpenPage); page.ID != "nonce-mismatch" {
		t.Errorf("enter on a check: %+v", d.last)
	}
	d.do(keys.Back)
	if p := d.pane.Primary(d.env); p != "" || d.pane.Busy(d.env) {
		t.Errorf("after esc: %q", p)
	}
	d.do(keys.Up)
	if p := d.pane.Primary(d.env); p != "" {
		t.Errorf("up with nothing marked: %q", p)
	}
	d.do(keys.Down, keys.Up)
	if p := d.pane.Primary(d.env); p != "" {
		t.Errorf("above the first row: %q", p)
	}
}

func TestAnotherRunStartsWithNothingMarked(t *testing.T) {
	d := open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).paste(foreign()).to("sub")
	d.sess, _ = d.sess.Fork()
	d.draw().shows("‹ID token›")
	if p := d.pane.Primary(d.env); p != "" {
		t.Errorf("enter %s", p)
	}
}

func TestARowWithoutPageLeavesEnterToTheFlow(t *testing.T) {
	d := open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).paste(foreign()).to("realm_access")
	d.shows("The catalog has no entry for this name")
	if p := d.pane.Primary(d.env); p != "" {
		t.Errorf("enter %s", p)
	}
}

func TestSpaceGoesFromAClaimToItsCheckAndBack(t *testing.T) {
	d := open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).to("nonce").do(keys.Checks)
	if m, _ := d.pane.(Pane).marked(); m.name != "nonce_mismatch" {
		t.Errorf("from nonce to %q", m.name)
	}
	d.shows("▸✓ nonce equals", "•✓ nonce").do(keys.Checks)
	if m, _ := d.pane.(Pane).marked(); m.name != "nonce" {
		t.Errorf("back to %q", m.name)
	}
}

func TestAFailedCheckSaysWhatWasComparedAndWhatAnAttackerGains(t *testing.T) {
	open(t, &uitest.Server{}, 78, 24, wrongNonce()...).to("nonce_mismatch").
		shows("✗ nonce", "Got      n-of-another-sign-in", "Wanted   HKi7dUv5", "Skipped? A stolen ID token", "OIDC Core §3.1.3.7")
}

func TestAClaimThatHadToBeThereHasARow(t *testing.T) {
	text := jwt(`{"alg":"EdDSA","typ":"JWT"}`, `{"iss":"x","aud":"y","nonce":"n","iat":1795516927}`)
	open(t, &uitest.Server{}, 78, 29, uitest.Next(2)...).paste(text).to("exp").shows("✗ exp", "not in the token").to("sub").shows("✗ sub")
}

func TestTheTokenIsMaskedUntilItIsRevealed(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 60, uitest.Next(8)...)
	vars := d.sess.Snapshot().State.Vars
	for i, name := range []string{"id_token", "access_token", "refresh_token"} {
		text := vars[name].Raw()
		last := text[len(text)-12:]
		for range i {
			d.do(keys.Right)
		}
		d.to("token").lacks(last).shows(wire.Mask(text), "s shows it")
		d.do(keys.AsJSON).lacks(last).do(keys.AsJSON).lacks(last).do(keys.AsJSON, keys.Copy)
		if c, _ := d.last.(pane.Copy); c.Text != text || !strings.Contains(c.What, "It is real") {
			t.Errorf("%s: copied %+v", name, d.last)
		}
		d.sess = d.sess.SetReveal(true)
		d.draw().shows(last)
		d.sess = d.sess.SetReveal(false)
		d.do(keys.Back, keys.Left, keys.Left, keys.Left)
	}
}

func TestCredentialsInsideATokenAreMasked(t *testing.T) {
	text := jwt(fixtureHeader, `{"access_token":"at-9876543210-secret","inner":{"code":"cd-9876543210-secret"}}`)
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(2)...).paste(text)
	d.shows("at-9…(20)", "cd-9…(20)").lacks("9876543210").do(keys.AsJSON).lacks("9876543210")
	d.sess = d.sess.SetReveal(true)
	d.draw().shows("at-9876543210-secret")
}

func TestTheMarkedValueIsCopiedWhole(t *testing.T) {
	d := open(t, &uitest.Server{}, 38, 27, uitest.Next(8)...).to("at_hash").do(keys.Copy)
	if c, _ := d.last.(pane.Copy); c.Text != "aEP4b3gz4_6D6lIuCpF4eHorFXQS6gpFAPxPxhayZAA" || c.What != "the value of at_hash" {
		t.Errorf("copied %+v", d.last)
	}
	d.do(keys.Back, keys.Copy)
	if s, _ := d.last.(pane.Say); !strings.Contains(s.Text, "Nothing is marked yet") {
		t.Errorf("unmarked: %+v", d.last)
	}
	d.do(keys.AsJSON, keys.Copy)
	if c, _ := d.last.(pane.Copy); !strings.Contains(c.Text, "\"aud\": \"workshop-spa\"") {
		t.Errorf("JSON: %+v", d.last)
	}
}

func TestDatesCycleThroughLocalTimeUTCAndNumbers(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 29, uitest.Next(8)...)
	d.sess = d.sess.Tick(d.sess.Snapshot().Now.In(time.FixedZone("", 2*3600)))
	d.draw().shows("12:57:07  in 14 min 52 s", "local time")
	d.do(keys.Dates).shows("10:57:07  in 14 min 52 s", "UTC")
	d.do(keys.Dates).shows("1795517827  in 14 min 52 s", "numbers")
	d.do(keys.Dates).shows("12:57:07")
	d.to("exp").shows("2026-11-24 10:57:07 UTC · 1795517827 seconds")
}

func TestTheExactPlaceOfABreakIsShown(t *testing.T) {
	whole := jwt(fixtureHeader, `{"iss":"https://login.example.test","aud":"photos"}`)
	d := open(t, &uitest.Server{}, 78, 29, uitest.Next(2)...)
	i := strings.Index(whole, ".") + 21
	d.paste(whole[:i]+"*"+whole[i+1:]).
		shows("✗ BROKEN", fmt.Sprintf("payload, character %d of the token: '*'", i+1), "Wanted   one of A–Z", "alg       EdDSA")
	lines := strings.Split(d.pic, "\n")
	for n, l := range lines {
		if at := strings.IndexRune(l, '↑'); at >= 0 && !strings.Contains(l, "more") {
			if under := []rune(lines[n-1]); string(under[len([]rune(l[:at]))]) != "*" {
				t.Errorf("the arrow is not under the star:\n%s\n%s", lines[n-1], l)
			}
			return
		}
	}
	t.Errorf("no arrow in\n%s", d.pic)
}

func TestWhatIsPastedMayBeAnything(t *testing.T) {
	d := open(t, &uitest.Server{}, 78, 29, uitest.Next(2)...)
	d.paste("hello there, no token").shows("‹Pasted›", "NO TOKEN").lacks("YES", "panic")
	d.paste(`{"token_type":"Bearer","access_token":"`+foreign()+`"}`).to("token").shows("access_token in a JSON document", "everything around the member")
	d.paste("Bearer " + foreign()[:50] + "..." + foreign()[300:]).shows("BROKEN")
	d.paste("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AAAA.AAAA.AAAA.AAAA").shows("ENCRYPTED", "ciphertext")
	d.paste("   \n").shows("ENCRYPTED") // nothing pasted: what was there stays
	d.paste(strings.Repeat("x", jose.MaxToken+1)).shows("NO TOKEN", "larger than a token may be")
}

func TestAPastedTokenOfThisRunsServerIsJudgedWithItsKeys(t *testing.T) {
	d := open(t, &uitest.Server{}, 78, 29, uitest.Next(8)...)
	d.paste(d.sess.Snapshot().State.Vars["id_token"].Raw()).shows("✓ YES", "it is the ID token of this run")
	other := jwt(`{"alg":"EdDSA","kid":"lab-fixture"}`, fmt.Sprintf(`{"iss":%q,"aud":"workshop-spa","sub":"1","auth_time":1795516000,"iat":1795516000,"exp":1795516100}`, uitest.Issuer))
	d.paste(other).shows("✗ NO: a careful client refuses this token", "expired", "with this run's keys")
	d.paste(foreign()).shows("? NOT PROVED", "without a key and without a run")
}

func TestAnOpaqueAccessTokenLivesFromItsAnswer(t *testing.T) {
	d := open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).do(keys.Right)
	d.shows("◌ OPAQUE", "expires_in 300 s", "4 min 57 s left").do(keys.Right).lacks(" left")
}

func TestTheEmptyPaneSaysWhyAndWhatFillsIt(t *testing.T) {
	d := open(t, &uitest.Server{}, 58, 12, uitest.Next(2)...)
	d.shows("No tokens yet.", "step 5", "Swap the code for", "Paste it here", "enter runs the next step")
	open(t, &uitest.Server{Deny: true}, 58, 12, uitest.Next(4)...).shows("No tokens: the run stopped at step 4.", "w says why.")
	d = open(t, &uitest.Server{}, 58, 12, uitest.Next(5)...)
	d.sess = d.sess.Rewind()
	d.draw().shows("No tokens at the moment in view.", "G in the Flow pane returns to now")
	d.do(keys.CopyAll)
	if s, _ := d.last.(pane.Say); s.Text == "" {
		t.Errorf("copy of nothing: %+v", d.last)
	}
	at(t, d.sess, 58, 12).do(keys.Left, keys.Right, keys.Right, keys.Right).shows("Nothing was pasted yet.")
}

func TestTitleNamesTokenAndVerdict(t *testing.T) {
	d := open(t, &uitest.Server{}, 78, 17, wrongNonce()...)
	if l, r := d.pane.Title(d.env); l != "Token · ID token" || r != "✗ refused" {
		t.Errorf("%q %q", l, r)
	}
	d.paste(foreign())
	if l, r := d.pane.Title(d.env); l != "Token · pasted token" || r != "? not proved" {
		t.Errorf("%q %q", l, r)
	}
}

// hostile is a token whose every string attacks the screen.
func hostile() string {
	evil := "\\u001b]52;c;ZXZpbA==\\u0007\\u001b[2J\\u009b31m\\u202Eevil\\r\\nnext" + strings.Repeat("\\u0301", 3000)
	return jwt(`{"alg":"EdDSA`+evil+`","kid":"`+evil+`","`+evil+`":1}`,
		`{"iss":"`+evil+`","aud":["`+evil+`"],"sub":{"`+evil+`":["`+evil+`",{"x":"`+evil+`"}]},"exp":"`+evil+`","iat":1e999,"nonce":7,"`+evil+`":"`+evil+`","`+evil+`":2}`)
}

func TestNoForeignByteReachesTheTerminalRaw(t *testing.T) {
	inputs := []string{hostile(), hostile()[:700], "\x1b]0;x\x07" + foreign(), "ey\x1b[31m\u202e.\x9b.\r", "\x1b[2J opaque\x9b\u202e"}
	for _, srv := range []*uitest.Server{{}, {Answer: map[string]string{uitest.Issuer + "/token": `{"access_token":"a\u001b[31m\u202e","id_token":"` + hostile() + `","token_type":"B\u001b[2J","expires_in":300,"refresh_token":"\u009b"}`}}} {
		for _, text := range append(inputs, "") {
			for _, size := range [][2]int{{38, 27}, {118, 40}} {
				d := open(t, srv, size[0], size[1], uitest.Next(6)...)
				if text != "" {
					d.paste(text)
				}
				for _, reveal := range []bool{false, true} {
					d.sess = d.sess.SetReveal(reveal)
					d.draw()
					for _, a := range [...]keys.Action{keys.Down, keys.Down, keys.Down, keys.Down, keys.Down, keys.Down, keys.Down, keys.Down, keys.Down, keys.Down,
						keys.Down, keys.Down, keys.Down, keys.PgDown, keys.Checks, keys.Checks, keys.Bottom, keys.AsJSON, keys.PgDown} {
						printable(t, d)
						d.do(a)
					}
					for _, a := range [...]keys.Action{keys.AsJSON, keys.AsJSON, keys.Versus, keys.Left, keys.Versus, keys.Versus, keys.Right, keys.History, keys.Down, keys.Down, keys.History, keys.Attacks, keys.Down, keys.Down, keys.PgDown, keys.Back} {
						d.do(a)
						printable(t, d)
						if said, ok := d.last.(pane.Say); ok && said.Text != wire.Safe(said.Text) {
							t.Fatalf("said %q", said.Text)
						}
					}
					d.do(keys.Left)
				}
			}
		}
	}
}

// printable fails on any control character that is not our own colouring.
func printable(t *testing.T, d *desk) {
	t.Helper()
	left, right := d.pane.Title(d.env)
	drawn := d.pane.View(d.env)
	view := ansi.Strip(drawn) + left + right + d.pane.Primary(d.env)
	marks := 0
	for _, r := range view {
		if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			t.Fatalf("%U in\n%q", r, view)
		}
		if marks++; r != 0x301 {
			marks = 0
		}
		if marks > 4 {
			t.Fatalf("a pile of marks in\n%q", view)
		}
	}
	for _, l := range strings.Split(drawn, "\n") {
		if n := ansi.StringWidth(l); n > d.env.W {
			t.Fatalf("a line of %d cells in %d: %q", n, d.env.W, l)
		}
	}
}

func TestEverySizeFits(t *testing.T) {
	desks := []*desk{
		open(t, &uitest.Server{}, 78, 17, uitest.Next(1)...),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).to("at_hash"),
		open(t, &uitest.Server{}, 78, 17, wrongNonce()...).to("iss_mismatch"),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).do(keys.Right),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).do(keys.AsJSON),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).do(keys.AsJSON, keys.AsJSON),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).do(keys.Attacks, keys.Down),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).do(keys.Attacks, keys.Enter).typed("sub=mallory"),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).paste(foreign()).do(keys.History, keys.Down),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).do(keys.Versus).paste(hostile()).do(keys.Versus),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).paste(selective()),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).paste(assertion),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).paste(encrypted).paste(contentKey),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).paste(foreign()[:200]),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).paste(hostile()),
		open(t, &uitest.Server{}, 78, 17, uitest.Next(8)...).paste("no token at all"),
	}
	for _, ascii := range []bool{false, true} {
		for n, d := range desks {
			e := d.env
			if ascii {
				th, _ := themes.Load("mono")
				e.Styles = th.Styles(themes.ASCII(), true)
			}
			for w := 1; w <= 200; w += 1 + w/2 {
				for h := 1; h <= 60; h += 1 + h/2 {
					e.W, e.H = w, h
					p, _ := d.pane.Sync(e)
					view := p.View(e)
					lines := strings.Split(view, "\n")
					if len(lines) > h {
						t.Fatalf("desk %d at %d×%d: %d lines", n, w, h, len(lines))
					}
					for _, l := range lines {
						if ansi.StringWidth(l) > w {
							t.Fatalf("desk %d at %d×%d: %q", n, w, h, l)
						}
					}
					view = strings.ReplaceAll(view, "\x1b[1m↓\x1b[m", "") // a key's name, which is not ours to spell
					if ascii && strings.ContainsAny(view, "✓✗▲○◌▸•·─═│‹›↑↓●") {
						t.Fatalf("desk %d at %d×%d in ASCII:\n%s", n, w, h, view)
					}
				}
			}
		}
	}
}

func TestWithoutACatalogThePaneStillWorks(t *testing.T) {
	d := open(t, &uitest.Server{}, 78, 24, uitest.Next(8)...)
	d.env.Catalog = nil
	d.draw().shows("✓ YES").to("aud").shows("The catalog is still being read.")
	if p := d.pane.Primary(d.env); p != "" {
		t.Errorf("enter %s", p)
	}
}

func BenchmarkView(b *testing.B) {
	for _, size := range [][2]int{{52, 12}, {78, 17}, {118, 29}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			d := open(b, &uitest.Server{}, size[0], size[1], uitest.Next(8)...).to("aud")
			th, err := themes.Load("dark")
			if err != nil {
				b.Fatal(err)
			}
			d.env.Styles = th.Styles(themes.Unicode(), false)
			b.ReportAllocs()
			for b.Loop() {
				d.pane.View(d.env)
			}
		})
	}
}

func BenchmarkViewOfAHostileToken(b *testing.B) {
	d := open(b, &uitest.Server{}, 118, 29, uitest.Next(2)...).paste(hostile()).do(keys.Down, keys.Down, keys.Down)
	b.ReportAllocs()
	for b.Loop() {
		d.pane.View(d.env)
	}
}

// The largest token that is read at all.
func BenchmarkSyncOfAHugeToken(b *testing.B) {
	var payload strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&payload, `,"claim%05d":{"x":[1,{"y":2}]}`, i%15_000)
	}
	d := open(b, &uitest.Server{}, 118, 29, uitest.Next(2)...).paste(jwt(fixtureHeader, `{"iss":"x"`+payload.String()[:1_500_000]))
	b.ReportAllocs()
	for b.Loop() {
		d.env.Snap.Version++
		d.pane, _ = d.pane.Sync(d.env)
		d.pane.View(d.env)
	}
}

func BenchmarkSync(b *testing.B) {
	d := open(b, &uitest.Server{}, 118, 29, uitest.Next(8)...)
	b.ReportAllocs()
	for b.Loop() {
		d.env.Snap.Version++
		d.pane, _ = d.pane.Sync(d.env)
	}
}
