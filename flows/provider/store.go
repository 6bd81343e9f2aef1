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
	"reflect"
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
		p, warnings, err := s.read(path)
		if err != nil {
			bad = append(bad, Trouble{path, err.Error()})
			continue
		}
		for _, w := range warnings {
			bad = append(bad, Trouble{path, w})
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
	p, _, err := s.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, fmt.Errorf("there is no profile %q; authdance profile list shows those there are (%s)", id, s.Dir)
	}
	if err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func (s Store) read(path string) (Profile, []string, error) {
	data, err := files.Read(path, maxProfile)
	if err != nil {
		return Profile{}, nil, err
	}
	p, warnings, err := ReadProfile(data)
	if err != nil {
		return p, warnings, err
	}
	if want := strings.TrimSuffix(filepath.Base(path), ".toml"); p.ID != want {
		return p, warnings, fmt.Errorf("field id is %q, but the file is named %q; make them the same", p.ID, want)
	}
	return p, warnings, nil
}

// ParseProfile reads the TOML of one profile, without its warnings.
func ParseProfile(data []byte) (Profile, error) {
	p, _, err := ReadProfile(data)
	return p, err
}

// ReadProfile reads the TOML of one profile. A field that is not known has no
// effect: that is a warning with the nearest known one, and part of the error
// when the profile cannot do without.
func ReadProfile(data []byte) (p Profile, warnings []string, err error) {
	meta, err := toml.Decode(string(data), &p)
	if err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			return p, nil, fmt.Errorf("line %d is no TOML: %s", syntax.Position.Line, wire.Safe(syntax.Message))
		}
		return p, nil, fmt.Errorf("%s", wire.Safe(err.Error()))
	}
	for _, k := range meta.Undecoded() {
		text := "field " + wire.Safe(k.String()) + " is not known and has no effect"
		if near := wire.Nearest(k[len(k)-1], knownFields(reflect.TypeFor[Profile]())); near != "" {
			text += "; did you mean " + near + "?"
		}
		warnings = append(warnings, text)
	}
	if err = p.settle(); err != nil && len(warnings) > 0 {
		err = fmt.Errorf("%w (%s)", err, warnings[0])
	}
	return p, warnings, err
}

// knownFields are the names of the fields of a struct and of those in it.
func knownFields(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("toml"), ",")
		out = append(out, name)
		if sub := t.Field(i).Type; sub.Kind() == reflect.Struct {
			out = append(out, knownFields(sub)...)
		}
	}
	return out
}

// settle fills what has a usual value, and validates.
func (p *Profile) settle() error {
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
			return fmt.Errorf("profile %q, field preset: %w", wire.Safe(p.ID), err)
		}
	}
	*p = p.complete()
	return p.Validate()
}

// defaultRedirect takes any free port (RFC 8252 §7.3).
const defaultRedirect = "http://127.0.0.1:0/callback"

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
