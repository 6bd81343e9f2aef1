//go:build !unix

package files

// doNotWait has no meaning where named pipes are no files.
const doNotWait = 0

// dirsSync is false: directories cannot be opened for syncing.
const dirsSync = false

// foreignLink finds nothing: making a link needs a privilege here, and a link
// has no owner that a program could ask for.
func foreignLink(string) error { return nil }

// Exposed is always false: a profile directory is private by its access list.
func Exposed(string) (string, bool) { return "", false }
