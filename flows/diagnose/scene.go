package diagnose

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// scene is what rules look at.
type scene struct {
	flows.State
	problem flows.Problem
}

// sent is the last request of a step that really went out (or, for the
// callback, that came in).
func (s scene) sent(step string) (flows.Request, bool) {
	r := s.ResultOf(step)
	if m := flows.MessageOf(r.Effect); m.Method != "" {
		return m, true
	}
	return r.Message, r.Message.Method != ""
}

// blamed is the step whose message was refused: an error that the browser
// brought back is about the request that it was sent with.
func (s scene) blamed() string {
	if s.problem.Step == "callback" && s.problem.Kind == flows.OAuth && !s.edited("callback", "error") {
		return "authorize"
	}
	return s.problem.Step
}

// values are all values of that name in the step's request: form, query and headers.
func (s scene) values(step, name string) []wire.Untrusted {
	req, _ := s.sent(step)
	var out []wire.Untrusted
	for _, p := range append(slices.Clone(req.Form), req.Query...) {
		if p.Name == name {
			out = append(out, p.Value)
		}
	}
	for _, p := range req.Header {
		if strings.EqualFold(p.Name, name) {
			out = append(out, p.Value)
		}
	}
	return out
}

// once is the value that the step's request carries exactly once; ok is false
// when it carries none, an empty one, or several.
func (s scene) once(step, name string) (v wire.Untrusted, ok bool) {
	all := s.values(step, name)
	if len(all) != 1 || all[0] == "" {
		return "", false
	}
	return all[0], true
}

// first is the first value, or nothing.
func (s scene) first(step, name string) wire.Untrusted {
	if all := s.values(step, name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// twice names the first parameter that stands more than once in a request.
func twice(r flows.Request) string {
	seen := map[string]bool{}
	for _, p := range append(slices.Clone(r.Form), r.Query...) {
		if seen[p.Name] {
			return p.Name
		}
		seen[p.Name] = true
	}
	return ""
}

// edited reports whether the person changed this parameter of the step.
func (s scene) edited(step, name string) bool {
	return slices.ContainsFunc(s.ResultOf(step).Edits, func(e flows.Edit) bool { return strings.EqualFold(e.Name, name) })
}

// edits lists what the person changed in the steps that still count: the named
// parameters, or all.
func (s scene) edits(only ...string) []Evidence {
	var out []Evidence
	for i, st := range s.Grant.Steps {
		if i > s.Step {
			break
		}
		for _, e := range s.Results[i].Edits {
			if len(only) > 0 && !slices.Contains(only, e.Name) {
				continue
			}
			out = append(out, Evidence{Mark: Edited, Step: st.ID, Param: plain(e.Name),
				Text: fmt.Sprintf("%s was changed by hand in step %d of this run", plain(e.Name), i+1)})
		}
	}
	return out
}

// plain is the name of a parameter for people.
func plain(name string) string {
	switch name {
	case ":method":
		return "method"
	case ":url":
		return "address"
	case ":body":
		return "body"
	}
	return wire.Safe(name)
}

func stepName(s flows.State, id string) string {
	return fmt.Sprintf("step %d", s.Grant.Index(id)+1)
}

// show masks a sensitive value and says so when there is none.
func show(name string, v wire.Untrusted) string {
	if v == "" {
		return "nothing"
	}
	if flows.Sensitive(name) {
		return wire.Mask(v.Raw())
	}
	return v.Safe()
}

// says reports whether the server's own text has one of the words.
func (s scene) says(any ...string) bool {
	text := strings.ToLower(s.words())
	return slices.ContainsFunc(any, func(w string) bool { return strings.Contains(text, w) })
}

// words is what the server wrote about its refusal: its description, or the
// page that it showed, or what stands in the body of an answer without a code.
func (s scene) words() string {
	switch {
	case s.problem.Code == "browser_error_page", s.problem.Code == "redirect_loop":
		return s.pageWords()
	case bareStatus(s.problem.Code):
		if text := s.bodyWords(); text != "" {
			return text
		}
	}
	return s.problem.Description.Raw()
}

// bareStatus is the code of an answer that named none: "http_401".
func bareStatus(code string) bool { return strings.HasPrefix(code, "http_") }

// bodyWords reads the description of an answer without an error code.
func (s scene) bodyWords() string {
	all := s.ResultOf(s.problem.Step).Exchanges()
	if len(all) == 0 {
		return ""
	}
	doc, _, err := wire.ParseJSON([]byte(all[len(all)-1].Response.Body.Raw()), wire.Limits{})
	if err != nil {
		return ""
	}
	for _, name := range []string{"error_description", "message", "detail", "title"} {
		if text := doc.Str(name); text != "" {
			return text
		}
	}
	return ""
}

// said is what was heard about the problem, and from whom.
func (s scene) said() (heard, said string) {
	p := s.problem
	var parts []string
	quote := func(text string) {
		if text != "" {
			parts = append(parts, "“"+short(wire.Safe(text), 240)+"”")
		}
	}
	switch {
	case p.Code == "browser_error_page" && s.pageSpoke():
		parts = append(parts, "a page in place of an answer:")
		quote(s.pageWords())
		if code := s.pageCode(); code != "" && !strings.Contains(s.pageWords(), code) {
			parts = append(parts, "("+code+")")
		}
		return "It said", strings.Join(parts, " ")
	case p.Kind == flows.OAuth && bareStatus(p.Code):
		parts = append(parts, fmt.Sprint(p.HTTPStatus))
		quote(cmp.Or(s.words(), http.StatusText(p.HTTPStatus)))
		return "It said", strings.Join(parts, " ")
	case p.Kind == flows.OAuth && p.Code != "browser_error_page":
		heard = "It said"
		if s.problem.Step == "callback" && s.edited("callback", "error") {
			heard = "The changed answer said"
		}
	default:
		heard = "authdance found"
	}
	if p.HTTPStatus > 0 {
		parts = append(parts, fmt.Sprint(p.HTTPStatus))
	}
	parts = append(parts, wire.Safe(p.Code))
	if !(p.Code == "nonce_missing" && s.noNonceSent()) { // the check's text takes for granted that one was sent
		quote(p.Description.Raw())
	}
	return heard, strings.Join(parts, " ")
}

// short cuts a text at a word, in runes.
func short(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	cut := string(r[:most])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		cut = cut[:i]
	}
	return cut + " …"
}
