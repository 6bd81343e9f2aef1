package cli

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/spf13/cobra"
	"github.com/zalando/go-keyring"
	"software.sslmate.com/src/go-pkcs12"

	"authdance/flows/exec"
	"authdance/flows/files"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

const keyringService = "authdance"

func keyringSecret(name string) (string, error) {
	s, err := keyring.Get(keyringService, name)
	if errors.Is(err, keyring.ErrNotFound) {
		return "", fmt.Errorf("the keyring has nothing under %s; store it with authdance profile secret", wire.Safe(name))
	}
	if err != nil {
		return "", noKeyring(err)
	}
	return s, nil
}

func noKeyring(err error) error {
	return fmt.Errorf("the keyring of this computer does not answer (%s); use --to age, env:NAME or file:PATH", wire.Safe(err.Error()))
}

// passphraseVariable is where scripts put the passphrase of age files.
const passphraseVariable = "AUTHDANCE_AGE_PASSPHRASE"

func (c *console) passphrase(what string) (string, error) {
	if s, ok := c.env(passphraseVariable); ok && s != "" {
		return s, nil
	}
	s, err := c.ask("Passphrase of "+what, true)
	if err != nil {
		return "", fmt.Errorf("%w; scripts set %s", err, passphraseVariable)
	}
	if s == "" {
		return "", errors.New("an empty passphrase protects nothing")
	}
	return s, nil
}

func (c *console) agePath(name string) string {
	return filepath.Join(c.configDir(), "secrets", name+".age")
}

func (c *console) ageSecret(name string) (string, error) {
	path := c.agePath(name)
	sealed, err := files.Read(path, 256<<10)
	if err != nil {
		return "", fmt.Errorf("%w; store it with authdance profile secret", err)
	}
	pass, err := c.passphrase(path)
	if err != nil {
		return "", err
	}
	id, err := age.NewScryptIdentity(pass)
	if err != nil {
		return "", err
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if err != nil {
		return "", fmt.Errorf("%s cannot be opened: the passphrase is wrong, or the file is damaged", path)
	}
	b, err := io.ReadAll(io.LimitReader(r, 64<<10))
	return string(b), err
}

// keep stores a secret and returns the reference to it.
func (c *console) keep(to, name string, s wire.Secret) (string, error) {
	switch to {
	case "keyring":
		if err := keyring.Set(keyringService, name, s.Reveal()); err != nil {
			return "", &outcome{exitUsage, noKeyring(err).Error()}
		}
	case "age":
		pass, err := c.passphrase(c.agePath(name))
		if err != nil {
			return "", err
		}
		who, err := age.NewScryptRecipient(pass)
		if err != nil {
			return "", err
		}
		var b bytes.Buffer
		w, err := age.Encrypt(&b, who)
		if err != nil {
			return "", err
		}
		if _, err := io.WriteString(w, s.Reveal()); err != nil {
			return "", err
		}
		if err := w.Close(); err != nil {
			return "", err
		}
		if err := files.Write(c.agePath(name), b.Bytes()); err != nil {
			return "", usage("%v", err)
		}
	default:
		return "", usage("--to %s is not known; use keyring or age", wire.Safe(to))
	}
	return to + ":" + name, nil
}

func profileSecretCommand(c *console) *cobra.Command {
	to, from, asJSON := "keyring", "prompt", false
	cmd := &cobra.Command{Use: "secret ID", Short: "Keep a profile's client secret in the keyring or an encrypted file", Args: exactly(1, "the ID of a profile"),
		Long:              "Keep a profile's client secret in the keyring of this computer, or in a file that age encrypts with a\npassphrase. The profile then has a reference to it.",
		Example:           "authdance profile secret okta-dev\nprintf %s \"$SECRET\" | authdance profile secret okta-dev --from - --to age",
		ValidArgsFunction: c.completeProfiles,
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := c.profiles().Get(args[0]); err != nil {
				return usage("%v", err)
			}
			s, err := c.resolve(from, "--from", false)
			if err != nil {
				return err
			}
			ref, err := c.keep(to, args[0], s)
			if err != nil {
				return err
			}
			p, err := c.profiles().Update(args[0], func(p *provider.Profile) error { p.Client.Secret = ref; return nil })
			if err != nil {
				return usage("%v", err)
			}
			return c.saved(p, asJSON, "The secret is kept; the profile names it as "+ref+".")
		}}
	cmd.Flags().StringVar(&to, "to", to, "`PLACE`: keyring or age")
	cmd.Flags().StringVar(&from, "from", from, "where the secret is now: prompt, - (stdin), env:NAME or file:PATH")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON document")
	return cmd
}

type keyDoc struct {
	Schema int             `json:"schema"`
	ID     string          `json:"id"`
	Key    string          `json:"key"` // the reference
	JWKS   json.RawMessage `json:"jwks"`
}

