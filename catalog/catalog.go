// Package catalog explains: every error code, every parameter, every claim and
// the ideas behind them, as embedded data with typed lookups and a search.
//
// The rule of this package: the knowledge is in data files that a person can
// read, diff and correct; the Go code only loads, links and finds it. It knows
// no run, no network and no screen, and it imports nothing of ours.
//
// The files: codes/*.tsv has one line for each value, provider and place;
// articles/*.md one page each, TOML between +++ lines, then Markdown, named
// after its id; parameters/*.toml and claims/*.toml the dictionary; terms.toml
// the glossary; steps.toml what is most likely wrong at each step. Causes, lab
// instructions, related pages and sources are written once, in the TOML:
// Markdown weaves them in. The tests say what is missing from a new page.
package catalog

import (
	"slices"
	"strings"
	"sync"
)

// Registry is the provider id of the rows that belong to no product: the error
// values that RFCs and OpenID specifications define.
const Registry = "oauth"

// Checks is the provider id of this program's own check ids (`alg_none`,
// `state_mismatch`) and transport failures (`dns_failure`).
const Checks = "authdance"

// Catalog is the loaded data. It never changes after Load, so any number of
// goroutines may read it.
type Catalog struct {
	pages      []Page
	byID       map[string]int
	codes      []Code
	byCode     map[string][]int // lower-case code → rows, in file order
	providers  map[string]bool  // ids that the code files use
	parameters map[string]Parameter
	claims     map[string]Claim
	terms      []Term
	phrases    []phrase            // in page order
	signals    func() []signal     // read when first wanted
	ranks      map[string][]string // step → article ids, most likely first
}

var (
	load   = sync.OnceValues(parse)
	claims = sync.OnceValues(parseClaims)
)

// Load parses the embedded data the first time it is called and returns the
// same catalog ever after. An error is a defect of the embedded data, never of
// the caller; it names the file.
func Load() (*Catalog, error) { return load() }

// LookupClaim finds the entry of a claim or JOSE header member without reading
// the rest of the catalog: for a command that explains one token and ends. ok is
// false for a name that has none; the error is that of Load.
func LookupClaim(name string) (cl Claim, ok bool, err error) {
	all, err := claims()
	cl, ok = all[name]
	return cl, ok, err
}

// Pages lists every page, sorted by kind, provider and title. The caller must
// not change it.
func (c *Catalog) Pages() []Page { return c.pages }

// Page finds a page by its id: `code-expired`, `entra/AADSTS50011`,
// `oauth/invalid_grant`, `parameter/state`, `claim/aud`, `provider/okta`.
func (c *Catalog) Page(id string) (Page, bool) {
	if i, ok := c.byID[id]; ok {
		return c.pages[i], true
	}
	return Page{}, false
}

// Code finds the row of a provider's code. The empty provider means the
// registry. A value that is returned in several places has several rows: this
// is the first, Places has all of them.
func (c *Catalog) Code(provider, code string) (Code, bool) {
	rows := c.Places(provider, code)
	if len(rows) == 0 {
		return Code{}, false
	}
	return rows[0], true
}

// Places lists the rows of a code, one for each place that returns it. An
// Entra code may be given as the bare number, and a provider by a preset id
// such as `okta-custom`.
func (c *Catalog) Places(provider, code string) []Code {
	provider, code = c.providerOf(provider), strings.ToLower(strings.TrimSpace(code))
	if provider == "entra" && code != "" && isDigits(code) {
		code = "aadsts" + code
	}
	var rows []Code
	for _, i := range c.byCode[code] {
		if c.codes[i].Provider == provider {
			rows = append(rows, c.codes[i])
		}
	}
	return rows
}

// Codes lists the rows of all providers that go with an OAuth error value,
// registry first.
func (c *Catalog) Codes(oauthError string) []Code {
	var rows []Code
	for _, row := range c.codes {
		if row.OAuthError == oauthError && oauthError != "" {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b Code) int {
		return registryFirst(a.Provider) - registryFirst(b.Provider)
	})
	return rows
}

// Parameter finds the dictionary entry of a parameter, header, metadata field
// or JSON member by its wire name. Header names match in any case.
func (c *Catalog) Parameter(name string) (Parameter, bool) {
	p, ok := c.parameters[name]
	if !ok {
		p, ok = c.parameters[strings.ToLower(name)]
	}
	return p, ok
}

// Claim finds the entry of a token claim or JOSE header member.
func (c *Catalog) Claim(name string) (Claim, bool) {
	cl, ok := c.claims[name]
	return cl, ok
}

// Term finds a glossary line by its name, in any case.
func (c *Catalog) Term(name string) (Term, bool) {
	for _, t := range c.terms {
		if strings.EqualFold(t.Name, name) {
			return t, true
		}
	}
	return Term{}, false
}

// Terms lists the glossary in alphabetical order. The caller must not change it.
func (c *Catalog) Terms() []Term { return c.terms }

// providerOf maps what a profile may call its provider to the id that the code
// files use: `okta-custom` and `okta-org` share Okta's codes.
func (c *Catalog) providerOf(id string) string {
	if id == "" {
		return Registry
	}
	id = strings.ToLower(id)
	if c.providers[id] {
		return id
	}
	family, _, _ := strings.Cut(id, "-")
	return family
}

func registryFirst(provider string) int {
	if provider == Registry {
		return 0
	}
	return 1
}

func isDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
