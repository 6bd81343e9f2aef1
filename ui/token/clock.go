package token

import (
	"fmt"
	"time"
)

// dates is how times are written.
type dates int

const (
	local dates = iota // the time zone of the person's clock
	utc
	numbers // as they stand in the token
	datesCount
)

func (d dates) next() dates { return (d + 1) % datesCount }

// String is the name for the corner of the pane.
func (d dates) String() string { return [...]string{"local time", "UTC", "numbers"}[d] }

// write is a time claim: when, and how far from now. raw is the number as it
// stands in the token. The person's time zone is that of now.
func (d dates) write(at time.Time, raw string, now time.Time) string {
	when := raw
	switch d {
	case local:
		when = clockOf(at, now)
	case utc:
		when = clockOf(at.UTC(), now.UTC())
	}
	if now.IsZero() {
		return when
	}
	return when + "  " + relative(at, now)
}

// clockOf is a time of day in the zone of now, with the day when it is not today.
func clockOf(at, now time.Time) string {
	at = at.In(now.Location())
	y, m, d := at.Date()
	if ny, nm, nd := now.Date(); y == ny && m == nm && d == nd {
		return at.Format("15:04:05")
	}
	return at.Format("2006-01-02 15:04:05")
}

// relative is "in 14 min 52 s" or "8 s ago".
func relative(at, now time.Time) string {
	switch d := at.Sub(now); {
	case d > -time.Second && d < time.Second:
		return "now"
	case d > 0:
		return "in " + span(d)
	default:
		return span(d) + " ago"
	}
}

// span is a duration, coarser the longer it is.
func span(d time.Duration) string {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	d = d.Abs()
	s := int64(d / time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", s)
	case d < time.Hour && s%60 == 0:
		return fmt.Sprintf("%d min", s/60)
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	case d < 2*day && s/60%60 == 0:
		return fmt.Sprintf("%d h", s/3600)
	case d < 2*day:
		return fmt.Sprintf("%d h %d min", s/3600, s/60%60)
	case d < 2*year:
		return fmt.Sprintf("%d days", d/day)
	case d >= 290*year: // as far as a Duration counts
		return "centuries"
	}
	return fmt.Sprintf("%d years", d/year)
}
