package jose

import (
	"time"

	"authdance/flows/wire"
)

const (
	defaultLeeway = 60 * time.Second
	maxLeeway     = 300 * time.Second
	plausibleLife = 10 * 365 * 24 * time.Hour
)

// timeChecks judges exp, nbf and iat in a fixed order. Times are compared as
// numbers of any size; exp "on or after" is expired (RFC 7519 §4.1.4).
func timeChecks(claims wire.Value, want Expect, now time.Time, iatRequired bool) []wire.Check {
	leeway := want.leeway()
	checks := []wire.Check{expCheck(claims, now, leeway), expOrderCheck(claims), expAbsurdCheck(claims, now),
		nbfCheck(claims, now, leeway), iatCheck(claims, now, leeway, iatRequired), iatWindowCheck(claims, want, now, leeway),
		millisecondsCheck(claims)}
	if skew, ok := skewCheck(checks, want, now); ok {
		checks = append(checks, skew)
	}
	return checks
}

// leeway returns how far two clocks may be apart.
func (e Expect) leeway() time.Duration {
	switch {
	case e.Leeway < 0:
		return 0
	case e.Leeway == 0:
		return defaultLeeway
	}
	return min(e.Leeway, maxLeeway)
}

// notADate is the failing check for a time claim that is no number.
func notADate(name string, v wire.Value) wire.Check {
	return row(wire.Fail, "claim_type:"+name, "RFC 7519 §2", name+" must be a JSON number of seconds", show(v)+" ("+kindOf(v)+")", "a number")
}

func expCheck(claims wire.Value, now time.Time, leeway time.Duration) wire.Check {
	const ref = "RFC 7519 §4.1.4"
	d, absent := claimDate(claims, "exp")
	switch {
	case absent:
		return row(wire.Fail, "claim_missing:exp", ref, "without exp the token would be good for ever", "no exp", "exp")
	case !d.number:
		v, _ := claims.Get("exp")
		return notADate("exp", v)
	case now.Before(d.at):
		return row(wire.Pass, "expired", ref, "exp is in the future, by "+span(d.at.Sub(now)), clock(d.at), "after "+clock(now))
	case now.Before(d.at.Add(leeway)):
		return row(wire.Warn, "exp_within_leeway", ref, "exp has passed, but by less than the leeway of "+span(leeway)+" for clocks that differ", clock(d.at), "after "+clock(now))
	}
	return row(wire.Fail, "expired", ref, "the token expired "+span(now.Sub(d.at))+" ago", clock(d.at), "after "+clock(now))
}

func expOrderCheck(claims wire.Value) wire.Check {
	const id, ref = "exp_before_iat", "RFC 7519 §4.1.4"
	exp, noExp := claimDate(claims, "exp")
	iat, noIat := claimDate(claims, "iat")
	switch {
	case noExp || noIat || !exp.number || !iat.number:
		return notApplicable(id, ref, "needs both exp and iat as numbers")
	case !exp.at.After(iat.at):
		return row(wire.Fail, id, ref, "the token ended before it began", "exp "+clock(exp.at), "after iat "+clock(iat.at))
	}
	return passed(id, ref, "exp is after iat: the token lives "+span(exp.at.Sub(iat.at)))
}

func expAbsurdCheck(claims wire.Value, now time.Time) wire.Check {
	const id, ref = "exp_absurd", "RFC 7519 §4.1.4"
	exp, absent := claimDate(claims, "exp")
	v, _ := claims.Get("exp")
	switch {
	case absent || !exp.number:
		return notApplicable(id, ref, "there is no exp to judge")
	case exp.problem != "":
		return row(wire.Fail, id, ref, "exp is no time that a calendar has: "+exp.problem, v.Text, "seconds since 1970")
	case exp.at.Sub(now) > plausibleLife:
		return row(wire.Warn, id, ref, "exp is more than ten years away: a stolen token would be good for as long", clock(exp.at), "minutes to hours")
	}
	return passed(id, ref, "exp is a plausible time")
}

func nbfCheck(claims wire.Value, now time.Time, leeway time.Duration) wire.Check {
	const id, ref = "not_yet_valid", "RFC 7519 §4.1.5"
	d, absent := claimDate(claims, "nbf")
	switch {
	case absent:
		return notApplicable(id, ref, "there is no nbf")
	case !d.number:
		v, _ := claims.Get("nbf")
		return notADate("nbf", v)
	case d.at.After(now.Add(leeway)):
		return row(wire.Fail, id, ref, "the token is not valid yet, for another "+span(d.at.Sub(now)), clock(d.at), "not after "+clock(now))
	}
	return row(wire.Pass, id, ref, "nbf has passed"+within(d.at, now), clock(d.at), "not after "+clock(now))
}

