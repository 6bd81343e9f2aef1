//go:build !windows && !darwin

package exec

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// openBySystem runs the desktop's opener from the system's own directories: a
// program of the same name earlier in PATH is not asked.
func openBySystem(ctx context.Context, address string) error {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" && os.Getenv("WSL_DISTRO_NAME") == "" {
		return errors.New("there is no desktop here (DISPLAY and WAYLAND_DISPLAY are empty)")
	}
	for _, name := range []string{"xdg-open", "x-www-browser", "wslview"} {
		for _, dir := range []string{"/usr/bin", "/usr/local/bin", "/bin", "/run/current-system/sw/bin"} {
			path := filepath.Join(dir, name)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return launch(ctx, path, address)
			}
		}
	}
	return errors.New("no program that opens a browser was found (xdg-open, x-www-browser, wslview); install xdg-utils")
}

// apart puts the opener into a session of its own: it has no terminal to draw
// on, and Ctrl-C here does not end the browser.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
