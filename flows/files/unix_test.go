//go:build unix

package files

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestRFILE01_FilesArePrivateWithUmaskZero(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "written")
	seen := false
	err := write(path, []byte("x"), func(step string) error {
		if step != "write" {
			return nil
		}
		for _, name := range entries(t, dir) { // the temporary file, still empty
			seen = true
			if mode := modeOf(t, filepath.Join(dir, name)); mode != 0o600 {
				t.Errorf("%s: mode %v before the first byte", name, mode)
			}
		}
		return nil
	})
	if err != nil || !seen {
		t.Fatalf("%v, temporary file seen: %v", err, seen)
	}
	f, err := Create(filepath.Join(dir, "created"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for _, name := range []string{"written", "created"} {
		if mode := modeOf(t, filepath.Join(dir, name)); mode != 0o600 {
			t.Errorf("%s: %v", name, mode)
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if mode := modeOf(t, d); mode != fs.ModeDir|0o700 {
			t.Errorf("%s: %v", d, mode)
		}
	}
}

func TestRFILE01_WritingMakesAnExposedFilePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "my file's")
	if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[fs.FileMode]string{0o644: "can be read by", 0o640: "can be read by", 0o622: "can be changed by", 0o666: "can be changed by"} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		advice, exposed := Exposed(path)
		if !exposed || !strings.Contains(advice, want) || !strings.HasSuffix(advice, `Run: chmod 600 '`+strings.ReplaceAll(path, "'", `'\''`)+`'`) {
			t.Errorf("%v: %v %s", mode, exposed, advice)
		}
		out, err := exec.Command("sh", "-c", advice[strings.Index(advice, "Run: ")+5:]).CombinedOutput()
		if err != nil || modeOf(t, path) != 0o600 {
			t.Errorf("the advice does not work: %s %v", out, err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if advice, exposed := Exposed(path); exposed {
		t.Error(advice)
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if advice, exposed := Exposed(dir); !exposed || !strings.Contains(advice, "entered") || !strings.HasSuffix(advice, "Run: chmod 700 "+dir) {
		t.Errorf("%v %s", exposed, advice)
	}
	if advice, exposed := Exposed(filepath.Join(dir, "absent")); exposed {
		t.Error(advice)
	}
}

const (
	childTask = "AUTHDANCE_FILES_TEST_CHILD"
	childPath = "AUTHDANCE_FILES_TEST_PATH"
)

// TestChild does nothing unless another test starts it as a process.
func TestChild(t *testing.T) {
	path := os.Getenv(childPath)
	switch task := os.Getenv(childTask); task {
	case "":
		t.Skip("only for other tests")
	case "disk full":
		signal.Ignore(syscall.SIGXFSZ)
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		old := limit
		limit.Cur = 10
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old)
		err := Write(path, []byte(strings.Repeat("new", 100)))
		if !errors.Is(err, syscall.EFBIG) || err.Error() != "cannot write "+path+": file too large. What was there before is untouched" {
			t.Errorf("error: %v", err)
		}
	default:
		_ = write(path, []byte("new"), func(step string) error {
			if step == task {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
			return nil
		})
		t.Error("still alive")
	}
}

func runChild(task, path string) (*os.ProcessState, string) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), childTask+"="+task, childPath+"="+path)
	out, _ := cmd.CombinedOutput()
	return cmd.ProcessState, string(out)
}

func TestRFILE02_AKillAtAnyStepLeavesOldOrNew(t *testing.T) {
	for _, step := range steps {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		if err := Write(path, []byte("old")); err != nil {
			t.Fatal(err)
		}
		state, out := runChild(step, path)
		if status, ok := state.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("%s: not killed: %v %s", step, state, out)
		}
		want := "old"
		if step == "sync directory" {
			want = "new"
		}
		if got := content(t, path); got != want {
			t.Errorf("%s: %q", step, got)
		}
		for _, name := range entries(t, dir) {
			if mode := modeOf(t, filepath.Join(dir, name)); mode != 0o600 {
				t.Errorf("%s: %s has mode %v", step, name, mode)
			}
		}
		if err := Write(path, []byte("later")); err != nil || content(t, path) != "later" {
			t.Errorf("%s: the next write: %v", step, err)
		}
	}
}

func TestRPROC10_AFullDiskKeepsTheOldContent(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if state, out := runChild("disk full", path); !state.Success() {
		t.Error(out)
	}
	if got := entries(t, dir); content(t, path) != "old" || len(got) != 1 {
		t.Errorf("%q, directory %v", content(t, path), got)
	}
}

func TestReadRefusesPipesAndDevicesWithoutBlocking(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	_, err := Read(pipe, 10)
	says(t, err, "cannot read "+pipe, "a named pipe")
	says(t, Write(pipe, nil), "a named pipe", "Choose another name")
	_, err = Read("/dev/null", 10)
	says(t, err, "a device")
}

func TestReadFollowsOwnLinks(t *testing.T) {
	dir := t.TempDir()
	if err := Write(filepath.Join(dir, "dotfiles", "f"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"config": "dotfiles", "link": filepath.Join(dir, "config", "f"), "up": "dotfiles/../config/../dotfiles/f"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"config/f", "link", "up"} {
		if got := content(t, filepath.Join(dir, name)); got != "x" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if err := Write(filepath.Join(dir, "config", "f"), []byte("y")); err != nil || content(t, filepath.Join(dir, "dotfiles", "f")) != "y" {
		t.Errorf("writing in a linked directory of one's own: %v", err)
	}
	if err := os.Symlink("b", filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a", filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	_, err := Read(filepath.Join(dir, "a"), 10)
	says(t, err, "more than 40 symbolic links", "Remove the loop")
}

func TestRFILE03_LinksOfAnotherUserAreRefused(t *testing.T) {
	const stranger = 54321
	dir := t.TempDir()
	own := filepath.Join(dir, "own")
	if err := Write(filepath.Join(own, "f"), []byte("mine")); err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(dir, "theirs")
	if err := Write(theirs, []byte("planted")); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"dir": own, "file": filepath.Join(own, "f"), "dangling": filepath.Join(dir, "absent"), "mine": theirs, "through": "dir/f"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"dir", "file", "dangling", "theirs"} {
		if err := os.Lchown(filepath.Join(dir, name), stranger, stranger); err != nil {
			t.Skip("only root can give a link away:", err)
		}
	}
	for _, name := range []string{"dir/f", "file", "dangling", "through"} {
		_, err := Read(filepath.Join(dir, name), 10)
		says(t, err, "is a symbolic link of another user (uid 54321)", "Remove it")
	}
	_, err := Read(filepath.Join(dir, "mine"), 10)
	says(t, err, "leads through a symbolic link to "+theirs, "another user (uid 54321)")
	if got := content(t, theirs); got != "planted" {
		t.Errorf("a file of a colleague, named itself: %q", got)
	}
	says(t, Write(theirs, nil), "it belongs to another user (uid 54321)", "Choose another name")
	says(t, Write(filepath.Join(dir, "dir", "new"), nil), "symbolic link of another user")
	_, err = Create(filepath.Join(dir, "dir", "new"))
	says(t, err, "symbolic link of another user")
	if got := entries(t, own); len(got) != 1 {
		t.Errorf("written through the link: %v", got)
	}
	if advice, exposed := Exposed(theirs); !exposed || !strings.Contains(advice, "belongs to another user (uid 54321)") {
		t.Errorf("%v %s", exposed, advice)
	}
}
