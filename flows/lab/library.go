package lab

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"
)

// Lifetimes in seconds as the library knows them. The store has its own, which
// can be changed (see Lifetimes).
const (
	codeSeconds    = 60
	accessSeconds  = 5 * 60
	idTokenSeconds = 15 * 60
	refreshSeconds = 8 * 60 * 60
	signInSeconds  = 30 * 60
	pushedSeconds  = 60
)

// newLibrary sets go-oidc up for a tenant. It never sees a signed token of
// ours: its access tokens are handles into our store, its ID tokens are
// unsigned, and issue.go makes the real ones.
func newLibrary(t *tenant) (http.Handler, error) {
	s := t.store
	fresh := func(context.Context) string { return t.lab.random.text() }
	var known []goidc.Scope
	for _, sc := range scopes {
		known = append(known, goidc.NewScope(sc.id))
	}

	op, err := provider.New(
		provider.Config{
			Issuer:  t.issuer,
			Manager: s,
			JWKS: func(context.Context) (goidc.JSONWebKeySet, error) {
				var set goidc.JSONWebKeySet
				for _, k := range t.keys.published() {
					set.Keys = append(set.Keys, goidc.JSONWebKey{Key: k.public, KeyID: k.kid, Algorithm: k.alg, Use: k.use})
				}
				return set, nil
			},
			IDTokenAlgs: []goidc.SignatureAlgorithm{goidc.SigAlgNone, goidc.SigAlgES256, goidc.SigAlgRS256},
		},
		provider.WithSigner(func(_ context.Context, alg goidc.SignatureAlgorithm) (string, crypto.Signer, error) {
			key, err := t.keys.key(string(alg))
			if err != nil {
				return "", nil, err
			}
			return key.kid, key.private, nil
		}),
		provider.WithScopes(known...),
		provider.WithClaims("sub", "name", "given_name", "family_name", "preferred_username", "email", "email_verified", "auth_time", "acr", "amr"),
		provider.WithNoneAuthn(),
		provider.WithSecretPostAuthn(),
		provider.WithSecretBasicAuthn(),
		// Not for registration, whose route is closed: only so are clients
		// looked up by us, once per request.
		provider.WithDCR(s),
		provider.WithAuthCodeGrant(
			provider.AuthCodeGrantConfig{Manager: s, ResponseTypes: responseTypes()},
			provider.WithAuthCodeFunc(fresh),
			provider.WithAuthCodeLifetime(codeSeconds),
			provider.WithFormPostResponseMode(),
			provider.WithIssuerResponseParameter(),
			provider.WithPKCE([]goidc.CodeChallengeMethod{goidc.CodeChallengeMethodSHA256}),
			provider.WithPAR(s, provider.WithPARIDFunc(fresh), provider.WithPARLifetime(pushedSeconds),
				provider.WithPARSessionHandler(func(ctx context.Context, as *goidc.AuthnSession, _ *goidc.Client) error {
					exchangeOf(ctx).keep(as)
					return nil
				})),
			provider.WithAuthPolicies(goidc.NewPolicy("lab",
				func(*http.Request, *goidc.AuthnSession, *goidc.Client) bool { return true },
				func(_ http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, _ *goidc.Client) (goidc.Status, error) {
					return exchangeOf(r.Context()).interact(r, as)
				})),
		),
		provider.WithAuthnSessionIDFunc(fresh),
		provider.WithAuthSessionLifetime(signInSeconds),
		provider.WithRefreshTokenGrant(s,
			provider.WithRefreshTokenFunc(fresh),
			provider.WithRefreshTokenLifetime(refreshSeconds),
			provider.WithRefreshTokenRotation(),
			// OIDC Core §11: no refresh token unless it was asked for.
			provider.WithRefreshTokenShouldIssue(func(_ context.Context, _ *goidc.Client, g *goidc.Grant) bool {
				return slices.Contains(fields(g.Scopes), "offline_access")
			}),
		),
		provider.WithClientCredentialsGrant(),
		provider.WithGrantIDFunc(fresh),
		provider.WithJWTIDFunc(fresh),
		provider.WithTokenOptions(
			func(context.Context, *goidc.Grant, *goidc.Client) goidc.TokenOptions {
				return goidc.NewOpaqueTokenOptions(accessSeconds)
			},
			provider.WithOpaqueTokens(s),
			provider.WithOpaqueTokenFunc(func(context.Context, *goidc.Grant) string { return t.lab.random.text() }),
		),
		provider.WithIDTokenLifetime(idTokenSeconds),
		provider.WithIDTokenClaims(func(_ context.Context, g *goidc.Grant) map[string]any { return t.idTokenClaims(g) }),
		provider.WithUserInfoClaims(func(_ context.Context, g *goidc.Grant) map[string]any {
			return t.personClaims(g.Subject, fields(g.Scopes))
		}),
		provider.WithTokenIntrospection(func(context.Context, *goidc.Client, goidc.TokenInfo) bool { return true }),
		provider.WithTokenRevocation(func(context.Context, *goidc.Client) bool { return true }),
		provider.WithJTIConsumer(s.consumeJTI),
		provider.WithErrorHandler(func(ctx context.Context, err error) {
			x := exchangeOf(ctx)
			x.why, x.refused = x.explain(err), true
		}),
		provider.WithErrorRenderer(func(http.ResponseWriter, *http.Request, error) error { return nil }),
	)
	if err != nil {
		return nil, fmt.Errorf("set up go-oidc: %w", err)
	}
	return op.Handler(), nil
}

