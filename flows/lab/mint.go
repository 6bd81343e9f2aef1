package lab

import (
	"slices"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// permission is what somebody may have by a way that the library does not
// know: a device, a password, an assertion or another token.
type permission struct {
	subject, username string
	scopes            []string
	signedInAt        time.Time // zero when nobody signed in
	auth              goidc.AuthorizationParameters
	noRefresh         bool
	login             string // browser session; empty without one
}

// mint makes a grant and a first access token from a permission. The answer is
// the one that the library would give: tokens are handles until issue.
func (x *exchange) mint(p permission) (map[string]any, problem) {
	store, ctx := x.tenant.store, exchangeContext(x)
	g := &goidc.Grant{
		ID: x.lab.random.text(), CreatedAt: store.machineNow(),
		Subject: p.subject, Username: p.username, ClientID: x.client.ID, Scopes: joined(p.scopes),
		AuthParams: p.auth, Store: map[string]any{},
	}
	if !p.signedInAt.IsZero() {
		g.Store[keptAuthTime] = p.signedInAt.Unix()
	}
	if p.login != "" {
		g.Store[keptLogin] = p.login
	}
	answer := map[string]any{"token_type": "Bearer", "scope": g.Scopes}
	if !p.noRefresh && x.client.may("refresh_token") && slices.Contains(p.scopes, "offline_access") {
		g.RefreshToken = x.lab.random.text()
		answer["refresh_token"] = g.RefreshToken
	}
	if store.SaveGrant(ctx, g) != nil {
		return nil, labFailed
	}
	t := &goidc.Token{ID: x.lab.random.text(), GrantID: g.ID, ClientID: g.ClientID, Subject: g.Subject, Scopes: g.Scopes,
		Format: goidc.TokenFormatOpaque, Type: goidc.TokenTypeBearer, CreatedAt: store.machineNow()}
	if store.SaveToken(ctx, t) != nil {
		return nil, labFailed
	}
	answer["access_token"] = t.ID
	if slices.Contains(p.scopes, "openid") && p.subject != x.client.ID {
		answer["id_token"] = "" // issue makes it
	}
	return answer, ""
}

// addClaim adds a claim to the access tokens that this request issues.
func (x *exchange) addClaim(name string, value any) {
	if x.extra == nil {
		x.extra = map[string]any{}
	}
	x.extra[name] = value
}
