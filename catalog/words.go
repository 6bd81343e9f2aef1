package catalog

import (
	"math/bits"
	"slices"
	"strings"
)

// maxTypo is the longest word that the typo search looks at, in bytes.
const maxTypo = 40

// eachWord calls f with every search word of a text, in lower case. Names of
// several parts (`invalid_grant`, `at-hash`) give the whole and the parts;
// `AADSTS50011` also gives its number.
func eachWord(text string, f func(string)) {
	text = strings.ToLower(text)
	for start := 0; start < len(text); {
		for start < len(text) && !isNameByte(text[start]) {
			start++
		}
		end, joined := start, false
		for end < len(text) && isNameByte(text[end]) {
			joined = joined || text[end] == '_' || text[end] == '-'
			end++
		}
		whole := text[start:end]
		start = end
		if joined {
			whole = strings.Trim(whole, "_-")
		}
		if whole == "" {
			continue
		}
		f(whole)
		if n, ok := strings.CutPrefix(whole, "aadsts"); ok && n != "" && isDigits(n) {
			f(n)
		}
		if joined && strings.ContainsAny(whole, "_-") {
			for part := range strings.FieldsFuncSeq(whole, func(r rune) bool { return r == '_' || r == '-' }) {
				f(part)
			}
		}
	}
}

// terms splits a query. A name of several parts stays whole when the index
// knows it, or words that begin with it; else its parts are searched.
func (ix *Index) terms(query string) []string {
	var terms []string
	for raw := range strings.FieldsFuncSeq(strings.ToLower(query), func(r rune) bool {
		return r >= 0x80 || !isNameByte(byte(r))
	}) {
		whole := strings.Trim(raw, "_-")
		if whole == "" {
			continue
		}
		at, _ := slices.BinarySearch(ix.words, whole)
		if !strings.ContainsAny(whole, "_-") || at < len(ix.words) && strings.HasPrefix(ix.words[at], whole) {
			terms = append(terms, whole)
			continue
		}
		for part := range strings.FieldsFuncSeq(whole, func(r rune) bool { return r == '_' || r == '-' }) {
			terms = append(terms, part)
		}
	}
	terms = slices.DeleteFunc(terms, isStopWord)
	if len(terms) > 12 {
		terms = terms[:12] // a pasted text: Recognise reads those
	}
	return terms
}

// isStopWord tells words that stand on every page.
func isStopWord(w string) bool {
	switch w {
	case "a", "an", "the", "is", "are", "of", "to", "in", "on", "at", "for", "and", "or", "by", "it", "my", "i", "with", "was", "be", "does":
		return true
	}
	return false
}

func isNameByte(b byte) bool { return isWordByte(b) || b == '-' }

// proseOf drops code samples from Markdown: their words are about languages,
// not about the topic. Fences without a language hold what servers say; they stay.
func proseOf(markdown string) string {
	var b strings.Builder
	inCode, skip := false, false
	for line := range strings.Lines(markdown) {
		if rest, fence := strings.CutPrefix(strings.TrimSpace(line), "```"); fence {
			inCode = !inCode
			skip = inCode && rest != "" && rest != "text" && rest != "json" && rest != "http"
			continue
		}
		if !skip {
			b.WriteString(line)
		}
	}
	return b.String()
}

// letters is a set of the letters and digits in a word: a cheap test that rules
// out most words before their distance is computed.
func letters(w string) uint64 {
	var m uint64
	for i := range len(w) {
		m |= 1 << (w[i] & 63)
	}
	return m
}

func differ(a, b uint64) int { return bits.OnesCount64(a ^ b) }

// distance is the number of slips between two words: a letter wrong, missing,
// extra, or two neighbours swapped. It gives up above limit.
func distance(a, b string, limit int) int {
	var rows [3][maxTypo + 4]int
	if len(b) >= len(rows[0]) {
		return limit + 1
	}
	prev2, prev, cur := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, prev2[j-2]+1)
			}
			cur[j] = d
			least = min(least, d)
		}
		if least > limit {
			return limit + 1
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
