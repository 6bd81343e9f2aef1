package jose

import (
	"strings"
	"testing"

	"authdance/flows/wire"
)

// FuzzInspect does to any text all that the inspector can do. Nothing may
// panic, nothing may be valid without a key that verified, and no text of a
// check may be unsafe.
func FuzzInspect(f *testing.F) {
	for _, ex := range sealed {
		f.Add(ex.token)
	}
	f.Add(proofToken)
	f.Add(samlResponse("", ""))
	f.Add(forge{}.String() + "~" + disclosure(`["s","name","Alice"]`) + "~")
	f.Add(serialised(`,"header":{"kid":"ec"}`, forge{}.String(), forge{}.String()))
	f.Add("gho_16C7e42F292c6912E7710c838347Ae178B4a")
	keys := private(sealed[1].key)
	own := private(privateJWK(ecKey()))[0]
	other := Decode(forge{}.String())
	f.Fuzz(func(t *testing.T, text string) {
		tok := Decrypt(Decode(text), keys)
		for _, as := range append(Kinds(), "any") {
			r, _ := Check(as, tok, expect(), KeySet{}, now)
			if r.Verdict == Valid && r.As != AsDPoP && tok.core().Plaintext == nil {
				t.Fatalf("valid as %s without a key: %s", as, lines(r.Checks))
			}
			for _, c := range r.Checks {
				if c.Message != wire.Safe(c.Message) || c.Got != wire.Safe(c.Got) || c.Want != wire.Safe(c.Want) || c.ID != wire.Safe(c.ID) {
					t.Fatalf("unsafe text: %+v", c)
				}
				if Gains(c.ID) == "" {
					t.Fatalf("no gain for %s", c.ID)
				}
			}
		}
		CheckKeyBinding(tok, expect(), now)
		Attach(tok, []byte("hello"))
		for _, found := range All(text) {
			if found.Name != wire.Safe(found.Name) {
				t.Fatalf("unsafe name %q", found.Name)
			}
		}
		for _, d := range append(Compare(tok, other).Differences, Compare(other, tok).Differences...) {
			if s := d.A + d.B + d.Name; s != wire.Safe(s) {
				t.Fatalf("unsafe difference: %+v", d)
			}
		}
		if c := Compare(tok, tok); len(c.Differences) > 0 && !contains(tok.Checks, wire.Fail) {
			t.Fatalf("differs from itself: %+v", c.Differences)
		}
		for _, forgery := range Forgeries() {
			_, _ = Forge(forgery.ID, tok, Materials{Own: own, Signer: own}, now)
		}
	})
}

// FuzzFind runs the paste cleaner alone: what it finds holds no white space and
// no invisible character, and finding it costs no more than reading it.
func FuzzFind(f *testing.F) {
	tok := forge{}.String()
	for _, s := range []string{tok, "Bearer " + tok, `"` + tok + `"`, wrap(tok, 20, "\n"), "https://x.example/#id_token=" + tok, "Cookie: a=" + tok,
		strings.ReplaceAll(tok, ".", "%2E"), tok[:30] + "\u200b" + tok[30:], `{\"id_token\":\"` + tok + `\"}`, "eyJ…x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found := find(text)
		if len(found.text) > len(text) {
			t.Fatalf("%d bytes became %d", len(text), len(found.text))
		}
		if !isSAML(found.text) && found.serial == nil && strings.ContainsAny(found.text, " \t\r\n\u200b\ufeff") {
			t.Fatalf("white space is left in %q", found.text)
		}
		if found.text != text && found.text != "" && found.serial == nil && len(found.cleaned) == 0 {
			t.Fatalf("%q became %q without a word", text, found.text)
		}
		for _, note := range append(found.cleaned, found.from) {
			if note != wire.Safe(note) {
				t.Fatalf("unsafe note %q", note)
			}
		}
	})
}
