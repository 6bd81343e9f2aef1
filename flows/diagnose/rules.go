package diagnose

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"authdance/flows/wire"
)

// rule looks for one cause. page is the catalog page about it; when says
// whether the problem can have this cause at all.
type rule struct {
	page string
	when func(scene) bool
	look func(scene) finding
}

// finding is what a rule found: a confidence with its evidence, or why the
// cause is ruled out, or neither.
type finding struct {
	confidence Confidence
	sentence   string
	evidence   []Evidence
	params     []string // whose edits belong to the evidence
	ruledOut   string
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

// rules is the whole list, in the order in which equal causes are shown.
func rules() []rule {
	codeRefused := at("token", "invalid_grant", "invalid_request")
	swap := func(s scene) bool { return codeRefused(s) && s.Spec.Grant == "authorization_code" }
	out := []rule{
		{"pkce-verifier-mismatch", swap, verifier},
		{"code-already-used", swap, reused},
		{"code-expired", swap, expired},
		{"redirect-uri-mismatch-token", swap, redirectDiffers},
		{"unknown-client", swap, clientDiffers},
		{"client-authentication-failed", code("invalid_client"), clientAuth},
		{"access-denied", code("access_denied"), denied},
		{"invalid-scope", code("invalid_scope"), simple(Likely, "The server does not know, or does not grant, a scope that was asked for.", "scope")},
		{"discovery-issuer-differs", code("metadata_issuer_mismatch"), failedCheck("The document is about another issuer than the one that was asked for.")},
		{"discovery-not-found", code("metadata_invalid"), noMetadata(http.StatusNotFound, "There is no metadata at the places where it should be.")},
		{"discovery-not-json", code("metadata_invalid"), noMetadata(http.StatusOK, "An answer came, but it is not a metadata document.")},
		{"state-mismatch", code("state_mismatch"), failedCheck("The answer carries another state than this run sent: it belongs to another login, or it was changed on the way.")},
		{"state-missing", code("state_missing"), failedCheck("The answer carries no state, so nothing ties it to this run.")},
		{"issuer-mismatch", code("response_iss_mismatch", "iss_mismatch"), failedCheck("The answer names another issuer than the one that this run asked.")},
		{"issuer-missing", code("response_iss_missing"), failedCheck("The server announces iss in its answers, and this one has none.")},
		{"nonce-mismatch", code("nonce_mismatch", "nonce_missing"), failedCheck("The ID token was not made for this login: its nonce is not the one that was sent.")},
		{"audience-mismatch", code("aud_mismatch"), failedCheck("The token is meant for somebody else.")},
		{"clock-skew", code("expired", "not_yet_valid", "iat_in_future"), skew},
		{"token-expired", code("expired"), failedCheck("The token was no longer valid when it was checked.")},
		{"at-hash-mismatch", code("at_hash_mismatch"), failedCheck("The access token is not the one that came with this ID token.")},
		{"unknown-kid", code("kid_unknown"), failedCheck("The key set has no key with the token's kid.")},
		{"signature-invalid", code("signature_invalid", "signature_length"), failedCheck("The signature does not fit the token and the issuer's key.")},
		{"alg-none", code("alg_none"), failedCheck("The token is not signed at all.")},
		{"alg-confusion", code("alg_symmetric", "alg_key_mismatch"), failedCheck("The token's algorithm does not fit the issuer's key.")},
		{"userinfo-sub-differs", code("userinfo_sub_mismatch"), failedCheck("The userinfo answer is about another person than the ID token.")},
		{"refresh-token-expired", at("token", "invalid_grant"), refreshRefused},
		{"api-401-invalid-token", at("api", "invalid_token"), simple(Likely, "The API does not accept this access token.", "Authorization")},
		{"api-401-invalid-token", at("userinfo", "invalid_token"), simple(Likely, "The server does not accept this access token.", "Authorization")},
		{"insufficient-scope", code("insufficient_scope"), simple(Certain, "The access token does not carry the scope that this call needs.", "scope")},
		{"duplicate-parameters", code("duplicate_parameter"), failedCheck("A parameter came more than once.")},
		{"token-endpoint-not-json", at("token", "nonstandard_answer"), simple(Likely, "The answer of the token endpoint is not what the specification asks for.")},
		{"browser-did-not-come-back", code("browser_timeout"), simple(Certain, "The browser did not come back in time.")},
		{"endpoint-missing", code("endpoint_missing"), simple(Certain, "The server's metadata does not name an endpoint that this step needs.")},
	}
	for transport, page := range map[string]string{"connection_refused": "connection-refused", "connection_reset": "connection-reset", "dns_failure": "dns-failure",
		"timeout": "timeout", "tls_unknown_authority": "tls-unknown-authority", "proxy_failure": "proxy", "port_in_use": "port-in-use", "endpoint_refused": "http-not-https"} {
		out = append(out, rule{page, code(transport), unreachable})
	}
	return out
}

// verifier repeats the server's own test (RFC 7636 §4.6) with what was sent.
func verifier(s scene) finding {
	challenge, method := s.value("authorize", "code_challenge"), s.value("authorize", "code_challenge_method")
	sent := s.value("token", "code_verifier")
	if challenge == "" && sent == "" {
		return finding{ruledOut: "PKCE was not used in this run", step: "authorize"}
	}
	derive := func(v wire.Untrusted) string {
		if method == "plain" || method == "" {
			return v.Raw()
		}
		sum := sha256.Sum256([]byte(v.Raw()))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if derive(sent) == challenge.Raw() {
		return finding{ruledOut: "the verifier fits the challenge: " + wire.Safe(challenge.Raw()), step: "token"}
	}
	f := finding{confidence: Certain, params: []string{"code_verifier", "code_challenge", "code_challenge_method"},
		sentence: "The server refused the code because the PKCE verifier does not match the challenge.",
		evidence: []Evidence{
			{Mark: Fits, Text: "challenge made from the verifier that was sent: " + wire.Safe(derive(sent)), Step: "token", Param: "code_verifier"},
			{Mark: Fits, Text: "challenge that went out with the browser: " + challenge.Safe() + "; they differ", Step: "authorize", Param: "code_challenge"},
		}}
	if made := s.Vars["code_verifier"]; made != "" && derive(made) == challenge.Raw() {
		f.evidence = append(f.evidence, Evidence{Mark: Neutral, Text: "the verifier that this run made would match; authdance tried it", Step: "prepare", Param: "code_verifier"})
	}
	if s.says("verifier", "pkce", "challenge") {
		f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: "the server's own text speaks of it", Step: "token"})
	}
	return f
}

