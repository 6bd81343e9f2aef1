package flows

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"authdance/flows/wire"
)

// readable is the longest body, in bytes, that a label is made from.
const readable = 64 << 10

// answered says in a few words what an answer is: its error, its page, where it
// sends the browser, or what the step took from it.
func answered(res Response, took Vars) string {
	say := func(s string) string { return strings.TrimSpace(strconv.Itoa(res.Status) + " " + s) }
	if loc := res.Get("Location"); loc != "" {
		return say("→ " + pathOf(loc))
	}
	body := strings.TrimSpace(res.Body.Raw())
	if name := wholeBody(res.Body, took); name != "" && res.Status < 400 {
		return say(name)
	}
	if strings.HasPrefix(body, "{") && len(body) <= readable {
		if doc, _, err := wire.ParseJSON([]byte(body), wire.Limits{}); err == nil {
			if code := doc.Str("error"); code != "" {
				return say(wire.Safe(code))
			}
			if res.Status < 400 {
				return say(members(doc))
			}
		}
	}
	if title := PageTitle(res); title != "" {
		return say(title.Safe())
	}
	return say(http.StatusText(res.Status))
}

// wholeBody is the variable that keeps the body as it came.
func wholeBody(body wire.Untrusted, took Vars) string {
	for name, v := range took {
		if v == body && body != "" {
			return name
		}
	}
	return ""
}

// members names what an object holds: its credentials when there are any, else
// the first few members.
func members(doc wire.Value) string {
	var all, tokens []string
	for _, m := range doc.Members {
		if Sensitive(m.Name) {
			tokens = append(tokens, m.Name)
		}
		if all = append(all, wire.Untrusted(m.Name).Safe()); len(all) > 40 {
			break
		}
	}
	if len(tokens) > 0 {
		return strings.Join(tokens, ", ")
	}
	if len(all) > 4 {
		return strings.Join(all[:4], ", ") + ", …"
	}
	return strings.Join(all, ", ")
}

// PageTitle is the title of an HTML page, "" when there is none near its start.
func PageTitle(res Response) wire.Untrusted {
	if !strings.Contains(strings.ToLower(res.Get("Content-Type").Raw()), "html") {
		return ""
	}
	head := res.Body.Raw()
	head = head[:min(len(head), 4<<10)]
	_, rest, ok := cutFold(head, "<title")
	if !ok {
		return ""
	}
	_, rest, _ = strings.Cut(rest, ">")
	title, _, ok := cutFold(rest, "</title")
	if !ok {
		return ""
	}
	return wire.Untrusted(strings.Join(strings.Fields(title), " "))
}

// cutFold is strings.Cut for an ASCII separator in lower case, ignoring case.
func cutFold(s, sep string) (before, after string, ok bool) {
	for i := 0; i+len(sep) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(sep)], sep) {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}

// tally counts checks as a person would say it; "" when none applied.
func tally(checks []wire.Check) string {
	var passed, warned, failed int
	for _, c := range checks {
		switch c.Status {
		case wire.Pass:
			passed++
		case wire.Warn, wire.Unknown:
			warned++
		case wire.Fail:
			failed++
		}
	}
	var parts []string
	for _, c := range []struct {
		n         int
		one, many string
	}{{failed, "failed", "failed"}, {warned, "warning", "warnings"}, {passed, "passed", "passed"}} {
		switch {
		case c.n == 1:
			parts = append(parts, "1 "+c.one)
		case c.n > 1:
			parts = append(parts, strconv.Itoa(c.n)+" "+c.many)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "checks: " + strings.Join(parts, ", ")
}

// pathOf is where an address leads, without its query, which may hold a code.
func pathOf(u wire.Untrusted) string {
	if parsed, err := url.Parse(u.Raw()); err == nil && parsed.Path != "" {
		return wire.Safe(parsed.Path)
	}
	raw := u.Raw()
	if i := strings.IndexAny(raw, "?#"); i >= 0 {
		raw = raw[:i]
	}
	return wire.Safe(raw)
}

func safe(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = wire.Safe(s)
	}
	return out
}

func names(ps []Param) string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = wire.Safe(p.Name)
	}
	return strings.Join(out, ", ")
}

func used(r Request) []string {
	var out []string
	for _, list := range [][]Param{r.Query, r.Header, r.Form} {
		for _, p := range list {
			if p.Var != "" {
				out = append(out, p.Var)
			}
		}
	}
	return out
}
