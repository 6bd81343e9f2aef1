package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// rule looks for one cause. page is the catalog page about it, "" for the page of
// the problem; when says
// whether the problem can have this cause at all.
type rule struct {
	page string
	when func(scene) bool
	look func(scene) finding
}

// finding is what a rule found: a confidence with its evidence, or why the
// cause is ruled out, or neither.
type finding struct {
	page       string // when the rule's own page is not the one
	confidence Confidence
	sentence   string
	evidence   []Evidence
	params     []string // whose edits belong to the evidence
	ruledOut   string
	wide       bool // see Cause
	step       string
}

func at(step string, codes ...string) func(scene) bool {
	return func(s scene) bool {
		return s.problem.Step == step && (len(codes) == 0 || slices.Contains(codes, s.problem.Code))
	}
}

func code(codes ...string) func(scene) bool {
	return func(s scene) bool { return slices.Contains(codes, s.problem.Code) }
}

// rules is the whole list, in the order in which equal causes are shown: what is
// wrong with the form of a request comes before what it says.
func rules() []rule {
	return slices.Concat(requestRules(), handoverRules(), clientRules(), askRules(), stepRules(), answerRules())
}

// stepRules look at one step, or one check, each.
func stepRules() []rule {
	refused := at("token", "invalid_grant", "invalid_request")
	swap := func(s scene) bool { return refused(s) && s.Spec.Grant == "authorization_code" }
	hands := func(s scene) bool { return swap(s) || refused(s) && s.Spec.Grant == "refresh_token" }
	names := func(s scene) bool { return hands(s) || at("token", "invalid_client")(s) }
	back := at("callback", "invalid_request")
	call := func(codes ...string) func(scene) bool {
		return func(s scene) bool { return at("api", codes...)(s) || at("userinfo", codes...)(s) }
	}
	out := []rule{
		{"duplicate-parameters", code("invalid_request", "duplicate_parameter"), doubled},
		{"wrong-content-type", at("token", "invalid_request", "unsupported_grant_type", "invalid_client", "http_415"), contentType},
		{"invalid-request", hands, nothingToSwap},
		{"pkce-verifier-mismatch", swap, verifier},
		{"invalid-grant", swap, otherCode},
		{"code-already-used", swap, reused},
		{"code-expired", at("token", "invalid_grant"), expired},
		{"redirect-uri-mismatch-token", swap, redirectDiffers},
		{"unknown-client", names, clientDiffers},
		{"client-authentication-failed", code("invalid_client"), clientAuth},
		{"oauth/unsupported_grant_type", at("token", "unsupported_grant_type"), grantType},
		{"refresh-token-expired", at("token", "invalid_grant"), refreshRefused},

		{"", code("browser_error_page"), errorPage},
		{"", func(s scene) bool { return s.problem.Step == "callback" && s.problem.Kind == flows.OAuth }, byHand},
		{"access-denied", code("access_denied"), denied},
		{"", back, challenge},
		{"", at("callback", "login_required", "interaction_required", "consent_required", "account_selection_required"), silent},
		{"unsupported-response-type", at("callback", "unsupported_response_type"), responseType},
		{"invalid-scope", code("invalid_scope"), simple(Likely, "The server does not know, or does not grant, a scope that was asked for.", "scope")},
		{"authorization-code", at("callback", "nonstandard_answer"), nothingBack},
		{"state-mismatch", code("state_mismatch"), failedCheck("The answer carries another state than this run made: it belongs to another login, or it was changed on the way.", "state")},
		{"state-missing", code("state_missing"), noState},
		{"issuer-mismatch", code("response_iss_mismatch", "iss_mismatch"), failedCheck("The answer names another issuer than the one that this run asked.", "iss")},
		{"issuer-missing", code("response_iss_missing"), failedCheck("The server announces iss in its answers, and this one has none.", "iss")},

		{"discovery-issuer-differs", code("metadata_issuer_mismatch"), otherIssuer},
		{"", code("metadata_invalid"), metadata},
		{"jwks", code("jwks_invalid"), keySet},
		{"nonce-mismatch", code("nonce_mismatch", "nonce_missing"), nonce},
		{"audience-mismatch", code("aud_mismatch"), failedCheck("The token is meant for somebody else.")},
		{"clock-skew", code("expired", "not_yet_valid", "iat_in_future"), skew},
		{"token-expired", code("expired"), failedCheck("The token was no longer valid when it was checked.")},
		{"at-hash-mismatch", code("at_hash_mismatch"), failedCheck("The access token is not the one that came with this ID token.")},
		{"unknown-kid", code("kid_unknown"), failedCheck("The key set has no key with the token's kid.")},
		{"signature-invalid", code("signature_invalid", "signature_length"), failedCheck("The signature does not fit the token and the issuer's key.")},
		{"alg-none", code("alg_none"), failedCheck("The token is not signed at all.")},
		{"alg-confusion", code("alg_symmetric", "alg_key_mismatch"), failedCheck("The token's algorithm does not fit the issuer's key.")},
		{"userinfo-sub-differs", code("userinfo_sub_mismatch"), failedCheck("The userinfo answer is about another person than the ID token.")},

		{"parameter/Authorization", call("invalid_request"), inAddress},
		{"api-401-invalid-token", call("invalid_token", "http_401"), bearer},
		{"insufficient-scope", code("insufficient_scope"), simple(Certain, "The access token does not carry the scope that this call needs.", "scope")},
		{"token-endpoint-not-json", at("token", "nonstandard_answer"), simple(Likely, "The answer of the token endpoint is not what the specification asks for.")},
		{"browser-did-not-come-back", code("browser_timeout"), simple(Certain, "The browser did not come back in time.")},
		{"device-code-expired", at("token", "expired_token"), polled},
		{"authdance/missing_value", code("missing_value"), missing},
		{"authdance/cancelled", code("cancelled"), stopped},
	}
	for transport, page := range map[string]string{"connection_refused": "connection-refused", "connection_reset": "connection-reset", "dns_failure": "dns-failure",
		"timeout": "timeout", "tls_unknown_authority": "tls-unknown-authority", "proxy_failure": "proxy", "port_in_use": "port-in-use", "endpoint_refused": "http-not-https"} {
		out = append(out, rule{page, code(transport), unreachable})
	}
	return out
}

