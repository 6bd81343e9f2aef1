// Package profiles is the Profiles pane: which server, who we are there, and
// what its metadata said. It holds references to secrets, so it has none to show.
package profiles

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"authdance/flows/provider"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// Pane lists the profiles, with details of the marked one where there is room.
type Pane struct {
	pane.Plain
	marked string // ID under the cursor, "" for the one in use
	facts  []fact // what discovery said, made in Sync
	of     wire.Untrusted
}

type fact struct {
	name, value string
	ok          bool
}

// New makes the pane.
func New() Pane { return Pane{} }

// Scope of the pane's keys.
func (Pane) Scope() keys.Scope { return keys.Profiles }

// Title names the pane and counts the profiles.
func (p Pane) Title(e pane.Env) (string, string) {
	if e.W < 24 {
		return "Profiles", ""
	}
	return "Profiles", fmt.Sprintf("%d", len(e.Snap.Profiles))
}

// index is the position of the marked profile.
func (p Pane) index(e pane.Env) int {
	want := p.marked
	if want == "" {
		want = e.Snap.Profile
	}
	for i, pr := range e.Snap.Profiles {
		if pr.ID == want {
			return i
		}
	}
	return 0
}

func (p Pane) current(e pane.Env) (provider.Profile, bool) {
	if len(e.Snap.Profiles) == 0 {
		return provider.Profile{}, false
	}
	return e.Snap.Profiles[p.index(e)], true
}

// Primary: enter uses the marked profile, when it is not in use already.
func (p Pane) Primary(e pane.Env) string {
	if pr, ok := p.current(e); ok && pr.ID != e.Snap.Profile {
		return "use the profile " + wire.Safe(pr.Name) + " and begin a run with it"
	}
	return ""
}

// Act moves, uses or copies.
func (p Pane) Act(a keys.Action, e pane.Env) (pane.Pane, tea.Msg) {
	list := e.Snap.Profiles
	i := p.index(e)
	switch a {
	case keys.Up:
		i--
	case keys.Down:
		i++
	case keys.Top:
		i = 0
	case keys.Bottom:
		i = len(list) - 1
	case keys.PickRow, keys.Enter:
		if pr, ok := p.current(e); ok {
			return p, pane.Start{Profile: pr.ID}
		}
		return p, nil
	case keys.Copy:
		if pr, ok := p.current(e); ok {
			return p, pane.Copy{Text: pr.Client.RedirectURI, What: "the redirect URI of " + wire.Safe(pr.Name)}
		}
		return p, nil
	default:
		return p, nil
	}
	if len(list) > 0 {
		p.marked = list[max(0, min(i, len(list)-1))].ID
	}
	return p, nil
}

// Update has nothing to take.
func (p Pane) Update(tea.Msg, pane.Env) (pane.Pane, tea.Cmd) { return p, nil }

// Sync reads the metadata that the run has received, once.
func (p Pane) Sync(e pane.Env) (pane.Pane, tea.Cmd) {
	doc := e.Snap.State.Vars["metadata"]
	if doc == p.of {
		return p, nil
	}
	p.of, p.facts = doc, nil
	if doc == "" {
		return p, nil
	}
	meta, _, err := provider.ParseMetadata([]byte(doc.Raw()))
	if err != nil {
		return p, nil
	}
	urls := meta.URLs()
	yes := func(name, endpoint string) {
		p.facts = append(p.facts, fact{name, map[bool]string{true: "yes", false: "no"}[urls[endpoint] != ""], urls[endpoint] != ""})
	}
	s256, announced := meta.Supports("code_challenge_methods_supported", "S256")
	pkce := map[bool]string{true: "S256", false: "without S256"}[s256]
	if !announced {
		pkce = "not announced"
	}
	p.facts = append(p.facts, fact{"PKCE", pkce, s256})
	yes("userinfo", "userinfo_endpoint")
	yes("device login", "device_authorization_endpoint")
	yes("revocation", "revocation_endpoint")
	yes("introspection", "introspection_endpoint")
	yes("logout", "end_session_endpoint")
	yes("registration", "registration_endpoint")
	iss := meta.Flag("authorization_response_iss_parameter_supported")
	p.facts = append(p.facts, fact{"iss in answers", map[bool]string{true: "yes", false: "no"}[iss], iss})
	return p, nil
}

// View draws the list, and the details beside or below it.
func (p Pane) View(e pane.Env) string {
	if e.W >= 60 {
		w := 26
		return strings.Join(pane.Beside(p.list(e, w), w, p.details(e, e.W-w-3), " "+e.Styles.Muted.Render(e.Styles.Sym.Border.Left)+" "), "\n")
	}
	lines := p.list(e, e.W)
	if e.H > len(lines)+6 && e.W >= 36 {
		lines = append(append(lines, ""), p.details(e, e.W)...)
	}
	lines, _ = pane.Window(lines, 0, p.index(e), e.H)
	return strings.Join(lines, "\n")
}

