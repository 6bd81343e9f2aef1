package jose

import (
	"fmt"
	"strings"

	"authdance/flows/wire"
)

// Shape says what an opaque text looks like. It is a guess by prefix, length
// and alphabet, and never a proof.
type Shape struct {
	What string // "a GitHub user access token"; empty: nothing is known
	Hint string // what can be done with it
}

const (
	introspect = "Ask the introspection endpoint of its server (RFC 7662); nobody else can read it."
	notToAPI   = "It goes to the token endpoint only, never to an API."
)

// prefixes are the beginnings that providers publish, longest first where one
// begins another.
var prefixes = [...]struct{ prefix, what, hint string }{
	{"lab_", "a token of the lab", introspect},
	{"github_pat_", "a GitHub fine-grained personal access token", "GitHub has no introspection endpoint; POST /applications/{client_id}/token checks tokens of your own app."},
	{"gho_", "a GitHub OAuth access token", "GitHub has no introspection endpoint; POST /applications/{client_id}/token checks tokens of your own app."},
	{"ghu_", "a GitHub App user access token", "GitHub has no introspection endpoint; POST /applications/{client_id}/token checks tokens of your own app."},
	{"ghs_", "a GitHub App installation token", "It lives an hour; GET /installation/repositories shows what it reaches."},
	{"ghr_", "a GitHub App refresh token", notToAPI},
	{"ghp_", "a GitHub personal access token", "It stands for a person; GET /user shows whose it is."},
	{"ya29.", "a Google access token", "GET https://oauth2.googleapis.com/tokeninfo?access_token=… tells its audience, scope and time."},
	{"1//", "a Google refresh token", notToAPI},
	{"4/", "a Google authorization code", "It is traded once at the token endpoint, within minutes."},
	{"glpat-", "a GitLab personal access token", "GET /api/v4/personal_access_tokens/self tells about it."},
	{"gloas-", "a GitLab OAuth application secret", "It is a client secret and no token: keep it on the server."},
	{"xoxb-", "a Slack bot token", "POST https://slack.com/api/auth.test tells whose it is."},
	{"xoxp-", "a Slack user token", "POST https://slack.com/api/auth.test tells whose it is."},
	{"xoxe.", "a Slack rotating token", "POST https://slack.com/api/auth.test tells whose it is."},
	{"xoxe-", "a Slack refresh token", notToAPI},
	{"xapp-", "a Slack app-level token", "It opens Socket Mode connections."},
	{"EAA", "a Facebook access token", "GET /debug_token of the Graph API tells about it."},
	{"sk_live_", "a Stripe secret key", "It is an API key and no OAuth token: treat it as leaked once it was pasted anywhere."},
	{"npm_", "an npm access token", "GET /-/whoami of the registry shows whose it is."},
	{"dckr_pat_", "a Docker Hub personal access token", "It signs in at Docker Hub."},
	{"shpat_", "a Shopify admin API token", "Shopify has no introspection endpoint."},
	{"00D", "a Salesforce session or access token", "GET /services/oauth2/userinfo of its instance tells whose it is."},
	{"SWA", "an Okta API session value", introspect},
}

// readOpaque describes a token that only its server can read.
func readOpaque(text string) Token {
	t := Token{Kind: Opaque, Text: text, Shape: shapeOf(text)}
	message := "an opaque token: only the server that made it can read it; ask its introspection endpoint"
	if t.Shape.What != "" {
		message = "by its form " + t.Shape.What + ": only the server that made it can read it"
	}
	t.Checks = []wire.Check{notApplicable("structure", "RFC 6749 §1.4", message)}
	return t
}

func shapeOf(text string) Shape {
	for _, p := range prefixes {
		if strings.HasPrefix(text, p.prefix) && len(text) > len(p.prefix)+8 {
			return Shape{p.what, p.hint}
		}
	}
	n := len(text)
	base64url := strings.IndexFunc(text, notBase64url) < 0
	hexadecimal := strings.IndexFunc(strings.ToLower(text), func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }) < 0
	switch {
	case n > 100 && (strings.HasPrefix(text, "0.A") || strings.HasPrefix(text, "1.A")) && strings.Count(text, ".") >= 2:
		return Shape{"a Microsoft Entra ID refresh token or code", notToAPI}
	case strings.HasPrefix(text, "M.C") && n > 60, strings.HasPrefix(text, "M.R3_") && n > 20:
		return Shape{"a Microsoft account refresh token or code", notToAPI}
	case strings.HasPrefix(text, "EwA") && n > 200:
		return Shape{"a Microsoft account access token", "Only Microsoft's own APIs read it."}
	case strings.HasPrefix(text, "v1.") && n > 40 && n < 80:
		return Shape{"an Auth0 refresh token", notToAPI}
	case strings.HasPrefix(text, "BQ") && n > 100 && base64url:
		return Shape{"a Spotify access token", "GET https://api.spotify.com/v1/me shows whose it is."}
	case strings.HasPrefix(text, "AQ") && n > 100 && base64url:
		return Shape{"a Spotify or LinkedIn refresh token or code", notToAPI}
	case strings.HasPrefix(text, "00") && n == 42 && base64url:
		return Shape{"an Okta API token", "It is Okta's own API key and no OAuth token: it goes into Authorization: SSWS."}
	case n == 43 && base64url:
		return Shape{"32 random bytes in base64url", "A token, a code, or in PKCE a code_verifier or an S256 code_challenge (both look like this): " +
			"the challenge of this text would be " + challenge(text) + "."}
	case n == 36 && strings.Count(text, "-") == 4:
		return Shape{"a UUID", "Some servers use one as token or code. " + introspect}
	case hexadecimal && (n == 32 || n == 40 || n == 64):
		return Shape{fmt.Sprintf("%d bytes in hexadecimal", n/2), "A token, a session id or a hash. " + introspect}
	case strings.HasPrefix(text, "-----BEGIN"):
		return Shape{"a key or certificate and no token", "Give it with --key."}
	case n >= 44 && n <= 128 && isVerifier(text):
		return Shape{"text that can be a PKCE code_verifier, or a random token", "As a code_verifier its S256 code_challenge is " + challenge(text) + "."}
	}
	return Shape{"", introspect}
}

// challenge is the S256 code_challenge of a verifier (RFC 7636 §4.2).
func challenge(verifier string) string {
	return base64url(digest("SHA-256", verifier))
}

// isVerifier: the alphabet of RFC 7636 §4.1.
func isVerifier(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return notBase64url(r) && r != '.' && r != '~' }) < 0
}
