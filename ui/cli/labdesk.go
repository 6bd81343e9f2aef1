package cli

import (
	"net/url"
	"strings"

	"authdance/flows"
	"authdance/flows/lab"
	"authdance/ui/pane"
)

// labDesk is the lab as the screen and the documents see it.
type labDesk struct{ lab *lab.Lab }

// SigningKey implements pane.Lab.
func (d labDesk) SigningKey() string {
	if d.lab == nil {
		return ""
	}
	return string(d.lab.SigningKey())
}

// ServerView implements pane.Lab. The number of a request counts only in an
// answer of the lab itself: any server could send that header.
func (d labDesk) ServerView(x flows.Exchange) (pane.ServerView, bool) {
	if d.lab == nil || !d.owns(x.Request.URL.Raw()) {
		return pane.ServerView{}, false
	}
	for _, h := range x.Response.Header {
		if !strings.EqualFold(h.Name, lab.RequestHeader) {
			continue
		}
		v, ok := d.lab.View(h.Value.Raw())
		return shownView(v, ok)
	}
	return pane.ServerView{}, false
}

// AnswerView implements pane.Lab. The state is this run's own: nobody else
// could have guessed it.
func (d labDesk) AnswerView(r flows.Request) (pane.ServerView, bool) {
	if d.lab == nil {
		return pane.ServerView{}, false
	}
	for _, p := range append(append([]flows.Param{}, r.Query...), r.Form...) {
		if p.Name == "state" {
			v, ok := d.lab.ViewOfAnswer(p.Value.Raw())
			return shownView(v, ok)
		}
	}
	return pane.ServerView{}, false
}

func shownView(v lab.View, ok bool) (pane.ServerView, bool) {
	if !ok || len(v.Checks) == 0 {
		return pane.ServerView{}, false
	}
	out := pane.ServerView{Request: v.Method + " " + v.Path}
	for _, c := range v.Checks {
		out.Checks = append(out.Checks, pane.ServerCheck{ID: c.ID, Status: string(c.Status), Message: c.Message, Got: c.Got, Want: c.Want, Ref: c.Ref, Fault: c.Fault})
	}
	return out, true
}

func (d labDesk) owns(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return false
	}
	for _, own := range []string{d.lab.Issuer(), d.lab.API(), d.lab.MTLS()} {
		if hostOf(own) == u.Host {
			return true
		}
	}
	return false
}

// Faults implements pane.Lab.
func (d labDesk) Faults() (list []pane.Fault) {
	for _, f := range d.lab.Faults() {
		list = append(list, pane.Fault{Key: f.Key, Title: f.Title, Shows: f.Shows, Step: f.Step, On: f.On})
	}
	return list
}

// SetFault implements pane.Lab.
func (d labDesk) SetFault(key string, on bool) error { return d.lab.SetFault(key, on) }

// Dialects implements pane.Lab.
func (d labDesk) Dialects() (list []pane.Dialect) {
	t, err := d.lab.Tenant("default")
	for _, one := range lab.Dialects() {
		list = append(list, pane.Dialect{Name: one.Name, Product: one.Product, On: err == nil && one.Name == t.Dialect()})
	}
	return list
}

// SetDialect implements pane.Lab.
func (d labDesk) SetDialect(name string) error { return d.lab.SetDialect(name) }

// serverViews are the views of all exchanges of a step with the lab, in order,
// the browser's way back included.
func (d labDesk) serverViews(r flows.Result) (views []pane.ServerView) {
	add := func(v pane.ServerView, ok bool) {
		if ok {
			views = append(views, v)
		}
	}
	for _, f := range r.Facts {
		switch ev := f.Event.(type) {
		case flows.Received:
			add(d.ServerView(ev.Exchange))
		case flows.Observed:
			add(d.ServerView(ev.Exchange))
		case flows.Redirected:
			add(d.AnswerView(ev.Request))
		}
	}
	return views
}