func (p Pane) list(e pane.Env, w int) []string {
	st := e.Styles
	var out []string
	for i, pr := range e.Snap.Profiles {
		sign, style := st.Sym.Off, st.Text
		if pr.ID == e.Snap.Profile {
			sign = st.OK.Render(st.Sym.On)
		}
		name := pane.Cut(wire.Safe(pr.Name), w-9)
		if i == p.index(e) && e.Focus {
			style = st.Selected
		}
		out = append(out, pane.Ends(sign+" "+style.Render(name), st.Class(pr.Class).Render(pr.Class), w))
	}
	if len(out) == 0 {
		return []string{st.Muted.Render("No profile.")}
	}
	for _, f := range p.facts[:min(1, len(p.facts))] {
		out = append(out, st.OK.Render("  "+st.Sym.OK)+st.Muted.Render(" discovery  PKCE "+f.value))
	}
	return out
}

func (p Pane) details(e pane.Env, w int) []string {
	st := e.Styles
	pr, ok := p.current(e)
	if !ok {
		return pane.Wrap(st.Muted.Render("There is no profile to show."), w)
	}
	var out []string
	title := func(s string) { out = append(out, st.Title.Render(s)) }
	row := func(name, val string) {
		if val != "" {
			out = append(out, "  "+st.Muted.Render(pane.Fit(name, 14))+" "+st.Text.Render(pane.Middle(wire.Safe(val), max(8, w-18))))
		}
	}
	prose := func(s string) {
		for _, l := range pane.Wrap(s, w-2) {
			out = append(out, "  "+st.Muted.Render(l))
		}
	}
	title(wire.Safe(pr.Name) + "  " + pr.Class)
	row("issuer", pr.Issuer)
	row("metadata", pr.Metadata)
	row("client_id", pr.Client.ID)
	row("client auth", pr.ClientAuth())
	row("secret", pr.Client.Secret)
	row("scope", pr.Request.Scope)
	row("PKCE", pr.Request.PKCE)
	row("redirect URI", pr.Client.RedirectURI)
	row("API", pr.API)
	if pr.Class == provider.Lab {
		prose("The lab runs inside this program. Break what you like.")
	} else if strings.Contains(pr.Client.RedirectURI, ":0/") {
		prose("Register http://127.0.0.1/callback at the provider; it must allow any port there (RFC 8252 §7.3), else set a fixed port.")
	} else {
		prose("Register exactly this redirect URI at the provider. " + e.Keys.Key(keys.Copy) + " copies it.")
	}
	if len(p.facts) > 0 && pr.ID == e.Snap.State.Profile.ID {
		out = append(out, "")
		title("What its metadata says")
		for i := 0; i < len(p.facts); i += 2 {
			line := ""
			for _, f := range p.facts[i:min(i+2, len(p.facts))] {
				sign, style := st.Sym.Skipped, st.Skipped
				if f.ok {
					sign, style = st.Sym.OK, st.OK
				}
				line += pane.Fit("  "+style.Render(sign)+" "+st.Text.Render(f.name)+" "+st.Muted.Render(f.value), max(28, w/2))
			}
			out = append(out, line)
		}
	}
	out = append(out, "")
	title("Runs in this session")
	for i := len(e.Snap.Runs) - 1; i >= max(0, len(e.Snap.Runs)-4); i-- {
		r := e.Snap.Runs[i]
		sign, style := st.Status(map[string]string{"done": "ok", "failed": "failed", "cancelled": "skipped", "running": "running"}[string(r.Status)])
		if r.Status == "ready" {
			sign, style = st.Sym.Now, st.Now
		}
		line := fmt.Sprintf("#%d %s, %s", r.Number, r.Flow, r.Status)
		if r.Problem != "" {
			line += ": " + wire.Safe(r.Problem)
		}
		if r.Edited {
			line += " " + st.Sym.EditedTag
		}
		out = append(out, "  "+style.Render(sign)+" "+st.Text.Render(pane.Cut(line, w-5)))
	}
	if len(e.Snap.Profiles) <= 1 {
		out = append(out, "")
		title("Your own provider")
		prose("Write a TOML file into the profiles directory; `authdance paths` shows where it is. Then " + e.Keys.Key(keys.Reload) + " reads it.")
		for _, l := range []string{`schema = 1`, `id = "mine"                # the file is mine.toml`, `issuer = "https://idp.example"`, `[client]`, `id = "my-client-id"`,
			`secret = "env:MY_SECRET"    # leave it out for a public client`, `redirect_uri = "http://127.0.0.1:8765/callback"`, `[request]`, `scope = "openid profile"`} {
			out = append(out, "    "+st.Code.Render(pane.Cut(l, w-4)))
		}
	}
	return out
}
