package grants

import (
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// implicit hands tokens out through the browser, RFC 6749 §4.2 and OIDC Core
// §3.2. It is kept so that people can see why it was retired.
var implicit = flows.Grant{
	ID: "implicit", Title: "Implicit (retired)", Ref: "RFC 6749 §4.2 · OIDC Core §3.2",
	About: "The tokens come back in the address of the browser, without a code and without a second request. " +
		"RFC 9700 tells servers and clients to stop using it: use the code flow with PKCE.",
	Choices: map[string][]string{"response_type": {"id_token token", "id_token", "token"}},
	Steps: []flows.Step{
		discover,
		warning(prepare, wire.Check{ID: "grant_retired", Status: wire.Warn, Got: "implicit", Want: "authorization_code with PKCE", Ref: "RFC 9700 §2.1.2",
			Message: "the implicit flow is retired: tokens in an address end up in histories and logs, and nothing ties them to the application that asked"}),
		authorize(choice("response_type")),
		frontAnswer("access_token", "id_token"),
		validating("id_token", "id_token", true), unless(userinfo, noAccessToken), unless(callAPI, noAccessToken),
	},
}

// hybrid brings a code and tokens at once, OIDC Core §3.3.
var hybrid = flows.Grant{
	ID: "hybrid", Title: "Hybrid", Ref: "OIDC Core §3.3",
	About: "The browser brings a code together with an ID token, an access token or both; the code is swapped for the real tokens. " +
		"The ID token from the browser vouches for the code: c_hash binds the two.",
	Choices: map[string][]string{"response_type": {"code id_token", "code token", "code id_token token"}},
	Steps: []flows.Step{
		discover, prepare, authorize(choice("response_type")),
		frontAnswer("front_access_token", "front_id_token"),
		validating("front_id_token", "front_id_token", true),
		swap, comparing(validate), userinfo, callAPI,
	},
}

func noAccessToken(s flows.State) string {
	if s.Vars["access_token"] == "" {
		return "response_type " + s.Spec.Options["response_type"] + " brings no access token"
	}
	return ""
}

// frontAnswer reads an answer that may hold tokens, and keeps them under the
// names given. Which ones must be there follows from response_type.
func frontAnswer(access, id string) flows.Step {
	st := receive
	st.Settles = true // an ID token in it may be encrypted
	st.Title, st.Ref = "Receive the answer", "OAuth 2.0 Multiple Response Types §5 · OIDC Core §3.2.2.5, §3.3.2.5"
	st.Why = "The answer stands behind the # of the address, so the browser shows it to this page only and not to the server of the page. " +
		"state and iss are looked at first; a token from the browser counts only after the next step has checked it."
	names := map[string]string{"code": "code", "token": access, "id_token": id}
	wireNames := map[string]string{access: "access_token", id: "id_token"}
	st.On = func(s flows.State, e flows.Entry) flows.Verdict {
		var want []string
		kinds := words(wire.Untrusted(s.Spec.Options["response_type"]))
		for _, kind := range kinds {
			name := names[kind]
			if on, ok := wireNames[name]; ok {
				name = on
			}
			want = append(want, name)
		}
		v := callback(want...)(s, e)
		for variable, name := range wireNames {
			if got, has := v.Set[name]; has && name != variable {
				v.Set[variable] = got
				delete(v.Set, name)
			}
		}
		if v.Set != nil && slices.Contains(kinds, "token") {
			v = frontToken(s, v)
		}
		return v
	}
	return st
}

// frontToken reads what comes with an access token (RFC 6749 §4.2.2).
func frontToken(s flows.State, v flows.Verdict) flows.Verdict {
	in := s.Incoming()
	answer := append(slices.Clip(in.Query), in.Form...)
	kind, _ := value(answer, "token_type")
	v.Checks = append(v.Checks, tokenType(kind, "Bearer", "RFC 6749 §4.2.2"))
	expires, has := value(answer, "expires_in")
	if !has {
		v.Checks = append(v.Checks, wire.Check{ID: "expires_in_type", Status: wire.Warn, Want: "seconds", Ref: "RFC 6749 §4.2.2", Message: "the answer does not say how long the access token lives"})
	}
	scope, _ := value(answer, "scope")
	v.Checks = append(v.Checks, scopeCheck(s, scope))
	if refresh, has := value(answer, "refresh_token"); has {
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Got: wire.Mask(refresh.Raw()), Want: "no refresh_token", Ref: "RFC 6749 §4.2.2",
			Message: "a refresh token came through the browser, which the specification forbids; authdance does not take it"})
	}
	v.Set["token_type"], v.Set["expires_in"], v.Set["granted_scope"] = kind, expires, scope
	return v
}

// tokenType says whether an access token is of a kind that this client can use.
// want is DPoP where the request came with a proof: a server that answers Bearer
// then has bound nothing (RFC 9449 §5).
func tokenType(kind wire.Untrusted, want, required string) wire.Check {
	c := wire.Check{ID: "token_type", Status: wire.Pass, Got: kind.Safe(), Want: want, Ref: "RFC 6749 §7.1", Message: "token_type is one that this client understands"}
	switch {
	case strings.EqualFold(kind.Raw(), want):
	case want == "DPoP" && (kind == "" || strings.EqualFold(kind.Raw(), "bearer")):
		c.Status, c.Ref, c.Message = wire.Warn, "RFC 9449 §5", "the server took the proof and bound nothing to it: a copy of this token works for everybody. authdance goes on with a Bearer token"
	case kind == "":
		c.Status, c.Ref, c.Message = wire.Warn, required, "the answer has no token_type, which is required; authdance goes on as if it said Bearer"
	default:
		c.Status, c.Message = wire.Fail, "a client must not use a token whose type it does not understand"
	}
	return c
}

// comparing checks the ID token of the token endpoint against the one that came
// through the browser (OIDC Core §3.3.3.6).
func comparing(st flows.Step) flows.Step {
	st.Ref = "OIDC Core §3.3.3.7 · §3.3.3.6"
	st.Why += " It must speak of the same person, at the same issuer, as the one that came through the browser."
	on := st.On
	st.On = func(s flows.State, e flows.Entry) flows.Verdict {
		v := on(s, e)
		if v.Again || v.Problem != nil || s.Vars["front_id_token"] == "" {
			return v
		}
		v.Checks = append(v.Checks, sameClaims(s.Vars["front_id_token"], s.Vars["id_token"])...)
		return v
	}
	return st
}
