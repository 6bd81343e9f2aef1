package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"authdance/catalog"
	"authdance/flows"
	"authdance/flows/wire"
)

// nearly is the share of the best fit from which another page is worth naming.
const nearly = 0.8

// heard are the causes that the server names itself, by a code of its own or in
// words. They are likely and never certain: a server may be wrong about itself,
// and its words may mean something else.
func (s scene) heard(c *catalog.Catalog) []Cause {
	words := s.words()
	if c == nil || words == "" || s.problem.Kind != flows.OAuth && s.problem.Code != "browser_error_page" && s.problem.Code != "redirect_loop" {
		return nil
	}
	if s.problem.Step == "callback" && s.edited("callback", "error") {
		return nil
	}
	var out []Cause
	add := func(id string, sure Confidence, ev Evidence) {
		page, ok := c.Page(id)
		if !ok || slices.ContainsFunc(out, func(k Cause) bool { return k.ID == id }) {
			return
		}
		if len(out) > 0 {
			sure = Possible
		}
		out = append(out, Cause{ID: id, Title: page.Title, Confidence: sure, Sentence: sentence(page), Evidence: []Evidence{ev}})
	}
	for _, h := range c.Recognise(words) {
		row, is := c.Code(h.Provider, h.Code)
		if h.Kind != catalog.KindCode || h.Provider == catalog.Registry || h.Provider == catalog.Checks || !is || !strings.ContainsAny(h.Code, "0123456789") {
			continue
		}
		add(cmp.Or(row.Article, h.ID), Likely, Evidence{Mark: Fits, Text: "the server's own code, " + wire.Safe(h.Code) + ": " + row.Meaning, Step: s.problem.Step})
	}
	own := s.own()
	own.Mark = Fits
	hits := c.Heard(words, s.blamed())
	if len(hits) == 0 {
		hits = c.Heard(s.problem.Code+": "+words, s.blamed())
	}
	for _, h := range hits {
		if h.Score >= nearly*hits[0].Score {
			add(h.ID, Likely, own)
		}
	}
	return out[:min(len(out), 3)]
}

// withHeard joins what the rules found with what the server named. refuted are
// the pages that a test of the run speaks against.
func (s scene) withHeard(found []Cause, c *catalog.Catalog, refuted map[string]Evidence) []Cause {
	said := s.heard(c)
	for i := range said {
		if against, is := refuted[said[i].ID]; is {
			said[i].Sentence += " That is what the server says; what this run sent speaks against it, so look at what changes requests on the way."
			said[i].Evidence = append(said[i].Evidence, against)
		}
	}
	for _, f := range found {
		i := slices.IndexFunc(said, func(k Cause) bool { return k.ID == f.ID })
		switch {
		case i != 0 && f.wide && f.Confidence != Certain && len(said) > 0 && said[0].Confidence == Likely:
			said[0].Evidence = append(said[0].Evidence, slices.DeleteFunc(f.Evidence, words)...)
		case i < 0:
			said = append(said, f)
		case rankOf(f.Confidence) <= rankOf(said[i].Confidence):
			if !slices.ContainsFunc(f.Evidence, words) {
				f.Evidence = append(f.Evidence, said[i].Evidence...)
			}
			said[i] = f
		default:
			said[i].Evidence = append(said[i].Evidence, slices.DeleteFunc(f.Evidence, words)...)
		}
	}
	return said
}

// words tells evidence that only repeats what the server wrote.
func words(e Evidence) bool {
	return strings.HasPrefix(e.Text, "the server's own") || strings.HasPrefix(e.Text, "the page says")
}

func rankOf(c Confidence) int {
	return slices.Index([]Confidence{Certain, Likely, Possible, Open}, c)
}
