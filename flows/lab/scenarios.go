package lab

import "net/http"

// scenario is a refusal that people meet and that has its cause outside of the
// request: in a policy, a registration, another server. The key is that of the
// situation and names the problem too; the answer is the one of the row.
type scenario struct {
	key, title string
	why        refusal
	breaks     norm
	shows      string
	needs      string // see Fault.Needs
	when       string // see fault.when
}

// scenarioFaults turns the rows into faults.
func scenarioFaults() []*fault {
	var all []*fault
	for _, group := range []struct {
		step, route string
		onPage      bool
		rows        []scenario
	}{
		{"authorize", routeAuthorize, false, redirectScenarios()},
		{"authorize", routeAuthorize, true, pageScenarios()},
		{"token", routeToken, false, tokenScenarios()},
		{"api", routeAPI, false, apiScenarios()},
	} {
		for _, row := range group.rows {
			f := refuses(group.step, group.route, problem(row.key), row.why, badness{row.key, row.title, "", row.breaks, row.shows}).needing(row.needs, row.when)
			if group.onPage {
				f.toTheUser()
			}
			all = append(all, f)
		}
	}
	return all
}

// refuses makes a fault that ends a request with a refusal.
func refuses(step, route string, p problem, why refusal, b badness) *fault {
	f := b.at(KindScenario, step, why.status)
	f.route, f.refuses, f.Error, f.Finding = route, p, why.code, why.code
	if step == "authorize" {
		f.Status = http.StatusSeeOther // the refusal travels in the redirect
	}
	return f
}

// toTheUser keeps the refusal from the client.
func (f *fault) toTheUser() {
	f.onPage, f.Status, f.Finding = true, f.refuses.refusal().status, "browser_error_page"
}

// situation gives the sentence for a problem that only faults make: a mistake of
// the client, or a row of a scenario.
func (p problem) situation() refusal {
	if r, ok := p.mistakeRefusal(); ok {
		return r
	}
	for _, rows := range [][]scenario{redirectScenarios(), pageScenarios(), tokenScenarios(), apiScenarios()} {
		for _, row := range rows {
			if row.key == string(p) {
				return row.why
			}
		}
	}
	return refusal{http.StatusBadRequest, "invalid_request", "The request was refused."}
}
