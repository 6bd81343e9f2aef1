package token

import "strings"

// The two sections of a JWT that have members.
const (
	inHeader  = "header"
	inPayload = "payload"
)

// outer begins the name of a section that no check is about.
const outer = "outer"

// concerns says which members a check is about: their section and names, the
// likeliest first; nothing for a check of the token as a whole.
func concerns(id string) (section string, names []string) {
	if kind, name, ok := strings.Cut(id, ":"); ok && (kind == "claim_missing" || kind == "claim_type") {
		return inPayload, []string{name}
	}
	switch id {
	case "alg_none", "alg_missing", "alg_type", "alg_unsupported", "alg_not_allowed", "alg_unexpected", "alg_symmetric":
		return inHeader, []string{"alg"}
	case "kid_unknown", "kid_missing", "kid_type", "ambiguous_key", "no_key", "alg_key_mismatch", "key_use", "weak_key", "jwks_private_key":
		return inHeader, []string{"kid"}
	case "typ_confusion", "typ_mismatch":
		return inHeader, []string{"typ"}
	case "crit_unknown", "crit_invalid":
		return inHeader, []string{"crit"}
	case "b64_false":
		return inHeader, []string{"b64"}
	case "enc_missing":
		return inHeader, []string{"enc"}
	case "untrusted_header_key", "private_key_in_header":
		return inHeader, []string{"jwk", "jku", "x5u", "x5c"}
	case "htm_mismatch":
		return inPayload, []string{"htm"}
	case "htu_mismatch":
		return inPayload, []string{"htu"}
	case "ath_mismatch":
		return inPayload, []string{"ath"}
	case "signature_invalid", "signature_length", "not_signed":
		return "signature", []string{"signature"}
	case "iss_mismatch":
		return inPayload, []string{"iss"}
	case "aud_mismatch", "aud_untrusted", "aud_multiple":
		return inPayload, []string{"aud"}
	case "azp_mismatch":
		return inPayload, []string{"azp", "client_id"}
	case "sub_too_long", "refresh_sub_mismatch":
		return inPayload, []string{"sub"}
	case "expired", "exp_within_leeway", "exp_before_iat", "exp_absurd":
		return inPayload, []string{"exp"}
	case "timestamp_looks_like_milliseconds":
		return inPayload, []string{"exp", "iat", "nbf", "auth_time"}
	case "not_yet_valid":
		return inPayload, []string{"nbf"}
	case "iat_in_future", "iat_out_of_window", "clock_skew":
		return inPayload, []string{"iat"}
	case "nonce_missing", "nonce_mismatch", "nonce_forbidden":
		return inPayload, []string{"nonce"}
	case "at_hash_missing", "at_hash_mismatch":
		return inPayload, []string{"at_hash"}
	case "c_hash_missing", "c_hash_mismatch":
		return inPayload, []string{"c_hash"}
	case "s_hash_mismatch":
		return inPayload, []string{"s_hash"}
	case "auth_time_too_old":
		return inPayload, []string{"auth_time"}
	case "acr_mismatch":
		return inPayload, []string{"acr"}
	}
	return "", nil
}

// related: a check and the claim it is about.
func related(a, b row) bool {
	return (a.kind == checkRow) != (b.kind == checkRow) && a.of != "" && a.of == b.of && a.top == b.top
}
