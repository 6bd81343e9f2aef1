package grants

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"

	"authdance/flows"
	"authdance/flows/wire"
)

// Challenge is the code_challenge of a verifier: S256 hashes it, plain is the
// verifier itself (RFC 7636 §4.2).
func Challenge(method string, verifier wire.Untrusted) wire.Untrusted {
	if method == "plain" {
		return verifier
	}
	sum := sha256.Sum256([]byte(verifier.Raw()))
	return wire.Untrusted(base64.RawURLEncoding.EncodeToString(sum[:]))
}

var verifierSyntax = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// pkce ties the code to this run (RFC 7636): a verifier is drawn, its challenge
// goes out with the browser, and the verifier itself with the code.
func pkce(method string) func(flows.Grant) flows.Grant {
	return func(g flows.Grant) flows.Grant {
		g.Title += " + PKCE"
		g = change(g, "prepare", func(st flows.Step) flows.Step {
			st.Title, st.Ref = "Make PKCE pair, state, nonce", "RFC 7636 §4.1 · RFC 6749 §10.12"
			st.Why += " The PKCE verifier is a secret that only this run knows; its fingerprint, the challenge, may be seen by all."
			do, on := st.Do, st.On
			st.Do = func(s flows.State) flows.Effect {
				d := do(s).(flows.Draw)
				d.Names = append(d.Names, "code_verifier")
				return d
			}
			st.On = func(s flows.State, e flows.Entry) flows.Verdict {
				v := on(s, e)
				verifier := v.Set["code_verifier"]
				if v.Problem != nil {
					return v
				}
				v.Set = flows.Vars{"code_challenge": Challenge(method, verifier), "code_challenge_method": wire.Untrusted(method)}
				for name, val := range e.Event.(flows.Drawn).Values {
					v.Set[name] = val
				}
				if method == "plain" {
					v.Checks = append(v.Checks, wire.Check{ID: "pkce_plain", Status: wire.Warn, Got: "plain", Want: "S256", Ref: "RFC 7636 §7.2 · RFC 9700 §2.1.1",
						Message: "with plain the challenge is the verifier itself: who reads the authorization request can use the code"})
				}
				if !verifierSyntax.MatchString(verifier.Raw()) {
					v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Ref: "RFC 7636 §4.1",
						Message: "code_verifier is not 43 to 128 characters of A-Z a-z 0-9 - . _ ~", Got: wire.Mask(verifier.Raw())})
				}
				return v
			}
			return st
		})
		g = adding(g, "authorize", arg("code_challenge"), arg("code_challenge_method"))
		return adding(g, "token", arg("code_verifier"))
	}
}

// unprotected marks a run without PKCE.
func unprotected(g flows.Grant) flows.Grant {
	return change(g, "prepare", func(st flows.Step) flows.Step {
		return warning(st, wire.Check{ID: "pkce_off", Status: wire.Warn, Got: "off", Want: "S256", Ref: "RFC 9700 §2.1.1",
			Message: "PKCE is off: who gets hold of the code can use it"})
	})
}
