package catalog

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed signals.tsv
var signalLines string

// wholeLimit is the length in bytes up to which a text is one: its words may
// stand anywhere. In a longer one they must stand in two lines that follow.
const wholeLimit = 1000

// signal is a line of signals.tsv: the words by which a server, in its own
// sentence, speaks of a cause.
type signal struct {
	page  int
	steps []string   // where it is said; empty: anywhere
	all   [][]string // of each group one must be there
	not   []string   // and none of these
}

// signals reads the embedded lines. Of a page that is not there nothing is said.
func (c *Catalog) readSignals() ([]signal, error) {
	var out []signal
	n := 0
	for line := range strings.Lines(signalLines) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("signals.tsv:%d: %d columns, want page, steps, words", n, len(fields))
		}
		page, ok := c.byID[fields[0]]
		if !ok {
			return nil, fmt.Errorf("signals.tsv:%d: there is no page %q", n, fields[0])
		}
		s := signal{page: page, steps: strings.FieldsFunc(fields[1], func(r rune) bool { return r == ',' })}
		for group := range strings.SplitSeq(fields[2], " & ") {
			words, negative := strings.CutPrefix(strings.TrimSpace(group), "!")
			if negative {
				s.not = append(s.not, strings.Split(words, "|")...)
			} else {
				s.all = append(s.all, strings.Split(words, "|"))
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// Heard lists the articles about what a text says in words: the sentence of a
// server, a page, a log. The best fit comes first. step limits them to what is
// said there; empty means anywhere. Score is how much of the text fits.
func (c *Catalog) Heard(text, step string) []Hit {
	if len(text) > recogniseLimit {
		text = text[:recogniseLimit]
	}
	best := map[int]float64{}
	var order []int
	signals := c.signals()
	for unit := range units(strings.ToLower(text)) {
		for i := range signals {
			s := &signals[i]
			if step != "" && len(s.steps) > 0 && !slices.Contains(s.steps, step) {
				continue
			}
			score := s.fits(unit)
			if score == 0 {
				continue
			}
			if _, known := best[s.page]; !known {
				order = append(order, s.page)
			}
			best[s.page] = max(best[s.page], score)
		}
	}
	hits := make([]Hit, len(order))
	for i, page := range order {
		hits[i] = hit(&c.pages[page], best[page], "also")
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits
}

// fits is how many bytes of the text the signal stands on, with a share for
// each part; 0 when it does not fit.
func (s *signal) fits(text string) float64 {
	sum := 0
	for _, group := range s.all {
		longest := 0
		for _, w := range group {
			if len(w) > longest && hasWord(text, w) {
				longest = len(w)
			}
		}
		if longest == 0 {
			return 0
		}
		sum += longest + 6
	}
	for _, w := range s.not {
		if hasWord(text, w) {
			return 0
		}
	}
	return float64(sum)
}

// inName tells whether the word goes on with an underscore: it is the beginning
// of a name then, such as an error code, and says nothing of its own.
func inName(rest string) bool {
	for i := range len(rest) {
		if !isWordByte(rest[i]) || rest[i] == '_' {
			return rest[i] == '_'
		}
	}
	return false
}

// hasWord tells whether a word, or one that it begins, stands in the text.
func hasWord(text, word string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		at += i
		if (at == 0 || !isWordByte(word[0]) || !isWordByte(text[at-1])) && !(isWordByte(word[len(word)-1]) && inName(text[at+len(word):])) {
			return true
		}
		at++
	}
}

// units are the parts of a text in which words belong together.
func units(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		if len(text) <= wholeLimit {
			yield(strings.Join(strings.Fields(text), " "))
			return
		}
		before := ""
		for line := range strings.Lines(text) {
			line = strings.Join(strings.Fields(line), " ")
			if line == "" {
				continue
			}
			if !yield(before + " " + line) {
				return
			}
			before = line
		}
	}
}
