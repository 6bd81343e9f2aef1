package catalog

import (
	"cmp"
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
func boost(f int) float32    { return [fields]float32{6, 4, 3, 1}[f] }

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
	words    []string    // the vocabulary, sorted
	masks    []uint64    // which letters each word has, to skip most of the typo search
	postings [][]posting // per word, in page order
	norm     []float64   // per page: the BM25 length norm
	names    []name      // sorted, each spelling once
}

// posting says how much a word weighs on a page, and in which fields it stands.
type posting struct {
	page   int32
	weight float32
	in     uint8 // bit per field
}

// name is a spelling by which one page is meant and nothing else: an id or a
// code, in lower case.
type name struct {
	spelling string
	page     int
}

// NewIndex reads every page once.
func NewIndex(c *Catalog) *Index {
	ix := &Index{c: c}
	b := builder{known: make(map[string]int32, 1<<14), lengths: make([]float64, len(c.pages)), all: make([]entryOf, 0, 1<<17)}
	for i := range c.pages {
		p := &c.pages[i]
		b.startPage()
		for f, text := range p.searchable() {
			worth := boost(f)
			if f == inTitle {
				// A title that is one word is all about that word.
				worth *= 0.6 + 1/float32(1+strings.Count(text, " "))
			}
			eachWord(text, func(w string) {
				b.lengths[i]++
				b.add(w, worth, 1<<f)
			})
		}
		b.endPage(int32(i))
		for _, n := range p.names() {
			ix.names = append(ix.names, name{n, i})
		}
	}
	ix.norm = b.norms()
	ix.words, ix.postings = b.sorted()
	ix.masks = make([]uint64, len(ix.words))
	for i, w := range ix.words {
		ix.masks[i] = letters(w)
	}
	ix.settleNames()
	return ix
}

// builder gathers postings page by page. They lie in one slice, linked to
// their words by number, until sorted puts them in order: a slice per word
// would grow ten thousand times.
type builder struct {
	known   map[string]int32 // word → its number
	words   []string
	uses    []int32   // per word: on how many pages it stands
	at      []int32   // per word: its entry in page, if seen[word] says so
	seen    []int32   // per word: the number of the last page that had it
	page    []entryOf // the page that is being read
	pages   int32
	all     []entryOf
	lengths []float64
}

// entryOf is a posting that still knows its word.
type entryOf struct {
	word int32
	posting
}

func (b *builder) startPage() {
	b.page = b.page[:0]
	b.pages++
}

func (b *builder) add(w string, worth float32, in uint8) {
	n, ok := b.known[w]
	if !ok {
		n = int32(len(b.words))
		w = strings.Clone(w) // else each word would keep a whole text alive
		b.known[w] = n
		b.words = append(b.words, w)
		b.uses, b.at, b.seen = append(b.uses, 0), append(b.at, 0), append(b.seen, 0)
	}
	if b.seen[n] != b.pages {
		b.seen[n] = b.pages
		b.at[n] = int32(len(b.page))
		b.uses[n]++
		b.page = append(b.page, entryOf{word: n})
	}
	e := &b.page[b.at[n]]
	e.weight += worth
	e.in |= in
}

func (b *builder) endPage(page int32) {
	for i := range b.page {
		b.page[i].page = page
	}
	b.all = append(b.all, b.page...)
}

// norms are the BM25 length norms of the pages.
func (b *builder) norms() []float64 {
	total := 0.0
	for _, l := range b.lengths {
		total += l
	}
	mean := max(total/float64(max(len(b.lengths), 1)), 1)
	norms := make([]float64, len(b.lengths))
	for i, l := range b.lengths {
		norms[i] = bm25K * (1 - bm25B + bm25B*l/mean)
	}
	return norms
}

// sorted is the vocabulary in order, with the postings of each word.
func (b *builder) sorted() ([]string, [][]posting) {
	order := make([]int32, len(b.words))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return cmp.Compare(b.words[x], b.words[y]) })
	words, lists := make([]string, len(order)), make([][]posting, len(order))
	flat := make([]posting, len(b.all))
	rank := make([]int32, len(order))
	start := int32(0)
	for i, n := range order {
		words[i] = b.words[n]
		lists[i] = flat[start : start : start+b.uses[n]]
		rank[n] = int32(i)
		start += b.uses[n]
	}
	for _, e := range b.all {
		i := rank[e.word]
		lists[i] = append(lists[i], e.posting)
	}
	return words, lists
}

// names are the spellings by which a page is meant and nothing else, in lower
// case.
func (p *Page) names() []string {
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

// settleNames decides which page a name means and sorts the names. An article
// wins over a code of the same name, the registry over products. What several
// products call by one name is best explained by the article that most of them
// share; without one the product with the most codes is the likeliest.
func (ix *Index) settleNames() {
	codes := map[string]int{}
	for i := range ix.c.pages {
		codes[ix.c.pages[i].Provider]++
	}
	slices.SortFunc(ix.names, func(a, b name) int {
		if byName := cmp.Compare(a.spelling, b.spelling); byName != 0 {
			return byName
		}
		p, q := &ix.c.pages[a.page], &ix.c.pages[b.page]
		return cmp.Or(p.exactRank()-q.exactRank(), codes[q.Provider]-codes[p.Provider], cmp.Compare(p.ID, q.ID))
	})
	settled := ix.names[:0]
	for i := 0; i < len(ix.names); {
		same := i + 1
		for same < len(ix.names) && ix.names[same].spelling == ix.names[i].spelling {
			same++
		}
		best := ix.names[i]
		if same-i > 1 && ix.c.pages[best.page].exactRank() == rankProduct {
			if shared, ok := ix.sharedArticle(ix.names[i:same]); ok {
				best.page = shared
			}
		}
		settled = append(settled, best)
		i = same
	}
	ix.names = settled
}

// sharedArticle is the article to which most of the pages lead, and at least two.
func (ix *Index) sharedArticle(names []name) (int, bool) {
	votes := map[string]int{}
	most := ""
	for _, n := range names {
		if a := ix.c.pages[n.page].Article; a != "" {
			votes[a]++
			if votes[a] > votes[most] {
				most = a
			}
		}
	}
	return ix.c.byID[most], votes[most] > 1
}

// named finds the first name that is not before the spelling.
func (ix *Index) named(spelling string) (int, bool) {
	return slices.BinarySearchFunc(ix.names, spelling, func(n name, s string) int { return cmp.Compare(n.spelling, s) })
}

// rankProduct is the exactRank of a code of one product.
const rankProduct = 4

func (p *Page) exactRank() int {
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
func (p *Page) searchable() [fields]string {
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
