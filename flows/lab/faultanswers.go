package lab

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// discoveryFaults spoil the metadata and the keys.
func discoveryFaults() []*fault {
	return []*fault{
		{Fault: Fault{Key: "discovery_404", Title: "No metadata", Step: "discovery", Breaks: "metadata_unavailable",
			Shows: "The discovery document is not there: 404, as under a wrong path."},
			route: routeMetadata, answer: func(*exchange) reply { return textReply(http.StatusNotFound, "Not Found\n") }},
		{Fault: Fault{Key: "discovery_loop", Title: "Discovery redirects to itself", Step: "discovery", Breaks: "metadata_unavailable",
			Shows: "The discovery document answers with a redirect to its own address, for ever."},
			route: routeMetadata, answer: func(x *exchange) reply {
				out := textReply(http.StatusFound, "Found\n")
				out.header.Set("Location", x.tenant.issuer+"/.well-known/openid-configuration")
				return out
			}},
		{Fault: Fault{Key: "discovery_endpoints", Title: "Endpoints missing", Step: "discovery", Breaks: "metadata_incomplete",
			Shows: "The discovery document has neither a token_endpoint nor a jwks_uri."},
			route: routeMetadata, alter: onSuccess(func(_ *exchange, out *reply) {
				delete(out.json, "token_endpoint")
				delete(out.json, "jwks_uri")
			})},
	}
}

// tokenAnswerFaults make the answer of the token endpoint hard to read. All but
// the last three carry good tokens.
func tokenAnswerFaults() []*fault {
	token := func(key, title, breaks, shows string, change func(*exchange, *reply)) *fault {
		return &fault{Fault: Fault{Key: key, Title: title, Step: "token", Breaks: breaks, Shows: shows}, route: routeToken, alter: onSuccess(change)}
	}
	member := func(name string, value any) func(*exchange, *reply) {
		return func(_ *exchange, out *reply) { out.json[name] = value }
	}
	text := func(change func([]byte) []byte) func(*exchange, *reply) {
		return func(_ *exchange, out *reply) { out.rewrite = change }
	}
	return []*fault{
		token("expires_string", "expires_in as text", "expires_in_invalid", "The expires_in is a text instead of a number.", member("expires_in", "300")),
		token("expires_float", "expires_in with a fraction", "expires_in_invalid", "The expires_in has a fraction: 299.5.", member("expires_in", 299.5)),
		token("expires_negative", "expires_in below zero", "expires_in_invalid", "The expires_in is negative, so the token is over before it is there.", member("expires_in", -300)),
		token("token_type_missing", "No token_type", "token_type_missing", "The answer does not say how the token is to be used.", func(_ *exchange, out *reply) { delete(out.json, "token_type") }),
		token("token_content_type", "JSON under another name", "content_type_wrong", "The answer is JSON, but its Content-Type says text/html.", func(_ *exchange, out *reply) { out.header.Set("Content-Type", "text/html") }),
		token("token_bom", "Byte order mark", "nonstandard_answer", "The JSON begins with a byte order mark, which RFC 8259 forbids.", text(func(b []byte) []byte { return append([]byte("\ufeff"), b...) })),
		token("token_duplicates", "Members twice", "duplicate_member", "The JSON has access_token twice, first with another value.", text(func(b []byte) []byte {
			return bytes.Replace(b, []byte("{"), []byte(`{"access_token":"lab_first_of_two",`), 1)
		})),
		token("token_nested", "Tokens one level down", "nonstandard_answer", "The tokens stand inside a member called data.", text(func(b []byte) []byte {
			return []byte(`{"data":` + strings.TrimSpace(string(b)) + "}\n")
		})),
		token("form_token", "Tokens as a form", "nonstandard_answer", "The answer is form-encoded instead of JSON, as GitHub does unless asked.", func(_ *exchange, out *reply) {
			out.header.Set("Content-Type", "application/x-www-form-urlencoded")
			out.rewrite = formEncoded
		}),
		token("token_huge", "Endless answer", "body_too_large", "The answer is followed by two megabytes of blanks.", text(func(b []byte) []byte {
			return append(b, bytes.Repeat([]byte(" "), 2<<20)...)
		})),
		{Fault: Fault{Key: "error_200", Title: "An error with status 200", Step: "token", Breaks: "invalid_grant",
			Shows: "The token endpoint reports an error with status 200, as some products do."},
			route: routeToken, answer: func(*exchange) reply {
				return jsonReply(http.StatusOK, map[string]any{"error": "invalid_grant", "error_description": "The status says success, but this is an error."})
			}},
		{Fault: Fault{Key: "throttle", Title: "Too many requests", Step: "token", Breaks: "temporarily_unavailable",
			Shows: "The token endpoint answers 429, with the time to wait in Retry-After."},
			route: routeToken, answer: func(*exchange) reply {
				out := jsonReply(http.StatusTooManyRequests, map[string]any{"error": "temporarily_unavailable", "error_description": "Too many requests. Keep tokens until they expire, and wait."})
				out.header.Set("Retry-After", "60")
				return out
			}},
	}
}

