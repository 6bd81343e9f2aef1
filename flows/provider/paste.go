package provider

import (
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"authdance/flows/wire"
)

// setting is one name with its value, as a tool's file has it.
type setting struct{ name, value string }

// settings reads the OAuth part of a file: JSON, or lines "name: value" as
// Bruno and YAML have them. The tools differ in their names only, so one table
// (take) serves all.
func (d *Draft) settings(text string) error {
	var list []setting
	if v, _, err := wire.ParseJSON([]byte(text), wire.Limits{}); err == nil {
		walk(v, &list)
	} else if strings.HasPrefix(text, "{") && !strings.Contains(text, ": ") {
		return errors.New("the pasted text is no JSON: " + err.Error())
	} else {
		list = lines(text)
	}
	d.From = toolOf(text)
	for _, s := range list {
		d.take(s.name, s.value)
	}
	p := d.Profile
	if p.Issuer == "" && p.Metadata == "" && len(p.Endpoints) == 0 {
		return errors.New("no address of an authorization server is in there; " + understood)
	}
	if at := p.Metadata; at != "" {
		if u, err := url.Parse(at); err == nil {
			d.Profile.Metadata = ""
			d.address(u)
			d.From = toolOf(text)
		}
	} else if p.Issuer != "" {
		d.Look = WellKnown(p.Issuer)
	}
	return nil
}

// toolOf says whose file it is, for the sentence about it.
func toolOf(text string) string {
	low := strings.ToLower(text)
	for _, t := range []struct{ mark, tool string }{
		{"\"openapi\"", "OpenAPI"}, {"openapi:", "OpenAPI"}, {"\"swagger\"", "OpenAPI"}, {"swagger:", "OpenAPI"}, {"securityschemes", "OpenAPI"},
		{"auth:oauth2", "Bruno"}, {"access_token_url:", "Bruno"}, {"insomnia", "Insomnia"}, {"accesstokenurl\":", "Insomnia"}, {"postman", "Postman"}, {"\"oauth2\"", "Postman"}, {"authorization_endpoint", "metadata"},
	} {
		if strings.Contains(low, t.mark) {
			if t.tool == "Insomnia" && strings.Contains(low, "\"key\"") {
				return "Postman"
			}
			return t.tool
		}
	}
	return "OAuth settings"
}

// walk collects every string of a JSON document with its name. Postman writes
// lists of {key, value}; the scopes of OpenAPI are the names of an object.
func walk(v wire.Value, out *[]setting) {
	if key, val := v.Str("key"), v.Str("value"); key != "" && val != "" {
		*out = append(*out, setting{key, val})
		return
	}
	for _, m := range v.Members {
		switch m.Value.Kind {
		case wire.String, wire.Bool:
			*out = append(*out, setting{m.Name, m.Value.Text})
			continue
		case wire.Object:
			if m.Name == "scopes" {
				var names []string
				for _, s := range m.Value.Members {
					names = append(names, s.Name)
				}
				*out = append(*out, setting{"scopes", strings.Join(names, " ")})
				continue
			}
		case wire.Array:
			if list := v.Strings(m.Name); len(list) > 0 {
				*out = append(*out, setting{m.Name, strings.Join(list, " ")})
				continue
			}
		}
		walk(m.Value, out)
	}
	for _, e := range v.Items {
		walk(e, out)
	}
}

var line = regexp.MustCompile(`^[\s-]*"?([A-Za-z][A-Za-z0-9_-]*)"?\s*[:=]\s*(.+?)\s*,?\s*$`)

func lines(text string) []setting {
	var out []setting
	var scopes []string
	within := -1 // the indent of "scopes:", whose deeper lines are scopes
	for l := range strings.Lines(text) {
		indent := len(l) - len(strings.TrimLeft(l, " \t"))
		bare := strings.TrimSpace(l)
		if within >= 0 && bare != "" && indent > within {
			name, _, _ := strings.Cut(strings.TrimPrefix(bare, "- "), ": ")
			scopes = append(scopes, strings.Trim(name, `"':`))
			continue
		}
		within = -1
		if bare == "scopes:" {
			within = indent
			continue
		}
		if m := line.FindStringSubmatch(l); m != nil {
			out = append(out, setting{m[1], strings.Trim(m[2], `"'`)})
		}
	}
	if len(scopes) > 0 {
		out = append(out, setting{"scopes", strings.Join(scopes, " ")})
	}
	return out
}

