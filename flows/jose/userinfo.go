package jose

import "authdance/flows/wire"

// CheckUserInfo judges a signed answer of the userinfo endpoint (OIDC Core
// §5.3.2). It is no ID token: it has no nonce, needs no exp, and iss and aud
// are only recommended, so what is absent is not judged. Whose claims they are
// (sub) is for the caller to compare with the ID token.
func CheckUserInfo(tok Token, want Expect, keys KeySet) Report {
	const ref = "OIDC Core §5.3.2"
	r := Report{As: AsUserInfo, Checks: append([]wire.Check(nil), tok.Checks...)}
	if r.unreadable(tok) {
		return r
	}
	checks, key := Verify(tok, keys, want.policy())
	r.Key = key
	r.add(checks...)
	if _, ok := tok.Claims.Get("iss"); ok {
		r.add(issCheck(tok.Claims, want.Issuer, ref))
	} else {
		r.add(notApplicable("iss_mismatch", ref, "the answer does not name its issuer (iss); it should, and need not"))
	}
	v, ok := tok.Claims.Get("aud")
	switch aud, isList := stringOrList(v); {
	case !ok:
		r.add(notApplicable("aud_mismatch", ref, "the answer does not name its reader (aud); it should, and need not"))
	case !isList:
		r.add(wrongType("aud", ref, v, "a string or an array of strings"))
	default:
		r.add(audCheck(aud, want.ClientID, "this client_id", ref))
	}
	r.add(profileChecks(tok.Claims)...)
	r.judge()
	return r
}
