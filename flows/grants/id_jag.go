package grants

import (
	"fmt"
	"strings"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// idJAG carries a login from the identity provider of a company to the server
// of another application: draft-ietf-oauth-identity-assertion-authz-grant.
var idJAG = flows.Grant{
	ID: "id_jag", Title: "Identity assertion (ID-JAG)", Ref: "draft-ietf-oauth-identity-assertion-authz-grant · RFC 8693 · RFC 7523",
	About: "An application wants the API of another one, and both trust the same identity provider. That provider writes a letter for the other server, and the letter is swapped for a token there: no second consent, and the company stays in control.",
	Takes: []flows.Given{{Name: "id_token", From: "id_token", What: "the ID token of the login"},
		{Name: "resource_issuer", What: "the issuer of the other application's server"}},
	Steps: []flows.Step{
		discover,
		{ID: "id_jag", Title: "Get the letter", Ref: "draft ID-JAG §4.3 · RFC 8693 §2.1", From: flows.Client, To: flows.AS, Auth: true,
			Why:   "The identity provider decides whether this application may reach that one for this person, and signs an assertion that only the other server may take (aud).",
			Pages: []string{"id-jag", "token-exchange-subject", "invalid-target"},
			Needs: []string{"token_endpoint", "client_id", "id_token", "resource_issuer"},
			Do: post("token_endpoint", lit("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), lit("requested_token_type", idJAGType),
				as("audience", "resource_issuer"), several("resource"), as("scope", "resource_scope"),
				as("subject_token", "id_token"), lit("subject_token_type", tokenType8693+"id_token"), extra),
			On: takeLetter},
		{ID: "resource_discovery", Title: "Discover the other server", Ref: "RFC 8414 §3", From: flows.Client, To: flows.AS,
			Why:   "The letter is for another server than the one that wrote it; its metadata says where that one takes letters.",
			Pages: []string{"discovery", "discovery-not-found", "endpoint-missing"},
			Needs: []string{"resource_issuer"},
			Do: func(s flows.State) flows.Effect {
				places := provider.WellKnown(s.Vars["resource_issuer"].Raw())
				n := min(len(s.ResultOf("resource_discovery").Exchanges()), len(places)-1)
				return flows.Send{Request: flows.Request{Method: "GET", URL: wire.Untrusted(places[n].URL), Header: []flows.Param{accept("application/json")}}}
			},
			On: otherServer},
		{ID: "token", Title: "Swap the letter for a token", Ref: "draft ID-JAG §4.4 · RFC 7523 §2.1", From: flows.Client, To: flows.AS, Auth: true,
			Why:   "The other server checks the signature of the identity provider that it trusts, and that the letter is for it and for this client.",
			Pages: []string{"id-jag", "jwt-bearer-assertion", "client-authentication-failed"},
			Needs: []string{"resource_token_endpoint", "client_id", "assertion"},
			Do:    post("resource_token_endpoint", lit("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), arg("assertion"), as("scope", "resource_scope")),
			On:    takeTokens},
		callAPI,
	},
}

const idJAGType = tokenType8693 + "id-jag"

// takeLetter reads the answer: the letter stands where an access token would,
// and must not be used as one.
func takeLetter(s flows.State, e flows.Entry) flows.Verdict {
	v := take("access_token", "issued_token_type", "?token_type", "?expires_in")(s, e)
	if v.Problem != nil {
		return v
	}
	letter := v.Set["access_token"]
	v.Set["assertion"] = letter
	delete(v.Set, "access_token")
	tok := jose.Decode(letter.Raw())
	const ref = "draft ID-JAG §3"
	v.Checks = append(v.Checks, must("issued_token_type", "issued_token_type", v.Set["issued_token_type"], idJAGType, "draft ID-JAG §4.3.3"))
	if kind := v.Set["token_type"]; kind != "N_A" {
		v.Checks = append(v.Checks, wire.Check{ID: "token_type", Status: wire.Warn, Got: kind.Safe(), Want: "N_A", Ref: "RFC 8693 §2.2.1",
			Message: "token_type should be N_A: the letter is no access token, and no API may be called with it"})
	}
	if typ := strings.ToLower(tok.Header.Str("typ")); typ != "oauth-id-jag+jwt" {
		v.Checks = append(v.Checks, wire.Check{ID: "typ_mismatch", Status: wire.Warn, Got: wire.Safe(typ), Want: "oauth-id-jag+jwt", Ref: ref, Message: "the letter does not say that it is one; the other server may refuse it"})
	}
	if aud := wire.Untrusted(tok.Claims.Str("aud")); aud != s.Vars["resource_issuer"] {
		v.Checks = append(v.Checks, wire.Check{ID: "aud_mismatch", Status: wire.Warn, Got: aud.Safe(), Want: s.Vars["resource_issuer"].Safe(), Ref: ref, Message: "the letter is not for the other server"})
	}
	return v
}

// otherServer reads the metadata of the server that takes the letter.
func otherServer(s flows.State, e flows.Entry) flows.Verdict {
	rec, ok := e.Event.(flows.Received)
	if !ok {
		return unexpected(e)
	}
	tried, places := len(s.ResultOf("resource_discovery").Exchanges()), provider.WellKnown(s.Vars["resource_issuer"].Raw())
	meta, checks, err := provider.ParseMetadata([]byte(rec.Exchange.Response.Body.Raw()))
	if status := rec.Exchange.Response.Status; status != 200 || err != nil {
		miss := wire.Check{ID: "metadata_invalid", Status: wire.Warn, Ref: places[min(tried, len(places))-1].Rule, Message: fmt.Sprintf("no metadata at %s: HTTP %d", rec.Exchange.Request.URL.Safe(), status)}
		if tried < len(places) {
			return flows.Verdict{Checks: []wire.Check{miss}, Again: true}
		}
		return flows.Verdict{Checks: []wire.Check{miss}, Problem: &flows.Problem{Kind: flows.Refused, Code: "metadata_invalid", HTTPStatus: status,
			Description: wire.Untrusted(fmt.Sprintf("the other server has no usable metadata (%d places tried)", tried))}}
	}
	endpoint := meta.URLs()["token_endpoint"]
	v := flows.Verdict{Set: flows.Vars{"resource_token_endpoint": endpoint, "mtls_resource_token_endpoint": meta.Aliases()["token_endpoint"]}, Checks: append(checks, issuerCheck(meta.Issuer(), s.Vars["resource_issuer"], s.Profile.Quirks))}
	if yes, known := meta.Supports("grant_types_supported", "urn:ietf:params:oauth:grant-type:jwt-bearer"); known && !yes {
		v.Checks = append(v.Checks, wire.Check{ID: "metadata_invalid", Status: wire.Warn, Want: "jwt-bearer", Ref: "grant_types_supported", Message: "the other server does not announce the grant that takes letters"})
	}
	return v
}