// ask hands the request to the library and keeps its answer.
func (x *exchange) ask(r *http.Request) *captured {
	answer := &captured{header: http.Header{}}
	x.tenant.library.ServeHTTP(answer, r)
	return answer
}

func (t *tenant) idTokenClaims(g *goidc.Grant) map[string]any {
	claims := t.personClaims(g.Subject, fields(g.Scopes))
	claims["acr"], claims["amr"] = acrOf(g.Store), methodsOf(acrOf(g.Store))
	if at, ok := g.Store[keptAuthTime].(int64); ok {
		claims["auth_time"] = at
	}
	if id := sid(g); id != "" {
		claims["sid"] = id
	}
	return claims
}

// personClaims are the claims that the scopes give access to, OIDC Core §5.4.
// They stand in the ID token too, so that people see a name there.
func (t *tenant) personClaims(sub string, granted []string) map[string]any {
	claims := map[string]any{}
	u, ok := bySubject(t.users, sub)
	if !ok {
		return claims
	}
	if slices.Contains(granted, "profile") {
		given, family, _ := strings.Cut(u.Name, " ")
		claims["name"], claims["given_name"], claims["family_name"] = u.Name, given, family
		claims["preferred_username"] = u.Username
	}
	if slices.Contains(granted, "email") {
		claims["email"], claims["email_verified"] = u.Email, true
	}
	return claims
}

// libraryMetadata asks the library for its discovery document once and says
// what differs in the lab.
func (t *tenant) libraryMetadata() (map[string]any, error) {
	r, err := http.NewRequest(http.MethodGet, "/.well-known/openid-configuration/"+t.name, nil)
	if err != nil {
		return nil, err
	}
	answer := &captured{header: http.Header{}}
	t.library.ServeHTTP(answer, r)
	var m map[string]any
	if err := json.Unmarshal(answer.body.Bytes(), &m); err != nil {
		return nil, fmt.Errorf("read go-oidc's metadata: %w", err)
	}
	m["registration_endpoint"] = t.issuer + "/register"
	m["end_session_endpoint"] = t.issuer + "/logout"
	m["device_authorization_endpoint"] = t.issuer + "/device_authorization"
	m["grant_types_supported"] = offeredGrants()
	for _, endpoint := range []string{"token", "revocation", "introspection"} {
		methods := t.lab.authMethods()
		if endpoint == "introspection" {
			methods = slices.DeleteFunc(methods, func(m string) bool { return m == authNone })
		}
		m[endpoint+"_endpoint_auth_methods_supported"] = methods
		m[endpoint+"_endpoint_auth_signing_alg_values_supported"] = slices.Concat(foreignAlgs(), macAlgs())
	}
	m["prompt_values_supported"] = []string{"none", "login", "consent", "select_account"}
	m["acr_values_supported"] = acrValues()
	m["authorization_details_types_supported"] = []string{"notes", "payment"}
	m["dpop_signing_alg_values_supported"] = foreignAlgs()
	m["request_parameter_supported"] = true
	m["request_object_signing_alg_values_supported"] = foreignAlgs()
	m["response_modes_supported"] = responseModes()
	announceSeals(m)
	t.announceCIBA(m)
	announceLogout(m)
	announceSharing(m)
	m["request_uri_parameter_supported"] = true
	m["require_request_uri_registration"] = true
	m["client_id_metadata_document_supported"] = true
	m["claims_parameter_supported"] = false
	m["x_lab"] = true
	return m, nil
}
