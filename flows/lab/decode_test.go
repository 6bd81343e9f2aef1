package lab_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// part decodes one part of a compact JWT.
func part(t testing.TB, compact string, n int) map[string]any {
	t.Helper()
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		t.Fatalf("a token has %d parts: %q", len(parts), compact)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[n])
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
