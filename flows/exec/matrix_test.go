package exec

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"authdance/flows"
	"authdance/flows/grants"
)

// combination is one row of the matrix: a grant in one of its own variants, a
// way to authenticate, and what is added to them.
type combination struct {
	grant   string
	variant map[string]string // the grant's own choices
	auth    string            // "" where no step of the grant authenticates
	with    []addition
}

// addition is one option away from its default, or one further parameter of the
// authorization request.
type addition struct{ name, value string }

func (c combination) String() string {
	parts := []string{c.grant}
	for _, name := range slices.Sorted(maps.Keys(c.variant)) {
		parts = append(parts, c.variant[name])
	}
	if c.auth != "" {
		parts = append(parts, c.auth)
	}
	for _, a := range c.with {
		parts = append(parts, a.name+"="+a.value)
	}
	return strings.Join(parts, ", ")
}

func (c combination) value(name string) string {
	for _, a := range c.with {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

func (c combination) options() map[string]string {
	o := maps.Clone(c.variant)
	if c.auth != "" {
		o["client_auth"] = c.auth
	}
	for _, a := range c.with {
		if a.name != sealed && !slices.Contains(further, a.name) {
			o[a.name] = a.value
		}
	}
	return o
}

// further are parameters of the authorization request that compose with every
// flow through the browser. Their values stand in what.
var further = []string{"resource", "authorization_details", "claims", "max_age", "acr_values"}

// sealed is a client that gets its answers encrypted.
const sealed = "answers"

// additions are what can be added to a grant, in a fixed order.
func additions(grant string) []addition {
	var out []addition
	options := grants.Options(grant)
	g, _ := grants.Build(flows.Spec{Grant: grant})
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if _, own := g.Choices[name]; own || name == "client_auth" {
			continue
		}
		for _, value := range options[name][1:] {
			out = append(out, addition{name, value})
		}
	}
	if g.Index("authorize") >= 0 {
		for _, name := range further {
			out = append(out, addition{name, "on"})
		}
	}
	if g.Index("id_token") >= 0 || g.Index("userinfo") >= 0 || g.Index("introspect") >= 0 {
		out = append(out, addition{sealed, "encrypted"})
	}
	return out
}

// rule is why a combination does not exist: not in our program, but in the
// specifications or by the policy of the lab.
type rule struct {
	says    string
	forbids func(combination) bool
}

var matrixRules = []rule{
	{"contradicts itself", func(c combination) bool {
		_, err := grants.Build(flows.Spec{Grant: c.grant, Options: c.options()})
		return err != nil
	}},
	{"one name has one value", func(c combination) bool {
		seen := map[string]bool{}
		for _, a := range c.with {
			if seen[a.name] {
				return true
			}
			seen[a.name] = true
		}
		return false
	}},
	{"only a client that can keep a secret may use this grant (RFC 6749 §4.4, CIBA §4, RFC 7662 §2.1)", func(c combination) bool {
		return c.auth == "none" && slices.Contains([]string{"client_credentials", "ciba", "introspect"}, c.grant)
	}},
	{"a public client has nothing but PKCE (RFC 9700 §2.1.1)", func(c combination) bool { return c.auth == "none" && c.value("pkce") == "off" }},
	{"an audience needs an assertion", func(c combination) bool {
		return c.value("client_assertion_aud") != "" && c.auth != "client_secret_jwt" && c.auth != "private_key_jwt"
	}},
	{"jar_by is about a request object", func(c combination) bool { return c.value("jar_by") != "" && c.value("jar") == "" }},
	{"tokens do not come back in a query (OAuth Multiple Response Types §5)", func(c combination) bool {
		return (c.grant == "hybrid" || c.grant == "implicit") && strings.HasPrefix(c.value("response_mode"), "query")
	}},
	{"an ID token through the browser needs a nonce (OIDC Core §3.2.2.1)", func(c combination) bool {
		return c.value("nonce") == "off" && strings.Contains(c.variant["response_type"], "id_token")
	}},
	{"a token through the browser is never bound to a key (RFC 9449 §5, RFC 8705 §3)", func(c combination) bool {
		bound := c.value("dpop") != "" || c.value("mtls") != "" || strings.Contains(c.auth, "tls_client_auth")
		return c.grant == "implicit" && bound
	}},
	{"a certificate binds only what is asked for", func(c combination) bool { return byTLS(c.auth) && c.value("mtls") == "" && usesAPI(c.grant) }},
	{"the API decides which login it wants (RFC 9470 §3)", func(c combination) bool { return c.grant == "step_up" && c.value("acr_values") != "" }},
	{"the lab wants rights in detail agreed to each time, and prompt=none forbids asking", func(c combination) bool {
		return c.grant == "silent_renewal" && c.value("authorization_details") != ""
	}},
	{"only a signed answer is encrypted (RFC 9701 §5)", func(c combination) bool { return c.variant["answer"] == "json" && c.value(sealed) != "" }},
	{"what is pushed was not asked for at a moment, so no proof goes with it (CIBA §10.3)", func(c combination) bool {
		return c.variant["delivery"] == "push" && c.value("dpop") != ""
	}},
	{"the clients of this grant are fixed in the lab: both of its servers know them", func(c combination) bool {
		return c.grant == "id_jag" && (!slices.Contains([]string{"client_secret_basic", "client_secret_post"}, c.auth) || c.value(sealed) != "")
	}},
}

func byTLS(auth string) bool { return strings.HasSuffix(auth, "tls_client_auth") }

// usesAPI tells whether the flow calls an API or userinfo with a token of its
// own client, which the lab binds to every certificate that it sees.
func usesAPI(grant string) bool {
	g, _ := grants.Build(flows.Spec{Grant: grant})
	return g.Index("api") >= 0 || g.Index("userinfo") >= 0 || g.Index("api_again") >= 0
}

func forbidden(c combination) string {
	for _, r := range matrixRules {
		if r.forbids(c) {
			return r.says
		}
	}
	return ""
}

// variants are the grant's own choices, every one with every other.
func variants(grant string) []map[string]string {
	out := []map[string]string{{}}
	g, _ := grants.Build(flows.Spec{Grant: grant})
	for _, name := range slices.Sorted(maps.Keys(g.Choices)) {
		var more []map[string]string
		for _, v := range out {
			for _, value := range g.Choices[name] {
				next := maps.Clone(v)
				next[name] = value
				more = append(more, next)
			}
		}
		out = more
	}
	return out
}

// matrix is every grant with every way to authenticate: alone, with each
// addition, and each two additions together, with one of the ways in turn.
func matrix() []combination {
	var out []combination
	add := func(c combination) bool {
		ok := forbidden(c) == ""
		if ok {
			out = append(out, c)
		}
		return ok
	}
	for _, g := range grants.List() {
		auths := []string{""}
		if all := grants.Options(g.ID)["client_auth"]; len(all) > 0 {
			auths = all[1:] // auto decides for one of the others
		}
		more := additions(g.ID)
		var alone []combination
		for _, v := range variants(g.ID) {
			for _, auth := range auths {
				alone = append(alone, combination{g.ID, v, auth, nil})
			}
		}
		for _, c := range alone {
			add(c)
			for _, a := range more {
				add(combination{c.grant, c.variant, c.auth, []addition{a}})
			}
		}
		turn := 0
		for i, a := range more {
			for _, b := range more[i+1:] {
				for range alone { // the next one that allows the pair
					turn++
					c := alone[turn%len(alone)]
					if add(combination{c.grant, c.variant, c.auth, []addition{a, b}}) {
						break
					}
				}
			}
		}
	}
	return out
}

// The matrix: whatever composes completes in the lab, headless, and what was
// added took effect.
func TestEveryCombinationCompletesInTheLab(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of runs")
	}
	rows := matrix()
	if raceDetector {
		rows = slices.DeleteFunc(rows, func(c combination) bool { return len(c.String())%16 != 0 }) // a sample, the same each time
	} else if len(rows) < 400 {
		t.Errorf("only %d combinations", len(rows))
	}
	w := newMatrixLab(t)
	t.Run("rows", func(t *testing.T) {
		for _, c := range rows {
			t.Run(c.String(), func(t *testing.T) {
				t.Parallel()
				w.prove(t, c)
			})
		}
	})
	t.Log("\n" + matrixTable(matrix()))
}

