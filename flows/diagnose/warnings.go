package diagnose

import (
	"strings"

	"authdance/catalog"
	"authdance/flows"
	"authdance/flows/wire"
)

// Warnings are the oddities of a run that did not stop it, in the order of the
// steps: each with the page about it. Nothing is said of http on this computer.
func Warnings(s flows.State, c *catalog.Catalog) []Cause {
	var out []Cause
	for _, step := range s.Grant.Steps {
		for _, check := range s.ResultOf(step.ID).Checks {
			if check.Status != wire.Warn || check.ID == "insecure_transport" {
				continue
			}
			id := oddity(check)
			if p, ok := find(c, id); !ok && c != nil {
				if p, ok = c.ForCheck(check.ID); ok {
					id = p.ID
				}
			}
			out = append(out, Cause{ID: id, Title: title(c, id), Confidence: Certain, Sentence: check.Message + compared(check),
				Evidence: []Evidence{{Mark: Fits, Text: check.Message + compared(check), Step: step.ID}}})
		}
	}
	return out
}

// oddity is the page about a warning that has one of its own.
func oddity(c wire.Check) string {
	switch c.ID {
	case "nonstandard_answer", "utf8":
		if strings.Contains(c.Message, "form-encoded") {
			return "form-encoded-token-response"
		}
		return "token-endpoint-not-json"
	case "expires_in_type":
		return "expires-in-odd"
	case "token_type":
		return "token-type-unknown"
	}
	return ""
}
