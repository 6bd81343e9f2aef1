package diagnose

import (
	"regexp"
	"slices"

	"authdance/flows"
	"authdance/flows/wire"
)

// removed is how a recording names a secret that it does not hold; of a signed
// token it is the signature alone.
var removed = regexp.MustCompile(`(^|\.)redacted_[a-z0-9_]+_[0-9]+$`)

// hidden tells whether a value is only the name of a secret.
func hidden(v wire.Untrusted) bool { return removed.MatchString(v.Raw()) }

// Recorded is the grant of a run that is read from a recording. Checks that
// need a secret cannot be repeated there: a signature is gone, a hash is made of
// a name. They become unknown and stop nothing; all others judge as they did.
func Recorded(g flows.Grant) flows.Grant {
	g.Steps = slices.Clone(g.Steps)
	for i := range g.Steps {
		g.Steps[i].On = unrepeatable(g.Steps[i].On)
	}
	if settle := g.Settle; settle != nil {
		g.Settle = func(s flows.State) flows.Grant { return Recorded(settle(s)) }
	}
	return g
}

func unrepeatable(on func(flows.State, flows.Entry) flows.Verdict) func(flows.State, flows.Entry) flows.Verdict {
	if on == nil {
		return nil
	}
	return func(s flows.State, e flows.Entry) flows.Verdict {
		v := on(s, e)
		if !holdsHidden(s.Vars) && !holdsHidden(v.Set) {
			return v
		}
		v.Checks = slices.Clone(v.Checks)
		failed := false
		for i, c := range v.Checks {
			if c.Status == wire.Fail && needsSecret(c.ID) {
				v.Checks[i].Status, v.Checks[i].Message = wire.Unknown, "the recording does not hold the secret that this check needs"
			}
			failed = failed || v.Checks[i].Status == wire.Fail
		}
		if v.Problem != nil && v.Problem.Kind == flows.Refused && needsSecret(v.Problem.Code) {
			v.Problem = nil
			for _, c := range v.Checks {
				if failed && c.Status == wire.Fail {
					v.Problem = &flows.Problem{Kind: flows.Refused, Code: c.ID, Description: wire.Untrusted(c.Message)}
					break
				}
			}
		}
		return v
	}
}

func holdsHidden(vars flows.Vars) bool {
	for _, v := range vars {
		if hidden(v) {
			return true
		}
	}
	return false
}

func needsSecret(check string) bool {
	return slices.Contains([]string{"base64", "structure", "signature_invalid", "signature_length", "at_hash_mismatch", "c_hash_mismatch", "s_hash_mismatch",
		"decrypt_failed", "ath_mismatch", "cnf_mismatch"}, check)
}
