package grants

import (
	"fmt"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// assertionLife is how long a signed assertion counts: long enough for one request.
const assertionLife = 5 * time.Minute

// jwtBearer swaps a signed statement for a token, RFC 7523 §2.1.
var jwtBearer = flows.Grant{
	ID: "jwt_bearer", Title: "JWT bearer", Ref: "RFC 7523 §2.1",
	About: "Somebody whom the server trusts signs a JWT that says for whom a token is wanted. Services use it to act for a person without that person being there.",
	Takes: []flows.Given{{Name: "assertion", What: "a signed assertion; without one, the client's key signs it here", Optional: true}},
	Steps: []flows.Step{
		discover,
		unless(flows.Step{ID: "assertion_key", Title: "Look up the key", Ref: "RFC 7523 §3", From: flows.Client, To: flows.Client,
			Why:   "The assertion names the key that signs it (kid) and the algorithm, so that the server can find the public half that was registered.",
			Pages: []string{"client-assertion", "jwks"},
			Do: func(flows.State) flows.Effect {
				return flows.Draw{Keys: []flows.KeyWish{{Name: "client_key"}}}
			},
			On: keep}, givenAssertion),
		unless(flows.Step{ID: "assertion", Title: "Sign the assertion", Ref: "RFC 7523 §3", From: flows.Client, To: flows.Client,
			Why: "iss is who vouches, sub is for whom, aud is the server that may take it, exp ends it soon, jti lets the server see it only once. " +
				"All of it can be read and changed here before it is signed.",
			Pages: []string{"jwt-bearer-assertion", "client-assertion-time", "client-assertion"},
			Needs: []string{"client_id", "client_key"},
			Do: func(s flows.State) flows.Effect {
				return flows.Sign{Key: "client_key", Draft: assertionDraft(s, "assertion", orElse("subject", s.Vars["client_id"].Raw())(s)[0].Value)}
			},
			On: func(_ flows.State, e flows.Entry) flows.Verdict {
				if signed, ok := e.Event.(flows.Signed); ok {
					return flows.Verdict{Set: flows.Vars{"assertion": signed.Token}}
				}
				return unexpected(e)
			}}, givenAssertion),
		{ID: "token", Title: "Swap the assertion for a token", Ref: "RFC 7523 §2.1", From: flows.Client, To: flows.AS, Auth: true,
			Why:   "The signature stands in for the person's sign-in: whoever holds that key can get tokens for everybody the server lets it speak for.",
			Pages: []string{"jwt-bearer-assertion", "client-assertion-time", "clock-client-ahead", "unauthorized-client"},
			Needs: []string{"token_endpoint", "assertion"},
			Do:    post("token_endpoint", lit("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), arg("assertion"), arg("scope"), arg("resource"), extra),
			On:    withoutRefresh("RFC 7521 §4.1")},
		callAPI,
	},
}

func givenAssertion(s flows.State) string {
	if s.Vars["assertion"] != "" && s.Born["assertion"] == "" {
		return "the assertion was given"
	}
	return ""
}

// assertionDraft is a JWT by which the client speaks about subject (RFC 7523
// §3). Its audience is the issuer where that is known: an assertion for a token
// endpoint could be taken to another server that claims the same endpoint.
func assertionDraft(s flows.State, name string, subject wire.Untrusted) flows.Draft {
	key, _, _ := wire.ParseJSON([]byte(s.Vars["client_key"].Raw()), wire.Limits{})
	header := []flows.Param{{Name: "alg", Value: wire.Untrusted(key.Str("alg"))}}
	if kid := key.Str("kid"); kid != "" {
		header = append(header, flows.Param{Name: "kid", Value: wire.Untrusted(kid)})
	}
	aud := s.Vars["issuer"]
	if aud == "" {
		aud = s.Vars["token_endpoint"]
	}
	number := func(name string, at time.Time) flows.Param {
		return flows.Param{Name: name, Value: wire.Untrusted(fmt.Sprint(at.Unix())), JSON: true}
	}
	return flows.Draft{Name: name, Header: append(header, flows.Param{Name: "typ", Value: "JWT"}), Claims: []flows.Param{
		{Name: "iss", Value: s.Vars["client_id"], Var: "client_id"}, {Name: "sub", Value: subject}, {Name: "aud", Value: aud},
		number("iat", s.Now), number("exp", s.Now.Add(assertionLife)), {Name: "jti", Fresh: true},
	}}
}
