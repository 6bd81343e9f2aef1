package exec

import (
	"os/exec"
	"syscall"
)

// opener is macOS's own.
func opener() (program string, args []string, err error) { return "/usr/bin/open", nil, nil }

// apart puts the opener into a session of its own: it has no terminal to draw
// on, and Ctrl-C here does not end the browser.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
