package catalog

// Hit is one page that fits a query or a pasted text. Page reads the rest.
type Hit struct {
	ID        string
	Kind      string
	Provider  string
	Title     string
	Code      string   // as found in the text, or the page's own code
	Score     float64  // higher is better; only comparable within one answer
	MatchedIn []string // `code`, `title`, `also`, `text`
}

func hit(p *Page, score float64, in ...string) Hit {
	h := Hit{ID: p.ID, Kind: p.Kind, Provider: p.Provider, Title: p.Title, Score: score, MatchedIn: in}
	if len(p.Codes) > 0 {
		h.Code = p.Codes[0].Code
	}
	return h
}
