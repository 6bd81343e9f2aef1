package provider

import (
	_ "embed" // the presets
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"authdance/flows/wire"
)

//go:embed presets.toml
var presetsTOML string

// Preset is what is known of a product before anybody asked it: a profile with
// holes. {name} in an address is a variable.
type Preset struct {
	ID         string              `toml:"id"`
	Name       string              `toml:"name"`
	Issuer     string              `toml:"issuer"`   // "": the product has none, and the endpoints do
	Metadata   string              `toml:"metadata"` // where it is, when not at a well-known place
	Endpoints  map[string]string   `toml:"endpoints"`
	Scope      string              `toml:"scope"` // what to ask for first
	Auth       string              `toml:"auth"`  // the usual method of a program on a computer
	PKCE       string              `toml:"pkce"`
	Quirks     map[string]string   `toml:"quirks"` // deviations that code reads
	Values     map[string]string   `toml:"values"` // request values that it cannot do without
	Variables  map[string]Variable `toml:"variables"`
	PKCENote   string              `toml:"pkce_note"`
	Redirects  string              `toml:"redirects"` // its rules for redirect URIs, in words
	CodeLife   string              `toml:"code_lifetime"`
	TokenLife  string              `toml:"token_lifetime"`
	RegisterAt string              `toml:"register_at"` // where an application is registered
	Register   string              `toml:"register"`    // what to enter there
	Notes      []string            `toml:"notes"`
}

// Variable is a hole in a preset's addresses.
type Variable struct {
	What    string   `toml:"what"`
	Example string   `toml:"example"`
	Ends    []string `toml:"ends"` // how its values end at the product's own hosts
}

// Article is the ID of the catalog page about the product.
func (p Preset) Article() string { return "provider-" + p.ID }

// presets never changes after the first call.
var presets = sync.OnceValue(func() []Preset {
	var file struct {
		Preset []Preset `toml:"preset"`
	}
	if _, err := toml.Decode(presetsTOML, &file); err != nil {
		panic(err) // it is compiled in, and a test reads it
	}
	return file.Preset
})

// Presets lists every preset in the order to show. The maps are shared: read only.
func Presets() []Preset { return slices.Clone(presets()) }

// FindPreset finds a preset by its ID, its name, or a word that only its name
// has. The error names the nearest ones.
func FindPreset(text string) (Preset, error) {
	word := strings.ToLower(strings.TrimSpace(text))
	if word == "okta" { // the server that every new org has
		word = "okta-custom"
	}
	var within []Preset
	for _, p := range presets() {
		if p.ID == word || strings.ToLower(p.Name) == word {
			return p, nil
		}
		if slices.Contains(words(strings.ToLower(p.Name)), word) {
			within = append(within, p)
		}
	}
	if len(within) == 1 {
		return within[0], nil
	}
	var ids []string
	for _, p := range within {
		ids = append(ids, p.ID)
	}
	if len(ids) == 0 {
		var all []string
		for _, p := range presets() {
			all = append(all, p.ID)
		}
		if near := wire.Nearest(word, all); near != "" {
			ids = []string{near}
		}
	}
	if len(ids) == 0 {
		return Preset{}, fmt.Errorf("there is no preset %q; authdance profile presets lists them", wire.Safe(text))
	}
	return Preset{}, fmt.Errorf("there is no preset %q; did you mean %s?", wire.Safe(text), strings.Join(ids, " or "))
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ()+,/.", r) })
}

var hole = regexp.MustCompile(`\{([a-z0-9_]+)\}`)

// fill puts the variables into an address. lacks lists those without a value.
func fill(template string, values map[string]string) (text string, lacks []string) {
	text = hole.ReplaceAllStringFunc(template, func(h string) string {
		name := h[1 : len(h)-1]
		if v := values[name]; v != "" {
			return v
		}
		lacks = append(lacks, name)
		return h
	})
	return text, lacks
}

// Profile is the draft that the preset makes with these variables. lacks lists
// the variables without a value, sorted.
func (p Preset) Profile(values map[string]string) (draft Profile, lacks []string) {
	draft = Profile{Schema: Schema, ID: p.ID, Name: p.Name, Class: Test, Preset: p.ID,
		Client:  ClientConfig{RedirectURI: defaultRedirect},
		Request: RequestConfig{Scope: p.Scope, PKCE: p.PKCE}, Values: maps.Clone(p.Values)}
	if p.ID == "lab" {
		draft.Class = Lab
	}
	if p.Auth != "none" {
		draft.Client.Auth = p.Auth
	}
	missing := map[string]bool{}
	put := func(template string) string {
		text, holes := fill(template, values)
		for _, h := range holes {
			missing[h] = true
		}
		return text
	}
	draft.Issuer, draft.Metadata = put(p.Issuer), put(p.Metadata)
	if p.Issuer == "" && p.Metadata == "" {
		draft.Endpoints = map[string]string{}
		for name, u := range p.Endpoints {
			draft.Endpoints[name] = put(u)
		}
	}
	// Entra's documents for many tenants name none of them as their issuer.
	if strings.Contains(p.Issuer, "{tenant}") && slices.Contains([]string{"common", "organizations", "consumers"}, values["tenant"]) {
		draft.Quirks = map[string]string{"issuer_mismatch": "allow"}
	}
	return draft, slices.Sorted(maps.Keys(missing))
}

