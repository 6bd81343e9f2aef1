package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// Explain finds the page for a problem. It looks, in this order, for
//
//  1. the provider's own code (`AADSTS54005`), or the provider's own use of the
//     OAuth error at this step;
//  2. the OAuth error at this step, then at any step;
//  3. the code as one of our check ids or transport failures.
//
// Every argument may be empty. A code that only one provider uses is found
// without the provider.
func (c *Catalog) Explain(provider, code, oauthError, step string) (Page, bool) {
	if code != "" && provider != "" && c.providerOf(provider) != Registry {
		if rows := c.Places(provider, code); len(rows) > 0 {
			return c.Page(rows[0].PageID())
		}
	}
	if p, ok := c.byShape(code); ok {
		return p, true
	}
	for _, e := range []string{oauthError, code} {
		if e == "" {
			continue
		}
		if provider != "" {
			if row, ok := at(c.Places(provider, e), step); ok {
				return c.Page(row.PageID())
			}
		}
		if p, ok := c.forError(e, step); ok {
			return p, true
		}
	}
	if code != "" {
		return c.ForCheck(code)
	}
	return Page{}, false
}

// Named finds what a spelling means and nothing else: an id, or a code that one
// product alone uses, in any case and for Entra also as the bare number. It
// needs no index, so it is the quick way for a single code.
func (c *Catalog) Named(spelling string) (Page, bool) {
	if p, ok := c.Page(spelling); ok {
		return p, true
	}
	lower := strings.ToLower(spelling)
	if _, taken := c.Parameter(lower); taken {
		return Page{}, false
	}
	if _, taken := c.Claim(lower); taken {
		return Page{}, false
	}
	rows := c.byCode[lower]
	if isDigits(lower) && lower != "" {
		rows = slices.Concat(rows, c.byCode["aadsts"+lower])
	}
	for _, i := range rows {
		if c.codes[i].PageID() != c.codes[rows[0]].PageID() {
			return Page{}, false
		}
	}
	if len(rows) == 0 {
		return Page{}, false
	}
	return c.Page(c.codes[rows[0]].PageID())
}

// byShape finds a code whose spelling belongs to one provider alone: letters
// and a number, as in `AADSTS50011`, `AADB2C90118`, `E0000011` or `MSIS9605`.
func (c *Catalog) byShape(code string) (Page, bool) {
	digits := len(code) - len(strings.TrimRight(code, "0123456789"))
	if digits < 4 || digits == len(code) {
		return Page{}, false
	}
	if rows := c.byCode[strings.ToLower(code)]; len(rows) > 0 {
		return c.Page(c.codes[rows[0]].PageID())
	}
	return Page{}, false
}

// forError is the page about an OAuth error at a step: the article that its
// registry row names, else the code page.
func (c *Catalog) forError(oauthError, step string) (Page, bool) {
	rows := c.Places(Registry, oauthError)
	if len(rows) == 0 {
		return Page{}, false
	}
	row, ok := at(rows, step)
	if !ok {
		row = rows[0]
	}
	if p, found := c.Page(row.Article); found {
		return p, true
	}
	return c.Page(row.PageID())
}

// at picks the row of a step. The authorization answer arrives at the
// callback, so the two steps share their errors.
func at(rows []Code, step string) (Code, bool) {
	if step == "callback" {
		step = "authorize"
	}
	for _, r := range rows {
		if s := r.Step(); s == step || s == "callback" && step == "authorize" {
			return r, true
		}
	}
	return Code{}, false
}

// ForStep answers "if this step fails, it is most often one of": articles,
// most likely first. A step without a ranking has all that name it, by title.
func (c *Catalog) ForStep(step string) []Page {
	var pages []Page
	for _, id := range c.ranks[step] {
		if p, ok := c.Page(id); ok {
			pages = append(pages, p)
		}
	}
	if len(pages) > 0 {
		return pages
	}
	for _, p := range c.pages {
		if p.Kind == KindArticle && slices.Contains(p.Steps, step) {
			pages = append(pages, p)
		}
	}
	slices.SortStableFunc(pages, func(a, b Page) int { return cmp.Compare(a.Title, b.Title) })
	return pages
}

// ForCheck finds the page about a check id (`alg_none`, `claim_missing:sub`)
// or a transport failure (`dns_failure`): an article where one explains it,
// else the one-line explanation.
func (c *Catalog) ForCheck(id string) (Page, bool) {
	id, _, _ = strings.Cut(id, ":")
	rows := c.Places(Checks, strings.ReplaceAll(id, "-", "_"))
	if len(rows) > 0 {
		if p, ok := c.Page(rows[0].Article); ok && slices.Contains(p.Checks, rows[0].Code) {
			return p, true
		}
		return c.Page(rows[0].PageID())
	}
	return c.Page(strings.ReplaceAll(id, "_", "-"))
}
