package catalog

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// The fields of a page and what a word in them is worth.
const (
	inCode = iota
	inTitle
	inAlso
	inText
	fields
)

func fieldName(f int) string { return [fields]string{"code", "title", "also", "text"}[f] }
func boost(f int) float64    { return [fields]float64{6, 4, 3, 1}[f] }

// BM25's usual constants, with a weaker length norm than usual: a long article
// is long because it explains much, not because it rambles.
const (
	bm25K = 1.2
	bm25B = 0.4
)

// Index is a small inverted index over the catalog. Build it after the first
// frame; it never changes, so searches may run side by side.
type Index struct {
	c        *Catalog
	words    []string // the vocabulary, sorted
	masks    []uint64 // which letters each word has, to skip most of the typo search
	postings [][]posting
	norm     []float64      // per page: the BM25 length norm
	exact    map[string]int // lower-case code, name or id → page
	names    []string       // the keys of exact, sorted
}

// posting says how much a word weighs on a page, and in which fields it stands.
type posting struct {
	page   int
	weight float64
	in     uint8 // bit per field
}

// NewIndex reads every page once.
func NewIndex(c *Catalog) *Index {
	ix := &Index{c: c, exact: map[string]int{}}
	byWord := map[string][]posting{}
	lengths := make([]float64, len(c.pages))
	total := 0.0
	named := map[string][]int{}
	for i, p := range c.pages {
		for f, text := range p.searchable() {
			worth := boost(f)
			if f == inTitle {
				// A title that is one word is all about that word.
				worth *= 0.6 + 1/float64(1+strings.Count(text, " "))
			}
			eachWord(text, func(w string) {
				lengths[i]++
				list := byWord[w]
				if n := len(list); n == 0 || list[n-1].page != i {
					list = append(list, posting{page: i})
				}
				last := &list[len(list)-1]
				last.weight += worth
				last.in |= 1 << f
				byWord[w] = list
			})
		}
		total += lengths[i]
		for _, n := range p.names() {
			named[n] = append(named[n], i)
		}
	}
	ix.addExact(named)
	mean := max(total/float64(max(len(c.pages), 1)), 1)
	for _, l := range lengths {
		ix.norm = append(ix.norm, bm25K*(1-bm25B+bm25B*l/mean))
	}
	for w := range byWord {
		ix.words = append(ix.words, w)
	}
	slices.Sort(ix.words)
	ix.names = slices.Sorted(maps.Keys(ix.exact))
	for _, w := range ix.words {
		ix.postings = append(ix.postings, byWord[w])
		ix.masks = append(ix.masks, letters(w))
	}
	return ix
}

// names are the spellings by which a page is meant and nothing else, in lower
// case.
func (p Page) names() []string {
	names := []string{p.ID}
	if p.Kind == KindCode {
		names = append(names, p.Codes[0].Code)
		if n, ok := strings.CutPrefix(p.Codes[0].Code, "AADSTS"); ok {
			names = append(names, n)
		}
	}
	if p.Kind == KindParameter || p.Kind == KindClaim {
		names = append(names, p.Title)
	}
	for i, n := range names {
		names[i] = strings.ToLower(n)
	}
	return slices.Compact(names)
}

// addExact decides which page a name means. An article wins over a code of the
// same name, the registry over products. What several products call by one name
// is best explained by the article that most of them share; without one the
// product with the most codes is the likeliest.
func (ix *Index) addExact(named map[string][]int) {
	codes := map[string]int{}
	for _, p := range ix.c.pages {
		codes[p.Provider]++
	}
	for n, pages := range named {
		best := slices.MinFunc(pages, func(a, b int) int {
			p, q := ix.c.pages[a], ix.c.pages[b]
			return cmp.Or(exactRank(p)-exactRank(q), codes[q.Provider]-codes[p.Provider], cmp.Compare(p.ID, q.ID))
		})
		if shared, ok := ix.sharedArticle(pages); ok && exactRank(ix.c.pages[best]) == rankProduct {
			best = shared
		}
		ix.exact[n] = best
	}
}

// sharedArticle is the article to which most of the pages lead, and at least two.
func (ix *Index) sharedArticle(pages []int) (int, bool) {
	votes := map[string]int{}
	most := ""
	for _, i := range pages {
		if a := ix.c.pages[i].Article; a != "" {
			votes[a]++
			if votes[a] > votes[most] {
				most = a
			}
		}
	}
	return ix.c.byID[most], votes[most] > 1
}

// rankProduct is the exactRank of a code of one product.
const rankProduct = 4

func exactRank(p Page) int {
	switch {
	case p.Kind == KindArticle || p.Kind == KindConcept:
		return 0
	case p.Provider == Registry:
		return 1
	case p.Kind == KindParameter:
		return 2
	case p.Kind == KindClaim:
		return 3
	}
	return rankProduct
}

