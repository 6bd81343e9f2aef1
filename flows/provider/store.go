package provider

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"authdance/flows/files"
	"authdance/flows/wire"
)

// maxProfile is the size of a profile file, in bytes.
const maxProfile = 1 << 20

// Store keeps profiles in a directory, one TOML file each, named ID.toml.
type Store struct{ Dir string }

// Trouble is what is wrong with one file. The file stays as it is.
type Trouble struct{ File, What string }

// Error is the trouble in one line.
func (t Trouble) Error() string { return t.File + ": " + t.What }

// List reads every profile, sorted by ID. A file that cannot be used is a
// Trouble and never hides the others. A missing directory is an empty store.
func (s Store) List() ([]Profile, []Trouble, error) {
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the profiles directory cannot be read: %w", err)
	}
	var list []Profile
	var bad []Trouble
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".toml" {
			continue
		}
		path := filepath.Join(s.Dir, e.Name())
		p, err := s.read(path)
		if err != nil {
			bad = append(bad, Trouble{path, err.Error()})
			continue
		}
		if advice, exposed := files.Exposed(path); exposed && p.Client.Secret != "" {
			bad = append(bad, Trouble{path, advice})
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Profile) int { return cmp.Compare(a.ID, b.ID) })
	return list, bad, nil
}

// Get reads one profile.
func (s Store) Get(id string) (Profile, error) {
	if !idPattern.MatchString(id) {
		return Profile{}, fmt.Errorf("%q cannot be the id of a profile: small letters, digits, dot, dash and underscore only", wire.Safe(id))
	}
	path := filepath.Join(s.Dir, id+".toml")
	p, err := s.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, fmt.Errorf("there is no profile %q; authdance profile list shows those there are (%s)", id, s.Dir)
	}
	if err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func (s Store) read(path string) (Profile, error) {
	data, err := files.Read(path, maxProfile)
	if err != nil {
		return Profile{}, err
	}
	p, err := ParseProfile(data)
	if err != nil {
		return p, err
	}
	if want := strings.TrimSuffix(filepath.Base(path), ".toml"); p.ID != want {
		return p, fmt.Errorf("field id is %q, but the file is named %q; make them the same", p.ID, want)
	}
	return p, nil
}

// ParseProfile reads the TOML of one profile. An unknown field is an error: a
// misspelt one would be silently without effect.
func ParseProfile(data []byte) (Profile, error) {
	var p Profile
	meta, err := toml.Decode(string(data), &p)
	if err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			return p, fmt.Errorf("line %d is no TOML: %s", syntax.Position.Line, wire.Safe(syntax.Message))
		}
		return p, fmt.Errorf("%s", wire.Safe(err.Error()))
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return p, fmt.Errorf("field %s is not known; check its spelling", wire.Safe(unknown[0].String()))
	}
	if p.Name == "" {
		p.Name = p.ID
	}
	if p.Class == "" {
		p.Class = Test
	}
	if p.Client.RedirectURI == "" {
		p.Client.RedirectURI = defaultRedirect
	}
	if p.Preset != "" {
		if _, err := FindPreset(p.Preset); err != nil {
			return p, fmt.Errorf("profile %q, field preset: %w", wire.Safe(p.ID), err)
		}
	}
	p = p.complete()
	return p, p.Validate()
}

// defaultRedirect takes any free port (RFC 8252 §7.3).
const defaultRedirect = "http://127.0.0.1:0/callback"

// Save writes a profile, whole or not at all.
func (s Store) Save(p Profile) error {
	if err := p.Validate(); err != nil {
		return err
	}
	p.Schema = 1
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(p); err != nil {
		return err
	}
	return files.Write(filepath.Join(s.Dir, p.ID+".toml"), b.Bytes())
}

// Vars are the protocol values that a profile gives to a run, by their names on
// the wire.
func (p Profile) Vars() map[string]wire.Untrusted {
	out := map[string]wire.Untrusted{}
	set := func(name, val string) {
		if val != "" {
			out[name] = wire.Untrusted(val)
		}
	}
	for name, u := range p.Endpoints {
		set(name, u)
	}
	set("issuer", p.Issuer)
	set("metadata_url", p.Metadata)
	set("api", p.API)
	set("client_id", p.Client.ID)
	set("redirect_uri", cmp.Or(p.Client.RedirectURI, defaultRedirect))
	set("scope", p.scope())
	set("audience", p.Request.Audience)
	set("resource", p.Request.Resource)
	for name, val := range p.Values {
		set(name, val)
	}
	return out
}

// scope is what is asked for as this provider wants it written: most of them
// separate by a space (RFC 6749 §3.3).
func (p Profile) scope() string {
	if sep := p.Quirks["scope_separator"]; sep != "" {
		return strings.Join(strings.Fields(p.Request.Scope), sep)
	}
	return p.Request.Scope
}

// TOML is the profile as a new file has it. What its preset says too is left
// out, so that it goes on coming from there.
func (p Profile) TOML() []byte {
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(p.lean()); err != nil {
		panic(err) // strings and maps of strings always encode
	}
	return b.Bytes()
}

// lean is the profile without what complete would add.
func (p Profile) lean() Profile {
	preset, err := FindPreset(p.Preset)
	if p.Preset == "" || err != nil {
		return p
	}
	p.Quirks = maps.Clone(p.Quirks)
	maps.DeleteFunc(p.Quirks, func(k, v string) bool { return preset.Quirks[k] == v })
	if filled, lacks := preset.Profile(nil); len(lacks) == 0 && p.Issuer == filled.Issuer && p.Metadata == filled.Metadata && maps.Equal(p.Endpoints, filled.Endpoints) {
		p.Endpoints = nil
	}
	return p
}
