package jose

import "strings"

// Gains says in one sentence what an attacker gains, or what goes wrong, when a
// client skips the check with this id. Empty for an id that this package does
// not know.
func Gains(id string) string {
	if strings.HasPrefix(id, "claim_missing:") || strings.HasPrefix(id, "claim_type:") {
		name, of, _ := strings.Cut(id, ":")
		return gainsOfClaim(name, of)
	}
	for _, part := range [...]func(string) string{gainsOfSignature, gainsOfKey, gainsOfClaims, gainsOfTime, gainsOfStructure, gainsOfEncryption, gainsOfProof} {
		if s := part(id); s != "" {
			return s
		}
	}
	return ""
}

func gainsOfSignature(id string) string {
	switch id {
	case "alg_none":
		return "Anyone writes a token with any sub, says that it is not signed, and is signed in as that person."
	case "alg_missing", "alg_type":
		return "A verifier that guesses an algorithm can be led to the weakest one that it knows."
	case "alg_unsupported":
		return "A verifier that skips what it does not know accepts a token that nobody checked."
	case "alg_not_allowed":
		return "The attacker picks the algorithm: a weak one, or one for which he can get the key."
	case "alg_unexpected":
		return "The token decides how it is checked, and the choice that was made at registration protects nothing."
	case "alg_symmetric":
		return "The attacker signs with HMAC and uses the public key, which everyone can download, as the secret."
	case "signature_invalid", "not_signed":
		return "Anyone can change the claims, for example put another person's sub into his own token, and nobody notices."
	case "signature_length":
		return "Careless number handling in a verifier can be used to pass a signature that no key ever made."
	case "crit_unknown", "crit_invalid":
		return "The token demands a rule, such as binding to a key, and a client that ignores it accepts what must be refused."
	case "b64_false":
		return "Two verifiers read two different payloads under one signature, and the attacker chooses which one counts."
	}
	return ""
}

func gainsOfKey(id string) string {
	switch id {
	case "untrusted_header_key":
		return "The attacker signs with his own key and lets the token point to it; the client then proves the forgery right, or fetches a URL inside your network."
	case "private_key_in_header":
		return "Everyone who sees one such token can sign further ones."
	case "alg_key_mismatch":
		return "A key used with an algorithm that it was not made for can lose its strength or pass forged signatures."
	case "key_use":
		return "A key that was published for encryption, and is guarded less, starts to vouch for identities."
	case "weak_key":
		return "The key can be computed or guessed offline from one token, and then signs anything."
	case "no_key":
		return "Nothing was proved: without a key a forged token and a real one look the same."
	case "kid_unknown":
		return "A client that takes any other key instead accepts tokens signed with keys that were withdrawn, perhaps because they leaked."
	case "kid_missing", "ambiguous_key":
		return "Nothing at once, but a client that tries every key also tries the old and weak ones."
	case "kid_type":
		return "A kid that is no text can lead careless code to a file, a database row or an empty key that the attacker controls."
	case "jwks_private_key":
		return "Everyone who reads the key set can sign tokens as this server."
	case "jwks_duplicate_kid":
		return "Which of the two keys counts depends on the program, so good tokens fail at random and a bad key can hide behind a good one."
	case "jwks_bad_key", "jwks_invalid", "jwks_empty":
		return "A client that gives up, or goes on without a key, either locks everybody out or checks nothing."
	}
	return ""
}

func gainsOfClaims(id string) string {
	switch id {
	case "iss_mismatch":
		return "Another server, perhaps the attacker's own, signs people in here under any sub it likes."
	case "aud_mismatch":
		return "A token that was given to another application is replayed here: its operator signs in as every one of its users."
	case "aud_untrusted", "aud_multiple":
		return "Each other reader of the token can send it here and act as its owner."
	case "azp_mismatch":
		return "A client for which the token was made passes it on to this one and borrows the identity in it."
	case "sub_too_long":
		return "A database that cuts long values can make two people one."
	case "nonce_missing", "nonce_mismatch", "nonce_forbidden":
		return "A stolen ID token or code is put into another person's sign-in, and the client takes it for the answer to its own request."
	case "at_hash_mismatch", "at_hash_missing":
		return "The access token is swapped in the browser: the person is right, but the data that is read belongs to someone else."
	case "c_hash_mismatch", "c_hash_missing":
		return "The attacker's code is put beside the victim's ID token, and the client binds the attacker's access to the victim's account."
	case "s_hash_mismatch":
		return "The answer of another sign-in is delivered with this one's state."
	case "auth_time_too_old":
		return "An old session, perhaps on a shared computer, is enough for an action that asked for a fresh sign-in."
	case "acr_mismatch":
		return "A password alone opens what was meant to need a second factor."
	case "typ_confusion":
		return "A token made for another purpose, and often easier to get, is taken as proof of who somebody is."
	case "typ_mismatch":
		return "Without an explicit type, tokens of different kinds can be passed off as each other."
	}
	return ""
}

