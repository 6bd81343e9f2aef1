package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// recogniseLimit caps how much of a pasted text is read, in bytes. An error
// answer is far smaller; a log file need not be searched whole.
const recogniseLimit = 64 << 10

// How sure a find is. A provider's code is certain; the value of an `error`
// member nearly so; a message that we know is likely; a bare word is a guess.
const (
	sureCode    = 4
	sureSubcode = 3.95 // finer than the code before it
	sureNumber  = 3.9  // a number behind `code`, which one product has
	sureHeard   = 3.3  // words that say more than the error beside them, see Heard
	sureError   = 3
	surePhrase  = 2.5
	sureMention = 1
	surerNamed  = 0.4 // added when the text names the product
)

// Recognise finds what a pasted text is about: an error line, a JSON body, a
// log line or a callback URL. The surest finds come first, each page once. The
// text is foreign and may be anything.
func (c *Catalog) Recognise(text string) []Hit {
	if len(text) > recogniseLimit {
		text = text[:recogniseLimit]
	}
	found := finds{at: map[string]int{}}
	lower := strings.ToLower(text)
	c.codesIn(text, &found)
	c.phrasesIn(lower, &found)
	for _, h := range c.Heard(text, "") {
		if p, ok := c.Page(h.ID); ok {
			found.add(&p, "", sureHeard+min(h.Score, 200)/500, "also") // below sureCode
		}
	}
	found.preferNamed(lower)
	slices.SortStableFunc(found.hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return found.hits
}

// finds collects hits, keeping the best score of each page.
type finds struct {
	hits []Hit
	at   map[string]int
}

func (f *finds) add(p *Page, code string, score float64, in string) {
	if i, ok := f.at[p.ID]; ok {
		f.hits[i].Score = max(f.hits[i].Score, score)
		return
	}
	h := hit(p, score, in)
	if code != "" {
		h.Code = code
	}
	f.at[p.ID] = len(f.hits)
	f.hits = append(f.hits, h)
}

// preferNamed raises the rows of a product that the text names, often by its
// host: several products use codes like `redirect_uri_mismatch`.
func (f *finds) preferNamed(lower string) {
	for i, h := range f.hits {
		if len(h.Provider) > 1 && h.Provider != Registry && namesProduct(lower, h.Provider) {
			f.hits[i].Score += surerNamed
		}
	}
}

// namesProduct tells whether a word of the text begins with the product's id.
func namesProduct(lower, id string) bool {
	for at := 0; ; {
		i := strings.Index(lower[at:], id)
		if i < 0 {
			return false
		}
		at += i
		if at == 0 || !isWordByte(lower[at-1]) {
			return true
		}
		at++
	}
}

// codesIn walks over the words of the text and looks each one up.
func (c *Catalog) codesIn(text string, found *finds) {
	before, code := "", "" // code: the value of the last `error` or `code`
	numbers := false       // inside the list of Entra's `error_codes`
	for start := 0; start < len(text); {
		from := start
		for start < len(text) && !isWordByte(text[start]) {
			start++
		}
		end := start
		for end < len(text) && isWordByte(text[end]) {
			end++
		}
		gap, word, rest := text[from:start], text[start:end], text[start:]
		start = end
		if word == "" {
			break
		}
		if word == "error_codes" {
			numbers = true
		} else if numbers && !isDigits(word) {
			numbers = false
		}
		if numbers && isDigits(word) {
			word = "AADSTS" + word
		}
		score := float64(sureMention)
		if isAssignment(before, gap) {
			score = sureError
			word = c.wholeValue(rest, word)
			if before == "error_subcode" {
				word, score = code+"/"+word, sureSubcode
			}
			code = word
		}
		c.addCode(word, score, found)
		before = word
	}
}

// wholeValue is a value that goes on behind its first word, such as `AUTH-001`,
// when the catalog knows the whole as a code; else it is the word.
func (c *Catalog) wholeValue(text, word string) string {
	end := strings.IndexAny(text, "\"'\\&,;}\r\n")
	if end < 0 {
		end = len(text)
	}
	if whole := text[:end]; len(whole) < 100 && len(c.byCode[strings.ToLower(whole)]) > 0 {
		return whole
	}
	return word
}

func (c *Catalog) addCode(word string, score float64, found *finds) {
	if p, ok := c.byShape(word); ok {
		found.add(&p, word, sureCode, "code")
		return
	}
	// Plain words such as `unauthorized` are codes somewhere: only an `error`
	// member makes them one here.
	if score < sureError && !strings.ContainsRune(word, '_') {
		return
	}
	// A short number after `code` may be anything.
	if isDigits(word) && len(word) < 3 {
		return
	}
	if isDigits(word) && score == sureError {
		score = sureNumber
	}
	rows := c.byCode[strings.ToLower(word)]
	registry := slices.ContainsFunc(rows, func(i int) bool { return c.codes[i].Provider == Registry })
	for _, i := range rows {
		row := c.codes[i]
		if row.Code != word || registry && row.Provider != Registry {
			continue
		}
		if p, ok := c.Page(row.PageID()); ok {
			found.add(&p, word, score, "code")
		}
	}
}

// isAssignment tells `error=x`, `"error": "x"` and their escaped forms from a
// mere mention.
func isAssignment(name, gap string) bool {
	switch name {
	case "error", "suberror", "errorCode", "serviceErrorCode", "code", "error_subcode":
	default:
		return false
	}
	return strings.ContainsAny(gap, "=:") && strings.Trim(gap, " \t\r\n\"'\\=:") == ""
}

// phrase is a message that a library or server prints, in lower case. Single
// words are left to the search: they say too little.
type phrase struct {
	text string
	page int
	code string // where the message is itself the code
}

func (c *Catalog) collectPhrases() {
	for i := range c.pages {
		p := &c.pages[i]
		for _, text := range p.Also {
			if strings.Contains(text, " ") {
				c.phrases = append(c.phrases, phrase{text: strings.ToLower(text), page: i})
			}
		}
		for j := range p.Codes {
			if code := p.Codes[j].Code; strings.Contains(code, " ") {
				c.phrases = append(c.phrases, phrase{strings.ToLower(code), i, code})
			}
		}
	}
}

func (c *Catalog) phrasesIn(lower string, found *finds) {
	for _, ph := range c.phrases {
		if !strings.Contains(lower, ph.text) {
			continue
		}
		p := &c.pages[ph.page]
		if ph.code == "" {
			found.add(p, "", surePhrase, "also")
		} else {
			found.add(p, ph.code, surePhrase+0.5, "code")
		}
	}
}

func isWordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