func within(at, now time.Time) string {
	if at.After(now) {
		return ", within the leeway"
	}
	return ""
}

func iatCheck(claims wire.Value, now time.Time, leeway time.Duration, required bool) wire.Check {
	const id, ref = "iat_in_future", "RFC 7519 §4.1.6"
	d, absent := claimDate(claims, "iat")
	switch {
	case absent && required:
		return row(wire.Fail, "claim_missing:iat", "OIDC Core §2", "iat is required", "no iat", "iat")
	case absent:
		return notApplicable(id, ref, "there is no iat")
	case !d.number:
		v, _ := claims.Get("iat")
		return notADate("iat", v)
	case d.at.After(now.Add(leeway)):
		return row(wire.Fail, id, ref, "the token says that it was issued in the future: one of the two clocks is wrong", clock(d.at), "not after "+clock(now))
	}
	return row(wire.Pass, id, ref, "iat is not in the future"+within(d.at, now), clock(d.at), "not after "+clock(now))
}

func iatWindowCheck(claims wire.Value, want Expect, now time.Time, leeway time.Duration) wire.Check {
	const id, ref = "iat_out_of_window", "OIDC Core §3.1.3.7"
	d, absent := claimDate(claims, "iat")
	switch {
	case absent || !d.number:
		return notApplicable(id, ref, "there is no iat to judge")
	case d.far < 0:
		v, _ := claims.Get("iat")
		return row(wire.Fail, id, ref, "iat is no time that a token can have been issued at", v.Text, "seconds since 1970")
	case want.IatWindow <= 0:
		return notApplicable(id, ref, "no limit was set for the age of the token")
	case now.Sub(d.at) > want.IatWindow+leeway:
		return row(wire.Fail, id, ref, "the token was issued too long ago for this client", span(now.Sub(d.at))+" ago", "at most "+span(want.IatWindow)+" ago")
	}
	return row(wire.Pass, id, ref, "the token was issued recently enough", span(now.Sub(d.at))+" ago", "at most "+span(want.IatWindow)+" ago")
}

func millisecondsCheck(claims wire.Value) wire.Check {
	const id, ref = "timestamp_looks_like_milliseconds", "RFC 7519 §2"
	found := false
	for _, name := range [...]string{"exp", "iat", "nbf", "auth_time"} {
		d, absent := claimDate(claims, name)
		if !absent && d.milliseconds {
			v, _ := claims.Get(name)
			return row(wire.Fail, id, ref, name+" counts milliseconds; read as seconds, as it must be, it lies in the year "+d.at.Format("2006"),
				v.Text, v.Text[:min(len(v.Text), 10)]+" (seconds)")
		}
		found = found || !absent && d.number
	}
	if !found {
		return notApplicable(id, ref, "there is no time to judge")
	}
	return passed(id, ref, "the times count seconds")
}

// skewCheck names the difference between the two clocks when a time check
// failed and the server's Date header is known (R-FLOW-11).
func skewCheck(checks []wire.Check, want Expect, now time.Time) (wire.Check, bool) {
	const id, ref = "clock_skew", "RFC 9110 §6.6.1"
	failed := false
	for _, c := range checks {
		switch c.ID {
		case "expired", "exp_within_leeway", "not_yet_valid", "iat_in_future":
			failed = failed || c.Status == wire.Fail || c.Status == wire.Warn
		}
	}
	if !failed || want.ServerDate.IsZero() {
		return wire.Check{}, false
	}
	skew := want.ServerDate.Sub(now)
	got, here := clock(want.ServerDate)+" (Date header)", clock(now)+" (this computer)"
	switch {
	case skew.Abs() <= 2*time.Second: // the header counts whole seconds and travels
		return row(wire.Pass, id, ref, "the clocks agree, so they are not the reason", got, here), true
	case skew > 0:
		return row(wire.Warn, id, ref, "the server's clock is "+span(skew)+" ahead of this one: set the clocks right first", got, here), true
	}
	return row(wire.Warn, id, ref, "the server's clock is "+span(-skew)+" behind this one: set the clocks right first", got, here), true
}
