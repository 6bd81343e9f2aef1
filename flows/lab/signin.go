package lab

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

const loginLifetime = 8 * time.Hour

// What the lab keeps in the library's session of one authorization request.
const (
	keptSubject  = "sub"
	keptAuthTime = "auth_time"
	keptLogin    = "login"
	keptHint     = "hint"   // subject of an id_token_hint
	keptACR      = "acr"    // how the user signed in, when it was more than a password
	keptStep     = "step"   // the client wants the second factor
	keptKey      = "jkt"    // key that a public client's refresh token is bound to
	keptSigned   = "signed" // the answer is to be signed
	// certificate that a public client's refresh token is bound to
	keptCertificate = "x5t#S256"
	// keptAsked is set once the consent page was shown, so that the sign-in
	// form cannot carry the agreement along.
	keptAsked = "asked"
)

// login is a browser in which somebody signed in.
type login struct {
	subject string
	at      time.Time
	acr     string // acrCode after the second factor
	// agreed holds, per client, the scopes that the user has allowed.
	agreed map[string][]string
}

// decide is the conversation with the user. It shows a page (pending), lets
// the request through (success), or names the problem that ends it.
func (x *exchange) decide(r *http.Request, as *goidc.AuthnSession) (goidc.Status, problem) {
	if as.Status != goidc.StatusPending {
		// The back button on a finished sign-in. The store keeps the session
		// finished, so "pending" only shows this page.
		x.fails(signInGone, true)
		x.shown = x.problemPage(x.speak(signInGone, signInGone.refusal()))
		return goidc.StatusPending, ""
	}
	if x.formSent(r) && x.form.Get("action") == "deny" {
		return "", consentDenied
	}
	prompt := fields(string(as.Prompt))
	if as.Store[keptSubject] == nil {
		if status, p, done := x.decideSignIn(r, as, prompt); done {
			return status, p
		}
	}
	if status, p, done := x.decideCode(r, as, prompt); done {
		return status, p
	}
	return x.decideConsent(r, as, prompt)
}

// onPages tells whether the user is on a page of an earlier answer.
func (x *exchange) onPages() bool {
	return x.route.name == routeSignIn || x.route.name == routeDevicePage
}

func (x *exchange) formSent(r *http.Request) bool { return x.onPages() && r.Method == http.MethodPost }

// decideSignIn finds out who the user is: from the form, from the cookie, or
// not yet (done).
func (x *exchange) decideSignIn(r *http.Request, as *goidc.AuthnSession, prompt []string) (status goidc.Status, p problem, done bool) {
	if x.onPages() {
		if r.Method != http.MethodPost {
			x.shown = x.signInPage(as, "")
			return goidc.StatusPending, "", true
		}
		u, ok := signIn(x.tenant.users, x.form.Get("username"), x.form.Get("password"))
		if x.fails(passwordWrong, !ok) {
			x.shown = x.signInPage(as, x.form.Get("username"))
			x.shown.Wrong = true
			return goidc.StatusPending, "", true
		}
		x.remember(as, u)
		if hint := as.Store[keptHint]; hint != nil && hint != u.Subject {
			return "", hintOther, true
		}
		return "", "", false
	}
	id, l, ok := x.cookieLogin(r)
	if age := as.MaxAuthnAgeSecs; ok && age != nil {
		ok = *age > 0 && x.now().Sub(l.at) <= time.Duration(*age)*time.Second
	}
	if hint := as.Store[keptHint]; ok && hint != nil && hint != l.subject {
		ok = false
	}
	if slices.Contains(prompt, "login") || slices.Contains(prompt, "select_account") {
		ok = false
	}
	if ok {
		as.Store[keptSubject], as.Store[keptAuthTime], as.Store[keptLogin] = l.subject, l.at.Unix(), id
		return "", "", false
	}
	if slices.Contains(prompt, "none") {
		return "", loginRequired, true
	}
	x.shown = x.signInPage(as, as.LoginHint)
	return goidc.StatusPending, "", true
}

// decideConsent asks whether the client may have what it wants. Agreement is
// remembered in the browser in which it was given.
func (x *exchange) decideConsent(r *http.Request, as *goidc.AuthnSession, prompt []string) (goidc.Status, problem) {
	x.pass(checkUser)
	wanted := fields(as.Scopes)
	if len(wanted) == 0 {
		wanted = []string{"read"} // RFC 6749 §3.3: a documented default
	}
	id, _ := as.Store[keptLogin].(string)
	l, _ := x.tenant.logins.get(id)
	agreed := x.formSent(r) && x.form.Get("action") == "allow"
	asked := as.Store[keptAsked] == true
	known := !slices.Contains(prompt, "consent") && len(as.AuthDetails) == 0 && !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(l.agreed[as.ClientID], s) })
	switch {
	case known:
	case agreed && asked:
		x.joinSession(id, as.ClientID, wanted)
	case slices.Contains(prompt, "none"):
		return "", consentRequired
	default:
		as.Store[keptAsked] = true
		x.shown = x.consentPage(as, wanted)
		return goidc.StatusPending, ""
	}
	x.pass(checkConsent)
	sub, _ := as.Store[keptSubject].(string)
	u, _ := bySubject(x.tenant.users, sub)
	as.Subject, as.Username, as.GrantedScopes = sub, u.Username, joined(wanted)
	return goidc.StatusSuccess, ""
}

// remember signs the browser in and sets its cookie.
func (x *exchange) remember(as *goidc.AuthnSession, u User) {
	id, now := x.lab.random.text(), x.now()
	x.tenant.logins.put(now, id, login{subject: u.Subject, at: now})
	x.tenant.sids.put(now, sidOf(id), id)
	as.Store[keptSubject], as.Store[keptAuthTime], as.Store[keptLogin] = u.Subject, now.Unix(), id
	c := http.Cookie{Name: x.cookieName(), Value: id, Path: "/" + x.tenant.name, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(loginLifetime.Seconds())}
	x.cookies = http.Header{"Set-Cookie": {c.String()}}
}

// cookieName has the port in it, because cookies do not tell ports apart and
// two labs on one machine must not sign each other out.
func (x *exchange) cookieName() string {
	_, port, _ := net.SplitHostPort(x.lab.server.addr)
	return "lab_session_" + port
}

func (x *exchange) cookieLogin(r *http.Request) (string, login, bool) {
	c, err := r.Cookie(x.cookieName())
	if err != nil {
		return "", login{}, false
	}
	l, ok := x.tenant.logins.get(c.Value)
	return c.Value, l, ok && x.now().Sub(l.at) < loginLifetime
}

// fields and joined read and write lists as OAuth does: with spaces.
func fields(list string) []string { return strings.Fields(list) }

func joined(list []string) string { return strings.Join(list, " ") }
