package cli

import (
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
	refreshToken, accessToken           string
	user, password                      string
	deny                                bool
	faults                              []string
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
	{"claims", "wanted claims as `JSON` (OIDC Core §5.5)"},
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
	fs.StringVar(&f.refreshToken, "refresh-token", "", "where the refresh token is (`REF`), for refresh_token")
	fs.StringVar(&f.accessToken, "token", "", "where the access token is (`REF`), for userinfo and api")
}

func (f *targetFlags) labs(fs *pflag.FlagSet) {
	fs.StringVar(&f.user, "user", "", "sign in as `NAME` without a browser (in the lab: alice)")
	fs.StringVar(&f.password, "password", "", "where that person's password is (`REF`); the lab's are known")
	fs.BoolVar(&f.deny, "deny", false, "refuse consent")
	fs.StringArrayVar(&f.faults, "fault", nil, "switch on a fault of the lab, by `KEY`; authdance lab --list-faults lists them")
}
