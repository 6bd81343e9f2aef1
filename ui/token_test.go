package ui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"authdance/ui/uitest"
)

func TestAForgedTokenIsTriedAtTheAPIOfTheLab(t *testing.T) {
	m := uitest.Play(program(t, &uitest.Server{}, withLab(&uitest.Lab{})), 120, 36, keysOf(enters(8)+"4 e down enter")...)
	if text := screen(m); !strings.Contains(text, "FORGED by authdance (alg_none)") {
		t.Fatalf("nothing was forged:\n%s", text)
	}
	m = uitest.Settle(m, func() tea.Msg { return uitest.Press("t") })
	if text := screen(m); !strings.Contains(text, "run #2") || !strings.Contains(text, "Call the API") {
		t.Errorf("no run calls the API:\n%s", text)
	}
}

func TestAPastedKeyAndAnAssertionGoToTheTokenPane(t *testing.T) {
	for text, want := range map[string]string{
		`{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw"}`:                               "Pasted",
		`<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0"/>`: "careful service refuses",
	} {
		m := uitest.Play(program(t, &uitest.Server{}, nil), 120, 36, keysOf(enters(2))...)
		m = uitest.Settle(m, func() tea.Msg { return tea.PasteMsg{Content: text} })
		if got := screen(m); !strings.Contains(got, want) || !strings.Contains(got, "[4] Token") {
			t.Errorf("%s:\n%s", text, got)
		}
	}
}
