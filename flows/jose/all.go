package jose

import (
	"net/url"
	"strings"

	"authdance/flows/wire"
)

// Found is one of several tokens in a text.
type Found struct {
	Name  string // the member, parameter or cookie that holds it; empty: the text itself
	Token Token
}

// All finds every token in a text: each of a token response, a callback URL, a
// cookie header or a page of notes. The first is the one that Decode shows. A
// text without any gives one Found, of Kind Malformed.
func All(text string) []Found {
	const most = 32
	first := Decode(text)
	found := []Found{{Token: first}}
	if len(text) > MaxToken {
		return found
	}
	seen := map[string]int{first.Text: 0}
	add := func(name, value string) {
		value = strings.TrimSpace(value)
		if i, ok := seen[value]; ok {
			if found[i].Name == "" {
				found[i].Name = wire.Safe(name)
			}
			return
		}
		if len(found) == most || startOf(value) != 0 && !oneOf(tokenNames[:], name) || len(value) < 8 {
			return
		}
		if tok := Decode(value); tok.Kind != Malformed || len(tok.Segments) > 0 {
			if _, ok := seen[tok.Text]; !ok {
				seen[tok.Text] = len(found)
				found = append(found, Found{wire.Safe(name), tok})
			}
		}
	}
	if v, _, err := wire.ParseJSON([]byte(strings.TrimSpace(text)), wire.Limits{}); err == nil || len(v.Members) > 0 {
		eachString(v, "", 0, add)
		return found
	}
	for _, piece := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("&;?# \t\r\n'\"<>,", r) }) {
		name, value, ok := strings.Cut(piece, "=")
		if !ok || startOf(piece) == 0 {
			name, value = "", piece
		}
		if decoded, err := url.PathUnescape(value); err == nil {
			value = decoded
		}
		add(name, value)
	}
	return found
}

// eachString visits the strings of a document with the names that hold them.
func eachString(v wire.Value, name string, depth int, visit func(name, value string)) {
	switch {
	case isString(v):
		visit(name, v.Text)
	case depth < 6:
		for _, m := range v.Members {
			eachString(m.Value, m.Name, depth+1, visit)
		}
		for _, item := range v.Items {
			eachString(item, name, depth+1, visit)
		}
	}
}
