package provider

import (
	"cmp"
	"errors"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"authdance/flows/wire"
)

// Draft is a profile on its way: what one pasted thing told, and what is still
// to be asked. It holds no secret: those that were pasted are in Secrets, for
// whoever stores them by reference.
type Draft struct {
	Profile   Profile
	From      string            // what the input was read as: "issuer", "curl command", "Postman", …
	Variables map[string]string // of the preset
	Secrets   map[string]wire.Secret
	Notes     []string // what was left out or looks wrong, one sentence each
	Look      []Candidate
	// Look is where to look for what the input only hints at, in the order to
	// try: metadata of the issuer, or the description of a resource.
}

// Missing is one thing that the draft lacks, for a person.
type Missing struct {
	Field   string // as in the file, "client.id"; a variable of the preset is "variable.NAME"
	What    string // what it is and who knows it
	Example string
}

// NewDraft reads the one thing that a person has: an issuer, the address of a
// discovery document, an authorization URL, a curl command, the OAuth settings
// of Postman, Insomnia, Bruno or OpenAPI, the address of an MCP server, or the
// name of a preset. It touches no network: Look says what to fetch. The error
// says what would be understood.
func NewDraft(input string, variables map[string]string) (Draft, error) {
	d := Draft{Secrets: map[string]wire.Secret{}, Variables: maps.Clone(variables)}
	if d.Variables == nil {
		d.Variables = map[string]string{}
	}
	input = strings.TrimSpace(strings.TrimPrefix(input, "\ufeff"))
	if len(input) > maxProfile {
		return d, errors.New("that is more than 1 MiB; paste only the part about OAuth")
	}
	if !utf8.ValidString(input) {
		return d, errors.New("that is no text (UTF-8); " + understood)
	}
	if input == "" {
		return d, errors.New("nothing was given; " + understood)
	}
	switch {
	case isCurl(input):
		d.From = "curl command"
		if err := d.curl(input); err != nil {
			return d, err
		}
	case strings.Contains(input, "\n") || strings.HasPrefix(input, "{") || strings.HasPrefix(input, "["):
		if err := d.settings(input); err != nil {
			return d, err
		}
	default:
		if err := d.oneWord(input); err != nil {
			return d, err
		}
	}
	d.finish(Metadata{})
	return d, nil
}

const understood = "give an issuer such as https://idp.example.com, the address of its metadata, an authorization URL, a curl command, " +
	"OAuth settings of Postman, Insomnia, Bruno or OpenAPI, the address of an MCP server, or a preset such as github"

// oneWord reads an address or the name of a preset.
func (d *Draft) oneWord(text string) error {
	preset, unknown := FindPreset(text)
	if unknown == nil {
		d.From = "preset"
		d.Profile, _ = preset.Profile(d.Variables)
		return nil
	}
	if !strings.Contains(text, "://") {
		if !looksLikeHost(text) {
			return errors.New(unknown.Error() + ". Otherwise " + understood)
		}
		text = schemeFor(text) + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New(wire.Safe(text) + " is no address that can be read; write it with https:// and the host")
	}
	if u.User != nil {
		u.User = nil
		d.note("the user name and password in the address were dropped")
	}
	d.address(u)
	return nil
}

func looksLikeHost(s string) bool {
	host, _, _ := strings.Cut(s, "/")
	name, _, _ := strings.Cut(host, ":")
	return !strings.ContainsAny(s, " \t\"'<>") && (strings.Contains(name, ".") || name == "localhost")
}

// schemeFor is http for this computer, https for every other.
func schemeFor(hostAndPath string) string {
	host, _, _ := strings.Cut(hostAndPath, "/")
	if onThisComputer(host) {
		return "http://"
	}
	return "https://"
}

