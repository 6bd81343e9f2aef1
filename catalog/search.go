package catalog

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// Search finds the best pages for a query, best first, at most limit (0: all).
// The last word counts as unfinished, so that results come while typing. A
// query that is a code, a name or an id puts that page first.
func (ix *Index) Search(query string, limit int) []Hit {
	terms := ix.terms(query)
	s := search{ix: ix, pages: make([]scored, len(ix.c.pages)), best: make([]float64, len(ix.c.pages))}
	var meant []string
	for n, t := range terms {
		meant = append(meant, s.term(t, n == len(terms)-1, n)...)
	}
	for _, page := range s.found {
		r := &s.pages[page]
		// Pages that have more of the words win over pages that repeat one.
		share := float64(bits.OnesCount64(r.seen)) / float64(len(terms))
		r.score *= share * share * ix.c.pages[page].kindBoost()
	}
	whole := strings.ToLower(strings.TrimSpace(query))
	s.raiseNames(whole)
	if len(terms) == 1 {
		for _, w := range meant {
			s.raiseNames(w)
		}
	}
	s.putFirst(strings.TrimSpace(query), whole)
	return s.hits(limit)
}

// Find is for a text that may be anything: typed words, or a pasted error. What
// is recognised in it comes first, then the pages that its words find; at most
// limit (0: all).
func (ix *Index) Find(text string, limit int) []Hit {
	hits := ix.c.Recognise(text)
	if limit > 0 && len(hits) >= limit {
		return hits[:limit]
	}
	for _, h := range ix.Search(text[:min(len(text), 2000)], limit) {
		if !slices.ContainsFunc(hits, func(k Hit) bool { return k.ID == h.ID }) {
			hits = append(hits, h)
		}
	}
	if limit > 0 && len(hits) > limit {
		hits = hits[:limit]
	}
	return hits
}

// search is the work on one query. The slices have a place for every page.
type search struct {
	ix    *Index
	pages []scored
	best  []float64 // of the word in hand
	found []int32   // pages with a score
}

// scored gathers one page's score over the words of a query.
type scored struct {
	score float64
	seen  uint64 // bit per word of the query
	in    uint8  // bit per field
}

func (s *scored) fields() []string {
	var names []string
	for f := range fields {
		if s.in&(1<<f) != 0 {
			names = append(names, fieldName(f))
		}
	}
	return names
}

// term adds one query word: the word itself, longer words that begin with it,
// and, when neither is known, words spelled almost like it; those it returns.
func (s *search) term(term string, unfinished bool, n int) (meant []string) {
	ix := s.ix
	var touched []int32
	bit := uint64(1) << min(n, 63)
	take := func(word int, closeness float64) {
		list := ix.postings[word]
		idf := math.Log(1 + (float64(len(ix.c.pages))-float64(len(list))+0.5)/(float64(len(list))+0.5))
		for _, p := range list {
			r := &s.pages[p.page]
			if r.seen == 0 {
				s.found = append(s.found, p.page)
			}
			if r.seen&bit == 0 {
				r.seen |= bit
				touched = append(touched, p.page)
			}
			r.in |= p.in
			w := float64(p.weight)
			s.best[p.page] = max(s.best[p.page], closeness*idf*w*(bm25K+1)/(w+ix.norm[p.page]))
		}
	}
	at, known := slices.BinarySearch(ix.words, term)
	if known {
		take(at, 1)
	}
	any := known
	if unfinished || !known {
		for i := at; i < len(ix.words) && strings.HasPrefix(ix.words[i], term); i++ {
			if ix.words[i] != term {
				// The nearer the word is to being finished, the surer.
				take(i, 0.4+0.4*float64(len(term))/float64(len(ix.words[i])))
				any = true
			}
		}
	}
	if !any {
		ix.almost(term, func(word int, closeness float64) {
			meant = append(meant, ix.words[word])
			take(word, closeness)
		})
	}
	for _, page := range touched {
		s.pages[page].score += s.best[page]
		s.best[page] = 0
	}
	return meant
}

// raiseNames prefers codes and names that begin with all that was typed: the
// fewer letters are missing, the more.
func (s *search) raiseNames(typed string) {
	if len(typed) < 3 {
		return
	}
	more := map[int]float64{}
	at, _ := s.ix.named(typed)
	for _, n := range s.ix.names[at:] {
		if !strings.HasPrefix(n.spelling, typed) {
			break
		}
		share := float64(len(typed)) / float64(len(n.spelling))
		more[n.page] = max(more[n.page], 1+2*share*share*share)
	}
	for page, f := range more {
		s.pages[page].score *= f
	}
}

// putFirst gives the page that the query names the highest score. Ids may
// differ in the case of their letters only.
func (s *search) putFirst(query, lower string) {
	page, ok := s.ix.c.byID[query]
	if !ok {
		at, known := s.ix.named(lower)
		if !known {
			return
		}
		page = s.ix.names[at].page
	}
	r := &s.pages[page]
	if r.seen == 0 {
		s.found = append(s.found, int32(page))
	}
	r.score, r.in = math.MaxFloat64, r.in|1<<inCode
}

// hits are the best pages, at most limit (0: all).
func (s *search) hits(limit int) []Hit {
	slices.SortFunc(s.found, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.pages[b].score, s.pages[a].score), cmp.Compare(s.ix.c.pages[a].ID, s.ix.c.pages[b].ID))
	})
	if limit > 0 && len(s.found) > limit {
		s.found = s.found[:limit]
	}
	hits := make([]Hit, len(s.found))
	for i, page := range s.found {
		r := &s.pages[page]
		hits[i] = hit(&s.ix.c.pages[page], r.score, r.fields()...)
	}
	return hits
}

// kindBoost prefers the page that explains over the row that names.
func (p *Page) kindBoost() float64 {
	switch p.Kind {
	case KindArticle:
		return 1.6
	case KindConcept:
		return 1.4
	}
	if p.Provider == Registry {
		return 1.4
	}
	return 1
}

// almost takes the words within the allowed distance: one slip in words of
// four letters or more, two in words of eight or more.
func (ix *Index) almost(term string, take func(word int, closeness float64)) {
	allowed := 0
	if len(term) >= 4 {
		allowed = 1
	}
	if len(term) >= 8 {
		allowed = 2
	}
	if allowed == 0 || len(term) > maxTypo {
		return
	}
	mask := letters(term)
	for i, w := range ix.words {
		if diff := len(w) - len(term); diff > allowed || -diff > allowed || differ(mask, ix.masks[i]) > 2*allowed {
			continue
		}
		if d := distance(term, w, allowed); d <= allowed {
			take(i, 0.6/float64(d))
		}
	}
}
