package exchange

import (
	"net"
	"net/url"
	"slices"

	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// tight is the height up to which edit mode keeps its sentences short.
const tight = 12

// safety says who gets the changed request. It is read off the request itself:
// an edited address must not be called the lab.
func (s subject) safety(e pane.Env) []string {
	st := e.Styles
	ok, warn := st.OK.Render(st.Sym.OK), st.Warn.Render(st.Sym.Warn)
	host, local := hostOf(s.next.URL)
	name := wire.Safe(s.s.Profile.Name)
	brief := func(sign, long, short string) []string {
		if lines := notice(sign, long, e); len(lines) == 1 || e.H > tight {
			return lines
		}
		return notice(sign, short, e)
	}
	var out []string
	switch {
	case s.step.In != nil:
		out = brief(ok, "Nothing is sent: authdance only reads this message.", "Nothing is sent: it is read here.")
	case s.s.Profile.Class == "LAB" && local:
		out = brief(ok, "Target is the embedded lab. Nothing leaves this computer.", "Sent to the lab, on this computer.")
	case s.s.Profile.Class == "LAB":
		out = notice(warn, "The address was changed: this goes to "+host+", not to the lab.", e)
	case s.s.Profile.Class == "TEST":
		out = notice(warn, "TEST: this is really sent to "+name+", at "+host+".", e)
	default:
		out = notice(st.Live.Render(st.Sym.Warn), "LIVE: this is really sent to "+name+", at "+host+".", e)
	}
	if s.usedUp() {
		run := e.Keys.Key(keys.RunAll)
		out = append(brief(warn, "This code was sent before, so it is used up. "+run+" starts a new run.", "Code used up: "+run+" starts a new run."), out...)
	}
	return out
}

// usedUp reports a code that went to the server already.
func (s subject) usedUp() bool {
	code, ok := s.orig.Find("code")
	if !ok || s.step.In != nil {
		return false
	}
	for _, m := range s.msgs {
		if before, had := m.req.Find("code"); m.kind == answered && had && before.Value == code.Value {
			return true
		}
	}
	return false
}

// hostOf is the host of an address, and whether it is this computer.
func hostOf(u wire.Untrusted) (host string, local bool) {
	parsed, err := url.Parse(u.Raw())
	if err != nil || parsed.Host == "" {
		return "an address without a host", false
	}
	ip := net.ParseIP(parsed.Hostname())
	return wire.Safe(parsed.Host), parsed.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// gate asks for the name of a LIVE profile before anything can be edited.
func (p Pane) gate(s subject, e pane.Env) []string {
	st := e.Styles
	host, _ := hostOf(s.next.URL)
	name := wire.Safe(s.s.Profile.Name)
	mean := notice(st.Live.Render(st.Sym.Warn), name+" is marked LIVE. Edit mode is off here until you say that you mean it.", e)
	ask := append(prefixed(pane.Wrap("To go on, type the profile name "+st.Title.Render(name)+":", e.W-4), "   "),
		"   "+st.Now.Render(st.Sym.Cursor)+" "+p.edit.field.View(max(e.W-8, 2), st))
	leave := []string{"   " + st.Key.Render(e.Keys.Key(keys.Back)) + " leaves, nothing is sent."}
	gap := []string{""}
	where := []string{"   " + pane.Cut(wire.Safe(s.next.Method)+" "+host, max(e.W-4, 1))}
	danger := prefixed(pane.Wrap("A changed request can lock an account, use up a token or end somebody's session.", e.W-4), "   ")
	for _, out := range [][]string{
		slices.Concat(gap, mean, gap, where, gap, danger, gap, ask, gap, leave),
		slices.Concat(mean, where, danger, ask, leave),
		slices.Concat(mean, ask, leave),
		slices.Concat(notice(st.Live.Render(st.Sym.Warn), "LIVE: edits are really sent.", e), ask, leave),
	} {
		if len(out) <= e.H {
			return out
		}
	}
	return slices.Concat(ask, leave) // the field is what must be seen
}
