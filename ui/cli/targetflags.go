package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"authdance/flows/grants"
)

// adHoc is the ID of the profile that the flags make.
const adHoc = "command-line"

// targetFlags say where a run goes, and as whom.
type targetFlags struct {
	profile, issuer, metadata     string
	endpoints                     []string
	clientID, secret, redirectURI string
	key, cert, decryptKey         string
	options                       map[string]*word // by the names of grants.Settings
	values                        map[string]*word // request values by their names on the wire
	params, resources             []string
	nonceOff                      bool
	tokens                        map[string]*string // references, by flag
	user, password                string
	deny                          bool
	faults                        []string
	dialect                       string
}

// word is a flag with a text; kind is what --help calls it.
type word struct{ text, kind string }

func (w *word) String() string     { return w.text }
func (w *word) Type() string       { return w.kind }
func (w *word) Set(s string) error { w.text = s; return nil }

// inputs are values without a parameter of their own that some flows begin with.
var inputs = [...]struct{ name, kind, help string }{
	{"username", "NAME", "name of the person, for password"},
	{"subject", "NAME", "whom the assertion is about, for jwt_bearer"},
	{"resource_issuer", "URL", "issuer of the other application's server, for id_jag"},
	{"resource_scope", "WORDS", "what to ask that server for, for id_jag"},
	{"registration_client_uri", "URL", "address of the client's entry, for client_configuration"},
	{"client_metadata", "JSON", "the entry to register, for register"},
	{"post_logout_redirect_uri", "URI", "where the browser goes after the logout, for logout"},
}

// givenTokens are the flags that refer to a token which a flow begins with, and
// the variables that it fills.
var givenTokens = [...]struct {
	flag  string
	names []string
	help  string
}{
	{"refresh-token", []string{"refresh_token"}, "where the refresh token is (`REF`), for refresh_token"},
	{"token", []string{"access_token", "token"}, "where the token is (`REF`), for userinfo, api, introspect, revoke, step_up"},
	{"id-token", []string{"id_token"}, "where the ID token of the login is (`REF`), for logout, silent_renewal, native_sso, id_jag"},
	{"assertion", []string{"assertion"}, "where the assertion is (`REF`), for jwt_bearer, saml2_bearer, on_behalf_of"},
	{"subject-token", []string{"subject_token"}, "where the token to exchange is (`REF`), for token_exchange"},
	{"actor-token", []string{"actor_token"}, "where the token of the one who acts is (`REF`), for token_exchange"},
	{"device-secret", []string{"device_secret"}, "where the device secret is (`REF`), for native_sso"},
	{"registration-token", []string{"registration_access_token"}, "where the registration access token is (`REF`), for client_configuration"},
	{"initial-token", []string{"initial_access_token"}, "where the token that allows to register is (`REF`), for register"},
}

// flagFor is the flag that gives a flow what it begins with.
func flagFor(name string) string {
	for _, in := range givenTokens {
		if slices.Contains(in.names, name) {
			return "--" + in.flag + " REF"
		}
	}
	switch name {
	case "api":
		return "--endpoint api=URL"
	case "password":
		return "--password REF"
	}
	return "--" + dashed(name)
}

// dashed is the flag for a name on the wire.
func dashed(name string) string { return strings.ReplaceAll(name, "_", "-") }

// optionFlag is how an option is written on the command line.
func optionFlag(name string) string {
	if name == "nonce" {
		return "--nonce-off"
	}
	return "--" + dashed(name)
}

// alone is what an option means that is written without a value.
func alone(name string) string {
	return map[string]string{"par": "on", "dpop": "on", "mtls": "on", "jar": "signed"}[name]
}

func (f *targetFlags) where(fs *pflag.FlagSet) {
	fs.StringVar(&f.profile, "profile", "", "saved profile, by `ID` (default: the built-in lab)")
	fs.StringVar(&f.issuer, "issuer", "", "the server's issuer `URL`; its metadata is found from there")
	fs.StringVar(&f.metadata, "metadata", "", "`URL` of the metadata, when it is not at a well-known place")
	fs.StringArrayVar(&f.endpoints, "endpoint", nil, "an endpoint by hand, `NAME=URL`, such as token_endpoint=https://…; api=URL is the API to call")
}

