package diagnose

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// verifier repeats the server's own test (RFC 7636 §4.6) with what was sent.
func verifier(s scene) finding {
	challenge, method := s.first("authorize", "code_challenge"), s.first("authorize", "code_challenge_method")
	sent, once := s.once("token", "code_verifier")
	if challenge == "" {
		if !once {
			return finding{ruledOut: "PKCE was not used in this run", step: "authorize"}
		}
		return finding{} // see verifierAlone
	}
	out := Evidence{Mark: Fits, Text: "challenge that went out with the browser: " + challenge.Safe(), Step: "authorize", Param: "code_challenge"}
	f := finding{confidence: Certain, params: pkceParams()}
	if len(s.values("token", "code_verifier")) > 1 {
		return finding{} // which one the server read is not known
	}
	if !once {
		f.sentence = "No verifier was sent, and a challenge went out in " + stepName(s.State, "authorize") + "."
		f.evidence = []Evidence{{Mark: Fits, Text: "code_verifier in this request: nothing", Step: "token", Param: "code_verifier"}, out}
		return s.spoken(f, "verifier", "pkce", "challenge")
	}
	if hidden(sent) {
		return verifierByName(s, sent, out)
	}
	derive := func(v wire.Untrusted) string {
		if method == "plain" || method == "" {
			return v.Raw()
		}
		sum := sha256.Sum256([]byte(v.Raw()))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if derive(sent) == challenge.Raw() {
		return finding{ruledOut: "the verifier fits the challenge: " + challenge.Safe(), step: "token"}
	}
	made := derive(sent)
	if method != "S256" {
		made = show("code_verifier", sent) // plain: the challenge is the verifier itself
	}
	out.Text += "; they differ"
	f.sentence = "The server refused the code because the PKCE verifier does not match the challenge."
	f.evidence = []Evidence{{Mark: Fits, Text: "challenge made from the verifier that was sent: " + wire.Safe(made), Step: "token", Param: "code_verifier"}, out}
	if made := s.Vars["code_verifier"]; made != "" && derive(made) == challenge.Raw() {
		f.evidence = append(f.evidence, Evidence{Mark: Neutral, Text: "the verifier that this run made would match; authdance tried it", Step: "prepare", Param: "code_verifier"})
	}
	return s.spoken(f, "verifier", "pkce", "challenge")
}

// verifierByName is for a recording: equal secrets have equal names there, and
// no hash can be made of a name.
func verifierByName(s scene, sent wire.Untrusted, out Evidence) finding {
	if made := s.Vars["code_verifier"]; made == "" || sent == made {
		return finding{ruledOut: "the verifier that was sent is the one that this run made", step: "token"}
	}
	return s.spoken(finding{confidence: Likely, params: pkceParams(), sentence: "The verifier that was sent is not the one that this run made.",
		evidence: []Evidence{{Mark: Fits, Text: "sent and made are two different secrets in this recording", Step: "token", Param: "code_verifier"}, out}}, "verifier", "pkce", "challenge")
}

func pkceParams() []string {
	return []string{"code_verifier", "code_challenge", "code_challenge_method"}
}

// spoken adds that the server's own text speaks of the cause.
func (s scene) spoken(f finding, any ...string) finding {
	if s.says(any...) {
		f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: "the server's own text speaks of it", Step: s.problem.Step})
	}
	return f
}

// given is the code that the browser brought, before anybody changed it.
func (s scene) given() wire.Untrusted {
	for _, f := range s.ResultOf("authorize").Facts {
		if back, ok := f.Event.(flows.Redirected); ok {
			for _, p := range back.Params() {
				if p.Name == "code" {
					return p.Value
				}
			}
		}
	}
	return ""
}

// nothingToSwap: the request lacks the very thing that it hands in.
func nothingToSwap(s scene) finding {
	name, what := "code", "No code was sent, so there was nothing to swap for tokens."
	if s.Spec.Grant == "refresh_token" {
		name, what = "refresh_token", "No refresh token was sent, so there was nothing to refresh."
	}
	if s.first("token", name) != "" {
		return finding{}
	}
	return s.spoken(finding{confidence: Certain, sentence: what, params: []string{name},
		evidence: []Evidence{{Mark: Fits, Text: name + " in this request: nothing", Step: "token", Param: name}}}, name)
}

