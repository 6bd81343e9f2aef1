package catalog

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

//go:embed codes/*.tsv articles/*.md parameters/*.toml claims/*.toml terms.toml steps.toml
var files embed.FS

// parse reads every embedded file and links the pages.
func parse() (*Catalog, error) {
	c := &Catalog{
		byCode:     map[string][]int{},
		providers:  map[string]bool{},
		parameters: map[string]Parameter{},
	}
	// Most of the time goes into TOML, so the kinds of file are read side by
	// side. Each reader fills its own field and returns its pages.
	readers := []func() ([]Page, error){c.readCodes, c.readArticles, c.readParameters, c.readClaims, c.readTerms}
	pages, errs := make([][]Page, len(readers)), make([]error, len(readers))
	var all sync.WaitGroup
	for i, read := range readers {
		all.Go(func() { pages[i], errs[i] = read() })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	if err := c.order(pages); err != nil {
		return nil, err
	}
	c.dropOpenLinks()
	c.collectPhrases()
	c.signals = sync.OnceValue(func() []signal {
		out, _ := c.readSignals() // a test reads the lines: an error is a defect of the data
		return out
	})
	return c, nil
}

// order sorts the pages by kind, provider and title.
func (c *Catalog) order(kinds [][]Page) error {
	var pages []*Page // a page is large: it moves once, into its place
	for _, kind := range kinds {
		for i := range kind {
			pages = append(pages, &kind[i])
		}
	}
	slices.SortFunc(pages, func(a, b *Page) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	c.pages = make([]Page, len(pages))
	c.byID = make(map[string]int, len(pages))
	for i, p := range pages {
		if _, twice := c.byID[p.ID]; twice {
			return fmt.Errorf("catalog: two pages have the id %q", p.ID)
		}
		c.pages[i], c.byID[p.ID] = *p, i
	}
	return nil
}

// dropOpenLinks leaves out the provider page of code pages whose provider has
// none: a library such as MSAL, or something that is not OAuth at all.
func (c *Catalog) dropOpenLinks() {
	missing := func(id string) bool { _, ok := c.byID[id]; return !ok }
	for i := range c.pages {
		if p := &c.pages[i]; p.Kind == KindCode {
			p.Related = slices.DeleteFunc(p.Related, missing)
		}
	}
}

// each calls f with every embedded file of a directory, in name order.
func each(dir string, f func(name, text string) error) error {
	entries, err := files.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := f(name, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// decode reads TOML strictly: a key that nothing reads is a typing mistake.
func decode(file, text string, into any) error {
	meta, err := toml.Decode(text, into)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if unread := meta.Undecoded(); len(unread) > 0 {
		return fmt.Errorf("%s: unknown key %s", file, unread[0])
	}
	return nil
}

func (c *Catalog) readCodes() ([]Page, error) {
	err := each("codes", func(name, text string) error {
		rows, err := parseCodes(name, text)
		c.codes = append(c.codes, rows...)
		return err
	})
	if err != nil {
		return nil, err
	}
	pages := make([]Page, 0, len(c.codes))
	page := make(map[string]int, len(c.codes))
	for i := range c.codes {
		row := &c.codes[i]
		c.providers[row.Provider] = true
		key := strings.ToLower(row.Code)
		c.byCode[key] = append(c.byCode[key], i)
		id := row.PageID()
		at, known := page[id]
		if !known {
			at = len(pages)
			page[id] = at
			title := row.Code
			if row.Name != "" && row.Name != row.Code {
				title = row.Code + " " + row.Name
				if strings.Contains(row.Code, " ") { // a phrase, which needs a sign of its end
					title = row.Code + ": " + row.Name
				}
			}
			p := Page{ID: id, Kind: KindCode, Title: title, Provider: row.Provider}
			if row.Provider != Registry && row.Provider != Checks {
				p.Related = []string{"provider/" + row.Provider}
			}
			pages = append(pages, p)
		}
		pages[at].add(*row)
	}
	return pages, nil
}

// add puts one more place on a code page.
func (p *Page) add(row Code) {
	p.Codes = append(p.Codes, row)
	if p.Article == "" {
		p.Article = row.Article
	}
	p.Steps = appendNew(p.Steps, row.Step())
	p.Errors = appendNew(p.Errors, row.OAuthError)
	p.Sources = appendNew(p.Sources, row.Source)
}

func appendNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func (c *Catalog) readArticles() (pages []Page, err error) {
	err = each("articles", func(name, text string) error {
		p, err := parseArticle(name, text)
		pages = append(pages, p)
		return err
	})
	return pages, err
}

// parseArticle splits `+++` TOML `+++` Markdown. The file is named after its id.
func parseArticle(file, text string) (Page, error) {
	rest, ok := strings.CutPrefix(text, "+++\n")
	front, body, ended := strings.Cut(rest, "\n+++\n")
	if !ok || !ended {
		return Page{}, fmt.Errorf("%s: no front matter between +++ lines", file)
	}
	h, err := readHead(file, front)
	if err != nil {
		return Page{}, err
	}
	id := h.ID
	if h.Kind == KindProvider {
		id = "provider/" + h.Provider
	}
	if path.Base(file) != h.ID+".md" {
		return Page{}, fmt.Errorf("%s: the id is %q, name the file after it", file, h.ID)
	}
	return Page{
		ID: id, Kind: h.Kind, Title: h.Title, Provider: h.Provider, body: strings.TrimSpace(body),
		FrontMatter: FrontMatter{
			Steps: h.Step, Errors: h.Errors, Checks: h.Checks, Also: h.Also, Tags: h.Tags, Causes: h.Causes,
			Lab: h.Lab, Related: h.Related, Sources: h.Sources, Reviewed: h.Reviewed,
		},
	}, nil
}

func (c *Catalog) readParameters() (pages []Page, err error) {
	err = each("parameters", func(name, text string) error {
		var f struct {
			Parameter []Parameter `toml:"parameter"`
		}
		if err := decode(name, text, &f); err != nil {
			return err
		}
		for _, p := range f.Parameter {
			c.parameters[p.Name] = p
			if lower := strings.ToLower(p.Name); lower != p.Name {
				c.parameters[lower] = p
			}
			pages = append(pages, p.page())
		}
		return nil
	})
	return pages, err
}

func (c *Catalog) readClaims() (pages []Page, err error) {
	c.claims, err = claims()
	for _, cl := range c.claims {
		pages = append(pages, cl.page())
	}
	return pages, err
}

func parseClaims() (map[string]Claim, error) {
	all := map[string]Claim{}
	err := each("claims", func(name, text string) error {
		var f struct {
			Claim []Claim `toml:"claim"`
		}
		if err := decode(name, text, &f); err != nil {
			return err
		}
		for _, cl := range f.Claim {
			all[cl.Name] = cl
		}
		return nil
	})
	return all, err
}

// readTerms reads the glossary and the ranking of the steps. They are no pages.
func (c *Catalog) readTerms() ([]Page, error) {
	var f struct {
		Term []Term `toml:"term"`
	}
	text, err := files.ReadFile("terms.toml")
	if err != nil {
		return nil, err
	}
	if err := decode("terms.toml", string(text), &f); err != nil {
		return nil, err
	}
	c.terms = f.Term
	slices.SortFunc(c.terms, func(a, b Term) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})

	text, err = files.ReadFile("steps.toml")
	if err != nil {
		return nil, err
	}
	return nil, decode("steps.toml", string(text), &c.ranks)
}