func (f *targetFlags) who(fs *pflag.FlagSet) {
	fs.StringVar(&f.clientID, "client-id", "", "the `ID` that the server gave this application")
	fs.StringVar(&f.secret, "client-secret", "", "where its secret is: env:NAME, file:PATH, prompt or - (`REF`)")
	fs.StringVar(&f.key, "client-key", "", "where its private key is (`REF`), as JWK or PEM: for client assertions and signed requests")
	fs.StringVar(&f.cert, "client-cert", "", "PEM `FILE` of its certificate, with the private key unless --client-key has it")
	fs.StringVar(&f.decryptKey, "decrypt-key", "", "where the private key is that answers are encrypted for (`REF`)")
	f.option(fs, "client_auth", "METHOD")
	f.option(fs, "client_assertion_aud", "WHO")
	fs.StringVar(&f.redirectURI, "redirect-uri", "", "`URI` to come back to; port 0 is any free port (default http://127.0.0.1:0/callback)")
}

// option adds the flag of one option of the flows.
func (f *targetFlags) option(fs *pflag.FlagSet, name, kind string) {
	if f.options == nil {
		f.options = map[string]*word{}
	}
	for _, s := range grants.OptionSettings() {
		if s.Name != name {
			continue
		}
		f.options[name] = &word{kind: kind}
		fl := fs.VarPF(f.options[name], dashed(name), "", s.What+" ("+s.Ref+"): "+strings.Join(everyChoice(name), ", "))
		fl.NoOptDefVal = alone(name)
	}
}

// everyChoice is what an option can be, in any flow.
func everyChoice(name string) []string {
	var all []string
	for _, g := range grants.List() {
		for _, c := range grants.Options(g.ID)[name] {
			if !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

func (f *targetFlags) what(fs *pflag.FlagSet) {
	f.values = map[string]*word{}
	value := func(name, kind, help string) {
		f.values[name] = &word{kind: kind}
		fs.Var(f.values[name], dashed(name), help)
	}
	for _, s := range grants.ValueSettings() {
		if s.Several {
			fs.StringArrayVar(&f.resources, dashed(s.Name), nil, s.What+" (`URI`, "+s.Ref+"); may be repeated")
			continue
		}
		value(s.Name, "TEXT", s.What+" ("+s.Ref+")")
	}
	fs.StringArrayVar(&f.params, "param", nil, "any further parameter, `NAME=VALUE`")
	for _, in := range inputs {
		value(in.name, in.kind, in.help)
	}
	f.tokens = map[string]*string{}
	for _, in := range givenTokens {
		f.tokens[in.flag] = fs.String(in.flag, "", in.help)
	}
}

func (f *targetFlags) how(fs *pflag.FlagSet) {
	for _, name := range []string{"pkce", "par", "jar", "jar_by", "response_mode", "response_type", "dpop", "mtls", "delivery", "notice", "answer", "action"} {
		f.option(fs, name, "HOW")
	}
	fs.BoolVar(&f.nonceOff, "nonce-off", false, "send no nonce")
}

func (f *targetFlags) labs(fs *pflag.FlagSet) {
	fs.StringVar(&f.user, "user", "", "sign in as `NAME` without a browser (in the lab: alice)")
	fs.StringVar(&f.password, "password", "", "where that person's password is (`REF`); the lab's are known")
	fs.BoolVar(&f.deny, "deny", false, "refuse consent")
	fs.StringArrayVar(&f.faults, "fault", nil, "switch on a fault of the lab, by `KEY`; authdance lab --list-faults lists them")
	fs.StringVar(&f.dialect, "dialect", "", "let the lab refuse in the words of a product, by `NAME`; the same list has them")
}

// chosen are the options that the flags name.
func (f *targetFlags) chosen() map[string]string {
	out := map[string]string{}
	for name, w := range f.options {
		if w.text != "" {
			out[name] = w.text
		}
	}
	if f.nonceOff {
		out["nonce"] = "off"
	}
	return out
}
