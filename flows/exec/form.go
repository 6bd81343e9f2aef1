package exec

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"authdance/flows"
	"authdance/flows/wire"
)

// maxPage is how much of a page is read, in bytes.
const maxPage = 512 << 10

// sheet is what the simulated browser sees of an HTML page.
type sheet struct {
	title, text string
	refresh     string // where a <meta http-equiv="refresh"> leads
	base        string // the href of <base>
	forms       []form
	frames      []string // what the page loads inside itself
}

type form struct {
	action, method string
	inputs         []input
}

// input is one control of a form: a field, or a button when kind is submit.
type input struct {
	kind, name, value string
	words             string // name, id, autocomplete and, of a button, its text: what it is about
}

// readPage reads a page tag by tag, in time linear in its length and without
// building a tree, so no nesting can hurt.
func readPage(body string) sheet {
	body = body[:min(len(body), maxPage)]
	r := reader{z: html.NewTokenizer(strings.NewReader(body))}
	for {
		switch r.z.Next() {
		case html.ErrorToken:
			r.endForm()
			r.page.title = squeezed(r.title.String())
			r.page.text = squeezed(r.text.String())
			return r.page
		case html.TextToken:
			r.words(string(r.z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			name, attrs := r.tag()
			r.open(name, attrs)
		case html.EndTagToken:
			name, _ := r.z.TagName()
			r.close(string(name))
		}
	}
}

type reader struct {
	z           *html.Tokenizer
	page        sheet
	title, text strings.Builder
	form        *form
	inside      string // the element whose text is not the page's: script, style, title, button, option …
}

func (r *reader) tag() (string, map[string]string) {
	name, more := r.z.TagName()
	attrs := map[string]string{}
	for more {
		var k, v []byte
		k, v, more = r.z.TagAttr()
		if _, twice := attrs[string(k)]; !twice {
			attrs[string(k)] = string(v)
		}
	}
	return string(name), attrs
}

func (r *reader) open(name string, a map[string]string) {
	switch name {
	case "script", "style", "title", "noscript":
		r.inside = name
	case "base":
		if r.page.base == "" {
			r.page.base = a["href"]
		}
	case "meta":
		if _, target, ok := strings.Cut(a["content"], "="); ok && strings.EqualFold(a["http-equiv"], "refresh") {
			r.page.refresh = strings.Trim(target, ` "'`)
		}
	case "iframe":
		if a["src"] != "" && len(r.page.frames) < maxHops {
			r.page.frames = append(r.page.frames, a["src"])
		}
	case "form":
		r.endForm()
		r.form = &form{action: a["action"], method: strings.ToUpper(a["method"])}
	case "input", "button", "textarea", "select":
		r.input(name, a)
	case "option":
		r.option(a)
	default:
		r.text.WriteByte(' ')
	}
}

func (r *reader) input(name string, a map[string]string) {
	if r.form == nil {
		return
	}
	in := input{kind: strings.ToLower(a["type"]), name: a["name"], value: a["value"], words: strings.ToLower(strings.Join([]string{a["name"], a["id"], a["autocomplete"]}, " "))}
	_, checked := a["checked"]
	_, disabled := a["disabled"]
	switch {
	case disabled:
		return
	case name == "button" && in.kind == "":
		in.kind = "submit"
	case name == "textarea", name == "select":
		in.kind = name
	case in.kind == "":
		in.kind = "text"
	}
	switch in.kind {
	case "checkbox", "radio":
		if !checked {
			return
		}
		if _, has := a["value"]; !has {
			in.value = "on"
		}
	case "reset", "file":
		return
	case "submit", "image", "button":
		if in.kind == "button" {
			return // does nothing without a script
		}
		in.kind = "submit"
		in.words += " " + strings.ToLower(in.value)
	}
	r.form.inputs = append(r.form.inputs, in)
	if name != "input" {
		r.inside = name
	}
}

func (r *reader) option(a map[string]string) {
	if r.form == nil || len(r.form.inputs) == 0 {
		return
	}
	last := &r.form.inputs[len(r.form.inputs)-1]
	_, chosen := a["selected"]
	if last.kind == "select" && (chosen || last.value == "") {
		last.value = a["value"]
	}
}

func (r *reader) words(s string) {
	switch r.inside {
	case "":
		r.text.WriteString(s)
	case "title":
		r.title.WriteString(s)
	case "button", "textarea":
		if r.form == nil || len(r.form.inputs) == 0 {
			return
		}
		last := &r.form.inputs[len(r.form.inputs)-1]
		if r.inside == "button" {
			last.words += " " + strings.ToLower(squeezed(s))
		} else {
			last.value += s
		}
	}
}

func (r *reader) close(name string) {
	if name == r.inside {
		r.inside = ""
	}
	if name == "form" {
		r.endForm()
	}
	r.text.WriteByte(' ')
}

func (r *reader) endForm() {
	if r.form != nil {
		r.page.forms = append(r.page.forms, *r.form)
		r.form = nil
	}
}

func squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }

// about says whether the input's words have one of the given in them.
func (in input) about(words ...string) bool {
	for _, w := range words {
		if strings.Contains(in.words, w) {
			return true
		}
	}
	return false
}

func (in input) isPassword() bool {
	return in.kind == "password" || in.kind == "text" && in.about("password")
}

func (in input) isText() bool { return in.kind == "text" || in.kind == "email" || in.kind == "tel" }

func (f form) find(is func(input) bool) int {
	for i, in := range f.inputs {
		if is(in) {
			return i
		}
	}
	return -1
}

// password and user are where the credentials go; -1 when the form has no such
// field. In a form with a password any text field before it will do for the name.
func (f form) password() int { return f.find(input.isPassword) }

// code is where a code goes that the person reads elsewhere: that of a device,
// or a second factor.
func (f form) code() int {
	return f.find(func(in input) bool { return in.isText() && in.about("user_code", "one-time-code", "otp") })
}

func (f form) user() int {
	i := f.find(func(in input) bool {
		return in.isText() && !in.isPassword() && in.about("user", "login", "email", "identifier") && !in.about("user_code")
	})
	if i < 0 && f.password() >= 0 {
		i = f.find(func(in input) bool { return in.isText() && !in.isPassword() })
	}
	return i
}

// decision finds the button that allows or denies. A form that only has one
// nameless button can be agreed to, not refused.
func (f form) decision(deny bool) int {
	yes, no := []string{"allow", "accept", "approve", "authorize", "consent", "grant", "confirm", "continue", "yes", "agree"},
		[]string{"deny", "denied", "reject", "decline", "cancel", "refuse", "disagree"}
	isNo := func(in input) bool { return in.kind == "submit" && (in.about(no...) || in.value == "no") }
	if deny {
		return f.find(isNo)
	}
	if i := f.find(func(in input) bool { return in.kind == "submit" && in.about(yes...) && !isNo(in) }); i >= 0 {
		return i
	}
	return f.find(func(in input) bool { return in.kind == "submit" && !isNo(in) })
}

// fields are what the form sends when button (an index, or -1) is pressed and
// some inputs are filled in.
func (f form) fields(filled map[int]string, button int) []flows.Param {
	out := []flows.Param{}
	for i, in := range f.inputs {
		if in.name == "" || in.kind == "submit" && i != button {
			continue
		}
		value, has := filled[i]
		if !has {
			value = in.value
		}
		out = append(out, flows.Param{Name: in.name, Value: wire.Untrusted(value), Secret: flows.Sensitive(in.name) || in.isPassword()})
	}
	return out
}

// submit makes the request that sending the form makes. page is where the form
// stands.
func (f form) submit(page *url.URL, fields []flows.Param) (flows.Request, error) {
	to, err := page.Parse(f.action)
	if err != nil {
		return flows.Request{}, err
	}
	to.Fragment = ""
	if f.method == "POST" {
		return flows.Request{Method: "POST", URL: wire.Untrusted(to.String()), Form: fields}, nil
	}
	to.RawQuery = "" // a GET form replaces the query (HTML, form submission algorithm)
	return flows.Request{Method: "GET", URL: wire.Untrusted(to.String()), Query: fields}, nil
}
