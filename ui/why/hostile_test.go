package why_test

import (
	"strings"
	"testing"

	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/uitest"
	"authdance/ui/why"
)

// S1, R-TERM-07: a code that no page knows is the server's text; the report that
// is copied must not carry its escapes into the next terminal.
func TestTheCopiedReportCarriesNoEscapes(t *testing.T) {
	srv := &uitest.Server{Answer: map[string]string{uitest.Issuer + "/token": `{"error":"EVIL\u001b[31m\u009b1m\u202e","error_description":"\u001b]52;c;AAAA\u0007"}`}}
	e := uitest.Env(t, uitest.Story(t, srv, "authorization_code", uitest.Next(5)...).Snapshot(), 78, 19)
	p, picture := uitest.Draw(why.New(), e)
	_, up := p.Act(keys.Copy, e)
	for _, r := range up.(pane.Copy).Text + picture {
		if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x202e {
			t.Fatalf("%U in the report:\n%s", r, strings.ToValidUTF8(up.(pane.Copy).Text, "?"))
		}
	}
}
