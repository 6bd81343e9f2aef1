package flow

import (
	"net/url"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// waiting says what is waited for, since when, and what the person can do.
func waiting(e pane.Env, k ink, room int) []string {
	s := e.Snap.State
	since := "  " + clock(e.Snap.Now.Sub(s.Results[s.Step].Began))
	head := func(what string) string {
		what = k.sym.Running[0] + " " + what
		if width(what)+width(since) <= e.W-2 { // else the line of the step has the time
			what += since
		}
		return " " + k.running.Put(cut(what, e.W-2))
	}
	switch fx := s.Pending.(type) {
	case flows.Browse:
		if at, title, ok := page(s); ok && room < 6 {
			return append([]string{head("signing in by itself")}, " "+k.text.Put(cut("browser (simulated): "+title.Safe(), e.W-2)))
		} else if ok {
			return append([]string{head("signing in by itself")}, simulated(e, k, at, title)...)
		}
		return append([]string{head("waiting for the browser")}, away(e, k, fx, room-1)...)
	case flows.Wait:
		return []string{head("asks again every " + clock(fx.For))}
	case flows.Send:
		host := fx.Request.URL.Safe()
		if u, err := url.Parse(fx.Request.URL.Raw()); err == nil && u.Host != "" {
			host = wire.Safe(u.Host)
		}
		return []string{head("waiting for " + host)}
	}
	return []string{head("waiting")}
}

// page is the page that the built-in browser saw last.
func page(s flows.State) (at, title wire.Untrusted, ok bool) {
	fx, _ := s.Pending.(flows.Browse)
	for _, x := range s.Results[s.Step].Exchanges() {
		if x.Response.Status == 0 || outside(x.Request.URL, fx.RedirectURI) {
			continue
		}
		at, ok = x.Request.URL, true
		if t := flows.PageTitle(x.Response); t != "" || x.Response.Status < 300 {
			title = t
		}
	}
	return at, title, ok
}

// outside reports whether an exchange was somebody's call at our own door.
func outside(u, callback wire.Untrusted) bool {
	a, errA := url.Parse(u.Raw())
	b, errB := url.Parse(callback.Raw())
	return errA == nil && errB == nil && a.Host == b.Host && a.Path == b.Path
}

// simulated is a small window with the address and the title of the page.
func simulated(e pane.Env, k ink, at, title wire.Untrusted) []string {
	if e.W < 22 {
		return nil
	}
	w := min(e.W-2, 60)
	text := title.Safe()
	if text == "" {
		text = "(a page without a title)"
	}
	line := k.sym.Light
	lines := []string{" " + k.muted.Put(address(at, w-4)), "", " " + k.title.Put(cut(text, w-4))}
	box := pane.Frame(lines, w, 5, line.Top+" browser (simulated)", "", "", line, e.Styles.Border, e.Styles.Muted)
	box[2] = k.rule.Put(line.MiddleLeft + strings.Repeat(line.Top, w-2) + line.MiddleRight)
	return indent(box)
}

// away is for a real browser: it is somewhere else, so the address must be at hand.
func away(e pane.Env, k ink, fx flows.Browse, room int) []string {
	w := e.W - 2
	out := []string{k.text.Put(address(fx.Request.URL, w))}
	copies := keyed(e, k, keys.Copy, "copies the address")
	cancels := keyed(e, k, keys.Cancel, "cancels")
	other := keyed(e, k, keys.NoBrows, "no browser here")
	for _, more := range []string{copies, other, cancels} {
		last := out[len(out)-1]
		if more != "" && len(out) > 1 && width(last)+3+width(more) <= w {
			out[len(out)-1] = last + "   " + more
		} else if more != "" {
			out = append(out, more)
		}
	}
	if cmd := pane.Forward(e.Remote, fx.RedirectURI.Raw()); cmd != "" {
		out = append(out, wrapped("You are on a remote computer. Where the browser is, run", w, 0, k.text)...)
		out = append(out, wrapped(wire.Safe(cmd), w, 0, k.key)...)
	}
	prose := wrapped("You sign in at the server, not here: authdance never sees your password. "+
		"The server then sends the browser back here with a one-time code, and the run goes on.", w, 0, k.muted)
	if len(out)+1+len(prose) <= room {
		out = append(append(out, ""), prose...)
	}
	return indent(out)
}

// address is a URL in w cells, without its query: the host and the last part of
// the path stay as long as they can.
func address(u wire.Untrusted, w int) string {
	full, _, _ := strings.Cut(u.Raw(), "?")
	full = wire.Safe(full)
	p, err := url.Parse(u.Raw())
	if width(full) <= w || err != nil || p.Host == "" {
		return pane.Middle(full, w)
	}
	path := wire.Safe(p.Path)
	if bare := wire.Safe(p.Host) + path; width(bare) <= w {
		return bare
	}
	return pane.Middle(wire.Safe(p.Host)+"/…"+path[max(0, strings.LastIndexByte(path, '/')):], w)
}