// reused: a code is swapped once (RFC 6749 §4.1.2).
func reused(s scene) finding {
	code := s.value("token", "code")
	used := 0
	last := s.ResultOf("token")
	for r := &last; r != nil; r = r.Earlier {
		for _, x := range r.Exchanges() {
			if p, ok := x.Request.Find("code"); ok && p.Value == code {
				used++
			}
		}
	}
	switch {
	case used > 1:
		return finding{confidence: Certain, sentence: "The server refused the code because it had been used before.", params: []string{"code"},
			evidence: []Evidence{{Mark: Fits, Text: fmt.Sprintf("this run sent the same code %d times: %s", used, show("code", code)), Step: "token", Param: "code"}}}
	case s.says("already used", "already redeemed", "already been"):
		return finding{confidence: Likely, sentence: "The server says that the code was used before; in this run it was sent once, so somebody else used it.", params: []string{"code"},
			evidence: []Evidence{{Mark: Fits, Text: "the server's own text speaks of it", Step: "token"}}}
	}
	return finding{ruledOut: "the code was sent once: " + show("code", code), step: "token"}
}

func expired(s scene) finding {
	born, used := s.ResultOf("callback").Began, s.ResultOf("token").Began
	if got := s.ResultOf("authorize").Ended; !got.IsZero() {
		born = got
	}
	if born.IsZero() || used.IsZero() {
		return finding{}
	}
	age := used.Sub(born).Round(time.Second)
	life, err := strconv.Atoi(s.Profile.Quirks["code_lifetime"])
	if err != nil {
		if age > 30*time.Second {
			return finding{confidence: Possible, sentence: "The code may have expired before it was used.",
				evidence: []Evidence{{Mark: Neutral, Text: fmt.Sprintf("it was used %s after it came; servers allow between 30 s and 10 min", age), Step: "token"}}}
		}
		return finding{ruledOut: fmt.Sprintf("the code was used %s after it came", age), step: "token"}
	}
	if age > time.Duration(life)*time.Second {
		return finding{confidence: Certain, sentence: "The server refused the code because it had expired.",
			evidence: []Evidence{{Mark: Fits, Text: fmt.Sprintf("it was used %s after it came; this server allows %d s", age, life), Step: "token"}}}
	}
	return finding{ruledOut: fmt.Sprintf("the code was used %s after it came, of %d s", age, life), step: "token"}
}

func redirectDiffers(s scene) finding {
	return differs(s, "redirect_uri", "The redirect_uri of the token request is not the one that the browser was sent with.")
}

func clientDiffers(s scene) finding {
	if s.value("token", "client_id") == "" {
		return finding{} // it is inside the Authorization header
	}
	return differs(s, "client_id", "The code was made for another client than the one that wants to swap it.")
}

