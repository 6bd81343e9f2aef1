package exec

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestOnlyPlainAddressesReachABrowser(t *testing.T) {
	for _, raw := range []string{
		"https://idp.test/authorize?a=%41&b=x+y%20z&c=%25",
		"https://idp.test:8443/%2Fa/b;c=d?q='()*!~[]{}|^`<>\"",
		"http://127.0.0.1:9500/a", "http://localhost/", "http://[::1]:80/", "https://xn--bcher-kva.test/?u=https://b%C3%BCcher.test/",
		"https://idp.test?x", "https://idp.test/?", "HTTPS://IDP.test/",
	} {
		u, err := ValidateURL(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		want, _ := url.Parse(raw)
		if got, _ := url.Parse(u.String()); got == nil || got.RawQuery != want.RawQuery || got.Host != want.Host || strings.ContainsAny(u.String(), " \\") {
			t.Errorf("%s became %s", raw, u)
		}
	}
	for raw, word := range map[string]string{
		"http://idp.test/":                "not encrypted",
		"http://127.0.0.1.idp.test/":      "not encrypted",
		"http://2130706433/":              "not encrypted",
		"javascript:alert(1)":             "https://",
		"file:///etc/passwd":              "https://",
		"data:text/html,x":                "https://",
		"ms-word:ofe|u|https://x":         "",
		"--new-window":                    "https://",
		"https://a b.test/":               "white space",
		"https://a.test/\t":               "white space",
		"https://a.test/\nX":              "control",
		"https://a.test/\x1b[31m":         "control",
		"https://a.test/\x7f":             "control",
		"https://a.test/\u009b31m":        "outside of ASCII",
		"https://a.test/\u202egnp.exe":    "outside of ASCII",
		"https://аpple.test/":             "outside of ASCII",
		"https://a.test\\@evil.test/":     "backslash",
		"https://a@evil.test/":            "user name",
		"https://:pw@evil.test/":          "user name",
		"https://a.test:0/":               "port",
		"https://a.test:x/":               "not an address",
		"https://%61.test/":               "",
		"https://$(id).test/":             "plain host name",
		"https://a.test;x/":               "",
		"https://":                        "no host",
		"https:/a.test":                   "no host",
		"//a.test/":                       "https://",
		"":                                "https://",
		"https://a.test/" + long("x", 32): "bytes long",
	} {
		if u, err := ValidateURL(raw); err == nil {
			t.Errorf("%q was taken as %s", raw, u)
		} else if !strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func FuzzValidateURL(f *testing.F) {
	f.Add("https://idp.test/authorize?a=%41#x")
	f.Add("http://[::1]:80/%zz?\"")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := ValidateURL(raw)
		if err != nil {
			for _, r := range err.Error() {
				if r < ' ' || 0x7f <= r && r < 0xa0 {
					t.Fatalf("the error is not printable: %q", err)
				}
			}
			return
		}
		out := u.String()
		for _, r := range out {
			if r <= ' ' || r >= 0x7f || r == '\\' {
				t.Fatalf("%q has %q", out, r)
			}
		}
		if !strings.HasPrefix(out, "https://") && !strings.HasPrefix(out, "http://") {
			t.Fatalf("%q", out)
		}
		if again, err := ValidateURL(out); err != nil || again.String() != out {
			t.Fatalf("%q does not stay itself: %v", out, err)
		}
	})
}

// script writes a program that a test can use as a browser.
func script(t *testing.T, body string) (path, out string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell script as the browser")
	}
	dir := t.TempDir()
	path, out = filepath.Join(dir, "browser program"), filepath.Join(dir, "out")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nOUT='"+out+"'\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, out
}

func TestACommandGetsTheAddressAsItsOnlyArgument(t *testing.T) {
	path, out := script(t, `printf '%s|' "$#" "$@" >"$OUT"`)
	address := "https://idp.test/a?b='$(id)'&c=\"`id`\"&d=;|&e=%41"
	if err := (Command{Path: path}).Open(context.Background(), address); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil || string(got) != "1|"+address+"|" {
		t.Errorf("%q %v", got, err)
	}
}

func TestBROWSERIsOneProgramOrNothing(t *testing.T) {
	path, out := script(t, `printf '%s' "$1" >"$OUT"`)
	bare := filepath.Join(filepath.Dir(path), "mybrowser")
	if err := os.Rename(path, bare); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(bare)+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, own := range []string{bare, "mybrowser"} {
		t.Setenv("BROWSER", own)
		if err := (System{}).Open(context.Background(), "https://idp.test/"); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(out); string(got) != "https://idp.test/" {
			t.Errorf("%s: %q", own, got)
		}
		os.Remove(out)
	}
	for _, own := range []string{"mybrowser %s", "mybrowser --flag", "a:b", "sh -c 'x'", "$(id)", ""} {
		if isOneProgram(own) {
			t.Errorf("%q counts as one program", own)
		}
	}
}

func TestWithoutADesktopNothingIsStarted(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("these always have a desktop")
	}
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER"} {
		t.Setenv(name, "")
	}
	if err := (System{}).Open(context.Background(), "https://idp.test/"); err == nil || !strings.Contains(err.Error(), "no desktop") {
		t.Error(err)
	}
}

func TestAnOpenerThatFailsIsQuotedAndBounded(t *testing.T) {
	path, _ := script(t, "i=0; while [ $i -lt 3000 ]; do echo 'no display \033[31m'; i=$((i+1)); done; exit 3")
	err := Command{Path: path}.Open(context.Background(), "https://idp.test/")
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no display") || len(err.Error()) > 600 || strings.Contains(err.Error(), "\x1b") {
		t.Error(err)
	}
}

func TestAnOpenerThatHangsIsLeftAloneWhenTheRunIsCancelled(t *testing.T) {
	path, out := script(t, `echo started >"$OUT"; while [ -e "$OUT" ]; do sleep 0.05; done`)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- Command{Path: path}.Open(ctx, "https://idp.test/") }()
	for range 400 {
		if _, err := os.Stat(out); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != context.Canceled {
		t.Error(err)
	}
	if _, err := os.Stat(out); err != nil {
		t.Error("the browser was ended")
	}
	os.Remove(out) // lets it end
}

func TestEveryBrowserRefusesAHostileAddress(t *testing.T) {
	var b bytes.Buffer
	for _, br := range []Browser{System{}, Command{Path: "true"}, Print{W: &b}} {
		if err := br.Open(context.Background(), "https://a.test/\x1b]0;x"); err == nil || !strings.Contains(err.Error(), "control") {
			t.Errorf("%T: %v", br, err)
		}
	}
	if b.Len() != 0 {
		t.Errorf("printed %q", b.String())
	}
}

func TestPrintWritesTheAddressAloneOnALine(t *testing.T) {
	var b bytes.Buffer
	if err := (Print{W: &b}).Open(context.Background(), "https://idp.test/a?b=c"); err != nil || b.String() != "https://idp.test/a?b=c\n" {
		t.Errorf("%q %v", b.String(), err)
	}
	if err := (None{}).Open(context.Background(), "https://idp.test/"); err != nil {
		t.Error(err)
	}
}
