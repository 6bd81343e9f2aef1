package lab

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// DialectHeader chooses the dialect of one request, by name. An unknown name is
// answered with 400.
const DialectHeader = "X-Lab-Dialect"

// Dialect is the way in which one product words its refusals.
type Dialect struct {
	Name    string // for SetDialect and the header
	Product string
}

// dialect says the same refusals as a product does: with its status, its error
// value, its own code and the phrase that people search for. The protocol stays
// the same, and so does what is decided.
type dialect struct {
	Dialect
	sayings []saying
	// usual is the product's own code for everything else; empty when it has none.
	usual string
	// How an answer looks, by the kind of endpoint. Nil is the form of the RFCs:
	// error and error_description.
	oauth, userinfo, api, registration func(*exchange, spoken, *reply)
	redirect                           func(*exchange, spoken, url.Values)
	// page is the text of the error page; nil takes the description.
	page func(*exchange, spoken) string
	// originRules: where a code may be redeemed from depends on the kind of its
	// redirect URI; see checkPlatform.
	originRules bool
}

// saying is how a product words some reasons. What is empty stays as the RFCs
// have it.
type saying struct {
	about  []problem // reasons, or keys of the faults that stand for one
	status int
	error  string
	code   string // the product's own
	words  string
}

// spoken is a refusal in the words of a dialect.
type spoken struct {
	refusal
	own string // the product's own code
}

func knownDialects() []dialect {
	return []dialect{rfcDialect(), entraDialect(), oktaDialect(), auth0Dialect(), googleDialect(), githubDialect(), keycloakDialect(),
		pingfederateDialect(), spotifyDialect(), cognitoDialect()}
}

// Dialects lists the dialects in a fixed order, beginning with rfc.
func Dialects() []Dialect {
	var list []Dialect
	for _, d := range knownDialects() {
		list = append(list, d.Dialect)
	}
	return list
}

func rfcDialect() dialect { return dialect{Dialect: Dialect{"rfc", "the RFCs"}} }

// findDialect finds a dialect by name; an empty one is that of the RFCs.
func findDialect(name string) (*dialect, error) {
	var names []string
	for _, d := range knownDialects() {
		if d.Name == name || name == "" && d.Name == "rfc" {
			return &d, nil
		}
		names = append(names, d.Name)
	}
	return nil, fmt.Errorf("lab: no dialect is called %q; there are %s", name, joined(names))
}

// SetDialect makes the refusals of the tenant look like those of a product. The
// default is "rfc"; an unknown name is an error.
func (t Tenant) SetDialect(name string) error {
	d, err := findDialect(name)
	if err == nil {
		t.t.dialect.Store(d)
	}
	return err
}

// Dialect is the name of the dialect that the tenant speaks.
func (t Tenant) Dialect() string { return t.t.dialect.Load().Name }

// SetDialect sets the dialect of all tenants; see Tenant.SetDialect.
func (l *Lab) SetDialect(name string) error {
	d, err := findDialect(name)
	if err == nil {
		for _, t := range l.tenants {
			t.dialect.Store(d)
		}
	}
	return err
}

// chooseDialect takes the dialect of a request: from its header, else the
// tenant's. The reply is for a header that names none.
func (x *exchange) chooseDialect(r *http.Request) (reply, bool) {
	x.dialect = x.tenant.dialect.Load()
	name := r.Header.Get(DialectHeader)
	if name == "" {
		return reply{}, true
	}
	d, err := findDialect(name)
	if err != nil {
		return textReply(http.StatusBadRequest, fmt.Sprintf("authdance lab: the header %s names a dialect that does not exist: %s\n", DialectHeader, plain(name))), false
	}
	x.dialect = d
	return reply{}, true
}

// speak words a refusal in the dialect of the request. why is what the RFCs
// would say.
func (x *exchange) speak(p problem, why refusal) spoken {
	out := spoken{refusal: why}
	if x.dialect == nil {
		return out
	}
	out.own = x.dialect.usual
	i := slices.IndexFunc(x.dialect.sayings, func(s saying) bool { return slices.Contains(s.about, p) })
	if i < 0 {
		return out
	}
	s := x.dialect.sayings[i]
	if s.status != 0 {
		out.status = s.status
	}
	if s.error != "" {
		out.refusal.code = s.error
	}
	if s.code != "" {
		out.own = s.code
	}
	if s.words != "" {
		out.description = s.words
	}
	return out
}

// translate words a finished JSON refusal in the dialect of the request. It
// does so once, however many places the answer passes.
func (x *exchange) translate(p problem, out reply) reply {
	if x.dialect == nil || x.translated || out.json == nil || out.status < http.StatusBadRequest {
		return out
	}
	x.translated = true
	why := refusal{status: out.status}
	why.code, _ = out.json["error"].(string)
	why.description, _ = out.json["error_description"].(string)
	s := x.speak(p, why)
	shape := x.dialect.oauth
	switch x.route.name {
	case routeUserinfo:
		shape = x.dialect.userinfo
	case routeAPI:
		shape = x.dialect.api
	case routeRegister, routeManage:
		shape = x.dialect.registration
	}
	if shape == nil {
		shape = asRFC
	}
	out.status = s.status
	if s.status != http.StatusUnauthorized && why.status == http.StatusUnauthorized {
		out.header.Del("WWW-Authenticate")
	}
	shape(x, s, &out)
	return out
}

// asRFC is the form of RFC 6749 §5.2.
func asRFC(_ *exchange, s spoken, out *reply) {
	if s.refusal.code != "" {
		out.json["error"] = s.refusal.code
	}
	out.json["error_description"] = s.description
}

// asCodeOnly is the same without a sentence.
func asCodeOnly(x *exchange, s spoken, out *reply) {
	asRFC(x, s, out)
	delete(out.json, "error_description")
}

// asText is a bare line instead of JSON.
func asText(text string) func(*exchange, spoken, *reply) {
	return func(_ *exchange, _ spoken, out *reply) {
		out.json, out.body = nil, []byte(text)
		out.header.Set("Content-Type", "text/plain; charset=utf-8")
	}
}
