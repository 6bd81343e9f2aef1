package lab

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// How sure the lab is of a user: by password, or by password and a code.
const (
	acrPassword = "urn:lab:pwd"
	acrCode     = "urn:lab:mfa"
	// SecondFactor is everybody's code. A real one would change.
	SecondFactor = "246810"
)

func acrValues() []string { return []string{acrPassword, acrCode} }

func methodsOf(acr string) []string {
	if acr == acrCode {
		return []string{"pwd", "otp", "mfa"}
	}
	return []string{"pwd"}
}

// acrOf is how the user of a session or a grant signed in.
func acrOf(kept map[string]any) string {
	if acr, ok := kept[keptACR].(string); ok {
		return acr
	}
	return acrPassword
}

// wantsCode tells whether the client asked for more than a password. Unknown
// acr_values are wishes that may be ignored (OIDC Core §3.1.2.1).
func wantsCode(acrValues string) bool {
	values := fields(acrValues)
	return slices.Contains(values, acrCode) && !slices.Contains(values, acrPassword)
}

// decideCode asks for the second factor where the client wants it.
func (x *exchange) decideCode(r *http.Request, as *goidc.AuthnSession, prompt []string) (status goidc.Status, p problem, done bool) {
	if as.Store[keptACR] == acrCode || as.Store[keptStep] == nil {
		return "", "", false
	}
	id, _ := as.Store[keptLogin].(string)
	l, _ := x.tenant.logins.get(id)
	if l.acr == acrCode {
		as.Store[keptACR] = acrCode
		return "", "", false
	}
	typed := x.formSent(r) && x.form.Has("code")
	if typed && sameText(x.form.Get("code"), SecondFactor) {
		now := x.now()
		x.tenant.logins.change(now, id, func(l login, _ bool) login {
			l.acr, l.at = acrCode, now
			return l
		})
		as.Store[keptACR], as.Store[keptAuthTime] = acrCode, now.Unix()
		return "", "", false
	}
	if slices.Contains(prompt, "none") {
		return "", codeRequired, true
	}
	x.shown = &page{Kind: "code", Title: "Enter your code", ClientID: as.ClientID, Action: x.formAction(as), Code: SecondFactor, Wrong: typed,
		targets: []string{formTarget(as.RedirectURI)}}
	return goidc.StatusPending, "", true
}

// insufficient checks a token against what a resource wants to know of its
// user's sign-in, and answers as RFC 9470 §3 says.
func (x *exchange) insufficient(token accessToken, acr string, maxAge time.Duration) (reply, bool) {
	g, _ := x.tenant.store.grants.get(token.GrantID)
	at, _ := g.Store[keptAuthTime].(int64)
	had, _ := g.Store[keptACR].(string)
	p, wanted := problem(""), ""
	switch {
	case acr != "" && had != acr:
		p, wanted = stepUpACR, `, acr_values="`+acr+`"`
	case maxAge > 0 && x.now().Sub(time.Unix(at, 0)) > maxAge:
		p, wanted = stepUpAge, `, max_age="`+strconv.Itoa(int(maxAge.Seconds()))+`"`
	case acr == "" && maxAge == 0:
		return reply{}, false
	default:
		x.pass(checkStepUp)
		return reply{}, false
	}
	out := x.challenge(p, "")
	out.header.Set("WWW-Authenticate", out.header.Get("WWW-Authenticate")+wanted)
	return out, true
}