var notLetter = regexp.MustCompile(`[^a-z0-9]+`)

// take puts one value where it belongs. Names are compared without case and
// signs: authUrl, auth_url and AuthURL are one.
func (d *Draft) take(name, value string) {
	value = strings.TrimSpace(strings.ToValidUTF8(value, "\ufffd")) // escapes can spell any byte, TOML cannot
	if value == "" {
		return
	}
	field := notLetter.ReplaceAllString(strings.ToLower(name), "")
	p := &d.Profile
	put := func(to *string) {
		if strings.Contains(value, "{{") || strings.HasPrefix(value, "$") {
			d.note(wire.Safe(name) + " is a variable of the tool, " + wire.Safe(value) + ": fill in its value")
			return
		}
		if *to == "" {
			*to = value
		}
	}
	place := func(endpoint string) {
		at := p.Endpoints[endpoint]
		put(&at)
		if u, err := url.Parse(at); err != nil || at != "" && u.Host == "" {
			d.note(wire.Safe(name) + " is no full address and was left out: " + wire.Safe(value))
			return
		}
		if at != "" {
			d.endpoint(endpoint, at)
		}
	}
	switch field {
	case "authorizationurl", "authurl", "authorizeurl", "authorizationendpoint", "authuri":
		place("authorization_endpoint")
	case "accesstokenurl", "tokenurl", "tokenendpoint", "tokenuri":
		place("token_endpoint")
	case "deviceauthorizationurl", "deviceauthorizationendpoint":
		place("device_authorization_endpoint")
	case "userinfoendpoint", "revocationendpoint", "introspectionendpoint", "endsessionendpoint", "pushedauthorizationrequestendpoint", "jwksuri":
		place(name)
	case "openidconnecturl", "discoveryurl", "wellknownurl", "wellknown":
		put(&p.Metadata)
	case "issuer", "issueruri", "authority":
		put(&p.Issuer)
	case "clientid":
		put(&p.Client.ID)
	case "clientsecret":
		if strings.Contains(value, "{{") {
			d.note("the client secret is a variable of the tool: say where it is kept")
			return
		}
		d.Secrets["client.secret"] = wire.NewSecret(value)
		d.note("a client secret was in there: it goes to a safe place, not into the profile")
	case "callbackurl", "redirecturl", "redirecturi":
		put(&p.Client.RedirectURI)
	case "scope", "scopes":
		put(&p.Request.Scope)
	case "audience":
		put(&p.Request.Audience)
	case "resource":
		put(&p.Request.Resource)
	case "codechallengemethod", "challengealgorithm", "pkcemethod":
		p.Request.PKCE = map[string]string{"sha-256": "S256", "s256": "S256", "plain": "plain"}[strings.ToLower(value)]
	case "pkce", "usepkce":
		if strings.EqualFold(value, "false") {
			p.Request.PKCE = "off"
		}
	case "clientauthentication", "credentialsplacement", "credentialsinbody", "tokenendpointauthmethod":
		switch low := strings.ToLower(value); {
		case slices.Contains(authMethods(), low):
			p.Client.Auth = low
		case strings.Contains(low, "header"), strings.Contains(low, "basic"), low == "false":
			p.Client.Auth = "client_secret_basic"
		case strings.Contains(low, "body"), low == "true":
			p.Client.Auth = "client_secret_post"
		}
	case "prompt", "loginhint", "acrvalues", "accesstype", "maxage", "uilocales":
		if p.Values == nil {
			p.Values = map[string]string{}
		}
		p.Values[strings.ToLower(name)] = value
	}
}

func isCurl(s string) bool {
	return strings.HasPrefix(s, "curl ") || strings.HasPrefix(s, "$ curl ") || strings.HasPrefix(s, "curl\n") || strings.HasPrefix(s, "curl.exe ")
}