func profileKeyCommand(c *console) *cobra.Command {
	alg, from, asJSON := "ES256", "", false
	cmd := &cobra.Command{Use: "key ID", Short: "Make or take over a profile's private key, and print the public half to register", Args: exactly(1, "the ID of a profile"),
		Long: "Make a key pair for private_key_jwt, request objects and proofs, or take over one from a JWK, PEM or PKCS #12\n" +
			"file. The private half stays in a file with mode 0600; the JWKS on stdout is public: register it at the provider.",
		Example:           "authdance profile key okta-dev\nauthdance profile key okta-dev --from client.p12",
		ValidArgsFunction: c.completeProfiles,
		RunE:              func(_ *cobra.Command, args []string) error { return c.profileKey(args[0], alg, from, asJSON) }}
	cmd.Flags().StringVar(&alg, "alg", alg, "`ALG`: ES256, ES384, ES512, RS256, PS256 or EdDSA")
	cmd.Flags().StringVar(&from, "from", "", "take the key of this `FILE`: JWK, PEM or PKCS #12")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON document")
	return cmd
}

func (c *console) profileKey(id, alg, from string, asJSON bool) error {
	if _, err := c.profiles().Get(id); err != nil {
		return usage("%v", err)
	}
	var private []byte
	var err error
	name := id + ".jwk"
	if from == "" {
		private, err = newJWK(alg)
	} else {
		private, err = c.takenKey(from)
		name = id + ".pem"
	}
	if err != nil {
		return usage("%v", err)
	}
	if _, err := exec.ParseKey(private); err != nil {
		return usage("%s: %v", wire.Safe(from), err)
	}
	public, err := publicSet(private)
	if err != nil {
		return usage("the public half cannot be written: %v", err)
	}
	path := filepath.Join(c.configDir(), "keys", name)
	f, err := files.Create(path) // an older key is never overwritten: a server may still know it
	if err == nil {
		_, err = f.Write(private)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return usage("%v", err)
	}
	ref := "file:" + path
	if _, err := c.profiles().Update(id, func(p *provider.Profile) error { p.Client.Key = ref; return nil }); err != nil {
		return usage("%v", err)
	}
	if asJSON {
		return c.document(keyDoc{schema, id, ref, public})
	}
	c.say("The private key is in %s. Register this public half at the provider:", path)
	c.printf("%s", public)
	return nil
}

func newJWK(alg string) ([]byte, error) {
	var raw any
	var err error
	switch alg {
	case "ES256":
		raw, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		raw, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		raw, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "RS256", "PS256":
		raw, err = rsa.GenerateKey(rand.Reader, 2048)
	case "EdDSA":
		_, raw, err = ed25519.GenerateKey(rand.Reader)
	default:
		return nil, fmt.Errorf("--alg %s is not known; use ES256, ES384, ES512, RS256, PS256 or EdDSA", wire.Safe(alg))
	}
	if err != nil {
		return nil, err
	}
	k, err := jwk.Import(raw)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(jwk.AssignKeyID(k), k.Set(jwk.AlgorithmKey, alg), k.Set(jwk.KeyUsageKey, "sig")); err != nil {
		return nil, err
	}
	return json.Marshal(k)
}

// publicSet is the JWKS of the public halves. It must never hold a private one.
func publicSet(private []byte) (json.RawMessage, error) {
	set, err := jwk.Parse(private, jwk.WithPEM(bytes.Contains(private, []byte("-----BEGIN"))))
	if err != nil {
		return nil, err
	}
	public := jwk.NewSet()
	for i := range set.Len() {
		k, _ := set.Key(i)
		half, err := k.PublicKey()
		if err != nil {
			return nil, err
		}
		if _, named := half.KeyID(); !named {
			if err := jwk.AssignKeyID(half); err != nil {
				return nil, err
			}
		}
		if err := public.AddKey(half); err != nil {
			return nil, err
		}
		break // the certificates behind a key in PEM repeat its public half
	}
	return json.Marshal(public)
}

// takenKey reads a private key of a file; PKCS #12 becomes PEM with its chain.
func (c *console) takenKey(path string) ([]byte, error) {
	text, err := files.Read(path, 256<<10)
	if err != nil {
		return nil, err
	}
	if trimmed := bytes.TrimSpace(text); bytes.HasPrefix(trimmed, []byte("{")) || bytes.Contains(trimmed, []byte("-----BEGIN")) {
		return text, nil
	}
	pass := ""
	key, leaf, chain, err := pkcs12.DecodeChain(text, pass)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		if pass, err = c.passphrase(path); err != nil {
			return nil, err
		}
		key, leaf, chain, err = pkcs12.DecodeChain(text, pass)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is neither JWK, PEM nor PKCS #12 that can be opened: %s", wire.Safe(path), wire.Safe(err.Error()))
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	_ = pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for _, cert := range append([]*x509.Certificate{leaf}, chain...) {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	}
	return []byte(b.String()), nil
}
