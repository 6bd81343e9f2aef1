package lab

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// How long the store remembers. It is longer than any lifetime, so that an
// expired thing is answered with "expired" and not with "unknown".
const (
	keepSessions = 2 * time.Hour
	keepGrants   = 24 * time.Hour

	// Values per generation. Sessions have a smaller share: anybody can start
	// them, and each may hold requestLimit bytes of foreign text.
	tableLimit   = 5_000
	sessionLimit = 1_500
)

// store is what go-oidc remembers. It does three things beyond remembering:
//
// It translates time. The library reads the machine's clock and cannot be
// given another. Records are kept in the time of the lab and shown to the
// library as if the lab's clock were the machine's.
//
// It hands out copies, so that two requests never share a record.
//
// It never goes back: a grant once revoked, a code once used and a session
// once finished stay so, whatever an overtaken request saves later.
type store struct {
	tenant   *tenant
	registry *registry

	sessions *table[goidc.AuthnSession]
	pushed   *table[string] // request_uri handle → session
	grants   *table[goidc.Grant]
	codes    *table[string] // code → grant
	refresh  *table[string] // refresh token, also a used one → grant
	tokens   *table[accessToken]
	seen     *table[struct{}] // jti values
}

// accessToken is an issued access token. The library knows it by its handle,
// which is the jti of the JWT that goes out; all times are the lab's.
type accessToken struct {
	goidc.Token
	issuedAt, expiresAt time.Time
	extra               map[string]any // claims that only some tokens have; never written to
}

func newStore(t *tenant) *store {
	return &store{
		tenant:   t,
		sessions: newTable[goidc.AuthnSession](keepSessions, sessionLimit),
		pushed:   newTable[string](keepSessions, sessionLimit),
		grants:   newTable[goidc.Grant](keepGrants, tableLimit),
		codes:    newTable[string](keepGrants, tableLimit),
		refresh:  newTable[string](keepGrants, tableLimit),
		tokens:   newTable[accessToken](keepGrants, tableLimit),
		seen:     newTable[struct{}](keepSessions, tableLimit),
		registry: newRegistry(registeredClients(t.name)),
	}
}

// ahead is how many seconds the tenant's clock is ahead of the machine's.
func (s *store) ahead() int { return int(s.tenant.now().Unix() - time.Now().Unix()) }

// machineNow is the present for the library, which knows the machine's clock only.
func (s *store) machineNow() int { return int(time.Now().Unix()) }

// shift moves the times that are set; zero means "not set" to the library.
func shift(seconds int, times ...*int) {
	for _, t := range times {
		if *t != 0 {
			*t += seconds
		}
	}
}

func sessionTimes(as *goidc.AuthnSession) []*int { return []*int{&as.CreatedAt, &as.ExpiresAt} }

func grantTimes(g *goidc.Grant) []*int {
	return []*int{&g.CreatedAt, &g.RefreshTokenExpiresAt, &g.AuthCodeExpiresAt, &g.DeviceCodeExpiresAt, &g.AuthReqIDExpiresAt, &g.PreAuthCodeExpiresAt}
}

func (s *store) SaveSession(_ context.Context, as *goidc.AuthnSession) error {
	kept := *as
	kept.Store = maps.Clone(as.Store)
	shift(s.ahead(), sessionTimes(&kept)...)
	now := s.tenant.now()
	s.sessions.change(now, kept.ID, func(old goidc.AuthnSession, known bool) goidc.AuthnSession {
		if known && old.Status != goidc.StatusPending {
			return old
		}
		return kept
	})
	if kept.PushedAuthReqID != "" {
		s.pushed.put(now, kept.PushedAuthReqID, kept.ID)
	}
	return nil
}

func (s *store) Session(_ context.Context, id string) (*goidc.AuthnSession, error) {
	as, ok := s.sessions.get(id)
	if !ok {
		return nil, goidc.ErrNotFound
	}
	as.Store = maps.Clone(as.Store)
	shift(-s.ahead(), sessionTimes(&as)...)
	return &as, nil
}

