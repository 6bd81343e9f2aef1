//go:build !windows

package exec

import "syscall"

// What this operating system calls the ways in which a connection fails.

func isRefused(err error) bool { return isAny(err, syscall.ECONNREFUSED) }
func isReset(err error) bool {
	return isAny(err, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED)
}
func isUnreachable(err error) bool {
	return isAny(err, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EADDRNOTAVAIL, syscall.ENETDOWN)
}
func isPortInUse(err error) bool { return isAny(err, syscall.EADDRINUSE) }
func isPortForbidden(err error) bool {
	return isAny(err, syscall.EACCES, syscall.EPERM)
}
func isNoFamily(err error) bool {
	return isAny(err, syscall.EAFNOSUPPORT, syscall.EADDRNOTAVAIL, syscall.EPROTONOSUPPORT)
}
