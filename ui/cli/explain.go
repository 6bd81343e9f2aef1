package cli

import (
	"slices"
	"strconv"
	"strings"

	"charm.land/glamour/v2"
	"github.com/spf13/cobra"

	"authdance/catalog"
	"authdance/flows/wire"
)

type hitsDoc struct {
	Schema  int      `json:"schema"`
	Results []hitDoc `json:"results"`
}

// hitDoc is one page of explain --json.
type hitDoc struct {
	ID         string   `json:"id"`
	Kind       string   `json:"kind"`
	Provider   string   `json:"provider"`
	Code       string   `json:"code"`
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Where      []string `json:"where"`
	HTTPStatus int      `json:"http_status"` // the first where there are several, 0 without any
	OAuthError string   `json:"oauth_error"`
	Article    string   `json:"article"`
	Score      float64  `json:"score"`
	MatchedIn  []string `json:"matched_in"`
}

// maxPasted is how much of a pasted text is read, in bytes.
const maxPasted = 4 << 20

type explainFlags struct {
	json, markdown, list bool
	limit                int

	provider, kind, step string
}

func explainCommand(c *console) *cobra.Command {
	f := &explainFlags{}
	cmd := &cobra.Command{
		Use: "explain [QUERY…|-]", Short: "Explain an error code, a name, or a pasted error",
		Long: "Find the pages of the catalog about an error code, a parameter, a claim, some words, or a pasted error\n" +
			"text, JSON body or callback URL. What fits exactly is printed at once.",
		Example: "authdance explain invalid_grant\nauthdance explain redirect uri does not match\nauthdance explain - <error.json",
		RunE:    func(_ *cobra.Command, args []string) error { return c.explain(f, args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.BoolVar(&f.list, "list", false, "list every page")
	fs.IntVar(&f.limit, "limit", 10, "at most `N` pages, 0 for all")
	fs.StringVar(&f.provider, "provider", "", "only the pages of a provider: `ID`, such as entra or okta")
	fs.StringVar(&f.kind, "kind", "", "only pages of a `KIND`: code, article, concept, parameter, claim, provider or note")
	fs.StringVar(&f.step, "step", "", "only pages about a `STEP` of a flow, such as authorize or token")
	fs.BoolVar(&f.markdown, "markdown", false, "print the best page as Markdown")
	fs.BoolVar(&f.json, "json", false, "one JSON document")
	return cmd
}

func (c *console) explain(f *explainFlags, args []string) error {
	if f.limit < 0 {
		return usage("--limit %d: use 0 for all, or a positive number", f.limit)
	}
	book, err := c.book()
	if err != nil {
		return err
	}
	notes, trouble := c.notes()
	for _, t := range trouble {
		c.say("%s", t)
	}
	book = book.WithNotes(notes)
	if err := f.check(); err != nil {
		return err
	}
	if f.list {
		if len(args) > 0 {
			return usage("--list takes no query; leave out one of them")
		}
		return c.listPages(f, book)
	}
	query, pasted, err := c.query(args)
	if err != nil {
		return err
	}
	hits, sure := lookUp(book, query, pasted)
	if f.narrow() {
		if sure {
			hits = append(hits, catalog.NewIndex(book).Search(query, 0)...)
		}
		hits = f.only(book, hits)
		sure = sure && len(hits) == 1
	}
	if f.limit > 0 {
		hits = hits[:min(len(hits), f.limit)]
	}
	switch {
	case f.json:
		docs := []hitDoc{}
		for _, h := range hits {
			docs = append(docs, hitDocOf(book, h))
		}
		if err := c.document(hitsDoc{schema, docs}); err != nil {
			return err
		}
		if len(hits) == 0 {
			return ends(exitRefused)
		}
		return nil
	case len(hits) == 0:
		return &outcome{exitRefused, "the catalog has nothing about that; try other words, or authdance explain --list"}
	case f.markdown, sure, len(hits) == 1:
		return c.page(f, book, hits)
	}
	for _, h := range hits {
		c.hit(h)
	}
	c.say("authdance explain ID prints one.")
	return nil
}

func (f *explainFlags) narrow() bool { return f.provider != "" || f.kind != "" || f.step != "" }

func (f *explainFlags) check() error {
	kinds := []string{catalog.KindCode, catalog.KindArticle, catalog.KindConcept, catalog.KindParameter, catalog.KindClaim, catalog.KindProvider, catalog.KindNote}
	if f.kind != "" && !slices.Contains(kinds, f.kind) {
		return usage("--kind %s: use one of %s", wire.Safe(f.kind), strings.Join(kinds, ", "))
	}
	return nil
}

// fits tells whether a page passes the filters.
func (f *explainFlags) fits(p catalog.Page) bool {
	family, _, _ := strings.Cut(strings.ToLower(f.provider), "-")
	at := func(c catalog.Code) bool { return c.Step() == f.step }
	return (f.provider == "" || p.Provider == strings.ToLower(f.provider) || p.Provider == family) &&
		(f.kind == "" || p.Kind == f.kind) &&
		(f.step == "" || slices.Contains(p.Steps, f.step) || slices.ContainsFunc(p.Codes, at))
}

// only keeps the hits that pass the filters, each page once.
func (f *explainFlags) only(book *catalog.Catalog, hits []catalog.Hit) []catalog.Hit {
	var out []catalog.Hit
	seen := map[string]bool{}
	for _, h := range hits {
		if p, ok := book.Page(h.ID); ok && !seen[h.ID] && f.fits(p) {
			seen[h.ID] = true
			out = append(out, h)
		}
	}
	return out
}

// query is the text to look for, and whether it is a pasted one.
func (c *console) query(args []string) (text string, pasted bool, err error) {
	if len(args) > 0 && !(len(args) == 1 && args[0] == "-") {
		text = strings.Join(args, " ")
		return text, strings.ContainsAny(text, "{}=?&\"\n") || strings.Contains(text, "://") || strings.Contains(text, ": "), nil
	}
	if len(args) == 0 && c.inTTY {
		return "", false, usage("say what to explain: authdance explain invalid_grant, or authdance explain - to paste it (end with Ctrl-D)")
	}
	text, err = c.pasted("the error", maxPasted)
	if err != nil {
		return "", false, usage("stdin cannot be read: %s", wire.Safe(err.Error()))
	}
	if strings.TrimSpace(text) == "" {
		return "", false, usage("nothing came on stdin; give a query, or pipe an error text into authdance explain -")
	}
	return text, true, nil
}

// lookUp finds what a query means. sure says that the first page is what was meant.
func lookUp(book *catalog.Catalog, query string, pasted bool) (hits []catalog.Hit, sure bool) {
	query = strings.TrimSpace(query)
	if p, ok := book.Named(query); ok {
		h := catalog.Hit{ID: p.ID, Kind: p.Kind, Provider: p.Provider, Title: p.Title, Score: 1, MatchedIn: []string{"id"}}
		if len(p.Codes) > 0 {
			h.Code, h.MatchedIn = p.Codes[0].Code, []string{"code"}
		}
		return []catalog.Hit{h}, true
	}
	if pasted {
		if hits = book.Recognise(query); len(hits) > 0 {
			return hits, len(hits) == 1 || hits[0].Score > hits[1].Score
		}
		query = query[:min(len(query), 2000)]
	}
	hits = catalog.NewIndex(book).Search(query, 0)
	if len(hits) == 0 {
		return nil, false
	}
	best := hits[0]
	names := []string{best.ID, best.Code}
	if best.Kind == catalog.KindParameter || best.Kind == catalog.KindClaim {
		names = append(names, best.Title)
	}
	sure = slices.ContainsFunc(names, func(n string) bool {
		return strings.EqualFold(n, query) || strings.EqualFold(n, "AADSTS"+query)
	})
	return hits, sure
}

// page prints the first page, and names the others on stderr.
func (c *console) page(f *explainFlags, book *catalog.Catalog, hits []catalog.Hit) error {
	p, ok := book.Page(hits[0].ID)
	if !ok {
		return &outcome{exitBug, "the catalog names a page that it does not have: " + hits[0].ID}
	}
	text := "# " + p.Title + "\n\n" + strings.TrimSpace(p.Markdown()) + "\n"
	if !f.markdown && c.outTTY {
		r, err := glamour.NewTermRenderer(glamour.WithStyles(c.styles.Markdown), glamour.WithWordWrap(min(c.columns(), 90)))
		if err == nil {
			if drawn, err := r.Render(text); err == nil {
				text = strings.Trim(drawn, "\n")
			}
		}
	}
	c.printf("%s", strings.TrimSuffix(text, "\n"))
	if also := hits[1:min(len(hits), 4)]; len(also) > 0 {
		ids := make([]string, len(also))
		for i, h := range also {
			ids[i] = h.ID
		}
		c.say("\nAlso about this: %s", strings.Join(ids, ", "))
	}
	return nil
}

func (c *console) hit(h catalog.Hit) {
	about := h.Kind
	if h.Provider != "" {
		about += ", " + h.Provider
	}
	if len(h.MatchedIn) > 0 {
		about += "; found in " + strings.Join(h.MatchedIn, ", ")
	}
	c.printf("%s %s  %s", c.styles.Key.Render(padded(h.ID, 34)), h.Title, c.styles.Muted.Render("("+about+")"))
}

func (c *console) listPages(f *explainFlags, book *catalog.Catalog) error {
	var docs []hitDoc
	for _, p := range book.Pages() {
		if !f.fits(p) {
			continue
		}
		h := catalog.Hit{ID: p.ID, Kind: p.Kind, Provider: p.Provider, Title: p.Title}
		if f.json {
			docs = append(docs, hitDocOf(book, h))
		} else {
			c.printf("%s\t%s\t%s\t%s", p.ID, p.Kind, p.Provider, p.Title)
		}
	}
	if f.json {
		return c.document(hitsDoc{schema, docs})
	}
	return nil
}

// hitDocOf fills in what a hit does not carry from its page.
func hitDocOf(book *catalog.Catalog, h catalog.Hit) hitDoc {
	d := hitDoc{ID: h.ID, Kind: h.Kind, Provider: h.Provider, Code: h.Code, Title: h.Title, Where: []string{}, Score: h.Score, MatchedIn: append([]string{}, h.MatchedIn...)}
	p, ok := book.Page(h.ID)
	if !ok {
		return d
	}
	d.Article = p.Article
	for i, row := range p.Codes {
		if i == 0 {
			d.Code, d.Name, d.OAuthError = row.Code, row.Name, row.OAuthError
			first, _, _ := strings.Cut(row.HTTPStatus, "/")
			d.HTTPStatus, _ = strconv.Atoi(first) // empty: 0
		}
		d.Where = append(d.Where, row.Where)
	}
	if len(p.Codes) == 0 {
		d.Where = append(d.Where, p.Steps...)
		if d.Article == "" && p.Kind == catalog.KindArticle {
			d.Article = p.ID
		}
	}
	return d
}
