package lab

import (
	"context"
	"crypto/x509"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// The routes of a tenant. Fault hooks and words are chosen by these names.
const (
	routeHome       = "home"
	routeMetadata   = "metadata"
	routeJWKS       = "jwks"
	routeAuthorize  = "authorize"
	routeSignIn     = "sign-in"
	routeToken      = "token"
	routePAR        = "par"
	routeUserinfo   = "userinfo"
	routeIntrospect = "introspect"
	routeRevoke     = "revoke"
	routeDevice     = "device_authorization"
	routeDeviceCode = "device" // where people type the user code
	routeDevicePage = "device-sign-in"
	routeRegister   = "register"
	routeManage     = "manage" // a registered client
	routeLogout     = "logout"
	routeCIBA       = "bc-authorize"
	routeCIBAPage   = "ciba" // the user's other device
	routeAPI        = "api"
)

// route is one endpoint of a tenant. Paths are those of go-oidc.
type route struct {
	name    string
	path    string // below the issuer; a trailing slash takes everything below
	methods []string
	serve   func(*exchange, *http.Request) reply
}

func routes() []route {
	get, post, both := []string{"GET", "HEAD"}, []string{"POST"}, []string{"GET", "HEAD", "POST"}
	return []route{
		{routeHome, "", get, (*exchange).home},
		{routeHome, "/", get, (*exchange).home},
		{routeMetadata, "/.well-known/openid-configuration", get, (*exchange).metadata},
		{routeMetadata, "/.well-known/oauth-authorization-server", get, (*exchange).metadata},
		{routeJWKS, "/jwks", get, (*exchange).jwks},
		{routeAuthorize, "/authorize", both, (*exchange).authorize},
		{routeSignIn, "/authorize/", both, (*exchange).signIn},
		{routeToken, "/token", post, (*exchange).token},
		{routePAR, "/par", post, (*exchange).push},
		{routeUserinfo, "/userinfo", both, (*exchange).userinfo},
		{routeIntrospect, "/introspect", post, (*exchange).introspect},
		{routeRevoke, "/revoke", post, (*exchange).revoke},
		{routeRegister, "/register", post, (*exchange).register},
		{routeManage, "/register/", []string{"GET", "PUT", "DELETE"}, (*exchange).manage},
		{routeLogout, "/logout", both, (*exchange).logout},
		{routeDevice, "/device_authorization", post, (*exchange).deviceAuthorization},
		{routeDeviceCode, "/device", both, (*exchange).enterUserCode},
		{routeDevicePage, "/device/", both, (*exchange).decideDevice},
		{routeCIBA, "/bc-authorize", post, (*exchange).backchannelAuthentication},
		{routeCIBAPage, "/ciba", both, (*exchange).otherDevice},
	}
}

// isPage tells whether people look at what a route answers.
func (r route) isPage() bool {
	switch r.name {
	case routeAuthorize, routeSignIn, routeHome, routeDeviceCode, routeDevicePage, routeCIBAPage, routeLogout:
		return true
	}
	return false
}

// tenant is one issuer of the lab with everything that belongs to it alone.
type tenant struct {
	lab      *Lab
	name     string
	issuer   string
	users    []User
	store    *store
	keys     *keyring
	logins   *table[login]
	library  http.Handler
	routes   []route
	metadata map[string]any // without what changes at run time; never written to
	// redeeming orders requests that redeem the same code or refresh token:
	// the library reads and writes a grant in two steps.
	redeeming [64]sync.Mutex
	seed      maphash.Seed
	devices   *devices
	nonceKey  string
	dialect   atomic.Pointer[dialect]
	life      atomic.Pointer[Lifetimes]
	ahead     atomic.Int64 // nanoseconds that its clock is ahead of the lab's
	certified *table[identity]
	idp       func() (samlIdentity, error)

	ciba          *cibaRequests
	deliveries    deliveries
	deviceSecrets *table[string] // secret → login
	distrusted    sync.Map       // names of tenants whose assertions it refuses
	sids          *table[string] // sid → login
}

func newTenant(l *Lab, name string, from io.Reader) (*tenant, error) {
	keys, err := newKeyring(from)
	if err != nil {
		return nil, fmt.Errorf("make the ES256 key: %w", err)
	}
	t := &tenant{
		lab: l, name: name, issuer: l.origin() + "/" + name,
		users: registeredUsers(name), keys: keys, routes: routes(),
		logins: newTable[login](loginLifetime, tableLimit), seed: maphash.MakeSeed(), devices: newDevices(), nonceKey: l.random.text(),
		certified: newTable[identity](keepGrants, registeredLimit),
		ciba:      newCIBARequests(), sids: newTable[string](loginLifetime, tableLimit), deviceSecrets: newTable[string](keepSecrets, tableLimit),
	}
	t.idp = sync.OnceValues(func() (samlIdentity, error) { return newSAMLIdentity(t.identityProvider()) })
	keys.now = t.now
	rfc := rfcDialect()
	t.dialect.Store(&rfc)
	if err = t.setLifetimes(Lifetimes{}); err != nil {
		return nil, err
	}
	t.store = newStore(t)
	if t.library, err = newLibrary(t); err != nil {
		return nil, err
	}
	if t.metadata, err = t.libraryMetadata(); err != nil {
		return nil, err
	}
	t.announceTLS(t.metadata)
	return t, nil
}

// exchange is what the lab knows about one request. It travels in the
// request's context, where the store, the library's hooks and the faults find it.
type exchange struct {
	lab    *Lab
	tenant *tenant
	route  route
	// form holds the parameters: of the body for POST, of the query for GET.
	form   url.Values
	client Client
	// why is the most exact reason for a refusal that anybody found so far.
	why    problem
	faults []*fault
	// skew is how far a fault puts the server's clock ahead for this request,
	// and lifetimes, if not nil, what it puts in place of the tenant's.
	skew      time.Duration
	lifetimes *Lifetimes
	// refused is set when the library reports an error.
	refused bool
	// granted is the grant that was last saved: what the tokens are issued from.
	granted goidc.Grant
	proof   proof
	// extra are claims for the access tokens that this request issues.
	extra map[string]any
	// hint is the subject of a valid id_token_hint.
	hint string
	// hintSID is the session of the id_token_hint of a logout.
	hintSID string
	// described is where the metadata of the protected resource stands.
	described string
	// assertion is what a token exchange issues in place of an access token.
	assertion *jwt
	// deviceSecret goes out beside the ID token.
	deviceSecret string
	// stepUp is set when the client wants the second factor.
	stepUp bool
	// secure is set when the request came by TLS, with these certificates of
	// its sender, the sender's own first.
	secure            bool
	shownCertificates []*x509.Certificate
	// signed is set when the client wants a signed authorization response.
	signed bool
	// shown is the page that the user should see next; cookies go with it.
	shown   *page
	cookies http.Header

	dialect    *dialect  // nil before the tenant is known
	translated bool      // the answer is in the dialect
	accept     string    // the Accept header
	path       string    // of the request, as it came
	found      []verdict // the checks so far
	begun      bool      // the endpoint looked at the request
	answeredBy string    // key of the fault that answered in place of the endpoint
}

type exchangeKey struct{}

// exchangeOf finds the exchange of a request; outside of one it is empty.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// exchangeContext is for calls that need no request but the exchange.
func exchangeContext(x *exchange) context.Context {
	return context.WithValue(context.Background(), exchangeKey{}, x)
}

// serveServer finds tenant and route of a request to the authorization server.
func (l *Lab) serveServer(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if path == "/" {
		http.Redirect(w, r, l.Issuer(), http.StatusSeeOther)
		return
	}
	// RFC 8414 §3.1 puts the well-known part before the issuer's path, OpenID
	// Connect Discovery behind it. Both work for both documents.
	for _, known := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		if rest, ok := strings.CutPrefix(path, known+"/"); ok {
			path = "/" + rest + known
			break
		}
	}
	name, rest, slash := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	t, ok := l.tenants[name]
	if !ok {
		l.turnAway(w, r, l.notFound(r.URL.Path))
		return
	}
	if slash {
		rest = "/" + rest
	}
	t.serve(w, r, rest)
}

