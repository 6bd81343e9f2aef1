package exchange

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// veil hides credentials: by the name of the field that carries them, and by
// value wherever they turn up (a code in a Location header, a token in a page).
type veil struct {
	reveal bool
	known  []string // values that are secret in this run, the longest first
}

// shortest is the length below which a value is not looked for in other text:
// it would hide too much that is harmless.
const shortest = 8

func newVeil(s flows.State, reveal bool) veil {
	v := veil{reveal: reveal}
	if reveal {
		return v
	}
	for name, val := range s.Vars {
		if len(val) >= shortest && flows.Sensitive(name) {
			v.known = append(v.known, val.Raw())
		}
	}
	for _, sec := range s.Secrets {
		if val := sec.Reveal(); len(val) >= shortest {
			v.known = append(v.known, val)
		}
	}
	slices.SortFunc(v.known, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return v
}

// secret reports that the parameter's value must not be shown now.
func (v veil) secret(p flows.Param) bool {
	return !v.reveal && p.Value != "" && (p.Secret || flows.Sensitive(p.Name))
}

// value is the parameter's value as one printable line.
func (v veil) value(p flows.Param) string {
	if v.secret(p) {
		return wire.Mask(p.Value.Raw())
	}
	text, _ := v.text(p.Value)
	return text.Safe()
}

var assignment = regexp.MustCompile(`([A-Za-z_]{4,40})=([^&#\s"'<>;,]+)`)

// values masks the secrets of this run wherever they stand in a text, as they
// are or spelled for a URL.
func (v veil) values(text string) (string, int) {
	hidden := 0
	mask := func(val, as string) {
		if n := strings.Count(text, val); n > 0 {
			hidden += n
			text = strings.ReplaceAll(text, val, as)
		}
	}
	for _, val := range v.known {
		if len(val) > len(text) {
			continue
		}
		mask(val, wire.Mask(val))
		if strings.ContainsAny(text, "%+") {
			mask(url.QueryEscape(val), wire.Mask(val))
		}
	}
	return text, hidden
}

// text returns foreign text with its credentials masked, by value and by name,
// and how many they were. It still has to be made safe.
func (v veil) text(raw wire.Untrusted) (wire.Untrusted, int) {
	if v.reveal || raw == "" {
		return raw, 0
	}
	text, hidden := v.values(raw.Raw())
	if !strings.Contains(text, "=") {
		return wire.Untrusted(text), hidden
	}
	text = assignment.ReplaceAllStringFunc(text, func(pair string) string {
		name, val, _ := strings.Cut(pair, "=")
		if !flows.Sensitive(name) || strings.Contains(val, "…(") || strings.HasPrefix(val, "••••(") {
			return pair
		}
		hidden++
		return name + "=" + wire.Mask(val)
	})
	return wire.Untrusted(text), hidden
}

// document masks the secret members of a JSON value.
func (v veil) document(doc wire.Value) (wire.Value, int) {
	if v.reveal {
		return doc, 0
	}
	hidden := 0
	if doc.Kind == wire.String {
		text, n := v.text(wire.Untrusted(doc.Text))
		doc.Text = text.Raw()
		return doc, n
	}
	doc.Members, doc.Items = slices.Clone(doc.Members), slices.Clone(doc.Items)
	for i, m := range doc.Members {
		if flows.Sensitive(m.Name) && m.Value.Kind == wire.String && m.Value.Text != "" {
			doc.Members[i].Value.Text = wire.Mask(m.Value.Text)
			hidden++
			continue
		}
		n := 0
		doc.Members[i].Value, n = v.document(m.Value)
		hidden += n
	}
	for i, item := range doc.Items {
		n := 0
		doc.Items[i], n = v.document(item)
		hidden += n
	}
	return doc, hidden
}

// source masks the secret members in the text of a JSON document and leaves
// every other byte as it came.
func (v veil) source(src wire.Untrusted, doc wire.Value) (wire.Untrusted, int) {
	if v.reveal {
		return src, 0
	}
	var b strings.Builder
	at, hidden := 0, 0
	members(doc, func(m wire.Member) {
		from, to := m.Value.Start+1, m.Value.End-1
		if from < at || to < from || to > len(src) {
			return
		}
		b.WriteString(src.Raw()[at:from])
		b.WriteString(wire.Mask(m.Value.Text))
		at = to
		hidden++
	})
	b.WriteString(src.Raw()[at:])
	out, n := v.text(wire.Untrusted(b.String()))
	return out, hidden + n
}

// members calls do for every secret string of a document, in its order.
func members(v wire.Value, do func(wire.Member)) {
	for _, m := range v.Members {
		if flows.Sensitive(m.Name) && m.Value.Kind == wire.String && m.Value.Text != "" {
			do(m)
			continue
		}
		members(m.Value, do)
	}
	for _, item := range v.Items {
		members(item, do)
	}
}

// header is one header line, made safe.
func (v veil) header(h flows.Param) string {
	if !v.secret(h) {
		return wire.Safe(h.Name) + ": " + v.value(h)
	}
	// The scheme is no secret, and it is what people look for.
	if scheme, rest, ok := strings.Cut(h.Value.Raw(), " "); ok && len(scheme) < shortest && rest != "" {
		return wire.Safe(h.Name) + ": " + wire.Safe(scheme) + " " + wire.Mask(rest)
	}
	return wire.Safe(h.Name) + ": " + wire.Mask(h.Value.Raw())
}
