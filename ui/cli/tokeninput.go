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

	"authdance/flows/files"
	"authdance/flows/jose"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// given is the token of the command line: with its payload, when that came
// beside it, and open, when it is encrypted and a key for it was given.
func (c *console) given(f *tokenFlags, args []string) (jose.Token, error) {
	text, err := c.tokenText(args)
	if err != nil {
		return jose.Token{}, err
	}
	tok := jose.Decode(text)
	if tok.RecognisedAs != "" && tok.Kind != jose.SAML {
		for _, other := range jose.All(text)[1:] {
			f.others = append(f.others, other.Name)
		}
	}
	if f.payload != "" {
		b, err := files.Read(f.payload, jose.MaxToken)
		if err != nil {
			return tok, usage("--payload: %v", err)
		}
		tok = jose.Attach(tok, b)
	}
	var open []jose.Private
	for _, ref := range [...]struct{ text, flag string }{{f.decryptKey, "--decrypt-key"}, {f.password, "--password"}} {
		if ref.text == "" {
			continue
		}
		s, err := c.resolve(ref.text, ref.flag, false)
		if err != nil {
			return tok, err
		}
		open = append(open, jose.ParsePrivate(s)...)
	}
	if tok.Kind != jose.JWE || len(open) == 0 && f.secret == "" {
		return tok, nil
	}
	if f.secret != "" { // a shared secret opens a token just as well as it signs one
		s, err := c.sharedSecret(f)
		if err != nil {
			return tok, err
		}
		open = append(open, jose.ParsePrivate(s)...)
	}
	return jose.Decrypt(tok, open), nil
}

// sharedSecret is what --secret names. It is read once: stdin has it only once.
func (c *console) sharedSecret(f *tokenFlags) (wire.Secret, error) {
	if f.shared == nil {
		s, err := c.resolve(f.secret, "--secret", false)
		if err != nil {
			return s, err
		}
		f.shared = &s
	}
	return *f.shared, nil
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
	w := jose.Expect{Issuer: f.issuer, ClientID: f.clientID, Audience: f.audience, Alg: f.alg, Nonce: f.nonce, State: f.state,
		ACR: strings.Fields(f.acr), HTM: f.htm, HTU: f.htu}
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
		sets = append(sets, jose.ParseKeyFile(b))
	}
	if f.secret != "" {
		s, err := c.sharedSecret(f)
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

// readText reads a file that may hold a token or a key.
func readText(path string) (string, error) {
	b, err := files.Read(path, jose.MaxToken+1)
	return string(b), err
}
