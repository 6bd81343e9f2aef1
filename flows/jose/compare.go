package jose

import (
	"fmt"
	"slices"
	"strings"

	"authdance/flows/wire"
)

// Difference is one place where two tokens are not the same.
type Difference struct {
	Part     string // "header", "claims", "kind" or "signature"
	Name     string // the member, with a path for a nested one: "cnf.jkt"
	A, B     string // display text; empty: absent
	Expected bool   // two tokens of one login always differ here (exp, jti …)
	Why      string // what the difference means; empty for a name without a known meaning
}

// Comparison is what Compare found. Summary is one line: the first difference
// that matters, or that none does.
type Comparison struct {
	Summary     string
	Differences []Difference // those that matter first, by weight
	Equal       int          // members that are the same in both
}

// weights orders what matters: who may use the token, for whom it speaks, what it
// allows, how it is signed. Names that are not here come after those that are.
var weights = [...]struct{ name, why string }{
	{"iss", "another server made it"},
	{"aud", "it is for another reader"},
	{"sub", "it speaks for somebody else"},
	{"azp", "it was given to another client"}, {"client_id", "it was given to another client"}, {"appid", "it was given to another client"},
	{"scope", "it allows other things"}, {"scp", "it allows other things"}, {"roles", "it carries other roles"}, {"groups", "it carries other groups"},
	{"authorization_details", "it allows other things"}, {"permissions", "it allows other things"},
	{"cnf", "it is bound to another key"}, {"act", "somebody else acts in it"}, {"may_act", "somebody else may act with it"},
	{"tid", "it is from another tenant"}, {"org_id", "it is from another organisation"},
	{"ver", "the provider's format has another version"}, {"token_use", "it is another kind of token"}, {"typ", "it is another kind of token"},
	{"alg", "it is signed in another way"}, {"kid", "another key signed it: normal after a key change"}, {"enc", "it is encrypted in another way"},
	{"acr", "the sign-in had another strength"}, {"amr", "the sign-in used other means"}, {"auth_time", "it stands for another sign-in"}, {"sid", "it belongs to another session"},
	{"nonce", "it answers another request"},
}

// expected are the members that are new in every token.
func expected(name string) bool {
	return oneOf([]string{"iat", "exp", "nbf", "jti", "uti", "rh", "aio", "xms_ftd", "at_hash", "c_hash", "s_hash", "ds_hash", "origin_jti", "event_id"}, name)
}

// Compare tells two tokens apart by meaning: what changes who may do what comes
// first, what differs in any two tokens last, and equal members are only
// counted. Numbers are compared by value, objects without the order of their
// members, and aud and scope as sets.
func Compare(a, b Token) Comparison {
	a, b = a.core(), b.core()
	var c Comparison
	if a.Kind != b.Kind {
		c.Differences = append(c.Differences, Difference{Part: "kind", Name: "kind", A: a.Kind, B: b.Kind, Why: "they are different kinds of token"})
	}
	c.members("header", "", a.joined(), b.joined(), 0)
	c.members("claims", "", a.Claims, b.Claims, 0)
	if a.Kind == Opaque && b.Kind == Opaque && a.Text != b.Text {
		c.Differences = append(c.Differences, Difference{Part: "kind", Name: "text", A: wire.Mask(a.Text), B: wire.Mask(b.Text), Why: "opaque tokens tell nothing more: ask the server about both"})
	}
	if sa, sb := a.Segment("signature").Raw, b.Segment("signature").Raw; sa != sb {
		c.Differences = append(c.Differences, Difference{Part: "signature", Name: "signature", A: bytesOf(len(a.Segment("signature").Bytes)), B: bytesOf(len(b.Segment("signature").Bytes)), Expected: true})
	}
	slices.SortStableFunc(c.Differences, func(x, y Difference) int { return x.weight() - y.weight() })
	c.Summary = c.summary(a, b)
	return c
}

func (d Difference) weight() int {
	switch {
	case d.Part == "kind":
		return 0
	case d.Expected:
		return 1000
	}
	root, _, _ := strings.Cut(d.Name, ".")
	for i, w := range weights {
		if w.name == root {
			return i + 1
		}
	}
	return 500
}

