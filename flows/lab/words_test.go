package lab

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"
)

// problems reads the constants of type problem from the source, so that none
// can be forgotten here.
func problems(t *testing.T) []problem {
	t.Helper()
	files, err := filepath.Glob("*words.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []problem
	look := func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "problem" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, problem(text))
		}
		return true
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, look)
	}
	return all
}

// RFC 6749 §5.2 limits the characters of error_description; and a description
// that two problems share teaches nothing.
func TestEveryProblemHasItsOwnSentenceInAllowedCharacters(t *testing.T) {
	all := problems(t)
	for _, a := range artefacts() {
		for _, f := range flaws() {
			all = append(all, a.flaw(f))
		}
	}
	for _, a := range fetchedArtefacts() {
		for _, f := range fetchFlaws() {
			all = append(all, a.flaw(f))
		}
	}
	for _, a := range samlArtefacts() {
		for _, f := range samlFlaws() {
			all = append(all, a.flaw(f))
		}
	}
	if len(all) < 70 {
		t.Fatalf("found %d problems only", len(all))
	}
	general := problem("").refusal()
	said := map[string]problem{}
	for _, p := range all {
		r := p.refusal()
		if r == general {
			t.Errorf("%s has no sentence", p)
		}
		if other, twice := said[r.description]; twice {
			t.Errorf("%s and %s say the same: %s", p, other, r.description)
		}
		said[r.description] = p
		for _, c := range r.description {
			if c < ' ' || c > '~' || c == '"' || c == '\\' {
				t.Errorf("%s: %q is not allowed in error_description", p, c)
			}
		}
		if (r.status < 400 || r.status > 403) && p != labFailed || r.code == "" && p != tokenMissing {
			t.Errorf("%s: %+v", p, r)
		}
	}
}
