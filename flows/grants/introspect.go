package grants

import (
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

const introspectionJWT = "application/token-introspection+jwt"

// introspect asks the server what a token is worth, RFC 7662; signed, RFC 9701.
var introspect = flows.Grant{
	ID: "introspect", Title: "Introspection", Ref: "RFC 7662 · RFC 9701",
	About:   "An API hands a token to the server and is told whether it is alive, whose it is and what it may do. It works for tokens that say nothing by themselves.",
	Takes:   []flows.Given{{Name: "token", From: "access_token", What: "a token to ask about"}},
	Choices: map[string][]string{"answer": {"json", "jwt"}},
	Steps: []flows.Step{
		discover,
		{ID: "introspect", Title: "Ask about the token", Ref: "RFC 7662 §2", From: flows.Client, To: flows.AS, Auth: true,
			Why: "The one who asks must show who it is: else anybody could try out stolen tokens here. " +
				"active false is the whole answer for a token that is expired, revoked, unknown or not for the one who asks.",
			Pages: []string{"introspection-refused", "token-inactive", "client-authentication-failed", "endpoint-missing"},
			Needs: []string{"introspection_endpoint", "token"}, Settles: true,
			Do: wanting(post("introspection_endpoint", arg("token"), arg("token_type_hint"), extra), introspectionJWT), On: introspected},
		{ID: "introspection_jwt", Title: "Check the signed answer", Ref: "RFC 9701 §5, §8.1", From: flows.Client, To: flows.AS,
			Why: "A signed answer can be kept and shown as a proof. It counts when the server's key signed it, and when it was made for the one who asked.",
			Skip: func(s flows.State) string {
				if s.Vars["introspection_jwt"] == "" {
					return "the answer is plain JSON"
				}
				return ""
			},
			Pages: []string{"signature-invalid", "audience-mismatch", "token-typ-confusion"},
			Needs: []string{"introspection_jwt", "jwks_uri"},
			Do:    get("jwks_uri"), On: checkIntrospectionJWT},
	},
}

// wanting asks for a media type when the run wants the answer as a JWT.
func wanting(do func(flows.State) flows.Effect, kind string) func(flows.State) flows.Effect {
	return func(s flows.State) flows.Effect {
		fx := do(s).(flows.Send)
		if s.Spec.Options["answer"] == "jwt" {
			fx.Request.Header = slices.DeleteFunc(slices.Clone(fx.Request.Header), func(p flows.Param) bool { return p.Name == "Accept" })
			fx.Request.Header = append(fx.Request.Header, accept(kind))
		}
		return fx
	}
}

func introspected(s flows.State, e flows.Entry) flows.Verdict {
	if rec, ok := e.Event.(flows.Received); ok && rec.Exchange.Response.Status == 200 && isKind(rec.Exchange.Response, introspectionJWT) {
		return flows.Verdict{Set: flows.Vars{"introspection_jwt": wire.Untrusted(strings.TrimSpace(rec.Exchange.Response.Body.Raw()))}}
	}
	doc, v, ok := answer(e)
	if !ok {
		return v
	}
	v.Set = flows.Vars{"introspection_jwt": ""}
	if s.Spec.Options["answer"] == "jwt" {
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Got: "JSON", Want: introspectionJWT, Ref: "RFC 9701 §4",
			Message: "a signed answer was asked for, and plain JSON came: nothing proves who said it"})
	}
	return aboutToken(s, doc, e, v)
}

// aboutToken reads the members of RFC 7662 §2.2.
func aboutToken(s flows.State, doc wire.Value, e flows.Entry, v flows.Verdict) flows.Verdict {
	v.Set["introspection"] = wire.Untrusted(doc.Indent())
	active, has := doc.Get("active")
	if !has || active.Kind != wire.Bool {
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Fail, Got: wire.Safe(active.Text), Want: "active: true or false", Ref: "RFC 7662 §2.2",
			Message: "the answer does not say whether the token is active, so it says nothing"})
		return v
	}
	v.Set["token_active"] = wire.Untrusted(active.Text)
	c := wire.Check{ID: "token_active", Status: wire.Pass, Got: active.Text, Want: "true", Ref: "RFC 7662 §2.2", Message: "the server stands by this token"}
	if active.Text != "true" {
		c.Status, c.Message = wire.Warn, "the token is not active: expired, revoked, unknown, or not for this client to know. The server does not say which"
		if len(doc.Members) > 1 {
			c.Message += "; it says more about the token than it should"
		}
		v.Checks = append(v.Checks, c)
		return v
	}
	v.Checks = append(v.Checks, c)
	if exp, ok := doc.Int("exp"); ok && exp < e.At.Unix() {
		v.Checks = append(v.Checks, wire.Check{ID: "expired", Status: wire.Warn, Got: wire.Untrusted(doc.Str("exp")).Safe(), Ref: "RFC 7662 §2.2",
			Message: "the answer says active, and its exp is over: one of the two clocks is wrong"})
	}
	return v
}

func checkIntrospectionJWT(s flows.State, e flows.Entry) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	tok := jose.Decode(s.Vars["introspection_jwt"].Raw())
	checks, key := jose.Verify(tok, signers(s, tok, rec.Exchange.Response.Body), jose.Policy{})
	v := flows.Verdict{Checks: checks, Set: flows.Vars{"jwks": rec.Exchange.Response.Body}}
	if refusal := unverified(checks); key == nil && refusal != nil {
		v.Problem = refusal
		return v
	}
	const ref = "RFC 9701 §5"
	typ := strings.TrimPrefix(strings.ToLower(tok.Header.Str("typ")), "application/")
	v.Checks = append(v.Checks,
		must("typ_confusion", "typ", wire.Untrusted(typ), "token-introspection+jwt", ref),
		must("iss_mismatch", "iss", wire.Untrusted(tok.Claims.Str("iss")), s.Vars["issuer"], ref))
	aud := tok.Claims.Strings("aud")
	if one := tok.Claims.Str("aud"); one != "" {
		aud = []string{one}
	}
	if !slices.Contains(aud, s.Vars["client_id"].Raw()) {
		v.Checks = append(v.Checks, wire.Check{ID: "aud_mismatch", Status: wire.Fail, Got: wire.Safe(strings.Join(aud, " ")), Want: s.Vars["client_id"].Safe(), Ref: ref,
			Message: "the answer was made for somebody else"})
	}
	inner, has := tok.Claims.Get("token_introspection")
	if !has || inner.Kind != wire.Object {
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Fail, Want: "token_introspection", Ref: ref, Message: "the JWT has no token_introspection object"})
		return v
	}
	return aboutToken(s, inner, e, v)
}

// unverified is the reason to stop when a signature could not be checked at all.
func unverified(checks []wire.Check) *flows.Problem {
	for _, c := range checks {
		if c.Status == wire.Unknown {
			return &flows.Problem{Kind: flows.Refused, Code: c.ID, Description: wire.Untrusted("the signature could not be verified: " + c.Message)}
		}
	}
	return nil
}

// must compares a value with the only one that is right.
func must(id, what string, got, want wire.Untrusted, ref string) wire.Check {
	c := wire.Check{ID: id, Status: wire.Pass, Got: got.Safe(), Want: want.Safe(), Ref: ref, Message: what + " is what it must be"}
	if got != want {
		c.Status, c.Message = wire.Fail, what+" is "+got.Safe()+" and must be "+want.Safe()
	}
	return c
}
