package wire

// Nearest is the word of the list that a misspelt one most likely meant; ""
// when none is near: a third of its letters may be wrong.
func Nearest(word string, list []string) string {
	best, found := len(word)/3+1, ""
	for _, candidate := range list {
		if d := distance(word, candidate, best); d < best {
			best, found = d, candidate
		}
	}
	return found
}

// distance counts the letters to add, drop or change (Levenshtein), up to most.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost++
			}
			corner = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
