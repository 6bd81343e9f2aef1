package lab_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"authdance/flows/lab"
)

// row is a grant that does not come back through the browser, as one
// application uses it.
type row struct {
	who applicant
	sub string // of the access token
	// ask does what the grant needs and returns the answer with the tokens.
	ask func(*testing.T, *party) answer
	// unbound grants bring tokens with no request that could prove a key.
	unbound bool
}

// asking is a token request with these parameters.
func asking(pairs ...string) func(*testing.T, *party) answer {
	return func(t *testing.T, p *party) answer {
		return p.post(t, "token_endpoint", edit(url.Values{"scope": {"read"}}, pairs...))
	}
}

// others has an access token of alice that another application got.
func (p *party) others(t *testing.T) string {
	t.Helper()
	return p.send(t, p.lab.Issuer()+"/token", url.Values{"grant_type": {"password"}, "client_id": {"workshop-legacy"}, "username": {"alice"}, "password": {"password"}, "scope": {"read"}}).str("access_token")
}

func (p *party) backchannel(t *testing.T, change ...string) string {
	t.Helper()
	a := p.post(t, "backchannel_authentication_endpoint", edit(url.Values{"scope": {"openid read"}, "login_hint": {"alice"}, "binding_message": {"W4SCT"}}, change...))
	if a.status != http.StatusOK {
		t.Fatalf("authentication request = %d %s", a.status, a.text)
	}
	return a.str("auth_req_id")
}

func (p *party) allow(t *testing.T) {
	t.Helper()
	if page := p.browser.fill(t, p.lab.Issuer()+"/ciba", url.Values{"action": {"allow"}}); !strings.Contains(page, "may go on") {
		t.Fatal(page)
	}
}

