package themes

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"
)

// maxFile bounds a theme file in bytes. The built-in ones are under 3 KB.
const maxFile = 64 << 10

// Parse reads a theme file. file is only used in errors, which name the file,
// the role, what is wrong and how to write it. A theme file is foreign data:
// it can hold nothing but colours and attributes.
func Parse(file string, data []byte) (Theme, error) {
	t, err := parse(data)
	if err != nil {
		return Theme{}, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

func parse(data []byte) (Theme, error) {
	if len(data) > maxFile {
		return Theme{}, fmt.Errorf("the file has %d bytes; a theme has at most %d", len(data), maxFile)
	}
	var doc map[string]any
	if _, err := toml.Decode(string(data), &doc); err != nil {
		return Theme{}, syntax(err)
	}
	var t Theme
	roles := map[string]any{}
	for _, k := range slices.Sorted(maps.Keys(doc)) {
		var err error
		switch k {
		case "name":
			t.Name, err = word(doc[k])
		case "about":
			t.About, err = line(doc[k])
		case "dark":
			t.Dark, err = flag(doc[k])
		case "symbols":
			t.Symbols, err = oneOf(doc[k], "unicode", "ascii")
		case "background":
			t.background, err = colour(doc[k])
		case "roles":
			var is bool
			if roles, is = doc[k].(map[string]any); !is {
				err = errors.New("write a table: [roles]")
			}
		default:
			err = errors.New("unknown key; a theme has name, about, dark, symbols, background and [roles]")
		}
		if err != nil {
			return Theme{}, fmt.Errorf("%q: %w", k, err)
		}
	}
	if t.Name == "" {
		return Theme{}, errors.New(`"name" is missing; write name = "my-theme"`)
	}
	if err := t.paint(roles); err != nil {
		return Theme{}, err
	}
	return t, nil
}

// paint resolves every role: the parent's face first, then the keys that the
// file gives.
func (t *Theme) paint(roles map[string]any) error {
	for r, n := range tree() {
		f := t.roles[n.parent]
		given, there := roles[n.name]
		if there {
			keys, is := given.(map[string]any)
			if !is {
				return fmt.Errorf("role %q: write a table, as in %s = { fg = \"#rrggbb\", bold = true }", n.name, n.name)
			}
			if err := f.apply(keys); err != nil {
				return fmt.Errorf("role %q: %w", n.name, err)
			}
			delete(roles, n.name)
		}
		t.roles[r] = f
	}
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		return fmt.Errorf("role %q: there is no such role; the roles are %s", name, roleNames())
	}
	return nil
}

func (f *face) apply(keys map[string]any) error {
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		var err error
		switch k {
		case "fg":
			f.fg, err = colour(keys[k])
		case "bg":
			f.bg, err = colour(keys[k])
		case "bold":
			f.bold, err = flag(keys[k])
		case "underline":
			f.underline, err = flag(keys[k])
		case "reverse":
			f.reverse, err = flag(keys[k])
		case "faint":
			f.faint, err = flag(keys[k])
		default:
			err = errors.New("unknown key; a role has fg, bg, bold, underline, reverse and faint")
		}
		if err != nil {
			return fmt.Errorf("%q: %w", k, err)
		}
	}
	return nil
}

func roleNames() string {
	var names []string
	for _, n := range tree() {
		names = append(names, n.name)
	}
	return strings.Join(names, ", ")
}

// colour accepts what people write: "#rgb", "#rrggbb", a palette number with or
// without quotes, and "default" for the terminal's own colour.
func colour(value any) (ink, error) {
	s := fmt.Sprint(value)
	switch v := value.(type) {
	case int64:
		if v >= 0 && v <= 255 {
			return ink(s), nil
		}
	case string:
		if v == "default" {
			return "", nil
		}
		if hex(v) {
			return ink(v), nil
		}
		if n, err := strconv.Atoi(v); err == nil && n >= 0 && n <= 255 {
			return ink(strconv.Itoa(n)), nil
		}
	}
	return "", fmt.Errorf("%q is not a colour; write \"#rrggbb\", a number from 0 to 255, or \"default\"", s)
}

func hex(s string) bool {
	return (len(s) == 4 || len(s) == 7) && s[0] == '#' && only(s[1:], "0123456789abcdefABCDEF")
}

func only(s, allowed string) bool { return strings.Trim(s, allowed) == "" }

func flag(value any) (bool, error) {
	if v, is := value.(bool); is {
		return v, nil
	}
	return false, fmt.Errorf("%q is neither true nor false; write one of them without quotes", fmt.Sprint(value))
}

func oneOf(value any, allowed ...string) (string, error) {
	if v, is := value.(string); is && slices.Contains(allowed, v) {
		return v, nil
	}
	return "", fmt.Errorf("%q is not known; write \"%s\"", fmt.Sprint(value), strings.Join(allowed, `" or "`))
}

// word is a name that is safe as a file name and on a command line.
func word(value any) (string, error) {
	v, is := value.(string)
	if is && v != "" && len(v) <= 40 && v[0] != '-' && only(v, "abcdefghijklmnopqrstuvwxyz0123456789-") {
		return v, nil
	}
	return "", fmt.Errorf("%q is not a name; write up to 40 lower case letters, digits and hyphens", fmt.Sprint(value))
}

// line is text that is safe to draw: the picker shows it as it is.
func line(value any) (string, error) {
	v, is := value.(string)
	if !is || len(v) > 200 || strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", errors.New("write one line of plain text, at most 200 bytes")
	}
	return v, nil
}

// syntax says where the TOML went wrong. The library's message quotes the file,
// so whatever is not printable leaves it here.
func syntax(err error) error {
	where := ""
	var pe toml.ParseError
	if errors.As(err, &pe) {
		where = fmt.Sprintf("line %d: ", pe.Position.Line)
		err = errors.New(pe.Message)
	}
	clean := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, err.Error())
	return fmt.Errorf("%snot valid TOML: %s", where, clean)
}
