package grants

import (
	"slices"
	"time"

	"authdance/flows"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// requestObject signs the authorization request, RFC 9101: the server sees that
// nobody changed a parameter on the way, and who wrote it. Encrypted, nobody on
// the way can read it either.
func requestObject(encrypted, byReference bool) func(flows.Grant) flows.Grant {
	return func(g flows.Grant) flows.Grant {
		i := g.Index("authorize")
		if i < 0 {
			return g
		}
		ask := g.Steps[i].Do
		g.Title += " + JAR"
		g = holding(g, keyNamed("client_key"))
		carried := "request"
		if byReference {
			carried = "request_uri"
		}
		g = rewritingBrowse(g, func(s flows.State, fx flows.Browse) flows.Browse {
			fx.Request.Query = append(outside(s, fx.Request.Query), arg(carried)(s)...)
			return fx
		})
		st := flows.Step{
			ID: "request_object", Title: "Sign the request", Ref: "RFC 9101 §4, §5", From: flows.Client, To: flows.Client,
			Why: "All parameters become claims of one signed token. The browser carries it and can change nothing in it; " +
				"what stands beside it in the address does not count.",
			Pages: []string{"jar", "jar-required", "request-object-invalid", "request-object-signature"},
			Needs: append(slices.Clone(g.Steps[g.Index("authorize")].Needs), "client_key"),
			Do: func(s flows.State) flows.Effect {
				fx := sign("request", "client_key",
					[]field{algorithm("request_object_signing_alg", "client_key"), lit("typ", "oauth-authz-req+jwt"), named("client_key")},
					[]field{as("iss", "client_id"), as("aud", "issuer"), moment("iat", 0), moment("nbf", 0), moment("exp", 300), fresh("jti"),
						func(s flows.State) []flows.Param { return asClaims(flows.MessageOf(ask(s)).Query) }})(s).(flows.Sign)
				if encrypted {
					fx.To = recipient(s)
				}
				return fx
			},
			On: signedAs("request"),
		}
		if encrypted {
			st.Title, st.Ref = "Sign and encrypt the request", "RFC 9101 §6.1"
			st.Needs = append(st.Needs, "server_enc_key")
		}
		g = before(g, "authorize", st)
		if encrypted {
			g.Steps = slices.Insert(g.Steps, g.Index("request_object"), serverKeys)
		}
		if byReference {
			g = before(g, "authorize", published)
		}
		return g
	}
}

// published puts the request object where the server fetches it, RFC 9101 §5.2.
var published = flows.Step{
	ID: "request_uri", Title: "Put the request where it is fetched", Ref: "RFC 9101 §5.2, §10.4", From: flows.Client, To: flows.Client,
	Why: "The browser carries only an address, and the server fetches the signed request from there. " +
		"It must be an address that the client registered (request_uris): a server that fetches any address can be sent anywhere.",
	Pages: []string{"jar", "request-object-invalid"},
	Needs: []string{"request"},
	Do: func(s flows.State) flows.Effect {
		at := s.Vars["request_object_uri"]
		if at == "" {
			at = "http://127.0.0.1:0/requests/request.jwt"
		}
		return flows.Publish{URL: at, Type: "application/oauth-authz-req+jwt", Body: s.Vars["request"], For: 10 * time.Minute}
	},
	On: func(_ flows.State, e flows.Entry) flows.Verdict {
		if p, ok := e.Event.(flows.Published); ok {
			return flows.Verdict{Set: flows.Vars{"request_uri": p.URL}}
		}
		return unexpected(e)
	},
}

// outside are the parameters that stay beside a request object. RFC 9101 §5
// asks for client_id; OpenID Connect Core §6.1 for response_type and scope too.
func outside(s flows.State, query []flows.Param) []flows.Param {
	stays := []string{"client_id"}
	if slices.Contains(words(s.Vars["scope"]), "openid") {
		stays = append(stays, "response_type", "scope")
	}
	return slices.DeleteFunc(slices.Clone(query), func(p flows.Param) bool { return !slices.Contains(stays, p.Name) })
}

// asClaims writes parameters as members of a request object (RFC 9101 §4): what
// is JSON stays JSON, numbers are numbers, and a parameter that comes several
// times is a list.
func asClaims(query []flows.Param) []flows.Param {
	var out []flows.Param
	for _, p := range query {
		if slices.Contains([]string{"claims", "authorization_details", "max_age"}, p.Name) {
			p.JSON = true
		}
		i := slices.IndexFunc(out, func(q flows.Param) bool { return q.Name == p.Name })
		if i < 0 {
			out = append(out, p)
			continue
		}
		out[i].Value, out[i].JSON = list(query, p.Name), true
	}
	return out
}

// list is a JSON array of every value with this name.
func list(query []flows.Param, name string) wire.Untrusted {
	text := "["
	for _, p := range query {
		if p.Name != name {
			continue
		}
		if text != "[" {
			text += ","
		}
		text += quoted(p.Value)
	}
	return wire.Untrusted(text + "]")
}

// quoted is a value as a JSON string.
func quoted(v wire.Untrusted) string {
	object := flows.Object([]flows.Param{{Value: v}})
	return string(object[len(`{"":`) : len(object)-1])
}

// serverKeys fetches the key that the server wants requests encrypted for.
var serverKeys = flows.Step{
	ID: "server_keys", Title: "Fetch the server's key", Ref: "RFC 7517 §4.2 · OIDC Core §10.2", From: flows.Client, To: flows.AS,
	Why: "To encrypt something for the server, the client needs the public key that the server publishes for it: " +
		"the one whose use is enc.",
	Pages: []string{"jwks", "encrypted-token-no-key"},
	Needs: []string{"jwks_uri"},
	Do:    get("jwks_uri"),
	On: func(s flows.State, e flows.Entry) flows.Verdict {
		doc, v, ok := answer(e)
		if !ok {
			return v
		}
		keys, _ := doc.Get("keys")
		for _, k := range keys.Items {
			if k.Str("use") == "enc" {
				v.Set = flows.Vars{"server_enc_key": wire.Untrusted(k.Indent())}
				return v
			}
		}
		v.Checks = append(v.Checks, wire.Check{ID: "no_key", Status: wire.Fail, Got: "no key with use enc", Want: "use enc", Ref: "RFC 7517 §4.2",
			Message: "the server publishes no key for encryption, so nothing can be encrypted for it"})
		return v
	},
}

// recipient is the server, with algorithms that it announces and that fit its key.
func recipient(s flows.State) *flows.Recipient {
	meta, _, _ := provider.ParseMetadata([]byte(s.Vars["metadata"].Raw()))
	key := s.Vars["server_enc_key"]
	first := func(list, registered, dflt string, choices ...string) string {
		if v := s.Vars[registered]; v != "" {
			return v.Raw()
		}
		for _, c := range choices {
			if yes, _ := meta.Supports(list, c); yes {
				return c
			}
		}
		return dflt
	}
	fits := []string{"RSA-OAEP-256", "RSA-OAEP"}
	if member(key, "kty") != "RSA" {
		fits = []string{"ECDH-ES", "ECDH-ES+A256KW", "ECDH-ES+A128KW"}
	}
	alg := member(key, "alg")
	if alg == "" {
		alg = first("request_object_encryption_alg_values_supported", "request_object_encryption_alg", fits[0], fits...)
	}
	return &flows.Recipient{JWK: key, Alg: alg,
		Enc: first("request_object_encryption_enc_values_supported", "request_object_encryption_enc", "A128CBC-HS256", "A256GCM", "A128GCM", "A128CBC-HS256")}
}
