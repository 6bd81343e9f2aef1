package wire

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Secret is a value that prints masked in every format: "[secret 43]" tells its
// length in characters and nothing else. The only way to the value is Reveal.
//
// A secret that was read back from its placeholder knows its length and not its
// value: Reveal returns "", IsZero false.
type Secret struct {
	_ [0]func() // no ==: it would compare addresses, and not in constant time
	// A pointer, because fmt prints the unexported fields of a struct that
	// holds a Secret without asking for methods, and stops at pointers.
	value  *string
	length int
}

// NewSecret returns s as a secret.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{value: &s, length: utf8.RuneCountInString(s)}
}

// Reveal returns the value, "" when there is none.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no secret at all.
func (s Secret) IsZero() bool { return s.length == 0 }

// Len returns the length in characters.
func (s Secret) Len() int { return s.length }

// Equal compares two secrets in a time that depends on their lengths only. Two
// secrets whose values are not known are equal when their lengths are.
func (s Secret) Equal(t Secret) bool {
	if (s.value == nil) != (t.value == nil) || s.length != t.length {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(t.Reveal())) == 1
}

const secretPrefix, secretSuffix = "[secret ", "]"

// String returns the placeholder.
func (s Secret) String() string { return secretPrefix + strconv.Itoa(s.length) + secretSuffix }

// GoString returns the placeholder.
func (s Secret) GoString() string { return s.String() }

// Format writes the placeholder, whatever the verb and its flags.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns the placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns the placeholder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns the placeholder as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return strconv.AppendQuote(nil, s.String()), nil }

// UnmarshalJSON reads a placeholder as a secret without its value, and any
// other string as the value.
func (s *Secret) UnmarshalJSON(b []byte) error {
	var text *string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("a secret must be a JSON string") // the cause would quote the value
	}
	if text == nil {
		return nil
	}
	*s = NewSecret(*text)
	digits := strings.TrimSuffix(strings.TrimPrefix(*text, secretPrefix), secretSuffix)
	if n, err := strconv.Atoi(digits); err == nil && n >= 0 {
		if masked := (Secret{length: n}); masked.String() == *text {
			*s = masked
		}
	}
	return nil
}

// Mask shows that a value is there without showing it: at most its first four
// characters and its length in characters, "lab_…(27)". A value of up to eight
// characters shows none of them, "••••(6)".
func Mask(s string) string {
	n := utf8.RuneCountInString(s)
	if n <= 8 {
		return "••••(" + strconv.Itoa(n) + ")"
	}
	end := 0
	for range 4 {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return Safe(s[:end]) + "…(" + strconv.Itoa(n) + ")"
}
