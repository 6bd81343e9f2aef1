package catalog

import "strings"

// specification is where a text with this short name is published, or "".
func specification(name string) string {
	switch name {
	case "OIDC Core":
		return "https://openid.net/specs/openid-connect-core-1_0.html"
	case "OIDC Discovery":
		return "https://openid.net/specs/openid-connect-discovery-1_0.html"
	case "OIDC Registration":
		return "https://openid.net/specs/openid-connect-registration-1_0.html"
	case "OIDC RP-Initiated Logout":
		return "https://openid.net/specs/openid-connect-rpinitiated-1_0.html"
	case "OpenID Connect Session Management 1.0":
		return "https://openid.net/specs/openid-connect-session-1_0.html"
	case "OpenID Connect Front-Channel Logout 1.0":
		return "https://openid.net/specs/openid-connect-frontchannel-1_0.html"
	case "OpenID Connect Back-Channel Logout 1.0":
		return "https://openid.net/specs/openid-connect-backchannel-1_0.html"
	case "OpenID Connect Core Error Code unmet_authentication_requirements 1.0":
		return "https://openid.net/specs/openid-connect-unmet-authentication-requirements-1_0.html"
	case "CIBA Core":
		return "https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html"
	case "OpenID Federation 1.0":
		return "https://openid.net/specs/openid-federation-1_0.html"
	case "OpenID4VP 1.0":
		return "https://openid.net/specs/openid-4-verifiable-presentations-1_0.html"
	case "OpenID4VCI 1.0", "OpenID4VCI (drafts)":
		return "https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html"
	case "Financial-grade API 1.0 Part 2":
		return "https://openid.net/specs/openid-financial-api-part-2-1_0.html"
	case "UMA 2.0 Grant":
		return "https://docs.kantarainitiative.org/uma/wg/rec-oauth-uma-grant-2.0.html"
	case "UMA 2.0 Federated Authorization":
		return "https://docs.kantarainitiative.org/uma/wg/rec-oauth-uma-federated-authz-2.0.html"
	case "OAuth 2.0 Form Post Response Mode":
		return "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html"
	case "OAuth 2.0 Multiple Response Types":
		return "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html"
	case "JARM":
		return "https://openid.net/specs/oauth-v2-jarm.html"
	case "FAPI 2.0 Security Profile":
		return "https://openid.net/specs/fapi-security-profile-2_0-final.html"
	case "OIDC Native SSO":
		return "https://openid.net/specs/openid-connect-native-sso-1_0.html"
	case "SAML 2.0 Core":
		return "https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf"
	case "SAML 2.0 Bindings":
		return "https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf"
	case "SAML 2.0 Profiles":
		return "https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf"
	case "WS-Federation 1.2":
		return "https://docs.oasis-open.org/wsfed/federation/v1.2/os/ws-federation-1.2-spec-os.html"
	case "Fetch":
		return "https://fetch.spec.whatwg.org/"
	case "WebAuthn":
		return "https://www.w3.org/TR/webauthn-2/"
	case "Client ID Metadata Document draft":
		return "https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/"
	case "Identity Assertion Grant draft":
		return "https://datatracker.ietf.org/doc/draft-ietf-oauth-identity-assertion-authz-grant/"
	case "Browser-Based Apps draft":
		return "https://datatracker.ietf.org/doc/draft-ietf-oauth-browser-based-apps/"
	case "Token Binding draft":
		return "https://datatracker.ietf.org/doc/draft-ietf-oauth-token-binding/"
	case "Private Network Access":
		return "https://wicg.github.io/private-network-access/"
	case "MCP Authorization":
		return "https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization"
	case "OAuth attestation-based client authentication (draft)":
		return "https://datatracker.ietf.org/doc/draft-ietf-oauth-attestation-based-client-auth/"
	case "OAuth for First-Party Applications (draft)":
		return "https://datatracker.ietf.org/doc/draft-ietf-oauth-first-party-apps/"
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
	return specification(name)
}
