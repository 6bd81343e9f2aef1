package jose

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"authdance/flows/wire"
)

// Time is one time claim of a token, for display.
type Time struct {
	Claim string
	At    time.Time // UTC; zero when Raw is no time that a calendar has
	Raw   string    // the number as it stands in the token
	Note  string    // why At is not set, or "read as milliseconds"; else empty
}

// Times lists the time claims of a token in the order of a life: auth_time,
// iat, nbf, exp. Claims that are absent are left out; nonsense is listed with a
// note and without a time.
func Times(tok Token) []Time {
	var out []Time
	for _, name := range [...]string{"auth_time", "iat", "nbf", "exp"} {
		v, ok := tok.Claims.Get(name)
		if !ok {
			continue
		}
		d := readDate(v)
		t := Time{Claim: name, Raw: wire.Safe(show(v)), Note: d.problem}
		switch {
		case d.milliseconds:
			t.At, t.Note = time.UnixMilli(d.at.Unix()).UTC(), "read as milliseconds"
		case d.real():
			t.At = d.at
		}
		out = append(out, t)
	}
	return out
}

// date is a NumericDate (RFC 7519 §2) read from any JSON value. It cannot
// overflow: beyond the calendar it is only early or late.
type date struct {
	at           time.Time
	number       bool   // it is a JSON number
	far          int    // -1: before 1970; +1: after the year 9999; at is then the nearest end
	milliseconds bool   // as seconds absurd, as milliseconds between 2001 and 2286
	problem      string // why it is no real time; else empty
}

const (
	lastSecond  = 253402300799 // 9999-12-31T23:59:59Z
	firstMillis = 1e12         // 2001 in milliseconds
	lastMillis  = 1e13         // 2286 in milliseconds
)

func (d date) real() bool { return d.number && d.problem == "" }

func readDate(v wire.Value) date {
	d := date{number: isNumber(v)}
	if !d.number {
		d.problem = kindOf(v) + ", not a number"
		return d
	}
	seconds, nanos := int64(0), int64(0)
	if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
		seconds = n
	} else {
		// Fractions and exponents; beyond float64 ParseFloat gives an infinity.
		f, _ := strconv.ParseFloat(v.Text, 64)
		whole := math.Floor(math.Min(math.Max(f, -1e15), 1e15))
		seconds = int64(whole)
		nanos = int64(math.Min(math.Max(f-whole, 0), 1) * 1e9)
		if math.Abs(f) >= 1e15 {
			nanos = 0
		}
	}
	switch {
	case seconds < 0:
		d.far, d.problem, seconds, nanos = -1, "before 1970", 0, 0
	case seconds > lastSecond:
		d.milliseconds = seconds >= firstMillis && seconds < lastMillis
		d.far, d.problem = 1, "after the year 9999"
		if !d.milliseconds {
			seconds, nanos = lastSecond, 0
		}
	}
	d.at = time.Unix(seconds, nanos).UTC()
	return d
}

// claimDate reads a time claim. absent: it is not there.
func claimDate(claims wire.Value, name string) (d date, absent bool) {
	v, ok := claims.Get(name)
	if !ok {
		return date{}, true
	}
	return readDate(v), false
}

// clock writes a time for the got and want columns.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// span writes a duration for a sentence, coarser the longer it is.
func span(d time.Duration) string {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	if d = d.Abs(); d < time.Second && d > 0 {
		return "less than 1 s"
	}
	s := int64(d / time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", s)
	case d < 2*time.Hour && s%60 == 0:
		return fmt.Sprintf("%d min", s/60)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	case d < 2*day:
		return fmt.Sprintf("%d h %d min", s/3600, s/60%60)
	case d < 2*year:
		return fmt.Sprintf("%d days", d/day)
	case d >= 290*year: // as far as a Duration counts
		return "centuries"
	}
	return fmt.Sprintf("%d years", d/year)
}
