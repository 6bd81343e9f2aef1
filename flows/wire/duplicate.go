package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// names finds repeated names of one object: by looking at all of them while
// they are few, with a map from then on.
type names struct{ count map[string]int }

const fewNames = 16

// repeated reports whether name, about to follow members, occurs for the second time.
func (n *names) repeated(members []Member, name string) bool {
	if len(members) < fewNames {
		hits := 0
		for i := range members {
			if members[i].Name == name {
				hits++
			}
		}
		return hits == 1
	}
	if n.count == nil {
		n.count = make(map[string]int, 2*len(members))
		for i := range members {
			n.count[members[i].Name]++
		}
	}
	n.count[name]++
	return n.count[name] == 2
}

// repeat reports a repeated name once.
func (p *parser) repeat(name string, at int) {
	if p.repeats++; p.repeats > maxReports {
		return
	}
	second := SyntaxError{Offset: at}
	second.locate(p.src)
	p.checks = append(p.checks, Check{
		ID: "json_duplicate", Status: Warn, Ref: "RFC 8259 §4",
		Message: fmt.Sprintf("The member %s is there more than once, again at %d:%d. The first one is used here; other readers take the last.",
			p.where(), second.Line, second.Column),
		Got: excerpt(name) + " again", Want: "each name once",
	})
}

// where returns the way to the value being read, "keys[0].kid".
func (p *parser) where() string {
	var b strings.Builder
	for _, s := range p.path {
		switch {
		case s.index >= 0:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case b.Len() > 0:
			b.WriteString("." + excerpt(s.name))
		default:
			b.WriteString(excerpt(s.name))
		}
	}
	return b.String()
}
