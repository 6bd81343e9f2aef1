package exec

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Every test has to leave no goroutine behind: that is what "cancellable" means.
func TestMain(m *testing.M) {
	// The tests talk to this computer only; a proxy of the machine is not theirs.
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "BROWSER"} {
		os.Unsetenv(name)
	}
	goleak.VerifyTestMain(m)
}
