package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is what a JSON value is.
type Kind uint8

// The kinds of RFC 8259 §3.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// String returns "null", "boolean", "number", "string", "array" or "object".
func (k Kind) String() string {
	names := [...]string{"null", "boolean", "number", "string", "array", "object"}
	if int(k) < len(names) {
		return names[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Value is one JSON value with everything that the document said about it: the
// order of members, repeated names, the spelling of numbers. Text and names are
// foreign: print them as Untrusted.
type Value struct {
	Kind       Kind
	Text       string   // the decoded string, the number as written, or "true", "false", "null"
	Items      []Value  // of an array
	Members    []Member // of an object, in document order, repeated names included
	Start, End int      // byte offsets in the source, End exclusive
}

// Member is one name with its value.
type Member struct {
	Name  string
	Value Value
}

// Get returns the member with exactly this name. When the name is repeated the
// first one counts, and ParseJSON has reported it.
func (v Value) Get(name string) (Value, bool) {
	for i := range v.Members {
		if v.Members[i].Name == name {
			return v.Members[i].Value, true
		}
	}
	return Value{}, false
}

// Str returns a member's string, "" when it is absent or no string.
func (v Value) Str(name string) string {
	if m, ok := v.Get(name); ok && m.Kind == String {
		return m.Text
	}
	return ""
}

// Int returns a member's number. It is false when the member is absent, no
// number, written with a fraction or an exponent, or beyond 64 bits.
func (v Value) Int(name string) (int64, bool) {
	m, ok := v.Get(name)
	if !ok || m.Kind != Number {
		return 0, false
	}
	n, err := strconv.ParseInt(m.Text, 10, 64)
	return n, err == nil
}

// Float returns the number as the nearest float64. It is false when the value
// is no number or too large for a float64.
func (v Value) Float() (float64, bool) {
	if v.Kind != Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.Text, 64)
	return f, err == nil
}

// Strings returns a member that is a string or an array of strings, as the
// audience of a token may be (RFC 7519 §4.1.3). Any other member, also an array
// that holds anything else, gives nil.
func (v Value) Strings(name string) []string {
	m, _ := v.Get(name)
	switch m.Kind {
	case String:
		return []string{m.Text}
	case Array:
		out := make([]string, 0, len(m.Items))
		for _, item := range m.Items {
			if item.Kind != String {
				return nil
			}
			out = append(out, item.Text)
		}
		return out
	}
	return nil
}

// Raw returns the bytes of the value in src, the document it was read from, and
// nil when src is too short to be that document.
func (v Value) Raw(src []byte) []byte {
	if v.Start < 0 || v.Start > v.End || v.End > len(src) {
		return nil
	}
	return src[v.Start:v.End:v.End]
}

// Indent returns the value as JSON text, two spaces a level. Order, repeated
// names and the spelling of numbers stay, so the rest of a broken document ends
// where it broke. Characters that Safe would not draw are escaped; show the text
// through Untrusted.Lines, which caps combining marks too. From level 20 on the
// lines start in one column, which keeps the text of a hostile document from
// growing to many times its size.
func (v Value) Indent() string { return string(v.appendIndent(nil, 0)) }

// maxIndent is the deepest level that is indented further than the one around it.
const maxIndent = 20

// newline starts a line at a level.
func newline(level int) string {
	const line = "\n                                        "
	return line[:1+2*min(level, maxIndent)]
}

func (v Value) appendIndent(b []byte, level int) []byte {
	switch {
	case v.Kind == String:
		return appendQuoted(b, v.Text)
	case v.Kind == Array && len(v.Items) > 0:
		for i, item := range v.Items {
			b = append(append(b, opening('[', i)), newline(level+1)...)
			b = item.appendIndent(b, level+1)
		}
		return append(append(b, newline(level)...), ']')
	case v.Kind == Object && len(v.Members) > 0:
		for i, m := range v.Members {
			b = append(append(b, opening('{', i)), newline(level+1)...)
			b = append(appendQuoted(b, m.Name), ": "...)
			b = m.Value.appendIndent(b, level+1)
		}
		return append(append(b, newline(level)...), '}')
	case v.Kind == Array:
		return append(b, "[]"...)
	case v.Kind == Object:
		return append(b, "{}"...)
	case v.Text == "": // a Value that nobody parsed
		return append(b, "null"...)
	}
	return append(b, v.Text...)
}

// opening is what stands before item i.
func opening(bracket byte, i int) byte {
	if i == 0 {
		return bracket
	}
	return ','
}

// maxReports bounds the checks of one kind: a hostile document repeats every name.
const maxReports = 20

// CaseMiss reports the members of v that equal one of names only when case is
// ignored. JSON names are compared exactly (RFC 8259 §8.3); Go's encoding/json
// and others would have taken them.
func CaseMiss(v Value, names ...string) []Check {
	var checks []Check
	for i := range v.Members {
		got := v.Members[i].Name
		for _, want := range names {
			if got == want || !strings.EqualFold(got, want) {
				continue
			}
			if len(checks) == maxReports {
				return checks
			}
			checks = append(checks, Check{
				ID: "json_case", Status: Warn, Ref: "RFC 8259 §8.3",
				Message: fmt.Sprintf("The member %q is not %q: names are case-sensitive, so it was not used. Some clients would have taken it.",
					excerpt(got), want),
				Got: excerpt(got), Want: want,
			})
			break
		}
	}
	return checks
}