func (s *store) SessionByPushedAuthReqID(ctx context.Context, id string) (*goidc.AuthnSession, error) {
	session, ok := s.pushed.get(id)
	if !ok {
		return nil, goidc.ErrNotFound
	}
	return s.Session(ctx, session)
}

func (s *store) SaveGrant(ctx context.Context, g *goidc.Grant) error {
	kept := *g
	kept.Store = maps.Clone(g.Store)
	// RFC 9449 §5: a client without a secret has its refresh tokens bound.
	if x := exchangeOf(ctx); x.proof.sent && x.client.public() && kept.Store != nil {
		kept.Store[keptKey] = x.proof.jkt
	}
	// RFC 8705 §4 says the same of certificates.
	if x := exchangeOf(ctx); len(x.shownCertificates) > 0 && x.client.public() && kept.Store != nil {
		kept.Store[keptCertificate] = x.certificateThumbprint()
	}
	shift(s.ahead(), grantTimes(&kept)...)
	now := s.tenant.now()
	s.grants.change(now, kept.ID, func(old goidc.Grant, known bool) goidc.Grant {
		if !known {
			s.setExpiry(ctx, &kept)
		} else {
			kept.RevokedAt = max(kept.RevokedAt, old.RevokedAt)
			kept.AuthCodeConsumedAt = max(kept.AuthCodeConsumedAt, old.AuthCodeConsumedAt)
		}
		return kept
	})
	exchangeOf(ctx).granted = kept
	if kept.AuthCode != "" {
		s.codes.put(now, kept.AuthCode, kept.ID)
	}
	if kept.RefreshToken != "" {
		s.refresh.put(now, kept.RefreshToken, kept.ID)
	}
	return nil
}

// life are the lifetimes for what the request of this context issues.
func (s *store) life(ctx context.Context) *Lifetimes {
	if x := exchangeOf(ctx); x.lifetimes != nil {
		return x.lifetimes
	}
	return s.tenant.life.Load()
}

// setExpiry replaces the library's fixed lifetimes by those of the tenant.
func (s *store) setExpiry(ctx context.Context, g *goidc.Grant) {
	life, now := s.life(ctx), s.tenant.now()
	if g.AuthCode != "" {
		g.AuthCodeExpiresAt = int(now.Add(life.Code).Unix())
	}
	if g.RefreshToken != "" {
		g.RefreshTokenExpiresAt = int(now.Add(life.RefreshToken).Unix())
	}
}

func (s *store) Grant(_ context.Context, id string) (*goidc.Grant, error) {
	g, ok := s.grants.get(id)
	if !ok {
		return nil, goidc.ErrNotFound
	}
	g.Store = maps.Clone(g.Store)
	shift(-s.ahead(), grantTimes(&g)...)
	return &g, nil
}

func (s *store) GrantByAuthCode(ctx context.Context, code string) (*goidc.Grant, error) {
	id, ok := s.codes.get(code)
	if !ok {
		return nil, goidc.ErrNotFound
	}
	g, err := s.Grant(ctx, id)
	if err == nil && g.AuthCodeConsumedAt != 0 {
		exchangeOf(ctx).why = codeReplayed
	}
	return g, err
}

// GrantByRefreshToken also finds grants by refresh tokens that were rotated
// out. At the token endpoint such a token means that two parties hold the
// family, so all of it is revoked (RFC 9700 §4.14.2).
func (s *store) GrantByRefreshToken(ctx context.Context, token string) (*goidc.Grant, error) {
	id, ok := s.refresh.get(token)
	if !ok {
		return nil, goidc.ErrNotFound
	}
	g, err := s.Grant(ctx, id)
	if err != nil || g.RefreshToken == token {
		return g, err
	}
	x := exchangeOf(ctx)
	if x.route.name != routeToken {
		return nil, goidc.ErrNotFound
	}
	g.RevokedAt = int(time.Now().Unix())
	x.why = refreshReused
	return g, s.SaveGrant(ctx, g)
}

