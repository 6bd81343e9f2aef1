//go:build !unix

package files

import "io/fs"

// doNotWait has no meaning where named pipes are no files.
const doNotWait = 0

// dirsSync is false: directories cannot be opened for syncing.
const dirsSync = false

// foreignLink finds nothing: making a link needs a privilege here, and a link
// has no owner that a program could ask for.
func foreignLink(string) error { return nil }

// ours is always true, see foreignLink.
func ours(fs.FileInfo) bool { return true }

func owner(fs.FileInfo) int { return -1 }

// Exposed is always false: a profile directory is private by its access list.
func Exposed(string) (string, bool) { return "", false }
