package lab

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	typeRequestObject = "oauth-authz-req+jwt" // RFC 9101 §10.8
	responseLifetime  = 10 * time.Minute      // of a signed answer, JARM §2.1
)

// openRequest replaces the parameters of an authorization request by those in
// its request object, RFC 9101: what is signed counts, and nothing beside it.
// A request without one is left as it is.
func (x *exchange) openRequest() problem {
	if !x.form.Has("request") {
		if x.client.must(mustSign) {
			return requestUnsigned
		}
		return ""
	}
	compact, bad := x.tenant.opened(x.form.Get("request"))
	if bad != "" {
		return bad
	}
	j, bad := readForeign(signedRequest, compact)
	if bad != "" {
		return bad
	}
	if typ, _ := j.header["typ"].(string); typ != "" && typ != typeRequestObject && typ != "JWT" {
		return requestType
	}
	if bad := x.verifyByClient(j, x.client); bad != "" {
		return bad
	}
	switch {
	case j.text("client_id") != x.client.ID:
		return requestClient
	case j.claims["iss"] != nil && j.text("iss") != x.client.ID:
		return j.kind.flaw(flawIssuer)
	case j.claims["request"] != nil || j.claims["request_uri"] != nil:
		return requestNested
	}
	if j.claims["aud"] != nil {
		if bad := j.checkAudience(x.tenant.issuer); bad != "" {
			return bad
		}
	}
	if j.claims["exp"] != nil { // §4: optional, but then it counts
		if bad := j.checkTimes(x.now()); bad != "" {
			return bad
		}
	}
	if bad := j.once(x.tenant.store, false); bad != "" {
		return bad
	}
	x.pass(checkRequest)
	clear(x.form)
	for name, value := range j.claims {
		switch name {
		case "iss", "sub", "aud", "exp", "nbf", "iat", "jti":
		default:
			setParameter(x.form, name, value)
		}
	}
	return ""
}

// setParameter writes a JSON value the way it would stand in a form.
func setParameter(form url.Values, name string, value any) {
	switch v := value.(type) {
	case string:
		form.Set(name, v)
	case float64:
		form.Set(name, strconv.FormatFloat(v, 'f', -1, 64))
	case []any:
		if name != "resource" {
			break
		}
		for _, one := range v {
			if s, ok := one.(string); ok {
				form.Add(name, s)
			}
		}
		return
	}
	if !form.Has(name) && value != nil {
		text, _ := json.Marshal(value) // it came from JSON
		form.Set(name, string(text))
	}
}

// isJARM tells whether a response mode asks for a signed answer, JARM §2.3.
func isJARM(mode string) bool { return mode == "jwt" || strings.HasSuffix(mode, ".jwt") }

// plainMode is how a signed answer travels.
func (x *exchange) plainMode(mode string) string {
	if plain, _ := strings.CutSuffix(mode, ".jwt"); plain != "jwt" && plain != "" {
		return plain
	}
	return x.defaultMode()
}

// sealResponse signs an authorization response, JARM §2.1, and encrypts it for a
// client that wants that (§2.2): one parameter with everything in it.
func (x *exchange) sealResponse(params url.Values) (url.Values, error) {
	now := x.now()
	claims := map[string]any{"aud": x.client.ID, "exp": now.Add(responseLifetime).Unix()}
	for name := range params {
		claims[name] = params.Get(name)
	}
	claims["iss"] = x.tenant.issuer
	out, err := x.tenant.sealed(x.client.ID, SealAuthorization, typeIDToken, claims)
	if err != nil {
		return nil, err
	}
	compact, err := out.sign(x.tenant.keys)
	return url.Values{"response": {compact}}, err
}
