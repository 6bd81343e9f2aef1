package diagnose

import (
	"strings"

	"authdance/catalog"
	"authdance/flows/wire"
)

// Text names the causes that a text speaks of: an error answer, a callback
// address, a log, a page. Nothing of it can be tested, so no cause is more than
// likely; needs says what would make it surer. No causes: the text is of nothing
// that the catalog knows.
func Text(text string, c *catalog.Catalog) (causes []Cause, needs []string) {
	hits := c.Recognise(text)
	if len(hits) == 0 {
		return nil, []string{"the whole error answer, with its status, and the request before it"}
	}
	for _, h := range hits {
		page, ok := c.Page(h.ID)
		if !ok || h.Score < hits[0].Score-0.8 || len(causes) == 3 {
			break
		}
		sure := Possible
		if len(causes) == 0 && h.Score > 3 {
			sure = Likely
		}
		found := "the text speaks of it in words"
		if h.Code != "" {
			found = "the text has the code " + wire.Safe(h.Code)
		}
		causes = append(causes, Cause{ID: h.ID, Title: page.Title, Confidence: sure, Sentence: sentence(page), Evidence: []Evidence{{Mark: Fits, Text: found}}})
	}
	return causes, wanted(text)
}

// wanted lists what a bare text does not have.
func wanted(text string) []string {
	lower := strings.ToLower(text)
	var out []string
	lacks := func(what string, words ...string) {
		for _, w := range words {
			if strings.Contains(lower, w) {
				return
			}
		}
		out = append(out, what)
	}
	lacks("the server's own sentence: error_description, or the page that it showed", "error_description", "message", ": ", "<")
	lacks("the request that was refused: its address and the names of its parameters", "grant_type", "response_type", "http://", "https://")
	lacks("when it happened, and the Date header of the answer", "timestamp", "date:", "2026-", "2025-")
	return append(out, "the whole run: authdance run FLOW --record run.jsonl, then authdance diagnose run.jsonl")
}
