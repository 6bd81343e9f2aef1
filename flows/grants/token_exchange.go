package grants

import (
	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// tokenType8693 begins the identifiers of RFC 8693 §3.
const tokenType8693 = "urn:ietf:params:oauth:token-type:"

// tokenExchange swaps one token for another, RFC 8693.
var tokenExchange = flows.Grant{
	ID: "token_exchange", Title: "Token exchange", Ref: "RFC 8693",
	About: "A service that was called with a token needs one for the next service. It gives the old one (the subject) and gets a new one, " +
		"either as if it were the person (impersonation) or openly on the person's behalf (delegation, with an actor).",
	Takes: []flows.Given{{Name: "subject_token", From: "access_token", What: "the token to exchange"},
		{Name: "actor_token", What: "a token of the one who acts", Optional: true}},
	Steps: []flows.Step{
		discover,
		{ID: "token", Title: "Exchange the token", Ref: "RFC 8693 §2.1, §2.2", From: flows.Client, To: flows.AS, Auth: true,
			Why: "subject_token says for whom, actor_token says who acts, audience or resource says where. " +
				"The server decides whether this client may stand between the two.",
			Pages: []string{"token-exchange-subject", "token-exchange-actor", "invalid-target", "invalid-scope", "unauthorized-client"},
			Needs: []string{"token_endpoint", "client_id", "subject_token"},
			Do: post("token_endpoint", lit("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
				arg("subject_token"), orElse("subject_token_type", tokenType8693+"access_token"), arg("actor_token"), actorType,
				arg("requested_token_type"), several("resource"), arg("audience"), arg("scope"), extra),
			On: exchanged},
		callAPI,
	},
}

// actorType goes along with an actor_token, and never without one (RFC 8693 §2.1).
func actorType(s flows.State) []flows.Param {
	if s.Vars["actor_token"] == "" {
		return nil
	}
	return orElse("actor_token_type", tokenType8693+"access_token")(s)
}

// exchanged reads the answer of RFC 8693 §2.2.1.
func exchanged(s flows.State, e flows.Entry) flows.Verdict {
	v := takeTokens(s, e)
	doc, _, ok := answer(e)
	if v.Problem != nil || !ok {
		return v
	}
	issued, wanted := wire.Untrusted(doc.Str("issued_token_type")), s.Vars["requested_token_type"]
	v.Set["issued_token_type"] = issued
	if v.Set["token_type"] == "N_A" && issued != tokenType8693+"access_token" {
		for i := range v.Checks {
			if v.Checks[i].ID == "token_type" {
				v.Checks[i].Status, v.Checks[i].Ref, v.Checks[i].Message = wire.Pass, "RFC 8693 §2.2.1", "N_A: what came is no access token, so it has no way of being presented"
			}
		}
	}
	c := wire.Check{ID: "issued_token_type", Status: wire.Pass, Got: issued.Safe(), Want: wanted.Safe(), Ref: "RFC 8693 §2.2.1", Message: "the answer says what kind of token it brings"}
	switch {
	case issued == "":
		c.Status, c.Message = wire.Warn, "the answer does not say what kind of token it brings, which is required"
	case wanted != "" && issued != wanted && !(wanted == tokenType8693+"jwt" && issued == tokenType8693+"access_token"):
		c.Status, c.Message = wire.Warn, "the server gave another kind of token than the one that was asked for"
	}
	v.Checks = append(v.Checks, c, actingCheck(s, v.Set["access_token"]))
	return v
}

// actingCheck names what the exchange made: delegation when the new token says
// who acts, impersonation when it only says for whom (RFC 8693 §1.1, §4.1).
func actingCheck(s flows.State, issued wire.Untrusted) wire.Check {
	c := wire.Check{ID: "delegation", Status: wire.NA, Ref: "RFC 8693 §1.1, §4.1", Message: "the new token cannot be read here, so it does not show whether it says who acts"}
	tok := jose.Decode(issued.Raw())
	if tok.Kind != jose.JWS {
		return c
	}
	act, has := tok.Claims.Get("act")
	switch {
	case has:
		c.Status, c.Got, c.Message = wire.Pass, wire.Safe(act.Str("sub")), "delegation: act names who acts for "+wire.Safe(tok.Claims.Str("sub"))
	case s.Vars["actor_token"] != "":
		c.Status, c.Want, c.Message = wire.Warn, "act", "an actor_token was sent, and the new token does not name an actor: it is impersonation"
	default:
		c.Status, c.Got, c.Message = wire.Pass, wire.Safe(tok.Claims.Str("sub")), "impersonation: the new token looks as if "+wire.Safe(tok.Claims.Str("sub"))+" used it"
	}
	return c
}
