package exchange

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/ui/pane"
)

// born are the values that a step without a message makes, known or not yet.
func (k look) born() []pair {
	var names []string
	if k.silent() && k.step.Do != nil && len(k.s.Missing(k.i)) == 0 {
		if d, ok := k.step.Do(k.s).(flows.Draw); ok {
			names = slices.Clone(d.Names)
		}
	}
	more := make([]string, 0, len(k.result.Set))
	for name := range k.result.Set {
		if !slices.Contains(names, name) {
			more = append(more, name)
		}
	}
	slices.Sort(more)
	var out []pair
	for _, name := range append(names, more...) {
		v := flows.Param{Name: name, Value: k.result.Set[name], Secret: flows.Sensitive(name)}
		out = append(out, pair{name: name, old: v, new: v})
	}
	return out
}

// made says how a step without a message came by a value.
func (k look) made(name string) string {
	for _, f := range k.result.Facts {
		if d, ok := f.Event.(flows.Drawn); ok && d.Values[name] != "" {
			if name == "redirect_uri" {
				return "free port"
			}
			return "random"
		}
	}
	if !k.result.Ran() {
		return "random"
	}
	return "made here"
}

// empty is what stands in place of a value that is not there.
func (k look) empty() string {
	if k.silent() && !k.result.Ran() {
		return "not drawn yet"
	}
	return "(empty)"
}

// chain shows how the PKCE challenge is made of the verifier, RFC 7636 §4.2:
// the one step where a beginner must see the numbers move.
func (k look) chain(e pane.Env) []string {
	verifier, challenge := k.s.Vars["code_verifier"], k.s.Vars["code_challenge"]
	if verifier == "" || challenge == "" {
		return nil
	}
	row := func(name, val, note string) string {
		room := e.W - 1 - 16 - 2
		if e.W >= 70 {
			room -= len(note) + 2
			return " " + pane.Fit(name, 16) + pane.Fit(val, room) + "  " + e.Styles.Muted.Render(note)
		}
		return " " + pane.Fit(name, 16) + pane.Cut(val, room)
	}
	secret := k.veil.value(flows.Param{Name: "code_verifier", Value: verifier, Secret: true})
	out := []string{" " + e.Styles.Title.Render("How the challenge is made"), row("code_verifier", secret, "random, stays here at first")}
	if k.s.Vars["code_challenge_method"] == "S256" {
		sum := sha256.Sum256([]byte(verifier.Raw()))
		out = append(out, row("SHA-256", spaced(sum[:], e.W), "one way: nobody can go back"))
		return append(out, row("code_challenge", challenge.Safe(), "the same in base64url"))
	}
	return append(out, row("code_challenge", k.veil.value(flows.Param{Name: "code_verifier", Value: challenge, Secret: true}), "plain: the verifier itself"))
}

// spaced is a hash in hexadecimal, as many bytes as fit and an ellipsis.
func spaced(sum []byte, w int) string {
	n := len(sum)
	if w < 130 {
		n = min(n, max(4, (w-54)/3))
	}
	if w < 70 {
		n = min(n, max(2, (w-24)/3))
	}
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf("%02x", sum[i])
	}
	text := strings.Join(parts, " ")
	if n < len(sum) {
		text += " …"
	}
	return text
}
