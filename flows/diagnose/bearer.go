package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// bearer looks at the credentials of a call that was refused (RFC 6750 §2.1, §3.1).
func bearer(s scene) finding {
	step := s.problem.Step
	header := s.first(step, "Authorization").Raw()
	scheme, token, hasScheme := strings.Cut(header, " ")
	f := finding{confidence: Certain, params: []string{"Authorization", "access_token"}}
	proof := func(text string) {
		f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: text, Step: step, Param: "Authorization"})
	}
	switch {
	case header == "":
		f.sentence = "No access token was sent."
		proof("Authorization in this request: nothing")
	case !hasScheme:
		f.sentence = "The Authorization header has a token and no scheme: the word Bearer must stand before it."
		proof("Authorization in this request: " + show("Authorization", wire.Untrusted(header)) + ", without Bearer")
	case s.Vars["id_token"] != "" && token == s.Vars["id_token"].Raw():
		f.sentence = "The ID token was sent in place of the access token. It is for this client, not for an API."
		proof("the token of this request is the ID token that this run got")
	case s.Vars["access_token"] != "" && token != s.Vars["access_token"].Raw():
		f.sentence = "The token that was sent is not the access token that this run got."
		proof("this run got " + show("access_token", s.Vars["access_token"]) + "; this request carries " + wire.Safe(scheme) + " " + show("access_token", wire.Untrusted(token)))
	default:
		f.confidence, f.wide, f.sentence = Likely, true, "The server does not accept this access token."
		if step == "api" {
			f.sentence = "The API does not accept this access token."
		}
	}
	if s.words() != "" {
		f.evidence = append(f.evidence, s.own())
	}
	return f
}

// inAddress: an access token in the address ends up in logs (RFC 6750 §2.3).
func inAddress(s scene) finding {
	req, _ := s.sent(s.problem.Step)
	if !slices.ContainsFunc(req.Query, func(p flows.Param) bool { return p.Name == "access_token" }) {
		return finding{}
	}
	return finding{confidence: Certain, sentence: "The access token stands in the address. The server takes it in the Authorization header only.", params: []string{"access_token", "Authorization"},
		evidence: []Evidence{{Mark: Fits, Text: "access_token is a parameter of the address", Step: s.problem.Step, Param: "access_token"}, s.own()}}
}

// keySet: the answer at jwks_uri is no key set.
func keySet(s scene) finding {
	if s.problem.HTTPStatus == 0 || s.problem.HTTPStatus == 200 {
		return failedCheck("What came from jwks_uri is no key set, so no signature can be checked.")(s)
	}
	req, _ := s.sent(s.problem.Step)
	return finding{page: "jwks-unreachable", confidence: Certain, sentence: "There is no key set at the address that was asked, so no signature can be checked.", params: []string{":url", ":method"},
		evidence: []Evidence{{Mark: Fits, Text: fmt.Sprintf("%s %s answered %d", wire.Safe(req.Method), req.URL.Safe(), s.problem.HTTPStatus), Step: s.problem.Step}}}
}

// metadata looks at the misses of the discovery step. The first place is the
// one that counts: the others are only tried.
func metadata(s scene) finding {
	var order []string
	times := map[string]int{}
	status, method := 0, "GET"
	for _, x := range s.ResultOf("discovery").Exchanges() {
		text := fmt.Sprintf("%s %s answered %d", wire.Safe(x.Request.Method), x.Request.URL.Safe(), x.Response.Status)
		if times[text]++; times[text] == 1 {
			order = append(order, text)
		}
		if status == 0 || x.Response.Status == 200 {
			status, method = x.Response.Status, x.Request.Method
		}
	}
	f := finding{confidence: Likely, params: []string{":url", ":method", "Accept"}}
	for _, text := range order {
		if n := times[text]; n > 1 {
			text += fmt.Sprintf(", %d times", n)
		}
		f.evidence = append(f.evidence, Evidence{Mark: Neutral, Text: text, Step: "discovery"})
	}
	switch {
	case status == 0:
		return finding{}
	case status == 200:
		f.page, f.sentence = "discovery-not-json", "An answer came, but it is not a metadata document."
	case status == 404 || status == 410:
		f.page, f.sentence = "discovery-not-found", "There is no metadata at the places where it should be."
	case status >= 300 && status < 400 && s.circles("discovery"):
		f.page, f.sentence = "redirect-loop", "The server answers with a redirect to the very address that was asked: nobody ever arrives."
	case status >= 300 && status < 400:
		f.page, f.sentence = "redirect-answered", "The server answered with a redirect in place of its metadata, and authdance follows none."
	case status == 405 || method != "GET":
		f.page, f.sentence = "discovery", fmt.Sprintf("The server refused the method: metadata is fetched with GET, and %s was sent.", wire.Safe(method))
		if method != "GET" && s.edited("discovery", ":method") {
			f.confidence = Certain
		}
	case status >= 500:
		f.page, f.sentence = "server-error", "The server failed while it was asked for its metadata."
	default:
		f.page, f.sentence = "discovery", fmt.Sprintf("The server refused to show its metadata: it answered %d.", status)
	}
	return f
}

