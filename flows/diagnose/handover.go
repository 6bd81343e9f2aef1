package diagnose

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// handoverRules look at what is swapped for tokens: the code, the refresh
// token, an assertion, another token.
func handoverRules() []rule {
	swap := both(asked("token"), code("invalid_grant", "invalid_request", "invalid_token"))
	return []rule{
		{"", swap, codeChanged},
		{"pkce-verifier-mismatch", swap, verifierShape},
		{"pkce-verifier-without-challenge", swap, verifierAlone},
		{"refresh-wrong-token", swap, refreshKind},
		{"refresh-token-rotated", swap, refreshAgain},
		{"refresh-other-resource", both(asked("token"), code("invalid_scope", "invalid_request")), refreshWider},
		{"id-token-as-access-token", both(asked("token"), code("invalid_grant", "invalid_request")), idTokenHanded},
		{"", swap, handedTimes},
		{"token-exchange-subject", both(asked("token"), code("invalid_request", "invalid_grant")), subjectType},
		{"jwt-bearer-assertion", swap, assertionAudience},
		{"dpop-nonce-required", code("use_dpop_nonce"), dpopNonce},
		{"dpop-proof-invalid", code("invalid_dpop_proof", "invalid_token", "http_401"), dpopProof},
		{"dpop-key-mismatch", code("invalid_dpop_proof", "invalid_token", "invalid_grant"), dpopKey},
		{"device-slow-down", both(asked("token"), code("slow_down")), tooFast},
	}
}

