package uitest

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"

	"authdance/flows"
	"authdance/ui/pane"
)

// Lab is a lab for pictures: a few faults and dialects, and a view of every
// token request. The zero Lab has nothing switched on.
type Lab struct {
	on      map[string]bool
	dialect string
}

// ServerView implements pane.Lab.
func (l *Lab) ServerView(x flows.Exchange) (pane.ServerView, bool) {
	if !strings.HasSuffix(x.Request.URL.Raw(), "/token") {
		return pane.ServerView{}, false
	}
	v := pane.ServerView{Request: "POST /default/token", Checks: []pane.ServerCheck{
		{ID: "client_known", Status: pane.ServerPassed, Message: "A client is registered under this client_id.", Got: "workshop-spa", Ref: "RFC 6749 §2.2"},
		{ID: "code_known", Status: pane.ServerPassed, Message: "This server issued the code.", Ref: "RFC 6749 §4.1.3"},
		{ID: "pkce", Status: pane.ServerPassed, Message: "The code_verifier fits the code_challenge.", Ref: "RFC 7636 §4.6"},
		{ID: "scope", Status: pane.ServerPassed, Message: "The scope is known and was granted.", Ref: "RFC 6749 §3.3"},
	}}
	switch {
	case l.on["weak_pkce"]:
		v.Checks[2] = pane.ServerCheck{ID: "pkce", Status: pane.ServerNotReached, Message: "fault weak_pkce: not checked", Ref: "RFC 7636 §4.6", Fault: "weak_pkce"}
	case x.Response.Status != 200:
		v.Checks[2].Status, v.Checks[2].Message = pane.ServerFailed, "The code_verifier does not match the code_challenge of the authorization request."
		v.Checks[2].Got, v.Checks[2].Want = "S256 of the code_verifier: wrong", "the challenge of the request"
		v.Checks[3].Status = pane.ServerNotReached
	}
	return v, true
}

// AnswerView implements pane.Lab.
func (l *Lab) AnswerView(r flows.Request) (pane.ServerView, bool) {
	return pane.ServerView{Request: "POST /default/authorize", Checks: []pane.ServerCheck{
		{ID: "consent", Status: pane.ServerPassed, Message: "The user agrees.", Ref: "OIDC Core §3.1.2.4"},
	}}, true
}

// SigningKey implements pane.Lab: the key of the fixture server.
func (l *Lab) SigningKey() string {
	key := signingKey()
	e := base64.RawURLEncoding
	return `{"kty":"OKP","crv":"Ed25519","kid":"lab-fixture","x":"` + e.EncodeToString(key.Public().(ed25519.PublicKey)) + `","d":"` + e.EncodeToString(key.Seed()) + `"}`
}

// Faults implements pane.Lab.
func (l *Lab) Faults() []pane.Fault {
	list := []pane.Fault{
		{Key: "discovery_404", Title: "No metadata", Step: "discovery", Shows: "The discovery document is not there."},
		{Key: "token_500", Title: "Token endpoint fails", Step: "token", Shows: "The token endpoint answers 500."},
		{Key: "throttle", Title: "Too many requests", Step: "token", Shows: "The token endpoint answers 429."},
		{Key: "weak_pkce", Title: "PKCE is ignored", Step: "weak", Shows: "The code_verifier is not compared."},
	}
	for i := range list {
		list[i].On = l.on[list[i].Key]
	}
	return list
}

// SetFault implements pane.Lab.
func (l *Lab) SetFault(key string, on bool) error {
	if l.on == nil {
		l.on = map[string]bool{}
	}
	l.on[key] = on
	return nil
}

// Dialects implements pane.Lab.
func (l *Lab) Dialects() []pane.Dialect {
	list := []pane.Dialect{{Name: "rfc", Product: "the RFCs"}, {Name: "entra", Product: "Microsoft Entra ID"}}
	for i, d := range list {
		list[i].On = d.Name == l.dialect || l.dialect == "" && i == 0
	}
	return list
}

// SetDialect implements pane.Lab.
func (l *Lab) SetDialect(name string) error {
	l.dialect = name
	return nil
}
