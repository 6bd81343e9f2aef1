package jose

import "time"

// CheckResponse judges an authorization response that came as one signed token
// (JARM §2.4): the server that was asked (iss) wrote it, for this client (aud),
// a moment ago (exp). What it says (code, state, error) counts only when the
// report is Valid.
func CheckResponse(tok Token, want Expect, keys KeySet, now time.Time) Report {
	const ref = "JARM §2.4"
	r, tok, done := begin(AsResponse, tok, keys, want.policy())
	if done {
		return r
	}
	r.verify(tok, keys, want.policy())
	r.add(issCheck(tok.Claims, want.Issuer, ref),
		requiredAud(tok.Claims, want.ClientID, "this client_id", ref, "without aud the answer could be meant for any client"))
	r.add(timeChecks(tok.Claims, want, now, false)...)
	r.judge()
	return r
}
