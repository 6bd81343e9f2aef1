package grants

import (
	"strings"

	"authdance/flows/provider"
	"authdance/flows/wire"
)

// Announced says in one line what a server's metadata has about a setting, ""
// when it says nothing. It is what the default of the setting follows.
func Announced(setting string, meta provider.Metadata) string {
	list := func(member string) string {
		if _, has := meta.Document().Get(member); !has {
			return ""
		}
		words := meta.Document().Strings(member)
		if len(words) == 0 {
			return "the server announces none"
		}
		return wire.Safe("the server announces " + strings.Join(words, ", "))
	}
	flag := func(member, yes string) string {
		if meta.Flag(member) {
			return yes
		}
		return ""
	}
	either := func(texts ...string) string {
		for _, t := range texts {
			if t != "" {
				return t
			}
		}
		return ""
	}
	switch setting {
	case "pkce":
		return list("code_challenge_methods_supported")
	case "client_auth":
		return list("token_endpoint_auth_methods_supported")
	case "response_type":
		return list("response_types_supported")
	case "response_mode":
		return list("response_modes_supported")
	case "delivery":
		return list("backchannel_token_delivery_modes_supported")
	case "scope", "acr_values", "authorization_details":
		return list(map[string]string{"scope": "scopes_supported", "acr_values": "acr_values_supported", "authorization_details": "authorization_details_types_supported"}[setting])
	case "prompt":
		return list("prompt_values_supported")
	case "claims":
		return flag("claims_parameter_supported", "the server takes it")
	case "dpop":
		return list("dpop_signing_alg_values_supported")
	case "mtls":
		return flag("tls_client_certificate_bound_access_tokens", "the server can bind tokens to certificates")
	case "par":
		known := ""
		if meta.URLs()["pushed_authorization_request_endpoint"] != "" {
			known = "the server takes pushed requests and does not require them"
		}
		return either(flag("require_pushed_authorization_requests", "the server requires pushed requests"), known)
	case "jar":
		return either(flag("require_signed_request_object", "the server requires signed requests"), list("request_object_signing_alg_values_supported"))
	case "jar_by":
		return flag("request_uri_parameter_supported", "the server fetches requests by reference")
	}
	return ""
}