func gainsOfTime(id string) string {
	switch id {
	case "expired", "exp_within_leeway":
		return "A token from a log file, a backup or a browser history works for ever."
	case "not_yet_valid":
		return "A token that was made for later is used now."
	case "exp_before_iat", "exp_absurd":
		return "The times of this token mean nothing, so a client that trusts them may keep it for years."
	case "timestamp_looks_like_milliseconds":
		return "Read as seconds, the token is valid for thousands of years."
	case "iat_in_future":
		return "A token from a clock that is wrong outlives the age limit that the client believes in."
	case "iat_out_of_window":
		return "An old token that was caught somewhere is presented as new."
	case "clock_skew":
		return "Nothing, but good tokens fail, and people then switch the time checks off."
	}
	return ""
}

func gainsOfStructure(id string) string {
	switch id {
	case "structure", "not_compact":
		return "Two parsers that forgive differently see two different tokens: one is checked, the other is used."
	case "base64":
		return "One token gets many spellings, and a list of revoked or used tokens that compares text can be passed by."
	case "json", "utf8":
		return "Parsers disagree about broken text, and the attacker chooses the one that reads it his way."
	case "json_duplicate":
		return "The checker reads the first of two equal names, the application the last: the attacker sets the second."
	case "depth_limit", "size_limit":
		return "One token eats the memory or the stack of the server that reads it."
	case "header_overlap":
		return "One reader believes the signed member, another the one outside, and the attacker writes the second."
	case "alg_unprotected":
		return "Whoever carries the message can change how it is checked."
	case "detached", "detached_payload_missing":
		return "A signature is shown, but not what it signs: any payload can be put beside it."
	case "enc_missing":
		return "A decrypter that guesses the cipher can be led to a broken one."
	}
	return ""
}

func gainsOfEncryption(id string) string {
	switch id {
	case "decrypt_failed":
		return "A client that goes on with what did not decrypt cleanly works with text that the attacker can shape."
	case "p2c_limit":
		return "One token with a huge count keeps a processor busy for minutes; with a tiny one its password is guessed in minutes."
	case "zip_limit", "zip_error", "zip_unsupported":
		return "A small token grows to gigabytes when it is unpacked, and takes the program down."
	case "jwe_zip":
		return "Who can add text to the content and see its length can guess the secrets in it."
	case "nesting", "cty_missing":
		return "A reader that does not know that a token stands inside checks the envelope and believes the letter."
	case "nesting_limit":
		return "Tokens inside tokens multiply the work of whoever opens them."
	}
	return ""
}

func gainsOfProof(id string) string {
	switch id {
	case "htm_mismatch", "htu_mismatch":
		return "A proof that was caught at one request is used for another one, with the stolen token beside it."
	case "ath_mismatch":
		return "A proof is combined with another access token of the same key."
	case "cnf_mismatch":
		return "A stolen access token works with the thief's own key, which is what binding it should prevent."
	case "sd_hash_mismatch":
		return "The holder's proof is put beside other disclosures than the ones that he agreed to."
	}
	return ""
}

func gainsOfClaim(kind, name string) string {
	if kind == "claim_type" {
		return "Careless code compares values of different types as equal, or crashes on them, at the attacker's choice."
	}
	switch name {
	case "exp":
		return "A stolen token works for ever."
	case "iss":
		return "A token from any server is accepted as if it came from yours."
	case "aud":
		return "A token that was made for any other client is accepted here."
	case "sub":
		return "The program signs in nobody, or whoever has an empty user id in the database."
	case "iat":
		return "The age of the token cannot be limited."
	case "auth_time":
		return "An old session passes for the fresh sign-in that was asked for."
	case "client_id":
		return "The API cannot tell which application is calling."
	case "jti":
		return "A token that is used twice cannot be told from the first use."
	}
	return "The client fills the gap with a guess, and the attacker can rely on it."
}
