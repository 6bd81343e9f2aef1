package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"authdance/flows/jose"
	"authdance/flows/wire"
)

// tokenFlags say what a token is checked against, and what is made of it. An
// empty one means "not known".
type tokenFlags struct {
	jwks, key, secret, decryptKey, password         string
	issuer, audience, clientID, nonce, alg, as      string
	accessToken, code, state, maxAge, acr, at, skew string
	htm, htu, payload                               string
	diff, forge, sign                               string
	edits                                           []string
	forgeries, fetch, json, reveal                  bool
	transport                                       transportFlags

	others []string     // where further tokens stand in the text
	shared *wire.Secret // what --secret names, once it was read
}

func tokenCommand(c *console) *cobra.Command {
	f := &tokenFlags{}
	cmd := &cobra.Command{
		Use: "token [TOKEN|FILE|-]", Short: "Decode, explain, verify, compare and forge tokens",
		Long: "Decode and explain a token, and verify it with the keys that you give. A token may come as it is, as a\n" +
			"header line, a JSON token response, a URL or a cookie, from the arguments, a file or stdin.\n" +
			"Nothing is fetched unless --jwks is a URL or --fetch allows it.",
		Example: "authdance token eyJ…\n" +
			"authdance token response.json --jwks keys.json --issuer https://idp.example --client-id my-app\n" +
			"authdance token - --issuer https://idp.example --fetch <token.txt\n" +
			"authdance token before.txt --diff after.txt\n" +
			"authdance token token.txt --forge alg_none | my-test-of-the-api",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("authdance token takes one token; put quotes around a text with spaces")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.token(cmd.Context(), f, args) },
	}
	group(cmd, "keys", func(fs *pflag.FlagSet) {
		fs.StringVar(&f.jwks, "jwks", "", "key set: `FILE` or URL")
		fs.StringVar(&f.key, "key", "", "one key: `FILE` with a JWK, PEM or DER")
		fs.StringVar(&f.secret, "secret", "", "where the shared secret of HS256 and its like is: env:NAME, file:PATH, prompt or - (`REF`)")
		fs.StringVar(&f.decryptKey, "decrypt-key", "", "where the key is that opens an encrypted token: JWK, PEM, DER or a secret (`REF`)")
		fs.StringVar(&f.password, "password", "", "where the password is that opens it (PBES2), `REF`")
		fs.BoolVar(&f.fetch, "fetch", false, "fetch the metadata and the keys of --issuer")
	})
	group(cmd, "expected", func(fs *pflag.FlagSet) {
		fs.StringVar(&f.as, "as", "any", "`KIND` of token: "+strings.Join(jose.Kinds(), ", ")+" or any: what it says itself")
		fs.StringVar(&f.issuer, "issuer", "", "`URL` that iss must be")
		fs.StringVar(&f.audience, "audience", "", "`URI` that must be in aud: your API, for an access token")
		fs.StringVar(&f.clientID, "client-id", "", "`ID` of your client: in aud of an ID token")
		fs.StringVar(&f.nonce, "nonce", "", "the nonce that was sent, `TEXT`")
		fs.StringVar(&f.alg, "alg", "", "the algorithm that the client registered, by `NAME`")
		fs.StringVar(&f.accessToken, "access-token", "", "the access token that came along, for at_hash and ath (itself, or a `REF`)")
		fs.StringVar(&f.code, "code", "", "the code that came along, for c_hash (itself, or a `REF`)")
		fs.StringVar(&f.state, "state", "", "the state that was sent, `TEXT`, for s_hash")
		fs.StringVar(&f.maxAge, "max-age", "", "the max_age that was asked for, in `SECONDS`")
		fs.StringVar(&f.acr, "acr", "", "the acr_values that were asked for, `WORDS`")
		fs.StringVar(&f.htm, "htm", "", "the `METHOD` of the request that a DPoP proof came with")
		fs.StringVar(&f.htu, "htu", "", "the `URL` of that request")
		fs.StringVar(&f.payload, "payload", "", "`FILE` with the payload that a detached signature covers")
		fs.StringVar(&f.at, "at", "", "check as of this `TIME`: Unix seconds or RFC 3339 (default now)")
		fs.StringVar(&f.skew, "leeway", "", "allowed difference of clocks, a `TIME` up to 5m (default 60s)")
	})
	group(cmd, "compare and make", func(fs *pflag.FlagSet) {
		fs.StringVar(&f.diff, "diff", "", "compare with another `TOKEN`, FILE or -")
		fs.BoolVar(&f.forgeries, "list-forgeries", false, "list the attacks that --forge can make")
		fs.StringVar(&f.forge, "forge", "", "make this attack out of the token, by `NAME`, to try on a service of your own")
		fs.StringArrayVar(&f.edits, "edit", nil, "change a member before signing again: header:NAME=VALUE, claims:NAME=VALUE or claims:-NAME (`CHANGE`)")
		fs.StringVar(&f.sign, "sign", "", "where the key is that signs the changed token, or that the attack needs (`REF`)")
	})
	group(cmd, "transport", f.transport.add)
	group(cmd, "output", func(fs *pflag.FlagSet) {
		fs.BoolVar(&f.json, "json", false, "one JSON document")
		fs.BoolVar(&f.reveal, "reveal", false, "show the signature too: with it the token can be used")
	})
	return cmd
}

func (c *console) token(ctx context.Context, f *tokenFlags, args []string) error {
	if f.forgeries {
		return c.listForgeries(f.json)
	}
	if f.as != "any" && !slices.Contains(jose.Kinds(), f.as) {
		return usage("--as %s is not known; use %s or any", wire.Safe(f.as), strings.Join(jose.Kinds(), ", "))
	}
	tok, err := c.given(f, args)
	if err != nil {
		return err
	}
	want, now, err := c.expect(f)
	if err != nil {
		return err
	}
	switch {
	case f.diff != "":
		return c.compare(f, tok)
	case f.forge != "" || len(f.edits) > 0 || f.sign != "":
		return c.makeToken(ctx, f, tok, now)
	}
	keys, err := c.keys(ctx, f)
	if err != nil {
		return err
	}
	report, _ := jose.Check(f.as, tok, want, keys, now)
	if holder, ok := jose.CheckKeyBinding(tok, want, now); ok {
		report = both(report, holder)
	}
	report.Checks = append(report.Checks, keys.Findings()...)
	if f.json {
		err = c.tokenDocument(tok, report, f)
	} else {
		err = c.printToken(tok, report, now, f)
	}
	switch {
	case err != nil:
		return err
	case tok.Kind == jose.Malformed:
		return ends(exitUsage)
	case report.Count(wire.Fail) > 0:
		return ends(exitCheck)
	}
	return nil
}

// both adds the judgement of a second signature that must hold, too.
func both(r, other jose.Report) jose.Report {
	r.Checks = append(r.Checks, other.Checks...)
	if r.Verdict == jose.Valid || other.Verdict == jose.Invalid && r.Verdict != jose.NotReadable {
		r.Verdict = other.Verdict
	}
	return r
}
