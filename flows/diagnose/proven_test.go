package diagnose_test

import (
	"strings"
	"testing"

	"authdance/catalog"
	"authdance/flows"
	"authdance/flows/diagnose"
	"authdance/flows/wire"
)

func set(name, value string) flows.Edit {
	return flows.Edit{Op: flows.Set, Name: name, Value: wire.Untrusted(value)}
}

func drop(name string) flows.Edit { return flows.Edit{Op: flows.Drop, Name: name} }

// Each row is a mistake that a client makes in one request, sent to the lab; the
// run proves it, or shows it.
func TestMistakesAreProvenFromWhatWasSent(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	const certain, likely = diagnose.Certain, diagnose.Likely
	code := func(change func(string) string) func(flows.State) []flows.Edit {
		return func(s flows.State) []flows.Edit { return []flows.Edit{set("code", change(s.Vars["code"].Raw()))} }
	}
	plain := func(edits ...flows.Edit) func(flows.State) []flows.Edit {
		return func(flows.State) []flows.Edit { return edits }
	}
	for name, c := range map[string]struct {
		grant, step string
		edits       func(flows.State) []flows.Edit
		cause       string
		sure        diagnose.Confidence
	}{
		"a code with backslashes":        {"", "token", code(func(s string) string { return `\"` + s + `\"` }), "code-escaped", certain},
		"a code without its end":         {"", "token", code(func(s string) string { return s[:len(s)-4] }), "code-truncated", certain},
		"a code with a blank":            {"", "token", code(func(s string) string { return s + " " }), "invalid-grant", certain},
		"a token request by GET":         {"", "token", plain(set(":method", "GET")), "wrong-http-method", certain},
		"no grant_type":                  {"", "token", plain(drop("grant_type")), "missing-parameter", certain},
		"a JSON body":                    {"", "token", plain(set(":body", `{"grant_type":"authorization_code"}`)), "json-body", certain},
		"a challenge that is too short":  {"", "authorize", plain(set("code_challenge", "abc")), "pkce-challenge-size", certain},
		"a challenge in plain base64":    {"", "authorize", plain(set("code_challenge", strings.Repeat("a", 41)+"+/")), "pkce-challenge-alphabet", certain},
		"none beside login":              {"", "authorize", plain(set("prompt", "none login")), "prompt-none-failed", certain},
		"a scope that nobody knows":      {"", "authorize", plain(set("scope", "openid profil")), "scope-typo", likely},
		"a redirect_uri with a fragment": {"", "authorize", plain(set("redirect_uri", "http://127.0.0.1:9/callback#x")), "redirect-uri-mismatch", certain},
		"an authorization request":       {"", "token", plain(drop("grant_type"), set("response_type", "code")), "endpoints-swapped", certain},
		"no client_id":                   {"", "authorize", plain(drop("client_id")), "missing-parameter", certain},
		"a refresh for more":             {"refresh_token", "token", plain(set("scope", "openid write")), "refresh-other-resource", likely},
		"two proofs of the client":       {"client_credentials", "token", plain(flows.Edit{Op: flows.Add, Name: "client_secret", Value: "workshop-secret"}), "two-client-authentications", certain},
		"two names of the client":        {"client_credentials", "token", plain(set("client_id", "workshop-web")), "unknown-client", certain},
		"no device_code":                 {"device_code", "token", plain(drop("device_code")), "missing-parameter", certain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := planned{grant: "authorization_code", edits: func(step string, s flows.State) []flows.Edit {
				if step == c.step {
					return c.edits(s)
				}
				return nil
			}}
			if c.grant != "" {
				p.grant = c.grant
			}
			s := newWorld(t).run(p)
			rep := diagnose.Explain(s, cat)
			best, failed := rep.Best()
			if !failed || best.ID != c.cause || best.Confidence != c.sure {
				t.Errorf("got %s %s: %s\nwant %s %s; the run is %s, %+v", best.Confidence, best.ID, best.Sentence, c.sure, c.cause, s.Status, s.Problem)
			}
		})
	}
}
