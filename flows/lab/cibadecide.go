package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// Claims of an ID token that was pushed, CIBA §10.3.1: they tie it to the
// request and to the refresh token beside it.
const (
	claimAuthReqID   = "urn:openid:params:jwt:claim:auth_req_id"
	claimRefreshHash = "urn:openid:params:jwt:claim:rt_hash"
)

// otherDevice is the page that stands for the user's phone: it shows what waits
// for an answer. Another device is another browser, or the same one.
func (x *exchange) otherDevice(r *http.Request) reply {
	post := r.Method == http.MethodPost
	if post && x.fails(signInForeign, !x.fromThisOrigin(r)) {
		return x.refuse(signInForeign)
	}
	_, l, signedIn := x.cookieLogin(r)
	switch {
	case post && signedIn && x.form.Has("ticket"):
		return x.decideTicket(l, x.form.Get("ticket"), x.form.Get("action") == "allow")
	case post && x.form.Has("password") && x.form.Get("action") != "deny":
		u, ok := signIn(x.tenant.users, x.form.Get("username"), x.form.Get("password"))
		if x.fails(passwordWrong, !ok) {
			return reply{status: http.StatusOK, page: x.phoneSignIn(x.form.Get("username"), true)}
		}
		x.remember(&goidc.AuthnSession{Store: map[string]any{}}, u)
		// 303: loading the page again must not send the password again.
		out := reply{status: http.StatusSeeOther, header: x.cookies}
		out.header.Set("Location", x.lab.origin()+"/"+x.tenant.name+"/ciba")
		return out
	case !signedIn:
		return reply{status: http.StatusOK, page: x.phoneSignIn("", false)}
	}
	return reply{status: http.StatusOK, page: x.waitingPage(l.subject)}
}

func (x *exchange) phoneSignIn(username string, wrong bool) *page {
	return &page{Kind: "sign-in", Title: "Your other device", ClientID: "The lab", Username: username, Wrong: wrong, Users: x.tenant.users, Action: x.phoneAction()}
}

func (x *exchange) phoneAction() string { return "/" + x.tenant.name + "/ciba" }

// waitingRequest is a request as the page shows it.
type waitingRequest struct {
	ClientID, Binding, Ticket string
	Scopes                    []consentScope
}

func (x *exchange) waitingPage(subject string) *page {
	u, _ := bySubject(x.tenant.users, subject)
	p := &page{Kind: "ciba", Title: "Your other device", Username: u.Name, Action: x.phoneAction()}
	all, now := x.tenant.ciba, x.now()
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, id := range all.waiting {
		req, ok := all.byID.get(id)
		if !ok || req.subject != subject || req.status != goidc.StatusPending || !now.Before(req.expires) {
			continue
		}
		p.Waiting = append(p.Waiting, waitingRequest{req.clientID, req.binding, req.ticket, wordsOf(fields(req.scopes))})
	}
	return p
}

// decideTicket takes the user's answer on the page.
func (x *exchange) decideTicket(l login, ticket string, approve bool) reply {
	id := x.tenant.ciba.byTicket(ticket, l.subject)
	if err := x.tenant.decideCIBA(id, approve, l.at); err != nil {
		return x.refuse(signInGone)
	}
	done := &page{Kind: "done", Title: "The application gets nothing", Text: "You said no, and the application is told so. You can close this page."}
	if approve {
		done.Title, done.Text = "The application may go on", "It is told now, or when it asks next. You can close this page."
	}
	return reply{status: http.StatusOK, page: done}
}

// byTicket finds the auth_req_id of a request that waits for a user.
func (c *cibaRequests) byTicket(ticket, subject string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range c.waiting {
		if req, ok := c.byID.get(id); ok && sameText(req.ticket, ticket) && req.subject == subject {
			return id
		}
	}
	return ""
}

// The ways in which a decision can come too late.
var (
	errCIBAUnknown = errors.New("lab: no request has this auth_req_id")
	errCIBADecided = errors.New("lab: the user has answered this request before")
	errCIBAExpired = errors.New("lab: this request has expired before the user was done")
)

