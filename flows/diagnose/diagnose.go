// Package diagnose says why a run failed: it joins the problem, the requests
// that were really sent and the checks with the catalog. It is pure: it looks
// at a state and a catalog and asks nobody. One error name has many causes, so
// each rule says how sure it is and on what evidence.
package diagnose

import (
	"cmp"
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

	wide bool // it says no more than the error's name, so words of the server take its place
}

// Report is the answer to "why did this fail?".
type Report struct {
	Step     string // ID of the step that failed
	Title    string
	Heard    string // who spoke: "It said" for the server, "authdance found" for a check of our own
	Said     string // what was said, shortened
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
	sc := scene{State: s, problem: *p}
	r := Report{Step: p.Step}
	r.Heard, r.Said = sc.said()
	if i := s.Grant.Index(p.Step); i >= 0 {
		r.Title = s.Grant.Steps[i].Title
	}
	r.Page, r.Means = general(c, sc)
	refuted := map[string]Evidence{}
	for _, rule := range rules() {
		if !rule.when(sc) {
			continue
		}
		f := rule.look(sc)
		if f.ruledOut != "" {
			against := Evidence{Mark: Against, Text: f.ruledOut, Step: f.step}
			r.RuledOut = append(r.RuledOut, against)
			refuted[rule.page] = against
		}
		if f.confidence == "" {
			continue
		}
		id := cmp.Or(f.page, rule.page, r.Page, p.Code)
		r.Causes = append(r.Causes, Cause{ID: id, Title: title(c, id), Confidence: f.confidence, Sentence: f.sentence, Evidence: append(f.evidence, sc.edits(f.params...)...), wide: f.wide})
	}
	r.Causes = sc.withHeard(r.Causes, c, refuted)
	slices.SortStableFunc(r.Causes, func(a, b Cause) int { return rankOf(a.Confidence) - rankOf(b.Confidence) })
	if len(r.Causes) == 0 {
		id := cmp.Or(r.Page, p.Code)
		r.Causes = []Cause{{ID: id, Title: title(c, id), Confidence: Open, Sentence: "Nothing in this run proves the cause. The page lists what is behind this error most often."}}
	}
	if r.Causes[0].Confidence == Certain {
		n := slices.IndexFunc(r.Causes, func(c Cause) bool { return c.Confidence != Certain })
		if n >= 0 {
			r.Causes = r.Causes[:n]
		}
	} else {
		r.Causes[0] = sc.ownChange(r.Causes[0])
	}
	best := r.Causes[0]
	if page, ok := find(c, best.ID); ok && (best.Confidence == Certain || best.Confidence == Likely) {
		r.Means = sentence(page)
	}
	if strings.Contains(best.Sentence, r.Means) {
		r.Means = ""
	}
	return r
}

// ownChange turns an uncertain cause into "your own change", when a request
// that was changed by hand is the one that was refused.
func (s scene) ownChange(c Cause) Cause {
	changed := s.edits()
	last := s.Grant.Index(s.blamed())
	var refused []Evidence
	for _, e := range changed {
		if s.Grant.Index(e.Step) == last {
			refused = append(refused, e)
		}
	}
	switch {
	case len(refused) > 0:
		c.Confidence, changed = Likely, refused
		c.Sentence = strings.TrimSpace("Most likely your own change: " + named(s.State, refused) + ". " + known(c.Sentence))
	case len(changed) > 0 && c.Confidence == Open:
		c.Confidence = Possible
		c.Sentence = "It may be your own change: " + named(s.State, changed) + "."
	}
	for _, e := range changed {
		if !slices.Contains(c.Evidence, e) {
			c.Evidence = append(c.Evidence, e)
		}
	}
	return c
}

// known drops the sentence that says that nothing is known.
func known(sentence string) string {
	if strings.HasPrefix(sentence, "Nothing in this run") {
		return ""
	}
	return sentence
}

// named lists what was changed, with the step: "scope (step 3)".
func named(s flows.State, changed []Evidence) string {
	var names []string
	for _, e := range changed {
		if n := e.Param; !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ") + " (" + stepName(s, changed[0].Step) + ")"
}

// general is the page and the meaning of the problem as such. What our own
// code says of itself depends on where it was said, so some have a page of
// their own here.
func general(c *catalog.Catalog, s scene) (page, means string) {
	p := s.problem
	own := map[string]string{
		"browser_error_page": "oauth/authorization_error_page", "unsupported_grant_type": "oauth/unsupported_grant_type",
		"jwks_invalid": "jwks", "missing_value": "authdance/missing_value", "cancelled": "authdance/cancelled",
	}[p.Code]
	switch {
	case p.Step == "callback" && p.Code == "nonstandard_answer":
		own = "authorization-code"
	case (p.Step == "api" || p.Step == "userinfo") && p.Code == "http_401":
		own = "api-401-invalid-token"
	case p.Code == "metadata_invalid" && p.HTTPStatus != 200:
		own = "discovery"
		if p.HTTPStatus == 404 {
			own = "discovery-not-found"
		}
	}
	if found, ok := find(c, own); ok {
		return found.ID, sentence(found)
	}
	if c != nil {
		if found, ok := c.Explain("", p.Code, p.Code, p.Step); ok && !elsewhere(found, p.Step) {
			return found.ID, sentence(found)
		}
	}
	return own, ""
}

// elsewhere reports the page of one registry value that only another endpoint
// returns: the same word means something else here.
func elsewhere(p catalog.Page, step string) bool {
	if p.Kind != catalog.KindCode || p.Provider != catalog.Registry || len(p.Codes) == 0 {
		return false
	}
	return !slices.ContainsFunc(p.Codes, func(c catalog.Code) bool {
		return c.Step() == step || step == "callback" && c.Step() == "authorize"
	})
}

func find(c *catalog.Catalog, id string) (catalog.Page, bool) {
	if c == nil || id == "" {
		return catalog.Page{}, false
	}
	return c.Page(id)
}

func title(c *catalog.Catalog, id string) string {
	if p, ok := find(c, id); ok {
		return p.Title
	}
	return wire.Safe(id) // a code that no page knows is the server's own text
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
