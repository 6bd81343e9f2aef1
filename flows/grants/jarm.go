package grants

import (
	"slices"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// responseModes are the ways in which the server may send its answer back:
// after the default of the flow the three plain ones, then the signed ones.
func responseModes() []string {
	return []string{"default", "query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"}
}

// withResponseMode makes the option and the request parameter say the same,
// wherever the person named it: the steps follow from it.
func withResponseMode(spec flows.Spec, vars flows.Vars) flows.Spec {
	mode := spec.Options["response_mode"]
	switch {
	case mode != "" && mode != "default":
		if vars != nil && slices.Contains(responseModes(), mode) {
			vars["response_mode"] = wire.Untrusted(mode)
		}
	case slices.Contains(responseModes(), vars["response_mode"].Raw()):
		options := map[string]string{"response_mode": vars["response_mode"].Raw()}
		for name, val := range spec.Options {
			if name != "response_mode" {
				options[name] = val
			}
		}
		spec.Options = options
	}
	return spec
}

// signedResponse reads an answer that comes as one signed token (JARM): it is
// opened where it is encrypted, then checked, and only then read.
func signedResponse(g flows.Grant) flows.Grant {
	if g.Index("callback") < 0 {
		return g
	}
	in := g.Steps[g.Index("callback")].In
	response := func(s flows.State) wire.Untrusted {
		p, _ := in(s).Find("response")
		return p.Value
	}
	refused := func(s flows.State) bool { // without a signature nothing counts but the news that it did not work
		_, plain := in(s).Find("error")
		return plain && response(s) == ""
	}
	g = change(g, "callback", func(st flows.Step) flows.Step {
		st.In = func(s flows.State) flows.Request {
			if refused(s) {
				return in(s)
			}
			return unpacked(in(s), s.Vars["authorization_response"])
		}
		return st
	})
	i := g.Index("callback")
	g.Title += " + JARM"
	g.Steps = slices.Insert(slices.Clone(g.Steps), i, opening("jarm_decrypt", "the answer", "JARM §2.2", "response_token", response), flows.Step{
		ID: "jarm", Title: "Check the signed answer", Ref: "JARM §2.4", From: flows.Client, To: flows.AS,
		Why: "The answer is one token, signed by the server. Who changes or swaps a value on its way through the browser breaks the signature; " +
			"iss and aud say who wrote it and for whom, exp that it is of now.",
		Pages: []string{"jarm", "jarm-invalid", "signature-invalid", "unknown-kid"},
		Needs: []string{"issuer", "jwks_uri"},
		Skip: func(s flows.State) string {
			if refused(s) {
				return "the server refused, and did so in an answer that is not signed"
			}
			return ""
		},
		Do: get("jwks_uri"),
		On: func(s flows.State, e flows.Entry) flows.Verdict {
			token := response(s)
			if isEncrypted(token) {
				token = s.Vars["response_token"]
			}
			return checkResponse(s, e, token)
		},
	})
	return g
}

// checkResponse is JARM §2.4: issuer, audience, expiry, signature.
func checkResponse(s flows.State, e flows.Entry, token wire.Untrusted) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	if token == "" {
		return flows.Verdict{Checks: []wire.Check{{ID: "nonstandard_answer", Status: wire.Fail, Want: "response", Ref: "JARM §2.3",
			Message: "this response_mode promises a signed answer, and the browser came back without one (parameter response)"}}}
	}
	tok := jose.Decode(token.Raw())
	want := jose.Expect{Issuer: s.Vars["issuer"].Raw(), ClientID: s.Vars["client_id"].Raw(), Alg: s.Vars["authorization_signed_response_alg"].Raw()}
	report := jose.CheckResponse(tok, want, signers(s, tok, rec.Exchange.Response.Body), e.At)
	v := flows.Verdict{Checks: report.Checks, Set: flows.Vars{"authorization_response": wire.Untrusted(tok.Claims.Indent())}}
	if report.Verdict == jose.Valid {
		return v
	}
	v.Set = nil
	for _, c := range report.Checks {
		if c.Status == wire.Fail || c.Status == wire.Unknown {
			v.Problem = &flows.Problem{Kind: flows.Refused, Code: c.ID, Description: wire.Untrusted("the signed answer does not count: " + c.Message)}
			return v
		}
	}
	v.Problem = &flows.Problem{Kind: flows.Refused, Code: "structure", Description: "the answer is no signed token, as this response_mode promises"}
	return v
}

// unpacked is the answer with the claims of the checked token as its parameters.
func unpacked(r flows.Request, claims wire.Untrusted) flows.Request {
	doc, _, _ := wire.ParseJSON([]byte(claims.Raw()), wire.Limits{})
	r.Query, r.Form = nil, nil
	for _, m := range doc.Members {
		if slices.Contains([]string{"aud", "exp", "iat", "nbf", "jti"}, m.Name) {
			continue
		}
		val := m.Value.Text
		if m.Value.Kind == wire.Object || m.Value.Kind == wire.Array {
			val = m.Value.Indent()
		}
		r.Query = append(r.Query, flows.Param{Name: m.Name, Value: wire.Untrusted(val), Secret: flows.Sensitive(m.Name)})
	}
	return r
}
