//go:build !windows

package exec

import "syscall"

func unreachable() error { return syscall.EHOSTUNREACH }