func directGrants() []row {
	const secret, alice = "workshop-secret", "lab-user-1001"
	gateway := applicant{name: "gateway", id: "workshop-gateway", auth: "client_secret_basic", secret: secret}
	samlClient := applicant{name: "SAML assertion", id: "workshop-saml", auth: "saml"}
	poll := applicant{name: "CIBA poll", id: "workshop-ciba-poll", auth: "client_secret_basic", secret: secret}
	named := func(name string, a applicant) applicant { a.name = name; return a }

	var list []row
	for _, who := range []applicant{{name: "basic", id: "workshop-service", auth: "client_secret_basic", secret: secret}, {name: "post", id: "workshop-service", auth: "client_secret_post", secret: secret}, samlClient} {
		list = append(list, row{who: named("client credentials, "+who.name, who), sub: who.id, ask: asking("grant_type", "client_credentials")})
	}
	for _, who := range applicants() {
		if slices.Contains([]string{"workshop-mac", "workshop-keys", "workshop-cert", "workshop-mtls", "workshop-selfsigned"}, who.id) {
			list = append(list, row{who: named("client credentials, "+who.name, who), sub: who.id, ask: asking("grant_type", "client_credentials")})
		}
	}
	saml := func(t *testing.T, p *party) answer {
		return asking("grant_type", samlGrant, "assertion", p.mintSAML(t, lab.AssertionOptions{}))(t, p)
	}
	return append(list,
		row{who: applicant{name: "password", id: "workshop-legacy", auth: "none"}, sub: alice, ask: asking("grant_type", "password", "username", "alice", "password", "password")},
		row{who: applicant{name: "device", id: "workshop-device", auth: "none"}, sub: alice, ask: func(t *testing.T, p *party) answer {
			a := p.post(t, "device_authorization_endpoint", url.Values{"scope": {"openid read"}})
			p.answerDevice(t, a.str("user_code"), "allow")
			return asking("grant_type", deviceGrant, "device_code", a.str("device_code"), "scope", "")(t, p)
		}},
		row{who: poll, sub: alice, ask: func(t *testing.T, p *party) answer {
			id := p.backchannel(t)
			p.allow(t)
			return asking("grant_type", cibaGrant, "auth_req_id", id, "scope", "")(t, p)
		}},
		row{who: applicant{name: "CIBA ping", id: "workshop-ciba-ping", auth: "client_secret_post", secret: secret}, sub: alice, ask: func(t *testing.T, p *party) answer {
			told := p.toldAt(t)
			id := p.backchannel(t, "user_code", "1357", "client_notification_token", "a-token-of-the-application")
			p.allow(t)
			if n := heard(t, told); n.authorization != "Bearer a-token-of-the-application" || n.json["auth_req_id"] != id {
				t.Errorf("told %+v", n)
			}
			return asking("grant_type", cibaGrant, "auth_req_id", id, "scope", "")(t, p)
		}},
		row{who: applicant{name: "CIBA push", id: "workshop-ciba-push", auth: "private_key_jwt", signs: true}, sub: alice, unbound: true, ask: func(t *testing.T, p *party) answer {
			told := p.toldAt(t)
			id := p.backchannel(t, "client_notification_token", "a-token-of-the-application")
			p.allow(t)
			n := heard(t, told)
			_, claims := p.verified(t, p.lab.Issuer(), n.json["id_token"].(string))
			if claims["urn:openid:params:jwt:claim:auth_req_id"] != id {
				t.Errorf("ID token = %v", claims)
			}
			return answer{status: http.StatusOK, json: n.json}
		}},
		row{who: named("JWT bearer", applicant{id: "workshop-keys", auth: "private_key_jwt", signs: true}), sub: alice, ask: func(t *testing.T, p *party) answer {
			return asking("grant_type", bearerGrant, "assertion", p.signer(t).jwt(with(p.assertionClaims(p.who.id), "sub", "alice"), nil))(t, p)
		}},
		row{who: named("SAML bearer, basic", gateway), sub: alice, ask: saml},
		row{who: named("SAML bearer, SAML assertion", samlClient), sub: alice, ask: saml},
		row{who: named("token exchange", gateway), sub: alice, ask: func(t *testing.T, p *party) answer {
			actor := p.service(t).str("access_token")
			a := asking("grant_type", exchangeGrant, "subject_token", p.others(t), "subject_token_type", accessType, "actor_token", actor, "actor_token_type", accessType)(t, p)
			if act, _ := claims(t, a.str("access_token"))["act"].(map[string]any); act["sub"] != "workshop-service" {
				t.Errorf("act = %v", act)
			}
			return a
		}},
		row{who: named("on behalf of", gateway), sub: alice, ask: func(t *testing.T, p *party) answer {
			a := asking("grant_type", bearerGrant, "requested_token_use", "on_behalf_of", "assertion", p.others(t))(t, p)
			if act, _ := claims(t, a.str("access_token"))["act"].(map[string]any); act["sub"] != p.who.id {
				t.Errorf("act = %v", act)
			}
			return a
		}},
		row{who: applicant{name: "native SSO", id: "workshop-app-two", auth: "none"}, sub: alice, ask: func(t *testing.T, p *party) answer {
			first := p.firstApp(t, "openid device_sso")
			return asking("grant_type", exchangeGrant, "audience", p.lab.Issuer(), "subject_token", first.str("id_token"), "subject_token_type", idType,
				"actor_token", first.str("device_secret"), "actor_token_type", deviceSecretType)(t, p)
		}},
	)
}

// toldAt registers a server of the application's own.
func (p *party) toldAt(t *testing.T) <-chan notified {
	t.Helper()
	endpoint, told := application(t, http.StatusNoContent)
	mode := strings.TrimPrefix(p.who.id, "workshop-ciba-")
	b := p.client(t, p.who.id).Backchannel
	b.Endpoint = endpoint
	if err := p.tenant(t, "default").SetCIBA(p.who.id, b); err != nil {
		t.Fatalf("%s: %v", mode, err)
	}
	return told
}

// Every other grant brings tokens that are signed, are for the right person or
// program, are bound as the application wished, work at the API, and do not once
// they are revoked.
func TestForeignClientsUseEveryOtherGrant(t *testing.T) {
	b := newTLSBench(t)
	for _, r := range directGrants() {
		for _, w := range []wish{{name: "Bearer"}, {name: "DPoP", must: []string{"dpop"}}} {
			if r.unbound && len(w.must) > 0 {
				continue
			}
			t.Run(r.who.name+", "+w.name, func(t *testing.T) {
				p := newParty(t, b, r.who)
				p.wish = w
				a := r.ask(t, p)
				p.accessToken(t, a, r.sub)
				p.revoked(t, a.str("access_token"))
			})
		}
	}
}
