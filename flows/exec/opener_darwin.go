package exec

import (
	"context"
	"os/exec"
	"syscall"
)

// openBySystem runs macOS's own opener.
func openBySystem(ctx context.Context, address string) error {
	return launch(ctx, "/usr/bin/open", address)
}

// apart puts the opener into a session of its own: it has no terminal to draw
// on, and Ctrl-C here does not end the browser.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
