//go:build unix

package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// doNotWait keeps the opening of a named pipe from blocking.
const doNotWait = syscall.O_NONBLOCK

const dirsSync = true

// maxLinks is how many links one path may lead through.
const maxLinks = 40

// foreignLink refuses a path when one of the symbolic links on the way, or the
// file behind the last one, belongs to another user: whoever owns a link can
// point it anywhere. The system's own links are fine. A part that does not
// exist yet ends the way.
func foreignLink(path string) error {
	if !filepath.IsAbs(path) {
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		path = dir + "/" + path // not cleaned: ".." behind a link leads elsewhere
	}
	at, todo, links := "/", strings.Split(path, "/"), 0
	for len(todo) > 0 {
		part := todo[0]
		todo = todo[1:]
		if part == "" || part == "." {
			continue
		}
		next := filepath.Join(at, part)
		info, err := os.Lstat(next)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink == 0:
			if at = next; len(todo) == 0 && links > 0 && !ours(info) {
				return fmt.Errorf("it leads through a symbolic link to %s, which belongs to another user (uid %d). Name that file itself if you trust it", shown(next), owner(info))
			}
			continue
		case !ours(info):
			return fmt.Errorf("%s is a symbolic link of another user (uid %d), who can point it anywhere. Remove it, or name the place it points to", shown(next), owner(info))
		}
		if links++; links > maxLinks {
			return fmt.Errorf("%s leads through more than %d symbolic links. Remove the loop", shown(next), maxLinks)
		}
		target, err := os.Readlink(next)
		if err != nil {
			return err
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return nil
}

// ours reports whether a file belongs to this user or to the system.
func ours(info fs.FileInfo) bool {
	uid := owner(info)
	return uid == os.Geteuid() || uid == 0
}

func owner(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

// Exposed reports whether other users can read or change a file or directory,
// or own it, and what to do about that. It is false for a path that does not
// exist, and always on Windows, where a profile directory is private by its
// access list.
func Exposed(path string) (string, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	if !ours(info) {
		return fmt.Sprintf("%s belongs to another user (uid %d), who can read and change it. Copy what you need into a file of your own.", shown(path), owner(info)), true
	}
	mode := info.Mode().Perm()
	var can string
	switch {
	case mode&0o022 != 0:
		can = "changed"
	case mode&0o044 != 0:
		can = "read"
	case info.IsDir() && mode&0o011 != 0:
		can = "entered"
	default:
		return "", false
	}
	want := fileMode
	if info.IsDir() {
		want = dirMode
	}
	return fmt.Sprintf("%s can be %s by other users (mode %04o). Run: chmod %o %s", shown(path), can, mode, want, quoted(path)), true
}

// quoted returns a path as one word of a POSIX shell.
func quoted(path string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,@:"
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	if strings.Trim(path, plain) == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
