package jose

// CheckUserInfo judges a signed answer of the userinfo endpoint (OIDC Core
// §5.3.2). It is no ID token: it has no nonce, needs no exp, and iss and aud
// are only recommended, so what is absent is not judged. Whose claims they are
// (sub) is for the caller to compare with the ID token.
func CheckUserInfo(tok Token, want Expect, keys KeySet) Report {
	const ref = "OIDC Core §5.3.2"
	r, tok, done := begin(AsUserInfo, tok, keys, want.policy())
	if done {
		return r
	}
	r.verify(tok, keys, want.policy())
	if _, ok := tok.Claims.Get("iss"); ok {
		r.add(issCheck(tok.Claims, want.Issuer, ref))
	} else {
		r.add(notApplicable("iss_mismatch", ref, "the answer does not name its issuer (iss); it should, and need not"))
	}
	if _, ok := tok.Claims.Get("aud"); ok {
		r.add(requiredAud(tok.Claims, want.ClientID, "this client_id", ref, "aud is empty"))
	} else {
		r.add(notApplicable("aud_mismatch", ref, "the answer does not name its reader (aud); it should, and need not"))
	}
	r.add(profileChecks(tok.Claims)...)
	r.judge()
	return r
}
