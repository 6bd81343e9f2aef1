package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/diagnose"
	"authdance/flows/exec"
	"authdance/flows/record"
	"authdance/flows/wire"
	"authdance/ui/pane"
)

// narrator prints a run for people: one line for each step as it ends, then
// the tokens or the reason.
type narrator struct {
	c       *console
	shown   *record.Redactor
	target  *target
	s       flows.State
	printed int // steps that have their line
}

// entry prints what a fact brought. The redactor has learned the fact already.
func (n *narrator) entry(en flows.Entry) {
	n.s, _ = flows.Apply(n.s, en)
	if _, first := en.Event.(flows.Started); first {
		to := n.s.Vars["issuer"]
		if to == "" {
			to = wire.Untrusted(n.target.host())
		}
		n.line("%s  %s", n.c.styles.Title.Render(n.s.Grant.Title), n.c.styles.Muted.Render(n.s.Profile.Name+" ("+n.s.Profile.Class+")  "+to.Safe()))
	}
	n.poll(en)
	for ; n.printed < n.s.Step; n.printed++ {
		n.step(n.printed)
	}
	if over(n.s) && n.printed == n.s.Step && n.printed < len(n.s.Grant.Steps) {
		n.step(n.printed)
		n.printed++
	}
}

// poll tells of an answer after which the server is asked again.
func (n *narrator) poll(en flows.Entry) {
	got, ok := en.Event.(flows.Received)
	wait, again := n.s.Pending.(flows.Wait)
	if !ok || !again {
		return
	}
	code := strconv.Itoa(got.Exchange.Response.Status)
	if doc, _, err := wire.ParseJSON([]byte(got.Exchange.Response.Body.Raw()), wire.Limits{}); err == nil && doc.Str("error") != "" {
		code = doc.Str("error")
	}
	left := ""
	if end := n.s.Deadline(); !end.IsZero() {
		left = ", the code lives " + end.Sub(en.At).Round(time.Second).String() + " more"
	}
	n.line("     %s %s, asking again in %s%s", n.c.styles.Sym.Dot, wire.Safe(n.shown.Text(code)), wait.For, left)
}

func over(s flows.State) bool { return s.Status == flows.Failed || s.Status == flows.Stopped }

// line is left out with --quiet.
func (n *narrator) line(format string, a ...any) {
	if !n.c.quiet {
		n.c.printf(format, a...)
	}
}

func (n *narrator) step(i int) {
	st, r := n.s.Grant.Steps[i], n.s.Results[i]
	status := n.s.StatusOf(i)
	note := took(r.Took())
	if r.Skipped != "" {
		note = "skipped: " + r.Skipped
	} else if res := answerOf(r); res != "" {
		note += "  " + res
	}
	if len(r.Edits) > 0 {
		note += "  " + n.c.styles.Edited.Render(n.c.styles.Sym.EditedTag)
	}
	n.line("%s %s %s %s  %s", n.c.sign(string(status)), n.c.styles.Muted.Render(fmt.Sprintf("%2d", i+1)), padded(st.ID, 10), pane.Fit(st.Title, 30), strings.TrimSpace(note))
	for _, c := range n.shown.Checks(r.Checks) {
		if c.Status == wire.Warn || c.Status == wire.Fail {
			n.wrapped("     "+n.c.sign(string(c.Status))+" ", c.ID+": "+c.Message)
		}
	}
}

// answerOf is the status of the step's last answer.
func answerOf(r flows.Result) string {
	if _, sent := r.Effect.(flows.Send); !sent {
		return ""
	}
	all := r.Exchanges()
	if len(all) == 0 {
		return ""
	}
	return strconv.Itoa(all[len(all)-1].Response.Status)
}

// wrapped prints a text behind a lead, later lines indented alike.
func (n *narrator) wrapped(lead, text string) {
	n.c.wrapped(n.line, lead, text)
}

// wrapped breaks a text for the terminal; what goes to a file or a program
// stays one line, so that it can be searched.
func (c *console) wrapped(line func(string, ...any), lead, text string) {
	if !c.outTTY {
		line("%s%s", lead, text)
		return
	}
	indent := ansi.StringWidth(lead)
	for i, l := range pane.Wrap(text, max(min(c.columns(), 100)-indent, 30)) {
		if i > 0 {
			lead = strings.Repeat(" ", indent)
		}
		line("%s%s", lead, l)
	}
}

func (n *narrator) end(s flows.State) error {
	n.line("")
	for _, id := range unused(s) {
		n.c.warn("the change of step %s was not used: the run did not send its message", id)
	}
	if s.Problem != nil {
		return n.failure(s)
	}
	st := n.c.styles
	said := "DONE"
	if who := s.Vars["signed_in_as"]; who != "" {
		said += ": signed in as " + wire.Safe(n.shown.Text(who.Raw()))
	}
	n.c.printf("%s %s", n.c.sign("ok"), st.OK.Render(said))
	for _, name := range []string{"access_token", "id_token", "refresh_token"} {
		if v := s.Vars[name]; v != "" && s.Born[name] != "" {
			n.line("  %s %s  %s", padded(name, 14), st.Secret.Render(n.token(v)), st.Muted.Render(n.shown.Text(aboutToken(s, name))))
		}
	}
	n.answers(s)
	count := map[wire.Status]int{}
	for _, c := range s.Checks() {
		count[c.Status]++
	}
	if len(s.Checks()) > 0 {
		text := fmt.Sprintf("%d passed", count[wire.Pass])
		for _, kind := range []struct {
			status wire.Status
			word   string
		}{{wire.Warn, "with a warning"}, {wire.Unknown, "could not be made"}, {wire.NA, "do not apply here"}} {
			if count[kind.status] > 0 {
				text += fmt.Sprintf(", %d %s", count[kind.status], kind.word)
			}
		}
		n.line("  %s %s", padded("checks", 14), text)
	}
	return nil
}

