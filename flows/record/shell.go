package record

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// phrase is one shell word in parts: fixed text, and secrets by the name of
// the variable that holds them.
type phrase []part

type part struct{ text, variable string }

func plain(text string) phrase { return phrase{{text: text}} }

// ascii reports printable ASCII.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// shown reports text that looks on a screen like what it is.
func shown(s string) bool { return wire.Safe(s) == s }

// shown allows line feeds too: quotes hold them.
func (p phrase) shown() bool {
	for _, bit := range p {
		for line := range strings.SplitSeq(bit.text, "\n") {
			if !shown(line) {
				return false
			}
		}
	}
	return true
}

// printable is text for places where HTTP allows nothing else anyway.
func printable(s string) string {
	if ascii(s) {
		return s
	}
	return escaped(wire.Safe(s))
}

// escaped percent-encodes what is not printable ASCII and leaves the rest of a
// URL byte for byte.
func escaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] > 0x20 && s[i] < 0x7f {
			b.WriteByte(s[i])
			continue
		}
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

// quote makes one word of a phrase that the shell reads back as it was. Fixed
// text stands in single quotes, where nothing has a meaning; a phrase without
// a character that double quotes leave alive is written in those.
func quote(p phrase) string {
	if text, fixed := p.fixed(); fixed {
		if text != "" && !strings.ContainsFunc(text, needsQuotes) {
			return text
		}
		return single(text)
	}
	easy := !slices.ContainsFunc(p, func(bit part) bool { return !ascii(bit.text) || strings.ContainsAny(bit.text, "$`\"\\!") })
	var b strings.Builder
	for i, bit := range p {
		switch {
		case bit.variable == "" && easy:
			b.WriteString(bit.text)
		case bit.variable == "" && bit.text != "":
			b.WriteString(single(bit.text))
		case bit.variable != "" && !easy:
			b.WriteString(`"$` + bit.variable + `"`)
		case bit.variable != "" && i+1 < len(p) && continues(p[i+1]):
			b.WriteString("${" + bit.variable + "}")
		case bit.variable != "":
			b.WriteString("$" + bit.variable)
		}
	}
	if easy {
		return `"` + b.String() + `"`
	}
	return b.String()
}

// needsQuotes reports a character that may mean something to a shell outside
// of quotes.
func needsQuotes(r rune) bool { return !letterOrDigit(r) && !strings.ContainsRune("-_./:,=%+@", r) }

// continues reports text that would be read as part of the variable before it.
func continues(next part) bool {
	return next.text != "" && (next.text[0] == '_' || letterOrDigit(rune(next.text[0])))
}

func letterOrDigit(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' }

func single(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// fixed returns the text of a phrase that has no secret.
func (p phrase) fixed() (text string, ok bool) {
	var b strings.Builder
	for _, bit := range p {
		if bit.variable != "" {
			return "", false
		}
		b.WriteString(bit.text)
	}
	return b.String(), true
}

// printf is a command that writes a phrase byte for byte, also bytes that no
// quotes may hold on a screen.
func printf(p phrase) string {
	var format strings.Builder
	var args []string
	for _, bit := range p {
		if bit.variable != "" {
			format.WriteString("%s")
			args = append(args, `"$`+bit.variable+`"`)
		}
		for i := range len(bit.text) {
			switch c := bit.text[i]; {
			case c == '%':
				format.WriteString("%%")
			case c == '\\':
				format.WriteString(`\\`)
			case c < 0x20 || c > 0x7e || c == '-' && format.Len() == 0: // a format that starts with - would be an option
				fmt.Fprintf(&format, `\%03o`, c)
			default:
				format.WriteByte(c)
			}
		}
	}
	return strings.Join(append([]string{"printf " + single(format.String())}, args...), " ")
}

// secrets gives every secret of a request a name: equal values the same one.
type secrets struct{ names []named }

type named struct{ name, value string }

// value is the parameter's value as it stands in the command: the placeholder
// of a secret, or written as given.
func (s *secrets) value(p flows.Param, written string) phrase {
	if !p.Secret && !flows.Sensitive(p.Name) || p.Value == "" {
		return plain(written)
	}
	name := p.Var
	if name == "" {
		name = p.Name
	}
	return phrase{{variable: s.name(name, p.Value.Raw())}}
}

func (s *secrets) name(of, value string) string {
	base := variable(of)
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			name = fmt.Sprintf("%s_%d", base, n)
		}
		i := slices.IndexFunc(s.names, func(k named) bool { return k.name == name })
		if i >= 0 && s.names[i].value == value {
			return name
		}
		if i < 0 {
			s.names = append(s.names, named{name, value})
			return name
		}
	}
}

// variable is a wire name as a shell variable: access_token → ACCESS_TOKEN.
// Names that the shell or curl read themselves get another one.
func variable(name string) string {
	up := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 0x20
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
	if up == "" || up[0] >= '0' && up[0] <= '9' || len(up) > 64 || strings.HasSuffix(up, "_PROXY") ||
		slices.Contains([]string{"PATH", "HOME", "IFS", "ENV", "PWD", "SHELL", "USER", "LANG"}, up) {
		return "SECRET"
	}
	return up
}

// pairs reads form-encoded text: its secrets become placeholders, and the rest
// is spelled by write.
func (s *secrets) pairs(query string, write func(string) string) phrase {
	var out phrase
	for i, pair := range strings.Split(query, "&") {
		if i > 0 {
			out = append(out, part{text: "&"})
		}
		name, val, _ := strings.Cut(pair, "=")
		known, err := url.QueryUnescape(name)
		if err != nil || !flows.Sensitive(known) || val == "" {
			out = append(out, part{text: write(pair)})
			continue
		}
		out = append(out, part{text: write(name) + "="})
		out = append(out, s.value(flows.Param{Name: known, Value: wire.Untrusted(val), Secret: true}, "")...)
	}
	return out
}

// document reads a body: the secret members of a JSON object, or the secret
// parameters of a form, become placeholders.
func (s *secrets) document(body string) phrase {
	doc, _, err := wire.ParseJSON([]byte(body), wire.Limits{})
	if err == nil {
		var out phrase
		at := 0
		s.members(doc, func(start, end int, variable string) {
			out = append(out, part{text: body[at:start]}, part{variable: variable})
			at = end
		})
		return append(out, part{text: body[at:]})
	}
	before := len(s.names)
	if form := s.pairs(body, func(text string) string { return text }); len(s.names) > before {
		return form
	}
	return plain(body)
}

// members calls hide for every secret string in document order, with the bytes
// between its quotes.
func (s *secrets) members(v wire.Value, hide func(start, end int, variable string)) {
	for _, m := range v.Members {
		if flows.Sensitive(m.Name) && m.Value.Kind == wire.String && m.Value.Text != "" && m.Value.End-m.Value.Start >= 2 {
			hide(m.Value.Start+1, m.Value.End-1, s.name(m.Name, m.Value.Text))
			continue
		}
		s.members(m.Value, hide)
	}
	for _, item := range v.Items {
		s.members(item, hide)
	}
}
