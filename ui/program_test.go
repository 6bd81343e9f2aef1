package ui_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"authdance/flows"
	"authdance/ui"
	"authdance/ui/pane"
	"authdance/ui/uitest"
)

// onPipes runs the program with pipes for a terminal until it ends.
func onPipes(t *testing.T, d ui.Deps, typed string) (error, string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := io.WriteString(w, typed); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err = ui.Run(ctx, d, ui.Terminal{In: r, Out: &out, Environ: []string{"TERM=xterm-256color"}, Profile: colorprofile.NoTTY, W: 80, H: 24})
	if ctx.Err() != nil {
		t.Fatal("the program did not end")
	}
	return err, out.String()
}

// R-PROC-02: a panic in the picture ends the program in order, and its value is not kept.
func TestAPanicInViewEndsInOrder(t *testing.T) {
	d := deps(t, &uitest.Server{})
	d.Styles = nil
	err, out := onPipes(t, d, "")
	var crash *ui.Crash
	if !errors.As(err, &crash) || len(crash.Stack) == 0 {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(out, "\x1b[?1049l") && strings.Contains(out, "\x1b[?1049h") {
		t.Error("the alternate screen was left on")
	}
}

func TestAPanicInACommandEndsInOrder(t *testing.T) {
	d := deps(t, &uitest.Server{})
	d.Start = func(pane.Wish) (flows.Started, flows.Performer, error) { panic("a secret value") }
	err, out := onPipes(t, d, "")
	var crash *ui.Crash
	if !errors.As(err, &crash) || crash.Where != "a command" {
		t.Fatalf("got %v", err)
	}
	if strings.Contains(err.Error()+string(crash.Stack[:200])+out, "a secret value") {
		t.Error("the panic's value is shown")
	}
}

func TestQuitEndsWithoutError(t *testing.T) {
	if err, _ := onPipes(t, deps(t, &uitest.Server{}), "q"); err != nil {
		t.Fatal(err)
	}
}