// circles tells whether an answer of the step sends the client to where it asked.
func (s scene) circles(step string) bool {
	return slices.ContainsFunc(s.ResultOf(step).Exchanges(), func(x flows.Exchange) bool {
		to := x.Response.Get("Location").Raw()
		return to != "" && (to == x.Request.Target() || strings.HasPrefix(to, "/") && strings.HasSuffix(x.Request.URL.Raw(), to))
	})
}

// otherIssuer: discovery speaks for one issuer, spelled exactly so.
func otherIssuer(s scene) finding {
	f := failedCheck("The document is about another issuer than the one that was asked for. If it is the server that you mean, change issuer in the profile to exactly what the document says.")(s)
	for _, c := range s.ResultOf("discovery").Checks {
		if c.ID == s.problem.Code && c.Status == wire.Fail && c.Got != "" {
			f.evidence = append(f.evidence, Evidence{Mark: Neutral, Text: "what to write as issuer in the profile: " + c.Got, Step: "discovery", Param: "issuer"})
		}
	}
	return f
}

// missing says what is missing and where it comes from.
func missing(s scene) finding {
	f := finding{confidence: Certain}
	i := s.Grant.Index(s.problem.Step)
	if i < 0 {
		return finding{}
	}
	var names []string
	for _, name := range s.Missing(i) {
		names = append(names, wire.Safe(name))
		from, step := s.source(name), ""
		if at := s.Grant.Index(from); at >= 0 && at < i {
			step = from
			from = fmt.Sprintf("step %d (%s), and that step gave none", at+1, s.Grant.Steps[at].Title)
		} else {
			from = "the profile, and it has none"
		}
		f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: wire.Safe(name) + " comes from " + from, Step: step, Param: wire.Safe(name)})
		if strings.HasSuffix(name, "_endpoint") || name == "jwks_uri" {
			f.page = "endpoint-missing"
		}
	}
	f.sentence = "This step needs " + strings.Join(names, ", ") + ", and the run does not have it. Nothing was sent."
	if len(names) == 0 {
		f.sentence = "A value that this step needs was missing: " + s.problem.Description.Safe()
	}
	return f
}

// source is the step that a value is born in, "" for the profile.
func (s scene) source(name string) string {
	switch {
	case strings.HasSuffix(name, "_endpoint"), name == "jwks_uri":
		return "discovery"
	case name == "state", name == "nonce", name == "code_verifier", name == "code_challenge":
		return "prepare"
	case name == "code":
		return "callback"
	case name == "access_token", name == "id_token", name == "refresh_token":
		return "token"
	}
	return ""
}

// stopped: nobody refused anything.
func stopped(s scene) finding {
	where := stepName(s.State, s.problem.Step)
	f := finding{confidence: Certain, sentence: "You stopped it in " + where + ". Nothing was refused."}
	if res := s.ResultOf(s.problem.Step); res.Effect != nil {
		f.evidence = []Evidence{{Mark: Neutral, Text: "the step was under way, and its answer was not waited for", Step: s.problem.Step}}
	} else {
		f.evidence = []Evidence{{Mark: Neutral, Text: "the step had sent nothing", Step: s.problem.Step}}
	}
	return f
}