// decideCIBA writes the user's answer down, once, and tells a client that wants
// to be told (CIBA §10.2, §10.3, §12). A client in push mode also hears that its
// request has expired, when somebody answers too late.
func (t *tenant) decideCIBA(id string, approve bool, signedInAt time.Time) error {
	req, err := t.settleCIBA(id, approve, signedInAt)
	late := errors.Is(err, errCIBAExpired)
	if err != nil && !late {
		return err
	}
	bad := problem("")
	switch {
	case late:
		bad = authReqExpired
	case !approve:
		bad = authReqDenied
	}
	switch {
	case req.backchannel.Mode == modePing && !late:
		t.tell("ciba_ping", req, map[string]any{"auth_req_id": id})
	case req.backchannel.Mode == modePush && bad != "":
		why := bad.refusal()
		t.tell("ciba_push", req, map[string]any{"auth_req_id": id, "error": why.code, "error_description": why.description})
	case req.backchannel.Mode == modePush:
		members, err := t.pushedTokens(id, req)
		if err != nil {
			return err
		}
		t.tell("ciba_push", req, members)
	}
	return err
}

// settleCIBA changes the request. One that has expired stays undecided, so that
// polling says expired_token and not access_denied.
func (t *tenant) settleCIBA(id string, approve bool, signedInAt time.Time) (cibaRequest, error) {
	all, now := t.ciba, t.now()
	all.mu.Lock()
	defer all.mu.Unlock()
	req, ok := all.byID.get(id)
	switch {
	case !ok:
		return req, errCIBAUnknown
	case req.status != goidc.StatusPending:
		return req, errCIBADecided
	}
	all.waiting = slices.DeleteFunc(all.waiting, func(one string) bool { return one == id })
	if !now.Before(req.expires) {
		return req, errCIBAExpired
	}
	req.status = goidc.StatusFailure
	if approve {
		u, _ := bySubject(t.users, req.subject)
		req.status = goidc.StatusSuccess
		req.allowed = permission{subject: u.Subject, username: u.Username, scopes: fields(req.scopes), signedInAt: signedInAt}
	}
	all.byID.put(now, id, req)
	return req, nil
}

func (t *tenant) tell(kind string, req cibaRequest, members map[string]any) {
	body, _ := json.Marshal(members) // maps of plain values: cannot fail
	t.deliver(Delivery{Kind: kind, ClientID: req.clientID, URI: req.backchannel.Endpoint}, notification(req.bearer), body)
}

// pushedTokens are the tokens of a client in push mode, CIBA §10.3.1.
func (t *tenant) pushedTokens(id string, req cibaRequest) (map[string]any, error) {
	c, ok := t.store.registry.client(req.clientID)
	if !ok {
		return nil, fmt.Errorf("lab: the client %s is gone", req.clientID)
	}
	x := &exchange{lab: t.lab, tenant: t, route: route{name: routeCIBA}, client: c, form: url.Values{"grant_type": {grantCIBA}}}
	members, bad := x.mint(req.allowed)
	if bad != "" {
		return nil, errors.New("lab: " + bad.refusal().description)
	}
	tokens, err := x.issue(members)
	if err != nil {
		return nil, err
	}
	members["auth_req_id"] = id
	tokens.id.claims[claimAuthReqID] = id
	if refresh, ok := members["refresh_token"].(string); ok {
		tokens.id.claims[claimRefreshHash] = halfHashFor(tokens.id.key.alg, refresh)
	}
	err = tokens.finish(func(name, value string) { members[name] = value })
	return members, err
}

// DecideCIBA answers an authentication request in place of its user, for runs
// without a browser. An unknown auth_req_id, one that was answered before, or one
// that has expired is an error.
func (t Tenant) DecideCIBA(authReqID string, approve bool) error {
	return t.t.decideCIBA(authReqID, approve, t.t.now())
}

// SetCIBA chooses how a client uses CIBA, as its registration would. An unknown
// client, a client without the grant, or a mode or endpoint that is not
// acceptable is an error.
func (t Tenant) SetCIBA(clientID string, b Backchannel) error {
	reg := t.t.store.registry
	c, ok := reg.entry(clientID)
	switch {
	case !ok:
		return fmt.Errorf("lab: no client is called %q", clientID)
	case !c.may(grantCIBA):
		return fmt.Errorf("lab: the client %s is not registered for CIBA", clientID)
	}
	if bad := b.check(c.Client); bad != "" {
		return errors.New("lab: " + bad.refusal().description)
	}
	c.Backchannel = b
	reg.put(c)
	return nil
}
