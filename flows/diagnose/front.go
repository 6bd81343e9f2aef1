package diagnose

import (
	"fmt"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// errorPage follows the words of the page that the browser ended on.
func errorPage(s scene) finding {
	words := Evidence{Mark: Fits, Text: "the page says: " + short(wire.Safe(s.pageWords()), 240), Step: s.problem.Step}
	f := finding{confidence: Likely, evidence: []Evidence{words}, wide: true}
	name := ""
	switch {
	case !s.pageSpoke():
		f.sentence = "The sign-in did not come to an end: " + short(wire.Safe(s.pageWords()), 240)
		f.evidence = nil
	case s.says(redirectWords()...):
		name, f.page = "redirect_uri", "redirect-uri-mismatch"
		f.sentence = "The server does not accept the redirect_uri, so it shows a page and sends the browser nowhere."
	case s.says(clientWords()...):
		name, f.page = "client_id", "unknown-client"
		f.sentence = "The server does not know the client_id, so it shows a page and sends the browser nowhere."
	default:
		f.sentence = "The server shows the person a page and sends the browser nowhere: it does not trust the request."
	}
	if name != "" {
		f.params = []string{name}
		f.evidence = append(f.evidence, Evidence{Mark: Neutral, Text: name + " of this request: " + show(name, s.first("authorize", name)), Step: "authorize", Param: name})
		if s.edited("authorize", name) {
			f.confidence = Certain
		}
	}
	return f
}

// byHand: the error of the answer was written into it here.
func byHand(s scene) finding {
	if !s.edited("callback", "error") {
		return finding{}
	}
	return finding{confidence: Certain, params: []string{"error", "code"},
		sentence: "The error is your own change: error=" + wire.Safe(s.problem.Code) + " was put into the answer by hand. The server said no such thing."}
}

func denied(s scene) finding {
	if s.edited("callback", "error") {
		return finding{}
	}
	f := finding{confidence: Likely, wide: true, sentence: "The person, or a rule of the server, said no. Nothing is wrong with the request."}
	if len(s.ResultOf("authorize").Edits) > 0 {
		f.sentence = "The person, or a rule of the server, said no."
	}
	for _, c := range s.ResultOf("callback").Checks {
		if c.Status == wire.Pass && (c.ID == "state_mismatch" || c.ID == "response_iss_mismatch") {
			f.evidence = append(f.evidence, Evidence{Mark: Neutral, Text: c.Message, Step: "callback"})
		}
	}
	if s.problem.Description != "" {
		f.evidence = append(f.evidence, s.own())
	}
	return f
}

// own is the server's own text as evidence.
func (s scene) own() Evidence {
	return Evidence{Mark: Neutral, Text: "the server's own words: " + short(wire.Safe(s.words()), 240), Step: s.problem.Step}
}

// challenge: the server wants PKCE, or more of it than was sent (RFC 7636 §4.4.1).
func challenge(s scene) finding {
	method, has := s.first("authorize", "code_challenge_method"), s.first("authorize", "code_challenge") != ""
	if !s.says("pkce", "code_challenge", "code challenge", "s256") {
		return finding{}
	}
	f := finding{confidence: Certain, params: pkceParams(), evidence: []Evidence{s.own()}}
	switch {
	case !has:
		f.page, f.sentence = "pkce-required", "The server wants PKCE, and no code_challenge was sent."
		f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: "code_challenge in this request: nothing", Step: "authorize", Param: "code_challenge"})
	case method != "S256":
		f.page, f.sentence = "pkce-plain-refused", "The server takes a challenge made with S256 only, and this one was announced as plain."
		f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: "code_challenge_method in this request: " + show("", method), Step: "authorize", Param: "code_challenge_method"})
	default:
		return finding{}
	}
	return f
}

// silent: prompt=none forbids the page that the server needs (OIDC Core §3.1.2.6).
func silent(s scene) finding {
	prompt := s.first("authorize", "prompt")
	if !strings.Contains(prompt.Raw(), "none") {
		return finding{}
	}
	page := "prompt-none-failed"
	if s.Spec.Grant == "silent_renewal" {
		page = "silent-renewal-failed"
	}
	return finding{page: page, confidence: Certain, sentence: "prompt=none forbids every page, and the server needs one to go on.", params: []string{"prompt"},
		evidence: []Evidence{{Mark: Fits, Text: "prompt in this request: " + prompt.Safe(), Step: "authorize", Param: "prompt"}, s.own()}}
}

