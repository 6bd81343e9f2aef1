package flow

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// asked reports whether the run asks the server again and again while a person
// decides on another device: the device flow and CIBA.
func asked(e pane.Env) bool {
	s := e.Snap.State
	step, ok := s.Current()
	return ok && s.Status == flows.Running && !e.Snap.Past && step.Until != nil
}

// elsewhere is the screen of that wait: what the person has to do, how long it
// still counts, what was asked so far, and the address as a picture where a
// phone can use it.
func elsewhere(e pane.Env, k ink) []string {
	s := e.Snap.State
	r := s.Results[s.Step]
	since := clock(e.Snap.Now.Sub(r.Began))
	head := fit(" "+k.running.Put(cut(k.sym.Running[0]+" waiting for the person on the other device", e.W-2-width(since))), e.W-1-width(since)) + k.running.Put(since) + " "
	todo := instructions(e, k)
	left := until(e, k)
	stop := keyed(e, k, keys.Cancel, "stops waiting")
	if copies := keyed(e, k, keys.Copy, "copies the address"); copies != "" && s.Vars["verification_uri"] != "" {
		stop = copies + "   " + stop
	}
	stop = " " + stop
	polled := polls(e, k)
	if e.H < 12 { // what must be said comes before the air around it
		return []string{head, todo[0], todo[1], todo[len(todo)-1], left}
	}
	out := []string{head, ""}
	out = append(out, todo...)
	for _, block := range [][]string{{left}, {stop}} {
		if len(out)+len(block) < e.H {
			out = append(append(out, ""), block...)
		}
	}
	if room := e.H - len(out) - 2; room > 0 && len(polled) > 0 {
		out = append(append(out, ""), " "+k.title.Put("What the server was asked, newest first"))
		out = append(out, polled[:min(room, len(polled))]...)
	}
	return withPicture(e, out, scan(e))
}

// instructions say what the person has to do there.
func instructions(e pane.Env, k ink) []string {
	s := e.Snap.State
	code, at := s.Vars["user_code"], s.Vars["verification_uri"]
	if at == "" {
		out := []string{k.text.Put(cut("The server asks "+orSomebody(s.Vars["login_hint"])+" on a device of their own.", e.W-2))}
		msg := s.Vars["binding_message"]
		if msg == "" {
			return indent(append(out, k.muted.Put("There they agree, or refuse.")))
		}
		return indent(append(out, k.text.Put("Both devices show the same:"), "", "  "+k.now.Put(cut(large(msg.Safe(), e.W-6), e.W-6))))
	}
	out := []string{k.text.Put("On a phone or a computer, open"), "  " + k.key.Put(pane.Middle(at.Safe(), e.W-5)), k.text.Put("and type"), ""}
	return indent(append(out, "  "+k.now.Put(cut(large(code.Safe(), e.W-6), e.W-6))))
}

// large spaces out what a person reads letter by letter, where there is room.
func large(text string, w int) string {
	if n := len([]rune(text)); n > 24 || 2*n > w {
		return text
	}
	return strings.Join(strings.Split(text, ""), " ")
}

func orSomebody(v wire.Untrusted) string {
	if v == "" {
		return "the person"
	}
	return v.Safe()
}

// until is how long the codes still count.
func until(e pane.Env, k ink) string {
	s := e.Snap.State
	end := s.Deadline()
	if end.IsZero() {
		return " " + k.muted.Put(cut("The server did not say how long this counts.", e.W-2))
	}
	left := end.Sub(e.Snap.Now)
	if left <= 0 {
		return " " + k.fail.Put(k.sym.Fail+" expired")
	}
	whole := end.Sub(s.Results[s.Step].Began)
	text := "Expires in " + clock(left)
	cells := min(20, e.W-width(text)-6)
	if cells < 3 || whole <= 0 {
		return " " + k.text.Put(text)
	}
	full := max(1, min(cells, int(int64(left)*int64(cells)/int64(whole))))
	b := k.text
	if left < whole/4 {
		b = k.warn
	}
	return " " + b.Put(text+"  "+k.sym.BarOpen+strings.Repeat(k.sym.BarFull, full)+strings.Repeat(k.sym.BarEmpty, cells-full)+k.sym.BarClose)
}

// polls are the requests so far with their answers, the newest first, below what
// comes next.
func polls(e pane.Env, k ink) []string {
	s := e.Snap.State
	var out []string
	if w, ok := s.Pending.(flows.Wait); ok {
		next := w.For
		if facts := s.Results[s.Step].Facts; len(facts) > 0 {
			next = facts[len(facts)-1].At.Add(w.For).Sub(e.Snap.Now)
		}
		out = append(out, "   "+k.muted.Put("again in "+clock(max(0, next))))
	} else {
		out = append(out, "   "+k.running.Put("asking now"))
	}
	var list []string
	n := 0
	for _, f := range s.Results[s.Step].Facts {
		got, ok := f.Event.(flows.Received)
		if !ok {
			continue
		}
		n++
		code := fmt.Sprint(got.Exchange.Response.Status)
		if doc, _, err := wire.ParseJSON([]byte(got.Exchange.Response.Body.Raw()), wire.Limits{}); err == nil && doc.Str("error") != "" {
			code = wire.Safe(doc.Str("error"))
		}
		line := fmt.Sprintf("%3d  %s  %s", n, f.At.Format(time.TimeOnly), code)
		b := k.text
		if code == "slow_down" {
			line, b = line+": 5 seconds more between two polls from now on", k.warn
		}
		list = append([]string{"  " + b.Put(cut(line, e.W-3))}, list...)
	}
	return append(out, list...)
}

// scan is the address as a QR code: the one with the code in it, else the plain one.
func scan(e pane.Env) []string {
	s := e.Snap.State
	address := s.Vars["verification_uri_complete"]
	if address == "" {
		address = s.Vars["verification_uri"]
	}
	return pane.Scannable(e.Styles, address.Raw(), e.W-40, e.H-1)
}

// withPicture puts a picture at the right of the lines.
func withPicture(e pane.Env, lines, picture []string) []string {
	if len(picture) == 0 {
		return lines
	}
	w := width(ansi.Strip(picture[0]))
	out := make([]string, max(len(lines), len(picture)+1))
	for i := range out {
		if i < len(lines) {
			out[i] = lines[i]
		}
		if n := i - 1; n >= 0 && n < len(picture) {
			out[i] = fit(pane.Cut(out[i], e.W-w-2), e.W-w-1) + picture[n]
		} else {
			out[i] = fit(out[i], e.W)
		}
	}
	return out
}
