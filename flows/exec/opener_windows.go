package exec

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"

	"authdance/flows/wire"
)

// openBySystem hands the address to the shell's handler for https. No command
// line is made, so there is nothing that quotes in the address could break.
func openBySystem(_ context.Context, address string) error {
	target, err := windows.UTF16PtrFromString(address)
	if err == nil {
		err = windows.ShellExecute(0, nil, target, nil, nil, windows.SW_SHOWNORMAL)
	}
	if err != nil {
		return fmt.Errorf("Windows could not open a browser: %s", wire.Safe(err.Error()))
	}
	return nil
}

// apart keeps Ctrl-C here from ending the browser.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}