// otherCode: what was sent is not what the browser brought.
func otherCode(s scene) finding {
	sent, once := s.once("token", "code")
	given := s.given()
	if !once || given == "" || sent == given {
		return finding{}
	}
	return s.spoken(finding{confidence: Certain, sentence: "The code that was sent is not the one that the server gave.", params: []string{"code"}, evidence: []Evidence{
		{Mark: Fits, Text: "the browser brought: " + show("code", given), Step: "authorize", Param: "code"},
		{Mark: Fits, Text: "sent to be swapped: " + show("code", sent) + "; they differ", Step: "token", Param: "code"}}}, "code")
}

// reused: a code is swapped once (RFC 6749 §4.1.2). It says something only of a
// request with one code, the one that the server gave.
func reused(s scene) finding {
	code, once := s.once("token", "code")
	if !once || s.given() != "" && code != s.given() {
		return finding{}
	}
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
	code, once := s.once("token", "code")
	if born.IsZero() || used.IsZero() || !once || code != s.given() {
		return finding{}
	}
	age := used.Sub(born).Round(time.Second)
	after := age.String()
	if age < time.Second {
		after = "less than a second"
	}
	life, err := strconv.Atoi(s.Profile.Quirks["code_lifetime"])
	if err != nil {
		if age > 30*time.Second {
			return finding{confidence: Possible, sentence: "The code may have expired before it was used.",
				evidence: []Evidence{{Mark: Neutral, Text: fmt.Sprintf("it was used %s after it came; servers allow between 30 s and 10 min", after), Step: "token"}}}
		}
		return finding{ruledOut: fmt.Sprintf("the code was used %s after it came", after), step: "token"}
	}
	if age > time.Duration(life)*time.Second {
		return finding{confidence: Certain, sentence: "The server refused the code because it had expired.",
			evidence: []Evidence{{Mark: Fits, Text: fmt.Sprintf("it was used %s after it came; this server allows %d s", after, life), Step: "token"}}}
	}
	return finding{ruledOut: fmt.Sprintf("the code was used %s after it came, of %d s", after, life), step: "token"}
}

func redirectDiffers(s scene) finding {
	return differs(s, "redirect_uri", "The redirect_uri of the token request is not the one that the browser was sent with.")
}

func clientDiffers(s scene) finding {
	if s.Grant.Index("authorize") < 0 {
		return otherClient(s)
	}
	if len(s.values("token", "client_id")) == 0 {
		return finding{} // it is inside the Authorization header
	}
	return differs(s, "client_id", "The client_id of the token request is not the one that the browser was sent with.")
}

// otherClient: in a flow without a browser the run itself says who the client is.
func otherClient(s scene) finding {
	sent, once := s.once("token", "client_id")
	if is := s.Vars["client_id"]; once && is != "" && sent != is {
		return finding{confidence: Certain, sentence: "The request was sent in the name of another client than this run's.", params: []string{"client_id"}, evidence: []Evidence{
			{Mark: Fits, Text: "this run's client: " + show("client_id", is), Step: "token", Param: "client_id"},
			{Mark: Fits, Text: "client_id of this request: " + show("client_id", sent) + "; they differ", Step: "token", Param: "client_id"}}}
	}
	return finding{}
}

func differs(s scene, name, sentence string) finding {
	if len(s.values("token", name)) > 1 || len(s.values("authorize", name)) > 1 {
		return finding{} // which one the server read is not known
	}
	a, b := s.first("authorize", name), s.first("token", name)
	if a == b {
		return finding{ruledOut: "same " + name + " in both requests: " + show(name, a), step: "token"}
	}
	return finding{confidence: Certain, sentence: sentence, params: []string{name}, evidence: []Evidence{
		{Mark: Fits, Text: "with the browser: " + show(name, a), Step: "authorize", Param: name},
		{Mark: Fits, Text: "with the code: " + show(name, b) + "; they differ", Step: "token", Param: name}}}
}

