package files

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// entries lists a directory.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := Read(path, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// says checks that an error exists and teaches.
func says(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

func TestWriteCreatesAndReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "deep", "profile.toml")
	for _, data := range []string{"first", "", strings.Repeat("second", 100_000)} {
		if err := Write(path, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); got != data {
			t.Errorf("%d bytes, want %d", len(got), len(data))
		}
	}
	if got := entries(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

func TestWriteAndCreateAcceptARelativeName(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := Write("here.txt", []byte("x")); err != nil {
		t.Error(err)
	}
	if content(t, "here.txt") != "x" {
		t.Error("not written")
	}
	f, err := Create("sub/run.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

var steps = []string{"create", "write", "sync", "close", "rename", "sync directory"}

func TestRFILE02_AFailureAtAnyStepKeepsTheOldContent(t *testing.T) {
	for _, step := range steps {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		if err := Write(path, []byte("old")); err != nil {
			t.Fatal(err)
		}
		full := errors.New("no space left on device")
		reached := false
		err := write(path, []byte("new"), func(at string) error {
			if at == step {
				reached = true
				return full
			}
			return nil
		})
		if !errors.Is(err, full) || !reached {
			t.Errorf("%s: %v", step, err)
		}
		says(t, err, "cannot write "+path)
		want := "old"
		if step == "sync directory" { // the new content has its name already
			want = "new"
		}
		if got := content(t, path); got != want {
			t.Errorf("%s: %q", step, got)
		}
		if got := entries(t, dir); len(got) != 1 {
			t.Errorf("%s: left behind %v", step, got)
		}
	}
}

func TestRFILE02_AReaderNeverSeesAMixture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	one, two := bytes.Repeat([]byte("1"), 100_000), bytes.Repeat([]byte("2"), 150_000)
	if err := Write(path, one); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		var err error
		for range 15 {
			err = errors.Join(err, Write(path, two), Write(path, one))
		}
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
		got, err := Read(path, 1<<20)
		if err != nil {
			t.Error(err)
		}
		if !bytes.Equal(got, one) && !bytes.Equal(got, two) {
			t.Fatalf("a mixture of %d bytes", len(got))
		}
	}
}

func TestWriteRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	says(t, Write(dir, nil), "a directory has that name")
	says(t, Write(dir+"/", nil), "the path names a directory")
	says(t, Write("", nil), "the path names a directory")
	says(t, Write(dir+"/..", nil), "the path names a directory")
	file := filepath.Join(dir, "file")
	if err := Write(file, nil); err != nil {
		t.Fatal(err)
	}
	says(t, Write(filepath.Join(file, "below"), nil), "cannot write "+file)
}

func TestRFILE03_NothingIsWrittenThroughALink(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"to a file": target, "relative": "target", "dangling": filepath.Join(dir, "absent"), "to itself": "to itself", "outside": "/"} {
		link := filepath.Join(dir, name)
		if err := os.Symlink(to, link); err != nil {
			t.Skip("no symbolic links here:", err)
		}
		says(t, Write(link, []byte("new")), "cannot write "+link, "symbolic link to "+to, "Remove the link")
		_, err := Create(link)
		says(t, err, "cannot create "+link, "Choose another name")
		if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s: the link was replaced", name)
		}
	}
	if got := content(t, target); got != "precious" {
		t.Errorf("target: %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "absent")); err == nil {
		t.Error("a file was made behind the dangling link")
	}
}

func TestReadNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.har")
	if err := Write(path, []byte("12345")); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path, 5); err != nil || string(got) != "12345" {
		t.Errorf("%q %v", got, err)
	}
	_, err := Read(path, 4)
	says(t, err, "cannot read "+path, "larger than 4 bytes", "right file")
	_, err = Read(filepath.Join(dir, "absent"), 4)
	says(t, err, "absent", "no such file")
	if !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), dir) != 1 {
		t.Errorf("absent: %v", err)
	}
	_, err = Read(dir, 4)
	says(t, err, "it is a directory", "Name a file")
	_, err = Read(filepath.Join(dir, "a\x1b]0;\u202e"), 4)
	says(t, err, `\x1b`)
	if strings.ContainsAny(err.Error(), "\x1b\u202e") {
		t.Errorf("the path is printed raw: %q", err)
	}
}

func TestCreateMakesANewFileForAppending(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs", "one.jsonl")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("a\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("b\n"); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "a\nb\n" {
		t.Errorf("not appended: %q", got)
	}
	_, err = Create(path)
	says(t, err, "cannot create "+path, "Choose another name")
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("not ErrExist: %v", err)
	}
	if got := content(t, path); got != "a\nb\n" {
		t.Errorf("a second Create changed the file: %q", got)
	}
}

func TestRFILE04_ABrokenFileIsKeptUnderANewName(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "settings.toml")
	now := time.Date(2026, 1, 2, 15, 4, 5, 6, time.FixedZone("", 3600))
	for i, want := range []string{".bad-20260102T140405Z", ".bad-20260102T140405Z-2", ".bad-20260102T140405Z-3"} {
		if err := Write(path, []byte(fmt.Sprint("\x00", i))); err != nil {
			t.Fatal(err)
		}
		got, err := setAside(path, now)
		if err != nil || got != path+want {
			t.Errorf("%q %v", got, err)
		}
		if kept := content(t, path+want); kept != fmt.Sprint("\x00", i) {
			t.Errorf("kept %q", kept)
		}
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the broken file is still there")
	}
	_, err := SetAside(path)
	says(t, err, "cannot set "+path+" aside as "+path+".bad-2")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
}

func BenchmarkWrite4KiB(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f")
	data := make([]byte, 4096)
	for b.Loop() {
		if err := Write(path, data); err != nil {
			b.Fatal(err)
		}
	}
}
