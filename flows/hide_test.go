package flows_test

import (
	"strings"
	"testing"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/uitest"
)

// R-RED-03: a server that echoes secrets in its error does not get them shown.
func TestEchoedSecretsAreHidden(t *testing.T) {
	srv := &uitest.Server{}
	s := uitest.Story(t, srv, "authorization_code", uitest.Next(4)...).Snapshot().Head
	verifier, code := s.Vars["code_verifier"].Raw(), s.Vars["code"].Raw()
	srv.Answer = map[string]string{uitest.Issuer + "/token": `{"error":"invalid_grant","error_description":"got ` + code + ` with ` + verifier + `"}`}
	snap := uitest.Story(t, srv, "authorization_code", uitest.Next(5)...).Snapshot()
	shown := snap.State.Problem.Description.Raw()
	if strings.Contains(shown, code) || strings.Contains(shown, verifier) || !strings.Contains(shown, wire.Mask(code)) {
		t.Errorf("shown: %s", shown)
	}
	if got := (flows.State{}).Hide("nothing to hide"); got != "nothing to hide" {
		t.Errorf("got %q", got)
	}
}
