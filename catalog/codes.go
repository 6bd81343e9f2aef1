package catalog

import (
	"fmt"
	"strings"
)

// Code is one row of the code files: one value, from one provider, in one place.
type Code struct {
	Provider   string // `oauth`, `entra`, `okta`, …; see Registry and Checks
	Code       string // as the server spells it: `AADSTS50011`, `invalid_grant`
	Name       string // the provider's own name for it, or a short title
	Where      string // step id, then a remark in brackets: `authorize (redirect)`
	HTTPStatus string // "400", "302", "400/401"; empty when there is no answer
	OAuthError string // the `error` value it usually comes with; may be empty
	Meaning    string // one or two sentences
	Who        string // who can solve it: one of Whos
	Retry      string // whether to try again: one of Retries
	First      string // what to do first
	Article    string // the id of the page with the long story; may be empty
	Verified   bool   // false: generally known, not checked against the vendor
	Source     string // `RFC 6749 §5.2`, or the vendor's page
}

// Whos are the values of Code.Who.
func Whos() []string { return []string{"user", "app developer", "tenant admin", "provider"} }

// Retries are the values of Code.Retry.
func Retries() []string { return []string{"no", "after a fix", "later", "interactively"} }

// Step is the step id at which the code appears, the first word of Where.
func (c Code) Step() string {
	step, _, _ := strings.Cut(c.Where, " ")
	return step
}

// PageID is the id of the page about this code. Codes that are phrases
// (GitHub's `Bad credentials`) get an id without spaces.
func (c Code) PageID() string { return c.Provider + "/" + strings.ReplaceAll(c.Code, " ", "_") }

// columns is the header line that every code file must start with.
const columns = "provider\tcode\tname\twhere\thttp_status\toauth_error\tmeaning\twho\tretry\tfirst\tarticle\tverified\tsource"

// parseCodes reads one code file: a header line, then one row a line. Lines
// that start with '#' are for the people who edit the file.
func parseCodes(file, text string) ([]Code, error) {
	lines := strings.Count(text, "\n") + 1
	rows := make([]Code, 0, lines)
	for n := 1; n <= lines; n++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimSuffix(line, "\r")
		if n == 1 {
			if line != columns {
				return nil, fmt.Errorf("%s: the first line must name the columns: %s", file, strings.ReplaceAll(columns, "\t", ", "))
			}
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		if got := strings.Count(line, "\t") + 1; got != 13 {
			return nil, fmt.Errorf("%s:%d: %d columns, want 13", file, n, got)
		}
		var f [13]string
		for i := range f {
			f[i], line, _ = strings.Cut(line, "\t")
		}
		if f[11] != "true" && f[11] != "false" {
			return nil, fmt.Errorf("%s:%d: verified is %q, want true or false", file, n, f[11])
		}
		rows = append(rows, Code{
			Provider: f[0], Code: f[1], Name: f[2], Where: f[3], HTTPStatus: f[4], OAuthError: f[5],
			Meaning: f[6], Who: f[7], Retry: f[8], First: f[9], Article: f[10],
			Verified: f[11] == "true", Source: f[12],
		})
	}
	return rows, nil
}
