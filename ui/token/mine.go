package token

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// mine is what the person brought: a token that belongs to no run, and the keys
// to judge and open it with.
type mine struct {
	text  wire.Secret // as it came
	mark  string      // says of a token that it was made here
	from  string      // where it comes from, when it was not pasted
	as    string      // the kind that it is judged as; "": what it says itself
	stamp int         // counts every change

	public  jose.KeySet
	private []jose.Private
	keyed   string // which keys were given: "2 keys of keys.json"

	seen []brought
}

// brought is a token that was in view before.
type brought struct {
	text       wire.Secret
	mark, from string
}

// mostBrought bounds how many tokens are remembered.
const mostBrought = 40

// bring puts a token into the last tab.
func (p Pane) bring(b brought, e pane.Env) Pane {
	p = p.turn(pastedToken).show(table)
	m := &p.mine
	m.text, m.mark, m.from, m.as = b.text, b.mark, b.from, ""
	m.stamp++
	m.seen = slices.DeleteFunc(slices.Clone(m.seen), func(old brought) bool { return old.text.Reveal() == b.text.Reveal() })
	m.seen = append(m.seen, b)
	m.seen = m.seen[max(0, len(m.seen)-mostBrought):]
	p.run, p.marks[pastedToken] = e.Snap.Run, ""
	return p
}

// apart takes a copy of the token in view into the last tab, where it can be
// judged with other keys or as another kind than the run does.
func (p Pane) apart(e pane.Env) (Pane, bool) {
	text := p.textOf(p.tab, e)
	if p.tab == pastedToken || text == "" {
		return p, text != ""
	}
	return p.bring(brought{text: wire.NewSecret(text), from: "a copy of the " + p.tab.String() + " of this run"}, e), true
}

// opened is the token with the content that the given keys decrypt.
func (m mine) opened(tok jose.Token) jose.Token {
	if tok.Kind != jose.JWE || tok.Plaintext != nil || len(m.private) == 0 {
		return tok
	}
	return jose.Decrypt(tok, m.private)
}

// Takes says whether a pasted text is for this pane: a token, or a key for one.
func Takes(text string) bool {
	return strings.Contains(text, "eyJ") || isKey(text) || strings.HasPrefix(text, "<") && strings.Contains(text, "Assertion")
}

func isKey(text string) bool {
	return strings.Contains(text, "-----BEGIN ") || strings.HasPrefix(strings.TrimSpace(text), "{") && strings.Contains(text, `"kty"`)
}

func (p Pane) pasted(text string, e pane.Env) (Pane, tea.Msg) {
	switch {
	case strings.TrimSpace(text) == "":
		return p, nil
	case p.asking == aKey && strings.Contains(strings.TrimSpace(text), "\n"), p.asking == nothing && isKey(text):
		p.asking = nothing
		return p.key(text, "the pasted text", e)
	case p.asking != nothing:
		p.field = p.field.Paste(text)
		return p, nil
	}
	// Of several tokens in one text the first is shown; history has the others.
	all := jose.All(text)
	for _, other := range all[1:] {
		p = p.bring(brought{text: wire.NewSecret(other.Token.Text), from: "beside another token, as " + other.Name}, e)
	}
	p = p.bring(brought{text: wire.NewSecret(text)}, e)
	if len(all) == 1 {
		return p, nil
	}
	return p, pane.Say{Text: "There are " + counts(len(all), "token") + " in this text. " + e.Keys.Key(keys.History) + " lists them."}
}

// key takes keys to verify and to decrypt with. What is neither is a shared
// secret, or a password.
func (p Pane) key(text, from string, e pane.Env) (Pane, tea.Msg) {
	p, ok := p.apart(e)
	secret := wire.NewSecret(text)
	public := jose.KeySet{}
	what := "the given secret"
	if isKey(text) {
		public, what = jose.ParseKeyFile([]byte(text)), "the key"
		if n := len(public.Keys); n != 1 {
			what = counts(n, "key")
		}
	}
	private := slices.DeleteFunc(jose.ParsePrivate(secret), func(k jose.Private) bool { return !k.Usable() })
	if len(public.Keys) == 0 && len(private) == 0 {
		return p, pane.Say{Text: "No key could be read from " + from + ": it takes a JWK, a key set, PEM, or a secret.", Bad: true}
	}
	p.mine.public, p.mine.private, p.mine.keyed = public, private, what
	p.mine.stamp++
	say := "Judged with " + what + " of " + from + "."
	if !ok {
		say = "Taken: " + what + " of " + from + ". The next token that you paste is judged with it."
	}
	return p, pane.Say{Text: say}
}

// nextKind judges the token as the next kind in the list, and after the last as
// what it says itself.
func (p Pane) nextKind(e pane.Env) (Pane, tea.Msg) {
	p, ok := p.apart(e)
	if !ok {
		return p, pane.Say{Text: "There is no token here to check.", Refused: true}
	}
	all := append([]string{""}, jose.Kinds()...)
	p.mine.as = all[(slices.Index(all, p.mine.as)+1)%len(all)]
	p.mine.stamp++
	if p.mine.as == "" {
		return p.show(table), pane.Say{Text: "Checked as what it says that it is."}
	}
	return p.show(table), pane.Say{Text: "Checked as " + kindName(p.mine.as) + ". " + e.Keys.Key(keys.AsKind) + " takes the next kind."}
}

// kindName is a kind of token in a sentence.
func kindName(as string) string {
	names := map[string]string{jose.AsIDToken: "an ID token", jose.AsAccessToken: "an access token", jose.AsLogoutToken: "a logout token", jose.AsDPoP: "a DPoP proof",
		jose.AsClientAssertion: "a client assertion", jose.AsRequestObject: "a request object", jose.AsResponse: "an authorization response (JARM)", jose.AsUserInfo: "a userinfo answer",
		jose.AsJWT: "a plain JWT", jose.AsMessage: "a signed message", jose.AsSAML: "a SAML assertion"}
	if name := names[as]; name != "" {
		return name
	}
	return "a plain JWT"
}
