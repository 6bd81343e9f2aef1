package catalog

import "strings"

// specs maps the short names used in sources to where the texts are published.
func specs(name string) string {
	switch name {
	case "OIDC Core":
		return "https://openid.net/specs/openid-connect-core-1_0.html"
	case "OIDC Discovery":
		return "https://openid.net/specs/openid-connect-discovery-1_0.html"
	case "OIDC Registration":
		return "https://openid.net/specs/openid-connect-registration-1_0.html"
	case "OIDC RP-Initiated Logout":
		return "https://openid.net/specs/openid-connect-rpinitiated-1_0.html"
	case "OAuth 2.0 Form Post Response Mode":
		return "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html"
	case "OAuth 2.0 Multiple Response Types":
		return "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html"
	case "OAuth 2.1 draft":
		return "https://datatracker.ietf.org/doc/draft-ietf-oauth-v2-1/"
	}
	return ""
}

// SourceURL is the address of a source such as `RFC 7636 §4.6`, with the
// section as fragment where the text has such anchors. It is "" for a source
// that it does not know.
func SourceURL(source string) string {
	if strings.HasPrefix(source, "https://") {
		return source
	}
	name, section, _ := strings.Cut(source, " §")
	if num, ok := strings.CutPrefix(name, "RFC "); ok && num != "" && isDigits(num) {
		url := "https://www.rfc-editor.org/rfc/rfc" + num
		if section != "" {
			url += "#section-" + section
		}
		return url
	}
	return specs(name)
}
