// Package files keeps files private and whole; every store shares it. Its rule:
// a file is readable by its owner only from its first byte, holds at every
// instant either the old content or the new, and is never reached through a
// symbolic link that somebody else could have planted. Errors name the path and
// say what to do about it.
package files

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
	"unicode"
)

const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// Write replaces the content of path, or creates it, with mode 0600; missing
// directories are made with mode 0700. The data goes to a temporary file
// (".authdance-*.tmp") in the same directory, to the disk, and takes the name
// path in one step: whatever fails and whenever the process is killed, path has
// its old content or the new one. A file of another user, a symbolic link and
// anything else at path that is no regular file is refused.
func Write(path string, data []byte) error {
	return write(path, data, func(string) error { return nil })
}

// write is Write with a point before each of its steps where a test can fail or
// be killed.
func write(path string, data []byte, before func(step string) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot write %s: %w", shown(path), err)
		}
	}()
	dir, name, err := place(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	if info, err := dir.Lstat(name); err == nil {
		if err := replaceable(dir, name, info); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	temp := ".authdance-" + rand.Text() + ".tmp"
	if err := before("create"); err != nil {
		return err
	}
	f, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	renamed := false
	defer func() {
		if !renamed {
			_ = f.Close() // before the removal, for Windows; a second close is harmless
			_ = dir.Remove(temp)
		}
	}()
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"write", func() error { _, err := f.Write(data); return err }},
		{"sync", f.Sync},
		{"close", f.Close},
		{"rename", func() error { return dir.Rename(temp, name) }},
	} {
		if err := before(step.name); err != nil {
			return err
		}
		if err := step.do(); err != nil {
			return fmt.Errorf("%w. What was there before is untouched", cause(err))
		}
	}
	renamed = true
	if err := before("sync directory"); err != nil {
		return err
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("the new content is in place, but the disk did not confirm it: %w", err)
	}
	return nil
}

// Create makes a new file with mode 0600 for appending, in directories that it
// makes with mode 0700. Whatever is at path already, a link too, is refused
// (errors.Is fs.ErrExist). The caller closes the file.
func Create(path string) (*os.File, error) {
	dir, name, err := place(path)
	if err != nil {
		return nil, fmt.Errorf("cannot create %s: %w", shown(path), err)
	}
	defer dir.Close()
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("cannot create %s: %w. Choose another name, or move that file away", shown(path), fs.ErrExist)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot create %s: %w", shown(path), cause(err))
	}
	return f, nil
}

// place makes the directory of path and opens it: from then on nobody can put
// another directory in its place.
func place(path string) (*os.Root, string, error) {
	dir, name := filepath.Split(path)
	if name == "" || name == "." || name == ".." {
		return nil, "", errors.New("the path names a directory; add a file name")
	}
	if dir == "" {
		dir = "."
	}
	if err := foreignLink(dir); err != nil {
		return nil, "", err
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, "", err
	}
	root, err := os.OpenRoot(dir)
	return root, name, err
}

// replaceable refuses to put a file where something else stands.
func replaceable(dir *os.Root, name string, info fs.FileInfo) error {
	switch {
	case info.Mode().IsRegular() && ours(info):
		return nil
	case info.Mode().IsRegular():
		return fmt.Errorf("it belongs to another user (uid %d). Choose another name", owner(info))
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := dir.Readlink(name)
		if err != nil {
			target = "an unknown place"
		}
		return fmt.Errorf("it is a symbolic link to %s, and files are not written through links. Remove the link, or name the file it points to", shown(target))
	case info.IsDir():
		return errors.New("a directory has that name. Choose another one")
	}
	return fmt.Errorf("it is %s, not a regular file. Choose another name", describe(info.Mode()))
}

// describe names what is neither file, directory nor link.
func describe(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}

// Read returns the content of a regular file of at most limit bytes. It follows
// a symbolic link only when the link, and the file behind it, belong to the
// person or to the system. A missing file is errors.Is fs.ErrNotExist.
func Read(path string, limit int64) ([]byte, error) {
	data, err := read(path, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", shown(path), cause(err))
	}
	return data, nil
}

func read(path string, limit int64) ([]byte, error) {
	if err := foreignLink(path); err != nil {
		return nil, err
	}
	// Looked at before it is opened, because opening a device can do something,
	// and after, because it may be another file by then.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|doNotWait, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	tooLarge := fmt.Errorf("it is larger than %d bytes, the limit for this kind of file. Check that it is the right file", limit)
	if info.Size() > limit {
		return nil, tooLarge
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit { // it grew, or its size was not known
		return nil, tooLarge
	}
	return data, nil
}

func regular(info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return fmt.Errorf("it is %s, not a regular file. Name a file", describe(info.Mode()))
}

// SetAside renames a file that cannot be used to path+".bad-20260102T150405Z"
// (UTC, with "-2" and so on when that is taken), so that a fresh one can take
// its place and nothing is lost. It returns the new path.
func SetAside(path string) (string, error) { return setAside(path, time.Now()) }

func setAside(path string, now time.Time) (string, error) {
	bad := path + ".bad-" + now.UTC().Format("20060102T150405Z")
	target := bad
	for n := 2; ; n++ {
		if _, err := os.Lstat(target); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", fmt.Errorf("cannot set %s aside: %w", shown(path), err)
		}
		target = bad + "-" + strconv.Itoa(n)
	}
	if err := os.Rename(path, target); err != nil {
		return "", fmt.Errorf("cannot set %s aside as %s: %w. Move it away by hand", shown(path), shown(target), cause(err))
	}
	return target, nil
}

// syncDir makes a rename survive a power cut, where directories can be synced.
func syncDir(dir *os.Root) error {
	if !dirsSync {
		return nil
	}
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil // this file system cannot
	}
	return err
}

// cause drops the path that the operating system's error repeats.
func cause(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}

// shown returns a path for a message: quoted when a character in it does not print.
func shown(path string) string {
	for _, r := range path {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return strconv.QuoteToGraphic(path)
		}
	}
	return path
}
