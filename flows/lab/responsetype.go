package lab

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

const grantImplicit = "implicit"

// responseTypes are the answers that a client can ask for: the code flow, the
// three hybrid ones and the three implicit ones (OAuth 2.0 Multiple Response
// Type Encoding Practices). The values stand in alphabetical order.
func responseTypes() []goidc.ResponseType {
	return []goidc.ResponseType{
		goidc.ResponseTypeCode,
		goidc.ResponseTypeCodeAndIDToken, goidc.ResponseTypeCodeAndToken, goidc.ResponseTypeCodeAndIDTokenAndToken,
		goidc.ResponseTypeIDToken, goidc.ResponseTypeToken, goidc.ResponseTypeIDTokenAndToken,
	}
}

// ordered brings the values of a response_type into our order; theirs has no
// meaning (RFC 6749 §3.1.1).
func ordered(responseType string) string {
	values := fields(responseType)
	slices.Sort(values)
	return joined(values)
}

// frontChannel tells whether tokens travel through the browser.
func frontChannel(responseType string) bool { return goidc.ResponseType(responseType).IsImplicit() }

func responseModes() []string {
	return []string{"query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"}
}

// checkResponse checks what the client wants back and how. It rewrites the
// response_type in our order.
func (x *exchange) checkResponse() problem {
	f := x.form
	if f.Get("response_type") == "" {
		return responseTypeMissing
	}
	wanted := goidc.ResponseType(ordered(f.Get("response_type")))
	f.Set("response_type", string(wanted))
	x.saw(checkResponseType, string(wanted), "")
	switch {
	case x.fails(responseTypeUnknown, !slices.Contains(responseTypes(), wanted)):
		return responseTypeUnknown
	case x.fails(responseTypeFront, wanted.IsImplicit() && !x.client.may(grantImplicit)):
		return responseTypeFront
	case wanted.Contains(goidc.ResponseTypeCode) && !x.client.may("authorization_code"):
		return grantNotAllowed
	}
	mode := f.Get("response_mode")
	switch {
	case x.fails(responseModeUnknown, mode != "" && !slices.Contains(responseModes(), mode)):
		return responseModeUnknown
	case x.fails(responseModeQuery, wanted.IsImplicit() && strings.HasPrefix(mode, "query")):
		return responseModeQuery
	case !wanted.Contains(goidc.ResponseTypeIDToken):
		return ""
	case !slices.Contains(fields(f.Get("scope")), "openid"):
		return idTokenScope
	case x.fails(nonceMissing, f.Get("nonce") == ""):
		return nonceMissing
	}
	return ""
}

// defaultMode is how an answer travels when the client does not say, and where
// it goes when the client says something impossible.
func (x *exchange) defaultMode() string {
	if frontChannel(x.form.Get("response_type")) {
		return "fragment"
	}
	return "query"
}

// frontTokens prepares the tokens of an authorization response. The library
// has put a handle and an unsigned token where ours will stand.
func (x *exchange) frontTokens(params url.Values) (*issued, error) {
	wanted := map[string]any{}
	for _, name := range []string{"access_token", "id_token"} {
		if params.Has(name) {
			wanted[name] = params.Get(name)
		}
	}
	out := &issued{keys: x.tenant.keys, code: params.Get("code"), state: params.Get("state")}
	if params.Has("access_token") {
		tokens, err := x.issue(wanted)
		if err != nil {
			return nil, err
		}
		out.access, out.id = tokens.access, tokens.id
		params.Set("expires_in", fmt.Sprint(wanted["expires_in"]))
		params.Set("scope", x.granted.Scopes)
		return out, nil
	}
	var err error
	out.id, err = x.idToken(x.granted, x.now())
	return out, err
}
