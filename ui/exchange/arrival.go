package exchange

import (
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// roomForArrival is the height from which on the step before gets a line.
const roomForArrival = 14

// arrival is one line about the step that ran just before the next one: the
// pane goes on to what is sent next, and without it nobody would see the tokens
// come in. "" when there is no such step, or a guess about it is answered here.
func (k look) arrival(e pane.Env) string {
	if e.H < roomForArrival || k.i != k.s.Step || !k.next() {
		return ""
	}
	if _, _, _, answered := k.before(); answered {
		return ""
	}
	i := k.i - 1
	for i >= 0 && k.s.Results[i].Skipped != "" {
		i--
	}
	if i < 0 || k.s.Results[i].Problem != nil || !k.s.Results[i].Ended.After(k.result.Ended) {
		return "" // it never ran, or this step ran after it
	}
	start := " " + e.Styles.OK.Render(e.Styles.Sym.OK) + " " + stepName(i) + ": " + ended(k.s.Grant.Steps[i], k.s.Results[i])
	names := births(k.s.Results[i].Set)
	got := ""
	if len(names) > 0 {
		got = ", got " + strings.Join(names, ", ")
	}
	tries := []string{start + got}
	if up := e.Keys.Key(keys.Up); up != "" {
		hint := func(text string) string { return " " + e.Styles.Hint.Render("("+up+" in "+text+")") }
		tries = []string{start + got + hint("the Flow pane shows it"), start + got + hint("Flow"), start + got}
	}
	for n := len(names) - 1; n > 0; n-- {
		tries = append(tries, start+", got "+strings.Join(names[:n], ", ")+" and "+strconv.Itoa(len(names)-n)+" more")
	}
	if len(names) > 0 {
		tries = append(tries, start+", got "+count(len(names), "value"))
	}
	for _, line := range tries {
		if ansi.StringWidth(line) <= e.W {
			return line
		}
	}
	return pane.Cut(start, e.W)
}

// ended is how a step that worked came to its end.
func ended(step flows.Step, r flows.Result) string {
	if _, browser := r.Effect.(flows.Browse); browser {
		return "the browser came back"
	}
	if step.In != nil {
		return "accepted"
	}
	status := 0
	for _, x := range r.Exchanges() {
		status = x.Response.Status
	}
	if status == 0 {
		return "done"
	}
	return strconv.Itoa(status)
}

// births are the names of the values that a step brought, the credentials
// first. Whole documents, what only describes a token and names of our own are
// left out: they are not what people wait for.
func births(set flows.Vars) []string {
	attendant := []string{"metadata", "jwks", "userinfo", "api_answer", "token_type", "expires_in", "granted_scope", "signed_in_as", "response_iss_advertised"}
	var secret, plain []string
	for name, val := range set {
		switch {
		case val == "" || slices.Contains(attendant, name):
		case flows.Sensitive(name):
			secret = append(secret, wire.Safe(name))
		default:
			plain = append(plain, wire.Safe(name))
		}
	}
	slices.Sort(secret)
	slices.Sort(plain)
	return append(secret, plain...)
}