// answers are what the flow was run for: the API's answer, or what one
// operation alone brought.
func (n *narrator) answers(s flows.State) {
	show := map[string]string{"api_answer": "API answer"}
	if s.Spec.Grant == "userinfo" {
		show["userinfo"] = "userinfo"
	}
	if s.Spec.Grant == "discovery" {
		for name, step := range s.Born {
			if step == "discovery" && (strings.HasSuffix(name, "_endpoint") || name == "jwks_uri") {
				show[name] = name
			}
		}
	}
	width := 14
	for _, title := range show {
		width = max(width, len(title))
	}
	for _, name := range slices.Sorted(maps.Keys(show)) {
		if v := s.Vars[name]; v != "" {
			n.wrapped("  "+padded(show[name], width)+" ", strings.Join(wire.Untrusted(n.shown.Text(v.Raw())).Lines(), " "))
		}
	}
}

func (n *narrator) token(v wire.Untrusted) string {
	if n.shown == nil {
		return v.Safe()
	}
	return wire.Mask(v.Raw())
}

// aboutToken says what is known of a token, without decoding it.
func aboutToken(s flows.State, name string) string {
	if name != "access_token" {
		return ""
	}
	parts := []string{}
	if kind := s.Vars["token_type"]; kind != "" {
		parts = append(parts, kind.Safe())
	}
	if d, err := time.ParseDuration(s.Vars["expires_in"].Raw() + "s"); err == nil {
		parts = append(parts, "for "+d.String())
	}
	if scope := s.Vars["granted_scope"]; scope != "" {
		parts = append(parts, "scope "+scope.Safe())
	}
	return strings.Join(parts, ", ")
}

// unused are the steps whose changes never went out.
func unused(s flows.State) []string {
	var ids []string
	for id := range s.Edits {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// serverView says in one line what the lab refused for, when the run went there.
func (n *narrator) serverView(s flows.State) {
	desk := labDesk{n.target.lab}
	views := desk.serverViews(s.Results[s.Step])
	if v, ok := desk.AnswerView(s.Results[s.Step].Message); ok && len(views) == 0 {
		views = append(views, v)
	}
	if len(views) == 0 {
		return
	}
	v := views[len(views)-1]
	text := "The server checked nothing"
	if passed := v.Count(pane.ServerPassed); passed > 0 {
		text = fmt.Sprintf("The server checked: %d passed", passed)
	}
	fault := ""
	for _, c := range v.Checks {
		if c.Fault != "" {
			fault = c.Fault
		}
	}
	bad, refused := v.Failed()
	switch {
	case refused:
		text += ", " + n.c.styles.Sym.Fail + " " + bad.ID
		if bad.Ref != "" {
			text += " (" + bad.Ref + ")"
		}
		if bad.Got != "" || bad.Want != "" {
			text += "; got " + orNothing(bad.Got) + ", want " + orNothing(bad.Want)
		}
	case fault == "":
		return // the server was content: this client refused its answer
	}
	if fault != "" {
		text += "; fault " + fault + " is on"
	}
	n.wrapped("  ", wire.Safe(n.shown.Text(text))+".")
}

// failure says what happened, why, and what to do next.
func (n *narrator) failure(s flows.State) error {
	book, err := n.c.book()
	if err != nil {
		return err
	}
	p, st := s.Problem, n.c.styles
	word := "FAILED"
	if s.Status == flows.Stopped {
		word = "STOPPED"
	}
	head := fmt.Sprintf("%s at step %d, %s: %s", word, s.Step+1, p.Step, wire.Safe(n.shown.Text(p.Code)))
	if p.HTTPStatus > 0 {
		head += fmt.Sprintf(" (HTTP %d)", p.HTTPStatus)
	}
	n.c.printf("%s %s", n.c.sign("fail"), st.Fail.Render(head))
	n.serverView(s)
	cause, ok := diagnose.Explain(s, book).Best()
	// A cause may only repeat the description; then it says it once.
	if p.Description != "" && !(ok && strings.Contains(cause.Sentence, p.Description.Safe())) {
		who := "  "
		if p.Kind == flows.OAuth && !slices.Contains(exec.Codes(), p.Code) {
			who = "  The server says: "
		}
		n.c.wrapped(n.c.printf, who, wire.Safe(n.shown.Text(p.Description.Raw())))
	}
	if !ok {
		return nil
	}
	n.wrapped("  Cause, "+string(cause.Confidence)+": ", n.shown.Text(cause.Sentence))
	for _, e := range cause.Evidence {
		sign := map[diagnose.Mark]string{diagnose.Fits: "ok", diagnose.Against: "fail", diagnose.Edited: "edited"}[e.Mark]
		lead := st.Sym.Dot
		if sign != "" {
			lead = n.c.sign(sign)
		}
		n.wrapped("    "+lead+" ", n.shown.Text(e.Text))
	}
	if _, found := book.Page(cause.ID); found && s.Status == flows.Failed {
		n.line("  %s authdance explain %s", st.Key.Render("NEXT:"), cause.ID)
	}
	return nil
}
