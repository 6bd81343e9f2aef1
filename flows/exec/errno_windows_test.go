package exec

import "golang.org/x/sys/windows"

func unreachable() error { return windows.WSAEHOSTUNREACH }
