package grants

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// userinfo asks the server about the person who signed in, OIDC Core §5.3.
var userinfo = flows.Step{
	ID: "userinfo", Title: "Ask who signed in", Ref: "OIDC Core §5.3", From: flows.Client, To: flows.AS,
	Why:   "The access token opens the userinfo endpoint. Its sub must be the one of the ID token, else the claims belong to another person.",
	Pages: []string{"userinfo-sub-differs", "api-401-invalid-token"},
	Skip: func(s flows.State) string {
		switch {
		case s.Vars["userinfo_endpoint"] == "":
			return "the server has no userinfo_endpoint"
		case !slices.Contains(words(s.Vars["scope"]), "openid"):
			return "scope openid was not asked for"
		}
		return ""
	},
	Needs: []string{"userinfo_endpoint", "access_token"}, Settles: true,
	Do: get("userinfo_endpoint", bearer),
	On: func(s flows.State, e flows.Entry) flows.Verdict {
		if rec, ok := e.Event.(flows.Received); ok && isJWT(rec.Exchange.Response) {
			return signedUserinfo(s, rec.Exchange.Response)
		}
		doc, v, ok := answer(e)
		if !ok {
			return tokenForAnother(s, v)
		}
		return aboutTheSame(s, doc, v)
	},
}

// tokenForAnother lets a run go on whose access token was asked for with a
// resource: that it does not open userinfo is what audiences are for (RFC 8707 §2).
func tokenForAnother(s flows.State, v flows.Verdict) flows.Verdict {
	refused := v.Problem != nil && v.Problem.Code == "invalid_token"
	if !refused || s.Vars["resource"] == "" || s.Grant.Index("token") < 0 {
		return v
	}
	return flows.Verdict{Checks: append(v.Checks, wire.Check{ID: "aud_mismatch", Status: wire.Warn, Got: s.Vars["resource"].Safe(), Want: "the server itself", Ref: "RFC 8707 §2",
		Message: "the access token was asked for another resource, so the server does not take it here; authdance goes on without userinfo"})}
}

// isJWT recognises an answer that is a token (OIDC Core §5.3.2).
func isJWT(res flows.Response) bool {
	return isKind(res, "application/jwt") && res.Status == http.StatusOK
}

// isKind compares the media type of an answer.
func isKind(res flows.Response, kind string) bool {
	got, _, err := mime.ParseMediaType(res.Get("Content-Type").Raw())
	return err == nil && got == kind
}

// signedUserinfo verifies the answer with the keys that verified the ID token.
// Where there was none, a step of its own fetches them.
func signedUserinfo(s flows.State, res flows.Response) flows.Verdict {
	tok := jose.Decode(strings.TrimSpace(res.Body.Raw()))
	if tok.Kind == jose.JWE {
		return flows.Verdict{Set: flows.Vars{"userinfo_jwe": wire.Untrusted(strings.TrimSpace(res.Body.Raw()))}}
	}
	if s.Vars["jwks"] == "" && s.Vars["jwks_uri"] != "" {
		return flows.Verdict{Set: flows.Vars{"userinfo_jwt": wire.Untrusted(strings.TrimSpace(res.Body.Raw()))}}
	}
	return checkUserinfo(s, tok, s.Vars["jwks"])
}

// userinfoJWT checks a signed answer in a run that had no ID token to check.
var userinfoJWT = flows.Step{
	ID: "userinfo_jwt", Title: "Check the signed answer", Ref: "OIDC Core §5.3.2", From: flows.Client, To: flows.AS,
	Why:   "The claims came as a signed token. The server's published keys say whether it wrote them, and iss and aud whether they are for this client.",
	Pages: []string{"signature-invalid", "unknown-kid", "audience-mismatch", "issuer-mismatch"},
	Skip: func(s flows.State) string {
		if s.Vars["userinfo_jwt"] == "" {
			return "the answer is not signed"
		}
		return ""
	},
	Needs: []string{"userinfo_jwt", "jwks_uri"},
	Do:    get("jwks_uri"),
	On: func(s flows.State, e flows.Entry) flows.Verdict {
		rec, ok := e.Event.(flows.Received)
		if !ok {
			return unexpected(e)
		}
		return checkUserinfo(s, jose.Decode(s.Vars["userinfo_jwt"].Raw()), rec.Exchange.Response.Body)
	},
}

// checkUserinfo takes nothing over unless the signature is good.
func checkUserinfo(s flows.State, tok jose.Token, jwks wire.Untrusted) flows.Verdict {
	report := jose.CheckUserInfo(tok, jose.Expect{Issuer: s.Vars["issuer"].Raw(), ClientID: s.Vars["client_id"].Raw()}, signers(s, tok, jwks))
	v := flows.Verdict{Checks: report.Checks}
	switch report.Verdict {
	case jose.Valid:
		return aboutTheSame(s, tok.Claims, v)
	case jose.Unverified:
		v.Checks = append(v.Checks, wire.Check{ID: "userinfo_sub_mismatch", Status: wire.Unknown, Ref: "OIDC Core §5.3.2",
			Message: "the signature of the answer was not verified, so its sub was not compared"})
	}
	return v
}

// aboutTheSame takes the claims over and compares whom they are about.
func aboutTheSame(s flows.State, claims wire.Value, v flows.Verdict) flows.Verdict {
	v.Set = flows.Vars{"userinfo": wire.Untrusted(claims.Indent())}
	want := s.Vars["sub"]
	if want == "" {
		v.Checks = append(v.Checks, wire.Check{ID: "userinfo_sub_mismatch", Status: wire.NA, Message: "no ID token to compare sub with", Ref: "OIDC Core §5.3.4"})
		return v
	}
	c := same("userinfo_sub_mismatch", "sub", wire.Untrusted(claims.Str("sub")), want, "OIDC Core §5.3.4")
	if c.Status == wire.Pass {
		c.Message = "sub is the one of the ID token"
	}
	v.Checks = append(v.Checks, c)
	return v
}

// callAPI uses the access token for what it is for, RFC 6750 §2.1.
var callAPI = flows.Step{
	ID: "api", Title: "Call the API", Ref: "RFC 6750 §2.1", From: flows.Client, To: flows.API,
	Why:   "The whole dance was for this: the API looks at the access token and answers. Who holds the token can call the API, so it only travels over the back channel.",
	Pages: []string{"api-401-invalid-token", "insufficient-scope", "audience-mismatch"},
	Skip: func(s flows.State) string {
		if s.Vars["api"] == "" {
			return "the profile names no API to call"
		}
		return ""
	},
	Needs: []string{"api", "access_token"},
	Do:    get("api", bearer),
	On:    calledAPI,
}

// calledAPI reads what an API answers.
func calledAPI(_ flows.State, e flows.Entry) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	res := rec.Exchange.Response
	if res.Status >= 200 && res.Status < 300 {
		return flows.Verdict{Set: flows.Vars{"api_answer": res.Body}}
	}
	doc, _, _ := wire.ParseJSON([]byte(res.Body.Raw()), wire.Limits{})
	if p := problem(doc, res); p != nil {
		return flows.Verdict{Problem: p}
	}
	return flows.Verdict{Problem: unreadable(res, nil)}
}
