package catalog

import (
	"strings"
	"testing"
)

func TestNotesStandBesideThePages(t *testing.T) {
	c := loaded(t)
	with := c.WithNotes([]Note{{"our-idp", "# How our IdP is set up\r\n\r\nAsk the zebrafish team for invalid_grant."}, {"our-idp", "again"}, {"broken", "\xff\x00"}})
	if n := len(with.Pages()) - len(c.Pages()); n != 2 {
		t.Fatalf("%d pages more", n)
	}
	p, ok := with.Page("note/our-idp")
	if !ok || p.Kind != KindNote || p.Title != "How our IdP is set up" || !strings.Contains(p.Markdown(), "zebrafish") {
		t.Errorf("%+v", p)
	}
	if _, ok := c.Page("note/our-idp"); ok {
		t.Error("the catalog itself has changed")
	}
	ix := NewIndex(with)
	if hits := ix.Search("zebrafish", 1); len(hits) == 0 || hits[0].ID != "note/our-idp" {
		t.Errorf("%+v", hits)
	}
	if hits := ix.Search("invalid_grant", 1); len(hits) == 0 || hits[0].ID == "note/our-idp" {
		t.Errorf("a note takes the place of a page: %+v", hits)
	}
}