func (t *tenant) serve(w http.ResponseWriter, r *http.Request, path string) {
	x := &exchange{lab: t.lab, tenant: t, path: r.URL.Path}
	x.arrive(r)
	for _, candidate := range t.routes {
		below := strings.HasSuffix(candidate.path, "/") && len(candidate.path) > 1 && len(path) > len(candidate.path)
		if path == candidate.path || below && strings.HasPrefix(path, candidate.path) {
			x.route = candidate
			break
		}
	}
	if x.route.serve == nil || x.secure && x.route.isPage() {
		x.answer(w, r, t.lab.notFound(r.URL.Path))
		return
	}
	faults, err := t.lab.faults.active(r, t.name)
	if err != nil {
		x.answer(w, r, unknownFault(err))
		return
	}
	x.faults, x.accept = faults, r.Header.Get("Accept")
	x.tamper(r)
	w.Header().Set("Date", x.now().UTC().Format(http.TimeFormat))
	if out, ok := x.chooseDialect(r); !ok {
		x.answer(w, r, out)
		return
	}
	if x.route.forPages() {
		allowOrigins(w.Header())
		if isPreflight(r) {
			x.answer(w, r, preflight(x.route.methods))
			return
		}
	}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	// The library knows paths below the issuer only.
	r.URL.Path = path
	r.RequestURI = r.URL.RequestURI()

	out, answered := x.intercept()
	if !answered {
		out = x.handle(r)
	}
	x.alter(&out)
	x.answer(w, r, out)
}

// answer keeps what was checked and puts the answer on the wire.
func (x *exchange) answer(w http.ResponseWriter, r *http.Request, out reply) {
	x.conclude(w, r, out)
	writeReply(w, r, out)
}

// takesForm tells whether the parameters of a route are a form, not JSON.
func (r route) takesForm() bool { return r.name != routeRegister && r.name != routeManage }

// handle checks what all routes have in common and runs the route.
func (x *exchange) handle(r *http.Request) reply {
	x.begun = true
	if !slices.Contains(x.route.methods, r.Method) {
		return x.wrongMethod(r.Method)
	}
	x.pass(checkMethod)
	if !x.route.takesForm() {
		return x.route.serve(x, r)
	}
	if bad := x.readForm(r); bad != "" {
		return x.refuse(bad)
	}
	x.prepareFaults()
	if out, answered := x.intercept(); answered {
		return out
	}
	return x.route.serve(x, r)
}
