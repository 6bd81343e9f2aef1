package token

import (
	"strconv"

	"authdance/flows"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// nothing says why there is no token, what brings one, and one key.
func (p Pane) nothing(e pane.Env) []string {
	why, how := p.missing(e)
	paste := "Already have one? Paste it here. A broken or partial token is fine: what can be read of it is shown."
	if p.tab == pastedToken {
		why, how, paste = "Nothing was pasted yet.", "Paste a token of any kind: the token alone, a header, a JSON answer or an address with a token in it. "+
			"A broken or partial token is fine: what can be read of it is shown.", "It stays in memory and is sent nowhere."
	}
	out := []string{""}
	add := func(text string, title bool) {
		if text == "" {
			return
		}
		for _, l := range pane.Wrap(text, e.W-4) {
			style := e.Styles.Text
			if title {
				style = e.Styles.Title
			}
			out = append(out, "  "+style.Render(l))
		}
	}
	add(why, true)
	add(how, false)
	if e.H >= 8 {
		out = append(out, "")
	}
	add(paste, false)
	return out
}

// missing is why the run has no token of this kind, and what to do about it.
func (p Pane) missing(e pane.Env) (why, how string) {
	snap := e.Snap
	s := snap.State
	if snap.Run == 0 {
		return "No run yet, so there are no tokens.", e.Keys.Key(keys.RunAll) + " starts one."
	}
	any := s.Vars["access_token"] != "" || s.Vars["id_token"] != ""
	i := s.Grant.Index("token")
	switch {
	case any && p.tab == idToken:
		return "No ID token came.", "It comes when scope openid was asked for: then the server says who signed in."
	case any && p.tab == refreshToken:
		return "No refresh token came.", "Many servers send one only when scope offline_access was asked for, and some never to a client like this one."
	case any:
		return "No " + p.tab.String() + " came.", ""
	case i < 0:
		return "This flow brings no tokens.", e.Keys.Key(keys.Menu) + " lists the flows that do."
	case s.Status == flows.Failed || s.Status == flows.Stopped:
		return "No tokens: the run stopped at step " + strconv.Itoa(s.Step+1) + ".", e.Keys.Key(keys.WhyFail) + " says why."
	}
	how = "They arrive when step " + strconv.Itoa(i+1) + " (" + s.Grant.Steps[i].Title + ") succeeds."
	if snap.Past {
		return "No tokens at the moment in view.", how + " " + e.Keys.Key(keys.Now) + " in the Flow pane returns to now."
	}
	return "No tokens yet.", how + " " + e.Keys.Key(keys.Enter) + " runs the next step."
}
