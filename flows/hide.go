package flows

import (
	"slices"
	"strings"

	"authdance/flows/wire"
)

// Hide replaces every secret of the run that stands in a text with its mask:
// servers echo what they were sent, and a description or a body must not show
// what the request hides. Values of fewer than eight characters stay, because
// they are words of other texts too.
func (s State) Hide(text string) string {
	for _, v := range s.hidden() {
		text = strings.ReplaceAll(text, v, wire.Mask(v))
	}
	return text
}

// Hidden is the state with the words of its problem hidden: what a screen or a
// report may show.
func (s State) Hidden() State {
	if s.Problem == nil {
		return s
	}
	p := *s.Problem
	p.Code, p.Description = s.Hide(p.Code), wire.Untrusted(s.Hide(p.Description.Raw()))
	s.Problem = &p
	return s
}

// hidden are the secret values that the run knows, the longest first.
func (s State) hidden() []string {
	var out []string
	add := func(v string) {
		if len(v) >= 8 {
			out = append(out, v)
		}
	}
	for name, v := range s.Vars {
		if Sensitive(name) {
			add(v.Raw())
		}
	}
	for _, v := range s.Secrets {
		add(v.Reveal())
	}
	for _, r := range s.Results {
		for _, x := range r.Exchanges() {
			for _, list := range [][]Param{x.Request.Query, x.Request.Header, x.Request.Form} {
				for _, p := range list {
					if p.Secret || Sensitive(p.Name) {
						add(p.Value.Raw())
						_, credentials, _ := strings.Cut(p.Value.Raw(), " ") // of an Authorization header
						add(credentials)
					}
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(out)
}
