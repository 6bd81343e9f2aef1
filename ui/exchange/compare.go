package exchange

import (
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// section is the part of a request that a value stands in.
type section int

const (
	parameter section = iota // query and form
	header
	line // method, address, raw body
)

// mark is what an edit did to a value.
type mark int

const (
	same mark = iota
	altered
	dropped
	added
)

// pair is one value before and after the edits.
type pair struct {
	section
	mark
	name     string // as an edit names it
	old, new flows.Param
	again    bool // not the first value of its name: edits cannot reach it alone
}

// now is the value that goes out; of a dropped one the value that does not.
func (p pair) now() flows.Param {
	if p.mark == dropped {
		return p.old
	}
	return p.new
}

// compare lines up the values of a request with what the edits made of it:
// every value of both, in the order of the original.
func compare(orig, next flows.Request) []pair {
	exact := func(a, b string) bool { return a == b }
	out := aligned(parameter, orig.Query, next.Query, exact)
	out = append(out, aligned(parameter, orig.Form, next.Form, exact)...)
	out = append(out, aligned(header, orig.Header, next.Header, strings.EqualFold)...)
	part := func(name string, was, is wire.Untrusted) {
		p := pair{section: line, name: name, old: flows.Param{Name: name, Value: was}, new: flows.Param{Name: name, Value: is}}
		switch {
		case was == is:
		case was == "":
			p.mark = added
		default:
			p.mark = altered
		}
		out = append(out, p)
	}
	part(":method", wire.Untrusted(orig.Method), wire.Untrusted(next.Method))
	part(":url", orig.URL, next.URL)
	if orig.Body != "" || next.Body != "" {
		part(":body", orig.Body, next.Body)
	}
	return out
}

func aligned(s section, old, new []flows.Param, eq func(a, b string) bool) []pair {
	var out []pair
	used := make([]bool, len(new))
	take := func(name string) (flows.Param, bool) {
		i := slices.IndexFunc(new, func(p flows.Param) bool { return eq(p.Name, name) })
		for ; i >= 0 && i < len(new); i++ {
			if !used[i] && eq(new[i].Name, name) {
				used[i] = true
				return new[i], true
			}
		}
		return flows.Param{}, false
	}
	for i, p := range old {
		named := func(q flows.Param) bool { return eq(q.Name, p.Name) }
		first := slices.IndexFunc(old, named)
		row := pair{section: s, name: p.Name, old: p, again: first < i}
		got, ok := take(p.Name)
		switch {
		case !ok:
			row.mark = dropped
		case got.Value != p.Value:
			row.mark, row.new = altered, got
		default:
			row.new = got
		}
		out = append(out, row)
		if slices.ContainsFunc(old[i+1:], named) {
			continue
		}
		for more, ok := take(p.Name); ok; more, ok = take(p.Name) {
			out = append(out, pair{section: s, mark: added, name: more.Name, new: more})
		}
	}
	for i, p := range new {
		if !used[i] {
			out = append(out, pair{section: s, mark: added, name: p.Name, new: p})
		}
	}
	return out
}

// plainName is how people read the name of a value.
func plainName(name string) string {
	switch name {
	case ":method":
		return "method"
	case ":url":
		return "address"
	case ":body":
		return "body"
	}
	return wire.Safe(name)
}
