package exec

import (
	"errors"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"
)

// opener asks the shell's own handler without starting a command interpreter,
// whose quoting rules an address could break.
func opener() (program string, args []string, err error) {
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return "", nil, errors.New("the system directory was not found")
	}
	return filepath.Join(dir, "rundll32.exe"), []string{"url.dll,FileProtocolHandler"}, nil
}

// apart keeps Ctrl-C here from ending the browser.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}