// Recognise names the product behind an address or a metadata document, with
// the values of its variables. meta may be empty. ok is false when nothing
// fits, which is usual.
func Recognise(address string, meta Metadata) (p Preset, values map[string]string, ok bool) {
	best := 0
	for _, candidate := range presets() {
		points, found := 0, map[string]string{}
		templates := map[string]string{"issuer": candidate.Issuer, "metadata": candidate.Metadata}
		maps.Copy(templates, candidate.Endpoints)
		for name, template := range templates {
			if v, fits := candidate.match(template, address, true); fits && candidate.specific(template) {
				points += 3
				maps.Copy(found, v)
			}
			if sent := meta.URLs()[name].Raw(); sent != "" {
				if v, fits := candidate.match(template, sent, false); fits {
					points++
					for k, x := range v {
						if found[k] == "" {
							found[k] = x
						}
					}
				} else if name == "token_endpoint" || name == "authorization_endpoint" {
					points -= 4
				}
			}
		}
		if points >= 3 && points > best {
			best, p, values = points, candidate, found
		}
	}
	return p, values, best > 0
}

// specific says that an address alone tells the product: something beside the
// variables is in it.
func (p Preset) specific(template string) bool {
	if slices.ContainsFunc(slices.Collect(maps.Values(p.Variables)), func(v Variable) bool { return len(v.Ends) > 0 }) {
		return true
	}
	u, err := url.Parse(hole.ReplaceAllString(template, "x"))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(template, "://")
	host, _, _ := strings.Cut(after, "/")
	return hole.ReplaceAllString(host, "") != "" || len(u.Path) > 4 && p.Issuer == template
}

// match reads the variables out of an address. atHome: at the product's own
// hosts only; behind a name of the customer's its paths have to tell.
func (p Preset) match(template, address string, atHome bool) (map[string]string, bool) {
	if template == "" || address == "" {
		return nil, false
	}
	// The text before the first hole and behind the last one rules out nearly
	// every template, for much less than an expression costs.
	start, end := strings.IndexByte(template, '{'), strings.LastIndexByte(template, '}')
	if start < 0 {
		return nil, strings.TrimSuffix(template, "/") == strings.TrimSuffix(address, "/")
	}
	if !strings.HasPrefix(address, template[:start]) || !strings.HasSuffix(strings.TrimSuffix(address, "/"), strings.TrimSuffix(template[end+1:], "/")) {
		return nil, false
	}
	var pattern strings.Builder
	var names []string
	rest := strings.TrimSuffix(template, "/")
	for {
		at := hole.FindStringSubmatchIndex(rest)
		if at == nil {
			pattern.WriteString(regexp.QuoteMeta(rest))
			break
		}
		name := rest[at[2]:at[3]]
		names = append(names, name)
		pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]) + "([^/?#@]+)")
		rest = rest[at[1]:]
	}
	re, err := regexp.Compile("^" + pattern.String() + "/?$")
	if err != nil {
		return nil, false
	}
	m := re.FindStringSubmatch(address)
	if m == nil {
		return nil, false
	}
	out := map[string]string{}
	for i, name := range names {
		value := m[i+1]
		if ends := p.Variables[name].Ends; atHome && len(ends) > 0 && !slices.ContainsFunc(ends, func(e string) bool { return strings.HasSuffix(value, e) }) {
			return nil, false
		}
		if old := out[name]; old != "" && old != value {
			return nil, false
		}
		out[name] = value
	}
	return out, true
}

// complete adds what the profile leaves to its preset. It is idempotent.
func (p Profile) complete() Profile {
	preset, err := FindPreset(p.Preset)
	if p.Preset == "" || err != nil {
		return p
	}
	p.Quirks = merged(preset.Quirks, p.Quirks)
	if p.Issuer == "" && p.Metadata == "" && len(p.Endpoints) == 0 {
		filled, lacks := preset.Profile(nil)
		if len(lacks) == 0 {
			p.Issuer, p.Metadata, p.Endpoints = filled.Issuer, filled.Metadata, filled.Endpoints
		}
	}
	return p
}

// Announcements are the deviations that runs with this profile read around,
// one sentence each, sorted by their names.
func (p Profile) Announcements() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.Quirks)) {
		v := wire.Safe(p.Quirks[name])
		text, known := map[string]string{
			"code_lifetime":          "codes live " + v + " seconds",
			"issuer_mismatch":        "its metadata may name another issuer than the one asked for",
			"trusted_audiences":      "ID tokens may also be for " + v,
			"http_200_error":         "it answers errors with HTTP 200: they are read as errors",
			"answer":                 "its token endpoint answers as a form unless asked for JSON: both are read",
			"scope_separator":        "scopes are sent with \"" + v + "\" between them",
			"answer_scope_separator": "granted scopes come with \"" + v + "\" between them",
			"api_parameter":          "an API is named by " + v + ", not by a scope",
			"number_strings":         "numbers of its answers are strings",
			"error_status":           "some of its errors come with HTTP " + v,
			"nested_tokens":          "the person's token is inside " + v,
			"nested_error":           "its errors are objects, with the text inside",
			"issuer_slash":           "its issuer ends with a slash, which belongs to it",
			"response_mode":          "answers with a scope come by " + v + " only",
			"scope_array":            "granted scopes come as a list",
			"body":                   "requests of its token endpoint are " + v + ", which our flows do not send",
		}[name]
		if !known {
			text = name + " = " + v
		}
		out = append(out, text)
	}
	return out
}