// formEncoded turns a JSON object into a form.
func formEncoded(body []byte) []byte {
	var members map[string]any
	_ = json.Unmarshal(body, &members) // we wrote it
	form := url.Values{}
	for name, v := range members {
		form.Set(name, fmt.Sprint(v))
	}
	return []byte(form.Encode())
}

// idTokenFaults spoil the ID token and the keys that check it.
func idTokenFaults() []*fault {
	id := func(key, title, breaks, shows string, change func(*exchange, *jwt)) *fault {
		return &fault{Fault: Fault{Key: key, Title: title, Step: "id_token", Breaks: breaks, Shows: shows}, alter: onIDToken(change)}
	}
	keys := func(key, title, breaks, shows string, answer func(*exchange) reply) *fault {
		return &fault{Fault: Fault{Key: key, Title: title, Step: "id_token", Breaks: breaks, Shows: shows}, route: routeJWKS, answer: answer}
	}
	return []*fault{
		id("idtoken_hs256", "HS256 with the public key", "alg_unexpected", "The ID token is signed with HS256, and the public key set is the secret: the algorithm confusion attack.", confuse),
		id("idtoken_kid_missing", "No kid", "kid_missing", "The header of the ID token names no key.", func(_ *exchange, t *jwt) { delete(t.header, "kid") }),
		id("idtoken_azp", "azp of another client", "azp_mismatch", "The azp of the ID token is another client.", func(_ *exchange, t *jwt) { t.claims["azp"] = "workshop-other" }),
		id("nonce_missing", "No nonce", "nonce_missing", "The ID token has no nonce, although the request had one.", func(_ *exchange, t *jwt) { delete(t.claims, "nonce") }),
		id("skew_idtoken", "ID token not yet valid", "not_yet_valid", "The ID token begins ten minutes from now: the clocks differ.", func(x *exchange, t *jwt) {
			ahead := x.now().Add(10 * time.Minute)
			t.claims["iat"], t.claims["nbf"], t.claims["exp"] = ahead.Unix(), ahead.Unix(), ahead.Add(15*time.Minute).Unix()
		}),
		id("idtoken_times", "Absurd times", "iat_absurd", "The iat and exp of the ID token are in milliseconds, tens of thousands of years away.", func(x *exchange, t *jwt) {
			t.claims["iat"], t.claims["exp"] = x.now().UnixMilli(), x.now().Add(time.Hour).UnixMilli()
		}),
		keys("jwks_404", "No key set", "jwks_unavailable", "The jwks_uri answers 404.", func(*exchange) reply { return textReply(http.StatusNotFound, "Not Found\n") }),
		keys("jwks_empty", "Empty key set", "kid_unknown", "The key set has no keys.", func(*exchange) reply { return jwksReply(`{"keys":[]}`) }),
		keys("jwks_rotated", "Keys replaced", "kid_unknown", "The key set has a new key only: the one that signed is gone.", func(*exchange) reply {
			ring, err := newKeyring(nil)
			if err != nil {
				return textReply(http.StatusInternalServerError, "no key\n")
			}
			return jwksReply(string(ring.publicJSON()))
		}),
		keys("jwks_broken_key", "One broken key", "jwks_broken_key", "The key set begins with a key of an unknown type; the good one comes after it.", func(x *exchange) reply {
			return jwksReply(strings.Replace(string(x.tenant.keys.publicJSON()), "[", `[{"kty":"FUTURE","kid":"lab-future"},`, 1))
		}),
	}
}

func jwksReply(text string) reply {
	out := textReply(http.StatusOK, text)
	out.header.Set("Content-Type", "application/jwk-set+json")
	return out
}

// confuse signs with the public key set as if it were a shared secret.
func confuse(x *exchange, t *jwt) {
	t.header["alg"] = "HS256"
	secret := x.tenant.keys.publicJSON()
	t.spoil = func(compact string) string {
		input := compact[:strings.LastIndex(compact, ".")]
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
	}
}
