package jose

import (
	"fmt"
	"strings"

	"authdance/flows/wire"
)

// row makes one check. It is the only place where this package makes one, so
// foreign text in message, got or want cannot reach a screen unsanitised.
func row(status wire.Status, id, ref, message, got, want string) wire.Check {
	return wire.Check{ID: wire.Safe(id), Status: status, Ref: ref,
		Message: wire.Safe(message), Got: wire.Safe(got), Want: wire.Safe(want)}
}

func passed(id, ref, message string) wire.Check {
	return row(wire.Pass, id, ref, message, "", "")
}

func notApplicable(id, ref, why string) wire.Check {
	return row(wire.NA, id, ref, why, "", "")
}

func unknown(id, ref, why string) wire.Check {
	return row(wire.Unknown, id, ref, why, "", "")
}

// quoted puts foreign text into a sentence: sanitised, short, visibly foreign.
func quoted(s string) string {
	const limit = 64
	s = wire.Safe(s)
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return "“" + s + "”"
}

func list(items []string) string { return strings.Join(items, ", ") }

// count writes "1 key", "3 keys".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func contains(checks []wire.Check, status wire.Status) bool {
	for _, c := range checks {
		if c.Status == status {
			return true
		}
	}
	return false
}
