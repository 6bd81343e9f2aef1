package jose

import (
	"strings"

	"authdance/flows/wire"
)

func isString(v wire.Value) bool { return v.Kind == wire.String }
func isNumber(v wire.Value) bool { return v.Kind == wire.Number }
func isObject(v wire.Value) bool { return v.Kind == wire.Object }
func isArray(v wire.Value) bool  { return v.Kind == wire.Array }

// kindOf names a value's JSON type in a sentence.
func kindOf(v wire.Value) string {
	switch v.Kind {
	case wire.Null:
		return "null"
	case wire.Object, wire.Array:
		return "an " + v.Kind.String()
	}
	return "a " + v.Kind.String()
}

// show writes a value for the got and want columns: a string bare, anything
// else as JSON on one line.
func show(v wire.Value) string {
	if isString(v) {
		return v.Text
	}
	return strings.Join(strings.Fields(v.Indent()), " ")
}

// stringOrList reads a claim that is one string or an array of strings, as aud
// is (RFC 7519 §4.1.3). ok is false for anything else.
func stringOrList(v wire.Value) (items []string, ok bool) {
	if isString(v) {
		return []string{v.Text}, true
	}
	if !isArray(v) {
		return nil, false
	}
	for _, item := range v.Items {
		if !isString(item) {
			return nil, false
		}
		items = append(items, item.Text)
	}
	return items, true
}
