package grants

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// resourceMetadata finds the server that protects a resource, RFC 9728: a
// client that only knows an address, such as that of an MCP server, gets from
// there to the place where it can ask for a token.
var resourceMetadata = flows.Grant{
	ID: "resource_metadata", Title: "Resource metadata", Ref: "RFC 9728",
	About: "Paste the address of an API or of an MCP server. Its refusal, and a document beside it, lead to the authorization server. Every address that is tried is listed, with the rule that it comes from.",
	Takes: []flows.Given{{Name: "resource", From: "api", What: "the address of the resource"}},
	Steps: []flows.Step{
		{ID: "resource", Title: "Call the resource without a token", Ref: "RFC 9728 §5 · RFC 6750 §3", From: flows.Client, To: flows.API,
			Why:   "A protected resource answers 401, and says in WWW-Authenticate where its own description is. That is all a client has to know beforehand: one address.",
			Pages: []string{"mcp-resource-metadata", "unauthorized-api-without-challenge", "resource-metadata"},
			Needs: []string{"resource"},
			Do:    knock, On: challenged},
		{ID: "resource_metadata", Title: "Read the resource's description", Ref: "RFC 9728 §3", From: flows.Client, To: flows.API,
			Why: "The document names the authorization servers that the resource trusts. It must be about exactly this resource: " +
				"else somebody could point the client, and its tokens, elsewhere.",
			Pages: []string{"resource-metadata-missing", "mcp-authorization-server", "resource-metadata"},
			Needs: []string{"resource"},
			Do: func(s flows.State) flows.Effect {
				places := descriptions(s)
				n := min(len(s.ResultOf("resource_metadata").Exchanges()), len(places)-1)
				return flows.Send{Request: flows.Request{Method: http.MethodGet, URL: wire.Untrusted(places[n].URL), Header: []flows.Param{accept("application/json")}}}
			},
			On: described},
		found(discover),
	},
}

