package provider

import (
	"fmt"
	"io"
	"strings"

	"authdance/flows/wire"
)

// Sources are the places that a secret reference can point to. A nil source
// refuses, with what to use instead.
type Sources struct {
	Env    func(name string) (string, bool)
	File   func(path string) ([]byte, error)
	Prompt func(what string) (string, error)
	// Keyring and Age read what the profile commands stored under a name.
	Keyring, Age func(name string) (string, error)
	Stdin        io.Reader
}

// Resolve fetches the secret that a reference names. what says which secret it
// is, for messages and prompts. One line end at the end is not part of a secret.
func Resolve(ref, what string, from Sources) (wire.Secret, error) {
	if err := CheckReference(ref); err != nil {
		return wire.Secret{}, fmt.Errorf("%s: %w", what, err)
	}
	kind, rest, _ := strings.Cut(ref, ":")
	var text string
	switch {
	case ref == "-":
		if from.Stdin == nil {
			return wire.Secret{}, fmt.Errorf("%s: standard input cannot be read here; use env:NAME or file:PATH", what)
		}
		b, err := io.ReadAll(io.LimitReader(from.Stdin, 64<<10))
		if err != nil {
			return wire.Secret{}, fmt.Errorf("%s from standard input: %w", what, err)
		}
		text = string(b)
	case ref == "prompt":
		if from.Prompt == nil {
			return wire.Secret{}, fmt.Errorf("%s: there is nobody to ask here; use env:NAME or file:PATH", what)
		}
		s, err := from.Prompt(what)
		if err != nil {
			return wire.Secret{}, fmt.Errorf("%s: %w", what, err)
		}
		text = s
	case kind == "env":
		s, ok := "", false
		if from.Env != nil {
			s, ok = from.Env(rest)
		}
		if !ok {
			return wire.Secret{}, fmt.Errorf("%s: the environment variable %s is not set; set it, or change the reference", what, wire.Safe(rest))
		}
		text = s
	case kind == "keyring" || kind == "age":
		read := map[string]func(string) (string, error){"keyring": from.Keyring, "age": from.Age}[kind]
		if read == nil {
			return wire.Secret{}, fmt.Errorf("%s: %s: references are not supported here; use env:NAME or file:PATH", what, kind)
		}
		s, err := read(rest)
		if err != nil {
			return wire.Secret{}, fmt.Errorf("%s: %w", what, err)
		}
		text = s
	case kind == "file":
		if from.File == nil {
			return wire.Secret{}, fmt.Errorf("%s: files cannot be read here", what)
		}
		b, err := from.File(rest)
		if err != nil {
			return wire.Secret{}, fmt.Errorf("%s: %w", what, err)
		}
		text = string(b)
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if text == "" {
		return wire.Secret{}, fmt.Errorf("%s: %s is empty", what, wire.Safe(ref))
	}
	return wire.NewSecret(text), nil
}
