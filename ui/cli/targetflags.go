package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// adHoc is the ID of the profile that the flags make.
const adHoc = "command-line"

// targetFlags say where a run goes, and as whom.
type targetFlags struct {
	profile, issuer, metadata           string
	endpoints                           []string
	clientID, secret, auth, redirectURI string
	values                              map[string]*string // request values by their names on the wire
	params                              []string
	pkce                                string
	nonceOff                            bool
	tokens                              map[string]*string // references, by flag
	user, password                      string
	deny                                bool
	faults                              []string
	dialect                             string
}

// requestValues are the flags that become the parameter of the same name.
var requestValues = [...]struct{ name, help string }{
	{"scope", "what to ask for: `WORDS` in quotes"},
	{"response_mode", "how the answer comes back, by `NAME`: query, fragment or form_post"},
	{"resource", "`URI` of the API that the token is for, RFC 8707"},
	{"audience", "the same as some providers call it, any `TEXT`"},
	{"prompt", "`WORDS`: none, login, consent or select_account"},
	{"max_age", "how old the login may be, in `SECONDS`"},
	{"login_hint", "`NAME` of who is about to sign in"},
	{"acr_values", "`WORDS`: the wanted strengths of the login"},
	{"username", "`NAME` of the person, for the flow password"},
	{"claims", "wanted claims as `JSON` (OIDC Core §5.5)"},
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
	{"id-token", []string{"id_token"}, "where the ID token of the login is (`REF`), for logout and silent_renewal"},
	{"assertion", []string{"assertion"}, "where the assertion is (`REF`), for jwt_bearer, saml2_bearer, on_behalf_of"},
	{"subject-token", []string{"subject_token"}, "where the token to exchange is (`REF`), for token_exchange"},
	{"actor-token", []string{"actor_token"}, "where the token of the one who acts is (`REF`), for token_exchange"},
	{"device-secret", []string{"device_secret"}, "where the device secret is (`REF`), for native_sso"},
	{"registration-token", []string{"registration_access_token"}, "where the registration access token is (`REF`), for client_configuration"},
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
	return "--" + strings.ReplaceAll(name, "_", "-")
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
	fs.StringVar(&f.auth, "client-auth", "", "`METHOD`: none, client_secret_basic or client_secret_post")
	fs.StringVar(&f.redirectURI, "redirect-uri", "", "`URI` to come back to; port 0 is any free port (default http://127.0.0.1:0/callback)")
}

func (f *targetFlags) what(fs *pflag.FlagSet) {
	f.values = map[string]*string{}
	for _, v := range requestValues {
		f.values[v.name] = fs.String(strings.ReplaceAll(v.name, "_", "-"), "", v.help)
	}
	fs.StringArrayVar(&f.params, "param", nil, "any further parameter, `NAME=VALUE`")
	fs.StringVar(&f.pkce, "pkce", "", "`METHOD`: S256, plain or off (default S256)")
	fs.BoolVar(&f.nonceOff, "nonce-off", false, "send no nonce")
	f.tokens = map[string]*string{}
	for _, in := range givenTokens {
		f.tokens[in.flag] = fs.String(in.flag, "", in.help)
	}
}

func (f *targetFlags) labs(fs *pflag.FlagSet) {
	fs.StringVar(&f.user, "user", "", "sign in as `NAME` without a browser (in the lab: alice)")
	fs.StringVar(&f.password, "password", "", "where that person's password is (`REF`); the lab's are known")
	fs.BoolVar(&f.deny, "deny", false, "refuse consent")
	fs.StringArrayVar(&f.faults, "fault", nil, "switch on a fault of the lab, by `KEY`; authdance lab --list-faults lists them")
	fs.StringVar(&f.dialect, "dialect", "", "let the lab refuse in the words of a product, by `NAME`; the same list has them")
}
