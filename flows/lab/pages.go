package lab

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

//go:embed pages.html
var pagesSource string

//go:embed pages.css
var pagesStyle string

// submitScript sends a form_post answer without a click where scripts run.
const submitScript = `document.forms[0].submit()`

// templates are parsed when the first page is shown: a run without a browser
// never pays for them.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(pagesStyle) },
		"submit": func() template.JS { return submitScript },
	}).Parse(pagesSource))
})

// page is one HTML page of the lab. It works without script, loads nothing
// from elsewhere and cannot be framed.
type page struct {
	Kind   string // sign-in, code, consent, user-code, ciba, logout, signed-out, done, form-post, home or error
	Title  string
	Faults []Fault

	ClientID    string
	Action      string // where the form goes
	Username    string
	Wrong       bool
	Users       []User
	Clients     []Client
	Scopes      []consentScope
	Details     []string // authorization_details, as JSON
	RedirectURI string
	Fields      []field
	Code, Text  string
	Waiting     []waitingRequest
	Frames      []string     // logout addresses of applications
	Continue    template.URL // where to go on to; it is registered

	status  int
	targets []string // where forms may lead, besides this server
}

type consentScope struct{ ID, Words string }

type field struct{ Name, Value string }

// render sets the page's headers and returns its HTML.
func (p *page) render(h http.Header) []byte {
	// Chrome applies form-action to the redirect after a form as well, so the
	// client's address must be allowed where the consent page leads to it.
	policy := "default-src 'none'; style-src " + cspHash(pagesStyle) +
		"; form-action 'self' " + strings.Join(p.targets, " ") + "; frame-ancestors 'none'; base-uri 'none'"
	if p.Kind == "form-post" {
		policy += "; script-src " + cspHash(submitScript)
	}
	if len(p.Frames) > 0 {
		policy += "; frame-src " + frameSources(p.Frames)
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	// Not no-referrer: browsers would then send "Origin: null" with our forms.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, "page", p); err != nil {
		return []byte("authdance lab: this page could not be made.")
	}
	return b.Bytes()
}

func cspHash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// formTarget is a source expression for the origin of a redirect_uri. CSP has
// no way to write an IPv6 address.
func formTarget(uri string) string {
	u, err := url.Parse(uri)
	if uri == "" {
		return "" // a device: no answer travels through the browser
	}
	if err != nil || strings.Contains(u.Host, "[") {
		return "http:"
	}
	return u.Scheme + "://" + u.Host
}

func (x *exchange) signInPage(as *goidc.AuthnSession, username string) *page {
	return &page{Kind: "sign-in", Title: "Sign in", ClientID: as.ClientID, Username: username, Users: x.tenant.users,
		Action: x.formAction(as), targets: []string{formTarget(as.RedirectURI)}}
}

func (x *exchange) consentPage(as *goidc.AuthnSession, wanted []string) *page {
	sub, _ := as.Store[keptSubject].(string)
	u, _ := bySubject(x.tenant.users, sub)
	p := &page{Kind: "consent", Title: "Allow access?", ClientID: as.ClientID, Username: u.Name, RedirectURI: as.RedirectURI, Code: as.UserCode,
		Action: x.formAction(as), targets: []string{formTarget(as.RedirectURI)}}
	for _, d := range as.AuthDetails {
		text, _ := json.Marshal(d) // it came from JSON
		p.Details = append(p.Details, string(text))
	}
	p.Scopes = wordsOf(wanted)
	return p
}

// wordsOf are scopes in the words of the consent page.
func wordsOf(wanted []string) []consentScope {
	var list []consentScope
	for _, s := range scopes {
		if slices.Contains(wanted, s.id) {
			list = append(list, consentScope{s.id, s.words})
		}
	}
	return list
}

func (x *exchange) formAction(as *goidc.AuthnSession) string {
	if as.DeviceCode != "" {
		return "/" + x.tenant.name + "/device/" + as.ID
	}
	return "/" + x.tenant.name + "/authorize/" + as.ID
}

func (x *exchange) errorPage(why spoken) reply {
	p := x.problemPage(why)
	return reply{status: p.status, page: p}
}

func (x *exchange) problemPage(why spoken) *page {
	status, text := why.status, why.description
	if x.dialect != nil && x.dialect.page != nil {
		text = x.dialect.page(x, why)
	}
	if status == http.StatusUnauthorized || status < http.StatusBadRequest {
		status = http.StatusBadRequest // a 401 without a challenge would be wrong on a page
	}
	return &page{Kind: "error", Title: "This request cannot go on", Code: why.code, Text: text, status: status}
}

// home tells people what the lab is and how to use it.
func (x *exchange) home(*http.Request) reply {
	p := &page{Kind: "home", Title: "The lab is running", Text: x.tenant.issuer, Users: x.tenant.users, Clients: x.tenant.store.registry.list()}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "pushed_authorization_request_endpoint", "userinfo_endpoint",
		"device_authorization_endpoint", "backchannel_authentication_endpoint", "registration_endpoint", "end_session_endpoint", "introspection_endpoint", "revocation_endpoint", "jwks_uri"} {
		if uri, ok := x.tenant.metadata[name].(string); ok {
			p.Fields = append(p.Fields, field{name, uri})
		}
	}
	p.Fields = append(p.Fields, field{"API (scope read)", x.lab.API() + "/api/profile"}, field{"API (scope write)", x.lab.API() + "/api/notes"},
		field{"a client_id that describes itself", x.lab.ClientDocument()})
	if origin := x.lab.MTLS(); origin != "" {
		p.Fields = append(p.Fields, field{"with TLS, for client certificates", origin})
	}
	return reply{status: http.StatusOK, page: p}
}

func (l *Lab) notFound(path string) reply {
	return textReply(http.StatusNotFound, fmt.Sprintf(
		"authdance lab: nothing is at %s.\nThe issuer is %s; its endpoints are listed in %s/.well-known/openid-configuration\nThe API is at %s, with /api/profile and /api/notes.\n",
		plain(path), l.Issuer(), l.Issuer(), l.API()))
}

// formPostPage carries an authorization response to the client as a form,
// OAuth 2.0 Form Post Response Mode §2.
func formPostPage(a *authorizationResponse) *page {
	p := &page{Kind: "form-post", Title: "Back to the application", Action: a.redirectURI, targets: []string{formTarget(a.redirectURI)}}
	for name, values := range a.params {
		for _, v := range values {
			p.Fields = append(p.Fields, field{name, v})
		}
	}
	slices.SortFunc(p.Fields, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return p
}

// readFormPost takes the library's form_post page apart. It was written by
// html/template from a fixed form, so the attributes stand where we expect them.
func readFormPost(body string) (*authorizationResponse, bool) {
	_, rest, found := strings.Cut(body, `<form id="auth-response" method="post" action="`)
	uri, rest, closed := strings.Cut(rest, `"`)
	if !found || !closed {
		return nil, false
	}
	a := &authorizationResponse{redirectURI: html.UnescapeString(uri), mode: "form_post", params: url.Values{}}
	for {
		var name, value string
		if _, rest, found = strings.Cut(rest, `<input type="hidden" name="`); !found {
			return a, true
		}
		name, rest, _ = strings.Cut(rest, `" value="`)
		value, rest, _ = strings.Cut(rest, `"`)
		a.params.Set(name, html.UnescapeString(value))
	}
}

// plain keeps of a foreign text what is harmless in any answer of ours.
func plain(text string) string {
	kept := strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f && !strings.ContainsRune("\"\\<>&'`", r) {
			return r
		}
		return -1
	}, text)
	return kept[:min(len(kept), 80)]
}
