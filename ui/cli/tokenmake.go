package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"authdance/flows/jose"
	"authdance/flows/wire"
)

// madeDoc is the document of a token that was made here.
type madeDoc struct {
	Schema   int    `json:"schema"`
	Made     bool   `json:"made"` // always true: this token comes from no server
	Mark     string `json:"mark"`
	Token    string `json:"token"`
	Forgery  string `json:"forgery"` // empty for a token that was only changed and signed
	Proves   string `json:"proves"`
	Check    string `json:"check"`
	Expected string `json:"expected"`
	Ref      string `json:"ref"`
}

// forgeryDoc is a row of token --list-forgeries --json.
type forgeryDoc struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Proves string `json:"proves"`
	Check  string `json:"check"`
	Needs  string `json:"needs"`
	Ref    string `json:"ref"`
}

func (c *console) listForgeries(asJSON bool) error {
	all := jose.Forgeries()
	if asJSON {
		d := struct {
			Schema    int          `json:"schema"`
			Forgeries []forgeryDoc `json:"forgeries"`
		}{Schema: schema}
		for _, x := range all {
			d.Forgeries = append(d.Forgeries, forgeryDoc{x.ID, x.Title, x.Proves, x.Check, x.Needs, x.Ref})
		}
		return c.document(d)
	}
	width := 0
	for _, x := range all {
		width = max(width, len(x.ID))
	}
	needs := "never"
	for _, x := range all {
		if x.Needs != needs {
			needs = x.Needs
			c.printf("%s", c.styles.Title.Render(map[string]string{jose.NeedsNothing: "WITHOUT A KEY", jose.NeedsPublic: "WITH THE PUBLIC KEY OF THE SERVER (--jwks)",
				jose.NeedsOwn: "WITH A KEY OF YOUR OWN (--sign)", jose.NeedsSigner: "WITH THE KEY THAT THE SERVICE TRUSTS (--sign)"}[needs]))
		}
		c.wrapped(c.printf, "  "+c.styles.Key.Render(padded(x.ID, width))+" ", x.Title)
		c.wrapped(c.muted, strings.Repeat(" ", width+3), x.Proves)
	}
	c.printf("\nA careful service refuses every one: %s.", jose.Answer)
	return nil
}

// makeToken changes, signs or forges a token. The token alone goes to stdout,
// so that a test can send it; what it is goes to stderr.
func (c *console) makeToken(ctx context.Context, f *tokenFlags, tok jose.Token, now time.Time) error {
	made, err := c.made(ctx, f, tok, now)
	if err != nil {
		return err
	}
	if f.json {
		d := madeDoc{Schema: schema, Made: true, Mark: made.Mark, Token: made.Text}
		if x := made.Forgery; x.ID != "" {
			d.Forgery, d.Proves, d.Check, d.Expected, d.Ref = x.ID, x.Proves, x.Check, jose.Answer, x.Ref
		}
		return c.document(d)
	}
	c.say("%s %s", c.sign("warn"), wire.Safe(made.Mark))
	if x := made.Forgery; x.ID != "" {
		c.say("  A service that accepts it: %s", x.Proves)
		c.say("  Right answer: %s. Check: %s, %s", jose.Answer, x.Check, x.Ref)
	}
	fmt.Fprintln(c.out, wire.Safe(made.Text))
	return nil
}

func (c *console) made(ctx context.Context, f *tokenFlags, tok jose.Token, now time.Time) (jose.Made, error) {
	with := jose.Materials{}
	if f.sign != "" {
		s, err := c.resolve(f.sign, "--sign", false)
		if err != nil {
			return jose.Made{}, err
		}
		all := jose.ParsePrivate(s)
		i := slices.IndexFunc(all, func(k jose.Private) bool { return k.SigningAlg() != "" })
		if i < 0 {
			return jose.Made{}, usage("--sign names no key that can sign: write a private JWK, PEM or DER, or a secret")
		}
		with.Own, with.Signer = all[i], all[i]
	}
	made := jose.Made{Mark: "MADE by authdance: changed and signed again, no server wrote this"}
	if f.sign != "" && (len(f.edits) > 0 || f.forge == "") {
		d := jose.DraftOf(tok)
		for _, change := range f.edits {
			var err error
			if d, err = d.Edit(change); err != nil {
				return made, usage("--edit %s: %v", wire.Safe(change), err)
			}
		}
		text, err := d.Sign(with.Signer)
		if err != nil {
			return made, usage("--sign: %v", err)
		}
		made.Text = text
		tok = jose.Decode(text)
	} else if len(f.edits) > 0 {
		return made, usage("--edit needs --sign: a changed token needs a new signature (--forge changed keeps the old one)")
	}
	if f.forge == "" {
		return made, nil
	}
	if !slices.ContainsFunc(jose.Forgeries(), func(x jose.Forgery) bool { return x.ID == f.forge }) {
		return made, usage("no attack is called %s; --list-forgeries lists them", wire.Safe(f.forge))
	}
	var err error
	if with.Public, err = c.keys(ctx, f); err != nil {
		return made, err
	}
	made, err = jose.Forge(f.forge, tok, with, now)
	if err != nil {
		return made, usage("--forge %v", err)
	}
	return made, nil
}
