package catalog

import (
	"strings"
	"unicode/utf8"
)

// head is the front matter of an article as it is written.
type head struct {
	ID       string   `toml:"id"`
	Title    string   `toml:"title"`
	Kind     string   `toml:"kind"`
	Provider string   `toml:"provider"`
	Step     []string `toml:"step"`
	Errors   []string `toml:"errors"`
	Checks   []string `toml:"checks"`
	Also     []string `toml:"also"`
	Tags     []string `toml:"tags"`
	Related  []string `toml:"related"`
	Sources  []string `toml:"sources"`
	Reviewed string   `toml:"reviewed"`
	Causes   []Cause  `toml:"causes"`
	Lab      Lab      `toml:"lab"`
}

// readHead decodes front matter. Four hundred heads took most of the start of
// a command, so what all of them use is read here: a string or a list of
// strings on one line, [[causes]] and [lab]. The TOML library reads the rest,
// and says what is wrong.
func readHead(file, front string) (head, error) {
	if h, ok := plainHead(front); ok {
		return h, nil
	}
	var h head
	err := decode(file, front, &h)
	return h, err
}

// plainHead is false for everything that it does not understand completely,
// be it valid TOML or not.
func plainHead(front string) (head, bool) {
	var h head
	if !utf8.ValidString(front) || strings.ContainsFunc(front, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
		return h, false
	}
	table := ""
	hasLab := false
	for line := range strings.SplitSeq(front, "\n") {
		switch line {
		case "":
			continue
		case "[[causes]]":
			table = "causes"
			h.Causes = append(h.Causes, Cause{})
			continue
		case "[lab]":
			if hasLab {
				return h, false
			}
			table, hasLab = "lab", true
			continue
		}
		key, value, ok := strings.Cut(line, " = ")
		if !ok || !setPlain(h.field(table, key), value) {
			return h, false
		}
	}
	return h, true
}

// field is where the value of a key goes: a *string, a *[]string, or nil for a
// key that the table does not have.
func (h *head) field(table, key string) any {
	switch table {
	case "causes":
		c := &h.Causes[len(h.Causes)-1]
		switch key {
		case "id":
			return &c.ID
		case "text":
			return &c.Text
		case "confirm":
			return &c.Confirm
		case "page":
			return &c.Page
		}
		return nil
	case "lab":
		switch key {
		case "scenarios":
			return &h.Lab.Scenarios
		case "keys":
			return &h.Lab.Keys
		case "flow":
			return &h.Lab.Flow
		case "edit":
			return &h.Lab.Edit
		case "fault":
			return &h.Lab.Fault
		case "args":
			return &h.Lab.Args
		case "expect":
			return &h.Lab.Expect
		case "none":
			return &h.Lab.None
		}
		return nil
	}
	switch key {
	case "id":
		return &h.ID
	case "title":
		return &h.Title
	case "kind":
		return &h.Kind
	case "provider":
		return &h.Provider
	case "step":
		return &h.Step
	case "errors":
		return &h.Errors
	case "checks":
		return &h.Checks
	case "also":
		return &h.Also
	case "tags":
		return &h.Tags
	case "related":
		return &h.Related
	case "sources":
		return &h.Sources
	case "reviewed":
		return &h.Reviewed
	}
	return nil
}

// setPlain stores a value once. A key that comes twice is an error in TOML.
func setPlain(into any, value string) bool {
	switch into := into.(type) {
	case *string:
		s, rest, ok := plainString(value)
		if !ok || rest != "" || *into != "" {
			return false
		}
		*into = s
		return s != ""
	case *[]string:
		list, ok := plainList(value)
		if !ok || *into != nil {
			return false
		}
		*into = list
		return true
	}
	return false
}

// plainList reads `["a", "b"]`, written just so.
func plainList(value string) ([]string, bool) {
	value, ok := strings.CutPrefix(value, "[")
	if !ok {
		return nil, false
	}
	list := []string{}
	for value != "]" {
		if len(list) > 0 {
			if value, ok = strings.CutPrefix(value, ", "); !ok {
				return nil, false
			}
		}
		var s string
		if s, value, ok = plainString(value); !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// plainString reads a string in double quotes whose only escapes are \" and \\,
// and returns what stands behind it.
func plainString(value string) (s, rest string, ok bool) {
	if value == "" || value[0] != '"' {
		return "", "", false
	}
	escaped := false
	for i := 1; i < len(value); i++ {
		switch value[i] {
		case '"':
			s = value[1:i]
			if escaped {
				s = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
			}
			return s, value[i+1:], true
		case '\\':
			i++
			if i == len(value) || value[i] != '"' && value[i] != '\\' {
				return "", "", false
			}
			escaped = true
		}
	}
	return "", "", false
}