// searchable gives the text of each field.
func (p Page) searchable() [fields]string {
	var f [fields]string
	f[inTitle] = p.Title
	f[inAlso] = strings.Join(p.Also, "\n") + "\n" + strings.Join(p.Tags, " ")
	// Without the provider: a search for `okta` is about Okta, not about a row.
	_, own, ok := strings.Cut(p.ID, "/")
	if !ok {
		own = p.ID
	}
	code := append([]string{own}, p.Errors...)
	var text strings.Builder
	text.WriteString(p.Provider + " " + proseOf(p.body))
	for _, c := range p.Causes {
		text.WriteString(" " + c.Text + " " + c.Confirm)
	}
	for _, c := range p.Codes {
		text.WriteString(" " + c.Meaning + " " + c.First)
	}
	for _, l := range p.dict.lines {
		text.WriteString(" " + l[1])
	}
	f[inCode] = strings.Join(slices.Concat(code, p.Checks, p.Lab.Scenarios), " ")
	f[inText] = text.String()
	return f
}

// Search finds the best pages for a query, best first, at most limit (0: all).
// The last word counts as unfinished, so that results come while typing. A
// query that is a code, a name or an id puts that page first.
func (ix *Index) Search(query string, limit int) []Hit {
	terms := ix.terms(query)
	scores := make(map[int]*scored)
	var meant []string
	for n, t := range terms {
		meant = append(meant, ix.scoreTerm(t, n == len(terms)-1, n, scores)...)
	}
	hits := make([]Hit, 0, len(scores))
	for page, s := range scores {
		p := ix.c.pages[page]
		// Pages that have more of the words win over pages that repeat one.
		share := float64(s.terms()) / float64(len(terms))
		hits = append(hits, hit(p, s.score*share*share*kindBoost(p), s.fields()...))
	}
	whole := strings.ToLower(strings.TrimSpace(query))
	ix.raiseNames(hits, whole)
	if len(terms) == 1 {
		for _, w := range meant {
			ix.raiseNames(hits, w)
		}
	}
	at, ok := ix.c.byID[strings.TrimSpace(query)] // ids may differ in case only
	if !ok {
		at, ok = ix.exact[whole]
	}
	if ok {
		hits = putFirst(hits, hit(ix.c.pages[at], math.MaxFloat64, "code"))
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	if limit > 0 && len(hits) > limit {
		hits = hits[:limit]
	}
	return hits
}

// raiseNames prefers codes and names that begin with all that was typed: the
// fewer letters are missing, the more.
func (ix *Index) raiseNames(hits []Hit, typed string) {
	if len(typed) < 3 {
		return
	}
	more := map[string]float64{}
	at, _ := slices.BinarySearch(ix.names, typed)
	for _, n := range ix.names[at:] {
		if !strings.HasPrefix(n, typed) {
			break
		}
		id := ix.c.pages[ix.exact[n]].ID
		share := float64(len(typed)) / float64(len(n))
		more[id] = max(more[id], 1+2*share*share*share)
	}
	for i, h := range hits {
		if f := more[h.ID]; f > 0 {
			hits[i].Score *= f
		}
	}
}

// kindBoost prefers the page that explains over the row that names.
func kindBoost(p Page) float64 {
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

func putFirst(hits []Hit, first Hit) []Hit {
	for i := range hits {
		if hits[i].ID == first.ID {
			hits[i].Score = first.Score
			return hits
		}
	}
	return append(hits, first)
}

// scored gathers one page's score over the words of a query.
type scored struct {
	score float64
	seen  uint64
	in    uint8
}

func (s *scored) terms() int {
	n := 0
	for b := s.seen; b != 0; b &= b - 1 {
		n++
	}
	return n
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

// scoreTerm adds one query word: the word itself, longer words that begin with
// it, and, when neither is known, words spelled almost like it; those it returns.
func (ix *Index) scoreTerm(term string, unfinished bool, n int, scores map[int]*scored) (meant []string) {
	best := map[int]float64{}
	in := map[int]uint8{}
	take := func(word int, closeness, idf float64) {
		for _, p := range ix.postings[word] {
			s := closeness * idf * p.weight * (bm25K + 1) / (p.weight + ix.norm[p.page])
			if s > best[p.page] {
				best[p.page] = s
			}
			in[p.page] |= p.in
		}
	}
	at, known := slices.BinarySearch(ix.words, term)
	if known {
		take(at, 1, ix.rarity(len(ix.postings[at])))
	}
	found := known
	if unfinished || !known {
		end, on := at, 0
		for ; end < len(ix.words) && strings.HasPrefix(ix.words[end], term); end++ {
			on += len(ix.postings[end])
		}
		// A beginning is as common as all that it may become: else the rarest
		// of those words would win.
		rarity := ix.rarity(on)
		for i := at; i < end; i++ {
			if ix.words[i] != term {
				// The nearer the word is to being finished, the surer.
				take(i, 0.4+0.4*float64(len(term))/float64(len(ix.words[i])), rarity)
				found = true
			}
		}
	}
	if !found {
		ix.almost(term, func(word int, closeness float64) {
			meant = append(meant, ix.words[word])
			take(word, closeness, ix.rarity(len(ix.postings[word])))
		})
	}
	for page, s := range best {
		if scores[page] == nil {
			scores[page] = &scored{}
		}
		scores[page].score += s
		scores[page].seen |= 1 << min(n, 63)
		scores[page].in |= in[page]
	}
	return meant
}

// rarity is BM25's weight of a word that stands on so many pages.
func (ix *Index) rarity(on int) float64 {
	all := float64(len(ix.c.pages))
	n := min(float64(on), all)
	return math.Log(1 + (all-n+0.5)/(n+0.5))
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