// codeChanged: the code that went out is the one that came, changed on the way
// in a manner that can be undone: so it is proven what happened to it.
func codeChanged(s scene) finding {
	sent, once := s.once("token", "code")
	given := s.given()
	if !once || given == "" || sent == given || hidden(sent) || hidden(given) {
		return finding{}
	}
	f := s.fact(Certain, "code", "", "the browser brought "+show("code", given)+", and "+show("code", sent)+" was sent")
	a, b := sent.Raw(), given.Raw()
	unquoted := strings.NewReplacer(`\`, "", `"`, "", `'`, "").Replace(a)
	decoded, err := url.QueryUnescape(a)
	switch {
	case unquoted == strings.NewReplacer(`\`, "", `"`, "", `'`, "").Replace(b):
		f.page, f.sentence = "code-escaped", "The code was sent with quotes or backslashes that it did not have: it was taken out of JSON or a shell text as it stood there."
	case err == nil && decoded == b || a == url.QueryEscape(b):
		f.page, f.sentence = "code-double-encoded", "The code was encoded twice: what was sent still has percent signs."
	case strings.ReplaceAll(a, " ", "+") == b:
		f.page, f.sentence = "code-double-encoded", "A plus sign of the code became a blank on the way."
	case strings.HasPrefix(b, a) || strings.HasSuffix(b, a):
		f.page, f.sentence = "code-truncated", fmt.Sprintf("A part of the code is missing: %d of %d characters were sent.", len(a), len(b))
	case strings.TrimSpace(a) == b:
		f.page, f.sentence = "invalid-grant", "The code was sent with white space at one of its ends."
	case strings.EqualFold(a, b):
		f.page, f.sentence = "invalid-grant", "The letters of the code changed from large to small or back."
	default:
		return finding{}
	}
	return f
}

// verifierShape: 43 to 128 letters, digits and -._~ (RFC 7636 §4.1).
func verifierShape(s scene) finding {
	v, once := s.once("token", "code_verifier")
	if !once || hidden(v) || regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`).MatchString(v.Raw()) {
		return finding{}
	}
	return s.backed(s.fact(Possible, "code_verifier", "The code_verifier has not the shape that the specification asks for: 43 to 128 letters, digits, hyphens, points, underscores and tildes.", fmt.Sprintf("code_verifier of this request: %d characters", len(v.Raw()))), "verifier", "pkce", "length")
}

// verifierAlone: nothing was promised that it could prove (RFC 9700 §2.1.1).
func verifierAlone(s scene) finding {
	if s.Grant.Index("authorize") < 0 || s.first("token", "code_verifier") == "" || s.first("authorize", "code_challenge") != "" || s.first("authorize", "request_uri") != "" || s.first("authorize", "request") != "" {
		return finding{}
	}
	return s.fact(Likely, "code_verifier", "A verifier was sent, and no challenge went out before it; servers must refuse that.", "code_challenge in the request of the browser: nothing")
}

// refreshKind: another token of this run was taken for the refresh token.
func refreshKind(s scene) finding {
	sent, once := s.once("token", "refresh_token")
	if !once {
		return finding{}
	}
	for _, name := range []string{"access_token", "id_token", "code", "device_code"} {
		if v := s.Vars[name]; v != "" && v == sent {
			return s.fact(Certain, "refresh_token", "What was sent as refresh token is the "+strings.ReplaceAll(name, "_", " ")+" of this run.", "refresh_token of this request equals "+name)
		}
	}
	t := claimsOf(sent)
	typ := strings.ToLower(t.Header.Str("typ"))
	switch {
	case t.Kind == jose.JWS && (typ == "at+jwt" || typ == "application/at+jwt"):
		return s.fact(Likely, "refresh_token", "What was sent as refresh token calls itself an access token.", "typ in its header: "+wire.Safe(typ))
	case t.Kind == jose.JWS && t.Claims.Str("nonce") != "":
		return s.fact(Likely, "refresh_token", "What was sent as refresh token looks like an ID token: it has a nonce.", "it is a JWT with the claim nonce")
	}
	return finding{}
}

// refreshAgain: a server that rotates takes each refresh token once (RFC 9700 §4.14).
func refreshAgain(s scene) finding {
	sent, once := s.once("token", "refresh_token")
	if !once {
		return finding{}
	}
	worked := 0
	last := s.ResultOf("token")
	for r := last.Earlier; r != nil; r = r.Earlier {
		for _, x := range r.Exchanges() {
			if p, has := x.Request.Find("refresh_token"); has && p.Value == sent && x.Response.Status == 200 {
				worked++
			}
		}
	}
	if worked == 0 {
		return finding{}
	}
	return s.fact(Likely, "refresh_token", "This refresh token worked before in this run; a server that rotates takes each one once.", fmt.Sprintf("it worked %d times before", worked))
}

// refreshWider: a refresh cannot ask for more than the sign-in gave (RFC 6749 §6).
func refreshWider(s scene) finding {
	if s.first("token", "refresh_token") == "" {
		return finding{}
	}
	asked, had := strings.Fields(s.first("token", "scope").Raw()), strings.Fields(s.Vars["granted_scope"].Raw())
	if len(had) == 0 {
		had = strings.Fields(s.Vars["scope"].Raw())
	}
	var more []string
	for _, name := range asked {
		if len(had) > 0 && !slices.Contains(had, name) {
			more = append(more, wire.Safe(name))
		}
	}
	if len(more) == 0 {
		return finding{}
	}
	return s.fact(Likely, "scope", "The refresh asks for more than the sign-in gave: "+strings.Join(more, ", ")+".", "scope of the sign-in: "+wire.Safe(strings.Join(had, " ")))
}

// handed is the token that this request swaps, with its name.
func (s scene) handed() (string, wire.Untrusted) {
	for _, name := range []string{"assertion", "subject_token"} {
		if v := s.first("token", name); v != "" {
			return name, v
		}
	}
	return "", ""
}

// idTokenHanded: on behalf of a person goes with the access token that came in.
func idTokenHanded(s scene) finding {
	name, v := s.handed()
	if name == "" || s.Vars["id_token"] == "" || v != s.Vars["id_token"] || s.first("token", "subject_token_type") == "urn:ietf:params:oauth:token-type:id_token" {
		return finding{}
	}
	return s.fact(Certain, name, "The ID token was handed in where an access token belongs.", name+" of this request equals the ID token of this run")
}

// handedTimes: what is swapped must still be valid (RFC 7523 §3, RFC 8693 §2.1).
func handedTimes(s scene) finding {
	name, v := s.handed()
	t := claimsOf(v)
	if name == "" || t.Kind != jose.JWS {
		return finding{}
	}
	now := s.Now
	if theirs, _, ok := s.serverTime(); ok {
		now = theirs
	}
	page := map[string]string{"assertion": "jwt-bearer-assertion", "subject_token": "token-exchange-subject"}[name]
	if exp := timeOf(t, "exp"); !exp.IsZero() && now.After(exp) {
		f := s.fact(Certain, name, "The token that was handed in had expired.", name+" ended at "+exp.Format("15:04:05 UTC"))
		f.page = page
		return f
	}
	return finding{ruledOut: name + " had not expired", step: "token"}
}

// subjectType: the type that is said and the token that is there (RFC 8693 §3).
func subjectType(s scene) finding {
	v, kind := s.first("token", "subject_token"), s.first("token", "subject_token_type").Raw()
	t := claimsOf(v)
	if v == "" || kind == "" {
		return finding{}
	}
	jwt := strings.HasSuffix(kind, ":jwt") || strings.HasSuffix(kind, ":id_token")
	saml := strings.HasSuffix(kind, ":saml2") || strings.HasSuffix(kind, ":saml1")
	if jwt && t.Kind != jose.JWS && t.Kind != jose.JWE && t.Kind != jose.Nested || saml && t.Kind != jose.SAML {
		return s.fact(Certain, "subject_token_type", "subject_token_type names another kind of token than subject_token is.", "it says "+wire.Safe(kind)+", and the token looks like "+t.Kind)
	}
	return finding{}
}

// assertionAudience: an assertion is for the server that reads it (RFC 7523 §3).
func assertionAudience(s scene) finding {
	v := s.first("token", "assertion")
	t := claimsOf(v)
	aud := t.Claims.Strings("aud")
	if v == "" || t.Kind != jose.JWS || len(aud) == 0 || s.first("token", "requested_token_use") != "" {
		return finding{}
	}
	if slices.Contains(aud, s.Vars["issuer"].Raw()) || slices.Contains(aud, s.Vars["token_endpoint"].Raw()) {
		return finding{ruledOut: "the assertion is addressed to this server", step: "token"}
	}
	return s.fact(Likely, "assertion", "The assertion is addressed to somebody else.", "aud "+wire.Safe(strings.Join(aud, ", "))+"; the server is "+s.Vars["issuer"].Safe())
}

func dpopNonce(s scene) finding {
	return s.fact(Certain, "DPoP", "The server wants its nonce in the proof; it gave one with this refusal, and the next proof must carry it.", "the error is use_dpop_nonce")
}

// dpopProof compares a proof with the request that it came with (RFC 9449 §4.3).
func dpopProof(s scene) finding {
	step := s.problem.Step
	raw := s.first(step, "DPoP")
	req, _ := s.sent(step)
	scheme, token, _ := strings.Cut(s.first(step, "Authorization").Raw(), " ")
	if raw == "" {
		if !strings.EqualFold(scheme, "DPoP") {
			return finding{}
		}
		return s.fact(Certain, "DPoP", "The token is bound to a key, and no proof came with it.", "DPoP header of this request: nothing")
	}
	t := claimsOf(raw)
	at, _, _ := strings.Cut(req.URL.Raw(), "?")
	sum := sha256.Sum256([]byte(token))
	ath := base64.RawURLEncoding.EncodeToString(sum[:])
	switch {
	case t.Claims.Str("htm") != req.Method:
		return s.fact(Certain, "DPoP", "The proof is for another method.", "htm "+wire.Safe(t.Claims.Str("htm"))+", and the method is "+wire.Safe(req.Method))
	case t.Claims.Str("htu") != at:
		return s.fact(Certain, "DPoP", "The proof is for another address.", "htu "+wire.Safe(t.Claims.Str("htu"))+", and the address is "+wire.Safe(at))
	case strings.EqualFold(scheme, "DPoP") && !hidden(wire.Untrusted(token)) && t.Claims.Str("ath") != ath:
		return s.fact(Certain, "DPoP", "The proof is for another access token.", "ath "+wire.Safe(t.Claims.Str("ath"))+", and the token hashes to "+ath)
	}
	if theirs, _, ok := s.serverTime(); ok {
		if off := theirs.Sub(timeOf(t, "iat")).Abs(); off.Minutes() > 1 {
			return s.fact(Likely, "DPoP", "The proof is too old or too new for the server: the two clocks differ.", "iat is "+off.String()+" from the server's clock")
		}
	}
	return finding{ruledOut: "method, address and token of the DPoP proof are those of the request", step: step}
}

// dpopKey: the proof is made with the key that the token names (RFC 9449 §6).
func dpopKey(s scene) finding {
	step := s.problem.Step
	raw := s.first(step, "DPoP")
	_, token, _ := strings.Cut(s.first(step, "Authorization").Raw(), " ")
	cnf, ok := claimsOf(wire.Untrusted(token)).Claims.Get("cnf")
	has := s.Vars["dpop_jkt"].Raw()
	if raw == "" || !ok || has == "" || cnf.Str("jkt") == "" {
		return finding{}
	}
	if cnf.Str("jkt") == has {
		return finding{ruledOut: "the access token names the key that the proof was made with", step: step}
	}
	return s.fact(Certain, "DPoP", "The access token is bound to another key than the one that the proof was made with.", "cnf.jkt "+wire.Safe(cnf.Str("jkt"))+"; the key is "+wire.Safe(has))
}

// tooFast compares the pause between two questions with the one that was agreed.
func tooFast(s scene) finding {
	want := s.Vars["interval"].Raw()
	var at []flows.Entry
	for _, en := range s.ResultOf("token").Facts {
		if _, is := en.Event.(flows.Received); is {
			at = append(at, en)
		}
	}
	if len(at) < 2 || want == "" {
		return finding{}
	}
	pause := at[len(at)-1].At.Sub(at[len(at)-2].At)
	return s.fact(Likely, "device_code", "The client asked more often than the server allows.", fmt.Sprintf("%.0f s between the last two questions; interval was %s s", pause.Seconds(), wire.Safe(want)))
}
