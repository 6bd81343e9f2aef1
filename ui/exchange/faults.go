package exchange

import (
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// fault is a ready-made mistake: what is changed, the idea that it shows, and
// what a careful server (the lab is one) makes of it.
type fault struct {
	name, idea string
	// edits are the change. {value} in a value is the original, {id_token} and
	// the like are the variables of the run. Set and Drop name what the request
	// must have; without it the fault is not offered.
	edits   []flows.Edit
	result  string   // outcome, see label
	choices []string // what the learner chooses from
	with    string   // parameters, one of which the request must have; "" fits any request
}

// wrongVerifier has a verifier's length and alphabet, so that only its value is wrong.
const wrongVerifier = "WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-1"

// readyMadeFaults is every ready-made fault, by step.
func readyMadeFaults(step string) []fault {
	set := func(name string, val wire.Untrusted) flows.Edit {
		return flows.Edit{Op: flows.Set, Name: name, Value: val}
	}
	drop := func(name string) flows.Edit { return flows.Edit{Op: flows.Drop, Name: name} }
	add := func(name string, val wire.Untrusted) flows.Edit {
		return flows.Edit{Op: flows.Add, Name: name, Value: val}
	}
	edits := func(e ...flows.Edit) []flows.Edit { return e }
	tokens := []string{"invalid_grant", "ok", "invalid_client"}
	request := []string{"invalid_grant", "ok", "invalid_request"}
	browser := []string{"ok", "invalid_request", "browser_error_page"}
	bearer := []string{"invalid_token", "ok", "http_401"}

	switch step {
	case "discovery":
		places := []string{"ok", "metadata_invalid"}
		return []fault{
			{"address with a typo", "discovery", edits(set(":url", "{value}x")), "metadata_invalid", places, ""},
			{"POST in place of GET", "HTTP", edits(set(":method", "POST")), "metadata_invalid", places, ""},
			{"no Accept header", "HTTP", edits(drop("Accept")), "ok", places, ""},
		}
	case "authorize":
		return []fault{
			{"other redirect_uri", "binding", edits(set("redirect_uri", "http://127.0.0.1:9/stranger")), "browser_error_page", browser, ""},
			{"no state", "CSRF", edits(drop("state")), "ok", browser, ""},
			{"plain challenge", "PKCE", edits(set("code_challenge_method", "plain")), "invalid_request", browser, ""},
			{"no challenge", "PKCE", edits(drop("code_challenge"), drop("code_challenge_method")), "invalid_request", browser, ""},
			{"unknown client_id", "binding", edits(set("client_id", "nobody-knows-me")), "browser_error_page", browser, ""},
			{"unknown scope", "scope", edits(set("scope", "{value} no-such-scope")), "invalid_scope", []string{"ok", "invalid_scope", "browser_error_page"}, ""},
			{"response_type token", "flows", edits(set("response_type", "token")), "unsupported_response_type", []string{"ok", "unsupported_response_type", "browser_error_page"}, ""},
			{"prompt=none", "sign-in", edits(add("prompt", "none")), "login_required", []string{"ok", "login_required", "browser_error_page"}, ""},
			{"no nonce", "replay", edits(drop("nonce")), "ok", browser, ""},
		}
	case "callback":
		checks := func(id string) []string { return []string{"ok", id, "access_denied"} }
		return []fault{
			{"changed state", "CSRF", edits(set("state", "somebody-elses-state")), "state_mismatch", checks("state_mismatch"), ""},
			{"no state", "CSRF", edits(drop("state")), "state_missing", checks("state_missing"), ""},
			{"changed iss", "mix-up", edits(set("iss", "http://127.0.0.1:9/evil")), "response_iss_mismatch", checks("response_iss_mismatch"), ""},
			{"no iss", "mix-up", edits(drop("iss")), "response_iss_missing", checks("response_iss_missing"), ""},
			{"changed code", "injection", edits(set("code", "somebody-elses-code")), "ok", checks("state_mismatch"), ""},
			{"no code", "errors", edits(drop("code")), "nonstandard_answer", checks("nonstandard_answer"), ""},
			{"error=access_denied", "errors", edits(drop("code"), add("error", "access_denied")), "access_denied", []string{"ok", "access_denied", "state_mismatch"}, ""},
			{"state twice", "duplicates", edits(add("state", "{value}")), "duplicate_parameter", checks("duplicate_parameter"), ""},
		}
	case "token":
		return []fault{
			{"wrong verifier", "PKCE", edits(set("code_verifier", wrongVerifier)), "invalid_grant", tokens, ""},
			{"no verifier", "PKCE", edits(drop("code_verifier")), "invalid_grant", tokens, ""},
			{"wrong client secret", "authentication", edits(set("client_secret", "wrong-secret")), "invalid_client", tokens, ""},
			{"wrong client secret", "authentication", edits(set("Authorization", "Basic d3Jvbmc6d3Jvbmc=")), "invalid_client", tokens, ""},
			{"other redirect_uri", "binding", edits(set("redirect_uri", "http://127.0.0.1:9/stranger")), "invalid_grant", tokens, ""},
			{"other client_id", "binding", edits(set("client_id", "nobody-knows-me")), "invalid_client", tokens, ""},
			{"made-up code", "codes", edits(set("code", "I-made-this-code-up")), "invalid_grant", tokens, ""},
			{"no code", "codes", edits(drop("code")), "invalid_request", request, ""},
			{"code twice", "duplicates", edits(add("code", "{value}")), "invalid_request", request, ""},
			{"made-up device code", "codes", edits(set("device_code", "I-made-this-code-up")), "invalid_grant", tokens, ""},
			{"no device code", "codes", edits(drop("device_code")), "invalid_request", request, ""},
			{"wrong password", "passwords", edits(set("password", "wrong")), "invalid_grant", tokens, ""},
			{"no password", "passwords", edits(drop("password")), "invalid_request", request, ""},
			{"made-up subject token", "exchange", edits(set("subject_token", "I-made-this-token-up")), "invalid_request", request, ""},
			{"no subject token", "exchange", edits(drop("subject_token")), "invalid_request", request, ""},
			{"wrong subject type", "exchange", edits(set("subject_token_type", "urn:example:no-type")), "invalid_request", request, ""},
			{"actor type, no actor", "exchange", edits(add("actor_token_type", "urn:ietf:params:oauth:token-type:access_token")), "invalid_request", request, "subject_token"},
			{"unknown audience", "target", edits(add("audience", "https://elsewhere.test")), "invalid_target", []string{"ok", "invalid_target", "invalid_grant"}, "subject_token"},
			{"ID token instead", "audience", edits(set("assertion", "{id_token}")), "invalid_grant", tokens, ""},
			{"made-up assertion", "assertions", edits(set("assertion", "I-made-this-token-up")), "invalid_grant", tokens, ""},
			{"made-up auth_req_id", "codes", edits(set("auth_req_id", "I-made-this-up")), "invalid_grant", tokens, ""},
			{"made-up refresh token", "refresh", edits(set("refresh_token", "I-made-this-token-up")), "invalid_grant", tokens, ""},
			{"no refresh token", "refresh", edits(drop("refresh_token")), "invalid_request", request, ""},
			{"more scope", "scope", edits(set("scope", "{value} write")), "invalid_scope", []string{"invalid_grant", "ok", "invalid_scope"}, "refresh_token subject_token"},
			{"wrong content type", "HTTP", edits(set("Content-Type", "application/json")), "invalid_request", request, ""},
			{"grant_type typo", "HTTP", edits(set("grant_type", "{value}s")), "unsupported_grant_type", []string{"invalid_grant", "ok", "unsupported_grant_type"}, ""},
		}
	case "device_authorization":
		return []fault{
			{"unknown client_id", "binding", edits(set("client_id", "nobody-knows-me")), "invalid_client", tokens, ""},
			{"unknown scope", "scope", edits(set("scope", "{value} no-such-scope")), "invalid_scope", []string{"ok", "invalid_scope", "invalid_client"}, ""},
			{"wrong content type", "HTTP", edits(set("Content-Type", "application/json")), "invalid_request", request, ""},
		}
	case "backchannel_authentication":
		ciba := []string{"invalid_request", "ok", "unknown_user_id"}
		return []fault{
			{"unknown person", "hints", edits(set("login_hint", "nobody-at-all")), "unknown_user_id", ciba, ""},
			{"no hint", "hints", edits(drop("login_hint")), "invalid_request", ciba, ""},
			{"two hints", "hints", edits(add("login_hint_token", "x")), "invalid_request", ciba, ""},
			{"long binding message", "binding", edits(set("binding_message", wire.Untrusted(strings.Repeat("long ", 20)))), "invalid_binding_message", []string{"ok", "invalid_request", "invalid_binding_message"}, ""},
			{"wrong client secret", "authentication", edits(set("Authorization", "Basic d3Jvbmc6d3Jvbmc=")), "invalid_client", tokens, ""},
		}
	case "introspect":
		return []fault{
			{"made-up token", "privacy", edits(set("token", "I-made-this-token-up")), "ok", []string{"ok", "invalid_request", "invalid_token"}, ""},
			{"no token", "HTTP", edits(drop("token")), "invalid_request", request, ""},
			{"wrong client secret", "authentication", edits(set("Authorization", "Basic d3Jvbmc6d3Jvbmc=")), "invalid_client", tokens, ""},
			{"nobody asks", "authentication", edits(drop("Authorization")), "invalid_client", tokens, ""},
		}
	case "revoke":
		return []fault{
			{"made-up token", "privacy", edits(set("token", "I-made-this-token-up")), "ok", []string{"ok", "invalid_request", "invalid_token"}, ""},
			{"no token", "HTTP", edits(drop("token")), "invalid_request", request, ""},
			{"other client_id", "binding", edits(set("client_id", "nobody-knows-me")), "invalid_client", tokens, ""},
		}
	case "id_token":
		return []fault{{"other key address", "signatures", edits(set(":url", "{value}x")), "jwks_invalid", []string{"ok", "jwks_invalid"}, ""}}
	case "userinfo", "api":
		return []fault{
			{"made-up token", "bearer", edits(set("Authorization", "Bearer I-made-this-token-up")), "invalid_token", bearer, ""},
			{"no token", "bearer", edits(drop("Authorization")), "http_401", bearer, ""},
			{"ID token instead", "audience", edits(set("Authorization", "Bearer {id_token}")), "invalid_token", bearer, ""},
			{"no Bearer before it", "HTTP", edits(set("Authorization", "{access_token}")), "http_401", bearer, ""},
			{"token in the address", "leaks", edits(drop("Authorization"), add("access_token", "{access_token}")), "invalid_request", []string{"ok", "invalid_request", "http_401"}, ""},
		}
	}
	return nil
}

// most is how many faults have a digit.
const most = 9

// faults are the ready-made faults that fit the request, with their values
// filled in: at most nine, because the digits pick them.
func faults(step string, r flows.Request, vars flows.Vars) []fault {
	var out []fault
	for _, f := range readyMadeFaults(step) {
		if f.fits(r, vars) {
			f.edits = f.filled(r, vars)
			out = append(out, f)
		}
	}
	return out[:min(len(out), most)]
}

func (f fault) fits(r flows.Request, vars flows.Vars) bool {
	with := strings.Fields(f.with)
	if len(with) > 0 && !slices.ContainsFunc(with, func(name string) bool { _, has := original(r, name); return has }) {
		return false
	}
	for _, ed := range f.edits {
		name, _, filled := placeholder(ed.Value)
		if _, has := original(r, ed.Name); !has && (ed.Op != flows.Add || name == "value") {
			return false
		}
		if filled && name != "value" && vars[name] == "" {
			return false
		}
	}
	return true
}

func (f fault) filled(r flows.Request, vars flows.Vars) []flows.Edit {
	out := slices.Clone(f.edits)
	for i, ed := range out {
		name, hole, ok := placeholder(ed.Value)
		if !ok {
			continue
		}
		fill := vars[name]
		if name == "value" {
			fill, _ = original(r, ed.Name)
		}
		out[i].Value = wire.Untrusted(strings.Replace(ed.Value.Raw(), hole, fill.Raw(), 1))
	}
	return out
}

// placeholder finds {name} in a value of the table.
func placeholder(val wire.Untrusted) (name, hole string, ok bool) {
	_, rest, found := strings.Cut(val.Raw(), "{")
	name, _, closed := strings.Cut(rest, "}")
	return name, "{" + name + "}", found && closed
}

// readyMade reports a value that a fault of this step brings: it is nobody's
// secret, so it is shown even where the real one is masked.
func (k look) readyMade(name string, val wire.Untrusted) bool {
	for _, f := range readyMadeFaults(k.step.ID) {
		for _, ed := range f.edits {
			if _, _, filled := placeholder(ed.Value); !filled && ed.Op != flows.Drop && ed.Name == name && ed.Value == val {
				return true
			}
		}
	}
	return false
}

// original is the value that an edit would replace.
func original(r flows.Request, name string) (wire.Untrusted, bool) {
	switch name {
	case ":method":
		return wire.Untrusted(r.Method), r.Method != ""
	case ":url":
		return r.URL, r.URL != ""
	case ":body":
		return r.Body, r.Form == nil && r.Body != ""
	}
	p, ok := r.Find(name)
	return p.Value, ok
}
