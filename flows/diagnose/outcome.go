package diagnose

import (
	"strconv"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// Outcome is an outcome in the words of a choice. The status of a known answer
// is the one that the specification asks for.
func Outcome(step flows.Step, word string) string {
	switch word {
	case "ok":
		switch {
		case step.ID == "token":
			return "200, tokens"
		case step.ID == "authorize":
			return "back with a code"
		case step.In != nil:
			return "accepted"
		}
		return "200"
	case "browser_error_page":
		return "an error page"
	case "metadata_invalid":
		return "no metadata"
	case "jwks_invalid":
		return "no keys"
	case "nonstandard_answer":
		return "refused: no code"
	}
	if status, bare := BareStatus(word); bare {
		return status + " without a code"
	}
	if step.In != nil || step.ID == "authorize" { // what the browser carries has no status
		return wire.Safe(word)
	}
	switch word {
	case "invalid_client", "invalid_token":
		return "401 " + word
	case "invalid_grant", "invalid_request", "invalid_scope", "unauthorized_client", "unsupported_grant_type":
		return "400 " + word
	}
	return wire.Safe(word)
}

// BareStatus is the status of an answer that named no code: such a problem is
// called http_ and the status.
func BareStatus(word string) (status string, bare bool) {
	status, bare = strings.CutPrefix(word, "http_")
	_, err := strconv.Atoi(status)
	return status, bare && err == nil
}
