package pages_test

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"authdance/catalog"
	"authdance/flows"
	"authdance/ui/keys"
	"authdance/ui/pages"
	"authdance/ui/pane"
	"authdance/ui/uitest"
)

func failed(t testing.TB) []flows.Event {
	ev := append(uitest.Next(4), flows.Edited{Step: "token", Edits: []flows.Edit{{Op: flows.Set, Name: "code_verifier", Value: "WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-WRONG-1"}}})
	return append(ev, flows.Advanced{})
}

func env(t testing.TB, w, h int, events ...flows.Event) pane.Env {
	return uitest.Env(t, uitest.Story(t, &uitest.Server{}, "authorization_code", events...).Snapshot(), w, h)
}

// do plays actions and typed text ("/": search, other strings are typed).
func do(p pane.Pane, e pane.Env, script ...any) pane.Pane {
	p, _ = uitest.Draw(p, e)
	run := func(next pane.Pane, cmd tea.Cmd) {
		p = next
		if cmd != nil {
			p, _ = p.Update(cmd(), e)
		}
	}
	for _, s := range script {
		switch s := s.(type) {
		case keys.Action:
			next, up := p.Act(s, e)
			d, _ := up.(pane.Do)
			run(next, d.Cmd)
		case string:
			for _, r := range s {
				run(p.Update(tea.KeyPressMsg{Code: r, Text: string(r)}, e))
			}
		case tea.PasteMsg:
			run(p.Update(s, e))
		}
	}
	return p
}

func TestPictures(t *testing.T) {
	scripts := map[string][]any{"start": nil, "query": {keys.Search, "verifier"}, "open": {keys.Search, "pkce verifier", keys.Enter}, "no_hits": {keys.Search, "qqqqqqzzzz"}}
	for name, script := range scripts {
		for _, size := range [][2]int{{24, 18}, {78, 17}, {118, 29}} {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size[0], size[1]), func(t *testing.T) {
				e := env(t, size[0], size[1], uitest.Next(4)...)
				_, got := uitest.Draw(do(pages.New(), e, script...), e)
				uitest.Golden(t, got)
			})
		}
	}
	t.Run("failed", func(t *testing.T) {
		e := env(t, 78, 17, failed(t)...)
		_, got := uitest.Draw(do(pages.New(), e), e)
		uitest.Golden(t, got)
	})
}

func TestTheProblemOfTheRunComesFirst(t *testing.T) {
	e := env(t, 78, 20, failed(t)...)
	_, got := uitest.Draw(do(pages.New(), e), e)
	if i, j := strings.Index(got, "What this run met"), strings.Index(got, "If step 5 fails"); i < 0 || j < i {
		t.Fatalf("the problem is not first:\n%s", got)
	}
}

func TestAPastedErrorLineIsRecognised(t *testing.T) {
	e := env(t, 78, 20)
	p := do(pages.New(), e, tea.PasteMsg{Content: "AADSTS50011: The redirect URI 'http://localhost/cb' specified in the request does not match"})
	if _, got := uitest.Draw(p, e); !strings.Contains(got, "50011") {
		t.Fatalf("the code was not found:\n%s", got)
	}
}

func TestEnterIsTheFlowsUntilSomethingIsChosen(t *testing.T) {
	e := env(t, 78, 20)
	p := do(pages.New(), e)
	if got := p.Primary(e); got != "" {
		t.Fatalf("enter would: %s", got)
	}
	if got := do(p, e, keys.Down).Primary(e); !strings.Contains(got, "open") {
		t.Fatalf("after moving, enter would: %q", got)
	}
}

func TestEscGoesBackOneLevelAPress(t *testing.T) {
	e := env(t, 78, 20)
	p := do(pages.New(), e, keys.Search, "pkce", keys.Enter)
	for _, want := range []bool{true, true, false} {
		if got := p.Busy(e); got != want {
			t.Fatalf("busy %v, want %v", got, want)
		}
		p = do(p, e, keys.Back)
	}
}

func TestHostileTextDrawsNoControlByte(t *testing.T) {
	e := env(t, 78, 20)
	p := do(pages.New(), e, tea.PasteMsg{Content: "\x1b]52;c;AAAA\x07\u202e\x9b31m" + strings.Repeat("e\u0301\u0302", 500)})
	_, got := uitest.Draw(p, e)
	for _, r := range got {
		if r < 0x20 && r != '\n' || r >= 0x80 && r < 0xa0 || r == 0x202e {
			t.Fatalf("control character %U in the picture", r)
		}
	}
}

func BenchmarkCachedPage(b *testing.B) {
	e := env(b, 118, 29)
	p := do(pages.New(), e, keys.Search, "pkce verifier", keys.Enter)
	b.ReportAllocs()
	for b.Loop() {
		p.View(e)
	}
}

func BenchmarkKeystroke(b *testing.B) {
	e := env(b, 118, 29)
	p := do(pages.New(), e, keys.Search, "verifie")
	b.ReportAllocs()
	for b.Loop() {
		p.Update(tea.KeyPressMsg{Code: 'r', Text: "r"}, e)
	}
}

func TestNotesThatWereReadAnewAreFoundAndShown(t *testing.T) {
	e := env(t, 100, 20)
	p := do(pages.New(), e, keys.Search, "zebrafish")
	e.Catalog = e.Catalog.WithNotes([]catalog.Note{{Name: "ours", Text: "# How ours is set up\n\nAsk the zebrafish team."}})
	if _, got := uitest.Draw(do(p, e), e); !strings.Contains(got, "How ours is set up") {
		t.Fatalf("the note is not found:\n%s", got)
	}
}

func TestTheAddressOfTheSourceIsCopied(t *testing.T) {
	e := env(t, 100, 20)
	p := do(pages.New(), e, keys.Search, "pkce-verifier-mismatch", keys.Enter)
	_, up := p.Act(keys.Source, e)
	if c, ok := up.(pane.Copy); !ok || !strings.HasPrefix(c.Text, "https://") || !strings.Contains(c.What, c.Text) {
		t.Errorf("%+v", up)
	}
}