func responseType(s scene) finding {
	sent := s.first("authorize", "response_type")
	return finding{confidence: Likely, wide: true, sentence: "The server does not offer this response_type, or not to this client.", params: []string{"response_type"},
		evidence: []Evidence{{Mark: Fits, Text: "response_type in this request: " + show("", sent), Step: "authorize", Param: "response_type"}, s.own()}}
}

// nothingBack: the browser came back empty-handed.
func nothingBack(s scene) finding {
	in := s.ResultOf("callback").Message
	var names []string
	for _, p := range append(append([]flows.Param{}, in.Query...), in.Form...) {
		names = append(names, wire.Safe(p.Name))
	}
	has := "nothing"
	if len(names) > 0 {
		has = strings.Join(names, ", ")
	}
	return finding{confidence: Certain, sentence: "The browser came back without a code and without an error, so there is nothing to swap for tokens.", params: []string{"code", "error"},
		evidence: []Evidence{{Mark: Fits, Text: "the answer carries: " + short(has, 240), Step: "callback", Param: "code"}}}
}

// noState: an answer can only bring back the state that was sent.
func noState(s scene) finding {
	f := failedCheck("The answer carries no state, so nothing ties it to this run.")(s)
	if s.first("authorize", "state") == "" {
		f.sentence = "No state was sent, so the answer brings none back, and nothing ties it to this run."
		f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: "state in the request: nothing", Step: "authorize", Param: "state"})
	}
	f.params = []string{"state"}
	in := s.ResultOf("callback").Message
	if len(in.Query)+len(in.Form) == 0 && s.first("authorize", "state") != "" {
		f.page, f.confidence = "fragment-lost", Likely
		f.sentence = "The browser came back with nothing at all: no code, no error, no state. The part of the address that carried them was lost on the way, or the address was opened by hand."
		f.evidence = append(f.evidence, Evidence{Mark: Fits, Text: "parameters of the answer: none", Step: "callback", Param: "code"})
	}
	return f
}

// doubled: one value is meant, and nobody can say which (RFC 6749 §3.1).
func doubled(s scene) finding {
	step := s.blamed()
	if s.problem.Kind == flows.Refused {
		step = s.problem.Step
	}
	req, _ := s.sent(step)
	name := twice(req)
	if name == "" {
		if s.problem.Code == "duplicate_parameter" {
			return failedCheck("A parameter came more than once.")(s)
		}
		return finding{}
	}
	n := len(s.values(step, name))
	times := fmt.Sprintf("%d times", n)
	if n == 2 {
		times = "twice"
	}
	verb := "was sent"
	if step == "callback" {
		verb = "came"
	}
	f := finding{confidence: Certain, params: []string{name}, sentence: plain(name) + " " + verb + " " + times + "; each parameter may stand there once.",
		evidence: []Evidence{{Mark: Fits, Text: plain(name) + " stands in this message " + times, Step: step, Param: plain(name)}}}
	if s.problem.Kind == flows.OAuth {
		return s.spoken(f, "twice", "duplicat", "more than once", "repeated", "multiple")
	}
	return f
}

func (s scene) noNonceSent() bool { return s.first("authorize", "nonce") == "" }

// nonce: the ID token must carry the nonce of the request (OIDC Core §3.1.3.7).
func nonce(s scene) finding {
	if s.problem.Code == "nonce_missing" && s.noNonceSent() && s.Grant.Index("authorize") >= 0 {
		return finding{page: "nonce-missing", confidence: Certain, params: []string{"nonce"}, sentence: "No nonce was sent, so the ID token has none, and nothing ties it to this login.",
			evidence: []Evidence{{Mark: Fits, Text: "nonce in the request: nothing", Step: "authorize", Param: "nonce"},
				{Mark: Fits, Text: "nonce in the ID token: nothing", Step: "id_token", Param: "nonce"}}}
	}
	f := failedCheck("The ID token was not made for this login: its nonce is not the one that this run made.")(s)
	if s.problem.Code == "nonce_missing" {
		f.page, f.sentence = "nonce-missing", "A nonce was sent, and the ID token has none, so nothing ties it to this login."
	}
	f.params = []string{"nonce"}
	return f
}
