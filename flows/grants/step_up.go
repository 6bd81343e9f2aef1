package grants

import (
	"net/http"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// stepUp gets a stronger login, or more scope, because an API asked for it: RFC
// 9470 §3 and RFC 6750 §3.1. It is the code flow with an API call before and
// after it.
var stepUp = flows.Grant{
	ID: "step_up", Title: "Step-up", Ref: "RFC 9470 · RFC 6750 §3.1",
	About: "The API takes the token and still says no: the login behind it is too weak or too old, or a scope is missing. The client sends the person through a login that meets the demand and calls again.",
	Takes: []flows.Given{accessToken, {Name: "api", What: "the address of the API"}},
	Steps: append(append([]flows.Step{
		discover,
		{ID: "api", Title: "Call the API", Ref: "RFC 6750 §3 · RFC 9470 §3", From: flows.Client, To: flows.API,
			Why: "Nobody but the API knows what it asks for, so the client finds out by calling. " +
				"The refusal names the demand: acr_values, max_age or scope in WWW-Authenticate.",
			Pages: []string{"step-up-required", "insufficient-scope", "api-401-invalid-token"},
			Needs: []string{"api", "access_token"},
			Do:    get("api", bearer), On: demanded},
	}, onDemand(prepare, authorize(lit("response_type", "code")), receive, swap, validate)...), onDemand(callAgain)...),
}

// demanded reads what an API asks for.
func demanded(s flows.State, e flows.Entry) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	res := rec.Exchange.Response
	code := challengeParam(res, "error")
	stronger := res.Status == http.StatusUnauthorized && code == "insufficient_user_authentication"
	wider := res.Status == http.StatusForbidden && code == "insufficient_scope"
	if !stronger && !wider {
		v := calledAPI(s, e)
		if v.Problem == nil {
			v.Set["demand"] = ""
		}
		return v
	}
	v := flows.Verdict{Set: flows.Vars{"demand": wire.Untrusted(code)}}
	for _, name := range []string{"acr_values", "max_age"} {
		if val := challengeParam(res, name); val != "" {
			v.Set[name] = wire.Untrusted(val)
		}
	}
	if scope := challengeParam(res, "scope"); scope != "" {
		all := words(s.Vars["scope"])
		for _, w := range strings.Fields(scope) {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
		v.Set["scope"] = wire.Untrusted(strings.Join(all, " "))
	}
	c := wire.Check{ID: "step_up", Status: wire.Pass, Got: wire.Safe(code), Ref: "RFC 9470 §3", Message: "the API says what it asks for; the login that follows will ask for it"}
	switch {
	case wider && v.Set["scope"] == "":
		c = wire.Check{ID: "step_up", Status: wire.Warn, Got: "no scope", Want: "scope", Ref: "RFC 6750 §3", Message: "the API says that scope is missing and not which one"}
	case stronger && v.Set["acr_values"] == "" && v.Set["max_age"] == "":
		c = wire.Check{ID: "step_up", Status: wire.Warn, Got: "neither acr_values nor max_age", Want: "one of them", Ref: "RFC 9470 §3",
			Message: "the API wants a stronger login and does not say how strong: the login that follows can only guess"}
	}
	v.Checks = []wire.Check{c}
	return v
}

// onDemand runs the steps only when the API asked for more.
func onDemand(steps ...flows.Step) []flows.Step {
	for i := range steps {
		steps[i] = unless(steps[i], func(s flows.State) string {
			if s.Vars["demand"] == "" {
				return "the API took the token as it is"
			}
			return ""
		})
	}
	return steps
}

// callAgain is the second call. A demand that is still there ends the run: a
// client that tried again and again would send the person around in circles.
var callAgain = flows.Step{
	ID: "api_again", Title: "Call the API again", Ref: "RFC 9470 §4, §6.2", From: flows.Client, To: flows.API,
	Why:   "The new token stands for the new login. If the API still wants more, the server could not meet the demand, and asking again would not help.",
	Pages: []string{"step-up-required", "insufficient-scope", "acr-mismatch", "auth-time-too-old"},
	Needs: []string{"api", "access_token"},
	Do:    get("api", bearer),
	On: func(s flows.State, e flows.Entry) flows.Verdict {
		v := calledAPI(s, e)
		if v.Problem != nil && wire.Untrusted(v.Problem.Code) == s.Vars["demand"] {
			v.Checks = append(v.Checks, wire.Check{ID: "step_up", Status: wire.Warn, Got: wire.Safe(v.Problem.Code), Ref: "RFC 9470 §6.2",
				Message: "the API makes the same demand again after a login that asked for it: the server did not meet it, or the API reads the token in another way"})
		}
		return v
	},
}