// initialize is how an MCP client greets its server.
const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"authdance","version":"1"}}}`

// knock calls the resource with GET, and with the greeting of MCP where GET is
// not what it takes.
func knock(s flows.State) flows.Effect {
	r := flows.Request{Method: http.MethodGet, URL: s.Vars["resource"], Header: []flows.Param{accept("application/json, text/event-stream")}}
	if len(s.ResultOf("resource").Exchanges()) > 0 {
		r.Method, r.Body = http.MethodPost, initialize
		r.Header = append(r.Header, flows.Param{Name: "Content-Type", Value: "application/json"})
	}
	return flows.Send{Request: r}
}

func challenged(s flows.State, e flows.Entry) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	res := rec.Exchange.Response
	if slices.Contains([]int{http.StatusMethodNotAllowed, http.StatusNotFound, http.StatusNotAcceptable}, res.Status) && len(s.ResultOf("resource").Exchanges()) < 2 {
		return flows.Verdict{Again: true, Checks: []wire.Check{{ID: "resource_method", Status: wire.Warn, Got: fmt.Sprintf("GET: %d", res.Status), Ref: "RFC 9110 §15.5",
			Message: "the resource does not take GET there; authdance greets it with POST, as an MCP client would"}}}
	}
	v := flows.Verdict{Set: flows.Vars{"resource_metadata": wire.Untrusted(challengeParam(res, "resource_metadata")), "wanted_scope": wire.Untrusted(challengeParam(res, "scope"))}}
	c := wire.Check{ID: "challenge", Status: wire.Pass, Got: fmt.Sprint(res.Status), Want: "401 with WWW-Authenticate", Ref: "RFC 9728 §5.1", Message: "the refusal says where the description of the resource is"}
	switch {
	case res.Status != http.StatusUnauthorized:
		c.Status, c.Message = wire.Warn, "the resource did not ask for a token; its description may be there all the same"
	case res.Get("WWW-Authenticate") == "":
		c.Status, c.Message = wire.Warn, "the refusal has no WWW-Authenticate, so a client has to guess where to go on"
	case v.Set["resource_metadata"] == "":
		c.Status, c.Message = wire.Warn, "WWW-Authenticate does not say where the description is; the usual places are tried"
	}
	v.Checks = []wire.Check{c}
	return v
}

// descriptions are the places where the description of the resource may be, in
// the order to try them.
func descriptions(s flows.State) []provider.Candidate {
	if u := s.Vars["resource_metadata"]; u != "" {
		return []provider.Candidate{{URL: u.Raw(), Rule: "RFC 9728 §5.1: named by WWW-Authenticate"}}
	}
	return provider.ResourceWellKnown(s.Vars["resource"].Raw())
}

func described(s flows.State, e flows.Entry) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	tried, places := len(s.ResultOf("resource_metadata").Exchanges()), descriptions(s)
	place := places[min(tried, len(places))-1]
	res := rec.Exchange.Response
	doc, checks, err := wire.ParseJSON([]byte(res.Body.Raw()), wire.Limits{})
	if res.Status != http.StatusOK || err != nil || doc.Kind != wire.Object {
		why := fmt.Sprintf("HTTP %d", res.Status)
		if res.Status == http.StatusOK && err != nil {
			why = err.Error()
		}
		miss := wire.Check{ID: "resource_metadata_invalid", Status: wire.Warn, Ref: place.Rule, Message: "no description at " + wire.Safe(place.URL) + ": " + why}
		if tried < len(places) {
			return flows.Verdict{Checks: []wire.Check{miss}, Again: true}
		}
		return flows.Verdict{Checks: []wire.Check{miss}, Problem: &flows.Problem{Kind: flows.Refused, Code: "resource_metadata_invalid", HTTPStatus: res.Status,
			Description: wire.Untrusted(fmt.Sprintf("the resource has no description (%d places tried); a client cannot find out which server to ask", tried))}}
	}
	v := flows.Verdict{Checks: append(checks, wire.Check{ID: "found_at", Status: wire.Pass, Got: wire.Safe(place.URL), Ref: place.Rule, Message: "the description is at " + wire.Safe(place.URL)},
		resourceCheck(wire.Untrusted(doc.Str("resource")), s.Vars["resource"], place))}
	v.Set = flows.Vars{"resource_description": res.Body, "scopes_supported": wire.Untrusted(strings.Join(doc.Strings("scopes_supported"), " "))}
	servers := doc.Strings("authorization_servers")
	switch {
	case len(servers) == 0:
		v.Checks = append(v.Checks, wire.Check{ID: "resource_metadata_invalid", Status: wire.Fail, Want: "authorization_servers", Ref: "RFC 9728 §2",
			Message: "the description names no authorization server, so there is nobody to ask for a token"})
	case !slices.Contains(servers, s.Vars["issuer"].Raw()):
		v.Set["issuer"], v.Set["metadata_url"] = wire.Untrusted(servers[0]), ""
	}
	if methods := doc.Strings("bearer_methods_supported"); len(methods) > 0 && !slices.Contains(methods, "header") {
		v.Checks = append(v.Checks, wire.Check{ID: "resource_metadata_invalid", Status: wire.Warn, Got: wire.Safe(strings.Join(methods, " ")), Want: "header", Ref: "RFC 6750 §2.1",
			Message: "the resource does not take tokens in the Authorization header, which every client can do"})
	}
	return v
}

// resourceCheck compares the document's resource with what was asked for (RFC
// 9728 §3.3). A document about the whole server stands for a path of it in
// practice; about another server, never.
func resourceCheck(got, asked wire.Untrusted, place provider.Candidate) wire.Check {
	want := asked
	if place.Resource != "" {
		want = wire.Untrusted(place.Resource)
	}
	c := wire.Check{ID: "resource_mismatch", Status: wire.Pass, Got: got.Safe(), Want: want.Safe(), Ref: "RFC 9728 §3.3", Message: "the description is about exactly this resource"}
	a, errA := url.Parse(got.Raw())
	b, errB := url.Parse(want.Raw())
	switch {
	case got == want:
	case errA == nil && errB == nil && a.Scheme == b.Scheme && a.Host == b.Host && strings.HasPrefix(b.Path+"/", strings.TrimSuffix(a.Path, "/")+"/"):
		c.Status, c.Message = wire.Warn, "the description is about a larger resource that this address is part of; the specification wants the same address, many clients take this too"
	default:
		c.Status, c.Message = wire.Fail, "the description is about another resource; whoever wrote it could collect tokens that are meant for somebody else"
	}
	return c
}

// found lists the place that had the metadata too, not only those that did not.
func found(st flows.Step) flows.Step {
	on := st.On
	st.On = func(s flows.State, e flows.Entry) flows.Verdict {
		v := on(s, e)
		if v.Again || v.Problem != nil {
			return v
		}
		places := candidates(s)
		place := places[min(len(s.ResultOf(st.ID).Exchanges()), len(places))-1]
		v.Checks = append([]wire.Check{{ID: "found_at", Status: wire.Pass, Got: wire.Safe(place.URL), Ref: place.Rule, Message: "the server's metadata is at " + wire.Safe(place.URL)}}, v.Checks...)
		return v
	}
	return st
}