// contentType: the token endpoint reads forms and nothing else (RFC 6749 §3.2).
func contentType(s scene) finding {
	req, ok := s.sent(s.problem.Step)
	kind := s.first(s.problem.Step, "Content-Type")
	if !ok || req.Method != "POST" || strings.HasPrefix(strings.ToLower(kind.Raw()), "application/x-www-form-urlencoded") {
		return finding{}
	}
	f := finding{confidence: Likely, sentence: "The request was sent as " + show("", kind) + ", and the token endpoint reads forms only: it found no parameters.", params: []string{"Content-Type"},
		evidence: []Evidence{{Mark: Fits, Text: "Content-Type of this request: " + show("", kind), Step: s.problem.Step, Param: "Content-Type"},
			{Mark: Neutral, Text: "what it must be: application/x-www-form-urlencoded", Step: s.problem.Step}}}
	if kind == "" {
		f.sentence = "The request does not say what its body is: it has no Content-Type."
	}
	if s.says("json", "content-type", "content type", "urlencoded", "media type", "grant_type") || s.edited(s.problem.Step, "Content-Type") {
		f.confidence = Certain
	}
	return s.spoken(f, "json", "content-type", "content type", "urlencoded", "media type")
}

// grantType: the server has no such grant_type (RFC 6749 §5.2).
func grantType(s scene) finding {
	sent := s.first(s.problem.Step, "grant_type")
	f := finding{confidence: Likely, wide: true, params: []string{"grant_type"}, sentence: "The server does not know the grant_type " + show("", sent) + ", or does not offer it to this client.",
		evidence: []Evidence{{Mark: Fits, Text: "grant_type of this request: " + show("", sent), Step: s.problem.Step, Param: "grant_type"}}}
	if s.edited(s.problem.Step, "grant_type") {
		f.confidence = Certain
		f.sentence = "The server knows no grant_type " + show("", sent) + ": it is not the name of a grant that it offers."
		f.evidence = append(f.evidence, Evidence{Mark: Neutral, Text: "the name of this flow's grant: " + wire.Safe(s.Spec.Grant), Step: s.problem.Step})
	}
	return f
}

func clientAuth(s scene) finding {
	req, _ := s.sent(s.problem.Step)
	_, header := req.Find("Authorization")
	_, body := req.Find("client_secret")
	_, assertion := req.Find("client_assertion")
	f := finding{confidence: Likely, wide: true, sentence: "The server does not accept how this client proves who it is.", params: []string{"client_id", "client_secret", "client_assertion", "Authorization"}}
	how := "no secret was sent (a public client)"
	switch {
	case header && body:
		f.confidence, how = Certain, "both an Authorization header and a client_secret were sent; a server may refuse two methods at once"
	case header:
		how = "an Authorization header was sent (HTTP Basic)"
	case body:
		how = "client_secret was sent in the form"
	case assertion:
		how = "a signed statement, client_assertion, was sent"
	}
	f.evidence = []Evidence{{Mark: Neutral, Text: how, Step: s.problem.Step}}
	for _, c := range s.Checks() {
		if c.ID == "metadata_invalid" && c.Ref == "token_endpoint_auth_methods_supported" {
			f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: c.Message + "; it lists " + strings.Join(strings.Fields(c.Got), " "), Step: "discovery"})
		}
	}
	return f
}

func refreshRefused(s scene) finding {
	sent, once := s.once("token", "refresh_token")
	if s.Spec.Grant != "refresh_token" || !once {
		return finding{}
	}
	if has := s.Vars["refresh_token"]; has != "" && sent != has {
		return finding{confidence: Certain, sentence: "The refresh token that was sent is not the one that this run has.", params: []string{"refresh_token"}, evidence: []Evidence{
			{Mark: Fits, Text: "this run has: " + show("refresh_token", has), Step: "token", Param: "refresh_token"},
			{Mark: Fits, Text: "sent: " + show("refresh_token", sent) + "; they differ", Step: "token", Param: "refresh_token"}}}
	}
	return finding{confidence: Possible, wide: true, sentence: "The refresh token is used up, revoked, expired, or was given to another client.", params: []string{"refresh_token", "client_id"},
		evidence: []Evidence{{Mark: Neutral, Text: "one error name stands for all four; the server does not say which", Step: "token"}}}
}
