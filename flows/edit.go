package flows

import (
	"slices"
	"strings"

	"authdance/flows/wire"
)

// Op is what an edit does.
type Op string

// The edits: Set replaces the first value (or adds the parameter), Drop removes
// every value, Add sends one more.
const (
	Set  Op = "set"
	Drop Op = "drop"
	Add  Op = "add"
)

// Edit changes one parameter of a request before it is sent. The names
// ":method", ":url" and ":body" stand for those parts of the request.
type Edit struct {
	Op    Op             `json:"op"`
	Name  string         `json:"name"`
	Value wire.Untrusted `json:"value,omitempty"`
}

// Edit returns the request with the edits applied in order. A name that the
// request does not have is added to its form, or to its query where it has no
// form; "header.NAME" always means a header.
func (r Request) Edit(edits []Edit) Request {
	if len(edits) == 0 {
		return r
	}
	r.Query, r.Form, r.Header = slices.Clone(r.Query), slices.Clone(r.Form), slices.Clone(r.Header)
	for _, e := range edits {
		switch e.Name {
		case ":method":
			r.Method = e.Value.Raw()
			continue
		case ":url":
			r.URL = e.Value
			continue
		case ":body":
			r.Form, r.Body = nil, e.Value
			continue
		}
		list := r.listOf(e.Name)
		if name, ok := strings.CutPrefix(e.Name, inHeader); ok && list == &r.Header {
			e.Name = name
		}
		*list = e.apply(*list)
	}
	return r
}

// inHeader begins the name of an edit that means the header.
const inHeader = "header."

func (r *Request) listOf(name string) *[]Param {
	has := func(ps []Param, eq func(string) bool) bool {
		return slices.ContainsFunc(ps, func(p Param) bool { return eq(p.Name) })
	}
	exact := func(s string) bool { return s == name }
	switch {
	case has(r.Form, exact):
		return &r.Form
	case has(r.Query, exact):
		return &r.Query
	case has(r.Header, func(s string) bool { return strings.EqualFold(s, name) }), strings.HasPrefix(name, inHeader):
		return &r.Header
	case r.Form != nil:
		return &r.Form
	}
	return &r.Query
}

func (e Edit) apply(list []Param) []Param {
	is := func(p Param) bool { return strings.EqualFold(p.Name, e.Name) }
	fresh := Param{Name: e.Name, Value: e.Value, Secret: Sensitive(e.Name), Edited: true}
	switch e.Op {
	case Drop:
		return slices.DeleteFunc(list, is)
	case Set:
		if i := slices.IndexFunc(list, is); i >= 0 {
			fresh.Name = list[i].Name
			list[i] = fresh
			return list
		}
	}
	return append(list, fresh)
}