// curl reads a request to a token or authorization endpoint. Nothing is run.
func (d *Draft) curl(text string) error {
	args := shellWords(strings.TrimPrefix(text, "$ "))
	var address *url.URL
	params := url.Values{}
	for i := 1; i < len(args); i++ {
		flag, value := args[i], ""
		if name, v, joined := strings.Cut(flag, "="); joined && strings.HasPrefix(flag, "--") {
			flag, value = name, v
		} else if len(flag) > 2 && flag[0] == '-' && strings.ContainsRune("duHX", rune(flag[1])) {
			flag, value = flag[:2], flag[2:]
		} else if i+1 < len(args) && slices.Contains([]string{"-d", "--data", "--data-raw", "--data-urlencode", "--data-binary", "--data-ascii", "-F", "--form", "-u", "--user", "-H", "--header", "-X", "--request", "--url",
			"-A", "--user-agent", "-o", "--output", "-b", "--cookie", "-x", "--proxy", "--cacert", "--cert", "--key", "-m", "--max-time", "-e", "--referer", "--connect-timeout"}, flag) {
			i++
			value = args[i]
		}
		switch flag {
		case "-d", "--data", "--data-raw", "--data-urlencode", "--data-binary", "--data-ascii", "-F", "--form":
			if q, err := url.ParseQuery(value); err == nil {
				for k, v := range q {
					params[k] = append(params[k], v...)
				}
			}
		case "-u", "--user":
			d.basic(value)
		case "-H", "--header":
			name, v, _ := strings.Cut(value, ":")
			if scheme, credentials, ok := strings.Cut(strings.TrimSpace(v), " "); ok && strings.EqualFold(strings.TrimSpace(name), "authorization") && strings.EqualFold(scheme, "basic") {
				if b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials)); err == nil {
					d.basic(string(b))
				}
			}
		default:
			if flag == "--url" {
				flag = value
			}
			if u, err := url.Parse(flag); err == nil && u.Host != "" && address == nil {
				address = u
			}
		}
	}
	if address == nil {
		return errors.New("the curl command has no full address; it needs one that begins with https://")
	}
	address.User = nil
	for k, v := range address.Query() {
		params[k] = append(params[k], v...)
	}
	bare := *address
	bare.RawQuery, bare.Fragment = "", ""
	switch {
	case strings.Contains(bare.Path, "/.well-known/"):
		d.address(address)
	case params.Has("grant_type"):
		d.endpoint("token_endpoint", bare.String())
	case params.Has("response_type"):
		d.endpoint("authorization_endpoint", bare.String())
	case strings.Contains(bare.Path, "device"):
		d.endpoint("device_authorization_endpoint", bare.String())
	default:
		d.address(address)
	}
	d.From = "curl command"
	for name := range params {
		d.take(name, params.Get(name))
	}
	if params.Has("client_secret") && d.Profile.Client.Auth == "" {
		d.Profile.Client.Auth = "client_secret_post"
	}
	if params.Has("code") || params.Has("refresh_token") || params.Has("password") {
		d.note("codes, tokens and passwords of the command were not kept")
	}
	return nil
}

// basic takes apart user:password. Both are form-encoded in OAuth (RFC 6749 §2.3.1).
func (d *Draft) basic(pair string) {
	id, secret, _ := strings.Cut(pair, ":")
	for _, s := range []*string{&id, &secret} {
		if plain, err := url.QueryUnescape(*s); err == nil {
			*s = plain
		}
	}
	d.take("client_id", id)
	d.take("client_secret", secret)
	d.Profile.Client.Auth = "client_secret_basic"
}

// shellWords takes a command apart as a shell would, without ever expanding
// anything. An open quote ends at the end.
func shellWords(s string) []string {
	var out []string
	var word strings.Builder
	var quote byte
	open := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == 0 && c == '\\' || quote == '"' && c == '\\' && i+1 < len(s) && strings.IndexByte("\"\\$`\n", s[i+1]) >= 0:
			if i++; i < len(s) && s[i] == '\r' && i+1 < len(s) {
				i++
			}
			if i < len(s) && s[i] != '\n' {
				word.WriteByte(s[i])
				open = true
			}
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, open = c, true
		case quote == 0 && strings.IndexByte(" \t\r\n", c) >= 0:
			if open {
				out = append(out, word.String())
				word.Reset()
				open = false
			}
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if open {
		out = append(out, word.String())
	}
	return out
}