func (s *store) SaveToken(ctx context.Context, t *goidc.Token) error {
	now := s.tenant.now()
	s.tokens.change(now, t.ID, func(old accessToken, known bool) accessToken {
		if known {
			old.RevokedAt = max(old.RevokedAt, t.RevokedAt)
			return old
		}
		return accessToken{Token: *t, issuedAt: now, expiresAt: now.Add(s.life(ctx).AccessToken), extra: exchangeOf(ctx).extra}
	})
	return nil
}

func (s *store) Token(_ context.Context, id string) (*goidc.Token, error) {
	t, ok := s.tokens.get(id)
	if !ok {
		return nil, goidc.ErrNotFound
	}
	ahead := s.ahead()
	t.CreatedAt = int(t.issuedAt.Unix()) - ahead
	t.ExpiresAt = int(t.expiresAt.Unix()) - ahead
	return &t.Token, nil
}

// live tells whether the access token with this jti, and the grant it came
// from, are still good at the lab's time.
func (s *store) live(jti string) (accessToken, problem) {
	t, ok := s.tokens.get(jti)
	if !ok {
		return t, tokenUnknown
	}
	if !s.tenant.now().Before(t.expiresAt) {
		return t, tokenExpired
	}
	if t.RevokedAt != 0 {
		return t, tokenRevoked
	}
	if g, ok := s.grants.get(t.GrantID); !ok || g.RevokedAt != 0 {
		return t, tokenRevoked
	}
	return t, ""
}

// consumeJTI refuses a jti that was seen before.
func (s *store) consumeJTI(_ context.Context, jti string) error {
	if !s.firstUse(jti) {
		return errors.New("this jti was used before")
	}
	return nil
}

// firstUse remembers a name and tells whether it is new.
func (s *store) firstUse(name string) bool {
	var again bool
	s.seen.change(s.tenant.now(), name, func(_ struct{}, known bool) struct{} {
		again = known
		return struct{}{}
	})
	return !again
}

// Client shows the library one client as this request sees it: with the
// secret that the door hands on for everybody it let in, and with the
// requested redirect_uri if it matches, because the library compares localhost
// URIs with their port.
func (s *store) Client(ctx context.Context, id string) (*goidc.Client, error) {
	c, ok := s.registry.client(id)
	if !ok {
		return nil, goidc.ErrNotFound
	}
	view := &goidc.Client{ID: c.ID, Secret: atTheDoor, ClientMeta: goidc.ClientMeta{
		Name:             c.ID,
		ScopeIDs:         joined(c.Scopes),
		TokenAuthnMethod: goidc.AuthnMethodSecretPost,
		IDTokenSigAlg:    goidc.SigAlgNone, // signed by us, see issue.go
	}}
	for _, g := range c.Grants {
		view.GrantTypes = append(view.GrantTypes, goidc.GrantType(g))
	}
	if c.mayAuthorize() {
		view.ResponseTypes = responseTypes() // checked by us, see checkResponse
	}
	form := exchangeOf(ctx).form
	for _, uri := range []string{form.Get("redirect_uri"), s.pushedRedirect(form.Get("request_uri"))} {
		if c.matchesRedirect(uri) || uri != "" && exchangeOf(ctx).has(weakRedirect) {
			view.RedirectURIs = append(view.RedirectURIs, uri)
		}
	}
	return view, nil
}

// pushedRedirect is the redirect_uri behind a request_uri of ours.
func (s *store) pushedRedirect(requestURI string) string {
	id, _ := s.pushed.get(strings.TrimPrefix(requestURI, pushedPrefix))
	as, _ := s.sessions.get(id)
	return as.RedirectURI
}

// The lab's clients are fixed; the library asks for these two all the same.
var errFixedClients = errors.New("the clients of the lab are fixed")

func (s *store) SaveClient(context.Context, *goidc.Client) error { return errFixedClients }

func (s *store) DeleteClient(context.Context, string) error { return errFixedClients }
