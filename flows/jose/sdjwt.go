package jose

import "authdance/flows/wire"

// Disclosure is one claim that the holder of an SD-JWT chose to show.
type Disclosure struct {
	Raw    string // base64url, as it stands in the token
	Digest string // its hash, as it stands in an _sd array
	Salt   string
	Name   string // the claim; empty for an element of an array
	Value  wire.Value
	Place  string // where the digest stands, "address._sd"; empty: nowhere
}

func readSDJWT(text string) Token {
	return Token{Kind: Malformed, Text: text, Checks: []wire.Check{row(wire.Fail, "structure", "", "SD-JWT", "", "")}}
}
