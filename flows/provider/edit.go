package provider

import (
	"bytes"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// edited is the text of a profile's file with the fields changed that differ
// between the two profiles; comments, order and what we do not know stay. ok is
// false when the text is written in a way that line by line edits cannot follow.
func edited(text []byte, was, is Profile) (out []byte, ok bool) {
	before, after := fields(was), fields(is)
	doc := readLines(text)
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if _, kept := after[path]; !kept {
			doc.drop(path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if before[path] != after[path] {
			doc.set(path, after[path])
		}
	}
	out = []byte(strings.Join(doc.text(), ""))
	back, _, err := ReadProfile(out)
	return out, err == nil && maps.Equal(fields(back), after)
}

// sep divides the names of a path; no TOML key of ours has it.
const sep = "\x1f"

// fields are the values of a profile as TOML writes them, by their paths.
func fields(p Profile) map[string]string {
	var b bytes.Buffer
	var tree map[string]any
	if toml.NewEncoder(&b).Encode(p.lean()) != nil {
		return nil
	}
	if _, err := toml.Decode(b.String(), &tree); err != nil {
		return nil
	}
	out := map[string]string{}
	flatten("", tree, out)
	return out
}

func flatten(at string, tree map[string]any, out map[string]string) {
	for name, v := range tree {
		path := name
		if at != "" {
			path = at + sep + name
		}
		if sub, ok := v.(map[string]any); ok {
			flatten(path, sub, out)
			continue
		}
		var b bytes.Buffer
		if toml.NewEncoder(&b).Encode(map[string]any{"k": v}) == nil {
			out[path] = strings.TrimPrefix(strings.TrimSpace(b.String()), "k = ")
		}
	}
}

// fileLine is one line with what it says: the table that it opens or is in, and
// the path of the field that it sets.
type fileLine struct {
	text, table, path string
	header            bool
}

type fileLines struct{ list []fileLine }

func readLines(text []byte) *fileLines {
	d := &fileLines{}
	table := ""
	for l := range strings.Lines(string(text)) {
		if !strings.HasSuffix(l, "\n") {
			l += "\n"
		}
		bare := strings.TrimSpace(l)
		fl := fileLine{text: l}
		switch {
		case strings.HasPrefix(bare, "["):
			if path, ok := onlyPath(bare + "\nx = 1"); ok {
				table, fl.header = strings.TrimSuffix(path, sep+"x"), true
			}
		case bare != "" && bare[0] != '#':
			if path, ok := onlyPath(bare); ok {
				fl.path = path
				if table != "" {
					fl.path = table + sep + path
				}
			}
		}
		fl.table = table
		d.list = append(d.list, fl)
	}
	return d
}

// onlyPath is the path of the one value in a piece of TOML.
func onlyPath(text string) (string, bool) {
	var tree map[string]any
	if _, err := toml.Decode(text, &tree); err != nil {
		return "", false
	}
	found := map[string]string{}
	flatten("", tree, found)
	for path := range found {
		return path, len(found) == 1
	}
	return "", false
}

func (d *fileLines) find(path string) int {
	return slices.IndexFunc(d.list, func(l fileLine) bool { return l.path == path })
}

func (d *fileLines) drop(path string) {
	if i := d.find(path); i >= 0 {
		d.list = slices.Delete(d.list, i, i+1)
	}
}

var assignment = regexp.MustCompile(`^(\s*(?:[^="']|"[^"]*"|'[^']*')+?=\s*)`)

func (d *fileLines) set(path, value string) {
	if i := d.find(path); i >= 0 {
		l := &d.list[i]
		head := assignment.FindString(l.text)
		l.text = head + value + comment(l.text[len(head):]) + "\n"
		return
	}
	table, name := "", path
	if at := strings.LastIndex(path, sep); at >= 0 {
		table, name = path[:at], path[at+1:]
	}
	fresh := fileLine{text: key(name) + " = " + value + "\n", table: table, path: path}
	last := -1
	for i, l := range d.list {
		if l.table == table && (l.path != "" || l.header) {
			last = i
		}
	}
	if last < 0 && table != "" {
		var names []string
		for _, n := range strings.Split(table, sep) {
			names = append(names, key(n))
		}
		d.list = append(d.list, fileLine{text: "\n"}, fileLine{text: "[" + strings.Join(names, ".") + "]\n", table: table, header: true}, fresh)
		return
	}
	d.list = slices.Insert(d.list, last+1, fresh)
}

// comment is the comment behind a value, with the space before it.
func comment(rest string) string {
	rest = strings.TrimRight(rest, "\r\n")
	quote := byte(0)
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '#':
			return rest[len(strings.TrimRight(rest[:i], " \t")):]
		}
	}
	return ""
}

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func key(name string) string {
	if bareKey.MatchString(name) {
		return name
	}
	var b bytes.Buffer
	if toml.NewEncoder(&b).Encode(map[string]string{name: ""}) != nil {
		return name
	}
	k, _, _ := strings.Cut(b.String(), " =")
	return k
}

func (d *fileLines) text() []string {
	var out []string
	for _, l := range d.list {
		out = append(out, l.text)
	}
	return out
}

// With is the profile with one field changed, by its path in the file
// ("client.id"); an empty value takes the field away. The error names the
// nearest known field.
func (p Profile) With(field, value string) (Profile, error) {
	var b bytes.Buffer
	tree := map[string]any{}
	if err := toml.NewEncoder(&b).Encode(p.lean()); err != nil {
		return p, err
	}
	if _, err := toml.Decode(b.String(), &tree); err != nil {
		return p, err
	}
	at := tree
	path := strings.Split(field, ".")
	for _, name := range path[:len(path)-1] {
		sub, ok := at[name].(map[string]any)
		if !ok {
			sub = map[string]any{}
			at[name] = sub
		}
		at = sub
	}
	if last := path[len(path)-1]; value == "" {
		delete(at, last)
	} else {
		at[last] = value
	}
	b.Reset()
	if err := toml.NewEncoder(&b).Encode(tree); err != nil {
		return p, err
	}
	out, warnings, err := ReadProfile(b.Bytes())
	if len(warnings) > 0 {
		return p, errors.New(warnings[0])
	}
	return out, err
}

// Shared is the profile as it may leave this computer: without references to
// secrets and keys, and without the named values.
func (p Profile) Shared(sensitive func(name string) bool) Profile {
	client := func(c ClientConfig) ClientConfig {
		c.Secret, c.Key, c.Certificate, c.DecryptKey = "", "", "", ""
		return c
	}
	drop := func(m map[string]string) map[string]string {
		m = maps.Clone(m)
		maps.DeleteFunc(m, func(k, _ string) bool { return sensitive(k) })
		return m
	}
	p.Client, p.Values = client(p.Client), drop(p.Values)
	grants := map[string]GrantConfig{}
	for id, g := range p.Grants {
		g.Client, g.Values = client(g.Client), drop(g.Values)
		if g.Before != nil {
			first := *g.Before
			first.Client, first.Values = client(first.Client), drop(first.Values)
			g.Before = &first
		}
		grants[id] = g
	}
	p.Grants = grants
	return p
}

// Compare lists the fields that two profiles have differently.
func Compare(a, b Profile) []Difference {
	left, right := fields(a), fields(b)
	all := maps.Clone(left)
	maps.Copy(all, right)
	var out []Difference
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if left[path] != right[path] {
			out = append(out, Difference{strings.ReplaceAll(path, sep, "."), strings.Trim(left[path], `"`), strings.Trim(right[path], `"`)})
		}
	}
	return out
}