func differs(s scene, name, sentence string) finding {
	a, b := s.value("authorize", name), s.value("token", name)
	if a == b {
		return finding{ruledOut: "same " + name + " in both requests: " + a.Safe(), step: "token"}
	}
	return finding{confidence: Certain, sentence: sentence, params: []string{name}, evidence: []Evidence{
		{Mark: Fits, Text: "with the browser: " + show(name, a), Step: "authorize", Param: name},
		{Mark: Fits, Text: "with the code: " + show(name, b) + "; they differ", Step: "token", Param: name}}}
}

func clientAuth(s scene) finding {
	req, _ := s.sent(s.problem.Step)
	_, header := req.Find("Authorization")
	_, body := req.Find("client_secret")
	f := finding{confidence: Likely, sentence: "The server does not accept how this client proves who it is.", params: []string{"client_id", "client_secret", "Authorization"}, step: s.problem.Step}
	how := "no secret was sent (a public client)"
	switch {
	case header && body:
		f.confidence, how = Certain, "both an Authorization header and a client_secret were sent; a server may refuse two methods at once"
	case header:
		how = "HTTP Basic was sent"
	case body:
		how = "client_secret was sent in the form"
	}
	f.evidence = []Evidence{{Mark: Neutral, Text: how, Step: s.problem.Step}}
	for _, c := range s.Checks() {
		if c.ID == "metadata_invalid" && c.Ref == "token_endpoint_auth_methods_supported" {
			f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: c.Message + "; it lists " + strings.Join(strings.Fields(c.Got), " "), Step: "discovery"})
		}
	}
	return f
}

func denied(s scene) finding {
	return finding{confidence: Certain, sentence: "The person, or a rule of the server, said no. Nothing is wrong with the request.",
		evidence: []Evidence{{Mark: Neutral, Text: "state and iss of the answer were right: it is the server's own answer", Step: "callback"}}}
}

func refreshRefused(s scene) finding {
	if s.Spec.Grant != "refresh_token" {
		return finding{}
	}
	return finding{confidence: Possible, sentence: "The refresh token is used up, revoked, expired, or was given to another client.", params: []string{"refresh_token", "client_id"},
		evidence: []Evidence{{Mark: Neutral, Text: "one error name stands for all four; the server does not say which", Step: "token"}}}
}

// noMetadata looks at the misses of the discovery step.
func noMetadata(status int, sentence string) func(scene) finding {
	return func(s scene) finding {
		var ev []Evidence
		hit := false
		for _, x := range s.ResultOf("discovery").Exchanges() {
			hit = hit || x.Response.Status == status
			ev = append(ev, Evidence{Mark: Neutral, Text: fmt.Sprintf("%s answered %d", x.Request.URL.Safe(), x.Response.Status), Step: "discovery"})
		}
		if !hit {
			return finding{}
		}
		return finding{confidence: Likely, sentence: sentence, evidence: ev}
	}
}

// failedCheck is a cause that the failed check proves by itself.
func failedCheck(sentence string) func(scene) finding {
	return func(s scene) finding {
		f := finding{confidence: Certain, sentence: sentence}
		for _, c := range s.ResultOf(s.problem.Step).Checks {
			if c.ID == s.problem.Code && c.Status != wire.Pass {
				text := c.Message
				if c.Got != "" || c.Want != "" {
					text += ". Got " + c.Got + ", want " + c.Want
				}
				f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: text, Step: s.problem.Step})
			}
		}
		return f
	}
}

// skew compares the server's clock with ours (the Date header).
func skew(s scene) finding {
	for _, c := range s.ResultOf(s.problem.Step).Checks {
		if c.ID == "clock_skew" && c.Status != wire.Pass && c.Status != wire.NA {
			return finding{confidence: Certain, sentence: "Two clocks differ: the server's and this computer's.", evidence: []Evidence{{Mark: Fits, Text: c.Message + ". " + c.Got, Step: s.problem.Step}}}
		}
	}
	return finding{ruledOut: "the two clocks agree, as far as the Date header tells", step: s.problem.Step}
}

func unreachable(s scene) finding {
	f := finding{confidence: Certain, sentence: "No answer came: " + s.problem.Description.Safe()}
	if req, ok := s.sent(s.problem.Step); ok {
		f.evidence = []Evidence{{Mark: Neutral, Text: req.Method + " " + req.URL.Safe(), Step: s.problem.Step}}
	}
	return f
}

func simple(c Confidence, sentence string, params ...string) func(scene) finding {
	return func(s scene) finding {
		f := finding{confidence: c, sentence: sentence, params: params}
		if s.problem.Description != "" {
			f.evidence = []Evidence{{Mark: Neutral, Text: "the server's own words: " + s.problem.Description.Safe(), Step: s.problem.Step}}
		}
		return f
	}
}
