package jose

import (
	"time"

	"authdance/flows/wire"
)

// CheckResponse judges an authorization response that came as one signed token
// (JARM §2.4): the server that was asked (iss) wrote it, for this client (aud),
// a moment ago (exp). What it says (code, state, error) counts only when the
// report is Valid.
func CheckResponse(tok Token, want Expect, keys KeySet, now time.Time) Report {
	const ref = "JARM §2.4"
	r := Report{As: AsResponse, Checks: append([]wire.Check(nil), tok.Checks...)}
	if r.unreadable(tok) {
		return r
	}
	checks, key := Verify(tok, keys, want.policy())
	r.Key = key
	r.add(checks...)
	r.add(issCheck(tok.Claims, want.Issuer, ref))
	v, ok := tok.Claims.Get("aud")
	switch aud, isList := stringOrList(v); {
	case !ok:
		r.add(missing("aud", ref, "without aud the answer could be meant for any client"))
	case !isList:
		r.add(wrongType("aud", ref, v, "a string or an array of strings"))
	default:
		r.add(audCheck(aud, want.ClientID, "this client_id", ref))
	}
	r.add(timeChecks(tok.Claims, want, now, false)...)
	r.judge()
	return r
}