// failedCheck is a cause that the failed check proves by itself.
func failedCheck(sentence string, params ...string) func(scene) finding {
	return func(s scene) finding {
		f := finding{confidence: Certain, sentence: sentence, params: params}
		for _, c := range s.ResultOf(s.problem.Step).Checks {
			if c.ID == s.problem.Code && c.Status == wire.Fail {
				f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: c.Message + compared(c), Step: s.problem.Step})
			}
		}
		return f
	}
}

// compared is what a check had on its two sides, "" when it compares nothing.
func compared(c wire.Check) string {
	if c.Want == "" {
		return ""
	}
	return ". Expected " + c.Want + ", found " + cmp.Or(c.Got, "nothing")
}

// skew compares the server's clock with ours (the Date header).
func skew(s scene) finding {
	for _, c := range s.ResultOf(s.problem.Step).Checks {
		switch {
		case c.ID == "clock_skew" && c.Status == wire.Pass:
			return finding{ruledOut: "the two clocks agree, as far as the Date header tells", step: s.problem.Step}
		case c.ID == "clock_skew" && (c.Status == wire.Fail || c.Status == wire.Warn):
			text := strings.TrimSuffix(c.Message+". "+c.Got, ". ")
			return finding{confidence: Certain, sentence: "Two clocks differ: the server's and this computer's.", evidence: []Evidence{{Mark: Fits, Text: text, Step: s.problem.Step}}}
		}
	}
	return finding{}
}

func unreachable(s scene) finding {
	f := finding{confidence: Certain, sentence: "No answer came: " + s.problem.Description.Safe()}
	if req, ok := s.sent(s.problem.Step); ok {
		f.evidence = []Evidence{{Mark: Neutral, Text: wire.Safe(req.Method) + " " + req.URL.Safe(), Step: s.problem.Step}}
	}
	return f
}

func simple(c Confidence, sentence string, params ...string) func(scene) finding {
	return func(s scene) finding {
		f := finding{confidence: c, sentence: sentence, params: params, wide: c != Certain}
		if s.problem.Description != "" {
			f.evidence = []Evidence{s.own()}
		}
		return f
	}
}
