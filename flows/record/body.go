package record

import (
	"net/url"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// document hides the secrets of a body, whatever it is: JSON, a form, or text.
func (r *Redactor) document(s string) string {
	switch t := strings.TrimSpace(s); {
	case t == "":
		return s
	case t[0] == '{' || t[0] == '[':
		return r.Text(r.json(s))
	case strings.Contains(t, "=") && !strings.ContainsAny(t, " \t\r\n<{\""):
		return r.Text(r.pairs(s))
	}
	return r.Text(s)
}

// address hides the secrets in the query and the fragment of a URL.
func (r *Redactor) address(s string) string {
	rest, fragment, hasFragment := strings.Cut(s, "#")
	base, query, hasQuery := strings.Cut(rest, "?")
	if hasQuery {
		base += "?" + r.pairs(query)
	}
	if hasFragment {
		base += "#" + r.pairs(fragment)
	}
	return r.Text(base)
}

// pairs hides the values of sensitive names in a=b&c=d; the rest keeps its spelling.
func (r *Redactor) pairs(s string) string {
	list := strings.Split(s, "&")
	for i, pair := range list {
		name, value, ok := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if !ok || err != nil || !flows.Sensitive(plain) {
			continue
		}
		if v, err := url.QueryUnescape(value); err == nil {
			value = v
		}
		list[i] = name + "=" + r.Value(plain, value)
	}
	return strings.Join(list, "&")
}

// span is a JSON string, quotes included, that must be replaced.
type span struct {
	start, end int
	text       string
}

// json hides the sensitive members of a JSON text, at any depth, and private
// parts of keys. Everything else keeps its bytes; a broken document is treated
// up to where it breaks.
func (r *Redactor) json(s string) string {
	doc, _, _ := wire.ParseJSON([]byte(s), wire.Limits{})
	var spans []span
	r.find(doc, &spans)
	for _, sp := range slices.Backward(spans) {
		s = s[:sp.start] + `"` + sp.text + `"` + s[sp.end:]
	}
	return s
}

func (r *Redactor) find(v wire.Value, spans *[]span) {
	for _, item := range v.Items {
		r.find(item, spans)
	}
	_, isKey := v.Get("kty")
	_, isError := v.Get("message") // {"error":{"code":…,"message":…}}: that code opens nothing
	for _, m := range v.Members {
		secret := flows.Sensitive(m.Name) && !(isError && m.Name == "code") || isKey && slices.Contains([]string{"d", "p", "q", "dp", "dq", "qi", "k"}, m.Name)
		if secret && m.Value.Kind == wire.String && m.Value.Text != "" {
			name := m.Name
			if isKey {
				name = "private_key"
			}
			*spans = append(*spans, span{m.Value.Start, m.Value.End, r.Value(name, m.Value.Text)})
			continue
		}
		r.find(m.Value, spans)
	}
}
