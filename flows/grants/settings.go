package grants

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// Setting is something that the person can decide about a run: an option, which
// changes its steps, or a value that goes out in one of its requests.
type Setting struct {
	Name    string
	What    string   // one line, without a full stop
	Ref     string   // where it is specified
	Choices []string // of an option, the default first; nil: any text
	Several bool     // the text is a list of words, each sent on its own
}

// Settings lists what can be decided about a run of the grant, options first.
// Which values it sends is read from its requests, so a new grant says nothing twice.
func Settings(grant string) []Setting {
	choices := Options(grant)
	var out []Setting
	for _, row := range OptionSettings() {
		if row.Choices = choices[row.Name]; row.Choices != nil {
			out = append(out, row)
		}
	}
	sent := valuesSent(grant)
	for _, row := range ValueSettings() {
		if slices.Contains(sent, row.Name) {
			out = append(out, row)
		}
	}
	return out
}

// OptionSettings are the options of all grants, without their choices.
func OptionSettings() []Setting {
	return []Setting{
		{Name: "response_type", What: "what the browser brings back", Ref: "OIDC Core §3.2, §3.3"},
		{Name: "delivery", What: "how the answer of the other device arrives", Ref: "CIBA Core §5"},
		{Name: "action", What: "what to do with the client's entry", Ref: "RFC 7592 §2"},
		{Name: "answer", What: "the form of the answer", Ref: "RFC 7662 · RFC 9701"},
		{Name: "notice", What: "wait to be told of the logout", Ref: "OIDC Back-Channel, Front-Channel Logout"},
		{Name: "client_auth", What: "how the client says who it is", Ref: "RFC 7591 §2 · RFC 8705 §2"},
		{Name: "client_assertion_aud", What: "whom a client assertion is made out to", Ref: "RFC 7523 §3"},
		{Name: "pkce", What: "bind the code to this run", Ref: "RFC 7636"},
		{Name: "par", What: "push the request before the browser goes", Ref: "RFC 9126"},
		{Name: "jar", What: "sign the authorization request", Ref: "RFC 9101"},
		{Name: "jar_by", What: "how the signed request travels", Ref: "RFC 9101 §5"},
		{Name: "response_mode", What: "how the browser brings the answer", Ref: "OAuth Response Modes · JARM"},
		{Name: "dpop", What: "bind the tokens to a key, proven in every request", Ref: "RFC 9449"},
		{Name: "mtls", What: "bind the tokens to a certificate", Ref: "RFC 8705 §3"},
		{Name: "nonce", What: "bind the ID token to this run", Ref: "OIDC Core §3.1.2.1"},
	}
}

// ValueSettings are the request values of all grants, by their names on the wire.
func ValueSettings() []Setting {
	return []Setting{
		{Name: "scope", What: "what to ask for, in words", Ref: "RFC 6749 §3.3"},
		{Name: "resource", What: "address of the API that the token is for", Ref: "RFC 8707", Several: true},
		{Name: "audience", What: "whom the token is for, as some providers call it", Ref: "RFC 8693 §2.1"},
		{Name: "prompt", What: "words: none, login, consent, select_account, create", Ref: "OIDC Core §3.1.2.1"},
		{Name: "max_age", What: "how old the login may be, in seconds", Ref: "OIDC Core §3.1.2.1"},
		{Name: "login_hint", What: "who is about to sign in", Ref: "OIDC Core §3.1.2.1"},
		{Name: "acr_values", What: "wanted strengths of the login, in words", Ref: "OIDC Core §3.1.2.1"},
		{Name: "claims", What: "wanted claims, as a JSON object", Ref: "OIDC Core §5.5"},
		{Name: "authorization_details", What: "what is to be allowed in detail, as a JSON array", Ref: "RFC 9396 §2"},
		{Name: "subject_token_type", What: "kind of the token to exchange, a URI", Ref: "RFC 8693 §3"},
		{Name: "actor_token_type", What: "kind of the actor's token, a URI", Ref: "RFC 8693 §3"},
		{Name: "requested_token_type", What: "kind of token to get, a URI", Ref: "RFC 8693 §2.1"},
		{Name: "token_type_hint", What: "access_token or refresh_token", Ref: "RFC 7009 §2.1"},
		{Name: "login_hint_token", What: "a token that names who is asked", Ref: "CIBA Core §7.1"},
		{Name: "binding_message", What: "text that both devices show", Ref: "CIBA Core §7.1"},
		{Name: "user_code", What: "secret that only the person knows", Ref: "CIBA Core §7.1"},
		{Name: "requested_expiry", What: "how long the person may take, in seconds", Ref: "CIBA Core §7.1"},
		{Name: "logout_hint", What: "who signs out", Ref: "OIDC RP-Initiated Logout §2"},
		{Name: "ui_locales", What: "languages of the server's pages, in words", Ref: "OIDC Core §3.1.2.1"},
	}
}

// valuesSent are the variables that the grant's requests carry. They are found
// by making each request of a run in which every variable has a value.
func valuesSent(grant string) []string {
	g, err := Build(flows.Spec{Grant: grant})
	if err != nil {
		return nil
	}
	const some = "some"
	s := flows.State{Grant: g, Vars: flows.Vars{}, Secrets: flows.Secrets{"client_secret": wire.NewSecret(some), "password": wire.NewSecret(some)}, Results: make([]flows.Result, len(g.Steps))}
	s.Spec, _ = Resolve(flows.Spec{Grant: grant})
	for _, row := range ValueSettings() {
		s.Vars[row.Name] = some
	}
	for _, need := range g.Takes {
		s.Vars[need.Name] = some
	}
	for _, st := range g.Steps {
		for _, name := range st.Needs {
			s.Vars[name] = some
		}
	}
	var out []string
	for i, st := range g.Steps {
		if st.Do == nil {
			continue
		}
		s.Step = i
		r := flows.MessageOf(st.Do(s))
		for _, p := range slices.Concat(r.Query, r.Form) {
			taken := slices.ContainsFunc(g.Takes, func(need flows.Given) bool { return need.Name == p.Var })
			if p.Var != "" && !taken && !slices.Contains(out, p.Var) {
				out = append(out, p.Var)
			}
		}
	}
	return out
}

// CheckValue refuses what cannot be meant as a value of this name; "" is the
// absence of one. The server decides about everything else.
func CheckValue(name, value string) error {
	if value == "" {
		return nil
	}
	switch name {
	case "max_age", "requested_expiry":
		if n, err := strconv.Atoi(value); err != nil || n < 0 {
			return fmt.Errorf("%s is a number of seconds, such as 300; %q is not", name, wire.Safe(value))
		}
	case "claims":
		if value[0] != '{' || !json.Valid([]byte(value)) {
			return fmt.Errorf("claims is a JSON object, such as {\"userinfo\":{\"email\":null}}; this is not")
		}
	case "authorization_details":
		if value[0] != '[' || !json.Valid([]byte(value)) {
			return fmt.Errorf("authorization_details is a JSON array of objects, each with a type, such as [{\"type\":\"payment\"}]; this is not")
		}
	case "prompt":
		words := strings.Fields(value)
		if len(words) > 1 && slices.Contains(words, "none") {
			return fmt.Errorf("prompt none stands alone: it forbids every page, and %q asks for one (OIDC Core §3.1.2.1)", wire.Safe(value))
		}
	}
	return nil
}