func meaningOf(name string) string {
	root, _, _ := strings.Cut(name, ".")
	for _, w := range weights {
		if w.name == root {
			return w.why
		}
	}
	return ""
}

// members compares two objects, name by name, in the order of the first.
func (c *Comparison) members(part, path string, a, b wire.Value, depth int) {
	inA, inB := byName(a), byName(b)
	for i, m := range a.Members {
		if inA[m.Name] == i {
			at, ok := inB[m.Name]
			other := wire.Value{}
			if ok {
				other = b.Members[at].Value
			}
			c.value(part, dot(path, m.Name), m.Value, other, true, ok, depth)
		}
	}
	for i, m := range b.Members {
		if _, ok := inA[m.Name]; !ok && inB[m.Name] == i {
			c.value(part, dot(path, m.Name), wire.Value{}, m.Value, false, true, depth)
		}
	}
}

// byName tells where each name stands first: looking names up one by one would
// make two hostile tokens cost the product of their sizes.
func byName(v wire.Value) map[string]int {
	at := make(map[string]int, len(v.Members))
	for i, m := range v.Members {
		if _, twice := at[m.Name]; !twice {
			at[m.Name] = i
		}
	}
	return at
}

func (c *Comparison) value(part, name string, a, b wire.Value, inA, inB bool, depth int) {
	const deepest = 4
	switch {
	case inA && inB && same(name, a, b):
		c.Equal++
		return
	case inA && inB && isObject(a) && isObject(b) && depth < deepest:
		c.members(part, name, a, b, depth+1)
		return
	}
	d := Difference{Part: part, Name: wire.Safe(name), Expected: expected(name), Why: meaningOf(name)}
	if inA {
		d.A = wire.Safe(show(a))
	}
	if inB {
		d.B = wire.Safe(show(b))
	}
	c.Differences = append(c.Differences, d)
}

// same compares two values by meaning.
func same(name string, a, b wire.Value) bool {
	switch {
	case name == "aud" || name == "scope" || name == "scp":
		return slices.Equal(words(a), words(b)) && len(words(a)) > 0
	case a.Kind != b.Kind:
		return false
	case isNumber(a):
		x, okX := a.Float()
		y, okY := b.Float()
		return a.Text == b.Text || okX && okY && x == y && len(a.Text) < 16 && len(b.Text) < 16
	case isObject(a):
		inB := byName(b)
		return len(a.Members) == len(b.Members) && !slices.ContainsFunc(a.Members, func(m wire.Member) bool {
			at, ok := inB[m.Name]
			return !ok || !same("", m.Value, b.Members[at].Value)
		})
	case isArray(a):
		return slices.EqualFunc(a.Items, b.Items, func(x, y wire.Value) bool { return same("", x, y) })
	}
	return a.Text == b.Text
}

// words reads a claim that is a set: a list, or text with spaces.
func words(v wire.Value) []string {
	items, _ := stringOrList(v)
	if isString(v) {
		items = strings.Fields(v.Text)
	}
	items = slices.Clone(items)
	slices.Sort(items)
	return slices.Compact(items)
}

func (c *Comparison) summary(a, b Token) string {
	if len(c.Differences) == 0 {
		if a.Text == b.Text {
			return "the two are the same token"
		}
		return "the two say the same"
	}
	d := c.Differences[0]
	if d.Expected {
		return "only what differs in any two tokens: " + list(c.names(6))
	}
	more := 0
	for _, other := range c.Differences[1:] {
		if !other.Expected {
			more++
		}
	}
	s := fmt.Sprintf("%s differs: %s, then %s", d.Name, orAbsent(d.A), orAbsent(d.B))
	if d.Why != "" {
		s += " (" + d.Why + ")"
	}
	if more > 0 {
		s += fmt.Sprintf("; and %s", count(more, "further difference"))
	}
	return s
}

func (c *Comparison) names(most int) []string {
	var out []string
	for _, d := range c.Differences {
		if len(out) == most {
			return append(out, "…")
		}
		out = append(out, d.Name)
	}
	return out
}

func orAbsent(s string) string {
	switch {
	case s == "":
		return "absent"
	case len([]rune(s)) > 80:
		return string([]rune(s)[:80]) + "…"
	}
	return s
}
