package catalog

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// KindNote is a page that a person wrote for themselves.
const KindNote = "note"

// notesLimit caps how many notes a catalog takes.
const notesLimit = 500

// Note is a Markdown file of a person's own. Name is the name of its file
// without the ending; its first heading is the title.
type Note struct{ Name, Text string }

// WithNotes is the catalog with notes beside its pages, as `note/NAME`. The
// catalog itself stays as it is. A note never takes the place of a page, and
// what is no Markdown is text.
func (c *Catalog) WithNotes(notes []Note) *Catalog {
	if len(notes) == 0 {
		return c
	}
	with := *c
	with.pages, with.byID = slices.Clone(c.pages), maps.Clone(c.byID)
	for _, n := range notes[:min(len(notes), notesLimit)] {
		p := n.page()
		if _, taken := with.byID[p.ID]; taken {
			continue
		}
		with.byID[p.ID] = len(with.pages)
		with.pages = append(with.pages, p)
	}
	return &with
}

func (n Note) page() Page {
	text := strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(n.Text, "\r\n", "\n"), "\uFFFD"))
	title := n.Name
	if first, rest, _ := strings.Cut(text, "\n"); strings.HasPrefix(first, "# ") {
		title, text = cmp.Or(strings.TrimSpace(first[2:]), n.Name), strings.TrimSpace(rest)
	}
	return Page{ID: "note/" + n.Name, Kind: KindNote, Title: title, body: text}
}
