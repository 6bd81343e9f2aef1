package grants

import (
	"net/http"
	"slices"
	"strconv"

	"authdance/flows"
	"authdance/flows/wire"
)

// par sends the authorization request straight to the server first, RFC
// 9126: the browser only carries a reference to it, which nobody can read or
// change on the way.
func par(g flows.Grant) flows.Grant {
	i := g.Index("authorize")
	if i < 0 {
		return g
	}
	ask := g.Steps[i].Do
	g.Title += " + PAR"
	g = rewritingBrowse(g, func(s flows.State, fx flows.Browse) flows.Browse {
		fx.Request.Query = params(s, []field{arg("client_id"), arg("request_uri")})
		return fx
	})
	return before(g, "authorize", flows.Step{
		ID: "par", Title: "Push the request", Ref: "RFC 9126 §2", From: flows.Client, To: flows.AS, Auth: true,
		Why: "The parameters go to the server over the back channel, where the client can also say who it is. " +
			"What the browser carries afterwards is only a short-lived reference: it cannot be read, changed or made too long.",
		Pages: []string{"par-required", "par-request-uri-expired", "client-authentication-failed", "invalid-request", "endpoint-missing"},
		Needs: []string{"pushed_authorization_request_endpoint", "client_id", "redirect_uri"},
		Do: func(s flows.State) flows.Effect {
			query := ask(s).(flows.Browse).Request.Query
			if slices.ContainsFunc(query, func(p flows.Param) bool { return p.Name == "request" }) {
				query = slices.DeleteFunc(slices.Clone(query), func(p flows.Param) bool { return p.Name != "request" && p.Name != "client_id" }) // RFC 9126 §3
			}
			return post("pushed_authorization_request_endpoint", func(flows.State) []flows.Param { return query })(s)
		},
		On: takeReference,
	})
}

// takeReference reads the answer of RFC 9126 §2.2.
func takeReference(s flows.State, e flows.Entry) flows.Verdict {
	v := take("request_uri", "?expires_in")(s, e)
	if v.Problem != nil {
		return v
	}
	if status := e.Event.(flows.Received).Exchange.Response.Status; status != http.StatusCreated {
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Got: strconv.Itoa(status), Want: "201", Ref: "RFC 9126 §2.2",
			Message: "the request was taken, but the HTTP status is not 201 Created"})
	}
	if seconds(v.Set["expires_in"], 0) <= 0 {
		v.Checks = append(v.Checks, wire.Check{ID: "expires_in_type", Status: wire.Warn, Got: v.Set["expires_in"].Safe(), Want: "seconds, more than 0", Ref: "RFC 9126 §2.2",
			Message: "the answer does not say how long the reference lives"})
	}
	v.Set["request_uri_expires_in"] = v.Set["expires_in"]
	delete(v.Set, "expires_in") // which is about tokens elsewhere
	return v
}

// rewritingBrowse changes how the browser is sent out. Where the answer comes
// back follows from the original request, which may not show it any more.
func rewritingBrowse(g flows.Grant, with func(flows.State, flows.Browse) flows.Browse) flows.Grant {
	return change(g, "authorize", func(st flows.Step) flows.Step {
		do := st.Do
		st.Do = func(s flows.State) flows.Effect {
			fx, ok := do(s).(flows.Browse)
			if !ok {
				return do(s)
			}
			kind, _ := value(fx.Request.Query, "response_type")
			if fromFragment := kind != "" && kind != "code" && kind != "none"; fromFragment {
				switch fx.ResponseMode {
				case "":
					fx.ResponseMode = "fragment"
				case "jwt":
					fx.ResponseMode = "fragment.jwt"
				}
			}
			return with(s, fx)
		}
		return st
	})
}
