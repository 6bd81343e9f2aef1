package grants

import (
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// isEncrypted recognises a JWE in compact form (RFC 7516 §7.1).
func isEncrypted(token wire.Untrusted) bool { return strings.Count(token.Raw(), ".") == 4 }

// opening is a step that decrypts a token, where it is encrypted, and keeps
// what was inside under a name.
func opening(id, what, ref, name string, token func(flows.State) wire.Untrusted) flows.Step {
	return flows.Step{
		ID: id, Title: "Decrypt " + what, Ref: ref + " · RFC 7516", From: flows.Client, To: flows.Client,
		Why: "An encrypted token can be read only with the private key of the one it was written for. " +
			"What comes out is signed like any other token, and is checked like one.",
		Pages: []string{"encrypted-token-no-key"},
		Skip: func(s flows.State) string {
			if !isEncrypted(token(s)) {
				return what + " is not encrypted"
			}
			return ""
		},
		Do: func(s flows.State) flows.Effect { return flows.Decrypt{Token: token(s), Key: "decrypt_key"} },
		On: func(_ flows.State, e flows.Entry) flows.Verdict {
			if d, ok := e.Event.(flows.Decrypted); ok {
				return flows.Verdict{Set: flows.Vars{name: d.Text}}
			}
			return unexpected(e)
		},
	}
}

// encrypted is what the settled options say of an answer that came so.
const encrypted = "encrypted"

// opened puts a step for every answer that turned out to be encrypted: nobody
// knows before it is here. The key for it is the client's own. The step that
// checks a token has the name of its variable.
func opened(g flows.Grant, o map[string]string) flows.Grant {
	for variable, about := range map[string][2]string{
		"id_token": {"the ID token", "OIDC Core §10.2"}, "front_id_token": {"the ID token", "OIDC Core §10.2"}, "introspection_jwt": {"the answer", "RFC 9701 §5"},
	} {
		if i := g.Index(variable); i >= 0 && o[variable] == encrypted {
			token := func(s flows.State) wire.Untrusted { return asItCame(s, variable) }
			g.Steps = slices.Insert(slices.Clone(g.Steps), i, opening(variable+"_decrypt", about[0], about[1], variable, token))
		}
	}
	i := g.Index("userinfo")
	if i < 0 {
		return g
	}
	g.Steps = slices.Clone(g.Steps)
	if o["userinfo_jwt"] == "signed" {
		g.Steps = slices.Insert(g.Steps, i+1, userinfoJWT)
	}
	if o["userinfo"] == encrypted {
		st := opening("userinfo_decrypt", "the answer", "OIDC Core §5.3.2", "userinfo_token", func(s flows.State) wire.Untrusted { return s.Vars["userinfo_jwe"] })
		on := st.On
		st.On = func(s flows.State, e flows.Entry) flows.Verdict {
			v := on(s, e)
			if v.Problem != nil {
				return v
			}
			return decryptedUserinfo(s, v.Set["userinfo_token"])
		}
		g.Steps = slices.Insert(g.Steps, i+1, st)
	}
	return g
}

// asItCame is a token as the other side sent it, before it was opened.
func asItCame(s flows.State, variable string) wire.Untrusted {
	var token wire.Untrusted
	for i, st := range s.Grant.Steps {
		if v := s.Results[i].Set[variable]; v != "" && st.ID != variable+"_decrypt" {
			token = v
		}
	}
	return token
}

// arrivedEncrypted notes which answers of this run are encrypted, and whether
// one is signed with keys that nobody has fetched yet.
func arrivedEncrypted(o map[string]string, s flows.State) {
	for _, variable := range []string{"id_token", "front_id_token", "introspection_jwt"} {
		if isEncrypted(asItCame(s, variable)) {
			o[variable] = encrypted
		}
	}
	answer := s.ResultOf("userinfo").Set
	if answer["userinfo_jwe"] != "" {
		o["userinfo"] = encrypted
	}
	if answer["userinfo_jwt"] != "" || answer["userinfo_jwe"] != "" && s.Vars["jwks"] == "" {
		o["userinfo_jwt"] = "signed"
	}
}

// decryptedUserinfo reads what was inside: a signed token, or plain claims.
func decryptedUserinfo(s flows.State, inside wire.Untrusted) flows.Verdict {
	if tok := jose.Decode(strings.TrimSpace(inside.Raw())); tok.Kind == jose.JWS {
		return signedUserinfo(s, flows.Response{Body: inside})
	}
	claims, checks, err := wire.ParseJSON([]byte(inside.Raw()), wire.Limits{})
	if err != nil || claims.Kind != wire.Object {
		return flows.Verdict{Checks: checks, Problem: &flows.Problem{Kind: flows.Refused, Code: "nonstandard_answer", Description: "the decrypted answer is neither a signed token nor a JSON object"}}
	}
	return aboutTheSame(s, claims, flows.Verdict{Checks: checks})
}
