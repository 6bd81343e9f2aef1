package provider

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
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

// ForLab is the profile of the embedded lab.
func ForLab(issuer, api string) Profile {
	return Profile{Schema: 1, ID: "lab", Name: "lab", Class: Lab, Issuer: issuer, API: api + "/api/profile",
		Client:  ClientConfig{ID: "workshop-spa", Auth: "none", RedirectURI: defaultRedirect},
		Request: RequestConfig{Scope: "openid profile email offline_access read", PKCE: "S256"},
		Quirks:  map[string]string{"code_lifetime": "60"},
		Grants:  labGrants(issuer, api)}
}

// labGrants are the clients of the lab that suit each flow, where that is not
// workshop-spa. Their secrets are known to whoever has the lab.
func labGrants(issuer, api string) map[string]GrantConfig {
	legacy := GrantConfig{Client: ClientConfig{ID: "workshop-legacy", Auth: "none"}}
	gateway := GrantConfig{Client: ClientConfig{ID: "workshop-gateway", Auth: "client_secret_basic"}, Request: RequestConfig{Scope: "read"}}
	person := legacy
	person.Values = map[string]string{"username": "alice", "password": "password"}
	agent := ClientConfig{ID: "workshop-agent", Auth: "client_secret_basic"}
	return map[string]GrantConfig{
		"device_code":        {Client: ClientConfig{ID: "workshop-device", Auth: "none"}},
		"client_credentials": {Client: ClientConfig{ID: "workshop-service", Auth: "client_secret_basic"}, Request: RequestConfig{Scope: "read write"}},
		"hybrid":             legacy,
		"implicit":           legacy,
		"password":           person,
		"token_exchange":     gateway,
		"on_behalf_of":       gateway,
		"introspect":         {Client: ClientConfig{ID: "workshop-web", Auth: "client_secret_basic"}},
		"ciba": {Client: ClientConfig{ID: "workshop-ciba-poll", Auth: "client_secret_basic"},
			Values: map[string]string{"login_hint": "alice", "binding_message": "authdance-42", "other_device": issuer + "/ciba"}},
		"jwt_bearer":   {Client: ClientConfig{ID: "workshop-keys", Auth: "private_key_jwt"}, Request: RequestConfig{Scope: "read"}, Values: map[string]string{"subject": "alice"}},
		"saml2_bearer": gateway,
		"native_sso": {Client: ClientConfig{ID: "workshop-app-two", Auth: "none"}, Request: RequestConfig{Scope: "openid profile read"},
			Before: &GrantConfig{Client: ClientConfig{ID: "workshop-app-one", Auth: "none"}, Request: RequestConfig{Scope: "openid profile read device_sso offline_access"}}},
		"id_jag": {Client: agent, Values: map[string]string{"resource_issuer": strings.TrimSuffix(issuer, "default") + "partner", "resource_scope": "read"},
			Before: &GrantConfig{Client: agent}},
		"step_up":           {API: api + "/api/vault"},
		"resource_metadata": {Values: map[string]string{"resource": api + "/mcp"}},
	}
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
	set("scope", p.Request.Scope)
	set("audience", p.Request.Audience)
	set("resource", p.Request.Resource)
	for name, val := range p.values {
		set(name, val)
	}
	return out
}