// The table in the README counts the rows of the matrix.
func TestTheTableInTheReadmeIsThatOfTheMatrix(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := matrixTable(matrix()); !strings.Contains(string(b), want) {
		t.Errorf("the README does not have the table of the matrix; it should be:\n%s", want)
	}
}

// matrixTable is the summary: of each grant, how many rows each addition is in.
func matrixTable(rows []combination) string {
	columns := []struct {
		title string
		names []string
	}{
		{"PKCE, nonce", []string{"pkce", "nonce"}}, {"PAR", []string{"par"}}, {"JAR", []string{"jar", "jar_by"}}, {"answer modes, JARM", []string{"response_mode"}},
		{"DPoP", []string{"dpop"}}, {"mTLS", []string{"mtls"}}, {"resource, RAR, claims …", further}, {"encrypted answers", []string{sealed}},
	}
	var b strings.Builder
	b.WriteString("| flow | ways to authenticate |")
	for _, c := range columns {
		b.WriteString(" " + c.title + " |")
	}
	b.WriteString(" runs |\n|---|---|" + strings.Repeat("---|", len(columns)) + "---|\n")
	for _, g := range grants.List() {
		auths, runs, counts := map[string]bool{}, 0, make([]int, len(columns))
		for _, r := range rows {
			if r.grant != g.ID {
				continue
			}
			runs++
			if r.auth != "" {
				auths[r.auth] = true
			}
			for i, col := range columns {
				if slices.ContainsFunc(r.with, func(a addition) bool { return slices.Contains(col.names, a.name) }) {
					counts[i]++
				}
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s |", g.ID, number(len(auths)))
		for _, n := range counts {
			fmt.Fprintf(&b, " %s |", number(n))
		}
		fmt.Fprintf(&b, " %d |\n", runs)
	}
	fmt.Fprintf(&b, "| all |%s %d |\n", strings.Repeat(" |", len(columns)+1), len(rows))
	return b.String()
}

func number(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}
