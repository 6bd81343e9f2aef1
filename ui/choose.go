package ui

import (
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/provider"
	"authdance/flows/wire"
	"authdance/ui/dialog"
	"authdance/ui/palette"
	"authdance/ui/pane"
)

// flowItems are all flows by what they are for; the one that is running now and
// those that cannot run say so.
func (m Model) flowItems() []palette.Item {
	var out []palette.Item
	for _, group := range grants.Groups() {
		for _, bare := range group.Grants {
			g, err := grants.Build(flows.Spec{Grant: bare.ID})
			if err != nil {
				continue
			}
			out = append(out, palette.Item{Title: "Flow: start " + bare.Title, Group: group.Title, Detail: m.aboutFlow(g, bare), Do: pane.Start{Grant: bare.ID}, Off: m.unfit(g)})
		}
	}
	return out
}

// aboutFlow is the line under the marked flow: what it asks for, else what it is.
func (m Model) aboutFlow(g, bare flows.Grant) string {
	have := m.carried(g.ID)
	var asks []string
	for _, need := range g.Takes {
		if !need.Optional && have[need.Name] == "" && !m.atLab() {
			asks = append(asks, need.What)
		}
	}
	about, _, _ := strings.Cut(bare.About, ". ")
	if strings.Contains(bare.Title, "retired") {
		about = bare.About
	}
	if len(asks) > 0 {
		about = "asks for " + strings.Join(asks, " and ") + ". " + about
	}
	return about
}

// unfit says why the server of the run in view cannot do a flow: an endpoint
// that its metadata does not have. "" when it can, or when nobody knows.
func (m Model) unfit(g flows.Grant) string {
	meta, ok := m.metadata()
	if !ok {
		return ""
	}
	snap := m.session.Snapshot()
	urls := meta.URLs()
	for _, st := range g.Steps {
		for _, name := range st.Needs {
			if strings.HasSuffix(name, "_endpoint") && urls[name] == "" && snap.Head.Vars[name] == "" && !optional(st) {
				return "the server's metadata has no " + name
			}
		}
	}
	return ""
}

// optional steps are left out where the server cannot do them.
func optional(st flows.Step) bool { return st.Skip != nil }

// metadata is what the server of the run in view announced.
func (m Model) metadata() (provider.Metadata, bool) {
	snap := m.session.Snapshot()
	doc := snap.Head.Vars["metadata"]
	if doc == "" || snap.Head.Profile.ID != snap.Profile {
		return provider.Metadata{}, false
	}
	meta, _, err := provider.ParseMetadata([]byte(doc.Raw()))
	return meta, err == nil
}

// profileOf is the profile of this ID as it is in the list.
func (m Model) profileOf(id string) provider.Profile {
	for _, p := range m.session.Snapshot().Profiles {
		if p.ID == id {
			return p
		}
	}
	return provider.Profile{}
}

// optionsForm shows how the next run of the flow in view can go and what it can
// ask for, with the defaults and where they come from.
func (m Model) optionsForm() dialog.Form {
	w := m.filled(pane.Wish{})
	p := m.profileOf(w.Profile).For(w.Grant)
	usual, vars := p.RunOptions(), p.Vars()
	meta, known := m.metadata()
	var rows []dialog.Row
	settings := grants.Settings(w.Grant)
	for _, s := range settings {
		r := dialog.Row{Name: s.Name, What: upper(s.What) + " (" + s.Ref + ")", Choices: s.Choices}
		var why []string
		if s.Choices != nil {
			r.Default = s.Choices[0]
			if v := usual[s.Name]; slices.Contains(s.Choices, v) {
				r.Default = v
				why = append(why, "the profile says so")
			}
			r.Value = r.Default
			if v := w.Options[s.Name]; slices.Contains(s.Choices, v) {
				r.Value = v
			}
		} else {
			r.Default = vars[s.Name].Raw()
			r.Value = r.Default
			if v := w.Values[s.Name]; v != "" {
				r.Value = v.Raw()
			}
			if r.Default != "" {
				why = append(why, "the profile has "+wire.Safe(r.Default))
			}
		}
		if text := grants.Announced(s.Name, meta); known && text != "" {
			why = append(why, text)
		}
		r.Why = strings.Join(why, "; ")
		rows = append(rows, r)
	}
	title := "Options of the next run"
	if g, err := grants.Build(flows.Spec{Grant: w.Grant}); err == nil {
		title += ": " + g.Title
	}
	take := func(values map[string]string) (tea.Msg, error) {
		next := pane.Wish{Profile: w.Profile, Grant: w.Grant, Options: map[string]string{}, Values: flows.Vars{}}
		for i, s := range settings {
			v := values[s.Name]
			switch {
			case s.Choices != nil && v != rows[i].Default:
				next.Options[s.Name] = v
			case s.Choices == nil && v != rows[i].Default:
				next.Values[s.Name] = wire.Untrusted(v)
			}
		}
		all := maps.Clone(usual)
		maps.Copy(all, next.Options)
		if _, err := grants.Build(flows.Spec{Grant: w.Grant, Options: all}); err != nil {
			return nil, err
		}
		return pane.Begin{Wish: next, Keep: true}, nil
	}
	return dialog.NewForm(title, "", "start a run with these", rows, grants.CheckValue, take)
}

// inputsForm asks for what a flow begins with and nobody has given.
func (m Model) inputsForm(msg started) dialog.Form {
	g := msg.event.Grant
	var rows []dialog.Row
	for _, need := range g.Takes {
		rows = append(rows, dialog.Row{Name: need.Name, What: upper(need.What), Value: msg.event.Vars[need.Name].Raw(), Default: msg.event.Vars[need.Name].Raw(),
			Secret: flows.Sensitive(need.Name), Needed: !need.Optional})
	}
	take := func(values map[string]string) (tea.Msg, error) {
		w := msg.wish
		w.Values, w.Secrets = maps.Clone(w.Values), flows.Secrets{}
		for name, v := range values {
			if name == "password" {
				w.Secrets[name] = wire.NewSecret(v)
			} else {
				w.Values[name] = wire.Untrusted(v)
			}
		}
		return pane.Begin{Wish: w}, nil
	}
	return dialog.NewForm(g.Title+" begins with", g.About, "start the run", rows, grants.CheckValue, take)
}

// spent is the one-time value that the request of step i would send a second
// time; "" when there is none.
func spent(s flows.State, i int) string {
	_, next, ok := s.Preview(i)
	if !ok || !s.Results[i].Ran() || s.Results[i].Problem != nil && s.Results[i].Problem.Kind == flows.Transport {
		return ""
	}
	for _, p := range next.Form {
		if p.Name == "code" || p.Name == "refresh_token" && s.Results[i].Problem == nil {
			return p.Name
		}
	}
	return ""
}

// againForm asks before a value that counts once is sent twice.
func againForm(st flows.Step, what string, again pane.Record) dialog.Form {
	text := map[string]string{
		"code":          "A code counts once. The server refuses it the second time, and a careful one revokes the tokens that it gave for it (RFC 6749 §4.1.2).",
		"refresh_token": "This refresh token was used already. A server that rotates them refuses it, and a careful one ends the whole family (RFC 9700 §4.14).",
	}[what]
	return dialog.NewForm("Step "+st.ID+": send "+what+" again?", text, "send it again; esc does not", nil, grants.CheckValue,
		func(map[string]string) (tea.Msg, error) { return again, nil })
}

func upper(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-0x20) + s[1:]
}
