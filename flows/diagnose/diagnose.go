// Package diagnose says why a run failed: it joins the problem, the requests
// that were really sent and the checks with the catalog. It is pure: it looks
// at a state and a catalog and asks nobody. One error name has many causes, so
// each rule says how sure it is and on what evidence.
package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"authdance/catalog"
	"authdance/flows"
	"authdance/flows/wire"
)

// Confidence is how sure a cause is, in words, never in percent.
type Confidence string

// Certain: the run proves it. Likely: it fits and the others are ruled out.
// Possible: several fit. Open: nothing in the run speaks for or against.
const (
	Certain  Confidence = "certain"
	Likely   Confidence = "likely"
	Possible Confidence = "possible"
	Open     Confidence = "unknown"
)

// Mark says what a piece of evidence does for a cause.
type Mark string

// The marks of evidence.
const (
	Fits    Mark = "fits"
	Against Mark = "against"
	Edited  Mark = "edited"
	Neutral Mark = "neutral"
)

// Evidence is one fact of the run, as display text, with the step it came from.
type Evidence struct {
	Mark  Mark   `json:"mark"`
	Text  string `json:"text"`
	Step  string `json:"step,omitempty"`
	Param string `json:"param,omitempty"`
}

// Cause is one possible reason. ID is the catalog page that explains it.
type Cause struct {
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	Confidence Confidence `json:"confidence"`
	Sentence   string     `json:"sentence"`
	Evidence   []Evidence `json:"evidence"`
}

// Report is the answer to "why did this fail?".
type Report struct {
	Step     string // ID of the step that failed
	Title    string
	Said     string // what the server (or this program) said
	Means    string // what that means, one sentence
	Causes   []Cause
	RuledOut []Evidence
	Page     string // catalog page of the problem itself
}

// Best is the surest cause.
func (r Report) Best() (Cause, bool) {
	if len(r.Causes) == 0 {
		return Cause{}, false
	}
	return r.Causes[0], true
}

// Explain finds the causes of the run's problem, the surest first. The zero
// Report says that nothing failed. c may be nil: then titles are page IDs.
func Explain(s flows.State, c *catalog.Catalog) Report {
	p := s.Problem
	if p == nil {
		return Report{}
	}
	r := Report{Step: p.Step, Said: said(p)}
	if i := s.Grant.Index(p.Step); i >= 0 {
		r.Title = s.Grant.Steps[i].Title
	}
	if c != nil {
		if page, ok := c.Explain("", p.Code, p.Code, p.Step); ok {
			r.Page, r.Means = page.ID, sentence(page)
		}
	}
	sc := scene{State: s, problem: *p}
	for _, rule := range rules() {
		if !rule.when(sc) {
			continue
		}
		f := rule.look(sc)
		if f.ruledOut != "" {
			r.RuledOut = append(r.RuledOut, Evidence{Mark: Against, Text: f.ruledOut, Step: f.step})
			continue
		}
		if f.confidence == "" {
			continue
		}
		cause := Cause{ID: rule.page, Title: title(c, rule.page), Confidence: f.confidence, Sentence: f.sentence, Evidence: append(f.evidence, sc.edits(f.params...)...)}
		r.Causes = append(r.Causes, cause)
	}
	rank := map[Confidence]int{Certain: 0, Likely: 1, Possible: 2, Open: 3}
	slices.SortStableFunc(r.Causes, func(a, b Cause) int { return rank[a.Confidence] - rank[b.Confidence] })
	if len(r.Causes) == 0 {
		id := cmp.Or(r.Page, p.Code)
		r.Causes = []Cause{{ID: id, Title: title(c, id), Confidence: Open, Sentence: "Nothing in this run proves the cause. The page lists what is behind this error most often.", Evidence: sc.edits()}}
	}
	if r.Causes[0].Confidence == Certain {
		r.Causes = r.Causes[:countCertain(r.Causes)]
	}
	return r
}

func countCertain(cs []Cause) int {
	n := 0
	for n < len(cs) && cs[n].Confidence == Certain {
		n++
	}
	return n
}

func said(p *flows.Problem) string {
	var parts []string
	if p.HTTPStatus > 0 {
		parts = append(parts, fmt.Sprint(p.HTTPStatus))
	}
	parts = append(parts, wire.Safe(p.Code))
	if p.Description != "" {
		parts = append(parts, "“"+p.Description.Safe()+"”")
	}
	return strings.Join(parts, " ")
}

func title(c *catalog.Catalog, id string) string {
	if c != nil {
		if p, ok := c.Page(id); ok {
			return p.Title
		}
	}
	return id
}

// sentence is the first sentence of a page: its "In one sentence" part, or the
// meaning of its code.
func sentence(p catalog.Page) string {
	if len(p.Codes) > 0 && p.Codes[0].Meaning != "" {
		return p.Codes[0].Meaning
	}
	_, rest, ok := strings.Cut(p.Markdown(), "In one sentence")
	if !ok {
		return ""
	}
	for part := range strings.SplitSeq(rest, "\n\n") {
		if text := strings.TrimSpace(part); text != "" && !strings.HasPrefix(text, "#") {
			return strings.Join(strings.Fields(text), " ")
		}
	}
	return ""
}

// scene is what rules look at.
type scene struct {
	flows.State
	problem flows.Problem
}

// sent is the last request of a step that really went out (or, for the
// callback, that came in).
func (s scene) sent(step string) (flows.Request, bool) {
	r := s.ResultOf(step)
	switch fx := r.Effect.(type) {
	case flows.Send:
		return fx.Request, true
	case flows.Browse:
		return fx.Request, true
	}
	return r.Message, r.Message.Method != ""
}

func (s scene) value(step, name string) wire.Untrusted {
	req, _ := s.sent(step)
	p, _ := req.Find(name)
	return p.Value
}

// edited reports whether the person changed this parameter of the step.
func (s scene) edited(step, name string) bool {
	return slices.ContainsFunc(s.ResultOf(step).Edits, func(e flows.Edit) bool { return e.Name == name })
}

// edits lists what the person changed in this run: the named parameters, or all.
func (s scene) edits(only ...string) []Evidence {
	var out []Evidence
	for i, st := range s.Grant.Steps {
		for _, e := range s.Results[i].Edits {
			if len(only) > 0 && !slices.Contains(only, e.Name) {
				continue
			}
			out = append(out, Evidence{Mark: Edited, Step: st.ID, Param: wire.Safe(e.Name),
				Text: fmt.Sprintf("%s was changed by hand in step %d of this run", wire.Safe(e.Name), i+1)})
		}
	}
	return out
}

// show masks a sensitive value and shortens the others.
func show(name string, v wire.Untrusted) string {
	if v == "" {
		return "(nothing)"
	}
	if flows.Sensitive(name) {
		return wire.Mask(v.Raw())
	}
	return v.Safe()
}

// says reports whether the server's own text has one of the words.
func (s scene) says(any ...string) bool {
	text := strings.ToLower(s.problem.Description.Raw())
	return slices.ContainsFunc(any, func(w string) bool { return strings.Contains(text, w) })
}
