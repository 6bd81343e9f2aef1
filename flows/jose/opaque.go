package jose

import "authdance/flows/wire"

// Shape says what an opaque text looks like, by its prefix and length.
type Shape struct {
	What string // "a GitHub user-to-server token"; empty: nothing is known
	Hint string // what can be done with it
}

func readOpaque(text string) Token {
	t := Token{Kind: Opaque, Text: text}
	t.Checks = []wire.Check{notApplicable("structure", "RFC 6749 §1.4",
		"an opaque token: only the server that made it can read it; ask its introspection endpoint")}
	return t
}
