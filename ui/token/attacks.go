package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// stranger is a key pair that everybody knows, so no server trusts it: made from
// a published text, because a pane draws no random values.
func stranger() jose.Private {
	sum := sha256.Sum256([]byte("authdance: a key that no server trusts"))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
	if err != nil {
		return jose.Private{}
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return jose.Private{}
	}
	return jose.ParsePrivate(wire.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))))[0]
}

// signer is the key that signs what is made here, and whose it is: the one that
// the person gave, else the lab's. trusted is false when it can only be one that
// no server trusts.
func (p Pane) signer(e pane.Env) (key jose.Private, whose string, trusted bool) {
	for _, k := range p.mine.private {
		if k.SigningAlg() != "" {
			return k, wire.Safe(k.Name()) + " that you gave", true
		}
	}
	if atLab(e) {
		for _, k := range jose.ParsePrivate(wire.NewSecret(e.Lab.SigningKey())) {
			if k.SigningAlg() != "" {
				return k, "the key of the lab", true
			}
		}
	}
	return stranger(), "a key that no server trusts", false
}

// materials is what forgeries can be made with here.
func (p Pane) materials(e pane.Env) jose.Materials {
	with := jose.Materials{Own: stranger(), Public: jose.Join(jose.ParseKeys([]byte(e.Snap.State.Vars["jwks"].Raw())), p.mine.public)}
	if k, _, trusted := p.signer(e); trusted {
		with.Signer = k
	}
	return with
}

// attack opens the list of what can be made of the token in view.
func (p Pane) attack(e pane.Env) (Pane, tea.Msg) {
	switch {
	case p.face == attacks:
		return p.show(table), nil
	case p.textOf(p.tab, e) == "":
		return p, pane.Say{Text: "There is no token here to start from.", Refused: true}
	}
	p = p.show(attacks)
	p.marks[p.tab] = "attack change"
	return p, nil
}

// attacks are the rows of that list. A forgery that cannot be made says what is
// missing.
func (p Pane) attacks(tok jose.Token, e pane.Env) []row {
	_, key, _ := p.signer(e)
	out := []row{{kind: heading, name: "MAKE ANOTHER TOKEN OF THIS ONE", value: "none of them is real"},
		{kind: choiceRow, id: "attack change", name: "change", value: "change a member and sign it again", does: "asks what to change",
			about:  []string{"Makes", "The same token with one member set or dropped, signed with " + key + ".", "Key", e.Keys.Key(keys.GiveKey) + " takes a private key of yours to sign with."},
			choose: func(p Pane, e pane.Env) (Pane, tea.Msg) { return p.ask(aChange, e) }}}
	with, group := p.materials(e), "never"
	for _, f := range jose.Forgeries() {
		if f.Needs != group {
			group = f.Needs
			out = append(out, row{kind: heading, name: map[string]string{jose.NeedsNothing: "ATTACKS WITHOUT A KEY", jose.NeedsPublic: "WITH THE SERVER'S PUBLIC KEY", jose.NeedsOwn: "WITH A KEY OF ONE'S OWN",
				jose.NeedsSigner: "WITH THE KEY THAT THE SERVER TRUSTS"}[group]})
		}
		r := row{kind: choiceRow, id: "attack " + f.ID, name: f.ID, value: f.Title, raw: f.ID + ": " + f.Title, does: "makes this token",
			about: []string{"Makes", f.Title + ".", "Proves", f.Proves, "Answer", jose.Answer + ".", "Check", f.Check, "Read", f.Ref}}
		made, err := jose.Forge(f.ID, tok, with, e.Snap.Now)
		if err != nil {
			r.status, r.about = "na", append(r.about, "Not now", wire.Safe(err.Error())+". "+e.Keys.Key(keys.GiveKey)+" takes a key.")
			r.choose = func(p Pane, _ pane.Env) (Pane, tea.Msg) {
				return p, pane.Say{Text: "Not now: " + wire.Safe(err.Error()) + ".", Refused: true}
			}
		} else {
			r.choose = func(p Pane, e pane.Env) (Pane, tea.Msg) { return p.madeOf(made.Text, made.Mark, e) }
		}
		out = append(out, r)
	}
	return out
}

// madeOf shows a token that was made here. How to try it is said with it.
func (p Pane) madeOf(text, mark string, e pane.Env) (Pane, tea.Msg) {
	p = p.bring(brought{text: wire.NewSecret(text), mark: mark}, e)
	say := mark + ". " + e.Keys.Key(keys.CopyAll) + " copies it for a test of your own service."
	if atLab(e) {
		say = mark + ". " + e.Keys.Key(keys.TryIt) + " tries it at the lab's API, " + e.Keys.Key(keys.CopyAll) + " copies it."
	}
	return p, pane.Say{Text: say}
}

// change makes the token in view again with one member changed.
func (p Pane) change(text string, e pane.Env) (Pane, tea.Msg) {
	d, err := jose.DraftOf(p.sheet.tok).Edit(text)
	if err != nil {
		return p, pane.Say{Text: wire.Safe(err.Error()) + ".", Bad: true}
	}
	key, whose, _ := p.signer(e)
	made, err := d.Sign(key)
	if err != nil {
		return p, pane.Say{Text: wire.Safe(err.Error()) + ".", Bad: true}
	}
	return p.madeOf(made, "MADE by authdance: changed, and signed with "+whose, e)
}

func atLab(e pane.Env) bool { return e.Lab != nil && e.Snap.State.Profile.Class == "LAB" }

// try calls the API of the lab with the token in view. No other server is
// called with a token that was made up.
func (p Pane) try(e pane.Env) tea.Msg {
	text := p.sheet.tok.Text
	switch {
	case text == "":
		return pane.Say{Text: "There is no token here to try.", Refused: true}
	case !atLab(e):
		return pane.Say{Text: "Only the lab is tried from here. " + e.Keys.Key(keys.CopyAll) + " copies the token for a service of your own.", Refused: true}
	}
	return pane.Begin{Wish: pane.Wish{Grant: "api", Values: flows.Vars{"access_token": wire.Untrusted(text)}}}
}
