package jose

import (
	"slices"
	"strings"

	"authdance/flows/wire"
)

// one returns the first token of a text. Pieces that a line break or a space
// cut apart are joined again, but never the pieces of two tokens: joining ends
// when the token has all its parts and its signature its full length.
func (f *found) one(text string) string {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return ""
	}
	start := 0
	for start < len(fields) && startOf(fields[start]) < 0 {
		start++
	}
	if start == len(fields) {
		if len(fields) > 1 || !opaque(fields[0]) {
			return "" // words, not a token
		}
		return fields[0]
	}
	first := fields[start]
	if at := startOf(first); at > 0 {
		first = tokenRun(first[at:])
	}
	if start > 0 || len(first) < len(fields[start]) {
		f.note("text around the token")
	}
	var j joined
	j.add(first)
	next := start + 1
	for next < len(fields) && !j.complete() && j.continues(fields[next], next == len(fields)-1) {
		j.add(fields[next])
		next++
	}
	if next > start+1 {
		f.note("line breaks or spaces inside the token")
	}
	if next < len(fields) {
		f.note("text after the token")
		for _, w := range fields[next:] {
			if startOf(w) >= 0 {
				f.note("a second token: only the first is shown")
				break
			}
		}
	}
	return f.trimEnd(j.text.String())
}

// opaque says that a word can be an access token (RFC 6749 Appendix A.12)
// rather than a piece of markup or an address.
func opaque(word string) bool {
	return !strings.Contains(word, "://") && strings.IndexFunc(word, func(r rune) bool { return r < 0x21 || r > 0x7e || strings.ContainsRune(`<>{}"`, r) }) < 0
}

// trimEnd removes what belongs to the text around a token: punctuation.
func (f *found) trimEnd(token string) string {
	if t := strings.TrimRight(token, marks); t != token {
		f.note("quotes or punctuation around the token")
		return f.trimEnd(t)
	}
	if strings.Contains(token, "~") {
		return token
	}
	if strings.Count(token, ".") == 3 && strings.HasSuffix(token, ".") && !strings.HasSuffix(token, "..") {
		f.note("a full stop after the token")
		return f.trimEnd(strings.TrimSuffix(token, "."))
	}
	return token
}

// startOf finds where in a word a token begins, or -1. Elided tokens count.
func startOf(word string) int {
	for _, prefix := range [...]string{"ey", "ew"} {
		for from := 0; ; {
			i := strings.Index(word[from:], prefix)
			if i < 0 {
				break
			}
			at := from + i
			from = at + len(prefix)
			if at > 0 && (word[at-1] == '.' || !notBase64url(rune(word[at-1]))) {
				continue // the middle of a segment, or the next one
			}
			run := tokenRun(word[at:])
			if len(run) >= 20 || strings.Count(run, ".") >= 1 || strings.Contains(run, "…") {
				return at
			}
		}
	}
	return -1
}

func tokenRun(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return r != '…' && r != '~' && (r > 127 || !isTokenByte(byte(r))) }); i >= 0 {
		return s[:i]
	}
	return s
}

func isTokenByte(b byte) bool {
	return !notBase64url(rune(b)) || strings.IndexByte("+/.=%", b) >= 0
}

// joined is a token that grows piece by piece. It keeps what decides about the
// next piece, so that two megabytes of scraps cost no more than reading them.
type joined struct {
	text   strings.Builder
	dots   int
	last   int // length of the part after the last dot
	known  bool
	header wire.Value // once known
	tilde  bool       // an SD-JWT: nothing says where it ends
}

func (j *joined) add(piece string) {
	j.text.WriteString(piece)
	j.tilde = j.tilde || strings.Contains(piece, "~")
	if at := strings.LastIndexByte(piece, '.'); at >= 0 {
		j.dots += strings.Count(piece, ".")
		j.last = len(piece) - at - 1
	} else {
		j.last += len(piece)
	}
	if j.dots > 0 && !j.known {
		j.known, j.header = true, headerOf(j.text.String())
	}
}

// headerOf reads the first part of a compact token.
func headerOf(token string) wire.Value {
	first, _, _ := strings.Cut(token, ".")
	b, _ := decodeBase64url(first)
	v, _, _ := wire.ParseJSON(b, wire.Limits{})
	return v
}

// wanted is how many dots the token has when it is whole.
func (j *joined) wanted() int {
	if _, encrypted := j.header.Get("enc"); encrypted || !j.known {
		return 4
	}
	return 2
}

// lengths are how long the last part of a whole token is, shortest first: the
// signature of its algorithm, or the tag of a JWE. Empty when nobody knows.
func (j *joined) lengths() []int {
	a, ok := algorithm(j.header.Str("alg"))
	switch {
	case j.wanted() == 4:
		return []int{22, 32, 43}
	case !ok:
		return nil
	case a.sig > 0:
		return []int{(a.sig*8 + 5) / 6}
	}
	return []int{342, 512, 683} // RSA 2048, 3072, 4096
}

// complete says that nothing may be joined to the token any more.
func (j *joined) complete() bool {
	if j.tilde {
		return false
	}
	if want := j.wanted(); j.dots != want {
		return j.dots > want
	}
	lengths := j.lengths()
	return len(lengths) == 0 || j.last >= lengths[len(lengths)-1] || slices.Contains(lengths, j.last)
}

// continues says that a word can be the next piece of the token: it is no token
// of its own, and no word of the text around. A short piece without a dot is
// only taken when it is the exact end of the signature.
func (j *joined) continues(word string, final bool) bool {
	const short = 16
	if tokenRun(word) != word || strings.ContainsAny(word, "…%") {
		return false
	}
	dots := strings.Count(word, ".")
	if j.tilde || strings.Contains(word, "~") {
		return startOf(word) != 0 && (len(word) >= short || strings.Contains(word, "~"))
	}
	if dots >= 2 && isObject(headerOf(word)) {
		return false
	}
	if len(word) < short && final && strings.HasSuffix(word, ".") {
		return false // the end of a sentence
	}
	if dots == 0 && len(word) < short {
		return j.dots == j.wanted() && slices.Contains(j.lengths(), j.last+len(word))
	}
	return j.dots+dots <= j.wanted()
}
