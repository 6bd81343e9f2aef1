package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"authdance/flows/files"
	"authdance/flows/jose"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// tokenFlags say what a token is checked against. An empty one means "not known".
type tokenFlags struct {
	jwks, key, secret                               string
	issuer, audience, clientID, nonce, alg, as      string
	accessToken, code, state, maxAge, acr, at, skew string
	fetch, json, reveal                             bool
	transport                                       transportFlags
}

func tokenCommand(c *console) *cobra.Command {
	f := &tokenFlags{}
	cmd := &cobra.Command{
		Use: "token [TOKEN|FILE|-]", Short: "Decode, explain and verify a token",
		Long: "Decode and explain a token, and verify it with the keys that you give. A token may come as it is, as a\n" +
			"header line, a JSON token response, a URL or a cookie, from the arguments, a file or stdin.\n" +
			"Nothing is fetched unless --jwks is a URL or --fetch allows it.",
		Example: "authdance token eyJ…\n" +
			"authdance token response.json --jwks keys.json --issuer https://idp.example --client-id my-app\n" +
			"authdance token - --issuer https://idp.example --fetch <token.txt",
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
		fs.BoolVar(&f.fetch, "fetch", false, "fetch the metadata and the keys of --issuer")
	})
	group(cmd, "expected", func(fs *pflag.FlagSet) {
		fs.StringVar(&f.as, "as", "any", "`KIND` of token: id_token, access_token or any")
		fs.StringVar(&f.issuer, "issuer", "", "`URL` that iss must be")
		fs.StringVar(&f.audience, "audience", "", "`URI` that must be in aud: your API, for an access token")
		fs.StringVar(&f.clientID, "client-id", "", "`ID` of your client: in aud of an ID token")
		fs.StringVar(&f.nonce, "nonce", "", "the nonce that was sent, `TEXT`")
		fs.StringVar(&f.alg, "alg", "", "the algorithm that the client registered, by `NAME`")
		fs.StringVar(&f.accessToken, "access-token", "", "the access token that came along, for at_hash (itself, or a `REF`)")
		fs.StringVar(&f.code, "code", "", "the code that came along, for c_hash (itself, or a `REF`)")
		fs.StringVar(&f.state, "state", "", "the state that was sent, `TEXT`, for s_hash")
		fs.StringVar(&f.maxAge, "max-age", "", "the max_age that was asked for, in `SECONDS`")
		fs.StringVar(&f.acr, "acr", "", "the acr_values that were asked for, `WORDS`")
		fs.StringVar(&f.at, "at", "", "check as of this `TIME`: Unix seconds or RFC 3339 (default now)")
		fs.StringVar(&f.skew, "leeway", "", "allowed difference of clocks, a `TIME` up to 5m (default 60s)")
	})
	group(cmd, "transport", f.transport.add)
	group(cmd, "output", func(fs *pflag.FlagSet) {
		fs.BoolVar(&f.json, "json", false, "one JSON document")
		fs.BoolVar(&f.reveal, "reveal", false, "show the signature too: with it the token can be used")
	})
	return cmd
}

