package exec

import "golang.org/x/sys/windows"

// What this operating system calls the ways in which a connection fails.

func isRefused(err error) bool { return isAny(err, windows.WSAECONNREFUSED) }
func isReset(err error) bool {
	return isAny(err, windows.WSAECONNRESET, windows.WSAECONNABORTED)
}
func isUnreachable(err error) bool {
	return isAny(err, windows.WSAEHOSTUNREACH, windows.WSAENETUNREACH, windows.WSAEADDRNOTAVAIL)
}
func isPortInUse(err error) bool     { return isAny(err, windows.WSAEADDRINUSE) }
func isPortForbidden(err error) bool { return isAny(err, windows.WSAEACCES) }
func isNoFamily(err error) bool {
	return isAny(err, windows.WSAEAFNOSUPPORT, windows.WSAEADDRNOTAVAIL)
}