func onThisComputer(host string) bool {
	if u, err := url.Parse("//" + host); err == nil {
		host = u.Hostname()
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// address tells the kinds of addresses apart.
func (d *Draft) address(u *url.URL) {
	const known = "/.well-known/"
	q := u.Query()
	bare := *u
	bare.RawQuery, bare.Fragment = "", ""
	at := bare.String()
	switch before, name, found := strings.Cut(bare.EscapedPath(), known); {
	case found && strings.HasPrefix(name, "oauth-protected-resource"):
		d.From = "description of a protected resource"
		d.Profile.API = u.Scheme + "://" + u.Host + before + strings.TrimPrefix(name, "oauth-protected-resource")
		d.Look = []Candidate{{URL: at, Rule: "the address itself", Resource: d.Profile.API}}
	case found:
		d.From = "address of metadata"
		_, inserted, _ := strings.Cut(name, "/")
		issuer := u.Scheme + "://" + u.Host + before
		if inserted != "" {
			issuer += "/" + inserted
		}
		d.Profile.Issuer = issuer
		if !slices.ContainsFunc(WellKnown(issuer), func(c Candidate) bool { return c.URL == u.String() }) {
			d.Profile.Metadata = u.String()
		}
		d.Look = []Candidate{{URL: u.String(), Rule: "the address itself"}}
	case q.Has("client_id") || q.Has("response_type"):
		d.From = "authorization URL"
		d.endpoint("authorization_endpoint", at)
		for name := range q {
			d.take(name, q.Get(name))
		}
	default:
		if p, _, ok := Recognise(at, Metadata{}); ok && endpointOf(p, at) != "" {
			d.From = "address of an endpoint"
			d.endpoint(endpointOf(p, at), at)
			return
		}
		d.From = "issuer"
		d.Profile.Issuer = u.Scheme + "://" + u.Host + u.EscapedPath()
		if u.RawQuery != "" || u.Fragment != "" {
			d.note("what followed the path was dropped: an issuer has no query and no fragment (OIDC Discovery §3)")
		}
		d.Look = append(WellKnown(d.Profile.Issuer), ResourceWellKnown(at)...)
	}
}

func endpointOf(p Preset, address string) string {
	for _, name := range slices.Sorted(maps.Keys(p.Endpoints)) {
		if _, fits := p.match(p.Endpoints[name], address, true); fits {
			return name
		}
	}
	return ""
}

func (d *Draft) endpoint(name, address string) {
	if d.Profile.Endpoints == nil {
		d.Profile.Endpoints = map[string]string{}
	}
	d.Profile.Endpoints[name] = address
}

func (d *Draft) note(sentence string) {
	if !slices.Contains(d.Notes, sentence) {
		d.Notes = append(d.Notes, sentence)
	}
}

// WithMetadata is the draft after a discovery document was fetched from this
// address: its issuer is taken as the document writes it.
func (d Draft) WithMetadata(address string, m Metadata) Draft {
	d.Notes = slices.Clone(d.Notes)
	d.Profile.Endpoints = maps.Clone(d.Profile.Endpoints)
	got := m.Issuer().Raw()
	if asked := d.Profile.Issuer; asked != "" && got != "" && got != asked {
		if strings.TrimSuffix(got, "/") != strings.TrimSuffix(asked, "/") {
			d.note("the metadata is about the issuer " + wire.Safe(got) + ", not " + wire.Safe(asked) + ": check that you mean it, because tokens will name it")
		}
	}
	if got != "" && hole.FindString(got) == "" {
		d.Profile.Issuer = got
	}
	d.Profile.Metadata = ""
	if !slices.ContainsFunc(WellKnown(d.Profile.Issuer), func(c Candidate) bool { return c.URL == address }) {
		d.Profile.Metadata = address
	}
	d.Profile.Endpoints = nil // the document says them, and goes on saying them when they move
	d.Look = nil
	d.finish(m)
	return d
}

// WithResource is the draft after the description of a protected resource
// (RFC 9728 §3.2) was fetched: the next place to look is its authorization server.
func (d Draft) WithResource(m Metadata) Draft {
	d.From, d.Notes = "protected resource", slices.Clone(d.Notes)
	d.Profile.API = cmp.Or(m.Document().Str("resource"), d.Profile.API)
	d.Profile.Request.Resource = d.Profile.API
	servers := m.Document().Strings("authorization_servers")
	d.Look = nil
	if len(servers) == 0 {
		d.note("the description names no authorization server; ask who runs the resource for the issuer")
		return d
	}
	if len(servers) > 1 {
		d.note("the resource trusts several authorization servers; this is the first of them")
	}
	if scopes := m.Document().Strings("scopes_supported"); len(scopes) > 0 && d.Profile.Request.Scope == "" {
		d.Profile.Request.Scope = strings.Join(scopes, " ")
	}
	d.Profile.Issuer = servers[0]
	d.Look = WellKnown(servers[0])
	d.finish(Metadata{})
	return d
}

// finish recognises the product and fills what has a usual value.
func (d *Draft) finish(m Metadata) {
	p := &d.Profile
	at := cmp.Or(p.Issuer, p.Metadata, p.Endpoints["authorization_endpoint"], p.Endpoints["token_endpoint"])
	if preset, values, ok := Recognise(at, m); ok && p.Preset == "" {
		p.Preset = preset.ID
		for k, v := range values {
			d.Variables[k] = cmp.Or(d.Variables[k], v)
		}
	}
	if preset, err := FindPreset(p.Preset); err == nil {
		usual, _ := preset.Profile(d.Variables)
		p.Name = cmp.Or(p.Name, usual.Name)
		if p.Issuer == "" && p.Metadata == "" {
			p.Issuer, p.Metadata = usual.Issuer, usual.Metadata
			all := maps.Clone(usual.Endpoints)
			if len(p.Endpoints) > 0 && all != nil {
				maps.Copy(all, p.Endpoints)
			}
			p.Endpoints = all
			if p.Issuer != "" || p.Metadata != "" { // its document says them, and goes on saying them when they move
				p.Endpoints = nil
				if p.Issuer != "" {
					d.Look = WellKnown(p.Issuer)
				}
			}
		}
		p.Request.Scope = cmp.Or(p.Request.Scope, usual.Request.Scope)
		p.Request.PKCE = cmp.Or(p.Request.PKCE, usual.Request.PKCE)
		p.Values, p.Quirks = merged(usual.Values, p.Values), merged(merged(preset.Quirks, usual.Quirks), p.Quirks)
		if p.Client.Auth == "" && (p.Client.Secret != "" || !d.Secrets["client.secret"].IsZero()) && usual.Client.Auth != "" {
			p.Client.Auth = usual.Client.Auth
		}
		p.Class = cmp.Or(p.Class, usual.Class)
	}
	if _, announced := m.Supports("scopes_supported", "openid"); p.Request.Scope == "" && (announced || m.URLs()["userinfo_endpoint"] != "") {
		p.Request.Scope = "openid"
	}
	p.Schema = Schema
	p.ID = cmp.Or(p.ID, SuggestID(cmp.Or(at, p.Preset)))
	if p.Preset != "" && at == "" {
		p.ID = p.Preset
	}
	p.Name = cmp.Or(p.Name, p.ID)
	p.Class = cmp.Or(p.Class, suggestClass(at))
	p.Client.RedirectURI = cmp.Or(p.Client.RedirectURI, defaultRedirect)
}

// suggestClass is LAB for this computer and TEST elsewhere; hosts that call
// themselves production suggest LIVE.
func suggestClass(address string) string {
	u, err := url.Parse(address)
	switch {
	case err == nil && onThisComputer(u.Host):
		return Lab
	case err == nil && slices.ContainsFunc(strings.FieldsFunc(u.Hostname(), func(r rune) bool { return r == '.' || r == '-' }), func(label string) bool {
		return label == "prod" || label == "production" || label == "live"
	}):
		return Live
	}
	return Test
}

var notInID = regexp.MustCompile(`[^a-z0-9]+`)

// SuggestID makes the ID of a profile from an address: the telling part of its host.
func SuggestID(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		u = &url.URL{Host: address}
	}
	id := u.Hostname()
	labels := strings.Split(id, ".")
	if _, err := netip.ParseAddr(id); err != nil && len(labels) > 2 {
		id = strings.Join(labels[:len(labels)-1], "-")
	}
	id = strings.Trim(notInID.ReplaceAllString(strings.ToLower(id), "-"), "-")
	for _, dull := range []string{"www-", "login-", "auth-", "sso-", "idp-", "accounts-"} {
		if rest := strings.TrimPrefix(id, dull); len(rest) > 2 {
			id = rest
		}
	}
	if len(id) > 40 {
		id = strings.Trim(id[:40], "-")
	}
	if id == "" {
		return "provider"
	}
	return id
}

// Missing lists what the draft needs from a person, in the order to ask.
func (d Draft) Missing() []Missing {
	var out []Missing
	p := d.Profile
	preset, err := FindPreset(p.Preset)
	if err == nil && len(d.Look) == 0 {
		open := map[string]bool{}
		for _, text := range append(slices.Collect(maps.Values(p.Endpoints)), p.Issuer, p.Metadata) {
			for _, m := range hole.FindAllStringSubmatch(text, -1) {
				open[m[1]] = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(open)) {
			v := preset.Variables[name]
			out = append(out, Missing{"variable." + name, v.What, v.Example})
		}
	}
	switch {
	case p.Issuer == "" && p.Metadata == "" && len(p.Endpoints) == 0:
		out = append(out, Missing{"issuer", "where the provider is", "https://idp.example.com"})
	case p.Issuer == "" && p.Metadata == "" && p.Endpoints["token_endpoint"] == "":
		out = append(out, Missing{"endpoints.token_endpoint", "where codes are exchanged for tokens; the provider's documents name it", "https://idp.example.com/token"})
	}
	if p.Client.ID == "" {
		where := "the provider gives it when you register an application"
		if err == nil {
			where = "register an application at " + preset.RegisterAt
		}
		out = append(out, Missing{"client.id", where, "my-client-id"})
	}
	if m := p.Client.Auth; strings.HasPrefix(m, "client_secret") && p.Client.Secret == "" {
		out = append(out, Missing{"client.secret", "this client proves itself with a secret; keep it outside of the file and name where it is", "env:" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(p.ID)) + "_SECRET"})
	}
	return out
}