func (c *console) token(ctx context.Context, f *tokenFlags, args []string) error {
	text, err := c.tokenText(args)
	if err != nil {
		return err
	}
	want, now, err := c.expect(f)
	if err != nil {
		return err
	}
	keys, err := c.keys(ctx, f)
	if err != nil {
		return err
	}
	tok := jose.Decode(text)
	var report jose.Report
	switch f.as {
	case "id_token":
		report = jose.CheckIDToken(tok, want, keys, now)
	case "access_token":
		report = jose.CheckAccessToken(tok, want, keys, now)
	case "any":
		report = jose.CheckAny(tok, want, keys, now)
	default:
		return usage("--as %s is not known; use id_token, access_token or any", wire.Safe(f.as))
	}
	report.Checks = append(report.Checks, keys.Findings()...)
	if f.json {
		err = c.tokenDocument(tok, report, f.reveal)
	} else {
		err = c.printToken(tok, report, now, f.reveal)
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

// tokenText is what was given: the argument itself, a file of that name, or stdin.
func (c *console) tokenText(args []string) (string, error) {
	switch {
	case len(args) == 0 && c.inTTY:
		return "", usage("give a token, a file, or - to paste one (end with Ctrl-D)")
	case len(args) == 0 || args[0] == "-":
		text, err := c.pasted("the token", jose.MaxToken+1)
		if err != nil {
			return "", usage("stdin cannot be read: %s", wire.Safe(err.Error()))
		}
		return text, nil
	case len(args[0]) >= 4096: // longer than any path
		return args[0], nil
	}
	_, err := os.Stat(args[0])
	if err != nil && !namesFile(args[0]) {
		return args[0], nil
	}
	b, err := files.Read(args[0], jose.MaxToken+1)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", usage("there is no file %s. If that is a token, pipe it into authdance token -", wire.Safe(args[0]))
	case err != nil:
		return "", usage("%v", err)
	}
	return string(b), nil
}

// namesFile says whether a text can only be meant as the name of a file.
func namesFile(s string) bool {
	if strings.ContainsAny(s, " \t\r\n{}=&;") || strings.Contains(s, "://") {
		return false
	}
	return strings.ContainsRune(s, '/') || slices.Contains([]string{".jwt", ".json", ".txt"}, strings.ToLower(filepath.Ext(s)))
}

// expect turns the flags into what the token must say, and the moment.
func (c *console) expect(f *tokenFlags) (jose.Expect, time.Time, error) {
	w := jose.Expect{Issuer: f.issuer, ClientID: f.clientID, Audience: f.audience, Alg: f.alg, Nonce: f.nonce, State: f.state, ACR: strings.Fields(f.acr)}
	now := c.now()
	if f.at != "" {
		at, err := moment(f.at)
		if err != nil {
			return w, now, err
		}
		now = at
	}
	if f.skew != "" {
		d, err := duration(f.skew)
		if err != nil || d < 0 || d > 5*time.Minute {
			return w, now, usage("--leeway %s: write a time between 0s and 5m", wire.Safe(f.skew))
		}
		if w.Leeway = d; d == 0 {
			w.Leeway = -1 // none; zero would mean the standard
		}
	}
	if f.maxAge != "" {
		d, err := duration(f.maxAge)
		if err != nil || d < 0 {
			return w, now, usage("--max-age %s: write a number of seconds", wire.Safe(f.maxAge))
		}
		w.MaxAge = &d
	}
	for _, v := range []struct {
		text, flag string
		into       *wire.Secret
	}{{f.accessToken, "--access-token", &w.AccessToken}, {f.code, "--code", &w.Code}} {
		if v.text == "" {
			continue
		}
		*v.into = wire.NewSecret(v.text)
		if provider.CheckReference(v.text) == nil {
			s, err := c.resolve(v.text, v.flag, false)
			if err != nil {
				return w, now, err
			}
			*v.into = s
		}
	}
	return w, now, nil
}

func moment(s string) (time.Time, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > -1<<40 && n < 1<<40 {
		return time.Unix(n, 0), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, usage("--at %s: write Unix seconds, such as 1767225600, or RFC 3339, such as 2026-01-01T00:00:00Z", wire.Safe(s))
	}
	return t, nil
}

// keys reads every key that was given. Without any the token is decoded only.
func (c *console) keys(ctx context.Context, f *tokenFlags) (jose.KeySet, error) {
	var sets []jose.KeySet
	if f.fetch && f.issuer == "" {
		return jose.KeySet{}, usage("--fetch needs --issuer: from there the keys are found")
	}
	if f.jwks != "" {
		read := readKeys
		if strings.Contains(f.jwks, "://") {
			read = func(u string) ([]byte, error) { return c.fetch(ctx, &f.transport, u, "--jwks") }
		}
		b, err := read(f.jwks)
		if err != nil {
			return jose.KeySet{}, err
		}
		sets = append(sets, jose.ParseKeys(b))
	}
	if f.key != "" {
		b, err := readKeys(f.key)
		if err != nil {
			return jose.KeySet{}, err
		}
		sets = append(sets, jose.ParseKeys(b))
	}
	if f.secret != "" {
		s, err := c.resolve(f.secret, "--secret", false)
		if err != nil {
			return jose.KeySet{}, err
		}
		sets = append(sets, jose.ParseSecret(s))
	}
	if f.fetch {
		b, err := c.fetchKeys(ctx, &f.transport, f.issuer)
		if err != nil {
			return jose.KeySet{}, err
		}
		sets = append(sets, jose.ParseKeys(b))
	}
	set := jose.Join(sets...)
	if given := cmp.Or(f.jwks, f.key); given != "" && len(set.Keys) == 0 {
		why := "it is no JWK Set, JWK, PEM or DER"
		if all := set.Findings(); len(all) > 0 {
			why = all[0].Message
		}
		return set, usage("%s holds no key: %s", wire.Safe(given), why)
	}
	return set, nil
}

func readKeys(path string) ([]byte, error) {
	b, err := files.Read(path, 4<<20)
	if errors.Is(err, os.ErrNotExist) {
		return nil, usage("there is no file %s", wire.Safe(path))
	}
	if err != nil {
		return nil, usage("%v", err)
	}
	return b, nil
}
