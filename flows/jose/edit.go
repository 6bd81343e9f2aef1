package jose

import (
	"errors"
	"strings"

	"authdance/flows/wire"
)

// Edit changes one member: header:NAME=VALUE or claims:NAME=VALUE sets it,
// claims:-NAME drops it, and without header: or claims: the claims are meant.
// VALUE is JSON where it reads as JSON, else text. The error says what a change
// looks like, or that the half to be changed is no JSON object.
func (d Draft) Edit(change string) (Draft, error) {
	half, rest := "claims", change
	for _, name := range [...]string{"header", "claims"} {
		if after, ok := strings.CutPrefix(change, name+":"); ok {
			half, rest = name, after
		}
	}
	text := &d.Claims
	if half == "header" {
		text = &d.Header
	}
	v, _, err := wire.ParseJSON([]byte(*text), wire.Limits{})
	if err != nil || !isObject(v) {
		return d, errors.New("the " + half + " is no JSON object, so no member of it can be changed")
	}
	if name, ok := strings.CutPrefix(rest, "-"); ok && name != "" {
		*text = dropMember(v, name).Indent()
		return d, nil
	}
	name, value, ok := strings.Cut(rest, "=")
	if !ok || name == "" {
		return d, errors.New("a change is header:NAME=VALUE, claims:NAME=VALUE or claims:-NAME")
	}
	set := jsonText(value)
	if parsed, _, err := wire.ParseJSON([]byte(value), wire.Limits{}); err == nil {
		set = parsed
	}
	*text = setMember(v, name, set).Indent()
	return d, nil
}
